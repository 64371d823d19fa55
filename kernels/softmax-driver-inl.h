// The rows shape: softmax, log_softmax and softmin of each row of a matrix.
//
// A row takes three passes: the largest score, which chooses the unit (softmax-inl.h); the terms and their
// sum; the quotients. Where the terms wait in between depends on the row: f32 and f64 leave them in the row
// of y; 16-bit rows of up to kStored columns in an array on the stack; longer ones, and f32 and f64 rows
// beyond the caches, nowhere: they are computed again, to the same bits, which is cheaper than the memory
// traffic. These long rows find maximum and sum block by block, online: memory is read twice and written
// once.
//
// log_softmax keeps no terms. Its sum is that of the others, what the largest score leaves (softmax-inl.h).
//
// Scores are read through a class (softmax-scores-inl.h) whose At gives a vector of them and what their
// rounding lost, so that plain rows and rows with options are the same code.

#if defined(SIMDACT_SOFTMAX_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_DRIVER_INL_H_
#undef SIMDACT_SOFTMAX_DRIVER_INL_H_
#else
#define SIMDACT_SOFTMAX_DRIVER_INL_H_
#endif

#include <cmath>

#include "dispatch/rows.h"
#include "kernels/softmax-short-inl.h"
#include "kernels/softmax-sum-inl.h"
#include "simdact/log-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// Columns of a 16-bit row whose terms fit on the stack (16 KiB), and of a block of a long row.
constexpr size_t kStored = 4096;
// f32 and f64 rows of more bytes than this do not fit into last-level caches together with their results.
constexpr size_t kLongRow = size_t{1} << 24;

// log of the sum, less the unit's shift: high + low.
template <class T>
HWY_INLINE void LogOfSum(const RowSum<T>& total, double& high, double& low) {
  const hn::CappedTag<double, 1> d1;
  using V = hn::Vec<decltype(d1)>;
  V log, log_low, product, product_low, sum, sum_low;
  LogPair<false>(d1, hn::Set(d1, total.high + total.low), log, log_low);
  // What the sum's double has lost, relative to it.
  const double lost = ((total.high - (total.high + total.low)) + total.low) / total.high;
  TwoProduct(d1, hn::Set(d1, double{total.unit.power}), hn::Set(d1, 0x1.62e42fefa39efp-1), product,
             product_low);
  product_low =
      hn::MulAdd(hn::Set(d1, double{total.unit.power}), hn::Set(d1, 0x1.abc9e3b39803fp-56), product_low);
  PairSum(product, product_low, log, hn::Add(log_low, hn::Set(d1, lost)), sum, sum_low);
  high = hn::GetLane(sum);
  low = hn::GetLane(sum_low);
}

// log1p(r) as high + low for kRows sums of others, r = count - 1 + sum / exp(largest + largest_low).
template <size_t kRows>
struct OthersLogs {
  static constexpr size_t kSize = HWY_MAX(kRows, hn::MaxLanes(hn::ScalableTag<double>()));
  HWY_ALIGN double high[kSize], low[kSize];

  template <class T>
  HWY_NOINLINE void Set(const RowSum<T>* totals, const T* largest, double largest_low) {
    const hn::ScalableTag<double> d;
    using V = hn::Vec<decltype(d)>;
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
      V scale, p, term, term_low, ratio, ratio_low, log, log_low;
      ExpSplit<0>(d, hn::Load(d, z + r), hn::Load(d, z_low + r), scale, p);
      FastTwoSum(scale, V(hn::Mul(scale, p)), term, term_low);
      PairQuotient(d, hn::Load(d, sum + r), hn::Load(d, sum_low + r), term, term_low, Inverse(d, term), ratio,
                   ratio_low);
      V more, more_low;
      TwoSum(hn::Load(d, count + r), ratio, more, more_low);
      more_low = hn::Add(more_low, ratio_low);
      Log1pPair(d, more, more_low, log, log_low);
      // Of a tiny ratio the logarithm is the ratio, where log1p's halves would be denormal.
      const auto tiny = hn::Lt(more, hn::Set(d, 0x1p-120));
      log = hn::IfThenElse(tiny, more, log), log_low = hn::IfThenElse(tiny, more_low, log_low);
      FastTwoSum(log, log_low, log, log_low);
      hn::Store(log, d, high + r);
      hn::Store(log_low, d, low + r);
    }
  }
};

