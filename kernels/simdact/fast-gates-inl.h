// Gated linear units of the fast tier: act(gate) up and its gradients in floats (fast-exp-inl.h), to 4 ulp.
//
// The product counts the relative error of act: c 2^-24 of it are up to c ulp of the product, whose own
// rounding is half of one. So act must be good to 3.5 2^-24, where alone it might be off by up to 8 2^-24.
// The forms here have an error less than those of the activations:
//
//   sigmoid, silu, gelu_quick, gelu_tanh: on AVX-512 exp has a term more, and one of Newton's steps mends the
//   quotient.
//   gelu(x) = max(x, 0) - A (M(a) + M(a) t), with M, Mills' ratio, from its table, t = expm1(r), and A = a
//   2^n, which is exact.
//
// Gradients take act and act' from one exponential. With a = |x|, e = exp(-k a), y = 1 / (1 + e), s = e y:
//
//   sigmoid'(x) = s - s (s - (1 - s (1 + e))),   the last difference being what the quotient s lost
//   swish(-a) = -a e y,   swish(a) = a y
//   swish'(-a) = e y (1 - k a y) = e ((1 - k a) + s (2 k a - 1 - k a s)),   swish'(a) = 1 - swish'(-a)
//   gelu'(-a) = exp(-a^2 / 2) (M(a) - a / sqrt(2 pi)),   gelu'(a) = 1 - gelu'(-a)
//
// Of swish' the second form serves where e < 1/8: there 1 - k a is exact, and s small. gelu_tanh' has no fast
// form (fast-logistic-inl.h): its gate takes the accurate one.
//
// Without FMA silu' and gelu' are computed in doubles, and gelu_tanh' would not be 1.2 times as fast: there
// the gradients of its gate stay with the accurate tier. gelu as in fast-normal-inl.h would have 4.42 ulp in
// the product, and 4.73 without FMA.
//
// Worst of 1e7 pairs each, `simdact accuracy --tier fast`, on AVX-512, AVX2 and SSE4: y 3.49 ulp
// (geglu_quick); dgate 4.00, at the rule for zeros.

#if defined(SIMDACT_FAST_GATES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_FAST_GATES_INL_H_
#undef SIMDACT_FAST_GATES_INL_H_
#else
#define SIMDACT_FAST_GATES_INL_H_
#endif

#include "simdact/fast-normal-inl.h"
#include "simdact/gates-inl.h"
#include "simdact/normal-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// Vectors in lockstep, measured; 0: the accurate kernel.
constexpr size_t kFastGluVectors = FastLockstep(6, 4), kFastGluGradientVectors = FastLockstep(4, 3);
constexpr size_t kFastSwigluVectors = FastLockstep(4, 3), kFastSwigluGradientVectors = FastLockstep(3, 1);
constexpr size_t kFastGegluVectors = FastLockstep(4, 4);
constexpr size_t kFastGegluGradientVectors = FastLockstep(3, 1);
constexpr size_t kFastGegluTanhVectors = FastLockstep(4, 3);
constexpr size_t kFastGegluTanhGradientVectors = HWY_NATIVE_FMA ? FastLockstep(4, 2) : 0;
constexpr size_t kFastGegluQuickVectors = FastLockstep(4, 3),
                 kFastGegluQuickGradientVectors = FastLockstep(3, 1);
constexpr size_t kFastSwigluOaiVectors = FastLockstep(4, 3),
                 kFastSwigluOaiGradientVectors = FastLockstep(3, 1);

// exp(k z) 2^kBias + c for a number z, by the longer polynomial.
template <int kBias, class D, class N>
HWY_INLINE auto FinerExpPlus(D d, const N& z, const FastRate<Scalar<D>>& rate, Scalar<D> c) {
  using V = Word<N>;
  using Power = FastPower<Scalar<D>>;
  const V steps = FastSteps<kBias, Power>(d, V(High(z)), rate);
  const V q = FastPolynomial(d, FastRest<kBias, Power>(d, z, steps, rate), Power::kFineExp, rate.k);
  return op::MulAdd(FastScale<FastTable::kEndless, Power>(d, steps), q, hn::Set(d, c));
}

