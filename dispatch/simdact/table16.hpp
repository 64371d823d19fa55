// simdact for C++17: int16 activations by tables. Included by simdact.hpp; rules and errors are table16.h's.
//
//   int16_t nodes[SIMDACT_TABLE16_NODES];
//   simdact::interpolate_build(SIMDACT_OP_tanh, 0x1p-12f, 0, 0x1p-15f, 0, nodes);
//   simdact::interpolate(x, y, n, nodes);
#ifndef SIMDACT_TABLE16_HPP_
#define SIMDACT_TABLE16_HPP_

#include "simdact/table16.h"

namespace simdact {

#ifndef SIMDACT_NO_F64
// Tables of an op, with its default parameters unless `params` points to some.
inline simdact_status table_build(simdact_op op_, float input_scale_, int32_t input_zero_point_,
                                  float output_scale_, int32_t output_zero_point_,
                                  int16_t (&table_)[SIMDACT_TABLE16_VALUES],
                                  const simdact_params* params_ = nullptr,
                                  simdact_rounding rounding_ = SIMDACT_TIES_TO_EVEN) noexcept {
  return simdact_table_build_s16(op_, params_, input_scale_, input_zero_point_, output_scale_,
                                 output_zero_point_, rounding_, table_);
}
inline simdact_status interpolate_build(simdact_op op_, float input_scale_, int32_t input_zero_point_,
                                        float output_scale_, int32_t output_zero_point_,
                                        int16_t (&table_)[SIMDACT_TABLE16_NODES],
                                        const simdact_params* params_ = nullptr,
                                        simdact_nodes nodes_ = SIMDACT_NODES_EXACT) noexcept {
  return simdact_interpolate_build_s16(op_, params_, input_scale_, input_zero_point_, output_scale_,
                                       output_zero_point_, nodes_, table_);
}

// The largest error of a table, in steps of the output.
inline simdact_status interpolate_error(simdact_op op_, float input_scale_, int32_t input_zero_point_,
                                        float output_scale_, int32_t output_zero_point_,
                                        const int16_t (&table_)[SIMDACT_TABLE16_NODES], double& error_,
                                        const simdact_params* params_ = nullptr) noexcept {
  return simdact_interpolate_error_s16(op_, params_, input_scale_, input_zero_point_, output_scale_,
                                       output_zero_point_, table_, &error_);
}
#endif

// y[i] = table[bits of x[i]], i < n.
inline void table(const int16_t* x_, int16_t* y_, size_t n_,
                  const int16_t (&entries_)[SIMDACT_TABLE16_VALUES]) noexcept {
  simdact_table_s16(x_, y_, n_, entries_);
}

// y[i] = the point at x[i] of the lines through the nodes, rounded.
inline void interpolate(const int16_t* x_, int16_t* y_, size_t n_,
                        const int16_t (&nodes_)[SIMDACT_TABLE16_NODES]) noexcept {
  simdact_interpolate_s16(x_, y_, n_, nodes_);
}

}  // namespace simdact

#endif  // SIMDACT_TABLE16_HPP_
