// Any parameters: denormal, huge, zero, infinite, negative and NaN ones, in every op, number format,
// direction and tier and on every target, against the references. dispatch/README.md has the rule; its table
// is tested here, too.
//
// $SIMDACT_TEST_SEED gives another sequence of numbers than the usual one, $SIMDACT_TEST_SETS more of it.

#include <cstdlib>
#include <random>

#include "tests/common/kernels.h"
#include "tests/unary/special_tables.h"

namespace simdact_test {
namespace {

using namespace simdact_accuracy;  // NOLINT: the unit and the references are from there

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

std::string Show(const simdact_params& p, int count) {
  std::ostringstream text;
  text << std::hexfloat;
  for (int i = 0; i < count; ++i) text << (i == 0 ? "(" : ", ") << p.value[i];
  return text.str() + ")";
}

// Numbers of one format.
class Numbers {
 public:
  Numbers(simdact_dtype dtype, uint64_t seed) : dtype_(dtype), random_(seed) {}

  uint64_t Below(uint64_t n) { return random_() % n; }
  double Sign() { return Below(2) == 0 ? 1.0 : -1.0; }
  // Of a random mantissa, or a power of two; exponents in [least, most].
  double Between(int least, int most) {
    const double mantissa = Below(3) == 0 ? 1.0 : 1.0 + std::ldexp(static_cast<double>(random_() >> 11), -53);
    const int exponent = least + static_cast<int>(Below(static_cast<uint64_t>(most - least + 1)));
    return Sign() * std::ldexp(mantissa, exponent);
  }
  double OfAnyBits() {
    const uint64_t bits = random_();
    switch (dtype_) {
      case SIMDACT_F64:
        return FromBits64(bits);
      case SIMDACT_F32:
        return static_cast<double>(FromBits(static_cast<uint32_t>(bits)));
      default:
        return FromHalf(dtype_, static_cast<uint16_t>(bits));
    }
  }
  // From the least denormal to the largest binade, evenly in the exponent.
  double OfAnySize() {
    const NumberFormat& format = FormatOf(dtype_);
    return Between(format.min_exponent - format.fraction_bits, format.max_exponent);
  }
  double Special() {
    const NumberFormat& format = FormatOf(dtype_);
    const double least = std::ldexp(1.0, format.min_exponent - format.fraction_bits);
    const double most = std::ldexp(2.0 - std::ldexp(1.0, -format.fraction_bits), format.max_exponent);
    const double values[] = {0.0, kInf, 1.0, 0.5, 2.0, 3.0, 20.0, least, 3 * least, most, 1e-6};
    return Sign() * values[Below(std::size(values))];
  }

  double Parameter() {
    switch (Below(8)) {
      case 0:
      case 1:
        return Special();
      case 2:
        return OfAnyBits();
      case 3:
      case 4:
        return Between(-12, 8);
      default:
        return OfAnySize();
    }
  }
  // NaN in one of 64 sets.
  simdact_params Parameters(const simdact_description& d) {
    simdact_params p = {};
    for (int i = 0; i < d.parameters; ++i) {
      p.value[i] = Below(3) == 0 && d.parameters > 1 ? d.defaults.value[i] : Parameter();
      if (std::isnan(p.value[i])) p.value[i] = 1.0;
    }
    if (d.parameters > 1 && Below(8) == 0) p.value[1] = p.value[Below(static_cast<uint64_t>(d.parameters))];
    if (d.parameters > 2 && Below(8) == 0) p.value[2] = p.value[1];
    if (Below(64) == 0) p.value[Below(static_cast<uint64_t>(d.parameters))] = kNan;
    return p;
  }
  // What is a small factor off a parameter or its inverse is where ops bend.
  double Input(const simdact_params& p, int count) {
    const double scale = p.value[Below(static_cast<uint64_t>(count))], factor = Between(-10, 12);
    switch (Below(8)) {
      case 0:
        return Special();
      case 1:
        return OfAnyBits();
      case 2:
        return OfAnySize();
      case 3:
        return Between(-20, 10);
      case 4:
        return scale * Sign();
      case 5:
      case 6:
        return scale * factor;
      default:
        return factor / scale;
    }
  }

