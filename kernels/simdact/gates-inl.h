// Gated linear units: act(gate) up, and the gradients dy up act'(gate) and dy act(gate).
//
// Two roundings, the activation's and the product's: an activation off by c ulp makes a product off by at
// most 2 c + 0.5, for c ulp at the lower end of a binade are 2 c at the upper. Where the activation is
// denormal its unit, multiplied by up, is all the accuracy there is.
//
// dgate = (dy up) act'(gate), in this order: act' is at most 1.2, so that nothing lost below the normal
// numbers in the first product can grow in the second.
//
// Each gate has a function Name(d, gate, up), a function NameGradients(d, gate, up, dy, dgate, dup) and the
// numbers of vectors to work on in lockstep, kNameVectors and kNameGradientVectors.

#if defined(SIMDACT_GATES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_GATES_INL_H_
#undef SIMDACT_GATES_INL_H_
#else
#define SIMDACT_GATES_INL_H_
#endif

#include "simdact/gelu_tanh-inl.h"
#include "simdact/logistic-inl.h"
#include "simdact/normal-inl.h"
#include "simdact/rectified-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kGluVectors = Lockstep(8, 4), kGluGradientVectors = Lockstep(4, 2);
constexpr size_t kSwigluVectors = Lockstep(8, 4), kSwigluGradientVectors = Lockstep(4, 2);
constexpr size_t kGegluVectors = Lockstep(4, 2), kGegluGradientVectors = Lockstep(4, 2);
constexpr size_t kGegluTanhVectors = Lockstep(4, 2), kGegluTanhGradientVectors = Lockstep(4, 2);
constexpr size_t kGegluQuickVectors = Lockstep(4, 2), kGegluQuickGradientVectors = Lockstep(4, 2);
constexpr size_t kRegluVectors = Lockstep(4, 4), kRegluGradientVectors = Lockstep(4, 4);
constexpr size_t kSwigluOaiVectors = Lockstep(4, 2), kSwigluOaiGradientVectors = Lockstep(4, 2);

// From act(gate) and act'(gate).
template <class V>
HWY_INLINE void GateGradients(const V& act, const V& slope, const V& up, const V& dy, V& dgate, V& dup) {
  dgate = op::Mul(op::Mul(dy, up), slope);
  dup = op::Mul(dy, act);
}

// sigmoid(x) beside sigmoid'(x). Both follow from one exponential and one reciprocal, those of -|x|: the
// compiler sees that the two functions begin alike.
template <class D, class V>
HWY_INLINE V SigmoidBesideSlope(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return Sigmoid(d, x);
  } else {
    constexpr int kBias = kLogisticBias<D>;
    const auto unit = hn::Set(d, kLogisticUnit<D>), one = hn::Set(d, Scalar<D>(1));
    bool deep;
    const V a = LogisticMagnitude(d, x, deep);
    const auto inverse = InverseSplit(Normalized(OnePlus<kBias>(d, ExpSplit<kBias>(d, a))));
    const V left = TimesOnePlus(V(Scale(inverse)), V(Excess(inverse)));
    return op::IfThenElse(op::Lt(x, hn::Zero(d)), op::Mul(left, unit), op::NegMulAdd(left, unit, one));
  }
}

template <class D, class V>
HWY_INLINE V Glu(D d, const V& gate, const V& up) {
  return op::Mul(Sigmoid(d, gate), up);
}
template <class D, class V>
HWY_INLINE void GluGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  const V slope = SigmoidDerivative(d, gate);
  GateGradients(SigmoidBesideSlope(d, gate), slope, up, dy, dgate, dup);
}

template <class D, class V>
HWY_INLINE V Swiglu(D d, const V& gate, const V& up) {
  return op::Mul(Silu(d, gate), up);
}
template <class D, class V>
HWY_INLINE void SwigluGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  GateGradients(Silu(d, gate), SiluDerivative(d, gate), up, dy, dgate, dup);
}

template <class D, class V>
HWY_INLINE V Geglu(D d, const V& gate, const V& up) {
  return op::Mul(Gelu(d, gate), up);
}
template <class D, class V>
HWY_INLINE void GegluGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  GateGradients(Gelu(d, gate), GeluDerivative(d, gate), up, dy, dgate, dup);
}

template <class D, class V>
HWY_INLINE V GegluTanh(D d, const V& gate, const V& up) {
  return op::Mul(GeluTanh(d, gate), up);
}
template <class D, class V>
HWY_INLINE void GegluTanhGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  GateGradients(GeluTanh(d, gate), GeluTanhDerivative(d, gate), up, dy, dgate, dup);
}

template <class D, class V>
HWY_INLINE V GegluQuick(D d, const V& gate, const V& up) {
  return op::Mul(GeluQuick(d, gate), up);
}
template <class D, class V>
HWY_INLINE void GegluQuickGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  GateGradients(GeluQuick(d, gate), GeluQuickDerivative(d, gate), up, dy, dgate, dup);
}

template <class D, class V>
HWY_INLINE V Reglu(D d, const V& gate, const V& up) {
  return op::Mul(Relu(d, gate), up);
}
template <class D, class V>
HWY_INLINE void RegluGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  GateGradients(Relu(d, gate), ReluDerivative(d, gate), up, dy, dgate, dup);
}

