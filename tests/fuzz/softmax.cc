// Softmax and its kin over rows, with all options.

#include "simdact/softmax.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory.h"
#include "tests/reference/scores.h"
#include "tests/ruler/softmax_rows.h"

namespace simdact_fuzz {
namespace {

using simdact_accuracy::IsHalf;
using simdact_accuracy::Reals;
using simdact_accuracy::UlpError;

class Softmax {
 public:
  explicit Softmax(Input& in)
      : op_(in.Valid<simdact_softmax_op>(SIMDACT_SOFTMAX_OP_COUNT)),
        dtype_(simdact_accuracy::Dtypes()[in.Below(simdact_accuracy::Dtypes().size())]),
        rows_(in.Below(5)),
        cols_(in.Length(200)),
        bytes_(FormatOf(dtype_).bytes),
        number_(dtype_ == SIMDACT_F64 ? 8 : 4),
        tame_(in.OneIn(2)),
        x_stride_(in, cols_),
        y_stride_(in, cols_),
        memory_(in),
        x_values_(in.Elements(dtype_, rows_ * x_stride_.step, tame_)) {
    x_ = memory_.Place(x_values_);
    dy_ = memory_.Place(in.Elements(dtype_, rows_ * y_stride_.step, tame_));
    y_ = memory_.Place(rows_ * y_stride_.step * bytes_);
    if (!in.OneIn(3)) TakeOptions(in);
    if (in.OneIn(2)) o_.log_sum_exp = memory_.Side(rows_ * number_);
    o_.x_row_stride = x_stride_.given, o_.y_row_stride = o_.dy_row_stride = y_stride_.given;
    sampled_ = in.Below(rows_ + 1);
    if (in.OneIn(50)) x_ = nullptr;
  }

  void Run() {
    simdact_status first[2] = {};
    for (const simdact_target* target : Targets()) {
      target_ = target, kernel_ = simdact_find_softmax(target, op_, dtype_);
      const simdact_status status[2] = {Forward(), Backward()};
      if (target == Targets()[0]) first[0] = status[0], first[1] = status[1];
      if (status[0] != first[0] || status[1] != first[1]) Fail(Name() + ": another status than elsewhere");
    }
  }

 private:
  double Option(Input& in, double common) {
    const size_t kind = in.Below(8);
    return kind < 4 ? 0.0 : kind < 7 || tame_ ? common : in.Number(SIMDACT_F64);
  }
  void TakeOptions(Input& in) {
    o_.scale = Option(in, 0.125), o_.softcap = Option(in, 30), o_.mask_slope = Option(in, 0.5),
    o_.alibi_slope = Option(in, 0.25);
    o_.tier = in.Choice<simdact_tier>(2);
    o_.masked_row = in.Choice<simdact_masked_row>(3);
    o_.infinite_score = in.Choice<simdact_infinite_score>(2);
    o_.mask_type = in.Choice<simdact_mask>(4);
    TakeMask(in);
    if (in.OneIn(3)) o_.lengths = Sizes(in);
    if (in.OneIn(3)) o_.starts = Sizes(in);
    if (in.OneIn(3))
      o_.causal_rows = in.Below(rows_ + 2), o_.causal_past = in.OneIn(40) ? SIZE_MAX : in.Below(cols_ + 2);
    if (in.OneIn(3)) {
      o_.rows_per_sink = in.Below(rows_ + 2);
      const size_t sinks = rows_ == 0 || o_.rows_per_sink == 0 ? 1 : (rows_ - 1) / o_.rows_per_sink + 1;
      o_.sinks = reinterpret_cast<const float*>(memory_.Side(in.Elements(SIMDACT_F32, sinks, tame_)));
    }
    if (in.OneIn(60)) o_.reserved[in.Below(7)] = 1;
  }
  void TakeMask(Input& in) {
    o_.mask_rows = in.Below(rows_ + 1);
    const Stride stride(in, cols_);
    o_.mask_row_stride = stride.given;
    const size_t rows = o_.mask_rows == 0 ? rows_ : o_.mask_rows;
    mask_step_ = stride.step;
    if (o_.mask_type == SIMDACT_MASK_BOOL) {
      std::vector<uint8_t> mask(rows * stride.step);
      const size_t often = 1 + in.Below(4);
      for (uint8_t& value : mask) value = static_cast<uint8_t>(in.random().Below(often + 1));
      o_.mask = memory_.Place(mask.data(), mask.size()), mask_bytes_ = 1;
    } else if (o_.mask_type != SIMDACT_MASK_NONE) {
      const bool same = o_.mask_type == SIMDACT_MASK_SAME;
      mask_ = in.Elements(same ? dtype_ : SIMDACT_F32, rows * stride.step, tame_);
      o_.mask = memory_.Place(mask_), mask_bytes_ = mask_.ElementBytes();
    }
    if (in.OneIn(50)) o_.mask = nullptr;
  }
  const size_t* Sizes(Input& in) {
    std::vector<size_t> sizes(rows_);
    for (size_t& size : sizes) size = in.random().Below(16) == 0 ? SIZE_MAX : in.random().Below(cols_ + 2);
    return reinterpret_cast<const size_t*>(memory_.Side(sizes.data(), sizes.size() * sizeof(size_t)));
  }

