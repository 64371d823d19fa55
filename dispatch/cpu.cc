// Which of Highway's targets this CPU runs; of Highway, only the names of its targets.
//
// Each target asks for at least what Highway 1.3.0 asks for it, and for what its instructions need.
// Architectures that are not here run what the compiler's flags take for granted.

#include "dispatch/cpu.h"

#include "hwy/detect_targets.h"

#if HWY_ARCH_X86
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

#if defined(__APPLE__)
#include <stdlib.h>
#include <sys/sysctl.h>
#elif HWY_ARCH_ARM_A64 && defined(__linux__)
#include <sys/auxv.h>
#include <sys/prctl.h>
#endif

namespace simdact {
namespace {

// ---- x86: a target needs what the one before it needs, and some bits more --------------------------------

constexpr uint32_t Bits() { return 0; }
template <class... Rest>
constexpr uint32_t Bits(int bit, Rest... rest) {
  return uint32_t{1} << bit | Bits(rest...);
}

struct Need {
  X86Word word;
  uint32_t bits;
};

constexpr Need kSse2[] = {{kLeaf1Edx, Bits(25, 26)}};  // SSE, SSE2
constexpr Need kSsse3[] = {{kLeaf1Ecx, Bits(0, 9)}};   // SSE3, SSSE3
// SSE4.1, SSE4.2, PCLMUL, AES, and POPCNT, which compilers take SSE4.2 to imply.
constexpr Need kSse4[] = {{kLeaf1Ecx, Bits(19, 20, 1, 25, 23)}};
constexpr Need kAvx2[] = {
    {kLeaf1Ecx, Bits(12, 26, 27, 28, 29)},  // FMA, XSAVE, its use by the system, AVX, F16C
    {kLeaf7Ebx, Bits(3, 5, 8)},             // BMI1, AVX2, BMI2
    {kExtended1Ecx, Bits(5)},               // LZCNT
    {kXcr0, Bits(1, 2)}};                   // the lower and upper halves of the ymm registers are kept
constexpr Need kAvx3[] = {{kLeaf7Ebx, Bits(16, 17, 28, 30, 31)},  // AVX-512 F, DQ, CD, BW, VL
                          {kXcr0, Bits(5, 6, 7)}};  // masks, zmm0 to 15 and zmm16 to 31 are kept
// VBMI, VBMI2, GFNI, VAES, VPCLMULQDQ, VNNI, BITALG, VPOPCNTDQ
constexpr Need kAvx3Dl[] = {{kLeaf7Ecx, Bits(1, 6, 8, 9, 10, 11, 12, 14)}};
constexpr Need kAvx3Zen4[] = {{kLeaf7Sub1Eax, Bits(5)}};   // BF16
constexpr Need kAvx3Spr[] = {{kLeaf7Edx, Bits(23)}};       // FP16
constexpr Need kAvx10[] = {{kLeaf7Sub1Edx, Bits(19, 21)},  // AVX10, APX
                           {kLeaf24Ebx, Bits(18)}};        // with vectors of 512 bits

template <size_t kCount>
bool Has(const X86& cpu, const Need (&needs)[kCount]) {
  for (const Need& need : needs) {
    if ((cpu.words[need.word] & need.bits) != need.bits) return false;
  }
  return true;
}

}  // namespace

int64_t TargetsOf(const X86& cpu) {
  int64_t targets = 0;
  if (!Has(cpu, kSse2)) return targets;
  targets |= HWY_SSE2;
  if (!Has(cpu, kSsse3)) return targets;
  targets |= HWY_SSSE3;
  if (!Has(cpu, kSse4)) return targets;
  targets |= HWY_SSE4;
  if (!Has(cpu, kAvx2)) return targets;
  targets |= HWY_AVX2;
  if (!Has(cpu, kAvx3)) return targets;
  targets |= HWY_AVX3;
  if (!Has(cpu, kAvx3Dl)) return targets;
  targets |= HWY_AVX3_DL;
  if (!Has(cpu, kAvx3Zen4)) return targets;
  // The target is AVX3_DL and BF16 but for what is slow on AMD's CPUs.
  if (cpu.amd) targets |= HWY_AVX3_ZEN4;
  if (!Has(cpu, kAvx3Spr)) return targets;
  targets |= HWY_AVX3_SPR;
  const uint32_t avx10_version = cpu.words[kLeaf24Ebx] & 0xFF;
  if (Has(cpu, kAvx10) && avx10_version >= 2) targets |= HWY_AVX10_2;
  return targets;
}

// ---- Arm: bits of Linux's AT_HWCAP and AT_HWCAP2, of which old headers lack some -----------------------

int64_t TargetsOf(const Arm& cpu) {
  constexpr uint64_t kAes = uint64_t{1} << 3, kPmull = uint64_t{1} << 4;
  constexpr uint64_t kHalf = uint64_t{1} << 9 | uint64_t{1} << 10;  // FPHP, ASIMDHP
  constexpr uint64_t kDotProduct = uint64_t{1} << 20, kSve = uint64_t{1} << 22;
  constexpr uint64_t kSve2 = uint64_t{1} << 1, kSveAes = uint64_t{1} << 2,
                     kBf16 = uint64_t{1} << 14;  // in hwcap2
  const auto has = [&](uint64_t in_hwcap, uint64_t in_hwcap2) {
    return (cpu.hwcap & in_hwcap) == in_hwcap && (cpu.hwcap2 & in_hwcap2) == in_hwcap2;
  };
  int64_t targets = HWY_NEON_WITHOUT_AES;  // there on each 64-bit Arm
  if (has(kAes | kPmull, 0)) targets |= HWY_NEON;
  if (has(kAes | kPmull | kHalf | kDotProduct, kBf16)) targets |= HWY_NEON_BF16;
  if (cpu.sve_bytes == 0 || !has(kSve, 0)) return targets;
  targets |= HWY_SVE;
  if (cpu.sve_bytes == 32) targets |= HWY_SVE_256;
  if (!has(kSve, kSve2 | kSveAes)) return targets;
  targets |= HWY_SVE2;
  if (cpu.sve_bytes == 16) targets |= HWY_SVE2_128;
  return targets;
}

// ---- Ask -----------------------------------------------------------------------------------------------

namespace {

#if HWY_ARCH_X86

struct Leaf {
  uint32_t eax, ebx, ecx, edx;
};
Leaf Cpuid(uint32_t leaf, uint32_t subleaf) {
#if defined(_MSC_VER)
  int words[4];
  __cpuidex(words, static_cast<int>(leaf), static_cast<int>(subleaf));
  return {static_cast<uint32_t>(words[0]), static_cast<uint32_t>(words[1]), static_cast<uint32_t>(words[2]),
          static_cast<uint32_t>(words[3])};
#else
  Leaf words;
  __cpuid_count(leaf, subleaf, words.eax, words.ebx, words.ecx, words.edx);
  return words;
#endif
}

// Only for a system that uses XSAVE: elsewhere the instruction does not exist.
uint32_t Xcr0() {
#if defined(_MSC_VER)
  return static_cast<uint32_t>(_xgetbv(0));
#else
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
#endif
}

#if defined(__APPLE__)
// macOS sets the bits of AVX-512 in XCR0 at a thread's first use of it, so its own word counts. Up to 12.1 it
// lost masks when it switched threads; Darwin 22 is macOS 13.
bool KeepsAvx512() {
  int has = 0;
  size_t size = sizeof(has);
  if (sysctlbyname("hw.optional.avx512f", &has, &size, nullptr, 0) != 0 || has == 0) return false;
  char release[32] = {};
  size = sizeof(release) - 1;
  return sysctlbyname("kern.osrelease", release, &size, nullptr, 0) == 0 && atoi(release) >= 22;
}
#endif

int64_t Ask() {
  X86 cpu = {};
  const Leaf vendor = Cpuid(0, 0);
  cpu.amd = vendor.ebx == 0x68747541 && vendor.edx == 0x69746E65 && vendor.ecx == 0x444D4163;  // AuthenticAMD
  const Leaf leaf1 = Cpuid(1, 0);
  cpu.words[kLeaf1Ecx] = leaf1.ecx;
  cpu.words[kLeaf1Edx] = leaf1.edx;
  if (vendor.eax >= 7) {
    const Leaf leaf7 = Cpuid(7, 0);
    cpu.words[kLeaf7Ebx] = leaf7.ebx;
    cpu.words[kLeaf7Ecx] = leaf7.ecx;
    cpu.words[kLeaf7Edx] = leaf7.edx;
    if (leaf7.eax >= 1) {
      const Leaf sub1 = Cpuid(7, 1);
      cpu.words[kLeaf7Sub1Eax] = sub1.eax;
      cpu.words[kLeaf7Sub1Edx] = sub1.edx;
    }
  }
  if (vendor.eax >= 0x24) cpu.words[kLeaf24Ebx] = Cpuid(0x24, 0).ebx;
  if (Cpuid(0x80000000u, 0).eax >= 0x80000001u) cpu.words[kExtended1Ecx] = Cpuid(0x80000001u, 0).ecx;
  constexpr uint32_t kXsave = Bits(26, 27);
  if ((leaf1.ecx & kXsave) == kXsave) {
    cpu.words[kXcr0] = Xcr0();
#if defined(__APPLE__)
    constexpr uint32_t kAvx512 = Bits(5, 6, 7);
    cpu.words[kXcr0] = KeepsAvx512() ? cpu.words[kXcr0] | kAvx512 : cpu.words[kXcr0] & ~kAvx512;
#endif
  }
  return TargetsOf(cpu);
}

#elif HWY_ARCH_ARM_A64 && defined(__APPLE__)

int64_t Ask() {
  const auto has = [](const char* feature) {
    int value = 0;
    size_t size = sizeof(value);
    return sysctlbyname(feature, &value, &size, nullptr, 0) == 0 && value != 0;
  };
  int64_t targets = HWY_NEON_WITHOUT_AES;
  if (!has("hw.optional.arm.FEAT_AES") || !has("hw.optional.arm.FEAT_PMULL")) return targets;
  targets |= HWY_NEON;
  // Systems differ in how they spell the conversions from and to half precision.
  const bool conversions = has("hw.optional.AdvSIMD_HPFPCvt") || has("hw.optional.arm.AdvSIMD_HPFPCvt");
  if (conversions && has("hw.optional.arm.FEAT_FP16") && has("hw.optional.arm.FEAT_DotProd") &&
      has("hw.optional.arm.FEAT_BF16"))
    targets |= HWY_NEON_BF16;
  return targets;
}

#elif HWY_ARCH_ARM_A64 && defined(__linux__)

int64_t Ask() {
  constexpr int kGetVectorLength = 51;  // PR_SVE_GET_VL
  const int answer = prctl(kGetVectorLength, 0, 0, 0, 0);
  const size_t sve_bytes = answer < 0 ? 0 : static_cast<size_t>(answer & 0xFFFF);
  return TargetsOf(Arm{getauxval(AT_HWCAP), getauxval(AT_HWCAP2), sve_bytes});
}

#else

int64_t Ask() { return 0; }

#endif

}  // namespace

int64_t DetectTargets() {
  return Ask() | HWY_SCALAR | HWY_EMU128 | static_cast<int64_t>(HWY_ENABLED_BASELINE);
}

}  // namespace simdact
