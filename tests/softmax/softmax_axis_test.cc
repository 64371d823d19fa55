// Softmax and its kin along any axis: against the reference, column by column, and what holds whatever is
// computed.

#include <cstring>

#include "simdact/softmax_axis.hpp"
#include "tests/common/guarded_page.h"
#include "tests/softmax/softmax_cases.h"

namespace simdact_test {
namespace {

using simdact_accuracy::FastError;
using simdact_accuracy::kInfinity;
using simdact_accuracy::UlpError;
using Options = simdact_softmax_axis_options;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct AxisCase : SoftmaxCase {
  const simdact_softmax_axis_kernel* along;
  simdact_dtype Number() const { return dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32; }
};

template <class F>
void ForEachAxis(const F& f) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    const AxisCase along = {c, simdact_find_softmax_axis(c.target, c.op, c.dtype)};
    ASSERT_NE(along.along, nullptr);
    f(along);
  });
}

struct Shape {
  size_t outer, axis, inner;
  size_t Columns() const { return outer * inner; }
  size_t Size() const { return outer * axis * inner; }
  // Element a of a column.
  size_t At(size_t column, size_t a) const { return (column / inner * axis + a) * inner + column % inner; }
  Reals Column(const Array& values, size_t column) const {
    Reals reals(axis);
    for (size_t a = 0; a < axis; ++a) reals[a] = static_cast<long double>(values[At(column, a)]);
    return reals;
  }
  void SetColumn(Array& values, size_t column, const std::vector<double>& numbers) const {
    for (size_t a = 0; a < axis; ++a) values.Set(At(column, a), numbers[a]);
  }
};
std::ostream& operator<<(std::ostream& out, const Shape& s) {
  return out << s.outer << " x " << s.axis << " x " << s.inner;
}

// Columns that have a spread each.
Array MakeColumns(simdact_dtype dtype, const Shape& s, std::mt19937& random) {
  Array x(dtype, s.Size());
  for (size_t i = 0; i < s.Columns(); ++i)
    s.SetColumn(x, i, MakeRow(kSpreads[random() % std::size(kSpreads)], s.axis, random));
  return x;
}

// Element i of a has the bits of b's element j. Of NaN there are many.
bool SameBits(const Array& a, size_t i, const Array& b, size_t j) {
  return a.Bits(i) == b.Bits(j) || (std::isnan(a[i]) && std::isnan(b[j]));
}
void ExpectSame(const Array& got, const Array& want) {
  for (size_t i = 0; i < want.Size(); ++i) ASSERT_TRUE(SameBits(got, i, want, i)) << "element " << i;
}

simdact_softmax_options RowOptionsOf(const Options& o) {
  simdact_softmax_options row{};
  row.scale = o.scale, row.tier = o.tier;
  row.masked_row = o.masked_row, row.infinite_score = o.infinite_score;
  return row;
}

// Whether `got` is within the claim, which is that of rows.
void ExpectColumn(const AxisCase& c, const Shape& s, const Array& y, size_t column, const Reals& want,
                  const Options& o) {
  const bool plain = o.tier == SIMDACT_FAST && (o.scale == 0 || o.scale == 1);
  const bool fast = plain && !simdact_accuracy::FastSoftmaxIsAccurate(c.op, c.dtype);
  const double claim = fast ? simdact_accuracy::FastSoftmaxClaim(c.op, c.dtype) : SoftmaxClaim(c);
  Array got(c.dtype, s.axis);
  for (size_t a = 0; a < s.axis; ++a) got.SetBits(a, y.Bits(s.At(column, a)));
  if (!fast || IsHalf(c.dtype)) return ExpectRow(c, got, 0, want, claim);
  for (size_t a = 0; a < s.axis; ++a)
    ASSERT_LE(FastError(c.dtype, got[a], want[a], 0, claim), claim) << "element " << a << " of " << s.axis;
}

