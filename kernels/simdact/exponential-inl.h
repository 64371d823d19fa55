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

#include "simdact/detail/exp-inl.h"
#include "simdact/detail/general-inl.h"
#include "simdact/fast-exponential-inl.h"

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
  const auto power = ExpSplit<-64>(d, bounded);
  const V rest = op::MulAdd(Scale(power), Excess(power), hn::Set(d, -kUnit));
  return op::Mul(op::Add(Scale(power), rest), hn::Set(d, 1 / kUnit));
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
    const V m = Round(Expm1Pair<0>(d, V(AtLeast(least, AtMost(most, x)))));
    const V near = op::IfThenElse(op::Eq(x, hn::Zero(d)), x, m);
    return op::IfThenElse(op::Gt(x, end), ExpValue(d, x), near);
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
  const V as = op::Mul(a, PowerOf(d, nearest)), missing = op::Sub(a, as);
  const V rest = op::Sub(as, op::Sub(a, missing));  // |as| <= |a|: exact
  const V tail = op::Mul(op::Mul(r, r), Expm1Tail(d, r));
  return op::Sub(op::MulAdd(as, r, op::MulAdd(as, tail, rest)), missing);  // -0 less +0 is -0
}
// a expm1(z) for z <= 0; floats have no low word of a.
template <class D, class N, class A>
HWY_INLINE auto TimesExpm1(D d, const N& z, const A& a) {
  using V = Word<N>;
  if constexpr (kIsFloat<D>) {  // a is not a power of two: keep the roundings of products, and of their sum
    const auto bounded = WithHigh(z, V(AtLeast(hn::Set(d, -30.0f), V(High(z)))));  // -1 to half an ulp
    const auto magic = hn::Set(d, kPowerMagic<D>);
    const V step = NearestStep(d, V(High(bounded)), magic);
    const auto r = RestOfExp(d, bounded, step, magic);
    const V as = op::Mul(a, PowerOf(d, step));
    const V high = op::Sub(as, a);  // |as| <= |a|: the sum's error is exact
    const V rest = op::Sub(as, op::Add(high, a));
    const auto line = TwoProduct(as, V(High(r)));
    const auto bend = TwoProduct(as, BendOfExp(d, r));
    const auto sum = FastTwoSum(V(High(line)), V(High(bend)));
    const auto whole = TwoSum(high, V(High(sum)));
    const V lost = op::Add(rest, op::Add(op::Add(Low(line), Low(bend)), Low(sum)));
    return V(op::Add(High(whole), op::Add(Low(whole), lost)));
  } else {
    const V product =
        Round(Product(Expm1Pair<0>(d, WithHigh(z, V(AtLeast(hn::Set(d, -50.0), V(High(z)))))), a));
    if constexpr (HWY_NATIVE_FMA) return product;
    // Splitting a tiny number would lose what is left of it.
    return V(
        op::IfThenElse(op::Lt(op::Abs(High(z)), hn::Set(d, 0x1p-900)), op::Mul(High(z), High(a)), product));
  }
}

