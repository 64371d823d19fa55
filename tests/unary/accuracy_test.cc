// The claims of activations.def, on dense samples of every binade, and all inputs of the 16-bit formats.
// `simdact accuracy --exhaustive` proves those of f32.

#include "tests/common/kernels.h"
#include "tests/ruler/parameters.h"

namespace simdact_test {
namespace {

using namespace simdact_accuracy;  // NOLINT: the tool under whose terms the claims stand

class AccuracyTest : public testing::TestWithParam<int> {
 protected:
  // Every direction of the op on every target; bf16 and f16 must be right to the bit.
  void ExpectClaims(simdact_dtype dtype, const simdact_params& p, const Sample& sample,
                    double allowance) const {
    const simdact_description& d = *simdact_describe(op_);
    SCOPED_TRACE(testing::Message() << d.name << " " << DtypeName(dtype) << ", parameters " << p.value[0]
                                    << ", " << p.value[1] << ", " << p.value[2] << ", " << p.value[3]);
    const auto targets = RunningTargets();
    for (const simdact_direction direction : Directions()) {
      if (!Exists(op_, direction)) continue;
      const auto worst = Sweep(op_, dtype, direction, SIMDACT_ACCURATE, p, targets, sample);
      for (size_t t = 0; t < targets.size(); ++t) {
        const double claim = simdact_claim(op_, dtype, direction, simdact_target_has_fma(targets[t]));
        EXPECT_TRUE(worst[t].error <= claim + allowance && worst[t].wrong == 0)
            << worst[t].error << " ulp, claimed are " << claim << "; " << worst[t].wrong
            << " wrongly rounded; " << DirectionName(direction) << " on " << simdact_target_name(targets[t])
            << " at " << std::hexfloat << worst[t].x << std::defaultfloat << std::setprecision(17) << " = "
            << worst[t].x << ": got " << worst[t].got << ", want " << static_cast<double>(worst[t].exact);
      }
    }
  }

