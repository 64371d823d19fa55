// Binds a family's list to the unary driver. A family's source defines SIMDACT_FAMILY and SIMDACT_LIST, and
// includes this file last; it is compiled for each target and leaves one function behind:
// <Family>Code(target).

// clang-format off
#include "dispatch/registry.h"
#include "kernels/unary-driver-inl.h"
#include "kernels/half-direct-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// One Op per line of the list and number format: the parameters as scalars, OrdinaryName of them, and the
// vector functions Name, NameDerivative and NameDerivativeFromOutput. FastNameOp is the fast tier's, for
// floats, with FastName and FastNameDerivative; CoarseNameOp has its forward function for bf16 and f16.
#define SIMDACT_FIELDS_P0(Name)         \
  static constexpr int kParameters = 0; \
  explicit Name##Op(const simdact_params&) {}
#define SIMDACT_FIELDS_P1(Name)         \
  static constexpr int kParameters = 1; \
  T a;                                  \
  explicit Name##Op(const simdact_params& p) : a(static_cast<T>(p.value[0])) {}
#define SIMDACT_FIELDS_P2(Name)         \
  static constexpr int kParameters = 2; \
  T a, b;                               \
  explicit Name##Op(const simdact_params& p) : a(static_cast<T>(p.value[0])), b(static_cast<T>(p.value[1])) {}
#define SIMDACT_FIELDS_P4(Name)              \
  static constexpr int kParameters = 4;      \
  T a, b, c, e;                              \
  explicit Name##Op(const simdact_params& p) \
      : a(static_cast<T>(p.value[0])),       \
        b(static_cast<T>(p.value[1])),       \
        c(static_cast<T>(p.value[2])),       \
        e(static_cast<T>(p.value[3])) {}
#define SIMDACT_ARGUMENTS_P0
#define SIMDACT_ARGUMENTS_P1(...) , a
#define SIMDACT_ARGUMENTS_P2(...) , a, b
#define SIMDACT_ARGUMENTS_P4(...) , a, b, c, e
#define SIMDACT_ORDINARY_P0(Name) true
#define SIMDACT_ORDINARY_P1(Name) Ordinary##Name(a)
#define SIMDACT_ORDINARY_P2(Name) Ordinary##Name(a, b)
#define SIMDACT_ORDINARY_P4(Name) Ordinary##Name(a, b, c, e)
#define SIMDACT_VALUES_P0
#define SIMDACT_VALUES_P1(...) static_cast<float>(a)
#define SIMDACT_VALUES_P2(...) static_cast<float>(a), static_cast<float>(b)
#define SIMDACT_COUNT_P0 P0
#define SIMDACT_COUNT_P1(...) P1
#define SIMDACT_COUNT_P2(...) P2
#define SIMDACT_COUNT_P4(...) P4
#define SIMDACT_PASTE(a, b) a##b
#define SIMDACT_FIELDS(count, Name) SIMDACT_PASTE(SIMDACT_FIELDS_, count)(Name)
#define SIMDACT_ORDINARY(count, Name) \
  constexpr bool Ordinary() const { return SIMDACT_PASTE(SIMDACT_ORDINARY_, count)(Name); }

