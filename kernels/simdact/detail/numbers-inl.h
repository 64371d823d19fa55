// Numbers as values: what formulas are written over.
//
// A number is a vector (or pack) V, rounded, or a Pair<V>. The functions here take either, and what they
// return is as long as what they were given, so a formula is written once and carried out in pairs where a
// rounding would show:
//
//   TwoSum FastTwoSum TwoProduct     of two V: exactly, as a pair (Knuth, Dekker, Veltkamp)
//   Sum FastSum Product Quotient     of two numbers: a pair if one of them is
//   Normalized                       of a pair: the high word is the number rounded
//   Horner EvenPlusOdd HornerInPairs polynomials
//
// Sums and products of pairs are good to some 2^-20 (f32) or 2^-50 (f64) of an ulp of their high word, which
// is far more than the last rounding shows. They are not normalized. The order of operations is part of each
// function: results do not change by a bit with how a formula is put together.

#if defined(SIMDACT_NUMBERS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_NUMBERS_INL_H_
#undef SIMDACT_NUMBERS_INL_H_
#else
#define SIMDACT_NUMBERS_INL_H_
#endif

#include "simdact/detail/pair-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

namespace detail {
// x + low and x + low a, where there may be no low word.
template <class X>
HWY_INLINE X PlusLow(const X& x, const NoLow&) {
  return x;
}
template <class X, class L>
HWY_INLINE X PlusLow(const X& x, const L& low) {
  return op::Add(x, low);
}
template <class X, class A>
HWY_INLINE X PlusLowTimes(const X& x, const NoLow&, const A&) {
  return x;
}
template <class X, class L, class A>
HWY_INLINE X PlusLowTimes(const X& x, const L& low, const A& a) {
  return op::MulAdd(low, a, x);
}
HWY_INLINE NoLow LowSum(const NoLow&, const NoLow&) { return NoLow(); }
template <class L>
HWY_INLINE L LowSum(const L& a, const NoLow&) {
  return a;
}
template <class L>
HWY_INLINE L LowSum(const NoLow&, const L& b) {
  return b;
}
template <class A, class B, hwy::EnableIf<!hwy::IsSame<A, NoLow>() && !hwy::IsSame<B, NoLow>()>* = nullptr>
HWY_INLINE auto LowSum(const A& a, const B& b) {
  return op::Add(a, b);
}
}  // namespace detail

// ---- Exact ------------------------------------------------------------------------------------------------

// a + b for |a| >= |b| or a = 0 (Dekker's Fast2Sum).
template <class A, class B>
HWY_INLINE auto FastTwoSum(const A& a, const B& b) {
  const auto sum = op::Add(a, b);
  using V = hwy::RemoveCvRef<decltype(sum)>;
  return MakePair(sum, V(op::Sub(b, op::Sub(sum, a))));
}
// a + b (Knuth's 2Sum).
template <class A, class B>
HWY_INLINE auto TwoSum(const A& a, const B& b) {
  const auto sum = op::Add(a, b);
  const auto b_part = op::Sub(sum, a);
  return MakePair(sum, op::Add(op::Sub(a, op::Sub(sum, b_part)), op::Sub(b, b_part)));
}

// The upper half of a's bits (Veltkamp's splitting).
template <class A>
HWY_INLINE A UpperHalfOf(const A& a) {
  const Tag<A> d;
  const A wide = op::Mul(a, hn::Set(d, kIsFloat<Tag<A>> ? Scalar<Tag<A>>(4097) : Scalar<Tag<A>>(134217729)));
  return op::Sub(wide, op::Sub(wide, a));
}
// a b - product, exactly, for product = a b rounded. Without FMA by Dekker's splitting, for |a|, |b| below
// 2^996 (f64) and no intermediate result denormal.
template <class A, class B, class X>
HWY_INLINE auto ProductError(const A& a, const B& b, const X& product) {
#if HWY_NATIVE_FMA
  return op::MulSub(a, b, product);
#else
  const A a_high = UpperHalfOf(a), a_low = op::Sub(a, a_high);
  const B b_high = UpperHalfOf(b), b_low = op::Sub(b, b_high);
  const auto first = op::Sub(op::Mul(a_high, b_high), product);
  const auto second = op::Add(op::Add(first, op::Mul(a_high, b_low)), op::Mul(a_low, b_high));
  return op::Add(second, op::Mul(a_low, b_low));
#endif
}
// a b.
template <class A, class B>
HWY_INLINE auto TwoProduct(const A& a, const B& b) {
  const auto product = op::Mul(a, b);
  return MakePair(product, ProductError(a, b, product));
}

