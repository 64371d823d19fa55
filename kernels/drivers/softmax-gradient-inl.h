// The gradient of softmax through its scores, where they are more than scale x, or y was not kept:
//
//   dx = scale softcap'(scale x) p (dy - s),  s = sum p dy
//
// in pieces, over blocks of numbers that dispatch/score_gradient.cc has loaded: floats for all formats but
// f64. p is the output y, or exp(z - lse) of the scores z and the row's log-sum-exp, as in flash attention:
// with lse for the largest score, exp's unit (softmax-inl.h) makes p as it makes terms.
//
// Behind the n numbers of a block is room for a vector, so that these loops know only whole ones.

#if defined(SIMDACT_SOFTMAX_GRADIENT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_GRADIENT_INL_H_
#undef SIMDACT_SOFTMAX_GRADIENT_INL_H_
#else
#define SIMDACT_SOFTMAX_GRADIENT_INL_H_
#endif

#include "kernels/drivers/softmax-backward-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

static_assert(hn::MaxLanes(hn::ScalableTag<uint8_t>()) <= kBehindBlock);

// What exp(z) is multiplied with to be p, in a row's unit.
template <class T>
HWY_INLINE TwoWords<T> InverseOfSum(const SoftmaxUnit<T>& unit, double log_sum_exp) {
  const double shift{ShiftOf(hn::ScalableTag<T>(), unit)};
  const double whole = UnitFactor(shift, double{unit.power}, log_sum_exp, 0);
  const T high = static_cast<T>(whole);
  return {high, static_cast<T>(whole - double{high})};
}

template <class T>
HWY_NOINLINE void ProbabilitiesOf(const FullScores<Wide<T>> scores, double log_sum_exp, size_t n, T* p) {
  const hn::ScalableTag<T> d;
  const SoftmaxUnit<T> unit = UnitOf(d, static_cast<T>(log_sum_exp));
  const TwoWords<T> inverse = InverseOfSum(unit, log_sum_exp);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto z = scores.template At<false>(d, i, hn::Lanes(d));
    const auto term = RoundedTerms(SoftmaxSplit(d, z, unit));
    hn::StoreU(SoftmaxQuotient(d, term, Constant(d, inverse.high, inverse.low)), d, p + i);
  }
}

// p of a block, of whose row `last` is the last visible column, counted from the block's first. Scores that
// are not ordinary are made of words, from which lse is taken before they are rounded.
template <class T>
void Probabilities(const RowOptions& o, ptrdiff_t last, double log_sum_exp, const T* x, size_t n, T* p) {
  const size_t visible = static_cast<size_t>(last) + 1;
  ScoreBlock<T> block;
  FullScores<Wide<T>> scores(x, o, 0, Columns{0, visible, 0}, T(1), &block);
  ProbabilitiesOf(scores, log_sum_exp, n, p);
  if (HWY_LIKELY(scores.IsOrdinary(static_cast<T>(log_sum_exp), block.are_small))) return;
  FarScores<Wide<T>> far;
  far.scores = scores, far.high = log_sum_exp;
  scores.TakeOff(far);
  ProbabilitiesOf(scores, 0.0, n, p);
}

// sum p dy.
template <class T>
SumOfProducts ProductSum(const T* p, const T* dy, size_t n) {
  const hn::ScalableTag<T> d;
  auto sum = MakePair(hn::Zero(d), hn::Zero(d));
  for (size_t i = 0; i < n; i += hn::Lanes(d))
    sum = PlusProduct(sum, hn::LoadU(d, p + i), hn::LoadU(d, dy + i));
  const TwoWords<double> whole = LaneSum(d, sum);
  return {whole.high, whole.low};
}

// softcap'(scale x): of floats in double, for where the slope is steep the rounding of scale x would show.
template <class D>
HWY_NOINLINE hn::Vec<D> SlopeOfScore(D d, hn::Vec<D> x, Scalar<D> scale, Scalar<D> cap) {
  if constexpr (kIsFloat<D>) {
    const double wide_scale{scale}, wide_cap{cap};
    return InDouble(d, x, [=](auto d64, const auto& v) HWY_ATTR {
      const hwy::RemoveCvRef<decltype(v)> score = op::Mul(v, hn::Set(d64, wide_scale));
      return SoftcapDerivative(d64, score, wide_cap);
    });
  } else {
    return SoftcapDerivative(d, hn::Vec<D>(hn::Mul(x, hn::Set(d, scale))), cap);
  }
}

// dx in place of p.
template <class T>
void Slopes(const RowOptions& o, const SumOfProducts& sum, const T* x, const T* dy, size_t n, T* p) {
  const hn::ScalableTag<T> d;
  const T scale = static_cast<T>(o.scale), softcap = static_cast<T>(o.softcap);
  const TwoWords<T> s = WordsOfSum<T>({sum.high, sum.low});
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto output = hn::LoadU(d, p + i);
    auto slope = hn::Mul(SoftmaxSlope(d, output, hn::LoadU(d, dy + i), s), hn::Set(d, scale));
    if (softcap != 0) {
      const auto product = hn::Mul(slope, SlopeOfScore(d, hn::LoadU(d, x + i), scale, softcap));
      slope = hn::IfThenZeroElse(hn::Eq(output, hn::Zero(d)), product);  // a hidden x may be NaN
    }
    hn::StoreU(slope, d, p + i);
  }
}

template <class T>
constexpr GradientPieces<T> kGradientPieces = {&Probabilities<T>, &ProductSum<T>, &Slopes<T>};

// Of 16 bits.
template <class Element>
void LoadBlock(const void* from, size_t n, float* to) {
  const typename Element::D d;
  const auto* elements = static_cast<const typename Element::Stored*>(from);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) hn::StoreU(Element::LoadN(elements + i, n - i), d, to + i);
}
template <class Element>
void StoreBlock(const float* from, size_t n, void* to) {
  const typename Element::D d;
  auto* elements = static_cast<typename Element::Stored*>(to);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) Element::StoreN(hn::LoadU(d, from + i), elements + i, n - i);
}

// What a format has to add to the code of its numbers.
template <class Element>
constexpr SoftmaxCode WithGradient(SoftmaxCode code) {
  if constexpr (sizeof(typename Element::Stored) == sizeof(uint16_t)) {
    code.load = &LoadBlock<Element>, code.store = &StoreBlock<Element>;
  } else if constexpr (sizeof(typename Element::Number) == sizeof(float)) {
    code.floats = &kGradientPieces<float>;
  } else {
    code.doubles = &kGradientPieces<double>;
  }
  return code;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_GRADIENT_INL_H_
