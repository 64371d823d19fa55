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
// Constants: tools/constants/exp.py (Sollya's fpminimax).

#if defined(SIMDACT_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_EXP_INL_H_
#undef SIMDACT_EXP_INL_H_
#else
#define SIMDACT_EXP_INL_H_
#endif

#include "simdact/detail/denormals-inl.h"
#include "simdact/detail/numbers-inl.h"
#include "simdact/detail/tables/exp.h"

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

// ---- exp(n) 2^kBias = scale (1 + excess) ---------------------------------------------------------------
//
// A power of e, or of 2, is a pair of a scale and an excess, at most 1/11: ExpSplit makes it, Scale and
// Excess take it apart.

template <class N>
HWY_INLINE auto Scale(const N& power) {
  return High(power);
}
template <class N>
HWY_INLINE auto Excess(const N& power) {
  return Low(power);
}

// The multiple of 1 / N nearest to x / ln 2, in the low bits of a number.
template <class D, class V, class M>
HWY_INLINE V NearestStep(D d, const V& x, const M& magic) {
  return op::MulAdd(x, hn::Set(d, ExpConstants<D>::kLog2e), magic);
}

// r = n - step ln 2, as a pair.
template <class D, class N, class V, class M>
HWY_INLINE auto RestOfExp(D d, const N& n, const V& step, const M& magic) {
  using Constants = ExpConstants<D>;
  const auto ln2_low = hn::Set(d, Constants::kLn2Low);
  const V steps = op::Sub(step, magic);
  V near;
  if constexpr (kInDouble<D>) {
    near = op::NegMulAdd(steps, hn::Set(d, Constants::kLn2Head), High(n));
    near = op::NegMulAdd(steps, hn::Set(d, Constants::kLn2Middle), near);
  } else {
    near = op::NegMulAdd(steps, hn::Set(d, Constants::kLn2High), High(n));
  }
  if constexpr (!kIsPair<N>) {
    const V r = op::NegMulAdd(steps, ln2_low, near);
    return MakePair(r, V(op::NegMulAdd(steps, ln2_low, op::Sub(near, r))));
  } else {
    const V rest = op::NegMulAdd(steps, ln2_low, Low(n));
    const V r = op::Add(near, rest);
    return MakePair(r, V(op::Sub(rest, op::Sub(r, near))));
  }
}

// 2^step, from the table.
template <class D, class V>
HWY_INLINE auto TablePower(D d, const V& step) {
  using Table = PowerTable<D>;
  const hn::RebindToSigned<D> di;
  const auto index = op::BitCast(di, step);
  const V rest = Lookup<Table::kEntries>(d, Table::kRest, index);
  const auto bits = op::BitCast(di, Lookup<Table::kEntries>(d, Table::kBits, index));
  return MakePair(V(op::BitCast(d, op::Add(bits, op::ShiftLeft<Table::kShift>(index)))), rest);
}

// (exp(r) - 1 - r) / r^2.
template <class D, class V>
HWY_INLINE V ExpTailPolynomial(D, const V& r) {
  return Horner<0>(r, PowerTable<D>::kQ);
}

// exp(n) 2^kBias for n + kBias ln 2 in [-87, 88] ([-708, 709] for doubles). Of NaN the excess is NaN, and the
// scale a number of no meaning.
template <class D, class N, class M>
HWY_INLINE auto ExpSplitAt(D d, const N& n, const M& magic) {
  using V = Word<N>;
  const V step = NearestStep(d, High(n), magic);
  const V r = High(RestOfExp(d, n, step, magic));
  const auto power = TablePower(d, step);
  const V q = op::MulAdd(ExpTailPolynomial(d, r), r, hn::Set(d, Scalar<D>(1)));
  return MakePair(Scale(power), V(op::MulAdd(q, r, Excess(power))));
}
template <int kBias, class D, class N>
HWY_INLINE auto ExpSplit(D d, const N& n) {
  return ExpSplitAt(d, n, hn::Set(d, ExpMagic<D>(kBias)));
}

