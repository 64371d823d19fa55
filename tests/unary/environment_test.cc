// The floating-point environment: no kernel changes it, and what it may do to their results.
//
// Under flush-to-zero and denormals-are-zero, which other libraries of a process may have set, a normal
// result of a normal input keeps its claim, at every op, number format, direction, tier and target. What may
// be lost:
//
// - A denormal input may be taken for the zero of its sign.
// - A result whose exact value is below the least normal number, or within an ulp or two above it, may be any
//   number from 0 to the least normal one, of its sign.
// - Where f' itself is denormal, dx = dy f' may be as small as 0.
//
// f16 has no denormals that floats cannot hold, and loses nothing.

#include <gtest/gtest.h>

#include <cfenv>
#include <map>

#include "tests/common/control.h"
#include "tests/common/kernels.h"
#include "tests/common/whole_range.h"
#include "tests/ruler/parameters.h"

namespace simdact_test {
namespace {

using simdact_accuracy::Call;
using simdact_accuracy::Exact;
using simdact_accuracy::OtherParameters;
using simdact_accuracy::RoundedTo;
using simdact_accuracy::UlpError;

long double LeastNormal(simdact_dtype dtype) { return std::scalbn(1.0L, FormatOf(dtype).min_exponent); }

// Of what may be flushed: below the least normal number, or so near above that an error of `ulps` may get it
// there.
bool MayVanish(simdact_dtype dtype, long double exact, double ulps) {
  return std::fabs(exact) <
         LeastNormal(dtype) * (1 + std::scalbn(ulps + 0.5L, -FormatOf(dtype).fraction_bits));
}

// Inputs of all magnitudes, thick where results become denormal, and the special ones.
Array Inputs(const Case& c, const simdact_params& p) {
  simdact_accuracy::Sample sample;
  sample.per_binade = Quick() ? 16 : 128;
  sample.total = Quick() ? 8192 : 65536;
  std::vector<double> all, block;
  const simdact_accuracy::Inputs inputs(c.op, c.dtype, c.direction, p, sample);
  for (uint64_t b = 0; b < inputs.Blocks(); ++b) {
    inputs.Fill(b, block);
    all.insert(all.end(), block.begin(), block.end());
  }
  if (c.dtype == SIMDACT_F64) {
    std::vector<double> more;
    for (int exponent = -1023; exponent < 1024; ++exponent) {
      for (int k = 0; k < (Quick() ? 3 : 16); ++k) {
        const uint64_t random = (static_cast<uint64_t>(exponent + 2000) * 64 + static_cast<uint64_t>(k) + 1) *
                                0x9E3779B97F4A7C15u;
        const double unit = std::ldexp(static_cast<double>((random ^ random >> 29) >> 12), -52);
        more.push_back(std::ldexp(1 + unit, exponent));
        more.push_back(-more.back());
      }
    }
    more = ValidInputs(c, more);
    all.insert(all.end(), more.begin(), more.end());
  }
  const std::vector<double> specials = SpecialNumbers(c.dtype);
  all.insert(all.end(), specials.begin(), specials.end());
  return Array(c.dtype, all);
}

// `got`, with dx = dy f'(x) or f(x) times dy = 1, for an x that is not denormal.
bool Keeps(const Case& c, double got, long double exact, double dy, double ulps, double largest_term) {
  const long double product = exact * dy;
  if (c.tier == SIMDACT_FAST) {
    const long double size = std::fabs(product), least = LeastNormal(c.dtype);
    if (simdact_accuracy::FastError(c.dtype, got, product, largest_term * std::fabs(dy), ulps) <= ulps)
      return true;
    if (product * got < 0) return false;
    // What is denormal, or next to it, and what is a product of that.
    const auto near = [&](long double v) {
      return std::fabs(v) <= least * (1 + std::scalbn(ulps, -FormatOf(c.dtype).fraction_bits));
    };
    return (near(exact) && std::fabs(got) <= std::max(least, least * std::fabs(dy)) * 1.01L) ||
           (near(product) && std::fabs(got) <= std::max(least, size) * 1.01L);
  }
  if (UlpError(c.dtype, got, product) <= ulps) return true;
  if (product * got < 0) return false;
  if (MayVanish(c.dtype, product, ulps)) return std::fabs(got) <= LeastNormal(c.dtype);
  return dy != 1 && MayVanish(c.dtype, exact, ulps) && std::fabs(got) <= std::fabs(product);
}

class EnvironmentTest : public testing::TestWithParam<int> {
 protected:
  // Those of a dtype, direction and parameters are made once for all targets and tiers.
  const Array& InputsOf(const Case& c, const simdact_params& p) {
    std::vector<double> key(p.value, p.value + SIMDACT_MAX_PARAMETERS);
    key.push_back(c.dtype * SIMDACT_DIRECTION_COUNT + c.direction);
    const auto found = inputs_.find(key);
    return found != inputs_.end() ? found->second : inputs_.emplace(key, Inputs(c, p)).first->second;
  }

