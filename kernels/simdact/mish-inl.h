// mish and its derivative.
//
// With E = exp(x), tanh(log(1 + E)) = E (E + 2) / (E (E + 2) + 2): no term cancels, so keeping each of them
// as a pair leaves little more than the last rounding (evaluated plainly: 4.4 ulp). E is kept at 2^62 of its
// size (2^200 for doubles), because mish(-100) is a denormal.
//
//   mish'(x) = E w / (E^2 + 2 E + 2)^2,   w = 4 (x + 1) + 4 E^2 + E^3 + E (4 x + 6)
//
// and w crosses zero at x0 = -1.1924. With t = x - x0, e = exp(t), E = E0 e and u = e - 1,
//
//   w = 4 t (1 + E) + u (c0 + e (c1 + e c2)),   c2 = E0^3,  c1 = c2 + 4 E0^2,  c0 = c1 + E0 (4 x0 + 6)
//
// where both terms have the sign of t: again nothing cancels, and the derivative is accurate relative to
// itself through its zero. The zero's powers are pairs from tools/logistic.py. This is for doubles: for
// floats the left half of a table, centred on the zero, is exp(a) mish'(-a), and the right half is mish'(a)
// (tools/mish.py).

#if defined(SIMDACT_MISH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_MISH_INL_H_
#undef SIMDACT_MISH_INL_H_
#else
#define SIMDACT_MISH_INL_H_
#endif

#include "simdact/logistic-inl.h"
#include "simdact/mish-tables.h"
#include "simdact/piecewise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr PackSizes kMishVectors = {Lockstep(6, 2), LockstepOfDoubles(6, 4, 4)};
constexpr size_t kMishDerivativeVectors = Lockstep(4, 2);

// mish(x) where |x| is not tiny.
template <class D, class V>
HWY_INLINE V MishOffZero(D d, const V& x) {
  constexpr int kBias = kTailBias<D>;
  const auto unit = hn::Set(d, kTailUnit<D>), two = hn::Set(d, Scalar<D>(2));
  const auto end = hn::Set(d, kIsFloat<D> ? Scalar<D>(10.5) : Scalar<D>(22));  // mish(x) = x from here on
  bool deep;
  const V bounded = BoundedBelow(d, x, -kLogisticEnd<D>, Scalar<D>(-87), deep);
  V scale, p, n, n_low, q, q_low, f, f_low;
  ExpSplit<kBias>(d, AtMost(end, bounded), NoLow(), scale, p);
  const V e = op::MulAdd(scale, p, scale);
  const V e_low = op::MulAdd(scale, p, op::Sub(scale, e));

  // E + 2, n = E (E + 2), n + 2; differences with 2 are exact.
  const V e1 = OffZero(d, e);
  const V e2 = op::MulAdd(e1, unit, two);
  const V e2_low = op::MulAdd(e_low, unit, op::MulSub(e1, unit, op::Sub(e2, two)));
  PairProduct(d, e, e_low, e2, e2_low, n, n_low);
  const V n1 = OffZero(d, n);
  const V n2 = op::MulAdd(n1, unit, two);
  const V n2_low = op::MulAdd(n_low, unit, op::MulSub(n1, unit, op::Sub(n2, two)));
  const V inverse = kIsFloat<D> ? InverseEstimate(d, n2) : Inverse(d, n2);
  PairQuotient(d, n, n_low, n2, n2_low, inverse, q, q_low);
  TwoProduct(d, bounded, q, f, f_low);
  const V mish = TakeOff<kBias>(d, deep, V(op::Add(f, op::MulAdd(bounded, q_low, f_low))));
  return op::IfThenElse(op::Gt(x, end), x, WithSignOf(d, x, op::Abs(mish)));
}

// mish(x) = x tanh(log(1 + exp(x))). Worst, f32: 0.7763 ulp at -0x1.6feee4p+6, a denormal, got
// -1.03722487e-38 for -1.03722497702e-38 (AVX2); 0.7750 at -0x1.6fa0ap+6 (AVX-512).
template <class D, class V>
HWY_INLINE V Mish(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, V(AtLeast(hn::Set(d, -kLogisticEnd<D>), x)),
                    [](auto d64, const auto& v) HWY_ATTR { return FastMish(d64, v); });
  } else {
    return NearZero(
        d, x, [d](const auto& v) SIMDACT_FORMULA { return MishOffZero(d, v); },
        [d](const auto& v) HWY_ATTR { return TimesConstant(d, v, 0.6); });  // tanh(ln 2)
  }
}

