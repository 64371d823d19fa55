// The gradients of softmax and log_softmax from their outputs:
//
//   dx = scale y (dy - s),  s = sum y dy          dx = scale (dy - exp(y) s),  s = sum dy
//
// Where all dy are nearly equal, dy - s cancels: products and sums that make s keep their roundings (Ogita,
// Rump and Oishi's Dot2), and s is subtracted as a pair.
//
// Where one column is nearly all of the sum its exp(y) is nearly 1, and dy - exp(y) s cancels for the dy that
// is usual, 0 in all other columns: s is dy. Above y = -1/2 it is (dy - s) - expm1(y) s instead.

#if defined(SIMDACT_SOFTMAX_BACKWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_BACKWARD_INL_H_
#undef SIMDACT_SOFTMAX_BACKWARD_INL_H_
#else
#define SIMDACT_SOFTMAX_BACKWARD_INL_H_
#endif

#include "kernels/drivers/softmax-inl.h"
#include "simdact/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

template <size_t kSize, class Element, class D>
HWY_INLINE Vectors<kSize, D> LoadZeroPadded(D d, const typename Element::Stored* from, size_t count) {
  if constexpr (kSize > 1) {
    Vectors<kSize, D> pack;
    HWY_UNROLL(8)
    for (size_t u = 0; u < kSize; ++u) pack.v[u] = Element::Load(from + u * count);
    return pack;
  } else if constexpr (kSize == 1) {
    return Element::Load(from);
  } else {
    return Element::LoadN(from, count);
  }
  (void)d;
}

// sum + y dy.
template <class V>
HWY_INLINE Pair<V> PlusProduct(const Pair<V>& sum, const V& y, const V& dy) {
  const auto product = TwoProduct(y, dy);
  // Without FMA the product's error may overflow on the way: then it is left out.
  return PlusTerm(sum, WithLow(product, ErrorOrZero(Low(product))));
}

// s.
template <class Element, bool kLog>
HWY_INLINE TwoWords<double> GradientSum(const typename Element::Stored* y, const typename Element::Stored* dy,
                                        size_t n) {
  const typename Element::D d;
  auto sum = MakePair(hn::Zero(d), hn::Zero(d));
  ForEachVector<1>(d, n, [&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
    const auto upstream = LoadZeroPadded<size(), Element>(d, dy + i, count);
    if constexpr (kLog) {
      sum = PlusTerm(sum, upstream);
    } else {
      sum = PlusProduct(sum, LoadZeroPadded<size(), Element>(d, y + i, count), upstream);
    }
  });
  return LaneSum(d, sum);
}

// s in the words of the format.
template <class T>
HWY_INLINE TwoWords<T> WordsOfSum(const TwoWords<double>& exact) {
  const T high = static_cast<T>(exact.high + exact.low);
  return {high, static_cast<T>((exact.high - double{high}) + exact.low)};
}
// y (dy - s).
template <class D, class V>
HWY_INLINE V SoftmaxSlope(D, const V& y, const V& dy, const Pair<hn::Vec<D>>& s) {
  const auto difference = TwoSum(dy, hn::Neg(High(s)));
  const auto low = op::Sub(Low(difference), Low(s));
  return op::MulAdd(y, High(difference), op::Mul(y, low));
}
template <class D, class V>
HWY_INLINE V SoftmaxSlope(D d, const V& y, const V& dy, const TwoWords<Scalar<D>>& s) {
  return SoftmaxSlope(d, y, dy, Constant(d, s.high, s.low));
}

