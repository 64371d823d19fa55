// What comes before an activation: u = x + bias, or x scale + bias, rounded once, and then the activation's
// own bits.

#include "simdact/bias.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory.h"

namespace simdact_fuzz {
namespace {

class Bias {
 public:
  explicit Bias(Input& in)
      : op_(in.Valid<simdact_op>(SIMDACT_OP_COUNT)),
        dtype_(simdact_accuracy::Dtypes()[in.Below(simdact_accuracy::Dtypes().size())]),
        wide_(dtype_ == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32),
        tier_(in.Valid<simdact_tier>(2)),
        rows_(in.Below(7)),
        cols_(in.Length(100)),
        n_(rows_ * cols_),
        bytes_(FormatOf(dtype_).bytes),
        scaled_(in.OneIn(2)),
        p_(in.Parameters(dtype_, simdact_describe(op_)->defaults)),
        memory_(in),
        x_values_(in.Elements(dtype_, n_)),
        scale_values_(in.Elements(dtype_, cols_)),
        bias_values_(in.Elements(dtype_, cols_)),
        dy_values_(in.Elements(dtype_, n_)) {
    x_ = memory_.Place(x_values_), dy_ = memory_.Place(dy_values_), bias_ = memory_.Place(bias_values_);
    scale_ = scaled_ ? memory_.Place(scale_values_) : nullptr;
    y_ = memory_.Place(n_ * bytes_);
    dbias_ = in.OneIn(2) ? memory_.Place(cols_ * bytes_) : nullptr;
    dscale_ = scaled_ && in.OneIn(2) ? memory_.Place(cols_ * bytes_) : nullptr;
  }

  void Run() {
    for (const simdact_target* target : Targets()) {
      target_ = target, kernel_ = simdact_find_bias(target, dtype_);
      activation_ = simdact_find(target, op_, wide_, tier_);
      Forward();
      Backward();
    }
  }

 private:
  std::string Name() const {
    return std::string(scaled_ ? "scale, bias, " : "bias, ") + simdact_describe(op_)->name + " " +
           simdact_accuracy::DtypeName(dtype_) + ", " + TierText(tier_) + ", " + std::to_string(rows_) +
           " x " + std::to_string(cols_) + ", parameters " + Text(p_) + " on " + simdact_target_name(target_);
  }
  void Same(const uint8_t* got, const Array& want, const char* how) const {
    ExpectSameBits(Read(dtype_, got, n_), want, [&] { return Name() + how; });
  }
  void Check(const char* how) {
    memory_.Check([&] { return Name() + how; });
  }
  // u as the type that is computed in; of scaled doubles the roundings are known with fused multiply-add
  // alone.
  bool KnowsSum() const { return !scaled_ || wide_ == SIMDACT_F32 || simdact_target_has_fma(target_) != 0; }
  Array Sum() const {
    Array u(wide_, n_);
    for (size_t i = 0; i < n_; ++i) {
      const double x = x_values_[i], bias = bias_values_[i % cols_],
                   scale = scaled_ ? scale_values_[i % cols_] : 1.0;
      u.Set(i, wide_ == SIMDACT_F64 ? std::fma(x, scale, bias)
                                    : double{std::fma(static_cast<float>(x), static_cast<float>(scale),
                                                      static_cast<float>(bias))});
    }
    return u;
  }
  Array Rounded(const Array& wide) const {
    Array narrow(dtype_, wide.Size());
    for (size_t i = 0; i < wide.Size(); ++i) narrow.Set(i, wide[i]);
    return narrow;
  }

