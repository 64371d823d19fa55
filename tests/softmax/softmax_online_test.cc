// The pieces from which a flash-attention loop is made: they must add up to softmax.

#include <cstring>

#include "tests/softmax/softmax_cases.h"

namespace simdact_test {
namespace {

// softmax(scale x) times the values x + 1, block by block, as such a loop does it.
struct Attention {
  double output, log_sum_exp;
  std::vector<double> p;
};
Attention Attend(const SoftmaxCase& c, const Array& x, size_t block, float scale) {
  const size_t n = x.Size();
  simdact_softmax_state state = simdact_softmax_begin();
  Array p(c.dtype, n);
  std::vector<double> weights;
  double sum = 0;
  for (size_t begin = 0; begin < n; begin += block) {
    const size_t size = std::min(block, n - begin);
    const double factor = static_cast<double>(c.kernel->block(&state, x.At(begin), p.At(begin), size, scale));
    sum *= factor;
    for (double& weight : weights) weight *= factor;
    for (size_t i = begin; i < begin + size; ++i) {
      weights.push_back(p[i]);
      if (p[i] != 0) sum += p[i] * (x[i] + 1);
    }
  }
  const double last = simdact_softmax_finish(&state);
  for (double& weight : weights) weight *= last;
  return {sum * last, simdact_softmax_log_sum_exp(&state), weights};
}

TEST(SoftmaxOnlineTest, BlocksAddUpToSoftmax) {
  std::mt19937 random(31);
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.op != SIMDACT_SOFTMAX_OP_softmax || c.dtype == SIMDACT_F64) return;
    for (const Spread spread : kSpreads) {
      for (const size_t n : std::vector<size_t>{1, 17, 64, 300}) {
        for (const size_t block : std::vector<size_t>{1, 16, 37, 300}) {
          const float scale = spread == Spread::kNormal1 ? 0.125f : 1.0f;
          const Array x(c.dtype, MakeRow(spread, n, random));
          const Attention got = Attend(c, x, block, scale);
          simdact_softmax_options o{};
          o.scale = static_cast<double>(scale);
          const Reals z = ScoresOf(c.op, c.dtype, RealsOf(x, 0, n), 0, 1, o, nullptr);
          const auto want = SoftmaxOf(c.op, z, -simdact_accuracy::kInfinity, o);
          // p is rounded to the format, once.
          const double unit = std::ldexp(1.0, -FormatOf(c.dtype).fraction_bits);
          const double least = std::ldexp(1.0, FormatOf(c.dtype).min_exponent);
          long double output = 0;
          for (size_t i = 0; i < n; ++i) {
            const double exact = static_cast<double>(want.y[i]);
            ASSERT_NEAR(got.p[i], exact, 1.2 * unit * std::max(exact, least));
            if (want.y[i] != 0) output += want.y[i] * (static_cast<long double>(x[i]) + 1);
          }
          ASSERT_NEAR(got.log_sum_exp, static_cast<double>(want.log_sum_exp),
                      1e-6 * std::max(1.0, static_cast<double>(std::fabs(want.log_sum_exp))));
          if (!IsHalf(c.dtype)) {
            ASSERT_NEAR(got.output, static_cast<double>(output),
                        1e-5 * (1 + std::fabs(static_cast<double>(output))));
          }
        }
      }
    }
  });
}

TEST(SoftmaxOnlineTest, RescalesByPowersOfTwo) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.op != SIMDACT_SOFTMAX_OP_softmax || c.dtype != SIMDACT_F32) return;
    simdact_softmax_state state = simdact_softmax_begin();
    float x[3] = {0, 10, 10.1f}, p = 0;
    EXPECT_EQ(c.kernel->block(&state, &x[0], &p, 1, 1.0f), 1.0f);
    EXPECT_EQ(c.kernel->block(&state, &x[1], &p, 1, 1.0f), 0x1p-14f);  // exp(10) = 2^14.4
    EXPECT_EQ(c.kernel->block(&state, &x[2], &p, 1, 1.0f), std::exp2(-std::round(10.1f * 1.442695f) + 14));
    EXPECT_EQ(state.maximum, static_cast<double>(x[2]));
  });
}

