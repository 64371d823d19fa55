// relu and its kin: pieces of straight lines (one of them squared), chosen by comparisons.
//
// Most are exact but for one rounding. NaN fails every comparison, so each function is arranged to hand x on
// where no comparison holds; infinities never meet a product that could make NaN of them.
//
// hardswish is a product of three: x (x + 3) / 6. The roundings of the sum and of the product are kept, and
// so is what the multiplication by 1/6, rounded, leaves of the division, so that one rounding remains:
//
//   c + e = x + 3,   p + t = x (c + e),   y = p * (1/6),   hardswish(x) = y + (p - 6 y + t) * (1/6)
//
// p - 6 y is a number of the format, and near x = -3, where the function vanishes, e = 0. Without FMA, f32 is
// computed in double and rounded once.

#if defined(SIMDACT_RECTIFIED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_RECTIFIED_INL_H_
#undef SIMDACT_RECTIFIED_INL_H_
#else
#define SIMDACT_RECTIFIED_INL_H_
#endif

#include "simdact/arithmetic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kReluVectors = Lockstep(4, 4), kReluDerivativeVectors = Lockstep(4, 4);
constexpr size_t kRelu6Vectors = Lockstep(4, 4), kRelu6DerivativeVectors = Lockstep(4, 4);
constexpr size_t kLeakyReluVectors = Lockstep(4, 4), kLeakyReluDerivativeVectors = Lockstep(4, 4);
constexpr size_t kPreluVectors = Lockstep(4, 4), kPreluDerivativeVectors = Lockstep(4, 4);
constexpr size_t kRreluVectors = Lockstep(4, 4), kRreluDerivativeVectors = Lockstep(4, 4);
constexpr size_t kHardtanhVectors = Lockstep(4, 4), kHardtanhDerivativeVectors = Lockstep(4, 4);
constexpr size_t kClampVectors = Lockstep(4, 4), kClampDerivativeVectors = Lockstep(4, 4);
constexpr size_t kHardsigmoidVectors = Lockstep(4, 4), kHardsigmoidDerivativeVectors = Lockstep(4, 4);
constexpr size_t kHardswishVectors = Lockstep(4, 4), kHardswishDerivativeVectors = Lockstep(4, 4);
constexpr size_t kFastHardswishVectors = Lockstep(4, 4), kFastHardswishDerivativeVectors = Lockstep(4, 4);
constexpr size_t kThresholdVectors = Lockstep(4, 4), kThresholdDerivativeVectors = Lockstep(4, 4);
constexpr size_t kThresholdedReluVectors = Lockstep(4, 4), kThresholdedReluDerivativeVectors = Lockstep(4, 4);
constexpr size_t kSparsePlusVectors = Lockstep(4, 4), kSparsePlusDerivativeVectors = Lockstep(4, 4);
constexpr size_t kSoftshrinkVectors = Lockstep(4, 4), kSoftshrinkDerivativeVectors = Lockstep(4, 4);
constexpr size_t kHardshrinkVectors = Lockstep(4, 4), kHardshrinkDerivativeVectors = Lockstep(4, 4);
constexpr size_t kShrinkVectors = Lockstep(4, 4), kShrinkDerivativeVectors = Lockstep(4, 4);
constexpr size_t kSquaredReluVectors = Lockstep(4, 4), kSquaredReluDerivativeVectors = Lockstep(4, 4);
constexpr size_t kStepVectors = Lockstep(4, 4), kStepDerivativeVectors = Lockstep(4, 4);

// ---- Slopes ----------------------------------------------------------------------------------------------

// x > limit ? 1 : 0.
template <class D, class V>
HWY_INLINE V SlopeAbove(D d, const V& x, Scalar<D> limit) {
  return ChoiceOf(x, op::Gt(x, hn::Set(d, limit)), hn::Set(d, 1.0f));
}
// |x| > limit ? 1 : 0.
template <class D, class V>
HWY_INLINE V SlopeOutside(D d, const V& x, Scalar<D> limit) {
  return ChoiceOf(x, op::Gt(op::Abs(x), hn::Set(d, limit)), hn::Set(d, 1.0f));
}
// low < x < high ? slope : 0.
template <class D, class V>
HWY_INLINE V SlopeBetween(D d, const V& x, Scalar<D> low, Scalar<D> high, Scalar<D> slope) {
  const auto inside = op::And(op::Gt(x, hn::Set(d, low)), op::Lt(x, hn::Set(d, high)));
  return ChoiceOf(x, inside, hn::Set(d, slope));
}

