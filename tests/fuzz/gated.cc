// Gates of any activation, with limit, offset and biases, and what ends in bytes.

#include "simdact/simdact.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory.h"

namespace simdact_fuzz {
namespace {

// An op, seldom one that does not exist, and everything else that is not an array.
struct Shape {
  simdact_op op;
  simdact_dtype dtype, stored;
  size_t rows, cols, bytes;
  simdact_params p;
  explicit Shape(Input& in)
      : op(in.Choice<simdact_op>(SIMDACT_OP_COUNT)),
        dtype(in.Choice<simdact_dtype>(SIMDACT_DTYPE_COUNT)),
        stored(dtype < SIMDACT_DTYPE_COUNT ? dtype : SIMDACT_F32),
        rows(in.Below(5)),
        cols(in.Length(70)),
        bytes(FormatOf(stored).bytes),
        p(in.Parameters(stored, OpExists() ? simdact_describe(op)->defaults : simdact_params{})) {}
  bool OpExists() const { return op < SIMDACT_OP_COUNT; }
  bool Exists() const { return OpExists() && dtype < SIMDACT_DTYPE_COUNT; }
  std::string Name(const char* what) const {
    return std::string(what) + " " + (OpExists() ? simdact_describe(op)->name : "of no op") + ", dtype " +
           std::to_string(dtype) + ", " + std::to_string(rows) + " x " + std::to_string(cols) +
           ", parameters " + Text(p);
  }
};

// 0, or a number of any kind.
double Option(Input& in, double common) {
  const size_t kind = in.Below(8);
  return kind < 4 ? 0.0 : kind < 7 ? common : in.Number(SIMDACT_F64);
}

bool IsUsable(double value, simdact_dtype dtype) {
  const double kept = simdact_accuracy::Rounded(dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32, value);
  return std::isfinite(kept) && (kept != 0) == (value != 0);
}

class GatedCall {
 public:
  explicit GatedCall(Input& in)
      : s_(in), x_stride_(in, 2 * s_.cols), y_stride_(in, s_.cols), dx_stride_(in, 2 * s_.cols), memory_(in) {
    o_.limit = Option(in, 7), o_.offset = Option(in, 1);
    o_.layout = in.Choice<simdact_gate_layout>(SIMDACT_GATE_LAYOUT_COUNT);
    o_.tier = in.Choice<simdact_tier>(2);
    if (in.OneIn(50)) o_.reserved[in.Below(6)] = 1;
    tame_ = in.OneIn(2);
    x_ = memory_.Place(in.Elements(s_.stored, s_.rows * x_stride_.step, tame_));
    dy_ = memory_.Place(in.Elements(s_.stored, s_.rows * y_stride_.step, tame_));
    if (in.OneIn(2)) o_.gate_bias = memory_.Place(in.Elements(s_.stored, s_.cols, tame_));
    if (in.OneIn(2)) o_.up_bias = memory_.Place(in.Elements(s_.stored, s_.cols, tame_));
    y_ = memory_.Place(s_.rows * y_stride_.step * s_.bytes);
    dx_ = memory_.Place(s_.rows * dx_stride_.step * s_.bytes);
    if (in.OneIn(2)) dgate_bias_ = memory_.Place(s_.cols * s_.bytes);
    if (in.OneIn(2)) dup_bias_ = memory_.Place(s_.cols * s_.bytes);
    if (in.OneIn(40)) x_ = nullptr;
    o_.x_row_stride = x_stride_.given, o_.y_row_stride = y_stride_.given;
    o_.dy_row_stride = y_stride_.given, o_.dx_row_stride = dx_stride_.given;
  }

  void Run() {
    simdact_status first[2] = {};
    std::vector<Array> of_first;
    for (const simdact_target* target : Targets()) {
      o_.target = target;
      std::vector<Array> results;
      const simdact_status status[2] = {Forward(results), Backward(results)};
      if (target == Targets()[0]) {
        first[0] = status[0], first[1] = status[1], of_first = results;
        continue;
      }
      if (status[0] != first[0] || status[1] != first[1])
        Fail(Name("gated") + ": another status than elsewhere");
      if (!tame_ || !HasDefaults()) continue;
      for (size_t i = 0; i < results.size(); ++i)
        ExpectSameNans(results[i], of_first[i], [&] { return Name("gated"); });
    }
  }