// exp(n) 2^kBias as a number.
template <int kBias, class D, class N>
HWY_INLINE auto ExpPair(D d, const N& n) {
  const auto power = ExpSplit<kBias>(d, n);
  const auto scale = Scale(power), excess = Excess(power);
  const auto e = op::MulAdd(scale, excess, scale);
  return MakePair(e, op::MulAdd(scale, excess, op::Sub(scale, e)));
}
// 2^kBias + power; the excess goes into the low word.
template <int kBias, class D, class P>
HWY_INLINE auto OnePlus(D d, const P& power) {
  const auto unit = hn::Set(d, PowerOfTwo<Scalar<D>>(kBias));
  const auto scale = Scale(power);
  const auto sum = FastTwoSum(op::Max(scale, unit), op::Min(scale, unit));
  return MakePair(High(sum), op::MulAdd(scale, Excess(power), Low(sum)));
}

// n power.
template <class N, class P>
HWY_INLINE auto TimesPower(const N& n, const P& power) {
  return TimesOnePlus(Product(n, Scale(power)), Excess(power));
}
// The same, rounded, where n crosses zero: there its low word is all there is.
template <class N, class P>
HWY_INLINE auto TimesPowerThroughZero(const N& n, const P& power) {
  const auto scaled = Product(n, Scale(power));
  return op::Add(High(scaled), op::MulAdd(Round(scaled), Excess(power), Low(scaled)));
}
// The same for floats with FMA: fewer operations, and little more than one rounding.
template <class N, class P>
HWY_INLINE auto FusedTimesPower(const N& n, const P& power) {
  const auto rest = op::MulAdd(Round(n), Excess(power), Low(n));
  return op::MulAdd(High(n), Scale(power), op::Mul(rest, Scale(power)));
}

// exp(n) at any n, 0 and infinity included, times factor, unless that is 1. The exponents of all results are
// more than a number can hold on the way: results below 1 are made 2^b times larger, the others smaller.
struct One {};
template <class D, class N, class F>
HWY_INLINE auto ExpTimes(D d, const N& n, const F& factor) {
  using V = Word<N>;
  constexpr int kBias = kIsFloat<D> ? 64 : 512;
  constexpr Scalar<D> kUnit = PowerOfTwo<Scalar<D>>(-kBias);
  const V x = High(n);
  const auto below = op::Lt(x, hn::Zero(d));
  const auto magic = op::IfThenElse(below, hn::Set(d, ExpMagic<D>(kBias)), hn::Set(d, ExpMagic<D>(-kBias)));
  const auto unit = op::IfThenElse(below, hn::Set(d, kUnit), hn::Set(d, 1 / kUnit));
  // Nothing, times a factor of up to 2^70 (float: 2^30).
  const auto least = hn::Set(d, kIsFloat<D> ? Scalar<D>(-125) : Scalar<D>(-850));
  const auto most = hn::Set(d, kIsFloat<D> ? Scalar<D>(110) : Scalar<D>(750));
  const auto power = ExpSplitAt(d, WithHigh(n, V(AtLeast(least, AtMost(most, x)))), magic);
  if constexpr (hwy::IsSame<F, One>()) {
    return op::Mul(TimesOnePlus(V(Scale(power)), V(Excess(power))), unit);
  } else {
    return op::Mul(Round(TimesOnePlus(TwoProduct(V(Scale(power)), factor), V(Excess(power)))), unit);
  }
}
template <class D, class N>
HWY_INLINE auto ExpValue(D d, const N& n) {
  return ExpTimes(d, n, One());
}

