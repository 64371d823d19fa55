#include "tools/command/names.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/ruler/accuracy.h"

namespace simdact_command {
namespace {

using simdact_accuracy::DirectionName;
using simdact_accuracy::Directions;
using simdact_accuracy::DtypeName;
using simdact_accuracy::Dtypes;
using simdact_accuracy::RunningTargets;

const char* NameOf(simdact_op op) { return simdact_describe(op)->name; }
const char* NameOf(simdact_dtype dtype) { return DtypeName(dtype); }
const char* NameOf(simdact_direction direction) { return DirectionName(direction); }
const char* NameOf(const simdact_target* target) { return simdact_target_name(target); }

template <class T>
std::string Names(const std::vector<T>& values) {
  std::string names;
  for (const T& value : values) names += std::string(names.empty() ? "" : " ") + NameOf(value);
  return names;
}

template <class T>
T Find(const char* kind, const std::string& name, const std::vector<T>& valid) {
  for (const T& value : valid) {
    if (name == NameOf(value)) return value;
  }
  throw UsageError(std::string("no ") + kind + " '" + name + "'; valid: " + Names(valid));
}

template <class T, class F>
std::vector<T> FindEach(const std::string& names, const std::vector<T>& valid, const F& find) {
  if (names.empty() || names == "all") return valid;
  std::vector<T> found;
  std::istringstream stream(names);
  for (std::string name; std::getline(stream, name, ',');) found.push_back(find(name));
  return found;
}

}  // namespace

std::vector<const simdact_target*> AllTargets() {
  std::vector<const simdact_target*> all(simdact_targets(nullptr, 0));
  simdact_targets(all.data(), all.size());
  return all;
}

const simdact_target* FindTarget(const std::string& name) {
  const simdact_target* target = simdact_target_by_name(name.c_str());
  if (target != nullptr && simdact_target_runs(target) == 0) {
    throw UsageError("this CPU does not run target '" + name + "'; valid: " + Names(RunningTargets(true)));
  }
  return Find("target", name, RunningTargets(true));
}

std::vector<const simdact_target*> FindTargets(const std::string& names) {
  return FindEach(names, RunningTargets(), FindTarget);
}

std::vector<simdact_op> AllOps() {
  std::vector<simdact_op> all;
  for (int op = 0; op < SIMDACT_OP_COUNT; ++op) all.push_back(static_cast<simdact_op>(op));
  return all;
}

simdact_op FindOp(const std::string& name) { return Find("activation", name, AllOps()); }

simdact_dtype FindDtype(const std::string& name) { return Find("dtype", name, Dtypes()); }

std::vector<simdact_dtype> FindDtypes(const std::string& names) {
  return FindEach(names, Dtypes(), FindDtype);
}

std::vector<simdact_direction> FindDirections(const std::string& names) {
  return FindEach(names, Directions(),
                  [](const std::string& name) { return Find("direction", name, Directions()); });
}

const char* TierName(simdact_tier tier) {
  return tier == SIMDACT_FAST ? "fast" : tier == SIMDACT_EXACT ? "exact" : "accurate";
}

simdact_tier TierOf(const std::string& name) {
  if (name == "accurate") return SIMDACT_ACCURATE;
  if (name == "fast") return SIMDACT_FAST;
  if (name == "exact") return SIMDACT_EXACT;
  throw UsageError("no tier '" + name + "'; valid: accurate fast exact");
}

simdact_tier ShapeTierOf(const std::string& name) {
  const simdact_tier tier = TierOf(name);
  if (tier == SIMDACT_EXACT) throw UsageError("only activations have an exact tier; valid: accurate fast");
  return tier;
}

simdact_params ParseParameters(simdact_op op, const std::vector<std::string>& assignments) {
  const simdact_description& d = *simdact_describe(op);
  simdact_params p = d.defaults;
  for (const std::string& assignment : assignments) {
    const size_t equals = assignment.find('=');
    int index = 0;
    while (index < d.parameters && assignment.substr(0, equals) != d.parameter_names[index]) ++index;
    if (equals == std::string::npos || index == d.parameters) {
      std::string valid;
      for (int i = 0; i < d.parameters; ++i) valid += std::string(" ") + d.parameter_names[i];
      throw UsageError("-p " + assignment + ": " + d.name +
                       (d.parameters == 0 ? " takes no parameters" : " takes NAME=VALUE for:" + valid));
    }
    char* end = nullptr;
    p.value[index] = std::strtod(assignment.c_str() + equals + 1, &end);
    if (*end != '\0' || end == assignment.c_str() + equals + 1)
      throw UsageError("-p " + assignment + ": not a number");
  }
  return p;
}

void CheckEnvironment() {
  const simdact_choice choice = simdact_target_choice();
  if (choice != SIMDACT_CHOICE_UNKNOWN && choice != SIMDACT_CHOICE_UNSUPPORTED) return;
  throw UsageError(std::string("SIMDACT_TARGET=") + std::getenv("SIMDACT_TARGET") +
                   (choice == SIMDACT_CHOICE_UNKNOWN ? " is not compiled in" : " does not run on this CPU") +
                   "; valid: " + Names(RunningTargets(true)));
}

std::string OpsWithDerivativeFromOutput() {
  std::vector<simdact_op> ops;
  for (const simdact_op op : AllOps()) {
    if (simdact_describe(op)->derivative_from_output != nullptr) ops.push_back(op);
  }
  return Names(ops);
}

void WriteJson(const nlohmann::json& value, const std::string& file) {
  if (file == "-") {
    std::cout << value.dump(1) << "\n";
    return;
  }
  std::ofstream stream(file);
  stream << value.dump(1) << "\n";
  if (!stream.flush()) throw UsageError("cannot write '" + file + "'");
}

void CheckWritable(const std::string& file) {
  if (!file.empty() && file != "-" && !std::ofstream(file)) {
    throw UsageError("cannot write '" + file + "'");
  }
}

void WriteRows(const nlohmann::json& rows, bool exhaustive, const std::string& file) {
  if (file.empty()) return;
  const std::string version =
      Format("%d.%d.%d", SIMDACT_VERSION_MAJOR, SIMDACT_VERSION_MINOR, SIMDACT_VERSION_PATCH);
  WriteJson({{"version", version}, {"exhaustive", exhaustive}, {"rows", rows}}, file);
}

nlohmann::json UlpsJson(double ulps) { return std::isfinite(ulps) ? nlohmann::json(ulps) : "inf"; }

}  // namespace simdact_command