// ---- relu and leaky ones ---------------------------------------------------------------------------------

// relu(x) = max(x, 0); -0 stays -0, NaN stays NaN: AtLeast hands x on when no side is less.
template <class D, class V>
HWY_INLINE V Relu(D d, const V& x) {
  return AtLeast(hn::Zero(d), x);
}

// relu'(x) = x > 0 ? 1 : 0, and y > 0 wherever x > 0.
template <class D, class V>
HWY_INLINE V ReluDerivative(D d, const V& x) {
  return SlopeAbove(d, x, 0);
}
template <class D, class V>
HWY_INLINE V ReluDerivativeFromOutput(D d, const V& y) {
  return SlopeAbove(d, y, 0);
}

// relu6(x) = min(max(x, 0), 6).
template <class D, class V>
HWY_INLINE V Relu6(D d, const V& x) {
  return AtMost(hn::Set(d, 6.0f), AtLeast(hn::Zero(d), x));
}

// relu6'(x) = 0 < x < 6 ? 1 : 0.
template <class D, class V>
HWY_INLINE V Relu6Derivative(D d, const V& x) {
  return SlopeBetween(d, x, 0, 6, 1);
}
template <class D, class V>
HWY_INLINE V Relu6DerivativeFromOutput(D d, const V& y) {
  return SlopeBetween(d, y, 0, 6, 1);
}

// leaky_relu(x) = x > 0 ? x : s x. One rounding, for x < 0 only. 0 times infinity is 0.
template <class T>
constexpr bool OrdinaryLeakyRelu(T negative_slope) {
  return IsFiniteAndNotZero(negative_slope);
}
template <class D, class V>
HWY_INLINE V LeakyRelu(D d, const V& x, Scalar<D> negative_slope) {
  if (HWY_UNLIKELY(!OrdinaryLeakyRelu(negative_slope))) {
    return EachLane(d, x, [negative_slope](Scalar<D> v) HWY_ATTR {
      return v > 0 ? v : general::Linear(v, negative_slope, Scalar<D>(0));
    });
  }
  return op::IfThenElse(op::Gt(x, hn::Zero(d)), x, op::Mul(x, hn::Set(d, negative_slope)));
}

// leaky_relu'(x) = x > 0 ? 1 : s.
template <class D, class V>
HWY_INLINE V LeakyReluDerivative(D d, const V& x, Scalar<D> negative_slope) {
  return ChoiceOf(x, op::Gt(x, hn::Zero(d)), hn::Set(d, 1.0f), hn::Set(d, negative_slope));
}
template <class D, class V>
HWY_INLINE V LeakyReluDerivativeFromOutput(D d, const V& y, Scalar<D> negative_slope) {
  return LeakyReluDerivative(d, y, negative_slope);
}

// prelu is leaky_relu by another name.
template <class T>
constexpr bool OrdinaryPrelu(T weight) {
  return OrdinaryLeakyRelu(weight);
}
template <class D, class V>
HWY_INLINE V Prelu(D d, const V& x, Scalar<D> weight) {
  return LeakyRelu(d, x, weight);
}
template <class D, class V>
HWY_INLINE V PreluDerivative(D d, const V& x, Scalar<D> weight) {
  return LeakyReluDerivative(d, x, weight);
}
template <class D, class V>
HWY_INLINE V PreluDerivativeFromOutput(D d, const V& y, Scalar<D> weight) {
  return LeakyReluDerivative(d, y, weight);
}

// high + low = (lower + upper) / 2; low is 0 for the default parameters. Halves of the least denormals are
// lost, as is a low word below them.
template <class T>
struct RreluSlope {
  T high, low;
  HWY_INLINE constexpr RreluSlope(T lower, T upper) : high(0), low(0) {
    const T a = lower / 2, b = upper / 2, sum = lower + upper;
    high = IsFinite(sum) ? sum / 2 : a + b;
    const T b_part = high - a;
    const T rest = (a - (high - b_part)) + (b - b_part);
    low = IsFinite(rest) ? rest : 0;
  }
};
template <class T>
constexpr bool OrdinaryRrelu(T lower, T upper) {
  return InRange(RreluSlope<T>(lower, upper).high, kOrdinaryLeast<T>, 0x1p20);
}

