// `simdact eval`: single values beside the exact ones.

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "tests/ruler/accuracy.h"
#include "tools/command/commands.h"
#include "tools/command/names.h"

namespace simdact_command {
namespace {

using namespace simdact_accuracy;  // NOLINT: this program is its front end

// A number in any of strtod's spellings, rounded once, to the dtype.
double ParseInput(const std::string& text, simdact_dtype dtype) {
  char* end = nullptr;
  const double x = dtype == SIMDACT_F32   ? std::strtof(text.c_str(), &end)
                   : dtype == SIMDACT_F64 ? std::strtod(text.c_str(), &end)
                                          : Rounded(dtype, std::strtold(text.c_str(), &end));
  if (*end != '\0' || end == text.c_str()) {
    throw UsageError("'" + text + "' is not a number; valid: 0.5, -1e-3, 0x1.8p-2, inf, nan");
  }
  return x;
}

// As many digits as tell a dtype's numbers apart.
int Digits(simdact_dtype dtype) {
  return 2 + static_cast<int>((FormatOf(dtype).fraction_bits + 1) * 0.30103);  // log10(2)
}

simdact_direction DirectionOf(const EvalOptions& options, simdact_op op) {
  if (!options.from_output) return options.backward ? SIMDACT_BACKWARD : SIMDACT_FORWARD;
  if (Exists(op, SIMDACT_BACKWARD_FROM_OUTPUT)) return SIMDACT_BACKWARD_FROM_OUTPUT;
  throw UsageError("the derivative of " + options.op +
                   " does not follow from the output; valid: " + OpsWithDerivativeFromOutput());
}

// What comes before the op: u = x + shift, or x scale + shift.
struct Before {
  bool shifted, scaled;
  double scale, shift;

  Before(const EvalOptions& options, simdact_dtype dtype)
      : shifted(!options.bias.empty() || !options.residual.empty() || !options.scale.empty()),
        scaled(!options.scale.empty()),
        scale(scaled ? ParseInput(options.scale, dtype) : 1.0),
        shift(0.0) {
    if (!options.residual.empty() && (scaled || !options.bias.empty()))
      throw UsageError("--residual goes without --bias and --scale");
    if (shifted && options.from_output)
      throw UsageError("--from-output takes no --bias, --scale, --residual");
    const std::string& text = options.residual.empty() ? options.bias : options.residual;
    if (!text.empty()) shift = ParseInput(text, dtype);
  }

  // u as the kernels see it: rounded once, to what they compute in.
  double Sum(simdact_dtype dtype, double x) const {
    if (dtype == SIMDACT_F64) return scaled ? std::fma(x, scale, shift) : x + shift;
    const auto a = static_cast<float>(x), s = static_cast<float>(scale), b = static_cast<float>(shift);
    return static_cast<double>(scaled ? std::fma(a, s, b) : a + b);
  }

  // f(u), or its derivative by x, through the kernels.
  double Evaluate(const simdact_target* target, simdact_op op, simdact_dtype dtype, bool backward, double x,
                  const simdact_params& p) const {
    const simdact_bias_kernel& kernel = *simdact_find_bias(target, dtype);
    const simdact_kernel* f =
        simdact_find(target, op, dtype == SIMDACT_F64 ? SIMDACT_F64 : SIMDACT_F32, SIMDACT_ACCURATE);
    const std::vector<double> one = {1.0};
    const Array in(dtype, std::vector<double>{x}), s(dtype, std::vector<double>{scale}),
        b(dtype, std::vector<double>{shift}), dy(dtype, one);
    Array out(dtype, 1);
    const void* factor = scaled ? s.Data() : nullptr;
    if (backward) {
      kernel.backward(f, in.Data(), factor, b.Data(), dy.Data(), out.Data(), nullptr, nullptr, 1, 1, p);
    } else {
      kernel.forward(f, in.Data(), factor, b.Data(), out.Data(), 1, 1, p);
    }
    return out[0];
  }
};

}  // namespace

int Eval(const EvalOptions& options) {
  const simdact_tier tier = TierOf(options.tier);
  const simdact_op op = FindOp(options.op);
  const simdact_dtype dtype = FindDtype(options.dtype);
  const simdact_direction direction = DirectionOf(options, op);
  const simdact_target* target =
      options.target.empty() ? simdact_target_default() : FindTarget(options.target);
  const simdact_params p = RoundedTo(dtype, ParseParameters(op, options.parameters));
  const simdact_kernel* found = simdact_find(target, op, dtype, tier);
  if (found == nullptr) throw UsageError("there is no exact tier for f64; valid: --dtype f32, bf16, f16");
  const simdact_kernel& kernel = *found;
  const Before before(options, dtype);
  if (before.shifted && tier == SIMDACT_EXACT) throw UsageError("bias forms have no exact tier");
  std::vector<double> inputs;
  for (const std::string& text : options.inputs) inputs.push_back(ParseInput(text, dtype));

  const int digits = Digits(dtype), width = digits + 8;
  const char* input = direction == SIMDACT_BACKWARD_FROM_OUTPUT ? "y" : "x";
  const bool own = tier == SIMDACT_EXACT || HasFast(target, op, dtype, direction);
  const char* tier_name = own && !before.shifted ? TierName(tier) : "accurate";
  std::printf("# %s %s %s %s on %s\n%-*s %-*s %-23s %-28s %s\n", options.op.c_str(), DirectionName(direction),
              DtypeName(dtype), tier_name, simdact_target_name(target), width, input, width, "value",
              "in hexadecimal", "exact", "error (ulp)");
  for (const double x : inputs) {
    const bool backward = direction == SIMDACT_BACKWARD;
    const double got = before.shifted ? before.Evaluate(target, op, dtype, backward, x, p)
                                      : Evaluate(kernel, dtype, direction, p, x);
    const long double exact =
        Exact(op, direction, before.shifted ? before.Sum(dtype, x) : x, p) * (backward ? before.scale : 1.0);
    std::printf("%-*.*g %-*.*g %-23a %-28.21Lg %.4f\n", width, digits, x, width, digits, got, got, exact,
                UlpError(dtype, got, exact));
  }
  return 0;
}

}  // namespace simdact_command
