// References of the family SIMDACT_LOGISTIC: see reference.h.
#ifndef SIMDACT_TESTS_REFERENCE_LOGISTIC_H_
#define SIMDACT_TESTS_REFERENCE_LOGISTIC_H_

#include "tests/reference/quad.h"

namespace simdact_reference {

// What R can tell from 1/2 for a tiny x != 0: half a denormal 16-bit x is a tie, x / 2 + x^2 / 4 is not.
template <class R>
R NearHalf(R x) {
  if constexpr (std::is_same_v<R, long double>) return std::nextafter(R(0.5), x > 0 ? R(1) : R(0));
  return R(0.5);
}
template <class R>
bool TooSmallToSee(R x) {
  return x != 0 && Fabs(x) < 0x1p-60;
}

// z in two parts; see quad.h.
template <class R>
R Sigmoid(const Sum<R>& z) {
  if (TooSmallToSee(z.high)) return NearHalf(z.high);
  if (z.high >= 0) return 1 / (1 + Exp(-z));
  const R e = Exp(z);
  return e / (1 + e);
}

template <class R>
R sigmoid(R x, const double* = nullptr) {
  return Sigmoid(Sum<R>{x, R(0)});
}
template <class R>
R sigmoid_derivative(R x, const double* = nullptr) {
  const R e = Exp(-Fabs(x));
  return e / ((1 + e) * (1 + e));
}
template <class R>
R sigmoid_derivative_from_output(R y, const double*) {
  return y * (1 - y);
}

// x sigmoid(z) and its derivative by x where z is a multiple of x. Beyond 20000 only limits are left, which
// inf * 0 would miss.
template <class R>
R Gate(R x, const Sum<R>& z) {
  return z.high < -20000 ? CopySign(R(0), x) : x * Sigmoid(z);
}
template <class R>
R GateDerivative(const Sum<R>& z) {
  if (z.high > 20000) return 1;
  if (z.high < -20000) return R(-0.0);
  return Sigmoid(z) * (1 + z.high * Sigmoid(-z) + z.low * Sigmoid(-z));
}

template <class R>
R silu(R x, const double*) {
  return Gate(x, Sum<R>{x, R(0)});
}
template <class R>
R silu_derivative(R x, const double*) {
  return GateDerivative(Sum<R>{x, R(0)});
}

template <class R>
Sum<R> SwishArgument(R x, const double* p) {
  return Split<R>(Times(Wide<R>(p[0]), Wide<R>(x)));
}
template <class R>
R swish(R x, const double* p) {
  return Gate(x, SwishArgument(x, p));
}
template <class R>
R swish_derivative(R x, const double* p) {
  return GateDerivative(SwishArgument(x, p));
}

template <class R>
Sum<R> GeluQuickArgument(R x) {
  return Split<R>(Constant<Wide<R>>(1.702, 4.26325641456060111522675e-17L) * x);
}
template <class R>
R gelu_quick(R x, const double*) {
  return Gate(x, GeluQuickArgument(x));
}
template <class R>
R gelu_quick_derivative(R x, const double*) {
  return GateDerivative(GeluQuickArgument(x));
}

// tanh(log(1 + e^x)) = ((1 + e^x)^2 - 1) / ((1 + e^x)^2 + 1), in powers of e^-|x|.
template <class R>
R mish(R x, const double*) {
  if (x < -20000) return R(-0.0);
  const R e = Exp(-Fabs(x));
  if (x > 0) return x * ((1 + 2 * e) / (1 + 2 * e + 2 * e * e));
  const R n = e * (e + 2);
  return x * (n / (n + 2));
}
template <class R>
R mish_derivative(R x, const double*) {
  if (Fabs(x) > 20000) return x > 0 ? R(1) : R(-0.0);
  const R e = Exp(-Fabs(x));
  if (x > 0) {
    const R d = 1 + 2 * e + 2 * e * e;
    return (1 + e * (4 + e * ((4 * x + 6) + e * (4 * x + 4)))) / (d * d);
  }
  const R d = 2 + e * (2 + e);
  return e * (4 * (x + 1) + e * ((4 * x + 6) + e * (4 + e))) / (d * d);
}

}  // namespace simdact_reference

#endif  // SIMDACT_TESTS_REFERENCE_LOGISTIC_H_