 private:
  simdact_dtype dtype_;
  std::mt19937_64 random_;
};

class RandomParameters : public testing::TestWithParam<simdact_op> {
 protected:
  const simdact_op op_ = GetParam();
  const simdact_description& description_ = *simdact_describe(op_);

  // Beside the claim: half an ulp for the parameter's own product, as at other parameters anywhere; and of
  // xielu 2^-95 of its terms, which is what the references are good to.
  bool Near(const Case& c, double x, const simdact_params& p, double got, long double exact) const {
    if (std::isnan(exact) || std::isnan(got)) return std::isnan(exact) && std::isnan(got);
    if (c.tier == SIMDACT_FAST) {
      const double claim = simdact_fast_claim(op_, c.dtype, c.direction, simdact_target_has_fma(c.target));
      const double term = LargestTerm(op_, c.direction, x, p.value);
      return FastError(c.dtype, got, exact, term, claim) <= claim;
    }
    if (got == Rounded(c.dtype, exact)) return true;
    if (c.Is("xielu") &&
        std::fabs(got - exact) <= 0x1p-95L * ReferenceOf(op_, c.direction).Cancellation(x, p.value))
      return true;
    if (IsHalf(c.dtype)) {
      // Next to the middle of two numbers, but not on it, is what a parameter of more digits may bring about.
      // Which side of x / 2 xielu is on at denormals its reference cannot tell.
      const long double other = 2 * exact - got;
      return UlpError(c.dtype, got, exact) <= 0.5 + 0x1p-40 &&
             (c.Is("xielu") || other != Rounded(c.dtype, other));
    }
    const int fma = simdact_target_has_fma(c.target);
    return UlpError(c.dtype, got, exact) <= simdact_claim(op_, c.dtype, c.direction, fma) + 0.5;
  }

  void Compare(simdact_dtype dtype, simdact_direction direction, const simdact_params& p,
               const std::vector<double>& values, std::vector<int>& failures) const {
    const Array x(dtype, values);
    std::vector<long double> exact;
    for (size_t i = 0; i < x.Size(); ++i) exact.push_back(Exact(op_, direction, x[i], p));
    for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
      std::vector<double> first;
      for (const simdact_target* target : RunningTargets()) {
        if (tier == SIMDACT_FAST && !HasFast(target, op_, dtype, direction)) continue;
        const Case c{target,       op_, dtype, direction, tier, simdact_find(target, op_, dtype, tier),
                     &description_};
        Array y(dtype);
        simdact_accuracy::Run(*c.kernel, direction, p, x, y);
        for (size_t i = 0; i < x.Size(); ++i) {
          const double got = y[i];
          if (first.size() <= i) first.push_back(got);
          const bool same_zero = got != 0 || first[i] != 0 || std::signbit(got) == std::signbit(first[i]);
          if (Near(c, x[i], p, got, exact[i]) && same_zero) continue;
          if (++failures[static_cast<size_t>(direction)] > 5) return;
          ADD_FAILURE() << c.Name() << ", parameters " << Show(p, description_.parameters) << std::hexfloat
                        << ", x = " << x[i] << ": got " << got << ", want " << static_cast<double>(exact[i])
                        << std::defaultfloat << " = " << static_cast<double>(exact[i]) << ", "
                        << UlpError(dtype, got, exact[i]) << " ulp"
                        << (same_zero ? "" : "; the sign of zero is another than elsewhere");
        }
      }
    }
  }
};

TEST_P(RandomParameters, AgreeWithTheReference) {
  const uint64_t sets = FromEnvironment("SIMDACT_TEST_SETS", Quick() ? 40 : 160);
  const uint64_t seed = FromEnvironment("SIMDACT_TEST_SEED", 1);
  for (const simdact_dtype dtype : Dtypes()) {
    Numbers parameters(IsHalf(dtype) ? SIMDACT_F32 : dtype, seed * 8 + 1 + static_cast<uint64_t>(dtype));
    Numbers inputs(dtype, seed * 8 + 5);
    std::vector<int> failures(SIMDACT_DIRECTION_COUNT);
    for (uint64_t set = 0; set < sets; ++set) {
      const simdact_params p = RoundedTo(dtype, parameters.Parameters(description_));
      std::vector<double> x = {0.0, -0.0, kInf, -kInf, kNan, 1.0, -1.0};
      while (x.size() < 67) x.push_back(Rounded(dtype, inputs.Input(p, description_.parameters)));
      for (const simdact_direction direction : Directions()) {
        if (!Exists(op_, direction)) continue;
        std::vector<double> from = x;
        if (direction == SIMDACT_BACKWARD_FROM_OUTPUT) {
          // What y tells of x, where it tells little, is another test's matter.
          if (SameName(description_.name, "softplus")) continue;
          for (double& value : from) {
            const long double y = Exact(op_, SIMDACT_FORWARD, value, p);
            value = Rounded(dtype, y);
            if (std::isinf(value) && !std::isinf(y)) value = 0.0;  // f(x) overflows: it is not that
          }
        }
        Compare(dtype, direction, p, from, failures);
      }
    }
  }
}

// In every place, in every direction, whatever x is.
TEST_P(RandomParameters, NanGivesNan) {
  ForEachKernelOf(
      op_,
      [&](const Case& c) {
        for (int i = 0; i < description_.parameters; ++i) {
          simdact_params p = description_.defaults;
          p.value[i] = kNan;
          const Array x(c.dtype, std::vector<double>{kInf, -kInf, 0.0, 1.0, -1.0, 0.3, 100.0, -100.0, kNan});
          Array y(c.dtype);
          simdact_accuracy::Run(*c.kernel, c.direction, p, x, y);
          for (size_t k = 0; k < x.Size(); ++k) {
            EXPECT_TRUE(std::isnan(y[k])) << description_.parameter_names[i] << ", x = " << x[k];
          }
        }
        // What is no parameter of the op is not looked at.
        simdact_params p = description_.defaults;
        for (int i = description_.parameters; i < SIMDACT_MAX_PARAMETERS; ++i) p.value[i] = kNan;
        EXPECT_FALSE(std::isnan(Evaluate(c, 1.0, p)));
      },
      Tiers::kAll);
}

std::vector<simdact_op> OpsWithParameters() {
  std::vector<simdact_op> ops;
  for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
    if (simdact_describe(static_cast<simdact_op>(op))->parameters > 0)
      ops.push_back(static_cast<simdact_op>(op));
  }
  return ops;
}
INSTANTIATE_TEST_SUITE_P(Ops, RandomParameters, testing::ValuesIn(OpsWithParameters()),
                         [](const auto& info) { return std::string(simdact_describe(info.param)->name); });

