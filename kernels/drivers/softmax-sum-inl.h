// A row's largest score and the sum of its terms, for the drivers of softmax and its gradient.
//
// Long rows go block by block, online: each block has a maximum and a sum in a unit of its own, and the sum
// so far follows the unit.
//
// For log_softmax the sum is that of the others (kOthers): scores that equal the largest one are counted.

#if defined(SIMDACT_SOFTMAX_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_SUM_INL_H_
#undef SIMDACT_SOFTMAX_SUM_INL_H_
#else
#define SIMDACT_SOFTMAX_SUM_INL_H_
#endif

#include "kernels/drivers/softmax-vectors-inl.h"
#include "simdact/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// The sum of a pack's vectors.
template <class V, size_t kCount>
HWY_INLINE V Fold(const Pack<V, kCount>& pack) {
  Pack<V, kCount> tree = pack;
  HWY_UNROLL(4)
  for (size_t width = kCount / 2; width > 0; width /= 2) {
    HWY_UNROLL(8)
    for (size_t u = 0; u < width; ++u) tree.v[u] = hn::Add(tree.v[u], tree.v[u + width]);
  }
  return tree.v[0];
}
template <class V>
HWY_INLINE V Fold(const V& single) {
  return single;
}

// sum + a, or the vectors of a pack, where the sum is the larger one: each of them, or two at a time.
template <size_t kStep, class S, class V>
HWY_INLINE S PlusEach(const S& sum, const V& a) {
  return FastSum(sum, a);
}
template <size_t kStep, class S, class V, size_t kCount>
HWY_INLINE S PlusEach(const S& sum, const Pack<V, kCount>& a) {
  static_assert(kCount % kStep == 0);
  S next = sum;
  HWY_UNROLL(8)
  for (size_t u = 0; u < kCount; u += kStep)
    next = FastSum(next, kStep == 1 ? a.v[u] : hn::Add(a.v[u], a.v[u + kStep - 1]));
  return next;
}

// sum + a (1 + b), b small. A pack's a b are added up first: rounding these is harmless, as long as they are
// few.
template <class S, class V>
HWY_INLINE S PlusPower(const S& sum, const V& a, const V& b) {
  return FastSum(FastSum(sum, a), V(op::Mul(a, b)));
}
template <class S, class V, size_t kCount>
HWY_INLINE S PlusPower(const S& sum, const Pack<V, kCount>& a, const Pack<V, kCount>& b) {
  V small = hn::Mul(a.v[0], b.v[0]);
  HWY_UNROLL(8)
  for (size_t u = 1; u < kCount; ++u) small = hn::MulAdd(a.v[u], b.v[u], small);
  return FastSum(PlusEach<1>(sum, a), small);
}

template <class T>
HWY_INLINE bool IsFinite(T x) {
  return -hwy::HighestValue<T>() <= x && x <= hwy::HighestValue<T>();
}

// The largest score. (A NaN may hide it; the sum tells.)
template <class Scores, class D>
HWY_INLINE Scalar<D> MaxScore(const Scores& scores, D d, size_t begin, size_t n) {
  constexpr size_t kCount = kSizeless ? 1 : Scores::kExact ? 4 : 2;
  const auto lowest = hn::Neg(hn::Inf(d));
  Vectors<kCount, D> pack;
  hn::Vec<D> single = lowest;
  if constexpr (kCount > 1) {
    for (size_t u = 0; u < kCount; ++u) pack.v[u] = lowest;
  }
  ForEachVector<kCount>(d, n, [&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
    constexpr size_t kSize = size();
    const Vectors<kSize, D> z = High(ScoresAt<kSize>(scores, d, begin + i, count));
    if constexpr (kSize > 1) {
      pack = op::Max(pack, z);
    } else {
      single = hn::Max(single, z);
    }
  });
  if constexpr (kCount > 1) {
    for (size_t u = 0; u < kCount; ++u) single = hn::Max(single, pack.v[u]);
  }
  return hn::ReduceMax(d, single);
}
// The same. Clears `ordinary` where it and the others must be made of words.
template <class Scores, class D>
HWY_INLINE Scalar<D> MaxScore(const Scores& scores, D d, size_t begin, size_t n, bool& ordinary) {
  if constexpr (Scores::kExact) {
    return MaxScore(scores, d, begin, n);
  } else {
    if (scores.far != nullptr) return scores.far->highest;
    const Scalar<D> score = MaxScore(scores, d, begin, n);
    ordinary = scores.IsOrdinary(score, scores.block->are_small);
    return score;
  }
}

