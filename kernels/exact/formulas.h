// Every activation in Numbers: name(x, p), name_derivative(x, p) and name_derivative_from_output(y, p), as
// activations.def names and defines them; p holds the parameters in its order.
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

// A quotient that waits for its numerator to be multiplied with dy: divided once, a tie comes out as one.
struct Ratio {
  Ratio(const Number& number) : over(number), under(Of(1)) {}  // NOLINT: implicit, as most values are numbers
  Ratio(const Number& o, const Number& u) : over(o), under(u) {}
  // Whether there is nothing to divide by; a quotient would lose what Plus keeps of numbers far below.
  bool IsNumber() const { return under.high == 1 && under.low == 0 && under.exponent == 0; }
  Number over, under;
};
using Formula = Ratio (*)(double x, const double* p);

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

static inline Ratio rrelu_derivative(double, P p) { return Half(Of(p[0]) + Of(p[1])); }
static inline Ratio rrelu(double x, P p) { return rrelu_derivative(x, p).over * Of(x); }
static inline Ratio rrelu_derivative_from_output(double y, P p) { return rrelu_derivative(y, p); }

// 1.0 / 6 with 0.5 stands for (x + 3) / 6.
static inline Ratio hardsigmoid(double x, P p) {
  if (p[0] == 1.0 / 6 && p[1] == 0.5) return {Of(x) + Of(3), Of(6)};
  return Plus(Of(p[0]) * Of(x), Of(p[1]));
}
constexpr Formula hardsigmoid_derivative = kOneRounding, hardsigmoid_derivative_from_output = kOneRounding;

static inline Ratio hardswish(double x, P) { return {Of(x) * (Of(x) + Of(3)), Of(6)}; }
static inline Ratio hardswish_derivative(double x, P) { return {Twice(Of(x)) + Of(3), Of(6)}; }

constexpr Formula squared_relu = kOneRounding;
static inline Ratio squared_relu_derivative(double x, P) { return Twice(Of(x)); }
static inline Ratio squared_relu_derivative_from_output(double y, P) { return Twice(SqrtOf(Of(y))); }

static inline Ratio sparse_plus(double x, P) { return Scaled(Square(Of(x) + Of(1)), -2); }
static inline Ratio sparse_plus_derivative(double x, P) { return Half(Of(x) + Of(1)); }
static inline Ratio sparse_plus_derivative_from_output(double y, P) { return SqrtOf(Of(y)); }

// ---- arithmetic ----------------------------------------------------------------------------------------

static inline Ratio linear(double x, P p) { return Plus(Of(p[0]) * Of(x), Of(p[1])); }
constexpr Formula linear_derivative = kOneRounding, linear_derivative_from_output = kOneRounding;

constexpr Formula square = kOneRounding;
static inline Ratio square_derivative(double x, P) { return Twice(Of(x)); }

constexpr Formula sqrt = kOneRounding;
static inline Ratio sqrt_derivative_from_output(double y, P) { return {Of(0.5), Of(y)}; }
static inline Ratio sqrt_derivative(double x, P) { return {Of(0.5), SqrtOf(Of(x))}; }

static inline Ratio rsqrt(double x, P) { return {Of(1), SqrtOf(Of(x))}; }
static inline Ratio rsqrt_derivative(double x, P) { return {Of(-0.5), Of(x) * SqrtOf(Of(x))}; }
static inline Ratio rsqrt_derivative_from_output(double y, P) { return Of(-0.5) * Of(y) * Square(Of(y)); }

constexpr Formula reciprocal = kOneRounding;
static inline Ratio reciprocal_derivative(double x, P) { return {Of(-1), Square(Of(x))}; }
static inline Ratio reciprocal_derivative_from_output(double y, P) { return Negated(Square(Of(y))); }

static inline Ratio softsign(double x, P) { return {Of(x), Of(1) + Absolute(Of(x))}; }
static inline Ratio softsign_derivative(double x, P) { return {Of(1), Square(Of(1) + Absolute(Of(x)))}; }
static inline Ratio softsign_derivative_from_output(double y, P) { return Square(Of(1) - Absolute(Of(y))); }

// ---- exponential ---------------------------------------------------------------------------------------

