// The loops of softmax along any axis over blocks of numbers (dispatch/axis.h); tensors go through them in
// dispatch/axis.cc.
//
// Each lane is a column, with a unit, a sum and a factor of its own: what a row has as numbers is here a
// vector. Nothing is added up across lanes. Loops take a few rows at a time, in lockstep, from the first
// column to the last, as memory lies; a column's sum waits in the first-level cache from step to step.

#if defined(SIMDACT_SOFTMAX_AXIS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_AXIS_INL_H_
#undef SIMDACT_SOFTMAX_AXIS_INL_H_
#else
#define SIMDACT_SOFTMAX_AXIS_INL_H_
#endif

#include "dispatch/axis.h"
#include "kernels/drivers/softmax-backward-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

static_assert(hn::MaxLanes(hn::ScalableTag<float>()) <= kMostColumns<float>);

template <class T>
size_t LanesOf() {
  return hn::Lanes(hn::ScalableTag<T>());
}

// f(r, size) for packs of rows and then single ones.
template <size_t kRows, class F>
HWY_INLINE void ForEachRow(size_t rows, const F& f) {
  size_t r = 0;
  if constexpr (kRows > 1) {
    for (; rows - r >= kRows; r += kRows) f(r, std::integral_constant<size_t, kRows>());
  }
  for (; r < rows; ++r) f(r, std::integral_constant<size_t, 1>());
}

// How many rows take a step together: terms, and what has little else to do than to bring a number up to
// date. All other loops have columns enough to go on with.
template <class T>
constexpr size_t kSumRows = kOneBody ? 2 : Lockstep(4, 4);
constexpr size_t kFewRows = kOneBody ? 1 : Lockstep(2, 4);

// The rows of elements, kSize of them.
template <size_t kSize, class Element>
HWY_INLINE Vectors<kSize, typename Element::D> RowsAt(const typename Element::Stored* from, size_t stride) {
  if constexpr (kSize > 1) {
    Vectors<kSize, typename Element::D> pack;
    HWY_UNROLL(8)
    for (size_t u = 0; u < kSize; ++u) pack.v[u] = Element::Load(from + u * stride);
    return pack;
  } else {
    (void)stride;
    return Element::Load(from);
  }
}
template <size_t kSize, class Element>
HWY_INLINE void StoreRows(const Vectors<kSize, typename Element::D>& v, typename Element::Stored* to,
                          size_t stride) {
  if constexpr (kSize > 1) {
    HWY_UNROLL(8)
    for (size_t u = 0; u < kSize; ++u) Element::Store(v.v[u], to + u * stride);
  } else {
    (void)stride;
    Element::Store(v, to);
  }
}

// The larger one of two, or of `most` and a pack's.
template <class V>
HWY_INLINE V LargerOf(const V& most, const V& v) {
  return hn::Max(most, v);
}
template <class V, size_t kCount>
HWY_INLINE V LargerOf(const V& most, const Pack<V, kCount>& pack) {
  V larger = most;
  HWY_UNROLL(8)
  for (size_t u = 0; u < kCount; ++u) larger = hn::Max(larger, pack.v[u]);
  return larger;
}

template <class Element>
bool LargestOfColumns(const void* x_void, size_t stride, size_t rows, size_t columns,
                      typename Element::Number* keep, AxisColumns<typename Element::Number>& c) {
  using T = typename Element::Number;
  const typename Element::D d;
  const size_t lanes = hn::Lanes(d);
  const auto* x = static_cast<const typename Element::Stored*>(x_void);
  ForEachRow<kFewRows>(rows, [&](size_t r, auto size) SIMDACT_LOOP_BODY {
    constexpr size_t kSize = size();
    for (size_t i = 0; i < columns; i += lanes) {
      const auto pack = RowsAt<kSize, Element>(x + r * stride + i, stride);
      hn::StoreU(LargerOf(hn::LoadU(d, c.largest + i), pack), d, c.largest + i);
      if (keep != nullptr) StoreRows<kSize, Wide<T>>(pack, keep + r * columns + i, columns);
    }
  });
  bool finite = true;
  for (size_t i = 0; i < columns; i += lanes)
    finite &= hn::AllTrue(d, hn::Lt(hn::Abs(hn::LoadU(d, c.largest + i)), hn::Inf(d)));
  return finite;
}

