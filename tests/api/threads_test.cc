// Threads that call the library at once, each on its own part of the same arrays, in a process where nobody
// has called it before. What the library finds out at a first call (the target, when to write past the
// caches) it may find out twice, but not half. The thread sanitizer sees what a wrong result would not show.

#include <atomic>
#include <thread>
#include <vector>

#include "simdact/bias.hpp"
#include "simdact/gates.hpp"
#include "simdact/simdact.hpp"
#include "simdact/softmax.hpp"
#include "simdact/softmax_axis.hpp"
#include "tests/common/fresh_process.h"

namespace simdact_test {
namespace {

constexpr size_t kRows = 8, kCols = 1024, kPart = kRows * kCols, kKinds = 8;

// One kind of call on one part: y from x, of as many elements.
void Compute(size_t kind, const float* x, float* y) {
  switch (kind) {
    case 0:
      return simdact::gelu(x, y, kPart);
    case 1:
      return simdact::tanh(simdact::fast, x, y, kPart);
    case 2:
      return simdact::erf(x, y, kPart);
    case 3:
      return static_cast<void>(simdact::softmax(x, y, kRows, kCols));
    case 4:
      return static_cast<void>(simdact::softmax_axis(x, y, 1, kRows, kCols));
    case 5:
      return simdact::swiglu(x, x, y, kPart);
    case 6:
      return static_cast<void>(simdact::bias_gelu(x, x, y, kRows, kCols));
    default:
      return simdact::silu_backward(x, x, y, kPart);
  }
}

// 0 if `threads` threads that begin together find what one finds afterwards. Their parts touch, not at whole
// cache lines.
int Together(const size_t& threads) {
  std::vector<float> x(threads * kPart + 1), got(x.size(), -1.0f), want(x.size(), -1.0f);
  for (size_t i = 0; i < x.size(); ++i) x[i] = 0.01f * static_cast<float>(i % 1999) - 10.0f;
  std::atomic<size_t> ready{0};
  std::vector<std::thread> all;
  for (size_t t = 0; t < threads; ++t) {
    all.emplace_back([&, t] {
      ++ready;
      while (ready < threads) std::this_thread::yield();
      Compute(t % kKinds, x.data() + 1 + t * kPart, got.data() + 1 + t * kPart);
    });
  }
  for (std::thread& thread : all) thread.join();
  for (size_t t = 0; t < threads; ++t) {
    Compute(t % kKinds, x.data() + 1 + t * kPart, want.data() + 1 + t * kPart);
  }
  return got == want ? 0 : 1;
}

TEST(Threads, FirstCallsOfAllKinds) {
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(InFreshProcess("SIMDACT_TARGET", "", 2 * kKinds, Together), 0);
  }
}

TEST(Threads, FirstCallsThatStream) {
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(InFreshProcess("SIMDACT_STREAM_BYTES", "4096", 2 * kKinds, Together), 0);
  }
}

}  // namespace
}  // namespace simdact_test
