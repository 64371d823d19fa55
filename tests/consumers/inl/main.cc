// gelu(x) + gelu'(x) in registers, from one header, for the one target that the compiler's flags allow: no
// copy per target, no choice at run time, and so nothing of Highway but its headers.
#include <cmath>
#include <cstdio>

#include "hwy/highway.h"
#include "simdact/normal-inl.h"

namespace hn = hwy::HWY_NAMESPACE;

int main() {
  const hn::ScalableTag<float> d;
  const auto one = hn::Set(d, 1.0f);
  const auto y =
      hn::Add(simdact::HWY_NAMESPACE::Gelu(d, one), simdact::HWY_NAMESPACE::GeluDerivative(d, one));
  std::printf("gelu(1) + gelu'(1) = %.9g\n", static_cast<double>(hn::GetLane(y)));
  return std::fabs(hn::GetLane(y) - 1.924660217f) < 3e-7f ? 0 : 1;
}
