// Softmax: arguments, options, and the way to the kernels; and what of the online pieces is not a loop.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "dispatch/checks.h"
#include "dispatch/registry.h"
#include "dispatch/rows.h"

namespace simdact {
namespace {

// ln 2, and in two parts of which the first times a power is exact.
constexpr double kLn2 = 0.6931471805599453, kLn2High = 0x1.62e42fefa4p-1, kLn2Low = -0x1.8432a1b0e2634p-43;

double OneForZero(double value) { return value == 0 ? 1.0 : value; }

// Whether a number can be rounded to the kernel's type without becoming 0 or infinite.
bool IsUsable(double value, size_t bytes) {
  const double kept = bytes == sizeof(double) ? value : static_cast<double>(static_cast<float>(value));
  return std::isfinite(kept) && (kept != 0) == (value != 0);
}

// The default kernel of each op and dtype, looked up at the first call.
std::atomic<const simdact_softmax_kernel*> g_default[SIMDACT_SOFTMAX_OP_COUNT][SIMDACT_DTYPE_COUNT];

const simdact_softmax_kernel* Default(simdact_softmax_op op, simdact_dtype dtype) {
  const simdact_softmax_kernel* kernel = g_default[op][dtype].load(std::memory_order_relaxed);
  if (kernel == nullptr) {
    kernel = simdact_find_softmax(simdact_target_default(), op, dtype);
    g_default[op][dtype].store(kernel, std::memory_order_relaxed);
  }
  return kernel;
}

}  // namespace

bool OptionsAreValid(const simdact_softmax_options& o, size_t bytes) {
  for (const uint64_t word : o.reserved) {
    if (word != 0) return false;
  }
  const bool usable = IsUsable(o.scale, bytes) && IsUsable(o.softcap, bytes) &&
                      IsUsable(o.mask_slope, bytes) && IsUsable(o.alibi_slope, bytes);
  return usable && o.softcap >= 0 && IsFamilyTier(o.tier) &&
         static_cast<unsigned>(o.masked_row) <= SIMDACT_MASKED_ROW_UNIFORM &&
         static_cast<unsigned>(o.infinite_score) <= SIMDACT_INFINITE_SCORE_LIMIT &&
         static_cast<unsigned>(o.mask_type) <= SIMDACT_MASK_SAME;
}

RowOptions Resolved(const simdact_softmax_options* options, size_t rows, size_t cols) {
  RowOptions o{};
  if (options != nullptr) static_cast<simdact_softmax_options&>(o) = *options;
  o.scale = OneForZero(o.scale);
  o.mask_slope = OneForZero(o.mask_slope);
  if (o.mask_rows == 0) o.mask_rows = rows;
  o.mask_row_stride = DenseOr(o.mask_row_stride, cols);
  if (o.rows_per_sink == 0) o.rows_per_sink = rows;
  o.x_row_stride = DenseOr(o.x_row_stride, cols);
  o.y_row_stride = DenseOr(o.y_row_stride, cols);
  o.dy_row_stride = DenseOr(o.dy_row_stride, cols);
  o.dx_row_stride = DenseOr(o.dx_row_stride, cols);
  o.unchanged = o.scale == 1 && o.softcap == 0 && o.mask_type == SIMDACT_MASK_NONE && o.alibi_slope == 0;
  o.whole = o.starts == nullptr && o.lengths == nullptr && o.causal_rows == 0 && o.sinks == nullptr;
  return o;
}

namespace {

// Options that are resolved, x and what is made of it. Without a y, `output` has no rows.
simdact_status CheckOutputs(const void* x, const Matrix& output, size_t rows, size_t cols, size_t bytes,
                            const RowOptions& o) {
  if (!OptionsAreValid(o, bytes)) return SIMDACT_BAD_OPTION;
  if (rows == 0) return SIMDACT_OK;
  const Matrix input = {x, rows, cols, o.x_row_stride, bytes};
  const Matrix sums = Optional(o.log_sum_exp, rows, BytesOfNumber(bytes));
  const Matrix starts = Optional(o.starts, rows, sizeof(size_t));
  const Matrix lengths = Optional(o.lengths, rows, sizeof(size_t));
  const Matrix sinks = Optional(o.sinks, (rows - 1) / o.rows_per_sink + 1, sizeof(float));
  const Matrix mask = {o.mask, o.mask_type == SIMDACT_MASK_NONE ? 0 : o.mask_rows, cols, o.mask_row_stride,
                       BytesOfMask(o.mask_type, bytes)};
  const simdact_status status = CheckEach({input, output, sums, starts, lengths, sinks, mask});
  if (status != SIMDACT_OK) return status;
  bool fits = MayShare(output, input) && AreDisjoint(output, sums) && AreDisjoint(sums, input);
  for (const Matrix* read : {&starts, &lengths, &sinks, &mask}) {
    fits = fits && AreDisjoint(output, *read) && AreDisjoint(sums, *read);
  }
  return fits ? SIMDACT_OK : SIMDACT_OVERLAP;
}

}  // namespace

simdact_status CheckForward(const void* x, const void* y, size_t rows, size_t cols, size_t bytes,
                            const simdact_softmax_options* options, RowOptions* o) {
  if (cols == 0) return SIMDACT_EMPTY_ROW;
  *o = Resolved(options, rows, cols);
  return CheckOutputs(x, {y, rows, cols, o->y_row_stride, bytes}, rows, cols, bytes, *o);
}

simdact_status CheckLogSumExp(const void* x, void* log_sum_exp, size_t rows, size_t cols, size_t bytes,
                              const simdact_softmax_options* options, RowOptions* o) {
  if (cols == 0) return SIMDACT_EMPTY_ROW;
  *o = Resolved(options, rows, cols);
  o->log_sum_exp = log_sum_exp, o->y_row_stride = 0;
  const simdact_status status = CheckOutputs(x, {nullptr, 0, cols, cols, bytes}, rows, cols, bytes, *o);
  if (status != SIMDACT_OK || rows == 0) return status;
  return log_sum_exp == nullptr ? SIMDACT_NULL_POINTER : SIMDACT_OK;
}

simdact_status CheckBackward(const void* y, const void* dy, const void* dx, size_t rows, size_t cols,
                             size_t bytes, const simdact_softmax_options* options, RowOptions* o) {
  if (cols == 0) return SIMDACT_EMPTY_ROW;
  *o = Resolved(options, rows, cols);
  if (!OptionsAreValid(*o, bytes) || o->softcap != 0) return SIMDACT_BAD_OPTION;
  if (rows == 0) return SIMDACT_OK;
  const Matrix from = {y, rows, cols, o->y_row_stride, bytes},
               upstream = {dy, rows, cols, o->dy_row_stride, bytes};
  const Matrix to = {dx, rows, cols, o->dx_row_stride, bytes};
  const Matrix starts = Optional(o->starts, rows, sizeof(size_t));
  const Matrix lengths = Optional(o->lengths, rows, sizeof(size_t));
  const simdact_status status = CheckEach({from, upstream, to, starts, lengths});
  if (status != SIMDACT_OK) return status;
  const bool fits =
      MayShare(to, from) && MayShare(to, upstream) && AreDisjoint(to, starts) && AreDisjoint(to, lengths);
  return fits ? SIMDACT_OK : SIMDACT_OVERLAP;
}

Columns VisibleColumns(const RowOptions& o, size_t row, size_t cols) {
  size_t end = cols;
  if (o.lengths != nullptr && o.lengths[row] < end) end = o.lengths[row];
  if (o.causal_rows != 0) {
    const size_t seen = row % o.causal_rows + 1;
    if (o.causal_past < end && end - o.causal_past > seen) end = o.causal_past + seen;
  }
  const size_t start = o.starts == nullptr ? 0 : std::min(o.starts[row], end);
  return {start, end - start, cols - end};
}

double UnitFactor(double shift, double power, double to_shift, double to_power) {
  const double powers = power - to_power;
  if (shift == to_shift && std::fabs(powers) < 1000) return std::ldexp(1.0, static_cast<int>(powers));
  return std::exp(((shift - to_shift) + powers * kLn2High) + powers * kLn2Low);
}

const SoftmaxCode* SoftmaxCodeOf(int64_t target, simdact_dtype dtype) {
  switch (dtype) {
    case SIMDACT_F32:
      return SoftmaxF32Code(target);
#ifndef SIMDACT_NO_F64
    case SIMDACT_F64:
      return SoftmaxF64Code(target);
#endif
#ifndef SIMDACT_NO_HALF
    case SIMDACT_BF16:
      return SoftmaxBf16Code(target);
    case SIMDACT_F16:
      return SoftmaxF16Code(target);
#endif
    default:
      return nullptr;
  }
}

}  // namespace simdact

