// Quantized ends: arguments are checked, then activations or gates are computed in floats, strip by strip,
// and go from there to bytes. A strip stays in the first-level cache; y as floats never reaches memory.

#include "simdact/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dispatch/checks.h"
#include "dispatch/gated.h"
#include "dispatch/packed.h"
#include "dispatch/pieces.h"
#include "dispatch/registry.h"

namespace simdact {
namespace {

constexpr size_t kKept = 16 * kStrip;  // floats that wait for their scale; what is beyond is computed again
constexpr float kLeastScale = 0x1p-100f, kMostScale = 0x1p100f;

// ---- What ends in bytes --------------------------------------------------------------------------------

// Rows of floats: of an activation, of a gate, or of x itself.
class Source {
 public:
  Source(const Pieces& pieces, simdact_dtype dtype, const void* x, size_t stride)
      : pieces_(pieces), dtype_(dtype), x_(static_cast<const char*>(x)), stride_(stride) {}
  void Activate(const simdact_kernel* op, const simdact_params& p) { op_ = op, p_ = p; }
  void Gate(const Gated<float>* gate) { gate_ = gate; }

  // Whether they are x: nothing is computed.
  bool AreThere() const { return gate_ == nullptr && op_ == nullptr && dtype_ == SIMDACT_F32; }

  // Columns first to first + n <= kStrip of a row. Returns where they are: in y, or in x itself.
  const float* Strip(size_t row, size_t first, size_t n, float* y) const {
    if (gate_ != nullptr) return gate_->Forward(row, first, n, y), y;
    const void* from = x_ + (row * stride_ + first) * BytesOf(dtype_);
    if (op_ == nullptr) return Widened(pieces_, dtype_, from, n, y);
    float widened[kStrip];
    op_->forward(Widened(pieces_, dtype_, from, n, widened), y, n, p_);
    return y;
  }

 private:
  const Pieces& pieces_;
  simdact_dtype dtype_;
  const char* x_;
  size_t stride_;
  const Gated<float>* gate_ = nullptr;
  const simdact_kernel* op_ = nullptr;
  simdact_params p_ = {};
};

// ---- From there to bytes -------------------------------------------------------------------------------

// Elements that share a scale: columns `first` to `end` of rows `row` to `last`.
struct Share {
  size_t row, last, first, end;
};

// A call: what it writes, and how.
class Quantizer {
 public:
  Quantizer(const Pieces& pieces, const simdact_quantize_options& o, const Source& in, void* q, size_t rows,
            size_t cols)
      : pieces_(pieces), o_(o), in_(in), q_(static_cast<uint8_t*>(q)), rows_(rows), cols_(cols) {
    const bool special = o.overflow == SIMDACT_OVERFLOW_SPECIAL;
    most_ = o.format == SIMDACT_E4M3 ? 448.0f : o.format == SIMDACT_E5M2 ? 57344.0f : 127.0f;
    ends_ = {o.zero_point,
             o.format == SIMDACT_E4M3 ? (special ? 480.0f : 448.0f) : (special ? 65536.0f : 57344.0f)};
  }

  void Run() const {
    if (o_.scale_for == SIMDACT_SCALE_FOR_TENSOR) return Work({0, rows_, 0, cols_}, 0);
    const size_t group = o_.scale_for == SIMDACT_SCALE_FOR_ROW ? cols_ : o_.group;
    const size_t groups = (cols_ - 1) / group + 1;
    for (size_t row = 0; row < rows_; ++row) {
      if (group <= kStrip) {
        WorkGroups(row, group, row * groups);
      } else {
        for (size_t k = 0; k < groups; ++k) {
          Work({row, row + 1, k * group, std::min(cols_, (k + 1) * group)}, row * groups + k);
        }
      }
    }
  }

