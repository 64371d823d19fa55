// The gradients of softmax and its kin from their outputs.

#include <cstring>

#include "tests/softmax/softmax_cases.h"

namespace simdact_test {
namespace {

using simdact_accuracy::UlpError;

// From rounded outputs, as they are used: the formula is exact for whatever y is given. dx = y (dy - s)
// cancels where dy is near s; then a unit of the terms, 2^-40 of them, is what may be lost.
TEST(SoftmaxBackwardTest, IsTheJacobianProduct) {
  std::mt19937 random(21);
  ForEachSoftmax([&](const SoftmaxCase& c) {
    for (const size_t n : std::vector<size_t>{1, 2, 5, 16, 33, 100, 129, 1000, 5000}) {
      for (const double scale : {1.0, 0.125, -3.0}) {
        std::vector<double> upstream = MakeRow(Spread::kNormal1, n, random);
        if (n % 2 == 0) {
          for (double& value : upstream)
            value = 1 + value / 1024;  // nearly a constant, which has no gradient
        }
        // Of ordinary size, or large: what sums lose is relative to it.
        const int most = c.dtype == SIMDACT_F64 ? 900 : c.dtype == SIMDACT_F16 ? 8 : 100;
        const double unit = std::ldexp(1.0, n % 3 == 2 ? most : 0);
        for (double& value : upstream) value *= unit;
        const Array x(c.dtype, MakeRow(Spread::kNormal1, n, random)), dy(c.dtype, upstream);
        Array y(c.dtype, n), dx(c.dtype, n);
        c.kernel->forward(x.Data(), y.Data(), 1, n, nullptr);
        simdact_softmax_options o{};
        o.scale = scale;
        ASSERT_EQ(c.kernel->backward(y.Data(), dy.Data(), dx.Data(), 1, n, &o), SIMDACT_OK);
        const Reals outputs = RealsOf(y, 0, n), upstreams = RealsOf(dy, 0, n);
        const Reals want = SoftmaxGradient(c.op, outputs, upstreams, static_cast<long double>(scale));
        const bool log = c.op == SIMDACT_SOFTMAX_OP_log_softmax;
        for (size_t i = 0; i < n; ++i) {
          const double size = log ? 0x1p-22 * static_cast<double>(n) : 0x1p-40;
          const double lost = unit * std::fabs(scale) * size * (log ? std::exp(y[i]) : y[i]) *
                              (IsHalf(c.dtype) || c.dtype == SIMDACT_F32 ? 4 : 0x1p-10);
          const double error = std::fabs(dx[i] - static_cast<double>(want[i]));
          const double claim = IsHalf(c.dtype) ? 0.51 : 2.0, ulps = UlpError(c.dtype, dx[i], want[i]);
          ASSERT_TRUE(ulps <= claim || error * (1 - claim / ulps) <= lost)
              << "column " << i << " of " << n << ": got " << dx[i] << ", want "
              << static_cast<double>(want[i]);
        }
        Array in_place = dy;
        c.kernel->backward(y.Data(), in_place.Data(), in_place.Data(), 1, n, &o);
        ASSERT_EQ(std::memcmp(in_place.Data(), dx.Data(), n * dx.ElementBytes()), 0);
        c.kernel->backward(y.Data(), dy.Data(), y.Data(), 1, n, &o);
        ASSERT_EQ(std::memcmp(y.Data(), dx.Data(), n * dx.ElementBytes()), 0);
      }
    }
  });
}

// The gradient is the limit of differences of the function itself, scale included.
TEST(SoftmaxBackwardTest, IsTheDerivativeOfForward) {
  const std::vector<double> x = {0.5, -1.25, 2.0, 0.0, 1.5}, dy = {0.3, -2.0, 1.0, 0.7, -0.1};
  const double step = 1e-5;
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.dtype != SIMDACT_F64) return;
    simdact_softmax_options o{};
    o.scale = 0.75;
    const size_t n = x.size();
    const auto value = [&](const std::vector<double>& at) {
      double y[5], sum = 0;
      c.kernel->forward(at.data(), y, 1, n, &o);
      for (size_t i = 0; i < n; ++i) sum += y[i] * dy[i];
      return sum;
    };
    double y[5], dx[5];
    c.kernel->forward(x.data(), y, 1, n, &o);
    c.kernel->backward(y, dy.data(), dx, 1, n, &o);
    for (size_t i = 0; i < n; ++i) {
      std::vector<double> above = x, below = x;
      above[i] += step, below[i] -= step;
      EXPECT_NEAR(dx[i], (value(above) - value(below)) / (2 * step), 1e-9);
    }
  });
}

// Where the products' rounding errors cannot be computed without overflow on the way.
TEST(SoftmaxBackwardTest, HugeUpstream) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.dtype != SIMDACT_F32 || c.op != SIMDACT_SOFTMAX_OP_softmax) return;
    const float y[3] = {0.25f, 0.25f, 0.5f}, dy[3] = {1e36f, 0.0f, -1e36f};
    float dx[3];
    c.kernel->backward(y, dy, dx, 1, 3, nullptr);
    EXPECT_FLOAT_EQ(dx[0], 0.25f * 1.25e36f);
    EXPECT_FLOAT_EQ(dx[1], 0.25f * 0.25e36f);
    EXPECT_FLOAT_EQ(dx[2], 0.5f * -0.75e36f);
  });
}

// Where dy - sum overflows and dx, the sum of two terms of one sign, does not, or does.
TEST(SoftmaxBackwardTest, HugeUpstreamOfLogSoftmax) {
  ForEachSoftmax([&](const SoftmaxCase& c) {
    if (c.dtype != SIMDACT_F32 || c.op != SIMDACT_SOFTMAX_OP_log_softmax) return;
    const float dy[3] = {2e38f, -2e38f, -2e38f};
    float y[3] = {-0.49f, -1.64f, -1.64f}, dx[3];
    c.kernel->backward(y, dy, dx, 1, 3, nullptr);
    EXPECT_FLOAT_EQ(dx[0], 2e38f + 2e38f * std::exp(-0.49f));
    y[0] = -0.1f;
    c.kernel->backward(y, dy, dx, 1, 3, nullptr);
    EXPECT_EQ(dx[0], std::numeric_limits<float>::infinity());
  });
}

TEST(SoftmaxBackwardTest, DiagonalIsYTimesOneMinusY) {
  const float y[4] = {0.0f, 0.25f, 0.5f, 1.0f}, dy[4] = {1, 1, 2, 1};
  float dx[4];
  simdact_softmax_diagonal_f32(y, dy, dx, 4);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(dx[i], dy[i] * y[i] * (1 - y[i]));
}

}  // namespace
}  // namespace simdact_test
