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
#include "simdact/fast-gates-inl.h"
#include "simdact/gates-inl.h"
#include "kernels/drivers/gates-blocks-inl.h"
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
#define SIMDACT_FIELDS_P2(Name)                                             \
  T a, b;                                                                   \
  explicit Name##Op(const simdact_params& p)                                \
      : a(Parameter<T>(p.value[0])), b(Finite(Parameter<T>(p.value[1]))) {} \
  static T Finite(T x) {                                                    \
    constexpr T kMost = hwy::HighestValue<T>();                             \
    return x > kMost ? kMost : x < -kMost ? -kMost : x;                     \
  }                                                                         \
  static constexpr bool kHasParameters = true;                              \
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

// FastNameOp is the fast tier's, for floats: FastName and FastNameGradients. Parameters that are not ordinary
// are the accurate functions' matter.
#define SIMDACT_ORDINARY_P0(Name)
#define SIMDACT_ORDINARY_P2(Name) \
  bool AreOrdinary() const { return OrdinaryFast##Name(this->a, this->b); }
#define SIMDACT_ORDINARY(count, Name) SIMDACT_PASTE(SIMDACT_ORDINARY_, count)(Name)
#define SIMDACT_FAST_OP(Name, PARAMETERS)                                                     \
  struct Fast##Name##Op : Name##Op<float> {                                                   \
    static constexpr size_t kVectors = kFast##Name##Vectors;                                  \
    static constexpr size_t kGradientVectors = kFast##Name##GradientVectors;                  \
    explicit Fast##Name##Op(const simdact_params& p) : Name##Op<float>(p) {}                  \
    SIMDACT_ORDINARY(SIMDACT_COUNT_##PARAMETERS, Name)                                        \
    template <class D, class V>                                                               \
    HWY_INLINE V Value(D d, const V& gate, const V& up, OrdinaryParameters) const {           \
      return Fast##Name(d, gate, up SIMDACT_ARGUMENTS_##PARAMETERS);                          \
    }                                                                                         \
    template <class D, class V>                                                               \
    HWY_INLINE V Value(D d, const V& gate, const V& up, AnyParameters kind) const {           \
      return Name##Op<float>::Value(d, gate, up, kind);                                       \
    }                                                                                         \
    template <class D, class V>                                                               \
    HWY_INLINE void Gradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup, \
                              OrdinaryParameters) const {                                     \
      Fast##Name##Gradients(d, gate, up, dy SIMDACT_ARGUMENTS_##PARAMETERS, dgate, dup);      \
    }                                                                                         \
    template <class D, class V>                                                               \
    HWY_INLINE void Gradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup, \
                              AnyParameters kind) const {                                     \
      Name##Op<float>::Gradients(d, gate, up, dy, dgate, dup, kind);                          \
    }                                                                                         \
  };
#define SIMDACT_FAST_WITH_FMA_OP(Name, PARAMETERS) SIMDACT_FAST_OP(Name, PARAMETERS)
#define SIMDACT_NO_FAST_OP(Name, PARAMETERS)
#define SIMDACT_X(Name, name, number, PARAMETERS, CLAIMS, TIERS, ...) SIMDACT_##TIERS##_OP(Name, PARAMETERS)
SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X

template <class T, GateForwardKernel kForward, GateBackwardKernel kBackward>
constexpr simdact_gate_kernel Kernel() {
  return {kForward, kBackward, &ForwardInterleaved<T, kForward>, &BackwardInterleaved<T, kBackward>};
}

// The kernels of one tier; Forward and Backward compute in floats.
template <class Forward, class Backward, size_t kCount>
constexpr void SetFloats(simdact_gate_kernel (&kernels)[kCount]) {
  kernels[SIMDACT_F32] = Kernel<float, &GateForward<Forward, float>, &GateBackward<Backward, float>>();
#ifndef SIMDACT_NO_HALF
  kernels[SIMDACT_BF16] =
      Kernel<uint16_t, &GateForwardInHalf<Forward, Bf16>, &GateBackwardInHalf<Backward, Bf16>>();
  kernels[SIMDACT_F16] =
      Kernel<uint16_t, &GateForwardInHalf<Forward, F16>, &GateBackwardInHalf<Backward, F16>>();
#endif
}

// A line of the list; Fast is void where the accurate tier is all there is. What the target gains by it has
// vectors.
template <template <class> class Op, class Fast>
constexpr GateRow MakeGateRow() {
  GateRow row = {};
  SetFloats<Op<float>, Op<float>>(row.kernels[SIMDACT_ACCURATE]);
#ifndef SIMDACT_NO_F64
  row.kernels[SIMDACT_ACCURATE][SIMDACT_F64] =
      Kernel<double, &GateForward<Op<double>, double>, &GateBackward<Op<double>, double>>();
#endif
  if constexpr (!hwy::IsSame<Fast, void>()) {
    SetFloats<hwy::If<Fast::kVectors != 0, Fast, Op<float>>,
              hwy::If<Fast::kGradientVectors != 0, Fast, Op<float>>>(row.kernels[SIMDACT_FAST]);
  }
  return row;
}
#define SIMDACT_ROW_FAST(Name) MakeGateRow<Name##Op, Fast##Name##Op>()
#define SIMDACT_ROW_FAST_WITH_FMA(Name) SIMDACT_ROW_FAST(Name)
#define SIMDACT_ROW_NO_FAST(Name) MakeGateRow<Name##Op, void>()
#define SIMDACT_X(Name, name, number, PARAMETERS, CLAIMS, TIERS, ...) SIMDACT_ROW_##TIERS(Name),
constexpr GateRow kGateRows[] = {SIMDACT_GATES(SIMDACT_X)};
#undef SIMDACT_X

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