static inline Ratio exp(double x, P) { return ExpOf(Of(x)); }
static inline Ratio exp_derivative(double x, P) { return ExpOf(Of(x)); }
constexpr Formula exp_derivative_from_output = kOneRounding;

static inline Ratio expm1(double x, P) { return Expm1Of(Of(x)); }
static inline Ratio expm1_derivative(double x, P) { return ExpOf(Of(x)); }
static inline Ratio expm1_derivative_from_output(double y, P) { return Of(1) + Of(y); }

static inline Ratio elu(double x, P p) { return Of(p[0]) * Expm1Of(Of(x)); }
static inline Ratio elu_derivative(double x, P p) { return Of(p[0]) * ExpOf(Of(x)); }
static inline Ratio elu_derivative_from_output(double y, P p) { return Of(y) + Of(p[0]); }

// 1.0507009873554804934193349852946 and 1.6732632423543772848170429916717.
constexpr Number kSeluLambda = {0x1.0cfabd6a91132p+0, 0x1.6fc7d272f2695p-55, 0};
constexpr Number kSeluAlpha = {0x1.ac5afad782cf1p+0, 0x1.eb7a46c21f1dfp-54, 0};
static inline Ratio selu(double x, P) { return kSeluLambda * (x > 0 ? Of(x) : kSeluAlpha * Expm1Of(Of(x))); }
static inline Ratio selu_derivative(double x, P) {
  return kSeluLambda * (x > 0 ? Of(1) : kSeluAlpha * ExpOf(Of(x)));
}
static inline Ratio selu_derivative_from_output(double y, P) {
  return y > 0 ? kSeluLambda : Of(y) + kSeluLambda * kSeluAlpha;
}

static inline Ratio celu(double x, P p) { return Of(p[0]) * Expm1Of(Of(x) / Of(p[0])); }
static inline Ratio celu_derivative(double x, P p) { return ExpOf(Of(x) / Of(p[0])); }
static inline Ratio celu_derivative_from_output(double y, P p) { return {Of(p[0]) + Of(y), Of(p[0])}; }

// The left side's ramp, exp(min(x, eps)) - 1 - x, is small next to 0; far from it its slope may be beta's.
static inline Ratio xielu(double x, P p) {
  const Number alpha_p = Of(p[0]), alpha_n = Of(p[1]), beta = Of(p[2]), v = Of(x);
  if (x > 0) return v * Plus(alpha_p * v, beta);
  const Number m = Expm1Of(x < p[3] ? v : Of(p[3]));
  if (x < -1) return Plus(alpha_n * m, Plus(beta, Negated(alpha_n)) * v);
  return Plus(alpha_n * (x <= p[3] ? general::Expm1LessX(v) : Plus(m, Negated(v))), beta * v);
}
static inline Ratio xielu_derivative(double x, P p) {
  if (x > 0) return Plus(Twice(Of(p[0])) * Of(x), Of(p[2]));
  const bool curved = x < p[3] && x > -general::kInfinity;
  return Plus(Of(p[1]) * (curved ? Expm1Of(Of(x)) : Of(-1)), Of(p[2]));
}

// ---- logarithmic ---------------------------------------------------------------------------------------

static inline Ratio log(double x, P) { return LogOf(Of(x)); }
static inline Ratio log_derivative(double x, P) { return {Of(1), Of(x)}; }

static inline Ratio log1p(double x, P) { return Log1pOf(Of(x)); }
static inline Ratio log1p_derivative(double x, P) { return {Of(1), Of(1) + Of(x)}; }

