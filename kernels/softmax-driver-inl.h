// The rows shape: softmax, log_softmax and softmin of each row of a matrix.
//
// A row takes three passes: the largest score, which chooses the unit (softmax-inl.h); the terms and their
// sum; the quotients. Where the terms wait in between depends on the row: f32 and f64 leave them in the row
// of y; 16-bit rows of up to kStored columns in an array on the stack; longer ones, and f32 and f64 rows
// beyond the caches, nowhere: they are computed again, to the same bits, which is cheaper than the memory
// traffic. These long rows find maximum and sum block by block, online: memory is read twice and written
// once.
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

// exp(x) of one double, in a whole vector: the tables are for these.
inline double ExpOf(double x) {
  const hn::ScalableTag<double> d;
  return hn::GetLane(ExpValue(d, hn::Set(d, x), NoLow()));
}

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

// softmax or log_softmax of a row. Returns the log-sum-exp.
template <class Element, class Scores, bool kFast, bool kLog>
HWY_INLINE double SoftmaxRow(Scores& scores, typename Element::Stored* y, size_t visible, size_t cols,
                             double sink, const RowOptions& o) {
  using D = typename Element::D;
  using T = typename Element::Number;
  const D d;
  constexpr bool kHalf = sizeof(typename Element::Stored) < sizeof(T);
  const bool long_row = visible > kLongRow / sizeof(T);
  const bool stored = !kLog && (kHalf ? visible <= kStored : !long_row);
  HWY_ALIGN float buffer[kHalf && !kLog ? kStored : 1];
  T* terms;
  if constexpr (kHalf) {
    terms = buffer;
  } else {
    terms = y;
  }
  const auto keep = [&](size_t i, size_t count, const auto& term, auto size) SIMDACT_LOOP_BODY {
    if (!kLog && stored) StoreResult<size(), Wide<T>>(d, term, terms + i, count);
  };
  RowSum<T> total{};
  const bool blocks = long_row || (kHalf && !kLog && !stored);
  const size_t block = blocks ? kStored : visible;
  T max;
  typename Scores::Far far;
  while (HWY_UNLIKELY(!SumRow<kFast>(scores, d, visible, block, static_cast<T>(sink), keep, max, total))) {
    if constexpr (!Scores::kExact) {
      sink = Scores::LessLargest(scores, visible, sink, far);
      scores.far = &far;
    }
  }
  if (visible == 0) total = {UnitOf(d, static_cast<T>(sink)), 0, 0};
  if (sink > -HUGE_VAL) {
    const double power = double{total.unit.power};  // times ln 2, whose upper part times a power is exact
    const double exponent =
        ((sink - double{total.unit.shift}) - power * ExpDouble::kLn2High) - power * ExpDouble::kLn2Low;
    total.Add(ExpOf(exponent), 0);
  }
  if (HWY_UNLIKELY(!IsFinite(max))) {
    return SpecialRow<Element, Scores>(scores, y, visible, cols, sink, kLog, o);
  }
  if (HWY_UNLIKELY(!(total.high < HUGE_VAL))) {  // a NaN beside finite scores, which y may have replaced
    FillRow<Element>(y, 0, cols, total.high - total.high);
    return total.high - total.high;
  }
  double log_high = 0, log_low = 0;
  if (kLog || o.log_sum_exp != nullptr) LogOfSum(total, log_high, log_low);
  if constexpr (kLog) {
    const auto shift = hn::Set(d, ShiftOf(d, total.unit));
    const T high = static_cast<T>(log_high), rest = static_cast<T>((log_high - double{high}) + log_low);
    ForEachVector<Scores::kVectors>(d, visible, [&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
      constexpr size_t kSize = size();
      Vectors<kSize, D> low;
      const auto z = ScoresAt<kSize>(scores, d, i, count, low);
      auto result = op::Sub(op::Sub(z, shift), hn::Set(d, high));
      if constexpr (Scores::kExact) {
        result = op::Sub(result, hn::Set(d, rest));
      } else {
        result = op::Add(result, op::Sub(low, hn::Set(d, rest)));
      }
      result = op::Min(result, hn::Zero(d));  // rounding may go above
      StoreResult<kSize, Element>(d, result, y + i, count);
    });
    FillRow<Element>(y, visible, cols, -HUGE_VAL);
  } else {
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
        term = TermsOf<kFast, Scores::kExact>(d, z, low, total.unit, unused, unused_lost);
      }
      StoreResult<kSize, Element>(d, SoftmaxQuotient(d, term, hn::Set(d, factor), hn::Set(d, factor_low)),
                                  y + i, count);
    });
    FillRow<Element>(y, visible, cols, 0.0);
  }
  const double log_sum_exp = double{ShiftOf(d, total.unit)} + log_high + log_low;
  if constexpr (Scores::kExact) {
    return log_sum_exp;
  } else {
    return scores.WithLargest(log_sum_exp);
  }
}

