// The `simdact` command: what is compiled in, what it computes, and how far it is off.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "accuracy.h"
#include "simdact/simdact.h"

namespace {

using nlohmann::json;
using namespace simdact_accuracy;  // NOLINT: this program is its front end

// A mistake of the user's: one clear line that lists what is valid, exit code 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::vector<const simdact_target*> AllTargets() {
  std::vector<const simdact_target*> all(simdact_targets(nullptr, 0));
  simdact_targets(all.data(), all.size());
  return all;
}

std::string TargetNames(const std::vector<const simdact_target*>& targets) {
  std::string names;
  for (const simdact_target* target : targets)
    names += std::string(names.empty() ? "" : " ") + simdact_target_name(target);
  return names;
}

std::string OpNames() {
  std::string names;
  for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
    names += std::string(op == 0 ? "" : " ") + simdact_describe(static_cast<simdact_op>(op))->name;
  }
  return names;
}

simdact_op FindOp(const std::string& name) {
  for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
    if (name == simdact_describe(static_cast<simdact_op>(op))->name) return static_cast<simdact_op>(op);
  }
  throw UsageError("no activation '" + name + "'; valid: " + OpNames());
}

const simdact_target* FindTarget(const std::string& name) {
  const simdact_target* target = simdact_target_by_name(name.c_str());
  if (target != nullptr && simdact_target_runs(target)) return target;
  throw UsageError((target == nullptr ? "no target '" + name : "this CPU does not run target '" + name) +
                   "'; valid: " + TargetNames(RunningTargets()));
}

// $SIMDACT_TARGET must never be ignored in silence.
void CheckEnvironment() {
  const simdact_choice choice = simdact_target_choice();
  if (choice == SIMDACT_CHOICE_UNKNOWN || choice == SIMDACT_CHOICE_UNSUPPORTED) {
    throw UsageError(
        std::string("SIMDACT_TARGET=") + std::getenv("SIMDACT_TARGET") +
        (choice == SIMDACT_CHOICE_UNKNOWN ? " is not compiled in" : " does not run on this CPU") +
        "; valid: " + TargetNames(RunningTargets()));
  }
}

template <class... Arguments>
std::string Format(const char* format, Arguments... arguments) {
  char text[256];
  std::snprintf(text, sizeof(text), format, arguments...);
  return text;
}

void WriteJson(const json& value, const std::string& file) {
  if (file == "-") {
    std::cout << value.dump(1) << "\n";
    return;
  }
  std::ofstream stream(file);
  stream << value.dump(1) << "\n";
  if (!stream.flush()) throw UsageError("cannot write '" + file + "'");
}

int Targets(bool as_json) {
  const simdact_target* preferred = simdact_target_default();
  json list = json::array();
  for (const simdact_target* target : AllTargets()) {
    const bool runs = simdact_target_runs(target) != 0;
    list.push_back({{"name", simdact_target_name(target)},
                    {"runs", runs},
                    {"fma", simdact_target_has_fma(target) != 0}});
    if (!as_json) {
      std::printf("%-10s %s%s\n", simdact_target_name(target), runs ? "runs here" : "not on this CPU",
                  target == preferred ? ", default" : "");
    }
  }
  if (as_json) WriteJson({{"default", simdact_target_name(preferred)}, {"targets", list}}, "-");
  return 0;
}

json Describe(const simdact_description& d) {
  json parameters = json::array();
  for (int i = 0; i < d.parameters; ++i) {
    parameters.push_back({{"name", d.parameter_names[i]}, {"default", d.defaults.value[i]}});
  }
  return {{"name", d.name},
          {"formula", d.formula},
          {"derivative", d.derivative},
          {"note", d.note},
          {"parameters", parameters},
          {"dtypes", {"f32"}},
          {"claims",
           {{"forward", d.claim_forward},
            {"backward", d.claim_backward},
            {"forward_plain", d.claim_forward_plain},
            {"backward_plain", d.claim_backward_plain}}}};
}

int List(bool as_json) {
  json ops = json::array();
  for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
    const simdact_description& d = *simdact_describe(static_cast<simdact_op>(op));
    ops.push_back(Describe(d));
    if (as_json) continue;
    std::string parameters;
    for (int i = 0; i < d.parameters; ++i) {
      parameters += Format("%s%s = %g", i == 0 ? "" : ", ", d.parameter_names[i], d.defaults.value[i]);
    }
    std::printf(
        "%s(%s)\n  f  = %s\n  f' = %s\n  f32 max error in ulps: forward %g, backward %g; without FMA %g, "
        "%g\n  %s\n",
        d.name, parameters.c_str(), d.formula, d.derivative, d.claim_forward, d.claim_backward,
        d.claim_forward_plain, d.claim_backward_plain, d.note);
  }
  if (as_json) WriteJson({{"ops", ops}}, "-");
  return 0;
}

