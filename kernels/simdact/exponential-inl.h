// exp, expm1, and the activations that are expm1 of their input on the left: elu, selu, celu.
//
// For floats, with z = n ln 2 + r and s = 2^n,
//
//   a (exp(z) - 1) = a (s - 1) + a s (r + r^2 q(r))
//
// r is exact, and so is s - 1: near 0, where s = 1, the result is one rounding of a r plus a small term. To
// the left it is at least 0.29 a, and s is at most 1/2, which halves the error of the second term. To the
// right s magnifies it, so there r s is added to s - 1 as a pair. For doubles exp(z) - 1 is a pair
// (Expm1Pair), and multiplied by a as a pair.

#if defined(SIMDACT_EXPONENTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_EXPONENTIAL_INL_H_
#undef SIMDACT_EXPONENTIAL_INL_H_
#else
#define SIMDACT_EXPONENTIAL_INL_H_
#endif

#include "simdact/exp-inl.h"
#include "simdact/fast-exponential-inl.h"
#include "simdact/general-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr PackSizes kExpVectors = {Lockstep(8, 4), LockstepOfDoubles(4, 3, 2)};
constexpr size_t kExpDerivativeVectors = Lockstep(8, 4);
constexpr PackSizes kExpm1Vectors = {Lockstep(4, 2), LockstepOfDoubles(4, 3, 2)};
constexpr size_t kExpm1DerivativeVectors = Lockstep(8, 4);
constexpr PackSizes kEluVectors = {Lockstep(6, 4), LockstepOfDoubles(4, 4, 4)};
constexpr size_t kEluDerivativeVectors = Lockstep(4, 4);
constexpr size_t kSeluVectors = Lockstep(4, 4);
constexpr size_t kSeluDerivativeVectors = Lockstep(6, 3);
constexpr PackSizes kCeluVectors = {Lockstep(4, 2), LockstepOfDoubles(4, 3, 2)};
constexpr size_t kCeluDerivativeVectors = Lockstep(6, 3);

// exp(x).
template <class D, class V>
HWY_INLINE V Exp(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastExp(d64, v); });
  } else {
    return ExpOf(d, x);
  }
}
template <class D, class V, class U = NoUpstream>
HWY_INLINE V ExpDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    return TimesUpstream(d, Exp(d, x), dy);
  } else {
    return ExpOf(d, x, dy);
  }
}
template <class D, class V>
HWY_INLINE V ExpDerivativeFromOutput(D, const V& y) {
  return y;
}

// exp(x) - 1 for floats x > 16.9, where the 1 is half an ulp at most, at 2^-64 of its size.
template <class D, class V>
HWY_INLINE V LargeExpm1(D d, const V& x) {
  constexpr float kUnit = PowerOfTwo<float>(-64);
  const V bounded = AtLeast(hn::Set(d, 16.0f), AtMost(hn::Set(d, 110.0f), x));
  V scale, p;
  ExpSplit<-64>(d, bounded, NoLow(), scale, p);
  return op::Mul(op::Add(scale, op::MulAdd(scale, p, hn::Set(d, -kUnit))), hn::Set(d, 1 / kUnit));
}
// expm1(x) where |x| is not tiny. Beyond -17.4 it is -1; from 2^25 on s - 1 is no float.
template <class D, class V>
HWY_INLINE V Expm1OffZero(D d, const V& x) {
  if constexpr (kIsFloat<D>) {
    const V bounded = AtLeast(hn::Set(d, -17.5f), x);
    const V nearest = NearestPower(d, bounded), n = ExponentOf(d, nearest), s = PowerOf(d, nearest);
    const V r = RestOfPower(d, bounded, n);
    const V n_low = op::Mul(n, hn::Set(d, -ExpFloat::kLn2Low));
    const V tail = op::MulAdd(op::Mul(r, r), Expm1Tail(d, r), n_low);
    const V shifted = op::Sub(s, hn::Set(d, 1.0f));
    const V sum = op::MulAdd(s, r, shifted), error = op::MulAdd(s, r, op::Sub(shifted, sum));
    const V y = WithSignOf(d, x, V(op::Add(sum, op::MulAdd(s, tail, error))));
    const auto most = hn::Set(d, 16.9f);
    if (HWY_LIKELY(hn::AllTrue(d, hn::Le(FoldedMax(x), most)))) return y;
    return op::IfThenElse(op::Gt(x, most), LargeExpm1(d, x), y);
  } else {
    const auto least = hn::Set(d, -50.0), most = hn::Set(d, 41.0), end = hn::Set(d, 40.0);
    V high, rest;
    Expm1Pair<0>(d, AtLeast(least, AtMost(most, x)), NoLow(), high, rest);
    const V near = op::IfThenElse(op::Eq(x, hn::Zero(d)), x, op::Add(high, rest));
    return op::IfThenElse(op::Gt(x, end), ExpValue(d, x, NoLow()), near);
  }
}
// expm1(x) = exp(x) - 1.
template <class D, class V>
HWY_INLINE V Expm1(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastExpm1(d64, v); });
  } else {
    return NearZero(
        d, x, [d](const auto& v) HWY_ATTR { return Expm1OffZero(d, v); },
        [](const auto& v) HWY_ATTR { return v; });
  }
}
template <class D, class V, class U = NoUpstream>
HWY_INLINE V Expm1Derivative(D d, const V& x, const U& dy = U()) {
  return ExpDerivative(d, x, dy);
}
template <class D, class V>
HWY_INLINE V Expm1DerivativeFromOutput(D d, const V& y) {
  return op::Add(y, hn::Set(d, Scalar<D>(1)));
}