// a b, in pairs or rounded.
template <class N, class A, class B>
HWY_INLINE auto ProductIn(const A& a, const B& b) {
  if constexpr (hwy::IsSame<N, Pairs>()) {
    return TwoProduct(a, b);
  } else {
    return op::Mul(a, b);
  }
}

// n with its high word rounded from the whole.
template <class N>
HWY_INLINE auto Normalized(const N& n) {
  if constexpr (kIsPair<N>) {
    return FastTwoSum(High(n), Low(n));
  } else {
    return n;
  }
}

// ---- Rounded once -----------------------------------------------------------------------------------------

// a b + c; without FMA at most 2^-50 (f64) off that.
template <class A, class B, class X>
HWY_INLINE auto MultiplyAdd(const A& a, const B& b, const X& c) {
#if HWY_NATIVE_FMA
  return op::MulAdd(a, b, c);
#else
  const auto product = TwoProduct(a, b);
  const auto sum = TwoSum(High(product), c);
  // inf and NaN come through the plain sum; the error terms would make NaN of inf.
  const auto low = op::Add(Low(product), Low(sum));
  return op::Add(High(sum), op::IfThenElseZero(op::Eq(low, low), low));
#endif
}

// c - a b for a b close to c, exact but for one rounding at the end.
template <class A, class B, class X>
HWY_INLINE auto Remainder(const A& a, const B& b, const X& c) {
#if HWY_NATIVE_FMA
  return op::NegMulAdd(a, b, c);
#else
  const auto product = TwoProduct(a, b);
  return op::Sub(op::Sub(c, High(product)), Low(product));
#endif
}

// 1 / x, good to 2^-28 (f32) or a few 2^-53 (f64). On AVX-512 an estimate of 14 bits and Newton's steps are
// faster than the division, or equal; x must be normal there, as must 1 / x.
template <class V>
HWY_INLINE V Inverse(const V& x) {
  const Tag<V> d;
  const auto one = hn::Set(d, Scalar<Tag<V>>(1));
  if constexpr (kWide) {
    V y = op::ApproximateReciprocal(x);
    if constexpr (!kIsFloat<Tag<V>>) y = op::MulAdd(y, op::NegMulAdd(y, x, one), y);
    return op::MulAdd(y, op::NegMulAdd(y, x, one), y);
  } else {
    return op::Div(one, x);
  }
}

// 1 / x to 2^-14 (f32), 2^-28 (f64) or better: enough where a quotient's remainder makes up for the rest.
template <class V>
HWY_INLINE V InverseEstimate(const V& x) {
  const Tag<V> d;
  const auto one = hn::Set(d, Scalar<Tag<V>>(1));
  if constexpr (kWide) {
    const V y = op::ApproximateReciprocal(x);
    if constexpr (kIsFloat<Tag<V>>) return y;
    return op::MulAdd(y, op::NegMulAdd(y, x, one), y);
  } else {
    return op::Div(one, x);
  }
}

// ---- Of two numbers ---------------------------------------------------------------------------------------

// a + b.
template <class A, class B>
HWY_INLINE auto Sum(const A& a, const B& b) {
  if constexpr (!kIsPair<A> && !kIsPair<B>) {
    return op::Add(a, b);
  } else {
    const auto sum = TwoSum(High(a), High(b));
    return MakePair(High(sum), detail::PlusLow(Low(sum), detail::LowSum(Low(a), Low(b))));
  }
}
// The same for |a| >= |b| or a = 0.
template <class A, class B>
HWY_INLINE auto FastSum(const A& a, const B& b) {
  if constexpr (!kIsPair<A> && !kIsPair<B>) {
    return op::Add(a, b);
  } else {
    const auto sum = FastTwoSum(High(a), High(b));
    return MakePair(High(sum), detail::PlusLow(Low(sum), detail::LowSum(Low(a), Low(b))));
  }
}
// The same for a, b >= 0.
template <class A, class B>
HWY_INLINE auto SumOfPositive(const A& a, const B& b) {
  if constexpr (!kIsPair<A> && !kIsPair<B>) {
    return op::Add(a, b);
  } else {
    const auto sum = FastTwoSum(op::Max(High(a), High(b)), op::Min(High(a), High(b)));
    return MakePair(High(sum), detail::PlusLow(Low(sum), detail::LowSum(Low(a), Low(b))));
  }
}

