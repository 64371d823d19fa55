// What holds for every kernel whatever it computes: which memory it touches, and that a result depends on its
// input alone.

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "kernels.h"

namespace simdact_test {
namespace {

// The widest pack of any target, in floats, with room for a remainder beyond it; SVE vectors can have 64.
constexpr size_t kMost = 4 * 8 * 16 + 17;

std::vector<float> Inputs(size_t n) {
  std::vector<float> x(n);
  for (size_t i = 0; i < n; ++i) x[i] = -9.0f + 18.0f * static_cast<float>((i * 37) % 211) / 211.0f;
  return x;
}

std::vector<float> OneByOne(const Case& c, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  for (size_t i = 0; i < x.size(); ++i) y[i] = Evaluate(c, x[i]);
  return y;
}

// A page that may be used between two that may not.
class GuardedPage {
 public:
  GuardedPage() : size_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    void* map = mmap(nullptr, 3 * size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) std::abort();
    base_ = static_cast<char*>(map);
    if (mprotect(base_ + size_, size_, PROT_READ | PROT_WRITE) != 0) std::abort();
  }
  GuardedPage(const GuardedPage&) = delete;
  ~GuardedPage() { munmap(base_, 3 * size_); }
  float* Begin() const { return reinterpret_cast<float*>(base_ + size_); }
  float* End() const { return reinterpret_cast<float*>(base_ + 2 * size_); }

