// References of the family SIMDACT_ARITHMETIC: see reference.h.
#ifndef SIMDACT_TESTS_REFERENCE_ARITHMETIC_H_
#define SIMDACT_TESTS_REFERENCE_ARITHMETIC_H_

#include "tests/reference/quad.h"

namespace simdact_reference {

template <class R>
R abs(R x, const double*) {
  return Fabs(x);
}
template <class R>
R abs_derivative(R x, const double*) {
  return Unless(x, R(x > 0 ? 1 : x < 0 ? -1 : 0));
}

template <class R>
R neg(R x, const double*) {
  return -x;
}
template <class R>
R neg_derivative(R x, const double*) {
  return Unless(x, R(-1));
}
template <class R>
R neg_derivative_from_output(R y, const double*) {
  return Unless(y, R(-1));
}

template <class R>
R sign(R x, const double*) {
  return x > 0 ? R(1) : x < 0 ? R(-1) : x;
}
template <class R>
R sign_derivative(R x, const double*) {
  return Unless(x, R(0));
}

// Inputs have at most a double's bits, so long double serves every R. nearbyint: ties to even, in the
// rounding mode that all of this assumes.
template <class R>
R round(R x, const double*) {
  return R(std::nearbyint(static_cast<long double>(x)));
}
template <class R>
R round_derivative(R x, const double*) {
  return Unless(x, R(0));
}

template <class R>
R floor(R x, const double*) {
  return R(std::floor(static_cast<long double>(x)));
}
template <class R>
R floor_derivative(R x, const double*) {
  return Unless(x, R(0));
}

template <class R>
R ceil(R x, const double*) {
  return R(std::ceil(static_cast<long double>(x)));
}
template <class R>
R ceil_derivative(R x, const double*) {
  return Unless(x, R(0));
}

template <class R>
R trunc(R x, const double*) {
  return R(std::trunc(static_cast<long double>(x)));
}
template <class R>
R trunc_derivative(R x, const double*) {
  return Unless(x, R(0));
}

template <class R>
R linear(R x, const double* p) {
  if (IsFinite(p[0]) && !IsFinite(p[1])) return Unless(x, R(p[1]));
  const Wide<R> product = Times(Wide<R>(p[0]), Wide<R>(x));
  return IsFinite(product) ? StickySum<R>(product, Wide<R>(p[1])) : static_cast<R>(product + Wide<R>(p[1]));
}
template <class R>
R linear_derivative(R x, const double* p) {
  return Unless(x, R(p[0]));
}
template <class R>
R linear_derivative_from_output(R y, const double* p) {
  return Unless(y, R(p[0]));
}

template <class R>
R square(R x, const double*) {
  return x * x;
}
template <class R>
R square_derivative(R x, const double*) {
  return 2 * x;
}

template <class R>
R sqrt(R x, const double*) {
  return Sqrt(x);
}
template <class R>
R sqrt_derivative(R x, const double*) {
  return 1 / (2 * Sqrt(x));
}
template <class R>
R sqrt_derivative_from_output(R y, const double*) {
  return 1 / (2 * y);
}

template <class R>
R rsqrt(R x, const double*) {
  return 1 / Sqrt(x);
}
template <class R>
R rsqrt_derivative(R x, const double*) {
  return -1 / (2 * x * Sqrt(x));
}
template <class R>
R rsqrt_derivative_from_output(R y, const double*) {
  return -(y * y * y) / 2;
}

template <class R>
R reciprocal(R x, const double*) {
  return 1 / x;
}
template <class R>
R reciprocal_derivative(R x, const double*) {
  return -1 / (x * x);
}
template <class R>
R reciprocal_derivative_from_output(R y, const double*) {
  return -(y * y);
}

template <class R>
R softsign(R x, const double*) {
  return Fabs(x) <= 1 ? x / (1 + Fabs(x)) : CopySign(1 / (1 / Fabs(x) + 1), x);
}
template <class R>
R softsign_derivative(R x, const double*) {
  const R d = 1 + Fabs(x);
  return 1 / (d * d);
}
template <class R>
R softsign_derivative_from_output(R y, const double*) {
  const R d = 1 - Fabs(y);
  return d * d;
}

}  // namespace simdact_reference

#endif  // SIMDACT_TESTS_REFERENCE_ARITHMETIC_H_
