// sigmoid, silu, swish, gelu_quick, gelu_tanh, mish, softplus, log_sigmoid and their derivatives in plain
// numbers (fast-exp-inl.h).
//
//   sigmoid(x) = 1 / (1 + exp(-x)),   silu(x) = x / (1 + exp(-x)),   gelu_tanh(x) = x / (1 + exp(-v(x)))
//   mish(x) = x n / (n + 2),   n = E (E + 2),   E = exp(x)
//   softplus(x) = max(x, 0) + log1p(E),   log1p(E) = E P(E),   E = exp(-|x|)
//
// The denominator is infinite where the result would be denormal. Where x / D may be normal and 1 / D not, D
// is kept at 2^-8 of its size: then x / D may overflow on the right, where the result is x, the lesser of the
// two.
//
// Derivatives, with e = exp(-a), y = 1 / (1 + e), a = |x|:
//
//   sigmoid'(x) = s (1 - s), s = sigmoid(-a)
//   silu'(-a) = e y (1 - a y),   f'(a) = 1 - f'(-a)
//   mish'(x) = E ((E + 2) + 4 x (1 + E) / (n + 2)) / (n + 2)
//
// silu' and mish' cross zero, where these forms cancel: they are good to 2^-22 of their terms there.
// gelu_tanh'(-a) = e y (1 - a v'(a) y), or e y^2 (1 + e - a v'(a)), is off by 4.2 to 6.7 ulp in floats, next
// to 0 or from 2 on, in each of five orders of its roundings. So it stays with the accurate tier.

#if defined(SIMDACT_FAST_LOGISTIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_FAST_LOGISTIC_INL_H_
#undef SIMDACT_FAST_LOGISTIC_INL_H_
#else
#define SIMDACT_FAST_LOGISTIC_INL_H_
#endif

#include "simdact/fast-exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// The accurate kernels, for parameters that are not ordinary here.
template <class D, class V>
HWY_INLINE V Swish(D d, const V& x, Scalar<D> beta);
template <class D, class V, class U = NoUpstream>
HWY_INLINE V SwishDerivative(D d, const V& x, Scalar<D> beta, const U& dy = U());
template <class D, class V>
HWY_INLINE V Softplus(D d, const V& x, Scalar<D> beta, Scalar<D> threshold);
template <class D, class V, class U = NoUpstream>
HWY_INLINE V SoftplusDerivative(D d, const V& x, Scalar<D> beta, Scalar<D> threshold, const U& dy = U());

constexpr size_t kFastSigmoidVectors = FastLockstep(7, 4), kFastSigmoidDerivativeVectors = FastLockstep(6, 4);
constexpr size_t kFastSiluVectors = FastLockstep(4, 3), kFastSiluDerivativeVectors = FastLockstep(6, 3);
constexpr size_t kFastSwishVectors = FastLockstep(4, 3), kFastSwishDerivativeVectors = FastLockstep(6, 3);
constexpr size_t kFastGeluQuickVectors = FastLockstep(4, 3),
                 kFastGeluQuickDerivativeVectors = FastLockstep(6, 3);
constexpr size_t kFastGeluTanhVectors = FastLockstep(3, 4), kFastGeluTanhDerivativeVectors = 0;
constexpr size_t kFastMishVectors = FastLockstep(3, 4), kFastMishDerivativeVectors = FastLockstep(6, 4);
constexpr size_t kFastSoftplusVectors = FastLockstep(6, 4),
                 kFastSoftplusDerivativeVectors = FastLockstep(6, 4);
constexpr size_t kFastLogSigmoidVectors = FastLockstep(6, 4),
                 kFastLogSigmoidDerivativeVectors = FastLockstep(6, 4);

// At which power of 2 a denominator is kept in floats, so that 1 / D is normal where x / D is.
template <class D, int kForFloats>
constexpr int kFastBias = kIsFloat<D> ? kForFloats : 0;

