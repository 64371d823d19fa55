// The loops of cross-entropy over blocks of numbers (dispatch/losses.h); rows are put together of them in
// dispatch/losses.cc.

#if defined(SIMDACT_CROSS_ENTROPY_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_CROSS_ENTROPY_DRIVER_INL_H_
#undef SIMDACT_CROSS_ENTROPY_DRIVER_INL_H_
#else
#define SIMDACT_CROSS_ENTROPY_DRIVER_INL_H_
#endif

#include <cmath>

#include "dispatch/losses.h"
#include "kernels/drivers/half-inl.h"
#include "kernels/drivers/softmax-log-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

template <class T>
T LargestOf(const T* x, size_t n) {
  return MaxScore(PlainScores<Wide<T>>{x}, hn::ScalableTag<T>(), 0, n);
}

template <class T>
RowSum<T> SumInUnitOf(T largest, const TwoDoubles& sum) {
  const hn::ScalableTag<T> d;
  return {WithSmallTerms(d, UnitOf(d, largest)), sum.high, sum.low, 0};
}

// Scores as they lie. More than two vectors of doubles in lockstep would be twice the code.
template <class T>
struct LossScores : PlainScores<Wide<T>> {
  static constexpr size_t kVectors =
      sizeof(T) == sizeof(double) ? Lockstep(2, 2) : PlainScores<Wide<T>>::kVectors;
};

template <class T>
TwoDoubles SumOfTerms(const T* x, size_t n, T largest, int powers, T* terms) {
  const hn::ScalableTag<T> d;
  RowSum<T> sum = SumInUnitOf(largest, {0, 0});
  const auto keep = [&](size_t i, size_t count, const auto& term, auto size) SIMDACT_LOOP_BODY {
    if (terms != nullptr) StoreResult<size(), Wide<T>>(d, term, terms + i, count);
  };
  const T start = static_cast<T>(std::ldexp(double{kSumStart<T>}, powers));
  SumTerms<Terms::kAccurate>(LossScores<T>{{x}}, d, 0, n, keep, sum, NoLargest(), start);
  return {sum.high, sum.low};
}

// The weights of a vector, or of its first `count` columns.
template <bool kPartial, class D>
HWY_INLINE hn::Vec<D> WeightsAt(D d, const float* weights, size_t i, size_t count) {
  if (weights == nullptr) return hn::Set(d, Scalar<D>(1));
  return FloatsAt<kPartial>(d, weights + i, count);
}

template <class T>
TwoDoubles DistancesOf(const T* x, const float* weights, size_t n, T largest) {
  const hn::ScalableTag<T> d;
  auto sum = MakePair(hn::Zero(d), hn::Zero(d));
  ForEachVector<1>(d, n, [&](size_t i, size_t count, auto size) SIMDACT_LOOP_BODY {
    constexpr bool kPartial = size() == 0;
    const auto score = kPartial ? hn::LoadN(d, x + i, count) : hn::LoadU(d, x + i);
    auto distance = hn::Sub(hn::Set(d, largest), score);
    if constexpr (kPartial) distance = hn::IfThenElseZero(hn::FirstN(d, count), distance);
    const auto term = TwoProduct(distance, WeightsAt<kPartial>(d, weights, i, count));
    const auto next = TwoSum(High(sum), High(term));
    // An infinite distance leaves no errors.
    const auto error = ErrorOrZero(hn::Add(Low(next), Low(term)));
    sum = MakePair(High(next), hn::Add(Low(sum), error));
  });
  const TwoWords<double> all = LaneSum(d, sum);
  return {all.high, std::isfinite(all.low) ? all.low : 0.0};
}

template <class T>
TwoDoubles LogOver(TwoDoubles sum, T largest, bool others) {
  const SoftmaxUnit<T> unit = SumInUnitOf(largest, sum).unit;
  const RowSum<double> wide = {
      {double{unit.shift}, double{unit.power}, 0, 0}, sum.high, sum.low, size_t{others}};
  const double score{largest};
  OthersLogs<1> log;  // of what the largest score leaves: of all terms it is their sum, less 1
  log.Set(&wide, &score, 0);
  return {log.high[0], log.low[0]};
}

template <class T>
void SlopesOf(const T* terms, const float* weights, size_t n, TwoDoubles total, double size, T scale, T share,
              T* dx) {
  const hn::ScalableTag<T> d;
  const TwoWords<T> quotient = Reciprocal(RowSum<T>{{}, total.high, total.low, 0}, size);
  const auto factor = Constant(d, quotient.high, quotient.low);
  ForEachVector<1>(d, n, [&](size_t i, size_t count, auto vectors) SIMDACT_LOOP_BODY {
    constexpr bool kPartial = vectors() == 0;
    const auto term = kPartial ? hn::LoadN(d, terms + i, count) : hn::LoadU(d, terms + i);
    auto slope = hn::Mul(SoftmaxQuotient(d, term, factor), hn::Set(d, scale));
    if (share != 0)
      slope = hn::NegMulAdd(WeightsAt<kPartial>(d, weights, i, count), hn::Set(d, share), slope);
    StoreResult<vectors(), Wide<T>>(d, slope, dx + i, count);
  });
}

template <class T>
constexpr LossLoops<T> kLossLoops = {&LargestOf<T>, &SumOfTerms<T>, &DistancesOf<T>, &LogOver<T>,
                                     &SlopesOf<T>};

template <simdact_dtype kDtype>
LossCode CodeOfLosses() {
  if constexpr (kDtype == SIMDACT_F64) {
    return {nullptr, &kLossLoops<double>, nullptr, nullptr};
  } else if constexpr (kDtype == SIMDACT_F32) {
    return {&kLossLoops<float>, nullptr, nullptr, nullptr};
  } else {
    const HalfBlocks& blocks = BlocksOf<hwy::If<kDtype == SIMDACT_BF16, Bf16, F16>>();
    return {&kLossLoops<float>, nullptr, blocks.widen, blocks.round};
  }
}

template <simdact_dtype kDtype>
simdact_status CrossEntropy(const void* x, const int64_t* labels, void* loss, void* dx, size_t rows,
                            size_t cols, const simdact_cross_entropy_options* options) {
  return LossesOfRows(kDtype, CodeOfLosses<kDtype>(), x, labels, loss, dx, rows, cols, options);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_CROSS_ENTROPY_DRIVER_INL_H_
