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
 * spreads (f64: 4 softcap more, for a capped score is rounded), and its sums by the roundings of their
 * terms: see `kernels/simdact/softmax-inl.h` for why. log_softmax likewise, up to 0: where a column is 80
 * above all others its logarithm is -1.8e-35. bf16 and f16: 0.51 ulp. Scores z are not rounded, however large
 * they or their summands are: a mask of -1e9 over a whole row changes nothing, as in exact arithmetic, and a
 * larger score never has less. (Where doubles overflow they are infinite; in f64 scores of more than 2^90
 * leave an ALiBi summand its rounding to a double.) The fast tier: bf16 0.57, f16 1 ulp; f32
 * 4 ulps on normal results, and for denormal ones anything from 0 to the least normal number; it is the
 * accurate one for log_softmax, softmin, f64 and with options. A NaN among the columns that a row sees makes
 * the row NaN. */
#ifndef SIMDACT_SOFTMAX_H_
#define SIMDACT_SOFTMAX_H_

#include "simdact/simdact.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What an option mask[row][column] means. */
typedef enum simdact_mask {
  SIMDACT_MASK_NONE = 0,
  SIMDACT_MASK_BOOL = 1, /* uint8_t: 0 hides the column (as in PyTorch and ONNX, true takes part) */
  SIMDACT_MASK_F32 = 2,  /* float, added to the score */
  SIMDACT_MASK_SAME = 3  /* the dtype of x, added to the score */
} simdact_mask;

/* The softmax of a row without a visible column, or of -inf alone. (log_softmax gives the logarithm.) With a
 * finite sink it is 0. */
typedef enum simdact_masked_row {
  SIMDACT_MASKED_ROW_NAN = 0,    /* torch.softmax */
  SIMDACT_MASKED_ROW_ZERO = 1,   /* scaled_dot_product_attention, ONNX Attention */
  SIMDACT_MASKED_ROW_UNIFORM = 2 /* 1 / cols: what torch gives for masks of the lowest finite number */
} simdact_masked_row;

/* The softmax of a row where a score, or the sink, is +inf. */
typedef enum simdact_infinite_score {
  SIMDACT_INFINITE_SCORE_NAN = 0,  /* NaN in the whole row: torch.softmax */
  SIMDACT_INFINITE_SCORE_LIMIT = 1 /* the limit: the infinite ones share 1, the others have 0 */
} simdact_infinite_score;

/* All zero is the default: simdact_softmax_options o = {0}, in C and in C++ (where {} does as well). Numbers
 * are rounded to float but for f64, and must stay finite then and other than 0. */
typedef struct simdact_softmax_options {
  double scale;   /* finite; 0 stands for 1. The first member is a number: {0} initializes no enum in C++ */
  double softcap; /* cap tanh(scale x / cap); finite, > 0; 0: none */

  simdact_tier tier;
  simdact_masked_row masked_row;
  simdact_infinite_score infinite_score;

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

  uint64_t reserved[7]; /* 0: room for options to come; else SIMDACT_BAD_OPTION */

  const size_t* starts; /* row r sees no column before starts[r], for sliding windows; NULL: all */
} simdact_softmax_options;

/* y[r][c] for rows x cols elements; E is the type of an element of T, as in simdact.h. options may be NULL.
 * y may be x, with the same stride; else y and log_sum_exp share memory neither with each other nor with x,
 * mask, starts, lengths or sinks. SIMDACT_EMPTY_ROW for cols = 0; SIMDACT_BAD_OPTION for what the struct
 * rules out; SIMDACT_NULL_POINTER, SHORT_STRIDE, TOO_LARGE, OVERLAP: see simdact.h. Then nothing has been
 * touched.
 *
 *   simdact_status simdact_softmax_<T>(const E* x, E* y, size_t rows, size_t cols, const
 * simdact_softmax_options* options); simdact_status simdact_log_softmax_<T>(...);  simdact_status
 * simdact_softmin_<T>(...);
 *
 * log(s) alone, with all of these options but the log_sum_exp among them, which is left alone: the bits that
 * simdact_softmax writes, for a pass over memory less. P is double for f64, else float.
 *
 *   simdact_status simdact_log_sum_exp_<T>(const E* x, P* log_sum_exp, size_t rows, size_t cols, options);
 *
 * The gradient from the output, dx = dL/dx for dy = dL/dy:
 *
 *   softmax      dx = scale y (dy - sum y dy)         softmin: the same with a minus sign
 *   log_softmax  dx = scale (dy - exp(y) sum dy)
 *
 * whose error is 2 ulps (bf16, f16: 0.51), and where dy is near the sum 2^-38 of their size. (log_softmax:
 * 2^-20 cols exp(y). Where dy is 0 in all other columns nothing cancels: dx = -scale expm1(y) dy to 2 ulps.)
 * dx may be y or dy, with the same stride. Of the options scale, the strides and the tier count, and for
 * softmax and softmin which columns a row sees: the others have 0. With softcap the gradient does not follow
 * from the output: SIMDACT_BAD_OPTION; see attention.h.
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

#define SIMDACT_SOFTMAX_OF(_name, T, E)                                                                     \
  SIMDACT_API simdact_status simdact##_name##_##T(const E* x_, E* y_, size_t rows_, size_t cols_,           \
                                                  const simdact_softmax_options* options_);                 \
  SIMDACT_API simdact_status simdact##_name##_backward_##T(const E* y_, const E* dy_, E* dx_, size_t rows_, \
                                                           size_t cols_,                                    \
                                                           const simdact_softmax_options* options_);
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_OF(_##name, f32, float)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
#define SIMDACT_LOG_SUM_EXP_OF(T, E, P)                                                          \
  SIMDACT_API simdact_status simdact_log_sum_exp_##T(const E* x_, P* log_sum_exp_, size_t rows_, \
                                                     size_t cols_, const simdact_softmax_options* options_);
SIMDACT_LOG_SUM_EXP_OF(f32, float, float)
SIMDACT_API void simdact_softmax_diagonal_f32(const float* y_, const float* dy_, float* dx_, size_t n_);
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_OF(_##name, f64, double)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_LOG_SUM_EXP_OF(f64, double, double)
SIMDACT_API void simdact_softmax_diagonal_f64(const double* y_, const double* dy_, double* dx_, size_t n_);
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, ...) \
  SIMDACT_SOFTMAX_OF(_##name, bf16, uint16_t) SIMDACT_SOFTMAX_OF(_##name, f16, uint16_t)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_LOG_SUM_EXP_OF(bf16, uint16_t, float)
SIMDACT_LOG_SUM_EXP_OF(f16, uint16_t, float)
SIMDACT_API void simdact_softmax_diagonal_bf16(const uint16_t* y_, const uint16_t* dy_, uint16_t* dx_,
                                               size_t n_);
SIMDACT_API void simdact_softmax_diagonal_f16(const uint16_t* y_, const uint16_t* dy_, uint16_t* dx_,
                                              size_t n_);
#endif
#undef SIMDACT_LOG_SUM_EXP_OF
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
  double sum;         /* of exp(score), in units */
  double reserved[4]; /* 0 */
} simdact_softmax_state;

