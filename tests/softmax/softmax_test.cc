// softmax, log_softmax and softmin of plain rows: accuracy, and what holds whatever is computed.

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/common/guarded_page.h"
#include "tests/softmax/softmax_cases.h"

namespace simdact_test {
namespace {

using simdact_accuracy::FastError;
using simdact_accuracy::UlpError;

const simdact_softmax_options kDefaults{};

TEST(SoftmaxTest, EveryLengthAndSpreadWithinTheClaim) {
  std::mt19937 random(1);
  ForEachSoftmax([&](const SoftmaxCase& c) {
    std::vector<size_t> lengths = {1,  2,  3,   7,   8,   15,  16,   17,   31,  33,
                                   64, 65, 127, 128, 129, 500, 1000, 4096, 4097};
    if (!Quick()) lengths.push_back(65536);
    for (const size_t n : lengths) {
      for (const Spread spread : kSpreads) {
        const Array x(c.dtype, MakeRow(spread, n, random));
        Array y(c.dtype, n);
        ASSERT_EQ(c.kernel->forward(x.Data(), y.Data(), 1, n, nullptr), SIMDACT_OK);
        const Reals z = ScoresOf(c.op, c.dtype, RealsOf(x, 0, n), 0, 1, kDefaults, nullptr);
        const auto want = SoftmaxOf(c.op, z, -simdact_accuracy::kInfinity, kDefaults);
        SCOPED_TRACE(static_cast<int>(spread));
        ExpectRow(c, y, 0, want.y, SoftmaxClaim(c));
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  });
}

TEST(SoftmaxTest, ResultsAddUpToOne) {
  std::mt19937 random(2);
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.op != SIMDACT_SOFTMAX_OP_softmax || IsHalf(c.dtype)) return;
    for (const size_t n : std::vector<size_t>{3, 100, 1000, 10000, 65536}) {
      for (const Spread spread : kSpreads) {
        const Array x(c.dtype, MakeRow(spread, n, random));
        Array y(c.dtype, n);
        c.kernel->forward(x.Data(), y.Data(), 1, n, nullptr);
        long double sum = 0;
        for (size_t i = 0; i < n; ++i) sum += static_cast<long double>(y[i]);
        ASSERT_LE(UlpError(c.dtype, 1.0, sum), 4.0) << n;
      }
    }
  });
}

TEST(SoftmaxTest, FastTierWithinItsBound) {
  std::mt19937 random(3);
  simdact_softmax_options fast{};
  fast.tier = SIMDACT_FAST;
  ForEachSoftmax([&](const SoftmaxCase& c) {
    for (const size_t n : std::vector<size_t>{1, 5, 16, 100, 128, 1000, 5000}) {
      for (const Spread spread : kSpreads) {
        const Array x(c.dtype, MakeRow(spread, n, random));
        Array y(c.dtype, n);
        ASSERT_EQ(c.kernel->forward(x.Data(), y.Data(), 1, n, &fast), SIMDACT_OK);
        const Reals z = ScoresOf(c.op, c.dtype, RealsOf(x, 0, n), 0, 1, fast, nullptr);
        const Reals want = SoftmaxOf(c.op, z, -simdact_accuracy::kInfinity, fast).y;
        if (simdact_accuracy::FastSoftmaxIsAccurate(c.op, c.dtype)) {  // bit for bit
          Array accurate(c.dtype, n);
          c.kernel->forward(x.Data(), accurate.Data(), 1, n, nullptr);
          ASSERT_EQ(std::memcmp(y.Data(), accurate.Data(), n * y.ElementBytes()), 0);
          continue;
        }
        // A denormal result may be anything between 0 and the least normal number.
        const double claim = simdact_accuracy::FastSoftmaxClaim(c.op, c.dtype);
        for (size_t i = 0; i < n; ++i) {
          const double error = IsHalf(c.dtype) ? UlpError(c.dtype, y[i], want[i])
                                               : FastError(c.dtype, y[i], want[i], 0, claim);
          ASSERT_LE(error, claim) << "column " << i << " of " << n << ": got " << y[i] << ", want "
                                  << static_cast<double>(want[i]);
        }
      }
    }
  });
}

// Where the fast tier's roundings meet: terms a little above a power of two, whose last places are largest,
// and beside the largest of them a term of half its last place, which their sum loses. Of rows longer than a
// group of short ones, whose terms are added in twos.
TEST(SoftmaxTest, FastTierWhereRoundingsMeet) {
  constexpr size_t kColumns = 1024;
  simdact_softmax_options fast{};
  fast.tier = SIMDACT_FAST;
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.op != SIMDACT_SOFTMAX_OP_softmax || c.dtype != SIMDACT_F32) return;
    std::mt19937_64 random(5);
    const auto uniform = [&](double low, double high) {
      return low + (high - low) * std::ldexp(static_cast<double>(random() >> 11), -53);
    };
    double most = 0;
    Array x(c.dtype, std::vector<double>(kColumns, -90.0)), y(c.dtype, kColumns);
    for (int row = 0; row < (Quick() ? 2000 : 200000); ++row) {
      const double ln2 = std::log(2.0), top = uniform(0, 0.05) - ln2 * static_cast<double>(random() % 8);
      const double lower = top - ln2 * static_cast<double>(random() % 4) - uniform(0, 0.05);
      const size_t lost = size_t{4} << random() % 3;  // in the vector that is added to the first one
      x.Set(0, top), x.Set(40, lower), x.Set(lost, top - ln2 * uniform(24, 26));
      ASSERT_EQ(c.kernel->forward(x.Data(), y.Data(), 1, kColumns, &fast), SIMDACT_OK);
      long double sum = (kColumns - 3) * std::exp(-90.0L);
      for (const size_t i : {size_t{0}, size_t{40}, lost}) sum += std::exp(static_cast<long double>(x[i]));
      for (const size_t i : {size_t{0}, size_t{40}, lost})
        most = std::max(most, UlpError(c.dtype, y[i], std::exp(static_cast<long double>(x[i])) / sum));
      x.Set(lost, -90.0);
    }
    EXPECT_LE(most, simdact_accuracy::FastSoftmaxClaim(c.op, c.dtype));
    EXPECT_GT(most, 1.25) << "these rows were to be worse than others";
    RecordProperty(std::string("ulps_") + simdact_target_name(c.target), std::to_string(most));
  });
}

