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
#define SIMDACT_GATE_OVERLOADS(name, PARAMETERS, T, E, DEFAULTS)                                             \
  inline void name(const E* gate, const E* up, E* y, size_t n DEFAULTS) noexcept {                           \
    simdact_##name##_##T(bits(gate), bits(up), bits(y), n SIMDACT_PASS_##PARAMETERS);                        \
  }                                                                                                          \
  inline void name##_backward(const E* gate, const E* up, const E* dy, E* dgate, E* dup,                     \
                              size_t n DEFAULTS) noexcept {                                                  \
    simdact_##name##_backward_##T(bits(gate), bits(up), bits(dy), bits(dgate), bits(dup),                    \
                                  n SIMDACT_PASS_##PARAMETERS);                                              \
  }                                                                                                          \
  inline simdact_status name##_rows(const E* x, E* y, size_t rows, size_t cols,                              \
                                    simdact_gate_layout layout = SIMDACT_GATE_FIRST,                         \
                                    size_t x_row_stride = 0, size_t y_row_stride = 0 DEFAULTS) noexcept {    \
    return simdact_##name##_rows_##T(bits(x), bits(y), rows, cols, layout, x_row_stride,                     \
                                     y_row_stride SIMDACT_PASS_##PARAMETERS);                                \
  }                                                                                                          \
  inline simdact_status name##_rows_backward(const E* x, const E* dy, E* dx, size_t rows, size_t cols,       \
                                             simdact_gate_layout layout = SIMDACT_GATE_FIRST,                \
                                             size_t x_row_stride = 0, size_t dy_row_stride = 0,              \
                                             size_t dx_row_stride = 0 DEFAULTS) noexcept {                   \
    return simdact_##name##_rows_backward_##T(bits(x), bits(dy), bits(dx), rows, cols, layout, x_row_stride, \
                                              dy_row_stride, dx_row_stride SIMDACT_PASS_##PARAMETERS);       \
  }
#define SIMDACT_X(Name, name, PARAMETERS, ...) \
  SIMDACT_GATE_OVERLOADS(name, PARAMETERS, f32, float, SIMDACT_FLOAT_DEFAULTS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, PARAMETERS, ...) \
  SIMDACT_GATE_OVERLOADS(name, PARAMETERS, f64, double, SIMDACT_DOUBLE_DEFAULTS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, PARAMETERS, ...)                                              \
  SIMDACT_GATE_OVERLOADS(name, PARAMETERS, bf16, bf16, SIMDACT_FLOAT_DEFAULTS_##PARAMETERS) \
  SIMDACT_GATE_OVERLOADS(name, PARAMETERS, f16, f16, SIMDACT_FLOAT_DEFAULTS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#endif
#undef SIMDACT_GATE_OVERLOADS

}  // namespace simdact

#endif  // SIMDACT_GATES_HPP_
