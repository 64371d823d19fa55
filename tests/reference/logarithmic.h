// References of the family SIMDACT_LOGARITHMIC: see reference.h.
#ifndef SIMDACT_TESTS_REFERENCE_LOGARITHMIC_H_
#define SIMDACT_TESTS_REFERENCE_LOGARITHMIC_H_

#include "tests/reference/quad.h"

namespace simdact_reference {

template <class R>
R log(R x, const double*) {
  return Log(x);
}
template <class R>
R log_derivative(R x, const double*) {
  return 1 / x;
}

template <class R>
R log1p(R x, const double*) {
  return Log1p(x);
}
template <class R>
R log1p_derivative(R x, const double*) {
  return 1 / (1 + x);
}

// x^exponent; where the exponent is a few halves by multiplication, so that what has few digits is exact.
template <class R>
R Power(R x, R exponent) {
  if (x != x) return x;  // std::pow(NaN, 0) is 1
  const R halves = Fabs(2 * exponent);
  if (halves <= 8) {
    const int count = static_cast<int>(halves);
    if (count == halves && (count % 2 == 0 || (x > 0 && 1 / x > 0))) {
      const R factor = count % 2 == 0 ? x : Sqrt(x);
      R power = 1;
      for (int i = 0; i < (count % 2 == 0 ? count / 2 : count); ++i) power *= factor;
      return exponent < 0 ? 1 / power : power;
    }
  }
  // Huge exponents are even. (glibc 2.36 makes inf of powl(-inf, -2^63).)
  return Pow(Fabs(exponent) >= R(0x1p62) ? Fabs(x) : x, exponent);
}
template <class R>
R pow(R x, const double* p) {
  return Power(x, R(p[0]));
}
template <class R>
R pow_derivative(R x, const double* p) {
  const R exponent = p[0], size = Fabs(exponent);
  if (exponent == 0 || x != x) return Unless(x, R(0));
  // Huge exponents are even, and one less is odd.
  if (size >= R(std::is_same_v<R, double> ? 0x1p40 : 0x1p62)) {
    if (Fabs(x) == 1) return exponent * x;
    const R size_of_power = (Fabs(x) > 1) == (exponent > 0) ? R(HUGE_VAL) : R(0);
    return CopySign(size_of_power, IsNegative(x) ? -exponent : exponent);
  }
  // exponent - 1 would be rounded.
  if (size < 0x1p-10 && x == 0) return exponent * R(HUGE_VAL);
  if (size < 0x1p-10 && IsFinite(x)) return exponent * Power(x, exponent) / x;
  return exponent * Power(x, exponent - 1);
}

// sigmoid(z) of an argument in two parts, as logistic.h has it of one.
template <class R>
R SigmoidOf(const Sum<R>& z) {
  if (z.high >= 0) return 1 / (1 + Exp(-z));
  const R e = Exp(z);
  return e / (1 + e);
}

template <class R>
R softplus(R x, const double* p) {
  const Wide<R> beta = p[0], z = Times(beta, Wide<R>(x));
  if (z > p[1]) return x;
  if (beta == 0) return Unless(x, CopySign(R(HUGE_VAL), R(p[0])));
  if (!IsFinite(p[0])) return z > 0 ? x : Unless(x, IsNegative(p[0]) ? -R(0) : R(0));
  if (!IsFinite(x)) return z > 0 ? x : Unless(x, IsNegative(p[0]) ? -R(0) : R(0));
  const Sum<R> parts = Split<R>(z);
  if (z > 0) return static_cast<R>((z + Log1p(Exp(-parts))) / beta);
  return static_cast<R>(Log1p(Exp(parts)) / beta);
}
template <class R>
R softplus_derivative(R x, const double* p) {
  const Wide<R> z = Times(Wide<R>(p[0]), Wide<R>(x));
  return z > p[1] ? R(1) : SigmoidOf(Split<R>(z));
}
// Whether y comes from above the threshold for certain: it is more than the largest softplus below, rounded
// up to a number of the format (a float's if all is given in floats), or negative where all below is
// positive.
inline bool IsSoftplusLine(double y, const double* p) {
  const auto is_float = [](double value) { return static_cast<double>(static_cast<float>(value)) == value; };
  const long double t = p[1], beta = p[0] < 0 ? -p[0] : p[0];
  const long double end = (t > 0 ? t + std::log1p(std::exp(-t)) : std::log1p(std::exp(t))) / beta;
  double most = static_cast<double>(end);
  if (most < end) most = std::nextafter(most, HUGE_VAL);
  if (is_float(y) && is_float(p[0]) && is_float(p[1])) {
    float narrow = static_cast<float>(end);
    if (narrow < end) narrow = std::nextafter(narrow, HUGE_VALF);
    most = static_cast<double>(narrow);
  }
  const double outward = p[0] < 0 ? -y : y;
  return outward > most || (t < 0 && outward < 0);
}
template <class R>
R softplus_derivative_from_output(R y, const double* p) {
  if (!(p[0] == p[0] && p[1] == p[1])) return R(p[0] + p[1]);
  if (p[0] == 0) return Unless(y, p[1] < 0 ? R(1) : R(0.5));
  if (IsSoftplusLine(static_cast<double>(y), p)) return R(1);
  return y == 0 ? R(0) : -StickyExpm1(static_cast<R>(-(Wide<R>(p[0]) * y)));
}

template <class R>
R log_sigmoid(R x, const double*) {
  return x >= 0 ? -Log1p(Exp(-x)) : x - Log1p(Exp(x));
}
template <class R>
R log_sigmoid_derivative(R x, const double*) {
  return SigmoidOf(Sum<R>{-x, R(0)});
}
template <class R>
R log_sigmoid_derivative_from_output(R y, const double*) {
  return -Expm1(y);
}

}  // namespace simdact_reference

#endif  // SIMDACT_TESTS_REFERENCE_LOGARITHMIC_H_
