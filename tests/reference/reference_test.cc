// The references against MPFR, by the formulas of textbook.h.

#include <cmath>

#include "tests/common/kernels.h"
#include "tests/reference/textbook.h"
#include "tests/ruler/parameters.h"

namespace simdact_test {
namespace {

using simdact_accuracy::OtherParameters;
using simdact_accuracy::Reference;
using simdact_accuracy::ReferenceOf;

// A number from every binade that matters, of each sign, with all of its bits in use; what lies around the
// zeros of derivatives; and kinks.
std::vector<double> ReferenceInputs(simdact_dtype dtype) {
  std::vector<double> inputs = {0.0, 1.0, -1.0, 3.0, -3.0, 6.0, 0.5, -0.5, 2.5, 20.0, -1e-6, 1e30, -1e30};
  for (int exponent = -40; exponent <= 9; ++exponent) {
    for (const double mantissa : {1.0 + 0x1p-20, 1.23456789012345678, 1.6180339887498949, 1.9999999}) {
      inputs.push_back(std::ldexp(mantissa, exponent));
      inputs.push_back(-std::ldexp(mantissa, exponent));
    }
  }
  for (double x = -9.75; x < 10; x += 0.62134567) inputs.push_back(x);
  // silu', gelu', gelu_tanh', gelu_quick', mish', xielu' and xielu at the defaults
  for (const double root : {-1.2784645427610738, -0.7517915246935645, -0.7524614220710189,
                            -0.75115425544130073, -1.1924312145512148, -0.98082925301172622, -2.6}) {
    for (int step = -3; step <= 3; ++step) {
      inputs.push_back(root * (1 + step * std::ldexp(1.0, -FormatOf(dtype).fraction_bits)));
    }
  }
  for (double& x : inputs) x = simdact_accuracy::Rounded(dtype, x);
  return inputs;
}

class ReferenceTest : public testing::TestWithParam<int> {
 protected:
  // Compares one function, in the types for this dtype, with its formula at x.
  void Compare(simdact_direction direction, simdact_dtype dtype, const simdact_params& p, double x,
               const Textbook::Formula& formula) {
    const Reference& reference = ReferenceOf(op_, direction);
    const Big big[SIMDACT_MAX_PARAMETERS] = {p.value[0], p.value[1], p.value[2], p.value[3]};
    const Big want = formula(x, big);
    const double rounded = want.Rounded();
    const double cancellation = reference.Cancellation(x, p.value);
    const auto expect = [&](simdact_reference::Quad got, double bound, const char* type) {
      const double value = static_cast<double>(got);
      if (want.IsNan() || want.IsInf()) {
        ASSERT_TRUE(want.IsNan() ? std::isnan(value) : value == rounded) << type << " is " << value;
        return;
      }
      const double error = std::fabs((Big::Of(got) - want).Rounded());
      const double scale = std::fabs(rounded) + cancellation;
      ASSERT_LE(error, bound * scale)
          << type << ", error " << std::log2(error / scale) << " bits, want " << rounded;
    };
    if (std::fabs(rounded) > 1e290 || (rounded != 0 && std::fabs(rounded) < 1e-290))
      return;  // bounds underflow
    const bool skims = dtype == SIMDACT_F32 && (rounded == 0 || std::fabs(rounded) > 0x1p-150);
    if (skims) expect(reference.skim(x, p.value), 0x1p-43, "double");
    expect(reference.exact(x, p.value), 0x1p-60, "long double");
    // From the output, selu' ends where only the last digits of its constants are left.
    expect(reference.settle(x, p.value), direction == SIMDACT_BACKWARD_FROM_OUTPUT ? 0x1p-64 : 0x1p-80,
           "quad");
  }

  void CompareAll(simdact_dtype dtype, const simdact_params& given) {
    const simdact_params p = simdact_accuracy::RoundedTo(dtype, given);
    const Textbook& textbook = Textbooks().at(simdact_describe(op_)->name);
    for (const double x : ReferenceInputs(dtype)) {
      SCOPED_TRACE(testing::Message() << std::hexfloat << "x = " << x << std::defaultfloat << " = " << x
                                      << " " << simdact_accuracy::DtypeName(dtype) << ", parameters "
                                      << p.value[0] << ", " << p.value[1]);
      Compare(SIMDACT_FORWARD, dtype, p, x, textbook.f);
      Compare(SIMDACT_BACKWARD, dtype, p, x, textbook.derivative);
      if (simdact_accuracy::Exists(op_, SIMDACT_BACKWARD_FROM_OUTPUT)) {
        const double y =
            simdact_accuracy::Rounded(dtype, ReferenceOf(op_, SIMDACT_FORWARD).exact(x, p.value));
        SCOPED_TRACE(testing::Message() << "y = " << y);
        if (!std::isinf(y) && !std::isnan(y)) {
          Compare(SIMDACT_BACKWARD_FROM_OUTPUT, dtype, p, y, textbook.from_output);
        }
      }
      if (HasFatalFailure()) return;
    }
  }

