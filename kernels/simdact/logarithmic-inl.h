// log, log1p, pow, and what is log1p(exp) of its input: softplus, log_sigmoid.
//
// softplus(x) = max(x, 0) + log1p(exp(-|beta x|)) / beta. For floats log1p(u) = u G with u = exp(-a), and
// G(a) a table (tools/constants/exponential.py) that rises from ln 2 to 1; u G / beta is kept as a pair until
// it has been added to x. For doubles G is a table by u. log_sigmoid(x) = -softplus(-x).
//
// pow(x, c) = exp(c log |x|), with log to 2^-64 because c log |x| reaches 745.

#if defined(SIMDACT_LOGARITHMIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_LOGARITHMIC_INL_H_
#undef SIMDACT_LOGARITHMIC_INL_H_
#else
#define SIMDACT_LOGARITHMIC_INL_H_
#endif

#include "simdact/detail/log-inl.h"
#include "simdact/detail/piecewise-double-inl.h"
#include "simdact/detail/tables/exponential.h"
#include "simdact/exponential-inl.h"
#include "simdact/fast-logarithmic-inl.h"
#include "simdact/logistic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

constexpr size_t kLogVectors = Lockstep(6, 2);
constexpr size_t kLogDerivativeVectors = Lockstep(4, 4);
constexpr PackSizes kLog1pVectors = {Lockstep(4, 2), LockstepOfDoubles(4, 3, 3)};
constexpr size_t kLog1pDerivativeVectors = Lockstep(4, 2);
constexpr size_t kPowVectors = Lockstep(2, 2);
constexpr size_t kPowDerivativeVectors = Lockstep(2, 2);
constexpr PackSizes kSoftplusVectors = {Lockstep(4, 2), LockstepOfDoubles(6, 4, 4)};
constexpr size_t kSoftplusDerivativeVectors = Lockstep(6, 2);
constexpr PackSizes kLogSigmoidVectors = {Lockstep(6, 2), LockstepOfDoubles(6, 4, 4)};
constexpr size_t kLogSigmoidDerivativeVectors = Lockstep(8, 3);

// Whether the real number a factor is above c, for a c whose last bit times factor's is a normal number.
// (Without FMA the error terms of huge products are NaN.)
template <class D, class V>
HWY_INLINE auto ProductExceeds(D d, const V& a, Scalar<D> factor, Scalar<D> c) {
  if (c == 0) factor = factor < 0 ? Scalar<D>(-1) : Scalar<D>(1);  // the product may underflow
  const auto b = hn::Set(d, factor), limit = hn::Set(d, c);
  if (factor == 1) return op::Lt(limit, a);
  V left = Remainder(a, b, limit);
  if constexpr (!HWY_NATIVE_FMA)
    left = op::IfThenElse(op::Eq(left, left), left, op::Sub(limit, op::Mul(a, b)));
  return op::Lt(left, hn::Zero(d));
}

// log(x), NaN below 0.
template <class D, class V>
HWY_INLINE V Log(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR {
      return LogAtEnds(d64, v, hn::Zero(d64), PlainLog(d64, v));
    });
  } else {
    if constexpr (kIsFloat<D>) {
      return LogFloat(d, x);
    } else {
      return LogAtEnds(d, x, hn::Zero(d), V(Round(LogPair<false>(d, x))));
    }
  }
}
template <class D, class V>
HWY_INLINE V LogDerivative(D d, const V& x) {
  return op::Div(hn::Set(d, Scalar<D>(1)), x);
}

// log1p(x) = log(1 + x), NaN below -1.
template <class D, class V>
HWY_INLINE V Log1p(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR {
      return LogAtEnds(d64, v, hn::Set(d64, -1.0), PlainLog1p(d64, v));
    });
  } else {
    if constexpr (kIsFloat<D>) {
      return Log1pFloat(d, x);
    } else {
      const V log = op::IfThenElse(op::Lt(op::Abs(x), hn::Set(d, 0x1p-55)), x, Round(Log1pPair(d, x)));
      return LogAtEnds(d, x, hn::Set(d, -1.0), log);
    }
  }
}
// 1 / (1 + x), with the rounding of the sum made good.
template <class D, class V>
HWY_INLINE V Log1pDerivative(D d, const V& x) {
  const auto one = hn::Set(d, Scalar<D>(1));
  const auto sum = TwoSum(x, one);
  const V y = op::Div(one, High(sum));
  const V fixed = op::MulAdd(y, op::NegMulAdd(y, Low(sum), Remainder(y, High(sum), one)), y);
  return op::IfThenElse(op::Eq(fixed, fixed), fixed, y);  // at -1 and infinity there is nothing to mend
}

