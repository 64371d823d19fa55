// Gates of any activation, with biases, limit and offset, on every target: results and gradients against the
// exact ones, the ways in and out of memory, and what is refused.

#include <cstring>
#include <random>

#include "simdact/simdact.hpp"
#include "tests/common/guarded_page.h"
#include "tests/common/kernels.h"

namespace simdact_test {
namespace {

using simdact_accuracy::Exact;
using simdact_accuracy::RunningTargets;
using simdact_accuracy::UlpError;

// A call, its arrays, and what the header promises of it.
struct Call {
  simdact_op op;
  simdact_dtype dtype;
  simdact_params p;
  size_t rows, cols;
  simdact_gate_options o;
  Array x, dy, gate_bias, up_bias, y, dx, dgate_bias, dup_bias;

  Call(simdact_op op, simdact_dtype dtype, size_t rows, size_t cols)
      : op(op),
        dtype(dtype),
        p(simdact_accuracy::RoundedTo(dtype, simdact_describe(op)->defaults)),
        rows(rows),
        cols(cols),
        o{},
        x(dtype),
        dy(dtype),
        gate_bias(dtype, cols),
        up_bias(dtype, cols),
        y(dtype),
        dx(dtype),
        dgate_bias(dtype, cols),
        dup_bias(dtype, cols) {}

  size_t XStride() const { return o.x_row_stride == 0 ? 2 * cols : o.x_row_stride; }
  size_t DxStride() const { return o.dx_row_stride == 0 ? 2 * cols : o.dx_row_stride; }
  size_t YStride() const { return o.y_row_stride == 0 ? cols : o.y_row_stride; }
  size_t DyStride() const { return o.dy_row_stride == 0 ? cols : o.dy_row_stride; }
  size_t GateAt(size_t c) const {
    return o.layout == SIMDACT_GATE_INTERLEAVED ? 2 * c : o.layout == SIMDACT_GATE_FIRST ? c : cols + c;
  }
  size_t UpAt(size_t c) const {
    return o.layout == SIMDACT_GATE_INTERLEAVED ? 2 * c + 1 : o.layout == SIMDACT_GATE_FIRST ? cols + c : c;
  }

