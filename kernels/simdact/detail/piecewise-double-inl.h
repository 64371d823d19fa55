// Piecewise polynomials of doubles.
//
// The slot of a >= 0 is read off the bits of v = scale a + origin, as in piecewise-inl.h, and each slot has a
// centre c and P(a) = c0 + (a - c) (c1 + (a - c) ...). c0 is exact to 2^-60: c is chosen for that.
//
// AVX-512 holds one coefficient of 16 slots in two registers and fetches it by a permute. Elsewhere more and
// narrower slots, three degrees less, are in memory: a lane's numbers lie next to each other, in the order in
// which they are needed, and 2 x 2 or 4 x 4 of them are transposed. (By gathers erf took 2.3 times as long on
// Zen 5's AVX2.) Vectors of other sizes, SVE's among them, do use gathers.

#if defined(SIMDACT_PIECEWISE_DOUBLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_PIECEWISE_DOUBLE_INL_H_
#undef SIMDACT_PIECEWISE_DOUBLE_INL_H_
#else
#define SIMDACT_PIECEWISE_DOUBLE_INL_H_
#endif

#include <type_traits>

#include "simdact/detail/numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

namespace detail {
// The numbers k, k + 1, ... of each lane's row, one vector for each.
template <class D, class V>
HWY_INLINE void TransposeRows(D d, const double* const* rows, size_t k, V (&to)[2]) {
  const V row0 = hn::Load(d, rows[0] + k), row1 = hn::Load(d, rows[1] + k);
  to[0] = hn::InterleaveLower(d, row0, row1);
  to[1] = hn::InterleaveUpper(d, row0, row1);
}
template <class D, class V>
HWY_INLINE void TransposeRows(D d, const double* const* rows, size_t k, V (&to)[4]) {
  const V row0 = hn::Load(d, rows[0] + k), row1 = hn::Load(d, rows[1] + k);
  const V row2 = hn::Load(d, rows[2] + k), row3 = hn::Load(d, rows[3] + k);
  const V even01 = hn::InterleaveLower(d, row0, row1), odd01 = hn::InterleaveUpper(d, row0, row1);
  const V even23 = hn::InterleaveLower(d, row2, row3), odd23 = hn::InterleaveUpper(d, row2, row3);
  to[0] = hn::ConcatLowerLower(d, even23, even01);
  to[1] = hn::ConcatLowerLower(d, odd23, odd01);
  to[2] = hn::ConcatUpperUpper(d, even23, even01);
  to[3] = hn::ConcatUpperUpper(d, odd23, odd01);
}

// The u-th vector of a pack; a vector is its own.
template <class V>
HWY_INLINE V& VectorOf(V& v, size_t) {
  return v;
}
template <class V, size_t kCount>
HWY_INLINE V& VectorOf(Pack<V, kCount>& pack, size_t u) {
  return pack.v[u];
}

// numbers[first[i]] for each lane i.
template <class D, class VI>
HWY_INLINE auto Gather(D d, const double* numbers, const VI& first) {
  if constexpr (op::Width<VI>::value == 0) {
    return hn::GatherIndex(d, numbers, first);
  } else {
    Pack<hn::Vec<D>, op::Width<VI>::value> result;
    HWY_UNROLL(8)
    for (size_t u = 0; u < op::Width<VI>::value; ++u) result.v[u] = hn::GatherIndex(d, numbers, first.v[u]);
    return result;
  }
}

// P(a) from the row of each lane's slot.
template <class Table, class D, class V, class VI>
HWY_INLINE void PolynomialOfRows(D d, const VI& slot, const V& a, V& c0, V& slope, V& delta) {
  constexpr size_t kLanes = hn::MaxLanes(D());
  constexpr size_t kNumbers = std::extent<decltype(Table::kRows), 1>::value;
  constexpr size_t kCount = op::Width<V>::value == 0 ? 1 : op::Width<V>::value;
  static_assert(kNumbers % 4 == 0, "rows are loaded by whole aligned vectors");
  const hn::RebindToSigned<D> di;
  const double* rows[kCount * kLanes];
  HWY_UNROLL(8)
  for (size_t u = 0; u < kCount; ++u) {
    HWY_ALIGN int64_t at[kLanes];
    hn::Store(op::At(slot, u), di, at);
    HWY_UNROLL(8)
    for (size_t i = 0; i < kLanes; ++i) rows[u * kLanes + i] = Table::kRows[at[i]];
  }
  HWY_UNROLL(8)
  for (size_t k = 0; k < kNumbers; k += kLanes) {
    V next[kLanes];
    HWY_UNROLL(8)
    for (size_t u = 0; u < kCount; ++u) {
      hn::Vec<D> numbers[kLanes];
      TransposeRows(d, rows + u * kLanes, k, numbers);
      HWY_UNROLL(8)
      for (size_t i = 0; i < kLanes; ++i) VectorOf(next[i], u) = numbers[i];
    }
    HWY_UNROLL(8)
    for (size_t i = 0; i < kLanes; ++i) {
      if (k + i == 0) {
        delta = op::Sub(a, next[i]);
      } else if (k + i == 1) {
        slope = next[i];
      } else if (k + i < kNumbers - 1) {
        slope = op::MulAdd(slope, delta, next[i]);
      } else {
        c0 = next[i];
      }
    }
  }
}
}  // namespace detail

