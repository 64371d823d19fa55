/* simdact: gated linear units, y = act(gate) up, and their gradients. Included by simdact.h, whose rules on
 * arrays and numbers hold here as well.
 *
 *   simdact_swiglu_f32(gate, up, y, n);                       two arrays
 *   simdact_swiglu_rows_f32(x, y, rows, cols, SIMDACT_GATE_FIRST, 0, 0);     one, as a linear layer leaves it
 *
 * Numbers: NaN in gate or up gives NaN, in dgate and dup too where they depend on it; products are IEEE's, so
 * that relu(-1) times an infinite up is NaN, as is an activation that is too small for a number, and a zero
 * has the product's sign (swiglu_oai: that of s u + s, s = g sigmoid(alpha g); -0 for s = -0 and u >= 0).
 * Parameters: any value; NaN gives NaN, an infinite, zero or negative one the limit of the formula. Bounds in
 * ulps are in gates.def (`simdact list` prints them).
 *
 * The functions of section 1 are the accurate tier's; simdact_find_gate finds kernels of the fast tier, too.
 * Its y, and its dgate and dup for dy = 1, are within 4 ulp in f32, 0.6 in bf16 and 1.0 in f16 where they are
 * normal (swiglu_oai: at its default parameters; half an ulp more at others); dgate, where act' crosses zero,
 * is within 2^-22 of its largest term. Where the activation, or for dgate its derivative, is denormal,
 * anything from 0 to the least normal number may be multiplied with up. Special values are the accurate
 * tier's. It exists in f32, bf16 and f16 for all gates but reglu, which is as fast as memory; without fused
 * multiply-add not for the gradients of geglu_tanh. There, and for swiglu_oai unless 0.5 <= alpha <= 2^20,
 * fast means accurate. */
#ifndef SIMDACT_GATES_H_
#define SIMDACT_GATES_H_

#include "simdact/gates.def"
#include "simdact/simdact.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a row of 2 cols numbers holds gate and up. */
typedef enum simdact_gate_layout {
  SIMDACT_GATE_FIRST = 0,       /* cols of gate, then cols of up: Hugging Face's gate_up_proj */
  SIMDACT_UP_FIRST = 1,         /* cols of up, then cols of gate: torch.nn.functional.glu */
  SIMDACT_GATE_INTERLEAVED = 2, /* gate, up, gate, up, ...: gpt-oss */
  SIMDACT_GATE_LAYOUT_COUNT
} simdact_gate_layout;

/* ---- 1. Arrays -----------------------------------------------------------------------------------------
 *
 *   void simdact_<gate>_<T>(const E* gate, const E* up, E* y, size_t n [, P parameter...]);
 *        y[i] = act(gate[i]) up[i], i < n. y may be gate or up.
 *   void simdact_<gate>_backward_<T>(const E* gate, const E* up, const E* dy, E* dgate, E* dup, size_t n
 *                                    [, P...]);
 *        dgate[i] = dy[i] up[i] act'(gate[i]), dup[i] = dy[i] act(gate[i]). dgate and dup may each be any of
 *        the inputs, but not the same.
 *
 *   simdact_status simdact_<gate>_rows_<T>(const E* x, E* y, size_t rows, size_t cols,
 *                                          simdact_gate_layout layout, size_t x_row_stride,
 *                                          size_t y_row_stride [, P...]);
 *        The same for each row of x, rows x 2 cols, to a row of y, rows x cols. Row r starts r strides
 *        behind the array; strides count elements, and 0 means that rows follow each other. y may be x, or
 *        one of its halves, if both have the same stride and so each row of y lies in its own row of x.
 *   simdact_status simdact_<gate>_rows_backward_<T>(const E* x, const E* dy, E* dx, size_t rows, size_t cols,
 *                                                   simdact_gate_layout layout, size_t x_row_stride,
 *                                                   size_t dy_row_stride, size_t dx_row_stride [, P...]);
 *        dx, rows x 2 cols, holds dgate and dup in the layout of x. It may be x, with the same stride, and dy
 *        may be one of its halves, likewise.
 *
 * E, P and T as in simdact.h, for each gate of gates.def. The rows' functions return SIMDACT_OK, also where
 * there are no rows or columns, or SIMDACT_BAD_OPTION (no such layout), SIMDACT_NULL_POINTER,
 * SIMDACT_SHORT_STRIDE (below 2 cols for x and dx, cols for y and dy), SIMDACT_TOO_LARGE or SIMDACT_OVERLAP,
 * before they read or write anything. */