// Sums of nothing.
template <class T>
HWY_INLINE void ClearSums(size_t columns, AxisColumns<T>& c) {
  for (size_t i = 0; i < columns; ++i) {
    c.sum[i] = c.start[i];
    c.sum_low[i] = c.tally[i] = 0;
    c.high[i] = c.low[i] = c.count[i] = 0;
  }
}

// UnitOf, for each lane, and what WithSmallTerms and FastMagic make of it.
template <class T>
void UnitsOfColumns(AxisTerms which, size_t columns, AxisColumns<T>& c) {
  using D = hn::ScalableTag<T>;
  const D d;
  constexpr bool kFloats = sizeof(T) == sizeof(float);
  const bool fast = which == AxisTerms::kFast || which == AxisTerms::kShort;
  const auto round = hn::Set(d, kFloats ? T(0x1.8p23) : T(0x1.8p52)), none = hn::Set(d, kNoShift<D>);
  const auto below = hn::Set(d, T(kFloats ? 152 : 1078)), ln2 = hn::Set(d, T(0.6931471805599453));
  const auto further = hn::Set(d, T(which == AxisTerms::kOthers ? 30 : 0));
  const auto start = hn::Set(d, which == AxisTerms::kShort ? T(0) : kSumStart<T>);
  for (size_t i = 0; i < columns; i += hn::Lanes(d)) {
    auto most = hn::LoadU(d, c.largest + i);
    if (c.scaled) most = hn::Zero(d);
    const auto shift = hn::IfThenElse(hn::Lt(hn::Abs(most), hn::Set(d, kNear<D>)), none, most);
    const auto above = hn::Mul(hn::Sub(most, shift), hn::Set(d, T(1.4426950408889634)));
    const auto power = hn::Sub(hn::Add(above, round), round);
    auto magic = hn::Sub(hn::Set(d, ExpMagic<D>(kTermBias<D>)), power);
    if constexpr (kFloats) {
      if (fast) magic = hn::Add(hn::Sub(magic, hn::Set(d, ExpMagic<D>(0))), hn::Set(d, 0x1.8p23f + 127));
    }
    hn::StoreU(shift, d, c.shift + i);
    hn::StoreU(power, d, c.power + i);
    hn::StoreU(magic, d, c.magic + i);
    hn::StoreU(hn::Sub(hn::Mul(hn::Sub(power, below), ln2), further), d, c.least + i);
    hn::StoreU(start, d, c.start + i);
  }
  (void)fast;
  ClearSums(columns, c);
}

// to[i] += v, in double.
template <class D>
HWY_INLINE void AddToDoubles(D d, hn::Vec<D> v, double* to) {
  (void)d;
  const auto add = [](auto d64, auto wide, double* at)
                       HWY_ATTR { hn::StoreU(hn::Add(hn::LoadU(d64, at), wide), d64, at); };
  if constexpr (!kIsFloat<D>) {
    add(d, v, to);
  } else if constexpr (hn::MaxLanes(D()) > 1) {
    const hn::Repartition<double, D> d64;
    add(d64, hn::PromoteLowerTo(d64, v), to);
    add(d64, hn::PromoteUpperTo(d64, v), to + hn::Lanes(d64));
  } else {
    const hn::Rebind<double, D> d64;
    add(d64, hn::PromoteTo(d64, v), to);
  }
}
template <class D, class N>
HWY_INLINE void AddPairToDoubles(D d, const N& sum, double* to) {
  if constexpr (hn::MaxLanes(D()) > 1) {
    const hn::Repartition<double, D> d64;
    const auto high = High(sum), low = Low(sum);
    const auto lower = hn::Add(hn::PromoteLowerTo(d64, high), hn::PromoteLowerTo(d64, low));
    const auto upper = hn::Add(hn::PromoteUpperTo(d64, high), hn::PromoteUpperTo(d64, low));
    double* const behind = to + hn::Lanes(d64);
    hn::StoreU(hn::Add(hn::LoadU(d64, to), lower), d64, to);
    hn::StoreU(hn::Add(hn::LoadU(d64, behind), upper), d64, behind);
  } else {
    AddToDoubles(d, High(sum), to);
    AddToDoubles(d, Low(sum), to);
  }
}

