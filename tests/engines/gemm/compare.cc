// Time and error of bias and activation behind a product of Eigen's or oneDNN's: as these libraries do it
// themselves, in one pass of simdact's over all of the product, and panel by panel of so many rows. Prints
// tables, and writes them to table.md and compare.json where it runs.
//
// usage: compare. Fails if an error of simdact's is above its claim, whatever the times.
#include <cstdarg>
#include <functional>
#include <memory>

#include "common/comparison.h"
#include "post_op.h"
#include "products.h"

#ifdef SIMDACT_IN_REGISTERS
#include "hwy/targets.h"
#include "matmul.h"
#endif

namespace {

// ---- Tables ----------------------------------------------------------------------------------------------

// A line of Markdown, to people and to table.md.
class Tables {
 public:
  __attribute__((format(printf, 2, 3))) void Line(const char* format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    std::puts(text);
    file_ << text << "\n";
  }

 private:
  std::ofstream file_{"table.md"};
};

std::string Cells(const std::vector<double>& numbers, const char* format) {
  std::string cells;
  for (double number : numbers) {
    char text[40];
    std::snprintf(text, sizeof(text), format, number);
    cells += std::string(" ") + text + " |";
  }
  return cells;
}

// ---- What is compared ------------------------------------------------------------------------------------

constexpr size_t kPanels[] = {4, 16, 64, 128, 256, 512};
constexpr simdact_tier kTiers[] = {SIMDACT_ACCURATE, SIMDACT_FAST};

// A library's product, and its own way to do the same as simdact's bias and activation behind it.
struct Library {
  const char* name;
  std::function<void(float* y, size_t first, size_t count)> product;
  std::function<void(simdact_op op, float* y)> own;            // the whole layer
  std::function<void(simdact_op op, float* y)> own_in_panels;  // empty if there is no such way
  std::function<void(float* y)> sums;                          // X W + bias, as the own activation sees it
};

Library EigenOf(const Layer& layer) {
  const size_t rows = static_cast<size_t>(layer.rows), cols = static_cast<size_t>(layer.cols);
  const auto own = [&layer, rows, cols](simdact_op op, float* y, size_t panel) {
    InPanels(rows, panel, [&](size_t first, size_t count) {
      EigenProduct(layer, y, first, count);
      EigenActivation(op, layer, y + first * cols, count);
    });
  };
  return {"Eigen", [&layer](float* y, size_t first, size_t count) { EigenProduct(layer, y, first, count); },
          [=](simdact_op op, float* y) { own(op, y, rows); },
          [=](simdact_op op, float* y) { own(op, y, 32); },
          [&layer, rows](float* y) {
            EigenProduct(layer, y, 0, rows);
            Eigen::Map<Matrix>(y, layer.rows, layer.cols).rowwise() += layer.bias;
          }};
}

Library OnednnOf(const Layer& layer) {
  const size_t rows = static_cast<size_t>(layer.rows);
  const auto gelu = std::make_shared<OnednnProduct>(layer, Behind::kGelu);
  const auto silu = std::make_shared<OnednnProduct>(layer, Behind::kSilu);
  return {"oneDNN",
          OnednnProduct(layer, Behind::kNothing),
          [=](simdact_op op, float* y) { (*(op == SIMDACT_OP_gelu ? gelu : silu))(y, 0, rows); },
          {},
          [&layer, rows](float* y) { OnednnProduct(layer, Behind::kBias)(y, 0, rows); }};
}

class Comparing {
 public:
  void Compare(Index rows, Index inner, Index cols);
  void InRegisters();
  int Finish() const {
    PrintComparisons(rows_);
    WriteComparisons("compare.json", "Eigen and oneDNN", EigenVersion() + " and " + OnednnVersion(), rows_);
    return failed_ ? 1 : 0;
  }

 private:
  // Of one library with one function.
  struct Times {
    double own;
    std::vector<double> product;   // in one pass, then in panels of kPanels
    std::vector<double> tiers[2];  // likewise, with simdact's function
    double ulps[3];                // own, accurate, fast
  };
  Times Measure(const Layer& layer, const Library& library, const Function& f);
  void MeasureErrors(const Layer& layer, const Library& library, const Function& f, Times& times);
  void PrintPanels(const Layer& layer, const std::vector<Times>& all);
  void PrintThreshold(const Layer& layer, const std::vector<Times>& all, size_t library, const char* name);
  void PrintOwn(const Layer& layer, const std::vector<Times>& all, const std::vector<Library>& libraries);

