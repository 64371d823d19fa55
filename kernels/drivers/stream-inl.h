// Results that the caches cannot hold go past them (non-temporal stores).
//
// A store to memory that is not in a cache reads its line first; one that bypasses the caches does not, which
// saves a third of the traffic of y = f(x). The loops stay as they are: a kernel is called for a block at a
// time, on the stack, and the block is copied out, whole lines at once. The results are those of one call,
// for they depend on their inputs alone.
//
// Only on x86: elsewhere Highway's Stream is a store.

#if defined(SIMDACT_STREAM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_STREAM_INL_H_
#undef SIMDACT_STREAM_INL_H_
#else
#define SIMDACT_STREAM_INL_H_
#endif

#include <stdint.h>

#include "dispatch/stream.h"
#include "hwy/cache_control.h"
#include "kernels/drivers/arrays-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

using UnaryKernel = void (*)(const void*, void*, size_t, simdact_params);
using BackwardKernel = void (*)(const void*, const void*, void*, size_t, simdact_params);

constexpr bool kStreams = HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128;
constexpr size_t kStreamLine = 64;
// What a kernel is called with here: never enough to come back.
constexpr size_t kStreamBlock = kLeastStream / 4;

// Whether an output of so many bytes is to be streamed. Costs a comparison for short arrays.
HWY_INLINE bool Streams(size_t bytes) {
  if constexpr (!kStreams) return false;
  if (HWY_LIKELY(bytes < kLeastStream)) return false;
  const size_t least = simdact_stream_bytes();
  return least != 0 && bytes >= least;
}

// to = from, whole lines, aligned.
HWY_INLINE void CopyOut(const uint8_t* from, uint8_t* to, size_t bytes) {
  const hn::CappedTag<uint8_t, kStreamLine> d;
  for (size_t i = 0; i < bytes; i += hn::Lanes(d)) hn::Stream(hn::Load(d, from + i), d, to + i);
}

// Calls part(i, to, n) for elements [i, i + n) and where they go, then sees to it that they get to y. Lines
// that are not filled, and elements that lie across lines, go to y at once.
template <class Part>
HWY_INLINE void InBlocks(void* y_void, size_t n, size_t element, const Part& part) {
  HWY_ALIGN uint8_t block[kStreamBlock];
  uint8_t* y = static_cast<uint8_t*>(y_void);
  const size_t most = kStreamBlock / element, line = kStreamLine / element;
  const size_t before = (0 - reinterpret_cast<uintptr_t>(y)) % kStreamLine;
  const bool whole = before % element == 0;
  size_t i = HWY_MIN(before / element, n);
  part(size_t{0}, y, i);
  while (i < n) {
    const size_t left = HWY_MIN(n - i, most), lines = left - left % line;
    const size_t count = lines == 0 ? left : lines;
    if (whole && lines != 0) {
      part(i, block, count);
      CopyOut(block, y + i * element, count * element);
    } else {
      part(i, y + i * element, count);
    }
    i += count;
  }
  hwy::FlushStream();
}

HWY_MAYBE_UNUSED HWY_NOINLINE void StreamForward(UnaryKernel kernel, const void* x, void* y, size_t n,
                                                 size_t element, simdact_params p) {
  const uint8_t* from = static_cast<const uint8_t*>(x);
  InBlocks(y, n, element,
           [&](size_t i, uint8_t* to, size_t count) HWY_ATTR { kernel(from + i * element, to, count, p); });
}

HWY_MAYBE_UNUSED HWY_NOINLINE void StreamBackward(BackwardKernel kernel, const void* source, const void* dy,
                                                  void* dx, size_t n, size_t element, simdact_params p) {
  const uint8_t* from = static_cast<const uint8_t*>(source);
  const uint8_t* from_dy = static_cast<const uint8_t*>(dy);
  InBlocks(dx, n, element, [&](size_t i, uint8_t* to, size_t count) HWY_ATTR {
    kernel(from + i * element, from_dy + i * element, to, count, p);
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_STREAM_INL_H_
