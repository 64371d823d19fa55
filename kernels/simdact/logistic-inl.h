// sigmoid, silu and their derivatives, from one denominator.
//
//   D = 1 + exp(z),   sigmoid(-z) = 1 / D,   silu(-z) = -z / D,   sigmoid'(z) = exp(z) / D^2
//
// D is known to 2^-30 as a pair: 1 + scale is a two-sum, exp's p joins its low word. With y = 1 / D rounded
// and e = 1 - y D evaluated by FMA, y (1 + e) is 1 / D to 2^-30, so the last rounding is all that is left; a
// reciprocal estimate and one Newton step serve as well as a division, and on AVX-512 are faster or equal.
// Everything is kept at 2^-62 of its size: exp(112) would overflow, and sigmoid(-100) is a denormal, which
// only the last step makes (TakeOff).
//
// swish(x) = x sigmoid(beta x) and gelu_quick (beta = 1.702) are silu(z) / beta at z = beta x, a pair.
//
// silu'(-a) = exp(-a) K(a) with K(a) = sigmoid(a) (1 - a sigmoid(a)), which crosses zero at a = 1.2785: K
// comes from a table centred on that root (tools/constants/logistic.py), so the derivative keeps its relative
// accuracy through the crossing. silu'(a) = 1 - silu'(-a). gelu_quick' is silu' at 1.702 x, whose rounding
// error the exponential and the table take in. For doubles the zero is split off (SlopeFromZero), and for
// floats in plain doubles: swish' at any beta but 1, and all of them where there is no FMA
// (PlainSlopeFromZero).

#if defined(SIMDACT_LOGISTIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_LOGISTIC_INL_H_
#undef SIMDACT_LOGISTIC_INL_H_
#else
#define SIMDACT_LOGISTIC_INL_H_
#endif

#include "simdact/detail/exp-inl.h"
#include "simdact/detail/general-inl.h"
#include "simdact/detail/piecewise-inl.h"
#include "simdact/detail/tables/logistic.h"
#include "simdact/fast-logistic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr PackSizes kSigmoidVectors = {Lockstep(8, 4), LockstepOfDoubles(4, 4, 4)};
constexpr size_t kSigmoidDerivativeVectors = Lockstep(4, 3);
constexpr PackSizes kSiluVectors = {Lockstep(4, 2), LockstepOfDoubles(4, 3, 4)};
constexpr size_t kSiluDerivativeVectors = Lockstep(4, 2);
constexpr size_t kSwishVectors = Lockstep(4, 2);
constexpr size_t kSwishDerivativeVectors = Lockstep(4, 2);
constexpr size_t kGeluQuickVectors = Lockstep(4, 2);
constexpr size_t kGeluQuickDerivativeVectors = Lockstep(4, 2);

// The scale of the denominator, and beyond which argument all results are 0 or denormal noise.
template <class D>
constexpr int kLogisticBias = kIsFloat<D> ? -62 : -240;
template <class D>
constexpr Scalar<D> kLogisticUnit = PowerOfTwo<Scalar<D>>(kLogisticBias<D>);
template <class D>
constexpr Scalar<D> kLogisticEnd = kIsFloat<D> ? Scalar<D>(109) : Scalar<D>(830);

// |x| as far as the logistic functions see it, and whether some of them are denormal there.
template <class D, class V>
HWY_INLINE V LogisticMagnitude(D d, const V& x, bool& deep) {
  return OffZero(d, BoundedAbove(d, V(op::Abs(x)), kLogisticEnd<D>, Scalar<D>(87), deep));
}

// 2^kGain dy E / (1 + E)^2, E = exp(z), z in [0, end].
template <int kGain, class D, class N, class U>
HWY_INLINE auto LogisticDensity(D d, const N& z, bool deep, const U& dy) {
  using V = Word<N>;
  constexpr int kBias = kLogisticBias<D>;
  const auto power = ExpSplit<kBias>(d, z);
  const auto inverse = InverseSplit(Normalized(OnePlus<kBias>(d, power)));
  const V y = Scale(inverse);
  const auto density = Product(TwoProduct(Scale(power), y), y);
  const V excess = op::MulAdd(hn::Set(d, Scalar<D>(2)), Excess(inverse), Excess(power));
  return TakeOff<-kBias - kGain>(d, deep, V(Round(TimesOnePlus(density, excess))), dy);
}

