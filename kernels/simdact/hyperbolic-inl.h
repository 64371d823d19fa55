// tanh, tanhshrink, softcap and their derivatives.
//
// tanh(|x|) is a piecewise polynomial over [0, 9.04), where it has reached 1 to half an ulp; the sign is put
// back last, so -0 stays -0. The first slot is centred on 0 with c0 = 0 and c1 = 1: relative accuracy down to
// the denormals. tanh'(x) = 4 exp(2a) / (1 + exp(2a))^2, a = |x|, is the logistic density at 2a; 1 -
// tanh(x)^2 would lose everything in the tail.
//
// As a pair of doubles, tanh(a) = -m / (m + 2) with m = expm1(-2 a). tanhshrink(x) = x - tanh(x) subtracts
// that pair from 0.8 on; below, it is x^3 times a polynomial, because the difference would cancel. softcap(x)
// = c tanh(x / c) with x / c a pair.
//
// For floats tanh is a pair from its table, tanhshrink(x) = x^3 R(|x|) with R a table, too, 1/3 at 0; from
// 1.8 on x R(|x|), because this R has less of a slope, and beyond 9.03 x - 1.
//
// Worst, f32: tanhshrink 0.6704 ulp at 0x1.d8865ap+0 and softcap 0.6937 at 0x1.20edfp+5 (AVX2; 0.5678 and
// 0.5449 on AVX-512); tanh 0.9941 ulp at 0x1.fdfa1ap-5, got 0x1.fd51b8p-5 for 0.0621727518959 (AVX-512;
// 0.6642 with 8 slots), tanh' 0.8089 ulp at 0x1.6313a2p+5, a denormal (AVX2).

#if defined(SIMDACT_HYPERBOLIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_HYPERBOLIC_INL_H_
#undef SIMDACT_HYPERBOLIC_INL_H_
#else
#define SIMDACT_HYPERBOLIC_INL_H_
#endif

#include "simdact/exponential-inl.h"
#include "simdact/fast-normal-inl.h"
#include "simdact/hyperbolic-tables.h"
#include "simdact/logistic-inl.h"
#include "simdact/piecewise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr PackSizes kTanhVectors = {Lockstep(2, 3), LockstepOfDoubles(6, 3, 4)};
constexpr size_t kTanhDerivativeVectors = Lockstep(4, 2);
constexpr size_t kTanhshrinkVectors = Lockstep(4, 2);
constexpr size_t kTanhshrinkDerivativeVectors = Lockstep(6, 3);
constexpr size_t kSoftcapVectors = Lockstep(6, 3);
constexpr size_t kSoftcapDerivativeVectors = Lockstep(6, 3);

// tanh(x + low) = high + rest for doubles: -m / (m + 2) with m = expm1(-2 |x|).
template <class D, class V>
HWY_INLINE void TanhPair(D d, const V& x, const V& low, V& high, V& rest) {
  const auto two = hn::Set(d, Scalar<D>(2));
  const V a = AtMost(hn::Set(d, Scalar<D>(22)), op::Abs(x));
  const V a_low =
      op::IfThenElseZero(op::Lt(a, hn::Set(d, Scalar<D>(22))), op::Xor(low, op::And(x, hn::SignBit(d))));
  V m, m_low, sum, sum_low;
  Expm1Pair<0>(d, op::Mul(a, op::Neg(two)), V(op::Mul(a_low, op::Neg(two))), m, m_low);
  FastTwoSum(two, m, sum, sum_low);
  sum_low = op::Add(sum_low, m_low);
  PairQuotient(d, m, m_low, sum, sum_low, Inverse(d, sum), high, rest);
  FastTwoSum(high, rest, high, rest);
  // Up to here the negative of tanh(|x|).
  const V sign = op::AndNot(x, hn::SignBit(d));
  high = op::Xor(high, sign), rest = op::Xor(rest, sign);
}

