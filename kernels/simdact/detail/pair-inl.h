// A number as a pair: the unevaluated sum of a high and a low word, twice as long as the format.
//
// A function over numbers takes a V, rounded, or a Pair<V>: High, Low and Word say what it consists of. A
// pair is not always normalized: its low word may have grown to a few ulp of the high one.
//
// Vectors without a size (SVE, RVV) cannot be members of a struct: there a pair is one of Highway's tuples.
// So say MakePair, High and Low, and never Pair's members.

#if defined(SIMDACT_PAIR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_PAIR_INL_H_
#undef SIMDACT_PAIR_INL_H_
#else
#define SIMDACT_PAIR_INL_H_
#endif

#include <type_traits>
#include <utility>

#include "simdact/detail/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// The tag of a vector's or a pack's lanes.
namespace detail {
template <class V>
struct TagOf {
  using type = hn::DFromV<V>;
};
template <class V, size_t kCount>
struct TagOf<Pack<V, kCount>> {
  using type = hn::DFromV<V>;
};
}  // namespace detail
template <class V>
using Tag = typename detail::TagOf<hwy::RemoveCvRef<V>>::type;

// The low word of a number that is a V.
struct NoLow {};

#if HWY_HAVE_SCALABLE || HWY_TARGET_IS_SVE
template <class V>
using Pair = hn::Vec2<hn::DFromV<V>>;
template <class N, class = void>
constexpr bool kIsPair = true;
template <class N>
constexpr bool kIsPair<N, std::void_t<hn::DFromV<N>>> = false;

template <class V>
HWY_INLINE Pair<V> MakePair(const V& high, const V& low) {
  return hn::Create2(hn::DFromV<V>(), high, low);
}
template <class N>
HWY_INLINE auto High(const N& n) {
  if constexpr (kIsPair<N>) {
    return hn::Get2<0>(n);
  } else {
    return n;
  }
}
template <class N>
HWY_INLINE auto Low(const N& n) {
  if constexpr (kIsPair<N>) {
    return hn::Get2<1>(n);
  } else {
    return NoLow();
  }
}
#else
template <class V>
struct Pair {
  HWY_INLINE Pair() {}  // NOLINT: none of these can be left to the compiler, as in Pack
  HWY_INLINE Pair(const V& h, const V& l) : high(h), low(l) {}
  HWY_INLINE Pair(const Pair& from) : high(from.high), low(from.low) {}
  HWY_INLINE Pair& operator=(const Pair& from) {
    high = from.high;
    low = from.low;
    return *this;
  }
  V high, low;
};
template <class N>
constexpr bool kIsPair = false;
template <class V>
constexpr bool kIsPair<Pair<V>> = true;

template <class V>
HWY_INLINE Pair<V> MakePair(const V& high, const V& low) {
  return Pair<V>(high, low);
}
template <class V>
HWY_INLINE V High(const V& v) {
  return v;
}
template <class V>
HWY_INLINE V High(const Pair<V>& n) {
  return n.high;
}
template <class V>
HWY_INLINE NoLow Low(const V&) {
  return NoLow();
}
template <class V>
HWY_INLINE V Low(const Pair<V>& n) {
  return n.low;
}
#endif

// The vector or pack of a number.
template <class N>
using Word = hwy::RemoveCvRef<decltype(High(std::declval<N>()))>;

// What a computation begins with, where that is a template's choice: pairs, or rounded numbers.
struct Pairs {};
struct Plain {};

// v in place of n's high word.
template <class N, class V>
HWY_INLINE auto WithHigh(const N& n, const V& v) {
  if constexpr (kIsPair<N>) {
    return MakePair(v, Low(n));
  } else {
    return v;
  }
}
// v in place of its low word.
template <class N, class V>
HWY_INLINE auto WithLow(const N& n, const V& v) {
  return MakePair(High(n), v);
}

// The number high + low, the same in all lanes.
template <class D>
HWY_INLINE auto Constant(D d, Scalar<D> high, Scalar<D> low) {
  return MakePair(hn::Set(d, high), hn::Set(d, low));
}

// The number as a V.
template <class N>
HWY_INLINE auto Round(const N& n) {
  if constexpr (kIsPair<N>) {
    return op::Add(High(n), Low(n));
  } else {
    return n;
  }
}
template <class N>
HWY_INLINE N Negated(const N& n) {
  if constexpr (kIsPair<N>) {
    return MakePair(op::Neg(High(n)), op::Neg(Low(n)));
  } else {
    return op::Neg(n);
  }
}
// n times a power of two.
template <class N, class P>
HWY_INLINE N Scaled(const N& n, const P& power) {
  if constexpr (kIsPair<N>) {
    return MakePair(op::Mul(High(n), power), op::Mul(Low(n), power));
  } else {
    return op::Mul(n, power);
  }
}
// n, or -n where `sign` has that bit, and no other.
template <class N, class V>
HWY_INLINE N WithFlippedSign(const N& n, const V& sign) {
  if constexpr (kIsPair<N>) {
    return MakePair(op::Xor(High(n), sign), op::Xor(Low(n), sign));
  } else {
    return op::Xor(n, sign);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_PAIR_INL_H_
