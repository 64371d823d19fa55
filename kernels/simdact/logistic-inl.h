// sigmoid, silu and their derivatives, from one denominator.
//
//   D = 1 + exp(z),   sigmoid(-z) = 1 / D,   silu(-z) = -z / D,   sigmoid'(z) = exp(z) / D^2
//
// D is known to 2^-30 as a pair: 1 + scale is a two-sum, exp's p joins its low word. With y = 1 / D rounded
// and e = 1 - y D evaluated by FMA, y (1 + e) is 1 / D to 2^-30, so the last rounding is all that is left; a
// reciprocal estimate and one Newton step serve as well as a division, and on AVX-512 are faster or equal.
// Everything is kept at 2^-40 of its size: exp(112) would overflow, and sigmoid(-100) is a denormal, which
// only the last multiplication makes.
//
// silu'(-a) = exp(-a) K(a) with K(a) = sigmoid(a) (1 - a sigmoid(a)), which crosses zero at a = 1.2785: K
// comes from a table centred on that root (tools/logistic.py), so the derivative keeps its relative accuracy
// through the crossing. silu'(a) = 1 - silu'(-a).

#if defined(SIMDACT_LOGISTIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_LOGISTIC_INL_H_
#undef SIMDACT_LOGISTIC_INL_H_
#else
#define SIMDACT_LOGISTIC_INL_H_
#endif

#include "simdact/exp-inl.h"
#include "simdact/logistic-tables.h"
#include "simdact/piecewise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kSigmoidVectors = Lockstep(8, 4);
constexpr size_t kSigmoidDerivativeVectors = Lockstep(4, 2);
constexpr size_t kSiluVectors = Lockstep(8, 4);
constexpr size_t kSiluDerivativeVectors = Lockstep(4, 2);

#if HWY_NATIVE_FMA

// 2^-40, the scale of the denominator, and beyond which argument all results are 0 or denormal noise.
constexpr int kLogisticBias = -40;
constexpr float kLogisticEnd = 112.0f;

// y (1 + e) = 2^40 / (1 + exp(z + low)), and the pieces exp(z + low) = 2^40 scale (1 + p); z in [-40, 112].
template <class D, class V, class Low>
HWY_INLINE void InverseOnePlusExp(D d, const V& z, const Low& low, V& y, V& e, V& scale, V& p) {
  const auto unit = hn::Set(d, 0x1p-40f);
  const auto one = hn::Set(d, 1.0f);
  ExpSplit<kLogisticBias>(d, z, low, scale, p);
  V sum, error;
  FastTwoSum(op::Max(scale, unit), op::Min(scale, unit), sum, error);
  const V rest = op::MulAdd(scale, p, error);
  const V high = op::Add(sum, rest);
  const V tail = op::Sub(rest, op::Sub(high, sum));
  if constexpr (kWide) {
    y = op::ApproximateReciprocal(high);  // 14 bits
    y = op::MulAdd(y, op::NegMulAdd(y, high, one), y);
  } else {
    y = op::Div(one, high);
  }
  e = op::NegMulAdd(y, tail, op::NegMulAdd(y, high, one));
}

// exp(z) / (1 + exp(z))^2 times kGain, z in [0, 112]: w = scale y and w y as exact products, p and 2 e on
// top.
template <class D, class V, class Low>
HWY_INLINE V LogisticDensity(D d, const V& z, const Low& low, float gain) {
  V y, e, scale, p;
  InverseOnePlusExp(d, z, low, y, e, scale, p);
  const V w = op::Mul(scale, y);
  const V w_low = op::MulSub(scale, y, w);
  const V q = op::Mul(w, y);
  const V q_low = op::MulAdd(w_low, y, op::MulSub(w, y, q));
  const V g = op::MulAdd(hn::Set(d, 2.0f), e, p);
  return op::Mul(op::Add(q, op::MulAdd(q, g, q_low)), hn::Set(d, gain * 0x1p-40f));
}

#else

template <class D64, class V64>
HWY_INLINE V64 SigmoidDouble(D64 d, V64 x) {
  const auto one = hn::Set(d, 1.0);
  const V64 z = AtLeast(hn::Set(d, -60.0), AtMost(hn::Set(d, 120.0), op::Neg(x)));
  return op::Div(one, op::Add(ExpDouble(d, z), one));
}

// exp(-a) / (1 + exp(-a))^2 for a >= 0.
template <class D64, class V64>
HWY_INLINE V64 LogisticDensityDouble(D64 d, V64 a) {
  const V64 e = ExpDouble(d, op::Neg(AtMost(hn::Set(d, 200.0), a)));
  const V64 sum = op::Add(e, hn::Set(d, 1.0));
  return op::Div(e, op::Mul(sum, sum));
}

