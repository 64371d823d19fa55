// The kernel for f64 gives f(x) to an ulp or two. Dividing it by the output's scale and rounding would round
// three times; instead it is compared with the tie (k + 1/2) scale between two entries, which has 18 + 24
// bits and is a double. Where the two come too close for the kernel's error, ties.h decides.
#ifndef SIMDACT_NO_F64

#include "dispatch/entries.h"

#include <cfloat>

namespace simdact {
namespace {

// The integer nearest to f(x) / scale, or some number beyond +-2^17 for all beyond.
int Nearest(const Result& result, double scale, simdact_rounding rounding) {
  constexpr int kFar = 1 << 17;  // entries less zero points reach from -98303 to 98303
  const double quotient = result.v / scale;
  if (quotient >= kFar) return kFar + 1;
  if (quotient <= -kFar) return -kFar - 1;
  // quotient is rounded; beside an integer `below` may be one too small or large, but the tie is far then.
  int below = static_cast<int>(quotient);
  if (below > quotient) --below;
  const double tie = (below + 0.5) * scale, distance = result.v - tie;
  int side = distance > 0 ? 1 : -1;
  const double doubt = 0x1p-50 * (tie < 0 ? -tie : tie);  // at least four ulps
  if (-doubt <= distance && distance <= doubt) side = SideOfTie(result, tie);
  if (side != 0) return side > 0 ? below + 1 : below;
  if (rounding == SIMDACT_TIES_AWAY) return below < 0 ? below : below + 1;
  return below + (below & 1);
}

}  // namespace

bool IsValid(const Integers& integers) {
  return integers.scale > 0 && integers.scale <= static_cast<double>(FLT_MAX) &&
         integers.least <= integers.zero_point && integers.zero_point <= integers.greatest;
}

void Function::operator()(const double* x, double* v, size_t n) const {
  kernel->forward(x, v, n, p);
  if (op != SIMDACT_OP_softplus) return;
  for (size_t i = 0; i < n; ++i) {
    if (SoftplusIsLinear(p, x[i])) v[i] = x[i];
  }
}

Function FunctionOf(simdact_op op, const simdact_params* params) {
  const simdact_description* description = simdact_describe(op);
  if (description == nullptr) return {op, {}, nullptr};
  return {op, params != nullptr ? *params : description->defaults,
          simdact_find(simdact_target_default(), op, SIMDACT_F64, SIMDACT_ACCURATE)};
}

int Entry(const Function& f, double x, double v, const Integers& integers, simdact_rounding rounding) {
  if (v != v) return integers.zero_point;
  const Result result = {f.op, f.p, f.kernel, x, v};
  return Clamped(Nearest(result, integers.scale, rounding) + integers.zero_point, integers);
}

}  // namespace simdact

#endif  // SIMDACT_NO_F64
