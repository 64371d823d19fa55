// A linear layer, the activations behind it, and what both are exactly.
#ifndef SIMDACT_TESTS_ENGINES_GEMM_LAYER_H_
#define SIMDACT_TESTS_ENGINES_GEMM_LAYER_H_

#include <simdact/simdact.h>

#include <Eigen/Core>
#include <vector>

#include "common/exact.h"

using Index = Eigen::Index;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Matrix64 = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Y = f(X W + bias): X is rows x inner, W inner x cols. The numbers are such that X W + bias is normal(0, 4)
// or nearly so, and the same in each run.
struct Layer {
  Layer(Index rows_, Index inner_, Index cols_)
      : rows(rows_), inner(inner_), cols(cols_), x(rows, inner), w(inner, cols), bias(cols) {
    const std::vector<float> numbers = NormalInputs(static_cast<size_t>((rows + cols) * inner + cols));
    const float* from = numbers.data();
    x = Eigen::Map<const Matrix>(from, rows, inner) / 4;
    w = Eigen::Map<const Matrix>(from += rows * inner, inner, cols) / std::sqrt(static_cast<float>(inner));
    bias = Eigen::Map<const Eigen::RowVectorXf>(from + inner * cols, cols) / 4;
  }

  // X W + bias but for the rounding of doubles, which is far below that of floats.
  Matrix64 Exact() const {
    Matrix64 u = x.cast<double>() * w.cast<double>();
    u.rowwise() += bias.cast<double>();
    return u;
  }
  // How far off it floats may be, in whatever order they are summed: inner + 1 roundings, each of at most
  // 2^-24 of the sum of magnitudes.
  Matrix64 Bound() const {
    Matrix64 terms = x.cwiseAbs().cast<double>() * w.cwiseAbs().cast<double>();
    terms.rowwise() += bias.cwiseAbs().cast<double>();
    return terms * (1.001 * static_cast<double>(inner + 1) * 0x1p-24);
  }

  Index rows, inner, cols;
  Matrix x, w;
  Eigen::RowVectorXf bias;
};

// An activation that both libraries have, too.
struct Function {
  simdact_op op;
  long double (*exact)(long double);
  double steepest;  // no slope of it is larger

  const char* Name() const { return simdact_describe(op)->name; }
  // Ulps that simdact allows itself; the fast tier's are of normal results alone.
  double Claim(simdact_tier tier) const {
    const int fma = simdact_target_has_fma(simdact_target_default());
    const auto claim = tier == SIMDACT_FAST ? simdact_fast_claim : simdact_claim;
    return claim(op, SIMDACT_F32, SIMDACT_FORWARD, fma);
  }
};
const Function kFunctions[] = {{SIMDACT_OP_gelu, exact::Gelu, 1.13}, {SIMDACT_OP_silu, exact::Silu, 1.1}};

inline const char* TierName(simdact_tier tier) { return tier == SIMDACT_FAST ? "fast" : "accurate"; }

#endif  // SIMDACT_TESTS_ENGINES_GEMM_LAYER_H_
