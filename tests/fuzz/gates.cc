// Gated units: kernels of arrays, of which gate and up alternate too, and rows of all layouts.

#include "tests/fuzz/claims.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory.h"

namespace simdact_fuzz {
namespace {

using simdact_accuracy::ExactGate;
using simdact_accuracy::GateOutput;

// gate[0], up[0], gate[1], up[1], ...
Array Alternate(const Array& gate, const Array& up, simdact_dtype dtype) {
  Array x(dtype, 2 * gate.Size());
  for (size_t i = 0; i < gate.Size(); ++i) x.SetBits(2 * i, gate.Bits(i)), x.SetBits(2 * i + 1, up.Bits(i));
  return x;
}

struct GateArguments {
  simdact_gate gate;
  simdact_dtype dtype;
  simdact_tier tier;
  simdact_params p, rounded;
  size_t n;
  bool ones;
  Array gates, ups, dy;
  explicit GateArguments(Input& in)
      : gate(in.Valid<simdact_gate>(SIMDACT_GATE_COUNT)),
        dtype(simdact_accuracy::Dtypes()[in.Below(simdact_accuracy::Dtypes().size())]),
        tier(in.Valid<simdact_tier>(2)),
        p(in.Parameters(dtype, simdact_describe_gate(gate)->defaults)),
        rounded(simdact_accuracy::RoundedTo(dtype, p)),
        n(in.Length()),
        ones(!in.OneIn(3)),
        gates(in.Elements(dtype, n)),
        ups(in.Elements(dtype, n)),
        dy(in.Elements(dtype, n)) {
    if (ones) dy.Fill(1.0);
    for (int i = simdact_describe_gate(gate)->parameters; i < SIMDACT_MAX_PARAMETERS; ++i)
      rounded.value[i] = 0.0;
  }
  std::string Name() const {
    return std::string(simdact_describe_gate(gate)->name) + " " + simdact_accuracy::DtypeName(dtype) + ", " +
           TierText(tier) + ", n = " + std::to_string(n) + ", parameters " + Text(p);
  }
};

class Gates {
 public:
  explicit Gates(Input& in)
      : a_(in),
        memory_(in),
        bytes_(a_.n * a_.dy.ElementBytes()),
        cut_(in.Below(a_.n + 1)),
        sampled_(in.Below(a_.n + 1)) {
    gate_ = memory_.Place(a_.gates), up_ = memory_.Place(a_.ups), dy_ = memory_.Place(a_.dy);
    y_ = memory_.Place(bytes_), dup_ = memory_.Place(bytes_);
    x_ = memory_.Place(Alternate(a_.gates, a_.ups, a_.dtype)), dx_ = memory_.Place(2 * bytes_);
  }
  void Run() {
    for (const simdact_target* target : Targets()) {
      target_ = target, kernel_ = simdact_find_gate(target, a_.gate, a_.dtype, a_.tier);
      if (kernel_ == nullptr) Fail(a_.Name() + ": no kernel on " + simdact_target_name(target));
      Forward();
      Backward();
    }
  }

 private:
  std::string Name(const char* how) const { return a_.Name() + " on " + simdact_target_name(target_) + how; }
  Array At(const uint8_t* data) const { return Read(a_.dtype, data, a_.n); }
  void Check(const char* how) {
    memory_.Check([&] { return Name(how); });
  }
  void Same(const Array& got, const Array& want, const char* how) const {
    ExpectSameBits(got, want, [&] { return Name(how); });
  }

  void Forward() {
    memory_.Restore();
    kernel_->forward(gate_, up_, y_, a_.n, a_.p);
    memory_.Allow(y_, bytes_), Check("");
    const Array y = At(y_);
    Compare(y, GateOutput::kY);
    for (uint8_t* to : {gate_, up_}) {
      memory_.Restore();
      kernel_->forward(gate_, up_, to, a_.n, a_.p);
      memory_.Allow(to, bytes_), Check(", in place");
      Same(At(to), y, ", in place");
    }
    memory_.Restore();
    const size_t skip = cut_ * a_.dy.ElementBytes();
    kernel_->forward(gate_ + skip, up_ + skip, y_ + skip, a_.n - cut_, a_.p);
    kernel_->forward(gate_, up_, y_, cut_, a_.p);
    memory_.Allow(y_, bytes_), Check(", in parts");
    Same(At(y_), y, ", in two parts");
    memory_.Restore();
    kernel_->forward_interleaved(x_, y_, a_.n, a_.p);
    memory_.Allow(y_, bytes_), Check(", interleaved");
    Same(At(y_), y, ", interleaved");
    memory_.Restore();
    kernel_->forward_interleaved(x_, x_, a_.n, a_.p);
    memory_.Allow(x_, bytes_), Check(", interleaved in place");
    Same(At(x_), y, ", interleaved in place");
  }

