// Gradients of bf16 and f16 from the output, where f' is a sum of two terms of few bits.
//
// exp' = y, expm1' = 1 + y (and elu', celu' below 0), sigmoid' = y - y^2, tanh' = 1 - y^2. Numbers of 16 bits
// have 8 or 11 digits and their squares are floats, so that the slope is s + e, exactly, by one TwoSum. Then
//
//   dx = p + r,  p = s dy rounded,  r = (s dy - p) + e dy,
//
// and r is what p lacks, or has its sign: s dy - p is exact, one FMA adds e dy. Rounding p to odd by r
// (direct-inl.h) and then to 16 bits rounds dx once. It takes an r below 1 unit in p's last place. Of f16
// y - y^2 may leave half a unit of s in e, and that may be a whole one of p; but there y dy is a float, and
// so is 1 - y for y >= 0, and p + r is their product. Without FMA s dy - p takes long. There y dy, and of
// bf16 y^2 dy, are floats, and p + r is a sum or difference of two.
//
// Doubts, in the way of other ops, are the rule here: short numbers meet midpoints. Holds for |y| from 2^-30
// to 1 (2^30 where there is no square) and |dy| from 2^-60 to 2^60: nothing underflows, and doubles, which
// settle the rest, give the same. A block with other numbers goes the other way.

#if defined(SIMDACT_HALF_OUTPUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_HALF_OUTPUT_INL_H_
#undef SIMDACT_HALF_OUTPUT_INL_H_
#else
#define SIMDACT_HALF_OUTPUT_INL_H_
#endif

#include "kernels/drivers/half-blocks-inl.h"
#include "kernels/drivers/half-direct-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// (s + e) dy rounded to odd.
HWY_INLINE hn::Vec<DF> ProductToOdd(hn::Vec<DF> s, hn::Vec<DF> e, hn::Vec<DF> dy) {
  const auto product = TwoProduct(s, dy);
  return RoundedToOdd(DF(), hn::Vec<DF>(High(product)), hn::Vec<DF>(MultiplyAdd(e, dy, Low(product))));
}

// (1 + y) dy rounded to odd.
HWY_INLINE hn::Vec<DF> OnePlusTimes(hn::Vec<DF> y, hn::Vec<DF> dy) {
  using V = hn::Vec<DF>;
  const V one = hn::Set(DF(), 1.0f);
  if constexpr (HWY_NATIVE_FMA) {
    const auto slope = TwoSum(y, one);
    return ProductToOdd(High(slope), Low(slope), dy);
  } else {
    const auto sum = TwoSum(dy, V(hn::Mul(y, dy)));
    const V p = High(sum), zero = hn::Mul(hn::Add(y, one), dy);  // has the sign of a product
    return RoundedToOdd(DF(), hn::IfThenElse(hn::Eq(p, hn::Zero(DF())), zero, p), V(Low(sum)));
  }
}

// (a - y^2) dy rounded to odd, where a is 1 or y, and |a| is not less than y^2.
HWY_INLINE hn::Vec<DF> LessSquareTimes(hn::Vec<DF> a, hn::Vec<DF> y, hn::Vec<DF> dy) {
  using V = hn::Vec<DF>;
  const V square = hn::Mul(y, y);
  if constexpr (HWY_NATIVE_FMA) {
    const V s = hn::Sub(a, square);
    return ProductToOdd(s, hn::Sub(hn::Sub(a, s), square), dy);
  } else {
    const V term = hn::Mul(a, dy), taken = hn::Mul(square, dy), p = hn::Sub(term, taken);
    const V signed_p = hn::Or(p, hn::And(term, hn::Set(DF(), -0.0f)));  // a zero, too
    return RoundedToOdd(DF(), signed_p, hn::Sub(hn::Sub(term, p), taken));
  }
}

// Whether all of y are from 0 to most, given as bits; -0 is not.
inline bool AllFromZero(const uint16_t* y, size_t n, uint16_t most) {
  const hn::ScalableTag<uint16_t> d;
  const size_t lanes = hn::Lanes(d);
  auto largest = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) largest = hn::Max(largest, hn::LoadU(d, y + i));
  if (i < n) largest = hn::Max(largest, hn::LoadN(d, y + i, n - i));
  return hn::AllTrue(d, hn::Le(largest, hn::Set(d, most)));
}

