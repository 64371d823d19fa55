// The gradient of softmax through its scores, row by row: blocks of columns are loaded as numbers, go through
// the pieces of the target's code (kernels/drivers/softmax-gradient-inl.h), and are stored. All that a block
// reads is read before its dx is written, which may lie in the same place.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "dispatch/checks.h"
#include "dispatch/exact_sum.h"
#include "dispatch/registry.h"
#include "dispatch/rows.h"

namespace simdact {
namespace {

// n numbers and zeros behind them.
template <class T>
struct Block {
  static constexpr size_t kBehind = kBehindBlock / sizeof(T);
  static constexpr size_t kSize = kScoreBlock<T>;
  alignas(64) T of[kSize + kBehind];

  void EndAt(size_t n) { std::fill_n(of + n, kBehind, T(0)); }
};

// A mask's elements of a block, with room behind them.
union MaskBlock {
  uint8_t shown[Block<float>::kSize + kBehindBlock];
  Block<float> floats;
  Block<double> doubles;
};

void Load(const SoftmaxCode& code, const void* from, size_t n, Block<float>& to) {
  if (code.load != nullptr) {
    code.load(from, n, to.of);
  } else {
    std::memcpy(to.of, from, n * sizeof(float));
  }
  to.EndAt(n);
}
void Load(const SoftmaxCode&, const void* from, size_t n, Block<double>& to) {
  std::memcpy(to.of, from, n * sizeof(double));
  to.EndAt(n);
}
void Store(const SoftmaxCode& code, const float* from, size_t n, void* to) {
  if (code.store != nullptr) {
    code.store(from, n, to);
  } else {
    std::memcpy(to, from, n * sizeof(float));
  }
}
void Store(const SoftmaxCode&, const double* from, size_t n, void* to) {
  std::memcpy(to, from, n * sizeof(double));
}

// A row's visible columns.
template <class T>
struct GradientRow {
  static constexpr size_t kBlock = Block<T>::kSize;

  const SoftmaxCode& code;  // of the format
  const GradientPieces<T>& pieces;
  const RowOptions& o;
  size_t bytes;                          // of an element
  const uint8_t *x, *y, *dy, *mask_row;  // y may be null, and x and the mask where not needed
  uint8_t* dx;
  size_t n;
  double log_sum_exp;
  Block<T>&scores, &upstream, &p;
  MaskBlock& mask;

  void LoadMask(size_t begin, size_t size) {
    const uint8_t* from = mask_row + begin * BytesOfMask(o.mask_type, bytes);
    if (o.mask_type == SIMDACT_MASK_BOOL) {
      std::memcpy(mask.shown, from, size);
      std::memset(mask.shown + size, 0, kBehindBlock);
    } else if (o.mask_type == SIMDACT_MASK_F32) {
      std::memcpy(mask.floats.of, from, size * sizeof(float));
      mask.floats.EndAt(size);
    } else if constexpr (sizeof(T) == sizeof(float)) {
      Load(code, from, size, mask.floats);
    } else {
      Load(code, from, size, mask.doubles);
    }
  }

  // p, dy, and x where it is needed, of `size` columns from `begin` on.
  void LoadBlock(size_t begin, size_t size) {
    if (y == nullptr || o.softcap != 0) Load(code, x + begin * bytes, size, scores);
    Load(code, dy + begin * bytes, size, upstream);
    if (y != nullptr) return Load(code, y + begin * bytes, size, p);
    RowOptions block = o;
    if (o.mask_type != SIMDACT_MASK_NONE) {
      LoadMask(begin, size);
      block.mask = &mask, block.mask_rows = 1;
    }
    const ptrdiff_t last = static_cast<ptrdiff_t>(n - begin) - 1;
    pieces.probabilities(block, last, log_sum_exp, scores.of, size, p.of);
    p.EndAt(size);
  }

  void Fill(double value) {
    std::fill_n(p.of, kBlock, static_cast<T>(value));
    for (size_t i = 0; i < n; i += kBlock) Store(code, p.of, std::min(n - i, kBlock), dx + i * bytes);
  }

