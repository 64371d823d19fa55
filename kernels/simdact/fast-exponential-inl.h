// exp, expm1, elu, selu, celu and their derivatives in plain numbers (fast-exp-inl.h).
//
//   exp(x) - 1 = S t + (S - 1),   t = exp(r) - 1 and what S lost of 2^(n + j/N)
//
// S - 1 is exact near 0, where S = 1, and t keeps its relative accuracy: so does the sum.
//
// On AVX-512 elu and selu, whose exp(x) - 1 ends at -16, have a table of S = exp(-j/2) instead. r = x + j/2
// takes additions alone, and is exact; where S is not 1 the result is 0.2 or more, and need not know what S
// lost.

#if defined(SIMDACT_FAST_EXPONENTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_FAST_EXPONENTIAL_INL_H_
#undef SIMDACT_FAST_EXPONENTIAL_INL_H_
#else
#define SIMDACT_FAST_EXPONENTIAL_INL_H_
#endif

#include "simdact/detail/fast-exp-inl.h"
#include "simdact/detail/general-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// The accurate kernels, for parameters that are not ordinary here: of floats, in registers. The drivers call
// these themselves.
template <class D, class V>
HWY_INLINE V Elu(D d, const V& x, Scalar<D> alpha);
template <class D, class V, class U = NoUpstream>
HWY_INLINE V EluDerivative(D d, const V& x, Scalar<D> alpha, const U& dy = U());
template <class D, class V>
HWY_INLINE V Celu(D d, const V& x, Scalar<D> alpha);
template <class D, class V, class U = NoUpstream>
HWY_INLINE V CeluDerivative(D d, const V& x, Scalar<D> alpha, const U& dy = U());
template <class D, class V>
constexpr bool kMayBeOther = kIsFloat<D>&& op::Width<V>::value == 0;

// lambda = 1.0507009873554804934... and lambda alpha, alpha = 1.6732632423543772848..., as pairs.
template <class D>
struct SeluConstants {
  static constexpr Scalar<D> kLambda =
      kIsFloat<D> ? Scalar<D>(0x1.0cfabep+0) : Scalar<D>(0x1.0cfabd6a91132p+0);
  static constexpr Scalar<D> kLambdaLow =
      kIsFloat<D> ? Scalar<D>(-0x1.2adddap-25) : Scalar<D>(0x1.6fc7d272f2695p-55);
  static constexpr Scalar<D> kLeft = kIsFloat<D> ? Scalar<D>(0x1.c212ccp+0) : Scalar<D>(0x1.c212cc640f031p+0);
  static constexpr Scalar<D> kLeftLow =
      kIsFloat<D> ? Scalar<D>(0x1.903c0cp-26) : Scalar<D>(0x1.05161b045a1fep-56);
};

// Vectors in lockstep, measured; no target computes in double here. AVX2 has 16 registers, of which FMA's
// constants take many.
constexpr size_t FastLockstep(size_t wide, size_t other, size_t avx2) {
  return kSizeless ? 1 : kWide ? wide : HWY_TARGET == HWY_AVX2 ? avx2 : other;
}
constexpr size_t FastLockstep(size_t wide, size_t other) { return FastLockstep(wide, other, other); }
constexpr size_t kFastExpVectors = FastLockstep(4, 4, 2), kFastExpDerivativeVectors = FastLockstep(4, 4, 2);
constexpr size_t kFastExpm1Vectors = FastLockstep(4, 4, 2);
constexpr size_t kFastExpm1DerivativeVectors = FastLockstep(4, 4, 2);
constexpr size_t kFastEluVectors = FastLockstep(6, 4, 3), kFastEluDerivativeVectors = FastLockstep(6, 4, 2);
constexpr size_t kFastSeluVectors = FastLockstep(4, 2), kFastSeluDerivativeVectors = FastLockstep(6, 4, 2);
constexpr size_t kFastCeluVectors = FastLockstep(6, 4, 3), kFastCeluDerivativeVectors = FastLockstep(6, 4, 2);

