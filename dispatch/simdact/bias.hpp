// simdact for C++17: the functions of bias.h as overloads, with PyTorch's defaults. Included by simdact.hpp.
//
//   simdact::bias_gelu(x, bias, y, rows, cols);              // y[r][c] = gelu(x[r][c] + bias[c])
//   simdact::residual_silu(x, skip, y, n);                   // y[i] = silu(x[i] + skip[i])
//   simdact::scale_bias_relu(x, scale, bias, y, rows, cols); // y[r][c] = relu(x[r][c] scale[c] + bias[c])
//   simdact::prelu_channels(x, weight, y, batch, channels, inner);
//
// and <name>_backward of each; all but prelu_channels take simdact::fast as their first argument, too:
//
//   simdact::bias_gelu(simdact::fast, x, bias, y, rows, cols);
//
// Same rules, units and errors as bias.h.
#ifndef SIMDACT_BIAS_HPP_
#define SIMDACT_BIAS_HPP_

#include "simdact/simdact.hpp"

namespace simdact {

// b and s are bias and scale: one op has a parameter named bias.
#define SIMDACT_OVERLOADS(_name, OP, T, DTYPE, E, P, PASS, PACK)                                             \
  inline simdact_status bias##_name(fast_tier, const E* x_, const E* b_, E* y_, size_t rows_,                \
                                    size_t cols_ P) noexcept {                                               \
    return simdact_bias(OP, DTYPE, SIMDACT_FAST, x_, b_, y_, rows_, cols_, {PACK});                          \
  }                                                                                                          \
  inline simdact_status scale_bias##_name(fast_tier, const E* x_, const E* s_, const E* b_, E* y_,           \
                                          size_t rows_, size_t cols_ P) noexcept {                           \
    return simdact_scale_bias(OP, DTYPE, SIMDACT_FAST, x_, s_, b_, y_, rows_, cols_, {PACK});                \
  }                                                                                                          \
  inline simdact_status residual##_name(fast_tier, const E* x_, const E* residual_, E* y_,                   \
                                        size_t n_ P) noexcept {                                              \
    return simdact_residual(OP, DTYPE, SIMDACT_FAST, x_, residual_, y_, n_, {PACK});                         \
  }                                                                                                          \
  inline simdact_status bias##_name##_backward(fast_tier, const E* x_, const E* b_, const E* dy_, E* dx_,    \
                                               E* dbias_, size_t rows_, size_t cols_ P) noexcept {           \
    return simdact_bias_backward(OP, DTYPE, SIMDACT_FAST, x_, b_, dy_, dx_, dbias_, rows_, cols_, {PACK});   \
  }                                                                                                          \
  inline simdact_status scale_bias##_name##_backward(fast_tier, const E* x_, const E* s_, const E* b_,       \
                                                     const E* dy_, E* dx_, E* dscale_, E* dbias_,            \
                                                     size_t rows_, size_t cols_ P) noexcept {                \
    return simdact_scale_bias_backward(OP, DTYPE, SIMDACT_FAST, x_, s_, b_, dy_, dx_, dscale_, dbias_,       \
                                       rows_, cols_, {PACK});                                                \
  }                                                                                                          \
  inline simdact_status residual##_name##_backward(fast_tier, const E* x_, const E* residual_, const E* dy_, \
                                                   E* dx_, size_t n_ P) noexcept {                           \
    return simdact_residual_backward(OP, DTYPE, SIMDACT_FAST, x_, residual_, dy_, dx_, n_, {PACK});          \
  }                                                                                                          \
  inline simdact_status bias##_name(const E* x_, const E* b_, E* y_, size_t rows_,                           \
                                    size_t cols_ P) noexcept {                                               \
    return simdact_bias##_name##_##T(bits(x_), bits(b_), bits(y_), rows_, cols_ PASS);                       \
  }                                                                                                          \
  inline simdact_status scale_bias##_name(const E* x_, const E* s_, const E* b_, E* y_, size_t rows_,        \
                                          size_t cols_ P) noexcept {                                         \
    return simdact_scale_bias##_name##_##T(bits(x_), bits(s_), bits(b_), bits(y_), rows_, cols_ PASS);       \
  }                                                                                                          \
  inline simdact_status residual##_name(const E* x_, const E* residual_, E* y_, size_t n_ P) noexcept {      \
    return simdact_residual##_name##_##T(bits(x_), bits(residual_), bits(y_), n_ PASS);                      \
  }                                                                                                          \
  inline simdact_status bias##_name##_backward(const E* x_, const E* b_, const E* dy_, E* dx_, E* dbias_,    \
                                               size_t rows_, size_t cols_ P) noexcept {                      \
    return simdact_bias##_name##_backward_##T(bits(x_), bits(b_), bits(dy_), bits(dx_), bits(dbias_), rows_, \
                                              cols_ PASS);                                                   \
  }                                                                                                          \
  inline simdact_status scale_bias##_name##_backward(const E* x_, const E* s_, const E* b_, const E* dy_,    \
                                                     E* dx_, E* dscale_, E* dbias_, size_t rows_,            \
                                                     size_t cols_ P) noexcept {                              \
    return simdact_scale_bias##_name##_backward_##T(bits(x_), bits(s_), bits(b_), bits(dy_), bits(dx_),      \
                                                    bits(dscale_), bits(dbias_), rows_, cols_ PASS);         \
  }                                                                                                          \
  inline simdact_status residual##_name##_backward(const E* x_, const E* residual_, const E* dy_, E* dx_,    \
                                                   size_t n_ P) noexcept {                                   \
    return simdact_residual##_name##_backward_##T(bits(x_), bits(residual_), bits(dy_), bits(dx_), n_ PASS); \
  }
