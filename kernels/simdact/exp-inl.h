// exp, in the forms that the activations are built from.
//
//   exp(x) = 2^n 2^(j/N) exp(r),   n N + j = round(x N / ln 2),   |r| <= ln(2) / (2 N)
//
// With fused multiply-add, T = 2^(j/N) comes from a table in registers: N = 16 entries on AVX-512 (one
// vpermps), N = 8 elsewhere. T is a float plus its relative rest, so that exp(x) = scale (1 + p) with p of at
// most 1/22: its rounding is lost in the last step, and p can be carried through sums and products as the low
// half of a pair.
//
// The exponent goes into T by one integer addition: the table holds T's bits less j << shift, and adding
// (n N + j) << shift cancels that. The magic number 1.5 * 2^23 / N, added to x / ln 2, leaves n N + j in the
// low bits of the sum; a bias on it moves the result away from the denormals, so that everything before the
// last multiplication by a power of two is normal and as fast as ordinary data.
//
// Without fused multiply-add, error-free products cost more than twice the width: there kernels compute in
// double (expm1 of degree 7, 2^-32.2 by tools/exp.py) and round once.
//
// Constants: tools/exp.py (Sollya's fpminimax).

#if defined(SIMDACT_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_EXP_INL_H_
#undef SIMDACT_EXP_INL_H_
#else
#define SIMDACT_EXP_INL_H_
#endif

#include "simdact/exp-tables.h"
#include "simdact/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

using PowerTable = ByTarget<Power16, Power8>;

// ln 2 = kLn2High + kLn2Low; the high word times a multiple of 1/16 up to 2^8 is exact inside an FMA.
constexpr float kLog2e = 0x1.715476p+0f;
constexpr float kLn2High = 0x1.62e43p-1f;
constexpr float kLn2Low = -0x1.05c61p-29f;

// For arguments that are exact.
struct NoLow {};

// exp(x + low) 2^kBias = scale (1 + p), for x + kBias ln 2 in [-87, 88]; low is the rounding error of x, or
// NoLow. NaN comes back in p; scale then is a number of no meaning.
template <int kBias, class D, class V, class Low>
HWY_INLINE void ExpSplit(D d, const V& x, const Low& low, V& scale, V& p) {
  const hn::RebindToSigned<D> di;
  constexpr float kMagic = 0x1.8p23f / PowerTable::kEntries;
  const auto magic = hn::Set(d, kMagic + kBias);
  const V t = op::MulAdd(x, hn::Set(d, kLog2e), magic);
  const V n = op::Sub(t, magic);
  V r = op::NegMulAdd(n, hn::Set(d, kLn2High), x);
  if constexpr (hwy::IsSame<Low, NoLow>()) {
    r = op::NegMulAdd(n, hn::Set(d, kLn2Low), r);
  } else {
    r = op::Add(r, op::NegMulAdd(n, hn::Set(d, kLn2Low), low));
  }

  const auto index = op::BitCast(di, t);
  const V rest = Lookup<PowerTable::kEntries>(d, PowerTable::kRest, index);
  const auto power = op::BitCast(di, Lookup<PowerTable::kEntries>(d, PowerTable::kBits, index));
  scale = op::BitCast(d, op::Add(power, op::ShiftLeft<PowerTable::kShift>(index)));

  // p = rest + r (1 + r (q0 + q1 r + ...))
  constexpr int kLast = static_cast<int>(sizeof(PowerTable::kQ) / sizeof(float)) - 1;
  V q = op::MulAdd(hn::Set(d, PowerTable::kQ[kLast]), r, hn::Set(d, PowerTable::kQ[kLast - 1]));
  if constexpr (kLast == 2) q = op::MulAdd(q, r, hn::Set(d, PowerTable::kQ[0]));
  q = op::MulAdd(q, r, hn::Set(d, 1.0f));
  p = op::MulAdd(q, r, rest);
}

