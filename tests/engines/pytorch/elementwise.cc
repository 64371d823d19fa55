// The kernels of the element-wise operators: from tensors to simdact's arrays.
#include "elementwise.h"

namespace simdact_torch {
namespace {

const simdact_kernel& KernelOf(const Activation& f, const Tensor& x) {
  const simdact_kernel* kernel = simdact_find_default(f.op, DtypeOf(NameOf(f), x), TierOf(f.fast));
  TORCH_CHECK(kernel != nullptr, "simdact::", NameOf(f), ": this simdact was built without ",
              x.scalar_type());
  return *kernel;
}

// y = f(x) for tensors of one layout.
void Run(const Activation& f, const Tensor& x, const Tensor& y) {
  const simdact_kernel& kernel = KernelOf(f, x);
  if (y.is_meta()) return;  // a tensor of shapes only
  Split(x.numel(), 1, [&](int64_t begin, int64_t end) {
    kernel.forward(At(x, begin), At(y, begin), static_cast<size_t>(end - begin), f.p);
  });
}

// dx = dy f' for tensors of one layout.
void Run(const Activation& f, simdact_direction from, const Tensor& given, const Tensor& dy,
         const Tensor& dx) {
  const simdact_kernel& kernel = KernelOf(f, given);
  const auto backward = from == SIMDACT_BACKWARD ? kernel.backward : kernel.backward_from_output;
  if (dx.is_meta()) return;
  Split(dx.numel(), 1, [&](int64_t begin, int64_t end) {
    backward(At(given, begin), At(dy, begin), At(dx, begin), static_cast<size_t>(end - begin), f.p);
  });
}

}  // namespace

Tensor Kernels::Forward(const Activation& f, const Tensor& x) {
  DtypeOf(NameOf(f), x);
  // A tensor with gaps is brought together by a copy, which then is computed in place.
  const bool dense = IsDense(x);
  const Tensor y = dense ? at::empty_like(x) : x.contiguous();
  Run(f, dense ? x : y, y);
  return y;
}

Tensor& Kernels::Out(const Activation& f, const Tensor& x, Tensor& y) {
  CheckOut(NameOf(f), x, y);
  if (SameLayout(x, y)) {
    Run(f, x, y);
  } else if (IsDense(y)) {
    y.copy_(x);
    Run(f, y, y);
  } else {
    y.copy_(Forward(f, x));
  }
  return y;
}

Tensor Kernels::Backward(const Activation& f, simdact_direction from, const Tensor& given, const Tensor& dy) {
  CheckAlike(NameOf(f), given, dy);
  const Tensor dense = IsDense(given) ? given : given.contiguous();
  const Tensor dx = at::empty_like(dense);
  // dy often has a layout of its own: that of a sum's gradient is one element, seen many times.
  const bool alike = SameLayout(dense, dy);
  if (!alike) dx.copy_(dy);
  Run(f, from, dense, alike ? dy : dx, dx);
  return dx;
}

Tensor& Kernels::BackwardOut(const Activation& f, simdact_direction from, const Tensor& given,
                             const Tensor& dy, Tensor& dx) {
  CheckAlike(NameOf(f), given, dy);
  CheckOut(NameOf(f), given, dx);
  at::assert_no_partial_overlap(dx, dy);
  if (SameLayout(given, dx) && SameLayout(dy, dx)) {
    Run(f, from, given, dy, dx);
  } else {
    dx.copy_(Backward(f, from, given, dy));
  }
  return dx;
}

}  // namespace simdact_torch
