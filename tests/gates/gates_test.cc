// The gated linear units: claims, special values, and what gates.h says of them.

#include "simdact/simdact.hpp"
#include "tests/gates/gates_cases.h"
#include "tests/ruler/gates_sweep.h"

namespace simdact_test {
namespace {

using simdact_accuracy::ExactGate;
using simdact_accuracy::GateOutput;
using simdact_accuracy::GateValue;
using simdact_accuracy::GateWorst;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

INSTANTIATE_TEST_SUITE_P(Gates, GatesTest, testing::Range(0, static_cast<int>(SIMDACT_GATE_COUNT)), GateName);

// ---- Numbers ---------------------------------------------------------------------------------------------

void ExpectClaims(simdact_gate gate, const simdact_params& p, uint64_t total, double allowance) {
  const auto targets = RunningTargets();
  for (const simdact_dtype dtype : Dtypes()) {
    for (const simdact_direction direction : {SIMDACT_FORWARD, SIMDACT_BACKWARD}) {
      for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
        std::vector<const simdact_gate_kernel*> kernels;
        for (const simdact_target* t : targets) {
          const bool there = tier == SIMDACT_ACCURATE || HasFastGate(t, gate, dtype, direction);
          kernels.push_back(there ? simdact_find_gate(t, gate, dtype, tier) : nullptr);
        }
        const auto worst = simdact_accuracy::SweepGate(gate, dtype, direction, tier, p, kernels, total);
        for (size_t t = 0; t < targets.size(); ++t) {
          const double claim =
              simdact_accuracy::GateClaim(tier, gate, dtype, direction, simdact_target_has_fma(targets[t]));
          const GateWorst& w = worst[t];
          EXPECT_LE(w.ulps, claim + (tier == SIMDACT_FAST ? 0.0 : allowance))
              << simdact_accuracy::DtypeName(dtype) << (tier == SIMDACT_FAST ? ", fast, " : "") << " output "
              << static_cast<int>(w.output) << " on " << simdact_target_name(targets[t]) << " at gate "
              << std::hexfloat << w.gate << ", up " << w.up << ": got " << w.got << ", want "
              << static_cast<double>(w.exact);
        }
      }
    }
  }
}

TEST_P(GatesTest, HoldsClaims) {
  ExpectClaims(gate_, simdact_describe_gate(gate_)->defaults, Quick() ? 8192 : 400000, 0.0);
}

// As the activations do, away from the defaults.
TEST_P(GatesTest, HoldsNearClaimsAtOtherParameters) {
  if (simdact_describe_gate(gate_)->parameters == 0) return;
  for (const simdact_params& p : {simdact_params{{1.0, 3.0}}, simdact_params{{0.5, 0.0}},
                                  simdact_params{{-2.5, 1e4}}, simdact_params{{1.702, 1e30}}}) {
    ExpectClaims(gate_, p, Quick() ? 4096 : 40960, 0.5);
  }
}

// dy multiplies the gradients, a rounding more.
TEST_P(GatesTest, BackwardMultipliesByDy) {
  ForEach([&](const GateCase& c) {
    Buffers r(c.dtype, 500);
    r.Fill();
    r.All(c);
    const double claim = c.Claim(SIMDACT_BACKWARD), most = c.tier == SIMDACT_FAST ? claim + 1 : 2 * claim + 1;
    for (size_t i = 0; i < r.gate.Size(); ++i) {
      const double gate = r.gate[i], up = r.up[i];
      GateValue dgate = ExactGate(c.gate, c.dtype, GateOutput::kDgate, gate, up, c.p);
      GateValue dup = ExactGate(c.gate, c.dtype, GateOutput::kDup, gate, up, c.p);
      dgate.other *= r.dy[i], dup.other *= r.dy[i];
      ASSERT_LE(c.Error(GateOutput::kDgate, gate, r.dgate[i], dgate), most) << gate << " " << up;
      ASSERT_LE(c.Error(GateOutput::kDup, gate, r.dup[i], dup), most) << gate << " " << up;
    }
  });
}

// One result each for single inputs.
struct Results {
  double y, dgate, dup;
};
Results At(const GateCase& c, double gate, double up, double dy = 1.0) {
  Buffers r(c.dtype, 1);
  r.gate.Set(0, gate), r.up.Set(0, up), r.dy.Set(0, dy);
  r.All(c);
  return {r.y[0], r.dgate[0], r.dup[0]};
}
::testing::AssertionResult Is(double got, double want) {
  if (got == want || (std::isnan(got) && std::isnan(want))) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "got " << got << ", want " << want;
}

TEST_P(GatesTest, NanGivesNan) {
  ForEach([&](const GateCase& c) {
    for (const double other : {1.0, -1.0, 0.0, kInf}) {
      const Results gate = At(c, kNan, other), up = At(c, other, kNan), dy = At(c, 0.5, 0.5, kNan);
      EXPECT_TRUE(std::isnan(gate.y) && std::isnan(gate.dgate) && std::isnan(gate.dup)) << other;
      EXPECT_TRUE(std::isnan(up.y) && std::isnan(up.dgate)) << other;
      EXPECT_TRUE(std::isnan(dy.dgate) && std::isnan(dy.dup));
    }
  });
}

// A NaN stays in its lane, wherever it stands.
TEST_P(GatesTest, NanStaysInItsLane) {
  ForEach([&](const GateCase& c) {
    Buffers want(c.dtype, 150);
    want.Fill();
    want.All(c);
    for (size_t at = 0; at < want.gate.Size(); at += Quick() ? 7 : 1) {
      for (const bool in_gate : {true, false}) {
        Buffers r = want;
        (in_gate ? r.gate : r.up).Set(at, kNan);
        r.All(c);
        ASSERT_TRUE(std::isnan(r.y[at]) && std::isnan(r.dgate[at])) << at;
        r.y.SetBits(at, want.y.Bits(at));
        r.dgate.SetBits(at, want.dgate.Bits(at));
        r.dup.SetBits(at, want.dup.Bits(at));
        ASSERT_TRUE(Same(r.y, want.y) && Same(r.dgate, want.dgate) && Same(r.dup, want.dup)) << at;
      }
    }
  });
}

// act(inf) is inf, 1 for sigmoid, and act(-inf) is 0 from one side or the other; products are IEEE's.
TEST_P(GatesTest, InfinitiesMultiplyAsUsual) {
  const bool oai = gate_ == SIMDACT_GATE_swiglu_oai;
  ForEach([&](const GateCase& c) {
    const double right = gate_ == SIMDACT_GATE_glu ? 1.0 : kInf;
    if (!oai) {
      EXPECT_TRUE(Is(At(c, kInf, 2.0).y, right == 1.0 ? 2.0 : kInf));
      EXPECT_TRUE(Is(At(c, kInf, 0.0).y, right == 1.0 ? 0.0 : kNan));
      EXPECT_TRUE(Is(At(c, -kInf, kInf).y, kNan));
      EXPECT_TRUE(Is(At(c, 1.0, -kInf).y, -kInf));
      EXPECT_TRUE(Is(At(c, kInf, 3.0).dup, right));
      EXPECT_TRUE(Is(At(c, kInf, 3.0).dgate, right == 1.0 ? 0.0 : 3.0));
    } else {  // the limit makes them finite
      EXPECT_TRUE(Is(At(c, kInf, 2.0).y, At(c, 7.0, 2.0).y));
      EXPECT_TRUE(Is(At(c, 1.0, kInf).y, At(c, 1.0, 7.0).y));
      EXPECT_TRUE(Is(At(c, 1.0, -kInf).y, At(c, 1.0, -7.0).y));
      EXPECT_TRUE(Is(At(c, kInf, 3.0).dgate, 0.0));
    }
    EXPECT_TRUE(Is(At(c, -kInf, 2.0).y, 0.0));
    EXPECT_TRUE(Is(At(c, -kInf, 3.0).dup, 0.0));
    EXPECT_TRUE(Is(At(c, -kInf, 3.0).dgate, 0.0));
  });
}

// relu' is 0 at 0; a clamp's slope is 1 inside and at the ends, and 0 outside, where the other gradient goes
// on with the clamped value.
TEST(Gates, KinksFollowPyTorch) {
  for (const simdact_target* target : RunningTargets()) {
    for (const simdact_dtype dtype : Dtypes()) {
      SCOPED_TRACE(testing::Message()
                   << simdact_accuracy::DtypeName(dtype) << " on " << simdact_target_name(target));
      const auto of = [&](simdact_gate gate, simdact_tier tier) {
        return GateCase{target,
                        gate,
                        dtype,
                        tier,
                        simdact_find_gate(target, gate, dtype, tier),
                        RoundedTo(dtype, simdact_describe_gate(gate)->defaults),
                        FormatOf(dtype).bytes};
      };
      const GateCase reglu = of(SIMDACT_GATE_reglu, SIMDACT_ACCURATE);
      EXPECT_EQ(At(reglu, 0.0, 5.0).dgate, 0.0);
      EXPECT_EQ(At(reglu, 0.25, 5.0).dgate, 5.0);

      const double above = dtype == SIMDACT_BF16 ? 7.0625 : 7.0078125;
      for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
        const GateCase oai = of(SIMDACT_GATE_swiglu_oai, tier);
        EXPECT_NEAR(At(oai, 7.0, 1.0).dgate, 2.0, 0.01);
        EXPECT_EQ(At(oai, above, 1.0).dgate, 0.0);
        EXPECT_EQ(At(oai, above, 1.0).y, At(oai, 7.0, 1.0).y);
        EXPECT_NE(At(oai, above, 1.0).dup, 0.0);
        for (const double side : {1.0, -1.0}) {
          EXPECT_NEAR(At(oai, 1.0, 7.0 * side).dup, 0.8458, 0.003);
          EXPECT_EQ(At(oai, 1.0, above * side).dup, 0.0);
          EXPECT_EQ(At(oai, 1.0, above * side).y, At(oai, 1.0, 7.0 * side).y);
          EXPECT_EQ(At(oai, 1.0, above * side).dgate, At(oai, 1.0, 7.0 * side).dgate);
        }
        EXPECT_EQ(At(oai, 1.0, -1.0).y, 0.0);
        EXPECT_TRUE(std::isnan(At(oai, 1.0, kNan).dup));  // for the clamp's slope is NaN there
      }
    }
  }
}

