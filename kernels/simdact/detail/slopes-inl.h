// What pieces of straight lines are made of: slopes chosen by comparisons, and bounds. NaN fails every
// comparison, and is handed on.

#if defined(SIMDACT_SLOPES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SLOPES_INL_H_
#undef SIMDACT_SLOPES_INL_H_
#else
#define SIMDACT_SLOPES_INL_H_
#endif

#include "simdact/arithmetic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

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

// clamp(x) = min(max(x, low), high).
template <class T>
constexpr bool OrdinaryClamp(T, T) {
  return true;
}
template <class D, class V>
HWY_INLINE V Clamp(D d, const V& x, Scalar<D> low, Scalar<D> high) {
  return AtMost(hn::Set(d, high), AtLeast(hn::Set(d, low), x));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SLOPES_INL_H_
