// The exact values of a function at thousands of consecutive floats, for a nanosecond each.
//
// Over 65536 floats that follow each other, which lie within one binade and differ by 2^-7 of themselves, a
// smooth function is a polynomial of degree 9 to far below what an f32 shows. Smooth is that polynomial,
// through ten of the values near Chebyshev's points. It is compared at eleven other floats that lie between
// them, the first and the last among them. Where it is off the function bends, jumps or overflows, and the
// caller takes a shorter piece, or each value by itself. A quick function in double makes the polynomial;
// four of the comparisons are with the exact one.
#ifndef SIMDACT_TESTS_RULER_SMOOTH_H_
#define SIMDACT_TESTS_RULER_SMOOTH_H_

#include <array>
#include <cmath>
#include <cstdint>

#include "tests/ruler/formats.h"

namespace simdact_accuracy {

// What the values of a piece are.
enum class Piece {
  kSmooth,     // the polynomial, within error
  kNan,        // NaN, all of them
  kOverflows,  // beyond the largest float, all of them, on one side
  kRough       // none of these
};

class Smooth {
 public:
  static constexpr uint32_t kNodes = 10;

  // A function at the floats of bits first, first + 1, ... first + n - 1, which are of one binade. `cancels`:
  // the size of the terms that cancel in it.
  template <class Quick, class Exact>
  Smooth(const Quick& quick, const Exact& exact, uint32_t first, uint32_t n, double cancels) : n_(n) {
    const auto input = [&](uint32_t i) { return static_cast<double>(FromBits(first + i)); };
    std::array<long double, kNodes> t, value;
    for (uint32_t k = 0; k < kNodes; ++k) {
      const uint32_t i = Index(std::cos(std::acos(-1.0) * (2 * k + 1) / (2 * kNodes)));
      t[k] = Place(i), value[k] = quick(input(i));
      See(value[k]);
    }
    if (kind_ == Piece::kSmooth) Interpolate(t, value);
    long double last = 0, off = 0;
    for (uint32_t k = 0; k <= kNodes; ++k) {
      const uint32_t i = Index(-std::cos(std::acos(-1.0) * k / kNodes));
      const bool settled = k == 0 || k == 3 || k == 7 || k == kNodes;
      const long double want = settled ? exact(input(i)) : quick(input(i));
      See(want);
      off = std::max(off, std::fabs(want - At(i)));
      rises_ = rises_ && (k == 0 || want >= last), falls_ = falls_ && (k == 0 || want <= last);
      last = want;
    }
    error_ = 4 * static_cast<double>(off) + 0x1p-44 * largest_ + 0x1p-50 * cancels;
    Judge();
  }

  Piece kind() const { return kind_; }
  // How far the polynomial may be off.
  double error() const { return error_; }
  // Whether f seems to rise, or to fall, from the first float to the last; a constant does both.
  bool rises() const { return rises_; }
  bool falls() const { return falls_; }
  const std::array<double, kNodes>& coefficients() const { return coefficient_; }
  // The polynomial's argument at float i is (i - middle) / half.
  double middle() const { return 0.5 * (n_ - 1); }
  double half() const { return 0.5 * (n_ - 1); }

  double At(uint32_t i) const {
    const double t = static_cast<double>(Place(i));
    double sum = coefficient_[kNodes - 1];
    for (uint32_t k = kNodes - 1; k-- > 0;) sum = sum * t + coefficient_[k];
    return sum;
  }

 private:
  uint32_t Index(double t) const { return static_cast<uint32_t>(std::lround(middle() + half() * t)); }
  long double Place(uint32_t i) const { return (static_cast<long double>(i) - middle()) / half(); }

  void See(long double value) {
    const long double limit = std::scalbn(1.0L, 128);
    nans_ += std::isnan(value);
    above_ += value >= limit;
    below_ += value <= -limit;
    ++values_;
    if (std::isnan(value) || std::fabs(value) >= limit) kind_ = Piece::kRough;
    largest_ = std::max(largest_, static_cast<double>(std::fabs(value)));
  }

  // Newton's divided differences, expanded into powers of t.
  void Interpolate(const std::array<long double, kNodes>& t, std::array<long double, kNodes> difference) {
    for (uint32_t order = 1; order < kNodes; ++order) {
      for (uint32_t k = kNodes - 1; k >= order; --k)
        difference[k] = (difference[k] - difference[k - 1]) / (t[k] - t[k - order]);
    }
    std::array<long double, kNodes> power{};
    for (uint32_t k = kNodes; k-- > 0;) {  // power = power (t - t_k) + difference_k
      for (uint32_t j = kNodes - 1; j > 0; --j) power[j] = power[j - 1] - power[j] * t[k];
      power[0] = difference[k] - power[0] * t[k];
    }
    for (uint32_t k = 0; k < kNodes; ++k) coefficient_[k] = static_cast<double>(power[k]);
  }

  // The polynomial must be good to 2^-14 ulp of the largest value.
  void Judge() {
    if (nans_ == values_) kind_ = Piece::kNan;
    if (above_ == values_ || below_ == values_) kind_ = Piece::kOverflows;
    if (kind_ == Piece::kSmooth && !(error_ <= 0x1p-14 * Ulp(largest_))) kind_ = Piece::kRough;
  }
  static double Ulp(double value) { return std::ldexp(1.0, std::max(std::ilogb(value), -126) - 23); }

  uint32_t n_, values_ = 0, nans_ = 0, above_ = 0, below_ = 0;
  Piece kind_ = Piece::kSmooth;
  double largest_ = 0, error_ = 0;
  bool rises_ = true, falls_ = true;
  std::array<double, kNodes> coefficient_{};
};

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_RULER_SMOOTH_H_
