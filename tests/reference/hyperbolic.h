// References of the family SIMDACT_HYPERBOLIC: see reference.h.
#ifndef SIMDACT_TESTS_REFERENCE_HYPERBOLIC_H_
#define SIMDACT_TESTS_REFERENCE_HYPERBOLIC_H_

#include "tests/reference/logistic.h"

namespace simdact_reference {

// 1 / cosh(z)^2
template <class R>
R SquaredSech(const Sum<R>& z) {
  const R e = Exp(z.high < 0 ? Sum<R>{2 * z.high, 2 * z.low} : Sum<R>{-2 * z.high, -2 * z.low});
  return 4 * e / ((1 + e) * (1 + e));
}

template <class R>
R tanh(R x, const double*) {
  return Tanh(x);
}
template <class R>
R tanh_derivative(R x, const double*) {
  return SquaredSech(Sum<R>{x, R(0)});
}
template <class R>
R tanh_derivative_from_output(R y, const double*) {
  return (1 - y) * (1 + y);
}

// For small x as (x cosh(x) - sinh(x)) / cosh(x), whose numerator is a series of terms of one sign,
// x^(2k+1) 2k / (2k+1)!.
template <class R>
R tanhshrink(R x, const double*) {
  if (!(Fabs(x) < 1)) return x - Tanh(x);
  R power = x * (x * x) / 6, sum = 2 * power;  // x^(2k+1) / (2k+1)!
  for (int k = 2; k < 20; ++k) {
    power *= x * x / (2 * k * (2 * k + 1));
    sum += 2 * k * power;
    if (Fabs(power) < Fabs(sum) * 0x1p-130) break;
  }
  return sum / ((Exp(x) + Exp(-x)) / 2);
}
template <class R>
R tanhshrink_derivative(R x, const double*) {
  return Tanh(x) * Tanh(x);
}

template <class R>
R softcap(R x, const double* p) {
  if (!IsFinite(p[0])) return x;
  if (p[0] == 0) return Unless(x, IsNegative(x) ? -R(0) : R(0));
  return R(p[0]) * Tanh(static_cast<R>(Wide<R>(x) / Wide<R>(p[0])));
}
template <class R>
R softcap_derivative(R x, const double* p) {
  if (x == 0 || !IsFinite(p[0])) return Unless(x, R(1));
  return SquaredSech(Split<R>(Wide<R>(x) / Wide<R>(p[0])));
}
template <class R>
R softcap_derivative_from_output(R y, const double* p) {
  const R cap = p[0];
  if (y == 0 || !IsFinite(cap)) return Unless(y, R(1));
  if (cap == 0) return Unless(y, -R(HUGE_VAL));
  return ((cap - y) / cap) * ((cap + y) / cap);
}

}  // namespace simdact_reference

#endif  // SIMDACT_TESTS_REFERENCE_HYPERBOLIC_H_
