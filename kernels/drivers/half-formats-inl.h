// bf16 and f16 in vectors: to floats, exactly, and back.
//
// Conversions are written here, once: Highway 1.3.0's emulated ones lose NaN and infinity (SSE2 to SSE4), and
// its native bf16 store flushes denormals (AVX3_ZEN4).

#if defined(SIMDACT_HALF_FORMATS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_HALF_FORMATS_INL_H_
#undef SIMDACT_HALF_FORMATS_INL_H_
#else
#define SIMDACT_HALF_FORMATS_INL_H_
#endif

#include "kernels/drivers/arrays-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// How far a float may be off before it is rounded, in units of its last place: the claims, and in backward
// the product by dy, with room.
constexpr int32_t kDoubt = 3;

// Whether the CPU converts between f16 and float, denormals, infinities and NaN included.
constexpr bool kNativeF16 = (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2) || HWY_ARCH_ARM_A64;

using DF = hn::ScalableTag<float>;
using DI = hn::RebindToSigned<DF>;
using DU = hn::RebindToUnsigned<DF>;
using DH = hn::Rebind<uint16_t, DF>;

// A format widens to float exactly; rounds, ties to even; narrows faster, where a tie may go either way; and
// tells which floats are so near to a tie that `doubt` units of their last place may carry them over it.
struct Bf16 {
  static constexpr int kSignificandBits = 7, kLeastExponent = -126, kInfinity = 0x7F80;
  static constexpr uint16_t kSmall = 0x2180, kLarge = 0x5D80;  // 2^-60 and 2^60

  static HWY_INLINE hn::Vec<DF> Widen(hn::Vec<DH> half) {
    return hn::BitCast(DF(), hn::ShiftLeft<16>(hn::PromoteTo(DU(), half)));
  }
  // NaN keeps its payload, whose lower half is 0.
  static HWY_INLINE hn::Vec<DH> Narrow(hn::Vec<DF> v) {
    const auto rounded = hn::Add(hn::BitCast(DU(), v), hn::Set(DU(), 0x8000));
    return hn::TruncateTo(DH(), hn::ShiftRight<16>(rounded));
  }
  static HWY_INLINE hn::Vec<DH> Round(hn::Vec<DF> v) {
    return hn::TruncateTo(DH(), hn::ShiftRight<16>(RoundedBits<true>(v)));
  }
  // What it rounds to is the upper half.
  template <bool kMayBeNan>
  static HWY_INLINE hn::Vec<DU> RoundedBits(hn::Vec<DF> v) {
    const auto bits = hn::BitCast(DU(), v);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(DU(), 1));
    const auto rounded = hn::Add(hn::Add(bits, hn::Set(DU(), 0x7FFF)), odd);
    if constexpr (!kMayBeNan) return rounded;
    const auto quiet = hn::Set(DU(), 0x7FC00000);  // a payload of all ones would carry into the sign
    return hn::IfThenElse(hn::RebindMask(DU(), hn::IsNaN(v)), quiet, rounded);
  }
  static HWY_INLINE hn::Mask<DI> InDoubt(hn::Vec<DF> v, int32_t doubt) {
    const auto beyond = hn::Add(hn::BitCast(DI(), v), hn::Set(DI(), 0x8000 + doubt));
    return hn::Lt(hn::And(beyond, hn::Set(DI(), 0xFFFF)), hn::Set(DI(), 2 * doubt + 1));
  }
};

struct F16 {
  static constexpr int kSignificandBits = 10, kLeastExponent = -14, kInfinity = 0x7C00;
  static constexpr uint16_t kSmall = 1, kLarge = kInfinity - 1;  // all that are neither 0 nor infinite

