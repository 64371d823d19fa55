// The fast tier of bf16 and f16: exp, elu, selu, celu to 2^-12 of the result, before it is rounded, and what
// the other coarse kernels are built from.
//
//   exp(x) = 2^n 2^f,   n = round(x / ln 2),   |f| <= 1/2
//
// 2^f is a polynomial of degree 3 (2^-13.7). 2^n is made by shifting n + 127 into the exponent: n = -127
// makes 0 of it and n = 128 infinity, so that what is below the normal numbers vanishes and what is above
// them overflows, with no comparison. For this to happen where it should, x is shifted by a constant first,
// which the polynomial makes good. No result is denormal on the way, and no denormal is multiplied by
// anything but 0 (but for selu's denormal inputs): on Intel's CPUs such products take a hundred times as
// long. (x + shift is normal.) The reduction has one part: |x| / ln 2 < 2^7, so its rounding is 2^-18 of the
// result, with FMA or without.
//
// Denormal results are 0 or a denormal nearby. Worst: exp 2^-13.57 at -0x1.ff1816p+5 (SSE4), selu 2^-16.01 at
// -0x1.6610b4p-7, elu and celu less. Constants: tools/constants/coarse.py.

#if defined(SIMDACT_COARSE_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_COARSE_EXP_INL_H_
#undef SIMDACT_COARSE_EXP_INL_H_
#else
#define SIMDACT_COARSE_EXP_INL_H_
#endif

#include "simdact/detail/tables/coarse.h"
#include "simdact/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// Vectors in lockstep; here no target computes in double.
constexpr size_t kCoarseVectors = kSizeless ? 1 : 4;
constexpr size_t kCoarseExpVectors = kCoarseVectors;
constexpr size_t kCoarseEluVectors = kCoarseVectors;
constexpr size_t kCoarseSeluVectors = kCoarseVectors;
constexpr size_t kCoarseCeluVectors = kCoarseVectors;

constexpr float kCoarseLog2e = 0x1.715476p+0f;
constexpr float kLeastNormal = 0x1p-126f;

// factor (c0 + c1 x + ...).
template <class D, class V, size_t kCount>
HWY_INLINE V CoarsePolynomial(D d, const V& x, const float (&c)[kCount], float factor = 1) {
  V p = op::MulAdd(hn::Set(d, c[kCount - 1] * factor), x, hn::Set(d, c[kCount - 2] * factor));
  HWY_UNROLL(8)
  for (int k = static_cast<int>(kCount) - 3; k >= 0; --k) p = op::MulAdd(p, x, hn::Set(d, c[k] * factor));
  return p;
}

// Without FMA the products c x of a polynomial would be denormal for tiny x: x + 2^-60.
template <class D, class V>
HWY_INLINE V AwayFromZero(D d, const V& x) {
  if constexpr (HWY_NATIVE_FMA) return x;
  return op::Add(x, hn::Set(d, 0x1p-60f));
}

// A scale, 2^(n + kMore), and the fraction f, n + f = x slope, for n + kMore in [-127, 128]: Scale and
// Fraction give them.
template <class N>
HWY_INLINE auto Fraction(const N& steps) {
  return Low(steps);
}
template <int kMore, class D, class V, class S>
HWY_INLINE auto CoarseReduce(D d, const V& x, const S& slope) {
  const auto magic = hn::Set(d, 0x1.8p23f + 127 + kMore);
  const V t = op::MulAdd(x, slope, magic);
  const V f = op::MulSub(x, slope, V(op::Sub(t, magic)));
  return MakePair(V(op::BitCast(d, op::ShiftLeft<23>(op::BitCast(hn::RebindToSigned<D>(), t)))), f);
}

// 2^(x slope) factor, of which Scale and Factor give the factors.
template <int kMore = 0, class D, class V, class S>
HWY_INLINE auto CoarsePowerOfTwo(D d, const V& x, const S& slope, float factor) {
  const auto steps = CoarseReduce<kMore>(d, x, slope);
  return MakePair(V(Scale(steps)),
                  V(CoarsePolynomial(d, V(Fraction(steps)), CoarseConstants::kPower, factor)));
}

