// Whether a result is as near to the exact one as is claimed at any parameters, by the rule of
// dispatch/README.md.
#ifndef SIMDACT_TESTS_FUZZ_CLAIMS_H_
#define SIMDACT_TESTS_FUZZ_CLAIMS_H_

#include "simdact/simdact.h"
#include "tests/reference/gates.h"
#include "tests/ruler/accuracy.h"
#include "tests/ruler/gates_sweep.h"

namespace simdact_fuzz {

using simdact_accuracy::Rounded;
using simdact_accuracy::UlpError;

struct Function {
  const simdact_target* target;
  simdact_op op;
  simdact_dtype dtype;
  simdact_direction direction;
  simdact_tier tier;
  bool has_fast;  // a fast tier of its own
};

// What a term adds to a larger one, where a long double may be too short to show it.
inline double SmallTerm(simdact_op op, double x, const simdact_params& p) {
  switch (op) {
    case SIMDACT_OP_shrink:
    case SIMDACT_OP_softshrink:
      return std::fabs(x);
    case SIMDACT_OP_linear:
    case SIMDACT_OP_hardsigmoid:
      return std::fabs(p.value[0] * x);
    default:
      return 0.0;
  }
}

// A result of at most `claim` ulp at the default parameters and, for the parameter's own product, half of one
// more at others; but beside the zeros of xielu, which move with its parameters, 2^-95 of the term that
// vanishes.
inline bool IsNear(const Function& f, double x, const simdact_params& p, double got, long double exact) {
  using namespace simdact_accuracy;  // NOLINT: all of this comes from there
  if (std::isnan(exact) || std::isnan(got)) return std::isnan(exact) && std::isnan(got);
  const int fma = simdact_target_has_fma(f.target);
  if (f.has_fast) {
    const double claim = simdact_fast_claim(f.op, f.dtype, f.direction, fma);
    const double term = LargestTerm(f.op, f.direction, x, p.value);
    return FastError(f.dtype, got, exact, term, claim) <= claim;
  }
  if (got == Rounded(f.dtype, exact)) return true;
  const bool xielu = f.op == SIMDACT_OP_xielu;
  const double cancelled = ReferenceOf(f.op, f.direction).Cancellation(x, p.value);
  if (xielu && std::fabs(got - exact) <= 0x1p-95L * cancelled) return true;
  const double ulps = UlpError(f.dtype, got, exact);
  if (IsHalf(f.dtype)) {
    // A parameter with more digits than the format may put a result next to the middle of two numbers. On
    // which side of it the result is the reference cannot tell where a term is below its digits.
    const long double other = 2 * exact - got;
    const double term = SmallTerm(f.op, x, p);
    const bool unseen = term != 0 && term < 0x1p-50L * std::fabs(exact);
    return ulps <= 0.5 + 0x1p-40 && (xielu || unseen || other != Rounded(f.dtype, other));
  }
  if (f.tier == SIMDACT_EXACT) return ulps <= 0.5 + 0x1p-30;
  const double beside = simdact_describe(f.op)->parameters != 0 ? 0.5 : 0.0;
  return ulps <= simdact_claim(f.op, f.dtype, f.direction, fma) + beside;
}

// The same of a gated unit. An activation that is too small for a number gives NaN with an infinite up.
inline bool IsNearGate(const simdact_target* target, simdact_gate gate, simdact_dtype dtype,
                       simdact_tier tier, simdact_accuracy::GateOutput output, double x,
                       const simdact_params& p, double got, const simdact_accuracy::GateValue& want) {
  using namespace simdact_accuracy;  // NOLINT: as above
  const long double product = want.Product();
  const NumberFormat& computed = FormatOf(dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32);
  const int lost = tier == SIMDACT_FAST ? 0 : computed.fraction_bits;
  const long double least = std::ldexp(1.0L, computed.min_exponent - lost);
  if (std::isinf(want.other) && std::fabs(want.factor) < least && std::isnan(got)) return true;
  if (std::isnan(product) || std::isinf(product))
    return std::isnan(product) ? std::isnan(got) : static_cast<long double>(got) == product;
  const auto direction = output == GateOutput::kY ? SIMDACT_FORWARD : SIMDACT_BACKWARD;
  const double claim = GateClaim(tier, gate, dtype, direction, simdact_target_has_fma(target));
  return GateErrorOf(tier, gate, dtype, output, x, p, got, want) <= claim + 0.5;
}

}  // namespace simdact_fuzz

#endif  // SIMDACT_TESTS_FUZZ_CLAIMS_H_