  static HWY_INLINE hn::Vec<DF> Widen(hn::Vec<DH> half) {
    if constexpr (kNativeF16) {
      const hn::Rebind<hwy::float16_t, DF> df16;
      return hn::PromoteTo(DF(), hn::BitCast(df16, half));
    } else {
      const auto wide = hn::PromoteTo(DI(), half);
      const auto magnitude = hn::And(wide, hn::Set(DI(), 0x7FFF));
      const auto sign = hn::ShiftLeft<16>(hn::Xor(wide, magnitude));
      const auto denormal = hn::Mul(hn::ConvertTo(DF(), magnitude), hn::Set(DF(), 0x1p-24f));
      auto normal = hn::Add(hn::ShiftLeft<13>(magnitude), hn::Set(DI(), 112 << 23));
      const auto special = hn::Gt(magnitude, hn::Set(DI(), 0x7BFF));  // infinity, NaN
      normal = hn::Add(normal, hn::IfThenElseZero(special, hn::Set(DI(), 112 << 23)));
      const auto is_normal = hn::Gt(magnitude, hn::Set(DI(), 0x3FF));
      const auto value = hn::IfThenElse(is_normal, normal, hn::BitCast(DI(), denormal));
      return hn::BitCast(DF(), hn::Or(value, sign));
    }
  }
  static HWY_INLINE hn::Vec<DH> Narrow(hn::Vec<DF> v) {
    if constexpr (kNativeF16) {
      const hn::Rebind<hwy::float16_t, DF> df16;
      return hn::BitCast(DH(), hn::DemoteTo(df16, v));
    } else {
      const auto all = hn::BitCast(DI(), v);
      const auto bits = hn::And(all, hn::Set(DI(), 0x7FFFFFFF));
      const auto sign = hn::BitCast(DI(), hn::ShiftRight<16>(hn::BitCast(DU(), hn::Xor(all, bits))));
      const auto bounded = hn::Min(bits, hn::Set(DI(), 0x47800000));  // 2^16, which becomes infinity
      const auto odd = hn::And(hn::ShiftRight<13>(bounded), hn::Set(DI(), 1));
      const auto rebased = hn::Add(bounded, hn::Set(DI(), 0xFFF - (112 << 23)));
      const auto normal = hn::ShiftRight<13>(hn::Add(rebased, odd));
      // A float in [1/2, 1) has the denormals' unit 2^-24.
      const auto half = hn::Set(DF(), 0.5f);
      const auto shifted = hn::BitCast(DI(), hn::Add(hn::BitCast(DF(), bits), half));
      const auto denormal = hn::Sub(shifted, hn::BitCast(DI(), half));
      auto result = hn::IfThenElse(hn::Lt(bits, hn::Set(DI(), 113 << 23)), denormal, normal);
      result = hn::IfThenElse(hn::Gt(bits, hn::Set(DI(), 0x7F800000)), hn::Set(DI(), 0x7E00), result);
      return hn::TruncateTo(DH(), hn::BitCast(DU(), hn::Or(result, sign)));
    }
  }
  static HWY_INLINE hn::Vec<DH> Round(hn::Vec<DF> v) { return Narrow(v); }
  // Denormal results are moved to [2^-14, 2^-13), where the unit 2^-24 is bit 13, as it is of normal ones.
  static HWY_INLINE hn::Mask<DI> InDoubt(hn::Vec<DF> v, int32_t doubt) {
    const auto magnitude = hn::Abs(v);
    const auto least = hn::Set(DF(), 0x1p-14f);
    const auto moved = hn::IfThenElse(hn::Lt(magnitude, least), hn::Add(magnitude, least), magnitude);
    const auto beyond = hn::Add(hn::BitCast(DI(), moved), hn::Set(DI(), 0x1000 + doubt));
    return hn::Lt(hn::And(beyond, hn::Set(DI(), 0x1FFF)), hn::Set(DI(), 2 * doubt + 1));
  }
};

// Blocks stay in the first-level cache.
constexpr size_t kBlock = 1024;

template <class Format>
void WidenBlock(const uint16_t* from, float* to, size_t n) {
  const size_t lanes = hn::Lanes(DF());
  size_t i = 0;
  HWY_UNROLL(4)
  for (; i + lanes <= n; i += lanes) hn::StoreU(Format::Widen(hn::LoadU(DH(), from + i)), DF(), to + i);
  if (i < n) hn::StoreN(Format::Widen(hn::LoadN(DH(), from + i, n - i)), DF(), to + i, n - i);
}

// to[i] = from[i] rounded once, ties to even.
template <class Format>
void RoundBlock(const float* from, uint16_t* to, size_t n) {
  const size_t lanes = hn::Lanes(DF());
  size_t i = 0;
  HWY_UNROLL(4)
  for (; i + lanes <= n; i += lanes) hn::StoreU(Format::Round(hn::LoadU(DF(), from + i)), DH(), to + i);
  if (i < n) hn::StoreN(Format::Round(hn::LoadN(DF(), from + i, n - i)), DH(), to + i, n - i);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_HALF_FORMATS_INL_H_
