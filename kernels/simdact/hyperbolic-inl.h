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
// Worst inputs: tanh, tanhshrink and softcap in tests/data/proof.json. tanh' is worst among denormals;
// tanh on AVX-512, whose 32 slots let it go without the slope's rounding error; tests/README.md has that, of
// which the record has no row.

#if defined(SIMDACT_HYPERBOLIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_HYPERBOLIC_INL_H_
#undef SIMDACT_HYPERBOLIC_INL_H_
#else
#define SIMDACT_HYPERBOLIC_INL_H_
#endif

#include "simdact/detail/piecewise-inl.h"
#include "simdact/detail/tables/hyperbolic.h"
#include "simdact/exponential-inl.h"
#include "simdact/fast-normal-inl.h"
#include "simdact/logistic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr PackSizes kTanhVectors = {Lockstep(2, 3), LockstepOfDoubles(6, 3, 4)};
constexpr size_t kTanhDerivativeVectors = Lockstep(4, 2);
constexpr size_t kTanhshrinkVectors = Lockstep(4, 2);
constexpr size_t kTanhshrinkDerivativeVectors = Lockstep(6, 3);
constexpr size_t kSoftcapVectors = Lockstep(6, 3);
constexpr size_t kSoftcapDerivativeVectors = Lockstep(6, 3);

// tanh(n) for doubles: -m / (m + 2) with m = expm1(-2 |n|).
template <class D, class N>
HWY_INLINE auto TanhPair(D d, const N& n) {
  using V = Word<N>;
  const auto two = hn::Set(d, Scalar<D>(2)), end = hn::Set(d, Scalar<D>(22));
  const V x = High(n), a = AtMost(end, V(op::Abs(x)));
  const V negative = op::AndNot(x, hn::SignBit(d));  // of -tanh(|x|), which comes out first
  Pair<V> m;
  if constexpr (kIsPair<N>) {
    const V a_low = op::IfThenElseZero(op::Lt(a, end), op::Xor(Low(n), op::And(x, hn::SignBit(d))));
    m = Expm1Pair<0>(d, Scaled(MakePair(a, a_low), op::Neg(two)));
  } else {
    m = Expm1Pair<0>(d, V(op::Mul(a, op::Neg(two))));
  }
  return WithFlippedSign(Normalized(Quotient(m, FastSum(two, m))), negative);
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
    const V inside = op::CopySign(op::NegMulAdd(inner, op::Mul(Horner<0>(s, C::kC), s), inner), x);
    const auto power = ExpSplit<0>(d, V(AtMost(hn::Set(d, 44.0), op::Add(a, a))));
    const auto sum = FastTwoSum(V(Scale(power)), one);
    const auto inverse =
        InverseSplit(Normalized(WithLow(sum, V(op::MulAdd(Scale(power), Excess(power), Low(sum))))));
    const V twice = op::Add(Scale(inverse), Scale(inverse));
    const V outside = op::CopySignToAbs(op::Sub(one, TimesOnePlus(twice, V(Excess(inverse)))), x);
    return op::IfThenElse(op::Lt(a, end), inside, outside);
  }
}

// tanh(n) for floats in [0, 9.03]. The rounding of the slope counts in the first slot, where c0 = 0.
template <class D, class N>
HWY_INLINE auto TanhPairFloat(D d, const N& n) {
  using Table = ByTarget<Tanh32, Tanh8>;
  using V = Word<N>;
  const V a = High(n);
  const auto slot = SlotOf<Table>(d, a);
  const V delta = FromCentre<Table>(d, a, slot), bend = BendAt<Table>(d, delta, slot);
  const V c1 = CoefficientOf<Table, 1>(d, slot), c0 = CoefficientOf<Table, 0>(d, slot);
  const V slope = op::MulAdd(bend, delta, c1);
  const V slope_low = op::MulAdd(bend, delta, op::Sub(c1, slope));
  const V high = op::MulAdd(slope, delta, c0);
  const V low = op::MulAdd(slope_low, delta, op::MulAdd(slope, delta, op::Sub(c0, high)));
  return MakePair(high, detail::PlusLowTimes(low, Low(n), slope));
}

