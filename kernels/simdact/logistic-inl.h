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
// comes from a table centred on that root (tools/logistic.py), so the derivative keeps its relative accuracy
// through the crossing. silu'(a) = 1 - silu'(-a). swish' and gelu_quick' are silu' at beta x, whose rounding
// error the exponential and the table take in. For doubles the zero is split off (SlopeFromZero).

#if defined(SIMDACT_LOGISTIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_LOGISTIC_INL_H_
#undef SIMDACT_LOGISTIC_INL_H_
#else
#define SIMDACT_LOGISTIC_INL_H_
#endif

#include "simdact/exp-inl.h"
#include "simdact/fast-logistic-inl.h"
#include "simdact/general-inl.h"
#include "simdact/logistic-tables.h"
#include "simdact/piecewise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr PackSizes kSigmoidVectors = {Lockstep(8, 4), LockstepOfDoubles(4, 4, 4)};
constexpr size_t kSigmoidDerivativeVectors = Lockstep(4, 3);
constexpr PackSizes kSiluVectors = {Lockstep(4, HWY_NATIVE_FMA ? 2 : 4), LockstepOfDoubles(4, 3, 4)};
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

// y (1 + e) = 1 / (unit (1 + exp(z + low))), and the pieces unit exp(z + low) = scale (1 + p); z in [-40,
// end].
template <class D, class V, class Low>
HWY_INLINE void InverseOnePlusExp(D d, const V& z, const Low& low, V& y, V& e, V& scale, V& p) {
  const auto unit = hn::Set(d, kLogisticUnit<D>);
  ExpSplit<kLogisticBias<D>>(d, z, low, scale, p);
  V sum, error;
  FastTwoSum(op::Max(scale, unit), op::Min(scale, unit), sum, error);
  const V rest = op::MulAdd(scale, p, error);
  const V high = op::Add(sum, rest);
  const V tail = op::Sub(rest, op::Sub(high, sum));
  y = Inverse(d, high);
  e = op::NegMulAdd(y, tail, Remainder(d, y, high, hn::Set(d, Scalar<D>(1))));
}

// |x| as far as the logistic functions see it, and whether some of them are denormal there.
template <class D, class V>
HWY_INLINE V LogisticMagnitude(D d, const V& x, bool& deep) {
  return OffZero(d, BoundedAbove(d, V(op::Abs(x)), kLogisticEnd<D>, Scalar<D>(87), deep));
}

// 2^kGain dy exp(z) / (1 + exp(z))^2, z in [0, end]: w = scale y and w y as exact products, p and 2 e on top.
template <int kGain, class D, class V, class Low, class U>
HWY_INLINE V LogisticDensity(D d, const V& z, const Low& low, bool deep, const U& dy) {
  V y, e, scale, p, w, w_low, q, q_low;
  InverseOnePlusExp(d, z, low, y, e, scale, p);
  TwoProduct(d, scale, y, w, w_low);
  TwoProduct(d, w, y, q, q_low);
  q_low = op::MulAdd(w_low, y, q_low);
  const V g = op::MulAdd(hn::Set(d, Scalar<D>(2)), e, p);
  return TakeOff<-kLogisticBias<D> - kGain>(d, deep, V(op::Add(q, op::MulAdd(q, g, q_low))), dy);
}

// dy / (1 + exp(z + low)).
template <class D, class V, class Low, class U = NoUpstream>
HWY_INLINE V OneOverOnePlusExp(D d, const V& z, const Low& low, const U& dy = U()) {
  V y, e, scale, p;
  bool deep;
  const V bounded = BoundedAbove(d, z, kLogisticEnd<D>, Scalar<D>(87), deep);
  InverseOnePlusExp(d, AtLeast(hn::Set(d, Scalar<D>(-40)), bounded), low, y, e, scale, p);
  return TakeOff<-kLogisticBias<D>>(d, deep, V(op::MulAdd(y, e, y)), dy);
}

