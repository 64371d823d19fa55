// The gated linear units in long double, from the references of the activations: see reference.h. Used by the
// tests and the `simdact` command.
#ifndef SIMDACT_TESTS_REFERENCE_GATES_H_
#define SIMDACT_TESTS_REFERENCE_GATES_H_

#include <algorithm>
#include <cmath>
#include <limits>

#include "simdact/simdact.h"
#include "tests/reference/catalogue.h"
#include "tests/ruler/formats.h"

namespace simdact_accuracy {

// An exact result: factor times other, where the factor is the activation or its derivative, which the
// kernels round.
struct GateValue {
  long double factor, other;
  long double Product() const { return factor * other; }
};

// The activation behind a gate.
inline simdact_op ActivationOf(simdact_gate gate) {
  switch (gate) {
    case SIMDACT_GATE_glu:
      return SIMDACT_OP_sigmoid;
    case SIMDACT_GATE_swiglu:
      return SIMDACT_OP_silu;
    case SIMDACT_GATE_geglu:
      return SIMDACT_OP_gelu;
    case SIMDACT_GATE_geglu_tanh:
      return SIMDACT_OP_gelu_tanh;
    case SIMDACT_GATE_geglu_quick:
      return SIMDACT_OP_gelu_quick;
    case SIMDACT_GATE_reglu:
      return SIMDACT_OP_relu;
    case SIMDACT_GATE_swiglu_oai:
      return SIMDACT_OP_swish;
    case SIMDACT_GATE_COUNT:
      break;
  }
  return SIMDACT_OP_COUNT;
}

// To 2^-60 of itself; for f32, next to the zero of the derivative, to 2^-62 of the terms that cancel, which
// is enough for a float. A double takes more digits there than a long double has.
inline long double ExactActivation(simdact_gate gate, simdact_dtype dtype, simdact_direction direction,
                                   double x, const simdact_params& p) {
  const simdact_op op = ActivationOf(gate);
  if (std::isinf(p.value[0])) {  // swish at an infinite beta: the limit
    const double z = std::copysign(1.0, p.value[0]) * x, right = z > 0 ? 1 : z < 0 ? 0 : z == 0 ? 0.5 : z;
    if (direction == SIMDACT_BACKWARD) return right;
    return right == 0 ? std::copysign(0.0, x) : x;
  }
  const long double quick = ReferenceOf(op, direction).exact(x, p.value);
  const bool near_zero = std::fabs(x) < 3 && std::fabs(quick) < 0.1L;
  return dtype == SIMDACT_F64 && near_zero ? Exact(op, direction, x, p) : quick;
}

// y, dgate and dup for dy = 1. p: as the dtype has them, see RoundedTo.
enum class GateOutput { kY, kDgate, kDup };
inline GateValue ExactGate(simdact_gate gate, simdact_dtype dtype, GateOutput output, double x, double up,
                           const simdact_params& p) {
  const auto direction = output == GateOutput::kDgate ? SIMDACT_BACKWARD : SIMDACT_FORWARD;
  if (gate != SIMDACT_GATE_swiglu_oai) {
    const long double factor = ExactActivation(gate, dtype, direction, x, p);
    return {factor, output == GateOutput::kDup ? 1.0L : static_cast<long double>(up)};
  }
  // A NaN parameter gives NaN; an infinite limit is the largest number, or the lowest.
  if (std::isnan(p.value[0]) || std::isnan(p.value[1])) return {p.value[0] + p.value[1], 1.0L};
  const NumberFormat& computed = FormatOf(dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32);
  const double most = std::ldexp(2 - std::ldexp(1.0, -computed.fraction_bits), computed.max_exponent);
  const double limit = std::max(-most, std::min(p.value[1], most));
  const double g = std::isnan(x) ? x : std::min(x, limit);
  const double u = std::isnan(up) ? up : std::min(std::max(up, -limit), limit);
  const long double factor = ExactActivation(gate, dtype, direction, g, p);
  if (output == GateOutput::kY) return {factor, u + 1.0L};
  if (output == GateOutput::kDgate) return {x > limit ? 0.0L : factor, u + 1.0L};
  if (!std::isnan(factor) && std::fabs(up) > limit) return {0.0L, 0.0L};
  return {factor, std::isnan(up) ? up : 1.0L};
}

// In ulps. Where the factor is below the normal numbers its unit, the smallest denormal, counts |other|
// times; 16-bit formats are computed in floats, whose unit that is, and may be off by it besides their
// rounding.
inline double GateError(simdact_dtype dtype, double got, const GateValue& exact) {
  const double ulps = UlpError(dtype, got, exact.Product());
  const NumberFormat& computed = FormatOf(dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32);
  if (!(std::fabs(exact.factor) < std::scalbn(1.0L, computed.min_exponent)) || !(std::fabs(exact.other) > 1))
    return ulps;
  const long double unit =
      std::scalbn(std::fabs(exact.other), computed.min_exponent - computed.fraction_bits);
  const long double distance = std::fabs(got - exact.Product());
  if (!IsHalf(dtype)) return std::min(ulps, static_cast<double>(distance / unit));
  return distance <= unit ? 0.0 : ulps * static_cast<double>((distance - unit) / distance);
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_REFERENCE_GATES_H_
