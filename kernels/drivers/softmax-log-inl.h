// Logarithms of a row's sum: that of all terms, for the log-sum-exp, and for log_softmax that of what the
// largest score leaves (softmax-inl.h); and log_softmax of a row.

#if defined(SIMDACT_SOFTMAX_LOG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_LOG_INL_H_
#undef SIMDACT_SOFTMAX_LOG_INL_H_
#else
#define SIMDACT_SOFTMAX_LOG_INL_H_
#endif

#include "kernels/drivers/softmax-row-inl.h"
#include "simdact/detail/log-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// log(2^power (high + low)), the sum being as near to its high word as a rounding.
template <class D, class V>
HWY_INLINE auto LogOfTotal(D d, const V& high, const V& low, const V& power) {
  const V total = hn::Add(high, low);
  const auto log = LogPair<false>(d, total);
  // What the sum's double has lost, relative to it.
  const V lost = hn::Div(hn::Add(hn::Sub(high, total), low), high);
  const auto ln2 = Constant(d, 0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56);
  return Normalized(Sum(Product(power, ln2), WithLow(log, V(hn::Add(Low(log), lost)))));
}
// log of the sum, less the unit's shift.
template <class T>
HWY_INLINE TwoWords<double> LogOfSum(const RowSum<T>& total) {
  const hn::CappedTag<double, 1> d1;
  const auto log =
      LogOfTotal(d1, hn::Set(d1, total.high), hn::Set(d1, total.low), hn::Set(d1, double{total.unit.power}));
  return {hn::GetLane(High(log)), hn::GetLane(Low(log))};
}

// log1p(more + others / exp(z)).
template <class D, class N, class S, class V>
HWY_INLINE auto LogOfOthers(D d, const N& z, const S& others, const V& more) {
  const auto power = ExpSplit<0>(d, z);
  const auto term = FastTwoSum(Scale(power), hn::Mul(Scale(power), Excess(power)));
  const auto ratio = Sum(more, Quotient(others, term));
  const auto log = Log1pPair(d, ratio);
  // Of a tiny ratio the logarithm is the ratio, where log1p's halves would be denormal.
  const auto tiny = hn::Lt(High(ratio), hn::Set(d, 0x1p-120));
  return FastTwoSum(hn::IfThenElse(tiny, High(ratio), High(log)), hn::IfThenElse(tiny, Low(ratio), Low(log)));
}

// log1p(r) for kRows sums of others, r = count - 1 + sum / exp(largest + largest_low).
template <size_t kRows>
struct OthersLogs {
  static constexpr size_t kSize = HWY_MAX(kRows, hn::MaxLanes(hn::ScalableTag<double>()));
  HWY_ALIGN double high[kSize], low[kSize];

  template <class T>
  HWY_NOINLINE void Set(const RowSum<T>* totals, const T* largest, double largest_low) {
    const hn::ScalableTag<double> d;
    const auto pair = [d](const double* highs, const double* lows)
                          HWY_ATTR { return MakePair(hn::Load(d, highs), hn::Load(d, lows)); };
    HWY_ALIGN double z[kSize], z_low[kSize], sum[kSize], sum_low[kSize], count[kSize];
    for (size_t r = 0; r < HWY_MAX(kRows, hn::Lanes(d)); ++r) {
      const size_t row = HWY_MIN(r, kRows - 1);
      const RowSum<T>& total = totals[row];
      const double power = double{total.unit.power};
      z[r] = (double{largest[row]} - double{total.unit.shift}) - power * ExpDouble::kLn2High;
      z_low[r] = largest_low - power * ExpDouble::kLn2Low;
      sum[r] = total.high, sum_low[r] = total.low;
      count[r] = static_cast<double>(total.count) - 1.0;
    }
    for (size_t r = 0; r < kRows; r += hn::Lanes(d)) {
      const auto exact =
          LogOfOthers(d, pair(z + r, z_low + r), pair(sum + r, sum_low + r), hn::Load(d, count + r));
      hn::Store(High(exact), d, high + r);
      hn::Store(Low(exact), d, low + r);
    }
  }
};

