// tests/data/proof.json, what `simdact prove` has found over all inputs: its worst inputs once more, on every
// target that runs here, and its errors beside the claims.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "tests/ruler/accuracy.h"

namespace simdact_accuracy {
namespace {

using nlohmann::json;

// One row, in the library's terms.
struct Row {
  explicit Row(const json& row)
      : name(row.at("op").get<std::string>() + "/" + row.at("direction").get<std::string>() + "/" +
             row.at("dtype").get<std::string>() + "/" + row.at("tier").get<std::string>()),
        tier(row.at("tier") == "fast" ? SIMDACT_FAST : SIMDACT_ACCURATE),
        target(simdact_target_by_name(row.at("target").get<std::string>().c_str())),
        input(std::stod(row.at("worst_input").get<std::string>())),
        error(row.at("max_error").get<double>()),
        others(row.contains("parameters")) {
    for (int i = 0; i < SIMDACT_OP_COUNT; ++i) {
      if (row.at("op") == simdact_describe(static_cast<simdact_op>(i))->name) op = static_cast<simdact_op>(i);
    }
    // The fast tier may do as it likes with denormal results, within bounds that max_error knows. Theirs are
    // errors beside a polynomial, which is off by some 2^-39 where f(x) = x.
    if (tier == SIMDACT_ACCURATE) {
      const double beside = std::max(0x1p-32, row.value("uncertainty", 0.0));
      error = std::max(error, row.value("max_denormal_error", 0.0) - beside);
    }
    parameters = simdact_describe(op)->defaults;
    for (int i = 0; others && i < simdact_describe(op)->parameters; ++i)
      parameters.value[i] = row.at("parameters").at(simdact_describe(op)->parameter_names[i]).get<double>();
    for (const simdact_dtype each : Dtypes()) {
      if (row.at("dtype") == DtypeName(each)) dtype = each;
    }
    for (const simdact_direction each : Directions()) {
      if (row.at("direction") == DirectionName(each)) direction = each;
    }
  }
  // At other parameters than the defaults as dispatch/README.md says.
  double Claim(bool fma) const {
    if (tier == SIMDACT_FAST) return simdact_fast_claim(op, dtype, direction, fma);
    const double more = !others ? 0.0 : IsHalf(dtype) ? 0x1p-40 : 0.5;
    return simdact_claim(op, dtype, direction, fma) + more;
  }
  // A target that this library was built without has it as well.
  bool HasFma() const { return target == nullptr || simdact_target_has_fma(target) != 0; }

