// From which size on results go past the caches. No SIMD code.
#ifndef SIMDACT_DISPATCH_STREAM_H_
#define SIMDACT_DISPATCH_STREAM_H_

#include <stddef.h>

namespace simdact {

// No output of fewer bytes is streamed, whatever is asked for.
constexpr size_t kLeastStream = 16384;

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_STREAM_H_