// a expm1(z) for floats z <= 0; expm1(-30) is -1 to half an ulp.
template <class D, class V>
HWY_INLINE V TimesExpm1Left(D d, const V& z, float factor) {
  const auto a = hn::Set(d, factor);
  const V bounded = AtLeast(hn::Set(d, -30.0f), z), nearest = NearestPower(d, bounded);
  const V r = RestOfPower(d, bounded, V(ExponentOf(d, nearest)));
  const V as = op::Mul(a, PowerOf(d, nearest)), high = op::Sub(as, a);
  const V rest = op::Sub(as, op::Add(high, a));  // |as| <= |a|: exact
  const V tail = op::Mul(op::Mul(r, r), Expm1Tail(d, r));
  return op::Add(high, op::MulAdd(as, r, op::MulAdd(as, tail, rest)));
}
// (a + a_low) expm1(z + low) for z <= 0; floats have no a_low.
template <class D, class V, class A, class AL, class Low>
HWY_INLINE V TimesExpm1(D d, const V& z, const Low& low, const A& a, const AL& a_low) {
  if constexpr (kIsFloat<D>) {  // a is not a power of two: keep the roundings of products, and of their sum
    V scale, r, b;
    Expm1Split(d, AtLeast(hn::Set(d, -30.0f), z), low, scale, r, b);  // expm1(-30) is -1 to half an ulp
    const V as = op::Mul(a, scale);
    const V high = op::Sub(as, a);  // |as| <= |a|: the sum's error is exact
    V rest = op::Sub(as, op::Add(high, a));
    V product, product_low, tail, tail_low, sum, sum_low;
    TwoProduct(d, as, r, product, product_low);
    TwoProduct(d, as, b, tail, tail_low);
    FastTwoSum(product, tail, sum, sum_low);
    rest = op::Add(rest, op::Add(op::Add(product_low, tail_low), sum_low));
    TwoSum(high, sum, product, product_low);
    return op::Add(product, op::Add(product_low, rest));
  } else {
    V m, m_low;
    Expm1Pair<0>(d, AtLeast(hn::Set(d, -50.0), z), low, m, m_low);
    PairProduct(d, m, m_low, a, a_low, m, m_low);
    const V product = op::Add(m, m_low);
    if constexpr (HWY_NATIVE_FMA) return product;
    // Splitting a tiny number would lose what is left of it.
    return op::IfThenElse(op::Lt(op::Abs(z), hn::Set(d, 0x1p-900)), op::Mul(z, a), product);
  }
}

