// The functions of bias.h: arguments are checked, then the default target's kernels do the work.

#include <atomic>

#include "dispatch/checks.h"
#include "dispatch/registry.h"
#include "hwy/base.h"
#include "simdact/simdact.h"

namespace simdact {
namespace {

struct Which {
  simdact_op op;
  simdact_dtype dtype;
  simdact_tier tier = SIMDACT_ACCURATE;
};

// What the default target has, looked up at the first call. Threads that race to fill a place store the same
// value, which points to what is constant: relaxed order is enough.
std::atomic<const simdact_bias_kernel*> g_kernels[SIMDACT_DTYPE_COUNT];
std::atomic<const simdact_kernel*> g_ops[SIMDACT_OP_COUNT][2][kFamilyTiers];

const simdact_bias_kernel* Kernel(simdact_dtype dtype) {
  const simdact_bias_kernel* kernel = g_kernels[dtype].load(std::memory_order_relaxed);
  if (kernel == nullptr) {
    kernel = simdact_find_bias(simdact_target_default(), dtype);
    g_kernels[dtype].store(kernel, std::memory_order_relaxed);
  }
  return kernel;
}

// The activation in the type that is computed in.
const simdact_kernel* Op(Which which) {
  const bool wide = which.dtype == SIMDACT_F64;
  std::atomic<const simdact_kernel*>& place = g_ops[which.op][wide][which.tier];
  const simdact_kernel* kernel = place.load(std::memory_order_relaxed);
  if (kernel == nullptr) {
    kernel = simdact_find(simdact_target_default(), which.op, wide ? SIMDACT_F64 : SIMDACT_F32, which.tier);
    place.store(kernel, std::memory_order_relaxed);
  }
  return kernel;
}

// ---- Checks --------------------------------------------------------------------------------------------

// Notes the first thing that is wrong with the arguments of a call.
class Checks {
 public:
  Checks(simdact_dtype dtype, size_t rows, size_t cols) : bytes_(BytesOf(dtype)), rows_(rows), cols_(cols) {}

  // rows x cols elements, an element per column (read, which no rows ask for), and sums per column, which may
  // be NULL.
  Matrix Rows(const void* data) { return Noted({data, rows_, cols_, cols_, bytes_}); }
  Matrix PerColumn(const void* data, size_t count) {
    return Noted({data, size_t{rows_ != 0 && cols_ != 0}, count, count, bytes_});
  }
  Matrix Optional(const void* data, size_t count) {
    return Noted({data, size_t{data != nullptr}, count, count, bytes_});
  }

  // An output that may also be the other array, or may share nothing with it.
  void MayBe(const Matrix& output, const Matrix& other) {
    if (status_ == SIMDACT_OK && !MayShare(output, other)) status_ = SIMDACT_OVERLAP;
  }
  void Apart(const Matrix& output, const Matrix& other) {
    if (status_ == SIMDACT_OK && !AreDisjoint(output, other)) status_ = SIMDACT_OVERLAP;
  }
  simdact_status Status() const { return status_; }