  Tables tables_;
  std::vector<Comparison> rows_;
  bool failed_ = false;
};

// Panels that are as large as the matrix are one pass.
size_t PanelsFor(const Layer& layer) {
  size_t count = 0;
  while (count < std::size(kPanels) && kPanels[count] < static_cast<size_t>(layer.rows)) ++count;
  return count;
}

Comparing::Times Comparing::Measure(const Layer& layer, const Library& library, const Function& f) {
  const size_t rows = static_cast<size_t>(layer.rows), cols = static_cast<size_t>(layer.cols);
  Matrix result(layer.rows, layer.cols);
  float* y = result.data();
  const auto ours = [&, y](simdact_tier tier, size_t panel) {
    InPanels(rows, panel, [&](size_t first, size_t count) {
      library.product(y, first, count);
      PostOp{f.op, tier}.Run(y + first * cols, layer.bias.data(), count, cols);
    });
  };
  const size_t panels = PanelsFor(layer);
  std::vector<Way> ways;
  const auto add = [&](const auto& run) {  // run(panel), in one pass and in panels
    ways.push_back([=] { run(rows); });
    for (size_t i = 0; i < panels; ++i) ways.push_back([=] { run(kPanels[i]); });
  };
  add([&, y](size_t panel) {
    InPanels(rows, panel, [&](size_t first, size_t count) { library.product(y, first, count); });
  });
  for (simdact_tier tier : kTiers) add([=](size_t panel) { ours(tier, panel); });
  ways.push_back([&] { library.own(f.op, y); });
  if (library.own_in_panels) ways.push_back([&] { library.own_in_panels(f.op, y); });
  const std::vector<double> best = BestOfWays(ways, 7);

  Times times{};
  auto from = best.begin();
  for (std::vector<double>* one : {&times.product, &times.tiers[0], &times.tiers[1]}) {
    one->assign(from, from + static_cast<Index>(panels) + 1);
    from += static_cast<Index>(one->size());
  }
  times.own = *std::min_element(from, best.end());
  MeasureErrors(layer, library, f, times);
  return times;
}

// Of the first results, against the exact function of the sums.
void Comparing::MeasureErrors(const Layer& layer, const Library& library, const Function& f, Times& times) {
  const size_t rows = static_cast<size_t>(layer.rows), cols = static_cast<size_t>(layer.cols);
  const size_t judged = std::min(rows * cols, size_t{1} << 17);
  Matrix u(layer.rows, layer.cols), y = u;
  library.sums(u.data());
  const auto ulps = [&](bool normal_only) {
    return MaxUlps(
        {y.data(), y.data() + judged}, [&](size_t i) { return f.exact(u.data()[i]); }, normal_only);
  };
  library.own(f.op, y.data());
  times.ulps[0] = ulps(false);
  library.product(u.data(), 0, rows);
  const Matrix product = u;
  u.rowwise() += layer.bias;
  for (simdact_tier tier : kTiers) {
    y = product;
    PostOp{f.op, tier}.Run(y.data(), layer.bias.data(), rows, cols);
    times.ulps[1 + tier] = ulps(tier == SIMDACT_FAST);
    if (times.ulps[1 + tier] <= f.Claim(tier)) continue;
    std::printf("%s: %g ulps, but the claim is %g\n", f.Name(), times.ulps[1 + tier], f.Claim(tier));
    failed_ = true;
  }
}

void Comparing::Compare(Index rows, Index inner, Index cols) {
  const Layer layer(rows, inner, cols);
  const std::vector<Library> libraries{EigenOf(layer), OnednnOf(layer)};
  std::vector<Times> all;
  for (const Library& library : libraries) {
    for (const Function& f : kFunctions) {
      all.push_back(Measure(layer, library, f));
      const Times& times = all.back();
      const double n = static_cast<double>(rows * cols);
      for (simdact_tier tier : kTiers) {
        const std::vector<double>& t = times.tiers[tier];
        rows_.push_back({std::string(library.name) + " " + f.Name(), TierName(tier),
                         static_cast<size_t>(rows * cols), times.own / n,
                         *std::min_element(t.begin(), t.end()) / n, times.ulps[0], times.ulps[1 + tier]});
      }
    }
  }
  tables_.Line("\n**%td x %td x %td, Y has %.1f MiB.** The speed of panels, one pass being 1:\n", rows, inner,
               cols, static_cast<double>(rows * cols) / 0x1p18);
  PrintPanels(layer, all);
  tables_.Line("%s", "");
  for (size_t i = 0; i < libraries.size(); ++i) PrintThreshold(layer, all, i, libraries[i].name);
  PrintOwn(layer, all, libraries);
}

void Comparing::PrintPanels(const Layer& layer, const std::vector<Times>& all) {
  tables_.Line(
      "| rows | KiB | Eigen: X W | gelu | fast | silu | fast | oneDNN: X W | gelu | fast | silu | fast |");
  tables_.Line("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
  for (size_t i = 0; i < PanelsFor(layer); ++i) {
    std::vector<double> speeds;
    for (const Times& times : all) {
      if (speeds.size() % 5 == 0) speeds.push_back(times.product[0] / times.product[i + 1]);
      for (const std::vector<double>& tier : times.tiers) speeds.push_back(tier[0] / tier[i + 1]);
    }
    tables_.Line("| %zu | %td |%s", kPanels[i], static_cast<Index>(kPanels[i]) * layer.cols / 256,
                 Cells(speeds, "%.2f").c_str());
  }
}

// From how many rows on panels are faster, in the mean of a library's four columns and by more than is noise.
void Comparing::PrintThreshold(const Layer& layer, const std::vector<Times>& all, size_t library,
                               const char* name) {
  constexpr size_t kFunctionsEach = std::size(kFunctions);
  size_t from = 0, best = 0;
  double best_mean = 1.03;
  for (size_t i = PanelsFor(layer); i-- > 0;) {
    double product = 1;
    for (size_t f = 0; f < kFunctionsEach; ++f) {
      for (const std::vector<double>& tier : all[library * kFunctionsEach + f].tiers)
        product *= tier[0] / tier[i + 1];
    }
    const double mean = std::pow(product, 1.0 / (2 * kFunctionsEach));
    if (mean > 1.03) from = kPanels[i];
    if (mean > best_mean) best_mean = mean, best = kPanels[i];
  }
  if (from == 0) {
    tables_.Line("- %s: no panel is faster than one pass.", name);
  } else {
    tables_.Line("- %s: panels are faster from %zu rows on, most so, %.2f times, with %zu.", name, from,
                 best_mean, best);
  }
}

void Comparing::PrintOwn(const Layer& layer, const std::vector<Times>& all,
                         const std::vector<Library>& libraries) {
  const double n = static_cast<double>(layer.rows * layer.cols);
  size_t i = 0;
  tables_.Line(
      "\n| ns per element | X W | own | one pass | fast | best panel | fast | ulps: own | ours | fast |");
  tables_.Line("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
  for (const Library& library : libraries) {
    for (const Function& f : kFunctions) {
      const Times& times = all[i++];
      std::vector<double> ns{times.product[0], times.own, times.tiers[0][0], times.tiers[1][0]};
      for (const std::vector<double>& tier : times.tiers)
        ns.push_back(*std::min_element(tier.begin() + 1, tier.end()));
      for (double& value : ns) value /= n;
      tables_.Line("| %s %s |%s%s", library.name, f.Name(), Cells(ns, "%.2f").c_str(),
                   Cells({times.ulps, times.ulps + 3}, "%.3g").c_str());
    }
  }
}

// The product of tests/consumers/matmul, whose tiles are 4 rows of a vector: gelu in registers, by panels and
// in one pass.
#ifdef SIMDACT_IN_REGISTERS
void Comparing::InRegisters() {
  const simdact_target* target = simdact_target_by_name(hwy::TargetName(Targets()[0]));
  if (target == nullptr || !simdact_target_runs(target)) return;  // simdact was built without it
  constexpr size_t kRows = 128, kInner = 64, kCols = 256;
  const Layer layer(kRows, kInner, kCols);
  Matrix result(layer.rows, layer.cols);
  float* y = result.data();
  const std::vector<float> zeros(kCols);
  const auto run = [&](After after, size_t first, size_t count) {
    const float* bias = after == After::kNothing ? zeros.data() : layer.bias.data();
    MatMul(after, layer.x.row(static_cast<Index>(first)).data(), layer.w.data(), bias, y + first * kCols,
           count, kInner, kCols);
  };
  constexpr size_t kTiles[] = {kRows, 4, 8, 16, 32, 64};
  std::vector<Way> ways;
  for (simdact_tier tier : kTiers) {
    for (size_t panel : kTiles) {
      ways.push_back([=] {
        InPanels(kRows, panel, [&](size_t first, size_t count) {
          run(After::kNothing, first, count);
          PostOp{SIMDACT_OP_gelu, tier}.Run(y + first * kCols, layer.bias.data(), count, kCols);
        });
      });
    }
    ways.push_back([=] { run(tier == SIMDACT_FAST ? After::kFastGelu : After::kGelu, 0, kRows); });
  }
  const std::vector<double> best = BestOfWays(ways, 1);
  tables_.Line("\n**%zu x %zu x %zu, the product of tests/consumers/matmul.** The speed, one pass being 1:\n",
               kRows, kInner, kCols);
  tables_.Line("| | panels of 4 | 8 | 16 | 32 | 64 | in registers |");
  tables_.Line("|---|--:|--:|--:|--:|--:|--:|");
  constexpr size_t kEach = std::size(kTiles) + 1;
  for (simdact_tier tier : kTiers) {
    const double* times = best.data() + tier * kEach;
    std::vector<double> speeds;
    for (size_t i = 1; i < kEach; ++i) speeds.push_back(times[0] / times[i]);
    tables_.Line("| gelu, %s |%s", TierName(tier), Cells(speeds, "%.2f").c_str());
  }
}
#else
void Comparing::InRegisters() { tables_.Line("\nNo Highway here: the way in registers is left out."); }
#endif

}  // namespace

int main() {
  omp_set_num_threads(1);
  Comparing comparing;
  comparing.Compare(128, 256, 1024);   // all in the second-level cache, or nearly
  comparing.Compare(2048, 256, 1024);  // in the third
  comparing.Compare(16384, 64, 1024);  // in memory
  comparing.InRegisters();
  return comparing.Finish();
}
