// softmax with options: what each of them means, what rows without a sum give, and what is refused.

#include <cstring>

#include "tests/softmax/softmax_cases.h"

namespace simdact_test {
namespace {

using simdact_accuracy::kInfinity;

constexpr size_t kRows = 6;

// A mask of each kind for kRows x cols, and arrays that options point to.
struct Tables {
  std::vector<float> additive;
  std::vector<uint8_t> shown;
  Array same;
  std::vector<size_t> lengths, starts;
  std::vector<float> sinks;

  Tables(simdact_dtype dtype, size_t cols, std::mt19937& random)
      : additive(kRows * cols),
        shown(kRows * cols),
        same(dtype, kRows * cols),
        lengths(kRows),
        starts(kRows),
        sinks(kRows) {
    std::normal_distribution<double> normal;
    for (size_t i = 0; i < additive.size(); ++i) {
      const bool hidden = random() % 3 == 0 && i % cols != 0;
      additive[i] = hidden ? (random() % 2 == 0 ? -std::numeric_limits<float>::infinity() : -1e4f)
                           : static_cast<float>(normal(random));
      shown[i] = hidden ? 0 : static_cast<uint8_t>(1 + random() % 255);
      same.Set(i, hidden ? -std::numeric_limits<double>::infinity() : normal(random));
    }
    for (size_t r = 0; r < kRows; ++r) {
      lengths[r] = r * cols / (kRows - 2);  // none, some, all and more than all
      starts[r] = (kRows - 1 - r) * cols / (kRows - 2);
      sinks[r] = static_cast<float>(2 * normal(random));
    }
  }
};

struct Variant {
  const char* name;
  void (*set)(simdact_softmax_options& o, Tables& t);
};
const Variant kVariants[] = {
    {"scale", [](simdact_softmax_options& o, Tables&) { o.scale = 0.0883883476; }},
    {"negative scale", [](simdact_softmax_options& o, Tables&) { o.scale = -2.5; }},
    {"softcap", [](simdact_softmax_options& o, Tables&) { o.softcap = 50, o.scale = 3; }},
    {"bool mask",
     [](simdact_softmax_options& o, Tables& t) { o.mask_type = SIMDACT_MASK_BOOL, o.mask = t.shown.data(); }},
    {"float mask", [](simdact_softmax_options& o,
                      Tables& t) { o.mask_type = SIMDACT_MASK_F32, o.mask = t.additive.data(); }},
    {"mask of the dtype, for all rows",
     [](simdact_softmax_options& o, Tables& t) {
       o.mask_type = SIMDACT_MASK_SAME, o.mask = t.same.Data(), o.mask_rows = 1;
     }},
    {"mask with a slope and a stride, two rows in turn",
     [](simdact_softmax_options& o, Tables& t) {
       o.mask_type = SIMDACT_MASK_F32, o.mask = t.additive.data(), o.mask_slope = 0.37;
       o.mask_rows = 2, o.mask_row_stride = t.additive.size() / kRows + 1;
     }},
    {"lengths", [](simdact_softmax_options& o, Tables& t) { o.lengths = t.lengths.data(); }},
    {"starts", [](simdact_softmax_options& o, Tables& t) { o.starts = t.starts.data(); }},
    {"starts and lengths of masked and scaled columns, and ALiBi",
     [](simdact_softmax_options& o, Tables& t) {
       o.starts = t.starts.data(), o.lengths = t.lengths.data(), o.scale = 0.7, o.alibi_slope = 0.1;
       o.mask_type = SIMDACT_MASK_SAME, o.mask = t.same.Data(), o.masked_row = SIMDACT_MASKED_ROW_UNIFORM;
     }},
    {"causal", [](simdact_softmax_options& o, Tables&) { o.causal_rows = 3, o.causal_past = 2; }},
    {"causal and ALiBi",
     [](simdact_softmax_options& o, Tables&) { o.causal_rows = kRows, o.alibi_slope = 0.1767767; }},
    {"sinks", [](simdact_softmax_options& o, Tables& t) { o.sinks = t.sinks.data(), o.rows_per_sink = 2; }},
    {"one sink, lengths",
     [](simdact_softmax_options& o, Tables& t) {
       o.sinks = t.sinks.data(), o.lengths = t.lengths.data(), o.masked_row = SIMDACT_MASKED_ROW_ZERO;
     }},
    {"everything", [](simdact_softmax_options& o, Tables& t) {
       o.scale = 1.3, o.softcap = 30, o.mask_type = SIMDACT_MASK_F32, o.mask = t.additive.data();
       o.alibi_slope = -0.02, o.lengths = t.lengths.data(), o.causal_rows = kRows, o.causal_past = 40;
       o.sinks = t.sinks.data(), o.rows_per_sink = 1, o.masked_row = SIMDACT_MASKED_ROW_UNIFORM;
     }}};

TEST(SoftmaxOptionsTest, EachIsWhatTheReferenceSays) {
  std::mt19937 random(11);
  ForEachSoftmax([&](const SoftmaxCase& c) {
    for (const size_t cols :
         std::vector<size_t>{1, 5, 16, 33, 100, 131, Quick() ? size_t{200} : size_t{4099}}) {
      Tables tables(c.dtype, cols, random);
      for (const Variant& variant : kVariants) {
        SCOPED_TRACE(variant.name);
        const Array x(c.dtype,
                      MakeRow(cols % 2 == 0 ? Spread::kNormal1 : Spread::kNormal10, kRows * cols, random));
        Array y(c.dtype, kRows * cols);
        Array lse(c.dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32, kRows), alone = lse;
        simdact_softmax_options o{};
        variant.set(o, tables);
        ASSERT_EQ(c.kernel->log_sum_exp(x.Data(), alone.Data(), kRows, cols, &o), SIMDACT_OK);
        o.log_sum_exp = lse.Data();
        ASSERT_EQ(c.kernel->forward(x.Data(), y.Data(), kRows, cols, &o), SIMDACT_OK);
        if (c.op != SIMDACT_SOFTMAX_OP_log_softmax) ExpectSameBits(alone, lse);
        for (size_t r = 0; r < kRows; ++r) {
          const Reals z = ScoresOf(c.op, c.dtype, RealsOf(x, r * cols, cols), r, kRows, o, &tables.same);
          const long double sink =
              o.sinks == nullptr
                  ? -kInfinity
                  : static_cast<long double>(o.sinks[o.rows_per_sink == 0 ? 0 : r / o.rows_per_sink]);
          const auto want = SoftmaxOf(c.op, z, sink, o);
          ExpectRow(c, y, r * cols, want.y, SoftmaxClaim(c, o));
          if (testing::Test::HasFatalFailure()) return;
          const double got = lse[r];
          if (std::isfinite(want.log_sum_exp)) {
            ASSERT_NEAR(got, static_cast<double>(want.log_sum_exp),
                        (c.dtype == SIMDACT_F64 ? 0x1p-45 : 0x1p-23) *
                            std::max(1.0, static_cast<double>(std::fabs(want.log_sum_exp))));
          } else {
            ASSERT_EQ(got, static_cast<double>(want.log_sum_exp));
          }
        }
      }
    }
  });
}

// Scores of ordinary size from factors that are not: tiny ones of huge numbers, and huge ones of tiny
// numbers.
TEST(SoftmaxOptionsTest, FactorsOfAnySize) {
  std::mt19937 random(12);
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.dtype == SIMDACT_F16) return;  // whose numbers are of ordinary size
    constexpr size_t cols = 40;
    const std::vector<double> ordinary = MakeRow(Spread::kNormal10, cols, random);
    for (const int e : c.dtype == SIMDACT_F64 ? std::vector<int>{-1015, -996, -900, 0, 900, 996, 1015}
                                              : std::vector<int>{-120, -115, -112, -90, 0, 90, 112, 115}) {
      SCOPED_TRACE(testing::Message() << "numbers times 2^" << e << ", factor times 2^" << -e);
      Array x(c.dtype, cols), y(c.dtype, cols);
      for (size_t i = 0; i < cols; ++i) x.Set(i, std::ldexp(ordinary[i], e));
      simdact_softmax_options scaled{}, masked{};
      scaled.scale = std::ldexp(0x1.4ccccep0, -e);
      ASSERT_EQ(c.kernel->forward(x.Data(), y.Data(), 1, cols, &scaled), SIMDACT_OK);
      const Reals z = ScoresOf(c.op, c.dtype, RealsOf(x, 0, cols), 0, 1, scaled, nullptr);
      ExpectRow(c, y, 0, SoftmaxOf(c.op, z, -kInfinity, scaled).y, SoftmaxClaim(c));
      if (testing::Test::HasFatalFailure()) return;
      if (std::abs(e) > 120) continue;  // a mask of floats

      std::vector<float> mask(cols);
      for (size_t i = 0; i < cols; ++i) mask[i] = static_cast<float>(std::ldexp(ordinary[cols - 1 - i], e));
      x = Array(c.dtype, ordinary);
      masked.mask_type = SIMDACT_MASK_F32, masked.mask = mask.data(), masked.mask_slope = scaled.scale;
      ASSERT_EQ(c.kernel->forward(x.Data(), y.Data(), 1, cols, &masked), SIMDACT_OK);
      const Reals sums = ScoresOf(c.op, c.dtype, RealsOf(x, 0, cols), 0, 1, masked, nullptr);
      ExpectRow(c, y, 0, SoftmaxOf(c.op, sums, -kInfinity, masked).y, SoftmaxClaim(c));
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

TEST(SoftmaxOptionsTest, RowsWithoutASum) {
  const double inf = std::numeric_limits<double>::infinity();
  ForEachSoftmax([&](const SoftmaxCase& c) {
    const double top = c.op == SIMDACT_SOFTMAX_OP_softmin ? -inf : inf;
    for (const size_t cols : std::vector<size_t>{1, 4, 16, 19, 4100}) {
      Array masked(c.dtype, std::vector<double>(cols, -top)),
          infinite(c.dtype, std::vector<double>(cols, 1.0));
      infinite.Set(0, top);
      infinite.Set(cols / 2, top);
      Array y(c.dtype, cols);
      for (const int policy : {0, 1, 2}) {
        simdact_softmax_options o{};
        o.masked_row = static_cast<simdact_masked_row>(policy);
        o.infinite_score = policy == 0 ? SIMDACT_INFINITE_SCORE_NAN : SIMDACT_INFINITE_SCORE_LIMIT;
        for (const Array* x : {&masked, &infinite}) {
          c.kernel->forward(x->Data(), y.Data(), 1, cols, &o);
          const Reals z = ScoresOf(c.op, c.dtype, RealsOf(*x, 0, cols), 0, 1, o, nullptr);
          const Reals want = SoftmaxOf(c.op, z, -kInfinity, o).y;
          for (size_t i = 0; i < cols; ++i) {
            ASSERT_TRUE(std::isinf(want[i]) ? static_cast<long double>(y[i]) == want[i]
                                            : simdact_accuracy::UlpError(c.dtype, y[i], want[i]) <= 1.0)
                << y[i] << " " << static_cast<double>(want[i]);
          }
          Array in_place = *x;
          c.kernel->forward(in_place.Data(), in_place.Data(), 1, cols, &o);
          for (size_t i = 0; i < cols; ++i) {
            ASSERT_TRUE(std::isnan(y[i]) ? std::isnan(in_place[i]) : in_place[i] == y[i]);
          }
        }
      }
    }
  });
}

// What masks of large finite numbers leave: the shown columns as if alone, or, if a whole row is masked so,
// all equal.
TEST(SoftmaxOptionsTest, LargeFiniteMasks) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.op == SIMDACT_SOFTMAX_OP_log_softmax) return;
    for (const float hidden : {-1e5f, -1e9f, -std::numeric_limits<float>::max()}) {
      for (const size_t cols : std::vector<size_t>{2, 40, 5000}) {
        for (const bool whole : {false, true}) {
          std::vector<float> mask(cols, hidden);
          if (!whole) mask[0] = mask[cols - 1] = 0;
          const Array x(c.dtype, std::vector<double>(cols, 1.5));
          Array y(c.dtype, cols);
          simdact_softmax_options o{};
          o.mask_type = SIMDACT_MASK_F32, o.mask = mask.data(), o.scale = 0.3;
          ASSERT_EQ(c.kernel->forward(x.Data(), y.Data(), 1, cols, &o), SIMDACT_OK);
          for (size_t i = 0; i < cols; ++i) {
            const double want = whole ? 1.0 / static_cast<double>(cols) : mask[i] == 0 ? 0.5 : 0.0;
            ASSERT_LE(simdact_accuracy::UlpError(c.dtype, y[i], want), 1.0) << hidden << " " << y[i];
          }
        }
      }
    }
  });
}