extern "C" {

const simdact_softmax_kernel* simdact_find_softmax(const simdact_target* target, simdact_softmax_op op,
                                                   simdact_dtype dtype) {
  if (!simdact_target_runs(target)) return nullptr;
  if (static_cast<unsigned>(op) >= SIMDACT_SOFTMAX_OP_COUNT) return nullptr;
  const simdact::SoftmaxCode* code = simdact::SoftmaxCodeOf(target->bit, dtype);
  return code == nullptr ? nullptr : &code->kernels[op];
}

const simdact_softmax_description* simdact_describe_softmax(simdact_softmax_op op) {
#define SIMDACT_X(Name, name, formula, backward, note) {#name, formula, backward, note},
  static constexpr simdact_softmax_description kDescriptions[] = {SIMDACT_SOFTMAX_OPS(SIMDACT_X)};
#undef SIMDACT_X
  return static_cast<unsigned>(op) < SIMDACT_SOFTMAX_OP_COUNT ? &kDescriptions[op] : nullptr;
}

// The first of softmax's passes, alone.
#define SIMDACT_LOG_SUM_EXP_OF(T, DTYPE, E, P)                                                  \
  simdact_status simdact_log_sum_exp_##T(const E* x, P* log_sum_exp, size_t rows, size_t cols,  \
                                         const simdact_softmax_options* options) {              \
    const simdact_softmax_kernel* kernel = simdact::Default(SIMDACT_SOFTMAX_OP_softmax, DTYPE); \
    return kernel->log_sum_exp(x, log_sum_exp, rows, cols, options);                            \
  }
