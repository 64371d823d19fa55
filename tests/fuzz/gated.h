// What the fuzz target takes from an input for an op over rows: for gates of any activation, and for bytes.
#ifndef SIMDACT_TESTS_FUZZ_GATED_H_
#define SIMDACT_TESTS_FUZZ_GATED_H_

#include <string>

#include "tests/fuzz/fuzz.h"

namespace simdact_fuzz {

// An op, seldom one that does not exist, and everything else that is not an array.
struct Shape {
  simdact_op op;
  simdact_dtype dtype, stored;
  size_t rows, cols, bytes;
  simdact_params p;
  explicit Shape(Input& in)
      : op(in.Choice<simdact_op>(SIMDACT_OP_COUNT)),
        dtype(in.Choice<simdact_dtype>(SIMDACT_DTYPE_COUNT)),
        stored(dtype < SIMDACT_DTYPE_COUNT ? dtype : SIMDACT_F32),
        rows(in.Below(5)),
        cols(in.Length(70)),
        bytes(FormatOf(stored).bytes),
        p(in.Parameters(stored, OpExists() ? simdact_describe(op)->defaults : simdact_params{})) {}
  bool OpExists() const { return op < SIMDACT_OP_COUNT; }
  bool Exists() const { return OpExists() && dtype < SIMDACT_DTYPE_COUNT; }
  std::string Name(const char* what) const {
    return std::string(what) + " " + (OpExists() ? simdact_describe(op)->name : "of no op") + ", dtype " +
           std::to_string(dtype) + ", " + std::to_string(rows) + " x " + std::to_string(cols) +
           ", parameters " + Text(p);
  }
};

// 0, or a number of any kind.
inline double Option(Input& in, double common) {
  const size_t kind = in.Below(8);
  return kind < 4 ? 0.0 : kind < 7 ? common : in.Number(SIMDACT_F64);
}

}  // namespace simdact_fuzz

#endif  // SIMDACT_TESTS_FUZZ_GATED_H_
