// Floats computed in double: where there is no fused multiply-add, where a parameter makes floats lose too
// much, and for the rare input that floats are slow or wrong at.

#if defined(SIMDACT_IN_DOUBLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_IN_DOUBLE_INL_H_
#undef SIMDACT_IN_DOUBLE_INL_H_
#else
#define SIMDACT_IN_DOUBLE_INL_H_
#endif

#include "simdact/detail/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// Applies f(d64, v64), a function of doubles, to floats: each vector becomes two of doubles, which f works on
// in lockstep. (A single lane, as on the scalar target, becomes one.)
template <class D, class V, class F>
HWY_INLINE V InDouble(D d, const V& x, const F& f) {
  if constexpr (hn::MaxLanes(D()) == 1) {
    const hn::Rebind<double, D> d64;
    return op::DemoteTo(d, f(d64, op::PromoteTo(d64, x)));
  } else if constexpr (kSizeless) {  // one half after the other
    const hn::Half<D> half;
    const hn::Rebind<double, hn::Half<D>> d64;
    const auto lower = hn::DemoteTo(half, f(d64, hn::PromoteTo(d64, hn::LowerHalf(half, x))));
    const auto upper = hn::DemoteTo(half, f(d64, hn::PromoteTo(d64, hn::UpperHalf(half, x))));
    return hn::Combine(d, upper, lower);
  } else {
    const hn::Half<D> half;
    const hn::Rebind<double, hn::Half<D>> d64;
    constexpr size_t kCount = op::Width<V>::value == 0 ? 1 : op::Width<V>::value;
    Pack<hn::Vec<decltype(d64)>, 2 * kCount> wide;
    HWY_UNROLL(8)
    for (size_t u = 0; u < kCount; ++u) {
      wide.v[2 * u] = hn::PromoteTo(d64, hn::LowerHalf(half, op::At(x, u)));
      wide.v[2 * u + 1] = hn::PromoteTo(d64, hn::UpperHalf(half, op::At(x, u)));
    }
    wide = f(d64, wide);
    const auto narrow = [&](size_t u) HWY_ATTR {
      return hn::Combine(d, hn::DemoteTo(half, wide.v[2 * u + 1]), hn::DemoteTo(half, wide.v[2 * u]));
    };
    if constexpr (op::Width<V>::value == 0) {
      return narrow(0);
    } else {
      V result;
      HWY_UNROLL(8)
      for (size_t u = 0; u < kCount; ++u) result.v[u] = narrow(u);
      return result;
    }
  }
}

// The same, one vector of a pack after the other, where f is long and a whole pack would not fit the
// registers.
template <bool kOneByOne, class D, class V, class F>
HWY_INLINE V InDoubleOneByOne(D d, const V& x, const F& f) {
  return InDouble(d, x, f);
}
template <bool kOneByOne, class D, class V, size_t kCount, class F>
HWY_INLINE Pack<V, kCount> InDoubleOneByOne(D d, const Pack<V, kCount>& x, const F& f) {
  if constexpr (!kOneByOne) return InDouble(d, x, f);
  Pack<V, kCount> y;
  for (size_t u = 0; u < kCount; ++u) y.v[u] = InDouble(d, x.v[u], f);
  return y;
}

// x c.
template <class D>
HWY_INLINE hn::Vec<D> TimesConstant(D d, hn::Vec<D> x, double c) {
  if (c == 1.0) return x;
  if constexpr (kIsFloat<D>) {
    return InDouble(d, x, [c](auto d64, const auto& v) HWY_ATTR { return op::Mul(v, hn::Set(d64, c)); });
  } else {
    return hn::Mul(x, hn::Set(d, c));
  }
}
// a b, rounded once.
template <class D>
HWY_INLINE hn::Vec<D> TimesInDouble(D d, hn::Vec<D> a, hn::Vec<D> b) {
  const auto product = [&](auto narrow, auto x, auto y) HWY_ATTR {
    const hn::Rebind<double, decltype(narrow)> d64;
    return hn::DemoteTo(narrow, hn::Mul(hn::PromoteTo(d64, x), hn::PromoteTo(d64, y)));
  };
  if constexpr (hn::MaxLanes(D()) == 1) {
    return product(d, a, b);
  } else {
    const hn::Half<D> half;
    return hn::Combine(d, product(half, hn::UpperHalf(half, a), hn::UpperHalf(half, b)),
                       product(half, hn::LowerHalf(half, a), hn::LowerHalf(half, b)));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_IN_DOUBLE_INL_H_
