// hardsigmoid, a line between two bounds, and hardswish, x times one.
//
// hardsigmoid's default alpha = 1/6 is no number, and what its rounding leaves is a third of the result next
// to x = -3. So there it is the product of two pairs, c + e = x + 3 and a + b = 1/6:
//
//   hardsigmoid(x) = c a + (c b + e a)
//
// where e b is below 2^-48 of it, and no rounding but the last counts. Any other alpha is what it is.
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
constexpr size_t kFastHardsigmoidVectors = Lockstep(4, 4), kFastHardsigmoidDerivativeVectors = 0;
constexpr size_t kHardswishVectors = Lockstep(4, 4), kHardswishDerivativeVectors = Lockstep(4, 4);
constexpr size_t kFastHardswishVectors = Lockstep(4, 4), kFastHardswishDerivativeVectors = Lockstep(4, 4);

// Whether alpha x + beta stands for (x + 3) / 6.
template <class T>
constexpr bool IsSixthOfSum(T alpha, T beta) {
  return alpha == static_cast<T>(1.0 / 6) && beta == T(0.5);
}
// (x + 3) / 6 for x from -3 to 3.
template <class D, class V>
HWY_INLINE V SixthOfSum(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR {
      return op::Mul(op::Add(v, hn::Set(d64, 3.0)), hn::Set(d64, 1.0 / 6));
    });
  } else {
    constexpr auto kSixth = static_cast<Scalar<D>>(1.0 / 6);
    constexpr auto kRest = static_cast<Scalar<D>>(sizeof(kSixth) == sizeof(float) ? 1.0 / 6 - double{kSixth}
                                                                                  : 0x1.5555555555555p-57);
    const auto sixth = hn::Set(d, kSixth);
    const auto sum = FastTwoSum(hn::Set(d, 3.0f), x);
    const V rest = op::MulAdd(High(sum), hn::Set(d, kRest), op::Mul(Low(sum), sixth));
    if constexpr (HWY_NATIVE_FMA) return op::MulAdd(High(sum), sixth, rest);
    const auto product = TwoProduct(High(sum), sixth);
    return op::Add(High(product), op::Add(Low(product), rest));
  }
}

// hardsigmoid(x) = min(max(alpha x + beta, 0), 1).
template <class T>
constexpr bool OrdinaryHardsigmoid(T alpha, T beta) {
  return OrdinaryLinear(alpha, beta);
}
template <class D, class V>
HWY_INLINE V Hardsigmoid(D d, const V& x, Scalar<D> alpha, Scalar<D> beta) {
  if (IsSixthOfSum(alpha, beta)) return SixthOfSum(d, Clamp(d, x, -3, 3));
  return Clamp(d, Linear(d, x, alpha, beta), 0, 1);
}

// The same at memory's speed: x + 3 and 1/6 are rounded. Other parameters have an accurate kernel as fast.
template <class T>
constexpr bool OrdinaryFastHardsigmoid(T alpha, T beta) {
  return IsSixthOfSum(alpha, beta);
}
template <class D, class V>
HWY_INLINE V FastHardsigmoid(D d, const V& x, Scalar<D> alpha, Scalar<D> beta) {
  if (HWY_UNLIKELY(!IsSixthOfSum(alpha, beta))) return Hardsigmoid(d, x, alpha, beta);
  const V sum = op::Add(x, hn::Set(d, Scalar<D>(3)));
  return Clamp(d, V(op::Mul(sum, hn::Set(d, Scalar<D>(1.0 / 6)))), 0, 1);
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
HWY_INLINE V FastHardsigmoidDerivative(D d, const V& x, Scalar<D> alpha, Scalar<D> beta) {
  return HardsigmoidDerivative(d, x, alpha, beta);
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
