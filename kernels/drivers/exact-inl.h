// The exact tier of float: the kernel for double, rounded once (Ziv's strategy).
//
// Its result v is less than 2^-50 |v| off, which is 4 ulps at least; the claims for double are 1.5, 2 at
// other parameters, and the product with dy rounds once more. If both ends of that interval round to the same
// float, so does the exact result. Else, once in some 2^26 results, or where f comes next to a tie, as half
// of a denormal does, the formula in Numbers settles it (exact/settle.h), as it does the few exceptions.

#if defined(SIMDACT_EXACT_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_EXACT_DRIVER_INL_H_
#undef SIMDACT_EXACT_DRIVER_INL_H_
#else
#define SIMDACT_EXACT_DRIVER_INL_H_
#endif

#include "dispatch/registry.h"
#include "kernels/drivers/arrays-inl.h"
#include "kernels/exact/settle.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

using Doubles = hn::ScalableTag<double>;
using Floats = hn::Rebind<float, Doubles>;

// Doubles of a block and of its dy stay in the first-level cache. A whole number of vectors.
constexpr size_t kExactBlock = 512;

// With zeros up to the next whole vector.
HWY_NOINLINE void WidenFloats(const float* from, double* to, size_t n) {
  const size_t lanes = hn::Lanes(Doubles());
  for (size_t i = 0; i < n; i += lanes) {
    const auto v =
        HWY_LIKELY(n - i >= lanes) ? hn::LoadU(Floats(), from + i) : hn::LoadN(Floats(), from + i, n - i);
    hn::Store(hn::PromoteTo(Doubles(), v), Doubles(), to + i);
  }
}

// What a call computes, and of what.
struct ExactCall {
  simdact_op op;
  simdact_direction direction;
  simdact_params p;
  const float *x, *dy;  // dy: null in forward
  bool is_double;       // the kernel's result is exact

  // The results y of elements i, i + 1, ..., of which some are in doubt: where the ends differ.
  HWY_NOINLINE hn::Vec<Floats> Settled(size_t i, hn::Vec<Doubles> y, hn::Vec<Floats> inner,
                                       hn::Vec<Floats> outer) const {
    if (is_double) return hn::DemoteTo(Floats(), y);
    HWY_ALIGN float ends[hn::MaxLanes(Floats())], results[hn::MaxLanes(Floats())];
    hn::Store(inner, Floats(), ends);
    hn::Store(outer, Floats(), results);
    for (size_t k = 0; k < hn::Lanes(Floats()); ++k) {
      // Arm flushes what is just below the least normal number before it rounds it. No tie is near that one.
      const bool is_flushed = ends[k] == 0 && HWY_MAX(results[k], -results[k]) == 0x1p-126f;
      if (!is_flushed && (ends[k] < results[k] || results[k] < ends[k]))
        results[k] = exact::Settled(op, direction, x[i + k], dy != nullptr ? dy[i + k] : 1.0f, p);
    }
    return hn::Load(Floats(), results);
  }
};

// to[i] = v[i], rounded or settled; v has zeros up to the next whole vector. The inputs may be where `to` is:
// they are read before it is written.
HWY_INLINE void RoundDoubles(const ExactCall& call, const double* v, float* to, size_t start, size_t n) {
  const size_t lanes = hn::Lanes(Doubles());
  for (size_t i = 0; i < n; i += lanes) {
    const auto y = hn::Load(Doubles(), v + i), error = hn::Mul(y, hn::Set(Doubles(), 0x1p-50));
    const auto inner =
        hn::DemoteTo(Floats(), hn::Sub(y, error));  // NaN for an infinite y, which is in no doubt
    auto result = hn::DemoteTo(Floats(), hn::Add(y, error));
    if (HWY_UNLIKELY(!hn::AllFalse(Floats(), hn::Lt(hn::Abs(inner), hn::Abs(result)))))
      result = call.Settled(start + i, y, inner, result);
    if (HWY_LIKELY(n - i >= lanes)) {
      hn::StoreU(result, Floats(), to + start + i);
    } else {
      hn::StoreN(result, Floats(), to + start + i, n - i);
    }
  }
}

// y = f(x), or dx = dy f'(x), or dy f'(y) of y = x.
void Exactly(simdact_op op, simdact_direction direction, const void* x_void, const void* dy_void,
             void* to_void, size_t n, simdact_params p) {
  const bool rounded_once = exact::IsOneRounding(op, direction);
  const simdact_kernel& kernel = *AccurateKernel(HWY_TARGET, op, rounded_once ? SIMDACT_F32 : SIMDACT_F64);
  const auto backward = direction == SIMDACT_BACKWARD ? kernel.backward : kernel.backward_from_output;
  const auto run = [&](const void* x, const void* dy, void* to, size_t count) {
    dy == nullptr ? kernel.forward(x, to, count, p) : backward(x, dy, to, count, p);
  };
  if (rounded_once) return run(x_void, dy_void, to_void, n);
  assert(AliasIsExact(x_void, to_void, n * sizeof(float)));
  assert(dy_void == nullptr || AliasIsExact(dy_void, to_void, n * sizeof(float)));
  p = exact::ParametersOf(op, p);
  const ExactCall call = {op,
                          direction,
                          p,
                          static_cast<const float*>(x_void),
                          static_cast<const float*>(dy_void),
                          exact::IsDouble(op, direction, p)};
  const exact::Exceptions exceptions(op, direction, p);
  HWY_ALIGN double block[kExactBlock], upstream[kExactBlock];
  for (size_t start = 0; start < n; start += kExactBlock) {
    const size_t size = HWY_MIN(kExactBlock, n - start);
    WidenFloats(call.x + start, block, size);
    if (call.dy != nullptr) WidenFloats(call.dy + start, upstream, size);
    run(block, call.dy != nullptr ? upstream : nullptr, block, size);
    if (exceptions.MayBe()) {  // what is settled is a float, and in no doubt
      for (size_t i = start; i < start + size; ++i) {
        double& v = block[i - start];
        const float factor = call.dy != nullptr ? call.dy[i] : 1.0f;
        if (exceptions.Has(call.x[i], factor, v))
          v = static_cast<double>(exact::Settled(op, direction, call.x[i], factor, p));
      }
    }
    RoundDoubles(call, block, static_cast<float*>(to_void), start, size);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_EXACT_DRIVER_INL_H_
