// Targets as values: listed best first, found by name, and the one that is asked for is the one that runs.

#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <thread>

#include "simdact/simdact.hpp"
#include "tests/common/fresh_process.h"
#include "tests/common/kernels.h"

namespace simdact_test {
namespace {

TEST(Dispatch, NamesItsVersion) {
  const std::string header = std::to_string(SIMDACT_VERSION_MAJOR) + "." +
                             std::to_string(SIMDACT_VERSION_MINOR) + "." +
                             std::to_string(SIMDACT_VERSION_PATCH);
  EXPECT_EQ(simdact_version(), header);
}

TEST(Dispatch, ListsTargetsBestFirst) {
  const size_t count = simdact_targets(nullptr, 0);
  ASSERT_GE(count, 1u);
  std::vector<const simdact_target*> all(count + 1, nullptr);
  EXPECT_EQ(simdact_targets(all.data(), 1), count);
  EXPECT_EQ(all[1], nullptr);  // no more than asked for
  simdact_targets(all.data(), count);
  std::set<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    EXPECT_TRUE(names.insert(simdact_target_name(all[i])).second);
    EXPECT_EQ(simdact_target_by_name(simdact_target_name(all[i])), all[i]);
  }
  EXPECT_EQ(simdact_target_by_name("NONE"), nullptr);
  EXPECT_EQ(simdact_target_by_name(""), nullptr);
}

TEST(Dispatch, FindsNothingThatDoesNotExist) {
  const simdact_target* target = simdact_accuracy::RunningTargets()[0];
  EXPECT_EQ(simdact_find(nullptr, SIMDACT_OP_relu, SIMDACT_F32, SIMDACT_ACCURATE), nullptr);
  EXPECT_EQ(simdact_find(target, SIMDACT_OP_COUNT, SIMDACT_F32, SIMDACT_ACCURATE), nullptr);
  EXPECT_EQ(simdact_find(target, SIMDACT_OP_relu, SIMDACT_DTYPE_COUNT, SIMDACT_ACCURATE), nullptr);
  EXPECT_EQ(simdact_find(target, SIMDACT_OP_relu, SIMDACT_F32, SIMDACT_TIER_COUNT), nullptr);
  EXPECT_EQ(simdact_describe(SIMDACT_OP_COUNT), nullptr);
  std::vector<const simdact_target*> all(simdact_targets(nullptr, 0));
  simdact_targets(all.data(), all.size());
  for (const simdact_target* other : all) {
    const bool found = simdact_find(other, SIMDACT_OP_relu, SIMDACT_F32, SIMDACT_ACCURATE) != nullptr;
    EXPECT_EQ(found, simdact_target_runs(other) != 0) << simdact_target_name(other);
  }
}

TEST(Dispatch, DefaultKernelsAreThoseOfTheDefaultTarget) {
  for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
    for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
      for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
        const auto id = static_cast<simdact_op>(op);
        EXPECT_EQ(simdact_find_default(id, dtype, tier),
                  simdact_find(simdact_target_default(), id, dtype, tier));
      }
    }
  }
  EXPECT_EQ(simdact_find_default(SIMDACT_OP_COUNT, SIMDACT_F32, SIMDACT_FAST), nullptr);
  EXPECT_EQ(simdact_find_default(SIMDACT_OP_relu, SIMDACT_DTYPE_COUNT, SIMDACT_FAST), nullptr);
  EXPECT_EQ(simdact_find_default(SIMDACT_OP_relu, SIMDACT_F32, SIMDACT_TIER_COUNT), nullptr);
}

// Every target has kernels of its own; but AVX3_ZEN4 has those of AVX3 (or AVX3_DL) where they would be the
// same instructions.
TEST(Dispatch, KernelsAreDistinct) {
  const simdact_target* zen4 = simdact_target_by_name("AVX3_ZEN4");
  const simdact_target* avx3 = simdact_target_by_name("AVX3");
  std::map<void (*)(const void*, void*, size_t, simdact_params), const simdact_target*> owners;
  ForEachKernel([&](const Case& c) {
    if (c.direction != SIMDACT_FORWARD) return;
    const simdact_target* owner = owners.emplace(c.kernel->forward, c.target).first->second;
    const bool avx512 = std::strncmp(simdact_target_name(c.target), "AVX3", 4) == 0;
    EXPECT_TRUE(owner == c.target || (owner == zen4 && avx512)) << simdact_target_name(owner);
  });
  // It divides where AVX3 multiplies by an estimate.
  const auto forward = [](const simdact_target* target) {
    return simdact_find(target, SIMDACT_OP_sigmoid, SIMDACT_F32, SIMDACT_FAST)->forward;
  };
  const bool both = simdact_target_runs(zen4) && simdact_target_runs(avx3);
  EXPECT_TRUE(!both || forward(zen4) != forward(avx3));
}

