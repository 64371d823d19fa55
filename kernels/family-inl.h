// Binds a family's list to the unary driver. A family's source defines SIMDACT_FAMILY and SIMDACT_LIST, and
// includes this file last; it is compiled for each target and leaves one function behind:
// <Family>Code(target).

// clang-format off
#include "dispatch/code_of.h"
#include "dispatch/registry.h"
#include "kernels/drivers/unary-inl.h"
#include "kernels/drivers/half-direct-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// How bf16 and f16 are done: a word of the list.
enum class Half { kExact, kDirect, kBrief, kFull };

// What a target has of its own: all of it, or, where AVX3's other kernels would be the same, the fast tier.
#undef SIMDACT_ACCURATE_OWNER
#if HWY_TARGET == HWY_AVX3_ZEN4 && (HWY_TARGETS & HWY_AVX3) && HWY_STATIC_TARGET != HWY_AVX3
constexpr bool kOwnsAccurate = false;
#define SIMDACT_ACCURATE_OWNER N_AVX3
#else
constexpr bool kOwnsAccurate = true;
#define SIMDACT_ACCURATE_OWNER HWY_NAMESPACE
#endif

// One Op per line of the list and number format: the parameters as scalars, OrdinaryName of them, and the
// vector functions Name, NameDerivative and NameDerivativeFromOutput. FastNameOp is the fast tier's, for
// floats, with FastName and FastNameDerivative; CoarseNameOp has its forward function for bf16 and f16.
#define SIMDACT_FIELDS_P0(Name)         \
  static constexpr int kParameters = 0; \
  explicit Name##Op(const simdact_params&) {}
#define SIMDACT_FIELDS_P1(Name)         \
  static constexpr int kParameters = 1; \
  T a;                                  \
  explicit Name##Op(const simdact_params& p) : a(Parameter<T>(p.value[0])) {}
#define SIMDACT_FIELDS_P2(Name)         \
  static constexpr int kParameters = 2; \
  T a, b;                               \
  explicit Name##Op(const simdact_params& p) : a(Parameter<T>(p.value[0])), b(Parameter<T>(p.value[1])) {}
