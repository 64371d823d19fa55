// What a target does for cross-entropy: loops over blocks of numbers. What is made of them for a row is not
// SIMD code, and compiled once (losses.cc).
#ifndef SIMDACT_DISPATCH_LOSSES_H_
#define SIMDACT_DISPATCH_LOSSES_H_

#include <cstddef>
#include <cstdint>

#include "dispatch/exact_sum.h"
#include "simdact/cross_entropy.h"

namespace simdact {

// Terms are exp(x) in the unit that softmax chooses for the largest score (kernels/simdact/softmax-inl.h),
// and bear its bias. Sums and logarithms are as accurate as two doubles make them.
template <class T>
struct LossLoops {
  T (*largest)(const T* x, size_t n);
  // The sum of terms, which are at most about 2^powers times the largest score's: how small they are costs no
  // digits then. They go to `terms`, which may be x, unless it is null.
  TwoDoubles (*sum)(const T* x, size_t n, T largest, int powers, T* terms);
  // sum weight (largest - x), weights being 1 if they are null.
  TwoDoubles (*distances)(const T* x, const float* weights, size_t n, T largest);
  // log(sum / the largest score's term), or with `others` log1p of it.
  TwoDoubles (*log)(TwoDoubles sum, T largest, bool others);
  // dx = scale (term size / total) - share weight; 0 < size, and 1 / kMostSize <= size <= kMostSize.
  void (*slopes)(const T* terms, const float* weights, size_t n, TwoDoubles total, double size, T scale,
                 T share, T* dx);
};
// The exponent of kMostSize: within it a product with any term, biased, is a normal number.
template <class T>
constexpr int kMostSize = sizeof(T) == sizeof(float) ? 30 : 100;

struct LossCode {
  const LossLoops<float>* floats;
  const LossLoops<double>* doubles;  // null in a library without f64
  // Of 16 bits, to floats, exactly, and back, rounded.
  void (*widen)(const uint16_t* from, float* to, size_t n);
  void (*round)(const float* from, uint16_t* to, size_t n);
};

// Cross-entropy of rows in the dtype's format.
simdact_status LossesOfRows(simdact_dtype dtype, const LossCode& code, const void* x, const int64_t* labels,
                            void* loss, void* dx, size_t rows, size_t cols,
                            const simdact_cross_entropy_options* options);

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_LOSSES_H_
