// What functions ask of their arguments before they touch any memory: those of the row-wise shapes to answer
// with a status, the others in debug builds.
#ifndef SIMDACT_DISPATCH_CHECKS_H_
#define SIMDACT_DISPATCH_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "simdact/simdact.h"

namespace simdact {

// Of the numbers that a row of elements of `bytes` bytes has: a sum, a loss.
inline size_t BytesOfNumber(size_t bytes) { return bytes == 8 ? 8 : 4; }
inline size_t BytesOf(simdact_dtype dtype) { return dtype == SIMDACT_F64 ? 8 : dtype == SIMDACT_F32 ? 4 : 2; }

// rows x cols elements of `bytes` bytes; row r starts `stride` elements behind row r - 1.
struct Matrix {
  const void* data;
  size_t rows, cols, stride, bytes;
};

// A stride of 0 stands for dense rows.
inline size_t DenseOr(size_t stride, size_t cols) { return stride == 0 ? cols : stride; }

inline simdact_status CheckMatrix(const Matrix& m) {
  if (m.rows == 0 || m.cols == 0) return SIMDACT_OK;
  if (m.data == nullptr) return SIMDACT_NULL_POINTER;
  if (m.stride < m.cols) return SIMDACT_SHORT_STRIDE;
  // The last row ends before the end of memory.
  const size_t most = SIZE_MAX / m.bytes;
  if (m.cols > most || m.rows - 1 > (most - m.cols) / m.stride) return SIMDACT_TOO_LARGE;
  const size_t size = ((m.rows - 1) * m.stride + m.cols) * m.bytes;
  return size > SIZE_MAX - reinterpret_cast<uintptr_t>(m.data) ? SIMDACT_TOO_LARGE : SIMDACT_OK;
}

// The first complaint about matrices on their own.
inline simdact_status CheckEach(std::initializer_list<Matrix> matrices) {
  for (const Matrix& m : matrices) {
    const simdact_status status = CheckMatrix(m);
    if (status != SIMDACT_OK) return status;
  }
  return SIMDACT_OK;
}

// An array of n elements, or none.
inline Matrix Optional(const void* data, size_t n, size_t bytes) {
  return {data, size_t{data != nullptr}, n, n, bytes};
}

inline size_t SpanOf(const Matrix& m) {
  return m.rows == 0 || m.cols == 0 ? 0 : ((m.rows - 1) * m.stride + m.cols) * m.bytes;
}

// Rows that follow each other are one.
inline Matrix Joined(const Matrix& m) {
  return m.stride == m.cols ? Matrix{m.data, size_t{m.rows != 0}, m.rows * m.cols, m.rows * m.cols, m.bytes}
                            : m;
}

// Whether `other`, one row, or rows of the same step, lies behind rows of m and before the next: as the two
// halves of one tensor's rows do.
inline bool LiesInGaps(const Matrix& other, const Matrix& m) {
  const size_t step = m.stride * m.bytes;
  if (m.rows <= 1 || (other.rows > 1 && other.stride * other.bytes != step)) return false;
  const auto a = reinterpret_cast<uintptr_t>(m.data), b = reinterpret_cast<uintptr_t>(other.data);
  const size_t behind = (b > a ? b - a : step - (a - b) % step) % step;
  return behind >= m.cols * m.bytes && behind + other.cols * other.bytes <= step;
}

// Whether two have no byte in common. Both have passed CheckMatrix, here and below.
inline bool AreDisjoint(const Matrix& a, const Matrix& b) {
  const auto p = reinterpret_cast<uintptr_t>(a.data), q = reinterpret_cast<uintptr_t>(b.data);
  const size_t p_span = SpanOf(a), q_span = SpanOf(b);
  if (p_span == 0 || q_span == 0 || p + p_span <= q || q + q_span <= p) return true;
  return LiesInGaps(Joined(a), Joined(b)) || LiesInGaps(Joined(b), Joined(a));
}

// Whether an output may lie where another array does: the same rows, or no byte in common.
inline bool MayShare(const Matrix& output, const Matrix& other) {
  const bool same_step = output.stride * output.bytes == other.stride * other.bytes;
  const bool same =
      output.data == other.data && output.bytes == other.bytes && (same_step || output.rows <= 1);
  return same || AreDisjoint(output, other);
}

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_CHECKS_H_