// scale unit (x - largest), as a pair. Without FMA the unit goes first: a product's error comes of halves of
// its factors, which overflow where the product need not. A low word that exp does not take belongs to a
// score whose term is 0.
template <class D, class V>
HWY_INLINE Pair<V> LessLargest(D d, const V& x, const hn::Vec<D>& largest, const AxisColumns<Scalar<D>>& c) {
  const auto shrink = hn::Set(d, c.shrink), unit = hn::Set(d, c.unit);
  const auto scale = hn::Set(d, HWY_NATIVE_FMA ? c.scale * c.unit : c.scale);
  const auto difference = TwoSum(V(op::Mul(x, shrink)), hn::Vec<D>(hn::Neg(hn::Mul(largest, shrink))));
  V high = High(difference), low = Low(difference);
  if constexpr (!HWY_NATIVE_FMA) high = op::Mul(high, unit), low = op::Mul(low, unit);
  const auto score = TwoProduct(high, scale);
  low = op::MulAdd(low, scale, V(Low(score)));
  const auto few = hn::Set(d, PowerOfTwo<Scalar<D>>(-7));
  return MakePair(V(High(score)), V(op::IfThenElseZero(op::Lt(op::Abs(low), few), low)));
}
template <bool kScaled, class D, class V>
HWY_INLINE auto ScoresOf(D d, const V& x, const hn::Vec<D>& largest, const AxisColumns<Scalar<D>>& c) {
  if constexpr (kScaled) {
    return LessLargest(d, x, largest, c);
  } else {
    return x;
  }
}

// -inf for scores that equal the largest one, which are counted.
template <class D, class V>
HWY_INLINE V WithoutLargest(D d, const V& z, const hn::Vec<D>& largest, hn::Vec<D>& count) {
  const auto one = hn::Set(d, Scalar<D>(1)), lowest = hn::Neg(hn::Inf(d));
  const auto equal = op::Eq(z, largest);
  const V ones = op::IfThenElseZero(equal, one);
  count = hn::Add(count, Fold(ones));
  return op::IfThenElse(equal, lowest, z);
}

// Sums of floats so far go on in double, and begin once more.
template <bool kOthers, class T>
HWY_INLINE void EmptySums(size_t columns, AxisColumns<T>& c) {
  const hn::ScalableTag<T> d;
  const auto zero = hn::Zero(d);
  for (size_t i = 0; i < columns; i += hn::Lanes(d)) {
    if constexpr (kOthers) {
      AddToDoubles(d, hn::LoadU(d, c.tally + i), c.count + i);
      hn::StoreU(zero, d, c.tally + i);
    }
    if constexpr (sizeof(T) == sizeof(float)) {
      const auto start = hn::LoadU(d, c.start + i);
      const auto sum = hn::Sub(hn::LoadU(d, c.sum + i), start);
      AddPairToDoubles(d, MakePair(sum, hn::LoadU(d, c.sum_low + i)), c.high + i);
      hn::StoreU(start, d, c.sum + i);
      hn::StoreU(zero, d, c.sum_low + i);
    }
  }
}

