// Parameters that the vector kernels are not made for: one lane after the other (general.h).

#if defined(SIMDACT_GENERAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_GENERAL_INL_H_
#undef SIMDACT_GENERAL_INL_H_
#else
#define SIMDACT_GENERAL_INL_H_
#endif

#include "simdact/detail/general.h"
#include "simdact/detail/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// f(lane) for each lane.
template <class T, class F>
static HWY_NOINLINE void ReplaceEach(T* lanes, size_t n, const F& f) {
  for (size_t i = 0; i < n; ++i) lanes[i] = f(lanes[i]);
}
template <class D, class V, class F>
HWY_INLINE V EachLane(D d, const V& x, const F& f) {
  constexpr size_t kCount = op::Width<V>::value == 0 ? 1 : op::Width<V>::value;
  HWY_ALIGN Scalar<D> lanes[kCount * hn::MaxLanes(D())];
  const size_t size = hn::Lanes(d);
  for (size_t u = 0; u < kCount; ++u) hn::Store(op::At(x, u), d, lanes + u * size);
  ReplaceEach(lanes, kCount * size, f);
  if constexpr (op::Width<V>::value == 0) {
    return hn::Load(d, lanes);
  } else {
    V result;
    for (size_t u = 0; u < kCount; ++u) result.v[u] = hn::Load(d, lanes + u * size);
    return result;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_GENERAL_INL_H_
