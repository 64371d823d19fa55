// simdact for C++17: the functions of simdact.h as overloads, with PyTorch's defaults.
//
//   std::vector<float> x(1000), y(1000);
//   simdact::gelu(x.data(), y.data(), x.size());
//   simdact::elu_backward(x.data(), dy.data(), dx.data(), x.size(), 0.5f);  // alpha = 0.5
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

// What the C functions call an element.
inline const float* bits(const float* p) noexcept { return p; }
inline float* bits(float* p) noexcept { return p; }
inline const double* bits(const double* p) noexcept { return p; }
inline double* bits(double* p) noexcept { return p; }
inline const uint16_t* bits(const bf16* p) noexcept { return reinterpret_cast<const uint16_t*>(p); }
inline uint16_t* bits(bf16* p) noexcept { return reinterpret_cast<uint16_t*>(p); }
inline const uint16_t* bits(const f16* p) noexcept { return reinterpret_cast<const uint16_t*>(p); }
inline uint16_t* bits(f16* p) noexcept { return reinterpret_cast<uint16_t*>(p); }

#define SIMDACT_FLOAT_DEFAULTS_P0
#define SIMDACT_FLOAT_DEFAULTS_P1(a, da) , float a = static_cast<float>(da)
#define SIMDACT_FLOAT_DEFAULTS_P2(a, da, b, db) \
  SIMDACT_FLOAT_DEFAULTS_P1(a, da) SIMDACT_FLOAT_DEFAULTS_P1(b, db)
#define SIMDACT_FLOAT_DEFAULTS_P4(a, da, b, db, c, dc, d, dd) \
  SIMDACT_FLOAT_DEFAULTS_P2(a, da, b, db) SIMDACT_FLOAT_DEFAULTS_P2(c, dc, d, dd)
#define SIMDACT_DOUBLE_DEFAULTS_P0
#define SIMDACT_DOUBLE_DEFAULTS_P1(a, da) , double a = da
#define SIMDACT_DOUBLE_DEFAULTS_P2(a, da, b, db) , double a = da, double b = db
#define SIMDACT_DOUBLE_DEFAULTS_P4(a, da, b, db, c, dc, d, dd) \
  , double a = da, double b = db, double c = dc, double d = dd

// y[i] = f(x[i]), dx[i] = dy[i] f'(x[i]), and the latter from the output, i < n, for each op of
// activations.def.
#define SIMDACT_OVERLOADS(name, PARAMETERS, OUTPUT, T, E, ...)                                               \
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
#define SIMDACT_X(Name, name, PARAMETERS, OUTPUT, ...) \
  SIMDACT_OVERLOADS(name, PARAMETERS, OUTPUT, f32, float, size_t n SIMDACT_FLOAT_DEFAULTS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, PARAMETERS, OUTPUT, ...) \
  SIMDACT_OVERLOADS(name, PARAMETERS, OUTPUT, f64, double, size_t n SIMDACT_DOUBLE_DEFAULTS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, PARAMETERS, OUTPUT, ...)                                                  \
  SIMDACT_OVERLOADS(name, PARAMETERS, OUTPUT, bf16, bf16, size_t n SIMDACT_FLOAT_DEFAULTS_##PARAMETERS) \
  SIMDACT_OVERLOADS(name, PARAMETERS, OUTPUT, f16, f16, size_t n SIMDACT_FLOAT_DEFAULTS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#endif
#undef SIMDACT_OVERLOADS
#undef SIMDACT_FLOAT_DEFAULTS_P0
#undef SIMDACT_FLOAT_DEFAULTS_P1
#undef SIMDACT_FLOAT_DEFAULTS_P2
#undef SIMDACT_FLOAT_DEFAULTS_P4
#undef SIMDACT_DOUBLE_DEFAULTS_P0
#undef SIMDACT_DOUBLE_DEFAULTS_P1
#undef SIMDACT_DOUBLE_DEFAULTS_P2
#undef SIMDACT_DOUBLE_DEFAULTS_P4

}  // namespace simdact

#include "simdact/bias.hpp"
#include "simdact/gates.hpp"
#include "simdact/softmax.hpp"
#include "simdact/table.hpp"

#endif  // SIMDACT_SIMDACT_HPP_