// In place of the score that a sum leaves out: none.
struct NoLargest {};
// Scores, with -inf for those that equal the largest one, which are counted. In a row's packs that is rare.
template <class D, class V>
HWY_INLINE V LeaveOut(D d, const V& z, const hn::Vec<D>& largest, size_t& count) {
  const auto equal = hn::Eq(z, largest);
  count += hn::CountTrue(d, equal);
  return hn::IfThenElse(equal, hn::Neg(hn::Inf(d)), z);
}
template <class D, class V, size_t kCount>
HWY_INLINE Pack<V, kCount> LeaveOut(D d, const Pack<V, kCount>& z, const V& largest, size_t& count) {
  Pack<V, kCount> others = z;
  auto any = hn::Eq(z.v[0], largest);
  HWY_UNROLL(8)
  for (size_t u = 1; u < kCount; ++u) any = hn::Or(any, hn::Eq(z.v[u], largest));
  if (HWY_UNLIKELY(!hn::AllFalse(d, any))) {
    HWY_UNROLL(8)
    for (size_t u = 0; u < kCount; ++u) others.v[u] = LeaveOut(d, z.v[u], largest, count);
  }
  return others;
}

// The same of numbers.
template <class D, class N>
HWY_INLINE N OthersOf(D, const N& z, NoLargest, size_t&) {
  return z;
}
template <class D, class N>
HWY_INLINE N OthersOf(D d, const N& z, const hn::Vec<D>& largest, size_t& count) {
  return WithHigh(z, LeaveOut(d, Word<N>(High(z)), largest, count));
}

// The terms of scores: rounded, or for the accurate tier as scales and excesses.
template <Terms kTerms, class D, class N>
HWY_INLINE auto TermsOf(D d, const N& z, const SoftmaxUnit<Scalar<D>>& unit) {
  if constexpr (kTerms == Terms::kAccurate) {
    return SoftmaxSplit(d, z, unit);
  } else {
    return FastSoftmaxTerm<kTerms>(d, z, unit);
  }
}
template <class N>
HWY_INLINE auto RoundedTerms(const N& terms) {
  if constexpr (kIsPair<N>) {
    return TimesOnePlus(Scale(terms), Excess(terms));
  } else {
    return terms;
  }
}
// sum + terms.
template <Terms kTerms, class S, class N>
HWY_INLINE S PlusTerms(const S& sum, const N& terms) {
  if constexpr (kTerms == Terms::kShort) {
    return WithHigh(sum, hn::Add(High(sum), Fold(terms)));
  } else if constexpr (kTerms == Terms::kFast) {
    return PlusEach<2>(sum, terms);
  } else {
    return PlusPower(sum, Scale(terms), Excess(terms));
  }
}

// A number of two words.
template <class T>
struct TwoWords {
  T high, low;
};

// The sum of all lanes of pairs; in double, where floats need no low word.
template <class D, class N>
HWY_INLINE TwoWords<double> LaneSum(D d, const N& sums) {
  const auto sum = High(sums), rest = Low(sums);
  if constexpr (kIsFloat<D> && hn::MaxLanes(D()) == 1) {
    return {static_cast<double>(hn::GetLane(sum)) + static_cast<double>(hn::GetLane(rest)), 0};
  } else if constexpr (kIsFloat<D>) {
    const hn::Repartition<double, D> d64;
    const auto lower = hn::Add(hn::PromoteLowerTo(d64, sum), hn::PromoteLowerTo(d64, rest));
    const auto upper = hn::Add(hn::PromoteUpperTo(d64, sum), hn::PromoteUpperTo(d64, rest));
    return {hn::ReduceSum(d64, hn::Add(lower, upper)), 0};
  } else {
    HWY_ALIGN Scalar<D> lanes[hn::MaxLanes(D())], rests[hn::MaxLanes(D())];
    hn::Store(sum, d, lanes);
    hn::Store(rest, d, rests);
    TwoWords<double> all = {0, 0};
    for (size_t i = 0; i < hn::Lanes(d); ++i) {
      const double term = static_cast<double>(lanes[i]), total = all.high + term, part = total - all.high;
      all.low += (all.high - (total - part)) + (term - part) + static_cast<double>(rests[i]);
      all.high = total;
    }
    return all;
  }
}

