// `simdact accuracy`: the largest errors over many inputs, against what activations.def claims.

#include <unistd.h>

#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <functional>

#include "tests/ruler/accuracy.h"
#include "tools/command/commands.h"
#include "tools/command/names.h"

namespace simdact_command {
namespace {

using nlohmann::json;
using namespace simdact_accuracy;  // NOLINT: this program is its front end

// What one sweep is about.
struct Case {
  simdact_op op;
  simdact_dtype dtype;
  simdact_direction direction;
  simdact_tier tier;
  const char* Op() const { return simdact_describe(op)->name; }
  const char* Dtype() const { return DtypeName(dtype); }
  const char* Direction() const { return DirectionName(direction); }
};

double Claim(const Case& c, const simdact_target* target) {
  const int fma = simdact_target_has_fma(target);
  if (c.tier == SIMDACT_EXACT) return 0.5;
  return c.tier == SIMDACT_FAST ? simdact_fast_claim(c.op, c.dtype, c.direction, fma)
                                : simdact_claim(c.op, c.dtype, c.direction, fma);
}

// A 16-bit result half an ulp off is still wrong if it is the wrong one of two neighbours.
bool Kept(const Case& c, const simdact_target* target, const Worst& worst) {
  return worst.error <= Claim(c, target) && (!IsHalf(c.dtype) || worst.wrong == 0);
}

// [x, error] for each sign and exponent with an error.
json ProfileOf(const Worst& worst) {
  json points = json::array();
  for (uint32_t b = 0; b < worst.profile.size(); ++b) {
    const double middle = FromBits((b << 23) | 0x400000);
    if ((b & 0xFF) != 0xFF && worst.profile[b] > 0) {
      points.push_back({std::stod(Format("%.4g", middle)), std::stod(Format("%.4g", worst.profile[b]))});
    }
  }
  return points;
}

json RowOf(const Case& c, const simdact_target* target, const Worst& worst, uint64_t inputs) {
  json row = {{"op", c.Op()},
              {"direction", c.Direction()},
              {"dtype", c.Dtype()},
              {"tier", TierName(c.tier)},
              {"target", simdact_target_name(target)},
              {"inputs", inputs},
              {"max_ulp", UlpsJson(worst.error)},
              {"claim", Claim(c, target)},
              {"x", Format("%a", worst.x)},
              {"x_decimal", worst.x},
              {"got", Format("%a", worst.got)},
              {"want", Format("%.21Lg", worst.exact)},
              {"ok", Kept(c, target, worst)}};
  if (IsHalf(c.dtype) && c.tier == SIMDACT_ACCURATE) row["wrongly_rounded"] = worst.wrong;
  if (c.dtype == SIMDACT_F32) row["profile"] = ProfileOf(worst);  // the others would look alike
  return row;
}

constexpr const char* kHeader = "%-16s %-5s %-11s %-9s %11s %8s %6s %6s  %s\n";

void Print(FILE* out, const Case& c, const simdact_target* target, const Worst& worst, uint64_t inputs) {
  const std::string wrong = IsHalf(c.dtype) ? Format("%" PRIu64, worst.wrong) : "-";
  const int digits = c.dtype == SIMDACT_F64 ? 17 : 9;
  std::fprintf(out, "%-16s %-5s %-11s %-9s %11" PRIu64 " %8.4f %5.2f%s %6s  %a (%.*g) %.*g %.*Lg\n", c.Op(),
               c.Dtype(), c.Direction(), simdact_target_name(target), inputs, worst.error, Claim(c, target),
               Kept(c, target, worst) ? " " : "!", wrong.c_str(), worst.x, digits, worst.x, digits, worst.got,
               digits + 3, worst.exact);
}

// A line on the terminal that is overwritten as the sweep goes on.
std::function<void(double)> Progress(const Case& c) {
  if (isatty(STDERR_FILENO) == 0) return nullptr;
  return [c](double done) {
    std::fprintf(stderr, "\r%s %s %s %.0f %% ", c.Op(), c.Dtype(), c.Direction(), 100 * done);
  };
}

std::vector<Case> CasesOf(const AccuracyOptions& options) {
  std::vector<simdact_op> ops;
  for (const std::string& name : options.ops) ops.push_back(FindOp(name));
  if (ops.empty()) ops = AllOps();
  std::vector<Case> cases;
  for (const simdact_op op : ops) {
    for (const simdact_dtype dtype : FindDtypes(options.dtype)) {
      for (const simdact_direction direction : FindDirections(options.direction)) {
        const simdact_tier tier = TierOf(options.tier);
        if (tier == SIMDACT_EXACT && dtype == SIMDACT_F64) throw UsageError("there is no exact tier for f64");
        if (Exists(op, direction) && (tier != SIMDACT_FAST || direction != SIMDACT_BACKWARD_FROM_OUTPUT)) {
          cases.push_back({op, dtype, direction, tier});
        }
      }
    }
  }
  if (cases.empty() && TierOf(options.tier) == SIMDACT_FAST) {
    throw UsageError(
        "the fast tier is forward and backward from the input only; valid: --direction forward, backward");
  }
  if (cases.empty()) {
    throw UsageError("these derivatives do not follow from the output; valid: " +
                     OpsWithDerivativeFromOutput());
  }
  return cases;
}

Sample SampleOf(const AccuracyOptions& options) {
  Sample sample;
  sample.exhaustive = options.exhaustive;
  if (!(options.f64_inputs >= 1000 && options.f64_inputs <= 1e12)) {
    throw UsageError("--inputs takes a number from 1000 to 1e12");
  }
  sample.total = static_cast<uint64_t>(options.f64_inputs);
  return sample;
}

}  // namespace

int Accuracy(const AccuracyOptions& options) {
  const std::vector<Case> cases = CasesOf(options);
  const std::vector<const simdact_target*> targets = FindTargets(options.target);
  const Sample sample = SampleOf(options);
  FILE* out = options.file == "-" ? stderr : stdout;  // JSON on standard output stands alone
  CheckWritable(options.file);

  json rows = json::array();
  int failed = 0;
  std::fprintf(out, kHeader, "op", "dtype", "direction", "target", "inputs", "max ulp", "claim", "wrong",
               "worst input, got, want");
  size_t shown = 0;
  for (const Case& c : cases) {
    std::vector<const simdact_target*> measured;
    for (const simdact_target* target : targets) {
      if (c.tier != SIMDACT_FAST || HasFast(target, c.op, c.dtype, c.direction)) measured.push_back(target);
    }
    if (measured.empty()) continue;
    uint64_t inputs = 0;
    const auto progress = Progress(c);
    const std::vector<Worst> worst =
        Sweep(c.op, c.dtype, c.direction, c.tier, simdact_describe(c.op)->defaults, measured, sample, &inputs,
              progress);
    if (progress) std::fprintf(stderr, "\r%60s\r", "");
    for (size_t t = 0; t < measured.size(); ++t) {
      Print(out, c, measured[t], worst[t], inputs);
      ++shown;
      failed += !Kept(c, measured[t], worst[t]);
      if (!options.file.empty()) rows.push_back(RowOf(c, measured[t], worst[t], inputs));
    }
    std::fflush(out);
  }
  if (shown == 0)
    std::fprintf(out, "nothing to measure: on these targets fast means accurate for these ops\n");
  if (failed != 0) std::fprintf(out, "%d claims failed; their rows are marked with !\n", failed);
  WriteRows(rows, options.exhaustive, options.file);
  return failed == 0 ? 0 : 1;
}

}  // namespace simdact_command
