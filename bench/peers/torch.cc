// PyTorch's libtorch: ATen's functions that write into a given tensor, with the tensors made beforehand; the
// time holds the dispatcher's. All functions are PyTorch's own (it calls SLEEF and oneDNN for some). Only
// mish' has no such form: its result is allocated and copied, a small part of its time. ATen takes the best
// instruction set of the CPU, or the one that ATEN_CPU_CAPABILITY names (avx2, default): one per process,
// which then is part of the rows' names.
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#if __has_include(<torch/headeronly/version.h>)
#include <torch/headeronly/version.h>
#else
#include <torch/csrc/api/include/torch/version.h>  // as of 1.13
#endif

#include "bench/peers/peer.h"

namespace simdact_peers {
namespace {

std::string Isa() { return IsaFrom("ATEN_CPU_CAPABILITY"); }

at::Tensor Over(simdact_dtype dtype, const void* data, size_t n) {
  const auto type = dtype == SIMDACT_BF16 ? at::kBFloat16 : at::kFloat;
  return at::from_blob(const_cast<void*>(data), {static_cast<int64_t>(n)}, at::TensorOptions().dtype(type));
}

using Unary = void (*)(at::Tensor& y, const at::Tensor& x);
using Derivative = void (*)(at::Tensor& dx, const at::Tensor& dy, const at::Tensor& x);

void Add(Peer& peer, simdact_op op, Unary function) {
  for (const simdact_dtype dtype : {SIMDACT_F32, SIMDACT_BF16}) {
    const auto prepare = [=](const void* x, const void*, void* y, size_t n) -> Call {
      const c10::InferenceMode guard;
      const at::Tensor from = Over(dtype, x, n);
      at::Tensor to = Over(dtype, y, n);
      return [=]() mutable {
        const c10::InferenceMode inside;
        function(to, from);
      };
    };
    peer.functions.push_back({op, SIMDACT_FORWARD, dtype, Isa(), false, prepare});
  }
}

void Add(Peer& peer, simdact_op op, simdact_direction direction, Derivative function) {
  const auto prepare = [=](const void* x, const void* dy, void* dx, size_t n) -> Call {
    const c10::InferenceMode guard;
    const at::Tensor data = Over(SIMDACT_F32, x, n), gradient = Over(SIMDACT_F32, dy, n);
    at::Tensor to = Over(SIMDACT_F32, dx, n);
    return [=]() mutable {
      const c10::InferenceMode inside;
      function(to, gradient, data);
    };
  };
  peer.functions.push_back({op, direction, SIMDACT_F32, Isa(), false, prepare});
}

constexpr double kAlpha = 1.6732632423543772848170429916717, kLambda = 1.0507009873554804934193349852946;

void AddForward(Peer& peer) {
  using T = at::Tensor;
  Add(peer, SIMDACT_OP_exp, [](T& y, const T& x) { at::exp_out(y, x); });
  Add(peer, SIMDACT_OP_expm1, [](T& y, const T& x) { at::expm1_out(y, x); });
  Add(peer, SIMDACT_OP_log1p, [](T& y, const T& x) { at::log1p_out(y, x); });
  Add(peer, SIMDACT_OP_sigmoid, [](T& y, const T& x) { at::sigmoid_out(y, x); });
  Add(peer, SIMDACT_OP_tanh, [](T& y, const T& x) { at::tanh_out(y, x); });
  Add(peer, SIMDACT_OP_erf, [](T& y, const T& x) { at::erf_out(y, x); });
  Add(peer, SIMDACT_OP_gelu, [](T& y, const T& x) { at::gelu_out(y, x, "none"); });
  Add(peer, SIMDACT_OP_gelu_tanh, [](T& y, const T& x) { at::gelu_out(y, x, "tanh"); });
  Add(peer, SIMDACT_OP_silu, [](T& y, const T& x) { at::silu_out(y, x); });
  Add(peer, SIMDACT_OP_elu, [](T& y, const T& x) { at::elu_out(y, x); });
  Add(peer, SIMDACT_OP_selu, [](T& y, const T& x) { at::elu_out(y, x, kAlpha, kLambda); });
  Add(peer, SIMDACT_OP_softplus, [](T& y, const T& x) { at::softplus_out(y, x); });
  Add(peer, SIMDACT_OP_mish, [](T& y, const T& x) { at::mish_out(y, x); });
  Add(peer, SIMDACT_OP_hardswish, [](T& y, const T& x) { at::hardswish_out(y, x); });
  Add(peer, SIMDACT_OP_relu, [](T& y, const T& x) { at::clamp_min_out(y, x, 0); });
  Add(peer, SIMDACT_OP_leaky_relu, [](T& y, const T& x) { at::leaky_relu_out(y, x); });
}

void AddBackward(Peer& peer) {
  using T = at::Tensor;
  constexpr simdact_direction kInput = SIMDACT_BACKWARD, kOutput = SIMDACT_BACKWARD_FROM_OUTPUT;
  Add(peer, SIMDACT_OP_sigmoid, kOutput,
      [](T& dx, const T& dy, const T& y) { at::sigmoid_backward_out(dx, dy, y); });
  Add(peer, SIMDACT_OP_tanh, kOutput,
      [](T& dx, const T& dy, const T& y) { at::tanh_backward_out(dx, dy, y); });
  Add(peer, SIMDACT_OP_elu, kOutput,
      [](T& dx, const T& dy, const T& y) { at::elu_backward_out(dx, dy, 1, 1, 1, true, y); });
  Add(peer, SIMDACT_OP_elu, kInput,
      [](T& dx, const T& dy, const T& x) { at::elu_backward_out(dx, dy, 1, 1, 1, false, x); });
  Add(peer, SIMDACT_OP_selu, kOutput,
      [](T& dx, const T& dy, const T& y) { at::elu_backward_out(dx, dy, kAlpha, kLambda, 1, true, y); });
  Add(peer, SIMDACT_OP_gelu, kInput,
      [](T& dx, const T& dy, const T& x) { at::gelu_backward_out(dx, dy, x, "none"); });
  Add(peer, SIMDACT_OP_gelu_tanh, kInput,
      [](T& dx, const T& dy, const T& x) { at::gelu_backward_out(dx, dy, x, "tanh"); });
  Add(peer, SIMDACT_OP_silu, kInput,
      [](T& dx, const T& dy, const T& x) { at::silu_backward_out(dx, dy, x); });
  Add(peer, SIMDACT_OP_softplus, kInput,
      [](T& dx, const T& dy, const T& x) { at::softplus_backward_out(dx, dy, x, 1, 20); });
  Add(peer, SIMDACT_OP_mish, kInput,
      [](T& dx, const T& dy, const T& x) { dx.copy_(at::mish_backward(dy, x)); });
  Add(peer, SIMDACT_OP_hardswish, kInput,
      [](T& dx, const T& dy, const T& x) { at::hardswish_backward_out(dx, dy, x); });
  Add(peer, SIMDACT_OP_relu, kInput,
      [](T& dx, const T& dy, const T& x) { at::threshold_backward_out(dx, dy, x, 0); });
  Add(peer, SIMDACT_OP_leaky_relu, kInput,
      [](T& dx, const T& dy, const T& x) { at::leaky_relu_backward_out(dx, dy, x, 0.01, false); });
}

}  // namespace

Peer Torch() {
  at::set_num_threads(1);
  Peer peer = {"torch", TORCH_VERSION, {}, {}};
  AddForward(peer);
  AddBackward(peer);
  peer.softmax.push_back(
      {"", [](const float* x, float* y, size_t rows, size_t cols) -> Call {
         const c10::InferenceMode guard;
         const std::vector<int64_t> shape = {static_cast<int64_t>(rows), static_cast<int64_t>(cols)};
         const at::Tensor from = at::from_blob(const_cast<float*>(x), shape);
         at::Tensor to = at::from_blob(y, shape);
         return [=]() mutable {
           const c10::InferenceMode inside;
           at::_softmax_out(to, from, 1, false);
         };
       }});
  return peer;
}

}  // namespace simdact_peers