// slope x, and that for x next to 0, whose two products would be denormal. Not lambdas: gcc calls those out
// of line. The largest finite number stands for infinity in the product with low, which may have the other
// sign.
template <class D>
struct RreluProducts {
  D d;
  RreluSlope<Scalar<D>> slope;

  template <class V>
  HWY_INLINE V operator()(const V& v) const {
    const V finite = AtLeast(hn::Set(d, hwy::LowestValue<Scalar<D>>()), v);
    return Line(d, v, slope.high, V(op::Mul(finite, hn::Set(d, slope.low))));
  }
};
template <class D>
struct RreluNearZero {
  D d;
  RreluSlope<Scalar<D>> slope;

  template <class V>
  HWY_INLINE V operator()(const V& v) const {
    if constexpr (kIsFloat<D>) {
      return TimesConstant(d, v, double{slope.high} + double{slope.low});
    } else {
      const auto up = hn::Mul(v, hn::Set(d, 0x1p200));
      const auto low = hn::Mul(up, hn::Set(d, slope.low));
      return hn::Mul(MultiplyAdd(d, up, hn::Set(d, slope.high), low), hn::Set(d, 0x1p-200));
    }
  }
};

// rrelu(x) = x > 0 ? x : (lower + upper) / 2 x.
template <class D, class V>
HWY_INLINE V Rrelu(D d, const V& x, Scalar<D> lower, Scalar<D> upper) {
  if (HWY_UNLIKELY(!OrdinaryRrelu(lower, upper))) {
    return EachLane(
        d, x, [lower, upper](Scalar<D> v) HWY_ATTR { return v > 0 ? v : general::Rrelu(v, lower, upper); });
  }
  const RreluSlope<Scalar<D>> slope(lower, upper);
  if (slope.low == 0) return LeakyRelu(d, x, slope.high);
  V left;
  if constexpr (kInDouble<D>) {
    left = InDouble(d, x, [&](auto d64, const auto& v) HWY_ATTR {
      return op::Mul(v, hn::Set(d64, double{slope.high} + double{slope.low}));
    });
  } else {
    left = NearZero<true>(d, x, RreluProducts<D>{d, slope}, RreluNearZero<D>{d, slope});
    if constexpr (!HWY_NATIVE_FMA)  // both products may have underflown
      left = op::CopySign(left, slope.high < 0 ? V(op::Neg(x)) : x);
  }
  return op::IfThenElse(op::Lt(x, hn::Zero(d)), left, x);
}

// rrelu'(x) = x > 0 ? 1 : (lower + upper) / 2.
template <class D, class V>
HWY_INLINE V RreluDerivative(D d, const V& x, Scalar<D> lower, Scalar<D> upper) {
  return LeakyReluDerivative(d, x, RreluSlope<Scalar<D>>(lower, upper).high);
}
template <class D, class V>
HWY_INLINE V RreluDerivativeFromOutput(D d, const V& y, Scalar<D> lower, Scalar<D> upper) {
  return RreluDerivative(d, y, lower, upper);
}

// squared_relu(x) = max(x, 0)^2, squared_relu'(x) = 2 max(x, 0).
template <class D, class V>
HWY_INLINE V SquaredRelu(D d, const V& x) {
  const V positive = Relu(d, x);
  return op::Mul(positive, positive);
}
template <class D, class V>
HWY_INLINE V SquaredReluDerivative(D d, const V& x) {
  const V positive = Relu(d, x);
  return op::Add(positive, positive);
}

// squared_relu'(x) = 2 sqrt(y).
template <class D, class V>
HWY_INLINE V SquaredReluDerivativeFromOutput(D, const V& y) {
  const V root = op::Sqrt(y);
  return op::Add(root, root);
}

// ---- Clamped lines ---------------------------------------------------------------------------------------