template <class D, class V>
HWY_INLINE bool NoneIsNearZero(D d, const V& y) {
  return hn::AllFalse(d, hn::Gt(FoldedMax(y), hn::Set(d, Scalar<D>(-0.5))));
}
// dy - exp(y) s.
template <class D, class V>
HWY_INLINE V LogSlope(D d, const V& y, const V& dy, const Pair<hn::Vec<D>>& s) {
  const V p = ExpValue(d, y);
  return op::NegMulAdd(p, Low(s), op::NegMulAdd(p, High(s), dy));
}
// The same where y is near 0, and dy - s finite; slope elsewhere.
template <class D, class V>
HWY_NOINLINE V LogSlopeNearZero(D d, V y, V dy, Pair<V> s, V slope) {
  const auto difference = TwoSum(dy, hn::Neg(High(s)));
  const V lost = hn::Sub(ErrorOrZero(Low(difference)), Low(s));
  const V e = Expm1(d, y);
  const V rest = hn::NegMulAdd(e, Low(s), lost);
  const auto near = hn::Gt(y, hn::Set(d, Scalar<D>(-0.5)));
  const auto finite = hn::Lt(hn::Abs(High(difference)), hn::Inf(d));
  const V less = hn::Add(hn::NegMulAdd(e, High(s), High(difference)), rest);
  return hn::IfThenElse(hn::And(near, finite), less, slope);
}
// log_softmax's gradient of n columns, some of which are near 0. From memory once more: packs that were
// handed over would be in memory for all others, too.
template <class Element>
HWY_NOINLINE void BackwardNearZero(const typename Element::Stored* y, const typename Element::Stored* dy,
                                   typename Element::Stored* dx, size_t n,
                                   Pair<hn::Vec<typename Element::D>> s, typename Element::Number scale) {
  const typename Element::D d;
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto output = Element::Load(y + i), upstream = Element::Load(dy + i);
    auto slope = LogSlope(d, output, upstream, s);
    if (!NoneIsNearZero(d, output)) slope = LogSlopeNearZero(d, output, upstream, s, slope);
    Element::Store(hn::Mul(slope, hn::Set(d, scale)), dx + i);
  }
}

template <class Element, bool kLog>
HWY_INLINE void BackwardRow(const typename Element::Stored* y, const typename Element::Stored* dy,
                            typename Element::Stored* dx, size_t n, typename Element::Number scale) {
  using T = typename Element::Number;
  const typename Element::D d;
  const auto s = WordsOfSum<T>(GradientSum<Element, kLog>(y, dy, n));
  ForEachVector<Lockstep(4, 2)>(d, n, [&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
    constexpr size_t kSize = size();
    const auto output = LoadZeroPadded<kSize, Element>(d, y + i, count);
    const auto upstream = LoadZeroPadded<kSize, Element>(d, dy + i, count);
    Vectors<kSize, decltype(d)> slope;
    if constexpr (kLog) {
      auto y_or_less = output;
      if constexpr (kSize == 0) {  // beyond the row, where y is 0, nothing is near 0
        y_or_less = hn::IfThenElse(hn::FirstN(d, count), output, hn::Set(d, T(-1)));
      }
      const auto pair = Constant(d, s.high, s.low);
      slope = LogSlope(d, y_or_less, upstream, pair);
      if (HWY_UNLIKELY(!NoneIsNearZero(d, y_or_less))) {
        if constexpr (kSize > 1) {
          return BackwardNearZero<Element>(y + i, dy + i, dx + i, kSize * count, pair, scale);
        } else {
          slope = LogSlopeNearZero(d, y_or_less, upstream, pair, slope);
        }
      }
    } else {
      slope = SoftmaxSlope(d, output, upstream, s);
    }
    StoreResult<kSize, Element>(d, Vectors<kSize, decltype(d)>(op::Mul(slope, hn::Set(d, scale))), dx + i,
                                count);
  });
}

