// SLEEF: one call of the library per vector. Compiled for AVX-512 and for AVX2.
//
// SLEEF's own: exp, expm1, log1p, tanh (1.0 and 3.5 ulp), erf. The others are textbook compositions:
//   sigmoid 1 / (1 + exp(-x))    silu x / (1 + exp(-x))    elu max(x, 0) + expm1(min(x, 0)), selu alike
//   gelu x (1 + erf(x / sqrt(2))) / 2, and "erfc": x erfc(-x / sqrt(2)) / 2
//   gelu_tanh x (1 + tanh(u)) / 2 with both kinds of tanh, and "exp": x / (1 + exp(-2 u))
//   softplus max(x, 0) + log1p(exp(-|x|))    mish x tanh(log1p(exp(min(x, 20))))
#include <immintrin.h>
#include <sleef.h>

#include "bench/peers/vector_peer.h"

namespace simdact_peers {
namespace {

#ifdef __AVX512F__
using V = __m512;
constexpr size_t kLanes = 16;
#define SLEEF_FUNCTION(name, suffix) Sleef_##name##f16_##suffix##avx512f
inline V Load(const float* x) { return _mm512_loadu_ps(x); }
inline void Store(V v, float* y) { _mm512_storeu_ps(y, v); }
inline V Set(float x) { return _mm512_set1_ps(x); }
inline V Max(V a, V b) { return _mm512_max_ps(a, b); }
inline V Min(V a, V b) { return _mm512_min_ps(a, b); }
#else
using V = __m256;
constexpr size_t kLanes = 8;
#define SLEEF_FUNCTION(name, suffix) Sleef_##name##f8_##suffix##avx2
inline V Load(const float* x) { return _mm256_loadu_ps(x); }
inline void Store(V v, float* y) { _mm256_storeu_ps(y, v); }
inline V Set(float x) { return _mm256_set1_ps(x); }
inline V Max(V a, V b) { return _mm256_max_ps(a, b); }
inline V Min(V a, V b) { return _mm256_min_ps(a, b); }
#endif

inline V Exp(V x) { return SLEEF_FUNCTION(exp, u10)(x); }
inline V Expm1(V x) { return SLEEF_FUNCTION(expm1, u10)(x); }
inline V Log1p(V x) { return SLEEF_FUNCTION(log1p, u10)(x); }
inline V Tanh(V x) { return SLEEF_FUNCTION(tanh, u10)(x); }
inline V Tanh35(V x) { return SLEEF_FUNCTION(tanh, u35)(x); }
inline V Erf(V x) { return SLEEF_FUNCTION(erf, u10)(x); }
inline V Erfc(V x) { return SLEEF_FUNCTION(erfc, u15)(x); }

inline V Sigmoid(V x) { return Set(1) / (Set(1) + Exp(-x)); }
inline V Silu(V x) { return x / (Set(1) + Exp(-x)); }
inline V Gelu(V x) { return Set(0.5f) * x * (Set(1) + Erf(x * Set(0.70710678f))); }
inline V GeluErfc(V x) { return Set(0.5f) * x * Erfc(x * Set(-0.70710678f)); }
inline V Inner(V x) { return Set(0.79788456f) * (x + Set(0.044715f) * x * x * x); }
inline V GeluTanh(V x) { return Set(0.5f) * x * (Set(1) + Tanh(Inner(x))); }
inline V GeluTanh35(V x) { return Set(0.5f) * x * (Set(1) + Tanh35(Inner(x))); }
inline V GeluTanhExp(V x) { return x / (Set(1) + Exp(Set(-2) * Inner(x))); }
inline V Elu(V x) { return Max(x, Set(0)) + Expm1(Min(x, Set(0))); }
inline V Selu(V x) { return Set(1.05070098f) * (Max(x, Set(0)) + Set(1.67326324f) * Expm1(Min(x, Set(0)))); }
inline V Softplus(V x) { return Max(x, Set(0)) + Log1p(Exp(Min(x, -x))); }
inline V Mish(V x) { return x * Tanh(Log1p(Exp(Min(x, Set(20))))); }

template <V (*function)(V)>
void Run(const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; i += kLanes) Store(function(Load(x + i)), y + i);
}

const VectorFunction kFunctions[] = {
    {"exp", "", false, Run<Exp>},
    {"expm1", "", false, Run<Expm1>},
    {"log1p", "", false, Run<Log1p>},
    {"tanh", "u10", false, Run<Tanh>},
    {"tanh", "u35", false, Run<Tanh35>},
    {"erf", "", false, Run<Erf>},
    {"sigmoid", "", true, Run<Sigmoid>},
    {"silu", "", true, Run<Silu>},
    {"gelu", "erf", true, Run<Gelu>},
    {"gelu", "erfc", true, Run<GeluErfc>},
    {"gelu_tanh", "u10", true, Run<GeluTanh>},
    {"gelu_tanh", "u35", true, Run<GeluTanh35>},
    {"gelu_tanh", "exp", true, Run<GeluTanhExp>},
    {"elu", "", true, Run<Elu>},
    {"selu", "", true, Run<Selu>},
    {"softplus", "", true, Run<Softplus>},
    {"mish", "", true, Run<Mish>},
};

#define SIMDACT_TEXT_OF(x) #x
#define SIMDACT_TEXT(x) SIMDACT_TEXT_OF(x)
#define SIMDACT_SLEEF_VERSION       \
  SIMDACT_TEXT(SLEEF_VERSION_MAJOR) \
  "." SIMDACT_TEXT(SLEEF_VERSION_MINOR) "." SIMDACT_TEXT(SLEEF_VERSION_PATCHLEVEL)

}  // namespace

extern const VectorPeer SIMDACT_PEER_SYMBOL;
const VectorPeer SIMDACT_PEER_SYMBOL = {SIMDACT_SLEEF_VERSION, kFunctions,
                                        sizeof(kFunctions) / sizeof(kFunctions[0])};

}  // namespace simdact_peers
