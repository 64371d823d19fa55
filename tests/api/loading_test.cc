// The shared library as a plug-in has it: loaded, called and unloaded again, by several threads at once, many
// times. Its code may go as soon as nobody holds it, and what one thread unloads may not be gone for the
// others.
//
//   loading_test LIBRARY

#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

namespace {

constexpr int kThreads = 4, kRounds = 200;
constexpr size_t kCount = 100;
using Gelu = void (*)(const float* x, float* y, size_t n);

// gelu of some numbers by a library that is loaded for this; false if that fails.
bool LoadAndCall(const char* library, std::vector<float>* y) {
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return false;
  }
  std::vector<float> x(kCount);
  for (size_t i = 0; i < kCount; ++i) x[i] = 0.1f * static_cast<float>(i) - 5.0f;
  y->assign(kCount, 0.0f);
  void* symbol = dlsym(handle, "simdact_gelu_f32");
  Gelu gelu = nullptr;
  std::memcpy(&gelu, &symbol, sizeof(gelu));  // ISO C++ has no cast from a pointer to an object
  if (gelu != nullptr) gelu(x.data(), y->data(), kCount);
  return dlclose(handle) == 0 && gelu != nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: loading_test LIBRARY\n");
    return 2;
  }
  std::vector<float> want;
  if (!LoadAndCall(argv[1], &want)) return 1;
  if (want[kCount - 1] < 4.8f || want[kCount - 1] > 4.9f) {  // gelu(4.9)
    std::fprintf(stderr, "gelu(4.9) = %g\n", static_cast<double>(want[kCount - 1]));
    return 1;
  }

  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      std::vector<float> got;
      for (int i = 0; i < kRounds; ++i) failed += !LoadAndCall(argv[1], &got) || got != want;
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed != 0) std::fprintf(stderr, "%d of %d calls failed\n", failed.load(), kThreads * kRounds);

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  const bool stays = false;  // the sanitizer's runtime may keep it
#else
  void* left = dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD);
  const bool stays = left != nullptr;
  if (stays) std::fprintf(stderr, "the library is still there when nobody holds it\n");
#endif
  return failed != 0 || stays ? 1 : 0;
}