// Where a target would have the code of another it is another name of it.
TEST(Dispatch, NamesShareCode) {
  std::vector<const simdact_target*> all(simdact_targets(nullptr, 0));
  simdact_targets(all.data(), all.size());
  for (const simdact_target* target : all) {
    const simdact_target* code = simdact_target_code(target);
    ASSERT_NE(code, nullptr);
    EXPECT_EQ(simdact_target_code(code), code);
    EXPECT_EQ(simdact_target_has_fma(target), simdact_target_has_fma(code));
    if (!simdact_target_runs(target)) continue;
    EXPECT_TRUE(simdact_target_runs(code)) << simdact_target_name(target);
    for (int op = 0; op < SIMDACT_OP_COUNT; ++op) {
      const auto id = static_cast<simdact_op>(op);
      EXPECT_EQ(simdact_find(target, id, SIMDACT_F32, SIMDACT_ACCURATE),
                simdact_find(code, id, SIMDACT_F32, SIMDACT_ACCURATE));
    }
    EXPECT_EQ(simdact_find_bias(target, SIMDACT_F32), simdact_find_bias(code, SIMDACT_F32));
    EXPECT_EQ(simdact_find_gate(target, SIMDACT_GATE_swiglu, SIMDACT_F32, SIMDACT_ACCURATE),
              simdact_find_gate(code, SIMDACT_GATE_swiglu, SIMDACT_F32, SIMDACT_ACCURATE));
    EXPECT_NE(simdact_find_table(target), nullptr);
  }
  EXPECT_EQ(simdact_target_code(nullptr), nullptr);
}

// A direction has a function, a reference, a claim and a formula, or none of them.
TEST(Dispatch, DirectionsAgree) {
  for (int id = 0; id < SIMDACT_OP_COUNT; ++id) {
    const auto op = static_cast<simdact_op>(id);
    const simdact_description& d = *simdact_describe(op);
    SCOPED_TRACE(d.name);
    const bool from_output = simdact_accuracy::Exists(op, SIMDACT_BACKWARD_FROM_OUTPUT);
    EXPECT_EQ(d.derivative_from_output != nullptr, from_output);
    for (const simdact_target* target : simdact_accuracy::RunningTargets()) {
      for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
        const simdact_kernel* kernel = simdact_find(target, op, dtype, SIMDACT_ACCURATE);
        ASSERT_NE(kernel, nullptr);
        EXPECT_NE(kernel->forward, nullptr);
        EXPECT_NE(kernel->backward, nullptr);
        EXPECT_EQ(kernel->backward_from_output != nullptr, from_output);
      }
    }
    for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
      for (const int fma : {0, 1}) {
        EXPECT_GE(simdact_claim(op, dtype, SIMDACT_FORWARD, fma), 0.0);
        EXPECT_GE(simdact_claim(op, dtype, SIMDACT_BACKWARD, fma), 0.0);
        EXPECT_EQ(simdact_claim(op, dtype, SIMDACT_BACKWARD_FROM_OUTPUT, fma) >= 0.0, from_output);
        EXPECT_LE(simdact_claim(op, SIMDACT_F16, SIMDACT_FORWARD, fma), 0.5);
      }
    }
  }
  EXPECT_LT(simdact_claim(SIMDACT_OP_COUNT, SIMDACT_F32, SIMDACT_FORWARD, 1), 0.0);
  EXPECT_LT(simdact_claim(SIMDACT_OP_relu, SIMDACT_DTYPE_COUNT, SIMDACT_FORWARD, 1), 0.0);
  EXPECT_LT(simdact_claim(SIMDACT_OP_relu, SIMDACT_F32, SIMDACT_DIRECTION_COUNT, 1), 0.0);
}

// Runs f, or f(argument), in a process that made no choice yet, under SIMDACT_TARGET=value.
template <class T>
int Under(const char* value, const T& argument, std::common_type_t<int (*)(const T&)> f) {
  return InFreshProcess("SIMDACT_TARGET", value, argument, f);
}
int Under(const char* value, int (*f)()) {
  return Under(value, f, [](int (*const& call)()) { return call(); });
}

// gelu of inputs where targets differ; without a target by the array function, which chooses one.
std::vector<float> GeluOn(const simdact_target* target) {
  std::vector<float> x(4096);
  for (size_t i = 0; i < x.size(); ++i) x[i] = -12.0f + 24.0f * static_cast<float>(i) / 4096.0f;
  std::vector<float> y(x.size());
  if (target == nullptr) {
    simdact_gelu_f32(x.data(), y.data(), y.size());
  } else {
    simdact_find(target, SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_ACCURATE)
        ->forward(x.data(), y.data(), y.size(), {});
  }
  return y;
}

