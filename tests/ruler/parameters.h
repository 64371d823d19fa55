// Parameters beside the defaults for each op that has any: those of the sources, those where scaling could
// overflow, underflow or flip signs, and deterministic pseudo-random ones over what is sensible.
#ifndef SIMDACT_TESTS_RULER_PARAMETERS_H_
#define SIMDACT_TESTS_RULER_PARAMETERS_H_

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "simdact/simdact.h"

namespace simdact_accuracy {

struct ParameterRanges {
  std::vector<simdact_params> chosen;
  double low[SIMDACT_MAX_PARAMETERS], high[SIMDACT_MAX_PARAMETERS];
};

inline const std::map<std::string, ParameterRanges>& AllParameterRanges() {
  static const std::map<std::string, ParameterRanges> ranges = {
      {"leaky_relu", {{{{0.2}}, {{0.1}}, {{-1.5}}, {{0.0}}, {{1e10}}}, {-2.0}, {2.0}}},
      {"prelu", {{{{0.01}}, {{-1.5}}, {{0.0}}, {{1.0}}}, {-2.0}, {2.0}}},
      {"rrelu", {{{{0.1, 0.3}}, {{0.0, 0.0}}, {{-1.0, 0.5}}}, {0.0, 0.3}, {0.3, 1.0}}},
      {"hardtanh", {{{{-2.0, 3.0}}, {{0.0, 1.0}}, {{0.0, 20.0}}, {{1.0, -1.0}}}, {-10.0, -1.0}, {1.0, 10.0}}},
      {"clamp", {{{{-2.0, 3.0}}, {{0.0, 1.0}}, {{0.5, 0.5}}, {{1.0, -1.0}}}, {-10.0, -1.0}, {1.0, 10.0}}},
      {"hardsigmoid", {{{{0.2, 0.5}}, {{0.25, 0.5}}, {{1.0, 0.0}}, {{-0.5, 0.5}}}, {0.01, -1.0}, {2.0, 2.0}}},
      {"threshold", {{{{0.1, 20.0}}, {{-1.0, -1.0}}, {{6.0, 0.0}}}, {-5.0, -5.0}, {5.0, 5.0}}},
      {"thresholded_relu", {{{{0.5}}, {{-1.0}}, {{0.0}}}, {0.0}, {5.0}}},
      {"softshrink", {{{{1.0}}, {{0.0}}, {{0.1}}}, {0.0}, {5.0}}},
      {"hardshrink", {{{{1.0}}, {{0.0}}, {{0.1}}}, {0.0}, {5.0}}},
      {"shrink", {{{{1.5, 1.5}}, {{0.0, 0.0}}, {{0.5, -2.0}}}, {0.0, -2.0}, {5.0, 2.0}}},
      {"linear", {{{{2.0, 1.0}}, {{0.5, -3.0}}, {{-1.0, 0.0}}, {{0.0, 1.0}}}, {-5.0, -5.0}, {5.0, 5.0}}},
      {"elu", {{{{0.1}}, {{-1.3}}, {{0.0}}, {{3.9}}, {{10.0}}, {{1e10}}, {{3e38}}}, {0.05}, {3.0}}},
      {"celu", {{{{0.1}}, {{2.0}}, {{10.0}}, {{0.5}}, {{100.0}}}, {0.05}, {3.0}}},
      {"xielu",
       {{{{0.1, 0.3, 0.9, -0.01}},
         {{0.9, 1.1, 0.4, -1e-6}},
         {{1.0, 1.0, 0.5, -1e-6}},
         {{0.5, 2.0, 1.0, -1e-6}}},
        {0.05, 0.05, 0.05, -1e-4},
        {2.0, 2.0, 1.5, -1e-7}}},
      {"pow",
       {{{{3.0}}, {{0.5}}, {{-1.0}}, {{1.5}}, {{0.0}}, {{1.0}}, {{-2.0}}, {{7.0}}, {{-0.5}}, {{1.0 / 3.0}}},
        {-4.0},
        {4.0}}},
      {"softplus",
       {{{{0.7, 20.0}},
         {{3.0, 5.0}},
         {{-1.0, 20.0}},
         {{-0.3, 2.0}},
         {{1.0, 1.0}},
         {{1e-5, 20.0}},
         {{1e-18, 20.0}},
         {{1e12, 50.0}}},
        {0.1, 5.0},
        {5.0, 50.0}}},
      {"swish", {{{{1.702}}, {{-1.0}}, {{0.0}}, {{0.5}}, {{2.0}}, {{1e-5}}, {{1e5}}}, {-3.0}, {3.0}}},
      {"softcap", {{{{50.0}}, {{1.0}}, {{5.0}}, {{1e-3}}, {{1e5}}}, {1.0}, {100.0}}},
  };
  return ranges;
}

// `count` sets of parameters; none where the op has no parameters, or lacks its ranges above.
inline std::vector<simdact_params> OtherParameters(simdact_op op, size_t count) {
  const simdact_description& d = *simdact_describe(op);
  const auto found = AllParameterRanges().find(d.name);
  if (found == AllParameterRanges().end()) return {};
  const ParameterRanges& ranges = found->second;
  std::vector<simdact_params> sets;
  uint64_t state = 1;
  while (sets.size() < count) {
    if (sets.size() < ranges.chosen.size()) {
      sets.push_back(ranges.chosen[sets.size()]);
      continue;
    }
    simdact_params p = {};
    for (int i = 0; i < d.parameters; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      p.value[i] = ranges.low[i] +
                   (ranges.high[i] - ranges.low[i]) * std::ldexp(static_cast<double>(state >> 33), -31);
    }
    sets.push_back(p);
  }
  return sets;
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_RULER_PARAMETERS_H_
