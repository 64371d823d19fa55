// What comes before an activation: y = f(x + b) and y = f(x s + b) with a bias and a scale per column, their
// gradients, and prelu with a weight per channel.
//
// Fifty ops in four formats need no loops of their own here: a block of u = x + b goes to the stack, where it
// stays in the first-level cache, and from there through the op's kernel for arrays. So x is read once from
// memory and y written once, y has the bits of f(u) by construction, and no output is written before all that
// its block needs has been read: outputs may be inputs.
//
// A block is a piece of a row, as far as it fits; narrow rows come several at a time, with the bias repeated
// as often, for they are dense and a kernel wants long arrays. So the columns are cut into strips, and a
// strip is worked off from the first row to the last with its bias, and its sums over the rows, at hand.

#if defined(SIMDACT_BIAS_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_BIAS_DRIVER_INL_H_
#undef SIMDACT_BIAS_DRIVER_INL_H_
#else
#define SIMDACT_BIAS_DRIVER_INL_H_
#endif

#include "kernels/drivers/strips-inl.h"
#include "kernels/drivers/sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// ---- Steps on a block ----------------------------------------------------------------------------------

// a b + c of floats, rounded once although there is no fused multiply-add. The product is exact in double;
// the sum is made odd where it is not: its last bit then tells the float's rounding that more follows, and
// keeps it off ties (Boldo and Melquiond's rounding to odd).
HWY_INLINE hn::Vec<Beside<float>> MultiplyAddOnce(hn::Vec<DD> a, hn::Vec<DD> b, hn::Vec<DD> c) {
  const hn::RebindToSigned<DD> di;
  const auto exact = TwoSum(hn::Mul(a, b), c);
  const auto sum = High(exact), error = Low(exact);
  const auto zero = hn::Zero(DD());
  const auto inexact = hn::Or(hn::Lt(error, zero), hn::Gt(error, zero));  // not if it is NaN
  const auto bits = hn::BitCast(di, sum), one = hn::Set(di, 1);
  const auto away =
      hn::Or(hn::ShiftRight<63>(hn::Xor(bits, hn::BitCast(di, error))), one);  // from 0: 1 or -1
  const auto if_even = hn::Sub(hn::And(bits, one), one);
  const auto odd = hn::BitCast(DD(), hn::Add(bits, hn::And(away, if_even)));
  return hn::DemoteTo(Beside<float>(), hn::IfThenElse(inexact, odd, sum));
}

// u = x s + b, or x + b if s is null.
template <class T>
void Affine(const T* x, const T* s, const T* b, T* u, size_t n) {
  const hn::ScalableTag<T> d;
  if (s == nullptr) {
    ForEachVector(d, n, [&](const auto& io, size_t i) HWY_ATTR {
      io.Store(hn::Add(io.Load(d, x + i), io.Load(d, b + i)), d, u + i);
    });
  } else if constexpr (sizeof(T) == sizeof(float) && !HWY_NATIVE_FMA) {
    ForEachVector(DD(), n, [&](const auto& io, size_t i) HWY_ATTR {
      const Beside<float> df;
      const auto sum = MultiplyAddOnce(InDoubles(io.Load(df, x + i)), InDoubles(io.Load(df, s + i)),
                                       InDoubles(io.Load(df, b + i)));
      io.Store(sum, df, u + i);
    });
  } else {
    ForEachVector(d, n, [&](const auto& io, size_t i) HWY_ATTR {
      io.Store(MultiplyAdd(io.Load(d, x + i), io.Load(d, s + i), io.Load(d, b + i)), d, u + i);
    });
  }
}

template <class T>
void Product(const T* a, const T* b, T* to, size_t n) {
  const hn::ScalableTag<T> d;
  ForEachVector(d, n, [&](const auto& io, size_t i) HWY_ATTR {
    io.Store(hn::Mul(io.Load(d, a + i), io.Load(d, b + i)), d, to + i);
  });
}

// x > 0 ? x : w x.
template <class T>
void Leak(const T* x, const T* w, T* y, size_t n) {
  const hn::ScalableTag<T> d;
  ForEachVector(d, n, [&](const auto& io, size_t i) HWY_ATTR {
    const auto v = io.Load(d, x + i);
    io.Store(hn::IfThenElse(hn::Gt(v, hn::Zero(d)), v, hn::Mul(v, io.Load(d, w + i))), d, y + i);
  });
}

