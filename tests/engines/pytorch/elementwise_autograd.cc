// Autograd of the element-wise operators. Gradients are simdact's backward kernels, from the input, which
// keeps their bounds in the tails, too; in place from the output, where the derivative follows from it, so
// that nothing more has to be kept. Gradients of gradients: second_derivatives.cc.
#include <cmath>
#include <vector>

#include "autograd.h"
#include "elementwise.h"

namespace simdact_torch {
namespace {

// ---- What a node of the graph keeps --------------------------------------------------------------------

void Keep(AutogradContext* ctx, const Activation& f, simdact_direction from) {
  const double* p = f.p.value;
  ctx->saved_data["f"] = std::vector<double>{static_cast<double>(f.op),
                                             static_cast<double>(f.fast),
                                             static_cast<double>(from),
                                             p[0],
                                             p[1],
                                             p[2],
                                             p[3]};
}

Activation KeptActivation(AutogradContext* ctx) {
  const std::vector<double> kept = ctx->saved_data["f"].toDoubleVector();
  return {static_cast<simdact_op>(kept[0]), {{kept[3], kept[4], kept[5], kept[6]}}, kept[1] != 0};
}

simdact_direction KeptDirection(AutogradContext* ctx) {
  return static_cast<simdact_direction>(ctx->saved_data["f"].toDoubleVector()[2]);
}

// dx, and nothing for the activation, forward's other argument.
variable_list Gradient(AutogradContext* ctx, const Tensor& dy) {
  const Tensor given = ctx->get_saved_variables()[0];
  return {Tracked::Backward(KeptActivation(ctx), KeptDirection(ctx), given, dy), Tensor()};
}

// ---- Nodes ---------------------------------------------------------------------------------------------

struct ForwardNode : Function<ForwardNode> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Activation& f) {
    const at::AutoDispatchBelowADInplaceOrView below;
    Keep(ctx, f, SIMDACT_BACKWARD);
    ctx->save_for_backward({x});
    return Kernels::Forward(f, x);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& dy) {
    return Gradient(ctx, dy[0]);
  }
};

// In place, the derivative from the output.
struct InPlaceNode : Function<InPlaceNode> {
  static Tensor forward(AutogradContext* ctx, Tensor x, const Activation& f) {
    const at::AutoDispatchBelowADInplaceOrView below;
    Keep(ctx, f, SIMDACT_BACKWARD_FROM_OUTPUT);
    Kernels::InPlace(f, x);
    ctx->mark_dirty({x});
    ctx->save_for_backward({x});
    return x;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& dy) {
    return Gradient(ctx, dy[0]);
  }
};

// A tensor that is not an input of the node it is kept in: no gradient flows that way.
struct Original {
  Tensor x;
};

// In place, the derivative from a copy of the input. The copy is part of the graph, but only as what dx
// depends on: gradients of gradients flow through it.
struct OverwriteNode : Function<OverwriteNode> {
  static Tensor forward(AutogradContext* ctx, Tensor x, const Original& original, const Activation& f) {
    const at::AutoDispatchBelowADInplaceOrView below;
    Keep(ctx, f, SIMDACT_BACKWARD);
    Kernels::InPlace(f, x);
    ctx->mark_dirty({x});
    ctx->save_for_backward({original.x});
    return x;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& dy) {
    variable_list gradients = Gradient(ctx, dy[0]);
    gradients.emplace_back();
    return gradients;
  }
};

// d/dx of g dy f'(x), for the gradient g of dx; 16-bit formats through float.
Tensor Curvature(const Activation& f, const Tensor& x, const Tensor& dy, const Tensor& g) {
  const bool narrow = x.element_size() == 2;
  const Tensor second = SecondDerivative(f, narrow ? x.to(at::kFloat) : x);
  return (g * dy * second).to(x.scalar_type());
}

// dx = dy f'(x), as a function of x and of dy.
struct BackwardNode : Function<BackwardNode> {
  static Tensor forward(AutogradContext* ctx, const Tensor& given, const Tensor& dy, const Activation& f,
                        simdact_direction from) {
    const at::AutoDispatchBelowADInplaceOrView below;
    Keep(ctx, f, from);
    ctx->save_for_backward({given, dy});
    return Kernels::Backward(f, from, given, dy);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& g) {
    const Activation f = KeptActivation(ctx);
    const simdact_direction from = KeptDirection(ctx);
    const variable_list saved = ctx->get_saved_variables();
    Tensor of_given, of_dy;
    if (ctx->needs_input_grad(0)) {
      // The derivative of f' by y is another formula, and in few engines.
      TORCH_CHECK_NOT_IMPLEMENTED(from == SIMDACT_BACKWARD || IsStraight(f.op), "simdact::", NameOf(f),
                                  ": no second derivative from the output, as in place; use simdact::",
                                  NameOf(f), ", which keeps the input");
      of_given = Curvature(f, saved[0], saved[1], g[0]);
    }
    if (ctx->needs_input_grad(1)) of_dy = Tracked::Backward(f, from, saved[0], g[0]);
    return {of_given, of_dy, Tensor(), Tensor()};
  }
};

// ---- Which node ----------------------------------------------------------------------------------------

// f' of the output alone is right where f is invertible, or flat where it is not: for parameters above 0.
bool FollowsFromOutput(const Activation& f) {
  if (simdact_find_default(f.op, SIMDACT_F32, SIMDACT_ACCURATE)->backward_from_output == nullptr)
    return false;
  const double* p = f.p.value;
  return std::all_of(p, p + simdact_describe(f.op)->parameters,
                     [](double value) { return value > 0 && std::isfinite(value); });
}

}  // namespace

Tensor Tracked::Forward(const Activation& f, const Tensor& x) {
  RefuseTangents(NameOf(f), x);
  if (NeedsGraph(x)) return ForwardNode::apply(x, f);
  const at::AutoDispatchBelowADInplaceOrView below;
  return Kernels::Forward(f, x);
}

Tensor& Tracked::InPlace(const Activation& f, Tensor& x) {
  RefuseTangents(NameOf(f), x);
  if (!NeedsGraph(x)) {
    const at::AutoDispatchBelowADInplaceOrView below;
    Kernels::InPlace(f, x);
    torch::autograd::impl::bump_version(x);
    return x;
  }
  torch::autograd::check_inplace(x, true);
  if (FollowsFromOutput(f)) {
    InPlaceNode::apply(x, f);
  } else {
    OverwriteNode::apply(x, Original{x.clone()}, f);
  }
  return x;
}

Tensor& Tracked::Out(const Activation& f, const Tensor& x, Tensor& y) {
  CheckUntracked(NameOf(f), x, y);
  const at::AutoDispatchBelowADInplaceOrView below;
  Kernels::Out(f, x, y);
  torch::autograd::impl::bump_version(y);
  return y;
}

Tensor Tracked::Backward(const Activation& f, simdact_direction from, const Tensor& given, const Tensor& dy) {
  RefuseTangents(NameOf(f), given, dy);
  if (NeedsGraph(given) || NeedsGraph(dy)) return BackwardNode::apply(given, dy, f, from);
  const at::AutoDispatchBelowADInplaceOrView below;
  return Kernels::Backward(f, from, given, dy);
}

Tensor& Tracked::BackwardOut(const Activation& f, simdact_direction from, const Tensor& given,
                             const Tensor& dy, Tensor& dx) {
  CheckUntracked(NameOf(f), given, dy, dx);
  const at::AutoDispatchBelowADInplaceOrView below;
  Kernels::BackwardOut(f, from, given, dy, dx);
  torch::autograd::impl::bump_version(dx);
  return dx;
}

}  // namespace simdact_torch