 private:
  std::string Name(const char* what) const {
    return s_.Name(what) + ", limit " + Hex(o_.limit) + ", offset " + Hex(o_.offset) + ", layout " +
           std::to_string(o_.layout) + ", " + TierText(o_.tier) + " on " + simdact_target_name(o_.target);
  }
  bool HasDefaults() const {
    return s_.OpExists() && std::memcmp(&s_.p, &simdact_describe(s_.op)->defaults, sizeof(s_.p)) == 0;
  }
  void ExpectStatus(simdact_status status, bool strides_fit, const char* what) const {
    bool bad = !s_.Exists() || o_.tier > SIMDACT_FAST || o_.layout >= SIMDACT_GATE_LAYOUT_COUNT ||
               o_.limit < 0 || !IsUsable(o_.limit, s_.dtype) || !IsUsable(o_.offset, s_.dtype);
    for (const uint64_t word : o_.reserved) bad = bad || word != 0;
    if (bad != (status == SIMDACT_BAD_OPTION)) Fail(Name(what) + ": status " + std::to_string(status));
    const bool empty = s_.rows == 0 || s_.cols == 0;
    if (!bad && (empty || (x_ != nullptr && strides_fit)) != (status == SIMDACT_OK))
      Fail(Name(what) + ": status " + std::to_string(status));
  }
  std::vector<Array> Rows(const uint8_t* data, size_t step, size_t cols) const {
    std::vector<Array> rows;
    for (size_t r = 0; r < s_.rows; ++r) rows.push_back(Read(s_.stored, data + r * step * s_.bytes, cols));
    return rows;
  }
  void Same(const std::vector<Array>& got, const std::vector<Array>& want, const char* what) const {
    for (size_t r = 0; r < want.size(); ++r)
      ExpectSameBits(got[r], want[r], [&] { return Name(what) + ", row " + std::to_string(r); });
  }

  simdact_status Forward(std::vector<Array>& results) {
    memory_.Restore();
    const simdact_status status = simdact_gated(s_.op, s_.dtype, x_, y_, s_.rows, s_.cols, s_.p, &o_);
    const bool ok = status == SIMDACT_OK;
    if (ok) memory_.Allow(y_, s_.cols * s_.bytes, s_.rows, y_stride_.step * s_.bytes);
    memory_.Check([&] { return Name("gated"); });
    ExpectStatus(status, x_stride_.Fits() && y_stride_.Fits(), "gated");
    if (!ok || s_.rows == 0 || s_.cols == 0) return status;
    results = Rows(y_, y_stride_.step, s_.cols);
    memory_.Restore();  // in place
    simdact_gate_options o = o_;
    o.y_row_stride = x_stride_.given == 0 ? 2 * s_.cols : x_stride_.given;
    o.x_row_stride = o.y_row_stride;
    if (simdact_gated(s_.op, s_.dtype, x_, x_, s_.rows, s_.cols, s_.p, &o) != SIMDACT_OK)
      Fail(Name("gated, in place") + ": status");
    memory_.Allow(x_, s_.cols * s_.bytes, s_.rows, x_stride_.step * s_.bytes);
    memory_.Check([&] { return Name("gated, in place"); });
    Same(Rows(x_, x_stride_.step, s_.cols), results, "gated, in place");
    memory_.Restore();  // the rows from the second one on, alone
    const size_t step = s_.bytes;
    if (simdact_gated(s_.op, s_.dtype, x_ + x_stride_.step * step, y_ + y_stride_.step * step, s_.rows - 1,
                      s_.cols, s_.p, &o_) != SIMDACT_OK)
      Fail(Name("gated, in parts") + ": status");
    std::vector<Array> rest = Rows(y_, y_stride_.step, s_.cols);
    for (size_t r = 1; r < s_.rows; ++r)
      ExpectSameBits(rest[r], results[r], [&] { return Name("gated, in parts"); });
    return status;
  }

