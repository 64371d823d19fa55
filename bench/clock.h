// Cycles, and CPU time.
#ifndef SIMDACT_BENCH_CLOCK_H_
#define SIMDACT_BENCH_CLOCK_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>

namespace simdact_bench {

// Sixteen additions, each waiting for the one before: a cycle each on every CPU of interest. The addend is
// in a register because some CPUs (Intel Golden Cove) fold the addition of a constant into the next one.
#if defined(__x86_64__)
#define SIMDACT_ADD16(sum, one) \
  __asm__ volatile(".rept 16\n add %1, %0\n .endr" : "+r"(sum) : "r"(one) : "cc")
#elif defined(__aarch64__)
#define SIMDACT_ADD16(sum, one) __asm__ volatile(".rept 16\n add %0, %0, %1\n .endr" : "+r"(sum) : "r"(one))
#endif

// Cycles per second right now; 0 where we do not know how to tell.
//
// The time stamp counter would not do: rdtsc (and cntvct on Arm) ticks at a constant rate, while the core
// speeds up and slows down with heat, neighbours and wide vectors. For the same reason this is called right
// after the loop it judges. The fastest of some short runs is one that nothing interrupted.
inline double CyclesPerSecond() {
#ifdef SIMDACT_ADD16
  constexpr int kRuns = 8, kBlocks = 1000;
  double best = 1e30;
  uint64_t sum = 0;
  const uint64_t one = 1;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    for (int block = 0; block < kBlocks; ++block) SIMDACT_ADD16(sum, one);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count());
  }
  return kBlocks * 16 / best;
#else
  return 0;
#endif
}

// CPU time of this thread, which is what Google Benchmark divides by. Seconds.
inline double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_CLOCK_H_
