// The sweep that finds the largest errors of a gated linear unit: gates of all exponents, dense where they
// matter, times ups of random digits. Used by the tests and the `simdact` command.
#ifndef SIMDACT_TESTS_RULER_GATES_SWEEP_H_
#define SIMDACT_TESTS_RULER_GATES_SWEEP_H_

#include <cmath>
#include <cstdint>
#include <vector>

#include "simdact/simdact.h"
#include "tests/common/array.h"
#include "tests/reference/gates.h"
#include "tests/ruler/accuracy.h"

namespace simdact_accuracy {

// Whether the fast tier is more than another name of the accurate one.
inline bool HasFastGate(const simdact_target* target, simdact_gate gate, simdact_dtype dtype,
                        simdact_direction direction) {
  const simdact_gate_kernel* fast = simdact_find_gate(target, gate, dtype, SIMDACT_FAST);
  const simdact_gate_kernel* accurate = simdact_find_gate(target, gate, dtype, SIMDACT_ACCURATE);
  if (fast == nullptr || accurate == nullptr) return false;
  return direction == SIMDACT_FORWARD ? fast->forward != accurate->forward
                                      : fast->backward != accurate->backward;
}

// The claim of a tier.
inline double GateClaim(simdact_tier tier, simdact_gate gate, simdact_dtype dtype,
                        simdact_direction direction, int fma) {
  return tier == SIMDACT_FAST ? simdact_gate_fast_claim(gate, dtype, direction, fma)
                              : simdact_gate_claim(gate, dtype, direction, fma);
}

// The error as the fast tier counts it (FastError). Of an activation that is denormal in floats anything from
// 0 to the least normal number may be multiplied with up.
inline double FastGateError(simdact_gate gate, simdact_dtype dtype, GateOutput output, double x,
                            const simdact_params& p, double got, const GateValue& exact) {
  const long double least = std::scalbn(1.0L, FormatOf(SIMDACT_F32).min_exponent);
  const long double product = exact.Product(), other = std::fabs(exact.other);
  const long double rounding = std::scalbn(1.0L, -FormatOf(dtype).fraction_bits);
  if (std::fabs(exact.factor) < least && std::fabs(got) <= least * other * (1 + rounding) &&
      !(got * product < 0))
    return 0.0;
  const double g = gate == SIMDACT_GATE_swiglu_oai ? std::min(x, p.value[1]) : x;
  const simdact_direction direction = output == GateOutput::kDgate ? SIMDACT_BACKWARD : SIMDACT_FORWARD;
  const double term = LargestTerm(ActivationOf(gate), direction, g, p.value) * static_cast<double>(other);
  return FastError(dtype, got, product, term, simdact_gate_fast_claim(gate, dtype, direction, 1));
}
inline double GateErrorOf(simdact_tier tier, simdact_gate gate, simdact_dtype dtype, GateOutput output,
                          double x, const simdact_params& p, double got, const GateValue& exact) {
  return tier == SIMDACT_FAST ? FastGateError(gate, dtype, output, x, p, got, exact)
                              : GateError(dtype, got, exact);
}

struct GateWorst {
  double ulps = 0.0, gate = 0.0, up = 0.0, got = 0.0;
  long double exact = 0.0L;
  GateOutput output = GateOutput::kY;
};

inline uint64_t Hash(uint64_t index) {  // splitmix64
  uint64_t h = (index + 1) * 0x9E3779B97F4A7C15u;
  h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
  h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
  return h ^ (h >> 31);
}
inline double UnitOf(uint64_t h) { return std::ldexp(static_cast<double>(h >> 11), -53); }

// A number of any bits of the dtype.
inline double AnyBits(simdact_dtype dtype, uint64_t h) {
  if (dtype == SIMDACT_F64) return FromBits64(h);
  if (dtype == SIMDACT_F32) return static_cast<double>(FromBits(static_cast<uint32_t>(h >> 32)));
  return FromHalf(dtype, static_cast<uint16_t>(h >> 48));
}

// The index-th gate: of any bits; uniform in [-20, 20], and where exponentials underflow and overflow;
// log-uniform around 1; or near a zero of a derivative or a limit, at a log-uniform distance.
inline double SampleGate(simdact_dtype dtype, uint64_t index) {
  const uint64_t h = Hash(2 * index), more = h * 0xD6E8FEB86659FD93u;
  const double unit = UnitOf(h), end = dtype == SIMDACT_F64 ? 760 : 110;
  static constexpr double kPoints[] = {
      -1.2784645427610738, -0.7517915246935645, -0.7524614220710163, -0.7511542554999258, 7.0, 0.0};
  switch (index % 8) {
    case 0:
    case 1:
      return AnyBits(dtype, h);
    case 2:
      return end * (2 * unit - 1);
    case 3:
      return std::copysign(std::ldexp(1 + unit, static_cast<int>((more >> 32) % 41) - 30),
                           more & 1 ? 1.0 : -1.0);
    case 4: {
      const double point = kPoints[(more >> 40) % 6], scale = point == 0 ? 1 : point;
      return point + std::ldexp(scale * (2 * unit - 1), -static_cast<int>((more >> 8) % 50));
    }
    default:
      return 40 * unit - 20;
  }
}

// The index-th up: mostly around 1; next to -1 and the limit of swiglu_oai; or of any bits.
inline double SampleUp(simdact_dtype dtype, uint64_t index) {
  const uint64_t h = Hash(2 * index + 1), more = h * 0xD6E8FEB86659FD93u;
  const double unit = UnitOf(h);
  switch ((index / 8) % 8) {
    case 0:
      return AnyBits(dtype, h);
    case 1:
      return -1 + std::ldexp(2 * unit - 1, -static_cast<int>(more >> 59));
    case 2:
      return (more & 1 ? 7 : -7) * (1 + std::ldexp(2 * unit - 1, -static_cast<int>(more >> 59)));
    default:
      return std::copysign(std::ldexp(1 + unit, static_cast<int>((more >> 32) % 9) - 4),
                           more & 1 ? 1.0 : -1.0);
  }
}

// The largest errors of one gate on each of `kernels`, of one tier, or null, over `total` pairs of finite
// inputs, at parameters p.
inline std::vector<GateWorst> SweepGate(simdact_gate gate, simdact_dtype dtype, simdact_direction direction,
                                        simdact_tier tier, simdact_params p,
                                        const std::vector<const simdact_gate_kernel*>& kernels,
                                        uint64_t total) {
  constexpr uint64_t kSize = 4096;
  p = RoundedTo(dtype, p);
  std::vector<GateWorst> worst(kernels.size());
  Array x(dtype), up(dtype), one(dtype, std::vector<double>(kSize, 1.0)), y(dtype, kSize), dup(dtype, kSize);
  std::vector<GateValue> exact, exact_dup;
  for (uint64_t start = 0; start < total; start += kSize) {
    std::vector<double> gates, ups;
    for (uint64_t i = start; i < start + kSize; ++i) {
      const double a = Rounded(dtype, SampleGate(dtype, i)), b = Rounded(dtype, SampleUp(dtype, i));
      if (std::isfinite(a) && std::isfinite(b)) gates.push_back(a), ups.push_back(b);
    }
    x.Assign(gates), up.Assign(ups);
    const size_t n = x.Size();
    const bool forward = direction == SIMDACT_FORWARD;
    exact.clear(), exact_dup.clear();
    for (size_t i = 0; i < n; ++i) {
      const GateOutput first = forward ? GateOutput::kY : GateOutput::kDgate;
      exact.push_back(ExactGate(gate, dtype, first, gates[i], ups[i], p));
      if (!forward) exact_dup.push_back(ExactGate(gate, dtype, GateOutput::kDup, gates[i], ups[i], p));
    }
    for (size_t t = 0; t < kernels.size(); ++t) {
      if (kernels[t] == nullptr) continue;
      GateWorst& w = worst[t];
      const auto note = [&](const Array& got, const std::vector<GateValue>& want, GateOutput output) {
        for (size_t i = 0; i < n; ++i) {
          const double ulps = GateErrorOf(tier, gate, dtype, output, gates[i], p, got[i], want[i]);
          if (ulps > w.ulps) w = {ulps, gates[i], ups[i], got[i], want[i].Product(), output};
        }
      };
      if (forward) {
        kernels[t]->forward(x.Data(), up.Data(), y.Data(), n, p);
        note(y, exact, GateOutput::kY);
      } else {
        kernels[t]->backward(x.Data(), up.Data(), one.Data(), y.Data(), dup.Data(), n, p);
        note(y, exact, GateOutput::kDgate);
        note(dup, exact_dup, GateOutput::kDup);
      }
    }
  }
  return worst;
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_RULER_GATES_SWEEP_H_
