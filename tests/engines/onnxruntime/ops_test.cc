// Every operator in a model of its own: the bits of simdact's functions, whatever the format, the parameters
// and the number of threads; the errors of nodes that are wrong.
#include <gtest/gtest.h>
#include <simdact/simdact.h>
#include <simdact/softmax_axis.h>

#include <cstring>

#include "common/exact.h"
#include "common/lists.h"
#include "session.h"

namespace {

const std::vector<simdact_dtype> kDtypes{SIMDACT_F32, SIMDACT_F64, SIMDACT_BF16, SIMDACT_F16};

OnnxType TypeOf(simdact_dtype dtype) {
  static const OnnxType kTypes[] = {kOnnxF32, kOnnxF64, kOnnxBf16, kOnnxF16};
  return kTypes[dtype];
}

// Numbers of a format, as bytes, which need no types of C++'s: made from floats.
using Bytes = std::vector<char>;
size_t SizeOf(simdact_dtype dtype) { return dtype == SIMDACT_F64 ? 8 : dtype == SIMDACT_F32 ? 4 : 2; }

Bytes InputsOf(simdact_dtype dtype, size_t n, unsigned shift = 0) {
  Bytes bytes(n * SizeOf(dtype));
  const std::vector<float> x = NormalInputs(n + shift);
  for (size_t i = 0; i < n; ++i) {
    char* to = bytes.data() + i * SizeOf(dtype);
    const float value = x[i + shift];
    const double wide = value;
    // bfloat16 is the upper half of a float; any 16 bits will do for float16, but for NaN and infinity.
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    const uint16_t half = static_cast<uint16_t>(bits >> (dtype == SIMDACT_BF16 ? 16 : 9) & 0xFFFF);
    const uint16_t finite = dtype == SIMDACT_F16 && (half & 0x7C00) == 0x7C00 ? 0x3C00 : half;
    if (dtype == SIMDACT_F32)
      std::memcpy(to, &value, 4);
    else if (dtype == SIMDACT_F64)
      std::memcpy(to, &wide, 8);
    else
      std::memcpy(to, &finite, 2);
  }
  return bytes;
}

struct Operand {
  std::vector<int64_t> shape;
  Bytes data;
};

// What nodes make of their inputs, one or two; the results have the shape of the first.
std::vector<Bytes> ResultsOf(const std::vector<Node>& nodes, OnnxType type, std::vector<Operand> inputs,
                             int threads = 1) {
  std::vector<Bytes> results(nodes.size(), Bytes(inputs[0].data.size()));
  std::vector<Tensor> from, to;
  for (Operand& input : inputs)
    from.push_back(TensorOf("x" + std::to_string(from.size()), type, input.shape, input.data));
  for (Bytes& result : results)
    to.push_back(TensorOf("y" + std::to_string(to.size()), type, inputs[0].shape, result));
  BoundSession(ModelOf(nodes, from, to), from, to, threads).Run();
  return results;
}

const simdact_description& Describe(int op) { return *simdact_describe(static_cast<simdact_op>(op)); }

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

// They are those, byte by byte.
void ExpectResults(const std::vector<Node>& nodes, simdact_dtype dtype, const std::vector<Operand>& inputs,
                   const std::vector<Bytes>& want) {
  const std::vector<Bytes> got = ResultsOf(nodes, TypeOf(dtype), inputs);
  for (size_t i = 0; i < nodes.size(); ++i)
    EXPECT_EQ(got[i], want[i]) << nodes[i].op << ", dtype " << dtype << ", node " << i;
}

constexpr int64_t kRows = 17, kCols = 59;
constexpr size_t kN = kRows * kCols;

TEST(Ops, ActivationsGiveTheBitsOfTheArrayFunctions) {
  for (simdact_dtype dtype : kDtypes) {
    const Bytes x = InputsOf(dtype, kN);
    std::vector<Node> nodes;
    std::vector<Bytes> want;
    for (const Named& activation : kActivations) {
      for (bool other : {false, true}) {
        for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
          Node node{activation.name, "simdact", {}};
          simdact_params p = Describe(activation.number).defaults;
          if (other) p = OtherParameters(Describe(activation.number), node.attributes);
          if (tier == SIMDACT_FAST) node.attributes.push_back(OnnxInt("fast", 1));
          nodes.push_back(node);
          want.emplace_back(x.size());
          simdact_find_default(static_cast<simdact_op>(activation.number), dtype, tier)
              ->forward(x.data(), want.back().data(), kN, p);
        }
      }
    }
    ExpectResults(nodes, dtype, {{{kRows, kCols}, x}}, want);
  }
}