template <Terms kTerms, bool kOthers, bool kScaled, class T>
HWY_NOINLINE void SumRows(const T* x, size_t stride, size_t rows, size_t columns, T* terms,
                          size_t terms_stride, AxisColumns<T>& c) {
  using D = hn::ScalableTag<T>;
  const D d;
  constexpr bool kFloats = sizeof(T) == sizeof(float);
  constexpr size_t kRows = kScaled ? 1 : kSumRows<T>;
  const size_t lanes = hn::Lanes(d), apart = kFloats ? kRowsApart : rows;
  for (size_t piece = 0; piece < rows; piece += apart) {
    ForEachRow<kRows>(HWY_MIN(apart, rows - piece), [&](size_t k, auto size) SIMDACT_LOOP_BODY {
      constexpr size_t kSize = size();
      using Vs = Vectors<kSize, D>;
      const T* from = x + (piece + k) * stride;
      T* to = terms + (piece + k) * terms_stride;
      for (size_t i = 0; i < columns; i += lanes) {
        const auto largest = hn::LoadU(d, c.largest + i), least = hn::LoadU(d, c.least + i);
        const auto shift = hn::LoadU(d, c.shift + i), magic = hn::LoadU(d, c.magic + i);
        auto sum = MakePair(hn::LoadU(d, c.sum + i), hn::LoadU(d, c.sum_low + i));
        const auto z = ScoresOf<kScaled>(d, Vs(RowsAt<kSize, Wide<T>>(from + i, stride)), largest, c);
        Vs score = High(z);
        if constexpr (kOthers) {
          auto tally = hn::LoadU(d, c.tally + i);
          score = WithoutLargest(d, score, kScaled ? hn::Zero(d) : largest, tally);
          hn::StoreU(tally, d, c.tally + i);
        }
        const Vs near = AtLeast(least, Vs(op::Sub(score, shift)));
        if constexpr (kTerms == Terms::kAccurate) {
          const auto split = ExpSplitAt(d, WithHigh(z, near), magic);
          sum = PlusTerms<kTerms>(sum, split);
          if constexpr (!kOthers) StoreRows<kSize, Wide<T>>(Vs(RoundedTerms(split)), to + i, terms_stride);
        } else {
          const Vs term = FastTermNear<kTerms>(d, near, magic);
          sum = PlusTerms<kTerms>(sum, term);
          StoreRows<kSize, Wide<T>>(term, to + i, terms_stride);
        }
        hn::StoreU(High(sum), d, c.sum + i);
        hn::StoreU(Low(sum), d, c.sum_low + i);
      }
    });
    EmptySums<kOthers>(columns, c);
  }
}

template <class T>
void SumOfRows(AxisTerms which, const T* x, size_t stride, size_t rows, size_t columns, T* terms,
               size_t terms_stride, AxisColumns<T>& c) {
  constexpr Terms kAccurate = Terms::kAccurate;
  constexpr bool kFloats = sizeof(T) == sizeof(float);
  const bool scaled = c.scaled;
  auto sum = &SumRows<kAccurate, false, false, T>;
  if (which == AxisTerms::kOthers) {
    sum = scaled ? &SumRows<kAccurate, true, true, T> : &SumRows<kAccurate, true, false, T>;
  } else if (scaled) {
    sum = &SumRows<kAccurate, false, true, T>;
  } else if constexpr (kFloats) {
    if (which == AxisTerms::kShort) sum = &SumRows<Terms::kShort, false, false, T>;
    if (which == AxisTerms::kFast) sum = &SumRows<Terms::kFast, false, false, T>;
  }
  sum(x, stride, rows, columns, terms, terms_stride, c);
}

// Numbers as doubles, and back.
template <class D64, class T>
HWY_INLINE hn::Vec<D64> Doubles(D64 d64, const T* from) {
  const hn::Rebind<T, D64> d;
  if constexpr (sizeof(T) == sizeof(double)) {
    return hn::LoadU(d64, from);
  } else {
    return hn::PromoteTo(d64, hn::LoadU(d, from));
  }
}
template <class D64, class T>
HWY_INLINE hn::Vec<D64> StoreRounded(D64 d64, hn::Vec<D64> v, T* to) {
  const hn::Rebind<T, D64> d;
  if constexpr (sizeof(T) == sizeof(double)) {
    hn::StoreU(v, d64, to);
    return v;
  } else {
    const auto rounded = hn::DemoteTo(d, v);
    hn::StoreU(rounded, d, to);
    return hn::PromoteTo(d64, rounded);
  }
}