// Where a number stands among the integers. From 2^53 on, infinity included, all doubles are even.
enum class Parity { kNone, kEven, kOdd };
constexpr Parity ParityOf(double c) {
  if (c != c) return Parity::kNone;
  if (c >= 0x1p53 || c <= -0x1p53) return Parity::kEven;
  const int64_t whole = static_cast<int64_t>(c);
  if (static_cast<double>(whole) != c) return Parity::kNone;
  return (whole & 1) != 0 ? Parity::kOdd : Parity::kEven;
}
// No number but 1 has another power than 0 and infinity from here on; products stay finite.
constexpr double kPowerEnd = 0x1p70;
constexpr double BoundedPower(double c) {
  return c > kPowerEnd ? kPowerEnd : c < -kPowerEnd ? -kPowerEnd : c;
}

template <class D, class V>
HWY_INLINE V FastLog1pDerivative(D d, const V& x) {
  return Log1pDerivative(d, x);
}

// factor |x|^c for any x and a constant c + c_low up to kPowerEnd, with the sign of an odd integer power, and
// pow's answers at 0 and infinity.
template <class D, class V>
HWY_INLINE V PowAt(D d, const V& x, double c, double c_low, double factor, Parity parity) {
  const auto zero = hn::Zero(d), inf = hn::Inf(d), times = hn::Set(d, factor);
  if (c == 0 && c_low == 0) return op::IfThenElse(op::Eq(x, x), hn::Set(d, factor), x);
  const V a = op::Abs(x);
  const auto z = Product(LogPair<true>(d, a), Constant(d, c, c_low));
  // Far outside of the range of exp the low word has no meaning.
  const V low = op::IfThenElseZero(op::Lt(op::Abs(High(z)), hn::Set(d, 1000.0)), Low(z));
  V y = ExpTimes(d, WithLow(z, low), times);
  y = op::IfThenElse(op::Eq(a, zero), op::Mul(times, c > 0 ? zero : inf), y);
  y = op::IfThenElse(op::Eq(a, inf), op::Mul(times, c > 0 ? inf : zero), y);
  y = op::IfThenElse(op::Eq(x, x), y, x);
  if (parity == Parity::kOdd) return op::Xor(y, op::And(x, hn::SignBit(d)));
  if (parity == Parity::kEven) return y;
  return op::IfThenElse(op::And(op::Lt(x, zero), op::Lt(a, inf)), QuietNan(d), y);
}

