// Element-wise activations of tensors: one function per shape, whatever the op. The op is data.
#ifndef SIMDACT_ENGINES_PYTORCH_ELEMENTWISE_H_
#define SIMDACT_ENGINES_PYTORCH_ELEMENTWISE_H_

#include "tensors.h"

namespace simdact_torch {

// What is computed: an op of simdact's list with its parameters, in one of the tiers.
struct Activation {
  simdact_op op;
  simdact_params p;
  bool fast;
};

inline const char* NameOf(const Activation& f) { return simdact_describe(f.op)->name; }

// The operators' kernels: y = f(x), and dx = dy f'. With `from` SIMDACT_BACKWARD `given` is x, with
// SIMDACT_BACKWARD_FROM_OUTPUT it is y. Outputs may be inputs.
struct Kernels {
  static Tensor Forward(const Activation& f, const Tensor& x);
  static Tensor& InPlace(const Activation& f, Tensor& x) { return Out(f, x, x); }
  static Tensor& Out(const Activation& f, const Tensor& x, Tensor& y);
  static Tensor Backward(const Activation& f, simdact_direction from, const Tensor& given, const Tensor& dy);
  static Tensor& BackwardOut(const Activation& f, simdact_direction from, const Tensor& given,
                             const Tensor& dy, Tensor& dx);
};

// The same for autograd: with a graph where one is wanted.
struct Tracked {
  static Tensor Forward(const Activation& f, const Tensor& x);
  static Tensor& InPlace(const Activation& f, Tensor& x);
  static Tensor& Out(const Activation& f, const Tensor& x, Tensor& y);
  static Tensor Backward(const Activation& f, simdact_direction from, const Tensor& given, const Tensor& dy);
  static Tensor& BackwardOut(const Activation& f, simdact_direction from, const Tensor& given,
                             const Tensor& dy, Tensor& dx);
};

// Whether f'' is 0 wherever it exists.
bool IsStraight(simdact_op op);

// f''(x), from torch's own functions, so that it has derivatives in its turn. simdact has first derivatives
// alone; this is for gradients of gradients, and claims no error bound.
Tensor SecondDerivative(const Activation& f, const Tensor& x);

}  // namespace simdact_torch

#endif  // SIMDACT_ENGINES_PYTORCH_ELEMENTWISE_H_
