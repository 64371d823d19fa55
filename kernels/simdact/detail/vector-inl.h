// What every kernel is written with: Highway's operations, lifted to packs of vectors.
//
// A kernel's chain of dependent operations is some 60 cycles long, more than the scheduler of today's
// CPUs can look ahead. Working on U independent vectors in lockstep, the same operation on all of them
// next to each other in the source, keeps the ports busy: 10 to 24 % faster on AVX-512 and AVX2, where
// plain unrolling (f(v0); f(v1); ...) gains nothing. So kernels are templates over V, which is a Highway
// vector or a Pack of U of them, and call op::Add where they would call hn::Add; a plain vector goes
// straight through, and constants stay single vectors, broadcast to the whole pack.
//
// SVE and RVV vectors have no size at compile time and cannot be members of a struct: there a kernel only
// ever sees plain vectors.

// Per-target include guard: this file is compiled once for each instruction set.
#if defined(SIMDACT_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_VECTOR_INL_H_
#undef SIMDACT_VECTOR_INL_H_
#else
#define SIMDACT_VECTOR_INL_H_
#endif

#include <stddef.h>
#include <stdint.h>

#include <utility>

#include "hwy/highway.h"

#ifdef __FAST_MATH__
#error "simdact's error-free transforms need strict IEEE arithmetic: compile without -ffast-math"
#endif

// For lambdas that are part of a formula: those used twice, for packs and for what is left over, g++ would
// call, with packs in memory.
#ifndef SIMDACT_FORMULA
#if HWY_COMPILER_MSVC && !HWY_COMPILER_CLANG
#define SIMDACT_FORMULA HWY_ATTR
#else
#define SIMDACT_FORMULA HWY_ATTR __attribute__((always_inline))
#endif
#endif

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && !HWY_ARCH_S390X && !HWY_ARCH_PPC
namespace hn = hwy::HWY_NAMESPACE;
#else
// Highway's functions, but for those that are not IEEE's there, or missing.
namespace hn {
using namespace hwy::HWY_NAMESPACE;  // NOLINT: as the alias

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
// c - a b. The instruction for -(a b - c), which Highway takes, makes -0 of a difference that is +0.
template <class V>
HWY_INLINE V NegMulAdd(const V& a, const V& b, const V& c) {
  return MulAdd(Neg(a), b, c);
}
#else  // for CPUs that Highway does not know
// Rounded once. Highway makes the largest number of what overflows, infinity too.
template <class D, class V>
HWY_INLINE Vec<D> DemoteTo(D d, const V& v) {
  if constexpr (hwy::IsSame<TFromD<D>, float>() && hwy::IsSame<TFromV<V>, double>()) {
    HWY_ALIGN double wide[MaxLanes(D())];
    HWY_ALIGN float narrow[MaxLanes(D())];
    Store(v, Rebind<double, D>(), wide);
    for (size_t i = 0; i < MaxLanes(D()); ++i) narrow[i] = static_cast<float>(wide[i]);
    return Load(d, narrow);
  } else {
    return hwy::HWY_NAMESPACE::DemoteTo(d, v);
  }
}
#endif

#if HWY_TARGET == HWY_EMU128
// Highway's quotients by 0 are 0.
template <class V>
HWY_INLINE V Div(V a, const V& b) {
  for (size_t i = 0; i < MaxLanes(DFromV<V>()); ++i) a.raw[i] /= b.raw[i];
  return a;
}
#endif

#if HWY_TARGET == HWY_SCALAR
// One lane has no halves; branches that are not for it need the names all the same.
template <class... A>
void Combine(const A&...);
template <class... A>
void UpperHalf(const A&...);
template <class... A>
void InterleaveLower(const A&...);
template <class... A>
void InterleaveUpper(const A&...);
template <class... A>
void ConcatLowerLower(const A&...);
template <class... A>
void ConcatUpperUpper(const A&...);
template <class... A>
void PromoteUpperTo(const A&...);
template <class... A>
void OrderedDemote2To(const A&...);
#endif
}  // namespace hn
#endif

// A kernel is generic over its number format, too: T = float or double.
template <class D>
using Scalar = hn::TFromD<D>;
template <class D>
constexpr bool kIsFloat = sizeof(Scalar<D>) == sizeof(float);

// Without fused multiply-add, error-free products of floats cost more than twice the width: there the kernels
// for float compute in double and round once (in-double-inl.h).
template <class D>
constexpr bool kInDouble = kIsFloat<D> && !HWY_NATIVE_FMA;

// Copied vector by vector: the copy that g++ makes goes through memory and general registers, 16 bytes at a
// time, wherever it does not see that it needs none.
template <class V, size_t kCount>
struct Pack {
  HWY_INLINE Pack() {}  // NOLINT: g++ cannot inline a defaulted one into code for another target
  HWY_INLINE Pack(const Pack& from) { *this = from; }
  HWY_INLINE Pack& operator=(const Pack& from) {
    HWY_UNROLL(8)
    for (size_t u = 0; u < kCount; ++u) v[u] = from.v[u];
    return *this;
  }
  V v[kCount];
};