// 1 / x to 2^-14, 0 for infinity.
template <class D, class V>
HWY_INLINE V CoarseInverse(D d, const V& x) {
  if constexpr (kWide) {
    return op::ApproximateReciprocal(x);
  } else {
    return op::Div(hn::Set(d, 1.0f), x);
  }
}

// y, or 0 where a < least.
template <class D, class V, class Y>
HWY_INLINE V ZeroWhereTiny(D d, const V& a, float least, const Y& y) {
  return op::IfThenZeroElse(op::Lt(a, hn::Set(d, least)), y);
}

// exp(x).
template <class D, class V>
HWY_INLINE V CoarseExp(D d, const V& x) {
  // x + shift <= -126.5 ln 2 where exp(x) is denormal, >= 127.5 ln 2 where it overflows: to a unit of x.
  constexpr float kShift = -0x1.62e2p-2f, kFactor = 0x1.6a092p+0f;
  const V bounded = AtLeast(hn::Set(d, -88.3f), AtMost(hn::Set(d, 89.0f), V(op::Add(x, hn::Set(d, kShift)))));
  const auto power = CoarsePowerOfTwo(d, bounded, hn::Set(d, kCoarseLog2e), kFactor);
  return op::Mul(Factor(power), Scale(power));
}

// factor (exp(x slope) - 1) for x slope in [-30, 0], with the relative accuracy of its last term near 0: n =
// 0 there.
template <class D, class V>
HWY_INLINE V CoarseExpm1(D d, const V& x, float slope, float factor) {
  const auto one = hn::Set(d, 1.0f);
  const auto steps = CoarseReduce<0>(d, x, hn::Set(d, slope * kCoarseLog2e));
  const V scale = Scale(steps), f = Fraction(steps);
  const V p = op::Mul(CoarsePolynomial(d, AwayFromZero(d, f), CoarseConstants::kPowerTail, factor), f);
  return op::MulAdd(p, scale, V(op::Mul(op::Sub(scale, one), hn::Set(d, factor))));
}

// alpha factor (exp(x slope) - 1) for x < end, where end < 0, and `above` elsewhere. least slope is -20: the
// result is -alpha factor from there on. factor is a constant, and in the polynomial.
template <class D, class V>
HWY_INLINE V CoarseExpm1Left(D d, const V& x, float slope, float least, float alpha, float factor, float end,
                             const V& above) {
  const auto left = op::Lt(x, hn::Set(d, end));
  const V bounded = op::IfThenElseZero(left, V(AtLeast(hn::Set(d, least), x)));
  return op::IfThenElse(left, op::Mul(CoarseExpm1(d, bounded, slope, factor), hn::Set(d, alpha)), above);
}

// elu(x) = x > 0 ? x : alpha (exp(x) - 1); x itself where it is denormal.
template <class D, class V>
HWY_INLINE V CoarseElu(D d, const V& x, Scalar<D> alpha) {
  if (alpha != 1) return Elu(d, x, alpha);
  return CoarseExpm1Left(d, x, 1.0f, -20.0f, 1.0f, 1.0f, -2 * kLeastNormal, x);
}

// selu(x) = lambda (x > 0 ? x : alpha (exp(x) - 1)); 0 where that is denormal.
template <class D, class V>
HWY_INLINE V CoarseSelu(D d, const V& x) {
  using C = SeluConstants<D>;
  const V lambda = ZeroWhereTiny(d, x, kLeastNormal / C::kLambda, hn::Set(d, C::kLambda));
  const float end = -0.999f * kLeastNormal / C::kLeft;
  return CoarseExpm1Left(d, x, 1.0f, -20.0f, 1.0f, C::kLeft, end, V(op::Mul(x, lambda)));
}

// celu(x) = x > 0 ? x : alpha (exp(x / alpha) - 1).
template <class D, class V>
HWY_INLINE V CoarseCelu(D d, const V& x, Scalar<D> alpha) {
  const float inverse = 1 / alpha;  // outside of the condition, to leave the loop
  if (!(alpha >= 0x1p-20f && alpha <= 0x1p20f)) return Celu(d, x, alpha);
  return CoarseExpm1Left(d, x, inverse, -20 * alpha, alpha, 1.0f, -2 * kLeastNormal * (alpha < 1 ? 1 : alpha),
                         x);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_COARSE_EXP_INL_H_
