// The loops over all results of a sweep (proof.h): a chunk of results beside the exact values, at some of a
// nanosecond each. What they find is a glance; who wants to know more looks at single elements.
#ifndef SIMDACT_TESTS_RULER_LOOK_H_
#define SIMDACT_TESTS_RULER_LOOK_H_

#include <cmath>
#include <cstdint>

#include "tests/ruler/smooth.h"

namespace simdact_accuracy {

// The loops take so many elements at once, and write up to whole vectors.
constexpr uint32_t kLanes = 4;

constexpr double kLeast = 0x1p-126;  // the least normal float
// In ulps: how far off an exact value may be for an error to be told from it; and an error that is no
// rounding.
constexpr double kDecided = 0x1p-10, kWild = 0x1p40;

struct Chunk {
  const double* exact;  // padded to whole vectors, as got is
  const float* got;     // and one more, the result at the next float
  double* error;        // in ulps, what is found
  uint32_t n;
  double off;  // how far exact may be off
};

// What a chunk shows at once. Counts are doubles, to stay in one kind of vector.
struct Glance {
  double max_error = 0;     // where the exact value is normal
  double max_denormal = 0;  // where it is not
  double sum = 0;           // of the former
  double wrong = 0;         // not correctly rounded
  double doubtful = 0;      // IsDoubtful
  double flushed = 0;       // the largest exact value whose result is 0
  double fast_faults = 0;   // denormal exact values whose results the fast tier does not allow
  double rises = 0, falls = 0, lowest = HUGE_VAL, highest = -HUGE_VAL;
};

// The polynomial at floats first, first + 1, ... of its piece; n in whole vectors.
void Evaluate(const Smooth& smooth, uint32_t first, uint32_t n, double* value);

// Whether all values of a smooth piece, of which these are the first and the last, are normal and have one
// ulp.
bool IsOrdinary(double first, double last, double off);

// A chunk of an ordinary piece, n in whole vectors; `flushed` is not looked for.
void LookOrdinary(const Chunk& c, Glance& glance);
// Any chunk. Elements whose error is uncertain are left out of all counts but `doubtful`.
void LookAtAny(const Chunk& c, Glance& glance);
// How often results rise, and fall, from one to the next.
void LookAtOrder(const Chunk& c, Glance& glance);
// The least and the largest result: of results in order, which lie at the ends, or of any.
void LookAtEnds(const Chunk& c, Glance& glance);
void LookAtExtremes(const Chunk& c, Glance& glance);

// Of an element that a loop has seen: whether its error is uncertain; and that, or whether it is right to
// round so.
bool IsWild(const Chunk& c, uint32_t i);
bool IsDoubtful(const Chunk& c, uint32_t i);

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_RULER_LOOK_H_
