// gelu, the input times the normal distribution function, and its derivative.
//
// With a = |x| and Mills' ratio M(a) = Phi(-a) exp(a^2 / 2), which falls slowly from 1/2:
//
//   gelu(x) = max(x, 0) - a M(a) exp(-a^2 / 2)
//   gelu'(-a) = K(a) exp(-a^2 / 2),   K(a) = M(a) - a / sqrt(2 pi),   gelu'(a) = 1 - gelu'(-a)
//
// No term cancels in the left tail, so gelu(-13) is right where x/2 (1 + erf(x/sqrt 2)) gives 0. a^2 is kept
// as a pair: its rounding error would cost up to 2^6 ulp in the exponential. M and K are tables
// (tools/normal.py); K's is centred on its zero at 0.7518, so the derivative keeps its relative accuracy
// through the crossing. M (or K) times the exponential is an exact product up to the last rounding.

#if defined(SIMDACT_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_NORMAL_INL_H_
#undef SIMDACT_NORMAL_INL_H_
#else
#define SIMDACT_NORMAL_INL_H_
#endif

#include "simdact/exp-inl.h"
#include "simdact/normal-tables.h"
#include "simdact/piecewise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kGeluVectors = Lockstep(4, 2);
constexpr size_t kGeluDerivativeVectors = Lockstep(4, 2);

// Beyond this Phi(-a) a < 2^-150.
constexpr float kNormalEnd = 14.9f;

#if HWY_NATIVE_FMA

// 2^40 (high + low) exp(-a^2 / 2) = (g + g_low) (1 + p), |p| < 1/22; a in [0, 14.9].
template <class D, class V>
HWY_INLINE void TimesNormal(D d, const V& a, const V& high, const V& low, V& g, V& g_low, V& p) {
  const V half = op::Mul(a, hn::Set(d, -0.5f));
  const V square = op::Mul(half, a);
  V scale;
  ExpSplit<40>(d, square, op::MulSub(half, a, square), scale, p);
  g = op::Mul(high, scale);
  g_low = op::MulAdd(low, scale, op::MulSub(high, scale, g));
}

#else

// Polynomials in t = (a - 4) / (a + 4) for a in [0, 15] (tools/normal.py): M(a) (a + 4) and
// K(a) / (root - a), which has no zero.
template <class D64, class V64>
HWY_INLINE V64 MappedPolynomial(D64 d, V64 t, const double* HWY_RESTRICT coefficients, int degree) {
  V64 q = op::Add(op::Mul(t, hn::Set(d, coefficients[degree])), hn::Set(d, coefficients[degree - 1]));
  for (int k = degree - 2; k >= 0; --k) q = op::Add(op::Mul(q, t), hn::Set(d, coefficients[k]));
  return q;
}
struct GeluInDouble {
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    const V64 a = AtMost(hn::Set(d, 15.0), op::Abs(x));
    const V64 inverse = op::Div(hn::Set(d, 1.0), op::Add(a, hn::Set(d, 4.0)));
    const V64 t = op::Mul(op::Sub(a, hn::Set(d, 4.0)), inverse);
    const V64 mills = op::Mul(MappedPolynomial(d, t, NormalDouble::kMills, NormalDouble::kDegree), inverse);
    const V64 normal = ExpDouble(d, op::Mul(op::Mul(a, a), hn::Set(d, -0.5)));
    return op::Sub(AtLeast(hn::Zero(d), x), op::Mul(op::Mul(a, mills), normal));
  }
};
struct GeluDerivativeInDouble {
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    const V64 a = AtMost(hn::Set(d, 15.0), op::Abs(x));
    const V64 t = op::Div(op::Sub(a, hn::Set(d, 4.0)), op::Add(a, hn::Set(d, 4.0)));
    const V64 slope = MappedPolynomial(d, t, NormalDouble::kSlope, NormalDouble::kDegree);
    const V64 normal = ExpDouble(d, op::Mul(op::Mul(a, a), hn::Set(d, -0.5)));
    const V64 below = op::Mul(op::Mul(op::Sub(hn::Set(d, NormalDouble::kRoot), a), slope), normal);
    return op::IfThenElse(op::Lt(x, hn::Zero(d)), below, op::Sub(hn::Set(d, 1.0), below));
  }
};

#endif  // HWY_NATIVE_FMA

// gelu(x) = x Phi(x).
// Worst: 0.8954 ulp at -0x1.5ab0e4p+3, got -1.2854926e-26 for -1.28549267116e-26 (AVX2); 0.7887 at
// 0x1.ffccd6p-4 (AVX-512).
template <class D, class V>
HWY_INLINE V Gelu(D d, const V& x) {
#if HWY_NATIVE_FMA
  using Table = ByTarget<Mills32, Mills8>;
  const V a = AtMost(hn::Set(d, kNormalEnd), op::Abs(x));
  V mills, mills_low, g, g_low, p;
  PiecewisePair<Table>(d, a, mills, mills_low);
  const V high = op::Mul(a, mills);
  const V low = op::MulAdd(a, mills_low, op::MulSub(a, mills, high));
  TimesNormal(d, a, high, low, g, g_low, p);
  const V tail = op::Add(g, op::MulAdd(g, p, g_low));
  const V gelu = op::NegMulAdd(tail, hn::Set(d, 0x1p-40f), AtLeast(hn::Zero(d), x));
#else
  const V gelu = InDouble(d, x, GeluInDouble());
#endif
  return WithSignOf(d, x, gelu);  // -0 at -0 and where the left tail ends
}

// gelu'(x) = Phi(x) + x phi(x).
// Worst: 1.4147 ulp at -0x1.c092b4p+0, got -0.110720605 for -0.110720594118 (AVX2: the slot around the zero
// is wide); 0.8035 at 0x1.88b9fep-13 (AVX-512).
template <class D, class V>
HWY_INLINE V GeluDerivative(D d, const V& x) {
#if HWY_NATIVE_FMA
  using Table = ByTarget<GeluSlope32, GeluSlope8>;
  const V a = AtMost(hn::Set(d, kNormalEnd), op::Abs(x));
  V high, low, g, g_low, p;
  PiecewisePairNearZero<Table>(d, a, high, low);
  TimesNormal(d, a, high, low, g, g_low, p);
  const V below = op::Add(g, op::MulAdd(op::Add(g, g_low), p, g_low));  // at the zero, g_low is all there is
  const auto unit = hn::Set(d, 0x1p-40f);
  return op::IfThenElse(op::Lt(x, hn::Zero(d)), op::Mul(below, unit),
                        op::NegMulAdd(below, unit, hn::Set(d, 1.0f)));
#else
  return InDouble(d, x, GeluDerivativeInDouble());
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_NORMAL_INL_H_