 private:
  Matrix Noted(const Matrix& m) {
    if (status_ == SIMDACT_OK) status_ = CheckMatrix(m);
    return m;
  }
  size_t bytes_, rows_, cols_;
  simdact_status status_ = SIMDACT_OK;
};

// x, y and what stands beside them per column, which y must leave alone; scale may be left out.
simdact_status CheckForward(simdact_dtype dtype, const void* x, const void* const* scale, const void* bias,
                            const void* y, size_t rows, size_t cols) {
  Checks checks(dtype, rows, cols);
  const Matrix from = checks.Rows(x), to = checks.Rows(y), shift = checks.PerColumn(bias, cols);
  checks.MayBe(to, from);
  checks.Apart(to, shift);
  if (scale != nullptr) checks.Apart(to, checks.PerColumn(*scale, cols));
  return checks.Status();
}

simdact_status CheckBackward(simdact_dtype dtype, const void* x, const void* const* scale, const void* bias,
                             const void* dy, const void* dx, const void* dscale, const void* dbias,
                             size_t rows, size_t cols, size_t columns) {
  Checks checks(dtype, rows, cols);
  const Matrix in[] = {checks.Rows(x), checks.Rows(dy), checks.PerColumn(bias, columns),
                       scale == nullptr ? Matrix{} : checks.PerColumn(*scale, columns)};
  const Matrix to = checks.Rows(dx);
  const Matrix sums[] = {checks.Optional(dscale, columns), checks.Optional(dbias, columns)};
  for (int i = 0; i < 4; ++i) {
    i < 2 ? checks.MayBe(to, in[i]) : checks.Apart(to, in[i]);
    for (const Matrix& sum : sums) checks.Apart(sum, in[i]);
  }
  for (const Matrix& sum : sums) checks.Apart(sum, to);
  checks.Apart(sums[0], sums[1]);
  return checks.Status();
}

// Whether there is such a function; a dtype may be left out of the build.
bool Exists(Which which) {
  return static_cast<unsigned>(which.op) < SIMDACT_OP_COUNT &&
         static_cast<unsigned>(which.dtype) < SIMDACT_DTYPE_COUNT && IsFamilyTier(which.tier) &&
         Kernel(which.dtype) != nullptr;
}

// ---- Calls ---------------------------------------------------------------------------------------------
//
// Out of line: twelve hundred functions below do nothing but name an op and pass their arguments on.

HWY_NOINLINE simdact_status Bias(Which which, const void* x, const void* bias, void* y, size_t rows,
                                 size_t cols, const simdact_params& p) {
  const simdact_status status = CheckForward(which.dtype, x, nullptr, bias, y, rows, cols);
  if (status == SIMDACT_OK) Kernel(which.dtype)->forward(Op(which), x, nullptr, bias, y, rows, cols, p);
  return status;
}

HWY_NOINLINE simdact_status ScaleBias(Which which, const void* x, const void* scale, const void* bias,
                                      void* y, size_t rows, size_t cols, const simdact_params& p) {
  const simdact_status status = CheckForward(which.dtype, x, &scale, bias, y, rows, cols);
  if (status == SIMDACT_OK) Kernel(which.dtype)->forward(Op(which), x, scale, bias, y, rows, cols, p);
  return status;
}

HWY_NOINLINE simdact_status Residual(Which which, const void* x, const void* residual, void* y, size_t n,
                                     const simdact_params& p) {
  Checks checks(which.dtype, 1, n);
  const Matrix a = checks.Rows(x), b = checks.Rows(residual), to = checks.Rows(y);
  checks.MayBe(to, a);
  checks.MayBe(to, b);
  if (checks.Status() == SIMDACT_OK) {
    Kernel(which.dtype)->forward(Op(which), x, nullptr, residual, y, 1, n, p);
  }
  return checks.Status();
}

HWY_NOINLINE simdact_status BiasBackward(Which which, const void* x, const void* bias, const void* dy,
                                         void* dx, void* dbias, size_t rows, size_t cols,
                                         const simdact_params& p) {
  const simdact_status status =
      CheckBackward(which.dtype, x, nullptr, bias, dy, dx, nullptr, dbias, rows, cols, cols);
  if (status == SIMDACT_OK) {
    Kernel(which.dtype)->backward(Op(which), x, nullptr, bias, dy, dx, nullptr, dbias, rows, cols, p);
  }
  return status;
}

HWY_NOINLINE simdact_status ScaleBiasBackward(Which which, const void* x, const void* scale, const void* bias,
                                              const void* dy, void* dx, void* dscale, void* dbias,
                                              size_t rows, size_t cols, const simdact_params& p) {
  const simdact_status status =
      CheckBackward(which.dtype, x, &scale, bias, dy, dx, dscale, dbias, rows, cols, cols);
  if (status == SIMDACT_OK) {
    Kernel(which.dtype)->backward(Op(which), x, scale, bias, dy, dx, dscale, dbias, rows, cols, p);
  }
  return status;
}

HWY_NOINLINE simdact_status ResidualBackward(Which which, const void* x, const void* residual, const void* dy,
                                             void* dx, size_t n, const simdact_params& p) {
  Checks checks(which.dtype, 1, n);
  const Matrix a = checks.Rows(x), b = checks.Rows(residual), from = checks.Rows(dy), to = checks.Rows(dx);
  checks.MayBe(to, a);
  checks.MayBe(to, b);
  checks.MayBe(to, from);
  if (checks.Status() == SIMDACT_OK) {
    Kernel(which.dtype)->backward(Op(which), x, nullptr, residual, dy, dx, nullptr, nullptr, 1, n, p);
  }
  return checks.Status();
}

// Whether channels x inner is too large a number; batch may be 0, as the product's other factors.
bool Overflows(size_t channels, size_t inner) { return inner != 0 && channels > SIZE_MAX / inner; }

simdact_status PreluChannels(simdact_dtype dtype, const void* x, const void* weight, void* y, size_t batch,
                             size_t channels, size_t inner) {
  if (batch != 0 && Overflows(channels, inner)) return SIMDACT_TOO_LARGE;
  Checks checks(dtype, batch, channels * inner);
  const Matrix from = checks.Rows(x), to = checks.Rows(y), w = checks.PerColumn(weight, channels);
  checks.MayBe(to, from);
  checks.Apart(to, w);
  if (checks.Status() == SIMDACT_OK) Kernel(dtype)->prelu_channels(x, weight, y, batch, channels, inner);
  return checks.Status();
}

simdact_status PreluChannelsBackward(simdact_dtype dtype, const void* x, const void* weight, const void* dy,
                                     void* dx, void* dweight, size_t batch, size_t channels, size_t inner) {
  if (batch != 0 && Overflows(channels, inner)) return SIMDACT_TOO_LARGE;
  const simdact_status status =
      CheckBackward(dtype, x, nullptr, weight, dy, dx, nullptr, dweight, batch, channels * inner, channels);
  if (status == SIMDACT_OK) {
    Kernel(dtype)->prelu_channels_backward(x, weight, dy, dx, dweight, batch, channels, inner);
  }
  return status;
}

}  // namespace
}  // namespace simdact

