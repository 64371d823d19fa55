// Compiles the family Logarithmic for every target.
// The order of includes has a meaning.
// clang-format off
#define SIMDACT_FAMILY Logarithmic
#define SIMDACT_LIST SIMDACT_LOGARITHMIC
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/logarithmic.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "simdact/logarithmic-inl.h"
#include "simdact/fast-logistic-inl.h"
#include "simdact/fast-logarithmic-inl.h"
#include "simdact/detail/coarse-logistic-inl.h"
#include "kernels/family-inl.h"
