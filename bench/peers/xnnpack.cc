// XNNPACK: operators, made and set up beforehand; what is timed is xnn_run_operator(), without a thread pool.
// All functions are XNNPACK's own. It takes the best instruction set of the CPU, and turns denormals off
// while it runs. There are two interfaces: that of 2022 has an operator per function, that of 2024 (the macro
// SIMDACT_XNNPACK_UNARY) one operator for all.
#include <xnnpack.h>

#include <limits>
#include <memory>

#include "bench/peers/peer.h"

#ifndef SIMDACT_XNNPACK_VERSION
#define SIMDACT_XNNPACK_VERSION "unknown"  // its header has none; CMake asks the package manager
#endif

namespace simdact_peers {
namespace {

// Null if the operator could not be made.
Call Run(xnn_status status, xnn_operator_t op) {
  const std::shared_ptr<xnn_operator> owned(op, [](xnn_operator_t p) { xnn_delete_operator(p); });
  if (status != xnn_status_success) return nullptr;
  return [owned] { xnn_run_operator(owned.get(), nullptr); };
}

const float kInfinity = std::numeric_limits<float>::infinity();

#ifdef SIMDACT_XNNPACK_UNARY

void Add(Peer& peer, simdact_op op, xnn_unary_operator kind, const xnn_unary_params& params) {
  const auto prepare = [=](const void* x, const void*, void* y, size_t n) {
    xnn_operator_t made = nullptr;
    xnn_status status = xnn_create_unary_elementwise_nc(kind, xnn_datatype_fp32, xnn_datatype_fp32, &params,
                                                        nullptr, nullptr, 0, &made);
    if (status == xnn_status_success) status = xnn_reshape_unary_elementwise_nc(made, n, 1, 1, 1, nullptr);
    if (status == xnn_status_success) status = xnn_setup_unary_elementwise_nc(made, x, y);
    return Run(status, made);
  };
  peer.functions.push_back({op, SIMDACT_FORWARD, SIMDACT_F32, "", false, prepare});
}

void AddAll(Peer& peer) {
  xnn_unary_params none = {}, clamp = {}, elu = {}, leaky = {};
  clamp.clamp.min = 0, clamp.clamp.max = kInfinity;
  elu.elu.alpha = 1;
  leaky.leaky_relu.negative_slope = 0.01f;
  Add(peer, SIMDACT_OP_exp, xnn_unary_exp, none);
  Add(peer, SIMDACT_OP_sigmoid, xnn_unary_sigmoid, none);
  Add(peer, SIMDACT_OP_tanh, xnn_unary_tanh, none);
  Add(peer, SIMDACT_OP_gelu, xnn_unary_gelu, none);
  Add(peer, SIMDACT_OP_elu, xnn_unary_elu, elu);
  Add(peer, SIMDACT_OP_hardswish, xnn_unary_hardswish, none);
  Add(peer, SIMDACT_OP_relu, xnn_unary_clamp, clamp);
  Add(peer, SIMDACT_OP_leaky_relu, xnn_unary_leaky_relu, leaky);
}

Call PrepareSoftmax(const float* x, float* y, size_t rows, size_t cols) {
  xnn_operator_t made = nullptr;
  xnn_status status = xnn_create_softmax_nc_f32(0, &made);
  if (status == xnn_status_success)
    status = xnn_reshape_softmax_nc_f32(made, cols, cols, cols, rows, nullptr);
  if (status == xnn_status_success) status = xnn_setup_softmax_nc_f32(made, x, y);
  return Run(status, made);
}

#else

// create(&operator) and setup(operator, n, x, y, no pool) of one function.
template <class Create, class Setup>
void Add(Peer& peer, simdact_op op, Create create, Setup setup) {
  const auto prepare = [=](const void* x, const void*, void* y, size_t n) {
    xnn_operator_t made = nullptr;
    xnn_status status = create(&made);
    if (status == xnn_status_success) {
      status = setup(made, n, static_cast<const float*>(x), static_cast<float*>(y), nullptr);
    }
    return Run(status, made);
  };
  peer.functions.push_back({op, SIMDACT_FORWARD, SIMDACT_F32, "", false, prepare});
}

void AddAll(Peer& peer) {
  using Made = xnn_operator_t*;
  Add(
      peer, SIMDACT_OP_sigmoid, [](Made made) { return xnn_create_sigmoid_nc_f32(1, 1, 1, 0, made); },
      xnn_setup_sigmoid_nc_f32);
  Add(
      peer, SIMDACT_OP_elu, [](Made made) { return xnn_create_elu_nc_f32(1, 1, 1, 1.0f, 0, made); },
      xnn_setup_elu_nc_f32);
  Add(
      peer, SIMDACT_OP_hardswish, [](Made made) { return xnn_create_hardswish_nc_f32(1, 1, 1, 0, made); },
      xnn_setup_hardswish_nc_f32);
  Add(
      peer, SIMDACT_OP_relu,
      [](Made made) { return xnn_create_clamp_nc_f32(1, 1, 1, 0.0f, kInfinity, 0, made); },
      xnn_setup_clamp_nc_f32);
  Add(
      peer, SIMDACT_OP_leaky_relu,
      [](Made made) { return xnn_create_leaky_relu_nc_f32(1, 1, 1, 0.01f, 0, made); },
      xnn_setup_leaky_relu_nc_f32);
}

Call PrepareSoftmax(const float* x, float* y, size_t rows, size_t cols) {
  xnn_operator_t made = nullptr;
  xnn_status status = xnn_create_softmax_nc_f32(cols, cols, cols, 0, &made);
  if (status == xnn_status_success) status = xnn_setup_softmax_nc_f32(made, rows, x, y, nullptr);
  return Run(status, made);
}

#endif

}  // namespace

Peer Xnnpack() {
  Peer peer = {"xnnpack", SIMDACT_XNNPACK_VERSION, {}, {}};
  if (xnn_initialize(nullptr) != xnn_status_success) return peer;
  AddAll(peer);
  peer.softmax.push_back({"", PrepareSoftmax});
  return peer;
}

}  // namespace simdact_peers
