// Numbers as unevaluated sums high + low, twice as long as the format.
//
// The building blocks of kernels that must not lose a term: the error of a sum or product is a number of the
// same format and can be computed exactly (Knuth, Dekker, Veltkamp). Sums and products of pairs here are good
// to some 2^-20 (f32) or 2^-50 (f64) of an ulp of their high word, which is far more than the last rounding
// shows; they are not normalized further than that.

#if defined(SIMDACT_PAIR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_PAIR_INL_H_
#undef SIMDACT_PAIR_INL_H_
#else
#define SIMDACT_PAIR_INL_H_
#endif

#include "simdact/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// For numbers that are exact.
struct NoLow {};

// sum + error = big + small, |big| >= |small| or big = 0 (Dekker's Fast2Sum).
template <class A, class B, class X>
HWY_INLINE void FastTwoSum(const A& big, const B& small, X& sum, X& error) {
  const X total = op::Add(big, small);
  error = op::Sub(small, op::Sub(total, big));
  sum = total;
}

// sum + error = a + b, whichever is larger (Knuth's 2Sum).
template <class A, class B, class X>
HWY_INLINE void TwoSum(const A& a, const B& b, X& sum, X& error) {
  const X total = op::Add(a, b);
  const X b_part = op::Sub(total, a);
  error = op::Add(op::Sub(a, op::Sub(total, b_part)), op::Sub(b, b_part));
  sum = total;
}

// a - high, where high has the upper half of a's bits (Veltkamp's splitting).
template <class D, class A>
HWY_INLINE A UpperHalfOf(D d, const A& a) {
  const A wide = op::Mul(a, hn::Set(d, kIsFloat<D> ? Scalar<D>(4097) : Scalar<D>(134217729)));
  return op::Sub(wide, op::Sub(wide, a));
}

// a b - product, exactly, for product = a b rounded. Without FMA by Dekker's splitting, for |a|, |b| below
// 2^996 (f64) and no intermediate result denormal.
template <class D, class A, class B, class X>
HWY_INLINE auto ProductError(D d, const A& a, const B& b, const X& product) {
#if HWY_NATIVE_FMA
  (void)d;
  return op::MulSub(a, b, product);
#else
  const A a_high = UpperHalfOf(d, a), a_low = op::Sub(a, a_high);
  const B b_high = UpperHalfOf(d, b), b_low = op::Sub(b, b_high);
  const auto first = op::Sub(op::Mul(a_high, b_high), product);
  const auto second = op::Add(op::Add(first, op::Mul(a_high, b_low)), op::Mul(a_low, b_high));
  return op::Add(second, op::Mul(a_low, b_low));
#endif
}

// product + error = a b.
template <class D, class A, class B, class X>
HWY_INLINE void TwoProduct(D d, const A& a, const B& b, X& product, X& error) {
  const X rounded = op::Mul(a, b);
  error = ProductError(d, a, b, rounded);
  product = rounded;
}

// a b + c, rounded once; without FMA at most 2^-50 (f64) off that.
template <class D, class A, class B, class X>
HWY_INLINE auto MultiplyAdd(D d, const A& a, const B& b, const X& c) {
#if HWY_NATIVE_FMA
  (void)d;
  return op::MulAdd(a, b, c);
#else
  const auto product = op::Mul(a, b);
  const auto error = ProductError(d, a, b, product);
  auto sum = product, rest = product;
  TwoSum(product, c, sum, rest);
  // inf and NaN come through the plain sum; the error terms would make NaN of inf.
  const auto low = op::Add(error, rest);
  return op::Add(sum, op::IfThenElseZero(op::Eq(low, low), low));
#endif
}

// c - a b for a b close to c, exact but for one rounding at the end.
template <class D, class A, class B, class X>
HWY_INLINE auto Remainder(D d, const A& a, const B& b, const X& c) {
#if HWY_NATIVE_FMA
  (void)d;
  return op::NegMulAdd(a, b, c);
#else
  const auto product = op::Mul(a, b);
  return op::Sub(op::Sub(c, product), ProductError(d, a, b, product));
#endif
}

// (a + a_low) (b + b_low).
template <class D, class A, class AL, class B, class BL, class X>
HWY_INLINE void PairProduct(D d, const A& a, const AL& a_low, const B& b, const BL& b_low, X& high, X& low) {
  const X product = op::Mul(a, b);
  X rest = ProductError(d, a, b, product);
  if constexpr (!hwy::IsSame<AL, NoLow>()) rest = op::MulAdd(a_low, b, rest);
  if constexpr (!hwy::IsSame<BL, NoLow>()) rest = op::MulAdd(a, b_low, rest);
  low = rest;
  high = product;
}

