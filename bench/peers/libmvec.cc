// glibc's vector functions, libmvec, as g++ uses them: plain loops over the functions of <math.h>, compiled
// with -O3 -ffast-math -fopenmp-simd for AVX-512 and for AVX2. The files that link it are not, so denormals
// stay.
//
// libmvec's own: exp, expm1, log1p, tanh, erf. The others are textbook compositions, of which -ffast-math
// makes the divisions an estimate and a step of Newton's; relu, leaky_relu and hardswish call no function and
// show what a plain loop costs. The formulas are those of sleef.cc.
#include <math.h>

#include "bench/peers/vector_peer.h"

#ifndef __FAST_MATH__
#error "g++ calls libmvec only with -ffast-math"
#endif

namespace simdact_peers {
namespace {

inline float Max(float a, float b) { return a > b ? a : b; }
inline float Min(float a, float b) { return a < b ? a : b; }
inline float Inner(float x) { return 0.79788456f * (x + 0.044715f * x * x * x); }

#define SIMDACT_LOOP(Name, formula)                      \
  void Name(const float* in, float* y, size_t n) {       \
    _Pragma("omp simd") for (size_t i = 0; i < n; ++i) { \
      const float x = in[i];                             \
      y[i] = formula;                                    \
    }                                                    \
  }
SIMDACT_LOOP(Exp, expf(x))
SIMDACT_LOOP(Expm1, expm1f(x))
SIMDACT_LOOP(Log1p, log1pf(x))
SIMDACT_LOOP(Tanh, tanhf(x))
SIMDACT_LOOP(Erf, erff(x))
SIMDACT_LOOP(Sigmoid, 1.0f / (1.0f + expf(-x)))
SIMDACT_LOOP(Silu, x / (1.0f + expf(-x)))
SIMDACT_LOOP(Gelu, 0.5f * x * (1.0f + erff(x * 0.70710678f)))
SIMDACT_LOOP(GeluErfc, 0.5f * x * erfcf(x * -0.70710678f))
SIMDACT_LOOP(GeluTanh, 0.5f * x * (1.0f + tanhf(Inner(x))))
SIMDACT_LOOP(GeluTanhExp, x / (1.0f + expf(-2.0f * Inner(x))))
SIMDACT_LOOP(Elu, Max(x, 0.0f) + expm1f(Min(x, 0.0f)))
SIMDACT_LOOP(Selu, 1.05070098f * (Max(x, 0.0f) + 1.67326324f * expm1f(Min(x, 0.0f))))
SIMDACT_LOOP(Softplus, Max(x, 0.0f) + log1pf(expf(-fabsf(x))))
SIMDACT_LOOP(Mish, x* tanhf(log1pf(expf(Min(x, 20.0f)))))
SIMDACT_LOOP(Relu, Max(x, 0.0f))
SIMDACT_LOOP(LeakyRelu, x > 0.0f ? x : 0.01f * x)
SIMDACT_LOOP(Hardswish, x* Min(Max(x + 3.0f, 0.0f), 6.0f) * 0.16666667f)
#undef SIMDACT_LOOP

const VectorFunction kFunctions[] = {
    {"exp", "", false, Exp},
    {"expm1", "", false, Expm1},
    {"log1p", "", false, Log1p},
    {"tanh", "", false, Tanh},
    {"erf", "", false, Erf},
    {"sigmoid", "", true, Sigmoid},
    {"silu", "", true, Silu},
    {"gelu", "erf", true, Gelu},
    {"gelu", "erfc", true, GeluErfc},
    {"gelu_tanh", "tanh", true, GeluTanh},
    {"gelu_tanh", "exp", true, GeluTanhExp},
    {"elu", "", true, Elu},
    {"selu", "", true, Selu},
    {"softplus", "", true, Softplus},
    {"mish", "", true, Mish},
    {"relu", "", true, Relu},
    {"leaky_relu", "", true, LeakyRelu},
    {"hardswish", "", true, Hardswish},
};

}  // namespace

// The version is that of the C library that runs, see peers.cc.
extern const VectorPeer SIMDACT_PEER_SYMBOL;
const VectorPeer SIMDACT_PEER_SYMBOL = {"", kFunctions, sizeof(kFunctions) / sizeof(kFunctions[0])};

}  // namespace simdact_peers
