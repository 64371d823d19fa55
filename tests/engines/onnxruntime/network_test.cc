// A small network, MatMul, bias, activation, MatMul, Softmax, once with ONNX Runtime's own operators and once
// with simdact's. Each layer of simdact's is held to its claim, both networks to a run in long double.
//
// usage: network_test [FOLDER]: writes the two models with Gelu to a folder as well, for node_test.js.
#include <gtest/gtest.h>

#include <fstream>

#include "cases.h"

// How a failure names its case.
static void PrintTo(const Case& c, std::ostream* out) { *out << c.type; }

namespace {

constexpr int64_t kRows = 32, kInputs = 64, kHidden = 128, kClasses = 10;

struct Weights {
  std::vector<float> first, bias, second;
};
// Normal numbers, scaled so that what goes into an activation has a standard deviation of 3 or so.
const Weights& TheWeights() {
  static const Weights weights = [] {
    std::vector<float> all = NormalInputs(kInputs * kHidden + kHidden + kHidden * kClasses);
    for (float& value : all) value *= 0.025f;
    const auto bias = all.begin() + kInputs * kHidden, second = bias + kHidden;
    return Weights{{all.begin(), bias}, {bias, second}, {second, all.end()}};
  }();
  return weights;
}

// Which nodes a network is made of.
struct Parts {
  Node activation;
  bool takes_bias;  // or is the bias a node of its own?
  Node softmax;
};

std::string NetworkOf(const Parts& parts) {
  OnnxGraph graph;
  graph.Input("x", kOnnxF32, {kRows, kInputs});
  graph.Weights("first", {kInputs, kHidden}, TheWeights().first);
  graph.Weights("bias", {kHidden}, TheWeights().bias);
  graph.Weights("second", {kHidden, kClasses}, TheWeights().second);
  graph.Node("MatMul", {"x", "first"}, {"product"});
  const Node& f = parts.activation;
  if (parts.takes_bias) {
    graph.Node("Bias" + f.op, {"product", "bias"}, {"hidden"}, f.domain, f.attributes);
  } else {
    graph.Node("Add", {"product", "bias"}, {"sum"});
    graph.Node(f.op, {"sum"}, {"hidden"}, f.domain, f.attributes);
  }
  graph.Node("MatMul", {"hidden", "second"}, {"logits"});
  graph.Node(parts.softmax.op, {"logits"}, {"y"}, parts.softmax.domain, parts.softmax.attributes);
  graph.Output("product", kOnnxF32, {kRows, kHidden});
  graph.Output("hidden", kOnnxF32, {kRows, kHidden});
  graph.Output("logits", kOnnxF32, {kRows, kClasses});
  graph.Output("y", kOnnxF32, {kRows, kClasses});
  return graph.Model(Opsets());
}

Parts OfTheRuntime(const Case& c) { return {c.runtime, false, {"Softmax", "", {}}}; }
Parts OfSimdact(const Case& c, simdact_tier tier) {
  return {c.Simdact(tier), true, {"Softmax", "simdact", {OnnxInt("fast", tier)}}};
}

// What comes out of a network: of its layers, and at the end.
struct Outputs {
  std::vector<float> product = std::vector<float>(kRows * kHidden), hidden = product;
  std::vector<float> logits = std::vector<float>(kRows * kClasses), y = logits;
};
Outputs OutputsOf(const std::string& model, int threads = 1) {
  std::vector<float> x = NormalInputs(kRows * kInputs);
  Outputs out;
  const std::vector<int64_t> wide{kRows, kHidden}, narrow{kRows, kClasses};
  BoundSession(
      model, {TensorOf("x", kOnnxF32, {kRows, kInputs}, x)},
      {TensorOf("product", kOnnxF32, wide, out.product), TensorOf("hidden", kOnnxF32, wide, out.hidden),
       TensorOf("logits", kOnnxF32, narrow, out.logits), TensorOf("y", kOnnxF32, narrow, out.y)},
      threads)
      .Run();
  return out;
}

// The softmax of rows of kClasses numbers.
template <class T>
std::vector<long double> ExactSoftmax(const std::vector<T>& logits) {
  std::vector<long double> y;
  for (size_t row = 0; row < logits.size(); row += kClasses) {
    const std::vector<long double> part = exact::Softmax(logits.data() + row, kClasses);
    y.insert(y.end(), part.begin(), part.end());
  }
  return y;
}

// The product of a matrix of kRows rows and weights, to which a bias is added if there is one.
template <class T>
std::vector<long double> ExactProduct(const std::vector<T>& x, const std::vector<float>& weights,
                                      const std::vector<float>& bias) {
  const size_t inner = x.size() / kRows, cols = weights.size() / inner;
  std::vector<long double> y(kRows * cols);
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t row = i / cols, col = i % cols;
    long double sum = bias.empty() ? 0 : bias[col];
    for (size_t k = 0; k < inner; ++k)
      sum += static_cast<long double>(x[row * inner + k]) * weights[k * cols + col];
    y[i] = sum;
  }
  return y;
}

