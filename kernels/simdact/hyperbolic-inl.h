// tanh and its derivative.
//
// tanh(|x|) is a piecewise polynomial over [0, 9.04), where it has reached 1 to half an ulp; the sign is put
// back last, so -0 stays -0. The first slot is centred on 0 with c0 = 0 and c1 = 1: relative accuracy down to
// the denormals. tanh'(x) = 4 exp(2a) / (1 + exp(2a))^2, a = |x|, is the logistic density at 2a; 1 -
// tanh(x)^2 would lose everything in the tail.
//
// Worst: tanh 0.9941 ulp at 0x1.fdfa1ap-5, got 0x1.fd51b8p-5 for 0.0621727518959 (AVX-512; 0.6642 with 8
// slots), tanh' 0.8089 ulp at 0x1.6313a2p+5, a denormal (AVX2).

#if defined(SIMDACT_HYPERBOLIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_HYPERBOLIC_INL_H_
#undef SIMDACT_HYPERBOLIC_INL_H_
#else
#define SIMDACT_HYPERBOLIC_INL_H_
#endif

#include "simdact/hyperbolic-tables.h"
#include "simdact/logistic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kTanhVectors = Lockstep(2, 2);
constexpr size_t kTanhDerivativeVectors = Lockstep(4, 2);

#if !HWY_NATIVE_FMA
struct TanhInDouble {
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    const V64 a = AtMost(hn::Set(d, 20.0), op::Abs(x));
    const V64 em1 = Expm1Double(d, op::Mul(a, hn::Set(d, -2.0)));
    return op::CopySign(op::Div(em1, op::Add(em1, hn::Set(d, 2.0))), x);
  }
};
struct TanhDerivativeInDouble {
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    return op::Mul(hn::Set(d, 4.0), LogisticDensityDouble(d, op::Abs(op::Add(x, x))));
  }
};
#endif

template <class D, class V>
HWY_INLINE V Tanh(D d, const V& x) {
#if HWY_NATIVE_FMA
  using Table = ByTarget<Tanh32, Tanh8>;
  // 32 slots have a short first one, [0, 0.076): 0.994 ulp without the slope's rounding. 8 slots had 1.026.
  const V a = AtMost(hn::Set(d, 9.03f), op::Abs(x));
  return op::CopySignToAbs(PiecewiseValue<Table, !kWide>(d, a), x);
#else
  return InDouble(d, x, TanhInDouble());
#endif
}

template <class D, class V>
HWY_INLINE V TanhDerivative(D d, const V& x) {
#if HWY_NATIVE_FMA
  const V a = op::Abs(x);
  return LogisticDensity(d, AtMost(hn::Set(d, kLogisticEnd), op::Add(a, a)), NoLow(), 4.0f);
#else
  return InDouble(d, x, TanhDerivativeInDouble());
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_HYPERBOLIC_INL_H_
