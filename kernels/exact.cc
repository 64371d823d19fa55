// Compiles the exact tier of float for every target: one driver for all activations, over their kernels for
// double.
// The order of includes has a meaning.
// clang-format off
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS SIMDACT_PLAIN_DISABLED_TARGETS
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/exact.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "kernels/drivers/exact-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

template <simdact_op kOp>
void Forward(const void* x, void* y, size_t n, simdact_params p) {
  Exactly(kOp, SIMDACT_FORWARD, x, nullptr, y, n, p);
}
template <simdact_op kOp, simdact_direction kDirection>
void Backward(const void* x, const void* dy, void* dx, size_t n, simdact_params p) {
  Exactly(kOp, kDirection, x, dy, dx, n, p);
}

// By the ops' numbers; null for those whose results are floats anyway (EXACT in the list).
struct ExactKernels {
  simdact_kernel of[SIMDACT_OP_COUNT];
};
constexpr ExactKernels MakeExactKernels() {
  ExactKernels kernels = {};
#define SIMDACT_ROW(name, number, OUTPUT)                                                            \
  kernels.of[number] = {&Forward<SIMDACT_OP_##name>, &Backward<SIMDACT_OP_##name, SIMDACT_BACKWARD>, \
                        nullptr};                                                                    \
  SIMDACT_IF_##OUTPUT(kernels.of[number].backward_from_output =                                      \
                          &Backward<SIMDACT_OP_##name, SIMDACT_BACKWARD_FROM_OUTPUT>;)
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, HALF, ...) \
  SIMDACT_IF_NOT_##HALF(SIMDACT_ROW(name, number, OUTPUT))
  SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#undef SIMDACT_ROW
  return kernels;
}
constexpr ExactKernels kExactKernels = MakeExactKernels();

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "dispatch/code_of.h"

namespace simdact {
const simdact_kernel* ExactCode(int64_t target) {
  const int64_t code = CodeOf(target, HWY_TARGETS);
#define SIMDACT_X(TARGET, NAMESPACE) \
  if (code == TARGET) return NAMESPACE::kExactKernels.of;
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
  return nullptr;
}
}  // namespace simdact
#endif  // HWY_ONCE
