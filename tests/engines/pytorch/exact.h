// What is exact, for compare.cc: the formulas in more precision than any result has. They are written for
// accuracy (no 1 - y where y may be near 1) and share nothing with simdact. R is long double for 32 and 16
// bits, and has 113 bits for doubles: near the zeros of silu', gelu' and mish' long double is not enough.
#ifndef SIMDACT_ENGINES_PYTORCH_EXACT_H_
#define SIMDACT_ENGINES_PYTORCH_EXACT_H_

#include <cmath>
#include <limits>

#if __LDBL_MANT_DIG__ < 113
#include <quadmath.h>
#endif

namespace exact {

// ---- Functions of both types ---------------------------------------------------------------------------

#define EXACT_FUNCTION(Name, standard, quad) \
  inline long double Name(long double x) { return std::standard(x); }
#if __LDBL_MANT_DIG__ < 113
using Quad = __float128;
#undef EXACT_FUNCTION
#define EXACT_FUNCTION(Name, standard, quad)                          \
  inline long double Name(long double x) { return std::standard(x); } \
  inline Quad Name(Quad x) { return quad(x); }
#else
using Quad = long double;
#endif
EXACT_FUNCTION(Exp, exp, expq)
EXACT_FUNCTION(Expm1, expm1, expm1q)
EXACT_FUNCTION(Log1p, log1p, log1pq)
EXACT_FUNCTION(Tanh, tanh, tanhq)
EXACT_FUNCTION(Cosh, cosh, coshq)
EXACT_FUNCTION(Erfc, erfc, erfcq)
EXACT_FUNCTION(Sqrt, sqrt, sqrtq)
EXACT_FUNCTION(Acos, acos, acosq)
#undef EXACT_FUNCTION

// ---- The activations -----------------------------------------------------------------------------------

template <class R>
R Pi() {
  static const R pi = Acos(R(-1));
  return pi;
}

template <class R>
R Sigmoid(R x) {
  return x >= 0 ? 1 / (1 + Exp(-x)) : Exp(x) / (1 + Exp(x));
}
template <class R>
R SigmoidSlope(R x) {
  return Sigmoid<R>(x) * Sigmoid<R>(-x);
}

template <class R>
R Hyperbolic(R x) {
  return Tanh(x);
}
template <class R>
R HyperbolicSlope(R x) {
  return 1 / (Cosh(x) * Cosh(x));
}

template <class R>
R Silu(R x) {
  return x * Sigmoid<R>(x);
}
template <class R>
R SiluSlope(R x) {
  return Sigmoid<R>(x) * (1 + x * Sigmoid<R>(-x));
}

template <class R>
R Gelu(R x) {
  return x * Erfc(-x / Sqrt(R(2))) / 2;
}
template <class R>
R GeluSlope(R x) {
  return Erfc(-x / Sqrt(R(2))) / 2 + x * Exp(-x * x / 2) / Sqrt(2 * Pi<R>());
}

// (1 + tanh(u)) / 2 is sigmoid(2 u). The constant is the double's, as torch's and simdact's f64 have it, or
// its decimal digits: R(44715) / 1000000 is nearest.
template <class R>
R GeluTanh(R x) {
  const R u = Sqrt(2 / Pi<R>()) * (x + R(44715) / 1000000 * x * x * x);
  return x * Sigmoid<R>(2 * u);
}
template <class R>
R GeluTanhSlope(R x) {
  const R scale = Sqrt(2 / Pi<R>()), cubic = R(44715) / 1000000;
  const R u = scale * (x + cubic * x * x * x), du = scale * (1 + 3 * cubic * x * x);
  return Sigmoid<R>(2 * u) * (1 + 2 * x * du * Sigmoid<R>(-2 * u));
}

template <class R>
R Softplus(R x) {
  return x > 20 ? x : Log1p(Exp(x));
}
template <class R>
R SoftplusSlope(R x) {
  return x > 20 ? R(1) : Sigmoid<R>(x);
}

template <class R>
R Mish(R x) {
  return x * Tanh(Log1p(Exp(x)));
}
template <class R>
R MishSlope(R x) {
  const R s = Log1p(Exp(x));
  return Tanh(s) + x * Sigmoid<R>(x) / (Cosh(s) * Cosh(s));
}

template <class R>
R Elu(R x) {
  return x > 0 ? x : Expm1(x);
}
template <class R>
R EluSlope(R x) {
  return x > 0 ? R(1) : Exp(x);
}

template <class R>
R Hardswish(R x) {
  return x <= -3 ? R(0) : x >= 3 ? x : x * (x + 3) / 6;
}
// NaN at the kinks, where torch changed its mind: nothing is compared there.
template <class R>
R HardswishSlope(R x) {
  if (x == 3 || x == -3) return R(std::numeric_limits<double>::quiet_NaN());
  return x < -3 ? R(0) : x > 3 ? R(1) : (2 * x + 3) / 6;
}

template <class R>
R Exponential(R x) {
  return Exp(x);
}

// From the output y: what a sigmoid_backward(y) and a tanh_backward(y) are to give.
template <class R>
R SigmoidSlopeOf(R y) {
  return y * (1 - y);
}
template <class R>
R HyperbolicSlopeOf(R y) {
  return (1 - y) * (1 + y);
}

}  // namespace exact

#endif  // SIMDACT_ENGINES_PYTORCH_EXACT_H_
