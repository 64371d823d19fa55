// Rows of quantized ends, gate and activation into bytes:
//
//   swiglu_e4m3/forward/DTYPE/fast/TARGET/n         one scale, given; likewise _s8 and _e5m2
//   swiglu_e4m3.row/...   swiglu_e4m3.group/...     a scale for each row, or for 128 columns, that is found
//   gelu_s8/...                                     an activation
//
// n is rows of 4096 columns, of gate and up side by side. Beside them lie swiglu/... and gelu/... alone,
// which write floats.
#ifndef SIMDACT_BENCH_QUANTIZE_ROWS_H_
#define SIMDACT_BENCH_QUANTIZE_ROWS_H_

#include <string>
#include <vector>

#include "bench/arrays.h"
#include "bench/rows.h"
#include "simdact/simdact.h"
#include "tests/ruler/accuracy.h"

namespace simdact_bench {

struct QuantizeRow {
  const char* name;
  bool is_gate;
  simdact_byte_format format;
  simdact_scale_for scale_for;
};

inline void AddQuantizeRow(const simdact_target* target, simdact_dtype dtype, size_t n,
                           const QuantizeRow& row) {
  constexpr size_t kCols = 4096;
  const std::string name = std::string(row.name) + "/forward/" + simdact_accuracy::DtypeName(dtype) +
                           "/fast/" + simdact_target_name(target) + "/" + std::to_string(n);
  Row(name, [=](benchmark::State& state) {
    Arrays& a = Arrays::Shared(dtype, false);
    a.Reserve(2 * n);
    const Buffer q = Allocate(n);
    std::vector<float> scales(n, 0.05f);
    simdact_quantize_options o{};
    o.format = row.format, o.scale_for = row.scale_for, o.target = target;
    o.scales = scales.data(), o.dynamic = row.scale_for != SIMDACT_SCALE_FOR_TENSOR;
    o.group = row.scale_for == SIMDACT_SCALE_FOR_GROUP ? 128 : 0;
    const size_t arrays = row.is_gate ? 2 : 1;
    Measure(state, n, arrays * SizeOf(dtype) + 1, [&] {
      if (row.is_gate) {
        simdact_gated_quantize(SIMDACT_OP_silu, dtype, a.x(), q.get(), n / kCols, kCols, {}, nullptr, &o);
      } else {
        simdact_quantize(SIMDACT_OP_gelu, dtype, a.x(), q.get(), n / kCols, kCols, {}, &o);
      }
    });
  });
}

inline void AddQuantizeRows(const std::vector<const simdact_target*>& targets) {
  const QuantizeRow rows[] = {{"swiglu_s8", true, SIMDACT_S8, SIMDACT_SCALE_FOR_TENSOR},
                              {"swiglu_e4m3", true, SIMDACT_E4M3, SIMDACT_SCALE_FOR_TENSOR},
                              {"swiglu_e5m2", true, SIMDACT_E5M2, SIMDACT_SCALE_FOR_TENSOR},
                              {"swiglu_e4m3.row", true, SIMDACT_E4M3, SIMDACT_SCALE_FOR_ROW},
                              {"swiglu_e4m3.group", true, SIMDACT_E4M3, SIMDACT_SCALE_FOR_GROUP},
                              {"gelu_s8", false, SIMDACT_S8, SIMDACT_SCALE_FOR_TENSOR}};
  for (const simdact_target* target : targets) {
    for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
      if (dtype == SIMDACT_F64) continue;
      for (const QuantizeRow& row : rows) {
        for (const size_t n : {4096, 65536}) AddQuantizeRow(target, dtype, n, row);
      }
    }
  }
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_QUANTIZE_ROWS_H_
