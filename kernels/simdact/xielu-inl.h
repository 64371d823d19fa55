// xielu and its derivative.
//
// On the left both are sums of an exponential and a line, and cross zero, where depends on the parameters: no
// table can be centred there. For doubles expm1 is a Taylor series of pairs, good to 2^-100, which leaves an
// error of an ulp as close as 2^-46 to the zero. Floats are computed in plain doubles, good to 2^-48 of the
// largest term; where that cancels to less than 2^-18 of itself, by the pairs.

#if defined(SIMDACT_XIELU_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_XIELU_INL_H_
#undef SIMDACT_XIELU_INL_H_
#else
#define SIMDACT_XIELU_INL_H_
#endif

#include "simdact/detail/exp-inl.h"
#include "simdact/detail/general-inl.h"

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

// exp(x) - 1 to 2^-100, for doubles x in [-708, 709].
template <class D, class V>
HWY_INLINE Pair<V> Expm1Long(D d, const V& x) {
  const auto magic = hn::Set(d, ExpMagic<D>(0));
  const V step = NearestStep(d, x, magic), n = op::Sub(step, magic);
  const V near = op::NegMulAdd(n, hn::Set(d, ExpDouble::kLn2High), x);  // exact
  const auto r = Normalized(Sum(near, Product(n, Constant(d, -ExpDouble::kLn2Low, -ExpDouble::kLn2Lower))));

  // r + r^2 (1/2! + r (1/3! + ...)): from 9! on the rounding of a double is 2^-100 of r.
  constexpr int kPairs = std::extent<decltype(kInverseFactorialLow)>::value;
  const V q = Horner<kPairs>(V(High(r)), kInverseFactorial);
  auto e = MakePair(q, V(op::Sub(q, q)));
  HWY_UNROLL(16)
  for (int k = kPairs - 1; k >= 0; --k)
    e = Normalized(Sum(Product(e, r), Constant(d, kInverseFactorial[k], kInverseFactorialLow[k])));
  e = Normalized(Sum(Product(Product(e, r), r), r));

  // scale (1 + rest) (1 + e) - 1
  const auto power = TablePower(d, step);
  const V scale = Scale(power), rest = Excess(power);
  const auto above = Product(Normalized(Sum(e, MakePair(rest, V(op::Mul(rest, High(e)))))), scale);
  return Normalized(Sum(above, TwoSum(scale, hn::Set(d, -1.0))));
}

