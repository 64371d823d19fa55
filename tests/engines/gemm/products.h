// The products of Eigen and of oneDNN, of all rows or of a panel of them, and these libraries' own
// activations. One thread.
#ifndef SIMDACT_TESTS_ENGINES_GEMM_PRODUCTS_H_
#define SIMDACT_TESTS_ENGINES_GEMM_PRODUCTS_H_

#include <omp.h>

#include <Eigen/Core>
#include <dnnl.hpp>
#include <map>
#include <string>
#include <unordered_map>
#include <unsupported/Eigen/SpecialFunctions>

#include "layer.h"

#if DNNL_CPU_THREADING_RUNTIME != DNNL_RUNTIME_OMP
#error "only oneDNN with OpenMP can be told to run on one thread here"
#endif

// ---- Eigen -----------------------------------------------------------------------------------------------

inline void EigenProduct(const Layer& layer, float* y, size_t first, size_t count) {
  const Index begin = static_cast<Index>(first), rows = static_cast<Index>(count);
  Eigen::Map<Matrix> panel(y + begin * layer.cols, rows, layer.cols);
  panel.noalias() = layer.x.middleRows(begin, rows) * layer.w;
}

// f(y + bias), as one writes it with Eigen: silu through its logistic, gelu through its erf.
inline void EigenActivation(simdact_op op, const Layer& layer, float* y, size_t count) {
  for (size_t row = 0; row < count; ++row, y += layer.cols) {
    Eigen::Map<Eigen::Array<float, 1, Eigen::Dynamic>> u(y, layer.cols);
    u += layer.bias.array();
    if (op == SIMDACT_OP_gelu) {
      u = 0.5f * u * (1.0f + (u * 0.70710678f).erf());
    } else {
      u *= u.logistic();
    }
  }
}

inline std::string EigenVersion() {
  return std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
         std::to_string(EIGEN_MINOR_VERSION);
}

// ---- oneDNN ----------------------------------------------------------------------------------------------

// What is done behind the product, in the same primitive.
enum class Behind { kNothing, kBias, kGelu, kSilu };

inline Behind BehindOf(simdact_op op) { return op == SIMDACT_OP_gelu ? Behind::kGelu : Behind::kSilu; }

// Products of so many rows: a primitive is made once for each number, and kept.
class OnednnProduct {
 public:
  OnednnProduct(const Layer& layer, Behind behind) : layer_(&layer), behind_(behind) {
    omp_set_num_threads(1);
  }

  void operator()(float* y, size_t first, size_t count) {
    auto found = primitives_.find(count);
    if (found == primitives_.end()) found = primitives_.emplace(count, Make(count)).first;
    Prepared& p = found->second;
    const Index begin = static_cast<Index>(first);
    p.arguments.at(DNNL_ARG_SRC).set_data_handle(const_cast<float*>(layer_->x.row(begin).data()));
    p.arguments.at(DNNL_ARG_DST).set_data_handle(y + begin * layer_->cols);
    p.primitive.execute(stream_, p.arguments);
    stream_.wait();
  }

 private:
  struct Prepared {
    dnnl::primitive primitive;
    std::unordered_map<int, dnnl::memory> arguments;
  };

  static const dnnl::engine& Engine() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
  }
  static dnnl::memory::desc Rows(Index rows, Index cols) {
    return {{rows, cols}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::ab};
  }
  // oneDNN's interface takes no const: inputs are not written.
  static dnnl::memory Over(const dnnl::memory::desc& desc, const float* data) {
    return dnnl::memory(desc, Engine(), const_cast<float*>(data));
  }

  dnnl::primitive_attr Attributes() const {
    dnnl::post_ops ops;
    const auto add = [&](dnnl::algorithm kind, float alpha) {
#if DNNL_VERSION_MAJOR >= 3
      ops.append_eltwise(kind, alpha, 0);
#else
      ops.append_eltwise(1, kind, alpha, 0);
#endif
    };
    if (behind_ == Behind::kGelu) add(dnnl::algorithm::eltwise_gelu_erf, 0);
    if (behind_ == Behind::kSilu) add(dnnl::algorithm::eltwise_swish, 1);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(ops);
    return attributes;
  }

  Prepared Make(size_t count) const {
    const Layer& l = *layer_;
    const Index rows = static_cast<Index>(count);
    const auto x = Rows(rows, l.inner), w = Rows(l.inner, l.cols), y = Rows(rows, l.cols);
    // A description of nothing: no bias.
    const auto bias = behind_ == Behind::kNothing ? dnnl::memory::desc() : Rows(1, l.cols);
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::matmul::primitive_desc matmul(Engine(), x, w, bias, y, Attributes());
#else
    const dnnl::matmul::primitive_desc matmul({x, w, bias, y}, Attributes(), Engine());
#endif
    Prepared p{dnnl::matmul(matmul),
               {{DNNL_ARG_SRC, Over(x, l.x.data())},
                {DNNL_ARG_WEIGHTS, Over(w, l.w.data())},
                {DNNL_ARG_DST, dnnl::memory(y, Engine(), nullptr)}}};
    if (behind_ != Behind::kNothing) p.arguments.emplace(DNNL_ARG_BIAS, Over(bias, l.bias.data()));
    return p;
  }

  const Layer* layer_;
  Behind behind_;
  dnnl::stream stream_ = dnnl::stream(Engine());
  std::map<size_t, Prepared> primitives_;
};

inline std::string OnednnVersion() {
  const dnnl_version_t& version = *dnnl::version();
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
         std::to_string(version.patch);
}

#endif  // SIMDACT_TESTS_ENGINES_GEMM_PRODUCTS_H_