  // Returns sum p dy. Without a log-sum-exp there is no row, and no gradient.
  double Run() {
    if (y == nullptr && !(std::fabs(log_sum_exp) < HUGE_VAL)) {
      const double value = log_sum_exp < 0 ? 0.0 : log_sum_exp - log_sum_exp;
      Fill(value);
      return value;
    }
    SumOfProducts sum = {0, 0};
    for (size_t i = 0; i < n; i += kBlock) {
      const size_t size = std::min(n - i, kBlock);
      LoadBlock(i, size);
      const SumOfProducts part = pieces.sum(p.of, upstream.of, size);
      const TwoDoubles both = ExactSum(sum.high, part.high);
      sum = {both.high, sum.low + part.low + both.low};
    }
    for (size_t i = 0; i < n; i += kBlock) {
      const size_t size = std::min(n - i, kBlock);
      if (n > kBlock) LoadBlock(i, size);
      pieces.slopes(o, sum, scores.of, upstream.of, size, p.of);
      Store(code, p.of, size, dx + i * bytes);
    }
    return sum.high + sum.low;
  }
};

// The arrays of a call.
struct GradientArrays {
  const void *x, *y, *dy;
  void* dx;
  double* sums;
  size_t rows, cols;
};

template <class T>
void GradientRows(const SoftmaxCode& code, const GradientPieces<T>& pieces, simdact_dtype dtype,
                  const GradientArrays& a, const RowOptions& o) {
  const size_t bytes = BytesOf(dtype), mask_bytes = BytesOfMask(o.mask_type, bytes);
  Block<T> scores, upstream, p;
  MaskBlock mask;
  for (size_t r = 0; r < a.rows; ++r) {
    const Columns columns = VisibleColumns(o, r, a.cols);
    const auto from = [&](const void* data, size_t row, size_t stride, size_t size) {
      return data == nullptr ? nullptr
                             : static_cast<const uint8_t*>(data) + (row * stride + columns.before) * size;
    };
    auto* dx = static_cast<uint8_t*>(a.dx) + r * o.dx_row_stride * bytes;
    const size_t end = columns.before + columns.visible;
    GradientRow<T> row{code,
                       pieces,
                       o,
                       bytes,
                       from(a.x, r, o.x_row_stride, bytes),
                       from(a.y, r, o.y_row_stride, bytes),
                       from(a.dy, r, o.dy_row_stride, bytes),
                       from(o.mask, r % o.mask_rows, o.mask_row_stride, mask_bytes),
                       dx + columns.before * bytes,
                       columns.visible,
                       NotedLogSumExp(o, r, dtype),
                       scores,
                       upstream,
                       p,
                       mask};
    const double sum = row.Run();
    if (a.sums != nullptr) a.sums[r] = sum;
    std::memset(dx, 0, columns.before * bytes);  // 0 has no other bits in any format
    std::memset(dx + end * bytes, 0, columns.after * bytes);
  }
}

}  // namespace

double NotedLogSumExp(const RowOptions& o, size_t row, simdact_dtype dtype) {
  if (o.log_sum_exp == nullptr) return 0.0;
  const auto* at = static_cast<const uint8_t*>(o.log_sum_exp) + row * BytesOfNumber(BytesOf(dtype));
  double wide;
  float narrow;
  if (dtype == SIMDACT_F64) {
    std::memcpy(&wide, at, sizeof(wide));
    return wide;
  }
  std::memcpy(&narrow, at, sizeof(narrow));
  return double{narrow};
}

void ScoreGradient(int64_t target, simdact_dtype dtype, const void* x, const void* y, const void* dy,
                   void* dx, double* sums, size_t rows, size_t cols, const RowOptions& o) {
  const SoftmaxCode& code = *SoftmaxCodeOf(target, dtype);
  const GradientArrays a = {x, y, dy, dx, sums, rows, cols};
  if (dtype == SIMDACT_F64) {
    GradientRows(code, *code.doubles, dtype, a, o);
  } else {
    GradientRows(code, *SoftmaxCodeOf(target, SIMDACT_F32)->floats, dtype, a, o);
  }
}

}  // namespace simdact
