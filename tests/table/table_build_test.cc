// Tables of quantized activations, bit for bit against MPFR: the exact value, rounded once.

#include <cmath>
#include <cstring>
#include <random>

#include "simdact/simdact.h"
#include "tests/common/kernels.h"
#include "tests/reference/textbook.h"
#include "tests/ruler/parameters.h"

#ifndef SIMDACT_NO_F64

namespace simdact_test {
namespace {

struct Pair {
  simdact_quantization input, output;
};

int LeastOf(const simdact_quantization& q) { return q.is_signed ? -128 : 0; }

// Zero points in the middle, at the ends and odd, of all four combinations of types.
void AddPairs(std::vector<Pair>& pairs, float input_scale, float output_scale) {
  const int k = static_cast<int>(pairs.size());
  const simdact_quantization in = {input_scale, 0, k % 2}, out = {output_scale, 0, k % 3 != 0};
  const auto with_zero_point = [](simdact_quantization q, int from_least) {
    q.zero_point = LeastOf(q) + from_least;
    return q;
  };
  pairs.push_back({with_zero_point(in, 128), with_zero_point(out, 128)});
  pairs.push_back({with_zero_point(in, 117), with_zero_point(out, k % 5 == 0 ? 255 : k % 5 == 1 ? 0 : 93)});
}

// Scales that make ties: a power of two or an odd number times each other, and those at which a function
// nears a line: x up to 32 and down to 2^-140.
std::vector<Pair> SpecialPairs() {
  std::vector<Pair> pairs;
  for (const float in : {0x1p-7f, 0x1p-4f, 0x1p-3f, 0.25f, 0.1f, 0.05f, 1.5f * 0x1p-5f, 0x1.000002p-3f,
                         0x1p-30f, 0x1p-60f, 0x1p-140f}) {
    for (const float factor : {0.25f, 0.5f, 1.0f, 2.0f, 4.0f, 1.2f}) AddPairs(pairs, in, in * factor);
    for (const float out : {2.0f, 1.0f, 0.5f, 0x1p-6f, 1.0f / 3.0f, in * in}) {
      if (out > 0) AddPairs(pairs, in, out);
    }
  }
  return pairs;
}

std::vector<Pair> RandomPairs(size_t count) {
  std::mt19937 bits(20240301);
  const auto uniform = [&] { return static_cast<double>(bits()) * 0x1p-32; };
  std::vector<Pair> pairs;
  for (size_t k = 0; k < count; ++k) {
    const auto in = static_cast<float>(std::exp2(8 * uniform() - 8));
    AddPairs(pairs, in, in * static_cast<float>(std::exp2(6 * uniform() - 3)));
  }
  return pairs;
}

// Whether MPFR's digits, as many as big.h has, tell f(x) from what it approaches; table_test.cc looks farther
// out.
bool InReach(const char* op, const simdact_params& p, double x) {
  const auto is = [&](const char* name) { return simdact_accuracy::SameName(op, name); };
  if (is("gelu_tanh")) return std::fabs(x) <= 18;
  if (is("gelu")) return std::fabs(x) <= 40;
  if (is("erf")) return std::fabs(x) <= 28;
  const bool divides = is("softcap") || is("celu"), multiplies = is("swish") || is("softplus");
  return std::fabs(divides ? x / p.value[0] : multiplies ? x * p.value[0] : x) <= 400;
}

// What entries are rounded to.
struct Integers {
  float scale;
  int zero_point, least, greatest;
};

struct Expected {
  int value;
  bool near_tie, tie, known;
};

// f(x) / scale + zero point, rounded and clamped.
Expected Reference(simdact_op op, const simdact_params& p, double x, const Integers& output,
                   simdact_rounding rounding) {
  const int zero_point = output.zero_point;
  const auto clamped = [&](long double k) {
    const long double least = output.least, greatest = output.greatest;
    return static_cast<int>(std::max(least, std::min(greatest, k + zero_point)));
  };
  const long double exact = simdact_accuracy::Exact(op, SIMDACT_FORWARD, x, p);
  if (std::isnan(exact)) return {zero_point, false, false, true};
  const long double quotient = exact / static_cast<long double>(output.scale);
  if (!(std::fabs(quotient) < 1e6L)) return {clamped(std::copysign(1e6L, quotient)), false, false, true};
  const long double below = std::floor(quotient), fraction = quotient - below;
  if (std::fabs(fraction - 0.5L) > 0x1p-30L)
    return {clamped(fraction > 0.5L ? below + 1 : below), false, false, true};
  const char* name = simdact_describe(op)->name;
  const Big big[SIMDACT_MAX_PARAMETERS] = {p.value[0], p.value[1], p.value[2], p.value[3]};
  const Big value = Textbooks().at(name).f(x, big);
  const Big tie = (Big(static_cast<double>(below)) + Big(0.5)) * Big(static_cast<double>(output.scale));
  if (value > tie) return {clamped(below + 1), true, false, true};
  if (value < tie) return {clamped(below), true, false, true};
  const long double even = 2 * std::nearbyint(below / 2 + 0.25L), outer = below < 0 ? below : below + 1;
  return {clamped(rounding == SIMDACT_TIES_AWAY ? outer : even), true, true, InReach(name, p, x)};
}

struct Count {
  size_t near_ties = 0, ties = 0;
};

void Check(simdact_op op, const simdact_params& p, const Pair& pair, simdact_rounding rounding,
           Count& count) {
  uint8_t table[256];
  ASSERT_EQ(simdact_table_build_rounded(op, &p, &pair.input, &pair.output, rounding, table), SIMDACT_OK);
  const int least = LeastOf(pair.output);
  const Integers output = {pair.output.scale, pair.output.zero_point, least, least + 255};
  for (int byte = 0; byte < 256; ++byte) {
    const int q = pair.input.is_signed && byte > 127 ? byte - 256 : byte;
    const double x = (q - pair.input.zero_point) * static_cast<double>(pair.input.scale);
    const Expected want = Reference(op, p, x, output, rounding);
    const int got = pair.output.is_signed ? static_cast<int8_t>(table[byte]) : table[byte];
    count.near_ties += want.near_tie, count.ties += want.tie;
    if (!want.known) continue;
    ASSERT_EQ(got, want.value) << std::hexfloat << "x = " << x << ", input scale " << pair.input.scale
                               << ", output scale " << pair.output.scale << ", parameters " << p.value[0]
                               << ", " << p.value[1] << (rounding == SIMDACT_TIES_AWAY ? ", away" : "")
                               << (want.tie ? ", a tie" : "") << (want.near_tie ? ", near a tie" : "");
  }
}

class TableBuildTest : public testing::TestWithParam<int> {
 protected:
  const simdact_op op_ = static_cast<simdact_op>(GetParam());
  const simdact_description& d_ = *simdact_describe(op_);
};
INSTANTIATE_TEST_SUITE_P(Ops, TableBuildTest, testing::Range(0, static_cast<int>(SIMDACT_OP_COUNT)), OpName);

TEST_P(TableBuildTest, IsRoundedOnceAtTheDefaults) {
  Count count;
  for (const Pair& pair : RandomPairs(Quick() ? 10 : 50))
    Check(op_, d_.defaults, pair, SIMDACT_TIES_TO_EVEN, count);
  for (const Pair& pair : SpecialPairs()) {
    for (const simdact_rounding rounding : {SIMDACT_TIES_TO_EVEN, SIMDACT_TIES_AWAY})
      Check(op_, d_.defaults, pair, rounding, count);
  }
  for (const char* hit : {"relu", "hardswish", "square", "softsign", "sqrt", "sparse_plus", "abs", "linear",
                          "softshrink", "reciprocal", "pow", "elu"}) {
    if (simdact_accuracy::SameName(d_.name, hit)) {
      EXPECT_GT(count.ties, 0u);
    }
  }
  for (const char* neared : {"gelu", "silu", "mish", "tanh", "exp", "sigmoid", "tanhshrink", "xielu"}) {
    if (simdact_accuracy::SameName(d_.name, neared)) {
      EXPECT_GT(count.near_ties, count.ties);
    }
  }
}

TEST_P(TableBuildTest, IsRoundedOnceWithOtherParameters) {
  std::vector<simdact_params> sets = simdact_accuracy::OtherParameters(op_, 14);
  for (const double round : {1.5, 6.0, -0.5}) {  // limits and slopes that are ties themselves
    if (d_.parameters > 0) sets.push_back({{round, 0.75, 0.5, -1e-6}});
  }
  const std::vector<Pair> special = SpecialPairs();
  Count count;
  for (const simdact_params& p : sets) {
    for (const Pair& pair : RandomPairs(4)) Check(op_, p, pair, SIMDACT_TIES_TO_EVEN, count);
    for (size_t k = 0; k < special.size(); k += Quick() ? 7 : 1)
      Check(op_, p, special[k], k % 2 == 0 ? SIMDACT_TIES_AWAY : SIMDACT_TIES_TO_EVEN, count);
  }
}

// 16 bits: where ties are many, and where f nears a line or a constant.
TEST_P(TableBuildTest, SixteenBitsAreRoundedOnce) {
  const struct {
    float input;
    int32_t input_zero_point;
    float output;
  } pairs[] = {{0x1p-12f, 0, 0x1p-11f}, {0x1p-12f, 0, 0x1p-15f},    {0x1p-8f, -77, 0x1p-8f},
               {0.003f, 5, 0.006f},     {0x1p-4f, 32767, 2.0f},     {0x1p-40f, 0, 0x1p-39f},
               {0x1p-60f, 0, 0x1p-59f}, {0x1p-9f, 9, 2.0f / 65535}, {0x1p-20f, 0, 0x1p-19f}};
  std::vector<int16_t> table(SIMDACT_TABLE16_VALUES);
  for (const auto& pair : pairs) {
    for (const simdact_rounding rounding : {SIMDACT_TIES_TO_EVEN, SIMDACT_TIES_AWAY}) {
      ASSERT_EQ(simdact_table_build_s16(op_, nullptr, pair.input, pair.input_zero_point, pair.output, -3,
                                        rounding, table.data()),
                SIMDACT_OK);
      const Integers output = {pair.output, -3, -32768, 32767};
      for (int q = -32768; q < 32768; q += Quick() ? 331 : 59) {
        const double x = (q - pair.input_zero_point) * static_cast<double>(pair.input);
        const Expected want = Reference(op_, d_.defaults, x, output, rounding);
        if (!want.known) continue;
        ASSERT_EQ(table[static_cast<uint16_t>(q)], want.value)
            << std::hexfloat << "x = " << x << ", scales " << pair.input << ", " << pair.output
            << (rounding == SIMDACT_TIES_AWAY ? ", away" : "") << (want.tie ? ", a tie" : "")
            << (want.near_tie ? ", near a tie" : "");
      }
    }
  }
}

}  // namespace
}  // namespace simdact_test

#endif  // SIMDACT_NO_F64
