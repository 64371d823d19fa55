// Softmax along any axis: the way to the kernels. No SIMD code.

#include <atomic>

#include "dispatch/axis.h"
#include "dispatch/registry.h"

namespace simdact {
namespace {

// The default kernel of each op and dtype, looked up at the first call.
std::atomic<const simdact_softmax_axis_kernel*> g_default[SIMDACT_SOFTMAX_OP_COUNT][SIMDACT_DTYPE_COUNT];

const simdact_softmax_axis_kernel* Default(simdact_softmax_op op, simdact_dtype dtype) {
  const simdact_softmax_axis_kernel* kernel = g_default[op][dtype].load(std::memory_order_relaxed);
  if (kernel == nullptr) {
    kernel = simdact_find_softmax_axis(simdact_target_default(), op, dtype);
    g_default[op][dtype].store(kernel, std::memory_order_relaxed);
  }
  return kernel;
}

}  // namespace
}  // namespace simdact

extern "C" {

const simdact_softmax_axis_kernel* simdact_find_softmax_axis(const simdact_target* target,
                                                             simdact_softmax_op op, simdact_dtype dtype) {
  if (!simdact_target_runs(target)) return nullptr;
  if (static_cast<unsigned>(op) >= SIMDACT_SOFTMAX_OP_COUNT) return nullptr;
  if (static_cast<unsigned>(dtype) >= SIMDACT_DTYPE_COUNT) return nullptr;
  const auto* kernels = simdact::SoftmaxAxisCode(target->bit);
  return kernels == nullptr || kernels[op][dtype].forward == nullptr ? nullptr : &kernels[op][dtype];
}

#define SIMDACT_SOFTMAX_AXIS_OF(name, T, DTYPE, E)                                                    \
  simdact_status simdact_##name##_axis_##T(const E* x, E* y, size_t outer, size_t axis, size_t inner, \
                                           const simdact_softmax_axis_options* options) {             \
    const simdact_softmax_axis_kernel* kernel = simdact::Default(SIMDACT_SOFTMAX_OP_##name, DTYPE);   \
    return kernel->forward(x, y, outer, axis, inner, options);                                        \
  }                                                                                                   \
  simdact_status simdact_##name##_axis_backward_##T(const E* y, const E* dy, E* dx, size_t outer,     \
                                                    size_t axis, size_t inner,                        \
                                                    const simdact_softmax_axis_options* options) {    \
    const simdact_softmax_axis_kernel* kernel = simdact::Default(SIMDACT_SOFTMAX_OP_##name, DTYPE);   \
    return kernel->backward(y, dy, dx, outer, axis, inner, options);                                  \
  }
#define SIMDACT_LOG_SUM_EXP_AXIS_OF(T, DTYPE, E, P)                                                        \
  simdact_status simdact_log_sum_exp_axis_##T(const E* x, P* log_sum_exp, size_t outer, size_t axis,       \
                                              size_t inner, const simdact_softmax_axis_options* options) { \
    const simdact_softmax_axis_kernel* kernel = simdact::Default(SIMDACT_SOFTMAX_OP_softmax, DTYPE);       \
    return kernel->log_sum_exp(x, log_sum_exp, outer, axis, inner, options);                               \
  }
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_AXIS_OF(name, f32, SIMDACT_F32, float)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_LOG_SUM_EXP_AXIS_OF(f32, SIMDACT_F32, float, float)
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_AXIS_OF(name, f64, SIMDACT_F64, double)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_LOG_SUM_EXP_AXIS_OF(f64, SIMDACT_F64, double, double)
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, ...)                            \
  SIMDACT_SOFTMAX_AXIS_OF(name, bf16, SIMDACT_BF16, uint16_t) \
  SIMDACT_SOFTMAX_AXIS_OF(name, f16, SIMDACT_F16, uint16_t)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_LOG_SUM_EXP_AXIS_OF(bf16, SIMDACT_BF16, uint16_t, float)
SIMDACT_LOG_SUM_EXP_AXIS_OF(f16, SIMDACT_F16, uint16_t, float)
#endif

}  // extern "C"