// pow(x) = x^exponent.
template <class T>
constexpr bool OrdinaryPow(T) {
  return true;
}
template <class D, class V>
HWY_INLINE V Pow(D d, const V& x, Scalar<D> exponent) {
  if (exponent == 1) return x;
  if (exponent == 2) return op::Mul(x, x);
  if (exponent == -1) return op::Div(hn::Set(d, Scalar<D>(1)), x);
  if constexpr (kIsFloat<D>) {
    return InDouble(d, x,
                    [exponent](auto d64, const auto& v) HWY_ATTR { return Pow(d64, v, double{exponent}); });
  } else {
    return PowAt(d, x, BoundedPower(exponent), 0.0, 1.0, ParityOf(exponent));
  }
}
// exponent x^(exponent - 1), where exponent - 1 may need a pair.
template <class D, class V>
HWY_INLINE V PowDerivative(D d, const V& x, Scalar<D> exponent) {
  if (exponent == 2) return op::Add(x, x);
  if constexpr (kIsFloat<D>) {
    return InDouble(d, x, [exponent](auto d64, const auto& v) HWY_ATTR {
      return PowDerivative(d64, v, double{exponent});
    });
  } else {
    if (exponent == 0) return op::IfThenElse(op::Eq(x, x), hn::Zero(d), x);
    const Parity parity = ParityOf(exponent);
    const Parity other = parity == Parity::kEven  ? Parity::kOdd
                         : parity == Parity::kOdd ? Parity::kEven
                                                  : Parity::kNone;
    if (exponent > -0x1p-100 && exponent < 0x1p-100) {  // exponent / x
      const V y = op::Div(hn::Set(d, exponent), op::Abs(x));
      const auto left = op::And(op::Lt(x, hn::Zero(d)), op::Gt(x, op::Neg(hn::Inf(d))));
      return op::IfThenElse(left, QuietNan(d), y);
    }
    const double bounded = BoundedPower(exponent);
    const double less = bounded - 1, less_low = (bounded - (less + 1)) + ((less + 1) - less - 1);
    const V y = PowAt(d, x, less, less_low, bounded, other);
    if (bounded == exponent) return y;
    return op::IfThenElse(op::Eq(op::Abs(x), hn::Set(d, 1.0)), op::Mul(x, hn::Set(d, exponent)), y);
  }
}

// log1p(exp(-a)) at 2^kTailBias of its size, for floats a >= 0.
template <class D, class V>
HWY_INLINE Pair<V> SoftplusTail(D d, const V& a) {
  using Table = ByTarget<LogRatio32, LogRatio8>;
  const auto end = hn::Set(d, 15.0f / Table::kScale - 0x1p-10f);  // from here on the ratio is 1 to 2^-26
  const auto power = ExpSplit<kTailBias<D>>(d, V(op::Neg(a)));
  return TimesPower(PiecewisePair<Table>(d, V(AtMost(end, a))), power);
}
// The same of beta a, over beta. 1 / beta may lift the tail by 2^60, so exp goes as far down as 2^-225.
template <class D, class V>
HWY_INLINE Pair<V> SoftplusTail(D d, const V& a, float beta) {
  using Table = ByTarget<LogRatio32, LogRatio8>;
  const auto end = hn::Set(d, 15.0f / Table::kScale - 0x1p-10f);
  const auto exponent = TwoProduct(hn::Set(d, -beta), a);
  const auto power = ExpSplit<100>(d, exponent);
  const auto ratio = PiecewisePair<Table>(d, V(AtMost(end, V(op::Neg(High(exponent))))));
  const double inverse = PowerOfTwo<double>(kTailBias<D> - 100) / beta;
  const float rounded = static_cast<float>(inverse);
  const auto scale = Product(V(Scale(power)), Constant(d, rounded, static_cast<float>(inverse - rounded)));
  return TimesOnePlus(Product(scale, ratio), V(Excess(power)));
}

// log(1 + exp(beta x)) / beta for beta > 0, where beta x is below 30; in floats, the terms are added at 2^62
// of their size, which keeps them and their errors normal.
template <class D, class V>
HWY_INLINE V SoftplusBelow30(D d, const V& from, float beta) {
  const V x = MovedOffZero(d, from, 1 / beta), size = op::Abs(x);
  const auto add = [&](const Pair<V>& tail, bool deep) SIMDACT_FORMULA {
    const V ramp = op::Mul(AtLeast(hn::Zero(d), x), hn::Set(d, 1 / kTailUnit<D>));
    return TakeOff<kTailBias<D>>(d, deep, V(Round(SumOfPositive(ramp, tail))));
  };
  bool deep;
  if (beta == 1.0f) {
    const V a = BoundedAbove(d, size, 104.5f, 87.0f, deep);  // exp(-104.5) < 2^-150
    return add(SoftplusTail(d, a), deep);
  } else {
    const V a = BoundedAbove(d, size, 156.0f / beta, (beta <= 1 ? 87.0f : 40.0f) / beta, deep);
    return add(SoftplusTail(d, a, beta), deep);
  }
}

