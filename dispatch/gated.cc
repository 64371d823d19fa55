// Gates of any activation, with biases, limit and offset: arguments are checked, then the strips of gated.h
// become numbers of the dtype. Columns are cut into strips, and a strip goes from the first row to the last,
// with its sums over the rows at hand.

#include "dispatch/gated.h"

#include <cmath>
#include <cstring>

namespace simdact {
namespace {

// Whether a number can be rounded to the kernel's type without becoming 0 or infinite.
bool IsUsable(double value, simdact_dtype dtype) {
  const double kept = dtype == SIMDACT_F64 ? value : static_cast<double>(static_cast<float>(value));
  return std::isfinite(kept) && (kept != 0) == (value != 0);
}

const simdact_target* TargetOf(const simdact_gate_options& o) {
  return o.target == nullptr ? simdact_target_default() : o.target;
}

// A row of biases, or of sums, that is there or not.
Matrix Columns(const void* data, const PackedShape& shape) { return Optional(data, shape.cols, shape.bytes); }

// Whether sums may be written where they are wanted: apart from all else.
simdact_status CheckSums(const PackedShape& shape, const simdact_gate_options& o,
                         const void* const (&sums)[2], const Matrix (&others)[3]) {
  for (const void* data : sums) {
    const Matrix sum = Columns(data, shape);
    const simdact_status status = CheckMatrix(sum);
    if (status != SIMDACT_OK) return status;
    for (const void* bias : {o.gate_bias, o.up_bias}) {
      if (!AreDisjoint(sum, Columns(bias, shape))) return SIMDACT_OVERLAP;
    }
    for (const Matrix& other : others) {
      if (!AreDisjoint(sum, other)) return SIMDACT_OVERLAP;
    }
  }
  return AreDisjoint(Columns(sums[0], shape), Columns(sums[1], shape)) ? SIMDACT_OK : SIMDACT_OVERLAP;
}

// n numbers as elements, rounded.
template <class T>
void Store(const Pieces& pieces, simdact_dtype dtype, const T* from, size_t n, void* to) {
  if constexpr (std::is_same_v<T, float>) {
    if (dtype != SIMDACT_F32) return pieces.round(dtype, from, static_cast<uint16_t*>(to), n);
  }
  memcpy(to, from, n * sizeof(T));
}

// f(first, n) for the strips of a row.
template <class F>
void ForEachStrip(size_t cols, const F& f) {
  for (size_t first = 0; first < cols; first += kStrip) f(first, std::min(kStrip, cols - first));
}

void* At(const Matrix& m, size_t row, size_t col) {
  return static_cast<char*>(OutputRow(m, row)) + col * m.bytes;
}

template <class T>
void ForwardRows(const Gated<T>& gated, simdact_dtype dtype, const PackedShape& shape, const Matrix& y) {
  T strip[kStrip];
  const bool direct = sizeof(T) == shape.bytes;  // numbers are written where they belong
  ForEachStrip(shape.cols, [&](size_t first, size_t n) {
    for (size_t r = 0; r < shape.rows; ++r) {
      void* to = At(y, r, first);
      gated.Forward(r, first, n, direct ? static_cast<T*>(to) : strip);
      if (!direct) Store(gated.pieces(), dtype, strip, n, to);
    }
  });
}

// The sums of one half's gradient over the rows, for one strip.
template <class T>
struct Sums {
  double sums[kStrip];
  void* to;
  void Add(const NumberPieces<T>& numbers, const T* gradient, size_t n) {
    if (to != nullptr) numbers.accumulate(gradient, sums, n);
  }
  void Write(const Pieces& pieces, simdact_dtype dtype, size_t first, size_t n) const {
    if (to == nullptr) return;
    T rounded[kStrip];
    for (size_t i = 0; i < n; ++i) rounded[i] = static_cast<T>(sums[i]);
    Store(pieces, dtype, rounded, n, static_cast<char*>(to) + first * BytesOf(dtype));
  }
};

template <class T>
void BackwardRows(const Gated<T>& gated, simdact_dtype dtype, const PackedShape& shape, const Matrix& dy,
                  const Matrix& dx, void* const (&sums)[2]) {
  T upstream[kStrip], dgate[2 * kStrip], joined[2 * kStrip], *dup = dgate + kStrip;
  const Packed out = Split(dx, shape.layout);
  ForEachStrip(shape.cols, [&](size_t first, size_t n) {
    Sums<T> gate_sums{{}, sums[0]}, up_sums{{}, sums[1]};
    for (size_t r = 0; r < shape.rows; ++r) {
      gated.Backward(r, first, n, Widened(gated.pieces(), dtype, At(dy, r, first), n, upstream), dgate, dup);
      gate_sums.Add(gated.numbers(), dgate, n), up_sums.Add(gated.numbers(), dup, n);
      if (shape.layout == SIMDACT_GATE_INTERLEAVED) {
        gated.numbers().join(dgate, dup, joined, n);
        Store(gated.pieces(), dtype, joined, 2 * n, At(dx, r, 2 * first));
      } else {
        Store(gated.pieces(), dtype, dgate, n, At(out.gate, r, first));
        Store(gated.pieces(), dtype, dup, n, At(out.up, r, first));
      }
    }
    gate_sums.Write(gated.pieces(), dtype, first, n), up_sums.Write(gated.pieces(), dtype, first, n);
  });
}

// Calls f with what computes the gate, in the type of the dtype.
template <class F>
void WithGated(simdact_op op, simdact_dtype dtype, const simdact_params& p, const simdact_gate_options& o,
               const void* x, size_t cols, const F& f) {
  if (dtype == SIMDACT_F64) {
    f(Gated<double>(TargetOf(o), op, dtype, p, o, x, cols));
  } else {
    f(Gated<float>(TargetOf(o), op, dtype, p, o, x, cols));
  }
}

}  // namespace

simdact_status CheckBiases(const PackedShape& shape, const simdact_gate_options& o, const Matrix& output) {
  for (const void* data : {o.gate_bias, o.up_bias}) {
    const Matrix bias = Columns(data, shape);
    const simdact_status status = CheckMatrix(bias);
    if (status != SIMDACT_OK) return status;
    if (!AreDisjoint(output, bias)) return SIMDACT_OVERLAP;
  }
  return SIMDACT_OK;
}

simdact_status CheckGated(simdact_op op, simdact_dtype dtype, const simdact_gate_options& o) {
  for (const uint64_t word : o.reserved) {
    if (word != 0) return SIMDACT_BAD_OPTION;
  }
  const bool usable = IsUsable(o.limit, dtype) && IsUsable(o.offset, dtype) && o.limit >= 0;
  const bool exists = IsFamilyTier(o.tier) && simdact_find(TargetOf(o), op, dtype, o.tier) != nullptr;
  return usable && exists ? SIMDACT_OK : SIMDACT_BAD_OPTION;
}

}  // namespace simdact

