// The terms of softmax: exp(z) of scores z, in a unit that every row chooses, so that neither the spread of a
// row nor its size costs accuracy.
//
// Subtracting a row's maximum m first, as usual, rounds z - m, and exp makes 2^-24 |z - m| of relative error
// out of that: 60 ulps at z - m = -80. Here the unit is a power of two instead:
//
//   exp(z) = 2^power exp(shift) e,   power = round((m - shift) / ln 2),   e <= sqrt(2)
//
// Where |m| < kNear, shift is 0 (or as good as that, kNoShift): z goes into exp's reduction as it is,
// exactly, and the power is taken off the exponent, where it costs nothing. Elsewhere shift is m, and z - m
// is exact (Sterbenz) for all z that count: those within 104 of m (745 for doubles), for kNear is twice as
// much. The rest is 0 beside them; in log_softmax it matters to denormal results alone.
//
// Terms are held 2^kTermBias times as large, so that none is denormal, not even one that vanishes (z is not
// let further below m than the last number above 0), nor what is multiplied with them: -inf, the -10000 of
// masks and results that are denormal cost nothing extra. The last step divides by the sum, held as a pair,
// and puts the exponent back by integer arithmetic, which never takes the assist that a product with a
// denormal result costs on x86 (a factor of 10 on rows with many such).
//
// A term is scale (1 + p), p its excess (exp-inl.h). The sum takes scale and scale p apart, for less than an
// ulp of it shows in every quotient: each scale is added without loss, and the small scale p are, eight at a
// time. (Rounded terms in trees of eight, then TwoSum: 2.5 ulp, where one term is most of the sum. Summed
// plainly: 3.1.) What is left in a quotient is the rounding of its term, 0.57, twice that where the
// quotient's significand is the larger one, and 0.5 of its own: 1.65.
//
// log_softmax is -(m - z) - log1p(r), r = sum exp(z - m) over all scores but the largest one: both parts are
// negative, nothing cancels, and where one column is nearly all of the sum its small logarithm is as accurate
// as any other. So the sum leaves the scores that equal m out, counts them, and r = count - 1 + sum / exp(m).
//
// The fast tier has plain terms, of 0.64 ulp from a polynomial of degree 6, which in long rows are added in
// twos; these go into a sum that loses nothing. A quotient has the errors of its term, of the largest term in
// the sum, of that one's addition, and its own rounding: 2.9 ulp in the test where they meet, 3.4 in a search
// among the worst terms. (Added in fours: 3.9. Eight powers from a table and degree 3, a twentieth faster:
// 4.2 to 5.2. Plain sums, of at most 16 terms before they go on in double: 4.5.) In 16 bits degree 3 is
// enough, and plain sums.

#if defined(SIMDACT_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_INL_H_
#undef SIMDACT_SOFTMAX_INL_H_
#else
#define SIMDACT_SOFTMAX_INL_H_
#endif

#include "simdact/detail/exp-inl.h"
#include "simdact/detail/fast-exp-inl.h"
#include "simdact/detail/tables/softmax.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

template <class D>
constexpr int kTermBias = kIsFloat<D> ? 90 : 512;
template <class D>
constexpr Scalar<D> kNear = kIsFloat<D> ? Scalar<D>(208) : Scalar<D>(1500);
// In place of a shift of 0: no term sees it, but a denormal score becomes a normal number, which x86
// multiplies faster.
template <class D>
constexpr Scalar<D> kNoShift = PowerOfTwo<Scalar<D>>(kIsFloat<D> ? -60 : -120);

// A row's unit exp(shift) 2^power, and what the terms need of it: the magic number that takes the power off,
// and the least z - shift whose term is not 0.
template <class T>
struct SoftmaxUnit {
  T shift, power, magic, least;
};

// The shift as callers know it.
template <class D>
HWY_INLINE Scalar<D> ShiftOf(D, const SoftmaxUnit<Scalar<D>>& unit) {
  return unit.shift == kNoShift<D> ? Scalar<D>(0) : unit.shift;
}

// For the largest score m, finite. (NaN and infinity make every term NaN.)
template <class D>
HWY_INLINE SoftmaxUnit<Scalar<D>> UnitOf(D, Scalar<D> m) {
  using T = Scalar<D>;
  constexpr T kRound = kIsFloat<D> ? T(0x1.8p23) : T(0x1.8p52);  // adding it rounds to an integer
  constexpr T kLn2 = T(0.6931471805599453);
  SoftmaxUnit<T> unit;
  unit.shift = (m < 0 ? -m : m) < kNear<D> ? kNoShift<D> : m;
  unit.power = ((m - unit.shift) * T(1.4426950408889634) + kRound) - kRound;
  unit.magic = ExpMagic<D>(kTermBias<D>) - unit.power;
  unit.least = (unit.power - (kIsFloat<D> ? T(152) : T(1078))) * kLn2;
  return unit;
}

