// simdact for C++17: int8 activations by tables. Included by simdact.hpp; rules and errors are table.h's.
//
//   int8_t table[256];
//   simdact::table_build(SIMDACT_OP_silu, 0.05f, 0, 0.025f, -118, table);
//   simdact::table(x, y, n, table);
#ifndef SIMDACT_TABLE_HPP_
#define SIMDACT_TABLE_HPP_

#include "simdact/table.h"

namespace simdact {

#ifndef SIMDACT_NO_F64
// The table of an op for int8_t or uint8_t, with the op's default parameters unless `params` points to some.
inline simdact_status table_build(simdact_op op_, float input_scale_, int32_t input_zero_point_,
                                  float output_scale_, int32_t output_zero_point_, int8_t (&table_)[256],
                                  const simdact_params* params_ = nullptr,
                                  simdact_rounding rounding_ = SIMDACT_TIES_TO_EVEN) noexcept {
  const simdact_quantization from_ = {input_scale_, input_zero_point_, 1};
  const simdact_quantization to_ = {output_scale_, output_zero_point_, 1};
  return simdact_table_build_rounded(op_, params_, &from_, &to_, rounding_,
                                     reinterpret_cast<uint8_t*>(table_));
}
inline simdact_status table_build(simdact_op op_, float input_scale_, int32_t input_zero_point_,
                                  float output_scale_, int32_t output_zero_point_, uint8_t (&table_)[256],
                                  const simdact_params* params_ = nullptr,
                                  simdact_rounding rounding_ = SIMDACT_TIES_TO_EVEN) noexcept {
  const simdact_quantization from_ = {input_scale_, input_zero_point_, 0};
  const simdact_quantization to_ = {output_scale_, output_zero_point_, 0};
  return simdact_table_build_rounded(op_, params_, &from_, &to_, rounding_, table_);
}
#endif

// y[i] = table[byte of x[i]], i < n.
inline void table(const int8_t* x_, int8_t* y_, size_t n_, const int8_t (&entries_)[256]) noexcept {
  simdact_table_s8(x_, y_, n_, entries_);
}
inline void table(const uint8_t* x_, uint8_t* y_, size_t n_, const uint8_t (&entries_)[256]) noexcept {
  simdact_table_u8(x_, y_, n_, entries_);
}

}  // namespace simdact

#endif  // SIMDACT_TABLE_HPP_