// dy / (1 + exp(z)).
template <class D, class N, class U = NoUpstream>
HWY_INLINE auto OneOverOnePlusExp(D d, const N& z, const U& dy = U()) {
  using V = Word<N>;
  constexpr int kBias = kLogisticBias<D>;
  bool deep;
  const V bounded = BoundedAbove(d, V(High(z)), kLogisticEnd<D>, Scalar<D>(87), deep);
  const auto inside = WithHigh(z, V(AtLeast(hn::Set(d, Scalar<D>(-40)), bounded)));
  const auto inverse = InverseSplit(Normalized(OnePlus<kBias>(d, ExpSplit<kBias>(d, inside))));
  return TakeOff<-kBias>(d, deep, V(TimesOnePlus(Scale(inverse), Excess(inverse))), dy);
}

// x / (1 + exp(z)) for z = -beta x, at most end and beta > 0; x where z <= -40.
template <class D, class V, class N>
HWY_INLINE V OverOnePlusExp(D d, const V& x, const N& z, bool deep) {
  constexpr int kBias = kLogisticBias<D>;
  const auto begin = hn::Set(d, Scalar<D>(-40));
  bool far = true;
  V bounded = High(z);
  if constexpr (kAvoidAssists<D>) far = !hn::AllTrue(d, hn::Ge(FoldedMin(bounded), begin));
  if (HWY_UNLIKELY(far)) bounded = AtLeast(begin, V(High(z)));
  V quotient = RoundedQuotient(x, OnePlus<kBias>(d, ExpSplit<kBias>(d, WithHigh(z, bounded))));
  quotient = WithSignOf(d, x, TakeOff<-kBias>(d, deep, quotient));
  if (HWY_UNLIKELY(far)) quotient = op::IfThenElse(op::Le(bounded, begin), x, quotient);
  return quotient;
}

// For doubles: silu', gelu_tanh' and their like at -a <= 0 are E (1 + E - g(a)) / (1 + E)^2, E = exp(-v(a)),
// and cross zero where g(a0) = 1 + E0. With delta = v(a) - v(a0), drop = g(a) - g(a0) and E = E0 exp(-delta)
// that is
//
//   E0 exp(-delta) (E0 expm1(-delta) - drop) / (1 + E0 + E0 expm1(-delta))^2
//
// times dy, where no term cancels another: the slope is accurate relative to itself through its zero. At +a
// it is 1 less that. delta reaches from -2 to the end of the logistic functions.
constexpr int kSlopeBias = 200;
template <class D, class M, class N, class U>
HWY_INLINE auto SlopeFromZero(D d, const M& negative, const N& delta, const N& drop, Scalar<D> e0_high,
                              Scalar<D> e0_low, bool deep, const U& dy) {
  using V = Word<N>;
  constexpr int kBias = kSlopeBias;
  const auto unit = hn::Set(d, PowerOfTwo<Scalar<D>>(-kBias)), one = hn::Set(d, PowerOfTwo<Scalar<D>>(kBias));
  const Scalar<D> c = 1 + e0_high, c_low = (e0_high - (c - 1)) + e0_low;
  const auto e0 = Constant(d, e0_high, e0_low), one_plus_e0 = Constant(d, c, c_low);

  const auto magic = hn::Set(d, ExpMagic<D>(kBias));
  const auto exponent = Negated(delta);
  const V step = NearestStep(d, V(High(exponent)), magic);
  const auto r = RestOfExp(d, exponent, step, magic);
  const auto power = TablePower(d, step);
  const V scale = Scale(power);
  const auto line = LineLessOne<kBias>(d, scale, V(High(r)));
  const V bend = BendOfExp(d, r, power);
  const auto m = Scaled(Product(AddBend(line, scale, bend), e0), unit);
  const auto n = Product(Normalized(Sum(m, Negated(drop))), e0);
  const auto slope = Quotient(n, Square(FastSum(one_plus_e0, m)));
  const V below = TimesPowerThroughZero(slope, MakePair(scale, V(op::Add(High(r), bend))));
  return TakeOff<kBias>(d, deep, V(op::IfThenElse(negative, below, op::Sub(one, below))), dy);
}