TEST(Ops, BiasesGiveTheBitsOfTheArrayFunctions) {
  for (simdact_dtype dtype : kDtypes) {
    const Bytes x = InputsOf(dtype, kN), bias = InputsOf(dtype, kCols, 7);
    std::vector<Node> nodes;
    std::vector<Bytes> want;
    for (const Named& activation : kActivations) {
      for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
        Node node{std::string("Bias") + activation.name, "simdact", {OnnxInt("fast", tier)}};
        const simdact_params p = OtherParameters(Describe(activation.number), node.attributes);
        nodes.push_back(node);
        want.emplace_back(x.size());
        ASSERT_EQ(simdact_bias(static_cast<simdact_op>(activation.number), dtype, tier, x.data(), bias.data(),
                               want.back().data(), kRows, kCols, p),
                  SIMDACT_OK);
      }
    }
    ExpectResults(nodes, dtype, {{{kRows, kCols}, x}, {{kCols}, bias}}, want);
  }
}

TEST(Ops, GatesGiveTheBitsOfTheArrayFunctions) {
  for (simdact_dtype dtype : kDtypes) {
    const Bytes x = InputsOf(dtype, kN), up = InputsOf(dtype, kN, 7);
    std::vector<Node> nodes;
    std::vector<Bytes> want;
    for (const Named& gate : kGates) {
      for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
        const auto number = static_cast<simdact_gate>(gate.number);
        Node node{gate.name, "simdact", {OnnxInt("fast", tier)}};
        const simdact_params p = OtherParameters(*simdact_describe_gate(number), node.attributes);
        nodes.push_back(node);
        want.emplace_back(x.size());
        simdact_find_gate_default(number, dtype, tier)
            ->forward(x.data(), up.data(), want.back().data(), kN, p);
      }
    }
    ExpectResults(nodes, dtype, {{{kRows, kCols}, x}, {{kRows, kCols}, up}}, want);
  }
}

TEST(Ops, SoftmaxesTakeAnyAxis) {
  const size_t sizes[][3] = {{1, 5, 77}, {5, 7, 11}, {35, 11, 1}};  // outer, axis, inner
  const std::pair<const char*, simdact_softmax_op> kOps[] = {{"Softmax", SIMDACT_SOFTMAX_OP_softmax},
                                                             {"LogSoftmax", SIMDACT_SOFTMAX_OP_log_softmax},
                                                             {"Softmin", SIMDACT_SOFTMAX_OP_softmin}};
  for (simdact_dtype dtype : kDtypes) {
    const Bytes x = InputsOf(dtype, 5 * 7 * 11);
    std::vector<Node> nodes;
    std::vector<Bytes> want;
    for (const auto& [name, op] : kOps) {
      for (int64_t axis = -3; axis < 3; ++axis) {
        const size_t* size = sizes[axis < 0 ? axis + 3 : axis];
        nodes.push_back({name, "simdact", {OnnxInt("axis", axis)}});
        want.emplace_back(x.size());
        ASSERT_EQ(simdact_find_softmax_axis(simdact_target_default(), op, dtype)
                      ->forward(x.data(), want.back().data(), size[0], size[1], size[2], nullptr),
                  SIMDACT_OK);
      }
    }
    ExpectResults(nodes, dtype, {{{5, 7, 11}, x}}, want);
  }
}

// Tensors of several blocks, which threads share if there are any.
TEST(Ops, BlocksAndThreadsGiveTheSameBits) {
  constexpr size_t kMany = 300, kLong = 517;
  const std::vector<int64_t> shape{kMany, kLong};
  const Bytes x = InputsOf(SIMDACT_F32, kMany * kLong), up = InputsOf(SIMDACT_F32, kMany * kLong, 7);
  const Bytes bias = InputsOf(SIMDACT_F32, kLong, 7);
  const auto floats = [](const Bytes& bytes) { return reinterpret_cast<const float*>(bytes.data()); };
  std::vector<float> gelu(kMany * kLong), softmax = gelu, swiglu = gelu, mish = gelu;
  simdact_gelu_f32(floats(x), gelu.data(), gelu.size());
  simdact_swiglu_f32(floats(x), floats(up), swiglu.data(), swiglu.size());
  ASSERT_EQ(simdact_softmax_f32(floats(x), softmax.data(), kMany, kLong, nullptr), SIMDACT_OK);
  ASSERT_EQ(simdact_bias_mish_f32(floats(x), floats(bias), mish.data(), kMany, kLong), SIMDACT_OK);
  const auto bytes = [](const std::vector<float>& values) {
    const char* begin = reinterpret_cast<const char*>(values.data());
    return Bytes(begin, begin + values.size() * sizeof(float));
  };
  for (int threads : {1, 2, 5}) {
    SCOPED_TRACE(threads);
    const std::vector<Bytes> one =
        ResultsOf({{"Gelu", "simdact", {}}, {"Softmax", "simdact", {}}}, kOnnxF32, {{shape, x}}, threads);
    EXPECT_EQ(one[0], bytes(gelu));
    EXPECT_EQ(one[1], bytes(softmax));
    const std::vector<Node> gate{{"Swiglu", "simdact", {}}}, biased{{"BiasMish", "simdact", {}}};
    EXPECT_EQ(ResultsOf(gate, kOnnxF32, {{shape, x}, {shape, up}}, threads)[0], bytes(swiglu));
    EXPECT_EQ(ResultsOf(biased, kOnnxF32, {{shape, x}, {{kLong}, bias}}, threads)[0], bytes(mish));
  }
}

