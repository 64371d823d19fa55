// The three ways into the library give the same bits, at every op, in both directions and tiers: the array
// function (of C, of C++), the kernel as a value, and the vector function of the -inl.h header inside the
// user's own Highway code.

// The order of includes has a meaning.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/api/ways_test.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simdact/simdact.h"
#include "simdact/arithmetic-inl.h"
#include "simdact/exponential-inl.h"
#include "simdact/gelu_tanh-inl.h"
#include "simdact/hyperbolic-inl.h"
#include "simdact/logarithmic-inl.h"
#include "simdact/logistic-inl.h"
#include "simdact/mish-inl.h"
#include "simdact/normal-inl.h"
#include "simdact/rectified-inl.h"
#include "simdact/xielu-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace simdact_ways {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace sa = simdact::HWY_NAMESPACE;

using Loop = void (*)(const void* x, void* y, size_t n, const simdact_params& p);

#define SIMDACT_VALUES_P0
#define SIMDACT_VALUES_P1(...) , static_cast<T>(p.value[0])
#define SIMDACT_VALUES_P2(...) SIMDACT_VALUES_P1(), static_cast<T>(p.value[1])
#define SIMDACT_VALUES_P4(...) SIMDACT_VALUES_P2(), static_cast<T>(p.value[2]), static_cast<T>(p.value[3])
// Function##Loop<T>: a user's loop around sa::Function.
#define SIMDACT_LOOP(Function, VALUES)                                                                  \
  template <class T>                                                                                    \
  void Function##Loop(const void* from, void* to, size_t n, [[maybe_unused]] const simdact_params& p) { \
    const hn::ScalableTag<T> d;                                                                         \
    const T* x = static_cast<const T*>(from);                                                           \
    T* y = static_cast<T*>(to);                                                                         \
    for (size_t i = 0; i < n; i += hn::Lanes(d))                                                        \
      hn::StoreN(sa::Function(d, hn::LoadN(d, x + i, n - i) VALUES), d, y + i, n - i);                  \
  }
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, ...)                \
  SIMDACT_LOOP(Name, SIMDACT_VALUES_##PARAMETERS)                                            \
  SIMDACT_LOOP(Name##Derivative, SIMDACT_VALUES_##PARAMETERS)                                \
  SIMDACT_IF_##OUTPUT(SIMDACT_LOOP(Name##DerivativeFromOutput, SIMDACT_VALUES_##PARAMETERS)) \
      SIMDACT_IF_##TIERS(SIMDACT_LOOP(Fast##Name, SIMDACT_VALUES_##PARAMETERS))              \
          SIMDACT_IF_##TIERS(SIMDACT_LOOP(Fast##Name##Derivative, SIMDACT_VALUES_##PARAMETERS))
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X

// By direction; the fast tier's last, forward and backward.
struct Loops {
  Loop f32[5];
#ifndef SIMDACT_NO_F64
  Loop f64[5];
#endif
};
#define SIMDACT_OR_NULL_Y(formula, claim) SIMDACT_KEEP
#define SIMDACT_OR_NULL_NO_Y SIMDACT_NULL
#define SIMDACT_OR_NULL_FAST SIMDACT_KEEP
#define SIMDACT_OR_NULL_COARSE SIMDACT_KEEP
#define SIMDACT_OR_NULL_NO_FAST SIMDACT_NULL
#define SIMDACT_NULL(...) nullptr
#define SIMDACT_OF(Name, OUTPUT, T) \
  &Name##Loop<T>, &Name##DerivativeLoop<T>, SIMDACT_OR_NULL_##OUTPUT(&Name##DerivativeFromOutputLoop<T>)
#ifdef SIMDACT_NO_F64
#define SIMDACT_OF_DOUBLES(Name, OUTPUT)
#else
#define SIMDACT_OF_DOUBLES(Name, OUTPUT) \
  , { SIMDACT_OF(Name, OUTPUT, double), nullptr }
#endif
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, ...)           \
  {{SIMDACT_OF(Name, OUTPUT, float), SIMDACT_OR_NULL_##TIERS(&Fast##Name##Loop<float>), \
    SIMDACT_OR_NULL_##TIERS(&Fast##Name##DerivativeLoop<float>)} SIMDACT_OF_DOUBLES(Name, OUTPUT)},
constexpr Loops kLoops[] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X

}  // namespace HWY_NAMESPACE
}  // namespace simdact_ways
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "simdact/simdact.hpp"
#include "tests/common/kernels.h"
#include "tests/common/whole_range.h"
#include "tests/ruler/parameters.h"

namespace simdact_ways {
namespace {

using namespace simdact_test;  // NOLINT: what the tests loop over

// The user's loop for a case, or null.
template <class Loop = void (*)(const void*, void*, size_t, const simdact_params&)>
Loop LoopOf(const Case& c) {
  const int which = static_cast<int>(c.direction) + (c.tier == SIMDACT_FAST ? 3 : 0);
#define SIMDACT_X(TARGET, NAMESPACE)                                                                     \
  if (simdact_accuracy::SameName(hwy::TargetName(TARGET), simdact_target_name(c.target))) {              \
    if (c.dtype == SIMDACT_F32) return NAMESPACE::kLoops[simdact_accuracy::PositionOf(c.op)].f32[which]; \
    SIMDACT_DOUBLE_LOOP(NAMESPACE)                                                                       \
  }
#ifdef SIMDACT_NO_F64
#define SIMDACT_DOUBLE_LOOP(NAMESPACE)
#else
#define SIMDACT_DOUBLE_LOOP(NAMESPACE) \
  if (c.dtype == SIMDACT_F64) return NAMESPACE::kLoops[simdact_accuracy::PositionOf(c.op)].f64[which];
#endif
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
#undef SIMDACT_DOUBLE_LOOP
  return nullptr;
}

class WaysTest : public testing::TestWithParam<int> {
 protected:
  // Parameters: the defaults, and some others.
  std::vector<simdact_params> Sets() const {
    std::vector<simdact_params> sets = simdact_accuracy::OtherParameters(op_, 3);
    sets.push_back(simdact_describe(op_)->defaults);
    return sets;
  }
  const simdact_op op_ = static_cast<simdact_op>(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Ops, WaysTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

constexpr size_t kCount = 2017;

TEST_P(WaysTest, InRegistersAsThroughTheKernel) {
  size_t tried = 0;
  ForEachKernelOf(
      op_,
      [&](const Case& c) {
        if (IsHalf(c.dtype)) return;  // vectors are of floats or doubles
        const auto loop = LoopOf(c);
        ASSERT_NE(loop, nullptr);
        const Array x = WholeRange(c.dtype, kCount);
        for (const simdact_params& p : Sets()) {
          Array want(c.dtype), y(c.dtype, kCount);
          simdact_accuracy::Run(*c.kernel, c.direction, p, x, want);
          loop(x.Data(), y.Data(), kCount, p);
          const size_t at = FirstDifference(want, y, 0, kCount);
          ASSERT_EQ(at, kCount) << "at " << std::hexfloat << x[at] << ", parameter " << p.value[0] << ": "
                                << want[at] << " and " << y[at];
        }
        ++tried;
      },
      Tiers::kBoth);
  EXPECT_GT(tried, 0u);
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
        for (const simdact_params& p : Sets()) {
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
#endif  // HWY_ONCE
