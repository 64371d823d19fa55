// Loops around the vector functions, for the tests that all ways in give the same bits.
#ifndef SIMDACT_TESTS_API_WAYS_H_
#define SIMDACT_TESTS_API_WAYS_H_

#include <stddef.h>

#include "simdact/simdact.h"

namespace simdact_ways {

// A user's loop: f(x), or dy f'(x). Without dy, null, f'(x) alone.
using Loop = void (*)(const void* x, const void* dy, void* y, size_t n, const simdact_params& p);

// Of an op, by direction; null where the list has no such function.
struct Loops {
  Loop of[SIMDACT_DIRECTION_COUNT];
};

// Of all ops, in the order of the list, through foreach_target.h; null where it does not compile the target.
// The fast tier is one of floats: of doubles its functions are parts of others, and keep no claim.
const Loops* LoopsOfFloats(const char* target);
const Loops* LoopsOfFastFloats(const char* target);
#ifndef SIMDACT_NO_F64
const Loops* LoopsOfDoubles(const char* target);
#endif

// Without foreach_target.h, for the one target of the compiler's flags; on whole vectors, or on halves.
enum class Lanes { kAll, kHalf };
const char* StaticTarget();
const Loops* StaticLoops(simdact_dtype dtype, simdact_tier tier, Lanes lanes);

}  // namespace simdact_ways

#endif  // SIMDACT_TESTS_API_WAYS_H_