template <class D, class V>
HWY_INLINE V Tanh(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastTanh(d64, v); });
  } else if constexpr (kIsFloat<D>) {
    using Table = ByTarget<Tanh32, Tanh8>;
    // 32 slots have a short first one, [0, 0.076): 0.994 ulp without the slope's rounding. 8 slots had 1.026.
    return NearZero(
        d, x,
        [d](const auto& v) HWY_ATTR {
          const auto a = AtMost(hn::Set(d, 9.03f), op::Abs(v));
          return op::CopySignToAbs(PiecewiseValue<Table, !kWide>(d, a), v);
        },
        [](const auto& v) HWY_ATTR { return v; });
  } else {
    // x - x^3 P(x^2) below 0.7, 1 - 2 / (exp(2 a) + 1) above, the sum kept as a pair: what is subtracted is
    // small either way.
    using C = TanhshrinkDouble;
    const auto one = hn::Set(d, 1.0);
    const V a = op::Abs(x);
    const auto end = hn::Set(d, 0.7);
    const V inner = op::IfThenElse(op::Lt(a, end), x, end);
    const V s = op::Mul(inner, inner);
    constexpr int kLast = static_cast<int>(sizeof(C::kC) / sizeof(double)) - 1;
    V q = op::MulAdd(hn::Set(d, C::kC[kLast]), s, hn::Set(d, C::kC[kLast - 1]));
    HWY_UNROLL(32)
    for (int k = kLast - 2; k >= 0; --k) q = op::MulAdd(q, s, hn::Set(d, C::kC[k]));
    const V inside = op::CopySign(op::NegMulAdd(inner, op::Mul(q, s), inner), x);
    V scale, p;
    ExpSplit<0>(d, AtMost(hn::Set(d, 44.0), op::Add(a, a)), NoLow(), scale, p);
    V sum, error;
    FastTwoSum(scale, one, sum, error);
    const V rest = op::MulAdd(scale, p, error);
    const V high = op::Add(sum, rest), low = op::Sub(rest, op::Sub(high, sum));
    const V y = Inverse(d, high);
    const V e = op::NegMulAdd(y, low, Remainder(d, y, high, one));
    const V twice = op::Add(y, y);
    const V outside = op::CopySignToAbs(op::Sub(one, op::MulAdd(twice, e, twice)), x);
    return op::IfThenElse(op::Lt(a, end), inside, outside);
  }
}

// tanh(a + low) = high + rest for floats, a in [0, 9.03], low below an ulp of a. The rounding of the slope
// counts in the first slot, where c0 = 0.
template <class D, class V, class Low>
HWY_INLINE void TanhPairFloat(D d, const V& a, const Low& low, V& high, V& rest) {
  Index<D, V> index;
  V c0, c1, tail, delta;
  Piecewise<ByTarget<Tanh32, Tanh8>>(d, a, index, c0, c1, tail, delta);
  const V slope = op::MulAdd(tail, delta, c1);
  const V slope_low = op::MulAdd(tail, delta, op::Sub(c1, slope));
  high = op::MulAdd(slope, delta, c0);
  rest = op::MulAdd(slope, delta, op::Sub(c0, high));
  rest = op::MulAdd(slope_low, delta, rest);
  if constexpr (!hwy::IsSame<Low, NoLow>()) rest = op::MulAdd(slope, low, rest);
}

// (high + low) 2^-kBias for floats high >= 0, rounded once where it is denormal, too, and no slower there: as
// an integer in units of the least denormal.
template <int kBias, class D, class V>
HWY_INLINE V SumAtScale(D d, const V& high, const V& low) {
  const auto unit = hn::Set(d, PowerOfTwo<float>(-kBias));
  const V sum = op::Add(high, low);
  const auto small = op::Lt(sum, hn::Set(d, PowerOfTwo<float>(kBias - 126)));
  if (HWY_LIKELY(NoLaneOf(d, small))) return op::Mul(sum, unit);
  const hn::RebindToSigned<D> di;
  const auto scale = hn::Set(d, PowerOfTwo<float>(149 - kBias));
  const auto one = hn::Set(d, 0x1p23f), round = hn::Set(d, 0x1.8p23f);
  V whole, rest;
  FastTwoSum(one, V(op::Mul(op::IfThenElseZero(small, high), scale)), whole, rest);
  rest = op::MulAdd(op::IfThenElseZero(small, low), scale, rest);
  whole = op::Add(whole, op::Sub(op::Add(rest, round), round));
  const auto bits = op::Sub(op::BitCast(di, whole), hn::BitCast(di, one));
  return op::IfThenElse(small, op::BitCast(d, bits), op::Mul(op::IfThenZeroElse(small, sum), unit));
}

template <class D, class V, class U = NoUpstream>
HWY_INLINE V TanhDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope =
        InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastTanhDerivative(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else {
    bool deep;
    const V a = LogisticMagnitude(d, V(op::Add(x, x)), deep);
    return LogisticDensity<2>(d, a, NoLow(), deep, dy);
  }
}

// 1 - y^2, one rounding.
template <class D, class V>
HWY_INLINE V TanhDerivativeFromOutput(D d, const V& y) {
  return MultiplyAdd(d, op::Neg(y), y, hn::Set(d, Scalar<D>(1)));
}

