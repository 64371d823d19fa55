// Transformer blocks, with ONNX Runtime's own functions and with simdact's in their place, against a run in
// doubles. Two stacks with random weights, the same in each run: shaped as LLMs are (RMSNorm, causal
// attention, SwiGLU) and as GPT-2 is (LayerNorm, causal attention, bias and GELU).
//
// usage: blocks_test: prints errors and times of one thread, and leaves blocks.json and table.md where it
// runs. Fails by errors alone, never by times.
#include <cmath>

#include "common/comparison.h"
#include "common/exact.h"
#include "session.h"

namespace {

constexpr size_t kWidth = 256, kHeads = 4, kHead = kWidth / kHeads, kTokens = 128, kLayers = 4;
constexpr double kEpsilon = 1e-5;

struct Shape {
  const char* name;
  size_t hidden;
  bool gated;  // SwiGLU behind RMSNorm, or bias and GELU behind LayerNorm
};
constexpr Shape kShapes[] = {{"LLM", 688, true}, {"GPT-2", 1024, false}};

// ---- Weights ---------------------------------------------------------------------------------------------

// Each head has matrices of its own for queries, keys and values, one behind the other; that for queries has
// the scale of the scores, 1 / 8, in it.
struct Layer {
  std::vector<float> query, key, value, out, gate, up, bias, down;
};

struct Weights {
  explicit Weights(const Shape& shape) {
    const size_t hidden = shape.hidden * kWidth, square = kWidth * kWidth;
    std::vector<float> numbers =
        NormalInputs(kTokens * kWidth + kLayers * (4 * square + 3 * hidden + shape.hidden));
    const float* from = numbers.data();
    // The next n numbers, normal with such a deviation.
    const auto take = [&from](size_t n, double deviation) {
      std::vector<float> taken(from, from + n);
      from += n;
      for (float& value : taken) value *= static_cast<float>(deviation / 4);
      return taken;
    };
    x = take(kTokens * kWidth, 1);
    // Deviations such that what goes into the functions spreads as in trained networks: over both sides of
    // silu and gelu, and unevenly over keys.
    const double even = 1 / std::sqrt(static_cast<double>(kWidth));
    for (Layer& l : layers) {
      l.query = take(square, 1.5 * even / 8);
      l.key = take(square, 1.5 * even);
      l.value = take(square, even);
      l.out = take(square, even);
      if (shape.gated) l.gate = take(hidden, 2 * even);
      l.up = take(hidden, 2 * even);
      if (!shape.gated) l.bias = take(shape.hidden, 0.1);
      l.down = take(hidden, 1 / std::sqrt(static_cast<double>(shape.hidden)));
    }
  }
  std::vector<float> x;
  Layer layers[kLayers];
};

// ---- In doubles ------------------------------------------------------------------------------------------

using Numbers = std::vector<double>;

// x W, x of so many rows; W of so many columns.
template <class T>
Numbers Product(const Numbers& x, size_t rows, const T* w, size_t cols) {
  const size_t inner = x.size() / rows;
  Numbers y(rows * cols);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t k = 0; k < inner; ++k) {
      for (size_t c = 0; c < cols; ++c)
        y[r * cols + c] += x[r * inner + k] * static_cast<double>(w[k * cols + c]);
    }
  }
  return y;
}

Numbers Norm(const Shape& shape, Numbers x) {
  for (size_t r = 0; r < kTokens; ++r) {
    double* row = &x[r * kWidth];
    double mean = 0, square = 0;
    if (!shape.gated) {
      for (size_t c = 0; c < kWidth; ++c) mean += row[c] / kWidth;
    }
    for (size_t c = 0; c < kWidth; ++c) square += (row[c] - mean) * (row[c] - mean) / kWidth;
    for (size_t c = 0; c < kWidth; ++c) row[c] = (row[c] - mean) / std::sqrt(square + kEpsilon);
  }
  return x;
}

// Of one head: softmax over the keys up to the query's own, times the values.
Numbers Attend(const Numbers& query, const Numbers& key, const Numbers& value) {
  Numbers keys_behind(key.size());
  for (size_t r = 0; r < kTokens; ++r) {
    for (size_t c = 0; c < kHead; ++c) keys_behind[c * kTokens + r] = key[r * kHead + c];
  }
  Numbers scores = Product(query, kTokens, keys_behind.data(), kTokens);
  for (size_t r = 0; r < kTokens; ++r) {
    double* row = &scores[r * kTokens];
    const std::vector<long double> y = exact::Softmax(row, r + 1);
    std::fill(std::copy(y.begin(), y.end(), row), row + kTokens, 0.0);
  }
  return Product(scores, kTokens, value.data(), kHead);
}

