/* simdact: cross-entropy of rows of logits, and its gradient, in one call. Included by simdact.h.
 *
 *   float x[2][3] = {{1, 2, 3}, {4, 5, 6}}, loss[2], dx[2][3];
 *   int64_t labels[2] = {2, 0};
 *   simdact_cross_entropy_f32(&x[0][0], labels, loss, &dx[0][0], 2, 3, NULL);
 *
 * As torch.nn.functional.cross_entropy with class indices and reduction = 'none': with p = softmax(x), w the
 * weights of classes (1 unless given) and e the label smoothing,
 *
 *   loss = sum_c -a_c log(p_c),   a_c = w_c ((1 - e) [c = label] + e / cols)
 *   dx_c = g (p_c sum a - a_c),   g = dL/dloss
 *
 * torch's reductions are made of it: 'sum' adds the losses up; 'mean' divides that by the sum of w at the
 * labels of the rows that are not ignored (without weights: by their number), and passes 1 / that as
 * `gradient`.
 *
 * Errors without smoothing: of the loss 2.5 ulps, also of one of 1e-30, which is what a label far above all
 * others has; of dx 2.5 ulps (f64: 3; bf16, f16: 0.51) on normal results, of p - 1 at a label whose p is
 * nearly 1, too. With smoothing the terms of dx may cancel: it errs by 3 ulps (f64: 6) of the larger one, at
 * the label of g sum a. The loss is as accurate as without (f64: 6 ulps), but where weights are next to 0, or
 * differ in sign, by up to 2^-27 sum a (f64: 2^-56) more.
 *
 * NaN or +inf among a row's logits, or nothing but -inf, makes its loss, log-sum-exp and dx NaN, as in torch.
 * A label at -inf has the loss inf, and dx = -g w. */
#ifndef SIMDACT_CROSS_ENTROPY_H_
#define SIMDACT_CROSS_ENTROPY_H_

#include "simdact/simdact.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All zero is the default: simdact_cross_entropy_options o = {0}, in C and in C++ (where {} does as well). */
typedef struct simdact_cross_entropy_options {
  double label_smoothing; /* 0 <= e <= 1 */
  double gradient;        /* dL/dloss, finite; 0 stands for 1 */
  const void* gradients;  /* one per row beside it, double for f64, else float; NULL: 1. g is their product */

  simdact_tier tier; /* fast is the accurate one */

  /* Ignored rows have loss, log-sum-exp and dx 0, whatever their logits. Those of a negative label always are
   * (torch: -100); with ignores_label = 1 those of ignored_label, too, which may be any number. */
  int ignores_label;
  int64_t ignored_label;

  const float* weights; /* of classes, one per column; NULL: 1 */

  size_t x_row_stride, dx_row_stride; /* elements from row to row; 0: dense */

  void* log_sum_exp; /* log(sum exp(x)) of each row, double for f64, else float; NULL: not wanted */

  uint64_t reserved[8]; /* 0: room for options to come; else SIMDACT_BAD_OPTION */
} simdact_cross_entropy_options;

/* loss[r] and dx[r][c] for rows x cols elements; E is the type of an element of T, as in simdact.h, and P is
 * double for f64, else float. Either of loss and dx may be NULL: not wanted. options may be NULL. dx may be
 * x, with the same stride; else loss, dx and log_sum_exp share memory neither with each other nor with what
 * is read. SIMDACT_EMPTY_ROW for cols = 0; SIMDACT_BAD_OPTION for what the struct rules out;
 * SIMDACT_BAD_LABEL for a label of cols or more that is not ignored; SIMDACT_NULL_POINTER, SHORT_STRIDE,
 * TOO_LARGE, OVERLAP: see simdact.h. Then nothing has been written.
 *
 *   simdact_status simdact_cross_entropy_<T>(const E* x, const int64_t* labels, P* loss, E* dx, size_t rows,
 *                                            size_t cols, const simdact_cross_entropy_options* options); */
#define SIMDACT_CROSS_ENTROPY_OF(T, E, P)                                                             \
  SIMDACT_API simdact_status simdact_cross_entropy_##T(const E* x_, const int64_t* labels_, P* loss_, \
                                                       E* dx_, size_t rows_, size_t cols_,            \
                                                       const simdact_cross_entropy_options* options_);
SIMDACT_CROSS_ENTROPY_OF(f32, float, float)
#ifndef SIMDACT_NO_F64
SIMDACT_CROSS_ENTROPY_OF(f64, double, double)
#endif
#ifndef SIMDACT_NO_HALF
SIMDACT_CROSS_ENTROPY_OF(bf16, uint16_t, float)
SIMDACT_CROSS_ENTROPY_OF(f16, uint16_t, float)
#endif
#undef SIMDACT_CROSS_ENTROPY_OF

/* The same of one target and dtype, as a value. */
typedef struct simdact_cross_entropy_kernel {
  simdact_status (*cross_entropy)(const void* x_, const int64_t* labels_, void* loss_, void* dx_,
                                  size_t rows_, size_t cols_, const simdact_cross_entropy_options* options_);
} simdact_cross_entropy_kernel;

/* The kernel, or NULL if there is no such dtype or the CPU does not run the target. Valid forever. */
SIMDACT_API const simdact_cross_entropy_kernel* simdact_find_cross_entropy(const simdact_target* target_,
                                                                           simdact_dtype dtype_);

#ifdef __cplusplus
}
#endif

#endif /* SIMDACT_CROSS_ENTROPY_H_ */
