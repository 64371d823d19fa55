// The rows shape: softmax, log_softmax and softmin of each row of a matrix.
//
// A row takes three passes: the largest score, which chooses the unit (softmax-inl.h); the terms and their
// sum; the quotients. Where the terms wait in between depends on the row: f32 and f64 leave them in the row
// of y; 16-bit rows of up to kStored columns in an array on the stack; longer ones, and f32 and f64 rows
// beyond the caches, nowhere: they are computed again, to the same bits, which is cheaper than the memory
// traffic. These long rows find maximum and sum block by block, online: memory is read twice and written
// once.
//
// log_softmax keeps no terms (softmax-log-inl.h).
//
// Scores are read through a class (softmax-scores-inl.h) whose At gives a vector of them and what their
// rounding lost, so that plain rows and rows with options are the same code.

#if defined(SIMDACT_SOFTMAX_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_DRIVER_INL_H_
#undef SIMDACT_SOFTMAX_DRIVER_INL_H_
#else
#define SIMDACT_SOFTMAX_DRIVER_INL_H_
#endif

#include "kernels/drivers/softmax-log-inl.h"
#include "kernels/drivers/softmax-short-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// softmax of a row, whose first visible column is y[0], unless y is null. Returns the log-sum-exp.
template <class Element, class Scores, Terms kTerms>
HWY_INLINE double SoftmaxRow(Scores& scores, typename Element::Stored* y, const Columns& columns, double sink,
                             const RowOptions& o) {
  using D = typename Element::D;
  using T = typename Element::Number;
  const D d;
  constexpr bool kHalf = sizeof(typename Element::Stored) < sizeof(T);
  const size_t visible = columns.visible;
  const bool long_row = visible > kLongRow / sizeof(T);
  const bool whole = kHalf ? visible <= kStored : !long_row;  // not block by block
  const bool stored = whole && y != nullptr;
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
  SumAnyRow<kTerms, false>(scores, far, d, visible, whole ? visible : kStored, keep, sink, max, total);
  double special;
  if (HWY_UNLIKELY((!HasSum<Element, Scores>(scores, max, total, y, columns, sink, false, o, special)))) {
    return special;
  }
  const TwoWords<double> log = o.log_sum_exp == nullptr ? TwoWords<double>{0, 0} : LogOfSum(total);
  const double log_sum_exp = AsTheyWere(scores, double{ShiftOf(d, total.unit)} + log.high + log.low);
  if (y == nullptr) return log_sum_exp;
  const auto inverse = Reciprocal(total);
  const auto factor = Constant(d, inverse.high, inverse.low);
  ForEachVector<Scores::kVectors>(d, visible, [&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
    constexpr size_t kSize = size();
    Vectors<kSize, D> term;
    if (HWY_LIKELY(stored)) {
      if constexpr (kSize == 0) {
        term = hn::LoadN(d, terms + i, count);
      } else {
        term = ScoresAt<kSize>(PlainScores<Wide<T>>{terms}, d, i, count);
      }
    } else {
      term = RoundedTerms(TermsOf<kTerms>(d, ScoresAt<kSize>(scores, d, i, count), total.unit));
    }
    StoreResult<kSize, Element>(d, QuotientOf<kTerms>(d, term, factor), y + i, count);
  });
  FillHidden<Element>(y, columns, 0.0);
  return log_sum_exp;
}

template <class Element, class Scores, Terms kTerms, bool kLog>
HWY_INLINE double AnyRow(Scores& scores, typename Element::Stored* y, const Columns& columns, double sink,
                         const RowOptions& o) {
  if constexpr (kLog) {
    return LogSoftmaxRow<Element, Scores, kTerms>(scores, y, columns, sink, o);
  } else {
    return SoftmaxRow<Element, Scores, kTerms>(scores, y, columns, sink, o);
  }
}

// Writes a row's log-sum-exp where it is asked for; the array may lie at any address, like all others.
template <class T>
HWY_INLINE void NoteLogSumExp(const RowOptions& o, size_t row, double value) {
  if (o.log_sum_exp == nullptr) return;
  const T rounded = static_cast<T>(value);
  hwy::CopyBytes<sizeof(T)>(&rounded, static_cast<uint8_t*>(o.log_sum_exp) + row * sizeof(T));
}

// softmax, unless y is null, or log_softmax of kRows short rows from row r on.
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
      NoteLogSumExp<T>(o, r,
                       SpecialRow<Element>(PlainScores<Element>{group.x}, group.y, Columns{0, cols, 0},
                                           -HUGE_VAL, kLog, o));
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
      const TwoWords<double> log = LogOfSum(group.totals[k]);
      const double shift{ShiftOf(typename Element::D(), group.totals[k].unit)};
      NoteLogSumExp<T>(o, r + k, shift + log.high + log.low);
    }
    if (y != nullptr) group.template Divide<kTerms>(terms);
  }
  for (size_t k = 0; k < kRows; ++k) {
    const double sum = group.totals[k].high;
    if (HWY_UNLIKELY(!(sum < HUGE_VAL))) FillRow<Element>(y + (r + k) * o.y_row_stride, 0, cols, sum - sum);
  }
}

