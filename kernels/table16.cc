// Compiles the lookups in tables of 16 bits for every target.
// The order of includes has a meaning.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/table16.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "dispatch/code_of.h"
#include "dispatch/registry.h"
#include "kernels/drivers/table16-inl.h"
// clang-format on

#if HWY_ONCE
namespace simdact {
const simdact_table16_kernel* Table16Code(int64_t target) {
  const int64_t code = CodeOf(target, HWY_TARGETS);
#define SIMDACT_X(TARGET, NAMESPACE) \
  if (code == TARGET) return &NAMESPACE::kTable16Kernel;
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
  return nullptr;
}
}  // namespace simdact
#endif  // HWY_ONCE
