// Kernels for 16-bit numbers, widened to floats: the coarse designs with longer polynomials, good
// to kBriefDoubt units of a float's last place. The driver rounds once, and asks the kernel for double where
// a tie is as near (kernels/drivers/half-blocks-inl.h).
//
// Brief<Name>(d, x) is for x = 0 or 2^-60 <= |x| <= Brief<Name>End(): there nothing overflows, and but for
// gelu and gelu_tanh no result is denormal and no bound needs to be checked. x has 11 bits at most, so x^2 is
// exact. ln 2 is a pair.

#if defined(SIMDACT_BRIEF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_BRIEF_INL_H_
#undef SIMDACT_BRIEF_INL_H_
#else
#define SIMDACT_BRIEF_INL_H_
#endif

#include "simdact/detail/coarse-logistic-inl.h"
#include "simdact/detail/coarse-normal-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kBriefVectors = kSizeless ? 1 : 4;
// Without FMA the reduction rounds x / ln 2: at the ends that shows.
constexpr int32_t BriefDoubt(int32_t with_fma) { return HWY_NATIVE_FMA ? with_fma : 48; }
constexpr int32_t kBriefExpDoubt = BriefDoubt(4), kBriefEluDoubt = BriefDoubt(3);
constexpr int32_t kBriefSeluDoubt = BriefDoubt(4), kBriefSigmoidDoubt = BriefDoubt(5);
constexpr int32_t kBriefSiluDoubt = BriefDoubt(5), kBriefGeluQuickDoubt = BriefDoubt(5);
constexpr int32_t kBriefGeluTanhDoubt = BriefDoubt(4), kBriefMishDoubt = BriefDoubt(6);
constexpr int32_t kBriefSoftplusDoubt = BriefDoubt(8), kBriefLogSigmoidDoubt = BriefDoubt(8);
constexpr int32_t kBriefGeluDoubt = BriefDoubt(9), kBriefErfDoubt = BriefDoubt(16);
constexpr int32_t kBriefTanhDoubt = BriefDoubt(5);

// Brief<Name>End(parameters): up to which |x|; 0 where the parameters do not suit.
constexpr float BriefExpEnd() { return 85; }
constexpr float BriefSeluEnd() { return 80; }
constexpr float BriefEluEnd(float alpha) { return alpha >= 0x1p-10f && alpha <= 0x1p10f ? 80 : 0; }
constexpr float BriefSigmoidEnd() { return 80; }
constexpr float BriefSiluEnd() { return 80; }
constexpr float BriefGeluQuickEnd() { return 45; }
constexpr float BriefGeluTanhEnd() { return HWY_NATIVE_FMA ? 0x1p127f : 6; }
constexpr float BriefMishEnd() { return 20; }
constexpr float BriefSoftplusEnd(float beta, float threshold) {
  return beta == 1 && threshold >= 20 ? 80 : 0;
}
constexpr float BriefLogSigmoidEnd() { return 80; }
constexpr float BriefGeluEnd() { return 0x1p127f; }
constexpr float BriefErfEnd() { return 0x1p127f; }
constexpr float BriefTanhEnd() { return 0x1p127f; }

constexpr float kBriefLog2eLow = 0x1.4ae0cp-26f;

// 2^(n + kMore) and f, n + f = x slope, for a pair slope.
template <int kMore = 0, class D, class V, class N>
HWY_INLINE auto BriefReduce(D d, const V& x, const N& slope) {
  const auto steps = CoarseReduce<kMore>(d, x, High(slope));
  return WithLow(steps, V(op::MulAdd(x, Low(slope), Fraction(steps))));
}
// 2^(x slope), as CoarsePowerOfTwo.
template <class D, class V, class N>
HWY_INLINE auto BriefPowerOfTwo(D d, const V& x, const N& slope) {
  const auto steps = BriefReduce(d, x, slope);
  return MakePair(V(Scale(steps)), V(CoarsePolynomial(d, V(Fraction(steps)), BriefConstants::kPower)));
}

template <class D, class V>
HWY_INLINE V BriefExp(D d, const V& x) {
  const auto power = BriefPowerOfTwo(d, x, Constant(d, kCoarseLog2e, kBriefLog2eLow));
  return op::Mul(Factor(power), Scale(power));
}

template <class D, class V>
HWY_INLINE V BriefExpm1Left(D d, const V& x, float alpha, const V& above) {
  const auto steps = BriefReduce(d, V(AtMost(hn::Zero(d), x)), Constant(d, kCoarseLog2e, kBriefLog2eLow));
  const V scale = Scale(steps), f = Fraction(steps);
  const V p = op::Mul(CoarsePolynomial(d, AwayFromZero(d, f), BriefConstants::kPowerTail), f);
  const V below = op::Mul(op::MulAdd(p, scale, op::Sub(scale, hn::Set(d, 1.0f))), hn::Set(d, alpha));
  return op::IfThenElse(op::Lt(x, hn::Zero(d)), below, above);
}
template <class D, class V>
HWY_INLINE V BriefElu(D d, const V& x, Scalar<D> alpha) {
  return BriefExpm1Left(d, x, alpha, x);
}
template <class D, class V>
HWY_INLINE V BriefSelu(D d, const V& x) {
  using C = SeluConstants<D>;
  return BriefExpm1Left(d, x, C::kLeft, V(op::Mul(x, hn::Set(d, C::kLambda))));
}

