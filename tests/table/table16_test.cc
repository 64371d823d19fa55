// Tables of 16 bits: the lookups on every target, and what the builders make.

#include "simdact/table16.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "simdact/simdact.hpp"
#include "simdact/table16.hpp"
#include "tests/common/guarded_page.h"
#include "tests/common/kernels.h"

namespace simdact_test {
namespace {

using Values = std::vector<int16_t>;

constexpr size_t kAll = SIMDACT_TABLE16_VALUES, kNodes = SIMDACT_TABLE16_NODES;
constexpr size_t kMost = 150;  // beyond two of any target's vectors

Values Random(size_t n, unsigned seed) {
  std::mt19937 bits(seed);
  Values values(n);
  for (int16_t& value : values) value = static_cast<int16_t>(bits() >> 11);
  return values;
}

// Nodes from one end of int16_t to the other and back among them.
Values RandomNodes(unsigned seed) {
  Values nodes = Random(kNodes, seed);
  for (size_t i = 0; i < kNodes; i += 3) nodes[i] = i % 2 == 0 ? -32768 : 32767;
  return nodes;
}

// The two lookups, in the words of the header.
int LookUp(int q, const Values& table) { return table[static_cast<uint16_t>(q)]; }
int Interpolate(int q, const Values& table) {
  const int k = static_cast<int>(std::floor(q / 128.0)) + 256, o = q - 128 * (k - 256);
  const int a = table[static_cast<size_t>(k)], b = table[static_cast<size_t>(k) + 1];
  return a + static_cast<int>(std::floor(((b - a) * o + 64) / 128.0));
}

struct Shape {
  const char* name;
  void (*simdact_table16_kernel::*function)(const int16_t*, int16_t*, size_t, const int16_t*);
  int (*reference)(int, const Values&);
  Values table;
};

class Table16Test : public testing::Test {
 protected:
  // f(kernel's function, shape) for both, on every target.
  template <class F>
  void ForEach(const F& f) const {
    for (const simdact_target* target : simdact_accuracy::RunningTargets(true)) {
      const simdact_table16_kernel* kernel = simdact_find_table16(target);
      ASSERT_NE(kernel, nullptr);
      for (const Shape& shape : shapes_) {
        SCOPED_TRACE(std::string(simdact_target_name(target)) + ", " + shape.name);
        f(kernel->*shape.function, shape);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }

 private:
  const std::vector<Shape> shapes_ = {
      {"lookup", &simdact_table16_kernel::lookup, LookUp, Random(kAll, 1)},
      {"interpolate", &simdact_table16_kernel::interpolate, Interpolate, RandomNodes(2)}};
};

testing::AssertionResult IsRight(const int16_t* x, const int16_t* y, size_t n, const Shape& shape) {
  for (size_t i = 0; i < n; ++i) {
    const int want = shape.reference(x[i], shape.table);
    if (y[i] != want) {
      return testing::AssertionFailure()
             << "y[" << i << "] of " << x[i] << " is " << y[i] << ", not " << want << "; n = " << n;
    }
  }
  return testing::AssertionSuccess();
}

TEST_F(Table16Test, IsRightForAllInputsInEveryLane) {
  ForEach([&](auto run, const Shape& shape) {
    Values x(kAll), y(kAll);
    for (size_t shift = 0; shift < 32; shift += Quick() ? 5 : 1) {
      for (size_t i = 0; i < kAll; ++i) x[i] = static_cast<int16_t>(i + shift);
      run(x.data(), y.data(), kAll, shape.table.data());
      ASSERT_TRUE(IsRight(x.data(), y.data(), kAll, shape));
    }
  });
}

TEST_F(Table16Test, WorksAtEveryLengthAndAlignment) {
  const Values x = Random(kMost + 64, 3);
  ForEach([&](auto run, const Shape& shape) {
    for (size_t n = 0; n <= kMost; ++n) {
      const size_t from = n * 7 % 61, to = n * 11 % 67;
      Values y(n + 128, 77);
      run(x.data() + from, y.data() + to, n, shape.table.data());
      ASSERT_TRUE(IsRight(x.data() + from, y.data() + to, n, shape));
      for (size_t i = 0; i < y.size(); ++i) {
        if (i < to || i >= to + n) {
          ASSERT_EQ(y[i], 77) << "beside the output of " << n << " at " << to;
        }
      }
    }
  });
}

// Tables at both ends of their pages, and all inputs that read the first and the last entries.
TEST_F(Table16Test, TouchesNothingOutsideTheArrays) {
  const GuardedPage from, to;
  const auto at = [](char* p) { return reinterpret_cast<int16_t*>(p); };
  Values x = Random(from.Size() / 2, 5);
  for (size_t i = 0; i < x.size(); i += 3) x[i] = i % 2 == 0 ? -32768 : 32767;
  for (size_t i = 1; i < x.size(); i += 6) x[i] = i % 4 == 1 ? 0 : -1;  // ends of the table of all values
  std::memcpy(from.Begin(), x.data(), from.Size());
  ForEach([&](auto run, const Shape& shape) {
    const size_t bytes = 2 * shape.table.size();
    const GuardedPage entries(bytes);
    for (const bool at_end : {false, true}) {
      int16_t* table = at(at_end ? entries.End() - bytes : entries.Begin());
      std::memcpy(table, shape.table.data(), bytes);
      for (size_t n = 0; n <= kMost; ++n) {
        run(at(from.Begin()), at(to.Begin()), n, table);
        ASSERT_TRUE(IsRight(at(from.Begin()), at(to.Begin()), n, shape));
        run(at(from.End()) - n, at(to.End()) - n, n, table);
        ASSERT_TRUE(IsRight(at(from.End()) - n, at(to.End()) - n, n, shape));
      }
    }
  });
}

TEST_F(Table16Test, WorksInPlace) {
  const Values x = Random(kMost, 7);
  ForEach([&](auto run, const Shape& shape) {
    for (size_t n = 0; n <= kMost; ++n) {
      Values y = x;
      run(y.data(), y.data(), n, shape.table.data());
      ASSERT_TRUE(IsRight(x.data(), y.data(), n, shape));
      ASSERT_EQ(std::memcmp(y.data() + n, x.data() + n, 2 * (kMost - n)), 0);
    }
  });
}

TEST_F(Table16Test, KernelsExistWhereTheyRun) {
  std::vector<const simdact_target*> all(simdact_targets(nullptr, 0));
  simdact_targets(all.data(), all.size());
  for (const simdact_target* target : all) {
    EXPECT_EQ(simdact_find_table16(target) != nullptr, simdact_target_runs(target) != 0);
  }
  EXPECT_EQ(simdact_find_table16(nullptr), nullptr);
}

TEST_F(Table16Test, ArrayFunctionsTakeTheDefaultTarget) {
  static int16_t table[kAll];
  int16_t nodes[kNodes], y[3];
  const int16_t x[3] = {-1, 0, 32767};
  const Values entries = Random(kAll, 8), random_nodes = RandomNodes(9);
  std::memcpy(table, entries.data(), sizeof(table));
  std::memcpy(nodes, random_nodes.data(), sizeof(nodes));
  simdact::table(x, y, 3, table);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(y[i], LookUp(x[i], entries));
  simdact::interpolate(x, y, 3, nodes);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(y[i], Interpolate(x[i], random_nodes));
  simdact_table_s16(nullptr, nullptr, 0, nullptr);
  simdact_interpolate_s16(nullptr, nullptr, 0, nullptr);
}

#ifndef SIMDACT_NO_F64

struct Scales {
  float input;
  int32_t input_zero_point;
  float output;
  int32_t output_zero_point;
};

// f in steps of the output, saturated; the zero point where it is NaN.
long double InSteps(simdact_op op, const simdact_params& p, const Scales& s, int q) {
  const double x = (q - s.input_zero_point) * static_cast<double>(s.input);
  const long double f = simdact_accuracy::Exact(op, SIMDACT_FORWARD, x, p);
  if (std::isnan(f)) return s.output_zero_point;
  const long double steps = f / static_cast<long double>(s.output) + s.output_zero_point;
  return std::max(-32768.0L, std::min(32767.0L, steps));
}

class Table16BuildTest : public testing::TestWithParam<int> {
 protected:
  Values Build(const Scales& s, simdact_rounding rounding = SIMDACT_TIES_TO_EVEN) const {
    Values table(kAll, 99);
    EXPECT_EQ(simdact_table_build_s16(op_, nullptr, s.input, s.input_zero_point, s.output,
                                      s.output_zero_point, rounding, table.data()),
              SIMDACT_OK);
    return table;
  }
  Values BuildNodes(const Scales& s, simdact_nodes kind = SIMDACT_NODES_EXACT) const {
    Values nodes(kNodes, 99);
    EXPECT_EQ(simdact_interpolate_build_s16(op_, nullptr, s.input, s.input_zero_point, s.output,
                                            s.output_zero_point, kind, nodes.data()),
              SIMDACT_OK);
    return nodes;
  }
  double ErrorOf(const Scales& s, const Values& nodes) const {
    double error = -1;
    EXPECT_EQ(simdact_interpolate_error_s16(op_, nullptr, s.input, s.input_zero_point, s.output,
                                            s.output_zero_point, nodes.data(), &error),
              SIMDACT_OK);
    return error;
  }
  const simdact_op op_ = static_cast<simdact_op>(GetParam());
  const simdact_params& p_ = simdact_describe(op_)->defaults;
};
INSTANTIATE_TEST_SUITE_P(Ops, Table16BuildTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)),
                         OpName);

// Emulators take one of them for each op.
std::vector<Scales> SomeOf(const std::vector<Scales>& all, simdact_op op) {
  return Quick() ? std::vector<Scales>{all[static_cast<size_t>(op) % all.size()]} : all;
}
std::vector<Scales> ScalesFor(simdact_op op) {
  return SomeOf({{0x1p-12f, 0, 0x1p-15f, 0},
                 {0x1p-12f, 0, 0x1p-12f, 0},
                 {6.0f / 32768, 1000, 4.0f / 32768, -20000},
                 {0.01f, -32768, 0.003f, 32767}},
                op);
}

// Entries next to a tie are left to the test against MPFR.
TEST_P(Table16BuildTest, ValuesAreRoundedOnce) {
  for (const Scales& s : ScalesFor(op_)) {
    const Values table = Build(s);
    for (int q = -32768; q < 32768; q += Quick() ? 61 : 1) {
      const long double exact = InSteps(op_, p_, s, q);
      if (std::fabs(exact - std::floor(exact) - 0.5L) < 1e-9L) continue;
      ASSERT_EQ(table[static_cast<uint16_t>(q)], std::nearbyint(exact)) << q << " of scale " << s.input;
    }
  }
}

TEST_P(Table16BuildTest, NodesShareTheErrorOfTheChord) {
  for (const Scales& s : ScalesFor(op_)) {
    const Values nodes = BuildNodes(s);
    for (int i = 0; i <= 512; ++i) {
      const auto g = [&](int q) { return InSteps(op_, p_, s, q); };
      const int q = 128 * i - 32768;
      const long double above = i == 512 ? 0 : (g(q) + g(q + 128)) / 2 - g(q + 64);
      const long double node = std::max(-32768.0L, std::min(32767.0L, g(q) - above / 2));
      ASSERT_LE(std::fabs(nodes[static_cast<size_t>(i)] - node), 0.5L + 0x1p-20L) << i;
    }
  }
}

TEST_P(Table16BuildTest, ErrorIsTheLargest) {
  for (const Scales& s : ScalesFor(op_)) {
    const Values nodes = BuildNodes(s);
    const double error = ErrorOf(s, nodes);
    long double largest = 0;
    for (int q = -32768; q < 32768; q += Quick() ? 61 : 1)
      largest = std::max(largest, std::fabs(Interpolate(q, nodes) - InSteps(op_, p_, s, q)));
    EXPECT_GE(error, static_cast<double>(largest) - 0x1p-20);
    if (!Quick()) {
      EXPECT_LE(error, static_cast<double>(largest) + 0x1p-20);
    }
  }
}

// For every op: no crash, no undefined behaviour, entries where they must be.
TEST_P(Table16BuildTest, TakesExtremeScales) {
  const float least = std::numeric_limits<float>::denorm_min(), most = std::numeric_limits<float>::max();
  const std::vector<Scales> all = {
      {least, 0, most, 5}, {most, 0, least, 5}, {most, -32768, most, 5}, {least, 32767, least, 5}};
  for (const Scales& s : SomeOf(all, op_)) {
    const Values table = Build(s), nodes = BuildNodes(s);
    for (const int q : {-32768, -1, 0, 1, 32767}) {
      const long double exact = InSteps(op_, p_, s, q);
      if (std::fabs(exact - std::floor(exact) - 0.5L) < 1e-9L) continue;
      EXPECT_EQ(table[static_cast<uint16_t>(q)], std::nearbyint(exact)) << q << " of scale " << s.input;
    }
    EXPECT_GE(ErrorOf(s, nodes), 0);
    if (s.input == least) BuildNodes({s.input, s.input_zero_point, s.output, 0}, SIMDACT_NODES_TFLITE);
  }
  BuildNodes({most, 0, most, 0}, SIMDACT_NODES_TFLITE);
}

TEST(Table16Build, RefusesBadArgumentsAndLeavesTheTableAlone) {
  Values table(kAll, 42);
  double error = 42;
  const auto build = [&](int op, const Scales& s, int rounding, int nodes, int16_t* to, double* error_to) {
    const auto id = static_cast<simdact_op>(op);
    const simdact_status status =
        simdact_table_build_s16(id, nullptr, s.input, s.input_zero_point, s.output, s.output_zero_point,
                                static_cast<simdact_rounding>(rounding), to);
    const simdact_status of_nodes =
        simdact_interpolate_build_s16(id, nullptr, s.input, s.input_zero_point, s.output, s.output_zero_point,
                                      static_cast<simdact_nodes>(nodes), to);
    if (rounding == 0 && nodes == 0) {
      EXPECT_EQ(simdact_interpolate_error_s16(id, nullptr, s.input, s.input_zero_point, s.output,
                                              s.output_zero_point, to, error_to),
                status);
    }
    EXPECT_EQ(status, of_nodes);
    return status;
  };
  const Scales good = {0.5f, 3, 0.25f, 0};
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(build(SIMDACT_OP_relu, good, 0, 0, nullptr, &error), SIMDACT_NULL_POINTER);
  EXPECT_EQ(build(SIMDACT_OP_COUNT, good, 0, 0, table.data(), &error), SIMDACT_BAD_OPTION);
  EXPECT_EQ(build(-1, good, 0, 0, table.data(), &error), SIMDACT_BAD_OPTION);
  EXPECT_EQ(build(SIMDACT_OP_relu, good, 2, 2, table.data(), &error), SIMDACT_BAD_OPTION);
  for (const float scale : {0.0f, -0.5f, infinity, NAN}) {
    EXPECT_EQ(build(SIMDACT_OP_relu, {scale, 0, 1, 0}, 0, 0, table.data(), &error), SIMDACT_BAD_OPTION);
    EXPECT_EQ(build(SIMDACT_OP_relu, {1, 0, scale, 0}, 0, 0, table.data(), &error), SIMDACT_BAD_OPTION);
  }
  for (const int32_t zero_point : {-32769, 32768, std::numeric_limits<int32_t>::min()}) {
    EXPECT_EQ(build(SIMDACT_OP_relu, {1, zero_point, 1, 0}, 0, 0, table.data(), &error), SIMDACT_BAD_OPTION);
    EXPECT_EQ(build(SIMDACT_OP_relu, {1, 0, 1, zero_point}, 0, 0, table.data(), &error), SIMDACT_BAD_OPTION);
  }
  // TensorFlow Lite's output has no zero point.
  EXPECT_EQ(
      simdact_interpolate_build_s16(SIMDACT_OP_relu, nullptr, 1, 0, 1, 1, SIMDACT_NODES_TFLITE, table.data()),
      SIMDACT_BAD_OPTION);
  EXPECT_EQ(simdact_interpolate_error_s16(SIMDACT_OP_relu, nullptr, 1, 0, 1, 0, table.data(), nullptr),
            SIMDACT_NULL_POINTER);
  EXPECT_EQ(error, 42);
  for (const int16_t value : table) ASSERT_EQ(value, 42);
}

TEST(Table16Build, TiesGoWhereTheyAreTold) {
  Values even(kAll), away(kAll);
  const auto build = [](simdact_rounding rounding, Values& table) {
    EXPECT_EQ(simdact_table_build_s16(SIMDACT_OP_linear, nullptr, 1, 0, 2, 7, rounding, table.data()),
              SIMDACT_OK);
  };
  build(SIMDACT_TIES_TO_EVEN, even);
  build(SIMDACT_TIES_AWAY, away);
  for (int q = -32768; q < 32768; ++q) {
    ASSERT_EQ(even[static_cast<uint16_t>(q)], std::nearbyint(q / 2.0) + 7) << q;
    ASSERT_EQ(away[static_cast<uint16_t>(q)], std::round(q / 2.0) + 7) << q;
  }
}

TEST(Table16Build, NanIsTheZeroPointAndInfinitySaturates) {
  Values table(kAll), nodes(kNodes);
  EXPECT_EQ(
      simdact_table_build_s16(SIMDACT_OP_log, nullptr, 0.5f, 0, 0.1f, 17, SIMDACT_TIES_TO_EVEN, table.data()),
      SIMDACT_OK);
  EXPECT_EQ(table[65535], 17);
  EXPECT_EQ(table[0], -32768);
  EXPECT_EQ(simdact_interpolate_build_s16(SIMDACT_OP_log, nullptr, 0.5f, 0, 0.1f, 17, SIMDACT_NODES_EXACT,
                                          nodes.data()),
            SIMDACT_OK);
  EXPECT_EQ(nodes[0], 17);
  EXPECT_LT(nodes[256], -16000);  // half of the chord's error is taken from the pole
  // In floats TensorFlow Lite's exp overflows, and infinity less infinity is no number.
  EXPECT_EQ(simdact_interpolate_build_s16(SIMDACT_OP_exp, nullptr, 1.0f, 0, 1.0f, 0, SIMDACT_NODES_TFLITE,
                                          nodes.data()),
            SIMDACT_OK);
  EXPECT_EQ(nodes[512], 32767);
  EXPECT_EQ(nodes[500], 32767);
  EXPECT_EQ(nodes[0], 0);
}

TEST(Table16Build, ConvenienceIsTheSame) {
  static int16_t table[kAll];
  int16_t nodes[kNodes];
  double error = -1;
  Values want(kAll), want_nodes(kNodes);
  const simdact_params p = {{3.0}};
  ASSERT_EQ(simdact::table_build(SIMDACT_OP_softcap, 0.001f, 5, 0.0001f, -7, table, &p, SIMDACT_TIES_AWAY),
            SIMDACT_OK);
  ASSERT_EQ(
      simdact_table_build_s16(SIMDACT_OP_softcap, &p, 0.001f, 5, 0.0001f, -7, SIMDACT_TIES_AWAY, want.data()),
      SIMDACT_OK);
  EXPECT_EQ(std::memcmp(table, want.data(), sizeof(table)), 0);
  ASSERT_EQ(simdact::interpolate_build(SIMDACT_OP_softcap, 0.001f, 5, 0.0001f, -7, nodes, &p), SIMDACT_OK);
  ASSERT_EQ(simdact_interpolate_build_s16(SIMDACT_OP_softcap, &p, 0.001f, 5, 0.0001f, -7, SIMDACT_NODES_EXACT,
                                          want_nodes.data()),
            SIMDACT_OK);
  EXPECT_EQ(std::memcmp(nodes, want_nodes.data(), sizeof(nodes)), 0);
  ASSERT_EQ(simdact::interpolate_error(SIMDACT_OP_softcap, 0.001f, 5, 0.0001f, -7, nodes, error, &p),
            SIMDACT_OK);
  EXPECT_GT(error, 0.4);
  EXPECT_LT(error, 4);
}

// ---- TensorFlow Lite's nodes ---------------------------------------------------------------------------

// Its rule once more, over the C library's functions of floats.
Values TfliteNodes(float (*f)(float), float input, int32_t zero_point, float output) {
  const float least = input * static_cast<float>(-32768 - zero_point);
  const float greatest = input * static_cast<float>(32767 - zero_point);
  const float step = (greatest - least) / 512.0f, half_step = step / 2.0f;
  const float unit = 65536.0f / (output * 32767.0f - output * -32768.0f);
  const auto entry = [](float v) { return static_cast<int16_t>(std::min(std::max(v, -32768.0f), 32767.0f)); };
  Values nodes;
  for (int i = 0; i < 512; ++i) {
    const float at = least + static_cast<float>(i) * step, next = least + static_cast<float>(i + 1) * step;
    const float value = std::round(f(at) * unit);
    const float chord = std::round((f(next) * unit + value) / 2.0f);
    const float middle = std::round(f(at + half_step) * unit);
    nodes.push_back(entry(value - std::round((chord - middle) / 2.0f)));
  }
  nodes.push_back(entry(std::round(f(greatest) * unit)));
  return nodes;
}

float Sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }
float Gelu(float x) { return 0.5f * x * (1.0f + std::erf(x * 0.70710678f)); }
float Relu(float x) { return std::max(x, 0.0f); }

TEST(Table16Build, TfliteNodesAreItsOwn) {
  const struct {
    simdact_op op;
    float (*f)(float);
    float input;
    int32_t zero_point;
    float output;
  } cases[] = {{SIMDACT_OP_exp, [](float x) { return std::exp(x); }, 10.0f / 65535, 32767, 2.0f / 65535},
               {SIMDACT_OP_exp, [](float x) { return std::exp(x); }, 0x1p-12f, 0, 0.09f},
               {SIMDACT_OP_sqrt, [](float x) { return std::sqrt(x); }, 0x1p-12f, -32768, 0x1p-12f},
               {SIMDACT_OP_tanh, [](float x) { return std::tanh(x); }, 0x1p-12f, 0, 0x1p-15f},
               {SIMDACT_OP_sigmoid, Sigmoid, 0x1p-12f, 0, 0x1p-15f},
               {SIMDACT_OP_gelu, Gelu, 6.0f / 32768, 0, 6.0f / 32768},
               {SIMDACT_OP_relu, Relu, 0.013f, 0, 0.013f}};
  for (const auto& c : cases) {
    SCOPED_TRACE(simdact_describe(c.op)->name);
    const Values want = TfliteNodes(c.f, c.input, c.zero_point, c.output);
    Values got(kNodes);
    ASSERT_EQ(simdact_interpolate_build_s16(c.op, nullptr, c.input, c.zero_point, c.output, 0,
                                            SIMDACT_NODES_TFLITE, got.data()),
              SIMDACT_OK);
    // The library's functions are not rounded right everywhere.
    int differing = 0;
    for (size_t i = 0; i < kNodes; ++i) {
      EXPECT_LE(std::abs(got[i] - want[i]), 1) << i;
      differing += got[i] != want[i];
    }
    EXPECT_LE(differing, 4);
  }
}

// What the page and the header say of Q3.12 to Q0.15.
TEST(Table16Build, FixedPointErrorsAreAsClaimed) {
  const struct {
    simdact_op op;
    simdact_nodes kind;
    double least, most;
  } cases[] = {{SIMDACT_OP_sigmoid, SIMDACT_NODES_EXACT, 1.05, 1.1},
               {SIMDACT_OP_tanh, SIMDACT_NODES_EXACT, 2.15, 2.25},
               {SIMDACT_OP_sigmoid, SIMDACT_NODES_TFLITE, 2.3, 2.4},
               {SIMDACT_OP_tanh, SIMDACT_NODES_TFLITE, 5.95, 6.05}};
  for (const auto& c : cases) {
    int16_t nodes[kNodes];
    double error = -1;
    ASSERT_EQ(simdact::interpolate_build(c.op, 0x1p-12f, 0, 0x1p-15f, 0, nodes, nullptr, c.kind), SIMDACT_OK);
    ASSERT_EQ(simdact::interpolate_error(c.op, 0x1p-12f, 0, 0x1p-15f, 0, nodes, error), SIMDACT_OK);
    EXPECT_GT(error, c.least);
    EXPECT_LT(error, c.most);
  }
}

#endif  // SIMDACT_NO_F64

}  // namespace
}  // namespace simdact_test