  void Backward() {
    memory_.Restore();
    kernel_->backward(gate_, up_, dy_, y_, dup_, a_.n, a_.p);
    memory_.Allow(y_, bytes_), memory_.Allow(dup_, bytes_), Check(", backward");
    const Array dgate = At(y_), dup = At(dup_);
    if (a_.ones) Compare(dgate, GateOutput::kDgate), Compare(dup, GateOutput::kDup);
    uint8_t* const places[] = {gate_, up_, dy_};
    for (uint8_t* to_gate : places) {
      for (uint8_t* to_up : places) {
        if (to_gate == to_up) continue;
        memory_.Restore();
        kernel_->backward(gate_, up_, dy_, to_gate, to_up, a_.n, a_.p);
        memory_.Allow(to_gate, bytes_), memory_.Allow(to_up, bytes_), Check(", backward in place");
        Same(At(to_gate), dgate, ", dgate in place"), Same(At(to_up), dup, ", dup in place");
      }
    }
    const Array dx = Alternate(dgate, dup, a_.dtype);
    for (uint8_t* to : {dx_, x_}) {
      memory_.Restore();
      kernel_->backward_interleaved(x_, dy_, to, a_.n, a_.p);
      memory_.Allow(to, 2 * bytes_), Check(", backward interleaved");
      Same(Read(a_.dtype, to, 2 * a_.n), dx, ", backward interleaved");
    }
  }

  void Compare(const Array& got, GateOutput output) const {
    const auto direction = output == GateOutput::kY ? SIMDACT_FORWARD : SIMDACT_BACKWARD;
    const bool fast =
        a_.tier == SIMDACT_FAST && simdact_accuracy::HasFastGate(target_, a_.gate, a_.dtype, direction);
    for (size_t k = 0; k < std::min<size_t>(a_.n, 6); ++k) {
      const size_t i = (sampled_ + k) % a_.n;
      const double gate = a_.gates[i], up = a_.ups[i];
      const auto want = ExactGate(a_.gate, a_.dtype, output, gate, up, a_.rounded);
      if (IsNearGate(target_, a_.gate, a_.dtype, fast ? SIMDACT_FAST : SIMDACT_ACCURATE, output, gate,
                     a_.rounded, got[i], want))
        continue;
      Fail(Name("") + ": output " + std::to_string(static_cast<int>(output)) + " at gate " + Hex(gate) +
           ", up " + Hex(up) + " got " + Hex(got[i]) + ", want " + Hex(static_cast<double>(want.Product())));
    }
  }

