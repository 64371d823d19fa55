// gelu_tanh, the tanh form of gelu, and its derivative.
//
// x (1 + tanh(u)) / 2 = x / (1 + exp(-2 u)), 2 u = v(x) = x (S + C x^2): a logistic function of a cubic,
// whose rounding error is kept (v reaches 112, and its half ulp would cost 2^6 ulp in the exponential).
//
// With E = exp(-v(a)), gelu_tanh'(-a) = E (1 + E - a v'(a)) / (1 + E)^2, which crosses zero at a0 = 0.7525.
// For floats what follows E is a table centred on that zero (tools/constants/gelu_tanh.py). For doubles v(a)
// - v(a0) and a v'(a) - a0 v'(a0) have the factor a - a0, which is split off (SlopeFromZero). The slope at a
// is 1 less that at -a. Without FMA floats take the doubles' way in plain doubles (PlainGeluTanhSlope).

#if defined(SIMDACT_GELU_TANH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_GELU_TANH_INL_H_
#undef SIMDACT_GELU_TANH_INL_H_
#else
#define SIMDACT_GELU_TANH_INL_H_
#endif

#include "simdact/detail/tables/gelu_tanh.h"
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
  const auto slope = Constant(d, R::kGeluTanhSlope, R::kGeluTanhSlopeLow);
  const auto cubic = Constant(d, R::kGeluTanhCubic, R::kGeluTanhCubicLow);
  const auto v = Product(SumOfPositive(Product(TwoProduct(inner, inner), cubic), slope), V(op::Neg(inner)));
  return OverOnePlusExp(d, bounded, v, deep);
}

// gelu_tanh(x) = x / (1 + exp(-v(x))). Worst among denormals: gelu_tanh/forward in
// tests/data/proof.json.
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

// -(S a + C a^3), good to 2^-40 of it, for floats a in [0, 11]. S has 21 bits, so that what S + C a^2 loses
// is a number.
template <class D, class V>
HWY_INLINE Pair<V> MinusCubic(D d, const V& a) {
  const auto slope = hn::Set(d, GeluTanhCubic::kSlope), cubic = hn::Set(d, GeluTanhCubic::kCubic);
  const auto square = TwoProduct(a, a);
  const V u = op::MulAdd(cubic, High(square), slope);
  const V u_low = op::MulAdd(cubic, Low(square), op::MulAdd(cubic, High(square), op::Sub(slope, u)));
  return Product(a, MakePair(u, u_low));
}

// dy gelu_tanh'(x) for doubles.
template <class D, class V, class U>
HWY_INLINE V GeluTanhSlopeWide(D d, const V& x, const U& dy) {
  using R = Roots<D>;
  const auto slope = Constant(d, R::kGeluTanhSlope, R::kGeluTanhSlopeLow);
  const auto cubic = Constant(d, R::kGeluTanhCubic, R::kGeluTanhCubicLow);
  const auto cubic3 = Constant(d, R::kGeluTanhCubic3, R::kGeluTanhCubic3Low);
  const auto root = Constant(d, R::kGeluTanh, R::kGeluTanhLow);
  const auto root_square = Constant(d, R::kGeluTanhSquare, R::kGeluTanhSquareLow);
  bool deep;
  const V a = OffZero(d, BoundedAbove(d, V(op::Abs(x)), kGeluTanhEnd<D>, Scalar<D>(9.9), deep));
  const auto off = TwoSum(a, op::Neg(High(root)));
  const auto t = TwoSum(High(off), op::Sub(Low(off), Low(root)));
  // s = a^2 + a a0 + a0^2
  const auto s = Normalized(Sum(Normalized(Sum(TwoProduct(a, a), Product(root, a))), root_square));
  // v(a) - v(a0) = (a - a0) (S + C s),   a v'(a) - a0 v'(a0) = (a - a0) (S + 3 C s)
  const auto delta = Product(Normalized(Sum(Product(s, cubic), slope)), t);
  const auto drop = Product(Normalized(Sum(Product(s, cubic3), slope)), t);
  return SlopeFromZero(d, op::Lt(x, hn::Zero(d)), delta, drop, R::kGeluTanhE, R::kGeluTanhELow, deep, dy);
}

// The same in plain doubles, of which a float is wanted.
template <class D, class V>
HWY_INLINE V PlainGeluTanhSlope(D d, const V& x) {
  using R = SlopeRoots;
  const auto slope = hn::Set(d, R::kGeluTanhSlope), cubic = hn::Set(d, R::kGeluTanhCubic);
  const V a = AtMost(hn::Set(d, 12.0), op::Abs(x));
  const V t = Above(d, a, R::kGeluTanh, R::kGeluTanhLow);
  const V s = op::MulAdd(op::Add(a, hn::Set(d, R::kGeluTanh)), a, hn::Set(d, R::kGeluTanhSquare));
  const V bend = op::Mul(s, cubic);
  const V delta = op::Mul(op::Add(slope, bend), t);
  const V drop = op::Mul(op::MulAdd(bend, hn::Set(d, 3.0), slope), t);
  return PlainSlopeFromZero(d, x, delta, drop, R::kGeluTanhE);
}

// The same for floats. OffZero keeps a^2's rounding error normal, too.
template <class D, class V, class U>
HWY_INLINE V GeluTanhSlopeFloat(D d, const V& x, const U& dy) {
  using Table = ByTarget<GeluTanhSlope32, GeluTanhSlope8>;
  bool deep;
  const V a = OffZero(d, BoundedAbove(d, V(op::Abs(x)), kGeluTanhEnd<D>, Scalar<D>(9.9), deep), 0x1p15f);
  const V place = op::MulAdd(a, hn::Set(d, Table::kScale), hn::Set(d, Table::kOrigin));
  const auto k = PiecewiseFromZero<Table, !kWide>(d, place, a);
  const V below = FusedTimesPower(k, ExpSplit<kTailBias<D>>(d, MinusCubic(d, a)));
  const auto one = hn::Set(d, PowerOfTwo<Scalar<D>>(kTailBias<D>));
  const V slope = op::IfThenElse(op::Lt(x, hn::Zero(d)), below, op::Sub(one, below));
  return TakeOff<kTailBias<D>>(d, deep, slope, dy);
}

// gelu_tanh'(x). Worst on AVX-512, where the slope's rounding is not kept (tests/README.md); elsewhere
// gelu_tanh/backward in tests/data/proof.json.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V GeluTanhDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope =
        InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return PlainGeluTanhSlope(d64, v); });
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
