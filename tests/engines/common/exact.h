// What activations are exactly, in long double, to measure an engine's results and simdact's against: the
// formulas of the list, in forms that do not cancel. Good to 2^-54 at inputs of any float.
#ifndef SIMDACT_TESTS_ENGINES_COMMON_EXACT_H_
#define SIMDACT_TESTS_ENGINES_COMMON_EXACT_H_

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace exact {

using Real = long double;

inline Real Sigmoid(Real x) { return 1 / (1 + std::exp(-x)); }
inline Real Silu(Real x) { return x * Sigmoid(x); }
inline Real GeluQuick(Real x) { return x * Sigmoid(1.702L * x); }
inline Real Gelu(Real x) { return x * std::erfc(-x / std::sqrt(2.0L)) / 2; }
// (1 + tanh(u)) / 2 is sigmoid(2 u).
inline Real GeluTanh(Real x) {
  return x * Sigmoid(2 * std::sqrt(2 / std::acos(-1.0L)) * (x + 0.044715L * x * x * x));
}
inline Real Softplus(Real x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
inline Real Mish(Real x) { return x * std::tanh(Softplus(x)); }
inline Real Tanh(Real x) { return std::tanh(x); }
inline Real Erf(Real x) { return std::erf(x); }
inline Real Exp(Real x) { return std::exp(x); }
inline Real Elu(Real x) { return x > 0 ? x : std::expm1(x); }
inline Real Selu(Real x) {
  constexpr Real kAlpha = 1.67326324235437728481704L, kLambda = 1.05070098735548049341933L;
  return kLambda * (x > 0 ? x : kAlpha * std::expm1(x));
}
inline Real Softsign(Real x) { return x / (1 + std::fabs(x)); }
inline Real Hardswish(Real x) { return x * std::min(std::max(x + 3, 0.0L), 6.0L) / 6; }
inline Real Relu(Real x) { return std::max(x, 0.0L); }

// y = softmax(x) of one row.
template <class T>
inline std::vector<Real> Softmax(const T* x, size_t n) {
  std::vector<Real> y(n);
  const Real largest = *std::max_element(x, x + n);
  Real sum = 0;
  for (size_t i = 0; i < n; ++i) sum += y[i] = std::exp(x[i] - largest);
  for (Real& value : y) value /= sum;
  return y;
}

}  // namespace exact

// How far off a float is, in ulps: the spacing of floats at the exact value rounded, or the smallest
// denormal.
inline double Ulps(float got, long double want) {
  if (!std::isfinite(got)) return got == static_cast<float>(want) ? 0 : HUGE_VAL;
  const float rounded = std::fabs(static_cast<float>(want));
  const int exponent = rounded > 0 ? std::ilogb(rounded) : -126;
  return static_cast<double>(std::fabs(got - want) / std::ldexp(1.0L, std::max(exponent, -126) - 23));
}

// The largest error of results, in ulps. Exact values that are NaN are not judged, and with `normal_only`
// neither are those that are denormal.
template <class Exact>
double MaxUlps(const std::vector<float>& got, const Exact& exact, bool normal_only) {
  double largest = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const long double want = exact(i);
    if (std::isnan(want) || (normal_only && std::fabs(want) < 0x1p-126L)) continue;
    largest = std::max(largest, Ulps(got[i], want));
  }
  return largest;
}

// The inputs of all comparisons: normal(0, 4), the same in each run.
inline std::vector<float> NormalInputs(size_t n) {
  std::mt19937 random(14);
  std::normal_distribution<float> normal(0.0f, 4.0f);
  std::vector<float> x(n);
  for (float& value : x) value = normal(random);
  return x;
}

// Those to look for errors at: as many random ones, and a grid over [-100, 100] in the rest of n.
inline std::vector<float> ErrorInputs(size_t n) {
  std::vector<float> x = NormalInputs(n);
  const size_t half = n / 2;
  for (size_t i = half; i < n; ++i)
    x[i] = -100 + 200 * static_cast<float>(i - half) / static_cast<float>(n - half - 1);
  return x;
}

#endif  // SIMDACT_TESTS_ENGINES_COMMON_EXACT_H_
