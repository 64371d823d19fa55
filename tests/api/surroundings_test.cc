// What a program may do to the library it calls: fork, interrupt it, call it from threads with hardly a
// stack, hand it memory that cannot be written or is mapped many times over, and arrays of more than 2^32
// elements.
//
// Not here: huge pages, of which a process sees nothing but time; and a stack that is not aligned as the ABI
// says, on which no compiler's code may run. CPUs whose vectors an operating system has switched off are
// emulated (api/emulated).

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "simdact/simdact.hpp"
#include "tests/common/fresh_process.h"
#include "tests/common/kernels.h"
#include "tests/common/whole_range.h"

namespace simdact_test {
namespace {

constexpr size_t kCount = 700;

// In a process that has not called the library yet.
int Alone(std::common_type_t<int (*)(const int&)> f) { return InFreshProcess("SIMDACT_TARGET", "", 0, f); }

Array Gelu(const Array& x) {
  Array y(SIMDACT_F32, x.Size());
  simdact::gelu(reinterpret_cast<const float*>(x.Data()), reinterpret_cast<float*>(y.Data()), x.Size());
  return y;
}
bool Same(const Array& a, const Array& b) { return FirstDifference(a, b, 0, a.Size()) == a.Size(); }

// The choice of a target is the parent's, made by one of its threads; and in the child others begin.
TEST(Surroundings, ForkAfterTheFirstCall) {
  EXPECT_EQ(Alone([](const int&) {
              const Array x = WholeRange(SIMDACT_F32, kCount);
              Array want(SIMDACT_F32);
              std::thread([&] { want = Gelu(x); }).join();
              const pid_t child = fork();
              if (child == 0) {
                bool same = Same(Gelu(x), want);
                std::thread([&] { same = same && Same(Gelu(x), want); }).join();
                _exit(same ? 0 : 1);
              }
              int status = -1;
              waitpid(child, &status, 0);
              return WIFEXITED(status) && WEXITSTATUS(status) == 0 && Same(Gelu(x), want) ? 0 : 1;
            }),
            0);
}

// ---- Signals
// -----------------------------------------------------------------------------------------------

volatile sig_atomic_t g_signals = 0, g_wrong = 0;
Array g_input(SIMDACT_F32), g_wanted(SIMDACT_F32),
    g_output(SIMDACT_F32);  // the handler's, which may not allocate

void ComputeInHandler(int) {
  simdact::gelu(reinterpret_cast<const float*>(g_input.Data()), reinterpret_cast<float*>(g_output.Data()),
                g_input.Size());
  g_wrong = g_wrong + !Same(g_output, g_wanted);
  g_signals = g_signals + 1;
}

// A handler that computes, too, in the midst of any kernel: the library keeps nothing between calls.
TEST(Surroundings, SignalsThatComputeThemselves) {
  const int code = Alone([](const int&) {
    g_input = WholeRange(SIMDACT_F32, 300);
    g_wanted = Gelu(g_input);
    g_output = Array(SIMDACT_F32, 300);
    struct sigaction action = {};
    action.sa_handler = ComputeInHandler;
    sigaction(SIGALRM, &action, nullptr);
    const itimerval often = {{0, 1000}, {0, 1000}};  // every millisecond
    setitimer(ITIMER_REAL, &often, nullptr);
    int wrong = 0;
    while (g_signals < 100) {
      ForEachKernelOf(
          SIMDACT_OP_gelu,
          [&](const Case& c) {
            const Array x = WholeRange(c.dtype, kCount);
            Array first(c.dtype), again(c.dtype);
            simdact_accuracy::Run(*c.kernel, c.direction, c.description->defaults, x, first);
            simdact_accuracy::Run(*c.kernel, c.direction, c.description->defaults, x, again);
            wrong += !Same(first, again);
          },
          Tiers::kAll);
    }
    const itimerval never = {};
    setitimer(ITIMER_REAL, &never, nullptr);
    return wrong != 0 ? 1 : g_wrong != 0 ? 2 : 0;
  });
  EXPECT_EQ(code, 0);
}

// ---- Stacks
// ------------------------------------------------------------------------------------------------

// Every kind of call once, forward and backward, with more elements than a block of any holds.
void CallEveryShape() {
  for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
    ForEachKernelOf(
        static_cast<simdact_op>(op),
        [](const Case& c) {
          const Array x(c.dtype, std::vector<double>(kCount, 0.5));
          Array y(c.dtype);
          simdact_accuracy::Run(*c.kernel, c.direction, c.description->defaults, x, y);
        },
        Tiers::kAll);
  }
  constexpr size_t rows = 3, cols = kCount;
  for (const simdact_target* target : simdact_accuracy::RunningTargets()) {
    for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
      const Array x(dtype, std::vector<double>(rows * cols, 0.5)), row(dtype, std::vector<double>(cols, 2.0));
      Array y(dtype, rows * cols), dx(dtype, rows * cols), row_out(dtype, cols);
      std::vector<double> sums(rows * cols);
      const simdact_kernel* gelu = simdact_find(target, SIMDACT_OP_gelu, dtype, SIMDACT_ACCURATE);
      const simdact_params p = simdact_describe(SIMDACT_OP_gelu)->defaults;
      const simdact_bias_kernel* bias = simdact_find_bias(target, dtype);
      bias->forward(gelu, x.Data(), row.Data(), row.Data(), y.Data(), rows, cols, p);
      bias->backward(gelu, x.Data(), row.Data(), row.Data(), x.Data(), dx.Data(), sums.data(), row_out.Data(),
                     rows, cols, p);
      for (const auto gate : {SIMDACT_GATE_swiglu, SIMDACT_GATE_geglu}) {
        const simdact_gate_kernel* kernel = simdact_find_gate(target, gate, dtype, SIMDACT_ACCURATE);
        const simdact_params defaults = simdact_describe_gate(gate)->defaults;
        kernel->forward(x.Data(), x.Data(), y.Data(), cols, defaults);
        kernel->backward(x.Data(), x.Data(), x.Data(), y.Data(), dx.Data(), cols, defaults);
        kernel->forward_interleaved(x.Data(), y.Data(), cols, defaults);
      }
      for (const auto op : {SIMDACT_SOFTMAX_OP_softmax, SIMDACT_SOFTMAX_OP_log_softmax}) {
        const simdact_softmax_kernel* kernel = simdact_find_softmax(target, op, dtype);
        simdact_softmax_options options = {};
        options.scale = 0.5;
        options.softcap = 30;
        options.alibi_slope = 0.1;
        EXPECT_EQ(kernel->forward(x.Data(), y.Data(), rows, cols, nullptr), SIMDACT_OK);
        EXPECT_EQ(kernel->forward(x.Data(), y.Data(), rows, cols, &options), SIMDACT_OK);
        EXPECT_EQ(kernel->backward(y.Data(), x.Data(), dx.Data(), rows, cols, nullptr), SIMDACT_OK);
        EXPECT_EQ(kernel->log_sum_exp(x.Data(), sums.data(), rows, cols, nullptr), SIMDACT_OK);
        const simdact_softmax_axis_kernel* axis = simdact_find_softmax_axis(target, op, dtype);
        EXPECT_EQ(axis->forward(x.Data(), y.Data(), 1, rows, cols, nullptr), SIMDACT_OK);
        EXPECT_EQ(axis->backward(y.Data(), x.Data(), dx.Data(), 1, rows, cols, nullptr), SIMDACT_OK);
      }
      const std::vector<int64_t> labels(rows, 1);
      EXPECT_EQ(simdact_find_cross_entropy(target, dtype)
                    ->cross_entropy(x.Data(), labels.data(), sums.data(), dx.Data(), rows, cols, nullptr),
                SIMDACT_OK);
      simdact_attention attention = {};
      attention.batches = attention.heads = 1;
      attention.queries = rows;
      attention.keys = cols;
      attention.causal = 1;
      EXPECT_EQ(simdact_attention_softmax(target, dtype, x.Data(), y.Data(), &attention), SIMDACT_OK);
      for (const void* output : {static_cast<const void*>(y.Data()), static_cast<const void*>(nullptr)}) {
        attention.log_sum_exp = output == nullptr ? sums.data() : nullptr;
        EXPECT_EQ(simdact_attention_softmax_backward(target, dtype, x.Data(), output, x.Data(), dx.Data(),
                                                     nullptr, &attention),
                  SIMDACT_OK);
      }
      simdact_gate_options gated = {};
      gated.gate_bias = row.Data();
      gated.target = target;
      EXPECT_EQ(simdact_gated(SIMDACT_OP_gelu, dtype, x.Data(), y.Data(), rows, cols / 2, p, &gated),
                SIMDACT_OK);
      EXPECT_EQ(simdact_gated_backward(SIMDACT_OP_gelu, dtype, x.Data(), x.Data(), dx.Data(), row_out.Data(),
                                       nullptr, rows, cols / 2, p, &gated),
                SIMDACT_OK);
      if (dtype == SIMDACT_F64) continue;  // bytes are of the other dtypes
      simdact_quantize_options bytes = {};
      bytes.dynamic = 1;
      bytes.scales = reinterpret_cast<float*>(sums.data());
      bytes.target = target;
      EXPECT_EQ(simdact_quantize(SIMDACT_OP_gelu, dtype, x.Data(), y.Data(), rows, cols, p, &bytes),
                SIMDACT_OK);
      EXPECT_EQ(simdact_gated_quantize(SIMDACT_OP_gelu, dtype, x.Data(), y.Data(), rows, cols / 2, p, &gated,
                                       &bytes),
                SIMDACT_OK);
    }
  }
  uint8_t table[256];
  simdact_quantization same = {0.1f, 0, 0};
  EXPECT_EQ(simdact_table_build(SIMDACT_OP_gelu, nullptr, &same, &same, table), SIMDACT_OK);
}

