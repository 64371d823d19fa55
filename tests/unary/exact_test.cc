// The exact tier: right to the bit, and the same bits on every target.

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "simdact/simdact.hpp"
#include "tests/common/kernels.h"
#include "tests/ruler/exact_hash.h"
#include "tests/ruler/parameters.h"

namespace simdact_test {
namespace {

using namespace simdact_accuracy;  // NOLINT: the tool under whose terms the claims stand

std::vector<simdact_op> OpsWithExactTier() {
  std::vector<simdact_op> ops;
  for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
    if (HasExact(RunningTargets()[0], static_cast<simdact_op>(op), SIMDACT_F32))
      ops.push_back(static_cast<simdact_op>(op));
  }
  return ops;
}

class ExactTest : public testing::TestWithParam<simdact_op> {
 protected:
  const simdact_op op_ = GetParam();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ExactTest);  // builds without f64 have no such tier
INSTANTIATE_TEST_SUITE_P(Ops, ExactTest, testing::ValuesIn(OpsWithExactTier()),
                         [](const auto& info) { return std::string(simdact_describe(info.param)->name); });

// Half an ulp, and what the reference may be off. Ties are exact_ties_test.cc's.
TEST_P(ExactTest, IsCorrectlyRounded) {
  Sample sample;
  sample.per_binade = Quick() ? 64 : 256;
  sample.total = Quick() ? 4096 : 40000;
  const auto targets = RunningTargets();
  std::vector<simdact_params> sets = OtherParameters(op_, 3);
  sets.push_back(simdact_describe(op_)->defaults);
  for (const simdact_direction direction : Directions()) {
    if (!Exists(op_, direction)) continue;
    for (const simdact_params& p : sets) {
      const auto worst = Sweep(op_, SIMDACT_F32, direction, SIMDACT_EXACT, p, targets, sample);
      for (size_t t = 0; t < targets.size(); ++t) {
        EXPECT_LE(worst[t].error, 0.5 + 0x1p-30)
            << DirectionName(direction) << " on " << simdact_target_name(targets[t]) << ", parameters "
            << p.value[0] << ", " << p.value[1] << " at " << std::hexfloat << worst[t].x << ": got "
            << worst[t].got;
      }
    }
  }
}

// At parameters from all magnitudes, with any dy; from the output at outputs.
TEST_P(ExactTest, TargetsAgree) {
  const auto targets = RunningTargets();
  std::mt19937 random(42);
  const auto any = [&] { return FromBits(static_cast<uint32_t>(random())); };
  const size_t n = Quick() ? 300 : 3000;
  std::vector<float> x(n), dy(n);
  for (int set = 0; set < 20; ++set) {
    simdact_params p = simdact_describe(op_)->defaults;
    if (set > 0 && simdact_describe(op_)->parameters == 0) break;
    for (int i = 0; set > 0 && i < simdact_describe(op_)->parameters; ++i) {
      float value = any();
      while (value - value != 0) value = any();
      p.value[i] = static_cast<double>(value);
    }
    for (size_t i = 0; i < n; ++i) x[i] = any(), dy[i] = any();
    for (const simdact_direction direction : Directions()) {
      if (!Exists(op_, direction)) continue;
      if (direction == SIMDACT_BACKWARD_FROM_OUTPUT)  // the last one
        simdact_find(targets[0], op_, SIMDACT_F32, SIMDACT_EXACT)->forward(x.data(), x.data(), n, p);
      std::vector<float> first(n), y(n);
      for (size_t t = 0; t < targets.size(); ++t) {
        const simdact_kernel& kernel = *simdact_find(targets[t], op_, SIMDACT_F32, SIMDACT_EXACT);
        Call(kernel, direction, p, x.data(), dy.data(), (t == 0 ? first : y).data(), n);
        for (size_t i = 0; t > 0 && i < n; ++i) {
          ASSERT_EQ(HashedBits(y[i]), HashedBits(first[i]))
              << DirectionName(direction) << " on " << simdact_target_name(targets[t]) << std::hexfloat
              << " at " << x[i] << ", dy " << dy[i] << ", parameters " << p.value[0] << ", " << p.value[1]
              << ": " << y[i] << ", on " << simdact_target_name(targets[0]) << " " << first[i];
        }
      }
    }
  }
}

// tests/data/exact.json, made by `simdact hash`.
TEST_P(ExactTest, HasItsHash) {
  std::ifstream file(SIMDACT_TEST_DATA "/exact.json");
  const nlohmann::json all = nlohmann::json::parse(file);
  for (const simdact_direction direction : Directions()) {
    if (!Exists(op_, direction)) continue;
    const std::string name = std::string(simdact_describe(op_)->name) + "/" + DirectionName(direction);
    const nlohmann::json& row = all.at("functions").at(name);
    const uint64_t step = Quick() ? kSparse : 1;
    const uint64_t want =
        std::stoull(row.at(Quick() ? "sparse" : "stratified").get<std::string>(), nullptr, 16);
    for (const simdact_target* target : RunningTargets()) {
      const simdact_kernel& kernel = *simdact_find(target, op_, SIMDACT_F32, SIMDACT_EXACT);
      EXPECT_EQ(StratifiedHash(kernel, op_, direction, step), want)
          << name << " on " << simdact_target_name(target);
    }
  }
}

TEST(Exact, StandsForTheAccurateTierWhereThatIsExact) {
  for (const simdact_target* target : RunningTargets()) {
    for (int i = 0; i < SIMDACT_OP_COUNT; ++i) {
      const simdact_op op = static_cast<simdact_op>(i);
      for (const simdact_dtype dtype : Dtypes()) {
        const simdact_kernel* exact = simdact_find(target, op, dtype, SIMDACT_EXACT);
        const simdact_kernel* accurate = simdact_find(target, op, dtype, SIMDACT_ACCURATE);
        if (dtype == SIMDACT_F64) {
          EXPECT_EQ(exact, nullptr);
        } else if (dtype != SIMDACT_F32) {
          EXPECT_EQ(exact, accurate);
        }
      }
    }
  }
  EXPECT_EQ(simdact_find_default(SIMDACT_OP_gelu, SIMDACT_F64, SIMDACT_EXACT), nullptr);
}

TEST(Exact, OtherShapesRefuseIt) {
  float x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, y[8] = {};
  EXPECT_EQ(simdact_find_gate_default(SIMDACT_GATE_glu, SIMDACT_F32, SIMDACT_EXACT), nullptr);
  simdact_softmax_options softmax = {};
  softmax.tier = SIMDACT_EXACT;
  EXPECT_EQ(simdact_softmax_f32(x, y, 2, 4, &softmax), SIMDACT_BAD_OPTION);
  simdact_gate_options gate = {};
  gate.tier = SIMDACT_EXACT;
  EXPECT_EQ(simdact_gated(SIMDACT_OP_silu, SIMDACT_F32, x, y, 1, 4, {}, &gate), SIMDACT_BAD_OPTION);
  for (const float v : y) EXPECT_EQ(v, 0);
}

#ifndef SIMDACT_NO_F64
// Ties, and what is next to them by the parameters' doing: found by a search, settled by MPFR.
TEST(Exact, HardCases) {
  constexpr float kInf = HUGE_VALF;
  struct HardCase {
    simdact_op op;
    simdact_direction direction;
    float x, dy;
    simdact_params p;
    float want;
  };
  const HardCase all[] = {
      // terms that cancel to 2^-72 of themselves
      {SIMDACT_OP_xielu,
       SIMDACT_BACKWARD,
       -0x1.9ae6b6p-2f,
       0x1.0014bcp+0f,
       {{0.8, 1.13312936, 0.374534607, 0.0}},
       -0x1.97f398p-74f},
      {SIMDACT_OP_xielu, SIMDACT_BACKWARD, -kInf, 1.0f, {{1.0, -0x1p-24, 1.0, 0.0}}, 1.0f},
      {SIMDACT_OP_swish, SIMDACT_BACKWARD, kInf, 0x3p-149f, {{0.0}}, 0x1p-148f},
      // the float that is nearest to softplus(2), the curve's end
      {SIMDACT_OP_softplus, SIMDACT_BACKWARD_FROM_OUTPUT, 0x1.103f2ep+1f, 1.0f, {{1.0, 2.0}}, 0x1.c2f7d6p-1f},
      // squares to the power of 3/2; signs; an exponent that cannot be made one less in double
      {SIMDACT_OP_pow, SIMDACT_FORWARD, 66049.0f, 1.0f, {{1.5}}, 0x1.0303p+24f},
      {SIMDACT_OP_pow, SIMDACT_BACKWARD, -1.0f, 3.0f, {{16777218.0}}, -0x1.800004p+25f},
      {SIMDACT_OP_pow, SIMDACT_BACKWARD, 2.0f, 0x1.a1c6ep-2f, {{100.0}}, 0x1.46636p+104f},
      {SIMDACT_OP_pow, SIMDACT_BACKWARD, 0x1.f4a222p+81f, 0x1.d1857cp+0f, {{1e-10}}, 0x1.98f57ep-115f},
      // quotients that are ties after the product with dy
      {SIMDACT_OP_softcap, SIMDACT_BACKWARD_FROM_OUTPUT, 2.75f, 82518.75f, {{30.0}}, 0x1.3fa15cp+16f},
      {SIMDACT_OP_log1p, SIMDACT_BACKWARD, 201.0f, 0x1.87f78p-132f, {}, 0x1.f1p-140f},
      // a square far below decides
      {SIMDACT_OP_sigmoid, SIMDACT_BACKWARD, 0x1p-60f, 0x6p-149f, {}, 0x1p-149f},
      {SIMDACT_OP_tanhshrink, SIMDACT_BACKWARD, 0x1.8p-56f, 0x1.b713f8p+27f, {}, 0x1.edf676p-84f},
      {SIMDACT_OP_tanhshrink, SIMDACT_FORWARD, 16777218.0f, 1.0f, {}, 16777218.0f},
  };
  for (const simdact_target* target : RunningTargets()) {
    for (const HardCase& c : all) {
      const simdact_kernel& kernel = *simdact_find(target, c.op, SIMDACT_F32, SIMDACT_EXACT);
      float y = 0;
      Call(kernel, c.direction, c.p, &c.x, &c.dy, &y, 1);
      EXPECT_EQ(y, c.want) << simdact_describe(c.op)->name << " " << DirectionName(c.direction)
                           << std::hexfloat << " at " << c.x << " on " << simdact_target_name(target);
    }
  }
}

TEST(Exact, OverloadsCallIt) {
  const float x[] = {0.3f, -1.7f}, dy[] = {1.5f, 0.7f};
  float y[2], dx[2], want[2];
  const simdact_kernel& kernel = *simdact_find_default(SIMDACT_OP_elu, SIMDACT_F32, SIMDACT_EXACT);
  const simdact_params p = {{0.3f}};
  const auto expect = [&](const float* got) {
    EXPECT_EQ(got[0], want[0]);
    EXPECT_EQ(got[1], want[1]);
  };
  simdact::elu(simdact::exact, x, y, 2, 0.3f);
  kernel.forward(x, want, 2, p);
  expect(y);
  simdact::elu_backward(simdact::exact, x, dy, dx, 2, 0.3f);
  kernel.backward(x, dy, want, 2, p);
  expect(dx);
  simdact::elu_backward_from_output(simdact::exact, y, dy, dx, 2, 0.3f);
  kernel.backward_from_output(y, dy, want, 2, p);
  expect(dx);
}
#endif

}  // namespace
}  // namespace simdact_test
