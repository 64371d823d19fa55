// Compiles the family Arithmetic for every target.
// The order of includes has a meaning.
// clang-format off
#define SIMDACT_FAMILY Arithmetic
#define SIMDACT_LIST SIMDACT_ARITHMETIC
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS SIMDACT_PLAIN_DISABLED_TARGETS
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/arithmetic.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "simdact/arithmetic-inl.h"
#include "kernels/family-inl.h"
