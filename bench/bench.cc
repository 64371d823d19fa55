// simdact_bench: the speed of every kernel, per instruction set, as Google Benchmark rows.
//
//   op/forward/DTYPE/accurate/TARGET/n       n elements: 1, 16, 64, L1, L2 and, of f32 and bf16, DRAM sizes
//   op/backward/DTYPE/accurate/TARGET/n
//   op/from_output/DTYPE/accurate/TARGET/n   backward from the output, where there is such a kernel
//   op/DIRECTION/DTYPE/fast/TARGET/n         the fast tier, where its kernel is not the accurate one
//   op/DIRECTION/f32/exact/TARGET/n          the exact tier likewise
//   op/DIRECTION/f32/TIER/TARGET/minus_inf   and other inputs that are slow in careless code: slow_rows.h
//   op/forward/f32/TIER/TARGET/digits        what the layers of a trained network feed that op
//   op/DIRECTION/DTYPE/peer/PEER/n           other libraries, if the build was asked for them: peer_rows.h
//   op/forward/f32/accurate/TARGET/n/real_time/threads:N  one array split over threads: thread_rows.h
//   softmax/forward|backward/DTYPE/TIER/TARGET/cols  and its kin, cross-entropy: softmax_rows.h
//   gate/forward|backward/DTYPE/accurate/TARGET/n   gated linear units, likewise
//   bias_gelu/forward/f32/accurate/TARGET/n  the bias shape: see bias_rows.h
//   table_u8/forward/u8/accurate/TARGET/n    bytes through a table of 256; int16 likewise: table_rows.h
//   swiglu_e4m3/forward/DTYPE/fast/TARGET/n  gates and activations into bytes (quantize_rows.h)
//   memcpy/DTYPE/n  copy/f32/n               ceilings: no kernel can move memory faster for long
//   dispatch/HOW/relu/1                      what finding the target costs a call
//
// DTYPE: f32, f64, bf16, f16. All flags of Google Benchmark apply; choose rows with
// --benchmark_filter=REGEX, for there are thousands. Times are CPU times of one thread; those of rows named
// real_time are on the wall clock. Counters: items_per_second (elements), bytes_per_second (as the caller
// counts them: an element is read and written forward, two are read and one written backward) and
// el_per_cycle.
//
// el_per_cycle is the one to compare between machines. Look at relu for what a target's loads and stores
// allow, forward and backward: it moves the same memory and computes next to nothing. README.md says how to
// measure.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "bench/arrays.h"
#include "bench/bias_rows.h"
#include "bench/gates_rows.h"
#ifdef SIMDACT_BENCH_PEERS
#include "bench/peer_rows.h"
#endif
#include "bench/quantize_rows.h"
#include "bench/rows.h"
#include "bench/slow_rows.h"
#include "bench/softmax_rows.h"
#include "bench/table_rows.h"
#include "bench/thread_rows.h"
#include "simdact/simdact.h"
#include "tests/ruler/accuracy.h"
#include "tests/unary/digits.h"

#ifndef SIMDACT_TEST_DATA
#define SIMDACT_TEST_DATA "tests/data"  // seen from the repository's root
#endif

