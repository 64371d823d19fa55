// Activations and gates that end in bytes.

#include "tests/fuzz/gated.h"
#include "tests/fuzz/memory.h"

namespace simdact_fuzz {
namespace {

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

void FuzzQuantize(Input& in) { QuantizeCall(in).Run(); }

}  // namespace simdact_fuzz
