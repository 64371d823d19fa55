// Eigen: expressions over mapped arrays. Compiled for AVX-512 and for AVX2, each with a namespace of its own
// in place of Eigen's (see vector_peer.h).
//
// Eigen's own: exp, expm1, log1p, logistic, tanh, erf. The others are textbook compositions, as in sleef.cc,
// silu and mish over logistic and tanh.
#define Eigen SIMDACT_PEER_NAMESPACE  // before any header of Eigen's

#include <Eigen/Core>
#include <unsupported/Eigen/SpecialFunctions>

#include "bench/peers/vector_peer.h"

namespace simdact_peers {
namespace {

using Array = Eigen::Map<Eigen::ArrayXf, Eigen::Unaligned>;
using ConstArray = Eigen::Map<const Eigen::ArrayXf, Eigen::Unaligned>;

#define SIMDACT_LOOP(Name, formula)                       \
  void Name(const float* in, float* out, size_t n) {      \
    const ConstArray x(in, static_cast<Eigen::Index>(n)); \
    Array(out, static_cast<Eigen::Index>(n)) = formula;   \
  }
#define SIMDACT_INNER (0.79788456f * (x + 0.044715f * x * x * x))
SIMDACT_LOOP(Exp, x.exp())
SIMDACT_LOOP(Expm1, x.expm1())
SIMDACT_LOOP(Log1p, x.log1p())
SIMDACT_LOOP(Tanh, x.tanh())
SIMDACT_LOOP(Erf, x.erf())
SIMDACT_LOOP(Sigmoid, x.logistic())
SIMDACT_LOOP(Silu, x* x.logistic())
SIMDACT_LOOP(Gelu, 0.5f * x * (1.0f + (x * 0.70710678f).erf()))
SIMDACT_LOOP(GeluErfc, 0.5f * x * (x * -0.70710678f).erfc())
SIMDACT_LOOP(GeluTanh, 0.5f * x * (1.0f + SIMDACT_INNER.tanh()))
SIMDACT_LOOP(Elu, x.max(0.0f) + x.min(0.0f).expm1())
SIMDACT_LOOP(Selu, 1.05070098f * (x.max(0.0f) + 1.67326324f * x.min(0.0f).expm1()))
SIMDACT_LOOP(Softplus, x.max(0.0f) + (-x.abs()).exp().log1p())
SIMDACT_LOOP(Mish, x* x.min(20.0f).exp().log1p().tanh())
SIMDACT_LOOP(Relu, x.max(0.0f))
SIMDACT_LOOP(LeakyRelu, (x > 0.0f).select(x, 0.01f * x))
SIMDACT_LOOP(Hardswish, x*(x + 3.0f).max(0.0f).min(6.0f) * 0.16666667f)
#undef SIMDACT_INNER
#undef SIMDACT_LOOP

const VectorFunction kFunctions[] = {
    {"exp", "", false, Exp},
    {"expm1", "", false, Expm1},
    {"log1p", "", false, Log1p},
    {"tanh", "", false, Tanh},
    {"erf", "", false, Erf},
    {"sigmoid", "", false, Sigmoid},
    {"silu", "", true, Silu},
    {"gelu", "erf", true, Gelu},
    {"gelu", "erfc", true, GeluErfc},
    {"gelu_tanh", "", true, GeluTanh},
    {"elu", "", true, Elu},
    {"selu", "", true, Selu},
    {"softplus", "", true, Softplus},
    {"mish", "", true, Mish},
    {"relu", "", true, Relu},
    {"leaky_relu", "", true, LeakyRelu},
    {"hardswish", "", true, Hardswish},
};

#define SIMDACT_TEXT_OF(x) #x
#define SIMDACT_TEXT(x) SIMDACT_TEXT_OF(x)
#if EIGEN_MAJOR_VERSION >= 5  // whose first number is no longer the "world's"
#define SIMDACT_EIGEN_VERSION       \
  SIMDACT_TEXT(EIGEN_MAJOR_VERSION) \
  "." SIMDACT_TEXT(EIGEN_MINOR_VERSION) "." SIMDACT_TEXT(EIGEN_PATCH_VERSION)
#else
#define SIMDACT_EIGEN_VERSION       \
  SIMDACT_TEXT(EIGEN_WORLD_VERSION) \
  "." SIMDACT_TEXT(EIGEN_MAJOR_VERSION) "." SIMDACT_TEXT(EIGEN_MINOR_VERSION)
#endif

}  // namespace

extern const VectorPeer SIMDACT_PEER_SYMBOL;
const VectorPeer SIMDACT_PEER_SYMBOL = {SIMDACT_EIGEN_VERSION, kFunctions,
                                        sizeof(kFunctions) / sizeof(kFunctions[0])};

}  // namespace simdact_peers