#define SIMDACT_PRELU_CHANNELS(T, E)                                                                 \
  inline simdact_status prelu_channels(const E* x_, const E* weight_, E* y_, size_t batch_,          \
                                       size_t channels_, size_t inner_) noexcept {                   \
    return simdact_prelu_channels_##T(bits(x_), bits(weight_), bits(y_), batch_, channels_, inner_); \
  }                                                                                                  \
  inline simdact_status prelu_channels_backward(const E* x_, const E* weight_, const E* dy_, E* dx_, \
                                                E* dweight_, size_t batch_, size_t channels_,        \
                                                size_t inner_) noexcept {                            \
    return simdact_prelu_channels_backward_##T(bits(x_), bits(weight_), bits(dy_), bits(dx_),        \
                                               bits(dweight_), batch_, channels_, inner_);           \
  }

#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                              \
  SIMDACT_OVERLOADS(_##name, SIMDACT_OP_##name, f32, SIMDACT_F32, float,            \
                    SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, SIMDACT_PASS_##PARAMETERS, \
                    SIMDACT_PACK_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(f32, float)
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                               \
  SIMDACT_OVERLOADS(_##name, SIMDACT_OP_##name, f64, SIMDACT_F64, double,            \
                    SIMDACT_DOUBLE_DEFAULTS_##PARAMETERS, SIMDACT_PASS_##PARAMETERS, \
                    SIMDACT_PACK_DOUBLES_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(f64, double)
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                                                      \
  SIMDACT_OVERLOADS(_##name, SIMDACT_OP_##name, bf16, SIMDACT_BF16, bf16,                                   \
                    SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, SIMDACT_PASS_##PARAMETERS,                         \
                    SIMDACT_PACK_FLOATS_##PARAMETERS)                                                       \
  SIMDACT_OVERLOADS(_##name, SIMDACT_OP_##name, f16, SIMDACT_F16, f16, SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, \
                    SIMDACT_PASS_##PARAMETERS, SIMDACT_PACK_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(bf16, bf16)
SIMDACT_PRELU_CHANNELS(f16, f16)
#endif
#undef SIMDACT_PRELU_CHANNELS
#undef SIMDACT_OVERLOADS

}  // namespace simdact

#endif  // SIMDACT_BIAS_HPP_
