// Softmax of scores whose size, or that of what they are the sums of, leaves a number no digits for what exp
// sees: masks of -1e9 over a whole row, large scores that a mask cancels, ties among them.

#include <algorithm>
#include <random>

#include "tests/reference/scores.h"
#include "tests/softmax/softmax_cases.h"

namespace simdact_test {
namespace {

using simdact_accuracy::ExactScoresOf;
using simdact_accuracy::ExactSum;
using simdact_accuracy::kInfinity;
using simdact_accuracy::Rounded;
using simdact_accuracy::SoftmaxOfExact;

constexpr double kInf = std::numeric_limits<double>::infinity();

// A call on some rows, each against the reference.
struct Call {
  simdact_softmax_options o{};
  Array x, same;
  std::vector<float> mask, sinks;
  std::vector<uint8_t> shown;
  std::vector<size_t> lengths;
  size_t rows, cols;

  Call(simdact_dtype dtype, size_t r, size_t n)
      : x(dtype, r * n),
        same(dtype, r * n),
        mask(r * n),
        sinks(r),
        shown(r * n),
        lengths(r),
        rows(r),
        cols(n) {}
};

void ExpectExact(const SoftmaxCase& c, Call& call) {
  simdact_softmax_options o = call.o;
  const size_t n = call.rows * call.cols;
  std::vector<float> lse(call.rows);
  std::vector<double> lse_f64(call.rows);
  o.log_sum_exp = c.dtype == SIMDACT_F64 ? static_cast<void*>(lse_f64.data()) : lse.data();
  Array y(c.dtype, n), in_place = call.x;
  ASSERT_EQ(c.kernel->forward(call.x.Data(), y.Data(), call.rows, call.cols, &o), SIMDACT_OK);
  ASSERT_EQ(c.kernel->forward(in_place.Data(), in_place.Data(), call.rows, call.cols, &o), SIMDACT_OK);
  ASSERT_EQ(std::memcmp(y.Data(), in_place.Data(), n * y.ElementBytes()), 0);
  for (size_t r = 0; r < call.rows; ++r) {
    const auto z =
        ExactScoresOf(c.op, c.dtype, RealsOf(call.x, r * call.cols, call.cols), r, call.rows, o, &call.same);
    const long double sink = o.sinks == nullptr ? -kInfinity : static_cast<long double>(o.sinks[r]);
    const auto want = SoftmaxOfExact(c.op, z, sink, o);
    double claim = SoftmaxClaim(c, o);
    // Three doubles do not hold both an ALiBi summand to its last place and scores that are so much larger.
    const bool beyond =
        std::any_of(z.begin(), z.end(), [](const auto& score) { return std::fabs(score.Value()) > 0x1p90L; });
    if (c.dtype == SIMDACT_F64 && beyond)
      claim += std::fabs(static_cast<double>(o.alibi_slope)) * static_cast<double>(call.cols);
    ExpectRow(c, y, r * call.cols, want.y, claim);
    if (testing::Test::HasFatalFailure()) {
      ADD_FAILURE() << "row " << r << ": scale " << o.scale << ", softcap " << o.softcap << ", mask type "
                    << o.mask_type << ", slope " << o.mask_slope << ", ALiBi " << o.alibi_slope << ", sink "
                    << static_cast<double>(sink) << std::hexfloat;
      for (size_t i = 0; i < std::min<size_t>(call.cols, 8); ++i) {
        ADD_FAILURE() << call.x[r * call.cols + i] << " " << call.mask[r * call.cols + i] << " "
                      << call.same[r * call.cols + i] << " " << static_cast<double>(z[i].Value());
      }
      return;
    }
    const double got = c.dtype == SIMDACT_F64 ? lse_f64[r] : static_cast<double>(lse[r]);
    const double exact =
        static_cast<double>(c.dtype == SIMDACT_F64 ? want.log_sum_exp : static_cast<float>(want.log_sum_exp));
    if (std::isfinite(exact)) {
      ASSERT_NEAR(got, exact, (c.dtype == SIMDACT_F64 ? 0x1p-45 : 0x1p-23) * std::max(1.0, std::fabs(exact)));
    } else {
      ASSERT_TRUE(got == exact || (std::isnan(got) && std::isnan(exact))) << got << " " << exact;
    }
  }
}

// The lower score won here, by 0.85 %: one of the two had lost what the other kept.
TEST(SoftmaxLargeTest, AMaskOverTheWholeRowChangesNothing) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    Call call(c.dtype, 1, 2);
    call.x.Set(0, 0x1p-9), call.x.Set(1, 0x1p-3);
    call.o.mask_type = SIMDACT_MASK_F32, call.o.mask = call.mask.data();
    for (const float hidden : {-1e4f, -1e5f, -1e9f, -1e20f, -std::numeric_limits<float>::max()}) {
      call.mask = {hidden, hidden};
      ExpectExact(c, call);
    }
  });
}

