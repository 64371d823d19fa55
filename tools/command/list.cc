// `simdact targets` and `simdact list`: what there is.

#include <cstdio>

#include "tests/ruler/accuracy.h"
#include "tools/command/commands.h"
#include "tools/command/names.h"

namespace simdact_command {
namespace {

using nlohmann::json;
using simdact_accuracy::DirectionName;
using simdact_accuracy::Directions;
using simdact_accuracy::DtypeName;
using simdact_accuracy::Dtypes;
using simdact_accuracy::HasFast;
using simdact_accuracy::RunningTargets;

// {dtype: {direction: bound}}, for targets with fused multiply-add or without.
json Claims(simdact_op op, int fma) {
  json claims;
  for (const simdact_dtype dtype : Dtypes()) {
    for (const simdact_direction direction : Directions()) {
      const double claim = simdact_claim(op, dtype, direction, fma);
      if (claim >= 0) claims[DtypeName(dtype)][DirectionName(direction)] = claim;
    }
  }
  return claims;
}

// The targets of this CPU that have a fast tier of the op.
std::vector<std::string> FastTargets(simdact_op op) {
  std::vector<std::string> names;
  for (const simdact_target* target : RunningTargets()) {
    if (HasFast(target, op, SIMDACT_F32, SIMDACT_FORWARD)) names.push_back(simdact_target_name(target));
  }
  return names;
}

// The family in whose list an op stands.
const char* Family(simdact_op op) {
  switch (op) {
#define SIMDACT_X(Name, name, ...) case SIMDACT_OP_##name:
    SIMDACT_RECTIFIED(SIMDACT_X) return "rectified";
    SIMDACT_ARITHMETIC(SIMDACT_X) return "arithmetic";
    SIMDACT_EXPONENTIAL(SIMDACT_X) return "exponential";
    SIMDACT_LOGARITHMIC(SIMDACT_X) return "logarithmic";
    SIMDACT_LOGISTIC(SIMDACT_X) return "logistic";
    SIMDACT_HYPERBOLIC(SIMDACT_X) return "hyperbolic";
    SIMDACT_NORMAL(SIMDACT_X) return "normal";
#undef SIMDACT_X
    default:
      return "";
  }
}

json Describe(simdact_op op) {
  const simdact_description& d = *simdact_describe(op);
  json parameters = json::array(), dtypes = json::array();
  for (int i = 0; i < d.parameters; ++i) {
    parameters.push_back({{"name", d.parameter_names[i]}, {"default", d.defaults.value[i]}});
  }
  for (const simdact_dtype dtype : Dtypes()) dtypes.push_back(DtypeName(dtype));
  return {{"name", d.name},
          {"family", Family(op)},
          {"formula", d.formula},
          {"derivative", d.derivative},
          {"derivative_from_output", d.derivative_from_output ? json(d.derivative_from_output) : json()},
          {"note", d.note},
          {"parameters", parameters},
          {"dtypes", dtypes},
          {"fast_targets", FastTargets(op)},
          {"claims", Claims(op, 1)},
          {"claims_without_fma", Claims(op, 0)}};
}

// "f32 0.95/0.85/0.5": forward, backward and, where there is one, from the output.
std::string Bounds(simdact_op op) {
  std::string bounds;
  for (const simdact_dtype dtype : Dtypes()) {
    bounds += Format("%s%s", bounds.empty() ? "" : ", ", DtypeName(dtype));
    const char* separator = " ";
    for (const simdact_direction direction : Directions()) {
      const double claim = simdact_claim(op, dtype, direction, 1);
      if (claim >= 0) bounds += Format("%s%g", separator, claim);
      separator = "/";
    }
  }
  return bounds;
}

void Print(simdact_op op) {
  const simdact_description& d = *simdact_describe(op);
  std::string parameters;
  for (int i = 0; i < d.parameters; ++i) {
    parameters += Format("%s%s = %g", i == 0 ? "" : ", ", d.parameter_names[i], d.defaults.value[i]);
  }
  std::printf("%s(%s)\n  f(x)  = %s\n  f'(x) = %s\n", d.name, parameters.c_str(), d.formula, d.derivative);
  if (d.derivative_from_output != nullptr) std::printf("        = %s, y = f(x)\n", d.derivative_from_output);
  std::string fast;
  for (const std::string& name : FastTargets(op)) fast += " " + name;
  std::printf("  %s\n", Bounds(op).c_str());
  if (!fast.empty())
    std::printf("  fast: %g ulp, on%s\n", simdact_fast_claim(op, SIMDACT_F32, SIMDACT_FORWARD, 1),
                fast.c_str());
  std::printf("  %s\n", d.note);
}

}  // namespace

int Targets(bool as_json) {
  const simdact_target* preferred = simdact_target_default();
  json list = json::array();
  for (const simdact_target* target : AllTargets()) {
    const bool runs = simdact_target_runs(target) != 0;
    list.push_back({{"name", simdact_target_name(target)},
                    {"runs", runs},
                    {"code", simdact_target_name(simdact_target_code(target))},
                    {"fma", simdact_target_has_fma(target) != 0}});
    if (!as_json) {
      const simdact_target* code = simdact_target_code(target);
      const std::string shares =
          code == target ? "" : std::string(", with the code of ") + simdact_target_name(code);
      std::printf("%-10s %s%s%s\n", simdact_target_name(target), runs ? "runs here" : "not on this CPU",
                  target == preferred ? ", default" : "", shares.c_str());
    }
  }
  if (as_json) WriteJson({{"default", simdact_target_name(preferred)}, {"targets", list}}, "-");
  return 0;
}

int List(bool as_json) {
  json ops = json::array();
  if (!as_json) {
    std::printf(
        "Bounds: the largest error in ulps at the default parameters, forward/backward/backward from the "
        "output; 0.5 is correct rounding. f32 without FMA: 0.51.\n\n");
  }
  for (const simdact_op op : AllOps()) {
    if (as_json) {
      ops.push_back(Describe(op));
    } else {
      Print(op);
    }
  }
  if (as_json) {
    WriteJson({{"ops", ops},
               {"gates", DescribeGates()},
               {"softmax", DescribeSoftmax()},
               {"shapes", DescribeShapes()}},
              "-");
  } else {
    ListSoftmax();
  }
  return 0;
}

}  // namespace simdact_command
