// How errors spread: the largest in each part of an interval, and how many are how large. For pictures; the
// largest of all inputs is accuracy.h's matter.
#ifndef SIMDACT_TESTS_RULER_SPREAD_H_
#define SIMDACT_TESTS_RULER_SPREAD_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/ruler/accuracy.h"

namespace simdact_accuracy {

// `bins` parts of [from, to], each with `per_bin` inputs.
struct Interval {
  double from = -10, to = 10;
  size_t bins = 100, per_bin = 100;
  double Width() const { return (to - from) / static_cast<double>(bins); }
  size_t BinOf(size_t input) const { return input / per_bin; }
};

struct ErrorSpread {
  static constexpr double kStep = 0.05;  // ulps per bar of the histogram
  std::vector<double> over_x;            // the largest error in each part
  std::vector<uint64_t> histogram;       // the last bar has all that is larger
  double mean = 0;
};

// Evenly spread, but at a changing place in each step, so that they are not all short binary fractions.
inline std::vector<double> InputsOf(const Interval& interval, simdact_dtype dtype) {
  const size_t n = interval.bins * interval.per_bin;
  const double step = (interval.to - interval.from) / static_cast<double>(n);
  std::vector<double> x;
  for (size_t k = 0; k < n; ++k) {
    const double place = static_cast<double>(k * 2654435761u % 65536) / 65536;
    x.push_back(Rounded(dtype, interval.from + (static_cast<double>(k) + place) * step));
  }
  return x;
}

// One error, as the tier's claim counts it. f64 asks the best reference where the usual one may be what is
// off.
inline double ErrorOf(const Subject& s, double x, double got, long double exact) {
  if (s.tier == SIMDACT_FAST) {
    const double claim = simdact_fast_claim(s.op, s.dtype, s.direction, 1);
    return FastError(s.dtype, got, exact, LargestTerm(s.op, s.direction, x, s.p.value), claim);
  }
  const double ulps = UlpError(s.dtype, got, exact);
  if (s.dtype != SIMDACT_F64 || ulps < 1) return ulps;
  const Reference& reference = ReferenceOf(s.op, s.direction);
  const auto settled = static_cast<long double>(reference.settle(x, s.p.value));
  const auto share = kXieluShare * reference.VanishingTerm(x, s.p.value) * InverseUlp(settled);
  return std::max(0.0, UlpError(s.dtype, got, settled) - static_cast<double>(share));
}

// Of each target that has the tier; of the others an empty one.
inline std::vector<ErrorSpread> SpreadOf(simdact_op op, simdact_dtype dtype, simdact_direction direction,
                                         simdact_tier tier, const std::vector<const simdact_target*>& targets,
                                         const Interval& interval, size_t bars = 81) {
  const Subject s = {op, dtype, direction, tier, RoundedTo(dtype, simdact_describe(op)->defaults), {}};
  const std::vector<double> x = InputsOf(interval, dtype);
  std::vector<long double> exact;
  for (const double value : x) exact.push_back(ReferenceOf(op, direction).exact(value, s.p.value));
  const Array input(dtype, x);
  Array output(dtype);
  std::vector<ErrorSpread> spreads(targets.size());
  for (size_t t = 0; t < targets.size(); ++t) {
    if (tier == SIMDACT_FAST && !HasFast(targets[t], op, dtype, direction)) continue;
    Run(*simdact_find(targets[t], op, dtype, tier), direction, s.p, input, output);
    ErrorSpread& spread = spreads[t];
    spread.over_x.resize(interval.bins);
    spread.histogram.resize(bars);
    for (size_t i = 0; i < x.size(); ++i) {
      const double error = std::min(1e30, ErrorOf(s, x[i], output[i], exact[i]));
      double& part = spread.over_x[interval.BinOf(i)];
      part = std::max(part, error);
      ++spread.histogram[std::min(bars - 1, static_cast<size_t>(std::min(1e6, error / ErrorSpread::kStep)))];
      spread.mean += error / static_cast<double>(x.size());
    }
  }
  return spreads;
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_RULER_SPREAD_H_
