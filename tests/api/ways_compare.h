// What the tests of the ways in compare: loops around vector functions with the kernels of the same target.
#ifndef SIMDACT_TESTS_API_WAYS_COMPARE_H_
#define SIMDACT_TESTS_API_WAYS_COMPARE_H_

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "tests/api/ways.h"
#include "tests/common/kernels.h"
#include "tests/common/whole_range.h"
#include "tests/ruler/parameters.h"

namespace simdact_ways {

// The defaults, and some others.
inline std::vector<simdact_params> UsualParameters(simdact_op op) {
  std::vector<simdact_params> sets = simdact_accuracy::OtherParameters(op, 3);
  sets.push_back(simdact_describe(op)->defaults);
  return sets;
}
// Those that no vector code is made for. NaN is not among them: in registers that is the caller's matter.
inline std::vector<simdact_params> UnusualParameters(simdact_op op) {
  std::vector<simdact_params> sets;
  if (simdact_describe(op)->parameters == 0) return sets;
  constexpr double kInf = std::numeric_limits<double>::infinity();
  for (const double value : {0.0, -0.0, kInf, -kInf, 1e-41, -1e30}) {
    sets.push_back(simdact_describe(op)->defaults);
    sets.back().value[0] = value;
    sets.push_back({{value, value, value, value}});
  }
  return sets;
}

constexpr size_t kCount = 2017;

// The vector functions of an op give the bits of the kernels on `target`: forward, f'(x) alone, dy f'(x) for
// any dy. The fast tier's also where it is another name of the accurate one.
inline void ExpectTheKernelsBits(const simdact_target* target, simdact_op op, simdact_dtype dtype,
                                 simdact_tier tier, const Loops& loops) {
  using namespace simdact_test;  // NOLINT: what the tests loop over
  const simdact_kernel* kernel = simdact_find(target, op, dtype, tier);
  const Array x = WholeRange(dtype, kCount), dy = WholeRange(dtype, kCount + 5);
  Array ones(dtype, kCount), want(dtype, kCount), y(dtype, kCount);
  ones.Fill(1.0);
  for (const simdact_direction direction : simdact_accuracy::Directions()) {
    const Loop loop = loops.of[direction];
    const Case c{target, op, dtype, direction, tier, kernel, simdact_describe(op)};
    SCOPED_TRACE(c.Name());
    const bool there = tier == SIMDACT_FAST ? simdact_accuracy::HasFast(target, op, dtype, direction)
                                            : simdact_accuracy::Exists(op, direction);
    ASSERT_TRUE(loop != nullptr || !there);
    if (loop == nullptr) continue;
    ASSERT_NE(kernel, nullptr);
    // Of n elements. Without dy the kernel has ones.
    const auto compare = [&](const simdact_params& p, const void* upstream, size_t n) {
      const void* of_kernel = upstream == nullptr ? ones.Data() : upstream;
      simdact_accuracy::Call(*kernel, direction, p, x.Data(), of_kernel, want.Data(), n);
      loop(x.Data(), upstream, y.Data(), n, p);
      const size_t at = FirstDifference(want, y, 0, n);
      ASSERT_EQ(at, n) << (upstream == nullptr ? "" : "with dy, ") << "at " << std::hexfloat << x[at]
                       << ", parameter " << p.value[0] << ": " << want[at] << " and " << y[at];
    };
    const auto compare_all = [&](const std::vector<simdact_params>& sets, size_t n) {
      for (const simdact_params& p : sets) {
        compare(p, nullptr, n);
        if (direction != SIMDACT_FORWARD) compare(p, dy.At(5), n);
      }
    };
    compare_all(UsualParameters(op), kCount);
    compare_all(UnusualParameters(op), Quick() ? 67 : 401);  // one number at a time, so fewer
  }
}

}  // namespace simdact_ways

#endif  // SIMDACT_TESTS_API_WAYS_COMPARE_H_
