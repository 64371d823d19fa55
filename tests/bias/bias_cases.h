// What the tests of the bias shape share: its kernels, and arguments for them.
#ifndef SIMDACT_TESTS_BIAS_BIAS_CASES_H_
#define SIMDACT_TESTS_BIAS_BIAS_CASES_H_

#include <algorithm>
#include <cmath>

#include "tests/common/kernels.h"

namespace simdact_test {

struct BiasCase {
  const simdact_target* target;
  simdact_dtype dtype;
  const simdact_bias_kernel* kernel;
  // What the driver computes in.
  simdact_dtype Wide() const { return dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32; }
  const simdact_kernel* Op(simdact_op op) const { return simdact_find(target, op, Wide(), SIMDACT_ACCURATE); }
  bool Fma() const { return simdact_target_has_fma(target) != 0; }
};

template <class F>
void ForEachBiasKernel(const F& f) {
  for (const simdact_target* target : simdact_accuracy::RunningTargets()) {
    for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
      SCOPED_TRACE(std::string(simdact_accuracy::DtypeName(dtype)) + " on " + simdact_target_name(target));
      const BiasCase c{target, dtype, simdact_find_bias(target, dtype)};
      ASSERT_NE(c.kernel, nullptr);
      f(c);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

// n numbers in [-range, range] that depend on their place and on `seed`.
inline Array Numbers(simdact_dtype dtype, size_t n, unsigned seed, double range = 6.0) {
  Array numbers(dtype, n);
  uint64_t state = seed;
  for (size_t i = 0; i < n; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    numbers.Set(i, range * (std::ldexp(static_cast<double>(state >> 33), -30) - 1.0));
  }
  return numbers;
}

// Everything that a call can need, for rows x cols elements.
struct Tensors {
  Tensors(simdact_dtype dtype, size_t rows, size_t cols)
      : rows(rows),
        cols(cols),
        x(Numbers(dtype, rows * cols, 1)),
        scale(Numbers(dtype, cols, 2, 2.0)),
        bias(Numbers(dtype, cols, 3)),
        dy(Numbers(dtype, rows * cols, 4, 3.0)),
        y(dtype, rows * cols),
        dscale(dtype, cols),
        dbias(dtype, cols) {}
  size_t rows, cols;
  Array x, scale, bias, dy, y, dscale, dbias;
};

// The same bits, or NaN in the same places.
inline void ExpectSame(const Array& got, const Array& want) {
  ASSERT_EQ(got.Size(), want.Size());
  for (size_t i = 0; i < got.Size(); ++i) {
    if (std::isnan(got[i]) && std::isnan(want[i])) continue;
    ASSERT_EQ(got.Bits(i), want.Bits(i)) << "element " << i << ": " << got[i] << ", want " << want[i];
  }
}

inline void Forward(const BiasCase& c, simdact_op op, const simdact_params& p, Tensors& t, bool scaled) {
  c.kernel->forward(c.Op(op), t.x.Data(), scaled ? t.scale.Data() : nullptr, t.bias.Data(), t.y.Data(),
                    t.rows, t.cols, p);
}
// dx goes to y.
inline void Backward(const BiasCase& c, simdact_op op, const simdact_params& p, Tensors& t, bool scaled) {
  c.kernel->backward(c.Op(op), t.x.Data(), scaled ? t.scale.Data() : nullptr, t.bias.Data(), t.dy.Data(),
                     t.y.Data(), scaled ? t.dscale.Data() : nullptr, t.dbias.Data(), t.rows, t.cols, p);
}

// The sums that `terms` have, by column; `group` of 1 but for prelu, whose channels are groups of columns.
inline void ExpectSums(simdact_dtype dtype, const Array& got, const std::vector<long double>& terms,
                       size_t cols, size_t group = 1) {
  std::vector<long double> sums(cols / group), magnitudes(cols / group);
  for (size_t i = 0; i < terms.size(); ++i) {
    sums[i % cols / group] += terms[i];
    magnitudes[i % cols / group] += std::fabs(terms[i]);
  }
  const auto count = static_cast<long double>(terms.size() / sums.size());
  for (size_t k = 0; k < sums.size(); ++k) {
    if (std::isnan(sums[k])) {
      ASSERT_TRUE(std::isnan(got[k])) << "sum " << k;
      continue;
    }
    // The header's bound: 0.51 ulp off a number that is `slack` off the sum. 2^-62 is for the sums here.
    const long double slack = count * (dtype == SIMDACT_F64 ? 0x1p-62L : 0x1p-53L) * magnitudes[k];
    const long double near = std::clamp<long double>(got[k], sums[k] - slack, sums[k] + slack);
    ASSERT_LE(simdact_accuracy::UlpError(dtype, got[k], near), 0.51) << "sum " << k << ": " << got[k];
  }
}

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_BIAS_BIAS_CASES_H_
