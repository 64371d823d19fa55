// All 2^32 floats through f32 kernels, against the exact function: what tests/data/proof.json records.
#ifndef SIMDACT_TESTS_RULER_PROOF_H_
#define SIMDACT_TESTS_RULER_PROOF_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "simdact/simdact.h"

namespace simdact_accuracy {

// What all inputs of one kernel showed. Errors in ulps, as formats.h has them.
struct Record {
  uint64_t inputs = 0;

  // The largest error; of the fast tier as FastError counts it, among results that are normal.
  double max_error = 0, worst_input = 0, got = 0;
  long double exact = 0;
  // How much the exact values of the sweep were off at most: so much may max_error be short.
  double uncertainty = 0;

  double mean_error = 0;          // of all inputs, denormal results counted as right
  uint64_t wrongly_rounded = 0;   // not the float next to the exact value
  double max_denormal_error = 0;  // among exact values below the least normal number

  // The largest exact value (in magnitude) whose result is 0, and its input; 0 if there is none.
  double largest_flushed = 0, flushed_input = 0;

  uint64_t out_of_order = 0;  // neighbours whose results go one way and the exact values the other
  bool out_of_range = false;  // a result beyond all exact ones, correctly rounded
  // Pairs f(x), f(-x) that differ (by more than their sign, of odd functions); of functions with a symmetry.
  bool symmetric = false;
  uint64_t asymmetric = 0;

  // SHA-256 of the digests of all blocks of 2^20 inputs that follow each other, the positive ones first; a
  // digest is SHA-256 of the results as little-endian bytes. NaN is 0x7FC00000 there.
  std::string sha256;
};

// What is swept at once: kernels of one function, which share the exact values.
struct Proof {
  simdact_op op;
  simdact_direction direction;
  simdact_params parameters;
  struct Kernel {
    const simdact_kernel* kernel;
    simdact_tier tier;
  };
  std::vector<Kernel> kernels;
  // Blocks of 2^20 floats, and of their negatives, by the upper 12 bits of the positive ones; empty: all
  // 2040.
  std::vector<uint32_t> blocks;
};

// One record for each kernel, by as many threads as the CPU runs. From the output: inputs are all floats
// between the least and the largest value of the function. progress(done in [0, 1]) is called now and then,
// from one thread at a time.
std::vector<Record> Prove(const Proof& proof, const std::function<void(double)>& progress = nullptr);

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_RULER_PROOF_H_