// P(a) = c0 + slope delta for a in [0, Table::kEnd].
template <class Table, class D, class V>
HWY_INLINE void PiecewiseDouble(D d, const V& a, V& c0, V& slope, V& delta) {
  constexpr unsigned kSlotsAlong = Table::kBySlot ? 0 : 1;
  constexpr size_t kSlots = std::extent<decltype(Table::kRows), kSlotsAlong>::value;
  const hn::RebindToSigned<D> di;
  const hn::RebindToUnsigned<D> du;
  const V v = op::MulAdd(a, hn::Set(d, Table::kScale), hn::Set(d, Table::kOrigin));
  const auto index = op::BitCast(di, op::ShiftRight<Table::kShift>(op::BitCast(du, v)));
  if constexpr (!Table::kBySlot) {
    constexpr int kDegree = static_cast<int>(std::extent<decltype(Table::kRows), 0>::value) - 2;
    delta = op::Sub(a, Lookup<kSlots>(d, Table::kRows[0], index));
    slope = Lookup<kSlots>(d, Table::kRows[kDegree + 1], index);
    HWY_UNROLL(16)
    for (int k = kDegree; k >= 2; --k)
      slope = op::MulAdd(slope, delta, Lookup<kSlots>(d, Table::kRows[k], index));
    c0 = Lookup<kSlots>(d, Table::kRows[1], index);
  } else {
    const auto slot = op::And(index, hn::Set(di, int64_t{kSlots - 1}));
    if constexpr (!kSizeless && (hn::MaxLanes(D()) == 4 || hn::MaxLanes(D()) == 2)) {
      detail::PolynomialOfRows<Table>(d, slot, a, c0, slope, delta);
    } else {
      constexpr size_t kNumbers = std::extent<decltype(Table::kRows), 1>::value;
      const auto first = op::Mul(slot, hn::Set(di, int64_t{kNumbers}));
      const double* numbers = Table::kRows[0];
      delta = op::Sub(a, detail::Gather(d, numbers, first));
      slope = detail::Gather(d, numbers + 1, first);
      HWY_UNROLL(16)
      for (size_t k = 2; k < kNumbers - 1; ++k)
        slope = op::MulAdd(slope, delta, detail::Gather(d, numbers + k, first));
      c0 = detail::Gather(d, numbers + kNumbers - 1, first);
    }
  }
}

// P(a) as c0 + slope delta, the latter rounded.
template <class Table, class D, class V>
HWY_INLINE Pair<V> PiecewiseDoubleSum(D d, const V& a) {
  V c0, slope, delta;
  PiecewiseDouble<Table>(d, a, c0, slope, delta);
  return MakePair(c0, V(op::Mul(slope, delta)));
}
// P(a), the low word being the rounding error of the high one.
template <class Table, class D, class V>
HWY_INLINE Pair<V> PiecewiseDoublePair(D d, const V& a) {
  V c0, slope, delta;
  PiecewiseDouble<Table>(d, a, c0, slope, delta);
#if HWY_NATIVE_FMA
  const V high = op::MulAdd(slope, delta, c0);
  return MakePair(high, V(op::MulAdd(slope, delta, op::Sub(c0, high))));
#else
  return FastTwoSum(c0, V(op::Mul(slope, delta)));
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_PIECEWISE_DOUBLE_INL_H_
