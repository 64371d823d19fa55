// A user's loop around each vector function of the list, for one target: kLoops and kFastLoops.

#if defined(SIMDACT_TESTS_WAYS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_TESTS_WAYS_INL_H_
#undef SIMDACT_TESTS_WAYS_INL_H_
#else
#define SIMDACT_TESTS_WAYS_INL_H_
#endif

#include "hwy/highway.h"
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
#include "tests/api/ways.h"

HWY_BEFORE_NAMESPACE();
namespace simdact_ways {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace sa = simdact::HWY_NAMESPACE;

// Which vectors a loop works on.
struct Whole {
  template <class T>
  using Tag = hn::ScalableTag<T>;
};
struct Halves {
  template <class T>
  using Tag = hn::Half<hn::ScalableTag<T>>;
};

#define SIMDACT_VALUES_P0
#define SIMDACT_VALUES_P1(...) , static_cast<T>(p.value[0])
#define SIMDACT_VALUES_P2(...) SIMDACT_VALUES_P1(), static_cast<T>(p.value[1])
#define SIMDACT_VALUES_P4(...) SIMDACT_VALUES_P2(), static_cast<T>(p.value[2]), static_cast<T>(p.value[3])
// Function##Loop<Vectors, T>: of sa::Function, and of a derivative, which may take dy itself.
#define SIMDACT_FORWARD_LOOP(Function, VALUES)                                         \
  template <class Vectors, class T>                                                    \
  void Function##Loop(const void* from, const void*, void* to, size_t n,               \
                      [[maybe_unused]] const simdact_params& p) {                      \
    const typename Vectors::template Tag<T> d;                                         \
    const T* x = static_cast<const T*>(from);                                          \
    T* y = static_cast<T*>(to);                                                        \
    for (size_t i = 0; i < n; i += hn::Lanes(d))                                       \
      hn::StoreN(sa::Function(d, hn::LoadN(d, x + i, n - i) VALUES), d, y + i, n - i); \
  }
#define SIMDACT_BACKWARD_LOOP(Function, VALUES)                                                              \
  template <class T, class D, class V>                                                                       \
  HWY_INLINE auto Function##Times(int, D d, const V& x, const T* dy, size_t n,                               \
                                  [[maybe_unused]] const simdact_params& p)                                  \
      ->decltype(sa::Function(d, x VALUES, x)) {                                                             \
    if (dy == nullptr) return sa::Function(d, x VALUES);                                                     \
    return sa::Function(d, x VALUES, hn::LoadN(d, dy, n));                                                   \
  }                                                                                                          \
  template <class T, class D, class V>                                                                       \
  HWY_INLINE V Function##Times(long, D d, const V& x, const T* dy, size_t n,                                 \
                               [[maybe_unused]] const simdact_params& p) {                                   \
    const V slope = sa::Function(d, x VALUES);                                                               \
    if (dy == nullptr) return slope;                                                                         \
    return hn::Mul(slope, hn::LoadN(d, dy, n));                                                              \
  }                                                                                                          \
  template <class Vectors, class T>                                                                          \
  void Function##Loop(const void* from, const void* upstream, void* to, size_t n, const simdact_params& p) { \
    const typename Vectors::template Tag<T> d;                                                               \
    const T* x = static_cast<const T*>(from);                                                                \
    const T* dy = static_cast<const T*>(upstream);                                                           \
    T* dx = static_cast<T*>(to);                                                                             \
    for (size_t i = 0; i < n; i += hn::Lanes(d)) {                                                           \
      const T* factor = dy == nullptr ? nullptr : dy + i;                                                    \
      const auto v = hn::LoadN(d, x + i, n - i);                                                             \
      hn::StoreN(Function##Times(0, d, v, factor, n - i, p), d, dx + i, n - i);                              \
    }                                                                                                        \
  }
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, ...)                         \
  SIMDACT_FORWARD_LOOP(Name, SIMDACT_VALUES_##PARAMETERS)                                             \
  SIMDACT_BACKWARD_LOOP(Name##Derivative, SIMDACT_VALUES_##PARAMETERS)                                \
  SIMDACT_IF_##OUTPUT(SIMDACT_BACKWARD_LOOP(Name##DerivativeFromOutput, SIMDACT_VALUES_##PARAMETERS)) \
      SIMDACT_IF_##TIERS(SIMDACT_FORWARD_LOOP(Fast##Name, SIMDACT_VALUES_##PARAMETERS))               \
          SIMDACT_IF_##TIERS(SIMDACT_BACKWARD_LOOP(Fast##Name##Derivative, SIMDACT_VALUES_##PARAMETERS))
SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X

#define SIMDACT_OR_NULL_Y(formula, claim) SIMDACT_KEEP
#define SIMDACT_OR_NULL_NO_Y SIMDACT_NULL
#define SIMDACT_OR_NULL_FAST SIMDACT_KEEP
#define SIMDACT_OR_NULL_COARSE SIMDACT_KEEP
#define SIMDACT_OR_NULL_NO_FAST SIMDACT_NULL
#define SIMDACT_NULL(...) nullptr
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...)  \
  {{&Name##Loop<Vectors, T>, &Name##DerivativeLoop<Vectors, T>, \
    SIMDACT_OR_NULL_##OUTPUT((&Name##DerivativeFromOutputLoop<Vectors, T>))}},
template <class Vectors, class T>
constexpr Loops kLoops[] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, ...) \
  {{SIMDACT_OR_NULL_##TIERS((&Fast##Name##Loop<Vectors, float>)),             \
    SIMDACT_OR_NULL_##TIERS((&Fast##Name##DerivativeLoop<Vectors, float>)), nullptr}},
template <class Vectors>
constexpr Loops kFastLoops[] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X

}  // namespace HWY_NAMESPACE
}  // namespace simdact_ways
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_TESTS_WAYS_INL_H_
