// What holds for every kernel whatever it computes: which memory it touches, and that a result depends on its
// input alone.

#include <cstring>

#include "tests/common/guarded_page.h"
#include "tests/common/kernels.h"
#include "tests/common/whole_range.h"

namespace simdact_test {
namespace {

using simdact_accuracy::Call;

// More elements than the widest pack of any target holds, with room for a remainder beyond it: 8 vectors of
// 512 bits of f32, 16-bit elements two to one of these; SVE vectors can be four times as long.
size_t Most(simdact_dtype dtype) { return 4 * 8 * 16 * (IsHalf(dtype) ? 2 : 1) + 17; }

Array Inputs(simdact_dtype dtype, size_t n) { return WholeRange(dtype, n); }
Array Ones(simdact_dtype dtype, size_t n) { return Array(dtype, std::vector<double>(n, 1.0)); }

Array OneByOne(const Case& c, const Array& x) {
  const Array one = Ones(c.dtype, 1);
  Array y(c.dtype, x.Size());
  for (size_t i = 0; i < x.Size(); ++i) {
    Call(*c.kernel, c.direction, c.description->defaults, x.At(i), one.Data(), y.At(i), 1);
  }
  return y;
}

class ContractTest : public testing::TestWithParam<int> {
 protected:
  template <class F>
  void ForEach(const F& f) const {
    ForEachKernelOf(static_cast<simdact_op>(GetParam()), f, Tiers::kAll);
  }
};
INSTANTIATE_TEST_SUITE_P(Ops, ContractTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

TEST_P(ContractTest, TouchesNothingOutsideTheArrays) {
  const GuardedPage from, upstream, to;
  ForEach([&](const Case& c) {
    const size_t bytes = FormatOf(c.dtype).bytes;
    from.Fill(Inputs(c.dtype, from.Size() / bytes));
    upstream.Fill(Inputs(c.dtype, upstream.Size() / bytes));
    const simdact_params p = c.description->defaults;
    const size_t most = std::min(Most(c.dtype), from.Size() / bytes);
    for (size_t n = 0; n <= most; n += Quick() && n > 80 ? 7 : 1) {
      // A load or store before the start faults, and one behind the end.
      const size_t skip = n * bytes;
      Call(*c.kernel, c.direction, p, from.Begin(), upstream.Begin(), to.Begin(), n);
      Call(*c.kernel, c.direction, p, from.End() - skip, upstream.End() - skip, to.End() - skip, n);
    }
  });
}

TEST_P(ContractTest, WritesOnlyTheOutput) {
  ForEach([&](const Case& c) {
    for (const size_t n : std::vector<size_t>{0, 1, 3, 5, 17, 63, 65, 130}) {
      const Array x = Inputs(c.dtype, n), dy = Ones(c.dtype, n);
      Array y(c.dtype, std::vector<double>(n + 64, 77.0));
      Call(*c.kernel, c.direction, c.description->defaults, x.Data(), dy.Data(), y.At(32), n);
      for (size_t i = 0; i < 32; ++i) {
        ASSERT_EQ(y[i], 77.0);
        ASSERT_EQ(y[n + 32 + i], 77.0);
      }
    }
  });
}

TEST_P(ContractTest, SameInputSameBitsAtEveryLengthAndOffset) {
  ForEach([&](const Case& c) {
    const size_t most = Most(c.dtype);
    const Array x = Inputs(c.dtype, most), dy = Ones(c.dtype, most);
    const Array want = OneByOne(c, x);
    Array y(c.dtype, most);
    for (size_t n = 0; n <= most; n += Quick() ? 13 : 1) {
      const size_t offset = n % 5;
      const size_t count = n - std::min(n, offset);
      Call(*c.kernel, c.direction, c.description->defaults, x.At(offset), dy.Data(), y.At(offset), count);
      const size_t at = FirstDifference(y, want, offset, count);
      ASSERT_EQ(at, count) << "n = " << n << ", at " << std::hexfloat << x[offset + at];
    }
  });
}

TEST_P(ContractTest, SplittingTheArrayChangesNothing) {
  ForEach([&](const Case& c) {
    const Array x = Inputs(c.dtype, 1000), dy = Ones(c.dtype, 1000);
    Array whole(c.dtype), parts(c.dtype, 1000);
    const simdact_params p = c.description->defaults;
    simdact_accuracy::Run(*c.kernel, c.direction, p, x, whole);
    for (const size_t cut : std::vector<size_t>{1, 16, 333, 999}) {
      Call(*c.kernel, c.direction, p, x.Data(), dy.Data(), parts.Data(), cut);
      Call(*c.kernel, c.direction, p, x.At(cut), dy.Data(), parts.At(cut), 1000 - cut);
      ASSERT_EQ(FirstDifference(whole, parts, 0, 1000), size_t{1000}) << "cut at " << cut;
    }
  });
}

TEST_P(ContractTest, WorksAtByteMisalignment) {
  ForEach([&](const Case& c) {
    constexpr size_t n = 501;
    const size_t bytes = FormatOf(c.dtype).bytes, step = kWholeElements ? bytes : 3;
    const Array x = Inputs(c.dtype, n), ones = Ones(c.dtype, n);
    const Array want = OneByOne(c, x);
    Array got(c.dtype, n);
    std::vector<char> raw_x(n * bytes + 64), raw_dy(n * bytes + 64), raw_y(n * bytes + 64);
    for (size_t shift = step; shift < 64; shift += step) {
      char *from = raw_x.data() + shift, *dy = raw_dy.data() + shift, *to = raw_y.data() + shift;
      std::memcpy(from, x.Data(), n * bytes);
      std::memcpy(dy, ones.Data(), n * bytes);
      Call(*c.kernel, c.direction, c.description->defaults, from, dy, to, n);
      std::memcpy(got.Data(), to, n * bytes);
      ASSERT_EQ(FirstDifference(got, want, 0, n), n) << "shift " << shift;
    }
  });
}

TEST_P(ContractTest, WorksInPlace) {
  ForEach([&](const Case& c) {
    const simdact_params p = c.description->defaults;
    for (const size_t n : std::vector<size_t>{1, 7, 64, 901}) {
      const Array x = Inputs(c.dtype, n), dy = Inputs(c.dtype, n + 5);
      Array want(c.dtype, n), over_x = x, over_dy = dy;
      Call(*c.kernel, c.direction, p, x.Data(), dy.Data(), want.Data(), n);
      Call(*c.kernel, c.direction, p, over_x.Data(), dy.Data(), over_x.Data(), n);
      ASSERT_EQ(FirstDifference(over_x, want, 0, n), n);
      if (c.direction == SIMDACT_FORWARD) continue;
      Call(*c.kernel, c.direction, p, x.Data(), over_dy.Data(), over_dy.Data(), n);
      ASSERT_EQ(FirstDifference(over_dy, want, 0, n), n);
    }
  });
}

// dx = dy f'(x): the product adds a rounding, or half of one. Where f' is denormal, dy multiplies its error.
TEST_P(ContractTest, BackwardMultipliesTheDerivative) {
  ForEach([&](const Case& c) {
    if (c.direction == SIMDACT_FORWARD) return;
    const simdact_params p = simdact_accuracy::RoundedTo(c.dtype, c.description->defaults);
    const int fma = simdact_target_has_fma(c.target);
    const bool fast = c.tier == SIMDACT_FAST;
    const double claim = fast ? simdact_fast_claim(c.op, c.dtype, c.direction, fma)
                              : simdact_claim(c.op, c.dtype, c.direction, fma);
    std::vector<double> values, some;
    Inputs(c.dtype, 901).Read(values);
    for (size_t i = 0; i < values.size(); i += Quick() ? 3 : 1) some.push_back(values[i]);
    const Array x(c.dtype, ValidInputs(c, some));
    const size_t n = x.Size();
    Array dy(c.dtype, n), dx(c.dtype, n);
    for (size_t i = 0; i < n; ++i) dy.Set(i, static_cast<double>(i % 100) - 33.3);
    Call(*c.kernel, c.direction, p, x.Data(), dy.Data(), dx.Data(), n);
    for (size_t i = 0; i < n; ++i) {
      const long double slope = simdact_accuracy::Exact(c.op, c.direction, x[i], p), exact = dy[i] * slope;
      // f' alone may overflow.
      if (std::isinf(simdact_accuracy::Rounded(c.dtype, slope)) && std::isinf(dx[i])) continue;
      // In a small binade the same error counts for up to twice as many ulps.
      double most = 2 * claim + 0.5;
      const long double least = std::scalbn(1.0L, FormatOf(c.dtype).min_exponent);
      if (std::fabs(slope) < least) most = std::max(claim, 0.5) * std::fabs(dy[i]) + 0.5;
      if (fast) {
        const double term =
            simdact_accuracy::LargestTerm(c.op, c.direction, x[i], p.value) * std::fabs(dy[i]);
        const double error = simdact_accuracy::FastError(c.dtype, dx[i], exact, term, most);
        // Of a slope that is denormal anything may be left, and so of the product.
        const bool lost =
            std::fabs(slope) < least && std::fabs(dx[i]) <= least * std::fabs(dy[i]) && !(dx[i] * exact < 0);
        ASSERT_TRUE(error <= most || lost)
            << std::hexfloat << x[i] << " times " << dy[i] << ": got " << dx[i] << ", want "
            << static_cast<double>(exact) << "; " << error << " ulp";
        continue;
      }
      ASSERT_LE(simdact_accuracy::UlpError(c.dtype, dx[i], exact), most)
          << std::hexfloat << x[i] << " times " << dy[i] << ": got " << dx[i] << ", want "
          << static_cast<double>(exact);
    }
  });
}

}  // namespace
}  // namespace simdact_test
