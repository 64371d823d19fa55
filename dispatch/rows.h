// What the kernels of softmax and cross-entropy share with the dispatcher: arguments checked, options
// resolved. No SIMD code.
#ifndef SIMDACT_DISPATCH_ROWS_H_
#define SIMDACT_DISPATCH_ROWS_H_

#include <cstddef>

#include "simdact/cross_entropy.h"
#include "simdact/softmax.h"

namespace simdact {

// The options with every default filled in. Strides are in elements.
struct RowOptions : simdact_softmax_options {
  bool plain;  // scores are x itself: nothing of what follows applies
};

// Fills `resolved` from options, which may be null, if the arguments of a forward or backward call are good.
// `bytes` are an element's.
simdact_status CheckForward(const void* x, const void* y, size_t rows, size_t cols, size_t bytes,
                            const simdact_softmax_options* options, RowOptions* resolved);
simdact_status CheckLogSumExp(const void* x, void* log_sum_exp, size_t rows, size_t cols, size_t bytes,
                              const simdact_softmax_options* options, RowOptions* resolved);
simdact_status CheckBackward(const void* y, const void* dy, const void* dx, size_t rows, size_t cols,
                             size_t bytes, const simdact_softmax_options* options, RowOptions* resolved);

// The same of cross-entropy.
struct LossOptions : simdact_cross_entropy_options {
  double sum_of_weights;  // of all columns; 0 without smoothing
  double WeightOf(size_t column) const { return weights == nullptr ? 1.0 : double{weights[column]}; }
};
simdact_status CheckCrossEntropy(const void* x, const int64_t* labels, const void* loss, const void* dx,
                                 size_t rows, size_t cols, size_t bytes,
                                 const simdact_cross_entropy_options* options, LossOptions* resolved);
inline bool IsIgnored(const LossOptions& o, int64_t label) {
  return label < 0 || (o.ignores_label != 0 && label == o.ignored_label);
}

// How many columns of a row take part.
size_t VisibleColumns(const RowOptions& o, size_t row, size_t cols);

// What a number in units exp(shift) 2^power must be multiplied by to be one in units exp(to_shift)
// 2^to_power. By the power of two alone, exactly, if the shifts are equal.
double UnitFactor(double shift, double power, double to_shift, double to_power);

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_ROWS_H_
