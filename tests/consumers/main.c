/* A user's program in C99: gelu(1) = Phi(1) = 0.8413447... and softmax of two equal scores. */
#include <stdio.h>

#include "simdact/simdact.h"

int main(void) {
  const float x = 1.0f, scores[2] = {3.0f, 3.0f};
  float y = 0.0f, p[2] = {0.0f, 0.0f};
  simdact_gelu_f32(&x, &y, 1);
  if (simdact_softmax_f32(scores, p, 1, 2, NULL) != SIMDACT_OK) return 2;
  printf("gelu(1) = %.9g on %s\n", (double)y, simdact_target_name(simdact_target_default()));
  return y > 0.8413446f && y < 0.8413449f && p[0] == 0.5f && p[1] == 0.5f ? 0 : 1;
}
