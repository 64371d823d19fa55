// simdact for C++17: the functions of gates.h as overloads. Included by simdact.hpp.
//
//   simdact::swiglu(gate.data(), up.data(), y.data(), n);
//   simdact::swiglu_rows(x.data(), y.data(), rows, cols);  // gate first, rows follow each other
//
// Same rules, units and errors as gates.h.
#ifndef SIMDACT_GATES_HPP_
#define SIMDACT_GATES_HPP_

#include "simdact/gates.h"
#include "simdact/simdact.hpp"

namespace simdact {

// For each gate of gates.def: T is the format in C's names, E the element type.
#define SIMDACT_GATE_OVERLOADS(name, _name, T, E, P, PASS)                                                  \
  inline void(name)(const E* gate_, const E* up_, E* y_, size_t n_ P) noexcept {                            \
    simdact##_name##_##T(bits(gate_), bits(up_), bits(y_), n_ PASS);                                        \
  }                                                                                                         \
  inline void name##_backward(const E* gate_, const E* up_, const E* dy_, E* dgate_, E* dup_,               \
                              size_t n_ P) noexcept {                                                       \
    simdact##_name##_backward_##T(bits(gate_), bits(up_), bits(dy_), bits(dgate_), bits(dup_), n_ PASS);    \
  }                                                                                                         \
  inline simdact_status name##_rows(const E* x_, E* y_, size_t rows_, size_t cols_,                         \
                                    simdact_gate_layout layout_ = SIMDACT_GATE_FIRST,                       \
                                    size_t x_row_stride_ = 0, size_t y_row_stride_ = 0 P) noexcept {        \
    return simdact##_name##_rows_##T(bits(x_), bits(y_), rows_, cols_, layout_, x_row_stride_,              \
                                     y_row_stride_ PASS);                                                   \
  }                                                                                                         \
  inline simdact_status name##_rows_backward(const E* x_, const E* dy_, E* dx_, size_t rows_, size_t cols_, \
                                             simdact_gate_layout layout_ = SIMDACT_GATE_FIRST,              \
                                             size_t x_row_stride_ = 0, size_t dy_row_stride_ = 0,           \
                                             size_t dx_row_stride_ = 0 P) noexcept {                        \
    return simdact##_name##_rows_backward_##T(bits(x_), bits(dy_), bits(dx_), rows_, cols_, layout_,        \
                                              x_row_stride_, dy_row_stride_, dx_row_stride_ PASS);          \
  }
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                                   \
  SIMDACT_GATE_OVERLOADS(name, _##name, f32, float, SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, \
                         SIMDACT_PASS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                                     \
  SIMDACT_GATE_OVERLOADS(name, _##name, f64, double, SIMDACT_DOUBLE_DEFAULTS_##PARAMETERS, \
                         SIMDACT_PASS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                                   \
  SIMDACT_GATE_OVERLOADS(name, _##name, bf16, bf16, SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, \
                         SIMDACT_PASS_##PARAMETERS)                                      \
  SIMDACT_GATE_OVERLOADS(name, _##name, f16, f16, SIMDACT_FLOAT_DEFAULTS_##PARAMETERS,   \
                         SIMDACT_PASS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#endif
#undef SIMDACT_GATE_OVERLOADS

}  // namespace simdact

#endif  // SIMDACT_GATES_HPP_