// 1 / (1 + exp(k x)).
template <class D, class V>
HWY_INLINE V FastSigmoidOf(D d, const V& x, const FastRate<Scalar<D>>& rate) {
  const auto begin = hn::Set(d, Scalar<D>(-80) / rate.k), end = hn::Set(d, rate.Endless());
  const V bounded = rate.k < 0 ? AtMost(begin, AtLeast(end, x)) : AtLeast(begin, AtMost(end, x));
  return FastInverse(d, V(FastExpPlus<0>(d, bounded, rate, Scalar<D>(1))));
}
template <class D, class V>
HWY_INLINE V FastSigmoid(D d, const V& x) {
  return FastSigmoidOf(d, x, FastRate<Scalar<D>>(-1.0));
}

// x over a denominator at 2^kBias of its size; `left` is x, bounded on the left.
template <int kBias, class D, class V>
HWY_INLINE V FastOver(D d, const V& x, const V& left, const V& denominator) {
  if constexpr (!kIsFloat<D>) return op::Div(left, denominator);
  V quotient;
  if constexpr (kDivides<D>) {
    quotient = op::Div(left, denominator);
  } else {
    quotient = op::Mul(left, FastInverse(d, denominator));
  }
  return LesserOf(d, V(op::Mul(quotient, hn::Set(d, PowerOfTwo<Scalar<D>>(kBias)))), x);
}

// x / (1 + exp(-k x)), k > 0.
template <class D, class V>
HWY_INLINE V FastSwishOf(D d, const V& x, double k) {
  constexpr int kBias = kFastBias<D, -8>;
  const FastRate<Scalar<D>> rate(-k);
  const V left = AtLeast(hn::Set(d, rate.template Endless<kBias>()), x);
  const V bounded = AtMost(hn::Set(d, Scalar<D>(-80) / rate.k), left);
  return FastOver<kBias>(d, x, left, V(FastExpPlus<kBias>(d, bounded, rate, PowerOfTwo<Scalar<D>>(kBias))));
}
template <class D, class V>
HWY_INLINE V FastSilu(D d, const V& x) {
  return FastSwishOf(d, x, 1.0);
}
template <class D, class V>
HWY_INLINE V FastGeluQuick(D d, const V& x) {
  return FastSwishOf(d, x, 1.702);
}
template <class T>
constexpr bool OrdinaryFastSwish(T beta) {
  return beta >= static_cast<T>(0.5) && beta <= static_cast<T>(0x1p20);
}
template <class D, class V>
HWY_INLINE V FastSwish(D d, const V& x, Scalar<D> beta) {
  if constexpr (kMayBeOther<D, V>) {
    if (HWY_UNLIKELY(!OrdinaryFastSwish(beta))) return Swish(d, x, beta);
  }
  return FastSwishOf(d, x, static_cast<double>(beta));
}

// v(x) = c x (x^2 + h), c = 2 sqrt(2 / pi) 0.044715, h = 1 / 0.044715. Here without c; a pair of floats. In
// floats h is cut to a multiple of 2^-17: then x^2 + h less h is exact below 128, and so is what x^2 + h
// lost.
constexpr double kFastCubic = 1.5957691216057308 * 0.044715, kFastInverseCubic = 1 / 0.044715;
template <class D, class V>
HWY_INLINE auto FastCubic(D d, const V& x) {
  constexpr double kCut = static_cast<double>(static_cast<int>(kFastInverseCubic * 0x1p17 + 0.5)) * 0x1p-17;
  const auto shift = hn::Set(d, static_cast<Scalar<D>>(kCut));
  const auto rest = hn::Set(d, static_cast<Scalar<D>>(kFastInverseCubic - kCut));
  if constexpr (!kIsFloat<D>) {
    return V(op::Mul(x, op::Add(op::MulAdd(x, x, shift), rest)));
  } else if constexpr (HWY_NATIVE_FMA) {
    const V sum = op::MulAdd(x, x, shift);
    const V low = op::Add(op::MulSub(x, x, op::Sub(sum, shift)), rest);
    return Product(x, MakePair(sum, low));
  } else {
    const auto sum = Sum(shift, TwoProduct(x, x));
    return Product(x, WithLow(sum, V(op::Add(Low(sum), rest))));
  }
}

