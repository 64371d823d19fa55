// `simdact curves`: f and f', and how errors spread over x and over their size. The report draws them.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tests/ruler/spread.h"
#include "tools/command/commands.h"
#include "tools/command/names.h"

namespace simdact_command {
namespace {

using nlohmann::json;
using namespace simdact_accuracy;  // NOLINT: this program is its front end

// Four digits are enough for a picture. JSON has no infinity and no NaN: null.
json Short(double value) { return std::isfinite(value) ? json(std::stod(Format("%.4g", value))) : json(); }

json Short(const std::vector<double>& values) {
  json list = json::array();
  for (const double value : values) list.push_back(Short(value));
  return list;
}

// What the default f32 kernel makes of the ends of the interval's parts.
json CurveOf(simdact_op op, const Interval& interval) {
  std::vector<double> x;
  for (size_t k = 0; k <= 2 * interval.bins; ++k) {
    x.push_back(interval.from + 0.5 * interval.Width() * static_cast<double>(k));
  }
  const simdact_kernel& kernel = *simdact_find(simdact_target_default(), op, SIMDACT_F32, SIMDACT_ACCURATE);
  const Array input(SIMDACT_F32, x);
  Array output(SIMDACT_F32);
  std::vector<double> y, slope;
  Run(kernel, SIMDACT_FORWARD, simdact_describe(op)->defaults, input, output);
  output.Read(y);
  Run(kernel, SIMDACT_BACKWARD, simdact_describe(op)->defaults, input, output);
  output.Read(slope);
  return {{"op", simdact_describe(op)->name}, {"y", Short(y)}, {"slope", Short(slope)}};
}

// Without the zeros at the end.
std::vector<uint64_t> Trimmed(std::vector<uint64_t> counts) {
  while (!counts.empty() && counts.back() == 0) counts.pop_back();
  return counts;
}

// Below which error a share of the inputs stays, to a bar's width.
double Below(const ErrorSpread& spread, double share) {
  uint64_t all = 0, so_far = 0;
  for (const uint64_t count : spread.histogram) all += count;
  size_t bar = 0;
  while (bar + 1 < spread.histogram.size() &&
         static_cast<double>(so_far += spread.histogram[bar]) < share * static_cast<double>(all)) {
    ++bar;
  }
  return ErrorSpread::kStep * static_cast<double>(bar + 1);
}

void Print(FILE* out, const json& row, const ErrorSpread& spread) {
  const auto text = [&](const char* key) { return row[key].get<std::string>(); };
  std::fprintf(out, "%-16s %-5s %-9s %-9s %-9s %7.4f %6.2f %6.2f %8.4f\n", text("op").c_str(),
               text("dtype").c_str(), text("direction").c_str(), text("tier").c_str(), text("target").c_str(),
               spread.mean, Below(spread, 0.5), Below(spread, 0.99),
               *std::max_element(spread.over_x.begin(), spread.over_x.end()));
}

// The rows of one op, dtype, direction and tier, printed as they are found.
void AddErrors(FILE* out, simdact_op op, simdact_dtype dtype, simdact_direction direction, simdact_tier tier,
               const Interval& interval, json& rows) {
  const std::vector<const simdact_target*> targets = RunningTargets();
  const std::vector<ErrorSpread> spreads = SpreadOf(op, dtype, direction, tier, targets, interval);
  for (size_t t = 0; t < targets.size(); ++t) {
    if (spreads[t].over_x.empty()) continue;
    rows.push_back({{"op", simdact_describe(op)->name},
                    {"direction", DirectionName(direction)},
                    {"dtype", DtypeName(dtype)},
                    {"tier", tier == SIMDACT_FAST ? "fast" : "accurate"},
                    {"target", simdact_target_name(targets[t])},
                    {"over_x", Short(spreads[t].over_x)},
                    {"histogram", Trimmed(spreads[t].histogram)},
                    {"mean", Short(spreads[t].mean)}});
    Print(out, rows.back(), spreads[t]);
  }
}

}  // namespace

int Curves(const CurvesOptions& options) {
  Interval interval;
  interval.from = options.from, interval.to = options.to;
  if (!(interval.from < interval.to) || !std::isfinite(interval.Width())) {
    throw UsageError("--from and --to; valid: two finite numbers, the smaller one first");
  }
  std::vector<simdact_op> ops;
  for (const std::string& name : options.ops) ops.push_back(FindOp(name));
  if (ops.empty()) ops = AllOps();
  CheckWritable(options.file);

  FILE* out = options.file == "-" ? stderr : stdout;  // JSON on standard output stands alone
  std::fprintf(out, "%-16s %-5s %-9s %-9s %-9s %7s %6s %6s %8s\n", "op", "dtype", "direction", "tier",
               "target", "mean", "50 %<", "99 %<", "max ulp");
  json curves = json::array(), errors = json::array();
  for (const simdact_op op : ops) {
    curves.push_back(CurveOf(op, interval));
    for (const simdact_dtype dtype : Dtypes()) {
      for (const simdact_direction direction : {SIMDACT_FORWARD, SIMDACT_BACKWARD}) {
        for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
          AddErrors(out, op, dtype, direction, tier, interval, errors);
        }
      }
    }
  }
  if (!options.file.empty()) {
    WriteJson({{"from", interval.from},
               {"to", interval.to},
               {"bins", interval.bins},
               {"ulps_per_bar", ErrorSpread::kStep},
               {"curves", curves},
               {"errors", errors}},
              options.file);
  }
  return 0;
}

}  // namespace simdact_command