// The same in plain doubles, of which a float is wanted: x < 0 stands for `negative`.
template <class D, class V>
HWY_INLINE V PlainSlopeFromZero(D d, const V& x, const V& delta, const V& drop, double e0) {
  using Power = FastPower<double>;
  constexpr FastRate<double> kRate(-1.0);
  const auto one = hn::Set(d, 1.0), zero_power = hn::Set(d, e0);
  const V steps = FastSteps<0, Power>(d, delta, kRate);
  const V tail = FastTail<FastTable::kPlain>(d, V(FastRest<0, Power>(d, delta, steps, kRate)), steps, kRate);
  const V scale = FastScale<FastTable::kPlain, Power>(d, steps);
  const V m = op::Mul(op::MulSub(scale, tail, op::Sub(one, scale)), zero_power);
  const V e = op::Mul(op::MulAdd(scale, tail, scale), zero_power);
  const V sum = op::Add(m, hn::Set(d, 1 + e0));
  const V below = op::Div(op::Mul(e, op::Sub(m, drop)), op::Mul(sum, sum));
  return op::IfThenElse(op::Lt(x, hn::Zero(d)), below, op::Sub(one, below));
}

template <class D>
using Roots = hwy::If<kIsFloat<D>, SlopeRootsFloat, SlopeRoots>;
// Beyond this exp(-a) is 0 to floats, and a power of two to FastScale yet.
constexpr double kPlainEnd = 250;
// silu'(beta x) in plain doubles, beta > 0.
template <class D, class V>
HWY_INLINE V PlainSiluSlope(D d, const V& x, double beta) {
  const V a = AtMost(hn::Set(d, kPlainEnd), op::Mul(op::Abs(x), hn::Set(d, beta)));
  const V t = Above(d, a, SlopeRoots::kSilu, SlopeRoots::kSiluLow);
  return PlainSlopeFromZero(d, x, t, t, SlopeRoots::kSiluE);
}

// dy silu'(z) for doubles: v(a) = g(a) = a, so that 1 + E0 is the zero itself.
template <class D, class N, class U>
HWY_INLINE auto SiluSlope(D d, const N& z, const U& dy) {
  using V = Word<N>;
  const auto negative = op::Lt(High(z), hn::Zero(d));
  bool deep;
  const V a = BoundedAbove(d, V(op::Abs(High(z))), kLogisticEnd<D>, Scalar<D>(87), deep);
  const auto off = TwoSum(a, hn::Set(d, -Roots<D>::kSilu));
  V low = op::Sub(Low(off), hn::Set(d, Roots<D>::kSiluLow));
  if constexpr (kIsPair<N>) low = op::Add(low, op::IfThenElse(negative, op::Neg(Low(z)), Low(z)));
  low = op::Sub(low, hn::Set(d, Roots<D>::kSiluLower));  // beta x comes that near
  const auto t = TwoSum(High(off), low);                 // next to the zero, low may be the larger
  return SlopeFromZero(d, negative, t, t, Roots<D>::kSiluE, Roots<D>::kSiluELow, deep, dy);
}

