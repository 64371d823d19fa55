// How the drivers of columns with a bias, a scale or a weight walk over dense rows.
//
// A block is a piece of a row, as far as it fits the stack; narrow rows come several at a time, with the bias
// repeated as often, for they lie one behind the other and a kernel wants long arrays. So the columns are cut
// into strips, and a strip is worked off from the first row to the last with its bias, and its sums over the
// rows, at hand.

#if defined(SIMDACT_STRIPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_STRIPS_INL_H_
#undef SIMDACT_STRIPS_INL_H_
#else
#define SIMDACT_STRIPS_INL_H_
#endif

#include <string.h>

#include "kernels/drivers/half-formats-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// ---- Formats -------------------------------------------------------------------------------------------

// An element, the number to compute with, and blocks of the one as blocks of the other: float and double are
// used where they lie, 16-bit elements go through floats on the stack.
template <class T>
struct Direct {
  using Element = T;
  using Number = T;
  static constexpr bool kConverts = false;
  static HWY_INLINE const T* Read(const T* from, T*, size_t) { return from; }
  static HWY_INLINE T* Target(T* to, T*) { return to; }
  static HWY_INLINE void Finish(const T*, T*, size_t) {}
};
template <class Format>
struct InFloat {
  using Element = uint16_t;
  using Number = float;
  static constexpr bool kConverts = true;
  static HWY_INLINE const float* Read(const uint16_t* from, float* block, size_t n) {
    WidenBlock<Format>(from, block, n);
    return block;
  }
  static HWY_INLINE float* Target(uint16_t*, float* block) { return block; }
  static HWY_INLINE void Finish(const float* block, uint16_t* to, size_t n) {
    RoundBlock<Format>(block, to, n);
  }
};

// ---- Strips --------------------------------------------------------------------------------------------

// How rows x cols elements are cut: into strips of columns, these into blocks of up to `most` elements. A
// strip is a multiple of `unit` columns if these fit into a block, else a part of them.
struct Strips {
  size_t rows, cols, unit, width, repeats;  // rows in a block, if it takes whole rows; else 1

  HWY_INLINE Strips(size_t rows, size_t cols, size_t unit, size_t most)
      : rows(rows), cols(cols), unit(unit), width(cols), repeats(1) {
    if (cols <= most / 2) {
      repeats = HWY_MIN(most / cols, HWY_MAX(rows, size_t{1}));
    } else if (unit <= most) {
      const size_t units = hwy::DivCeil(cols, unit), strips = hwy::DivCeil(units, most / unit);
      width = hwy::DivCeil(units, strips) * unit;  // even strips: no short one at the end
    } else {
      width = hwy::RoundUpTo(hwy::DivCeil(unit, hwy::DivCeil(unit, most)), kEven);
    }
  }
  size_t WidthAt(size_t first) const {
    return HWY_MIN(width, unit < width ? cols - first : HWY_MIN(cols - first, unit - first % unit));
  }
  // block(i, size) for the elements from i on, first row to last.
  template <class Block>
  HWY_INLINE void ForEachBlock(size_t first, const Block& block) const {
    const size_t n = rows * cols, size = WidthAt(first) * repeats, step = repeats > 1 ? size : cols;
    for (size_t i = first; i < n; i += step) block(i, HWY_MIN(size, n - i));
  }

  static constexpr size_t kEven = 64;  // columns: whole vectors for the kernels
};

// The numbers that stand beside a strip's blocks: the columns' own, v[column / inner], as often as a block
// has rows. They are read where they lie if they lie so.
template <class F, size_t kMost, class T = typename F::Number>
const T* Repeated(const void* v_void, const Strips& strips, size_t first, size_t inner, T* block) {
  const typename F::Element* v = static_cast<const typename F::Element*>(v_void);
  const size_t width = strips.WidthAt(first), from = first / inner;
  const size_t count = (first + width - 1) / inner - from + 1;
  if (inner == 1) {
    const T* numbers = F::Read(v + from, block, count);
    if (strips.repeats == 1) return numbers;
    if (numbers != block) memcpy(block, numbers, width * sizeof(T));
  } else {
    HWY_ALIGN T numbers_block[kMost];
    const T* numbers = F::Read(v + from, numbers_block, count);
    size_t i = 0;
    for (size_t k = 0; k < count; ++k) {
      const size_t end = HWY_MIN(width, (from + k + 1) * inner - first);
      for (; i < end; ++i) block[i] = numbers[k];
    }
  }
  const size_t size = strips.repeats * width;
  for (size_t have = width; have < size; have *= 2) {
    memcpy(block + have, block, HWY_MIN(have, size - have) * sizeof(T));
  }
  return block;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_STRIPS_INL_H_
