// Compiles the loops of softmax along an axis for every target. The order of includes has a meaning.
// clang-format off
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS SIMDACT_PLAIN_DISABLED_TARGETS
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax_axis.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "dispatch/code_of.h"
#include "kernels/drivers/softmax_axis-inl.h"
// clang-format on

namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// In the order of simdact_dtype.
#ifdef SIMDACT_NO_F64
#define SIMDACT_F64_OF(name) {},
#else
#define SIMDACT_F64_OF(name) AxisKernel<SIMDACT_SOFTMAX_OP_##name, SIMDACT_F64>(),
#endif
#ifdef SIMDACT_NO_HALF
#define SIMDACT_HALF_OF(name)
#else
#define SIMDACT_HALF_OF(name) \
  AxisKernel<SIMDACT_SOFTMAX_OP_##name, SIMDACT_BF16>(), AxisKernel<SIMDACT_SOFTMAX_OP_##name, SIMDACT_F16>(),
#endif
#define SIMDACT_X(Name, name, ...) \
  {AxisKernel<SIMDACT_SOFTMAX_OP_##name, SIMDACT_F32>(), SIMDACT_F64_OF(name) SIMDACT_HALF_OF(name)},
constexpr simdact_softmax_axis_kernel kAxisKernels[SIMDACT_SOFTMAX_OP_COUNT][SIMDACT_DTYPE_COUNT] = {
    SIMDACT_SOFTMAX_OPS(SIMDACT_X)};
#undef SIMDACT_X
#undef SIMDACT_HALF_OF
#undef SIMDACT_F64_OF

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact

#if HWY_ONCE
namespace simdact {
const simdact_softmax_axis_kernel (*SoftmaxAxisCode(int64_t target))[SIMDACT_DTYPE_COUNT] {
  const int64_t code = CodeOf(target, HWY_TARGETS);
#define SIMDACT_X(TARGET, NAMESPACE) \
  if (code == TARGET) return NAMESPACE::kAxisKernels;
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
  return nullptr;
}
}  // namespace simdact
#endif  // HWY_ONCE