#define SIMDACT_FAST_OP(Name, PARAMETERS)                                                       \
  struct Fast##Name##Op : Name##Op<float> {                                                     \
    static constexpr size_t kVectors = kFast##Name##Vectors;                                    \
    static constexpr size_t kDerivativeVectors = kFast##Name##DerivativeVectors;                \
    explicit Fast##Name##Op(const simdact_params& p) : Name##Op<float>(p) {}                    \
    SIMDACT_ORDINARY(SIMDACT_COUNT_##PARAMETERS, Fast##Name)                                    \
    template <class D, class V>                                                                 \
    HWY_INLINE V Value(D d, const V& x) const {                                                 \
      return Fast##Name(d, x SIMDACT_ARGUMENTS_##PARAMETERS);                                   \
    }                                                                                           \
    template <class D, class V, class U>                                                        \
    HWY_INLINE V Gradient(int, D d, const V& x, const U& dy) const {                            \
      return TimesUpstream(V(Fast##Name##Derivative(d, x SIMDACT_ARGUMENTS_##PARAMETERS)), dy); \
    }                                                                                           \
  };
#define SIMDACT_NO_FAST_OP(Name, PARAMETERS)
#define SIMDACT_COARSE_OP(Name, PARAMETERS)                                    \
  SIMDACT_FAST_OP(Name, PARAMETERS)                                            \
  struct Coarse##Name##Op : Name##Op<float> {                                  \
    static constexpr size_t kVectors = kCoarse##Name##Vectors;                 \
    explicit Coarse##Name##Op(const simdact_params& p) : Name##Op<float>(p) {} \
    template <class D, class V>                                                \
    HWY_INLINE V Value(D d, const V& x) const {                                \
      return Coarse##Name(d, x SIMDACT_ARGUMENTS_##PARAMETERS);                \
    }                                                                          \
  };
// What an op has more if a shorter kernel serves bf16 and f16.
#define SIMDACT_BRIEF(Name, PARAMETERS)                                             \
  static constexpr int32_t kBriefDoubt = kBrief##Name##Doubt;                       \
  float BriefMost() const { return Brief##Name##End(SIMDACT_VALUES_##PARAMETERS); } \
  template <class D, class V>                                                       \
  HWY_INLINE V Brief(D d, const V& x) const {                                       \
    return Brief##Name(d, x SIMDACT_ARGUMENTS_##PARAMETERS);                        \
  }
// And if a direct one does.
#define SIMDACT_DIRECT(Name, PARAMETERS)                                                 \
  bool DirectSuits() const { return Direct##Name##Suits(SIMDACT_VALUES_##PARAMETERS); }  \
  template <class D, class V>                                                            \
  HWY_INLINE V Direct(D d, const V& x) const {                                           \
    return Direct##Name(d, x SIMDACT_ARGUMENTS_##PARAMETERS);                            \
  }                                                                                      \
  template <class D, class V>                                                            \
  HWY_INLINE auto DirectError(D d, const V& x, const V& y) const {                       \
    return Direct##Name##Error(d, x, y SIMDACT_ARGUMENTS_##PARAMETERS);                  \
  }                                                                                      \
  template <class D, class V>                                                            \
  HWY_INLINE V DirectGradient(D d, const V& x, const V& dy) const {                      \
    return Direct##Name##Derivative(d, x, dy SIMDACT_ARGUMENTS_##PARAMETERS);            \
  }                                                                                      \
  template <class D, class V>                                                            \
  HWY_INLINE auto DirectGradientError(D d, const V& x, const V& dy, const V& dx) const { \
    return Direct##Name##DerivativeError(d, x, dy, dx SIMDACT_ARGUMENTS_##PARAMETERS);   \
  }
#define SIMDACT_NEITHER(Name, PARAMETERS)
#define SIMDACT_OP_BRIEF SIMDACT_BRIEF
#define SIMDACT_OP_DIRECT SIMDACT_DIRECT
#define SIMDACT_OP_EXACT SIMDACT_NEITHER
#define SIMDACT_OP_FULL SIMDACT_NEITHER
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, HALF, ...)                  \
  template <class T>                                                                                 \
  struct Name##Op {                                                                                  \
    static constexpr size_t kVectors = k##Name##Vectors;                                             \
    static constexpr size_t kDerivativeVectors = k##Name##DerivativeVectors;                         \
    SIMDACT_FIELDS(SIMDACT_COUNT_##PARAMETERS, Name)                                                 \
    SIMDACT_ORDINARY(SIMDACT_COUNT_##PARAMETERS, Name)                                               \
    SIMDACT_OP_##HALF(Name, PARAMETERS) template <class D, class V>                                  \
    HWY_INLINE V Value(D d, const V& x) const {                                                      \
      return Name(d, x SIMDACT_ARGUMENTS_##PARAMETERS);                                              \
    }                                                                                                \
    template <class D, class V>                                                                      \
    HWY_INLINE V Derivative(D d, const V& x) const {                                                 \
      return Name##Derivative(d, x SIMDACT_ARGUMENTS_##PARAMETERS);                                  \
    }                                                                                                \
    /* dy f'(x), by the kernel where it takes dy as well */                                          \
    template <class D, class V, class U>                                                             \
    HWY_INLINE auto Gradient(int, D d, const V& x, const U& dy) const                                \
        -> decltype(Name##Derivative(d, x SIMDACT_ARGUMENTS_##PARAMETERS, dy)) {                     \
      return Name##Derivative(d, x SIMDACT_ARGUMENTS_##PARAMETERS, dy);                              \
    }                                                                                                \
    template <class D, class V, class U>                                                             \
    HWY_INLINE V Gradient(long, D d, const V& x, const U& dy) const {                                \
      return TimesUpstream(Derivative(d, x), dy);                                                    \
    }                                                                                                \
    SIMDACT_IF_##OUTPUT(template <class D, class V> HWY_INLINE V FromOutput(D d, const V& y) const { \
      return Name##DerivativeFromOutput(d, y SIMDACT_ARGUMENTS_##PARAMETERS);                        \
    })                                                                                               \
  };                                                                                                 \
  SIMDACT_##TIERS##_OP(Name, PARAMETERS)
SIMDACT_LIST(SIMDACT_X)
#undef SIMDACT_X

// The fast tier's kernels, where the target gains something by them (they have vectors), and the accurate
// ones elsewhere; all of them accurate is none.
template <class FastOp>
constexpr simdact_kernel Faster(simdact_kernel kernel) {
  if constexpr (FastOp::kVectors == 0 && FastOp::kDerivativeVectors == 0) return {};
  if constexpr (FastOp::kVectors != 0) kernel.forward = &Forward<FastOp, float>;
  if constexpr (FastOp::kDerivativeVectors != 0) kernel.backward = &Backward<FastOp, float, From::kInput>;
  return kernel;
}
template <class Op, class = void>
constexpr bool kIsDirect = false;
template <class Op>
constexpr bool kIsDirect<Op, decltype(void(&Op::DirectSuits))> = true;
template <class FastOp, class ForwardOp, class Format>
constexpr simdact_kernel FasterInHalf(simdact_kernel kernel) {
  if constexpr (kIsDirect<FastOp>) return kernel;  // which is at memory's speed
  if constexpr (ForwardOp::kVectors != 0) kernel.forward = &ForwardInHalfFast<ForwardOp, Format>;
  if constexpr (FastOp::kDerivativeVectors != 0) kernel.backward = &BackwardInHalfFast<FastOp, Format>;
  return kernel;
}

// clang-format off
#define SIMDACT_OR_NULL_Y(formula, claim) SIMDACT_KEEP
#define SIMDACT_OR_NULL_NO_Y SIMDACT_NULL
#define SIMDACT_NULL(...) nullptr
#define SIMDACT_KERNEL(Name, OUTPUT, T) \
  {&Forward<Name##Op<T>, T>, &Backward<Name##Op<T>, T, From::kInput>, \
   SIMDACT_OR_NULL_##OUTPUT(&Backward<Name##Op<T>, T, From::kOutput>)}
#ifdef SIMDACT_NO_F64
#define SIMDACT_F64_KERNEL(Name, OUTPUT) {nullptr, nullptr, nullptr}
#else
#define SIMDACT_F64_KERNEL(Name, OUTPUT) SIMDACT_KERNEL(Name, OUTPUT, double)
#endif
#ifdef SIMDACT_NO_HALF
#define SIMDACT_HALF_KERNEL(Name, OUTPUT, HALF, FORMAT) {nullptr, nullptr, nullptr}
#else
#define SIMDACT_HALF_FORWARD_BRIEF(Name, FORMAT) &ForwardInHalf<Name##Op<float>, Name##Op<double>, FORMAT>
#define SIMDACT_HALF_FORWARD_FULL SIMDACT_HALF_FORWARD_BRIEF
#define SIMDACT_HALF_FORWARD_DIRECT(Name, FORMAT) &ForwardInHalfDirect<Name##Op<float>, Name##Op<double>, FORMAT>
#define SIMDACT_HALF_FORWARD_EXACT(Name, FORMAT) &ForwardInHalfExact<Name##Op<float>, FORMAT>
#define SIMDACT_HALF_BACKWARD_FULL(Name, FORMAT, FROM) \
  &BackwardInHalf<Name##Op<float>, Name##Op<double>, FORMAT, From::FROM>
#define SIMDACT_HALF_BACKWARD_BRIEF SIMDACT_HALF_BACKWARD_FULL
#define SIMDACT_HALF_BACKWARD_DIRECT(Name, FORMAT, FROM) SIMDACT_HALF_DIRECT_##FROM(Name, FORMAT)
#define SIMDACT_HALF_DIRECT_kInput(Name, FORMAT) &BackwardInHalfDirect<Name##Op<float>, Name##Op<double>, FORMAT>
#define SIMDACT_HALF_DIRECT_kOutput(Name, FORMAT) SIMDACT_HALF_BACKWARD_FULL(Name, FORMAT, kOutput)
#define SIMDACT_HALF_BACKWARD_EXACT(Name, FORMAT, FROM) &BackwardInHalfExact<Name##Op<float>, FORMAT, From::FROM>
#define SIMDACT_HALF_KERNEL(Name, OUTPUT, HALF, FORMAT) \
  {SIMDACT_HALF_FORWARD_##HALF(Name, FORMAT), SIMDACT_HALF_BACKWARD_##HALF(Name, FORMAT, kInput), \
   SIMDACT_OR_NULL_##OUTPUT(SIMDACT_HALF_BACKWARD_##HALF(Name, FORMAT, kOutput))}
#endif
#ifdef SIMDACT_NO_HALF
#define SIMDACT_FASTER_HALF(Name, OUTPUT, HALF, FORMAT, ForwardOp) {}
#else
#define SIMDACT_FASTER_HALF(Name, OUTPUT, HALF, FORMAT, ForwardOp) \
  FasterInHalf<Fast##Name##Op, ForwardOp, FORMAT>(SIMDACT_HALF_KERNEL(Name, OUTPUT, HALF, FORMAT))
#endif
#define SIMDACT_FASTER(Name, OUTPUT, HALF, ForwardOp) \
  {Faster<Fast##Name##Op>(SIMDACT_KERNEL(Name, OUTPUT, float)), {}, \
   SIMDACT_FASTER_HALF(Name, OUTPUT, HALF, Bf16, ForwardOp), SIMDACT_FASTER_HALF(Name, OUTPUT, HALF, F16, ForwardOp)}
#define SIMDACT_FAST_KERNELS(Name, OUTPUT, HALF) SIMDACT_FASTER(Name, OUTPUT, HALF, Fast##Name##Op)
#define SIMDACT_COARSE_KERNELS(Name, OUTPUT, HALF) SIMDACT_FASTER(Name, OUTPUT, HALF, Coarse##Name##Op)
#define SIMDACT_NO_FAST_KERNELS(Name, OUTPUT, HALF) {}
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, HALF, ...) \
  {{{SIMDACT_KERNEL(Name, OUTPUT, float), SIMDACT_F64_KERNEL(Name, OUTPUT), \
     SIMDACT_HALF_KERNEL(Name, OUTPUT, HALF, Bf16), SIMDACT_HALF_KERNEL(Name, OUTPUT, HALF, F16)}, \
    SIMDACT_##TIERS##_KERNELS(Name, OUTPUT, HALF)}},
// clang-format on
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