// The table of dispatch/README.md: f and f' at -inf, -2, 0, 2 and inf. Signs of zeros count but at x = 0.
struct Limit {
  const char* op;
  simdact_params p;
  double f[5], slope[5];
};
const std::vector<Limit>& Limits() {
  static const std::vector<Limit> table = {
      {"leaky_relu", {{0.0}}, {-0.0, -0.0, 0, 2, kInf}, {0, 0, 0, 1, 1}},
      {"leaky_relu", {{kInf}}, {-kInf, -kInf, 0, 2, kInf}, {kInf, kInf, kInf, 1, 1}},
      {"leaky_relu", {{-kInf}}, {kInf, kInf, 0, 2, kInf}, {-kInf, -kInf, -kInf, 1, 1}},
      {"prelu", {{kInf}}, {-kInf, -kInf, 0, 2, kInf}, {kInf, kInf, kInf, 1, 1}},
      {"rrelu", {{0.25, kInf}}, {-kInf, -kInf, 0, 2, kInf}, {kInf, kInf, kInf, 1, 1}},
      {"rrelu", {{-kInf, kInf}}, {kNan, kNan, kNan, 2, kInf}, {kNan, kNan, kNan, 1, 1}},
      {"hardtanh", {{-kInf, 1.0}}, {-kInf, -2, 0, 1, 1}, {0, 1, 1, 0, 0}},
      {"hardtanh", {{-1.0, kInf}}, {-1, -1, 0, 2, kInf}, {0, 0, 1, 1, 0}},
      {"clamp", {{-kInf, kInf}}, {-kInf, -2, 0, 2, kInf}, {1, 1, 1, 1, 1}},
      {"hardsigmoid", {{0.0, 0.5}}, {0.5, 0.5, 0.5, 0.5, 0.5}, {0, 0, 0, 0, 0}},
      {"hardsigmoid", {{kInf, 0.5}}, {0, 0, 0.5, 1, 1}, {0, 0, 0, 0, 0}},
      {"hardsigmoid", {{0.25, kInf}}, {1, 1, 1, 1, 1}, {0, 0, 0, 0, 0}},
      {"threshold", {{kInf, 7.0}}, {7, 7, 7, 7, 7}, {0, 0, 0, 0, 0}},
      {"threshold", {{1.0, kInf}}, {kInf, kInf, kInf, 2, kInf}, {0, 0, 0, 1, 1}},
      {"thresholded_relu", {{kInf}}, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}},
      {"softshrink", {{kInf}}, {-0.0, -0.0, 0, 0, 0}, {0, 0, 0, 0, 0}},
      {"hardshrink", {{kInf}}, {-0.0, -0.0, 0, 0, 0}, {0, 0, 0, 0, 0}},
      {"shrink", {{0.5, kInf}}, {kInf, kInf, 0, -kInf, -kInf}, {1, 1, 0, 1, 1}},
      {"linear", {{0.0, 3.0}}, {3, 3, 3, 3, 3}, {0, 0, 0, 0, 0}},
      {"linear", {{kInf, 3.0}}, {-kInf, -kInf, 3, kInf, kInf}, {kInf, kInf, kInf, kInf, kInf}},
      {"linear", {{1.0, kInf}}, {kInf, kInf, kInf, kInf, kInf}, {1, 1, 1, 1, 1}},
      {"elu", {{0.0}}, {-0.0, -0.0, 0, 2, kInf}, {0, 0, 0, 1, 1}},
      {"elu", {{kInf}}, {-kInf, -kInf, 0, 2, kInf}, {kInf, kInf, kInf, 1, 1}},
      {"elu", {{-2.0}}, {2, 1.7293294335267746, 0, 2, kInf}, {-0.0, -0.27067056647322538, -2, 1, 1}},
      {"celu", {{0.0}}, {-0.0, -0.0, 0, 2, kInf}, {0, 0, 1, 1, 1}},
      {"celu", {{-0.0}}, {-kInf, -kInf, 0, 2, kInf}, {kInf, kInf, 1, 1, 1}},
      {"celu", {{kInf}}, {-kInf, -2, 0, 2, kInf}, {1, 1, 1, 1, 1}},
      {"celu", {{-kInf}}, {-kInf, -2, 0, 2, kInf}, {1, 1, 1, 1, 1}},
      {"celu", {{-1.0}}, {-kInf, -6.3890560989306502, 0, 2, kInf}, {kInf, 7.3890560989306502, 1, 1, 1}},
      {"xielu", {{0.0, 0.0, 0.5, -1e-6}}, {-kInf, -1, 0, 1, kInf}, {0.5, 0.5, 0.5, 0.5, 0.5}},
      {"xielu",
       {{kInf, 0.75, 0.5, -1.0}},
       {kInf, -0.14849853757254047, -0.47409041912141826, kInf, kInf},
       {-0.25, -0.14849853757254047, -0.25, kInf, kInf}},
      {"pow", {{0.0}}, {1, 1, 1, 1, 1}, {0, 0, 0, 0, 0}},
      {"pow", {{kInf}}, {kInf, kInf, 0, kInf, kInf}, {-kInf, -kInf, 0, kInf, kInf}},
      {"pow", {{-kInf}}, {0, 0, kInf, 0, 0}, {0, 0, -kInf, -0.0, -0.0}},
      {"softplus", {{0.0, 20.0}}, {kInf, kInf, kInf, kInf, kInf}, {0.5, 0.5, 0.5, 0.5, 0.5}},
      {"softplus", {{-0.0, 20.0}}, {-kInf, -kInf, -kInf, -kInf, -kInf}, {0.5, 0.5, 0.5, 0.5, 0.5}},
      {"softplus", {{kInf, 20.0}}, {0, 0, 0, 2, kInf}, {0, 0, 0.5, 1, 1}},
      {"softplus", {{-kInf, 20.0}}, {-kInf, -2, 0, -0.0, -0.0}, {1, 1, 0.5, 0, 0}},
      {"softplus",
       {{1.0, kInf}},
       {0, 0.12692801104297263, 0.69314718055994529, 2.1269280110429727, kInf},
       {0, 0.11920292202211755, 0.5, 0.88079707797788243, 1}},
      {"softplus", {{1.0, -kInf}}, {0, -2, 0, 2, kInf}, {0, 1, 1, 1, 1}},
      {"swish", {{0.0}}, {-kInf, -1, 0, 1, kInf}, {0.5, 0.5, 0.5, 0.5, 0.5}},
      {"swish", {{kInf}}, {-0.0, -0.0, 0, 2, kInf}, {-0.0, -0.0, 0.5, 1, 1}},
      {"swish", {{-kInf}}, {-kInf, -2, 0, 0.0, 0.0}, {1, 1, 0.5, -0.0, -0.0}},
      {"softcap", {{0.0}}, {-0.0, -0.0, 0, 0, 0}, {0, 0, 1, 0, 0}},
      {"softcap", {{kInf}}, {-kInf, -2, 0, 2, kInf}, {1, 1, 1, 1, 1}},
      {"softcap", {{-kInf}}, {-kInf, -2, 0, 2, kInf}, {1, 1, 1, 1, 1}},
  };
  return table;
}

