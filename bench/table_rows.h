// Rows of the lookups in tables:
//
//   table_u8/forward/u8/accurate/TARGET/n         bytes; signed ones take the same time
//   table_s16/forward/s16/accurate/TARGET/n       int16 by 65,536 entries
//   interpolate_s16/forward/s16/accurate/TARGET/n int16 by 513 nodes
//   gelu_by_f32/forward/s16/TIER/TARGET/n         int16 without a table: to floats, the kernel, and back, in
//                                                 blocks. Others: sigmoid, mish
//
// memcpy/bf16/n moves what the int16 rows move.
#ifndef SIMDACT_BENCH_TABLE_ROWS_H_
#define SIMDACT_BENCH_TABLE_ROWS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "bench/arrays.h"
#include "bench/rows.h"
#include "simdact/simdact.h"

// The conversions of gelu_by_f32 with the best vectors that the CPU has, whatever the kernel's target.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define SIMDACT_BENCH_BEST __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define SIMDACT_BENCH_BEST
#endif

namespace simdact_bench {

SIMDACT_BENCH_BEST inline void ToFloats(const int16_t* x, float* f, size_t n, float scale) {
  for (size_t i = 0; i < n; ++i) f[i] = static_cast<float>(x[i]) * scale;
}

// Adding 1.5 2^23 rounds to an integer, which lies in the lowest bits then. g++ vectorizes these loops; of
// one it makes branches.
SIMDACT_BENCH_BEST inline void ToInts(float* f, int16_t* y, size_t n, float inverse_scale) {
  for (size_t i = 0; i < n; ++i) {
    const float steps = f[i] * inverse_scale;
    f[i] = steps > -32768.0f ? steps : -32768.0f;
  }
  for (size_t i = 0; i < n; ++i) f[i] = f[i] < 32767.0f ? f[i] : 32767.0f;
  for (size_t i = 0; i < n; ++i) {
    const float shifted = f[i] + 12582912.0f;
    uint32_t bits;
    std::memcpy(&bits, &shifted, sizeof(bits));
    y[i] = static_cast<int16_t>(bits);
  }
}

// Names as above; call(x, y) goes over n int16_t of a normal distribution, most of them from -4 to 4 in
// Q3.12.
template <class Call>
inline void AddTable16Row(const std::string& name, const char* tier, const simdact_target* target, size_t n,
                          Call call) {
  Row(name + "/forward/s16/" + tier + "/" + simdact_target_name(target) + "/" + std::to_string(n),
      [=](benchmark::State& state) {
        const Buffer x_buffer = Allocate(2 * n), y_buffer = Allocate(2 * n);
        const auto x = static_cast<int16_t*>(x_buffer.get()), y = static_cast<int16_t*>(y_buffer.get());
        std::mt19937 bits(20240229);
        std::normal_distribution<float> normal(0, 8192);
        for (size_t i = 0; i < n; ++i)
          x[i] = y[i] = static_cast<int16_t>(std::clamp(normal(bits), -32768.0f, 32767.0f));
        Measure(state, n, 4, [&] { call(x, y); });
      });
}

inline void AddTable16Rows(const simdact_target* target, size_t n) {
  static const std::vector<int16_t> table = [] {
    std::vector<int16_t> entries(SIMDACT_TABLE16_VALUES);
    std::mt19937 bits(20240301);
    for (int16_t& entry : entries) entry = static_cast<int16_t>(bits() >> 16);
    return entries;
  }();
  const simdact_table16_kernel* kernel = simdact_find_table16(target);
  AddTable16Row("table_s16", "accurate", target, n,
                [=](const int16_t* x, int16_t* y) { kernel->lookup(x, y, n, table.data()); });
  AddTable16Row("interpolate_s16", "accurate", target, n,
                [=](const int16_t* x, int16_t* y) { kernel->interpolate(x, y, n, table.data()); });
  for (const simdact_op op : {SIMDACT_OP_sigmoid, SIMDACT_OP_gelu, SIMDACT_OP_mish}) {
    for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
      const simdact_kernel* by = simdact_find(target, op, SIMDACT_F32, tier);
      const simdact_params p = simdact_describe(op)->defaults;
      AddTable16Row(std::string(simdact_describe(op)->name) + "_by_f32",
                    tier == SIMDACT_FAST ? "fast" : "accurate", target, n, [=](const int16_t* x, int16_t* y) {
                      float block[1024];
                      for (size_t i = 0; i < n; i += 1024) {
                        const size_t count = std::min(n - i, size_t{1024});
                        ToFloats(x + i, block, count, 0x1p-12f);
                        by->forward(block, block, count, p);
                        ToInts(block, y + i, count, 0x1p12f);
                      }
                    });
    }
  }
}

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
      AddTable16Rows(target, n);
    }
  }
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_TABLE_ROWS_H_