// Five rows in which one column is above the others: `gap` in the first, more in the next ones, and in the
// third so much that its logarithm is about the least normal number.
constexpr size_t kGapRows = 5;
Array RowsWithGaps(simdact_dtype dtype, size_t n, double largest, double gap) {
  const double end = dtype == SIMDACT_F64 ? 708.0 : 87.0;
  std::vector<double> scores(kGapRows * n);
  for (size_t r = 0; r < kGapRows; ++r) {
    const double below = r == 2 ? end + std::fmod(gap, 1.0) : gap + 1.3 * static_cast<double>(r);
    for (size_t i = 0; i < n; ++i) scores[r * n + i] = largest - below - 0.125 * static_cast<double>(i % 5);
    scores[r * n + n / 3] = largest;
  }
  return Array(dtype, scores);
}

// log_softmax of rows is what the reference says, and with `alone` a row by itself has the same bits.
void ExpectLogarithms(const SoftmaxCase& c, const Array& x, size_t n, const simdact_softmax_options& o,
                      bool alone) {
  Array y(c.dtype, kGapRows * n), one(c.dtype, n), dx(c.dtype, n);
  ASSERT_EQ(c.kernel->forward(x.Data(), y.Data(), kGapRows, n, &o), SIMDACT_OK);
  for (size_t r = 0; r < kGapRows; ++r) {
    const Reals z = ScoresOf(c.op, c.dtype, RealsOf(x, r * n, n), r, kGapRows, o, nullptr);
    const long double sink = o.sinks == nullptr ? -simdact_accuracy::kInfinity : o.sinks[r];
    ExpectRow(c, y, r * n, SoftmaxOf(c.op, z, sink, o).y, SoftmaxClaim(c));
    if (testing::Test::HasFatalFailure() || !alone) continue;
    c.kernel->forward(x.At(r * n), one.Data(), 1, n, &o);
    ASSERT_EQ(std::memcmp(one.Data(), y.At(r * n), n * one.ElementBytes()), 0) << "row " << r;
  }
  // The gradient of the usual loss.
  std::vector<double> label(n, 0.0);
  label[n / 3] = 1;
  const Array dy(c.dtype, label);
  ASSERT_EQ(c.kernel->backward(y.Data(), dy.Data(), dx.Data(), 1, n, nullptr), SIMDACT_OK);
  ExpectRow(c, dx, 0, SoftmaxGradient(c.op, RealsOf(y, 0, n), RealsOf(dy, 0, n), 1),
            IsHalf(c.dtype) ? 0.51 : 2.0);
}