  void Check(const Case& c, const simdact_params& p, double allowance, bool scaled) {
    const bool forward = c.direction == SIMDACT_FORWARD;
    const Array& x = InputsOf(c, p);
    Array dy(c.dtype, std::vector<double>(x.Size(), 1.0)), plain(c.dtype, x.Size()),
        flushed(c.dtype, x.Size());
    if (scaled) {
      const int most = FormatOf(c.dtype).max_exponent;
      for (size_t i = 0; i < dy.Size(); ++i)
        dy.Set(i, std::ldexp(
                      1 + 0.7 * static_cast<double>(i % 5) / 5,
                      static_cast<int>(i * 2654435761u % static_cast<unsigned>(2 * most - 10)) - most + 6));
    }
    Call(*c.kernel, c.direction, p, x.Data(), dy.Data(), plain.Data(), x.Size());
    {
      const Flushing flushing;
      Call(*c.kernel, c.direction, p, x.Data(), dy.Data(), flushed.Data(), x.Size());
    }
    double claim = simdact_claim(c.op, c.dtype, c.direction, simdact_target_has_fma(c.target));
    if (IsHalf(c.dtype)) claim = 0.5;
    if (c.tier == SIMDACT_FAST) claim = simdact_fast_claim(c.op, c.dtype, c.direction, 1);
    claim += allowance;
    if (scaled) claim = 2 * claim + 0.5;
    size_t wrong = 0, first = 0;
    double most = 0;
    for (size_t i = 0; i < x.Size(); ++i) {
      if (plain.Bits(i) == flushed.Bits(i)) continue;  // accuracy_test.cc has looked at it
      const double in = x[i], got = flushed[i];
      bool good = c.dtype != SIMDACT_F16;
      if (good) {
        const auto kept = [&](double at) {
          return Keeps(c, got, Exact(c.op, c.direction, at, p), forward ? 1.0 : dy[i], claim,
                       simdact_accuracy::LargestTerm(c.op, c.direction, at, p.value));
        };
        const bool denormal = in != 0 && std::fabs(in) < LeastNormal(c.dtype);
        good = kept(in) || (denormal && kept(std::copysign(0.0, in)));
        // A zero is no denormal, and keeps its sign in what becomes of it.
        if (in == 0 && plain[i] == 0) good = got == 0 && std::signbit(got) == std::signbit(plain[i]);
      }
      if (in != in) good = got != got;
      if (good) continue;
      const double error = UlpError(c.dtype, got, Exact(c.op, c.direction, in, p) * (forward ? 1.0 : dy[i]));
      if (wrong++ == 0 || error > most) first = i, most = error;
    }
    EXPECT_EQ(wrong, 0u) << "of " << x.Size() << "; " << most << " ulp at " << std::hexfloat << x[first]
                         << ", dy " << dy[first] << ": got " << flushed[first] << ", without flushing "
                         << plain[first];
  }
  const simdact_op op_ = static_cast<simdact_op>(GetParam());

