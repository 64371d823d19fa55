// exp in plain numbers: the fast tier in floats, and, in doubles, the accurate tier of floats where there is
// no fused multiply-add, and that of swish' where beta is not 1.
//
//   exp(k x) = S q,   S = 2^(n + j/N),   q = exp(k r),   r = x - (n + j/N) ln(2) / k
//
// N = 32 on AVX-512, 8 elsewhere, and 1, which needs no table, without FMA and in doubles. r is counted in
// units of x: a factor k costs nothing, for it is in the polynomial's coefficients and in the two words of
// ln(2) / k, and k x needs no second word.
//
// S is made by integers: the table holds the bits of 2^(j/N) less j << shift, so that adding (n N + j) <<
// shift makes the power. Its entries are divided by c0 < 1 and the polynomial begins with c0 (it is below 1
// and rounds finer), where c0 is such that one entry is 2: there the exponent runs over into infinity, and at
// the other end into 0, just where an argument is bounded. So 1 / (1 + exp(-x)) is 0 at -inf, and nothing is
// compared. Results below the normal numbers may be anything from 0 to the least of them.
//
// Constants: tools/constants/fast.py.

#if defined(SIMDACT_FAST_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_FAST_EXP_INL_H_
#undef SIMDACT_FAST_EXP_INL_H_
#else
#define SIMDACT_FAST_EXP_INL_H_
#endif

#include "simdact/detail/denormals-inl.h"
#include "simdact/detail/numbers-inl.h"
#include "simdact/detail/tables/fast.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// The powers of 2 for a format, and the polynomials and quotients.
template <class T>
struct FastPower : hwy::If<kWide, FastPower32, hwy::If<HWY_NATIVE_FMA, FastPower8, FastPower1>> {};
template <>
struct FastPower<double> : FastPowerDouble {};
template <class T>
struct FastPowerOf2 : FastPower1 {};  // N = 1 everywhere: products by S are exact
template <>
struct FastPowerOf2<double> : FastPowerDouble {};
template <class T>
struct FastConstants : FastFloat {};
template <>
struct FastConstants<double> : FastDouble {};

// k of exp(k x), and what follows from it.
template <class T>
struct FastRate {
  explicit constexpr FastRate(double rate)
      : k(static_cast<T>(rate)),
        log2(static_cast<T>(rate * kLog2e)),
        step(Below(kLn2 / rate)),
        step_low(static_cast<T>(kLn2 / rate - static_cast<double>(step))) {}

  // Where exp(k x) 2^kBias is 0, and where it is infinite.
  template <int kBias = 0>
  constexpr T Nothing() const {
    return -At(FastPower<T>::kNothing + kBias);
  }
  // The same of plain powers of 2, which have no c0.
  template <int kBias = 0>
  constexpr T PlainNothing() const {
    return -At(FastPower<T>::kPlainNothing + kBias);
  }
  template <int kBias = 0>
  constexpr T Endless() const {
    return At(FastPower<T>::kEndless - kBias);
  }

  T k, log2, step, step_low;

 private:
  static constexpr double kLog2e = 0x1.71547652b82fep+0, kLn2 = 0x1.62e42fefa39efp-1;
  // A little below v > 0, so that the rest is positive, too: no zero changes its sign. Without FMA 12 bits,
  // of which products by n are exact (Veltkamp).
  static constexpr T Below(double v) {
    if constexpr (sizeof(T) == sizeof(double)) return v;
    const T less = static_cast<T>(v * (HWY_NATIVE_FMA ? 1 - 0x1p-24 : 1 - 0x1p-12));
    return HWY_NATIVE_FMA ? less : less * 4097 - (less * 4097 - less);
  }
  // Safely inside of the last step.
  constexpr T At(double power) const {
    return static_cast<T>((power * kLn2 + 1e-3) / static_cast<double>(k));
  }
};
template <class T>
constexpr FastRate<T> kFastE(1.0);

// factor (c0 + (k r) c1 + ...).
template <class D, class V, size_t kCount>
HWY_INLINE V FastPolynomial(D d, const V& r, const Scalar<D> (&c)[kCount], Scalar<D> k = 1,
                            Scalar<D> factor = 1) {
  Scalar<D> power[kCount] = {factor};
  HWY_UNROLL(16)
  for (size_t i = 1; i < kCount; ++i) power[i] = power[i - 1] * k;
  const auto coefficient = [&](size_t i) SIMDACT_FORMULA { return hn::Set(d, c[i] * power[i]); };
  if constexpr (!kIsFloat<D> && kCount >= 6) {
    return EvenPlusOdd<kCount>(r, coefficient);
  } else {
    V p = op::MulAdd(coefficient(kCount - 1), r, coefficient(kCount - 2));
    HWY_UNROLL(16)
    for (int i = static_cast<int>(kCount) - 3; i >= 0; --i)
      p = op::MulAdd(p, r, coefficient(static_cast<size_t>(i)));
    return p;
  }
}