  void Forward() {
    memory_.Restore();
    kernel_->forward(activation_, x_, scale_, bias_, y_, rows_, cols_, p_);
    memory_.Allow(y_, n_ * bytes_), Check("");
    const Array y = Read(dtype_, y_, n_);
    if (KnowsSum()) {
      Array want = Sum();
      activation_->forward(want.Data(), want.Data(), n_, p_);
      Same(y_, Rounded(want), ", beside the activation of the sum");
    }
    memory_.Restore();
    kernel_->forward(activation_, x_, scale_, bias_, x_, rows_, cols_, p_);
    memory_.Allow(x_, n_ * bytes_), Check(", in place");
    Same(x_, y, ", in place");
  }
  void Backward() {
    memory_.Restore();
    kernel_->backward(activation_, x_, scale_, bias_, dy_, y_, dscale_, dbias_, rows_, cols_, p_);
    const auto allow = [&](uint8_t* to) {
      memory_.Allow(to, n_ * bytes_);
      if (dbias_ != nullptr) memory_.Allow(dbias_, cols_ * bytes_);
      if (dscale_ != nullptr) memory_.Allow(dscale_, cols_ * bytes_);
    };
    allow(y_), Check(", backward");
    const Array dx = Read(dtype_, y_, n_);
    const size_t sums = dbias_ == nullptr ? 0 : cols_;
    const Array dbias = Read(dtype_, dbias_, sums);
    if (!scaled_) {
      Array u = Sum(), want(wide_, n_);
      for (size_t i = 0; i < n_; ++i) want.Set(i, dy_values_[i]);
      activation_->backward(u.Data(), want.Data(), want.Data(), n_, p_);
      Same(y_, Rounded(want), ", backward, beside the activation");
    }
    for (uint8_t* to : {x_, dy_}) {
      memory_.Restore();
      kernel_->backward(activation_, x_, scale_, bias_, dy_, to, dscale_, dbias_, rows_, cols_, p_);
      allow(to), Check(", backward in place");
      Same(to, dx, ", backward in place");
      ExpectSameBits(Read(dtype_, dbias_, sums), dbias, [&] { return Name() + ", sums in place"; });
    }
  }

