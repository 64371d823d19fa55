// What the sources that are compiled once per instruction set offer: tables of functions. Nothing but
// constants and functions with internal linkage leaves them, for the linker would take any copy of a function
// that several sources share, also one that this CPU cannot run.
#ifndef SIMDACT_BENCH_PEERS_VECTOR_PEER_H_
#define SIMDACT_BENCH_PEERS_VECTOR_PEER_H_

#include <stddef.h>

namespace simdact_peers {

struct VectorFunction {
  const char* op;  // as in activations.def
  const char* variant;
  bool composed;
  void (*run)(const float* x, float* y, size_t n);
};

struct VectorPeer {
  const char* version;
  const VectorFunction* functions;
  size_t count;
};

extern const VectorPeer kSleefAvx512, kSleefAvx2;
extern const VectorPeer kEigenAvx512, kEigenAvx2;
extern const VectorPeer kLibmvecAvx512, kLibmvecAvx2;

}  // namespace simdact_peers

#endif  // SIMDACT_BENCH_PEERS_VECTOR_PEER_H_
