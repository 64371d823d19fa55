// abs, rounding, square roots, reciprocals and softsign: quotients and roots with one residual step.
//
// Highway's Div and Sqrt are correctly rounded, so what is left to do is to carry a rounding error where two
// of them meet: with y = 1 / s rounded, the residual h = 1 - s y is a number of the format, by FMA or by an
// exact product, and y (1 + h) is 1 / s to 2^-47 (f32) or 2^-105 (f64). The last addition then is the only
// rounding:
//
//   1 / (a + b)^2 = y^2 (1 + 2 h),    1 / sqrt(x) = y (1 + h / 2),  h = 1 - x y^2
//   x / (1 + x)   = q + (x - q s) / s
//
// Squares and cubes leave the exponent range sooner than their argument does. So arguments beyond which the
// result is 0 or infinity are clamped, and the rest is computed at a power of two that keeps every error term
// normal; only the last multiplication overflows or makes a denormal.
//
// Without FMA, f32 is computed in double and rounded once.

#if defined(SIMDACT_ARITHMETIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_ARITHMETIC_INL_H_
#undef SIMDACT_ARITHMETIC_INL_H_
#else
#define SIMDACT_ARITHMETIC_INL_H_
#endif

#include "simdact/detail/exp-inl.h"
#include "simdact/detail/general-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kAbsVectors = Lockstep(4, 4), kAbsDerivativeVectors = Lockstep(4, 4);
constexpr size_t kNegVectors = Lockstep(4, 4), kNegDerivativeVectors = Lockstep(4, 4);
constexpr size_t kSignVectors = Lockstep(4, 4), kSignDerivativeVectors = Lockstep(4, 4);
constexpr size_t kRoundVectors = Lockstep(4, 4), kRoundDerivativeVectors = Lockstep(4, 4);
constexpr size_t kFloorVectors = Lockstep(4, 4), kFloorDerivativeVectors = Lockstep(4, 4);
constexpr size_t kCeilVectors = Lockstep(4, 4), kCeilDerivativeVectors = Lockstep(4, 4);
constexpr size_t kTruncVectors = Lockstep(4, 4), kTruncDerivativeVectors = Lockstep(4, 4);
constexpr size_t kLinearVectors = Lockstep(4, 4), kLinearDerivativeVectors = Lockstep(4, 4);
constexpr size_t kSquareVectors = Lockstep(4, 4), kSquareDerivativeVectors = Lockstep(4, 4);
constexpr size_t kSqrtVectors = Lockstep(4, 4), kSqrtDerivativeVectors = Lockstep(4, 4);
constexpr size_t kRsqrtVectors = Lockstep(4, 4), kRsqrtDerivativeVectors = Lockstep(4, 4);
constexpr size_t kReciprocalVectors = Lockstep(4, 4), kReciprocalDerivativeVectors = Lockstep(4, 4);
constexpr size_t kSoftsignVectors = Lockstep(4, 4), kSoftsignDerivativeVectors = Lockstep(4, 4);

// ---- NaN stays NaN ---------------------------------------------------------------------------------------

// A constant, but NaN where x is.
template <class V, class C>
HWY_INLINE V ConstantOf(const V& x, const C& constant) {
  return op::IfThenElse(op::IsNaN(x), x, constant);
}
// `in` where a comparison of x holds, else `out`, but NaN where x is: there no comparison holds.
template <class V, class M, class C>
HWY_INLINE V ChoiceOf(const V& x, const M& holds, const C& in, const C& out) {
  return op::IfThenElse(holds, in, ConstantOf(x, out));
}
// The same with out = 0.
template <class V>
HWY_INLINE V ZeroOf(const V& x) {
  return op::IfThenElseZero(op::IsNaN(x), x);
}
template <class V, class M, class C>
HWY_INLINE V ChoiceOf(const V& x, const M& holds, const C& in) {
  return op::IfThenElse(holds, in, ZeroOf(x));
}

// ---- Signs -----------------------------------------------------------------------------------------------

// abs(x) = |x|.
template <class D, class V>
HWY_INLINE V Abs(D, const V& x) {
  return op::Abs(x);
}

// sign(x) = x > 0 ? 1 : x < 0 ? -1 : x, which hands zeros and NaN on.
template <class D, class V>
HWY_INLINE V Sign(D d, const V& x) {
  const auto zero = hn::Zero(d);
  const V below = op::IfThenElse(op::Lt(x, zero), hn::Set(d, -1.0f), x);
  return op::IfThenElse(op::Gt(x, zero), hn::Set(d, 1.0f), below);
}

