// Gated linear units: what the rows' functions ask of their arguments, and from a gate to its kernel.

#include <atomic>

#include "dispatch/numbers.h"
#include "dispatch/packed.h"
#include "dispatch/registry.h"
#include "simdact/simdact.h"

namespace simdact {
namespace {

// ---- Rows ------------------------------------------------------------------------------------------------

simdact_status ForwardRows(const simdact_gate_kernel& kernel, const PackedShape& shape, const Strided& x,
                           const Strided& y, const simdact_params& p) {
  const simdact_status status = CheckPackedForward(shape, x, y);
  if (status != SIMDACT_OK || shape.IsEmpty()) return status;
  const Packed in = Split(shape.Both(x), shape.layout);
  const Matrix out = shape.One(y);
  for (size_t r = 0; r < shape.rows; ++r) {
    if (shape.layout == SIMDACT_GATE_INTERLEAVED) {
      kernel.forward_interleaved(RowOf(in.all, r), OutputRow(out, r), shape.cols, p);
    } else {
      kernel.forward(RowOf(in.gate, r), RowOf(in.up, r), OutputRow(out, r), shape.cols, p);
    }
  }
  return SIMDACT_OK;
}

simdact_status BackwardRows(const simdact_gate_kernel& kernel, const PackedShape& shape, const Strided& x,
                            const Strided& dy, const Strided& dx, const simdact_params& p) {
  const simdact_status status = CheckPackedBackward(shape, x, dy, dx);
  if (status != SIMDACT_OK || shape.IsEmpty()) return status;
  const Packed in = Split(shape.Both(x), shape.layout), out = Split(shape.Both(dx), shape.layout);
  const Matrix upstream = shape.One(dy);
  for (size_t r = 0; r < shape.rows; ++r) {
    if (shape.layout == SIMDACT_GATE_INTERLEAVED) {
      kernel.backward_interleaved(RowOf(in.all, r), RowOf(upstream, r), OutputRow(out.all, r), shape.cols, p);
    } else {
      kernel.backward(RowOf(in.gate, r), RowOf(in.up, r), RowOf(upstream, r), OutputRow(out.gate, r),
                      OutputRow(out.up, r), shape.cols, p);
    }
  }
  return SIMDACT_OK;
}

// ---- Kernels ---------------------------------------------------------------------------------------------

// The default kernel of each gate, dtype and tier, looked up at the first call. Threads that race store the
// same.
std::atomic<const simdact_gate_kernel*> g_default[SIMDACT_GATE_COUNT][SIMDACT_DTYPE_COUNT]
                                                 [simdact::kFamilyTiers];

bool Exists(simdact_gate gate, simdact_dtype dtype, simdact_tier tier) {
  return static_cast<unsigned>(gate) < SIMDACT_GATE_COUNT &&
         static_cast<unsigned>(dtype) < SIMDACT_DTYPE_COUNT && IsFamilyTier(tier);
}

// Null for a dtype that was left out of the build.
const simdact_gate_kernel* DefaultOrNull(simdact_gate gate, simdact_dtype dtype, simdact_tier tier) {
  const simdact_gate_kernel* kernel = g_default[gate][dtype][tier].load(std::memory_order_relaxed);
  if (kernel == nullptr) {
    kernel = simdact_find_gate(simdact_target_default(), gate, dtype, tier);
    g_default[gate][dtype][tier].store(kernel, std::memory_order_relaxed);
  }
  return kernel;
}

const simdact_gate_kernel& Default(simdact_gate gate, simdact_dtype dtype) {
  return *DefaultOrNull(gate, dtype, SIMDACT_ACCURATE);
}

#define SIMDACT_X(Name, name, number, ...) number,
constexpr int kNumbers[] = {SIMDACT_GATES(SIMDACT_X)};
#undef SIMDACT_X
static_assert(AreNumbered(kNumbers), "gates.def: each number from 0 on belongs to one gate");
constexpr auto kPositions = PositionsOf(kNumbers);

// clang-format off
#define SIMDACT_DEFAULTS_P0 0, {}, {{}}
#define SIMDACT_DEFAULTS_P2(a, da, b, db) 2, {#a, #b}, {{da, db}}
#define SIMDACT_X(Name, name, number, PARAMETERS, CLAIMS, TIERS, formula, gradients, note) \
  {#name, formula, gradients, note, SIMDACT_DEFAULTS_##PARAMETERS},
constexpr simdact_gate_description kDescriptions[] = {SIMDACT_GATES(SIMDACT_X)};
#undef SIMDACT_X

// Per gate: f32 and f64, forward and backward.
struct Claims {
  double of[2][2];
};
#define SIMDACT_CLAIM_C(f, b, f64, b64) {f, b}, {f64, b64}
#define SIMDACT_X(Name, name, number, PARAMETERS, CLAIMS, ...) {{SIMDACT_CLAIM_##CLAIMS}},
constexpr Claims kClaims[] = {SIMDACT_GATES(SIMDACT_X)};
#undef SIMDACT_X

// Whether the fast tier has kernels of its own: forward and backward, without fused multiply-add and with it.
struct HasFast {
  bool of[2][2];
};
#define SIMDACT_HAS_FAST {true, true}, {true, true}
#define SIMDACT_HAS_FAST_WITH_FMA {true, true}, {false, true}
#define SIMDACT_HAS_NO_FAST {false, false}, {false, false}
#define SIMDACT_X(Name, name, number, PARAMETERS, CLAIMS, TIERS, ...) {{SIMDACT_HAS_##TIERS}},
constexpr HasFast kHasFast[] = {SIMDACT_GATES(SIMDACT_X)};
#undef SIMDACT_X
// clang-format on

}  // namespace
}  // namespace simdact

extern "C" {

const simdact_gate_kernel* simdact_find_gate(const simdact_target* target, simdact_gate gate,
                                             simdact_dtype dtype, simdact_tier tier) {
  if (!simdact_target_runs(target) || !simdact::Exists(gate, dtype, tier)) return nullptr;
  const simdact::GateRow* rows = simdact::GatesCode(target->bit);
  if (rows == nullptr) return nullptr;
  const auto& kernels = rows[simdact::kPositions.of[gate]].kernels;
  const simdact_gate_kernel* kernel = &kernels[tier][dtype];
  if (kernel->forward == nullptr) kernel = &kernels[SIMDACT_ACCURATE][dtype];
  return kernel->forward == nullptr ? nullptr : kernel;  // a dtype left out of the build
}

const simdact_gate_kernel* simdact_find_gate_default(simdact_gate gate, simdact_dtype dtype,
                                                     simdact_tier tier) {
  return simdact::Exists(gate, dtype, tier) ? simdact::DefaultOrNull(gate, dtype, tier) : nullptr;
}

const simdact_gate_description* simdact_describe_gate(simdact_gate gate) {
  return static_cast<unsigned>(gate) < SIMDACT_GATE_COUNT
             ? &simdact::kDescriptions[simdact::kPositions.of[gate]]
             : nullptr;
}

double simdact_gate_claim(simdact_gate gate, simdact_dtype dtype, simdact_direction direction, int fma) {
  if (static_cast<unsigned>(gate) >= SIMDACT_GATE_COUNT ||
      static_cast<unsigned>(dtype) >= SIMDACT_DTYPE_COUNT ||
      (direction != SIMDACT_FORWARD && direction != SIMDACT_BACKWARD)) {
    return -1.0;
  }
  if (dtype == SIMDACT_BF16 || dtype == SIMDACT_F16) return 0.51;
  const double claim = simdact::kClaims[simdact::kPositions.of[gate]].of[dtype == SIMDACT_F64][direction];
  // The activation is rounded once, and the product; swiglu_oai's error terms are the first to be denormal.
  const double in_double = gate == SIMDACT_GATE_swiglu_oai ? 2.0 : 1.55;
  return dtype == SIMDACT_F32 && fma == 0 && claim > in_double ? in_double : claim;
}

double simdact_gate_fast_claim(simdact_gate gate, simdact_dtype dtype, simdact_direction direction, int fma) {
  const double accurate = simdact_gate_claim(gate, dtype, direction, fma);
  if (accurate < 0 || dtype == SIMDACT_F64) return accurate;
  if (!simdact::kHasFast[simdact::kPositions.of[gate]].of[direction][fma != 0]) return accurate;
  return dtype == SIMDACT_F32 ? 4.0 : dtype == SIMDACT_BF16 ? 0.6 : 1.0;
}

simdact_status simdact_gate_rows(simdact_gate gate, simdact_dtype dtype, simdact_tier tier, const void* x,
                                 void* y, size_t rows, size_t cols, simdact_gate_layout layout,
                                 size_t x_row_stride, size_t y_row_stride, simdact_params p) {
  const simdact_gate_kernel* kernel = simdact_find_gate_default(gate, dtype, tier);
  if (kernel == nullptr) return SIMDACT_BAD_OPTION;
  return simdact::ForwardRows(*kernel, {rows, cols, simdact::BytesOf(dtype), layout}, {x, x_row_stride},
                              {y, y_row_stride}, p);
}

simdact_status simdact_gate_rows_backward(simdact_gate gate, simdact_dtype dtype, simdact_tier tier,
                                          const void* x, const void* dy, void* dx, size_t rows, size_t cols,
                                          simdact_gate_layout layout, size_t x_row_stride,
                                          size_t dy_row_stride, size_t dx_row_stride, simdact_params p) {
  const simdact_gate_kernel* kernel = simdact_find_gate_default(gate, dtype, tier);
  if (kernel == nullptr) return SIMDACT_BAD_OPTION;
  return simdact::BackwardRows(*kernel, {rows, cols, simdact::BytesOf(dtype), layout}, {x, x_row_stride},
                               {dy, dy_row_stride}, {dx, dx_row_stride}, p);
}

#define SIMDACT_GATE_ARRAYS(name, T, DTYPE, E, P, PACK)                                                   \
  void simdact_##name##_##T(const E* gate, const E* up, E* y, size_t n P) {                               \
    simdact::Default(SIMDACT_GATE_##name, DTYPE).forward(gate, up, y, n, {PACK});                         \
  }                                                                                                       \
  void simdact_##name##_backward_##T(const E* gate, const E* up, const E* dy, E* dgate, E* dup,           \
                                     size_t n P) {                                                        \
    simdact::Default(SIMDACT_GATE_##name, DTYPE).backward(gate, up, dy, dgate, dup, n, {PACK});           \
  }                                                                                                       \
  simdact_status simdact_##name##_rows_##T(const E* x, E* y, size_t rows, size_t cols,                    \
                                           simdact_gate_layout layout, size_t x_row_stride,               \
                                           size_t y_row_stride P) {                                       \
    return simdact::ForwardRows(simdact::Default(SIMDACT_GATE_##name, DTYPE),                             \
                                {rows, cols, sizeof(E), layout}, {x, x_row_stride}, {y, y_row_stride},    \
                                {PACK});                                                                  \
  }                                                                                                       \
  simdact_status simdact_##name##_rows_backward_##T(                                                      \
      const E* x, const E* dy, E* dx, size_t rows, size_t cols, simdact_gate_layout layout,               \
      size_t x_row_stride, size_t dy_row_stride, size_t dx_row_stride P) {                                \
    return simdact::BackwardRows(simdact::Default(SIMDACT_GATE_##name, DTYPE),                            \
                                 {rows, cols, sizeof(E), layout}, {x, x_row_stride}, {dy, dy_row_stride}, \
                                 {dx, dx_row_stride}, {PACK});                                            \
  }
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                            \
  SIMDACT_GATE_ARRAYS(name, f32, SIMDACT_F32, float, SIMDACT_FLOATS_##PARAMETERS, \
                      SIMDACT_PACK_FLOATS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                              \
  SIMDACT_GATE_ARRAYS(name, f64, SIMDACT_F64, double, SIMDACT_DOUBLES_##PARAMETERS, \
                      SIMDACT_PACK_DOUBLES_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                                 \
  SIMDACT_GATE_ARRAYS(name, bf16, SIMDACT_BF16, uint16_t, SIMDACT_FLOATS_##PARAMETERS, \
                      SIMDACT_PACK_FLOATS_##PARAMETERS)                                \
  SIMDACT_GATE_ARRAYS(name, f16, SIMDACT_F16, uint16_t, SIMDACT_FLOATS_##PARAMETERS,   \
                      SIMDACT_PACK_FLOATS_##PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
#endif

}  // extern "C"
