// Activations at any parameters, one number at a time.
//
// The vector kernels take parameters as people use them: within some powers of two of 1, so that 1 / alpha,
// or an error term of alpha x, is a normal number. Every other parameter comes here: denormal and huge ones,
// zero, infinity, and celu's negative alphas. Numbers are pairs of doubles with an exponent of their own, so
// nothing underflows or overflows on the way, and the result is rounded once. That takes about a microsecond
// where an exponential is needed, is the same to the bit on every target, and costs the ordinary loops
// nothing: the drivers ask Ordinary<Name>(parameters) once per call, or once per pack where loops have one
// body.
//
// An infinite or zero parameter gives the limit that the function has there for finite x (a zero is
// approached from the side of its sign), and at x = +-inf the limit of that. dispatch/README.md has the
// table. NaN parameters never come here from arrays: there the drivers answer NaN; in registers they are the
// caller's.
//
// It is scalar code: a source compiles it once for all its targets.

#ifndef SIMDACT_GENERAL_H_
#define SIMDACT_GENERAL_H_

#include <stdint.h>
#include <string.h>

#include <limits>

#include "hwy/base.h"

namespace simdact {

// Whether |parameter| is in [least, most]; not for zero, infinity and NaN.
template <class T>
static constexpr bool InRange(T parameter, double least, double most) {
  const T size = parameter < 0 ? -parameter : parameter;
  return size >= static_cast<T>(least) && size <= static_cast<T>(most);
}
// What most scales may be.
template <class T>
static constexpr double kOrdinaryLeast = sizeof(T) == sizeof(float) ? 0x1p-60 : 0x1p-500;
template <class T>
static constexpr double kOrdinaryMost = sizeof(T) == sizeof(float) ? 0x1p60 : 0x1p500;
template <class T>
static constexpr bool IsOrdinaryScale(T parameter) {
  return InRange(parameter, kOrdinaryLeast<T>, kOrdinaryMost<T>);
}
template <class T>
static constexpr bool IsFinite(T parameter) {
  return parameter - parameter == 0;
}
template <class T>
static constexpr bool IsFiniteAndNotZero(T parameter) {
  return IsFinite(parameter) && parameter != 0;
}

namespace general {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

static inline double FromBits(uint64_t bits) {
  double v;
  memcpy(&v, &bits, sizeof(v));
  return v;
}
static inline uint64_t ToBits(double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof(bits));
  return bits;
}
static inline bool IsNegative(double v) { return (ToBits(v) >> 63) != 0; }
static inline double Magnitude(double v) { return IsNegative(v) ? -v : v; }
static inline bool IsInfinite(double v) { return v == kInfinity || v == -kInfinity; }
// `size`, with the sign of v.
static inline double Signed(double size, double v) { return IsNegative(v) ? -size : size; }
// 2^n, n in [-1022, 1023].
static inline double TwoTo(int n) { return FromBits(static_cast<uint64_t>(n + 1023) << 52); }
// a b, where 0 times infinity is 0: what the product is for every parameter on the way to infinity, and for
// every x on the way there.
static inline double Times(double a, double b) {
  if ((a == 0 && b == b) || (b == 0 && a == a)) return IsNegative(a) == IsNegative(b) ? 0.0 : -0.0;
  return a * b;
}

// (high + low) 2^exponent with 1 <= |high| < 2, or 0; finite. Good to some 2^-100.
struct Number {
  double high, low;
  int exponent;
};

static inline Number Normalized(double high, double low, int exponent) {
  const double sum = high + low, rest = low - (sum - high);
  if (sum == 0) return {0, 0, 0};
  const int shift = static_cast<int>(ToBits(sum) >> 52 & 0x7FF) - 1023;
  const double unit = TwoTo(-shift);
  return {sum * unit, rest * unit, exponent + shift};
}
static inline Number Of(double v) {
  return Magnitude(v) < 0x1p-900 ? Normalized(v * 0x1p200, 0, -200)
                                 : Normalized(v * 0x1p-100, 0, 100);  // whose powers of two are normal
}
static inline Number Negated(const Number& a) { return {-a.high, -a.low, a.exponent}; }

// product + error = a b, by Dekker; nothing here is far from 1.
static inline double Product(double a, double b, double& error) {
  const double a_wide = a * 134217729, b_wide = b * 134217729;
  const double a_high = a_wide - (a_wide - a), b_high = b_wide - (b_wide - b);
  const double a_low = a - a_high, b_low = b - b_high;
  const double product = a * b;
  error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
  return product;
}
static inline double Sum(double a, double b, double& error) {
  const double sum = a + b, b_part = sum - a;
  error = (a - (sum - b_part)) + (b - b_part);
  return sum;
}

static inline Number operator*(const Number& a, const Number& b) {
  double error;
  const double product = Product(a.high, b.high, error);
  return Normalized(product, error + (a.high * b.low + a.low * b.high), a.exponent + b.exponent);
}
static inline Number operator+(const Number& a, const Number& b) {
  if (a.high == 0) return b;
  if (b.high == 0) return a;
  if (a.exponent < b.exponent) return b + a;
  if (a.exponent - b.exponent > 300) return a;
  const double unit = TwoTo(b.exponent - a.exponent);
  double error, low_error;
  const double sum = Sum(a.high, b.high * unit, error), low = Sum(a.low, b.low * unit, low_error);
  const double middle = Sum(error, low, error);
  double rest;
  const double high = Sum(sum, middle, rest);
  return Normalized(high, rest + (error + low_error), a.exponent);
}
static inline Number operator-(const Number& a, const Number& b) { return a + Negated(b); }
// b is not 0.
static inline Number operator/(const Number& a, const Number& b) {
  const double first = a.high / b.high;
  const Number rest = a - Number{first, 0, a.exponent - b.exponent} * b;
  const Number second = {rest.high / b.high, 0, rest.exponent - b.exponent};
  const Number more = rest - second * b;
  const Number third = {more.high / b.high, 0, more.exponent - b.exponent};
  return Normalized(first, 0, a.exponent - b.exponent) +
         (Normalized(second.high, 0, second.exponent) + Normalized(third.high, 0, third.exponent));
}

// (exp(r) - 1) / r for |r| <= 0.4: 1 + r/2 (1 + r/3 (1 + ...)).
static inline Number Expm1Ratio(const Number& r) {
  const Number one = {1, 0, 0};
  Number sum = one;
  for (int k = 26; k >= 2; --k) sum = one + r / Of(k) * sum;
  return sum;
}
static inline Number Ln2() { return {0x1.62e42fefa39efp+0, 0x1.abc9e3b39803fp-55, -1}; }
// exp(z); far beyond what a double holds, whatever the factor, any number as far out will do.
static inline Number Exp(const Number& z) {
  if (z.exponent > 13) return {1, 0, z.high < 0 ? -20000 : 20000};
  if (z.exponent < -150) return {1, 0, 0};
  const double about = z.high * FromBits(static_cast<uint64_t>(z.exponent + 1023) << 52);
  const int k = static_cast<int>(about * 1.4426950408889634 + (about < 0 ? -0.5 : 0.5));
  // What ln 2 has beyond a pair times k is 2^-93: it counts.
  Number r = z - Of(k) * Ln2();
  r = r - Of(k) * Number{0x1.7b57a079a1934p+0, 0, -111};
  Number e = Number{1, 0, 0} + r * Expm1Ratio(r);
  e.exponent += k;
  return e;
}
static inline Number Expm1(const Number& z) {
  if (z.exponent < -150) return z;
  if (z.exponent < -2) return z * Expm1Ratio(z);
  return Exp(z) - Number{1, 0, 0};
}
// exp(z) - 1 - z, from z^2 / 2 (1 + z/3 (1 + z/4 ...)) where that is small.
static inline Number Expm1LessX(const Number& z) {
  if (z.exponent >= -2) return Expm1(z) - z;
  const Number one = {1, 0, 0};
  Number sum = one;
  for (int k = 26; k >= 3 && z.exponent >= -150; --k) sum = one + z / Of(k) * sum;
  return z * z / Of(2) * sum;
}
// log(1 + u) for u in [0, 1]: 2 s (1 + s^2/3 + s^4/5 + ...), s = u / (2 + u).
static inline Number Log1p(const Number& u) {
  if (u.exponent < -150) return u;
  const Number one = {1, 0, 0}, s = u / (Number{1, 0, 1} + u), square = s * s;
  Number sum = one / Of(69);
  for (int k = 67; k >= 1; k -= 2) sum = one / Of(k) + square * sum;
  Number log = s * sum;
  log.exponent += 1;
  return log;
}

// To the nearest number of T, ties to even.
template <class T>
static T Rounded(const Number& a) {
  constexpr int kBits = sizeof(T) == sizeof(float) ? 23 : 52,
                kLeast = sizeof(T) == sizeof(float) ? -126 : -1022;
  if (a.high == 0) return T(0);
  if (a.exponent > 1 - kLeast) return static_cast<T>(Signed(kInfinity, a.high));
  if (a.exponent < kLeast - kBits - 2) return static_cast<T>(Signed(0, a.high));
  // In units of the last place.
  const int unit = (a.exponent < kLeast ? kLeast : a.exponent) - kBits;
  const double scale = TwoTo(a.exponent - unit);
  const double size = Magnitude(a.high) * scale, rest = Signed(1, a.high) * a.low * scale;
  const int64_t below = static_cast<int64_t>(size);
  double whole = static_cast<double>(below);
  const double over = (size - whole) + rest;  // in [-0.5, 1)
  const bool odd = (below & 1) != 0;
  if (over > 0.5 || (over == 0.5 && odd)) whole += 1;
  if (over == -0.5 && odd) whole -= 1;
  // In two steps, for the unit may be below the normal numbers; exact, or infinite.
  const int half = unit / 2;
  return static_cast<T>(Signed(whole, a.high) * TwoTo(half) * TwoTo(unit - half));
}

// ---- elu, celu -----------------------------------------------------------------------------------------

template <class T>
static HWY_NOINLINE T Elu(T x, T alpha) {
  if (!(x < 0)) return x;
  if (!IsFiniteAndNotZero(alpha) || !IsFinite(x)) return -alpha;
  return Rounded<T>(Of(alpha) * Expm1(Of(x)));
}
template <class T>
static HWY_NOINLINE T EluDerivative(T x, T alpha) {
  if (x != x) return x;
  if (x > 0) return 1;
  if (!IsFiniteAndNotZero(alpha)) return alpha;
  if (!IsFinite(x)) return static_cast<T>(Signed(0, alpha));
  return Rounded<T>(Of(alpha) * Exp(Of(x)));
}

template <class T>
static HWY_NOINLINE T Celu(T x, T alpha) {
  if (!(x < 0) || IsInfinite(alpha)) return x;
  if (alpha == 0) return static_cast<T>(IsNegative(alpha) ? -kInfinity : -0.0);
  if (!IsFinite(x)) return alpha > 0 ? -alpha : x;
  return Rounded<T>(Of(alpha) * Expm1(Of(x) / Of(alpha)));
}
template <class T>
static HWY_NOINLINE T CeluDerivative(T x, T alpha) {
  if (x != x) return x;
  if (!(x < 0) || IsInfinite(alpha)) return 1;
  if (alpha == 0 || !IsFinite(x)) return static_cast<T>(IsNegative(alpha) ? kInfinity : 0);
  return Rounded<T>(Exp(Of(x) / Of(alpha)));
}
template <class T>
static HWY_NOINLINE T CeluDerivativeFromOutput(T y, T alpha) {
  if (y != y) return y;
  if (!(y < 0) || IsInfinite(alpha)) return 1;
  if (alpha == 0 || !IsFinite(y)) return static_cast<T>(IsNegative(alpha) ? kInfinity : -kInfinity);
  return Rounded<T>((Of(alpha) + Of(y)) / Of(alpha));
}

// alpha_p, alpha_n, beta, eps. Each side is the sum of two products, of which infinite parameters leave the
// infinite ones.
template <class T>
static HWY_NOINLINE T Xielu(T x, T alpha_p, T alpha_n, T beta, T eps) {
  if (x != x) return x;
  if (x > 0) {
    if (!IsFinite(alpha_p) || !IsFinite(beta))
      return (IsFinite(alpha_p) ? T(0) : alpha_p) + (IsFinite(beta) ? T(0) : beta);
    if (!IsFinite(x)) return static_cast<T>(Times(x, alpha_p != 0 ? alpha_p : beta));
    return Rounded<T>(Of(x) * (Of(alpha_p) * Of(x) + Of(beta)));
  }
  const T least = x < eps ? x : eps;
  const Number m = IsFinite(least) ? Expm1(Of(least)) : Number{-1, 0, 0};
  Number ramp = {1, 0, 0};  // m - x; at infinity its sign is what counts
  if (IsFinite(x)) ramp = x <= eps ? Expm1LessX(Of(x)) : m - Of(x);
  if (!IsFinite(alpha_n) || !IsFinite(beta)) {
    if (IsFinite(beta) && ramp.high == 0) return static_cast<T>(Times(x, beta));
    if (IsFinite(alpha_n) && x == 0) return Rounded<T>(Of(alpha_n) * m);
    const double left = IsFinite(alpha_n) ? 0 : Times(alpha_n, ramp.high);
    return static_cast<T>(left + (IsFinite(beta) ? 0 : Times(x, beta)));
  }
  if (!IsFinite(x)) return alpha_n == beta ? -alpha_n : alpha_n > beta ? -x : x;
  // Near 0 the ramp is small, far from it the slopes may be the same.
  if (x > -1) return Rounded<T>(Of(alpha_n) * ramp + Of(beta) * Of(x));
  return Rounded<T>(Of(alpha_n) * m + (Of(beta) - Of(alpha_n)) * Of(x));
}
template <class T>
static HWY_NOINLINE T XieluDerivative(T x, T alpha_p, T alpha_n, T beta, T eps) {
  if (x != x) return x;
  if (x > 0) {
    if (!IsFinite(alpha_p) || !IsFinite(beta))
      return (IsFinite(alpha_p) ? T(0) : alpha_p) + (IsFinite(beta) ? T(0) : beta);
    if (!IsFinite(x)) return alpha_p != 0 ? static_cast<T>(Times(x, alpha_p)) : beta;
    return Rounded<T>(Of(2) * Of(alpha_p) * Of(x) + Of(beta));
  }
  if (!IsFinite(alpha_n) || !IsFinite(beta)) {
    const T left = IsFinite(alpha_n) || (x == 0 && x < eps) ? T(0) : -alpha_n;
    return left + (IsFinite(beta) && !IsFinite(left) ? T(0) : beta);
  }
  const Number m = x < eps && IsFinite(x) ? Expm1(Of(x)) : Number{-1, 0, 0};
  return Rounded<T>(Of(alpha_n) * m + Of(beta));
}

// ---- softcap -------------------------------------------------------------------------------------------

template <class T>
static HWY_NOINLINE T Softcap(T x, T cap) {
  const double c = Magnitude(cap);
  if (x != x || x == 0 || c == kInfinity) return x;
  if (c == 0 || !IsFinite(x)) return static_cast<T>(Signed(c, x));
  const Number z = Of(x) / Of(c);
  if (z.exponent < -60) return x;
  const Number m = Expm1(Of(z.high < 0 ? 2 : -2) * z);
  return Rounded<T>(Of(z.high < 0 ? c : -c) * m / (m + Of(2)));
}
template <class T>
static HWY_NOINLINE T SoftcapDerivative(T x, T cap) {
  const double c = Magnitude(cap);
  if (x != x) return x;
  if (x == 0 || c == kInfinity) return 1;
  if (c == 0 || !IsFinite(x)) return 0;
  const Number z = Of(x) / Of(c);
  const Number e = Exp(Of(z.high < 0 ? 2 : -2) * z), sum = Of(1) + e;
  return Rounded<T>(Of(4) * e / (sum * sum));
}
template <class T>
static HWY_NOINLINE T SoftcapDerivativeFromOutput(T y, T cap) {
  if (y != y) return y;
  if (y == 0 || IsInfinite(cap)) return 1;
  if (cap == 0 || !IsFinite(y)) return static_cast<T>(-kInfinity);
  const Number c = Of(cap);
  return Rounded<T>((c - Of(y)) / c * ((c + Of(y)) / c));
}

// ---- softplus, swish -----------------------------------------------------------------------------------

// Whether beta x, exactly, is above the threshold.
static inline bool IsAbove(double beta, double x, double threshold) {
  if (IsInfinite(beta) || IsInfinite(x)) return Times(beta, x) > threshold;
  if (IsInfinite(threshold)) return threshold < 0;
  return (Of(beta) * Of(x) - Of(threshold)).high > 0;
}
// 1 / (1 + exp(-z)).
static inline Number Sigmoid(const Number& z) {
  const Number e = Exp(z.high < 0 ? z : Negated(z)), one = {1, 0, 0};
  return (z.high < 0 ? e : one) / (one + e);
}

template <class T>
static HWY_NOINLINE T Softplus(T x, T beta, T threshold) {
  if (x != x || IsAbove(beta, x, threshold)) return x;
  if (beta == 0) return static_cast<T>(Signed(kInfinity, beta));
  if (!IsFinite(beta) || !IsFinite(x)) return Times(beta, x) > 0 ? x : static_cast<T>(Signed(0, beta));
  const Number z = Of(beta) * Of(x);
  if (z.high > 0) return Rounded<T>((z + Log1p(Exp(Negated(z)))) / Of(beta));
  return Rounded<T>(Log1p(Exp(z)) / Of(beta));
}
template <class T>
static HWY_NOINLINE T SoftplusDerivative(T x, T beta, T threshold) {
  if (x != x) return x;
  if (IsAbove(beta, x, threshold)) return 1;
  const double product = Times(beta, x);
  if (product == 0 && (beta == 0 || x == 0)) return T(0.5);
  if (!IsFinite(beta) || !IsFinite(x)) return product > 0 ? T(1) : T(0);
  return Rounded<T>(Sigmoid(Of(beta) * Of(x)));
}

template <class T>
static HWY_NOINLINE T Swish(T x, T beta) {
  if (x != x || x == 0) return x;
  if (beta == 0) return x * T(0.5);
  if (!IsFinite(beta) || !IsFinite(x)) return (beta > 0) == (x > 0) ? x : static_cast<T>(Signed(0, x));
  return Rounded<T>(Of(x) * Sigmoid(Of(beta) * Of(x)));
}

// ---- Lines ---------------------------------------------------------------------------------------------

// alpha x + beta.
template <class T>
static HWY_NOINLINE T Linear(T x, T alpha, T beta) {
  if (x != x) return x;
  if (IsFinite(alpha) && !IsFinite(beta)) return beta;
  if (IsFiniteAndNotZero(alpha) && IsFinite(x) && beta != 0) return Rounded<T>(Of(alpha) * Of(x) + Of(beta));
  const double product = Times(alpha, x);
  return static_cast<T>(beta == 0 ? product : product + beta);
}

// x (lower + upper) / 2.
template <class T>
static HWY_NOINLINE T Rrelu(T x, T lower, T upper) {
  if (x != x) return x;
  if (!IsFinite(lower) || !IsFinite(upper))
    return static_cast<T>(Times((IsFinite(lower) ? T(0) : lower) + (IsFinite(upper) ? T(0) : upper), x));
  const Number slope = (Of(lower) + Of(upper)) / Of(2);
  if (!IsFinite(x) || x == 0 || slope.high == 0) return static_cast<T>(Times(slope.high, x));
  return Rounded<T>(slope * Of(x));
}

// For an infinite bias.
template <class T>
static HWY_NOINLINE T Shrink(T x, T lambd, T bias) {
  if (x > lambd) return -bias;
  if (x < -lambd) return bias;
  return x == x ? static_cast<T>(Signed(0, x)) : x;
}

}  // namespace general

}  // namespace simdact

#endif  // SIMDACT_GENERAL_H_
