// What the families hand to the dispatcher: one row per activation, in the order of the list.
#ifndef SIMDACT_DISPATCH_REGISTRY_H_
#define SIMDACT_DISPATCH_REGISTRY_H_

#include "simdact/simdact.h"

// A target is its bit in Highway's masks; lower bits are better. What is compiled for it, or stands for it
// (code_of.h), the functions below know.
struct simdact_target {
  int64_t bit;
};

namespace simdact {

// The tiers that the families and the other shapes have kernels for: accurate and fast. What is exact for
// floats is made of the accurate kernels for double.
constexpr unsigned kFamilyTiers = 2;
inline bool IsFamilyTier(simdact_tier tier) { return static_cast<unsigned>(tier) < kFamilyTiers; }

// A kernel of the fast tier without a forward function stands for the accurate one.
struct Row {
  simdact_kernel kernels[kFamilyTiers][SIMDACT_DTYPE_COUNT];
};

// A family compiled for one target.
struct FamilyCode {
  const Row* rows;  // null if it was not compiled
  bool fma;         // whether its kernels use fused multiply-add
};

#define SIMDACT_F(Family, LIST) FamilyCode Family##Code(int64_t target);
SIMDACT_FAMILIES(SIMDACT_F)
#undef SIMDACT_F

// A family's accurate kernel for a compiled target, whether or not this CPU runs it; without functions if the
// dtype was left out of the build.
const simdact_kernel* AccurateKernel(int64_t target, simdact_op op, simdact_dtype dtype);

// The exact tier's kernels of float, by the ops' numbers, compiled for one target; null if they were not.
const simdact_kernel* ExactCode(int64_t target);

// Softmax and its kin in one format (rows.h), compiled for one target; null if it was not.
struct SoftmaxCode;
const SoftmaxCode* SoftmaxF32Code(int64_t target);
const SoftmaxCode* SoftmaxF64Code(int64_t target);
const SoftmaxCode* SoftmaxBf16Code(int64_t target);
const SoftmaxCode* SoftmaxF16Code(int64_t target);

// A kernel for each dtype, in the order of simdact_dtype; null if the target was not compiled.
const simdact_bias_kernel* BiasCode(int64_t target);
const simdact_cross_entropy_kernel* CrossEntropyCode(int64_t target);

// The lookups in tables, compiled for one target; null if they were not.
const simdact_table_kernel* TableCode(int64_t target);
const simdact_table16_kernel* Table16Code(int64_t target);

// The gated linear units, in the order of gates.def; null if they were not compiled. As above, a kernel of
// the fast tier without a forward function stands for the accurate one.
struct GateRow {
  simdact_gate_kernel kernels[kFamilyTiers][SIMDACT_DTYPE_COUNT];
};
const GateRow* GatesCode(int64_t target);

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_REGISTRY_H_
