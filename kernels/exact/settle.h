// Results that the kernels for double leave in doubt.
#ifndef SIMDACT_KERNELS_EXACT_SETTLE_H_
#define SIMDACT_KERNELS_EXACT_SETTLE_H_

#include "simdact/simdact.h"

namespace simdact {
namespace exact {

// Whether one operation of floats gives the result, so that the accurate tier's is correctly rounded whatever
// the arguments. Not for ops whose values are floats anyway (EXACT in the list), as below.
bool IsOneRounding(simdact_op op, simdact_direction direction);

// Whether the kernel for double gives the exact result: a product of two floats has 48 bits.
bool IsDouble(simdact_op op, simdact_direction direction, const simdact_params& p);

// Where the kernel for double may be farther off than elsewhere: xielu where its terms cancel, and softplus'
// from the output at the float that is the end of its curve, which that kernel may take for a point of the
// line.
class Exceptions {
 public:
  Exceptions(simdact_op op, simdact_direction direction, const simdact_params& p);
  bool MayBe() const { return op_ == SIMDACT_OP_xielu || end_ == end_; }
  // Whether v, the kernel's dy f', or f if dy is 1, is one.
  bool Has(float x, float dy, double v) const;

 private:
  const simdact_op op_;
  const simdact_direction direction_;
  const simdact_params& p_;
  float end_;  // NaN: none
};

// f(x), dy f'(x) or dy f'(y) next to a tie between two floats, correctly rounded. p: the parameters as
// ParametersOf gives them.
float Settled(simdact_op op, simdact_direction direction, float x, float dy, const simdact_params& p);

// Parameters as the kernels for double take them: rounded to float; but 1/6 and 0.5 of hardsigmoid stand for
// (x + 3) / 6, and stay.
simdact_params ParametersOf(simdact_op op, simdact_params p);

}  // namespace exact
}  // namespace simdact

#endif  // SIMDACT_KERNELS_EXACT_SETTLE_H_
