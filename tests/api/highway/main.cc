// A program that has a Highway of its own, and changes what that one thinks of the CPU. simdact must not
// notice, nor be noticed.
//
// Prints simdact's target. With the argument `set`, the program first takes all targets from its Highway.

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "simdact/simdact.h"

#ifndef ALONE
// As all versions of Highway declare them.
namespace hwy {
int64_t SupportedTargets();
void DisableTargets(int64_t disabled_targets);
void SetSupportedTargetsForTest(int64_t targets);
}  // namespace hwy
#endif

int main(int argc, char** argv) {
#ifdef ALONE
  (void)argc, (void)argv;
#else
  const int64_t before = hwy::SupportedTargets();
  if (argc > 1 && std::strcmp(argv[1], "set") == 0) {
    hwy::SetSupportedTargetsForTest(before);
    hwy::DisableTargets(-1);
  }
  const int64_t own = hwy::SupportedTargets();
#endif
  const float x = -1.0f;
  float y = 7.0f;
  simdact_relu_f32(&x, &y, 1);
  if (!(y == 0.0f)) return 2;
#ifndef ALONE
  if (hwy::SupportedTargets() != own) return 3;
#ifdef SUPPORTED  // what the other Highway makes up
  if (before != SUPPORTED) return 4;
#endif
#endif
  std::printf("%s\n", simdact_target_name(simdact_target_default()));
  return 0;
}
