// Piecewise polynomials with all coefficients in registers.
//
// The slot of a >= 0 is read off the bits of the float v = scale a + origin: its exponent and top mantissa
// bits, so slots are equally spaced within an octave of v and grow with a, as the functions at hand flatten.
// Each slot has a centre c and P(a) = c0 + (a - c) (c1 + (a - c) (...)), all of them fetched by permutes: 32
// slots on AVX-512 (vpermi2ps), 8 elsewhere at 3 degrees more. c is chosen by tools/piecewise.py so that c0
// is almost exact, and on a zero of the function where there is one near.

#if defined(SIMDACT_PIECEWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_PIECEWISE_INL_H_
#undef SIMDACT_PIECEWISE_INL_H_
#else
#define SIMDACT_PIECEWISE_INL_H_
#endif

#include <type_traits>

#include "simdact/pair-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// Evaluates the slot of v at a: P(a) = c0 + delta (c1 + delta rest).
template <class Table, class D, class V, class VI>
HWY_INLINE void PiecewiseAt(D d, const V& v, const V& a, VI& index, V& c0, V& c1, V& rest, V& delta) {
  constexpr int kDegree = static_cast<int>(std::extent<decltype(Table::kRows), 0>::value) - 2;
  constexpr size_t kSlots = std::extent<decltype(Table::kRows), 1>::value;
  const hn::RebindToSigned<D> di;
  index = op::ShiftRight<Table::kShift>(op::BitCast(di, v));

  delta = op::Sub(a, Lookup<kSlots>(d, Table::kRows[0], index));
  rest = Lookup<kSlots>(d, Table::kRows[kDegree + 1], index);
  HWY_UNROLL(8)
  for (int k = kDegree; k >= 3; --k) {
    rest = op::MulAdd(rest, delta, Lookup<kSlots>(d, Table::kRows[k], index));
  }
  c1 = Lookup<kSlots>(d, Table::kRows[2], index);
  c0 = Lookup<kSlots>(d, Table::kRows[1], index);
}

// The same for a in [0, end of the table).
template <class Table, class D, class V, class VI>
HWY_INLINE void Piecewise(D d, const V& a, VI& index, V& c0, V& c1, V& rest, V& delta) {
  const auto origin = hn::Set(d, Table::kOrigin);
  V v;
  if constexpr (Table::kScale == 1.0f) {
    v = op::Add(a, origin);
  } else {
    v = op::MulAdd(a, hn::Set(d, Table::kScale), origin);
  }
  PiecewiseAt<Table>(d, v, a, index, c0, c1, rest, delta);
}

// P(a) rounded to float. Where c0 is 0 the rounding of the slope shows, up to half an ulp: kKeepSlope saves
// it at the price of three operations, which change nothing elsewhere.
template <class Table, bool kKeepSlope, class D, class V>
HWY_INLINE V PiecewiseValue(D d, const V& a) {
  Index<D, V> index;
  V c0, c1, rest, delta;
  Piecewise<Table>(d, a, index, c0, c1, rest, delta);
  const V slope = op::MulAdd(rest, delta, c1);
  if constexpr (kKeepSlope) {
    c0 = op::MulAdd(op::MulAdd(rest, delta, op::Sub(c1, slope)), delta, c0);
  }
  return op::MulAdd(slope, delta, c0);
}

// P(a) = high + low, low being the rounding error of high: the fit and the rounding of the slope are left.
template <class Table, class D, class V, class VI>
HWY_INLINE void PiecewisePair(D d, const V& a, VI& index, V& high, V& low) {
  V c0, c1, rest, delta;
  Piecewise<Table>(d, a, index, c0, c1, rest, delta);
  const V slope = op::MulAdd(rest, delta, c1);
  high = op::MulAdd(slope, delta, c0);
  low = op::MulAdd(slope, delta, op::Sub(c0, high));
}
template <class Table, class D, class V>
HWY_INLINE void PiecewisePair(D d, const V& a, V& high, V& low) {
  Index<D, V> index;
  PiecewisePair<Table>(d, a, index, high, low);
}

// The same for a function with a zero. The slots near it have c0 = 0: there the rounding of the slope counts
// in full and is kept as well, and what f is at the centre joins the low word.
template <class Table, class D, class V>
HWY_INLINE void PiecewisePairNearZero(D d, const V& a, V& high, V& low) {
  Index<D, V> index;
  V c0, c1, rest, delta;
  Piecewise<Table>(d, a, index, c0, c1, rest, delta);
  const V slope = op::MulAdd(rest, delta, c1);
  const V slope_low = op::MulAdd(rest, delta, op::Sub(c1, slope));
  high = op::MulAdd(slope, delta, c0);
  const V c0_low = Lookup<std::extent<decltype(Table::kC0Low)>::value>(d, Table::kC0Low, index);
  low = op::Add(op::MulAdd(slope, delta, op::Sub(c0, high)), op::MulAdd(slope_low, delta, c0_low));
}

// P(a + a_low) for a table moved by what its zero is off a float: there all is counted from the zero,
// kZeroLow + kZeroLower above the slots' centre, and c0 = 0 is exact. Without kKeepSlope the slope's rounding
// shows next to the zero, up to half an ulp.
template <class Table, bool kKeepSlope, class D, class V, class Low>
HWY_INLINE void PiecewisePairFromZero(D d, const V& v, const V& a, const Low& a_low, V& high, V& low) {
  Index<D, V> index;
  V c0, c1, rest, delta;
  PiecewiseAt<Table>(d, v, a, index, c0, c1, rest, delta);
  const V slope = op::MulAdd(rest, delta, c1);
  high = op::MulAdd(slope, delta, c0);
  low = op::MulAdd(slope, delta, op::Sub(c0, high));
  const V bend = op::Sub(c1, slope);
  if constexpr (kKeepSlope) low = op::MulAdd(op::MulAdd(rest, delta, bend), delta, low);
  if constexpr (hwy::IsSame<Low, NoLow>()) {
    low = op::NegMulAdd(slope, hn::Set(d, Table::kZeroLow), low);
  } else {  // times the derivative; next to the zero high is 0 and this all there is: rounded once
    V off, off_low;
    TwoSum(a_low, hn::Set(d, -Table::kZeroLow), off, off_low);
    off_low = op::Sub(off_low, hn::Set(d, Table::kZeroLower));
    const V turn = op::Sub(slope, bend), more = op::Mul(turn, off);
    const V more_low = op::MulAdd(turn, off_low, op::MulSub(turn, off, more));
    low = op::Add(low, op::Add(more, more_low));
  }
}

// P(a) for an odd function close to a near 0: in the first slot, where c0 = 0 and the centre is 0, P is what
// is to be added to a, so that its rounding does not show. c0 of the others is above the first slot's end.
template <class Table, class D, class V>
HWY_INLINE V PiecewiseCloseToX(D d, const V& a) {
  Index<D, V> index;
  V c0, c1, rest, delta;
  Piecewise<Table>(d, a, index, c0, c1, rest, delta);
  const V near = op::Min(a, hn::Set(d, Table::kFirstEnd));
  return op::MulAdd(op::MulAdd(rest, delta, c1), delta, op::Max(c0, near));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_PIECEWISE_INL_H_