// RowSum's Set, and Reciprocal.
template <class T>
bool TotalsOfColumns(size_t columns, AxisColumns<T>& c) {
  const hn::ScalableTag<double> d;
  const auto unbias = hn::Set(d, PowerOfTwo<double>(-kTermBias<hn::ScalableTag<T>>)), one = hn::Set(d, 1.0);
  bool are_numbers = true;
  for (size_t i = 0; i < columns; i += hn::Lanes(d)) {
    auto high = hn::LoadU(d, c.high + i), low = hn::Zero(d);
    if constexpr (sizeof(T) == sizeof(float)) {
      high = hn::Mul(high, unbias);
      const auto inverse = hn::Div(one, high);
      const auto rounded = StoreRounded(d, inverse, c.factor + i);
      StoreRounded(d, hn::Sub(inverse, rounded), c.factor_low + i);
    } else {
      const auto total = hn::Mul(hn::Sub(hn::LoadU(d, c.sum + i), hn::LoadU(d, c.start + i)), unbias);
      const auto sum = TwoSum(total, hn::Vec<decltype(d)>(hn::Mul(hn::LoadU(d, c.sum_low + i), unbias)));
      high = High(sum), low = Low(sum);
      const auto inverse = hn::Div(one, high);
      const auto left = hn::Sub(Remainder(inverse, high, one), hn::Mul(inverse, low));
      hn::StoreU(inverse, d, c.factor + i);
      hn::StoreU(hn::Mul(left, inverse), d, c.factor_low + i);
    }
    hn::StoreU(high, d, c.high + i);
    hn::StoreU(low, d, c.low + i);
    are_numbers &= hn::AllTrue(d, hn::Lt(high, hn::Inf(d)));
  }
  return are_numbers;
}

template <Terms kTerms, class Element, class T>
HWY_INLINE void QuotientRows(const T* terms, size_t stride, size_t rows, size_t columns,
                             typename Element::Stored* y, size_t y_stride, const AxisColumns<T>& c) {
  const typename Element::D d;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < columns; i += hn::Lanes(d)) {
      const auto factor = MakePair(hn::LoadU(d, c.factor + i), hn::LoadU(d, c.factor_low + i));
      const auto term = hn::LoadU(d, terms + r * stride + i);
      Element::Store(QuotientOf<kTerms>(d, term, factor), y + r * y_stride + i);
    }
  }
}
template <class Element>
void QuotientsOfRows(bool fast, const typename Element::Number* terms, size_t stride, size_t rows,
                     size_t columns, void* y_void, size_t y_stride,
                     const AxisColumns<typename Element::Number>& c) {
  auto* y = static_cast<typename Element::Stored*>(y_void);
  if constexpr (sizeof(typename Element::Stored) == sizeof(float)) {
    if (fast) return QuotientRows<Terms::kFast, Element>(terms, stride, rows, columns, y, y_stride, c);
  }
  (void)fast;
  QuotientRows<Terms::kAccurate, Element>(terms, stride, rows, columns, y, y_stride, c);
}

template <class T>
bool RestartColumns(size_t rows, size_t columns, AxisColumns<T>& c) {
  bool any = false;
  for (size_t i = 0; i < columns; ++i) {
    const RowSum<T> others = {{}, c.high[i], c.low[i], 0};
    if (HWY_LIKELY(!IsSmall(others, rows))) continue;
    c.start[i] = StartFor(others);
    any = true;
  }
  if (any) ClearSums(columns, c);
  return any;
}

template <class T>
void LogsOfColumns(bool others, size_t columns, AxisColumns<T>& c) {
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  for (size_t i = 0; i < columns; i += hn::Lanes(d)) {
    const V high = hn::LoadU(d, c.high + i), low = hn::LoadU(d, c.low + i), power = Doubles(d, c.power + i);
    auto log = MakePair(high, low);
    if (others) {
      const V largest = !c.scaled ? Doubles(d, c.largest + i) : hn::Zero(d);
      const V above = hn::Sub(largest, Doubles(d, c.shift + i));
      const auto z = MakePair(V(hn::Sub(above, hn::Mul(power, hn::Set(d, ExpDouble::kLn2High)))),
                              V(hn::Neg(hn::Mul(power, hn::Set(d, ExpDouble::kLn2Low)))));
      log = LogOfOthers(d, z, log, V(hn::Sub(hn::LoadU(d, c.count + i), hn::Set(d, 1.0))));
      const V rounded = StoreRounded(d, V(High(log)), c.factor + i);
      StoreRounded(d, V(hn::Add(hn::Sub(High(log), rounded), Low(log))), c.factor_low + i);
    } else {
      log = LogOfTotal(d, high, low, power);
    }
    hn::StoreU(High(log), d, c.high + i);
    hn::StoreU(Low(log), d, c.low + i);
  }
}