namespace {

using namespace simdact_bench;  // NOLINT: this is the benchmark
using simdact_accuracy::DirectionName;
using simdact_accuracy::DtypeName;
using simdact_accuracy::Dtypes;
using simdact_accuracy::RunningTargets;

// 4096: x and y (or x, dy and dx) fit in a first-level cache of 48 KiB; 65536: in a second of 1 MiB; 16M:
// in none, large servers excepted.
constexpr size_t kMemorySize = size_t{1} << 24;
std::vector<size_t> SizesOf(simdact_dtype dtype) {
  std::vector<size_t> sizes = {1, 16, 64, 4096, 65536};
  if (dtype == SIMDACT_F32 || dtype == SIMDACT_BF16) sizes.push_back(kMemorySize);
  return sizes;
}

// ---- Rows ----------------------------------------------------------------------------------------------

// y = f(x), then either of the derivatives.
void AddForward(const std::string& prefix, const simdact_kernel* kernel, simdact_op op, simdact_dtype dtype) {
  const simdact_params p = simdact_describe(op)->defaults;
  for (size_t n : SizesOf(dtype)) {
    Row(prefix + std::to_string(n), [=](benchmark::State& state) {
      Arrays& a = Arrays::Shared(dtype, NeedsPositive(op));
      a.Reserve(n);
      Measure(state, n, 2 * SizeOf(dtype), [&] { kernel->forward(a.x(), a.y(), n, p); });
    });
  }
}

void AddBackward(const std::string& prefix, const simdact_kernel* kernel, simdact_op op,
                 simdact_dtype dtype) {
  const simdact_params p = simdact_describe(op)->defaults;
  for (size_t n : SizesOf(dtype)) {
    Row(prefix + std::to_string(n), [=](benchmark::State& state) {
      Arrays& a = Arrays::Shared(dtype, NeedsPositive(op));
      a.Reserve(n);
      Measure(state, n, 3 * SizeOf(dtype), [&] { kernel->backward(a.x(), a.dy(), a.y(), n, p); });
    });
  }
}

// Its inputs are the op's outputs, so each row makes its own; not for 16M, where memory decides and the rows
// of `backward` say it all.
void AddFromOutput(const std::string& prefix, const simdact_kernel* kernel, simdact_op op,
                   simdact_dtype dtype) {
  if (kernel->backward_from_output == nullptr) return;
  const simdact_params p = simdact_describe(op)->defaults;
  for (size_t n : SizesOf(dtype)) {
    if (n == kMemorySize) continue;
    Row(prefix + std::to_string(n), [=](benchmark::State& state) {
      Arrays& a = Arrays::Shared(dtype, NeedsPositive(op));
      a.Reserve(n);
      const Buffer output = Allocate(n * SizeOf(dtype));
      kernel->forward(a.x(), output.get(), n, p);
      Measure(state, n, 3 * SizeOf(dtype),
              [&] { kernel->backward_from_output(output.get(), a.dy(), a.y(), n, p); });
    });
  }
}

void AddDigits(const std::string& prefix, const simdact_kernel* kernel, simdact_op op,
               const std::vector<float>* digits) {
  if (digits == nullptr) return;
  const simdact_params p = simdact_describe(op)->defaults;
  Row(prefix + "digits", [=](benchmark::State& state) {
    Arrays& a = Arrays::Shared(SIMDACT_F32, false);
    a.Reserve(digits->size());
    Measure(state, digits->size(), 8, [&] { kernel->forward(digits->data(), a.y(), digits->size(), p); });
  });
}

// The rows of one tier; of others than `accurate`, those whose kernel is not the accurate one.
void AddKernel(const simdact_target* target, simdact_op op, simdact_dtype dtype, simdact_tier tier,
               const std::vector<float>* digits) {
  const simdact_kernel* kernel = simdact_find(target, op, dtype, tier);
  const simdact_kernel* accurate = simdact_find(target, op, dtype, SIMDACT_ACCURATE);
  if (kernel == nullptr) return;
  constexpr const char* kTiers[] = {"/accurate/", "/fast/", "/exact/"};
  const auto prefix = [&](simdact_direction direction) {
    return std::string(simdact_describe(op)->name) + "/" + DirectionName(direction) + "/" + DtypeName(dtype) +
           kTiers[tier] + simdact_target_name(target) + "/";
  };
  const bool all = tier == SIMDACT_ACCURATE;
  if (all || kernel->forward != accurate->forward) {
    AddForward(prefix(SIMDACT_FORWARD), kernel, op, dtype);
    if (dtype == SIMDACT_F32) {
      AddDigits(prefix(SIMDACT_FORWARD), kernel, op, digits);
      AddSlowRows(prefix(SIMDACT_FORWARD), kernel, op, SIMDACT_FORWARD);
    }
  }
  if (all || kernel->backward != accurate->backward) {
    AddBackward(prefix(SIMDACT_BACKWARD), kernel, op, dtype);
    if (dtype == SIMDACT_F32) AddSlowRows(prefix(SIMDACT_BACKWARD), kernel, op, SIMDACT_BACKWARD);
  }
  if (all || kernel->backward_from_output != accurate->backward_from_output) {
    AddFromOutput(prefix(SIMDACT_BACKWARD_FROM_OUTPUT), kernel, op, dtype);
  }
}

// y = s x in a plain loop, vectorized by the compiler for the baseline of the build. With s = 1, but
// unknown to the compiler: it would turn a mere copy into memcpy.
void Copy(const float* x, float* y, size_t n, float s) {
  for (size_t i = 0; i < n; ++i) y[i] = s * x[i];
}

void AddMemcpy(simdact_dtype dtype, size_t n) {
  // Note that memcpy may stream past the caches when n is large, which saves it a third of the traffic.
  Row(std::string("memcpy/") + DtypeName(dtype) + "/" + std::to_string(n), [=](benchmark::State& state) {
    Arrays& a = Arrays::Shared(dtype, false);
    a.Reserve(n);
    size_t bytes = n * SizeOf(dtype);
    benchmark::DoNotOptimize(bytes);  // else n = 1 becomes a single move
    Measure(state, n, 2 * SizeOf(dtype), [&] { std::memcpy(a.y(), a.x(), bytes); });
  });
}

void AddCopy(size_t n) {
  Row("copy/f32/" + std::to_string(n), [=](benchmark::State& state) {
    Arrays& a = Arrays::Shared(SIMDACT_F32, false);
    a.Reserve(n);
    float one = 1;
    benchmark::DoNotOptimize(one);
    Measure(state, n, 8, [&] { Copy(static_cast<float*>(a.x()), static_cast<float*>(a.y()), n, one); });
  });
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
  AddDispatch();
  for (const simdact_dtype dtype : Dtypes()) {
    for (size_t n : SizesOf(dtype)) AddMemcpy(dtype, n);
    for (const simdact_target* target : targets) {
      for (int k = 0; k < SIMDACT_OP_COUNT; ++k) {
        const auto op = static_cast<simdact_op>(k);
        for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST, SIMDACT_EXACT}) {
          AddKernel(target, op, dtype, tier, DigitsOf(network, op));
        }
      }
    }
  }
  AddBiasRows(targets);
  for (size_t n : SizesOf(SIMDACT_F32)) AddCopy(n);
  AddSoftmaxRows(targets);
  AddTableRows(targets);
  AddQuantizeRows(targets);
  AddGatesRows(targets);
  AddThreadRows();
#ifdef SIMDACT_BENCH_PEERS
  AddPeerRows();
#endif
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
