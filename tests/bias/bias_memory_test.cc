// The bias shape: which memory it touches, and what it makes of wrong arguments.

#include "simdact/simdact.hpp"
#include "tests/bias/bias_cases.h"
#include "tests/common/guarded_page.h"

namespace simdact_test {
namespace {

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