// a b.
template <class A, class B>
HWY_INLINE auto Product(const A& a, const B& b) {
  if constexpr (!kIsPair<A> && !kIsPair<B>) {
    return op::Mul(a, b);
  } else {
    const auto product = TwoProduct(High(a), High(b));
    const auto low = detail::PlusLowTimes(Low(product), Low(a), High(b));
    return MakePair(High(product), detail::PlusLowTimes(low, Low(b), High(a)));
  }
}
// The same as a pair in any case.
template <class A, class B>
HWY_INLINE auto PairProduct(const A& a, const B& b) {
  if constexpr (!kIsPair<A> && !kIsPair<B>) {
    return TwoProduct(a, b);
  } else {
    return Product(a, b);
  }
}
// n^2.
template <class N>
HWY_INLINE auto Square(const N& n) {
  if constexpr (kIsPair<N>) {
    const auto square = TwoProduct(High(n), High(n));
    return MakePair(High(square), op::MulAdd(op::Add(High(n), High(n)), Low(n), Low(square)));
  } else {
    return op::Mul(n, n);
  }
}
// n (1 + p).
template <class N, class V>
HWY_INLINE auto TimesOnePlus(const N& n, const V& p) {
  if constexpr (kIsPair<N>) {
    return MakePair(High(n), op::MulAdd(High(n), p, Low(n)));
  } else {
    return op::MulAdd(n, p, n);
  }
}

// a / b, given an inverse of b's high word.
template <class A, class B, class Y>
HWY_INLINE auto Quotient(const A& a, const B& b, const Y& inverse) {
  if constexpr (!kIsPair<A> && !kIsPair<B>) {
    return op::Mul(a, inverse);
  } else {
    const auto high = op::Mul(High(a), inverse);
    const auto rest = Remainder(high, High(b), High(a));
    if constexpr (kIsPair<A> && kIsPair<B>) {
      return MakePair(high, op::Mul(op::Add(rest, op::NegMulAdd(high, Low(b), Low(a))), inverse));
    } else if constexpr (kIsPair<A>) {
      return MakePair(high, op::Mul(op::Add(rest, Low(a)), inverse));
    } else {
      return MakePair(high, op::Mul(op::NegMulAdd(high, Low(b), rest), inverse));
    }
  }
}
template <class A, class B>
HWY_INLINE auto Quotient(const A& a, const B& b) {
  if constexpr (!kIsPair<A> && !kIsPair<B>) {
    return op::Div(a, b);
  } else {
    return Quotient(a, b, Inverse(High(b)));
  }
}
// a / b as a V, rounded once, for a pair b and |Low(b)| <= High(b) / 10. q is as good as the estimate, and
// what it leaves of a is known to the last digit.
template <class V, class B>
HWY_INLINE V RoundedQuotient(const V& a, const B& b) {
  if constexpr (!kIsPair<B>) {
    return op::Div(a, b);
  } else {
    const V y = InverseEstimate(Round(b));
    const V q = op::Mul(a, y);
    return op::MulAdd(op::NegMulAdd(q, Low(b), Remainder(q, High(b), a)), y, q);
  }
}

// y (1 + e) = 1 / n for a normalized pair n: y is rounded, and e is what that lost.
template <class N>
HWY_INLINE auto InverseSplit(const N& n) {
  using V = Word<N>;
  const Tag<V> d;
  const V y = Inverse(High(n));
  return MakePair(y, V(op::NegMulAdd(y, Low(n), Remainder(y, High(n), hn::Set(d, Scalar<Tag<V>>(1))))));
}

