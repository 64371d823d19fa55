// The exact tier where its kernels for double are in doubt, against MPFR: next to ties between two floats.

#include <cstring>
#include <random>

#include "tests/common/kernels.h"
#include "tests/reference/textbook.h"
#include "tests/ruler/parameters.h"

namespace simdact_test {
namespace {

using namespace simdact_accuracy;  // NOLINT: names of ops and directions

class ExactTiesTest : public testing::TestWithParam<int> {
 protected:
  // Inputs whose results are ties but for a term far below: halves and other shares of denormals, and numbers
  // with few digits beside 0, 1 and the places where functions level out; and any.
  static std::vector<float> Inputs() {
    std::mt19937 random(7);
    std::vector<float> x;
    const auto both = [&x](double v) {
      x.push_back(static_cast<float>(v)), x.push_back(static_cast<float>(-v));
    };
    for (int k = 1; k <= 25; k += 2) {
      for (const int exponent :
           {-149, -148, -140, -130, -127, -126, -25, -24, -23, -22, -14, -13, -12, -11, -8})
        both(std::ldexp(k, exponent));
      for (const int exponent : {-24, -23, -12, -11}) both(1 + std::ldexp(k, exponent));
      both(0.5 * k), both(0.125 * k), both(3 + 0x1p-12 * k), both(88 + 0.25 * k), both(0x1p24 + 2 * k),
          both(-100.0 * k);
    }
    const size_t end = x.size() + (Quick() ? 100 : 1200);
    while (x.size() < end) {
      const float any = FromBits(static_cast<uint32_t>(random()));
      const float near = std::ldexp(1.0f + static_cast<float>(random() % 8388608) * 0x1p-23f,
                                    static_cast<int>(random() % 12) - 7);
      if (any - any == 0 && any != 0) x.push_back(any), x.push_back(random() % 2 != 0 ? near : -near);
    }
    return x;
  }

  // From the output: outputs that these have.
  std::vector<float> InputsOf(simdact_direction direction, const simdact_params& p) const {
    const std::vector<float> x = Inputs();
    if (direction != SIMDACT_BACKWARD_FROM_OUTPUT) return x;
    const simdact_kernel* kernel = simdact_find_default(op_, SIMDACT_F32, SIMDACT_EXACT);
    std::vector<float> y(x.size()), outputs;
    kernel->forward(x.data(), y.data(), x.size(), p);
    for (const float v : y) {
      if (v - v == 0 && v != 0) outputs.push_back(v);
    }
    return outputs;
  }

  // 1, a number of few digits, a denormal, or any of ordinary size.
  static float Upstream(std::mt19937& random) {
    const float few = 1.0f + static_cast<float>(random() % 64), any = static_cast<float>(random() % 8388608);
    switch (random() % 4) {
      case 0:
        return 1.0f;
      case 1:
        return std::ldexp(few, -149);
      case 2:
        return few;
      default:
        return std::ldexp(1.0f + any * 0x1p-23f, static_cast<int>(random() % 80) - 40);
    }
  }

  static const Textbook::Formula& FormulaOf(const Textbook& textbook, simdact_direction direction) {
    return direction == SIMDACT_FORWARD    ? textbook.f
           : direction == SIMDACT_BACKWARD ? textbook.derivative
                                           : textbook.from_output;
  }

  // Far out Big has too few digits for 1 - tanh(x) and exp(x), of which at a tie the sign is what counts.
  Big ValueOf(const Textbook::Formula& formula, simdact_direction direction, double x, const Big* p) const {
    const Big one = 1.0, tiny = 0x1p-800;
    if (op_ == SIMDACT_OP_tanhshrink && direction == SIMDACT_FORWARD && std::fabs(x) > 400)
      return x > 0 ? Big(x) - (one - tiny) : Big(x) + (one - tiny);
    if (op_ == SIMDACT_OP_xielu && x < -900) {
      const Big left = p[1] * (tiny - one);
      return direction == SIMDACT_FORWARD ? left - p[1] * Big(x) + p[2] * Big(x) : left + p[2];
    }
    return formula(x, p);
  }

  void Compare(simdact_direction direction, const simdact_params& given) const {
    const simdact_params p = RoundedTo(SIMDACT_F32, given);
    const Big big[] = {p.value[0], p.value[1], p.value[2], p.value[3]};
    const Textbook::Formula& formula = FormulaOf(Textbooks().at(simdact_describe(op_)->name), direction);
    std::mt19937 random(9);
    std::vector<float> x, dy, want;
    for (const float in : InputsOf(direction, p)) {
      const float upstream = direction == SIMDACT_FORWARD ? 1.0f : Upstream(random);
      const Big exact =
          ValueOf(formula, direction, static_cast<double>(in), big) * Big(static_cast<double>(upstream));
      if (exact.IsNan() || (exact.IsInf() && std::fabs(in) > 0x1p28f)) continue;  // beyond MPFR's exponents
      x.push_back(in), dy.push_back(upstream), want.push_back(exact.RoundedToFloat());
    }
    ASSERT_GT(x.size(), size_t{50});
    std::vector<float> y(x.size());
    for (const simdact_target* target : RunningTargets()) {
      const simdact_kernel* kernel = simdact_find(target, op_, SIMDACT_F32, SIMDACT_EXACT);
      ASSERT_NE(kernel, nullptr);
      Call(*kernel, direction, p, x.data(), dy.data(), y.data(), x.size());
      for (size_t i = 0; i < x.size(); ++i) {
        ASSERT_EQ(y[i], want[i]) << DirectionName(direction) << " on " << simdact_target_name(target)
                                 << std::hexfloat << " at " << x[i] << ", dy " << dy[i] << ", parameters "
                                 << p.value[0] << ", " << p.value[1] << ", " << p.value[2];
      }
    }
  }
  const simdact_op op_ = static_cast<simdact_op>(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Ops, ExactTiesTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

TEST_P(ExactTiesTest, SettledAsMpfrDoes) {
  std::vector<simdact_params> sets = OtherParameters(op_, Quick() ? 1 : 4);
  sets.push_back(simdact_describe(op_)->defaults);
  for (const simdact_direction direction : Directions()) {
    if (!Exists(op_, direction)) continue;
    for (const simdact_params& p : sets) Compare(direction, p);
  }
}

}  // namespace
}  // namespace simdact_test