// Scores behind a mask are nobody's business, however large, and NaN.
TEST(SoftmaxOptionsTest, HiddenScoresDoNotMatter) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    const std::vector<uint8_t> shown = {1, 0, 0, 1};
    Array x(c.dtype, std::vector<double>{1, 3e4, 0, 1}), y(c.dtype, 4);
    x.Set(2, std::nan(""));
    simdact_softmax_options o{};
    o.mask_type = SIMDACT_MASK_BOOL, o.mask = shown.data(), o.scale = 0.3;
    c.kernel->forward(x.Data(), y.Data(), 1, 4, &o);
    const bool log = c.op == SIMDACT_SOFTMAX_OP_log_softmax;
    EXPECT_NEAR(y[0], log ? std::log(0.5) : 0.5, 2e-3);
    EXPECT_EQ(y[1], log ? -HUGE_VAL : 0.0);
    EXPECT_EQ(y[2], y[1]);
  });
}

TEST(SoftmaxOptionsTest, SinksThatAreNotFinite) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    const Array x(c.dtype, std::vector<double>{1, 2, 3});
    Array y(c.dtype, 3);
    const bool log = c.op == SIMDACT_SOFTMAX_OP_log_softmax;
    float sink = std::nanf("");
    simdact_softmax_options o{};
    o.sinks = &sink, o.masked_row = SIMDACT_MASKED_ROW_ZERO;
    c.kernel->forward(x.Data(), y.Data(), 1, 3, &o);
    EXPECT_TRUE(std::isnan(y[0]));
    sink = std::numeric_limits<float>::infinity();
    c.kernel->forward(x.Data(), y.Data(), 1, 3, &o);
    EXPECT_TRUE(std::isnan(y[0]));
    o.infinite_score = SIMDACT_INFINITE_SCORE_LIMIT;
    c.kernel->forward(x.Data(), y.Data(), 1, 3, &o);
    EXPECT_EQ(y[0], log ? -HUGE_VAL : 0.0);
    sink = -std::numeric_limits<float>::infinity();
    Array plain(c.dtype, 3);
    c.kernel->forward(x.Data(), y.Data(), 1, 3, &o);
    c.kernel->forward(x.Data(), plain.Data(), 1, 3, nullptr);
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(y[i], plain[i], 1e-3);
  });
}

