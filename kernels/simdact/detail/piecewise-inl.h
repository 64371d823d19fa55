// Piecewise polynomials with all coefficients in registers.
//
// The slot of a >= 0 is read off the bits of the float v = scale a + origin: its exponent and top mantissa
// bits, so slots are equally spaced within an octave of v and grow with a, as the functions at hand flatten.
// Each slot has a centre c and P(a) = c0 + (a - c) (c1 + (a - c) (...)), all of them fetched by permutes: 32
// slots on AVX-512 (vpermi2ps), 8 elsewhere at 3 degrees more. c is chosen by tools/constants/piecewise.py so
// that c0 is almost exact, and on a zero of the function where there is one near.

#if defined(SIMDACT_PIECEWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_PIECEWISE_INL_H_
#undef SIMDACT_PIECEWISE_INL_H_
#else
#define SIMDACT_PIECEWISE_INL_H_
#endif

#include <type_traits>

#include "simdact/detail/numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// The slot of v, read off its bits, and a's distance from the slot's centre.
template <class Table, class D, class V>
HWY_INLINE Index<D, V> SlotAt(D, const V& v) {
  return op::ShiftRight<Table::kShift>(op::BitCast(hn::RebindToSigned<D>(), v));
}
template <class Table, class D, class V>
HWY_INLINE Index<D, V> SlotOf(D d, const V& a) {  // for a in [0, end of the table)
  const auto origin = hn::Set(d, Table::kOrigin);
  if constexpr (Table::kScale == 1.0f) {
    return SlotAt<Table>(d, V(op::Add(a, origin)));
  } else {
    return SlotAt<Table>(d, V(op::MulAdd(a, hn::Set(d, Table::kScale), origin)));
  }
}

// ck of the slots; their centres are in the first row.
template <class Table, size_t kRow, class D, class VI>
HWY_INLINE auto RowOf(D d, const VI& slot) {
  return Lookup<std::extent<decltype(Table::kRows), 1>::value>(d, Table::kRows[kRow], slot);
}
template <class Table, size_t k, class D, class VI>
HWY_INLINE auto CoefficientOf(D d, const VI& slot) {
  return RowOf<Table, k + 1>(d, slot);
}
template <class Table, class D, class V, class VI>
HWY_INLINE V FromCentre(D d, const V& a, const VI& slot) {
  return op::Sub(a, RowOf<Table, 0>(d, slot));
}
// c2 + delta (c3 + ...).
template <class Table, class D, class V, class VI>
HWY_INLINE V BendAt(D d, const V& delta, const VI& slot) {
  constexpr size_t kLast = std::extent<decltype(Table::kRows), 0>::value - 1;
  constexpr size_t kSlots = std::extent<decltype(Table::kRows), 1>::value;
  V bend = Lookup<kSlots>(d, Table::kRows[kLast], slot);
  HWY_UNROLL(8)
  for (size_t row = kLast - 1; row >= 3; --row)
    bend = op::MulAdd(bend, delta, Lookup<kSlots>(d, Table::kRows[row], slot));
  return bend;
}

// P(a) rounded to float. Where c0 is 0 the rounding of the slope shows, up to half an ulp: kKeepSlope saves
// it at the price of three operations, which change nothing elsewhere.
template <class Table, bool kKeepSlope, class D, class V>
HWY_INLINE V PiecewiseValue(D d, const V& a) {
  const auto slot = SlotOf<Table>(d, a);
  const V delta = FromCentre<Table>(d, a, slot), bend = BendAt<Table>(d, delta, slot);
  const V c1 = CoefficientOf<Table, 1>(d, slot);
  V c0 = CoefficientOf<Table, 0>(d, slot);
  const V slope = op::MulAdd(bend, delta, c1);
  if constexpr (kKeepSlope) c0 = op::MulAdd(op::MulAdd(bend, delta, op::Sub(c1, slope)), delta, c0);
  return op::MulAdd(slope, delta, c0);
}