// exp(-v(x)) 2^kBias + c.
template <int kBias, class D, class V>
HWY_INLINE V FastCubicExpPlus(D d, const V& x, Scalar<D> c) {
  using Power = FastPower<Scalar<D>>;
  constexpr FastRate<Scalar<D>> kRate(-kFastCubic);
  const auto z = FastCubic(d, x);
  const V steps = FastSteps<kBias, Power>(d, V(High(z)), kRate);
  const V q = FastPolynomial(d, FastRest<kBias, Power>(d, z, steps, kRate), Power::kExp, kRate.k);
  return op::MulAdd(FastScale<FastTable::kEndless, Power>(d, steps), q, hn::Set(d, c));
}

// gelu_tanh(x).
template <class D, class V>
HWY_INLINE V FastGeluTanh(D d, const V& x) {
  constexpr int kBias = kFastBias<D, -6>;
  const V left = AtLeast(hn::Set(d, FastPower<Scalar<D>>::kCubicEnd), x);
  const V bounded = AtMost(hn::Set(d, Scalar<D>(9)), left);
  return FastOver<kBias>(d, x, left, V(FastCubicExpPlus<kBias>(d, bounded, PowerOfTwo<Scalar<D>>(kBias))));
}

// mish(x), E and n at 2^kBias of their size.
template <class D, class V>
HWY_INLINE V FastMish(D d, const V& x) {
  using T = Scalar<D>;
  constexpr int kBias = kIsFloat<D> ? 7 : 0;
  const auto unit = hn::Set(d, PowerOfTwo<T>(-kBias)), two = hn::Set(d, T(2));
  const V left = AtLeast(hn::Set(d, kFastE<T>.template PlainNothing<kBias>()), x);
  const V bounded = AtMost(hn::Set(d, T(kIsFloat<D> ? 30 : 40)), left);
  const V e = FastExpCloser<kBias>(d, bounded, kFastE<T>);
  const V n = op::MulAdd(op::Mul(e, unit), e, op::Add(e, e));
  const V ratio = FastQuotient(d, n, V(op::MulAdd(n, unit, two)));
  if constexpr (!kIsFloat<D>) return op::Mul(ratio, left);
  return LesserOf(d, V(op::Mul(op::Mul(ratio, left), unit)), x);
}

// log(1 + exp(-|x|)).
template <class D, class V>
HWY_INLINE V FastLog1pExp(D d, const V& x) {
  constexpr FastRate<Scalar<D>> kRate(-1.0);
  const V e = FastExpOf<0>(d, AtMost(hn::Set(d, kRate.template Nothing<0>()), V(op::Abs(x))), kRate);
  return op::Mul(e, FastPolynomial(d, e, FastConstants<Scalar<D>>::kLog1pExp));
}

// log(1 + exp(-beta |x|)) / beta, beta > 0, with E at 2^kBias of its size: 1 / beta may make a normal number
// of a denormal one. It goes into the polynomial's coefficients, and what the first, c / beta, is off by into
// the exponential, the closer one, for 1 / beta moves errors to where an ulp is half as large. A product with
// the rounded 1 / beta had 4.25 ulp.
template <class D, class V>
HWY_INLINE V FastLog1pExp(D d, const V& x, Scalar<D> beta) {
  using T = Scalar<D>;
  constexpr int kBias = 10;
  const auto& c = FastConstants<T>::kLog1pExp;
  const FastRate<T> rate(-static_cast<double>(beta));
  const V bounded = AtMost(hn::Set(d, rate.template PlainNothing<kBias>()), V(op::Abs(x)));
  const T inverse = 1 / beta, unit = PowerOfTwo<T>(-kBias);
  const double first = static_cast<double>(c[0] * inverse) * static_cast<double>(beta);
  const T more = kIsFloat<D> ? static_cast<T>(static_cast<double>(c[0]) / first - 1) : T(0);
  const V e = FastExpCloser<kBias>(d, bounded, rate, more);
  return op::Mul(e, FastPolynomial(d, e, c, unit, inverse * unit));
}

