// The commands of `simdact`. Each returns the exit code, and throws a UsageError for a mistake of the user's.
#ifndef SIMDACT_TOOLS_COMMAND_COMMANDS_H_
#define SIMDACT_TOOLS_COMMAND_COMMANDS_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace simdact_command {

int Targets(bool as_json);

int List(bool as_json);

struct EvalOptions {
  std::string op, dtype = "f32", target, tier = "accurate";
  bool backward = false, from_output = false;
  std::vector<std::string> parameters, inputs;
  std::string bias, scale, residual;  // empty: none
  std::string of, format = "s8";      // the activation in a gate or before bytes (empty: the default); bytes
};
int Eval(const EvalOptions& options);

struct AccuracyOptions {
  std::vector<std::string> ops;
  std::string dtype = "f32", direction, target, tier = "accurate", file;
  bool exhaustive = false;
  double f64_inputs = 3e6;
};
int Accuracy(const AccuracyOptions& options);

struct ProveOptions {
  std::vector<std::string> ops;
  std::string dtype = "f32", direction, target, file;
  double f64_inputs = 1e8;
};
int Prove(const ProveOptions& options);

struct HashOptions {
  std::vector<std::string> ops;
  std::string direction, target, file;
  bool all = false;
};
int Hash(const HashOptions& options);

struct CurvesOptions {
  std::vector<std::string> ops;
  std::string file;
  double from = -10, to = 10;
};
int Curves(const CurvesOptions& options);

// Eval and Accuracy for softmax and its kin (simdact_softmax.cc).
bool IsSoftmax(const std::string& name);
void ListSoftmax();
nlohmann::json DescribeSoftmax();  // an array, for `simdact list --json`
int EvalSoftmax(const EvalOptions& options);
int AccuracyOfSoftmax(const AccuracyOptions& options);

struct TableOptions {
  std::string op, type = "s8", input_scale, input_zero_point = "0", output_scale, output_zero_point = "0";
  std::string rounding, nodes;  // empty: not asked for
  std::vector<std::string> parameters;
};
int Table(const TableOptions& options);

// The gated linear units, in simdact_gates.cc: inputs are pairs "gate,up".
bool IsGate(const std::string& name);
void ListGates();
nlohmann::json DescribeGates();  // an array, for `simdact list --json`
int EvalGate(const EvalOptions& options);
int AccuracyOfGates(const AccuracyOptions& options);

// Log-sum-exp, cross-entropy, gates of any activation and bytes, in simdact_shapes.cc.
bool IsShape(const std::string& name);
void ListShapes();
nlohmann::json DescribeShapes();  // an array, for `simdact list --json`
int EvalShape(const EvalOptions& options);

}  // namespace simdact_command

#endif  // SIMDACT_TOOLS_COMMAND_COMMANDS_H_
