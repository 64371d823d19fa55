// Loops over one block of numbers: bounds, products and pairs that alternate; int8 and fp8 with a scale for
// each group of floats, the largest number of a group; 16-bit elements as floats. Which blocks go through
// which of them is decided where no vectors are (dispatch/gated.cc, dispatch/quantize.cc).

#if defined(SIMDACT_PIECES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_PIECES_INL_H_
#undef SIMDACT_PIECES_INL_H_
#else
#define SIMDACT_PIECES_INL_H_
#endif

#include "dispatch/pieces.h"
#include "kernels/drivers/half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// ---- Numbers -------------------------------------------------------------------------------------------

// y[i] = f(d, vectors of the inputs at i), whole vectors first.
template <class T, class F, class... In>
HWY_INLINE void Map(T* y, size_t n, const F& f, const In*... in) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(d, hn::LoadU(d, in + i)...), d, y + i);
  if (i < n) hn::StoreN(f(d, hn::LoadN(d, in + i, n - i)...), d, y + i, n - i);
}

// NaN stays NaN.
template <class D, class V>
HWY_INLINE V Bounded(D d, V v, const Bounds<hn::TFromD<D>>& to) {
  const V low = hn::Set(d, to.low), high = hn::Set(d, to.high);
  const V at_least = hn::IfThenElse(hn::Lt(v, low), low, v);
  return hn::IfThenElse(hn::Gt(at_least, high), high, at_least);
}
template <class T>
void BoundBlock(const T* x, const T* bias, T* y, size_t n, const Bounds<T>& to) {
  const auto f = [&](auto d, auto v, auto b)
                     HWY_ATTR { return hn::Add(Bounded(d, hn::Add(v, b), to), hn::Set(d, to.offset)); };
  Map(y, n, f, x, bias);
}
template <class T>
void MaskBlock(const T* x, const T* bias, T* y, size_t n, const Bounds<T>& bounds) {
  const auto f = [&](auto d, auto v, auto b, auto to) HWY_ATTR {
    const auto sum = hn::Add(v, b);
    const auto below = hn::Lt(sum, hn::Set(d, bounds.low)), above = hn::Gt(sum, hn::Set(d, bounds.high));
    return hn::IfThenZeroElse(hn::Or(below, above), to);
  };
  Map(y, n, f, x, bias, y);
}

template <class T>
void MultiplyBlock(const T* a, const T* b, T* y, size_t n) {
  Map(
      y, n, [](auto, auto v, auto w) HWY_ATTR { return hn::Mul(v, w); }, a, b);
}

template <class T>
void SplitBlock(const T* x, T* a, T* b, size_t n) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::Vec<decltype(d)> even, odd;
    hn::LoadInterleaved2(d, x + 2 * i, even, odd);
    hn::StoreU(even, d, a + i);
    hn::StoreU(odd, d, b + i);
  }
  for (; i < n; ++i) {  // x lies at any address
    hwy::CopyBytes<sizeof(T)>(x + 2 * i, a + i);
    hwy::CopyBytes<sizeof(T)>(x + 2 * i + 1, b + i);
  }
}
template <class T>
void JoinBlock(const T* a, const T* b, T* x, size_t n) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreInterleaved2(hn::LoadU(d, a + i), hn::LoadU(d, b + i), d, x + 2 * i);
  }
  for (; i < n; ++i) x[2 * i] = a[i], x[2 * i + 1] = b[i];
}

template <class T>
void AccumulateBlock(const T* x, double* sums, size_t n) {
#if HWY_HAVE_FLOAT64
  const hn::ScalableTag<double> d;
  const hn::Rebind<T, decltype(d)> from;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::LoadU(from, x + i);
    if constexpr (sizeof(T) == sizeof(double)) {
      hn::StoreU(hn::Add(hn::LoadU(d, sums + i), v), d, sums + i);
    } else {
      hn::StoreU(hn::Add(hn::LoadU(d, sums + i), hn::PromoteTo(d, v)), d, sums + i);
    }
  }
#else
  size_t i = 0;
