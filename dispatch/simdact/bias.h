/* simdact: what comes before an activation. A bias, a scale and a bias, a residual; and prelu with a weight
 * for each channel.
 *
 *   float x[2 * 3], bias[3], y[2 * 3];
 *   simdact_bias_gelu_f32(x, bias, y, 2, 3);    y[r][c] = gelu(x[r][c] + bias[c])
 *
 * Matrices are dense: rows x cols elements, row after row. Included by simdact.h, whose rules hold here too:
 * y may be x (dx may be x or dy), nothing outside the arrays is touched, the same arguments give the same
 * bits.
 *
 * Numbers: u = x + bias is rounded once, to float (f64: to double), and y = f(u) has the bits that the array
 * function for float (double) gives for this u; bf16 and f16 are rounded from there, once: at most 0.51 ulp
 * off f(u). Gradients likewise: dx is what the array function makes of u and dy. Sums over rows are taken in
 * double, for f64 with twice the digits, of what is not yet rounded to 16 bits, in an order that depends on
 * the shape alone. A sum is 0.51 ulp off at most, plus rows 2^-53 (f64: rows^2 2^-105) of the sum of the
 * terms' magnitudes, which shows only where nearly all of them cancel.
 *
 * All functions look at their arguments first and answer with a status:
 *   SIMDACT_NULL_POINTER  an array is NULL that has elements, and is none that may be NULL
 *   SIMDACT_TOO_LARGE     rows x cols elements do not fit in memory
 *   SIMDACT_OVERLAP       an output overlaps another array, and is not that array as allowed above
 * and have then touched nothing. Without rows, or without columns, there is nothing to do but for the sums,
 * which are 0. */
#ifndef SIMDACT_BIAS_H_
#define SIMDACT_BIAS_H_

#include "simdact/simdact.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 1. Arrays -----------------------------------------------------------------------------------------
 *
 *   simdact_bias_<op>_<T>(const E* x, const E* bias, E* y, size_t rows, size_t cols [, P parameter...])
 *        y[r][c] = f(x[r][c] + bias[c])
 *   simdact_scale_bias_<op>_<T>(const E* x, const E* scale, const E* bias, E* y, rows, cols [, P...])
 *        y[r][c] = f(u), u = x[r][c] scale[c] + bias[c] rounded once (f64 without fused multiply-add: at most
 *        2^-50 of it off that): a batch norm at inference
 *   simdact_residual_<op>_<T>(const E* x, const E* residual, E* y, size_t n [, P...])
 *        y[i] = f(x[i] + residual[i]); y may be the residual, too
 *
 *   simdact_bias_<op>_backward_<T>(x, bias, dy, E* dx, E* dbias, rows, cols [, P...])
 *        dx = dy f'(x + bias), dbias[c] = sum over r of dx[r][c]
 *   simdact_scale_bias_<op>_backward_<T>(x, scale, bias, dy, E* dx, E* dscale, E* dbias, rows, cols [, P...])
 *        g = dy f'(u): dx = g scale, dscale[c] = sum over r of g x, dbias[c] = sum over r of g
 *   simdact_residual_<op>_backward_<T>(x, residual, dy, E* dx, n [, P...])
 *        dx = dy f'(x + residual), the gradient of both; dx may be the residual, too
 *
 * dbias and dscale may be NULL: not wanted. Ops, T, E and P as in simdact.h. (Below bias and scale are b and
 * s: one op has a parameter named bias.) */
#define SIMDACT_BIASES(_name, T, E, P)                                                                     \
  SIMDACT_API simdact_status simdact_bias##_name##_##T(const E* x_, const E* b_, E* y_, size_t rows_,      \
                                                       size_t cols_ P);                                    \
  SIMDACT_API simdact_status simdact_scale_bias##_name##_##T(const E* x_, const E* s_, const E* b_, E* y_, \
                                                             size_t rows_, size_t cols_ P);                \
  SIMDACT_API simdact_status simdact_residual##_name##_##T(const E* x_, const E* residual_, E* y_,         \
                                                           size_t n_ P);                                   \
  SIMDACT_API simdact_status simdact_bias##_name##_backward_##T(                                           \
      const E* x_, const E* b_, const E* dy_, E* dx_, E* dbias_, size_t rows_, size_t cols_ P);            \
  SIMDACT_API simdact_status simdact_scale_bias##_name##_backward_##T(                                     \
      const E* x_, const E* s_, const E* b_, const E* dy_, E* dx_, E* dscale_, E* dbias_, size_t rows_,    \
      size_t cols_ P);                                                                                     \
  SIMDACT_API simdact_status simdact_residual##_name##_backward_##T(const E* x_, const E* residual_,       \
                                                                    const E* dy_, E* dx_, size_t n_ P);

/* prelu with a weight for each channel, as torch.nn.PReLU(channels): x is batch x channels x inner elements;
 * inner is the size of an image (torch's layout N, C, H, W), or 1 where channels come last.
 *
 *   simdact_prelu_channels_<T>(const E* x, const E* weight, E* y, batch, channels, inner)
 *        y = x > 0 ? x : weight[channel] x
 *   simdact_prelu_channels_backward_<T>(x, weight, dy, E* dx, E* dweight, batch, channels, inner)
 *        dx = dy (x > 0 ? 1 : weight[channel]), dweight[channel] = sum of dy x over x <= 0; may be NULL
 *
 * y and dx are correctly rounded (bf16: unless denormal), sums as above. */