// (a + a_low) + (b + b_low), made so that high is the sum rounded.
template <class A, class AL, class B, class BL, class X>
HWY_INLINE void PairSum(const A& a, const AL& a_low, const B& b, const BL& b_low, X& high, X& low) {
  X sum, error;
  TwoSum(a, b, sum, error);
  FastTwoSum(sum, op::Add(error, op::Add(a_low, b_low)), high, low);
}

// (a + a_low) + (b + b_low) for a, b >= 0; high is a + b rounded.
template <class A, class AL, class B, class BL, class X>
HWY_INLINE void SumOfPositive(const A& a, const AL& a_low, const B& b, const BL& b_low, X& high, X& low) {
  X sum, error;
  FastTwoSum(op::Max(a, b), op::Min(a, b), sum, error);
  low = op::Add(error, op::Add(a_low, b_low));
  high = sum;
}

// 1 / x, good to 2^-28 (f32) or a few 2^-53 (f64). On AVX-512 an estimate of 14 bits and Newton's steps are
// faster than the division, or equal; x must be normal there, as must 1 / x.
template <class D, class V>
HWY_INLINE V Inverse(D d, const V& x) {
  const auto one = hn::Set(d, Scalar<D>(1));
  if constexpr (kWide) {
    V y = op::ApproximateReciprocal(x);
    if constexpr (!kIsFloat<D>) y = op::MulAdd(y, op::NegMulAdd(y, x, one), y);
    return op::MulAdd(y, op::NegMulAdd(y, x, one), y);
  } else {
    return op::Div(one, x);
  }
}

// 1 / x to 2^-14 (f32), 2^-28 (f64) or better: enough where a quotient's remainder makes up for the rest.
template <class D, class V>
HWY_INLINE V InverseEstimate(D d, const V& x) {
  const auto one = hn::Set(d, Scalar<D>(1));
  if constexpr (kWide) {
    const V y = op::ApproximateReciprocal(x);
    if constexpr (kIsFloat<D>) return y;
    return op::MulAdd(y, op::NegMulAdd(y, x, one), y);
  } else {
    return op::Div(one, x);
  }
}

// a / (b + b_low), rounded once, for |b_low| <= b / 10. q is as good as the estimate, and what it leaves of a
// is known to the last digit.
template <class D, class V>
HWY_INLINE V RoundedQuotient(D d, const V& a, const V& b, const V& b_low) {
  const V y = InverseEstimate(d, V(op::Add(b, b_low)));
  const V q = op::Mul(a, y);
  return op::MulAdd(op::NegMulAdd(q, b_low, Remainder(d, q, b, a)), y, q);
}

// (a + a_low) / (b + b_low), given y = Inverse(b).
template <class D, class V>
HWY_INLINE void PairQuotient(D d, const V& a, const V& a_low, const V& b, const V& b_low, const V& y, V& high,
                             V& low) {
  high = op::Mul(a, y);
  low = op::Mul(op::Add(Remainder(d, high, b, a), op::NegMulAdd(high, b_low, a_low)), y);
}

// c0 + c1 t + c2 t^2 + ... for doubles |t| <= 1, high + low to 2^-56, where c0 is the largest term and then
// c1, and c0_low is what c0 lost: the last three steps are pairs. t_low is multiplied by the derivative, of
// which c1 + 3 c2 t is near enough.
template <size_t kCount, class D, class V, class L>
HWY_INLINE void PolynomialPair(D d, const V& t, const L& t_low, const double (&c)[kCount], double c0_low,
                               V& high, V& low) {
  V q = op::MulAdd(hn::Set(d, c[kCount - 1]), t, hn::Set(d, c[kCount - 2]));
  HWY_UNROLL(32)
  for (int k = static_cast<int>(kCount) - 3; k >= 6; --k) q = op::MulAdd(q, t, hn::Set(d, c[k]));
  V q_low = op::Sub(q, q), product, error;
  HWY_UNROLL(8)
  for (int k = 5; k >= 2; --k) {
    if (HWY_NATIVE_FMA && k > 2) {
      q = op::MulAdd(q, t, hn::Set(d, c[k]));
    } else {  // keep the roundings of the steps that count; without FMA there are twice as many
      TwoProduct(d, q, t, product, error);
      error = op::MulAdd(q_low, t, error);
      TwoSum(product, hn::Set(d, c[k]), q, q_low);
      q_low = op::Add(q_low, error);
    }
  }
  V slope, slope_low;
  const V qt = op::Mul(q, t);
  FastTwoSum(hn::Set(d, c[1]), qt, slope, slope_low);
  slope_low = op::Add(slope_low, op::MulAdd(q_low, t, ProductError(d, q, t, qt)));
  TwoProduct(d, slope, t, product, error);
  error = op::MulAdd(slope_low, t, op::MulAdd(op::Add(slope, op::Add(qt, qt)), t_low, error));
  FastTwoSum(hn::Set(d, c[0]), product, high, low);
  low = op::Add(low, op::Add(error, hn::Set(d, c0_low)));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_PAIR_INL_H_
