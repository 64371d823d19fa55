// bf16 and f16 in one pass, for ops whose results in floats need no second look: the float is the 16-bit
// number (relu and its kin), or rounds to the right one (simdact/detail/direct-inl.h). Nothing is kept
// between widening and rounding but registers.

#if defined(SIMDACT_HALF_DIRECT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_HALF_DIRECT_INL_H_
#undef SIMDACT_HALF_DIRECT_INL_H_
#else
#define SIMDACT_HALF_DIRECT_INL_H_
#endif

#include "kernels/drivers/half-inl.h"
#include "simdact/detail/direct-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// How the floats become 16-bit numbers: as they are, for their lower halves are 0 (f16 is rounded in any
// case); by rounding; or by rounding numbers of which none is NaN.
enum class Ending { kCut, kRound, kRoundNumbers };

// to[i] = f(from[i]...), where f takes and returns vectors of floats.
template <class Format, Ending kEnding>
struct Elementwise {
  template <class F, class... From>
  static HWY_INLINE void Apply(size_t n, uint16_t* to, const F& f, const From*... from) {
    const size_t lanes = hn::Lanes(DF());
    size_t i = 0;
    for (; i + 2 * lanes <= n; i += 2 * lanes) {
      const auto a = f(Format::Widen(hn::LoadU(DH(), from + i))...);
      const auto b = f(Format::Widen(hn::LoadU(DH(), from + i + lanes))...);
      hn::StoreU(Format::Round(a), DH(), to + i);
      hn::StoreU(Format::Round(b), DH(), to + i + lanes);
    }
    for (; i < n; i += lanes)
      hn::StoreN(Format::Round(f(Format::Widen(hn::LoadN(DH(), from + i, n - i))...)), DH(), to + i, n - i);
  }
};

// bf16 is the upper half of a float: of two neighbours in one lane of 32 bits, one has to be shifted there
// and the other is there. No lane is crossed, neither on the way back.
#if HWY_TARGET != HWY_SCALAR
template <Ending kEnding>
struct Elementwise<Bf16, kEnding> {
  using D = hn::ScalableTag<uint16_t>;
  static HWY_INLINE hn::Vec<DF> Low(hn::Vec<D> v) {
    return hn::BitCast(DF(), hn::ShiftLeft<16>(hn::BitCast(DU(), v)));
  }
  static HWY_INLINE hn::Vec<DF> High(hn::Vec<D> v) {
    return hn::BitCast(DF(), hn::And(hn::BitCast(DU(), v), hn::Set(DU(), 0xFFFF0000)));
  }
  static HWY_INLINE hn::Vec<D> Join(hn::Vec<DF> low, hn::Vec<DF> high) {
    auto lower = hn::BitCast(DU(), low), upper = hn::BitCast(DU(), high);
    if constexpr (kEnding != Ending::kCut) {
      constexpr bool kMayBeNan = kEnding == Ending::kRound;
      lower = Bf16::RoundedBits<kMayBeNan>(low);
      upper = hn::And(Bf16::RoundedBits<kMayBeNan>(high), hn::Set(DU(), 0xFFFF0000));
    }
    return hn::BitCast(D(), hn::Or(upper, hn::ShiftRight<16>(lower)));
  }
  template <class F, class... From>
  static HWY_INLINE void Apply(size_t n, uint16_t* to, const F& f, const From*... from) {
    const D d;
    const size_t lanes = hn::Lanes(d);
    const auto step = [&](auto... v) HWY_ATTR { return Join(f(Low(v)...), f(High(v)...)); };
    size_t i = 0;
    for (; i + lanes <= n; i += lanes) hn::StoreU(step(hn::LoadU(d, from + i)...), d, to + i);
    if (i < n) hn::StoreN(step(hn::LoadN(d, from + i, n - i)...), d, to + i, n - i);
  }
};
#endif

// y, or the float beside it that rounds to 16 bits as y + error(y) does. Midpoints of bf16 are easily seen,
// and mostly there is none; for f16 it is as dear to look for them as to take the error into account
// everywhere.
template <class Format, class Error>
HWY_INLINE hn::Vec<DF> OffMidpoints(hn::Vec<DF> y, const Error& error) {
  if constexpr (!hwy::IsSame<decltype(error(y)), NoError>()) {
    auto counts = hn::Ne(y, hn::Zero(DF()));
    if constexpr (hwy::IsSame<Format, Bf16>()) {
      counts = hn::RebindMask(DF(), Format::InDoubt(y, 0));
      if (HWY_LIKELY(hn::AllFalse(DF(), counts))) return y;
    }
    return RoundedToOdd(DF(), y, hn::IfThenElseZero(counts, error(y)));
  }
  return y;
}