// A column so far above the others that they are all its logarithm: -log1p(sum of exp(-gap)), down to the
// denormals; with a scale, and with sinks above, at and below the largest score.
TEST(SoftmaxTest, LogarithmsNextToZero) {
  std::vector<size_t> lengths = {1, 2, 3, 17, 100, 513, 2100};
  if (!Quick()) lengths.push_back(5000);
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.op != SIMDACT_SOFTMAX_OP_log_softmax) return;
    const double end = c.dtype == SIMDACT_F64 ? 760 : c.dtype == SIMDACT_F16 ? 20 : 115;
    for (const size_t n : lengths) {
      const double step = end / (n > 100 ? 16 : 64) * (Quick() ? 3 : 1);
      for (double gap = 0; gap < end; gap += step) {
        for (const double largest : {0.0, 3.5, -300.0}) {
          SCOPED_TRACE(testing::Message() << n << " columns, gap " << gap << ", largest " << largest);
          const Array x = RowsWithGaps(c.dtype, n, largest, gap);
          simdact_softmax_options scaled{}, with_sinks{};
          scaled.scale = 0.5;
          const auto sink = [&](double off) { return static_cast<float>(largest + off); };
          const float sinks[kGapRows] = {sink(gap), sink(0), sink(-gap), sink(0.5), sink(-0.5)};
          with_sinks.sinks = sinks, with_sinks.rows_per_sink = 1;
          ExpectLogarithms(c, x, n, kDefaults, true);
          ExpectLogarithms(c, x, n, scaled, false);
          ExpectLogarithms(c, x, n, with_sinks, false);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  });
}

// One column is most of the sum, and the others, each below its last place, are the rest.
TEST(SoftmaxTest, ManySmallTermsAddUp) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    for (const double depth : {-14.0, -15.3, -15.5, -17.0}) {
      for (const size_t n : std::vector<size_t>{1000, 16384, 65536}) {
        std::vector<double> scores(n, c.op == SIMDACT_SOFTMAX_OP_softmin ? -depth : depth);
        scores[n / 2] = 0;
        const Array x(c.dtype, scores);
        Array y(c.dtype, n);
        c.kernel->forward(x.Data(), y.Data(), 1, n, nullptr);
        const Reals z = ScoresOf(c.op, c.dtype, RealsOf(x, 0, n), 0, 1, kDefaults, nullptr);
        ExpectRow(c, y, 0, SoftmaxOf(c.op, z, -simdact_accuracy::kInfinity, kDefaults).y, SoftmaxClaim(c));
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  });
}