// (a + a_low) exp(x) 2^kTimesExpBias for x <= 0 and |a| up to kTimesExpMost.
template <class D>
constexpr Scalar<D> kTimesExpMost = PowerOfTwo<Scalar<D>>(kIsFloat<D> ? 20 : 40);
template <class D>
constexpr int kTimesExpBias = kTailBias<D>;
template <class D, class V, class AL>
HWY_INLINE V TimesExp(D d, const V& x, Scalar<D> factor, const AL& a_low, bool& deep) {
  const Scalar<D> size = factor < 0 ? -factor : factor;
  // Where the result ends: up to a factor of 4, before an error term is denormal.
  const Scalar<D> least = kIsFloat<D> ? Scalar<D>(size <= 4 ? -105.5 : -120) : Scalar<D>(-776);
  // Where the pack may hold a result that is denormal: anywhere for the tiniest factors.
  const Scalar<D> limit = size >= 1                            ? Scalar<D>(-87)
                          : size >= PowerOfTwo<Scalar<D>>(-36) ? Scalar<D>(-60)
                                                               : hwy::HighestValue<Scalar<D>>();
  const auto a = hn::Set(d, factor);
  V scale, p, high, low;
  const V bounded = BoundedBelow(d, V(AtMost(hn::Zero(d), x)), least, limit, deep);
  ExpSplit<kTimesExpBias<D>>(d, MovedOffZero(d, bounded), NoLow(), scale, p);
  PairProduct(d, scale, NoLow(), a, a_low, high, low);
  return op::Add(high, op::MulAdd(high, p, low));
}

// elu(x) and celu(x) for floats and alpha = 1: no product by alpha, whose error would have to be kept. From
// -2^-26 on it is x, and what is computed there is not looked at.
template <class D, class V>
HWY_INLINE V EluOfOne(D d, const V& x) {
  const auto end = hn::Set(d, -0x1p-26f), one = hn::Set(d, 1.0f);
  const V bounded = AtLeast(hn::Set(d, -17.5f), AtMost(end, x));
  const V nearest = NearestPower(d, bounded), s = PowerOf(d, nearest);
  const V r = RestOfPower(d, bounded, V(ExponentOf(d, nearest)));
  const V p = op::MulAdd(op::Mul(r, r), Expm1Tail(d, r), r);
  return op::IfThenElse(op::Lt(x, end), op::MulAdd(s, p, op::Sub(s, one)), x);
}

// elu(x) = x > 0 ? x : alpha (exp(x) - 1).
template <class T>
constexpr bool OrdinaryElu(T alpha) {
  return IsOrdinaryScale(alpha);
}
template <class D, class V>
HWY_INLINE V EluOffZero(D d, const V& x, Scalar<D> alpha) {
  V below;
  if constexpr (kIsFloat<D>) {
    below = TimesExpm1Left(d, x, alpha);
  } else {  // a pair that vanishes adds up to +0
    below = TimesExpm1(d, x, NoLow(), hn::Set(d, alpha), NoLow());
    below = op::Or(below, hn::And(hn::Set(d, -alpha), hn::SignBit(d)));
  }
  return op::IfThenElse(op::Lt(x, hn::Zero(d)), below, x);
}
template <class D, class V>
HWY_INLINE V Elu(D d, const V& x, Scalar<D> alpha) {
  if (HWY_UNLIKELY(!OrdinaryElu(alpha)))
    return EachLane(d, x, [alpha](Scalar<D> v) HWY_ATTR { return general::Elu(v, alpha); });
  if constexpr (kInDouble<D>) {
    return InDouble(d, x,
                    [alpha](auto d64, const auto& v) HWY_ATTR { return FastElu(d64, v, double{alpha}); });
  } else {
    if constexpr (kIsFloat<D>) {
      if (alpha == 1) return EluOfOne(d, x);
    }
    return NearZero(
        d, x, [d, alpha](const auto& v) HWY_ATTR { return EluOffZero(d, v, alpha); },
        [d, alpha](const auto& v) HWY_ATTR {
          return hn::IfThenElse(hn::Lt(v, hn::Zero(d)), TimesConstant(d, v, double{alpha}), v);
        });
  }
}

