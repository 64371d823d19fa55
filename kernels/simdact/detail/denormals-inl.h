// Denormal results and inputs, rounded once and at the price of ordinary ones (why: assists-inl.h).
//
// TakeOff multiplies by the power of two that a result was held too large by. It is a product where all
// results of a pack are normal. Elsewhere an addition rounds those that are not to the denormals' grid, once,
// and the bits of the sum, less those of what was added, are the denormal's. In backward the factor dy takes
// part in it.

#if defined(SIMDACT_DENORMALS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_DENORMALS_INL_H_
#undef SIMDACT_DENORMALS_INL_H_
#else
#define SIMDACT_DENORMALS_INL_H_
#endif

#include "simdact/detail/assists-inl.h"
#include "simdact/detail/in-double-inl.h"
#include "simdact/detail/upstream-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// v 2^-kBias, denormal.
template <int kBias, class D, class V>
HWY_INLINE V Denormal(D d, const V& v) {
  const hn::RebindToSigned<D> di;
  const auto least = hn::Set(d, PowerOfTwo<Scalar<D>>(kBias - 126));
  const V moved = op::Add(v, op::OrAnd(least, v, hn::SignBit(d)));
  return op::BitCast(d, op::Sub(op::BitCast(di, moved), hn::BitCast(di, least)));
}
// scaled 2^-kBias dy, some of it denormal: one vector after the other, for the registers' sake. Where scaled
// 2^-kBias is denormal it is multiplied with dy first. What would be rounded to 0 is 0 whatever dy: there the
// argument may have been bounded.
template <int kBias, bool kAll, class D, class U>
HWY_INLINE hn::Vec<D> TakeOffOne(D d, hn::Vec<D> scaled, const U& dy) {
  if constexpr (!hwy::IsSame<U, NoUpstream>()) {
    const auto nothing = hn::Set(d, PowerOfTwo<Scalar<D>>(kBias - 150));
    const auto vanishes = hn::Le(hn::Abs(scaled), nothing);
    scaled = hn::IfThenElse(vanishes, hn::And(scaled, hn::SignBit(d)), scaled);
  }
  const auto least = hn::Set(d, PowerOfTwo<Scalar<D>>(kBias - 126));
  const auto one = hn::Set(d, PowerOfTwo<Scalar<D>>(kBias)), unit = hn::Set(d, PowerOfTwo<Scalar<D>>(-kBias));
  const auto product = TimesUpstream(scaled, dy);
  const auto denormal = Denormal<kBias>(d, product);
  if constexpr (kAll && hwy::IsSame<U, NoUpstream>()) return denormal;
  const auto tiny = hn::Lt(hn::Abs(product), least);
  const auto result = hn::IfThenElse(tiny, denormal, hn::Mul(hn::IfThenElse(tiny, one, product), unit));
  if constexpr (kAll || hwy::IsSame<U, NoUpstream>()) return result;
  const auto small = hn::Lt(hn::Abs(scaled), least);
  const auto large = TimesUpstream(hn::Mul(hn::IfThenElse(small, one, scaled), unit), dy);
  return hn::IfThenElse(small, result, large);
}
template <int kBias, bool kAll, class D, class V, class U>
HWY_INLINE V TakeOffEach(D d, const V& scaled, const U& dy) {
  if constexpr (op::Width<V>::value == 0) {
    return TakeOffOne<kBias, kAll>(d, scaled, dy);
  } else {
    V result;
    HWY_UNROLL(8)
    for (size_t u = 0; u < op::Width<V>::value; ++u)
      result.v[u] = TakeOffOne<kBias, kAll>(d, scaled.v[u], op::At(dy, u));
    return result;
  }
}
template <int kBias, class D, class V, class U = NoUpstream>
HWY_INLINE V TakeOffTiny(D d, const V& scaled, const U& dy = U()) {
  if (AllBelow(d, V(op::Abs(scaled)), PowerOfTwo<Scalar<D>>(kBias - 126)))
    return TakeOffEach<kBias, true>(d, scaled, dy);
  return TakeOffEach<kBias, false>(d, scaled, dy);
}

// scaled 2^-kBias dy.
template <int kBias, class D, class V, class U = NoUpstream>
HWY_INLINE V TakeOff(D d, bool deep, const V& scaled, const U& dy = U()) {
  if constexpr (kAvoidAssists<D>) {
    if (HWY_UNLIKELY(deep)) return TakeOffTiny<kBias>(d, scaled, dy);
  }
  return TimesUpstream(V(op::Mul(scaled, hn::Set(d, PowerOfTwo<Scalar<D>>(-kBias)))), dy);
}

