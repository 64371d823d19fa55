// Softmax and its kin in `simdact list`, `simdact eval` and `simdact accuracy`.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <future>

#include "tests/ruler/accuracy.h"
#include "tests/ruler/softmax_rows.h"
#include "tools/command/commands.h"
#include "tools/command/names.h"

namespace simdact_command {
namespace {

using nlohmann::json;
using namespace simdact_accuracy;  // NOLINT: this program is its front end

simdact_softmax_op FindSoftmax(const std::string& name) {
  int op = 0;
  while (op < SIMDACT_SOFTMAX_OP_COUNT &&
         name != simdact_describe_softmax(static_cast<simdact_softmax_op>(op))->name) {
    ++op;
  }
  return static_cast<simdact_softmax_op>(op);
}

// The options of one row that are numbers; `o` points to the others once it has come to rest.
struct RowOptions {
  simdact_softmax_options o{};
  double length = -1, start = 0, sink = static_cast<double>(-kInfinity);  // -1: all columns; -inf: none
  size_t first = 0, last = 0;
  float logit = 0;

  void PointToRow(size_t cols) {
    const auto columns = [&](double value) {
      if (!(value >= 0 && value <= static_cast<double>(cols) && value == std::floor(value)))
        throw UsageError(Format("length or start %g; valid: a number of columns, 0 to %zu", value, cols));
      return static_cast<size_t>(value);
    };
    first = columns(start), last = length == -1 ? cols : columns(length), logit = static_cast<float>(sink);
    if (first > 0) o.starts = &first;
    if (last < cols) o.lengths = &last;
    if (sink != static_cast<double>(-kInfinity)) o.sinks = &logit;
  }
};
RowOptions ParseOptions(const EvalOptions& options) {
  RowOptions row;
  row.o.tier = ShapeTierOf(options.tier);
  for (const std::string& assignment : options.parameters) {
    const size_t equals = assignment.find('=');
    const std::string name = assignment.substr(0, equals);
    double* field = name == "scale"         ? &row.o.scale
                    : name == "softcap"     ? &row.o.softcap
                    : name == "alibi_slope" ? &row.o.alibi_slope
                    : name == "length"      ? &row.length
                    : name == "start"       ? &row.start
                    : name == "sink"        ? &row.sink
                                            : nullptr;
    char* end = nullptr;
    if (field != nullptr && equals != std::string::npos) {
      *field = std::strtod(assignment.c_str() + equals + 1, &end);
    }
    if (end == nullptr || *end != '\0' || end == assignment.c_str() + equals + 1) {
      throw UsageError("-p " + assignment +
                       ": softmax takes NAME=VALUE for: scale softcap alibi_slope length start sink");
    }
  }
  return row;
}

double ParseScore(const std::string& text, simdact_dtype dtype) {
  char* end = nullptr;
  const long double x = std::strtold(text.c_str(), &end);
  if (*end != '\0' || end == text.c_str()) {
    throw UsageError("'" + text + "' is not a number; valid: 0.5, -1e-3, 0x1.8p-2, inf, nan");
  }
  return Rounded(dtype, x);
}

// The largest error of a kernel in rows of a spread.
struct WorstOfRows {
  double ulps = 0.0, x = 0.0, got = 0.0;
  long double exact = 0.0L;
  size_t cols = 0;
  uint64_t inputs = 0;
};
void MeasureRow(const simdact_softmax_kernel& kernel, simdact_softmax_op op, const Array& x,
                simdact_dtype dtype, const simdact_softmax_options& o, WorstOfRows& worst) {
  const size_t cols = x.Size();
  Array y(dtype, cols);
  kernel.forward(x.Data(), y.Data(), 1, cols, &o);
  const Reals want =
      SoftmaxOf(op, ScoresOf(op, dtype, RealsOf(x, 0, cols), 0, 1, o, nullptr), -kInfinity, o).y;
  const long double least = std::scalbn(1.0L, FormatOf(dtype).min_exponent);
  for (size_t i = 0; i < cols; ++i) {
    if (std::fabs(want[i]) < least && !IsHalf(dtype)) continue;  // claims are for normal results
    const double ulps = UlpError(dtype, y[i], want[i]);
    ++worst.inputs;
    if (ulps > worst.ulps) worst = {ulps, x[i], y[i], want[i], cols, worst.inputs};
  }
}

// The largest error of one spread, over rows of many lengths.
WorstOfRows Sweep(const simdact_softmax_kernel& kernel, simdact_softmax_op op, simdact_dtype dtype,
                  Spread spread, const simdact_softmax_options& o) {
  std::mt19937 random(20261123);
  WorstOfRows worst;
  for (size_t cols = 1; cols <= 65536; cols = cols < 80 ? cols + 1 : cols * 2 - cols / 5) {
    for (int repeat = 0; repeat < (cols < 1000 ? 20 : 2); ++repeat) {
      MeasureRow(kernel, op, Array(dtype, MakeRow(spread, cols, random)), dtype, o, worst);
    }
  }
  return worst;
}

json RowOf(const std::string& op, simdact_dtype dtype, const std::string& tier, const simdact_target* target,
           Spread spread, const WorstOfRows& worst, double claim) {
  return {{"op", op},
          {"direction", "forward"},
          {"dtype", DtypeName(dtype)},
          {"tier", tier},
          {"target", simdact_target_name(target)},
          {"rows", SpreadName(spread)},
          {"inputs", worst.inputs},
          {"max_ulp", UlpsJson(worst.ulps)},
          {"claim", claim},
          {"cols", worst.cols},
          {"x", Format("%a", worst.x)},
          {"x_decimal", std::isfinite(worst.x) ? json(worst.x) : json(Format("%g", worst.x))},
          {"got", Format("%a", worst.got)},
          {"want", Format("%.21Lg", worst.exact)},
          {"ok", worst.ulps <= claim}};
}

}  // namespace

bool IsSoftmax(const std::string& name) { return FindSoftmax(name) != SIMDACT_SOFTMAX_OP_COUNT; }

void ListSoftmax() {
  for (int op = 0; op < SIMDACT_SOFTMAX_OP_COUNT; ++op) {
    const simdact_softmax_description& d = *simdact_describe_softmax(static_cast<simdact_softmax_op>(op));
    std::printf("%s(row)\n  y  = %s\n  dx = %s\n", d.name, d.formula, d.backward);
    const char* separator = "  ";
    for (const simdact_dtype dtype : Dtypes()) {
      std::printf("%s%s %g", separator, DtypeName(dtype), SoftmaxClaim(dtype));
      separator = ", ";
    }
    std::printf("\n  %s; with scale, softcap, masks, lengths, ALiBi and sinks: simdact/softmax.h\n", d.note);
  }
}

json DescribeSoftmax() {
  json list = json::array();
  for (int op = 0; op < SIMDACT_SOFTMAX_OP_COUNT; ++op) {
    const simdact_softmax_description& d = *simdact_describe_softmax(static_cast<simdact_softmax_op>(op));
    json claims;
    for (const simdact_dtype dtype : Dtypes()) claims[DtypeName(dtype)]["forward"] = SoftmaxClaim(dtype);
    list.push_back({{"name", d.name},
                    {"formula", d.formula},
                    {"gradients", d.backward},
                    {"note", d.note},
                    {"claims", claims}});
  }
  return list;
}

// All inputs are one row; backward from its output, with an upstream gradient of 1 at its first column and 0
// elsewhere.
int EvalSoftmax(const EvalOptions& options) {
  const simdact_softmax_op op = FindSoftmax(options.op);
  const simdact_dtype dtype = FindDtype(options.dtype);
  const simdact_target* target =
      options.target.empty() ? simdact_target_default() : FindTarget(options.target);
  RowOptions row = ParseOptions(options);
  row.PointToRow(options.inputs.size());
  const simdact_softmax_options& o = row.o;
  const simdact_softmax_kernel& kernel = *simdact_find_softmax(target, op, dtype);
  Array x(dtype, options.inputs.size()), y(dtype, x.Size()), dy(dtype, x.Size());
  for (size_t i = 0; i < x.Size(); ++i) x.Set(i, ParseScore(options.inputs[i], dtype));
  if (kernel.forward(x.Data(), y.Data(), 1, x.Size(), &o) != SIMDACT_OK) {
    throw UsageError("scale, softcap and alibi_slope are finite, softcap is not negative");
  }
  const Reals scores = ScoresOf(op, dtype, RealsOf(x, 0, x.Size()), 0, 1, o, nullptr);
  Reals want = SoftmaxOf(op, scores, o.sinks != nullptr ? row.logit : -kInfinity, o).y;
  if (options.backward || options.from_output) {
    dy.Set(0, 1.0);
    want =
        SoftmaxGradient(op, RealsOf(y, 0, x.Size()), RealsOf(dy, 0, x.Size()), OptionIn(dtype, o.scale, 1));
    if (kernel.backward(y.Data(), dy.Data(), y.Data(), 1, x.Size(), &o) != SIMDACT_OK) {
      throw UsageError("with softcap the gradient does not follow from the output");
    }
  }
  std::printf("# %s %s %s %s on %s\n%-24s %-24s %-23s %-28s %s\n", options.op.c_str(),
              options.backward || options.from_output ? "backward" : "forward", DtypeName(dtype),
              options.tier.c_str(), simdact_target_name(target), "x", "value", "in hexadecimal", "exact",
              "error (ulp)");
  for (size_t i = 0; i < x.Size(); ++i) {
    std::printf("%-24.17g %-24.17g %-23a %-28.21Lg %.4f\n", x[i], y[i], y[i], want[i],
                UlpError(dtype, y[i], want[i]));
  }
  return 0;
}

int AccuracyOfSoftmax(const AccuracyOptions& options) {
  if (options.exhaustive) throw UsageError("softmax is sampled: no --exhaustive");
  CheckWritable(options.file);
  FILE* out = options.file == "-" ? stderr : stdout;  // JSON on standard output stands alone
  simdact_softmax_options o{};
  o.tier = ShapeTierOf(options.tier);
  json rows = json::array();
  int failed = 0;
  std::fprintf(out, "%-12s %-5s %-9s %-15s %8s %7s  %s\n", "op", "dtype", "target", "rows", "max ulp",
               "claim", "worst columns, input, got, want");
  for (const std::string& name : options.ops) {
    const simdact_softmax_op op = FindSoftmax(name);
    if (op == SIMDACT_SOFTMAX_OP_COUNT)
      throw UsageError("'" + name + "' is no softmax: they and activations apart");
    for (const simdact_dtype dtype : FindDtypes(options.dtype)) {
      for (const simdact_target* target : FindTargets(options.target)) {
        const double claim = o.tier == SIMDACT_FAST ? FastSoftmaxClaim(op, dtype) : SoftmaxClaim(dtype);
        const simdact_softmax_kernel& kernel = *simdact_find_softmax(target, op, dtype);
        // Each kind of rows in a thread of its own, with random numbers of its own.
        std::vector<std::future<WorstOfRows>> sweeps;
        for (const Spread spread : kSpreads) {
          sweeps.push_back(
              std::async(std::launch::async, [&, spread] { return Sweep(kernel, op, dtype, spread, o); }));
        }
        for (const Spread& spread : kSpreads) {
          const WorstOfRows worst = sweeps[static_cast<size_t>(&spread - kSpreads)].get();
          std::fprintf(out, "%-12s %-5s %-9s %-15s %8.4f %7.2f%s %zu %a %a %.20Lg\n", name.c_str(),
                       DtypeName(dtype), simdact_target_name(target), SpreadName(spread), worst.ulps, claim,
                       worst.ulps <= claim ? " " : "!", worst.cols, worst.x, worst.got, worst.exact);
          std::fflush(out);
          failed += !(worst.ulps <= claim);
          rows.push_back(RowOf(name, dtype, options.tier, target, spread, worst, claim));
        }
      }
    }
  }
  if (failed != 0) std::fprintf(out, "%d claims failed; their rows are marked with !\n", failed);
  WriteRows(rows, false, options.file);
  return failed == 0 ? 0 : 1;
}

}  // namespace simdact_command
