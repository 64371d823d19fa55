// `simdact eval`: single values beside the exact ones.

#include <cstdio>
#include <cstdlib>

#include "accuracy.h"
#include "tools/simdact_commands.h"
#include "tools/simdact_names.h"

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

}  // namespace

int Eval(const EvalOptions& options) {
  CheckTier(options.tier);
  const simdact_op op = FindOp(options.op);
  const simdact_dtype dtype = FindDtype(options.dtype);
  const simdact_direction direction = DirectionOf(options, op);
  const simdact_target* target =
      options.target.empty() ? simdact_target_default() : FindTarget(options.target);
  const simdact_params p = RoundedTo(dtype, ParseParameters(op, options.parameters));
  const simdact_kernel& kernel = *simdact_find(target, op, dtype, SIMDACT_ACCURATE);
  std::vector<double> inputs;
  for (const std::string& text : options.inputs) inputs.push_back(ParseInput(text, dtype));

  const int digits = Digits(dtype), width = digits + 8;
  const char* input = direction == SIMDACT_BACKWARD_FROM_OUTPUT ? "y" : "x";
  std::printf("# %s %s %s accurate on %s\n%-*s %-*s %-23s %-28s %s\n", options.op.c_str(),
              DirectionName(direction), DtypeName(dtype), simdact_target_name(target), width, input, width,
              "value", "in hexadecimal", "exact", "error (ulp)");
  for (const double x : inputs) {
    const double got = Evaluate(kernel, dtype, direction, p, x);
    const long double exact = Exact(op, direction, x, p);
    std::printf("%-*.*g %-*.*g %-23a %-28.21Lg %.4f\n", width, digits, x, width, digits, got, got, exact,
                UlpError(dtype, got, exact));
  }
  return 0;
}

}  // namespace simdact_command
