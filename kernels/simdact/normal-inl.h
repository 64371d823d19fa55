// gelu, the input times the normal distribution function, and erf, with their derivatives.
//
// With a = |x| and Mills' ratio M(a) = Phi(-a) exp(a^2 / 2), which falls slowly from 1/2:
//
//   gelu(x) = max(x, 0) - a M(a) exp(-a^2 / 2)
//   gelu'(-a) = K(a) exp(-a^2 / 2),   K(a) = M(a) - a / sqrt(2 pi),   gelu'(a) = 1 - gelu'(-a)
//
// No term cancels in the left tail, so gelu(-13) is right where x/2 (1 + erf(x/sqrt 2)) gives 0. a^2 is kept
// as a pair: its rounding error would cost up to 2^6 ulp in the exponential. M and K are tables
// (tools/normal.py); K's is centred on its zero at 0.7518, so the derivative keeps its relative accuracy
// through the crossing. M (or K) times the exponential is an exact product up to the last rounding. For
// doubles M (a + 1) and K / (root - a) are single polynomials in t = (a - c) / (a + c), no table needed.
//
// erf is a table, too, with a first slot that adds to x what erf(x) is above it. For doubles it is 1 - 2
// M(sqrt(2) x) exp(-x^2) from 0.85 on, an odd polynomial below.

#if defined(SIMDACT_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_NORMAL_INL_H_
#undef SIMDACT_NORMAL_INL_H_
#else
#define SIMDACT_NORMAL_INL_H_
#endif

#include "simdact/exp-inl.h"
#include "simdact/fast-normal-inl.h"
#include "simdact/normal-tables.h"
#include "simdact/piecewise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kGeluVectors = Lockstep(4, 2);
constexpr size_t kGeluDerivativeVectors = Lockstep(4, 2);
constexpr size_t kErfVectors = Lockstep(2, 2);
constexpr size_t kErfDerivativeVectors = Lockstep(6, 3);

// Beyond this Phi(-a) a is less than half of the least denormal.
template <class D>
constexpr Scalar<D> kNormalEnd = kIsFloat<D> ? Scalar<D>(14.6) : Scalar<D>(38.9);

// exp(-a^2 / 2) (high + low) at 2^kTailBias of its size = (g + g_low) (1 + p); a in [0, kNormalEnd].
template <class D, class V>
HWY_INLINE void TimesNormal(D d, const V& a, const V& high, const V& low, V& g, V& g_low, V& p) {
  const V half = op::Mul(a, hn::Set(d, Scalar<D>(-0.5)));
  V square, square_low, scale;
  TwoProduct(d, half, a, square, square_low);
  ExpSplit<kTailBias<D>>(d, square, square_low, scale, p);
  TwoProduct(d, high, scale, g, g_low);
  g_low = op::MulAdd(low, scale, g_low);
}

// A polynomial in t = (a - centre) / (a + centre) for doubles, its constant term a pair: high + low to 2^-56.
template <size_t kCount, class D, class V>
HWY_INLINE void MappedPair(D d, const V& a, double centre, const double (&c)[kCount], double c0_low, V& high,
                           V& low) {
  const auto middle = hn::Set(d, centre);
  V above, above_low, below, below_low, t, t_low;
  TwoSum(a, middle, above, above_low);
  TwoSum(a, op::Neg(middle), below, below_low);
  PairQuotient(d, below, below_low, above, above_low, Inverse(d, above), t, t_low);
  FastTwoSum(t, t_low, t, t_low);
  PolynomialPair(d, t, t_low, c, c0_low, high, low);
}

// Mills' ratio M(a) = high + low for doubles, from M(a) (a + 1).
template <class D, class V>
HWY_INLINE void MillsPair(D d, const V& a, V& high, V& low) {
  V product, product_low, sum, sum_low;
  MappedPair(d, a, MillsWide::kMillsCentre, MillsWide::kMills, MillsWide::kMillsLow, product, product_low);
  TwoSum(a, hn::Set(d, 1.0), sum, sum_low);
  PairQuotient(d, product, product_low, sum, sum_low, Inverse(d, sum), high, low);
}

// gelu(x) where |x| is not tiny.
template <class D, class V>
HWY_INLINE V GeluOffZero(D d, const V& x) {
  bool deep;
  const V a = BoundedAbove(d, V(op::Abs(x)), kNormalEnd<D>, Scalar<D>(12.9), deep);
  V mills, mills_low, high, low, g, g_low, p;
  if constexpr (kIsFloat<D>) {
    using Table = ByTarget<Mills32, Mills8>;
    PiecewisePair<Table>(d, a, mills, mills_low);
  } else {
    MillsPair(d, a, mills, mills_low);
  }
  // times exp(-a^2 / 2), and last times a, which may be denormal
  TimesNormal(d, a, mills, mills_low, high, low, p);
  PairProduct(d, high, low, a, NoLow(), g, g_low);
  const V relu = AtLeast(hn::Zero(d), x);
  const V rest = op::MulAdd(g, p, g_low);
  V gelu = TakeOffFrom<kTailBias<D>>(d, deep, relu, V(op::Add(g, rest)));
  if constexpr (!kIsFloat<D>) {
    // On the right the tail's own rounding shows: subtract it in two parts, at its scale.
    V sum, error;
    TwoSum(op::Mul(relu, hn::Set(d, 1 / kTailUnit<D>)), op::Neg(g), sum, error);
    sum = op::Mul(op::Add(sum, op::Sub(error, rest)), hn::Set(d, kTailUnit<D>));
    sum = op::IfThenElse(op::Lt(x, hn::Set(d, 40.0)), sum, x);
    gelu = op::IfThenElse(op::Gt(x, hn::Zero(d)), sum, gelu);
  }
  return WithSignOf(d, x, gelu);  // -0 at -0 and where the left tail ends
}