// elu'(x) = x > 0 ? 1 : alpha exp(x). Worst: 0.7672 ulp at -0x1.5e3fa8p+6, a denormal, AVX2.
template <class D, class V, class U>
HWY_INLINE V EluDerivative(D d, const V& x, Scalar<D> alpha, const U& dy) {
  if (HWY_UNLIKELY(!OrdinaryElu(alpha))) {
    return TimesUpstream(
        EachLane(d, x, [alpha](Scalar<D> v) HWY_ATTR { return general::EluDerivative(v, alpha); }), dy);
  }
  if constexpr (kInDouble<D>) {
    const V slope = InDouble(
        d, x, [alpha](auto d64, const auto& v) HWY_ATTR { return EluDerivative(d64, v, double{alpha}); });
    return TimesUpstream(d, slope, dy);
  } else {
    V below;
    if (-kTimesExpMost<D> <= alpha && alpha <= kTimesExpMost<D>) {
      bool deep;
      below = TimesExp(d, x, alpha, NoLow(), deep);
      const auto one = hn::Set(d, PowerOfTwo<Scalar<D>>(kTimesExpBias<D>));
      return TakeOff<kTimesExpBias<D>>(d, deep, V(op::IfThenElse(op::Gt(x, hn::Zero(d)), one, below)), dy);
    } else {
      // exp(x) alone may underflow long before alpha exp(x) does: multiply by exp(x / 2) twice.
      constexpr int kBias = kIsFloat<D> ? 40 : 200;
      constexpr Scalar<D> kUnit = PowerOfTwo<Scalar<D>>(-2 * kBias);
      const auto least = hn::Set(d, kIsFloat<D> ? Scalar<D>(-200) : Scalar<D>(-1500));
      V scale, p, w, w_low, v, v_low;
      ExpSplit<kBias>(d, V(op::Mul(AtLeast(least, x), hn::Set(d, Scalar<D>(0.5)))), NoLow(), scale, p);
      TwoProduct(d, scale, hn::Set(d, alpha * kUnit), w, w_low);
      const V both = op::MulAdd(p, p, op::Add(p, p));  // (1 + p)^2 - 1
      FastTwoSum(w, V(op::MulAdd(w, both, w_low)), v, v_low);
      below = op::CopySign(V(MultiplyAdd(d, v, scale, V(op::Mul(v_low, scale)))),
                           hn::Set(d, alpha));  // also where it vanishes
    }
    return TimesUpstream(V(op::IfThenElse(op::Gt(x, hn::Zero(d)), hn::Set(d, Scalar<D>(1)), below)), dy);
  }
}
template <class D, class V>
HWY_INLINE V EluDerivativeFromOutput(D d, const V& y, Scalar<D> alpha) {
  if (HWY_UNLIKELY(!IsFinite(alpha)))
    return EachLane(d, y, [alpha](Scalar<D> v) HWY_ATTR {
      return v > 0 ? Scalar<D>(1) : v == v ? alpha : v;
    });
  return op::IfThenElse(op::Gt(y, hn::Zero(d)), hn::Set(d, Scalar<D>(1)), op::Add(y, hn::Set(d, alpha)));
}

