// Gates of any activation, put together from kernels and pieces strip by strip: what gated.cc writes as
// numbers, and quantize.cc as bytes.
#ifndef SIMDACT_DISPATCH_GATED_H_
#define SIMDACT_DISPATCH_GATED_H_

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "dispatch/packed.h"
#include "dispatch/pieces.h"
#include "dispatch/registry.h"
#include "hwy/base.h"
#include "simdact/simdact.h"

namespace simdact {

constexpr size_t kStrip = 512;  // numbers that are computed at once: they stay in the first-level cache

// A gate that an op has kernels of its own for, or SIMDACT_GATE_COUNT.
inline simdact_gate GateOf(simdact_op op) {
  switch (op) {
    case SIMDACT_OP_sigmoid:
      return SIMDACT_GATE_glu;
    case SIMDACT_OP_silu:
      return SIMDACT_GATE_swiglu;
    case SIMDACT_OP_gelu:
      return SIMDACT_GATE_geglu;
    case SIMDACT_OP_gelu_tanh:
      return SIMDACT_GATE_geglu_tanh;
    case SIMDACT_OP_gelu_quick:
      return SIMDACT_GATE_geglu_quick;
    case SIMDACT_OP_relu:
      return SIMDACT_GATE_reglu;
    default:
      return SIMDACT_GATE_COUNT;
  }
}

// Elements of a row as numbers T, which 16-bit ones become in `to`.
template <class T>
const T* Widened(const Pieces& pieces, simdact_dtype dtype, const void* from, size_t n, T* to) {
  if constexpr (std::is_same_v<T, float>) {
    if (dtype != SIMDACT_F32) {
      pieces.widen(dtype, static_cast<const uint16_t*>(from), to, n);
      return to;
    }
  }
  return static_cast<const T*>(from);
}

template <class T>
const NumberPieces<T>& PiecesFor(const Pieces& pieces) {
  if constexpr (std::is_same_v<T, float>) {
    return pieces.floats;
  } else {
    return pieces.doubles;
  }
}

// What a gate is made of, checked. T: double for f64, else float.
template <class T>
class Gated {
 public:
  Gated(const simdact_target* target, simdact_op op, simdact_dtype dtype, const simdact_params& p,
        const simdact_gate_options& o, const void* x, size_t cols)
      : pieces_(*PiecesCode(target->bit)), numbers_(PiecesFor<T>(pieces_)), dtype_(dtype), p_(p), o_(o) {
    const simdact_dtype wide = std::is_same_v<T, double> ? SIMDACT_F64 : SIMDACT_F32;
    const T infinity = std::numeric_limits<T>::infinity(), none = T(-0.0);
    T limit = o.limit == 0 ? infinity : static_cast<T>(o.limit), offset = static_cast<T>(o.offset);
    simdact_gate own = GateOf(op);
    if (op == SIMDACT_OP_swish && offset == 1) {  // gpt-oss' gate has limit and offset in its kernel
      own = SIMDACT_GATE_swiglu_oai;
      p_.value[1] = static_cast<double>(limit);
      limit = infinity, offset = 0;
    }
    if (own != SIMDACT_GATE_COUNT) gate_ = simdact_find_gate(target, own, wide, o.tier);
    // A product doubles an error in the worst case: floats take the accurate tier then.
    op_ = simdact_find(target, op, wide, dtype == SIMDACT_F32 ? SIMDACT_ACCURATE : o.tier);
    x_ = static_cast<const char*>(x), bytes_ = BytesOf(dtype);
    stride_ = DenseOr(o.x_row_stride, 2 * cols), cols_ = cols;
    gate_bounds_ = {-infinity, limit, none};
    up_bounds_ = {-limit, limit, offset == 0 ? none : offset};
    limited_ = limit < infinity;
    plain_ = !limited_ && offset == 0 && o.gate_bias == nullptr && o.up_bias == nullptr;
    if (!plain_) std::fill_n(no_bias_, kStrip, none);
  }