extern "C" {

const simdact_bias_kernel* simdact_find_bias(const simdact_target* target, simdact_dtype dtype) {
  if (!simdact_target_runs(target)) return nullptr;
  if (static_cast<unsigned>(dtype) >= SIMDACT_DTYPE_COUNT) return nullptr;
  const simdact_bias_kernel* kernels = simdact::BiasCode(target->bit);
  // A dtype that was left out of the build has no functions.
  return kernels == nullptr || kernels[dtype].forward == nullptr ? nullptr : &kernels[dtype];
}

simdact_status simdact_bias(simdact_op op, simdact_dtype dtype, simdact_tier tier, const void* x,
                            const void* bias, void* y, size_t rows, size_t cols, simdact_params p) {
  const simdact::Which which{op, dtype, tier};
  return simdact::Exists(which) ? simdact::Bias(which, x, bias, y, rows, cols, p) : SIMDACT_BAD_OPTION;
}

simdact_status simdact_scale_bias(simdact_op op, simdact_dtype dtype, simdact_tier tier, const void* x,
                                  const void* scale, const void* bias, void* y, size_t rows, size_t cols,
                                  simdact_params p) {
  const simdact::Which which{op, dtype, tier};
  return simdact::Exists(which) ? simdact::ScaleBias(which, x, scale, bias, y, rows, cols, p)
                                : SIMDACT_BAD_OPTION;
}

simdact_status simdact_residual(simdact_op op, simdact_dtype dtype, simdact_tier tier, const void* x,
                                const void* residual, void* y, size_t n, simdact_params p) {
  const simdact::Which which{op, dtype, tier};
  return simdact::Exists(which) ? simdact::Residual(which, x, residual, y, n, p) : SIMDACT_BAD_OPTION;
}

simdact_status simdact_bias_backward(simdact_op op, simdact_dtype dtype, simdact_tier tier, const void* x,
                                     const void* bias, const void* dy, void* dx, void* dbias, size_t rows,
                                     size_t cols, simdact_params p) {
  const simdact::Which which{op, dtype, tier};
  return simdact::Exists(which) ? simdact::BiasBackward(which, x, bias, dy, dx, dbias, rows, cols, p)
                                : SIMDACT_BAD_OPTION;
}

simdact_status simdact_scale_bias_backward(simdact_op op, simdact_dtype dtype, simdact_tier tier,
                                           const void* x, const void* scale, const void* bias, const void* dy,
                                           void* dx, void* dscale, void* dbias, size_t rows, size_t cols,
                                           simdact_params p) {
  const simdact::Which which{op, dtype, tier};
  return simdact::Exists(which)
             ? simdact::ScaleBiasBackward(which, x, scale, bias, dy, dx, dscale, dbias, rows, cols, p)
             : SIMDACT_BAD_OPTION;
}

simdact_status simdact_residual_backward(simdact_op op, simdact_dtype dtype, simdact_tier tier, const void* x,
                                         const void* residual, const void* dy, void* dx, size_t n,
                                         simdact_params p) {
  const simdact::Which which{op, dtype, tier};
  return simdact::Exists(which) ? simdact::ResidualBackward(which, x, residual, dy, dx, n, p)
                                : SIMDACT_BAD_OPTION;
}

#define SIMDACT_BIASES(name, T, DTYPE, E, PACK, P)                                                         \
  simdact_status simdact_bias_##name##_##T(const E* x, const E* b, E* y, size_t rows, size_t cols P) {     \
    return simdact::Bias({SIMDACT_OP_##name, DTYPE}, x, b, y, rows, cols, {PACK});                         \
  }                                                                                                        \
  simdact_status simdact_scale_bias_##name##_##T(const E* x, const E* s, const E* b, E* y, size_t rows,    \
                                                 size_t cols P) {                                          \
    return simdact::ScaleBias({SIMDACT_OP_##name, DTYPE}, x, s, b, y, rows, cols, {PACK});                 \
  }                                                                                                        \
  simdact_status simdact_residual_##name##_##T(const E* x, const E* residual, E* y, size_t n P) {          \
    return simdact::Residual({SIMDACT_OP_##name, DTYPE}, x, residual, y, n, {PACK});                       \
  }                                                                                                        \
  simdact_status simdact_bias_##name##_backward_##T(const E* x, const E* b, const E* dy, E* dx, E* dbias,  \
                                                    size_t rows, size_t cols P) {                          \
    return simdact::BiasBackward({SIMDACT_OP_##name, DTYPE}, x, b, dy, dx, dbias, rows, cols, {PACK});     \
  }                                                                                                        \
  simdact_status simdact_scale_bias_##name##_backward_##T(const E* x, const E* s, const E* b, const E* dy, \
                                                          E* dx, E* dscale, E* dbias, size_t rows,         \
                                                          size_t cols P) {                                 \
    return simdact::ScaleBiasBackward({SIMDACT_OP_##name, DTYPE}, x, s, b, dy, dx, dscale, dbias, rows,    \
                                      cols, {PACK});                                                       \
  }                                                                                                        \
  simdact_status simdact_residual_##name##_backward_##T(const E* x, const E* residual, const E* dy, E* dx, \
                                                        size_t n P) {                                      \
    return simdact::ResidualBackward({SIMDACT_OP_##name, DTYPE}, x, residual, dy, dx, n, {PACK});          \
  }
#define SIMDACT_PRELU_CHANNELS(T, DTYPE, E)                                                           \
  simdact_status simdact_prelu_channels_##T(const E* x, const E* weight, E* y, size_t batch,          \
                                            size_t channels, size_t inner) {                          \
    return simdact::PreluChannels(DTYPE, x, weight, y, batch, channels, inner);                       \
  }                                                                                                   \
  simdact_status simdact_prelu_channels_backward_##T(const E* x, const E* weight, const E* dy, E* dx, \
                                                     E* dweight, size_t batch, size_t channels,       \
                                                     size_t inner) {                                  \
    return simdact::PreluChannelsBackward(DTYPE, x, weight, dy, dx, dweight, batch, channels, inner); \
  }

#define SIMDACT_X(Name, name, number, PARAMETERS, ...) \
  SIMDACT_BIASES(name, f32, SIMDACT_F32, float, SIMDACT_PACK_FLOATS_##PARAMETERS, SIMDACT_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(f32, SIMDACT_F32, float)
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                              \
  SIMDACT_BIASES(name, f64, SIMDACT_F64, double, SIMDACT_PACK_DOUBLES_##PARAMETERS, \
                 SIMDACT_DOUBLES_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(f64, SIMDACT_F64, double)
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                                 \
  SIMDACT_BIASES(name, bf16, SIMDACT_BF16, uint16_t, SIMDACT_PACK_FLOATS_##PARAMETERS, \
                 SIMDACT_FLOATS_##PARAMETERS)                                          \
  SIMDACT_BIASES(name, f16, SIMDACT_F16, uint16_t, SIMDACT_PACK_FLOATS_##PARAMETERS,   \
                 SIMDACT_FLOATS_##PARAMETERS)
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_PRELU_CHANNELS(bf16, SIMDACT_BF16, uint16_t)
SIMDACT_PRELU_CHANNELS(f16, SIMDACT_F16, uint16_t)
#endif

}  // extern "C"
