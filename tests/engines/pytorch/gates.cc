// Gated units on the halves of the last dimension, with their gradients, as operators:
//
//   swiglu(x, layout="gate_first")     x: [..., 2 cols], y: [..., cols]        swiglu_backward(x, dy)
//
// For each gate of simdact's list. layout: "gate_first", "up_first" (torch.nn.functional.glu's) or
// "interleaved". Gradients of gradients: write silu(gate) * up, whose operators have them.
#include <torch/library.h>

#include <cstdio>
#include <string>
#include <utility>

#include "autograd.h"

namespace simdact_torch {
namespace {

struct Gate {
  simdact_gate gate;
  simdact_params p;
  simdact_gate_layout layout;
  bool fast;
};

const char* NameOf(const Gate& f) { return simdact_describe_gate(f.gate)->name; }

simdact_gate_layout LayoutOf(c10::string_view name) {
  if (name == "gate_first") return SIMDACT_GATE_FIRST;
  if (name == "up_first") return SIMDACT_UP_FIRST;
  TORCH_CHECK_VALUE(name == "interleaved", "simdact: a layout is gate_first, up_first or interleaved, not ",
                    name);
  return SIMDACT_GATE_INTERLEAVED;
}

// ---- Kernels -------------------------------------------------------------------------------------------

// The sizes of y: those of x with half of the last.
std::vector<int64_t> OutputSizes(const Gate& f, const Tensor& x) {
  TORCH_CHECK(x.dim() > 0 && x.size(-1) % 2 == 0, "simdact::", NameOf(f),
              ": the last dimension holds gate and up, and must be even, not of ", x.sizes());
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() /= 2;
  return sizes;
}

// run(first row, rows, columns of y) for parts of the rows, unless there is nothing to compute.
template <class F>
void OverRows(const Gate& f, const Tensor& x, const F& run) {
  const int64_t cols = x.size(-1) / 2;
  if (x.is_meta() || x.numel() == 0) return;
  Split(x.numel() / (2 * cols), 2 * cols, [&](int64_t begin, int64_t end) {
    const simdact_status status = run(begin, static_cast<size_t>(end - begin), cols);
    TORCH_CHECK(status == SIMDACT_OK, "simdact::", NameOf(f), ": ", simdact_status_text(status));
  });
}

struct GateKernels {
  static Tensor Forward(const Gate& f, const Tensor& x) {
    const simdact_dtype dtype = DtypeOf(NameOf(f), x);
    const Tensor from = x.contiguous(), y = at::empty(OutputSizes(f, x), x.options());
    OverRows(f, from, [&](int64_t row, size_t rows, int64_t cols) {
      return simdact_gate_rows(f.gate, dtype, TierOf(f.fast), At(from, row * 2 * cols), At(y, row * cols),
                               rows, static_cast<size_t>(cols), f.layout, 0, 0, f.p);
    });
    return y;
  }
  static Tensor Backward(const Gate& f, const Tensor& x, const Tensor& dy) {
    const simdact_dtype dtype = DtypeOf(NameOf(f), x);
    TORCH_CHECK(dy.sizes() == at::IntArrayRef(OutputSizes(f, x)) && dy.scalar_type() == x.scalar_type(),
                "simdact::", NameOf(f), ": dy is to be of y's size and dtype");
    const Tensor from = x.contiguous(), upstream = dy.contiguous(), dx = at::empty_like(from);
    OverRows(f, from, [&](int64_t row, size_t rows, int64_t cols) {
      return simdact_gate_rows_backward(f.gate, dtype, TierOf(f.fast), At(from, row * 2 * cols),
                                        At(upstream, row * cols), At(dx, row * 2 * cols), rows,
                                        static_cast<size_t>(cols), f.layout, 0, 0, 0, f.p);
    });
    return dx;
  }
};

// ---- Autograd ------------------------------------------------------------------------------------------

struct TrackedGate {
  static Tensor Forward(const Gate& f, const Tensor& x);
  static Tensor Backward(const Gate& f, const Tensor& x, const Tensor& dy);
};

void Keep(AutogradContext* ctx, const Gate& f) {
  const double* p = f.p.value;
  ctx->saved_data["f"] = std::vector<double>{static_cast<double>(f.gate),
                                             static_cast<double>(f.layout),
                                             static_cast<double>(f.fast),
                                             p[0],
                                             p[1],
                                             p[2],
                                             p[3]};
}

Gate Kept(AutogradContext* ctx) {
  const std::vector<double> kept = ctx->saved_data["f"].toDoubleVector();
  return {static_cast<simdact_gate>(kept[0]),
          {{kept[3], kept[4], kept[5], kept[6]}},
          static_cast<simdact_gate_layout>(kept[1]),
          kept[2] != 0};
}

struct GateNode : Function<GateNode> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Gate& f) {
    const at::AutoDispatchBelowADInplaceOrView below;
    Keep(ctx, f);
    ctx->save_for_backward({x});
    return GateKernels::Forward(f, x);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& dy) {
    return {TrackedGate::Backward(Kept(ctx), ctx->get_saved_variables()[0], dy[0]), Tensor()};
  }
};

