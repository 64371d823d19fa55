// Sums over the rows of a matrix, a sum per column: float terms in double, double terms with the errors that
// their roundings leave.
//
// A float is a double, and so is the product of two: what is lost are roundings of the running sum to 53
// bits, some 2^-29 of a float's last place each. For doubles TwoSum says what each addition loses, TwoProduct
// what a product lost; these are added up beside the sum and join it at the end (Ogita, Rump and Oishi's
// Sum2, Dot2: as if computed with twice the digits). The order of additions depends on the shape alone, so
// that a gradient does not change with the target's vectors.

#if defined(SIMDACT_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SUMS_INL_H_
#undef SIMDACT_SUMS_INL_H_
#else
#define SIMDACT_SUMS_INL_H_
#endif

#include <string.h>

#include "kernels/drivers/arrays-inl.h"
#include "simdact/detail/numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// Memory as step(io, i) of ForEachVector sees it: a whole vector, or the last one, partly filled.
struct Whole {
  template <class D>
  HWY_INLINE hn::Vec<D> Load(D d, const Scalar<D>* from) const {
    return hn::LoadU(d, from);
  }
  template <class D>
  HWY_INLINE void Store(hn::Vec<D> v, D d, Scalar<D>* to) const {
    hn::StoreU(v, d, to);
  }
};
struct Part {
  size_t n;
  template <class D>
  HWY_INLINE hn::Vec<D> Load(D d, const Scalar<D>* from) const {
    return hn::LoadN(d, from, n);
  }
  template <class D>
  HWY_INLINE void Store(hn::Vec<D> v, D d, Scalar<D>* to) const {
    hn::StoreN(v, d, to, n);
  }
};

// For passes over a block that is in the first-level cache.
template <class D, class Step>
HWY_INLINE void ForEachVector(D d, size_t n, const Step& step) {
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  HWY_UNROLL(4)
  for (; i + lanes <= n; i += lanes) step(Whole(), i);
  if (i < n) step(Part{n - i}, i);
}

// A vector of doubles, and what lies in memory beside it.
using DD = hn::ScalableTag<double>;
template <class T>
using Beside = hn::Rebind<T, DD>;

HWY_INLINE hn::Vec<DD> InDoubles(hn::Vec<Beside<float>> v) { return hn::PromoteTo(DD(), v); }
HWY_INLINE hn::Vec<DD> InDoubles(hn::Vec<DD> v) { return v; }

// What sums of terms of T, and products of two, are carried out in.
template <class T>
using TermsIn = hwy::If<sizeof(T) == sizeof(float), Plain, Pairs>;

// 0 where the mask is true, else the number.
template <class M, class N>
HWY_INLINE N ZeroWhere(const M& mask, const N& n) {
  if constexpr (kIsPair<N>) {
    return MakePair(hn::IfThenZeroElse(mask, High(n)), hn::IfThenZeroElse(mask, Low(n)));
  } else {
    return hn::IfThenZeroElse(mask, n);
  }
}

// Up to kMost sums of terms of T side by side.
template <class T, size_t kMost>
class Sums {
 public:
  void Clear(size_t n) {
    memset(high_, 0, n * sizeof(double));
    if (kPairs) memset(low_, 0, n * sizeof(double));
  }

  // Adds a term to each of the first n sums: term(io, i) gives those of the sums from i on, which may be
  // pairs if T is double.
  template <class Term>
  HWY_INLINE void Add(size_t n, const Term& term) {
    ForEachVector(DD(), n, [&](const auto& io, size_t i) HWY_ATTR { Add(io, i, term(io, i)); });
  }
  HWY_INLINE void AddArray(const T* terms, size_t n) {
    Add(n, [&](const auto& io, size_t i) HWY_ATTR { return InDoubles(io.Load(Beside<T>(), terms + i)); });
  }

  // The sums from `first` on are `count` groups of `width`: adds them up in the first group, half of the
  // groups onto the other half until one is left.
  void Fold(size_t first, size_t count, size_t width) {
    while (count > 1) {
      const size_t kept = (count + 1) / 2, behind = first + kept * width;
      ForEachVector(DD(), (count - kept) * width,
                    [&](const auto& io, size_t i) HWY_ATTR { Add(io, first + i, Load(io, behind + i)); });
      count = kept;
    }
  }

  void Move(size_t from, size_t to) {
    high_[to] = high_[from];
    if (kPairs) low_[to] = low_[from];
  }

  // The first n sums, rounded to T. Where a sum is infinite its error is NaN, and must be left out.
  void Round(T* to, size_t n) const {
    ForEachVector(DD(), n, [&](const auto& io, size_t i) HWY_ATTR {
      const auto sum = Load(io, i);
      if constexpr (kPairs) {
        const auto low = Low(sum);
        io.Store(hn::Add(High(sum), hn::IfThenElseZero(hn::Eq(low, low), low)), DD(), to + i);
      } else {
        io.Store(hn::DemoteTo(Beside<T>(), sum), Beside<T>(), to + i);
      }
    });
  }

 private:
  static constexpr bool kPairs = sizeof(T) == sizeof(double);

  // The sums from i on, pairs or vectors.
  template <class IO>
  HWY_INLINE auto Load(const IO& io, size_t i) const {
    if constexpr (kPairs) {
      return MakePair(io.Load(DD(), high_ + i), io.Load(DD(), low_ + i));
    } else {
      return io.Load(DD(), high_ + i);
    }
  }
  // Adds numbers to them.
  template <class IO, class N>
  HWY_INLINE void Add(const IO& io, size_t i, const N& n) {
    const auto before = Load(io, i);
    if constexpr (kPairs) {
      const auto sum = TwoSum(High(before), High(n));
      io.Store(High(sum), DD(), high_ + i);
      io.Store(hn::Add(Low(before), detail::PlusLow(Low(sum), Low(n))), DD(), low_ + i);
    } else {
      io.Store(hn::Add(before, n), DD(), high_ + i);
    }
  }

  HWY_ALIGN double high_[kMost];
  HWY_ALIGN double low_[kPairs ? kMost : 1];
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SUMS_INL_H_
