// Cross-entropy: statuses, memory, in place, rows alone, and what is NaN.

#include "simdact/cross_entropy.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory.h"
#include "tests/reference/cross_entropy.h"

namespace simdact_fuzz {
namespace {

using simdact_accuracy::Reals;

class CrossEntropy {
 public:
  explicit CrossEntropy(Input& in)
      : dtype_(simdact_accuracy::Dtypes()[in.Below(simdact_accuracy::Dtypes().size())]),
        wide_(dtype_ == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32),
        rows_(in.Below(5)),
        cols_(in.Length(200)),
        bytes_(FormatOf(dtype_).bytes),
        number_(FormatOf(wide_).bytes),
        tame_(in.OneIn(2)),
        stride_(in, cols_),
        dx_stride_(in, cols_),
        memory_(in),
        x_values_(in.Elements(dtype_, rows_ * stride_.step, tame_)),
        labels_(rows_) {
    x_ = memory_.Place(x_values_);
    const bool any_label = in.OneIn(10);
    for (int64_t& label : labels_)
      label = any_label ? static_cast<int64_t>(in.Bits(8))
                        : static_cast<int64_t>(in.Below(cols_ + 1)) - in.OneIn(cols_ + 1);
    given_ = reinterpret_cast<const int64_t*>(memory_.Side(labels_.data(), rows_ * sizeof(int64_t)));
    loss_ = in.OneIn(8) ? nullptr : memory_.Side(rows_ * number_);
    dx_ = in.OneIn(8) ? nullptr : memory_.Place(rows_ * dx_stride_.step * bytes_);
    if (in.OneIn(3))
      o_.label_smoothing = in.OneIn(8) ? in.Number(SIMDACT_F64) : static_cast<double>(in.Below(11)) / 10;
    if (in.OneIn(3)) o_.gradient = in.OneIn(8) ? in.Number(SIMDACT_F64) : 0.25;
    if (in.OneIn(4)) o_.gradients = memory_.Side(in.Elements(wide_, rows_, tame_));
    if (in.OneIn(4))
      o_.weights = reinterpret_cast<const float*>(memory_.Side(in.Elements(SIMDACT_F32, cols_, tame_)));
    o_.tier = in.Choice<simdact_tier>(2);
    o_.ignores_label = in.OneIn(60) ? 2 : static_cast<int>(in.Below(2));
    o_.ignored_label = in.OneIn(2) ? -100 : static_cast<int64_t>(in.Below(cols_ + 1));
    if (in.OneIn(2)) o_.log_sum_exp = memory_.Side(rows_ * number_);
    if (in.OneIn(60)) o_.reserved[in.Below(8)] = 1;
    o_.x_row_stride = stride_.given, o_.dx_row_stride = dx_stride_.given;
    if (in.OneIn(50)) x_ = nullptr;
  }

  void Run() {
    simdact_status first = SIMDACT_OK;
    for (const simdact_target* target : Targets()) {
      target_ = target, kernel_ = simdact_find_cross_entropy(target, dtype_);
      const simdact_status status = Call();
      if (target == Targets()[0]) first = status;
      if (status != first) Fail(Name() + ": another status than elsewhere");
    }
  }

 private:
  std::string Name() const {
    return std::string("cross-entropy ") + simdact_accuracy::DtypeName(dtype_) + ", " +
           std::to_string(rows_) + " x " + std::to_string(cols_) + ", smoothing " + Hex(o_.label_smoothing) +
           ", gradient " + Hex(o_.gradient) + (o_.weights != nullptr ? ", weights" : "") +
           (o_.gradients != nullptr ? ", gradients" : "") + " on " + simdact_target_name(target_);
  }
  bool Ignores(size_t r) const {
    return labels_[r] < 0 || (o_.ignores_label != 0 && labels_[r] == o_.ignored_label);
  }
  void AllowAll(uint8_t* dx, size_t step) {
    if (dx != nullptr) memory_.Allow(dx, cols_ * bytes_, rows_, step * bytes_);
    if (loss_ != nullptr) memory_.Allow(loss_, rows_ * number_);
    if (o_.log_sum_exp != nullptr) memory_.Allow(o_.log_sum_exp, rows_ * number_);
  }
  Array Row(const uint8_t* data, size_t step, size_t r) const {
    return Read(dtype_, data + r * step * bytes_, cols_);
  }