// Whether parameters are 16-bit numbers where a float's upper half is one; f16 rounds in any case.
inline bool AreBf16(const simdact_params& p, int count) {
  for (int i = 0; i < count; ++i) {
    const float value = static_cast<float>(p.value[i]);
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    if ((bits & 0xFFFF) != 0) return false;
  }
  return true;
}

// For functions whose values at 16-bit numbers are such numbers, if their parameters are.
template <class Op, class Format>
void ForwardInHalfExact(const void* x_void, void* y_void, size_t n, simdact_params p) {
  assert(AliasIsExact(x_void, y_void, n * sizeof(uint16_t)));
  if (AnyIsNan(p, Op::kParameters))
    return FillWith(static_cast<uint16_t>(Format::kInfinity | Format::kInfinity >> 1), y_void, n);
  if (Streams(n * sizeof(uint16_t)) && x_void != y_void)
    return StreamForward(&ForwardInHalfExact<Op, Format>, x_void, y_void, n, sizeof(uint16_t), p);
  const uint16_t* x = static_cast<const uint16_t*>(x_void);
  uint16_t* y = static_cast<uint16_t*>(y_void);
  p = ToFloats(p);
  const Op op(p);
  const auto value = [op](hn::Vec<DF> v) SIMDACT_LOOP_BODY { return op.Value(DF(), v); };
  if (AreBf16(p, Op::kParameters)) {
    Elementwise<Format, Ending::kCut>::Apply(n, y, value, x);
  } else {
    Elementwise<Format, Ending::kRound>::Apply(n, y, value, x);
  }
}

// Their derivatives are 1, 0 or -1: dx has dy's digits.
template <class Op, class Format, From kFrom>
void BackwardInHalfExact(const void* source_void, const void* dy_void, void* dx_void, size_t n,
                         simdact_params p) {
  assert(AliasIsExact(source_void, dx_void, n * sizeof(uint16_t)));
  assert(AliasIsExact(dy_void, dx_void, n * sizeof(uint16_t)));
  if (AnyIsNan(p, Op::kParameters))
    return FillWith(static_cast<uint16_t>(Format::kInfinity | Format::kInfinity >> 1), dx_void, n);
  if (Streams(n * sizeof(uint16_t)) && source_void != dx_void && dy_void != dx_void)
    return StreamBackward(&BackwardInHalfExact<Op, Format, kFrom>, source_void, dy_void, dx_void, n,
                          sizeof(uint16_t), p);
  const Op op(ToFloats(p));
  const auto gradient = [op](hn::Vec<DF> v, hn::Vec<DF> dy)
                            SIMDACT_LOOP_BODY { return Gradient<kFrom>(op, DF(), v, dy); };
  Elementwise<Format, Ending::kCut>::Apply(n, static_cast<uint16_t*>(dx_void), gradient,
                                           static_cast<const uint16_t*>(source_void),
                                           static_cast<const uint16_t*>(dy_void));
}

// Where the direct kernels hold: 0 and these magnitudes, as bits. (f16's least number is one too few for
// hardswish.)
template <class Format>
struct DirectRange {
  const uint16_t least = Nearest<Format>(HWY_MAX(0x1p-60, Exactly<Format>(2)));
  const uint16_t most = HWY_MIN(Nearest<Format>(0x1p60), static_cast<uint16_t>(Format::kInfinity - 1));

  bool HasAll(const uint16_t* x, size_t n) const { return AllWithin(x, n, least, most); }
  bool Has(uint16_t x) const {
    const unsigned magnitude = x & 0x7FFFu;
    return magnitude == 0 || (magnitude >= least && magnitude <= most);
  }
};

// to[k] = direct[k] where that holds for all of from[k]..., else other[k].
template <class Format, class... From>
void Choose(size_t n, uint16_t* to, const uint16_t* direct, const uint16_t* other, const From*... from) {
  const DirectRange<Format> range;
  for (size_t k = 0; k < n; ++k) to[k] = (range.Has(from[k]) && ...) ? direct[k] : other[k];
}