 private:
  std::map<std::vector<double>, Array> inputs_;
};
INSTANTIATE_TEST_SUITE_P(Ops, EnvironmentTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

TEST_P(EnvironmentTest, FlushingKeepsNormalResultsOfNormalInputs) {
  if (!kCanFlush) GTEST_SKIP() << "no way to set flush-to-zero on this architecture is known here";
  ForEachKernelOf(
      op_, [&](const Case& c) { Check(c, RoundedTo(c.dtype, c.description->defaults), 0.0, false); },
      Tiers::kAll);
}

TEST_P(EnvironmentTest, FlushingKeepsGradients) {
  if (!kCanFlush) GTEST_SKIP() << "no way to set flush-to-zero on this architecture is known here";
  ForEachKernelOf(op_, [&](const Case& c) {
    if (c.direction != SIMDACT_FORWARD) Check(c, RoundedTo(c.dtype, c.description->defaults), 0.0, true);
  });
}

TEST_P(EnvironmentTest, FlushingKeepsThemAtOtherParameters) {
  if (!kCanFlush) GTEST_SKIP() << "no way to set flush-to-zero on this architecture is known here";
  const std::vector<simdact_params> sets = OtherParameters(op_, Quick() ? 6 : 12);
  ForEachKernelOf(
      op_,
      [&](const Case& c) {
        for (const simdact_params& p : sets) {
          SCOPED_TRACE(testing::Message() << "parameters " << p.value[0] << ", " << p.value[1]);
          Check(c, RoundedTo(c.dtype, p), IsHalf(c.dtype) ? 0.0 : 0.5, false);
        }
      },
      Tiers::kAll);
}

const int kModes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

// MXCSR or FPCR, in all that is not a record of what has happened, is what the caller set.
TEST_P(EnvironmentTest, IsLeftAsItWas) {
  ForEachKernelOf(
      op_,
      [&](const Case& c) {
        const Array x = WholeRange(c.dtype, 1100);
        Array y(c.dtype, x.Size());
        const uint64_t before = FloatControl();
        for (const int mode : kModes) {
          for (const uint64_t flush : {uint64_t{0}, kFlushBits}) {
            std::fesetround(mode);
            SetFloatControl(FloatControl() | flush);
            const uint64_t set = FloatControl();
            Call(*c.kernel, c.direction, c.description->defaults, x.Data(), x.Data(), y.Data(), x.Size());
            const uint64_t after = FloatControl();
            const int mode_after = std::fegetround();
            SetFloatControl(before);
            std::fesetround(FE_TONEAREST);
            ASSERT_EQ(after, set) << "mode " << mode << ", flush bits " << flush;
            ASSERT_EQ(mode_after, mode);
          }
        }
      },
      Tiers::kAll);
}

// Round-to-nearest is assumed, and no claim holds elsewhere. Calls return all the same, and NaN comes of NaN;
// of the accurate tier's f and f' from the input, NaN comes of nothing else, and the limits at infinity are
// near.
TEST_P(EnvironmentTest, OtherRoundingModesKeepNanAndLimits) {
  ForEachKernelOf(
      op_,
      [&](const Case& c) {
        const Array x = WholeRange(c.dtype, 3000);
        const simdact_params p = c.description->defaults;
        const bool strict = c.tier == SIMDACT_ACCURATE && c.direction != SIMDACT_BACKWARD_FROM_OUTPUT;
        Array want(c.dtype), y(c.dtype);
        simdact_accuracy::Run(*c.kernel, c.direction, p, x, want);
        for (const int mode : kModes) {
          std::fesetround(mode);
          simdact_accuracy::Run(*c.kernel, c.direction, p, x, y);
          std::fesetround(FE_TONEAREST);
          for (size_t i = 0; i < x.Size(); ++i) {
            if (!strict && !std::isnan(x[i])) continue;
            ASSERT_EQ(std::isnan(y[i]), std::isnan(want[i]))
                << "mode " << mode << " at " << std::hexfloat << x[i] << ": " << y[i] << ", to nearest "
                << want[i];
            if (!std::isinf(x[i]) || !std::isfinite(want[i])) continue;
            ASSERT_NEAR(y[i], want[i],
                        0x1p-6 * std::fabs(want[i]) + static_cast<double>(LeastNormal(c.dtype)))
                << "mode " << mode << " at " << x[i];
          }
        }
      },
      Tiers::kAll);
}

}  // namespace
}  // namespace simdact_test
