// Cross-entropy of a row and its gradient, in long double. Shares nothing with kernels/ or dispatch/.
#ifndef SIMDACT_TESTS_REFERENCE_CROSS_ENTROPY_H_
#define SIMDACT_TESTS_REFERENCE_CROSS_ENTROPY_H_

#include "simdact/cross_entropy.h"
#include "tests/reference/softmax.h"

namespace simdact_accuracy {

struct LossResult {
  long double loss, log_sum_exp, target;  // target: the sum of a
  Reals dx, largest_term;                 // of which dx is the difference
};

// The label is a column. g is dL/dloss.
inline LossResult CrossEntropyOf(const Reals& x, size_t label, const simdact_cross_entropy_options& o,
                                 long double g) {
  const size_t cols = x.size();
  const auto weight = [&](size_t c) { return o.weights == nullptr ? 1.0L : o.weights[c]; };
  const long double smoothing = o.label_smoothing, share = smoothing / static_cast<long double>(cols);
  const simdact_softmax_options plain{};
  const RowResult row = SoftmaxOf(SIMDACT_SOFTMAX_OP_log_softmax, x, -kInfinity, plain);
  const Reals& log_p = row.y;
  LossResult result = {-(1 - smoothing) * weight(label) * log_p[label], row.log_sum_exp, 0, Reals(cols),
                       Reals(cols)};
  long double sum = (1 - smoothing) * weight(label), others = 0;
  for (size_t c = 0; c < cols && smoothing != 0; ++c) {
    result.loss -= share * weight(c) * log_p[c];
    sum += share * weight(c);
    if (c != label) others += share * weight(c);
  }
  result.target = sum;
  for (size_t c = 0; c < cols; ++c) {
    const long double rise = g * sum * std::exp(log_p[c]), fall = g * share * weight(c);
    result.dx[c] = rise - fall;
    result.largest_term[c] = std::max(std::fabs(rise), std::fabs(fall));
  }
  result.dx[label] = g * (sum * std::expm1(log_p[label]) + others);
  result.largest_term[label] = std::fabs(g * sum);
  return result;
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_REFERENCE_CROSS_ENTROPY_H_