// dy mish'(x) for doubles.
template <class D, class V, class U>
HWY_INLINE V MishSlopeWide(D d, const V& x, const U& dy) {
  using R = Roots<D>;
  constexpr int kBias = kSlopeBias;
  const auto unit = hn::Set(d, PowerOfTwo<Scalar<D>>(-kBias)), one = hn::Set(d, Scalar<D>(1)),
             none = hn::Zero(d);
  const auto e0 = hn::Set(d, R::kMishE), e0_low = hn::Set(d, R::kMishELow);
  const auto c2 = hn::Set(d, R::kMish3), c2_low = hn::Set(d, R::kMish3Low);
  auto c1 = c2, c1_low = c2, c0 = c2, c0_low = c2;
  PairSum(hn::Set(d, R::kMish2), hn::Set(d, R::kMish2Low), c2, c2_low, c1, c1_low);
  PairSum(hn::Set(d, R::kMish1), hn::Set(d, R::kMish1Low), c1, c1_low, c0, c0_low);

  const auto end = hn::Set(d, Scalar<D>(23));  // 1 from here on
  bool deep;
  const V bounded = BoundedBelow(d, V(AtMost(end, x)), -kLogisticEnd<D>, Scalar<D>(-87), deep);
  V t, t_low, scale, p, u, u_low, e, e_low, big, big_low, sum, sum_low, w, w_low, den, den_low, q, q_low;
  TwoSum(bounded, hn::Set(d, -R::kMish), t, t_low);
  TwoSum(t, op::Sub(t_low, hn::Set(d, R::kMishLow)), t, t_low);
  Expm1Pair<kBias>(d, t, t_low, u, u_low, scale, p);
  u = op::Mul(u, unit), u_low = op::Mul(MovedOffZero(d, u_low, 0x1p30f), unit);
  PairSum(u, u_low, one, none, e, e_low);
  // Where E does not show, its square's error would be denormal.
  e = OffZero(d, e, 0x1p10f), e_low = MovedOffZero(d, e_low, PowerOfTwo<Scalar<D>>(-30));
  PairProduct(d, e, e_low, e0, e0_low, big, big_low);  // E
  PairSum(big, big_low, one, none, sum, sum_low);      // 1 + E

  // w = u (c0 + e (c1 + e c2)) + 4 t (1 + E)
  PairProduct(d, e, e_low, c2, c2_low, w, w_low);
  PairSum(w, w_low, c1, c1_low, w, w_low);
  PairProduct(d, w, w_low, e, e_low, w, w_low);
  PairSum(w, w_low, c0, c0_low, w, w_low);
  PairProduct(d, w, w_low, u, u_low, w, w_low);
  const auto four = hn::Set(d, Scalar<D>(4));
  PairProduct(d, sum, sum_low, op::Mul(t, four), op::Mul(t_low, four), q, q_low);
  PairSum(w, w_low, q, q_low, w, w_low);

  // E^2 + 2 E + 2 = E^2 + 2 (1 + E), squared
  PairProduct(d, big, big_low, big, big_low, den, den_low);
  PairSum(den, den_low, op::Add(sum, sum), op::Add(sum_low, sum_low), den, den_low);
  PairProduct(d, den, den_low, den, den_low, den, den_low);
  PairProduct(d, w, w_low, e0, e0_low, w, w_low);
  PairQuotient(d, w, w_low, den, den_low, Inverse(d, den), q, q_low);
  V g, g_low;
  TwoProduct(d, q, scale, g, g_low);
  g_low = op::MulAdd(q_low, scale, g_low);
  return TakeOff<kBias>(d, deep, V(op::Add(g, op::MulAdd(op::Add(g, g_low), p, g_low))), dy);
}

// The same for floats. Beyond 18.5 the left half goes on as 1 - a; the right one is 1 from 11.9 on, and comes
// 2^kTailBias times too large, as the left will be. The slots of the left follow those of the right.
template <class D, class V, class U>
HWY_INLINE V MishSlopeFloat(D d, const V& x, const U& dy) {
  using Table = ByTarget<MishSlope32, MishSlope8>;
  bool deep;
  const V bounded = BoundedBelow(d, V(AtMost(hn::Set(d, 11.9f), x)), -kLogisticEnd<D>, Scalar<D>(-87), deep);
  const auto left = op::Lt(bounded, hn::Zero(d));
  const V a = OffZero(d, V(op::Abs(bounded)));
  const V inside = AtMost(hn::Set(d, 18.5f), a);
  const V place =
      op::MulAdd(inside, op::IfThenElse(left, hn::Set(d, Table::kLeftScale), hn::Set(d, Table::kRightScale)),
                 op::IfThenElse(left, hn::Set(d, 16.0f), hn::Set(d, 1.0f)));
  V high, low, scale, p;
  PiecewisePairFromZero<Table, true>(d, place, inside, NoLow(), high, low);
  ExpSplit<kTailBias<D>>(d, op::Neg(a), NoLow(), scale, p);
  const V below = TimesPower(V(op::Sub(high, op::Sub(a, inside))), low, scale, p);
  return TakeOff<kTailBias<D>>(d, deep, V(op::IfThenElse(left, below, high)), dy);
}

// dy mish'(x). Worst, f32: 1.3931 ulp at -0x1.3ec868p-3, got 0.499904066 for 0.499904024808 (AVX2: the slots
// are wide); 0.9076 at -0x1.2f6f5cp+0 (AVX-512).
template <class D, class V, class U = NoUpstream>
HWY_INLINE V MishDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope = InDouble(d, V(AtLeast(hn::Set(d, -kLogisticEnd<D>), x)),
                             [](auto d64, const auto& v) HWY_ATTR { return MishDerivative(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else if constexpr (kIsFloat<D>) {
    return MishSlopeFloat(d, x, dy);
  } else {
    return MishSlopeWide(d, x, dy);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_MISH_INL_H_
