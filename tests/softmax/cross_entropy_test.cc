// Cross-entropy and its gradient: accuracy, options, special rows, and what is refused.

#include <cstring>

#include "simdact/simdact.hpp"
#include "tests/common/guarded_page.h"
#include "tests/reference/cross_entropy.h"
#include "tests/softmax/softmax_cases.h"

namespace simdact_test {
namespace {

using simdact_accuracy::CrossEntropyOf;
using simdact_accuracy::LossResult;
using simdact_accuracy::UlpError;
using Options = simdact_cross_entropy_options;

const double kInf = std::numeric_limits<double>::infinity();
const double kNan = std::numeric_limits<double>::quiet_NaN();

// The format of a dtype's losses.
simdact_dtype NumberOf(simdact_dtype dtype) { return dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32; }

struct LossCase {
  const simdact_target* target;
  simdact_dtype dtype;
  const simdact_cross_entropy_kernel* kernel;
};

template <class F>
void ForEachLoss(const F& f) {
  for (const simdact_target* target : simdact_accuracy::RunningTargets()) {
    for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
      SCOPED_TRACE(testing::Message()
                   << simdact_accuracy::DtypeName(dtype) << " on " << simdact_target_name(target));
      const LossCase c{target, dtype, simdact_find_cross_entropy(target, dtype)};
      ASSERT_NE(c.kernel, nullptr);
      f(c);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

// What a call makes of x, and its status.
struct Outputs {
  simdact_status status;
  Array loss, dx, log_sum_exp;
};
Outputs Call(const LossCase& c, const Array& x, const std::vector<int64_t>& labels, size_t cols, Options o) {
  const size_t rows = labels.size();
  const size_t stride = o.dx_row_stride == 0 ? cols : o.dx_row_stride;
  const Array numbers(NumberOf(c.dtype), std::vector<double>(rows, 77.0));
  Outputs out = {SIMDACT_OK, numbers, Array(c.dtype, std::vector<double>(rows * stride, 77.0)), numbers};
  o.log_sum_exp = out.log_sum_exp.Data();
  out.status =
      c.kernel->cross_entropy(x.Data(), labels.data(), out.loss.Data(), out.dx.Data(), rows, cols, &o);
  return out;
}

bool SameBits(const Array& a, const Array& b) {
  return a.Size() == b.Size() && std::memcmp(a.Data(), b.Data(), a.Size() * a.ElementBytes()) == 0;
}

long double UlpOf(simdact_dtype dtype, long double value) {
  const simdact_accuracy::NumberFormat& format = FormatOf(dtype);
  const int exponent = value == 0 ? format.min_exponent : std::max(std::ilogb(value), format.min_exponent);
  return std::scalbn(1.0L, exponent - format.fraction_bits);
}

// What cross_entropy.h promises, as differences. Of denormal dx half a unit more, where a rounded term is
// rounded again.
long double LossBound(const LossCase& c, const Options& o, const LossResult& want) {
  const bool f64 = c.dtype == SIMDACT_F64, smooth = o.label_smoothing != 0;
  const long double of_target = smooth && o.weights != nullptr ? (f64 ? 0x1p-56L : 0x1p-27L) : 0.0L;
  return (f64 && smooth ? 6 : 2.5) * UlpOf(NumberOf(c.dtype), want.loss) + of_target * want.target;
}
long double SlopeBound(const LossCase& c, const Options& o, long double want, long double largest_term) {
  const bool half = IsHalf(c.dtype), f64 = c.dtype == SIMDACT_F64, smooth = o.label_smoothing != 0;
  const double least = std::ldexp(1.0, FormatOf(c.dtype).min_exponent);
  const double ulps = half ? 0.51 : (smooth ? 0.0 : f64 ? 3.0 : 2.5) + (std::fabs(want) < least ? 0.5 : 0.0);
  return ulps * UlpOf(c.dtype, want) +
         (smooth ? (f64 ? 6 : 3) * UlpOf(NumberOf(c.dtype), largest_term) : 0.0L);
}

// Checks row r of a call, whose dL/dloss is g.
void ExpectRow(const LossCase& c, const Outputs& out, const Reals& x, size_t r, size_t label,
               const Options& o, long double g) {
  const LossResult want = CrossEntropyOf(x, label, o, g);
  const simdact_dtype number = NumberOf(c.dtype);
  if (std::isinf(want.loss)) {  // a label that is impossible
    ASSERT_EQ(out.loss[r], kInf);
  } else {
    ASSERT_LE(std::fabs(out.loss[r] - want.loss), LossBound(c, o, want))
        << "loss " << out.loss[r] << ", want " << static_cast<double>(want.loss);
  }
  ASSERT_NEAR(out.log_sum_exp[r], static_cast<double>(want.log_sum_exp),
              (number == SIMDACT_F64 ? 0x1p-51 : 0x1p-23) *
                  std::max(1.0, static_cast<double>(std::fabs(want.log_sum_exp))));
  const size_t begin = r * (o.dx_row_stride == 0 ? x.size() : o.dx_row_stride);
  for (size_t i = 0; i < x.size(); ++i) {
    const double got = out.dx[begin + i];
    ASSERT_LE(std::fabs(got - want.dx[i]), SlopeBound(c, o, want.dx[i], want.largest_term[i]))
        << "dx of column " << i << " of " << x.size() << ", label " << label << ": got " << got << ", want "
        << static_cast<double>(want.dx[i]);
  }
}

TEST(CrossEntropyTest, EveryLengthAndSpreadWithinTheClaim) {
  std::mt19937 random(31);
  std::vector<size_t> lengths;
  for (size_t n = 1; n <= 200; n += Quick() ? 13 : 1) lengths.push_back(n);
  for (const size_t n : std::vector<size_t>{1000, 4096, 4097, 9000}) lengths.push_back(n);
  ForEachLoss([&](const LossCase& c) {
    for (const size_t n : lengths) {
      const Spread spread = kSpreads[random() % std::size(kSpreads)];
      const std::vector<double> values = MakeRow(spread, n, random);
      const auto largest = std::max_element(values.begin(), values.end()) - values.begin();
      const std::vector<int64_t> labels = {0, largest, static_cast<int64_t>(random() % n),
                                           static_cast<int64_t>(n - 1)};
      std::vector<double> all;
      for (size_t r = 0; r < labels.size(); ++r) all.insert(all.end(), values.begin(), values.end());
      const Array x(c.dtype, all);
      const Outputs out = Call(c, x, labels, n, {});
      ASSERT_EQ(out.status, SIMDACT_OK);
      for (size_t r = 0; r < labels.size(); ++r) {
        SCOPED_TRACE(testing::Message() << n << " columns, " << simdact_accuracy::SpreadName(spread));
        ExpectRow(c, out, RealsOf(x, 0, n), r, static_cast<size_t>(labels[r]), {}, 1);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  });
}

TEST(CrossEntropyTest, AVocabulary) {
  std::mt19937 random(32);
  ForEachLoss([&](const LossCase& c) {
    const size_t n = Quick() ? 5000 : 32000;
    for (const Spread spread : kSpreads) {
      const Array x(c.dtype, MakeRow(spread, n, random));
      const size_t label = random() % n;
      const Outputs out = Call(c, x, {static_cast<int64_t>(label)}, n, {});
      ASSERT_EQ(out.status, SIMDACT_OK);
      SCOPED_TRACE(simdact_accuracy::SpreadName(spread));
      ExpectRow(c, out, RealsOf(x, 0, n), 0, label, {}, 1);
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

// A label far above all others: the loss, and what is left of the gradient at the label, are the sum of the
// others, down to the denormals.
TEST(CrossEntropyTest, LossesNextToZero) {
  ForEachLoss([&](const LossCase& c) {
    const double end = c.dtype == SIMDACT_F64 ? 760 : 115;
    for (const size_t n : std::vector<size_t>{1, 2, 3, 17, 100, 513, 2100, 9000}) {
      for (double gap = 0; gap < end; gap += end / (n > 200 ? 16 : 64)) {
        for (const double largest : {0.0, 3.5, -300.0, 1000.0}) {
          std::vector<double> values(n);
          for (size_t i = 0; i < n; ++i) values[i] = largest - gap - 0.125 * static_cast<double>(i % 5);
          values[n / 3] = largest;
          const Array x(c.dtype, values);
          const Outputs out = Call(c, x, {static_cast<int64_t>(n / 3)}, n, {});
          SCOPED_TRACE(testing::Message() << n << " columns, gap " << gap << ", largest " << largest);
          ExpectRow(c, out, RealsOf(x, 0, n), 0, n / 3, {}, 1);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  });
}

// Options drawn at random, each with its arrays.
struct RandomOptions {
  Options o{};
  std::vector<float> weights;
  Array gradients;

  RandomOptions(simdact_dtype dtype, size_t rows, size_t cols, std::mt19937& random)
      : weights(cols), gradients(NumberOf(dtype), rows) {
    std::uniform_real_distribution<double> uniform;
    const auto one_of = [&](int n) { return random() % static_cast<unsigned>(n) == 0; };
    if (!one_of(3)) o.label_smoothing = one_of(5) ? 1.0 : one_of(2) ? 0.1 : uniform(random);
    const int most = dtype == SIMDACT_F16 ? 10 : 20;  // where nothing overflows
    if (one_of(2))
      o.gradient = std::ldexp(uniform(random) - 0.5,
                              static_cast<int>(random() % static_cast<unsigned>(2 * most)) - most);
    for (float& w : weights) w = one_of(7) ? 0.0f : static_cast<float>(3 * uniform(random));
    if (one_of(2)) o.weights = weights.data();
    for (size_t r = 0; r < rows; ++r) gradients.Set(r, one_of(9) ? 0.0 : 4 * uniform(random) - 2);
    if (one_of(2)) o.gradients = gradients.Data();
    if (one_of(3)) o.ignores_label = 1, o.ignored_label = static_cast<int64_t>(random() % cols);
    if (one_of(4)) o.x_row_stride = cols + random() % 9;
    if (one_of(4)) o.dx_row_stride = cols + random() % 9;
    o.tier = one_of(2) ? SIMDACT_FAST : SIMDACT_ACCURATE;
  }
  // dL/dloss of a row. A f64 kernel rounds its product with the label's weight.
  long double GradientOf(simdact_dtype dtype, size_t r, size_t label) const {
    const double g = (o.gradient == 0 ? 1.0 : o.gradient) * (o.gradients == nullptr ? 1.0 : gradients[r]);
    if (dtype != SIMDACT_F64 || o.label_smoothing != 0 || o.weights == nullptr) return g;
    return weights[label] == 0 ? g : static_cast<long double>(g * weights[label]) / weights[label];
  }
};

TEST(CrossEntropyTest, RandomOptions) {
  std::mt19937 random(33);
  ForEachLoss([&](const LossCase& c) {
    for (int trial = 0; trial < (Quick() ? 60 : 600); ++trial) {
      const size_t cols = trial % 20 == 0 ? 5000 : 1 + random() % 130, rows = 1 + random() % 4;
      const RandomOptions drawn(c.dtype, rows, cols, random);
      const Options& o = drawn.o;
      const size_t stride = o.x_row_stride == 0 ? cols : o.x_row_stride;
      const Array x(c.dtype, MakeRow(kSpreads[random() % std::size(kSpreads)], rows * stride, random));
      std::vector<int64_t> labels(rows);
      for (int64_t& label : labels) label = random() % 6 == 0 ? -100 : static_cast<int64_t>(random() % cols);
      const Outputs out = Call(c, x, labels, cols, o);
      ASSERT_EQ(out.status, SIMDACT_OK);
      for (size_t r = 0; r < rows; ++r) {
        SCOPED_TRACE(testing::Message() << "trial " << trial << ", row " << r << ", smoothing "
                                        << o.label_smoothing << (o.weights == nullptr ? "" : ", weights"));
        const bool ignored = labels[r] < 0 || (o.ignores_label != 0 && labels[r] == o.ignored_label);
        const Reals scores = RealsOf(x, r * stride, cols);
        // A row of -inf alone is NaN, and infinite distances are of special rows: SpecialRows.
        if (!ignored && *std::min_element(scores.begin(), scores.end()) == -kInf) continue;
        if (!ignored) {
          const auto label = static_cast<size_t>(labels[r]);
          ExpectRow(c, out, scores, r, label, o, drawn.GradientOf(c.dtype, r, label));
        } else {
          ASSERT_EQ(out.loss[r], 0.0);
          ASSERT_EQ(out.log_sum_exp[r], 0.0);
          const size_t begin = r * (o.dx_row_stride == 0 ? cols : o.dx_row_stride);
          for (size_t i = 0; i < cols; ++i) ASSERT_EQ(out.dx[begin + i], 0.0);
        }
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  });
}

// Labels, too, are an array of any alignment.
TEST(CrossEntropyTest, LabelsAtAnyAddress) {
  ForEachLoss([&](const LossCase& c) {
    constexpr size_t rows = 3, cols = 5;
    std::mt19937 random(35);
    const Array x(c.dtype, MakeRow(Spread::kNormal10, rows * cols, random));
    const std::vector<int64_t> labels = {4, 0, 2};
    const Outputs want = Call(c, x, labels, cols, Options{});
    std::vector<char> raw(rows * sizeof(int64_t) + 1);
    std::memcpy(raw.data() + 1, labels.data(), rows * sizeof(int64_t));
    Array loss = want.loss;
    for (size_t r = 0; r < rows; ++r) loss.Set(r, -1.0);
    ASSERT_EQ(c.kernel->cross_entropy(x.Data(), reinterpret_cast<const int64_t*>(raw.data() + 1), loss.Data(),
                                      nullptr, rows, cols, nullptr),
              SIMDACT_OK);
    for (size_t r = 0; r < rows; ++r) ASSERT_EQ(loss[r], want.loss[r]);
  });
}

// A row has the same bits alone, in place, and whichever outputs are wanted; what lies between rows stays.
TEST(CrossEntropyTest, RowsDoNotKnowOfEachOther) {
  std::mt19937 random(34);
  ForEachLoss([&](const LossCase& c) {
    for (const size_t n : std::vector<size_t>{1, 3, 16, 37, 300, 4100}) {
      const size_t stride = n + 3;
      Array x(c.dtype, MakeRow(Spread::kNormal10, 3 * stride, random));
      std::vector<int64_t> labels;
      for (int r = 0; r < 3; ++r) labels.push_back(static_cast<int64_t>(random() % n));
      Options o{};
      o.label_smoothing = n % 2 == 0 ? 0.1 : 0.0;
      o.x_row_stride = o.dx_row_stride = stride;
      const Outputs all = Call(c, x, labels, n, o);
      for (size_t r = 0; r < 3; ++r) {
        Array one(c.dtype, n), loss(NumberOf(c.dtype), 1);
        c.kernel->cross_entropy(x.At(r * stride), &labels[r], nullptr, one.Data(), 1, n, &o);
        c.kernel->cross_entropy(x.At(r * stride), &labels[r], loss.Data(), nullptr, 1, n, &o);
        ASSERT_EQ(std::memcmp(one.Data(), all.dx.At(r * stride), n * one.ElementBytes()), 0) << n;
        ASSERT_EQ(loss.Bits(0), all.loss.Bits(r)) << n;
        ASSERT_EQ(all.dx[r * stride + n], 77.0);
      }
      for (size_t r = 0; r < 3; ++r) {  // what lies between rows stays in place, too
        for (size_t i = n; i < stride; ++i) x.Set(r * stride + i, 77.0);
      }
      Array loss(NumberOf(c.dtype), 3);
      c.kernel->cross_entropy(x.Data(), labels.data(), loss.Data(), x.Data(), 3, n, &o);
      ASSERT_TRUE(SameBits(x, all.dx)) << n;
      ASSERT_TRUE(SameBits(loss, all.loss)) << n;
    }
  });
}

TEST(CrossEntropyTest, TouchesNothingOutsideTheRows) {
  const GuardedPage from, to;
  ForEachLoss([&](const LossCase& c) {
    const size_t bytes = FormatOf(c.dtype).bytes;
    const size_t most = std::min(from.Size() / bytes, size_t{300});
    from.Fill(Array(c.dtype, std::vector<double>(from.Size() / bytes, 0.5)));
    const GuardedPage weights_page;
    weights_page.Fill(Array(SIMDACT_F32, std::vector<double>(weights_page.Size() / sizeof(float), 1.0)));
    for (size_t n = 1; n <= most; n += Quick() && n > 80 ? 7 : 1) {
      const int64_t label = static_cast<int64_t>(n / 2);
      Options o{};
      o.label_smoothing = 0.25;
      double loss;
      o.weights = reinterpret_cast<const float*>(weights_page.Begin());
      c.kernel->cross_entropy(from.Begin(), &label, &loss, to.Begin(), 1, n, &o);
      o.weights = reinterpret_cast<const float*>(weights_page.End()) - n;
      c.kernel->cross_entropy(from.End() - n * bytes, &label, &loss, to.End() - n * bytes, 1, n, &o);
    }
  });
}

TEST(CrossEntropyTest, SpecialRows) {
  ForEachLoss([&](const LossCase& c) {
    for (const size_t n : std::vector<size_t>{1, 5, 16, 130, 5000}) {
      const auto call = [&](double everywhere, double somewhere, size_t place, int64_t label,
                            double smoothing) {
        Array x(c.dtype, std::vector<double>(n, everywhere));
        x.Set(place, somewhere);
        Options o{};
        o.label_smoothing = smoothing;
        return Call(c, x, {label}, n, o);
      };
      const auto last = static_cast<int64_t>(n - 1);
      for (const auto& [everywhere, somewhere] : std::vector<std::pair<double, double>>{
               {0.25, kNan}, {0.25, kInf}, {-kInf, kNan}, {-kInf, -kInf}, {kInf, -kInf}}) {
        for (size_t place = 0; place<n; place += n> 200 ? 619 : 1) {
          for (const double smoothing : {0.0, 0.1}) {
            const Outputs out = call(everywhere, somewhere, place, last, smoothing);
            if (n == 1 && everywhere == kInf) continue;  // -inf alone, which is there already
            ASSERT_TRUE(std::isnan(out.loss[0]) && std::isnan(out.log_sum_exp[0])) << place;
            for (size_t i = 0; i < n; ++i) ASSERT_TRUE(std::isnan(out.dx[i])) << i << ", " << place;
          }
        }
        const Outputs ignored = call(everywhere, somewhere, 0, -1, 0.1);
        ASSERT_EQ(ignored.loss[0], 0.0);
        for (size_t i = 0; i < n; ++i) ASSERT_EQ(ignored.dx[i], 0.0);
      }
      if (n == 1) continue;
      // A label that is impossible, and with smoothing any column that is.
      const Outputs label = call(0.25, -kInf, n - 1, last, 0), column = call(0.25, -kInf, 0, last, 0.5);
      ASSERT_EQ(label.loss[0], kInf);
      ASSERT_EQ(label.dx[n - 1], -1.0);
      ASSERT_LE(UlpError(c.dtype, label.dx[0], 1.0L / static_cast<long double>(n - 1)), 2.5);
      ASSERT_EQ(column.loss[0], kInf);
      ASSERT_LE(UlpError(c.dtype, column.dx[0], -0.5L / static_cast<long double>(n)), 1.0);
      const Outputs usual = call(0.25, -kInf, 0, last, 0);
      ASSERT_LE(UlpError(NumberOf(c.dtype), usual.loss[0], std::log(static_cast<long double>(n - 1))), 2.5);
      ASSERT_EQ(usual.dx[0], 0.0);
    }
  });
}

// What is refused, and that nothing was written then.
TEST(CrossEntropyTest, BadArguments) {
  ForEachLoss([&](const LossCase& c) {
    const size_t n = 5;
    const Array x(c.dtype, std::vector<double>(2 * n, 0.5));
    const std::vector<int64_t> good = {1, 2};
    const auto expect = [&](simdact_status want, const std::vector<int64_t>& labels, const Options& o) {
      const Outputs out = Call(c, x, labels, n, o);
      EXPECT_EQ(out.status, want);
      EXPECT_EQ(out.loss[0], 77.0);
      EXPECT_EQ(out.dx[0], 77.0);
      EXPECT_EQ(out.log_sum_exp[0], 77.0);
    };
    Options o{};
    for (const int64_t label : {int64_t{5}, int64_t{255}, std::numeric_limits<int64_t>::max()}) {
      expect(SIMDACT_BAD_LABEL, {1, label}, o);
      o.ignores_label = 1, o.ignored_label = label;
      EXPECT_EQ(Call(c, x, {1, label}, n, o).status, SIMDACT_OK);
      o = {};
    }
    for (const double smoothing : {-0.1, 1.1, kNan}) {
      o.label_smoothing = smoothing;
      expect(SIMDACT_BAD_OPTION, good, o);
    }
    o = {}, o.gradient = kInf;
    expect(SIMDACT_BAD_OPTION, good, o);
    o = {}, o.ignores_label = 2;
    expect(SIMDACT_BAD_OPTION, good, o);
    o = {}, o.tier = SIMDACT_EXACT;
    expect(SIMDACT_BAD_OPTION, good, o);
    o = {}, o.tier = SIMDACT_TIER_COUNT;
    expect(SIMDACT_BAD_OPTION, good, o);
    o = {}, o.reserved[7] = 1;
    expect(SIMDACT_BAD_OPTION, good, o);
    o = {}, o.x_row_stride = n - 1;
    expect(SIMDACT_SHORT_STRIDE, good, o);

    Array y(c.dtype, 2 * n), loss(NumberOf(c.dtype), 4);
    const auto call = [&](const void* from, const int64_t* labels, void* to_loss, void* to, size_t rows,
                          size_t cols, const Options& options) {
      return c.kernel->cross_entropy(from, labels, to_loss, to, rows, cols, &options);
    };
    const int64_t* labels = good.data();
    EXPECT_EQ(call(x.Data(), labels, loss.Data(), y.Data(), 2, 0, {}), SIMDACT_EMPTY_ROW);
    EXPECT_EQ(call(nullptr, nullptr, nullptr, nullptr, 0, n, {}), SIMDACT_OK);
    EXPECT_EQ(call(nullptr, labels, loss.Data(), y.Data(), 2, n, {}), SIMDACT_NULL_POINTER);
    EXPECT_EQ(call(x.Data(), nullptr, loss.Data(), y.Data(), 2, n, {}), SIMDACT_NULL_POINTER);
    EXPECT_EQ(call(y.Data(), labels, loss.Data(), y.At(1), 1, n, {}), SIMDACT_OVERLAP);
    EXPECT_EQ(call(x.Data(), labels, y.Data(), y.Data(), 2, n, {}), SIMDACT_OVERLAP);
    EXPECT_EQ(call(loss.Data(), labels, loss.Data(), nullptr, 1, 2, {}), SIMDACT_OVERLAP);
    o = {}, o.log_sum_exp = loss.Data();
    EXPECT_EQ(call(x.Data(), labels, loss.Data(), nullptr, 2, n, o), SIMDACT_OVERLAP);
    o = {}, o.gradients = loss.Data();
    EXPECT_EQ(call(x.Data(), labels, loss.Data(), nullptr, 2, n, o), SIMDACT_OVERLAP);
    EXPECT_EQ(call(x.Data(), labels, nullptr, nullptr, 2, n, {}), SIMDACT_OK);
  });
  const simdact_target* target = simdact_target_default();
  EXPECT_EQ(simdact_find_cross_entropy(target, SIMDACT_DTYPE_COUNT), nullptr);
  EXPECT_EQ(simdact_find_cross_entropy(nullptr, SIMDACT_F32), nullptr);
}

// torch.nn.functional.cross_entropy([[1, 2, 3], [4, 5, 6]], [2, 0], reduction='none') and its mean, whose
// gradient is that of each row times 1/2: log(e^-2 + e^-1 + 1), and 2 more.
TEST(CrossEntropyTest, OverloadsAndAMean) {
  const float x[2][3] = {{1, 2, 3}, {4, 5, 6}};
  const int64_t labels[2] = {2, 0};
  float loss[2], dx[2][3];
  simdact_cross_entropy_options o{};
  o.gradient = 0.5;
  ASSERT_EQ(simdact::cross_entropy(&x[0][0], labels, loss, &dx[0][0], 2, 3, &o), SIMDACT_OK);
  EXPECT_FLOAT_EQ(loss[0], 0.40760596f);
  EXPECT_FLOAT_EQ(loss[1], 2.40760596f);
  EXPECT_FLOAT_EQ(dx[0][0], 0.5f * 0.09003057f);
  EXPECT_FLOAT_EQ(dx[0][2], 0.5f * (0.66524096f - 1));
  EXPECT_FLOAT_EQ(dx[1][0], 0.5f * (0.09003057f - 1));
#ifndef SIMDACT_NO_HALF
  const simdact::bf16 half[3] = {simdact::bf16{0x3F80}, simdact::bf16{0x4000}, simdact::bf16{0x4040}};
  simdact::bf16 slopes[3];
  ASSERT_EQ(simdact::cross_entropy(half, labels, loss, slopes, 1, 3), SIMDACT_OK);
  EXPECT_FLOAT_EQ(loss[0], 0.40760596f);
#endif
}

}  // namespace
}  // namespace simdact_test
