// What the drivers of all shapes load, store and check with.

#if defined(SIMDACT_ARRAYS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_ARRAYS_INL_H_
#undef SIMDACT_ARRAYS_INL_H_
#else
#define SIMDACT_ARRAYS_INL_H_
#endif

#include <assert.h>
#include <string.h>

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

// A parameter as kernels for T take it, rounded. g++ 12 rounds several at once, by a vector, and may leave
// that out where they become doubles again later on: it must not see what becomes of them.
template <class T>
HWY_INLINE T Parameter(double value) {
  T rounded = static_cast<T>(value);
#if HWY_COMPILER_GCC_ACTUAL
  if constexpr (sizeof(T) == sizeof(float)) hwy::PreventElision(rounded);
#endif
  return rounded;
}

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

// Where all loops have one body. A second one for single vectors is half of the code, and saves the shortest
// arrays some nanoseconds: on targets without FMA, which are old or small, that is not worth it.
constexpr bool kOneBody = !kSizeless && !HWY_NATIVE_FMA && HWY_TARGET != HWY_SCALAR;

// Copies `bytes` bytes, and zeros behind them as far as `size`.
HWY_MAYBE_UNUSED HWY_NOINLINE void CopyRest(const void* from, size_t bytes, void* to, size_t size) {
  memcpy(to, from, bytes);
  memset(static_cast<uint8_t*>(to) + bytes, 0, size - bytes);
}
// body(i) for i = 0, step, ... below n; it reads `step` elements from in[k] + i and writes them to out[k] +
// i: what is left over is a step of its own, on copies with zeros behind, to which in and out then point.
template <size_t kMostStep, class T, size_t kIn, size_t kOut, class Body>
HWY_INLINE void InSteps(size_t n, size_t step, const T* (&in)[kIn], T* (&out)[kOut], const Body& body) {
  HWY_ALIGN T copies[kIn + kOut][kMostStep];
  assert(step <= kMostStep);
  const size_t rest = n % step;
  size_t end = n - rest;
  T* to[kOut] = {};
  HWY_UNROLL(1)  // two would be the second body
  for (int left = rest == 0 ? 0 : 1; left >= 0; --left) {
    for (size_t i = 0; i < end; i += step) body(i);
    if (left == 0) break;
    for (size_t k = 0; k < kIn; ++k) {
      CopyRest(in[k] + end, rest * sizeof(T), copies[k], step * sizeof(T));
      in[k] = copies[k];
    }
    for (size_t k = 0; k < kOut; ++k) to[k] = out[k] + end, out[k] = copies[kIn + k];
    end = step;
  }
  for (size_t k = 0; k < kOut && rest != 0; ++k) CopyRest(out[k], rest * sizeof(T), to[k], rest * sizeof(T));
}

// How many vectors a pack has. A kernel names a number for floats, of which doubles take two at least and
// four at most, two without FMA, or both (PackSizes).
template <class T>
constexpr size_t VectorsFor(size_t for_float) {
  if (kSizeless || sizeof(T) == sizeof(float)) return for_float;
  if (!HWY_NATIVE_FMA) return 2;  // products of pairs take more registers
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
