// Which targets a CPU runs: as Highway says, and on CPUs that are made up.

#include "dispatch/cpu.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "hwy/highway.h"
#include "hwy/targets.h"

namespace simdact {
namespace {

TEST(Cpu, ThisOneRunsWhatHighwaySays) {
  const int64_t targets = DetectTargets();
  EXPECT_EQ(targets & HWY_TARGETS, hwy::SupportedTargets() & HWY_TARGETS);
  EXPECT_NE(targets & HWY_STATIC_TARGET, 0);
}

// ---- x86 -----------------------------------------------------------------------------------------------

struct Bit {
  X86Word word;
  int bit;
};
void Set(X86* cpu, std::initializer_list<Bit> bits) {
  for (const Bit& b : bits) cpu->words[b.word] |= uint32_t{1} << b.bit;
}

// From Intel's and AMD's manuals: what each generation adds.
constexpr std::initializer_list<Bit> kCore2 = {
    {kLeaf1Edx, 25}, {kLeaf1Edx, 26}, {kLeaf1Ecx, 0}, {kLeaf1Ecx, 9}};
constexpr std::initializer_list<Bit> kWestmere = {{kLeaf1Ecx, 19}, {kLeaf1Ecx, 20}, {kLeaf1Ecx, 23},
                                                  {kLeaf1Ecx, 1},  {kLeaf1Ecx, 25}, {kLeaf1Ecx, 26},
                                                  {kLeaf1Ecx, 27}, {kXcr0, 0},      {kXcr0, 1}};
constexpr std::initializer_list<Bit> kHaswell = {{kLeaf1Ecx, 28},    {kLeaf1Ecx, 29}, {kLeaf1Ecx, 12},
                                                 {kExtended1Ecx, 5}, {kLeaf7Ebx, 3},  {kLeaf7Ebx, 5},
                                                 {kLeaf7Ebx, 8},     {kXcr0, 2}};
constexpr std::initializer_list<Bit> kSkylakeX = {{kLeaf7Ebx, 16}, {kLeaf7Ebx, 17}, {kLeaf7Ebx, 28},
                                                  {kLeaf7Ebx, 30}, {kLeaf7Ebx, 31}, {kXcr0, 5},
                                                  {kXcr0, 6},      {kXcr0, 7}};
constexpr std::initializer_list<Bit> kIceLake = {{kLeaf7Ecx, 1},  {kLeaf7Ecx, 6},  {kLeaf7Ecx, 8},
                                                 {kLeaf7Ecx, 9},  {kLeaf7Ecx, 10}, {kLeaf7Ecx, 11},
                                                 {kLeaf7Ecx, 12}, {kLeaf7Ecx, 14}};
constexpr std::initializer_list<Bit> kCooperLake = {{kLeaf7Sub1Eax, 5}};
constexpr std::initializer_list<Bit> kSapphireRapids = {{kLeaf7Edx, 23}};
constexpr std::initializer_list<Bit> kDiamondRapids = {
    {kLeaf7Sub1Edx, 19}, {kLeaf7Sub1Edx, 21}, {kLeaf24Ebx, 18}, {kLeaf24Ebx, 1}};

struct Generation {
  std::initializer_list<Bit> bits;
  int64_t target, without_amd;  // what it adds, on AMD's CPUs and on others
};
const Generation kGenerations[] = {{kCore2, HWY_SSE2 | HWY_SSSE3, HWY_SSE2 | HWY_SSSE3},
                                   {kWestmere, HWY_SSE4, HWY_SSE4},
                                   {kHaswell, HWY_AVX2, HWY_AVX2},
                                   {kSkylakeX, HWY_AVX3, HWY_AVX3},
                                   {kIceLake, HWY_AVX3_DL, HWY_AVX3_DL},
                                   {kCooperLake, HWY_AVX3_ZEN4, 0},
                                   {kSapphireRapids, HWY_AVX3_SPR, HWY_AVX3_SPR},
                                   {kDiamondRapids, HWY_AVX10_2, HWY_AVX10_2}};

TEST(Cpu, EachGenerationAddsItsTarget) {
  for (const bool amd : {false, true}) {
    X86 cpu = {};
    cpu.amd = amd;
    int64_t want = 0;
    EXPECT_EQ(TargetsOf(cpu), 0);
    for (const Generation& g : kGenerations) {
      Set(&cpu, g.bits);
      want |= amd ? g.target : g.without_amd;
      EXPECT_EQ(TargetsOf(cpu), want);
    }
  }
}

// A hypervisor may hide any feature, and a system may keep any registers: without one bit, neither its target
// nor a better one runs.
TEST(Cpu, EachFeatureIsNeeded) {
  for (const bool amd : {false, true}) {
    X86 all = {};
    all.amd = amd;
    for (const Generation& g : kGenerations) Set(&all, g.bits);
    int64_t below = 0;
    for (const Generation& g : kGenerations) {
      for (const Bit& b : g.bits) {
        if (b.word == kXcr0 && b.bit == 0) continue;  // x87, always kept
        X86 cpu = all;
        cpu.words[b.word] &= ~(uint32_t{1} << b.bit);
        // The bits of XSAVE come with Westmere, whose target does without.
        const bool xsave =
            (b.word == kLeaf1Ecx && (b.bit == 26 || b.bit == 27)) || (b.word == kXcr0 && b.bit == 1);
        const int64_t most = xsave ? below | HWY_SSE4 : below;
        const int64_t targets = TargetsOf(cpu);
        EXPECT_EQ(targets & ~(most | HWY_SSE2), 0) << "word " << b.word << " bit " << b.bit;
      }
      below |= amd ? g.target : g.without_amd;
    }
  }
}

// ---- Arm -----------------------------------------------------------------------------------------------

constexpr uint64_t Mask(std::initializer_list<int> bits) {
  uint64_t mask = 0;
  for (const int bit : bits) mask |= uint64_t{1} << bit;
  return mask;
}

TEST(Cpu, ArmByItsCapabilities) {
  const int64_t least = HWY_NEON_WITHOUT_AES, neon = least | HWY_NEON, bf16 = neon | HWY_NEON_BF16;
  const uint64_t aes = Mask({3, 4}), v82 = aes | Mask({9, 10, 20}), sve = v82 | Mask({22});
  const uint64_t sve2 = Mask({1, 2}), with_bf16 = Mask({14});
  EXPECT_EQ(TargetsOf(Arm{0, 0, 0}), least);   // Raspberry Pi 4
  EXPECT_EQ(TargetsOf(Arm{aes, 0, 0}), neon);  // Cortex-A72
  EXPECT_EQ(TargetsOf(Arm{v82, 0, 0}), neon);  // Neoverse N1
  EXPECT_EQ(TargetsOf(Arm{v82, with_bf16, 0}), bf16);
  EXPECT_EQ(TargetsOf(Arm{sve, 0, 64}), neon | HWY_SVE);                        // A64FX
  EXPECT_EQ(TargetsOf(Arm{sve, with_bf16, 32}), bf16 | HWY_SVE | HWY_SVE_256);  // Neoverse V1
  EXPECT_EQ(TargetsOf(Arm{sve, with_bf16 | sve2, 16}), bf16 | HWY_SVE | HWY_SVE2 | HWY_SVE2_128);
  EXPECT_EQ(TargetsOf(Arm{sve, with_bf16 | Mask({1}), 16}), bf16 | HWY_SVE);  // SVE2 without its AES
  EXPECT_EQ(TargetsOf(Arm{sve, with_bf16 | sve2, 0}), bf16);  // the system does not let programs use it
  EXPECT_EQ(TargetsOf(Arm{v82, with_bf16 | sve2, 16}), bf16);
}

}  // namespace
}  // namespace simdact