// 1 / a, the same in all lanes.
template <class D>
HWY_INLINE auto InverseOf(D d, Scalar<D> a) {
  const auto divisor = hn::Set(d, a), one = hn::Set(d, Scalar<D>(1));
  const auto inverse = hn::Div(one, divisor);
  return MakePair(inverse, hn::Vec<D>(hn::Mul(Remainder(inverse, divisor, one), inverse)));
}

// a - (high + low): next to that the first difference is exact.
template <class D, class V>
HWY_INLINE V Above(D d, const V& a, double high, double low) {
  return op::Sub(op::Sub(a, hn::Set(d, high)), hn::Set(d, low));
}

// ---- Polynomials ------------------------------------------------------------------------------------------

// c(0) + c(1) t + ... in plain numbers, as a polynomial in t^2 and t times another: two chains half as long.
// Of doubles from which a float is wanted: there the order of operations does not show.
template <size_t kCount, class V, class C>
HWY_INLINE V EvenPlusOdd(const V& t, const C& c) {
  static_assert(kCount >= 4, "two chains have two terms each");
  constexpr size_t kTop = kCount - 1;
  const V square = op::Mul(t, t);
  V high = op::MulAdd(square, c(kTop), c(kTop - 2)), low = op::MulAdd(square, c(kTop - 1), c(kTop - 3));
  HWY_UNROLL(16)
  for (int k = static_cast<int>(kTop) - 4; k >= 0; k -= 2) {
    high = op::MulAdd(high, square, c(static_cast<size_t>(k)));
    if (k > 0) low = op::MulAdd(low, square, c(static_cast<size_t>(k - 1)));
  }
  return kTop % 2 == 0 ? op::MulAdd(low, t, high) : op::MulAdd(high, t, low);
}
template <class V, size_t kCount>
HWY_INLINE V EvenPlusOdd(const V& t, const Scalar<Tag<V>> (&c)[kCount]) {
  return EvenPlusOdd<kCount>(t, [&](size_t k) SIMDACT_FORMULA { return hn::Set(Tag<V>(), c[k]); });
}

// c[kFrom] + c[kFrom + 1] t + ... in plain numbers.
template <int kFrom, size_t kCount, class V>
HWY_INLINE V Horner(const V& t, const Scalar<Tag<V>> (&c)[kCount]) {
  const Tag<V> d;
  V q = op::MulAdd(hn::Set(d, c[kCount - 1]), t, hn::Set(d, c[kCount - 2]));
  HWY_UNROLL(32)
  for (int k = static_cast<int>(kCount) - 3; k >= kFrom; --k) q = op::MulAdd(q, t, hn::Set(d, c[k]));
  return q;
}
// c[0] + c0_low + c[1] t + ... for pairs of doubles |t| <= 1, to 2^-56, where c0 is the largest term and then
// c1: the last three steps are pairs. Low(t) is multiplied by the derivative, of which c1 + 3 c2 t is near
// enough.
template <size_t kCount, class N>
HWY_INLINE auto HornerInPairs(const N& number, const double (&c)[kCount], double c0_low) {
  using V = Word<N>;
  const Tag<V> d;
  const V t = High(number);
  constexpr int kPlain = HWY_NATIVE_FMA ? 3 : 6;  // without FMA there are twice as many roundings
  const V plain = Horner<kPlain>(t, c);
  auto q = Sum(TwoProduct(plain, t), hn::Set(d, c[kPlain - 1]));
  HWY_UNROLL(8)
  for (int k = kPlain - 2; k >= 2; --k) q = Sum(Product(q, t), hn::Set(d, c[k]));
  const auto qt = Product(q, t);
  const auto slope = FastSum(hn::Set(d, c[1]), qt);
  const auto product = TwoProduct(High(slope), t);
  const V derivative = op::Add(High(slope), op::Add(High(qt), High(qt)));
  const V low = op::MulAdd(Low(slope), t, op::MulAdd(derivative, Low(number), Low(product)));
  const auto sum = FastTwoSum(hn::Set(d, c[0]), High(product));
  return MakePair(High(sum), op::Add(Low(sum), op::Add(low, hn::Set(d, c0_low))));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_NUMBERS_INL_H_
