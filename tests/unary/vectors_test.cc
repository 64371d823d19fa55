// What the project's source documents print, on every target. x is given as printed; "printed" says how many
// digits of y hold. Where a note says that a printed figure is wrong, the true one is asked for here.

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/common/kernels.h"

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

// softmax is not element-wise: it has a family of its own, and tests of its own.
bool IsElementWise(const json& entry) { return entry["op"] != "softmax"; }

// The documents print f32 and f64 results.
bool IsPrintedType(const Case& c) { return !IsHalf(c.dtype); }

TEST(SourceVectors, PrintedValuesHold) {
  const json document = Load();
  size_t checked = 0;
  for (const json& entry : document["vectors"]) {
    if (!IsElementWise(entry) || !entry.contains("y")) continue;  // the in-place entry is below
    const int op = FindOp(entry["op"]);
    ASSERT_GE(op, 0) << "the catalogue lacks " << entry["op"];
    const std::string kind = entry["kind"];
    ASSERT_TRUE(kind == "forward" || kind == "gradient");
    ForEachKernelOf(static_cast<simdact_op>(op), [&](const Case& c) {
      if (!IsPrintedType(c)) return;
      if (c.direction != (kind == "gradient" ? SIMDACT_BACKWARD : SIMDACT_FORWARD)) return;
      for (size_t i = 0; i < entry["x"].size(); ++i) {
        const double x = entry["x"][i];
        double want = entry["y"][i];
        const auto fixed = kTrueValues.find({entry["source"], entry["op"], kind, x});
        if (fixed != kTrueValues.end()) want = fixed->second;
        const double got = Evaluate(c, x, ParametersOf(entry, *c.description));
        EXPECT_NEAR(got, want,
                    Tolerance(entry, want) + (fixed != kTrueValues.end() ? 3e-6 * want + 1e-45 : 0.0))
            << entry["source"] << " x = " << x;
        ++checked;
      }
    });
  }
  EXPECT_GE(checked, 250u);
}

// "ReLU(inplace=True)" on a tensor of shape 1, 16, 7, 7.
TEST(SourceVectors, ReluInPlace) {
  const json document = Load();
  for (const json& entry : document["vectors"]) {
    if (entry["kind"] != "in place") continue;
    size_t n = 1;
    for (size_t extent : entry["shape"]) n *= extent;
    const int op = FindOp(entry["op"]);
    ASSERT_GE(op, 0);
    ForEachKernelOf(static_cast<simdact_op>(op), [&](const Case& c) {
      if (c.direction != SIMDACT_FORWARD) return;
      Array x(c.dtype, n);
      for (size_t i = 0; i < n; ++i) x.Set(i, static_cast<double>(i % 13) - 6.0);
      Array y = x;
      c.kernel->forward(y.Data(), y.Data(), n, c.description->defaults);
      for (size_t i = 0; i < n; ++i) ASSERT_EQ(y[i], std::max(x[i], 0.0));
    });
    return;
  }
  FAIL() << "the entry is gone";
}

// The parameters under which an entry's class is tested: a free one takes several values.
std::vector<simdact_params> ParameterSetsOf(const json& entry, const simdact_description& d) {
  simdact_params p = d.defaults;
  std::vector<double> free;
  const json values = entry.value("params", json::object());
  for (const auto& [name, value] : values.items()) {
    int at = 0;
    while (at < d.parameters && name != d.parameter_names[at]) ++at;
    if (at == d.parameters) {
      // selu's are constants of the op.
      EXPECT_TRUE(entry["op"] == "selu" && (value == 1.6732632423543772 || value == 1.0507009873554805))
          << name;
    } else if (value.is_string()) {
      EXPECT_EQ(at, 0);
      free = {1.0, 0.1, 0.5, 1.702, 3.0, -1.0, 0.0};
    } else {
      p.value[at] = value;
    }
  }
  std::vector<simdact_params> sets(std::max(free.size(), size_t{1}), p);
  for (size_t i = 0; i < free.size(); ++i) sets[i].value[0] = free[i];
  return sets;
}

// Each class of the documents with its parameters, forward and gradient, in every number format, against its
// formula.
TEST(SourceVectors, ClassesHaveForwardAndGradient) {
  const json document = Load();
  size_t checked = 0;
  for (const json& entry : document["classes"]) {
    if (!IsElementWise(entry)) continue;
    const int op = FindOp(entry["op"]);
    ASSERT_GE(op, 0) << "the catalogue lacks " << entry["op"];
    for (const std::string need : entry["needs"])
      ASSERT_TRUE(need == "forward" || need == "gradient") << need;
    ForEachKernelOf(static_cast<simdact_op>(op), [&](const Case& c) {
      for (const simdact_params& given : ParameterSetsOf(entry, *c.description)) {
        const simdact_params p = simdact_accuracy::RoundedTo(c.dtype, given);
        for (const double x : {-3.0, -0.5, 0.25, 2.0}) {
          const auto want = simdact_accuracy::Exact(c.op, c.direction, x, p);
          EXPECT_LE(simdact_accuracy::UlpError(c.dtype, Evaluate(c, x, p), want), 2.0) << x;
          ++checked;
        }
      }
    });
  }
  EXPECT_GE(checked, 10u * 2 * 4);
}

// The parameters that the documents name, once more by hand: elu's alpha 0.1, leaky slopes 0.2 and 0.01.
TEST(SourceVectors, NamedParameters) {
  ForEachKernel([&](const Case& c) {
    const double tolerance = IsHalf(c.dtype) ? 1e-2 : 1e-6;
    if (c.Is("elu", SIMDACT_FORWARD)) {
      EXPECT_NEAR(Evaluate(c, -1.0, {{0.1}}), 0.1 * std::expm1(-1.0), tolerance);
    } else if (c.Is("elu", SIMDACT_BACKWARD)) {
      EXPECT_NEAR(Evaluate(c, -1.0, {{0.1}}), 0.1 * std::exp(-1.0), tolerance);
    } else if (c.Is("leaky_relu", SIMDACT_FORWARD)) {
      EXPECT_NEAR(Evaluate(c, -2.0, {{0.2}}), -0.4, tolerance);
      EXPECT_NEAR(Evaluate(c, -2.0), -0.02, tolerance);
    } else if (c.Is("leaky_relu", SIMDACT_BACKWARD)) {
      EXPECT_NEAR(Evaluate(c, -2.0, {{0.2}}), 0.2, tolerance);
    }
  });
}

}  // namespace
}  // namespace simdact_test
