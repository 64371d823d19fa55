// Compiles the gated linear units of gates.def for every target, leaving one function behind:
// GatesCode(target).
// The order of includes has a meaning.
// clang-format off
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS SIMDACT_PLAIN_DISABLED_TARGETS
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gates.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "dispatch/code_of.h"
#include "dispatch/registry.h"
#include "simdact/gates-inl.h"
#include "kernels/gates-blocks-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// One Op per line of the list and number format: the parameters as scalars, and the vector functions Name and
// NameGradients. An infinite limit becomes the largest number, or the lowest.
#define SIMDACT_FIELDS_P0(Name)               \
  explicit Name##Op(const simdact_params&) {} \
  static constexpr bool kHasParameters = false;
#define SIMDACT_FIELDS_P2(Name)                                                 \
  T a, b;                                                                       \
  explicit Name##Op(const simdact_params& p)                                    \
      : a(static_cast<T>(p.value[0])), b(Finite(static_cast<T>(p.value[1]))) {} \
  static T Finite(T x) {                                                        \
    constexpr T kMost = hwy::HighestValue<T>();                                 \
    return x > kMost ? kMost : x < -kMost ? -kMost : x;                         \
  }                                                                             \
  static constexpr bool kHasParameters = true;                                  \
  bool AreOrdinary() const { return a > 0 && b == b; }
#define SIMDACT_ARGUMENTS_P0
#define SIMDACT_ARGUMENTS_P2(...) , a, b
#define SIMDACT_KIND_P0
#define SIMDACT_KIND_P2(...) , kind
#define SIMDACT_COUNT_P0 P0
#define SIMDACT_COUNT_P2(...) P2
#define SIMDACT_PASTE(a, b) a##b
#define SIMDACT_FIELDS(count, Name) SIMDACT_PASTE(SIMDACT_FIELDS_, count)(Name)

#define SIMDACT_X(Name, name, number, PARAMETERS, ...)                                                       \
  template <class T>                                                                                         \
  struct Name##Op {                                                                                          \
    static constexpr size_t kVectors = k##Name##Vectors;                                                     \
    static constexpr size_t kGradientVectors = k##Name##GradientVectors;                                     \
    SIMDACT_FIELDS(SIMDACT_COUNT_##PARAMETERS, Name)                                                         \
    template <class D, class V, class P>                                                                     \
    HWY_INLINE V Value(D d, const V& gate, const V& up, P kind) const {                                      \
      (void)kind;                                                                                            \
      return Name(d, gate, up SIMDACT_ARGUMENTS_##PARAMETERS SIMDACT_KIND_##PARAMETERS);                     \
    }                                                                                                        \
    template <class D, class V, class P>                                                                     \
    HWY_INLINE void Gradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup,                \
                              P kind) const {                                                                \
      (void)kind;                                                                                            \
      Name##Gradients(d, gate, up, dy SIMDACT_ARGUMENTS_##PARAMETERS, dgate, dup SIMDACT_KIND_##PARAMETERS); \
    }                                                                                                        \
  };
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X

// clang-format off
#define SIMDACT_KERNEL(T, FORWARD, BACKWARD) \
  {&FORWARD, &BACKWARD, &ForwardInterleaved<T, &FORWARD>, &BackwardInterleaved<T, &BACKWARD>}
#define SIMDACT_NOTHING {nullptr, nullptr, nullptr, nullptr}
#define SIMDACT_PLAIN_KERNEL(Name, T) \
  SIMDACT_KERNEL(T, (GateForward<Name##Op<T>, T>), (GateBackward<Name##Op<T>, T>))
#ifdef SIMDACT_NO_F64
#define SIMDACT_F64_KERNEL(Name) SIMDACT_NOTHING
#else
#define SIMDACT_F64_KERNEL(Name) SIMDACT_PLAIN_KERNEL(Name, double)
#endif
#ifdef SIMDACT_NO_HALF
#define SIMDACT_HALF_KERNEL(Name, FORMAT) SIMDACT_NOTHING
#else
#define SIMDACT_HALF_KERNEL(Name, FORMAT) \
  SIMDACT_KERNEL(uint16_t, (GateForwardInHalf<Name##Op<float>, FORMAT>), (GateBackwardInHalf<Name##Op<float>, FORMAT>))
#endif
#define SIMDACT_X(Name, ...) \
  {{SIMDACT_PLAIN_KERNEL(Name, float), SIMDACT_F64_KERNEL(Name), \
    SIMDACT_HALF_KERNEL(Name, Bf16), SIMDACT_HALF_KERNEL(Name, F16)}},
constexpr GateRow kGateRows[] = {SIMDACT_GATES(SIMDACT_X)};
#undef SIMDACT_X
// clang-format on

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace simdact {
const GateRow* GatesCode(int64_t target) {
  const int64_t code = CodeOf(target, HWY_TARGETS);
#define SIMDACT_X(TARGET, NAMESPACE) \
  if (code == TARGET) return NAMESPACE::kGateRows;
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
  return nullptr;
}
}  // namespace simdact
#endif  // HWY_ONCE
