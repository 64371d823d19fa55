// Cross-entropy: arguments, options, and the way to the kernels. No SIMD code.

#include <atomic>
#include <cmath>

#include "dispatch/checks.h"
#include "dispatch/exact_sum.h"
#include "dispatch/registry.h"
#include "dispatch/rows.h"

namespace simdact {
namespace {

bool ValuesAreValid(const simdact_cross_entropy_options& o) {
  for (const uint64_t word : o.reserved) {
    if (word != 0) return false;
  }
  return o.label_smoothing >= 0 && o.label_smoothing <= 1 && std::isfinite(o.gradient) &&
         IsFamilyTier(o.tier) && static_cast<unsigned>(o.ignores_label) <= 1;
}

void Resolve(const simdact_cross_entropy_options* options, size_t cols, LossOptions* o) {
  static_cast<simdact_cross_entropy_options&>(*o) =
      options == nullptr ? simdact_cross_entropy_options{} : *options;
  if (o->gradient == 0) o->gradient = 1;
  o->x_row_stride = DenseOr(o->x_row_stride, cols);
  o->dx_row_stride = DenseOr(o->dx_row_stride, cols);
}

// What cols weights, of 1 unless given, add up to.
double SumOfWeights(const float* weights, size_t cols) {
  if (weights == nullptr) return static_cast<double>(cols);
  TwoDoubles sum = {0, 0};
  for (size_t c = 0; c < cols; ++c) {
    const TwoDoubles next = ExactSum(sum.high, double{weights[c]});
    sum = {next.high, sum.low + next.low};
  }
  return std::isfinite(sum.low) ? sum.high + sum.low : sum.high;  // an infinite weight leaves no error
}

bool LabelsAreGood(const LossOptions& o, const int64_t* labels, size_t rows, size_t cols) {
  for (size_t r = 0; r < rows; ++r) {
    const int64_t label = LabelAt(labels, r);
    if (!IsIgnored(o, label) && static_cast<uint64_t>(label) >= cols) return false;
  }
  return true;
}

// The default kernel of each dtype, looked up at the first call.
std::atomic<const simdact_cross_entropy_kernel*> g_default[SIMDACT_DTYPE_COUNT];

const simdact_cross_entropy_kernel* Default(simdact_dtype dtype) {
  const simdact_cross_entropy_kernel* kernel = g_default[dtype].load(std::memory_order_relaxed);
  if (kernel == nullptr) {
    kernel = simdact_find_cross_entropy(simdact_target_default(), dtype);
    g_default[dtype].store(kernel, std::memory_order_relaxed);
  }
  return kernel;
}

}  // namespace

simdact_status CheckCrossEntropy(const void* x, const int64_t* labels, const void* loss, const void* dx,
                                 size_t rows, size_t cols, size_t bytes,
                                 const simdact_cross_entropy_options* options, LossOptions* o) {
  if (cols == 0) return SIMDACT_EMPTY_ROW;
  Resolve(options, cols, o);
  if (!ValuesAreValid(*o)) return SIMDACT_BAD_OPTION;
  if (rows == 0) return SIMDACT_OK;
  const size_t number = BytesOfNumber(bytes);
  const Matrix input = {x, rows, cols, o->x_row_stride, bytes};
  const Matrix given = {labels, 1, rows, rows, sizeof(int64_t)};
  const Matrix weights = Optional(o->weights, cols, sizeof(float));
  const Matrix gradients = Optional(o->gradients, rows, number);
  const Matrix slopes = {dx, dx == nullptr ? 0 : rows, cols, o->dx_row_stride, bytes};
  const Matrix losses = Optional(loss, rows, number), sums = Optional(o->log_sum_exp, rows, number);
  const simdact_status status = CheckEach({input, given, weights, gradients, slopes, losses, sums});
  if (status != SIMDACT_OK) return status;
  bool fits = MayShare(slopes, input) && AreDisjoint(losses, input) && AreDisjoint(sums, input) &&
              AreDisjoint(slopes, losses) && AreDisjoint(slopes, sums) && AreDisjoint(losses, sums);
  for (const Matrix* output : {&slopes, &losses, &sums}) {
    fits = fits && AreDisjoint(*output, given) && AreDisjoint(*output, weights) &&
           AreDisjoint(*output, gradients);
  }
  if (!fits) return SIMDACT_OVERLAP;
  if (!LabelsAreGood(*o, labels, rows, cols)) return SIMDACT_BAD_LABEL;
  o->sum_of_weights = o->label_smoothing == 0 ? 0 : SumOfWeights(o->weights, cols);
  return SIMDACT_OK;
}

}  // namespace simdact

extern "C" {

const simdact_cross_entropy_kernel* simdact_find_cross_entropy(const simdact_target* target,
                                                               simdact_dtype dtype) {
  if (!simdact_target_runs(target) || static_cast<unsigned>(dtype) >= SIMDACT_DTYPE_COUNT) return nullptr;
  const simdact_cross_entropy_kernel* kernels = simdact::CrossEntropyCode(target->bit);
  return kernels == nullptr || kernels[dtype].cross_entropy == nullptr ? nullptr : &kernels[dtype];
}

#define SIMDACT_CROSS_ENTROPY_OF(T, DTYPE, E, P)                                                           \
  simdact_status simdact_cross_entropy_##T(const E* x, const int64_t* labels, P* loss, E* dx, size_t rows, \
                                           size_t cols, const simdact_cross_entropy_options* options) {    \
    return simdact::Default(DTYPE)->cross_entropy(x, labels, loss, dx, rows, cols, options);               \
  }
SIMDACT_CROSS_ENTROPY_OF(f32, SIMDACT_F32, float, float)
#ifndef SIMDACT_NO_F64
SIMDACT_CROSS_ENTROPY_OF(f64, SIMDACT_F64, double, double)
#endif
#ifndef SIMDACT_NO_HALF
SIMDACT_CROSS_ENTROPY_OF(bf16, SIMDACT_BF16, uint16_t, float)
SIMDACT_CROSS_ENTROPY_OF(f16, SIMDACT_F16, uint16_t, float)
#endif

}  // extern "C"
