// Time and error of ONNX Runtime's operators and of simdact's in their place: models of one node, one thread.
// The inputs are normal(0, 4), and for errors a grid over [-100, 100] as well. Writes compare.json where it
// runs.
//
// Fails if an error of simdact's is above its claim, whatever the times.
#include "common/comparison.h"

#include <memory>

#include "cases.h"

namespace {

constexpr char kX[] = "x", kSecond[] = "second", kY[] = "y";

// A node of a chain, and which values it takes: the inputs, or what an earlier one leaves, step0, step1...
struct Step {
  Node node;
  std::vector<std::string> inputs;
};
std::string Chain(const std::vector<Step>& steps, const std::vector<int64_t>& shape,
                  const std::vector<int64_t>& second) {
  OnnxGraph graph;
  graph.Input(kX, kOnnxF32, shape);
  if (!second.empty()) graph.Input(kSecond, kOnnxF32, second);
  for (size_t i = 0; i < steps.size(); ++i) {
    const std::string output = i + 1 == steps.size() ? kY : "step" + std::to_string(i);
    graph.Node(steps[i].node.op, steps[i].inputs, {output}, steps[i].node.domain, steps[i].node.attributes);
  }
  graph.Output(kY, kOnnxF32, shape);
  return graph.Model(Opsets());
}

// A model with memory for what goes in and comes out.
class Model {
 public:
  Model(const std::string& model, const std::vector<int64_t>& shape, std::vector<float> x,
        std::vector<float> second = {}, const std::vector<int64_t>& second_shape = {})
      : x_(std::move(x)), second_(std::move(second)), y_(x_.size()) {
    std::vector<Tensor> inputs{TensorOf(kX, kOnnxF32, shape, x_)};
    if (!second_.empty()) inputs.push_back(TensorOf(kSecond, kOnnxF32, second_shape, second_));
    session_ = std::make_unique<BoundSession>(model, inputs, std::vector{TensorOf(kY, kOnnxF32, shape, y_)});
  }
  void operator()() const { session_->Run(); }
  const std::vector<float>& Result() const {
    session_->Run();
    return y_;
  }

 private:
  std::vector<float> x_, second_, y_;
  std::unique_ptr<BoundSession> session_;
};

class Comparing {
 public:
  // Two models over inputs of a shape. exact(x, second, i) is element i; claim in ulps.
  template <class Exact>
  void Compare(const std::string& op, simdact_tier tier, const std::vector<int64_t>& shape,
               const std::vector<int64_t>& second_shape, const std::vector<Step>& engine,
               const std::vector<Step>& simdact, const Exact& exact, double claim) {
    const std::string engine_model = Chain(engine, shape, second_shape);
    const std::string simdact_model = Chain(simdact, shape, second_shape);
    const size_t n = Product(shape);
    const std::vector<float> second =
        second_shape.empty() ? std::vector<float>{} : Second(Product(second_shape));
    const std::vector<float> x = NormalInputs(n);
    const auto times = BestTimes(Model(engine_model, shape, x, second, second_shape),
                                 Model(simdact_model, shape, x, second, second_shape));
    const std::vector<float> where = ErrorInputs(n);
    const Model a(engine_model, shape, where, second, second_shape);
    const Model b(simdact_model, shape, where, second, second_shape);
    const auto want = exact(where, second);
    const double engine_ulps = MaxUlps(a.Result(), want, tier == SIMDACT_FAST);
    const double simdact_ulps = MaxUlps(b.Result(), want, tier == SIMDACT_FAST);
    const double per = 1 / static_cast<double>(n);
    rows_.push_back({op, tier == SIMDACT_FAST ? "fast" : "accurate", n, times.first * per, times.second * per,
                     engine_ulps, simdact_ulps});
    if (!(simdact_ulps <= claim)) {
      std::printf("%s: %g ulps, but the claim is %g\n", op.c_str(), simdact_ulps, claim);
      failed_ = true;
    }
  }

  int Finish() const {
    PrintComparisons(rows_);
    WriteComparisons("compare.json", "ONNX Runtime", Ort::GetVersionString(), rows_);
    return failed_ ? 1 : 0;
  }

