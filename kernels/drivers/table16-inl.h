// Tables of int16: y[i] = table[x[i]], or a point on the line between two of 513 nodes.
//
// A node a and the next one, b, are 32 bits next to each other: one load, or a lane of a gather. With o = q
// mod 128, a + floor(((b - a) o + 64) / 128) is floor((a (128 - o) + b o + 64) / 128), of which the sum is
// one instruction on x86, for pairs of 16 bits. The pairs of even and of odd elements are a vector each:
// their results lie where they belong, and a blend makes one vector of them. Nothing crosses lanes.
//
// Pairs come by scalar loads into lanes, or by gathers where these are as fast as the loads they consist of:
// on AVX-512 but AMD's, and on SVE. Measured on Zen 3, AVX2, n = 4096 and 65536, nanoseconds an element:
// scalar loads 0.36 to 0.45, gathers 0.52, loads through a buffer in memory 0.78 (the vector waits for the
// eight stores), no vectors 1.9. A lookup in 65,536 entries takes 0.42 to 0.57, by scalar loads as well.

#if defined(SIMDACT_TABLE16_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_TABLE16_DRIVER_INL_H_
#undef SIMDACT_TABLE16_DRIVER_INL_H_
#else
#define SIMDACT_TABLE16_DRIVER_INL_H_
#endif

#include <string.h>

#include "hwy/highway.h"
#include "kernels/drivers/arrays-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

constexpr size_t kValues = SIMDACT_TABLE16_VALUES, kNodes = SIMDACT_TABLE16_NODES;

// Eight loads, then their stores: in place, the compiler could not reorder them itself.
void LookUp16(const int16_t* x, int16_t* y, size_t n, const int16_t* table) {
  assert(AliasIsExact(x, y, 2 * n) && AreApart(table, 2 * kValues, y, 2 * n));
  size_t i = 0;
  for (; n - i >= 8; i += 8) {
    int16_t found[8];
    for (size_t k = 0; k < 8; ++k) found[k] = table[static_cast<uint16_t>(x[i + k])];
    memcpy(y + i, found, sizeof(found));
  }
  for (; i < n; ++i) y[i] = table[static_cast<uint16_t>(x[i])];
}

// What is left of an array, and all of it where there are no vectors for this; `middle` is the node of 0.
HWY_INLINE void InterpolateScalar(const int16_t* x, int16_t* y, size_t n, const int16_t* middle) {
  for (size_t i = 0; i < n; ++i) {
    const int q = x[i], a = middle[q >> 7], b = middle[(q >> 7) + 1];
    y[i] = static_cast<int16_t>(a + (((b - a) * (q & 127) + 64) >> 7));
  }
}

// Gathers may be at addresses that are no multiple of four, which RVV leaves to the CPU.
#define SIMDACT_TABLE16_GATHERS                                               \
  ((HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3 && HWY_TARGET != HWY_AVX3_ZEN4) || \
   (HWY_HAVE_SCALABLE && HWY_ARCH_ARM))
#define SIMDACT_TABLE16_VECTORS \
  (SIMDACT_TABLE16_GATHERS || (!HWY_HAVE_SCALABLE && HWY_TARGET != HWY_SCALAR && HWY_IS_LITTLE_ENDIAN))

#if SIMDACT_TABLE16_VECTORS

#if SIMDACT_TABLE16_GATHERS
using D16 = hn::ScalableTag<int16_t>;
#else
using D16 = hn::CappedTag<int16_t, 16>;
#endif
using D32 = hn::RepartitionToWide<D16>;
using V16 = hn::Vec<D16>;
using V32 = hn::Vec<D32>;

// The points for a vector q, of which `even` and `odd` are the pairs of nodes, a in the lower halves.
HWY_INLINE V16 Points(V16 q, V32 even, V32 odd) {
  const D16 d16;
  const D32 d32;
  const V16 o = hn::And(q, hn::Set(d16, 127)), rest = hn::Sub(hn::Set(d16, 128), o);
  // Weights: 128 - o for the lower half, o for the upper one.
  const V16 even_weights = hn::OddEven(hn::BitCast(d16, hn::ShiftLeft<16>(hn::BitCast(d32, o))), rest);
  const V16 odd_weights = hn::OddEven(o, hn::BitCast(d16, hn::ShiftRight<16>(hn::BitCast(d32, rest))));
  const V32 half = hn::Set(d32, 64);
  const V32 even_sum = hn::Add(hn::WidenMulPairwiseAdd(d32, hn::BitCast(d16, even), even_weights), half);
  const V32 odd_sum = hn::Add(hn::WidenMulPairwiseAdd(d32, hn::BitCast(d16, odd), odd_weights), half);
  // floor(sum / 128) has 16 bits: where they belong, in the upper half or the lower one.
  return hn::OddEven(hn::BitCast(d16, hn::ShiftLeft<9>(odd_sum)),
                     hn::BitCast(d16, hn::ShiftRight<7>(even_sum)));
}

