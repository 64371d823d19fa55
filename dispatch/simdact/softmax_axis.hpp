// softmax_axis.h for C++17: overloads for float, double, simdact::bf16 and simdact::f16.
//
//   simdact::softmax_axis(x.data(), y.data(), batch, channels, height * width);
#ifndef SIMDACT_SOFTMAX_AXIS_HPP_
#define SIMDACT_SOFTMAX_AXIS_HPP_

#include "simdact/simdact.hpp"
#include "simdact/softmax_axis.h"

namespace simdact {

#define SIMDACT_OVERLOADS(name, _name, T, E)                                                           \
  inline simdact_status name##_axis(const E* x_, E* y_, size_t outer_, size_t axis_, size_t inner_,    \
                                    const simdact_softmax_axis_options* options_ = nullptr) noexcept { \
    return simdact##_name##_axis_##T(bits(x_), bits(y_), outer_, axis_, inner_, options_);             \
  }                                                                                                    \
  inline simdact_status name##_axis_backward(                                                          \
      const E* y_, const E* dy_, E* dx_, size_t outer_, size_t axis_, size_t inner_,                   \
      const simdact_softmax_axis_options* options_ = nullptr) noexcept {                               \
    return simdact##_name##_axis_backward_##T(bits(y_), bits(dy_), bits(dx_), outer_, axis_, inner_,   \
                                              options_);                                               \
  }
#define SIMDACT_LOG_SUM_EXP(T, E, P)                                                                        \
  inline simdact_status log_sum_exp_axis(const E* x_, P* log_sum_exp_, size_t outer_, size_t axis_,         \
                                         size_t inner_,                                                     \
                                         const simdact_softmax_axis_options* options_ = nullptr) noexcept { \
    return simdact_log_sum_exp_axis_##T(bits(x_), log_sum_exp_, outer_, axis_, inner_, options_);           \
  }
#define SIMDACT_X(Name, name, ...) SIMDACT_OVERLOADS(name, _##name, f32, float)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_LOG_SUM_EXP(f32, float, float)
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, ...) SIMDACT_OVERLOADS(name, _##name, f64, double)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_LOG_SUM_EXP(f64, double, double)
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, ...) \
  SIMDACT_OVERLOADS(name, _##name, bf16, bf16) SIMDACT_OVERLOADS(name, _##name, f16, f16)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_LOG_SUM_EXP(bf16, bf16, float)
SIMDACT_LOG_SUM_EXP(f16, f16, float)
#endif
#undef SIMDACT_LOG_SUM_EXP
#undef SIMDACT_OVERLOADS

}  // namespace simdact

#endif  // SIMDACT_SOFTMAX_AXIS_HPP_
