// The fast tier of bf16 and f16: sigmoid, silu and what is like it, mish, softplus, log_sigmoid, to 2^-12 of
// the result.
//
//   sigmoid(x) = 1 / (1 + exp(-x)),   silu(x) = x / (1 + exp(-x)),   gelu_tanh(x) = x / (1 + exp(-v(x)))
//   mish(x) = x n / (n + 2),  n = E (E + 2),  E = exp(x)
//   softplus(x) = max(x, 0) + log1p(E),  E = exp(-|x|),  log1p(E) = E (1 - E/2 ...), degree 4 (2^-14.1)
//
// exp as in coarse-exp-inl.h: the shift of x is such that the denominator becomes infinite, or E becomes 0,
// where the result would be denormal. Where x E may be normal and E not, both are kept at a power of two of
// their size. On AVX-512 the quotient is an estimate of the reciprocal, 2^-14.
//
// A factor x that is denormal is multiplied by 0. Worst: softplus and log_sigmoid 2^-12.84 at 0x1.fe27dap+5
// (SSE4), gelu_tanh 2^-12.84 at -0x1.41ebf2p+3, silu 2^-12.92 at -0x1.444f28p+6, sigmoid 2^-13.07, mish
// 2^-13.06 (AVX-512; elsewhere 2^-13.4 or less).

#if defined(SIMDACT_COARSE_LOGISTIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_COARSE_LOGISTIC_INL_H_
#undef SIMDACT_COARSE_LOGISTIC_INL_H_
#else
#define SIMDACT_COARSE_LOGISTIC_INL_H_
#endif

#include "simdact/detail/coarse-exp-inl.h"
#include "simdact/gelu_tanh-inl.h"
#include "simdact/logarithmic-inl.h"
#include "simdact/mish-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kCoarseSigmoidVectors = kCoarseVectors;
constexpr size_t kCoarseSiluVectors = kCoarseVectors;
constexpr size_t kCoarseSwishVectors = kCoarseVectors;
constexpr size_t kCoarseGeluQuickVectors = kCoarseVectors;
constexpr size_t kCoarseGeluTanhVectors = kCoarseVectors;
constexpr size_t kCoarseMishVectors = kCoarseVectors;
constexpr size_t kCoarseSoftplusVectors = kCoarseVectors;
constexpr size_t kCoarseLogSigmoidVectors = kCoarseVectors;

// power + unit, rounded once with FMA.
template <class D, class N>
HWY_INLINE auto PowerPlus(D d, const N& power, float unit) {
  return op::MulAdd(Factor(power), Scale(power), hn::Set(d, unit));
}

// sigmoid(x).
template <class D, class V>
HWY_INLINE V CoarseSigmoid(D d, const V& x) {
  // The denominator is infinite from exp(-x) = 2^126 on. At 4 times its size that is just where it overflows.
  constexpr float kUnit = kWide ? 1.0f : 4.0f, kShift = -0x1.0a2b24p+0f, kFactor = 0x1.6a09e6p-2f;
  const V bounded = AtLeast(hn::Set(d, -89.0f), AtMost(hn::Set(d, 88.0f), V(op::Add(x, hn::Set(d, kShift)))));
  const auto power = CoarsePowerOfTwo(d, bounded, hn::Set(d, -kCoarseLog2e), kFactor * kUnit);
  const V sum = PowerPlus(d, power, kUnit);
  if constexpr (kWide) return op::ApproximateReciprocal(sum);
  return op::Div(hn::Set(d, kUnit), sum);
}

// x ratio unit, for ratios of up to 1 / unit; x is bounded below. 0 where |x| < least: there it is denormal.
template <class D, class V>
HWY_INLINE V CoarseTimes(D d, const V& x, const V& ratio, float unit, float least = 2 * kLeastNormal) {
  const V a = op::Abs(x);
  const V product = op::Mul(op::Mul(ZeroWhereTiny(d, a, least, ratio), x), hn::Set(d, unit));
  return op::Min(a, product);  // the inner product may have overflown; -0 comes second
}

// x / (1 + exp(-beta x)) for 1 <= beta <= 16 and inverse = 1 / beta.
template <class D, class V>
HWY_INLINE V CoarseSwishAt(D d, const V& x, float beta, float inverse) {
  // Infinite from exp(-beta x) = 2^132.53 on.
  constexpr float kUnit = 0x1p-7f, kShift = 0x1.bep+1f, kFactor = 0x1.04d0fcp-2f;
  const V left = AtLeast(hn::Set(d, -92.4f * inverse), x);
  const V bounded = AtMost(hn::Set(d, 80.0f * inverse), V(op::Add(left, hn::Set(d, kShift * inverse))));
  const auto power = CoarsePowerOfTwo(d, bounded, hn::Set(d, -kCoarseLog2e * beta), kFactor);
  return CoarseTimes(d, left, CoarseInverse(d, V(PowerPlus(d, power, kUnit))), kUnit);
}

