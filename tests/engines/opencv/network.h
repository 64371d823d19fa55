// Reads networks of onnx_model.h into OpenCV, and those activations that both sides have.
#ifndef SIMDACT_TESTS_ENGINES_OPENCV_NETWORK_H_
#define SIMDACT_TESTS_ENGINES_OPENCV_NETWORK_H_

#include <simdact/simdact.h>

#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>
#include <string>
#include <vector>

#include "common/exact.h"
#include "common/onnx_model.h"
#include "simdact_layers.h"

// A node: its operator, and its attributes.
struct Node {
  std::string op, domain;
  std::vector<Message> attributes;
};

inline cv::dnn::Net Read(const OnnxGraph& graph) {
  static const bool prepared = [] {
    RegisterSimdactLayers();
    // Else the importer warns of every domain that is not ONNX's.
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    return true;
  }();
  (void)prepared;
  const std::string model = graph.Model({{"", 13}, {"simdact", 1}});
  cv::dnn::Net net = cv::dnn::readNetFromONNX(model.data(), model.size());
  net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
  return net;
}

// A network of that node alone, from x, and from "second" if there are two inputs.
inline cv::dnn::Net NetOf(const Node& node, const std::vector<int64_t>& shape, int inputs = 1) {
  OnnxGraph graph;
  graph.Input("x", kOnnxF32, shape);
  if (inputs == 2) graph.Input("second", kOnnxF32, shape);
  std::vector<std::string> names{"x"};
  if (inputs == 2) names.push_back("second");
  graph.Node(node.op, names, {"y"}, node.domain, node.attributes);
  graph.Output("y", kOnnxF32, shape);
  return Read(graph);
}

// A blob of that shape over numbers that the caller keeps.
inline cv::Mat BlobOf(std::vector<float>& values, const std::vector<int64_t>& shape) {
  return cv::Mat(std::vector<int>(shape.begin(), shape.end()), CV_32F, values.data());
}
inline std::vector<float> ValuesOf(const cv::Mat& blob) {
  return {blob.ptr<float>(), blob.ptr<float>() + blob.total()};
}

// What a network makes of x, and of another input if there is one.
inline std::vector<float> ResultOf(cv::dnn::Net net, const std::vector<int64_t>& shape, std::vector<float> x,
                                   std::vector<float> second = {}) {
  net.setInput(BlobOf(x, shape), "x");
  if (!second.empty()) net.setInput(BlobOf(second, shape), "second");
  return ValuesOf(net.forward());
}

// OpenCV's operator, simdact's, and the exact function.
struct Case {
  simdact_op op;
  const char* type;  // of simdact's layer; its parameters are the defaults
  const char* engine;
  long double (*exact)(long double);

  Node Engine() const { return {engine, "", {}}; }
  Node Simdact(simdact_tier tier) const { return {type, "simdact", {OnnxInt("fast", tier)}}; }
  // Ulps that simdact allows itself; the fast tier's are of normal results alone.
  double Claim(simdact_tier tier) const {
    const int fma = simdact_target_has_fma(simdact_target_default());
    const auto claim = tier == SIMDACT_FAST ? simdact_fast_claim : simdact_claim;
    return claim(op, SIMDACT_F32, SIMDACT_FORWARD, fma);
  }
};

// Mish and Swish are none of ONNX's operators then, but names of OpenCV's layers, which will do.
inline const std::vector<Case>& Cases() {
  static const std::vector<Case> cases{
      {SIMDACT_OP_sigmoid, "Sigmoid", "Sigmoid", exact::Sigmoid},
      {SIMDACT_OP_silu, "Silu", "Swish", exact::Silu},
      {SIMDACT_OP_mish, "Mish", "Mish", exact::Mish},
      {SIMDACT_OP_softplus, "Softplus", "Softplus", exact::Softplus},
      {SIMDACT_OP_tanh, "Tanh", "Tanh", exact::Tanh},
      {SIMDACT_OP_erf, "Erf", "Erf", exact::Erf},
      {SIMDACT_OP_exp, "Exp", "Exp", exact::Exp},
      {SIMDACT_OP_elu, "Elu", "Elu", exact::Elu},
      {SIMDACT_OP_selu, "Selu", "Selu", exact::Selu},
      {SIMDACT_OP_softsign, "Softsign", "Softsign", exact::Softsign},
      {SIMDACT_OP_hardswish, "Hardswish", "HardSwish", exact::Hardswish},
      {SIMDACT_OP_relu, "Relu", "Relu", exact::Relu},
  };
  return cases;
}

#endif  // SIMDACT_TESTS_ENGINES_OPENCV_NETWORK_H_
