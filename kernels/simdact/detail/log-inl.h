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
//
//   r = x t + (t - 1)
//
// 1 + x only chooses k and y, so its rounding is harmless.
//
// Coefficients: tools/constants/logarithmic.py.

#if defined(SIMDACT_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_LOG_INL_H_
#undef SIMDACT_LOG_INL_H_
#else
#define SIMDACT_LOG_INL_H_
#endif

#include <limits>

#include "simdact/detail/numbers-inl.h"
#include "simdact/detail/tables/logarithmic.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// x = 2^k m for normal x > 0, sqrt(1/2) <= m < sqrt(2): k + 1023 as an integer,
template <class D, class V>
HWY_INLINE Index<D, V> BiasedExponentOf(D, const V& x) {
  const hn::RebindToSigned<D> di;
  const hn::RebindToUnsigned<D> du;
  const auto to_half = hn::Set(di, (int64_t{1023} << 52) - 0x3FE6A09E667F3BCD);  // less the bits of sqrt(1/2)
  return op::BitCast(di, op::ShiftRight<52>(op::BitCast(du, op::Add(op::BitCast(di, x), to_half))));
}
// k,
template <class D, class VI>
HWY_INLINE auto ExponentFrom(D d, const VI& biased) {
  const auto magic = hn::BitCast(hn::RebindToSigned<D>(), hn::Set(d, 0x1p52));
  return op::Sub(op::BitCast(d, op::Or(biased, magic)), hn::Set(d, 0x1p52 + 1023));
}
// and m.
template <class D, class V, class VI>
HWY_INLINE V MantissaOf(D d, const V& x, const VI& biased) {
  const hn::RebindToSigned<D> di;
  const auto bits = op::Sub(op::BitCast(di, x), op::ShiftLeft<52>(biased));
  return op::BitCast(d, op::Add(bits, hn::Set(di, int64_t{1023} << 52)));
}

// k ln 2 + log(1 + f) for a number f. kLong keeps the cubic term as a pair, too: 2^-64.
template <bool kLong, class D, class N, class V>
HWY_INLINE Pair<V> LogOfOnePlus(D d, const N& f, const V& k) {
  using C = LogDouble;
  const auto two = hn::Set(d, 2.0);
  const auto s = Normalized(Quotient(f, FastSum(two, f)));
  const V high = High(s), square = op::Mul(high, high);
  const V q = Horner<1>(square, C::kC);
  // k ln 2 is 0 or larger than log m.
  const auto line = FastTwoSum(V(op::Mul(k, hn::Set(d, C::kLn2High))), V(op::Add(high, high)));
  const auto plus = [&](const V& cubic, const V& cubic_low) SIMDACT_FORMULA {
    const V rest = op::MulAdd(two, Low(s), cubic_low);
    const V low = op::MulAdd(k, hn::Set(d, C::kLn2Low), op::Add(Low(line), rest));
    const auto sum = FastTwoSum(V(High(line)), cubic);
    return MakePair(V(High(sum)), V(op::Add(low, Low(sum))));
  };
  if constexpr (kLong) {
    const auto c = FastSum(Constant(d, C::kC[0], C::kC0Low), V(op::Mul(q, square)));
    const auto cubic = Product(Product(Product(s, s), s), c);
    return plus(High(cubic), Low(cubic));
  } else {
    const V c = op::MulAdd(q, square, hn::Set(d, C::kC[0]));
    return plus(op::Mul(op::Mul(square, high), c), op::Sub(square, square));
  }
}

// log(1 + n) for n >= 0 or a little less, relative to n where that is small.
template <class D, class N>
HWY_INLINE auto Log1pPair(D d, const N& n) {
  using V = Word<N>;
  const hn::RebindToSigned<D> di;
  const auto one = hn::Set(d, 1.0);
  const V u = High(n);
  const auto sum = TwoSum(one, u);
  const V x = High(sum), x_low = detail::PlusLow(V(Low(sum)), Low(n));
  const auto biased = BiasedExponentOf(d, x);
  const V m = MantissaOf(d, x, biased), k = ExponentFrom(d, biased);
  // The rest of x at the scale of m. Where k = 0, f is n itself.
  const V scale = op::BitCast(d, op::ShiftLeft<52>(op::Sub(hn::Set(di, 2046), biased)));
  const auto near = op::Eq(k, hn::Zero(d));
  const V f = op::IfThenElse(near, u, op::Sub(m, one));
  const V rest = op::IfThenZeroElse(op::Gt(x, hn::Set(d, 0x1p60)), op::Mul(x_low, scale));
  V f_low;
  if constexpr (kIsPair<N>) {
    f_low = op::IfThenElse(near, Low(n), rest);
  } else {
    f_low = op::IfThenZeroElse(near, rest);
  }
  return LogOfOnePlus<false>(d, FastTwoSum(f, f_low), k);
}

// log(x) for x > 0, denormals included.
template <bool kLong, class D, class V>
HWY_INLINE Pair<V> LogPair(D d, const V& x) {
  const auto denormal = op::Lt(x, hn::Set(d, 0x1p-1022));
  const V normal = op::IfThenElse(denormal, op::Mul(x, hn::Set(d, 0x1p54)), x);
  const auto biased = BiasedExponentOf(d, normal);
  const V m = MantissaOf(d, normal, biased);
  const V k = op::Sub(ExponentFrom(d, biased), op::IfThenElseZero(denormal, hn::Set(d, 54.0)));
  return LogOfOnePlus<kLong>(d, MakePair(V(op::Sub(m, hn::Set(d, 1.0))), V(op::Sub(m, m))), k);
}