// softplus(x) = beta x > threshold ? x : log(1 + exp(beta x)) / beta. From a threshold of 20 on the two are
// the same.
template <class T>
constexpr bool OrdinaryFastSoftplus(T beta, T threshold) {
  return beta >= static_cast<T>(0x1p-10) && beta <= static_cast<T>(0x1p10) && threshold >= 20;
}
template <class D, class V>
HWY_INLINE V FastSoftplus(D d, const V& x, Scalar<D> beta, Scalar<D> threshold) {
  if constexpr (kMayBeOther<D, V>) {
    if (HWY_UNLIKELY(!OrdinaryFastSoftplus(beta, threshold))) return Softplus(d, x, beta, threshold);
  }
  const V log = beta == 1 ? FastLog1pExp(d, x) : FastLog1pExp(d, x, beta);
  return op::Add(AtLeast(hn::Zero(d), x), log);
}
// log_sigmoid(x) = -softplus(-x).
template <class D, class V>
HWY_INLINE V FastLogSigmoid(D d, const V& x) {
  const V log = FastLog1pExp(d, x);
  return op::Or(op::Sub(AtMost(hn::Zero(d), x), log), hn::SignBit(d));  // -0 at inf
}

// ---- Derivatives ---------------------------------------------------------------------------------------

// 2^kBias s (1 - s), s = 1 / (1 + exp(k |x|)), k > 0; s at 2^kBias of its size.
template <int kBias, class D, class V>
HWY_INLINE V FastDensity(D d, const V& x, const FastRate<Scalar<D>>& rate) {
  constexpr Scalar<D> kUnit = PowerOfTwo<Scalar<D>>(-kBias);
  const V a = AtMost(hn::Set(d, rate.template Endless<-kBias>()), V(op::Abs(x)));
  const V s = FastInverse(d, V(FastExpPlus<-kBias>(d, a, rate, kUnit)));
  return op::NegMulAdd(op::Mul(s, hn::Set(d, kUnit)), s, s);
}
template <class D, class V>
HWY_INLINE V FastSigmoidDerivative(D d, const V& x) {
  return FastDensity<0>(d, x, kFastE<Scalar<D>>);
}

// f'(x) from f'(-a) 2^kBias.
template <int kBias, class D, class V>
HWY_INLINE V FastBothSides(D d, const V& x, const V& negative) {
  const V left = op::Mul(negative, hn::Set(d, PowerOfTwo<Scalar<D>>(-kBias)));
  return op::IfThenElse(op::Lt(x, hn::Zero(d)), left, op::Sub(hn::Set(d, Scalar<D>(1)), left));
}

// 1 / (1 + e) for e <= 1, as 1 - e / (1 + e): for small e that has no error but its last rounding.
template <class D, class V>
HWY_INLINE V FastOneLess(D d, const V& e) {
  const auto one = hn::Set(d, Scalar<D>(1));
  return op::NegMulAdd(e, FastInverse(d, V(op::Add(e, one))), one);
}

