// Runs models of onnx_model.h in ONNX Runtime, with simdact's operators at hand.
#ifndef SIMDACT_TESTS_ENGINES_ONNXRUNTIME_SESSION_H_
#define SIMDACT_TESTS_ENGINES_ONNXRUNTIME_SESSION_H_

#include <onnxruntime_cxx_api.h>

#include <string>
#include <utility>
#include <vector>

#include "common/onnx_model.h"

// ONNX's opset 20 has Gelu and Mish; com.microsoft is the domain of the runtime's own operators.
inline std::vector<std::pair<std::string, int64_t>> Opsets() {
  return {{"", 20}, {"com.microsoft", 1}, {"simdact", 1}};
}

inline Ort::Env& Environment() {
  static Ort::Env environment(ORT_LOGGING_LEVEL_ERROR, "simdact");
  return environment;
}

// A session of a model, with so many threads inside of an operator.
inline Ort::Session OpenSession(const std::string& model, int threads = 1) {
  Ort::SessionOptions options;
  options.RegisterCustomOpsLibrary(OPS_LIBRARY);
  options.SetIntraOpNumThreads(threads);
  return Ort::Session(Environment(), model.data(), model.size(), options);
}

// One input or output: its name, and the memory where it lies.
struct Tensor {
  std::string name;
  OnnxType type;
  std::vector<int64_t> shape;
  void* data;
  size_t bytes;
};
template <class T>
Tensor TensorOf(const std::string& name, OnnxType type, const std::vector<int64_t>& shape,
                std::vector<T>& data) {
  return {name, type, shape, data.data(), data.size() * sizeof(T)};
}

// A session with all its inputs and outputs bound, to run again and again.
class BoundSession {
 public:
  BoundSession(const std::string& model, const std::vector<Tensor>& inputs,
               const std::vector<Tensor>& outputs, int threads = 1)
      : session_(OpenSession(model, threads)), binding_(session_) {
    for (const Tensor& tensor : inputs) binding_.BindInput(tensor.name.c_str(), ValueOf(tensor));
    for (const Tensor& tensor : outputs) binding_.BindOutput(tensor.name.c_str(), ValueOf(tensor));
  }
  void Run() { session_.Run(Ort::RunOptions{nullptr}, binding_); }

 private:
  static Ort::Value ValueOf(const Tensor& tensor) {
    static const Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    return Ort::Value::CreateTensor(memory, tensor.data, tensor.bytes, tensor.shape.data(),
                                    tensor.shape.size(), static_cast<ONNXTensorElementDataType>(tensor.type));
  }
  Ort::Session session_;
  Ort::IoBinding binding_;
};

// A node: its operator, and its attributes.
struct Node {
  std::string op, domain;
  std::vector<Message> attributes;
};

// A model of nodes side by side, which all take the same inputs.
inline std::string ModelOf(const std::vector<Node>& nodes, const std::vector<Tensor>& inputs,
                           const std::vector<Tensor>& outputs) {
  OnnxGraph graph;
  std::vector<std::string> names;
  for (const Tensor& tensor : inputs) {
    graph.Input(tensor.name, tensor.type, tensor.shape);
    names.push_back(tensor.name);
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    graph.Node(nodes[i].op, names, {outputs[i].name}, nodes[i].domain, nodes[i].attributes);
    graph.Output(outputs[i].name, outputs[i].type, outputs[i].shape);
  }
  return graph.Model(Opsets());
}

#endif  // SIMDACT_TESTS_ENGINES_ONNXRUNTIME_SESSION_H_