#define SIMDACT_GATE_ARRAYS(_name, T, E, P)                                                               \
  SIMDACT_API void simdact##_name##_##T(const E* gate_, const E* up_, E* y_, size_t n_ P);                \
  SIMDACT_API void simdact##_name##_backward_##T(const E* gate_, const E* up_, const E* dy_, E* dgate_,   \
                                                 E* dup_, size_t n_ P);                                   \
  SIMDACT_API simdact_status simdact##_name##_rows_##T(const E* x_, E* y_, size_t rows_, size_t cols_,    \
                                                       simdact_gate_layout layout_, size_t x_row_stride_, \
                                                       size_t y_row_stride_ P);                           \
  SIMDACT_API simdact_status simdact##_name##_rows_backward_##T(                                          \
      const E* x_, const E* dy_, E* dx_, size_t rows_, size_t cols_, simdact_gate_layout layout_,         \
      size_t x_row_stride_, size_t dy_row_stride_, size_t dx_row_stride_ P);
#define SIMDACT_X(Name, name, number, PARAMETERS, ...) \
  SIMDACT_GATE_ARRAYS(_##name, f32, float, SIMDACT_FLOATS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, number, PARAMETERS, ...) \
  SIMDACT_GATE_ARRAYS(_##name, f64, double, SIMDACT_DOUBLES_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                      \
  SIMDACT_GATE_ARRAYS(_##name, bf16, uint16_t, SIMDACT_FLOATS_##PARAMETERS) \
  SIMDACT_GATE_ARRAYS(_##name, f16, uint16_t, SIMDACT_FLOATS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#endif
#undef SIMDACT_GATE_ARRAYS

/* ---- 2. A kernel as a value ---------------------------------------------------------------------------- */

typedef enum simdact_gate {
#define SIMDACT_X(Name, name, number, ...) SIMDACT_GATE_##name = number,
  SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#define SIMDACT_X(...) +1
      SIMDACT_GATE_COUNT = SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
} simdact_gate;

/* Arrays of the kernel's dtype: n elements each, but x and dx 2 n, in which gate and up alternate; y may be x
 * and dx may be x. */
typedef struct simdact_gate_kernel {
  void (*forward)(const void* gate_, const void* up_, void* y_, size_t n_, simdact_params p_);
  void (*backward)(const void* gate_, const void* up_, const void* dy_, void* dgate_, void* dup_, size_t n_,
                   simdact_params p_);
  void (*forward_interleaved)(const void* x_, void* y_, size_t n_, simdact_params p_);
  void (*backward_interleaved)(const void* x_, const void* dy_, void* dx_, size_t n_, simdact_params p_);
} simdact_gate_kernel;

/* The kernel, or NULL if the gate, dtype or tier does not exist or the CPU does not run the target. Valid
 * forever. */
SIMDACT_API const simdact_gate_kernel* simdact_find_gate(const simdact_target* target_, simdact_gate gate_,
                                                         simdact_dtype dtype_, simdact_tier tier_);

/* The same of the default target, kept from the first call on: a few nanoseconds. */
SIMDACT_API const simdact_gate_kernel* simdact_find_gate_default(simdact_gate gate_, simdact_dtype dtype_,
                                                                 simdact_tier tier_);

/* The rows' functions of any gate, dtype and tier; x, y, dy and dx are of the dtype. SIMDACT_BAD_OPTION, too,
 * if the gate, dtype or tier does not exist. */
SIMDACT_API simdact_status simdact_gate_rows(simdact_gate gate_, simdact_dtype dtype_, simdact_tier tier_,
                                             const void* x_, void* y_, size_t rows_, size_t cols_,
                                             simdact_gate_layout layout_, size_t x_row_stride_,
                                             size_t y_row_stride_, simdact_params p_);
SIMDACT_API simdact_status simdact_gate_rows_backward(simdact_gate gate_, simdact_dtype dtype_,
                                                      simdact_tier tier_, const void* x_, const void* dy_,
                                                      void* dx_, size_t rows_, size_t cols_,
                                                      simdact_gate_layout layout_, size_t x_row_stride_,
                                                      size_t dy_row_stride_, size_t dx_row_stride_,
                                                      simdact_params p_);

/* ---- 3. A gate of any activation ------------------------------------------------------------------------
 *
 *   simdact_gate_options o = {0};
 *   o.limit = 7, o.offset = 1;                     // gpt-oss: swish, beta = 1.702. DeepSeek: silu, limit =
 * 10 simdact_gated(SIMDACT_OP_swish, SIMDACT_BF16, x, y, rows, cols, p, &o);
 *
 * y = f(g) (u + offset) for each op f of activations.def, p its parameters, with
 *
 *   g = min(gate + gate_bias, limit),   u = min(max(up + up_bias, -limit), limit),
 *
 * over rows as in section 1. The sums are rounded to float (f64: double). Where an op has a gate of its own
 * (sigmoid, silu, gelu, gelu_tanh, gelu_quick, relu; swish where offset is 1: swiglu_oai) y has that gate's
 * bounds, as the gate computes it from g and u + offset, and the gradients one ulp more, for a dy other
 * than 1. Else, with f off by c ulp, y and dup are off by 2 c + 0.5 ulp at most and dgate by 5. (bf16 and
 * f16: 0.51.) An offset other than 0 adds one ulp to y and dgate in f32 and f64. In f32 the fast tier exists
 * for the ops with a gate of their own. */
typedef struct simdact_gate_options {
  double limit;  /* > 0, or 0: none; rounded to float but for f64 */
  double offset; /* finite, likewise */
  simdact_gate_layout layout;
  simdact_tier tier;
  const void *gate_bias, *up_bias;   /* cols elements of the dtype, added to each row; NULL: none */
  size_t x_row_stride, y_row_stride; /* elements from row to row; 0: dense */
  size_t dy_row_stride, dx_row_stride;
  const simdact_target* target; /* NULL: the default */
  uint64_t reserved[6];         /* 0: room for options to come; else SIMDACT_BAD_OPTION */
} simdact_gate_options;

/* y of rows x cols from x of rows x 2 cols; options may be NULL. y may be x or one of its halves, as in
 * section
 * 1. The same errors; SIMDACT_BAD_OPTION, too, if op, dtype or target does not exist or run. */
SIMDACT_API simdact_status simdact_gated(simdact_op op_, simdact_dtype dtype_, const void* x_, void* y_,
                                         size_t rows_, size_t cols_, simdact_params p_,
                                         const simdact_gate_options* options_);

/* dx, rows x 2 cols in the layout of x: dgate = dy (u + offset) f'(g), 0 where gate + gate_bias is above the
 * limit; dup = dy f(g), 0 where up + up_bias is beyond it: at a limit the derivative is 1, as torch.clamp's.
 * dx may be x, and dy one of its halves, as in section 1.
 *
 * dgate_bias and dup_bias, cols elements, become the sums of dgate and dup over the rows, taken in double
 * before the terms are rounded to 16 bits, from the first row to the last; NULL: not wanted. Without rows
 * they are 0.
 */
SIMDACT_API simdact_status simdact_gated_backward(simdact_op op_, simdact_dtype dtype_, const void* x_,
                                                  const void* dy_, void* dx_, void* dgate_bias_,
                                                  void* dup_bias_, size_t rows_, size_t cols_,
                                                  simdact_params p_, const simdact_gate_options* options_);

/* What gates.def says about a gate. */
typedef struct simdact_gate_description {
  const char* name;
  const char* formula;
  const char* gradients;
  const char* note;
  int parameters; /* how many */
  const char* parameter_names[SIMDACT_MAX_PARAMETERS];
  simdact_params defaults;
} simdact_gate_description;

/* The description of a gate, or NULL if there is no such gate. */
SIMDACT_API const simdact_gate_description* simdact_describe_gate(simdact_gate gate_);

/* The largest error in ulps that y of the accurate tier (SIMDACT_FORWARD), or dgate and dup for dy = 1
 * (SIMDACT_BACKWARD), may have at the default parameters; see gates.def for what is counted where the
 * activation is denormal. fma: whether the target has fused multiply-add. Negative if gate, dtype or
 * direction does not exist. */
SIMDACT_API double simdact_gate_claim(simdact_gate gate_, simdact_dtype dtype_, simdact_direction direction_,
                                      int fma_);

/* The same of the fast tier, for results that are normal. */
SIMDACT_API double simdact_gate_fast_claim(simdact_gate gate_, simdact_dtype dtype_,
                                           simdact_direction direction_, int fma_);

#ifdef __cplusplus
}
#endif

#endif /* SIMDACT_GATES_H_ */
