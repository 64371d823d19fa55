// gelu(x) + 1 in registers, for the one target that the compiler's flags allow: no copy per target, no choice
// at run time, and so nothing of Highway but its headers.
#include <cmath>
#include <cstdio>

#include "hwy/highway.h"
#include "simdact/normal-inl.h"

namespace hn = hwy::HWY_NAMESPACE;

int main() {
  const hn::ScalableTag<float> d;
  const auto y = hn::Add(simdact::HWY_NAMESPACE::Gelu(d, hn::Set(d, 1.0f)), hn::Set(d, 1.0f));
  std::printf("gelu(1) + 1 = %.9g\n", static_cast<double>(hn::GetLane(y)));
  return std::fabs(hn::GetLane(y) - 1.841344746f) < 3e-7f ? 0 : 1;
}
