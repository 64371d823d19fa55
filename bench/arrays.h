// What the kernels of the benchmark work on.
#ifndef SIMDACT_BENCH_ARRAYS_H_
#define SIMDACT_BENCH_ARRAYS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <random>

#include "simdact/activations.def"
#include "simdact/simdact.h"
#include "tests/ruler/formats.h"

namespace simdact_bench {

inline size_t SizeOf(simdact_dtype dtype) { return dtype == SIMDACT_F64 ? 8 : dtype == SIMDACT_F32 ? 4 : 2; }

// to[i] = value, in the format of dtype.
inline void Store(simdact_dtype dtype, void* to, size_t i, double value) {
  if (dtype == SIMDACT_F64) {
    static_cast<double*>(to)[i] = value;
  } else if (dtype == SIMDACT_F32) {
    static_cast<float*>(to)[i] = static_cast<float>(value);
  } else {
    static_cast<uint16_t*>(to)[i] = simdact_accuracy::ToHalf(dtype, value);
  }
}

// Ops that have no value, or no derivative, left of 0.
inline bool NeedsPositive(simdact_op op) {
  return op == SIMDACT_OP_log || op == SIMDACT_OP_log1p || op == SIMDACT_OP_pow || op == SIMDACT_OP_sqrt ||
         op == SIMDACT_OP_rsqrt;
}

// The families that compute more than arithmetic.
inline bool IsTranscendental(simdact_op op) {
#define SIMDACT_X(Name, name, ...) case SIMDACT_OP_##name:
  switch (op) {
    SIMDACT_EXPONENTIAL(SIMDACT_X)
    SIMDACT_LOGARITHMIC(SIMDACT_X)
    SIMDACT_LOGISTIC(SIMDACT_X)
    SIMDACT_HYPERBOLIC(SIMDACT_X)
    SIMDACT_NORMAL(SIMDACT_X)
    return true;
    default:
      return false;
  }
#undef SIMDACT_X
}

struct FreeAligned {
  void operator()(void* p) const { ::operator delete[](p, std::align_val_t{64}); }
};
using Buffer = std::unique_ptr<void, FreeAligned>;
inline Buffer Allocate(size_t bytes) { return Buffer(::operator new[](bytes, std::align_val_t{64})); }

// Arrays that all rows of a dtype share: filling 16M elements anew for each row would take longer than the
// row.
class Arrays {
 public:
  static Arrays& Shared(simdact_dtype dtype, bool positive) {
    static Arrays arrays[SIMDACT_DTYPE_COUNT][2];
    Arrays& mine = arrays[dtype][positive];
    mine.dtype_ = dtype, mine.positive_ = positive;
    return mine;
  }

  // x holds the same numbers at the start whatever n is. Grows when asked for more than before.
  void Reserve(size_t n) {
    if (n <= size_) return;
    size_ = n;
    for (Buffer* array : {&x_, &dy_, &y_}) *array = Allocate(n * SizeOf(dtype_));
    FillRandom();
    for (size_t i = 0; i < n; ++i) Store(dtype_, dy(), i, 1.5);
    std::memset(y(), 0, n * SizeOf(dtype_));  // touches the pages, so that no row pays for that
  }
  void* x() const { return x_.get(); }
  void* dy() const { return dy_.get(); }
  void* y() const { return y_.get(); }

 private:
  // Bell-shaped in [-10, 10], standard deviation 2.9. Four uniform numbers added up, because
  // std::normal_distribution differs from one standard library to the next.
  void FillRandom() {
    std::mt19937 bits(20240229);
    for (size_t i = 0; i < size_; ++i) {
      double sum = 0;
      for (int k = 0; k < 4; ++k) sum += static_cast<double>(bits()) * 0x1p-32;
      const double x = 5 * (sum - 2);
      Store(dtype_, x_.get(), i, positive_ ? std::fabs(x) + 0.01 : x);
    }
  }

  simdact_dtype dtype_ = SIMDACT_F32;
  bool positive_ = false;
  size_t size_ = 0;
  Buffer x_, dy_, y_;
};

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_ARRAYS_H_
