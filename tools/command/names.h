// From the words of the command line to ops, targets, dtypes and directions, and back.
#ifndef SIMDACT_TOOLS_COMMAND_NAMES_H_
#define SIMDACT_TOOLS_COMMAND_NAMES_H_

#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "simdact/simdact.h"

namespace simdact_command {

// A mistake of the user's: one clear line that lists what is valid, exit code 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Arguments>
std::string Format(const char* format, Arguments... arguments) {
  char text[256];
  std::snprintf(text, sizeof(text), format, arguments...);
  return text;
}

// Each Find throws a UsageError for a name that is not valid. In lists commas separate the names; "all" and
// the empty text stand for all.
std::vector<const simdact_target*> AllTargets();
const simdact_target* FindTarget(const std::string& name);
std::vector<const simdact_target*> FindTargets(const std::string& names);
std::vector<simdact_op> AllOps();
simdact_op FindOp(const std::string& name);
simdact_dtype FindDtype(const std::string& name);
std::vector<simdact_dtype> FindDtypes(const std::string& names);
std::vector<simdact_direction> FindDirections(const std::string& names);
simdact_tier TierOf(const std::string& name);
simdact_tier ShapeTierOf(const std::string& name);  // of shapes other than activations: none is exact
const char* TierName(simdact_tier tier);

// The defaults of an op, but for what each NAME=VALUE says.
simdact_params ParseParameters(simdact_op op, const std::vector<std::string>& assignments);

// Throws if $SIMDACT_TARGET asks for what cannot be had: it must never be ignored in silence.
void CheckEnvironment();

// The ops whose derivative follows from the output, for messages.
std::string OpsWithDerivativeFromOutput();

// To a file, or to standard output for "-".
void WriteJson(const nlohmann::json& value, const std::string& file);

// What `simdact accuracy --json FILE` writes; file "": nothing. The check comes before the work, not after
// it.
void CheckWritable(const std::string& file);
void WriteRows(const nlohmann::json& rows, bool exhaustive, const std::string& file);

// An error as JSON, which has no infinity.
nlohmann::json UlpsJson(double ulps);

}  // namespace simdact_command

#endif  // SIMDACT_TOOLS_COMMAND_NAMES_H_
