// hardsigmoid, a line between two bounds, and hardswish, x times one.
//
// hardswish is a product of three: x (x + 3) / 6. The roundings of the sum and of the product are kept, and
// so is what the multiplication by 1/6, rounded, leaves of the division, so that one rounding remains:
//
//   c + e = x + 3,   p + t = x (c + e),   y = p * (1/6),   hardswish(x) = y + (p - 6 y + t) * (1/6)
//
// p - 6 y is a number of the format, and near x = -3, where the function vanishes, e = 0. Without FMA, f32 is
// computed in double and rounded once.

#if defined(SIMDACT_HARDSWISH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_HARDSWISH_INL_H_
#undef SIMDACT_HARDSWISH_INL_H_
#else
#define SIMDACT_HARDSWISH_INL_H_
#endif

#include "simdact/detail/slopes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kHardsigmoidVectors = Lockstep(4, 4), kHardsigmoidDerivativeVectors = Lockstep(4, 4);
constexpr size_t kHardswishVectors = Lockstep(4, 4), kHardswishDerivativeVectors = Lockstep(4, 4);
constexpr size_t kFastHardswishVectors = Lockstep(4, 4), kFastHardswishDerivativeVectors = Lockstep(4, 4);

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
    const auto sum = FastTwoSum(three, inner);
    const V slope = op::Mul(High(sum), sixth);
    const V rest = op::Add(Remainder(slope, hn::Set(d, 6.0f), High(sum)), Low(sum));
    const V low = op::Mul(op::Mul(rest, sixth), inner);
    if constexpr (HWY_NATIVE_FMA) {
      y = op::MulAdd(inner, slope, low);
    } else {
      const auto product = TwoProduct(inner, slope);
      y = op::Add(High(product), op::Add(Low(product), low));
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
    const auto sum = TwoSum(op::Add(inner, inner), three);
    y = op::Mul(High(sum), sixth);
    const V rest = op::Add(Remainder(y, hn::Set(d, 6.0f), High(sum)), Low(sum));
    y = op::MulAdd(rest, sixth, y);
  }
  return op::IfThenElse(op::Ge(x, three), hn::Set(d, 1.0f), op::IfThenZeroElse(op::Le(x, minus_three), y));
}

template <class D, class V>
HWY_INLINE V FastHardswishDerivative(D d, const V& x) {
  const V slope = MultiplyAdd(x, hn::Set(d, Scalar<D>(1.0 / 3)), hn::Set(d, Scalar<D>(0.5)));
  const V left = op::IfThenZeroElse(op::Le(x, hn::Set(d, Scalar<D>(-3))), slope);
  return op::IfThenElse(op::Ge(x, hn::Set(d, Scalar<D>(3))), hn::Set(d, Scalar<D>(1)), left);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_HARDSWISH_INL_H_