#define SIMDACT_SOFTMAX_OF(name, T, DTYPE, E)                                                            \
  simdact_status simdact_##name##_##T(const E* x, E* y, size_t rows, size_t cols,                        \
                                      const simdact_softmax_options* options) {                          \
    return simdact::Default(SIMDACT_SOFTMAX_OP_##name, DTYPE)->forward(x, y, rows, cols, options);       \
  }                                                                                                      \
  simdact_status simdact_##name##_backward_##T(const E* y, const E* dy, E* dx, size_t rows, size_t cols, \
                                               const simdact_softmax_options* options) {                 \
    return simdact::Default(SIMDACT_SOFTMAX_OP_##name, DTYPE)->backward(y, dy, dx, rows, cols, options); \
  }
// sigmoid's derivative is y (1 - y) as well.
#define SIMDACT_DIAGONAL_OF(T, E)                                               \
  void simdact_softmax_diagonal_##T(const E* y, const E* dy, E* dx, size_t n) { \
    simdact_sigmoid_backward_from_output_##T(y, dy, dx, n);                     \
  }
#define SIMDACT_BLOCK_OF(T, DTYPE, E)                                                                      \
  float simdact_softmax_block_##T(simdact_softmax_state* state, const E* x, E* p, size_t n, float scale) { \
    if (state == nullptr) return std::numeric_limits<float>::quiet_NaN();                                  \
    return simdact::Default(SIMDACT_SOFTMAX_OP_softmax, DTYPE)->block(state, x, p, n, scale);              \
  }
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_OF(name, f32, SIMDACT_F32, float)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_DIAGONAL_OF(f32, float)
SIMDACT_LOG_SUM_EXP_OF(f32, SIMDACT_F32, float, float)
SIMDACT_BLOCK_OF(f32, SIMDACT_F32, float)
#ifndef SIMDACT_NO_F64
#define SIMDACT_X(Name, name, ...) SIMDACT_SOFTMAX_OF(name, f64, SIMDACT_F64, double)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_DIAGONAL_OF(f64, double)
SIMDACT_LOG_SUM_EXP_OF(f64, SIMDACT_F64, double, double)
#endif
#ifndef SIMDACT_NO_HALF
#define SIMDACT_X(Name, name, ...)                       \
  SIMDACT_SOFTMAX_OF(name, bf16, SIMDACT_BF16, uint16_t) \
  SIMDACT_SOFTMAX_OF(name, f16, SIMDACT_F16, uint16_t)
