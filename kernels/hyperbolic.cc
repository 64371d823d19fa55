// Compiles the family Hyperbolic for every target.
// The order of includes has a meaning.
// clang-format off
#define SIMDACT_FAMILY Hyperbolic
#define SIMDACT_LIST SIMDACT_HYPERBOLIC
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/hyperbolic.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "simdact/hyperbolic-inl.h"
#include "simdact/fast-normal-inl.h"
#include "simdact/detail/coarse-normal-inl.h"
#include "kernels/family-inl.h"
