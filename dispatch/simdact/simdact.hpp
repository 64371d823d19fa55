// simdact for C++17: the functions of simdact.h as overloads, with PyTorch's defaults.
//
//   std::vector<float> x(1000), y(1000);
//   simdact::gelu(x.data(), y.data(), x.size());
//   simdact::elu_backward(x.data(), dy.data(), dx.data(), x.size(), 0.5f);  // alpha = 0.5
//
// Same rules, units and errors as simdact.h; no Highway.
#ifndef SIMDACT_SIMDACT_HPP_
#define SIMDACT_SIMDACT_HPP_

#include "simdact/simdact.h"

namespace simdact {

#define SIMDACT_TAKE_P0
#define SIMDACT_TAKE_P1(a, da) , float a = static_cast<float>(da)
#define SIMDACT_TAKE_P2(a, da, b, db) , float a = static_cast<float>(da), float b = static_cast<float>(db)
#define SIMDACT_PASS_P0
#define SIMDACT_PASS_P1(a, da) , a
#define SIMDACT_PASS_P2(a, da, b, db) , a, b

// y[i] = f(x[i]) and dx[i] = dy[i] f'(x[i]), i < n, for each op of activations.def.
#define SIMDACT_X(Name, name, PARAMETERS, ...)                                              \
  inline void name(const float* x, float* y, size_t n SIMDACT_TAKE_##PARAMETERS) noexcept { \
    simdact_##name##_f32(x, y, n SIMDACT_PASS_##PARAMETERS);                                \
  }                                                                                         \
  inline void name##_backward(const float* x, const float* dy, float* dx,                   \
                              size_t n SIMDACT_TAKE_##PARAMETERS) noexcept {                \
    simdact_##name##_backward_f32(x, dy, dx, n SIMDACT_PASS_##PARAMETERS);                  \
  }
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#undef SIMDACT_TAKE_P0
#undef SIMDACT_TAKE_P1
#undef SIMDACT_TAKE_P2
#undef SIMDACT_PASS_P0
#undef SIMDACT_PASS_P1
#undef SIMDACT_PASS_P2

}  // namespace simdact

#endif  // SIMDACT_SIMDACT_HPP_