struct EvalOptions {
  std::string op, dtype = "f32", target, tier = "accurate";
  bool backward = false;
  std::vector<std::string> parameters, inputs;
};

simdact_params ParseParameters(simdact_op op, const std::vector<std::string>& assignments) {
  const simdact_description& d = *simdact_describe(op);
  simdact_params p = d.defaults;
  for (const std::string& assignment : assignments) {
    const size_t equals = assignment.find('=');
    int index = 0;
    std::string valid;
    for (; index < d.parameters && assignment.substr(0, equals) != d.parameter_names[index]; ++index) {
      valid += std::string(valid.empty() ? "" : " ") + d.parameter_names[index];
    }
    if (equals == std::string::npos || index == d.parameters) {
      throw UsageError("-p " + assignment + ": " + d.name +
                       (d.parameters == 0 ? " takes no parameters" : " takes NAME=VALUE for: " + valid));
    }
    char* end = nullptr;
    p.value[index] = std::strtod(assignment.c_str() + equals + 1, &end);
    if (*end != '\0' || end == assignment.c_str() + equals + 1)
      throw UsageError("-p " + assignment + ": not a number");
  }
  return p;
}

void CheckDtypeAndTier(const std::string& dtype, const std::string& tier) {
  if (dtype != "f32") throw UsageError("no dtype '" + dtype + "'; valid: f32");
  if (tier != "accurate") throw UsageError("no tier '" + tier + "'; valid: accurate");
}

// A float in any of strtof's spellings.
float ParseInput(const std::string& text) {
  char* end = nullptr;
  const float x = std::strtof(text.c_str(), &end);
  if (*end != '\0' || end == text.c_str()) {
    throw UsageError("'" + text + "' is not a number; valid: 0.5, -1e-3, 0x1.8p-2, inf, nan");
  }
  return x;
}

int Eval(const EvalOptions& options) {
  CheckDtypeAndTier(options.dtype, options.tier);
  const simdact_op op = FindOp(options.op);
  const simdact_target* target =
      options.target.empty() ? simdact_target_default() : FindTarget(options.target);
  const Direction direction = options.backward ? kBackward : kForward;
  const simdact_params p = RoundedToFloat(ParseParameters(op, options.parameters));
  const simdact_kernel& kernel = *simdact_find(target, op, SIMDACT_F32, SIMDACT_ACCURATE);
  std::vector<float> inputs;
  for (const std::string& text : options.inputs) inputs.push_back(ParseInput(text));

  std::printf("# %s %s f32 accurate on %s\n%-15s %-17s %-28s %s\n", options.op.c_str(),
              DirectionName(direction), simdact_target_name(target), "x", "value", "exact", "error (ulp)");
  for (const float x : inputs) {
    float y;
    Run(kernel, direction, p, &x, &y, 1);
    const long double exact = ReferenceOf(op, direction).exact(x, p.value);
    const bool agree = std::isnan(y) && std::isnan(exact);
    std::printf("%-15.9g %-17.9g %-28.21Lg %.4f\n", x, y, exact, agree ? 0.0 : UlpError(y, exact));
  }
  return 0;
}

struct AccuracyOptions {
  std::vector<std::string> ops;
  std::string dtype = "f32", target, tier = "accurate", file;
  bool exhaustive = false;
};

json ProfileOf(const Worst& worst) {
  json points = json::array();
  for (uint32_t b = 0; b < worst.profile.size(); ++b) {
    if ((b & 0xFF) == 0xFF) continue;
    const float middle = FromBits((b << 23) | 0x400000);
    points.push_back({middle, worst.profile[b]});
  }
  return points;
}

json RowOf(simdact_op op, Direction direction, const simdact_target* target, const Worst& worst,
           uint64_t inputs) {
  const double claim = Claim(op, direction, simdact_target_has_fma(target) != 0);
  return {{"op", simdact_describe(op)->name},
          {"direction", DirectionName(direction)},
          {"dtype", "f32"},
          {"tier", "accurate"},
          {"target", simdact_target_name(target)},
          {"inputs", inputs},
          {"max_ulp", std::isfinite(worst.ulps) ? json(worst.ulps) : json("inf")},
          {"claim", claim},
          {"x", Format("%a", static_cast<double>(worst.x))},
          {"x_decimal", worst.x},
          {"got", Format("%a", static_cast<double>(worst.got))},
          {"want", Format("%.21Lg", worst.exact)},
          {"ok", worst.ulps <= claim},
          {"profile", ProfileOf(worst)}};
}

