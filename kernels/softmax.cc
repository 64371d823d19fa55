// Compiles softmax and its kin for every target.
// The order of includes has a meaning.
// clang-format off
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS SIMDACT_PLAIN_DISABLED_TARGETS
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "dispatch/code_of.h"
#include "dispatch/registry.h"
#include "kernels/softmax-driver-inl.h"
#include "kernels/softmax-backward-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// clang-format off
#define SIMDACT_LOG_softmax false
#define SIMDACT_LOG_log_softmax true
#define SIMDACT_LOG_softmin false
#define SIMDACT_SIGN_softmax 1
#define SIMDACT_SIGN_log_softmax 1
#define SIMDACT_SIGN_softmin -1
#define SIMDACT_KERNEL(name, ELEMENT, BLOCK) \
  {&SoftmaxForward<ELEMENT, SIMDACT_LOG_##name, SIMDACT_SIGN_##name>, \
   &SoftmaxBackward<ELEMENT, SIMDACT_LOG_##name, SIMDACT_SIGN_##name>, BLOCK}
#ifdef SIMDACT_NO_F64
#define SIMDACT_F64_KERNEL(name) {nullptr, nullptr, nullptr}
#else
#define SIMDACT_F64_KERNEL(name) SIMDACT_KERNEL(name, Wide<double>, nullptr)
#endif
#ifdef SIMDACT_NO_HALF
#define SIMDACT_HALF_KERNEL(name, FORMAT) {nullptr, nullptr, nullptr}
#else
#define SIMDACT_HALF_KERNEL(name, FORMAT) SIMDACT_KERNEL(name, Narrow<FORMAT>, &SoftmaxBlock<Narrow<FORMAT>>)
#endif
#define SIMDACT_X(Name, name, ...) \
  {{SIMDACT_KERNEL(name, Wide<float>, &SoftmaxBlock<Wide<float>>), SIMDACT_F64_KERNEL(name), \
    SIMDACT_HALF_KERNEL(name, Bf16), SIMDACT_HALF_KERNEL(name, F16)}},
// clang-format on
constexpr SoftmaxRowOfTable kSoftmaxRows[] = {SIMDACT_SOFTMAX_OPS(SIMDACT_X)};
#undef SIMDACT_X
#undef SIMDACT_HALF_KERNEL
#undef SIMDACT_F64_KERNEL
#undef SIMDACT_KERNEL
#undef SIMDACT_SIGN_softmin
#undef SIMDACT_SIGN_log_softmax
#undef SIMDACT_SIGN_softmax
#undef SIMDACT_LOG_softmin
#undef SIMDACT_LOG_log_softmax
#undef SIMDACT_LOG_softmax

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace simdact {
const SoftmaxRowOfTable* SoftmaxCode(int64_t target) {
  const int64_t code = CodeOf(target, HWY_TARGETS);
#define SIMDACT_X(TARGET, NAMESPACE) \
  if (code == TARGET) return NAMESPACE::kSoftmaxRows;
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
  return nullptr;
}
}  // namespace simdact
#endif  // HWY_ONCE