// n 2^-kBias for floats n >= 0, rounded once where it is denormal, too, and no slower there: as an integer in
// units of the least denormal.
template <int kBias, class D, class N>
HWY_INLINE auto RoundAtScale(D d, const N& n) {
  using V = Word<N>;
  const auto unit = hn::Set(d, PowerOfTwo<float>(-kBias));
  const V sum = Round(n);
  const auto small = op::Lt(sum, hn::Set(d, PowerOfTwo<float>(kBias - 126)));
  if (HWY_LIKELY(NoLaneOf(d, small))) return V(op::Mul(sum, unit));
  const hn::RebindToSigned<D> di;
  const auto scale = hn::Set(d, PowerOfTwo<float>(149 - kBias));
  const auto one = hn::Set(d, 0x1p23f), round = hn::Set(d, 0x1.8p23f);
  const auto whole = FastTwoSum(one, V(op::Mul(op::IfThenElseZero(small, High(n)), scale)));
  const V rest = op::MulAdd(op::IfThenElseZero(small, Low(n)), scale, Low(whole));
  const V units = op::Add(High(whole), op::Sub(op::Add(rest, round), round));
  const auto bits = op::Sub(op::BitCast(di, units), hn::BitCast(di, one));
  return V(op::IfThenElse(small, op::BitCast(d, bits), op::Mul(op::IfThenZeroElse(small, sum), unit)));
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
    return LogisticDensity<2>(d, a, deep, dy);
  }
}

// 1 - y^2, one rounding.
template <class D, class V>
HWY_INLINE V TanhDerivativeFromOutput(D d, const V& y) {
  return MultiplyAdd(op::Neg(y), y, hn::Set(d, Scalar<D>(1)));
}

