// A row of the benchmark, and how it is timed.
#ifndef SIMDACT_BENCH_ROWS_H_
#define SIMDACT_BENCH_ROWS_H_

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "bench/clock.h"

namespace simdact_bench {

// Times call() on n elements that move `bytes` each. The compiler must assume that everything is read.
template <class Call>
inline void Measure(benchmark::State& state, size_t n, size_t bytes, Call call) {
  const double start = ThreadSeconds();
  for (auto _ : state) {
    call();
    benchmark::ClobberMemory();
  }
  const double seconds = ThreadSeconds() - start;
  const double elements = static_cast<double>(n) * static_cast<double>(state.iterations());
  state.SetItemsProcessed(static_cast<int64_t>(elements));
  state.SetBytesProcessed(static_cast<int64_t>(elements * static_cast<double>(bytes)));
  const double hertz = CyclesPerSecond();
  if (hertz > 0) state.counters["el_per_cycle"] = elements / (seconds * hertz);
}

template <class Function>
inline void Row(const std::string& name, Function function) {
  benchmark::RegisterBenchmark(name.c_str(), function);
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_ROWS_H_
