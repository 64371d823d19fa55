// The layers: "simdact.Gelu" and so on, one for every activation, softmax and gate of simdact's lists, named
// as in C++. Parameters have simdact's names; fast = 1 chooses the fast tier.
#include "simdact_layers.h"

#include <simdact/simdact.h>
#include <simdact/softmax_axis.h>

#include <algorithm>
#include <map>
#include <opencv2/dnn.hpp>
#include <opencv2/dnn/all_layers.hpp>
#include <opencv2/dnn/shape_utils.hpp>
#include <string>
#include <vector>

namespace {

using cv::Mat;
using cv::dnn::LayerParams;

// Threads take a blob in blocks of so many elements.
constexpr size_t kBlock = size_t{1} << 14;

// What is behind a layer's type: the number of the function in its list.
const std::map<std::string, int>& Activations() {
#define SIMDACT_X(Name, name, number, ...) {"simdact." #Name, number},
  static const std::map<std::string, int> numbers{SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X
  return numbers;
}
const std::map<std::string, int>& Softmaxes() {
#define SIMDACT_X(Name, name, ...) {"simdact." #Name, SIMDACT_SOFTMAX_OP_##name},
  static const std::map<std::string, int> numbers{SIMDACT_SOFTMAX_OPS(SIMDACT_X)};
#undef SIMDACT_X
  return numbers;
}
const std::map<std::string, int>& Gates() {
#define SIMDACT_X(Name, name, number, ...) {"simdact." #Name, number},
  static const std::map<std::string, int> numbers{SIMDACT_GATES(SIMDACT_X)};
#undef SIMDACT_X
  return numbers;
}

// Every parameter that a node has must be one of the layer's, or what OpenCV's importer adds by itself.
void RejectOthers(const LayerParams& params, std::vector<std::string> own) {
  own.insert(own.end(), {"fast", "has_dynamic_shapes"});
  for (auto it = params.begin(); it != params.end(); ++it) {
    if (std::find(own.begin(), own.end(), it->first) == own.end())
      CV_Error(cv::Error::StsBadArg, params.type + " has no parameter " + it->first);
  }
}
simdact_tier Tier(const LayerParams& params) {
  return params.get<bool>("fast", false) ? SIMDACT_FAST : SIMDACT_ACCURATE;
}
template <class Description>
simdact_params Parameters(const LayerParams& params, const Description& description) {
  simdact_params p = description.defaults;
  const std::vector<std::string> names(description.parameter_names,
                                       description.parameter_names + description.parameters);
  for (size_t i = 0; i < names.size(); ++i) p.value[i] = params.get<double>(names[i], p.value[i]);
  RejectOthers(params, names);
  return p;
}

// f(first, count) for pieces of 0, 1, ..., total - 1, by the threads of OpenCV.
template <class F>
void InBlocks(size_t total, size_t elements_each, const F& f) {
  const size_t per_block = std::max(size_t{1}, kBlock / std::max(size_t{1}, elements_each));
  const int blocks = static_cast<int>((total + per_block - 1) / per_block);
  cv::parallel_for_(cv::Range(0, blocks), [&](const cv::Range& range) {
    const size_t first = static_cast<size_t>(range.start) * per_block;
    f(first, std::min(static_cast<size_t>(range.end) * per_block, total) - first);
  });
}

// The blobs of a layer. They are floats, one behind the other, where OpenCV itself computes.
struct Blobs {
  Blobs(cv::InputArrayOfArrays in, cv::OutputArrayOfArrays out) {
    in.getMatVector(inputs);
    out.getMatVector(outputs);
    for (const Mat& blob : inputs) CV_Assert(blob.type() == CV_32F && blob.isContinuous());
    CV_Assert(outputs[0].type() == CV_32F && outputs[0].isContinuous());
  }
  const float* Input(size_t index = 0) const { return inputs[index].ptr<float>(); }
  float* Output() { return outputs[0].ptr<float>(); }
  std::vector<Mat> inputs, outputs;
};

// y = f(x). As an ActivationLayer a convolution before it can call it, for each part of its result at once.
class Activation : public cv::dnn::ActivationLayer {
 public:
  explicit Activation(const LayerParams& params) {
    setParamsFrom(params);
    const auto op = static_cast<simdact_op>(Activations().at(params.type));
    kernel_ = simdact_find_default(op, SIMDACT_F32, Tier(params));
    p_ = Parameters(params, *simdact_describe(op));
  }
  bool getMemoryShapes(const std::vector<cv::dnn::MatShape>& inputs, const int required,
                       std::vector<cv::dnn::MatShape>& outputs,
                       std::vector<cv::dnn::MatShape>& internals) const override {
    Layer::getMemoryShapes(inputs, required, outputs, internals);
    return true;  // the output may lie where the input does
  }
  void forward(cv::InputArrayOfArrays in, cv::OutputArrayOfArrays out, cv::OutputArrayOfArrays) override {
    Blobs blobs(in, out);
    InBlocks(blobs.inputs[0].total(), 1, [&](size_t first, size_t n) {
      kernel_->forward(blobs.Input() + first, blobs.Output() + first, n, p_);
    });
  }
  // len elements of each of the channels cn0, ..., cn1 - 1, which lie a plane apart.
  void forwardSlice(const float* x, float* y, int len, size_t plane, int cn0, int cn1) const override {
    for (int channel = cn0; channel < cn1; ++channel, x += plane, y += plane)
      kernel_->forward(x, y, static_cast<size_t>(len), p_);
  }

 private:
  const simdact_kernel* kernel_;
  simdact_params p_;
};

// y = softmax(x) along an axis, 1 by default as OpenCV's, and its kin.
class Softmax : public cv::dnn::Layer {
 public:
  explicit Softmax(const LayerParams& params) : Layer(params), axis_(params.get<int>("axis", 1)) {
    const auto op = static_cast<simdact_softmax_op>(Softmaxes().at(params.type));
    kernel_ = simdact_find_softmax_axis(simdact_target_default(), op, SIMDACT_F32);
    options_.tier = Tier(params);
    RejectOthers(params, {"axis"});
  }
  void forward(cv::InputArrayOfArrays in, cv::OutputArrayOfArrays out, cv::OutputArrayOfArrays) override {
    Blobs blobs(in, out);
    const Mat& x = blobs.inputs[0];
    const int axis = cv::dnn::normalize_axis(axis_, x.dims);
    const size_t outer = x.total(0, axis), length = static_cast<size_t>(x.size[axis]);
    const size_t inner = x.total(axis + 1);
    InBlocks(outer, length * inner, [&](size_t first, size_t n) {
      const size_t offset = first * length * inner;
      const simdact_status status =
          kernel_->forward(blobs.Input() + offset, blobs.Output() + offset, n, length, inner, &options_);
      CV_Assert(status == SIMDACT_OK);
    });
  }

 private:
  const simdact_softmax_axis_kernel* kernel_;
  int axis_;
  simdact_softmax_axis_options options_{};
};

// y = f(gate) up
class Gate : public cv::dnn::Layer {
 public:
  explicit Gate(const LayerParams& params) : Layer(params) {
    const auto gate = static_cast<simdact_gate>(Gates().at(params.type));
    kernel_ = simdact_find_gate_default(gate, SIMDACT_F32, Tier(params));
    p_ = Parameters(params, *simdact_describe_gate(gate));
  }
  void forward(cv::InputArrayOfArrays in, cv::OutputArrayOfArrays out, cv::OutputArrayOfArrays) override {
    Blobs blobs(in, out);
    CV_Assert(blobs.inputs.size() == 2 && blobs.inputs[0].size == blobs.inputs[1].size);
    InBlocks(blobs.inputs[0].total(), 1, [&](size_t first, size_t n) {
      kernel_->forward(blobs.Input(0) + first, blobs.Input(1) + first, blobs.Output() + first, n, p_);
    });
  }

 private:
  const simdact_gate_kernel* kernel_;
  simdact_params p_;
};

template <class Layer>
cv::Ptr<cv::dnn::Layer> Make(LayerParams& params) {
  return cv::makePtr<Layer>(params);
}
template <class Layer>
void Register(const std::map<std::string, int>& types) {
  for (const auto& type : types) cv::dnn::LayerFactory::registerLayer(type.first, Make<Layer>);
}

}  // namespace

void RegisterSimdactLayers() {
  Register<Activation>(Activations());
  Register<Softmax>(Softmaxes());
  Register<Gate>(Gates());
}
