// The rows of softmax: op/forward|backward/DTYPE/TIER/TARGET/cols, as many rows of that many columns as fit
// in 64 Ki elements, and op_masked, whose scores are -inf or -1e4 in turn with ordinary ones, and op_scaled,
// with scale and mask. log_sum_exp is softmax's first pass alone; cross_entropy's forward is the loss alone,
// its backward the loss and the gradient.
#ifndef SIMDACT_BENCH_SOFTMAX_ROWS_H_
#define SIMDACT_BENCH_SOFTMAX_ROWS_H_

#include <limits>
#include <string>
#include <vector>

#include "bench/arrays.h"
#include "bench/rows.h"
#include "simdact/simdact.h"
#include "tests/accuracy.h"

namespace simdact_bench {

struct SoftmaxRowKind {
  const simdact_target* target;
  simdact_softmax_op op;
  simdact_dtype dtype;
  simdact_tier tier;
  size_t cols;
  std::string NameOf(const std::string& function, const char* direction) const {
    return function + "/" + direction + "/" + simdact_accuracy::DtypeName(dtype) +
           (tier == SIMDACT_FAST ? "/fast/" : "/accurate/") + simdact_target_name(target) + "/" +
           std::to_string(cols);
  }
  std::string Name(const char* suffix, const char* direction) const {
    return NameOf(std::string(simdact_describe_softmax(op)->name) + suffix, direction);
  }
  size_t Rows() const { return cols < 65536 ? 65536 / cols : 1; }
};

// hidden: what stands in every other column; 0: nothing. A mask is of f32, one row for all.
inline void AddSoftmaxForward(const SoftmaxRowKind& kind, const char* suffix, double hidden, bool options) {
  const simdact_softmax_kernel* kernel = simdact_find_softmax(kind.target, kind.op, kind.dtype);
  if (kernel == nullptr) return;
  Row(kind.Name(suffix, "forward"), [=](benchmark::State& state) {
    const size_t n = kind.Rows() * kind.cols;
    Arrays& a = Arrays::Shared(kind.dtype, false);
    a.Reserve(n);
    const Buffer x = Allocate(n * SizeOf(kind.dtype));
    std::memcpy(x.get(), a.x(), n * SizeOf(kind.dtype));
    for (size_t i = 1; i < n && hidden != 0; i += 2) Store(kind.dtype, x.get(), i, hidden);
    const std::vector<float> mask(kind.cols, 0.5f);
    simdact_softmax_options o{};
    o.tier = kind.tier;
    if (options) o.scale = 0.125, o.mask_type = SIMDACT_MASK_F32, o.mask = mask.data(), o.mask_rows = 1;
    Measure(state, n, 2 * SizeOf(kind.dtype),
            [&] { kernel->forward(x.get(), a.y(), kind.Rows(), kind.cols, &o); });
  });
}

inline void AddSoftmaxBackward(const SoftmaxRowKind& kind) {
  const simdact_softmax_kernel* kernel = simdact_find_softmax(kind.target, kind.op, kind.dtype);
  if (kernel == nullptr) return;
  Row(kind.Name("", "backward"), [=](benchmark::State& state) {
    const size_t n = kind.Rows() * kind.cols;
    Arrays& a = Arrays::Shared(kind.dtype, false);
    a.Reserve(n);
    const Buffer y = Allocate(n * SizeOf(kind.dtype));
    kernel->forward(a.x(), y.get(), kind.Rows(), kind.cols, nullptr);
    Measure(state, n, 3 * SizeOf(kind.dtype),
            [&] { kernel->backward(y.get(), a.dy(), a.y(), kind.Rows(), kind.cols, nullptr); });
  });
}

inline void AddLogSumExp(const SoftmaxRowKind& kind) {
  const simdact_softmax_kernel* kernel = simdact_find_softmax(kind.target, kind.op, kind.dtype);
  if (kernel == nullptr) return;
  Row(kind.NameOf("log_sum_exp", "forward"), [=](benchmark::State& state) {
    const size_t n = kind.Rows() * kind.cols;
    Arrays& a = Arrays::Shared(kind.dtype, false);
    a.Reserve(n);
    std::vector<double> sums(kind.Rows());
    Measure(state, n, SizeOf(kind.dtype),
            [&] { kernel->log_sum_exp(a.x(), sums.data(), kind.Rows(), kind.cols, nullptr); });
  });
}

inline void AddCrossEntropy(const SoftmaxRowKind& kind, bool backward) {
  const simdact_cross_entropy_kernel* kernel = simdact_find_cross_entropy(kind.target, kind.dtype);
  if (kernel == nullptr) return;
  Row(kind.NameOf("cross_entropy", backward ? "backward" : "forward"), [=](benchmark::State& state) {
    const size_t n = kind.Rows() * kind.cols;
    Arrays& a = Arrays::Shared(kind.dtype, false);
    a.Reserve(n);
    std::vector<double> losses(kind.Rows());
    std::vector<int64_t> labels(kind.Rows());
    for (size_t r = 0; r < labels.size(); ++r) labels[r] = static_cast<int64_t>(r * 7919 % kind.cols);
    Measure(state, n, (backward ? 2 : 1) * SizeOf(kind.dtype), [&] {
      kernel->cross_entropy(a.x(), labels.data(), losses.data(), backward ? a.y() : nullptr, kind.Rows(),
                            kind.cols, nullptr);
    });
  });
}

inline void AddSoftmaxRows(const std::vector<const simdact_target*>& targets) {
  for (const simdact_target* target : targets) {
    for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
      for (const simdact_softmax_op op : {SIMDACT_SOFTMAX_OP_softmax, SIMDACT_SOFTMAX_OP_log_softmax}) {
        for (const size_t cols : {16, 32, 64, 128, 1024, 4096, 32000}) {
          const SoftmaxRowKind kind{target, op, dtype, SIMDACT_ACCURATE, cols};
          AddSoftmaxForward(kind, "", 0, false);
          AddSoftmaxBackward(kind);
          if (op != SIMDACT_SOFTMAX_OP_softmax) continue;
          AddLogSumExp(kind);
          AddCrossEntropy(kind, false);
          AddCrossEntropy(kind, true);
          AddSoftmaxForward(kind, "_masked_inf", -std::numeric_limits<double>::infinity(), false);
          AddSoftmaxForward(kind, "_masked_1e4", -1e4, false);
          AddSoftmaxForward(kind, "_scaled", 0, true);
          if (dtype == SIMDACT_F32) AddSoftmaxForward({target, op, dtype, SIMDACT_FAST, cols}, "", 0, false);
        }
        AddSoftmaxForward({target, op, dtype, SIMDACT_ACCURATE, size_t{1} << 24}, "", 0, false);
      }
    }
  }
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_SOFTMAX_ROWS_H_
