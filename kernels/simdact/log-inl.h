// log and log1p of doubles as pairs, to 2^-58 or 2^-64 of themselves.
//
// A number is 2^k m with m in [sqrt(1/2), sqrt(2)), and with f = m - 1, s = f / (2 + f),
//
//   log(2^k m) = k ln 2 + log((1 + s) / (1 - s)) = k ln 2 + 2 s + s^3 (c0 + c1 s^2 + ...)
//
// s is a pair, so that what is lost is the rounding of the cubic term, 2^-6 of the whole. Near 1, where k =
// 0, f is exact and small, and the result accurate relative to itself. Coefficients: tools/logarithmic.py.

#if defined(SIMDACT_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_LOG_INL_H_
#undef SIMDACT_LOG_INL_H_
#else
#define SIMDACT_LOG_INL_H_
#endif

#include "simdact/logarithmic-tables.h"
#include "simdact/pair-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// x = 2^k m for normal x > 0, sqrt(1/2) <= m < sqrt(2): k as bits + 1023 and as a double.
template <class D, class V>
HWY_INLINE void SplitExponent(D d, const V& x, V& m, Index<D, V>& biased, V& k) {
  const hn::RebindToSigned<D> di;
  const hn::RebindToUnsigned<D> du;
  const auto bits = op::BitCast(di, x);
  const auto to_half = hn::Set(di, (int64_t{1023} << 52) - 0x3FE6A09E667F3BCD);  // less the bits of sqrt(1/2)
  biased = op::BitCast(di, op::ShiftRight<52>(op::BitCast(du, op::Add(bits, to_half))));
  m = op::BitCast(d, op::Add(op::Sub(bits, op::ShiftLeft<52>(biased)), hn::Set(di, int64_t{1023} << 52)));
  const auto magic = hn::Set(d, 0x1p52);
  k = op::Sub(op::BitCast(d, op::Or(biased, op::BitCast(di, magic))), hn::Set(d, 0x1p52 + 1023));
}

// k ln 2 + log(1 + f + f_low). kLong keeps the cubic term as a pair, too: 2^-64.
template <bool kLong, class D, class V>
HWY_INLINE void LogOfOnePlus(D d, const V& f, const V& f_low, const V& k, V& high, V& low) {
  using C = LogDouble;
  const auto two = hn::Set(d, 2.0);
  V sum, sum_low, s, s_low, cube, cube_low;
  FastTwoSum(two, f, sum, sum_low);
  sum_low = op::Add(sum_low, f_low);
  PairQuotient(d, f, f_low, sum, sum_low, Inverse(d, sum), s, s_low);
  FastTwoSum(s, s_low, s, s_low);

  const V s2 = op::Mul(s, s);
  constexpr int kLast = static_cast<int>(sizeof(C::kC) / sizeof(double)) - 1;
  V q = op::MulAdd(hn::Set(d, C::kC[kLast]), s2, hn::Set(d, C::kC[kLast - 1]));
  HWY_UNROLL(8)
  for (int i = kLast - 2; i >= 1; --i) q = op::MulAdd(q, s2, hn::Set(d, C::kC[i]));
  if constexpr (kLong) {
    V c, c_low, square, square_low;
    FastTwoSum(hn::Set(d, C::kC[0]), op::Mul(q, s2), c, c_low);
    c_low = op::Add(c_low, hn::Set(d, C::kC0Low));
    PairProduct(d, s, s_low, s, s_low, square, square_low);
    PairProduct(d, square, square_low, s, s_low, cube, cube_low);
    PairProduct(d, cube, cube_low, c, c_low, cube, cube_low);
  } else {
    cube = op::Mul(op::Mul(s2, s), op::MulAdd(q, s2, hn::Set(d, C::kC[0])));
    cube_low = op::Sub(s2, s2);  // 0
  }
  // k ln 2 is 0 or larger than log m.
  V error;
  FastTwoSum(op::Mul(k, hn::Set(d, C::kLn2High)), op::Add(s, s), sum, error);
  low = op::MulAdd(k, hn::Set(d, C::kLn2Low), op::Add(error, op::MulAdd(two, s_low, cube_low)));
  V cube_error;
  FastTwoSum(sum, cube, high, cube_error);
  low = op::Add(low, cube_error);
}

// log(1 + u + u_low) for u >= 0 or a little less, relative to u where that is small.
template <class D, class V>
HWY_INLINE void Log1pPair(D d, const V& u, const V& u_low, V& high, V& low) {
  const hn::RebindToSigned<D> di;
  V x, x_low, m, k;
  Index<D, V> biased;
  TwoSum(hn::Set(d, 1.0), u, x, x_low);
  x_low = op::Add(x_low, u_low);
  SplitExponent(d, x, m, biased, k);
  // The rest of x at the scale of m. Where k = 0, f is u itself.
  const V scale = op::BitCast(d, op::ShiftLeft<52>(op::Sub(hn::Set(di, 2046), biased)));
  const auto near = op::Eq(k, hn::Zero(d));
  const V f = op::IfThenElse(near, u, op::Sub(m, hn::Set(d, 1.0)));
  const V rest = op::IfThenZeroElse(op::Gt(x, hn::Set(d, 0x1p60)), op::Mul(x_low, scale));
  const V f_low = op::IfThenElse(near, u_low, rest);
  V f_high, f_rest;
  FastTwoSum(f, f_low, f_high, f_rest);
  LogOfOnePlus<false>(d, f_high, f_rest, k, high, low);
}

// log(x) for x > 0, denormals included.
template <bool kLong, class D, class V>
HWY_INLINE void LogPair(D d, const V& x, V& high, V& low) {
  const auto denormal = op::Lt(x, hn::Set(d, 0x1p-1022));
  V m, k;
  Index<D, V> biased;
  SplitExponent(d, V(op::IfThenElse(denormal, op::Mul(x, hn::Set(d, 0x1p54)), x)), m, biased, k);
  k = op::Sub(k, op::IfThenElseZero(denormal, hn::Set(d, 54.0)));
  LogOfOnePlus<kLong>(d, V(op::Sub(m, hn::Set(d, 1.0))), V(op::Sub(m, m)), k, high, low);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_LOG_INL_H_
