// Binds a family's list to the unary driver. A family's source defines SIMDACT_FAMILY and SIMDACT_LIST, and
// includes this file last; it is compiled for each target and leaves one function behind:
// <Family>Code(target).

// clang-format off
#include "dispatch/registry.h"
#include "kernels/unary-driver-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// One Op per line of the list: the parameters as scalars, and the vector functions Name and NameDerivative.
#define SIMDACT_FIELDS_P0(Name) \
  explicit Name##Op(const simdact_params&) {}
#define SIMDACT_FIELDS_P1(Name) \
  float a;                      \
  explicit Name##Op(const simdact_params& p) : a(static_cast<float>(p.value[0])) {}
#define SIMDACT_FIELDS_P2(Name)              \
  float a, b;                                \
  explicit Name##Op(const simdact_params& p) \
      : a(static_cast<float>(p.value[0])), b(static_cast<float>(p.value[1])) {}
#define SIMDACT_ARGUMENTS_P0
#define SIMDACT_ARGUMENTS_P1(...) , a
#define SIMDACT_ARGUMENTS_P2(...) , a, b
#define SIMDACT_COUNT_P0 P0
#define SIMDACT_COUNT_P1(...) P1
#define SIMDACT_COUNT_P2(...) P2
#define SIMDACT_PASTE(a, b) a##b
#define SIMDACT_FIELDS(count, Name) SIMDACT_PASTE(SIMDACT_FIELDS_, count)(Name)

#define SIMDACT_X(Name, name, PARAMETERS, ...)                               \
  struct Name##Op {                                                          \
    static constexpr size_t kVectors = k##Name##Vectors;                     \
    static constexpr size_t kDerivativeVectors = k##Name##DerivativeVectors; \
    SIMDACT_FIELDS(SIMDACT_COUNT_##PARAMETERS, Name)                         \
    template <class D, class V>                                              \
    HWY_INLINE V Value(D d, const V& x) const {                              \
      return Name(d, x SIMDACT_ARGUMENTS_##PARAMETERS);                      \
    }                                                                        \
    template <class D, class V>                                              \
    HWY_INLINE V Derivative(D d, const V& x) const {                         \
      return Name##Derivative(d, x SIMDACT_ARGUMENTS_##PARAMETERS);          \
    }                                                                        \
  };
SIMDACT_LIST(SIMDACT_X)
#undef SIMDACT_X

#define SIMDACT_X(Name, ...) {{{{&Forward<Name##Op>, &Backward<Name##Op>}}}},
constexpr Row kRows[] = {SIMDACT_LIST(SIMDACT_X)};
constexpr bool kFma = HWY_NATIVE_FMA;
#undef SIMDACT_X

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace simdact {
FamilyCode HWY_CONCAT(SIMDACT_FAMILY, Code)(int64_t target) {
#define SIMDACT_X(TARGET, NAMESPACE) \
  if (target == TARGET) return {NAMESPACE::kRows, NAMESPACE::kFma};
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
  return {nullptr, false};
}
}  // namespace simdact
#endif  // HWY_ONCE
