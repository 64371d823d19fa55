// simdact's lists by name, for tests that go through all of them.
#ifndef SIMDACT_TESTS_ENGINES_COMMON_LISTS_H_
#define SIMDACT_TESTS_ENGINES_COMMON_LISTS_H_

#include <simdact/activations.def>
#include <simdact/gates.def>

// A C++ spelling (LeakyRelu), as the operators and layers are called, and its number in the enum.
struct Named {
  const char* name;
  int number;
};
const Named kActivations[] = {
#define SIMDACT_X(Name, name, number, ...) {#Name, number},
    SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
};
const Named kGates[] = {
#define SIMDACT_X(Name, name, number, ...) {#Name, number},
    SIMDACT_GATES(SIMDACT_X)
#undef SIMDACT_X
};

#endif  // SIMDACT_TESTS_ENGINES_COMMON_LISTS_H_
