// What an input of the fuzz target means: a string of decisions and numbers, read from its first byte on.
// Where it ends all is 0, the plainest choice, so that any input has a meaning.
#ifndef SIMDACT_TESTS_FUZZ_INPUT_H_
#define SIMDACT_TESTS_FUZZ_INPUT_H_

#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>

#include "simdact/simdact.h"
#include "tests/common/array.h"

namespace simdact_fuzz {

using simdact_accuracy::Array;
using simdact_accuracy::FormatOf;

// Whether the whole library is built with sanitizers, which object to what C allows, and CPUs: enums of any
// value, elements at any address. libFuzzer's build sanitizes less.
#ifdef SIMDACT_FUZZ_ALL_SANITIZED
constexpr bool kAllSanitized = true;
#else
constexpr bool kAllSanitized = false;
#endif

// splitmix64: what fills arrays that are longer than the input.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t operator()() {
    uint64_t h = state_ += 0x9E3779B97F4A7C15u;
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    return h ^ (h >> 31);
  }
  size_t Below(size_t n) { return static_cast<size_t>((*this)() % n); }
  double Unit() { return std::ldexp(static_cast<double>((*this)() >> 11), -53); }  // in [0, 1)
  double Sign() { return Below(2) == 0 ? 1.0 : -1.0; }

 private:
  uint64_t state_;
};

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size), random_(HashOf(data, size)) {}

  size_t Left() const { return size_ - at_; }
  Random& random() { return random_; }
  uint8_t Byte() { return at_ < size_ ? data_[at_++] : uint8_t{0}; }
  uint64_t Bits(size_t bytes) {
    uint64_t bits = 0;
    for (size_t i = 0; i < bytes; ++i) bits |= uint64_t{Byte()} << (8 * i);
    return bits;
  }
  size_t Below(size_t n) { return static_cast<size_t>(Bits(n > 256 ? 2 : 1) % n); }
  bool OneIn(size_t n) { return Below(n) == n - 1; }  // not where the input has ended
  // Mostly short, now and then up to `most`.
  size_t Length(size_t most = 300) {
    const size_t length = OneIn(6) ? Below(most + 1) : Below(41);
    return length < most ? length : most;
  }
  // An enumerator, seldom a number that is none. In C an enum may have any value.
  template <class E>
  E Choice(int count) {
    if (OneIn(48) && !kAllSanitized) return static_cast<E>(count + static_cast<int>(Byte()) % 3);
    return Valid<E>(count);
  }
  template <class E>
  E Valid(int count) {
    return static_cast<E>(Below(static_cast<size_t>(count)));
  }

  // One number of a format, from where formulas bend or formats end.
  double Special(simdact_dtype dtype) { return SpecialAt(dtype, Byte()); }
  double Number(simdact_dtype dtype) {
    switch (Byte() % 6) {
      case 0:
        return static_cast<double>(static_cast<int8_t>(Byte())) / 16;
      case 1:
        return Special(dtype);
      case 2:
        return FromBitsOf(dtype, Bits(FormatOf(dtype).bytes));
      case 3: {
        const double mantissa = 1 + static_cast<double>(Byte()) / 256;
        const int exponent = static_cast<int8_t>(Byte());
        return (Byte() % 2 == 0 ? 1.0 : -1.0) * std::ldexp(mantissa, exponent);
      }
      case 4:
        return Special(dtype) * static_cast<double>(static_cast<int8_t>(Byte()));
      default:
        return SizedNumber(dtype);
    }
  }

  // Elements of an array. Tame ones lie in [-8, 8], where nothing overflows.
  Array Elements(simdact_dtype dtype, size_t n, bool tame = false) {
    Array values(dtype, n);
    const size_t kind = tame ? 1 : Byte() % 7;
    const double constant = kind == 5 ? Number(dtype) : 0.0;
    for (size_t i = 0; i < n; ++i) {
      switch (kind) {
        case 0:  // what the input says, as long as it does
          values.Set(i, Left() != 0 ? Number(dtype) : 16 * random_.Unit() - 8);
          break;
        case 1:
          values.Set(i, 16 * random_.Unit() - 8);
          break;
        case 2:
          values.SetBits(i, random_());
          break;
        case 3:
          values.Set(i, SizedNumber(dtype));
          break;
        case 4:
          values.Set(i,
                     random_.Below(3) == 0 ? SpecialAt(dtype, random_.Below(256)) : 16 * random_.Unit() - 8);
          break;
        case 5:
          values.Set(i, constant);
          break;
        default:
          values.Set(
              i, random_.Sign() * std::ldexp(1 + random_.Unit(), static_cast<int>(random_.Below(36)) - 25));
          break;
      }
    }
    return values;
  }

  // Parameters, many of them the defaults.
  simdact_params Parameters(simdact_dtype dtype, const simdact_params& defaults) {
    simdact_params p = defaults;
    const uint8_t given = Byte();
    for (int i = 0; i < SIMDACT_MAX_PARAMETERS; ++i) {
      if ((given >> i & 1) != 0) p.value[i] = Number(dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32);
    }
    if ((given & 0xF0) == 0xF0) p.value[1] = p.value[0];
    return p;
  }

 private:
  static uint64_t HashOf(const uint8_t* data, size_t size) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < size; ++i) hash = (hash ^ data[i]) * 0x100000001B3u;
    return hash;
  }
  static double FromBitsOf(simdact_dtype dtype, uint64_t bits) {
    Array one(dtype, 1);
    one.SetBits(0, bits);
    return one[0];
  }
  static double SpecialAt(simdact_dtype dtype, size_t which) {
    const auto& format = FormatOf(dtype);
    const double least = std::ldexp(1.0, format.min_exponent),
                 tiny = std::ldexp(least, -format.fraction_bits);
    const double most = std::ldexp(2.0 - std::ldexp(1.0, -format.fraction_bits), format.max_exponent);
    const double values[] = {0.0,          1.0,      HUGE_VAL, std::numeric_limits<double>::quiet_NaN(),
                             least,        tiny,     most,     0.5,
                             2.0,          3.0,      6.0,      20.0,
                             88.72283,     103.97,   87.33655, 709.78,
                             745.13,       9.0,      1e4,      1e-6,
                             least - tiny, 3 * tiny, most / 2, 0.7517916,
                             1.2784645,    104.0,    208.0,    16.6355,
                             0x1p-60,      0x1p60};
    return (which & 0x80 ? -1.0 : 1.0) * values[(which & 0x7F) % std::size(values)];
  }
  // Evenly in the exponent.
  double SizedNumber(simdact_dtype dtype) {
    const auto& format = FormatOf(dtype);
    const int least = format.min_exponent - format.fraction_bits;
    const size_t binades = static_cast<size_t>(format.max_exponent - least + 1);
    return random_.Sign() * std::ldexp(1 + random_.Unit(), least + static_cast<int>(random_.Below(binades)));
  }

  const uint8_t* data_;
  size_t size_, at_ = 0;
  Random random_;
};

}  // namespace simdact_fuzz

#endif  // SIMDACT_TESTS_FUZZ_INPUT_H_
