// What the drivers of all shapes load, store and check with.

#if defined(SIMDACT_ARRAYS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_ARRAYS_INL_H_
#undef SIMDACT_ARRAYS_INL_H_
#else
#define SIMDACT_ARRAYS_INL_H_
#endif

#include <assert.h>

#include "dispatch/checks.h"
#include "simdact/detail/vector-inl.h"
#include "simdact/simdact.h"

// For functions that run once in a blue moon: made short rather than fast.
#ifndef SIMDACT_COLD
#if HWY_COMPILER_MSVC && !HWY_COMPILER_CLANG
#define SIMDACT_COLD HWY_NOINLINE
#else
#define SIMDACT_COLD HWY_NOINLINE __attribute__((cold))
#endif
#endif

// For lambdas that are the body of a loop: called out of line they would keep their accumulators in memory.
#ifndef SIMDACT_LOOP_BODY
#if HWY_COMPILER_MSVC && !HWY_COMPILER_CLANG
#define SIMDACT_LOOP_BODY HWY_ATTR
#else
#define SIMDACT_LOOP_BODY HWY_ATTR __attribute__((always_inline))
#endif
#endif

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// Same array, or no common element.
inline bool AliasIsExact(const void* a, const void* b, size_t bytes) {
  return MayShare({a, 1, bytes, bytes, 1}, {b, 1, bytes, bytes, 1});
}
// No common element.
inline bool AreApart(const void* a, size_t a_bytes, const void* b, size_t b_bytes) {
  return AreDisjoint({a, 1, a_bytes, a_bytes, 1}, {b, 1, b_bytes, b_bytes, 1});
}

template <size_t kCount, class D>
HWY_INLINE Pack<hn::Vec<D>, kCount> LoadPack(D d, const Scalar<D>* from) {
  Pack<hn::Vec<D>, kCount> pack;
  HWY_UNROLL(8)
  for (size_t u = 0; u < kCount; ++u) pack.v[u] = hn::LoadU(d, from + u * hn::Lanes(d));
  return pack;
}

template <size_t kCount, class D>
HWY_INLINE void StorePack(D d, const Pack<hn::Vec<D>, kCount>& pack, Scalar<D>* to) {
  HWY_UNROLL(8)
  for (size_t u = 0; u < kCount; ++u) hn::StoreU(pack.v[u], d, to + u * hn::Lanes(d));
}

// How many vectors a pack has. A kernel names a number for floats, of which doubles take two at least and
// four at most, or both (PackSizes).
template <class T>
constexpr size_t VectorsFor(size_t for_float) {
  if (kSizeless || sizeof(T) == sizeof(float)) return for_float;
  return for_float < 2 ? 2 : for_float > 4 ? 4 : for_float;
}
template <class T>
constexpr size_t VectorsFor(PackSizes vectors) {
  return sizeof(T) == sizeof(float) ? vectors.floats : vectors.doubles;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_ARRAYS_INL_H_