// What the summands cancel down to decides, with what each of them has lost.
TEST(SoftmaxLargeTest, LargeSummandsCancel) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    Call call(c.dtype, 1, 6);
    const int digits = c.dtype == SIMDACT_F64 ? 44 : 15;
    const double sign = c.op == SIMDACT_SOFTMAX_OP_softmin ? -1 : 1;
    for (size_t i = 0; i < call.cols; ++i) {
      call.x.Set(i, std::ldexp(1 + static_cast<double>(i) / 16, digits));
      call.same.Set(i, call.x[i] / 2);
    }
    call.o.scale = 20.7, call.o.mask_type = SIMDACT_MASK_SAME, call.o.mask = call.same.Data();
    call.o.mask_slope = -2 * 20.7 * sign * (1 - std::ldexp(1.0, 1 - digits));
    ExpectExact(c, call);
    // ALiBi against x.
    call.o = {};
    call.o.alibi_slope = std::ldexp(1.7, digits - 3);
    for (size_t i = 0; i < call.cols; ++i)
      call.x.Set(i, sign * (call.o.alibi_slope * (5 - static_cast<double>(i)) + 1.1));
    ExpectExact(c, call);
  });
}

// ---- Random calls ----------------------------------------------------------------------------------------

class RandomCall {
 public:
  RandomCall(const SoftmaxCase& c, uint32_t seed) : c_(c), random_(seed) {}

  Call Make(size_t rows, size_t cols) {
    Call call(c_.dtype, rows, cols);
    simdact_softmax_options& o = call.o;
    o.masked_row = static_cast<simdact_masked_row>(random_() % 3);
    o.infinite_score = static_cast<simdact_infinite_score>(random_() % 2);
    if (OneOf(2)) o.scale = Signed() * std::exp2(Between(-6, OneOf(4) ? 60 : 4));
    if (OneOf(6)) o.softcap = std::exp2(Between(-3, 20));
    if (OneOf(3)) o.mask_slope = Signed() * std::exp2(Between(-4, 4));
    if (OneOf(4)) o.alibi_slope = Signed() * std::exp2(Between(-8, OneOf(3) ? 60 : 2));
    const int masks = static_cast<int>(random_() % 4);
    o.mask_type = static_cast<simdact_mask>(masks);
    o.mask = masks == SIMDACT_MASK_BOOL  ? static_cast<const void*>(call.shown.data())
             : masks == SIMDACT_MASK_F32 ? static_cast<const void*>(call.mask.data())
                                         : call.same.Data();
    if (OneOf(4)) o.sinks = call.sinks.data(), o.rows_per_sink = 1;
    if (OneOf(4)) o.lengths = call.lengths.data();
    for (size_t r = 0; r < rows; ++r) Fill(call, r);
    return call;
  }

