// Tables of quantized activations: each entry is the real function's value, rounded once.
//
// x = (q - zero point) scale has 9 + 24 bits, and is a double. The kernel for f64 gives f(x) to an ulp or
// two. Dividing it by the output's scale and rounding would round three times; instead it is compared with
// the tie (k + 1/2) scale between two entries, which has 11 + 24 bits and is a double as well. Where the two
// come too close for the kernel's error, ties.h decides.
#ifndef SIMDACT_NO_F64

#include <cfloat>

#include "dispatch/ties.h"
#include "simdact/simdact.h"

namespace simdact {
namespace {

int LeastOf(const simdact_quantization& q) { return q.is_signed ? -128 : 0; }
int GreatestOf(const simdact_quantization& q) { return LeastOf(q) + 255; }

bool IsValid(const simdact_quantization& q) {
  return q.scale > 0 && q.scale <= FLT_MAX && LeastOf(q) <= q.zero_point && q.zero_point <= GreatestOf(q);
}

// The integer nearest to f(x) / scale, ties to even, or some number beyond +-512 for all beyond.
int Nearest(const Result& result, double scale) {
  constexpr double kFar = 512;  // entries reach from -383 to 383
  const double quotient = result.v / scale;
  if (quotient >= kFar) return 513;
  if (quotient <= -kFar) return -513;
  // quotient is rounded; beside an integer `below` may be one too small or large, but the tie is far then.
  int below = static_cast<int>(quotient);
  if (below > quotient) --below;
  const double tie = (below + 0.5) * scale, distance = result.v - tie;
  int side = distance > 0 ? 1 : -1;
  const double doubt = 0x1p-50 * (tie < 0 ? -tie : tie);  // at least four ulps
  if (-doubt <= distance && distance <= doubt) side = SideOfTie(result, tie);
  if (side == 0) return below + (below & 1);
  return side > 0 ? below + 1 : below;
}

uint8_t Entry(const Result& result, const simdact_quantization& output) {
  if (result.v != result.v) return static_cast<uint8_t>(output.zero_point);
  const int value = Nearest(result, static_cast<double>(output.scale)) + output.zero_point;
  const int least = LeastOf(output), greatest = GreatestOf(output);
  return static_cast<uint8_t>(value < least ? least : value > greatest ? greatest : value);
}

}  // namespace
}  // namespace simdact

extern "C" {

simdact_status simdact_table_build(simdact_op op, const simdact_params* params,
                                   const simdact_quantization* input, const simdact_quantization* output,
                                   uint8_t table[256]) {
  if (input == nullptr || output == nullptr || table == nullptr) return SIMDACT_NULL_POINTER;
  const simdact_description* description = simdact_describe(op);
  if (description == nullptr || !simdact::IsValid(*input) || !simdact::IsValid(*output))
    return SIMDACT_BAD_OPTION;
  const simdact_params p = params != nullptr ? *params : description->defaults;
  const simdact_quantization from = *input, to = *output;  // copies, for table may be anywhere
  const simdact_kernel* kernel = simdact_find(simdact_target_default(), op, SIMDACT_F64, SIMDACT_ACCURATE);
  double x[256], v[256];
  for (int byte = 0; byte < 256; ++byte) {
    const int q = from.is_signed && byte >= 128 ? byte - 256 : byte;
    x[byte] = (q - from.zero_point) * static_cast<double>(from.scale);
  }
  kernel->forward(x, v, 256, p);
  for (int byte = 0; byte < 256; ++byte) {
    if (op == SIMDACT_OP_softplus && simdact::SoftplusIsLinear(p, x[byte])) v[byte] = x[byte];
    table[byte] = simdact::Entry({op, p, kernel, x[byte], v[byte]}, to);
  }
  return SIMDACT_OK;
}

simdact_status simdact_table_build_s8(simdact_op op, const simdact_params* params, float input_scale,
                                      int32_t input_zero_point, float output_scale, int32_t output_zero_point,
                                      int8_t table[256]) {
  const simdact_quantization input = {input_scale, input_zero_point, 1};
  const simdact_quantization output = {output_scale, output_zero_point, 1};
  return simdact_table_build(op, params, &input, &output, reinterpret_cast<uint8_t*>(table));
}

simdact_status simdact_table_build_u8(simdact_op op, const simdact_params* params, float input_scale,
                                      int32_t input_zero_point, float output_scale, int32_t output_zero_point,
                                      uint8_t table[256]) {
  const simdact_quantization input = {input_scale, input_zero_point, 0};
  const simdact_quantization output = {output_scale, output_zero_point, 0};
  return simdact_table_build(op, params, &input, &output, table);
}

}  // extern "C"

#endif  // SIMDACT_NO_F64
