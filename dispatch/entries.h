// Entries of tables of quantized activations: the real function's value, rounded once to an integer.
#ifndef SIMDACT_DISPATCH_ENTRIES_H_
#define SIMDACT_DISPATCH_ENTRIES_H_

#include "dispatch/ties.h"
#include "simdact/table.h"

namespace simdact {

// How integers from `least` to `greatest`, of 16 bits at most, stand for numbers: (q - zero_point) scale.
struct Integers {
  double scale;  // a float
  int zero_point, least, greatest;
};
bool IsValid(const Integers& integers);
inline bool IsValid(simdact_rounding r) { return r == SIMDACT_TIES_TO_EVEN || r == SIMDACT_TIES_AWAY; }

// The number that q stands for: 17 + 24 bits, a double.
inline double NumberOf(int q, const Integers& integers) { return (q - integers.zero_point) * integers.scale; }

inline int Clamped(int q, const Integers& integers) {
  return q < integers.least ? integers.least : q > integers.greatest ? integers.greatest : q;
}

// An activation with its parameters.
struct Function {
  simdact_op op;
  simdact_params p;
  const simdact_kernel* kernel;  // for f64; null: there is no such op
  // v[i] = f(x[i]) to an ulp or two.
  void operator()(const double* x, double* v, size_t n) const;
};
Function FunctionOf(simdact_op op, const simdact_params* params);

// f's value in `integers`, for v as above.
int Entry(const Function& f, double x, double v, const Integers& integers, simdact_rounding rounding);

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_ENTRIES_H_
