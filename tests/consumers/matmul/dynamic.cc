// For every instruction set that Highway knows here: foreach_target.h includes this file once for each, and
// the call chooses at run time.

// The order of includes has a meaning.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "dynamic.cc"
#include "hwy/foreach_target.h"
#include "matmul-inl.h"
// clang-format on

#if HWY_ONCE
namespace matmul {
HWY_EXPORT(MatMul);
void Call(After after, const float* a, const float* b, const float* bias, float* c, size_t m, size_t k,
          size_t n) {
  HWY_DYNAMIC_DISPATCH(MatMul)(after, a, b, bias, c, m, k, n);
}
}  // namespace matmul

void MatMul(After after, const float* a, const float* b, const float* bias, float* c, size_t m, size_t k,
            size_t n) {
  matmul::Call(after, a, b, bias, c, m, k, n);
}

std::vector<int64_t> Targets() { return hwy::SupportedAndGeneratedTargets(); }
#endif  // HWY_ONCE