 private:
  size_t size_;
  char* base_;
};

TEST(Contract, TouchesNothingOutsideTheArrays) {
  const GuardedPage from, upstream, to;
  const size_t most = std::min(kMost, static_cast<size_t>(from.End() - from.Begin()));
  std::fill(from.Begin(), from.End(), 0.5f);
  std::fill(upstream.Begin(), upstream.End(), 1.0f);
  ForEachKernel([&](const Case& c) {
    const simdact_params p = c.description->defaults;
    for (size_t n = 0; n <= most; n += Quick() && n > 80 ? 7 : 1) {
      const auto run = [&](const float* x, const float* dy, float* y) {
        c.direction == kForward ? c.kernel->forward(x, y, n, p) : c.kernel->backward(x, dy, y, n, p);
      };
      run(from.Begin(), upstream.Begin(), to.Begin());        // a load or store before the start faults
      run(from.End() - n, upstream.End() - n, to.End() - n);  // and one behind the end
    }
  });
}

TEST(Contract, WritesOnlyTheOutput) {
  ForEachKernel([&](const Case& c) {
    for (size_t n : {0, 1, 3, 5, 17, 63, 65, 130}) {
      std::vector<float> x = Inputs(n), y(n + 64, 77.0f);
      const std::vector<float> dy(n, 1.0f);
      if (c.direction == kForward) {
        c.kernel->forward(x.data(), y.data() + 32, n, c.description->defaults);
      } else {
        c.kernel->backward(x.data(), dy.data(), y.data() + 32, n, c.description->defaults);
      }
      for (size_t i = 0; i < 32; ++i) {
        ASSERT_EQ(y[i], 77.0f);
        ASSERT_EQ(y[n + 32 + i], 77.0f);
      }
    }
  });
}

TEST(Contract, SameInputSameBitsAtEveryLengthAndOffset) {
  ForEachKernel([&](const Case& c) {
    const std::vector<float> x = Inputs(kMost);
    const std::vector<float> want = OneByOne(c, x);
    std::vector<float> y(kMost);
    for (size_t n = 0; n <= kMost; n += Quick() ? 13 : 1) {
      const size_t offset = n % 5;
      const size_t count = n - std::min(n, offset);
      simdact_accuracy::Run(*c.kernel, c.direction, c.description->defaults, x.data() + offset,
                            y.data() + offset, count);
      ASSERT_EQ(std::memcmp(y.data() + offset, want.data() + offset, count * sizeof(float)), 0)
          << "n = " << n;
    }
  });
}

TEST(Contract, SplittingTheArrayChangesNothing) {
  ForEachKernel([&](const Case& c) {
    const std::vector<float> x = Inputs(1000);
    std::vector<float> whole(1000), parts(1000);
    const simdact_params p = c.description->defaults;
    simdact_accuracy::Run(*c.kernel, c.direction, p, x.data(), whole.data(), 1000);
    for (size_t cut : {1, 16, 333, 999}) {
      simdact_accuracy::Run(*c.kernel, c.direction, p, x.data(), parts.data(), cut);
      simdact_accuracy::Run(*c.kernel, c.direction, p, x.data() + cut, parts.data() + cut, 1000 - cut);
      ASSERT_EQ(std::memcmp(whole.data(), parts.data(), 1000 * sizeof(float)), 0);
    }
  });
}

// Highway's partial load reads the odd floats one by one, which the undefined-behaviour sanitizer objects to
// at addresses that no float has; CPUs do not.
#ifdef __SANITIZE_ADDRESS__
constexpr size_t kByteStep = 4;
#else
constexpr size_t kByteStep = 3;
#endif

TEST(Contract, WorksAtByteMisalignment) {
  ForEachKernel([&](const Case& c) {
    const std::vector<float> x = Inputs(301);
    const std::vector<float> want = OneByOne(c, x);
    std::vector<char> raw_x(302 * sizeof(float)), raw_y(302 * sizeof(float));
    std::vector<char> raw_dy(302 * sizeof(float));
    for (size_t shift = kByteStep; shift < 64; shift += kByteStep) {
      const size_t n = 301 - (shift + 3) / 4;
      char *from = raw_x.data() + shift, *dy = raw_dy.data() + shift, *to = raw_y.data() + shift;
      const std::vector<float> ones(n, 1.0f);
      std::memcpy(from, x.data(), n * sizeof(float));
      std::memcpy(dy, ones.data(), n * sizeof(float));
      if (c.direction == kForward) {
        c.kernel->forward(from, to, n, c.description->defaults);
      } else {
        c.kernel->backward(from, dy, to, n, c.description->defaults);
      }
      ASSERT_EQ(std::memcmp(to, want.data(), n * sizeof(float)), 0);
    }
  });
}

TEST(Contract, WorksInPlace) {
  ForEachKernel([&](const Case& c) {
    const simdact_params p = c.description->defaults;
    for (size_t n : {1, 7, 64, 301}) {
      const std::vector<float> x = Inputs(n), dy = Inputs(n + 5);
      std::vector<float> want(n), inout = x, over_dy(dy.begin(), dy.begin() + static_cast<std::ptrdiff_t>(n));
      if (c.direction == kForward) {
        c.kernel->forward(x.data(), want.data(), n, p);
        c.kernel->forward(inout.data(), inout.data(), n, p);
      } else {
        c.kernel->backward(x.data(), dy.data(), want.data(), n, p);
        c.kernel->backward(inout.data(), dy.data(), inout.data(), n, p);
        c.kernel->backward(x.data(), over_dy.data(), over_dy.data(), n, p);
        ASSERT_EQ(std::memcmp(over_dy.data(), want.data(), n * sizeof(float)), 0);
      }
      ASSERT_EQ(std::memcmp(inout.data(), want.data(), n * sizeof(float)), 0);
    }
  });
}

// dx = dy f'(x), rounded once after f' is.
TEST(Contract, BackwardMultipliesTheDerivative) {
  ForEachKernel([&](const Case& c) {
    if (c.direction != kBackward) return;
    const std::vector<float> x = Inputs(100);
    const std::vector<float> slope = OneByOne(c, x);
    std::vector<float> dy(100), dx(100);
    for (size_t i = 0; i < dy.size(); ++i) dy[i] = static_cast<float>(i) - 33.3f;
    c.kernel->backward(x.data(), dy.data(), dx.data(), 100, c.description->defaults);
    for (size_t i = 0; i < dx.size(); ++i) ASSERT_EQ(dx[i], dy[i] * slope[i]);
  });
}

}  // namespace
}  // namespace simdact_test