// clamp(x) = min(max(x, low), high).
template <class T>
constexpr bool OrdinaryClamp(T, T) {
  return true;
}
template <class D, class V>
HWY_INLINE V Clamp(D d, const V& x, Scalar<D> low, Scalar<D> high) {
  return AtMost(hn::Set(d, high), AtLeast(hn::Set(d, low), x));
}

// clamp'(x) = low <= x <= high ? 1 : 0.
template <class D, class V>
HWY_INLINE V ClampDerivative(D d, const V& x, Scalar<D> low, Scalar<D> high) {
  const auto inside = op::And(op::Ge(x, hn::Set(d, low)), op::Le(x, hn::Set(d, high)));
  return ChoiceOf(x, inside, hn::Set(d, 1.0f));
}

// hardtanh is clamp, but hardtanh'(x) = min_val < x < max_val ? 1 : 0.
template <class T>
constexpr bool OrdinaryHardtanh(T, T) {
  return true;
}
template <class D, class V>
HWY_INLINE V Hardtanh(D d, const V& x, Scalar<D> min_val, Scalar<D> max_val) {
  return Clamp(d, x, min_val, max_val);
}
template <class D, class V>
HWY_INLINE V HardtanhDerivative(D d, const V& x, Scalar<D> min_val, Scalar<D> max_val) {
  return SlopeBetween(d, x, min_val, max_val, 1);
}
template <class D, class V>
HWY_INLINE V HardtanhDerivativeFromOutput(D d, const V& y, Scalar<D> min_val, Scalar<D> max_val) {
  return SlopeBetween(d, y, min_val, max_val, 1);
}

// hardsigmoid(x) = min(max(alpha x + beta, 0), 1).
template <class T>
constexpr bool OrdinaryHardsigmoid(T alpha, T beta) {
  return OrdinaryLinear(alpha, beta);
}
template <class D, class V>
HWY_INLINE V Hardsigmoid(D d, const V& x, Scalar<D> alpha, Scalar<D> beta) {
  return Clamp(d, Linear(d, x, alpha, beta), 0, 1);
}

// hardsigmoid'(x) = 0 < alpha x + beta < 1 ? alpha : 0. The ends are the numbers nearest to -beta / alpha and
// (1 - beta) / alpha: alpha = 1/6 is rounded, yet the derivative is 0 at -3 and 3.
template <class D, class V>
HWY_INLINE V HardsigmoidDerivative(D d, const V& x, Scalar<D> alpha, Scalar<D> beta) {
  const double slope = alpha, offset = beta;
  const double from = -offset / slope, to = (1.0 - offset) / slope;
  const auto low = static_cast<Scalar<D>>(from < to ? from : to);
  const auto high = static_cast<Scalar<D>>(from < to ? to : from);
  return SlopeBetween(d, x, low, high, alpha);
}
template <class D, class V>
HWY_INLINE V HardsigmoidDerivativeFromOutput(D d, const V& y, Scalar<D> alpha, Scalar<D> /*beta*/) {
  return SlopeBetween(d, y, 0, 1, alpha);
}

// hardswish(x) = x min(max(x + 3, 0), 6) / 6; -0 from -3 down.
template <class D, class V>
HWY_INLINE V Hardswish(D d, const V& x) {
  const auto three = hn::Set(d, 3.0f);
  const V inner = AtMost(three, AtLeast(hn::Set(d, -3.0f), x));
  V y;
  if constexpr (kInDouble<D>) {
    y = InDouble(d, inner, [](auto d64, const auto& v) HWY_ATTR {
      return op::Mul(op::Mul(v, op::Add(v, hn::Set(d64, 3.0))), hn::Set(d64, 1.0 / 6));
    });
  } else {
    // x times the pair (x + 3) / 6, which is 1/2 near 0: what x loses is no denormal of its size.
    const auto sixth = hn::Set(d, Scalar<D>(1.0 / 6));
    V sum, error;
    FastTwoSum(three, inner, sum, error);
    const V slope = op::Mul(sum, sixth);
    const V rest = op::Add(Remainder(d, slope, hn::Set(d, 6.0f), sum), error);
    const V low = op::Mul(op::Mul(rest, sixth), inner);
    if constexpr (HWY_NATIVE_FMA) {
      y = op::MulAdd(inner, slope, low);
    } else {
      V product;
      TwoProduct(d, inner, slope, product, error);
      y = op::Add(product, op::Add(error, low));
    }
  }
  return op::IfThenElse(op::Gt(x, three), x, WithSignOf(d, x, y));
}