// dy (x > 0 ? 1 : w), NaN where x is.
template <class T>
void LeakGradient(const T* x, const T* w, const T* dy, T* dx, size_t n) {
  const hn::ScalableTag<T> d;
  ForEachVector(d, n, [&](const auto& io, size_t i) HWY_ATTR {
    const auto v = io.Load(d, x + i);
    const auto slope = hn::IfThenElse(hn::Gt(v, hn::Zero(d)), hn::Set(d, T(1)), io.Load(d, w + i));
    io.Store(hn::Mul(hn::IfThenElse(hn::IsNaN(v), v, slope), io.Load(d, dy + i)), d, dx + i);
  });
}

// sums += a b.
template <class T, size_t kMost>
void AddProducts(Sums<T, kMost>& sums, const T* a, const T* b, size_t n) {
  const Beside<T> d;
  sums.Add(n, [&](const auto& io, size_t i) HWY_ATTR {
    return ProductIn<TermsIn<T>>(InDoubles(io.Load(d, a + i)), InDoubles(io.Load(d, b + i)));
  });
}

// sums += x > 0 ? 0 : dy x.
template <class T, size_t kMost>
void AddLeaks(Sums<T, kMost>& sums, const T* x, const T* dy, size_t n) {
  const Beside<T> d;
  sums.Add(n, [&](const auto& io, size_t i) HWY_ATTR {
    const auto v = InDoubles(io.Load(d, x + i));
    const auto product = ProductIn<TermsIn<T>>(InDoubles(io.Load(d, dy + i)), v);
    return ZeroWhere(hn::Gt(v, hn::Zero(DD())), product);
  });
}

// The first n sums as elements from `to` on.
template <class F, class T, size_t kMost>
void Round(const Sums<T, kMost>& sums, typename F::Element* to, size_t n) {
  HWY_ALIGN T block[F::kConverts ? kMost : 1];
  T* numbers = F::Target(to, block);
  sums.Round(numbers, n);
  F::Finish(numbers, to, n);
}

// A strip's sums over the rows, to the strip's place in v.
template <class F, class T, size_t kMost>
void Write(Sums<T, kMost>& sums, const Strips& strips, void* v, size_t first) {
  sums.Fold(0, strips.repeats, strips.WidthAt(first));
  Round<F>(sums, static_cast<typename F::Element*>(v) + first, strips.WidthAt(first));
}

// ---- The loops -----------------------------------------------------------------------------------------

// Elements in a block: enough for a kernel to be worth the call; of doubles, with their sums, half as many.
constexpr size_t kForwardBlock = 1024;
template <class T>
constexpr size_t kBackwardBlock = sizeof(T) == sizeof(float) ? 1024 : 512;

template <class F>
void BiasForward(const simdact_kernel* op, const void* x_void, const void* scale, const void* bias,
                 void* y_void, size_t rows, size_t cols, simdact_params p) {
  using T = typename F::Number;
  constexpr size_t kMost = kForwardBlock;
  if (rows == 0 || cols == 0) return;
  const auto* x = static_cast<const typename F::Element*>(x_void);
  auto* y = static_cast<typename F::Element*>(y_void);
  HWY_ALIGN T u[kMost], s_block[kMost], b_block[kMost];
  const Strips strips(rows, cols, Strips::kEven, kMost);
  for (size_t first = 0; first < cols; first += strips.WidthAt(first)) {
    const T* s = scale == nullptr ? nullptr : Repeated<F, kMost>(scale, strips, first, 1, s_block);
    const T* b = Repeated<F, kMost>(bias, strips, first, 1, b_block);
    strips.ForEachBlock(first, [&](size_t i, size_t size) {
      Affine(F::Read(x + i, u, size), s, b, u, size);
      T* target = F::Target(y + i, u);
      op->forward(u, target, size, p);
      F::Finish(target, y + i, size);
    });
  }
}

