/* simdact: softmax and its kin along any axis of a tensor, forward and backward. Included by simdact.h.
 *
 *   float x[8][21][64][64], y[8][21][64][64];       (NCHW: a softmax over the channels of each pixel)
 *   simdact_softmax_axis_f32(&x[0][0][0][0], &y[0][0][0][0], 8, 21, 64 * 64, NULL);
 *
 * A tensor is outer x axis x inner elements, dense: what stands before the axis, the axis, and what stands
 * behind it. Element a of a column is inner elements behind element a - 1. With inner = 1 columns are rows,
 * and go to the functions of softmax.h.
 *
 * A column's result depends on that column alone, not on how many there are or where it stands (but rows,
 * inner = 1, add their terms up in another order: the last bit may differ). It has the claims of
 * softmax.h: at most 2.5 ulps on normal results, bf16 and f16 0.51; the fast tier likewise; the same special
 * columns. */
#ifndef SIMDACT_SOFTMAX_AXIS_H_
#define SIMDACT_SOFTMAX_AXIS_H_

#include "simdact/simdact.h"
#include "simdact/softmax.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All zero is the default: simdact_softmax_axis_options o = {0}, in C and in C++ (where {} does as well). */
typedef struct simdact_softmax_axis_options {
  double scale; /* scores are scale x; as in simdact_softmax_options, 0 stands for 1 */

  simdact_tier tier;
  simdact_masked_row masked_row;         /* columns of -inf alone */
  simdact_infinite_score infinite_score; /* columns with +inf */

  /* log(sum) of each column, outer x inner, double for f64, else float; NULL: not wanted */
  void* log_sum_exp;

  uint64_t reserved[8]; /* 0: room for options to come; else SIMDACT_BAD_OPTION */
} simdact_softmax_axis_options;

/* E is the type of an element of T, as in simdact.h; P is double for f64, else float. options may be NULL. y
 * may be x, dx may be y or dy; else outputs share memory neither with each other nor with what is read.
 * SIMDACT_EMPTY_ROW for axis = 0; SIMDACT_BAD_OPTION, NULL_POINTER, TOO_LARGE, OVERLAP: see simdact.h. Then
 * nothing has been touched.
 *
 *   simdact_status simdact_softmax_axis_<T>(const E* x, E* y, size_t outer, size_t axis, size_t inner,
 *                                           const simdact_softmax_axis_options* options);
 *   simdact_status simdact_log_softmax_axis_<T>(...);  simdact_status simdact_softmin_axis_<T>(...);
 *
 * log(s) alone, whatever the options say of log_sum_exp:
 *
 *   simdact_status simdact_log_sum_exp_axis_<T>(const E* x, P* log_sum_exp, size_t outer, size_t axis,
 *                                               size_t inner, options);
 *
 * The gradients from the output, as in softmax.h; of the options scale counts:
 *
 *   simdact_status simdact_softmax_axis_backward_<T>(const E* y, const E* dy, E* dx, size_t outer,
 *                                                    size_t axis, size_t inner, options);
 *   simdact_status simdact_log_softmax_axis_backward_<T>(...);
 *   simdact_status simdact_softmin_axis_backward_<T>(...); */
#define SIMDACT_SOFTMAX_AXIS_OF(_name, T, E)                                                            \
  SIMDACT_API simdact_status simdact##_name##_axis_##T(const E* x_, E* y_, size_t outer_, size_t axis_, \
                                                       size_t inner_,                                   \
                                                       const simdact_softmax_axis_options* options_);   \
  SIMDACT_API simdact_status simdact##_name##_axis_backward_##T(                                        \
      const E* y_, const E* dy_, E* dx_, size_t outer_, size_t axis_, size_t inner_,                    \
      const simdact_softmax_axis_options* options_);
#define SIMDACT_LOG_SUM_EXP_AXIS_OF(T, E, P)                                                           \
  SIMDACT_API simdact_status simdact_log_sum_exp_axis_##T(const E* x_, P* log_sum_exp_, size_t outer_, \
                                                          size_t axis_, size_t inner_,                 \
                                                          const simdact_softmax_axis_options* options_);
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_AXIS_OF(_##name, f32, float)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_LOG_SUM_EXP_AXIS_OF(f32, float, float)
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_AXIS_OF(_##name, f64, double)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_LOG_SUM_EXP_AXIS_OF(f64, double, double)
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, ...) \
  SIMDACT_SOFTMAX_AXIS_OF(_##name, bf16, uint16_t) SIMDACT_SOFTMAX_AXIS_OF(_##name, f16, uint16_t)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_LOG_SUM_EXP_AXIS_OF(bf16, uint16_t, float)
SIMDACT_LOG_SUM_EXP_AXIS_OF(f16, uint16_t, float)
#endif
#undef SIMDACT_LOG_SUM_EXP_AXIS_OF
#undef SIMDACT_SOFTMAX_AXIS_OF

/* The same of one target, op and dtype, as a value. */
typedef struct simdact_softmax_axis_kernel {
  simdact_status (*forward)(const void* x_, void* y_, size_t outer_, size_t axis_, size_t inner_,
                            const simdact_softmax_axis_options* options_);
  simdact_status (*backward)(const void* y_, const void* dy_, void* dx_, size_t outer_, size_t axis_,
                             size_t inner_, const simdact_softmax_axis_options* options_);
  /* Of the op's scores; the same for softmax and log_softmax. */
  simdact_status (*log_sum_exp)(const void* x_, void* log_sum_exp_, size_t outer_, size_t axis_,
                                size_t inner_, const simdact_softmax_axis_options* options_);
} simdact_softmax_axis_kernel;

/* The kernel, or NULL if the op or dtype does not exist or the CPU does not run the target. Valid forever. */
SIMDACT_API const simdact_softmax_axis_kernel* simdact_find_softmax_axis(const simdact_target* target_,
                                                                         simdact_softmax_op op_,
                                                                         simdact_dtype dtype_);

#ifdef __cplusplus
}
#endif

#endif /* SIMDACT_SOFTMAX_AXIS_H_ */