struct GateBackwardNode : Function<GateBackwardNode> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& dy, const Gate& f) {
    const at::AutoDispatchBelowADInplaceOrView below;
    Keep(ctx, f);
    return GateKernels::Backward(f, x, dy);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list&) {
    TORCH_CHECK_NOT_IMPLEMENTED(false, "simdact::", NameOf(Kept(ctx)),
                                " has no second derivative; write act(gate) * up, whose operators have one");
  }
};

Tensor TrackedGate::Forward(const Gate& f, const Tensor& x) {
  RefuseTangents(NameOf(f), x);
  if (NeedsGraph(x)) return GateNode::apply(x, f);
  const at::AutoDispatchBelowADInplaceOrView below;
  return GateKernels::Forward(f, x);
}

Tensor TrackedGate::Backward(const Gate& f, const Tensor& x, const Tensor& dy) {
  RefuseTangents(NameOf(f), x, dy);
  if (NeedsGraph(x) || NeedsGraph(dy)) return GateBackwardNode::apply(x, dy, f);
  const at::AutoDispatchBelowADInplaceOrView below;
  return GateKernels::Backward(f, x, dy);
}

// ---- The operators -------------------------------------------------------------------------------------

// ", float alpha=1.702, float limit=7.0"
std::string Parameters(const simdact_gate_description& gate) {
  std::string text;
  for (int i = 0; i < gate.parameters; ++i) {
    char number[32];
    std::snprintf(number, sizeof(number), "%#.17g", gate.defaults.value[i]);
    text += std::string(", float ") + gate.parameter_names[i] + "=" + number;
  }
  return text;
}

template <size_t>
using Number = double;

template <class Way, size_t... I>
void Implement(torch::Library& m, simdact_gate gate, std::index_sequence<I...>) {
  const std::string name = simdact_describe_gate(gate)->name;
  m.impl(name.c_str(), [gate](const Tensor& x, Number<I>... p, c10::string_view layout, bool fast) {
    return Way::Forward({gate, {{p...}}, LayoutOf(layout), fast}, x);
  });
  m.impl((name + "_backward").c_str(),
         [gate](const Tensor& x, const Tensor& dy, Number<I>... p, c10::string_view layout, bool fast) {
           return Way::Backward({gate, {{p...}}, LayoutOf(layout), fast}, x, dy);
         });
}

// `Way`: GateKernels or TrackedGate.
template <class Way>
void ImplementAll(torch::Library& m) {
  for (int i = 0; i < SIMDACT_GATE_COUNT; ++i) {
    const auto gate = static_cast<simdact_gate>(i);
    const int parameters = simdact_describe_gate(gate)->parameters;
    TORCH_CHECK(parameters == 0 || parameters == 2, "simdact: no gates with ", parameters, " parameters yet");
    if (parameters == 0) {
      Implement<Way>(m, gate, std::make_index_sequence<0>());
    } else {
      Implement<Way>(m, gate, std::make_index_sequence<2>());
    }
  }
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(simdact, m) {
  for (int i = 0; i < SIMDACT_GATE_COUNT; ++i) {
    const simdact_gate_description& gate = *simdact_describe_gate(static_cast<simdact_gate>(i));
    const std::string name = gate.name;
    const std::string options = Parameters(gate) + ", *, str layout='gate_first', bool fast=False) -> Tensor";
    m.def((name + "(Tensor x" + options).c_str());
    m.def((name + "_backward(Tensor x, Tensor dy" + options).c_str());
  }
}
TORCH_LIBRARY_IMPL(simdact, CPU, m) { ImplementAll<GateKernels>(m); }
TORCH_LIBRARY_IMPL(simdact, Meta, m) { ImplementAll<GateKernels>(m); }
TORCH_LIBRARY_IMPL(simdact, AutogradCPU, m) { ImplementAll<TrackedGate>(m); }
TORCH_LIBRARY_IMPL(simdact, AutogradMeta, m) { ImplementAll<TrackedGate>(m); }

}  // namespace simdact_torch
