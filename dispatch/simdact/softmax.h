/* simdact: softmax and its kin over the rows of a matrix, forward and backward, and in pieces.
 *
 *   float x[2][3] = {{1, 2, 3}, {4, 5, 6}}, y[2][3];
 *   simdact_softmax_f32(&x[0][0], &y[0][0], 2, 3, NULL);
 *
 * With options, the scores z of a row are made from x in the order of ONNX Attention:
 *
 *   z = softcap(scale x) + mask_slope mask + alibi_slope (column - last visible column),  -inf where masked
 *
 * and softmax is y = exp(z) / s, log_softmax y = z - log(s), s = sum exp(z) [+ exp(sink)]; softmin is the
 * softmax of -x. A row's result depends on that row alone, not on how many there are or how threads share
 * them.
 *
 * The accurate tier errs by at most 2.5 ulps on normal results for up to 65536 columns, however far the row
 * spreads (f64 with softcap: 100), and its sums by the roundings of their terms: see
 * `kernels/simdact/softmax-inl.h` for why. log_softmax: 2.5 ulps below -0.5, 2^-23 (f64: 2^-48) above. bf16
 * and f16: 0.51 ulp. Scores z of which options make more than 10^5 (f64: 10^13) in magnitude are rounded to
 * the type, as x itself is. The fast tier: 2^-12 of the result; with options it is the accurate one. A NaN
 * among the columns that a row sees makes the row NaN. */
#ifndef SIMDACT_SOFTMAX_H_
#define SIMDACT_SOFTMAX_H_

#include "simdact/simdact.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What an option mask[row][column] means. */
typedef enum simdact_mask {
  SIMDACT_MASK_NONE,
  SIMDACT_MASK_BOOL, /* uint8_t: 0 hides the column (as in PyTorch and ONNX, true takes part) */
  SIMDACT_MASK_F32,  /* float, added to the score */
  SIMDACT_MASK_SAME  /* the dtype of x, added to the score */
} simdact_mask;

/* The softmax of a row without a visible column, or of -inf alone. (log_softmax gives the logarithm.) With a
 * finite sink it is 0. */
typedef enum simdact_masked_row {
  SIMDACT_MASKED_ROW_NAN,    /* torch.softmax */
  SIMDACT_MASKED_ROW_ZERO,   /* scaled_dot_product_attention, ONNX Attention */
  SIMDACT_MASKED_ROW_UNIFORM /* 1 / cols: what masks of the lowest finite number give */
} simdact_masked_row;

/* The softmax of a row where a score, or the sink, is +inf. */
typedef enum simdact_infinite_score {
  SIMDACT_INFINITE_SCORE_NAN,  /* NaN in the whole row: torch.softmax */
  SIMDACT_INFINITE_SCORE_LIMIT /* the limit: the infinite ones share 1, the others have 0 */
} simdact_infinite_score;

/* All zero is the default: simdact_softmax_options o = {0}. Numbers are rounded to float but for f64, and
 * must stay finite then and other than 0. */
typedef struct simdact_softmax_options {
  simdact_tier tier;
  simdact_masked_row masked_row;
  simdact_infinite_score infinite_score;

  double scale;   /* finite; 0 stands for 1 */
  double softcap; /* cap tanh(scale x / cap); finite, > 0; 0: none */

  simdact_mask mask_type;
  const void* mask;       /* row r of x uses row r % mask_rows */
  size_t mask_rows;       /* 1: the same for all; 0: as many as x has */
  size_t mask_row_stride; /* elements; 0: dense */
  double mask_slope;      /* finite; times an additive mask; 0 stands for 1 */
  double alibi_slope;     /* finite; 0: none; for up to 2^24 columns */

  const size_t* lengths; /* row r sees its first lengths[r] columns, or all cols; NULL: all */
  size_t causal_rows;    /* 0: not causal; else row r sees causal_past + r % causal_rows + 1 columns */
  size_t causal_past;

  const float* sinks; /* attention sinks: row r has sinks[r / rows_per_sink] beside its columns; NULL: none */
  size_t rows_per_sink; /* 0: one sink for all */

  size_t x_row_stride, y_row_stride;   /* elements from row to row; 0: dense */
  size_t dy_row_stride, dx_row_stride; /* the same, backward */

  void* log_sum_exp; /* log(s) of each row, a double for f64, else a float; NULL: not wanted */
} simdact_softmax_options;

