// Compiles softmax and its kin in f16 for every target.
// The order of includes has a meaning.
// clang-format off
#define SIMDACT_SOFTMAX_FORMAT SoftmaxF16
#define SIMDACT_SOFTMAX_ELEMENT Narrow<F16>
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS SIMDACT_PLAIN_DISABLED_TARGETS
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax-f16.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "kernels/softmax-family-inl.h"