  simdact_status Backward(std::vector<Array>& results) {
    memory_.Restore();
    const simdact_status status = simdact_gated_backward(s_.op, s_.dtype, x_, dy_, dx_, dgate_bias_,
                                                         dup_bias_, s_.rows, s_.cols, s_.p, &o_);
    const bool ok = status == SIMDACT_OK;
    if (ok) {
      memory_.Allow(dx_, 2 * s_.cols * s_.bytes, s_.rows, dx_stride_.step * s_.bytes);
      for (uint8_t* sums : {dgate_bias_, dup_bias_}) {
        if (sums != nullptr) memory_.Allow(sums, s_.cols * s_.bytes);
      }
    }
    memory_.Check([&] { return Name("gated, backward"); });
    ExpectStatus(status, x_stride_.Fits() && y_stride_.Fits() && dx_stride_.Fits(), "gated, backward");
    if (!ok || s_.rows == 0 || s_.cols == 0) return status;
    const std::vector<Array> dx = Rows(dx_, dx_stride_.step, 2 * s_.cols);
    results.insert(results.end(), dx.begin(), dx.end());
    memory_.Restore();
    simdact_gate_options o = o_;
    o.dx_row_stride = o_.x_row_stride;
    if (simdact_gated_backward(s_.op, s_.dtype, x_, dy_, x_, nullptr, nullptr, s_.rows, s_.cols, s_.p, &o) !=
        SIMDACT_OK)
      Fail(Name("gated, backward in place") + ": status");
    memory_.Allow(x_, 2 * s_.cols * s_.bytes, s_.rows, x_stride_.step * s_.bytes);
    memory_.Check([&] { return Name("gated, backward in place"); });
    Same(Rows(x_, x_stride_.step, 2 * s_.cols), dx, "gated, backward in place");
    return status;
  }

  Shape s_;
  Stride x_stride_, y_stride_, dx_stride_;
  Memory memory_;
  simdact_gate_options o_ = {};
  bool tame_;
  uint8_t *x_, *dy_, *y_, *dx_, *dgate_bias_ = nullptr, *dup_bias_ = nullptr;
};

// Bytes of an activation, or of a gate.
class QuantizeCall {
 public:
  explicit QuantizeCall(Input& in)
      : s_(in),
        gated_(in.OneIn(2)),
        width_(gated_ ? 2 * s_.cols : s_.cols),
        x_stride_(in, width_),
        q_stride_(in, s_.cols),
        memory_(in) {
    o_.format = in.Choice<simdact_byte_format>(SIMDACT_BYTE_FORMAT_COUNT);
    o_.scale_for = in.Choice<simdact_scale_for>(3);
    o_.overflow = in.Choice<simdact_overflow>(2);
    o_.group = o_.scale_for == SIMDACT_SCALE_FOR_GROUP || in.OneIn(60) ? in.Below(s_.cols + 3) : 0;
    const bool whole = o_.format == SIMDACT_S8 || o_.format == SIMDACT_U8;
    o_.dynamic = in.OneIn(2) ? 1 : in.OneIn(60) ? 2 : 0;
    if ((whole && o_.dynamic == 0) || in.OneIn(60))
      o_.zero_point = static_cast<int32_t>(in.Byte()) - (o_.format == SIMDACT_S8 ? 128 : 0);
    if (in.OneIn(50)) o_.reserved[in.Below(6)] = 1;
    x_ = memory_.Place(in.Elements(s_.stored, s_.rows * x_stride_.step));
    q_ = memory_.Place(s_.rows * q_stride_.step);
    scales_ = o_.scale_for == SIMDACT_SCALE_FOR_ROW ? s_.rows
              : o_.scale_for == SIMDACT_SCALE_FOR_GROUP
                  ? s_.rows * ((s_.cols + o_.group) / (o_.group == 0 ? 1 : o_.group))
                  : 1;
    if (o_.scale_for == SIMDACT_SCALE_FOR_GROUP && o_.group != 0)
      scales_ = s_.rows * ((s_.cols + o_.group - 1) / o_.group);
    Array scales(SIMDACT_F32, scales_);
    const bool any = in.OneIn(8);
    for (size_t i = 0; i < scales_; ++i)
      scales.Set(i, any ? in.Number(SIMDACT_F32)
                        : std::ldexp(1 + in.random().Unit(), static_cast<int>(in.random().Below(20)) - 10));
    o_.scales = reinterpret_cast<float*>(memory_.Side(scales));
    if (in.OneIn(2)) o_.largest = reinterpret_cast<float*>(memory_.Side(scales_ * 4));
    if (in.OneIn(60)) o_.scales = nullptr;
    o_.q_row_stride = q_stride_.given;
    g_.limit = Option(in, 7), g_.offset = Option(in, 1), g_.layout = in.Choice<simdact_gate_layout>(3);
    if (in.OneIn(2)) g_.gate_bias = memory_.Place(in.Elements(s_.stored, s_.cols));
    (gated_ ? g_.x_row_stride : o_.x_row_stride) = x_stride_.given;
  }

