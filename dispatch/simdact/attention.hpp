// attention.h for C++17: overloads for float, double, simdact::bf16 and simdact::f16.
//
//   simdact_attention a{};
//   a.batches = 2, a.heads = 16, a.queries = a.keys = 128, a.causal = 1;
//   simdact::attention_softmax(x.data(), y.data(), a);
//   simdact::attention_softmax_backward(nullptr, y.data(), dy.data(), dx.data(), nullptr, a);
#ifndef SIMDACT_ATTENTION_HPP_
#define SIMDACT_ATTENTION_HPP_

#include "simdact/simdact.hpp"

namespace simdact {

// dy says which overload is meant where the others are null.
#define SIMDACT_OVERLOADS(T, E, N)                                                                   \
  inline simdact_status attention_softmax(const E* x_, E* y_,                                        \
                                          const simdact_attention& attention_) noexcept {            \
    return simdact_attention_softmax_##T(bits(x_), bits(y_), &attention_);                           \
  }                                                                                                  \
  inline simdact_status attention_softmax_backward(const E* x_, const E* y_, const E* dy_, E* dx_,   \
                                                   N* dsinks_,                                       \
                                                   const simdact_attention& attention_) noexcept {   \
    return simdact_attention_softmax_backward_##T(bits(x_), bits(y_), bits(dy_), bits(dx_), dsinks_, \
                                                  &attention_);                                      \
  }
SIMDACT_OVERLOADS(f32, float, float)
#ifndef SIMDACT_NO_F64
SIMDACT_OVERLOADS(f64, double, double)
#endif
#ifndef SIMDACT_NO_HALF
SIMDACT_OVERLOADS(bf16, bf16, float)
SIMDACT_OVERLOADS(f16, f16, float)
#endif
#undef SIMDACT_OVERLOADS

}  // namespace simdact

#endif  // SIMDACT_ATTENTION_HPP_
