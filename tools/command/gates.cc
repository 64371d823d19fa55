// The gated linear units in `simdact list`, `simdact eval` and `simdact accuracy`.

#include <cstdio>
#include <cstdlib>

#include "tests/ruler/accuracy.h"
#include "tests/ruler/gates_sweep.h"
#include "tools/command/commands.h"
#include "tools/command/names.h"

namespace simdact_command {
namespace {

using nlohmann::json;
using namespace simdact_accuracy;  // NOLINT: this program is its front end

simdact_gate FindGate(const std::string& name) {
  int gate = 0;
  while (gate < SIMDACT_GATE_COUNT && name != simdact_describe_gate(static_cast<simdact_gate>(gate))->name)
    ++gate;
  return static_cast<simdact_gate>(gate);
}

std::string GateNames() {
  std::string names;
  for (int i = 0; i < SIMDACT_GATE_COUNT; ++i) {
    names += std::string(" ") + simdact_describe_gate(static_cast<simdact_gate>(i))->name;
  }
  return names;
}

// "1.5,-2": gate and up, rounded to the dtype.
struct Pair {
  double gate, up;
};
Pair ParsePair(const std::string& text, simdact_dtype dtype) {
  char* comma = nullptr;
  char* end = nullptr;
  const long double gate = std::strtold(text.c_str(), &comma);
  const long double up = *comma == ',' ? std::strtold(comma + 1, &end) : 0.0L;
  if (comma == text.c_str() || end == nullptr || end == comma + 1 || *end != '\0') {
    throw UsageError("'" + text + "' is not a gate and an up; valid: 0.5,2 or -1e-3,inf");
  }
  return {Rounded(dtype, gate), Rounded(dtype, up)};
}

simdact_params ParseParameters(const simdact_gate_description& d,
                               const std::vector<std::string>& assignments) {
  simdact_params p = d.defaults;
  for (const std::string& assignment : assignments) {
    const size_t equals = assignment.find('=');
    int index = 0;
    while (index < d.parameters && assignment.substr(0, equals) != d.parameter_names[index]) ++index;
    char* end = nullptr;
    if (equals != std::string::npos && index < d.parameters) {
      p.value[index] = std::strtod(assignment.c_str() + equals + 1, &end);
    }
    if (end == nullptr || *end != '\0' || end == assignment.c_str() + equals + 1) {
      std::string valid;
      for (int i = 0; i < d.parameters; ++i) valid += std::string(" ") + d.parameter_names[i];
      throw UsageError("-p " + assignment + ": " + d.name +
                       (valid.empty() ? " takes no parameters" : " takes NAME=VALUE for:" + valid));
    }
  }
  return p;
}

void PrintValue(const char* output, const Pair& in, double got, const GateValue& exact, double error) {
  std::printf("%-5s %-16.9g %-16.9g %-24.17g %-23a %-28.21Lg %.4f\n", output, in.gate, in.up, got, got,
              exact.Product(), error);
}

const char* NameOf(GateOutput output) {
  return output == GateOutput::kY ? "y" : output == GateOutput::kDgate ? "dgate" : "dup";
}

// What one sweep is about, on one target.
struct Case {
  simdact_gate gate;
  simdact_dtype dtype;
  simdact_direction direction;
  simdact_tier tier;
  const simdact_target* target;
  const char* Name() const { return simdact_describe_gate(gate)->name; }
  double Claim() const { return GateClaim(tier, gate, dtype, direction, simdact_target_has_fma(target)); }
};

void Print(FILE* out, const Case& c, const GateWorst& w, double inputs) {
  std::fprintf(out, "%-12s %-5s %-9s %-9s %10.0f %8.4f %5.2f%s  %s %a %a %.17g %.20Lg\n", c.Name(),
               DtypeName(c.dtype), DirectionName(c.direction), simdact_target_name(c.target), inputs, w.ulps,
               c.Claim(), w.ulps <= c.Claim() ? " " : "!", NameOf(w.output), w.gate, w.up, w.got, w.exact);
}

// x is the pair as `simdact eval` takes it.
json RowOf(const Case& c, const GateWorst& w, uint64_t inputs) {
  return {{"op", c.Name()},
          {"direction", DirectionName(c.direction)},
          {"dtype", DtypeName(c.dtype)},
          {"tier", c.tier == SIMDACT_FAST ? "fast" : "accurate"},
          {"target", simdact_target_name(c.target)},
          {"inputs", inputs},
          {"max_ulp", UlpsJson(w.ulps)},
          {"claim", c.Claim()},
          {"output", NameOf(w.output)},
          {"x", Format("%a,%a", w.gate, w.up)},
          {"got", Format("%a", w.got)},
          {"want", Format("%.21Lg", w.exact)},
          {"ok", w.ulps <= c.Claim()}};
}

// The targets of this CPU that have a fast tier of a gate.
std::vector<std::string> FastTargets(simdact_gate gate) {
  std::vector<std::string> names;
  for (const simdact_target* target : RunningTargets()) {
    if (HasFastGate(target, gate, SIMDACT_F32, SIMDACT_FORWARD) ||
        HasFastGate(target, gate, SIMDACT_F32, SIMDACT_BACKWARD))
      names.push_back(simdact_target_name(target));
  }
  return names;
}

void Print(const simdact_gate_description& d, simdact_gate gate) {
  std::string parameters, bounds;
  for (int i = 0; i < d.parameters; ++i) {
    parameters += Format(", %s = %g", d.parameter_names[i], d.defaults.value[i]);
  }
  for (const simdact_dtype dtype : Dtypes()) {
    bounds += Format("%s%s %g/%g", bounds.empty() ? "" : ", ", DtypeName(dtype),
                     simdact_gate_claim(gate, dtype, SIMDACT_FORWARD, 1),
                     simdact_gate_claim(gate, dtype, SIMDACT_BACKWARD, 1));
  }
  std::printf("%s(gate, up%s)\n  y = %s\n  %s\n  %s\n  %s\n", d.name, parameters.c_str(), d.formula,
              d.gradients, bounds.c_str(), d.note);
  std::string fast;
  for (const std::string& name : FastTargets(gate)) fast += " " + name;
  if (!fast.empty())
    std::printf("  fast: %g ulp, on%s\n", simdact_gate_fast_claim(gate, SIMDACT_F32, SIMDACT_FORWARD, 1),
                fast.c_str());
}

}  // namespace

bool IsGate(const std::string& name) { return FindGate(name) != SIMDACT_GATE_COUNT; }

void ListGates() {
  for (int i = 0; i < SIMDACT_GATE_COUNT; ++i) {
    const auto gate = static_cast<simdact_gate>(i);
    Print(*simdact_describe_gate(gate), gate);
  }
}

json DescribeGates() {
  json list = json::array();
  for (int i = 0; i < SIMDACT_GATE_COUNT; ++i) {
    const auto gate = static_cast<simdact_gate>(i);
    const simdact_gate_description& d = *simdact_describe_gate(gate);
    json parameters = json::array(), claims;
    for (int k = 0; k < d.parameters; ++k) {
      parameters.push_back({{"name", d.parameter_names[k]}, {"default", d.defaults.value[k]}});
    }
    for (const simdact_dtype dtype : Dtypes()) {
      for (const simdact_direction direction : {SIMDACT_FORWARD, SIMDACT_BACKWARD}) {
        claims[DtypeName(dtype)][DirectionName(direction)] = simdact_gate_claim(gate, dtype, direction, 1);
      }
    }
    list.push_back({{"name", d.name},
                    {"formula", d.formula},
                    {"gradients", d.gradients},
                    {"note", d.note},
                    {"parameters", parameters},
                    {"claims", claims},
                    {"fast_targets", FastTargets(gate)}});
  }
  return list;
}

int EvalGate(const EvalOptions& options) {
  const simdact_tier tier = ShapeTierOf(options.tier);
  if (options.from_output) throw UsageError("gradients of " + options.op + " do not follow from the output");
  const simdact_gate gate = FindGate(options.op);
  const simdact_dtype dtype = FindDtype(options.dtype);
  const simdact_target* target =
      options.target.empty() ? simdact_target_default() : FindTarget(options.target);
  const simdact_params p =
      RoundedTo(dtype, ParseParameters(*simdact_describe_gate(gate), options.parameters));
  const simdact_gate_kernel& kernel = *simdact_find_gate(target, gate, dtype, tier);
  std::vector<Pair> inputs;
  for (const std::string& text : options.inputs) inputs.push_back(ParsePair(text, dtype));

  const bool fast = tier == SIMDACT_FAST &&
                    HasFastGate(target, gate, dtype, options.backward ? SIMDACT_BACKWARD : SIMDACT_FORWARD);
  std::printf("# %s %s %s %s on %s\n%-5s %-16s %-16s %-24s %-23s %-28s %s\n", options.op.c_str(),
              options.backward ? "backward" : "forward", DtypeName(dtype), fast ? "fast" : "accurate",
              simdact_target_name(target), "", "gate", "up", "value", "in hexadecimal", "exact",
              "error (ulp)");
  for (const Pair& in : inputs) {
    const Array x(dtype, std::vector<double>{in.gate}), up(dtype, std::vector<double>{in.up});
    const Array one(dtype, std::vector<double>{1.0});
    Array y(dtype, 1), dup(dtype, 1);
    const auto print = [&](GateOutput output, const Array& got) {
      const GateValue exact = ExactGate(gate, dtype, output, in.gate, in.up, p);
      PrintValue(NameOf(output), in, got[0], exact,
                 GateErrorOf(fast ? SIMDACT_FAST : SIMDACT_ACCURATE, gate, dtype, output, in.gate, p, got[0],
                             exact));
    };
    if (options.backward) {
      kernel.backward(x.Data(), up.Data(), one.Data(), y.Data(), dup.Data(), 1, p);
      print(GateOutput::kDgate, y);
      print(GateOutput::kDup, dup);
    } else {
      kernel.forward(x.Data(), up.Data(), y.Data(), 1, p);
      print(GateOutput::kY, y);
    }
  }
  return 0;
}

int AccuracyOfGates(const AccuracyOptions& options) {
  const simdact_tier tier = ShapeTierOf(options.tier);
  if (options.exhaustive) throw UsageError("gates are sampled: no --exhaustive");
  if (!(options.f64_inputs >= 1000 && options.f64_inputs <= 1e12)) {
    throw UsageError("--inputs takes a number from 1000 to 1e12");
  }
  CheckWritable(options.file);
  FILE* out = options.file == "-" ? stderr : stdout;  // JSON on standard output stands alone
  const std::vector<const simdact_target*> targets = FindTargets(options.target);
  json rows = json::array();
  int failed = 0;
  std::fprintf(out, "%-12s %-5s %-9s %-9s %10s %8s %6s  %s\n", "gate", "dtype", "direction", "target",
               "inputs", "max ulp", "claim", "worst output, gate, up, got, want");
  for (const std::string& name : options.ops) {
    const simdact_gate gate = FindGate(name);
    if (gate == SIMDACT_GATE_COUNT) {
      throw UsageError("'" + name + "' is no gate; valid beside " + options.ops[0] + ":" + GateNames());
    }
    for (const simdact_dtype dtype : FindDtypes(options.dtype)) {
      for (const simdact_direction direction : FindDirections(options.direction)) {
        if (direction == SIMDACT_BACKWARD_FROM_OUTPUT) continue;
        std::vector<const simdact_gate_kernel*> kernels;
        for (const simdact_target* t : targets) {
          const bool there = tier == SIMDACT_ACCURATE || HasFastGate(t, gate, dtype, direction);
          kernels.push_back(there ? simdact_find_gate(t, gate, dtype, tier) : nullptr);
        }
        const auto total = static_cast<uint64_t>(options.f64_inputs);
        const auto worst =
            SweepGate(gate, dtype, direction, tier, simdact_describe_gate(gate)->defaults, kernels, total);
        for (size_t t = 0; t < targets.size(); ++t) {
          if (kernels[t] == nullptr) continue;
          const Case c{gate, dtype, direction, tier, targets[t]};
          Print(out, c, worst[t], options.f64_inputs);
          failed += !(worst[t].ulps <= c.Claim());
          rows.push_back(RowOf(c, worst[t], total));
        }
        std::fflush(out);
      }
    }
  }
  if (rows.empty())
    std::fprintf(out, "nothing to measure: on these targets fast means accurate for these gates\n");
  WriteRows(rows, false, options.file);
  return failed == 0 ? 0 : 1;
}

}  // namespace simdact_command