  void Run() {
    simdact_status first = SIMDACT_OK;
    for (const simdact_target* target : Targets()) {
      o_.target = target;
      const simdact_status status = Call(o_, 0, s_.rows);
      if (target == Targets()[0]) first = status;
      if (status != first) Fail(Name() + ": another status than elsewhere");
      if (status != SIMDACT_OK || s_.rows < 2 || s_.cols == 0) continue;
      if (o_.scale_for == SIMDACT_SCALE_FOR_TENSOR && o_.dynamic != 0) continue;
      InParts();
    }
  }

 private:
  std::string Name() const {
    return s_.Name(gated_ ? "gated, to bytes" : "to bytes") + ", format " + std::to_string(o_.format) +
           ", scales for " + std::to_string(o_.scale_for) + ", group " + std::to_string(o_.group) +
           ", dynamic " + std::to_string(o_.dynamic) + ", zero point " + std::to_string(o_.zero_point) +
           " on " + simdact_target_name(o_.target);
  }
  size_t ScalesBefore(size_t row) const {
    return o_.scale_for == SIMDACT_SCALE_FOR_TENSOR ? 0 : scales_ / s_.rows * row;
  }

  simdact_status Call(const simdact_quantize_options& given, size_t row, size_t rows, bool fresh = true) {
    simdact_quantize_options o = given;
    if (fresh) memory_.Restore();
    const uint8_t* x = x_ + row * x_stride_.step * s_.bytes;
    uint8_t* q = q_ + row * q_stride_.step;
    if (row != 0)
      o.scales += ScalesBefore(row),
          o.largest = o.largest == nullptr ? nullptr : o.largest + ScalesBefore(row);
    const simdact_status status =
        gated_ ? simdact_gated_quantize(s_.op, s_.dtype, x, q, rows, s_.cols, s_.p, &g_, &o)
               : simdact_quantize(s_.op, s_.dtype, x, q, rows, s_.cols, s_.p, &o);
    if (status == SIMDACT_OK && s_.rows != 0 && s_.cols != 0) {
      memory_.Allow(q_, s_.cols, s_.rows, q_stride_.step);
      if (o.dynamic != 0) memory_.Allow(given.scales, scales_ * 4);
      if (o.largest != nullptr) memory_.Allow(given.largest, scales_ * 4);
    }
    memory_.Check([&] { return Name(); });
    return status;
  }
  // The sign of NaN is not looked at: which one an activation gives depends on its place in a vector.
  uint8_t Settled(uint8_t byte) const {
    const bool is_float = o_.format == SIMDACT_E4M3 || o_.format == SIMDACT_E5M2;
    return is_float && std::isnan(simdact_byte_value(o_.format, byte)) ? uint8_t{0x7F} : byte;
  }
  // A row's bytes and scales are its own.
  void InParts() {
    const auto all = [&] {
      std::vector<uint8_t> bytes;
      for (size_t r = 0; r < s_.rows; ++r)
        for (size_t c = 0; c < s_.cols; ++c) bytes.push_back(Settled(q_[r * q_stride_.step + c]));
      const auto* scales = reinterpret_cast<const uint8_t*>(o_.scales);
      bytes.insert(bytes.end(), scales, scales + scales_ * 4);
      return bytes;
    };
    const std::vector<uint8_t> whole = all();
    if (Call(o_, 1, s_.rows - 1) != SIMDACT_OK || Call(o_, 0, 1, false) != SIMDACT_OK)
      Fail(Name() + ": status of a part");
    if (all() != whole) Fail(Name() + ": rows alone are other bytes than together");
  }

  Shape s_;
  bool gated_;
  size_t width_, scales_;
  Stride x_stride_, q_stride_;
  Memory memory_;
  simdact_quantize_options o_ = {};
  simdact_gate_options g_ = {};
  uint8_t *x_, *q_;
};

}  // namespace

void FuzzGated(Input& in) { GatedCall(in).Run(); }
void FuzzQuantize(Input& in) { QuantizeCall(in).Run(); }

}  // namespace simdact_fuzz
