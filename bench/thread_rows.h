// Rows that split one array of 16M elements over threads, to show where memory saturates:
//
//   relu|exp|gelu/forward/f32/accurate/TARGET/16777216/real_time/threads:N
//   memcpy/f32/16777216/real_time/threads:N
//
// N: 1, 2, 4 ... and all hardware threads; TARGET: the default one. Each thread has its part of the arrays,
// some of a page off another's at most. Times are wall-clock times; pinned to a core they would show nothing.
// On machines with several memories the pages lie with the thread that filled them, the first.
#ifndef SIMDACT_BENCH_THREAD_ROWS_H_
#define SIMDACT_BENCH_THREAD_ROWS_H_

#include <benchmark/benchmark.h>
#include <algorithm>

#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "bench/arrays.h"
#include "simdact/simdact.h"

namespace simdact_bench {

constexpr size_t kThreadsSize = size_t{1} << 24;

inline std::vector<int> ThreadCounts() {
  const int all = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  std::vector<int> counts;
  for (int n = 1; n < all; n *= 2) counts.push_back(n);
  counts.push_back(all);
  return counts;
}

inline void AddThreadRow(const std::string& name,
                         const std::function<void(const float* x, float* y, size_t n)>& call) {
  const auto body = [=](benchmark::State& state) {
    Arrays& a = Arrays::Shared(SIMDACT_F32, false);
    if (state.thread_index() == 0) a.Reserve(kThreadsSize);  // the others see it behind the loop's barrier
    const auto threads = static_cast<size_t>(state.threads()), k = static_cast<size_t>(state.thread_index());
    const size_t begin = kThreadsSize / 1024 * k / threads * 1024;
    const size_t end = kThreadsSize / 1024 * (k + 1) / threads * 1024;
    for (auto _ : state) {
      call(static_cast<float*>(a.x()) + begin, static_cast<float*>(a.y()) + begin, end - begin);
      benchmark::ClobberMemory();
    }
    const auto elements = state.iterations() * static_cast<int64_t>(end - begin);
    state.SetItemsProcessed(elements);  // the library adds the threads up
    state.SetBytesProcessed(8 * elements);
  };
  for (const int n : ThreadCounts()) {
    benchmark::RegisterBenchmark(name.c_str(), body)->UseRealTime()->Threads(n);
  }
}

inline void AddThreadRows() {
  const std::string size = std::to_string(kThreadsSize);
  for (const simdact_op op : {SIMDACT_OP_relu, SIMDACT_OP_exp, SIMDACT_OP_gelu}) {
    const simdact_target* target = simdact_target_default();
    const simdact_kernel* kernel = simdact_find(target, op, SIMDACT_F32, SIMDACT_ACCURATE);
    const simdact_params p = simdact_describe(op)->defaults;
    AddThreadRow(std::string(simdact_describe(op)->name) + "/forward/f32/accurate/" +
                     simdact_target_name(target) + "/" + size,
                 [=](const float* x, float* y, size_t n) { kernel->forward(x, y, n, p); });
  }
  AddThreadRow("memcpy/f32/" + size,
               [](const float* x, float* y, size_t n) { std::memcpy(y, x, n * sizeof(float)); });
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_THREAD_ROWS_H_
