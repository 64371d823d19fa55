// gelu_tanh, the tanh form of gelu, and its derivative.
//
// x (1 + tanh(u)) / 2 = x / (1 + exp(-2 u)), 2 u = v(x) = x (S + C x^2): a logistic function of a cubic,
// whose rounding error is kept (v reaches 112, and its half ulp would cost 2^6 ulp in the exponential).
//
// With E = exp(-v(a)), gelu_tanh'(-a) = E (1 + E - a v'(a)) / (1 + E)^2, which crosses zero at a0 = 0.7525.
// For floats what follows E is a table centred on that zero (tools/gelu_tanh.py). For doubles v(a) - v(a0)
// and a v'(a) - a0 v'(a0) have the factor a - a0, which is split off (SlopeFromZero). The slope at a is 1
// less that at -a.

#if defined(SIMDACT_GELU_TANH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_GELU_TANH_INL_H_
#undef SIMDACT_GELU_TANH_INL_H_
#else
#define SIMDACT_GELU_TANH_INL_H_
#endif

#include "simdact/gelu_tanh-tables.h"
#include "simdact/logistic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr PackSizes kGeluTanhVectors = {Lockstep(4, 2), LockstepOfDoubles(4, 3, 4)};
constexpr size_t kGeluTanhDerivativeVectors = Lockstep(4, 2);

// Where v is short of the end of the logistic functions.
template <class D>
constexpr Scalar<D> kGeluTanhEnd = kIsFloat<D> ? Scalar<D>(10.97) : Scalar<D>(21.6);

// gelu_tanh(x) where |x| is not tiny.
template <class D, class V>
HWY_INLINE V GeluTanhOffZero(D d, const V& x) {
  using R = Roots<D>;
  const auto end = hn::Set(d, kGeluTanhEnd<D>);
  bool deep;
  const V bounded = BoundedBelow(d, x, -kGeluTanhEnd<D>, Scalar<D>(-9.9), deep);
  const V inner = AtMost(end, bounded);
  V square, square_low, v, v_low;
  TwoProduct(d, inner, inner, square, square_low);
  PairProduct(d, square, square_low, hn::Set(d, R::kGeluTanhCubic), hn::Set(d, R::kGeluTanhCubicLow), v,
              v_low);
  SumOfPositive(v, v_low, hn::Set(d, R::kGeluTanhSlope), hn::Set(d, R::kGeluTanhSlopeLow), v, v_low);
  PairProduct(d, v, v_low, op::Neg(inner), NoLow(), v, v_low);
  return OverOnePlusExp(d, bounded, v, v_low, deep);
}

// gelu_tanh(x) = x / (1 + exp(-v(x))). Worst, f32: 0.7704 ulp at -0x1.44231ep+3, a denormal, got
// -6.01300814e-39 for -6.01300706458e-39 (AVX2); 0.7692 at -0x1.43ceecp+3 (AVX-512).
template <class D, class V>
HWY_INLINE V GeluTanh(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, V(AtLeast(hn::Set(d, -kGeluTanhEnd<D>), x)),
                    [](auto d64, const auto& v) HWY_ATTR { return FastGeluTanh(d64, v); });
  } else {
    return NearZero(
        d, x, [d](const auto& v) SIMDACT_FORMULA { return GeluTanhOffZero(d, v); },
        [d](const auto& v) HWY_ATTR { return TimesConstant(d, v, 0.5); });
  }
}

// v + v_low = -(S a + C a^3), good to 2^-40 of it, for floats a in [0, 11]. S has 21 bits, so that what S +
// C a^2 loses is a number.
template <class D, class V>
HWY_INLINE void MinusCubic(D d, const V& a, V& v, V& v_low) {
  const auto slope = hn::Set(d, GeluTanhCubic::kSlope), cubic = hn::Set(d, GeluTanhCubic::kCubic);
  V square, square_low;
  TwoProduct(d, a, a, square, square_low);
  const V u = op::MulAdd(cubic, square, slope);
  V u_low = op::MulAdd(cubic, square, op::Sub(slope, u));
  u_low = op::MulAdd(cubic, square_low, u_low);
  TwoProduct(d, a, u, v, v_low);
  v_low = op::MulAdd(a, u_low, v_low);
}