// The same for floats: |z| = a, 2^-50 at least, with the sign of x. From 18.5 on K = 1 - a to 2^-26: the
// table's last value, less what a is above that, exactly.
template <class D, class V, class N, class U>
HWY_INLINE V SiluSlopeFloat(D d, const V& x, const N& a, bool deep, const U& dy) {
  using Table = ByTarget<SiluSlope32, SiluSlope8>;
  const V inside = AtMost(hn::Set(d, 18.5f), V(High(a)));
  const V place = op::MulAdd(inside, hn::Set(d, Table::kScale), hn::Set(d, Table::kOrigin));
  const auto k = PiecewiseFromZero<Table, true>(d, place, WithHigh(a, inside));
  auto factor = WithHigh(k, V(op::Sub(High(k), op::Sub(High(a), inside))));
  if constexpr (kIsPair<N>) factor = Normalized(factor);  // next to the zero the low word is all there is
  const V below = FusedTimesPower(factor, ExpSplit<kTailBias<D>>(d, Negated(a)));
  const auto one = hn::Set(d, PowerOfTwo<Scalar<D>>(kTailBias<D>));
  const V slope = op::IfThenElse(op::Lt(x, hn::Zero(d)), below, op::Sub(one, below));
  return TakeOff<kTailBias<D>>(d, deep, slope, dy);
}

// sigmoid(x) = 1 / (1 + exp(-x)).
// Worst among denormals: sigmoid/forward in tests/data/proof.json.
template <class D, class V>
HWY_INLINE V Sigmoid(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastSigmoid(d64, v); });
  } else {
    return OneOverOnePlusExp(d, NegatedOffZero(d, x));
  }
}

// sigmoid'(x) = sigmoid(x) sigmoid(-x), an even function.
// Worst among denormals: sigmoid/backward in tests/data/proof.json.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V SigmoidDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope =
        InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastSigmoidDerivative(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else {
    bool deep;
    const V a = LogisticMagnitude(d, x, deep);
    return LogisticDensity<0>(d, a, deep, dy);
  }
}

// y (1 - y), one rounding: y - y y.
template <class D, class V>
HWY_INLINE V SigmoidDerivativeFromOutput(D d, const V& y) {
  const V slope = MultiplyAdd(op::Neg(y), y, y);
  // Without FMA the slope at -0 would be 0. Below 0 it has y's sign, and to the right of it y has none.
  return HWY_NATIVE_FMA ? slope : V(op::OrAnd(slope, y, hn::Set(d, Scalar<D>(-0.0))));
}

// silu(x) = x sigmoid(x).
// Worst among denormals: silu/forward in tests/data/proof.json.
template <class D, class V>
HWY_INLINE V Silu(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastSilu(d64, v); });
  } else {
    return NearZero(
        d, x,
        [d](const auto& v) SIMDACT_FORMULA {
          bool deep;
          const auto bounded = BoundedBelow(d, v, -kLogisticEnd<D>, Scalar<D>(-87), deep);
          return OverOnePlusExp(d, bounded, NegatedOffZero(d, bounded), deep);
        },
        [d](const auto& v) HWY_ATTR { return TimesConstant(d, v, 0.5); });
  }
}

// silu'(x) = s (1 + x (1 - s)), s = sigmoid(x).
// Worst in the left tail: silu/backward in tests/data/proof.json.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V SiluDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope =
        InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return PlainSiluSlope(d64, v, 1); });
    return TimesUpstream(d, slope, dy);
  } else if constexpr (!kIsFloat<D>) {
    return SiluSlope(d, x, dy);
  } else {
    bool deep;
    const V a = LogisticMagnitude(d, x, deep);
    return SiluSlopeFloat(d, x, a, deep, dy);
  }
}