// 1 / (1 + 2^(x slope)).
template <class D, class V, class N>
HWY_INLINE V BriefInverseOnePlus(D d, const V& x, const N& slope) {
  return Inverse(V(PowerPlus(d, BriefPowerOfTwo(d, x, slope), 1.0f)));
}
template <class D, class V>
HWY_INLINE V BriefSigmoid(D d, const V& x) {
  return BriefInverseOnePlus(d, x, Constant(d, -kCoarseLog2e, -kBriefLog2eLow));
}
template <class D, class V>
HWY_INLINE V BriefSilu(D d, const V& x) {
  return op::Mul(x, BriefSigmoid(d, x));
}
template <class D, class V>
HWY_INLINE V BriefGeluQuick(D d, const V& x) {
  return op::Mul(x, BriefInverseOnePlus(d, x, Constant(d, -0x1.3a4cbep+1f, 0x1.c08ecap-26f)));
}
// From 9 on the result is x, and from -10.4375 down it is nearer to 0 than to any bf16. The denominator is
// kept at 2^-16 of its size. `linear` is a multiple of 2^-20: the slope less it is exact.
template <class D, class V>
HWY_INLINE V BriefGeluTanh(D d, const V& x) {
  constexpr int kBias = -16;
  const auto cubic = hn::Set(d, -0x1.a5a7dp-4f), linear = hn::Set(d, -0x1.26aecp+1f);
  const auto unit = hn::Set(d, PowerOfTwo<float>(kBias));
  const V left = op::Max(hn::Set(d, -10.4375f), x), bounded = op::Min(hn::Set(d, 9.0f), left);
  const V square = op::Mul(bounded, bounded), slope = op::MulAdd(square, cubic, linear);
  const auto steps = CoarseReduce<kBias>(d, bounded, slope);
  V f = Fraction(steps);
  if constexpr (HWY_NATIVE_FMA) {  // what the slope lost
    const V low = op::MulAdd(square, cubic, op::Sub(linear, slope));
    const V rest = op::MulAdd(square, hn::Set(d, 0x1.151aacp-29f), op::Sub(low, hn::Set(d, 0x1.0de73ap-22f)));
    f = op::MulAdd(bounded, rest, f);
  }
  const V p = CoarsePolynomial(d, f, BriefConstants::kPower);
  return op::Mul(op::Mul(left, unit), Inverse(V(op::MulAdd(p, Scale(steps), unit))));
}
template <class D, class V>
HWY_INLINE V BriefMish(D d, const V& x) {
  const auto two = hn::Set(d, 2.0f);
  const V e = BriefExp(d, x);
  const V n = op::Mul(e, op::Add(e, two));
  return op::Mul(x, op::Mul(n, Inverse(V(op::Add(n, two)))));
}

// log1p(exp(-|x|)).
template <class D, class V>
HWY_INLINE V BriefLog1pExp(D d, const V& x) {
  const V e = BriefExp(d, V(op::Neg(op::Abs(x))));
  return op::Mul(e, CoarsePolynomial(d, AwayFromZero(d, e), BriefConstants::kLog1p));
}
template <class D, class V>
HWY_INLINE V BriefSoftplus(D d, const V& x, Scalar<D>, Scalar<D>) {
  return op::Add(op::Max(hn::Zero(d), x), BriefLog1pExp(d, x));
}
template <class D, class V>
HWY_INLINE V BriefLogSigmoid(D d, const V& x) {
  return op::Sub(op::Min(hn::Zero(d), x), BriefLog1pExp(d, x));
}

// From -13.625 down the result is nearer to 0 than to any bf16. The power of 2 is kept at 2^32 of its size:
// only the last step may give a denormal.
template <class D, class V>
HWY_INLINE V BriefGelu(D d, const V& x) {
  using C = BriefConstants;
  constexpr int kBias = 32;
  const auto one = hn::Set(d, 1.0f);
  const V a = op::Min(hn::Set(d, 13.625f), op::Abs(x));
  const auto slope = Constant(d, -0.5f * kCoarseLog2e, -0.5f * kBriefLog2eLow);
  const auto steps = BriefReduce<kBias>(d, V(op::Mul(a, a)), slope);
  const V p = CoarsePolynomial(d, V(Fraction(steps)), C::kPower, PowerOfTwo<float>(-kBias));
  const V t = Inverse(V(op::MulAdd(a, hn::Set(d, C::kMillsScale), one)));
  const V tail = op::Mul(op::Mul(a, t), op::Mul(CoarsePolynomial(d, t, C::kMills), p));
  return op::NegMulAdd(tail, Scale(steps), AtLeast(hn::Set(d, -0.0f), x));
}

// From 2.8 on erf, and from 4.6 on tanh, are nearer to 1 than to the 16-bit number below.
template <class D, class V>
HWY_INLINE V BriefErf(D d, const V& x) {
  const auto end = hn::Set(d, 2.8f);
  const V near = op::Max(op::Neg(end), op::Min(end, x));
  return op::Mul(CoarsePolynomial(d, V(op::Mul(near, near)), BriefConstants::kErf), near);
}
template <class D, class V>
HWY_INLINE V BriefTanh(D d, const V& x) {
  using C = BriefConstants;
  const auto end = hn::Set(d, 4.6f);
  const V near = op::Max(op::Neg(end), op::Min(end, x)), s = op::Mul(near, near);
  const V below = op::MulAdd(CoarsePolynomial(d, s, C::kTanhBelow), s, hn::Set(d, 1.0f));
  return op::Mul(op::Mul(CoarsePolynomial(d, s, C::kTanh), near), Inverse(below));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_BRIEF_INL_H_