// The fast tier's zeros and infinities are the accurate one's, with their signs.
TEST_P(GatesTest, FastHasTheSpecialValuesOfAccurate) {
  const double values[] = {0.0, -0.0, 1.0, -1.0, 200.0, -200.0, 1e30, -1e30, kInf, -kInf, kNan};
  ForEach([&](const GateCase& c) {
    if (c.tier != SIMDACT_FAST) return;
    GateCase accurate = c;
    accurate.tier = SIMDACT_ACCURATE;
    accurate.kernel = simdact_find_gate(c.target, c.gate, c.dtype, SIMDACT_ACCURATE);
    for (const double gate : values) {
      for (const double up : values) {
        const Results got = At(c, gate, up), want = At(accurate, gate, up);
        const auto expect = [&](double a, double b, const char* output) {
          if (b != 0 && std::isfinite(b)) {
            EXPECT_NEAR(a, b, std::fabs(b) * 0x1p-7) << output << " at " << gate << " " << up;
          } else {
            EXPECT_TRUE(Is(a, b)) << output << " at " << gate << " " << up;
            if (b == 0) {
              EXPECT_EQ(std::signbit(a), std::signbit(b)) << output << " at " << gate << " " << up;
            }
          }
        };
        expect(got.y, want.y, "y");
        expect(got.dgate, want.dgate, "dgate");
        expect(got.dup, want.dup, "dup");
      }
    }
  });
}

