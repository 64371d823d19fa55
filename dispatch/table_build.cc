// Tables of quantized activations of bytes.
#ifndef SIMDACT_NO_F64

#include "dispatch/entries.h"
#include "simdact/simdact.h"

namespace simdact {
namespace {

Integers IntegersOf(const simdact_quantization& q) {
  const int least = q.is_signed ? -128 : 0;
  return {static_cast<double>(q.scale), q.zero_point, least, least + 255};
}

}  // namespace
}  // namespace simdact

extern "C" {

simdact_status simdact_table_build_rounded(simdact_op op, const simdact_params* params,
                                           const simdact_quantization* input,
                                           const simdact_quantization* output, simdact_rounding rounding,
                                           uint8_t table[256]) {
  if (input == nullptr || output == nullptr || table == nullptr) return SIMDACT_NULL_POINTER;
  // Copies, for table may be anywhere.
  const simdact::Integers from = simdact::IntegersOf(*input), to = simdact::IntegersOf(*output);
  const simdact::Function f = simdact::FunctionOf(op, params);
  if (f.kernel == nullptr || !IsValid(from) || !IsValid(to) || !simdact::IsValid(rounding))
    return SIMDACT_BAD_OPTION;
  double x[256], v[256];
  for (int byte = 0; byte < 256; ++byte) x[byte] = NumberOf(byte > from.greatest ? byte - 256 : byte, from);
  f(x, v, 256);
  for (int byte = 0; byte < 256; ++byte)
    table[byte] = static_cast<uint8_t>(Entry(f, x[byte], v[byte], to, rounding));
  return SIMDACT_OK;
}

simdact_status simdact_table_build(simdact_op op, const simdact_params* params,
                                   const simdact_quantization* input, const simdact_quantization* output,
                                   uint8_t table[256]) {
  return simdact_table_build_rounded(op, params, input, output, SIMDACT_TIES_TO_EVEN, table);
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