 private:
  // A row whose groups fit a strip, some at once; scale `index` is its first.
  void WorkGroups(size_t row, size_t group, size_t index) const {
    float y_strip[kStrip], largest[kStrip];
    const size_t width = kStrip / group * group;
    for (size_t first = 0; first < cols_; first += width, index += width / group) {
      const size_t n = std::min(width, cols_ - first), count = (n - 1) / group + 1;
      const float* y = in_.Strip(row, first, n, y_strip);
      if (NeedsLargest()) {
        std::fill_n(largest, count, 0.0f);
        pieces_.largest(y, n, group, largest);
        for (size_t k = 0; k < count; ++k) Note(index + k, largest[k]);
      }
      float* r = largest;
      for (size_t k = 0; k < count; ++k) r[k] = 1 / o_.scales[index + k];
      Write(row, first, n, y, r, group);
    }
  }

  // A share of any size. Where its scale is to be found the strips are computed first, and the first ones
  // kept.
  void Work(const Share& share, size_t index) const {
    float kept[kKept], y_strip[kStrip], largest = 0;
    if (o_.dynamic != 0) {
      ForEachStrip(share, [&](size_t row, size_t first, size_t n, size_t place) {
        float* to = place + n <= kKept ? kept + place : y_strip;
        const float* y = in_.Strip(row, first, n, to);
        pieces_.largest(y, n, n, &largest);
      });
      Note(index, largest);
    }
    const float r = 1 / o_.scales[index];
    ForEachStrip(share, [&](size_t row, size_t first, size_t n, size_t place) {
      const bool waits = o_.dynamic != 0 && place + n <= kKept && !in_.AreThere();
      const float* y = waits ? kept + place : in_.Strip(row, first, n, y_strip);
      if (o_.dynamic == 0 && o_.largest != nullptr) pieces_.largest(y, n, n, &largest);
      Write(row, first, n, y, &r, n);
    });
    if (o_.dynamic == 0 && o_.largest != nullptr) Note(index, largest);
  }

  // f(row, first column, columns, elements before it), strip by strip.
  template <class F>
  static void ForEachStrip(const Share& share, const F& f) {
    size_t place = 0;
    for (size_t row = share.row; row < share.last; ++row) {
      for (size_t first = share.first; first < share.end; first += kStrip) {
        const size_t n = std::min(kStrip, share.end - first);
        f(row, first, n, place);
        place += n;
      }
    }
  }

  bool NeedsLargest() const { return o_.dynamic != 0 || o_.largest != nullptr; }
  // What follows from the largest number of a scale's elements.
  void Note(size_t index, float largest) const {
    if (o_.largest != nullptr) o_.largest[index] = largest;
    if (o_.dynamic != 0) o_.scales[index] = std::max(largest / most_, kLeastScale);
  }
  void Write(size_t row, size_t first, size_t n, const float* y, const float* r, size_t group) const {
    pieces_.quantize[o_.format](y, q_ + row * o_.q_row_stride + first, n, r, group, ends_);
  }

