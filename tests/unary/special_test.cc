// NaN, infinities, zeros and kinks, in every number format: DESIGN's table, in every lane position.
// special_tables.h has what is expected.

#include "tests/common/kernels.h"
#include "tests/unary/special_tables.h"

namespace simdact_test {
namespace {

using simdact_accuracy::Rounded;
using simdact_accuracy::RoundedTo;

class SpecialTest : public testing::TestWithParam<int> {
 protected:
  template <class F>
  void ForEach(const F& f) const {
    ForEachKernelOf(op_, f, Tiers::kAll);
  }
  const simdact_op op_ = static_cast<simdact_op>(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Ops, SpecialTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

// Equal as numbers, both NaN, or, where `want` is not a number of the dtype, next to it.
::testing::AssertionResult Gives(const Case& c, double got, double want) {
  const bool same = Rounded(c.dtype, want) == want || std::isnan(want) || std::isinf(want)
                        ? got == want || (std::isnan(got) && std::isnan(want))
                        : c.Allows(got, want, 1.0);
  if (same) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "got " << got << ", want " << want;
}

TEST_P(SpecialTest, InfinityGivesTheLimit) {
  const auto found = LimitTable().find(simdact_describe(op_)->name);
  ASSERT_NE(found, LimitTable().end()) << "the op lacks its limits";
  const Limits& limits = found->second;
  ForEach([&](const Case& c) {
    if (c.direction == SIMDACT_FORWARD) {
      const double left = Evaluate(c, -kInf), right = Evaluate(c, kInf);
      EXPECT_TRUE(Gives(c, left, limits.at_minus_inf));
      EXPECT_TRUE(Gives(c, right, limits.at_plus_inf));
      if (limits.at_minus_inf == 0) {
        EXPECT_EQ(std::signbit(left), std::signbit(limits.at_minus_inf));
      }
      if (limits.at_plus_inf == 0) {
        EXPECT_EQ(std::signbit(right), std::signbit(limits.at_plus_inf));
      }
    } else if (c.direction == SIMDACT_BACKWARD) {
      EXPECT_TRUE(Gives(c, Evaluate(c, -kInf), limits.slope_at_minus_inf));
      EXPECT_TRUE(Gives(c, Evaluate(c, kInf), limits.slope_at_plus_inf));
    } else {
      for (const double y : {limits.at_minus_inf, limits.at_plus_inf}) {
        if (Rounded(c.dtype, y) != y) continue;  // selu's lambda alpha, NaN
        const long double want =
            simdact_accuracy::Exact(c.op, c.direction, y, RoundedTo(c.dtype, c.description->defaults));
        EXPECT_TRUE(Gives(c, Evaluate(c, y), static_cast<double>(want))) << "y = " << y;
      }
    }
  });
}

// On the way there, no NaN where the exact result is none, and nothing infinite that is finite.
TEST_P(SpecialTest, HugeInputsAreOrdinary) {
  ForEach([&](const Case& c) {
    if (c.direction == SIMDACT_BACKWARD_FROM_OUTPUT) return;  // most outputs are never huge
    const simdact_params p = RoundedTo(c.dtype, c.description->defaults);
    for (const double big : {1e3, 1e4, 6e4, 1e10, 1e30, 3.38e38, 1e100, 1e300}) {
      for (const double x : {Rounded(c.dtype, big), Rounded(c.dtype, -big)}) {
        if (std::isinf(x)) continue;
        const double want = Rounded(c.dtype, simdact_accuracy::Exact(c.op, c.direction, x, p));
        const double got = Evaluate(c, x, p);
        EXPECT_EQ(std::isnan(got), std::isnan(want)) << x;
        if (std::isinf(want) || std::isinf(got)) {
          EXPECT_EQ(got, want) << x;
        }
      }
    }
  });
}

// A special value in one lane leaves the others alone, wherever it stands.
TEST_P(SpecialTest, NanStaysInItsLane) {
  ForEach([&](const Case& c) {
    constexpr size_t n = 150;
    const simdact_params p = c.description->defaults;
    const Array ordinary(c.dtype, std::vector<double>(n, 0.75));
    Array want(c.dtype), x = ordinary, y(c.dtype);
    simdact_accuracy::Run(*c.kernel, c.direction, p, ordinary, want);
    for (const double special : {kNan, -kNan, kInf, -kInf}) {
      const double alone = Evaluate(c, special, p);
      ASSERT_TRUE(std::isnan(alone) || !std::isnan(special));
      for (size_t at = 0; at < n; at += Quick() ? 7 : 1) {
        x.Set(at, special);
        simdact_accuracy::Run(*c.kernel, c.direction, p, x, y);
        x.SetBits(at, ordinary.Bits(at));
        ASSERT_TRUE(std::isnan(alone) ? std::isnan(y[at]) : y[at] == alone) << special << " in lane " << at;
        y.SetBits(at, want.Bits(at));
        ASSERT_EQ(std::memcmp(y.Data(), want.Data(), n * y.ElementBytes()), 0)
            << special << " in lane " << at;
      }
    }
  });
}

TEST_P(SpecialTest, NanUpstreamGivesNan) {
  ForEach([&](const Case& c) {
    if (c.direction == SIMDACT_FORWARD) return;
    for (const double x : {1.0, -1.0, 0.0, 0.3}) {
      const Array input(c.dtype, std::vector<double>{x}), dy(c.dtype, std::vector<double>{kNan});
      Array dx(c.dtype, 1);
      simdact_accuracy::Call(*c.kernel, c.direction, c.description->defaults, input.Data(), dy.Data(),
                             dx.Data(), 1);
      EXPECT_TRUE(std::isnan(dx[0])) << x;
    }
  });
}

// Where f' is 0 to the last place dx is 0, however large dy is.
TEST_P(SpecialTest, NothingComesOfLargeUpstreamBeyondTheTails) {
  ForEach([&](const Case& c) {
    if (c.direction != SIMDACT_BACKWARD) return;
    const simdact_params p = RoundedTo(c.dtype, c.description->defaults);
    for (const double at : {120.0, 200.0, 1e4, kInf}) {
      for (const double x : {at, -at}) {
        const long double slope = simdact_accuracy::Exact(c.op, c.direction, x, p);
        const double reach =
            std::scalbn(1.0, FormatOf(c.dtype).min_exponent - FormatOf(c.dtype).fraction_bits - 40);
        if (!(std::fabs(slope) < reach)) continue;
        for (const double dy : {100.0, 3e4, 1e30}) {
          const Array input(c.dtype, std::vector<double>{x}), upstream(c.dtype, std::vector<double>{dy});
          if (std::isinf(upstream[0])) continue;
          Array dx(c.dtype, 1);
          simdact_accuracy::Call(*c.kernel, c.direction, c.description->defaults, input.Data(),
                                 upstream.Data(), dx.Data(), 1);
          EXPECT_EQ(dx[0], 0.0) << x << " times " << dy;
        }
      }
    }
  });
}

TEST_P(SpecialTest, MinusZeroStaysWhereOddOrLinear) {
  ForEach([&](const Case& c) {
    if (c.direction != SIMDACT_FORWARD || KeepsMinusZero().count(c.description->name) == 0) return;
    const double y = Evaluate(c, -0.0);
    EXPECT_EQ(y, 0.0);
    EXPECT_TRUE(std::signbit(y));
    EXPECT_FALSE(std::signbit(Evaluate(c, 0.0)));
  });
}

// PyTorch's choices where the derivative jumps.
TEST_P(SpecialTest, KinksFollowTheirConvention) {
  size_t checked = 0;
  for (const Kink& kink : KinkTable()) {
    if (!simdact_accuracy::SameName(kink.op, simdact_describe(op_)->name)) continue;
    ForEach([&](const Case& c) {
      if (c.direction != kink.direction) return;
      const simdact_params p = kink.at_defaults ? c.description->defaults : kink.p;
      for (const double x : {kink.x, kink.x == 0 ? -0.0 : kink.x}) {
        EXPECT_TRUE(Gives(c, Evaluate(c, x, p), kink.slope(RoundedTo(c.dtype, p).value))) << "at " << x;
      }
      ++checked;
    });
  }
  const bool has_kink = std::strstr(simdact_describe(op_)->note, "derivative") != nullptr;
  EXPECT_TRUE(checked > 0 || !has_kink) << "the op lacks its kinks";
}

// Tails are numbers, down to the last denormal that rounding leaves.
TEST_P(SpecialTest, TailsReachTheDenormals) {
  for (const Tail& tail : TailTable()) {
    if (!simdact_accuracy::SameName(tail.op, simdact_describe(op_)->name)) continue;
    ForEach([&](const Case& c) {
      if (c.dtype != tail.dtype || c.direction != SIMDACT_FORWARD) return;
      EXPECT_TRUE(c.Allows(Evaluate(c, tail.x), tail.y, 1.0)) << tail.x;
      EXPECT_TRUE(Evaluate(c, tail.x) != 0.0 || c.tier == SIMDACT_FAST) << tail.x;
    });
  }
}

// softplus' from the output is that from the input wherever the output tells on which side of the threshold
// the input lies: beyond the largest output from below, above; up to it, below.
TEST(SoftplusFromOutput, IsTheGradientOfTheInput) {
  const simdact_params sets[] = {{{1, 20}},   {{10, 0.4}},  {{1, 5}},     {{1, 0}},
                                 {{2, -1}},   {{0.5, -3}},  {{-1, 20}},   {{-2, 3}},
                                 {{1, kInf}}, {{1, -kInf}}, {{1e-5, 20}}, {{1e5, 2}}};
  ForEachKernelOf(SIMDACT_OP_softplus, [&](const Case& c) {
    if (c.direction != SIMDACT_BACKWARD_FROM_OUTPUT) return;
    for (const simdact_params& given : sets) {
      const simdact_params p = RoundedTo(c.dtype, given);
      SCOPED_TRACE(testing::Message() << "beta " << p.value[0] << ", threshold " << p.value[1]);
      const long double beta = p.value[0], size = std::fabs(beta), t = p.value[1];
      const long double end = (t > 0 ? t + std::log1p(std::exp(-t)) : std::log1p(std::exp(t))) / size;
      std::vector<double> values;
      const double at = std::isinf(p.value[1]) ? 1.0 : p.value[1] / p.value[0];
      const double step = std::ldexp(at == 0 ? 1.0 : at, -FormatOf(c.dtype).fraction_bits);
      for (int i = -100; i <= 100; ++i) values.push_back(at + i * step);
      for (double z = -40; z < 60; z += 0.37) values.push_back(z / p.value[0]);
      const Array x(c.dtype, values);
      Array y(c.dtype), want(c.dtype), got(c.dtype);
      simdact_accuracy::Run(*c.kernel, SIMDACT_FORWARD, p, x, y);
      simdact_accuracy::Run(*c.kernel, SIMDACT_BACKWARD, p, x, want);
      simdact_accuracy::Run(*c.kernel, c.direction, p, y, got);
      for (size_t i = 0; i < x.Size(); ++i) {
        const double outward = beta < 0 ? -y[i] : y[i];
        const bool above = beta * x[i] > t;
        const long double next = end * (1 + (c.dtype == SIMDACT_F64 ? 0x1p-49L : 0x1p-23L));
        if (above && (outward > next || (outward < 0 && t < 0))) {
          ASSERT_EQ(got[i], 1.0) << "x = " << std::hexfloat << x[i] << ", y = " << y[i];
        } else if (!above && outward <= end) {
          // What y lost by rounding is not to be had again.
          const int fraction = FormatOf(c.dtype).fraction_bits;
          const double least = std::ldexp(1.0, FormatOf(c.dtype).min_exponent - fraction);
          const double unit = std::ldexp(std::fabs(y[i]), -fraction) + least;
          const double lost = static_cast<double>(size * std::exp(-size * outward)) * unit;
          ASSERT_NEAR(got[i], want[i],
                      (std::isinf(y[i]) ? 0 : lost) + std::ldexp(want[i], 2 - fraction) + least)
              << "x = " << std::hexfloat << x[i] << ", y = " << y[i];
        }
      }
    }
  });
}

// An output that inputs of both sides have counts as one from below.
TEST(SoftplusFromOutput, TakesTheLowerSideWhereBothAre) {
  ForEachKernelOf(SIMDACT_OP_softplus, [&](const Case& c) {
    if (c.direction != SIMDACT_BACKWARD_FROM_OUTPUT) return;
    const double ulp = std::ldexp(1.0, -FormatOf(c.dtype).fraction_bits);
    EXPECT_NEAR(Evaluate(c, std::log(2.0) / 10, {{10, 0.4}}), 0.5, ulp);
    const double twenty = Evaluate(c, 20 + 2.0611536181902037e-9, {{1, 20}});
    EXPECT_TRUE(c.Allows(twenty, 1 - 2.0611536181902037e-9L, 1.0)) << twenty;
    EXPECT_EQ(Evaluate(c, kInf, {{1, kInf}}), 1.0);
    EXPECT_EQ(Evaluate(c, kInf, {{1, 20}}), 1.0);
    EXPECT_EQ(Evaluate(c, -kInf, {{-1, kInf}}), 1.0);
    for (const double beta : {1.0, -1.0, kInf, -kInf}) {
      for (const double y : {0.0, -0.0}) {
        const double slope = Evaluate(c, y, {{beta, 20}});
        EXPECT_EQ(slope, 0.0) << beta;
        EXPECT_FALSE(std::signbit(slope)) << beta;
      }
    }
    EXPECT_EQ(Evaluate(c, 0.25, {{kInf, 20}}), 1.0);
    EXPECT_EQ(Evaluate(c, kInf, {{0.0, 20}}), 0.5);
    EXPECT_EQ(Evaluate(c, 1.0, {{0.0, -1}}), 1.0);
    for (const simdact_params& p :
         {simdact_params{{1, kNan}}, simdact_params{{kNan, 20}}, simdact_params{{0, kNan}}})
      EXPECT_TRUE(std::isnan(Evaluate(c, 1.0, p)));
    for (const simdact_params& p :
         {simdact_params{{1, 20}}, simdact_params{{1, -1}}, simdact_params{{0, 20}}})
      EXPECT_TRUE(std::isnan(Evaluate(c, kNan, p)));
  });
}

TEST(Special, TablesNameOpsThatExist) {
  const auto exists = [](const std::string& name) {
    for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
      if (name == simdact_describe(static_cast<simdact_op>(op))->name) return true;
    }
    return false;
  };
  for (const auto& entry : LimitTable()) EXPECT_TRUE(exists(entry.first)) << entry.first;
  for (const std::string& name : KeepsMinusZero()) EXPECT_TRUE(exists(name)) << name;
  for (const Kink& kink : KinkTable()) EXPECT_TRUE(exists(kink.op)) << kink.op;
  for (const Tail& tail : TailTable()) EXPECT_TRUE(exists(tail.op)) << tail.op;
}

}  // namespace
}  // namespace simdact_test