#endif
  for (; i < n; ++i) sums[i] += static_cast<double>(x[i]);
}

template <class T>
constexpr NumberPieces<T> kNumberPieces = {&BoundBlock<T>, &MaskBlock<T>, &MultiplyBlock<T>,
                                           &SplitBlock<T>, &JoinBlock<T>, &AccumulateBlock<T>};

// ---- Bytes: Codes(v, ends) gives the byte of each lane as an integer, which then saturates to a Byte --

// Adding 1.5 2^23 rounds to an integer, which is left in the low bits. At +-512 the end of the range is
// passed, whatever the zero point.
template <class T>
struct IntegerBytes {
  using Byte = T;
  static HWY_INLINE hn::Vec<DI> Codes(hn::Vec<DF> v, const ByteEnds& ends) {
    const auto magic = hn::Set(DF(), 0x1.8p23f);
    const auto number = hn::IfThenElseZero(hn::Eq(v, v), v);  // NaN: the zero point
    const auto bounded = hn::Max(hn::Min(number, hn::Set(DF(), 512.0f)), hn::Set(DF(), -512.0f));
    const auto bits = hn::BitCast(DI(), hn::Add(bounded, magic));
    const int32_t zero = hwy::BitCastScalar<int32_t>(0x1.8p23f) - ends.zero_point;
    return hn::Sub(bits, hn::Set(DI(), zero));
  }
};

// Let 2^e be v's binade, at least that of the least normal number. Adding 2^(e + 23 - kBits) to |v| rounds it
// to kBits bits below the leading one; the sum's last bits are that number in units of 2^(e - kBits). A step
// of e is 2^kBits codes, and so codes are continuous through the denormals.
template <int kBits, int kLeastExponent>
struct FloatBytes {
  using Byte = uint8_t;
  static HWY_INLINE hn::Vec<DI> Codes(hn::Vec<DF> v, const ByteEnds& ends) {
    constexpr int32_t kLeastField = (127 + kLeastExponent) << 23;
    const auto magnitude = hn::Abs(v), bounded = hn::Min(magnitude, hn::Set(DF(), ends.largest));
    const auto at_least = hn::Max(bounded, hn::Set(DF(), hwy::BitCastScalar<float>(kLeastField)));
    const auto binade = hn::And(hn::BitCast(DI(), at_least), hn::Set(DI(), 0x7F800000));
    const auto anchor = hn::Add(binade, hn::Set(DI(), (23 - kBits) << 23));
    const auto sum = hn::BitCast(DI(), hn::Add(bounded, hn::BitCast(DF(), anchor)));
    const auto steps =
        hn::Sub(hn::ShiftRight<23 - kBits>(binade), hn::Set(DI(), kLeastField >> (23 - kBits)));
    const auto code = hn::Add(hn::Sub(sum, anchor), steps);
    const auto or_nan = hn::IfThenElse(hn::RebindMask(DI(), hn::IsNaN(v)), hn::Set(DI(), 0x7F), code);
    const auto sign = hn::ShiftLeft<7>(hn::ShiftRight<31>(hn::BitCast(DU(), v)));
    return hn::Or(or_nan, hn::BitCast(DI(), sign));
  }
};
using S8Bytes = IntegerBytes<int8_t>;
using U8Bytes = IntegerBytes<uint8_t>;
using E4M3Bytes = FloatBytes<3, -6>;
using E5M2Bytes = FloatBytes<2, -14>;

