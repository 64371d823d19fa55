// `simdact hash`: the exact tier's results as hashes, which are the same on every target and architecture.

#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/ruler/accuracy.h"
#include "tests/ruler/exact_hash.h"
#include "tests/ruler/proof.h"
#include "tools/command/commands.h"
#include "tools/command/names.h"

namespace simdact_command {
namespace {

using nlohmann::json;
using namespace simdact_accuracy;  // NOLINT: this program is its front end

struct Function {
  simdact_op op;
  simdact_direction direction;
  std::string Name() const {
    return std::string(simdact_describe(op)->name) + "/" + DirectionName(direction);
  }
};

std::vector<Function> FunctionsOf(const HashOptions& options, const simdact_target* target) {
  std::vector<simdact_op> ops;
  for (const std::string& name : options.ops) ops.push_back(FindOp(name));
  if (ops.empty()) ops = AllOps();
  std::vector<Function> functions;
  for (const simdact_op op : ops) {
    if (!HasExact(target, op, SIMDACT_F32)) continue;
    for (const simdact_direction direction : FindDirections(options.direction)) {
      if (Exists(op, direction)) functions.push_back({op, direction});
    }
  }
  if (functions.empty())
    throw UsageError(
        "these have no exact tier of their own: their values are floats anyway, or this build has no f64");
  return functions;
}

json Read(const std::string& name) {
  std::ifstream stream(name);
  if (name.empty() || !stream) return {{"schema", 1}, {"functions", json::object()}};
  try {
    const json record = json::parse(stream);
    if (record.at("schema") == 1 && record.at("functions").is_object()) return record;
  } catch (const json::exception&) {
  }
  throw UsageError("'" + name + "' is not a record that 'simdact hash' has written");
}

// What a function's row is of: nothing that another machine would not find as well.
json Measure(const Function& f, const simdact_kernel& kernel, bool all,
             const std::function<void(double)>& progress) {
  json row = {{"stratified", Format("%016" PRIx64, StratifiedHash(kernel, f.op, f.direction))},
              {"sparse", Format("%016" PRIx64, StratifiedHash(kernel, f.op, f.direction, kSparse))}};
  if (!all) return row;
  const Proof proof = {f.op, f.direction, simdact_describe(f.op)->defaults, {{&kernel, SIMDACT_EXACT}}, {}};
  const Record record = Prove(proof, progress)[0];
  row["sha256"] = record.sha256;
  row["inputs"] = record.inputs;
  row["wrongly_rounded"] = record.wrongly_rounded;
  return row;
}

}  // namespace

int Hash(const HashOptions& options) {
  const simdact_target* target =
      options.target.empty() ? simdact_target_default() : FindTarget(options.target);
  json record = Read(options.file);
  int differ = 0;
  for (const Function& f : FunctionsOf(options, target)) {
    const simdact_kernel& kernel = *simdact_find(target, f.op, SIMDACT_F32, SIMDACT_EXACT);
    std::function<void(double)> progress;
    if (isatty(STDERR_FILENO) != 0) {
      progress = [&f](double done) { std::fprintf(stderr, "\r%s %.0f %%  ", f.Name().c_str(), 100 * done); };
    }
    const json row = Measure(f, kernel, options.all, progress);
    if (progress) std::fprintf(stderr, "\r%60s\r", "");
    json& known = record["functions"][f.Name()];
    bool same = true;  // as far as it was known
    for (const auto& [key, value] : row.items()) {
      same = same && (!known.contains(key) || known[key] == value);
      known[key] = value;
    }
    differ += !same || row.value("wrongly_rounded", 0) != 0;
    std::printf("%-28s %s%s%s\n", f.Name().c_str(), row["stratified"].get<std::string>().c_str(),
                options.all ? (" " + row["sha256"].get<std::string>() +
                               ", wrongly rounded: " + std::to_string(row["wrongly_rounded"].get<uint64_t>()))
                                  .c_str()
                            : "",
                same ? "" : " (not what the record has)");
    std::fflush(stdout);
    if (!options.file.empty()) WriteJson(record, options.file);
  }
  if (differ != 0) std::printf("%d functions differ from the record, or are not correctly rounded\n", differ);
  return differ == 0 ? 0 : 1;
}

}  // namespace simdact_command