// A call that is refused, and what y holds after it.
TEST(SoftmaxOptionsTest, BadArgumentsTouchNothing) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    const size_t rows = 2, cols = 8, bytes = FormatOf(c.dtype).bytes;
    const Array before(c.dtype, std::vector<double>(64, 0.5));
    Array x = before;
    const auto forward = [&](const void* from, void* to, size_t n, simdact_softmax_options o) {
      return c.kernel->forward(from, to, rows, n, &o);
    };
    simdact_softmax_options o{};
    EXPECT_EQ(forward(x.Data(), x.Data(), 0, o), SIMDACT_EMPTY_ROW);
    EXPECT_EQ(forward(nullptr, x.Data(), cols, o), SIMDACT_NULL_POINTER);
    EXPECT_EQ(forward(x.Data(), nullptr, cols, o), SIMDACT_NULL_POINTER);
    EXPECT_EQ(forward(x.Data(), x.At(1), cols, o), SIMDACT_OVERLAP);
    EXPECT_EQ(forward(x.Data(), x.At(32), SIZE_MAX / bytes, o), SIMDACT_TOO_LARGE);
    EXPECT_EQ(c.kernel->forward(x.Data(), x.Data(), SIZE_MAX, cols, &o), SIMDACT_TOO_LARGE);
    o.y_row_stride = 7;
    EXPECT_EQ(forward(x.Data(), x.At(32), cols, o), SIMDACT_SHORT_STRIDE);
    o.y_row_stride = 9;
    EXPECT_EQ(forward(x.Data(), x.Data(), cols, o), SIMDACT_OVERLAP);
    o = {};
    o.mask_type = SIMDACT_MASK_F32;
    EXPECT_EQ(forward(x.Data(), x.Data(), cols, o), SIMDACT_NULL_POINTER);
    const std::vector<std::pair<double simdact_softmax_options::*, double>> numbers = {
        {&simdact_softmax_options::scale, std::nan("")},
        {&simdact_softmax_options::softcap, -1.0},
        {&simdact_softmax_options::mask_slope, HUGE_VAL},
        {&simdact_softmax_options::alibi_slope, std::nan("")}};
    for (const auto& [member, value] : numbers) {
      o = {};
      o.*member = value;
      EXPECT_EQ(forward(x.Data(), x.Data(), cols, o), SIMDACT_BAD_OPTION);
    }
    if (c.dtype != SIMDACT_F64) {
      o = {};
      o.softcap = 1e-60;  // 0 as a float, which would mean none
      EXPECT_EQ(forward(x.Data(), x.Data(), cols, o), SIMDACT_BAD_OPTION);
      o.softcap = 0, o.scale = 1e300;
      EXPECT_EQ(forward(x.Data(), x.Data(), cols, o), SIMDACT_BAD_OPTION);
    }
    o = {};
    o.mask_type = SIMDACT_MASK_SAME, o.mask = x.Data();
    EXPECT_EQ(forward(x.At(32), x.Data(), cols, o), SIMDACT_OVERLAP);
    o = {};
    o.log_sum_exp = x.Data();
    EXPECT_EQ(forward(x.At(32), x.Data(), cols, o), SIMDACT_OVERLAP);
    o = {};
    o.x_row_stride = o.y_row_stride = SIZE_MAX / bytes;  // of one row nobody asks for the next
    EXPECT_EQ(c.kernel->forward(x.Data(), x.At(1), 1, cols, &o), SIMDACT_OVERLAP);
    o = {};
    o.tier = SIMDACT_TIER_COUNT;
    EXPECT_EQ(forward(x.Data(), x.Data(), cols, o), SIMDACT_BAD_OPTION);
    o = {};
    o.softcap = 30;
    EXPECT_EQ(c.kernel->backward(x.Data(), x.At(16), x.At(32), rows, cols, &o), SIMDACT_BAD_OPTION);
    EXPECT_EQ(c.kernel->backward(x.Data(), nullptr, x.At(32), rows, cols, nullptr), SIMDACT_NULL_POINTER);
    EXPECT_EQ(c.kernel->backward(x.Data(), x.At(16), x.At(17), rows, cols, nullptr), SIMDACT_OVERLAP);
    EXPECT_EQ(std::memcmp(x.Data(), before.Data(), 64 * bytes), 0);
    EXPECT_EQ(c.kernel->forward(nullptr, nullptr, 0, cols, nullptr), SIMDACT_OK);  // no rows, nothing to do
  });
  EXPECT_EQ(simdact_find_softmax(nullptr, SIMDACT_SOFTMAX_OP_softmax, SIMDACT_F32), nullptr);
  EXPECT_EQ(simdact_find_softmax(simdact_target_default(), SIMDACT_SOFTMAX_OP_COUNT, SIMDACT_F32), nullptr);
  EXPECT_EQ(simdact_describe_softmax(SIMDACT_SOFTMAX_OP_COUNT), nullptr);
}

