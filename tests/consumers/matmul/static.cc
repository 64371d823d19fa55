// For the one instruction set that the compiler's flags allow (HWY_STATIC_TARGET).
#include "matmul-inl.h"

void MatMul(After after, const float* a, const float* b, const float* bias, float* c, size_t m, size_t k,
            size_t n) {
  matmul::HWY_NAMESPACE::MatMul(after, a, b, bias, c, m, k, n);
}

std::vector<int64_t> Targets() { return {HWY_STATIC_TARGET}; }
