// exp, in the forms that the activations are built from.
//
//   exp(x) = 2^n 2^(j/N) exp(r),   n N + j = round(x N / ln 2),   |r| <= ln(2) / (2 N)
//
// T = 2^(j/N) comes from a table in registers: for floats N = 16 entries on AVX-512 (one vpermps) and N = 8
// elsewhere; for doubles 8 and 4. T is a number plus its relative rest, so that exp(x) = scale (1 + p) with p
// of at most 1/11: its rounding is lost in the last step, and p can be carried through sums and products as
// the low half of a pair.
//
// The exponent goes into T by one integer addition: the table holds T's bits less j << shift, and adding
// (n N + j) << shift cancels that. The magic number 1.5 * 2^23 / N (2^52 for doubles), added to x / ln 2,
// leaves n N + j in the low bits of the sum; a bias on it moves the result away from the denormals, so that
// everything before the last multiplication by a power of two is normal and as fast as ordinary data.
//
// Constants: tools/exp.py (Sollya's fpminimax).

#if defined(SIMDACT_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_EXP_INL_H_
#undef SIMDACT_EXP_INL_H_
#else
#define SIMDACT_EXP_INL_H_
#endif

#include "simdact/exp-tables.h"
#include "simdact/pair-inl.h"
#include "simdact/tails-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

template <class D>
using PowerTable = hwy::If<kIsFloat<D>, ByTarget<Power16, Power8>, ByTarget<PowerDouble8, PowerDouble4>>;

// ln 2 = kHigh + kLow; the high word times a multiple of 1/16 up to 2^8 is exact inside an FMA, and that of
// ExpDouble (39 bits) as a plain product.
struct ExpFloat {
  static constexpr float kLog2e = 0x1.715476p+0f;
  static constexpr float kLn2High = 0x1.62e43p-1f;
  static constexpr float kLn2Low = -0x1.05c61p-29f;
  // kHigh in two parts of 11 bits, so that plain products by multiples of 1/16 up to 2^9 are exact.
  static constexpr float kLn2Head = 0x1.63p-1f;
  static constexpr float kLn2Middle = -0x1.bdp-13f;
};
template <class D>
using ExpConstants = hwy::If<kIsFloat<D>, ExpFloat, ExpDouble>;

// Where tails are kept at 2^kTailBias of their size, to stay normal until the last multiplication.
template <class D>
constexpr int kTailBias = kIsFloat<D> ? 62 : 200;
template <class D>
constexpr Scalar<D> kTailUnit = PowerOfTwo<Scalar<D>>(-kTailBias<D>);

// Adding it to x / ln 2 rounds that to a multiple of 1 / N; the bias goes into the index only.
template <class D>
constexpr Scalar<D> ExpMagic(int bias) {
  return (kIsFloat<D> ? Scalar<D>(0x1.8p23) : Scalar<D>(0x1.8p52)) / PowerTable<D>::kEntries +
         Scalar<D>(bias);
}

// x + low = (index / N - bias) ln 2 + r + r_low.
template <class D, class V, class Low, class M>
HWY_INLINE void ExpReduce(D d, const V& x, const Low& low, const M& magic, Index<D, V>& index, V& r,
                          V& r_low) {
  using Constants = ExpConstants<D>;
  const V t = op::MulAdd(x, hn::Set(d, Constants::kLog2e), magic);
  index = op::BitCast(hn::RebindToSigned<D>(), t);
  const V n = op::Sub(t, magic);
  V near;
  if constexpr (kInDouble<D>) {
    near = op::NegMulAdd(n, hn::Set(d, Constants::kLn2Head), x);
    near = op::NegMulAdd(n, hn::Set(d, Constants::kLn2Middle), near);
  } else {
    near = op::NegMulAdd(n, hn::Set(d, Constants::kLn2High), x);
  }
  if constexpr (hwy::IsSame<Low, NoLow>()) {
    r = op::NegMulAdd(n, hn::Set(d, Constants::kLn2Low), near);
    r_low = op::NegMulAdd(n, hn::Set(d, Constants::kLn2Low), op::Sub(near, r));
  } else {
    const V rest = op::NegMulAdd(n, hn::Set(d, Constants::kLn2Low), low);
    r = op::Add(near, rest);
    r_low = op::Sub(rest, op::Sub(r, near));
  }
}

// 2^(index / N) = scale (1 + rest).
template <class D, class V, class VI>
HWY_INLINE void ExpPower(D d, const VI& index, V& scale, V& rest) {
  using Table = PowerTable<D>;
  rest = Lookup<Table::kEntries>(d, Table::kRest, index);
  const auto power = op::BitCast(hn::RebindToSigned<D>(), Lookup<Table::kEntries>(d, Table::kBits, index));
  scale = op::BitCast(d, op::Add(power, op::ShiftLeft<Table::kShift>(index)));
}