// exp(x) - 1 = (scale - 1) + scale (r + b) for x in [-87, 88], with no table: near 0, where scale is 1, the
// rounding of a table entry would show. r + b is accurate to 2^-26 of r.
template <class D, class V>
HWY_INLINE void Expm1Split(D d, const V& x, V& scale, V& r, V& b) {
  const hn::RebindToSigned<D> di;
  const auto magic = hn::Set(d, 0x1.8p23f + 127.0f);
  const V t = op::MulAdd(x, hn::Set(d, kLog2e), magic);
  const V n = op::Sub(t, magic);
  r = op::NegMulAdd(n, hn::Set(d, kLn2Low), op::NegMulAdd(n, hn::Set(d, kLn2High), x));
  scale = op::BitCast(d, op::ShiftLeft<23>(op::BitCast(di, t)));

  V q = op::MulAdd(hn::Set(d, ExpTail::kQ[4]), r, hn::Set(d, ExpTail::kQ[3]));
  q = op::MulAdd(q, r, hn::Set(d, ExpTail::kQ[2]));
  q = op::MulAdd(q, r, hn::Set(d, ExpTail::kQ[1]));
  q = op::MulAdd(q, r, hn::Set(d, ExpTail::kQ[0]));
  b = op::Mul(op::Mul(r, r), q);
}

// The same in double for targets without FMA: exp(x) = scale (1 + p) to 2^-32, x in [-700, 700].
template <class D64, class V64>
HWY_INLINE void ExpSplitDouble(D64 d, V64 x, V64& scale, V64& p) {
  const hn::RebindToSigned<D64> di;
  const auto magic = hn::Set(d, 0x1.8p52 + 1023.0);
  const V64 t = op::Add(op::Mul(x, hn::Set(d, 0x1.71547652b82fep+0)), magic);
  const V64 n = op::Sub(t, magic);
  const V64 r = op::Sub(x, op::Mul(n, hn::Set(d, 0x1.62e42fefa39efp-1)));  // rounded: 2^-46 of 1 at most
  scale = op::BitCast(d, op::ShiftLeft<52>(op::BitCast(di, t)));
  V64 q = op::Add(op::Mul(r, hn::Set(d, ExpTail::kQDouble[5])), hn::Set(d, ExpTail::kQDouble[4]));
  for (int k = 3; k >= 0; --k) q = op::Add(op::Mul(q, r), hn::Set(d, ExpTail::kQDouble[k]));
  p = op::Add(r, op::Mul(op::Mul(r, r), q));
}
template <class D64, class V64>
HWY_INLINE V64 ExpDouble(D64 d, V64 x) {
  V64 scale, p;
  ExpSplitDouble(d, x, scale, p);
  return op::Add(scale, op::Mul(scale, p));
}
// exp(x) - 1, to 2^-32 of itself.
template <class D64, class V64>
HWY_INLINE V64 Expm1Double(D64 d, V64 x) {
  V64 scale, p;
  ExpSplitDouble(d, x, scale, p);
  return op::Add(op::Sub(scale, hn::Set(d, 1.0)), op::Mul(scale, p));
}

// Applies f(d64, v64), a function of doubles, to floats: each vector becomes two of doubles, which f works on
// in lockstep. (A single lane, as on the scalar target, becomes one.)
template <class D, class V, class F>
HWY_INLINE V InDouble(D d, const V& x, const F& f) {
  if constexpr (hn::MaxLanes(D()) == 1) {
    const hn::Rebind<double, D> d64;
    return op::DemoteTo(d, f(d64, op::PromoteTo(d64, x)));
  } else {
    const hn::Half<D> half;
    const hn::Rebind<double, hn::Half<D>> d64;
    constexpr size_t kCount = op::Width<V>::value == 0 ? 1 : op::Width<V>::value;
    Pack<hn::Vec<decltype(d64)>, 2 * kCount> wide;
    HWY_UNROLL(8)
    for (size_t u = 0; u < kCount; ++u) {
      wide.v[2 * u] = hn::PromoteTo(d64, hn::LowerHalf(half, op::At(x, u)));
      wide.v[2 * u + 1] = hn::PromoteTo(d64, hn::UpperHalf(half, op::At(x, u)));
    }
    wide = f(d64, wide);
    const auto narrow = [&](size_t u) HWY_ATTR {
      return hn::Combine(d, hn::DemoteTo(half, wide.v[2 * u + 1]), hn::DemoteTo(half, wide.v[2 * u]));
    };
    if constexpr (op::Width<V>::value == 0) {
      return narrow(0);
    } else {
      V result;
      HWY_UNROLL(8)
      for (size_t u = 0; u < kCount; ++u) result.v[u] = narrow(u);
      return result;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_EXP_INL_H_
