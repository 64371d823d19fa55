// bf16 and f16: the conversions. First the tests' own, then each target's, seen through ops that change
// nothing or the sign. Highway 1.3.0 has traps here: on some targets its own conversions lose infinities, NaN
// or denormals.

#include <map>
#include <random>
#include <set>

#include "tests/common/kernels.h"
#include "tests/ruler/parameters.h"

namespace simdact_test {
namespace {

using namespace simdact_accuracy;  // NOLINT: the conversions under test

const simdact_dtype kHalves[] = {SIMDACT_BF16, SIMDACT_F16};

TEST(HalfFormats, ConversionsAreInverse) {
  for (const simdact_dtype dtype : kHalves) {
    for (uint32_t bits = 0; bits < 65536; ++bits) {
      const double value = FromHalf(dtype, static_cast<uint16_t>(bits));
      const uint16_t back = ToHalf(dtype, value);
      if (std::isnan(value)) {
        EXPECT_TRUE(std::isnan(FromHalf(dtype, back)));
      } else {
        EXPECT_EQ(back, bits);
      }
    }
  }
}

TEST(HalfFormats, KnownValues) {
  EXPECT_EQ(FromHalf(SIMDACT_F16, 0x3C00), 1.0);
  EXPECT_EQ(FromHalf(SIMDACT_F16, 0x7BFF), 65504.0);
  EXPECT_EQ(FromHalf(SIMDACT_F16, 0x0001), 0x1p-24);
  EXPECT_EQ(FromHalf(SIMDACT_F16, 0xFC00), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(FromHalf(SIMDACT_BF16, 0x3F80), 1.0);
  EXPECT_EQ(FromHalf(SIMDACT_BF16, 0x0001), 0x1p-133);
  for (uint32_t bits = 0; bits < 65536; ++bits) {  // bf16 is the upper half of a float
    const float value = FromBits(bits << 16);
    if (!std::isnan(value)) {
      ASSERT_EQ(FromHalf(SIMDACT_BF16, static_cast<uint16_t>(bits)), value);
    }
  }
}

// Between two neighbours the middle goes to the even one, and what lies beside it to the nearer.
TEST(HalfFormats, RoundsToNearestEven) {
  for (const simdact_dtype dtype : kHalves) {
    const uint16_t infinity = ToHalf(dtype, std::numeric_limits<long double>::infinity());
    for (uint16_t bits = 0; bits + 1 < infinity; ++bits) {
      const auto next = static_cast<uint16_t>(bits + 1);
      const long double middle =
          (static_cast<long double>(FromHalf(dtype, bits)) + FromHalf(dtype, next)) / 2;
      ASSERT_EQ(ToHalf(dtype, middle), bits % 2 == 0 ? bits : next);
      ASSERT_EQ(ToHalf(dtype, middle * (1 - 0x1p-60L)), bits);
      ASSERT_EQ(ToHalf(dtype, middle * (1 + 0x1p-60L)), next);
      ASSERT_EQ(ToHalf(dtype, -middle * (1 + 0x1p-60L)), 0x8000 | next);
    }
    const int top = FormatOf(dtype).max_exponent;
    const long double overflow = std::scalbn(2 - std::scalbn(1.0L, -FormatOf(dtype).fraction_bits - 1), top);
    EXPECT_EQ(ToHalf(dtype, overflow), infinity);
    EXPECT_EQ(ToHalf(dtype, overflow * (1 - 0x1p-60L)), infinity - 1);
  }
}

bool IsNan(simdact_dtype dtype, uint64_t bits) {
  return std::isnan(FromHalf(dtype, static_cast<uint16_t>(bits)));
}

// All 65,536 patterns in one array, so that each passes through every lane of whole vectors.
Array AllBits(simdact_dtype dtype) {
  Array all(dtype, 65536);
  for (size_t i = 0; i < 65536; ++i) all.SetBits(i, i * 40503 % 65536);
  return all;
}

// What an exact op does to bits.
struct BitOp {
  const char* name;
  uint64_t (*expected)(uint64_t bits);
};
const BitOp kBitOps[] = {
    {"neg", [](uint64_t bits) { return bits ^ 0x8000; }},
    {"abs", [](uint64_t bits) { return bits & 0x7FFF; }},
    {"relu", [](uint64_t bits) { return bits > 0x8000 ? 0 : bits; }},
    {"linear", [](uint64_t bits) { return bits; }},
};

TEST(HalfKernels, KeepEveryBitPattern) {
  size_t checked = 0;
  ForEachKernel([&](const Case& c) {
    if (!IsHalf(c.dtype) || c.direction != SIMDACT_FORWARD) return;
    for (const BitOp& op : kBitOps) {
      if (!c.Is(op.name)) continue;
      const Array x = AllBits(c.dtype);
      Array y(c.dtype);
      simdact_accuracy::Run(*c.kernel, c.direction, c.description->defaults, x, y);
      for (size_t i = 0; i < x.Size(); ++i) {
        if (IsNan(c.dtype, x.Bits(i))) {
          ASSERT_TRUE(IsNan(c.dtype, y.Bits(i))) << std::hex << x.Bits(i) << " gives " << y.Bits(i);
        } else {
          if (c.Is("linear") && x[i] == 0) continue;  // -0 + 0 may be either
          ASSERT_EQ(y.Bits(i), op.expected(x.Bits(i))) << std::hex << x.Bits(i);
        }
      }
      ++checked;
    }
  });
  EXPECT_GT(checked, 0u);
}

// dy passes through conversions as well: neg's derivative gives -dy.
TEST(HalfKernels, KeepEveryBitPatternOfTheGradient) {
  ForEachKernel([&](const Case& c) {
    if (!IsHalf(c.dtype) || c.direction == SIMDACT_FORWARD || !c.Is("neg")) return;
    const Array dy = AllBits(c.dtype);
    Array x(c.dtype, dy.Size()), dx(c.dtype, dy.Size());
    x.Fill(1.0);
    Call(*c.kernel, c.direction, c.description->defaults, x.Data(), dy.Data(), dx.Data(), dy.Size());
    for (size_t i = 0; i < dy.Size(); ++i) {
      if (IsNan(c.dtype, dy.Bits(i))) {
        ASSERT_TRUE(IsNan(c.dtype, dx.Bits(i))) << std::hex << dy.Bits(i) << " gives " << dx.Bits(i);
      } else {
        ASSERT_EQ(dx.Bits(i), dy.Bits(i) ^ 0x8000) << std::hex << dy.Bits(i);
      }
    }
  });
}

// dx = dy f'(x), or dy times f' from the output, correctly rounded for every dy where f' consists of lines or
// parabolas: the product exactly, as a quotient of long doubles that hold both (a quotient that is a midpoint
// then comes out as one).
struct Slope {
  const char* name;
  long double (*numerator)(long double x, const simdact_params& p);  // of f'(x)
  long double denominator;
  std::vector<simdact_params> parameters;
  // Sizes of x, or y, besides 0, where doubles do not miss midpoints, nor what a sum loses; dy: 2^-60 to
  // 2^60.
  double least = 0, most = HUGE_VAL;
};
long double Leaky(long double x, const simdact_params& p) {
  return x > 0 ? 1 : static_cast<long double>(p.value[0]);
}
long double TwiceRrelu(long double x, const simdact_params& p) {
  return x > 0 ? 2 : static_cast<long double>(p.value[0]) + static_cast<long double>(p.value[1]);
}
const Slope kSlopes[] = {
    {"leaky_relu", Leaky, 1, {{{0.01}}, {{0.375}}, {{-3.7}}}},
    {"prelu", Leaky, 1, {{{0.25}}, {{1.0 / 3}}}},
    {"rrelu", TwiceRrelu, 2, {{{0.125, 1.0 / 3}}, {{0.25, 0.5}}, {{0.7, -0.1}}, {{1e-3, 2.0}}}},
    {"linear",
     [](long double, const simdact_params& p) { return static_cast<long double>(p.value[0]); },
     1,
     {{{1, 0}}, {{0.3, 0}}, {{-1.375, 0.5}}}},
    {"hardsigmoid",
     [](long double x, const simdact_params& p) {
       const long double line =
           static_cast<long double>(p.value[0]) * x + static_cast<long double>(p.value[1]);
       return line > 0 && line < 1 ? static_cast<long double>(p.value[0]) : 0.0L;
     },
     1,
     {{{1.0 / 6, 0.5}}, {{0.2, 0.5}}, {{-0.3, 0.25}}, {{0.25, -0.5}}}},
    {"softshrink",
     [](long double x, const simdact_params& p) { return std::fabs(x) > p.value[0] ? 1.0L : 0.0L; },
     1,
     {{{0.5}}, {{0.3}}}},
    {"shrink",
     [](long double x, const simdact_params& p) { return std::fabs(x) > p.value[0] ? 1.0L : 0.0L; },
     1,
     {{{0.5, 0.25}}}},
    {"square", [](long double x, const simdact_params&) { return 2 * x; }, 1, {{}}},
    {"pow", [](long double x, const simdact_params&) { return 2 * x; }, 1, {{{2}}}},
    {"squared_relu", [](long double x, const simdact_params&) { return x < 0 ? 0 : 2 * x; }, 1, {{}}},
    {"hardswish",
     [](long double x, const simdact_params&) { return x <= -3  ? 0
                                                       : x >= 3 ? 6
                                                                : 2 * x + 3; },
     6,
     {{}},
     0x1p-60,
     0x1p60},
    {"sparse_plus",
     [](long double x, const simdact_params&) { return x <= -1  ? 0
                                                       : x >= 1 ? 2
                                                                : x + 1; },
     2,
     {{}},
     0x1p-60,
     0x1p60},
};

long double OnePlus(long double y, const simdact_params&) { return 1 + y; }
long double OnePlusBelow0(long double y, const simdact_params&) { return y > 0 ? 1 : 1 + y; }
const Slope kSlopesFromOutput[] = {
    {"leaky_relu", Leaky, 1, {{{0.01}}, {{0.375}}}},
    {"prelu", Leaky, 1, {{{0.25}}, {{1.0 / 3}}}},
    {"rrelu", TwiceRrelu, 2, {{{0.125, 1.0 / 3}}, {{1e-3, 2.0}}}},
    {"linear", kSlopes[3].numerator, 1, {{{0.3, 0}}, {{-1.375, 0.5}}}},
    {"exp", [](long double y, const simdact_params&) { return y; }, 1, {{}}},
    {"expm1", OnePlus, 1, {{}}, 0x1p-30, 0x1p30},
    {"elu", OnePlusBelow0, 1, {{{1}}}, 0x1p-30, 0x1p30},
    {"celu", OnePlusBelow0, 1, {{{1}}}, 0x1p-30, 0x1p30},
    {"sigmoid", [](long double y, const simdact_params&) { return y * (1 - y); }, 1, {{}}, 0x1p-30, 0x1p20},
    {"tanh", [](long double y, const simdact_params&) { return 1 - y * y; }, 1, {{}}, 0x1p-30, 0x1p20},
};

// Numbers in groups of 2,048: most of ordinary size, the last of eight groups with some of any, and the first
// four, if asked for, within 1. Few digits are next to midpoints more often.
void FillWithShort(Array* to, bool within_1, std::mt19937_64& random) {
  for (size_t i = 0; i < to->Size(); ++i) {
    const uint64_t bits = random();
    const bool any = i / 2048 % 8 == 7 && random() % 8 == 0;
    const double few = std::ldexp(static_cast<double>(bits % 64) - 31.5, static_cast<int>(bits >> 8 & 7) - 8);
    const double many =
        std::ldexp(static_cast<double>(bits % 8191) - 4095, -static_cast<int>(bits >> 16 & 15));
    const double v = (bits >> 32 & 1) != 0 ? few : many;
    if (any) {
      to->SetBits(i, bits & 0xFFFF);
    } else {
      to->Set(i, within_1 && i / 2048 % 8 < 4 ? std::ldexp(v, -12) : v);
    }
  }
}

void ExpectRoundedOnce(const Case& c, const Slope& slope, const simdact_params& p, uint64_t seed) {
  std::mt19937_64 random(seed);
  const size_t n = Quick() ? 1 << 14 : 1 << 18;
  Array x(c.dtype, n), dy(c.dtype, n), dx(c.dtype, n);
  FillWithShort(&x, c.direction == SIMDACT_BACKWARD_FROM_OUTPUT, random);
  FillWithShort(&dy, false, random);
  Call(*c.kernel, c.direction, p, x.Data(), dy.Data(), dx.Data(), n);
  for (size_t i = 0; i < n; ++i) {
    const double size = std::fabs(x[i]), dy_size = std::fabs(dy[i]);
    if (!std::isfinite(size) || !std::isfinite(dy_size)) continue;
    if (slope.least != 0) {
      if (size != 0 && !(size >= slope.least && size <= slope.most)) continue;
      if (dy_size != 0 && !(dy_size >= 0x1p-60 && dy_size <= 0x1p60)) continue;
      if (c.dtype == SIMDACT_F16 && (size == 0x1p-24 || dy_size == 0x1p-24)) continue;
    }
    const long double f = slope.numerator(static_cast<long double>(x[i]), p);
    if (f != 0 && !(std::fabs(f) >= 0x1p-120L && std::fabs(f) <= 0x1p120L)) continue;  // it has to be a float
    const double want =
        FromHalf(c.dtype, ToHalf(c.dtype, f * static_cast<long double>(dy[i]) / slope.denominator));
    ASSERT_EQ(dx[i], want) << std::hexfloat << "x or y " << x[i] << ", dy " << dy[i] << ", parameters "
                           << p.value[0] << " " << p.value[1];
    ASSERT_EQ(std::signbit(dx[i]), std::signbit(want)) << "x or y " << x[i] << ", dy " << dy[i];
  }
}

template <size_t kCount>
void ExpectAllRoundedOnce(const Slope (&slopes)[kCount], simdact_direction direction) {
  uint64_t seed = 0;
  std::set<std::string> names;
  ForEachKernel([&](const Case& c) {
    if (!IsHalf(c.dtype) || c.direction != direction) return;
    for (const Slope& slope : slopes) {
      if (!c.Is(slope.name)) continue;
      names.insert(slope.name);
      for (const simdact_params& p : slope.parameters)
        ExpectRoundedOnce(c, slope, RoundedTo(c.dtype, p), ++seed);
    }
  });
  EXPECT_EQ(names.size(), kCount);
}

TEST(HalfKernels, GradientsOfLinesAreRoundedOnce) { ExpectAllRoundedOnce(kSlopes, SIMDACT_BACKWARD); }

TEST(HalfKernels, GradientsFromOutputAreRoundedOnce) {
  ExpectAllRoundedOnce(kSlopesFromOutput, SIMDACT_BACKWARD_FROM_OUTPUT);
}

// Every output of sigmoid and tanh from 0 to 1 with every significand of dy. A few of millions need more
// digits than the rest: sigmoid' in f16 at y = 1121 2^-14 and dy = 1942 2^-10.
TEST(HalfKernels, GradientsFromAllOutputsAreRoundedOnce) {
  size_t checked = 0;
  ForEachKernel([&](const Case& c) {
    if (!IsHalf(c.dtype) || c.direction != SIMDACT_BACKWARD_FROM_OUTPUT) return;
    for (const Slope& slope : kSlopesFromOutput) {
      if (!c.Is(slope.name) || !(c.Is("sigmoid") || c.Is("tanh"))) continue;
      ++checked;
      const uint16_t first = c.dtype == SIMDACT_F16 ? 0 : 0x3080, one = ToHalf(c.dtype, 1.0L);  // 2^-30
      const size_t digits = size_t{1} << FormatOf(c.dtype).fraction_bits;
      Array y(c.dtype, digits), dy(c.dtype, digits), dx(c.dtype, digits);
      for (size_t k = 0; k < digits; ++k) dy.SetBits(k, static_cast<uint16_t>(one + k));
      for (uint16_t bits = first; bits <= one; bits = static_cast<uint16_t>(bits + (Quick() ? 16 : 1))) {
        for (size_t k = 0; k < digits; ++k) y.SetBits(k, bits);
        Call(*c.kernel, c.direction, c.description->defaults, y.Data(), dy.Data(), dx.Data(), digits);
        const long double f = slope.numerator(static_cast<long double>(y[0]), c.description->defaults);
        for (size_t k = 0; k < digits; ++k) {
          ASSERT_EQ(dx.Bits(k), ToHalf(c.dtype, f * static_cast<long double>(dy[k])))
              << std::hexfloat << "y " << y[0] << ", dy " << dy[k];
        }
      }
    }
  });
  EXPECT_GE(checked, 4u);
}

// All 65,536 inputs with some dy, and those again where each that needs another way is 1 instead.
struct Neighbours {
  explicit Neighbours(simdact_dtype dtype)
      : all(AllBits(dtype)), some(all), dy(dtype, all.Size()), same(all.Size()) {
    const double upstream[] = {1.0, -0.0, 0.0, -1.40625, 0x1.1p-9, 3.0};
    for (size_t i = 0; i < all.Size(); ++i) {
      const double size = std::fabs(all[i]);
      same[i] = size == 0 || (size >= (dtype == SIMDACT_F16 ? 0x1p-23 : 0x1p-60) && size <= 0x1p60);
      if (!same[i]) some.Set(i, 1.0);
      dy.Set(i, upstream[i % std::size(upstream)]);
    }
  }
  Array all, some, dy;
  std::vector<uint8_t> same;
};

// A result has the same bits wherever its input stands: among all 65,536 inputs, and where those that need
// another way are not there. At parameters, too, with which doubles cannot tell a result from a midpoint, or
// where a zero's sign hangs on how a sum is made.
TEST(HalfKernels, ResultsDoNotDependOnNeighbours) {
  const std::map<std::string, std::vector<simdact_params>> more = {
      {"shrink", {{{0, -1 - 0x1p-8}}}},
      {"softshrink", {{{-1 - 0x1p-8}}}},
      {"hardsigmoid", {{{0.2, 0.5 + 0x1p-9}}, {{1, 0}}, {{1, -0.0}}, {{-1, 0}}, {{-0.25, -0.0}}}},
      {"rrelu", {{{2 + 0x1p-7, 0x1p-57}}, {{0.1, 1}}, {{-0.1, -0.3}}, {{0.1, 0.3}}, {{0.7, -0.1}}}},
      {"linear", {{{-1.5, 0}}, {{0.3, -0.0}}}},
  };
  const Neighbours of_bf16(SIMDACT_BF16), of_f16(SIMDACT_F16);
  size_t compared = 0;
  for (int op = 0; op < SIMDACT_OP_COUNT && !testing::Test::HasFatalFailure(); ++op) {
    std::vector<simdact_params> sets = OtherParameters(static_cast<simdact_op>(op), Quick() ? 2 : 4);
    const auto found = more.find(simdact_describe(static_cast<simdact_op>(op))->name);
    if (found != more.end()) sets.insert(sets.end(), found->second.begin(), found->second.end());
    sets.push_back(simdact_describe(static_cast<simdact_op>(op))->defaults);
    ForEachKernelOf(
        static_cast<simdact_op>(op),
        [&](const Case& c) {
          if (!IsHalf(c.dtype)) return;
          const auto& [all, some, dy, same] = c.dtype == SIMDACT_BF16 ? of_bf16 : of_f16;
          Array from_all(c.dtype, all.Size()), from_some = from_all;
          for (const simdact_params& given : sets) {
            const simdact_params p = RoundedTo(c.dtype, given);
            Call(*c.kernel, c.direction, p, all.Data(), dy.Data(), from_all.Data(), all.Size());
            Call(*c.kernel, c.direction, p, some.Data(), dy.Data(), from_some.Data(), all.Size());
            for (size_t i = 0; i < all.Size(); ++i) {
              if (!same[i] || IsNan(c.dtype, from_all.Bits(i))) continue;
              ASSERT_EQ(from_all.Bits(i), from_some.Bits(i))
                  << std::hexfloat << "x " << all[i] << ", dy " << dy[i] << ", parameters " << p.value[0]
                  << " " << p.value[1];
              ++compared;
            }
          }
        },
        Tiers::kBoth);
  }
  EXPECT_GT(compared, size_t{SIMDACT_OP_COUNT} * 65536);
}

// Results that are half of a denormal input: where that is all there is they are midpoints, and go to the
// even number; where the function bends, ever so little, that decides.
TEST(HalfKernels, HalvesOfDenormals) {
  struct Expected {
    simdact_op op;
    double parameter, x, y;
  };
  const double least = 0x1p-133;
  const Expected all[] = {
      {SIMDACT_OP_softshrink, 0x1p-134, least, 0.0},
      {SIMDACT_OP_softshrink, 0x1p-134, -least, -0.0},
      {SIMDACT_OP_softshrink, 0x1p-134, 3 * least, 2 * least},
      {SIMDACT_OP_swish, 0x1p60, least, least},
      {SIMDACT_OP_swish, 0x1p60, -least, -0.0},
      {SIMDACT_OP_swish, 0.0, least, 0.0},
      {SIMDACT_OP_linear, 0.5, 3 * least, 2 * least},
  };
  size_t compared = 0;
  for (const Expected& e : all) {
    ForEachKernelOf(e.op, [&](const Case& c) {
      if (c.dtype != SIMDACT_BF16 || c.direction != SIMDACT_FORWARD) return;
      Array x(c.dtype, 1), y(c.dtype, 1);
      x.Set(0, e.x);
      Call(*c.kernel, c.direction, {{e.parameter}}, x.Data(), nullptr, y.Data(), 1);
      EXPECT_EQ(y.Bits(0), ToHalf(c.dtype, e.y)) << std::hexfloat << e.parameter << ", x " << e.x;
      ++compared;
    });
  }
  EXPECT_GE(compared, std::size(all));
}

}  // namespace
}  // namespace simdact_test