// P(a), the low word being the rounding error of the high one: the fit and the rounding of the slope are
// left.
template <class Table, class D, class V, class VI>
HWY_INLINE Pair<V> PiecewisePair(D d, const V& a, const VI& slot) {
  const V delta = FromCentre<Table>(d, a, slot), bend = BendAt<Table>(d, delta, slot);
  const V c1 = CoefficientOf<Table, 1>(d, slot), c0 = CoefficientOf<Table, 0>(d, slot);
  const V slope = op::MulAdd(bend, delta, c1);
  const V high = op::MulAdd(slope, delta, c0);
  return MakePair(high, V(op::MulAdd(slope, delta, op::Sub(c0, high))));
}
template <class Table, class D, class V>
HWY_INLINE Pair<V> PiecewisePair(D d, const V& a) {
  return PiecewisePair<Table>(d, a, SlotOf<Table>(d, a));
}

// The same for a function with a zero. The slots near it have c0 = 0: there the rounding of the slope counts
// in full and is kept as well, and what f is at the centre joins the low word.
template <class Table, class D, class V>
HWY_INLINE Pair<V> PiecewisePairNearZero(D d, const V& a) {
  const auto slot = SlotOf<Table>(d, a);
  const V delta = FromCentre<Table>(d, a, slot), bend = BendAt<Table>(d, delta, slot);
  const V c1 = CoefficientOf<Table, 1>(d, slot), c0 = CoefficientOf<Table, 0>(d, slot);
  const V c0_low = Lookup<std::extent<decltype(Table::kC0Low)>::value>(d, Table::kC0Low, slot);
  const V slope = op::MulAdd(bend, delta, c1);
  const V slope_low = op::MulAdd(bend, delta, op::Sub(c1, slope));
  const V high = op::MulAdd(slope, delta, c0);
  const V error = op::MulAdd(slope, delta, op::Sub(c0, high));
  return MakePair(high, V(op::Add(error, op::MulAdd(slope_low, delta, c0_low))));
}

// The same for a table moved by what its zero is off a float: there all is counted from the zero, kZeroLow +
// kZeroLower above the slots' centre, and c0 = 0 is exact. v tells the slot. Without kKeepSlope the slope's
// rounding shows next to the zero, up to half an ulp.
template <class Table, bool kKeepSlope, class D, class V, class N>
HWY_INLINE Pair<V> PiecewiseFromZero(D d, const V& v, const N& a) {
  const auto slot = SlotAt<Table>(d, v);
  const V delta = FromCentre<Table>(d, V(High(a)), slot), bend = BendAt<Table>(d, delta, slot);
  const V c1 = CoefficientOf<Table, 1>(d, slot), c0 = CoefficientOf<Table, 0>(d, slot);
  const V slope = op::MulAdd(bend, delta, c1);
  const V high = op::MulAdd(slope, delta, c0);
  V low = op::MulAdd(slope, delta, op::Sub(c0, high));
  const V lost = op::Sub(c1, slope);
  if constexpr (kKeepSlope) low = op::MulAdd(op::MulAdd(bend, delta, lost), delta, low);
  if constexpr (kIsPair<N>) {  // times the derivative; next to the zero this is all there is: rounded once
    const auto off = TwoSum(Low(a), hn::Set(d, -Table::kZeroLow));
    const V off_low = op::Sub(Low(off), hn::Set(d, Table::kZeroLower));
    const V turn = op::Sub(slope, lost), more = op::Mul(turn, High(off));
    const V more_low = op::MulAdd(turn, off_low, op::MulSub(turn, High(off), more));
    return MakePair(high, V(op::Add(low, op::Add(more, more_low))));
  } else {
    return MakePair(high, V(op::NegMulAdd(slope, hn::Set(d, Table::kZeroLow), low)));
  }
}

// P(a) for an odd function close to a near 0: in the first slot, where c0 = 0 and the centre is 0, P is what
// is to be added to a, so that its rounding does not show. c0 of the others is above the first slot's end.
template <class Table, class D, class V>
HWY_INLINE V PiecewiseCloseToX(D d, const V& a) {
  const auto slot = SlotOf<Table>(d, a);
  const V delta = FromCentre<Table>(d, a, slot), bend = BendAt<Table>(d, delta, slot);
  const V c1 = CoefficientOf<Table, 1>(d, slot), c0 = CoefficientOf<Table, 0>(d, slot);
  const V near = op::Min(a, hn::Set(d, Table::kFirstEnd));
  return op::MulAdd(op::MulAdd(bend, delta, c1), delta, op::Max(c0, near));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_PIECEWISE_INL_H_