// tanhshrink(x) = x - tanh(x).
template <class D, class V>
HWY_INLINE V Tanhshrink(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return Tanhshrink(d64, v); });
  } else if constexpr (kIsFloat<D>) {
    // x^3 at 2^90 of its size is normal, as are its error terms; below 2^-50 the result is 0.
    using Table = ByTarget<Tanhshrink32, Tanhshrink8>;
    const auto end = hn::Set(d, 9.03f);
    const V a = op::Abs(x);
    const V bounded = op::IfThenZeroElse(op::Lt(a, hn::Set(d, 0x1p-50f)), op::Min(a, end));
    const V scaled = op::Mul(bounded, hn::Set(d, 0x1p30f));
    V ratio, ratio_low, square, square_low, cube, cube_low, high, low;
    Index<D, V> index;
    PiecewisePair<Table>(d, bounded, index, ratio, ratio_low);
    TwoProduct(d, scaled, scaled, square, square_low);
    // From the slot on that begins at 1.8, where the table's argument is 4.
    const hn::RebindToSigned<D> di;
    const auto far = op::Gt(index, hn::Set(di, (129 << (23 - Table::kShift)) - 1));
    square =
        op::BitCast(d, op::IfThenElse(far, hn::BitCast(di, hn::Set(d, 0x1p60f)), op::BitCast(di, square)));
    square_low = op::BitCast(d, op::IfThenZeroElse(far, op::BitCast(di, square_low)));
    PairProduct(d, square, square_low, scaled, NoLow(), cube, cube_low);
    PairProduct(d, cube, cube_low, ratio, ratio_low, high, low);
    const V inside = SumAtScale<90>(d, high, low);
    const V outside = op::Sub(a, hn::Set(d, 1.0f));
    return op::CopySignToAbs(op::IfThenElse(op::Lt(a, end), inside, outside), x);
  } else {
    using C = TanhshrinkDouble;
    V s, s_low, cube, cube_low, c, c_low, high, rest, sum, sum_low;
    const auto end = hn::Set(d, 0.8);
    V inner = op::IfThenElse(op::Lt(op::Abs(x), end), x, op::CopySign(end, x));
    const auto tiny =
        op::Lt(op::Abs(x), hn::Set(d, 0x1p-300));  // 2^200 times larger, so that no product is denormal
    inner = op::IfThenElse(tiny, op::Mul(x, hn::Set(d, 0x1p200)), inner);
    TwoProduct(d, inner, inner, s, s_low);
    PolynomialPair(d, s, s_low, C::kC, C::kC0Low, c, c_low);
    PairProduct(d, s, s_low, inner, NoLow(), cube, cube_low);
    PairProduct(d, cube, cube_low, c, c_low, cube, cube_low);
    V inside = op::Add(cube, cube_low);
    inside = op::Mul(inside, op::IfThenElse(tiny, hn::Set(d, 0x1p-600), hn::Set(d, 1.0)));

    TanhPair(d, x, V(op::Sub(s, s)), high, rest);
    TwoSum(x, op::Neg(high), sum, sum_low);
    const V outside =
        op::IfThenElse(op::Lt(op::Abs(x), hn::Set(d, 0x1p60)), op::Add(sum, op::Sub(sum_low, rest)), x);
    return op::IfThenElse(op::Lt(op::Abs(x), end), op::CopySign(inside, x), outside);
  }
}
// tanh(x)^2.
template <class D, class V>
HWY_INLINE V TanhshrinkDerivative(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return TanhshrinkDerivative(d64, v); });
  } else if constexpr (kIsFloat<D>) {
    // At 2^60 of its size the square is normal; below 2^-75 it is 0.
    const V a = op::Abs(x);
    const V bounded = AtMost(hn::Set(d, 9.03f), op::IfThenZeroElse(op::Lt(a, hn::Set(d, 0x1p-75f)), a));
    V high, rest, square, square_low;
    TanhPairFloat(d, bounded, NoLow(), high, rest);
    const V scaled = op::Mul(high, hn::Set(d, 0x1p60f));
    TwoProduct(d, scaled, high, square, square_low);
    square_low = op::MulAdd(op::Add(scaled, scaled), rest, square_low);
    // 1 - 2^-25 is reached at 9.36.
    return op::IfThenElse(op::Gt(a, hn::Set(d, 9.36f)), hn::Set(d, 1.0f),
                          SumAtScale<60>(d, square, square_low));
  } else {
    V high, rest;
    TanhPair(d, x, V(op::Sub(x, x)), high, rest);
    rest = op::IfThenElseZero(op::Lt(op::Abs(x), hn::Set(d, 30.0)), rest);  // x - x is NaN at infinity
    PairProduct(d, high, rest, high, rest, high, rest);
    V square = op::Add(high, rest);
    if constexpr (!HWY_NATIVE_FMA)
      square = op::IfThenElse(op::Lt(op::Abs(x), hn::Set(d, 0x1p-450)), op::Mul(x, x), square);
    return square;
  }
}

