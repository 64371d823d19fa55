// Softmax of attention's scores: each option, and thousands of random combinations of them, against the
// reference; what is refused; aliasing; and that nothing outside the arrays is touched.

#include <cstring>
#include <random>
#include <string>

#include "simdact/simdact.hpp"
#include "tests/common/guarded_page.h"
#include "tests/reference/attention.h"
#include "tests/softmax/softmax_cases.h"

namespace simdact_test {
namespace {

using simdact_accuracy::AttentionRow;
using simdact_accuracy::Dtypes;
using simdact_accuracy::kInfinity;
using simdact_accuracy::RunningTargets;
using simdact_accuracy::UlpError;

template <class F>
void ForEachDtype(const F& f) {
  for (const simdact_dtype dtype : Dtypes()) {
    SCOPED_TRACE(simdact_accuracy::DtypeName(dtype));
    f(dtype);
    if (testing::Test::HasFatalFailure()) return;
  }
}
template <class F>
void ForEachTarget(const F& f) {
  for (const simdact_target* target : RunningTargets()) {
    SCOPED_TRACE(simdact_target_name(target));
    f(target);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// A log-sum-exp or a sink's gradient is a double for f64, else a float.
simdact_dtype NumberOf(simdact_dtype dtype) { return dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32; }

size_t Stride(size_t given, size_t dense) { return given == 0 ? dense : given; }

// A problem: sizes and options, and the arrays that they point to.
struct Problem {
  simdact_dtype dtype;
  simdact_attention a{};
  Array x, dy, same_mask;
  std::vector<float> additive, mask_slopes, alibi, sinks;
  std::vector<uint8_t> shown;
  std::vector<size_t> lengths;
  std::vector<ptrdiff_t> diagonals;

  Problem(simdact_dtype type, size_t batches, size_t heads, size_t queries, size_t keys)
      : dtype(type), x(type), dy(type), same_mask(type) {
    a.batches = batches, a.heads = heads, a.queries = queries, a.keys = keys;
  }
  size_t Rows() const { return a.batches * a.heads * a.queries; }

  void MakeTensors(Spread spread, std::mt19937& random) {
    x = Array(dtype, MakeRow(spread, Rows() * a.keys, random));
    dy = Array(dtype, MakeRow(Spread::kNormal1, Rows() * a.keys, random));
  }
  // Everything that options may point to, for the largest shapes that they may have.
  void MakeTables(std::mt19937& random) {
    std::normal_distribution<double> normal;
    const size_t n = Rows() * a.keys, heads = a.batches * a.heads;
    additive.resize(n), shown.resize(n), same_mask.Resize(n);
    for (size_t i = 0; i < n; ++i) {
      const bool hidden = random() % 3 == 0;
      additive[i] = hidden ? -std::numeric_limits<float>::infinity() : static_cast<float>(normal(random));
      same_mask.Set(i, hidden ? -std::numeric_limits<double>::infinity() : normal(random));
      shown[i] = hidden ? 0 : static_cast<uint8_t>(1 + random() % 255);
    }
    for (std::vector<float>* slopes : {&mask_slopes, &alibi, &sinks}) {
      slopes->resize(heads);
      for (float& slope : *slopes) slope = static_cast<float>(normal(random));
    }
    lengths.resize(a.batches), diagonals.resize(a.batches);
    for (size_t b = 0; b < a.batches; ++b) {
      lengths[b] = random() % (a.keys + 3);
      diagonals[b] = static_cast<ptrdiff_t>(random() % (a.keys + 4)) - 3;
    }
  }
  void SetMask(simdact_mask type, bool batch, bool head, bool query) {
    a.mask_type = type;
    a.mask = type == SIMDACT_MASK_BOOL  ? static_cast<const void*>(shown.data())
             : type == SIMDACT_MASK_F32 ? static_cast<const void*>(additive.data())
                                        : same_mask.Data();
    a.mask_strides = {};
    size_t step = a.keys;
    if (query) a.mask_strides.query = step, step *= a.queries;
    if (head) a.mask_strides.head = step, step *= a.heads;
    if (batch) a.mask_strides.batch = step;
  }
  // Where an element of a tensor with these strides is.
  size_t At(const simdact_strides& s, size_t b, size_t h, size_t q) const {
    const size_t query = Stride(s.query, a.keys), head = Stride(s.head, a.queries * query);
    return b * Stride(s.batch, a.heads * head) + h * head + q * query;
  }
  size_t Span(const simdact_strides& s) const {
    return At(s, a.batches - 1, a.heads - 1, a.queries - 1) + a.keys;
  }
  // A dense tensor with other strides; what lies between is a sentinel.
  Array Spread4(const Array& dense, const simdact_strides& s) const {
    Array to(dtype, std::vector<double>(Span(s), 77.0));
    ForEachRow([&](const AttentionRow& row, size_t r) {
      for (size_t k = 0; k < a.keys; ++k)
        to.SetBits(At(s, row.batch, row.head, row.query) + k, dense.Bits(r * a.keys + k));
    });
    return to;
  }
  Array Dense(const Array& from, const simdact_strides& s) const {
    Array to(dtype, Rows() * a.keys);
    ForEachRow([&](const AttentionRow& row, size_t r) {
      for (size_t k = 0; k < a.keys; ++k)
        to.SetBits(r * a.keys + k, from.Bits(At(s, row.batch, row.head, row.query) + k));
    });
    return to;
  }
  template <class F>
  void ForEachRow(const F& f) const {
    size_t r = 0;
    for (size_t b = 0; b < a.batches; ++b) {
      for (size_t h = 0; h < a.heads; ++h) {
        for (size_t q = 0; q < a.queries; ++q) f(AttentionRow{a, dtype, b, h, q}, r++);
      }
    }
  }
  Reals RowOf(const Array& dense, size_t r) const { return RealsOf(dense, r * a.keys, a.keys); }
};

// What the reference makes of a problem. y and the sums as a caller would have them: rounded.
struct Exact {
  std::vector<simdact_accuracy::Scores> z;
  std::vector<simdact_accuracy::RowResult> rows;
  Array y, log_sum_exp;

  explicit Exact(const Problem& p)
      : z(p.Rows()),
        rows(p.Rows()),
        y(p.dtype, p.Rows() * p.a.keys),
        log_sum_exp(NumberOf(p.dtype), p.Rows()) {
    p.ForEachRow([&](const AttentionRow& row, size_t r) {
      z[r] = row.ScoresOf(p.RowOf(p.x, r), &p.same_mask);
      rows[r] = row.Forward(z[r]);
      for (size_t k = 0; k < p.a.keys; ++k) y.Set(r * p.a.keys + k, static_cast<double>(rows[r].y[k]));
      log_sum_exp.Set(r, static_cast<double>(rows[r].log_sum_exp));
    });
  }
};

double Unit(simdact_dtype dtype) { return dtype == SIMDACT_F64 ? 0x1p-53 : 0x1p-24; }
// What a capped score has lost, in units: nothing but in f64, which has no longer format.
double LossOfCap(const Problem& p) { return p.dtype == SIMDACT_F64 ? 4 * p.a.softcap : 0.0; }

void ExpectForward(const Problem& p, const Exact& exact, const simdact_target* target) {
  const SoftmaxCase c{target, SIMDACT_SOFTMAX_OP_softmax, p.dtype, nullptr};
  Problem call = p;
  Array x = p.Spread4(p.x, p.a.x_strides), y(p.dtype, std::vector<double>(p.Span(p.a.y_strides), 77.0));
  Array sums(NumberOf(p.dtype), p.Rows());
  call.a.log_sum_exp = sums.Data();
  ASSERT_EQ(simdact_attention_softmax(target, p.dtype, x.Data(), y.Data(), &call.a), SIMDACT_OK);
  const Array dense = p.Dense(y, p.a.y_strides), again = p.Spread4(dense, p.a.y_strides);
  ASSERT_EQ(std::memcmp(y.Data(), again.Data(), y.Size() * y.ElementBytes()), 0) << "between the rows";
  for (size_t r = 0; r < p.Rows(); ++r) {
    SCOPED_TRACE(testing::Message() << "row " << r);
    ExpectRow(c, dense, r * p.a.keys, exact.rows[r].y,
              simdact_accuracy::SoftmaxClaim(p.dtype) + LossOfCap(p));
    const double want = static_cast<double>(exact.rows[r].log_sum_exp);
    if (std::isfinite(want)) {
      const double room = LossOfCap(p) * 0x1p-53;
      ASSERT_NEAR(sums[r], want, (1.01 * std::fabs(want) + 0.5) * 2 * Unit(p.dtype) + room);
    } else {
      ASSERT_TRUE(std::isnan(want) ? std::isnan(sums[r]) : sums[r] == want) << sums[r];
    }
  }
  // In place, to the same bits.
  call.a.y_strides = p.a.x_strides;
  ASSERT_EQ(simdact_attention_softmax(target, p.dtype, x.Data(), x.Data(), &call.a), SIMDACT_OK);
  const Array in_place = p.Dense(x, p.a.x_strides);
  for (size_t i = 0; i < dense.Size(); ++i)
    ASSERT_TRUE(in_place.Bits(i) == dense.Bits(i) || std::isnan(dense[i])) << i;
}

// dx within `ulps`, and `lost` of what cancels in it.
void ExpectGradient(const Problem& p, const Array& dx, size_t r, const AttentionRow::Gradient& want,
                    double ulps, double lost) {
  for (size_t k = 0; k < p.a.keys; ++k) {
    const double got = dx[r * p.a.keys + k], error = UlpError(p.dtype, got, want.dx[k]);
    const double off = std::fabs(got - static_cast<double>(want.dx[k]));
    const double room = lost * static_cast<double>(want.sizes[k]) +
                        std::ldexp(0.51, FormatOf(p.dtype).min_exponent - FormatOf(p.dtype).fraction_bits);
    ASSERT_TRUE(error <= ulps || off * (1 - ulps / error) <= room)
        << "row " << r << ", key " << k << ": got " << got << ", want " << static_cast<double>(want.dx[k])
        << ", which cancels " << static_cast<double>(want.sizes[k]) << ", room " << room;
  }
}

enum class From { kY, kX };

void ExpectBackward(const Problem& p, const Exact& exact, const simdact_target* target, From from) {
  SCOPED_TRACE(from == From::kY ? "from y" : "from x");
  Problem call = p;
  Array x = p.Spread4(p.x, p.a.x_strides), y = p.Spread4(exact.y, p.a.y_strides);
  Array dy = p.Spread4(p.dy, p.a.dy_strides), dx(p.dtype, std::vector<double>(p.Span(p.a.dx_strides), 77.0));
  Array sums = exact.log_sum_exp,
        dsinks(NumberOf(p.dtype), std::vector<double>(p.a.batches * p.a.heads, 77.0));
  call.a.log_sum_exp = sums.Data();
  const bool has_sinks = p.a.sinks != nullptr;
  const void* outputs = from == From::kY ? y.Data() : nullptr;
  const void* scores = from == From::kX || p.a.softcap != 0 ? x.Data() : nullptr;
  const auto run = [&](void* to) {
    return simdact_attention_softmax_backward(target, p.dtype, scores, outputs, dy.Data(), to,
                                              has_sinks ? dsinks.Data() : nullptr, &call.a);
  };
  ASSERT_EQ(run(dx.Data()), SIMDACT_OK);
  const Array dense = p.Dense(dx, p.a.dx_strides), again = p.Spread4(dense, p.a.dx_strides);
  ASSERT_EQ(std::memcmp(dx.Data(), again.Data(), dx.Size() * dx.ElementBytes()), 0) << "between the rows";

  const double unit = Unit(p.dtype), exact_sum = p.dtype == SIMDACT_F64 ? 0x1p-50 : 0x1p-38;
  std::vector<long double> dsink(p.a.batches * p.a.heads, 0), sizes = dsink;
  p.ForEachRow([&](const AttentionRow& row, size_t r) {
    const long double log_sum_exp = exact.rows[r].log_sum_exp;
    const Reals row_x = p.RowOf(p.x, r), row_dy = p.RowOf(p.dy, r);
    const auto want = row.Backward(
        row_x, from == From::kY ? p.RowOf(exact.y, r) : row.Probabilities(exact.z[r], log_sum_exp), row_dy);
    double steepest = 0;
    for (const long double value : row_x)
      steepest = std::max(steepest, std::fabs(static_cast<double>(row.Scale() * value / row.Cap())));
    const bool capped = p.a.softcap != 0;
    const double ulps = IsHalf(p.dtype)          ? 0.51
                        : !capped                ? 2.0
                        : p.dtype == SIMDACT_F64 ? 4 + 4 * steepest
                                                 : 4.0;
    const double size = std::fabs(static_cast<double>(log_sum_exp));
    const double lost = from == From::kY ? exact_sum : (4 + size + LossOfCap(p)) * unit;
    ExpectGradient(p, dense, r, want, ulps, lost);
    if (has_sinks && log_sum_exp != -kInfinity) {
      const size_t at = row.batch * p.a.sink_batch_stride + row.head;
      const long double share = std::exp(row.Sink() - log_sum_exp);
      dsink[at] -= share * want.sum;
      if (share != 0)
        sizes[at] += share * want.sum_of_sizes *
                     (4 + std::fabs(row.Sink() == -kInfinity ? 0 : row.Sink()) + 2 * (size + LossOfCap(p)));
    }
  });
  if (testing::Test::HasFatalFailure()) return;
  for (size_t b = 0; b < (p.a.sink_batch_stride == 0 ? 1 : p.a.batches) && has_sinks; ++b) {
    for (size_t h = 0; h < p.a.heads; ++h) {
      const size_t at = b * p.a.sink_batch_stride + h;
      if (std::isnan(dsink[at])) {
        ASSERT_TRUE(std::isnan(dsinks[at]));
      } else {
        ASSERT_LE(std::fabs(dsinks[at] - static_cast<double>(dsink[at])),
                  static_cast<double>(sizes[at]) * unit + 1e-44)
            << "sink " << at << ": got " << dsinks[at] << ", want " << static_cast<double>(dsink[at]);
      }
    }
  }
  // In place of dy, of y and of x, to the same bits.
  const auto expect_same = [&](Array& to, const simdact_strides& strides) {
    call.a.dx_strides = strides;
    ASSERT_EQ(run(to.Data()), SIMDACT_OK);
    const Array in_place = p.Dense(to, strides);
    for (size_t i = 0; i < dense.Size(); ++i)
      ASSERT_TRUE(in_place.Bits(i) == dense.Bits(i) || std::isnan(dense[i])) << i;
  };
  const Array upstream = dy, output = y;
  expect_same(dy, p.a.dy_strides);
  std::memcpy(dy.Data(), upstream.Data(), dy.Size() * dy.ElementBytes());
  if (from == From::kY) expect_same(y, p.a.y_strides);
  std::memcpy(y.Data(), output.Data(), y.Size() * y.ElementBytes());
  if (scores != nullptr) expect_same(x, p.a.x_strides);
}

void ExpectAll(const Problem& p) {
  const Exact exact(p);
  ForEachTarget([&](const simdact_target* target) {
    ExpectForward(p, exact, target);
    for (const From from : {From::kY, From::kX}) {
      if (!testing::Test::HasFatalFailure()) ExpectBackward(p, exact, target, from);
    }
  });
}

struct Variant {
  const char* name;
  void (*set)(Problem& p);
};
const Variant kVariants[] = {
    {"nothing", [](Problem&) {}},
    {"scale", [](Problem& p) { p.a.scale = 0.125; }},
    {"scale and softcap", [](Problem& p) { p.a.scale = 2, p.a.softcap = 5; }},
    {"mask [b, 1, q, k]", [](Problem& p) { p.SetMask(SIMDACT_MASK_F32, true, false, true); }},
    {"mask [1, 1, q, k]", [](Problem& p) { p.SetMask(SIMDACT_MASK_SAME, false, false, true); }},
    {"mask [b, 1, 1, k]", [](Problem& p) { p.SetMask(SIMDACT_MASK_BOOL, true, false, false); }},
    {"mask [b, h, q, k]", [](Problem& p) { p.SetMask(SIMDACT_MASK_BOOL, true, true, true); }},
    {"mask [1, h, q, k] with slopes",
     [](Problem& p) {
       p.SetMask(SIMDACT_MASK_F32, false, true, true);
       p.a.mask_slopes = p.mask_slopes.data();
     }},
    {"ALiBi", [](Problem& p) { p.a.alibi_slopes = p.alibi.data(), p.a.causal = 1; }},
    {"ALiBi by batch",
     [](Problem& p) { p.a.alibi_slopes = p.alibi.data(), p.a.alibi_batch_stride = p.a.heads; }},
    {"sinks", [](Problem& p) { p.a.sinks = p.sinks.data(), p.a.causal = 1, p.a.diagonal = -2; }},
    {"sinks by batch",
     [](Problem& p) { p.a.sinks = p.sinks.data(), p.a.sink_batch_stride = p.a.heads, p.a.scale = 0.3; }},
    {"lengths", [](Problem& p) { p.a.key_lengths = p.lengths.data(); }},
    {"causal from the bottom right",
     [](Problem& p) {
       p.a.causal = 1, p.a.diagonal = static_cast<ptrdiff_t>(p.a.keys) - static_cast<ptrdiff_t>(p.a.queries);
     }},
    {"causal by batch", [](Problem& p) { p.a.causal = 1, p.a.diagonals = p.diagonals.data(); }},
    {"window",
     [](Problem& p) { p.a.window = 1, p.a.window_left = 3, p.a.window_right = 1, p.a.scale = 0.5; }},
    {"causal window",
     [](Problem& p) { p.a.causal = p.a.window = 1, p.a.window_left = 4, p.a.window_right = 9; }},
    {"window to the right", [](Problem& p) { p.a.window = 1, p.a.window_left = -1, p.a.window_right = 2; }},
    {"diagonal and window at opposite ends of ptrdiff_t",
     [](Problem& p) {
       p.a.window = 1, p.a.diagonal = PTRDIFF_MIN, p.a.window_left = -1, p.a.window_right = PTRDIFF_MAX;
     }},
    {"diagonal and window at one end of ptrdiff_t",
     [](Problem& p) {
       p.a.window = 1, p.a.diagonal = PTRDIFF_MAX, p.a.window_left = PTRDIFF_MAX, p.a.window_right = -1;
     }},
    {"window at the ends of ptrdiff_t", [](Problem& p) {
       p.a.window = p.a.causal = 1, p.a.diagonal = 2;
       p.a.window_left = PTRDIFF_MAX, p.a.window_right = PTRDIFF_MIN;
     }}};

TEST(AttentionTest, EachOptionIsWhatTheReferenceSays) {
  std::mt19937 random(61);
  ForEachDtype([&](simdact_dtype dtype) {
    const size_t most = dtype == SIMDACT_F64 ? 1100 : 2100;  // more than a block
    for (const size_t keys : std::vector<size_t>{1, 7, 16, 33, Quick() ? size_t{70} : most}) {
      for (const Variant& variant : kVariants) {
        SCOPED_TRACE(testing::Message() << variant.name << ", " << keys << " keys");
        Problem p(dtype, 2, 3, keys > 100 ? 2 : 5, keys);
        p.MakeTensors(keys % 2 == 0 ? Spread::kNormal1 : Spread::kNormal10, random);
        p.MakeTables(random);
        p.a.masked_row = SIMDACT_MASKED_ROW_ZERO;
        variant.set(p);
        ExpectAll(p);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  });
}

// More queries than the stack holds the visible keys of, and fewer than the next piece.
TEST(AttentionTest, ManyQueries) {
  std::mt19937 random(62);
  ForEachDtype([&](simdact_dtype dtype) {
    Problem p(dtype, 2, 2, 131, 140);
    p.MakeTensors(Spread::kNormal1, random);
    p.MakeTables(random);
    p.SetMask(SIMDACT_MASK_F32, true, false, true);
    p.a.masked_row = SIMDACT_MASKED_ROW_ZERO;
    p.a.causal = p.a.window = 1, p.a.diagonal = 5, p.a.window_left = 30, p.a.sinks = p.sinks.data();
    ExpectAll(p);
  });
}

// One of several, at random.
template <class T>
T OneOf(std::mt19937& random, std::initializer_list<T> list) {
  return list.begin()[random() % list.size()];
}
bool Chance(std::mt19937& random, unsigned of) { return random() % of == 0; }

simdact_strides AnyStrides(const Problem& p, std::mt19937& random) {
  const size_t gap = random() % 3, keys = p.a.keys + gap;
  switch (random() % 3) {
    case 0:
      return {0, 0, 0};
    case 1:
      return {0, 0, keys};
    default:  // [batches, queries, heads, keys]
      return {p.a.queries * p.a.heads * keys, keys, p.a.heads * keys};
  }
}

// Any options that go together.
Problem AnyProblem(simdact_dtype dtype, std::mt19937& random) {
  Problem p(dtype, 1 + random() % 2, 1 + random() % 3, 1 + random() % 4,
            Chance(random, 20) ? 20 + random() % 60 : 1 + random() % 20);
  p.MakeTensors(OneOf(random, {Spread::kNormal1, Spread::kNormal1, Spread::kNormal10, Spread::kMinusInf}),
                random);
  p.MakeTables(random);
  simdact_attention& a = p.a;
  if (Chance(random, 60)) p.x.Set(random() % p.x.Size(), std::numeric_limits<double>::infinity());
  if (Chance(random, 60)) p.x.Set(random() % p.x.Size(), std::nan(""));
  a.scale = OneOf(random, {0.0, 0.0, 0.125, 0.7, -1.5});
  a.softcap = OneOf(random, {0.0, 0.0, 0.0, 3.0, 20.0});
  a.masked_row = OneOf(random, {SIMDACT_MASKED_ROW_NAN, SIMDACT_MASKED_ROW_ZERO, SIMDACT_MASKED_ROW_UNIFORM});
  a.infinite_score = OneOf(random, {SIMDACT_INFINITE_SCORE_NAN, SIMDACT_INFINITE_SCORE_LIMIT});
  const auto mask =
      OneOf(random, {SIMDACT_MASK_NONE, SIMDACT_MASK_BOOL, SIMDACT_MASK_F32, SIMDACT_MASK_SAME});
  if (mask != SIMDACT_MASK_NONE) p.SetMask(mask, Chance(random, 2), Chance(random, 2), Chance(random, 2));
  a.mask_slope = OneOf(random, {0.0, 0.5, -0.25});
  if (a.mask_slope < 0 && (mask == SIMDACT_MASK_F32 || mask == SIMDACT_MASK_SAME)) a.mask_slope = 1.5;
  if (Chance(random, 4) && mask <= SIMDACT_MASK_BOOL) a.mask_slopes = p.mask_slopes.data();
  if (Chance(random, 4))
    a.alibi_slopes = p.alibi.data(), a.alibi_batch_stride = OneOf(random, {size_t{0}, a.heads});
  if (Chance(random, 3)) a.sinks = p.sinks.data(), a.sink_batch_stride = OneOf(random, {size_t{0}, a.heads});
  if (Chance(random, 10)) p.sinks[random() % p.sinks.size()] = -std::numeric_limits<float>::infinity();
  if (Chance(random, 3)) a.key_lengths = p.lengths.data();
  a.causal = Chance(random, 2) ? 1 : 0;
  if (Chance(random, 2)) a.diagonal = static_cast<ptrdiff_t>(random() % (a.keys + 4)) - 3;
  if (Chance(random, 4)) a.diagonals = p.diagonals.data();
  a.window = Chance(random, 3) ? 1 : 0;
  a.window_left = OneOf<ptrdiff_t>(random, {-1, 0, 1, 3, 8, PTRDIFF_MAX});
  a.window_right = OneOf<ptrdiff_t>(random, {-1, 0, 1, 3, 8, PTRDIFF_MAX});
  a.x_strides = AnyStrides(p, random), a.y_strides = AnyStrides(p, random);
  a.dy_strides = AnyStrides(p, random), a.dx_strides = AnyStrides(p, random);
  return p;
}

TEST(AttentionTest, AnyOptionsAreWhatTheReferenceSays) {
  std::mt19937 random(63);
  const int count = Quick() ? 400 : 10000;
  for (int i = 0; i < count; ++i) {
    const simdact_dtype dtype = Dtypes()[static_cast<size_t>(i) % Dtypes().size()];
    SCOPED_TRACE(testing::Message() << "problem " << i << ", " << simdact_accuracy::DtypeName(dtype));
    ExpectAll(AnyProblem(dtype, random));
    if (testing::Test::HasFatalFailure()) return;
  }
}

// Scores beyond exp's reach: of sums, and of a large scale.
TEST(AttentionTest, LargeScores) {
  std::mt19937 random(64);
  ForEachDtype([&](simdact_dtype dtype) {
    if (dtype == SIMDACT_F64) return;  // where the reference's sums would be too short
    for (const bool masked : {false, true}) {
      Problem p(dtype, 1, 2, 3, 40);
      p.MakeTensors(Spread::kNormal10, random);
      p.MakeTables(random);
      p.a.scale = masked ? 1.0 : 3000.0;
      if (masked) {
        for (float& value : p.additive) value = value < -100 ? value : -1e6f + value;
        p.SetMask(SIMDACT_MASK_F32, false, false, true);
      }
      ExpectAll(p);
    }
  });
}

// Heads are rows of softmax, in both tiers, to the bit.
TEST(AttentionTest, IsSoftmaxOfEachRow) {
  std::mt19937 random(65);
  ForEachDtype([&](simdact_dtype dtype) {
    ForEachTarget([&](const simdact_target* target) {
      Problem p(dtype, 2, 3, 4, 37);
      p.MakeTensors(Spread::kNormal1, random);
      const simdact_softmax_kernel* kernel = simdact_find_softmax(target, SIMDACT_SOFTMAX_OP_softmax, dtype);
      for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
        simdact_softmax_options o{};
        p.a.tier = o.tier = tier;
        Array y(dtype, p.x.Size()), rows = y, dx = y, dx_rows = y;
        ASSERT_EQ(simdact_attention_softmax(target, dtype, p.x.Data(), y.Data(), &p.a), SIMDACT_OK);
        kernel->forward(p.x.Data(), rows.Data(), p.Rows(), p.a.keys, &o);
        ASSERT_EQ(std::memcmp(y.Data(), rows.Data(), y.Size() * y.ElementBytes()), 0);
        ASSERT_EQ(simdact_attention_softmax_backward(target, dtype, nullptr, y.Data(), p.dy.Data(), dx.Data(),
                                                     nullptr, &p.a),
                  SIMDACT_OK);
        kernel->backward(y.Data(), p.dy.Data(), dx_rows.Data(), p.Rows(), p.a.keys, &o);
        ASSERT_EQ(std::memcmp(dx.Data(), dx_rows.Data(), y.Size() * y.ElementBytes()), 0);
      }
    });
  });
}

// The functions by name take the default target.
TEST(AttentionTest, NamesAndOverloads) {
  const float x[4] = {0.0f, 1.0f, 2.0f, 3.0f}, dy[4] = {1.0f, 0.0f, 0.0f, 0.5f};
  float y[4], again[4], dx[4], dx_again[4];
  simdact_attention a{};
  a.batches = a.heads = a.queries = 1, a.keys = 4, a.scale = 0.5;
  ASSERT_EQ(simdact_attention_softmax_f32(x, y, &a), SIMDACT_OK);
  ASSERT_EQ(simdact_attention_softmax(simdact_target_default(), SIMDACT_F32, x, again, &a), SIMDACT_OK);
  ASSERT_EQ(std::memcmp(y, again, sizeof(y)), 0);
  ASSERT_EQ(simdact::attention_softmax(x, again, a), SIMDACT_OK);
  ASSERT_EQ(std::memcmp(y, again, sizeof(y)), 0);
  ASSERT_EQ(simdact_attention_softmax_backward_f32(nullptr, y, dy, dx, nullptr, &a), SIMDACT_OK);
  ASSERT_EQ(simdact::attention_softmax_backward(nullptr, y, dy, dx_again, nullptr, a), SIMDACT_OK);
  ASSERT_EQ(std::memcmp(dx, dx_again, sizeof(dx)), 0);
}

// ---- What is refused --------------------------------------------------------------------------------------

TEST(AttentionTest, BadArgumentsTouchNothing) {
  ForEachDtype([&](simdact_dtype dtype) {
    const simdact_target* target = RunningTargets()[0];
    const Array before(dtype, std::vector<double>(256, 0.5));
    Array all = before;
    void *const x = all.At(0), *const y = all.At(64), *const dy = all.At(128), *const dx = all.At(192);
    std::vector<double> sums(16, 0.25), dsinks(16);
    const std::vector<float> slopes = {0.5f, std::nanf("")}, zero = {0.5f, 0.0f};
    simdact_attention good{};
    good.batches = good.heads = 2, good.queries = 3, good.keys = 4;
    simdact_attention a = good;
    const auto forward = [&](const void* from, void* to) {
      return simdact_attention_softmax(target, dtype, from, to, &a);
    };
    const auto backward = [&](const void* from, const void* outputs, void* to, void* sinks) {
      return simdact_attention_softmax_backward(target, dtype, from, outputs, dy, to, sinks, &a);
    };
    EXPECT_EQ(forward(nullptr, y), SIMDACT_NULL_POINTER);
    EXPECT_EQ(forward(x, nullptr), SIMDACT_NULL_POINTER);
    EXPECT_EQ(forward(x, all.At(1)), SIMDACT_OVERLAP);
    EXPECT_EQ(forward(x, all.At(47)), SIMDACT_OVERLAP);
    EXPECT_EQ(simdact_attention_softmax(target, dtype, x, y, nullptr), SIMDACT_NULL_POINTER);
    EXPECT_EQ(simdact_attention_softmax(nullptr, dtype, x, y, &a), SIMDACT_BAD_OPTION);
    EXPECT_EQ(simdact_attention_softmax(target, SIMDACT_DTYPE_COUNT, x, y, &a), SIMDACT_BAD_OPTION);
    EXPECT_EQ(backward(x, nullptr, dx, nullptr), SIMDACT_NULL_POINTER);  // no log-sum-exp
    EXPECT_EQ(backward(nullptr, y, dx, dsinks.data()), SIMDACT_NULL_POINTER);
    EXPECT_EQ(backward(nullptr, y, all.At(65), nullptr), SIMDACT_OVERLAP);
    const auto expect = [&](simdact_status status, const char* what) {
      EXPECT_EQ(forward(x, y), status) << what;
      EXPECT_EQ(backward(x, y, dx, nullptr), status) << what;
      a = good;
    };
    a.keys = 0;
    expect(SIMDACT_EMPTY_ROW, "keys");
    a.causal = 2;
    expect(SIMDACT_BAD_OPTION, "causal");
    a.window = -1;
    expect(SIMDACT_BAD_OPTION, "window");
    a.reserved[7] = 1;
    expect(SIMDACT_BAD_OPTION, "reserved");
    a.scale = std::nan("");
    expect(SIMDACT_BAD_OPTION, "scale");
    a.softcap = -1;
    expect(SIMDACT_BAD_OPTION, "softcap");
    a.tier = SIMDACT_TIER_COUNT;
    expect(SIMDACT_BAD_OPTION, "tier");
    a.alibi_slopes = slopes.data();
    expect(SIMDACT_BAD_OPTION, "a slope that is NaN");
    a.mask_slopes = zero.data();
    expect(SIMDACT_BAD_OPTION, "a mask's slope of 0");
    a.mask_type = SIMDACT_MASK_BOOL;
    expect(SIMDACT_NULL_POINTER, "no mask");
    a.mask_type = SIMDACT_MASK_SAME, a.mask = x, a.mask_strides.query = 3;
    expect(SIMDACT_SHORT_STRIDE, "a mask's rows in each other");
    a.queries = SIZE_MAX / 8;
    expect(SIMDACT_TOO_LARGE, "queries");
    a.batches = SIZE_MAX;
    expect(SIMDACT_TOO_LARGE, "batches");
    a.y_strides.head = 11, a.dy_strides.head = 11;
    expect(SIMDACT_SHORT_STRIDE, "heads in each other");
    a.y_strides.query = 3, a.dx_strides.query = 3;
    expect(SIMDACT_SHORT_STRIDE, "queries in each other");
    a.y_strides = {12, 24, 4}, a.dx_strides = {12, 24, 4};  // batches within a head
    EXPECT_EQ(forward(nullptr, y), SIMDACT_NULL_POINTER);
    a = good;
    a.log_sum_exp = y;
    EXPECT_EQ(forward(x, y), SIMDACT_OVERLAP);
    a.log_sum_exp = x;
    EXPECT_EQ(forward(x, y), SIMDACT_OVERLAP);
    EXPECT_EQ(backward(x, nullptr, x, nullptr), SIMDACT_OVERLAP);
    a = good;
    a.key_lengths = static_cast<const size_t*>(y);
    EXPECT_EQ(forward(x, y), SIMDACT_OVERLAP);
    a = good;
    a.softcap = 5;
    EXPECT_EQ(backward(nullptr, y, dx, nullptr), SIMDACT_NULL_POINTER);
    a.log_sum_exp = sums.data(), a.sinks = zero.data();
    EXPECT_EQ(backward(x, y, dx, sums.data()), SIMDACT_OVERLAP);
    EXPECT_EQ(backward(x, y, dx, dy), SIMDACT_OVERLAP);
    EXPECT_EQ(std::memcmp(all.Data(), before.Data(), 256 * before.ElementBytes()), 0);
    EXPECT_EQ(sums, std::vector<double>(16, 0.25));
    for (size_t simdact_attention::*size :
         {&simdact_attention::batches, &simdact_attention::heads, &simdact_attention::queries}) {
      a = good;
      a.*size = 0;  // nothing to do
      EXPECT_EQ(forward(nullptr, nullptr), SIMDACT_OK);
      EXPECT_EQ(backward(x, y, dx, nullptr), SIMDACT_OK);
    }
  });
}

// Arrays that end where the process's memory does, or begin there.
TEST(AttentionTest, NothingOutsideIsTouched) {
  std::mt19937 random(66);
  const GuardedPage pages[7];
  ForEachDtype([&](simdact_dtype dtype) {
    for (size_t keys = 1; keys <= 40; ++keys) {
      Problem p(dtype, 1, 2, 2, keys);
      p.MakeTensors(Spread::kNormal1, random);
      p.MakeTables(random);
      const auto mask = static_cast<simdact_mask>(keys % 4);
      if (mask != SIMDACT_MASK_NONE) p.SetMask(mask, false, false, true);
      p.a.softcap = keys % 3 == 0 ? 5.0 : 0.0;
      p.a.causal = keys % 2 == 0 ? 1 : 0, p.a.diagonal = static_cast<ptrdiff_t>(keys / 2);
      p.a.window = keys % 5 == 0 ? 1 : 0, p.a.window_left = 3;
      const size_t bytes = p.x.ElementBytes(), number = dtype == SIMDACT_F64 ? 8 : 4;
      const size_t tensor = p.x.Size() * bytes, sums = p.Rows() * number;
      const size_t mask_bytes = 2 * keys *
                                (mask == SIMDACT_MASK_BOOL  ? 1
                                 : mask == SIMDACT_MASK_F32 ? sizeof(float)
                                                            : bytes);
      for (const bool at_end : {false, true}) {
        const auto place = [&](size_t page, const void* data, size_t size) {
          char* at = at_end ? pages[page].End() - size : pages[page].Begin();
          if (data != nullptr) std::memcpy(at, data, size);
          return at;
        };
        const void* x = place(0, p.x.Data(), tensor);
        void *y = place(1, nullptr, tensor), *dx = place(2, nullptr, tensor);
        const void* dy = place(3, p.dy.Data(), tensor);
        Problem call = p;
        if (mask != SIMDACT_MASK_NONE) call.a.mask = place(4, p.a.mask, mask_bytes);
        call.a.log_sum_exp = place(5, nullptr, sums);
        call.a.sinks = reinterpret_cast<const float*>(place(6, p.sinks.data(), 2 * sizeof(float)));
        std::vector<double> dsinks(2);
        ForEachTarget([&](const simdact_target* target) {
          ASSERT_EQ(simdact_attention_softmax(target, dtype, x, y, &call.a), SIMDACT_OK);
          for (const void* from : {static_cast<const void*>(y), static_cast<const void*>(nullptr)}) {
            ASSERT_EQ(
                simdact_attention_softmax_backward(target, dtype, x, from, dy, dx, dsinks.data(), &call.a),
                SIMDACT_OK);
          }
          ASSERT_EQ(simdact_attention_softmax_backward(target, dtype, x, y, dy, dx, nullptr, &call.a),
                    SIMDACT_OK);
        });
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  });
}

}  // namespace
}  // namespace simdact_test