 private:
  // A row of one kind: of ordinary scores, of large ones, next to each other or not, or of sums that cancel.
  void Fill(Call& call, size_t r) {
    const simdact_softmax_options& o = call.o;
    const double size = std::exp2(Between(10, 100)), scale = o.scale == 0 ? 1 : o.scale;
    const double slope = o.mask_slope == 0 ? 1 : o.mask_slope,
                 softmin = c_.op == SIMDACT_SOFTMAX_OP_softmin ? -1 : 1;
    const int kind = static_cast<int>(random_() % 8);
    const double common = Signed() * size;
    call.lengths[r] = random_() % (call.cols + 2);
    for (size_t i = 0; i < call.cols; ++i) {
      const size_t at = r * call.cols + i;
      double x = 4 * Between(-1, 1), mask = OneOf(3) ? -kInf : Between(-1, 1);
      switch (kind) {
        case 0:  // hidden by a large number, each or all
          mask = OneOf(2) ? -size : -size * (1 + 0x1p-22 * static_cast<double>(random_() % 3));
          break;
        case 1:
          mask = -size;
          break;
        case 2:
          x = Signed() * size;
          mask = 0;
          break;
        case 3:  // neighbours and ties
          x = common * (1 + 0x1p-23 * static_cast<double>(random_() % 3));
          mask = 0;
          break;
        case 4:  // cancels
          x = common * (1 + Between(0, 1));
          mask = -softmin * scale * x / slope + Between(-8, 8);
          break;
        case 5:
          x = common * (1 + 0x1p-20 * Between(0, 1));
          mask = -softmin * scale * common / slope;
          break;
        default:
          break;
      }
      if (OneOf(200)) x = Signed() * kInf;
      if (OneOf(400)) x = std::nan("");
      if (c_.dtype == SIMDACT_F16)
        x = std::fabs(x) < 65000 || !std::isfinite(x) ? x : std::copysign(60000, x);
      call.x.Set(at, x);
      call.same.Set(at, std::max(-6e4, std::min(mask, 6e4)) == mask || c_.dtype != SIMDACT_F16 ? mask : -6e4);
      call.mask[at] = static_cast<float>(mask);
      call.shown[at] = static_cast<uint8_t>(random_() % 3);
    }
    // Next to a score, far above or below all, or anywhere.
    const double score = softmin * scale * call.x[r * call.cols];
    call.sinks[r] = static_cast<float>(OneOf(2) && std::isfinite(score) ? score + Between(-4, 4) : common);
    if (OneOf(30)) call.sinks[r] = static_cast<float>(Signed() * kInf);
  }
  bool OneOf(uint32_t count) { return random_() % count == 0; }
  double Signed() { return random_() % 2 == 0 ? 1 : -1; }
  double Between(double low, double high) {
    return low + (high - low) * std::ldexp(static_cast<double>(random_()), -32);
  }

  const SoftmaxCase& c_;
  std::mt19937 random_;
};

TEST(SoftmaxLargeTest, RandomCallsAreExact) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    const uint32_t most = Quick() ? 150 : 3000;
    for (uint32_t seed = 0; seed < most && !testing::Test::HasFatalFailure(); ++seed) {
      SCOPED_TRACE(testing::Message() << "seed " << seed);
      static constexpr size_t kCols[] = {1, 2, 3, 7, 17, 40, 70};
      Call call = RandomCall(c, seed).Make(2, kCols[seed % 7]);
      ExpectExact(c, call);
    }
  });
}

// Rows that are summed block by block turn out not to be ordinary in any block.
TEST(SoftmaxLargeTest, LongRows) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (!IsHalf(c.dtype)) return;
    for (const size_t from : {size_t{4100}, size_t{8999}}) {
      Call call(c.dtype, 1, 9000);
      for (size_t i = 0; i < call.cols; ++i) {
        call.x.Set(i, 0.25 * static_cast<double>(i % 13) * (c.op == SIMDACT_SOFTMAX_OP_softmin ? -1 : 1));
        call.mask[i] = i < from ? -1e30f : -1e9f;
      }
      call.o.mask_type = SIMDACT_MASK_F32, call.o.mask = call.mask.data();
      ExpectExact(c, call);
      for (size_t i = 0; i < call.cols; ++i) call.mask[i] = i < from ? 0.0f : 1e9f;
      ExpectExact(c, call);
    }
  });
}