// The same at memory's speed: x + 3 and 1/6 are rounded.
template <class D, class V>
HWY_INLINE V FastHardswish(D d, const V& x) {
  const V inner = AtLeast(hn::Set(d, Scalar<D>(-3)), x);
  const V ramp = AtMost(hn::Set(d, Scalar<D>(6)), V(op::Add(inner, hn::Set(d, Scalar<D>(3)))));
  return op::Mul(inner, op::Mul(ramp, hn::Set(d, Scalar<D>(1.0 / 6))));
}

// hardswish'(x) = x <= -3 ? 0 : x >= 3 ? 1 : (2 x + 3) / 6.
template <class D, class V>
HWY_INLINE V HardswishDerivative(D d, const V& x) {
  const auto three = hn::Set(d, 3.0f);
  const auto minus_three = hn::Set(d, -3.0f);
  const V inner = AtMost(three, AtLeast(minus_three, x));
  V y;
  if constexpr (kInDouble<D>) {
    y = InDouble(d, inner, [](auto d64, const auto& v) HWY_ATTR {
      return op::Mul(op::Add(op::Add(v, v), hn::Set(d64, 3.0)), hn::Set(d64, 1.0 / 6));
    });
  } else {
    const auto sixth = hn::Set(d, Scalar<D>(1.0 / 6));
    V sum, error;
    TwoSum(op::Add(inner, inner), three, sum, error);
    y = op::Mul(sum, sixth);
    const V rest = op::Add(Remainder(d, y, hn::Set(d, 6.0f), sum), error);
    y = op::MulAdd(rest, sixth, y);
  }
  return op::IfThenElse(op::Ge(x, three), hn::Set(d, 1.0f), op::IfThenZeroElse(op::Le(x, minus_three), y));
}

template <class D, class V>
HWY_INLINE V FastHardswishDerivative(D d, const V& x) {
  const V slope = MultiplyAdd(d, x, hn::Set(d, Scalar<D>(1.0 / 3)), hn::Set(d, Scalar<D>(0.5)));
  const V left = op::IfThenZeroElse(op::Le(x, hn::Set(d, Scalar<D>(-3))), slope);
  return op::IfThenElse(op::Ge(x, hn::Set(d, Scalar<D>(3))), hn::Set(d, Scalar<D>(1)), left);
}

// ---- Thresholds ------------------------------------------------------------------------------------------

// threshold(x) = x > threshold ? x : value.
template <class T>
constexpr bool OrdinaryThreshold(T, T) {
  return true;
}
template <class D, class V>
HWY_INLINE V Threshold(D d, const V& x, Scalar<D> threshold, Scalar<D> value) {
  return op::IfThenElse(op::Le(x, hn::Set(d, threshold)), hn::Set(d, value), x);
}

// threshold'(x) = x > threshold ? 1 : 0.
template <class D, class V>
HWY_INLINE V ThresholdDerivative(D d, const V& x, Scalar<D> threshold, Scalar<D> /*value*/) {
  return SlopeAbove(d, x, threshold);
}

// thresholded_relu(x) = x > alpha ? x : 0.
template <class T>
constexpr bool OrdinaryThresholdedRelu(T) {
  return true;
}
template <class D, class V>
HWY_INLINE V ThresholdedRelu(D d, const V& x, Scalar<D> alpha) {
  return op::IfThenZeroElse(op::Le(x, hn::Set(d, alpha)), x);
}

// thresholded_relu'(x) = x > alpha ? 1 : 0, or y > 0 ? 1 : 0.
template <class D, class V>
HWY_INLINE V ThresholdedReluDerivative(D d, const V& x, Scalar<D> alpha) {
  return SlopeAbove(d, x, alpha);
}
template <class D, class V>
HWY_INLINE V ThresholdedReluDerivativeFromOutput(D d, const V& y, Scalar<D> /*alpha*/) {
  return SlopeAbove(d, y, 0);
}