#define SIMDACT_FIELDS_P4(Name)              \
  static constexpr int kParameters = 4;      \
  T a, b, c, e;                              \
  explicit Name##Op(const simdact_params& p) \
      : a(Parameter<T>(p.value[0])),         \
        b(Parameter<T>(p.value[1])),         \
        c(Parameter<T>(p.value[2])),         \
        e(Parameter<T>(p.value[3])) {}
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
#define SIMDACT_HAS_Y(formula, claim) true
#define SIMDACT_HAS_NO_Y false
#define SIMDACT_OP_BRIEF SIMDACT_BRIEF
#define SIMDACT_OP_DIRECT SIMDACT_DIRECT
#define SIMDACT_OP_EXACT SIMDACT_NEITHER
#define SIMDACT_OP_FULL SIMDACT_NEITHER
#define SIMDACT_HALF_BRIEF Half::kBrief
#define SIMDACT_HALF_DIRECT Half::kDirect
#define SIMDACT_HALF_EXACT Half::kExact
#define SIMDACT_HALF_FULL Half::kFull
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, HALF, ...)                        \
  template <class T>                                                                                       \
  struct Name##Op {                                                                                        \
    static constexpr auto kVectors = k##Name##Vectors;                                                     \
    static constexpr auto kDerivativeVectors = k##Name##DerivativeVectors;                                 \
    static constexpr Half kHalf = SIMDACT_HALF_##HALF;                                                     \
    static constexpr simdact_op kOp = SIMDACT_OP_##name;                                                   \
    using Accurate = Name##Op;                                                                             \
    static void AccurateForward(const void* x, void* y, size_t n, simdact_params p) {                      \
      SIMDACT_ACCURATE_OWNER::Forward<SIMDACT_ACCURATE_OWNER::Name##Op<T>, T>(x, y, n, p);                 \
    }                                                                                                      \
    static void AccurateBackward(const void* x, const void* dy, void* dx, size_t n, simdact_params p) {    \
      using From = SIMDACT_ACCURATE_OWNER::From;                                                           \
      SIMDACT_ACCURATE_OWNER::Backward<SIMDACT_ACCURATE_OWNER::Name##Op<T>, T, From::kInput>(x, dy, dx, n, \
                                                                                             p);           \
    }                                                                                                      \
    static constexpr bool kHasOutput = SIMDACT_HAS_##OUTPUT;                                               \
    SIMDACT_FIELDS(SIMDACT_COUNT_##PARAMETERS, Name)                                                       \
    SIMDACT_ORDINARY(SIMDACT_COUNT_##PARAMETERS, Name)                                                     \
    SIMDACT_OP_##HALF(Name, PARAMETERS) template <class D, class V>                                        \
    HWY_INLINE V Value(D d, const V& x) const {                                                            \
      return Name(d, x SIMDACT_ARGUMENTS_##PARAMETERS);                                                    \
    }                                                                                                      \
    template <class D, class V>                                                                            \
    HWY_INLINE V Derivative(D d, const V& x) const {                                                       \
      return Name##Derivative(d, x SIMDACT_ARGUMENTS_##PARAMETERS);                                        \
    }                                                                                                      \
    /* dy f'(x), by the kernel where it takes dy as well */                                                \
    template <class D, class V, class U>                                                                   \
    HWY_INLINE auto Gradient(int, D d, const V& x, const U& dy) const                                      \
        -> decltype(Name##Derivative(d, x SIMDACT_ARGUMENTS_##PARAMETERS, dy)) {                           \
      return Name##Derivative(d, x SIMDACT_ARGUMENTS_##PARAMETERS, dy);                                    \
    }                                                                                                      \
    template <class D, class V, class U>                                                                   \
    HWY_INLINE V Gradient(long, D d, const V& x, const U& dy) const {                                      \
      return TimesUpstream(Derivative(d, x), dy);                                                          \
    }                                                                                                      \
    SIMDACT_IF_##OUTPUT(template <class D, class V> HWY_INLINE V FromOutput(D d, const V& y) const {       \
      return Name##DerivativeFromOutput(d, y SIMDACT_ARGUMENTS_##PARAMETERS);                              \
    })                                                                                                     \
  };                                                                                                       \
  SIMDACT_##TIERS##_OP(Name, PARAMETERS)
SIMDACT_LIST(SIMDACT_X)
#undef SIMDACT_X

// The accurate tier's kernel of a format.
template <class Op, class T>
constexpr simdact_kernel Kernel() {
  simdact_kernel kernel = {&Forward<Op, T>, &Backward<Op, T, From::kInput>, nullptr};
  if constexpr (Op::kHasOutput) kernel.backward_from_output = &Backward<Op, T, From::kOutput>;
  return kernel;
}
#ifndef SIMDACT_NO_HALF
template <template <class> class Op, class Format>
constexpr simdact_kernel KernelInHalf() {
  using F = Op<float>;
  using D = Op<double>;
  simdact_kernel kernel = {};
  if constexpr (F::kHalf == Half::kExact) {
    kernel.forward = &ForwardInHalfExact<F, Format>;
    kernel.backward = &BackwardInHalfExact<F, Format, From::kInput>;
    if constexpr (F::kHasOutput) kernel.backward_from_output = &BackwardInHalfExact<F, Format, From::kOutput>;
    return kernel;
  } else if constexpr (F::kHalf == Half::kDirect) {
    kernel.forward = &ForwardInHalfDirect<F, D, Format>;
    kernel.backward = &BackwardInHalfDirect<F, D, Format>;
  } else {
    kernel.forward = &ForwardInHalf<F, D, Format>;
    kernel.backward = &BackwardInHalf<F, D, Format, From::kInput>;
  }
  if constexpr (!F::kHasOutput) return kernel;
  if constexpr (SlopeFromOutput(F::kOp) == OutputSlope::kAsFromInput) {
    kernel.backward_from_output = kernel.backward;
  } else if constexpr (F::kHasOutput) {
    kernel.backward_from_output = &BackwardInHalf<F, D, Format, From::kOutput>;
  }
  return kernel;
}
#endif