// x - tanh(x) in plain doubles, of which a float is wanted: from 0.3 on the difference cancels 5 bits of 37.
template <class D, class V>
HWY_INLINE V PlainTanhshrink(D d, const V& x) {
  const auto end = hn::Set(d, 0.3);
  const V a = op::Abs(x), s = op::Mul(x, x);
  const V inside = op::Mul(op::Mul(s, x), Horner<0>(V(op::Min(s, end)), TanhshrinkPlain::kC));
  return op::IfThenElse(op::Lt(a, end), op::CopySign(inside, x), op::Sub(x, FastTanh(d, x)));
}
// tanhshrink(x) = x - tanh(x).
template <class D, class V>
HWY_INLINE V Tanhshrink(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return PlainTanhshrink(d64, v); });
  } else if constexpr (kIsFloat<D>) {
    // x^3 at 2^90 of its size is normal, as are its error terms; below 2^-50 the result is 0.
    using Table = ByTarget<Tanhshrink32, Tanhshrink8>;
    const auto end = hn::Set(d, 9.03f);
    const V a = op::Abs(x);
    const V bounded = op::IfThenZeroElse(op::Lt(a, hn::Set(d, 0x1p-50f)), op::Min(a, end));
    const V scaled = op::Mul(bounded, hn::Set(d, 0x1p30f));
    const auto slot = SlotOf<Table>(d, bounded);
    const auto ratio = PiecewisePair<Table>(d, bounded, slot);
    // From the slot on that begins at 1.8, where the table's argument is 4: x R.
    const hn::RebindToSigned<D> di;
    const auto far = op::Gt(slot, hn::Set(di, (129 << (23 - Table::kShift)) - 1));
    const auto exact = TwoProduct(scaled, scaled);
    const V high = op::BitCast(
        d, op::IfThenElse(far, hn::BitCast(di, hn::Set(d, 0x1p60f)), op::BitCast(di, High(exact))));
    const V low = op::BitCast(d, op::IfThenZeroElse(far, op::BitCast(di, Low(exact))));
    const V inside = RoundAtScale<90>(d, Product(Product(MakePair(high, low), scaled), ratio));
    const V outside = op::Sub(a, hn::Set(d, 1.0f));
    return op::CopySignToAbs(op::IfThenElse(op::Lt(a, end), inside, outside), x);
  } else {
    using C = TanhshrinkDouble;
    const auto end = hn::Set(d, 0.8);
    V inner = op::IfThenElse(op::Lt(op::Abs(x), end), x, op::CopySign(end, x));
    const auto tiny =
        op::Lt(op::Abs(x), hn::Set(d, 0x1p-300));  // 2^200 times larger, so that no product is denormal
    inner = op::IfThenElse(tiny, op::Mul(x, hn::Set(d, 0x1p200)), inner);
    const auto square = TwoProduct(inner, inner);
    const auto cubic = Product(Product(square, inner), HornerInPairs(square, C::kC, C::kC0Low));
    const V inside = op::Mul(Round(cubic), op::IfThenElse(tiny, hn::Set(d, 0x1p-600), hn::Set(d, 1.0)));

    const auto tanh = TanhPair(d, x);
    const auto sum = TwoSum(x, V(op::Neg(High(tanh))));
    const V outside = op::IfThenElse(op::Lt(op::Abs(x), hn::Set(d, 0x1p60)),
                                     op::Add(High(sum), op::Sub(Low(sum), Low(tanh))), x);
    return op::IfThenElse(op::Lt(op::Abs(x), end), op::CopySign(inside, x), outside);
  }
}
// tanh(x)^2.
template <class D, class V>
HWY_INLINE V TanhshrinkDerivative(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR {
      const auto tanh = FastTanh(d64, v);
      return op::Mul(tanh, tanh);
    });
  } else if constexpr (kIsFloat<D>) {
    // At 2^60 of its size the square is normal; below 2^-75 it is 0.
    const V a = op::Abs(x);
    const V bounded = AtMost(hn::Set(d, 9.03f), op::IfThenZeroElse(op::Lt(a, hn::Set(d, 0x1p-75f)), a));
    const auto tanh = TanhPairFloat(d, bounded);
    const V scaled = op::Mul(High(tanh), hn::Set(d, 0x1p60f));
    const auto square = TwoProduct(scaled, V(High(tanh)));
    const V low = op::MulAdd(op::Add(scaled, scaled), Low(tanh), Low(square));
    // 1 - 2^-25 is reached at 9.36.
    return op::IfThenElse(op::Gt(a, hn::Set(d, 9.36f)), hn::Set(d, 1.0f),
                          RoundAtScale<60>(d, WithLow(square, low)));
  } else {
    const auto tanh = TanhPair(d, x);
    V square = Round(Product(tanh, tanh));
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
  const auto tanh = TanhPairFloat(d, Product(bounded, MakePair(high_word, low_word)));
  const V y = Round(Product(tanh, hn::Set(d, cap)));
  return op::IfThenElse(linear, x, op::CopySignToAbs(y, x));
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
    const auto z = Product(V(AtMost(end, AtLeast(op::Neg(end), x))), InverseOf(d, magnitude));
    const V y = Round(Product(TanhPair(d, z), hn::Set(d, magnitude)));
    return op::IfThenElse(op::Lt(op::Abs(High(z)), hn::Set(d, 0x1p-28)), x, y);
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
    const V slope = InDouble(d, x, [cap](auto d64, const auto& v) HWY_ATTR {
      return FastDensity<2>(d64, v, FastRate<double>(2 / (cap < 0 ? -double{cap} : double{cap})));
    });
    return TimesUpstream(d, slope, dy);
  } else {
    const Scalar<D> half = Scalar<D>(0.5) * (cap < 0 ? -cap : cap);
    bool deep;
    const V a = BoundedAbove(d, V(op::Abs(x)), half * kLogisticEnd<D>, 87 * half, deep);
    return LogisticDensity<2>(d, Product(MovedOffZero(d, a, half), InverseOf(d, half)), deep, dy);
  }
}
// 1 - (y / cap)^2 = (cap - y) (cap + y) / cap^2: exact where it vanishes.
template <class D, class V>
HWY_INLINE V SoftcapDerivativeFromOutput(D d, const V& y, Scalar<D> cap) {
  if (HWY_UNLIKELY(!OrdinarySoftcap(cap)))
    return EachLane(d, y,
                    [cap](Scalar<D> v) HWY_ATTR { return general::SoftcapDerivativeFromOutput(v, cap); });
  if constexpr (kIsFloat<D>) {
    return InDoubleOneByOne<HWY_NATIVE_FMA>(d, y, [cap](auto d64, const auto& v) SIMDACT_FORMULA {
      return SoftcapDerivativeFromOutput(d64, v, double{cap});
    });
  } else {
    const auto c = hn::Set(d, cap);
    const auto inverse = InverseOf(d, cap);
    const auto less = Product(TwoSum(c, V(op::Neg(y))), inverse), more = Product(TwoSum(c, y), inverse);
    return Round(Product(less, more));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_HYPERBOLIC_INL_H_
