// The rows of softmax: op/forward|backward/DTYPE/TIER/TARGET/cols, as many rows of that many columns as fit
// in 64 Ki elements, and op_masked, whose scores are -inf or -1e4 in turn with ordinary ones, op_scaled, with
// scale and mask, op_axis_16 and op_axis_1024, as many columns along an axis, and op_attention_FORM,
// attention's softmax with the option FORM alone. log_sum_exp is softmax's first pass alone; cross_entropy's
// forward is the loss alone, its backward the loss and the gradient.
#ifndef SIMDACT_BENCH_SOFTMAX_ROWS_H_
#define SIMDACT_BENCH_SOFTMAX_ROWS_H_

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "bench/arrays.h"
#include "bench/rows.h"
#include "simdact/simdact.h"
#include "tests/ruler/accuracy.h"

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

// The same elements as columns: as many as make a slice of 16, or of up to 1024 side by side, whose axis has
// the length of the row.
inline void AddAxis(const SoftmaxRowKind& kind, size_t most) {
  const simdact_softmax_axis_kernel* kernel = simdact_find_softmax_axis(kind.target, kind.op, kind.dtype);
  const size_t inner = std::min(kind.Rows(), most), outer = kind.Rows() / inner;
  if (kernel == nullptr || inner < 16) return;
  const std::string suffix = "_axis_" + std::to_string(most);
  Row(kind.Name(suffix.c_str(), "forward"), [=](benchmark::State& state) {
    const size_t n = outer * kind.cols * inner;
    Arrays& a = Arrays::Shared(kind.dtype, false);
    a.Reserve(n);
    simdact_softmax_axis_options o{};
    o.tier = kind.tier;
    Measure(state, n, 2 * SizeOf(kind.dtype),
            [&] { kernel->forward(a.x(), a.y(), outer, kind.cols, inner, &o); });
  });
  Row(kind.Name(suffix.c_str(), "backward"), [=](benchmark::State& state) {
    const size_t n = outer * kind.cols * inner;
    Arrays& a = Arrays::Shared(kind.dtype, false);
    a.Reserve(n);
    const Buffer y = Allocate(n * SizeOf(kind.dtype));
    kernel->forward(a.x(), y.get(), outer, kind.cols, inner, nullptr);
    Measure(state, n, 3 * SizeOf(kind.dtype),
            [&] { kernel->backward(y.get(), a.dy(), a.y(), outer, kind.cols, inner, nullptr); });
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

// Heads of at most as many queries as keys, of which the last sees the last key.
inline simdact_attention AttentionOf(const SoftmaxRowKind& kind) {
  simdact_attention a{};
  a.queries = std::min(kind.Rows(), kind.cols), a.keys = kind.cols;
  a.batches = 1, a.heads = kind.Rows() / a.queries;
  a.diagonal = static_cast<ptrdiff_t>(a.keys) - static_cast<ptrdiff_t>(a.queries);
  a.masked_row = SIMDACT_MASKED_ROW_ZERO;
  return a;
}

// What options point to.
struct AttentionTables {
  std::vector<float> additive, numbers;
  std::vector<uint8_t> shown;
  Buffer same;
  size_t length;
};

struct AttentionForm {
  const char* name;
  void (*set)(simdact_attention& a, const AttentionTables& t);
};
inline const AttentionForm kAttentionForms[] = {
    {"plain", [](simdact_attention&, const AttentionTables&) {}},
    {"scale", [](simdact_attention& a, const AttentionTables&) { a.scale = 0.125; }},
    {"softcap", [](simdact_attention& a, const AttentionTables&) { a.softcap = 30; }},
    {"mask_bool",
     [](simdact_attention& a, const AttentionTables& t) {
       a.mask_type = SIMDACT_MASK_BOOL, a.mask = t.shown.data(), a.mask_strides.query = a.keys;
     }},
    {"mask_f32",
     [](simdact_attention& a, const AttentionTables& t) {
       a.mask_type = SIMDACT_MASK_F32, a.mask = t.additive.data(), a.mask_strides.query = a.keys;
     }},
    {"mask_same",
     [](simdact_attention& a, const AttentionTables& t) {
       a.mask_type = SIMDACT_MASK_SAME, a.mask = t.same.get(), a.mask_strides.query = a.keys;
     }},
    {"alibi", [](simdact_attention& a, const AttentionTables& t) { a.alibi_slopes = t.numbers.data(); }},
    {"sinks", [](simdact_attention& a, const AttentionTables& t) { a.sinks = t.numbers.data(); }},
    {"lengths", [](simdact_attention& a, const AttentionTables& t) { a.key_lengths = &t.length; }},
    {"causal", [](simdact_attention& a, const AttentionTables&) { a.causal = 1; }},
    // An eighth of the keys.
    {"window", [](simdact_attention& a, const AttentionTables&) {
       a.causal = a.window = 1, a.window_left = static_cast<ptrdiff_t>(a.keys / 8) - 1;
     }}};

inline void AddAttention(const SoftmaxRowKind& kind, const AttentionForm& form) {
  const std::string suffix = std::string("_attention_") + form.name;
  const auto tables = [=] {
    const size_t n = kind.Rows() * kind.cols;
    AttentionTables t{std::vector<float>(n, 0.5f), std::vector<float>(kind.Rows(), 0.1f),
                      std::vector<uint8_t>(n, 1), Allocate(n * SizeOf(kind.dtype)), kind.cols * 3 / 4};
    for (size_t i = 0; i < n; ++i) Store(kind.dtype, t.same.get(), i, 0.5);
    return t;
  };
  Row(kind.Name(suffix.c_str(), "forward"), [=](benchmark::State& state) {
    const size_t n = kind.Rows() * kind.cols;
    Arrays& arrays = Arrays::Shared(kind.dtype, false);
    arrays.Reserve(n);
    const AttentionTables t = tables();
    simdact_attention a = AttentionOf(kind);
    form.set(a, t);
    Measure(state, n, 2 * SizeOf(kind.dtype),
            [&] { simdact_attention_softmax(kind.target, kind.dtype, arrays.x(), arrays.y(), &a); });
  });
  // From scores and log-sum-exp.
  Row(kind.Name(suffix.c_str(), "backward"), [=](benchmark::State& state) {
    const size_t n = kind.Rows() * kind.cols;
    Arrays& arrays = Arrays::Shared(kind.dtype, false);
    arrays.Reserve(n);
    const AttentionTables t = tables();
    std::vector<double> sums(kind.Rows());
    simdact_attention a = AttentionOf(kind);
    form.set(a, t), a.log_sum_exp = sums.data();
    simdact_attention_softmax(kind.target, kind.dtype, arrays.x(), arrays.y(), &a);
    Measure(state, n, 3 * SizeOf(kind.dtype), [&] {
      simdact_attention_softmax_backward(kind.target, kind.dtype, arrays.x(), nullptr, arrays.dy(),
                                         arrays.y(), nullptr, &a);
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
          AddAxis(kind, 16);
          AddAxis(kind, 1024);
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
      for (const AttentionForm& form : kAttentionForms) {
        for (const size_t keys : {256, 1024, 4096})
          AddAttention({target, SIMDACT_SOFTMAX_OP_softmax, dtype, SIMDACT_ACCURATE, keys}, form);
      }
    }
  }
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_SOFTMAX_ROWS_H_