// from - scaled 2^-kBias, for scaled >= 0.
template <int kBias, class D, class V>
HWY_INLINE V TakeOffFrom(D d, bool deep, const V& from, const V& scaled) {
  const auto unit = hn::Set(d, PowerOfTwo<Scalar<D>>(-kBias));
  if constexpr (kAvoidAssists<D>) {
    const auto least = hn::Set(d, PowerOfTwo<Scalar<D>>(kBias - 126));
    if (HWY_UNLIKELY(deep)) {
      const hn::RebindToSigned<D> di;
      const auto tiny = op::Lt(scaled, least);
      const auto moved = op::BitCast(di, op::Add(scaled, least));
      const V denormal = op::BitCast(d, op::Sub(moved, hn::BitCast(di, least)));
      const V normal = op::NegMulAdd(op::IfThenElse(tiny, least, scaled), unit, from);
      return op::IfThenElse(tiny, op::Sub(from, denormal), normal);
    }
  }
  return op::NegMulAdd(scaled, unit, from);
}

// v = f(v), one vector after the other.
template <class V, class F>
HWY_INLINE void ForEach(V& v, const F& f) {
  v = f(v);
}
template <class V, size_t kCount, class F>
HWY_INLINE void ForEach(Pack<V, kCount>& pack, const F& f) {
  HWY_UNROLL(8)
  for (size_t u = 0; u < kCount; ++u) pack.v[u] = f(pack.v[u]);
}

// f(x) where |x| is not below 2^-95 (doubles: 2^-900), near(x) where it is; zeros may go either way. Nearer
// to 0 the error terms of products with x are denormal: a caller who flushes those to zero would lose them,
// or, of the parts that x is split into without FMA, only some. kShows: whether a result would then miss its
// claim, so that there must be a limit where nothing is won by one.
template <bool kShows, class D, class V, class F, class N>
HWY_INLINE V NearZero(D d, const V& x, const F& f, const N& near) {
  if constexpr (kAvoidAssists<D>) {
    constexpr float kLimit = 0x1p-95f;
    constexpr size_t kCount = op::Width<V>::value == 0 ? 1 : op::Width<V>::value;
    float kept[kCount * hn::MaxLanes(D())];  // x is not kept in registers, of which f has too few
    V bounded = x;
    bool tiny = AnyBelow<-95>(d, x);
    if (HWY_UNLIKELY(tiny)) {
      const auto limit = hn::Set(d, kLimit);
      tiny = AnyBelow<-95>(d, V(op::IfThenElse(op::Eq(x, hn::Zero(d)), limit, x)));  // apart from zeros
      if (tiny) {
        if (AllBelow(d, V(op::Abs(x)), kLimit)) {
          V y = x;
          ForEach(y, near);
          return y;
        }
        HWY_UNROLL(8)
        for (size_t u = 0; u < kCount; ++u) hn::StoreU(op::At(x, u), d, kept + u * hn::Lanes(d));
        bounded = op::IfThenElse(op::Lt(op::Abs(x), limit), hn::Set(d, 1.0f), x);
      }
    }
    V y = f(bounded);
    if (HWY_UNLIKELY(tiny)) {
      const auto place = [&](hn::Vec<D>& to, size_t u) HWY_ATTR {
        const auto from = hn::LoadU(d, kept + u * hn::Lanes(d));
        to = hn::IfThenElse(hn::Lt(hn::Abs(from), hn::Set(d, kLimit)), near(from), to);
      };
      if constexpr (op::Width<V>::value == 0) {
        place(y, 0);
      } else {
        HWY_UNROLL(8)
        for (size_t u = 0; u < kCount; ++u) place(y.v[u], u);
      }
    }
    return y;
  } else if constexpr (kShows) {
    constexpr int kLimit = kIsFloat<D> ? -95 : -900;
    V y = f(x);
    if (HWY_UNLIKELY(AnyBelow<kLimit>(d, x))) {
      V tiny = x;
      ForEach(tiny, near);
      y = op::IfThenElse(op::Lt(op::Abs(x), hn::Set(d, PowerOfTwo<Scalar<D>>(kLimit))), tiny, y);
    }
    return y;
  } else {
    return f(x);
  }
}
template <class D, class V, class F, class N>
HWY_INLINE V NearZero(D d, const V& x, const F& f, const N& near) {
  return NearZero<!HWY_NATIVE_FMA>(d, x, f, near);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_DENORMALS_INL_H_
