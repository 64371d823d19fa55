// Rows to try softmax on.
#ifndef SIMDACT_TESTS_RULER_SOFTMAX_ROWS_H_
#define SIMDACT_TESTS_RULER_SOFTMAX_ROWS_H_

#include <limits>
#include <random>
#include <vector>

#include "tests/reference/softmax.h"

namespace simdact_accuracy {

// Rows that have gone wrong somewhere: spreads of all sizes, ties, a single spike, masks written into the
// scores.
enum class Spread {
  kNormal1,
  kNormal10,
  kNormal24,
  kEqual,
  kOneHuge,
  kDescending,
  kMinusInf,
  kMinus10000,
  kFar
};
constexpr Spread kSpreads[] = {Spread::kNormal1,  Spread::kNormal10,   Spread::kNormal24,
                               Spread::kEqual,    Spread::kOneHuge,    Spread::kDescending,
                               Spread::kMinusInf, Spread::kMinus10000, Spread::kFar};
inline const char* SpreadName(Spread spread) {
  static const char* const kNames[] = {"N(0,1)",         "N(0,10)",        "N(0,24)",
                                       "all equal",      "one huge",       "descending",
                                       "masked by -inf", "masked by -1e4", "far"};
  return kNames[static_cast<int>(spread)];
}
inline std::vector<double> MakeRow(Spread spread, size_t n, std::mt19937& random) {
  std::normal_distribution<double> normal;
  std::vector<double> x(n);
  for (size_t i = 0; i < n; ++i) {
    const double g = normal(random);
    switch (spread) {
      case Spread::kNormal1:
        x[i] = g;
        break;
      case Spread::kNormal10:
        x[i] = 10 * g;
        break;
      case Spread::kNormal24:
        x[i] = 24 * g;
        break;
      case Spread::kEqual:
        x[i] = 3.7;
        break;
      case Spread::kOneHuge:
        x[i] = i == n / 2 ? 3e4 : g;
        break;
      case Spread::kDescending:
        x[i] = 50 - 0.01 * static_cast<double>(i);
        break;
      case Spread::kMinusInf:
        x[i] = i != n / 3 && random() % 2 == 0 ? -std::numeric_limits<double>::infinity() : 3 * g;
        break;
      case Spread::kMinus10000:
        x[i] = i != n / 3 && random() % 2 == 0 ? -10000 : 3 * g;
        break;
      case Spread::kFar:  // all below -104 or above 208, where another unit is used
        x[i] = 15 * g + (random() % 2 == 0 ? 0 : 1000) - 500;
        break;
    }
  }
  return x;
}

inline Reals RealsOf(const Array& values, size_t begin, size_t n) {
  Reals reals(n);
  for (size_t i = 0; i < n; ++i) reals[i] = static_cast<long double>(values[begin + i]);
  return reals;
}

// What softmax.h promises for normal results of the accurate tier.
inline double SoftmaxClaim(simdact_dtype dtype) { return IsHalf(dtype) ? 0.51 : 2.5; }

// Where it says that the fast tier is the accurate one, and what it promises of the fast tier: in 16 bits
// 2^-12 of the result before the rounding.
inline bool FastSoftmaxIsAccurate(simdact_softmax_op op, simdact_dtype dtype) {
  return op != SIMDACT_SOFTMAX_OP_softmax || dtype == SIMDACT_F64;
}
inline double FastSoftmaxClaim(simdact_softmax_op op, simdact_dtype dtype) {
  if (FastSoftmaxIsAccurate(op, dtype)) return SoftmaxClaim(dtype);
  return IsHalf(dtype) ? 0.5 + std::ldexp(1.0, FormatOf(dtype).fraction_bits + 1 - 12) : 4.0;
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_RULER_SOFTMAX_ROWS_H_
