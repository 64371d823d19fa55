// relu and its kin: pieces of straight lines (one of them squared), chosen by comparisons.
//
// Most are exact but for one rounding. NaN fails every comparison, so each function is arranged to hand x on
// where no comparison holds; infinities never meet a product that could make NaN of them.

#if defined(SIMDACT_RECTIFIED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_RECTIFIED_INL_H_
#undef SIMDACT_RECTIFIED_INL_H_
#else
#define SIMDACT_RECTIFIED_INL_H_
#endif

#include "simdact/hardswish-inl.h"
#include "simdact/shrink-inl.h"

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
constexpr size_t kSquaredReluVectors = Lockstep(4, 4), kSquaredReluDerivativeVectors = Lockstep(4, 4);

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
      return hn::Mul(MultiplyAdd(up, hn::Set(d, slope.high), low), hn::Set(d, 0x1p-200));
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

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_RECTIFIED_INL_H_
