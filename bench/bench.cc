// simdact_bench: the speed of every kernel, per instruction set, as Google Benchmark rows.
//
//   op/forward/f32/accurate/TARGET/n       n floats: 1, 64, L1, L2 and DRAM sizes
//   op/backward/f32/accurate/TARGET/n
//   op/forward/f32/accurate/TARGET/digits  what the layers of a trained network feed that op
//   memcpy/f32/n  copy/f32/n               ceilings: no kernel can move memory faster for long
//   dispatch/HOW/relu/1                    what finding the target costs a call
//
// All flags of Google Benchmark apply; choose rows with --benchmark_filter=REGEX. Times are CPU times of
// one thread. Counters: items_per_second (elements), bytes_per_second (as the caller counts them: 8 bytes
// per element forward, 12 backward) and el_per_cycle.
//
// el_per_cycle is the one to compare between machines. Look at relu for what a target's loads and stores
// allow, forward and backward: it moves the same memory and computes next to nothing.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "simdact/simdact.h"
#include "tests/digits.h"

#ifndef SIMDACT_TEST_DATA
#define SIMDACT_TEST_DATA "tests/data"  // seen from the repository's root
#endif

namespace {

// 4096: x and y (or x, dy and dx) fit in a first-level cache of 48 KiB; 65536: in a second of 1 MiB; 16M:
// in none, large servers excepted.
constexpr size_t kSizes[] = {1, 64, 4096, 65536, size_t{1} << 24};

// ---- The clock -----------------------------------------------------------------------------------------

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
double CyclesPerSecond() {
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
double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// ---- Data ----------------------------------------------------------------------------------------------

// Bell-shaped in [-10, 10], standard deviation 2.9. Four uniform numbers added up, because
// std::normal_distribution differs from one standard library to the next.
void FillRandom(float* x, size_t n) {
  std::mt19937 bits(20240229);
  for (size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (int k = 0; k < 4; ++k) sum += static_cast<double>(bits()) * 0x1p-32;
    x[i] = static_cast<float>(5 * (sum - 2));
  }
}

struct FreeAligned {
  void operator()(float* p) const { ::operator delete[](p, std::align_val_t{64}); }
};

// Arrays that all rows share: filling 16M elements anew for each row would take longer than the row.
class Arrays {
 public:
  // x holds the same numbers at the start whatever n is. Grows when asked for more than before.
  void Reserve(size_t n) {
    if (n <= size_) return;
    size_ = n;
    for (auto* array : {&x_, &dy_, &y_}) {
      array->reset(static_cast<float*>(::operator new[](n * sizeof(float), std::align_val_t{64})));
    }
    FillRandom(x_.get(), n);
    std::fill_n(dy_.get(), n, 1.5f);
    std::fill_n(y_.get(), n, 0.0f);  // touches the pages, so that no row pays for that
  }
  float* x() const { return x_.get(); }
  float* dy() const { return dy_.get(); }
  float* y() const { return y_.get(); }

 private:
  size_t size_ = 0;
  std::unique_ptr<float[], FreeAligned> x_, dy_, y_;
};

Arrays& Shared() {
  static Arrays arrays;
  return arrays;
}

// ---- Rows ----------------------------------------------------------------------------------------------

// Times call() on n elements that move `bytes` each. The compiler must assume that everything is read.
template <class Call>
void Measure(benchmark::State& state, size_t n, size_t bytes, Call call) {
  const double start = ThreadSeconds();
  for (auto _ : state) {
    call();
    benchmark::ClobberMemory();
  }
  const double seconds = ThreadSeconds() - start;
  const double elements = static_cast<double>(n) * static_cast<double>(state.iterations());
  state.SetItemsProcessed(static_cast<int64_t>(elements));
  state.SetBytesProcessed(static_cast<int64_t>(elements * static_cast<double>(bytes)));
  const double hertz = CyclesPerSecond();
  if (hertz > 0) state.counters["el_per_cycle"] = elements / (seconds * hertz);
}

template <class Function>
void Row(const std::string& name, Function function) {
  benchmark::RegisterBenchmark(name.c_str(), function);
}

void AddKernel(const simdact_target* target, simdact_op op, const std::vector<float>* digits) {
  const simdact_kernel* kernel = simdact_find(target, op, SIMDACT_F32, SIMDACT_ACCURATE);
  if (kernel == nullptr) return;
  const simdact_description* about = simdact_describe(op);
  const simdact_params p = about->defaults;
  const std::string forward =
      std::string(about->name) + "/forward/f32/accurate/" + simdact_target_name(target);
  const std::string backward =
      std::string(about->name) + "/backward/f32/accurate/" + simdact_target_name(target);
  for (size_t n : kSizes) {
    Row(forward + "/" + std::to_string(n), [=](benchmark::State& state) {
      Shared().Reserve(n);
      const Arrays& a = Shared();
      Measure(state, n, 8, [&] { kernel->forward(a.x(), a.y(), n, p); });
    });
    Row(backward + "/" + std::to_string(n), [=](benchmark::State& state) {
      Shared().Reserve(n);
      const Arrays& a = Shared();
      Measure(state, n, 12, [&] { kernel->backward(a.x(), a.dy(), a.y(), n, p); });
    });
  }
  if (digits == nullptr) return;
  Row(forward + "/digits", [=](benchmark::State& state) {
    Shared().Reserve(digits->size());
    Measure(state, digits->size(), 8,
            [&] { kernel->forward(digits->data(), Shared().y(), digits->size(), p); });
  });
}

// y = s x in a plain loop, vectorized by the compiler for the baseline of the build. With s = 1, but
// unknown to the compiler: it would turn a mere copy into memcpy.
void Copy(const float* x, float* y, size_t n, float s) {
  for (size_t i = 0; i < n; ++i) y[i] = s * x[i];
}

void AddCeilings() {
  for (size_t n : kSizes) {
    // Note that memcpy may stream past the caches when n is large, which saves it a third of the traffic.
    Row("memcpy/f32/" + std::to_string(n), [=](benchmark::State& state) {
      Shared().Reserve(n);
      const Arrays& a = Shared();
      size_t bytes = n * sizeof(float);
      benchmark::DoNotOptimize(bytes);  // else n = 1 becomes a single move
      Measure(state, n, 8, [&] { std::memcpy(a.y(), a.x(), bytes); });
    });
    Row("copy/f32/" + std::to_string(n), [=](benchmark::State& state) {
      Shared().Reserve(n);
      const Arrays& a = Shared();
      float one = 1;
      benchmark::DoNotOptimize(one);
      Measure(state, n, 8, [&] { Copy(a.x(), a.y(), n, one); });
    });
  }
}

// What anyone would write by hand; kept out of line, as the library's functions are.
__attribute__((noinline)) void PlainRelu(const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : 0;
}

// One element each, so that the time is that of the call. The differences are what dispatch costs. x and y
// are lines apart: a masked load of x beside a y just stored would wait for that store, a matter of
// neighbours, not of dispatch.
struct Single {
  alignas(128) float x = -1;
  alignas(128) float y = 0;
};

void AddDispatch() {
  Row("dispatch/plain_function/relu/1", [](benchmark::State& state) {
    Single one;
    Measure(state, 1, 8, [&] { PlainRelu(&one.x, &one.y, 1); });
  });
  Row("dispatch/kernel_value/relu/1", [](benchmark::State& state) {
    const simdact_kernel* relu =
        simdact_find(simdact_target_default(), SIMDACT_OP_relu, SIMDACT_F32, SIMDACT_ACCURATE);
    Single one;
    Measure(state, 1, 8, [&] { relu->forward(&one.x, &one.y, 1, simdact_params{}); });
  });
  Row("dispatch/array_function/relu/1", [](benchmark::State& state) {
    Single one;
    Measure(state, 1, 8, [&] { simdact_relu_f32(&one.x, &one.y, 1); });
  });
}

// ---- Setting up ----------------------------------------------------------------------------------------

std::vector<const simdact_target*> RunningTargets() {
  std::vector<const simdact_target*> targets(simdact_targets(nullptr, 0));
  simdact_targets(targets.data(), targets.size());
  targets.erase(std::remove_if(targets.begin(), targets.end(),
                               [](const simdact_target* t) { return simdact_target_runs(t) == 0; }),
                targets.end());
  return targets;
}

// False, with a line on stderr, if $SIMDACT_TARGET asks for what cannot be had: figures for another
// instruction set than the one asked for would be worse than none.
bool TargetIsHonoured(const std::vector<const simdact_target*>& targets) {
  const simdact_choice choice = simdact_target_choice();
  if (choice != SIMDACT_CHOICE_UNKNOWN && choice != SIMDACT_CHOICE_UNSUPPORTED) return true;
  const char* wanted = std::getenv("SIMDACT_TARGET");
  std::fprintf(
      stderr, "simdact_bench: SIMDACT_TARGET=%s %s; valid here:", wanted ? wanted : "",
      choice == SIMDACT_CHOICE_UNKNOWN ? "is not a target of this library" : "does not run on this CPU");
  for (const simdact_target* target : targets) std::fprintf(stderr, " %s", simdact_target_name(target));
  std::fprintf(stderr, "\n");
  return false;
}

// An empty network, with a line on stderr, if the files are not there: the other rows do not need them.
digits::Network LoadDigits() {
  try {
    return digits::Load(SIMDACT_TEST_DATA);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "simdact_bench: no digits rows: %s\n", e.what());
    return {};
  }
}

const std::vector<float>* DigitsOf(const digits::Network& network, simdact_op op) {
  for (const digits::Layer& layer : network.layers) {
    if (layer.activation == simdact_describe(op)->name) return &layer.pre_activations;
  }
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const std::vector<const simdact_target*> targets = RunningTargets();
  if (!TargetIsHonoured(targets)) return 2;

  const digits::Network network = LoadDigits();
  benchmark::AddCustomContext("simdact_default_target", simdact_target_name(simdact_target_default()));
#ifdef __clang__
  benchmark::AddCustomContext("compiler", "clang++ " __clang_version__);
#else
  benchmark::AddCustomContext("compiler", "g++ " __VERSION__);
#endif
  AddCeilings();
  AddDispatch();
  for (const simdact_target* target : targets) {
    for (int k = 0; k < SIMDACT_OP_COUNT; ++k) {
      const simdact_op op = static_cast<simdact_op>(k);
      AddKernel(target, op, DigitsOf(network, op));
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
