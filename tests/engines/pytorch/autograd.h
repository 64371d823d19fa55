// What the operators' nodes of autograd share: when there is one, and what is refused.
#ifndef SIMDACT_ENGINES_PYTORCH_AUTOGRAD_H_
#define SIMDACT_ENGINES_PYTORCH_AUTOGRAD_H_

#include <torch/csrc/autograd/VariableTypeUtils.h>
#include <torch/csrc/autograd/custom_function.h>

#include "tensors.h"

namespace simdact_torch {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

inline bool NeedsGraph(const Tensor& x) { return at::GradMode::is_enabled() && x.requires_grad(); }

// Forward-mode derivatives would be lost without a word.
template <class... Tensors>
void RefuseTangents(const char* op, const Tensors&... tensors) {
  TORCH_CHECK_NOT_IMPLEMENTED(!(... || tensors._fw_grad(0).defined()), "simdact::", op,
                              " has no forward-mode derivative");
}

// A function that is given its output cannot be part of a graph; torch's own say the same.
template <class... Tensors>
void CheckUntracked(const char* op, const Tensors&... tensors) {
  if ((... || NeedsGraph(tensors))) torch::autograd::throw_error_out_requires_grad(op);
  RefuseTangents(op, tensors...);
}

}  // namespace simdact_torch

#endif  // SIMDACT_ENGINES_PYTORCH_AUTOGRAD_H_
