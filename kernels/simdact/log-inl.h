// log and log1p: of doubles as pairs, to 2^-58 or 2^-64 of themselves, and of floats to 0.7 ulp.
//
// For doubles a number is 2^k m with m in [sqrt(1/2), sqrt(2)), and with f = m - 1, s = f / (2 + f),
//
//   log(2^k m) = k ln 2 + log((1 + s) / (1 - s)) = k ln 2 + 2 s + s^3 (c0 + c1 s^2 + ...)
//
// s is a pair, so that what is lost is the rounding of the cubic term, 2^-6 of the whole. Near 1, where k =
// 0, f is exact and small, and the result accurate relative to itself.
//
// For floats m is near 1 / y, y from a table in registers: 32 slots on AVX-512, 8 elsewhere. With r = m y -
// 1,
//
//   log(2^k m) = (k ln 2 - log y) + log(1 + r),   log(1 + r) = r + r^2 (q0 + q1 r + ...)
//
// where the parenthesis has no rounding error: ln 2 and log y have 17 bits after the point. (y is chosen so
// that its logarithm has no more to 2^-29.) Around 1, y = 1, the parenthesis is 0 and r exact. Elsewhere the
// result is so much larger than r that the rounding of that is 1/8 of an ulp. For log1p(x), with t = y / 2^k,
// r = x t + (t
// - 1): 1 + x decides on k and y only, and its rounding error does no harm.
//
// Coefficients: tools/logarithmic.py.

#if defined(SIMDACT_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_LOG_INL_H_
#undef SIMDACT_LOG_INL_H_
#else
#define SIMDACT_LOG_INL_H_
#endif

#include <limits>

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

// Highway's NaN has all bits set, which rounding to bf16 would carry out of.
template <class D>
HWY_INLINE auto QuietNan(D d) {
  return hn::Set(d, std::numeric_limits<Scalar<D>>::quiet_NaN());
}

// What log and log1p are at infinity and NaN (x), at the end of their domain and below it.
template <class D, class V, class E>
HWY_INLINE V LogAtEnds(D d, const V& x, const E& end, const V& log) {
  V result = op::IfThenElse(op::Lt(x, hn::Inf(d)), log, x);
  result = op::IfThenElse(op::Eq(x, end), op::Neg(hn::Inf(d)), result);
  return op::IfThenElse(op::Lt(x, end), QuietNan(d), result);
}

template <class D>
using LogTable = ByTarget<LogFloat32, LogFloat8>;

// The bits of a float as those of 2^k m, m in [first, 2 first): k and what is above the bits of `first`.
template <class D, class V>
HWY_INLINE void SplitBits(D d, const Index<D, V>& bits, Index<D, V>& above, V& k) {
  const hn::RebindToSigned<D> di;
  above = op::Sub(bits, hn::Set(di, LogTable<D>::kFirst));
  k = op::ConvertTo(d, op::ShiftRight<23>(above));
}

// k ln 2 - log y + log(1 + r) for the slot of y.
template <class D, class V, class VI>
HWY_INLINE V LogOfSlot(D d, const VI& slot, const V& k, const V& r) {
  using Table = LogTable<D>;
  constexpr int kLast = static_cast<int>(sizeof(Table::kQ) / sizeof(float)) - 1;
  const V log_y = Lookup<Table::kEntries>(d, Table::kLog, slot);
  const V most = op::MulAdd(k, hn::Set(d, LogFloatBase::kLn2High), log_y);  // exact
  V q = op::MulAdd(hn::Set(d, Table::kQ[kLast]), r, hn::Set(d, Table::kQ[kLast - 1]));
  HWY_UNROLL(4)
  for (int i = kLast - 2; i >= 0; --i) q = op::MulAdd(q, r, hn::Set(d, Table::kQ[i]));
  const V square = op::Mul(r, r);
  const auto ln2_low = hn::Set(d, LogFloatBase::kLn2Low);
  if constexpr (kWide) {  // r is below 2^-6 where k ln 2 - log y is not 0, and need not be exact
    return op::Add(most, op::MulAdd(square, q, op::MulAdd(k, ln2_low, r)));
  } else {
    V sum, error;
    FastTwoSum(most, r, sum, error);
    return op::Add(sum, op::MulAdd(square, q, op::MulAdd(k, ln2_low, error)));
  }
}

