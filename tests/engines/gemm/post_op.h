// An activation behind a matrix product, panel by panel. This file is all that a project of yours takes.
//
//   const PostOp gelu{SIMDACT_OP_gelu, SIMDACT_FAST};
//   InPanels(rows, 32, [&](size_t first, size_t count) {
//     ...                                                    // rows first, first + 1, ... of Y = X W
//     gelu.Run(y + first * cols, bias, count, cols);         // f(Y + bias), while they are in a cache
//   });
#ifndef SIMDACT_TESTS_ENGINES_GEMM_POST_OP_H_
#define SIMDACT_TESTS_ENGINES_GEMM_POST_OP_H_

#include <simdact/simdact.h>

#include <algorithm>

// f(first, count) for panels of so many rows; the last one may have fewer.
template <class F>
void InPanels(size_t rows, size_t panel, const F& f) {
  for (size_t first = 0; first < rows; first += panel) f(first, std::min(panel, rows - first));
}

// y = f(y + bias), in place. Each element has the same bits whatever the panels are.
struct PostOp {
  simdact_op op;
  simdact_tier tier;

  simdact_status Run(float* y, const float* bias, size_t rows, size_t cols) const {
    return simdact_bias(op, SIMDACT_F32, tier, y, bias, y, rows, cols, simdact_describe(op)->defaults);
  }
};

#endif  // SIMDACT_TESTS_ENGINES_GEMM_POST_OP_H_