// q = the bytes of n numbers v = y r.
template <class Format>
HWY_INLINE void BytesOf(const float* y, uint8_t* q_bytes, size_t n, float r, const ByteEnds& ends) {
  using Byte = typename Format::Byte;
  Byte* q = reinterpret_cast<Byte*>(q_bytes);
  const auto factor = hn::Set(DF(), r);
  const size_t lanes = hn::Lanes(DF());
  size_t i = 0;
  if constexpr (!kSizeless && HWY_TARGET != HWY_SCALAR) {  // four vectors of codes are one of bytes
    const hn::Repartition<int16_t, DF> words;
    const hn::Repartition<Byte, DF> bytes;
    const auto codes = [&](size_t at) SIMDACT_LOOP_BODY {
      return Format::Codes(hn::Mul(hn::LoadU(DF(), y + at), factor), ends);
    };
    for (; n - i >= 4 * lanes; i += 4 * lanes) {
      const auto low = hn::OrderedDemote2To(words, codes(i), codes(i + lanes));
      const auto high = hn::OrderedDemote2To(words, codes(i + 2 * lanes), codes(i + 3 * lanes));
      hn::StoreU(hn::OrderedDemote2To(bytes, low, high), bytes, q + i);
    }
  }
  const hn::Rebind<Byte, DF> bytes;
  for (; i < n; i += lanes) {
    const auto v = hn::Mul(hn::LoadN(DF(), y + i, n - i), factor);
    hn::StoreN(hn::DemoteTo(bytes, Format::Codes(v, ends)), bytes, q + i, n - i);
  }
}

// The same for groups, each with its own r; the last may be short.
template <class Format>
void QuantizeBlock(const float* y, uint8_t* q, size_t n, const float* r, size_t group, const ByteEnds& ends) {
  for (size_t i = 0; i < n; i += group)
    BytesOf<Format>(y + i, q + i, HWY_MIN(group, n - i), r[i / group], ends);
}

// The largest finite magnitude of n numbers, 0 if there is none. Magnitudes are ordered as their bits are.
HWY_INLINE float LargestOf(const float* y, size_t n) {
  const size_t lanes = hn::Lanes(DF());
  const auto magnitude = hn::Set(DI(), 0x7FFFFFFF), infinity = hn::Set(DI(), 0x7F800000);
  auto any = hn::Zero(DI()), finite = hn::Zero(DI());
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    any = hn::Max(any, hn::And(hn::BitCast(DI(), hn::LoadU(DF(), y + i)), magnitude));
  }
  if (i < n) any = hn::Max(any, hn::And(hn::BitCast(DI(), hn::LoadN(DF(), y + i, n - i)), magnitude));
  if (HWY_LIKELY(hn::AllTrue(DI(), hn::Lt(any, infinity)))) {
    return hn::ReduceMax(DF(), hn::BitCast(DF(), any));
  }
  for (i = 0; i < n; i += lanes) {
    const auto bits = hn::And(hn::BitCast(DI(), hn::LoadN(DF(), y + i, n - i)), magnitude);
    finite = hn::Max(finite, hn::IfThenElseZero(hn::Lt(bits, infinity), bits));
  }
  return hn::ReduceMax(DF(), hn::BitCast(DF(), finite));
}
// largest[k] = at least that of group k.
void LargestBlock(const float* y, size_t n, size_t group, float* largest) {
  for (size_t i = 0; i < n; i += group) {
    largest[i / group] = HWY_MAX(largest[i / group], LargestOf(y + i, HWY_MIN(group, n - i)));
  }
}

// ---- 16 bits: the blocks that their kernels have ---------------------------------------------------------

#ifndef SIMDACT_NO_HALF
void WidenHalf(simdact_dtype dtype, const uint16_t* x, float* y, size_t n) {
  (dtype == SIMDACT_BF16 ? BlocksOf<Bf16>() : BlocksOf<F16>()).widen(x, y, n);
}
void RoundHalf(simdact_dtype dtype, const float* x, uint16_t* y, size_t n) {
  (dtype == SIMDACT_BF16 ? BlocksOf<Bf16>() : BlocksOf<F16>()).round(x, y, n);
}
#endif

constexpr Pieces kPieces = {
    kNumberPieces<float>,
#ifdef SIMDACT_NO_F64
    {},
#else
    kNumberPieces<double>,
#endif
    {&QuantizeBlock<S8Bytes>, &QuantizeBlock<U8Bytes>, &QuantizeBlock<E4M3Bytes>, &QuantizeBlock<E5M2Bytes>},
    &LargestBlock,
#ifdef SIMDACT_NO_HALF
    nullptr,
    nullptr,
#else
    &WidenHalf,
    &RoundHalf,
#endif
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_PIECES_INL_H_
