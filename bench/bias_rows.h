// Rows of the bias shape:
//
//   bias_gelu bias_relu residual_silu scale_bias_relu prelu_channels, each as
//   NAME/forward/DTYPE/accurate/TARGET/n   NAME/backward/...   and NAME.64/... in rows of 64 columns
//
// n is rows x columns: 4 x 1024 and 16 x 4096 elements, or 64 columns where the name says so. Beside them lie
// the rows gelu/forward/... of the activation alone, which moves as much memory but for the bias; a residual
// is another array.
#ifndef SIMDACT_BENCH_BIAS_ROWS_H_
#define SIMDACT_BENCH_BIAS_ROWS_H_

#include <string>
#include <vector>

#include "bench/arrays.h"
#include "bench/rows.h"
#include "simdact/simdact.h"
#include "tests/ruler/accuracy.h"

namespace simdact_bench {

enum class BiasKind { kBias, kScaleBias, kResidual, kPrelu };

struct BiasRow {
  std::string name;
  BiasKind kind;
  simdact_op op;  // of prelu_channels: not used
  size_t rows, cols;
};

// What a call takes beside x, dy and y, of which all rows of a dtype share theirs.
struct BiasArrays {
  BiasArrays(simdact_dtype dtype, size_t n, size_t cols) : bytes(SizeOf(dtype)) {
    for (Buffer* array : {&scale, &bias, &dscale, &dbias}) *array = Allocate(cols * bytes);
    residual = Allocate(n * bytes);
    for (size_t i = 0; i < cols; ++i) {
      Store(dtype, scale.get(), i, 0.5 + static_cast<double>(i % 7) / 8);
      Store(dtype, bias.get(), i, static_cast<double>(i % 11) / 8 - 0.6);
    }
    for (size_t i = 0; i < n; ++i) Store(dtype, residual.get(), i, static_cast<double>(i % 11) / 8 - 0.6);
  }
  size_t bytes;
  Buffer scale, bias, dscale, dbias, residual;
};

inline void AddBiasRow(const simdact_target* target, simdact_dtype dtype, const BiasRow& row) {
  const simdact_bias_kernel* kernel = simdact_find_bias(target, dtype);
  const simdact_kernel* op =
      simdact_find(target, row.op, dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32, SIMDACT_ACCURATE);
  if (kernel == nullptr || op == nullptr) return;
  const simdact_params p = simdact_describe(row.op)->defaults;
  const size_t n = row.rows * row.cols;
  const bool residual = row.kind == BiasKind::kResidual, scaled = row.kind == BiasKind::kScaleBias;
  for (const simdact_direction direction : {SIMDACT_FORWARD, SIMDACT_BACKWARD}) {
    const size_t arrays = (direction == SIMDACT_FORWARD ? 2 : 3) + (residual ? 1 : 0);
    const std::string name = row.name + "/" + simdact_accuracy::DirectionName(direction) + "/" +
                             simdact_accuracy::DtypeName(dtype) + "/accurate/" + simdact_target_name(target) +
                             "/" + std::to_string(n);
    Row(name, [=](benchmark::State& state) {
      Arrays& a = Arrays::Shared(dtype, false);
      a.Reserve(n);
      const BiasArrays b(dtype, n, row.cols);
      const size_t rows = residual ? 1 : row.rows, cols = residual ? n : row.cols;
      const void* shift = residual ? b.residual.get() : b.bias.get();
      const void* scale = scaled ? b.scale.get() : nullptr;
      void* dscale = scaled ? b.dscale.get() : nullptr;
      void* dbias = residual ? nullptr : b.dbias.get();
      Measure(state, n, arrays * b.bytes, [&] {
        if (row.kind == BiasKind::kPrelu && direction == SIMDACT_FORWARD) {
          kernel->prelu_channels(a.x(), shift, a.y(), rows, cols, 1);
        } else if (row.kind == BiasKind::kPrelu) {
          kernel->prelu_channels_backward(a.x(), shift, a.dy(), a.y(), dbias, rows, cols, 1);
        } else if (direction == SIMDACT_FORWARD) {
          kernel->forward(op, a.x(), scale, shift, a.y(), rows, cols, p);
        } else {
          kernel->backward(op, a.x(), scale, shift, a.dy(), a.y(), dscale, dbias, rows, cols, p);
        }
      });
    });
  }
}

inline void AddBiasRows(const std::vector<const simdact_target*>& targets) {
  const BiasRow kinds[] = {{"bias_gelu", BiasKind::kBias, SIMDACT_OP_gelu, 0, 0},
                           {"bias_relu", BiasKind::kBias, SIMDACT_OP_relu, 0, 0},
                           {"residual_silu", BiasKind::kResidual, SIMDACT_OP_silu, 0, 0},
                           {"scale_bias_relu", BiasKind::kScaleBias, SIMDACT_OP_relu, 0, 0},
                           {"prelu_channels", BiasKind::kPrelu, SIMDACT_OP_prelu, 0, 0}};
  for (const simdact_target* target : targets) {
    for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
      for (BiasRow row : kinds) {
        row.rows = 4, row.cols = 1024;
        AddBiasRow(target, dtype, row);
        row.rows = 16, row.cols = 4096;
        AddBiasRow(target, dtype, row);
        if (row.kind == BiasKind::kResidual) continue;
        row.name += ".64", row.cols = 64;
        for (const size_t rows : {size_t{64}, size_t{1024}}) {
          row.rows = rows;
          AddBiasRow(target, dtype, row);
        }
      }
    }
  }
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_BIAS_ROWS_H_
