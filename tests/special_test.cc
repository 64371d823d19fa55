// NaN, infinities, zeros, kinks and tails: DESIGN's table, in every lane position.

#include <cfenv>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

#include "kernels.h"

namespace simdact_test {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Limits {
  simdact_op op;
  float at_minus_inf, at_plus_inf;              // f
  float slope_at_minus_inf, slope_at_plus_inf;  // f'
};
const Limits kLimits[] = {
    {SIMDACT_OP_relu, 0.0f, kInf, 0.0f, 1.0f},     {SIMDACT_OP_leaky_relu, -kInf, kInf, 0.01f, 1.0f},
    {SIMDACT_OP_sigmoid, 0.0f, 1.0f, 0.0f, 0.0f},  {SIMDACT_OP_silu, -0.0f, kInf, 0.0f, 1.0f},
    {SIMDACT_OP_tanh, -1.0f, 1.0f, 0.0f, 0.0f},    {SIMDACT_OP_elu, -1.0f, kInf, 0.0f, 1.0f},
    {SIMDACT_OP_softplus, 0.0f, kInf, 0.0f, 1.0f}, {SIMDACT_OP_gelu, -0.0f, kInf, 0.0f, 1.0f},
};

TEST(Special, InfinityGivesTheLimit) {
  ASSERT_EQ(std::size(kLimits), static_cast<size_t>(SIMDACT_OP_COUNT)) << "an op lacks its limits";
  ForEachKernel([&](const Case& c) {
    const Limits& want = kLimits[c.op];
    ASSERT_EQ(want.op, c.op);
    if (c.direction == kForward) {
      const float left = Evaluate(c, -kInf);
      EXPECT_EQ(left, want.at_minus_inf);
      if (std::signbit(want.at_minus_inf)) {
        EXPECT_TRUE(std::signbit(left));
      }
      EXPECT_EQ(Evaluate(c, kInf), want.at_plus_inf);
    } else {
      EXPECT_EQ(Evaluate(c, -kInf), want.slope_at_minus_inf);
      EXPECT_EQ(Evaluate(c, kInf), want.slope_at_plus_inf);
    }
    for (const float big : {3.4028234e38f, 1e30f, 1e10f}) {  // and no NaN on the way there
      EXPECT_FALSE(std::isnan(Evaluate(c, big)));
      EXPECT_FALSE(std::isnan(Evaluate(c, -big)));
    }
  });
}

// A special value in one lane leaves the others alone, wherever it stands.
TEST(Special, NanStaysInItsLane) {
  ForEachKernel([&](const Case& c) {
    constexpr size_t n = 150;
    const simdact_params p = c.description->defaults;
    const float ordinary = Evaluate(c, 0.75f);
    for (const float special : {kNan, -kNan, kInf, -kInf}) {
      const float want = Evaluate(c, special);
      EXPECT_EQ(std::isnan(want), std::isnan(special));
      for (size_t at = 0; at < n; at += Quick() ? 7 : 1) {
        std::vector<float> x(n, 0.75f), y(n);
        x[at] = special;
        simdact_accuracy::Run(*c.kernel, c.direction, p, x.data(), y.data(), n);
        for (size_t i = 0; i < n; ++i) {
          if (i != at) {
            ASSERT_EQ(y[i], ordinary) << "lane " << i << " beside " << special << " in " << at;
          }
        }
        ASSERT_TRUE(std::isnan(special) ? std::isnan(y[at]) : y[at] == want);
      }
    }
  });
}

TEST(Special, NanUpstreamGivesNan) {
  ForEachKernel([&](const Case& c) {
    if (c.direction != kBackward) return;
    const float x = 1.0f, dy = kNan;
    float dx = 0.0f;
    c.kernel->backward(&x, &dy, &dx, 1, c.description->defaults);
    EXPECT_TRUE(std::isnan(dx));
  });
}

TEST(Special, MinusZeroStaysWhereLinear) {
  ForEachKernel([&](const Case& c) {
    if (c.direction != kForward || c.op == SIMDACT_OP_sigmoid || c.op == SIMDACT_OP_softplus) return;
    const float y = Evaluate(c, -0.0f);
    EXPECT_EQ(y, 0.0f);
    EXPECT_TRUE(std::signbit(y));
    EXPECT_FALSE(std::signbit(Evaluate(c, 0.0f)));
  });
}

// PyTorch's choices where the derivative jumps.
TEST(Special, KinksFollowPyTorch) {
  ForEachKernel([&](const Case& c) {
    if (c.direction != kBackward) return;
    for (const float zero : {0.0f, -0.0f}) {
      if (c.op == SIMDACT_OP_relu) {
        EXPECT_EQ(Evaluate(c, zero), 0.0f);
      }
      if (c.op == SIMDACT_OP_leaky_relu) {
        EXPECT_EQ(Evaluate(c, zero, {{0.2, 0.0}}), 0.2f);
      }
      if (c.op == SIMDACT_OP_elu) {
        EXPECT_EQ(Evaluate(c, zero, {{0.1, 0.0}}), 0.1f);
      }
    }
    if (c.op == SIMDACT_OP_softplus) {
      EXPECT_EQ(Evaluate(c, 20.5f), 1.0f);
      EXPECT_EQ(Evaluate(c, 2.5f, {{1.0, 2.0}}), 1.0f);  // linear above the threshold, exactly
      EXPECT_LT(Evaluate(c, 1.5f, {{1.0, 2.0}}), 1.0f);
    }
  });
}

// Tails are numbers, down to the last denormal that rounding leaves.
TEST(Special, TailsReachTheDenormals) {
  ForEachKernel([&](const Case& c) {
    if (c.direction != kForward) return;
    if (c.op == SIMDACT_OP_gelu) {
      EXPECT_NEAR(Evaluate(c, -12.0f) / -2.1317789e-32f, 1.0f, 1e-6f);
    }
    if (c.op == SIMDACT_OP_gelu) {
      EXPECT_LT(Evaluate(c, -14.0f), 0.0f);
    }
    if (c.op == SIMDACT_OP_silu) {
      EXPECT_EQ(Evaluate(c, -100.0f), -3.72007598e-42f);
    }
    if (c.op == SIMDACT_OP_sigmoid) {
      EXPECT_EQ(Evaluate(c, -100.0f), 3.783506e-44f);
    }
    if (c.op == SIMDACT_OP_sigmoid || c.op == SIMDACT_OP_softplus) {
      EXPECT_EQ(Evaluate(c, -103.9f), 0x1p-149f);
    }
    if (c.op == SIMDACT_OP_tanh) {
      EXPECT_EQ(Evaluate(c, 0x1p-149f), 0x1p-149f);
    }
  });
}

#ifdef __SSE2__
// A caller who flushes denormals to zero still gets every normal result; denormal inputs and results may
// become 0.
TEST(Special, FlushToZeroLosesOnlyDenormals) {
  ForEachKernel([&](const Case& c) {
    const simdact_params p = simdact_accuracy::RoundedToFloat(c.description->defaults);
    const double claim = simdact_accuracy::Claim(c.op, c.direction, simdact_target_has_fma(c.target) != 0);
    for (float x = -104.0f; x < 104.0f; x += Quick() ? 0.37f : 0.013f) {
      const unsigned mode = _mm_getcsr();
      _mm_setcsr(mode | 0x8040);  // FTZ, DAZ
      const float y = Evaluate(c, x, p);
      _mm_setcsr(mode);
      const long double exact = simdact_accuracy::ReferenceOf(c.op, c.direction).exact(x, p.value);
      if (std::fabs(exact) >= 0x1p-125L) {
        ASSERT_LE(simdact_accuracy::UlpError(y, exact), claim + 0.5) << x;
      } else {
        ASSERT_LE(std::fabs(y), 0x1p-125f) << x;
      }
    }
  });
}
#endif

TEST(Special, LeavesTheFloatingPointEnvironmentAlone) {
  ForEachKernel([&](const Case& c) {
    for (const int mode : {FE_TONEAREST, FE_UPWARD}) {
      std::fesetround(mode);
      Evaluate(c, 0.3f);
      EXPECT_EQ(std::fegetround(), mode);
    }
    std::fesetround(FE_TONEAREST);
  });
}

}  // namespace
}  // namespace simdact_test
