// The fused product has the bits of the plain one followed by the array function, on each target, for sizes
// that end within a vector and within a tile.
#include <cstdio>
#include <cstring>

#include "hwy/targets.h"
#include "matmul.h"
#include "simdact/simdact.h"

// Whether the fused product is the plain one with the array function behind it.
static bool Agree(After after, const simdact_kernel& gelu, size_t m, size_t k, size_t n) {
  std::vector<float> a(m * k), b(k * n), bias(n), want(m * n), c(m * n, -1.0f);
  uint32_t state = 1;
  for (std::vector<float>* numbers : {&a, &b, &bias}) {
    for (float& x : *numbers) {  // in [-2, 2): sums reach into both tails
      state = state * 1664525u + 1013904223u;
      x = static_cast<float>(state >> 8) * 0x1p-22f - 2.0f;
    }
  }
  MatMul(After::kNothing, a.data(), b.data(), bias.data(), want.data(), m, k, n);
  gelu.forward(want.data(), want.data(), want.size(), {});
  MatMul(after, a.data(), b.data(), bias.data(), c.data(), m, k, n);
  return std::memcmp(want.data(), c.data(), c.size() * sizeof(float)) == 0;
}

int main() {
  simdact_target_default();  // simdact asks the CPU before Highway is told to pretend below
  int tried = 0, failed = 0;
  for (const int64_t number : Targets()) {
    const char* name = hwy::TargetName(number);
    const simdact_target* target = simdact_target_by_name(name);
    if (target == nullptr || !simdact_target_runs(target)) continue;  // simdact was built without it
    hwy::SetSupportedTargetsForTest(number);
    for (const After after : {After::kGelu, After::kFastGelu}) {
      const simdact_tier tier = after == After::kGelu ? SIMDACT_ACCURATE : SIMDACT_FAST;
      const simdact_kernel& gelu = *simdact_find(target, SIMDACT_OP_gelu, SIMDACT_F32, tier);
      for (const size_t m : {1, 3, 4, 9}) {
        for (const size_t n : {1, 7, 16, 37}) {
          for (const size_t k : {0, 1, 5, 20}) {
            ++tried;
            if (Agree(after, gelu, m, k, n)) continue;
            ++failed;
            std::printf("%s, %s, %zu x %zu x %zu: other bits\n", name,
                        tier == SIMDACT_FAST ? "fast" : "accurate", m, k, n);
          }
        }
      }
    }
    hwy::SetSupportedTargetsForTest(0);
    std::printf("%s: fused as array, %d products so far, %d differ\n", name, tried, failed);
  }
  return tried == 0 || failed != 0;
}
