// f'' of the activations, for gradients of gradients. A line per op, from its formula in simdact's list; what
// is not here (an op that is newer than this file) says so when it is asked for.
#include <cmath>

#include "elementwise.h"

namespace simdact_torch {
namespace {

Tensor Where(const Tensor& condition, const Tensor& then) {
  return at::where(condition, then, at::zeros_like(then));
}

// s' = s (1 - s), and s'' / s' = 1 - 2 s.
Tensor SigmoidSlope(const Tensor& s) { return s * (1 - s); }

// x sigmoid(beta x)
Tensor Swish(const Tensor& x, double beta) {
  const Tensor s = at::sigmoid(beta * x);
  return beta * SigmoidSlope(s) * (2 + beta * x * (1 - 2 * s));
}

// x t, t = tanh(softplus(x)): 2 t' + x t''.
Tensor Mish(const Tensor& x) {
  const Tensor s = at::sigmoid(x), t = at::tanh(at::softplus(x)), rest = 1 - t * t;
  return 2 * rest * s + x * rest * (SigmoidSlope(s) - 2 * t * s * s);
}

// x (1 + t) / 2, t = tanh(u): t' + x t'' / 2.
Tensor GeluTanh(const Tensor& x) {
  constexpr double kCubic = 0.044715;
  const double scale = std::sqrt(2 / M_PI);
  const Tensor t = at::tanh(scale * (x + kCubic * x * x * x)), rest = 1 - t * t;
  const Tensor du = scale * (1 + 3 * kCubic * x * x), ddu = 6 * scale * kCubic * x;
  return rest * du + x * rest * (ddu - 2 * t * du * du) / 2;
}

// 2 phi - x^2 phi, phi the normal density.
Tensor Gelu(const Tensor& x) {
  const double peak = 1 / std::sqrt(2 * M_PI);
  return peak * at::exp(-x * x / 2) * (2 - x * x);
}

Tensor Softplus(const Tensor& x, double beta, double threshold) {
  return Where(beta * x <= threshold, beta * SigmoidSlope(at::sigmoid(beta * x)));
}

// tanh'' = -2 t (1 - t^2)
Tensor Tanh(const Tensor& x) {
  const Tensor t = at::tanh(x);
  return -2 * t * (1 - t * t);
}

Tensor Sigmoid(const Tensor& x) {
  const Tensor s = at::sigmoid(x);
  return SigmoidSlope(s) * (1 - 2 * s);
}

Tensor Xielu(const Tensor& x, double alpha_p, double alpha_n, double eps) {
  const Tensor right = at::full_like(x, 2 * alpha_p);
  return at::where(x > 0, right, alpha_n * Where(x < eps, at::exp(x)));
}

}  // namespace

bool IsStraight(simdact_op op) {
  switch (op) {
    case SIMDACT_OP_relu:
    case SIMDACT_OP_relu6:
    case SIMDACT_OP_leaky_relu:
    case SIMDACT_OP_prelu:
    case SIMDACT_OP_rrelu:
    case SIMDACT_OP_hardtanh:
    case SIMDACT_OP_clamp:
    case SIMDACT_OP_hardsigmoid:
    case SIMDACT_OP_threshold:
    case SIMDACT_OP_thresholded_relu:
    case SIMDACT_OP_softshrink:
    case SIMDACT_OP_hardshrink:
    case SIMDACT_OP_shrink:
    case SIMDACT_OP_step:
    case SIMDACT_OP_abs:
    case SIMDACT_OP_neg:
    case SIMDACT_OP_sign:
    case SIMDACT_OP_round:
    case SIMDACT_OP_floor:
    case SIMDACT_OP_ceil:
    case SIMDACT_OP_trunc:
    case SIMDACT_OP_linear:
      return true;
    default:
      return false;
  }
}

Tensor SecondDerivative(const Activation& f, const Tensor& x) {
  constexpr double kSeluScale = 1.0507009873554805, kSeluAlpha = 1.6732632423543772;
  const double* p = f.p.value;
  if (IsStraight(f.op)) return at::zeros_like(x);
  switch (f.op) {
    case SIMDACT_OP_hardswish:
      return Where(at::abs(x) < 3, at::full_like(x, 1.0 / 3));
    case SIMDACT_OP_squared_relu:
      return Where(x > 0, at::full_like(x, 2));
    case SIMDACT_OP_sparse_plus:
      return Where(at::abs(x) < 1, at::full_like(x, 0.5));
    case SIMDACT_OP_square:
      return at::full_like(x, 2);
    case SIMDACT_OP_sqrt:
      return at::pow(x, -1.5) / -4;
    case SIMDACT_OP_rsqrt:
      return at::pow(x, -2.5) * 0.75;
    case SIMDACT_OP_reciprocal:
      return 2 / (x * x * x);
    case SIMDACT_OP_softsign:
      return -2 * at::sign(x) / at::pow(1 + at::abs(x), 3);
    case SIMDACT_OP_exp:
    case SIMDACT_OP_expm1:
      return at::exp(x);
    case SIMDACT_OP_elu:
      return Where(x <= 0, p[0] * at::exp(x));
    case SIMDACT_OP_selu:
      return Where(x <= 0, kSeluScale * kSeluAlpha * at::exp(x));
    case SIMDACT_OP_celu:
      return Where(x <= 0, at::exp(x / p[0]) / p[0]);
    case SIMDACT_OP_xielu:
      return Xielu(x, p[0], p[1], p[3]);
    case SIMDACT_OP_log:
      return -1 / (x * x);
    case SIMDACT_OP_log1p:
      return -1 / at::pow(1 + x, 2);
    case SIMDACT_OP_pow:
      return p[0] * (p[0] - 1) * at::pow(x, p[0] - 2);
    case SIMDACT_OP_softplus:
      return Softplus(x, p[0], p[1]);
    case SIMDACT_OP_log_sigmoid:
      return -SigmoidSlope(at::sigmoid(x));
    case SIMDACT_OP_sigmoid:
      return Sigmoid(x);
    case SIMDACT_OP_silu:
      return Swish(x, 1);
    case SIMDACT_OP_swish:
      return Swish(x, p[0]);
    case SIMDACT_OP_gelu_quick:
      return Swish(x, 1.702);
    case SIMDACT_OP_mish:
      return Mish(x);
    case SIMDACT_OP_tanh:
      return Tanh(x);
    case SIMDACT_OP_tanhshrink:
      return -Tanh(x);
    case SIMDACT_OP_softcap:
      return Tanh(x / p[0]) / p[0];
    case SIMDACT_OP_erf:
      return -4 / std::sqrt(M_PI) * x * at::exp(-x * x);
    case SIMDACT_OP_gelu:
      return Gelu(x);
    case SIMDACT_OP_gelu_tanh:
      return GeluTanh(x);
    default:
      TORCH_CHECK_NOT_IMPLEMENTED(false, "simdact::", NameOf(f), " has no second derivative here");
  }
}

}  // namespace simdact_torch
