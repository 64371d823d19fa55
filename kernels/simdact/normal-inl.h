// gelu, the input times the normal distribution function, and erf, with their derivatives.
//
// With a = |x| and Mills' ratio M(a) = Phi(-a) exp(a^2 / 2), which falls slowly from 1/2:
//
//   gelu(x) = max(x, 0) - a M(a) exp(-a^2 / 2)
//   gelu'(-a) = K(a) exp(-a^2 / 2),   K(a) = M(a) - a / sqrt(2 pi),   gelu'(a) = 1 - gelu'(-a)
//
// No term cancels in the left tail, so gelu(-13) is right where x/2 (1 + erf(x/sqrt 2)) gives 0. a^2 is kept
// as a pair: its rounding error would cost up to 2^6 ulp in the exponential. M and K are tables
// (tools/constants/normal.py); K's is centred on its zero at 0.7518, so the derivative keeps its relative
// accuracy through the crossing. M (or K) times the exponential is an exact product up to the last rounding.
// For doubles, and plainly for floats without FMA, K / (root - a) is a single polynomial in t = (a - c) / (a
// + c), no table needed.
//
// erf is a table, too, with a first slot that adds to x what erf(x) is above it.

#if defined(SIMDACT_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_NORMAL_INL_H_
#undef SIMDACT_NORMAL_INL_H_
#else
#define SIMDACT_NORMAL_INL_H_
#endif

#include "simdact/detail/exp-inl.h"
#include "simdact/detail/piecewise-double-inl.h"
#include "simdact/detail/piecewise-inl.h"
#include "simdact/detail/tables/normal.h"
#include "simdact/fast-normal-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr PackSizes kGeluVectors = {Lockstep(4, 2), LockstepOfDoubles(6, 3, 3)};
constexpr size_t kGeluDerivativeVectors = Lockstep(4, 2);
constexpr PackSizes kErfVectors = {Lockstep(2, 2), LockstepOfDoubles(4, 2, 2)};
constexpr size_t kErfDerivativeVectors = Lockstep(6, 3);

// Beyond this Phi(-a) a is less than half of the least denormal.
template <class D>
constexpr Scalar<D> kNormalEnd = kIsFloat<D> ? Scalar<D>(14.6) : Scalar<D>(38.9);

// -a^2 / 2: its rounding error would cost up to 2^6 ulp in the exponential.
template <class D, class V>
HWY_INLINE Pair<V> MinusHalfSquare(D d, const V& a) {
  return TwoProduct(V(op::Mul(a, hn::Set(d, Scalar<D>(-0.5)))), a);
}

// gelu(x) for floats where |x| is not tiny. a comes last, for the product may be denormal.
template <class D, class V>
HWY_INLINE V GeluFloat(D d, const V& x) {
  using Table = ByTarget<Mills32, Mills8>;
  bool deep;
  const V a = BoundedAbove(d, V(op::Abs(x)), kNormalEnd<D>, Scalar<D>(12.9), deep);
  const auto square = MinusHalfSquare(d, a);
  const auto mills = PiecewisePair<Table>(d, a);
  const auto power = ExpSplit<kTailBias<D>>(d, square);
  const auto tail = Product(Product(mills, V(Scale(power))), a);
  const V relu = AtLeast(hn::Zero(d), x);
  const V gelu = TakeOffFrom<kTailBias<D>>(d, deep, relu, V(Round(TimesOnePlus(tail, V(Excess(power))))));
  return WithSignOf(d, x, gelu);  // -0 at -0 and where the left tail ends
}

