// References of the family SIMDACT_RECTIFIED: see reference.h.
#ifndef SIMDACT_TESTS_REFERENCE_RECTIFIED_H_
#define SIMDACT_TESTS_REFERENCE_RECTIFIED_H_

#include "tests/reference/arithmetic.h"

namespace simdact_reference {

template <class R>
R relu(R x, const double*) {
  return x < 0 ? R(0) : x;
}
template <class R>
R relu_derivative(R x, const double*) {
  return Unless(x, R(x > 0 ? 1 : 0));
}
template <class R>
R relu_derivative_from_output(R y, const double*) {
  return Unless(y, R(y > 0 ? 1 : 0));
}

template <class R>
R relu6(R x, const double*) {
  return x < 0 ? R(0) : x > 6 ? R(6) : x;
}
template <class R>
R relu6_derivative(R x, const double*) {
  return Unless(x, R(x > 0 && x < 6 ? 1 : 0));
}
template <class R>
R relu6_derivative_from_output(R y, const double*) {
  return Unless(y, R(y > 0 && y < 6 ? 1 : 0));
}

template <class R>
R leaky_relu(R x, const double* p) {
  return x > 0 ? x : Times(R(p[0]), x);
}
template <class R>
R leaky_relu_derivative(R x, const double* p) {
  return Unless(x, x > 0 ? R(1) : R(p[0]));
}
template <class R>
R leaky_relu_derivative_from_output(R y, const double* p) {
  return Unless(y, y > 0 ? R(1) : R(p[0]));
}

template <class R>
R prelu(R x, const double* p) {
  return leaky_relu(x, p);
}
template <class R>
R prelu_derivative(R x, const double* p) {
  return leaky_relu_derivative(x, p);
}
template <class R>
R prelu_derivative_from_output(R y, const double* p) {
  return leaky_relu_derivative_from_output(y, p);
}

template <class R>
Wide<R> rrelu_slope(const double* p) {
  return (Wide<R>(p[0]) + Wide<R>(p[1])) / 2;
}
template <class R>
R rrelu(R x, const double* p) {
  return x > 0 ? x : static_cast<R>(Times(rrelu_slope<R>(p), Wide<R>(x)));
}
template <class R>
R rrelu_derivative(R x, const double* p) {
  return Unless(x, x > 0 ? R(1) : static_cast<R>(rrelu_slope<R>(p)));
}
template <class R>
R rrelu_derivative_from_output(R y, const double* p) {
  return rrelu_derivative(y, p);
}

template <class R>
R hardtanh(R x, const double* p) {
  const R raised = x < R(p[0]) ? R(p[0]) : x;
  return raised > R(p[1]) ? R(p[1]) : raised;
}
template <class R>
R hardtanh_derivative(R x, const double* p) {
  return Unless(x, R(x > R(p[0]) && x < R(p[1]) ? 1 : 0));
}
template <class R>
R hardtanh_derivative_from_output(R y, const double* p) {
  return hardtanh_derivative(y, p);
}

template <class R>
R clamp(R x, const double* p) {
  return hardtanh(x, p);
}
template <class R>
R clamp_derivative(R x, const double* p) {
  return Unless(x, R(x >= R(p[0]) && x <= R(p[1]) ? 1 : 0));
}

// alpha = 1/6 with beta = 1/2, the default, stands for (x + 3) / 6, though 1/6 is no double and no float.
inline bool IsSixthOfSum(const double* p) {
  return (p[0] == 1.0 / 6 || p[0] == static_cast<double>(1.0f / 6)) && p[1] == 0.5;
}
template <class R>
R hardsigmoid(R x, const double* p) {
  const R z = IsSixthOfSum(p) ? StickySum<R>(x, 3) / 6 : linear(x, p);
  return z < 0 ? R(0) : z > 1 ? R(1) : z;
}
// The ends themselves, where the derivative is 0, are the numbers nearest to -beta / alpha and
// (1 - beta) / alpha: alpha = 1/6 is rounded, yet -3 and 3 are ends. In floats if all is given in floats.
inline bool IsHardsigmoidEnd(double x, const double* p) {
  const auto is_float = [](double value) { return static_cast<double>(static_cast<float>(value)) == value; };
  const bool floats = is_float(x) && is_float(p[0]) && is_float(p[1]);
  for (const double end : {-p[1] / p[0], (1 - p[1]) / p[0]}) {
    if (x == (floats ? static_cast<double>(static_cast<float>(end)) : end)) return true;
  }
  return false;
}
// Everywhere else the real alpha x + beta decides, not a rounded one.
template <class R>
R hardsigmoid_derivative(R x, const double* p) {
  if (IsHardsigmoidEnd(static_cast<double>(x), p)) return R(0);
  const Wide<R> product = Times(Wide<R>(p[0]), Wide<R>(x)), beta = p[1];
  return Unless(x, product > -beta && product < 1 - beta ? R(p[0]) : R(0));
}
template <class R>
R hardsigmoid_derivative_from_output(R y, const double* p) {
  return Unless(y, y > 0 && y < 1 ? R(p[0]) : R(0));
}

template <class R>
R hardswish(R x, const double*) {
  return x <= -3 ? R(-0.0) : x >= 3 ? x : x * (StickySum<R>(x, 3) / 6);
}
template <class R>
R hardswish_derivative(R x, const double*) {
  return x <= -3 ? R(0) : x >= 3 ? R(1) : (2 * x + 3) / 6;
}

template <class R>
R threshold(R x, const double* p) {
  return x <= R(p[0]) ? R(p[1]) : x;
}
template <class R>
R threshold_derivative(R x, const double* p) {
  return Unless(x, R(x > R(p[0]) ? 1 : 0));
}

template <class R>
R thresholded_relu(R x, const double* p) {
  return x <= R(p[0]) ? R(0) : x;
}
template <class R>
R thresholded_relu_derivative(R x, const double* p) {
  return Unless(x, R(x > R(p[0]) ? 1 : 0));
}
template <class R>
R thresholded_relu_derivative_from_output(R y, const double*) {
  return Unless(y, R(y > 0 ? 1 : 0));
}

template <class R>
R shrink(R x, const double* p) {
  const R bias = p[1];
  if (x > R(p[0])) return IsFinite(bias) ? x - bias : -bias;
  if (x < -R(p[0])) return IsFinite(bias) ? x + bias : bias;
  return Unless(x, R(0));
}
template <class R>
R shrink_derivative(R x, const double* p) {
  return Unless(x, R(x > R(p[0]) || x < -R(p[0]) ? 1 : 0));
}

template <class R>
R softshrink(R x, const double* p) {
  const double lambd_and_bias[] = {p[0], p[0]};
  return shrink(x, lambd_and_bias);
}
template <class R>
R softshrink_derivative(R x, const double* p) {
  return shrink_derivative(x, p);
}

template <class R>
R hardshrink(R x, const double* p) {
  const double lambd_and_bias[] = {p[0], 0.0};
  return shrink(x, lambd_and_bias);
}
template <class R>
R hardshrink_derivative(R x, const double* p) {
  return shrink_derivative(x, p);
}

template <class R>
R squared_relu(R x, const double*) {
  return x < 0 ? R(0) : x * x;
}
template <class R>
R squared_relu_derivative(R x, const double*) {
  return x < 0 ? R(0) : 2 * x;
}
template <class R>
R squared_relu_derivative_from_output(R y, const double*) {
  return 2 * Sqrt(y);
}

template <class R>
R sparse_plus(R x, const double*) {
  return x <= -1 ? R(0) : x >= 1 ? x : (x + 1) * (x + 1) / 4;
}
template <class R>
R sparse_plus_derivative(R x, const double*) {
  return x <= -1 ? R(0) : x >= 1 ? R(1) : (x + 1) / 2;
}
template <class R>
R sparse_plus_derivative_from_output(R y, const double*) {
  return y >= 1 ? R(1) : Sqrt(y);
}

template <class R>
R step(R x, const double*) {
  return Unless(x, R(x > 0 ? 1 : 0));
}
template <class R>
R step_derivative(R x, const double*) {
  return Unless(x, R(0));
}

}  // namespace simdact_reference

#endif  // SIMDACT_TESTS_REFERENCE_RECTIFIED_H_