  const simdact_op op_ = static_cast<simdact_op>(GetParam());
};

TEST_P(ReferenceTest, AgreesWithMpfr) {
  ASSERT_EQ(Textbooks().count(simdact_describe(op_)->name), 1u);
  EXPECT_EQ(Textbooks().at(simdact_describe(op_)->name).from_output != nullptr,
            simdact_accuracy::Exists(op_, SIMDACT_BACKWARD_FROM_OUTPUT));
  for (const simdact_dtype dtype : {SIMDACT_F32, SIMDACT_F64}) {
    CompareAll(dtype, simdact_describe(op_)->defaults);
    for (const simdact_params& p : OtherParameters(op_, 12)) CompareAll(dtype, p);
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, ReferenceTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

#ifndef SIMDACT_NO_F64
// xielu and its derivative in f64, right beside the zeros that they have on the left: the claim in ulps and
// 2^-100 of the term that vanishes, measured with MPFR. The quick references, which sweeps use, lose less.
TEST(Xielu, HoldsItsClaimBesideItsZeros) {
  const simdact_op op = SIMDACT_OP_xielu;
  const Textbook& textbook = Textbooks().at("xielu");
  std::vector<simdact_params> sets = OtherParameters(op, Quick() ? 6 : 20);
  sets.push_back(simdact_describe(op)->defaults);
  size_t zeros = 0, beside = 0;
  for (const simdact_params& p : sets) {
    const Big big[SIMDACT_MAX_PARAMETERS] = {p.value[0], p.value[1], p.value[2], p.value[3]};
    for (const simdact_direction direction : {SIMDACT_FORWARD, SIMDACT_BACKWARD}) {
      const Textbook::Formula& formula = direction == SIMDACT_FORWARD ? textbook.f : textbook.derivative;
      const Reference& reference = ReferenceOf(op, direction);
      double low = -700, high = 2 * p.value[3];
      if ((formula(low, big) > Big(0.0)) == (formula(high, big) > Big(0.0))) continue;
      while (std::nextafter(low, high) != high) {
        const double middle = low + (high - low) / 2;
        ((formula(middle, big) > Big(0.0)) == (formula(low, big) > Big(0.0)) ? low : high) = middle;
      }
      ++zeros;
      std::vector<double> inputs;
      for (int step = -100; step <= 100; ++step)
        inputs.push_back(low + step * (std::nextafter(low, 0.0) - low));
      for (int exponent = -52; exponent <= -8; ++exponent) {
        for (const double mantissa : {1.1, -1.3, 1.7, -1.9})
          inputs.push_back(low * (1 + std::ldexp(mantissa, exponent)));
      }
      const Array x(SIMDACT_F64, inputs);
      std::vector<Big> exact;
      for (const double in : inputs) {
        exact.push_back(formula(in, big));
        const double term = static_cast<double>(reference.VanishingTerm(in, p.value));
        const double lost = (Big::Of(reference.settle(in, p.value)) - exact.back()).Rounded();
        ASSERT_LE(std::fabs(lost), 0x1p-104 * term);
        beside += std::fabs(exact.back().Rounded()) < 0x1p-48 * term;
      }
      for (const simdact_target* target : simdact_accuracy::RunningTargets()) {
        SCOPED_TRACE(testing::Message() << simdact_accuracy::DirectionName(direction) << " on "
                                        << simdact_target_name(target) << ", parameters " << p.value[0]
                                        << ", " << p.value[1] << ", " << p.value[2] << ", " << p.value[3]);
        const double claim = simdact_claim(op, SIMDACT_F64, direction, simdact_target_has_fma(target));
        Array y(SIMDACT_F64);
        simdact_accuracy::Run(*simdact_find(target, op, SIMDACT_F64, SIMDACT_ACCURATE), direction, p, x, y);
        for (size_t i = 0; i < inputs.size(); ++i) {
          const double error = std::fabs((Big(y[i]) - exact[i]).Rounded());
          const double ulp = std::ldexp(1.0, std::ilogb(exact[i].Rounded()) - 52);
          const double term = static_cast<double>(reference.VanishingTerm(inputs[i], p.value));
          ASSERT_LE(error, claim * ulp + 0x1p-100 * term)
              << "at " << std::hexfloat << inputs[i] << ": 2^" << std::defaultfloat << std::log2(error / term)
              << " of the larger term, " << error / ulp << " ulp";
        }
      }
    }
  }
  EXPECT_GT(zeros, sets.size() / 2);
  EXPECT_GT(beside, 10 * zeros);
}
#endif

}  // namespace
}  // namespace simdact_test
