// The rows of the gated linear units: gate/forward|backward/DTYPE/TIER/TARGET/n; of the fast
// tier those whose kernel is not the accurate one.
//
// At n = 4096 gate, up and y of f32 fill a first-level cache of 48 KiB; compare with the activation's rows of
// the same n, whose arrays leave room.
#ifndef SIMDACT_BENCH_GATES_ROWS_H_
#define SIMDACT_BENCH_GATES_ROWS_H_

#include <cstring>
#include <string>
#include <vector>

#include "bench/arrays.h"
#include "bench/rows.h"
#include "simdact/simdact.h"
#include "tests/ruler/accuracy.h"

namespace simdact_bench {

// What Arrays lacks: up, of other numbers than x, and a second output.
struct GateArrays {
  Buffer up, dup;
  GateArrays(Arrays& shared, simdact_dtype dtype, size_t n)
      : up(Allocate(n * SizeOf(dtype))), dup(Allocate(n * SizeOf(dtype))) {
    shared.Reserve(n);
    const size_t bytes = SizeOf(dtype), cut = n / 3 * bytes;
    const char* x = static_cast<const char*>(shared.x());
    std::memcpy(up.get(), x + cut, n * bytes - cut);
    std::memcpy(static_cast<char*>(up.get()) + n * bytes - cut, x, cut);
    std::memset(dup.get(), 0, n * bytes);
  }
};

inline void AddGate(const simdact_target* target, simdact_gate gate, simdact_dtype dtype, simdact_tier tier,
                    size_t n) {
  const simdact_gate_kernel* kernel = simdact_find_gate(target, gate, dtype, tier);
  const simdact_gate_kernel* accurate = simdact_find_gate(target, gate, dtype, SIMDACT_ACCURATE);
  if (kernel == nullptr) return;
  const bool all = tier == SIMDACT_ACCURATE;
  const simdact_params p = simdact_describe_gate(gate)->defaults;
  const auto name = [&](const char* direction) {
    return std::string(simdact_describe_gate(gate)->name) + "/" + direction + "/" +
           simdact_accuracy::DtypeName(dtype) + (all ? "/accurate/" : "/fast/") +
           simdact_target_name(target) + "/" + std::to_string(n);
  };
  if (all || kernel->forward != accurate->forward)
    Row(name("forward"), [=](benchmark::State& state) {
      Arrays& a = Arrays::Shared(dtype, false);
      const GateArrays more(a, dtype, n);
      Measure(state, n, 3 * SizeOf(dtype), [&] { kernel->forward(a.x(), more.up.get(), a.y(), n, p); });
    });
  if (all || kernel->backward != accurate->backward)
    Row(name("backward"), [=](benchmark::State& state) {
      Arrays& a = Arrays::Shared(dtype, false);
      const GateArrays more(a, dtype, n);
      Measure(state, n, 5 * SizeOf(dtype),
              [&] { kernel->backward(a.x(), more.up.get(), a.dy(), a.y(), more.dup.get(), n, p); });
    });
}

inline void AddGatesRows(const std::vector<const simdact_target*>& targets) {
  for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
    for (const simdact_target* target : targets) {
      for (int gate = 0; gate < SIMDACT_GATE_COUNT; ++gate) {
        for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
          for (const size_t n : {64, 4096, 65536})
            AddGate(target, static_cast<simdact_gate>(gate), dtype, tier, n);
        }
      }
    }
  }
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_GATES_ROWS_H_