// x over a denominator at 2^kBias of its size, kBias < 0, as FastOver. Where dividing is slow one of Newton's
// steps mends the quotient; it is bounded, for a step from infinity leads nowhere.
template <int kBias, class D, class V>
HWY_INLINE V FinerOver(D d, const V& x, const V& left, const V& denominator) {
  if constexpr (kDivides<D>) {
    return FastOver<kBias>(d, x, left, denominator);
  } else {
    const auto most = hn::Set(d, hwy::HighestValue<Scalar<D>>());
    const V estimate = op::ApproximateReciprocal(denominator);
    const V q = AtMost(most, V(op::Mul(left, estimate)));
    const V below = AtMost(hn::Set(d, 0x1p127f), denominator);
    const V quotient = op::MulAdd(op::NegMulAdd(q, below, left), estimate, q);
    return LesserOf(d, V(op::Mul(quotient, hn::Set(d, PowerOfTwo<Scalar<D>>(kBias)))), x);
  }
}

// ---- Forward -------------------------------------------------------------------------------------------

template <class D, class V>
HWY_INLINE V FastGlu(D d, const V& gate, const V& up) {
  constexpr FastRate<Scalar<D>> kRate(-1.0);
  const V bounded = AtMost(hn::Set(d, Scalar<D>(80)), AtLeast(hn::Set(d, kRate.Endless()), gate));
  return op::Mul(FastInverse(d, V(FinerExpPlus<0>(d, bounded, kRate, Scalar<D>(1)))), up);
}

// x / (1 + exp(-k x)), k > 0.
template <class D, class V>
HWY_INLINE V FinerSwish(D d, const V& x, double k) {
  constexpr int kBias = -8;
  const FastRate<Scalar<D>> rate(-k);
  const V left = AtLeast(hn::Set(d, rate.template Endless<kBias>()), x);
  const V bounded = AtMost(hn::Set(d, Scalar<D>(-80) / rate.k), left);
  const V denominator = FinerExpPlus<kBias>(d, bounded, rate, PowerOfTwo<Scalar<D>>(kBias));
  return FinerOver<kBias>(d, x, left, denominator);
}
template <class D, class V>
HWY_INLINE V FastSwiglu(D d, const V& gate, const V& up) {
  return op::Mul(FinerSwish(d, gate, 1.0), up);
}
template <class D, class V>
HWY_INLINE V FastGegluQuick(D d, const V& gate, const V& up) {
  return op::Mul(FinerSwish(d, gate, 1.702), up);
}

template <class D, class V>
HWY_INLINE V FinerGeluTanh(D d, const V& x) {
  constexpr int kBias = -6;
  constexpr FastRate<Scalar<D>> kRate(-kFastCubic);
  const V left = AtLeast(hn::Set(d, FastPower<Scalar<D>>::kCubicEnd), x);
  const auto z = FastCubic(d, V(AtMost(hn::Set(d, Scalar<D>(9)), left)));
  return FinerOver<kBias>(d, x, left, V(FinerExpPlus<kBias>(d, z, kRate, PowerOfTwo<Scalar<D>>(kBias))));
}
template <class D, class V>
HWY_INLINE V FastGegluTanh(D d, const V& gate, const V& up) {
  return op::Mul(FinerGeluTanh(d, gate), up);
}

