// bf16 and f16: correctly rounded results from the kernels for float and double (Ziv's strategy).
//
// A block of 16-bit inputs is widened to floats, exactly, and goes through the kernel for float, whose result
// y is less than kDoubt units of its last place off the exact value. Unless a midpoint between two 16-bit
// numbers is as near, y rounds as the exact value does. If one is (about one result in 1,200 for f16, in
// 9,400 for bf16), the kernel for double settles it: it is off by at most 2^-52, and no function here comes
// nearer to a midpoint of 16-bit numbers without being one, in which case the double is exact; but for
// c x + b x^2 near 0 (see Unrounded). The tests look at all 65,536 inputs.
//
// This is what all ops share, compiled once (kernels/half.cc). half-inl.h gives it an op's kernels.

#if defined(SIMDACT_HALF_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_HALF_BLOCKS_INL_H_
#undef SIMDACT_HALF_BLOCKS_INL_H_
#else
#define SIMDACT_HALF_BLOCKS_INL_H_
#endif

#include <string.h>

#include "kernels/drivers/half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// The 16-bit number nearest to v, ties to even.
template <class Format>
uint16_t Nearest(double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof(bits));
  const unsigned sign = static_cast<unsigned>(bits >> 48) & 0x8000;
  if (v != v) return static_cast<uint16_t>(sign | Format::kInfinity | (1 << (Format::kSignificandBits - 1)));
  const int64_t exponent =
      HWY_MAX(static_cast<int64_t>(bits >> 52 & 0x7FF) - 1023, int64_t{Format::kLeastExponent});
  if (exponent > 128) return static_cast<uint16_t>(sign | Format::kInfinity);
  // |v| in units of the last place: an addition rounds it to an integer.
  const uint64_t unit_bits = static_cast<uint64_t>(1023 - exponent + Format::kSignificandBits) << 52;
  double inverse_unit;
  memcpy(&inverse_unit, &unit_bits, sizeof(unit_bits));
  const double units = (sign ? -v : v) * inverse_unit + 0x1p52;
  memcpy(&bits, &units, sizeof(bits));
  const int64_t significand = static_cast<int64_t>(bits & 0xFFFFFFFFFFFFF);
  const int64_t result = significand + ((exponent - Format::kLeastExponent) << Format::kSignificandBits);
  return static_cast<uint16_t>(sign | static_cast<unsigned>(HWY_MIN(result, int64_t{Format::kInfinity})));
}

template <class Format>
double Exactly(uint16_t half) {
  const int exponent = (half & 0x7FFF) >> Format::kSignificandBits;
  const int significand = half & ((1 << Format::kSignificandBits) - 1);
  const uint64_t sign = static_cast<uint64_t>(half >> 15) << 63;
  uint64_t bits;
  if ((half & 0x7FFF) >= Format::kInfinity) {
    bits = uint64_t{0x7FF} << 52 | (significand != 0 ? uint64_t{1} << 51 : 0);
  } else {
    const double unit_scaled =
        static_cast<double>(exponent == 0 ? significand : significand + (1 << Format::kSignificandBits));
    const uint64_t unit_bits =
        static_cast<uint64_t>(1023 + Format::kLeastExponent - Format::kSignificandBits +
                              (exponent == 0 ? 0 : exponent - 1))
        << 52;
    double unit;
    memcpy(&unit, &unit_bits, sizeof(unit));
    const double value = unit_scaled * unit;
    memcpy(&bits, &value, sizeof(bits));
  }
  bits |= sign;
  double value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

// Results in doubt: where they are in a block, and their inputs. They wait until they are many, for a call of
// the kernel for double costs more than some results: products of two bf16 numbers, as exp's gradient from
// the output, are midpoints once in sixty.
constexpr size_t kManyDoubts = 64;
struct Doubts {
  static constexpr size_t kMost = kManyDoubts + hn::MaxLanes(DI());
  size_t count = 0;
  size_t place[kMost];
  double x[kMost], dy[kMost];
};

// Rounds y to `to`. keep(j, i) keeps the inputs of the j-th result in doubt, element i, before `to` may
// overwrite them; settle() rounds those that wait.
template <class Format, class Keep, class Settle>
HWY_INLINE void NarrowBlock(const float* y, uint16_t* to, size_t n, int32_t doubt, Doubts& doubts,
                            const Keep& keep, const Settle& settle) {
  const size_t lanes = hn::Lanes(DF());
  const auto narrow = [&](size_t i, size_t count) HWY_ATTR {
    const auto v = hn::LoadN(DF(), y + i, count);
    HWY_ALIGN int32_t in_doubt[hn::MaxLanes(DI())];
    hn::Store(hn::VecFromMask(DI(), Format::InDoubt(v, doubt)), DI(), in_doubt);
    size_t j = doubts.count;
    for (size_t k = 0; k < count; ++k) {
      doubts.place[doubts.count] = i + k;
      doubts.count += in_doubt[k] != 0;
    }
    for (; j < doubts.count; ++j) keep(j, doubts.place[j]);
    hn::StoreN(Format::Narrow(v), DH(), to + i, count);
    if (doubts.count >= kManyDoubts) settle();
  };
  size_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto a = hn::LoadU(DF(), y + i), b = hn::LoadU(DF(), y + i + lanes);
    if (HWY_LIKELY(hn::AllFalse(DI(), hn::Or(Format::InDoubt(a, doubt), Format::InDoubt(b, doubt))))) {
      hn::StoreU(Format::Narrow(a), DH(), to + i);
      hn::StoreU(Format::Narrow(b), DH(), to + i + lanes);
    } else {
      narrow(i, lanes);
      narrow(i + lanes, lanes);
    }
  }
  for (; i < n; i += lanes) narrow(i, HWY_MIN(lanes, n - i));
  if (doubts.count != 0) settle();
}

