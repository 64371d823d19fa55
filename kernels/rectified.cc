// Compiles the family Rectified for every target.
// The order of includes has a meaning.
// clang-format off
#define SIMDACT_FAMILY Rectified
#define SIMDACT_LIST SIMDACT_RECTIFIED
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS SIMDACT_PLAIN_DISABLED_TARGETS
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rectified.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "simdact/rectified-inl.h"
#include "kernels/family-inl.h"