// y = f(z) for the rows that have no sum: with a NaN, an infinite score, or without a visible column.
template <class Element>
void FillRow(typename Element::Stored* y, size_t begin, size_t end, double value) {
  const typename Element::D d;
  const auto v = hn::Set(d, static_cast<typename Element::Number>(value));
  for (size_t i = begin; i < end; i += hn::Lanes(d)) Element::StoreN(v, y + i, end - i);
}
template <class Element, class Scores>
SIMDACT_COLD double SpecialRow(const Scores scores, typename Element::Stored* y, size_t visible, size_t cols,
                               double sink, bool log, const RowOptions& o) {
  const typename Element::D d;
  using T = typename Element::Number;
  const double infinity = static_cast<double>(hwy::HighestValue<T>()) * HUGE_VAL;
  const double nan = infinity - infinity;
  HWY_ALIGN T lanes[hn::MaxLanes(d)];
  size_t infinite = sink == infinity;
  bool any_nan = sink != sink;
  const auto scan = [&](size_t i, size_t count, bool fill) HWY_ATTR {
    hn::Vec<decltype(d)> low;
    hn::Store(scores.template At<true>(d, i, count, low), d, lanes);
    for (size_t k = 0; k < count; ++k) {
      const bool top = static_cast<double>(lanes[k]) == infinity;
      any_nan |= lanes[k] != lanes[k];
      infinite += top && !fill;
      const double share = 1.0 / static_cast<double>(infinite);
      lanes[k] = static_cast<T>(log ? (top ? std::log(share) : -infinity) : (top ? share : 0.0));
    }
    if (fill) Element::StoreN(hn::Load(d, lanes), y + i, count);
  };
  const auto scan_all = [&](bool fill) HWY_ATTR {
    for (size_t i = 0; i < visible; i += hn::Lanes(d)) scan(i, HWY_MIN(hn::Lanes(d), visible - i), fill);
  };
  scan_all(false);
  if (any_nan || (infinite != 0 && o.infinite_score == SIMDACT_INFINITE_SCORE_NAN)) {
    FillRow<Element>(y, 0, cols, nan);
    return nan;
  }
  if (infinite != 0) {
    scan_all(true);
    FillRow<Element>(y, visible, cols, log ? -infinity : 0.0);
    return infinity;
  }
  const double share = o.masked_row == SIMDACT_MASKED_ROW_NAN    ? nan
                       : o.masked_row == SIMDACT_MASKED_ROW_ZERO ? 0.0
                                                                 : 1.0 / static_cast<double>(cols);
  FillRow<Element>(y, 0, cols, !log ? share : share > 0 ? std::log(share) : share == 0 ? -infinity : nan);
  return -infinity;
}

// The largest score and the sum of a row, its sink in both. Scores are made of words if they must be; sink is
// less what is taken off them then.
template <Terms kTerms, bool kOthers, class Scores, class D, class Store>
HWY_INLINE void SumAnyRow(Scores& scores, typename Scores::Far& far, D d, size_t visible, size_t block,
                          const Store& store, double& sink, Scalar<D>& max, RowSum<Scalar<D>>& total) {
  using T = Scalar<D>;
  while (HWY_UNLIKELY(
      (!SumRow<kTerms, kOthers>(scores, d, visible, block, static_cast<T>(sink), store, max, total)))) {
    if constexpr (!Scores::kExact) {
      sink = Scores::LessLargest(scores, visible, sink, far);
      scores.far = &far;
    }
  }
  if (visible == 0) total = {UnitOf(d, static_cast<T>(sink)), 0, 0, 0};
  if (sink > -HUGE_VAL) total.Add(TermOf(sink, total.unit), 0);
}

// Whether a row has a sum. What a row without one is has been written.
template <class Element, class Scores, class T>
HWY_INLINE bool HasSum(const Scores& scores, T max, const RowSum<T>& total, typename Element::Stored* y,
                       size_t visible, size_t cols, double sink, bool log, const RowOptions& o,
                       double& log_sum_exp) {
  if (HWY_UNLIKELY(!IsFinite(max))) {
    log_sum_exp = SpecialRow<Element, Scores>(scores, y, visible, cols, sink, log, o);
    return false;
  }
  if (HWY_UNLIKELY(!(total.high < HUGE_VAL))) {  // a NaN beside finite scores, which y may have replaced
    log_sum_exp = total.high - total.high;
    FillRow<Element>(y, 0, cols, log_sum_exp);
    return false;
  }
  return true;
}