// x / (1 + exp(z + low)) for z = -beta x rounded, z <= end and beta > 0; x where z <= -40. The denominator is
// a sum whose low word holds exp's p as well, and the quotient makes up for all that was rounded on the way.
template <class D, class V, class Low>
HWY_INLINE V OverOnePlusExp(D d, const V& x, const V& z, const Low& low, bool deep) {
  V scale, p, sum, error;
  const auto begin = hn::Set(d, Scalar<D>(-40)), unit = hn::Set(d, kLogisticUnit<D>);
  bool far = true;
  V bounded = z;
  if constexpr (kAvoidAssists<D>) far = !hn::AllTrue(d, hn::Ge(FoldedMin(z), begin));
  if (HWY_UNLIKELY(far)) bounded = AtLeast(begin, z);
  ExpSplit<kLogisticBias<D>>(d, bounded, low, scale, p);
  FastTwoSum(op::Max(scale, unit), op::Min(scale, unit), sum, error);
  V quotient = RoundedQuotient(d, x, sum, V(op::MulAdd(scale, p, error)));
  quotient = WithSignOf(d, x, TakeOff<-kLogisticBias<D>>(d, deep, quotient));
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
// it is 1 less that. All arguments are pairs; delta reaches from -2 to the end of the logistic functions.
constexpr int kSlopeBias = 200;
template <class D, class V, class M, class U>
HWY_INLINE V SlopeFromZero(D d, const M& negative, const V& delta, const V& delta_low, const V& drop,
                           const V& drop_low, Scalar<D> e0, Scalar<D> e0_low, bool deep, const U& dy) {
  constexpr int kBias = kSlopeBias;
  const auto unit = hn::Set(d, PowerOfTwo<Scalar<D>>(-kBias)), one = hn::Set(d, PowerOfTwo<Scalar<D>>(kBias));
  const auto k = hn::Set(d, e0), k_low = hn::Set(d, e0_low);
  V scale, p, m, m_low, n, n_low, sum, sum_low, square, square_low, q, q_low, g, g_low;
  Expm1Pair<kBias>(d, op::Neg(delta), V(op::Neg(delta_low)), m, m_low, scale, p);
  PairProduct(d, m, m_low, k, k_low, m, m_low);
  m = op::Mul(m, unit), m_low = op::Mul(m_low, unit);
  PairSum(m, m_low, op::Neg(drop), op::Neg(drop_low), n, n_low);
  PairProduct(d, n, n_low, k, k_low, n, n_low);
  const Scalar<D> c = 1 + e0, c_low = (e0 - (c - 1)) + e0_low;
  FastTwoSum(hn::Set(d, c), m, sum, sum_low);
  sum_low = op::Add(sum_low, op::Add(m_low, hn::Set(d, c_low)));
  TwoProduct(d, sum, sum, square, square_low);
  square_low = op::MulAdd(op::Add(sum, sum), sum_low, square_low);
  PairQuotient(d, n, n_low, square, square_low, Inverse(d, square), q, q_low);
  TwoProduct(d, q, scale, g, g_low);
  g_low = op::MulAdd(q_low, scale, g_low);
  const V below = op::Add(g, op::MulAdd(op::Add(g, g_low), p, g_low));
  return TakeOff<kBias>(d, deep, V(op::IfThenElse(negative, below, op::Sub(one, below))), dy);
}

template <class D>
using Roots = hwy::If<kIsFloat<D>, SlopeRootsFloat, SlopeRoots>;

// dy silu'(z + low) for doubles: v(a) = g(a) = a, so that 1 + E0 is the zero itself.
template <class D, class V, class Low, class U>
HWY_INLINE V SiluSlope(D d, const V& z, const Low& low, const U& dy) {
  const auto negative = op::Lt(z, hn::Zero(d));
  bool deep;
  const V a = BoundedAbove(d, V(op::Abs(z)), kLogisticEnd<D>, Scalar<D>(87), deep);
  V t, t_low;
  TwoSum(a, hn::Set(d, -Roots<D>::kSilu), t, t_low);
  t_low = op::Sub(t_low, hn::Set(d, Roots<D>::kSiluLow));
  if constexpr (!hwy::IsSame<Low, NoLow>())
    t_low = op::Add(t_low, op::IfThenElse(negative, op::Neg(low), low));
  t_low = op::Sub(t_low, hn::Set(d, Roots<D>::kSiluLower));  // beta x comes that near
  TwoSum(t, t_low, t, t_low);                                // next to the zero, t_low may be the larger
  return SlopeFromZero(d, negative, t, t_low, t, t_low, Roots<D>::kSiluE, Roots<D>::kSiluELow, deep, dy);
}

// The same for floats: |z| = a + a_low, 2^-50 at least, with the sign of x. From 18.5 on K = 1 - a to 2^-26:
// the table's last value, less what a is above that, exactly.
template <class D, class V, class Low, class U>
HWY_INLINE V SiluSlopeFloat(D d, const V& x, const V& a, const Low& a_low, bool deep, const U& dy) {
  using Table = ByTarget<SiluSlope32, SiluSlope8>;
  const V inside = AtMost(hn::Set(d, 18.5f), a);
  V high, low, scale, p;
  const V place = op::MulAdd(inside, hn::Set(d, Table::kScale), hn::Set(d, Table::kOrigin));
  PiecewisePairFromZero<Table, true>(d, place, inside, a_low, high, low);
  high = op::Sub(high, op::Sub(a, inside));
  if constexpr (hwy::IsSame<Low, NoLow>()) {
    ExpSplit<kTailBias<D>>(d, op::Neg(a), NoLow(), scale, p);
  } else {
    FastTwoSum(high, low, high, low);  // next to the zero low is all there is
    ExpSplit<kTailBias<D>>(d, op::Neg(a), op::Neg(a_low), scale, p);
  }
  const V below = TimesPower(high, low, scale, p);
  const auto one = hn::Set(d, PowerOfTwo<Scalar<D>>(kTailBias<D>));
  const V slope = op::IfThenElse(op::Lt(x, hn::Zero(d)), below, op::Sub(one, below));
  return TakeOff<kTailBias<D>>(d, deep, slope, dy);
}

// sigmoid(x) = 1 / (1 + exp(-x)).
// Worst: 0.7874 ulp at -0x1.5d8a68p+6, a denormal, AVX2; 0.7718 at -0x1.5dcd72p+6, AVX-512.
template <class D, class V>
HWY_INLINE V Sigmoid(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastSigmoid(d64, v); });
  } else {
    return OneOverOnePlusExp(d, NegatedOffZero(d, x), NoLow());
  }
}