  std::string Name() const {
    return std::string(simdact_describe_softmax(op_)->name) + " " + simdact_accuracy::DtypeName(dtype_) +
           ", " + std::to_string(rows_) + " x " + std::to_string(cols_) + ", scale " + Hex(o_.scale) +
           ", softcap " + Hex(o_.softcap) + ", mask " + std::to_string(o_.mask_type) + " times " +
           Hex(o_.mask_slope) + ", alibi " + Hex(o_.alibi_slope) + ", " + TierText(o_.tier) +
           (o_.lengths != nullptr ? ", lengths" : "") + (o_.starts != nullptr ? ", starts" : "") +
           (o_.sinks != nullptr ? ", sinks" : "") + ", causal " + std::to_string(o_.causal_rows) + " on " +
           simdact_target_name(target_);
  }
  void AllowRows(uint8_t* data, size_t step) { memory_.Allow(data, cols_ * bytes_, rows_, step * bytes_); }
  void AllowSums() {
    if (o_.log_sum_exp != nullptr) memory_.Allow(o_.log_sum_exp, rows_ * number_);
  }
  void Check(const char* how) {
    memory_.Check([&] { return Name() + how; });
  }
  Array Row(const uint8_t* data, size_t step, size_t row) const {
    return Read(dtype_, data + row * step * bytes_, cols_);
  }

  simdact_status Forward() {
    memory_.Restore();
    const simdact_status status = kernel_->forward(x_, y_, rows_, cols_, &o_);
    if (status == SIMDACT_OK) AllowRows(y_, y_stride_.step), AllowSums();
    Check("");
    if (status != SIMDACT_OK || rows_ == 0) return status;
    std::vector<Array> rows;
    for (size_t r = 0; r < rows_; ++r) rows.push_back(Row(y_, y_stride_.step, r));
    const simdact_dtype number = dtype_ == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32;
    const bool has_sums = o_.log_sum_exp != nullptr;
    const Array sums = has_sums ? Read(number, o_.log_sum_exp, rows_) : Array(number);
    // In place.
    memory_.Restore();
    simdact_softmax_options o = o_;
    o.y_row_stride = o.x_row_stride;
    if (kernel_->forward(x_, x_, rows_, cols_, &o) != SIMDACT_OK) Fail(Name() + ", in place: status");
    AllowRows(x_, x_stride_.step), AllowSums(), Check(", in place");
    for (size_t r = 0; r < rows_; ++r)
      ExpectSameBits(Row(x_, x_stride_.step, r), rows[r], [&] { return Name() + ", in place"; });
    // The sums alone are softmax's; log_softmax takes the last bit from another sum.
    if (has_sums && op_ != SIMDACT_SOFTMAX_OP_log_softmax) {
      memory_.Restore();
      if (kernel_->log_sum_exp(x_, o_.log_sum_exp, rows_, cols_, &o_) != SIMDACT_OK)
        Fail(Name() + ", log-sum-exp: status");
      AllowSums(), Check(", log-sum-exp");
      ExpectSameBits(Read(number, o_.log_sum_exp, rows_), sums,
                     [&] { return Name() + ", log-sum-exp alone"; });
    }
    for (size_t r = 0; r < rows_; ++r) RowAlone(r, rows[r]);
    if (sampled_ < rows_) Compare(sampled_, rows[sampled_]);
    return status;
  }

  // The options that a row has.
  simdact_softmax_options OptionsOf(size_t r) const {
    simdact_softmax_options o = o_;
    if (o.lengths != nullptr) o.lengths += r;
    if (o.starts != nullptr) o.starts += r;
    if (o.causal_rows != 0) {
      const size_t more = r % o.causal_rows;
      o.causal_past = o.causal_past > SIZE_MAX - more ? SIZE_MAX : o.causal_past + more, o.causal_rows = 1;
    }
    if (o.sinks != nullptr) o.sinks += o.rows_per_sink == 0 ? 0 : r / o.rows_per_sink;
    o.rows_per_sink = 0;
    const size_t mask_rows = o.mask_rows == 0 ? rows_ : o.mask_rows;
    if (o.mask != nullptr)
      o.mask = static_cast<const uint8_t*>(o.mask) + r % mask_rows * mask_step_ * mask_bytes_;
    o.mask_rows = 1;
    if (o.log_sum_exp != nullptr) o.log_sum_exp = static_cast<uint8_t*>(o.log_sum_exp) + r * number_;
    return o;
  }
  void RowAlone(size_t r, const Array& want) {
    if (o_.causal_past > SIZE_MAX - 8) return;  // row r of many has wrapped around
    memory_.Restore();
    const simdact_softmax_options o = OptionsOf(r);
    if (kernel_->forward(x_ + r * x_stride_.step * bytes_, y_, 1, cols_, &o) != SIMDACT_OK)
      Fail(Name() + ", a row alone: status");
    ExpectSameBits(Read(dtype_, y_, cols_), want,
                   [&] { return Name() + ", row " + std::to_string(r) + " alone"; });
  }