/* No score yet. */
SIMDACT_API simdact_softmax_state simdact_softmax_begin(void);

/* Takes n more scores: p[i] = exp(scale x[i]) in the state's new unit, with 0 where the score is -inf.
 * Returns the factor by which what was computed in the old unit must be multiplied (1 for the first block).
 * NaN and +inf make p, the sum and the factor NaN. p may be x. scale is finite; 0 stands for 1, as in the
 * options. Without a state there is nothing to do, and the factor is NaN. */
SIMDACT_API float simdact_softmax_block_f32(simdact_softmax_state* state_, const float* x_, float* p_,
                                            size_t n_, float scale_);
#ifndef SIMDACT_NO_HALF
SIMDACT_API float simdact_softmax_block_bf16(simdact_softmax_state* state_, const uint16_t* x_, uint16_t* p_,
                                             size_t n_, float scale_);
SIMDACT_API float simdact_softmax_block_f16(simdact_softmax_state* state_, const uint16_t* x_, uint16_t* p_,
                                            size_t n_, float scale_);
#endif

/* Adds the scores of another state, as if they had come here (split keys). What belongs to `state` must be
 * multiplied by *factor then, and what belongs to `other` by *other_factor; either may be NULL: not wanted.
 * Without a state there is nothing to do, and factors are NaN. */
SIMDACT_API void simdact_softmax_merge(simdact_softmax_state* state_, const simdact_softmax_state* other_,
                                       double* factor_, double* other_factor_);

/* y = x factor; y may be x. Does nothing to y = x for factor 1. */
SIMDACT_API void simdact_softmax_rescale_f32(const float* x_, float* y_, size_t n_, float factor_);

/* 1 / sum: by which an accumulator of p's products is multiplied at the end; NaN if there was no score. And
 * log(sum exp(score)); -inf if there was none. Both NaN without a state. */
SIMDACT_API double simdact_softmax_finish(const simdact_softmax_state* state_);
SIMDACT_API double simdact_softmax_log_sum_exp(const simdact_softmax_state* state_);

/* ---- As a value --------------------------------------------------------------------------------------- */

/* New ones go to the end of the list: the order gives the numbers. */
typedef enum simdact_softmax_op {
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_OP_##name,
  SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
      SIMDACT_SOFTMAX_OP_COUNT
} simdact_softmax_op;

/* As the functions above, for elements of the kernel's dtype; the tier is an option. */
typedef struct simdact_softmax_kernel {
  simdact_status (*forward)(const void* x_, void* y_, size_t rows_, size_t cols_,
                            const simdact_softmax_options* options_);
  simdact_status (*backward)(const void* y_, const void* dy_, void* dx_, size_t rows_, size_t cols_,
                             const simdact_softmax_options* options_);
  /* The same for all ops, forward of f32, bf16, f16; NULL for f64. */
  float (*block)(simdact_softmax_state* state_, const void* x_, void* p_, size_t n_, float scale_);
  /* Of the op's scores; the same for softmax and log_softmax. */
  simdact_status (*log_sum_exp)(const void* x_, void* log_sum_exp_, size_t rows_, size_t cols_,
                                const simdact_softmax_options* options_);
} simdact_softmax_kernel;

/* The kernel, or NULL if the op or dtype does not exist or the CPU does not run the target. Valid forever. */
SIMDACT_API const simdact_softmax_kernel* simdact_find_softmax(const simdact_target* target_,
                                                               simdact_softmax_op op_, simdact_dtype dtype_);

/* Name, formulas forward and backward, and note of an op, as `simdact list` prints them. */
typedef struct simdact_softmax_description {
  const char *name, *formula, *backward, *note;
} simdact_softmax_description;
SIMDACT_API const simdact_softmax_description* simdact_describe_softmax(simdact_softmax_op op_);

#ifdef __cplusplus
}
#endif

/* Here, for they need all of the above. */
#include "simdact/attention.h"
#include "simdact/softmax_axis.h"

#endif /* SIMDACT_SOFTMAX_H_ */