// reglu is as fast as memory, geglu_tanh's gradients gain by fused multiply-add, and f64 has one tier; all
// the others have two.
TEST_P(GatesTest, FastIsAccurateWhereItIsNotFaster) {
  for (const simdact_target* target : RunningTargets()) {
    const int fma = simdact_target_has_fma(target);
    for (const simdact_dtype dtype : Dtypes()) {
      for (const simdact_direction direction : {SIMDACT_FORWARD, SIMDACT_BACKWARD}) {
        const bool slow = gate_ == SIMDACT_GATE_geglu_tanh && direction == SIMDACT_BACKWARD && fma == 0;
        const bool fast = dtype != SIMDACT_F64 && gate_ != SIMDACT_GATE_reglu && !slow;
        EXPECT_EQ(HasFastGate(target, gate_, dtype, direction), fast) << simdact_target_name(target);
        EXPECT_EQ(simdact_gate_fast_claim(gate_, dtype, direction, fma),
                  !fast                   ? simdact_gate_claim(gate_, dtype, direction, fma)
                  : dtype == SIMDACT_F32  ? 4.0
                  : dtype == SIMDACT_BF16 ? 0.6
                                          : 1.0);
      }
    }
  }
}

// ---- What gates.h says -----------------------------------------------------------------------------------

