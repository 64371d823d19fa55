// xielu and its derivative.
//
// On the left both are sums of an exponential and a line, and cross zero, where depends on the parameters: no
// table can be centred there. Floats are computed in double. For doubles expm1 is a Taylor series of pairs,
// good to 2^-100, which leaves an error of an ulp as close as 2^-46 to the zero.

#if defined(SIMDACT_XIELU_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_XIELU_INL_H_
#undef SIMDACT_XIELU_INL_H_
#else
#define SIMDACT_XIELU_INL_H_
#endif

#include "simdact/exp-inl.h"
#include "simdact/general-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kXieluVectors = Lockstep(2, 2);
constexpr size_t kXieluDerivativeVectors = Lockstep(2, 2);

// 1 / k! for k = 2...: the first as pairs.
constexpr double kInverseFactorial[] = {
    0x1.0000000000000p-1,  0x1.5555555555555p-3,  0x1.5555555555555p-5,  0x1.1111111111111p-7,
    0x1.6c16c16c16c17p-10, 0x1.a01a01a01a01ap-13, 0x1.a01a01a01a01ap-16, 0x1.71de3a556c734p-19,
    0x1.27e4fb7789f5cp-22, 0x1.ae64567f544e4p-26, 0x1.1eed8eff8d898p-29, 0x1.6124613a86d09p-33,
    0x1.93974a8c07c9dp-37, 0x1.ae7f3e733b81fp-41, 0x1.ae7f3e733b81fp-45, 0x1.952c77030ad4ap-49};
constexpr double kInverseFactorialLow[] = {0.0,
                                           0x1.5555555555555p-57,
                                           0x1.5555555555555p-59,
                                           0x1.1111111111111p-63,
                                           -0x1.f49f49f49f49fp-65,
                                           0x1.a01a01a01a01ap-73,
                                           0x1.a01a01a01a01ap-76};

// exp(x) - 1 = high + low to 2^-100, for doubles x in [-708, 709].
template <class D, class V>
HWY_INLINE void Expm1Long(D d, const V& x, V& high, V& low) {
  Index<D, V> index;
  V r, r_low, near, scale, rest, e, e_low;
  const auto magic = hn::Set(d, ExpMagic<D>(0));
  const V t = op::MulAdd(x, hn::Set(d, ExpDouble::kLog2e), magic);
  index = op::BitCast(hn::RebindToSigned<D>(), t);
  const V n = op::Sub(t, magic);
  near = op::NegMulAdd(n, hn::Set(d, ExpDouble::kLn2High), x);  // exact
  PairProduct(d, n, hn::Zero(d), hn::Set(d, -ExpDouble::kLn2Low), hn::Set(d, -ExpDouble::kLn2Lower), r,
              r_low);
  PairSum(near, hn::Zero(d), r, r_low, r, r_low);

  // r + r^2 (1/2! + r (1/3! + ...)): from 9! on the rounding of a double is 2^-100 of r.
  constexpr int kLast = static_cast<int>(sizeof(kInverseFactorial) / sizeof(double)) - 1;
  constexpr int kPairs = static_cast<int>(sizeof(kInverseFactorialLow) / sizeof(double));
  V q = op::MulAdd(hn::Set(d, kInverseFactorial[kLast]), r, hn::Set(d, kInverseFactorial[kLast - 1]));
  HWY_UNROLL(16)
  for (int k = kLast - 2; k >= kPairs; --k) q = op::MulAdd(q, r, hn::Set(d, kInverseFactorial[k]));
  e = q, e_low = op::Sub(q, q);
  HWY_UNROLL(16)
  for (int k = kPairs - 1; k >= 0; --k) {
    PairProduct(d, e, e_low, r, r_low, e, e_low);
    PairSum(e, e_low, hn::Set(d, kInverseFactorial[k]), hn::Set(d, kInverseFactorialLow[k]), e, e_low);
  }
  PairProduct(d, e, e_low, r, r_low, e, e_low);
  PairProduct(d, e, e_low, r, r_low, e, e_low);
  PairSum(e, e_low, r, r_low, e, e_low);

  // scale (1 + rest) (1 + e) - 1
  ExpPower(d, index, scale, rest);
  PairSum(e, e_low, rest, op::Mul(rest, e), e, e_low);
  PairProduct(d, e, e_low, scale, hn::Zero(d), e, e_low);
  V shifted, shifted_low;
  TwoSum(scale, hn::Set(d, -1.0), shifted, shifted_low);
  PairSum(e, e_low, shifted, shifted_low, high, low);
}

