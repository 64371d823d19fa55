// simdact for C++17: the functions of gates.h as overloads. Included by simdact.hpp.
//
//   simdact::swiglu(gate.data(), up.data(), y.data(), n);
//   simdact::swiglu_rows(x.data(), y.data(), rows, cols);  // gate first, rows follow each other
//   simdact::swiglu(simdact::fast, gate.data(), up.data(), y.data(), n);  // all four functions have it
//
// Same rules, units and errors as gates.h.
#ifndef SIMDACT_GATES_HPP_
#define SIMDACT_GATES_HPP_

#include "simdact/gates.h"
#include "simdact/simdact.hpp"

namespace simdact {

// For each gate of gates.def: T is the format in C's names, E the element type.
#define SIMDACT_GATE_OVERLOADS(name, _name, GATE, T, DTYPE, E, P, PASS, PACK)                                \
  inline void(name)(fast_tier, const E* gate_, const E* up_, E* y_, size_t n_ P) noexcept {                  \
    simdact_find_gate_default(GATE, DTYPE, SIMDACT_FAST)->forward(gate_, up_, y_, n_, {PACK});               \
  }                                                                                                          \
  inline void name##_backward(fast_tier, const E* gate_, const E* up_, const E* dy_, E* dgate_, E* dup_,     \
                              size_t n_ P) noexcept {                                                        \
    simdact_find_gate_default(GATE, DTYPE, SIMDACT_FAST)                                                     \
        ->backward(gate_, up_, dy_, dgate_, dup_, n_, {PACK});                                               \
  }                                                                                                          \
  inline simdact_status name##_rows(fast_tier, const E* x_, E* y_, size_t rows_, size_t cols_,               \
                                    simdact_gate_layout layout_ = SIMDACT_GATE_FIRST,                        \
                                    size_t x_row_stride_ = 0, size_t y_row_stride_ = 0 P) noexcept {         \
    return simdact_gate_rows(GATE, DTYPE, SIMDACT_FAST, x_, y_, rows_, cols_, layout_, x_row_stride_,        \
                             y_row_stride_, {PACK});                                                         \
  }                                                                                                          \
  inline simdact_status name##_rows_backward(fast_tier, const E* x_, const E* dy_, E* dx_, size_t rows_,     \
                                             size_t cols_, simdact_gate_layout layout_ = SIMDACT_GATE_FIRST, \
                                             size_t x_row_stride_ = 0, size_t dy_row_stride_ = 0,            \
                                             size_t dx_row_stride_ = 0 P) noexcept {                         \
    return simdact_gate_rows_backward(GATE, DTYPE, SIMDACT_FAST, x_, dy_, dx_, rows_, cols_, layout_,        \
                                      x_row_stride_, dy_row_stride_, dx_row_stride_, {PACK});                \
  }                                                                                                          \
  inline void(name)(const E* gate_, const E* up_, E* y_, size_t n_ P) noexcept {                             \
    simdact##_name##_##T(bits(gate_), bits(up_), bits(y_), n_ PASS);                                         \
  }                                                                                                          \
  inline void name##_backward(const E* gate_, const E* up_, const E* dy_, E* dgate_, E* dup_,                \
                              size_t n_ P) noexcept {                                                        \
    simdact##_name##_backward_##T(bits(gate_), bits(up_), bits(dy_), bits(dgate_), bits(dup_), n_ PASS);     \
  }                                                                                                          \
  inline simdact_status name##_rows(const E* x_, E* y_, size_t rows_, size_t cols_,                          \
                                    simdact_gate_layout layout_ = SIMDACT_GATE_FIRST,                        \
                                    size_t x_row_stride_ = 0, size_t y_row_stride_ = 0 P) noexcept {         \
    return simdact##_name##_rows_##T(bits(x_), bits(y_), rows_, cols_, layout_, x_row_stride_,               \
                                     y_row_stride_ PASS);                                                    \
  }                                                                                                          \
  inline simdact_status name##_rows_backward(const E* x_, const E* dy_, E* dx_, size_t rows_, size_t cols_,  \
                                             simdact_gate_layout layout_ = SIMDACT_GATE_FIRST,               \
                                             size_t x_row_stride_ = 0, size_t dy_row_stride_ = 0,            \
                                             size_t dx_row_stride_ = 0 P) noexcept {                         \
    return simdact##_name##_rows_backward_##T(bits(x_), bits(dy_), bits(dx_), rows_, cols_, layout_,         \
                                              x_row_stride_, dy_row_stride_, dx_row_stride_ PASS);           \
  }
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                                   \
  SIMDACT_GATE_OVERLOADS(name, _##name, SIMDACT_GATE_##name, f32, SIMDACT_F32, float,    \
                         SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, SIMDACT_PASS_##PARAMETERS, \
                         SIMDACT_PACK_FLOATS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                                    \
  SIMDACT_GATE_OVERLOADS(name, _##name, SIMDACT_GATE_##name, f64, SIMDACT_F64, double,    \
                         SIMDACT_DOUBLE_DEFAULTS_##PARAMETERS, SIMDACT_PASS_##PARAMETERS, \
                         SIMDACT_PACK_DOUBLES_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                                   \
  SIMDACT_GATE_OVERLOADS(name, _##name, SIMDACT_GATE_##name, bf16, SIMDACT_BF16, bf16,   \
                         SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, SIMDACT_PASS_##PARAMETERS, \
                         SIMDACT_PACK_FLOATS_##PARAMETERS)                               \
  SIMDACT_GATE_OVERLOADS(name, _##name, SIMDACT_GATE_##name, f16, SIMDACT_F16, f16,      \
                         SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, SIMDACT_PASS_##PARAMETERS, \
                         SIMDACT_PACK_FLOATS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#endif
#undef SIMDACT_GATE_OVERLOADS

// A gate of any activation, with the op's default parameters unless `params` points to some:
//
//   simdact_gate_options o{};
//   o.limit = 10;
//   simdact::gated(SIMDACT_OP_silu, x.data(), y.data(), rows, cols, o);
#define SIMDACT_GATED_OVERLOADS(DTYPE, E)                                                                 \
  inline simdact_status gated(simdact_op op_, const E* x_, E* y_, size_t rows_, size_t cols_,             \
                              const simdact_gate_options& options_ = {},                                  \
                              const simdact_params* params_ = nullptr) noexcept {                         \
    const simdact_description* description = simdact_describe(op_);                                       \
    if (description == nullptr) return SIMDACT_BAD_OPTION;                                                \
    return simdact_gated(op_, DTYPE, x_, y_, rows_, cols_,                                                \
                         params_ == nullptr ? description->defaults : *params_, &options_);               \
  }                                                                                                       \
  inline simdact_status gated_backward(simdact_op op_, const E* x_, const E* dy_, E* dx_, size_t rows_,   \
                                       size_t cols_, const simdact_gate_options& options_ = {},           \
                                       const simdact_params* params_ = nullptr, E* dgate_bias_ = nullptr, \
                                       E* dup_bias_ = nullptr) noexcept {                                 \
    const simdact_description* description = simdact_describe(op_);                                       \
    if (description == nullptr) return SIMDACT_BAD_OPTION;                                                \
    return simdact_gated_backward(op_, DTYPE, x_, dy_, dx_, dgate_bias_, dup_bias_, rows_, cols_,         \
                                  params_ == nullptr ? description->defaults : *params_, &options_);      \
  }
SIMDACT_GATED_OVERLOADS(SIMDACT_F32, float)
#ifndef SIMDACT_NO_F64
SIMDACT_GATED_OVERLOADS(SIMDACT_F64, double)
#endif
#ifndef SIMDACT_NO_HALF
SIMDACT_GATED_OVERLOADS(SIMDACT_BF16, bf16)
SIMDACT_GATED_OVERLOADS(SIMDACT_F16, f16)
#endif
#undef SIMDACT_GATED_OVERLOADS

}  // namespace simdact

#endif  // SIMDACT_GATES_HPP_