// abs'(x) = sign(x), 0 at 0.
template <class D, class V>
HWY_INLINE V AbsDerivative(D d, const V& x) {
  return Sign(d, x);
}

// sign'(x) = 0.
template <class D, class V>
HWY_INLINE V SignDerivative(D, const V& x) {
  return ZeroOf(x);
}

// neg(x) = -x, neg'(x) = -1.
template <class D, class V>
HWY_INLINE V Neg(D, const V& x) {
  return op::Neg(x);
}
template <class D, class V>
HWY_INLINE V NegDerivative(D d, const V& x) {
  return ConstantOf(x, hn::Set(d, -1.0f));
}
template <class D, class V>
HWY_INLINE V NegDerivativeFromOutput(D d, const V& y) {
  return NegDerivative(d, y);
}

// ---- Rounding to integers --------------------------------------------------------------------------------

// Instructions for all four. Elsewhere Highway's code loses the sign of zero (SSE2, NEON on Armv7, RVV with
// older compilers) or misrounds (EMU128 at 0.49999997), so these are built on one addition here.
constexpr bool kHasRounding = (HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE4) ||
                              (HWY_ARCH_ARM_A64 && (HWY_TARGET_IS_NEON || HWY_TARGET_IS_SVE));

// |x| rounded to the nearest integer: 2^23 (f32) or 2^52 (f64) added and taken off again. What is larger is
// an integer, and stays, as does NaN.
template <class D, class V>
HWY_INLINE V RoundMagnitude(D d, const V& x) {
  const auto end = hn::Set(d, hwy::MantissaEnd<Scalar<D>>());
  const V a = op::Abs(x);
  return op::IfThenElse(op::Lt(a, end), op::Sub(op::Add(a, end), end), a);
}

// round(x), ties to even. -0.3 gives -0, and so do the next three where they give zero to the left of it.
template <class D, class V>
HWY_INLINE V Round(D d, const V& x) {
  if constexpr (kHasRounding) {
    return op::Round(x);
  } else {
    return WithSignOf(d, x, RoundMagnitude(d, x));
  }
}

// floor(x): one less where rounding went up.
template <class D, class V>
HWY_INLINE V Floor(D d, const V& x) {
  if constexpr (kHasRounding) {
    return op::Floor(x);
  } else {
    const V nearest = Round(d, x);
    return op::IfThenElse(op::Gt(nearest, x), op::Sub(nearest, hn::Set(d, 1.0f)), nearest);
  }
}

// ceil(x): one more where rounding went down; the sign is for (-1, 0), which sums up to +0.
template <class D, class V>
HWY_INLINE V Ceil(D d, const V& x) {
  if constexpr (kHasRounding) {
    return op::Ceil(x);
  } else {
    const V nearest = Round(d, x);
    const V up = op::IfThenElse(op::Lt(nearest, x), op::Add(nearest, hn::Set(d, 1.0f)), nearest);
    return WithSignOf(d, x, up);
  }
}

// trunc(x): floor(|x|) with the sign of x.
template <class D, class V>
HWY_INLINE V Trunc(D d, const V& x) {
  if constexpr (kHasRounding) {
    return op::Trunc(x);
  } else {
    const V nearest = RoundMagnitude(d, x);
    const auto up = op::Gt(nearest, op::Abs(x));
    return WithSignOf(d, x, op::IfThenElse(up, op::Sub(nearest, hn::Set(d, 1.0f)), nearest));
  }
}

// round'(x) = floor'(x) = ceil'(x) = trunc'(x) = 0, at the jumps too.
template <class D, class V>
HWY_INLINE V RoundDerivative(D, const V& x) {
  return ZeroOf(x);
}
template <class D, class V>
HWY_INLINE V FloorDerivative(D, const V& x) {
  return ZeroOf(x);
}
template <class D, class V>
HWY_INLINE V CeilDerivative(D, const V& x) {
  return ZeroOf(x);
}
template <class D, class V>
HWY_INLINE V TruncDerivative(D, const V& x) {
  return ZeroOf(x);
}

// ---- Polynomials -----------------------------------------------------------------------------------------

