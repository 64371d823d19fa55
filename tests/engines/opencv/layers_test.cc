// Every layer, read from an ONNX model, against simdact's array functions, bit by bit; and a small network
// for images, once with OpenCV's own layers and once with simdact's.
#include <gtest/gtest.h>
#include <simdact/softmax_axis.h>

#include "common/lists.h"
#include "network.h"

// This header needs others before it.
#include <opencv2/core/utils/fp_control_utils.hpp>

// How a failure names its case.
static void PrintTo(const Case& c, std::ostream* out) { *out << c.type; }

namespace {

// Parameters other than the defaults, as attributes and as simdact takes them.
template <class Description>
simdact_params OtherParameters(const Description& description, std::vector<Message>& attributes) {
  simdact_params p = description.defaults;
  for (int i = 0; i < description.parameters; ++i) {
    const float value = static_cast<float>(p.value[i] * 0.75 + 0.125);
    p.value[i] = value;
    attributes.push_back(OnnxFloat(description.parameter_names[i], value));
  }
  return p;
}

const std::vector<int64_t> kShape{2, 5, 7, 11};
constexpr size_t kN = 2 * 5 * 7 * 11;

// While a network runs OpenCV has denormals flushed to zero, so the array functions must meet that here, too.
using Flushing = cv::FPDenormalsIgnoreHintScope;

// Equal, or NaN both: pow and log have that here and there.
void ExpectSame(const std::vector<float>& got, const std::vector<float>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(got[i]) && std::isnan(want[i])) continue;
    ASSERT_EQ(got[i], want[i]) << "element " << i;
  }
}

TEST(Layers, ActivationsGiveWhatTheArrayFunctionsGive) {
  const std::vector<float> x = NormalInputs(kN);
  for (const Named& activation : kActivations) {
    for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
      SCOPED_TRACE(activation.name);
      const auto op = static_cast<simdact_op>(activation.number);
      Node node{activation.name, "simdact", {OnnxInt("fast", tier)}};
      const simdact_params p = OtherParameters(*simdact_describe(op), node.attributes);
      std::vector<float> want(kN);
      {
        const Flushing flushing;
        simdact_find_default(op, SIMDACT_F32, tier)->forward(x.data(), want.data(), kN, p);
      }
      ExpectSame(ResultOf(NetOf(node, kShape), kShape, x), want);
    }
  }
}

TEST(Layers, GatesGiveWhatTheArrayFunctionsGive) {
  const std::vector<float> x = NormalInputs(2 * kN), gate(x.begin(), x.begin() + kN),
                           up(x.begin() + kN, x.end());
  for (const Named& named : kGates) {
    SCOPED_TRACE(named.name);
    const auto number = static_cast<simdact_gate>(named.number);
    Node node{named.name, "simdact", {}};
    const simdact_params p = OtherParameters(*simdact_describe_gate(number), node.attributes);
    std::vector<float> want(kN);
    {
      const Flushing flushing;
      simdact_find_gate_default(number, SIMDACT_F32, SIMDACT_ACCURATE)
          ->forward(gate.data(), up.data(), want.data(), kN, p);
    }
    ExpectSame(ResultOf(NetOf(node, kShape, 2), kShape, gate, up), want);
  }
}

TEST(Layers, SoftmaxTakesAnyAxis) {
  const std::vector<float> x = NormalInputs(kN);
  for (int64_t axis = -4; axis < 4; ++axis) {
    const size_t at = static_cast<size_t>(axis < 0 ? axis + 4 : axis);
    size_t outer = 1, inner = 1;
    for (size_t i = 0; i < at; ++i) outer *= static_cast<size_t>(kShape[i]);
    for (size_t i = at + 1; i < 4; ++i) inner *= static_cast<size_t>(kShape[i]);
    std::vector<float> want(kN);
    ASSERT_EQ(simdact_softmax_axis_f32(x.data(), want.data(), outer, static_cast<size_t>(kShape[at]), inner,
                                       nullptr),
              SIMDACT_OK);
    ExpectSame(ResultOf(NetOf({"Softmax", "simdact", {OnnxInt("axis", axis)}}, kShape), kShape, x), want);
  }
}

// Blobs of several blocks, which threads share if there are any.
TEST(Layers, BlocksAndThreadsGiveTheSameBits) {
  const std::vector<int64_t> shape{3, 100, 517};
  constexpr size_t kMany = 3 * 100 * 517;
  const std::vector<float> x = NormalInputs(2 * kMany), first(x.begin(), x.begin() + kMany),
                           second(x.begin() + kMany, x.end());
  std::vector<float> gelu(kMany), softmax(kMany), swiglu(kMany);
  {
    const Flushing flushing;
    simdact_gelu_f32(x.data(), gelu.data(), kMany);
    simdact_swiglu_f32(first.data(), second.data(), swiglu.data(), kMany);
    ASSERT_EQ(simdact_softmax_f32(x.data(), softmax.data(), 300, 517, nullptr), SIMDACT_OK);
  }
  for (int threads : {1, 2, 5}) {
    cv::setNumThreads(threads);
    ExpectSame(ResultOf(NetOf({"Gelu", "simdact", {}}, shape), shape, first), gelu);
    ExpectSame(ResultOf(NetOf({"Softmax", "simdact", {OnnxInt("axis", 2)}}, shape), shape, first), softmax);
    ExpectSame(ResultOf(NetOf({"Swiglu", "simdact", {}}, shape, 2), shape, first, second), swiglu);
  }
  cv::setNumThreads(-1);
}

// OpenCV's words for a wrong node.
std::string ErrorOf(const Node& node) {
  try {
    ResultOf(NetOf(node, kShape), kShape, NormalInputs(kN));
  } catch (const cv::Exception& e) {
    return e.what();
  }
  return "no error";
}

