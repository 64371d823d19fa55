/* simdact: softmax of attention's scores [batches, heads, queries, keys], forward and backward.
 *
 *   simdact_attention a = {0};
 *   a.batches = 2, a.heads = 16, a.queries = a.keys = 128;
 *   a.scale = 0.125, a.causal = 1, a.masked_row = SIMDACT_MASKED_ROW_ZERO;
 *   simdact_attention_softmax_f32(x, y, &a);
 *
 * Each row, the scores of a query, is a row of softmax.h, with the same options, arithmetic and claims:
 *
 *   z = softcap(scale x) + mask_slope mask + alibi_slope (key - last key that the query may see)
 *   y = exp(z) / s,  s = sum exp(z) [+ exp(sink)]
 *
 * over the keys k that query q of batch b sees, which lies beside key p = q + diagonal:
 *
 *   k < key_lengths[b]
 *   k <= p                                     if causal
 *   p - window_left <= k <= p + window_right   if window
 *
 * and that no mask hides. y is 0 at the others; where those above hide them they cost no more than writing
 * that 0. Heads and batches know nothing of each other: to share the work, threads call with pointers and
 * sizes of their part. */
#ifndef SIMDACT_ATTENTION_H_
#define SIMDACT_ATTENTION_H_

#include "simdact/softmax.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Elements from one batch, head, query to the next; keys lie side by side. */
typedef struct simdact_strides {
  size_t batch, head, query;
} simdact_strides;

/* All zero but for the four sizes is torch.softmax of each row: simdact_attention a = {0}. */
typedef struct simdact_attention {
  size_t batches, heads, queries, keys;
  double scale, softcap; /* as in simdact_softmax_options, as are the next three and the mask's type */

  simdact_tier tier;
  simdact_masked_row masked_row; /* 0 is NaN; scaled_dot_product_attention and ONNX have ZERO */
  simdact_infinite_score infinite_score;

  simdact_mask mask_type;
  const void* mask;             /* keys elements for each row */
  simdact_strides mask_strides; /* 0: the same for all, as in a mask of [b, 1, 1, k] */
  double mask_slope;            /* finite; times an additive mask; 0 stands for 1 */
  const float* mask_slopes;     /* in its place, one for each head, finite and other than 0; NULL: none */

  const float* alibi_slopes; /* one for each head, finite, and for each batch; NULL: none */
  size_t alibi_batch_stride; /* elements; 0: the same for all batches */
  const float* sinks;        /* likewise */
  size_t sink_batch_stride;

  const size_t* key_lengths;  /* one for each batch; NULL: all keys */
  ptrdiff_t diagonal;         /* torch.tril's; past tokens, or keys - queries: causal from the bottom right */
  const ptrdiff_t* diagonals; /* in its place, one for each batch; NULL: none */
  int causal;                 /* 0 or 1 */
  int window;                 /* 0: none; or 1: flash-attention's window_size = (left, right) */
  ptrdiff_t window_left, window_right; /* keys beside p on each side; negative: all */

  simdact_strides x_strides, y_strides, dy_strides, dx_strides; /* 0: keys for the query; queries times the
                                query's for the head; heads times the head's for the batch */

  void* log_sum_exp; /* log(s) [batches, heads, queries], doubles for f64, else floats; NULL: not wanted */

  uint64_t reserved[8]; /* 0: room for options to come; else SIMDACT_BAD_OPTION */
} simdact_attention;

/* E is the type of an element of T, as in simdact.h. y may be x, with the same strides; else what is written,
 * y and log_sum_exp, shares no memory with anything, from first to last element: SIMDACT_OVERLAP.
 * SIMDACT_EMPTY_ROW for keys = 0; SIMDACT_BAD_OPTION for what the struct rules out; SIMDACT_SHORT_STRIDE for
 * rows that lie in each other; SIMDACT_NULL_POINTER, TOO_LARGE: see simdact.h. Then nothing has been touched.
 *
 *   simdact_status simdact_attention_softmax_<T>(const E* x, E* y, const simdact_attention*);
 *
 * The gradient, of the same options:
 *
 *   dx = scale softcap'(scale x) y (dy - t),  t = sum y dy      dsink = -sum of exp(sink - log(s)) t
 *
 * from y, or if that is NULL from x and log_sum_exp, what the forward call left there. x may be NULL where y
 * is there and no softcap. dsinks is laid out as sinks are, over batches too where they share a sink; it
 * needs sinks and log_sum_exp, and may be NULL: not wanted. dx may be x, y or dy, with the same strides.
 * Hidden keys have 0, and so has a row without a sum, log_sum_exp being -inf, where dx is made from x.
 *
 * dx errs by 2 ulps (bf16, f16: 0.51), and where dy is near t 2^-38 of their size (f64: 2^-50); with softcap
 * by 4 (f64: and 4 |scale x| / softcap). Without y by (4 + |log_sum_exp|) 2^-24 y (|dy| + 2 sum y |dy|) more,
 * which the rounding of log_sum_exp has left (f64: 2^-53, and with softcap 4 softcap more in the bracket). So
 * keep y where scores are large. dsinks: (4 + |sink| + 2 |log_sum_exp|) 2^-24 of the sum of
 * |exp(sink - log(s)) y dy| (f64 as above).
 *
 *   simdact_status simdact_attention_softmax_backward_<T>(const E* x, const E* y, const E* dy, E* dx,
 *                                                         N* dsinks, const simdact_attention*);
 *
 * N is double for f64, else float. */
#define SIMDACT_ATTENTION_OF(T, E, N)                                                            \
  SIMDACT_API simdact_status simdact_attention_softmax_##T(const E* x_, E* y_,                   \
                                                           const simdact_attention* attention_); \
  SIMDACT_API simdact_status simdact_attention_softmax_backward_##T(                             \
      const E* x_, const E* y_, const E* dy_, E* dx_, N* dsinks_, const simdact_attention* attention_);
SIMDACT_ATTENTION_OF(f32, float, float)
#ifndef SIMDACT_NO_F64
SIMDACT_ATTENTION_OF(f64, double, double)
#endif
#ifndef SIMDACT_NO_HALF
SIMDACT_ATTENTION_OF(bf16, uint16_t, float)
SIMDACT_ATTENTION_OF(f16, uint16_t, float)
#endif
#undef SIMDACT_ATTENTION_OF

/* The same of any dtype, on a target of the caller's choice. SIMDACT_BAD_OPTION, too, if the dtype does not
 * exist or the CPU does not run the target. */
SIMDACT_API simdact_status simdact_attention_softmax(const simdact_target* target_, simdact_dtype dtype_,
                                                     const void* x_, void* y_,
                                                     const simdact_attention* attention_);
SIMDACT_API simdact_status simdact_attention_softmax_backward(const simdact_target* target_,
                                                              simdact_dtype dtype_, const void* x_,
                                                              const void* y_, const void* dy_, void* dx_,
                                                              void* dsinks_,
                                                              const simdact_attention* attention_);

#ifdef __cplusplus
}
#endif

#endif /* SIMDACT_ATTENTION_H_ */
