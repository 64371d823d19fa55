// Numbers next to zero, at the price of ordinary ones; and floats computed in double.
//
// On x86 a product, sum of products or quotient that meets a denormal number, or whose result is one or
// vanishes, takes an assist of some 150 cycles for its vector: 10 to 100 times the price of ordinary data.
// Additions of denormals, comparisons, integer operations and conversions between float and double take none.
// So kernels for float keep clear of denormals at both ends (but for inputs of 2^-95 to 2^-46, whose squares
// and error terms may be denormal on the way):
//
// - An argument that a function near 0 does not see is moved off zero (kNegligible).
// - Results are held 2^b times too large, and TakeOff takes that off. It is a product where all results of a
//   pack are normal. Elsewhere an addition rounds those that are not to the denormals' grid, once, and the
//   bits of the sum, less those of what was added, are the denormal's. In backward the factor dy takes part
//   in it.
// - Functions that are c x near 0 leave inputs below 2^-95 to a conversion (NearZero).
//
// The comparisons for a pack cost an operation a vector. Either way the bits are the same. Other
// architectures compute plainly, and doubles do, but for NearZero where a result would lose by it.
//
// A caller may have denormals flushed to zero, too. So what is denormal on the way must not show in a result
// that is normal (tests/environment_test.cc): the same scales see to that.

#if defined(SIMDACT_TAILS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_TAILS_INL_H_
#undef SIMDACT_TAILS_INL_H_
#else
#define SIMDACT_TAILS_INL_H_
#endif

#include "simdact/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

template <class T>
constexpr T PowerOfTwo(int exponent) {
  T power = 1;
  for (; exponent > 0; --exponent) power *= 2;
  for (; exponent < 0; ++exponent) power /= 2;
  return power;
}

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

// Where assists are to be avoided.
template <class D>
constexpr bool kHasAssists = HWY_ARCH_X86&& kIsFloat<D>;
template <class D>
constexpr bool kAvoidAssists = kHasAssists<D>&& HWY_NATIVE_FMA;

// Added to an argument, or put in its place if it is smaller, where the function is constant up to there.
template <class D>
constexpr Scalar<D> kNegligible = PowerOfTwo<Scalar<D>>(kIsFloat<D> ? -50 : -110);
// x, or a number as good that is not denormal, where kNegligible size changes nothing; for x >= 0.
template <class D, class V>
HWY_INLINE V OffZero(D d, const V& x, Scalar<D> size = 1) {
  if constexpr (kAvoidAssists<D>) return AtLeast(hn::Set(d, kNegligible<D> * size), x);
  return x;
}
// The same for any x.
template <class D, class V>
HWY_INLINE V MovedOffZero(D d, const V& x, Scalar<D> size = 1) {
  if constexpr (kAvoidAssists<D>) return op::Add(x, hn::Set(d, kNegligible<D> * size));
  return x;
}

// The same for -x.
template <class D, class V>
HWY_INLINE V NegatedOffZero(D d, const V& x) {
  if constexpr (kAvoidAssists<D>) return op::Sub(hn::Set(d, kNegligible<D>), x);
  return op::Neg(x);
}

// f(v[u], ... f(v[1], v[0])), over the vectors of a pack.
template <class V, class F>
HWY_INLINE V Folded(const V& v, const F&) {
  return v;
}
template <class V, size_t kCount, class F>
HWY_INLINE V Folded(const Pack<V, kCount>& pack, const F& f) {
  V folded = pack.v[0];
  HWY_UNROLL(8)
  for (size_t u = 1; u < kCount; ++u) folded = f(pack.v[u], folded);
  return folded;
}
// min and max over the vectors of a pack. On x86 the second operand wins over NaN: a NaN is passed by, or it
// is the first and stays, and then fails every comparison.
template <class V>
HWY_INLINE auto FoldedMin(const V& v) {
  return Folded(v, [](auto a, auto b) HWY_ATTR { return hn::Min(a, b); });
}
template <class V>
HWY_INLINE auto FoldedMax(const V& v) {
  return Folded(v, [](auto a, auto b) HWY_ATTR { return hn::Max(a, b); });
}
// x, not below `least`, and whether a pack has x below `limit`, which ends the normal results: elsewhere the
// bound does nothing and the comparison costs what it would. What is deep goes through TakeOffTiny.
template <class D, class V>
HWY_INLINE V BoundedBelow(D d, const V& x, Scalar<D> least, Scalar<D> limit, bool& deep) {
  deep = false;
  if constexpr (kAvoidAssists<D>) {
    deep = !hn::AllTrue(d, hn::Ge(FoldedMin(x), hn::Set(d, limit)));
    if (HWY_LIKELY(!deep)) return x;
  }
  return AtLeast(hn::Set(d, least), x);
}
template <class D, class V>
HWY_INLINE V BoundedAbove(D d, const V& x, Scalar<D> most, Scalar<D> limit, bool& deep) {
  deep = false;
  if constexpr (kAvoidAssists<D>) {
    deep = !hn::AllTrue(d, hn::Le(FoldedMax(x), hn::Set(d, limit)));
    if (HWY_LIKELY(!deep)) return x;
  }
  return AtMost(hn::Set(d, most), x);
}

// Whether some |v| is below 2^kExponent.
template <int kExponent, class D, class V>
HWY_INLINE bool AnyBelow(D d, const V& v) {
  if constexpr (kWide && kExponent == -95) {  // the upper bits of the exponent, one instruction for a vector
    const hn::RebindToSigned<D> di;
    const auto bits = hn::Set(di, 0x70000000), zero = hn::Zero(di);
    auto above = hn::Ne(hn::And(hn::BitCast(di, op::At(v, 0)), bits), zero);
    HWY_UNROLL(8)
    for (size_t u = 1; u < op::Width<V>::value; ++u)
      above = hn::And(above, hn::Ne(hn::And(hn::BitCast(di, op::At(v, u)), bits), zero));
    return !hn::AllTrue(di, above);
  } else {
    const auto least = FoldedMin(V(op::Abs(v)));
    return !hn::AllTrue(d, hn::Ge(least, hn::Set(d, PowerOfTwo<Scalar<D>>(kExponent))));
  }
}

// Whether all v are below the limit, and none is NaN.
template <class D, class V>
HWY_INLINE bool AllBelow(D d, const V& v, Scalar<D> limit) {
  auto below = hn::Lt(op::At(v, 0), hn::Set(d, limit));
  HWY_UNROLL(8)
  for (size_t u = 1; u < op::Width<V>::value; ++u)
    below = hn::And(below, hn::Lt(op::At(v, u), hn::Set(d, limit)));
  return hn::AllTrue(d, below);
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

#endif  // SIMDACT_TAILS_INL_H_
