// What softmax and its kin are, row by row, in long double. Shares nothing with kernels/ or dispatch/.
#ifndef SIMDACT_TESTS_REFERENCE_SOFTMAX_H_
#define SIMDACT_TESTS_REFERENCE_SOFTMAX_H_

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "simdact/softmax.h"
#include "tests/common/array.h"

namespace simdact_accuracy {

using Reals = std::vector<long double>;
constexpr long double kInfinity = std::numeric_limits<long double>::infinity();
constexpr long double kNan = std::numeric_limits<long double>::quiet_NaN();

// An option as the kernels of a dtype see it.
inline long double OptionIn(simdact_dtype dtype, double value, double if_zero) {
  const double given = value == 0 ? if_zero : value;
  return Rounded(dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32, given);
}

inline size_t StartIn(const simdact_softmax_options& o, size_t row) {
  return o.starts == nullptr ? 0 : o.starts[row];
}
inline size_t VisibleIn(const simdact_softmax_options& o, size_t row, size_t cols) {
  size_t visible = cols;
  if (o.lengths != nullptr) visible = std::min(visible, o.lengths[row]);
  if (o.causal_rows != 0) visible = std::min(visible, o.causal_past + row % o.causal_rows + 1);
  return visible;
}

// The scores of a row, -inf where it is masked. x, and a mask of type SAME, are given as arrays.
inline Reals ScoresOf(simdact_softmax_op op, simdact_dtype dtype, const Reals& x, size_t row, size_t rows,
                      const simdact_softmax_options& o, const Array* same_mask) {
  const size_t cols = x.size(), visible = VisibleIn(o, row, cols);
  const long double sign = op == SIMDACT_SOFTMAX_OP_softmin ? -1 : 1;
  const long double scale = sign * OptionIn(dtype, o.scale, 1), cap = OptionIn(dtype, o.softcap, 0);
  const long double mask_slope = OptionIn(dtype, o.mask_slope, 1), alibi = OptionIn(dtype, o.alibi_slope, 0);
  const size_t mask_stride = o.mask_row_stride == 0 ? cols : o.mask_row_stride;
  const size_t at = row % (o.mask_rows == 0 ? rows : o.mask_rows) * mask_stride;
  Reals z(cols, -kInfinity);
  for (size_t i = StartIn(o, row); i < visible; ++i) {
    z[i] = scale * x[i];
    if (cap != 0) z[i] = cap * std::tanh(z[i] / cap);
    if (o.mask_type == SIMDACT_MASK_F32) z[i] += mask_slope * static_cast<const float*>(o.mask)[at + i];
    if (o.mask_type == SIMDACT_MASK_SAME && same_mask != nullptr) z[i] += mask_slope * (*same_mask)[at + i];
    z[i] += alibi * (static_cast<long double>(i) - static_cast<long double>(visible) + 1);
    if (o.mask_type == SIMDACT_MASK_BOOL && static_cast<const uint8_t*>(o.mask)[at + i] == 0)
      z[i] = -kInfinity;
  }
  return z;
}

struct RowResult {
  Reals y;
  long double log_sum_exp;
};

// The ordinary case and the three special ones, as simdact_softmax_options describes them.
inline RowResult SoftmaxOf(simdact_softmax_op op, const Reals& z, long double sink,
                           const simdact_softmax_options& o) {
  const bool log = op == SIMDACT_SOFTMAX_OP_log_softmax;
  const size_t cols = z.size();
  const auto made = [&](long double p) { return log ? std::log(p) : p; };
  long double maximum = sink;
  size_t infinite = sink == kInfinity;
  if (std::isnan(sink)) return {Reals(cols, kNan), kNan};
  for (const long double value : z) {
    if (std::isnan(value)) return {Reals(cols, kNan), kNan};
    maximum = std::max(maximum, value);
    infinite += value == kInfinity;
  }
  Reals y(cols);
  if (infinite != 0) {
    if (o.infinite_score == SIMDACT_INFINITE_SCORE_NAN) return {Reals(cols, kNan), kNan};
    for (size_t i = 0; i < cols; ++i) {
      y[i] = made(z[i] == kInfinity ? 1.0L / static_cast<long double>(infinite) : 0.0L);
    }
    return {y, kInfinity};
  }
  if (maximum == -kInfinity) {
    const long double p = o.masked_row == SIMDACT_MASKED_ROW_NAN    ? kNan
                          : o.masked_row == SIMDACT_MASKED_ROW_ZERO ? 0.0L
                                                                    : 1.0L / static_cast<long double>(cols);
    return {Reals(cols, made(p)), -kInfinity};
  }
  // A largest term is 1, and left out until the end, so that log1p sees how little the others are. Kahan's
  // summation: the roundings of 65536 equal terms all go the same way.
  long double others = sink == maximum ? 0.0L : std::exp(sink - maximum), carried = 0;
  bool left_out = sink == maximum;
  for (const long double value : z) {
    if (!left_out && value == maximum) {
      left_out = true;
      continue;
    }
    const long double term = std::exp(value - maximum) - carried, sum = others + term;
    carried = (sum - others) - term;
    others = sum;
  }
  const long double log_sum = std::log1p(others);
  for (size_t i = 0; i < cols; ++i) {
    y[i] = log ? z[i] - maximum - log_sum : std::exp(z[i] - maximum) / (1 + others);
  }
  return {y, maximum + log_sum};
}

// dx = scale J^T dy from the output.
inline Reals SoftmaxGradient(simdact_softmax_op op, const Reals& y, const Reals& dy, long double scale) {
  const bool log = op == SIMDACT_SOFTMAX_OP_log_softmax;
  long double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) sum += log ? dy[i] : y[i] * dy[i];
  Reals dx(y.size());
  for (size_t i = 0; i < y.size(); ++i) {
    // Where dy and the sum are the same, the usual form of dy - exp(y) sum would cancel next to y = 0.
    const long double log_slope =
        y[i] > -0.5L ? (dy[i] - sum) - std::expm1(y[i]) * sum : dy[i] - std::exp(y[i]) * sum;
    dx[i] = scale * (log ? log_slope : y[i] * (dy[i] - sum));
    if (op == SIMDACT_SOFTMAX_OP_softmin) dx[i] = -dx[i];
  }
  return dx;
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_REFERENCE_SOFTMAX_H_
