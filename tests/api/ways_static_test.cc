// The vector functions as a program has them that is compiled for one target, without foreach_target.h: the
// bits of that target's kernels, at every op, in both directions and tiers, on whole vectors and, on AVX2,
// on halves.

#include "tests/api/ways_compare.h"

namespace simdact_ways {
namespace {

using namespace simdact_test;  // NOLINT: what the tests loop over

class StaticWaysTest : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Ops, StaticWaysTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

TEST_P(StaticWaysTest, InRegistersAsThroughTheKernel) {
  const auto op = static_cast<simdact_op>(GetParam());
  const simdact_target* target = simdact_target_by_name(StaticTarget());
  if (target == nullptr || !simdact_target_runs(target)) GTEST_SKIP() << StaticTarget() << " is not for here";
  for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
    for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
      for (const Lanes lanes : {Lanes::kAll, Lanes::kHalf}) {
        const Loops* loops = StaticLoops(dtype, tier, lanes);
        if (loops == nullptr) continue;
        SCOPED_TRACE(lanes == Lanes::kAll ? "whole vectors" : "half vectors");
        ExpectTheKernelsBits(target, op, dtype, tier, loops[simdact_accuracy::PositionOf(op)]);
        if (HasFatalFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace simdact_ways