  const Pieces& pieces_;
  const simdact_quantize_options& o_;
  const Source& in_;
  uint8_t* q_;
  size_t rows_, cols_;
  float most_;  // the format's largest number, to which a dynamic scale takes the largest element
  ByteEnds ends_;
};

// ---- Checks --------------------------------------------------------------------------------------------

bool ValuesAreValid(const simdact_quantize_options& o) {
  for (const uint64_t word : o.reserved) {
    if (word != 0) return false;
  }
  if (static_cast<unsigned>(o.format) >= SIMDACT_BYTE_FORMAT_COUNT ||
      static_cast<unsigned>(o.scale_for) > SIMDACT_SCALE_FOR_GROUP ||
      static_cast<unsigned>(o.overflow) > SIMDACT_OVERFLOW_SPECIAL || static_cast<unsigned>(o.dynamic) > 1) {
    return false;
  }
  if ((o.group != 0) != (o.scale_for == SIMDACT_SCALE_FOR_GROUP)) return false;
  const bool is_signed = o.format == SIMDACT_S8, is_unsigned = o.format == SIMDACT_U8;
  const int32_t least = is_signed ? -128 : 0, most = is_signed ? 127 : is_unsigned ? 255 : 0;
  if (o.zero_point < least || o.zero_point > most) return false;
  return o.dynamic == 0 || (!is_unsigned && o.zero_point == 0);
}

// How many scales rows x cols elements have.
size_t CountScales(const simdact_quantize_options& o, size_t rows, size_t cols) {
  if (o.scale_for == SIMDACT_SCALE_FOR_TENSOR) return 1;
  return o.scale_for == SIMDACT_SCALE_FOR_ROW ? rows : rows * ((cols - 1) / o.group + 1);
}

// The scales, and the largest numbers if they are asked for.
Matrix ScalesOf(const simdact_quantize_options& o, size_t rows, size_t cols) {
  const size_t count = CountScales(o, rows, cols);
  return {o.scales, 1, count, count, sizeof(float)};
}
Matrix LargestOf(const simdact_quantize_options& o, size_t rows, size_t cols) {
  return Optional(o.largest, CountScales(o, rows, cols), sizeof(float));
}

simdact_status CheckArrays(const Matrix& x, const Matrix& q, const simdact_quantize_options& o) {
  for (const Matrix* m : {&x, &q}) {
    const simdact_status status = CheckMatrix(*m);
    if (status != SIMDACT_OK) return status;
  }
  const size_t count = CountScales(o, q.rows, q.cols);
  const Matrix scales = ScalesOf(o, q.rows, q.cols), largest = LargestOf(o, q.rows, q.cols);
  for (const Matrix* m : {&scales, &largest}) {
    const simdact_status status = CheckMatrix(*m);
    if (status != SIMDACT_OK) return status;
  }
  if (!AreDisjoint(q, x) || !AreDisjoint(scales, largest)) return SIMDACT_OVERLAP;
  for (const Matrix* m : {&scales, &largest}) {
    if (!AreDisjoint(*m, x) || !AreDisjoint(*m, q)) return SIMDACT_OVERLAP;
  }
  for (size_t k = 0; k < count && o.dynamic == 0; ++k) {
    if (!(o.scales[k] >= kLeastScale && o.scales[k] <= kMostScale)) return SIMDACT_BAD_OPTION;
  }
  return SIMDACT_OK;
}

// What a call is about beside its options.
struct Arguments {
  simdact_dtype dtype;
  const void* x;
  void* q;
  size_t rows, cols, x_cols;
};

// Fills in the options' defaults. `empty`: there is nothing to do.
simdact_status Check(const Arguments& a, simdact_quantize_options* o, bool* empty) {
  *empty = a.rows == 0 || a.cols == 0;
  if (!ValuesAreValid(*o) || a.dtype == SIMDACT_F64) return SIMDACT_BAD_OPTION;
  if (*empty) return SIMDACT_OK;
  o->x_row_stride = DenseOr(o->x_row_stride, a.x_cols);
  o->q_row_stride = DenseOr(o->q_row_stride, a.cols);
  return CheckArrays({a.x, a.rows, a.x_cols, o->x_row_stride, BytesOf(a.dtype)},
                     {a.q, a.rows, a.cols, o->q_row_stride, 1}, *o);
}

// Dense rows of an activation are one, if their scales follow each other as well: rows become groups.
void Join(simdact_quantize_options* o, size_t* rows, size_t* cols) {
  const bool dense = o->x_row_stride == *cols && o->q_row_stride == *cols;
  if (!dense || (o->scale_for == SIMDACT_SCALE_FOR_GROUP && *cols % o->group != 0)) return;
  if (o->scale_for == SIMDACT_SCALE_FOR_ROW) o->scale_for = SIMDACT_SCALE_FOR_GROUP, o->group = *cols;
  *cols *= *rows, *rows = 1;
}

bool IsIdentity(simdact_op op, const simdact_params& p) {
  return op == SIMDACT_OP_linear && p.value[0] == 1 && p.value[1] == 0;
}

}  // namespace
}  // namespace simdact