TEST(SoftmaxOnlineTest, MergedStatesAreOneState) {
  std::mt19937 random(32);
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.op != SIMDACT_SOFTMAX_OP_softmax || c.dtype != SIMDACT_F32) return;
    for (const Spread spread : kSpreads) {
      const Array x(c.dtype, MakeRow(spread, 200, random));
      Array p(c.dtype, 200);
      simdact_softmax_state whole = simdact_softmax_begin(), left = whole, right = whole, empty = whole;
      c.kernel->block(&whole, x.Data(), p.Data(), 200, 1.0f);
      const double log_sum_exp = simdact_softmax_log_sum_exp(&whole);
      c.kernel->block(&left, x.Data(), p.Data(), 77, 1.0f);
      c.kernel->block(&right, x.At(77), p.At(77), 123, 1.0f);
      double factor = 0, other = 0;
      const simdact_softmax_state first = left;
      simdact_softmax_merge(&left, &right, &factor, &other);
      EXPECT_NEAR(simdact_softmax_log_sum_exp(&left), log_sum_exp, 1e-6 * (1 + std::fabs(log_sum_exp)));
      EXPECT_EQ(left.maximum, whole.maximum);
      EXPECT_NEAR(left.sum, first.sum * factor + right.sum * other, 1e-15 * left.sum);
      simdact_softmax_merge(&left, &empty, &factor, &other);
      EXPECT_EQ(factor, 1.0);
      simdact_softmax_merge(&empty, &left, &factor, &other);
      EXPECT_EQ(other, 1.0);
      EXPECT_EQ(simdact_softmax_log_sum_exp(&empty), simdact_softmax_log_sum_exp(&left));
    }
  });
}

TEST(SoftmaxOnlineTest, NothingAndNan) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.op != SIMDACT_SOFTMAX_OP_softmax || c.dtype == SIMDACT_F64) return;
    simdact_softmax_state state = simdact_softmax_begin();
    EXPECT_TRUE(std::isnan(simdact_softmax_finish(&state)));
    EXPECT_EQ(simdact_softmax_log_sum_exp(&state), -HUGE_VAL);
    const Array masked(c.dtype, std::vector<double>(40, -HUGE_VAL));
    Array p(c.dtype, 40);
    EXPECT_EQ(c.kernel->block(&state, masked.Data(), p.Data(), 40, 1.0f), 1.0f);
    for (size_t i = 0; i < 40; ++i) EXPECT_EQ(p[i], 0.0);
    EXPECT_EQ(state.sum, 0.0);
    Array x(c.dtype, std::vector<double>(40, 1.0));
    EXPECT_EQ(c.kernel->block(&state, x.Data(), p.Data(), 40, 1.0f), 1.0f);
    EXPECT_NEAR(simdact_softmax_log_sum_exp(&state), 1 + std::log(40.0), 1e-6);
    EXPECT_EQ(c.kernel->block(&state, masked.Data(), p.Data(), 40, 1.0f), 1.0f);
    EXPECT_NEAR(simdact_softmax_log_sum_exp(&state), 1 + std::log(40.0), 1e-6);
    x.Set(7, std::nan(""));
    EXPECT_TRUE(std::isnan(c.kernel->block(&state, x.Data(), p.Data(), 40, 1.0f)));
    EXPECT_TRUE(std::isnan(simdact_softmax_finish(&state)));
    for (size_t i = 0; i < 40; ++i) EXPECT_TRUE(std::isnan(p[i]));
    state = simdact_softmax_begin();  // NaN first
    c.kernel->block(&state, x.At(7), p.Data(), 1, 1.0f);
    c.kernel->block(&state, x.Data(), p.Data(), 1, 1.0f);
    EXPECT_TRUE(std::isnan(simdact_softmax_log_sum_exp(&state)));
  });
  float x[3] = {1, 2, 3};
  simdact_softmax_rescale_f32(x, x, 3, 0.5f);
  EXPECT_EQ(x[2], 1.5f);
}

}  // namespace
}  // namespace simdact_test
