// The table shape: y[i] = table[x[i]] for bytes, by whatever a target can look up at once.
//
// AVX-512 with VBMI permutes the bytes of two vectors, 128 entries: two such lookups and a blend by the top
// bit. Arm looks up 64 entries, and lets an index that is out of range keep what was there: four lookups.
//
// AVX2 and AVX3 have pshufb: 16 entries by the low four bits of an index, or 0 if its top bit is set. Let
// x = 64 j + 16 s + l with j, s < 4. For one s, four lookups must select by j. With signed saturation,
//
//   i0 = x         has its top bit clear where j = 0 or 1
//   i1 = x - 64                          where j = 1   (128 to 255 are negative, and stay so)
//   i2 = x ^ 128                         where j = 2 or 3
//   i3 = i2 - 64                         where j = 3
//
// and all have l as their low bits. So T0[i0] ^ (T1 ^ T0)[i1] ^ T2[i2] ^ (T3 ^ T2)[i3] is Tj[l]: the lane
// that i1 serves had T0, which cancels. The same four indices serve all four s; two levels of blends, by the
// bits 4 and 5 of x, choose among these. That is 16 lookups, 12 xors, 3 blends, 5 operations for indices and
// masks a vector; on CPUs with three vector ports, whose blends are three operations, at most 2.3 elements a
// cycle on AVX2.
//
// Measured on Golden Cove, AVX2, n = 4096, elements a cycle: this 1.9; two values of s and eight
// indices 1.75; no s, 16 indices, 48 operations 1.67; masks with and and xor instead of blends 1.6; scalar
// loads 1.34 (bytes) and 1.24 (cut out of 64-bit words); a quarter of the elements by scalar loads beside the
// vectors 1.85. Two vectors at once gain nothing. On SSE4, of half the width, this gives 1.30: there the
// scalar loop does it. AVX3 without VBMI: 3.6.

#if defined(SIMDACT_TABLE_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_TABLE_DRIVER_INL_H_
#undef SIMDACT_TABLE_DRIVER_INL_H_
#else
#define SIMDACT_TABLE_DRIVER_INL_H_
#endif

#include <string.h>

#include "hwy/highway.h"
#include "kernels/drivers/arrays-inl.h"
#if HWY_ARCH_ARM_A64
#include <arm_neon.h>
#endif

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// Eight loads, then their stores: in place, the compiler could not reorder them itself.
HWY_INLINE void LookupScalar(const uint8_t* x, uint8_t* y, size_t n, const uint8_t* table) {
  size_t i = 0;
  for (; n - i >= 8; i += 8) {
    uint8_t found[8];
    for (size_t k = 0; k < 8; ++k) found[k] = table[x[i + k]];
    memcpy(y + i, found, 8);
  }
  for (; i < n; ++i) y[i] = table[x[i]];
}

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL

void LookUpBytes(const uint8_t* x, uint8_t* y, size_t n, const uint8_t* table) {
  assert(AliasIsExact(x, y, n) && AreApart(table, 256, y, n));
  const hn::FixedTag<uint8_t, 64> d;
  const auto t0 = hn::LoadU(d, table), t1 = hn::LoadU(d, table + 64);
  const auto t2 = hn::LoadU(d, table + 128), t3 = hn::LoadU(d, table + 192);
  const auto look_up = [&](hn::Vec<decltype(d)> v) HWY_ATTR {
    // The permute ignores the top bit; Highway's debug build insists on seeing it cleared.
    const auto index = hn::IndicesFromVec(d, HWY_IS_DEBUG_BUILD ? hn::And(v, hn::Set(d, 127)) : v);
    return hn::IfThenElse(hn::MaskFromVec(v), hn::TwoTablesLookupLanes(d, t2, t3, index),
                          hn::TwoTablesLookupLanes(d, t0, t1, index));
  };
  size_t i = 0;
  for (; n - i >= 64; i += 64) hn::StoreU(look_up(hn::LoadU(d, x + i)), d, y + i);
  if (i < n) hn::StoreN(look_up(hn::LoadN(d, x + i, n - i)), d, y + i, n - i);
}

#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2

using DU8 = hn::ScalableTag<uint8_t>;
using VU8 = hn::Vec<DU8>;

// a - 64, no less than -128.
HWY_INLINE VU8 Minus64(VU8 a) {
  const hn::RebindToSigned<DU8> di;
  return hn::BitCast(DU8(), hn::SaturatedSub(hn::BitCast(di, a), hn::Set(di, 64)));
}