// n + j/N + kBias for k x, in the low bits of a number.
template <class Power>
constexpr double kFastMagic = static_cast<double>(int64_t{3} << (Power::kBits - 1)) / Power::kEntries +
                              (Power::kEntries == 1 ? Power::kExponentBias : 0);
template <int kBias, class Power, class D, class V>
HWY_INLINE V FastSteps(D d, const V& x, const FastRate<Scalar<D>>& rate) {
  return op::MulAdd(x, hn::Set(d, rate.log2), hn::Set(d, static_cast<Scalar<D>>(kFastMagic<Power> + kBias)));
}

// r, for a number x.
template <int kBias, class Power, class D, class N, class V>
HWY_INLINE V FastRest(D d, const N& x, const V& steps, const FastRate<Scalar<D>>& rate) {
  const V n = op::Sub(steps, hn::Set(d, static_cast<Scalar<D>>(kFastMagic<Power> + kBias)));
  const V near = op::NegMulAdd(n, hn::Set(d, rate.step), High(x));
  if constexpr (kIsPair<N> && kIsFloat<D>) {
    return op::Add(near, op::NegMulAdd(n, hn::Set(d, rate.step_low), Low(x)));
  } else if constexpr (kIsPair<N>) {
    return op::Add(near, Low(x));
  } else if constexpr (kIsFloat<D>) {
    return op::NegMulAdd(n, hn::Set(d, rate.step_low), near);
  } else {
    return near;
  }
}

// S from one of the tables of bits.
enum class FastTable { kEndless, kPlain, kSelu };
template <FastTable kTable, class Power, class D, class V>
HWY_INLINE V FastScale(D d, const V& steps) {
  const auto index = op::BitCast(hn::RebindToSigned<D>(), steps);
  const auto exponent = op::ShiftLeft<Power::kShift>(index);
  if constexpr (Power::kEntries == 1) {
    return op::BitCast(d, exponent);
  } else {
    const auto& bits = kTable == FastTable::kEndless ? Power::kEndlessBits
                       : kTable == FastTable::kSelu  ? Power::kSeluBits
                                                     : Power::kPlainBits;
    const V entry = Lookup<Power::kEntries>(d, bits, index);
    return op::BitCast(d, op::Add(op::BitCast(hn::RebindToSigned<D>(), entry), exponent));
  }
}

// exp(k x) 2^kBias + c, for k x from rate.Nothing to rate.Endless; and without c, in floats by a longer
// polynomial.
template <int kBias, class D, class V>
HWY_INLINE V FastExpPlus(D d, const V& x, const FastRate<Scalar<D>>& rate, Scalar<D> c) {
  using Power = FastPower<Scalar<D>>;
  const V steps = FastSteps<kBias, Power>(d, x, rate);
  const V q = FastPolynomial(d, FastRest<kBias, Power>(d, x, steps, rate), Power::kExp, rate.k);
  return op::MulAdd(FastScale<FastTable::kEndless, Power>(d, steps), q, hn::Set(d, c));
}
template <int kBias, class D, class V>
HWY_INLINE V FastExpOf(D d, const V& x, const FastRate<Scalar<D>>& rate) {
  using Power = FastPower<Scalar<D>>;
  const V steps = FastSteps<kBias, Power>(d, x, rate);
  const V q = FastPolynomial(d, FastRest<kBias, Power>(d, x, steps, rate), Power::kFineExp, rate.k);
  return op::Mul(FastScale<FastTable::kEndless, Power>(d, steps), q);
}
// S q, not multiplied out, is a pair: Scale (exp-inl.h) gives S, and Factor q.
template <class N>
HWY_INLINE auto Factor(const N& power) {
  return Low(power);
}

// exp(k r) - 1 and what S lost; -0 at -0.
template <FastTable kTable, class D, class V>
HWY_INLINE V FastTail(D d, const V& r, const V& steps, const FastRate<Scalar<D>>& rate) {
  using Power = FastPower<Scalar<D>>;
  const V tail = FastPolynomial(d, r, Power::kTail, rate.k, rate.k);
  if constexpr (Power::kEntries == 1) {
    return op::Mul(tail, r);
  } else {
    const auto& lost = kTable == FastTable::kSelu ? Power::kSeluLow : Power::kPlainLow;
    const auto index = op::BitCast(hn::RebindToSigned<D>(), steps);
    return op::MulAdd(tail, r, Lookup<Power::kEntries>(d, lost, index));
  }
}