TEST(Parameters, ZeroAndInfinityGiveTheLimit) {
  constexpr double kX[] = {-kInf, -2, 0, 2, kInf};
  for (const Limit& limit : Limits()) {
    int op = 0;
    while (op < SIMDACT_OP_COUNT && !SameName(simdact_describe(static_cast<simdact_op>(op))->name, limit.op))
      ++op;
    ASSERT_LT(op, SIMDACT_OP_COUNT) << limit.op;
    ForEachKernelOf(
        static_cast<simdact_op>(op),
        [&](const Case& c) {
          if (c.direction == SIMDACT_BACKWARD_FROM_OUTPUT) return;
          for (size_t i = 0; i < std::size(kX); ++i) {
            const double want = c.direction == SIMDACT_FORWARD ? limit.f[i] : limit.slope[i];
            const double got = Evaluate(c, kX[i], limit.p);
            const double tolerance = IsHalf(c.dtype)          ? 4e-3
                                     : c.tier == SIMDACT_FAST ? 0x1p-21
                                     : c.dtype == SIMDACT_F64 ? 1e-13
                                                              : 1e-6;
            const bool near = std::isnan(want) ? std::isnan(got)
                              : std::isinf(want) || want == 0
                                  ? got == want
                                  : std::fabs(got - want) <= tolerance * std::fabs(want);
            EXPECT_TRUE(near && (want != 0 || kX[i] == 0 || std::signbit(got) == std::signbit(want)))
                << Show(limit.p, c.description->parameters) << " at " << kX[i] << ": got " << got << ", want "
                << want;
          }
        },
        Tiers::kAll);
  }
}

