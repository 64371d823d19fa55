// Which of Highway's targets a CPU runs. No SIMD code.
//
// The library asks the CPU itself. Highway's own answer is global state of the program: another Highway that
// is linked to it, of any version, would take its place, and hwy::DisableTargets changes it for everybody.
#ifndef SIMDACT_DISPATCH_CPU_H_
#define SIMDACT_DISPATCH_CPU_H_

#include <cstddef>
#include <cstdint>

namespace simdact {

// The targets that this CPU and system run, as bits of Highway's masks: those whose every feature is there,
// and those that the compiler's flags take for granted. Asked anew at each call, which takes microseconds.
int64_t DetectTargets();

// ---- What the answer follows from: plain data, for the tests to make up ---------------------------------

// What x86's `cpuid` and `xgetbv` say. A leaf that the CPU does not have is 0.
enum X86Word : size_t {
  kLeaf1Ecx,
  kLeaf1Edx,
  kLeaf7Ebx,
  kLeaf7Ecx,
  kLeaf7Edx,
  kLeaf7Sub1Eax,
  kLeaf7Sub1Edx,
  kLeaf24Ebx,
  kExtended1Ecx,
  kXcr0,  // the registers that the system keeps when it switches threads
  kX86Words
};
struct X86 {
  uint32_t words[kX86Words];
  bool amd;
};
int64_t TargetsOf(const X86& cpu);

// What Linux tells a program on 64-bit Arm, and the bytes of an SVE vector (0: there are none).
struct Arm {
  uint64_t hwcap, hwcap2;
  size_t sve_bytes;
};
int64_t TargetsOf(const Arm& cpu);

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_CPU_H_
