// Rows of the lookup in tables: table_u8/forward/u8/accurate/TARGET/n. Signed bytes take the same time.
#ifndef SIMDACT_BENCH_TABLE_ROWS_H_
#define SIMDACT_BENCH_TABLE_ROWS_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "bench/arrays.h"
#include "bench/rows.h"
#include "simdact/simdact.h"

namespace simdact_bench {

inline void AddTableRows(const std::vector<const simdact_target*>& targets) {
  for (const simdact_target* target : targets) {
    const simdact_table_kernel* kernel = simdact_find_table(target);
    for (const size_t n : {size_t{64}, size_t{4096}, size_t{65536}}) {
      Row(std::string("table_u8/forward/u8/accurate/") + simdact_target_name(target) + "/" +
              std::to_string(n),
          [=](benchmark::State& state) {
            const Buffer x_buffer = Allocate(n), y_buffer = Allocate(n);
            const auto x = static_cast<uint8_t*>(x_buffer.get()), y = static_cast<uint8_t*>(y_buffer.get());
            uint8_t table[256];
            std::mt19937 bits(20240229);
            for (uint8_t& byte : table) byte = static_cast<uint8_t>(bits() >> 24);
            for (size_t i = 0; i < n; ++i) x[i] = y[i] = static_cast<uint8_t>(bits() >> 24);
            Measure(state, n, 2, [&] { kernel->lookup(x, y, n, table); });
          });
    }
  }
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_TABLE_ROWS_H_