// A number high + low in units: what is known of a row, or of a part of it, so far. If it is the sum of the
// others, `count` scores have been left out.
template <class T>
struct RowSum {
  SoftmaxUnit<T> unit;
  double high, low;
  size_t count;

  // The sum of the lanes of terms, which are 2^kTermBias times as large.
  template <class D, class N>
  HWY_INLINE void Set(D d, const N& sums) {
    constexpr double kUnbias = PowerOfTwo<double>(-kTermBias<D>);
    const TwoWords<double> whole = LaneSum(d, sums);
    high = whole.high * kUnbias;
    low = 0;
    if constexpr (!kIsFloat<D>) Add({0, whole.low * kUnbias});  // makes high the sum rounded
  }
  void Add(TwoWords<double> term) {  // Knuth's TwoSum, and then Dekker's
    const double total = high + term.high, part = total - high;
    low += term.low + ((high - (total - part)) + (term.high - part));
    high = total + low;
    low -= high - total;
  }
};

// Where the sum of terms begins: it is larger than any of them, so that each addition's rounding is known
// exactly in three operations.
template <class T>
constexpr T kSumStart = PowerOfTwo<T>(kTermBias<hn::ScalableTag<T>> + 2);
// Whether a sum of n others is so small that many of its terms were wholly lost in its lanes, and where it
// begins so that they are not.
template <class T>
HWY_INLINE bool IsSmall(const RowSum<T>& others, size_t n) {
  constexpr bool kFloats = sizeof(T) == sizeof(float);
  constexpr double kLeast = PowerOfTwo<double>(kFloats ? -21 : -50);
  constexpr double kNothing = kFloats ? PowerOfTwo<double>(-160) : 0.0;  // what is left of hidden columns
  const double count = static_cast<double>(n);
  return others.high > kNothing * count && others.high < kLeast * count;
}
template <class T>
inline T StartFor(const RowSum<T>& others) {
  int exponent;
  std::frexp(others.high, &exponent);
  return static_cast<T>(std::ldexp(1.0, exponent + 1 + kTermBias<hn::ScalableTag<T>>));
}

// The sum of the terms of n columns, but for those whose score is `largest`; store(i, count, terms) is called
// with each of them. Of small terms all is lost, and these additions round: floats' lanes are emptied into
// lanes of doubles every 256 columns. (Only in 16 bits' fast tier all additions may round.)
template <Terms kTerms, class Scores, class D, class Store, class L = NoLargest>
HWY_INLINE void SumTerms(const Scores& scores, D d, size_t begin, size_t n, const Store& store,
                         RowSum<Scalar<D>>& total, const L& largest = L(),
                         Scalar<D> first_sum = kSumStart<Scalar<D>>) {
  using V = hn::Vec<D>;
  constexpr bool kEmptied = kIsFloat<D>, kOneLane = hn::MaxLanes(D()) == 1;
  const hn::Repartition<double, D> d64;
  const size_t piece_size = kEmptied ? size_t{256} : n;
  const SoftmaxUnit<Scalar<D>> unit =
      hwy::IsSame<L, NoLargest>() ? total.unit : WithSmallTerms(d, total.unit);
  const V start = kTerms == Terms::kShort ? hn::Zero(d) : hn::Set(d, first_sum);
  const auto none = MakePair(start, V(hn::Zero(d)));
  auto lower = hn::Zero(d64), upper = lower;
  auto sum = none;
  size_t left_out = 0;
  for (size_t piece = 0; piece < n; piece += piece_size) {
    const size_t first = begin + piece;
    ForEachVector<Scores::kVectors>(
        d, HWY_MIN(piece_size, n - piece), [&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
          constexpr size_t kSize = size();
          const auto z = OthersOf(d, ScoresAt<kSize>(scores, d, first + i, count), largest, left_out);
          const auto terms = TermsOf<kTerms>(d, z, unit);
          sum = PlusTerms<kTerms>(sum, terms);
          store(first + i, count, RoundedTerms(terms), size);
        });
    if constexpr (kEmptied) {
      const V whole = hn::Sub(High(sum), start), lost = Low(sum);
      lower = hn::Add(lower, hn::Add(hn::PromoteLowerTo(d64, whole), hn::PromoteLowerTo(d64, lost)));
      if constexpr (!kOneLane)
        upper = hn::Add(upper, hn::Add(hn::PromoteUpperTo(d64, whole), hn::PromoteUpperTo(d64, lost)));
      sum = none;
    }
  }
  if constexpr (kEmptied) {
    total.high = hn::ReduceSum(d64, hn::Add(lower, upper)) * PowerOfTwo<double>(-kTermBias<D>);
    total.low = 0;
  } else {
    total.Set(d, WithHigh(sum, V(hn::Sub(High(sum), start))));
  }
  total.count = left_out;
}