// alpha x + c, rounded once; c is -0 rather than 0, so that -0 stays -0. Without FMA f64 adds what product
// and sum lost; beyond 2^996 and below 2^-900 the product's error is not to be had, and two roundings remain.
template <class D, class V, class C>
HWY_INLINE V Line(D d, const V& x, Scalar<D> alpha, const C& c) {
  const auto slope = hn::Set(d, alpha);
  if constexpr (HWY_NATIVE_FMA) {
    return op::MulAdd(x, slope, c);
  } else {
    const auto product = TwoProduct(x, slope);
    const auto sum = TwoSum(High(product), c);
    const auto sound = op::Gt(op::Abs(High(product)), hn::Set(d, Scalar<D>(0x1p-900)));
    const V low = op::Add(op::IfThenElseZero(sound, Low(product)), Low(sum));
    const auto counts = op::Gt(op::Abs(low), hn::Zero(d));  // neither 0, which would turn -0 into 0, nor NaN
    return op::Add(High(sum), op::IfThenElse(counts, low, hn::Set(d, Scalar<D>(-0.0))));
  }
}

// linear(x) = alpha x + beta. 0 times infinity is 0, and an infinite beta outweighs an infinite x. Doubles
// that cancel are such that the product has its error term without FMA, too.
template <class T>
constexpr bool OrdinaryLinear(T alpha, T beta) {
  if (sizeof(T) == sizeof(float)) return IsFiniteAndNotZero(alpha) && IsFinite(beta);
  return InRange(alpha, 0x1p-400, 0x1p400) && (beta == 0 || InRange(beta, 0x1p-800, 0x1p500));
}
template <class D, class V>
HWY_INLINE V Linear(D d, const V& x, Scalar<D> alpha, Scalar<D> beta) {
  if (HWY_UNLIKELY(!OrdinaryLinear(alpha, beta)))
    return EachLane(d, x, [alpha, beta](Scalar<D> v) HWY_ATTR { return general::Linear(v, alpha, beta); });
  const Scalar<D> offset = beta == 0 ? Scalar<D>(-0.0) : beta;
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [&](auto d64, const auto& v) HWY_ATTR {
      return op::Add(op::Mul(v, hn::Set(d64, double{alpha})), hn::Set(d64, double{offset}));
    });
  } else {
    return Line(d, x, alpha, hn::Set(d, offset));
  }
}

// linear'(x) = alpha.
template <class D, class V>
HWY_INLINE V LinearDerivative(D d, const V& x, Scalar<D> alpha, Scalar<D> /*beta*/) {
  return ConstantOf(x, hn::Set(d, alpha));
}
template <class D, class V>
HWY_INLINE V LinearDerivativeFromOutput(D d, const V& y, Scalar<D> alpha, Scalar<D> beta) {
  return LinearDerivative(d, y, alpha, beta);
}

// square(x) = x^2, square'(x) = 2 x.
template <class D, class V>
HWY_INLINE V Square(D, const V& x) {
  return op::Mul(x, x);
}
template <class D, class V>
HWY_INLINE V SquareDerivative(D, const V& x) {
  return op::Add(x, x);
}

// ---- Powers of 1 / x and 1 / sqrt(x) ---------------------------------------------------------------------

// The powers of two at which a small result, with its error terms, is a normal number, and a large one is
// finite before it is scaled back.
template <class T>
struct Exponents;
template <>
struct Exponents<float> {
  static constexpr float kUp = 0x1p64f, kDown = 0x1p-64f;              // for small results
  static constexpr float kShrink = 0x1p-32f, kGrow = 0x1p32f;          // for large ones
  static constexpr float kSquareMin = 0x1p-66f, kSquareMax = 0x1p77f;  // 1 / x^2 is infinity, 0 beyond
  static constexpr float kCubeMax = 0x1p44f;                           // y^3 / 2 is infinity beyond
};
template <>
struct Exponents<double> {
  static constexpr double kUp = 0x1p512, kDown = 0x1p-512;
  static constexpr double kShrink = 0x1p-256, kGrow = 0x1p256;
  static constexpr double kSquareMin = 0x1p-514, kSquareMax = 0x1p540;
  static constexpr double kCubeMax = 0x1p343;
};