// For floats: y, or what long_form(x) gives in lanes where y cancels to little of `size`.
template <class D, class V, class F>
HWY_INLINE V UnlessCancelled(D d, const V& x, const V& y, const V& size, const F& long_form) {
  const auto cancelled = op::Lt(op::Abs(y), op::Mul(op::Abs(size), hn::Set(d, 0x1p-18)));
  if (HWY_LIKELY(NoLaneOf(d, cancelled))) return y;
  if constexpr (op::Width<V>::value == 0) {
    return op::IfThenElse(cancelled, long_form(x), y);
  } else {  // rare: one vector after the other takes less code
    V result;
    for (size_t u = 0; u < op::Width<V>::value; ++u)
      result.v[u] = hn::IfThenElse(cancelled.v[u], long_form(x.v[u]), y.v[u]);
    return result;
  }
}
// exp(x) - 1 to 2^-49, for doubles x in [-708, 709].
template <class D, class V>
HWY_INLINE V PlainExpm1(D d, const V& x) {
  const auto power = ExpSplit<0>(d, x);
  return op::MulAdd(Scale(power), Excess(power), op::Sub(Scale(power), hn::Set(d, 1.0)));
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
    // Captured as floats: of four doubles in a row g++ 12 forgets that they were rounded to floats.
    return InDouble(d, x, [alpha_p, alpha_n, beta, eps](auto d64, const auto& v) HWY_ATTR {
      const double p = alpha_p, n = alpha_n, b = beta, e = eps;
      using V64 = hwy::RemoveCvRef<decltype(v)>;
      const auto zero = hn::Zero(d64);
      const V64 bounded = AtLeast(hn::Set(d64, -90.0), AtMost(hn::Set(d64, e < 0 ? e : 0.0), v));
      const V64 bend = op::Mul(PlainExpm1(d64, bounded), hn::Set(d64, n));
      const V64 below = op::MulAdd(v, hn::Set(d64, b - n), bend);
      const V64 above = op::Mul(v, op::MulAdd(v, hn::Set(d64, p), hn::Set(d64, b)));
      const auto positive = op::Gt(v, zero);
      return UnlessCancelled(
          d64, v, V64(op::IfThenElse(positive, above, below)), V64(op::IfThenElse(positive, zero, bend)),
          [alpha_p, alpha_n, beta, eps, d64](const auto& x64) HWY_ATTR {
            return Xielu(d64, x64, double{alpha_p}, double{alpha_n}, double{beta}, double{eps});
          });
    });
  } else {
    const auto zero = hn::Zero(d);
    const auto t = Normalized(Sum(TwoProduct(x, hn::Set(d, alpha_p)), hn::Set(d, beta)));
    V above = MultiplyAdd(x, V(High(t)), V(op::Mul(x, Low(t))));
    const V bounded = AtLeast(hn::Set(d, -700.0), AtMost(hn::Set(d, eps < 0 ? eps : 0.0), x));
    const auto m = Product(Expm1Long(d, bounded), hn::Set(d, alpha_n));
    const auto line = Product(x, TwoSum(hn::Set(d, beta), hn::Set(d, -alpha_n)));
    V below = Round(Normalized(Sum(m, line)));
    // The error terms of huge numbers overflow; there the largest term is all there is.
    below = op::IfThenElse(op::Lt(x, hn::Set(d, -0x1p500)), High(line), below);
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
    // Captured as floats, as above.
    return InDouble(d, x, [alpha_p, alpha_n, beta, eps](auto d64, const auto& v) HWY_ATTR {
      const double p = alpha_p, n = alpha_n, b = beta, e = eps;
      using V64 = hwy::RemoveCvRef<decltype(v)>;
      const auto zero = hn::Zero(d64);
      const V64 m = PlainExpm1(d64, V64(AtLeast(hn::Set(d64, -90.0), AtMost(zero, v))));
      const V64 flat = op::IfThenElse(op::Ge(v, hn::Set(d64, e)), hn::Set(d64, -1.0), m);
      const V64 bend = op::Mul(flat, hn::Set(d64, n)), below = op::Add(bend, hn::Set(d64, b));
      const V64 above = op::MulAdd(v, hn::Set(d64, 2 * p), hn::Set(d64, b));
      const auto positive = op::Gt(v, zero);
      return UnlessCancelled(
          d64, v, V64(op::IfThenElse(positive, above, below)), V64(op::IfThenElse(positive, zero, bend)),
          [alpha_p, alpha_n, beta, eps, d64](const auto& x64) HWY_ATTR {
            return XieluDerivative(d64, x64, double{alpha_p}, double{alpha_n}, double{beta}, double{eps});
          });
    });
  } else {
    const auto zero = hn::Zero(d);
    V above = MultiplyAdd(x, hn::Set(d, 2 * alpha_p), V(op::IfThenElse(op::Eq(x, x), hn::Set(d, beta), x)));
    above = op::IfThenElse(op::Gt(x, hn::Set(d, 0x1p900)), op::Mul(x, hn::Set(d, 2 * alpha_p)), above);
    const auto m = Expm1Long(d, V(AtLeast(hn::Set(d, -700.0), AtMost(zero, x))));
    // Where min(x, eps) is eps, the slope is beta - alpha_n; NaN passes through m.
    const auto flat = op::Ge(x, hn::Set(d, eps));
    const auto left =
        MakePair(V(op::IfThenElse(flat, hn::Set(d, -1.0), High(m))), V(op::IfThenZeroElse(flat, Low(m))));
    const V below = Round(Normalized(Sum(Product(left, hn::Set(d, alpha_n)), hn::Set(d, beta))));
    return op::IfThenElse(op::Gt(x, zero), above, below);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_XIELU_INL_H_