// gelu(x) = x Phi(x).
// Worst, f32: 0.9403 ulp at -0x1.5cbebcp+3, got -6.40016334e-27 for -6.40016370135e-27 (AVX2); 0.7887 at
// 0x1.ffccd6p-4 (AVX-512).
template <class D, class V>
HWY_INLINE V Gelu(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastGelu(d64, v); });
  } else {
    return NearZero(
        d, x, [d](const auto& v) HWY_ATTR { return GeluOffZero(d, v); },
        [d](const auto& v) HWY_ATTR { return TimesConstant(d, v, 0.5); });
  }
}

// gelu'(x) = Phi(x) + x phi(x).
// Worst: 1.4147 ulp at -0x1.c092b4p+0, got -0.110720605 for -0.110720594118 (AVX2: the slot around the zero
// is wide); 0.8035 at 0x1.88b9fep-13 (AVX-512).
template <class D, class V, class U = NoUpstream>
HWY_INLINE V GeluDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope = InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return GeluDerivative(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else {
    bool deep;
    const V a = OffZero(d, BoundedAbove(d, V(op::Abs(x)), kNormalEnd<D>, Scalar<D>(12.9), deep));
    V high, low, g, g_low, p;
    if constexpr (kIsFloat<D>) {
      using Table = ByTarget<GeluSlope32, GeluSlope8>;
      PiecewisePairNearZero<Table>(d, a, high, low);
    } else {
      V t, t_low, q, q_low;
      TwoSum(hn::Set(d, NormalWide::kRoot), op::Neg(a), t, t_low);
      t_low = op::Add(t_low, hn::Set(d, NormalWide::kRootLow));
      MappedPair(d, a, NormalWide::kSlopeCentre, NormalWide::kSlope, NormalWide::kSlopeLow, q, q_low);
      PairProduct(d, t, t_low, q, q_low, high, low);
    }
    TimesNormal(d, a, high, low, g, g_low, p);
    const V below =
        op::Add(g, op::MulAdd(op::Add(g, g_low), p, g_low));  // at the zero, g_low is all there is
    const auto one = hn::Set(d, PowerOfTwo<Scalar<D>>(kTailBias<D>));
    const V slope = op::IfThenElse(op::Lt(x, hn::Zero(d)), below, op::Sub(one, below));
    return TakeOff<kTailBias<D>>(d, deep, slope, dy);
  }
}

// erf(x) for floats. Denormals are slow in products, so they are made integers, in units of the least of
// them, and erf(x) = 1.128 x is rounded to an integer. Worst: 0.9833 ulp at 0x1.c19b26p-5, got 0x1.fad13p-5
// for 0.0618673301613 (AVX-512: the rounding of the slope in the second slot); 0.7571 at 0x1.c12d6cp-127
// (AVX2).
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

// erf(x).
template <class D, class V>
HWY_INLINE V Erf(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastErf(d64, v); });
  } else if constexpr (kIsFloat<D>) {
    return ErfFloat(d, x);
  } else {
    using C = ErfDouble;
    V square, square_low, c, c_low, near, near_low;
    TwoProduct(d, x, x, square, square_low);
    PolynomialPair(d, square, square_low, C::kC, C::kC0Low, c, c_low);
    PairProduct(d, x, NoLow(), c, c_low, near, near_low);
    V inside = op::Add(near, near_low);
    if constexpr (!HWY_NATIVE_FMA) {  // splitting a tiny number would lose what is left of it
      inside = op::IfThenElse(op::Lt(op::Abs(x), hn::Set(d, 0x1p-900)), op::Mul(x, c), inside);
    }

    // 1 - 2 M(b) exp(-a^2), b = sqrt(2) a; M takes b rounded, for here it need not be known to 2^-53.
    const V a = AtMost(hn::Set(d, 6.5), op::Abs(x));
    V mills, mills_low, scale, p, one_less, rest;
    MillsPair(d, V(op::Mul(a, hn::Set(d, 0x1.6a09e667f3bcdp+0))), mills, mills_low);
    TwoProduct(d, a, op::Neg(a), square, square_low);
    ExpSplit<0>(d, square, square_low, scale, p);
    const V tail = op::Mul(op::Mul(op::Add(mills, mills_low), hn::Set(d, -2.0)), op::MulAdd(scale, p, scale));
    FastTwoSum(hn::Set(d, 1.0), tail, one_less, rest);
    const V outside = op::CopySign(op::Add(one_less, rest), x);
    return op::IfThenElse(op::Lt(a, hn::Set(d, 0.85)), op::CopySign(inside, x),
                          op::IfThenElse(op::Eq(x, x), outside, x));
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
    const auto c = hn::Set(d, static_cast<Scalar<D>>(ErfDouble::kSlope));
    const auto c_low = hn::Set(
        d, kIsFloat<D> ? static_cast<Scalar<D>>(ErfDouble::kSlope -
                                                static_cast<double>(static_cast<float>(ErfDouble::kSlope)))
                       : static_cast<Scalar<D>>(ErfDouble::kSlopeLow));
    V square, square_low, scale, p, g, g_low;
    TwoProduct(d, a, op::Neg(a), square, square_low);
    ExpSplit<kTailBias<D>>(d, square, square_low, scale, p);
    PairProduct(d, scale, NoLow(), c, c_low, g, g_low);
    return TakeOff<kTailBias<D>>(d, deep, V(op::Add(g, op::MulAdd(g, p, g_low))), dy);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_NORMAL_INL_H_
