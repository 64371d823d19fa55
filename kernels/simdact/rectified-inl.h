// relu and leaky_relu: comparisons and one product, exact but for its rounding.
//
// NaN fails every comparison, so each function is arranged to hand x on where no comparison holds.

#if defined(SIMDACT_RECTIFIED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_RECTIFIED_INL_H_
#undef SIMDACT_RECTIFIED_INL_H_
#else
#define SIMDACT_RECTIFIED_INL_H_
#endif

#include "simdact/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kReluVectors = Lockstep(4, 4);
constexpr size_t kReluDerivativeVectors = Lockstep(4, 4);
constexpr size_t kLeakyReluVectors = Lockstep(4, 4);
constexpr size_t kLeakyReluDerivativeVectors = Lockstep(4, 4);

// relu(x) = max(x, 0); -0 stays -0, NaN stays NaN: AtLeast hands x on when no side is less.
template <class D, class V>
HWY_INLINE V Relu(D d, const V& x) {
  return AtLeast(hn::Zero(d), x);
}

// relu'(x) = x > 0 ? 1 : 0.
template <class D, class V>
HWY_INLINE V ReluDerivative(D d, const V& x) {
  const auto one = hn::Set(d, 1.0f);
  return op::IfThenElse(op::Gt(x, hn::Zero(d)), one, op::IfThenZeroElse(op::Lt(x, one), x));
}

// leaky_relu(x) = x > 0 ? x : s x. One rounding, for x < 0 only.
template <class D, class V>
HWY_INLINE V LeakyRelu(D d, const V& x, float negative_slope) {
  return op::IfThenElse(op::Gt(x, hn::Zero(d)), x, op::Mul(x, hn::Set(d, negative_slope)));
}

// leaky_relu'(x) = x > 0 ? 1 : s.
template <class D, class V>
HWY_INLINE V LeakyReluDerivative(D d, const V& x, float negative_slope) {
  const auto positive = op::IfThenElse(op::Gt(x, hn::Zero(d)), hn::Set(d, 1.0f), x);
  return op::IfThenElse(op::Lt(positive, hn::Set(d, 0.5f)), hn::Set(d, negative_slope), positive);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_RECTIFIED_INL_H_
