// softmax.h for C++17: overloads for float, double, simdact::bf16 and simdact::f16.
//
//   simdact::softmax(x.data(), y.data(), rows, cols);
//   simdact_softmax_options o{};
//   o.scale = 0.125;
//   simdact::softmax(x.data(), y.data(), rows, cols, &o);
#ifndef SIMDACT_SOFTMAX_HPP_
#define SIMDACT_SOFTMAX_HPP_

#include "simdact/simdact.hpp"

namespace simdact {

#define SIMDACT_OVERLOADS(name, _name, T, E)                                                           \
  inline simdact_status(name)(const E* x_, E* y_, size_t rows_, size_t cols_,                          \
                              const simdact_softmax_options* options_ = nullptr) noexcept {            \
    return simdact##_name##_##T(bits(x_), bits(y_), rows_, cols_, options_);                           \
  }                                                                                                    \
  inline simdact_status name##_backward(const E* y_, const E* dy_, E* dx_, size_t rows_, size_t cols_, \
                                        const simdact_softmax_options* options_ = nullptr) noexcept {  \
    return simdact##_name##_backward_##T(bits(y_), bits(dy_), bits(dx_), rows_, cols_, options_);      \
  }
#define SIMDACT_DIAGONAL(T, E)                                                          \
  inline void softmax_diagonal(const E* y_, const E* dy_, E* dx_, size_t n_) noexcept { \
    simdact_softmax_diagonal_##T(bits(y_), bits(dy_), bits(dx_), n_);                   \
  }
#define SIMDACT_LOG_SUM_EXP(T, E, P)                                                              \
  inline simdact_status log_sum_exp(const E* x_, P* log_sum_exp_, size_t rows_, size_t cols_,     \
                                    const simdact_softmax_options* options_ = nullptr) noexcept { \
    return simdact_log_sum_exp_##T(bits(x_), log_sum_exp_, rows_, cols_, options_);               \
  }
#define SIMDACT_BLOCK(T, E)                                                                \
  inline float softmax_block(simdact_softmax_state& state_, const E* x_, E* p_, size_t n_, \
                             float scale_ = 1.0f) noexcept {                               \
    return simdact_softmax_block_##T(&state_, bits(x_), bits(p_), n_, scale_);             \
  }
#define SIMDACT_X(Name, name, ...) SIMDACT_OVERLOADS(name, _##name, f32, float)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_DIAGONAL(f32, float)
SIMDACT_LOG_SUM_EXP(f32, float, float)
SIMDACT_BLOCK(f32, float)
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, ...) SIMDACT_OVERLOADS(name, _##name, f64, double)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_DIAGONAL(f64, double)
SIMDACT_LOG_SUM_EXP(f64, double, double)
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, ...) \
  SIMDACT_OVERLOADS(name, _##name, bf16, bf16) SIMDACT_OVERLOADS(name, _##name, f16, f16)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_DIAGONAL(bf16, bf16)
SIMDACT_DIAGONAL(f16, f16)
SIMDACT_LOG_SUM_EXP(bf16, bf16, float)
SIMDACT_LOG_SUM_EXP(f16, f16, float)
SIMDACT_BLOCK(bf16, bf16)
SIMDACT_BLOCK(f16, f16)
#endif
#undef SIMDACT_BLOCK
#undef SIMDACT_LOG_SUM_EXP
#undef SIMDACT_DIAGONAL
#undef SIMDACT_OVERLOADS

}  // namespace simdact

#endif  // SIMDACT_SOFTMAX_HPP_
