// The lookup in tables: from a target to its kernel, and the array functions. No SIMD code.

#include <atomic>

#include "dispatch/registry.h"
#include "hwy/highway.h"
#include "simdact/simdact.h"

namespace simdact {
namespace {

// Threads that race here store the same value, and what it points to is constant.
HWY_INLINE const simdact_table_kernel* DefaultTable() {
  static std::atomic<const simdact_table_kernel*> cache{nullptr};
  const simdact_table_kernel* kernel = cache.load(std::memory_order_relaxed);
  if (HWY_UNLIKELY(kernel == nullptr)) {
    kernel = simdact_find_table(simdact_target_default());
    cache.store(kernel, std::memory_order_relaxed);
  }
  return kernel;
}

}  // namespace
}  // namespace simdact

extern "C" {

const simdact_table_kernel* simdact_find_table(const simdact_target* target) {
  if (!simdact_target_runs(target)) return nullptr;
  return simdact::TableCode(target->bit);
}

// The kernels read the table before they look at n.
void simdact_table_u8(const uint8_t* x, uint8_t* y, size_t n, const uint8_t* table) {
  if (n == 0) return;
  simdact::DefaultTable()->lookup(x, y, n, table);
}

void simdact_table_s8(const int8_t* x, int8_t* y, size_t n, const int8_t* table) {
  simdact_table_u8(reinterpret_cast<const uint8_t*>(x), reinterpret_cast<uint8_t*>(y), n,
                   reinterpret_cast<const uint8_t*>(table));
}

}  // extern "C"
