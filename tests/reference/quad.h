// The real types that references are evaluated in, and the functions they need in each: double to skim
// billions of inputs, long double as a rule, and Quad, 113 bits, where a long double's 64 are too few: at the
// zeros of derivatives, and to settle what f64 kernels return.
//
// The compiler brings Quad's arithmetic; its functions are here, so that no library is needed. They are good
// to 2^-95 for the arguments that references have.
#ifndef SIMDACT_TESTS_REFERENCE_QUAD_H_
#define SIMDACT_TESTS_REFERENCE_QUAD_H_

#include <cfloat>
#include <cmath>
#include <limits>
#include <type_traits>

namespace simdact_reference {

#if LDBL_MANT_DIG == 64 && defined(__SIZEOF_FLOAT128__)
#define SIMDACT_OWN_QUAD 1
using Quad = __float128;
#else  // long double has 113 bits already, or there is nothing better
using Quad = long double;
#endif

// What the argument of a function is computed in, before it is rounded to R: exp(beta x) magnifies the
// rounding of beta x by 700. Not for double, which only has to be good enough for f32.
template <class R>
using Wide = std::conditional_t<std::is_same_v<R, double>, double, Quad>;

// A constant to some 117 bits: the nearest double, and the rest.
template <class R>
R Constant(double high, long double low) {
  return R(R(high) + R(low));
}

template <class R>
R Fabs(R x) {
  return x < 0 || (x == 0 && 1 / x < 0) ? -x : x;
}
template <class R>
R CopySign(R x, R sign) {
  return (sign < 0 || (sign == 0 && 1 / sign < 0)) == (x < 0) ? x : -x;
}

template <class R>
R Exp(R x) {
  return std::exp(x);
}
template <class R>
R Expm1(R x) {
  return std::expm1(x);
}
template <class R>
R Log(R x) {
  return std::log(x);
}
template <class R>
R Log1p(R x) {
  return std::log1p(x);
}
template <class R>
R Sqrt(R x) {
  return std::sqrt(x);
}
template <class R>
R Tanh(R x) {
  return std::tanh(x);
}
template <class R>
R Erf(R x) {
  return std::erf(x);
}
template <class R>
R Erfc(R x) {
  return std::erfc(x);
}
template <class R>
R Pow(R x, R y) {
  return std::pow(x, y);
}

#ifdef SIMDACT_OWN_QUAD

// exp(x) - 1 for |x| < 1: the series at x / 256, and eight times (1 + e)^2 - 1 = e (2 + e).
inline Quad SmallExpm1(Quad x) {
  const Quad r = x / 256;
  Quad e = 0;
  for (int k = 14; k >= 1; --k) e = (r / k) * (1 + e);
  for (int i = 0; i < 8; ++i) e *= 2 + e;
  return e;
}
inline Quad Exp(Quad x) {
  if (!(x > -12000 && x < 12000)) return std::exp(static_cast<long double>(x));
  const int k = static_cast<int>(std::nearbyint(static_cast<double>(x) * 1.4426950408889634));
  const Quad r = (x - Quad(k) * 0.6931471805599453) - Quad(k) * 2.31904681384629961549486e-17L;
  // In two steps: 2^k may be below the normal range.
  return (1 + SmallExpm1(r)) * std::ldexp(1.0L, k / 2) * std::ldexp(1.0L, k - k / 2);
}
inline Quad Expm1(Quad x) { return x > -0.5 && x < 0.5 ? SmallExpm1(x) : Exp(x) - 1; }

// One step of Halley's iteration from the long double's result.
inline Quad Log(Quad x) {
  const Quad y = std::log(static_cast<long double>(x));
  if (!(x > 0 && x <= LDBL_MAX)) return y;
  const Quad rest = x > 0.5 && x < 2 ? (x - 1) - Expm1(y) : x - Exp(y);
  return y + 2 * rest / (2 * x - rest);
}
inline Quad Log1p(Quad x) {
  if (!(x > -0.5 && x < 0.5)) return Log(1 + x);
  if (x == 0) return x;
  const Quad y = std::log1p(static_cast<long double>(x));
  const Quad rest = x - Expm1(y);
  return y + 2 * rest / (2 * (1 + x) - rest);
}
inline Quad Sqrt(Quad x) {
  const Quad y = std::sqrt(static_cast<long double>(x));
  return x > 0 && x <= LDBL_MAX ? (y + x / y) / 2 : y;
}
inline Quad Tanh(Quad x) {
  if (!(x > -60 && x < 60) || x == 0) return std::tanh(static_cast<long double>(x));
  const Quad e = Expm1(-2 * Fabs(x)), y = -e / (2 + e);
  return x < 0 ? -y : y;
}
// exp(-x^2) times a series of positive terms.
inline Quad Erf(Quad x) {
  if (!(x > -9.5 && x < 9.5) || x == 0) return std::erf(static_cast<long double>(x));
  Quad term = x, sum = x;
  for (int n = 1; n < 600 && Fabs(term) > Fabs(sum) * 0x1p-120; ++n) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return Constant<Quad>(1.1283791670955126, 1.53354596131658807455998e-17L) * Exp(-x * x) * sum;
}
inline Quad Erfc(Quad x) {
  if (!(x > -9.5 && x < 110)) return std::erfc(static_cast<long double>(x));
  if (x < 4) return 1 - Erf(x);  // takes 26 of the bits away
  Quad t = x;                    // the continued fraction x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))
  for (int n = 200; n >= 1; --n) t = x + Quad(n) / 2 / t;
  return Constant<Quad>(0.5641895835477563, 7.66772980658294037279988e-18L) * Exp(-x * x) / t;
}
// Signs and limits are the long double's.
inline Quad Pow(Quad x, Quad y) {
  const long double rough = std::pow(static_cast<long double>(x), static_cast<long double>(y));
  if (!(rough != 0 && Fabs(rough) <= LDBL_MAX)) return rough;
  const Quad power = Exp(y * Log(Fabs(x)));
  return rough < 0 ? -power : power;
}

#endif  // SIMDACT_OWN_QUAD

// An argument of twice R's digits.
template <class R>
struct Sum {
  R high, low;
};
template <class R>
Sum<R> Split(Wide<R> x) {
  const R high = static_cast<R>(x);
  const R low = static_cast<R>(x - high);
  return {high, low == low ? low : R(0)};  // inf - inf
}
template <class R>
Sum<R> operator-(const Sum<R>& x) {
  return {-x.high, -x.low};
}
template <class R>
R Exp(const Sum<R>& x) {
  const R e = Exp(x.high);
  return x.low == 0 || e - e != 0 ? e : e + e * x.low;
}

// A sum whose last bit is odd if it was rounded: who rounds it again, to 16 bits, then never takes it for the
// tie that it is next to. Denormal 16-bit inputs make such sums.
template <class R>
R StickySum(Wide<R> a, Wide<R> b) {
  const Wide<R> sum = a + b, b_part = sum - a;
  const R rounded = static_cast<R>(sum);
  if constexpr (std::is_same_v<R, long double>) {
    const Quad lost = (a - (sum - b_part)) + (b - b_part), rest = (sum - rounded) + lost;
    const long double inf = std::numeric_limits<long double>::infinity();
    if (rest > 0) return std::nextafter(rounded, inf);
    if (rest < 0) return std::nextafter(rounded, -inf);
  }
  return rounded;
}

// exp(x) - 1, which lies above x: for the same reason, above it for tiny x as well.
template <class R>
R StickyExpm1(R x) {
  const R e = Expm1(x);
  if constexpr (std::is_same_v<R, long double>) {
    if (e == x && x != 0 && Fabs(x) < 1) return std::nextafter(x, std::numeric_limits<long double>::max());
  }
  return e;
}

// Parameters may be anything: infinity or 0 is the limit that a formula has there for finite x, and at an
// infinite x the limit of that.
template <class R>
bool IsFinite(R x) {
  return x - x == 0;
}
template <class R>
bool IsNegative(R x) {
  return x < 0 || (x == 0 && 1 / x < 0);
}
// a x, where 0 times infinity is 0.
template <class R>
R Times(R a, R x) {
  if (a == 0 || x == 0) return x != x || a != a ? a * x : IsNegative(a) == IsNegative(x) ? R(0) : -R(0);
  return a * x;
}

// `value` for any number x, and NaN for NaN.
template <class R>
R Unless(R x, R value) {
  return x == x ? value : x;
}

}  // namespace simdact_reference

#endif  // SIMDACT_TESTS_REFERENCE_QUAD_H_
