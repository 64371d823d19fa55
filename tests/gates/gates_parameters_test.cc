// Gates at parameters of all kinds: NaN gives NaN, an infinite, zero, negative or denormal one the limit of
// the formula, on every target alike.

#include <random>

#include "tests/gates/gates_cases.h"

namespace simdact_test {
namespace {

using simdact_accuracy::ExactGate;
using simdact_accuracy::GateOutput;
using simdact_accuracy::GateValue;
using simdact_accuracy::NumberFormat;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Numbers of all sizes, and now and then one that is none.
class Numbers {
 public:
  explicit Numbers(simdact_dtype dtype) : dtype_(dtype) {}
  double Any() {
    switch (random_() % 12) {
      case 0:
        return Sign() * 0.0;
      case 1:
        return Sign() * kInf;
      case 2:
        return random_() % 4 == 0 ? kNan : Sign();
      default: {
        const int most = dtype_ == SIMDACT_F64 ? 1023 : 127, least = dtype_ == SIMDACT_F64 ? -1074 : -149;
        const int exponent = least + static_cast<int>(random_() % static_cast<uint32_t>(most - least + 1));
        return Sign() * std::ldexp(1 + Fraction() / 2, exponent);
      }
    }
  }
  double Common() { return random_() % 4 == 0 ? Any() : Sign() * std::exp2(10 * Fraction() - 6); }

 private:
  double Sign() { return random_() % 2 == 0 ? 1 : -1; }
  double Fraction() { return std::ldexp(static_cast<double>(random_()), -32); }
  simdact_dtype dtype_;
  std::mt19937 random_{5};
};

// Whether a result is the exact one, or as near as claimed: half a unit more than at the defaults. An
// activation that is too small for any number gives NaN with an infinite up.
bool IsNear(const GateCase& c, GateOutput output, double gate, double got, const GateValue& want,
            double claim) {
  const long double product = want.Product();
  const NumberFormat& computed = FormatOf(c.dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32);
  const int lost = c.tier == SIMDACT_FAST ? 0 : computed.fraction_bits;
  const long double least = std::ldexp(1.0L, computed.min_exponent - lost);
  if (std::isinf(want.other) && std::fabs(want.factor) < least && std::isnan(got)) return true;
  if (std::isnan(product) || std::isinf(product))
    return std::isnan(product) ? std::isnan(got) : static_cast<long double>(got) == product;
  return c.Error(output, gate, got, want) <= claim + 0.5;
}

constexpr size_t kInputs = 64;

class GatesParametersTest : public GatesTest {};
INSTANTIATE_TEST_SUITE_P(Gates, GatesParametersTest, testing::Range(0, static_cast<int>(SIMDACT_GATE_COUNT)),
                         GateName);

TEST_P(GatesParametersTest, EveryParameterHasItsLimit) {
  const int count = simdact_describe_gate(gate_)->parameters;
  const simdact_target* first = nullptr;
  std::vector<Buffers> of_first;  // its results, for each set of parameters, by dtype
  size_t next = 0;
  ForEach([&](const GateCase& given) {
    if (first == nullptr) first = given.target;
    GateCase c = given;
    Numbers numbers(c.dtype);
    for (int set = 0; set < (count == 0 ? 8 : Quick() ? 60 : 600); ++set) {
      for (int i = 0; i < count; ++i) c.p.value[i] = set % 2 == 0 ? numbers.Any() : numbers.Common();
      c.p = RoundedTo(c.dtype, c.p);
      Buffers r(c.dtype, kInputs);
      for (size_t i = 0; i < kInputs; ++i) {
        r.gate.Set(i, i % 2 == 0 ? numbers.Any() : numbers.Common());
        r.up.Set(i, i % 3 == 0 ? numbers.Any() : numbers.Common());
        r.dy.Set(i, 1.0);
      }
      r.All(c);
      for (size_t i = 0; i < kInputs; ++i) {
        const double gate = r.gate[i], up = r.up[i];
        const auto expect = [&](const Array& got, GateOutput output, simdact_direction direction) {
          const GateValue want = ExactGate(c.gate, c.dtype, output, gate, up, c.p);
          ASSERT_TRUE(IsNear(c, output, gate, got[i], want, c.Claim(direction)))
              << "output " << static_cast<int>(output) << " at gate " << std::hexfloat << gate << ", up "
              << up << ", parameters " << c.p.value[0] << ", " << c.p.value[1] << ": got " << got[i]
              << ", want " << static_cast<double>(want.Product());
        };
        expect(r.y, GateOutput::kY, SIMDACT_FORWARD);
        expect(r.dgate, GateOutput::kDgate, SIMDACT_BACKWARD);
        expect(r.dup, GateOutput::kDup, SIMDACT_BACKWARD);
        if (HasFatalFailure()) return;
      }
      // Zeros have the same signs on all targets. (What is rounded to 0 on one may not be on another; nor is
      // a denormal activation of the fast tier, whose zero, times u + 1, is not what a tiny number is.)
      if (c.target == first) {
        of_first.push_back(r);
        continue;
      }
      const Buffers& other = of_first[next++ % of_first.size()];
      for (size_t i = 0; i < kInputs; ++i) {
        const auto same = [&](const Array& a, const Array& b, GateOutput output) {
          if (a[i] != 0 || b[i] != 0 || std::signbit(a[i]) == std::signbit(b[i])) return true;
          const long double factor = ExactGate(c.gate, c.dtype, output, r.gate[i], r.up[i], c.p).factor;
          return c.tier == SIMDACT_FAST && factor != 0 && std::fabs(factor) < 0x1p-126L;
        };
        ASSERT_TRUE(same(r.y, other.y, GateOutput::kY) && same(r.dgate, other.dgate, GateOutput::kDgate) &&
                    same(r.dup, other.dup, GateOutput::kDup))
            << "signs of zero differ from " << simdact_target_name(first) << " at gate " << std::hexfloat
            << r.gate[i] << ", up " << r.up[i] << ", parameters " << c.p.value[0] << ", " << c.p.value[1];
      }
    }
  });
}

}  // namespace
}  // namespace simdact_test