template <bool kScaled, class Element, class T>
HWY_INLINE void DifferenceRows(const T* x, size_t stride, size_t rows, size_t columns,
                               typename Element::Stored* y, size_t y_stride, const AxisColumns<T>& c) {
  const typename Element::D d;
  const size_t lanes = hn::Lanes(d);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < columns; i += lanes) {
      const auto largest = hn::LoadU(d, c.largest + i), log = hn::LoadU(d, c.factor + i);
      const auto score = hn::LoadU(d, x + r * stride + i);
      if constexpr (kScaled) {
        const auto z = LessLargest(d, score, largest, c);
        const auto rest = hn::Sub(Low(z), hn::LoadU(d, c.factor_low + i));
        Element::Store(hn::Add(hn::Sub(High(z), log), rest), y + r * y_stride + i);
      } else {
        Element::Store(hn::Sub(hn::Sub(score, largest), log), y + r * y_stride + i);
      }
    }
  }
}
template <class Element>
void DifferencesOfRows(const typename Element::Number* x, size_t stride, size_t rows, size_t columns,
                       void* y_void, size_t y_stride, const AxisColumns<typename Element::Number>& c) {
  auto* y = static_cast<typename Element::Stored*>(y_void);
  if (c.scaled) return DifferenceRows<true, Element>(x, stride, rows, columns, y, y_stride, c);
  DifferenceRows<false, Element>(x, stride, rows, columns, y, y_stride, c);
}

// ---- Backward ---------------------------------------------------------------------------------------------

template <bool kLog, class Element, class T>
HWY_INLINE void ProductRows(const typename Element::Stored* y, const typename Element::Stored* dy,
                            size_t stride, size_t rows, size_t columns, AxisColumns<T>& c) {
  const typename Element::D d;
  constexpr bool kFloats = sizeof(T) == sizeof(float);
  const size_t lanes = hn::Lanes(d), apart = kFloats ? kRowsApart : rows;
  for (size_t piece = 0; piece < rows; piece += apart) {
    ForEachRow<kFewRows>(HWY_MIN(apart, rows - piece), [&](size_t k, auto size) SIMDACT_LOOP_BODY {
      const size_t at = (piece + k) * stride;
      for (size_t i = 0; i < columns; i += lanes) {
        auto sum = MakePair(hn::LoadU(d, c.sum + i), hn::LoadU(d, c.sum_low + i));
        for (size_t u = 0; u < size(); ++u) {
          const auto upstream = Element::Load(dy + at + u * stride + i);
          if constexpr (kLog) {
            sum = PlusTerm(sum, upstream);
          } else {
            sum = PlusProduct(sum, Element::Load(y + at + u * stride + i), upstream);
          }
        }
        hn::StoreU(High(sum), d, c.sum + i);
        hn::StoreU(Low(sum), d, c.sum_low + i);
      }
    });
    EmptySums<false>(columns, c);
  }
}
template <class Element>
void ProductsOfRows(bool log, const void* y_void, const void* dy_void, size_t stride, size_t rows,
                    size_t columns, AxisColumns<typename Element::Number>& c) {
  const auto* y = static_cast<const typename Element::Stored*>(y_void);
  const auto* dy = static_cast<const typename Element::Stored*>(dy_void);
  if (log) return ProductRows<true, Element>(y, dy, stride, rows, columns, c);
  ProductRows<false, Element>(y, dy, stride, rows, columns, c);
}