static inline bool IsInteger(double v) {
  return v >= 0x1p52 || v <= -0x1p52 || v == static_cast<double>(static_cast<int64_t>(v));
}
// base^n by products, without rounding where the result is a tie of floats: that has 25 bits.
static inline Number IntegerPower(Number base, int n) {
  Number power = Of(1);
  for (int left = n < 0 ? -n : n; left > 0; left >>= 1) {
    if ((left & 1) != 0) power = power * base;
    base = Square(base);
  }
  return n < 0 ? Of(1) / power : power;
}
// Whether base^(2^k) is `size`, k times squared; unit = 2^-k.
static inline bool IsPowerOf(Number base, const Number& size, double unit) {
  for (; unit < 1; unit *= 2) base = Square(base);
  return (base - size).high == 0;
}
// |x|^(m / 2^k) is rational where |x| has k square roots; else exp(e log(|x|)).
static inline Number PowOf(double x, double e) {
  const Number size = Absolute(Of(x));
  Number base = size;
  double m = e;
  for (int k = 0; k < 8 && !IsInteger(m); ++k, m *= 2) {
    base = Number{SqrtOf(base).high, 0, SqrtOf(base).exponent};
  }
  const bool rational = m > -4096 && m < 4096 && IsInteger(m);
  if (rational && (m == e || IsPowerOf(base, size, e / m))) return IntegerPower(base, static_cast<int>(m));
  return ExpOf(Of(e) * LogOf(size));
}
// Of an odd integer x^e has x's sign, and its derivative none; of an even one it is the other way round.
static inline bool IsOdd(double e) {
  return e < 0x1p53 && e > -0x1p53 && IsInteger(e) && (static_cast<int64_t>(e) & 1) != 0;
}
static inline Ratio pow(double x, P p) {
  const Number power = PowOf(x, p[0]);
  return x < 0 && IsOdd(p[0]) ? Negated(power) : power;
}
static inline Ratio pow_derivative(double x, P p) {
  const Number slope = Of(p[0]) * PowOf(x, p[0]);
  return {x < 0 && !IsOdd(p[0]) ? Negated(slope) : slope, Absolute(Of(x))};
}

static inline Ratio softplus(double x, P p) {
  const Number z = Of(p[0]) * Of(x);
  const Number tail = Log1pOf(ExpOf(Negated(Absolute(z))));
  return {z.high < 0 ? tail : z + tail, Of(p[0])};
}
static inline Ratio softplus_derivative(double x, P p) {
  return p[0] == 0 ? Of(0.5) : SigmoidOf(Of(p[0]) * Of(x));
}
static inline Ratio softplus_derivative_from_output(double y, P p) {
  return Negated(Expm1Of(Negated(Of(p[0]) * Of(y))));
}

static inline Ratio log_sigmoid(double x, P) {
  const Number tail = Log1pOf(ExpOf(Negated(Absolute(Of(x)))));
  return x < 0 ? Of(x) - tail : Negated(tail);
}
static inline Ratio log_sigmoid_derivative(double x, P) { return SigmoidOf(Of(-x)); }
static inline Ratio log_sigmoid_derivative_from_output(double y, P) { return Negated(Expm1Of(Of(y))); }

// ---- logistic ------------------------------------------------------------------------------------------

static inline Ratio sigmoid(double x, P) { return SigmoidOf(Of(x)); }
static inline Ratio sigmoid_derivative(double x, P) {
  if (IsTiny(Of(x))) return Plus(Of(0.25), Negated(Scaled(Square(Of(x)), -4)));
  return SigmoidOf(Of(x)) * SigmoidOf(Of(-x));
}
static inline Ratio sigmoid_derivative_from_output(double y, P) { return Of(y) * (Of(1) - Of(y)); }

// x sigmoid(beta x), s (1 + beta x (1 - s)); x may be infinite where beta is 0, and the other way round.
static inline Number SwishOf(double x, const Number& beta) { return Of(x) * SigmoidOf(beta * Of(x)); }
static inline Number SwishSlope(double x, const Number& beta) {
  if (x == 0 || beta.high == 0) return Of(0.5);
  const Number z = beta * Of(x);
  return SigmoidOf(z) * (Of(1) + z * SigmoidOf(Negated(z)));
}
static inline Number QuickBeta() { return Of(1702) / Of(1000); }
static inline Ratio silu(double x, P) { return SwishOf(x, Of(1)); }
static inline Ratio silu_derivative(double x, P) { return SwishSlope(x, Of(1)); }
static inline Ratio swish(double x, P p) { return SwishOf(x, Of(p[0])); }
static inline Ratio swish_derivative(double x, P p) { return SwishSlope(x, Of(p[0])); }
static inline Ratio gelu_quick(double x, P) { return SwishOf(x, QuickBeta()); }
static inline Ratio gelu_quick_derivative(double x, P) { return SwishSlope(x, QuickBeta()); }

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
static inline Ratio mish(double x, P) { return Of(x) * MishAt(x).t; }
static inline Ratio mish_derivative(double x, P) {
  const MishParts m = MishAt(x);
  return m.t + Of(x) * SigmoidOf(Of(x)) * m.rest * (Of(1) + m.t);
}

