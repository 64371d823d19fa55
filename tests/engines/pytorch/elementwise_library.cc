// The element-wise operators, as torch sees them: for each op of simdact's list, made when the library is
// loaded, so that an op that is new there is an operator here without a line of code.
//
//   silu(x), silu_(x), silu(x, out=y)                      elu(x, alpha=0.5, fast=True): parameters, tier
//   silu_backward(x, dy), silu_backward(x, dy, out=dx)     dx = dy f'(x)
//   sigmoid_backward_from_output(y, dy)                    where the derivative follows from y = f(x)
#include <torch/library.h>

#include <cstdio>
#include <string>
#include <utility>

#include "elementwise.h"

namespace simdact_torch {
namespace {

// ---- Schemas -------------------------------------------------------------------------------------------

// A number as a schema writes it: with a point, or it would be an int.
std::string Literal(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.17g", value);
  const std::string digits = text;
  return digits.find_first_of(".e") == std::string::npos ? digits + ".0" : digits;
}

// ", float alpha=1.0"
std::string Parameters(const simdact_description& op) {
  std::string text;
  for (int i = 0; i < op.parameters; ++i) {
    text += std::string(", float ") + op.parameter_names[i] + "=" + Literal(op.defaults.value[i]);
  }
  return text;
}

// The operator that makes a tensor and the one that is given one.
void DefineBoth(torch::Library& m, const std::string& name, const std::string& inputs) {
  m.def((name + "(" + inputs + ", *, bool fast=False) -> Tensor").c_str());
  m.def((name + ".out(" + inputs + ", *, bool fast=False, Tensor(a!) out) -> Tensor(a!)").c_str());
}

bool HasOutputForm(simdact_op op) {
  return simdact_find_default(op, SIMDACT_F32, SIMDACT_ACCURATE)->backward_from_output != nullptr;
}

void Define(torch::Library& m, simdact_op op) {
  const simdact_description& described = *simdact_describe(op);
  const std::string name = described.name, parameters = Parameters(described);
  DefineBoth(m, name, "Tensor x" + parameters);
  m.def((name + "_(Tensor(a!) x" + parameters + ", *, bool fast=False) -> Tensor(a!)").c_str());
  DefineBoth(m, name + "_backward", "Tensor x, Tensor dy" + parameters);
  if (HasOutputForm(op)) {
    DefineBoth(m, name + "_backward_from_output", "Tensor y, Tensor dy" + parameters);
  }
}

// ---- Functions -----------------------------------------------------------------------------------------

template <size_t>
using Number = double;

// dx = dy f', from the input or from the output. `Way`: Kernels or Tracked.
template <class Way, size_t... I>
void ImplementBackward(torch::Library& m, simdact_op op, const std::string& name, simdact_direction from,
                       std::index_sequence<I...>) {
  m.impl(name.c_str(), [op, from](const Tensor& given, const Tensor& dy, Number<I>... p, bool fast) {
    return Way::Backward({op, {{p...}}, fast}, from, given, dy);
  });
  m.impl(
      (name + ".out").c_str(),
      [op, from](const Tensor& given, const Tensor& dy, Number<I>... p, bool fast, Tensor& out) -> Tensor& {
        return Way::BackwardOut({op, {{p...}}, fast}, from, given, dy, out);
      });
}

// All operators of an op with sizeof...(I) parameters.
template <class Way, size_t... I>
void Implement(torch::Library& m, simdact_op op, std::index_sequence<I...> parameters) {
  const std::string name = simdact_describe(op)->name;
  m.impl(name.c_str(), [op](const Tensor& x, Number<I>... p, bool fast) {
    return Way::Forward({op, {{p...}}, fast}, x);
  });
  m.impl((name + "_").c_str(), [op](Tensor& x, Number<I>... p, bool fast) -> Tensor& {
    return Way::InPlace({op, {{p...}}, fast}, x);
  });
  m.impl((name + ".out").c_str(), [op](const Tensor& x, Number<I>... p, bool fast, Tensor& out) -> Tensor& {
    return Way::Out({op, {{p...}}, fast}, x, out);
  });
  ImplementBackward<Way>(m, op, name + "_backward", SIMDACT_BACKWARD, parameters);
  if (HasOutputForm(op)) {
    ImplementBackward<Way>(m, op, name + "_backward_from_output", SIMDACT_BACKWARD_FROM_OUTPUT, parameters);
  }
}

template <class Way>
void ImplementAll(torch::Library& m) {
  for (int i = 0; i < SIMDACT_OP_COUNT; ++i) {
    const auto op = static_cast<simdact_op>(i);
    switch (const int parameters = simdact_describe(op)->parameters) {
      case 0:
        Implement<Way>(m, op, std::make_index_sequence<0>());
        break;
      case 1:
        Implement<Way>(m, op, std::make_index_sequence<1>());
        break;
      case 2:
        Implement<Way>(m, op, std::make_index_sequence<2>());
        break;
      case 4:
        Implement<Way>(m, op, std::make_index_sequence<4>());
        break;
      default:
        TORCH_CHECK(false, "simdact: no operators with ", parameters, " parameters yet");
    }
  }
}

}  // namespace

TORCH_LIBRARY(simdact, m) {
  for (int op = 0; op < SIMDACT_OP_COUNT; ++op) Define(m, static_cast<simdact_op>(op));
}
TORCH_LIBRARY_IMPL(simdact, CPU, m) { ImplementAll<Kernels>(m); }
TORCH_LIBRARY_IMPL(simdact, Meta, m) { ImplementAll<Kernels>(m); }
TORCH_LIBRARY_IMPL(simdact, AutogradCPU, m) { ImplementAll<Tracked>(m); }
TORCH_LIBRARY_IMPL(simdact, AutogradMeta, m) { ImplementAll<Tracked>(m); }

}  // namespace simdact_torch
