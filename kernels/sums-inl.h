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

#include "kernels/arrays-inl.h"
#include "simdact/pair-inl.h"

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

// value + error = a b; error is meant for doubles only.
template <class T>
HWY_INLINE void ExactProduct(hn::Vec<DD> a, hn::Vec<DD> b, hn::Vec<DD>& value, hn::Vec<DD>& error) {
  if constexpr (sizeof(T) == sizeof(float)) {
    value = hn::Mul(a, b);
  } else {
    TwoProduct(DD(), a, b, value, error);
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

  // Adds a term to each of the first n sums. term(io, i, value, error) sets value for the sums from i on, and
  // if T is double may set error, which belongs to it.
  template <class Term>
  HWY_INLINE void Add(size_t n, const Term& term) {
    ForEachVector(DD(), n, [&](const auto& io, size_t i) HWY_ATTR {
      auto value = hn::Zero(DD()), error = hn::Zero(DD());
      term(io, i, value, error);
      Add(io, i, value, error);
    });
  }
  HWY_INLINE void AddArray(const T* terms, size_t n) {
    Add(n, [&](const auto& io, size_t i, auto& value, auto&)
               HWY_ATTR { value = InDoubles(io.Load(Beside<T>(), terms + i)); });
  }

  // The sums from `first` on are `count` groups of `width`: adds them up in the first group, half of the
  // groups onto the other half until one is left.
  void Fold(size_t first, size_t count, size_t width) {
    while (count > 1) {
      const size_t kept = (count + 1) / 2, behind = first + kept * width;
      ForEachVector(DD(), (count - kept) * width, [&](const auto& io, size_t i) HWY_ATTR {
        const auto value = io.Load(DD(), high_ + behind + i);
        auto error = value;
        if constexpr (kPairs) error = io.Load(DD(), low_ + behind + i);
        Add(io, first + i, value, error);
      });
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
      const auto high = io.Load(DD(), high_ + i);
      if constexpr (kPairs) {
        const auto low = io.Load(DD(), low_ + i);
        io.Store(hn::Add(high, hn::IfThenElseZero(hn::Eq(low, low), low)), DD(), to + i);
      } else {
        io.Store(hn::DemoteTo(Beside<T>(), high), Beside<T>(), to + i);
      }
    });
  }

 private:
  static constexpr bool kPairs = sizeof(T) == sizeof(double);

  template <class IO>
  HWY_INLINE void Add(const IO& io, size_t i, hn::Vec<DD> value, hn::Vec<DD> error) {
    const auto before = io.Load(DD(), high_ + i);
    if constexpr (kPairs) {
      auto sum = before, rest = before;
      TwoSum(before, value, sum, rest);
      io.Store(sum, DD(), high_ + i);
      io.Store(hn::Add(io.Load(DD(), low_ + i), hn::Add(rest, error)), DD(), low_ + i);
    } else {
      (void)error;
      io.Store(hn::Add(before, value), DD(), high_ + i);
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