// exp(z) of one score in a unit; in a whole vector, for which the tables are.
template <class T>
HWY_INLINE double TermOf(double z, const SoftmaxUnit<T>& unit) {
  const hn::ScalableTag<double> d;
  const double power = double{unit.power};  // times ln 2, whose upper part times a power is exact
  const auto x = TwoSum(hn::Set(d, z - double{unit.shift}), hn::Set(d, -power * ExpDouble::kLn2High));
  const auto low = hn::Sub(Low(x), hn::Set(d, power * ExpDouble::kLn2Low));
  return hn::GetLane(ExpValue(d, WithLow(x, low)));
}

// max and sum of a row. What does not fit into one block is merged, online. False, and nothing has been
// stored, if the row is not ordinary.
template <Terms kTerms, bool kOthers, class Scores, class D, class Store>
HWY_INLINE bool SumRow(const Scores& scores, D d, size_t n, size_t block, Scalar<D> sink, const Store& store,
                       Scalar<D>& max, RowSum<Scalar<D>>& total) {
  using T = Scalar<D>;
  max = sink;
  total.high = total.low = 0;
  total.count = 0;
  for (size_t begin = 0; begin < n; begin += block) {
    const size_t size = HWY_MIN(block, n - begin);
    bool ordinary = true;
    const T block_max = MaxScore(scores, d, begin, size, ordinary);
    if (HWY_UNLIKELY(!ordinary)) return false;
    const bool higher = begin == 0 || block_max > max;
    const T new_max = block_max > max ? block_max : max;
    // No finite maximum: the caller looks at the scores again, so the terms must not replace them.
    if (n <= block && !IsFinite(new_max)) {
      max = new_max;
      return true;
    }
    // Nothing but -inf so far, or NaN: in a unit of 1 it will show.
    const bool nothing = !(new_max >= -hwy::HighestValue<T>()) && n > block;
    RowSum<T> part{};
    part.unit = higher ? UnitOf(d, nothing ? T(0) : new_max) : total.unit;
    if constexpr (kOthers) {
      SumTerms<kTerms>(scores, d, begin, size, store, part, hn::Set(d, new_max));
      if (higher && total.count != 0)
        total.Add({static_cast<double>(total.count) * TermOf(max, total.unit), 0});
      if (!higher) part.count += total.count;
    } else {
      SumTerms<kTerms>(scores, d, begin, size, store, part);
    }
    if (nothing && part.high == part.high) part.high = part.low = 0, part.count = 0;
    if (total.high != 0) {  // the first block is added to nothing, as is what follows -inf alone
      const double factor =
          higher ? UnitFactor(total.unit.shift, total.unit.power, part.unit.shift, part.unit.power) : 1.0;
      part.Add({total.high * factor, total.low * factor});
    }
    total = part;
    max = new_max;
  }
  return true;
}

// numerator / sum, with T's precision in each word.
template <class T>
HWY_INLINE TwoWords<T> Reciprocal(const RowSum<T>& total, double numerator = 1.0) {
  if constexpr (sizeof(T) == sizeof(float)) {
    const double inverse = numerator / (total.high + total.low);
    const T high = static_cast<T>(inverse);
    return {high, static_cast<T>(inverse - static_cast<double>(high))};
  } else {
    const hn::CappedTag<double, 1> d1;
    const auto high = hn::Set(d1, total.high), rest = hn::Set(d1, total.low), given = hn::Set(d1, numerator);
    const auto inverse = hn::Div(given, high);
    const auto left = hn::Sub(Remainder(inverse, high, given), hn::Mul(inverse, rest));
    return {hn::GetLane(inverse), hn::GetLane(hn::Div(hn::Mul(left, inverse), given))};
  }
}

// term times a pair.
template <Terms kTerms, class D, class V, class N>
HWY_INLINE V QuotientOf(D d, const V& term, const N& factor) {
  if constexpr (kTerms == Terms::kFast) {
    return FastSoftmaxQuotient(d, term, factor);
  } else {
    return SoftmaxQuotient(d, term, factor);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_SUM_INL_H_