template <class D, class V>
HWY_INLINE V CoarseSilu(D d, const V& x) {
  return CoarseSwishAt(d, x, 1.0f, 1.0f);
}
template <class D, class V>
HWY_INLINE V CoarseGeluQuick(D d, const V& x) {
  return CoarseSwishAt(d, x, kQuickBeta<D>, 1 / kQuickBeta<D>);
}
template <class D, class V>
HWY_INLINE V CoarseSwish(D d, const V& x, Scalar<D> beta) {
  const float inverse = 1 / beta;  // outside of the condition, to leave the loop
  return beta >= 1 && beta <= 16 ? CoarseSwishAt(d, x, beta, inverse) : Swish(d, x, beta);
}

// gelu_tanh(x).
template <class D, class V>
HWY_INLINE V CoarseGeluTanh(D d, const V& x) {
  using R = Roots<D>;
  // exp(-v) is infinite from 2^129.5 on; gelu_tanh(x) is denormal from 2^129.34 on.
  constexpr float kUnit = 0x1p-4f;
  const V left = AtLeast(hn::Set(d, -10.125f), x);
  const V bounded = op::Add(AtMost(hn::Set(d, 6.0f), left), hn::Set(d, 0x1p-40f));
  const V square = op::Mul(bounded, bounded);
  const V slope = op::MulAdd(square, hn::Set(d, -kCoarseLog2e * R::kGeluTanhCubic),
                             hn::Set(d, -kCoarseLog2e * R::kGeluTanhSlope));
  const auto power = CoarsePowerOfTwo<-2>(d, bounded, slope, 4 * kUnit);
  return CoarseTimes(d, left, CoarseInverse(d, V(PowerPlus(d, power, kUnit))), kUnit);
}

// mish(x).
template <class D, class V>
HWY_INLINE V CoarseMish(D d, const V& x) {
  // 2^7 exp(x) is 0 from exp(x) = 2^-132.52 on.
  constexpr float kUnit = 0x1p-7f, kShift = 0x1.0b4p+2f, kFactor = 0x1.f76bbcp+0f;
  const auto unit = hn::Set(d, kUnit), two = hn::Set(d, 2.0f);
  const V left = AtLeast(hn::Set(d, -92.3f), x);
  const V bounded = AtMost(hn::Set(d, 24.0f), V(op::Add(left, hn::Set(d, kShift))));
  const auto power = CoarsePowerOfTwo(d, bounded, hn::Set(d, kCoarseLog2e), kFactor);
  const V e = op::Mul(Factor(power), Scale(power));
  const V n = op::Mul(e, op::MulAdd(AwayFromZero(d, e), unit, two));
  const V sum = op::MulAdd(AwayFromZero(d, n), unit, two);
  return CoarseTimes(d, left, V(op::Mul(n, CoarseInverse(d, sum))), kUnit, kLeastNormal / 0.6f);
}

// log1p(E) for E = exp(-|x|); E is 0 where it would be denormal.
template <class D, class V>
HWY_INLINE V CoarseLog1pExp(D d, const V& x) {
  constexpr float kShift = 0x1.62e2p-2f, kFactor = 0x1.6a092p+0f;
  const V a = op::Add(AtMost(hn::Set(d, 87.9f), op::Abs(x)), hn::Set(d, kShift));
  const auto power = CoarsePowerOfTwo(d, a, hn::Set(d, -kCoarseLog2e), kFactor);
  const V e = op::Mul(Factor(power), Scale(power));
  return op::Mul(e, CoarsePolynomial(d, AwayFromZero(d, e), CoarseConstants::kLog1p));
}

// softplus(x): where the threshold is 8 or more, what lies beyond it differs from x by less than 2^-14.
template <class D, class V>
HWY_INLINE V CoarseSoftplus(D d, const V& x, Scalar<D> beta, Scalar<D> threshold) {
  if (!(beta == 1 && threshold >= 8)) return Softplus(d, x, beta, threshold);
  return op::Add(AtLeast(hn::Zero(d), x), CoarseLog1pExp(d, x));
}

// log_sigmoid(x) = -softplus(-x).
template <class D, class V>
HWY_INLINE V CoarseLogSigmoid(D d, const V& x) {
  return op::Or(op::Sub(AtMost(hn::Zero(d), x), CoarseLog1pExp(d, x)), hn::SignBit(d));  // -0 at inf
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_COARSE_LOGISTIC_INL_H_