extern "C" {

simdact_status simdact_quantize(simdact_op op, simdact_dtype dtype, const void* x, void* q, size_t rows,
                                size_t cols, simdact_params p, const simdact_quantize_options* options) {
  if (options == nullptr) return SIMDACT_NULL_POINTER;
  simdact_quantize_options o = *options;
  const simdact_target* target = o.target == nullptr ? simdact_target_default() : o.target;
  if (simdact_find(target, op, dtype, SIMDACT_FAST) == nullptr) return SIMDACT_BAD_OPTION;
  bool empty;
  const simdact_status status = simdact::Check({dtype, x, q, rows, cols, cols}, &o, &empty);
  if (status != SIMDACT_OK || empty) return status;
  simdact::Join(&o, &rows, &cols);
  const simdact::Pieces& pieces = *simdact::PiecesCode(target->bit);
  simdact::Source in(pieces, dtype, x, o.x_row_stride);
  if (!simdact::IsIdentity(op, p)) in.Activate(simdact_find(target, op, SIMDACT_F32, SIMDACT_FAST), p);
  simdact::Quantizer(pieces, o, in, q, rows, cols).Run();
  return SIMDACT_OK;
}

simdact_status simdact_gated_quantize(simdact_op op, simdact_dtype dtype, const void* x, void* q, size_t rows,
                                      size_t cols, simdact_params p, const simdact_gate_options* gate_options,
                                      const simdact_quantize_options* options) {
  if (options == nullptr) return SIMDACT_NULL_POINTER;
  simdact_quantize_options o = *options;
  simdact_gate_options g = gate_options == nullptr ? simdact_gate_options{} : *gate_options;
  g.tier = SIMDACT_FAST;
  if (g.target == nullptr) g.target = o.target == nullptr ? simdact_target_default() : o.target;
  simdact_status status = simdact::CheckGated(op, dtype, g);
  if (status != SIMDACT_OK) return status;
  if (o.x_row_stride != 0 || (o.target != nullptr && o.target != g.target)) return SIMDACT_BAD_OPTION;
  const simdact::PackedShape shape{rows, cols, simdact::BytesOf(dtype), g.layout};
  status = shape.Check();
  if (status != SIMDACT_OK) return status;
  o.x_row_stride = g.x_row_stride;
  bool empty;
  status = simdact::Check({dtype, x, q, rows, cols, 2 * cols}, &o, &empty);
  if (status != SIMDACT_OK || empty) return status;
  const simdact::Matrix written[] = {{q, rows, cols, o.q_row_stride, 1},
                                     o.dynamic != 0 ? simdact::ScalesOf(o, rows, cols) : simdact::Matrix{},
                                     simdact::LargestOf(o, rows, cols)};
  for (const simdact::Matrix& output : written) {
    status = simdact::CheckBiases(shape, g, output);
    if (status != SIMDACT_OK) return status;
  }
  const simdact::Pieces& pieces = *simdact::PiecesCode(g.target->bit);
  const simdact::Gated<float> gate(g.target, op, dtype, p, g, x, cols);
  simdact::Source in(pieces, dtype, x, o.x_row_stride);
  in.Gate(&gate);
  simdact::Quantizer(pieces, o, in, q, rows, cols).Run();
  return SIMDACT_OK;
}

float simdact_byte_value(simdact_byte_format format, uint8_t byte) {
  const int sign = byte < 128 ? 1 : -1, magnitude = byte % 128;
  const auto number = [&](int bits, int bias) {
    const int exponent = magnitude >> bits, significand = magnitude % (1 << bits);
    const int whole = exponent == 0 ? significand : significand + (1 << bits);
    return std::copysign(std::ldexp(static_cast<float>(whole), std::max(exponent, 1) - bias - bits),
                         static_cast<float>(sign));
  };
  const float nan = std::copysign(std::numeric_limits<float>::quiet_NaN(), static_cast<float>(sign));
  switch (format) {
    case SIMDACT_S8:
      return static_cast<float>(static_cast<int8_t>(byte));
    case SIMDACT_U8:
      return static_cast<float>(byte);
    case SIMDACT_E4M3:
      return magnitude == 0x7F ? nan : number(3, 7);
    case SIMDACT_E5M2:
      if (magnitude == 0x7C) return static_cast<float>(sign) * std::numeric_limits<float>::infinity();
      return magnitude > 0x7C ? nan : number(2, 15);
    default:
      return nan;
  }
}

}  // extern "C"