// musl gives a thread 128 KiB, and some programs give it less. Sanitized, frames are larger.
TEST(Surroundings, StackOf64KiB) {
  const int code = Alone([](const int&) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    const size_t bytes = kWholeElements ? 1024 * 1024 : 64 * 1024;
    if (pthread_attr_setstacksize(&attributes, std::max(bytes, static_cast<size_t>(PTHREAD_STACK_MIN))) != 0)
      return 2;
    pthread_t thread;
    const auto run = [](void*) -> void* {
      CallEveryShape();
      return nullptr;
    };
    if (pthread_create(&thread, &attributes, run, nullptr) != 0) return 3;
    pthread_join(thread, nullptr);
    return testing::Test::HasFailure() ? 4 : 0;
  });
  EXPECT_EQ(code, 0);
}

// ---- Memory
// ------------------------------------------------------------------------------------------------

// A file of `bytes`, which can be mapped more than once.
class File {
 public:
  explicit File(size_t bytes) : bytes_(bytes) {
#ifdef __linux__  // without a disk
    file_ = fdopen(memfd_create("simdact_test", 0), "r+");
#else
    file_ = std::tmpfile();
#endif
    if (file_ == nullptr || ftruncate(fileno(file_), static_cast<off_t>(bytes)) != 0) std::abort();
  }
  File(const File&) = delete;
  ~File() { std::fclose(file_); }
  // At any place, or in place of what is mapped there.
  char* Map(int protection, void* at = nullptr) const {
    void* map = mmap(at, bytes_, protection, MAP_SHARED | (at == nullptr ? 0 : MAP_FIXED), fileno(file_), 0);
    return map == MAP_FAILED ? nullptr : static_cast<char*>(map);
  }