// For floats lambda = 1 + 0.0507..., so that lambda x takes one step and one rounding, and lambda alpha = 7/4
// + 0.0081...: 7/4 (s - 1) is exact. What lambda alpha is above a float, in relation to it, joins r q(r).
struct SeluFloat {
  using Exact = SeluConstants<hn::ScalableTag<double>>;
  static constexpr float kLambdaLessOne = static_cast<float>(Exact::kLambda - 1);
  static constexpr float kHead = 1.75f, kRest = static_cast<float>(Exact::kLeft - 1.75);
  static constexpr float kLeft = static_cast<float>(Exact::kLeft);
  static constexpr float kLeftLow = static_cast<float>(Exact::kLeft / double{kLeft} - 1);
};
// selu(x) where |x| is not tiny.
template <class D, class V>
HWY_INLINE V SeluOffZero(D d, const V& x) {
  if constexpr (kIsFloat<D>) {
    using C = SeluFloat;
    const V bounded = AtLeast(hn::Set(d, -17.5f), x), nearest = NearestPower(d, bounded);
    const V s = PowerOf(d, nearest), r = RestOfPower(d, bounded, V(ExponentOf(d, nearest)));
    const V as = op::Mul(s, hn::Set(d, C::kLeft)), shifted = op::Sub(s, hn::Set(d, 1.0f));
    const V tail = op::Mul(op::MulAdd(r, Expm1Tail(d, r), hn::Set(d, C::kLeftLow)), r);
    const V rest = op::MulAdd(as, tail, op::Mul(shifted, hn::Set(d, C::kRest)));
    const V below = op::MulAdd(shifted, hn::Set(d, C::kHead), op::MulAdd(as, r, rest));
    const V above = op::MulAdd(x, hn::Set(d, C::kLambdaLessOne), x);
    return op::IfThenElse(op::Lt(x, hn::Zero(d)), below, above);
  } else {
    using C = SeluConstants<D>;
    const auto lambda = hn::Set(d, C::kLambda), lambda_low = hn::Set(d, C::kLambdaLow);
    const V left = AtMost(hn::Zero(d), x);  // beyond, garbage may be denormal
    const V below = TimesExpm1(d, left, hn::Zero(d), hn::Set(d, C::kLeft), hn::Set(d, C::kLeftLow));
    V above = MultiplyAdd(d, x, lambda, V(op::Mul(x, lambda_low)));
    if constexpr (!HWY_NATIVE_FMA)
      above = op::IfThenElse(op::Lt(x, hn::Set(d, 0x1p-900)), op::Mul(x, lambda), above);
    above = op::IfThenElse(op::Eq(above, above), above, x);  // infinity less infinity
    return op::IfThenElse(op::Lt(x, hn::Zero(d)), below, op::IfThenElse(op::Eq(x, hn::Zero(d)), x, above));
  }
}
// selu(x) = lambda (x > 0 ? x : alpha (exp(x) - 1)).
template <class D, class V>
HWY_INLINE V Selu(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastSelu(d64, v); });
  } else {
    constexpr bool kShows = kIsFloat<D> || !HWY_NATIVE_FMA;
    return NearZero<kShows>(
        d, x, [d](const auto& v) HWY_ATTR { return SeluOffZero(d, v); },
        [d](const auto& v) HWY_ATTR {
          using C = SeluConstants<hn::Rebind<double, D>>;
          return hn::IfThenElse(hn::Lt(v, hn::Zero(d)), TimesConstant(d, v, C::kLeft),
                                TimesConstant(d, v, C::kLambda));
        });
  }
}
template <class D, class V, class U = NoUpstream>
HWY_INLINE V SeluDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope =
        InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastSeluDerivative(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else {
    using C = SeluConstants<D>;
    bool deep;
    const V below = TimesExp(d, x, C::kLeft, hn::Set(d, C::kLeftLow), deep);
    const auto lambda = hn::Set(d, C::kLambda * PowerOfTwo<Scalar<D>>(kTimesExpBias<D>));
    return TakeOff<kTimesExpBias<D>>(d, deep, V(op::IfThenElse(op::Gt(x, hn::Zero(d)), lambda, below)), dy);
  }
}
// y + lambda alpha, close to its zero as well.
template <class D, class V>
HWY_INLINE V SeluDerivativeFromOutput(D d, const V& y) {
  using C = SeluConstants<D>;
  V sum, error;
  TwoSum(y, hn::Set(d, C::kLeft), sum, error);
  const V below = op::Add(sum, op::Add(error, hn::Set(d, C::kLeftLow)));
  return op::IfThenElse(op::Gt(y, hn::Zero(d)), hn::Set(d, C::kLambda), below);
}

// x / a as a pair, a being the same for all lanes.
template <class D, class V>
HWY_INLINE void Scaled(D d, const V& x, Scalar<D> a, V& z, V& z_low) {
  const auto divisor = hn::Set(d, a), one = hn::Set(d, Scalar<D>(1));
  const auto inverse = op::Div(one, divisor);
  const auto inverse_low = op::Mul(Remainder(d, inverse, divisor, one), inverse);
  V product, error;
  TwoProduct(d, x, inverse, product, error);
  z_low = op::MulAdd(x, inverse_low, error);
  z = product;
}

