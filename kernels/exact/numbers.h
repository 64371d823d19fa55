// Functions of Numbers (simdact/detail/general.h: pairs of doubles with an exponent of their own), good to
// some 2^-95 of the result. They settle what the kernels for double cannot: which of two floats is nearer.
//
// Next to 0 each function is the first terms of its series, so that 1 + z keeps a z of any smallness: half of
// a denormal float is a tie, and x/2 + x^2/4 is not.

#ifndef SIMDACT_KERNELS_EXACT_NUMBERS_H_
#define SIMDACT_KERNELS_EXACT_NUMBERS_H_

#include "simdact/detail/general.h"

namespace simdact {
namespace exact {

using general::Ln2;
using general::Negated;
using general::Number;
using general::Of;

static inline bool operator<(const Number& a, const Number& b) { return (a - b).high < 0; }
static inline Number Absolute(const Number& a) { return a.high < 0 ? Negated(a) : a; }
static inline Number Square(const Number& a) { return a * a; }
// a 2^power.
static inline Number Scaled(Number a, int power) {
  if (a.high != 0) a.exponent += power;
  return a;
}
static inline Number Half(const Number& a) { return Scaled(a, -1); }
static inline Number Twice(const Number& a) { return Scaled(a, 1); }
static inline Number Pi() { return {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, 1}; }

// a + b, where the smaller one may be too far below to be added: its sign counts, for it decides ties.
static inline Number Plus(const Number& a, const Number& b) {
  if (a.high == 0 || b.high == 0) return a + b;
  Number larger = a.exponent < b.exponent ? b : a;
  const Number& smaller = a.exponent < b.exponent ? a : b;
  if (larger.exponent - smaller.exponent <= 300) return a + b;
  if (larger.low == 0) larger.low = smaller.high < 0 ? -0x1p-300 : 0x1p-300;
  return larger;
}

// Whether z^3 is nothing beside 1.
static inline bool IsTiny(const Number& z) { return z.high == 0 || z.exponent < -40; }

// exp(z) - 1.
static inline Number Expm1Of(const Number& z) {
  if (z.high < 0 && z.exponent > 4) return Plus(general::Exp(z), Of(-1));
  if (!IsTiny(z)) return general::Expm1(z);
  return z + Half(Square(z)) * (Of(1) + z / Of(3));
}
static inline Number ExpOf(const Number& z) { return IsTiny(z) ? Of(1) + Expm1Of(z) : general::Exp(z); }

// log(1 + u), u in [-1/4, 1]: 2 artanh(u / (2 + u)).
static inline Number Log1pNear0(const Number& u) {
  if (!IsTiny(u)) return general::Log1p(u);
  return u - Half(Square(u)) * (Of(1) - Twice(u) / Of(3));
}
// log(y), y > 0: k log(2) + log(m), m in [3/4, 3/2).
static inline Number LogOf(const Number& y) {
  Number m = y;
  m.exponent = m.high < 1.5 ? 0 : -1;
  const int k = y.exponent - m.exponent;
  const Number log = Log1pNear0(m - Of(1));
  if (k == 0) return log;
  return Of(k) * Ln2() + (Of(k) * Number{0x1.7b57a079a1934p+0, 0, -111} + log);
}
// log(1 + x), x > -1.
static inline Number Log1pOf(const Number& x) {
  return x < Of(-0.25) || Of(1) < x ? LogOf(Of(1) + x) : Log1pNear0(x);
}

// By Newton's steps, each of which doubles the digits.
static inline Number SqrtOf(const Number& a) {
  if (a.high == 0) return a;
  const int odd = a.exponent & 1;
  Number square = a;
  square.exponent = odd;
  Number root = Of(odd != 0 ? 1.7 : 1.2);  // up to 0.3 off
  for (int step = 0; step < 7; ++step) root = Half(root + square / root);
  return Scaled(root, (a.exponent - odd) / 2);
}

// 1 / (1 + exp(-z)).
static inline Number SigmoidOf(const Number& z) {
  const Number e = ExpOf(Negated(Absolute(z)));
  return (z.high < 0 ? e : Of(1)) / (Of(1) + e);
}
// (1 - e) / (1 + e), e = exp(-2 z), for z > 0.
static inline Number TanhOf(const Number& z) {
  if (IsTiny(z)) return Plus(z, Negated(z * Square(z) / Of(3)));
  const Number m = Expm1Of(Twice(Negated(Absolute(z)))), t = Negated(m) / (Of(2) + m);
  return z.high < 0 ? Negated(t) : t;
}

// 2 / sqrt(pi) exp(-z^2) (z + 2 z^3/3 + 4 z^5/15 + ...), whose terms have one sign.
static inline Number ErfOf(const Number& z) {
  const Number twice_square = Twice(Square(z));
  Number term = z, sum = z;
  for (int k = 1; k < 400 && term.high != 0 && term.exponent > sum.exponent - 110; ++k) {
    term = term * twice_square / Of(2 * k + 1);
    sum = sum + term;
  }
  return Twice(ExpOf(Negated(Square(z))) * sum) / SqrtOf(Pi());
}
// 1 - erf(z), z > 0; from 2 on, where that cancels, exp(-z^2) / sqrt(pi) / (z + 1/2 / (z + 2/2 / (z + ...))).
static inline Number ErfcOf(const Number& z) {
  if (z < Of(2)) return Of(1) - ErfOf(z);
  Number rest = z;
  for (int k = 320; k >= 1; --k) rest = z + Of(0.5 * k) / rest;
  return ExpOf(Negated(Square(z))) / (SqrtOf(Pi()) * rest);
}
// The normal distribution, erfc(-x / sqrt(2)) / 2, and its density.
static inline Number NormalBelow(const Number& x) {
  const Number z = x / SqrtOf(Of(2));
  if (Absolute(x) < Of(0.5)) return Of(0.5) + Half(ErfOf(z));
  return z.high < 0 ? Half(ErfcOf(Negated(z))) : Of(1) - Half(ErfcOf(z));
}
static inline Number NormalDensity(const Number& x) {
  return ExpOf(Negated(Half(Square(x)))) / SqrtOf(Twice(Pi()));
}

// The float nearest to a, ties to even; at a tie of the upper word the lower one decides.
static inline float ToFloat(const Number& a) {
  constexpr int kBits = 23, kLeast = -126;
  const double sign = a.high < 0 ? -1 : 1;
  if (a.high == 0 || a.exponent < kLeast - kBits - 2) return static_cast<float>(sign * 0.0);
  if (a.exponent > 127) return static_cast<float>(sign * general::kInfinity);
  const int unit = (a.exponent < kLeast ? kLeast : a.exponent) - kBits;
  const double size = sign * a.high * general::TwoTo(a.exponent - unit), rest = sign * a.low;
  const int64_t below = static_cast<int64_t>(size);
  const double over = size - static_cast<double>(below);  // exact; at 0 the rest cannot reach a tie
  const bool up = over > 0.5 || (over == 0.5 && (rest > 0 || (rest == 0 && (below & 1) != 0)));
  return static_cast<float>(sign * static_cast<double>(below + (up ? 1 : 0)) * general::TwoTo(unit));
}

}  // namespace exact
}  // namespace simdact

#endif  // SIMDACT_KERNELS_EXACT_NUMBERS_H_
