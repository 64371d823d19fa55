// The sweep over all floats finds what is wrong, and counts as a look at each input by itself does.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/ruler/accuracy.h"
#include "tests/ruler/proof.h"

namespace simdact_accuracy {
namespace {

const simdact_kernel& Kernel(simdact_op op, simdact_tier tier = SIMDACT_ACCURATE) {
  return *simdact_find(simdact_target_default(), op, SIMDACT_F32, tier);
}

Record Only(simdact_op op, simdact_direction direction, const simdact_kernel& kernel,
            std::vector<uint32_t> blocks, simdact_tier tier = SIMDACT_ACCURATE) {
  return Prove({op, direction, simdact_describe(op)->defaults, {{&kernel, tier}}, std::move(blocks)}).front();
}

uint32_t BlockOf(double x) { return (ToBits(static_cast<float>(x)) & 0x7FFFFFFF) >> 20; }

// tanh, but for some inputs.
void FaultyTanh(const void* x, void* y, size_t n, simdact_params p) {
  Kernel(SIMDACT_OP_tanh).forward(x, y, n, p);
  const float* from = static_cast<const float*>(x);
  float* to = static_cast<float*>(y);
  for (size_t i = 0; i < n; ++i) {
    if (from[i] == 0.75f) to[i] = FromBits(ToBits(to[i]) + 5);
    if (from[i] == 0x1p-130f) to[i] = 0;
    if (from[i] == -20.0f) to[i] = std::nextafter(-1.0f, -2.0f);
  }
}

TEST(ProofTest, FindsWhatIsWrong) {
  simdact_kernel faulty = Kernel(SIMDACT_OP_tanh);
  faulty.forward = &FaultyTanh;
  const std::vector<uint32_t> blocks = {BlockOf(0.75), BlockOf(0x1p-130), BlockOf(20)};
  const Record right = Only(SIMDACT_OP_tanh, SIMDACT_FORWARD, Kernel(SIMDACT_OP_tanh), blocks);
  const Record wrong = Only(SIMDACT_OP_tanh, SIMDACT_FORWARD, faulty, blocks);

  EXPECT_LE(right.max_error, 1.0);
  EXPECT_EQ(right.out_of_range, false);
  EXPECT_TRUE(right.symmetric);
  EXPECT_EQ(right.asymmetric, 0u);

  EXPECT_GT(wrong.max_error, 4.0);
  EXPECT_EQ(wrong.worst_input, 0.75);
  EXPECT_NEAR(static_cast<double>(wrong.exact), std::tanh(0.75), 1e-15);
  EXPECT_EQ(wrong.flushed_input, 0x1p-130);
  EXPECT_EQ(wrong.max_denormal_error, 0x1p19);
  EXPECT_EQ(wrong.out_of_range, true);
  EXPECT_EQ(wrong.asymmetric, 3u);
  EXPECT_GE(wrong.out_of_order, right.out_of_order + 2);
  EXPECT_GE(wrong.wrongly_rounded, right.wrongly_rounded + 2);
  EXPECT_NE(wrong.sha256, right.sha256);
}

void NanAtOne(const void* x, void* y, size_t n, simdact_params p) {
  Kernel(SIMDACT_OP_tanh).forward(x, y, n, p);
  for (size_t i = 0; i < n; ++i) {
    if (static_cast<const float*>(x)[i] == 1)
      static_cast<float*>(y)[i] = std::numeric_limits<float>::quiet_NaN();
  }
}

TEST(ProofTest, FindsNan) {
  simdact_kernel faulty = Kernel(SIMDACT_OP_tanh);
  faulty.forward = &NanAtOne;
  const Record wrong = Only(SIMDACT_OP_tanh, SIMDACT_FORWARD, faulty, {BlockOf(1)});
  EXPECT_TRUE(std::isinf(wrong.max_error));
  EXPECT_EQ(wrong.worst_input, 1.0);
}

void ZeroAtHalf(const void* x, void* y, size_t n, simdact_params p) {
  Kernel(SIMDACT_OP_tanh).forward(x, y, n, p);
  for (size_t i = 0; i < n; ++i) {
    if (static_cast<const float*>(x)[i] == -0.5f) static_cast<float*>(y)[i] = 0;
  }
}

TEST(ProofTest, FindsANormalResultThatIsZero) {
  simdact_kernel faulty = Kernel(SIMDACT_OP_tanh);
  faulty.forward = &ZeroAtHalf;
  const Record wrong = Only(SIMDACT_OP_tanh, SIMDACT_FORWARD, faulty, {BlockOf(0.5)});
  EXPECT_EQ(wrong.flushed_input, -0.5);
  EXPECT_NEAR(wrong.largest_flushed, std::tanh(0.5), 1e-12);
  EXPECT_EQ(wrong.worst_input, -0.5);
}

// All inputs of a block and of its negative, by the exact function alone.
struct Direct {
  double max_error = 0;
  uint64_t wrongly_rounded = 0;
};
Direct LookAtEach(simdact_op op, simdact_direction direction, const simdact_kernel& kernel, uint32_t block) {
  Direct found;
  std::vector<double> x;
  for (const uint32_t sign : {0u, 0x80000000u}) {
    for (uint32_t i = 0; i < 1 << 20; ++i) x.push_back(FromBits(sign | block << 20 | i));
  }
  const Array input(SIMDACT_F32, x);
  Array output(SIMDACT_F32);
  const simdact_params p = RoundedTo(SIMDACT_F32, simdact_describe(op)->defaults);
  Run(kernel, direction, p, input, output);
  for (size_t i = 0; i < x.size(); ++i) {
    const long double exact = Exact(op, direction, x[i], p);
    const double error = UlpError(SIMDACT_F32, output[i], exact);
    if (std::fabs(exact) >= 0x1p-126L) found.max_error = std::max(found.max_error, error);
    found.wrongly_rounded +=
        std::isnan(exact) ? !std::isnan(output[i]) : output[i] != static_cast<float>(exact);
  }
  return found;
}

// Blocks where functions are smooth, bend, cross zero, overflow, are denormal, or NaN.
TEST(ProofTest, CountsAsALookAtEachInput) {
  struct Case {
    simdact_op op;
    simdact_direction direction;
    double at;
  };
  for (const Case& c :
       {Case{SIMDACT_OP_sigmoid, SIMDACT_FORWARD, 88.0}, Case{SIMDACT_OP_exp, SIMDACT_FORWARD, 88.5},
        Case{SIMDACT_OP_silu, SIMDACT_BACKWARD, 1.28}, Case{SIMDACT_OP_floor, SIMDACT_FORWARD, 3e5},
        Case{SIMDACT_OP_log, SIMDACT_FORWARD, 1.0}, Case{SIMDACT_OP_elu, SIMDACT_FORWARD, 0x1p-149},
        Case{SIMDACT_OP_hardswish, SIMDACT_BACKWARD, 3.0}}) {
    SCOPED_TRACE(testing::Message() << simdact_describe(c.op)->name << " at " << c.at);
    const simdact_kernel& kernel = Kernel(c.op);
    const Record record = Only(c.op, c.direction, kernel, {BlockOf(c.at)});
    const Direct direct = LookAtEach(c.op, c.direction, kernel, BlockOf(c.at));
    EXPECT_EQ(record.inputs, uint64_t{2} << 20);
    EXPECT_EQ(record.wrongly_rounded, direct.wrongly_rounded);
    if (direct.max_error > 0x1p-10) {
      EXPECT_NEAR(record.max_error, direct.max_error, record.uncertainty);
    }
  }
}

}  // namespace
}  // namespace simdact_accuracy
