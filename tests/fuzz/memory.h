// The arrays of a call, each between two pages that may not be touched and, where it does not reach them,
// between bytes that must stay. After a call all that it was not allowed to write is as before.
#ifndef SIMDACT_TESTS_FUZZ_MEMORY_H_
#define SIMDACT_TESTS_FUZZ_MEMORY_H_

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/common/guarded_page.h"
#include "tests/fuzz/fuzz.h"

namespace simdact_fuzz {

// Where a sanitizer of undefined behaviour looks into the kernels, elements are at addresses that they may
// have.
constexpr size_t kShiftMask = kAllSanitized ? 0x38 : 0x3F;

class Memory {
 public:
  explicit Memory(Input& in) : in_(in) {}

  // A copy of `bytes` bytes, or as many of 0xA5, at a place that the input chooses.
  uint8_t* Place(const void* from, size_t bytes, size_t shift_mask = kShiftMask) {
    const uint8_t place = in_.Byte();
    const simdact_test::GuardedPage& page = Page(blocks_.size());
    if (bytes + 2 * kMargin > page.Size()) Fail("the fuzz target asks for an array that is too large");
    uint8_t* begin = reinterpret_cast<uint8_t*>(page.Begin());
    uint8_t* end = begin + page.Size();
    const size_t shift = (place >> 1) & shift_mask;
    uint8_t* data = place % 2 == 0 ? end - shift - bytes : begin + shift;
    Block block;
    block.window = data - begin > kMargin ? data - kMargin : begin;
    block.size = static_cast<size_t>(
        (end - data > kMargin + static_cast<ptrdiff_t>(bytes) ? data + bytes + kMargin : end) - block.window);
    std::memset(block.window, 0xA5, block.size);
    if (from != nullptr && bytes != 0) std::memcpy(data, from, bytes);
    block.before.assign(block.window, block.window + block.size);
    blocks_.push_back(std::move(block));
    return data;
  }
  uint8_t* Place(const Array& values) { return Place(values.Data(), values.Size() * values.ElementBytes()); }
  uint8_t* Place(size_t bytes) { return Place(nullptr, bytes); }
  // What is beside the elements, sizes and numbers of rows, where numbers of their kind may be.
  uint8_t* Side(const void* from, size_t bytes) { return Place(from, bytes, 0x38); }
  uint8_t* Side(const Array& values) { return Side(values.Data(), values.Size() * values.ElementBytes()); }
  uint8_t* Side(size_t bytes) { return Side(nullptr, bytes); }

  // Rows that the next call may write; `step` bytes from one to the next.
  void Allow(const void* data, size_t bytes, size_t rows = 1, size_t step = 0) {
    for (size_t r = 0; r < rows && bytes != 0; ++r)
      allowed_.push_back({static_cast<const uint8_t*>(data) + r * step, bytes});
  }

  // Fails if anything else was written; `what` names the call. Forgets what was allowed.
  template <class What>
  void Check(const What& what) {
    for (Block& block : blocks_) {
      expected_ = block.before;
      for (const Span& span : allowed_) {
        if (span.data < block.window || span.data >= block.window + block.size) continue;
        std::memcpy(expected_.data() + (span.data - block.window), span.data, span.bytes);
      }
      if (std::memcmp(expected_.data(), block.window, block.size) == 0) continue;
      size_t at = 0;
      while (expected_[at] == block.window[at]) ++at;
      Fail(what() + ": wrote outside of what it may, array " + std::to_string(&block - blocks_.data()) +
           ", byte " + std::to_string(at) + " of its window");
    }
    allowed_.clear();
  }

  // All arrays as they were placed.
  void Restore() {
    for (const Block& block : blocks_) std::memcpy(block.window, block.before.data(), block.size);
  }

 private:
  static constexpr ptrdiff_t kMargin = 160;
  static constexpr size_t kBytes = 64 << 10;
  struct Block {
    uint8_t* window;
    size_t size;
    std::vector<uint8_t> before;
  };
  struct Span {
    const uint8_t* data;
    size_t bytes;
  };
  // Kept from one input to the next, for maps are slow.
  static const simdact_test::GuardedPage& Page(size_t i) {
    static std::vector<std::unique_ptr<simdact_test::GuardedPage>>& pages =
        *new std::vector<std::unique_ptr<simdact_test::GuardedPage>>;
    while (pages.size() <= i) pages.push_back(std::make_unique<simdact_test::GuardedPage>(kBytes));
    return *pages[i];
  }

  Input& in_;
  std::vector<Block> blocks_;
  std::vector<Span> allowed_;
  std::vector<uint8_t> expected_;
};

}  // namespace simdact_fuzz

#endif  // SIMDACT_TESTS_FUZZ_MEMORY_H_
