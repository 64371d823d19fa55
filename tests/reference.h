// What each activation is: its formula, written for accuracy, in any real type R. Shares nothing with
// kernels/.
//
// No form cancels in the tails (erfc, expm1, log1p), so R = long double is good to 2^-60 everywhere but at
// the zeros of silu' and gelu', where it still has 2^-38. R = double serves to skim billions of inputs: see
// accuracy.h. reference_test.cc checks both against MPFR.
//
// name(x, p) and name_derivative(x, p); p holds the parameters in the list's order.
#ifndef SIMDACT_TESTS_REFERENCE_H_
#define SIMDACT_TESTS_REFERENCE_H_

#include <cmath>

namespace simdact_reference {

template <class R>
R relu(R x, const double*) {
  return x <= 0 ? R(0) : x;
}
template <class R>
R relu_derivative(R x, const double*) {
  return x > 0 ? R(1) : x <= 0 ? R(0) : x;
}

template <class R>
R leaky_relu(R x, const double* p) {
  return x > 0 ? x : R(p[0]) * x;
}
template <class R>
R leaky_relu_derivative(R x, const double* p) {
  return x > 0 ? R(1) : x <= 0 ? R(p[0]) : x;
}

template <class R>
R sigmoid(R x, const double* = nullptr) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const R e = std::exp(x);
  return e / (1 + e);
}
template <class R>
R sigmoid_derivative(R x, const double* = nullptr) {
  const R e = std::exp(-std::fabs(x));
  return e / ((1 + e) * (1 + e));
}

template <class R>
R silu(R x, const double*) {
  return x < -1000 ? R(-0.0) : x * sigmoid(x);
}
template <class R>
R silu_derivative(R x, const double*) {
  if (std::fabs(x) > 1000) return x > 0 ? R(1) : R(-0.0);
  return sigmoid(x) * (1 + x * sigmoid(-x));
}

template <class R>
R tanh(R x, const double*) {
  return std::tanh(x);
}
template <class R>
R tanh_derivative(R x, const double*) {
  return 4 * sigmoid_derivative(2 * x);
}

template <class R>
R elu(R x, const double* p) {
  return x > 0 ? x : R(p[0]) * std::expm1(x);
}
template <class R>
R elu_derivative(R x, const double* p) {
  return x > 0 ? R(1) : R(p[0]) * std::exp(x);
}

template <class R>
R softplus(R x, const double* p) {
  const R beta = p[0], z = beta * x;
  if (z > p[1]) return x;
  return ((z > 0 ? z : R(0)) + std::log1p(std::exp(-std::fabs(z)))) / beta;
}
template <class R>
R softplus_derivative(R x, const double* p) {
  const R z = R(p[0]) * x;
  return z > p[1] ? R(1) : sigmoid(z);
}

template <class R>
R gelu(R x, const double*) {
  return x < -100 ? R(-0.0) : x * (std::erfc(-x * R(0.70710678118654752440084436210485L)) / 2);
}
template <class R>
R gelu_derivative(R x, const double*) {
  if (std::fabs(x) > 100) return x > 0 ? R(1) : R(-0.0);
  const R distribution = std::erfc(-x * R(0.70710678118654752440084436210485L)) / 2;
  const R density = R(0.39894228040143267793994605993438L) * std::exp(-x * x / 2);
  return distribution + x * density;
}

}  // namespace simdact_reference

#endif  // SIMDACT_TESTS_REFERENCE_H_
