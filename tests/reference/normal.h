// References of the family SIMDACT_NORMAL: see reference.h.
#ifndef SIMDACT_TESTS_REFERENCE_NORMAL_H_
#define SIMDACT_TESTS_REFERENCE_NORMAL_H_

#include "tests/reference/logistic.h"

namespace simdact_reference {

// exp(-x^2), exp(-x^2 / 2)
template <class R>
R Gaussian(R x, int divisor) {
  return Fabs(x) > 300 ? Unless(x, R(0)) : Exp(Split<R>(-Wide<R>(x) * x / divisor));
}

template <class R>
R erf(R x, const double*) {
  return Erf(x);
}
template <class R>
R erf_derivative(R x, const double*) {
  return Constant<R>(1.1283791670955126, 1.53354596131658807455998e-17L) * Gaussian(x, 1);
}

// The normal distribution: erfc(-x / sqrt(2)) / 2, and its slope times what the argument's rounding lost.
template <class R>
R Distribution(R x) {
  if (TooSmallToSee(x)) return NearHalf(x);
  const Sum<R> z = Split<R>(Constant<Wide<R>>(0.7071067811865476, -4.83364665672645651859358e-17L) * -x);
  const R rounded = Erfc(z.high) / 2;
  return z.low == 0 ? rounded : rounded - z.low * R(0.56418958354775628694807945156L) * Gaussian(x, 2);
}

// Beyond 200 only limits are left, which inf * 0 would miss.
template <class R>
R gelu(R x, const double*) {
  return x < -200 ? R(-0.0) : x * Distribution(x);
}
template <class R>
R gelu_derivative(R x, const double*) {
  if (Fabs(x) > 200) return x > 0 ? R(1) : R(-0.0);
  return Distribution(x) +
         x * Constant<R>(0.3989422804014327, -2.49232720227773007864414e-17L) * Gaussian(x, 2);
}

// (1 + tanh(u)) / 2 = sigmoid(2 u), and 2 u = x (a + b x^2), a = 2 sqrt(2 / pi), b = 0.044715 a.
template <class R>
Wide<R> GeluTanhA() {
  return Constant<Wide<R>>(1.5957691216057308, -9.96930880911092031457655e-17L);
}
template <class R>
Wide<R> GeluTanhB() {
  return Constant<Wide<R>>(0.07135481627260025, -6.17514991815531545337564e-19L);
}
template <class R>
Sum<R> GeluTanhArgument(Wide<R> x) {
  return Split<R>(x * (GeluTanhA<R>() + GeluTanhB<R>() * x * x));
}
template <class R>
R gelu_tanh(R x, const double*) {
  return x < -200 ? R(-0.0) : x > 200 ? x : x * Sigmoid(GeluTanhArgument<R>(x));
}
template <class R>
R gelu_tanh_derivative(R x, const double*) {
  if (Fabs(x) > 200) return x > 0 ? R(1) : R(-0.0);
  const Sum<R> z = GeluTanhArgument<R>(x);
  const R slope = static_cast<R>(x * (GeluTanhA<R>() + 3 * GeluTanhB<R>() * x * x));  // x dz/dx
  return Sigmoid(z) * (1 + slope * Sigmoid(-z));
}

}  // namespace simdact_reference

#endif  // SIMDACT_TESTS_REFERENCE_NORMAL_H_