// sigmoid'(x) = sigmoid(x) sigmoid(-x), an even function.
// Worst: 0.8102 ulp at 0x1.5ee976p+6, a denormal, AVX2; 0.7827 at 0x1.5dfa9ep+6, AVX-512.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V SigmoidDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope =
        InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastSigmoidDerivative(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else {
    bool deep;
    const V a = LogisticMagnitude(d, x, deep);
    return LogisticDensity<0>(d, a, NoLow(), deep, dy);
  }
}

// y (1 - y), one rounding: y - y y.
template <class D, class V>
HWY_INLINE V SigmoidDerivativeFromOutput(D d, const V& y) {
  return MultiplyAdd(d, op::Neg(y), y, y);
}

// silu(x) = x sigmoid(x).
// Worst: 0.7896 ulp at -0x1.6fdad4p+6, a denormal, AVX2; 0.7748 at -0x1.70d9d8p+6, AVX-512.
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
          return OverOnePlusExp(d, bounded, NegatedOffZero(d, bounded), NoLow(), deep);
        },
        [d](const auto& v) HWY_ATTR { return TimesConstant(d, v, 0.5); });
  }
}

// silu'(x) = s (1 + x (1 - s)), s = sigmoid(x).
// Worst: 0.8448 ulp at -0x1.67d8fep+4, AVX2; 0.7888 at 0x1.0ac366p-4, AVX-512.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V SiluDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope = InDouble(d, V(AtLeast(hn::Set(d, -kLogisticEnd<D>), x)),
                             [](auto d64, const auto& v) HWY_ATTR { return SiluDerivative(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else if constexpr (!kIsFloat<D>) {
    return SiluSlope(d, x, NoLow(), dy);
  } else {
    bool deep;
    const V a = LogisticMagnitude(d, x, deep);
    return SiluSlopeFloat(d, x, a, NoLow(), deep, dy);
  }
}

// x / (1 + exp(-beta x)) for a pair beta > 0 whose tail leaves the range of T no later than silu's does.
template <class D, class V>
HWY_INLINE V SwishOffZero(D d, const V& x, Scalar<D> beta, Scalar<D> beta_low) {
  // For beta < 1 the factor x is larger where the tail ends.
  const Scalar<D> end = kLogisticEnd<D> + Scalar<D>(kIsFloat<D> && beta < 1 ? 3.25 : 0);
  bool deep;
  const V bounded = BoundedBelow(d, x, -end / beta, Scalar<D>(beta <= 2 ? -87 : -40) / beta, deep);
  V z, z_low;
  TwoProduct(d, bounded, hn::Set(d, -beta), z, z_low);
  z_low = op::MulAdd(bounded, hn::Set(d, -beta_low), z_low);
  return OverOnePlusExp(d, bounded, z, z_low, deep);
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
  V z, z_low;
  if constexpr (kIsFloat<D>) {
    bool deep;
    const V a = OffZero(d, BoundedAbove(d, V(op::Abs(x)), end, Scalar<D>(86.9) / beta, deep), size);
    PairProduct(d, a, NoLow(), hn::Set(d, beta), hn::Set(d, beta_low), z, z_low);
    return SiluSlopeFloat(d, x, z, z_low, deep, dy);
  } else {
    const V bounded = MovedOffZero(d, V(AtMost(hn::Set(d, end), AtLeast(hn::Set(d, -end), x))), size);
    TwoProduct(d, bounded, hn::Set(d, beta), z, z_low);
    return SiluSlope(d, z, V(op::MulAdd(bounded, hn::Set(d, beta_low), z_low)), dy);
  }
}

// swish(x) = x sigmoid(beta x). A negative beta mirrors: x sigmoid(-b x) = -((-x) sigmoid(b (-x))). beta = 0
// is x / 2.
template <class T>
constexpr bool OrdinarySwish(T beta) {
  return beta == 0 || InRange(beta, sizeof(T) == sizeof(float) ? 0x1p-60 : 0x1p-100, kOrdinaryMost<T>);
}
template <class D, class V>
HWY_INLINE V Swish(D d, const V& x, Scalar<D> beta) {
  if (HWY_UNLIKELY(!OrdinarySwish(beta)))
    return EachLane(d, x, [beta](Scalar<D> v) HWY_ATTR { return general::Swish(v, beta); });
  const Scalar<D> b = beta < 0 ? -beta : beta;
  if (kInDouble<D> || (kIsFloat<D> && !(b >= Scalar<D>(0.04) && b < Scalar<D>(0x1p60)))) {
    if constexpr (kIsFloat<D>) {  // in floats the tail would be cut off
      return InDouble(d, x, [beta](auto d64, const auto& v) HWY_ATTR {
        return beta > 0 ? FastSwish(d64, v, double{beta}) : Swish(d64, v, double{beta});
      });
    }
  }
  if (beta == 0) return op::Mul(x, hn::Set(d, Scalar<D>(0.5)));
  return beta < 0 ? op::Neg(SwishAt(d, V(op::Neg(x)), b, Scalar<D>(0))) : SwishAt(d, x, b, Scalar<D>(0));
}

// The same for any other beta: 0 to either side of a step if it is infinite; else a power of two goes from
// beta to x, where what underflows or overflows is 0 or infinity to the slope.
template <class D, class V, class U>
HWY_INLINE V SwishSlopeScaled(D d, const V& x, Scalar<D> beta, const U& dy) {
  const Scalar<D> size = beta < 0 ? -beta : beta;
  const V from = beta < 0 ? V(op::Neg(x)) : x;
  if (!IsFinite(size)) {
    return TimesUpstream(
        EachLane(d, from,
                 [](Scalar<D> v) HWY_ATTR {
                   return v > 0 ? Scalar<D>(1) : v < 0 ? Scalar<D>(-0.0) : v == v ? Scalar<D>(0.5) : v;
                 }),
        dy);
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
    if (kInDouble<D> || (beta != 1 && beta != -1)) {
      // What no float is beyond: for a tiny beta that is infinity, and for an infinite one no number.
      const Scalar<D> size = beta < 0 ? -beta : beta;
      const Scalar<D> end =
          size > 0 && IsFinite(size) ? kLogisticEnd<D> / size : std::numeric_limits<Scalar<D>>::infinity();
      const V slope = InDouble(d, V(AtMost(hn::Set(d, end), AtLeast(hn::Set(d, -end), x))),
                               [beta](auto d64, const auto& v)
                                   HWY_ATTR { return SwishDerivative(d64, v, double{beta}); });
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
// gelu_quick'(x) = silu'(1.702 x). Worst: 0.8821 ulp at -0x1.a6bc3ep+3, AVX2; 0.8771 at -0x1.80974cp-1,
// AVX-512.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V GeluQuickDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope = InDouble(d, V(AtLeast(hn::Set(d, Scalar<D>(-66)), x)),
                             [](auto d64, const auto& v) HWY_ATTR { return GeluQuickDerivative(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else {
    return SwishSlopeAt(d, x, kQuickBeta<D>, kQuickBetaLow<D>, dy);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_LOGISTIC_INL_H_
