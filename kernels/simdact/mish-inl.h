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
// itself through its zero. The zero's powers are pairs from tools/constants/logistic.py. This is for doubles:
// for floats the left half of a table, centred on the zero, is exp(a) mish'(-a), and the right half is
// mish'(a) (tools/constants/mish.py). Without FMA floats take the doubles' way in plain doubles
// (PlainMishSlope).

#if defined(SIMDACT_MISH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_MISH_INL_H_
#undef SIMDACT_MISH_INL_H_
#else
#define SIMDACT_MISH_INL_H_
#endif

#include "simdact/detail/piecewise-inl.h"
#include "simdact/detail/tables/mish.h"
#include "simdact/logistic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr PackSizes kMishVectors = {Lockstep(6, 2), LockstepOfDoubles(6, 4, 4)};
constexpr size_t kMishDerivativeVectors = Lockstep(4, 2);

// n 2^-kBias + 2, for n >= 0 that differs from 2 exactly.
template <int kBias, class D, class N>
HWY_INLINE auto PlusTwo(D d, const N& n) {
  const auto unit = hn::Set(d, PowerOfTwo<Scalar<D>>(-kBias)), two = hn::Set(d, Scalar<D>(2));
  const auto moved = OffZero(d, High(n));
  const auto sum = op::MulAdd(moved, unit, two);
  return MakePair(sum, op::MulAdd(Low(n), unit, op::MulSub(moved, unit, op::Sub(sum, two))));
}

// mish(x) where |x| is not tiny: x n / (n + 2), n = E (E + 2), each at 2^kBias of its size.
template <class D, class V>
HWY_INLINE V MishOffZero(D d, const V& x) {
  constexpr int kBias = kTailBias<D>;
  const auto end = hn::Set(d, kIsFloat<D> ? Scalar<D>(10.5) : Scalar<D>(22));  // mish(x) = x from here on
  bool deep;
  const V bounded = BoundedBelow(d, x, -kLogisticEnd<D>, Scalar<D>(-87), deep);
  const auto e = ExpPair<kBias>(d, V(AtMost(end, bounded)));
  const auto n = Product(e, PlusTwo<kBias>(d, e));
  const auto sum = PlusTwo<kBias>(d, n);
  const V inverse = kIsFloat<D> ? InverseEstimate(V(High(sum))) : Inverse(V(High(sum)));
  const V mish = TakeOff<kBias>(d, deep, V(Round(Product(bounded, Quotient(n, sum, inverse)))));
  return op::IfThenElse(op::Gt(x, end), x, WithSignOf(d, x, op::Abs(mish)));
}

// mish(x) = x tanh(log(1 + exp(x))). Worst among denormals: mish/forward in
// tests/data/proof.json.
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
             four = hn::Set(d, Scalar<D>(4));
  const auto e0 = Constant(d, R::kMishE, R::kMishELow), c2 = Constant(d, R::kMish3, R::kMish3Low);
  const auto c1 = Normalized(Sum(Constant(d, R::kMish2, R::kMish2Low), c2));
  const auto c0 = Normalized(Sum(Constant(d, R::kMish1, R::kMish1Low), c1));

  const auto end = hn::Set(d, Scalar<D>(23));  // 1 from here on
  bool deep;
  const V bounded = BoundedBelow(d, V(AtMost(end, x)), -kLogisticEnd<D>, Scalar<D>(-87), deep);
  const auto off = TwoSum(bounded, hn::Set(d, -R::kMish));
  const auto t = TwoSum(High(off), op::Sub(Low(off), hn::Set(d, R::kMishLow)));

  const auto magic = hn::Set(d, ExpMagic<D>(kBias));
  const V step = NearestStep(d, V(High(t)), magic);
  const auto r = RestOfExp(d, t, step, magic);
  const auto power = TablePower(d, step);
  const V scale = Scale(power);
  const auto line = LineLessOne<kBias>(d, scale, V(High(r)));
  const V bend = BendOfExp(d, r, power);
  const auto u = Scaled(AddBend(line, scale, bend), unit);
  const auto e = Normalized(Sum(u, one));
  const auto big = Product(e, e0);             // E
  const auto sum = Normalized(Sum(big, one));  // 1 + E

  const auto cubic = Product(Normalized(Sum(Product(Normalized(Sum(Product(e, c2), c1)), e), c0)), u);
  const auto w = Normalized(Sum(cubic, Product(sum, Scaled(t, four))));
  // E^2 + 2 E + 2 = E^2 + 2 (1 + E)
  const auto root = Normalized(Sum(Product(big, big), Sum(sum, sum)));
  const auto slope = Quotient(Product(w, e0), Product(root, root));
  const V mish_slope = TimesPowerThroughZero(slope, MakePair(scale, V(op::Add(High(r), bend))));
  return TakeOff<kBias>(d, deep, mish_slope, dy);
}

// The same in plain doubles, of which a float is wanted.
template <class D, class V>
HWY_INLINE V PlainMishSlope(D d, const V& x) {
  using R = SlopeRoots;
  using Power = FastPower<double>;
  constexpr FastRate<double> kRate(1.0);
  constexpr double kC2 = R::kMish3, kC1 = R::kMish2 + kC2, kC0 = R::kMish1 + kC1;
  const auto one = hn::Set(d, 1.0), two = hn::Set(d, 2.0), e0 = hn::Set(d, R::kMishE);
  const V bounded = AtLeast(hn::Set(d, -kPlainEnd), AtMost(hn::Set(d, 23.0), x));
  const V t = Above(d, bounded, R::kMish, R::kMishLow);
  const V steps = FastSteps<0, Power>(d, t, kRate);
  const V tail = FastTail<FastTable::kPlain>(d, V(FastRest<0, Power>(d, t, steps, kRate)), steps, kRate);
  const V scale = FastScale<FastTable::kPlain, Power>(d, steps);
  const V u = op::MulSub(scale, tail, op::Sub(one, scale)), e = op::MulAdd(scale, tail, scale);
  const V big = op::Mul(e, e0), sum = op::Add(big, one);
  const V cubic = op::MulAdd(op::MulAdd(e, hn::Set(d, kC2), hn::Set(d, kC1)), e, hn::Set(d, kC0));
  const V line = op::Mul(op::Mul(t, hn::Set(d, 4.0)), sum);
  const V root = op::MulAdd(big, big, op::Mul(sum, two));
  return op::Div(op::Mul(big, op::MulAdd(cubic, u, line)), op::Mul(root, root));
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
  const auto k = PiecewiseFromZero<Table, true>(d, place, inside);
  const auto factor = WithHigh(k, V(op::Sub(High(k), op::Sub(a, inside))));
  const V below = FusedTimesPower(factor, ExpSplit<kTailBias<D>>(d, V(op::Neg(a))));
  return TakeOff<kTailBias<D>>(d, deep, V(op::IfThenElse(left, below, High(k))), dy);
}

// dy mish'(x). Worst with 8 slots (AVX2), which are wide: mish/backward in
// tests/data/proof.json.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V MishDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope = InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return PlainMishSlope(d64, v); });
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
