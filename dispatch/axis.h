// What a target does for softmax along any axis: loops over blocks of numbers whose lanes are columns. How a
// tensor goes through them is not SIMD code, and compiled once (axis.cc).
#ifndef SIMDACT_DISPATCH_AXIS_H_
#define SIMDACT_DISPATCH_AXIS_H_

#include <cstddef>
#include <cstdint>

#include "simdact/softmax_axis.h"

namespace simdact {

// A block's columns are whole vectors of every target. Its sums take kRowsApart rows at a time: a block that
// comes in parts is cut there, so that its bits do not tell.
template <class T>
constexpr size_t kMostColumns = 1024 / sizeof(T);
constexpr size_t kRowsApart = 64;

// What is known of a block's columns so far. Scores are x, or scale unit (x - largest), which is exact as a
// pair.
template <class T>
struct AxisColumns {
  bool scaled;            // else scores are x
  T scale, unit, shrink;  // shrink x does not overflow when the largest one is taken off; scale has the rest,
                          // of which unit is the power of two
  alignas(64) T largest[kMostColumns<T>];
  T shift[kMostColumns<T>], power[kMostColumns<T>], magic[kMostColumns<T>],
      least[kMostColumns<T>];  // SoftmaxUnit
  T start[kMostColumns<T>];    // where sums begin
  T sum[kMostColumns<T>], sum_low[kMostColumns<T>],
      tally[kMostColumns<T>];  // of floats, those of kRowsApart rows
  T factor[kMostColumns<T>], factor_low[kMostColumns<T>];
  alignas(64) double high[kMostColumns<T>], low[kMostColumns<T>], count[kMostColumns<T>];
};

// Which terms: the accurate ones, those but the largest, which is counted, and the fast tier's.
enum class AxisTerms { kAll, kOthers, kFast, kShort };

// Rows of numbers are `stride` apart; columns are whole vectors.
template <class T>
struct AxisLoops {
  size_t (*lanes)();
  // The units, and sums of nothing.
  void (*units)(AxisTerms which, size_t columns, AxisColumns<T>& c);
  // Adds rows to the sums; all of them but the last call's are a multiple of kRowsApart. The terms go to
  // `terms`, which may be x, but of kOthers nowhere.
  void (*sum)(AxisTerms which, const T* x, size_t stride, size_t rows, size_t columns, T* terms,
              size_t terms_stride, AxisColumns<T>& c);
  // Sums as they are, high + low, and their inverses in c.factor. False if one is no number.
  bool (*totals)(size_t columns, AxisColumns<T>& c);
  // Whether a sum of `rows` others is so small that many of its terms were wholly lost. Then sums are of
  // nothing again, and begin where they are not.
  bool (*restart)(size_t rows, size_t columns, AxisColumns<T>& c);
  // In place of sums their logarithms; with `others` that of what the largest one leaves, in c.factor too.
  void (*logs)(bool others, size_t columns, AxisColumns<T>& c);
  // Backward: the sums of products in c.factor, as words of the format.
  void (*words)(size_t columns, AxisColumns<T>& c);
};

// Where the columns of a block stand: `width` side by side in a slice (of the first one, `first`), then those
// of the next slice.
struct AxisPlace {
  size_t columns, first, width;
  size_t inner;  // elements from row to row
  size_t slice;  // elements from slice to slice
};

// Loops over elements. Those over numbers know the block as AxisLoops do; strides are in elements.
template <class T>
struct AxisFormat {
  // Rows of a block to numbers and back. `left` elements may be read from `from` on.
  void (*load)(const AxisPlace& place, const void* from, size_t left, size_t rows, bool negate, T* to,
               size_t stride);
  void (*store)(const AxisPlace& place, const T* from, size_t stride, size_t rows, void* to);
  // Brings c.largest up to date, and copies the rows to `keep`, `columns` apart, unless that is null. False
  // if one of the largest is not finite.
  bool (*largest)(const void* x, size_t stride, size_t rows, size_t columns, T* keep, AxisColumns<T>& c);
  void (*quotients)(bool fast, const T* terms, size_t stride, size_t rows, size_t columns, void* y,
                    size_t y_stride, const AxisColumns<T>& c);
  // y = score - largest score - c.factor.
  void (*differences)(const T* x, size_t stride, size_t rows, size_t columns, void* y, size_t y_stride,
                      const AxisColumns<T>& c);
  // Backward: adds y dy, or with `log` dy, to the sums; and dx = scale y (dy - sum), or its kin.
  void (*products)(bool log, const void* y, const void* dy, size_t stride, size_t rows, size_t columns,
                   AxisColumns<T>& c);
  void (*slopes)(bool log, const void* y, const void* dy, void* dx, size_t stride, size_t rows,
                 size_t columns, const AxisColumns<T>& c);
};

struct AxisCode {
  const AxisLoops<float>* floats;
  const AxisLoops<double>* doubles;  // null in a library without f64
  AxisFormat<float> f32, bf16, f16;
  AxisFormat<double> f64;
};

// A kernel for each op and dtype, compiled for one target; null if it was not.
const simdact_softmax_axis_kernel (*SoftmaxAxisCode(int64_t target))[SIMDACT_DTYPE_COUNT];

// softmax or its kin in the dtype's format. Without a y, the log-sum-exp alone.
simdact_status SoftmaxAlong(int64_t target, const AxisCode& code, simdact_softmax_op op, simdact_dtype dtype,
                            const void* x, void* y, size_t outer, size_t axis, size_t inner,
                            const simdact_softmax_axis_options* options);
simdact_status LogSumExpAlong(int64_t target, const AxisCode& code, simdact_softmax_op op,
                              simdact_dtype dtype, const void* x, void* log_sum_exp, size_t outer,
                              size_t axis, size_t inner, const simdact_softmax_axis_options* options);
simdact_status SoftmaxAlongBackward(int64_t target, const AxisCode& code, simdact_softmax_op op,
                                    simdact_dtype dtype, const void* y, const void* dy, void* dx,
                                    size_t outer, size_t axis, size_t inner,
                                    const simdact_softmax_axis_options* options);

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_AXIS_H_