// exp(x) over the whole range of results. On AVX-512 an instruction scales by powers of 2, to 0 and infinity.
// Else, with a table, the steps are counted a little short, by 0.6 of one at 2^128, which keeps the scale of
// the largest results below infinity; for that r may be twice as large. Without one the scale is two factors.
template <class D, class V>
HWY_INLINE V FastExp(D d, const V& x) {
  using T = Scalar<D>;
  using Power = FastPower<T>;
  constexpr FastRate<T> kRate(1.0);
  if constexpr (!kIsFloat<D>) {
    return FastExpOf<0>(d, AtLeast(hn::Set(d, kRate.Nothing()), AtMost(hn::Set(d, kRate.Endless()), x)),
                        kRate);
  } else if constexpr (kWide) {
    const V bounded = AtLeast(hn::Set(d, -104.0f), AtMost(hn::Set(d, 89.0f), x));
    const V steps = FastSteps<0, Power>(d, bounded, kRate);
    const V q = FastPolynomial(d, FastRest<0, Power>(d, bounded, steps, kRate), Power::kExp);
    const auto index = op::BitCast(hn::RebindToSigned<D>(), steps);
    const V power = Lookup<Power::kEntries>(d, Power::kQuotients, index);
    return op::MulByFloorPow2(op::Mul(power, q),
                              op::Sub(steps, hn::Set(d, static_cast<T>(kFastMagic<Power>))));
  } else if constexpr (Power::kEntries > 1) {
    FastRate<T> rate = kRate;
    rate.log2 *= 1 - 0.6f / (128 * Power::kEntries);
    const V bounded = AtLeast(hn::Set(d, -88.08f), AtMost(hn::Set(d, 88.73f), x));
    const V steps = FastSteps<0, Power>(d, bounded, rate);
    const V q = FastPolynomial(d, FastRest<0, Power>(d, bounded, steps, rate), Power::kLongExp);
    return op::Mul(FastScale<FastTable::kPlain, Power>(d, steps), q);
  } else {
    const hn::RebindToSigned<D> di;
    const V bounded = AtLeast(hn::Set(d, -104.0f), AtMost(hn::Set(d, 89.0f), x));
    const V steps = FastSteps<0, Power>(d, bounded, kRate);
    const V q = FastPolynomial(d, FastRest<0, Power>(d, bounded, steps, kRate), Power::kExp);
    const auto bias = hn::Set(di, Power::kExponentBias);
    const auto zero = hn::BitCast(di, hn::Set(d, static_cast<T>(kFastMagic<Power>)));
    const auto n = op::Sub(op::BitCast(di, steps), zero);
    const auto half = op::ShiftRight<1>(n);
    const V first = op::BitCast(d, op::ShiftLeft<23>(op::Add(half, bias)));
    const V second = op::BitCast(d, op::ShiftLeft<23>(op::Add(op::Sub(n, half), bias)));
    return op::Mul(op::Mul(q, first), second);
  }
}

// expm1(x). Beyond 88.7 r grows, and with it the result, to infinity.
template <class D, class V>
HWY_INLINE V FastExpm1(D d, const V& x) {
  using T = Scalar<D>;
  constexpr FastRate<T> kRate(1.0);
  const V left = AtLeast(hn::Set(d, T(-25)), x);
  const V bounded = AtMost(hn::Set(d, T(88.67)), left);
  if constexpr (kIsFloat<D> && FastPower<T>::kEntries == 1) {  // the scale itself would be infinite
    const V half = FastExpm1Of<FastTable::kPlain, -1>(d, left, bounded, kRate, T(0.5));
    const auto tiny = op::Lt(op::Abs(x), hn::Set(d, T(0x1p-25)));  // half of it may be denormal
    return op::IfThenElse(tiny, x, op::Add(half, half));
  } else if constexpr (kIsFloat<D>) {
    return FastExpm1Of<FastTable::kPlain>(d, left, bounded, kRate, T(1));
  } else {
    const V most = AtMost(hn::Set(d, kRate.Endless()), V(AtLeast(hn::Set(d, T(-40)), x)));
    return FastExpm1Of<FastTable::kPlain>(d, most, most, kRate, T(1));
  }
}

