// log1p in plain numbers.
//
//   log(2^k m) = k ln 2 + f + f^2 q(f),   f = m - 1,   sqrt(1/2) <= m < sqrt(2),   q of degree 7
//
// m and k are those of w = 1 + x rounded, and f takes in what w lost: (x - (w - 1)) / 2^k. Where k = 0 that
// makes f = x, so the result is accurate relative to itself.

#if defined(SIMDACT_FAST_LOGARITHMIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_FAST_LOGARITHMIC_INL_H_
#undef SIMDACT_FAST_LOGARITHMIC_INL_H_
#else
#define SIMDACT_FAST_LOGARITHMIC_INL_H_
#endif

#include "simdact/fast-exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kFastLog1pVectors = FastLockstep(4, 4), kFastLog1pDerivativeVectors = 0;

// log1p(x), for floats.
template <class D, class V>
HWY_INLINE V FastLog1p(D d, const V& x) {
  const hn::RebindToSigned<D> di;
  const auto one = hn::Set(d, 1.0f);
  const V w = op::Add(x, one);
  const V lost = op::Sub(x, op::Sub(w, one));
  const auto bits = op::BitCast(di, w);
  const auto above = op::Sub(bits, hn::BitCast(di, hn::Set(d, 0x1.6a09e6p-1f)));
  const auto exponent = op::And(above, hn::Set(di, -0x800000));  // k in the exponent's place
  const V m = op::BitCast(d, op::Sub(bits, exponent));
  // 2^-k, but 0 for k = 128
  const V inverse = op::BitCast(d, op::Max(hn::Zero(di), op::Sub(hn::BitCast(di, one), exponent)));
  const V f = op::MulAdd(lost, inverse, op::Sub(m, one));
  const V tail = op::MulAdd(op::Mul(f, f), FastPolynomial(d, f, FastConstants<float>::kLogTail), f);
  const V log = op::MulAdd(op::ConvertTo(d, exponent), hn::Set(d, 0x1.62e43p-24f), tail);
  const V ends = op::IfThenElse(op::Ge(w, hn::Inf(d)), w, log);
  const V below = op::IfThenElse(op::Lt(w, hn::Zero(d)), hn::NaN(d), op::Neg(hn::Inf(d)));
  return WithSignOf(d, x, V(op::IfThenElse(op::Le(w, hn::Zero(d)), below, ends)));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_FAST_LOGARITHMIC_INL_H_
