// Which inputs a sweep takes.
#ifndef SIMDACT_TESTS_RULER_SAMPLES_H_
#define SIMDACT_TESTS_RULER_SAMPLES_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/reference/catalogue.h"
#include "tests/ruler/formats.h"

namespace simdact_accuracy {

// f32: every finite number, or a stratified sample: `per_binade` of each sign and exponent (the denormals are
// one), spread evenly with a changing offset; as many per unit of [-20, 20], where the functions bend; and
// the neighbours of kinks and zeros. f64: `total` pseudo-random numbers, see F64Input. bf16, f16: all of
// them, always.
struct Sample {
  bool exhaustive = false;
  uint32_t per_binade = 4096;
  uint64_t total = 1000000;
};

// Where an op may have a kink or a zero, for these parameters: there errors show, and random inputs rarely
// come close.
inline std::vector<double> PointsOf(simdact_op op, simdact_direction direction, const simdact_params& p) {
  std::vector<double> points = {0.0, 1.0, -1.0, 3.0, -3.0, 6.0, 0.5, -0.5, 20.0, -20.0};
  for (const double value : p.value) points.insert(points.end(), {value, -value});
  const double ratio = p.value[1] / p.value[0];
  points.insert(points.end(), {ratio, -ratio, (1 - p.value[1]) / p.value[0]});
  if (direction == SIMDACT_BACKWARD_FROM_OUTPUT) direction = SIMDACT_FORWARD;
  const Reference& reference = ReferenceOf(op, direction);
  if (reference.cancels != Cancels::kNever) {
    const double unit = reference.cancels == Cancels::kSwishLike && p.value[0] != 0 ? 1 / p.value[0] : 1.0;
    const auto negative = [&](double x) { return reference.exact(x, p.value) < 0; };
    for (int i = -1000; i < 1000; ++i) {
      double a = i * unit / 32, b = (i + 1) * unit / 32;
      if (negative(a) == negative(b)) continue;
      for (int step = 0; step < 60; ++step) {
        const double middle = a + (b - a) / 2;
        (negative(middle) == negative(a) ? a : b) = middle;
      }
      points.push_back(a);
    }
  }
  points.erase(std::remove_if(points.begin(), points.end(), [](double x) { return !std::isfinite(x); }),
               points.end());
  return points;
}

// The inputs of one sweep, block by block; finite ones only.
class Inputs {
 public:
  Inputs(simdact_op op, simdact_dtype dtype, simdact_direction direction, const simdact_params& p,
         const Sample& sample)
      : op_(op),
        dtype_(dtype),
        direction_(direction),
        p_(p),
        sample_(sample),
        points_(PointsOf(op, direction, p)) {}

  uint64_t Blocks() const {
    if (IsHalf(dtype_)) return 65536 / kHalvesPerBlock;
    if (dtype_ == SIMDACT_F64) return (sample_.total + kDoublesPerBlock - 1) / kDoublesPerBlock;
    return sample_.exhaustive ? uint64_t{1} << 16 : 512 + 40 + points_.size();
  }

  // For the derivative from the output: the outputs of these inputs.
  void Fill(uint64_t block, std::vector<double>& x) const {
    x.clear();
    if (IsHalf(dtype_)) {
      for (uint64_t k = 0; k < kHalvesPerBlock; ++k) {
        x.push_back(FromHalf(dtype_, static_cast<uint16_t>(block * kHalvesPerBlock + k)));
      }
    } else if (dtype_ == SIMDACT_F64) {
      for (uint64_t k = 0; k < kDoublesPerBlock; ++k) x.push_back(F64Input(block * kDoublesPerBlock + k));
    } else if (sample_.exhaustive) {
      for (uint32_t k = 0; k < 65536; ++k) x.push_back(FromBits(static_cast<uint32_t>(block << 16) | k));
    } else {
      FillF32(block, x);
    }
    if (direction_ == SIMDACT_BACKWARD_FROM_OUTPUT) {
      const Reference& forward = ReferenceOf(op_, SIMDACT_FORWARD);
      for (double& value : x) {
        // Which of two neighbours becomes the input does not matter, so f32 can do with the quick reference.
        value = dtype_ == SIMDACT_F32 ? static_cast<float>(forward.skim(value, p_.value))
                                      : Rounded(dtype_, forward.exact(value, p_.value));
      }
    }
    x.erase(std::remove_if(x.begin(), x.end(), [](double value) { return !std::isfinite(value); }), x.end());
  }

 private:
  static constexpr uint64_t kHalvesPerBlock = 4096, kDoublesPerBlock = 4096;

  void FillF32(uint64_t block, std::vector<double>& x) const {
    const uint32_t n = sample_.per_binade;
    if (block < 512) {
      const uint32_t step = (1u << 23) / n;
      for (uint32_t k = 0; k < n; ++k) {
        const uint32_t mantissa = k * step + static_cast<uint32_t>((k * 2654435761u + block * 40503u) % step);
        x.push_back(FromBits(static_cast<uint32_t>(block << 23) | (k == 0       ? 0
                                                                   : k + 1 == n ? 0x7FFFFF
                                                                                : mantissa)));
      }
    } else if (block < 512 + 40) {
      const double start = static_cast<double>(block) - 512 - 20;
      for (uint32_t k = 0; k < 2 * n; ++k) x.push_back(static_cast<float>(start + (k + 0.5) / (2 * n)));
    } else {
      const uint32_t middle = ToBits(static_cast<float>(points_[static_cast<size_t>(block - 512 - 40)]));
      for (uint32_t k = 0; k < n; ++k) x.push_back(FromBits(middle + k - n / 2));
    }
  }

  // A number by its index: of any bits; log-uniform in 2^-30 to 2^11; uniform in [-20, 20] and, where
  // exponentials overflow and underflow, in [-760, 760]; or at a log-uniform distance from a kink or a zero.
  double F64Input(uint64_t index) const {
    uint64_t h = (index + 1) * 0x9E3779B97F4A7C15u;  // splitmix64
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    h ^= h >> 31;
    const double unit = std::ldexp(static_cast<double>(h >> 11), -53);  // in [0, 1)
    const uint64_t kind = index % 8, rest = h * 0xD6E8FEB86659FD93u;
    if (kind <= 1) return FromBits64(h);
    if (kind <= 3) return 40 * unit - 20;
    if (kind == 4) return 1520 * unit - 760;
    if (kind <= 6)
      return std::copysign(std::ldexp(1 + unit, static_cast<int>((rest >> 32) % 41) - 30),
                           rest & 1 ? -1.0 : 1.0);
    const double point = points_[static_cast<size_t>((rest >> 40) % points_.size())];
    const double distance = std::ldexp(1 + unit, -static_cast<int>((rest >> 8) % 56));
    const double scale = point == 0 ? 1.0 : point;
    return point + (rest & 1 ? -scale : scale) * (rest & 0xE ? distance : 0.0);
  }

  simdact_op op_;
  simdact_dtype dtype_;
  simdact_direction direction_;
  simdact_params p_;
  Sample sample_;
  std::vector<double> points_;
};

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_RULER_SAMPLES_H_
