// Memory that shows who reads or writes outside it.
#ifndef SIMDACT_TESTS_COMMON_GUARDED_PAGE_H_
#define SIMDACT_TESTS_COMMON_GUARDED_PAGE_H_

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "tests/common/array.h"

namespace simdact_test {

// A page, or as many as `bytes` need, that may be used between two that may not.
class GuardedPage {
 public:
  explicit GuardedPage(size_t bytes = 1)
      : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))), size_((bytes + page_ - 1) / page_ * page_) {
    void* map = mmap(nullptr, size_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) std::abort();
    base_ = static_cast<char*>(map);
    if (mprotect(Begin(), size_, PROT_READ | PROT_WRITE) != 0) std::abort();
  }
  GuardedPage(const GuardedPage&) = delete;
  ~GuardedPage() { munmap(base_, size_ + 2 * page_); }
  char* Begin() const { return base_ + page_; }
  char* End() const { return Begin() + size_; }
  size_t Size() const { return size_; }
  void Fill(const simdact_accuracy::Array& values) const {
    std::memcpy(Begin(), values.Data(), std::min(size_, values.Size() * values.ElementBytes()));
  }

 private:
  size_t page_, size_;
  char* base_;
};

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_COMMON_GUARDED_PAGE_H_
