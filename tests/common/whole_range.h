// Inputs for what must hold at any number: those that functions bend at, any bits at all, and the special
// ones.
#ifndef SIMDACT_TESTS_COMMON_WHOLE_RANGE_H_
#define SIMDACT_TESTS_COMMON_WHOLE_RANGE_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "tests/common/array.h"
#include "tests/ruler/formats.h"

namespace simdact_test {

// Zeros, both ends of the denormals and of the normal numbers, infinities and NaN, of both signs.
inline std::vector<double> SpecialNumbers(simdact_dtype dtype) {
  const simdact_accuracy::NumberFormat& format = simdact_accuracy::FormatOf(dtype);
  const double least = std::ldexp(1.0, format.min_exponent), ulp = std::ldexp(1.0, -format.fraction_bits);
  std::vector<double> all;
  for (const double size :
       {0.0, least * ulp, least * (0.5 + ulp), least * (1 - ulp), least, least * 1.75, 1.0,
        std::ldexp(2 - ulp, format.max_exponent - 1), std::ldexp(2 - ulp, format.max_exponent),
        std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    all.push_back(size);
    all.push_back(-size);
  }
  return all;
}

// n numbers: by turns a stretch of ordinary ones, one with some of the others among them, one with many. A
// stretch is longer than the widest pack.
inline simdact_accuracy::Array WholeRange(simdact_dtype dtype, size_t n) {
  const std::vector<double> specials = SpecialNumbers(dtype);
  simdact_accuracy::Array x(dtype, n);
  const size_t stretch = simdact_accuracy::IsHalf(dtype) ? 320 : 160;
  for (size_t i = 0; i < n; ++i) {
    uint64_t h = (i + 1) * 0x9E3779B97F4A7C15u;  // splitmix64
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    h ^= h >> 31;
    const size_t turn = i / stretch % 3, out_of = turn == 1 ? 16 : 2;
    if (turn == 0 || h % out_of != 0) {
      x.Set(i, -9.0 + 18.0 * std::ldexp(static_cast<double>(h >> 11), -53));
    } else if (h >> 8 & 1) {
      x.SetBits(i, h >> 16);
    } else {
      x.Set(i, specials[static_cast<size_t>((h >> 16) % specials.size())]);
    }
  }
  return x;
}

// Equal bits, or both NaN: of two NaN an instruction hands on either.
inline bool SameResult(const simdact_accuracy::Array& a, size_t i, const simdact_accuracy::Array& b,
                       size_t j) {
  return a.Bits(i) == b.Bits(j) || (std::isnan(a[i]) && std::isnan(b[j]));
}
// The first of n elements, from `at` on in both, that differs; n if none does.
inline size_t FirstDifference(const simdact_accuracy::Array& a, const simdact_accuracy::Array& b, size_t at,
                              size_t n) {
  for (size_t i = 0; i < n; ++i) {
    if (!SameResult(a, at + i, b, at + i)) return i;
  }
  return n;
}

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_COMMON_WHOLE_RANGE_H_
