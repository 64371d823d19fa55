// The fast tier of bf16 and f16: gelu, erf and tanh to 2^-12 of the result.
//
//   gelu(x) = max(x, 0) - a M(a) exp(-a^2 / 2),   a = |x|, M Mills' ratio
//   M(a) = t P(t),  t = 1 / (1 + 3/8 a),  P of degree 4 (2^-15.1)
//   erf(x) = x P(x^2), degree 6, |x| <= 2.65 (2^-12.6)
//   tanh(x) = x P(x^2) / Q(x^2), degrees 2 and 2, |x| <= 4.6 (2^-14.9); on AVX-512 a table of parabolas
//
// exp as in coarse-exp-inl.h. Worst: gelu 2^-12.78 at -0x1.cf78e4p+2 (AVX-512; 2^-13.18 elsewhere), erf
// 2^-12.46 above 2.65 (1), tanh 2^-12.27 above 4.6 (1; AVX-512: 2^-13.78 at 5.125).
// Gelu with the polynomial in t on AVX-512 as well had 1.7 times the accurate speed instead of 1.94, and
// 2^-12.45.

#if defined(SIMDACT_COARSE_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_COARSE_NORMAL_INL_H_
#undef SIMDACT_COARSE_NORMAL_INL_H_
#else
#define SIMDACT_COARSE_NORMAL_INL_H_
#endif

#include "simdact/detail/coarse-exp-inl.h"
#include "simdact/hyperbolic-inl.h"
#include "simdact/normal-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kCoarseGeluVectors = kCoarseVectors;
constexpr size_t kCoarseErfVectors = kCoarseVectors;
constexpr size_t kCoarseTanhVectors = kCoarseVectors;

// near^2, never denormal.
template <class D, class V>
HWY_INLINE V CoarseSquare(D d, const V& near) {
  constexpr float kTiny = 0x1p-40f;
  if constexpr (HWY_NATIVE_FMA) return op::MulAdd(near, near, hn::Set(d, kTiny));
  const V above = op::Max(near, hn::Set(d, kTiny));
  return op::Mul(above, above);
}

// c0 + a (c1 + a c2), in 32 slots.
template <class Table, class D, class V>
HWY_INLINE V CoarseSlots(D d, const V& a) {
  const V v = op::Add(a, hn::Set(d, Table::kShift));
  const auto index = op::ShiftRight<20>(op::BitCast(hn::RebindToSigned<D>(), v));
  const V slope = op::MulAdd(Lookup<32>(d, Table::kRows[2], index), a, Lookup<32>(d, Table::kRows[1], index));
  return op::MulAdd(slope, a, Lookup<32>(d, Table::kRows[0], index));
}

// gelu(x).
template <class D, class V>
HWY_INLINE V CoarseGelu(D d, const V& x) {
  // exp(-a^2 / 2) is 0 where gelu(-a) would be denormal.
  constexpr float kShift = -0x1.d56042p+0f, kFactor = 0x1.c8315ep+1f;
  const auto one = hn::Set(d, 1.0f);
  const V a = op::Abs(x);
  V near = AtMost(hn::Set(d, 13.183f), a);
  bool tiny = false;
  if constexpr (HWY_NATIVE_FMA) {
    near = ZeroWhereTiny(d, a, kLeastNormal, near);
  } else {  // x - x / 2 takes a product that may be denormal
    tiny = AnyBelow<-120>(d, a);
    if (HWY_UNLIKELY(tiny)) near = ZeroWhereTiny(d, a, 0x1p-120f, near);
  }
  const V normal = HWY_NATIVE_FMA ? near : V(op::Max(near, hn::Set(d, 0x1p-40f)));
  const V z = op::MulAdd(op::Mul(normal, hn::Set(d, -0.5f * kCoarseLog2e)), normal, hn::Set(d, kShift));
  const auto power = CoarsePowerOfTwo(d, z, one, kFactor);
  const V p = Factor(power);
  V tail;
  if constexpr (kWide) {
    tail = op::Mul(op::Mul(near, p), CoarseSlots<CoarseMills32>(d, near));
  } else {
    const V t = CoarseInverse(d, V(op::MulAdd(near, hn::Set(d, CoarseConstants::kMillsScale), one)));
    tail = op::Mul(op::Mul(near, t), op::Mul(CoarsePolynomial(d, t, CoarseConstants::kMills), p));
  }
  // max(x, -0): at -0 and where the tail ends this is -0.
  V y = op::NegMulAdd(tail, Scale(power), AtLeast(hn::Set(d, -0.0f), x));
  if (HWY_UNLIKELY(tiny)) {
    const V half = op::Mul(ZeroWhereTiny(d, a, kLeastNormal, a), hn::Set(d, 0.5f));
    y = op::IfThenElse(op::Lt(a, hn::Set(d, 0x1p-120f)), WithSignOf(d, x, half), y);
  }
  return y;
}

// erf(x); 0 where that is denormal.
template <class D, class V>
HWY_INLINE V CoarseErf(D d, const V& x) {
  const V a = op::Abs(x);
  const V near = ZeroWhereTiny(d, a, kLeastNormal / 1.129f, V(AtMost(hn::Set(d, 2.65f), a)));
  const V square = CoarseSquare(d, near);
  const V y = op::Mul(CoarsePolynomial(d, square, CoarseConstants::kErf), near);
  return WithSignOf(d, x, V(op::IfThenElse(op::Gt(a, hn::Set(d, 2.65f)), hn::Set(d, 1.0f), y)));
}

// tanh(x); x itself where it is denormal.
template <class D, class V>
HWY_INLINE V CoarseTanh(D d, const V& x) {
  const V a = op::Abs(x);
  V y;
  if constexpr (kWide) {
    using Table = CoarseTanh32;
    const V near = AtLeast(hn::Set(d, 2 * kLeastNormal), AtMost(hn::Set(d, Table::kEnd), a));
    y = CoarseSlots<Table>(d, near);
  } else {
    using C = CoarseConstants;
    const V near = AtLeast(hn::Set(d, 2 * kLeastNormal), AtMost(hn::Set(d, 4.6f), a));
    const V square = CoarseSquare(d, near);
    const V above = op::Mul(CoarsePolynomial(d, square, C::kTanh), near);
    const V below = op::MulAdd(CoarsePolynomial(d, square, C::kTanhBelow), square, hn::Set(d, 1.0f));
    y = op::IfThenElse(op::Gt(a, hn::Set(d, 4.6f)), hn::Set(d, 1.0f), op::Div(above, below));
  }
  return WithSignOf(d, x, V(op::Min(y, a)));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_COARSE_NORMAL_INL_H_
