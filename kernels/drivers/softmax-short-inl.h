// Short rows of softmax, several at a time.
//
// In a row of a few vectors everything waits for everything: the maximum for all scores, all terms for it,
// the sum for all terms, the quotients for it, some 200 cycles for what is 20 cycles of work. Rows know
// nothing of each other, so kGroup of them go in lockstep, each in a vector of a Pack: at 16 columns a row
// costs half. What is left over goes alone through the same operations, which is why a row's bits do not
// depend on where it stands. On SSE2, and f16 on SSE4, they go the way of long rows, for the library's
// size: there 16 columns take 1.5 times as long, 128 1.1 times.

#if defined(SIMDACT_SOFTMAX_SHORT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_SHORT_INL_H_
#undef SIMDACT_SOFTMAX_SHORT_INL_H_
#else
#define SIMDACT_SOFTMAX_SHORT_INL_H_
#endif

#include "kernels/drivers/softmax-sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// The most bytes that the terms of a short row take; they wait on the stack.
constexpr size_t kShortRow = 2048;
constexpr size_t kGroup = 4;
template <class Element>
constexpr bool kGroupsRows =
    !kSizeless && HWY_TARGET != HWY_SSE2 && (HWY_TARGET != HWY_SSE4 || !hwy::IsSame<Element, Narrow<F16>>());

template <class Element, size_t kRows>
struct RowGroup {
  using D = typename Element::D;
  using T = typename Element::Number;
  using Stored = typename Element::Stored;
  using Vectors = Pack<hn::Vec<D>, kRows>;
  static constexpr size_t kMost = kShortRow / sizeof(T);

  const Stored* x;
  Stored* y;
  size_t x_stride, y_stride, cols;
  T largest[kRows], start[kRows];
  RowSum<T> totals[kRows];

  // Calls f(i, count, partial) for each vector of columns.
  template <class F>
  HWY_INLINE void ForEachColumn(const F& f) const {
    const size_t lanes = hn::Lanes(D());
    size_t i = 0;
    for (; cols - i >= lanes; i += lanes) f(i, lanes, std::integral_constant<size_t, 1>());
    if (i < cols) f(i, cols - i, std::integral_constant<size_t, 0>());
  }

  template <class Size>
  HWY_INLINE Vectors Load(size_t i, size_t count, Size) const {
    Vectors z;
    HWY_UNROLL(4)
    for (size_t r = 0; r < kRows; ++r) {
      const PlainScores<Element> scores{x + r * x_stride};
      z.v[r] = scores.template At<Size() == 0>(D(), i, count);
    }
    return z;
  }

  // Each row's unit. False, and nothing has been written, if a row has none: its largest score is infinite or
  // NaN.
  HWY_INLINE bool ChooseUnits() {
    const D d;
    Vectors maxima;
    HWY_UNROLL(4)
    for (size_t r = 0; r < kRows; ++r) maxima.v[r] = hn::Neg(hn::Inf(d));
    ForEachColumn([&](size_t i, size_t count, auto size)
                      SIMDACT_LOOP_BODY { maxima = op::Max(maxima, Load(i, count, size)); });
    bool finite = true;
    HWY_UNROLL(4)
    for (size_t r = 0; r < kRows; ++r) {
      largest[r] = hn::ReduceMax(d, maxima.v[r]);
      finite &= IsFinite(largest[r]);
      totals[r].unit = UnitOf(d, largest[r]);
      start[r] = kSumStart<T>;
    }
    return finite;
  }

  // A number of each row's unit, in a vector of its own.
  HWY_INLINE Vectors EachUnit(T SoftmaxUnit<T>::*member) const {
    Vectors each;
    HWY_UNROLL(4)
    for (size_t r = 0; r < kRows; ++r) each.v[r] = hn::Set(D(), totals[r].unit.*member);
    return each;
  }

  // The same of any numbers that rows have.
  template <class N>
  HWY_INLINE Vectors Each(const N* numbers) const {
    Vectors each;
    HWY_UNROLL(4)
    for (size_t r = 0; r < kRows; ++r) each.v[r] = hn::Set(D(), static_cast<T>(numbers[r]));
    return each;
  }

