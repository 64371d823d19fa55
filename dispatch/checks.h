// What the functions of the row-wise shapes ask of their arguments before they touch any memory.
#ifndef SIMDACT_DISPATCH_CHECKS_H_
#define SIMDACT_DISPATCH_CHECKS_H_

#include <cstddef>
#include <cstdint>

#include "simdact/simdact.h"

namespace simdact {

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

inline size_t SpanOf(const Matrix& m) {
  return m.rows == 0 || m.cols == 0 ? 0 : ((m.rows - 1) * m.stride + m.cols) * m.bytes;
}

// Whether an output may lie where another array does: the same rows, or no byte in common. Both have passed
// CheckMatrix.
inline bool MayShare(const Matrix& output, const Matrix& other) {
  const auto a = reinterpret_cast<uintptr_t>(output.data), b = reinterpret_cast<uintptr_t>(other.data);
  const bool same_step = output.stride * output.bytes == other.stride * other.bytes;
  if (a == b && output.bytes == other.bytes && (same_step || output.rows <= 1)) return true;
  if (a + SpanOf(output) <= b || b + SpanOf(other) <= a) return true;
  if (output.rows <= 1 || other.rows <= 1) return false;
  // Rows that alternate, as the two halves of one tensor's rows do.
  const size_t step = output.stride * output.bytes, behind = (b > a ? b - a : step - (a - b) % step) % step;
  return same_step && behind >= output.cols * output.bytes && behind + other.cols * other.bytes <= step;
}

// Whether two have no byte in common.
inline bool AreDisjoint(const Matrix& a, const Matrix& b) {
  const auto p = reinterpret_cast<uintptr_t>(a.data), q = reinterpret_cast<uintptr_t>(b.data);
  return p + SpanOf(a) <= q || q + SpanOf(b) <= p;
}

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_CHECKS_H_
