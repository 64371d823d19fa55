// Writes ONNX models of a few nodes: their protobuf, byte by byte, so that no package of ONNX is needed.
//
//   OnnxGraph graph;
//   graph.Input("x", kOnnxF32, {2, 3});
//   graph.Node("Elu", {"x"}, {"y"}, "", {OnnxFloat("alpha", 0.5f)});
//   graph.Output("y", kOnnxF32, {2, 3});
//   std::string model = graph.Model({{"", 20}});     // opset 20 of ONNX itself
//
// The numbers of the fields are those of onnx.proto.
#ifndef SIMDACT_TESTS_ENGINES_COMMON_ONNX_MODEL_H_
#define SIMDACT_TESTS_ENGINES_COMMON_ONNX_MODEL_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

// TensorProto.DataType.
enum OnnxType : int64_t { kOnnxF32 = 1, kOnnxI64 = 7, kOnnxF16 = 10, kOnnxF64 = 11, kOnnxBf16 = 16 };

// A message of protobuf: fields, one behind the other, each a number with a kind of content and the content.
class Message {
 public:
  Message& Int(int field, int64_t value) {
    Tag(field, 0);
    return Varint(static_cast<uint64_t>(value));
  }
  Message& Float(int field, float value) {
    Tag(field, 5);
    char bytes[sizeof(value)];
    std::memcpy(bytes, &value, sizeof(value));  // little endian, as this machine
    text_.append(bytes, sizeof(bytes));
    return *this;
  }
  Message& Bytes(int field, const std::string& bytes) {
    Tag(field, 2);
    Varint(bytes.size());
    text_ += bytes;
    return *this;
  }
  Message& Field(int field, const Message& message) { return Bytes(field, message.text_); }
  const std::string& Text() const { return text_; }

 private:
  void Tag(int field, int kind) { Varint(static_cast<uint64_t>(field << 3 | kind)); }
  // Seven bits a byte, the lowest first; the eighth says that more follow.
  Message& Varint(uint64_t value) {
    for (; value >= 128; value >>= 7) text_ += static_cast<char>((value & 127) | 128);
    text_ += static_cast<char>(value);
    return *this;
  }
  std::string text_;
};

// An attribute of a node.
inline Message OnnxFloat(const std::string& name, float value) {
  return Message().Bytes(1, name).Float(2, value).Int(20, 1);
}
inline Message OnnxInt(const std::string& name, int64_t value) {
  return Message().Bytes(1, name).Int(3, value).Int(20, 2);
}
inline Message OnnxInts(const std::string& name, const std::vector<int64_t>& values) {
  Message attribute = Message().Bytes(1, name);
  for (int64_t value : values) attribute.Int(8, value);
  return attribute.Int(20, 7);
}
inline Message OnnxString(const std::string& name, const std::string& value) {
  return Message().Bytes(1, name).Bytes(4, value).Int(20, 3);
}

class OnnxGraph {
 public:
  using Shape = std::vector<int64_t>;

  void Input(const std::string& name, OnnxType type, const Shape& shape) {
    inputs_.push_back(Value(name, type, shape));
  }
  void Output(const std::string& name, OnnxType type, const Shape& shape) {
    outputs_.push_back(Value(name, type, shape));
  }
  // A tensor of weights.
  void Weights(const std::string& name, const Shape& shape, const std::vector<float>& values) {
    Message tensor;
    for (int64_t size : shape) tensor.Int(1, size);
    tensor.Int(2, kOnnxF32).Bytes(8, name);
    tensor.Bytes(9, std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
    weights_.push_back(tensor);
  }
  void Node(const std::string& op, const std::vector<std::string>& inputs,
            const std::vector<std::string>& outputs, const std::string& domain = "",
            const std::vector<Message>& attributes = {}) {
    Message node;
    for (const std::string& name : inputs) node.Bytes(1, name);
    for (const std::string& name : outputs) node.Bytes(2, name);
    node.Bytes(3, outputs[0] + "_node").Bytes(4, op);
    for (const Message& attribute : attributes) node.Field(5, attribute);
    nodes_.push_back(node.Bytes(7, domain));
  }
  // The whole model, with the versions of the domains that its nodes are of.
  std::string Model(const std::vector<std::pair<std::string, int64_t>>& opsets) const {
    Message graph;
    for (const Message& node : nodes_) graph.Field(1, node);
    graph.Bytes(2, "graph");
    for (const Message& tensor : weights_) graph.Field(5, tensor);
    for (const Message& value : inputs_) graph.Field(11, value);
    for (const Message& value : outputs_) graph.Field(12, value);
    Message model;
    model.Int(1, 8).Field(7, graph);
    for (const auto& [domain, version] : opsets) model.Field(8, Message().Bytes(1, domain).Int(2, version));
    return model.Text();
  }

 private:
  static Message Value(const std::string& name, OnnxType type, const Shape& shape) {
    Message sizes;
    for (int64_t size : shape) sizes.Field(1, Message().Int(1, size));
    const Message tensor = Message().Int(1, type).Field(2, sizes);
    return Message().Bytes(1, name).Field(2, Message().Field(1, tensor));
  }
  std::vector<Message> nodes_, weights_, inputs_, outputs_;
};

#endif  // SIMDACT_TESTS_ENGINES_COMMON_ONNX_MODEL_H_