Numbers Attention(const Layer& l, const Numbers& x) {
  Numbers all(kTokens * kWidth);
  for (size_t h = 0; h < kHeads; ++h) {
    const size_t at = h * kWidth * kHead;
    const Numbers y = Attend(Product(x, kTokens, &l.query[at], kHead), Product(x, kTokens, &l.key[at], kHead),
                             Product(x, kTokens, &l.value[at], kHead));
    for (size_t r = 0; r < kTokens; ++r) std::copy_n(&y[r * kHead], kHead, &all[r * kWidth + h * kHead]);
  }
  return Product(all, kTokens, l.out.data(), kWidth);
}

Numbers Mlp(const Shape& shape, const Layer& l, const Numbers& x) {
  Numbers y = Product(x, kTokens, l.up.data(), shape.hidden);
  const Numbers gate = shape.gated ? Product(x, kTokens, l.gate.data(), shape.hidden) : Numbers();
  for (size_t i = 0; i < y.size(); ++i) {
    const long double f =
        shape.gated ? exact::Silu(gate[i]) * y[i] : exact::Gelu(y[i] + l.bias[i % shape.hidden]);
    y[i] = static_cast<double>(f);
  }
  return Product(y, kTokens, l.down.data(), kWidth);
}

Numbers Exact(const Shape& shape, const Weights& weights) {
  Numbers x(weights.x.begin(), weights.x.end());
  const auto add = [&x](const Numbers& more) {
    for (size_t i = 0; i < x.size(); ++i) x[i] += more[i];
  };
  for (const Layer& l : weights.layers) {
    add(Attention(l, Norm(shape, x)));
    add(Mlp(shape, l, Norm(shape, x)));
  }
  return x;
}

// ---- In ONNX Runtime -------------------------------------------------------------------------------------

enum class Side { kRuntime, kAccurate, kFast };

// The model's nodes, a block at a time; the value that the next one takes is in `last_`.
class Model {
 public:
  Model(const Shape& shape, const Weights& weights, Side side) : shape_(shape), side_(side) {
    graph_.Input("x", kOnnxF32, {kTokens, kWidth});
    std::vector<float> mask(kTokens * kTokens);
    for (size_t i = 0; i < mask.size(); ++i) mask[i] = i % kTokens > i / kTokens ? -HUGE_VALF : 0.0f;
    graph_.Weights("mask", {kTokens, kTokens}, mask);
    graph_.Weights("ones", {kWidth}, std::vector<float>(kWidth, 1.0f));
    for (const Layer& layer : weights.layers) {
      Attention(layer);
      Mlp(layer);
    }
    graph_.Node("Identity", {last_}, {"y"});
    graph_.Output("y", kOnnxF32, {kTokens, kWidth});
  }
  std::string Text() const { return graph_.Model(Opsets()); }

 private:
  std::string New() { return "value" + std::to_string(++values_); }
  std::string Weight(const OnnxGraph::Shape& shape, const std::vector<float>& values) {
    const std::string name = New();
    graph_.Weights(name, shape, values);
    return name;
  }
  std::string Node(const std::string& op, const std::vector<std::string>& inputs,
                   const std::string& domain = "", const std::vector<Message>& attributes = {}) {
    const std::string name = New();
    graph_.Node(op, inputs, {name}, domain, attributes);
    return name;
  }
  // One of the functions that this is about.
  std::string Simdact(const std::string& op, const std::vector<std::string>& inputs) {
    return Node(op, inputs, "simdact", {OnnxInt("fast", side_ == Side::kFast)});
  }

  std::string Norm() {
    const std::vector<Message> epsilon{OnnxFloat("epsilon", static_cast<float>(kEpsilon))};
    return Node(shape_.gated ? "SimplifiedLayerNormalization" : "LayerNormalization", {last_, "ones"}, "",
                epsilon);
  }
  void Attention(const Layer& l) {
    const std::string x = Norm();
    const auto project = [&](const std::vector<float>& w) {
      return Node("MatMul", {x, Weight({kHeads, kWidth, kHead}, w)});
    };
    const std::string query = project(l.query), key = project(l.key), value = project(l.value);
    const std::string turned = Node("Transpose", {key}, "", {OnnxInts("perm", {0, 2, 1})});
    const std::string scores = Node("Add", {Node("MatMul", {query, turned}), "mask"});
    const std::string p = side_ == Side::kRuntime ? Node("Softmax", {scores}) : Simdact("Softmax", {scores});
    const std::string heads =
        Node("Transpose", {Node("MatMul", {p, value})}, "", {OnnxInts("perm", {1, 0, 2})});
    const std::string all = Node("Flatten", {heads}, "", {OnnxInt("axis", 1)});
    last_ = Node("Add", {last_, Node("MatMul", {all, Weight({kWidth, kWidth}, l.out)})});
  }
  void Mlp(const Layer& l) {
    const int64_t hidden = static_cast<int64_t>(shape_.hidden);
    const std::string x = Norm(), up = Node("MatMul", {x, Weight({kWidth, hidden}, l.up)});
    std::string y;
    if (!shape_.gated) {
      const std::string bias = Weight({hidden}, l.bias);
      y = side_ == Side::kRuntime ? Node("BiasGelu", {up, bias}, "com.microsoft")
                                  : Simdact("BiasGelu", {up, bias});
    } else {
      const std::string gate = Node("MatMul", {x, Weight({kWidth, hidden}, l.gate)});
      // What exporters make of SwiGLU is silu, as a QuickGelu, and a product.
      y = side_ == Side::kRuntime
              ? Node("Mul", {Node("QuickGelu", {gate}, "com.microsoft", {OnnxFloat("alpha", 1)}), up})
              : Simdact("Swiglu", {gate, up});
    }
    last_ = Node("Add", {last_, Node("MatMul", {y, Weight({hidden, kWidth}, l.down)})});
  }

