// Scores of softmax as the exact sums that they are, for rows where a long double is too short: the largest
// score is taken off before anything is rounded. Shares nothing with kernels/ or dispatch/.
#ifndef SIMDACT_TESTS_REFERENCE_SCORES_H_
#define SIMDACT_TESTS_REFERENCE_SCORES_H_

#include <cmath>
#include <vector>

#include "tests/reference/softmax.h"

namespace simdact_accuracy {

// A sum of long doubles that is never rounded; or infinite, or NaN.
class ExactSum {
 public:
  void Add(long double term) {
    if (!std::isfinite(term) || !std::isfinite(special_)) {
      special_ += term;
      return;
    }
    std::vector<long double> parts;  // of growing magnitude, and no two overlap (Shewchuk)
    for (const long double part : parts_) {
      const long double sum = term + part, shown = sum - part;
      const long double error = (term - shown) + (part - (sum - shown));
      if (error != 0) parts.push_back(error);
      term = sum;
    }
    if (term != 0) parts.push_back(term);
    parts_ = parts;
  }
  void AddProduct(double a, double b) {
    const long double product = static_cast<long double>(a) * b;
    Add(product);
    if (std::isfinite(product))
      Add(std::fma(static_cast<long double>(a), static_cast<long double>(b), -product));
  }
  ExactSum operator-(const ExactSum& other) const {
    ExactSum difference = *this;
    for (const long double part : other.parts_) difference.Add(-part);
    if (other.special_ != 0) difference.special_ -= other.special_;
    return difference;
  }
  long double Value() const {
    if (special_ != 0) return special_;
    long double sum = 0;
    for (const long double part : parts_) sum += part;
    return sum;
  }

 private:
  std::vector<long double> parts_;
  long double special_ = 0;  // infinite or NaN
};

// As ScoresOf, without rounding. With softcap the capped score is a long double.
inline std::vector<ExactSum> ExactScoresOf(simdact_softmax_op op, simdact_dtype dtype, const Reals& x,
                                           size_t row, size_t rows, const simdact_softmax_options& o,
                                           const Array* same_mask) {
  const size_t cols = x.size(), visible = VisibleIn(o, row, cols);
  const auto option = [&](double value, double if_zero) {
    return static_cast<double>(OptionIn(dtype, value, if_zero));
  };
  const double scale = (op == SIMDACT_SOFTMAX_OP_softmin ? -1 : 1) * option(o.scale, 1);
  const double cap = option(o.softcap, 0), slope = option(o.mask_slope, 1), alibi = option(o.alibi_slope, 0);
  const size_t mask_stride = o.mask_row_stride == 0 ? cols : o.mask_row_stride;
  const size_t at = row % (o.mask_rows == 0 ? rows : o.mask_rows) * mask_stride;
  std::vector<ExactSum> z(cols);
  for (size_t i = 0; i < cols; ++i) {
    const bool hidden = o.mask_type == SIMDACT_MASK_BOOL && static_cast<const uint8_t*>(o.mask)[at + i] == 0;
    if (i < StartIn(o, row) || i >= visible || hidden) {
      z[i].Add(-kInfinity);
      continue;
    }
    const double value = static_cast<double>(x[i]);
    if (cap != 0) {
      z[i].Add(cap * std::tanh(static_cast<long double>(scale) * value / cap));
    } else {
      z[i].AddProduct(scale, value);
    }
    if (o.mask_type == SIMDACT_MASK_F32)
      z[i].AddProduct(slope, static_cast<double>(static_cast<const float*>(o.mask)[at + i]));
    if (o.mask_type == SIMDACT_MASK_SAME) z[i].AddProduct(slope, (*same_mask)[at + i]);
    if (alibi != 0) z[i].AddProduct(alibi, static_cast<double>(i) - static_cast<double>(visible) + 1);
  }
  return z;
}

// SoftmaxOf of such scores.
inline RowResult SoftmaxOfExact(simdact_softmax_op op, const std::vector<ExactSum>& z, long double sink,
                                const simdact_softmax_options& o) {
  ExactSum largest, sink_sum;
  sink_sum.Add(sink);
  if (std::isfinite(sink)) largest = sink_sum;
  bool any = std::isfinite(sink);
  for (const ExactSum& score : z) {
    if (!std::isfinite(score.Value())) continue;
    if (!any || (score - largest).Value() > 0) largest = score;
    any = true;
  }
  Reals shifted(z.size());
  for (size_t i = 0; i < z.size(); ++i) shifted[i] = (z[i] - largest).Value();
  RowResult result = SoftmaxOf(op, shifted, (sink_sum - largest).Value(), o);
  largest.Add(result.log_sum_exp);
  result.log_sum_exp = largest.Value();
  return result;
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_REFERENCE_SCORES_H_
