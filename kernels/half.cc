// Compiles for every target what the 16-bit kernels of all ops share.
// The order of includes has a meaning.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/half.cc"
#include "hwy/foreach_target.h"  // includes this file once per target
#include "kernels/drivers/half-output-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

template <class Format>
constexpr HalfBlocks MakeHalfBlocks() {
  return {&HalfForward<Format>,      &HalfBackward<Format>, &HalfFromOutput<Format>, &HalfForwardFast<Format>,
          &HalfBackwardFast<Format>, &WidenBlock<Format>,   &RoundBlock<Format>};
}

}  // namespace

constexpr HalfBlocks kBf16Blocks = MakeHalfBlocks<Bf16>();
constexpr HalfBlocks kF16Blocks = MakeHalfBlocks<F16>();

}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();