  OnnxGraph graph_;
  Shape shape_;
  Side side_;
  std::string last_ = "x";
  int values_ = 0;
};

// A session over such a model, with its input and output.
class Running {
 public:
  Running(const Shape& shape, const Weights& weights, Side side)
      : x_(weights.x),
        y_(x_.size()),
        session_(Model(shape, weights, side).Text(), {TensorOf("x", kOnnxF32, {kTokens, kWidth}, x_)},
                 {TensorOf("y", kOnnxF32, {kTokens, kWidth}, y_)}) {}
  void operator()() { session_.Run(); }
  const std::vector<float>& Result() {
    session_.Run();
    return y_;
  }

 private:
  std::vector<float> x_, y_;
  BoundSession session_;
};

// ---- Errors and times ------------------------------------------------------------------------------------

struct Error {
  double most = 0, rms = 0;
};
Error ErrorOf(const std::vector<float>& got, const Numbers& want) {
  Error e;
  for (size_t i = 0; i < got.size(); ++i) {
    const double off = std::fabs(got[i] - want[i]);
    if (!(off <= e.most)) e.most = off;  // NaN, too
    e.rms += off * off / static_cast<double>(got.size());
  }
  e.rms = std::sqrt(e.rms);
  return e;
}

class Comparing {
 public:
  void Compare(const Shape& shape) {
    const Weights weights(shape);
    const Numbers want = Exact(shape, weights);
    Running runtime(shape, weights, Side::kRuntime), accurate(shape, weights, Side::kAccurate);
    Running fast(shape, weights, Side::kFast);
    const Error own = ErrorOf(runtime.Result(), want);
    const std::vector<double> ns = BestOfWays({[&] { runtime(); }, [&] { accurate(); }, [&] { fast(); }}, 10);
    for (Running* simdact : {&accurate, &fast}) {
      const char* tier = simdact == &fast ? "fast" : "accurate";
      const Error ours = ErrorOf(simdact->Result(), want);
      const double took = ns[simdact == &fast ? 2 : 1];
      Row(shape.name, tier, own, ours, ns[0] / 1e3 / kLayers, took / 1e3 / kLayers);
      // Sums are rounded one way or another: what is left of the functions' errors behind them is noise.
      if (ours.rms <= 1.1 * own.rms) continue;
      std::printf("%s, %s: an error of %g, but the runtime's is %g\n", shape.name, tier, ours.rms, own.rms);
      failed_ = true;
    }
  }
  int Finish() const {
    std::fputs(table_.c_str(), stdout);
    std::ofstream("table.md") << "\n" << table_;
    std::ofstream("blocks.json") << "{\"engine\": \"ONNX Runtime\", \"version\": \""
                                 << Ort::GetVersionString() << "\", \"threads\": 1, \"rows\": [\n"
                                 << json_ << "\n]}\n";
    return failed_ ? 1 : 0;
  }

 private:
  void Row(const char* name, const char* tier, const Error& own, const Error& ours, double own_us,
           double our_us) {
    char line[400];
    std::snprintf(line, sizeof(line), "| %s, %s | %.3g | %.3g | %.3g | %.3g | %.0f | %.0f | %.2f |\n", name,
                  tier, own.most, own.rms, ours.most, ours.rms, own_us, our_us, own_us / our_us);
    table_ += line;
    std::snprintf(line, sizeof(line),
                  "  {\"network\": \"%s\", \"tier\": \"%s\", \"engine_max\": %s, \"engine_rms\": %s, "
                  "\"simdact_max\": %s, \"simdact_rms\": %s, \"engine_us\": %s, \"simdact_us\": %s}",
                  name, tier, JsonNumber(own.most).c_str(), JsonNumber(own.rms).c_str(),
                  JsonNumber(ours.most).c_str(), JsonNumber(ours.rms).c_str(), JsonNumber(own_us).c_str(),
                  JsonNumber(our_us).c_str());
    json_ += (json_.empty() ? "" : ",\n") + std::string(line);
  }
  std::string table_ =
      "| | errors: ONNX Runtime max | rms | simdact max | rms | microseconds of a block: ONNX Runtime | "
      "simdact | "
      "times |\n|---|--:|--:|--:|--:|--:|--:|--:|\n";
  std::string json_;
  bool failed_ = false;
};

}  // namespace

int main() {
  Comparing comparing;
  for (const Shape& shape : kShapes) comparing.Compare(shape);
  return comparing.Finish();
}
