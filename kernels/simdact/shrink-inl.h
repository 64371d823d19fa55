// threshold, step, the shrinking ones and sparse_plus: x, a constant, or x moved by one, by where x lies.
//
// sparse_plus is a parabola between: (x + 1)^2 / 4, whose sum and square keep what they round off.

#if defined(SIMDACT_SHRINK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SHRINK_INL_H_
#undef SIMDACT_SHRINK_INL_H_
#else
#define SIMDACT_SHRINK_INL_H_
#endif

#include "simdact/detail/slopes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kThresholdVectors = Lockstep(4, 4), kThresholdDerivativeVectors = Lockstep(4, 4);
constexpr size_t kThresholdedReluVectors = Lockstep(4, 4), kThresholdedReluDerivativeVectors = Lockstep(4, 4);
constexpr size_t kSparsePlusVectors = Lockstep(4, 4), kSparsePlusDerivativeVectors = Lockstep(4, 4);
constexpr size_t kSoftshrinkVectors = Lockstep(4, 4), kSoftshrinkDerivativeVectors = Lockstep(4, 4);
constexpr size_t kHardshrinkVectors = Lockstep(4, 4), kHardshrinkDerivativeVectors = Lockstep(4, 4);
constexpr size_t kShrinkVectors = Lockstep(4, 4), kShrinkDerivativeVectors = Lockstep(4, 4);
constexpr size_t kStepVectors = Lockstep(4, 4), kStepDerivativeVectors = Lockstep(4, 4);

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
    const auto sum = TwoSum(x, one);
    const V curve = op::Mul(Round(Product(sum, sum)), hn::Set(d, Scalar<D>(0.25)));
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

#endif  // SIMDACT_SHRINK_INL_H_