// The same for a sum of others, where smaller terms count: the result may be all they add up to. 30 is 43
// bits: what a hidden column leaves, 2^-195, is nothing beside the least float, 2^-149, whatever their
// number. And products with terms are not denormal down to 2^-105.
template <class D>
HWY_INLINE SoftmaxUnit<Scalar<D>> WithSmallTerms(D, SoftmaxUnit<Scalar<D>> unit) {
  unit.least -= Scalar<D>(30);
  return unit;
}

// exp(z) 2^kTermBias for a number z as a scale and an excess (exp-inl.h), in the unit.
template <class D, class N>
HWY_INLINE auto SoftmaxSplit(D d, const N& z, const SoftmaxUnit<Scalar<D>>& unit) {
  using V = Word<N>;
  const V near = AtLeast(hn::Set(d, unit.least), V(op::Sub(High(z), hn::Set(d, unit.shift))));
  return ExpSplitAt(d, WithHigh(z, near), hn::Set(d, unit.magic));
}

// How terms are computed: for the accurate tier, the fast one, and the fast one of 16-bit formats.
enum class Terms { kAccurate, kFast, kShort };

// exp(z) 2^kTermBias for floats, a polynomial times 2^n, whose bits the magic number makes: to 1 ulp, or for
// kShort to 2^-13. near is z - shift, not below `least`; fast_magic is FastMagic(unit.magic), a vector or one
// for each in a pack.
template <Terms kTerms, class D, class V, class M>
HWY_INLINE V FastTermNear(D d, const V& near, const M& fast_magic) {
  const auto log2e = hn::Set(d, ExpFloat::kLog2e);
  const V t = op::MulAdd(near, log2e, fast_magic), n = op::Sub(t, fast_magic);
  V p;
  if constexpr (kTerms == Terms::kShort) {
    p = FastPolynomial(d, V(op::MulSub(near, log2e, n)), SoftmaxPower::kC);
  } else {
    constexpr FastRate<float> kRate(1.0);
    const V rest = op::NegMulAdd(n, hn::Set(d, kRate.step), near);
    p = FastPolynomial(d, V(op::NegMulAdd(n, hn::Set(d, kRate.step_low), rest)), FastPower1::kExp);
  }
  return op::Mul(p, op::BitCast(d, op::ShiftLeft<23>(op::BitCast(hn::RebindToSigned<D>(), t))));
}

// The magic number that leaves the exponent of a float in its low bits, where unit.magic leaves sixteenths.
constexpr float FastMagic(float magic) {
  return magic - ExpMagic<hn::ScalableTag<float>>(0) + (0x1.8p23f + 127);
}

template <Terms kTerms, class D, class V>
HWY_INLINE V FastSoftmaxTerm(D d, const V& z, const SoftmaxUnit<Scalar<D>>& unit) {
  const V near = AtLeast(hn::Set(d, unit.least), V(op::Sub(z, hn::Set(d, unit.shift))));
  return FastTermNear<kTerms>(d, near, hn::Set(d, FastMagic(unit.magic)));
}

// term times a pair, without the terms' bias: a denormal result is the number of its units. Neither may be
// NaN.
template <class D, class V, class N>
HWY_INLINE V SoftmaxQuotient(D d, const V& term, const N& factor) {
  const hn::RebindToSigned<D> di;
  using TI = hn::TFromD<decltype(di)>;
  constexpr int kSignificandBits = kIsFloat<D> ? 23 : 52;
  constexpr Scalar<D> kLeastNormal = PowerOfTwo<Scalar<D>>(kTermBias<D> - (kIsFloat<D> ? 126 : 1022));
  const V quotient = op::MulAdd(term, High(factor), V(op::Mul(term, Low(factor))));
  const auto least = hn::Set(d, kLeastNormal);
  const auto tiny = op::Lt(quotient, least);
  const auto bias = hn::BitCast(d, hn::Set(di, static_cast<TI>(TI{kTermBias<D>} << kSignificandBits)));
  const V moved = op::IfThenElse(tiny, op::Add(quotient, least), quotient);
  const auto away = op::IfThenElse(tiny, least, bias);
  return op::BitCast(d, op::Sub(op::BitCast(di, moved), op::BitCast(di, away)));
}

// The same of the fast tier, for floats: what is below the least normal number becomes some number below it,
// and 0 where it is far below.
template <class D, class V, class N>
HWY_INLINE V FastSoftmaxQuotient(D d, const V& term, const N& factor) {
  const hn::RebindToSigned<D> di;
  const auto bits = op::BitCast(di, op::MulAdd(term, High(factor), op::Mul(term, Low(factor))));
  return op::BitCast(d, op::Max(op::Sub(bits, hn::Set(di, kTermBias<D> << 23)), hn::Zero(di)));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_INL_H_