// Rows of 16 bits that go block by block, and begin with nothing, or with the lowest number.
TEST(SoftmaxTest, LongRowsOfSixteenBits) {
  const double inf = std::numeric_limits<double>::infinity();
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (!IsHalf(c.dtype) || c.op == SIMDACT_SOFTMAX_OP_softmin) return;
    const double lowest = c.dtype == SIMDACT_F16 ? -65504.0 : -3e38;
    for (const auto& [first, rest] : std::vector<std::pair<double, double>>{{-inf, -1000.0},
                                                                            {-inf, 0.5},
                                                                            {lowest, lowest},
                                                                            {lowest, -1e4},
                                                                            {-300.0, 400.0},
                                                                            {700.0, -inf}}) {
      std::vector<double> scores(9000, rest);
      std::fill(scores.begin(), scores.begin() + 4096, first);
      const Array x(c.dtype, scores);
      Array y(c.dtype, scores.size());
      c.kernel->forward(x.Data(), y.Data(), 1, scores.size(), nullptr);
      const Reals z = ScoresOf(c.op, c.dtype, RealsOf(x, 0, scores.size()), 0, 1, kDefaults, nullptr);
      ExpectRow(c, y, 0, SoftmaxOf(c.op, z, -simdact_accuracy::kInfinity, kDefaults).y, SoftmaxClaim(c));
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

// A row beyond the caches, which goes block by block, its maximum rising on the way.
TEST(SoftmaxTest, LongRows) {
  if (Quick()) GTEST_SKIP() << "4 million columns take too long under an emulator or sanitizer";
  std::mt19937 random(4);
  const simdact_target* target = simdact_target_default();
  // The last time one column, after another that was the largest, is nearly all of the sum.
  for (const int round : {0, 1, 2}) {
    const simdact_softmax_op op = round == 0 ? SIMDACT_SOFTMAX_OP_softmax : SIMDACT_SOFTMAX_OP_log_softmax;
    const SoftmaxCase c{target, op, SIMDACT_F32, simdact_find_softmax(target, op, SIMDACT_F32)};
    const size_t n = (size_t{1} << 22) + 4321;
    std::vector<double> x = MakeRow(round == 2 ? Spread::kNormal1 : Spread::kNormal10, n, random);
    for (size_t i = 0; i < n; ++i) {
      x[i] += 100 * static_cast<double>(i) / static_cast<double>(n);
      if (i < 5000) x[i] = -std::numeric_limits<double>::infinity();
    }
    if (round == 2) x[6000] = 90, x[n / 2] = 160;
    const Array input(SIMDACT_F32, x);
    Array y(SIMDACT_F32, n);
    ASSERT_EQ(c.kernel->forward(input.Data(), y.Data(), 1, n, nullptr), SIMDACT_OK);
    const auto want = SoftmaxOf(op, RealsOf(input, 0, n), -simdact_accuracy::kInfinity, kDefaults);
    ExpectRow(c, y, 0, want.y, SoftmaxClaim(c));
  }
}

TEST(SoftmaxTest, RowsDoNotKnowOfEachOther) {
  std::mt19937 random(5);
  ForEachSoftmax([&](const SoftmaxCase& c) {
    for (const size_t n : std::vector<size_t>{1, 3, 16, 37, 128, 300}) {
      const size_t rows = 5, stride = n + 3;
      Array x(c.dtype, MakeRow(Spread::kNormal10, rows * stride, random));
      Array dense(c.dtype, std::vector<double>(rows * stride, 77.0)), one(c.dtype, n);
      simdact_softmax_options o{};
      o.x_row_stride = o.y_row_stride = stride;
      ASSERT_EQ(c.kernel->forward(x.Data(), dense.Data(), rows, n, &o), SIMDACT_OK);
      for (size_t r = 0; r < rows; ++r) {
        c.kernel->forward(x.At(r * stride), one.Data(), 1, n, nullptr);
        ASSERT_EQ(std::memcmp(one.Data(), dense.At(r * stride), n * one.ElementBytes()), 0) << n;
        ASSERT_EQ(dense[r * stride + n], 77.0);  // what lies between rows
      }
      ASSERT_EQ(c.kernel->forward(x.Data(), x.Data(), rows, n, &o), SIMDACT_OK);  // in place
      for (size_t r = 0; r < rows; ++r) {
        ASSERT_EQ(std::memcmp(x.At(r * stride), dense.At(r * stride), n * one.ElementBytes()), 0) << n;
      }
    }
  });
}

// The log-sum-exp alone has the bits that softmax writes: in groups of short rows and alone, of rows that go
// block by block, in both tiers, and where there is no sum.
TEST(SoftmaxTest, LogSumExpAlone) {
  std::mt19937 random(6);
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.op == SIMDACT_SOFTMAX_OP_log_softmax) return;
    for (const size_t n : std::vector<size_t>{1, 2, 15, 16, 17, 100, 200, 513, 1100, 4096, 4097, 9000}) {
      const size_t rows = 8;
      Array x(c.dtype, MakeRow(kSpreads[n % std::size(kSpreads)], rows * n, random)), y(c.dtype, rows * n);
      x.Set(6 * n + n / 2, nan);
      for (size_t i = 0; i < n; ++i) x.Set(7 * n + i, i == n / 2 ? inf : -inf);
      Array lse(c.dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32, rows), alone = lse;
      for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
        simdact_softmax_options o{};
        o.tier = tier;
        if (n % 2 == 0) o.infinite_score = SIMDACT_INFINITE_SCORE_LIMIT;
        ASSERT_EQ(c.kernel->log_sum_exp(x.Data(), alone.Data(), rows, n, &o), SIMDACT_OK);
        o.log_sum_exp = lse.Data();
        ASSERT_EQ(c.kernel->forward(x.Data(), y.Data(), rows, n, &o), SIMDACT_OK);
        ExpectSameBits(alone, lse);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
    Array x(c.dtype, 8);
    EXPECT_EQ(c.kernel->log_sum_exp(x.Data(), nullptr, 2, 4, nullptr), SIMDACT_NULL_POINTER);
    EXPECT_EQ(c.kernel->log_sum_exp(x.Data(), x.Data(), 1, 4, nullptr), SIMDACT_OVERLAP);
    EXPECT_EQ(c.kernel->log_sum_exp(nullptr, nullptr, 0, 4, nullptr), SIMDACT_OK);
    EXPECT_EQ(c.kernel->log_sum_exp(x.Data(), x.At(4), 1, 0, nullptr), SIMDACT_EMPTY_ROW);
  });
}

