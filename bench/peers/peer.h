// Other libraries, as the benchmark sees them. Each has a source of its own in this folder, which is compiled
// where CMake finds that library (-DSIMDACT_BENCH_PEERS=ON). All run on one thread.
#ifndef SIMDACT_BENCH_PEERS_PEER_H_
#define SIMDACT_BENCH_PEERS_PEER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "simdact/simdact.h"

namespace simdact_peers {

// Computes once. What can be made beforehand (primitives, operators, tensors) was made by who returned it.
using Call = std::function<void()>;

struct Function {
  simdact_op op;
  simdact_direction direction;
  simdact_dtype dtype;
  std::string variant;  // what tells it from the peer's other functions of that op: "u35-avx2", or ""
  bool composed;        // a textbook formula over functions of the peer, which has none for the op
  // For arrays of n elements, a multiple of 64; x holds f(x) where the derivative comes from the output.
  std::function<Call(const void* x, const void* dy, void* y, size_t n)> prepare;
};

struct Softmax {
  std::string variant;
  std::function<Call(const float* x, float* y, size_t rows, size_t cols)> prepare;
};

struct Peer {
  std::string name, version;
  std::vector<Function> functions;
  std::vector<Softmax> softmax;

  // The part of a row's name that stands for the target.
  std::string Label(const std::string& variant) const {
    return variant.empty() ? name : name + "-" + variant;
  }
};

// Those that were compiled in and run on this CPU.
std::vector<Peer> All();

// For a library that reads from the environment which instruction set to take: that name in small letters, or
// "" if it is to choose for itself.
std::string IsaFrom(const char* variable);

Peer Onednn();
Peer Xnnpack();
Peer Torch();

}  // namespace simdact_peers

#endif  // SIMDACT_BENCH_PEERS_PEER_H_
