// Rows of other libraries, where the build found some (-DSIMDACT_BENCH_PEERS=ON):
//
//   op/forward|backward|from_output/DTYPE/peer/PEER/n   PEER: onednn, sleef-avx512, sleef-u35-avx2 ...
//   softmax/forward/f32/peer/PEER/cols
//
// on the arrays of the other rows and for the same n. bench/peers/ says what each of them calls.
#ifndef SIMDACT_BENCH_PEER_ROWS_H_
#define SIMDACT_BENCH_PEER_ROWS_H_

#include <benchmark/benchmark.h>

#include <string>

#include "bench/arrays.h"
#include "bench/peers/peer.h"
#include "bench/rows.h"
#include "simdact/simdact.h"
#include "tests/ruler/accuracy.h"

namespace simdact_bench {

inline void AddPeerFunction(const std::string& label, const simdact_peers::Function& function) {
  const simdact_dtype dtype = function.dtype;
  const bool from_output = function.direction == SIMDACT_BACKWARD_FROM_OUTPUT;
  const size_t arrays = function.direction == SIMDACT_FORWARD ? 2 : 3;
  for (const size_t n : {size_t{64}, size_t{4096}, size_t{65536}, size_t{1} << 24}) {
    if (from_output && n > 65536) continue;  // as ours
    Row(std::string(simdact_describe(function.op)->name) + "/" +
            simdact_accuracy::DirectionName(function.direction) + "/" + simdact_accuracy::DtypeName(dtype) +
            "/peer/" + label + "/" + std::to_string(n),
        [=](benchmark::State& state) {
          Arrays& a = Arrays::Shared(dtype, NeedsPositive(function.op));
          a.Reserve(n);
          Buffer output;
          if (from_output) {
            output = Allocate(n * SizeOf(dtype));
            simdact_find(simdact_target_default(), function.op, dtype, SIMDACT_ACCURATE)
                ->forward(a.x(), output.get(), n, simdact_describe(function.op)->defaults);
          }
          const simdact_peers::Call call =
              function.prepare(from_output ? output.get() : a.x(), a.dy(), a.y(), n);
          if (!call) return state.SkipWithError("the peer declines");
          Measure(state, n, arrays * SizeOf(dtype), call);
        });
  }
}

inline void AddPeerSoftmax(const std::string& label, const simdact_peers::Softmax& softmax) {
  for (const size_t cols : {16, 32, 64, 128, 1024, 4096, 32000}) {
    Row("softmax/forward/f32/peer/" + label + "/" + std::to_string(cols), [=](benchmark::State& state) {
      const size_t rows = 65536 / cols;
      Arrays& a = Arrays::Shared(SIMDACT_F32, false);
      a.Reserve(rows * cols);
      const simdact_peers::Call call =
          softmax.prepare(static_cast<const float*>(a.x()), static_cast<float*>(a.y()), rows, cols);
      if (!call) return state.SkipWithError("the peer declines");
      Measure(state, rows * cols, 8, call);
    });
  }
}

inline void AddPeerRows() {
  for (const simdact_peers::Peer& peer : simdact_peers::All()) {
    benchmark::AddCustomContext("peer_" + peer.name, peer.version);
    for (const simdact_peers::Function& f : peer.functions) {
      if (simdact_find(simdact_target_default(), f.op, f.dtype, SIMDACT_ACCURATE) == nullptr) continue;
      AddPeerFunction(peer.Label(f.variant), f);
    }
    for (const simdact_peers::Softmax& s : peer.softmax) AddPeerSoftmax(peer.Label(s.variant), s);
  }
}

}  // namespace simdact_bench

#endif  // SIMDACT_BENCH_PEER_ROWS_H_