// Results v = f(in), to be rounded to the format, by evaluate(in, v, n), the kernel for double. silu, gelu
// and others are c x + b x^2 near 0, and c x may be a midpoint (x / 2 is one at many denormals of bf16),
// where no double can tell on which side of it the result lies. Near 2^-30 it can be seen; where f is
// proportional to x the two agree, and a midpoint is one. If they are far from each other f is not like that,
// because of a tiny parameter (softshrink, linear), unless it is proportional at first: a steep swish halves
// both x and 2 x.
template <class Evaluate>
HWY_INLINE void Unrounded(const Evaluate& evaluate, const double* in, double* v, size_t n) {
  double far_in[Doubts::kMost], far[Doubts::kMost], inverse[Doubts::kMost];
  double twice_in[Doubts::kMost], twice[Doubts::kMost];
  evaluate(in, v, n);
  bool tiny = false;
  for (size_t k = 0; k < n; ++k) {
    const double x = in[k] < 0 ? -in[k] : in[k], y = v[k] < 0 ? -v[k] : v[k];
    far_in[k] = in[k], twice_in[k] = 2 * in[k], inverse[k] = 0.0;
    if (!(0 < x && x < 0x1p-40 && 0x1p-10 * x < y && y < 0x1p10 * x)) continue;
    uint64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    const uint64_t exponent = bits >> 52;  // 1023 - 30 is where to go
    const uint64_t up = (2 * 1023 - 30 - exponent) << 52, down = (exponent + 30) << 52;
    double scale;
    memcpy(&scale, &up, sizeof(up));
    memcpy(&inverse[k], &down, sizeof(down));
    far_in[k] *= scale;
    tiny = true;
  }
  if (!tiny) return;
  evaluate(far_in, far, n);
  evaluate(twice_in, twice, n);
  for (size_t k = 0; k < n; ++k) {
    if (inverse[k] == 0.0) continue;
    const double y = v[k] < 0 ? -v[k] : v[k];
    const double difference = far[k] * inverse[k] - v[k], size = difference < 0 ? -difference : difference;
    if (size > 0x1p-12 * y && twice[k] != 2 * v[k]) continue;
    v[k] += difference > 0 ? y * 0x1p-52 : difference < 0 ? y * -0x1p-52 : 0.0;
  }
}

template <class Format, class Evaluate>
HWY_INLINE void Settle(const Evaluate& evaluate, Doubts& doubts, uint16_t* results) {
  double v[Doubts::kMost];
  Unrounded(evaluate, doubts.x, v, doubts.count);
  for (size_t j = 0; j < doubts.count; ++j) results[doubts.place[j]] = Nearest<Format>(v[j]);
  doubts.count = 0;
}

