// softmax, log_softmax and softmin along any dimension, with their gradients, as operators:
//
//   softmax(x, dim=-1), softmax(x, dim, out=y)            softmax_backward(y, dy, dim=-1)
//
// For each function of simdact's list, like elementwise_library.cc.
#include <torch/library.h>

#include <string>

#include "autograd.h"

namespace simdact_torch {
namespace {

struct Softmax {
  simdact_softmax_op op;
  int64_t dim;
  bool fast;
};

const char* NameOf(const Softmax& f) { return simdact_describe_softmax(f.op)->name; }

// ---- Kernels -------------------------------------------------------------------------------------------

// A tensor as simdact/softmax_axis.h sees it: what stands before the dimension, it, and what stands behind.
struct Extents {
  int64_t outer = 1, axis = 1, inner = 1;
};

Extents ExtentsOf(const Softmax& f, const Tensor& x) {
  const int64_t dim = at::maybe_wrap_dim(f.dim, x.dim());
  Extents e;
  for (int64_t i = 0; i < x.dim(); ++i) {
    (i < dim ? e.outer : i > dim ? e.inner : e.axis) *= x.size(i);
  }
  return e;
}

// Contiguous tensors of one size: out = f(given), or where dy is there the gradient, given f's output.
void Run(const Softmax& f, const Tensor& given, const Tensor* dy, const Tensor& out) {
  const Extents e = ExtentsOf(f, given);
  const auto* kernel = simdact_find_softmax_axis(simdact_target_default(), f.op, DtypeOf(NameOf(f), given));
  TORCH_CHECK(kernel != nullptr, "simdact::", NameOf(f), ": this simdact was built without ",
              given.scalar_type());
  if (out.is_meta() || out.numel() == 0) return;
  simdact_softmax_axis_options options = {};
  options.tier = TierOf(f.fast);
  const int64_t each = e.axis * e.inner;
  const auto axis = static_cast<size_t>(e.axis), inner = static_cast<size_t>(e.inner);
  Split(e.outer, each, [&](int64_t begin, int64_t end) {
    const auto outer = static_cast<size_t>(end - begin);
    const char* from = At(given, begin * each);
    char* to = At(out, begin * each);
    const simdact_status status =
        dy == nullptr ? kernel->forward(from, to, outer, axis, inner, &options)
                      : kernel->backward(from, At(*dy, begin * each), to, outer, axis, inner, &options);
    TORCH_CHECK(status == SIMDACT_OK, "simdact::", NameOf(f), ": ", simdact_status_text(status));
  });
}

struct SoftmaxKernels {
  static Tensor Forward(const Softmax& f, const Tensor& x) {
    const Tensor dense = x.contiguous();
    const Tensor y = at::empty_like(dense);
    Run(f, dense, nullptr, y);
    return y;
  }
  static Tensor& Out(const Softmax& f, const Tensor& x, Tensor& y) {
    CheckOut(NameOf(f), x, y);
    if (x.is_contiguous() && y.is_contiguous()) {
      Run(f, x, nullptr, y);
    } else {
      y.copy_(Forward(f, x));
    }
    return y;
  }
  static Tensor Backward(const Softmax& f, const Tensor& y, const Tensor& dy) {
    CheckAlike(NameOf(f), y, dy);
    const Tensor dense = dy.contiguous();
    const Tensor dx = at::empty_like(dense);
    Run(f, y.contiguous(), &dense, dx);
    return dx;
  }
  static Tensor& BackwardOut(const Softmax& f, const Tensor& y, const Tensor& dy, Tensor& dx) {
    CheckAlike(NameOf(f), y, dy);
    CheckOut(NameOf(f), y, dx);
    at::assert_no_partial_overlap(dx, dy);
    if (y.is_contiguous() && dy.is_contiguous() && dx.is_contiguous()) {
      Run(f, y, &dy, dx);
    } else {
      dx.copy_(Backward(f, y, dy));
    }
    return dx;
  }
};

// ---- Autograd ------------------------------------------------------------------------------------------

struct TrackedSoftmax {
  static Tensor Forward(const Softmax& f, const Tensor& x);
  static Tensor& Out(const Softmax& f, const Tensor& x, Tensor& y);
  static Tensor Backward(const Softmax& f, const Tensor& y, const Tensor& dy);
  static Tensor& BackwardOut(const Softmax& f, const Tensor& y, const Tensor& dy, Tensor& dx);
};

void Keep(AutogradContext* ctx, const Softmax& f) {
  ctx->saved_data["f"] = std::vector<int64_t>{f.op, f.dim, f.fast};
}

Softmax Kept(AutogradContext* ctx) {
  const std::vector<int64_t> kept = ctx->saved_data["f"].toIntVector();
  return {static_cast<simdact_softmax_op>(kept[0]), kept[1], kept[2] != 0};
}

struct SoftmaxNode : Function<SoftmaxNode> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Softmax& f) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const Tensor y = SoftmaxKernels::Forward(f, x);
    Keep(ctx, f);
    ctx->save_for_backward({y});
    return y;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& dy) {
    return {TrackedSoftmax::Backward(Kept(ctx), ctx->get_saved_variables()[0], dy[0]), Tensor()};
  }
};

// The gradient of <g, dx> by y, where dx = y (dy - sum y dy).
Tensor OfSoftmaxOutput(const Tensor& y, const Tensor& dy, const Tensor& g, int64_t dim) {
  return g * (dy - (y * dy).sum(dim, true)) - dy * (y * g).sum(dim, true);
}

// The same where dx = dy - exp(y) sum dy.
Tensor OfLogSoftmaxOutput(const Tensor& y, const Tensor& dy, const Tensor& g, int64_t dim) {
  return -g * at::exp(y) * dy.sum(dim, true);
}

