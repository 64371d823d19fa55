// Compiles the bias shape for every target. The order of includes has a meaning.
// clang-format off
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS SIMDACT_PLAIN_DISABLED_TARGETS
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bias.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "dispatch/code_of.h"
#include "dispatch/registry.h"
#include "kernels/drivers/bias-inl.h"
// clang-format on

namespace simdact {
namespace HWY_NAMESPACE {
namespace {

#define SIMDACT_BIAS_KERNEL(F) \
  { &BiasForward<F>, &BiasBackward<F>, &PreluChannels<F>, &PreluChannelsBackward<F> }
constexpr simdact_bias_kernel kBiasKernels[SIMDACT_DTYPE_COUNT] = {
    SIMDACT_BIAS_KERNEL(Direct<float>),
#ifdef SIMDACT_NO_F64
    {},
#else
    SIMDACT_BIAS_KERNEL(Direct<double>),
#endif
#ifndef SIMDACT_NO_HALF
    SIMDACT_BIAS_KERNEL(InFloat<Bf16>),
    SIMDACT_BIAS_KERNEL(InFloat<F16>),
#endif
};
#undef SIMDACT_BIAS_KERNEL

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact

#if HWY_ONCE
namespace simdact {
const simdact_bias_kernel* BiasCode(int64_t target) {
  const int64_t code = CodeOf(target, HWY_TARGETS);
#define SIMDACT_X(TARGET, NAMESPACE) \
  if (code == TARGET) return NAMESPACE::kBiasKernels;
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
  return nullptr;
}
}  // namespace simdact
#endif  // HWY_ONCE