// A block goes directly if all of it can. Else it goes the way of other ops, but for those numbers that can
// go directly: the two ways may differ where doubles are too short to tell a result from a midpoint, and a
// result must depend on its input alone.
template <class OpFloat, class OpDouble, class Format>
void ForwardInHalfDirect(const void* x_void, void* y_void, size_t n, simdact_params p) {
  if (Streams(n * sizeof(uint16_t)) && x_void != y_void)
    return StreamForward(&ForwardInHalfDirect<OpFloat, OpDouble, Format>, x_void, y_void, n, sizeof(uint16_t),
                         p);
  const uint16_t* x = static_cast<const uint16_t*>(x_void);
  uint16_t* y = static_cast<uint16_t*>(y_void);
  p = ToFloats(p);
  const OpFloat op(p);
  const bool suits = !AnyIsNan(p, OpFloat::kParameters) && op.DirectSuits();
  const auto value = [op](hn::Vec<DF> v) SIMDACT_LOOP_BODY {
    const auto error = [&](hn::Vec<DF> rounded) HWY_ATTR { return op.DirectError(DF(), v, rounded); };
    return OffMidpoints<Format>(op.Direct(DF(), v), error);
  };
  const DirectRange<Format> range;
  assert(AliasIsExact(x, y, n * sizeof(uint16_t)));
  for (size_t i = 0; i < n; i += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - i);
    if (HWY_LIKELY(suits && range.HasAll(x + i, size))) {
      Elementwise<Format, Ending::kRoundNumbers>::Apply(size, y + i, value, x + i);
      continue;
    }
    uint16_t direct[kBlock], other[kBlock];
    HalfForward<Format>(&Forward<OpFloat, float>, &Forward<OpDouble, double>, {nullptr, 0.0f, 0}, x + i,
                        other, size, p);
    if (suits) Elementwise<Format, Ending::kRoundNumbers>::Apply(size, direct, value, x + i);
    Choose<Format>(size, y + i, suits ? direct : other, other, x + i);
  }
}

template <class OpFloat, class OpDouble, class Format>
void BackwardInHalfDirect(const void* x_void, const void* dy_void, void* dx_void, size_t n,
                          simdact_params p) {
  if (Streams(n * sizeof(uint16_t)) && x_void != dx_void && dy_void != dx_void)
    return StreamBackward(&BackwardInHalfDirect<OpFloat, OpDouble, Format>, x_void, dy_void, dx_void, n,
                          sizeof(uint16_t), p);
  const uint16_t* x = static_cast<const uint16_t*>(x_void);
  const uint16_t* dy = static_cast<const uint16_t*>(dy_void);
  uint16_t* dx = static_cast<uint16_t*>(dx_void);
  p = ToFloats(p);
  const OpFloat op(p);
  const bool suits = !AnyIsNan(p, OpFloat::kParameters) && op.DirectSuits();
  const auto gradient = [op](hn::Vec<DF> v, hn::Vec<DF> upstream) SIMDACT_LOOP_BODY {
    const auto error = [&](hn::Vec<DF> rounded)
                           HWY_ATTR { return op.DirectGradientError(DF(), v, upstream, rounded); };
    return OffMidpoints<Format>(op.DirectGradient(DF(), v, upstream), error);
  };
  const DirectRange<Format> range;
  assert(AliasIsExact(x, dx, n * sizeof(uint16_t)));
  assert(AliasIsExact(dy, dx, n * sizeof(uint16_t)));
  for (size_t i = 0; i < n; i += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - i);
    if (HWY_LIKELY(suits && range.HasAll(x + i, size) && range.HasAll(dy + i, size))) {
      Elementwise<Format, Ending::kRoundNumbers>::Apply(size, dx + i, gradient, x + i, dy + i);
      continue;
    }
    uint16_t direct[kBlock], other[kBlock];
    HalfBackward<Format>(&Backward<OpFloat, float, From::kInput>, &Backward<OpDouble, double, From::kInput>,
                         x + i, dy + i, other, size, p);
    if (suits) Elementwise<Format, Ending::kRoundNumbers>::Apply(size, direct, gradient, x + i, dy + i);
    Choose<Format>(size, dx + i, suits ? direct : other, other, x + i, dy + i);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_HALF_DIRECT_INL_H_