// The forced target is the one that runs: the array function gives its bits.
TEST(Dispatch, EnvironmentForcesTheTarget) {
  std::set<std::vector<float>> outcomes;
  std::set<int> fma;
  for (const simdact_target* target : simdact_accuracy::RunningTargets(true)) {
    outcomes.insert(GeluOn(target));
    fma.insert(simdact_target_has_fma(target));
    const int code = Under(simdact_target_name(target), target, [](const simdact_target* const& forced) {
      if (simdact_target_choice() != SIMDACT_CHOICE_FORCED || simdact_target_default() != forced) return 1;
      const std::vector<float> want = GeluOn(forced), y = GeluOn(nullptr);
      return std::memcmp(y.data(), want.data(), y.size() * sizeof(float)) == 0 ? 0 : 2;
    });
    EXPECT_EQ(code, 0) << simdact_target_name(target);
  }
#if defined(__x86_64__)
  // A CPU without fused multiply-add has only targets that give the same bits.
  EXPECT_GE(outcomes.size(), fma.size()) << "targets give the same bits: this test sees nothing";
#endif
}

TEST(Dispatch, UnknownTargetIsVisible) {
  EXPECT_EQ(Under("PDP11", [] { return simdact_target_choice() == SIMDACT_CHOICE_UNKNOWN ? 0 : 1; }), 0);
  EXPECT_EQ(Under("", [] { return simdact_target_choice() == SIMDACT_CHOICE_BEST ? 0 : 1; }), 0);
  std::vector<const simdact_target*> all(simdact_targets(nullptr, 0));
  simdact_targets(all.data(), all.size());
  for (const simdact_target* target : all) {
    if (simdact_target_runs(target)) continue;
    EXPECT_EQ(Under(simdact_target_name(target),
                    [] {
                      float x = -1.0f;
                      simdact_relu_f32(&x, &x, 1);  // still works, on the best target
                      return simdact_target_choice() == SIMDACT_CHOICE_UNSUPPORTED && x == 0.0f ? 0 : 1;
                    }),
              0);
  }
}

TEST(Dispatch, FirstCallFromManyThreads) {
  EXPECT_EQ(Under("",
                  [] {
                    std::vector<std::thread> threads;
                    std::vector<float> results(16);
                    for (float& result : results) {
                      threads.emplace_back([&result] {
                        const float x = 1.0f;
                        simdact::tanh(&x, &result, 1);
                      });
                    }
                    for (std::thread& thread : threads) thread.join();
                    for (float result : results) {
                      if (result != results[0]) return 1;
                    }
                    return 0;
                  }),
            0);
}

TEST(Dispatch, ChoiceIsMadeOnce) {
  const int code = Under("", [] {
    const auto running = simdact_accuracy::RunningTargets(true);
    if (simdact_target_default() != running[0]) return 1;
    setenv("SIMDACT_TARGET", simdact_target_name(running.back()), 1);
    return simdact_target_default() == running[0] ? 0 : 2;
  });
  EXPECT_EQ(code, 0);
}

TEST(Cpp, DefaultsArePyTorchs) {
  EXPECT_EQ(Under("",
                  [] {
                    const float x = -2.0f, dy = 3.0f;
                    float y, want;
                    simdact::elu(&x, &y, 1);
                    simdact_elu_f32(&x, &want, 1, 1.0f);
                    if (y != want) return 1;
                    simdact::leaky_relu_backward(&x, &dy, &y, 1);
                    if (y != 3.0f * 0.01f) return 2;
                    simdact::softplus(&x, &y, 1);
                    simdact_softplus_f32(&x, &want, 1, 1.0f, 20.0f);
                    return y == want ? 0 : 3;
                  }),
            0);
}

// One spelling for every element type, the kernel of that type behind it.
#if !defined(SIMDACT_NO_F64) && !defined(SIMDACT_NO_HALF)
TEST(Cpp, OverloadsByElementType) {
  EXPECT_EQ(Under("",
                  [] {
                    const double x = -2.0, dy = 3.0;
                    double y, want;
                    simdact::elu(&x, &y, 1);
                    simdact_elu_f64(&x, &want, 1, 1.0);
                    if (y != want) return 1;
                    simdact::elu_backward_from_output(&want, &dy, &y, 1);
                    simdact_elu_backward_from_output_f64(&want, &dy, &want, 1, 1.0);
                    if (y != want) return 2;
                    const auto one = static_cast<simdact::bf16>(0x3F80);
                    simdact::bf16 brain;
                    simdact::sigmoid(&one, &brain, 1);
                    if (simdact_accuracy::FromHalf(SIMDACT_BF16, static_cast<uint16_t>(brain)) != 0.73046875)
                      return 3;
                    const auto minus_one = static_cast<simdact::f16>(0xBC00),
                               up = static_cast<simdact::f16>(0x4000);
                    simdact::f16 half;
                    simdact::leaky_relu_backward(&minus_one, &up, &half, 1, 0.25f);
                    return static_cast<uint16_t>(half) == 0x3800 ? 0 : 4;
                  }),
            0);
}
#endif

}  // namespace
}  // namespace simdact_test