// WordsOfSum.
template <class T>
void WordsOfColumns(size_t columns, AxisColumns<T>& c) {
  const hn::ScalableTag<double> d;
  constexpr bool kFloats = sizeof(T) == sizeof(float);
  for (size_t i = 0; i < columns; i += hn::Lanes(d)) {
    const auto high = kFloats ? hn::LoadU(d, c.high + i) : Doubles(d, c.sum + i);
    const auto low = kFloats ? hn::Zero(d) : Doubles(d, c.sum_low + i);
    const auto rounded = StoreRounded(d, hn::Add(high, low), c.factor + i);
    StoreRounded(d, hn::Add(hn::Sub(high, rounded), low), c.factor_low + i);
  }
}

template <bool kLog, class Element, class T>
HWY_INLINE void SlopeRows(const typename Element::Stored* y, const typename Element::Stored* dy,
                          typename Element::Stored* dx, size_t stride, size_t rows, size_t columns,
                          const AxisColumns<T>& c) {
  const typename Element::D d;
  const auto scale = hn::Set(d, c.scale);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0, at = r * stride; i < columns; i += hn::Lanes(d), at += hn::Lanes(d)) {
      const auto s = MakePair(hn::LoadU(d, c.factor + i), hn::LoadU(d, c.factor_low + i));
      const auto output = Element::Load(y + at), upstream = Element::Load(dy + at);
      auto slope = upstream;
      if constexpr (kLog) {
        slope = LogSlope(d, output, upstream, s);
        if (HWY_UNLIKELY(!NoneIsNearZero(d, output))) slope = LogSlopeNearZero(d, output, upstream, s, slope);
      } else {
        slope = SoftmaxSlope(d, output, upstream, s);
      }
      Element::Store(hn::Mul(slope, scale), dx + at);
    }
  }
}
template <class Element>
void SlopesOfRows(bool log, const void* y_void, const void* dy_void, void* dx_void, size_t stride,
                  size_t rows, size_t columns, const AxisColumns<typename Element::Number>& c) {
  const auto* y = static_cast<const typename Element::Stored*>(y_void);
  const auto* dy = static_cast<const typename Element::Stored*>(dy_void);
  auto* dx = static_cast<typename Element::Stored*>(dx_void);
  if (log) return SlopeRows<true, Element>(y, dy, dx, stride, rows, columns, c);
  SlopeRows<false, Element>(y, dy, dx, stride, rows, columns, c);
}

// ---- Elements ---------------------------------------------------------------------------------------------

// f(offset in memory, column of the block, columns) for each slice of a row.
template <class F>
HWY_INLINE void ForEachSlice(const AxisPlace& place, const F& f) {
  size_t offset = 0, n = HWY_MIN(place.first, place.columns);
  size_t next = place.slice - (place.width - place.first);
  for (size_t i = 0; i < place.columns;) {
    f(offset, i, n);
    i += n;
    offset = next, next += place.slice;
    n = HWY_MIN(place.width, place.columns - i);
  }
}

// A slice's last vector may reach into the next one, which is overwritten, but no further than the array.
// Behind a row's columns is 0.
template <class Element>
void LoadColumns(const AxisPlace& place, const void* from_void, size_t left, size_t rows, bool negate,
                 typename Element::Number* to, size_t stride) {
  const typename Element::D d;
  const size_t lanes = hn::Lanes(d);
  const auto* from = static_cast<const typename Element::Stored*>(from_void);
  const auto sign = negate ? hn::SignBit(d) : hn::Zero(d);
  for (size_t r = 0; r < rows; ++r, from += place.inner, left -= place.inner, to += stride) {
    if (place.columns != stride) hn::StoreU(hn::Zero(d), d, to + stride - lanes);
    ForEachSlice(place, [&](size_t offset, size_t i, size_t n) SIMDACT_LOOP_BODY {
      for (size_t k = 0; k < n; k += lanes) {
        const auto* at = from + offset + k;
        const bool whole = i + k + lanes <= place.columns && left - offset - k >= lanes;
        const auto v = HWY_LIKELY(whole) ? Element::Load(at) : Element::LoadN(at, n - k);
        hn::StoreU(hn::Xor(v, sign), d, to + i + k);
      }
    });
  }
}

