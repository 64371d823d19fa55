// What the kernels of softmax and cross-entropy share with the dispatcher: arguments checked, options
// resolved. No SIMD code.
#ifndef SIMDACT_DISPATCH_ROWS_H_
#define SIMDACT_DISPATCH_ROWS_H_

#include <cstddef>
#include <cstring>

#include "simdact/cross_entropy.h"
#include "simdact/softmax.h"

namespace simdact {

// The options with every default filled in. Strides are in elements.
struct RowOptions : simdact_softmax_options {
  bool unchanged;  // scores are x itself
  bool whole;      // rows see all columns, and have no sink
};

// The columns of a row: hidden ones, those that take part, and hidden ones again.
struct Columns {
  size_t before, visible, after;
};

// Numbers and enums in their ranges, and nothing asked for that this version does not know.
bool OptionsAreValid(const simdact_softmax_options& o, size_t bytes);

// `options`, or all zero, with every default filled in.
RowOptions Resolved(const simdact_softmax_options* options, size_t rows, size_t cols);

inline size_t BytesOfMask(simdact_mask type, size_t bytes) {
  return type == SIMDACT_MASK_BOOL ? 1 : type == SIMDACT_MASK_F32 ? sizeof(float) : bytes;
}

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
// Of any alignment, as all arrays.
inline int64_t LabelAt(const int64_t* labels, size_t row) {
  int64_t label;
  std::memcpy(&label, labels + row, sizeof(label));
  return label;
}
inline bool IsIgnored(const LossOptions& o, int64_t label) {
  return label < 0 || (o.ignores_label != 0 && label == o.ignored_label);
}

Columns VisibleColumns(const RowOptions& o, size_t row, size_t cols);

// ---- The gradient through scores --------------------------------------------------------------------------

// Columns of a block of scores, and bytes behind it that loops over blocks of numbers may read and write.
template <class T>
constexpr size_t kScoreBlock = 8192 / sizeof(T);
constexpr size_t kBehindBlock = 256;

struct SumOfProducts {
  double high, low;
};

// Over n numbers of a row, at most kScoreBlock and less only at its end, in arrays with room behind them. o
// is the row's, its mask the block's.
template <class T>
struct GradientPieces {
  // p = exp(z - lse) of scores z; `last` is the last visible column.
  void (*probabilities)(const RowOptions& o, ptrdiff_t last, double log_sum_exp, const T* x, size_t n, T* p);
  // sum p dy; what is behind must be 0.
  SumOfProducts (*sum)(const T* p, const T* dy, size_t n);
  // p = scale softcap'(scale x) p (dy - sum).
  void (*slopes)(const RowOptions& o, const SumOfProducts& sum, const T* x, const T* dy, size_t n, T* p);
};

// Softmax and its kin in one format, compiled for one target. Of the gradient's pieces a format has those of
// its numbers, or, in 16 bits, the way from and to floats.
struct SoftmaxCode {
  simdact_softmax_kernel kernels[SIMDACT_SOFTMAX_OP_COUNT];
  const GradientPieces<float>* floats;
  const GradientPieces<double>* doubles;
  void (*load)(const void* from, size_t n, float* to);
  void (*store)(const float* from, size_t n, void* to);
};

// The code of a format, or null if the target or dtype does not exist.
const SoftmaxCode* SoftmaxCodeOf(int64_t target, simdact_dtype dtype);

// The gradient of rows whose arguments are good:
//
//   dx = scale softcap'(scale x) p (dy - sum p dy),  p = y, or if that is null exp(z - o.log_sum_exp)
//
// x is not read where y is there and no softcap. sums: sum p dy of each row; null: not wanted.
void ScoreGradient(int64_t target, simdact_dtype dtype, const void* x, const void* y, const void* dy,
                   void* dx, double* sums, size_t rows, size_t cols, const RowOptions& o);

// The log-sum-exp of a row, or 0 where there is none.
double NotedLogSumExp(const RowOptions& o, size_t row, simdact_dtype dtype);

// What a number in units exp(shift) 2^power must be multiplied by to be one in units exp(to_shift)
// 2^to_power. By the power of two alone, exactly, if the shifts are equal.
double UnitFactor(double shift, double power, double to_shift, double to_power);

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_ROWS_H_
