// The three ways into the library give the same bits, at every op, in both directions and tiers: the array
// function (of C, of C++), the kernel as a value, and the vector function of the -inl.h header inside the
// user's own Highway code. Here that is code of foreach_target.h; ways_static_test.cc is compiled for one
// target.

#include "simdact/simdact.hpp"
#include "tests/api/ways_compare.h"

namespace simdact_ways {
namespace {

using namespace simdact_test;  // NOLINT: what the tests loop over

class WaysTest : public testing::TestWithParam<int> {
 protected:
  const simdact_op op_ = static_cast<simdact_op>(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Ops, WaysTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

TEST_P(WaysTest, InRegistersAsThroughTheKernel) {
  for (const simdact_target* target : simdact_accuracy::RunningTargets()) {
    const auto expect = [&](simdact_dtype dtype, simdact_tier tier, const Loops* loops) {
      ASSERT_NE(loops, nullptr);
      ExpectTheKernelsBits(target, op_, dtype, tier, loops[simdact_accuracy::PositionOf(op_)]);
    };
    const char* name = simdact_target_name(target);
    expect(SIMDACT_F32, SIMDACT_ACCURATE, LoopsOfFloats(name));
    expect(SIMDACT_F32, SIMDACT_FAST, LoopsOfFastFloats(name));
#ifndef SIMDACT_NO_F64
    expect(SIMDACT_F64, SIMDACT_ACCURATE, LoopsOfDoubles(name));
#endif
  }
}

// The array functions of C, and of C++ with the parameters' defaults, on untyped arrays.
struct Arrays {
  void (*forward)(const void* x, void* y, size_t n, const simdact_params& p);
  void (*backward)(const void* x, const void* dy, void* dx, size_t n, const simdact_params& p);
  void (*from_output)(const void* y, const void* dy, void* dx, size_t n, const simdact_params& p);
  void (*cpp)(const void* x, void* y, size_t n);
  void (*cpp_fast)(const void* x, void* y, size_t n);
  void (*cpp_backward)(const void* x, const void* dy, void* dx, size_t n);
  void (*cpp_fast_backward)(const void* x, const void* dy, void* dx, size_t n);
  void (*cpp_from_output)(const void* y, const void* dy, void* dx, size_t n);
};
#define SIMDACT_PARAMETER(i) static_cast<P>(p.value[i])
#define SIMDACT_GIVEN_P0
#define SIMDACT_GIVEN_P1(...) , SIMDACT_PARAMETER(0)
#define SIMDACT_GIVEN_P2(...) , SIMDACT_PARAMETER(0), SIMDACT_PARAMETER(1)
#define SIMDACT_GIVEN_P4(...) \
  , SIMDACT_PARAMETER(0), SIMDACT_PARAMETER(1), SIMDACT_PARAMETER(2), SIMDACT_PARAMETER(3)
#define SIMDACT_FROM(x) static_cast<const E*>(x)
#define SIMDACT_TO(y) static_cast<E*>(y)
#define SIMDACT_BACKWARD_OF(function, ...)                                                          \
  [](const void* x, const void* dy, void* dx, size_t n, [[maybe_unused]] const simdact_params& p) { \
    function(SIMDACT_FROM(x), SIMDACT_FROM(dy), SIMDACT_TO(dx), n __VA_ARGS__);                     \
  }
#define SIMDACT_CPP_BACKWARD_OF(function, ...)                                                         \
  [](const void* x, const void* dy, void* dx, size_t n) {                                              \
    function(__VA_ARGS__ static_cast<const C*>(x), static_cast<const C*>(dy), static_cast<C*>(dx), n); \
  }
#define SIMDACT_FAST_TAG simdact::fast,
#define SIMDACT_OR_NO_ARRAY_Y(formula, claim) SIMDACT_KEEP
#define SIMDACT_OR_NO_ARRAY_NO_Y SIMDACT_NO_ARRAY
#define SIMDACT_NO_ARRAY(...) nullptr
#define SIMDACT_ARRAYS(name, PARAMETERS, OUTPUT, T, c_element, cpp_element, parameter)                   \
  [] {                                                                                                   \
    using E = c_element;                                                                                 \
    using C = cpp_element;                                                                               \
    using P [[maybe_unused]] = parameter;                                                                \
    return Arrays{                                                                                       \
        [](const void* x, void* y, size_t n, [[maybe_unused]] const simdact_params& p) {                 \
          simdact_##name##_##T(SIMDACT_FROM(x), SIMDACT_TO(y), n SIMDACT_GIVEN_##PARAMETERS);            \
        },                                                                                               \
        SIMDACT_BACKWARD_OF(simdact_##name##_backward_##T, SIMDACT_GIVEN_##PARAMETERS),                  \
        SIMDACT_OR_NO_ARRAY_##OUTPUT(                                                                    \
            SIMDACT_BACKWARD_OF(simdact_##name##_backward_from_output_##T, SIMDACT_GIVEN_##PARAMETERS)), \
        [](const void* x, void* y, size_t n) {                                                           \
          simdact::name(static_cast<const C*>(x), static_cast<C*>(y), n);                                \
        },                                                                                               \
        [](const void* x, void* y, size_t n) {                                                           \
          simdact::name(simdact::fast, static_cast<const C*>(x), static_cast<C*>(y), n);                 \
        },                                                                                               \
        SIMDACT_CPP_BACKWARD_OF(simdact::name##_backward),                                               \
        SIMDACT_CPP_BACKWARD_OF(simdact::name##_backward, SIMDACT_FAST_TAG),                             \
        SIMDACT_OR_NO_ARRAY_##OUTPUT(SIMDACT_CPP_BACKWARD_OF(simdact::name##_backward_from_output))};    \
  }()
#ifdef SIMDACT_NO_F64
#define SIMDACT_ARRAYS_F64(...) Arrays()
#else
#define SIMDACT_ARRAYS_F64(name, PARAMETERS, OUTPUT) \
  SIMDACT_ARRAYS(name, PARAMETERS, OUTPUT, f64, double, double, double)
#endif
#ifdef SIMDACT_NO_HALF
#define SIMDACT_ARRAYS_HALF(...) Arrays()
#else
#define SIMDACT_ARRAYS_HALF(name, PARAMETERS, OUTPUT, T) \
  SIMDACT_ARRAYS(name, PARAMETERS, OUTPUT, T, uint16_t, simdact::T, float)
#endif
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...)                                        \
  {SIMDACT_ARRAYS(name, PARAMETERS, OUTPUT, f32, float, float, float),                                \
   SIMDACT_ARRAYS_F64(name, PARAMETERS, OUTPUT), SIMDACT_ARRAYS_HALF(name, PARAMETERS, OUTPUT, bf16), \
   SIMDACT_ARRAYS_HALF(name, PARAMETERS, OUTPUT, f16)},
const Arrays kArrays[][SIMDACT_DTYPE_COUNT] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X

TEST_P(WaysTest, ArrayFunctionsAsTheKernelOfTheDefaultTarget) {
  ForEachKernelOf(
      op_,
      [&](const Case& c) {
        if (c.target != simdact_target_default()) return;
        const Arrays& arrays = kArrays[simdact_accuracy::PositionOf(op_)][c.dtype];
        const Array x = WholeRange(c.dtype, kCount), dy = WholeRange(c.dtype, kCount + 5);
        const auto expect_same = [&](const Array& want, const Array& y, const char* way) {
          const size_t at = FirstDifference(want, y, 0, kCount);
          ASSERT_EQ(at, kCount) << way << " at " << std::hexfloat << x[at] << ": " << y[at] << ", the kernel "
                                << want[at];
        };
        for (const simdact_params& p : UsualParameters(op_)) {
          Array want(c.dtype, kCount), y(c.dtype, kCount);
          simdact_accuracy::Call(*c.kernel, c.direction, p, x.Data(), dy.At(5), want.Data(), kCount);
          const auto& backward = c.direction == SIMDACT_BACKWARD ? arrays.backward : arrays.from_output;
          const auto& cpp_backward =
              c.direction == SIMDACT_BACKWARD ? arrays.cpp_backward : arrays.cpp_from_output;
          const bool forward = c.direction == SIMDACT_FORWARD;
          if (c.tier == SIMDACT_ACCURATE) {
            forward ? arrays.forward(x.Data(), y.Data(), kCount, p)
                    : backward(x.Data(), dy.At(5), y.Data(), kCount, p);
            expect_same(want, y, "the array function");
          }
          if (std::memcmp(&p, &c.description->defaults, sizeof(p)) != 0) continue;
          if (!forward) {
            (c.tier == SIMDACT_FAST ? arrays.cpp_fast_backward : cpp_backward)(x.Data(), dy.At(5), y.Data(),
                                                                               kCount);
          } else {
            (c.tier == SIMDACT_FAST ? arrays.cpp_fast : arrays.cpp)(x.Data(), y.Data(), kCount);
          }
          expect_same(want, y, "the function of C++");
        }
      },
      Tiers::kBoth);
}

}  // namespace
}  // namespace simdact_ways