// softcap(x) = cap tanh(x / cap) for floats, cap in [2^-60, 2^60].
template <class D, class V>
HWY_INLINE V SoftcapFloat(D d, const V& x, float cap) {
  const double inverse = 1 / static_cast<double>(cap);
  const float inverse_high = static_cast<float>(inverse);
  const auto high_word = hn::Set(d, inverse_high);
  const auto low_word = hn::Set(d, static_cast<float>(inverse - static_cast<double>(inverse_high)));
  const V a = op::Abs(x);
  const auto linear = op::Lt(a, hn::Set(d, cap * 0x1p-14f));  // x to 2^-29
  const V bounded = op::IfThenZeroElse(linear, AtMost(hn::Set(d, cap * 9.02f), a));
  V z, z_low, high, rest;
  PairProduct(d, bounded, NoLow(), high_word, low_word, z, z_low);
  TanhPairFloat(d, z, z_low, high, rest);
  PairProduct(d, high, rest, hn::Set(d, cap), NoLow(), high, rest);
  return op::IfThenElse(linear, x, op::CopySignToAbs(op::Add(high, rest), x));
}

// softcap(x) = cap tanh(x / cap).
template <class T>
constexpr bool OrdinarySoftcap(T cap) {
  return IsOrdinaryScale(cap);
}
template <class D, class V>
HWY_INLINE V Softcap(D d, const V& x, Scalar<D> cap) {
  if (HWY_UNLIKELY(!OrdinarySoftcap(cap)))
    return EachLane(d, x, [cap](Scalar<D> v) HWY_ATTR { return general::Softcap(v, cap); });
  if constexpr (kIsFloat<D> && !kInDouble<D>) {
    return SoftcapFloat(d, x, cap < 0 ? -cap : cap);
  } else if constexpr (kInDouble<D>) {
    return InDouble(d, x, [cap](auto d64, const auto& v) HWY_ATTR {
      const double size = cap < 0 ? -double{cap} : double{cap};
      return op::Mul(FastTanhOf(d64, v, FastRate<double>(2 / size)), hn::Set(d64, size));
    });
  } else {
    const double magnitude = cap < 0 ? -cap : cap;
    const auto end = hn::Set(d, 22 * magnitude);
    V z, z_low, high, rest;
    Scaled(d, V(AtMost(end, AtLeast(op::Neg(end), x))), magnitude, z, z_low);
    TanhPair(d, z, z_low, high, rest);
    PairProduct(d, high, rest, hn::Set(d, magnitude), NoLow(), high, rest);
    return op::IfThenElse(op::Lt(op::Abs(z), hn::Set(d, 0x1p-28)), x, op::Add(high, rest));
  }
}
// 1 / cosh(x / cap)^2.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V SoftcapDerivative(D d, const V& x, Scalar<D> cap, const U& dy = U()) {
  if (HWY_UNLIKELY(!OrdinarySoftcap(cap))) {
    return TimesUpstream(
        EachLane(d, x, [cap](Scalar<D> v) HWY_ATTR { return general::SoftcapDerivative(v, cap); }), dy);
  }
  if constexpr (kInDouble<D>) {
    const V slope = InDouble(
        d, x, [cap](auto d64, const auto& v) HWY_ATTR { return SoftcapDerivative(d64, v, double{cap}); });
    return TimesUpstream(d, slope, dy);
  } else {
    const Scalar<D> half = Scalar<D>(0.5) * (cap < 0 ? -cap : cap);
    V z, z_low;
    bool deep;
    const V a = BoundedAbove(d, V(op::Abs(x)), half * kLogisticEnd<D>, 87 * half, deep);
    Scaled(d, MovedOffZero(d, a, half), half, z, z_low);
    return LogisticDensity<2>(d, z, z_low, deep, dy);
  }
}
// 1 - (y / cap)^2 = (cap - y) (cap + y) / cap^2: exact where it vanishes.
template <class D, class V>
HWY_INLINE V SoftcapDerivativeFromOutput(D d, const V& y, Scalar<D> cap) {
  if (HWY_UNLIKELY(!OrdinarySoftcap(cap)))
    return EachLane(d, y,
                    [cap](Scalar<D> v) HWY_ATTR { return general::SoftcapDerivativeFromOutput(v, cap); });
  if constexpr (kIsFloat<D>) {
    const auto& x = y;
    return InDouble(d, x, [cap](auto d64, const auto& v) HWY_ATTR {
      return SoftcapDerivativeFromOutput(d64, v, double{cap});
    });
  } else {
    const auto c = hn::Set(d, cap), one = hn::Set(d, 1.0);
    const auto inverse = op::Div(one, c), inverse_low = op::Mul(Remainder(d, inverse, c, one), inverse);
    V less, less_low, more, more_low, high, rest;
    TwoSum(c, op::Neg(y), less, less_low);
    TwoSum(c, y, more, more_low);
    PairProduct(d, less, less_low, inverse, inverse_low, less, less_low);
    PairProduct(d, more, more_low, inverse, inverse_low, more, more_low);
    PairProduct(d, less, less_low, more, more_low, high, rest);
    return op::Add(high, rest);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_HYPERBOLIC_INL_H_
