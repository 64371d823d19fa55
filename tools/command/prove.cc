// `simdact prove`: all inputs of all kernels, and the record of what they showed.
//
// The record is JSON: {"schema": 1, "rows": [...], "other_parameters": [...]}, a line for each op, direction,
// dtype, tier and target; functions with parameters have a second one, of samples at 20 other sets of them. A
// row is measured anew only where the object that holds its kernel has changed, by its SHA-256: so a sweep
// that was interrupted goes on where it stopped, and a change of one family costs the time of that family.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>

#include "tests/ruler/accuracy.h"
#include "tests/ruler/parameters.h"
#include "tests/ruler/proof.h"
#include "tools/command/commands.h"
#include "tools/command/names.h"

namespace simdact_command {
namespace {

using nlohmann::json;
using namespace simdact_accuracy;  // NOLINT: this program is its front end

// The hash of an object of kernels/, by its name.
std::string CodeHash(const std::string& object) {
  static const std::map<std::string, std::string> hashes = {
#include "simdact_code_hashes.inc"
  };
  const auto found = hashes.find(object);
  return found == hashes.end() ? "" : found->second;
}

// Which source holds an op's kernels.
std::string ObjectOf(simdact_op op, simdact_dtype dtype) {
  if (IsHalf(dtype)) return "half";
  std::string name;
#define SIMDACT_X(Name, name_, ...) \
  if (op == SIMDACT_OP_##name_) name = family;
#define SIMDACT_F(Family, LIST)         \
  {                                     \
    const char* const family = #Family; \
    LIST(SIMDACT_X)                     \
  }
  SIMDACT_FAMILIES(SIMDACT_F)
#undef SIMDACT_F
#undef SIMDACT_X
  for (char& letter : name) letter = static_cast<char>(std::tolower(letter));
  return name;
}

// One row of the record: of an op at its default parameters, or at kOtherSets others.
constexpr size_t kOtherSets = 20;
struct Row {
  simdact_op op;
  simdact_dtype dtype;
  simdact_direction direction;
  simdact_tier tier;
  const simdact_target* target;
  bool others = false;

  std::string Key() const {
    return std::string(simdact_describe(op)->name) + "/" + DirectionName(direction) + "/" + DtypeName(dtype) +
           "/" + TierName(tier) + "/" + simdact_target_name(target) + (others ? kOthers : "");
  }
  double Claim() const {
    const int fma = simdact_target_has_fma(target);
    if (tier == SIMDACT_FAST) return simdact_fast_claim(op, dtype, direction, fma);
    // dispatch/README.md, "Parameters": what a parameter's own product may add.
    return simdact_claim(op, dtype, direction, fma) + (others && !IsHalf(dtype) ? 0.5 : 0.0);
  }
  static constexpr char kOthers[] = "/others";
};

std::string KeyOf(const json& row) {
  std::string key;
  for (const char* part : {"op", "direction", "dtype", "tier", "target"})
    key += (key.empty() ? "" : "/") + row.at(part).get<std::string>();
  return key + (row.contains("parameters") ? Row::kOthers : "");
}

// As few digits as tell errors apart.
double Short(double value) { return std::stod(Format("%.6g", value)); }
std::string Hex(double value) { return Format("%a", value); }

json Common(const Row& row, double max_error, double x, double got, long double exact, uint64_t inputs) {
  return {{"op", simdact_describe(row.op)->name},
          {"direction", DirectionName(row.direction)},
          {"dtype", DtypeName(row.dtype)},
          {"tier", TierName(row.tier)},
          {"target", simdact_target_name(row.target)},
          {"inputs", inputs},
          {"max_error", UlpsJson(Short(max_error))},
          {"worst_input", Hex(x)},
          {"got", Hex(got)},
          {"exact", Format("%.21Lg", exact)}};
}

json JsonOf(const Row& row, const Record& r) {
  json result = Common(row, r.max_error, r.worst_input, r.got, r.exact, r.inputs);
  result["uncertainty"] = Short(r.uncertainty);
  result["mean_error"] = Short(r.mean_error);
  result["wrongly_rounded"] = r.wrongly_rounded;
  result["max_denormal_error"] = UlpsJson(Short(r.max_denormal_error));
  if (r.largest_flushed != 0)
    result["flushed_to_zero"] = {{"input", Hex(r.flushed_input)}, {"exact", Short(r.largest_flushed)}};
  result["out_of_order"] = r.out_of_order;
  result["out_of_range"] = r.out_of_range;
  if (r.symmetric) result["asymmetric"] = r.asymmetric;
  result["sha256"] = r.sha256;
  return result;
}

json JsonOf(const Row& row, const Worst& worst, uint64_t inputs) {
  json result = Common(row, worst.error, worst.x, worst.got, worst.exact, inputs);
  if (IsHalf(row.dtype)) result["wrongly_rounded"] = worst.wrong;
  result["sampled"] = !IsHalf(row.dtype);
  return result;
}

// The record in a file, read at the start and written after each function.
class RecordFile {
 public:
  explicit RecordFile(const std::string& name) : name_(name) {
    if (name.empty()) return;
    std::ifstream stream(name);
    if (!stream) return;
    try {
      const json record = json::parse(stream);
      if (record.at("schema") != kSchema)
        throw UsageError("'" + name + "' has another schema than " + std::to_string(kSchema));
      for (const char* list : {"rows", "other_parameters"}) {
        for (const json& row : record.value(list, json::array())) rows_[KeyOf(row)] = row;
      }
    } catch (const json::exception&) {
      throw UsageError("'" + name + "' is not a record that 'simdact prove' has written");
    }
  }

  // Whether the row was measured on the code that is here, with as many inputs.
  bool Has(const Row& row, uint64_t inputs) const {
    const auto found = rows_.find(row.Key());
    return found != rows_.end() && found->second.value("code", "") == CodeHash(ObjectOf(row.op, row.dtype)) &&
           found->second.value("inputs", uint64_t{0}) >= inputs;
  }
  void Add(const Row& row, json measured) {
    measured["code"] = CodeHash(ObjectOf(row.op, row.dtype));
    measured["compiler"] = Compiler();
    measured["cpu"] = Cpu();
    rows_[row.Key()] = measured;
  }
  // Through another file, so that a record is never half written.
  void Write() const {
    if (name_.empty()) return;
    const std::string part = name_ + ".part";
    std::ofstream stream(part);
    stream << "{\"schema\": " << kSchema;
    for (const bool others : {false, true}) {
      stream << (others ? ", \"other_parameters\": [" : ", \"rows\": [");
      const char* separator = "\n";
      for (const auto& row : rows_) {
        if (row.second.contains("parameters") == others)
          stream << separator << row.second.dump(), separator = ",\n";
      }
      stream << "\n]";
    }
    stream << "}\n";
    stream.close();
    if (!stream || std::rename(part.c_str(), name_.c_str()) != 0)
      throw UsageError("cannot write '" + name_ + "'");
  }

 private:
  static constexpr int kSchema = 1;

  static std::string Compiler() {
#if defined(__clang__)
    return Format("clang %d.%d", __clang_major__, __clang_minor__);
#elif defined(__GNUC__)
    return Format("g++ %d.%d", __GNUC__, __GNUC_MINOR__);
#else
    return "unknown";
#endif
  }
  static std::string Cpu() {
    std::ifstream stream("/proc/cpuinfo");
    std::string family, model, name;
    for (std::string line; std::getline(stream, line) && !line.empty();) {
      const auto value = [&] { return line.substr(std::min(line.size(), line.find(':') + 2)); };
      if (line.rfind("cpu family", 0) == 0) family = value();
      if (line.rfind("model\t", 0) == 0) model = value();
      if (line.rfind("model name", 0) == 0) name = value();
    }
    return name.empty() ? "unknown" : name + ", family " + family + ", model " + model;
  }

  std::string name_;
  std::map<std::string, json> rows_;
};

// What is swept at once: one function in one format, on all targets and tiers that want it.
using Work = std::vector<Row>;

std::vector<Work> WorkOf(const ProveOptions& options, const RecordFile& record, uint64_t f64_inputs) {
  std::vector<simdact_op> ops;
  for (const std::string& name : options.ops) ops.push_back(FindOp(name));
  if (ops.empty()) ops = AllOps();
  std::vector<Work> all;
  const auto add = [&](simdact_op op, simdact_dtype dtype, simdact_direction direction, bool others) {
    Work work;
    for (const simdact_target* target : FindTargets(options.target)) {
      for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
        const Row row = {op, dtype, direction, tier, target, others};
        if (tier == SIMDACT_FAST && !HasFast(target, op, dtype, direction)) continue;
        if (!record.Has(row, dtype == SIMDACT_F64 && !others ? f64_inputs : 1)) work.push_back(row);
      }
    }
    if (!work.empty()) all.push_back(work);
  };
  for (const simdact_dtype dtype : FindDtypes(options.dtype)) {
    for (const simdact_op op : ops) {
      for (const simdact_direction direction : FindDirections(options.direction)) {
        if (!Exists(op, direction)) continue;
        add(op, dtype, direction, false);
        if (simdact_describe(op)->parameters > 0) add(op, dtype, direction, true);
      }
    }
  }
  return all;
}

// How far all of it is, and how long the rest will take.
class Clock {
 public:
  explicit Clock(size_t works) : works_(static_cast<double>(works)) {}
  void Show(const Row& row, size_t before, double done) const {
    const double share = (static_cast<double>(before) + done) / works_;
    const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    std::fprintf(stderr, "\r%5.1f %%, %4.0f min left: %s %s %s %.0f %%      ", 100 * share,
                 passed * (1 - share) / std::max(share, 1e-6) / 60, simdact_describe(row.op)->name,
                 DtypeName(row.dtype), DirectionName(row.direction), 100 * done);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double works_;
};

std::vector<json> ProveF32(const Work& work, const std::function<void(double)>& progress) {
  const Row& first = work.front();
  Proof proof = {first.op, first.direction, simdact_describe(first.op)->defaults, {}, {}};
  for (const Row& row : work)
    proof.kernels.push_back({simdact_find(row.target, row.op, row.dtype, row.tier), row.tier});
  const std::vector<Record> records = Prove(proof, progress);
  std::vector<json> rows;
  for (size_t i = 0; i < work.size(); ++i) rows.push_back(JsonOf(work[i], records[i]));
  return rows;
}

// What ProveOthers and ProveSets sweep: the rows of one tier, and their targets.
struct OfTier {
  OfTier(const Work& work, simdact_tier tier) {
    for (const Row& row : work) {
      if (row.tier == tier) rows.push_back(row), targets.push_back(row.target);
    }
  }
  Work rows;
  std::vector<const simdact_target*> targets;
};

// 16 bits: all inputs, f64: many.
std::vector<json> ProveOthers(const Work& work, uint64_t inputs,
                              const std::function<void(double)>& progress) {
  std::vector<json> found;
  Sample sample;
  sample.total = inputs;
  for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
    const OfTier of(work, tier);
    if (of.rows.empty()) continue;
    const Row& row = of.rows.front();
    uint64_t tried = 0;
    const std::vector<Worst> worst =
        Sweep(row.op, row.dtype, row.direction, tier, simdact_describe(row.op)->defaults, of.targets, sample,
              &tried, progress);
    for (size_t i = 0; i < of.rows.size(); ++i) found.push_back(JsonOf(of.rows[i], worst[i], tried));
  }
  return found;
}

// The worst of all other sets of parameters; those of the sample and all 16-bit numbers.
std::vector<json> ProveSets(const Work& work, const std::function<void(double)>& progress) {
  std::vector<json> found;
  const simdact_description& description = *simdact_describe(work.front().op);
  for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
    const OfTier of(work, tier);
    if (of.rows.empty()) continue;
    const Row& row = of.rows.front();
    std::vector<Worst> worst(of.rows.size());
    uint64_t inputs = 0, done = 0;
    const std::vector<simdact_params> sets = OtherParameters(row.op, kOtherSets);
    std::vector<simdact_params> where(of.rows.size(), sets.front());
    for (const simdact_params& p : sets) {
      uint64_t tried = 0;
      const std::vector<Worst> here =
          Sweep(row.op, row.dtype, row.direction, tier, p, of.targets, Sample(), &tried);
      for (size_t i = 0; i < worst.size(); ++i) {
        const uint64_t wrong = worst[i].wrong + here[i].wrong;
        if (StandsFor(here[i], worst[i])) worst[i] = here[i], where[i] = p;
        worst[i].wrong = wrong;
      }
      inputs += tried;
      if (progress) progress(static_cast<double>(++done) / kOtherSets);
    }
    for (size_t i = 0; i < worst.size(); ++i) {
      json measured = JsonOf(of.rows[i], worst[i], inputs);
      measured["sets"] = kOtherSets;
      for (int k = 0; k < description.parameters; ++k)
        measured["parameters"][description.parameter_names[k]] = where[i].value[k];
      found.push_back(measured);
    }
  }
  return found;
}

// A 16-bit result that is the wrong one of two neighbours is wrong even if it is half an ulp off; but for
// parameters that are no 16-bit numbers, with which results come as close to the middle as one likes.
bool Kept(const Row& row, const json& measured) {
  if (!measured["max_error"].is_number() || measured["max_error"].get<double>() > row.Claim()) return false;
  return !IsHalf(row.dtype) || row.tier == SIMDACT_FAST || row.others || measured["wrongly_rounded"] == 0;
}

void Print(const Row& row, const json& measured) {
  const json& error = measured["max_error"];
  std::printf("%-50s %8s %5.2f%s  %s -> %s, %s\n", row.Key().c_str(), error.dump().substr(0, 7).c_str(),
              row.Claim(), Kept(row, measured) ? " " : "!",
              measured["worst_input"].get<std::string>().c_str(), measured["got"].get<std::string>().c_str(),
              measured["exact"].get<std::string>().c_str());
}

}  // namespace

