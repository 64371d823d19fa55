// What attention's softmax and its gradient are, row by row, key by key as attention.h says. Scores are Quads
// until the largest has been taken off: exp magnifies the rounding of a score of -1000 by 1000. The rest is
// in long double. Shares nothing with kernels/ or dispatch/.
#ifndef SIMDACT_TESTS_REFERENCE_ATTENTION_H_
#define SIMDACT_TESTS_REFERENCE_ATTENTION_H_

#include <algorithm>
#include <cmath>

#include "simdact/attention.h"
#include "tests/reference/quad.h"
#include "tests/reference/softmax.h"

namespace simdact_accuracy {

using simdact_reference::Quad;
using Scores = std::vector<Quad>;

// One row: its place, and its options as the kernels of the dtype see them.
struct AttentionRow {
  const simdact_attention& a;
  simdact_dtype dtype;
  size_t batch, head, query;

  // Whether lengths, causality and window let the query see a key.
  bool Sees(size_t key) const {
    if (a.key_lengths != nullptr && key >= a.key_lengths[batch]) return false;
    const long double diagonal =
        static_cast<long double>(a.diagonals == nullptr ? a.diagonal : a.diagonals[batch]);
    const long double ahead = static_cast<long double>(key) - (static_cast<long double>(query) + diagonal);
    if (a.causal != 0 && ahead > 0) return false;
    if (a.window == 0) return true;
    const bool left = a.window_left < 0 || -ahead <= static_cast<long double>(a.window_left);
    const bool right = a.window_right < 0 || ahead <= static_cast<long double>(a.window_right);
    return left && right;
  }
  size_t MaskAt(size_t key) const {
    return batch * a.mask_strides.batch + head * a.mask_strides.head + query * a.mask_strides.query + key;
  }
  long double Scale() const { return OptionIn(dtype, a.scale, 1); }
  long double Cap() const { return OptionIn(dtype, a.softcap, 0); }
  long double Sink() const {
    return a.sinks == nullptr ? -kInfinity : a.sinks[batch * a.sink_batch_stride + head];
  }

  // The scores, -inf where they are hidden. x, and a mask of type SAME, are given as numbers.
  Scores ScoresOf(const Reals& x, const Array* same_mask) const {
    const Quad alibi = a.alibi_slopes == nullptr ? 0 : a.alibi_slopes[batch * a.alibi_batch_stride + head];
    const Quad slope = a.mask_slopes == nullptr ? OptionIn(dtype, a.mask_slope, 1) : a.mask_slopes[head];
    Quad last = 0;
    for (size_t k = 0; k < x.size(); ++k) {
      if (Sees(k)) last = static_cast<Quad>(k);
    }
    Scores z(x.size(), -kInfinity);
    for (size_t k = 0; k < x.size(); ++k) {
      if (!Sees(k)) continue;
      if (a.mask_type == SIMDACT_MASK_BOOL && static_cast<const uint8_t*>(a.mask)[MaskAt(k)] == 0) continue;
      z[k] = static_cast<Quad>(Scale()) * x[k];
      if (Cap() != 0) z[k] = Cap() * std::tanh(static_cast<long double>(z[k]) / Cap());
      if (a.mask_type == SIMDACT_MASK_F32) z[k] += slope * static_cast<const float*>(a.mask)[MaskAt(k)];
      if (a.mask_type == SIMDACT_MASK_SAME) z[k] += slope * (*same_mask)[MaskAt(k)];
      z[k] += alibi * (static_cast<Quad>(k) - last);
    }
    return z;
  }

  // The scores are as they are to the largest that is finite, 0 where none is.
  RowResult Forward(const Scores& z) const {
    Quad largest = -kInfinity;
    const auto see = [&](Quad score) {
      if (score < kInfinity && score > largest) largest = score;
    };
    see(Sink());
    for (const Quad score : z) see(score);
    if (largest == -kInfinity) largest = 0;
    Reals shifted(z.size());
    for (size_t k = 0; k < z.size(); ++k) shifted[k] = static_cast<long double>(z[k] - largest);
    simdact_softmax_options o{};
    o.masked_row = a.masked_row, o.infinite_score = a.infinite_score;
    RowResult result =
        SoftmaxOf(SIMDACT_SOFTMAX_OP_softmax, shifted, static_cast<long double>(Sink() - largest), o);
    result.log_sum_exp = static_cast<long double>(result.log_sum_exp + largest);
    return result;
  }

  // exp(z - log_sum_exp): what is known of y without it; 0 of a row that has no sum.
  Reals Probabilities(const Scores& z, long double log_sum_exp) const {
    Reals p(z.size(), 0);
    for (size_t k = 0; k < z.size() && log_sum_exp != -kInfinity; ++k)
      p[k] = std::exp(static_cast<long double>(z[k] - log_sum_exp));
    return p;
  }

  struct Gradient {
    Reals dx;
    Reals sizes;  // what an error of all p goes with
    long double sum, sum_of_sizes;
  };
  // dx of what p depends on x, p being y or the probabilities.
  Gradient Backward(const Reals& x, const Reals& p, const Reals& dy) const {
    Gradient g{Reals(p.size(), 0), Reals(p.size(), 0), 0, 0};
    for (size_t k = 0; k < p.size(); ++k) {
      if (!Sees(k)) continue;
      g.sum += p[k] * dy[k];
      g.sum_of_sizes += std::fabs(p[k] * dy[k]);
    }
    for (size_t k = 0; k < p.size(); ++k) {
      if (!Sees(k)) continue;
      const long double cosh = Cap() == 0 ? 1 : std::cosh(Scale() * x[k] / Cap());
      const long double slope = p[k] == 0 ? 0 : p[k] * Scale() / (cosh * cosh);
      g.dx[k] = slope * (dy[k] - g.sum);
      g.sizes[k] = std::fabs(slope) * (std::fabs(dy[k]) + 2 * g.sum_of_sizes);
    }
    return g;
  }
};

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_REFERENCE_ATTENTION_H_
