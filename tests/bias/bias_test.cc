// The bias shape. What the kernels compute is compared with the activation's own kernel on sums rounded here,
// bit by bit, for that is what the header promises; the 16-bit formats and the sums over rows also with long
// double. Shapes are ragged: rows shorter than a vector, longer than a block, and what lies between.

#include <cmath>

#include "simdact/simdact.hpp"
#include "tests/bias/bias_cases.h"

namespace simdact_test {
namespace {

using simdact_accuracy::Rounded;
using simdact_accuracy::UlpError;

const double kNan = std::nan("");
const double kInf = std::numeric_limits<double>::infinity();

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

void ExpectForward(const BiasCase& c, simdact_op op, Tensors& t, bool scaled) {
  const simdact_params p = simdact_describe(op)->defaults;
  const Array u = RoundedSums(c, t, scaled);
  Array want(c.Wide(), u.Size());
  c.Op(op)->forward(u.Data(), want.Data(), u.Size(), p);
  Forward(c, op, p, t, scaled);
  ExpectSame(t.y, Converted(c.dtype, want));
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

// The functions that take op, dtype and tier: what the default target's kernel makes of that tier's op.
TEST_P(BiasTest, AnyTierIsThatOfTheOp) {
  const simdact_target* target = simdact_target_default();
  for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
    const BiasCase c{target, dtype, simdact_find_bias(target, dtype)};
    const simdact_params p = simdact_accuracy::RoundedTo(dtype, simdact_describe(op_)->defaults);
    for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
      const simdact_kernel* op = simdact_find(target, op_, c.Wide(), tier);
      Tensors want(dtype, 5, 211), t = want;
      const auto clear = [&] {
        for (Tensors* each : {&want, &t}) each->y.Fill(0), each->dscale.Fill(0), each->dbias.Fill(0);
      };
      const auto expect_same = [&] {
        ASSERT_NO_FATAL_FAILURE(ExpectSame(t.y, want.y));
        ASSERT_NO_FATAL_FAILURE(ExpectSame(t.dscale, want.dscale));
        ASSERT_NO_FATAL_FAILURE(ExpectSame(t.dbias, want.dbias));
        clear();
      };
      const void *x = t.x.Data(), *s = t.scale.Data(), *b = t.bias.Data(), *dy = t.dy.Data();
      void *y = t.y.Data(), *ds = t.dscale.Data(), *db = t.dbias.Data();
      const size_t n = 5 * 211;
      clear();
      c.kernel->forward(op, x, nullptr, b, want.y.Data(), 5, 211, p);
      ASSERT_EQ(simdact_bias(op_, dtype, tier, x, b, y, 5, 211, p), SIMDACT_OK);
      expect_same();
      c.kernel->forward(op, x, s, b, want.y.Data(), 5, 211, p);
      ASSERT_EQ(simdact_scale_bias(op_, dtype, tier, x, s, b, y, 5, 211, p), SIMDACT_OK);
      expect_same();
      c.kernel->forward(op, x, nullptr, dy, want.y.Data(), 1, n, p);
      ASSERT_EQ(simdact_residual(op_, dtype, tier, x, dy, y, n, p), SIMDACT_OK);
      expect_same();
      c.kernel->backward(op, x, nullptr, b, dy, want.y.Data(), nullptr, want.dbias.Data(), 5, 211, p);
      ASSERT_EQ(simdact_bias_backward(op_, dtype, tier, x, b, dy, y, db, 5, 211, p), SIMDACT_OK);
      expect_same();
      c.kernel->backward(op, x, s, b, dy, want.y.Data(), want.dscale.Data(), want.dbias.Data(), 5, 211, p);
      ASSERT_EQ(simdact_scale_bias_backward(op_, dtype, tier, x, s, b, dy, y, ds, db, 5, 211, p), SIMDACT_OK);
      expect_same();
      c.kernel->backward(op, x, nullptr, x, dy, want.y.Data(), nullptr, nullptr, 1, n, p);
      ASSERT_EQ(simdact_residual_backward(op_, dtype, tier, x, x, dy, y, n, p), SIMDACT_OK);
      expect_same();
      if (HasFatalFailure()) return;
    }
  }
}

// The fast tag of the C++ functions is the fast tier, with parameters.
template <class E>
void ExpectFastTag(simdact_dtype dtype) {
  Tensors t(dtype, 6, 50), want = t;
  const auto in = [](Array& array) { return reinterpret_cast<E*>(array.Data()); };
  const auto clear = [&] {
    for (Tensors* each : {&want, &t}) each->y.Fill(0), each->dscale.Fill(0), each->dbias.Fill(0);
  };
  const auto expect_same = [&] {
    ExpectSame(t.y, want.y), ExpectSame(t.dscale, want.dscale), ExpectSame(t.dbias, want.dbias);
    clear();
  };
  E *x = in(t.x), *s = in(t.scale), *b = in(t.bias), *dy = in(t.dy), *y = in(t.y), *ds = in(t.dscale),
    *db = in(t.dbias);
  void *to = want.y.Data(), *to_s = want.dscale.Data(), *to_b = want.dbias.Data();
  const simdact_params p = {{1.5}};
  clear();
  EXPECT_EQ(simdact::bias_swish(simdact::fast, x, b, y, 6, 50, 1.5f), SIMDACT_OK);
  EXPECT_EQ(simdact_bias(SIMDACT_OP_swish, dtype, SIMDACT_FAST, x, b, to, 6, 50, p), SIMDACT_OK);
  expect_same();
  EXPECT_EQ(simdact::scale_bias_swish(simdact::fast, x, s, b, y, 6, 50, 1.5f), SIMDACT_OK);
  EXPECT_EQ(simdact_scale_bias(SIMDACT_OP_swish, dtype, SIMDACT_FAST, x, s, b, to, 6, 50, p), SIMDACT_OK);
  expect_same();
  EXPECT_EQ(simdact::residual_gelu(simdact::fast, x, dy, y, 300), SIMDACT_OK);
  EXPECT_EQ(simdact_residual(SIMDACT_OP_gelu, dtype, SIMDACT_FAST, x, dy, to, 300, p), SIMDACT_OK);
  expect_same();
  EXPECT_EQ(simdact::bias_swish_backward(simdact::fast, x, b, dy, y, db, 6, 50, 1.5f), SIMDACT_OK);
  EXPECT_EQ(simdact_bias_backward(SIMDACT_OP_swish, dtype, SIMDACT_FAST, x, b, dy, to, to_b, 6, 50, p),
            SIMDACT_OK);
  expect_same();
  EXPECT_EQ(simdact::scale_bias_gelu_backward(simdact::fast, x, s, b, dy, y, ds, db, 6, 50), SIMDACT_OK);
  EXPECT_EQ(simdact_scale_bias_backward(SIMDACT_OP_gelu, dtype, SIMDACT_FAST, x, s, b, dy, to, to_s, to_b, 6,
                                        50, p),
            SIMDACT_OK);
  expect_same();
  EXPECT_EQ(simdact::residual_gelu_backward(simdact::fast, x, x, dy, y, 300), SIMDACT_OK);
  EXPECT_EQ(simdact_residual_backward(SIMDACT_OP_gelu, dtype, SIMDACT_FAST, x, x, dy, to, 300, p),
            SIMDACT_OK);
  expect_same();
}
TEST(BiasTiers, FastTagIsTheFastTier) {
  ExpectFastTag<float>(SIMDACT_F32);
#ifndef SIMDACT_NO_F64
  ExpectFastTag<double>(SIMDACT_F64);
#endif
#ifndef SIMDACT_NO_HALF
  ExpectFastTag<simdact::bf16>(SIMDACT_BF16);
  ExpectFastTag<simdact::f16>(SIMDACT_F16);
#endif
}

TEST(BiasTiers, CheckTheirArguments) {
  float x[12] = {}, b[4] = {};
  const simdact_params p = {};
  const auto forward = [&](simdact_op op, simdact_dtype dtype, simdact_tier tier, const void* from,
                           void* to) { return simdact_bias(op, dtype, tier, from, b, to, 3, 4, p); };
  EXPECT_EQ(forward(SIMDACT_OP_COUNT, SIMDACT_F32, SIMDACT_FAST, x, x), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward(SIMDACT_OP_gelu, SIMDACT_DTYPE_COUNT, SIMDACT_FAST, x, x), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward(SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_TIER_COUNT, x, x), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward(SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_EXACT, x, x), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward(SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_FAST, nullptr, x), SIMDACT_NULL_POINTER);
  EXPECT_EQ(forward(SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_FAST, x, x + 1), SIMDACT_OVERLAP);
  EXPECT_EQ(forward(SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_FAST, x, x), SIMDACT_OK);
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
  std::vector<std::pair<size_t, size_t>> shapes = {{1, 5000}, {2, 5000}, {3, 1000}, {2, 1024},
                                                   {2, 1025}, {5, 513},  {3, 2047}, {2, 511},
                                                   {3, 512},  {700, 3},  {2100, 1}, {17, 256}};
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

}  // namespace
}  // namespace simdact_test