// unit (exp(k x) - 1) for x <= 0.
template <FastTable kTable = FastTable::kPlain, class D, class V>
HWY_INLINE V FastExpm1Left(D d, const V& x, const FastRate<Scalar<D>>& rate, Scalar<D> unit = 1) {
  const V bounded = AtLeast(hn::Set(d, Scalar<D>(kIsFloat<D> ? -25 : -40) / rate.k), x);
  return FastExpm1Of<kTable>(d, bounded, bounded, rate, unit);
}
// The same for k = 1 and floats with fused multiply-add: there ln(2) in one word is near enough, and of what
// the plain table lost two entries count alone, with 1.7 ulp.
namespace {
constexpr float kFastLeft[] = {-25.0f,
                               kFastE<float>.log2,
                               static_cast<float>(kFastMagic<FastPower8>),
                               0x1.62e43p-1f,
                               FastPower8::kTail[0],
                               FastPower8::kTail[1],
                               FastPower8::kTail[2],
                               FastPower8::kTail[3]};
}  // namespace
template <FastTable kTable, class D, class V>
HWY_INLINE V FastExpm1LeftOfOne(D d, const V& x, float unit) {
  using Power = FastPower8;
  const float* c = OncePerPack(kFastLeft);
  const auto magic = hn::Set(d, c[2]), one = hn::Set(d, c[4]);
  const V bounded = AtLeast(hn::Set(d, c[0]), x), steps = op::MulAdd(bounded, hn::Set(d, c[1]), magic);
  const V r = op::NegMulAdd(op::Sub(steps, magic), hn::Set(d, c[3]), bounded);
  const V scale = FastScale<kTable, Power>(d, steps);
  const V p = op::MulAdd(op::MulAdd(hn::Set(d, c[7]), r, hn::Set(d, c[6])), r, hn::Set(d, c[5]));
  const V slope = op::MulAdd(p, r, one);
  if constexpr (kTable == FastTable::kPlain) {  // a plain product might be denormal, and slow
    return op::MulSub(scale, op::MulAdd(slope, r, hn::Set(d, -0.0f)), op::Sub(one, scale));
  }
  const auto index = op::BitCast(hn::RebindToSigned<D>(), steps);
  const V tail = op::MulAdd(slope, r, Lookup<Power::kEntries>(d, Power::kSeluLow, index));
  return op::MulSub(scale, tail, op::Sub(hn::Set(d, unit), scale));
}
// x < 0 ? unit (exp(x) - 1) : right, from steps of 1/2. The last one gives -unit, which is what is left where
// x is bounded; at -15.25, where it begins, that is off by 4.0 ulp (selu: 3.32).
template <class D, class V>
HWY_INLINE V FastExpm1ByHalves(D d, const V& x, const float (&powers)[32], float unit, const V& right) {
  using Table = FastExpHalves;
  const auto magic = hn::Set(d, 0x1.8p22f);
  const V bounded = AtLeast(hn::Set(d, -Table::kBound), x), steps = op::Sub(magic, bounded);
  const V scale = Lookup<32>(d, powers, op::BitCast(hn::RebindToSigned<D>(), steps));
  const V r = op::Add(bounded, op::Sub(steps, magic));
  const V t = op::MulAdd(FastPolynomial(d, r, Table::kTail), r, hn::Set(d, -0.0f));
  // Chosen twice, which takes masked instructions and none of its own.
  const auto below = op::Lt(x, hn::Zero(d));
  const V shifted = op::IfThenElse(below, op::Sub(scale, hn::Set(d, unit)), right);
  return op::IfThenElse(below, op::MulAdd(scale, t, shifted), shifted);
}

// elu(x) = x > 0 ? x : alpha (exp(x) - 1).
template <class T>
constexpr bool OrdinaryFastElu(T alpha) {
  return InRange(alpha, 0x1p-60, 0x1p20);
}
template <class D, class V>
HWY_INLINE V FastEluOfOne(D d, const V& x) {
  if constexpr (kIsFloat<D> && kWide) {
    return FastExpm1ByHalves(d, x, FastExpHalves::kExpHalf, 1.0f, x);
  } else if constexpr (kIsFloat<D> && HWY_NATIVE_FMA) {
    return op::IfNegativeThenElse(x, FastExpm1LeftOfOne<FastTable::kPlain>(d, x, 1.0f), x);
  } else {
    return op::IfThenElse(op::Lt(x, hn::Zero(d)), FastExpm1Left(d, x, kFastE<Scalar<D>>), x);
  }
}
template <class D, class V>
HWY_INLINE V FastElu(D d, const V& x, Scalar<D> alpha) {
  if constexpr (kMayBeOther<D, V>) {
    if (HWY_UNLIKELY(!OrdinaryFastElu(alpha))) return Elu(d, x, alpha);
  }
  if (alpha == 1) return FastEluOfOne(d, x);
  const V left = op::Mul(FastExpm1Left(d, x, kFastE<Scalar<D>>), hn::Set(d, alpha));
  return op::IfThenElse(op::Lt(x, hn::Zero(d)), left, x);
}

