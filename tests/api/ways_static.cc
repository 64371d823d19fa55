// The vector functions without foreach_target.h, for the one target of the compiler's flags. Only loops:
// flags for a CPU that this one may not be are for nothing else.

#include "hwy/targets.h"
#include "tests/api/ways-inl.h"

namespace simdact_ways {

const char* StaticTarget() { return hwy::TargetName(HWY_STATIC_TARGET); }

template <class Vectors>
static const Loops* LoopsOn(simdact_dtype dtype, simdact_tier tier) {
  namespace here = HWY_NAMESPACE;
#ifndef SIMDACT_NO_F64
  if (dtype == SIMDACT_F64) return tier == SIMDACT_FAST ? nullptr : here::kLoops<Vectors, double>;
#endif
  if (dtype != SIMDACT_F32) return nullptr;
  return tier == SIMDACT_FAST ? here::kFastLoops<Vectors> : here::kLoops<Vectors, float>;
}
const Loops* StaticLoops(simdact_dtype dtype, simdact_tier tier, Lanes lanes) {
  if (lanes == Lanes::kAll) return LoopsOn<HWY_NAMESPACE::Whole>(dtype, tier);
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86  // elsewhere not, for the compiler's time
  return LoopsOn<HWY_NAMESPACE::Halves>(dtype, tier);
#else
  return nullptr;
#endif
}

}  // namespace simdact_ways