// The gradient of <g, dx> by dy. softmax's Jacobian is symmetric; log_softmax's is not: g - sum g exp(y).
Tensor OfUpstream(const Softmax& f, const Tensor& y, const Tensor& g) {
  if (f.op == SIMDACT_SOFTMAX_OP_log_softmax) return g - (g * at::exp(y)).sum(f.dim, true);
  return TrackedSoftmax::Backward(f, y, g);
}

struct SoftmaxBackwardNode : Function<SoftmaxBackwardNode> {
  static Tensor forward(AutogradContext* ctx, const Tensor& y, const Tensor& dy, const Softmax& f) {
    const at::AutoDispatchBelowADInplaceOrView below;
    Keep(ctx, f);
    ctx->save_for_backward({y, dy});
    return SoftmaxKernels::Backward(f, y, dy);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& g) {
    const Softmax f = Kept(ctx);
    const variable_list saved = ctx->get_saved_variables();
    Tensor of_y, of_dy;
    if (ctx->needs_input_grad(0)) {
      const bool log = f.op == SIMDACT_SOFTMAX_OP_log_softmax;
      of_y = (log ? OfLogSoftmaxOutput : OfSoftmaxOutput)(saved[0], saved[1], g[0], f.dim);
      if (f.op == SIMDACT_SOFTMAX_OP_softmin) of_y = -of_y;
    }
    if (ctx->needs_input_grad(1)) of_dy = OfUpstream(f, saved[0], g[0]);
    return {of_y, of_dy, Tensor()};
  }
};

Tensor TrackedSoftmax::Forward(const Softmax& f, const Tensor& x) {
  RefuseTangents(NameOf(f), x);
  if (NeedsGraph(x)) return SoftmaxNode::apply(x, f);
  const at::AutoDispatchBelowADInplaceOrView below;
  return SoftmaxKernels::Forward(f, x);
}

Tensor& TrackedSoftmax::Out(const Softmax& f, const Tensor& x, Tensor& y) {
  CheckUntracked(NameOf(f), x, y);
  const at::AutoDispatchBelowADInplaceOrView below;
  SoftmaxKernels::Out(f, x, y);
  torch::autograd::impl::bump_version(y);
  return y;
}

Tensor TrackedSoftmax::Backward(const Softmax& f, const Tensor& y, const Tensor& dy) {
  RefuseTangents(NameOf(f), y, dy);
  if (NeedsGraph(y) || NeedsGraph(dy)) return SoftmaxBackwardNode::apply(y, dy, f);
  const at::AutoDispatchBelowADInplaceOrView below;
  return SoftmaxKernels::Backward(f, y, dy);
}

Tensor& TrackedSoftmax::BackwardOut(const Softmax& f, const Tensor& y, const Tensor& dy, Tensor& dx) {
  CheckUntracked(NameOf(f), y, dy, dx);
  const at::AutoDispatchBelowADInplaceOrView below;
  SoftmaxKernels::BackwardOut(f, y, dy, dx);
  torch::autograd::impl::bump_version(dx);
  return dx;
}

// ---- The operators -------------------------------------------------------------------------------------

void Define(torch::Library& m, const std::string& name, const std::string& inputs) {
  const std::string arguments = "(" + inputs + ", int dim=-1, *, bool fast=False";
  m.def((name + arguments + ") -> Tensor").c_str());
  m.def((name + ".out" + arguments + ", Tensor(a!) out) -> Tensor(a!)").c_str());
}

// `Way`: SoftmaxKernels or TrackedSoftmax.
template <class Way>
void Implement(torch::Library& m, simdact_softmax_op op) {
  const std::string name = simdact_describe_softmax(op)->name, backward = name + "_backward";
  m.impl(name.c_str(), [op](const Tensor& x, int64_t dim, bool fast) {
    return Way::Forward({op, dim, fast}, x);
  });
  m.impl((name + ".out").c_str(), [op](const Tensor& x, int64_t dim, bool fast, Tensor& out) -> Tensor& {
    return Way::Out({op, dim, fast}, x, out);
  });
  m.impl(backward.c_str(), [op](const Tensor& y, const Tensor& dy, int64_t dim, bool fast) {
    return Way::Backward({op, dim, fast}, y, dy);
  });
  m.impl((backward + ".out").c_str(),
         [op](const Tensor& y, const Tensor& dy, int64_t dim, bool fast, Tensor& out) -> Tensor& {
           return Way::BackwardOut({op, dim, fast}, y, dy, out);
         });
}

template <class Way>
void ImplementAll(torch::Library& m) {
  for (int op = 0; op < SIMDACT_SOFTMAX_OP_COUNT; ++op)
    Implement<Way>(m, static_cast<simdact_softmax_op>(op));
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(simdact, m) {
  for (int op = 0; op < SIMDACT_SOFTMAX_OP_COUNT; ++op) {
    const std::string name = simdact_describe_softmax(static_cast<simdact_softmax_op>(op))->name;
    Define(m, name, "Tensor x");
    Define(m, name + "_backward", "Tensor y, Tensor dy");
  }
}
TORCH_LIBRARY_IMPL(simdact, CPU, m) { ImplementAll<SoftmaxKernels>(m); }
TORCH_LIBRARY_IMPL(simdact, Meta, m) { ImplementAll<SoftmaxKernels>(m); }
TORCH_LIBRARY_IMPL(simdact, AutogradCPU, m) { ImplementAll<TrackedSoftmax>(m); }
TORCH_LIBRARY_IMPL(simdact, AutogradMeta, m) { ImplementAll<TrackedSoftmax>(m); }

}  // namespace simdact_torch
