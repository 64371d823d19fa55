// What is built around activations and softmax, in `simdact list` and `simdact eval`: log-sum-exp and
// cross-entropy of a row, gates of any activation, and activations into bytes.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "tests/reference/cross_entropy.h"
#include "tests/ruler/accuracy.h"
#include "tests/ruler/softmax_rows.h"
#include "tools/command/commands.h"
#include "tools/command/names.h"

namespace simdact_command {
namespace {

using nlohmann::json;
using namespace simdact_accuracy;  // NOLINT: this program is its front end

// ---- Words to numbers ----------------------------------------------------------------------------------

double ParseNumber(const std::string& text, simdact_dtype dtype) {
  char* end = nullptr;
  const long double x = std::strtold(text.c_str(), &end);
  if (*end != '\0' || end == text.c_str())
    throw UsageError("'" + text + "' is not a number; valid: 0.5, -1e-3, 0x1.8p-2, inf, nan");
  return Rounded(dtype, x);
}

Array ParseRow(const EvalOptions& options, simdact_dtype dtype) {
  Array x(dtype, options.inputs.size());
  for (size_t i = 0; i < x.Size(); ++i) x.Set(i, ParseNumber(options.inputs[i], dtype));
  return x;
}

// The values of -p NAME=VALUE for some names; `rest` are the assignments to others.
struct Assigned {
  std::vector<double> values;
  std::vector<bool> given;
  std::vector<std::string> rest;
};
Assigned Take(const std::vector<std::string>& assignments, const std::vector<std::string>& names) {
  Assigned taken{std::vector<double>(names.size()), std::vector<bool>(names.size()), {}};
  for (const std::string& assignment : assignments) {
    const size_t equals = std::min(assignment.find('='), assignment.size());
    const auto at = std::find(names.begin(), names.end(), assignment.substr(0, equals));
    if (at == names.end()) {
      taken.rest.push_back(assignment);
      continue;
    }
    const auto k = static_cast<size_t>(at - names.begin());
    const std::string value = equals < assignment.size() ? assignment.substr(equals + 1) : "";
    taken.values[k] = ParseNumber(value, SIMDACT_F64), taken.given[k] = true;
  }
  return taken;
}
void ExpectNoMore(const Assigned& taken, const std::string& op, const char* names) {
  if (!taken.rest.empty())
    throw UsageError("-p " + taken.rest[0] + ": " + op + " takes NAME=VALUE for: " + names);
}

void Check(simdact_status status, const char* valid) {
  if (status != SIMDACT_OK) throw UsageError(std::string(simdact_status_text(status)) + "; valid: " + valid);
}

const simdact_target* TargetOf(const EvalOptions& options) {
  return options.target.empty() ? simdact_target_default() : FindTarget(options.target);
}

void PrintHead(const EvalOptions& options, const char* columns) {
  std::printf("# %s%s%s %s %s on %s\n%s\n", options.op.c_str(), options.of.empty() ? "" : " of ",
              options.of.c_str(), options.backward ? "backward" : "forward", options.dtype.c_str(),
              simdact_target_name(TargetOf(options)), columns);
}

const char kColumns[] =
    "             value                    in hexadecimal          exact                        error (ulp)";

void PrintValue(const std::string& name, simdact_dtype dtype, double got, long double exact) {
  std::printf("%-12s %-24.17g %-23a %-28.21Lg %.4f\n", name.c_str(), got, got, exact,
              UlpError(dtype, got, exact));
}

// Losses and logarithms of sums are floats but for f64.
simdact_dtype NumberOf(simdact_dtype dtype) { return dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32; }

// ---- The shapes ----------------------------------------------------------------------------------------

int EvalLogSumExp(const EvalOptions& options) {
  if (options.backward) throw UsageError("the gradient of log_sum_exp is softmax");
  ExpectNoMore(Take(options.parameters, {}), options.op, "nothing");
  const simdact_dtype dtype = FindDtype(options.dtype);
  const Array x = ParseRow(options, dtype);
  Array sum(NumberOf(dtype), 1);
  const simdact_softmax_options o{};
  const simdact_softmax_kernel& kernel =
      *simdact_find_softmax(TargetOf(options), SIMDACT_SOFTMAX_OP_softmax, dtype);
  Check(kernel.log_sum_exp(x.Data(), sum.Data(), 1, x.Size(), &o), "a row of numbers");
  PrintHead(options, kColumns);
  PrintValue("log_sum_exp", NumberOf(dtype), sum[0],
             SoftmaxOf(SIMDACT_SOFTMAX_OP_softmax, RealsOf(x, 0, x.Size()), -kInfinity, o).log_sum_exp);
  return 0;
}

int EvalCrossEntropy(const EvalOptions& options) {
  const simdact_dtype dtype = FindDtype(options.dtype);
  const Assigned given = Take(options.parameters, {"label", "label_smoothing"});
  ExpectNoMore(given, options.op, "label label_smoothing");
  const Array x = ParseRow(options, dtype);
  const double label = given.values[0];
  if (!(label >= 0 && label < static_cast<double>(x.Size()) && label == std::floor(label)))
    throw UsageError(Format("label %g; valid: a column, 0 to %zu", label, x.Size() - 1));
  const auto column = static_cast<int64_t>(label);
  Array loss(NumberOf(dtype), 1), dx(dtype, x.Size());
  simdact_cross_entropy_options o{};
  o.label_smoothing = given.values[1];
  const simdact_cross_entropy_kernel& kernel = *simdact_find_cross_entropy(TargetOf(options), dtype);
  Check(kernel.cross_entropy(x.Data(), &column, loss.Data(), dx.Data(), 1, x.Size(), &o),
        "label_smoothing from 0 to 1");
  const LossResult want = CrossEntropyOf(RealsOf(x, 0, x.Size()), static_cast<size_t>(column), o, 1);
  PrintHead(options, kColumns);
  if (!options.backward) PrintValue("loss", NumberOf(dtype), loss[0], want.loss);
  for (size_t i = 0; i < x.Size() && options.backward; ++i)
    PrintValue(Format("dx[%zu]", i), dtype, dx[i], want.dx[i]);
  return 0;
}

// One pair, "gate,up".
void EvalPair(const EvalOptions& options, const std::string& text, simdact_op op, simdact_dtype dtype,
              const simdact_params& p, const simdact_gate_options& o) {
  const size_t comma = text.find(',');
  if (comma == std::string::npos) throw UsageError("'" + text + "' is not a gate and an up; valid: 1.5,-2");
  const std::vector<double> pair = {ParseNumber(text.substr(0, comma), dtype),
                                    ParseNumber(text.substr(comma + 1), dtype)};
  const double limit = o.limit == 0 ? static_cast<double>(kInfinity) : o.limit;
  const long double g = std::min(pair[0], limit);
  const long double u = std::clamp(pair[1], -limit, limit) + static_cast<long double>(o.offset);
  const long double f = Exact(op, SIMDACT_FORWARD, g, p);
  const Array x(dtype, pair), one(dtype, std::vector<double>{1.0});
  Array y(dtype, 1), dx(dtype, 2);
  const char* valid = "limit above 0, a finite offset";
  if (!options.backward) {
    Check(simdact_gated(op, dtype, x.Data(), y.Data(), 1, 1, p, &o), valid);
    return PrintValue(text, dtype, y[0], f * u);
  }
  Check(simdact_gated_backward(op, dtype, x.Data(), one.Data(), dx.Data(), nullptr, nullptr, 1, 1, p, &o),
        valid);
  PrintValue(text + " dgate", dtype, dx[0], pair[0] > limit ? 0 : u * Exact(op, SIMDACT_BACKWARD, g, p));
  PrintValue(text + " dup", dtype, dx[1], std::fabs(pair[1]) > limit ? 0 : f);
}

int EvalGated(const EvalOptions& options) {
  const simdact_op op = FindOp(options.of.empty() ? "silu" : options.of);
  const simdact_dtype dtype = FindDtype(options.dtype);
  const Assigned given = Take(options.parameters, {"limit", "offset"});
  const simdact_params p = RoundedTo(dtype, ParseParameters(op, given.rest));
  simdact_gate_options o{};
  o.limit = Rounded(NumberOf(dtype), given.values[0]), o.offset = Rounded(NumberOf(dtype), given.values[1]);
  o.tier = ShapeTierOf(options.tier);
  o.target = TargetOf(options);
  PrintHead(options, kColumns);
  for (const std::string& text : options.inputs) EvalPair(options, text, op, dtype, p, o);
  return 0;
}

simdact_byte_format FindFormat(const std::string& name) {
  const char* names[] = {"s8", "u8", "e4m3", "e5m2"};
  for (int k = 0; k < SIMDACT_BYTE_FORMAT_COUNT; ++k) {
    if (name == names[k]) return static_cast<simdact_byte_format>(k);
  }
  throw UsageError("no format '" + name + "'; valid: s8 u8 e4m3 e5m2");
}

int EvalQuantize(const EvalOptions& options) {
  if (options.backward) throw UsageError("bytes have no gradient");
  const simdact_op op = FindOp(options.of.empty() ? "linear" : options.of);
  const simdact_dtype dtype = FindDtype(options.dtype);
  const Assigned given = Take(options.parameters, {"scale", "zero_point"});
  const simdact_params p = RoundedTo(dtype, ParseParameters(op, given.rest));
  const Array x = ParseRow(options, dtype);
  float scale = static_cast<float>(given.values[0]);
  simdact_quantize_options o{};
  o.format = FindFormat(options.format), o.scales = &scale, o.dynamic = !given.given[0];
  o.zero_point = static_cast<int32_t>(std::clamp(given.values[1], -1e9, 1e9));
  o.target = TargetOf(options);
  std::vector<uint8_t> bytes(x.Size());
  Check(
      simdact_quantize(op, dtype, x.Data(), bytes.data(), 1, x.Size(), p, &o),
      "a dtype but f64; a scale from 2^-100 to 2^100, for u8 always; a zero point of s8 or u8, with a scale");
  PrintHead(options, "x                        exact f(x)                   byte  stands for");
  std::printf("# %s, scale %.9g%s\n", options.format.c_str(), static_cast<double>(scale),
              o.dynamic != 0 ? ", found" : "");
  for (size_t i = 0; i < x.Size(); ++i) {
    const double value = static_cast<double>(scale) *
                         (static_cast<double>(simdact_byte_value(o.format, bytes[i])) - o.zero_point);
    std::printf("%-24.17g %-28.21Lg 0x%02x  %.9g\n", x[i], Exact(op, SIMDACT_FORWARD, x[i], p), bytes[i],
                value);
  }
  return 0;
}

struct Shape {
  const char *name, *arguments, *formula, *note;
  int (*eval)(const EvalOptions& options);
};
const Shape kShapes[] = {
    {"log_sum_exp", "row", "log(sum exp(x))", "2.5 ulps; with the options of softmax: simdact/softmax.h",
     &EvalLogSumExp},
    {"cross_entropy", "row; label = 0, label_smoothing = 0", "-sum a log(softmax(x)), and its gradient",
     "2.5 ulps without smoothing; weights, ignored labels: simdact/cross_entropy.h", &EvalCrossEntropy},
    {"gated", "op = silu; gate, up; limit, offset", "f(min(gate, limit)) (clamp(up, -limit, limit) + offset)",
     "errors as of the gates; layouts, biases: simdact/gates.h", &EvalGated},
    {"quantize", "op = linear; row; scale, zero_point", "the byte of f(x) / scale + zero_point",
     "s8, u8, e4m3, e5m2; scales per row or group, given or found: simdact/quantize.h", &EvalQuantize}};

const Shape* FindShape(const std::string& name) {
  for (const Shape& shape : kShapes) {
    if (name == shape.name) return &shape;
  }
  return nullptr;
}

}  // namespace

bool IsShape(const std::string& name) { return FindShape(name) != nullptr; }

int EvalShape(const EvalOptions& options) {
  if (options.from_output) throw UsageError("--from-output is for activations and softmax");
  return FindShape(options.op)->eval(options);
}

void ListShapes() {
  for (const Shape& shape : kShapes)
    std::printf("%s(%s)\n  %s\n  %s\n", shape.name, shape.arguments, shape.formula, shape.note);
}

json DescribeShapes() {
  json list = json::array();
  for (const Shape& shape : kShapes) {
    list.push_back({{"name", shape.name},
                    {"arguments", shape.arguments},
                    {"formula", shape.formula},
                    {"note", shape.note}});
  }
  return list;
}

}  // namespace simdact_command