#if SIMDACT_TABLE16_GATHERS

// The pairs of nodes for lanes whose upper halves are q, by gathers.
class Pairs {
 public:
#if HWY_ARCH_X86
  HWY_INLINE explicit Pairs(const int16_t* table) : middle_(table + 256) {
#if HWY_COMPILER_GCC_ACTUAL
    // Were the mask known to be full, g++ would gather into any register, and wait for what the last step did
    // with it: into zeros, instead.
    hwy::PreventElision(all_);
#endif
  }
  HWY_INLINE V32 operator()(V32 q) const {
    return V32{
        _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), all_, hn::ShiftRight<23>(q).raw, middle_, 2)};
  }
#else
  HWY_INLINE explicit Pairs(const int16_t* table) : middle_(table + 256) {}
  HWY_INLINE V32 operator()(V32 q) const {  // two bytes times floor(q / 128) from the middle
    const D32 d;
    const V32 bytes = hn::And(hn::ShiftRight<22>(q), hn::Set(d, ~1));
    return hn::GatherOffset(d, reinterpret_cast<const int32_t*>(middle_), bytes);
  }
#endif

 private:
  const int16_t* middle_;
#if HWY_ARCH_X86
  __mmask16 all_ = 0xFFFF;
#endif
};

HWY_INLINE V16 Interpolated(V16 q, const Pairs& pairs) {
  const V32 both = hn::BitCast(D32(), q);
  return Points(q, pairs(hn::ShiftLeft<16>(both)), pairs(both));
}

void Interpolate16(const int16_t* x, int16_t* y, size_t n, const int16_t* table) {
  assert(AliasIsExact(x, y, 2 * n) && AreApart(table, 2 * kNodes, y, 2 * n));
  const D16 d;
  const size_t lanes = hn::Lanes(d);
  const Pairs pairs(table);
  size_t i = 0;
  for (; n - i >= lanes; i += lanes) hn::StoreU(Interpolated(hn::LoadU(d, x + i), pairs), d, y + i);
  if (i < n) hn::StoreN(Interpolated(hn::LoadN(d, x + i, n - i), pairs), d, y + i, n - i);
}

#else

// The pairs of nodes for four elements, every other one from x on.
HWY_INLINE hn::Vec<hn::FixedTag<int32_t, 4> > FourPairs(const int16_t* x, const int16_t* middle) {
  const auto pair = [&](size_t k) {
    int32_t both;
    memcpy(&both, middle + (x[2 * k] >> 7), sizeof(both));
    return both;
  };
  return hn::Dup128VecFromValues(hn::FixedTag<int32_t, 4>(), pair(0), pair(1), pair(2), pair(3));
}

HWY_INLINE V32 Pairs(const int16_t* x, const int16_t* middle) {
#if HWY_MAX_BYTES >= 32
  return hn::Combine(D32(), FourPairs(x + 8, middle), FourPairs(x, middle));
#else
  return FourPairs(x, middle);
#endif
}

void Interpolate16(const int16_t* x, int16_t* y, size_t n, const int16_t* table) {
  assert(AliasIsExact(x, y, 2 * n) && AreApart(table, 2 * kNodes, y, 2 * n));
  const D16 d;
  constexpr size_t kLanes = hn::MaxLanes(D16());
  const int16_t* middle = table + 256;
  size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) {
    const V16 q = hn::LoadU(d, x + i);
    hn::StoreU(Points(q, Pairs(x + i, middle), Pairs(x + i + 1, middle)), d, y + i);
  }
  InterpolateScalar(x + i, y + i, n - i, middle);
}

#endif  // SIMDACT_TABLE16_GATHERS

#else

void Interpolate16(const int16_t* x, int16_t* y, size_t n, const int16_t* table) {
  assert(AliasIsExact(x, y, 2 * n) && AreApart(table, 2 * kNodes, y, 2 * n));
  InterpolateScalar(x, y, n, table + 256);
}

#endif  // SIMDACT_TABLE16_VECTORS

#undef SIMDACT_TABLE16_GATHERS
#undef SIMDACT_TABLE16_VECTORS

constexpr simdact_table16_kernel kTable16Kernel = {&LookUp16, &Interpolate16};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_TABLE16_DRIVER_INL_H_