// The log-sum-exp of the scores as they were.
template <class Scores>
HWY_INLINE double AsTheyWere(const Scores& scores, double log_sum_exp) {
  if constexpr (Scores::kExact) {
    return log_sum_exp;
  } else {
    return scores.WithLargest(log_sum_exp);
  }
}

// softmax of a row. Returns the log-sum-exp.
template <class Element, class Scores, Terms kTerms>
HWY_INLINE double SoftmaxRow(Scores& scores, typename Element::Stored* y, size_t visible, size_t cols,
                             double sink, const RowOptions& o) {
  using D = typename Element::D;
  using T = typename Element::Number;
  const D d;
  constexpr bool kHalf = sizeof(typename Element::Stored) < sizeof(T);
  const bool long_row = visible > kLongRow / sizeof(T);
  const bool stored = kHalf ? visible <= kStored : !long_row;
  HWY_ALIGN float buffer[kHalf ? kStored : 1];
  T* terms;
  if constexpr (kHalf) {
    terms = buffer;
  } else {
    terms = y;
  }
  const auto keep = [&](size_t i, size_t count, const auto& term, auto size) SIMDACT_LOOP_BODY {
    if (stored) StoreResult<size(), Wide<T>>(d, term, terms + i, count);
  };
  RowSum<T> total{};
  T max;
  typename Scores::Far far;
  SumAnyRow<kTerms, false>(scores, far, d, visible, stored ? visible : kStored, keep, sink, max, total);
  double log_high = 0, log_low = 0, special;
  if (HWY_UNLIKELY(
          (!HasSum<Element, Scores>(scores, max, total, y, visible, cols, sink, false, o, special)))) {
    return special;
  }
  if (o.log_sum_exp != nullptr) LogOfSum(total, log_high, log_low);
  T factor, factor_low;
  Reciprocal(total, factor, factor_low);
  ForEachVector<Scores::kVectors>(d, visible, [&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
    constexpr size_t kSize = size();
    Vectors<kSize, D> term;
    if (HWY_LIKELY(stored)) {
      Vectors<kSize, D> none;
      if constexpr (kSize == 0) {
        term = hn::LoadN(d, terms + i, count);
      } else {
        term = ScoresAt<kSize>(PlainScores<Wide<T>>{terms}, d, i, count, none);
      }
    } else {
      Vectors<kSize, D> low;
      const auto z = ScoresAt<kSize>(scores, d, i, count, low);
      hn::Vec<D> unused = hn::Zero(d), unused_lost = unused;
      term = TermsOf<kTerms, Scores::kExact>(d, z, low, total.unit, unused, unused_lost);
    }
    StoreResult<kSize, Element>(d, QuotientOf<kTerms>(d, term, hn::Set(d, factor), hn::Set(d, factor_low)),
                                y + i, count);
  });
  FillRow<Element>(y, visible, cols, 0.0);
  return AsTheyWere(scores, double{ShiftOf(d, total.unit)} + log_high + log_low);
}