// Every array that is written against every other: they may not share a byte, but for y, which may be x.
TEST(SoftmaxOptionsTest, OverlapsTouchNothing) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    constexpr size_t kRoom = 1024;
    const size_t rows = 3, cols = 5, bytes = FormatOf(c.dtype).bytes;
    const size_t number = c.dtype == SIMDACT_F64 ? 8 : 4;
    std::vector<unsigned char> memory(8 * kRoom, 1), before = memory;
    // Where each array is, and how large: x, y, log_sum_exp, mask, lengths, sinks.
    const size_t sizes[] = {rows * cols * bytes, rows * cols * bytes,   rows * number,
                            rows * cols * 4,     rows * sizeof(size_t), 2 * sizeof(float)};
    enum { kX, kY, kSums, kMask, kLengths, kSinks, kArrays };
    const auto call = [&](const size_t(&at)[kArrays]) {
      simdact_softmax_options o{};
      o.log_sum_exp = memory.data() + at[kSums];
      o.mask_type = SIMDACT_MASK_F32, o.mask = memory.data() + at[kMask];
      o.lengths = reinterpret_cast<const size_t*>(memory.data() + at[kLengths]);
      o.sinks = reinterpret_cast<const float*>(memory.data() + at[kSinks]), o.rows_per_sink = 2;
      return c.kernel->forward(memory.data() + at[kX], memory.data() + at[kY], rows, cols, &o);
    };
    for (const int written : {kY, kSums}) {
      for (int other = 0; other < kArrays; ++other) {
        if (other == written) continue;
        SCOPED_TRACE(testing::Message() << "array " << written << " in " << other);
        size_t at[kArrays];
        for (size_t i = 0; i < kArrays; ++i) at[i] = i * kRoom + 512;
        const size_t home = at[other];
        // The last bytes of one in the first of the other, in the middle, and the first in the last.
        const size_t places[] = {home - sizes[written] + 8, home + (sizes[other] > 8 ? 8 : 0),
                                 home + (sizes[other] - 1) / 8 * 8};
        for (const size_t place : places) {
          at[written] = place;
          ASSERT_EQ(call(at), SIMDACT_OVERLAP) << place;
        }
        ASSERT_EQ(memory, before);
        for (const size_t place : {home - (sizes[written] + 7) / 8 * 8, home + (sizes[other] + 7) / 8 * 8}) {
          at[written] = place;  // next to each other
          ASSERT_EQ(call(at), SIMDACT_OK) << place;
          memory = before;
        }
      }
    }
    // Sums behind a row of y, before the next one.
    simdact_softmax_options o{};
    o.y_row_stride = cols + 8 * number, o.log_sum_exp = memory.data() + kRoom + 8 * number;
    ASSERT_EQ(c.kernel->forward(memory.data(), memory.data() + kRoom, rows, cols, &o), SIMDACT_OK);
    o.log_sum_exp = memory.data() + kRoom + o.y_row_stride * bytes - 3 * number;
    ASSERT_EQ(c.kernel->forward(memory.data(), memory.data() + kRoom, rows, cols, &o), SIMDACT_OK);
    memory = before;
    o.log_sum_exp = memory.data() + kRoom + o.y_row_stride * bytes - 2 * number;
    ASSERT_EQ(c.kernel->forward(memory.data(), memory.data() + kRoom, rows, cols, &o), SIMDACT_OVERLAP);
    ASSERT_EQ(memory, before);
  });
}

}  // namespace
}  // namespace simdact_test
