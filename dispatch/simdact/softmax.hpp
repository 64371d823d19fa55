// softmax.h for C++17: overloads for float, double, simdact::bf16 and simdact::f16.
//
//   simdact::softmax(x.data(), y.data(), rows, cols);
//   simdact_softmax_options o{};
//   o.scale = 0.125;
//   simdact::softmax(x.data(), y.data(), rows, cols, &o);
#ifndef SIMDACT_SOFTMAX_HPP_
#define SIMDACT_SOFTMAX_HPP_

#include "simdact/simdact.hpp"

namespace simdact {

#define SIMDACT_OVERLOADS(name, T, E)                                                                \
  inline simdact_status name(const E* x, E* y, size_t rows, size_t cols,                             \
                             const simdact_softmax_options* options = nullptr) noexcept {            \
    return simdact_##name##_##T(bits(x), bits(y), rows, cols, options);                              \
  }                                                                                                  \
  inline simdact_status name##_backward(const E* y, const E* dy, E* dx, size_t rows, size_t cols,    \
                                        const simdact_softmax_options* options = nullptr) noexcept { \
    return simdact_##name##_backward_##T(bits(y), bits(dy), bits(dx), rows, cols, options);          \
  }
#define SIMDACT_DIAGONAL(T, E)                                                      \
  inline void softmax_diagonal(const E* y, const E* dy, E* dx, size_t n) noexcept { \
    simdact_softmax_diagonal_##T(bits(y), bits(dy), bits(dx), n);                   \
  }
#define SIMDACT_BLOCK(T, E)                                                            \
  inline float softmax_block(simdact_softmax_state& state, const E* x, E* p, size_t n, \
                             float scale = 1.0f) noexcept {                            \
    return simdact_softmax_block_##T(&state, bits(x), bits(p), n, scale);              \
  }
#define SIMDACT_X(Name, name, ...) SIMDACT_OVERLOADS(name, f32, float)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_DIAGONAL(f32, float)
SIMDACT_BLOCK(f32, float)
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, ...) SIMDACT_OVERLOADS(name, f64, double)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_DIAGONAL(f64, double)
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, ...) SIMDACT_OVERLOADS(name, bf16, bf16) SIMDACT_OVERLOADS(name, f16, f16)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_DIAGONAL(bf16, bf16)
SIMDACT_DIAGONAL(f16, f16)
SIMDACT_BLOCK(bf16, bf16)
SIMDACT_BLOCK(f16, f16)
#endif
#undef SIMDACT_BLOCK
#undef SIMDACT_DIAGONAL
#undef SIMDACT_OVERLOADS

}  // namespace simdact

#endif  // SIMDACT_SOFTMAX_HPP_