// Whether it pays: with FMA not if doubts are frequent, 2 doubt + 1 of 2^13 (f16) or 2^16 results.
template <class Format>
constexpr bool BriefPays(int32_t doubt) {
  return !HWY_NATIVE_FMA || doubt * 400 < 1 << (23 - Format::kSignificandBits);
}

// What the kernels of all ops share: everything but the kernels for float and double. A block goes through
// the brief kernel if all of it is in that one's range.
template <class Format>
void HalfForward(UnaryKernel with_float, UnaryKernel with_double, BriefKernel brief, const uint16_t* x,
                 uint16_t* y, size_t n, simdact_params p) {
  const uint16_t rounded = hn::GetLane(Format::Round(hn::Set(DF(), brief.most)));
  const uint16_t most = HWY_MIN(rounded, static_cast<uint16_t>(Format::kInfinity - 1));
  assert(AliasIsExact(x, y, n * sizeof(uint16_t)));
  HWY_ALIGN float block[kBlock];
  for (size_t start = 0; start < n; start += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - start);
    const uint16_t* from = x + start;
    WidenBlock<Format>(from, block, size);
    const bool is_brief =
        brief.most > 0 && BriefPays<Format>(brief.doubt) && AllWithin(from, size, Format::kSmall, most);
    (is_brief ? brief.kernel : with_float)(block, block, size, p);
    Doubts doubts;
    NarrowBlock<Format>(
        block, y + start, size, is_brief ? brief.doubt : kDoubt, doubts,
        [&](size_t j, size_t i) { doubts.x[j] = Exactly<Format>(from[i]); },
        [&] {
          Settle<Format>([&](const double* in, double* v, size_t m) { with_double(in, v, m, p); }, doubts,
                         y + start);
        });
  }
}

template <class Format>
void HalfBackward(BackwardKernel with_float, BackwardKernel with_double, const uint16_t* x,
                  const uint16_t* dy, uint16_t* dx, size_t n, simdact_params p) {
  assert(AliasIsExact(x, dx, n * sizeof(uint16_t)));
  assert(AliasIsExact(dy, dx, n * sizeof(uint16_t)));
  HWY_ALIGN float block[kBlock], upstream[kBlock];
  for (size_t start = 0; start < n; start += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - start);
    const uint16_t* from = x + start;
    const uint16_t* from_dy = dy + start;
    WidenBlock<Format>(from, block, size);
    WidenBlock<Format>(from_dy, upstream, size);
    with_float(block, upstream, block, size, p);
    Doubts doubts;
    NarrowBlock<Format>(
        block, dx + start, size, kDoubt, doubts,
        [&](size_t j, size_t i) {
          doubts.x[j] = Exactly<Format>(from[i]), doubts.dy[j] = Exactly<Format>(from_dy[i]);
        },
        [&] {
          Settle<Format>([&](const double* in, double* v, size_t m) { with_double(in, doubts.dy, v, m, p); },
                         doubts, dx + start);
        });
  }
}

// The fast tier: the kernel for float, then one rounding. No doubts.
template <class Format>
void HalfForwardFast(UnaryKernel with_float, const uint16_t* x, uint16_t* y, size_t n, simdact_params p) {
  assert(AliasIsExact(x, y, n * sizeof(uint16_t)));
  HWY_ALIGN float block[kBlock];
  for (size_t start = 0; start < n; start += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - start);
    WidenBlock<Format>(x + start, block, size);
    with_float(block, block, size, p);
    RoundBlock<Format>(block, y + start, size);
  }
}

template <class Format>
void HalfBackwardFast(BackwardKernel with_float, const uint16_t* x, const uint16_t* dy, uint16_t* dx,
                      size_t n, simdact_params p) {
  assert(AliasIsExact(x, dx, n * sizeof(uint16_t)));
  assert(AliasIsExact(dy, dx, n * sizeof(uint16_t)));
  HWY_ALIGN float block[kBlock], upstream[kBlock];
  for (size_t start = 0; start < n; start += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - start);
    WidenBlock<Format>(x + start, block, size);
    WidenBlock<Format>(dy + start, upstream, size);
    with_float(block, upstream, block, size, p);
    RoundBlock<Format>(block, dx + start, size);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_HALF_BLOCKS_INL_H_
