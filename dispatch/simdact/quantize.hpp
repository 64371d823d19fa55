// simdact for C++17: the functions of quantize.h as overloads. Included by simdact.hpp; rules and errors are
// quantize.h's.
//
//   simdact_quantize_options o{};
//   o.format = SIMDACT_E4M3, o.scales = &scale;
//   simdact::quantize(SIMDACT_OP_gelu, x, q, rows, cols, o);
//   simdact::gated_quantize(SIMDACT_OP_silu, x, q, rows, cols, {}, o);
#ifndef SIMDACT_QUANTIZE_HPP_
#define SIMDACT_QUANTIZE_HPP_

#include "simdact/simdact.hpp"

namespace simdact {

// With the op's default parameters unless `params` points to some. q: int8_t, uint8_t or a type of yours for
// fp8, of one byte.
#define SIMDACT_OVERLOADS(DTYPE, E)                                                                       \
  template <class Byte>                                                                                   \
  inline simdact_status quantize(simdact_op op_, const E* x_, Byte* q_, size_t rows_, size_t cols_,       \
                                 const simdact_quantize_options& options_,                                \
                                 const simdact_params* params_ = nullptr) noexcept {                      \
    static_assert(sizeof(Byte) == 1, "the elements of q are bytes");                                      \
    const simdact_description* description = simdact_describe(op_);                                       \
    if (description == nullptr) return SIMDACT_BAD_OPTION;                                                \
    return simdact_quantize(op_, DTYPE, x_, q_, rows_, cols_,                                             \
                            params_ == nullptr ? description->defaults : *params_, &options_);            \
  }                                                                                                       \
  template <class Byte>                                                                                   \
  inline simdact_status gated_quantize(simdact_op op_, const E* x_, Byte* q_, size_t rows_, size_t cols_, \
                                       const simdact_gate_options& gate_options_,                         \
                                       const simdact_quantize_options& options_,                          \
                                       const simdact_params* params_ = nullptr) noexcept {                \
    static_assert(sizeof(Byte) == 1, "the elements of q are bytes");                                      \
    const simdact_description* description = simdact_describe(op_);                                       \
    if (description == nullptr) return SIMDACT_BAD_OPTION;                                                \
    return simdact_gated_quantize(op_, DTYPE, x_, q_, rows_, cols_,                                       \
                                  params_ == nullptr ? description->defaults : *params_, &gate_options_,  \
                                  &options_);                                                             \
  }
SIMDACT_OVERLOADS(SIMDACT_F32, float)
#ifndef SIMDACT_NO_HALF
SIMDACT_OVERLOADS(SIMDACT_BF16, bf16)
SIMDACT_OVERLOADS(SIMDACT_F16, f16)
#endif
#undef SIMDACT_OVERLOADS

}  // namespace simdact

#endif  // SIMDACT_QUANTIZE_HPP_
