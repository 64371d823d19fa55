// bf16 and f16 in one pass, for ops whose results in floats need no second look: the float is the 16-bit
// number (relu and its kin), or rounds to the right one (simdact/detail/direct-inl.h). Nothing is kept
// between widening and rounding but registers.

#if defined(SIMDACT_HALF_DIRECT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_HALF_DIRECT_INL_H_
#undef SIMDACT_HALF_DIRECT_INL_H_
#else
#define SIMDACT_HALF_DIRECT_INL_H_
#endif

#include <utility>

#include "kernels/drivers/half-inl.h"
#include "simdact/detail/direct-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// How the floats become 16-bit numbers: as they are, for their lower halves are 0 (f16 is rounded in any
// case); by rounding; or by rounding numbers of which none is NaN.
enum class Ending { kCut, kRound, kRoundNumbers };

// How many elements a step takes, and step(f, to, from...): to = f(from...) for them, where f takes and
// returns vectors of floats.
template <class Format, Ending kEnding>
struct Elementwise {
  static HWY_INLINE size_t Elements() { return 2 * hn::Lanes(DF()); }
  static constexpr size_t kMostElements = 2 * hn::MaxLanes(DF());
  template <class F, class... From>
  static HWY_INLINE void Step(const F& f, uint16_t* to, const From*... from) {
    const size_t lanes = hn::Lanes(DF());
    const auto a = f(Format::Widen(hn::LoadU(DH(), from))...);
    const auto b = f(Format::Widen(hn::LoadU(DH(), from + lanes))...);
    hn::StoreU(Format::Round(a), DH(), to);
    hn::StoreU(Format::Round(b), DH(), to + lanes);
  }
};

// bf16 is the upper half of a float: of two neighbours in one lane of 32 bits, one has to be shifted there
// and the other is there. No lane is crossed, neither on the way back.
#if HWY_TARGET != HWY_SCALAR
template <Ending kEnding>
struct Elementwise<Bf16, kEnding> {
  using D = hn::ScalableTag<uint16_t>;
  static HWY_INLINE size_t Elements() { return hn::Lanes(D()); }
  static constexpr size_t kMostElements = hn::MaxLanes(D());
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
  static HWY_INLINE void Step(const F& f, uint16_t* to, const From*... from) {
    const auto halves = [&](auto... v) SIMDACT_LOOP_BODY { return Join(f(Low(v)...), f(High(v)...)); };
    hn::StoreU(halves(hn::LoadU(D(), from)...), D(), to);
  }
};
#endif

// to[i] = f(from[i]...), with one body, for a second would be as long as the first.
template <class E, class F, size_t... kFrom>
HWY_INLINE void ApplyTo(size_t n, uint16_t* to, const F& f, const uint16_t* (&in)[sizeof...(kFrom)],
                        std::index_sequence<kFrom...>) {
  uint16_t* out[] = {to};
  InSteps<E::kMostElements>(n, E::Elements(), in, out,
                            [&](size_t i) SIMDACT_LOOP_BODY { E::Step(f, out[0] + i, (in[kFrom] + i)...); });
}
template <class Format, Ending kEnding, class F, class... From>
HWY_INLINE void Apply(size_t n, uint16_t* to, const F& f, const From*... from) {
  const uint16_t* in[] = {from...};
  ApplyTo<Elementwise<Format, kEnding>>(n, to, f, in, std::index_sequence_for<From...>());
}

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
    Apply<Format, Ending::kCut>(n, y, value, x);
  } else {
    Apply<Format, Ending::kRound>(n, y, value, x);
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
  Apply<Format, Ending::kCut>(n, static_cast<uint16_t*>(dx_void), gradient,
                              static_cast<const uint16_t*>(source_void),
                              static_cast<const uint16_t*>(dy_void));
}

// Where the direct kernels hold: 0 and magnitudes from kSmall to kLarge. (f16's least number is one too few
// for hardswish.)
template <class Format>
struct DirectRange {
  static constexpr uint16_t kLeast = Format::kSmall > 2 ? Format::kSmall : 2, kMost = Format::kLarge;

  static HWY_INLINE bool HasAll(const uint16_t* x, size_t n) { return AllWithin(x, n, kLeast, kMost); }
  static bool Has(uint16_t x) {
    const unsigned magnitude = x & 0x7FFFu;
    return magnitude == 0 || (magnitude >= kLeast && magnitude <= kMost);
  }
};

// to[k] = direct[k] where that holds for all of from[k]..., else other[k].
template <class Format, class... From>
void Choose(size_t n, uint16_t* to, const uint16_t* direct, const uint16_t* other, const From*... from) {
  for (size_t k = 0; k < n; ++k) to[k] = (DirectRange<Format>::Has(from[k]) && ...) ? direct[k] : other[k];
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
  using Range = DirectRange<Format>;
  assert(AliasIsExact(x, y, n * sizeof(uint16_t)));
  for (size_t i = 0; i < n; i += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - i);
    const bool all = suits && Range::HasAll(x + i, size);
    uint16_t direct[kBlock], other[kBlock];
    if (HWY_LIKELY(suits)) {
      Apply<Format, Ending::kRoundNumbers>(size, all ? y + i : direct, value, x + i);
    }
    if (HWY_LIKELY(all)) continue;
    BlocksOf<Format>().forward(&Forward<OpFloat, float>, &Forward<OpDouble, double>, {nullptr, 0.0f, 0},
                               x + i, other, size, p);
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
  using Range = DirectRange<Format>;
  assert(AliasIsExact(x, dx, n * sizeof(uint16_t)));
  assert(AliasIsExact(dy, dx, n * sizeof(uint16_t)));
  for (size_t i = 0; i < n; i += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - i);
    const bool all = suits && Range::HasAll(x + i, size) && Range::HasAll(dy + i, size);
    uint16_t direct[kBlock], other[kBlock];
    if (HWY_LIKELY(suits)) {
      Apply<Format, Ending::kRoundNumbers>(size, all ? dx + i : direct, gradient, x + i, dy + i);
    }
    if (HWY_LIKELY(all)) continue;
    BlocksOf<Format>().backward(&Backward<OpFloat, float, From::kInput>,
                                &Backward<OpDouble, double, From::kInput>, x + i, dy + i, other, size, p);
    Choose<Format>(size, dx + i, suits ? direct : other, other, x + i, dy + i);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_HALF_DIRECT_INL_H_