TEST(SoftmaxTest, TouchesNothingOutsideTheRows) {
  const GuardedPage from, upstream, to;
  ForEachSoftmax([&](const SoftmaxCase& c) {
    const size_t bytes = FormatOf(c.dtype).bytes;
    const size_t most = std::min(from.Size() / bytes, size_t{600});
    from.Fill(Array(c.dtype, std::vector<double>(from.Size() / bytes, 0.5)));
    upstream.Fill(Array(c.dtype, std::vector<double>(from.Size() / bytes, 1.0)));
    for (size_t n = 1; n <= most; n += Quick() && n > 80 ? 7 : 1) {
      const size_t skip = n * bytes;
      c.kernel->forward(from.Begin(), to.Begin(), 1, n, nullptr);
      c.kernel->forward(from.End() - skip, to.End() - skip, 1, n, nullptr);
      double log_sum_exp;
      c.kernel->log_sum_exp(from.Begin(), &log_sum_exp, 1, n, nullptr);
      c.kernel->log_sum_exp(from.End() - skip, &log_sum_exp, 1, n, nullptr);
      c.kernel->backward(from.Begin(), upstream.Begin(), to.Begin(), 1, n, nullptr);
      c.kernel->backward(from.End() - skip, upstream.End() - skip, to.End() - skip, 1, n, nullptr);
    }
  });
}

TEST(SoftmaxTest, NanMakesItsRowNan) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    for (const size_t n : std::vector<size_t>{1, 5, 16, 130, 5000}) {
      for (size_t place = 0; place<n; place += n> 200 ? 619 : 1) {
        Array x(c.dtype, std::vector<double>(2 * n, 0.25));
        Array y(c.dtype, 2 * n);
        x.Set(n + place, std::numeric_limits<double>::quiet_NaN());
        c.kernel->forward(x.Data(), y.Data(), 2, n, nullptr);
        for (size_t i = 0; i < n; ++i) {
          ASSERT_FALSE(std::isnan(y[i]));
          ASSERT_TRUE(std::isnan(y[n + i])) << "column " << i << ", NaN at " << place;
        }
      }
    }
  });
}

// "softmax" of the project's source documents: a row of three, and its vector-Jacobian products.
TEST(SoftmaxTest, PrintedValuesHold) {
  std::ifstream stream(SIMDACT_TEST_DATA "/source_vectors.json");
  ASSERT_TRUE(stream.good());
  const nlohmann::json document = nlohmann::json::parse(stream);
  size_t checked = 0;
  for (const auto& entry : document["vectors"]) {
    if (entry["op"] != "softmax") continue;
    const bool forward = entry["kind"] == "forward";
    ASSERT_TRUE(forward || entry["kind"] == "vector-jacobian product");
    const std::vector<double> want = entry[forward ? "y" : "dx"];
    ForEachSoftmax([&](const SoftmaxCase& c) {
      if (c.op != SIMDACT_SOFTMAX_OP_softmax || IsHalf(c.dtype)) return;
      const Array x(c.dtype, entry["x"].get<std::vector<double>>());
      Array y(c.dtype, x.Size());
      c.kernel->forward(x.Data(), y.Data(), 1, x.Size(), nullptr);
      if (!forward) {
        const Array dy(c.dtype, entry["dy"].get<std::vector<double>>());
        c.kernel->backward(y.Data(), dy.Data(), y.Data(), 1, x.Size(), nullptr);
      }
      for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(y[i], want[i], 1.1e-4);
      ++checked;
    });
  }
  EXPECT_GE(checked, 8u);
}

}  // namespace
}  // namespace simdact_test