  simdact_status Call() {
    memory_.Restore();
    const simdact_status status = kernel_->cross_entropy(x_, given_, loss_, dx_, rows_, cols_, &o_);
    if (status == SIMDACT_OK) AllowAll(dx_, dx_stride_.step);
    memory_.Check([&] { return Name(); });
    if (status != SIMDACT_OK || rows_ == 0) return status;
    for (size_t r = 0; r < rows_; ++r) {
      if (!Ignores(r) && static_cast<uint64_t>(labels_[r]) >= cols_)
        Fail(Name() + ": a label that is out of range");
    }
    const Array loss = Read(wide_, loss_, loss_ == nullptr ? 0 : rows_);
    std::vector<Array> slopes;
    for (size_t r = 0; r < rows_ && dx_ != nullptr; ++r) slopes.push_back(Row(dx_, dx_stride_.step, r));
    for (size_t r = 0; r < rows_; ++r) {
      Compare(r, loss, slopes);
      Alone(r, loss, slopes);
    }
    if (dx_ == nullptr) return status;
    memory_.Restore();
    simdact_cross_entropy_options o = o_;
    o.dx_row_stride = o.x_row_stride;
    if (kernel_->cross_entropy(x_, given_, loss_, x_, rows_, cols_, &o) != SIMDACT_OK)
      Fail(Name() + ", in place: status");
    AllowAll(x_, stride_.step);
    memory_.Check([&] { return Name() + ", in place"; });
    for (size_t r = 0; r < rows_; ++r)
      ExpectSameBits(Row(x_, stride_.step, r), slopes[r], [&] { return Name() + ", in place"; });
    return status;
  }

  void Alone(size_t r, const Array& loss, const std::vector<Array>& slopes) {
    memory_.Restore();
    simdact_cross_entropy_options o = o_;
    if (o.gradients != nullptr) o.gradients = static_cast<const uint8_t*>(o.gradients) + r * number_;
    const simdact_status status =
        kernel_->cross_entropy(x_ + r * stride_.step * bytes_, given_ + r, loss_, dx_, 1, cols_, &o);
    if (status != SIMDACT_OK) Fail(Name() + ", a row alone: status");
    if (loss_ != nullptr && Read(wide_, loss_, 1).Bits(0) != loss.Bits(r) && !std::isnan(loss[r]))
      Fail(Name() + ", a row alone: another loss");
    if (dx_ != nullptr) ExpectSameBits(Row(dx_, 0, 0), slopes[r], [&] { return Name() + ", a row alone"; });
  }

  // Ignored rows are 0. NaN or +inf among the logits, or nothing but -inf, gives NaN. Of a plain row the loss
  // keeps its claim.
  void Compare(size_t r, const Array& loss, const std::vector<Array>& slopes) const {
    const Reals x = RealsOf(r);
    bool bad = false, any = false;
    for (const long double value : x)
      bad = bad || std::isnan(value) || value == simdact_accuracy::kInfinity,
      any = any || std::isfinite(value);
    const bool is_nan = bad || !any;
    for (size_t i = 0; i < cols_ && !slopes.empty(); ++i) {
      if (Ignores(r) ? slopes[r][i] != 0 : is_nan && !std::isnan(slopes[r][i]))
        Fail(Name() + ": dx " + Hex(slopes[r][i]) + " of a row that is NaN or ignored");
    }
    if (loss.Size() == 0) return;
    if (Ignores(r) ? loss[r] != 0 : is_nan && !std::isnan(loss[r]))
      Fail(Name() + ": loss " + Hex(loss[r]) + " of a row that is NaN or ignored");
    if (Ignores(r) || is_nan || o_.label_smoothing != 0 || o_.weights != nullptr || !tame_) return;
    const auto want = simdact_accuracy::CrossEntropyOf(x, static_cast<size_t>(labels_[r]), o_, 1);
    if (simdact_accuracy::UlpError(wide_, loss[r], want.loss) > 2.5)
      Fail(Name() + ": loss " + Hex(loss[r]) + ", want " + Hex(static_cast<double>(want.loss)));
  }
  Reals RealsOf(size_t r) const {
    Reals x(cols_);
    for (size_t i = 0; i < cols_; ++i) x[i] = static_cast<long double>(x_values_[r * stride_.step + i]);
    return x;
  }

  simdact_dtype dtype_, wide_;
  size_t rows_, cols_, bytes_, number_;
  bool tame_;
  Stride stride_, dx_stride_;
  Memory memory_;
  Array x_values_;
  std::vector<int64_t> labels_;
  const int64_t* given_;
  simdact_cross_entropy_options o_ = {};
  uint8_t *x_, *loss_, *dx_;
  const simdact_target* target_ = nullptr;
  const simdact_cross_entropy_kernel* kernel_ = nullptr;
};

}  // namespace

void FuzzCrossEntropy(Input& in) { CrossEntropy(in).Run(); }

}  // namespace simdact_fuzz