// x / (1 + exp(-beta x)) for a pair beta > 0 whose tail leaves the range of T no later than silu's does.
template <class D, class V>
HWY_INLINE V SwishOffZero(D d, const V& x, Scalar<D> beta, Scalar<D> beta_low) {
  // For beta < 1 the factor x is larger where the tail ends.
  const Scalar<D> end = kLogisticEnd<D> + Scalar<D>(kIsFloat<D> && beta < 1 ? 3.25 : 0);
  bool deep;
  const V bounded = BoundedBelow(d, x, -end / beta, Scalar<D>(beta <= 2 ? -87 : -40) / beta, deep);
  return OverOnePlusExp(d, bounded, Product(bounded, Constant(d, -beta, -beta_low)), deep);
}
template <class D, class V>
HWY_INLINE V SwishAt(D d, const V& x, Scalar<D> beta, Scalar<D> beta_low) {
  return NearZero(
      d, x, [=](const auto& v) SIMDACT_FORMULA { return SwishOffZero(d, v, beta, beta_low); },
      [=](const auto& v) HWY_ATTR {
        if constexpr (!kIsFloat<D>) {  // 2^200 from beta, which is huge, to x
          const auto down = hn::Set(d, 0x1p-200);
          const auto up = hn::Mul(v, hn::Set(d, 0x1p200));
          if (beta > 0x1p800) return hn::Mul(SwishOffZero(d, up, beta * 0x1p-200, beta_low * 0x1p-200), down);
        }
        return TimesConstant(d, v, 0.5);
      });
}
// silu'(beta x) dy.
template <class D, class V, class U>
HWY_INLINE V SwishSlopeAt(D d, const V& x, Scalar<D> beta, Scalar<D> beta_low, const U& dy) {
  const Scalar<D> end = kLogisticEnd<D> / beta;
  const Scalar<D> size = HWY_MIN(1 / beta, PowerOfTwo<Scalar<D>>(100));
  if constexpr (kIsFloat<D>) {
    bool deep;
    const V a = OffZero(d, BoundedAbove(d, V(op::Abs(x)), end, Scalar<D>(86.9) / beta, deep), size);
    return SiluSlopeFloat(d, x, Product(a, Constant(d, beta, beta_low)), deep, dy);
  } else {
    const V bounded = MovedOffZero(d, V(AtMost(hn::Set(d, end), AtLeast(hn::Set(d, -end), x))), size);
    return SiluSlope(d, Product(bounded, Constant(d, beta, beta_low)), dy);
  }
}

// swish(x) = x sigmoid(beta x). A negative beta mirrors: x sigmoid(-b x) = -((-x) sigmoid(b (-x))). beta = 0
// is x / 2.
template <class T>
constexpr bool OrdinarySwish(T beta) {
  return beta == 0 || InRange(beta, sizeof(T) == sizeof(float) ? 0x1p-60 : 0x1p-100, kOrdinaryMost<T>);
}
template <class D, class V>
HWY_INLINE V SwishInDouble(D d, const V& x, float beta) {
  const float b = beta < 0 ? -beta : beta;
  const V y = InDouble(d, beta < 0 ? V(op::Neg(x)) : x,
                       [b](auto d64, const auto& v) HWY_ATTR { return FastSwish(d64, v, double{b}); });
  return beta < 0 ? V(op::Neg(y)) : y;
}
template <class D, class V>
static HWY_NOINLINE V SwishOutOfLine(D d, const V& x, float beta) {
  return SwishInDouble(d, x, beta);
}
template <class D, class V>
HWY_INLINE V Swish(D d, const V& x, Scalar<D> beta) {
  if (HWY_UNLIKELY(!OrdinarySwish(beta)))
    return EachLane(d, x, [beta](Scalar<D> v) HWY_ATTR { return general::Swish(v, beta); });
  const Scalar<D> b = beta < 0 ? -beta : beta;
  const V half = op::Mul(x, hn::Set(d, Scalar<D>(0.5)));
  if constexpr (kInDouble<D>) {
    return beta == 0 ? half : SwishInDouble(d, x, beta);
  } else {
    if (beta == 0) return half;
    if constexpr (kIsFloat<D>) {  // in floats the tail would be cut off
      if (HWY_UNLIKELY(!(b >= Scalar<D>(0.04) && b < Scalar<D>(0x1p60)))) return SwishOutOfLine(d, x, beta);
    }
    return beta < 0 ? op::Neg(SwishAt(d, V(op::Neg(x)), b, Scalar<D>(0))) : SwishAt(d, x, b, Scalar<D>(0));
  }
}

