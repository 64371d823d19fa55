// A user's program: gelu(1) = Phi(1) = 0.8413447...
#include <cmath>
#include <cstdio>

#include "simdact/simdact.hpp"

int main() {
  const float x = 1.0f;
  float y = 0.0f;
  simdact::gelu(&x, &y, 1);
  std::printf("gelu(1) = %.9g on %s\n", static_cast<double>(y),
              simdact_target_name(simdact_target_default()));
  return std::fabs(y - 0.841344746f) < 1e-7f ? 0 : 1;
}