// log(x) for floats. Worst: 0.6582 ulp at 0x1.c741cep-1, got -0x1.e12048p-4 for -0.117462421520 (AVX-512;
// 0.6479 on AVX2).
template <class D, class V>
HWY_INLINE V LogFloat(D d, const V& x) {
  using Table = LogTable<D>;
  const hn::RebindToSigned<D> di;
  Index<D, V> bits = op::BitCast(di, x), above;
  // Normal numbers, moved to where a comparison with signs tells them from all others.
  const auto moved = op::Add(bits, hn::Set(di, 0x7F800000));
  const bool plain = NoLaneOf(di, op::Gt(moved, hn::Set(di, -0x01000001)));
  if (HWY_UNLIKELY(!plain)) {
    // A denormal is an integer in units of 2^-149; a negative exponent does no harm to what follows.
    const auto as_integer = op::BitCast(di, op::ConvertTo(d, bits));
    const auto denormal = op::Lt(bits, hn::Set(di, 0x00800000));
    bits = op::IfThenElse(denormal, op::Sub(as_integer, hn::Set(di, 149 << 23)), bits);
  }
  V k;
  SplitBits<D, V>(d, bits, above, k);
  const auto m = op::BitCast(d, op::Add(op::And(above, hn::Set(di, 0x007FFFFF)), hn::Set(di, Table::kFirst)));
  const auto slot = op::ShiftRight<Table::kShift>(above);
  const V y = Lookup<Table::kEntries>(d, Table::kInverse, slot);
  const V log = LogOfSlot(d, slot, k, V(op::MulSub(m, y, hn::Set(d, 1.0f))));
  return HWY_LIKELY(plain) ? log : LogAtEnds(d, x, hn::Zero(d), log);
}

// log(1 + x) for floats. Worst: 0.6626 ulp at 0x1.0fd226p-3, got 0x1.fe782p-4 for 0.124626273941 (AVX2).
template <class D, class V>
HWY_INLINE V Log1pFloat(D d, const V& x) {
  using Table = LogTable<D>;
  const hn::RebindToSigned<D> di;
  const auto one = hn::Set(d, 1.0f);
  V in = x, sum = op::Add(x, one), k;
  Index<D, V> bits = op::BitCast(di, sum), above;
  // Out of the ordinary: |x| < 2^-60, whose products may be denormal, and 1 + x outside of [2^-24, 2^90).
  const auto magnitude = op::And(op::BitCast(di, x), hn::Set(di, 0x7FFFFFFF));
  const auto tiny = op::Lt(magnitude, hn::Set(di, (127 - 60) << 23));
  const auto moved = op::Add(bits, hn::Set(di, 0x4C800000));
  const auto far = op::Gt(moved, hn::Set(di, -0x47000001));
  const bool plain = NoLaneOf(di, op::Or(tiny, far));
  const auto large = op::Gt(x, hn::Set(d, 0x1p60f));
  if (HWY_UNLIKELY(!plain)) {
    in = op::BitCast(d, op::IfThenZeroElse(tiny, op::BitCast(di, x)));
    in = op::IfThenElse(large, op::Mul(in, hn::Set(d, 0x1p-32f)), in);
    sum = op::Add(in, one);
    bits = op::BitCast(di, sum);
  }
  SplitBits<D, V>(d, bits, above, k);
  const auto slot = op::ShiftRight<Table::kShift>(above);
  const auto y = op::BitCast(di, Lookup<Table::kEntries>(d, Table::kInverse, slot));
  const auto t = op::BitCast(d, op::Sub(y, op::AndNot(hn::Set(di, 0x007FFFFF), above)));
  const V r = op::MulAdd(in, t, op::Sub(t, one));
  if (HWY_UNLIKELY(!plain)) k = op::Add(k, op::IfThenElseZero(large, hn::Set(d, 32.0f)));
  const V log = LogOfSlot(d, slot, k, r);
  if (HWY_LIKELY(plain)) return log;
  const V all = op::BitCast(d, op::IfThenElse(tiny, op::BitCast(di, x), op::BitCast(di, log)));
  return LogAtEnds(d, x, op::Neg(one), all);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_LOG_INL_H_