// exp(-a^2 / 2) 2^kBias as a scale and an excess (exp-inl.h), the scale being a power of 2.
template <int kBias, class D, class V>
HWY_INLINE auto FinerGaussian(D d, const V& a) {
  using Power = FastPowerOf2<Scalar<D>>;
  constexpr FastRate<Scalar<D>> kRate(-0.5);
  const auto square = TwoProduct(a, a);
  const V steps = FastSteps<kBias, Power>(d, V(High(square)), kRate);
  const V r = FastRest<kBias, Power>(d, square, steps, kRate);
  const V tail = op::Mul(FastPolynomial(d, r, Power::kTail, kRate.k, kRate.k), r);
  return MakePair(V(FastScale<FastTable::kPlain, Power>(d, steps)), tail);
}
// M(a).
template <class D, class V>
HWY_INLINE V FinerMills(D d, const V& a) {
  return PiecewiseValue<ByTarget<Mills32, Mills8>, false>(d, a);
}
// gelu(x) = max(x, 0) - scaled (1 + tail) M(a).
template <class D, class V>
HWY_INLINE V FinerGelu(D d, const V& x, const V& scaled, const V& tail, const V& mills) {
  const V relu = AtLeast(hn::Set(d, Scalar<D>(-0.0)), x);
  return op::NegMulAdd(scaled, TimesOnePlus(mills, tail), relu);
}
template <class D, class V>
HWY_INLINE V FastGeglu(D d, const V& gate, const V& up) {
  const V a = AtMost(hn::Set(d, FastPowerOf2<Scalar<D>>::kGeluEnd), V(op::Abs(gate)));
  const auto power = FinerGaussian<0>(d, a);
  const V scaled = op::Mul(a, Scale(power));
  return op::Mul(FinerGelu(d, gate, scaled, V(Excess(power)), FinerMills(d, a)), up);
}

// Other parameters are the accurate kernels' matter.
template <class T>
constexpr bool OrdinaryFastSwigluOai(T alpha, T limit) {
  return OrdinaryFastSwish(alpha) && limit == limit;
}
template <class D, class V>
HWY_INLINE V FastSwigluOai(D d, const V& gate, const V& up, Scalar<D> alpha, Scalar<D> limit) {
  const V s = FinerSwish(d, V(AtMost(hn::Set(d, limit), gate)), static_cast<double>(alpha));
  return TimesOnePlus(d, s, V(Clamp(d, up, -limit, limit)));
}

// ---- Gradients -----------------------------------------------------------------------------------------

template <class D, class V>
HWY_INLINE void FastGluGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  const auto one = hn::Set(d, Scalar<D>(1));
  constexpr FastRate<Scalar<D>> kRate(1.0);
  const V a = AtMost(hn::Set(d, kRate.Endless()), V(op::Abs(gate)));
  const V denominator = FinerExpPlus<0>(d, a, kRate, Scalar<D>(1));
  const V s = FastInverse(d, denominator);
  V less = s;
  if constexpr (HWY_NATIVE_FMA) {
    less = op::Sub(s, op::NegMulAdd(s, AtMost(hn::Set(d, Scalar<D>(0x1p127)), denominator), one));
  }
  const V sigmoid = op::IfThenElse(op::Lt(gate, hn::Zero(d)), s, op::Sub(one, s));
  GateGradients(sigmoid, V(op::NegMulAdd(s, less, s)), up, dy, dgate, dup);
}

// swish(x) and its derivative, silu'(k x), k > 0: Act and Slope of what this gives. Unless k = 1, what z = k
// a loses counts.
template <class N>
HWY_INLINE auto Act(const N& both) {
  return High(both);
}
template <class N>
HWY_INLINE auto Slope(const N& both) {
  return Low(both);
}
template <class D, class V>
HWY_INLINE auto FastSwishAndSlope(D d, const V& x, double k) {
  using T = Scalar<D>;
  if constexpr (kInDouble<D>) {  // in floats without FMA the slope has 4.24 ulp
    const V slope =
        InDouble(d, x, [k](auto d64, const auto& v) HWY_ATTR { return FastSwishSlope(d64, v, k); });
    return MakePair(V(FinerSwish(d, x, k)), slope);
  } else {
    constexpr int kBias = 7;
    const auto one = hn::Set(d, T(1)), unit = hn::Set(d, PowerOfTwo<T>(-kBias));
    const FastRate<T> rate(-k);
    const V a = AtMost(hn::Set(d, rate.template PlainNothing<kBias>()), V(op::Abs(x)));
    const V scaled = FastExpCloser<kBias>(d, a, rate), e = op::Mul(scaled, unit);
    const auto small = op::Lt(e, hn::Set(d, T(0.125)));
    const V inverse = FastInverse(d, V(op::Add(e, one))), s = op::Mul(e, inverse);
    const V y = op::IfThenElse(small, op::Sub(one, s), inverse);

    const auto factor = hn::Set(d, static_cast<T>(k));
    const auto factor_low = hn::Set(d, static_cast<T>(k - static_cast<double>(static_cast<T>(k))));
    const V z = k == 1 ? a : V(op::Mul(a, factor));
    const V rest = op::Sub(one, z), more = op::NegMulAdd(z, s, V(op::Sub(z, rest)));
    V near = op::NegMulAdd(z, y, one), far;
    if (k == 1) {
      far = op::MulAdd(more, s, rest);
    } else {
      const V z_low = op::MulAdd(a, factor_low, ProductError(a, factor, z));
      near = op::Sub(near, z_low);
      far = op::Add(rest, op::MulSub(more, s, z_low));
    }
    const auto negative = op::Lt(x, hn::Zero(d));
    const V ey = op::Mul(scaled, y);
    const V left = op::IfThenElse(small, op::Mul(scaled, far), op::Mul(ey, near));
    const V slope =
        op::IfThenElse(negative, op::Mul(left, unit), op::NegMulAdd(op::Mul(ey, unit), near, one));
    const V act = op::IfThenElse(negative, op::Neg(op::Mul(op::Mul(ey, a), unit)), op::Mul(x, y));
    return MakePair(act, slope);
  }
}