// The fast tier's kernels, where the target gains something by them (they have vectors), and the accurate
// ones elsewhere; all of them accurate is none. In bf16 and f16 Coarse is used forward; what is direct is at
// memory's speed already.
template <class Fast>
constexpr simdact_kernel Faster(simdact_kernel kernel) {
  if constexpr (Fast::kVectors == 0 && Fast::kDerivativeVectors == 0) return {};
  if constexpr (Fast::kVectors != 0) kernel.forward = &Forward<Fast, float>;
  if constexpr (Fast::kDerivativeVectors != 0) kernel.backward = &Backward<Fast, float, From::kInput>;
  return kernel;
}
#ifndef SIMDACT_NO_HALF
template <class Fast, class Coarse, class Format>
constexpr simdact_kernel FasterInHalf(simdact_kernel kernel) {
  if constexpr (Fast::kHalf == Half::kDirect) return kernel;
  if constexpr (Coarse::kVectors != 0) kernel.forward = &ForwardInHalfFast<Coarse, Format>;
  if constexpr (Fast::kDerivativeVectors != 0) kernel.backward = &BackwardInHalfFast<Fast, Format>;
  return kernel;
}
#endif

// A row of the list; Fast and Coarse are void where the accurate tier is all there is.
template <template <class> class Op, class Fast, class Coarse>
constexpr Row MakeRow(const Row& others) {
  Row row = others;
  auto& accurate = row.kernels[SIMDACT_ACCURATE];
  if constexpr (kOwnsAccurate) {
    accurate[SIMDACT_F32] = Kernel<Op<float>, float>();
#ifndef SIMDACT_NO_F64
    accurate[SIMDACT_F64] = Kernel<Op<double>, double>();
#endif
#ifndef SIMDACT_NO_HALF
    accurate[SIMDACT_BF16] = KernelInHalf<Op, Bf16>();
    accurate[SIMDACT_F16] = KernelInHalf<Op, F16>();
#endif
  }
  if constexpr (!hwy::IsSame<Fast, void>()) {
    auto& fast = row.kernels[SIMDACT_FAST];
    fast[SIMDACT_F32] = Faster<Fast>(accurate[SIMDACT_F32]);
#ifndef SIMDACT_NO_HALF
    fast[SIMDACT_BF16] = FasterInHalf<Fast, Coarse, Bf16>(accurate[SIMDACT_BF16]);
    fast[SIMDACT_F16] = FasterInHalf<Fast, Coarse, F16>(accurate[SIMDACT_F16]);
#endif
  }
  return row;
}

#define SIMDACT_ROW_FAST(Name) MakeRow<Name##Op, Fast##Name##Op, Fast##Name##Op>
#define SIMDACT_ROW_COARSE(Name) MakeRow<Name##Op, Fast##Name##Op, Coarse##Name##Op>
#define SIMDACT_ROW_NO_FAST(Name) MakeRow<Name##Op, void, void>
#define SIMDACT_X(...) +1
constexpr size_t kRowCount = 0 SIMDACT_LIST(SIMDACT_X);
#undef SIMDACT_X
struct Rows {
  Row row[kRowCount];
};
constexpr Rows MakeRows() {
  Rows rows = {};
#if HWY_TARGET == HWY_AVX3_ZEN4 && (HWY_TARGETS & HWY_AVX3) && HWY_STATIC_TARGET != HWY_AVX3
  for (size_t i = 0; i < kRowCount; ++i) rows.row[i] = N_AVX3::kRows.row[i];
#endif
  Row* row = rows.row;
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, ...) \
  *row = SIMDACT_ROW_##TIERS(Name)(*row), ++row;
  SIMDACT_LIST(SIMDACT_X)
#undef SIMDACT_X
  return rows;
}
constexpr Rows kRows = MakeRows();
constexpr bool kFma = HWY_NATIVE_FMA;

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace simdact {
FamilyCode HWY_CONCAT(SIMDACT_FAMILY, Code)(int64_t target) {
  const int64_t code = CodeOf(target, HWY_TARGETS);
#define SIMDACT_X(TARGET, NAMESPACE) \
  if (code == TARGET) return {NAMESPACE::kRows.row, NAMESPACE::kFma};
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
  return {nullptr, false};
}
}  // namespace simdact
#endif  // HWY_ONCE
