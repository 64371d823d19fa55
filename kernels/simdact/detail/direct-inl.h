// Direct kernels for bf16 and f16: results in floats that one rounding brings to the right 16-bit number.
//
// Pieces of lines and parabolas meet midpoints between 16-bit numbers often: an eighth of all x^2 in bf16 are
// one. And a float y that is a midpoint does not tell on which side of it the exact result lies. But of such
// functions the error f(x) - y can be had, with the right sign: Direct<Name>Error gives it where y is a
// midpoint, which has 9 or 12 bits, and elsewhere may be anything. All that y itself needs is to be one of
// the two floats around f(x). Then
//
//   y, or the odd one of its neighbours on the side of the error if there is one,
//
// rounds as f(x) does ("rounding to odd", Boldo and Melquiond 2008): midpoints are even floats, so an odd one
// stands for all that lies between.
//
// Direct<Name>(d, x, parameters) holds for x = 0 and magnitudes from 2^-60 (f16: 2^-23) to 2^60, where no
// result and no error of one is denormal or overflows, and for parameters of which Direct<Name>Suits says so.
// Derivatives take dy from the same range, for the product with it is what is to be rounded. A y of 0 is
// exact, and has the sign that the kernels for floats give it.

#if defined(SIMDACT_DIRECT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_DIRECT_INL_H_
#undef SIMDACT_DIRECT_INL_H_
#else
#define SIMDACT_DIRECT_INL_H_
#endif

#include "simdact/rectified-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// y, or where it is even and not exact the neighbour on the side of the error. For y = 0 the error must be 0.
template <class D, class V>
HWY_INLINE V RoundedToOdd(D d, const V& y, const V& error) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, y);
  const auto back = hn::BroadcastSignBit(hn::Xor(bits, hn::BitCast(di, error)));  // -1 where |y| is too large
  const auto odd = hn::Or(hn::Add(bits, back), hn::Set(di, 1));
  return hn::IfThenElse(hn::Ne(error, hn::Zero(d)), hn::BitCast(d, odd), y);
}

// In place of the error, where there is none or none that shows.
struct NoError {};

constexpr bool IsDirectSlope(float slope) { return InRange(slope, 0x1p-20, 0x1p20); }

// ---- Lines -----------------------------------------------------------------------------------------------

constexpr bool DirectLeakyReluSuits(float negative_slope) { return IsDirectSlope(negative_slope); }
template <class D, class V>
HWY_INLINE V DirectLeakyRelu(D d, const V& x, Scalar<D> negative_slope) {
  return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(x, hn::Set(d, negative_slope)));
}
template <class D, class V>
HWY_INLINE V DirectLeakyReluError(D d, const V& x, const V& y, Scalar<D> negative_slope) {
  return ProductError(x, V(hn::Set(d, negative_slope)), y);
}
template <class D, class V>
HWY_INLINE V DirectLeakyReluDerivative(D d, const V& x, const V& dy, Scalar<D> negative_slope) {
  return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), dy, hn::Mul(dy, hn::Set(d, negative_slope)));
}
template <class D, class V>
HWY_INLINE V DirectLeakyReluDerivativeError(D d, const V&, const V& dy, const V& dx,
                                            Scalar<D> negative_slope) {
  return DirectLeakyReluError(d, dy, dx, negative_slope);
}

constexpr bool DirectPreluSuits(float weight) { return IsDirectSlope(weight); }
template <class D, class V>
HWY_INLINE V DirectPrelu(D d, const V& x, Scalar<D> weight) {
  return DirectLeakyRelu(d, x, weight);
}
template <class D, class V>
HWY_INLINE V DirectPreluError(D d, const V& x, const V& y, Scalar<D> weight) {
  return DirectLeakyReluError(d, x, y, weight);
}
template <class D, class V>
HWY_INLINE V DirectPreluDerivative(D d, const V& x, const V& dy, Scalar<D> weight) {
  return DirectLeakyReluDerivative(d, x, dy, weight);
}
template <class D, class V>
HWY_INLINE V DirectPreluDerivativeError(D d, const V& x, const V& dy, const V& dx, Scalar<D> weight) {
  return DirectLeakyReluDerivativeError(d, x, dy, dx, weight);
}