template <class Format>
struct FromOutput {
  using V = hn::Vec<DF>;
  static constexpr bool kIsF16 = hwy::IsSame<Format, F16>();
  static constexpr uint16_t kOne = Format::kSignificandBits == 7 ? 0x3F80 : 0x3C00;
  // f16 has nothing outside 2^-30 and 2^30.
  static constexpr uint16_t kLeastY = Format::kSignificandBits == 7 ? 0x3080 : Format::kSmall;
  static constexpr uint16_t kMostY = Format::kSignificandBits == 7 ? 0x4E80 : Format::kLarge;

  template <class Gradient>
  static HWY_INLINE void Apply(const Gradient& gradient, const uint16_t* y, const uint16_t* dy, uint16_t* dx,
                               size_t n) {
    HWY_NAMESPACE::Apply<Format, Ending::kRoundNumbers>(n, dx, gradient, y, dy);
  }
  static void Output(const uint16_t* y, const uint16_t* dy, uint16_t* dx, size_t n) {
    Apply([](V v, V upstream) SIMDACT_LOOP_BODY { return hn::Mul(v, upstream); }, y, dy, dx, n);
  }
  // 1 + y, and 1 above 0 if it ends there.
  static void OnePlus(bool ends, const uint16_t* y, const uint16_t* dy, uint16_t* dx, size_t n) {
    const float end = ends ? 0.0f : 0x1p100f;
    const auto gradient = [end](V v, V upstream) SIMDACT_LOOP_BODY {
      const V inside = OnePlusTimes(v, upstream);
      return hn::IfThenElse(hn::Gt(v, hn::Set(DF(), end)), upstream, inside);
    };
    Apply(gradient, y, dy, dx, n);
  }
  static void LessSquare(const uint16_t* y, const uint16_t* dy, uint16_t* dx, size_t n) {
    const auto gradient = [](V v, V upstream) SIMDACT_LOOP_BODY {
      if constexpr (kIsF16) {
        const auto product = TwoProduct(V(hn::Mul(v, upstream)), V(hn::Sub(hn::Set(DF(), 1.0f), v)));
        return RoundedToOdd(DF(), V(High(product)), V(Low(product)));
      } else {
        return LessSquareTimes(v, v, upstream);
      }
    };
    Apply(gradient, y, dy, dx, n);
  }
  static void OneLessSquare(const uint16_t* y, const uint16_t* dy, uint16_t* dx, size_t n) {
    const auto gradient = [](V v, V upstream)
                              SIMDACT_LOOP_BODY { return LessSquareTimes(hn::Set(DF(), 1.0f), v, upstream); };
    Apply(gradient, y, dy, dx, n);
  }
};

template <class Format>
void HalfFromOutput(OutputSlope slope, BackwardKernel with_float, BackwardKernel with_double,
                    const uint16_t* y, const uint16_t* dy, uint16_t* dx, size_t n, simdact_params p) {
  using From = FromOutput<Format>;
  constexpr bool kSquares = HWY_NATIVE_FMA || hwy::IsSame<Format, Bf16>();
  const bool square = slope == OutputSlope::kLessSquare || slope == OutputSlope::kOneLessSquare;
  const bool nonnegative = From::kIsF16 && slope == OutputSlope::kLessSquare;
  const uint16_t most = square ? From::kOne : From::kMostY;
  for (size_t i = 0; i < n; i += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - i);
    const uint16_t *from = y + i, *from_dy = dy + i;
    if ((square && !kSquares) ||
        !(nonnegative ? AllFromZero(from, size, most) : AllWithin(from, size, From::kLeastY, most)) ||
        !AllWithin(from_dy, size, Format::kSmall, Format::kLarge)) {
      HalfBackward<Format>(with_float, with_double, from, from_dy, dx + i, size, p);
    } else if (slope == OutputSlope::kOutput) {
      From::Output(from, from_dy, dx + i, size);
    } else if (slope == OutputSlope::kLessSquare) {
      From::LessSquare(from, from_dy, dx + i, size);
    } else if (slope == OutputSlope::kOneLessSquare) {
      From::OneLessSquare(from, from_dy, dx + i, size);
    } else {
      From::OnePlus(slope == OutputSlope::kOnePlusBelow0, from, from_dy, dx + i, size);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_HALF_OUTPUT_INL_H_
