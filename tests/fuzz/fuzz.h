// What the parts of the fuzz target share. Each checks one kind of function for one input, and ends the
// process if anything is wrong.
#ifndef SIMDACT_TESTS_FUZZ_FUZZ_H_
#define SIMDACT_TESTS_FUZZ_FUZZ_H_

#include <string>
#include <vector>

#include "tests/fuzz/input.h"
#include "tests/ruler/accuracy.h"

namespace simdact_fuzz {

// Prints why, and aborts.
[[noreturn]] void Fail(const std::string& why);

void FuzzUnary(Input& in);
void FuzzGates(Input& in);
void FuzzGateRows(Input& in);
void FuzzGated(Input& in);
void FuzzQuantize(Input& in);
void FuzzSoftmax(Input& in);
void FuzzSoftmaxAxis(Input& in);
void FuzzAttention(Input& in);
void FuzzBias(Input& in);
void FuzzPreluChannels(Input& in);
void FuzzCrossEntropy(Input& in);
void FuzzTables(Input& in);

// simdact_find, in whose place the replay puts a kernel with a fault, to see that it is found.
using FindKernel = const simdact_kernel* (*)(const simdact_target*, simdact_op, simdact_dtype, simdact_tier);
extern FindKernel g_find;

inline const std::vector<const simdact_target*>& Targets() {
  static const auto& targets = *new std::vector<const simdact_target*>(simdact_accuracy::RunningTargets());
  return targets;
}

// From row to row: mostly dense or with a gap, seldom too short. `given` is what a call is told, 0 for dense.
struct Stride {
  size_t cols, given, step;
  Stride(Input& in, size_t row) : cols(row) {
    const size_t kind = in.Below(16);
    given = kind < 7 ? 0 : kind == 15 ? in.Below(row + 1) : row + in.Below(9);
    step = given == 0 ? row : given;
  }
  bool Fits() const { return step >= cols; }
};

// In hexadecimal, for messages.
inline std::string Hex(double value) {
  char text[64];
  snprintf(text, sizeof(text), "%a", value);
  return text;
}
inline std::string Text(const simdact_params& p) {
  std::string text = "(";
  for (const double value : p.value) text += (text.size() == 1 ? "" : ", ") + Hex(value);
  return text + ")";
}
inline const char* TierText(simdact_tier tier) {
  return tier == SIMDACT_ACCURATE ? "accurate"
         : tier == SIMDACT_FAST   ? "fast"
         : tier == SIMDACT_EXACT  ? "exact"
                                  : "no tier";
}

// n elements that lie somewhere.
inline Array Read(simdact_dtype dtype, const void* data, size_t n) {
  Array values(dtype, n);
  if (n != 0) std::memcpy(values.Data(), data, n * values.ElementBytes());
  return values;
}

// Fails unless two results have the same bits, but that any NaN is as good as another.
template <class What>
void ExpectSameBits(const Array& got, const Array& want, const What& what) {
  for (size_t i = 0; i < want.Size(); ++i) {
    if (got.Bits(i) == want.Bits(i)) continue;
    if (std::isnan(got[i]) && std::isnan(want[i])) continue;
    Fail(what() + ": element " + std::to_string(i) + " of " + std::to_string(want.Size()) + " is " +
         Hex(got[i]) + ", not " + Hex(want[i]));
  }
}
template <class What>
void ExpectSameNans(const Array& got, const Array& want, const What& what) {
  for (size_t i = 0; i < want.Size(); ++i) {
    if (std::isnan(got[i]) != std::isnan(want[i]))
      Fail(what() + ": element " + std::to_string(i) + " is " + Hex(got[i]) + ", elsewhere " + Hex(want[i]));
  }
}

}  // namespace simdact_fuzz

#endif  // SIMDACT_TESTS_FUZZ_FUZZ_H_