// The slope is high + low.
constexpr bool DirectRreluSuits(float lower, float upper) {
  const RreluSlope<float> slope(lower, upper);
  return IsDirectSlope(slope.high) && (slope.low == 0 || InRange(slope.low, 0x1p-60, 0x1p20));
}
// At 2^30 of its size: what cancels leaves no denormal.
template <class D, class V>
HWY_INLINE V DirectRreluError(D d, const V& x, const V& y, Scalar<D> lower, Scalar<D> upper) {
  const RreluSlope<Scalar<D>> slope(lower, upper);
  const auto up = hn::Set(d, 0x1p30f);
  const V x_up = hn::Mul(x, up), y_up = hn::Mul(y, up);
  const V error = ProductError(x_up, V(hn::Set(d, slope.high)), y_up);
  return MultiplyAdd(x_up, V(hn::Set(d, slope.low)), error);
}
// x (high + low); a zero has the sign of x high.
template <class D, class V>
HWY_INLINE V DirectRreluProduct(D d, const V& x, Scalar<D> lower, Scalar<D> upper) {
  const RreluSlope<Scalar<D>> slope(lower, upper);
  const V high = hn::Mul(x, hn::Set(d, slope.high));
  if (slope.low == 0) return high;
  const V both = MultiplyAdd(x, V(hn::Set(d, slope.high)), V(hn::Mul(x, hn::Set(d, slope.low))));
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), high, both);
}
template <class D, class V>
HWY_INLINE V DirectRrelu(D d, const V& x, Scalar<D> lower, Scalar<D> upper) {
  const auto zero = hn::Zero(d);
  const RreluSlope<Scalar<D>> slope(lower, upper);
  const auto stays = slope.low == 0 ? hn::Gt(x, zero) : hn::Ge(x, zero);  // as in Rrelu
  return hn::IfThenElse(stays, x, DirectRreluProduct(d, x, lower, upper));
}
template <class D, class V>
HWY_INLINE V DirectRreluDerivative(D d, const V& x, const V& dy, Scalar<D> lower, Scalar<D> upper) {
  return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), dy, DirectRreluProduct(d, dy, lower, upper));
}
template <class D, class V>
HWY_INLINE V DirectRreluDerivativeError(D d, const V&, const V& dy, const V& dx, Scalar<D> lower,
                                        Scalar<D> upper) {
  return DirectRreluError(d, dy, dx, lower, upper);
}

// Where y is a midpoint, which has 12 bits at most, y - beta is exact if beta, too, has no more and neither
// is 2^11 times as large as the other. Nearer to the zero y itself is exact; beyond 1 it does not count.
constexpr bool DirectHardsigmoidSuits(float alpha, float beta) {
  const float rounded = (beta + 0x1p12f * beta) - 0x1p12f * beta;  // to 12 bits
  return IsDirectSlope(alpha) && (beta == 0 || (InRange(beta, 0x1p-10, 0x1p10) && rounded == beta));
}
template <class D, class V>
HWY_INLINE V DirectHardsigmoid(D d, const V& x, Scalar<D> alpha, Scalar<D> beta) {
  if (IsSixthOfSum(alpha, beta)) {
    return Clamp(d, V(hn::Mul(V(hn::Add(x, hn::Set(d, 3.0f))), hn::Set(d, alpha))), 0, 1);
  }
  if (beta == 0) return Clamp(d, V(hn::Mul(x, hn::Set(d, alpha))), 0, 1);  // -0 stays -0
  return Clamp(d, V(MultiplyAdd(x, V(hn::Set(d, alpha)), V(hn::Set(d, beta)))), 0, 1);
}
template <class D, class V>
HWY_INLINE V DirectHardsigmoidError(D d, const V& x, const V& y, Scalar<D> alpha, Scalar<D> beta) {
  // Where y is a midpoint x + 3 is exact, or so near 3 that y is none.
  if (IsSixthOfSum(alpha, beta)) {
    return hn::Neg(ProductError(y, V(hn::Set(d, 6.0f)), V(hn::Add(x, hn::Set(d, 3.0f)))));
  }
  const V error = ProductError(x, V(hn::Set(d, alpha)), V(hn::Sub(y, hn::Set(d, beta))));
  return hn::IfThenElseZero(hn::Ge(y, hn::Set(d, 0x1p-11f * (beta < 0 ? -beta : beta))), error);
}
template <class D, class V>
HWY_INLINE V DirectHardsigmoidDerivative(D d, const V& x, const V& dy, Scalar<D> alpha, Scalar<D> beta) {
  return hn::Mul(HardsigmoidDerivative(d, x, alpha, beta), dy);
}
template <class D, class V>
HWY_INLINE V DirectHardsigmoidDerivativeError(D d, const V&, const V& dy, const V& dx, Scalar<D> alpha,
                                              Scalar<D> /*beta*/) {
  return ProductError(dy, V(hn::Set(d, alpha)), dx);
}

