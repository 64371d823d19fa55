// The lookup in tables of 16 bits: from a target to its kernel, and the array functions. No SIMD code.

#include "simdact/table16.h"

#include <atomic>

#include "dispatch/registry.h"
#include "hwy/highway.h"

namespace simdact {
namespace {

// Threads that race here store the same value, and what it points to is constant.
HWY_INLINE const simdact_table16_kernel* DefaultTable16() {
  static std::atomic<const simdact_table16_kernel*> cache{nullptr};
  const simdact_table16_kernel* kernel = cache.load(std::memory_order_relaxed);
  if (HWY_UNLIKELY(kernel == nullptr)) {
    kernel = simdact_find_table16(simdact_target_default());
    cache.store(kernel, std::memory_order_relaxed);
  }
  return kernel;
}

}  // namespace
}  // namespace simdact

extern "C" {

const simdact_table16_kernel* simdact_find_table16(const simdact_target* target) {
  if (!simdact_target_runs(target)) return nullptr;
  return simdact::Table16Code(target->bit);
}

void simdact_table_s16(const int16_t* x, int16_t* y, size_t n, const int16_t* table) {
  if (n != 0) simdact::DefaultTable16()->lookup(x, y, n, table);
}

void simdact_interpolate_s16(const int16_t* x, int16_t* y, size_t n, const int16_t* table) {
  if (n != 0) simdact::DefaultTable16()->interpolate(x, y, n, table);
}

}  // extern "C"