// (exp(r) - 1 - r) / r^2 = q0 + q1 r + ...
template <class D, class V>
HWY_INLINE V ExpTailPolynomial(D d, const V& r) {
  using Table = PowerTable<D>;
  constexpr int kLast = static_cast<int>(sizeof(Table::kQ) / sizeof(Scalar<D>)) - 1;
  V q = op::MulAdd(hn::Set(d, Table::kQ[kLast]), r, hn::Set(d, Table::kQ[kLast - 1]));
  HWY_UNROLL(8)
  for (int k = kLast - 2; k >= 0; --k) q = op::MulAdd(q, r, hn::Set(d, Table::kQ[k]));
  return q;
}

// exp(x + low) 2^kBias = scale (1 + p), for x + kBias ln 2 in [-87, 88] ([-708, 709] for doubles); low is the
// rounding error of x, or NoLow. NaN comes back in p; scale then is a number of no meaning.
template <class D, class V, class Low, class M>
HWY_INLINE void ExpSplitAt(D d, const V& x, const Low& low, const M& magic, V& scale, V& p) {
  Index<D, V> index;
  V r, r_low, rest;
  ExpReduce(d, x, low, magic, index, r, r_low);
  ExpPower(d, index, scale, rest);
  const V q = op::MulAdd(ExpTailPolynomial(d, r), r, hn::Set(d, Scalar<D>(1)));
  p = op::MulAdd(q, r, rest);
}
template <int kBias, class D, class V, class Low>
HWY_INLINE void ExpSplit(D d, const V& x, const Low& low, V& scale, V& p) {
  ExpSplitAt(d, x, low, hn::Set(d, ExpMagic<D>(kBias)), scale, p);
}

// (high + low) scale (1 + p) with little more than one rounding, for floats with FMA. At a zero of the first
// factor low is all there is.
template <class V>
HWY_INLINE V TimesPower(const V& high, const V& low, const V& scale, const V& p) {
  const V rest = op::MulAdd(op::Add(high, low), p, low);
  return op::MulAdd(high, scale, op::Mul(rest, scale));
}

// factor exp(x + low), 0 and infinity included. The exponents of all results are more than a number can hold
// on the way: results below 1 are made 2^b times larger, the others smaller.
template <class D, class V, class Low, class F>
HWY_INLINE V ExpTimes(D d, const V& x, const Low& low, const F& factor) {
  constexpr int kBias = kIsFloat<D> ? 64 : 512;
  constexpr Scalar<D> kUnit = PowerOfTwo<Scalar<D>>(-kBias);
  const auto below = op::Lt(x, hn::Zero(d));
  const auto magic = op::IfThenElse(below, hn::Set(d, ExpMagic<D>(kBias)), hn::Set(d, ExpMagic<D>(-kBias)));
  const auto unit = op::IfThenElse(below, hn::Set(d, kUnit), hn::Set(d, 1 / kUnit));
  // Nothing, times a factor of up to 2^70 (float: 2^30).
  const auto least = hn::Set(d, kIsFloat<D> ? Scalar<D>(-125) : Scalar<D>(-850));
  const auto most = hn::Set(d, kIsFloat<D> ? Scalar<D>(110) : Scalar<D>(750));
  V scale, p;
  ExpSplitAt(d, AtLeast(least, AtMost(most, x)), low, magic, scale, p);
  if constexpr (hwy::IsSame<F, NoLow>()) {
    return op::Mul(op::MulAdd(scale, p, scale), unit);
  } else {
    V high, rest;
    TwoProduct(d, scale, factor, high, rest);
    return op::Mul(op::Add(high, op::MulAdd(high, p, rest)), unit);
  }
}

// exp(x) dy. To avoid assists a pack of ordinary results is computed as it is, any other at 2^64 of its size,
// and what is too large for that once more.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V ExpOf(D d, const V& x, const U& dy = U()) {
  if constexpr (kAvoidAssists<D>) {
    const auto most = FoldedMax(x);
    V scale, p;
    if (HWY_LIKELY(hn::AllTrue(
            d, hn::And(hn::Ge(FoldedMin(x), hn::Set(d, -87.0f)), hn::Le(most, hn::Set(d, 88.0f)))))) {
      ExpSplit<0>(d, MovedOffZero(d, x), NoLow(), scale, p);
      return TimesUpstream(V(op::MulAdd(scale, p, scale)), dy);
    }
    if (hwy::IsSame<U, NoUpstream>() && AllBelow(d, x, -104.0f)) return op::Xor(x, x);  // 0
    const auto end = hn::Set(d, 40.0f);
    const V bounded = AtLeast(hn::Set(d, -125.0f), AtMost(end, MovedOffZero(d, x)));
    ExpSplit<64>(d, bounded, NoLow(), scale, p);
    V y = TakeOffTiny<64>(d, V(op::MulAdd(scale, p, scale)), dy);
    if (!hn::AllTrue(d, hn::Le(most, end)))
      y = op::IfThenElse(op::Gt(x, end), TimesUpstream(V(ExpTimes(d, x, NoLow(), NoLow())), dy), y);
    return y;
  } else {
    return TimesUpstream(V(ExpTimes(d, x, NoLow(), NoLow())), dy);
  }
}
template <class D, class V, class Low>
HWY_INLINE V ExpValue(D d, const V& x, const Low& low) {
  return ExpTimes(d, x, low, NoLow());
}

