/* simdact: int8 activations by tables of 256 entries. Included by simdact.h.
 *
 * A quantized byte q stands for the number (q - zero_point) scale. An activation of such bytes has no more
 * than 256 results: build the table of them once, then look bytes up, many to the cycle.
 *
 *   uint8_t table[256];
 *   simdact_table_build_u8(SIMDACT_OP_silu, NULL, 0.05f, 128, 0.025f, 10, table);
 *   simdact_table_u8(x, y, n, table);
 */
#ifndef SIMDACT_TABLE_H_
#define SIMDACT_TABLE_H_

#include "simdact/simdact.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Build -------------------------------------------------------------------------------------------- */

#ifndef SIMDACT_NO_F64 /* the builder needs the kernels for f64 */

/* How bytes stand for numbers: scale is finite and above 0, zero_point a value of the type. */
typedef struct simdact_quantization {
  float scale;
  int32_t zero_point;
  int is_signed; /* int8_t, else uint8_t */
} simdact_quantization;

/* table[byte of q] = the byte of clamp(round(f((q - zero_point) scale) / scale') + zero_point'), for each
 * value q of the input's type; primes are the output's. The index is q's bit pattern, (uint8_t)q, for int8_t
 * as well. `round` is to the nearest integer, ties to even, and the result is that of the real function f,
 * rounded once: the same 256 bytes on every CPU. The clamp is to the output type's range, infinities
 * included; where f is NaN (log(-1), say) the entry is the zero point, which stands for 0.
 *
 * params: of f, in the order of activations.def, taken as they are; NULL: the defaults. Answers
 * SIMDACT_NULL_POINTER without a table, input or output, and SIMDACT_BAD_OPTION for an op that does not
 * exist, a scale or a zero point out of its range; the table is left alone then. Takes some microseconds. */
SIMDACT_API simdact_status simdact_table_build(simdact_op op_, const simdact_params* params_,
                                               const simdact_quantization* input_,
                                               const simdact_quantization* output_, uint8_t table_[256]);

/* Where the exact value lies midway between two integers. */
typedef enum simdact_rounding {
  SIMDACT_TIES_TO_EVEN = 0, /* ONNX QuantizeLinear, torch.quantize_per_tensor */
  SIMDACT_TIES_AWAY = 1     /* away from 0, before the zero point is added: TFLite's and C's round() */
} simdact_rounding;

/* As simdact_table_build, with a choice for ties. SIMDACT_BAD_OPTION for one that does not exist, too. */
SIMDACT_API simdact_status simdact_table_build_rounded(simdact_op op_, const simdact_params* params_,
                                                       const simdact_quantization* input_,
                                                       const simdact_quantization* output_,
                                                       simdact_rounding rounding_, uint8_t table_[256]);

/* As simdact_table_build, with bytes of one type on both sides. */
SIMDACT_API simdact_status simdact_table_build_s8(simdact_op op_, const simdact_params* params_,
                                                  float input_scale_, int32_t input_zero_point_,
                                                  float output_scale_, int32_t output_zero_point_,
                                                  int8_t table_[256]);
SIMDACT_API simdact_status simdact_table_build_u8(simdact_op op_, const simdact_params* params_,
                                                  float input_scale_, int32_t input_zero_point_,
                                                  float output_scale_, int32_t output_zero_point_,
                                                  uint8_t table_[256]);

#endif /* SIMDACT_NO_F64 */

/* ---- Look up ------------------------------------------------------------------------------------------ */

/* y[i] = table[x[i]], i < n, for any table of bytes. Arrays: any alignment, any n; y may be x, but must not
 * overlap it in part, nor the table. Nothing outside the arrays is read or written. Without elements nothing
 * is read, and the table may be NULL, too. */
SIMDACT_API void simdact_table_u8(const uint8_t* x_, uint8_t* y_, size_t n_, const uint8_t* table_);

/* y[i] = table[(uint8_t)x[i]]: the index is the bit pattern, as in the tables built above. */
SIMDACT_API void simdact_table_s8(const int8_t* x_, int8_t* y_, size_t n_, const int8_t* table_);

/* The lookup of one target as a value; signed bytes are looked up by their bits. */
typedef struct simdact_table_kernel {
  void (*lookup)(const uint8_t* x_, uint8_t* y_, size_t n_, const uint8_t* table_);
} simdact_table_kernel;

/* The kernel of a target, or NULL if this CPU does not run it. Valid forever. */
SIMDACT_API const simdact_table_kernel* simdact_find_table(const simdact_target* target_);

#ifdef __cplusplus
}
#endif

#include "simdact/table16.h" /* here, for it needs simdact_rounding */

#endif /* SIMDACT_TABLE_H_ */
