// Whether a CPU, an emulated one above all, is what a test takes it for.
//
//   emulated_probe TARGET [INSTRUCTIONS...]
//
// TARGET must be the library's choice on it, and an instruction of each of the sets named must end the
// process that runs it; those of the other sets must not. An emulator that runs everything would let the
// tests pass, too.
#include <immintrin.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "simdact/simdact.h"

namespace {

// Volatile, so that the instructions stay.
volatile float g_x = 1.5f;

__attribute__((target("sse4.1"))) void RunSse4() { g_x = _mm_cvtss_f32(_mm_floor_ps(_mm_set1_ps(g_x))); }

__attribute__((target("avx"))) void RunAvx() { g_x = _mm256_cvtss_f32(_mm256_sqrt_ps(_mm256_set1_ps(g_x))); }

__attribute__((target("avx2"))) void RunAvx2() {
  const __m256i x = _mm256_set1_epi32(static_cast<int>(g_x));
  g_x = _mm256_cvtss_f32(_mm256_castsi256_ps(_mm256_mullo_epi32(x, x)));
}

__attribute__((target("fma"))) void RunFma() {
  const __m128 x = _mm_set1_ps(g_x);
  g_x = _mm_cvtss_f32(_mm_fmadd_ps(x, x, x));
}

// Whether a process that calls the function lives through it.
bool Lives(void (*run)()) {
  const pid_t child = fork();
  if (child == 0) {
    run();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool IsAmong(const char* name, char** names) {
  for (; *names != nullptr; ++names) {
    if (std::strcmp(name, *names) == 0) return true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const struct {
    const char* name;
    void (*run)();
  } sets[] = {{"sse4", RunSse4}, {"avx", RunAvx}, {"avx2", RunAvx2}, {"fma", RunFma}};

  int failed = 0;
  for (const auto& set : sets) {
    const bool lives = Lives(set.run);
    std::printf("%s: %s\n", set.name, lives ? "there" : "missing");
    if (lives == IsAmong(set.name, argv + 2)) failed = 1;
  }
  const char* target = simdact_target_name(simdact_target_default());
  std::printf("target: %s\n", target);
  return std::strcmp(target, argv[1]) == 0 ? failed : 1;
}
