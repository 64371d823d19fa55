// gelu and tanh, and the derivatives of gelu, erf and tanh, in plain numbers (fast-exp-inl.h).
//
//   gelu(x) = max(x, 0) - a M(a) exp(-a^2 / 2),   a = |x|,   M Mills' ratio
//   a M(a) = c A / (k A + R(a)),   A = a + a^2 P(a)
//   gelu'(-a) = (M(a) - a / sqrt(2 pi)) exp(-a^2 / 2),   gelu'(a) = 1 - gelu'(-a)
//   M(a) = P(a) / (k a P(a) + R(a))
//   tanh(x) = m / (m + 2),   m = expm1(2 x)
//
// a^2 is kept as a pair. All coefficients are positive, and what P, or A, loses is in both parts of the
// quotient, so that it hardly shows. For small a A is a and has one rounding. They are scaled so that the
// lower part is a little below a power of 2 for small a, where numbers are finer. (P / Q with Q of degree 5
// had 4.8 ulp, a times P / (k a P + R) 4.7 without FMA; slots of 1/2 with log M(a) in them are 15 % faster on
// AVX-512, by two passes over a block, and nothing elsewhere.)

#if defined(SIMDACT_FAST_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_FAST_NORMAL_INL_H_
#undef SIMDACT_FAST_NORMAL_INL_H_
#else
#define SIMDACT_FAST_NORMAL_INL_H_
#endif

#include "simdact/detail/exp-inl.h"
#include "simdact/fast-logistic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kFastGeluVectors = FastLockstep(4, 3), kFastGeluDerivativeVectors = FastLockstep(4, 3);
constexpr size_t kFastTanhVectors = FastLockstep(4, 4), kFastTanhDerivativeVectors = FastLockstep(6, 4);
constexpr size_t kFastErfVectors = 0, kFastErfDerivativeVectors = FastLockstep(4, 4);

// a^2; in floats it keeps what it rounds off, or without FMA is that of a's upper half, and the rest.
template <class D, class V>
HWY_INLINE auto FastSquare(D d, const V& a) {
  if constexpr (!kIsFloat<D>) {
    return V(op::Mul(a, a));
  } else if constexpr (HWY_NATIVE_FMA) {
    return TwoProduct(a, a);
  } else {
    const hn::RebindToSigned<D> di;
    const V upper = op::BitCast(d, op::And(op::BitCast(di, a), hn::Set(di, -4096)));
    return MakePair(V(op::Mul(upper, upper)), V(op::Mul(op::Sub(a, upper), op::Add(a, upper))));
  }
}
// factor exp(-k a^2) 2^kBias as S q, k > 0. S is a power of 2: products by it are exact.
template <int kBias, class D, class V>
HWY_INLINE auto FastGaussian(D d, const V& a, const FastRate<Scalar<D>>& rate, Scalar<D> factor = 1) {
  using Power = FastPowerOf2<Scalar<D>>;
  const auto square = FastSquare(d, a);
  const V steps = FastSteps<kBias, Power>(d, V(High(square)), rate);
  const V r = FastRest<kBias, Power>(d, square, steps, rate);
  return MakePair(V(FastScale<FastTable::kPlain, Power>(d, steps)),
                  V(FastPolynomial(d, r, Power::kExp, rate.k, factor)));
}

// M(a) = P(a) / (k a P(a) + R(a)).
template <class D, class V>
HWY_INLINE V FastMills(D d, const V& a) {
  using C = FastConstants<Scalar<D>>;
  const V over = FastPolynomial(d, a, C::kMills);
  const V below =
      op::MulAdd(op::Mul(a, hn::Set(d, C::kMillsSlope)), over, FastPolynomial(d, a, C::kMillsRest));
  return FastQuotient(d, over, below);
}

