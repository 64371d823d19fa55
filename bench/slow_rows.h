// Rows of inputs that are slow in careless code, each beside the ordinary row of n = 4096:
//
//   op/forward|backward/f32/TIER/TARGET/denormal_inputs    denormals of random bits and signs
//   op/forward|backward/f32/TIER/TARGET/denormal_results   normal x, for which the result is denormal
//   op/forward|backward/f32/TIER/TARGET/minus_inf          nothing but -inf, the mask of attention
//   op/forward|backward/f32/TIER/TARGET/minus_1e4          nothing but -1e4, the other mask
//
// All have 4096 elements, of the ops that compute more than arithmetic. An op whose results are denormal for
// denormal inputs only has no second row. Many CPUs take a hundred cycles for an operation that reads or
// writes a denormal, so any such operation in a kernel shows.
#ifndef SIMDACT_BENCH_SLOW_ROWS_H_
#define SIMDACT_BENCH_SLOW_ROWS_H_

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bench/arrays.h"
#include "bench/rows.h"
#include "simdact/simdact.h"
#include "tests/ruler/accuracy.h"

namespace simdact_bench {

constexpr size_t kSlowSize = 4096;
constexpr double kSlowDy = 1.5;  // as Arrays has it

// Of every 65536 normal floats one, if its result is denormal and not 0: some tens, which rows repeat.
inline const std::vector<float>& DenormalResults(simdact_op op, simdact_direction direction) {
  static std::map<std::pair<int, int>, std::vector<float>> known;
  const auto [found, is_new] = known.try_emplace({op, direction});
  if (is_new) {
    const simdact_params p = simdact_accuracy::RoundedTo(SIMDACT_F32, simdact_describe(op)->defaults);
    const simdact_accuracy::Reference& reference = simdact_accuracy::ReferenceOf(op, direction);
    const double factor = direction == SIMDACT_FORWARD ? 1.0 : kSlowDy;
    std::mt19937 random(20240229);
    for (uint32_t bits = 0x00800000; bits < 0x7F800000; bits += 65536) {
      for (const uint32_t sign : {0u, 0x80000000u}) {
        const float x = simdact_accuracy::FromBits(sign | bits | static_cast<uint32_t>(random() & 0xFFFF));
        const double result = std::fabs(factor * reference.skim(x, p.value));
        if (result >= 0x1p-149 && result < 0x1p-126) found->second.push_back(x);
      }
    }
  }
  return found->second;
}

inline std::vector<float> SlowInputs(const std::string& kind, simdact_op op, simdact_direction direction) {
  if (kind == "minus_inf") return std::vector<float>(kSlowSize, -std::numeric_limits<float>::infinity());
  if (kind == "minus_1e4") return std::vector<float>(kSlowSize, -1e4f);
  std::mt19937 random(20240229);
  std::vector<float> x(kSlowSize);
  for (float& value : x) {
    const uint32_t bits = static_cast<uint32_t>(random());
    if (kind == "denormal_inputs") {
      value = simdact_accuracy::FromBits((bits & 0x807FFFFF) | 1);
    } else {
      const std::vector<float>& from = DenormalResults(op, direction);
      value = from[bits % from.size()];
    }
  }
  return x;
}

inline void AddSlowRows(const std::string& prefix, const simdact_kernel* kernel, simdact_op op,
                        simdact_direction direction) {
  if (!IsTranscendental(op)) return;
  const simdact_params p = simdact_describe(op)->defaults;
  for (const std::string kind : {"denormal_inputs", "denormal_results", "minus_inf", "minus_1e4"}) {
    if (kind == "denormal_results" && DenormalResults(op, direction).empty()) continue;
    Row(prefix + kind, [=](benchmark::State& state) {
      const std::vector<float> inputs = SlowInputs(kind, op, direction);
      Arrays& a = Arrays::Shared(SIMDACT_F32, NeedsPositive(op));
      a.Reserve(kSlowSize);
      const Buffer x = Allocate(kSlowSize * sizeof(float));
      std::memcpy(x.get(), inputs.data(), kSlowSize * sizeof(float));
      const size_t bytes = direction == SIMDACT_FORWARD ? 8 : 12;
      Measure(state, kSlowSize, bytes,
              [&] { simdact_accuracy::Call(*kernel, direction, p, x.get(), a.dy(), a.y(), kSlowSize); });
    });
  }
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_SLOW_ROWS_H_
