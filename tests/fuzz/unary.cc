// Activations and their gradients: memory, in place, in two parts, against the reference, target against
// target.

#include "tests/fuzz/claims.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory.h"

namespace simdact_fuzz {

FindKernel g_find = simdact_find;

namespace {

using simdact_accuracy::Call;
using simdact_accuracy::Exact;

// An input's arguments.
struct Arguments {
  simdact_op op;
  simdact_dtype dtype;
  simdact_direction direction;
  simdact_tier tier;
  simdact_params p, rounded;  // as given, and as the dtype has them
  size_t n, cut, sampled;     // elements, of which some are compared with the reference, from `sampled` on
  bool ones;                  // dy is 1: dx is the derivative
  bool outputs;               // x is what f can give, if it is not given as x
  Array x, dy;

  explicit Arguments(Input& in)
      : op(in.Valid<simdact_op>(SIMDACT_OP_COUNT)),
        dtype(simdact_accuracy::Dtypes()[in.Below(simdact_accuracy::Dtypes().size())]),
        direction(in.Valid<simdact_direction>(SIMDACT_DIRECTION_COUNT)),
        tier(in.Valid<simdact_tier>(SIMDACT_TIER_COUNT)),
        n(in.Length()),
        x(dtype),
        dy(dtype) {
    if (!simdact_accuracy::Exists(op, direction)) direction = SIMDACT_FORWARD;
    cut = in.Below(n + 1), sampled = in.Below(n + 1);
    ones = !in.OneIn(3), outputs = !in.OneIn(4);
    p = in.Parameters(dtype, simdact_describe(op)->defaults);
    rounded = simdact_accuracy::RoundedTo(dtype, p);
    if (direction == SIMDACT_BACKWARD_FROM_OUTPUT && outputs) n = std::min<size_t>(n, 24), cut %= n + 1;
    x = in.Elements(dtype, n);
    dy = in.Elements(dtype, n);
    if (ones) dy.Fill(1.0);
    if (direction == SIMDACT_BACKWARD_FROM_OUTPUT && outputs) MakeOutputs();
  }

  // Where f overflows the output tells nothing.
  void MakeOutputs() {
    for (size_t i = 0; i < n; ++i) {
      const long double y = Exact(op, SIMDACT_FORWARD, x[i], rounded);
      x.Set(i, Rounded(dtype, y));
      if (std::isinf(x[i]) && !std::isinf(y)) x.Set(i, 0.0);
    }
  }
  std::string Name() const {
    return std::string(simdact_describe(op)->name) + " " + simdact_accuracy::DtypeName(dtype) + " " +
           simdact_accuracy::DirectionName(direction) + ", " + TierText(tier) + ", n = " + std::to_string(n) +
           ", parameters " + Text(p);
  }
  bool FromOutput() const { return direction == SIMDACT_BACKWARD_FROM_OUTPUT; }
};

class Unary {
 public:
  explicit Unary(Input& in) : a_(in), memory_(in) {
    x_ = memory_.Place(a_.x), dy_ = memory_.Place(a_.dy), y_ = memory_.Place(a_.n * a_.x.ElementBytes());
  }

  void Run() {
    Array first(a_.dtype);
    const simdact_target* of_first = nullptr;
    for (const simdact_target* target : Targets()) {
      const simdact_kernel* kernel = g_find(target, a_.op, a_.dtype, a_.tier);
      if (kernel == nullptr) continue;  // there is no such tier
      target_ = target;
      const Array y = Separate(*kernel);
      InPlace(*kernel, y);
      InParts(*kernel, y);
      Compare(y);
      if (of_first != nullptr) CompareTargets(y, first);
      if (of_first == nullptr) of_first = target, first = y;
    }
  }

 private:
  std::string Name(const char* how) const { return a_.Name() + " on " + simdact_target_name(target_) + how; }
  size_t Bytes() const { return a_.n * a_.x.ElementBytes(); }

  Array Separate(const simdact_kernel& kernel) {
    memory_.Restore();
    Call(kernel, a_.direction, a_.p, x_, dy_, y_, a_.n);
    memory_.Allow(y_, Bytes());
    memory_.Check([&] { return Name(""); });
    return Read(a_.dtype, y_, a_.n);
  }
  void InPlace(const simdact_kernel& kernel, const Array& want) {
    for (uint8_t* to : {x_, dy_}) {
      if (to == dy_ && a_.direction == SIMDACT_FORWARD) continue;
      memory_.Restore();
      Call(kernel, a_.direction, a_.p, x_, dy_, to, a_.n);
      memory_.Allow(to, Bytes());
      memory_.Check([&] { return Name(", in place"); });
      ExpectSameBits(Read(a_.dtype, to, a_.n), want,
                     [&] { return Name(to == x_ ? ", y is x" : ", dx is dy"); });
    }
  }
  void InParts(const simdact_kernel& kernel, const Array& want) {
    memory_.Restore();
    const size_t skip = a_.cut * a_.x.ElementBytes();
    Call(kernel, a_.direction, a_.p, x_ + skip, dy_ + skip, y_ + skip, a_.n - a_.cut);
    Call(kernel, a_.direction, a_.p, x_, dy_, y_, a_.cut);
    memory_.Allow(y_, Bytes());
    memory_.Check([&] { return Name(", in parts"); });
    ExpectSameBits(Read(a_.dtype, y_, a_.n), want, [&] { return Name(", in two parts"); });
  }

