// From which size on results go past the caches, for caches of many kinds of CPU; and what this one says.

#include "dispatch/cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <initializer_list>
#include <string>

#include "simdact/simdact.h"
#include "tests/common/fresh_process.h"

namespace simdact_test {
namespace {

using simdact::CacheFacts;
using simdact::CpuidWords;
using simdact::SharedCache;
using simdact::StreamBytes;

constexpr size_t kKiB = 1024, kMiB = 1024 * kKiB;
constexpr size_t kLeast = 16384, kMost = 32 * kMiB;

struct Listed {
  const char *level, *type, *size;
};

// What Linux lists; each file ends with a newline.
CacheFacts Files(std::initializer_list<Listed> list) {
  CacheFacts facts = {};
  simdact::CacheFiles* to = facts.files;
  for (const Listed& cache : list) {
    std::strcpy(to->level, (std::string(cache.level) + "\n").c_str());
    std::strcpy(to->type, (std::string(cache.type) + "\n").c_str());
    std::strcpy(to->size, (std::string(cache.size) + "\n").c_str());
    ++to;
  }
  return facts;
}

CacheFacts Leaves(bool amd, uint32_t amd_sum, std::initializer_list<CpuidWords> list) {
  CacheFacts facts = {};
  facts.amd = amd;
  facts.amd_sum = amd_sum;
  CpuidWords* to = facts.leaves;
  for (const CpuidWords& words : list) *to++ = words;
  return facts;
}

// Both give the same answer, alone and together.
void ExpectCache(const CacheFacts& files, const CacheFacts& leaves, size_t bytes) {
  EXPECT_EQ(SharedCache(files), bytes);
  EXPECT_EQ(SharedCache(leaves), bytes);
  CacheFacts both = leaves;
  std::memcpy(both.files, files.files, sizeof(both.files));
  EXPECT_EQ(SharedCache(both), bytes);
}

// ---- CPUs that tell all ----------------------------------------------------------------------------------

TEST(Cache, AmdDesktopOfTwoComplexes) {  // Ryzen 9 5950X: 2 times 32 MiB
  const CacheFacts files = Files({{"1", "Data", "32K"},
                                  {"1", "Instruction", "32K"},
                                  {"2", "Unified", "512K"},
                                  {"3", "Unified", "32768K"}});
  const CacheFacts leaves = Leaves(true, 0x02009140,
                                   {{0x00004121, 0x01C0003F, 0x0000003F, 0x00000000},
                                    {0x00004122, 0x01C0003F, 0x0000003F, 0x00000000},
                                    {0x00004143, 0x01C0003F, 0x000003FF, 0x00000002},
                                    {0x0003C163, 0x03C0003F, 0x00007FFF, 0x00000001}});
  ExpectCache(files, leaves, 32 * kMiB);
  EXPECT_EQ(StreamBytes(leaves), 12 * kMiB);
}

TEST(Cache, AmdWithStackedCache) {  // Ryzen 7 7800X3D: 96 MiB
  const CacheFacts files = Files({{"1", "Data", "32K"},
                                  {"1", "Instruction", "32K"},
                                  {"2", "Unified", "1024K"},
                                  {"3", "Unified", "98304K"}});
  const CacheFacts leaves = Leaves(true, 0x03009140,
                                   {{0x00004121, 0x01C0003F, 0x0000003F, 0x00000000},
                                    {0x00004122, 0x01C0003F, 0x0000003F, 0x00000000},
                                    {0x00004143, 0x01C0003F, 0x000007FF, 0x00000002},
                                    {0x0003C163, 0x03C0003F, 0x00017FFF, 0x00000001}});
  ExpectCache(files, leaves, 96 * kMiB);
  EXPECT_EQ(StreamBytes(leaves), kMost);  // and not 36 MiB
}

TEST(Cache, IntelClients) {
  const CacheFacts coffee_lake = Leaves(false, 0,
                                        {{0x1C004121, 0x01C0003F, 0x0000003F, 0x00000000},
                                         {0x1C004122, 0x01C0003F, 0x0000003F, 0x00000000},
                                         {0x1C004143, 0x00C0003F, 0x000003FF, 0x00000000},
                                         {0x1C03C163, 0x03C0003F, 0x00003FFF, 0x00000006}});
  const CacheFacts coffee_lake_files = Files({{"1", "Data", "32K"},
                                              {"1", "Instruction", "32K"},
                                              {"2", "Unified", "256K"},
                                              {"3", "Unified", "16384K"}});
  ExpectCache(coffee_lake_files, coffee_lake, 16 * kMiB);
  EXPECT_EQ(StreamBytes(coffee_lake), 6 * kMiB);

  const CacheFacts raptor_lake = Leaves(false, 0,
                                        {{0xFC004121, 0x02C0003F, 0x0000003F, 0x00000000},
                                         {0xFC004122, 0x01C0003F, 0x0000003F, 0x00000000},
                                         {0xFC01C143, 0x03C0003F, 0x000007FF, 0x00000000},
                                         {0xFC1FC163, 0x02C0003F, 0x0000BFFF, 0x00000004}});
  ExpectCache(Files({{"1", "Data", "48K"}, {"2", "Unified", "2048K"}, {"3", "Unified", "36864K"}}),
              raptor_lake, 36 * kMiB);
  EXPECT_EQ(StreamBytes(raptor_lake), 27 * kMiB / 2);
}

TEST(Cache, IntelServer) {  // 260 MiB, 20 ways
  const CacheFacts files = Files({{"1", "Data", "48K"},
                                  {"1", "Instruction", "32K"},
                                  {"2", "Unified", "2048K"},
                                  {"3", "Unified", "266240K"}});
  const CacheFacts leaves = Leaves(false, 0,
                                   {{0xFC004121, 0x02C0003F, 0x0000003F, 0x00000000},
                                    {0xFC004122, 0x01C0003F, 0x0000003F, 0x00000000},
                                    {0xFC004143, 0x03C0003F, 0x000007FF, 0x00000000},
                                    {0xFC1FC163, 0x04C0003F, 0x00033FFF, 0x00000004}});
  ExpectCache(files, leaves, 260 * kMiB);
  EXPECT_EQ(StreamBytes(leaves), kMost);
}

TEST(Cache, ArmServer) {
  const CacheFacts files = Files({{"1", "Data", "64K"},
                                  {"1", "Instruction", "64K"},
                                  {"2", "Unified", "1024K"},
                                  {"3", "Unified", "32768K"}});
  EXPECT_EQ(SharedCache(files), 32 * kMiB);
  EXPECT_EQ(StreamBytes(files), 12 * kMiB);
}

// ---- CPUs that do not ------------------------------------------------------------------------------------

// One core complex has 32 MiB; there are 508 in all.
TEST(Cache, AmdServersSumIsNotBelieved) {
  CacheFacts guest = Leaves(true, 0x0FE09140, {});
  EXPECT_EQ(SharedCache(guest), 32 * kMiB);
  EXPECT_EQ(StreamBytes(guest), 12 * kMiB);
  guest.reported = 532676608;
  EXPECT_EQ(SharedCache(guest), 32 * kMiB);
  guest.amd_sum = 0;
  EXPECT_EQ(SharedCache(guest), 32 * kMiB);
  // Files that Linux makes from the sum.
  CacheFacts files = Files({{"1", "Data", "48K"}, {"2", "Unified", "1024K"}, {"3", "Unified", "520192K"}});
  files.amd = true;
  EXPECT_EQ(SharedCache(files), 32 * kMiB);
  // A sum of less than that is an upper bound, and the best there is.
  EXPECT_EQ(SharedCache(Leaves(true, 0x00809140, {})), 16 * kMiB);
}

TEST(Cache, NothingKnown) {
  const CacheFacts nothing = {};
  EXPECT_EQ(SharedCache(nothing), 32 * kMiB);
  EXPECT_EQ(StreamBytes(nothing), 12 * kMiB);
}

TEST(Cache, ReportedIsTheLastResort) {
  CacheFacts facts = {};
  facts.reported = 8 * kMiB;
  EXPECT_EQ(StreamBytes(facts), 3 * kMiB);
  // Two levels are not the whole story.
  CacheFacts two = Files({{"1", "Data", "32K"}, {"2", "Unified", "4096K"}});
  two.leaves[0] = {0x04000121, 0x01C0003F, 0x0000003F, 0x00000001};
  two.leaves[1] = {0x00000143, 0x03C0003F, 0x00000FFF, 0x00000001};
  EXPECT_EQ(SharedCache(two), 32 * kMiB);
  two.reported = 8 * kMiB;
  EXPECT_EQ(SharedCache(two), 8 * kMiB);
}

// ---- Edges -----------------------------------------------------------------------------------------------

TEST(Cache, TheHighestLevelCountsAndInstructionsDoNot) {
  const CacheFacts fourth = Files({{"3", "Unified", "6144K"}, {"4", "Unified", "131072K"}});
  EXPECT_EQ(SharedCache(fourth), 128 * kMiB);
  const CacheFacts reversed = Files({{"4", "Unified", "128M"}, {"3", "Unified", "6144K"}});
  EXPECT_EQ(SharedCache(reversed), 128 * kMiB);
  EXPECT_EQ(SharedCache(Files({{"3", "Unified", "6144K"}, {"4", "Instruction", "8192K"}})), 6 * kMiB);
  EXPECT_EQ(SharedCache(Files({{"3", "Unified", "6144K"}, {"4", "Unified", "unknown"}})), 6 * kMiB);
  // Leaves after the list's end, and leaves that are for instructions.
  EXPECT_EQ(SharedCache(Leaves(false, 0, {{0x1C03C162, 0x03C0003F, 0x00003FFF, 0}})), 32 * kMiB);
  EXPECT_EQ(SharedCache(Leaves(false, 0, {{}, {0x1C03C163, 0x03C0003F, 0x00003FFF, 0}})), 32 * kMiB);
}

TEST(Cache, NeverLessThanBlocksNeed) {
  EXPECT_EQ(StreamBytes(Files({{"3", "Unified", "1K"}})), kLeast);
  EXPECT_EQ(StreamBytes(Files({{"3", "Unified", "1"}})), kLeast);
}

// ---- This machine ----------------------------------------------------------------------------------------

TEST(Cache, ThisMachineIsAsked) {
  const CacheFacts facts = simdact::AskForCaches();
#if defined(__linux__)
  const bool listed = access("/sys/devices/system/cpu/cpu0/cache/index0/level", R_OK) == 0;
  EXPECT_EQ(facts.files[0].level[0] != '\0', listed);
  EXPECT_EQ(facts.files[0].size[0] != '\0', listed);
#endif
  EXPECT_GE(StreamBytes(facts), kLeast);
  EXPECT_LE(StreamBytes(facts), kMost);
  const int code = InFreshProcess("SIMDACT_STREAM_BYTES", "", 0, [](const int&) {
    return simdact_stream_bytes() >= kLeast && simdact_stream_bytes() <= kMost ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace simdact_test
