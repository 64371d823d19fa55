// The gated shape: y = act(gate) up, and dgate and dup, over arrays of float or double. 16-bit formats and
// arrays in which gate and up alternate go through these loops too (gates-blocks-inl.h).
//
// An Op supplies kVectors and kGradientVectors (how many vectors of floats to work on in lockstep), a
// constructor from simdact_params, and Value(d, gate, up, kind) and Gradients(d, gate, up, dy, dgate, dup,
// kind) on vectors or Packs, where kind says what is known of the parameters. What is left over after the
// packs goes through the same arithmetic one vector at a time, the last one partly filled, or as one more
// pack. All inputs of a step are loaded before its outputs are stored, so that an output may be any of the
// inputs.

#if defined(SIMDACT_GATES_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_GATES_DRIVER_INL_H_
#undef SIMDACT_GATES_DRIVER_INL_H_
#else
#define SIMDACT_GATES_DRIVER_INL_H_
#endif

#include "kernels/drivers/arrays-inl.h"
#include "simdact/gates-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// The loops below, a vector at a time, for parameters of any kind: in the same loop they would slow ordinary
// ones down.
template <class Op, class T>
HWY_NOINLINE void GateForwardAny(const Op op, const T* gate, const T* up, T* y, size_t n) {
  const hn::ScalableTag<T> d;
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto g = hn::LoadN(d, gate + i, n - i), u = hn::LoadN(d, up + i, n - i);
    hn::StoreN(op.Value(d, g, u, AnyParameters()), d, y + i, n - i);
  }
}
template <class Op, class T>
HWY_NOINLINE void GateBackwardAny(const Op op, const T* gate, const T* up, const T* dy, T* dgate, T* dup,
                                  size_t n) {
  const hn::ScalableTag<T> d;
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    hn::Vec<decltype(d)> to_gate, to_up;
    op.Gradients(d, hn::LoadN(d, gate + i, n - i), hn::LoadN(d, up + i, n - i), hn::LoadN(d, dy + i, n - i),
                 to_gate, to_up, AnyParameters());
    hn::StoreN(to_gate, d, dgate + i, n - i);
    hn::StoreN(to_up, d, dup + i, n - i);
  }
}

template <class Op, class T>
void GateForward(const void* gate_void, const void* up_void, void* y_void, size_t n, simdact_params p) {
  assert(AliasIsExact(gate_void, y_void, n * sizeof(T)));
  assert(AliasIsExact(up_void, y_void, n * sizeof(T)));
  const T *gate = static_cast<const T*>(gate_void), *up = static_cast<const T*>(up_void);
  T* y = static_cast<T*>(y_void);
  const Op op(p);
  if constexpr (Op::kHasParameters) {
    if (HWY_UNLIKELY(!op.AreOrdinary())) return GateForwardAny(op, gate, up, y, n);
  }
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  constexpr size_t kCount = VectorsFor<T>(Op::kVectors);
  if constexpr (kOneBody) {
    const T* in[] = {gate, up};
    T* out[] = {y};
    InSteps<kCount * hn::MaxLanes(d)>(n, kCount * lanes, in, out, [&](size_t i) SIMDACT_LOOP_BODY {
      const auto g = LoadPack<kCount>(d, in[0] + i), u = LoadPack<kCount>(d, in[1] + i);
      StorePack<kCount>(d, op.Value(d, g, u, OrdinaryParameters()), out[0] + i);
    });
  } else {
    size_t i = 0;
    if constexpr (!kSizeless) {
      for (; n - i >= kCount * lanes; i += kCount * lanes) {
        const auto g = LoadPack<kCount>(d, gate + i), u = LoadPack<kCount>(d, up + i);
        StorePack<kCount>(d, op.Value(d, g, u, OrdinaryParameters()), y + i);
      }
    }
    for (; i < n; i += lanes) {
      const auto g = hn::LoadN(d, gate + i, n - i), u = hn::LoadN(d, up + i, n - i);
      hn::StoreN(op.Value(d, g, u, OrdinaryParameters()), d, y + i, n - i);
    }
  }
}

// Whether an output may lie where it does: on an input, or apart from it.
inline bool MayHold(const void* output, const void* gate, const void* up, const void* dy, size_t bytes) {
  return AliasIsExact(output, gate, bytes) && AliasIsExact(output, up, bytes) &&
         AliasIsExact(output, dy, bytes);
}

template <class Op, class T>
void GateBackward(const void* gate_void, const void* up_void, const void* dy_void, void* dgate_void,
                  void* dup_void, size_t n, simdact_params p) {
  assert(MayHold(dgate_void, gate_void, up_void, dy_void, n * sizeof(T)));
  assert(MayHold(dup_void, gate_void, up_void, dy_void, n * sizeof(T)));
  assert(AreApart(dgate_void, n * sizeof(T), dup_void, n * sizeof(T)));
  const T *gate = static_cast<const T*>(gate_void), *up = static_cast<const T*>(up_void);
  const T* dy = static_cast<const T*>(dy_void);
  T *dgate = static_cast<T*>(dgate_void), *dup = static_cast<T*>(dup_void);
  const Op op(p);
  if constexpr (Op::kHasParameters) {
    if (HWY_UNLIKELY(!op.AreOrdinary())) return GateBackwardAny(op, gate, up, dy, dgate, dup, n);
  }
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  constexpr size_t kCount = VectorsFor<T>(Op::kGradientVectors);
  if constexpr (kOneBody) {
    const T* in[] = {gate, up, dy};
    T* out[] = {dgate, dup};
    InSteps<kCount * hn::MaxLanes(d)>(n, kCount * lanes, in, out, [&](size_t i) SIMDACT_LOOP_BODY {
      Pack<hn::Vec<decltype(d)>, kCount> to_gate, to_up;
      op.Gradients(d, LoadPack<kCount>(d, in[0] + i), LoadPack<kCount>(d, in[1] + i),
                   LoadPack<kCount>(d, in[2] + i), to_gate, to_up, OrdinaryParameters());
      StorePack<kCount>(d, to_gate, out[0] + i);
      StorePack<kCount>(d, to_up, out[1] + i);
    });
  } else {
    size_t i = 0;
    if constexpr (!kSizeless) {
      for (; n - i >= kCount * lanes; i += kCount * lanes) {
        Pack<hn::Vec<decltype(d)>, kCount> to_gate, to_up;
        op.Gradients(d, LoadPack<kCount>(d, gate + i), LoadPack<kCount>(d, up + i),
                     LoadPack<kCount>(d, dy + i), to_gate, to_up, OrdinaryParameters());
        StorePack<kCount>(d, to_gate, dgate + i);
        StorePack<kCount>(d, to_up, dup + i);
      }
    }
    for (; i < n; i += lanes) {
      hn::Vec<decltype(d)> to_gate, to_up;
      op.Gradients(d, hn::LoadN(d, gate + i, n - i), hn::LoadN(d, up + i, n - i), hn::LoadN(d, dy + i, n - i),
                   to_gate, to_up, OrdinaryParameters());
      hn::StoreN(to_gate, d, dgate + i, n - i);
      hn::StoreN(to_up, d, dup + i, n - i);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_GATES_DRIVER_INL_H_