// Shapes with whole vectors and tails, blocks that fit and that do not, one slice and many.
std::vector<Shape> Shapes(std::mt19937& random) {
  std::vector<Shape> shapes;
  const auto add = [&](size_t outer, size_t axis, size_t inner) { shapes.push_back({outer, axis, inner}); };
  for (const size_t axis : std::vector<size_t>{1, 2, 3, 4, 5, 9, 21, 63, 64, 65, 128, 129}) {
    add(1, axis, 16), add(1, axis, 1 + random() % 150), add(2 + random() % 5, axis, 1 + random() % 40);
  }
  for (const size_t axis : std::vector<size_t>{200, 257, 512, 513, 600, 1024, 1025, 2049, 5000}) {
    if (Quick() && axis > 700) continue;
    add(1, axis, 8 * (1 + random() % 4)), add(1 + random() % 2, axis, 1 + random() % 20);
  }
  return shapes;
}

TEST(SoftmaxAxisTest, ColumnsWithinTheClaim) {
  std::mt19937 random(41);
  ForEachAxis([&](const AxisCase& c) {
    for (const Shape& s : Shapes(random)) {
      Options o{};
      const auto one_of = [&](unsigned n) { return random() % n == 0; };
      if (one_of(3)) o.scale = one_of(2) ? 0.125 : one_of(2) ? -3 : 0.5;
      o.tier = one_of(2) ? SIMDACT_FAST : SIMDACT_ACCURATE;
      const Array x = MakeColumns(c.dtype, s, random);
      Array y(c.dtype, s.Size()), sums(c.Number(), s.Columns());
      o.log_sum_exp = sums.Data();
      ASSERT_EQ(c.along->forward(x.Data(), y.Data(), s.outer, s.axis, s.inner, &o), SIMDACT_OK);
      const simdact_softmax_options row = RowOptionsOf(o);
      for (size_t i = 0; i < s.Columns(); ++i) {
        const Reals z = ScoresOf(c.op, c.dtype, s.Column(x, i), 0, 1, row, nullptr);
        const auto want = SoftmaxOf(c.op, z, -kInfinity, row);
        SCOPED_TRACE(testing::Message()
                     << s << ", column " << i << ", scale " << o.scale << ", tier " << o.tier);
        ExpectColumn(c, s, y, i, want.y, o);
        if (testing::Test::HasFatalFailure()) return;
        const double size = std::max(1.0, static_cast<double>(std::fabs(want.log_sum_exp)));
        const double room = c.dtype == SIMDACT_F64 ? 1e-15 : IsHalf(c.dtype) ? 2e-4 : 3e-7;
        if (!std::isfinite(want.log_sum_exp)) continue;
        ASSERT_NEAR(sums[i], static_cast<double>(want.log_sum_exp), room * size);
      }
    }
  });
}

