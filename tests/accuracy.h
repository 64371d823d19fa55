// The unit of error, and the sweep that finds the largest one. Used by the tests, the `simdact` command and
// the report, so that a claim means the same everywhere.
//
// error = |got - exact| / ulp(exact); ulp is the spacing of floats at the correctly rounded result, 2^-149
// below the normal range. The half ulp of the final rounding is included: a correctly rounded result has at
// most 0.5.
#ifndef SIMDACT_TESTS_ACCURACY_H_
#define SIMDACT_TESTS_ACCURACY_H_

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "reference.h"
#include "simdact/simdact.h"

namespace simdact_accuracy {

inline float FromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
inline uint32_t ToBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

// 1 / ulp at the float nearest to `exact`; results that overflow are measured in the largest binade.
template <class R>
double InverseUlp(R exact) {
  const uint32_t exponent = (ToBits(static_cast<float>(exact)) >> 23) & 0xFF;
  const uint64_t bits = uint64_t{1023 + 150 - std::min(std::max(exponent, 1u), 254u)} << 52;
  double inverse;  // 2^(150 - exponent)
  std::memcpy(&inverse, &bits, sizeof(inverse));
  return inverse;
}

// Infinity stands for 2^128, as in rounding; a NaN is infinitely wrong.
template <class R>
double UlpError(float got, R exact) {
  if (std::isnan(got)) return std::numeric_limits<double>::infinity();
  const R limit = std::ldexp(R(1), 128);
  const R value = std::isinf(got) ? std::copysign(limit, R(got)) : R(got);
  const R bounded = std::max(-limit, std::min(limit, exact));
  return static_cast<double>(std::fabs(value - bounded)) * InverseUlp(bounded);
}

enum Direction { kForward, kBackward };
inline const char* DirectionName(Direction direction) {
  return direction == kForward ? "forward" : "backward";
}

// The exact function of an op and direction: forgetting a reference is a compile error here.
struct Reference {
  double (*skim)(double, const double*);
  long double (*exact)(long double, const double*);
  bool crosses_zero;  // where double loses relative accuracy: the slack below covers it
};
inline const Reference& ReferenceOf(simdact_op op, Direction direction) {
  using namespace simdact_reference;  // NOLINT: one name per activation
#define SIMDACT_X(Name, name, ...)                                                   \
  {{&simdact_reference::name<double>, &simdact_reference::name<long double>, false}, \
   {&name##_derivative<double>, &name##_derivative<long double>,                     \
    SIMDACT_OP_##name == SIMDACT_OP_silu || SIMDACT_OP_##name == SIMDACT_OP_gelu}},
  static constexpr Reference kReferences[][2] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X
  return kReferences[op][direction];
}

// The bound that activations.def claims.
inline double Claim(simdact_op op, Direction direction, bool fma) {
  const simdact_description& d = *simdact_describe(op);
  if (direction == kForward) return fma ? d.claim_forward : d.claim_forward_plain;
  return fma ? d.claim_backward : d.claim_backward_plain;
}

// Runs a kernel on x: y = f(x), or f'(x) as the backward kernel with dy = 1.
inline void Run(const simdact_kernel& kernel, Direction direction, const simdact_params& p, const float* x,
                float* y, size_t n) {
  if (direction == kForward) {
    kernel.forward(x, y, n, p);
  } else {
    std::fill(y, y + n, 1.0f);
    kernel.backward(x, y, y, n, p);
  }
}

// Parameters as the f32 kernels see them.
inline simdact_params RoundedToFloat(const simdact_params& p) {
  simdact_params rounded = p;
  for (double& value : rounded.value) {
    const volatile float narrow = static_cast<float>(value);  // g++ 12 -O2 drops the round trip otherwise
    value = narrow;
  }
  return rounded;
}

struct Worst {
  double ulps = 0.0;
  float x = 0.0f, got = 0.0f;
  long double exact = 0.0L;
  // Largest error per sign and exponent of x.
  std::vector<float> profile = std::vector<float>(512, 0.0f);
};

// Which inputs: every finite float, or a stratified sample: `per_binade` of each sign and exponent (the
// denormals are one), spread evenly with a changing offset, and as many per unit of [-20, 20], where the
// functions bend.
struct Sample {
  bool exhaustive = false;
  uint32_t per_binade = 4096;
  uint64_t Blocks() const { return exhaustive ? uint64_t{1} << 16 : 512 + 40; }
  // The inputs of block b; finite ones only.
  void Fill(uint64_t b, std::vector<float>& x) const {
    x.clear();
    if (exhaustive) {
      if ((b & 0x7F80) == 0x7F80) return;
      for (uint32_t k = 0; k < 65536; ++k) x.push_back(FromBits(static_cast<uint32_t>(b << 16) | k));
    } else if (b < 512) {
      if ((b & 0xFF) == 0xFF) return;
      const uint32_t step = (1u << 23) / per_binade;
      for (uint32_t k = 0; k < per_binade; ++k) {
        const uint32_t mantissa = k * step + static_cast<uint32_t>((k * 2654435761u + b * 40503u) % step);
        x.push_back(FromBits(static_cast<uint32_t>(b << 23) | (k == 0                ? 0
                                                               : k + 1 == per_binade ? 0x7FFFFF
                                                                                     : mantissa)));
      }
    } else {
      const double start = static_cast<double>(b) - 512 - 20;
      for (uint32_t k = 0; k < 2 * per_binade; ++k) {
        x.push_back(static_cast<float>(start + (k + 0.5) / (2 * per_binade)));
      }
    }
  }
};

// Arrays of one thread, kept from block to block.
struct Scratch {
  std::vector<float> x, y;
  std::vector<double> skim, inverse_ulp, ulps;
};

// Evaluates a block of inputs for all targets at once. The reference in double is shared by the targets; only
// where its error comes within `slack` of the largest one so far is it evaluated again in long double, so the
// maximum is exact while most inputs cost nanoseconds.
inline void SweepBlock(simdact_op op, Direction direction, const simdact_params& p,
                       const std::vector<const simdact_kernel*>& kernels, Scratch& s,
                       std::vector<Worst>& worst) {
  const Reference& reference = ReferenceOf(op, direction);
  const size_t n = s.x.size();
  s.y.resize(n), s.skim.resize(n), s.inverse_ulp.resize(n), s.ulps.resize(n);
  for (size_t i = 0; i < n; ++i) s.skim[i] = reference.skim(s.x[i], p.value);
  for (size_t i = 0; i < n; ++i) s.inverse_ulp[i] = InverseUlp(s.skim[i]);
  for (size_t t = 0; t < kernels.size(); ++t) {
    if (kernels[t] == nullptr) continue;
    Run(*kernels[t], direction, p, s.x.data(), s.y.data(), n);
    for (size_t i = 0; i < n; ++i) s.ulps[i] = std::fabs(s.y[i] - s.skim[i]) * s.inverse_ulp[i];
    Worst& w = worst[t];
    for (size_t i = 0; i < n; ++i) {
      const double slack = reference.crosses_zero && std::fabs(s.skim[i]) < 0x1p-6 ? 0.3 : 1e-5;
      float& bucket = w.profile[ToBits(s.x[i]) >> 23];
      // Below 0.45 the double is good enough to report. (The comparisons are false for NaN.)
      const bool small = s.ulps[i] + slack <= 0.45;
      if (s.ulps[i] <= bucket && (small || s.ulps[i] + slack <= w.ulps)) continue;
      const long double exact = small ? s.skim[i] : reference.exact(s.x[i], p.value);
      const double ulps = small ? s.ulps[i] : UlpError(s.y[i], exact);
      bucket = std::max(bucket, static_cast<float>(ulps));
      if (ulps > w.ulps) w.ulps = ulps, w.x = s.x[i], w.got = s.y[i], w.exact = exact;
    }
  }
}

inline void Merge(const Worst& from, Worst& into) {
  for (size_t i = 0; i < into.profile.size(); ++i)
    into.profile[i] = std::max(into.profile[i], from.profile[i]);
  if (from.ulps > into.ulps) {
    into.ulps = from.ulps, into.x = from.x, into.got = from.got, into.exact = from.exact;
  }
}

// The largest errors of `targets` (all of them run here) for one op and direction; `inputs` counts what was
// tried. progress(done in [0, 1]) is called now and then, from one thread at a time.
inline std::vector<Worst> Sweep(simdact_op op, Direction direction, simdact_params p,
                                const std::vector<const simdact_target*>& targets, const Sample& sample,
                                uint64_t* inputs = nullptr,
                                const std::function<void(double)>& progress = nullptr) {
  p = RoundedToFloat(p);
  std::vector<const simdact_kernel*> kernels;
  for (const simdact_target* target : targets) {
    kernels.push_back(simdact_find(target, op, SIMDACT_F32, SIMDACT_ACCURATE));
  }
  std::vector<Worst> worst(targets.size());
  std::atomic<uint64_t> next{0}, tried{0};
  std::mutex mutex;
  const auto work = [&] {
    std::vector<Worst> mine(targets.size());
    Scratch scratch;
    for (uint64_t b; (b = next++) < sample.Blocks();) {
      sample.Fill(b, scratch.x);
      tried += scratch.x.size();
      SweepBlock(op, direction, p, kernels, scratch, mine);
      if (progress && b % 64 == 0) {
        const std::lock_guard<std::mutex> lock(mutex);
        progress(static_cast<double>(b) / static_cast<double>(sample.Blocks()));
      }
    }
    const std::lock_guard<std::mutex> lock(mutex);
    for (size_t t = 0; t < targets.size(); ++t) Merge(mine[t], worst[t]);
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::max(1u, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (inputs != nullptr) *inputs = tried;
  return worst;
}

// The targets that this CPU runs, best first.
inline std::vector<const simdact_target*> RunningTargets() {
  std::vector<const simdact_target*> all(simdact_targets(nullptr, 0)), running;
  simdact_targets(all.data(), all.size());
  for (const simdact_target* target : all) {
    if (simdact_target_runs(target)) running.push_back(target);
  }
  return running;
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_ACCURACY_H_