extern "C" {

simdact_status simdact_gated(simdact_op op, simdact_dtype dtype, const void* x, void* y, size_t rows,
                             size_t cols, simdact_params p, const simdact_gate_options* options) {
  const simdact_gate_options o = options == nullptr ? simdact_gate_options{} : *options;
  simdact_status status = simdact::CheckGated(op, dtype, o);
  if (status != SIMDACT_OK) return status;
  const simdact::PackedShape shape{rows, cols, simdact::BytesOf(dtype), o.layout};
  status = simdact::CheckPackedForward(shape, {x, o.x_row_stride}, {y, o.y_row_stride});
  if (status != SIMDACT_OK || shape.IsEmpty()) return status;
  const simdact::Matrix to = shape.One({y, o.y_row_stride});
  status = simdact::CheckBiases(shape, o, to);
  if (status != SIMDACT_OK) return status;
  simdact::WithGated(op, dtype, p, o, x, cols,
                     [&](const auto& gated) { simdact::ForwardRows(gated, dtype, shape, to); });
  return SIMDACT_OK;
}

simdact_status simdact_gated_backward(simdact_op op, simdact_dtype dtype, const void* x, const void* dy,
                                      void* dx, void* dgate_bias, void* dup_bias, size_t rows, size_t cols,
                                      simdact_params p, const simdact_gate_options* options) {
  const simdact_gate_options o = options == nullptr ? simdact_gate_options{} : *options;
  simdact_status status = simdact::CheckGated(op, dtype, o);
  if (status != SIMDACT_OK) return status;
  const simdact::PackedShape shape{rows, cols, simdact::BytesOf(dtype), o.layout};
  const simdact::Strided in{x, o.x_row_stride}, upstream{dy, o.dy_row_stride}, out{dx, o.dx_row_stride};
  status = simdact::CheckPackedBackward(shape, in, upstream, out);
  if (status != SIMDACT_OK) return status;
  void* const sums[] = {dgate_bias, dup_bias};
  if (shape.IsEmpty()) {
    for (void* sum : sums) {
      if (sum != nullptr) memset(sum, 0, cols * shape.bytes);
    }
    return SIMDACT_OK;
  }
  const simdact::Matrix from = shape.One(upstream), to = shape.Both(out);
  status = simdact::CheckBiases(shape, o, to);
  if (status != SIMDACT_OK) return status;
  status = simdact::CheckSums(shape, o, {dgate_bias, dup_bias}, {shape.Both(in), from, to});
  if (status != SIMDACT_OK) return status;
  simdact::WithGated(op, dtype, p, o, x, cols,
                     [&](const auto& gated) { simdact::BackwardRows(gated, dtype, shape, from, to, sums); });
  return SIMDACT_OK;
}

}  // extern "C"