int Accuracy(const AccuracyOptions& options) {
  CheckDtypeAndTier(options.dtype, options.tier);
  std::vector<simdact_op> ops;
  for (const std::string& name : options.ops) ops.push_back(FindOp(name));
  for (int op = 0; options.ops.empty() && op < SIMDACT_OP_COUNT; ++op)
    ops.push_back(static_cast<simdact_op>(op));
  std::vector<const simdact_target*> targets = RunningTargets();
  if (!options.target.empty()) {
    targets.clear();
    std::istringstream names(options.target);
    for (std::string name; std::getline(names, name, ',');) targets.push_back(FindTarget(name));
  }
  Sample sample;
  sample.exhaustive = options.exhaustive;
  if (!options.file.empty() && !std::ofstream(options.file)) {  // before the work, not after it
    throw UsageError("cannot write '" + options.file + "'");
  }

  json rows = json::array();
  bool ok = true;
  std::printf("%-12s %-9s %-10s %11s %8s %6s  %s\n", "op", "direction", "target", "inputs", "max ulp",
              "claim", "worst input, got, want");
  for (const simdact_op op : ops) {
    for (const Direction direction : {kForward, kBackward}) {
      const char* name = simdact_describe(op)->name;
      std::function<void(double)> progress;
      if (isatty(STDERR_FILENO) != 0) {
        progress = [&](double done) {
          std::fprintf(stderr, "\r%s %s %.0f %% ", name, DirectionName(direction), 100 * done);
        };
      }
      uint64_t inputs = 0;
      const auto worst =
          Sweep(op, direction, simdact_describe(op)->defaults, targets, sample, &inputs, progress);
      if (progress) std::fprintf(stderr, "\r%40s\r", "");
      for (size_t t = 0; t < targets.size(); ++t) {
        rows.push_back(RowOf(op, direction, targets[t], worst[t], inputs));
        const json& row = rows.back();
        ok = ok && row["ok"];
        std::printf("%-12s %-9s %-10s %11llu %8.4f %6.2f%s %s (%.9g) %.9g %.12Lg\n", name,
                    DirectionName(direction), simdact_target_name(targets[t]),
                    static_cast<unsigned long long>(inputs), worst[t].ulps, row["claim"].get<double>(),
                    row["ok"] ? " " : "!", row["x"].get<std::string>().c_str(), worst[t].x, worst[t].got,
                    worst[t].exact);
      }
      std::fflush(stdout);
    }
  }
  if (!options.file.empty()) {
    const std::string version =
        Format("%d.%d.%d", SIMDACT_VERSION_MAJOR, SIMDACT_VERSION_MINOR, SIMDACT_VERSION_PATCH);
    WriteJson({{"version", version}, {"exhaustive", options.exhaustive}, {"rows", rows}}, options.file);
  }
  return ok ? 0 : 1;
}

int Main(int argc, char** argv) {
  CLI::App app{"simdact: activation functions with proven error bounds"};
  app.require_subcommand(1);
  int status = 0;
  bool as_json = false;
  EvalOptions eval_options;
  AccuracyOptions accuracy_options;

  CLI::App* targets =
      app.add_subcommand("targets", "which targets are compiled in, which run here, which is the default");
  targets->add_flag("--json", as_json, "print JSON");
  targets->callback([&] { status = Targets(as_json); });

  CLI::App* list = app.add_subcommand("list", "every activation: formula, parameters, claimed bounds");
  list->add_flag("--json", as_json, "print JSON");
  list->callback([&] { status = List(as_json); });

  CLI::App* eval = app.add_subcommand("eval", "evaluate: value, exact value, error in ulps");
  eval->add_option("op", eval_options.op, "activation")->required();
  eval->add_option("x", eval_options.inputs, "inputs: decimal, hex float, inf, nan")->required();
  eval->add_option("--dtype", eval_options.dtype, "f32");
  eval->add_option("--target", eval_options.target, "default: the best, or $SIMDACT_TARGET");
  eval->add_option("--tier", eval_options.tier, "accurate");
  eval->add_flag("--backward", eval_options.backward, "the derivative");
  eval->add_option("-p", eval_options.parameters, "NAME=VALUE of a parameter")->allow_extra_args(false);
  eval->callback([&] { status = Eval(eval_options); });

  CLI::App* accuracy = app.add_subcommand("accuracy", "the largest errors, against the claims");
  accuracy->add_option("ops", accuracy_options.ops, "activations; default: all");
  accuracy->add_option("--dtype", accuracy_options.dtype, "f32");
  accuracy->add_option("--target", accuracy_options.target,
                       "one target or several, separated by commas; default: all that run");
  accuracy->add_option("--tier", accuracy_options.tier, "accurate");
  accuracy->add_flag("--exhaustive", accuracy_options.exhaustive, "all finite inputs instead of a sample");
  accuracy->add_option("--json", accuracy_options.file, "write the rows to FILE");
  accuracy->callback([&] { status = Accuracy(accuracy_options); });

  try {
    CheckEnvironment();
    // The parser takes "-inf" for an option but "-1e999", the same number, for an argument.
    std::vector<std::string> words(argv + 1, argv + argc);
    std::replace(words.begin(), words.end(), std::string("-inf"), std::string("-1e999"));
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "simdact: %s\n", error.what());
    return 2;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) { return Main(argc, argv); }
