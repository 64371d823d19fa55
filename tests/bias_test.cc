// The bias shape. What the kernels compute is compared with the activation's own kernel on sums rounded here,
// bit by bit, for that is what the header promises; the 16-bit formats and the sums over rows also with long
// double. Shapes are ragged: rows shorter than a vector, longer than a block, and what lies between.

#include <cmath>
#include <tuple>

#include "guarded_page.h"
#include "kernels.h"
#include "simdact/simdact.hpp"

namespace simdact_test {
namespace {

using simdact_accuracy::Rounded;
using simdact_accuracy::UlpError;

const double kNan = std::nan("");
const double kInf = std::numeric_limits<double>::infinity();

struct BiasCase {
  const simdact_target* target;
  simdact_dtype dtype;
  const simdact_bias_kernel* kernel;
  // What the driver computes in.
  simdact_dtype Wide() const { return dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32; }
  const simdact_kernel* Op(simdact_op op) const { return simdact_find(target, op, Wide(), SIMDACT_ACCURATE); }
  bool Fma() const { return simdact_target_has_fma(target) != 0; }
};

template <class F>
void ForEachBiasKernel(const F& f) {
  for (const simdact_target* target : simdact_accuracy::RunningTargets()) {
    for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
      SCOPED_TRACE(std::string(simdact_accuracy::DtypeName(dtype)) + " on " + simdact_target_name(target));
      const BiasCase c{target, dtype, simdact_find_bias(target, dtype)};
      ASSERT_NE(c.kernel, nullptr);
      f(c);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

// n numbers in [-range, range] that depend on their place and on `seed`.
Array Numbers(simdact_dtype dtype, size_t n, unsigned seed, double range = 6.0) {
  Array numbers(dtype, n);
  uint64_t state = seed;
  for (size_t i = 0; i < n; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    numbers.Set(i, range * (std::ldexp(static_cast<double>(state >> 33), -30) - 1.0));
  }
  return numbers;
}

// Everything that a call can need, for rows x cols elements.
struct Tensors {
  Tensors(simdact_dtype dtype, size_t rows, size_t cols)
      : rows(rows),
        cols(cols),
        x(Numbers(dtype, rows * cols, 1)),
        scale(Numbers(dtype, cols, 2, 2.0)),
        bias(Numbers(dtype, cols, 3)),
        dy(Numbers(dtype, rows * cols, 4, 3.0)),
        y(dtype, rows * cols),
        dscale(dtype, cols),
        dbias(dtype, cols) {}
  size_t rows, cols;
  Array x, scale, bias, dy, y, dscale, dbias;
};

double SumOf(simdact_dtype wide, double x, double b) {
  return wide == SIMDACT_F64 ? x + b : static_cast<double>(static_cast<float>(x) + static_cast<float>(b));
}
double FusedOf(simdact_dtype wide, double x, double s, double b) {
  if (wide == SIMDACT_F64) return std::fma(x, s, b);
  return static_cast<double>(std::fma(static_cast<float>(x), static_cast<float>(s), static_cast<float>(b)));
}

// u of all elements, in the type that is computed in.
Array RoundedSums(const BiasCase& c, const Tensors& t, bool scaled) {
  Array u(c.Wide(), t.x.Size());
  for (size_t i = 0; i < u.Size(); ++i) {
    const size_t column = i % t.cols;
    u.Set(i, scaled ? FusedOf(c.Wide(), t.x[i], t.scale[column], t.bias[column])
                    : SumOf(c.Wide(), t.x[i], t.bias[column]));
  }
  return u;
}

Array Converted(simdact_dtype dtype, const Array& from) {
  Array to(dtype, from.Size());
  for (size_t i = 0; i < from.Size(); ++i) to.Set(i, from[i]);
  return to;
}

// The same bits, or NaN in the same places.
void ExpectSame(const Array& got, const Array& want) {
  ASSERT_EQ(got.Size(), want.Size());
  for (size_t i = 0; i < got.Size(); ++i) {
    if (std::isnan(got[i]) && std::isnan(want[i])) continue;
    ASSERT_EQ(got.Bits(i), want.Bits(i)) << "element " << i << ": " << got[i] << ", want " << want[i];
  }
}

void Forward(const BiasCase& c, simdact_op op, const simdact_params& p, Tensors& t, bool scaled) {
  c.kernel->forward(c.Op(op), t.x.Data(), scaled ? t.scale.Data() : nullptr, t.bias.Data(), t.y.Data(),
                    t.rows, t.cols, p);
}
// dx goes to y.
void Backward(const BiasCase& c, simdact_op op, const simdact_params& p, Tensors& t, bool scaled) {
  c.kernel->backward(c.Op(op), t.x.Data(), scaled ? t.scale.Data() : nullptr, t.bias.Data(), t.dy.Data(),
                     t.y.Data(), scaled ? t.dscale.Data() : nullptr, t.dbias.Data(), t.rows, t.cols, p);
}

void ExpectForward(const BiasCase& c, simdact_op op, Tensors& t, bool scaled) {
  const simdact_params p = simdact_describe(op)->defaults;
  const Array u = RoundedSums(c, t, scaled);
  Array want(c.Wide(), u.Size());
  c.Op(op)->forward(u.Data(), want.Data(), u.Size(), p);
  Forward(c, op, p, t, scaled);
  ExpectSame(t.y, Converted(c.dtype, want));
}

// The sums that `terms` have, by column; `group` of 1 but for prelu, whose channels are groups of columns.
void ExpectSums(simdact_dtype dtype, const Array& got, const std::vector<long double>& terms, size_t cols,
                size_t group = 1) {
  std::vector<long double> sums(cols / group), magnitudes(cols / group);
  for (size_t i = 0; i < terms.size(); ++i) {
    sums[i % cols / group] += terms[i];
    magnitudes[i % cols / group] += std::fabs(terms[i]);
  }
  const auto count = static_cast<long double>(terms.size() / sums.size());
  for (size_t k = 0; k < sums.size(); ++k) {
    if (std::isnan(sums[k])) {
      ASSERT_TRUE(std::isnan(got[k])) << "sum " << k;
      continue;
    }
    // The header's bound: 0.51 ulp off a number that is `slack` off the sum. 2^-62 is for the sums here.
    const long double slack = count * (dtype == SIMDACT_F64 ? 0x1p-62L : 0x1p-53L) * magnitudes[k];
    const long double near = std::clamp<long double>(got[k], sums[k] - slack, sums[k] + slack);
    ASSERT_LE(UlpError(dtype, got[k], near), 0.51) << "sum " << k << ": " << got[k];
  }
}

void ExpectBackward(const BiasCase& c, simdact_op op, Tensors& t, bool scaled) {
  const simdact_params p = simdact_describe(op)->defaults;
  const Array u = RoundedSums(c, t, scaled), dy = Converted(c.Wide(), t.dy);
  Array g(c.Wide(), u.Size());
  c.Op(op)->backward(u.Data(), dy.Data(), g.Data(), u.Size(), p);
  std::vector<long double> terms(u.Size()), scaled_terms(u.Size());
  Array dx(c.Wide(), u.Size());
  for (size_t i = 0; i < u.Size(); ++i) {
    terms[i] = g[i], scaled_terms[i] = static_cast<long double>(g[i]) * t.x[i];
    dx.Set(i, scaled ? Rounded(c.Wide(), g[i] * t.scale[i % t.cols]) : g[i]);
  }
  Backward(c, op, p, t, scaled);
  ExpectSame(t.y, Converted(c.dtype, dx));
  ExpectSums(c.dtype, t.dbias, terms, t.cols);
  if (scaled) ExpectSums(c.dtype, t.dscale, scaled_terms, t.cols);
}

// Without fused multiply-add the double u is not quite rounded once.
bool IsComparable(const BiasCase& c, bool scaled) { return !scaled || c.Fma() || c.dtype != SIMDACT_F64; }

class BiasTest : public testing::TestWithParam<int> {
 protected:
  const simdact_op op_ = static_cast<simdact_op>(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Ops, BiasTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

TEST_P(BiasTest, IsTheActivationOfTheRoundedSum) {
  ForEachBiasKernel([&](const BiasCase& c) {
    for (const auto& [rows, cols] :
         std::vector<std::pair<size_t, size_t>>{{3, 1}, {40, 3}, {5, 17}, {2, 600}}) {
      for (const bool scaled : {false, true}) {
        if (!IsComparable(c, scaled)) continue;
        Tensors t(c.dtype, rows, cols);
        ASSERT_NO_FATAL_FAILURE(ExpectForward(c, op_, t, scaled));
        ASSERT_NO_FATAL_FAILURE(ExpectBackward(c, op_, t, scaled));
      }
    }
  });
}

#ifndef SIMDACT_NO_HALF
TEST_P(BiasTest, HalvesAreRoundedOnce) {
  for (const simdact_dtype dtype : {SIMDACT_BF16, SIMDACT_F16}) {
    const simdact_params p = simdact_accuracy::RoundedTo(SIMDACT_F32, simdact_describe(op_)->defaults);
    Tensors t(dtype, 7, 31);
    std::vector<long double> exact(t.x.Size());
    for (size_t i = 0; i < exact.size(); ++i) {
      const double u = SumOf(SIMDACT_F32, t.x[i], t.bias[i % t.cols]);
      exact[i] = simdact_accuracy::Exact(op_, SIMDACT_FORWARD, u, p);
    }
    for (const simdact_target* target : simdact_accuracy::RunningTargets()) {
      const BiasCase c{target, dtype, simdact_find_bias(target, dtype)};
      Forward(c, op_, p, t, false);
      for (size_t i = 0; i < exact.size(); ++i) {
        ASSERT_LE(UlpError(dtype, t.y[i], exact[i]), 0.51) << "on " << simdact_target_name(target);
      }
    }
  }
}
#endif

TEST(BiasShapes, EveryShapeIsRight) {
  std::vector<std::pair<size_t, size_t>> shapes = {{1, 5000}, {2, 5000}, {3, 1000}, {2, 1024}, {2, 1025},
                                                   {5, 513},  {3, 512},  {700, 3},  {2100, 1}, {17, 256}};
  for (size_t cols = 1; cols <= 70; ++cols) {
    for (const size_t rows : {cols % 5 + 1, 1030 / cols + cols % 3}) shapes.emplace_back(rows, cols);
  }
  ForEachBiasKernel([&](const BiasCase& c) {
    for (const auto& [rows, cols] : shapes) {
      SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(cols));
      for (const bool scaled : {false, true}) {
        if (!IsComparable(c, scaled)) continue;
        Tensors t(c.dtype, rows, cols);
        ASSERT_NO_FATAL_FAILURE(ExpectForward(c, SIMDACT_OP_relu, t, scaled));
        ASSERT_NO_FATAL_FAILURE(ExpectBackward(c, SIMDACT_OP_leaky_relu, t, scaled));
      }
    }
  });
}

// u = x scale + bias where it is hard: products that cancel, ties of the sum, the ends of the range. neg
// shows u.
TEST(BiasNumbers, ScaledSumIsRoundedOnce) {
  ForEachBiasKernel([&](const BiasCase& c) {
    const auto& format = simdact_accuracy::FormatOf(c.Wide());
    const double eps = std::ldexp(1.0, -format.fraction_bits), tiny = std::ldexp(1.0, format.min_exponent);
    Tensors t(c.dtype, 200, 64);
    for (size_t i = 0; i < t.cols; ++i) {
      t.scale.Set(i, i % 4 == 0 ? 1.0 + eps : i % 4 == 1 ? 1.5 : t.scale[i]);
      t.bias.Set(i, i % 3 == 0 ? -1.0 : i % 3 == 1 ? std::ldexp(1.0, static_cast<int>(i)) : t.bias[i]);
      if (i % 7 == 0) t.bias.Set(i, std::ldexp(t.bias[i], format.min_exponent / 2 - 20));
      if (i % 7 == 1) t.bias.Set(i, 8 * tiny);
    }
    for (size_t i = 0; i < t.x.Size(); ++i) {
      if (i % 5 == 0) t.x.Set(i, 1.0 - eps * static_cast<double>(i % 11));
      if (i % 64 % 7 == 1) t.x.Set(i, tiny * (1.0 + static_cast<double>(i % 13) / 16));
      if (i % 31 == 0) t.x.Set(i, i % 62 == 0 ? kInf : -kInf);
      if (i % 37 == 0) t.x.Set(i, std::ldexp(1.75, format.max_exponent));
    }
    Forward(c, SIMDACT_OP_neg, {}, t, true);
    for (size_t i = 0; i < t.x.Size(); ++i) {
      const double want = -FusedOf(c.Wide(), t.x[i], t.scale[i % t.cols], t.bias[i % t.cols]);
      if (IsComparable(c, true)) {
        const double rounded = Rounded(c.dtype, want);
        ASSERT_TRUE(t.y[i] == rounded || (std::isnan(t.y[i]) && std::isnan(rounded)))
            << t.x[i] << " * " << t.scale[i % t.cols] << " + " << t.bias[i % t.cols] << " = " << -t.y[i];
      } else if (std::isfinite(want) && std::fabs(t.x[i]) < 0x1p990 && std::fabs(t.x[i]) > 0x1p-900) {
        ASSERT_LE(UlpError(c.dtype, t.y[i], want), 1.0);
      }
    }
  });
}

TEST(BiasNumbers, NanStaysInItsPlace) {
  ForEachBiasKernel([&](const BiasCase& c) {
    constexpr size_t rows = 3, cols = 67;
    Tensors t(c.dtype, rows, cols);
    Forward(c, SIMDACT_OP_sigmoid, {}, t, false);
    const Array y = t.y;
    Backward(c, SIMDACT_OP_sigmoid, {}, t, true);
    const Array dx = t.y, dbias = t.dbias, dscale = t.dscale;
    for (size_t at = 0; at < rows * cols; at += Quick() ? 5 : 1) {
      const double before = t.x[at];
      t.x.Set(at, kNan);
      Forward(c, SIMDACT_OP_sigmoid, {}, t, false);
      for (size_t i = 0; i < rows * cols; ++i) ASSERT_EQ(std::isnan(t.y[i]), i == at);
      Backward(c, SIMDACT_OP_sigmoid, {}, t, true);
      for (size_t i = 0; i < rows * cols; ++i) {
        ASSERT_TRUE(i == at ? std::isnan(t.y[i]) : t.y.Bits(i) == dx.Bits(i));
      }
      for (size_t i = 0; i < cols; ++i) {
        if (i == at % cols) {
          ASSERT_TRUE(std::isnan(t.dbias[i]) && std::isnan(t.dscale[i]));
        } else {
          ASSERT_TRUE(t.dbias.Bits(i) == dbias.Bits(i) && t.dscale.Bits(i) == dscale.Bits(i));
        }
      }
      t.x.Set(at, before);
    }
    ExpectSame(y, [&] { return Forward(c, SIMDACT_OP_sigmoid, {}, t, false), t.y; }());
  });
}

// ---- Sums over rows ------------------------------------------------------------------------------------

// Terms in the order of additions that forgets most, and infinite ones.
TEST(BiasSums, KeepWhatCancels) {
  ForEachBiasKernel([&](const BiasCase& c) {
    const double big = c.dtype == SIMDACT_F64   ? 0x1p60
                       : c.dtype == SIMDACT_F16 ? 0x1p14
                                                : 0x1p28;  // 2^53 terms apart, or less
    Tensors t(c.dtype, 400, 5);
    for (size_t r = 0; r < 400; ++r) {
      const double terms[] = {r % 3 == 0   ? big
                              : r % 3 == 1 ? -1.0
                                           : -big,
                              r == 7 ? kInf : 1.0,
                              r == 7   ? kInf
                              : r == 8 ? -kInf
                                       : 1.0,
                              1.0, -0.0};
      for (size_t k = 0; k < 5; ++k) t.dy.Set(5 * r + k, -terms[k]);
    }
    Backward(c, SIMDACT_OP_neg, {}, t, false);
    EXPECT_EQ(t.dbias[0], Rounded(c.dtype, big - 133));
    EXPECT_EQ(t.dbias[1], kInf);
    EXPECT_TRUE(std::isnan(t.dbias[2]));
    EXPECT_EQ(t.dbias[3], 400.0);
    EXPECT_EQ(t.dbias[4], 0.0);
  });
}

TEST(BiasSums, AreTheSameOnEveryTarget) {
  for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
    Array dbias(dtype), dscale(dtype);
    for (const simdact_target* target : simdact_accuracy::RunningTargets()) {
      const BiasCase c{target, dtype, simdact_find_bias(target, dtype)};
      Tensors t(dtype, 301, 37);
      Backward(c, SIMDACT_OP_neg, {}, t, true);
      if (dbias.Size() == 0) dbias = t.dbias, dscale = t.dscale;
      ASSERT_NO_FATAL_FAILURE(ExpectSame(t.dbias, dbias));
      ASSERT_NO_FATAL_FAILURE(ExpectSame(t.dscale, dscale));
    }
  }
}

TEST(BiasSums, WithoutRowsAreZero) {
  ForEachBiasKernel([&](const BiasCase& c) {
    Tensors t(c.dtype, 0, 9);
    t.dbias.Fill(5), t.dscale.Fill(5);
    Backward(c, SIMDACT_OP_neg, {}, t, true);
    for (size_t k = 0; k < 9; ++k) ASSERT_TRUE(t.dbias.Bits(k) == 0 && t.dscale.Bits(k) == 0);
    t.dbias.Fill(5);
    c.kernel->prelu_channels_backward(nullptr, t.bias.Data(), nullptr, nullptr, t.dbias.Data(), 4, 9, 0);
    for (size_t k = 0; k < 9; ++k) ASSERT_EQ(t.dbias.Bits(k), 0u);
  });
}

#ifndef SIMDACT_NO_F64
// The gradients are those of sum(dy f(x scale + bias)), by central differences.
TEST(BiasSums, GradientsAgreeWithDifferences) {
  constexpr size_t rows = 4, cols = 3;
  std::vector<double> v(rows * cols + 2 * cols), dy(rows * cols), gradient(v.size());
  for (size_t i = 0; i < v.size(); ++i) v[i] = std::sin(1.0 + 2.7 * static_cast<double>(i));
  for (size_t i = 0; i < dy.size(); ++i) dy[i] = std::cos(static_cast<double>(i));
  double *x = v.data(), *scale = x + rows * cols, *bias = scale + cols;
  double *dx = gradient.data(), *dscale = dx + rows * cols, *dbias = dscale + cols;
  const auto loss = [&](auto f) {
    std::vector<double> y(rows * cols);
    EXPECT_EQ(f(y.data()), SIMDACT_OK);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += dy[i] * y[i];
    return sum;
  };
  const auto check = [&](size_t from, size_t count, auto f) {
    for (size_t i = from; i < from + count; ++i) {
      const double at = v[i], h = 1e-5;
      v[i] = at + h;
      const double above = loss(f);
      v[i] = at - h;
      const double below = loss(f);
      v[i] = at;
      EXPECT_NEAR(gradient[i], (above - below) / (2 * h), 1e-8) << "of variable " << i;
    }
  };
  ASSERT_EQ(simdact::scale_bias_gelu_backward(x, scale, bias, dy.data(), dx, dscale, dbias, rows, cols),
            SIMDACT_OK);
  check(0, v.size(), [&](double* y) { return simdact::scale_bias_gelu(x, scale, bias, y, rows, cols); });
  ASSERT_EQ(simdact::bias_softplus_backward(x, bias, dy.data(), dx, dbias, rows, cols, 2.0), SIMDACT_OK);
  const auto softplus = [&](double* y) { return simdact::bias_softplus(x, bias, y, rows, cols, 2.0); };
  check(0, rows * cols, softplus);
  check(rows * cols + cols, cols, softplus);
  ASSERT_EQ(simdact::residual_silu_backward(x, x + 6, dy.data(), dx, 6), SIMDACT_OK);
  for (size_t i = 6; i < dy.size(); ++i) dy[i] = 0;
  check(0, 6, [&](double* y) { return simdact::residual_silu(x, x + 6, y, 6); });
  ASSERT_EQ(simdact::prelu_channels_backward(x, scale, dy.data(), dx, dscale, 2, 3, 2), SIMDACT_OK);
  const auto prelu = [&](double* y) { return simdact::prelu_channels(x, scale, y, 2, 3, 2); };
  check(0, rows * cols + cols, prelu);
}
#endif

// ---- prelu ---------------------------------------------------------------------------------------------

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
      {3, 1000, 1}, {2, 1, 3000}, {2, 3, 1500}, {3, 700, 2},  {2, 2, 512},  {2, 3, 513},
      {3, 1, 1},    {900, 1, 1},  {1, 5, 257},  {1, 40, 100}, {2, 130, 11}, {64, 4, 9}};
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
  ForEachBiasKernel([&](const BiasCase& c) {
    const Array x(c.dtype, {kNan, kInf, -kInf, 2.0}), weight(c.dtype, {0.5, 0.5, 0.5, kNan});
    const Array dy(c.dtype, {1.0, kInf, 1.0, 1.0});
    Array y(c.dtype, 4), dx(c.dtype, 4), dweight(c.dtype, 4);
    c.kernel->prelu_channels(x.Data(), weight.Data(), y.Data(), 1, 4, 1);
    ExpectSame(y, Array(c.dtype, {kNan, kInf, -kInf, 2.0}));
    c.kernel->prelu_channels_backward(x.Data(), weight.Data(), dy.Data(), dx.Data(), dweight.Data(), 1, 4, 1);
    ExpectSame(dx, Array(c.dtype, {kNan, kInf, 0.5, 1.0}));
    ExpectSame(dweight, Array(c.dtype, {kNan, 0.0, -kInf, 0.0}));
  });
}

// ---- Memory --------------------------------------------------------------------------------------------

// All four functions at the given places; sums of the channels of prelu go where dbias does.
void CallAll(const BiasCase& c, const Tensors& t, const void* x, const void* scale, const void* bias,
             const void* dy, void* y, void* dscale, void* dbias) {
  const simdact_kernel* silu = c.Op(SIMDACT_OP_silu);
  c.kernel->forward(silu, x, nullptr, bias, y, t.rows, t.cols, {});
  c.kernel->forward(silu, x, scale, bias, y, t.rows, t.cols, {});
  c.kernel->backward(silu, x, nullptr, bias, dy, y, nullptr, dbias, t.rows, t.cols, {});
  c.kernel->backward(silu, x, scale, bias, dy, y, dscale, dbias, t.rows, t.cols, {});
  c.kernel->prelu_channels(x, bias, y, t.rows, t.cols, 1);
  c.kernel->prelu_channels_backward(x, bias, dy, y, dbias, t.rows, t.cols, 1);
  c.kernel->prelu_channels(x, bias, y, 1, t.cols, t.rows);
  c.kernel->prelu_channels_backward(x, bias, dy, y, dbias, 1, t.cols, t.rows);
}

TEST(BiasMemory, NothingOutsideTheArraysIsTouched) {
  const GuardedPage pages[7];
  ForEachBiasKernel([&](const BiasCase& c) {
    for (size_t cols = 1; cols <= 150; cols += cols < 40 && !Quick() ? 1 : 13) {
      for (const size_t rows : {size_t{1}, size_t{2}, 500 / cols}) {
        const Tensors t(c.dtype, rows, cols);
        const Array* arrays[] = {&t.x, &t.scale, &t.bias, &t.dy, &t.y, &t.dscale, &t.dbias};
        for (const bool at_end : {false, true}) {
          char* at[7];
          for (int k = 0; k < 7; ++k) {
            const size_t bytes = arrays[k]->Size() * arrays[k]->ElementBytes();
            at[k] = at_end ? pages[k].End() - bytes : pages[k].Begin();
            std::memcpy(at[k], arrays[k]->Data(), bytes);
          }
          CallAll(c, t, at[0], at[1], at[2], at[3], at[4], at[5], at[6]);
        }
      }
    }
  });
}

TEST(BiasMemory, OutputsMayBeInputs) {
  ForEachBiasKernel([&](const BiasCase& c) {
    for (const auto& [rows, cols] : std::vector<std::pair<size_t, size_t>>{{9, 5}, {3, 1300}, {1, 3000}}) {
      const simdact_kernel* silu = c.Op(SIMDACT_OP_silu);
      for (const bool scaled : {false, true}) {
        Tensors t(c.dtype, rows, cols);
        const void* scale = scaled ? t.scale.Data() : nullptr;
        void* dscale = scaled ? t.dscale.Data() : nullptr;
        Forward(c, SIMDACT_OP_silu, {}, t, scaled);
        Array in_place = t.x;
        c.kernel->forward(silu, in_place.Data(), scale, t.bias.Data(), in_place.Data(), rows, cols, {});
        ASSERT_NO_FATAL_FAILURE(ExpectSame(in_place, t.y));
        Backward(c, SIMDACT_OP_silu, {}, t, scaled);
        const Array dbias = t.dbias, want_dscale = t.dscale;
        for (const Array& start : {t.x, t.dy}) {
          in_place = start;
          const bool is_x = &start == &t.x || start.Bits(0) == t.x.Bits(0);
          c.kernel->backward(silu, is_x ? in_place.Data() : t.x.Data(), scale, t.bias.Data(),
                             is_x ? t.dy.Data() : in_place.Data(), in_place.Data(), dscale, t.dbias.Data(),
                             rows, cols, {});
          ASSERT_NO_FATAL_FAILURE(ExpectSame(in_place, t.y));
          ASSERT_NO_FATAL_FAILURE(ExpectSame(t.dbias, dbias));
          ASSERT_NO_FATAL_FAILURE(ExpectSame(t.dscale, want_dscale));
        }
      }
      Tensors t(c.dtype, 1, rows * cols);  // the residual is an element-wise bias
      Forward(c, SIMDACT_OP_silu, {}, t, false);
      Array in_place = t.bias;
      c.kernel->forward(silu, t.x.Data(), nullptr, in_place.Data(), in_place.Data(), 1, t.cols, {});
      ASSERT_NO_FATAL_FAILURE(ExpectSame(in_place, t.y));
      Backward(c, SIMDACT_OP_silu, {}, t, false);
      in_place = t.bias;
      c.kernel->backward(silu, t.x.Data(), nullptr, in_place.Data(), t.dy.Data(), in_place.Data(), nullptr,
                         nullptr, 1, t.cols, {});
      ASSERT_NO_FATAL_FAILURE(ExpectSame(in_place, t.y));
    }
  });
}

TEST(BiasMemory, AlignmentDoesNotMatter) {
  ForEachBiasKernel([&](const BiasCase& c) {
    Tensors t(c.dtype, 3, 131);
    Backward(c, SIMDACT_OP_silu, {}, t, true);
    const size_t bytes = t.x.ElementBytes(), size = t.x.Size() * bytes;
    for (size_t shift = bytes; shift < 64; shift += bytes) {
      const auto moved = [&](const Array& array) {
        std::vector<unsigned char> copy(shift);
        copy.insert(copy.end(), array.Data(), array.Data() + array.Size() * bytes);
        copy.resize(copy.size() + 64);
        return copy;
      };
      auto x = moved(t.x), scale = moved(t.scale), bias = moved(t.bias), dy = moved(t.dy), dx = moved(t.y);
      std::fill(dx.begin(), dx.end(), static_cast<unsigned char>(77));
      c.kernel->backward(c.Op(SIMDACT_OP_silu), x.data() + shift, scale.data() + shift, bias.data() + shift,
                         dy.data() + shift, dx.data() + shift, nullptr, nullptr, t.rows, t.cols, {});
      ASSERT_EQ(std::memcmp(dx.data() + shift, t.y.Data(), size), 0) << "shift " << shift;
      for (size_t i = 0; i < dx.size(); ++i) {
        if (i < shift || i >= shift + size) {
          ASSERT_EQ(dx[i], 77);
        }
      }
    }
  });
}

// ---- Arguments -----------------------------------------------------------------------------------------

TEST(BiasArguments, WrongOnesTouchNothing) {
  float m[64], v[32];
  std::fill(m, m + 64, 7.0f), std::fill(v, v + 32, 7.0f);
  float *x = m, *y = m + 16, *dy = m + 32, *dx = m + 48;
  float *s = v, *b = v + 4, *db = v + 8, *ds = v + 12;
  const size_t huge = SIZE_MAX / 4;
  EXPECT_EQ(simdact_bias_relu_f32(nullptr, b, y, 4, 4), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_bias_relu_f32(x, nullptr, y, 4, 4), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_bias_relu_f32(x, b, nullptr, 4, 4), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_bias_relu_f32(x, b, y, huge, 4), SIMDACT_TOO_LARGE);
  EXPECT_EQ(simdact_bias_relu_f32(x, b, y, 4, huge), SIMDACT_TOO_LARGE);
  EXPECT_EQ(simdact_bias_relu_f32(x, b, x + 1, 4, 4), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_bias_relu_f32(x, y, y, 4, 4), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_bias_relu_f32(x, y + 12, y, 4, 4), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_scale_bias_relu_f32(x, nullptr, b, y, 4, 4), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_scale_bias_relu_f32(x, y + 3, b, y, 4, 4), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_residual_relu_f32(x, nullptr, y, 16), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_residual_relu_f32(x, y + 1, y, 15), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_residual_relu_f32(x, y, y, huge + 1), SIMDACT_TOO_LARGE);
  EXPECT_EQ(simdact_residual_relu_backward_f32(x, y, nullptr, dx, 16), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_residual_relu_backward_f32(x, y, dy, dy + 1, 15), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_bias_relu_backward_f32(x, b, dy, nullptr, db, 4, 4), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_bias_relu_backward_f32(x, b, dy, dy + 4, db, 3, 4), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_bias_relu_backward_f32(x, b, dy, dx, dx, 4, 4), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_bias_relu_backward_f32(x, b, dy, dx, b, 4, 4), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_bias_relu_backward_f32(x, b, dy, dx, dy + 12, 4, 4), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_scale_bias_relu_backward_f32(x, s, b, dy, dx, db, db, 4, 4), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_scale_bias_relu_backward_f32(x, s, b, dy, dx, s + 1, db, 4, 4), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_scale_bias_relu_backward_f32(x, nullptr, b, dy, dx, ds, db, 4, 4), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_prelu_channels_f32(x, nullptr, y, 2, 4, 2), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_prelu_channels_f32(x, y + 1, y, 2, 4, 2), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_prelu_channels_f32(x, b, y, 2, huge, huge), SIMDACT_TOO_LARGE);
  EXPECT_EQ(simdact_prelu_channels_backward_f32(x, b, dy, dx, dx + 8, 2, 4, 2), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_prelu_channels_backward_f32(x, b, dy, dx, db, huge, 4, 2), SIMDACT_TOO_LARGE);
  for (const float value : m) ASSERT_EQ(value, 7.0f);
  for (const float value : v) ASSERT_EQ(value, 7.0f);
}

TEST(BiasArguments, EmptyOnesAreFine) {
  float db[3] = {7, 7, 7}, ds[3] = {7, 7, 7};
  EXPECT_EQ(simdact_bias_relu_f32(nullptr, nullptr, nullptr, 0, 4), SIMDACT_OK);
  EXPECT_EQ(simdact_bias_relu_f32(nullptr, nullptr, nullptr, 4, 0), SIMDACT_OK);
  EXPECT_EQ(simdact_residual_relu_f32(nullptr, nullptr, nullptr, 0), SIMDACT_OK);
  EXPECT_EQ(simdact_prelu_channels_f32(nullptr, nullptr, nullptr, 0, SIZE_MAX, 3), SIMDACT_OK);
  EXPECT_EQ(simdact_prelu_channels_backward_f32(nullptr, nullptr, nullptr, nullptr, nullptr, 2, 3, 0),
            SIMDACT_OK);
  EXPECT_EQ(simdact_scale_bias_relu_backward_f32(nullptr, nullptr, nullptr, nullptr, nullptr, ds, db, 0, 3),
            SIMDACT_OK);
  for (int k = 0; k < 3; ++k) EXPECT_TRUE(db[k] == 0 && ds[k] == 0);
  db[1] = 7;
  EXPECT_EQ(simdact_prelu_channels_backward_f32(nullptr, nullptr, nullptr, nullptr, db, 0, 3, 5), SIMDACT_OK);
  EXPECT_EQ(db[1], 0);
}

TEST(BiasArguments, LookupRefusesWhatDoesNotExist) {
  EXPECT_EQ(simdact_find_bias(nullptr, SIMDACT_F32), nullptr);
  EXPECT_EQ(simdact_find_bias(simdact_target_default(), SIMDACT_DTYPE_COUNT), nullptr);
}

// C and C++ reach the op, the format and the parameters that their names say.
TEST(BiasArguments, NamesMeanWhatTheySay) {
  const float x[] = {-3, 1, 2, -1}, b[] = {1, -1}, s[] = {2, 3};
  float y[4], want[4], u[4] = {-2, 0, 3, -2}, fused[4] = {-5, 2, 5, -4};
  EXPECT_EQ(simdact::bias_elu(x, b, y, 2, 2, 0.5f), SIMDACT_OK);
  simdact::elu(u, want, 4, 0.5f);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(y[i], want[i]);
  EXPECT_EQ(simdact::scale_bias_shrink(x, s, b, y, 2, 2, 1.0f, 0.25f), SIMDACT_OK);
  simdact::shrink(fused, want, 4, 1.0f, 0.25f);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(y[i], want[i]);
#ifndef SIMDACT_NO_HALF
  const simdact::bf16 half_x{0x3F80}, half_b{0xC000};  // 1, -2
  simdact::bf16 half_y;
  EXPECT_EQ(simdact::residual_leaky_relu(&half_x, &half_b, &half_y, 1, 0.5f), SIMDACT_OK);
  EXPECT_EQ(static_cast<uint16_t>(half_y), 0xBF00);
  const simdact::f16 f16_x{0x3C00}, f16_b{0xC000};
  simdact::f16 f16_y;
  EXPECT_EQ(simdact::bias_neg(&f16_x, &f16_b, &f16_y, 1, 1), SIMDACT_OK);
  EXPECT_EQ(static_cast<uint16_t>(f16_y), 0x3C00);
#endif
}

}  // namespace
}  // namespace simdact_test