  GateArguments a_;
  Memory memory_;
  size_t bytes_, cut_, sampled_;
  uint8_t *gate_, *up_, *dy_, *y_, *dup_, *x_, *dx_;
  const simdact_target* target_ = nullptr;
  const simdact_gate_kernel* kernel_ = nullptr;
};

}  // namespace

void FuzzGates(Input& in) { Gates(in).Run(); }

// On the default target, by the functions that look at their arguments: rows are what the kernel makes of
// them.
void FuzzGateRows(Input& in) {
  const auto gate = in.Choice<simdact_gate>(SIMDACT_GATE_COUNT);
  const auto dtype = in.Choice<simdact_dtype>(SIMDACT_DTYPE_COUNT);
  const auto tier = in.Choice<simdact_tier>(2);
  const auto layout = in.Choice<simdact_gate_layout>(SIMDACT_GATE_LAYOUT_COUNT);
  const bool exists = gate < SIMDACT_GATE_COUNT && dtype < SIMDACT_DTYPE_COUNT && tier < 2;
  const simdact_dtype stored = dtype < SIMDACT_DTYPE_COUNT ? dtype : SIMDACT_F32;
  const size_t bytes = FormatOf(stored).bytes;
  const size_t rows = in.Below(6), cols = in.Length(60);
  const simdact_params p = in.Parameters(stored, simdact_describe_gate(SIMDACT_GATE_swiglu_oai)->defaults);
  const Stride x_stride(in, 2 * cols), y_stride(in, cols), dx_stride(in, 2 * cols);
  Memory memory(in);
  uint8_t* x = memory.Place(in.Elements(stored, rows * x_stride.step));
  uint8_t* dy = memory.Place(in.Elements(stored, rows * y_stride.step));
  uint8_t* y = memory.Place(rows * y_stride.step * bytes);
  uint8_t* dx = memory.Place(rows * dx_stride.step * bytes);
  if (in.OneIn(40)) x = nullptr;
  const bool in_place = in.OneIn(3), overlaps = in.OneIn(20);
  uint8_t* const to = overlaps ? x + bytes : in_place ? x : y;
  if (overlaps && (x == nullptr || rows == 0)) return;

  const auto name = [&] {
    return "gate rows " + std::to_string(gate) + ", dtype " + std::to_string(dtype) + ", tier " +
           std::to_string(tier) + ", layout " + std::to_string(layout) + ", " + std::to_string(rows) + " x " +
           std::to_string(cols);
  };
  simdact_status status = simdact_gate_rows(gate, dtype, tier, x, to, rows, cols, layout, x_stride.given,
                                            to == x && !overlaps ? x_stride.step : y_stride.given, p);
  const size_t y_step = (to == x && !overlaps ? x_stride.step : y_stride.step) * bytes;
  if (status == SIMDACT_OK) memory.Allow(to, cols * bytes, rows, y_step);
  memory.Check(name);
  if ((!exists || layout >= SIMDACT_GATE_LAYOUT_COUNT) && status != SIMDACT_BAD_OPTION)
    Fail(name() + ": no BAD_OPTION");
  const bool good =
      exists && layout < SIMDACT_GATE_LAYOUT_COUNT && x != nullptr && x_stride.Fits() && y_stride.Fits();
  if (good && !overlaps && layout != SIMDACT_UP_FIRST && status != SIMDACT_OK)
    Fail(name() + ": status " + std::to_string(status));

  if (status == SIMDACT_OK && rows != 0 && cols != 0) {
    std::vector<Array> results;
    for (size_t r = 0; r < rows; ++r) results.push_back(Read(stored, to + r * y_step, cols));
    memory.Restore();
    const simdact_gate_kernel* kernel = simdact_find_gate_default(gate, dtype, tier);
    for (size_t r = 0; r < rows; ++r) {
      const uint8_t* row = x + r * x_stride.step * bytes;
      Array want(stored, cols);
      if (layout == SIMDACT_GATE_INTERLEAVED) {
        kernel->forward_interleaved(row, want.Data(), cols, p);
      } else {
        const uint8_t* second = row + cols * bytes;
        kernel->forward(layout == SIMDACT_GATE_FIRST ? row : second,
                        layout == SIMDACT_GATE_FIRST ? second : row, want.Data(), cols, p);
      }
      ExpectSameBits(results[r], want, [&] { return name() + ", row " + std::to_string(r); });
    }
  }
  memory.Restore();
  uint8_t* const to_dx = in_place ? x : dx;
  const Stride& stride = in_place ? x_stride : dx_stride;
  status = simdact_gate_rows_backward(gate, dtype, tier, x, dy, to_dx, rows, cols, layout, x_stride.given,
                                      y_stride.given, stride.given, p);
  if (status == SIMDACT_OK) memory.Allow(to_dx, 2 * cols * bytes, rows, stride.step * bytes);
  memory.Check([&] { return name() + ", backward"; });
  if (good && dx_stride.Fits() && status != SIMDACT_OK)
    Fail(name() + ", backward: status " + std::to_string(status));
  if (status != SIMDACT_OK || in_place || x == nullptr || cols == 0) return;
  std::vector<Array> results;
  for (size_t r = 0; r < rows; ++r)
    results.push_back(Read(stored, to_dx + r * stride.step * bytes, 2 * cols));
  memory.Restore();
  status = simdact_gate_rows_backward(gate, dtype, tier, x, dy, x, rows, cols, layout, x_stride.given,
                                      y_stride.given, x_stride.given, p);
  if (status != SIMDACT_OK) Fail(name() + ", backward in place: status " + std::to_string(status));
  for (size_t r = 0; r < rows; ++r)
    ExpectSameBits(Read(stored, x + r * x_stride.step * bytes, 2 * cols), results[r],
                   [&] { return name() + ", backward in place"; });
}

}  // namespace simdact_fuzz
