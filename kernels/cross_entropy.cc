// Compiles the loops of cross-entropy for every target. The order of includes has a meaning.
// clang-format off
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS SIMDACT_PLAIN_DISABLED_TARGETS
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cross_entropy.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "dispatch/code_of.h"
#include "dispatch/registry.h"
#include "kernels/drivers/cross_entropy-inl.h"
// clang-format on

namespace simdact {
namespace HWY_NAMESPACE {
namespace {

constexpr simdact_cross_entropy_kernel kCrossEntropyKernels[SIMDACT_DTYPE_COUNT] = {
    {&CrossEntropy<SIMDACT_F32>},
#ifdef SIMDACT_NO_F64
    {},
#else
    {&CrossEntropy<SIMDACT_F64>},
#endif
#ifndef SIMDACT_NO_HALF
    {&CrossEntropy<SIMDACT_BF16>},
    {&CrossEntropy<SIMDACT_F16>},
#endif
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact

#if HWY_ONCE
namespace simdact {
const simdact_cross_entropy_kernel* CrossEntropyCode(int64_t target) {
  const int64_t code = CodeOf(target, HWY_TARGETS);
#define SIMDACT_X(TARGET, NAMESPACE) \
  if (code == TARGET) return NAMESPACE::kCrossEntropyKernels;
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
  return nullptr;
}
}  // namespace simdact
#endif  // HWY_ONCE