// Writes a row's log-sum-exp where it is asked for; the array may lie at any address, like all others.
template <class T>
HWY_INLINE void NoteLogSumExp(const RowOptions& o, size_t row, double value) {
  if (o.log_sum_exp == nullptr) return;
  const T rounded = static_cast<T>(value);
  hwy::CopyBytes<sizeof(T)>(&rounded, static_cast<uint8_t*>(o.log_sum_exp) + row * sizeof(T));
}

// softmax of kRows short rows from row r on.
template <class Element, bool kFast, size_t kRows>
HWY_INLINE void ShortRows(const typename Element::Stored* x, typename Element::Stored* y, size_t r,
                          size_t cols, const RowOptions& o) {
  using T = typename Element::Number;
  using Group = RowGroup<Element, kRows>;
  HWY_ALIGN T terms[kRows * Group::kMost];
  Group group{x + r * o.x_row_stride, y + r * o.y_row_stride, o.x_row_stride, o.y_row_stride, cols, {}};
  if (HWY_UNLIKELY(!group.ChooseUnits())) {
    if constexpr (kRows > 1) {
      for (size_t k = 0; k < kRows; ++k) ShortRows<Element, kFast, 1>(x, y, r + k, cols, o);
    } else {
      NoteLogSumExp<T>(
          o, r, SpecialRow<Element>(PlainScores<Element>{group.x}, group.y, cols, cols, -HUGE_VAL, false, o));
    }
    return;
  }
  group.template Sum<kFast>(terms);
  for (size_t k = 0; k < kRows && o.log_sum_exp != nullptr; ++k) {
    double high, low;
    LogOfSum(group.totals[k], high, low);
    NoteLogSumExp<T>(o, r + k, double{ShiftOf(typename Element::D(), group.totals[k].unit)} + high + low);
  }
  group.Divide(terms);
  for (size_t k = 0; k < kRows; ++k) {
    const double sum = group.totals[k].high;
    if (HWY_UNLIKELY(!(sum < HUGE_VAL))) FillRow<Element>(y + (r + k) * o.y_row_stride, 0, cols, sum - sum);
  }
}

template <class Element, bool kFast, bool kLog>
HWY_NOINLINE void PlainRows(const typename Element::Stored* x, typename Element::Stored* y, size_t rows,
                            size_t cols, const RowOptions& o) {
  size_t r = 0;
  if constexpr (!kLog && !kSizeless) {
    if (cols <= RowGroup<Element, 1>::kMost) {
      for (; rows - r >= kGroup; r += kGroup) ShortRows<Element, kFast, kGroup>(x, y, r, cols, o);
      for (; r < rows; ++r) ShortRows<Element, kFast, 1>(x, y, r, cols, o);
    }
  }
  for (; r < rows; ++r) {
    PlainScores<Element> scores{x + r * o.x_row_stride};
    const double log_sum_exp = SoftmaxRow<Element, PlainScores<Element>, kFast, kLog>(
        scores, y + r * o.y_row_stride, cols, cols, -HUGE_VAL, o);
    NoteLogSumExp<typename Element::Number>(o, r, log_sum_exp);
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
    const double log_sum_exp = SoftmaxRow<Element, FullScores<Element>, false, kLog>(
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
  if (kSign < 0 || !o.plain) {
    FullRows<Element, kLog>(x, y, rows, cols, kSign, o);
  } else if (o.tier == SIMDACT_FAST && sizeof(typename Element::Number) == sizeof(float)) {
    PlainRows<Element, sizeof(typename Element::Number) == sizeof(float), kLog>(x, y, rows, cols, o);
  } else {
    PlainRows<Element, false, kLog>(x, y, rows, cols, o);
  }
  return SIMDACT_OK;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_DRIVER_INL_H_