// (exp(x + low) - 1) 2^kBias = high + rest to 2^-9 of an ulp, and exp(x + low) 2^kBias = scale (1 + p), for
// x + kBias ln 2 in [-87, 88] ([-708, 709]).
template <int kBias, class D, class V, class Low>
HWY_INLINE void Expm1Pair(D d, const V& x, const Low& low, V& high, V& rest, V& scale, V& p) {
  Index<D, V> index;
  V r, b, power_rest;
  ExpReduce(d, x, low, hn::Set(d, ExpMagic<D>(kBias)), index, r, b);
  ExpPower(d, index, scale, power_rest);
  if constexpr (!kIsFloat<D>) power_rest = op::MulAdd(power_rest, r, power_rest);
  V shifted, shifted_low, product, product_low, sum_low;
  TwoSum(scale, hn::Set(d, -PowerOfTwo<Scalar<D>>(kBias)), shifted, shifted_low);
  TwoProduct(d, scale, r, product, product_low);
  TwoSum(shifted, product, high, sum_low);
  rest = op::Add(sum_low, op::Add(shifted_low, product_low));
  const V q = ExpTailPolynomial(d, r);
  b = op::Add(op::MulAdd(op::Mul(r, r), q, b), power_rest);
  rest = op::MulAdd(scale, b, rest);
  FastTwoSum(high, rest, high, rest);
  p = op::Add(r, b);
}
template <int kBias, class D, class V, class Low>
HWY_INLINE void Expm1Pair(D d, const V& x, const Low& low, V& high, V& rest) {
  V scale, p;
  Expm1Pair<kBias>(d, x, low, high, rest, scale, p);
}

// ---- Floats with no table: near 0, where 2^n is 1, the rounding of a table's entry would show -----------
//
//   exp(x) = 2^n exp(r),   n = round(x / ln 2),   r = x - n ln 2
//
// kLn2High has 20 bits, so x - n kLn2High is exact. n kLn2Low is below 2^-29 |n|: for x <= 0, where it is
// multiplied by 2^n, nothing.

// n + 127 in the low bits of a number.
template <class D>
constexpr float kPowerMagic = 0x1.8p23f + 127.0f;
template <class D, class V>
HWY_INLINE V NearestPower(D d, const V& x) {
  return op::MulAdd(x, hn::Set(d, ExpFloat::kLog2e), hn::Set(d, kPowerMagic<D>));
}
// n of that, and 2^n.
template <class D, class V>
HWY_INLINE V ExponentOf(D d, const V& nearest) {
  return op::Sub(nearest, hn::Set(d, kPowerMagic<D>));
}
template <class D, class V>
HWY_INLINE V PowerOf(D d, const V& nearest) {
  return op::BitCast(d, op::ShiftLeft<23>(op::BitCast(hn::RebindToSigned<D>(), nearest)));
}
// x - n kLn2High.
template <class D, class V>
HWY_INLINE V RestOfPower(D d, const V& x, const V& n) {
  return op::NegMulAdd(n, hn::Set(d, ExpFloat::kLn2High), x);
}
// (exp(r) - 1 - r) / r^2.
template <class D, class V>
HWY_INLINE V Expm1Tail(D d, const V& r) {
  V q = op::MulAdd(hn::Set(d, ExpTail::kQ[5]), r, hn::Set(d, ExpTail::kQ[4]));
  HWY_UNROLL(4)
  for (int k = 3; k >= 0; --k) q = op::MulAdd(q, r, hn::Set(d, ExpTail::kQ[k]));
  return q;
}

// exp(x + low) - 1 = (scale - 1) + scale (r + b) for x in [-87, 88]. r + b is accurate to 2^-26 of r.
template <class D, class V>
HWY_INLINE void Expm1Split(D d, const V& x, const V& low, V& scale, V& r, V& b) {
  Index<D, V> index;
  V r_low;
  ExpReduce(d, x, low, hn::Set(d, kPowerMagic<D>), index, r, r_low);
  scale = op::BitCast(d, op::ShiftLeft<23>(index));
  b = op::MulAdd(op::Mul(r, r), Expm1Tail(d, r), r_low);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_EXP_INL_H_