// As of rows: FactorsOfAnySize.
TEST(SoftmaxAxisTest, ScalesOfAnySize) {
  std::mt19937 random(47);
  ForEachAxis([&](const AxisCase& c) {
    if (c.dtype == SIMDACT_F16) return;
    for (const int e : c.dtype == SIMDACT_F64 ? std::vector<int>{-1015, -996, 996, 1015}
                                              : std::vector<int>{-120, -115, 112, 115, 120}) {
      const Shape s = {1, 20, 21};
      Array x = MakeColumns(SIMDACT_F64, s, random), scaled(c.dtype, s.Size()), y = scaled;
      for (size_t i = 0; i < s.Size(); ++i) scaled.Set(i, std::ldexp(std::fmod(x[i], 32.0), e));
      Options o{};
      o.scale = std::ldexp(0x1.4ccccep0, -e);
      ASSERT_EQ(c.along->forward(scaled.Data(), y.Data(), s.outer, s.axis, s.inner, &o), SIMDACT_OK);
      for (size_t i = 0; i < s.Columns(); ++i) {
        SCOPED_TRACE(testing::Message() << "column " << i << ", numbers times 2^" << e);
        const simdact_softmax_options row = RowOptionsOf(o);
        const Reals z = ScoresOf(c.op, c.dtype, s.Column(scaled, i), 0, 1, row, nullptr);
        ExpectColumn(c, s, y, i, SoftmaxOf(c.op, z, -kInfinity, row).y, o);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  });
}

// A column's bits are the same in place, and alone beside another one: they do not depend on its place, nor
// on how many there are.
TEST(SoftmaxAxisTest, ColumnsDoNotKnowOfEachOther) {
  std::mt19937 random(42);
  ForEachAxis([&](const AxisCase& c) {
    for (const Shape& s : Shapes(random)) {
      SCOPED_TRACE(testing::Message() << s);
      if (s.inner == 1) continue;  // rows, of another order
      Options o{};
      if (random() % 3 == 0) o.scale = 0.75;
      if (random() % 2 == 0) o.tier = SIMDACT_FAST;
      Array x = MakeColumns(c.dtype, s, random);
      Array y(c.dtype, s.Size()), dx = y, dy(c.dtype, MakeRow(Spread::kNormal1, s.Size(), random));
      Array sums(c.Number(), s.Columns()), alone_sums(c.Number(), 3);
      c.along->log_sum_exp(x.Data(), sums.Data(), s.outer, s.axis, s.inner, &o);
      c.along->forward(x.Data(), y.Data(), s.outer, s.axis, s.inner, &o);
      c.along->backward(y.Data(), dy.Data(), dx.Data(), s.outer, s.axis, s.inner, &o);
      const Shape alone = {1, s.axis, 3};
      for (int trial = 0; trial < 5; ++trial) {
        const size_t i = random() % s.Columns();
        Array one(c.dtype, std::vector<double>(alone.Size(), 0.5)), upstream = one;
        const size_t place = random() % 3;
        for (size_t a = 0; a < s.axis; ++a) {
          one.SetBits(alone.At(place, a), x.Bits(s.At(i, a)));
          upstream.SetBits(alone.At(place, a), dy.Bits(s.At(i, a)));
        }
        c.along->log_sum_exp(one.Data(), alone_sums.Data(), 1, s.axis, 3, &o);
        ASSERT_TRUE(SameBits(alone_sums, place, sums, i)) << "column " << i;
        o.log_sum_exp = alone_sums.Data();
        c.along->forward(one.Data(), one.Data(), 1, s.axis, 3, &o);
        o.log_sum_exp = nullptr;
        ASSERT_TRUE(c.op == SIMDACT_SOFTMAX_OP_log_softmax || SameBits(alone_sums, place, sums, i)) << i;
        for (size_t a = 0; a < s.axis; ++a)
          ASSERT_TRUE(SameBits(one, alone.At(place, a), y, s.At(i, a))) << "column " << i << ", " << a;
        c.along->backward(one.Data(), upstream.Data(), upstream.Data(), 1, s.axis, 3, &o);
        for (size_t a = 0; a < s.axis; ++a)
          ASSERT_TRUE(SameBits(upstream, alone.At(place, a), dx, s.At(i, a))) << "column " << i << ", " << a;
      }
      Array in_place = x;
      c.along->forward(in_place.Data(), in_place.Data(), s.outer, s.axis, s.inner, &o);
      ExpectSame(in_place, y);
      c.along->backward(in_place.Data(), dy.Data(), in_place.Data(), s.outer, s.axis, s.inner, &o);
      ExpectSame(in_place, dx);
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

TEST(SoftmaxAxisTest, OneColumnOfASliceIsARow) {
  std::mt19937 random(43);
  ForEachAxis([&](const AxisCase& c) {
    const Shape s = {3, 37, 1};
    const Array x = MakeColumns(c.dtype, s, random), dy = MakeColumns(c.dtype, s, random);
    Array y(c.dtype, s.Size()), want = y, sums(c.Number(), 3), want_sums = sums;
    Options o{};
    o.scale = 0.5;
    simdact_softmax_options row = RowOptionsOf(o);
    o.log_sum_exp = sums.Data(), row.log_sum_exp = want_sums.Data();
    ASSERT_EQ(c.along->forward(x.Data(), y.Data(), 3, 37, 1, &o), SIMDACT_OK);
    c.kernel->forward(x.Data(), want.Data(), 3, 37, &row);
    ExpectSameBits(y, want);
    ExpectSameBits(sums, want_sums);
    ASSERT_EQ(c.along->log_sum_exp(x.Data(), sums.Data(), 3, 37, 1, &o), SIMDACT_OK);
    ASSERT_EQ(c.along->backward(want.Data(), dy.Data(), y.Data(), 3, 37, 1, &o), SIMDACT_OK);
    c.kernel->backward(want.Data(), dy.Data(), want.Data(), 3, 37, &row);
    ExpectSameBits(y, want);
  });
}

// One score far above the others, whose logarithm is what they add up to, down to the denormals.
TEST(SoftmaxAxisTest, LogarithmsNextToZero) {
  ForEachAxis([&](const AxisCase& c) {
    if (c.op != SIMDACT_SOFTMAX_OP_log_softmax) return;
    const double end = c.dtype == SIMDACT_F64 ? 760 : c.dtype == SIMDACT_F16 ? 20 : 115;
    for (const size_t axis : std::vector<size_t>{1, 2, 3, 17, 100, 600, Quick() ? 700u : 2100u}) {
      for (const double scale : {1.0, 0.5}) {
        const Shape s = {1, axis, 29};
        Array x(c.dtype, s.Size()), y = x;
        for (size_t i = 0; i < s.inner; ++i) {
          const double largest = i % 3 == 0 ? 0.0 : i % 3 == 1 ? 3.5 : -300.0;
          const double gap = end * static_cast<double>(i) / static_cast<double>(s.inner);
          std::vector<double> column(axis);
          for (size_t a = 0; a < axis; ++a) column[a] = largest - gap - 0.125 * static_cast<double>(a % 5);
          column[axis / 3] = largest;
          s.SetColumn(x, i, column);
        }
        Options o{};
        o.scale = scale;
        ASSERT_EQ(c.along->forward(x.Data(), y.Data(), 1, axis, s.inner, &o), SIMDACT_OK);
        for (size_t i = 0; i < s.inner; ++i) {
          const auto row = RowOptionsOf(o);
          const Reals z = ScoresOf(c.op, c.dtype, s.Column(x, i), 0, 1, row, nullptr);
          SCOPED_TRACE(testing::Message() << s << ", column " << i << ", scale " << scale);
          ExpectColumn(c, s, y, i, SoftmaxOf(c.op, z, -kInfinity, row).y, o);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  });
}

// Scores so large that their products with scale, or their differences, are not.
TEST(SoftmaxAxisTest, ExtremeScores) {
  ForEachAxis([&](const AxisCase& c) {
    if (IsHalf(c.dtype)) return;
    const double most = c.dtype == SIMDACT_F64 ? 1.7e308 : 3.4e38,
                 least = c.dtype == SIMDACT_F64 ? 5e-324 : 1e-45;
    const Shape s = {1, 4, 9};
    const std::vector<std::vector<double>> columns = {
        {most, -most, 0, 1},           {most, most, -most, -most}, {-most, -most, -most, -most},
        {least, 0, -least, 2 * least}, {most, 0.9 * most, 0, 0},   {1e5, 99999, 99998, -1e5},
        {-1e9, -1e9, -1e9, -1e9},      {208, 207, -208, -207},     {1e30, 1e30, -1e30, 0}};
    for (const double scale : {1.0, 1e-38, 0.5, -2.0, 1e30}) {
      if (scale == 1e-38 && c.dtype == SIMDACT_F64) continue;
      Array x(c.dtype, s.Size()), y = x;
      for (size_t i = 0; i < s.inner; ++i) s.SetColumn(x, i, columns[i]);
      Options o{};
      o.scale = scale;
      ASSERT_EQ(c.along->forward(x.Data(), y.Data(), 1, s.axis, s.inner, &o), SIMDACT_OK);
      for (size_t i = 0; i < s.inner; ++i) {
        const auto row = RowOptionsOf(o);
        // Less the largest one: a long double does not hold these products.
        const long double sign = c.op == SIMDACT_SOFTMAX_OP_softmin ? -1 : 1;
        const long double factor = sign * simdact_accuracy::OptionIn(c.dtype, scale, 1);
        Reals z = s.Column(x, i);
        const long double largest =
            factor > 0 ? *std::max_element(z.begin(), z.end()) : *std::min_element(z.begin(), z.end());
        for (long double& score : z) score = factor * (score - largest);
        SCOPED_TRACE(testing::Message() << "column " << i << ", scale " << scale);
        ExpectColumn(c, s, y, i, SoftmaxOf(c.op, z, -kInfinity, row).y, o);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  });
}

// NaN, infinite scores and columns of -inf alone, beside others, which stay what they are.
TEST(SoftmaxAxisTest, SpecialColumns) {
  std::mt19937 random(44);
  ForEachAxis([&](const AxisCase& c) {
    for (const Shape& s :
         std::vector<Shape>{{1, 5, 3}, {1, 130, 40}, {3, 7, 13}, {1, 700, 16}, {2, 1100, 9}}) {
      for (int trial = 0; trial < 6; ++trial) {
        Array x(c.dtype, s.Size()), y(c.dtype, s.Size()), usual = y, sums(c.Number(), s.Columns());
        for (size_t i = 0; i < s.Columns(); ++i)
          s.SetColumn(x, i, MakeRow(Spread::kNormal10, s.axis, random));
        Options o{};
        o.masked_row = static_cast<simdact_masked_row>(trial % 3);
        o.infinite_score = static_cast<simdact_infinite_score>(trial % 2);
        if (trial > 3) o.scale = trial == 4 ? 0.5 : -1;
        c.along->forward(x.Data(), usual.Data(), s.outer, s.axis, s.inner, &o);
        std::vector<bool> is_special(s.Columns());
        for (size_t i = 0; i < s.Columns(); ++i) {
          const unsigned kind = random() % 8;
          is_special[i] = kind < 4;
          const auto place = [&] { return s.At(i, random() % s.axis); };
          if (kind == 0) x.Set(place(), kNan);
          if (kind == 1 || kind == 2) x.Set(place(), kInf), x.Set(place(), -kInf), x.Set(place(), kInf);
          if (kind == 2) x.Set(place(), kNan);
          if (kind == 3) s.SetColumn(x, i, std::vector<double>(s.axis, trial == 5 ? kInf : -kInf));
        }
        o.log_sum_exp = sums.Data();
        const auto row = RowOptionsOf(o);
        ASSERT_EQ(c.along->forward(x.Data(), y.Data(), s.outer, s.axis, s.inner, &o), SIMDACT_OK);
        for (size_t i = 0; i < s.Columns(); ++i) {
          SCOPED_TRACE(testing::Message() << s << ", column " << i << ", trial " << trial);
          const Reals z = ScoresOf(c.op, c.dtype, s.Column(x, i), 0, 1, row, nullptr);
          const auto want = SoftmaxOf(c.op, z, -kInfinity, row);
          ExpectColumn(c, s, y, i, want.y, o);
          if (testing::Test::HasFatalFailure()) return;
          if (is_special[i] && !std::isfinite(want.log_sum_exp)) {
            const double sum = sums[i], exact = static_cast<double>(want.log_sum_exp);
            ASSERT_TRUE(sum == exact || (std::isnan(sum) && std::isnan(exact))) << sum;
          }
          if (is_special[i]) continue;
          for (size_t a = 0; a < s.axis; ++a) ASSERT_EQ(y.Bits(s.At(i, a)), usual.Bits(s.At(i, a)));
        }
        Array in_place = x;
        c.along->forward(in_place.Data(), in_place.Data(), s.outer, s.axis, s.inner, &o);
        ExpectSame(in_place, y);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  });
}

// As SoftmaxBackwardTest.IsTheJacobianProduct, of which the room for cancellation is.
TEST(SoftmaxAxisTest, Gradients) {
  std::mt19937 random(45);
  ForEachAxis([&](const AxisCase& c) {
    for (const Shape& s : Shapes(random)) {
      const double scale = random() % 2 == 0 ? 1.0 : -0.375;
      const bool nearly_constant = random() % 2 == 0;
      Array x(c.dtype, s.Size()), dy = x, y = x, dx = x;
      for (size_t i = 0; i < s.Columns(); ++i) {
        s.SetColumn(x, i, MakeRow(Spread::kNormal1, s.axis, random));
        std::vector<double> upstream = MakeRow(Spread::kNormal1, s.axis, random);
        for (double& value : upstream) value = nearly_constant ? 1 + value / 1024 : value;
        s.SetColumn(dy, i, upstream);
      }
      Options o{};
      c.along->forward(x.Data(), y.Data(), s.outer, s.axis, s.inner, &o);
      o.scale = scale;
      ASSERT_EQ(c.along->backward(y.Data(), dy.Data(), dx.Data(), s.outer, s.axis, s.inner, &o), SIMDACT_OK);
      const bool log = c.op == SIMDACT_SOFTMAX_OP_log_softmax;
      for (size_t i = 0; i < s.Columns(); ++i) {
        const Reals outputs = s.Column(y, i), upstreams = s.Column(dy, i), got = s.Column(dx, i);
        const Reals want = SoftmaxGradient(c.op, outputs, upstreams, static_cast<long double>(scale));
        for (size_t a = 0; a < s.axis; ++a) {
          const double output = static_cast<double>(outputs[a]), value = static_cast<double>(got[a]);
          const double size = log ? 0x1p-22 * static_cast<double>(s.axis) : 0x1p-40;
          const double lost = std::fabs(scale) * size * (log ? std::exp(output) : output) *
                              (c.dtype == SIMDACT_F64 ? 0x1p-10 : 4);
          const double error = std::fabs(value - static_cast<double>(want[a]));
          const double claim = IsHalf(c.dtype) ? 0.51 : 2.0, ulps = UlpError(c.dtype, value, want[a]);
          ASSERT_TRUE(ulps <= claim || error * (1 - claim / ulps) <= lost)
              << s << ", column " << i << ", element " << a << ": got " << value << ", want "
              << static_cast<double>(want[a]);
        }
      }
    }
  });
}

// The gradient of the usual loss, where a column's largest p is nearly 1.
TEST(SoftmaxAxisTest, GradientsNextToZero) {
  ForEachAxis([&](const AxisCase& c) {
    if (c.op != SIMDACT_SOFTMAX_OP_log_softmax) return;
    const Shape s = {1, 21, 19};
    Array x(c.dtype, s.Size()), dy = x, y = x, dx = x;
    for (size_t i = 0; i < s.inner; ++i) {
      for (size_t a = 0; a < s.axis; ++a) x.Set(s.At(i, a), a == i ? static_cast<double>(i) : 0.0);
      dy.Set(s.At(i, i), 1.0);
    }
    c.along->forward(x.Data(), y.Data(), 1, s.axis, s.inner, nullptr);
    ASSERT_EQ(c.along->backward(y.Data(), dy.Data(), dx.Data(), 1, s.axis, s.inner, nullptr), SIMDACT_OK);
    for (size_t i = 0; i < s.inner; ++i) {
      Array got(c.dtype, s.axis);
      for (size_t a = 0; a < s.axis; ++a) got.SetBits(a, dx.Bits(s.At(i, a)));
      ExpectRow(c, got, 0, SoftmaxGradient(c.op, s.Column(y, i), s.Column(dy, i), 1),
                IsHalf(c.dtype) ? 0.51 : 2.0);
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

// At the beginning and at the end of what may be touched, at any alignment of elements.
TEST(SoftmaxAxisTest, TouchesNothingOutsideTheArrays) {
  std::mt19937 random(46);
  const GuardedPage from, upstream, to;
  ForEachAxis([&](const AxisCase& c) {
    const size_t bytes = FormatOf(c.dtype).bytes, most = from.Size() / bytes;
    from.Fill(Array(c.dtype, std::vector<double>(most, 0.5)));
    upstream.Fill(Array(c.dtype, std::vector<double>(most, 1.0)));
    for (int trial = 0; trial < (Quick() ? 60 : 400); ++trial) {
      Shape s;
      s.axis = 1 + random() % (trial % 4 == 0 ? 100 : 9);
      s.inner = 2 + random() % std::min<size_t>(most / s.axis - 1, 140);
      s.outer = 1 + random() % std::min<size_t>(most / (s.axis * s.inner), 4);
      if (s.Size() > most) continue;
      const auto call = [&](char* x, char* dy, char* y) {
        Array sums(c.Number(), s.Columns());
        c.along->forward(x, y, s.outer, s.axis, s.inner, nullptr);
        c.along->log_sum_exp(x, sums.Data(), s.outer, s.axis, s.inner, nullptr);
        c.along->backward(x, dy, y, s.outer, s.axis, s.inner, nullptr);
      };
      call(from.Begin(), upstream.Begin(), to.Begin());
      const size_t skip = s.Size() * bytes;
      call(from.End() - skip, upstream.End() - skip, to.End() - skip);
    }
  });
}

// What lies around y stays.
TEST(SoftmaxAxisTest, WritesNothingElse) {
  std::mt19937 random(47);
  ForEachAxis([&](const AxisCase& c) {
    for (int trial = 0; trial < 40; ++trial) {
      const Shape s = {1 + random() % 3, 1 + random() % 30, 2 + random() % 90};
      const size_t before = random() % 9, bytes = FormatOf(c.dtype).bytes;
      const Array x = MakeColumns(c.dtype, s, random);
      std::vector<unsigned char> memory((before + s.Size() + 70) * bytes, 0xA5), sums(s.Columns() * 8);
      unsigned char* y = memory.data() + before * bytes;
      ASSERT_EQ(c.along->forward(x.Data(), y, s.outer, s.axis, s.inner, nullptr), SIMDACT_OK);
      for (size_t i = 0; i < before * bytes; ++i) ASSERT_EQ(memory[i], 0xA5) << s;
      for (size_t i = (before + s.Size()) * bytes; i < memory.size(); ++i) ASSERT_EQ(memory[i], 0xA5) << s;
    }
  });
}

TEST(SoftmaxAxisTest, BadArguments) {
  ForEachAxis([&](const AxisCase& c) {
    Array x(c.dtype, 64), y(c.dtype, std::vector<double>(64, 77.0)), sums(c.Number(), 64);
    const auto forward = [&](const void* from, void* to, size_t outer, size_t axis, size_t inner,
                             const Options& o) { return c.along->forward(from, to, outer, axis, inner, &o); };
    Options o{};
    EXPECT_EQ(forward(x.Data(), y.Data(), 2, 0, 3, o), SIMDACT_EMPTY_ROW);
    EXPECT_EQ(c.along->backward(x.Data(), x.Data(), y.Data(), 2, 0, 3, &o), SIMDACT_EMPTY_ROW);
    EXPECT_EQ(forward(nullptr, nullptr, 0, 3, 4, o), SIMDACT_OK);
    EXPECT_EQ(forward(nullptr, nullptr, 4, 3, 0, o), SIMDACT_OK);
    EXPECT_EQ(forward(nullptr, y.Data(), 2, 3, 4, o), SIMDACT_NULL_POINTER);
    EXPECT_EQ(forward(x.Data(), nullptr, 2, 3, 4, o), SIMDACT_NULL_POINTER);
    EXPECT_EQ(c.along->log_sum_exp(x.Data(), nullptr, 2, 3, 4, &o), SIMDACT_NULL_POINTER);
    EXPECT_EQ(c.along->backward(x.Data(), nullptr, y.Data(), 2, 3, 4, &o), SIMDACT_NULL_POINTER);
    EXPECT_EQ(forward(x.Data(), x.At(1), 2, 3, 4, o), SIMDACT_OVERLAP);
    EXPECT_EQ(c.along->backward(x.Data(), y.Data(), y.At(1), 2, 3, 4, &o), SIMDACT_OVERLAP);
    EXPECT_EQ(c.along->log_sum_exp(x.Data(), x.Data(), 2, 3, 4, &o), SIMDACT_OVERLAP);
    EXPECT_EQ(forward(x.Data(), y.Data(), 2, SIZE_MAX / 2, 4, o), SIMDACT_TOO_LARGE);
    EXPECT_EQ(forward(x.Data(), y.Data(), SIZE_MAX / 2, 3, 4, o), SIMDACT_TOO_LARGE);
    o.log_sum_exp = y.Data();
    EXPECT_EQ(forward(x.Data(), y.Data(), 2, 3, 4, o), SIMDACT_OVERLAP);
    o = {}, o.scale = kInf;
    EXPECT_EQ(forward(x.Data(), y.Data(), 2, 3, 4, o), SIMDACT_BAD_OPTION);
    o = {}, o.tier = SIMDACT_TIER_COUNT;
    EXPECT_EQ(forward(x.Data(), y.Data(), 2, 3, 4, o), SIMDACT_BAD_OPTION);
    for (size_t i = 0; i < std::size(o.reserved); ++i) {
      o = {}, o.reserved[i] = 1;
      EXPECT_EQ(forward(x.Data(), y.Data(), 2, 3, 4, o), SIMDACT_BAD_OPTION);
      EXPECT_EQ(c.along->backward(x.Data(), x.Data(), y.Data(), 2, 3, 4, &o), SIMDACT_BAD_OPTION);
    }
    for (size_t i = 0; i < y.Size(); ++i) EXPECT_EQ(y[i], 77.0);
  });
  const simdact_target* target = simdact_target_default();
  EXPECT_EQ(simdact_find_softmax_axis(target, SIMDACT_SOFTMAX_OP_COUNT, SIMDACT_F32), nullptr);
  EXPECT_EQ(simdact_find_softmax_axis(target, SIMDACT_SOFTMAX_OP_softmax, SIMDACT_DTYPE_COUNT), nullptr);
  EXPECT_EQ(simdact_find_softmax_axis(nullptr, SIMDACT_SOFTMAX_OP_softmax, SIMDACT_F32), nullptr);
}

// torch.softmax([[[0, 1], [1, 1]]], dim=1), and of its kin.
TEST(SoftmaxAxisTest, Overloads) {
  const float x[1][2][2] = {{{0, 1}, {1, 1}}};
  float y[4], sums[2], dx[4];
  ASSERT_EQ(simdact::softmax_axis(&x[0][0][0], y, 1, 2, 2), SIMDACT_OK);
  EXPECT_FLOAT_EQ(y[0], 0.26894143f);
  EXPECT_FLOAT_EQ(y[2], 0.7310586f);
  EXPECT_FLOAT_EQ(y[1], 0.5f);
  const float dy[4] = {1, 0, 0, 1};
  ASSERT_EQ(simdact::softmax_axis_backward(y, dy, dx, 1, 2, 2), SIMDACT_OK);
  EXPECT_FLOAT_EQ(dx[0], 0.19661193f);
  EXPECT_EQ(dx[3], 0.25f);
  ASSERT_EQ(simdact::softmin_axis(&x[0][0][0], y, 1, 2, 2), SIMDACT_OK);
  EXPECT_FLOAT_EQ(y[0], 0.7310586f);
  ASSERT_EQ(simdact::log_softmax_axis(&x[0][0][0], y, 1, 2, 2), SIMDACT_OK);
  EXPECT_FLOAT_EQ(y[0], -1.3132616f);
  ASSERT_EQ(simdact::log_sum_exp_axis(&x[0][0][0], sums, 1, 2, 2), SIMDACT_OK);
  EXPECT_FLOAT_EQ(sums[0], 1.3132616f);
}

}  // namespace
}  // namespace simdact_test
