// The sweep that finds the largest errors. Used by the tests, the `simdact` command and the report, so that a
// claim means the same everywhere. formats.h has the unit of error, catalogue.h what is exact, samples.h the
// inputs.
#ifndef SIMDACT_TESTS_RULER_ACCURACY_H_
#define SIMDACT_TESTS_RULER_ACCURACY_H_

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "simdact/simdact.h"
#include "tests/common/array.h"
#include "tests/reference/catalogue.h"
#include "tests/ruler/formats.h"
#include "tests/ruler/samples.h"

namespace simdact_accuracy {

// Runs a kernel on n elements: y = f(x), or dx = dy f'(x or y).
inline void Call(const simdact_kernel& kernel, simdact_direction direction, const simdact_params& p,
                 const void* x, const void* dy, void* y, size_t n) {
  switch (direction) {
    case SIMDACT_FORWARD:
      return kernel.forward(x, y, n, p);
    case SIMDACT_BACKWARD:
      return kernel.backward(x, dy, y, n, p);
    default:
      return kernel.backward_from_output(x, dy, y, n, p);
  }
}

// y = f(x), or the derivative: what the kernel makes of dy = 1.
inline void Run(const simdact_kernel& kernel, simdact_direction direction, const simdact_params& p,
                const Array& x, Array& y) {
  y.Resize(x.Size());
  if (direction != SIMDACT_FORWARD) y.Fill(1.0);
  Call(kernel, direction, p, x.Data(), y.Data(), y.Data(), x.Size());
}

// Whether the fast tier is more than another name of the accurate one.
inline bool HasFast(const simdact_target* target, simdact_op op, simdact_dtype dtype,
                    simdact_direction direction) {
  const simdact_kernel* fast = simdact_find(target, op, dtype, SIMDACT_FAST);
  const simdact_kernel* accurate = simdact_find(target, op, dtype, SIMDACT_ACCURATE);
  if (fast == nullptr || accurate == nullptr) return false;
  if (direction == SIMDACT_FORWARD) return fast->forward != accurate->forward;
  return direction == SIMDACT_BACKWARD && fast->backward != accurate->backward;
}

// Whether the exact tier is more than another name of the accurate one.
inline bool HasExact(const simdact_target* target, simdact_op op, simdact_dtype dtype) {
  const simdact_kernel* exact = simdact_find(target, op, dtype, SIMDACT_EXACT);
  return exact != nullptr && exact != simdact_find(target, op, dtype, SIMDACT_ACCURATE);
}

// One value through the kernel, rounded to the dtype before.
inline double Evaluate(const simdact_kernel& kernel, simdact_dtype dtype, simdact_direction direction,
                       const simdact_params& p, double x) {
  const Array input(dtype, std::vector<double>{x});
  Array output(dtype);
  Run(kernel, direction, p, input, output);
  return output[0];
}

// Errors are in ulps; what the fast tier may do beyond that counts as none: see FastError.
struct Worst {
  double error = 0.0;
  double x = 0.0, got = 0.0;
  long double exact = 0.0L;
  uint64_t wrong = 0;  // how many results are not correctly rounded; counted for bf16 and f16 only
  // Largest error per sign and exponent of x, in f64 per sign and eight exponents.
  std::vector<float> profile = std::vector<float>(512, 0.0f);
};
inline size_t Bucket(simdact_dtype dtype, double x) {
  return dtype == SIMDACT_F64 ? static_cast<size_t>(ToBits64(x) >> 55) : ToBits(static_cast<float>(x)) >> 23;
}
inline void Note(Worst& w, double error, double x, double got, long double exact) {
  w.error = error, w.x = x, w.got = got, w.exact = exact;
}

// The error in ulps as the fast tier counts it, whose claim it is to be held against: where the exact result
// is denormal, anything from 0 to the least normal number of its sign will do; and where terms cancel, an
// error of 2^-22 of the largest is worth `claim`. bf16 and f16 are rounded once on top.
inline double FastError(simdact_dtype dtype, double got, long double exact, double largest_term,
                        double claim) {
  const NumberFormat& format = FormatOf(dtype);
  const long double least = std::scalbn(1.0L, format.min_exponent);
  if (std::fabs(exact) < least && std::fabs(got) <= least && !(got * exact < 0)) return 0.0;
  const double ulps = UlpError(dtype, got, exact);
  if (ulps <= claim || largest_term == 0 || !std::isfinite(got)) return ulps;
  const double rounding = IsHalf(dtype) ? 0.5 : 0.0, off = std::fabs(got - static_cast<double>(exact));
  const double beyond = off * (1 - rounding / ulps) / (0x1p-22 * largest_term);
  return std::min(ulps, rounding + (claim - rounding) * beyond);
}

// What f64 may be off near the zeros of xielu and its derivative, beside the claim in ulps: a share of the
// larger term.
constexpr long double kXieluShare = 0x1p-100L;

// Arrays of one thread, kept from block to block. S is the type that skims.
template <class S>
struct Scratch {
  explicit Scratch(simdact_dtype dtype) : input(dtype), output(dtype) {}
  std::vector<double> x, y;
  std::vector<S> skim, inverse_ulp;
  std::vector<double> ulps;
  Array input, output;
};

// One sweep: what is measured, and how a block of inputs is measured on all targets at once.
struct Subject {
  simdact_op op;
  simdact_dtype dtype;
  simdact_direction direction;
  simdact_tier tier;
  simdact_params p;
  std::vector<const simdact_kernel*> kernels;
};

// 1 / ulp at the number nearest to `exact`; S is double for f32, long double for f64.
inline double InverseUlp(double exact) {
  const uint32_t exponent = (ToBits(static_cast<float>(exact)) >> 23) & 0xFF;
  return FromBits64(uint64_t{1023 + 150 - std::min(std::max(exponent, 1u), 254u)} << 52);
}
inline long double InverseUlp(long double exact) {
  const int exponent = static_cast<int>((ToBits64(static_cast<double>(exact)) >> 52) & 0x7FF);
  return std::scalbn(1.0L, 1075 - std::min(std::max(exponent, 1), 2046));
}

// f32 and f64. A quick reference is shared by the targets; only where its error comes within `slack` of the
// largest one so far is a better one asked, so the maximum is exact while most inputs cost nanoseconds.
template <class S>
void MeasureBlock(const Subject& s, Scratch<S>& a, std::vector<Worst>& worst) {
  constexpr bool kSingle = std::is_same_v<S, double>;
  const Reference& reference = ReferenceOf(s.op, s.direction);
  const double* p = s.p.value;
  const S limit = std::scalbn(S(1), FormatOf(s.dtype).max_exponent + 1);  // overflows
  const size_t n = a.x.size();
  a.skim.resize(n), a.inverse_ulp.resize(n), a.ulps.resize(n);
  a.input.Assign(a.x);
  for (size_t i = 0; i < n; ++i) {
    if constexpr (kSingle) {
      a.skim[i] = reference.skim(a.x[i], p);
    } else {
      a.skim[i] = reference.exact(a.x[i], p);
    }
  }
  for (size_t i = 0; i < n; ++i) a.inverse_ulp[i] = InverseUlp(a.skim[i]);
  for (size_t t = 0; t < s.kernels.size(); ++t) {
    if (s.kernels[t] == nullptr) continue;
    Run(*s.kernels[t], s.direction, s.p, a.input, a.output);
    a.output.Read(a.y);
    for (size_t i = 0; i < n; ++i) {
      a.ulps[i] = static_cast<double>(std::fabs(a.y[i] - a.skim[i]) * a.inverse_ulp[i]);
    }
    Worst& w = worst[t];
    for (size_t i = 0; i < n; ++i) {
      // In ulps: the skim's error, and more where its terms cancel.
      double slack = kSingle ? 1e-5 : 0.01;
      if (reference.cancels != Cancels::kNever) {
        slack += (kSingle ? 0x1p-25 : 0x1p-7) * reference.Cancellation(a.x[i], p) /
                 std::fabs(static_cast<double>(a.skim[i]));
      }
      float& bucket = w.profile[Bucket(s.dtype, a.x[i])];
      // Below 0.45 the skim is good enough to report. (The comparisons are false for NaN.)
      const bool small = a.ulps[i] + slack <= 0.45;
      if (a.ulps[i] <= bucket && (small || a.ulps[i] + slack <= w.error)) continue;
      if (std::isnan(a.y[i]) && std::isnan(a.skim[i])) continue;
      if (std::isinf(a.y[i]) && std::copysign(S(1), a.y[i]) * a.skim[i] >= limit) continue;
      long double exact = a.skim[i];
      if (!small) {
        if constexpr (kSingle) {
          exact = reference.exact(a.x[i], p);
        } else {
          exact = static_cast<long double>(reference.settle(a.x[i], p));
        }
      }
      double ulps = small ? a.ulps[i] : UlpError(s.dtype, a.y[i], exact);
      // xielu's zeros move with its parameters; beside them the claim adds a share of the term that vanishes.
      if (s.dtype == SIMDACT_F64) {
        ulps -= static_cast<double>(kXieluShare * reference.VanishingTerm(a.x[i], p) *
                                    InverseUlp(static_cast<long double>(exact)));
      }
      bucket = std::max(bucket, static_cast<float>(ulps));
      if (ulps > w.error) Note(w, ulps, a.x[i], a.y[i], exact);
    }
  }
}

// bf16 and f16: each result is the exact one, rounded once. Zeros are equal whatever their sign; signs are
// special_test.cc's matter.
inline void MeasureHalves(const Subject& s, Scratch<long double>& a, std::vector<Worst>& worst) {
  const Reference& reference = ReferenceOf(s.op, s.direction);
  a.input.Assign(a.x);
  a.skim.clear();
  for (const double x : a.x) a.skim.push_back(reference.exact(x, s.p.value));
  for (size_t t = 0; t < s.kernels.size(); ++t) {
    if (s.kernels[t] == nullptr) continue;
    Run(*s.kernels[t], s.direction, s.p, a.input, a.output);
    for (size_t i = 0; i < a.x.size(); ++i) {
      const double want = Rounded(s.dtype, a.skim[i]), got = a.output[i];
      if (std::isnan(want) && std::isnan(got)) continue;
      const double ulps = UlpError(s.dtype, got, a.skim[i]);
      const bool wrong = got != want;
      float& bucket = worst[t].profile[Bucket(s.dtype, a.x[i])];
      bucket = std::max(bucket, static_cast<float>(ulps));
      if (ulps > worst[t].error || (wrong && worst[t].wrong == 0)) {
        Note(worst[t], ulps, a.x[i], got, a.skim[i]);
      }
      worst[t].wrong += wrong;
    }
  }
}

// The fast tier, in any format. For f32 the quick reference is as good as exact.
template <class S>
void MeasureFast(const Subject& s, Scratch<S>& a, std::vector<Worst>& worst) {
  const Reference& reference = ReferenceOf(s.op, s.direction);
  const double claim = simdact_fast_claim(s.op, s.dtype, s.direction, 1);
  a.input.Assign(a.x);
  a.skim.clear();
  for (const double x : a.x) {
    if constexpr (std::is_same_v<S, double>) {
      a.skim.push_back(reference.skim(x, s.p.value));
    } else {
      a.skim.push_back(reference.exact(x, s.p.value));
    }
  }
  for (size_t t = 0; t < s.kernels.size(); ++t) {
    if (s.kernels[t] == nullptr) continue;
    Run(*s.kernels[t], s.direction, s.p, a.input, a.output);
    a.output.Read(a.y);
    Worst& w = worst[t];
    for (size_t i = 0; i < a.x.size(); ++i) {
      // A look that tells most inputs from those worth measuring; false for NaN and infinity.
      if constexpr (std::is_same_v<S, double>) {
        if (std::fabs(a.y[i] - a.skim[i]) * InverseUlp(a.skim[i]) <= 0.999 * w.error) continue;
      }
      const double term = LargestTerm(s.op, s.direction, a.x[i], s.p.value);
      const double error = FastError(s.dtype, a.y[i], a.skim[i], term, claim);
      float& bucket = w.profile[Bucket(s.dtype, a.x[i])];
      bucket = std::max(bucket, static_cast<float>(error));
      if (error > w.error) Note(w, error, a.x[i], a.y[i], a.skim[i]);
    }
  }
}

// Whichever thread merges first: of equal errors a wrong rounding stands for them, then the first x in bit
// order.
inline bool StandsFor(const Worst& a, const Worst& b) {
  if (a.error != b.error) return a.error > b.error;
  if ((a.wrong != 0) != (b.wrong != 0)) return a.wrong != 0;
  return ToBits64(a.x) < ToBits64(b.x);
}
inline void Merge(const Worst& from, Worst& into) {
  for (size_t i = 0; i < into.profile.size(); ++i)
    into.profile[i] = std::max(into.profile[i], from.profile[i]);
  if (StandsFor(from, into)) Note(into, from.error, from.x, from.got, from.exact);
  into.wrong += from.wrong;
}

// Takes blocks until none is left; as many threads as the CPU has do so at once. What is found in a block
// does not depend on the blocks before, so two sweeps find the same whichever thread took what.
template <class S>
void Work(const Subject& subject, const Inputs& inputs, std::atomic<uint64_t>& next,
          std::atomic<uint64_t>& tried, std::mutex& mutex, const std::function<void(double)>& progress,
          std::vector<Worst>& worst) {
  std::vector<Worst> mine(worst.size());
  const std::vector<Worst> nothing(worst.size());
  Scratch<S> scratch(subject.dtype);
  for (uint64_t b; (b = next++) < inputs.Blocks();) {
    inputs.Fill(b, scratch.x);
    tried += scratch.x.size();
    std::vector<Worst> block = nothing;
    if (subject.tier == SIMDACT_FAST) {
      MeasureFast(subject, scratch, block);
    } else if constexpr (std::is_same_v<S, long double>) {
      IsHalf(subject.dtype) ? MeasureHalves(subject, scratch, block) : MeasureBlock(subject, scratch, block);
    } else {
      MeasureBlock(subject, scratch, block);
    }
    for (size_t t = 0; t < mine.size(); ++t) Merge(block[t], mine[t]);
    if (progress && b % 64 == 0) {
      const std::lock_guard<std::mutex> lock(mutex);
      progress(static_cast<double>(b) / static_cast<double>(inputs.Blocks()));
    }
  }
  const std::lock_guard<std::mutex> lock(mutex);
  for (size_t t = 0; t < worst.size(); ++t) Merge(mine[t], worst[t]);
}

// The largest errors of `targets` (all of them run here) for one op, dtype, direction and tier; `inputs`
// counts what was tried. Nothing is measured on targets where fast means accurate. From the output, the
// inputs are the rounded f(x) of the sample's x. progress(done in [0, 1]) is called now and then, from one
// thread at a time.
inline std::vector<Worst> Sweep(simdact_op op, simdact_dtype dtype, simdact_direction direction,
                                simdact_tier tier, simdact_params p,
                                const std::vector<const simdact_target*>& targets, const Sample& sample,
                                uint64_t* inputs = nullptr,
                                const std::function<void(double)>& progress = nullptr) {
  p = RoundedTo(dtype, p);
  Subject subject = {op, dtype, direction, tier, p, {}};
  for (const simdact_target* target : targets) {
    const bool there = tier != SIMDACT_FAST || HasFast(target, op, dtype, direction);
    subject.kernels.push_back(there ? simdact_find(target, op, dtype, tier) : nullptr);
  }
  const Inputs source(op, dtype, direction, p, sample);
  std::vector<Worst> worst(targets.size());
  std::atomic<uint64_t> next{0}, tried{0};
  std::mutex mutex;
  const auto work = [&] {
    dtype == SIMDACT_F32 ? Work<double>(subject, source, next, tried, mutex, progress, worst)
                         : Work<long double>(subject, source, next, tried, mutex, progress, worst);
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::max(1u, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (inputs != nullptr) *inputs = tried;
  return worst;
}

// The targets that this CPU runs, best first: those that have code of their own, or all names.
inline std::vector<const simdact_target*> RunningTargets(bool all_names = false) {
  std::vector<const simdact_target*> all(simdact_targets(nullptr, 0)), running;
  simdact_targets(all.data(), all.size());
  for (const simdact_target* target : all) {
    const bool own = simdact_target_code(target) == target;
    if (simdact_target_runs(target) && (own || all_names)) running.push_back(target);
  }
  return running;
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_RULER_ACCURACY_H_
