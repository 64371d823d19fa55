// The columns of a row of softmax in packs, then in vectors, the last one partly filled: a loop over them,
// their scores, and where results go.

#if defined(SIMDACT_SOFTMAX_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_VECTORS_INL_H_
#undef SIMDACT_SOFTMAX_VECTORS_INL_H_
#else
#define SIMDACT_SOFTMAX_VECTORS_INL_H_
#endif

#include <type_traits>

#include "kernels/drivers/softmax-scores-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// f(i, count, vectors) for all columns of a row: packs first, then vectors, the last one partly filled, which
// is passed as 0 vectors. With kOneBody every single vector is.
template <size_t kCount, class D, class F>
HWY_INLINE void ForEachVector(D d, size_t n, const F& f) {
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  if constexpr (kCount > 1) {
    for (; n - i >= kCount * lanes; i += kCount * lanes) {
      f(i, lanes, std::integral_constant<size_t, kCount>());
    }
  }
  if constexpr (kOneBody) {
    for (; i < n; i += lanes) f(i, HWY_MIN(lanes, n - i), std::integral_constant<size_t, 0>());
  } else {
    for (; n - i >= lanes; i += lanes) f(i, lanes, std::integral_constant<size_t, 1>());
    if (i < n) f(i, n - i, std::integral_constant<size_t, 0>());
  }
}

template <size_t kCount, class D>
using Vectors = hwy::If<(kCount > 1), Pack<hn::Vec<D>, (kCount > 1 ? kCount : 2)>, hn::Vec<D>>;

// The scores from column i on, as numbers: of kCount vectors, or for 0 of the first `count` columns of one.
template <size_t kCount, class Scores, class D>
HWY_INLINE auto ScoresAt(const Scores& scores, D d, size_t i, size_t count) {
  if constexpr (kCount > 1) {
    Vectors<kCount, D> z, low;
    HWY_UNROLL(8)
    for (size_t u = 0; u < kCount; ++u) {
      const auto n = scores.template At<false>(d, i + u * count, count);
      z.v[u] = High(n);
      if constexpr (!Scores::kExact) low.v[u] = Low(n);
    }
    if constexpr (Scores::kExact) {
      return z;
    } else {
      return MakePair(z, low);
    }
  } else {
    return scores.template At<kCount == 0>(d, i, count);
  }
}
// Results of columns, as ScoresAt gives their scores.
template <size_t kSize, class Element, class D>
HWY_INLINE void StoreResult(D d, const Vectors<kSize, D>& v, typename Element::Stored* to, size_t count) {
  if constexpr (kSize > 1) {
    HWY_UNROLL(8)
    for (size_t u = 0; u < kSize; ++u) Element::Store(v.v[u], to + u * count);
  } else if constexpr (kSize == 1) {
    Element::Store(v, to);
  } else {
    Element::StoreN(v, to, count);
  }
  (void)d;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_VECTORS_INL_H_