// What the first of the largest scores has rounded off.
template <class Scores, class D>
double LowOfLargest(const Scores& scores, D d, size_t visible, Scalar<D> max) {
  HWY_ALIGN Scalar<D> lanes[hn::MaxLanes(d)];
  for (size_t i = 0; i < visible; i += hn::Lanes(d)) {
    hn::Vec<D> low;
    const auto z = scores.template At<true>(d, i, HWY_MIN(hn::Lanes(d), visible - i), low);
    const intptr_t lane = hn::FindFirstTrue(d, hn::Eq(z, hn::Set(d, max)));
    if (lane < 0) continue;
    hn::Store(low, d, lanes);
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
HWY_INLINE double LogSoftmaxRow(Scores& scores, typename Element::Stored* y, size_t visible, size_t cols,
                                double sink, const RowOptions& o) {
  using D = typename Element::D;
  using T = typename Element::Number;
  const D d;
  constexpr double kOneLargest = 0.56;  // log(2) less than what equal scores' low parts can make of it
  const auto keep = [](size_t, size_t, const auto&, auto) {};
  RowSum<T> total{};
  T max;
  typename Scores::Far far;
  const size_t block = visible > kLongRow / sizeof(T) ? kStored : visible;
  SumAnyRow<kTerms, Scores::kExact>(scores, far, d, visible, block, keep, sink, max, total);
  double special;
  if (HWY_UNLIKELY(
          (!HasSum<Element, Scores>(scores, max, total, y, visible, cols, sink, true, o, special)))) {
    return special;
  }
  // The logarithm of what the row adds up to is max + log + rest.
  double log, log_low, rest = 0;
  OthersLogs<1> others;
  if constexpr (Scores::kExact) {
    if (HWY_UNLIKELY(IsSmall(total, visible)))
      SumOthersAgain<kTerms>(scores, d, visible, max, StartFor(total), total);
    others.Set(&total, &max, 0);
    log = others.high[0], log_low = others.low[0];
  } else {
    LogOfSum(total, log, log_low);
    log += double{ShiftOf(d, total.unit)} - double{max};
    if (log < kOneLargest) {
      bool unused;  // and where scores are made of words, max is 0, but the largest one not quite
      const T column = MaxScore<false>(scores, d, 0, visible, unused);
      const bool is_sink = sink > double{column};
      max = is_sink ? static_cast<T>(sink) : column;
      SumOthersAgain<kTerms>(scores, d, visible, max, kSumStart<T>, total);
      if (IsSmall(total, visible)) SumOthersAgain<kTerms>(scores, d, visible, max, StartFor(total), total);
      rest = is_sink ? sink - double{max} : LowOfLargest(scores, d, visible, max);
      if (sink > -HUGE_VAL && !is_sink) total.Add(TermOf(sink, total.unit), 0);
      total.count = 1;
      others.Set(&total, &max, rest);
      log = others.high[0], log_low = others.low[0];
    }
  }
  const T high = static_cast<T>(log);
  const T lost = static_cast<T>(rest + (rest == 0 ? (log - double{high}) + log_low : 0));
  const auto largest = hn::Set(d, max);
  ForEachVector<Scores::kVectors>(d, visible, [&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
    constexpr size_t kSize = size();
    Vectors<kSize, D> low;
    const auto z = ScoresAt<kSize>(scores, d, i, count, low);
    auto result = op::Sub(op::Sub(z, largest), hn::Set(d, high));
    if constexpr (!Scores::kExact) result = op::Add(result, op::Sub(low, hn::Set(d, lost)));
    StoreResult<kSize, Element>(d, result, y + i, count);
  });
  FillRow<Element>(y, visible, cols, -HUGE_VAL);
  return AsTheyWere(scores, (double{max} + log) + (rest + log_low));
}

template <class Element, class Scores, Terms kTerms, bool kLog>
HWY_INLINE double AnyRow(Scores& scores, typename Element::Stored* y, size_t visible, size_t cols,
                         double sink, const RowOptions& o) {
  if constexpr (kLog) {
    return LogSoftmaxRow<Element, Scores, kTerms>(scores, y, visible, cols, sink, o);
  } else {
    return SoftmaxRow<Element, Scores, kTerms>(scores, y, visible, cols, sink, o);
  }
}

// Writes a row's log-sum-exp where it is asked for; the array may lie at any address, like all others.
template <class T>
HWY_INLINE void NoteLogSumExp(const RowOptions& o, size_t row, double value) {
  if (o.log_sum_exp == nullptr) return;
  const T rounded = static_cast<T>(value);
  hwy::CopyBytes<sizeof(T)>(&rounded, static_cast<uint8_t*>(o.log_sum_exp) + row * sizeof(T));
}

// softmax or log_softmax of kRows short rows from row r on.
template <class Element, Terms kTerms, bool kLog, size_t kRows>
HWY_INLINE void ShortRows(const typename Element::Stored* x, typename Element::Stored* y, size_t r,
                          size_t cols, const RowOptions& o) {
  using T = typename Element::Number;
  using Group = RowGroup<Element, kRows>;
  HWY_ALIGN T terms[kLog ? 1 : kRows * Group::kMost];
  Group group;
  group.x = x + r * o.x_row_stride, group.y = y + r * o.y_row_stride;
  group.x_stride = o.x_row_stride, group.y_stride = o.y_row_stride, group.cols = cols;
  if (HWY_UNLIKELY(!group.ChooseUnits())) {
    if constexpr (kRows > 1) {
      for (size_t k = 0; k < kRows; ++k) ShortRows<Element, kTerms, kLog, 1>(x, y, r + k, cols, o);
    } else {
      NoteLogSumExp<T>(
          o, r, SpecialRow<Element>(PlainScores<Element>{group.x}, group.y, cols, cols, -HUGE_VAL, kLog, o));
    }
    return;
  }
  for (int pass = 0; pass < 2; ++pass) {
    group.template Sum<kTerms, kLog>(terms);
    if (!kLog || HWY_LIKELY(!group.AnySmall())) break;
  }
  if constexpr (kLog) {
    OthersLogs<kRows> logs;
    logs.Set(group.totals, group.largest, 0);
    for (size_t k = 0; k < kRows && o.log_sum_exp != nullptr; ++k) {
      NoteLogSumExp<T>(o, r + k, (double{group.largest[k]} + logs.high[k]) + logs.low[k]);
    }
    group.Subtract(logs.high);
  } else {
    for (size_t k = 0; k < kRows && o.log_sum_exp != nullptr; ++k) {
      double high, low;
      LogOfSum(group.totals[k], high, low);
      NoteLogSumExp<T>(o, r + k, double{ShiftOf(typename Element::D(), group.totals[k].unit)} + high + low);
    }
    group.template Divide<kTerms>(terms);
  }
  for (size_t k = 0; k < kRows; ++k) {
    const double sum = group.totals[k].high;
    if (HWY_UNLIKELY(!(sum < HUGE_VAL))) FillRow<Element>(y + (r + k) * o.y_row_stride, 0, cols, sum - sum);
  }
}

template <class Element, Terms kTerms, bool kLog>
HWY_NOINLINE void PlainRows(const typename Element::Stored* x, typename Element::Stored* y, size_t rows,
                            size_t cols, const RowOptions& o) {
  size_t r = 0;
  if constexpr (!kSizeless) {
    if (cols <= RowGroup<Element, 1>::kMost) {
      for (; rows - r >= kGroup; r += kGroup) ShortRows<Element, kTerms, kLog, kGroup>(x, y, r, cols, o);
      for (; r < rows; ++r) ShortRows<Element, kTerms, kLog, 1>(x, y, r, cols, o);
    }
  }
  for (; r < rows; ++r) {
    PlainScores<Element> scores{x + r * o.x_row_stride};
    NoteLogSumExp<typename Element::Number>(o, r,
                                            AnyRow<Element, PlainScores<Element>, kTerms, kLog>(
                                                scores, y + r * o.y_row_stride, cols, cols, -HUGE_VAL, o));
  }
}

template <class Element, bool kLog>
HWY_NOINLINE void FullRows(const typename Element::Stored* x, typename Element::Stored* y, size_t rows,
                           size_t cols, int sign, const RowOptions& o) {
  using T = typename Element::Number;
  for (size_t r = 0; r < rows; ++r) {
    const size_t visible = VisibleColumns(o, r, cols);
    FullScores<Element> scores(x + r * o.x_row_stride, o, r, visible, static_cast<T>(sign));
    const double sink = o.sinks == nullptr ? -HUGE_VAL : double{o.sinks[r / o.rows_per_sink]};
    const double log_sum_exp = AnyRow<Element, FullScores<Element>, Terms::kAccurate, kLog>(
        scores, y + r * o.y_row_stride, visible, cols, sink, o);
    NoteLogSumExp<T>(o, r, log_sum_exp);
  }
}

template <class Element, bool kLog, int kSign>
simdact_status SoftmaxForward(const void* x_void, void* y_void, size_t rows, size_t cols,
                              const simdact_softmax_options* options) {
  using Stored = typename Element::Stored;
  RowOptions o;
  const simdact_status status = CheckForward(x_void, y_void, rows, cols, sizeof(Stored), options, &o);
  if (status != SIMDACT_OK) return status;
  const auto* x = static_cast<const Stored*>(x_void);
  auto* y = static_cast<Stored*>(y_void);
  // Of log_softmax, and of softmax in floats with FMA, the fast tier would gain 1.1 times or less, and is the
  // accurate one.
  constexpr bool kGains = !kLog && (sizeof(Stored) != sizeof(float) || !HWY_NATIVE_FMA);
  constexpr Terms kFast = !kGains                              ? Terms::kAccurate
                          : sizeof(Stored) == sizeof(float)    ? Terms::kFast
                          : sizeof(Stored) == sizeof(uint16_t) ? Terms::kShort
                                                               : Terms::kAccurate;
  if (kSign < 0 || !o.plain) {
    FullRows<Element, kLog>(x, y, rows, cols, kSign, o);
  } else if (o.tier == SIMDACT_FAST) {
    PlainRows<Element, kFast, kLog>(x, y, rows, cols, o);
  } else {
    PlainRows<Element, Terms::kAccurate, kLog>(x, y, rows, cols, o);
  }
  return SIMDACT_OK;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_DRIVER_INL_H_
