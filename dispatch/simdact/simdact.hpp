// simdact for C++17: the functions of simdact.h as overloads, with PyTorch's defaults.
//
//   std::vector<float> x(1000), y(1000);
//   simdact::gelu(x.data(), y.data(), x.size());
//   simdact::elu_backward(x.data(), dy.data(), dx.data(), x.size(), 0.5f);  // alpha = 0.5
//   simdact::gelu(simdact::fast, x.data(), y.data(), x.size());             // the fast tier
//
// Elements are float, double, simdact::bf16 or simdact::f16. Same rules, units and errors as simdact.h; no
// Highway.
#ifndef SIMDACT_SIMDACT_HPP_
#define SIMDACT_SIMDACT_HPP_

#include "simdact/simdact.h"

namespace simdact {

// The 16-bit formats by name; cast pointers to whatever type of yours has the same bits.
enum class bf16 : uint16_t {};
enum class f16 : uint16_t {};

// Before the other arguments of an activation: the fast tier, where there is one.
struct fast_tier {};
inline constexpr fast_tier fast{};

// What the C functions call an element.
inline const float* bits(const float* p) noexcept { return p; }
inline float* bits(float* p) noexcept { return p; }
inline const double* bits(const double* p) noexcept { return p; }
inline double* bits(double* p) noexcept { return p; }
inline const uint16_t* bits(const bf16* p) noexcept { return reinterpret_cast<const uint16_t*>(p); }
inline uint16_t* bits(bf16* p) noexcept { return reinterpret_cast<uint16_t*>(p); }
inline const uint16_t* bits(const f16* p) noexcept { return reinterpret_cast<const uint16_t*>(p); }
inline uint16_t* bits(f16* p) noexcept { return reinterpret_cast<uint16_t*>(p); }

// y[i] = f(x[i]), in both tiers, dx[i] = dy[i] f'(x[i]), and the latter from the output, i < n, for each op
// of activations.def.
#define SIMDACT_OVERLOADS(name, PARAMETERS, OUTPUT, T, DTYPE, E, ...)                                        \
  inline void name(fast_tier, const E* x, E* y, __VA_ARGS__) noexcept {                                      \
    simdact_find_default(SIMDACT_OP_##name, DTYPE, SIMDACT_FAST)                                             \
        ->forward(bits(x), bits(y), n, {SIMDACT_PACK_##PARAMETERS});                                         \
  }                                                                                                          \
  inline void name(const E* x, E* y, __VA_ARGS__) noexcept {                                                 \
    simdact_##name##_##T(bits(x), bits(y), n SIMDACT_PASS_##PARAMETERS);                                     \
  }                                                                                                          \
  inline void name##_backward(const E* x, const E* dy, E* dx, __VA_ARGS__) noexcept {                        \
    simdact_##name##_backward_##T(bits(x), bits(dy), bits(dx), n SIMDACT_PASS_##PARAMETERS);                 \
  }                                                                                                          \
  SIMDACT_IF_##OUTPUT(                                                                                       \
      inline void name##_backward_from_output(const E* y, const E* dy, E* dx, __VA_ARGS__) noexcept {        \
        simdact_##name##_backward_from_output_##T(bits(y), bits(dy), bits(dx), n SIMDACT_PASS_##PARAMETERS); \
      })
#define SIMDACT_X(Name, name, PARAMETERS, OUTPUT, ...)                 \
  SIMDACT_OVERLOADS(name, PARAMETERS, OUTPUT, f32, SIMDACT_F32, float, \
                    size_t n SIMDACT_FLOAT_DEFAULTS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, PARAMETERS, OUTPUT, ...)                  \
  SIMDACT_OVERLOADS(name, PARAMETERS, OUTPUT, f64, SIMDACT_F64, double, \
                    size_t n SIMDACT_DOUBLE_DEFAULTS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, PARAMETERS, OUTPUT, ...)                  \
  SIMDACT_OVERLOADS(name, PARAMETERS, OUTPUT, bf16, SIMDACT_BF16, bf16, \
                    size_t n SIMDACT_FLOAT_DEFAULTS_##PARAMETERS)       \
  SIMDACT_OVERLOADS(name, PARAMETERS, OUTPUT, f16, SIMDACT_F16, f16,    \
                    size_t n SIMDACT_FLOAT_DEFAULTS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#endif
#undef SIMDACT_OVERLOADS

}  // namespace simdact

#include "simdact/bias.hpp"
#include "simdact/gates.hpp"
#include "simdact/softmax.hpp"
#include "simdact/table.hpp"

#endif  // SIMDACT_SIMDACT_HPP_