// a exp(x) 2^kTimesExpBias for x <= 0 and |a| up to kTimesExpMost.
template <class D>
constexpr Scalar<D> kTimesExpMost = PowerOfTwo<Scalar<D>>(kIsFloat<D> ? 20 : 40);
template <class D>
constexpr int kTimesExpBias = kTailBias<D>;
template <class D, class V, class A>
HWY_INLINE V TimesExp(D d, const V& x, Scalar<D> factor, const A& a, bool& deep) {
  const Scalar<D> size = factor < 0 ? -factor : factor;
  // Where the result ends: up to a factor of 4, before an error term is denormal.
  const Scalar<D> least = kIsFloat<D> ? Scalar<D>(size <= 4 ? -105.5 : -120) : Scalar<D>(-776);
  // Where the pack may hold a result that is denormal: anywhere for the tiniest factors.
  const Scalar<D> limit = size >= 1                            ? Scalar<D>(-87)
                          : size >= PowerOfTwo<Scalar<D>>(-36) ? Scalar<D>(-60)
                                                               : hwy::HighestValue<Scalar<D>>();
  const V bounded = BoundedBelow(d, V(AtMost(hn::Zero(d), x)), least, limit, deep);
  const auto power = ExpSplit<kTimesExpBias<D>>(d, V(MovedOffZero(d, bounded)));
  const V product = Round(TimesOnePlus(PairProduct(V(Scale(power)), a), V(Excess(power))));
  if constexpr (kIsFloat<D>) return product;
  return op::CopySign(product, hn::Set(d, factor));  // the words of a pair that vanishes add up to +0
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
    below = TimesExpm1(d, x, hn::Set(d, alpha));
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

// elu'(x) = x > 0 ? 1 : alpha exp(x). Worst among denormals: elu/backward in tests/data/proof.json.
template <class D, class V, class U>
HWY_INLINE V EluDerivative(D d, const V& x, Scalar<D> alpha, const U& dy) {
  if (HWY_UNLIKELY(!OrdinaryElu(alpha))) {
    return TimesUpstream(
        EachLane(d, x, [alpha](Scalar<D> v) HWY_ATTR { return general::EluDerivative(v, alpha); }), dy);
  }
  if constexpr (kInDouble<D>) {
    const V slope = InDouble(d, x, [alpha](auto d64, const auto& v) HWY_ATTR {
      const auto zero = hn::Zero(d64);
      const auto below = op::Mul(FastExp(d64, AtMost(zero, v)), hn::Set(d64, double{alpha}));
      return op::IfThenElse(op::Gt(v, zero), hn::Set(d64, 1.0), below);
    });
    return TimesUpstream(d, slope, dy);
  } else {
    V below;
    if (-kTimesExpMost<D> <= alpha && alpha <= kTimesExpMost<D>) {
      bool deep;
      below = TimesExp(d, x, alpha, hn::Set(d, alpha), deep);
      const auto one = hn::Set(d, PowerOfTwo<Scalar<D>>(kTimesExpBias<D>));
      return TakeOff<kTimesExpBias<D>>(d, deep, V(op::IfThenElse(op::Gt(x, hn::Zero(d)), one, below)), dy);
    } else {
      // exp(x) alone may underflow long before alpha exp(x) does: multiply by exp(x / 2) twice.
      constexpr int kBias = kIsFloat<D> ? 40 : 200;
      constexpr Scalar<D> kUnit = PowerOfTwo<Scalar<D>>(-2 * kBias);
      const auto least = hn::Set(d, kIsFloat<D> ? Scalar<D>(-200) : Scalar<D>(-1500));
      const auto power = ExpSplit<kBias>(d, V(op::Mul(AtLeast(least, x), hn::Set(d, Scalar<D>(0.5)))));
      const V scale = Scale(power), p = Excess(power);
      const V both = op::MulAdd(p, p, op::Add(p, p));  // (1 + p)^2 - 1
      const auto once = Normalized(TimesOnePlus(TwoProduct(scale, hn::Set(d, alpha * kUnit)), both));
      below = op::CopySign(V(MultiplyAdd(V(High(once)), scale, V(op::Mul(Low(once), scale)))),
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
    const V below = TimesExpm1(d, left, Constant(d, C::kLeft, C::kLeftLow));
    V above = MultiplyAdd(x, lambda, V(op::Mul(x, lambda_low)));
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
    const V below = TimesExp(d, x, C::kLeft, Constant(d, C::kLeft, C::kLeftLow), deep);
    const auto lambda = hn::Set(d, C::kLambda * PowerOfTwo<Scalar<D>>(kTimesExpBias<D>));
    return TakeOff<kTimesExpBias<D>>(d, deep, V(op::IfThenElse(op::Gt(x, hn::Zero(d)), lambda, below)), dy);
  }
}
// y + lambda alpha, close to its zero as well.
template <class D, class V>
HWY_INLINE V SeluDerivativeFromOutput(D d, const V& y) {
  using C = SeluConstants<D>;
  const V below = Round(Sum(y, Constant(d, C::kLeft, C::kLeftLow)));
  return op::IfThenElse(op::Gt(y, hn::Zero(d)), hn::Set(d, C::kLambda), below);
}

template <class T>
constexpr bool OrdinaryCelu(T alpha) {
  return alpha > 0 && IsOrdinaryScale(alpha);
}
// celu(x) where |x| is not tiny.
template <class D, class V>
HWY_INLINE V CeluOffZero(D d, const V& x, Scalar<D> alpha) {
  if constexpr (!kIsFloat<D>) {
    if (alpha == 1) return op::IfThenElse(op::Lt(x, hn::Zero(d)), TimesExpm1(d, x, hn::Set(d, alpha)), x);
  }
  const auto z = Product(V(AtLeast(hn::Set(d, -50 * alpha), x)), InverseOf(d, alpha));
  const V below = TimesExpm1(d, z, hn::Set(d, alpha));
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
    const V slope = InDouble(d, x, [alpha](auto d64, const auto& v) HWY_ATTR {
      const FastRate<double> rate(1 / double{alpha});
      const auto zero = hn::Zero(d64);
      const auto bounded = AtLeast(hn::Set(d64, rate.Nothing()), AtMost(zero, v));
      return op::IfThenElse(op::Gt(v, zero), hn::Set(d64, 1.0), FastExpOf<0>(d64, bounded, rate));
    });
    return TimesUpstream(d, slope, dy);
  } else {
    const Scalar<D> end = kIsFloat<D> ? Scalar<D>(106) : Scalar<D>(748);
    bool deep;
    const V bounded = BoundedBelow(d, x, -end * alpha, -87 * alpha, deep);
    const auto z = Product(MovedOffZero(d, bounded, alpha), InverseOf(d, alpha));
    const auto above = op::Gt(x, hn::Zero(d));
    const auto power = ExpSplit<kTailBias<D>>(d, WithHigh(z, V(op::IfThenElse(above, hn::Zero(d), High(z)))));
    const V below = TimesOnePlus(V(Scale(power)), V(Excess(power)));
    const auto one = hn::Set(d, PowerOfTwo<Scalar<D>>(kTailBias<D>));
    return TakeOff<kTailBias<D>>(d, deep, V(op::IfThenElse(above, one, below)), dy);
  }
}
// 1 + y / alpha = (alpha + y) / alpha: exact where it vanishes.
template <class D, class V>
HWY_INLINE V CeluDerivativeFromOutput(D d, const V& y, Scalar<D> alpha) {
  if (HWY_UNLIKELY(!OrdinaryCelu(alpha)))
    return EachLane(d, y,
                    [alpha](Scalar<D> v) HWY_ATTR { return general::CeluDerivativeFromOutput(v, alpha); });
  const V slope = Round(Product(TwoSum(y, hn::Set(d, alpha)), InverseOf(d, alpha)));
  return op::IfThenElse(op::Gt(y, hn::Zero(d)), hn::Set(d, Scalar<D>(1)), slope);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_EXPONENTIAL_INL_H_
