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

// sigmoid(x) and sigmoid'(x). Both follow from one exponential and one reciprocal, those of -|x|: the
// compiler sees that the two functions called here begin alike.
template <class D, class V>
HWY_INLINE void SigmoidAndSlope(D d, const V& x, V& sigmoid, V& slope) {
  slope = SigmoidDerivative(d, x);
  if constexpr (kInDouble<D>) {
    sigmoid = Sigmoid(d, x);
  } else {
    const auto unit = hn::Set(d, kLogisticUnit<D>), one = hn::Set(d, Scalar<D>(1));
    V y, e, scale, p;
    bool deep;
    const V a = LogisticMagnitude(d, x, deep);
    InverseOnePlusExp(d, a, NoLow(), y, e, scale, p);
    const V left = op::MulAdd(y, e, y);
    sigmoid = op::IfThenElse(op::Lt(x, hn::Zero(d)), op::Mul(left, unit), op::NegMulAdd(left, unit, one));
  }
}

template <class D, class V>
HWY_INLINE V Glu(D d, const V& gate, const V& up) {
  return op::Mul(Sigmoid(d, gate), up);
}
template <class D, class V>
HWY_INLINE void GluGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  V sigmoid, slope;
  SigmoidAndSlope(d, gate, sigmoid, slope);
  GateGradients(sigmoid, slope, up, dy, dgate, dup);
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

// s (u + 1) for a finite u, rounded once, next to u = -1 too. Without FMA the error terms are dropped where
// they are no numbers, because s is too large for them.
template <class D, class V>
HWY_INLINE V TimesOnePlus(D d, const V& s, const V& u) {
#if HWY_NATIVE_FMA
  (void)d;
  return op::MulAdd(s, u, s);
#else
  V sum, sum_low, product, rest;
  TwoSum(u, hn::Set(d, Scalar<D>(1)), sum, sum_low);
  TwoProduct(d, s, sum, product, rest);
  rest = op::MulAdd(s, sum_low, rest);
  return op::Add(product, op::IfThenElseZero(op::Lt(op::Abs(rest), op::Abs(product)), rest));
#endif
}

// g sigmoid(alpha g) (u + 1) with g = min(gate, limit) and u clamped to [-limit, limit], limit finite.
template <class D, class V>
HWY_INLINE V SwigluOai(D d, const V& gate, const V& up, Scalar<D> alpha, Scalar<D> limit) {
  const V s = Swish(d, AtMost(hn::Set(d, limit), gate), alpha);
  return TimesOnePlus(d, s, Clamp(d, up, -limit, limit));
}

// The slope of a clamp is 1 inside and at the ends, 0 outside, and NaN for NaN.
template <class D, class V>
HWY_INLINE void SwigluOaiGradients(D d, const V& gate, const V& up, const V& dy, Scalar<D> alpha,
                                   Scalar<D> limit, V& dgate, V& dup) {
  const auto most = hn::Set(d, limit);
  const V g = AtMost(most, gate);
  const V slope = op::IfThenZeroElse(op::Gt(gate, most), SwishDerivative(d, g, alpha));
  dgate = op::Mul(dy, TimesOnePlus(d, slope, Clamp(d, up, -limit, limit)));
  dup = op::Mul(op::Mul(dy, Swish(d, g, alpha)), ClampDerivative(d, up, -limit, limit));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_GATES_INL_H_