struct SigmoidInDouble {
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    return SigmoidDouble(d, x);
  }
};
struct SigmoidDerivativeInDouble {
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    return LogisticDensityDouble(d, op::Abs(x));
  }
};
struct SiluInDouble {
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    // Clamped so that -inf gives -0: -120 sigmoid(-120) rounds to it.
    return op::Mul(AtLeast(hn::Set(d, -120.0), x), SigmoidDouble(d, x));
  }
};
// With k = root - 1 = exp(-root) and t = a - root, no term cancels another:
//   1 + exp(-a) - a = -(t - k expm1(-t)),   silu'(-a) = exp(-a) (1 + exp(-a) - a) / (1 + exp(-a))^2
struct SiluDerivativeInDouble {
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    const auto one = hn::Set(d, 1.0);
    const auto k = hn::Set(d, 0x1.1d25cf210482ep-2);
    const V64 a = AtMost(hn::Set(d, 200.0), op::Abs(x));
    const V64 t = op::Sub(op::Sub(a, hn::Set(d, 1.0)), k);
    V64 scale, p;
    ExpSplitDouble(d, op::Neg(t), scale, p);
    const V64 rest = op::Mul(scale, p);
    const V64 em1 = op::Add(op::Sub(scale, one), rest);
    const V64 e = op::Mul(k, op::Add(scale, rest));
    const V64 sum = op::Add(e, one);
    const V64 below = op::Div(op::Mul(e, op::Sub(op::Mul(k, em1), t)), op::Mul(sum, sum));
    return op::IfThenElse(op::Lt(x, hn::Zero(d)), below, op::Sub(one, below));
  }
};

#endif  // HWY_NATIVE_FMA

// sigmoid(x) = 1 / (1 + exp(-x)).
// Worst: 0.7874 ulp at -0x1.5d8a68p+6, a denormal, AVX2; 0.7718 at -0x1.5dcd72p+6, AVX-512.
template <class D, class V>
HWY_INLINE V Sigmoid(D d, const V& x) {
#if HWY_NATIVE_FMA
  const V z = AtMost(hn::Set(d, kLogisticEnd), AtLeast(hn::Set(d, -40.0f), op::Neg(x)));
  V y, e, scale, p;
  InverseOnePlusExp(d, z, NoLow(), y, e, scale, p);
  return op::Mul(op::MulAdd(y, e, y), hn::Set(d, 0x1p-40f));
#else
  return InDouble(d, x, SigmoidInDouble());
#endif
}

// sigmoid'(x) = sigmoid(x) sigmoid(-x), an even function.
// Worst: 0.8102 ulp at 0x1.5ee976p+6, a denormal, AVX2; 0.7827 at 0x1.5dfa9ep+6, AVX-512.
template <class D, class V>
HWY_INLINE V SigmoidDerivative(D d, const V& x) {
#if HWY_NATIVE_FMA
  return LogisticDensity(d, AtMost(hn::Set(d, kLogisticEnd), op::Abs(x)), NoLow(), 1.0f);
#else
  return InDouble(d, x, SigmoidDerivativeInDouble());
#endif
}

// silu(x) = x sigmoid(x).
// Worst: 0.7896 ulp at -0x1.6fdad4p+6, a denormal, AVX2; 0.7728 at -0x1.6f9844p+6, AVX-512.
template <class D, class V>
HWY_INLINE V Silu(D d, const V& x) {
#if HWY_NATIVE_FMA
  const V bounded = AtLeast(hn::Set(d, -kLogisticEnd), x);
  const V z = AtLeast(hn::Set(d, -40.0f), op::Neg(bounded));
  V y, e, scale, p;
  InverseOnePlusExp(d, z, NoLow(), y, e, scale, p);
  const V product = op::Mul(bounded, y);
  const V low = op::MulAdd(product, e, op::MulSub(bounded, y, product));
  const V silu = WithSignOf(d, x, op::Mul(op::Add(product, low), hn::Set(d, 0x1p-40f)));  // -0 at -0
  return op::IfThenElse(op::Gt(x, hn::Set(d, 40.0f)), x, silu);
#else
  return InDouble(d, x, SiluInDouble());
#endif
}

// silu'(x) = s (1 + x (1 - s)), s = sigmoid(x).
// Worst: 0.8339 ulp at -0x1.2d85b6p+4, AVX2; 0.7765 at -0x1.2d42dp+4, AVX-512: where the table gives way to 1
// - a.
template <class D, class V>
HWY_INLINE V SiluDerivative(D d, const V& x) {
#if HWY_NATIVE_FMA
  using Table = ByTarget<SiluSlope32, SiluSlope8>;
  const auto end =
      hn::Set(d, 18.6f);  // beyond it K = 1 - a to 2^-25.9; in the last slots no table does better
  const V a = AtMost(hn::Set(d, kLogisticEnd), op::Abs(x));
  V high, low;
  PiecewisePairNearZero<Table>(d, AtMost(end, a), high, low);
  const auto far = op::Gt(a, end);
  high = op::IfThenElse(far, op::Sub(hn::Set(d, 1.0f), a), high);
  low = op::IfThenZeroElse(far, low);

  V scale, p;
  ExpSplit<-kLogisticBias>(d, op::Neg(a), NoLow(), scale, p);
  const V g = op::Mul(high, scale);
  const V g_low = op::MulAdd(low, scale, op::MulSub(high, scale, g));
  const V below = op::Add(g, op::MulAdd(op::Add(g, g_low), p, g_low));  // at the zero, g_low is all there is
  const auto unit = hn::Set(d, 0x1p-40f);
  return op::IfThenElse(op::Lt(x, hn::Zero(d)), op::Mul(below, unit),
                        op::NegMulAdd(below, unit, hn::Set(d, 1.0f)));
#else
  return InDouble(d, x, SiluDerivativeInDouble());
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_LOGISTIC_INL_H_