 private:
  static size_t Product(const std::vector<int64_t>& shape) {
    size_t product = 1;
    for (int64_t size : shape) product *= static_cast<size_t>(size);
    return product;
  }
  // The inputs in another order.
  static std::vector<float> Second(size_t n) {
    const std::vector<float> x = NormalInputs(n + 7);
    return {x.begin() + 7, x.end()};
  }
  std::vector<Comparison> rows_;
  bool failed_ = false;
};

void CompareActivations(Comparing& comparing) {
  for (const Case& c : Cases()) {
    for (int64_t n : {4096, 65536}) {
      for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
        const auto exact = [&](const std::vector<float>& x, const std::vector<float>&) {
          return [&](size_t i) { return c.exact(x[i]); };
        };
        const std::string name = simdact_describe(c.op)->name;
        comparing.Compare(name, tier, {n}, {}, {{c.runtime, {kX}}}, {{c.Simdact(tier), {kX}}}, exact,
                          c.Claim(tier));
      }
    }
  }
}

// The runtime has a BiasGelu of its own.
void CompareBias(Comparing& comparing) {
  const Node runtime{"BiasGelu", "com.microsoft", {}};
  for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
    const Node simdact{"BiasGelu", "simdact", {OnnxInt("fast", tier)}};
    const auto exact = [](const std::vector<float>& x, const std::vector<float>& bias) {
      return [&](size_t i) { return exact::Gelu(x[i] + bias[i % 1024]); };
    };
    comparing.Compare("bias_gelu", tier, {64, 1024}, {1024}, {{runtime, {kX, kSecond}}},
                      {{simdact, {kX, kSecond}}}, exact, Cases()[3].Claim(tier));
  }
}

// What exporters make of SwiGLU is silu, as a QuickGelu, and a product.
void CompareGate(Comparing& comparing) {
  const Node silu{"QuickGelu", "com.microsoft", {OnnxFloat("alpha", 1)}}, product{"Mul", "", {}};
  const int fma = simdact_target_has_fma(simdact_target_default());
  for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
    const Node simdact{"Swiglu", "simdact", {OnnxInt("fast", tier)}};
    // gates.def claims nothing for products of a silu that is no normal number.
    const auto exact = [](const std::vector<float>& gate, const std::vector<float>& up) {
      return [&](size_t i) {
        const long double f = exact::Silu(gate[i]);
        return std::fabs(f) < 0x1p-126L ? NAN : f * up[i];
      };
    };
    const double claim =
        tier == SIMDACT_FAST ? 4 : simdact_gate_claim(SIMDACT_GATE_swiglu, SIMDACT_F32, SIMDACT_FORWARD, fma);
    comparing.Compare("swiglu", tier, {65536}, {65536}, {{silu, {kX}}, {product, {"step0", kSecond}}},
                      {{simdact, {kX, kSecond}}}, exact, claim);
  }
}

// Rows of 1024; softmax.h claims 2.5 ulps for normal results, 4 in the fast tier.
void CompareSoftmax(Comparing& comparing) {
  const auto exact = [](const std::vector<float>& x, const std::vector<float>&) {
    std::vector<long double> y;
    for (size_t row = 0; row < x.size(); row += 1024) {
      const std::vector<long double> part = exact::Softmax(x.data() + row, 1024);
      y.insert(y.end(), part.begin(), part.end());
    }
    return [y](size_t i) { return std::fabs(y[i]) < 0x1p-126L ? NAN : y[i]; };
  };
  for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
    const Node simdact{"Softmax", "simdact", {OnnxInt("fast", tier)}};
    comparing.Compare("softmax", tier, {64, 1024}, {}, {{{"Softmax", "", {}}, {kX}}}, {{simdact, {kX}}},
                      exact, tier == SIMDACT_FAST ? 4 : 2.5);
  }
}

}  // namespace

int main() {
  Comparing comparing;
  CompareActivations(comparing);
  CompareBias(comparing);
  CompareGate(comparing);
  CompareSoftmax(comparing);
  return comparing.Finish();
}
