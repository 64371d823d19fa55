// The lookup in tables, on every target: results, memory, arguments.

#include "simdact/table.h"

#include <cstring>
#include <random>
#include <vector>

#include "simdact/simdact.hpp"
#include "tests/common/guarded_page.h"
#include "tests/common/kernels.h"

namespace simdact_test {
namespace {

using Bytes = std::vector<uint8_t>;

// Beyond two of any target's vectors, and beyond the length from which a kernel uses them.
constexpr size_t kMost = 700;

Bytes Random(size_t n, unsigned seed) {
  std::mt19937 bits(seed);
  Bytes bytes(n);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(bits() >> 11);
  return bytes;
}

template <class F>
void ForEachTarget(const F& f) {
  for (const simdact_target* target : simdact_accuracy::RunningTargets(true)) {
    SCOPED_TRACE(simdact_target_name(target));
    const simdact_table_kernel* kernel = simdact_find_table(target);
    ASSERT_NE(kernel, nullptr);
    f(kernel->lookup);
    if (testing::Test::HasFatalFailure()) return;
  }
}

testing::AssertionResult IsLookup(const uint8_t* x, const uint8_t* y, size_t n, const Bytes& table) {
  for (size_t i = 0; i < n; ++i) {
    if (y[i] != table[x[i]]) {
      return testing::AssertionFailure() << "y[" << i << "] is " << int{y[i]} << ", table[" << int{x[i]}
                                         << "] is " << int{table[x[i]]} << ", n = " << n;
    }
  }
  return testing::AssertionSuccess();
}

TEST(Table, LooksUpEveryByteInEveryLane) {
  const Bytes table = Random(256, 1);
  ForEachTarget([&](auto lookup) {
    Bytes x(512), y(512);
    for (size_t shift = 0; shift < 256; ++shift) {
      for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(i + shift);
      lookup(x.data(), y.data(), x.size(), table.data());
      ASSERT_TRUE(IsLookup(x.data(), y.data(), x.size(), table));
    }
  });
}

TEST(Table, WorksAtEveryLengthAndAlignment) {
  const Bytes table = Random(256, 2), x = Random(kMost + 64, 3);
  ForEachTarget([&](auto lookup) {
    for (size_t n = 0; n <= kMost; ++n) {
      const size_t from = n * 7 % 61, to = n * 11 % 67;
      Bytes y(n + 128, 77);
      lookup(x.data() + from, y.data() + to, n, table.data());
      ASSERT_TRUE(IsLookup(x.data() + from, y.data() + to, n, table));
      for (size_t i = 0; i < y.size(); ++i) {
        if (i < to || i >= to + n) {
          ASSERT_EQ(y[i], 77) << "beside the output of " << n << " at " << to;
        }
      }
    }
  });
}

TEST(Table, TouchesNothingOutsideTheArrays) {
  const GuardedPage from, to, entries;
  const Bytes table = Random(256, 4), x = Random(from.Size(), 5);
  const auto bytes = [](char* p) { return reinterpret_cast<uint8_t*>(p); };
  std::memcpy(from.Begin(), x.data(), x.size());
  ForEachTarget([&](auto lookup) {
    for (const bool table_at_end : {false, true}) {
      uint8_t* copy = bytes(table_at_end ? entries.End() - 256 : entries.Begin());
      std::memcpy(copy, table.data(), 256);
      for (size_t n = 0; n <= kMost; ++n) {
        lookup(bytes(from.Begin()), bytes(to.Begin()), n, copy);
        ASSERT_TRUE(IsLookup(bytes(from.Begin()), bytes(to.Begin()), n, table));
        lookup(bytes(from.End()) - n, bytes(to.End()) - n, n, copy);
        ASSERT_TRUE(IsLookup(bytes(from.End()) - n, bytes(to.End()) - n, n, table));
      }
    }
  });
}

TEST(Table, WorksInPlace) {
  const Bytes table = Random(256, 6), x = Random(kMost, 7);
  ForEachTarget([&](auto lookup) {
    for (size_t n = 0; n <= kMost; ++n) {
      Bytes y = x;
      lookup(y.data(), y.data(), n, table.data());
      ASSERT_TRUE(IsLookup(x.data(), y.data(), n, table));
      ASSERT_EQ(std::memcmp(y.data() + n, x.data() + n, kMost - n), 0);
    }
  });
}

TEST(Table, ArrayFunctionsIndexByTheBits) {
  const Bytes table = Random(256, 8), x = Random(300, 9);
  Bytes y(x.size());
  simdact_table_u8(x.data(), y.data(), x.size(), table.data());
  EXPECT_TRUE(IsLookup(x.data(), y.data(), x.size(), table));
  int8_t entries[256], signed_x[3] = {-1, 0, 127}, signed_y[3];
  std::memcpy(entries, table.data(), 256);
  simdact_table_s8(signed_x, signed_y, 3, entries);
  EXPECT_EQ(signed_y[0], entries[255]);
  EXPECT_EQ(signed_y[1], entries[0]);
  EXPECT_EQ(signed_y[2], entries[127]);
  simdact::table(signed_x, signed_x, 3, entries);
  EXPECT_EQ(std::memcmp(signed_x, signed_y, 3), 0);
  uint8_t plain[256];
  std::memcpy(plain, table.data(), 256);
  simdact::table(x.data(), y.data(), x.size(), plain);
  EXPECT_TRUE(IsLookup(x.data(), y.data(), x.size(), table));
  simdact_table_u8(nullptr, nullptr, 0, table.data());
}

TEST(Table, KernelsExistWhereTheyRun) {
  std::vector<const simdact_target*> all(simdact_targets(nullptr, 0));
  simdact_targets(all.data(), all.size());
  for (const simdact_target* target : all) {
    EXPECT_EQ(simdact_find_table(target) != nullptr, simdact_target_runs(target) != 0);
  }
  EXPECT_EQ(simdact_find_table(nullptr), nullptr);
}

#ifndef SIMDACT_NO_F64

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(TableBuild, RefusesBadArgumentsAndLeavesTheTableAlone) {
  const simdact_quantization good = {0.5f, 3, 1};
  uint8_t table[256];
  std::memset(table, 42, sizeof(table));
  const auto build = [&](int op, const simdact_quantization* in, const simdact_quantization* out) {
    return simdact_table_build(static_cast<simdact_op>(op), nullptr, in, out, table);
  };
  EXPECT_EQ(build(SIMDACT_OP_relu, nullptr, &good), SIMDACT_NULL_POINTER);
  EXPECT_EQ(build(SIMDACT_OP_relu, &good, nullptr), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_table_build(SIMDACT_OP_relu, nullptr, &good, &good, nullptr), SIMDACT_NULL_POINTER);
  EXPECT_EQ(build(SIMDACT_OP_COUNT, &good, &good), SIMDACT_BAD_OPTION);
  const simdact_quantization bad[] = {{0.0f, 0, 1},   {-0.5f, 0, 1},   {kInfinity, 0, 1}, {NAN, 0, 1},
                                      {0.5f, 128, 1}, {0.5f, -129, 1}, {0.5f, -1, 0},     {0.5f, 256, 0}};
  for (const simdact_quantization& q : bad) {
    EXPECT_EQ(build(SIMDACT_OP_relu, &q, &good), SIMDACT_BAD_OPTION) << q.scale << ", " << q.zero_point;
    EXPECT_EQ(build(SIMDACT_OP_relu, &good, &q), SIMDACT_BAD_OPTION) << q.scale << ", " << q.zero_point;
  }
  EXPECT_EQ(simdact_table_build_u8(SIMDACT_OP_relu, nullptr, 1, 0, 1, -1, table), SIMDACT_BAD_OPTION);
  for (const uint8_t byte : table) EXPECT_EQ(byte, 42);
}

TEST(TableBuild, IndexIsTheBitPattern) {
  int8_t table[256];
  ASSERT_EQ(simdact::table_build(SIMDACT_OP_neg, 1.0f, 0, 1.0f, 0, table), SIMDACT_OK);
  for (int q = -127; q < 128; ++q) EXPECT_EQ(table[static_cast<uint8_t>(q)], -q);
  EXPECT_EQ(table[128], 127);  // saturated
  uint8_t bytes[256];
  ASSERT_EQ(simdact::table_build(SIMDACT_OP_neg, 1.0f, 100, 2.0f, 50, bytes), SIMDACT_OK);
  EXPECT_EQ(bytes[100], 50);
  EXPECT_EQ(bytes[97], 52);  // 1.5, a tie, to 2
  EXPECT_EQ(bytes[95], 52);  // 2.5, to 2
  EXPECT_EQ(bytes[255], 0);  // -77.5 saturates
}

TEST(TableBuild, TiesMayGoAwayFromZero) {
  const simdact_quantization in = {1.0f, 100, 0}, out = {2.0f, 50, 0};
  uint8_t table[256];
  const auto build = [&](int rounding) {
    return simdact_table_build_rounded(SIMDACT_OP_neg, nullptr, &in, &out,
                                       static_cast<simdact_rounding>(rounding), table);
  };
  table[0] = 42;
  EXPECT_EQ(build(2), SIMDACT_BAD_OPTION);
  EXPECT_EQ(build(-1), SIMDACT_BAD_OPTION);
  EXPECT_EQ(table[0], 42);
  ASSERT_EQ(build(SIMDACT_TIES_AWAY), SIMDACT_OK);
  for (int q = 0; q < 256; ++q) {
    const double exact = (100 - q) / 2.0;
    EXPECT_EQ(table[q], std::max(0, static_cast<int>(std::round(exact)) + 50)) << q;
  }
  uint8_t again[256];
  ASSERT_EQ(simdact::table_build(SIMDACT_OP_neg, 1.0f, 100, 2.0f, 50, again, nullptr, SIMDACT_TIES_AWAY),
            SIMDACT_OK);
  EXPECT_EQ(std::memcmp(again, table, 256), 0);
}

// 1 - tiny is not 1, and half of it not a tie.
TEST(TableBuild, WhatNearsOneIsNoTie) {
  const simdact_quantization in = {2.0f, 0, 1}, out = {2.0f, 0, 1};
  for (const simdact_op op : {SIMDACT_OP_sigmoid, SIMDACT_OP_tanh, SIMDACT_OP_erf}) {
    uint8_t table[256];
    ASSERT_EQ(simdact_table_build_rounded(op, nullptr, &in, &out, SIMDACT_TIES_AWAY, table), SIMDACT_OK);
    for (int q = 3; q < 128; ++q) EXPECT_EQ(table[q], 0) << simdact_describe(op)->name << " of " << 2 * q;
  }
}

TEST(TableBuild, TypesMayDiffer) {
  const simdact_quantization in = {0.25f, -3, 1}, out = {0.25f, 2, 0};
  uint8_t table[256];
  ASSERT_EQ(simdact_table_build(SIMDACT_OP_relu, nullptr, &in, &out, table), SIMDACT_OK);
  for (int q = -128; q < 128; ++q) EXPECT_EQ(table[static_cast<uint8_t>(q)], std::max(q + 3, 0) + 2);
}

TEST(TableBuild, NanIsTheZeroPointAndInfinitySaturates) {
  int8_t table[256];
  ASSERT_EQ(simdact_table_build_s8(SIMDACT_OP_log, nullptr, 0.5f, 0, 0.1f, 17, table), SIMDACT_OK);
  EXPECT_EQ(table[255], 17);
  EXPECT_EQ(table[0], -128);
  ASSERT_EQ(simdact_table_build_s8(SIMDACT_OP_reciprocal, nullptr, 0.5f, 0, 0.1f, 17, table), SIMDACT_OK);
  EXPECT_EQ(table[0], 127);
  ASSERT_EQ(simdact_table_build_s8(SIMDACT_OP_exp, nullptr, 100.0f, 0, 1.0f, 0, table), SIMDACT_OK);
  EXPECT_EQ(table[127], 127);
  EXPECT_EQ(table[128], 0);
}

// x minus something that no floating-point number beside x can hold.
TEST(TableBuild, SeesWhatADoubleCannot) {
  for (const simdact_op op : {SIMDACT_OP_gelu, SIMDACT_OP_gelu_tanh, SIMDACT_OP_gelu_quick, SIMDACT_OP_silu,
                              SIMDACT_OP_swish, SIMDACT_OP_mish}) {
    int8_t table[256];
    ASSERT_EQ(simdact_table_build_s8(op, nullptr, 32.0f, 0, 64.0f, 0, table), SIMDACT_OK);
    for (int q = 3; q < 128; q += 2) EXPECT_EQ(table[q], (q - 1) / 2) << simdact_describe(op)->name;
  }
  int8_t table[256];  // relu has it exactly: ties to even
  ASSERT_EQ(simdact_table_build_s8(SIMDACT_OP_relu, nullptr, 32.0f, 0, 64.0f, 0, table), SIMDACT_OK);
  for (int q = 3; q < 128; q += 2) EXPECT_EQ(table[q], (q + 1) / 4 * 2);
}

// As a double, 0.1 is a little more than a tenth: 200 lies above the threshold, and is a tie.
TEST(TableBuild, TakesTheThresholdExactly) {
  const simdact_params p = {{0.1, 20.0}};
  int8_t table[256];
  ASSERT_EQ(simdact_table_build_s8(SIMDACT_OP_softplus, &p, 8.0f, 0, 16.0f, 0, table), SIMDACT_OK);
  EXPECT_EQ(table[25], 12);
}

#endif  // SIMDACT_NO_F64

}  // namespace
}  // namespace simdact_test