#if !HWY_NATIVE_FMA
// s u + s for floats, rounded to double and then once more.
template <class D>
HWY_INLINE hn::Vec<D> TimesOnePlusInDouble(D d, hn::Vec<D> s, hn::Vec<D> u) {
  const auto in_double = [](auto narrow, auto x, auto y) HWY_ATTR {
    const hn::Rebind<double, decltype(narrow)> d64;
    const auto wide = hn::PromoteTo(d64, x);
    return hn::DemoteTo(narrow, hn::Add(hn::Mul(wide, hn::PromoteTo(d64, y)), wide));
  };
  if constexpr (hn::MaxLanes(D()) == 1) {
    return in_double(d, s, u);
  } else {
    const hn::Half<D> half;
    return hn::Combine(d, in_double(half, hn::UpperHalf(half, s), hn::UpperHalf(half, u)),
                       in_double(half, hn::LowerHalf(half, s), hn::LowerHalf(half, u)));
  }
}
#endif

// s (u + 1) for finite s and u, rounded once, next to u = -1 too. A zero has the sign of s u + s in IEEE's
// arithmetic: it is -0 where s = -0 and u >= 0.
template <class D, class V>
HWY_INLINE V TimesOnePlus(D d, const V& s, const V& u) {
#if HWY_NATIVE_FMA
  (void)d;
  return op::MulAdd(s, u, s);
#else
  if constexpr (kIsFloat<D>) {
    V result = s;
    if constexpr (op::Width<V>::value == 0) {
      result = TimesOnePlusInDouble(d, s, u);
    } else {
      HWY_UNROLL(8)
      for (size_t k = 0; k < op::Width<V>::value; ++k) result.v[k] = TimesOnePlusInDouble(d, s.v[k], u.v[k]);
    }
    return result;
  } else {
    const auto product = Product(s, TwoSum(u, hn::Set(d, 1.0)));
    // The error terms are no numbers where s is too large for them, and do not count where the product is 0.
    const auto counts = op::Lt(op::Abs(Low(product)), op::Abs(High(product)));
    return op::Add(High(product), op::IfThenElse(counts, Low(product), op::AndNot(u, hn::SignBit(d))));
  }
#endif
}

// What is known of a gate's parameters. Ordinary ones of swiglu_oai: alpha > 0, and limit is a number.
struct AnyParameters {};
struct OrdinaryParameters {};

// g sigmoid(alpha g) (u + 1) with g = min(gate, limit) and u clamped to [-limit, limit], limit finite or NaN.
template <class D, class V, class P = AnyParameters>
HWY_INLINE V SwigluOai(D d, const V& gate, const V& up, Scalar<D> alpha, Scalar<D> limit, P = P()) {
  constexpr bool kAny = hwy::IsSame<P, AnyParameters>();
  const Scalar<D> both = alpha + limit;
  if (kAny && !(both == both)) return op::Mul(gate, hn::Set(d, both));
  const V s = Swish(d, AtMost(hn::Set(d, limit), gate), alpha), u = Clamp(d, up, -limit, limit);
  const V y = TimesOnePlus(d, s, u);
  if (!kAny || alpha > 0) return y;
  // swish(-inf) is -inf.
  return op::IfThenElse(op::Lt(op::Abs(s), hn::Inf(d)), y, op::Mul(s, op::Add(u, hn::Set(d, Scalar<D>(1)))));
}

// swish'(x). At the usual alpha floats do: dgate has 2.02 ulp, in `simdact accuracy swiglu_oai --inputs 1e7`.
template <class D, class V>
HWY_INLINE V OaiSlope(D d, const V& x, Scalar<D> alpha) {
  if constexpr (kIsFloat<D> && !kInDouble<D>) {
    if (alpha == 1.702f) return SwishSlopeAt(d, x, alpha, 0.0f, NoUpstream());
  }
  return SwishDerivative(d, x, alpha);
}

// The slope of a clamp is 1 inside and at the ends, 0 outside, and NaN for NaN.
template <class D, class V, class P = AnyParameters>
HWY_INLINE void SwigluOaiGradients(D d, const V& gate, const V& up, const V& dy, Scalar<D> alpha,
                                   Scalar<D> limit, V& dgate, V& dup, P = P()) {
  constexpr bool kAny = hwy::IsSame<P, AnyParameters>();
  const Scalar<D> both = alpha + limit;
  if (kAny && !(both == both)) {
    dgate = dup = op::Mul(gate, hn::Set(d, both));
    return;
  }
  const auto most = hn::Set(d, limit);
  const V g = AtMost(most, gate);
  const V slope = op::IfThenZeroElse(op::Gt(gate, most), OaiSlope(d, g, alpha));
  dgate = op::Mul(dy, TimesOnePlus(d, slope, Clamp(d, up, -limit, limit)));
  V s = Swish(d, g, alpha);
  if (kAny && !(alpha > 0)) {  // swish(-inf) is -inf
    const auto none = op::And(op::Gt(op::Abs(up), most), op::Eq(s, hn::Neg(hn::Inf(d))));
    s = op::IfThenZeroElse(none, s);
  }
  // In this order, for dy swish may overflow where the slope is 0.
  dup = op::Mul(dy, op::Mul(s, ClampDerivative(d, up, -limit, limit)));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_GATES_INL_H_
