// The kernels of softmax and its kin for one format of elements, SIMDACT_SOFTMAX_ELEMENT, leaving one
// function behind: <SIMDACT_SOFTMAX_FORMAT>Code(target). Each format has a source of its own, for they
// compile long.

#include "dispatch/code_of.h"
#include "dispatch/registry.h"
#include "kernels/drivers/softmax-backward-inl.h"
#include "kernels/drivers/softmax-gradient-inl.h"
#include "kernels/drivers/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

template <class Element, simdact_softmax_op kOp>
constexpr simdact_softmax_kernel SoftmaxKernel() {
  constexpr bool kLog = kOp == SIMDACT_SOFTMAX_OP_log_softmax;
  constexpr int kSign = kOp == SIMDACT_SOFTMAX_OP_softmin ? -1 : 1;
  simdact_softmax_kernel kernel = {&SoftmaxForward<Element, kLog, kSign>,
                                   &SoftmaxBackward<Element, kLog, kSign>, nullptr,
                                   &LogSumExp<Element, kSign>};
  if constexpr (sizeof(typename Element::Number) == sizeof(float)) kernel.block = &SoftmaxBlock<Element>;
  return kernel;
}

#define SIMDACT_X(Name, name, ...) SoftmaxKernel<SIMDACT_SOFTMAX_ELEMENT, SIMDACT_SOFTMAX_OP_##name>(),
constexpr SoftmaxCode kSoftmaxCode = WithGradient<SIMDACT_SOFTMAX_ELEMENT>(
    {{SIMDACT_SOFTMAX_OPS(SIMDACT_X)}, nullptr, nullptr, nullptr, nullptr});
#undef SIMDACT_X

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace simdact {
const SoftmaxCode* HWY_CONCAT(SIMDACT_SOFTMAX_FORMAT, Code)(int64_t target) {
  const int64_t code = CodeOf(target, HWY_TARGETS);
#define SIMDACT_X(TARGET, NAMESPACE) \
  if (code == TARGET) return &NAMESPACE::kSoftmaxCode;
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
  return nullptr;
}
}  // namespace simdact
#endif  // HWY_ONCE