// The same for doubles: u = exp(-|beta x|) at 2^200 of its size, and log1p(u) = u G(u), G a table by u.
template <class D, class V>
HWY_INLINE V SoftplusWide(D d, const V& x, double beta) {
  constexpr int kBias = kTailBias<D>;
  using Table = ByTarget<LogRatioDouble16, LogRatioDouble64>;
  const auto unit = hn::Set(d, kTailUnit<D>);
  const V bounded = AtMost(hn::Set(d, 830.0 / beta), op::Abs(x));
  const auto u = ExpPair<kBias>(d, Negated(TwoProduct(bounded, hn::Set(d, beta))));
  auto log = Product(u, PiecewiseDoubleSum<Table>(d, V(op::Mul(High(u), unit))));
  if (beta != 1) log = Product(log, InverseOf(d, beta));
  const auto tail = Normalized(log);
  const auto sum = TwoSum(x, V(op::Mul(High(tail), unit)));
  const V above = op::Add(High(sum), op::MulAdd(Low(tail), unit, Low(sum)));
  return op::IfThenElse(op::Gt(x, hn::Zero(d)), above, op::Mul(Round(tail), unit));
}

// log(1 + exp(beta x)) / beta for beta > 0: beyond beta x = threshold, which is at most 30, x.
template <class D, class V>
HWY_INLINE V SoftplusAt(D d, const V& x, Scalar<D> beta, Scalar<D> threshold) {
  const Scalar<D> end =
      kIsFloat<D> ? Scalar<D>(30) : Scalar<D>(50);  // log1p(exp(-end)) is less than half an ulp
  const Scalar<D> least = threshold < end ? threshold : end;
  const auto linear = ProductExceeds(d, x, beta, least);
  V softplus;
  if constexpr (kIsFloat<D>) {
    softplus = SoftplusBelow30(d, x, beta);
  } else {
    softplus = SoftplusWide(d, x, beta);
  }
  return op::IfThenElse(linear, x, softplus);
}

// softplus(x) = beta x > threshold ? x : log(1 + exp(beta x)) / beta. Odd in beta and x together, so a
// negative beta mirrors both.
template <class T>
constexpr bool OrdinarySoftplus(T beta, T threshold) {
  constexpr bool kFloat = sizeof(T) == sizeof(float);
  return InRange(beta, kFloat ? 0x1p-60 : 0x1p-100, kFloat ? 0x1p40 : 0x1p500) &&
         (threshold == 0 || (threshold > 0 && !IsFinite(threshold)) ||
          InRange(threshold, kFloat ? 0x1p-60 : 0x1p-900, kFloat ? 0x1p100 : 0x1p900));
}
template <class D, class V>
HWY_INLINE V Softplus(D d, const V& x, Scalar<D> beta, Scalar<D> threshold) {
  if (HWY_UNLIKELY(!OrdinarySoftplus(beta, threshold))) {
    return EachLane(
        d, x, [beta, threshold](Scalar<D> v) HWY_ATTR { return general::Softplus(v, beta, threshold); });
  }
  if constexpr (kInDouble<D>) {
    const Scalar<D> size = beta < 0 ? -beta : beta;
    const V from = beta < 0 ? V(op::Neg(x)) : x;
    const V y = InDouble(d, from, [size, threshold](auto d64, const auto& v) HWY_ATTR {
      const auto curve = FastSoftplus(d64, v, double{size}, double{threshold});
      if (threshold >= 20) return curve;
      const auto linear = op::Gt(op::Mul(v, hn::Set(d64, double{size})), hn::Set(d64, double{threshold}));
      return op::IfThenElse(linear, v, curve);
    });
    return beta < 0 ? V(op::Neg(y)) : y;
  } else {
    return beta < 0 ? op::Neg(SoftplusAt(d, V(op::Neg(x)), -beta, threshold))
                    : SoftplusAt(d, x, beta, threshold);
  }
}