template <class D, class V>
HWY_INLINE void FastSwigluGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  const auto swish = FastSwishAndSlope(d, gate, 1.0);
  GateGradients(V(Act(swish)), V(Slope(swish)), up, dy, dgate, dup);
}
template <class D, class V>
HWY_INLINE void FastGegluQuickGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  const auto swish = FastSwishAndSlope(d, gate, 1.702);
  GateGradients(V(Act(swish)), V(Slope(swish)), up, dy, dgate, dup);
}

template <class D, class V>
HWY_INLINE void FastGegluTanhGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  GateGradients(FinerGeluTanh(d, gate), GeluTanhDerivative(d, gate), up, dy, dgate, dup);
}

template <class D, class V>
HWY_INLINE void FastGegluGradients(D d, const V& gate, const V& up, const V& dy, V& dgate, V& dup) {
  using T = Scalar<D>;
  if constexpr (kInDouble<D>) {
    GateGradients(FastGelu(d, gate), FastGeluDerivative(d, gate), up, dy, dgate, dup);
  } else {
    constexpr int kBias = 8;
    const auto one = hn::Set(d, T(1)), unit = hn::Set(d, PowerOfTwo<T>(-kBias));
    const V a = AtMost(hn::Set(d, FastPowerOf2<T>::kGeluSlopeEnd), V(op::Abs(gate)));
    const auto power = FinerGaussian<kBias>(d, a);
    const V scale = Scale(power), tail = Excess(power), mills = FinerMills(d, a);
    const V k = op::NegMulAdd(a, hn::Set(d, T(0x1.9884533d43651p-2)), mills), kt = op::MulAdd(k, tail, k);
    const V left = op::Mul(op::Mul(kt, scale), unit), right = op::NegMulAdd(kt, op::Mul(scale, unit), one);
    const V slope = op::IfThenElse(op::Lt(gate, hn::Zero(d)), left, right);
    const V act = FinerGelu(d, gate, V(op::Mul(op::Mul(a, scale), unit)), tail, mills);
    GateGradients(act, slope, up, dy, dgate, dup);
  }
}

// In the order of SwigluOaiGradients.
template <class D, class V>
HWY_INLINE void FastSwigluOaiGradients(D d, const V& gate, const V& up, const V& dy, Scalar<D> alpha,
                                       Scalar<D> limit, V& dgate, V& dup) {
  const auto most = hn::Set(d, limit);
  const auto swish = FastSwishAndSlope(d, V(AtMost(most, gate)), static_cast<double>(alpha));
  const V slope = op::IfThenZeroElse(op::Gt(gate, most), Slope(swish));
  dgate = op::Mul(dy, TimesOnePlus(d, slope, V(Clamp(d, up, -limit, limit))));
  dup = op::Mul(dy, op::Mul(Act(swish), ClampDerivative(d, up, -limit, limit)));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_FAST_GATES_INL_H_