template <class Element, bool kLog, int kSign>
simdact_status SoftmaxBackward(const void* y_void, const void* dy_void, void* dx_void, size_t rows,
                               size_t cols, const simdact_softmax_options* options) {
  using Stored = typename Element::Stored;
  RowOptions o;
  const simdact_status status =
      CheckBackward(y_void, dy_void, dx_void, rows, cols, sizeof(Stored), options, &o);
  if (status != SIMDACT_OK) return status;
  const auto* y = static_cast<const Stored*>(y_void);
  const auto* dy = static_cast<const Stored*>(dy_void);
  auto* dx = static_cast<Stored*>(dx_void);
  const auto scale = static_cast<typename Element::Number>(kSign * o.scale);
  const bool sees_all = kLog || o.whole;
  for (size_t r = 0; r < rows; ++r) {
    const Columns columns = sees_all ? Columns{0, cols, 0} : VisibleColumns(o, r, cols);
    const size_t at = columns.before;
    BackwardRow<Element, kLog>(y + r * o.y_row_stride + at, dy + r * o.dy_row_stride + at,
                               dx + r * o.dx_row_stride + at, columns.visible, scale);
    if (!sees_all) FillHidden<Element>(dx + r * o.dx_row_stride + at, columns, 0.0);
  }
  return SIMDACT_OK;
}

// The next n scores of a row that comes in blocks: simdact_softmax_block.
template <class Element>
float SoftmaxBlock(simdact_softmax_state* state, const void* x_void, void* p_void, size_t n, float scale) {
  using T = typename Element::Number;
  const typename Element::D d;
  if (n == 0) return 1.0f;
  assert(AliasIsExact(x_void, p_void, n * sizeof(typename Element::Stored)));
  auto* p = static_cast<typename Element::Stored*>(p_void);
  RowOptions o{};
  o.scale = scale == 0 ? 1.0 : double{scale}, o.mask_rows = 1;
  ScoreBlock<T> block;
  FullScores<Element> scores(static_cast<const typename Element::Stored*>(x_void), o, 0, Columns{0, n, 0},
                             T(1), &block);
  bool ordinary = true;
  double block_max = double{MaxScore(scores, d, 0, n, ordinary)};
  FarScores<Element> far;
  if (!ordinary) {  // the largest one unrounded: a product of floats is a double
    FullScores<Element>::LessLargest(scores, n, -HUGE_VAL, far);
    block_max = far.highest == 0 ? far.high : double{far.highest};
  }
  const bool first = !(state->maximum > -HUGE_VAL) && state->sum == 0, higher = block_max > state->maximum;
  const double maximum = higher ? block_max : first ? 0.0 : state->maximum;
  // A large maximum is taken off the scores before they are rounded, so that they are at most 0.
  const bool is_far = !(std::fabs(maximum) < double{scores.kLarge}) && std::fabs(maximum) < HUGE_VAL;
  if (is_far) {
    far.scores = scores, far.high = maximum;
    scores.TakeOff(far);
  }
  RowSum<T> part{};
  part.unit = UnitOf(d, static_cast<T>(is_far ? 0.0 : maximum));
  SumTerms<Terms::kAccurate>(
      scores, d, 0, n,
      [&](size_t i, size_t count, const auto& term, auto size) HWY_ATTR {
        StoreResult<size(), Element>(d, SoftmaxQuotient(d, term, Constant(d, T(1), T(0))), p + i, count);
      },
      part);
  const double shift = is_far ? maximum : double{ShiftOf(d, part.unit)};
  const bool number = part.high < HUGE_VAL;  // neither NaN nor +inf among the scores
  const double nan = HUGE_VAL - HUGE_VAL;
  double factor = 1.0;
  if (!number) {
    FillRow<Element>(p, 0, n, nan);
    factor = nan;
  } else if (first && !higher) {
    part.high = part.low = 0;  // all -inf
  } else if (!first && higher) {
    factor = UnitFactor(state->shift, state->power, shift, double{part.unit.power});
  }
  if (higher) state->maximum = block_max;
  state->sum = (first ? 0.0 : state->sum * factor) + (number ? part.high + part.low : nan);
  state->shift = shift, state->power = double{part.unit.power};
  return static_cast<float>(factor);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_BACKWARD_INL_H_