// A product that vanishes leaves a zero with its sign: alpha times exp(x) and alpha times x.
TEST(Parameters, ZerosKeepTheProductsSign) {
  size_t vanished = 0;
  ForEachKernelOf(
      SIMDACT_OP_elu,
      [&](const Case& c) {
        if (c.direction == SIMDACT_BACKWARD_FROM_OUTPUT) return;
        const bool forward = c.direction == SIMDACT_FORWARD, is_double = c.dtype == SIMDACT_F64;
        const double deepest = is_double ? -745 : -104;
        for (int exponent = -1; exponent >= (is_double ? -500 : -60); --exponent) {
          for (const double alpha : {std::ldexp(1.137, exponent), std::ldexp(-1.137, exponent)}) {
            for (const double x : {std::ldexp(-1.947, is_double ? -580 : -93), deepest / 2, deepest}) {
              const double y = Evaluate(c, x, {{alpha}});
              if (y != 0 || simdact_accuracy::Rounded(c.dtype, x) == 0) continue;
              ++vanished;
              EXPECT_EQ(std::signbit(y), (alpha < 0) != forward)
                  << std::hexfloat << "alpha " << alpha << " at " << x;
            }
          }
        }
      },
      Tiers::kAll);
  EXPECT_GT(vanished, size_t{100});
}

}  // namespace
}  // namespace simdact_test