// silu'(k x), k > 0. Unless k = 1, what z = -k a loses counts, near the zero most.
template <class D, class V>
HWY_INLINE V FastSwishSlope(D d, const V& x, double k) {
  constexpr int kBias = 7;
  const auto one = hn::Set(d, Scalar<D>(1)), unit = hn::Set(d, PowerOfTwo<Scalar<D>>(-kBias));
  const FastRate<Scalar<D>> rate(-k);
  const V a = AtMost(hn::Set(d, rate.template PlainNothing<kBias>()), V(op::Abs(x)));
  const V scaled = FastExpCloser<kBias>(d, a, rate), e = op::Mul(scaled, unit);
  const auto slope = hn::Set(d, rate.k);
  const auto slope_low = hn::Set(d, static_cast<Scalar<D>>(-k - static_cast<double>(rate.k)));
  const V z = op::Mul(a, slope);
  V y = FastOneLess(d, e), rest;
  if (k == 1) {
    rest = op::MulAdd(z, y, one);
  } else if constexpr (HWY_NATIVE_FMA) {
    rest = op::Add(op::MulAdd(z, y, one), op::MulAdd(a, slope_low, ProductError(a, slope, z)));
  } else {  // with as few roundings: y = 1 / (1 + e) near 0, and (1 + z) - z (1 - y) for 1 + z y
    const V inverse = FastInverse(d, V(op::Add(e, one))), difference = op::Mul(e, inverse);
    y = op::IfThenElse(op::Lt(e, hn::Set(d, Scalar<D>(0.5))), y, inverse);
    const V z_low = op::Add(op::Mul(a, slope_low), ProductError(a, slope, z));
    rest = op::Add(op::Add(z, one), op::Sub(z_low, op::Mul(z, difference)));
  }
  return FastBothSides<kBias>(d, x, V(op::Mul(op::Mul(scaled, y), rest)));
}
template <class D, class V>
HWY_INLINE V FastSiluDerivative(D d, const V& x) {
  return FastSwishSlope(d, x, 1.0);
}
template <class D, class V>
HWY_INLINE V FastGeluQuickDerivative(D d, const V& x) {
  return FastSwishSlope(d, x, 1.702);
}
template <class D, class V>
HWY_INLINE V FastSwishDerivative(D d, const V& x, Scalar<D> beta) {
  if constexpr (kMayBeOther<D, V>) {
    if (HWY_UNLIKELY(!OrdinaryFastSwish(beta))) return SwishDerivative(d, x, beta);
  }
  return FastSwishSlope(d, x, static_cast<double>(beta));
}

// mish'(x), 1 from 20 on; the first E at 2^kBias of its size.
template <class D, class V>
HWY_INLINE V FastMishDerivative(D d, const V& x) {
  using T = Scalar<D>;
  if constexpr (kInDouble<D>) {  // in floats without FMA it has 4.06 ulp
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastMishDerivative(d64, v); });
  } else {
    constexpr int kBias = 10;
    const auto unit = hn::Set(d, PowerOfTwo<T>(-kBias)), two = hn::Set(d, T(2)), four = hn::Set(d, T(4));
    const V bounded =
        AtMost(hn::Set(d, T(20)), AtLeast(hn::Set(d, kFastE<T>.template PlainNothing<kBias>()), x));
    const V scaled = FastExpCloser<kBias>(d, bounded, kFastE<T>);
    const V e = op::Mul(scaled, unit);
    const V e2 = op::Add(e, two);
    // 1 / (n + 2); from -1/2 down as (1 - n / (n + 2)) / 2, which for small n has its last rounding alone.
    const V n = op::Mul(e, e2), inverse = FastInverse(d, V(op::Add(n, two)));
    const auto half = hn::Set(d, T(0.5));
    const V left = op::NegMulAdd(op::Mul(n, half), inverse, half);
    const V y = op::IfThenElse(op::Lt(bounded, hn::Set(d, T(-0.5))), left, inverse);
    const V x4 = op::Mul(bounded, four);
    const V bracket = op::MulAdd(op::MulAdd(x4, e, x4), y, e2);
    const V slope = op::Mul(op::Mul(op::Mul(scaled, y), bracket), unit);
    return op::IfThenElse(op::Ge(x, hn::Set(d, T(20))), hn::Set(d, T(1)), slope);
  }
}

// softplus'(x) = beta x > threshold ? 1 : sigmoid(beta x).
template <class D, class V>
HWY_INLINE V FastSoftplusDerivative(D d, const V& x, Scalar<D> beta, Scalar<D> threshold) {
  if constexpr (kMayBeOther<D, V>) {
    if (HWY_UNLIKELY(!OrdinaryFastSoftplus(beta, threshold)))
      return SoftplusDerivative(d, x, beta, threshold);
  }
  return FastSigmoidOf(d, x, FastRate<Scalar<D>>(-static_cast<double>(beta)));
}
template <class D, class V>
HWY_INLINE V FastLogSigmoidDerivative(D d, const V& x) {
  return FastSigmoidOf(d, x, kFastE<Scalar<D>>);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_FAST_LOGISTIC_INL_H_
