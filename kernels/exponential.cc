// Compiles the family Exponential for every target.
// The order of includes has a meaning.
// clang-format off
#define SIMDACT_FAMILY Exponential
#define SIMDACT_LIST SIMDACT_EXPONENTIAL
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS SIMDACT_PLAIN_DISABLED_TARGETS
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/exponential.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "simdact/exponential-inl.h"
#include "simdact/xielu-inl.h"
#include "simdact/fast-exponential-inl.h"
#include "simdact/detail/coarse-exp-inl.h"
#include "kernels/family-inl.h"
