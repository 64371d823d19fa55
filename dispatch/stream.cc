// From which size on results go past the caches: a part of the last one that the core has, or
// $SIMDACT_STREAM_BYTES.

#include "dispatch/stream.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "dispatch/cache.h"
#include "simdact/simdact.h"

namespace simdact {
namespace {

struct Threshold {
  size_t bytes;
  simdact_choice how;
};

// A decimal number and nothing else; what does not fit in size_t is out of reach all the same.
bool ParseBytes(const char* text, size_t* bytes) {
  if (*text == '\0') return false;
  size_t value = 0;
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '9') return false;
    const size_t digit = static_cast<size_t>(*text - '0');
    value = value > (SIZE_MAX - digit) / 10 ? SIZE_MAX : 10 * value + digit;
  }
  *bytes = value;
  return true;
}

Threshold ReadThreshold() {
  Threshold threshold{0, SIMDACT_CHOICE_BEST};
  const char* text = std::getenv("SIMDACT_STREAM_BYTES");
  if (text != nullptr && *text != '\0')
    threshold.how = ParseBytes(text, &threshold.bytes) ? SIMDACT_CHOICE_FORCED : SIMDACT_CHOICE_UNKNOWN;
  if (threshold.how != SIMDACT_CHOICE_FORCED) threshold.bytes = StreamBytes(AskForCaches());
  if (threshold.bytes != 0 && threshold.bytes < kLeastStream) threshold.bytes = kLeastStream;
  return threshold;
}

// Read once. `how` is -1 until `bytes` is there; threads that race store the same.
Threshold Cached() {
  static std::atomic<size_t> cached_bytes{0};
  static std::atomic<int> cached_how{-1};
  const int how = cached_how.load(std::memory_order_acquire);
  if (how >= 0) return {cached_bytes.load(std::memory_order_relaxed), static_cast<simdact_choice>(how)};
  const Threshold threshold = ReadThreshold();
  cached_bytes.store(threshold.bytes, std::memory_order_relaxed);
  cached_how.store(threshold.how, std::memory_order_release);
  return threshold;
}

}  // namespace
}  // namespace simdact

extern "C" {

size_t simdact_stream_bytes(void) { return simdact::Cached().bytes; }

simdact_choice simdact_stream_choice(void) { return simdact::Cached().how; }

}  // extern "C"