// exp(x) dy. To avoid assists a pack of ordinary results is computed as it is, any other at 2^64 of its size,
// and what is too large for that once more.
template <class D, class V, class U = NoUpstream>
HWY_INLINE V ExpOf(D d, const V& x, const U& dy = U()) {
  const auto rounded = [](const auto& power)
                           SIMDACT_FORMULA { return V(TimesOnePlus(V(Scale(power)), V(Excess(power)))); };
  if constexpr (kAvoidAssists<D>) {
    const auto most = FoldedMax(x);
    if (HWY_LIKELY(hn::AllTrue(
            d, hn::And(hn::Ge(FoldedMin(x), hn::Set(d, -87.0f)), hn::Le(most, hn::Set(d, 88.0f)))))) {
      return TimesUpstream(rounded(ExpSplit<0>(d, MovedOffZero(d, x))), dy);
    }
    if (hwy::IsSame<U, NoUpstream>() && AllBelow(d, x, -104.0f)) return op::Xor(x, x);  // 0
    const auto end = hn::Set(d, 40.0f);
    const V bounded = AtLeast(hn::Set(d, -125.0f), AtMost(end, MovedOffZero(d, x)));
    V y = TakeOffTiny<64>(d, rounded(ExpSplit<64>(d, bounded)), dy);
    if (!hn::AllTrue(d, hn::Le(most, end)))
      y = op::IfThenElse(op::Gt(x, end), TimesUpstream(V(ExpValue(d, x)), dy), y);
    return y;
  } else {
    return TimesUpstream(V(ExpValue(d, x)), dy);
  }
}

// ---- exp(n) - 1 ----------------------------------------------------------------------------------------
//
// exp(n) 2^kBias = scale (1 + r + bend): the scale less 1 and the line in r are exact.

// scale (1 + r) - 2^kBias.
template <int kBias, class D, class V>
HWY_INLINE Pair<V> LineLessOne(D d, const V& scale, const V& r) {
  const auto shifted = TwoSum(scale, hn::Set(d, -PowerOfTwo<Scalar<D>>(kBias)));
  const auto product = TwoProduct(scale, r);
  const auto sum = TwoSum(High(shifted), High(product));
  return MakePair(V(High(sum)), V(op::Add(Low(sum), op::Add(Low(shifted), Low(product)))));
}
// r^2 (q0 + q1 r + ...) and what r and the table lost.
template <class D, class R, class P>
HWY_INLINE auto BendOfExp(D d, const R& rest, const P& power) {
  const auto r = High(rest);
  auto table_rest = Excess(power);
  if constexpr (!kIsFloat<D>) table_rest = op::MulAdd(table_rest, r, table_rest);
  const auto q = ExpTailPolynomial(d, r);
  return op::Add(op::MulAdd(op::Mul(r, r), q, Low(rest)), table_rest);
}
template <class V, class L>
HWY_INLINE Pair<V> AddBend(const L& line, const V& scale, const V& bend) {
  return FastTwoSum(V(High(line)), V(op::MulAdd(scale, bend, Low(line))));
}
// (exp(n) - 1) 2^kBias to 2^-9 of an ulp, for n + kBias ln 2 in [-87, 88] ([-708, 709] for doubles).
template <int kBias, class D, class N>
HWY_INLINE auto Expm1Pair(D d, const N& n) {
  using V = Word<N>;
  const auto magic = hn::Set(d, ExpMagic<D>(kBias));
  const V step = NearestStep(d, V(High(n)), magic);
  const auto r = RestOfExp(d, n, step, magic);
  const auto power = TablePower(d, step);
  const V bend = BendOfExp(d, r, power);
  return AddBend(LineLessOne<kBias>(d, V(Scale(power)), V(High(r))), V(Scale(power)), bend);
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
HWY_INLINE V Expm1Tail(D, const V& r) {
  return Horner<0>(r, ExpTail::kQ);
}
// What exp(r) - 1 is above r's high word, to 2^-26 of that.
template <class D, class R>
HWY_INLINE auto BendOfExp(D d, const R& r) {
  const auto high = High(r);
  return op::MulAdd(op::Mul(high, high), Expm1Tail(d, high), Low(r));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_EXP_INL_H_
