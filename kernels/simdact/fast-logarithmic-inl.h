// log1p in plain numbers.
//
// With fused multiply-add m is near 1 / y, y from a table in registers of 16 slots (AVX-512) or 8:
//
//   log(2^k m) = (k ln 2 - log y) + log(1 + r),   r = m y - 1,   log(1 + r) = r p(r)
//
// Around 1, y = 1: the parenthesis is 0, and r = x. m and k are those of 1 + x rounded, but r is taken from x
// itself: with t = y / 2^k it is x t - (1 - t), so that the result is accurate relative to itself. In this
// order it is -0 at -0.
//
// Without it
//
//   log(2^k m) = k ln 2 + f + f^2 q(f),   f = m - 1,   sqrt(1/2) <= m < sqrt(2),   q of degree 7
//
// and f takes in what w = 1 + x lost: (x - (w - 1)) / 2^k. Where k = 0 that makes f = x.

#if defined(SIMDACT_FAST_LOGARITHMIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_FAST_LOGARITHMIC_INL_H_
#undef SIMDACT_FAST_LOGARITHMIC_INL_H_
#else
#define SIMDACT_FAST_LOGARITHMIC_INL_H_
#endif

#include "simdact/detail/log-inl.h"
#include "simdact/fast-exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kFastLog1pVectors = FastLockstep(6, 4), kFastLog1pDerivativeVectors = 0;

// log1p(x) for floats -1 < x < 2^120, by slots.
template <class D, class V>
HWY_INLINE V FastLog1pBySlots(D d, const V& x) {
  using Table = ByTarget<FastLog16, FastLog8>;
  const hn::RebindToSigned<D> di;
  const auto one = hn::Set(d, 1.0f);
  const auto above = op::Sub(op::BitCast(di, op::Add(x, one)), hn::Set(di, Table::kFirst));
  const auto exponent = op::And(above, hn::Set(di, -0x800000));  // k in the exponent's place
  const auto slot = op::ShiftRight<Table::kShift>(above);
  const auto y = op::BitCast(di, Lookup<Table::kEntries>(d, Table::kInverse, slot));
  const V t = op::BitCast(d, op::Sub(y, exponent));
  const V r = op::MulSub(x, t, op::Sub(one, t));
  const V log_y = Lookup<Table::kEntries>(d, Table::kLog, slot);
  const V less = op::NegMulAdd(op::ConvertTo(d, exponent), hn::Set(d, 0x1.62e43p-24f), log_y);
  return op::MulSub(FastPolynomial(d, r, Table::kSlope), r, less);
}
// log1p(x) for any float, without fused multiply-add.
template <class D, class V>
HWY_INLINE V FastLog1pByPolynomial(D d, const V& x) {
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
// log1p(x), for floats. Which lanes are beyond 2^120 or at an end depends on them alone.
template <class D, class V>
HWY_INLINE V FastLog1p(D d, const V& x) {
  if constexpr (!HWY_NATIVE_FMA) return FastLog1pByPolynomial(d, x);
  const auto one = hn::Set(d, 1.0f), most = hn::Set(d, 0x1p120f);
  const auto above = hn::Gt(FoldedMin(x), op::Neg(one)), below = hn::Lt(FoldedMax(x), most);
  V log = FastLog1pBySlots(d, x);
  if (HWY_LIKELY(hn::AllTrue(d, hn::And(above, below)))) return log;
  if (!hn::AllTrue(d, below)) {
    constexpr float kLog32 = 0x1.62e43p+4f;  // log(2^32)
    const V scaled = op::Mul(x, hn::Set(d, 0x1p-32f));
    const V large = op::Add(FastLog1pBySlots(d, scaled), hn::Set(d, kLog32));
    log = op::IfThenElse(op::Lt(x, most), log, large);
  }
  return LogAtEnds(d, x, op::Neg(one), log);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_FAST_LOGARITHMIC_INL_H_
