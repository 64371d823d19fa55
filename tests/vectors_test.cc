// What the project's source documents print, on every target. x is given as printed; "printed" says how many
// digits of y hold. Where a note says that a printed figure is wrong, the true one is asked for here.

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "kernels.h"

namespace simdact_test {
namespace {

using nlohmann::json;

json Load() {
  std::ifstream stream(SIMDACT_TEST_DATA "/source_vectors.json");
  EXPECT_TRUE(stream.good());
  return json::parse(stream);
}

int FindOp(const std::string& name) {
  for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
    if (name == simdact_describe(static_cast<simdact_op>(op))->name) return op;
  }
  return -1;
}

simdact_params ParametersOf(const json& entry, const simdact_description& d) {
  simdact_params p = d.defaults;
  const json values = entry.value("params", json::object());
  for (int i = 0; i < d.parameters; ++i) {
    if (values.contains(d.parameter_names[i])) p.value[i] = values[d.parameter_names[i]];
  }
  return p;
}

// The figures that the documents get wrong, by source, op, kind and x; their notes say why.
const std::map<std::tuple<std::string, std::string, std::string, double>, double> kTrueValues = {
    {{"000_c69928ef35986a81", "sigmoid", "gradient", 20.0}, 2.06115361e-09},
    {{"000_c69928ef35986a81", "tanh", "gradient", 20.0}, 1.69934e-17},
    {{"000_c69928ef35986a81", "tanh", "gradient", -20.0}, 1.69934e-17},
    {{"000_c69928ef35986a81", "tanh", "gradient", 10.0}, 8.244614512e-09},
    {{"000_c69928ef35986a81", "tanh", "gradient", -10.0}, 8.244614512e-09},
    {{"003_b4a2463395c6aba9", "sigmoid", "forward", -100.0}, 3.783506e-44},
    {{"004_cf2b190b45ef50e1", "sigmoid", "forward", -10.0}, 4.5397869e-05},
    {{"004_cf2b190b45ef50e1", "sigmoid", "gradient", -10.0}, 4.5395808e-05},
    {{"004_cf2b190b45ef50e1", "sigmoid", "gradient", 10.0}, 4.5395808e-05},
};

// Half a unit of the last printed place, and what x itself was rounded by.
double Tolerance(const json& entry, double y) {
  const std::string printed = entry["printed"];
  if (printed.find("9 significant") == 0) return std::abs(y) * 6e-8;  // float has no more
  if (printed.find("8 decimals") == 0) return 6e-8;
  if (printed.find("4 decimals") == 0) return 5.1e-5;
  if (printed.find("s*(1-s)") != std::string::npos) return std::abs(y) * 2e-4;  // it loses more than they say
  if (printed.find("5 significant") == 0) return std::abs(y) * 6e-5;
  // TensorFlow's clamped sigmoid: 4.4 digits hold at x = -7.8, not the six that the entry grants.
  if (printed.find("about 6 digits") == 0) return std::abs(y) * 4e-5;
  if (printed.find("exact") == 0) return std::abs(y) * 6e-8;
  return std::abs(y) * 4e-6;  // six or seven digits, x from a float32 linspace
}

TEST(SourceVectors, PrintedValuesHold) {
  const json document = Load();
  size_t checked = 0;
  for (const json& entry : document["vectors"]) {
    const int op = FindOp(entry["op"]);
    if (op < 0 || !entry.contains("y")) continue;  // softmax; the in-place entry is below
    const std::string kind = entry["kind"];
    ForEachKernel([&](const Case& c) {
      if (c.op != op || (c.direction == kBackward) != (kind == "gradient")) return;
      for (size_t i = 0; i < entry["x"].size(); ++i) {
        const double x = entry["x"][i];
        double want = entry["y"][i];
        const auto fixed = kTrueValues.find({entry["source"], entry["op"], kind, x});
        if (fixed != kTrueValues.end()) want = fixed->second;
        const float got = Evaluate(c, static_cast<float>(x), ParametersOf(entry, *c.description));
        EXPECT_NEAR(got, want,
                    Tolerance(entry, want) + (fixed != kTrueValues.end() ? 3e-6 * want + 1e-45 : 0.0))
            << entry["source"] << " x = " << x;
        ++checked;
      }
    });
  }
  EXPECT_GE(checked, 150u);
}

// "ReLU(inplace=True)" on a tensor of shape 1, 16, 7, 7.
TEST(SourceVectors, ReluInPlace) {
  const json document = Load();
  for (const json& entry : document["vectors"]) {
    if (entry["kind"] != "in place") continue;
    size_t n = 1;
    for (size_t extent : entry["shape"]) n *= extent;
    ForEachKernel([&](const Case& c) {
      if (c.op != SIMDACT_OP_relu || c.direction != kForward) return;
      std::vector<float> x(n);
      for (size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i % 13) - 6.0f;
      std::vector<float> y = x;
      c.kernel->forward(y.data(), y.data(), n, c.description->defaults);
      for (size_t i = 0; i < n; ++i) ASSERT_EQ(y[i], std::max(x[i], 0.0f));
    });
    return;
  }
  FAIL() << "the entry is gone";
}

// Each class of the documents that the catalogue has, with its parameters, against its formula.
TEST(SourceVectors, ClassesHaveForwardAndGradient) {
  const json document = Load();
  size_t checked = 0;
  for (const json& entry : document["classes"]) {
    const int op = FindOp(entry["op"]);
    if (op < 0) continue;
    ForEachKernel([&](const Case& c) {
      if (c.op != op) return;
      const simdact_params p = simdact_accuracy::RoundedToFloat(ParametersOf(entry, *c.description));
      for (const float x : {-3.0f, -0.5f, 0.25f, 2.0f}) {
        const auto want = simdact_accuracy::ReferenceOf(c.op, c.direction).exact(x, p.value);
        EXPECT_LE(simdact_accuracy::UlpError(Evaluate(c, x, p), want), 2.0);
        ++checked;
      }
    });
  }
  EXPECT_GE(checked, 7u * 2 * 4);
}

}  // namespace
}  // namespace simdact_test