// Where a row of y begins, if there is a y.
template <class T>
HWY_INLINE T* RowOf(T* y, size_t offset) {
  return y == nullptr ? y : y + offset;
}
HWY_INLINE double SinkOf(const RowOptions& o, size_t row) {
  return o.sinks == nullptr ? -HUGE_VAL : double{o.sinks[row / o.rows_per_sink]};
}

// Rows whose scores are x itself; `whole`, or softmax.
template <class Element, Terms kTerms, bool kLog>
HWY_NOINLINE void PlainRows(const typename Element::Stored* x, typename Element::Stored* y, size_t rows,
                            size_t cols, const RowOptions& o) {
  size_t r = 0;
  if constexpr (kGroupsRows<Element>) {
    if (o.whole && cols <= RowGroup<Element, 1>::kMost) {
      for (; rows - r >= kGroup; r += kGroup) ShortRows<Element, kTerms, kLog, kGroup>(x, y, r, cols, o);
      for (; r < rows; ++r) ShortRows<Element, kTerms, kLog, 1>(x, y, r, cols, o);
    }
  }
  for (; r < rows; ++r) {
    const Columns columns = VisibleColumns(o, r, cols);
    PlainScores<Element> scores{x + r * o.x_row_stride + columns.before};
    const double log_sum_exp = AnyRow<Element, PlainScores<Element>, kTerms, kLog>(
        scores, RowOf(y, r * o.y_row_stride + columns.before), columns, SinkOf(o, r), o);
    NoteLogSumExp<typename Element::Number>(o, r, log_sum_exp);
  }
}

template <class Element, bool kLog>
HWY_NOINLINE void FullRows(const typename Element::Stored* x, typename Element::Stored* y, size_t rows,
                           size_t cols, int sign, const RowOptions& o) {
  using T = typename Element::Number;
  ScoreBlock<T> block;
  for (size_t r = 0; r < rows; ++r) {
    const Columns columns = VisibleColumns(o, r, cols);
    FullScores<Element> scores(x + r * o.x_row_stride, o, r, columns, static_cast<T>(sign), &block);
    const double log_sum_exp = AnyRow<Element, FullScores<Element>, Terms::kAccurate, kLog>(
        scores, RowOf(y, r * o.y_row_stride + columns.before), columns, SinkOf(o, r), o);
    NoteLogSumExp<T>(o, r, log_sum_exp);
  }
}

// The fast tier of log_softmax would gain 1.1 times or less: it is the accurate one.
template <class Stored, bool kLog>
constexpr Terms FastTerms() {
  if (kLog || sizeof(Stored) == sizeof(double)) return Terms::kAccurate;
  return sizeof(Stored) == sizeof(uint16_t) ? Terms::kShort : Terms::kFast;
}

template <class Element, bool kLog, int kSign>
void AllRows(const void* x_void, void* y_void, size_t rows, size_t cols, const RowOptions& o) {
  using Stored = typename Element::Stored;
  const auto* x = static_cast<const Stored*>(x_void);
  auto* y = static_cast<Stored*>(y_void);
  // The logarithm of a sum without its largest term needs to know whether that is the sink's.
  const bool sees_sink = kLog && o.sinks != nullptr;
  if (kSign < 0 || !o.unchanged || sees_sink) {
    FullRows<Element, kLog>(x, y, rows, cols, kSign, o);
  } else if (o.whole && o.tier == SIMDACT_FAST) {
    PlainRows<Element, FastTerms<Stored, kLog>(), kLog>(x, y, rows, cols, o);
  } else {
    PlainRows<Element, Terms::kAccurate, kLog>(x, y, rows, cols, o);
  }
}

template <class Element, bool kLog, int kSign>
simdact_status SoftmaxForward(const void* x, void* y, size_t rows, size_t cols,
                              const simdact_softmax_options* options) {
  RowOptions o;
  const simdact_status status = CheckForward(x, y, rows, cols, sizeof(typename Element::Stored), options, &o);
  if (status == SIMDACT_OK) AllRows<Element, kLog, kSign>(x, y, rows, cols, o);
  return status;
}

// Of softmax's passes the first, which finds the sum.
template <class Element, int kSign>
simdact_status LogSumExp(const void* x, void* log_sum_exp, size_t rows, size_t cols,
                         const simdact_softmax_options* options) {
  RowOptions o;
  const simdact_status status =
      CheckLogSumExp(x, log_sum_exp, rows, cols, sizeof(typename Element::Stored), options, &o);
  if (status == SIMDACT_OK) AllRows<Element, false, kSign>(x, nullptr, rows, cols, o);
  return status;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_DRIVER_INL_H_
