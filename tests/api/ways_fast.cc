// The fast tier's vector functions on each target, through foreach_target.h. A source of its own, for it
// compiles for long.

// The order of includes has a meaning.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/api/ways_fast.cc"
#include "hwy/foreach_target.h"
#include "tests/api/ways-inl.h"
// clang-format on

#if HWY_ONCE
#include <string.h>

#include "hwy/targets.h"

namespace simdact_ways {

const Loops* LoopsOfFastFloats(const char* target) {
#define SIMDACT_X(TARGET, NAMESPACE) \
  if (strcmp(hwy::TargetName(TARGET), target) == 0) return NAMESPACE::kFastLoops<NAMESPACE::Whole>;
  HWY_VISIT_TARGETS(SIMDACT_X)
#undef SIMDACT_X
  return nullptr;
}

}  // namespace simdact_ways
#endif  // HWY_ONCE