  void Fill(std::mt19937& random) {
    const auto number = [&] { return static_cast<double>(random()) / 2147483648.0 - 1.0; };  // in [-1, 1)
    x.Resize(rows * XStride()), dy.Resize(rows * DyStride());
    y.Resize(rows * YStride() + 1), dx.Resize(rows * DxStride() + 1);
    for (size_t i = 0; i < x.Size(); ++i) x.Set(i, number() * (random() % 3 == 0 ? 9 : 3));
    for (size_t i = 0; i < dy.Size(); ++i) dy.Set(i, 2 * number());
    for (size_t i = 0; i < cols; ++i) gate_bias.Set(i, number()), up_bias.Set(i, number());
    y.Fill(77), dx.Fill(77);
  }
  simdact_status Forward() { return simdact_gated(op, dtype, x.Data(), y.Data(), rows, cols, p, &o); }
  simdact_status Backward() {
    return simdact_gated_backward(op, dtype, x.Data(), dy.Data(), dx.Data(), dgate_bias.Data(),
                                  dup_bias.Data(), rows, cols, p, &o);
  }
};

// A sum in the type that is computed in.
double Rounded(simdact_dtype dtype, double sum) {
  return dtype == SIMDACT_F64 ? sum : static_cast<double>(static_cast<float>(sum));
}

// What an element is made of, as the header defines it.
struct Element {
  double g, u;    // bounded
  double factor;  // u + offset, not rounded: within a double but for f64, which rounds
  bool gate_counts, up_counts;
  Element(const Call& c, size_t row, size_t col) {
    const double raw_g = c.x[row * c.XStride() + c.GateAt(col)], raw_u = c.x[row * c.XStride() + c.UpAt(col)];
    g = c.o.gate_bias == nullptr ? raw_g : Rounded(c.dtype, raw_g + c.gate_bias[col]);
    u = c.o.up_bias == nullptr ? raw_u : Rounded(c.dtype, raw_u + c.up_bias[col]);
    const double limit = c.o.limit == 0 ? HUGE_VAL : Rounded(c.dtype, c.o.limit);
    gate_counts = !(g > limit), up_counts = !(std::fabs(u) > limit);
    g = std::min(g, limit), u = std::max(std::min(u, limit), -limit);
    factor = u + Rounded(c.dtype, c.o.offset);
  }
};

// The claims of the header.
struct Claims {
  double y, dgate, dup;
  Claims(const Call& c, const simdact_target* target) {
    const int fma = simdact_target_has_fma(target);
    const auto half = [&] { return c.o.tier == SIMDACT_FAST ? (c.dtype == SIMDACT_BF16 ? 0.6 : 1.0) : 0.51; };
    const simdact_gate own = c.op == SIMDACT_OP_sigmoid                    ? SIMDACT_GATE_glu
                             : c.op == SIMDACT_OP_silu                     ? SIMDACT_GATE_swiglu
                             : c.op == SIMDACT_OP_gelu                     ? SIMDACT_GATE_geglu
                             : c.op == SIMDACT_OP_gelu_tanh                ? SIMDACT_GATE_geglu_tanh
                             : c.op == SIMDACT_OP_gelu_quick               ? SIMDACT_GATE_geglu_quick
                             : c.op == SIMDACT_OP_relu                     ? SIMDACT_GATE_reglu
                             : c.op == SIMDACT_OP_swish && c.o.offset == 1 ? SIMDACT_GATE_swiglu_oai
                                                                           : SIMDACT_GATE_COUNT;
    const auto claim = c.o.tier == SIMDACT_FAST ? &simdact_gate_fast_claim : &simdact_gate_claim;
    if (c.dtype == SIMDACT_BF16 || c.dtype == SIMDACT_F16) {
      y = dgate = dup = half();
    } else if (own != SIMDACT_GATE_COUNT) {
      y = claim(own, c.dtype, SIMDACT_FORWARD, fma);
      dgate = dup = claim(own, c.dtype, SIMDACT_BACKWARD, fma) + 1;
    } else {
      y = dup = 2 * simdact_claim(c.op, c.dtype, SIMDACT_FORWARD, fma) + 0.5, dgate = 5;
    }
    if (c.o.offset != 0 && own != SIMDACT_GATE_swiglu_oai &&
        (c.dtype == SIMDACT_F32 || c.dtype == SIMDACT_F64))
      y += 1, dgate += 1;
  }
};

// Whether a factor is a normal float (f64: double), so that its error is relative, or is exactly 0.
bool IsNormal(simdact_dtype dtype, long double factor) {
  const bool wide = dtype == SIMDACT_F64;
  const long double size = std::fabs(factor);
  return size == 0 || (size >= (wide ? 0x1p-1000L : 0x1p-120L) && size <= (wide ? 0x1p1000L : 0x1p120L));
}

void ExpectForward(const Call& c, const simdact_target* target) {
  const Claims claims(c, target);
  for (size_t i = 0; i < c.y.Size(); ++i) {
    const size_t row = i / c.YStride(), col = i % c.YStride();
    if (row >= c.rows || col >= c.cols) {
      ASSERT_EQ(c.y[i], 77) << "beside the output";
      continue;
    }
    const Element e(c, row, col);
    const long double f = Exact(c.op, SIMDACT_FORWARD, static_cast<long double>(e.g), c.p);
    if (std::isnan(f)) {
      ASSERT_TRUE(std::isnan(c.y[i])) << "f(" << e.g << ")";
      continue;
    }
    const long double exact = f * static_cast<long double>(e.factor);
    if (!IsNormal(c.dtype, f) || !IsNormal(c.dtype, exact) || (exact == 0 && f != 0 && e.factor != 0))
      continue;
    ASSERT_LE(UlpError(c.dtype, c.y[i], exact), claims.y)
        << "f(" << e.g << ") (" << e.u << " + " << c.o.offset << ") = " << c.y[i] << ", exact " << exact;
  }
}

// The accurate tier's; that of the fast one is for gates that have kernels of their own.
void ExpectBackward(const Call& c, const simdact_target* target) {
  const Claims claims(c, target);
  std::vector<long double> sums[2] = {std::vector<long double>(c.cols), std::vector<long double>(c.cols)};
  std::vector<long double> sizes[2] = {sums[0], sums[1]};
  std::vector<bool> in_range(c.cols, true);
  for (size_t row = 0; row < c.rows; ++row) {
    for (size_t col = 0; col < c.cols; ++col) {
      const Element e(c, row, col);
      const auto g = static_cast<long double>(e.g),
                 dy = static_cast<long double>(c.dy[row * c.DyStride() + col]);
      const long double f = Exact(c.op, SIMDACT_FORWARD, g, c.p),
                        slope = Exact(c.op, SIMDACT_BACKWARD, g, c.p);
      const double got[] = {c.dx[row * c.DxStride() + c.GateAt(col)], c.dx[row * c.DxStride() + c.UpAt(col)]};
      const long double exact[] = {e.gate_counts ? dy * static_cast<long double>(e.factor) * slope : 0,
                                   e.up_counts ? dy * f : 0};
      const long double factors[] = {slope, f};
      for (int k = 0; k < 2; ++k) {
        sums[k][col] += exact[k], sizes[k][col] += std::fabs(exact[k]);
        if (std::isnan(factors[k]) || !IsNormal(c.dtype, factors[k]) || !IsNormal(c.dtype, exact[k])) {
          in_range[col] = false;
          continue;
        }
        ASSERT_LE(UlpError(c.dtype, got[k], exact[k]), k == 0 ? claims.dgate : claims.dup)
            << (k == 0 ? "dgate" : "dup") << " at " << e.g << ", " << e.u << ", dy "
            << c.dy[row * c.DyStride() + col] << ": " << got[k] << ", exact " << exact[k];
      }
    }
  }
  for (size_t col = 0; col < c.cols; ++col) {
    for (int k = 0; k < 2 && in_range[col]; ++k) {
      const double got = k == 0 ? c.dgate_bias[col] : c.dup_bias[col];
      // The terms' errors, of numbers before they are 16 bits, and the sum's own rounding.
      const long double unit = c.dtype == SIMDACT_F64 ? 0x1p-52L : 0x1p-23L;
      const auto rows = static_cast<long double>(c.rows);
      const long double slack = sizes[k][col] * (6 * unit + (c.dtype == SIMDACT_F64 ? rows * unit : 0));
      const long double near = std::clamp<long double>(got, sums[k][col] - slack, sums[k][col] + slack);
      ASSERT_LE(UlpError(c.dtype, got, near), 0.51) << "sum " << k << " of column " << col;
    }
  }
}

TEST(Gated, HoldsItsClaimsWithAnyOptions) {
  const size_t sizes[] = {1, 3, 16, 31, 33, 100, 511, 512, 513, 700};
  std::mt19937 random(11);
  const auto pick = [&](const auto& of) { return of[random() % std::size(of)]; };
  const auto targets = RunningTargets(true);
  for (int round = 0; round < (Quick() ? 200 : 2500); ++round) {
    const auto op = static_cast<simdact_op>(random() % SIMDACT_OP_COUNT);
    const simdact_dtype dtype = pick(simdact_accuracy::Dtypes());
    Call c(op, dtype, 1 + random() % 4, pick(sizes));
    const simdact_target* target = pick(targets);
    c.o.target = target, c.o.layout = static_cast<simdact_gate_layout>(random() % SIMDACT_GATE_LAYOUT_COUNT);
    c.o.tier = random() % 2 == 0 ? SIMDACT_ACCURATE : SIMDACT_FAST;
    if (random() % 3 == 0) c.o.limit = static_cast<double>(1 + random() % 8);
    if (random() % 3 == 0) c.o.offset = random() % 2 == 0 ? 1.0 : -0.3;
    if (random() % 3 == 0) c.o.gate_bias = c.gate_bias.Data();
    if (random() % 3 == 0) c.o.up_bias = c.up_bias.Data();
    if (random() % 2 == 0) {
      c.o.x_row_stride = 2 * c.cols + random() % 9, c.o.y_row_stride = c.cols + random() % 9;
      c.o.dx_row_stride = 2 * c.cols + random() % 9, c.o.dy_row_stride = c.cols + random() % 9;
    }
    SCOPED_TRACE(testing::Message() << "round " << round << ": " << simdact_describe(op)->name << ", "
                                    << simdact_accuracy::DtypeName(dtype) << ", tier " << c.o.tier << " on "
                                    << simdact_target_name(target) << ", " << c.rows << " x " << c.cols);
    c.Fill(random);
    ASSERT_EQ(c.Forward(), SIMDACT_OK);
    ASSERT_EQ(c.Backward(), SIMDACT_OK);
    ExpectForward(c, target);
    if (HasFatalFailure()) return;
    if (c.o.tier == SIMDACT_ACCURATE) ExpectBackward(c, target);
    if (HasFatalFailure()) return;
  }
}

// Without options an op's own gate is what comes out; swiglu_oai is swish with both.
TEST(Gated, AgreesWithTheGatesOfTheList) {
  std::mt19937 random(3);
  for (const simdact_target* target : RunningTargets(true)) {
    for (const simdact_dtype dtype : {SIMDACT_F32, SIMDACT_F64}) {
      if (simdact_find_gate(target, SIMDACT_GATE_swiglu, dtype, SIMDACT_ACCURATE) == nullptr) continue;
      Call c(SIMDACT_OP_silu, dtype, 3, 600);
      c.o.target = target, c.Fill(random);
      ASSERT_EQ(c.Forward(), SIMDACT_OK);
      ASSERT_EQ(c.Backward(), SIMDACT_OK);
      const simdact_gate_kernel* swiglu =
          simdact_find_gate(target, SIMDACT_GATE_swiglu, dtype, SIMDACT_ACCURATE);
      Array y(dtype, c.cols), dgate(dtype, c.cols), dup(dtype, c.cols);
      for (size_t row = 0; row < c.rows; ++row) {
        const size_t x = row * 2 * c.cols;
        swiglu->forward(c.x.At(x), c.x.At(x + c.cols), y.Data(), c.cols, {});
        swiglu->backward(c.x.At(x), c.x.At(x + c.cols), c.dy.At(row * c.cols), dgate.Data(), dup.Data(),
                         c.cols, {});
        for (size_t k = 0; k < c.cols; ++k) {
          ASSERT_EQ(c.y.Bits(row * c.cols + k), y.Bits(k));
          ASSERT_EQ(c.dx.Bits(x + k), dgate.Bits(k));
          ASSERT_EQ(c.dx.Bits(x + c.cols + k), dup.Bits(k));
        }
      }
      Call oai(SIMDACT_OP_swish, dtype, 1, 600);
      oai.p.value[0] = Rounded(dtype, 1.702), oai.o.limit = 7, oai.o.offset = 1, oai.o.target = target;
      oai.Fill(random);
      ASSERT_EQ(oai.Forward(), SIMDACT_OK);
      const simdact_params p = simdact_describe_gate(SIMDACT_GATE_swiglu_oai)->defaults;
      simdact_find_gate(target, SIMDACT_GATE_swiglu_oai, dtype, SIMDACT_ACCURATE)
          ->forward(oai.x.Data(), oai.x.At(600), y.Data(), 600, p);
      for (size_t k = 0; k < 600; ++k) ASSERT_EQ(oai.y.Bits(k), y.Bits(k)) << k;
    }
  }
}

TEST(Gated, WorksInPlace) {
  std::mt19937 random(5);
  for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
    for (int layout = 0; layout < SIMDACT_GATE_LAYOUT_COUNT; ++layout) {
      Call c(SIMDACT_OP_mish, dtype, 3, 1100);
      c.o.layout = static_cast<simdact_gate_layout>(layout), c.o.limit = 2;
      c.o.y_row_stride = 2 * c.cols, c.Fill(random);
      ASSERT_EQ(c.Forward(), SIMDACT_OK);
      ASSERT_EQ(c.Backward(), SIMDACT_OK);
      for (const size_t half : {size_t{0}, c.cols}) {  // y in the first or the second half of x
        if (half != 0 && layout == SIMDACT_GATE_INTERLEAVED) continue;
        Array x = c.x;
        ASSERT_EQ(simdact_gated(c.op, dtype, x.Data(), x.At(half), c.rows, c.cols, c.p, &c.o), SIMDACT_OK);
        for (size_t r = 0; r < c.rows; ++r) {
          for (size_t k = 0; k < c.cols; ++k) {
            ASSERT_EQ(x.Bits(r * 2 * c.cols + half + k), c.y.Bits(r * 2 * c.cols + k));
          }
        }
      }
      Array x = c.x;
      ASSERT_EQ(simdact_gated_backward(c.op, dtype, x.Data(), c.dy.Data(), x.Data(), nullptr, nullptr, c.rows,
                                       c.cols, c.p, &c.o),
                SIMDACT_OK);
      for (size_t i = 0; i < x.Size(); ++i) ASSERT_EQ(x.Bits(i), c.dx.Bits(i));
    }
  }
}

TEST(Gated, TouchesNothingOutsideTheArrays) {
  const GuardedPage from, to;
  std::memset(from.Begin(), 0, from.Size());
  for (const simdact_target* target : RunningTargets(true)) {
    for (int layout = 0; layout < SIMDACT_GATE_LAYOUT_COUNT; ++layout) {
      for (size_t n = 1; n <= from.Size() / 8; n += n < 40 ? 1 : 61) {
        simdact_gate_options o{};
        o.target = target, o.layout = static_cast<simdact_gate_layout>(layout), o.limit = 1;
        auto* x = reinterpret_cast<float*>(from.End()) - 2 * n;
        auto* y = reinterpret_cast<float*>(to.End());
        ASSERT_EQ(simdact::gated(SIMDACT_OP_tanh, x, y - n, 1, n, o), SIMDACT_OK);
        ASSERT_EQ(simdact::gated_backward(SIMDACT_OP_tanh, x, x, y - 2 * n, 1, n, o), SIMDACT_OK);
      }
    }
  }
}

TEST(Gated, RefusesWhatMakesNoSense) {
  float x[64] = {}, y[64], dy[64] = {}, dx[64], bias[8] = {}, sum[8];
  for (float& v : y) v = 77;
  for (float& v : dx) v = 77;
  const auto forward = [&](auto change, size_t rows = 2, size_t cols = 4) {
    simdact_gate_options o{};
    change(o);
    return simdact::gated(SIMDACT_OP_silu, x, y, rows, cols, o);
  };
  const auto backward = [&](auto change, float* dgate_bias = nullptr, float* dup_bias = nullptr) {
    simdact_gate_options o{};
    change(o);
    return simdact::gated_backward(SIMDACT_OP_silu, x, dy, dx, 2, 4, o, nullptr, dgate_bias, dup_bias);
  };
  using O = simdact_gate_options;
  EXPECT_EQ(forward([](O& o) { o.reserved[0] = 1; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward([](O& o) { o.limit = -1; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward([](O& o) { o.limit = HUGE_VAL; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward([](O& o) { o.limit = 1e-60; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward([](O& o) { o.offset = std::nan(""); }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward([](O& o) { o.layout = SIMDACT_GATE_LAYOUT_COUNT; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward([](O& o) { o.tier = SIMDACT_TIER_COUNT; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward([](O& o) { o.x_row_stride = 7; }), SIMDACT_SHORT_STRIDE);
  EXPECT_EQ(forward([](O& o) { o.y_row_stride = 3; }), SIMDACT_SHORT_STRIDE);
  EXPECT_EQ(forward([](O&) {}, 2, SIZE_MAX / 2 + 1), SIMDACT_TOO_LARGE);
  EXPECT_EQ(forward([&](O& o) { o.gate_bias = y + 1; }), SIMDACT_OVERLAP);
  EXPECT_EQ(backward([](O& o) { o.dx_row_stride = 7; }), SIMDACT_SHORT_STRIDE);
  EXPECT_EQ(backward([&](O& o) { o.up_bias = dx + 1; }), SIMDACT_OVERLAP);
  EXPECT_EQ(backward([](O&) {}, dx + 15), SIMDACT_OVERLAP);
  EXPECT_EQ(backward([](O&) {}, sum, sum + 2), SIMDACT_OVERLAP);
  EXPECT_EQ(backward([&](O& o) { o.gate_bias = bias; }, bias), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_gated(SIMDACT_OP_silu, SIMDACT_F32, nullptr, y, 2, 4, {}, nullptr), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_gated(SIMDACT_OP_COUNT, SIMDACT_F32, x, y, 2, 4, {}, nullptr), SIMDACT_BAD_OPTION);
  EXPECT_EQ(simdact_gated(SIMDACT_OP_silu, SIMDACT_DTYPE_COUNT, x, y, 2, 4, {}, nullptr), SIMDACT_BAD_OPTION);
  for (const float v : y) EXPECT_EQ(v, 77) << "written in spite of an error";
  for (const float v : dx) EXPECT_EQ(v, 77) << "written in spite of an error";
  EXPECT_EQ(forward([](O&) {}, 0, 4), SIMDACT_OK);
  EXPECT_EQ(y[0], 77);
  EXPECT_EQ(forward([](O&) {}), SIMDACT_OK);
  EXPECT_EQ(backward([](O&) {}, sum, sum + 4), SIMDACT_OK);
}

}  // namespace
}  // namespace simdact_test
