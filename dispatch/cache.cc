// The last cache that the running core shares with its neighbours: what is asked, and what is believed.

#include "dispatch/cache.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "dispatch/stream.h"

#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
#define SIMDACT_CPUID 1
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#else
#define SIMDACT_CPUID 0
#endif

#if defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__linux__)
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>
#endif

namespace simdact {

// ---- What follows from what is known --------------------------------------------------------------------

namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// The cache of the highest level among those of a list. The first two levels do not count: hypervisors like
// to hide the third, and it is there all the same.
struct Last {
  uint64_t level = 2, bytes = 0;
  void See(uint64_t its_level, uint64_t its_bytes) {
    if (its_level > level && its_bytes != 0) level = its_level, bytes = its_bytes;
  }
};

// A decimal number, as far as it goes; `end` is what comes after it.
uint64_t Number(const char* text, const char** end) {
  uint64_t value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) value = 10 * value + static_cast<uint64_t>(*text - '0');
  *end = text;
  return value;
}

// "32768K"
uint64_t Bytes(const char* text) {
  const char* unit;
  const uint64_t value = Number(text, &unit);
  switch (*unit) {
    case 'K':
      return value << 10;
    case 'M':
      return value << 20;
    case 'G':
      return value << 30;
    default:
      return value;
  }
}

uint64_t FromFiles(const CacheFacts& facts) {
  Last last;
  for (const CacheFiles& files : facts.files) {
    const char* end;
    if (files.type[0] != 'I') last.See(Number(files.level, &end), Bytes(files.size));  // "Instruction"
  }
  return last.bytes;
}

uint64_t FromLeaves(const CacheFacts& facts) {
  Last last;
  for (const CpuidWords& words : facts.leaves) {
    const uint32_t type = words.eax & 31;
    if (type == 0) break;
    const uint64_t ways = (words.ebx >> 22) + 1, partitions = (words.ebx >> 12 & 1023) + 1;
    const uint64_t line = (words.ebx & 4095) + 1, sets = uint64_t{words.ecx} + 1;
    if (type != 2) last.See(words.eax >> 5 & 7, ways * partitions * line * sets);  // 2: instructions
  }
  return last.bytes;
}

uint64_t FirstKnown(std::initializer_list<uint64_t> sizes) {
  for (const uint64_t size : sizes) {
    if (size != 0) return size;
  }
  return 0;
}

}  // namespace

size_t SharedCache(const CacheFacts& facts) {
  constexpr uint64_t kCommon = 32 * kMiB;  // where nothing is known, and in a core complex of AMD's
  const uint64_t leaves = FromLeaves(facts), sum = uint64_t{facts.amd_sum >> 18} * (kMiB / 2);
  uint64_t bytes = FirstKnown({FromFiles(facts), leaves, sum, facts.reported, kCommon});
  // AMD's CPUs have a cache per core complex, up to sixteen of them. Where a hypervisor hides the list, all
  // others know the sum only; Linux then makes its files from it, too.
  if (facts.amd && leaves == 0) bytes = std::min(bytes, kCommon);
  return static_cast<size_t>(std::min<uint64_t>(bytes, SIZE_MAX));
}

// An output that fits the cache is better left there: it need not be written to memory now, and who reads it
// next finds it. But the input wants its place as well, and so do the neighbours' arrays. The time of relu,
// out of place, when its output is streamed, over its time when it is not:
//
//   output            8 MiB   16 MiB   32 MiB   64 MiB
//   Zen 5, 32 MiB      1.2     0.86      -        0.7
//   a Xeon, 260 MiB     -        -      1.0      0.82
//
// So streaming begins to pay at 3/8 of a cache of 32 MiB. A larger cache puts that off, but not in
// proportion.
size_t StreamBytes(const CacheFacts& facts) {
  const size_t most = static_cast<size_t>(32 * kMiB);
  return std::max(std::min(SharedCache(facts) / 8 * 3, most), kLeastStream);
}

// ---- Asking ---------------------------------------------------------------------------------------------

namespace {

#if SIMDACT_CPUID

// 0 where the CPU has no such leaf.
CpuidWords Cpuid(uint32_t leaf, uint32_t subleaf) {
  CpuidWords words = {};
#if defined(_MSC_VER)
  int out[4];
  __cpuid(out, static_cast<int>(leaf & 0x80000000u));
  if (static_cast<uint32_t>(out[0]) < leaf) return words;
  __cpuidex(out, static_cast<int>(leaf), static_cast<int>(subleaf));
  std::memcpy(&words, out, sizeof(words));
#else
  if (__get_cpuid_count(leaf, subleaf, &words.eax, &words.ebx, &words.ecx, &words.edx) == 0) return {};
#endif
  return words;
}

void AskCpu(CacheFacts& facts) {
  const CpuidWords vendor = Cpuid(0, 0);
  char name[12];
  std::memcpy(name, &vendor.ebx, 4);
  std::memcpy(name + 4, &vendor.edx, 4);
  std::memcpy(name + 8, &vendor.ecx, 4);
  facts.amd = std::memcmp(name, "AuthenticAMD", 12) == 0 || std::memcmp(name, "HygonGenuine", 12) == 0;
  if (facts.amd) {
    facts.amd_sum = Cpuid(0x80000006u, 0).edx;
    const bool has_list = (Cpuid(0x80000001u, 0).ecx >> 22 & 1) != 0;  // "topology extensions"
    if (!has_list) return;
  }
  for (uint32_t i = 0; i < kMostCaches; ++i) facts.leaves[i] = Cpuid(facts.amd ? 0x8000001Du : 4u, i);
}

#else

void AskCpu(CacheFacts&) {}

#endif

#if defined(__APPLE__)

void AskSystem(CacheFacts& facts) {
  for (const char* name : {"hw.l3cachesize", "hw.l2cachesize"}) {
    uint64_t size = 0;
    size_t length = sizeof(size);
    if (facts.reported == 0 && sysctlbyname(name, &size, &length, nullptr, 0) == 0) {
      facts.reported = static_cast<size_t>(size);
    }
  }
}

#elif defined(__linux__)

// The beginning of a file, as far as it fits; empty if there is none.
template <size_t kSize>
void Read(int cpu, size_t index, const char* name, char (&text)[kSize]) {
  char path[96];
  std::snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cache/index%u/%s", cpu,
                static_cast<unsigned>(index), name);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  const ssize_t length = read(file, text, kSize - 1);
  text[length > 0 ? length : 0] = '\0';
  close(file);
}

void AskSystem(CacheFacts& facts) {
  const int cpu = std::max(sched_getcpu(), 0);
  for (size_t i = 0; i < kMostCaches; ++i) {
    Read(cpu, i, "level", facts.files[i].level);
    if (facts.files[i].level[0] == '\0') break;
    Read(cpu, i, "type", facts.files[i].type);
    Read(cpu, i, "size", facts.files[i].size);
  }
#if defined(_SC_LEVEL3_CACHE_SIZE)
  const long size = sysconf(_SC_LEVEL3_CACHE_SIZE);
  if (size > 0) facts.reported = static_cast<size_t>(size);
#endif
}

#else

void AskSystem(CacheFacts&) {}

#endif

}  // namespace

CacheFacts AskForCaches() {
  CacheFacts facts = {};
  AskCpu(facts);
  AskSystem(facts);
  return facts;
}

}  // namespace simdact
