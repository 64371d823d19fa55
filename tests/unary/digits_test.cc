// Real input: a network trained on handwritten digits, its activations computed by simdact on every target
// that runs here. tools/report reads the recorded properties (simdact_tests --gtest_output=json:FILE).
#include "tests/unary/digits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "simdact/simdact.h"
#include "tests/ruler/accuracy.h"

namespace {

namespace accuracy = simdact_accuracy;

// Logits reach 17 and the closest decision is won by 0.08. Measured: activations rounded correctly move the
// logits by 2.5e-6, activations off by one more ulp by 8e-6, by 20 ulps 8e-5.
constexpr double kLogitBound = 1e-5;

const digits::Network& TheNetwork() {
  static const digits::Network network = digits::Load(SIMDACT_TEST_DATA);
  return network;
}

// SIMDACT_OP_COUNT if the catalogue has no such op.
simdact_op OpByName(const std::string& name) {
  int op = 0;
  while (op < SIMDACT_OP_COUNT && name != simdact_describe(static_cast<simdact_op>(op))->name) ++op;
  return static_cast<simdact_op>(op);
}

// The defaults as float kernels see them: leaky_relu's slope is the float next to 0.01.
simdact_params Defaults(simdact_op op) {
  return accuracy::RoundedTo(SIMDACT_F32, simdact_describe(op)->defaults);
}

// y[i] = f(x[i]) by the named op on the target.
void Activate(const simdact_target* target, const std::string& name, const float* x, float* y, size_t n) {
  const simdact_op op = OpByName(name);
  const simdact_kernel* kernel = simdact_find(target, op, SIMDACT_F32, SIMDACT_ACCURATE);
  ASSERT_NE(kernel, nullptr) << name;
  kernel->forward(x, y, n, Defaults(op));
}

double InDouble(const std::string& name, double x) {
  const simdact_op op = OpByName(name);
  return accuracy::ReferenceOf(op, SIMDACT_FORWARD).skim(x, Defaults(op).value);
}

// Properties are text, and nobody wants to read 17 digits.
std::string Text(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return text;
}

// Tests are named after what runs them, so the parameter is the name, not the target.
std::vector<std::string> TargetNames() {
  std::vector<std::string> names;
  for (const simdact_target* target : accuracy::RunningTargets()) {
    names.push_back(simdact_target_name(target));
  }
  return names;
}

class Digits : public testing::TestWithParam<std::string> {
 protected:
  const simdact_target* target_ = simdact_target_by_name(GetParam().c_str());
};

// The network sees the same digits as in double precision, and its logits barely move.
TEST_P(Digits, NetworkAgreesWithDouble) {
  const digits::Network& network = TheNetwork();
  const std::vector<double> want = digits::ExactLogits(network, InDouble);
  const std::vector<double> got = digits::Logits(
      network,
      [this](const std::string& op, const float* x, float* y, size_t n) { Activate(target_, op, x, y, n); });
  ASSERT_EQ(got.size(), want.size());
  double worst = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_FALSE(std::isnan(got[i])) << "logit " << i;
    worst = std::max(worst, std::abs(got[i] - want[i]));
  }
  EXPECT_LE(worst, kLogitBound);

  const std::vector<int> seen = digits::Predictions(got);
  EXPECT_EQ(seen, digits::Predictions(want));
  ASSERT_EQ(seen.size(), network.labels.size());
  size_t right = 0;
  for (size_t i = 0; i < seen.size(); ++i) right += seen[i] == network.labels[i];
  const double share = static_cast<double>(right) / static_cast<double>(seen.size());
  EXPECT_NEAR(share, network.accuracy, 1e-6);
  RecordProperty("digits", static_cast<int>(seen.size()));
  RecordProperty("accuracy", Text(share));
  RecordProperty("max_logit_difference", Text(worst));
  RecordProperty("logit_bound", Text(kLogitBound));
}

// What each layer feeds its activation, within the claim of that op.
TEST_P(Digits, LayersKeepTheirClaims) {
  const int fma = simdact_target_has_fma(target_);
  for (const digits::Layer& layer : TheNetwork().layers) {
    if (layer.activation.empty()) continue;
    const simdact_op op = OpByName(layer.activation);
    ASSERT_NE(op, SIMDACT_OP_COUNT) << layer.activation;
    const accuracy::Reference& reference = accuracy::ReferenceOf(op, SIMDACT_FORWARD);
    const std::vector<float>& x = layer.pre_activations;
    std::vector<float> y(x.size());
    Activate(target_, layer.activation, x.data(), y.data(), x.size());
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const long double exact = reference.exact(x[i], Defaults(op).value);
      worst = std::max(worst, accuracy::UlpError(SIMDACT_F32, y[i], exact));
    }
    EXPECT_LE(worst, simdact_claim(op, SIMDACT_F32, SIMDACT_FORWARD, fma)) << layer.activation;
    RecordProperty("max_ulp_" + layer.activation, Text(worst));
  }
}

INSTANTIATE_TEST_SUITE_P(, Digits, testing::ValuesIn(TargetNames()),
                         [](const auto& info) { return info.param; });

}  // namespace
