// C = f(A B + bias) for row-major floats: A is m x k, B is k x n, C is m x n, the bias has a number per
// column.
#ifndef MATMUL_H_
#define MATMUL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

enum class After { kNothing, kGelu, kFastGelu };  // f

void MatMul(After after, const float* a, const float* b, const float* bias, float* c, size_t m, size_t k,
            size_t n);

std::vector<int64_t> Targets();  // Highway's numbers of the instruction sets that it can use here

#endif  // MATMUL_H_
