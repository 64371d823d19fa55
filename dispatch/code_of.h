// Which of the targets that were compiled a target takes its code from.
#ifndef SIMDACT_DISPATCH_CODE_OF_H_
#define SIMDACT_DISPATCH_CODE_OF_H_

#include <stdint.h>

#include "hwy/detect_targets.h"

namespace simdact {

// Each compiled target has its own. What is AVX-512 and was not compiled takes AVX3's code, which would be
// the same instructions: what came after AVX3 serves the tables only (VBMI: AVX3_DL), and AVX3_ZEN4 differs
// where dividing is fast. `compiled` is a mask, HWY_TARGETS of a source; 0 if there is no code.
constexpr int64_t CodeOf(int64_t target, int64_t compiled) {
  if ((compiled & target) != 0) return target;
  if (target != HWY_AVX3_DL && target != HWY_AVX3_ZEN4 && target != HWY_AVX3_SPR) return 0;
  return (compiled & HWY_AVX3_DL) != 0 ? HWY_AVX3_DL : compiled & HWY_AVX3;
}

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_CODE_OF_H_
