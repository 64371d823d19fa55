// Compiles the family Logistic for every target.
// The order of includes has a meaning.
// clang-format off
#define SIMDACT_FAMILY Logistic
#define SIMDACT_LIST SIMDACT_LOGISTIC
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/logistic.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "simdact/logistic-inl.h"
#include "simdact/mish-inl.h"
#include "simdact/fast-logistic-inl.h"
#include "simdact/detail/coarse-logistic-inl.h"
#include "kernels/family-inl.h"