// selu(x) = lambda (x > 0 ? x : alpha (exp(x) - 1)), with a table that has the factor.
template <class D, class V>
HWY_INLINE V FastSelu(D d, const V& x) {
  using C = SeluConstants<D>;
  if constexpr (kIsFloat<D> && HWY_NATIVE_FMA) {
    // A plain product might be denormal, and slow.
    const V right = op::MulAdd(x, hn::Set(d, C::kLambda), hn::Set(d, -0.0f));
    if constexpr (kWide) {
      return FastExpm1ByHalves(d, x, FastExpHalves::kSeluHalf, C::kLeft, right);
    } else {
      return op::IfNegativeThenElse(x, FastExpm1LeftOfOne<FastTable::kSelu>(d, x, C::kLeft), right);
    }
  } else {
    const V left = FastExpm1Left<FastTable::kSelu>(d, x, kFastE<Scalar<D>>, C::kLeft);
    return op::IfThenElse(op::Lt(x, hn::Zero(d)), left, op::Mul(x, hn::Set(d, C::kLambda)));
  }
}

// celu(x) = x > 0 ? x : alpha (exp(x / alpha) - 1), alpha > 0.
template <class T>
constexpr bool OrdinaryFastCelu(T alpha) {
  return alpha >= static_cast<T>(0x1p-20) && alpha <= static_cast<T>(0x1p20);
}
template <class D, class V>
HWY_INLINE V FastCelu(D d, const V& x, Scalar<D> alpha) {
  if constexpr (kMayBeOther<D, V>) {
    if (HWY_UNLIKELY(!OrdinaryFastCelu(alpha))) return Celu(d, x, alpha);
  }
  if (alpha == 1) return FastEluOfOne(d, x);
  const FastRate<Scalar<D>> rate(1 / static_cast<double>(alpha));
  const V left = op::Mul(FastExpm1Left(d, x, rate), hn::Set(d, alpha));
  // Next to zero it is x, where x / alpha may be denormal.
  const auto end = hn::Set(d, alpha * Scalar<D>(kIsFloat<D> ? -0x1p-26 : -0x1p-60));
  return op::IfThenElse(op::Lt(x, end), left, x);
}

// ---- Derivatives: x > 0 ? above : factor exp(k x) --------------------------------------------------------

// k > 0. exp alone may be denormal where the product is not, so it is made 2^24 times larger.
template <class D, class V>
HWY_INLINE V FastExpBelow(D d, const V& x, const FastRate<Scalar<D>>& rate, Scalar<D> above,
                          Scalar<D> factor) {
  constexpr int kBias = 24;
  const V left = AtMost(hn::Zero(d), AtLeast(hn::Set(d, rate.template Nothing<kBias>()), x));
  const auto unit = hn::Set(d, factor * PowerOfTwo<Scalar<D>>(-kBias));
  return op::IfThenElse(op::Gt(x, hn::Zero(d)), hn::Set(d, above),
                        op::Mul(FastExpOf<kBias>(d, left, rate), unit));
}
template <class D, class V>
HWY_INLINE V FastExpDerivative(D d, const V& x) {
  return FastExp(d, x);
}
template <class D, class V>
HWY_INLINE V FastExpm1Derivative(D d, const V& x) {
  return FastExp(d, x);
}
template <class D, class V>
HWY_INLINE V FastEluDerivative(D d, const V& x, Scalar<D> alpha) {
  if constexpr (kMayBeOther<D, V>) {
    if (HWY_UNLIKELY(!OrdinaryFastElu(alpha))) return EluDerivative(d, x, alpha);
  }
  return FastExpBelow(d, x, kFastE<Scalar<D>>, Scalar<D>(1), alpha);
}
template <class D, class V>
HWY_INLINE V FastSeluDerivative(D d, const V& x) {
  return FastExpBelow(d, x, kFastE<Scalar<D>>, SeluConstants<D>::kLambda, SeluConstants<D>::kLeft);
}
template <class D, class V>
HWY_INLINE V FastCeluDerivative(D d, const V& x, Scalar<D> alpha) {
  if constexpr (kMayBeOther<D, V>) {
    if (HWY_UNLIKELY(!OrdinaryFastCelu(alpha))) return CeluDerivative(d, x, alpha);
  }
  return FastExpBelow(d, x, FastRate<Scalar<D>>(1 / static_cast<double>(alpha)), Scalar<D>(1), Scalar<D>(1));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_FAST_EXPONENTIAL_INL_H_