// The same in plain doubles, of which a float is wanted: k ln 2 + log(1 + f), with the 39 bits of kLn2High,
template <class D, class V>
HWY_INLINE V PlainLogOfOnePlus(D d, const V& f, const V& k) {
  using C = LogDouble;
  const V s = op::Div(f, op::Add(f, hn::Set(d, 2.0))), square = op::Mul(s, s);
  const V cubic = op::Mul(op::Mul(square, s), Horner<0>(square, C::kC));
  return op::MulAdd(k, hn::Set(d, C::kLn2High), op::Add(op::Add(s, s), cubic));
}
// log(x) of normal numbers,
template <class D, class V>
HWY_INLINE V PlainLog(D d, const V& x) {
  const auto biased = BiasedExponentOf(d, x);
  const V m = MantissaOf(d, x, biased);
  return PlainLogOfOnePlus(d, V(op::Sub(m, hn::Set(d, 1.0))), V(ExponentFrom(d, biased)));
}
// and log(1 + x) for floats x: where k is not 0 the sum is exact, or the 1 does not show in it.
template <class D, class V>
HWY_INLINE V PlainLog1p(D d, const V& x) {
  const auto one = hn::Set(d, 1.0);
  const V sum = op::Add(x, one);
  const auto biased = BiasedExponentOf(d, sum);
  const V m = MantissaOf(d, sum, biased), k = ExponentFrom(d, biased);
  const V f = op::IfThenElse(op::Eq(k, hn::Zero(d)), x, op::Sub(m, one));
  return WithSignOf(d, x, PlainLogOfOnePlus(d, f, k));  // -0 at -0
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

// The bits of a float 2^k m, m in [first, 2 first), above those of `first`, and k from them.
template <class D, class VI>
HWY_INLINE VI BitsAboveFirst(D, const VI& bits) {
  return op::Sub(bits, hn::Set(hn::RebindToSigned<D>(), LogTable<D>::kFirst));
}
template <class D, class VI>
HWY_INLINE auto ExponentAbove(D d, const VI& above) {
  return op::ConvertTo(d, op::ShiftRight<23>(above));
}

// k ln 2 - log y + log(1 + r) for the slot of y.
template <class D, class V, class VI>
HWY_INLINE V LogOfSlot(D d, const VI& slot, const V& k, const V& r) {
  using Table = LogTable<D>;
  const V log_y = Lookup<Table::kEntries>(d, Table::kLog, slot);
  const V most = op::MulAdd(k, hn::Set(d, LogFloatBase::kLn2High), log_y);  // exact
  const V q = Horner<0>(r, Table::kQ);
  const V square = op::Mul(r, r);
  const auto ln2_low = hn::Set(d, LogFloatBase::kLn2Low);
  if constexpr (kWide) {  // r is below 2^-6 where k ln 2 - log y is not 0, and need not be exact
    return op::Add(most, op::MulAdd(square, q, op::MulAdd(k, ln2_low, r)));
  } else {
    const auto sum = FastTwoSum(most, r);
    return op::Add(High(sum), op::MulAdd(square, q, op::MulAdd(k, ln2_low, Low(sum))));
  }
}

// log(x) for floats. Worst inputs: log/forward in tests/data/proof.json; tests/README.md has AVX-512's, of
// which the record has no row.
template <class D, class V>
HWY_INLINE V LogFloat(D d, const V& x) {
  using Table = LogTable<D>;
  const hn::RebindToSigned<D> di;
  Index<D, V> bits = op::BitCast(di, x);
  // Normal numbers, moved to where a comparison with signs tells them from all others.
  const auto moved = op::Add(bits, hn::Set(di, 0x7F800000));
  const bool plain = NoLaneOf(di, op::Gt(moved, hn::Set(di, -0x01000001)));
  if (HWY_UNLIKELY(!plain)) {
    // A denormal is an integer in units of 2^-149; a negative exponent does no harm to what follows.
    const auto as_integer = op::BitCast(di, op::ConvertTo(d, bits));
    const auto denormal = op::Lt(bits, hn::Set(di, 0x00800000));
    bits = op::IfThenElse(denormal, op::Sub(as_integer, hn::Set(di, 149 << 23)), bits);
  }
  const auto above = BitsAboveFirst(d, bits);
  const V k = ExponentAbove(d, above);
  const auto m = op::BitCast(d, op::Add(op::And(above, hn::Set(di, 0x007FFFFF)), hn::Set(di, Table::kFirst)));
  const auto slot = op::ShiftRight<Table::kShift>(above);
  const V y = Lookup<Table::kEntries>(d, Table::kInverse, slot);
  const V log = LogOfSlot(d, slot, k, V(op::MulSub(m, y, hn::Set(d, 1.0f))));
  return HWY_LIKELY(plain) ? log : LogAtEnds(d, x, hn::Zero(d), log);
}

// log(1 + x) for floats. Worst inputs: log1p/forward in tests/data/proof.json.
template <class D, class V>
HWY_INLINE V Log1pFloat(D d, const V& x) {
  using Table = LogTable<D>;
  const hn::RebindToSigned<D> di;
  const auto one = hn::Set(d, 1.0f);
  V in = x, sum = op::Add(x, one);
  Index<D, V> bits = op::BitCast(di, sum);
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
  const auto above = BitsAboveFirst(d, bits);
  V k = ExponentAbove(d, above);
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
