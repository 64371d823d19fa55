// What the operators share: which number formats there are, tensors as the flat arrays that simdact takes,
// and threads. simdact's functions see memory only; what a tensor is more than that is settled here.
#ifndef SIMDACT_ENGINES_PYTORCH_TENSORS_H_
#define SIMDACT_ENGINES_PYTORCH_TENSORS_H_

#include <ATen/ATen.h>
#include <ATen/MemoryOverlap.h>
#include <ATen/Parallel.h>
#include <simdact/simdact.h>

#include <algorithm>

namespace simdact_torch {

using at::Tensor;

// simdact's name for a tensor's number format. A Python TypeError where it has none.
inline simdact_dtype DtypeOf(const char* op, const Tensor& x) {
  switch (x.scalar_type()) {
    case at::kFloat:
      return SIMDACT_F32;
    case at::kDouble:
      return SIMDACT_F64;
    case at::kBFloat16:
      return SIMDACT_BF16;
    case at::kHalf:
      return SIMDACT_F16;
    default:
      TORCH_CHECK_TYPE(false, "simdact::", op, " takes float32, float64, bfloat16 or float16, not ",
                       x.scalar_type());
  }
}

inline simdact_tier TierOf(bool fast) { return fast ? SIMDACT_FAST : SIMDACT_ACCURATE; }

// Two inputs, or an input and an output, that belong together element by element.
inline void CheckAlike(const char* op, const Tensor& a, const Tensor& b) {
  TORCH_CHECK(a.sizes() == b.sizes(), "simdact::", op, ": tensors of one size are needed, not ", a.sizes(),
              " and ", b.sizes());
  TORCH_CHECK_TYPE(a.scalar_type() == b.scalar_type(), "simdact::", op,
                   ": tensors of one dtype are needed, not ", a.scalar_type(), " and ", b.scalar_type());
}

// Prepares `out` for results of the size of `model`: an empty one is resized, as torch's functions do.
// Results must not be written over an input that is still to be read, or over each other.
inline void CheckOut(const char* op, const Tensor& model, Tensor& out) {
  if (out.numel() == 0 && out.sizes() != model.sizes()) out.resize_(model.sizes());
  CheckAlike(op, model, out);
  at::assert_no_internal_overlap(out);
  at::assert_no_partial_overlap(out, model);
}

// Whether the elements fill one block of memory without gaps, in whatever order: for a function of single
// elements a transposed tensor, or one in channels-last order, is as good as a contiguous one.
inline bool IsDense(const Tensor& x) { return x.is_non_overlapping_and_dense(); }

// Whether both are dense and equal elements of memory belong together.
inline bool SameLayout(const Tensor& a, const Tensor& b) {
  if (a.is_contiguous() && b.is_contiguous()) return true;
  return IsDense(a) && IsDense(b) && a.strides() == b.strides();
}

// Element number `index` of a dense tensor, and where none is there (the meta device) NULL.
inline char* At(const Tensor& x, int64_t index) {
  return static_cast<char*>(x.data_ptr()) + index * static_cast<int64_t>(x.element_size());
}

// f(begin, end) for parts of [0, count), on torch's threads. simdact gives the same input the same bits, so
// it does not matter where an array is split. `each`: how many elements one of `count` stands for.
template <class F>
void Split(int64_t count, int64_t each, const F& f) {
  const int64_t grain = std::max<int64_t>(1, at::internal::GRAIN_SIZE / std::max<int64_t>(1, each));
  at::parallel_for(0, count, grain, f);
}

}  // namespace simdact_torch

#endif  // SIMDACT_ENGINES_PYTORCH_TENSORS_H_
