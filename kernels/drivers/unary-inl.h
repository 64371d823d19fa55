// The unary shape: y = f(x) and dx = dy f'(.) over arrays of float or double. The loops of the library, once
// each; 16-bit formats go through them too (half-inl.h).
//
// An Op supplies kVectors and kDerivativeVectors (how many vectors to work on in lockstep), kParameters, a
// constructor from simdact_params, Ordinary(), which tells parameters that the packs are made for, Value(d,
// v), Derivative(d, v) and perhaps FromOutput(d, v) on a vector or a Pack, and the type Accurate: itself, or
// of a fast op the accurate one, whose kernels are then its AccurateForward and AccurateBackward.
//
// With other parameters all goes through general.h, and what is fast goes the way of Accurate; a NaN among
// them makes all results NaN. What is left over after the packs goes through the same arithmetic one vector
// at a time, the last one partly filled, or as one more pack (kOneBody): a result depends on its input alone,
// not on its place. Arrays may be the same array; loads of a step precede its stores.

#if defined(SIMDACT_UNARY_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_UNARY_DRIVER_INL_H_
#undef SIMDACT_UNARY_DRIVER_INL_H_
#else
#define SIMDACT_UNARY_DRIVER_INL_H_
#endif

#include <limits>

#include "kernels/drivers/arrays-inl.h"
#include "kernels/drivers/stream-inl.h"
#include "simdact/detail/denormals-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// NaN parameters: one answer for all ops and directions, before they are looked at.
inline bool AnyIsNan(const simdact_params& p, int count) {
  for (int i = 0; i < count; ++i) {
    if (p.value[i] != p.value[i]) return true;
  }
  return false;
}
template <class T>
HWY_NOINLINE void FillWith(T value, void* to_void, size_t n) {
  T* to = static_cast<T*>(to_void);
  for (size_t i = 0; i < n; ++i) to[i] = value;
}

template <class Op, class T>
void Forward(const void* x_void, void* y_void, size_t n, simdact_params p) {
  assert(AliasIsExact(x_void, y_void, n * sizeof(T)));
  if (AnyIsNan(p, Op::kParameters)) return FillWith(std::numeric_limits<T>::quiet_NaN(), y_void, n);
  if (Streams(n * sizeof(T)) && x_void != y_void)
    return StreamForward(&Forward<Op, T>, x_void, y_void, n, sizeof(T), p);
  const Op op(p);
  if constexpr (!hwy::IsSame<typename Op::Accurate, Op>()) {
    if (HWY_UNLIKELY(!op.Ordinary())) return Op::AccurateForward(x_void, y_void, n, p);
  }
  const T* x = static_cast<const T*>(x_void);
  T* y = static_cast<T*>(y_void);
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  constexpr size_t kCount = VectorsFor<T>(Op::kVectors);
  if constexpr (kCount > 1 && kOneBody) {
    const T* in[] = {x};
    T* out[] = {y};
    InSteps<kCount * hn::MaxLanes(d)>(n, kCount * lanes, in, out, [&](size_t i) SIMDACT_LOOP_BODY {
      StorePack<kCount>(d, op.Value(d, LoadPack<kCount>(d, in[0] + i)), out[0] + i);
    });
  } else {
    size_t i = 0;
    if constexpr (kCount > 1) {
      if (HWY_LIKELY(op.Ordinary())) {
        for (; n - i >= kCount * lanes; i += kCount * lanes) {
          StorePack<kCount>(d, op.Value(d, LoadPack<kCount>(d, x + i)), y + i);
        }
      }
    }
    for (; i < n; i += lanes) {
      hn::StoreN(op.Value(d, hn::LoadN(d, x + i, n - i)), d, y + i, n - i);
    }
  }
}

// The derivative from the input, or from the output; times dy.
enum class From { kInput, kOutput };
template <From kFrom, class Op, class D, class V, class U>
HWY_INLINE V Gradient(const Op& op, D d, const V& v, const U& dy) {
  if constexpr (kFrom == From::kInput) {
    return op.Gradient(0, d, v, dy);
  } else {
    return TimesUpstream(op.FromOutput(d, v), dy);
  }
}

// source is x or y, whichever the derivative is taken from.
template <class Op, class T, From kFrom>
void Backward(const void* source_void, const void* dy_void, void* dx_void, size_t n, simdact_params p) {
  assert(AliasIsExact(source_void, dx_void, n * sizeof(T)));
  assert(AliasIsExact(dy_void, dx_void, n * sizeof(T)));
  if (AnyIsNan(p, Op::kParameters)) return FillWith(std::numeric_limits<T>::quiet_NaN(), dx_void, n);
  if (Streams(n * sizeof(T)) && source_void != dx_void && dy_void != dx_void)
    return StreamBackward(&Backward<Op, T, kFrom>, source_void, dy_void, dx_void, n, sizeof(T), p);
  const Op op(p);
  if constexpr (!hwy::IsSame<typename Op::Accurate, Op>()) {
    if (HWY_UNLIKELY(!op.Ordinary())) return Op::AccurateBackward(source_void, dy_void, dx_void, n, p);
  }
  const T* source = static_cast<const T*>(source_void);
  const T* dy = static_cast<const T*>(dy_void);
  T* dx = static_cast<T*>(dx_void);
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  constexpr size_t kCount = VectorsFor<T>(Op::kDerivativeVectors);
  using Upstream = UpstreamArray<decltype(d)>;
  if constexpr (kCount > 1 && kOneBody) {
    const T* in[] = {source, dy};
    T* out[] = {dx};
    InSteps<kCount * hn::MaxLanes(d)>(n, kCount * lanes, in, out, [&](size_t i) SIMDACT_LOOP_BODY {
      const auto from = LoadPack<kCount>(d, in[0] + i);
      StorePack<kCount>(d, Gradient<kFrom>(op, d, from, Upstream{in[1] + i}), out[0] + i);
    });
  } else {
    size_t i = 0;
    if constexpr (kCount > 1) {
      if (HWY_LIKELY(op.Ordinary())) {
        for (; n - i >= kCount * lanes; i += kCount * lanes) {
          const auto from = LoadPack<kCount>(d, source + i);
          StorePack<kCount>(d, Gradient<kFrom>(op, d, from, Upstream{dy + i}), dx + i);
        }
      }
    }
    for (; i < n; i += lanes) {
      const auto from = hn::LoadN(d, source + i, n - i);
      hn::StoreN(Gradient<kFrom>(op, d, from, hn::LoadN(d, dy + i, n - i)), d, dx + i, n - i);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_UNARY_DRIVER_INL_H_
