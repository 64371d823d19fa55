// simdact for C++17: the functions of bias.h as overloads, with PyTorch's defaults. Included by simdact.hpp.
//
//   simdact::bias_gelu(x, bias, y, rows, cols);              // y[r][c] = gelu(x[r][c] + bias[c])
//   simdact::residual_silu(x, skip, y, n);                   // y[i] = silu(x[i] + skip[i])
//   simdact::scale_bias_relu(x, scale, bias, y, rows, cols); // y[r][c] = relu(x[r][c] scale[c] + bias[c])
//   simdact::prelu_channels(x, weight, y, batch, channels, inner);
//
// and <name>_backward of each. Same rules, units and errors as bias.h.
#ifndef SIMDACT_BIAS_HPP_
#define SIMDACT_BIAS_HPP_

#include "simdact/simdact.hpp"

namespace simdact {

// b and s are bias and scale: one op has a parameter named bias.
#define SIMDACT_OVERLOADS(name, PARAMETERS, T, E, P)                                                         \
  inline simdact_status bias_##name(const E* x, const E* b, E* y, size_t rows, size_t cols P) noexcept {     \
    return simdact_bias_##name##_##T(bits(x), bits(b), bits(y), rows, cols SIMDACT_PASS_##PARAMETERS);       \
  }                                                                                                          \
  inline simdact_status scale_bias_##name(const E* x, const E* s, const E* b, E* y, size_t rows,             \
                                          size_t cols P) noexcept {                                          \
    return simdact_scale_bias_##name##_##T(bits(x), bits(s), bits(b), bits(y), rows,                         \
                                           cols SIMDACT_PASS_##PARAMETERS);                                  \
  }                                                                                                          \
  inline simdact_status residual_##name(const E* x, const E* residual, E* y, size_t n P) noexcept {          \
    return simdact_residual_##name##_##T(bits(x), bits(residual), bits(y), n SIMDACT_PASS_##PARAMETERS);     \
  }                                                                                                          \
  inline simdact_status bias_##name##_backward(const E* x, const E* b, const E* dy, E* dx, E* dbias,         \
                                               size_t rows, size_t cols P) noexcept {                        \
    return simdact_bias_##name##_backward_##T(bits(x), bits(b), bits(dy), bits(dx), bits(dbias), rows,       \
                                              cols SIMDACT_PASS_##PARAMETERS);                               \
  }                                                                                                          \
  inline simdact_status scale_bias_##name##_backward(const E* x, const E* s, const E* b, const E* dy, E* dx, \
                                                     E* dscale, E* dbias, size_t rows,                       \
                                                     size_t cols P) noexcept {                               \
    return simdact_scale_bias_##name##_backward_##T(bits(x), bits(s), bits(b), bits(dy), bits(dx),           \
                                                    bits(dscale), bits(dbias), rows,                         \
                                                    cols SIMDACT_PASS_##PARAMETERS);                         \
  }                                                                                                          \
  inline simdact_status residual_##name##_backward(const E* x, const E* residual, const E* dy, E* dx,        \
                                                   size_t n P) noexcept {                                    \
    return simdact_residual_##name##_backward_##T(bits(x), bits(residual), bits(dy), bits(dx),               \
                                                  n SIMDACT_PASS_##PARAMETERS);                              \
  }
#define SIMDACT_PRELU_CHANNELS(T, E)                                                                         \
  inline simdact_status prelu_channels(const E* x, const E* weight, E* y, size_t batch, size_t channels,     \
                                       size_t inner) noexcept {                                              \
    return simdact_prelu_channels_##T(bits(x), bits(weight), bits(y), batch, channels, inner);               \
  }                                                                                                          \
  inline simdact_status prelu_channels_backward(const E* x, const E* weight, const E* dy, E* dx, E* dweight, \
                                                size_t batch, size_t channels, size_t inner) noexcept {      \
    return simdact_prelu_channels_backward_##T(bits(x), bits(weight), bits(dy), bits(dx), bits(dweight),     \
                                               batch, channels, inner);                                      \
  }

#define SIMDACT_X(Name, name, PARAMETERS, ...) \
  SIMDACT_OVERLOADS(name, PARAMETERS, f32, float, SIMDACT_FLOAT_DEFAULTS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(f32, float)
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, PARAMETERS, ...) \
  SIMDACT_OVERLOADS(name, PARAMETERS, f64, double, SIMDACT_DOUBLE_DEFAULTS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(f64, double)
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, PARAMETERS, ...)                                         \
  SIMDACT_OVERLOADS(name, PARAMETERS, bf16, bf16, SIMDACT_FLOAT_DEFAULTS_##PARAMETERS) \
  SIMDACT_OVERLOADS(name, PARAMETERS, f16, f16, SIMDACT_FLOAT_DEFAULTS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(bf16, bf16)
SIMDACT_PRELU_CHANNELS(f16, f16)
#endif
#undef SIMDACT_PRELU_CHANNELS
#undef SIMDACT_OVERLOADS

}  // namespace simdact

#endif  // SIMDACT_BIAS_HPP_
