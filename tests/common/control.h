// The register that controls floating-point arithmetic.
#ifndef SIMDACT_TESTS_COMMON_CONTROL_H_
#define SIMDACT_TESTS_COMMON_CONTROL_H_

#include <cstdint>

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>
#define SIMDACT_TESTS_X86 1
#endif

namespace simdact_test {

// How vector instructions round and what they do with denormals: MXCSR or FPCR, without the flags of what has
// happened.
#if defined(SIMDACT_TESTS_X86)
constexpr bool kCanFlush = true;
constexpr uint64_t kFlushBits = 0x8040;  // FTZ, DAZ
inline uint64_t FloatControl() { return _mm_getcsr() & ~0x3Fu; }
inline void SetFloatControl(uint64_t bits) { _mm_setcsr(static_cast<unsigned>(bits)); }
#elif defined(__aarch64__)
constexpr bool kCanFlush = true;
constexpr uint64_t kFlushBits = uint64_t{1} << 24;  // FZ, for inputs and results
inline uint64_t FloatControl() {
  uint64_t bits;
  asm volatile("mrs %0, fpcr" : "=r"(bits));
  return bits;
}
inline void SetFloatControl(uint64_t bits) { asm volatile("msr fpcr, %0" : : "r"(bits)); }
#else
constexpr bool kCanFlush = false;
constexpr uint64_t kFlushBits = 0;
inline uint64_t FloatControl() { return 0; }
inline void SetFloatControl(uint64_t) {}
#endif

// Flush-to-zero and denormals-are-zero while it lives.
class Flushing {
 public:
  Flushing() : before_(FloatControl()) { SetFloatControl(before_ | kFlushBits); }
  Flushing(const Flushing&) = delete;
  ~Flushing() { SetFloatControl(before_); }

 private:
  const uint64_t before_;
};

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_COMMON_CONTROL_H_
