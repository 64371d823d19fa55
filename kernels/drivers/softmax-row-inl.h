// What softmax and log_softmax of a row have in common: its sum, with sinks and scores made of words, and
// what rows without a sum become.

#if defined(SIMDACT_SOFTMAX_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_ROW_INL_H_
#undef SIMDACT_SOFTMAX_ROW_INL_H_
#else
#define SIMDACT_SOFTMAX_ROW_INL_H_
#endif

#include <cmath>

#include "dispatch/rows.h"
#include "kernels/drivers/softmax-sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// Columns of a 16-bit row whose terms fit on the stack (16 KiB), and of a block of a long row.
constexpr size_t kStored = 4096;
// f32 and f64 rows of more bytes than this do not fit into last-level caches together with their results.
constexpr size_t kLongRow = size_t{1} << 24;

// y = value from column `begin` to `end`, if there is a y.
template <class Element>
void FillRow(typename Element::Stored* y, size_t begin, size_t end, double value) {
  const typename Element::D d;
  if (y == nullptr) return;
  const auto v = hn::Set(d, static_cast<typename Element::Number>(value));
  size_t i = begin;
  for (; i < end && end - i >= hn::Lanes(d); i += hn::Lanes(d)) Element::Store(v, y + i);
  if (i < end) Element::StoreN(v, y + i, end - i);
}
// The hidden columns of a row, whose first visible one is y[0].
template <class Element>
HWY_INLINE void FillHidden(typename Element::Stored* y, const Columns& columns, double value) {
  if (y == nullptr) return;
  FillRow<Element>(y - columns.before, 0, columns.before, value);
  FillRow<Element>(y, columns.visible, columns.visible + columns.after, value);
}
template <class Element>
HWY_INLINE void FillAll(typename Element::Stored* y, const Columns& columns, double value) {
  if (y == nullptr) return;
  FillRow<Element>(y - columns.before, 0, columns.before + columns.visible + columns.after, value);
}

// y = f(z) for the rows that have no sum: with a NaN, an infinite score, or without a visible column. Without
// a y there is nothing to write.
template <class Element, class Scores>
SIMDACT_COLD double SpecialRow(const Scores scores, typename Element::Stored* y, const Columns columns,
                               double sink, bool log, const RowOptions& o) {
  const typename Element::D d;
  using T = typename Element::Number;
  const double infinity = static_cast<double>(hwy::HighestValue<T>()) * HUGE_VAL;
  const double nan = infinity - infinity;
  HWY_ALIGN T lanes[hn::MaxLanes(d)];
  size_t infinite = sink == infinity;
  bool any_nan = sink != sink;
  const auto scan = [&](size_t i, size_t count, bool fill) HWY_ATTR {
    hn::Store(High(scores.template At<true>(d, i, count)), d, lanes);
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
    const size_t n = columns.visible;
    for (size_t i = 0; i < n; i += hn::Lanes(d)) scan(i, HWY_MIN(hn::Lanes(d), n - i), fill);
  };
  scan_all(false);
  if (any_nan || (infinite != 0 && o.infinite_score == SIMDACT_INFINITE_SCORE_NAN)) {
    FillAll<Element>(y, columns, nan);
    return nan;
  }
  if (infinite != 0) {
    if (y != nullptr) scan_all(true);
    FillHidden<Element>(y, columns, log ? -infinity : 0.0);
    return infinity;
  }
  const size_t cols = columns.before + columns.visible + columns.after;
  const double share = o.masked_row == SIMDACT_MASKED_ROW_NAN    ? nan
                       : o.masked_row == SIMDACT_MASKED_ROW_ZERO ? 0.0
                                                                 : 1.0 / static_cast<double>(cols);
  FillAll<Element>(y, columns, !log ? share : share > 0 ? std::log(share) : share == 0 ? -infinity : nan);
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
      scores.TakeOff(far);
    }
  }
  if (visible == 0) total = {UnitOf(d, static_cast<T>(sink)), 0, 0, 0};
  if (sink > -HUGE_VAL) total.Add({TermOf(sink, total.unit), 0});
}

// Whether a row has a sum. What a row without one is has been written.
template <class Element, class Scores, class T>
HWY_INLINE bool HasSum(const Scores& scores, T max, const RowSum<T>& total, typename Element::Stored* y,
                       const Columns& columns, double sink, bool log, const RowOptions& o,
                       double& log_sum_exp) {
  if (HWY_UNLIKELY(!IsFinite(max))) {
    log_sum_exp = SpecialRow<Element, Scores>(scores, y, columns, sink, log, o);
    return false;
  }
  if (HWY_UNLIKELY(!(total.high < HUGE_VAL))) {  // a NaN beside finite scores, which y may have replaced
    log_sum_exp = total.high - total.high;
    FillAll<Element>(y, columns, log_sum_exp);
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

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_ROW_INL_H_