int Prove(const ProveOptions& options) {
  if (!(options.f64_inputs >= 1000 && options.f64_inputs <= 1e12))
    throw UsageError("--inputs takes a number from 1000 to 1e12");
  const uint64_t f64_inputs = static_cast<uint64_t>(options.f64_inputs);
  RecordFile record(options.file);
  record.Write();  // a file that cannot be written shows before the work, not after it
  const std::vector<Work> all = WorkOf(options, record, f64_inputs);
  const Clock clock(all.size());
  int failed = 0;
  for (size_t w = 0; w < all.size(); ++w) {
    const Work& work = all[w];
    std::function<void(double)> progress;
    if (isatty(STDERR_FILENO) != 0) progress = [&, w](double done) { clock.Show(all[w].front(), w, done); };
    const bool all_floats = work.front().dtype == SIMDACT_F32;
    const std::vector<json> rows = work.front().others ? ProveSets(work, progress)
                                   : all_floats        ? ProveF32(work, progress)
                                                       : ProveOthers(work, f64_inputs, progress);
    if (progress) std::fprintf(stderr, "\r%80s\r", "");
    // ProveOthers and ProveSets have sorted the rows by tier.
    for (const json& measured : rows) {
      const auto row =
          std::find_if(work.begin(), work.end(), [&](const Row& r) { return r.Key() == KeyOf(measured); });
      Print(*row, measured);
      failed += !Kept(*row, measured);
      record.Add(*row, measured);
    }
    std::fflush(stdout);
    record.Write();
  }
  if (all.empty()) std::printf("nothing to do: the record has all rows, of the code that is here\n");
  if (failed != 0) std::printf("%d claims failed; their rows are marked with !\n", failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace simdact_command
