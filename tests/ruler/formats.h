// The four number formats, and the unit of error in each. Scalar code that shares nothing with kernels/.
//
// error = |got - exact| / ulp(exact); ulp is the spacing of the format's numbers at the correctly rounded
// result, the smallest denormal below the normal range. The half ulp of the final rounding is included: a
// correctly rounded result has at most 0.5.
#ifndef SIMDACT_TESTS_RULER_FORMATS_H_
#define SIMDACT_TESTS_RULER_FORMATS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "simdact/simdact.h"

namespace simdact_accuracy {

inline const char* DtypeName(simdact_dtype dtype) {
  static const char* const kNames[] = {"f32", "f64", "bf16", "f16"};
  return kNames[dtype];
}

// Numbers are (1 + fraction) 2^e with `fraction_bits` of fraction and min_exponent <= e <= max_exponent.
struct NumberFormat {
  int fraction_bits, min_exponent, max_exponent;
  size_t bytes;
};
inline const NumberFormat& FormatOf(simdact_dtype dtype) {
  static constexpr NumberFormat kFormats[] = {
      {23, -126, 127, 4}, {52, -1022, 1023, 8}, {7, -126, 127, 2}, {10, -14, 15, 2}};
  return kFormats[dtype];
}
inline bool IsHalf(simdact_dtype dtype) { return FormatOf(dtype).bytes == 2; }

inline float FromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
inline uint32_t ToBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}
inline double FromBits64(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
inline uint64_t ToBits64(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

// The number that bits of bf16 or f16 mean.
inline double FromHalf(simdact_dtype dtype, uint16_t bits) {
  const NumberFormat& format = FormatOf(dtype);
  const int fraction = bits & ((1 << format.fraction_bits) - 1);
  const int exponent = (bits & 0x7FFF) >> format.fraction_bits;
  const int unit = 1 << format.fraction_bits;
  double value;
  if (exponent == 2 * format.max_exponent + 1) {
    value =
        fraction != 0 ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, format.min_exponent - format.fraction_bits);
  } else {
    value = std::ldexp(unit + fraction, exponent - format.max_exponent - format.fraction_bits);
  }
  return bits & 0x8000 ? -value : value;
}

// The nearest number of bf16 or f16, ties to even, whatever the rounding mode.
inline uint16_t ToHalf(simdact_dtype dtype, long double value) {
  const NumberFormat& format = FormatOf(dtype);
  const uint32_t sign = std::signbit(value) ? 0x8000 : 0;
  const uint32_t infinity = static_cast<uint32_t>(2 * format.max_exponent + 1) << format.fraction_bits;
  const auto pack = [sign](uint32_t magnitude) { return static_cast<uint16_t>(sign | magnitude); };
  if (std::isnan(value)) return pack(infinity | (1u << (format.fraction_bits - 1)));
  if (std::isinf(value)) return pack(infinity);
  const long double magnitude = std::fabs(value);
  if (magnitude == 0) return pack(0);
  const int exponent = std::max(std::ilogb(magnitude), format.min_exponent);
  if (exponent > format.max_exponent) return pack(infinity);
  const long double scaled = std::scalbn(magnitude, format.fraction_bits - exponent);  // below 2^(bits + 1)
  uint32_t units = static_cast<uint32_t>(scaled);
  const long double rest = scaled - units;
  if (rest > 0.5L || (rest == 0.5L && units % 2 == 1)) ++units;
  // A carry goes into the exponent, from the denormals to the normal numbers and from these to infinity.
  return pack((static_cast<uint32_t>(exponent - format.min_exponent) << format.fraction_bits) + units);
}

// The nearest number of the format.
inline double Rounded(simdact_dtype dtype, long double value) {
  switch (dtype) {
    case SIMDACT_F64:
      return static_cast<double>(value);
    case SIMDACT_F32:
      return static_cast<double>(static_cast<float>(value));
    default:
      return FromHalf(dtype, ToHalf(dtype, value));
  }
}

// Parameters as the kernels of a dtype see them.
inline simdact_params RoundedTo(simdact_dtype dtype, simdact_params p) {
  if (dtype == SIMDACT_F64) return p;
  for (double& value : p.value) {
    const volatile float narrow = static_cast<float>(value);  // g++ 12 -O2 drops the round trip otherwise
    value = static_cast<double>(narrow);
  }
  return p;
}

// Infinity stands for the power of two behind the largest number, as in rounding, and results that overflow
// are measured in the largest binade. A NaN is infinitely wrong but for a NaN.
inline double UlpError(simdact_dtype dtype, double got, long double exact) {
  if (std::isnan(got) || std::isnan(exact)) {
    return std::isnan(got) && std::isnan(exact) ? 0.0 : std::numeric_limits<double>::infinity();
  }
  const NumberFormat& format = FormatOf(dtype);
  const long double limit = std::scalbn(1.0L, format.max_exponent + 1);
  const long double bounded = std::max(-limit, std::min(limit, exact));
  const long double value = std::isinf(got) ? std::copysign(limit, got) : got;
  const double rounded = std::fabs(Rounded(dtype, bounded));
  const int exponent = rounded == 0          ? format.min_exponent
                       : std::isinf(rounded) ? format.max_exponent
                                             : std::ilogb(rounded);
  const int ulp =
      std::min(std::max(exponent, format.min_exponent), format.max_exponent) - format.fraction_bits;
  return static_cast<double>(std::scalbn(std::fabs(value - bounded), -ulp));
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_RULER_FORMATS_H_