// silu'(beta x) for beta = 0, and for an infinite one: a step.
template <class T>
static T SwishSlopeAtLimit(T x, T beta) {
  if (x != x) return x;
  if (beta == 0 || x == 0) return T(0.5);
  return x > 0 ? T(1) : T(-0.0);
}
// dy silu'(beta x) for doubles and any other beta: a power of two goes from beta to x, where what underflows
// or overflows is 0 or infinity to the slope.
template <class D, class V, class U>
HWY_INLINE V SwishSlopeScaled(D d, const V& x, Scalar<D> beta, const U& dy) {
  const Scalar<D> size = beta < 0 ? -beta : beta;
  const V from = beta < 0 ? V(op::Neg(x)) : x;
  if (!IsFinite(size)) {
    return TimesUpstream(
        EachLane(d, from, [size](Scalar<D> v) HWY_ATTR { return SwishSlopeAtLimit(v, size); }), dy);
  }
  constexpr Scalar<D> kUp = PowerOfTwo<Scalar<D>>(600), kDown = PowerOfTwo<Scalar<D>>(-600);
  const Scalar<D> scale = size < 1 ? kDown : kUp, inverse = size < 1 ? kUp : kDown;
  return SwishSlopeAt(d, V(op::Mul(from, hn::Set(d, scale))), size * inverse, Scalar<D>(0), dy);
}

// swish'(x) = silu'(beta x).
template <class D, class V, class U>
HWY_INLINE V SwishDerivative(D d, const V& x, Scalar<D> beta, const U& dy) {
  // In floats beta x loses too much next to the zero, unless beta is 1 (or 1.702, which gelu_quick' proves).
  if constexpr (kIsFloat<D>) {
    const Scalar<D> size = beta < 0 ? -beta : beta;
    if (kInDouble<D> || size != 1) {
      const V from = beta < 0 ? V(op::Neg(x)) : x;
      if (HWY_UNLIKELY(beta == 0 || !IsFinite(beta))) {
        return TimesUpstream(
            EachLane(d, from, [size](Scalar<D> v) HWY_ATTR { return SwishSlopeAtLimit(v, size); }), dy);
      }
      // Products of two floats are doubles.
      const V slope = InDouble(
          d, from, [size](auto d64, const auto& v) HWY_ATTR { return PlainSiluSlope(d64, v, double{size}); });
      return TimesUpstream(d, slope, dy);
    }
  }
  if constexpr (!kInDouble<D>) {
    if (beta == 0) return TimesUpstream(V(op::IfThenElse(op::Eq(x, x), hn::Set(d, Scalar<D>(0.5)), x)), dy);
    if constexpr (!kIsFloat<D>) {
      if (HWY_UNLIKELY(!OrdinarySwish(beta))) return SwishSlopeScaled(d, x, beta, dy);
    }
    return beta < 0 ? SwishSlopeAt(d, V(op::Neg(x)), -beta, Scalar<D>(0), dy)
                    : SwishSlopeAt(d, x, beta, Scalar<D>(0), dy);
  }
}

// 1.702 as a pair.
template <class D>
constexpr Scalar<D> kQuickBeta = kIsFloat<D> ? Scalar<D>(0x1.b3b646p+0) : Scalar<D>(0x1.b3b645a1cac08p+0);
template <class D>
constexpr Scalar<D> kQuickBetaLow = kIsFloat<D> ? Scalar<D>(-0x1.78d4fep-26)
                                                : Scalar<D>(0x1.89374bc6a7efap-55);

// gelu_quick(x) = x sigmoid(1.702 x).
template <class D, class V>
HWY_INLINE V GeluQuick(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastGeluQuick(d64, v); });
  } else {
    return SwishAt(d, x, kQuickBeta<D>, kQuickBetaLow<D>);
  }
}
// gelu_quick'(x) = silu'(1.702 x). Worst in the left tail (on AVX-512 near the zero): gelu_quick/backward in
// tests/data/proof.json.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V GeluQuickDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope =
        InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return PlainSiluSlope(d64, v, 1.702); });
    return TimesUpstream(d, slope, dy);
  } else {
    return SwishSlopeAt(d, x, kQuickBeta<D>, kQuickBetaLow<D>, dy);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_LOGISTIC_INL_H_