TEST(Gates, FindsNothingThatDoesNotExist) {
  const simdact_target* target = RunningTargets()[0];
  EXPECT_EQ(simdact_find_gate(nullptr, SIMDACT_GATE_glu, SIMDACT_F32, SIMDACT_ACCURATE), nullptr);
  EXPECT_EQ(simdact_find_gate(target, SIMDACT_GATE_COUNT, SIMDACT_F32, SIMDACT_ACCURATE), nullptr);
  EXPECT_EQ(simdact_find_gate(target, SIMDACT_GATE_glu, SIMDACT_DTYPE_COUNT, SIMDACT_ACCURATE), nullptr);
  EXPECT_EQ(simdact_find_gate(target, SIMDACT_GATE_glu, SIMDACT_F32, SIMDACT_TIER_COUNT), nullptr);
  EXPECT_EQ(simdact_find_gate_default(SIMDACT_GATE_COUNT, SIMDACT_F32, SIMDACT_FAST), nullptr);
  EXPECT_EQ(simdact_find_gate_default(SIMDACT_GATE_glu, SIMDACT_F32, SIMDACT_TIER_COUNT), nullptr);
  EXPECT_EQ(simdact_find_gate_default(SIMDACT_GATE_glu, SIMDACT_F32, SIMDACT_FAST),
            simdact_find_gate(simdact_target_default(), SIMDACT_GATE_glu, SIMDACT_F32, SIMDACT_FAST));
  EXPECT_EQ(simdact_describe_gate(SIMDACT_GATE_COUNT), nullptr);
  EXPECT_LT(simdact_gate_claim(SIMDACT_GATE_COUNT, SIMDACT_F32, SIMDACT_FORWARD, 1), 0);
  EXPECT_LT(simdact_gate_fast_claim(SIMDACT_GATE_COUNT, SIMDACT_F32, SIMDACT_FORWARD, 1), 0);
  EXPECT_LT(simdact_gate_claim(SIMDACT_GATE_glu, SIMDACT_DTYPE_COUNT, SIMDACT_FORWARD, 1), 0);
  EXPECT_LT(simdact_gate_claim(SIMDACT_GATE_glu, SIMDACT_F32, SIMDACT_BACKWARD_FROM_OUTPUT, 1), 0);
}

TEST(Gates, DescriptionsSayWhatTheListSays) {
  const simdact_gate_description& oai = *simdact_describe_gate(SIMDACT_GATE_swiglu_oai);
  EXPECT_STREQ(oai.name, "swiglu_oai");
  EXPECT_EQ(oai.parameters, 2);
  EXPECT_STREQ(oai.parameter_names[1], "limit");
  EXPECT_EQ(oai.defaults.value[0], 1.702);
  EXPECT_EQ(simdact_describe_gate(SIMDACT_GATE_glu)->parameters, 0);
}

// An infinite limit is no limit.
TEST(Gates, InfiniteLimitClampsNothing) {
  const float gate[] = {-200.0f, -1.0f, 0.5f, 90.0f}, up[] = {1e30f, -1e30f, 50.0f, -90.0f};
  float without[4], wide[4];
  simdact::swiglu_oai(gate, up, without, 4, 1.702f, std::numeric_limits<float>::infinity());
  simdact::swiglu_oai(gate, up, wide, 4, 1.702f, 3e38f);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(without[i], wide[i]);
  EXPECT_EQ(without[3], -8010.0f);
}

}  // namespace
}  // namespace simdact_test
