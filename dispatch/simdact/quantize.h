/* simdact: activations and gates that end in bytes, int8 or fp8, as the next quantized layer wants them.
 * Included by simdact.h.
 *
 *   simdact_quantize_options o = {0};
 *   o.format = SIMDACT_E4M3, o.scale_for = SIMDACT_SCALE_FOR_ROW, o.dynamic = 1, o.scales = scales;
 *   simdact_gated_quantize(SIMDACT_OP_silu, SIMDACT_BF16, x, q, rows, cols, p, NULL, &o);
 *
 * A byte q stands for the number y = scale (value of q - zero_point). From y, as the fast tier computes it in
 * floats (of bf16 and f16 from the element widened, and not rounded to 16 bits in between), the byte is
 *
 *   q = round(y r) [+ zero_point],   r the float nearest to 1 / scale,   y r rounded to a float,
 *
 * to the nearest value of the format, ties to even. So it is the one nearest to the exact y / scale, unless
 * that is within 2^-20 of its size of the middle between two: 4 ulps of a factor of y are 2^-21. A byte has
 * no use for more. */
#ifndef SIMDACT_QUANTIZE_H_
#define SIMDACT_QUANTIZE_H_

#include "simdact/simdact.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The fp8 formats are those of the OCP 8-bit Floating Point Specification (OFP8): torch.float8_e4m3fn,
 * torch.float8_e5m2. NaN becomes NaN, of either sign, in fp8, the zero point in int8. */
typedef enum simdact_byte_format {
  SIMDACT_S8 = 0,   /* int8_t, -128 to 127; beyond them, infinities included, these two */
  SIMDACT_U8 = 1,   /* uint8_t, 0 to 255, likewise */
  SIMDACT_E4M3 = 2, /* sign, 4 bits of exponent, 3 of significand: up to 448, from 2^-9; no infinity */
  SIMDACT_E5M2 = 3, /* 5 and 2: up to 57344, from 2^-16; has infinities */
  SIMDACT_BYTE_FORMAT_COUNT
} simdact_byte_format;

/* The number that a byte of a format stands for, at scale 1 and zero point 0; NaN if there is no such format.
 */
SIMDACT_API float simdact_byte_value(simdact_byte_format format_, uint8_t byte_);

/* What becomes of fp8 numbers that round to more than the largest. */
typedef enum simdact_overflow {
  SIMDACT_OVERFLOW_SATURATE = 0, /* the largest, of infinities too: OFP8's saturating mode, ONNX's default */
  SIMDACT_OVERFLOW_SPECIAL = 1   /* NaN in e4m3, infinity in e5m2: the other mode, as torch's conversions */
} simdact_overflow;

/* Which elements have a scale of their own. */
typedef enum simdact_scale_for {
  SIMDACT_SCALE_FOR_TENSOR = 0, /* scales[0]: all */
  SIMDACT_SCALE_FOR_ROW = 1,    /* scales[r]: row r (a token) */
  SIMDACT_SCALE_FOR_GROUP = 2   /* scales[r g + c / group]: `group` columns of a row; a row has g of them, the
                                 * last one may be short */
} simdact_scale_for;

/* All zero, but for scales: simdact_quantize_options o = {0}. */
typedef struct simdact_quantize_options {
  size_t group; /* columns, for SIMDACT_SCALE_FOR_GROUP; else 0 */
  simdact_byte_format format;
  simdact_scale_for scale_for;
  simdact_overflow overflow;
  int32_t zero_point; /* a value of S8 or U8; 0 for fp8 and where scales are dynamic */

  /* 0: scales are given, each from 2^-100 to 2^100. 1: they are found, and written: the largest finite |y|
   * that shares a scale, over the format's largest number (127 in S8; U8 has no dynamic ones), but at least
   * 2^-100. For a tensor, and for rows and groups of more than 8192 columns, what does not fit a buffer is
   * computed twice. */
  int32_t dynamic;
  float* scales;

  float* largest; /* the largest finite |y| of each scale's elements, found on the way; NULL: not wanted */

  size_t x_row_stride, q_row_stride; /* elements from row to row; 0: dense */
  const simdact_target* target;      /* NULL: the default */
  uint64_t reserved[6];              /* 0 */
} simdact_quantize_options;

/* q[r][c] = the byte of f(x[r][c]), for rows x cols elements of f32, bf16 or f16; p: of f, as for a kernel.
 * SIMDACT_OP_linear with alpha = 1 and beta = 0 quantizes x itself.
 *
 * q, scales and largest share memory with no other array. SIMDACT_BAD_OPTION for what the struct rules out,
 * f64, and an op, dtype or target that does not exist or run; SIMDACT_NULL_POINTER (options and scales, too),
 * SHORT_STRIDE, TOO_LARGE, OVERLAP: see simdact.h. Then nothing has been written. Without elements there is
 * nothing to do, and no scale is written. */
SIMDACT_API simdact_status simdact_quantize(simdact_op op_, simdact_dtype dtype_, const void* x_, void* q_,
                                            size_t rows_, size_t cols_, simdact_params p_,
                                            const simdact_quantize_options* options_);

struct simdact_gate_options; /* gates.h */

/* The same for a gate of any activation, y = f(g) (u + offset), as simdact_gated computes it from rows x 2
 * cols elements (gates.h, section 3): its options, which may be NULL, have the layout, the stride of x (that
 * of these options is 0) and the target (or these have; not two different ones); the tier does not matter.
 * Biases, too, share no memory with what is written. */
SIMDACT_API simdact_status simdact_gated_quantize(simdact_op op_, simdact_dtype dtype_, const void* x_,
                                                  void* q_, size_t rows_, size_t cols_, simdact_params p_,
                                                  const struct simdact_gate_options* gate_options_,
                                                  const simdact_quantize_options* options_);

#ifdef __cplusplus
}
#endif

#endif /* SIMDACT_QUANTIZE_H_ */