 private:
  std::FILE* file_;
  size_t bytes_;
};

// Inputs that a program may only read, as weights mapped from a file are; and results that go to one.
TEST(Surroundings, ReadOnlyInputsAndSharedOutputs) {
  const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const File input(bytes), output(bytes);
  char *fill = input.Map(PROT_READ | PROT_WRITE), *from = input.Map(PROT_READ);
  char *to = output.Map(PROT_READ | PROT_WRITE), *seen = output.Map(PROT_READ);
  ASSERT_TRUE(fill != nullptr && from != nullptr && to != nullptr && seen != nullptr);
  ForEachKernelOf(
      SIMDACT_OP_silu,
      [&](const Case& c) {
        const size_t n = bytes / FormatOf(c.dtype).bytes;
        const Array x = WholeRange(c.dtype, n);
        std::memcpy(fill, x.Data(), bytes);
        Array want(c.dtype, n), got(c.dtype, n);
        simdact_accuracy::Call(*c.kernel, c.direction, c.description->defaults, x.Data(), x.Data(),
                               want.Data(), n);
        simdact_accuracy::Call(*c.kernel, c.direction, c.description->defaults, from, from, to, n);
        std::memcpy(got.Data(), seen, bytes);
        ASSERT_TRUE(Same(got, want));
      },
      Tiers::kAll);
  for (char* map : {fill, from, to, seen}) munmap(map, bytes);
}

// More elements than 32 bits count, in memory of 8 MiB that is mapped over and over, and some of its own at
// the end. Where size_t has 32 bits there are no such arrays.
#if SIZE_MAX > 0xFFFFFFFF
TEST(Surroundings, MoreThan2To32Elements) {
  if (Quick()) GTEST_SKIP() << "4 billion elements take too long under an emulator or sanitizer";
  constexpr size_t kPiece = size_t{8} << 20, kPieces = (size_t{1} << 33) / kPiece;  // 2^32 of two bytes each
  constexpr uint16_t kMinusOne = 0xBF80, kOne = 0x3F80;                             // bf16
  char* all = static_cast<char*>(mmap(nullptr, kPiece * (kPieces + 1), PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  ASSERT_NE(all, MAP_FAILED);
  const File file(kPiece);
  for (size_t i = 0; i < kPieces; ++i) {
    ASSERT_NE(file.Map(PROT_READ | PROT_WRITE, all + i * kPiece), nullptr) << "piece " << i;
  }
  uint16_t* x = reinterpret_cast<uint16_t*>(all);
  uint16_t* tail = reinterpret_cast<uint16_t*>(all + kPieces * kPiece);
  std::fill(x, x + kPiece / 2, kOne);
  std::fill(tail, tail + 100, kMinusOne);
  simdact::relu(reinterpret_cast<simdact::bf16*>(x), reinterpret_cast<simdact::bf16*>(x),
                (size_t{1} << 32) + 99);
  for (size_t i = 0; i < 99; ++i) EXPECT_EQ(tail[i], 0) << i;
  EXPECT_EQ(tail[99], kMinusOne);  // and not one more
  for (size_t i = 0; i < kPiece / 2; ++i) ASSERT_EQ(x[i], kOne);
  munmap(all, kPiece * (kPieces + 1));
}
#endif

}  // namespace
}  // namespace simdact_test