TEST(Ops, TensorsMayBeEmptyOrScalars) {
  const std::vector<Node> gelu{{"Gelu", "simdact", {}}};
  EXPECT_TRUE(ResultsOf(gelu, kOnnxF32, {{{0, 3}, {}}})[0].empty());
  EXPECT_TRUE(ResultsOf({{"Softmax", "simdact", {}}}, kOnnxF32, {{{3, 0}, {}}})[0].empty());
  const Bytes x = InputsOf(SIMDACT_F32, 1);
  EXPECT_EQ(ResultsOf(gelu, kOnnxF32, {{{}, x}}), ResultsOf(gelu, kOnnxF32, {{{1}, x}}));
}

// An operator's attribute may be an integer where a number is meant.
TEST(Ops, AttributesMayBeIntegers) {
  const Operand x{{kN}, InputsOf(SIMDACT_F32, kN)};
  EXPECT_EQ(ResultsOf({{"Elu", "simdact", {OnnxInt("alpha", 2)}}}, kOnnxF32, {x}),
            ResultsOf({{"Elu", "simdact", {OnnxFloat("alpha", 2)}}}, kOnnxF32, {x}));
}

// What the runtime says to a node over 2 x 3 zeros, and another input if there is one.
std::string ErrorOf(const Node& node, OnnxType type = kOnnxF32, const std::vector<Operand>& second = {}) {
  std::vector<Operand> inputs{{{2, 3}, Bytes(type == kOnnxI64 ? 48 : 24)}};
  inputs.insert(inputs.end(), second.begin(), second.end());
  try {
    ResultsOf({node}, type, inputs);
  } catch (const Ort::Exception& e) {
    return e.what();
  }
  return "no error";
}
void ExpectError(const std::string& error, const std::string& part) {
  EXPECT_NE(error.find(part), std::string::npos) << error;
}

TEST(Errors, OfTheRuntime) {
  ExpectError(ErrorOf({"Gelu", "simdact", {}}, kOnnxI64),
              "Type 'tensor(int64)' of input parameter (x0) of operator (Gelu)");
  ExpectError(ErrorOf({"Gleu", "simdact", {}}), "simdact:Gleu(-1) is not a registered function/op");
  ExpectError(ErrorOf({"Gelu", "simdact", {}}, kOnnxF32, {{{3}, Bytes(12)}}), "Gelu");
}

TEST(Errors, OfAttributes) {
  ExpectError(ErrorOf({"Gelu", "simdact", {OnnxFloat("alpha", 1)}}), "this operator has no attribute alpha");
  ExpectError(ErrorOf({"Gelu", "simdact", {OnnxString("approximate", "tanh")}}), "no attribute approximate");
  ExpectError(ErrorOf({"Gelu", "simdact", {OnnxInt("axis", 1)}}), "no attribute axis");
  ExpectError(ErrorOf({"Softmax", "simdact", {OnnxFloat("beta", 1)}}), "no attribute beta");
  ExpectError(ErrorOf({"Elu", "simdact", {OnnxString("alpha", "one")}}), "attribute alpha must be a number");
  ExpectError(ErrorOf({"Softmax", "simdact", {OnnxFloat("axis", 1)}}), "attribute axis must be an integer");
}

TEST(Errors, OfShapes) {
  ExpectError(ErrorOf({"Softmax", "simdact", {OnnxInt("axis", 2)}}), "axis is 2, and the input has 2 axes");
  ExpectError(ErrorOf({"BiasGelu", "simdact", {}}, kOnnxF32, {{{2}, Bytes(8)}}),
              "the bias must have one axis");
  ExpectError(ErrorOf({"Swiglu", "simdact", {}}, kOnnxF32, {{{1, 3}, Bytes(12)}}),
              "must have the same shape");
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
