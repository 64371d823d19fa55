// On which side of a tie an exact result lies, where a double cannot tell.
#ifndef SIMDACT_DISPATCH_TIES_H_
#define SIMDACT_DISPATCH_TIES_H_

#include "simdact/simdact.h"

namespace simdact {

// An activation at a point: v is f(x) to a few ulps, `kernel` the one for f64 that gave it.
struct Result {
  simdact_op op;
  simdact_params p;
  const simdact_kernel* kernel;
  double x, v;
};

// The sign of f(x) - tie: -1, 0 or 1, for a tie within a few ulps of v. x is a number of at most 17 bits
// times a float, tie one of at most 18 bits times a float and not 0.
int SideOfTie(const Result& result, double tie);

// Whether beta x is above softplus's threshold, exactly; the kernel compares the rounded product.
bool SoftplusIsLinear(const simdact_params& p, double x);

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_TIES_H_
