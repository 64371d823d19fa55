// The last cache that the running core shares with its neighbours, and from which size on results go past it.
// No SIMD code.
#ifndef SIMDACT_DISPATCH_CACHE_H_
#define SIMDACT_DISPATCH_CACHE_H_

#include <cstddef>
#include <cstdint>

namespace simdact {

// ---- What the machine tells: plain data, for the tests to make up ---------------------------------------

constexpr size_t kMostCaches = 8;  // of a core, those for instructions included

// A cache as Linux lists it: the files cpu*/cache/index*/{level,type,size} of /sys/devices/system/cpu. Empty
// if there is none.
struct CacheFiles {
  char level[16], type[16], size[16];
};

// The registers after x86's cpuid.
struct CpuidWords {
  uint32_t eax, ebx, ecx, edx;
};

struct CacheFacts {
  CacheFiles files[kMostCaches];
  // x86: the list of the core's caches, leaf 8000001D on AMD and leaf 4 elsewhere. 0 from the last one on.
  CpuidWords leaves[kMostCaches];
  bool amd;
  uint32_t amd_sum;  // AMD: edx of leaf 80000006, the third-level caches of all cores together; 0 if unknown
  size_t reported;   // the last-level cache, by sysconf or sysctl; 0 if unknown
};

// ---- What follows from it -------------------------------------------------------------------------------

// The size in bytes of the last-level cache of the running core: the one that is shared, not all of them.
size_t SharedCache(const CacheFacts& facts);

// The size of an output in bytes from which on it is written past the caches.
size_t StreamBytes(const CacheFacts& facts);

// Asks the system and the CPU, which takes some 0.1 ms. Allocates nothing.
CacheFacts AskForCaches();

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_CACHE_H_