// gelu(x).
template <class D, class V>
HWY_INLINE V FastGelu(D d, const V& x) {
  using T = Scalar<D>;
  using C = FastConstants<T>;
  const V a = AtMost(hn::Set(d, FastPowerOf2<T>::kGeluEnd), V(op::Abs(x)));
  const auto power = FastGaussian<0>(d, a, FastRate<T>(-0.5), C::kTimesMillsFactor);
  const V scale = Scale(power), q = Factor(power);
  const V over = op::MulAdd(op::Mul(a, FastPolynomial(d, a, C::kTimesMills)), a, a);
  const V below = op::MulAdd(over, hn::Set(d, C::kTimesMillsSlope), FastPolynomial(d, a, C::kTimesMillsRest));
  const V relu = AtLeast(hn::Set(d, T(-0.0)), x);
  if constexpr (HWY_NATIVE_FMA) {  // A last, and times a power of 2: of a normal x nothing before is denormal
    return op::NegMulAdd(FastQuotient(d, q, below), V(op::Mul(over, scale)), relu);
  } else {  // A first: the last product is rounded, unless by a power of 2
    const V gelu = op::NegMulAdd(FastQuotient(d, V(op::Mul(over, q)), below), scale, relu);
    if constexpr (!kIsFloat<D>) return gelu;
    // Where x / 2 is denormal, 0: the product alone may vanish.
    return op::IfThenElse(op::Lt(a, hn::Set(d, T(0x1p-125))), op::And(x, hn::SignBit(d)), gelu);
  }
}
template <class D, class V>
HWY_INLINE V FastGeluDerivative(D d, const V& x) {
  using T = Scalar<D>;
  if constexpr (kInDouble<D>) {  // in floats without FMA it has 5.8 ulp
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastGeluDerivative(d64, v); });
  } else {
    constexpr int kBias = 8;
    const V a = AtMost(hn::Set(d, FastPowerOf2<T>::kGeluSlopeEnd), V(op::Abs(x)));
    const auto power = FastGaussian<kBias>(d, a, FastRate<T>(-0.5));
    const V k = op::NegMulAdd(a, hn::Set(d, T(0x1.9884533d43651p-2)), FastMills(d, a));
    return FastBothSides<kBias>(d, x, V(op::Mul(op::Mul(k, Factor(power)), Scale(power))));
  }
}

// erf(x). There is none that is faster and within 4 ulp: quotients lose 4.5.
template <class D, class V>
HWY_INLINE V Erf(D d, const V& x);
template <class D, class V>
HWY_INLINE V FastErf(D d, const V& x) {
  return Erf(d, x);
}

// erf'(x) = 2 exp(-x^2) / sqrt(pi), at 2^2 of its size.
template <class D, class V>
HWY_INLINE V FastErfDerivative(D d, const V& x) {
  using T = Scalar<D>;
  const V a = AtMost(hn::Set(d, FastPowerOf2<T>::kErfSlopeEnd), V(op::Abs(x)));
  const auto power = FastGaussian<2>(d, a, FastRate<T>(-1.0));
  return op::Mul(op::Mul(Factor(power), hn::Set(d, T(0x1.20dd750429b6dp-2))), Scale(power));
}

// tanh(k x / 2) = m / (m + 2), m = expm1(k x), k > 0.
template <class D, class V>
HWY_INLINE V FastTanhOf(D d, const V& x, const FastRate<Scalar<D>>& rate) {
  using T = Scalar<D>;
  const auto end = hn::Set(d, T(kIsFloat<D> ? 18.2 : 40) / rate.k);
  const V bounded = AtMost(end, AtLeast(op::Neg(end), x));
  const V m = FastExpm1Of<FastTable::kPlain>(d, bounded, bounded, rate, T(1));
  return op::Div(m, op::Add(m, hn::Set(d, T(2))));
}

// tanh(x). On AVX-512 by the addition theorem, c a multiple of 1/2:
//   tanh(c + r) = (tanh c + tanh r) / (1 + tanh c tanh r)
template <class D, class V>
HWY_INLINE V FastTanh(D d, const V& x) {
  using T = Scalar<D>;
  if constexpr (kWide && kIsFloat<D>) {
    const auto one = hn::Set(d, 1.0f), magic = hn::Set(d, 0x1.8p22f);
    const V a = AtMost(hn::Set(d, 10.0f), V(op::Abs(x)));
    const V steps = op::Add(a, magic);
    const V r = op::Sub(a, op::Sub(steps, magic));
    const V c = Lookup<32>(d, FastTanh32::kTanh, op::BitCast(hn::RebindToSigned<D>(), steps));
    const V square = op::Mul(r, r);
    const V tanh = op::MulAdd(op::Mul(r, square), FastPolynomial(d, square, FastTanh32::kTail), r);
    return WithSignOf(d, x, V(FastQuotient(d, V(op::Add(c, tanh)), V(op::MulAdd(c, tanh, one)))));
  } else {
    return FastTanhOf(d, x, FastRate<T>(2.0));
  }
}
// tanh'(x) = 4 s (1 - s), s = sigmoid(-2 a).
template <class D, class V>
HWY_INLINE V FastTanhDerivative(D d, const V& x) {
  return FastDensity<2>(d, x, FastRate<Scalar<D>>(2.0));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_FAST_NORMAL_INL_H_
