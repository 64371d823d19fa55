// prelu with a weight per channel, in both layouts.

#include <cmath>
#include <limits>
#include <tuple>

#include "tests/bias/bias_cases.h"

namespace simdact_test {
namespace {

void ExpectPrelu(const BiasCase& c, size_t batch, size_t channels, size_t inner) {
  Tensors t(c.dtype, batch, channels * inner);
  const Array weight = Numbers(c.dtype, channels, 9, 2.0);
  Array y = t.y, dx = t.y, dweight(c.dtype, channels);
  if (t.x.Size() > 2) t.x.Set(1, 0.0), t.x.Set(2, -0.0);
  std::vector<long double> terms(t.x.Size());
  for (size_t i = 0; i < t.x.Size(); ++i) {
    const double x = t.x[i], w = weight[i % t.cols / inner];
    y.Set(i, x > 0 ? x : w * x);  // rounded once: the products of the shorter formats are doubles
    dx.Set(i, t.dy[i] * (x > 0 ? 1 : w));
    terms[i] = x > 0 ? 0 : static_cast<long double>(t.dy[i]) * x;
  }
  c.kernel->prelu_channels(t.x.Data(), weight.Data(), t.y.Data(), batch, channels, inner);
  ASSERT_NO_FATAL_FAILURE(ExpectSame(t.y, y));
  c.kernel->prelu_channels_backward(t.x.Data(), weight.Data(), t.dy.Data(), t.y.Data(), dweight.Data(), batch,
                                    channels, inner);
  ASSERT_NO_FATAL_FAILURE(ExpectSame(t.y, dx));
  ASSERT_NO_FATAL_FAILURE(ExpectSums(c.dtype, dweight, terms, t.cols, inner));
}

TEST(PreluChannels, EveryLayoutIsRight) {
  std::vector<std::tuple<size_t, size_t, size_t>> shapes = {
      {3, 1000, 1}, {2, 1, 3000}, {2, 3, 1500}, {3, 700, 2},  {2, 2, 512},
      {2, 3, 513},  {3, 1, 1},    {900, 1, 1},  {1, 5, 257},  {1, 40, 100},
      {2, 130, 11}, {64, 4, 9},   {2, 3, 1024}, {2, 3, 1025}, {3, 2, 2049}};
  for (size_t n = 1; n <= 40; ++n) {
    shapes.emplace_back(n % 4 + 1, n, 1);
    shapes.emplace_back(n % 3 + 1, 3, n);
    shapes.emplace_back(n, 2, n % 5 + 1);
  }
  ForEachBiasKernel([&](const BiasCase& c) {
    for (const auto& [batch, channels, inner] : shapes) {
      SCOPED_TRACE(std::to_string(batch) + " x " + std::to_string(channels) + " x " + std::to_string(inner));
      ASSERT_NO_FATAL_FAILURE(ExpectPrelu(c, batch, channels, inner));
    }
  });
}

TEST(PreluChannels, SpecialValues) {
  const double inf = std::numeric_limits<double>::infinity();
  ForEachBiasKernel([&](const BiasCase& c) {
    const Array x(c.dtype, {std::nan(""), inf, -inf, 2.0}), weight(c.dtype, {0.5, 0.5, 0.5, std::nan("")});
    const Array dy(c.dtype, {1.0, inf, 1.0, 1.0});
    Array y(c.dtype, 4), dx(c.dtype, 4), dweight(c.dtype, 4);
    c.kernel->prelu_channels(x.Data(), weight.Data(), y.Data(), 1, 4, 1);
    ExpectSame(y, Array(c.dtype, {std::nan(""), inf, -inf, 2.0}));
    c.kernel->prelu_channels_backward(x.Data(), weight.Data(), dy.Data(), dx.Data(), dweight.Data(), 1, 4, 1);
    ExpectSame(dx, Array(c.dtype, {std::nan(""), inf, 0.5, 1.0}));
    ExpectSame(dweight, Array(c.dtype, {std::nan(""), 0.0, -inf, 0.0}));
  });
}

}  // namespace
}  // namespace simdact_test