// ---- hyperbolic ----------------------------------------------------------------------------------------

// 1 / cosh(z)^2 = 4 e / (1 + e)^2, e = exp(-2 |z|).
static inline Number TanhSlope(const Number& z) {
  const Number e = ExpOf(Twice(Negated(Absolute(z))));
  return Scaled(e, 2) / Square(Of(1) + e);
}
static inline Ratio tanh(double x, P) { return TanhOf(Of(x)); }
static inline Ratio tanh_derivative(double x, P) { return TanhSlope(Of(x)); }
static inline Ratio tanh_derivative_from_output(double y, P) { return Of(1) - Square(Of(y)); }

// Next to 0, where x - tanh(x) cancels, x^3/3 (1 - 2 x^2/5 + ...) up to x^19.
static inline Ratio tanhshrink(double x, P) {
  if (x > 0x1p-7 || x < -0x1p-7) return Plus(Of(x), Negated(TanhOf(Of(x))));
  const Number square = Square(Of(x)), cube = Of(x) * square;
  const double over[] = {-2, 17, -62, 1382, -21844, 929569, -6404582, 443861162};
  const double under[] = {5, 105, 945, 51975, 2027025, 212837625, 3618239625, 618718975875};
  Number sum = Of(0);
  for (int k = 7; k >= 0; --k) sum = square * (sum + Of(over[k]) / Of(under[k]));
  return {Plus(cube, cube * sum), Of(3)};
}
static inline Ratio tanhshrink_derivative(double x, P) { return Square(TanhOf(Of(x))); }

static inline Ratio softcap(double x, P p) { return Absolute(Of(p[0])) * TanhOf(Of(x) / Absolute(Of(p[0]))); }
static inline Ratio softcap_derivative(double x, P p) { return TanhSlope(Of(x) / Of(p[0])); }
static inline Ratio softcap_derivative_from_output(double y, P p) {
  const Number cap = Of(p[0]), v = Of(y);
  return {(cap - v) * (cap + v), Square(cap)};
}

// ---- normal --------------------------------------------------------------------------------------------

// Where erf(x) is next to 1 it is 1 - erfc(x).
static inline Ratio erf(double x, P) {
  if (x < 1 && x > -1) return ErfOf(Of(x));
  const Number size = Of(1) - ErfcOf(Absolute(Of(x)));
  return x < 0 ? Negated(size) : size;
}
static inline Ratio erf_derivative(double x, P) {
  return Twice(ExpOf(Negated(Square(Of(x))))) / SqrtOf(Pi());
}

static inline Ratio gelu(double x, P) { return Of(x) * NormalBelow(Of(x)); }
static inline Ratio gelu_derivative(double x, P) { return NormalBelow(Of(x)) + Of(x) * NormalDensity(Of(x)); }

// x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3).
static inline Number Cubic() { return Of(44715) / Of(1000000); }
static inline Number GeluTanhArgument(double x) {
  return Twice(SqrtOf(Of(2) / Pi()) * Of(x) * (Of(1) + Cubic() * Square(Of(x))));
}
static inline Ratio gelu_tanh(double x, P) { return Of(x) * SigmoidOf(GeluTanhArgument(x)); }
static inline Ratio gelu_tanh_derivative(double x, P) {
  const Number z = GeluTanhArgument(x), s = SigmoidOf(z);
  const Number slope = Twice(SqrtOf(Of(2) / Pi()) * (Of(1) + Of(3) * Cubic() * Square(Of(x))));
  return s + Of(x) * slope * s * SigmoidOf(Negated(z));
}

}  // namespace formulas
}  // namespace exact
}  // namespace simdact

#endif  // SIMDACT_KERNELS_EXACT_FORMULAS_H_