  // With the reference, as far as that tells: doubles, and capped scores, must not be too large for it.
  void Compare(size_t r, const Array& y) const {
    if (dtype_ == SIMDACT_F64 && !tame_) return;
    if (o_.softcap > 0x1p20 || o_.causal_past > SIZE_MAX - 8) return;
    if (std::fabs(o_.alibi_slope) > 0x1p60 || std::fabs(o_.scale) > 0x1p100 ||
        std::fabs(o_.mask_slope) > 0x1p100)
      return;
    const Reals x = simdact_accuracy::RealsOf(x_values_, r * x_stride_.step, cols_);
    const auto z = simdact_accuracy::ExactScoresOf(op_, dtype_, x, r, rows_, o_, &mask_);
    const size_t sink = o_.rows_per_sink == 0 ? 0 : r / o_.rows_per_sink;
    const long double sunk =
        o_.sinks == nullptr ? -simdact_accuracy::kInfinity : static_cast<long double>(o_.sinks[sink]);
    const Reals exact = simdact_accuracy::SoftmaxOfExact(op_, z, sunk, o_).y;
    const double claim = (o_.tier == SIMDACT_FAST ? simdact_accuracy::FastSoftmaxClaim(op_, dtype_)
                                                  : simdact_accuracy::SoftmaxClaim(dtype_)) +
                         (dtype_ == SIMDACT_F64 ? 4 * o_.softcap : 0.0);
    const double least = std::ldexp(1.0, FormatOf(dtype_).min_exponent);
    for (size_t i = 0; i < cols_; ++i) {
      const bool denormal = std::fabs(exact[i]) < least;
      if (denormal && o_.tier == SIMDACT_FAST && dtype_ == SIMDACT_F32 && y[i] >= 0 && y[i] <= least)
        continue;
      const double room = denormal && !IsHalf(dtype_) ? 0.5 : 0.0;
      if (UlpError(dtype_, y[i], exact[i]) <= claim + room) continue;
      Fail(Name() + ", row " + std::to_string(r) + ": column " + std::to_string(i) + " is " + Hex(y[i]) +
           ", want " + Hex(static_cast<double>(exact[i])) + ", " +
           std::to_string(UlpError(dtype_, y[i], exact[i])) + " ulp; x = " + Hex(static_cast<double>(x[i])));
    }
  }

  // From any numbers in place of y.
  simdact_status Backward() {
    memory_.Restore();
    simdact_softmax_options o = o_;
    o.y_row_stride = o_.x_row_stride, o.dx_row_stride = o_.dy_row_stride;
    const simdact_status status = kernel_->backward(x_, dy_, y_, rows_, cols_, &o);
    if (status == SIMDACT_OK) AllowRows(y_, y_stride_.step);
    Check(", backward");
    if (status != SIMDACT_OK || rows_ == 0) return status;
    std::vector<Array> rows;
    for (size_t r = 0; r < rows_; ++r) rows.push_back(Row(y_, y_stride_.step, r));
    for (uint8_t* to : {x_, dy_}) {
      memory_.Restore();
      const size_t step = to == x_ ? x_stride_.step : y_stride_.step;
      o.dx_row_stride = to == x_ ? o.y_row_stride : o.dy_row_stride;
      if (kernel_->backward(x_, dy_, to, rows_, cols_, &o) != SIMDACT_OK)
        Fail(Name() + ", backward in place: status");
      AllowRows(to, step), Check(", backward in place");
      for (size_t r = 0; r < rows_; ++r)
        ExpectSameBits(Row(to, step, r), rows[r], [&] { return Name() + ", backward in place"; });
    }
    return status;
  }

  simdact_softmax_op op_;
  simdact_dtype dtype_;
  size_t rows_, cols_, bytes_, number_;
  bool tame_;
  Stride x_stride_, y_stride_;
  Memory memory_;
  Array x_values_, mask_{SIMDACT_F32};
  simdact_softmax_options o_ = {};
  size_t sampled_ = 0, mask_step_ = 0, mask_bytes_ = 0;
  uint8_t *x_, *dy_, *y_;
  const simdact_target* target_ = nullptr;
  const simdact_softmax_kernel* kernel_ = nullptr;
};

}  // namespace

void FuzzSoftmax(Input& in) { Softmax(in).Run(); }

}  // namespace simdact_fuzz
