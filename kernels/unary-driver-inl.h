// The unary shape: y = f(x) and dx = dy f'(x) over arrays. The loops of the library, once each.
//
// An Op supplies kVectors and kDerivativeVectors (how many vectors to work on in lockstep), a constructor
// from simdact_params, and Value(d, v), Derivative(d, v) on a vector or a Pack. What is left over after the
// packs goes through the same arithmetic one vector at a time, the last one partly filled: a result depends
// on its input alone, not on its place. Arrays may be the same array; loads of a step precede its stores.

#if defined(SIMDACT_UNARY_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_UNARY_DRIVER_INL_H_
#undef SIMDACT_UNARY_DRIVER_INL_H_
#else
#define SIMDACT_UNARY_DRIVER_INL_H_
#endif

#include <assert.h>

#include "simdact/simdact.h"
#include "simdact/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// Same array or no common element.
inline bool AliasIsExact(const void* a, const void* b, size_t bytes) {
  const char* p = static_cast<const char*>(a);
  const char* q = static_cast<const char*>(b);
  return p == q || p + bytes <= q || q + bytes <= p;
}

template <size_t kCount, class D>
HWY_INLINE Pack<hn::Vec<D>, kCount> LoadPack(D d, const float* from) {
  Pack<hn::Vec<D>, kCount> pack;
  HWY_UNROLL(8)
  for (size_t u = 0; u < kCount; ++u) pack.v[u] = hn::LoadU(d, from + u * hn::Lanes(d));
  return pack;
}

template <size_t kCount, class D>
HWY_INLINE void StorePack(D d, const Pack<hn::Vec<D>, kCount>& pack, float* to) {
  HWY_UNROLL(8)
  for (size_t u = 0; u < kCount; ++u) hn::StoreU(pack.v[u], d, to + u * hn::Lanes(d));
}

template <class Op>
void Forward(const void* x_void, void* y_void, size_t n, simdact_params p) {
  assert(AliasIsExact(x_void, y_void, n * sizeof(float)));
  const float* x = static_cast<const float*>(x_void);
  float* y = static_cast<float*>(y_void);
  const Op op(p);
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  if constexpr (Op::kVectors > 1) {
    for (; n - i >= Op::kVectors * lanes; i += Op::kVectors * lanes) {
      StorePack<Op::kVectors>(d, op.Value(d, LoadPack<Op::kVectors>(d, x + i)), y + i);
    }
  }
  for (; i < n; i += lanes) {
    hn::StoreN(op.Value(d, hn::LoadN(d, x + i, n - i)), d, y + i, n - i);
  }
}

template <class Op>
void Backward(const void* x_void, const void* dy_void, void* dx_void, size_t n, simdact_params p) {
  assert(AliasIsExact(x_void, dx_void, n * sizeof(float)));
  assert(AliasIsExact(dy_void, dx_void, n * sizeof(float)));
  const float* x = static_cast<const float*>(x_void);
  const float* dy = static_cast<const float*>(dy_void);
  float* dx = static_cast<float*>(dx_void);
  const Op op(p);
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  if constexpr (Op::kDerivativeVectors > 1) {
    constexpr size_t kCount = Op::kDerivativeVectors;
    for (; n - i >= kCount * lanes; i += kCount * lanes) {
      const auto slope = op.Derivative(d, LoadPack<kCount>(d, x + i));
      StorePack<kCount>(d, op::Mul(slope, LoadPack<kCount>(d, dy + i)), dx + i);
    }
  }
  for (; i < n; i += lanes) {
    const auto slope = op.Derivative(d, hn::LoadN(d, x + i, n - i));
    hn::StoreN(op::Mul(slope, hn::LoadN(d, dy + i, n - i)), d, dx + i, n - i);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_UNARY_DRIVER_INL_H_