// What the first of the largest scores has rounded off.
template <class Scores, class D>
double LowOfLargest(const Scores& scores, D d, size_t visible, Scalar<D> max) {
  HWY_ALIGN Scalar<D> lanes[hn::MaxLanes(d)];
  for (size_t i = 0; i < visible; i += hn::Lanes(d)) {
    const auto z = scores.template At<true>(d, i, HWY_MIN(hn::Lanes(d), visible - i));
    const intptr_t lane = hn::FindFirstTrue(d, hn::Eq(High(z), hn::Set(d, max)));
    if (lane < 0) continue;
    hn::Store(Low(z), d, lanes);
    return static_cast<double>(lanes[lane]);
  }
  return 0;
}

// The sum of the others once more, from where its terms are not lost, or without the largest score.
template <Terms kTerms, class Scores, class D>
HWY_NOINLINE void SumOthersAgain(const Scores& scores, D d, size_t visible, Scalar<D> max, Scalar<D> start,
                                 RowSum<Scalar<D>>& total) {
  const auto keep = [](size_t, size_t, const auto&, auto) {};
  SumTerms<kTerms>(scores, d, 0, visible, keep, total, hn::Set(d, max), start);
}

// log_softmax of a row. Returns the log-sum-exp.
//
// Scores that have a low part are summed up all together. Only where the logarithm of the sum is not near
// log(2) or more, so that the largest score has no equal and the logarithm would cancel, the others are
// summed up once more.
template <class Element, class Scores, Terms kTerms>
HWY_INLINE double LogSoftmaxRow(Scores& scores, typename Element::Stored* y, const Columns& columns,
                                double sink, const RowOptions& o) {
  using D = typename Element::D;
  using T = typename Element::Number;
  const D d;
  constexpr double kOneLargest = 0.56;  // log(2) less than what equal scores' low parts can make of it
  const auto keep = [](size_t, size_t, const auto&, auto) {};
  RowSum<T> total{};
  T max;
  typename Scores::Far far;
  const size_t visible = columns.visible;
  const size_t block = visible > kLongRow / sizeof(T) ? kStored : visible;
  SumAnyRow<kTerms, Scores::kExact>(scores, far, d, visible, block, keep, sink, max, total);
  double special;
  if (HWY_UNLIKELY((!HasSum<Element, Scores>(scores, max, total, y, columns, sink, true, o, special)))) {
    return special;
  }
  // The logarithm of what the row adds up to is max + log + rest.
  TwoWords<double> log;
  double rest = 0;
  OthersLogs<1> others;
  if constexpr (Scores::kExact) {
    if (HWY_UNLIKELY(IsSmall(total, visible)))
      SumOthersAgain<kTerms>(scores, d, visible, max, StartFor(total), total);
    others.Set(&total, &max, 0);
    log = {others.high[0], others.low[0]};
  } else {
    log = LogOfSum(total);
    log.high += double{ShiftOf(d, total.unit)} - double{max};
    if (log.high < kOneLargest) {
      // Of scores made of words max is 0, and the largest one not quite.
      const T column = MaxScore(scores, d, 0, visible);
      const bool is_sink = sink > double{column};
      max = is_sink ? static_cast<T>(sink) : column;
      SumOthersAgain<kTerms>(scores, d, visible, max, kSumStart<T>, total);
      if (IsSmall(total, visible)) SumOthersAgain<kTerms>(scores, d, visible, max, StartFor(total), total);
      rest = is_sink ? sink - double{max} : LowOfLargest(scores, d, visible, max);
      if (sink > -HUGE_VAL && !is_sink) total.Add({TermOf(sink, total.unit), 0});
      total.count = 1;
      others.Set(&total, &max, rest);
      log = {others.high[0], others.low[0]};
    }
  }
  const T high = static_cast<T>(log.high);
  const T lost = static_cast<T>(rest + (rest == 0 ? (log.high - double{high}) + log.low : 0));
  const auto largest = hn::Set(d, max);
  ForEachVector<Scores::kVectors>(d, visible, [&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
    constexpr size_t kSize = size();
    const auto z = ScoresAt<kSize>(scores, d, i, count);
    auto result = op::Sub(op::Sub(High(z), largest), hn::Set(d, high));
    if constexpr (!Scores::kExact) result = op::Add(result, op::Sub(Low(z), hn::Set(d, lost)));
    StoreResult<kSize, Element>(d, result, y + i, count);
  });
  FillHidden<Element>(y, columns, -HUGE_VAL);
  return AsTheyWere(scores, (double{max} + log.high) + (rest + log.low));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_LOG_INL_H_