// dy gelu_tanh'(x) for doubles.
template <class D, class V, class U>
HWY_INLINE V GeluTanhSlopeWide(D d, const V& x, const U& dy) {
  using R = Roots<D>;
  const auto slope = hn::Set(d, R::kGeluTanhSlope), slope_low = hn::Set(d, R::kGeluTanhSlopeLow);
  const auto root = hn::Set(d, R::kGeluTanh), root_low = hn::Set(d, R::kGeluTanhLow);
  bool deep;
  const V a = OffZero(d, BoundedAbove(d, V(op::Abs(x)), kGeluTanhEnd<D>, Scalar<D>(9.9), deep));
  V t, t_low, s, s_low, product, product_low, delta, delta_low, drop, drop_low;
  TwoSum(a, op::Neg(root), t, t_low);
  TwoSum(t, op::Sub(t_low, root_low), t, t_low);
  // s = a^2 + a a0 + a0^2
  TwoProduct(d, a, a, s, s_low);
  PairProduct(d, root, root_low, a, NoLow(), product, product_low);
  PairSum(s, s_low, product, product_low, s, s_low);
  PairSum(s, s_low, hn::Set(d, R::kGeluTanhSquare), hn::Set(d, R::kGeluTanhSquareLow), s, s_low);
  // v(a) - v(a0) = (a - a0) (S + C s),   a v'(a) - a0 v'(a0) = (a - a0) (S + 3 C s)
  PairProduct(d, s, s_low, hn::Set(d, R::kGeluTanhCubic), hn::Set(d, R::kGeluTanhCubicLow), delta, delta_low);
  PairSum(delta, delta_low, slope, slope_low, delta, delta_low);
  PairProduct(d, delta, delta_low, t, t_low, delta, delta_low);
  PairProduct(d, s, s_low, hn::Set(d, R::kGeluTanhCubic3), hn::Set(d, R::kGeluTanhCubic3Low), drop, drop_low);
  PairSum(drop, drop_low, slope, slope_low, drop, drop_low);
  PairProduct(d, drop, drop_low, t, t_low, drop, drop_low);
  return SlopeFromZero(d, op::Lt(x, hn::Zero(d)), delta, delta_low, drop, drop_low, R::kGeluTanhE,
                       R::kGeluTanhELow, deep, dy);
}

// The same for floats. OffZero keeps a^2's rounding error normal, too.
template <class D, class V, class U>
HWY_INLINE V GeluTanhSlopeFloat(D d, const V& x, const U& dy) {
  using Table = ByTarget<GeluTanhSlope32, GeluTanhSlope8>;
  bool deep;
  const V a = OffZero(d, BoundedAbove(d, V(op::Abs(x)), kGeluTanhEnd<D>, Scalar<D>(9.9), deep), 0x1p15f);
  V high, low, v, v_low, scale, p;
  const V place = op::MulAdd(a, hn::Set(d, Table::kScale), hn::Set(d, Table::kOrigin));
  PiecewisePairFromZero<Table, !kWide>(d, place, a, NoLow(), high, low);
  MinusCubic(d, a, v, v_low);
  ExpSplit<kTailBias<D>>(d, v, v_low, scale, p);
  const V below = TimesPower(high, low, scale, p);
  const auto one = hn::Set(d, PowerOfTwo<Scalar<D>>(kTailBias<D>));
  const V slope = op::IfThenElse(op::Lt(x, hn::Zero(d)), below, op::Sub(one, below));
  return TakeOff<kTailBias<D>>(d, deep, slope, dy);
}

// gelu_tanh'(x). Worst, f32: 1.4120 ulp at -0x1.a8fac6p-1, got -0.0310536288 for -0.0310536314025 (AVX-512,
// where the slope's rounding is not kept); 1.0130 at -0x1.78dbe8p-2 (AVX2).
template <class D, class V, class U = NoUpstream>
HWY_INLINE V GeluTanhDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope = InDouble(d, V(AtLeast(hn::Set(d, -kGeluTanhEnd<D>), x)),
                             [](auto d64, const auto& v) HWY_ATTR { return GeluTanhDerivative(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else if constexpr (kIsFloat<D>) {
    return GeluTanhSlopeFloat(d, x, dy);
  } else {
    return GeluTanhSlopeWide(d, x, dy);
  }
}
template <class D, class V>
HWY_INLINE V FastGeluTanhDerivative(D d, const V& x) {
  return GeluTanhDerivative(d, x);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_GELU_TANH_INL_H_
