// What the tests loop over: every op, direction and target that runs here.
#ifndef SIMDACT_TESTS_KERNELS_H_
#define SIMDACT_TESTS_KERNELS_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "accuracy.h"
#include "simdact/simdact.h"

namespace simdact_test {

using simdact_accuracy::Direction;
using simdact_accuracy::kBackward;
using simdact_accuracy::kForward;

// Emulators and sanitizers are slow: $SIMDACT_TEST_QUICK asks for fewer inputs, never for fewer checks.
inline bool Quick() { return std::getenv("SIMDACT_TEST_QUICK") != nullptr; }

struct Case {
  const simdact_target* target;
  simdact_op op;
  Direction direction;
  const simdact_kernel* kernel;
  const simdact_description* description;
  std::string Name() const {
    return std::string(description->name) + " " + simdact_accuracy::DirectionName(direction) + " on " +
           simdact_target_name(target);
  }
};

template <class F>
void ForEachKernel(const F& f) {
  for (const simdact_target* target : simdact_accuracy::RunningTargets()) {
    for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
      for (const Direction direction : {kForward, kBackward}) {
        const auto id = static_cast<simdact_op>(op);
        const Case c{target, id, direction, simdact_find(target, id, SIMDACT_F32, SIMDACT_ACCURATE),
                     simdact_describe(id)};
        ASSERT_NE(c.kernel, nullptr);
        SCOPED_TRACE(c.Name());
        f(c);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

// One result, through the same code as a whole array.
inline float Evaluate(const Case& c, float x, const simdact_params& p) {
  float y;
  simdact_accuracy::Run(*c.kernel, c.direction, p, &x, &y, 1);
  return y;
}
inline float Evaluate(const Case& c, float x) { return Evaluate(c, x, c.description->defaults); }

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_KERNELS_H_
