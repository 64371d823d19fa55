// elu and softplus: the activations that are expm1 or log1p(exp) of their input.
//
// elu(x) = alpha expm1(x) for x < 0, with expm1(x) = (s - 1) + s (r + b), s = 2^n: near 0, where s = 1, the
// result is one rounding of alpha r plus a small term; elsewhere alpha (s - 1) is split exactly first.
//
// softplus(x) = max(x, 0) + log1p(exp(-|beta x|)) / beta. log1p(u) = u G with u = exp(-a), and G(a) a table
// (tools/exponential.py) that rises from ln 2 to 1; u G / beta is kept as a pair until it has been added to
// x.

#if defined(SIMDACT_EXPONENTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_EXPONENTIAL_INL_H_
#undef SIMDACT_EXPONENTIAL_INL_H_
#else
#define SIMDACT_EXPONENTIAL_INL_H_
#endif

#include "simdact/exponential-tables.h"
#include "simdact/logistic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kEluVectors = Lockstep(4, 4);
constexpr size_t kEluDerivativeVectors = Lockstep(4, 4);
constexpr size_t kSoftplusVectors = Lockstep(4, 2);
constexpr size_t kSoftplusDerivativeVectors = Lockstep(4, 2);

#if !HWY_NATIVE_FMA
struct EluInDouble {
  double alpha;
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    const V64 z = AtLeast(hn::Set(d, -120.0), AtMost(hn::Zero(d), x));
    return op::Mul(hn::Set(d, alpha), Expm1Double(d, z));
  }
};
struct EluDerivativeInDouble {
  double alpha;
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    const V64 z = AtLeast(hn::Set(d, -300.0), AtMost(hn::Zero(d), x));
    return op::Mul(hn::Set(d, alpha), ExpDouble(d, z));
  }
};
// log1p(u) = 2 atanh(s), s = u / (u + 2) <= 1/3: an odd polynomial of degree 13, 2^-38.5 (tools/exp.py).
struct SoftplusInDouble {
  double beta;
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    const V64 a = AtMost(hn::Set(d, 200.0), op::Abs(op::Mul(hn::Set(d, beta), x)));
    const V64 u = ExpDouble(d, op::Neg(a));
    const V64 s = op::Div(u, op::Add(u, hn::Set(d, 2.0)));
    const V64 s2 = op::Mul(s, s);
    V64 q = op::Add(op::Mul(s2, hn::Set(d, ExpTail::kAtanhDouble[6])), hn::Set(d, ExpTail::kAtanhDouble[5]));
    for (int k = 4; k >= 0; --k) q = op::Add(op::Mul(q, s2), hn::Set(d, ExpTail::kAtanhDouble[k]));
    return op::Add(AtLeast(hn::Zero(d), x), op::Mul(op::Mul(s, q), hn::Set(d, 1.0 / beta)));
  }
};
struct SoftplusDerivativeInDouble {
  double beta;
  template <class D64, class V64>
  HWY_INLINE V64 operator()(D64 d, V64 x) const {
    return SigmoidDouble(d, op::Mul(hn::Set(d, beta), x));
  }
};
#endif  // !HWY_NATIVE_FMA

// elu(x) = x > 0 ? x : alpha (exp(x) - 1). Worst for alpha = 1: 0.9082 ulp at -0x1.909d52p-2, every target.
template <class D, class V>
HWY_INLINE V Elu(D d, const V& x, float alpha) {
#if HWY_NATIVE_FMA
  V scale, r, b;
  Expm1Split(d, AtLeast(hn::Set(d, -30.0f), x), scale, r, b);  // expm1(-30) is -1 to half an ulp
  const auto a = hn::Set(d, alpha);
  const V as = op::Mul(a, scale);
  const V high = op::Sub(as, a);  // |as| <= |a|: the sum's error is exact
  const V low = op::Sub(as, op::Add(high, a));
  const V below = op::Add(high, op::MulAdd(as, r, op::MulAdd(as, b, low)));
#else
  const V below = InDouble(d, x, EluInDouble{alpha});
#endif
  return op::IfThenElse(op::Lt(x, hn::Zero(d)), below, x);
}

// elu'(x) = x > 0 ? 1 : alpha exp(x). Worst: 0.7672 ulp at -0x1.5e3fa8p+6, a denormal, AVX2. alpha exp(x) is
// carried at 2^32 of its size until the last product.
template <class D, class V>
HWY_INLINE V EluDerivative(D d, const V& x, float alpha) {
#if HWY_NATIVE_FMA
  V scale, p, below;
  if (-4.0f <= alpha && alpha <= 4.0f) {
    ExpSplit<32>(d, AtLeast(hn::Set(d, -106.0f), x), NoLow(), scale, p);
    const auto a = hn::Set(d, alpha);
    const V high = op::Mul(a, scale);
    const V low = op::MulSub(a, scale, high);
    below = op::Mul(op::Add(high, op::MulAdd(high, p, low)), hn::Set(d, 0x1p-32f));
  } else {
    // exp(x) alone may underflow long before alpha exp(x) does: multiply by exp(x / 2) twice.
    const V half = op::Mul(AtLeast(hn::Set(d, -200.0f), x), hn::Set(d, 0.5f));
    ExpSplit<32>(d, half, NoLow(), scale, p);
    const auto a = hn::Set(d, alpha * 0x1p-64f);
    const V w = op::Mul(a, scale);
    const V w_low = op::MulSub(a, scale, w);
    const V q = op::Mul(w, scale);
    const V q_low = op::MulAdd(w_low, scale, op::MulSub(w, scale, q));
    const V both = op::MulAdd(p, p, op::Add(p, p));  // (1 + p)^2 - 1
    below = op::Add(q, op::MulAdd(q, both, q_low));
  }
#else
  const V below = InDouble(d, x, EluDerivativeInDouble{alpha});
#endif
  return op::IfThenElse(op::Gt(x, hn::Zero(d)), hn::Set(d, 1.0f), below);
}