// Lanes of `yes` where that bit of x is set, else of `no`: a blend asks for the top bit alone, so what the
// shift brings from the neighbouring byte does not matter.
template <int kBit>
HWY_INLINE VU8 IfBit(VU8 x, VU8 yes, VU8 no) {
  const hn::RebindToSigned<DU8> di;
  const hn::Repartition<uint16_t, DU8> d16;
  const auto top = hn::BitCast(di, hn::ShiftLeft<7 - kBit>(hn::BitCast(d16, x)));
  return hn::BitCast(DU8(), hn::IfNegativeThenElse(top, hn::BitCast(di, yes), hn::BitCast(di, no)));
}

// The 16 rows of the table, in each 128-bit block of a vector; those for i1 and i3 as differences.
struct Rows {
  HWY_ALIGN uint8_t row[16][hn::MaxLanes(DU8())];
  HWY_INLINE explicit Rows(const uint8_t* table) {
    const DU8 d;
    for (size_t k = 0; k < 16; ++k) {
      const auto own = hn::LoadDup128(d, table + 16 * k);
      const bool difference = k / 4 % 2 == 1;
      hn::Store(difference ? hn::Xor(own, hn::LoadDup128(d, table + 16 * (k - 4))) : own, d, row[k]);
    }
  }
  // table[x] in the lanes where bits 4 and 5 of x are s.
  HWY_INLINE VU8 Select(size_t s, VU8 i0, VU8 i1, VU8 i2, VU8 i3) const {
    const DU8 d;
    const auto low = hn::Xor(hn::TableLookupBytesOr0(hn::Load(d, row[s]), i0),
                             hn::TableLookupBytesOr0(hn::Load(d, row[4 + s]), i1));
    const auto high = hn::Xor(hn::TableLookupBytesOr0(hn::Load(d, row[8 + s]), i2),
                              hn::TableLookupBytesOr0(hn::Load(d, row[12 + s]), i3));
    return hn::Xor(low, high);
  }
  HWY_INLINE VU8 operator()(VU8 x) const {
    const auto i1 = Minus64(x), i2 = hn::Xor(x, hn::Set(DU8(), 128)), i3 = Minus64(i2);
    const auto even = IfBit<5>(x, Select(2, x, i1, i2, i3), Select(0, x, i1, i2, i3));
    const auto odd = IfBit<5>(x, Select(3, x, i1, i2, i3), Select(1, x, i1, i2, i3));
    return IfBit<4>(x, odd, even);
  }
};

void LookUpBytes(const uint8_t* x, uint8_t* y, size_t n, const uint8_t* table) {
  assert(AliasIsExact(x, y, n) && AreApart(table, 256, y, n));
  // Preparing the rows takes as long as 20 elements one by one.
  if (n < (kWide ? 32 : 64)) return LookupScalar(x, y, n, table);
  const DU8 d;
  const size_t lanes = hn::Lanes(d);
  const Rows rows(table);
  size_t i = 0;
  for (; n - i >= lanes; i += lanes) hn::StoreU(rows(hn::LoadU(d, x + i)), d, y + i);
  if (kWide && i < n) {  // AVX2 has no partial loads of bytes
    hn::StoreN(rows(hn::LoadN(d, x + i, n - i)), d, y + i, n - i);
  } else {
    LookupScalar(x + i, y + i, n - i, table);
  }
}

#elif HWY_ARCH_ARM_A64

// On the SVE targets as well: their vectors are no longer on most CPUs, and look up one vector's bytes.
void LookUpBytes(const uint8_t* x, uint8_t* y, size_t n, const uint8_t* table) {
  assert(AliasIsExact(x, y, n) && AreApart(table, 256, y, n));
  size_t i = 0;
  if (n >= 16) {
    const uint8x16x4_t t0 = vld1q_u8_x4(table), t1 = vld1q_u8_x4(table + 64);
    const uint8x16x4_t t2 = vld1q_u8_x4(table + 128), t3 = vld1q_u8_x4(table + 192);
    const uint8x16_t step = vdupq_n_u8(64);
    for (; n - i >= 16; i += 16) {
      uint8x16_t index = vld1q_u8(x + i);
      uint8x16_t found = vqtbl4q_u8(t0, index);
      index = vsubq_u8(index, step);  // wraps: what was found is out of range from now on
      found = vqtbx4q_u8(found, t1, index);
      index = vsubq_u8(index, step);
      found = vqtbx4q_u8(found, t2, index);
      index = vsubq_u8(index, step);
      found = vqtbx4q_u8(found, t3, index);
      vst1q_u8(y + i, found);
    }
  }
  LookupScalar(x + i, y + i, n - i, table);
}

#else

void LookUpBytes(const uint8_t* x, uint8_t* y, size_t n, const uint8_t* table) {
  assert(AliasIsExact(x, y, n) && AreApart(table, 256, y, n));
  LookupScalar(x, y, n, table);
}

#endif

constexpr simdact_table_kernel kTableKernel = {&LookUpBytes};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_TABLE_DRIVER_INL_H_
