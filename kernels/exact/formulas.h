// Every activation in Numbers: name(x, p), name_derivative(x, p) and name_derivative_from_output(y, p), as
// activations.def names and defines them, at finite x and parameters p in its order.
//
// Only results that the kernels for double leave in doubt come here: those next to a tie between two floats.
// So pieces whose values are floats (x, 1, 0, a parameter) are not written down, nor are ops that have no
// others (those that the list calls EXACT). Where all of f, or of f', is one operation of floats,
// kOneRounding stands: the accurate tier's result is exact.

#ifndef SIMDACT_KERNELS_EXACT_FORMULAS_H_
#define SIMDACT_KERNELS_EXACT_FORMULAS_H_

#include "kernels/exact/numbers.h"

namespace simdact {
namespace exact {

using Formula = Number (*)(double x, const double* p);

namespace formulas {

using P = const double*;
constexpr Formula kOneRounding = nullptr;

// ---- rectified -----------------------------------------------------------------------------------------

constexpr Formula leaky_relu = kOneRounding, leaky_relu_derivative = kOneRounding,
                  leaky_relu_derivative_from_output = kOneRounding;
constexpr Formula prelu = kOneRounding, prelu_derivative = kOneRounding,
                  prelu_derivative_from_output = kOneRounding;
constexpr Formula softshrink = kOneRounding, softshrink_derivative = kOneRounding;
constexpr Formula shrink = kOneRounding, shrink_derivative = kOneRounding;

static inline Number rrelu_derivative(double, P p) { return Half(Of(p[0]) + Of(p[1])); }
static inline Number rrelu(double x, P p) { return rrelu_derivative(x, p) * Of(x); }
static inline Number rrelu_derivative_from_output(double y, P p) { return rrelu_derivative(y, p); }

// 1.0 / 6 with 0.5 stands for (x + 3) / 6.
static inline Number hardsigmoid(double x, P p) {
  if (p[0] == 1.0 / 6 && p[1] == 0.5) return (Of(x) + Of(3)) / Of(6);
  return Of(p[0]) * Of(x) + Of(p[1]);
}
constexpr Formula hardsigmoid_derivative = kOneRounding, hardsigmoid_derivative_from_output = kOneRounding;

static inline Number hardswish(double x, P) { return Of(x) * (Of(x) + Of(3)) / Of(6); }
static inline Number hardswish_derivative(double x, P) { return (Twice(Of(x)) + Of(3)) / Of(6); }

constexpr Formula squared_relu = kOneRounding;
static inline Number squared_relu_derivative(double x, P) { return Twice(Of(x)); }
static inline Number squared_relu_derivative_from_output(double y, P) { return Twice(SqrtOf(Of(y))); }

static inline Number sparse_plus(double x, P) { return Scaled(Square(Of(x) + Of(1)), -2); }
static inline Number sparse_plus_derivative(double x, P) { return Half(Of(x) + Of(1)); }
static inline Number sparse_plus_derivative_from_output(double y, P) { return SqrtOf(Of(y)); }

// ---- arithmetic ----------------------------------------------------------------------------------------

static inline Number linear(double x, P p) { return Of(p[0]) * Of(x) + Of(p[1]); }
constexpr Formula linear_derivative = kOneRounding, linear_derivative_from_output = kOneRounding;

constexpr Formula square = kOneRounding;
static inline Number square_derivative(double x, P) { return Twice(Of(x)); }

constexpr Formula sqrt = kOneRounding;
static inline Number sqrt_derivative_from_output(double y, P) { return Of(0.5) / Of(y); }
static inline Number sqrt_derivative(double x, P) { return Of(0.5) / SqrtOf(Of(x)); }

static inline Number rsqrt(double x, P) { return Of(1) / SqrtOf(Of(x)); }
static inline Number rsqrt_derivative(double x, P) { return Of(-0.5) / (Of(x) * SqrtOf(Of(x))); }
static inline Number rsqrt_derivative_from_output(double y, P) { return Of(-0.5) * Of(y) * Square(Of(y)); }

constexpr Formula reciprocal = kOneRounding;
static inline Number reciprocal_derivative(double x, P) { return Of(-1) / Square(Of(x)); }
static inline Number reciprocal_derivative_from_output(double y, P) { return Negated(Square(Of(y))); }

static inline Number softsign(double x, P) { return Of(x) / (Of(1) + Absolute(Of(x))); }
static inline Number softsign_derivative(double x, P) { return Of(1) / Square(Of(1) + Absolute(Of(x))); }
static inline Number softsign_derivative_from_output(double y, P) { return Square(Of(1) - Absolute(Of(y))); }

// ---- exponential ---------------------------------------------------------------------------------------

static inline Number exp(double x, P) { return ExpOf(Of(x)); }
static inline Number exp_derivative(double x, P) { return ExpOf(Of(x)); }
constexpr Formula exp_derivative_from_output = kOneRounding;

static inline Number expm1(double x, P) { return Expm1Of(Of(x)); }
static inline Number expm1_derivative(double x, P) { return ExpOf(Of(x)); }
static inline Number expm1_derivative_from_output(double y, P) { return Of(1) + Of(y); }

static inline Number elu(double x, P p) { return Of(p[0]) * Expm1Of(Of(x)); }
static inline Number elu_derivative(double x, P p) { return Of(p[0]) * ExpOf(Of(x)); }
static inline Number elu_derivative_from_output(double y, P p) { return Of(y) + Of(p[0]); }

// 1.0507009873554804934193349852946 and 1.6732632423543772848170429916717.
constexpr Number kSeluLambda = {0x1.0cfabd6a91132p+0, 0x1.6fc7d272f2695p-55, 0};
constexpr Number kSeluAlpha = {0x1.ac5afad782cf1p+0, 0x1.eb7a46c21f1dfp-54, 0};
static inline Number selu(double x, P) { return kSeluLambda * (x > 0 ? Of(x) : kSeluAlpha * Expm1Of(Of(x))); }
static inline Number selu_derivative(double x, P) {
  return kSeluLambda * (x > 0 ? Of(1) : kSeluAlpha * ExpOf(Of(x)));
}
static inline Number selu_derivative_from_output(double y, P) {
  return y > 0 ? kSeluLambda : Of(y) + kSeluLambda * kSeluAlpha;
}

static inline Number celu(double x, P p) { return Of(p[0]) * Expm1Of(Of(x) / Of(p[0])); }
static inline Number celu_derivative(double x, P p) { return ExpOf(Of(x) / Of(p[0])); }
static inline Number celu_derivative_from_output(double y, P p) { return (Of(p[0]) + Of(y)) / Of(p[0]); }

// The left side's ramp, exp(min(x, eps)) - 1 - x, is small next to 0; far from it its slope may be beta's.
static inline Number xielu(double x, P p) {
  const Number alpha_p = Of(p[0]), alpha_n = Of(p[1]), beta = Of(p[2]), v = Of(x);
  if (x > 0) return v * Plus(alpha_p * v, beta);
  const Number m = Expm1Of(x < p[3] ? v : Of(p[3]));
  if (x < -1) return Plus(alpha_n * m, Plus(beta, Negated(alpha_n)) * v);
  return Plus(alpha_n * (x <= p[3] ? general::Expm1LessX(v) : Plus(m, Negated(v))), beta * v);
}
static inline Number xielu_derivative(double x, P p) {
  if (x > 0) return Plus(Twice(Of(p[0])) * Of(x), Of(p[2]));
  return Plus(Of(p[1]) * (x < p[3] ? Expm1Of(Of(x)) : Of(-1)), Of(p[2]));
}

// ---- logarithmic ---------------------------------------------------------------------------------------

static inline Number log(double x, P) { return LogOf(Of(x)); }
static inline Number log_derivative(double x, P) { return Of(1) / Of(x); }

static inline Number log1p(double x, P) { return Log1pOf(Of(x)); }
static inline Number log1p_derivative(double x, P) { return Of(1) / (Of(1) + Of(x)); }

// |x|^n by products for an integer n, which may hit a tie; else exp(e log(|x|)). Negative where x is and n is
// odd.
static inline Number PowOf(double x, double exponent) {
  const double size = x < 0 ? -x : x;
  Number power = Of(1);
  bool odd = false;
  if (exponent > -64 && exponent < 64 && exponent == static_cast<double>(static_cast<int>(exponent))) {
    const int n = static_cast<int>(exponent);
    for (int k = 0; k < (n < 0 ? -n : n); ++k) power = power * Of(size);
    if (n < 0) power = Of(1) / power;
    odd = (n & 1) != 0;
  } else if (exponent == 0.5 || exponent == -0.5) {
    power = exponent > 0 ? SqrtOf(Of(size)) : Of(1) / SqrtOf(Of(size));
  } else {
    power = ExpOf(Of(exponent) * LogOf(Of(size)));
    odd = exponent < 0x1p24 && exponent > -0x1p24 && (static_cast<int64_t>(exponent) & 1) != 0;
  }
  return x < 0 && odd ? Negated(power) : power;
}
static inline Number pow(double x, P p) { return PowOf(x, p[0]); }
static inline Number pow_derivative(double x, P p) { return Of(p[0]) * PowOf(x, p[0] - 1); }

static inline Number softplus(double x, P p) {
  const Number z = Of(p[0]) * Of(x);
  const Number tail = Log1pOf(ExpOf(Negated(Absolute(z))));
  return (z.high < 0 ? tail : z + tail) / Of(p[0]);
}
static inline Number softplus_derivative(double x, P p) { return SigmoidOf(Of(p[0]) * Of(x)); }
static inline Number softplus_derivative_from_output(double y, P p) {
  return Negated(Expm1Of(Negated(Of(p[0]) * Of(y))));
}

static inline Number log_sigmoid(double x, P) {
  const Number tail = Log1pOf(ExpOf(Negated(Absolute(Of(x)))));
  return x < 0 ? Of(x) - tail : Negated(tail);
}
static inline Number log_sigmoid_derivative(double x, P) { return SigmoidOf(Of(-x)); }
static inline Number log_sigmoid_derivative_from_output(double y, P) { return Negated(Expm1Of(Of(y))); }

// ---- logistic ------------------------------------------------------------------------------------------

static inline Number sigmoid(double x, P) { return SigmoidOf(Of(x)); }
static inline Number sigmoid_derivative(double x, P) { return SigmoidOf(Of(x)) * SigmoidOf(Of(-x)); }
static inline Number sigmoid_derivative_from_output(double y, P) { return Of(y) * (Of(1) - Of(y)); }

// x sigmoid(beta x), s (1 + beta x (1 - s)).
static inline Number SwishOf(double x, const Number& beta) { return Of(x) * SigmoidOf(beta * Of(x)); }
static inline Number SwishSlope(double x, const Number& beta) {
  const Number z = beta * Of(x);
  return SigmoidOf(z) * (Of(1) + z * SigmoidOf(Negated(z)));
}
static inline Number QuickBeta() { return Of(1702) / Of(1000); }
static inline Number silu(double x, P) { return SwishOf(x, Of(1)); }
static inline Number silu_derivative(double x, P) { return SwishSlope(x, Of(1)); }
static inline Number swish(double x, P p) { return SwishOf(x, Of(p[0])); }
static inline Number swish_derivative(double x, P p) { return SwishSlope(x, Of(p[0])); }
static inline Number gelu_quick(double x, P) { return SwishOf(x, QuickBeta()); }
static inline Number gelu_quick_derivative(double x, P) { return SwishSlope(x, QuickBeta()); }

// t = tanh(log(1 + exp(x))) = n / (n + 2), n = exp(x)^2 + 2 exp(x); with exp(-x) it does not grow.
struct MishParts {
  Number t, rest;  // rest = 1 - t
};
static inline MishParts MishAt(double x) {
  const Number e = ExpOf(Of(x < 0 ? x : -x)), one = Of(1);
  if (x < 0) {
    const Number n = e * (e + Of(2));
    return {n / (n + Of(2)), Of(2) / (n + Of(2))};
  }
  const Number twice_square = Twice(Square(e)), sum = one + Twice(e) + twice_square;
  return {(one + Twice(e)) / sum, twice_square / sum};
}
static inline Number mish(double x, P) { return Of(x) * MishAt(x).t; }
static inline Number mish_derivative(double x, P) {
  const MishParts m = MishAt(x);
  return m.t + Of(x) * SigmoidOf(Of(x)) * m.rest * (Of(1) + m.t);
}

// ---- hyperbolic ----------------------------------------------------------------------------------------

// 1 / cosh(z)^2 = 4 e / (1 + e)^2, e = exp(-2 |z|).
static inline Number TanhSlope(const Number& z) {
  const Number e = ExpOf(Twice(Negated(Absolute(z))));
  return Scaled(e, 2) / Square(Of(1) + e);
}
static inline Number tanh(double x, P) { return TanhOf(Of(x)); }
static inline Number tanh_derivative(double x, P) { return TanhSlope(Of(x)); }
static inline Number tanh_derivative_from_output(double y, P) { return Of(1) - Square(Of(y)); }

// Next to 0, where x - tanh(x) cancels, x^3/3 - 2 x^5/15 + ... up to x^19.
static inline Number tanhshrink(double x, P) {
  if (x > 0x1p-7 || x < -0x1p-7) return Of(x) - TanhOf(Of(x));
  const Number square = Square(Of(x));
  const double over[] = {1, -2, 17, -62, 1382, -21844, 929569, -6404582, 443861162};
  const double under[] = {3, 15, 315, 2835, 155925, 6081075, 638512875, 10854718875, 1856156927625};
  Number sum = Of(0);
  for (int k = 8; k >= 0; --k) sum = square * sum + Of(over[k]) / Of(under[k]);
  return Of(x) * square * sum;
}
static inline Number tanhshrink_derivative(double x, P) { return Square(TanhOf(Of(x))); }

static inline Number softcap(double x, P p) {
  return Absolute(Of(p[0])) * TanhOf(Of(x) / Absolute(Of(p[0])));
}
static inline Number softcap_derivative(double x, P p) { return TanhSlope(Of(x) / Of(p[0])); }
static inline Number softcap_derivative_from_output(double y, P p) {
  const Number cap = Of(p[0]), v = Of(y);
  return (cap - v) / cap * ((cap + v) / cap);
}

// ---- normal --------------------------------------------------------------------------------------------

// Where erf(x) is next to 1 it is 1 - erfc(x).
static inline Number erf(double x, P) {
  if (x < 1 && x > -1) return ErfOf(Of(x));
  const Number size = Of(1) - ErfcOf(Absolute(Of(x)));
  return x < 0 ? Negated(size) : size;
}
static inline Number erf_derivative(double x, P) {
  return Twice(ExpOf(Negated(Square(Of(x))))) / SqrtOf(Pi());
}

static inline Number gelu(double x, P) { return Of(x) * NormalBelow(Of(x)); }
static inline Number gelu_derivative(double x, P) {
  return NormalBelow(Of(x)) + Of(x) * NormalDensity(Of(x));
}

// x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3).
static inline Number Cubic() { return Of(44715) / Of(1000000); }
static inline Number GeluTanhArgument(double x) {
  return Twice(SqrtOf(Of(2) / Pi()) * Of(x) * (Of(1) + Cubic() * Square(Of(x))));
}
static inline Number gelu_tanh(double x, P) { return Of(x) * SigmoidOf(GeluTanhArgument(x)); }
static inline Number gelu_tanh_derivative(double x, P) {
  const Number z = GeluTanhArgument(x), s = SigmoidOf(z);
  const Number slope = Twice(SqrtOf(Of(2) / Pi()) * (Of(1) + Of(3) * Cubic() * Square(Of(x))));
  return s + Of(x) * slope * s * SigmoidOf(Negated(z));
}

}  // namespace formulas
}  // namespace exact
}  // namespace simdact

#endif  // SIMDACT_KERNELS_EXACT_FORMULAS_H_