// The same for doubles: on the right the tail's own rounding shows, and it is subtracted in two parts, at its
// scale. Worst inputs: gelu/forward/f64 in tests/data/proof.json.
template <class D, class V>
HWY_INLINE V GeluDouble(D d, const V& x) {
  using Table = ByTarget<MillsDouble16, MillsDouble64>;
  const auto end = hn::Set(d, kNormalEnd<D>);
  const V a = AtMost(end, op::Abs(x));
  const auto mills = PiecewiseDoublePair<Table>(d, a);
  const auto power = ExpSplit<kTailBias<D>>(d, MinusHalfSquare(d, a));
  const auto tail = TimesOnePlus(Product(Product(mills, V(Scale(power))), a), V(Excess(power)));
  const V relu = op::Mul(op::IfThenElseZero(op::Gt(x, hn::Zero(d)), a), hn::Set(d, 1 / kTailUnit<D>));
  const auto sum = FastTwoSum(relu, V(op::Neg(High(tail))));
  const V gelu = op::Mul(op::Add(High(sum), op::Sub(Low(sum), Low(tail))), hn::Set(d, kTailUnit<D>));
  return WithSignOf(d, x, V(op::IfThenElse(op::Gt(x, end), x, gelu)));
}

// gelu(x) = x Phi(x).
// Worst in the left tail, where the exponential's error counts most: gelu/forward in
// tests/data/proof.json; on AVX-512 near 0.
template <class D, class V>
HWY_INLINE V Gelu(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastGelu(d64, v); });
  } else {
    return NearZero(
        d, x,
        [d](const auto& v) SIMDACT_FORMULA {
          if constexpr (kIsFloat<D>) {
            return GeluFloat(d, v);
          } else {
            return GeluDouble(d, v);
          }
        },
        [d](const auto& v) HWY_ATTR { return TimesConstant(d, v, 0.5); });
  }
}

// K(a) for doubles: (root - a) times a polynomial in t = (a - centre) / (a + centre).
template <class D, class V>
HWY_INLINE Pair<V> GeluSlopeRatio(D d, const V& a) {
  using C = NormalWide;
  const auto centre = hn::Set(d, C::kSlopeCentre);
  const auto t = Normalized(Quotient(TwoSum(a, op::Neg(centre)), TwoSum(a, centre)));
  const auto off = TwoSum(hn::Set(d, C::kRoot), V(op::Neg(a)));
  const auto left = WithLow(off, V(op::Add(Low(off), hn::Set(d, C::kRootLow))));
  return Product(left, HornerInPairs(t, C::kSlope, C::kSlopeLow));
}

// gelu'(x) in plain doubles, of which a float is wanted: beyond 14.7, where the polynomial ends, that is 0
// or 1.
template <class D, class V>
HWY_INLINE V PlainGeluSlope(D d, const V& x) {
  using C = NormalPlain;
  const auto centre = hn::Set(d, C::kSlopeCentre), one = hn::Set(d, 1.0);
  const V a = AtMost(hn::Set(d, FastPowerOf2<double>::kGeluEnd), op::Abs(x));
  const V t = op::Div(op::Sub(a, centre), op::Add(a, centre));
  const V k = op::Mul(Above(d, a, NormalWide::kRoot, NormalWide::kRootLow), EvenPlusOdd(t, C::kSlope));
  const auto power = FastGaussian<0>(d, a, FastRate<double>(-0.5), -1);
  const V below = op::Mul(op::Mul(k, Factor(power)), Scale(power));
  return op::IfThenElse(op::Lt(x, hn::Zero(d)), below, op::Sub(one, below));
}

// gelu'(x) = Phi(x) + x phi(x).
// Worst where the slot around the zero ends, for with 8 slots (AVX2) it is wide: gelu/backward in
// tests/data/proof.json.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V GeluDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope = InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return PlainGeluSlope(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else {
    bool deep;
    const V a = OffZero(d, BoundedAbove(d, V(op::Abs(x)), kNormalEnd<D>, Scalar<D>(12.9), deep));
    Pair<V> k;
    if constexpr (kIsFloat<D>) {
      k = PiecewisePairNearZero<ByTarget<GeluSlope32, GeluSlope8>>(d, a);
    } else {
      k = GeluSlopeRatio(d, a);
    }
    const V below = TimesPowerThroughZero(k, ExpSplit<kTailBias<D>>(d, MinusHalfSquare(d, a)));
    const auto one = hn::Set(d, PowerOfTwo<Scalar<D>>(kTailBias<D>));
    const V slope = op::IfThenElse(op::Lt(x, hn::Zero(d)), below, op::Sub(one, below));
    return TakeOff<kTailBias<D>>(d, deep, slope, dy);
  }
}

