// Quantized ends, on every target: each format over its floats, activations and gates against the array
// functions and the exact results, scales, memory, and what is refused.

#include "simdact/quantize.h"

#include <cstring>
#include <random>

#include "simdact/simdact.hpp"
#include "tests/common/guarded_page.h"
#include "tests/common/kernels.h"
#include "tests/reference/bytes.h"

namespace simdact_test {
namespace {

using Bytes = std::vector<uint8_t>;

const simdact_byte_format kFormats[] = {SIMDACT_S8, SIMDACT_U8, SIMDACT_E4M3, SIMDACT_E5M2};
const simdact_params kIdentity = {{1, 0}};  // of linear: x itself

simdact_quantize_options Given(simdact_byte_format format, float* scale, const simdact_target* target) {
  simdact_quantize_options o{};
  o.format = format, o.scales = scale, o.target = target;
  return o;
}

template <class F>
void ForEachTarget(const F& f) {
  for (const simdact_target* target : simdact_accuracy::RunningTargets(true)) {
    SCOPED_TRACE(simdact_target_name(target));
    f(target);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// ---- Formats -------------------------------------------------------------------------------------------

TEST(Quantize, BytesStandForTheNumbersOfTheFormats) {
  EXPECT_EQ(simdact_byte_value(SIMDACT_S8, 0x80), -128);
  EXPECT_EQ(simdact_byte_value(SIMDACT_U8, 0x80), 128);
  // The specification's tables of values.
  EXPECT_EQ(simdact_byte_value(SIMDACT_E4M3, 0x7E), 448);
  EXPECT_EQ(simdact_byte_value(SIMDACT_E4M3, 0x08), 0x1p-6f);
  EXPECT_EQ(simdact_byte_value(SIMDACT_E4M3, 0x07), 0x1.Cp-7f);
  EXPECT_EQ(simdact_byte_value(SIMDACT_E4M3, 0x01), 0x1p-9f);
  EXPECT_EQ(simdact_byte_value(SIMDACT_E5M2, 0x7B), 57344);
  EXPECT_EQ(simdact_byte_value(SIMDACT_E5M2, 0x04), 0x1p-14f);
  EXPECT_EQ(simdact_byte_value(SIMDACT_E5M2, 0x03), 0x1.8p-15f);
  EXPECT_EQ(simdact_byte_value(SIMDACT_E5M2, 0x01), 0x1p-16f);
  EXPECT_EQ(simdact_byte_value(SIMDACT_E5M2, 0xFC), -std::numeric_limits<float>::infinity());
  for (const int byte : {0x7F, 0xFF}) {
    EXPECT_TRUE(std::isnan(simdact_byte_value(SIMDACT_E4M3, static_cast<uint8_t>(byte))));
    EXPECT_TRUE(std::isnan(simdact_byte_value(SIMDACT_E5M2, static_cast<uint8_t>(byte - 2))));
  }
  EXPECT_TRUE(std::signbit(simdact_byte_value(SIMDACT_E4M3, 0x80)));
  EXPECT_TRUE(std::isnan(simdact_byte_value(SIMDACT_BYTE_FORMAT_COUNT, 1)));
}

TEST(Quantize, GivesBackEveryByte) {
  ForEachTarget([](const simdact_target* target) {
    for (const simdact_byte_format format : kFormats) {
      float scale = 0x1p-3f;
      simdact_quantize_options o = Given(format, &scale, target);
      o.overflow = SIMDACT_OVERFLOW_SPECIAL;
      std::vector<float> x(256);
      Bytes q(256);
      for (size_t k = 0; k < 256; ++k) x[k] = scale * simdact_byte_value(format, static_cast<uint8_t>(k));
      ASSERT_EQ(simdact_quantize(SIMDACT_OP_linear, SIMDACT_F32, x.data(), q.data(), 1, 256, kIdentity, &o),
                SIMDACT_OK);
      for (size_t k = 0; k < 256; ++k) {
        if (std::isnan(x[k])) {
          EXPECT_EQ(q[k] | 0x80, 0xFF) << k;  // one of NaN's codes, with its sign
          EXPECT_EQ(q[k] & 0x80, k & 0x80) << k;
        } else {
          EXPECT_EQ(q[k], k) << "format " << format;
        }
      }
    }
  });
}

// Bytes do not fall where floats of one sign grow: if the ends of a range are right and equal, all of it is.
void ExpectNearest(const Nearest& nearest, const float* x, const uint8_t* q, size_t n) {
  ASSERT_EQ(q[0], nearest(x[0])) << x[0];
  ASSERT_EQ(q[n - 1], nearest(x[n - 1])) << x[n - 1];
  if (n <= 2) return;
  if (q[0] == q[n - 1]) {
    ASSERT_EQ(std::memcmp(q, q + 1, n - 1), 0) << "between " << x[0] << " and " << x[n - 1];
  } else {
    ExpectNearest(nearest, x, q, n / 2);
    if (!testing::Test::HasFatalFailure()) ExpectNearest(nearest, x + n / 2, q + n / 2, n - n / 2);
  }
}

// The bytes of n floats, `step` apart as integers.
void CheckBits(const simdact_quantize_options& o, const Nearest& nearest, uint32_t first, uint32_t step,
               std::vector<float>& x, Bytes& q) {
  for (size_t i = 0; i < x.size(); ++i) {
    const uint32_t bits = first + static_cast<uint32_t>(i) * step;
    std::memcpy(&x[i], &bits, sizeof bits);
  }
  ASSERT_EQ(simdact_quantize(SIMDACT_OP_linear, SIMDACT_F32, x.data(), q.data(), 1, x.size(), kIdentity, &o),
            SIMDACT_OK);
  ExpectNearest(nearest, x.data(), q.data(), x.size());
}

// All floats from 2^-20 to 2^18, between which the values of both formats lie, and some of all others. What
// is too large, from 2^8 or 2^15 on, in both ways.
TEST(Quantize, RoundsEveryFloatToFp8) {
  constexpr uint32_t kLast = (127 + 18) << 23;
  constexpr size_t n = 1 << 14;
  const uint32_t thin = Quick() ? 509 : 1;
  std::vector<float> x(n);
  Bytes q(n);
  ForEachTarget([&](const simdact_target* target) {
    if (simdact_target_code(target) != target) return;
    for (const simdact_byte_format format : {SIMDACT_E4M3, SIMDACT_E5M2}) {
      for (const simdact_overflow overflow : {SIMDACT_OVERFLOW_SATURATE, SIMDACT_OVERFLOW_SPECIAL}) {
        float scale = 1;
        simdact_quantize_options o = Given(format, &scale, target);
        o.overflow = overflow;
        const Nearest nearest(format, overflow, 0);
        const uint32_t first = (overflow == SIMDACT_OVERFLOW_SATURATE ? 127u - 20 : 127u + 8) << 23;
        for (const uint32_t sign : {0u, 0x80000000u}) {
          for (uint64_t bits = first; bits < kLast; bits += uint64_t{n} * thin) {
            CheckBits(o, nearest, sign | static_cast<uint32_t>(bits), thin, x, q);
            if (testing::Test::HasFatalFailure()) return;
          }
          for (uint32_t bits = 0; bits < 0x80000000u - n * 127; bits += n * 127) {
            CheckBits(o, nearest, sign | bits, 127, x, q);
            if (testing::Test::HasFatalFailure()) return;
          }
        }
      }
    }
  });
}

TEST(Quantize, RoundsToInt8) {
  std::vector<float> x;
  for (int k = -2400; k <= 2400; ++k) {
    const float near = static_cast<float>(k) / 8;
    for (const float v : {near, std::nextafter(near, -1e9f), std::nextafter(near, 1e9f)}) x.push_back(v);
  }
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float v : {0x1p22f, 0x1p23f, 0x1p24f, 0x1p31f, 0x1p32f, 3e38f, infinity, 1e-40f, 1e-20f}) {
    x.push_back(v), x.push_back(-v);
  }
  x.push_back(std::numeric_limits<float>::quiet_NaN());
  Bytes q(x.size());
  ForEachTarget([&](const simdact_target* target) {
    for (const simdact_byte_format format : {SIMDACT_S8, SIMDACT_U8}) {
      for (const int32_t zero_point : {0, 1, 100, 127, -128, 255}) {
        if (zero_point < (format == SIMDACT_S8 ? -128 : 0) ||
            zero_point > (format == SIMDACT_S8 ? 127 : 255)) {
          continue;
        }
        float scale = 1;
        simdact_quantize_options o = Given(format, &scale, target);
        o.zero_point = zero_point;
        ASSERT_EQ(
            simdact_quantize(SIMDACT_OP_linear, SIMDACT_F32, x.data(), q.data(), 1, x.size(), kIdentity, &o),
            SIMDACT_OK);
        const Nearest nearest(format, SIMDACT_OVERFLOW_SATURATE, zero_point);
        for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(q[i], nearest(x[i])) << x[i] << " + " << zero_point;
      }
    }
  });
}

// ---- Activations and gates -----------------------------------------------------------------------------

// A call with everything that it needs, and what must come of it.
struct Call {
  const simdact_target* target;
  bool is_gate;
  simdact_op op;
  simdact_gate_options g;  // of a gate
  simdact_dtype dtype;
  simdact_params p;
  size_t rows, cols, x_stride, q_stride;
  simdact_quantize_options o;

  size_t XCols() const { return is_gate ? 2 * cols : cols; }
  size_t Group() const { return o.scale_for == SIMDACT_SCALE_FOR_GROUP ? o.group : cols; }
  size_t Groups() const { return (cols - 1) / Group() + 1; }
  size_t CountScales() const { return o.scale_for == SIMDACT_SCALE_FOR_TENSOR ? 1 : rows * Groups(); }
  size_t ScaleOf(size_t row, size_t col) const {
    return o.scale_for == SIMDACT_SCALE_FOR_TENSOR ? 0 : row * Groups() + col / Group();
  }
  simdact_status Run(const void* x, uint8_t* q) const {
    return is_gate ? simdact_gated_quantize(op, dtype, x, q, rows, cols, p, &g, &o)
                   : simdact_quantize(op, dtype, x, q, rows, cols, p, &o);
  }
};

// y of a row in floats, by the array function.
std::vector<float> Row(const Call& c, const Array& x, size_t row) {
  std::vector<float> wide(c.XCols()), y(c.cols);
  for (size_t i = 0; i < wide.size(); ++i) wide[i] = static_cast<float>(x[row * c.x_stride + i]);
  if (!c.is_gate) {
    if (c.op == SIMDACT_OP_linear && c.p.value[0] == 1 && c.p.value[1] == 0) return wide;
    simdact_find(c.target, c.op, SIMDACT_F32, SIMDACT_FAST)->forward(wide.data(), y.data(), c.cols, c.p);
    return y;
  }
  // A gate as floats, in the fast tier, which is what simdact_gated gives for f32.
  simdact_gate_options g = c.g;
  g.tier = SIMDACT_FAST, g.target = c.target;
  EXPECT_EQ(simdact_gated(c.op, SIMDACT_F32, wide.data(), y.data(), 1, c.cols, c.p, &g), SIMDACT_OK);
  return y;
}

float Most(simdact_byte_format format) {
  return format == SIMDACT_E4M3 ? 448.0f : format == SIMDACT_E5M2 ? 57344.0f : 127.0f;
}

void ExpectAsDefined(Call c, const Array& x, std::vector<float> scales) {
  std::vector<float> largest(c.CountScales() + 1, -7.0f), found(c.CountScales(), 0.0f);
  Bytes q(c.rows * c.q_stride + 1, 77);
  scales.resize(c.CountScales() + 1, 77.0f);
  c.o.scales = scales.data();
  const bool noted = c.o.largest != nullptr;
  if (noted) c.o.largest = largest.data();
  ASSERT_EQ(c.Run(x.Data(), q.data()), SIMDACT_OK);

  std::vector<std::vector<float>> y;
  for (size_t r = 0; r < c.rows; ++r) {
    y.push_back(Row(c, x, r));
    for (size_t k = 0; k < c.cols; ++k) {
      const float size = std::fabs(y[r][k]);
      if (size < std::numeric_limits<float>::infinity()) {
        found[c.ScaleOf(r, k)] = std::max(found[c.ScaleOf(r, k)], size);
      }
    }
  }
  for (size_t k = 0; k < found.size(); ++k) {
    if (noted) {
      ASSERT_EQ(largest[k], found[k]) << "largest of " << k;
    }
    if (c.o.dynamic) {
      ASSERT_EQ(scales[k], std::max(found[k] / Most(c.o.format), 0x1p-100f)) << "scale " << k;
    }
  }
  ASSERT_EQ(scales.back(), 77.0f);
  ASSERT_EQ(largest.back(), -7.0f);
  const Nearest nearest(c.o.format, c.o.overflow, c.o.zero_point);
  for (size_t i = 0; i < q.size(); ++i) {
    const size_t r = i / c.q_stride, k = i % c.q_stride;
    if (r >= c.rows || k >= c.cols) {
      ASSERT_EQ(q[i], 77) << "beside the output";
    } else {
      const float v = y[r][k] * (1 / scales[c.ScaleOf(r, k)]);
      ASSERT_EQ(q[i], nearest(v)) << "row " << r << ", column " << k << ": " << y[r][k];
    }
  }
}

// Numbers of every size, and one in 50 that is none.
Array Mixed(simdact_dtype dtype, size_t n, std::mt19937& random) {
  Array x(dtype, n);
  for (size_t i = 0; i < n; ++i) {
    const double u = static_cast<double>(random()) / 2147483648.0 - 1.0;
    const double specials[] = {std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity(),
                               -0.0,
                               1e-42,
                               60000.0};
    x.Set(i, random() % 50 == 0 ? specials[random() % 6] : std::ldexp(u, static_cast<int>(random() % 8)));
  }
  return x;
}

TEST(Quantize, IsTheArrayFunctionRounded) {
  const size_t sizes[] = {1, 3, 31, 32, 33, 100, 128, 1000, 1023, 1024, 1025, 2500, 9001};
  const size_t groups[] = {1, 7, 32, 128, 1000, 1024, 1025, 8192, 8200};
  const simdact_op ops[] = {SIMDACT_OP_linear, SIMDACT_OP_gelu, SIMDACT_OP_silu,
                            SIMDACT_OP_relu,   SIMDACT_OP_exp,  SIMDACT_OP_elu};
  const simdact_op gates[] = {SIMDACT_OP_silu, SIMDACT_OP_gelu, SIMDACT_OP_relu};  // each has its own kernel
  std::mt19937 random(7);
  const auto pick = [&](const auto& of) { return of[random() % std::size(of)]; };
  std::vector<simdact_dtype> dtypes;
  for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
    if (dtype != SIMDACT_F64) dtypes.push_back(dtype);
  }
  const auto targets = simdact_accuracy::RunningTargets(true);
  for (int round = 0; round < (Quick() ? 300 : 4000); ++round) {
    Call c{};
    c.target = pick(targets), c.dtype = pick(dtypes), c.is_gate = random() % 2 == 0;
    c.op = c.is_gate ? pick(gates) : pick(ops), c.p = simdact_describe(c.op)->defaults;
    c.g.layout = static_cast<simdact_gate_layout>(random() % SIMDACT_GATE_LAYOUT_COUNT);
    if (random() % 3 == 0) c.g.limit = 7, c.g.offset = 1;
    c.cols = pick(sizes), c.rows = c.cols > 2000 ? 1 + random() % 2 : 1 + random() % 5;
    c.x_stride = c.XCols() + (random() % 2 == 0 ? 0 : random() % 9);
    c.q_stride = c.cols + (random() % 2 == 0 ? 0 : random() % 9);
    c.o = Given(pick(kFormats), nullptr, c.target);
    (c.is_gate ? c.g.x_row_stride : c.o.x_row_stride) = c.x_stride == c.XCols() ? 0 : c.x_stride;
    c.o.q_row_stride = c.q_stride == c.cols ? 0 : c.q_stride;
    c.o.scale_for = static_cast<simdact_scale_for>(random() % 3);
    if (c.o.scale_for == SIMDACT_SCALE_FOR_GROUP) c.o.group = pick(groups);
    c.o.overflow = static_cast<simdact_overflow>(random() % 2);
    c.o.dynamic = c.o.format != SIMDACT_U8 && random() % 2 == 0;
    if (!c.o.dynamic && c.o.format == SIMDACT_S8) c.o.zero_point = static_cast<int32_t>(random() % 256) - 128;
    if (!c.o.dynamic && c.o.format == SIMDACT_U8) c.o.zero_point = static_cast<int32_t>(random() % 256);
    float wanted = 0;
    if (random() % 2 == 0) c.o.largest = &wanted;  // ExpectAsDefined has its own
    std::vector<float> scales(c.CountScales());
    for (float& scale : scales)
      scale = std::ldexp(1.0f + static_cast<float>(random() % 64) / 64, static_cast<int>(random() % 12) - 9);
    SCOPED_TRACE(testing::Message() << "round " << round << " on " << simdact_target_name(c.target) << ", "
                                    << (c.is_gate ? "gate " : "") << simdact_describe(c.op)->name << ", "
                                    << c.rows << " x " << c.cols << ", group " << c.o.group << ", scale_for "
                                    << c.o.scale_for << ", dynamic " << c.o.dynamic);
    ExpectAsDefined(c, Mixed(c.dtype, c.rows * c.x_stride, random), scales);
    if (HasFatalFailure()) return;
  }
}

// From the exact gelu: half a unit, and 2^-21 of the result for its error, the reciprocal's and the
// product's.
TEST(Quantize, IsWithinHalfAUnitOfTheExactResult) {
  ForEachTarget([](const simdact_target* target) {
    float scale = 0.037f;
    const simdact_quantize_options o = Given(SIMDACT_S8, &scale, target);
    std::vector<float> x(10007);
    for (size_t i = 0; i < x.size(); ++i) x[i] = -6.0f + static_cast<float>(i) * 0.001f;
    Bytes q(x.size());
    ASSERT_EQ(simdact::quantize(SIMDACT_OP_gelu, x.data(), q.data(), 1, x.size(), o), SIMDACT_OK);
    for (size_t i = 0; i < x.size(); ++i) {
      const long double exact = simdact_accuracy::Exact(SIMDACT_OP_gelu, SIMDACT_FORWARD, x[i], {});
      const long double units = exact / static_cast<long double>(scale);
      const auto got = static_cast<long double>(simdact_byte_value(SIMDACT_S8, q[i]));
      ASSERT_LE(std::fabs(got - units), 0.5L + 0x1p-21L * std::fabs(units)) << x[i];
    }
  });
}

// ---- Memory and arguments ------------------------------------------------------------------------------

TEST(Quantize, TouchesNothingOutsideTheArrays) {
  const GuardedPage from, to;
  const size_t most = from.Size() / sizeof(float);
  std::memset(from.Begin(), 0, from.Size());
  ForEachTarget([&](const simdact_target* target) {
    for (const simdact_byte_format format : kFormats) {
      for (size_t n = 1; n <= most; n += n < 70 ? 1 : 97) {
        float scale = 1;
        simdact_quantize_options o = Given(format, &scale, target);
        for (const int dynamic : {0, 1}) {
          if (dynamic && format == SIMDACT_U8) continue;
          o.dynamic = dynamic;
          const auto* x = reinterpret_cast<const float*>(from.End()) - n;
          ASSERT_EQ(simdact_quantize(SIMDACT_OP_linear, SIMDACT_F32, x, to.End() - n, 1, n, kIdentity, &o),
                    SIMDACT_OK);
          ASSERT_EQ(simdact_quantize(SIMDACT_OP_silu, SIMDACT_F32, from.Begin(), to.Begin(), 1, n, {}, &o),
                    SIMDACT_OK);
        }
      }
    }
  });
}

TEST(Quantize, RefusesWhatMakesNoSense) {
  float x[64] = {}, scales[8] = {1, 1, 1, 1, 1, 1, 1, 1}, largest[8];
  uint8_t q[64];
  std::memset(q, 77, sizeof q);
  simdact_quantize_options good{};
  good.scales = scales;
  const auto run = [&](const simdact_quantize_options& o, size_t rows = 2, size_t cols = 4) {
    return simdact_quantize(SIMDACT_OP_gelu, SIMDACT_F32, x, q, rows, cols, {}, &o);
  };
  const auto with = [&](auto change) {
    simdact_quantize_options o = good;
    change(o);
    return run(o);
  };
  using O = simdact_quantize_options;
  EXPECT_EQ(simdact_quantize(SIMDACT_OP_gelu, SIMDACT_F32, x, q, 2, 4, {}, nullptr), SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_quantize(SIMDACT_OP_gelu, SIMDACT_F32, nullptr, q, 2, 4, {}, &good),
            SIMDACT_NULL_POINTER);
  EXPECT_EQ(simdact_quantize(SIMDACT_OP_gelu, SIMDACT_F32, x, nullptr, 2, 4, {}, &good),
            SIMDACT_NULL_POINTER);
  EXPECT_EQ(with([](O& o) { o.scales = nullptr; }), SIMDACT_NULL_POINTER);
  EXPECT_EQ(with([](O& o) { o.reserved[5] = 1; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(with([](O& o) { o.format = SIMDACT_BYTE_FORMAT_COUNT; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(with([](O& o) { o.scale_for = static_cast<simdact_scale_for>(3); }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(with([](O& o) { o.dynamic = 2; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(with([](O& o) { o.group = 2; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(with([](O& o) { o.scale_for = SIMDACT_SCALE_FOR_GROUP; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(with([](O& o) { o.zero_point = 128; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(with([](O& o) { o.format = SIMDACT_U8, o.zero_point = -1; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(with([](O& o) { o.format = SIMDACT_E4M3, o.zero_point = 1; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(with([](O& o) { o.format = SIMDACT_U8, o.dynamic = 1; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(with([](O& o) { o.zero_point = 1, o.dynamic = 1; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(with([](O& o) { o.x_row_stride = 3; }), SIMDACT_SHORT_STRIDE);
  EXPECT_EQ(with([](O& o) { o.q_row_stride = 3; }), SIMDACT_SHORT_STRIDE);
  EXPECT_EQ(run(good, SIZE_MAX / 2, 4), SIMDACT_TOO_LARGE);
  EXPECT_EQ(with([&](O& o) { o.largest = scales; }), SIMDACT_OVERLAP);
  EXPECT_EQ(with([&](O& o) { o.largest = x + 7; }), SIMDACT_OVERLAP);
  EXPECT_EQ(simdact_quantize(SIMDACT_OP_gelu, SIMDACT_F32, x, x, 2, 4, {}, &good), SIMDACT_OVERLAP);
  for (const float scale : {0.0f, -1.0f, 0x1p-101f, 0x1p101f, std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
    float bad[] = {1, scale};
    EXPECT_EQ(with([&](O& o) { o.scales = bad, o.scale_for = SIMDACT_SCALE_FOR_ROW; }), SIMDACT_BAD_OPTION)
        << scale;
  }
  EXPECT_EQ(simdact_quantize(static_cast<simdact_op>(SIMDACT_OP_COUNT), SIMDACT_F32, x, q, 2, 4, {}, &good),
            SIMDACT_BAD_OPTION);
  EXPECT_EQ(simdact_quantize(SIMDACT_OP_gelu, SIMDACT_F64, x, q, 2, 4, {}, &good), SIMDACT_BAD_OPTION);
  const auto gate = [&](auto change, size_t cols = 4) {
    simdact_quantize_options o = good;
    simdact_gate_options g{};
    change(o, g);
    return simdact_gated_quantize(SIMDACT_OP_silu, SIMDACT_F32, x, q, 2, cols, {}, &g, &o);
  };
  using G = simdact_gate_options;
  EXPECT_EQ(gate([](O&, G& g) { g.layout = SIMDACT_GATE_LAYOUT_COUNT; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(gate([](O&, G& g) { g.limit = -1; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(gate([](O& o, G&) { o.x_row_stride = 9; }), SIMDACT_BAD_OPTION);
  EXPECT_EQ(gate([](O&, G& g) { g.x_row_stride = 7; }), SIMDACT_SHORT_STRIDE);
  EXPECT_EQ(gate([&](O&, G& g) { g.up_bias = q + 3; }), SIMDACT_OVERLAP);
  float shared[4] = {1, 1, 1, 1};  // a bias may lie where scales are read, not where they are written
  const auto with_bias = [&](auto change) {
    return gate([&](O& o, G& g) { g.gate_bias = shared, change(o); });
  };
  EXPECT_EQ(with_bias([&](O& o) { o.largest = shared + 3; }), SIMDACT_OVERLAP);
  EXPECT_EQ(with_bias([&](O& o) { o.scales = shared + 2, o.dynamic = 1; }), SIMDACT_OVERLAP);
  EXPECT_EQ(gate([](O&, G&) {}, SIZE_MAX / 2 + 1), SIMDACT_TOO_LARGE);
  for (const uint8_t byte : q) EXPECT_EQ(byte, 77) << "written in spite of an error";

  EXPECT_EQ(run(good, 0, 4), SIMDACT_OK);
  EXPECT_EQ(run(good, 2, 0), SIMDACT_OK);
  EXPECT_EQ(q[0], 77);
  EXPECT_EQ(with([&](O& o) { o.largest = largest; }), SIMDACT_OK);
}

}  // namespace
}  // namespace simdact_test