  // The terms, kept in `terms`, a row of kMost after the other, and their sums; or the sums of the others.
  template <Terms kTerms, bool kOthers>
  HWY_INLINE void Sum(T* HWY_RESTRICT terms) {
    constexpr bool kFast = kTerms != Terms::kAccurate;
    using Unit = SoftmaxUnit<T>;
    const D d;
    const Vectors shift = EachUnit(&Unit::shift);
    Vectors least = EachUnit(&Unit::least);
    Vectors magic = EachUnit(&Unit::magic);
    if constexpr (kFast) {
      HWY_UNROLL(4)
      for (size_t r = 0; r < kRows; ++r) magic.v[r] = hn::Set(d, FastMagic(totals[r].unit.magic));
    }
    if constexpr (kOthers) {
      HWY_UNROLL(4)
      for (size_t r = 0; r < kRows; ++r) least.v[r] = hn::Set(d, WithSmallTerms(d, totals[r].unit).least);
    }
    Vectors first = Each(start), zero;
    HWY_UNROLL(4)
    for (size_t r = 0; r < kRows; ++r) {
      zero.v[r] = hn::Zero(d), totals[r].count = 0;
      if (kTerms == Terms::kShort) first.v[r] = hn::Zero(d);
    }
    auto sum = MakePair(first, zero);
    ForEachColumn([&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
      Vectors z = Load(i, count, size);
      if constexpr (kOthers) {
        HWY_UNROLL(4)
        for (size_t r = 0; r < kRows; ++r)
          z.v[r] = LeaveOut(d, z.v[r], hn::Set(d, largest[r]), totals[r].count);
      }
      const Vectors near = AtLeast(least, Vectors(op::Sub(z, shift)));
      Vectors term;
      if constexpr (kTerms == Terms::kShort) {
        term = FastTermNear<kTerms>(d, near, magic);
        sum = WithHigh(sum, Vectors(op::Add(High(sum), term)));
      } else if constexpr (kFast) {
        term = FastTermNear<kTerms>(d, near, magic);
        sum = FastSum(sum, term);
      } else {
        const auto power = ExpSplitAt(d, near, magic);
        term = RoundedTerms(power);
        sum = FastSum(FastSum(sum, Vectors(Scale(power))), Vectors(op::Mul(Scale(power), Excess(power))));
      }
      if constexpr (!kOthers) {
        HWY_UNROLL(4)
        for (size_t r = 0; r < kRows; ++r) hn::Store(term.v[r], d, terms + r * kMost + i);
      }
    });
    HWY_UNROLL(4)
    for (size_t r = 0; r < kRows; ++r)
      totals[r].Set(d, MakePair(hn::Sub(High(sum).v[r], first.v[r]), Low(sum).v[r]));
  }

  // Whether a sum of others is to be made anew, from where its terms are not lost.
  HWY_INLINE bool AnySmall() {
    bool any = false;
    for (size_t r = 0; r < kRows; ++r) {
      if (!IsSmall(totals[r], cols)) continue;
      start[r] = StartFor(totals[r]);
      any = true;
    }
    return any;
  }

  // y = (z - largest) - log.
  HWY_INLINE void Subtract(const double* logs) const {
    const D d;
    const Vectors most = Each(largest), log = Each(logs);
    ForEachColumn([&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
      const Vectors result = op::Sub(op::Sub(Load(i, count, size), most), log);
      HWY_UNROLL(4)
      for (size_t r = 0; r < kRows; ++r)
        StoreResult<size(), Element>(d, result.v[r], y + r * y_stride + i, count);
    });
  }

  template <Terms kTerms>
  HWY_INLINE void Divide(const T* HWY_RESTRICT terms) const {
    const D d;
    Vectors high, low;
    HWY_UNROLL(4)
    for (size_t r = 0; r < kRows; ++r) {
      const TwoWords<T> inverse = Reciprocal(totals[r]);
      high.v[r] = hn::Set(d, inverse.high), low.v[r] = hn::Set(d, inverse.low);
    }
    const auto factor = MakePair(high, low);
    ForEachColumn([&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
      Vectors term;
      HWY_UNROLL(4)
      for (size_t r = 0; r < kRows; ++r) term.v[r] = hn::Load(d, terms + r * kMost + i);
      const Vectors quotient = QuotientOf<kTerms>(d, term, factor);
      HWY_UNROLL(4)
      for (size_t r = 0; r < kRows; ++r)
        StoreResult<size(), Element>(d, quotient.v[r], y + r * y_stride + i, count);
    });
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_SHORT_INL_H_
