// tests/data/proof.json, what `simdact prove` has found over all inputs: its worst inputs once more, on every
// target that runs here, and its errors beside the claims.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "accuracy.h"

namespace simdact_accuracy {
namespace {

using nlohmann::json;

// One row, in the library's terms.
struct Row {
  explicit Row(const json& row)
      : name(row.at("op").get<std::string>() + "/" + row.at("direction").get<std::string>() + "/" +
             row.at("dtype").get<std::string>() + "/" + row.at("tier").get<std::string>()),
        tier(row.at("tier") == "fast" ? SIMDACT_FAST : SIMDACT_ACCURATE),
        input(std::stod(row.at("worst_input").get<std::string>())),
        error(row.at("max_error").get<double>()) {
    for (int i = 0; i < SIMDACT_OP_COUNT; ++i) {
      if (row.at("op") == simdact_describe(static_cast<simdact_op>(i))->name) op = static_cast<simdact_op>(i);
    }
    for (const simdact_dtype each : Dtypes()) {
      if (row.at("dtype") == DtypeName(each)) dtype = each;
    }
    for (const simdact_direction each : Directions()) {
      if (row.at("direction") == DirectionName(each)) direction = each;
    }
  }
  double Claim(bool fma) const {
    return tier == SIMDACT_FAST ? simdact_fast_claim(op, dtype, direction, fma)
                                : simdact_claim(op, dtype, direction, fma);
  }

  std::string name;
  simdact_op op = SIMDACT_OP_COUNT;
  simdact_dtype dtype = SIMDACT_F32;
  simdact_direction direction = SIMDACT_FORWARD;
  simdact_tier tier;
  double input, error;
};

const json& Rows() {
  static const json rows = [] {
    std::ifstream stream(SIMDACT_TEST_DATA "/proof.json");
    return json::parse(stream).at("rows");
  }();
  return rows;
}

TEST(RecordTest, KeepsTheClaims) {
  ASSERT_FALSE(Rows().empty());
  std::set<std::string> seen;
  for (const json& each : Rows()) {
    const Row row(each);
    ASSERT_NE(row.op, SIMDACT_OP_COUNT) << row.name;
    EXPECT_TRUE(seen.insert(row.name + each.at("target").get<std::string>()).second) << row.name << " twice";
    const simdact_target* target = simdact_target_by_name(each.at("target").get<std::string>().c_str());
    const bool fma = target == nullptr || simdact_target_has_fma(target) != 0;
    EXPECT_LE(row.error, row.Claim(fma)) << row.name;
    if (IsHalf(row.dtype) && row.tier == SIMDACT_ACCURATE) {
      EXPECT_EQ(each.at("wrongly_rounded"), 0) << row.name;
    }
    // A gradient may pass its own extremum by an ulp (mish' does); what is accurate forward stays within its
    // range.
    const bool bounded = row.tier == SIMDACT_ACCURATE && row.direction == SIMDACT_FORWARD;
    EXPECT_FALSE(bounded && each.value("out_of_range", false)) << row.name;
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
  for (const json& each : Rows()) {
    const Row row(each);
    const simdact_params p = RoundedTo(row.dtype, simdact_describe(row.op)->defaults);
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
