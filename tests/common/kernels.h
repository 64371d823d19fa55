// What the tests loop over: every op, number format, direction and target that runs here.
#ifndef SIMDACT_TESTS_COMMON_KERNELS_H_
#define SIMDACT_TESTS_COMMON_KERNELS_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "simdact/simdact.h"
#include "tests/ruler/accuracy.h"

namespace simdact_test {

using simdact_accuracy::Array;
using simdact_accuracy::FormatOf;
using simdact_accuracy::IsHalf;

// Emulators and sanitizers are slow: $SIMDACT_TEST_QUICK asks for fewer inputs, never for fewer checks.
inline bool Quick() { return std::getenv("SIMDACT_TEST_QUICK") != nullptr; }

// Highway's partial load reads the odd elements one by one, which the undefined-behaviour sanitizer objects
// to at addresses that no such element has; CPUs do not.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kWholeElements = true;
#else
constexpr bool kWholeElements = false;
#endif

// Of a test for each op: testing::Range(0, SIMDACT_OP_COUNT) gives the parameters, this their names.
inline std::string OpName(const testing::TestParamInfo<int>& info) {
  return simdact_describe(static_cast<simdact_op>(info.param))->name;
}

struct Case {
  const simdact_target* target;
  simdact_op op;
  simdact_dtype dtype;
  simdact_direction direction;
  simdact_tier tier;
  const simdact_kernel* kernel;
  const simdact_description* description;
  bool Is(const char* name) const { return simdact_accuracy::SameName(description->name, name); }
  bool Is(const char* name, simdact_direction wanted) const { return Is(name) && direction == wanted; }
  // Whether the tier lets f give `got` for a result `exact`, with `ulps` of error in the accurate one.
  bool Allows(double got, long double exact, double ulps) const {
    const double claim = simdact_fast_claim(op, dtype, direction, 1);
    return tier == SIMDACT_FAST ? simdact_accuracy::FastError(dtype, got, exact, 1, claim) <= claim
                                : simdact_accuracy::UlpError(dtype, got, exact) <= ulps;
  }
  std::string Name() const {
    return std::string(description->name) + " " + simdact_accuracy::DtypeName(dtype) + " " +
           simdact_accuracy::DirectionName(direction) + TierName() + simdact_target_name(target);
  }
  const char* TierName() const {
    return tier == SIMDACT_FAST ? ", fast, on " : tier == SIMDACT_EXACT ? ", exact, on " : " on ";
  }
};

// Calls f(case) until it fails fatally; for one op, or for all. With the fast tier where it is one of its
// own, or without; and with the exact one.
enum class Tiers { kAccurate, kBoth, kAll };
template <class F>
void ForEachKernelOf(simdact_op op, const F& f, Tiers tiers = Tiers::kAccurate) {
  using namespace simdact_accuracy;  // NOLINT: all of this comes from there
  for (const simdact_target* target : RunningTargets()) {
    for (const simdact_dtype dtype : Dtypes()) {
      for (const simdact_direction direction : Directions()) {
        for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST, SIMDACT_EXACT}) {
          if (!Exists(op, direction)) continue;
          if (tier == SIMDACT_FAST && (tiers == Tiers::kAccurate || !HasFast(target, op, dtype, direction)))
            continue;
          if (tier == SIMDACT_EXACT && (tiers != Tiers::kAll || !HasExact(target, op, dtype))) continue;
          const simdact_kernel* kernel = simdact_find(target, op, dtype, tier);
          const Case c{target, op, dtype, direction, tier, kernel, simdact_describe(op)};
          SCOPED_TRACE(c.Name());
          ASSERT_NE(c.kernel, nullptr);
          f(c);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}
template <class F>
void ForEachKernel(const F& f) {
  for (int op = 0; op < SIMDACT_OP_COUNT && !testing::Test::HasFatalFailure(); ++op) {
    ForEachKernelOf(static_cast<simdact_op>(op), f);
  }
}

// The same numbers, or, for the derivative from the output, the outputs that they have.
inline std::vector<double> ValidInputs(const Case& c, std::vector<double> x) {
  if (c.direction != SIMDACT_BACKWARD_FROM_OUTPUT) return x;
  const simdact_params p = simdact_accuracy::RoundedTo(c.dtype, c.description->defaults);
  for (double& value : x) {
    value = simdact_accuracy::Rounded(c.dtype, simdact_accuracy::Exact(c.op, SIMDACT_FORWARD, value, p));
  }
  return x;
}

// One result, through the same code as a whole array.
inline double Evaluate(const Case& c, double x, const simdact_params& p) {
  return simdact_accuracy::Evaluate(*c.kernel, c.dtype, c.direction, p, x);
}
inline double Evaluate(const Case& c, double x) { return Evaluate(c, x, c.description->defaults); }

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_COMMON_KERNELS_H_