// A slice's last vector goes over the last but one, if there is one. Fewer columns than a vector go one by
// one, which is faster than a partial store.
template <class Element>
void StoreColumns(const AxisPlace& place, const typename Element::Number* from, size_t stride, size_t rows,
                  void* to_void) {
  const typename Element::D d;
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN typename Element::Stored elements[hn::MaxLanes(d)];
  auto* to = static_cast<typename Element::Stored*>(to_void);
  for (size_t r = 0; r < rows; ++r, from += stride, to += place.inner) {
    ForEachSlice(place, [&](size_t offset, size_t i, size_t n) SIMDACT_LOOP_BODY {
      size_t k = 0;
      for (; n - k >= lanes; k += lanes) Element::Store(hn::LoadU(d, from + i + k), to + offset + k);
      if (k == n) return;
      if (n >= lanes) {
        Element::Store(hn::LoadU(d, from + i + n - lanes), to + offset + n - lanes);
      } else {
        Element::Store(hn::LoadU(d, from + i), elements);
        for (k = 0; k < n; ++k) to[offset + k] = elements[k];
      }
    });
  }
}

template <class T>
constexpr AxisLoops<T> kAxisLoops = {&LanesOf<T>,         &UnitsOfColumns<T>, &SumOfRows<T>,
                                     &TotalsOfColumns<T>, &RestartColumns<T>, &LogsOfColumns<T>,
                                     &WordsOfColumns<T>};
template <class Element>
constexpr AxisFormat<typename Element::Number> kAxisFormat = {
    &LoadColumns<Element>,     &StoreColumns<Element>,      &LargestOfColumns<Element>,
    &QuotientsOfRows<Element>, &DifferencesOfRows<Element>, &ProductsOfRows<Element>,
    &SlopesOfRows<Element>};

constexpr AxisCode kAxisCode = {
    &kAxisLoops<float>,
#ifdef SIMDACT_NO_F64
    nullptr,
#else
    &kAxisLoops<double>,
#endif
    kAxisFormat<Wide<float>>,
#ifdef SIMDACT_NO_HALF
    {},
    {},
#else
    kAxisFormat<Narrow<Bf16>>, kAxisFormat<Narrow<F16>>,
#endif
#ifdef SIMDACT_NO_F64
    {},
#else
    kAxisFormat<Wide<double>>,
#endif
};

// ---- As values --------------------------------------------------------------------------------------------

template <simdact_softmax_op kOp, simdact_dtype kDtype>
simdact_status AlongAxis(const void* x, void* y, size_t outer, size_t axis, size_t inner,
                         const simdact_softmax_axis_options* options) {
  return SoftmaxAlong(HWY_TARGET, kAxisCode, kOp, kDtype, x, y, outer, axis, inner, options);
}
template <simdact_softmax_op kOp, simdact_dtype kDtype>
simdact_status AlongAxisBackward(const void* y, const void* dy, void* dx, size_t outer, size_t axis,
                                 size_t inner, const simdact_softmax_axis_options* options) {
  return SoftmaxAlongBackward(HWY_TARGET, kAxisCode, kOp, kDtype, y, dy, dx, outer, axis, inner, options);
}
template <simdact_softmax_op kOp, simdact_dtype kDtype>
simdact_status LogSumExpAlongAxis(const void* x, void* log_sum_exp, size_t outer, size_t axis, size_t inner,
                                  const simdact_softmax_axis_options* options) {
  return LogSumExpAlong(HWY_TARGET, kAxisCode, kOp, kDtype, x, log_sum_exp, outer, axis, inner, options);
}

template <simdact_softmax_op kOp, simdact_dtype kDtype>
constexpr simdact_softmax_axis_kernel AxisKernel() {
  constexpr simdact_softmax_op kScores =
      kOp == SIMDACT_SOFTMAX_OP_log_softmax ? SIMDACT_SOFTMAX_OP_softmax : kOp;
  return {&AlongAxis<kOp, kDtype>, &AlongAxisBackward<kOp, kDtype>, &LogSumExpAlongAxis<kScores, kDtype>};
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_AXIS_INL_H_
