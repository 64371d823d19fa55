// The gated shape in other forms than arrays of float and double: in bf16 and f16, and with gate and up
// alternating in one array, as gpt-oss keeps them. Blocks in the first-level cache are brought into that form
// and go through its kernels.
//
// 16-bit results are rounded once from a float, which is a few of its own units off: 0.51 ulp. A pass without
// blocks, that widens and rounds in registers, was no faster and doubled the code.

#if defined(SIMDACT_GATES_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_GATES_BLOCKS_INL_H_
#undef SIMDACT_GATES_BLOCKS_INL_H_
#else
#define SIMDACT_GATES_BLOCKS_INL_H_
#endif

#include "kernels/drivers/gates-inl.h"
#include "kernels/drivers/half-formats-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

using GateForwardKernel = void (*)(const void*, const void*, void*, size_t, simdact_params);
using GateBackwardKernel = void (*)(const void*, const void*, const void*, void*, void*, size_t,
                                    simdact_params);

// ---- bf16 and f16: what all gates share ------------------------------------------------------------------

template <class Format>
HWY_NOINLINE void HalfGateForward(GateForwardKernel with_float, const void* gate, const void* up, void* y,
                                  size_t n, simdact_params p) {
  assert(AliasIsExact(gate, y, n * sizeof(uint16_t)));
  assert(AliasIsExact(up, y, n * sizeof(uint16_t)));
  HWY_ALIGN float gates[kBlock], ups[kBlock];
  for (size_t start = 0; start < n; start += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - start);
    WidenBlock<Format>(static_cast<const uint16_t*>(gate) + start, gates, size);
    WidenBlock<Format>(static_cast<const uint16_t*>(up) + start, ups, size);
    with_float(gates, ups, gates, size, p);
    RoundBlock<Format>(gates, static_cast<uint16_t*>(y) + start, size);
  }
}

template <class Format>
HWY_NOINLINE void HalfGateBackward(GateBackwardKernel with_float, const void* gate, const void* up,
                                   const void* dy, void* dgate, void* dup, size_t n, simdact_params p) {
  assert(MayHold(dgate, gate, up, dy, n * sizeof(uint16_t)));
  assert(MayHold(dup, gate, up, dy, n * sizeof(uint16_t)));
  assert(AreApart(dgate, n * sizeof(uint16_t), dup, n * sizeof(uint16_t)));
  HWY_ALIGN float gates[kBlock], ups[kBlock], upstream[kBlock];
  for (size_t start = 0; start < n; start += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - start);
    WidenBlock<Format>(static_cast<const uint16_t*>(gate) + start, gates, size);
    WidenBlock<Format>(static_cast<const uint16_t*>(up) + start, ups, size);
    WidenBlock<Format>(static_cast<const uint16_t*>(dy) + start, upstream, size);
    with_float(gates, ups, upstream, gates, ups, size, p);
    RoundBlock<Format>(gates, static_cast<uint16_t*>(dgate) + start, size);
    RoundBlock<Format>(ups, static_cast<uint16_t*>(dup) + start, size);
  }
}

// ---- gate, up, gate, up, ... -----------------------------------------------------------------------------

template <class T>
struct Halves {
  HWY_ALIGN T gate[kBlock];
  HWY_ALIGN T up[kBlock];
};

template <class T>
HWY_INLINE void TakeApart(const T* x, Halves<T>& block, size_t n) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; n - i >= lanes; i += lanes) {
    hn::Vec<decltype(d)> gate, up;
    hn::LoadInterleaved2(d, x + 2 * i, gate, up);
    hn::StoreU(gate, d, block.gate + i);
    hn::StoreU(up, d, block.up + i);
  }
  for (; i < n; ++i) block.gate[i] = x[2 * i], block.up[i] = x[2 * i + 1];
}

template <class T>
HWY_INLINE void PutTogether(const Halves<T>& block, T* x, size_t n) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; n - i >= lanes; i += lanes) {
    hn::StoreInterleaved2(hn::LoadU(d, block.gate + i), hn::LoadU(d, block.up + i), d, x + 2 * i);
  }
  for (; i < n; ++i) x[2 * i] = block.gate[i], x[2 * i + 1] = block.up[i];
}

// y may be x: the inputs of a block are read before its results, half as many, are written, and these reach
// no further than what has been read.
template <class T>
HWY_NOINLINE void InterleavedForward(GateForwardKernel forward, const void* x, void* y, size_t n,
                                     simdact_params p) {
  assert(x == y || AreApart(x, 2 * n * sizeof(T), y, n * sizeof(T)));
  Halves<T> block;
  for (size_t start = 0; start < n; start += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - start);
    TakeApart(static_cast<const T*>(x) + 2 * start, block, size);
    forward(block.gate, block.up, static_cast<T*>(y) + start, size, p);
  }
}

template <class T>
HWY_NOINLINE void InterleavedBackward(GateBackwardKernel backward, const void* x, const void* dy, void* dx,
                                      size_t n, simdact_params p) {
  assert(AliasIsExact(x, dx, 2 * n * sizeof(T)));
  assert(AreApart(dy, n * sizeof(T), dx, 2 * n * sizeof(T)));
  Halves<T> block;
  for (size_t start = 0; start < n; start += kBlock) {
    const size_t size = HWY_MIN(kBlock, n - start);
    TakeApart(static_cast<const T*>(x) + 2 * start, block, size);
    backward(block.gate, block.up, static_cast<const T*>(dy) + start, block.gate, block.up, size, p);
    PutTogether(block, static_cast<T*>(dx) + 2 * start, size);
  }
}

// ---- The kernels of a gate -------------------------------------------------------------------------------

// The Op computes in float, which rounds its parameters as well.
template <class Op, class Format>
void GateForwardInHalf(const void* gate, const void* up, void* y, size_t n, simdact_params p) {
  HalfGateForward<Format>(&GateForward<Op, float>, gate, up, y, n, p);
}
template <class Op, class Format>
void GateBackwardInHalf(const void* gate, const void* up, const void* dy, void* dgate, void* dup, size_t n,
                        simdact_params p) {
  HalfGateBackward<Format>(&GateBackward<Op, float>, gate, up, dy, dgate, dup, n, p);
}

// The same on arrays of T in which gate and up alternate.
template <class T, GateForwardKernel kForward>
void ForwardInterleaved(const void* x, void* y, size_t n, simdact_params p) {
  InterleavedForward<T>(kForward, x, y, n, p);
}
template <class T, GateBackwardKernel kBackward>
void BackwardInterleaved(const void* x, const void* dy, void* dx, size_t n, simdact_params p) {
  InterleavedBackward<T>(kBackward, x, dy, dx, n, p);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_GATES_BLOCKS_INL_H_