// 1 / n^2 up, for a normalized n in [kSquareMin, kSquareMax].
template <class D, class N, class S>
HWY_INLINE auto InverseSquare(D d, const N& n, const S& up) {
  using V = Word<N>;
  const V y = Inverse(V(High(n)));
  V h = Remainder(y, High(n), hn::Set(d, 1.0f));
  if constexpr (kIsPair<N>) h = op::NegMulAdd(y, Low(n), h);
  return V(Round(TimesOnePlus(TwoProduct(y, op::Mul(y, up)), V(op::Add(h, h)))));
}

// -y^3 (1 + g) / 2, |y| <= kCubeMax. At the ends g may be NaN, and the plain product is the limit.
template <class D, class V, class G>
HWY_INLINE V NegativeHalfCube(D d, const V& y, const G& g) {
  using E = Exponents<Scalar<D>>;
  const auto small = op::Lt(op::Abs(y), hn::Set(d, 1.0f));
  const V scale = op::IfThenElse(small, hn::Set(d, E::kUp / 2), hn::Set(d, E::kShrink / 2));
  const V back = op::IfThenElse(small, hn::Set(d, -E::kDown), hn::Set(d, -E::kGrow));
  const V scaled = op::Mul(y, scale);
  const auto square = TwoProduct(y, y);
  const V cube = op::Mul(High(square), scaled);
  const V low = op::MulAdd(cube, g, op::Mul(Low(square), scaled));
  const V sum = MultiplyAdd(High(square), scaled, low);
  return op::Mul(op::IfThenElse(op::IsNaN(sum), cube, sum), back);
}

// y and h of 1 / sqrt(x) = y (1 + h / 2); h is NaN at 0 and infinity, where y is the limit.
template <class D, class V>
HWY_INLINE auto RsqrtSplit(D d, const V& x) {
  const auto one = hn::Set(d, 1.0f);
  const V y = op::Div(one, op::Sqrt(x));
  V factor = x, root = y;
  if constexpr (!HWY_NATIVE_FMA && !kIsFloat<D>) {
    // No splitting beyond 2^996, nor where the parts would be denormal: take 2^600 from one to the other.
    const auto one_up = op::Lt(x, one);
    factor = op::Mul(x, op::IfThenElse(one_up, hn::Set(d, 0x1p600), hn::Set(d, 0x1p-600)));
    root = op::Mul(y, op::IfThenElse(one_up, hn::Set(d, 0x1p-300), hn::Set(d, 0x1p300)));
  }
  const auto product = TwoProduct(factor, root);
  return MakePair(y, V(op::NegMulAdd(Low(product), root, Remainder(High(product), root, one))));
}

// reciprocal(x) = 1 / x.
template <class D, class V>
HWY_INLINE V Reciprocal(D d, const V& x) {
  return op::Div(hn::Set(d, 1.0f), x);
}

// reciprocal'(x) = -1 / x^2.
template <class D, class V>
HWY_INLINE V ReciprocalDerivative(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(
        d, x, [](auto d64, const auto& v) HWY_ATTR { return op::Div(hn::Set(d64, -1.0), op::Mul(v, v)); });
  } else {
    using E = Exponents<Scalar<D>>;
    const V a = AtMost(hn::Set(d, E::kSquareMax), AtLeast(hn::Set(d, E::kSquareMin), op::Abs(x)));
    const auto large = op::Gt(a, hn::Set(d, 1.0f));
    const V up = op::IfThenElse(large, hn::Set(d, E::kUp), hn::Set(d, E::kShrink));
    const V back = op::IfThenElse(large, hn::Set(d, -E::kDown), hn::Set(d, -E::kGrow));
    return op::Mul(InverseSquare(d, a, up), back);
  }
}

// reciprocal'(x) = -y^2.
template <class D, class V>
HWY_INLINE V ReciprocalDerivativeFromOutput(D, const V& y) {
  return op::Neg(op::Mul(y, y));
}

// sqrt(x).
template <class D, class V>
HWY_INLINE V Sqrt(D, const V& x) {
  return op::Sqrt(x);
}

// rsqrt(x) = 1 / sqrt(x).
template <class D, class V>
HWY_INLINE V Rsqrt(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x,
                    [](auto d64, const auto& v) HWY_ATTR { return op::Div(hn::Set(d64, 1.0), op::Sqrt(v)); });
  } else {
    const auto split = RsqrtSplit(d, x);
    const V y = High(split), h = Low(split);
    const V sum = op::MulAdd(op::Mul(y, hn::Set(d, 0.5f)), h, y);
    return op::IfThenElse(op::IsNaN(sum), y, sum);
  }
}