#define SIMDACT_PRELU_CHANNELS(T, E)                                                                         \
  SIMDACT_API simdact_status simdact_prelu_channels_##T(const E* x_, const E* weight_, E* y_, size_t batch_, \
                                                        size_t channels_, size_t inner_);                    \
  SIMDACT_API simdact_status simdact_prelu_channels_backward_##T(                                            \
      const E* x_, const E* weight_, const E* dy_, E* dx_, E* dweight_, size_t batch_, size_t channels_,     \
      size_t inner_);

#define SIMDACT_X(Name, name, number, PARAMETERS, ...) \
  SIMDACT_BIASES(_##name, f32, float, SIMDACT_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(f32, float)
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, number, PARAMETERS, ...) \
  SIMDACT_BIASES(_##name, f64, double, SIMDACT_DOUBLES_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(f64, double)
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                 \
  SIMDACT_BIASES(_##name, bf16, uint16_t, SIMDACT_FLOATS_##PARAMETERS) \
  SIMDACT_BIASES(_##name, f16, uint16_t, SIMDACT_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(bf16, uint16_t)
SIMDACT_PRELU_CHANNELS(f16, uint16_t)
#endif
#undef SIMDACT_BIASES
#undef SIMDACT_PRELU_CHANNELS

/* ---- 2. Any op, dtype and tier -------------------------------------------------------------------------
 *
 *   simdact_bias(SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_FAST, x, bias, y, rows, cols, p);
 *
 * The same functions, with the op, the dtype of all arrays and the tier as arguments; p as for a kernel. The
 * tier is that of f: with SIMDACT_FAST f(u) is what the fast array function for float makes of u, rounded
 * once more for bf16 and f16, and likewise f'(u). u and the sums are as above. The functions of section 1 are
 * the accurate tier's. SIMDACT_BAD_OPTION if op, dtype or tier does not exist. */
SIMDACT_API simdact_status simdact_bias(simdact_op op_, simdact_dtype dtype_, simdact_tier tier_,
                                        const void* x_, const void* b_, void* y_, size_t rows_, size_t cols_,
                                        simdact_params p_);
SIMDACT_API simdact_status simdact_scale_bias(simdact_op op_, simdact_dtype dtype_, simdact_tier tier_,
                                              const void* x_, const void* s_, const void* b_, void* y_,
                                              size_t rows_, size_t cols_, simdact_params p_);
SIMDACT_API simdact_status simdact_residual(simdact_op op_, simdact_dtype dtype_, simdact_tier tier_,
                                            const void* x_, const void* residual_, void* y_, size_t n_,
                                            simdact_params p_);
SIMDACT_API simdact_status simdact_bias_backward(simdact_op op_, simdact_dtype dtype_, simdact_tier tier_,
                                                 const void* x_, const void* b_, const void* dy_, void* dx_,
                                                 void* dbias_, size_t rows_, size_t cols_, simdact_params p_);
SIMDACT_API simdact_status simdact_scale_bias_backward(simdact_op op_, simdact_dtype dtype_,
                                                       simdact_tier tier_, const void* x_, const void* s_,
                                                       const void* b_, const void* dy_, void* dx_,
                                                       void* dscale_, void* dbias_, size_t rows_,
                                                       size_t cols_, simdact_params p_);
SIMDACT_API simdact_status simdact_residual_backward(simdact_op op_, simdact_dtype dtype_, simdact_tier tier_,
                                                     const void* x_, const void* residual_, const void* dy_,
                                                     void* dx_, size_t n_, simdact_params p_);

/* ---- 3. A kernel as a value ----------------------------------------------------------------------------
 *
 *   const simdact_bias_kernel* k = simdact_find_bias(avx2, SIMDACT_BF16);
 *   const simdact_kernel* gelu = simdact_find(avx2, SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_ACCURATE);
 *   k->forward(gelu, x, NULL, bias, y, rows, cols, p);
 *
 * op is the activation on the same target, for the type that is computed in: double for f64, else float; its
 * tier is what the result has.
 * scale NULL: ones, and dscale is NULL, too. A residual is the bias of one row. Arguments are not checked. */
typedef struct simdact_bias_kernel {
  void (*forward)(const simdact_kernel* op_, const void* x_, const void* scale_, const void* bias_, void* y_,
                  size_t rows_, size_t cols_, simdact_params p_);
  void (*backward)(const simdact_kernel* op_, const void* x_, const void* scale_, const void* bias_,
                   const void* dy_, void* dx_, void* dscale_, void* dbias_, size_t rows_, size_t cols_,
                   simdact_params p_);
  void (*prelu_channels)(const void* x_, const void* weight_, void* y_, size_t batch_, size_t channels_,
                         size_t inner_);
  void (*prelu_channels_backward)(const void* x_, const void* weight_, const void* dy_, void* dx_,
                                  void* dweight_, size_t batch_, size_t channels_, size_t inner_);
} simdact_bias_kernel;

/* The kernel, or NULL if the dtype does not exist or the CPU does not run the target. Valid forever. */
SIMDACT_API const simdact_bias_kernel* simdact_find_bias(const simdact_target* target_, simdact_dtype dtype_);

#ifdef __cplusplus
}
#endif

#endif /* SIMDACT_BIAS_H_ */
