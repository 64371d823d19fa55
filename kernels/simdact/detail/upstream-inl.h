// What a derivative is multiplied with: dy of the layer above, in a vector, in an array, or nothing.

#if defined(SIMDACT_UPSTREAM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_UPSTREAM_INL_H_
#undef SIMDACT_UPSTREAM_INL_H_
#else
#define SIMDACT_UPSTREAM_INL_H_
#endif

#include "simdact/detail/assists-inl.h"
#include "simdact/detail/in-double-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// What a derivative is multiplied with: dy, or nothing.
struct NoUpstream {};
template <class V>
HWY_INLINE V TimesUpstream(const V& v, const NoUpstream&) {
  return v;
}
template <class V>
HWY_INLINE V TimesUpstream(const V& v, const V& dy) {
  return op::Mul(v, dy);
}
// An array, read where it is needed: a pack would take up registers all the while.
template <class D>
struct UpstreamArray {
  const Scalar<D>* from;
};
template <class D, class V>
HWY_INLINE V TimesUpstream(const V& v, const UpstreamArray<D>& dy) {
  const D d;
  if constexpr (op::Width<V>::value == 0) {
    return hn::Mul(v, hn::LoadU(d, dy.from));
  } else {
    V product;
    HWY_UNROLL(8)
    for (size_t u = 0; u < op::Width<V>::value; ++u)
      product.v[u] = hn::Mul(v.v[u], hn::LoadU(d, dy.from + u * hn::Lanes(d)));
    return product;
  }
}
namespace op {
template <class D>
HWY_INLINE hn::Vec<D> At(const UpstreamArray<D>& dy, size_t u) {
  return hn::LoadU(D(), dy.from + u * hn::Lanes(D()));
}
}  // namespace op
// slope dy for kernels computed in double, whose slope may be denormal.
template <class D, class V, class U>
HWY_INLINE V TimesUpstream(D d, const V& slope, const U& dy) {
  if constexpr (!hwy::IsSame<U, NoUpstream>() && kHasAssists<D> && kInDouble<D>) {
    if (HWY_UNLIKELY(AnyBelow<-100>(d, slope))) {
      if constexpr (op::Width<V>::value == 0) {
        return TimesInDouble(d, slope, dy);
      } else {
        V product;
        HWY_UNROLL(8)
        for (size_t u = 0; u < op::Width<V>::value; ++u)
          product.v[u] = TimesInDouble(d, slope.v[u], op::At(dy, u));
        return product;
      }
    }
  }
  return TimesUpstream(slope, dy);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_UPSTREAM_INL_H_