/* y[r][c] for rows x cols elements; E is the type of an element of T, as in simdact.h. options may be NULL.
 * y may be x, with the same stride; neither mask nor log_sum_exp may share memory with y. SIMDACT_EMPTY_ROW
 * for cols = 0; SIMDACT_BAD_OPTION for what the struct rules out; SIMDACT_NULL_POINTER, SHORT_STRIDE,
 * TOO_LARGE, OVERLAP: see simdact.h. Then nothing has been touched.
 *
 *   simdact_status simdact_softmax_<T>(const E* x, E* y, size_t rows, size_t cols, const
 * simdact_softmax_options* options); simdact_status simdact_log_softmax_<T>(...);  simdact_status
 * simdact_softmin_<T>(...);
 *
 * The gradient from the output, dx = dL/dx for dy = dL/dy:
 *
 *   softmax      dx = scale y (dy - sum y dy)         softmin: the same with a minus sign
 *   log_softmax  dx = scale (dy - exp(y) sum dy)
 *
 * whose error is 2 ulps (bf16, f16: 0.51), and where dy is near the sum 2^-38 of their size (log_softmax:
 * 2^-20 cols exp(y)). dx may be y or dy, with the same stride. Of the options scale, the strides and the tier
 * count; with softcap the gradient does not follow from the output: SIMDACT_BAD_OPTION.
 *
 *   simdact_status simdact_softmax_backward_<T>(const E* y, const E* dy, E* dx, size_t rows, size_t cols,
 * options); simdact_status simdact_log_softmax_backward_<T>(...);  simdact_status
 * simdact_softmin_backward_<T>(...);
 *
 * The element-wise diagonal of softmax's Jacobian alone, dx = dy y (1 - y), n elements, in place as above:
 *
 *   void simdact_softmax_diagonal_<T>(const E* y, const E* dy, E* dx, size_t n); */
#define SIMDACT_SOFTMAX_OPS(X)                                                                    \
  X(Softmax, softmax, "exp(z) / sum exp(z)", "y (dy - sum y dy)", "as torch.softmax")             \
  X(LogSoftmax, log_softmax, "z - log(sum exp(z))", "dy - exp(y) sum dy", "as torch.log_softmax") \
  X(Softmin, softmin, "exp(z) / sum exp(z), z = -x", "-y (dy - sum y dy)", "as torch.nn.Softmin")

#define SIMDACT_SOFTMAX_OF(name, T, E)                                                        \
  SIMDACT_API simdact_status simdact_##name##_##T(const E* x, E* y, size_t rows, size_t cols, \
                                                  const simdact_softmax_options* options);    \
  SIMDACT_API simdact_status simdact_##name##_backward_##T(                                   \
      const E* y, const E* dy, E* dx, size_t rows, size_t cols, const simdact_softmax_options* options);
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_OF(name, f32, float)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_API void simdact_softmax_diagonal_f32(const float* y, const float* dy, float* dx, size_t n);
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_OF(name, f64, double)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_API void simdact_softmax_diagonal_f64(const double* y, const double* dy, double* dx, size_t n);
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, ...) \
  SIMDACT_SOFTMAX_OF(name, bf16, uint16_t) SIMDACT_SOFTMAX_OF(name, f16, uint16_t)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_API void simdact_softmax_diagonal_bf16(const uint16_t* y, const uint16_t* dy, uint16_t* dx, size_t n);
SIMDACT_API void simdact_softmax_diagonal_f16(const uint16_t* y, const uint16_t* dy, uint16_t* dx, size_t n);
#endif
#undef SIMDACT_SOFTMAX_OF

