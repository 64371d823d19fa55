// The bytes of quantized ends, found without the library: a table of a format's values and the nearest of
// them.
#ifndef SIMDACT_TESTS_REFERENCE_BYTES_H_
#define SIMDACT_TESTS_REFERENCE_BYTES_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "simdact/quantize.h"

namespace simdact_test {

inline bool IsFloatFormat(simdact_byte_format format) {
  return format == SIMDACT_E4M3 || format == SIMDACT_E5M2;
}

// OFP8's positive finite numbers in the order of their codes, and the one that would come next.
inline std::vector<double> PositiveValues(simdact_byte_format format) {
  const int bits = format == SIMDACT_E4M3 ? 3 : 2, bias = format == SIMDACT_E4M3 ? 7 : 15;
  const int codes = format == SIMDACT_E4M3 ? 0x7F : 0x7C;
  std::vector<double> values;
  for (int code = 0; code <= codes; ++code) {
    const int exponent = code >> bits, significand = code & ((1 << bits) - 1);
    values.push_back(exponent == 0 ? std::ldexp(significand, 1 - bias - bits)
                                   : std::ldexp((1 << bits) + significand, exponent - bias - bits));
  }
  return values;
}

// What rounds to the nearest value, ties to even codes.
class Nearest {
 public:
  Nearest(simdact_byte_format format, simdact_overflow overflow, int32_t zero_point)
      : format_(format), special_(overflow == SIMDACT_OVERFLOW_SPECIAL), zero_point_(zero_point) {
    if (IsFloatFormat(format)) values_ = PositiveValues(format);
  }

  uint8_t operator()(double v) const {
    if (!IsFloatFormat(format_)) return Integer(v);
    const uint8_t sign = std::signbit(v) ? 0x80 : 0;
    return static_cast<uint8_t>(sign | (std::isnan(v) ? 0x7F : Magnitude(std::fabs(v))));
  }

 private:
  uint8_t Integer(double v) const {
    const double least = format_ == SIMDACT_S8 ? -128 : 0, most = format_ == SIMDACT_S8 ? 127 : 255;
    const double whole = std::isnan(v) ? 0 : std::nearbyint(v);
    return static_cast<uint8_t>(static_cast<int>(std::clamp(whole + zero_point_, least, most)));
  }
  // Above the largest value stands the code of what is too large.
  uint8_t Magnitude(double v) const {
    const size_t beyond = values_.size() - 1;
    size_t code =
        static_cast<size_t>(std::upper_bound(values_.begin(), values_.end(), v) - values_.begin()) - 1;
    if (code < beyond) {
      const double middle = (values_[code] + values_[code + 1]) / 2;
      if (v > middle || (v == middle && code % 2 == 1)) ++code;
    }
    return static_cast<uint8_t>(special_ ? code : std::min(code, beyond - 1));
  }

  simdact_byte_format format_;
  bool special_;
  int32_t zero_point_;
  std::vector<double> values_;
};

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_REFERENCE_BYTES_H_