// AVX-512: 32 registers of 16 floats, so that two of them hold a table of 32 entries.
constexpr bool kWide = HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3;

// Vectors that cannot be members of a Pack.
constexpr bool kSizeless = HWY_HAVE_SCALABLE || HWY_TARGET_IS_SVE;

// What fits the target: tables, and vectors in lockstep.
template <class Wide, class Other>
using ByTarget = hwy::If<kWide, Wide, Other>;
constexpr size_t Lockstep(size_t wide, size_t other) { return kSizeless ? 1 : kWide ? wide : other; }
// How many vectors of floats a pack has, and how many of doubles, where that is not what VectorsFor makes of
// the first: their chains are longer, and they need more registers for constants.
struct PackSizes {
  size_t floats, doubles;
};
constexpr size_t LockstepOfDoubles(size_t wide, size_t fma, size_t plain) {
  return kSizeless ? 1 : kWide ? wide : HWY_NATIVE_FMA ? fma : plain;
}

namespace op {

template <class T>
struct Width {
  static constexpr size_t value = 0;
};
template <class V, size_t kCount>
struct Width<Pack<V, kCount>> {
  static constexpr size_t value = kCount;
};
template <class... T>
constexpr size_t MaxWidth() {
  size_t widest = 0;
  ((widest = Width<T>::value > widest ? Width<T>::value : widest), ...);
  return widest;
}

// The u-th vector of a pack; anything else stands for itself in every place.
template <class T>
HWY_INLINE T At(const T& plain, size_t) {
  return plain;
}
template <class V, size_t kCount>
HWY_INLINE V At(const Pack<V, kCount>& pack, size_t u) {
  return pack.v[u];
}

// Defines op::Name with the signature of hn::Name, lifted in all its arguments.
#define SIMDACT_LIFT_AS(Name, TEMPLATE, CALL)           \
  TEMPLATE HWY_INLINE auto Name(const A&... a) {        \
    constexpr size_t kCount = MaxWidth<A...>();         \
    if constexpr (kCount == 0) {                        \
      return CALL(a...);                                \
    } else {                                            \
      Pack<decltype(CALL(At(a, 0)...)), kCount> result; \
      HWY_UNROLL(8)                                     \
      for (size_t u = 0; u < kCount; ++u) {             \
        result.v[u] = CALL(At(a, u)...);                \
      }                                                 \
      return result;                                    \
    }                                                   \
  }
#define SIMDACT_LIFT(Name) SIMDACT_LIFT_AS(Name, template <class... A>, hn::Name)
#define SIMDACT_COMMA ,
#define SIMDACT_LIFT_SHIFT(Name) \
  SIMDACT_LIFT_AS(Name, template <int kBits SIMDACT_COMMA class... A>, hn::Name<kBits>)

SIMDACT_LIFT(Add)
SIMDACT_LIFT(Sub)
SIMDACT_LIFT(Mul)
SIMDACT_LIFT(Div)
SIMDACT_LIFT(Neg)
SIMDACT_LIFT(Abs)
SIMDACT_LIFT(Min)
SIMDACT_LIFT(Max)
SIMDACT_LIFT(Or)
SIMDACT_LIFT(And)
SIMDACT_LIFT(MulAdd)     // a b + c
SIMDACT_LIFT(NegMulAdd)  // c - a b
SIMDACT_LIFT(MulSub)     // a b - c
SIMDACT_LIFT(OrAnd)      // a | b & c
SIMDACT_LIFT(CopySign)
SIMDACT_LIFT(CopySignToAbs)
SIMDACT_LIFT(PromoteTo)
SIMDACT_LIFT(DemoteTo)
SIMDACT_LIFT(ConvertTo)
SIMDACT_LIFT(NearestInt)
SIMDACT_LIFT(Sqrt)
SIMDACT_LIFT(Round)
SIMDACT_LIFT(Floor)
SIMDACT_LIFT(Ceil)
SIMDACT_LIFT(Trunc)
SIMDACT_LIFT(Lt)
SIMDACT_LIFT(Le)
SIMDACT_LIFT(Gt)
SIMDACT_LIFT(Ge)
SIMDACT_LIFT(Eq)
SIMDACT_LIFT(Xor)
SIMDACT_LIFT(AndNot)  // ~a & b
SIMDACT_LIFT(IsNaN)
SIMDACT_LIFT(IfThenElse)
SIMDACT_LIFT(IfThenElseZero)
SIMDACT_LIFT(IfThenZeroElse)
SIMDACT_LIFT(IfNegativeThenElse)
SIMDACT_LIFT(BitCast)
SIMDACT_LIFT(ApproximateReciprocal)
SIMDACT_LIFT(MulByFloorPow2)
SIMDACT_LIFT_SHIFT(ShiftLeft)
SIMDACT_LIFT_SHIFT(ShiftRight)

#undef SIMDACT_LIFT_SHIFT
#undef SIMDACT_COMMA
#undef SIMDACT_LIFT
#undef SIMDACT_LIFT_AS
}  // namespace op