TEST(Layers, TurnDownWhatTheyDoNotKnow) {
  const std::string other = ErrorOf({"Gelu", "simdact", {OnnxFloat("alpha", 1)}});
  EXPECT_NE(other.find("simdact.Gelu has no parameter alpha"), std::string::npos) << other;
  const std::string unknown = ErrorOf({"Gleu", "simdact", {}});
  EXPECT_NE(unknown.find("simdact.Gleu"), std::string::npos) << unknown;
  const std::string alone = ErrorOf({"Swiglu", "simdact", {}});
  EXPECT_NE(alone.find("inputs.size() == 2"), std::string::npos) << alone;
}

// ---- A network: 3 x 3 convolution, activation, 1 x 1 convolution, softmax over the channels ------------

constexpr int64_t kImages = 2, kChannels = 3, kHidden = 16, kClasses = 5, kSide = 12;
const std::vector<int64_t> kImage{kImages, kChannels, kSide, kSide};

OnnxGraph NetworkOf(const Node& activation, const Node& softmax) {
  std::vector<float> weights = NormalInputs(kHidden * kChannels * 9 + kClasses * kHidden);
  for (float& value : weights) value *= 0.04f;
  const auto second = weights.begin() + kHidden * kChannels * 9;
  OnnxGraph graph;
  graph.Input("x", kOnnxF32, kImage);
  graph.Weights("first", {kHidden, kChannels, 3, 3}, {weights.begin(), second});
  graph.Weights("second", {kClasses, kHidden, 1, 1}, {second, weights.end()});
  graph.Node("Conv", {"x", "first"}, {"product"}, "", {OnnxInts("kernel_shape", {3, 3})});
  graph.Node(activation.op, {"product"}, {"hidden"}, activation.domain, activation.attributes);
  graph.Node("Conv", {"hidden", "second"}, {"logits"}, "", {OnnxInts("kernel_shape", {1, 1})});
  graph.Node(softmax.op, {"logits"}, {"y"}, softmax.domain, softmax.attributes);
  graph.Output("y", kOnnxF32, {kImages, kClasses, kSide - 2, kSide - 2});
  return graph;
}

// The results of layers, by the names that the importer makes of those of ONNX.
std::vector<std::vector<float>> ResultsOf(cv::dnn::Net net, const std::vector<std::string>& names) {
  std::vector<float> x = NormalInputs(kImages * kChannels * kSide * kSide);
  net.setInput(BlobOf(x, kImage), "x");
  std::vector<cv::String> layers;
  for (const std::string& name : names) layers.push_back("onnx_node!" + name + "_node");
  std::vector<cv::Mat> blobs;
  net.forward(blobs, layers);
  std::vector<std::vector<float>> results;
  for (const cv::Mat& blob : blobs) results.push_back(ValuesOf(blob));
  return results;
}

class Network : public testing::TestWithParam<Case> {};

const Node& SimdactSoftmax() {
  static const Node node{"Softmax", "simdact", {OnnxInt("axis", 1)}};
  return node;
}

// The activation from the convolution's result, softmax from the logits. Denormal results are flushed.
TEST_P(Network, KeepsClaimsLayerByLayer) {
  const Case& c = GetParam();
  const Node nothing{"Linear", "simdact", {}};
  const std::vector<float> product = ResultsOf(Read(NetworkOf(nothing, SimdactSoftmax())), {"hidden"})[0];
  for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
    const std::vector<std::vector<float>> results =
        ResultsOf(Read(NetworkOf(c.Simdact(tier), SimdactSoftmax())), {"hidden", "logits", "y"});
    const auto hidden = [&](size_t i) { return c.exact(product[i]); };
    EXPECT_LE(MaxUlps(results[0], hidden, true), c.Claim(tier));
    constexpr size_t kPixels = (kSide - 2) * (kSide - 2);
    const auto probability = [&](size_t i) {
      const size_t pixel = i / (kPixels * kClasses) * kPixels * kClasses + i % kPixels;
      std::vector<float> scores;
      for (size_t k = 0; k < kClasses; ++k) scores.push_back(results[1][pixel + k * kPixels]);
      return exact::Softmax(scores.data(), kClasses)[i / kPixels % kClasses];
    };
    EXPECT_LE(MaxUlps(results[2], probability, true), 2.5);  // softmax.h
  }
}

TEST_P(Network, AgreesWithOpenCvsOwn) {
  const Case& c = GetParam();
  const Node softmax{"Softmax", "", {OnnxInt("axis", 1)}};
  const std::vector<float> engine = ResultsOf(Read(NetworkOf(c.Engine(), softmax)), {"y"})[0];
  for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
    const std::vector<float> simdact =
        ResultsOf(Read(NetworkOf(c.Simdact(tier), SimdactSoftmax())), {"y"})[0];
    ASSERT_EQ(simdact.size(), engine.size());
    for (size_t i = 0; i < engine.size(); ++i) ASSERT_NEAR(simdact[i], engine[i], 2e-6);
  }
}

// Whether a convolution calls it or it runs by itself, an activation gives the same bits.
TEST_P(Network, GivesTheSameBitsFusedAndNot) {
  const OnnxGraph graph = NetworkOf(GetParam().Simdact(SIMDACT_ACCURATE), SimdactSoftmax());
  cv::dnn::Net fused = Read(graph), apart = Read(graph);
  apart.enableFusion(false);
  ExpectSame(ResultsOf(fused, {"y"})[0], ResultsOf(apart, {"y"})[0]);
}

INSTANTIATE_TEST_SUITE_P(Cases, Network, testing::ValuesIn(Cases()),
                         [](const auto& info) { return std::string(info.param.type); });

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
