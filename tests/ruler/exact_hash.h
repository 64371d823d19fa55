// The exact tier's results by hash: one number for each function, the same on every target and architecture.
#ifndef SIMDACT_TESTS_RULER_EXACT_HASH_H_
#define SIMDACT_TESTS_RULER_EXACT_HASH_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "simdact/simdact.h"
#include "tests/ruler/accuracy.h"

namespace simdact_accuracy {

// One float of each 1024 that follow each other in bit order, so that every binade of both signs is there,
// and of each the digits vary; infinities and NaN come with it.
constexpr uint64_t kStrata = uint64_t{1} << 22, kSparse = 64;  // every kSparse-th where time is short
inline float InStratum(uint64_t stratum) {
  const uint64_t mixed = (stratum + 1) * 0x9E3779B97F4A7C15;
  return FromBits(static_cast<uint32_t>(stratum << 10 | mixed >> 54));
}

// What is hashed of a float: its bits, and one pattern for NaN.
inline uint32_t HashedBits(float y) { return y != y ? 0x7FC00000u : ToBits(y); }

// f(result) for each of the strata's floats between `least` and `most`.
template <class F>
void ForEachStratum(const simdact_kernel& kernel, simdact_op op, simdact_direction direction, uint64_t step,
                    float least, float most, const F& f) {
  constexpr size_t kSize = 4096;
  const simdact_params p = simdact_describe(op)->defaults;
  std::vector<float> x(kSize), y(kSize), ones(kSize, 1.0f);
  for (uint64_t stratum = 0; stratum < kStrata;) {
    size_t n = 0;
    for (; n < kSize && stratum < kStrata; stratum += step) {
      x[n] = InStratum(stratum);
      n += !(x[n] < least || x[n] > most);
    }
    Call(kernel, direction, p, x.data(), ones.data(), y.data(), n);
    for (size_t i = 0; i < n; ++i) f(y[i]);
  }
}

// FNV-1a over the results' 32-bit words, at default parameters and dy = 1; of each `step`-th stratum. From
// the output the inputs are those between the least and the greatest f(x).
inline uint64_t StratifiedHash(const simdact_kernel& kernel, simdact_op op, simdact_direction direction,
                               uint64_t step = 1) {
  float least = -HUGE_VALF, most = HUGE_VALF;
  if (direction == SIMDACT_BACKWARD_FROM_OUTPUT) {
    const float lowest = least, highest = most;
    std::swap(least, most);
    ForEachStratum(kernel, op, SIMDACT_FORWARD, step, lowest, highest, [&](float y) {
      if (y == y) least = std::min(least, y), most = std::max(most, y);
    });
  }
  uint64_t hash = 0xCBF29CE484222325;
  ForEachStratum(kernel, op, direction, step, least, most,
                 [&](float y) { hash = (hash ^ HashedBits(y)) * 0x100000001B3; });
  return hash;
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_RULER_EXACT_HASH_H_