  std::string name;
  simdact_op op = SIMDACT_OP_COUNT;
  simdact_dtype dtype = SIMDACT_F32;
  simdact_direction direction = SIMDACT_FORWARD;
  simdact_tier tier;
  const simdact_target* target;
  double input, error;
  simdact_params parameters = {};
  bool others;  // at the worst of 20 other sets of parameters
};

const json& Record() {
  static const json record = [] {
    std::ifstream stream(SIMDACT_TEST_DATA "/proof.json");
    return json::parse(stream);
  }();
  return record;
}
const json& Rows() { return Record().at("rows"); }
// Those of functions with parameters, at others than the defaults.
const json& OtherRows() { return Record().at("other_parameters"); }

TEST(RecordTest, KeepsTheClaims) {
  ASSERT_FALSE(Rows().empty());
  std::set<std::string> seen;
  for (const json& each : Rows()) {
    const Row row(each);
    ASSERT_NE(row.op, SIMDACT_OP_COUNT) << row.name;
    EXPECT_TRUE(seen.insert(row.name + each.at("target").get<std::string>()).second) << row.name << " twice";
    EXPECT_LE(row.error, row.Claim(row.HasFma())) << row.name;
    if (IsHalf(row.dtype) && row.tier == SIMDACT_ACCURATE) {
      EXPECT_EQ(each.at("wrongly_rounded"), 0) << row.name;
    }
    // A gradient may pass its own extremum by an ulp (mish' does); what is accurate forward stays within its
    // range.
    const bool bounded = row.tier == SIMDACT_ACCURATE && row.direction == SIMDACT_FORWARD;
    EXPECT_FALSE(bounded && each.value("out_of_range", false)) << row.name;
  }
}

TEST(RecordTest, KeepsTheClaimsAtOtherParameters) {
  std::set<simdact_op> seen;
  for (const json& each : OtherRows()) {
    const Row row(each);
    seen.insert(row.op);
    EXPECT_GE(each.at("sets"), 20) << row.name;
    EXPECT_LE(row.error, row.Claim(row.HasFma())) << row.name;
  }
  for (int i = 0; i < SIMDACT_OP_COUNT; ++i) {
    const simdact_op op = static_cast<simdact_op>(i);
    EXPECT_EQ(seen.count(op), simdact_describe(op)->parameters > 0 ? 1u : 0u) << simdact_describe(op)->name;
  }
}

// A claim that is far above what was measured promises less than there is. It stands for all targets with
// FMA, or all without; at other parameters half an ulp is added to it, so it need not be far below what those
// show.
TEST(RecordTest, NoClaimIsSlack) {
  struct Found {
    double claim, error;
  };
  std::map<std::string, Found> found;
  for (const json* rows : {&Rows(), &OtherRows()}) {
    for (const json& each : *rows) {
      const Row row(each);
      // The fast tier and 16 bits have one claim for all; of f64 there is a sample, which understates.
      if (row.tier == SIMDACT_FAST || row.dtype != SIMDACT_F32) continue;
      const std::string key = row.name + (row.HasFma() ? "" : " without FMA");
      const double claim = simdact_claim(row.op, row.dtype, row.direction, row.HasFma());
      Found& f = found.insert({key, {claim, 0.0}}).first->second;
      f.error = std::max(f.error, row.error);
    }
  }
  ASSERT_FALSE(found.empty());
  for (const auto& [name, f] : found) {
    EXPECT_LE(f.claim, 1.25 * f.error + 0.1) << name << ": " << f.error << " was measured";
  }
}

// Every function, in each format on each target that the record knows; the fast tier, where it has a kernel.
TEST(RecordTest, LacksNoFunction) {
  std::set<std::string> seen;
  std::set<std::pair<simdact_dtype, std::string>> swept;
  for (const json& each : Rows()) {
    const Row row(each);
    const std::string target = each.at("target").get<std::string>();
    swept.insert({row.dtype, target}), seen.insert(row.name + "/" + target);
  }
  EXPECT_EQ(swept.count({SIMDACT_F32, "AVX2"}), 1u);
  EXPECT_EQ(swept.count({SIMDACT_F32, "AVX3"}), 1u);
  for (const auto& [dtype, name] : swept) {
    const simdact_target* target = simdact_target_by_name(name.c_str());
    for (int i = 0; i < SIMDACT_OP_COUNT; ++i) {
      const simdact_op op = static_cast<simdact_op>(i);
      for (const simdact_direction direction : Directions()) {
        if (!Exists(op, direction)) continue;
        const std::string function =
            std::string(simdact_describe(op)->name) + "/" + DirectionName(direction) + "/" + DtypeName(dtype);
        EXPECT_EQ(seen.count(function + "/accurate/" + name), 1u) << function << " on " << name;
        if (target == nullptr || !HasFast(target, op, dtype, direction)) continue;
        EXPECT_EQ(seen.count(function + "/fast/" + name), 1u) << function << ", fast, on " << name;
      }
    }
  }
}

TEST(RecordTest, WorstInputsKeepTheClaimsHere) {
  json all = Rows();
  all.insert(all.end(), OtherRows().begin(), OtherRows().end());
  for (const json& each : all) {
    const Row row(each);
    const simdact_params p = RoundedTo(row.dtype, row.parameters);
    const long double exact = Exact(row.op, row.direction, row.input, p);
    for (const simdact_target* target : RunningTargets()) {
      if (row.tier == SIMDACT_FAST && !HasFast(target, row.op, row.dtype, row.direction)) continue;
      const simdact_kernel& kernel = *simdact_find(target, row.op, row.dtype, row.tier);
      const double got = Evaluate(kernel, row.dtype, row.direction, p, row.input);
      const double claim = row.Claim(simdact_target_has_fma(target) != 0);
      const double error = row.tier == SIMDACT_FAST
                               ? FastError(row.dtype, got, exact,
                                           LargestTerm(row.op, row.direction, row.input, p.value), claim)
                               : UlpError(row.dtype, got, exact);
      EXPECT_LE(error, claim) << row.name << " at " << row.input << " on " << simdact_target_name(target);
    }
  }
}

}  // namespace
}  // namespace simdact_accuracy