// softplus'(x) = beta x > threshold ? 1 : sigmoid(beta x).
template <class D, class V, class U>
HWY_INLINE V SoftplusDerivative(D d, const V& x, Scalar<D> beta, Scalar<D> threshold, const U& dy) {
  if (HWY_UNLIKELY(!OrdinarySoftplus(beta, threshold))) {
    return TimesUpstream(EachLane(d, x,
                                  [beta, threshold](Scalar<D> v)
                                      HWY_ATTR { return general::SoftplusDerivative(v, beta, threshold); }),
                         dy);
  }
  if constexpr (kInDouble<D>) {
    const V slope = InDouble(d, x, [beta, threshold](auto d64, const auto& v) HWY_ATTR {
      const auto sigmoid = FastSigmoidOf(d64, v, FastRate<double>(-double{beta}));
      const auto linear = ProductExceeds(d64, v, double{beta}, double{threshold});
      return op::IfThenElse(linear, hn::Set(d64, 1.0), sigmoid);
    });
    return TimesUpstream(d, slope, dy);
  } else {
    const auto linear = ProductExceeds(d, x, beta, threshold);
    const auto end = hn::Set(d, kLogisticEnd<D> / (beta < 0 ? -beta : beta));
    const V bounded = MovedOffZero(d, V(AtMost(end, AtLeast(op::Neg(end), x))), 1 / beta);
    const auto z = TwoProduct(bounded, hn::Set(d, -beta));
    const V high = op::IfThenElse(linear, hn::Set(d, Scalar<D>(-40)), High(z));  // sigmoid(40) is 1
    return OneOverOnePlusExp(d, MakePair(high, V(op::IfThenZeroElse(linear, Low(z)))), dy);
  }
}
// log(1 + exp(t)) to 2^-51 of itself, for the one t that a call has.
HWY_INLINE double SoftplusOfThreshold(double t) {
  const double a = t < 0 ? -t : t, bounded = a < 760 ? a : 760;
  // u = exp(-a) = 2^-n exp(-r)
  const double n = (bounded * ExpDouble::kLog2e + 0x1.8p52) - 0x1.8p52;
  const double r = (bounded - n * ExpDouble::kLn2High) - n * ExpDouble::kLn2Low;
  double e = 1;
  for (int k = 14; k >= 1; --k) e = 1 - r * (1.0 / k) * e;
  const auto half = static_cast<int64_t>(n) / 2, rest = static_cast<int64_t>(n) - half;
  const double u =
      e * hwy::BitCastScalar<double>((1023 - half) << 52) * hwy::BitCastScalar<double>((1023 - rest) << 52);
  // log(1 + u) = 2 atanh(u / (2 + u))
  const double z = u / (2 + u), square = z * z;
  double sum = 0;
  for (int k = 35; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return (t < 0 ? 0 : t) + 2 * z * sum;
}

// The least double y from `from` on with beta y >= threshold + rest, for y next to that (Dekker's product).
HWY_INLINE double LeastAbove(double from, double beta, double threshold, double rest) {
  const auto upper = [](double v) { return v * 134217729.0 - (v * 134217729.0 - v); };
  for (int steps = 0; steps < 16; ++steps) {
    const double y_high = upper(from), y_low = from - y_high, b_high = upper(beta), b_low = beta - b_high;
    const double product = from * beta;
    const double error = ((y_high * b_high - product) + y_high * b_low + y_low * b_high) + y_low * b_low;
    if ((product - threshold) + error >= rest) break;
    from = hwy::BitCastScalar<double>(hwy::BitCastScalar<uint64_t>(from) + 1);
  }
  return from;
}

// The largest y that softplus has below its threshold, log(1 + exp(threshold)) / beta, rounded up, for
// beta > 0. (Doubles with a threshold that is not positive, or out of the ordinary: by 2^-50 of itself, for
// what was rounded on the way.)
template <class T>
HWY_INLINE T LargestOfCurve(T beta, T threshold) {
  const double end = SoftplusOfThreshold(double{threshold}) / double{beta};
  if constexpr (sizeof(T) == sizeof(double)) {
    if (threshold > 0x1p-10 && threshold < 700 && beta > 0x1p-400 && beta < 0x1p400)
      return LeastAbove(end - end * 0x1p-50, beta, threshold, SoftplusOfThreshold(-double{threshold}));
    return end + end * 0x1.8p-51;
  } else {
    if (!(end < double{hwy::HighestValue<float>()}))
      return end == end ? hwy::HighestValue<float>() : threshold;
    const float rounded = static_cast<float>(end);
    return double{rounded} < end ? hwy::BitCastScalar<float>(hwy::BitCastScalar<uint32_t>(rounded) + 1)
                                 : rounded;
  }
}

// 1 - exp(-beta y) for doubles; +0 at zeros.
template <class D, class V>
HWY_INLINE V OneLessExp(D d, const V& y, double beta) {
  const auto product = TwoProduct(y, hn::Set(d, -beta));
  const V z = High(product), error = Low(product);
  const V bounded = AtMost(hn::Set(d, 700.0), AtLeast(hn::Set(d, -50.0), z));
  // NaN at infinity, and without FMA beyond 2^996.
  const V low = op::IfThenElseZero(op::Lt(op::Abs(error), hn::Set(d, 1.0)), error);
  const V m = Round(Expm1Pair<0>(d, MakePair(bounded, low)));
  // For tiny z it is beta y, whose error may be denormal.
  const V less = op::IfThenElse(op::Lt(op::Abs(z), hn::Set(d, 0x1p-60)), z, m);
  return op::Sub(hn::Zero(d), less);
}

// softplus'(x) = beta y > log(1 + exp(threshold)) ? 1 : 1 - exp(-beta y). Below a threshold that is negative,
// outputs are positive, so that those that are not come from above. beta = 0 and infinity are limits.
template <class D, class V>
HWY_INLINE V SoftplusDerivativeFromOutput(D d, const V& y, Scalar<D> beta, Scalar<D> threshold) {
  using T = Scalar<D>;
  const T most = hwy::HighestValue<T>();
  if (beta == 0) {
    const T slope = threshold < 0 ? T(1) : threshold == threshold ? T(0.5) : threshold;
    return op::IfThenElse(op::Eq(y, y), hn::Set(d, slope), y);
  }
  const T finite = threshold != threshold ? threshold : beta > most ? most : beta < -most ? -most : beta;
  const T size = beta < 0 ? -finite : finite;
  const V outward = op::Xor(y, hn::Set(d, beta < 0 ? T(-0.0) : T(0)));
  V slope;
  if constexpr (kIsFloat<D>) {
    slope = InDoubleOneByOne<kWide>(d, y, [finite](auto d64, const auto& v) SIMDACT_FORMULA {
      return OneLessExp(d64, v, double{finite});
    });
  } else {
    slope = OneLessExp(d, y, finite);
  }
  // Where the curve ends takes its time, and is asked for beyond the threshold only.
  const T least = threshold > 0 ? threshold / size * T(0.999) : T(0);
  if (HWY_UNLIKELY(!NoLaneOf(d, op::Gt(outward, hn::Set(d, least))))) {
    const auto above = op::Gt(outward, hn::Set(d, LargestOfCurve(size, threshold)));
    slope = op::IfThenElse(above, hn::Set(d, T(1)), slope);
  }
  if (threshold < 0) return op::IfThenElse(op::Lt(outward, hn::Zero(d)), hn::Set(d, T(1)), slope);
  return slope;
}

// log_sigmoid(x) = -softplus(-x).
template <class D, class V>
HWY_INLINE V LogSigmoid(D d, const V& x) {
  if constexpr (kInDouble<D>) {
    return InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastLogSigmoid(d64, v); });
  } else {
    return op::Neg(SoftplusAt(d, V(op::Neg(x)), Scalar<D>(1), Scalar<D>(100)));
  }
}
template <class D, class V, class U = NoUpstream>
HWY_INLINE V LogSigmoidDerivative(D d, const V& x, const U& dy = U()) {
  if constexpr (kInDouble<D>) {
    const V slope =
        InDouble(d, x, [](auto d64, const auto& v) HWY_ATTR { return FastLogSigmoidDerivative(d64, v); });
    return TimesUpstream(d, slope, dy);
  } else {
    return OneOverOnePlusExp(d, MovedOffZero(d, x), dy);
  }
}
// 1 - exp(y), y <= 0.
template <class D, class V>
HWY_INLINE V LogSigmoidDerivativeFromOutput(D d, const V& y) {
  return op::Neg(Expm1(d, y));
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_LOGARITHMIC_INL_H_
