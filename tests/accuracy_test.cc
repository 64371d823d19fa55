// The claims of activations.def, on dense samples of every binade. `simdact accuracy --exhaustive` proves
// them.

#include "kernels.h"

namespace simdact_test {
namespace {

using namespace simdact_accuracy;  // NOLINT: the tool under whose terms the claims stand

// More inputs than any kernel's table has slots, in every binade of both signs.
Sample TestSample() {
  Sample sample;
  sample.per_binade = Quick() ? 64 : 2048;
  return sample;
}

class AccuracyTest : public testing::TestWithParam<int> {};

std::string OpName(const testing::TestParamInfo<int>& info) {
  return simdact_describe(static_cast<simdact_op>(info.param))->name;
}

void ExpectClaims(simdact_op op, const simdact_params& p, double allowance) {
  const auto targets = RunningTargets();
  for (const Direction direction : {kForward, kBackward}) {
    const auto worst = Sweep(op, direction, p, targets, TestSample());
    for (size_t t = 0; t < targets.size(); ++t) {
      EXPECT_LE(worst[t].ulps, Claim(op, direction, simdact_target_has_fma(targets[t]) != 0) + allowance)
          << DirectionName(direction) << " on " << simdact_target_name(targets[t]) << " at " << worst[t].x
          << ": got " << worst[t].got << ", want " << static_cast<double>(worst[t].exact);
    }
  }
}

TEST_P(AccuracyTest, HoldsClaims) {
  const auto op = static_cast<simdact_op>(GetParam());
  ExpectClaims(op, simdact_describe(op)->defaults, 0.0);
}

// Parameters beside the defaults: ordinary ones, and those where scaling could overflow, underflow or flip
// signs.
std::vector<simdact_params> OtherParameters(simdact_op op) {
  switch (op) {
    case SIMDACT_OP_leaky_relu:
      return {{{0.2, 0.0}}, {{-1.5, 0.0}}, {{0.0, 0.0}}, {{1e10, 0.0}}};
    case SIMDACT_OP_elu:
      return {{{0.1, 0.0}},  {{-1.3, 0.0}}, {{0.0, 0.0}}, {{3.9, 0.0}},
              {{10.0, 0.0}}, {{1e10, 0.0}}, {{3e38, 0.0}}};
    case SIMDACT_OP_softplus:
      return {{{0.7, 20.0}}, {{3.0, 5.0}},   {{-1.0, 20.0}},  {{-0.3, 2.0}},
              {{1.0, 1.0}},  {{1e-5, 20.0}}, {{1e-18, 20.0}}, {{1e12, 50.0}}};
    default:
      return {};
  }
}

// The claims are for the defaults. Elsewhere the parameter's own product may add its rounding.
TEST_P(AccuracyTest, HoldsNearClaimsAtOtherParameters) {
  const auto op = static_cast<simdact_op>(GetParam());
  EXPECT_EQ(OtherParameters(op).empty(), simdact_describe(op)->parameters == 0)
      << "the op lacks its parameters here";
  for (const simdact_params& p : OtherParameters(op)) {
    SCOPED_TRACE(testing::Message() << "parameters " << p.value[0] << ", " << p.value[1]);
    ExpectClaims(op, p, 0.5);
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, AccuracyTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

TEST(Ulp, CountsSpacingAtTheRoundedResult) {
  EXPECT_EQ(UlpError(1.0f, 1.0), 0.0);
  EXPECT_EQ(UlpError(1.0f, 1.0 + 0x1p-24), 0.5);
  EXPECT_EQ(UlpError(FromBits(0x3F800001), 1.0), 1.0);
  EXPECT_EQ(UlpError(0x1p-149f, 0.0), 1.0);
  EXPECT_EQ(UlpError(std::numeric_limits<float>::infinity(), 0x1p128), 0.0);
  EXPECT_EQ(UlpError(0.0f, 0x1p128), 0x1p24);
  EXPECT_TRUE(std::isinf(UlpError(std::nanf(""), 1.0)));
}

}  // namespace
}  // namespace simdact_test