// ---- In pieces -------------------------------------------------------------------------------------------

// Large scores block by block: p, the sum and the factors are exact there too.
TEST(SoftmaxLargeTest, BlocksAddUpToSoftmax) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.op != SIMDACT_SOFTMAX_OP_softmax || c.dtype == SIMDACT_F64) return;
    std::mt19937 random(7);
    for (int round = 0; round < (Quick() ? 40 : 400); ++round) {
      const size_t n = 60, block = size_t{1} << (random() % 6);
      const float scale = static_cast<float>(1.3 * std::exp2(static_cast<double>(random() % 40)));
      const double size = std::exp2(static_cast<double>(random() % (c.dtype == SIMDACT_F16 ? 15 : 80)));
      Array x(c.dtype, n), p(c.dtype, n);
      for (size_t i = 0; i < n; ++i) {
        const double near = 1 + 0x1p-23 * static_cast<double>(random() % 4);
        x.Set(i, (round % 2 == 0 ? size : -size) * (random() % 3 == 0 ? 1 : near));
        if (random() % 20 == 0) x.Set(i, -kInf);
        if (random() % 20 == 0) x.Set(i, -0.5);
      }
      simdact_softmax_state state = simdact_softmax_begin();
      std::vector<double> weights;
      for (size_t begin = 0; begin < n; begin += block) {
        const size_t count = std::min(block, n - begin);
        const double factor =
            static_cast<double>(c.kernel->block(&state, x.At(begin), p.At(begin), count, scale));
        for (double& weight : weights) weight *= factor;
        for (size_t i = begin; i < begin + count; ++i) {
          ASSERT_TRUE(p[i] >= 0 && p[i] <= 1.4143) << p[i];
          weights.push_back(p[i]);
        }
      }
      simdact_softmax_options o{};
      o.scale = static_cast<double>(scale);
      const auto want = SoftmaxOfExact(c.op, ExactScoresOf(c.op, c.dtype, RealsOf(x, 0, n), 0, 1, o, nullptr),
                                       -kInfinity, o);
      const double unit = std::ldexp(1.0, -FormatOf(c.dtype).fraction_bits);
      const double least = std::ldexp(1.0, FormatOf(c.dtype).min_exponent);
      for (size_t i = 0; i < n; ++i) {
        const double exact = static_cast<double>(want.y[i]);
        ASSERT_NEAR(weights[i] * simdact_softmax_finish(&state), exact, 1.2 * unit * std::max(exact, least))
            << "column " << i << " scale " << scale << " x " << x[i];
      }
      const double lse = static_cast<double>(want.log_sum_exp);
      ASSERT_NEAR(simdact_softmax_log_sum_exp(&state), lse, 1e-6 * std::max(1.0, std::fabs(lse)));
    }
  });
}

// A scale of 0 stands for 1, as in the options.
TEST(SoftmaxLargeTest, ABlocksScaleOfZeroIsOne) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.op != SIMDACT_SOFTMAX_OP_softmax || c.dtype == SIMDACT_F64) return;
    const Array x(c.dtype, std::vector<double>{1, -kInf, 3, -2});
    for (const float zero : {0.0f, -0.0f}) {
      Array p(c.dtype, 4), q(c.dtype, 4);
      simdact_softmax_state state = simdact_softmax_begin(), other = state;
      EXPECT_EQ(c.kernel->block(&state, x.Data(), p.Data(), 4, zero), 1.0f);
      EXPECT_EQ(c.kernel->block(&other, x.Data(), q.Data(), 4, 1.0f), 1.0f);
      EXPECT_EQ(std::memcmp(p.Data(), q.Data(), 4 * p.ElementBytes()), 0);
      EXPECT_EQ(p[1], 0.0);
      EXPECT_EQ(state.sum, other.sum);
      EXPECT_EQ(state.maximum, 3.0);
    }
  });
}

}  // namespace
}  // namespace simdact_test