template <class F>
void BiasBackward(const simdact_kernel* op, const void* x_void, const void* scale, const void* bias,
                  const void* dy_void, void* dx_void, void* dscale, void* dbias, size_t rows, size_t cols,
                  simdact_params p) {
  using T = typename F::Number;
  constexpr size_t kMost = kBackwardBlock<T>, kCopy = F::kConverts ? kMost : 1;
  if (rows == 0 || cols == 0) {
    if (dscale != nullptr) memset(dscale, 0, cols * sizeof(typename F::Element));
    if (dbias != nullptr) memset(dbias, 0, cols * sizeof(typename F::Element));
    return;
  }
  const auto* x = static_cast<const typename F::Element*>(x_void);
  const auto* dy = static_cast<const typename F::Element*>(dy_void);
  auto* dx = static_cast<typename F::Element*>(dx_void);
  HWY_ALIGN T u[kMost], s_block[kMost], b_block[kMost], x_block[kCopy], dy_block[kCopy];
  Sums<T, kMost> shifts, scales;
  const Strips strips(rows, cols, Strips::kEven, kMost);
  for (size_t first = 0, width; first < cols; first += width) {
    width = strips.WidthAt(first);
    const T* s = scale == nullptr ? nullptr : Repeated<F, kMost>(scale, strips, first, 1, s_block);
    const T* b = Repeated<F, kMost>(bias, strips, first, 1, b_block);
    if (dbias != nullptr) shifts.Clear(strips.repeats * width);
    if (dscale != nullptr) scales.Clear(strips.repeats * width);
    strips.ForEachBlock(first, [&](size_t i, size_t size) {
      const T* numbers = F::Read(x + i, x_block, size);
      const T* upstream = F::Read(dy + i, dy_block, size);
      T* target = F::Target(dx + i, u);
      T* g = s == nullptr ? target : u;  // x is needed until after the product
      Affine(numbers, s, b, u, size);
      op->backward(u, upstream, g, size, p);
      if (dbias != nullptr) shifts.AddArray(g, size);
      if (dscale != nullptr) AddProducts(scales, g, numbers, size);
      if (s != nullptr) Product(g, s, target, size);
      F::Finish(target, dx + i, size);
    });
    if (dbias != nullptr) Write<F>(shifts, strips, dbias, first);
    if (dscale != nullptr) Write<F>(scales, strips, dscale, first);
  }
}

// Channels that stay together in a strip have their sums in it. (Channels that come last are columns.)
inline Strips ChannelStrips(size_t batch, size_t channels, size_t inner, size_t most) {
  return Strips(batch, channels * inner, inner == 1 ? Strips::kEven : inner, most);
}

template <class F>
void PreluChannels(const void* x_void, const void* weight, void* y_void, size_t batch, size_t channels,
                   size_t inner) {
  using T = typename F::Number;
  constexpr size_t kMost = kForwardBlock;
  if (batch == 0 || channels == 0 || inner == 0) return;
  const auto* x = static_cast<const typename F::Element*>(x_void);
  auto* y = static_cast<typename F::Element*>(y_void);
  HWY_ALIGN T w_block[kMost], block[F::kConverts ? kMost : 1];
  const Strips strips = ChannelStrips(batch, channels, inner, kMost);
  for (size_t first = 0; first < strips.cols; first += strips.WidthAt(first)) {
    const T* w = Repeated<F, kMost>(weight, strips, first, inner, w_block);
    strips.ForEachBlock(first, [&](size_t i, size_t size) {
      T* target = F::Target(y + i, block);
      Leak(F::Read(x + i, block, size), w, target, size);
      F::Finish(target, y + i, size);
    });
  }
}

template <class F>
void PreluChannelsBackward(const void* x_void, const void* weight, const void* dy_void, void* dx_void,
                           void* dweight, size_t batch, size_t channels, size_t inner) {
  using T = typename F::Number;
  constexpr size_t kMost = kBackwardBlock<T>, kCopy = F::kConverts ? kMost : 1;
  if (batch == 0 || channels == 0 || inner == 0) {
    if (dweight != nullptr) memset(dweight, 0, channels * sizeof(typename F::Element));
    return;
  }
  const auto* x = static_cast<const typename F::Element*>(x_void);
  const auto* dy = static_cast<const typename F::Element*>(dy_void);
  auto* dx = static_cast<typename F::Element*>(dx_void);
  HWY_ALIGN T w_block[kMost], x_block[kCopy], dy_block[kCopy];
  Sums<T, kMost> sums;
  const Strips strips = ChannelStrips(batch, channels, inner, kMost);
  for (size_t first = 0, width; first < strips.cols; first += width) {
    width = strips.WidthAt(first);
    const T* w = Repeated<F, kMost>(weight, strips, first, inner, w_block);
    // A channel that is longer than a strip begins with the longest of its strips.
    if (first % inner == 0) sums.Clear(strips.repeats * width);
    strips.ForEachBlock(first, [&](size_t i, size_t size) {
      const T* numbers = F::Read(x + i, x_block, size);
      const T* upstream = F::Read(dy + i, dy_block, size);
      T* target = F::Target(dx + i, dy_block);
      if (dweight != nullptr) AddLeaks(sums, numbers, upstream, size);
      LeakGradient(numbers, w, upstream, target, size);
      F::Finish(target, dx + i, size);
    });
    if (dweight == nullptr || (first + width) % inner != 0) continue;
    sums.Fold(0, strips.repeats, width);
    const size_t length = HWY_MIN(inner, strips.width), whole = hwy::DivCeil(width, inner);
    for (size_t k = 0; k < whole && length > 1; ++k) {
      sums.Fold(k * length, length, 1);
      sums.Move(k * length, k);
    }
    Round<F>(sums, static_cast<typename F::Element*>(dweight) + (first + width) / inner - whole, whole);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_BIAS_DRIVER_INL_H_