constexpr bool DirectLinearSuits(float alpha, float beta) { return beta == 0 && IsDirectSlope(alpha); }
template <class D, class V>
HWY_INLINE V DirectLinear(D d, const V& x, Scalar<D> alpha, Scalar<D> /*beta*/) {
  return hn::Mul(x, hn::Set(d, alpha));
}
template <class D, class V>
HWY_INLINE V DirectLinearError(D d, const V& x, const V& y, Scalar<D> alpha, Scalar<D> /*beta*/) {
  return ProductError(x, V(hn::Set(d, alpha)), y);
}
template <class D, class V>
HWY_INLINE V DirectLinearDerivative(D d, const V&, const V& dy, Scalar<D> alpha, Scalar<D> beta) {
  return DirectLinear(d, dy, alpha, beta);
}
template <class D, class V>
HWY_INLINE V DirectLinearDerivativeError(D d, const V&, const V& dy, const V& dx, Scalar<D> alpha,
                                         Scalar<D> beta) {
  return DirectLinearError(d, dy, dx, alpha, beta);
}

constexpr bool DirectShrinkSuits(float /*lambd*/, float bias) { return IsFinite(bias); }
template <class D, class V>
HWY_INLINE V DirectShrink(D d, const V& x, Scalar<D> lambd, Scalar<D> bias) {
  return Shrink(d, x, lambd, bias);
}
template <class D, class V>
HWY_INLINE V DirectShrinkError(D d, const V& x, const V& y, Scalar<D> lambd, Scalar<D> bias) {
  const auto shift = hn::Set(d, bias);
  const V added = hn::IfThenElse(hn::Gt(x, hn::Set(d, lambd)), hn::Neg(shift), shift), part = hn::Sub(y, x);
  return hn::Add(hn::Sub(x, hn::Sub(y, part)), hn::Sub(added, part));  // as in TwoSum
}
template <class D, class V>
HWY_INLINE V DirectShrinkDerivative(D d, const V& x, const V& dy, Scalar<D> lambd, Scalar<D> /*bias*/) {
  return hn::Mul(SlopeOutside(d, x, lambd), dy);
}
template <class D, class V>
HWY_INLINE NoError DirectShrinkDerivativeError(D, const V&, const V&, const V&, Scalar<D>, Scalar<D>) {
  return {};
}

constexpr bool DirectSoftshrinkSuits(float lambd) { return DirectShrinkSuits(lambd, lambd); }
template <class D, class V>
HWY_INLINE V DirectSoftshrink(D d, const V& x, Scalar<D> lambd) {
  return Softshrink(d, x, lambd);
}
template <class D, class V>
HWY_INLINE V DirectSoftshrinkError(D d, const V& x, const V& y, Scalar<D> lambd) {
  return DirectShrinkError(d, x, y, lambd, lambd);
}
template <class D, class V>
HWY_INLINE V DirectSoftshrinkDerivative(D d, const V& x, const V& dy, Scalar<D> lambd) {
  return DirectShrinkDerivative(d, x, dy, lambd, lambd);
}
template <class D, class V>
HWY_INLINE NoError DirectSoftshrinkDerivativeError(D, const V&, const V&, const V&, Scalar<D>) {
  return {};
}

// ---- Parabolas -------------------------------------------------------------------------------------------

// x^2 and 2 x dy are floats.
constexpr bool DirectSquareSuits() { return true; }
template <class D, class V>
HWY_INLINE V DirectSquare(D, const V& x) {
  return hn::Mul(x, x);
}
template <class D, class V>
HWY_INLINE NoError DirectSquareError(D, const V&, const V&) {
  return {};
}
template <class D, class V>
HWY_INLINE V DirectSquareDerivative(D, const V& x, const V& dy) {
  return hn::Mul(hn::Add(x, x), dy);
}
template <class D, class V>
HWY_INLINE NoError DirectSquareDerivativeError(D, const V&, const V&, const V&) {
  return {};
}

constexpr bool DirectSquaredReluSuits() { return true; }
template <class D, class V>
HWY_INLINE V DirectSquaredRelu(D d, const V& x) {
  return SquaredRelu(d, x);
}
template <class D, class V>
HWY_INLINE NoError DirectSquaredReluError(D, const V&, const V&) {
  return {};
}
template <class D, class V>
HWY_INLINE V DirectSquaredReluDerivative(D d, const V& x, const V& dy) {
  return hn::Mul(SquaredReluDerivative(d, x), dy);
}
template <class D, class V>
HWY_INLINE NoError DirectSquaredReluDerivativeError(D, const V&, const V&, const V&) {
  return {};
}