SIMDACT_SOFTMAX_OPS(SIMDACT_X)
#undef SIMDACT_X
SIMDACT_DIAGONAL_OF(bf16, uint16_t)
SIMDACT_DIAGONAL_OF(f16, uint16_t)
SIMDACT_LOG_SUM_EXP_OF(bf16, SIMDACT_BF16, uint16_t, float)
SIMDACT_LOG_SUM_EXP_OF(f16, SIMDACT_F16, uint16_t, float)
SIMDACT_BLOCK_OF(bf16, SIMDACT_BF16, uint16_t)
SIMDACT_BLOCK_OF(f16, SIMDACT_F16, uint16_t)
#endif

simdact_softmax_state simdact_softmax_begin(void) {
  simdact_softmax_state state = {};
  state.maximum = -std::numeric_limits<double>::infinity();
  return state;
}

void simdact_softmax_merge(simdact_softmax_state* state, const simdact_softmax_state* other, double* factor,
                           double* other_factor) {
  double unwanted;
  if (factor == nullptr) factor = &unwanted;
  if (other_factor == nullptr) other_factor = &unwanted;
  if (state == nullptr || other == nullptr) {
    *factor = *other_factor = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  const bool empty = !(state->maximum > -HUGE_VAL) && state->sum == 0;
  const bool other_empty = !(other->maximum > -HUGE_VAL) && other->sum == 0;
  const bool theirs = empty || (!other_empty && other->maximum > state->maximum);  // the unit of both
  const simdact_softmax_state& unit = theirs ? *other : *state;
  *factor = empty ? 1.0 : simdact::UnitFactor(state->shift, state->power, unit.shift, unit.power);
  *other_factor = other_empty ? 1.0 : simdact::UnitFactor(other->shift, other->power, unit.shift, unit.power);
  const double sum = state->sum * *factor + other->sum * *other_factor;
  *state = {unit.maximum, unit.shift, unit.power, sum, {}};
}

void simdact_softmax_rescale_f32(const float* x, float* y, size_t n, float factor) {
  if (factor == 1 && x == y) return;
  simdact_linear_f32(x, y, n, factor, 0.0f);
}

double simdact_softmax_finish(const simdact_softmax_state* state) {
  if (state == nullptr || state->sum == 0) return std::numeric_limits<double>::quiet_NaN();
  return 1.0 / state->sum;
}

double simdact_softmax_log_sum_exp(const simdact_softmax_state* state) {
  if (state == nullptr) return std::numeric_limits<double>::quiet_NaN();
  return state->shift + (state->power * simdact::kLn2 + std::log(state->sum));
}

}  // extern "C"