template <class T>
constexpr bool OrdinaryCelu(T alpha) {
  return alpha > 0 && IsOrdinaryScale(alpha);
}
// celu(x) where |x| is not tiny.
template <class D, class V>
HWY_INLINE V CeluOffZero(D d, const V& x, Scalar<D> alpha) {
  if constexpr (!kIsFloat<D>) {
    if (alpha == 1)
      return op::IfThenElse(op::Lt(x, hn::Zero(d)), TimesExpm1(d, x, NoLow(), hn::Set(d, alpha), NoLow()), x);
  }
  V z, z_low;
  Scaled(d, V(AtLeast(hn::Set(d, -50 * alpha), x)), alpha, z, z_low);
  const V below = TimesExpm1(d, z, z_low, hn::Set(d, alpha), NoLow());
  // x / alpha may have been denormal.
  const auto tiny = hn::Set(d, -alpha * (kIsFloat<D> ? Scalar<D>(0x1p-27) : Scalar<D>(0x1p-56)));
  return op::IfThenElse(op::Le(x, tiny), below, x);
}
// celu(x) = x > 0 ? x : alpha (exp(x / alpha) - 1). With a negative alpha the left side falls exponentially.
template <class D, class V>
HWY_INLINE V Celu(D d, const V& x, Scalar<D> alpha) {
  if (HWY_UNLIKELY(!OrdinaryCelu(alpha)))
    return EachLane(d, x, [alpha](Scalar<D> v) HWY_ATTR { return general::Celu(v, alpha); });
  if constexpr (kInDouble<D>) {
    return InDouble(d, x,
                    [alpha](auto d64, const auto& v) HWY_ATTR { return FastCelu(d64, v, double{alpha}); });
  } else {
    if constexpr (kIsFloat<D>) {
      if (alpha == 1) return EluOfOne(d, x);
    }
    return NearZero(
        d, x, [d, alpha](const auto& v) HWY_ATTR { return CeluOffZero(d, v, alpha); },
        [](const auto& v) HWY_ATTR { return v; });
  }
}
template <class D, class V, class U>
HWY_INLINE V CeluDerivative(D d, const V& x, Scalar<D> alpha, const U& dy) {
  if (HWY_UNLIKELY(!OrdinaryCelu(alpha))) {
    return TimesUpstream(
        EachLane(d, x, [alpha](Scalar<D> v) HWY_ATTR { return general::CeluDerivative(v, alpha); }), dy);
  }
  if constexpr (kInDouble<D>) {
    const V slope =
        InDouble(d, V(AtLeast(hn::Set(d, -106 * alpha), x)),
                 [alpha](auto d64, const auto& v) HWY_ATTR { return CeluDerivative(d64, v, double{alpha}); });
    return TimesUpstream(d, slope, dy);
  } else {
    const Scalar<D> end = kIsFloat<D> ? Scalar<D>(106) : Scalar<D>(748);
    V z, z_low;
    bool deep;
    const V bounded = BoundedBelow(d, x, -end * alpha, -87 * alpha, deep);
    Scaled(d, MovedOffZero(d, bounded, alpha), alpha, z, z_low);
    const auto above = op::Gt(x, hn::Zero(d));
    z = op::IfThenElse(above, hn::Zero(d), z);
    V scale, p;
    ExpSplit<kTailBias<D>>(d, z, z_low, scale, p);
    const auto one = hn::Set(d, PowerOfTwo<Scalar<D>>(kTailBias<D>));
    return TakeOff<kTailBias<D>>(d, deep, V(op::IfThenElse(above, one, op::MulAdd(scale, p, scale))), dy);
  }
}
// 1 + y / alpha = (alpha + y) / alpha: exact where it vanishes.
template <class D, class V>
HWY_INLINE V CeluDerivativeFromOutput(D d, const V& y, Scalar<D> alpha) {
  if (HWY_UNLIKELY(!OrdinaryCelu(alpha)))
    return EachLane(d, y,
                    [alpha](Scalar<D> v) HWY_ATTR { return general::CeluDerivativeFromOutput(v, alpha); });
  const auto a = hn::Set(d, alpha), one = hn::Set(d, Scalar<D>(1));
  const auto inverse = op::Div(one, a);
  V sum, error, slope, slope_low;
  TwoSum(y, a, sum, error);
  PairProduct(d, sum, error, inverse, op::Mul(Remainder(d, inverse, a, one), inverse), slope, slope_low);
  return op::IfThenElse(op::Gt(y, hn::Zero(d)), one, op::Add(slope, slope_low));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_EXPONENTIAL_INL_H_
