// The fuzz target: an input's first byte says which kind of function is called. Run by libFuzzer
// (tools/fuzz), and by replay.cc with the inputs of corpus/ and what it makes of them.

#include "tests/fuzz/fuzz.h"

#include <cstdio>
#include <cstdlib>

namespace simdact_fuzz {

void Fail(const std::string& why) {
  std::fprintf(stderr, "simdact_fuzz: %s\n", why.c_str());
  std::abort();
}

namespace {

// Activations more than once, for they are most of the library.
constexpr void (*kKinds[])(Input&) = {FuzzUnary,         FuzzUnary,        FuzzUnary,     FuzzUnary,
                                      FuzzGates,         FuzzGateRows,     FuzzGated,     FuzzQuantize,
                                      FuzzSoftmax,       FuzzSoftmaxAxis,  FuzzAttention, FuzzBias,
                                      FuzzPreluChannels, FuzzCrossEntropy, FuzzTables};

}  // namespace
}  // namespace simdact_fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  simdact_fuzz::Input in(data, size);
  simdact_fuzz::kKinds[in.Below(std::size(simdact_fuzz::kKinds))](in);
  return 0;
}