  // With the reference: f and f', of outputs for what wants outputs. What softplus' output tells of x is
  // another test's matter where it tells little.
  void Compare(const Array& y) const {
    if (a_.direction != SIMDACT_FORWARD && !a_.ones) return CompareProduct(y);
    if (a_.FromOutput() && (!a_.outputs || a_.op == SIMDACT_OP_softplus)) return;
    const bool has_fast =
        a_.tier == SIMDACT_FAST && simdact_accuracy::HasFast(target_, a_.op, a_.dtype, a_.direction);
    const Function f{target_, a_.op, a_.dtype, a_.direction, a_.tier, has_fast};
    for (size_t k = 0; k < std::min<size_t>(a_.n, kCompared); ++k) {
      const size_t i = (a_.sampled + k) % a_.n;
      const long double exact = Exact(a_.op, a_.direction, a_.x[i], a_.rounded);
      if (IsNear(f, a_.x[i], a_.rounded, y[i], exact)) continue;
      Fail(Name("") + ": at " + Hex(a_.x[i]) + " got " + Hex(y[i]) + ", want " +
           Hex(static_cast<double>(exact)) + ", " + std::to_string(UlpError(a_.dtype, y[i], exact)) + " ulp");
    }
  }
  // dx = dy f': at the default parameters the product adds a rounding, and in a small binade the same error
  // counts for up to twice as many ulps. Where f' is denormal dy multiplies its error.
  void CompareProduct(const Array& dx) const {
    const auto& defaults = simdact_describe(a_.op)->defaults;
    if (a_.tier != SIMDACT_ACCURATE || a_.FromOutput() ||
        std::memcmp(&a_.p, &defaults, sizeof(defaults)) != 0)
      return;
    const double claim = simdact_claim(a_.op, a_.dtype, a_.direction, simdact_target_has_fma(target_));
    const long double least = std::scalbn(1.0L, FormatOf(a_.dtype).min_exponent);
    for (size_t k = 0; k < std::min<size_t>(a_.n, kCompared); ++k) {
      const size_t i = (a_.sampled + k) % a_.n;
      const double x = a_.x[i], dy = a_.dy[i];
      const long double slope = Exact(a_.op, a_.direction, x, a_.rounded), exact = dy * slope;
      if (!std::isfinite(slope) || !std::isfinite(dy) || std::isinf(Rounded(a_.dtype, slope))) continue;
      double most = 2 * claim + 0.5;
      if (std::fabs(slope) < least) most = std::max(claim, 0.5) * std::fabs(dy) + 0.5;
      if (UlpError(a_.dtype, dx[i], exact) <= most) continue;
      Fail(Name("") + ": at " + Hex(x) + ", dy " + Hex(dy) + " got " + Hex(dx[i]) + ", want " +
           Hex(static_cast<double>(exact)) + ", " + std::to_string(UlpError(a_.dtype, dx[i], exact)) +
           " ulp");
    }
  }
  // In 16 bits dx is the exact product rounded once only where the float f' is normal: dispatch/README.md.
  bool HasOneRounding() const {
    return a_.dtype == SIMDACT_F32 || a_.direction == SIMDACT_FORWARD || a_.ones;
  }
  // The exact tier has the same bits everywhere, whatever dy; zeros have the same sign, where x is what it
  // should be.
  void CompareTargets(const Array& y, const Array& first) const {
    if (a_.FromOutput() && !a_.outputs) return;
    if (a_.tier == SIMDACT_EXACT && HasOneRounding()) {
      ExpectSameBits(y, first, [&] { return Name(", beside the first target"); });
      return;
    }
    for (size_t i = 0; i < a_.n && (a_.ones || a_.direction == SIMDACT_FORWARD); ++i) {
      if (y[i] == 0 && first[i] == 0 && std::signbit(y[i]) != std::signbit(first[i]))
        Fail(Name("") + ": at " + Hex(a_.x[i]) + " the sign of zero is another than on the first target");
    }
  }

  static constexpr size_t kCompared = 12;
  Arguments a_;
  Memory memory_;
  uint8_t *x_, *dy_, *y_;
  const simdact_target* target_ = nullptr;
};

}  // namespace

void FuzzUnary(Input& in) {
  if (in.OneIn(200) && !kAllSanitized) {  // what does not exist is not found
    const int none = 200 + in.Byte();
    const simdact_target* target = Targets()[0];
    if (simdact_find(target, static_cast<simdact_op>(none), SIMDACT_F32, SIMDACT_ACCURATE) != nullptr ||
        simdact_find(target, SIMDACT_OP_relu, static_cast<simdact_dtype>(none), SIMDACT_ACCURATE) !=
            nullptr ||
        simdact_find(target, SIMDACT_OP_relu, SIMDACT_F32, static_cast<simdact_tier>(none)) != nullptr)
      Fail("simdact_find finds what does not exist");
  }
  Unary(in).Run();
}

}  // namespace simdact_fuzz