// erf(x) for floats. Denormals are slow in products, so they are made integers, in units of the least of
// them, and erf(x) = 1.128 x is rounded to an integer. Worst among them: erf/forward in
// tests/data/proof.json; on AVX-512 in the second slot, where the slope's rounding shows
// (tests/README.md).
template <class D, class V>
HWY_INLINE V ErfFloat(D d, const V& x) {
  using Table = ByTarget<Erf32, Erf8>;
  const hn::RebindToSigned<D> di;
  const V a = op::Abs(x);
  V bounded = AtMost(hn::Set(d, 3.925f), a);
  const auto denormal = op::Lt(a, hn::Set(d, 0x1p-126f));  // or 0
  const bool plain = NoLaneOf(d, denormal);
  if (HWY_UNLIKELY(!plain)) bounded = op::IfThenZeroElse(denormal, bounded);
  V erf = PiecewiseCloseToX<Table>(d, bounded);
  if (HWY_UNLIKELY(!plain)) {
    const V units = op::ConvertTo(d, op::BitCast(di, a));
    const V scaled = op::MulAdd(units, hn::Set(d, static_cast<float>(ErfDouble::kSlope - 1)), units);
    erf = op::IfThenElse(denormal, op::BitCast(d, op::NearestInt(scaled)), erf);
  }
  return op::CopySignToAbs(erf, x);
}

// erf(x) in plain doubles, of which a float is wanted.
template <class D, class V>
HWY_INLINE V PlainErf(D d, const V& x) {
  using Table = ErfPlain32;
  V c0, slope, delta;
  const V a = op::Abs(x);
  PiecewiseDouble<Table>(d, AtMost(hn::Set(d, Table::kEnd), a), c0, slope, delta);
  const V near = op::Min(a, hn::Set(d, Table::kFirstEnd));
  return op::CopySignToAbs(op::MulAdd(slope, delta, op::Max(c0, near)), x);
}

// erf(x).
template <class D, class V>
HWY_INLINE V Erf(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return PlainErf(d64, v); });
  } else if constexpr (kIsFloat<D>) {
    return ErfFloat(d, x);
  } else {
    using Table = ByTarget<ErfDouble16, ErfDouble32>;
    V c0, slope, delta;
    const V a = op::Abs(x);
    PiecewiseDouble<Table>(d, AtMost(hn::Set(d, Table::kEnd), a), c0, slope, delta);
    const V near = op::Min(a, hn::Set(d, Table::kFirstEnd));
    V y = op::MulAdd(slope, delta, op::Max(c0, near));
    if constexpr (!HWY_NATIVE_FMA) {  // the product alone may be denormal
      y = op::IfThenElse(op::Lt(a, hn::Set(d, 0x1p-900)), op::Mul(a, hn::Set(d, ErfDouble::kSlope)), y);
    }
    return op::CopySignToAbs(y, x);
  }
}

// erf'(x) = 2 exp(-x^2) / sqrt(pi).
template <class D, class V, class U = NoUpstream>
HWY_INLINE V ErfDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope =
        InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastErfDerivative(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else {
    bool deep;
    const Scalar<D> end = kIsFloat<D> ? Scalar<D>(10.3) : Scalar<D>(27.5);
    const V a = BoundedAbove(d, OffZero(d, V(op::Abs(x))), end, Scalar<D>(9.3), deep);
    constexpr double kSlope = ErfDouble::kSlope;
    constexpr auto kHigh = static_cast<Scalar<D>>(kSlope);
    constexpr double kLow = kIsFloat<D> ? kSlope - static_cast<double>(kHigh) : ErfDouble::kSlopeLow;
    const auto slope = Constant(d, kHigh, static_cast<Scalar<D>>(kLow));
    const auto power = ExpSplit<kTailBias<D>>(d, TwoProduct(a, V(op::Neg(a))));
    return TakeOff<kTailBias<D>>(d, deep, V(Round(TimesPower(slope, power))), dy);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_NORMAL_INL_H_
