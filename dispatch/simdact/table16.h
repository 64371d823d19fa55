/* simdact: int16 activations by tables. Included by simdact.h.
 *
 * A quantized int16_t q stands for the number (q - zero_point) scale. Two kinds of tables:
 *
 *   int16_t table[SIMDACT_TABLE16_VALUES];      128 KiB: a result for each of the 65,536 inputs, rounded once
 *   simdact_table_build_s16(SIMDACT_OP_gelu, NULL, 0x1p-12f, 0, 0x1p-12f, 0, SIMDACT_TIES_TO_EVEN, table);
 *   simdact_table_s16(x, y, n, table);
 *
 *   int16_t node[SIMDACT_TABLE16_NODES];        1 KiB: every 128th input, and straight lines between them
 *   simdact_interpolate_build_s16(SIMDACT_OP_erf, NULL, 0x1p-12f, 0, 0x1p-15f, 0, SIMDACT_NODES_EXACT, node);
 *   simdact_interpolate_s16(x, y, n, node);
 *
 * The first is exact, and takes a quarter of a common second-level cache. The second is TensorFlow Lite's
 * table for int16, in whose place it can stand; how far its lines are off is simdact_interpolate_error_s16.
 */
#ifndef SIMDACT_TABLE16_H_
#define SIMDACT_TABLE16_H_

#include "simdact/table.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SIMDACT_TABLE16_VALUES 65536
#define SIMDACT_TABLE16_NODES 513

/* ---- Build -------------------------------------------------------------------------------------------- */

#ifndef SIMDACT_NO_F64 /* the builders need the kernels for f64 */

/* In all three functions scales are finite and above 0, zero points from -32768 to 32767; params are those of
 * f, in the order of activations.def, taken as they are; NULL: the defaults. They answer SIMDACT_NULL_POINTER
 * without a table (or error), and SIMDACT_BAD_OPTION for an op, a rounding or a choice of nodes that does not
 * exist, a scale or a zero point out of its range; then nothing is written.
 *
 * table[(uint16_t)q] = clamp(round(f((q - zero_point) scale) / scale') + zero_point'), primes being the
 * output's: the rules of simdact_table_build, table.h, with 16 bits for 8. Takes some milliseconds. */
SIMDACT_API simdact_status simdact_table_build_s16(simdact_op op_, const simdact_params* params_,
                                                   float input_scale_, int32_t input_zero_point_,
                                                   float output_scale_, int32_t output_zero_point_,
                                                   simdact_rounding rounding_, int16_t* table_);

/* Which numbers the nodes of an interpolated table stand for. Let g be the real f in steps of the output,
 * g(q) = clamp(f((q - zero_point) scale) / scale' + zero_point'). */
typedef enum simdact_nodes {
  /* Node i is at q = 128 i - 32768, where it is used, and holds g less half of what a chord from here to the
   * next node would be above g in the middle: about half of the error is above then, half below. The last
   * node holds g. Rounded to the nearest integer. */
  SIMDACT_NODES_EXACT = 0,
  /* Those of TensorFlow Lite's LUTPopulate, in its arithmetic: floats, each operation rounded, f rounded to a
   * float. Its nodes are 65535 / 512 steps apart though the lookup takes them for 128, and its unit is 65535
   * / 65536 of a step: up to three times the error, to be had where a model's bits are to be the same. They
   * are, where that library's f is rounded as well as this one's and the compiler did not fuse products
   * and sums; entries may differ by 1 elsewhere. The output's zero point must be 0, as it is there. */
  SIMDACT_NODES_TFLITE = 1
} simdact_nodes;

/* The 513 nodes of an op, the same on every CPU. Where f is NaN, g is the zero point; what is infinite, or
 * beyond int16_t, saturates. Takes some microseconds. */
SIMDACT_API simdact_status simdact_interpolate_build_s16(simdact_op op_, const simdact_params* params_,
                                                         float input_scale_, int32_t input_zero_point_,
                                                         float output_scale_, int32_t output_zero_point_,
                                                         simdact_nodes nodes_, int16_t* table_);

/* *error = the largest |y - g(q)| over all 65,536 q, in steps of the output, y being what
 * simdact_interpolate_s16 makes of q with this table: any table of 513 nodes, wherever it comes from. Good to
 * 2^-20; a result that is rounded right is off by at most 0.5. Takes some milliseconds.
 *
 * Lines follow smooth functions: sigmoid from Q3.12 to Q0.15 is off by 1.1, tanh by 2.2 (TensorFlow Lite's
 * nodes: 2.4 and 6.0). Next to a jump (hardshrink) or a pole (reciprocal, log) they are off by as much as f
 * changes over 128 steps; simdact_table_build_s16 is for these. */
SIMDACT_API simdact_status simdact_interpolate_error_s16(simdact_op op_, const simdact_params* params_,
                                                         float input_scale_, int32_t input_zero_point_,
                                                         float output_scale_, int32_t output_zero_point_,
                                                         const int16_t* table_, double* error_);

#endif /* SIMDACT_NO_F64 */

/* ---- Look up ------------------------------------------------------------------------------------------ */

/* Arrays: any alignment that int16_t has, any n; y may be x, but must not overlap it in part, nor the table.
 * Nothing outside the arrays is read or written. Without elements nothing is read, and the table may be NULL.
 *
 * y[i] = table[(uint16_t)x[i]], i < n, for any table of 65,536 entries. */
SIMDACT_API void simdact_table_s16(const int16_t* x_, int16_t* y_, size_t n_, const int16_t* table_);

/* y = a + floor(((b - a) (q mod 128) + 64) / 128), where q = x[i], a = table[k] and b = table[k + 1] are the
 * nodes beside it, k = floor(q / 128) + 256: the point on the line, rounded to nearest. Exact integers, so
 * the same bits on every target, and those of TensorFlow Lite's LUTLookup, wherever b - a fits its 16 bits.
 */
SIMDACT_API void simdact_interpolate_s16(const int16_t* x_, int16_t* y_, size_t n_, const int16_t* table_);

/* Both for one target, as values. */
typedef struct simdact_table16_kernel {
  void (*lookup)(const int16_t* x_, int16_t* y_, size_t n_, const int16_t* table_);
  void (*interpolate)(const int16_t* x_, int16_t* y_, size_t n_, const int16_t* table_);
} simdact_table16_kernel;

/* The kernel of a target, or NULL if this CPU does not run it. Valid forever. */
SIMDACT_API const simdact_table16_kernel* simdact_find_table16(const simdact_target* target_);

#ifdef __cplusplus
}
#endif

#endif /* SIMDACT_TABLE16_H_ */
