// Gates of any activation, with limit, offset and biases.

#include "tests/fuzz/gated.h"

#include "tests/fuzz/memory.h"

namespace simdact_fuzz {
namespace {

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

}  // namespace

void FuzzGated(Input& in) { GatedCall(in).Run(); }

}  // namespace simdact_fuzz