constexpr bool DirectPowSuits(float exponent) { return exponent == 2; }
template <class D, class V>
HWY_INLINE V DirectPow(D d, const V& x, Scalar<D> /*exponent*/) {
  return DirectSquare(d, x);
}
template <class D, class V>
HWY_INLINE NoError DirectPowError(D, const V&, const V&, Scalar<D>) {
  return {};
}
template <class D, class V>
HWY_INLINE V DirectPowDerivative(D d, const V& x, const V& dy, Scalar<D> /*exponent*/) {
  return DirectSquareDerivative(d, x, dy);
}
template <class D, class V>
HWY_INLINE NoError DirectPowDerivativeError(D, const V&, const V&, const V&, Scalar<D>) {
  return {};
}

// x min(max((x + 3) (1/6), 0), 1), each step rounded. Of all 16-bit numbers only f16's least, 2^-24, which is
// not in the range, would be rounded to a wrong one. (With 1/6 a unit of its last place smaller or larger: 19
// and 37, of bf16 5 and 5.) At midpoints x (x + 3) is a multiple of 3 of few bits, and x (x + 3) / 6 comes
// out as it is.
constexpr bool DirectHardswishSuits() { return true; }
template <class D, class V>
HWY_INLINE V DirectHardswish(D d, const V& x) {
  const V ramp = hn::Mul(hn::Add(x, hn::Set(d, 3.0f)), hn::Set(d, 1.0f / 6));
  return hn::Mul(x, hn::Min(hn::Max(ramp, hn::Zero(d)), hn::Set(d, 1.0f)));
}
template <class D, class V>
HWY_INLINE NoError DirectHardswishError(D, const V&, const V&) {
  return {};
}
// (2 x + 3) dy / 6: a quotient, corrected once. The error is what the division leaves.
template <class D, class V>
HWY_INLINE V DirectHardswishDerivativeError(D d, const V& x, const V& dy, const V& dx) {
  const auto slope = TwoSum(V(hn::Add(x, x)), V(hn::Set(d, 3.0f)));
  const auto product = TwoProduct(dy, V(High(slope)));
  const V error = MultiplyAdd(dy, V(Low(slope)), V(Low(product)));
  return hn::Add(Remainder(dx, V(hn::Set(d, 6.0f)), V(High(product))), error);
}
template <class D, class V>
HWY_INLINE V DirectHardswishDerivative(D d, const V& x, const V& dy) {
  const auto three = hn::Set(d, 3.0f), sixth = hn::Set(d, 1.0f / 6);
  const V product = hn::Mul(hn::Add(hn::Add(x, x), three), dy), quotient = hn::Mul(product, sixth);
  const V dx = MultiplyAdd(V(DirectHardswishDerivativeError(d, x, dy, quotient)), V(sixth), quotient);
  const V inside = hn::IfThenElse(hn::Eq(product, hn::Zero(d)), quotient, dx);  // -0 plus a correction is 0
  const V right = hn::IfThenElse(hn::Ge(x, three), dy, inside);
  return hn::IfThenElse(hn::Le(x, hn::Neg(three)), hn::Mul(hn::Zero(d), dy), right);
}

// (x + 1)^2 / 4. Where x + 1 is not exact the result is next to 1/4, which is no midpoint.
constexpr bool DirectSparsePlusSuits() { return true; }
template <class D, class V>
HWY_INLINE V DirectSparsePlus(D d, const V& x) {
  const auto one = hn::Set(d, 1.0f);
  const V half = hn::Mul(hn::Max(hn::Add(x, one), hn::Zero(d)), hn::Set(d, 0.5f));
  return hn::IfThenElse(hn::Ge(x, one), x, hn::Mul(half, half));
}
template <class D, class V>
HWY_INLINE V DirectSparsePlusError(D d, const V& x, const V& y) {
  const V half = hn::Mul(hn::Add(x, hn::Set(d, 1.0f)), hn::Set(d, 0.5f));
  return ProductError(half, half, y);
}
// (x + 1) dy / 2.
template <class D, class V>
HWY_INLINE V DirectSparsePlusDerivative(D d, const V& x, const V& dy) {
  return hn::Mul(SparsePlusDerivative(d, x), dy);
}
template <class D, class V>
HWY_INLINE V DirectSparsePlusDerivativeError(D d, const V& x, const V& dy, const V& dx) {
  const auto sum = TwoSum(x, V(hn::Set(d, 1.0f)));
  return MultiplyAdd(dy, V(Low(sum)), V(ProductError(dy, V(High(sum)), V(hn::Add(dx, dx)))));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_DIRECT_INL_H_