// xielu(x) = x > 0 ? alpha_p x^2 + beta x : alpha_n (exp(min(x, eps)) - 1 - x) + beta x. Where beta is
// alpha_n the line vanishes, and with it what bounds the left side.
template <class T>
constexpr bool OrdinaryXielu(T alpha_p, T alpha_n, T beta, T /*eps*/) {
  return InRange(alpha_p, 0x1p-100, 0x1p100) && InRange(alpha_n, 0x1p-100, 0x1p100) &&
         InRange(beta, 0x1p-100, 0x1p100) && alpha_n != beta;
}
template <class D, class V>
HWY_INLINE V Xielu(D d, const V& x, Scalar<D> alpha_p, Scalar<D> alpha_n, Scalar<D> beta, Scalar<D> eps) {
  if (HWY_UNLIKELY(!OrdinaryXielu(alpha_p, alpha_n, beta, eps))) {
    return EachLane(d, x,
                    [=](Scalar<D> v) HWY_ATTR { return general::Xielu(v, alpha_p, alpha_n, beta, eps); });
  }
  if constexpr (kIsFloat<D>) {
    return InDouble(d, x, [alpha_p, alpha_n, beta, eps](auto d64, const auto& v) HWY_ATTR {
      return Xielu(d64, v, double{alpha_p}, double{alpha_n}, double{beta}, double{eps});
    });
  } else {
    const auto zero = hn::Zero(d);
    V t, t_low, m, m_low, line, line_low;
    TwoProduct(d, x, hn::Set(d, alpha_p), t, t_low);
    PairSum(t, t_low, hn::Set(d, beta), zero, t, t_low);
    V above = MultiplyAdd(d, x, t, V(op::Mul(x, t_low)));
    Expm1Long(d, V(AtLeast(hn::Set(d, -90.0), AtMost(hn::Set(d, eps < 0 ? eps : 0.0), x))), m, m_low);
    PairProduct(d, m, m_low, hn::Set(d, alpha_n), zero, m, m_low);
    auto slope = hn::Set(d, beta), slope_low = zero;
    TwoSum(hn::Set(d, beta), hn::Set(d, -alpha_n), slope, slope_low);
    PairProduct(d, x, zero, slope, slope_low, line, line_low);
    PairSum(m, m_low, line, line_low, m, m_low);
    V below = op::Add(m, m_low);
    // The error terms of huge numbers overflow; there the largest term is all there is.
    below = op::IfThenElse(op::Lt(x, hn::Set(d, -0x1p500)), line, below);
    const V plain = op::Mul(x, op::MulAdd(x, hn::Set(d, alpha_p), hn::Set(d, beta)));
    above = op::IfThenElse(op::Gt(x, hn::Set(d, 0x1p520)), plain, above);
    if constexpr (!HWY_NATIVE_FMA) above = op::IfThenElse(op::Lt(x, hn::Set(d, 0x1p-900)), plain, above);
    return op::IfThenElse(op::Gt(x, zero), above, below);
  }
}
template <class D, class V>
HWY_INLINE V XieluDerivative(D d, const V& x, Scalar<D> alpha_p, Scalar<D> alpha_n, Scalar<D> beta,
                             Scalar<D> eps) {
  if (HWY_UNLIKELY(!OrdinaryXielu(alpha_p, alpha_n, beta, eps))) {
    return EachLane(
        d, x, [=](Scalar<D> v) HWY_ATTR { return general::XieluDerivative(v, alpha_p, alpha_n, beta, eps); });
  }
  if constexpr (kIsFloat<D>) {
    return InDouble(d, x, [alpha_p, alpha_n, beta, eps](auto d64, const auto& v) HWY_ATTR {
      return XieluDerivative(d64, v, double{alpha_p}, double{alpha_n}, double{beta}, double{eps});
    });
  } else {
    const auto zero = hn::Zero(d);
    V m, m_low;
    V above =
        MultiplyAdd(d, x, hn::Set(d, 2 * alpha_p), V(op::IfThenElse(op::Eq(x, x), hn::Set(d, beta), x)));
    above = op::IfThenElse(op::Gt(x, hn::Set(d, 0x1p900)), op::Mul(x, hn::Set(d, 2 * alpha_p)), above);
    Expm1Long(d, V(AtLeast(hn::Set(d, -90.0), AtMost(zero, x))), m, m_low);
    // Where min(x, eps) is eps, the slope is beta - alpha_n; NaN passes through m.
    const auto flat = op::Ge(x, hn::Set(d, eps));
    m = op::IfThenElse(flat, hn::Set(d, -1.0), m), m_low = op::IfThenZeroElse(flat, m_low);
    PairProduct(d, m, m_low, hn::Set(d, alpha_n), zero, m, m_low);
    PairSum(m, m_low, hn::Set(d, beta), zero, m, m_low);
    return op::IfThenElse(op::Gt(x, zero), above, op::Add(m, m_low));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_XIELU_INL_H_
