// Compiles the family Normal for every target.
// The order of includes has a meaning.
// clang-format off
#define SIMDACT_FAMILY Normal
#define SIMDACT_LIST SIMDACT_NORMAL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/normal.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "simdact/normal-inl.h"
#include "simdact/gelu_tanh-inl.h"
#include "simdact/fast-normal-inl.h"
#include "simdact/detail/coarse-logistic-inl.h"
#include "simdact/detail/coarse-normal-inl.h"
#include "kernels/family-inl.h"
