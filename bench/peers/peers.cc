#include <cctype>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "bench/peers/peer.h"
#include "bench/peers/vector_peer.h"

#ifdef SIMDACT_PEER_LIBMVEC
#include <gnu/libc-version.h>
#endif

namespace simdact_peers {
namespace {

[[maybe_unused]] void AddVector(Peer& peer, const VectorPeer& from, const std::string& isa) {
  peer.version = from.version;
  for (size_t i = 0; i < from.count; ++i) {
    const VectorFunction& f = from.functions[i];
    simdact_op op{};
    while (op < SIMDACT_OP_COUNT && simdact_describe(op)->name != std::string(f.op)) {
      op = static_cast<simdact_op>(op + 1);
    }
    const std::string variant = f.variant + std::string(*f.variant == '\0' ? "" : "-") + isa;
    peer.functions.push_back({op, SIMDACT_FORWARD, SIMDACT_F32, variant, f.composed,
                              [run = f.run](const void* x, const void*, void* y, size_t n) -> Call {
                                const float* from_array = static_cast<const float*>(x);
                                float* to_array = static_cast<float*>(y);
                                return [=] { run(from_array, to_array, n); };
                              }});
  }
}

// For sources compiled per instruction set: those that this CPU runs.
[[maybe_unused]] Peer Vector(const char* name, const VectorPeer& avx512, const VectorPeer& avx2) {
  Peer peer = {name, avx2.version, {}, {}};
  // What -march=skylake-avx512 and -march=haswell may use.
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    AddVector(peer, avx512, "avx512");
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) {
    AddVector(peer, avx2, "avx2");
  }
  return peer;
}

// Whether the peer can do it here: not all have bf16 for all ops, nor on all CPUs.
bool Works(const Function& function) {
  alignas(64) const double in[64] = {}, dy[64] = {};
  alignas(64) double out[64];
  try {
    const Call call = function.prepare(in, dy, out, 64);
    if (call) call();
    return static_cast<bool>(call);
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

std::string IsaFrom(const char* variable) {
  const char* value = std::getenv(variable);
  std::string isa = value == nullptr ? "" : value;
  for (char& c : isa) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return isa;
}

std::vector<Peer> All() {
  std::vector<Peer> peers;
#ifdef SIMDACT_PEER_SLEEF
  peers.push_back(Vector("sleef", kSleefAvx512, kSleefAvx2));
#endif
#ifdef SIMDACT_PEER_LIBMVEC
  peers.push_back(Vector("libmvec", kLibmvecAvx512, kLibmvecAvx2));
  peers.back().version = gnu_get_libc_version();
#endif
#ifdef SIMDACT_PEER_EIGEN
  peers.push_back(Vector("eigen", kEigenAvx512, kEigenAvx2));
#endif
#ifdef SIMDACT_PEER_ONEDNN
  peers.push_back(Onednn());
#endif
#ifdef SIMDACT_PEER_XNNPACK
  peers.push_back(Xnnpack());
#endif
#ifdef SIMDACT_PEER_TORCH
  peers.push_back(Torch());
#endif
  for (Peer& peer : peers) {
    std::vector<Function> works;
    for (Function& function : peer.functions) {
      if (Works(function)) works.push_back(std::move(function));
    }
    peer.functions = std::move(works);
  }
  return peers;
}

}  // namespace simdact_peers
