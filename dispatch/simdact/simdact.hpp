// simdact for C++17: the functions of simdact.h as overloads, with PyTorch's defaults.
//
//   std::vector<float> x(1000), y(1000);
//   simdact::gelu(x.data(), y.data(), x.size());
//   simdact::elu_backward(x.data(), dy.data(), dx.data(), x.size(), 0.5f);  // alpha = 0.5
//   simdact::gelu(simdact::fast, x.data(), y.data(), x.size());             // the fast tier
//   simdact::gelu(simdact::exact, x.data(), y.data(), x.size());            // the exact tier
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

// Before the other arguments of an activation: the fast tier, where there is one; the exact tier, which there
// is none of for double.
struct fast_tier {};
inline constexpr fast_tier fast{};
struct exact_tier {};
inline constexpr exact_tier exact{};

// What the C functions call an element.
inline const float* bits(const float* p_) noexcept { return p_; }
inline float* bits(float* p_) noexcept { return p_; }
inline const double* bits(const double* p_) noexcept { return p_; }
inline double* bits(double* p_) noexcept { return p_; }
inline const uint16_t* bits(const bf16* p_) noexcept { return reinterpret_cast<const uint16_t*>(p_); }
inline uint16_t* bits(bf16* p_) noexcept { return reinterpret_cast<uint16_t*>(p_); }
inline const uint16_t* bits(const f16* p_) noexcept { return reinterpret_cast<const uint16_t*>(p_); }
inline uint16_t* bits(f16* p_) noexcept { return reinterpret_cast<uint16_t*>(p_); }

// y[i] = f(x[i]), in each tier, dx[i] = dy[i] f'(x[i]), and the latter from the output, i < n, for each op
// of activations.def.
//
// Some programs have a macro round(x), or abs(x): a name in parentheses is none of its calls.
#define SIMDACT_OVERLOADS(name, _name, OP, IF_Y, T, DTYPE, E, P, PASS, PACK)                              \
  inline void(name)(fast_tier, const E* x_, E* y_, size_t n_ P) noexcept {                                \
    simdact_find_default(OP, DTYPE, SIMDACT_FAST)->forward(bits(x_), bits(y_), n_, {PACK});               \
  }                                                                                                       \
  inline void(name)(const E* x_, E* y_, size_t n_ P) noexcept {                                           \
    simdact##_name##_##T(bits(x_), bits(y_), n_ PASS);                                                    \
  }                                                                                                       \
  inline void name##_backward(fast_tier, const E* x_, const E* dy_, E* dx_, size_t n_ P) noexcept {       \
    simdact_find_default(OP, DTYPE, SIMDACT_FAST)->backward(bits(x_), bits(dy_), bits(dx_), n_, {PACK});  \
  }                                                                                                       \
  inline void name##_backward(const E* x_, const E* dy_, E* dx_, size_t n_ P) noexcept {                  \
    simdact##_name##_backward_##T(bits(x_), bits(dy_), bits(dx_), n_ PASS);                               \
  }                                                                                                       \
  IF_Y(inline void name##_backward_from_output(const E* y_, const E* dy_, E* dx_, size_t n_ P) noexcept { \
    simdact##_name##_backward_from_output_##T(bits(y_), bits(dy_), bits(dx_), n_ PASS);                   \
  })
#define SIMDACT_EXACT_OVERLOADS(name, OP, IF_Y, DTYPE, E, P, PACK)                                        \
  inline void(name)(exact_tier, const E* x_, E* y_, size_t n_ P) noexcept {                               \
    simdact_find_default(OP, DTYPE, SIMDACT_EXACT)->forward(bits(x_), bits(y_), n_, {PACK});              \
  }                                                                                                       \
  inline void name##_backward(exact_tier, const E* x_, const E* dy_, E* dx_, size_t n_ P) noexcept {      \
    simdact_find_default(OP, DTYPE, SIMDACT_EXACT)->backward(bits(x_), bits(dy_), bits(dx_), n_, {PACK}); \
  }                                                                                                       \
  IF_Y(inline void name##_backward_from_output(exact_tier, const E* y_, const E* dy_, E* dx_,             \
                                               size_t n_ P) noexcept {                                    \
    simdact_find_default(OP, DTYPE, SIMDACT_EXACT)                                                        \
        ->backward_from_output(bits(y_), bits(dy_), bits(dx_), n_, {PACK});                               \
  })
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...)                                      \
  SIMDACT_OVERLOADS(name, _##name, SIMDACT_OP_##name, SIMDACT_IF_##OUTPUT, f32, SIMDACT_F32, float, \
                    SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, SIMDACT_PASS_##PARAMETERS,                 \
                    SIMDACT_PACK_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...)                                       \
  SIMDACT_OVERLOADS(name, _##name, SIMDACT_OP_##name, SIMDACT_IF_##OUTPUT, f64, SIMDACT_F64, double, \
                    SIMDACT_DOUBLE_DEFAULTS_##PARAMETERS, SIMDACT_PASS_##PARAMETERS,                 \
                    SIMDACT_PACK_DOUBLES_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...)                              \
  SIMDACT_EXACT_OVERLOADS(name, SIMDACT_OP_##name, SIMDACT_IF_##OUTPUT, SIMDACT_F32, float, \
                          SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, SIMDACT_PACK_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...)                                       \
  SIMDACT_OVERLOADS(name, _##name, SIMDACT_OP_##name, SIMDACT_IF_##OUTPUT, bf16, SIMDACT_BF16, bf16, \
                    SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, SIMDACT_PASS_##PARAMETERS,                  \
                    SIMDACT_PACK_FLOATS_##PARAMETERS)                                                \
  SIMDACT_OVERLOADS(name, _##name, SIMDACT_OP_##name, SIMDACT_IF_##OUTPUT, f16, SIMDACT_F16, f16,    \
                    SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, SIMDACT_PASS_##PARAMETERS,                  \
                    SIMDACT_PACK_FLOATS_##PARAMETERS)                                                \
  SIMDACT_EXACT_OVERLOADS(name, SIMDACT_OP_##name, SIMDACT_IF_##OUTPUT, SIMDACT_BF16, bf16,          \
                          SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, SIMDACT_PACK_FLOATS_##PARAMETERS)     \
  SIMDACT_EXACT_OVERLOADS(name, SIMDACT_OP_##name, SIMDACT_IF_##OUTPUT, SIMDACT_F16, f16,            \
                          SIMDACT_FLOAT_DEFAULTS_##PARAMETERS, SIMDACT_PACK_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#endif
#undef SIMDACT_OVERLOADS
#undef SIMDACT_EXACT_OVERLOADS

}  // namespace simdact

#include "simdact/attention.hpp"
#include "simdact/bias.hpp"
#include "simdact/cross_entropy.hpp"
#include "simdact/gates.hpp"
#include "simdact/quantize.hpp"
#include "simdact/softmax.hpp"
#include "simdact/softmax_axis.hpp"
#include "simdact/table.hpp"
#include "simdact/table16.hpp"

#endif  // SIMDACT_SIMDACT_HPP_