/* ---- In pieces, for loops that see a row block by block (flash attention) ------------------------------
 *
 *   simdact_softmax_state s = simdact_softmax_begin();
 *   for each block of n scores x:
 *     float factor = simdact_softmax_block_f32(&s, x, p, n, scale);  // p = exp(scale x) in units of s
 *     simdact_softmax_rescale_f32(acc, acc, width, factor);          // what came before, in these units
 *     acc += p times the block's values
 *   simdact_softmax_rescale_f32(acc, acc, width, simdact_softmax_finish(&s));
 *
 * The unit is exp(shift) 2^power with the power of two next to the largest score, not the score itself: for
 * scores within +-208 shift is 0, so that a rescale is by a power of two, exact, and 1 unless the maximum
 * has doubled. p is at most sqrt(2), and a rounding. */
typedef struct simdact_softmax_state {
  double maximum; /* the largest score so far; -inf at the beginning */
  double shift, power;
  double sum; /* of exp(score), in units */
} simdact_softmax_state;

/* No score yet. */
SIMDACT_API simdact_softmax_state simdact_softmax_begin(void);

/* Takes n more scores: p[i] = exp(scale x[i]) in the state's new unit, with 0 where x is -inf. Returns the
 * factor by which what was computed in the old unit must be multiplied (1 for the first block). NaN and +inf
 * make p, the sum and the factor NaN. p may be x. */
SIMDACT_API float simdact_softmax_block_f32(simdact_softmax_state* state, const float* x, float* p, size_t n,
                                            float scale);
#ifndef SIMDACT_NO_HALF
SIMDACT_API float simdact_softmax_block_bf16(simdact_softmax_state* state, const uint16_t* x, uint16_t* p,
                                             size_t n, float scale);
SIMDACT_API float simdact_softmax_block_f16(simdact_softmax_state* state, const uint16_t* x, uint16_t* p,
                                            size_t n, float scale);
#endif

/* Adds the scores of another state, as if they had come here (split keys). What belongs to `state` must be
 * multiplied by *factor then, and what belongs to `other` by *other_factor. */
SIMDACT_API void simdact_softmax_merge(simdact_softmax_state* state, const simdact_softmax_state* other,
                                       double* factor, double* other_factor);

/* y = x factor; y may be x. Does nothing to y = x for factor 1. */
SIMDACT_API void simdact_softmax_rescale_f32(const float* x, float* y, size_t n, float factor);

/* 1 / sum: by which an accumulator of p's products is multiplied at the end; NaN if there was no score. And
 * log(sum exp(score)); -inf if there was none. */
SIMDACT_API double simdact_softmax_finish(const simdact_softmax_state* state);
SIMDACT_API double simdact_softmax_log_sum_exp(const simdact_softmax_state* state);

/* ---- As a value --------------------------------------------------------------------------------------- */

typedef enum simdact_softmax_op {
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_OP_##name,
  SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
      SIMDACT_SOFTMAX_OP_COUNT
} simdact_softmax_op;

/* As the functions above, for elements of the kernel's dtype; the tier is an option. */
typedef struct simdact_softmax_kernel {
  simdact_status (*forward)(const void* x, void* y, size_t rows, size_t cols,
                            const simdact_softmax_options* options);
  simdact_status (*backward)(const void* y, const void* dy, void* dx, size_t rows, size_t cols,
                             const simdact_softmax_options* options);
  /* The same for all ops, forward of f32, bf16, f16; NULL for f64. */
  float (*block)(simdact_softmax_state* state, const void* x, void* p, size_t n, float scale);
} simdact_softmax_kernel;

/* The kernel, or NULL if the op or dtype does not exist or the CPU does not run the target. Valid forever. */
SIMDACT_API const simdact_softmax_kernel* simdact_find_softmax(const simdact_target* target,
                                                               simdact_softmax_op op, simdact_dtype dtype);

/* Name, formulas forward and backward, and note of an op, as `simdact list` prints them. */
typedef struct simdact_softmax_description {
  const char *name, *formula, *backward, *note;
} simdact_softmax_description;
SIMDACT_API const simdact_softmax_description* simdact_describe_softmax(simdact_softmax_op op);

#ifdef __cplusplus
}
#endif

#endif /* SIMDACT_SOFTMAX_H_ */