// The whole network, in long double throughout; and what a logit may be off if it is summed up in float: four
// roundings of the sum of its terms' magnitudes. No probability is off by more.
struct Exactly {
  std::vector<long double> y;
  double allowance;
};
Exactly ExactNetwork(const Case& c) {
  const Weights& w = TheWeights();
  std::vector<long double> hidden = ExactProduct(NormalInputs(kRows * kInputs), w.first, w.bias);
  for (long double& value : hidden) value = c.exact(value);
  const std::vector<long double> y = ExactSoftmax(ExactProduct(hidden, w.second, {}));
  std::vector<float> magnitudes = w.second;
  for (float& value : magnitudes) value = std::fabs(value);
  for (long double& value : hidden) value = std::fabs(value);
  const std::vector<long double> sums = ExactProduct(hidden, magnitudes, {});
  return {y, static_cast<double>(4 * 0x1p-24L * *std::max_element(sums.begin(), sums.end()))};
}

double Farthest(const std::vector<float>& got, const std::vector<long double>& want) {
  long double largest = 0;
  for (size_t i = 0; i < got.size(); ++i) largest = std::max(largest, std::fabs(got[i] - want[i]));
  return static_cast<double>(largest);
}

class Network : public testing::TestWithParam<Case> {};

// Each layer from what it got: the activation of the rounded sum, and the softmax of the logits.
TEST_P(Network, KeepsClaimsLayerByLayer) {
  const Case& c = GetParam();
  for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
    const Outputs out = OutputsOf(NetworkOf(OfSimdact(c, tier)));
    const auto exact = [&](size_t i) { return c.exact(out.product[i] + TheWeights().bias[i % kHidden]); };
    EXPECT_LE(MaxUlps(out.hidden, exact, tier == SIMDACT_FAST), c.Claim(tier));
    const std::vector<long double> y = ExactSoftmax(out.logits);
    // softmax.h: 2.5 ulps, the fast tier 4.
    EXPECT_LE(MaxUlps(
                  out.y, [&](size_t i) { return y[i]; }, true),
              tier == SIMDACT_FAST ? 4 : 2.5);
  }
}

// Probabilities of either network, to what sums of float products allow.
TEST_P(Network, AgreesWithTheRuntimesOwn) {
  const Case& c = GetParam();
  const Exactly want = ExactNetwork(c);
  const double runtime = Farthest(OutputsOf(NetworkOf(OfTheRuntime(c))).y, want.y);
  const double accurate = Farthest(OutputsOf(NetworkOf(OfSimdact(c, SIMDACT_ACCURATE))).y, want.y);
  const double fast = Farthest(OutputsOf(NetworkOf(OfSimdact(c, SIMDACT_FAST))).y, want.y);
  std::printf("%-10s off exact by: ONNX Runtime %.2g, simdact %.2g, fast %.2g, may be %.2g\n", c.type,
              runtime, accurate, fast, want.allowance);
  EXPECT_LE(runtime, want.allowance);
  EXPECT_LE(accurate, want.allowance);
  EXPECT_LE(fast, want.allowance);
}

INSTANTIATE_TEST_SUITE_P(Cases, Network, testing::ValuesIn(Cases()),
                         [](const auto& info) { return std::string(info.param.type); });

void Write(const std::string& path, const std::string& bytes) { std::ofstream(path) << bytes; }

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc > 1) {
    const Case& gelu = Cases()[3];
    Write(std::string(argv[1]) + "/network_runtime.onnx", NetworkOf(OfTheRuntime(gelu)));
    Write(std::string(argv[1]) + "/network_simdact.onnx", NetworkOf(OfSimdact(gelu, SIMDACT_ACCURATE)));
  }
  return RUN_ALL_TESTS();
}
