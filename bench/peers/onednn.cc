// oneDNN 2.x and 3.x: eltwise and softmax primitives, made beforehand; what is timed is execute() and wait().
// All functions are oneDNN's own. It takes the best instruction set of the CPU, or the one that
// ONEDNN_MAX_CPU_ISA names (AVX2, AVX512_CORE): one per process, which then is part of the rows' names.
#include <omp.h>

#include <dnnl.hpp>
#include <memory>
#include <unordered_map>

#include "bench/peers/peer.h"

#if DNNL_CPU_THREADING_RUNTIME != DNNL_RUNTIME_OMP
#error "only oneDNN with OpenMP can be told to run on one thread here"
#endif

namespace simdact_peers {
namespace {

using dnnl::algorithm;
using dnnl::memory;

const dnnl::engine& Engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// A primitive with its arguments.
struct Prepared {
  dnnl::primitive primitive;
  dnnl::stream stream = dnnl::stream(Engine());
  std::unordered_map<int, memory> arguments;
};
Call Run(std::shared_ptr<Prepared> p) {
  return [p] {
    p->primitive.execute(p->stream, p->arguments);
    p->stream.wait();
  };
}

memory::desc Line(simdact_dtype dtype, size_t n) {
  const auto type = dtype == SIMDACT_BF16 ? memory::data_type::bf16 : memory::data_type::f32;
  return memory::desc({static_cast<memory::dim>(n)}, type, memory::format_tag::a);
}
memory Over(const memory::desc& desc, const void* data) {
  return memory(desc, Engine(), const_cast<void*>(data));  // oneDNN's interface: inputs are not written
}

struct Eltwise {
  simdact_op op;
  algorithm kind;
  float alpha, beta;
};

dnnl::eltwise_forward::primitive_desc Forward(const Eltwise& e, const memory::desc& desc,
                                              dnnl::prop_kind prop) {
#if DNNL_VERSION_MAJOR >= 3
  return {Engine(), prop, e.kind, desc, desc, e.alpha, e.beta};
#else
  return {{prop, e.kind, desc, e.alpha, e.beta}, Engine()};
#endif
}

Call PrepareForward(const Eltwise& e, simdact_dtype dtype, const void* x, void* y, size_t n) {
  const memory::desc desc = Line(dtype, n);
  auto p = std::make_shared<Prepared>();
  p->primitive = dnnl::eltwise_forward(Forward(e, desc, dnnl::prop_kind::forward_inference));
  p->arguments = {{DNNL_ARG_SRC, Over(desc, x)}, {DNNL_ARG_DST, Over(desc, y)}};
  return Run(p);
}

Call PrepareBackward(const Eltwise& e, int data, const void* x, const void* dy, void* dx, size_t n) {
  const memory::desc desc = Line(SIMDACT_F32, n);
  const auto forward = Forward(e, desc, dnnl::prop_kind::forward_training);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::eltwise_backward::primitive_desc backward(Engine(), e.kind, desc, desc, desc, e.alpha, e.beta,
                                                        forward);
#else
  const dnnl::eltwise_backward::primitive_desc backward({e.kind, desc, desc, e.alpha, e.beta}, Engine(),
                                                        forward);
#endif
  auto p = std::make_shared<Prepared>();
  p->primitive = dnnl::eltwise_backward(backward);
  p->arguments = {
      {data, Over(desc, x)}, {DNNL_ARG_DIFF_DST, Over(desc, dy)}, {DNNL_ARG_DIFF_SRC, Over(desc, dx)}};
  return Run(p);
}

Call PrepareSoftmax(const float* x, float* y, size_t rows, size_t cols) {
  const memory::desc desc({static_cast<memory::dim>(rows), static_cast<memory::dim>(cols)},
                          memory::data_type::f32, memory::format_tag::ab);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::softmax_forward::primitive_desc softmax(Engine(), dnnl::prop_kind::forward_inference,
                                                      algorithm::softmax_accurate, desc, desc, 1);
#else
  const dnnl::softmax_forward::primitive_desc softmax({dnnl::prop_kind::forward_inference, desc, 1},
                                                      Engine());
#endif
  auto p = std::make_shared<Prepared>();
  p->primitive = dnnl::softmax_forward(softmax);
  p->arguments = {{DNNL_ARG_SRC, Over(desc, x)}, {DNNL_ARG_DST, Over(desc, y)}};
  return Run(p);
}

}  // namespace

Peer Onednn() {
  omp_set_num_threads(1);
  const dnnl_version_t& version = *dnnl::version();
  const std::string isa = IsaFrom("ONEDNN_MAX_CPU_ISA");
  Peer peer = {"onednn",
               std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
                   std::to_string(version.patch),
               {},
               {{isa, PrepareSoftmax}}};
  const Eltwise forward[] = {
      {SIMDACT_OP_exp, algorithm::eltwise_exp, 0, 0},
      {SIMDACT_OP_sigmoid, algorithm::eltwise_logistic, 0, 0},
      {SIMDACT_OP_tanh, algorithm::eltwise_tanh, 0, 0},
      {SIMDACT_OP_gelu, algorithm::eltwise_gelu_erf, 0, 0},
      {SIMDACT_OP_gelu_tanh, algorithm::eltwise_gelu_tanh, 0, 0},
      {SIMDACT_OP_silu, algorithm::eltwise_swish, 1, 0},
      {SIMDACT_OP_elu, algorithm::eltwise_elu, 1, 0},
      {SIMDACT_OP_softplus, algorithm::eltwise_soft_relu, 1, 0},
      {SIMDACT_OP_mish, algorithm::eltwise_mish, 0, 0},
      {SIMDACT_OP_hardswish, algorithm::eltwise_hardswish, 1.0f / 6, 0.5f},
      {SIMDACT_OP_relu, algorithm::eltwise_relu, 0, 0},
      {SIMDACT_OP_leaky_relu, algorithm::eltwise_relu, 0.01f, 0},
  };
  for (const Eltwise& e : forward) {
    for (const simdact_dtype dtype : {SIMDACT_F32, SIMDACT_BF16}) {
      peer.functions.push_back(
          {e.op, SIMDACT_FORWARD, dtype, isa, false,
           [=](const void* x, const void*, void* y, size_t n) { return PrepareForward(e, dtype, x, y, n); }});
    }
    peer.functions.push_back({e.op, SIMDACT_BACKWARD, SIMDACT_F32, isa, false,
                              [=](const void* x, const void* dy, void* dx, size_t n) {
                                return PrepareBackward(e, DNNL_ARG_SRC, x, dy, dx, n);
                              }});
  }
  const Eltwise from_output[] = {
      {SIMDACT_OP_exp, algorithm::eltwise_exp_use_dst_for_bwd, 0, 0},
      {SIMDACT_OP_sigmoid, algorithm::eltwise_logistic_use_dst_for_bwd, 0, 0},
      {SIMDACT_OP_tanh, algorithm::eltwise_tanh_use_dst_for_bwd, 0, 0},
      {SIMDACT_OP_elu, algorithm::eltwise_elu_use_dst_for_bwd, 1, 0},
      {SIMDACT_OP_relu, algorithm::eltwise_relu_use_dst_for_bwd, 0, 0},
  };
  for (const Eltwise& e : from_output) {
    peer.functions.push_back({e.op, SIMDACT_BACKWARD_FROM_OUTPUT, SIMDACT_F32, isa, false,
                              [=](const void* y, const void* dy, void* dx, size_t n) {
                                return PrepareBackward(e, DNNL_ARG_DST, y, dy, dx, n);
                              }});
  }
  return peer;
}

}  // namespace simdact_peers