// shrink(x) = x > lambd ? x - bias : x < -lambd ? x + bias : 0. The zero keeps the sign of x. An infinite
// bias outweighs an infinite x.
template <class T>
constexpr bool OrdinaryShrink(T /*lambd*/, T bias) {
  return IsFinite(bias);
}
template <class D, class V>
HWY_INLINE V Shrink(D d, const V& x, Scalar<D> lambd, Scalar<D> bias) {
  if (HWY_UNLIKELY(!OrdinaryShrink(lambd, bias))) {
    return EachLane(d, x, [lambd, bias](Scalar<D> v) HWY_ATTR { return general::Shrink(v, lambd, bias); });
  }
  const auto shift = hn::Set(d, bias);
  const V middle = op::IfThenElse(op::IsNaN(x), x, op::And(x, hn::SignBit(d)));
  const V left = op::IfThenElse(op::Lt(x, hn::Set(d, -lambd)), op::Add(x, shift), middle);
  return op::IfThenElse(op::Gt(x, hn::Set(d, lambd)), op::Sub(x, shift), left);
}

// shrink'(x) = |x| > lambd ? 1 : 0.
template <class D, class V>
HWY_INLINE V ShrinkDerivative(D d, const V& x, Scalar<D> lambd, Scalar<D> /*bias*/) {
  return SlopeOutside(d, x, lambd);
}

// softshrink(x) = x > lambd ? x - lambd : x < -lambd ? x + lambd : 0.
template <class T>
constexpr bool OrdinarySoftshrink(T lambd) {
  return OrdinaryShrink(lambd, lambd);
}
template <class D, class V>
HWY_INLINE V Softshrink(D d, const V& x, Scalar<D> lambd) {
  return Shrink(d, x, lambd, lambd);
}
template <class D, class V>
HWY_INLINE V SoftshrinkDerivative(D d, const V& x, Scalar<D> lambd) {
  return SlopeOutside(d, x, lambd);
}

// hardshrink(x) = |x| > lambd ? x : 0.
template <class T>
constexpr bool OrdinaryHardshrink(T) {
  return true;
}
template <class D, class V>
HWY_INLINE V Hardshrink(D d, const V& x, Scalar<D> lambd) {
  const auto inside = op::Le(op::Abs(x), hn::Set(d, lambd));
  return op::IfThenElse(inside, op::And(x, hn::SignBit(d)), x);
}
template <class D, class V>
HWY_INLINE V HardshrinkDerivative(D d, const V& x, Scalar<D> lambd) {
  return SlopeOutside(d, x, lambd);
}

// sparse_plus(x) = x <= -1 ? 0 : x >= 1 ? x : (x + 1)^2 / 4, with what the sum loses kept in the square.
template <class D, class V>
HWY_INLINE V SparsePlus(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return SparsePlus(d64, v); });
  } else {
    const auto one = hn::Set(d, Scalar<D>(1));
    V sum, sum_low, square, square_low;
    TwoSum(x, one, sum, sum_low);
    PairProduct(d, sum, sum_low, sum, sum_low, square, square_low);
    const V curve = op::Mul(op::Add(square, square_low), hn::Set(d, Scalar<D>(0.25)));
    const V left = op::IfThenElse(op::Le(x, op::Neg(one)), hn::Zero(d), curve);
    return op::IfThenElse(op::Ge(x, one), x, left);
  }
}
// x <= -1 ? 0 : x >= 1 ? 1 : (x + 1) / 2.
template <class D, class V>
HWY_INLINE V SparsePlusDerivative(D d, const V& x) {
  const auto one = hn::Set(d, Scalar<D>(1));
  const V line = op::Mul(op::Add(x, one), hn::Set(d, Scalar<D>(0.5)));
  return AtLeast(hn::Zero(d), AtMost(one, line));
}
// y >= 1 ? 1 : sqrt(y).
template <class D, class V>
HWY_INLINE V SparsePlusDerivativeFromOutput(D d, const V& y) {
  return AtMost(hn::Set(d, Scalar<D>(1)), V(op::Sqrt(y)));
}

// step(x) = x > 0 ? 1 : 0, step'(x) = 0.
template <class D, class V>
HWY_INLINE V Step(D d, const V& x) {
  return SlopeAbove(d, x, 0);
}
template <class D, class V>
HWY_INLINE V StepDerivative(D, const V& x) {
  return ZeroOf(x);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_RECTIFIED_INL_H_
