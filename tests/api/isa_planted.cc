// Faults for isa_test.py to find: each function here but the last is one that must never be in the library.
// Compiled for x86-64 as the library is; never linked, never run.

#include <immintrin.h>

namespace simdact {

// AVX in a function that every CPU may call.
__attribute__((target("avx"))) void OutsideAnyTarget(const float* x, float* y) {
  _mm256_storeu_ps(y, _mm256_sqrt_ps(_mm256_loadu_ps(x)));
}

// Without vectors it is as bad.
__attribute__((target("bmi2"))) unsigned ScalarOutsideAnyTarget(unsigned x, unsigned mask) {
  return _pext_u32(x, mask);
}

namespace N_AVX2 {

struct Tag {};

__attribute__((target("avx512f"))) void WiderThanAvx2(const float* x, float* y) {
  _mm512_storeu_ps(y, _mm512_add_ps(_mm512_loadu_ps(x), _mm512_loadu_ps(y)));
}

// The linker may keep another object's.
__attribute__((target("avx2"), noinline)) inline void WeakInAvx2(const float* x, float* y) {
  _mm256_storeu_ps(y, _mm256_sqrt_ps(_mm256_loadu_ps(x)));
}

}  // namespace N_AVX2

namespace N_AVX3 {

__attribute__((target("avx512vbmi"))) void WiderThanAvx3(const void* x, void* y) {
  _mm512_storeu_si512(
      y, _mm512_permutex2var_epi8(_mm512_loadu_si512(x), _mm512_loadu_si512(y), _mm512_setzero_si512()));
}

}  // namespace N_AVX3

namespace N_SSE2 {

__attribute__((target("sse4.1"))) void WiderThanSse2(const float* x, float* y) {
  _mm_storeu_ps(y, _mm_floor_ps(_mm_loadu_ps(x)));
}

}  // namespace N_SSE2

// The namespace of an argument is not the function's own.
template <class Tag>
__attribute__((target("avx2"))) void WithATargetsArgument(Tag, const float* x, float* y) {
  _mm256_storeu_ps(y, _mm256_rcp_ps(_mm256_loadu_ps(x)));
}
template void WithATargetsArgument(N_AVX2::Tag, const float* x, float* y);

// Computed before main, on whatever CPU.
float At(int i) {
  static volatile float zero = 0.0f;
  return zero + static_cast<float>(i);
}
extern const float at_start;
const float at_start = At(1);

// As it should be.
namespace N_AVX2 {

__attribute__((target("avx2"))) void AllOthers(const float* x, float* y) {
  WeakInAvx2(x, y);
  _mm256_storeu_ps(y, _mm256_rsqrt_ps(_mm256_loadu_ps(x)));
}

}  // namespace N_AVX2
}  // namespace simdact