// log(1 + exp(beta x)) / beta for beta > 0, where beta x is below 30. The terms are added at 2^28 of their
// size, which keeps them normal.
#if HWY_NATIVE_FMA
template <class D, class V>
HWY_INLINE V SoftplusBelow30(D d, const V& x, float beta) {
  using Table = ByTarget<LogRatio32, LogRatio8>;
  const auto end = hn::Set(d, 15.0f / Table::kScale - 0x1p-10f);  // from here on the ratio is 1 to 2^-26
  V ratio, ratio_low, p, g, g_low;
  if (beta == 1.0f) {
    const V magnitude = AtMost(hn::Set(d, 104.5f), op::Abs(x));  // exp(-104.5) < 2^-150
    V u;
    ExpSplit<28>(d, op::Neg(magnitude), NoLow(), u, p);
    PiecewisePair<Table>(d, AtMost(end, magnitude), ratio, ratio_low);
    g = op::Mul(ratio, u);
    g_low = op::MulAdd(ratio_low, u, op::MulSub(ratio, u, g));
  } else {
    // beta x and 1 / beta are pairs, and so is u / beta. 1 / beta may lift the tail by 2^60, so exp goes as
    // far down as 2^-225. (beta = 1 needs none of this.)
    const auto minus_beta = hn::Set(d, -beta);
    const V magnitude = AtMost(hn::Set(d, 156.0f / beta), op::Abs(x));
    const V exponent = op::Mul(minus_beta, magnitude);
    V scale;
    ExpSplit<100>(d, exponent, op::MulSub(minus_beta, magnitude, exponent), scale, p);
    PiecewisePair<Table>(d, AtMost(end, op::Neg(exponent)), ratio, ratio_low);
    const double inverse = 0x1p-72 / beta;
    const float inverse_rounded = static_cast<float>(inverse);
    const auto inverse_high = hn::Set(d, inverse_rounded);
    const auto inverse_low = hn::Set(d, static_cast<float>(inverse - inverse_rounded));
    const V u = op::Mul(scale, inverse_high);
    const V u_low = op::MulAdd(scale, inverse_low, op::MulSub(scale, inverse_high, u));
    g = op::Mul(ratio, u);
    g_low = op::MulAdd(ratio_low, u, op::MulAdd(ratio, u_low, op::MulSub(ratio, u, g)));
  }
  const V e = op::MulAdd(g, p, g_low);

  const V ramp = op::Mul(AtLeast(hn::Zero(d), x), hn::Set(d, 0x1p28f));
  V sum, error;
  FastTwoSum(op::Max(ramp, g), op::Min(ramp, g), sum, error);
  return op::Mul(op::Add(sum, op::Add(error, e)), hn::Set(d, 0x1p-28f));
}
#else
template <class D, class V>
HWY_INLINE V SoftplusBelow30(D d, const V& x, float beta) {
  return InDouble(d, x, SoftplusInDouble{beta});
}
#endif

// softplus(x) = beta x > threshold ? x : log(1 + exp(beta x)) / beta, for 2^-60 <= |beta| <= 2^40. Above
// beta x = 30 the two agree. Odd in beta and x together, so a negative beta (log_sigmoid is -1) mirrors both.
template <class D, class V>
HWY_INLINE V Softplus(D d, const V& x, float beta, float threshold) {
  V z = x;
  if (beta != 1.0f) z = op::Mul(hn::Set(d, beta), x);
  const auto linear = op::Gt(z, hn::Set(d, threshold < 30.0f ? threshold : 30.0f));
  const V softplus =
      beta < 0.0f ? op::Neg(SoftplusBelow30(d, op::Neg(x), -beta)) : SoftplusBelow30(d, x, beta);
  return op::IfThenElse(linear, x, softplus);
}

// softplus'(x) = beta x > threshold ? 1 : sigmoid(beta x).
template <class D, class V>
HWY_INLINE V SoftplusDerivative(D d, const V& x, float beta, float threshold) {
  const V z = op::Mul(hn::Set(d, beta), x);
  const auto linear = op::Gt(z, hn::Set(d, threshold));
#if HWY_NATIVE_FMA
  const float magnitude = beta < 0.0f ? -beta : beta;
  const auto end = hn::Set(d, kLogisticEnd / magnitude);
  const auto begin = hn::Set(d, 40.0f / magnitude);
  const auto minus_beta = hn::Set(d, -beta);
  const V bounded =
      beta < 0.0f ? AtMost(end, AtLeast(hn::Neg(begin), x)) : AtLeast(hn::Neg(end), AtMost(begin, x));
  const V exponent = op::Mul(minus_beta, bounded);
  V y, e, scale, p;
  InverseOnePlusExp(d, exponent, op::MulSub(minus_beta, bounded, exponent), y, e, scale, p);
  const V sigmoid = op::Mul(op::MulAdd(y, e, y), hn::Set(d, 0x1p-40f));
#else
  const V sigmoid = InDouble(d, x, SoftplusDerivativeInDouble{beta});
#endif
  return op::IfThenElse(linear, hn::Set(d, 1.0f), sigmoid);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_EXPONENTIAL_INL_H_