// The integers beside V: a vector or a pack.
template <class D, class V>
using Index = decltype(op::BitCast(hn::RebindToSigned<D>(), std::declval<V>()));

// Whether a mask, or each of a pack of masks, is false in all lanes.
template <class D, class M>
HWY_INLINE bool NoLaneOf(D d, const M& mask) {
  constexpr size_t kCount = op::Width<M>::value;
  if constexpr (kCount == 0) {
    return hn::AllFalse(d, mask);
  } else {
    auto any = mask.v[0];
    HWY_UNROLL(8)
    for (size_t u = 1; u < kCount; ++u) any = hn::Or(any, mask.v[u]);
    return hn::AllFalse(d, any);
  }
}

// min and max with a constant that let NaN through. x86 returns the second operand if either is NaN;
// elsewhere Highway may prefer the number (NEON's vminnm), but a comparison is false for NaN and keeps x.
template <class V, class X>
HWY_INLINE X AtMost(V limit, const X& x) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE2
  return op::Min(limit, x);
#else
  return op::IfThenElse(op::Gt(x, limit), limit, x);
#endif
}
template <class V, class X>
HWY_INLINE X AtLeast(V limit, const X& x) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE2
  return op::Max(limit, x);
#else
#if HWY_TARGET == HWY_EMU128 && HWY_COMPILER_CLANG
  // At -0 clang 14 would see a maximum in it, which may be either zero; x may not.
  if constexpr (op::Width<V>::value == 0) {
    for (auto& lane : limit.raw) hwy::PreventElision(lane);
  }
#endif
  return op::IfThenElse(op::Lt(x, limit), limit, x);
#endif
}

// y, with a minus sign where x has one; y is not negative elsewhere.
template <class D, class V>
HWY_INLINE V WithSignOf(D d, const V& x, const V& y) {
  return op::OrAnd(y, x, hn::SignBit(d));
}

// Constants that all vectors of a pack share, read once for each pack. Elsewhere g++ reads them before the
// loop, which on AVX2 takes more registers than there are, and then from memory for each vector.
template <class T>
HWY_INLINE const T* OncePerPack(const T* constants) {
#if HWY_TARGET == HWY_AVX2 && !(HWY_COMPILER_MSVC && !HWY_COMPILER_CLANG)
  hwy::PreventElision(constants);
#endif
  return constants;
}

// The entry table[i] for each lane's i = index mod kEntries: one or two register permutes where the table
// fits into one or two vectors, else a gather: on the shorter vectors that only a caller of the -inl.h may
// pass, and on SVE.
namespace detail {
template <size_t kEntries, class D, class VI>
HWY_INLINE hn::Vec<D> LookupOne(D d, const Scalar<D>* HWY_RESTRICT table, VI index) {
  const hn::RebindToSigned<D> di;
  constexpr size_t kLanes = hn::MaxLanes(D());
  constexpr bool kOne = !kSizeless && kLanes == kEntries;
  constexpr bool kTwo = !kSizeless && 2 * kLanes == kEntries && HWY_TARGET != HWY_AVX2;
  // x86's permutes ignore the upper bits; Highway's debug build insists on seeing them cleared.
  // (AVX2 doubles the index of a double, and would carry from its lower half into the upper.)
  constexpr bool kWraps = (kOne || kTwo) && HWY_ARCH_X86 &&
                          HWY_TARGET <= (kIsFloat<D> ? HWY_AVX2 : HWY_AVX3) && !HWY_IS_DEBUG_BUILD;
  if constexpr (!kWraps)
    index = hn::And(index, hn::Set(di, static_cast<hn::TFromD<decltype(di)>>(kEntries - 1)));
  if constexpr (kOne) {
    return hn::TableLookupLanes(hn::Load(d, table), hn::IndicesFromVec(d, index));
  } else if constexpr (kTwo) {
    return hn::TwoTablesLookupLanes(d, hn::Load(d, table), hn::Load(d, table + kLanes),
                                    hn::IndicesFromVec(d, index));
  } else {
    return hn::GatherIndex(d, table, index);
  }
}
}  // namespace detail

template <size_t kEntries, class D, class VI>
HWY_INLINE auto Lookup(D d, const Scalar<D>* HWY_RESTRICT table, const VI& index) {
  constexpr size_t kCount = op::Width<VI>::value;
  if constexpr (kCount == 0) {
    return detail::LookupOne<kEntries>(d, table, index);
  } else {
    Pack<hn::Vec<D>, kCount> result;
    HWY_UNROLL(8)
    for (size_t u = 0; u < kCount; ++u) result.v[u] = detail::LookupOne<kEntries>(d, table, index.v[u]);
    return result;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_VECTOR_INL_H_