  simdact_op op_;
  simdact_dtype dtype_, wide_;
  simdact_tier tier_;
  size_t rows_, cols_, n_, bytes_;
  bool scaled_;
  simdact_params p_;
  Memory memory_;
  Array x_values_, scale_values_, bias_values_, dy_values_;
  uint8_t *x_, *dy_, *bias_, *scale_, *y_, *dbias_, *dscale_;
  const simdact_target* target_ = nullptr;
  const simdact_bias_kernel* kernel_ = nullptr;
  const simdact_kernel* activation_ = nullptr;
};

}  // namespace

// Kernels, and now and then the functions that look at their arguments.
void FuzzBias(Input& in) {
  if (!in.OneIn(4)) return Bias(in).Run();
  const auto op = in.Choice<simdact_op>(SIMDACT_OP_COUNT);
  const auto dtype = in.Choice<simdact_dtype>(SIMDACT_DTYPE_COUNT);
  const auto tier = in.Choice<simdact_tier>(2);
  const bool exists = op < SIMDACT_OP_COUNT && dtype < SIMDACT_DTYPE_COUNT && tier < 2;
  const simdact_dtype stored = dtype < SIMDACT_DTYPE_COUNT ? dtype : SIMDACT_F32;
  const size_t rows = in.OneIn(20) ? SIZE_MAX / 2 : in.Below(5), cols = in.Length(40),
               bytes = FormatOf(stored).bytes;
  const size_t n = rows > 5 ? 0 : rows * cols;
  const simdact_params p = in.Parameters(stored, simdact_params{});
  Memory memory(in);
  uint8_t* x = memory.Place(in.Elements(stored, n + 2));
  uint8_t* dy = memory.Place(in.Elements(stored, n + 2));
  const uint8_t* bias = memory.Place(in.Elements(stored, cols));
  uint8_t* dbias = memory.Place(cols * bytes);
  uint8_t* y = memory.Place((n + 2) * bytes);
  const size_t where = in.Below(4);  // y, x, or across x
  uint8_t* to = where < 2 ? y : where == 2 ? x : x + bytes;
  if (in.OneIn(30)) bias = nullptr;
  const bool empty = rows == 0 || cols == 0;
  for (const bool backward : {false, true}) {
    const auto name = [&] {
      return "bias of op " + std::to_string(op) + ", dtype " + std::to_string(dtype) + ", tier " +
             std::to_string(tier) + ", " + std::to_string(rows) + " x " + std::to_string(cols) +
             (backward ? ", backward" : "");
    };
    memory.Restore();
    const simdact_status status =
        backward ? simdact_bias_backward(op, dtype, tier, x, bias, dy, to, dbias, rows, cols, p)
                 : simdact_bias(op, dtype, tier, x, bias, to, rows, cols, p);
    if (status == SIMDACT_OK) {
      memory.Allow(to, n * bytes);
      if (backward) memory.Allow(dbias, cols * bytes);
    }
    memory.Check(name);
    simdact_status want = SIMDACT_OK;
    if (!exists)
      want = SIMDACT_BAD_OPTION;
    else if (empty)
      want = SIMDACT_OK;
    else if (bias == nullptr)
      want = SIMDACT_NULL_POINTER;
    else if (rows > 5)
      want = SIMDACT_TOO_LARGE;
    else if (to == x + bytes && n > 1)
      want = SIMDACT_OVERLAP;
    else if (to == x + bytes)
      continue;
    const bool either = want == SIMDACT_NULL_POINTER && status == SIMDACT_TOO_LARGE;
    if (status != want && !either)
      Fail(name() + ": status " + std::to_string(status) + ", not " + std::to_string(want));
  }
}

void FuzzPreluChannels(Input& in) {
  const simdact_dtype dtype = simdact_accuracy::Dtypes()[in.Below(simdact_accuracy::Dtypes().size())];
  const size_t batch = in.Below(4), channels = in.Length(40), inner = in.OneIn(2) ? 1 : in.Length(40),
               bytes = FormatOf(dtype).bytes;
  const size_t n = batch * channels * inner;
  Memory memory(in);
  const Array x_values = in.Elements(dtype, n), weights = in.Elements(dtype, channels);
  uint8_t* x = memory.Place(x_values);
  uint8_t* dy = memory.Place(in.Elements(dtype, n));
  const uint8_t* weight = memory.Place(weights);
  uint8_t* dweight = in.OneIn(2) ? memory.Place(channels * bytes) : nullptr;
  uint8_t* y = memory.Place(n * bytes);
  for (const simdact_target* target : Targets()) {
    const simdact_bias_kernel* kernel = simdact_find_bias(target, dtype);
    const auto name = [&] {
      return std::string("prelu of channels, ") + simdact_accuracy::DtypeName(dtype) + ", " +
             std::to_string(batch) + " x " + std::to_string(channels) + " x " + std::to_string(inner) +
             " on " + simdact_target_name(target);
    };
    memory.Restore();
    kernel->prelu_channels(x, weight, y, batch, channels, inner);
    memory.Allow(y, n * bytes), memory.Check(name);
    const Array result = Read(dtype, y, n);
    const double least = std::ldexp(1.0, FormatOf(dtype).min_exponent);
    for (size_t i = 0; i < n; ++i) {
      // A product of two doubles is not exact; that of narrower numbers is.
      const double w = weights[i / inner % channels], a = x_values[i];
      const double want = simdact_accuracy::Rounded(dtype, a > 0 ? a : static_cast<long double>(w * a));
      if (std::isnan(w)) continue;
      if (dtype == SIMDACT_BF16 && std::fabs(want) < least) continue;  // rounded twice there
      if (result[i] != want && !(std::isnan(result[i]) && std::isnan(want)))
        Fail(name() + ": " + Hex(a) + " with weight " + Hex(w) + " is " + Hex(result[i]) + ", not " +
             Hex(want));
    }
    memory.Restore();
    kernel->prelu_channels(x, weight, x, batch, channels, inner);
    memory.Allow(x, n * bytes), memory.Check(name);
    ExpectSameBits(Read(dtype, x, n), result, [&] { return name() + ", in place"; });
    Array dx(dtype);
    for (uint8_t* to : {y, x, dy}) {
      memory.Restore();
      kernel->prelu_channels_backward(x, weight, dy, to, dweight, batch, channels, inner);
      memory.Allow(to, n * bytes);
      if (dweight != nullptr) memory.Allow(dweight, channels * bytes);
      memory.Check(name);
      if (to == y) dx = Read(dtype, y, n);
      ExpectSameBits(Read(dtype, to, n), dx, [&] { return name() + ", backward in place"; });
    }
  }
}

}  // namespace simdact_fuzz
