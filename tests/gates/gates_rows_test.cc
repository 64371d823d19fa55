// Gated linear units over rows: each layout against the functions of two arrays, strides, in place, and what
// the functions refuse. Through the C++ overloads, which call the C functions.

#include "simdact/simdact.hpp"
#include "tests/gates/gates_cases.h"

namespace simdact_test {
namespace {

const simdact_gate_layout kLayouts[] = {SIMDACT_GATE_FIRST, SIMDACT_UP_FIRST, SIMDACT_GATE_INTERLEAVED};

template <class E>
simdact_status Forward(simdact_gate gate, const E* x, E* y, size_t rows, size_t cols,
                       simdact_gate_layout layout, size_t x_stride, size_t y_stride) {
  switch (gate) {
#define SIMDACT_X(Name, name, ...) \
  case SIMDACT_GATE_##name:        \
    return simdact::name##_rows(x, y, rows, cols, layout, x_stride, y_stride);
    SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
    default:
      return SIMDACT_STATUS_COUNT;
  }
}
template <class E>
simdact_status Backward(simdact_gate gate, const E* x, const E* dy, E* dx, size_t rows, size_t cols,
                        simdact_gate_layout layout, size_t x_stride, size_t dy_stride, size_t dx_stride) {
  switch (gate) {
#define SIMDACT_X(Name, name, ...) \
  case SIMDACT_GATE_##name:        \
    return simdact::name##_rows_backward(x, dy, dx, rows, cols, layout, x_stride, dy_stride, dx_stride);
    SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
    default:
      return SIMDACT_STATUS_COUNT;
  }
}
template <class E>
void TwoArrays(simdact_gate gate, Buffers& r) {
  const auto in = [](Array& array) { return reinterpret_cast<E*>(array.Data()); };
  switch (gate) {
#define SIMDACT_X(Name, name, ...)                                                                   \
  case SIMDACT_GATE_##name:                                                                          \
    simdact::name(in(r.gate), in(r.up), in(r.y), r.gate.Size());                                     \
    simdact::name##_backward(in(r.gate), in(r.up), in(r.dy), in(r.dgate), in(r.dup), r.gate.Size()); \
    break;
    SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
    default:
      FAIL();
  }
}

// Calls f(E{}, dtype) for the element type of each dtype.
template <class F>
void ForEachType(const F& f) {
  f(float{}, SIMDACT_F32);
#ifndef SIMDACT_NO_F64
  f(double{}, SIMDACT_F64);
#endif
#ifndef SIMDACT_NO_HALF
  f(simdact::bf16{}, SIMDACT_BF16);
  f(simdact::f16{}, SIMDACT_F16);
#endif
}

// Where the k-th gate and up of a row stand.
struct Position {
  size_t gate, up;
};
Position PositionOf(simdact_gate_layout layout, size_t cols, size_t k) {
  if (layout == SIMDACT_GATE_INTERLEAVED) return {2 * k, 2 * k + 1};
  return layout == SIMDACT_GATE_FIRST ? Position{k, cols + k} : Position{cols + k, k};
}

// Rows of `stride`, filled with 77 where nothing is put.
Array Pack(simdact_dtype dtype, const Array& gate, const Array& up, size_t cols, size_t stride,
           simdact_gate_layout layout) {
  const size_t rows = gate.Size() / cols;
  Array x(dtype, std::vector<double>(rows * stride, 77.0));
  for (size_t i = 0; i < gate.Size(); ++i) {
    const Position at = PositionOf(layout, cols, i % cols);
    x.SetBits(i / cols * stride + at.gate, gate.Bits(i));
    x.SetBits(i / cols * stride + at.up, up.Bits(i));
  }
  return x;
}
Array Pad(simdact_dtype dtype, const Array& y, size_t cols, size_t stride) {
  Array padded(dtype, std::vector<double>(y.Size() / cols * stride, 77.0));
  for (size_t i = 0; i < y.Size(); ++i) padded.SetBits(i / cols * stride + i % cols, y.Bits(i));
  return padded;
}

class GatesRowsTest : public testing::TestWithParam<int> {
 protected:
  const simdact_gate gate_ = static_cast<simdact_gate>(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Gates, GatesRowsTest, testing::Range(0, static_cast<int>(SIMDACT_GATE_COUNT)),
                         GateName);

// Strides of 0 for dense rows, or with a gap that keeps its contents.
TEST_P(GatesRowsTest, EachLayoutGivesTheBitsOfTwoArrays) {
  ForEachType([&](auto element, simdact_dtype dtype) {
    using E = decltype(element);
    const auto in = [](Array& array) { return reinterpret_cast<E*>(array.Data()); };
    for (const size_t cols : std::vector<size_t>{1, 5, 64, 151}) {
      for (const size_t gap : std::vector<size_t>{0, 3}) {
        const size_t rows = 4, wide = gap ? 2 * cols + gap : 0, narrow = gap ? cols + gap : 0;
        Buffers want(dtype, rows * cols);
        want.Fill();
        TwoArrays<E>(gate_, want);
        for (const simdact_gate_layout layout : kLayouts) {
          SCOPED_TRACE(testing::Message() << simdact_accuracy::DtypeName(dtype) << " cols " << cols
                                          << " layout " << layout << " gap " << gap);
          const size_t x_stride = 2 * cols + gap, y_stride = cols + gap;
          Array x = Pack(dtype, want.gate, want.up, cols, x_stride, layout);
          Array dy = Pad(dtype, want.dy, cols, y_stride);
          Array y(dtype, std::vector<double>(rows * y_stride, 77.0));
          Array dx(dtype, std::vector<double>(rows * x_stride, 77.0));
          ASSERT_EQ(Forward(gate_, in(x), in(y), rows, cols, layout, wide, narrow), SIMDACT_OK);
          ASSERT_TRUE(Same(y, Pad(dtype, want.y, cols, y_stride)));
          ASSERT_EQ(Backward(gate_, in(x), in(dy), in(dx), rows, cols, layout, wide, narrow, wide),
                    SIMDACT_OK);
          ASSERT_TRUE(Same(dx, Pack(dtype, want.dgate, want.dup, cols, x_stride, layout)));
        }
      }
    }
  });
}

// The fast tag: the default target's fast kernels, with rows of any layout.
TEST_P(GatesRowsTest, FastTagIsTheFastTier) {
  ForEachType([&](auto element, simdact_dtype dtype) {
    using E = decltype(element);
    const auto in = [](Array& array) { return reinterpret_cast<E*>(array.Data()); };
    const simdact_gate_kernel* kernel = simdact_find_gate_default(gate_, dtype, SIMDACT_FAST);
    const size_t rows = 3, cols = 151;
    Buffers want(dtype, rows * cols);
    want.Fill();
    Buffers r = want;
    const simdact_params p = simdact_describe_gate(gate_)->defaults;
    kernel->forward(want.gate.Data(), want.up.Data(), want.y.Data(), rows * cols, p);
    kernel->backward(want.gate.Data(), want.up.Data(), want.dy.Data(), want.dgate.Data(), want.dup.Data(),
                     rows * cols, p);
    switch (gate_) {
#define SIMDACT_X(Name, name, ...)                                                                         \
  case SIMDACT_GATE_##name:                                                                                \
    simdact::name(simdact::fast, in(r.gate), in(r.up), in(r.y), rows* cols);                               \
    simdact::name##_backward(simdact::fast, in(r.gate), in(r.up), in(r.dy), in(r.dgate), in(r.dup),        \
                             rows* cols);                                                                  \
    for (const simdact_gate_layout layout : kLayouts) {                                                    \
      Array x = Pack(dtype, r.gate, r.up, cols, 2 * cols, layout), dx = x, y(dtype, rows * cols);          \
      ASSERT_EQ(simdact::name##_rows(simdact::fast, in(x), in(y), rows, cols, layout), SIMDACT_OK);        \
      ASSERT_TRUE(Same(y, want.y));                                                                        \
      ASSERT_EQ(simdact::name##_rows_backward(simdact::fast, in(x), in(r.dy), in(dx), rows, cols, layout), \
                SIMDACT_OK);                                                                               \
      ASSERT_TRUE(Same(dx, Pack(dtype, want.dgate, want.dup, cols, 2 * cols, layout)));                    \
    }                                                                                                      \
    break;
      SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
      default:
        FAIL();
    }
    ASSERT_TRUE(Same(r.y, want.y) && Same(r.dgate, want.dgate) && Same(r.dup, want.dup));
  });
}

TEST(GatesRows, AnyTierChecksItsArguments) {
  float x[24] = {}, y[12] = {};
  const auto forward = [&](simdact_gate gate, simdact_dtype dtype, simdact_tier tier, const void* from) {
    return simdact_gate_rows(gate, dtype, tier, from, y, 3, 4, SIMDACT_GATE_FIRST, 0, 0, {});
  };
  EXPECT_EQ(forward(SIMDACT_GATE_COUNT, SIMDACT_F32, SIMDACT_FAST, x), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward(SIMDACT_GATE_glu, SIMDACT_DTYPE_COUNT, SIMDACT_FAST, x), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward(SIMDACT_GATE_glu, SIMDACT_F32, SIMDACT_TIER_COUNT, x), SIMDACT_BAD_OPTION);
  EXPECT_EQ(forward(SIMDACT_GATE_glu, SIMDACT_F32, SIMDACT_FAST, nullptr), SIMDACT_NULL_POINTER);
  EXPECT_EQ(forward(SIMDACT_GATE_glu, SIMDACT_F32, SIMDACT_ACCURATE, x), SIMDACT_OK);
  EXPECT_EQ(simdact_gate_rows_backward(SIMDACT_GATE_COUNT, SIMDACT_F32, SIMDACT_FAST, x, y, x, 3, 4,
                                       SIMDACT_GATE_FIRST, 0, 0, 0, {}),
            SIMDACT_BAD_OPTION);
}

// y over either half of x, or over interleaved x; dx over x; dy a half of dx.
TEST_P(GatesRowsTest, WorksInPlaceRowByRow) {
  constexpr size_t rows = 3, cols = 67, wide = 2 * cols + 1;
  Buffers want(SIMDACT_F32, rows * cols);
  want.Fill();
  TwoArrays<float>(gate_, want);
  const auto in = [](Array& array) { return reinterpret_cast<float*>(array.Data()); };
  for (const simdact_gate_layout layout : kLayouts) {
    SCOPED_TRACE(layout);
    const Array x = Pack(SIMDACT_F32, want.gate, want.up, cols, wide, layout);
    const Array dx = Pack(SIMDACT_F32, want.dgate, want.dup, cols, wide, layout);
    for (const size_t half : {size_t{0}, cols}) {
      if (half != 0 && layout == SIMDACT_GATE_INTERLEAVED) continue;
      Array over = x;
      ASSERT_EQ(Forward(gate_, in(over), in(over) + half, rows, cols, layout, wide, wide), SIMDACT_OK);
      for (size_t i = 0; i < rows * cols; ++i) {
        ASSERT_EQ(over.Bits(i / cols * wide + half + i % cols), want.y.Bits(i)) << i;
      }
    }
    Array over = x, dy = want.dy;
    ASSERT_EQ(Backward(gate_, in(over), in(dy), in(over), rows, cols, layout, wide, 0, wide), SIMDACT_OK);
    ASSERT_TRUE(Same(over, dx));
    if (layout == SIMDACT_GATE_INTERLEAVED) continue;
    for (const size_t half : {size_t{0}, cols}) {
      Array from = x, to(SIMDACT_F32, std::vector<double>(rows * wide, 77.0));
      for (size_t i = 0; i < rows * cols; ++i) to.SetBits(i / cols * wide + half + i % cols, want.dy.Bits(i));
      ASSERT_EQ(Backward(gate_, in(from), in(to) + half, in(to), rows, cols, layout, wide, wide, wide),
                SIMDACT_OK);
      ASSERT_TRUE(Same(to, dx)) << half;
    }
  }
}

TEST(GatesRows, AcceptNothingToDo) {
  float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  for (const simdact_gate_layout layout : kLayouts) {
    EXPECT_EQ(simdact_swiglu_rows_f32(nullptr, nullptr, 0, 5, layout, 0, 0), SIMDACT_OK);
    EXPECT_EQ(simdact_swiglu_rows_f32(nullptr, nullptr, 5, 0, layout, 1, 1), SIMDACT_OK);
    EXPECT_EQ(simdact_swiglu_rows_f32(x, x + 1, 2, 0, layout, 0, 0), SIMDACT_OK);
    EXPECT_EQ(simdact_swiglu_rows_backward_f32(nullptr, nullptr, nullptr, 0, 5, layout, 0, 0, 0), SIMDACT_OK);
  }
  for (int i = 0; i < 8; ++i) EXPECT_EQ(x[i], static_cast<float>(i + 1));
}

// A refusal leaves all arrays as they were.
TEST(GatesRows, RefuseBadArgumentsAndTouchNothing) {
  std::vector<float> memory(400);
  for (size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<float>(i);
  const std::vector<float> before = memory;
  float *x = memory.data(), *y = x + 100, *dx = x + 200, *dy = x + 300;
  const auto forward = [&](const float* from, float* to, size_t rows, size_t cols, simdact_gate_layout layout,
                           size_t x_stride, size_t y_stride) {
    return simdact_swiglu_rows_f32(from, to, rows, cols, layout, x_stride, y_stride);
  };
  const auto backward = [&](const float* from, const float* upstream, float* to, simdact_gate_layout layout,
                            size_t x_stride, size_t dy_stride, size_t dx_stride) {
    return simdact_swiglu_rows_backward_f32(from, upstream, to, 4, 5, layout, x_stride, dy_stride, dx_stride);
  };
  const auto bad = static_cast<simdact_gate_layout>(SIMDACT_GATE_LAYOUT_COUNT);
  EXPECT_EQ(forward(x, y, 4, 5, bad, 0, 0), SIMDACT_BAD_OPTION);
  EXPECT_EQ(backward(x, dy, dx, bad, 0, 0, 0), SIMDACT_BAD_OPTION);
  for (const simdact_gate_layout layout : kLayouts) {
    SCOPED_TRACE(layout);
    EXPECT_EQ(forward(nullptr, y, 4, 5, layout, 0, 0), SIMDACT_NULL_POINTER);
    EXPECT_EQ(forward(x, nullptr, 4, 5, layout, 0, 0), SIMDACT_NULL_POINTER);
    EXPECT_EQ(forward(x, y, 4, 5, layout, 9, 0), SIMDACT_SHORT_STRIDE);
    EXPECT_EQ(forward(x, y, 4, 5, layout, 0, 4), SIMDACT_SHORT_STRIDE);
    EXPECT_EQ(forward(x, y, 4, SIZE_MAX / 2 + 1, layout, 0, 0), SIMDACT_TOO_LARGE);
    EXPECT_EQ(forward(x, y, SIZE_MAX / 8, 5, layout, 0, 0), SIMDACT_TOO_LARGE);
    EXPECT_EQ(forward(x, x + 1, 4, 5, layout, 0, 0), SIMDACT_OVERLAP);
    EXPECT_EQ(forward(x, x, 4, 5, layout, 0, 0), SIMDACT_OVERLAP);  // rows of other lengths
    EXPECT_EQ(forward(x, x + 39, 4, 5, layout, 0, 0), SIMDACT_OVERLAP);
    EXPECT_EQ(backward(nullptr, dy, dx, layout, 0, 0, 0), SIMDACT_NULL_POINTER);
    EXPECT_EQ(backward(x, nullptr, dx, layout, 0, 0, 0), SIMDACT_NULL_POINTER);
    EXPECT_EQ(backward(x, dy, nullptr, layout, 0, 0, 0), SIMDACT_NULL_POINTER);
    EXPECT_EQ(backward(x, dy, dx, layout, 9, 0, 0), SIMDACT_SHORT_STRIDE);
    EXPECT_EQ(backward(x, dy, dx, layout, 0, 4, 0), SIMDACT_SHORT_STRIDE);
    EXPECT_EQ(backward(x, dy, dx, layout, 0, 0, 9), SIMDACT_SHORT_STRIDE);
    EXPECT_EQ(backward(x, dy, x + 1, layout, 0, 0, 0), SIMDACT_OVERLAP);
    EXPECT_EQ(backward(x, dy, x, layout, 10, 0, 11), SIMDACT_OVERLAP);
    EXPECT_EQ(backward(x, dx + 1, dx, layout, 0, 10, 10), SIMDACT_OVERLAP);
  }
  EXPECT_EQ(forward(x, x + 1, 4, 5, SIMDACT_GATE_INTERLEAVED, 10, 10), SIMDACT_OVERLAP);
  EXPECT_EQ(backward(x, dx, dx, SIMDACT_GATE_INTERLEAVED, 10, 10, 10), SIMDACT_OVERLAP);
  EXPECT_EQ(backward(x, dx + 5, dx, SIMDACT_GATE_INTERLEAVED, 10, 10, 10), SIMDACT_OVERLAP);
  EXPECT_EQ(memory, before);
}

}  // namespace
}  // namespace simdact_test
