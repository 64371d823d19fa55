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
inline simdact_status table_build(simdact_op op, float input_scale, int32_t input_zero_point,
                                  float output_scale, int32_t output_zero_point, int8_t (&table)[256],
                                  const simdact_params* params = nullptr) noexcept {
  return simdact_table_build_s8(op, params, input_scale, input_zero_point, output_scale, output_zero_point,
                                table);
}
inline simdact_status table_build(simdact_op op, float input_scale, int32_t input_zero_point,
                                  float output_scale, int32_t output_zero_point, uint8_t (&table)[256],
                                  const simdact_params* params = nullptr) noexcept {
  return simdact_table_build_u8(op, params, input_scale, input_zero_point, output_scale, output_zero_point,
                                table);
}
#endif

// y[i] = table[byte of x[i]], i < n.
inline void table(const int8_t* x, int8_t* y, size_t n, const int8_t (&entries)[256]) noexcept {
  simdact_table_s8(x, y, n, entries);
}
inline void table(const uint8_t* x, uint8_t* y, size_t n, const uint8_t (&entries)[256]) noexcept {
  simdact_table_u8(x, y, n, entries);
}

}  // namespace simdact

#endif  // SIMDACT_TABLE_HPP_