// exp(k x) 2^kBias to 0.6 ulp, for k x from rate.PlainNothing. Without FMA the product alone might be
// denormal.
template <int kBias, class D, class V>
HWY_INLINE V FastExpCloser(D d, const V& x, const FastRate<Scalar<D>>& rate) {
  using Power = FastPower<Scalar<D>>;
  const V steps = FastSteps<kBias, Power>(d, x, rate);
  const V r = FastRest<kBias, Power>(d, x, steps, rate);
  const V scale = FastScale<FastTable::kPlain, Power>(d, steps);
  const V tail = FastTail<FastTable::kPlain>(d, r, steps, rate);
  if constexpr (!HWY_NATIVE_FMA) return op::Mul(scale, op::Add(tail, hn::Set(d, Scalar<D>(1))));
  return op::MulAdd(scale, tail, scale);
}
// The same times 1 + more, for a `more` that is small.
template <int kBias, class D, class V>
HWY_INLINE V FastExpCloser(D d, const V& x, const FastRate<Scalar<D>>& rate, Scalar<D> more) {
  using Power = FastPower<Scalar<D>>;
  const V steps = FastSteps<kBias, Power>(d, x, rate);
  const V r = FastRest<kBias, Power>(d, x, steps, rate);
  const V scale = FastScale<FastTable::kPlain, Power>(d, steps);
  const V tail = op::Add(FastTail<FastTable::kPlain>(d, r, steps, rate), hn::Set(d, more));
  if constexpr (!HWY_NATIVE_FMA) return op::Mul(scale, op::Add(tail, hn::Set(d, Scalar<D>(1))));
  return op::MulAdd(scale, tail, scale);
}

// (exp(k x) - 1) unit, where unit is 2^kBias, or selu's lambda alpha. The steps are those of `bounded`, which
// is x where that is not too large.
template <FastTable kTable, int kBias = 0, class D, class V>
HWY_INLINE V FastExpm1Of(D d, const V& x, const V& bounded, const FastRate<Scalar<D>>& rate, Scalar<D> unit) {
  using Power = FastPower<Scalar<D>>;
  const V steps = FastSteps<kBias, Power>(d, bounded, rate);
  const V tail = FastTail<kTable>(d, FastRest<kBias, Power>(d, x, steps, rate), steps, rate);
  V scale = FastScale<kTable, Power>(d, steps);
  if constexpr (Power::kEntries == 1 && kTable == FastTable::kSelu) scale = op::Mul(scale, hn::Set(d, unit));
  return op::MulSub(scale, tail, op::Sub(hn::Set(d, unit), scale));  // in this order -0 stays -0
}

// Whether to divide. On AVX-512 Intel's CPUs divide four times as slowly as AMD's.
template <class D>
constexpr bool kDivides = !kWide || !kIsFloat<D> || HWY_TARGET == HWY_AVX3_ZEN4;

// a / b for b > 0, where |a / b| is far from overflow, and 1 / b. Where dividing is slow, from an estimate of
// 14 bits and one of Newton's steps; b may be infinite.
template <class D, class V>
HWY_INLINE V FastQuotient(D d, const V& a, const V& b) {
  if constexpr (kDivides<D>) {
    return op::Div(a, b);
  } else {
    const V estimate = op::ApproximateReciprocal(b);
    const V q = op::Mul(a, estimate);
    return op::MulAdd(op::NegMulAdd(q, AtMost(hn::Set(d, 0x1p127f), b), a), estimate, q);
  }
}
template <class D, class V>
HWY_INLINE V FastInverse(D d, const V& b) {
  const auto one = hn::Set(d, Scalar<D>(1));
  if constexpr (kDivides<D>) {
    return op::Div(one, b);
  } else {
    const V estimate = op::ApproximateReciprocal(b);
    return op::MulAdd(op::NegMulAdd(estimate, AtMost(hn::Set(d, 0x1p127f), b), one), estimate, estimate);
  }
}

// Of two numbers of one sign that of the lesser magnitude; NaN if either is.
template <class D, class V>
HWY_INLINE V LesserOf(D d, const V& a, const V& b) {
  const hn::RebindToSigned<D> di;
  return op::BitCast(d, op::Min(op::BitCast(di, a), op::BitCast(di, b)));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_FAST_EXP_INL_H_
