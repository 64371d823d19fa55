// A small trained network whose eight hidden layers use one activation each: real input for tests and
// benchmarks. tools/digits.py made it; tests/data/digits.json describes the arrays of digits.bin.
//
//   digits::Network network = digits::Load(SIMDACT_TEST_DATA);
//   std::vector<double> got = digits::Logits(network, my_float_activation);
//   std::vector<double> want = digits::ExactLogits(network, my_double_function);
#ifndef SIMDACT_TESTS_UNARY_DIGITS_H_
#define SIMDACT_TESTS_UNARY_DIGITS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace digits {

constexpr size_t kClasses = 10;

struct Layer {
  std::string activation;  // an op of activations.def; empty for the last layer
  size_t inputs = 0, outputs = 0;
  std::vector<float> weights;          // inputs x outputs, row by row
  std::vector<float> bias;             // outputs
  std::vector<float> pre_activations;  // digits x outputs: what the activation is applied to
};

struct Network {
  std::vector<Layer> layers;
  std::vector<float> inputs;  // digits x 64, scaled to [0, 1]
  std::vector<int> labels;    // the digit on each scan
  double accuracy = 0;        // of the double-precision run, as tools/digits.py saw it
};

// ---- Loading -------------------------------------------------------------------------------------------

// The floats that `array` ({"shape": [...], "offset": bytes}) names. Throws if they are not all there.
inline std::vector<float> ReadArray(const std::string& bytes, const nlohmann::json& array) {
  size_t count = 1;
  for (const nlohmann::json& extent : array.at("shape")) count *= extent.get<size_t>();
  const size_t offset = array.at("offset").get<size_t>();
  if (offset > bytes.size() || count > (bytes.size() - offset) / 4) {
    throw std::runtime_error("digits.bin is shorter than digits.json says");
  }
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    // Put together byte by byte: the file is little endian, the machine need not be.
    uint32_t bits = 0;
    for (size_t k = 0; k < 4; ++k) {
      bits |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[offset + 4 * i + k])) << (8 * k);
    }
    std::memcpy(&values[i], &bits, 4);
  }
  return values;
}

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// Reads digits.json and digits.bin. Throws std::exception with a one-line reason.
inline Network Load(const std::string& folder) {
  const nlohmann::json about = nlohmann::json::parse(ReadFile(folder + "/digits.json"));
  const std::string bytes = ReadFile(folder + "/digits.bin");
  Network network;
  network.accuracy = about.at("accuracy").get<double>();
  network.inputs = ReadArray(bytes, about.at("inputs"));
  for (float label : ReadArray(bytes, about.at("labels"))) network.labels.push_back(static_cast<int>(label));
  for (const nlohmann::json& item : about.at("layers")) {
    Layer layer;
    layer.weights = ReadArray(bytes, item.at("weights"));
    layer.bias = ReadArray(bytes, item.at("bias"));
    layer.outputs = layer.bias.size();
    layer.inputs = layer.weights.size() / layer.outputs;
    if (!item.at("activation").is_null()) {
      layer.activation = item.at("activation").get<std::string>();
      layer.pre_activations = ReadArray(bytes, item.at("pre_activations"));
    }
    network.layers.push_back(std::move(layer));
  }
  return network;
}

// ---- Running -------------------------------------------------------------------------------------------

// x W + b for all digits at once, in double: the activations are under test here, not the products.
template <class T>
std::vector<double> Affine(const Layer& layer, const std::vector<T>& x) {
  const size_t digits = x.size() / layer.inputs;
  std::vector<double> z(digits * layer.outputs);
  for (size_t r = 0; r < digits; ++r) {
    double* row = &z[r * layer.outputs];
    std::copy(layer.bias.begin(), layer.bias.end(), row);
    for (size_t i = 0; i < layer.inputs; ++i) {
      const double factor = static_cast<double>(x[r * layer.inputs + i]);
      const float* weights = &layer.weights[i * layer.outputs];
      for (size_t j = 0; j < layer.outputs; ++j) row[j] += factor * static_cast<double>(weights[j]);
    }
  }
  return z;
}

// Logits (digits x 10) with float activations: activation(op, x, y, n) computes y[i] = f(x[i]), i < n.
template <class Activation>
std::vector<double> Logits(const Network& network, Activation activation) {
  std::vector<float> x = network.inputs;
  for (const Layer& layer : network.layers) {
    const std::vector<double> z = Affine(layer, x);
    if (layer.activation.empty()) return z;
    x.resize(z.size());
    std::vector<float> narrow(z.size());
    std::transform(z.begin(), z.end(), narrow.begin(), [](double v) { return static_cast<float>(v); });
    activation(layer.activation, narrow.data(), x.data(), x.size());
  }
  throw std::runtime_error("digits.json: the last layer has an activation");
}

// The same in double throughout: function(op, x) is f(x).
template <class Function>
std::vector<double> ExactLogits(const Network& network, Function function) {
  std::vector<double> x(network.inputs.begin(), network.inputs.end());
  for (const Layer& layer : network.layers) {
    x = Affine(layer, x);
    if (layer.activation.empty()) return x;
    for (double& v : x) v = function(layer.activation, v);
  }
  throw std::runtime_error("digits.json: the last layer has an activation");
}

// The digit with the largest logit, for each row of 10.
inline std::vector<int> Predictions(const std::vector<double>& logits) {
  std::vector<int> best;
  for (auto row = logits.begin(); row != logits.end(); row += kClasses) {
    best.push_back(static_cast<int>(std::max_element(row, row + kClasses) - row));
  }
  return best;
}

}  // namespace digits

#endif  // SIMDACT_TESTS_UNARY_DIGITS_H_