  const simdact_op op_ = static_cast<simdact_op>(GetParam());
};

// More f32 inputs than any kernel's table has slots, in every binade of both signs.
TEST_P(AccuracyTest, HoldsClaims) {
  Sample sample;
  sample.per_binade = Quick() ? 64 : 2048;
  sample.total = Quick() ? 4096 : 400000;
  for (const simdact_dtype dtype : Dtypes()) {
    ExpectClaims(dtype, simdact_describe(op_)->defaults, sample, 0.0);
  }
}

// At other parameters, too, and without an allowance.
TEST_P(AccuracyTest, FastHoldsItsClaim) {
  Sample sample;
  sample.per_binade = Quick() ? 64 : 2048;
  if (Quick()) sample.total = 4096;
  const auto targets = RunningTargets();
  std::vector<simdact_params> sets = OtherParameters(op_, 3);
  sets.push_back(simdact_describe(op_)->defaults);
  for (const simdact_dtype dtype : Dtypes()) {
    for (const simdact_direction direction : {SIMDACT_FORWARD, SIMDACT_BACKWARD}) {
      for (const simdact_params& p : sets) {
        const auto worst = Sweep(op_, dtype, direction, SIMDACT_FAST, p, targets, sample);
        for (size_t t = 0; t < targets.size(); ++t) {
          EXPECT_LE(worst[t].error,
                    simdact_fast_claim(op_, dtype, direction, simdact_target_has_fma(targets[t])))
              << DtypeName(dtype) << " " << DirectionName(direction) << " on "
              << simdact_target_name(targets[t]) << ", parameters " << p.value[0] << ", " << p.value[1]
              << " at " << std::hexfloat << worst[t].x << std::defaultfloat << ": got " << worst[t].got
              << ", want " << static_cast<double>(worst[t].exact);
        }
      }
    }
  }
}

// The claims are for the defaults. Elsewhere the parameter's own product may add its rounding. bf16 and f16
// have no such allowance.
TEST_P(AccuracyTest, HoldsNearClaimsAtOtherParameters) {
  EXPECT_EQ(OtherParameters(op_, 1).empty(), simdact_describe(op_)->parameters == 0)
      << "the op lacks its parameters in ruler/parameters.h";
  Sample sample;
  sample.per_binade = Quick() ? 16 : 128;
  sample.total = Quick() ? 4096 : 40960;
  for (const simdact_dtype dtype : Dtypes()) {
    const size_t sets = IsHalf(dtype) ? 2 : 20;
    for (const simdact_params& p : OtherParameters(op_, sets)) {
      ExpectClaims(dtype, p, sample, IsHalf(dtype) ? 0.0 : 0.5);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, AccuracyTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

TEST(Ulp, CountsSpacingAtTheRoundedResult) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(UlpError(SIMDACT_F32, 1.0, 1.0L), 0.0);
  EXPECT_EQ(UlpError(SIMDACT_F32, 1.0, 1.0L + 0x1p-24L), 0.5);
  EXPECT_EQ(UlpError(SIMDACT_F32, 1.0 + 0x1p-23, 1.0L), 1.0);
  EXPECT_EQ(UlpError(SIMDACT_F32, 0x1p-149, 0.0L), 1.0);
  EXPECT_EQ(UlpError(SIMDACT_F32, inf, 0x1p128L), 0.0);
  EXPECT_EQ(UlpError(SIMDACT_F32, 0.0, 0x1p128L), 0x1p24);
  EXPECT_EQ(UlpError(SIMDACT_F64, 1.0, 1.0L + 0x1p-54L), 0.25);
  EXPECT_EQ(UlpError(SIMDACT_F64, 0x1p-1074, 0.0L), 1.0);
  EXPECT_EQ(UlpError(SIMDACT_F64, inf, 0x1p1023L), 0x1p52);
  EXPECT_EQ(UlpError(SIMDACT_F64, -inf, -inf), 0.0);
  EXPECT_EQ(UlpError(SIMDACT_BF16, 1.0, 1.0L + 0x1p-8L), 0.5);
  EXPECT_EQ(UlpError(SIMDACT_BF16, 0x1p-133, 0.0L), 1.0);
  EXPECT_EQ(UlpError(SIMDACT_F16, 65504.0, 65520.0L), 0.5);
  EXPECT_EQ(UlpError(SIMDACT_F16, 0x1p-24, 0.0L), 1.0);
  for (const simdact_dtype dtype : Dtypes()) {
    EXPECT_EQ(UlpError(dtype, nan, nan), 0.0);
    EXPECT_TRUE(std::isinf(UlpError(dtype, nan, 1.0L)));
    EXPECT_TRUE(std::isinf(UlpError(dtype, 1.0, nan)));
  }
}

TEST(Ulp, FastLetsDenormalsGoAndCancellation) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(FastError(SIMDACT_F32, 1.0 + 0x1p-21, 1.0L, 0, 4), 4.0);
  EXPECT_EQ(FastError(SIMDACT_F32, 1.0 + 0x1p-20, 1.0L, 0, 4), 8.0);
  EXPECT_EQ(FastError(SIMDACT_F32, 0.0, 0x1p-127L, 0, 4), 0.0);
  EXPECT_EQ(FastError(SIMDACT_F32, 0x1p-126, 0x1p-127L, 0, 4), 0.0);
  EXPECT_GT(FastError(SIMDACT_F32, 0x1p-125, 0x1p-127L, 0, 4), 4.0);
  EXPECT_GT(FastError(SIMDACT_F32, -0x1p-127, 0x1p-127L, 0, 4), 4.0);
  EXPECT_GT(FastError(SIMDACT_F32, 0.0, 0x1p-126L, 0, 4), 4.0);
  EXPECT_EQ(FastError(SIMDACT_F32, inf, 0x1p128L, 0, 4), 0.0);
  EXPECT_GT(FastError(SIMDACT_F32, inf, 0x1p127L, 0, 4), 4.0);
  EXPECT_EQ(FastError(SIMDACT_F32, 0x1p-22, 0.0L, 1, 4), 4.0);
  EXPECT_EQ(FastError(SIMDACT_F32, 0x1p-21, 0.0L, 1, 4), 8.0);
  EXPECT_EQ(FastError(SIMDACT_F16, 1.0 + 0x1p-10, 1.0L, 0, 1), 1.0);
  for (const simdact_dtype dtype : Dtypes()) {
    EXPECT_EQ(FastError(dtype, nan, nan, 0, 4), 0.0);
    EXPECT_TRUE(std::isinf(FastError(dtype, nan, 1.0L, 1, 4)));
  }
}

// The quick loops of a sweep and UlpError mean the same unit.
TEST(Ulp, SkimsInTheSameUnit) {
  for (int exponent = -1080; exponent < 1024; ++exponent) {
    const long double x = std::scalbn(1.9999999999999999L, exponent);
    const double step = UlpError(SIMDACT_F64, 0.0, x);
    EXPECT_EQ(static_cast<double>(x * InverseUlp(x)), step) << exponent;
    if (exponent >= -1000) {
      const auto narrow = static_cast<double>(x);
      EXPECT_EQ(narrow * InverseUlp(narrow) >= 0x1p25, exponent > 127) << exponent;
    }
  }
}

}  // namespace
}  // namespace simdact_test
