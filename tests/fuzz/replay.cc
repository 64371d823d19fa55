// Runs the fuzz target without libFuzzer, so with any compiler and in each run of the tests: on the files of
// a corpus, then on random inputs and on changed files of it, the same ones each time. An input that ends the
// process is left in the file fuzz-crash.
//
//   simdact_fuzz_replay [--runs N] [--seed N] [FILE or FOLDER...]
//   simdact_fuzz_replay --planted       finds faults that are planted in kernels

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace simdact_fuzz {
namespace {

using Bytes = std::vector<uint8_t>;

// ---- Inputs --------------------------------------------------------------------------------------------

Bytes g_current;  // for the handler

// Only what may be called when anything may be broken.
void Leave(int signal) {
  const int file = open("fuzz-crash", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0 && write(file, g_current.data(), g_current.size()) >= 0) close(file);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

void RunOne(const Bytes& input) {
  g_current = input;
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

// All files, in the order of their names.
std::vector<Bytes> ReadCorpus(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Bytes> corpus;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "simdact_fuzz_replay: cannot read '%s'\n", path.c_str());
      std::exit(2);
    }
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

Bytes Made(Random& random) {
  Bytes input(1 + random.Below(random.Below(4) == 0 ? 200 : 60));
  for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
  return input;
}

// A file of the corpus with one to four changes.
Bytes Changed(const std::vector<Bytes>& corpus, Random& random) {
  Bytes input = corpus[random.Below(corpus.size())];
  for (size_t change = 1 + random.Below(4); change != 0; --change) {
    const size_t at = random.Below(input.size() + 1);
    const auto place = input.begin() + static_cast<ptrdiff_t>(at);
    const Bytes& other = corpus[random.Below(corpus.size())];
    switch (random.Below(5)) {
      case 0:
        input.insert(place, static_cast<uint8_t>(random()));
        break;
      case 1:
        if (at < input.size()) input.erase(place);
        break;
      case 2:
        if (at < input.size()) input[at] = static_cast<uint8_t>(input[at] ^ (1u << random.Below(8)));
        break;
      case 3:  // from here on another file's bytes
        input.resize(at);
        if (other.size() > at)
          input.insert(input.end(), other.begin() + static_cast<ptrdiff_t>(at), other.end());
        break;
      default:
        if (at < input.size()) input[at] = static_cast<uint8_t>(random());
        break;
    }
  }
  return input;
}

void Replay(const std::vector<Bytes>& corpus, uint64_t runs, uint64_t seed) {
  for (const Bytes& input : corpus) RunOne(input);
  Random random(seed);
  for (uint64_t run = 0; run < runs; ++run) {
    RunOne(corpus.empty() || random.Below(2) == 0 ? Made(random) : Changed(corpus, random));
  }
  std::printf("%zu files and %llu made inputs without a finding\n", corpus.size(),
              static_cast<unsigned long long>(runs));
}

// ---- Faults that must be found -------------------------------------------------------------------------

enum class Fault {
  kNone,
  kWritesBehind,
  kWritesBefore,
  kReadsBehind,
  kWrongEverywhere,
  kByPlace,
  kInPlace,
  kSignOfZero
};
constexpr const char* kFaultNames[] = {"none",           "writes behind",  "writes before",
                                       "reads behind",   "a wrong result", "depends on place",
                                       "wrong in place", "sign of zero"};
Fault g_fault = Fault::kNone;
simdact_dtype g_dtype;
const simdact_kernel* g_real;

void FaultyForward(const void* x, void* y, size_t n, simdact_params p) {
  g_real->forward(x, y, n, p);
  const size_t bytes = FormatOf(g_dtype).bytes;
  auto* const to = static_cast<uint8_t*>(y);
  const auto flip = [&](size_t i) { to[i * bytes + bytes - 2] ^= 0x10; };  // far from the last bit
  switch (g_fault) {
    case Fault::kNone:
      return;
    case Fault::kWritesBehind:
      to[n * bytes] = 0;
      return;
    case Fault::kWritesBefore:
      to[-1] = 0;
      return;
    case Fault::kReadsBehind:
      static_cast<void>(*static_cast<const volatile uint8_t*>(static_cast<const uint8_t*>(x) + n * bytes));
      return;
    case Fault::kWrongEverywhere:
      for (size_t i = 0; i < n; ++i) flip(i);
      return;
    case Fault::kByPlace:
      if (n > 8) flip(8);
      return;
    case Fault::kInPlace:
      if (x == y && n != 0) flip(n - 1);
      return;
    case Fault::kSignOfZero:
      for (size_t i = 0; i < n; ++i) {
        Array one = Read(g_dtype, to + i * bytes, 1);
        if (one[0] == 0) one.Set(0, -one[0]), std::memcpy(to + i * bytes, one.Data(), bytes);
      }
      return;
  }
}

// On the last target; the others are as they are.
const simdact_kernel* FindFaulty(const simdact_target* target, simdact_op op, simdact_dtype dtype,
                                 simdact_tier tier) {
  static simdact_kernel faulty;
  g_real = simdact_find(target, op, dtype, tier), g_dtype = dtype;
  if (g_real == nullptr || target != Targets().back()) return g_real;
  faulty = *g_real, faulty.forward = FaultyForward;
  return &faulty;
}

// In a process of its own, whether the inputs end it.
bool IsFound(Fault fault, uint64_t runs) {
  const pid_t child = fork();
  if (child == 0) {
    g_fault = fault, g_find = FindFaulty;
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(0);
    Random random(1);
    for (uint64_t run = 0; run < runs; ++run) {
      Bytes input = Made(random);
      input[0] = 0;  // an activation
      RunOne(input);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

int FindPlanted(uint64_t runs) {
  int failures = 0;
  for (size_t i = 0; i < std::size(kFaultNames); ++i) {
    const auto fault = static_cast<Fault>(i);
    const bool found = IsFound(fault, runs);
    std::printf("%s: %s\n", kFaultNames[i], found ? "found" : "not found");
    failures += found != (fault != Fault::kNone);
  }
  return failures == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  uint64_t runs = std::getenv("SIMDACT_TEST_QUICK") != nullptr ? 4000 : 20000, seed = 1;
  bool planted = false;
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--planted") {
      planted = true;
    } else if ((argument == "--runs" || argument == "--seed") && i + 1 < argc) {
      (argument == "--runs" ? runs : seed) = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument[0] != '-') {
      paths.push_back(argument);
    } else {
      std::fprintf(
          stderr, "simdact_fuzz_replay: unknown argument '%s'; valid: --runs N, --seed N, --planted, paths\n",
          argv[i]);
      return 2;
    }
  }
  if (planted) return FindPlanted(runs);
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, Leave);
  Replay(ReadCorpus(paths), runs, seed);
  return 0;
}

}  // namespace
}  // namespace simdact_fuzz

int main(int argc, char** argv) { return simdact_fuzz::Main(argc, argv); }
