// Time and error of OpenCV's layers and of simdact's in their place: networks of one layer, one thread. The
// inputs are normal(0, 4), and for errors a grid over [-100, 100] as well. Writes compare.json where it runs.
//
// OpenCV has denormals flushed to zero while a network runs, so errors are of normal results. Fails if one of
// simdact's is above its claim, whatever the times.
#include "common/comparison.h"

#include "network.h"

namespace {

struct Compared {
  std::string op;
  simdact_tier tier;
  std::vector<int64_t> shape;
  Node engine, simdact;
  double claim;
};

// A network that has its input, to run again and again.
class Running {
 public:
  Running(const Node& node, const std::vector<int64_t>& shape, std::vector<float> x)
      : net_(NetOf(node, shape)) {
    net_.setInput(BlobOf(x, shape), "x");
  }
  void operator()() const { net_.forward(); }

 private:
  mutable cv::dnn::Net net_;
};

class Comparing {
 public:
  // exact(x, i) is element i.
  template <class Exact>
  void Compare(const Compared& c, const Exact& exact) {
    size_t n = 1;
    for (int64_t size : c.shape) n *= static_cast<size_t>(size);
    const std::vector<float> x = NormalInputs(n);
    const auto times = BestTimes(Running(c.engine, c.shape, x), Running(c.simdact, c.shape, x));
    const std::vector<float> where = ErrorInputs(n);
    const auto want = exact(where);
    const double engine = MaxUlps(ResultOf(NetOf(c.engine, c.shape), c.shape, where), want, true);
    const double simdact = MaxUlps(ResultOf(NetOf(c.simdact, c.shape), c.shape, where), want, true);
    const double per = 1 / static_cast<double>(n);
    rows_.push_back({c.op, c.tier == SIMDACT_FAST ? "fast" : "accurate", n, times.first * per,
                     times.second * per, engine, simdact});
    if (!(simdact <= c.claim)) {
      std::printf("%s: %g ulps, but the claim is %g\n", c.op.c_str(), simdact, c.claim);
      failed_ = true;
    }
  }

  int Finish() const {
    PrintComparisons(rows_);
    WriteComparisons("compare.json", "OpenCV DNN", CV_VERSION, rows_);
    return failed_ ? 1 : 0;
  }

 private:
  std::vector<Comparison> rows_;
  bool failed_ = false;
};

void CompareActivations(Comparing& comparing) {
  for (const Case& c : Cases()) {
    for (int64_t n : {4096, 65536}) {
      for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
        const auto exact = [&](const std::vector<float>& x) {
          return [&](size_t i) { return c.exact(x[i]); };
        };
        const std::string name = simdact_describe(c.op)->name;
        comparing.Compare({name, tier, {1, n}, c.Engine(), c.Simdact(tier), c.Claim(tier)}, exact);
      }
    }
  }
}

// Rows of 1024; softmax.h claims 2.5 ulps for normal results.
void CompareSoftmax(Comparing& comparing) {
  const auto exact = [](const std::vector<float>& x) {
    std::vector<long double> y;
    for (size_t row = 0; row < x.size(); row += 1024) {
      const std::vector<long double> part = exact::Softmax(x.data() + row, 1024);
      y.insert(y.end(), part.begin(), part.end());
    }
    return [y](size_t i) { return y[i]; };
  };
  const std::vector<Message> axis{OnnxInt("axis", 1)};
  comparing.Compare(
      {"softmax", SIMDACT_ACCURATE, {64, 1024}, {"Softmax", "", axis}, {"Softmax", "simdact", axis}, 2.5},
      exact);
}

}  // namespace

int main() {
  cv::setNumThreads(1);
  Comparing comparing;
  CompareActivations(comparing);
  CompareSoftmax(comparing);
  return comparing.Finish();
}
