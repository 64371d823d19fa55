// Softmax of attention's scores, scaled and causal in one pass, with its gradient, as an operator:
//
//   attention_softmax(x, scale=1, causal=False, diagonal=0)           x: [..., queries, keys]
//
// is softmax(scale x) over the keys; causal: of query q over keys 0, 1, ..., q + diagonal alone, as with
// torch.tril, and 0 at the others. diagonal = keys - queries where tokens came before. Gradients of
// gradients: write softmax(x), whose operators have them.
#include <torch/library.h>

#include <string>

#include "autograd.h"

namespace simdact_torch {
namespace {

constexpr char kName[] = "attention_softmax";

struct Attention {
  double scale;
  bool causal;
  int64_t diagonal;
  bool fast;
};

// ---- Kernels -------------------------------------------------------------------------------------------

// run(first head, options) for parts of the heads, and batches, which are heads here.
template <class F>
void OverHeads(const Attention& f, const Tensor& x, const F& run) {
  if (x.is_meta() || x.numel() == 0) return;
  const int64_t queries = x.size(-2), keys = x.size(-1), each = queries * keys;
  Split(x.numel() / each, each, [&](int64_t begin, int64_t end) {
    simdact_attention a = {};
    a.batches = 1;
    a.heads = static_cast<size_t>(end - begin);
    a.queries = static_cast<size_t>(queries);
    a.keys = static_cast<size_t>(keys);
    a.scale = f.scale;
    a.causal = f.causal;
    a.diagonal = static_cast<ptrdiff_t>(f.diagonal);
    a.tier = TierOf(f.fast);
    const simdact_status status = run(begin * each, a);
    TORCH_CHECK(status == SIMDACT_OK, "simdact::", kName, ": ", simdact_status_text(status));
  });
}

void Check(const Attention& f, const Tensor& x) {
  TORCH_CHECK(x.dim() >= 2, "simdact::", kName, ": queries and keys are needed, not a tensor of ", x.sizes());
  TORCH_CHECK_VALUE(f.scale != 0, "simdact::", kName, ": scale must not be 0");
}

struct AttentionKernels {
  static Tensor Forward(const Attention& f, const Tensor& x) {
    Check(f, x);
    const simdact_dtype dtype = DtypeOf(kName, x);
    const Tensor from = x.contiguous(), y = at::empty_like(from);
    OverHeads(f, from, [&](int64_t offset, const simdact_attention& a) {
      return simdact_attention_softmax(simdact_target_default(), dtype, At(from, offset), At(y, offset), &a);
    });
    return y;
  }
  static Tensor Backward(const Attention& f, const Tensor& y, const Tensor& dy) {
    Check(f, y);
    CheckAlike(kName, y, dy);
    const simdact_dtype dtype = DtypeOf(kName, y);
    const Tensor given = y.contiguous(), upstream = dy.contiguous(), dx = at::empty_like(upstream);
    OverHeads(f, given, [&](int64_t offset, const simdact_attention& a) {
      return simdact_attention_softmax_backward(simdact_target_default(), dtype, nullptr, At(given, offset),
                                                At(upstream, offset), At(dx, offset), nullptr, &a);
    });
    return dx;
  }
};

// ---- Autograd ------------------------------------------------------------------------------------------

struct TrackedAttention {
  static Tensor Forward(const Attention& f, const Tensor& x);
  static Tensor Backward(const Attention& f, const Tensor& y, const Tensor& dy);
};

void Keep(AutogradContext* ctx, const Attention& f) {
  ctx->saved_data["scale"] = f.scale;
  ctx->saved_data["causal"] = f.causal;
  ctx->saved_data["diagonal"] = f.diagonal;
  ctx->saved_data["fast"] = f.fast;
}

Attention Kept(AutogradContext* ctx) {
  return {ctx->saved_data["scale"].toDouble(), ctx->saved_data["causal"].toBool(),
          ctx->saved_data["diagonal"].toInt(), ctx->saved_data["fast"].toBool()};
}

struct AttentionNode : Function<AttentionNode> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Attention& f) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const Tensor y = AttentionKernels::Forward(f, x);
    Keep(ctx, f);
    ctx->save_for_backward({y});
    return y;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& dy) {
    return {TrackedAttention::Backward(Kept(ctx), ctx->get_saved_variables()[0], dy[0]), Tensor()};
  }
};

struct AttentionBackwardNode : Function<AttentionBackwardNode> {
  static Tensor forward(AutogradContext*, const Tensor& y, const Tensor& dy, const Attention& f) {
    const at::AutoDispatchBelowADInplaceOrView below;
    return AttentionKernels::Backward(f, y, dy);
  }
  static variable_list backward(AutogradContext*, const variable_list&) {
    TORCH_CHECK_NOT_IMPLEMENTED(false, "simdact::", kName,
                                " has no second derivative; write softmax, whose operators have one");
  }
};

Tensor TrackedAttention::Forward(const Attention& f, const Tensor& x) {
  RefuseTangents(kName, x);
  if (NeedsGraph(x)) return AttentionNode::apply(x, f);
  const at::AutoDispatchBelowADInplaceOrView below;
  return AttentionKernels::Forward(f, x);
}

Tensor TrackedAttention::Backward(const Attention& f, const Tensor& y, const Tensor& dy) {
  RefuseTangents(kName, y, dy);
  if (NeedsGraph(y) || NeedsGraph(dy)) return AttentionBackwardNode::apply(y, dy, f);
  const at::AutoDispatchBelowADInplaceOrView below;
  return AttentionKernels::Backward(f, y, dy);
}

// ---- The operators -------------------------------------------------------------------------------------

// `Way`: AttentionKernels or TrackedAttention.
template <class Way>
void Implement(torch::Library& m) {
  m.impl("attention_softmax", [](const Tensor& x, double scale, bool causal, int64_t diagonal, bool fast) {
    return Way::Forward({scale, causal, diagonal, fast}, x);
  });
  m.impl("attention_softmax_backward",
         [](const Tensor& y, const Tensor& dy, double scale, bool causal, int64_t diagonal, bool fast) {
           return Way::Backward({scale, causal, diagonal, fast}, y, dy);
         });
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(simdact, m) {
  const std::string options =
      ", float scale=1.0, bool causal=False, int diagonal=0, *, bool fast=False) -> Tensor";
  m.def(("attention_softmax(Tensor x" + options).c_str());
  m.def(("attention_softmax_backward(Tensor y, Tensor dy" + options).c_str());
}
TORCH_LIBRARY_IMPL(simdact, CPU, m) { Implement<AttentionKernels>(m); }
TORCH_LIBRARY_IMPL(simdact, Meta, m) { Implement<AttentionKernels>(m); }
TORCH_LIBRARY_IMPL(simdact, AutogradCPU, m) { Implement<TrackedAttention>(m); }
TORCH_LIBRARY_IMPL(simdact, AutogradMeta, m) { Implement<TrackedAttention>(m); }

}  // namespace simdact_torch
