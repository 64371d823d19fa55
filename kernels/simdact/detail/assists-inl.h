// Whether numbers next to zero are on the way, and how arguments keep clear of them.
//
// On x86 a product, sum of products or quotient that meets a denormal number, or whose result is one or
// vanishes, takes an assist of some 150 cycles for its vector: 10 to 100 times the price of ordinary data.
// Additions of denormals, comparisons, integer operations and conversions between float and double take none.
// So kernels for float keep clear of denormals at both ends (but for inputs of 2^-95 to 2^-46, whose squares
// and error terms may be denormal on the way):
//
// - An argument that a function near 0 does not see is moved off zero (kNegligible, here).
// - Results are held 2^b times too large, and TakeOff (denormals-inl.h) takes that off; BoundedBelow and
//   BoundedAbove tell whether a pack may hold a denormal result (`deep`).
// - Functions that are c x near 0 leave inputs below 2^-95 to a conversion (NearZero, denormals-inl.h).
//
// The comparisons for a pack cost an operation a vector. Either way the bits are the same. Other
// architectures compute plainly, and doubles do, but for NearZero where a result would lose by it.
//
// A caller may have denormals flushed to zero, too. So what is denormal on the way must not show in a result
// that is normal (tests/unary/environment_test.cc): the same scales see to that.

#if defined(SIMDACT_ASSISTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_ASSISTS_INL_H_
#undef SIMDACT_ASSISTS_INL_H_
#else
#define SIMDACT_ASSISTS_INL_H_
#endif

#include "simdact/detail/vector-inl.h"

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

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_ASSISTS_INL_H_