  // y = f(g) u in columns first to first + n <= kStrip of a row; y may lie in x.
  HWY_NOINLINE void Forward(size_t row, size_t first, size_t n, T* y) const {
    T strips[4 * kStrip];
    const Halves in = Read(row, first, n, strips), bounded = Bound(in, first, n, strips);
    if (gate_ != nullptr) return gate_->forward(bounded.gate, bounded.up, y, n, p_);
    T* activation = plain_ ? strips : strips + 2 * kStrip;  // which is free
    op_->forward(bounded.gate, activation, n, p_);
    numbers_.multiply(activation, bounded.up, y, n);
  }

  // dgate = dy u f'(g), dup = dy f(g), 0 where a limit holds; neither may lie in x.
  HWY_NOINLINE void Backward(size_t row, size_t first, size_t n, const T* dy, T* dgate, T* dup) const {
    T strips[4 * kStrip], bias[kStrip];
    const Halves in = Read(row, first, n, strips), bounded = Bound(in, first, n, strips);
    if (gate_ != nullptr) {
      gate_->backward(bounded.gate, bounded.up, dy, dgate, dup, n, p_);
    } else {
      op_->forward(bounded.gate, dup, n, p_);
      numbers_.multiply(dup, dy, dup, n);
      numbers_.multiply(bounded.up, dy, dgate, n);
      op_->backward(bounded.gate, dgate, dgate, n, p_);
    }
    if (!limited_) return;
    numbers_.mask(in.gate, Bias(o_.gate_bias, first, n, bias), dgate, n, gate_bounds_);
    numbers_.mask(in.up, Bias(o_.up_bias, first, n, bias), dup, n, up_bounds_);
  }

  const Pieces& pieces() const { return pieces_; }
  const NumberPieces<T>& numbers() const { return numbers_; }

 private:
  struct Halves {
    const T *gate, *up;
  };
  // A strip of x: where it lies, or in the upper two of four strips.
  HWY_NOINLINE Halves Read(size_t row, size_t first, size_t n, T* strips) const {
    const char* x = x_ + row * stride_ * bytes_;
    T *gate = strips + 2 * kStrip, *up = gate + kStrip;
    if (o_.layout == SIMDACT_GATE_INTERLEAVED) {
      numbers_.split(Widened(pieces_, dtype_, x + 2 * first * bytes_, 2 * n, strips), gate, up, n);
      return {gate, up};
    }
    const char *left = x + first * bytes_, *right = left + cols_ * bytes_;
    if (o_.layout == SIMDACT_UP_FIRST) std::swap(left, right);
    return {Widened(pieces_, dtype_, left, n, gate), Widened(pieces_, dtype_, right, n, up)};
  }
  // Biases, limit and offset applied, in the lower two strips.
  HWY_NOINLINE Halves Bound(const Halves& in, size_t first, size_t n, T* strips) const {
    if (plain_) return in;
    T bias[kStrip];
    numbers_.bound(in.gate, Bias(o_.gate_bias, first, n, bias), strips, n, gate_bounds_);
    numbers_.bound(in.up, Bias(o_.up_bias, first, n, bias), strips + kStrip, n, up_bounds_);
    return {strips, strips + kStrip};
  }
  // The bias of the strip's columns.
  HWY_NOINLINE const T* Bias(const void* bias, size_t first, size_t n, T* to) const {
    if (bias == nullptr) return no_bias_;
    return Widened(pieces_, dtype_, static_cast<const char*>(bias) + first * bytes_, n, to);
  }

  const Pieces& pieces_;
  const NumberPieces<T>& numbers_;
  const simdact_gate_kernel* gate_ = nullptr;  // of the op's own gate, if it has one
  const simdact_kernel* op_;
  simdact_dtype dtype_;
  simdact_params p_;
  const simdact_gate_options& o_;
  const char* x_;
  size_t bytes_, stride_, cols_;
  Bounds<T> gate_bounds_, up_bounds_;
  bool limited_, plain_;  // plain: no bias, limit or offset
  T no_bias_[kStrip];     // -0, which changes nothing
};

// What is wrong with a gate's op and the options that are no arrays.
simdact_status CheckGated(simdact_op op, simdact_dtype dtype, const simdact_gate_options& o);
// Whether biases are there, and apart from what is written.
simdact_status CheckBiases(const PackedShape& shape, const simdact_gate_options& o, const Matrix& output);

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_GATED_H_
