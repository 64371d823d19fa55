// Large outputs go past the caches: the same bits, no byte outside, whatever the size and alignment.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "tests/common/fresh_process.h"
#include "tests/common/kernels.h"
#include "tests/common/whole_range.h"

namespace simdact_test {
namespace {

constexpr size_t kLeast = 16384;  // bytes from which on outputs can be streamed

// Runs f(argument) in a process that read no size yet, under SIMDACT_STREAM_BYTES=value.
template <class T>
int Under(const char* value, const T& argument, std::common_type_t<int (*)(const T&)> f) {
  return InFreshProcess("SIMDACT_STREAM_BYTES", value, argument, f);
}

TEST(Stream, EnvironmentSetsTheSize) {
  const auto code = [](const char* value, size_t bytes) {
    return Under(value, bytes, [](const size_t& wanted) {
      return simdact_stream_bytes() == wanted && simdact_stream_choice() == SIMDACT_CHOICE_FORCED ? 0 : 1;
    });
  };
  EXPECT_EQ(code("0", 0), 0);
  EXPECT_EQ(code("1", kLeast), 0);
  EXPECT_EQ(code("123456789", 123456789), 0);
  EXPECT_EQ(code("99999999999999999999999", SIZE_MAX), 0);
  // What is no number, and an empty one, which is the same as none.
  const auto automatic = [](const char* value, simdact_choice choice) {
    return Under(value, choice, [](const simdact_choice& wanted) {
      return simdact_stream_choice() == wanted && simdact_stream_bytes() >= kLeast ? 0 : 1;
    });
  };
  for (const char* bad : {"-1", "64k", " 65536", "0x10000", "many"}) {
    EXPECT_EQ(automatic(bad, SIMDACT_CHOICE_UNKNOWN), 0) << bad;
  }
  EXPECT_EQ(automatic("", SIMDACT_CHOICE_BEST), 0);
}

// Writable memory that ends where none is, and begins after some that shows what is written to it.
class Region {
 public:
  static constexpr size_t kBytes = 65536;
  Region() {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* map = mmap(nullptr, kBytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) std::abort();
    begin_ = static_cast<unsigned char*>(map);
    if (mprotect(begin_ + kBytes, page, PROT_NONE) != 0) std::abort();
  }
  // The last `bytes` but for `gap`, all of the region set to `fill`.
  unsigned char* Last(size_t bytes, size_t gap, unsigned char fill) {
    std::memset(begin_, fill, kBytes);
    return begin_ + kBytes - gap - bytes;
  }
  bool UntouchedBut(const unsigned char* from, size_t bytes, unsigned char fill) const {
    for (const unsigned char* p = begin_; p < begin_ + kBytes; ++p) {
      if ((p < from || p >= from + bytes) && *p != fill) return false;
    }
    return true;
  }

 private:
  unsigned char* begin_;
};

// One call for all, streamed, against one for each 1,000 bytes. x and dy are any bits, NaN and infinity
// included: a NaN stands for any other.
int Compare(const Case& c, Region& inputs, Region& upstreams, Region& outputs, size_t n, size_t gap) {
  const size_t element = simdact_accuracy::FormatOf(c.dtype).bytes, bytes = n * element;
  unsigned char* x = inputs.Last(bytes, 0, 0);
  unsigned char* dy = upstreams.Last(bytes, 0, 0);
  for (size_t i = 0; i < bytes; ++i) {
    x[i] = static_cast<unsigned char>(i * 37 + i / 251);
    dy[i] = static_cast<unsigned char>(i * 101 + i / 127);
  }
  const auto call = [&](unsigned char* to, size_t first, size_t count) {
    const size_t at = first * element;
    const simdact_params& p = c.description->defaults;
    if (c.direction == SIMDACT_FORWARD) return c.kernel->forward(x + at, to, count, p);
    const auto backward =
        c.direction == SIMDACT_BACKWARD ? c.kernel->backward : c.kernel->backward_from_output;
    backward(x + at, dy + at, to, count, p);
  };
  std::vector<unsigned char> want(bytes);
  const size_t piece = 1000 / element;
  for (size_t i = 0; i < n; i += piece) call(want.data() + i * element, i, std::min(piece, n - i));
  unsigned char* y = outputs.Last(bytes, gap, 0xA5);
  call(y, 0, n);
  if (std::memcmp(y, want.data(), bytes) != 0) {
    Array a(c.dtype, n), b(c.dtype, n);
    std::memcpy(a.Data(), want.data(), bytes);
    std::memcpy(b.Data(), y, bytes);
    if (FirstDifference(a, b, 0, n) != n) return 2;
  }
  return outputs.UntouchedBut(y, bytes, 0xA5) ? 0 : 3;
}

// One op, every kernel of it. The loops are the same for all ops: some are looked at in many sizes, the
// others in a few.
int CompareAll(const simdact_op& op) {
  if (simdact_stream_bytes() != kLeast) return 1;
  const bool many = op == SIMDACT_OP_relu || op == SIMDACT_OP_exp || op == SIMDACT_OP_gelu;
  const size_t tails = Quick() ? (many ? 5 : 0) : (many ? 140 : 2);
  Region inputs, upstreams, outputs;
  int result = 0;
  bool tried = false;
  const auto check = [&](const Case& c) {
    if (result != 0) return;
    tried = true;
    const size_t element = simdact_accuracy::FormatOf(c.dtype).bytes, least = kLeast / element;
    const size_t odd = kWholeElements ? element : 1;
    for (size_t tail = 0; tail <= tails && result == 0; ++tail) {
      for (const size_t gap : many ? std::vector<size_t>{0, odd, 3 * element, 64} : std::vector<size_t>{odd})
        result = result != 0 ? result : Compare(c, inputs, upstreams, outputs, least + tail, gap);
    }
    if (result == 0) result = Compare(c, inputs, upstreams, outputs, 3 * least + 17, element);
    if (result != 0) std::fprintf(stderr, "%s: code %d\n", c.Name().c_str(), result);
  };
  ForEachKernelOf(op, check, Tiers::kBoth);
  return tried ? result : 4;
}

TEST(Stream, SameBitsAndNothingOutside) {
  for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
    EXPECT_EQ(Under("16384", static_cast<simdact_op>(op), CompareAll), 0)
        << simdact_describe(static_cast<simdact_op>(op))->name
        << ": 1 the size was not read, 2 other bits, 3 something else written, 4 nothing tried";
  }
}

}  // namespace
}  // namespace simdact_test
