// Rows that hold gate and up of a gated unit: how a layout splits them, and what is asked of a call's arrays.
#ifndef SIMDACT_DISPATCH_PACKED_H_
#define SIMDACT_DISPATCH_PACKED_H_

#include <initializer_list>

#include "dispatch/checks.h"
#include "simdact/gates.h"

namespace simdact {

// One array of rows x 2 cols elements, as the layout splits it: both halves are matrices of rows x cols, or,
// interleaved, `gate` is all of it.
struct Packed {
  Matrix all, gate, up;
};
inline Packed Split(const Matrix& all, simdact_gate_layout layout) {
  if (layout == SIMDACT_GATE_INTERLEAVED) return {all, all, all};
  const size_t cols = all.cols / 2;
  const Matrix first{all.data, all.rows, cols, all.stride, all.bytes};
  const Matrix second{static_cast<const char*>(all.data) + cols * all.bytes, all.rows, cols, all.stride,
                      all.bytes};
  return layout == SIMDACT_GATE_FIRST ? Packed{all, first, second} : Packed{all, second, first};
}

// A row of an array, for reading and for writing.
inline const void* RowOf(const Matrix& m, size_t row) {
  return static_cast<const char*>(m.data) + row * m.stride * m.bytes;
}
inline void* OutputRow(const Matrix& m, size_t row) { return const_cast<void*>(RowOf(m, row)); }

// An array of a call, with its stride as the caller gave it.
struct Strided {
  const void* data;
  size_t stride;
};

// rows x cols of gate and of up.
struct PackedShape {
  size_t rows, cols, bytes;
  simdact_gate_layout layout;

  bool IsEmpty() const { return rows == 0 || cols == 0; }
  Matrix One(const Strided& m) const { return {m.data, rows, cols, DenseOr(m.stride, cols), bytes}; }
  Matrix Both(const Strided& m) const { return {m.data, rows, 2 * cols, DenseOr(m.stride, 2 * cols), bytes}; }
  // Of a shape with no rows or columns nothing else is asked; twice as many columns must be a number.
  simdact_status Check() const {
    if (static_cast<unsigned>(layout) >= SIMDACT_GATE_LAYOUT_COUNT) return SIMDACT_BAD_OPTION;
    return !IsEmpty() && cols > SIZE_MAX / 2 ? SIMDACT_TOO_LARGE : SIMDACT_OK;
  }
};

inline simdact_status CheckAll(std::initializer_list<Matrix> matrices) {
  for (const Matrix& m : matrices) {
    if (m.data == nullptr) return SIMDACT_NULL_POINTER;
  }
  return CheckEach(matrices);
}

// What is wrong with x, which is packed, and y.
inline simdact_status CheckPackedForward(const PackedShape& shape, const Strided& x, const Strided& y) {
  simdact_status status = shape.Check();
  if (status != SIMDACT_OK || shape.IsEmpty()) return status;
  const Matrix from = shape.Both(x), to = shape.One(y);
  status = CheckAll({from, to});
  if (status != SIMDACT_OK) return status;
  const Packed in = Split(from, shape.layout);
  return MayShare(to, in.gate) && MayShare(to, in.up) ? SIMDACT_OK : SIMDACT_OVERLAP;
}

// Interleaved gradients run ahead of dy, which must lie elsewhere.
inline bool BackwardMayShare(const Packed& dx, const Packed& x, const Matrix& dy,
                             simdact_gate_layout layout) {
  if (layout == SIMDACT_GATE_INTERLEAVED) return MayShare(dx.all, x.all) && AreDisjoint(dx.all, dy);
  for (const Matrix* output : {&dx.gate, &dx.up}) {
    for (const Matrix* input : {&x.gate, &x.up, &dy}) {
      if (!MayShare(*output, *input)) return false;
    }
  }
  return true;
}
// What is wrong with x and dx, which are packed, and dy.
inline simdact_status CheckPackedBackward(const PackedShape& shape, const Strided& x, const Strided& dy,
                                          const Strided& dx) {
  simdact_status status = shape.Check();
  if (status != SIMDACT_OK || shape.IsEmpty()) return status;
  const Matrix from = shape.Both(x), upstream = shape.One(dy), to = shape.Both(dx);
  status = CheckAll({from, upstream, to});
  if (status != SIMDACT_OK) return status;
  const bool fits =
      BackwardMayShare(Split(to, shape.layout), Split(from, shape.layout), upstream, shape.layout);
  return fits ? SIMDACT_OK : SIMDACT_OVERLAP;
}

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_PACKED_H_