// sqrt'(x) = 1 / (2 sqrt(x)): never a denormal, so that halving is exact.
template <class D, class V>
HWY_INLINE V SqrtDerivative(D d, const V& x) {
  return op::Mul(Rsqrt(d, x), hn::Set(d, 0.5f));
}

// sqrt'(x) = 1 / (2 y).
template <class D, class V>
HWY_INLINE V SqrtDerivativeFromOutput(D d, const V& y) {
  return op::Div(hn::Set(d, 0.5f), y);
}

// rsqrt'(x) = -1 / (2 x sqrt(x)); -infinity at -0, too.
template <class D, class V>
HWY_INLINE V RsqrtDerivative(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR {
      return op::Div(hn::Set(d64, -0.5), op::Mul(v, op::Sqrt(v)));
    });
  } else {
    const auto split = RsqrtSplit(d, x);
    const V y = High(split), h = Low(split);
    const auto most = hn::Set(d, Exponents<Scalar<D>>::kCubeMax);
    return NegativeHalfCube(d, AtMost(most, op::Abs(y)), op::Mul(h, hn::Set(d, 1.5f)));
  }
}

// rsqrt'(x) = -y^3 / 2.
template <class D, class V>
HWY_INLINE V RsqrtDerivativeFromOutput(D d, const V& y) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, y, [](auto d64, const auto& v) HWY_ATTR {
      return op::Mul(op::Mul(v, v), op::Mul(v, hn::Set(d64, -0.5)));
    });
  } else {
    const auto most = hn::Set(d, Exponents<Scalar<D>>::kCubeMax);
    return NegativeHalfCube(d, AtMost(most, AtLeast(op::Neg(most), y)), hn::Zero(d));
  }
}

// ---- Softsign --------------------------------------------------------------------------------------------

// softsign(x) = x / (1 + |x|), which is 1 to less than half an ulp from 2^30 (f32) or 2^60 (f64) on.
template <class D, class V>
HWY_INLINE V Softsign(D d, const V& x) {
  const auto one = hn::Set(d, 1.0f);
  const V a = AtMost(hn::Set(d, Scalar<D>(kIsFloat<D> ? 0x1p30 : 0x1p60)), op::Abs(x));
  if constexpr (kInDouble<D>) {
    return WithSignOf(d, x, InDouble(d, a, [](auto d64, const auto& v) HWY_ATTR {
                        return op::Div(v, op::Add(v, hn::Set(d64, 1.0)));
                      }));
  } else {
    const auto sum = TwoSum(a, one);
    const V y = Inverse(V(High(sum)));
    const V quotient = op::Mul(a, y);
    const V rest = op::NegMulAdd(quotient, Low(sum), Remainder(quotient, High(sum), a));
    return WithSignOf(d, x, op::MulAdd(rest, y, quotient));
  }
}

// softsign'(x) = 1 / (1 + |x|)^2.
template <class D, class V>
HWY_INLINE V SoftsignDerivative(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR {
      const auto one = hn::Set(d64, 1.0);
      const auto sum = op::Add(op::Abs(v), one);
      return op::Div(one, op::Mul(sum, sum));
    });
  } else {
    using E = Exponents<Scalar<D>>;
    const V a = AtMost(hn::Set(d, E::kSquareMax), op::Abs(x));
    const auto sum = TwoSum(a, hn::Set(d, 1.0f));
    return op::Mul(InverseSquare(d, sum, hn::Set(d, E::kUp)), hn::Set(d, E::kDown));
  }
}

// softsign'(x) = (1 - |y|)^2, |y| <= 1: the rounding of 1 - |y| goes into the square.
template <class D, class V>
HWY_INLINE V SoftsignDerivativeFromOutput(D d, const V& y) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, y, [](auto d64, const auto& v) HWY_ATTR {
      const auto rest = op::Sub(hn::Set(d64, 1.0), op::Abs(v));
      return op::Mul(rest, rest);
    });
  } else {
    const auto rest = FastTwoSum(hn::Set(d, 1.0f), op::Neg(op::Abs(y)));
    const V high = High(rest);
    return MultiplyAdd(high, high, op::Mul(op::Add(high, high), Low(rest)));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_ARITHMETIC_INL_H_
