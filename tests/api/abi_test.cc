// The stability rule of simdact.h: data/abi.json is what was published. Its numbers and places never change;
// what is new is added there, by hand.

#include <cstddef>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "dispatch/numbers.h"
#include "simdact/simdact.h"
#include "tests/common/kernels.h"

namespace simdact_test {
namespace {

// The numbers of one enum, or the places of one struct's members.
using Numbers = std::map<std::string, long long>;

nlohmann::json Published() {
  std::ifstream file(SIMDACT_TEST_DATA "/abi.json");
  return nlohmann::json::parse(file);
}

void ExpectPublished(const char* what, const Numbers& now) {
  SCOPED_TRACE(what);
  const Numbers published = Published().at(what).get<Numbers>();
  for (const auto& [name, number] : published) {
    const auto found = now.find(name);
    ASSERT_NE(found, now.end()) << name << " was published, and is gone";
    EXPECT_EQ(found->second, number) << name;
  }
  for (const auto& [name, number] : now)
    EXPECT_EQ(published.count(name), 1u)
        << name << " = " << number << " is new: add it to tests/data/abi.json";
}

// A list's numbers, and those by which the library knows its entries.
TEST(Abi, NumbersOfOps) {
#define SIMDACT_X(Name, name, ...) {#name, SIMDACT_OP_##name},
  const Numbers now = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X
  EXPECT_EQ(now.size(), static_cast<size_t>(SIMDACT_OP_COUNT));
  for (const auto& [name, number] : now)
    EXPECT_EQ(simdact_describe(static_cast<simdact_op>(number))->name, name);
  ExpectPublished("simdact_op", now);
}

TEST(Abi, NumbersOfGates) {
#define SIMDACT_X(Name, name, ...) {#name, SIMDACT_GATE_##name},
  const Numbers now = {SIMDACT_GATES(SIMDACT_X)};
#undef SIMDACT_X
  EXPECT_EQ(now.size(), static_cast<size_t>(SIMDACT_GATE_COUNT));
  for (const auto& [name, number] : now)
    EXPECT_EQ(simdact_describe_gate(static_cast<simdact_gate>(number))->name, name);
  ExpectPublished("simdact_gate", now);
}

TEST(Abi, NumbersOfSoftmaxOps) {
#define SIMDACT_X(Name, name, ...) {#name, SIMDACT_SOFTMAX_OP_##name},
  const Numbers now = {SIMDACT_SOFTMAX_OPS(SIMDACT_X)};
#undef SIMDACT_X
  for (const auto& [name, number] : now)
    EXPECT_EQ(simdact_describe_softmax(static_cast<simdact_softmax_op>(number))->name, name);
  ExpectPublished("simdact_softmax_op", now);
}

// The counts tell of an enumerator that this file does not know.
TEST(Abi, OtherNumbers) {
#define SIMDACT_N(name) {#name, name}
  ExpectPublished("simdact_dtype", {SIMDACT_N(SIMDACT_F32), SIMDACT_N(SIMDACT_F64), SIMDACT_N(SIMDACT_BF16),
                                    SIMDACT_N(SIMDACT_F16)});
  EXPECT_EQ(SIMDACT_DTYPE_COUNT, 4);
  ExpectPublished("simdact_tier",
                  {SIMDACT_N(SIMDACT_ACCURATE), SIMDACT_N(SIMDACT_FAST), SIMDACT_N(SIMDACT_EXACT)});
  EXPECT_EQ(SIMDACT_TIER_COUNT, 3);
  ExpectPublished("simdact_direction", {SIMDACT_N(SIMDACT_FORWARD), SIMDACT_N(SIMDACT_BACKWARD),
                                        SIMDACT_N(SIMDACT_BACKWARD_FROM_OUTPUT)});
  EXPECT_EQ(SIMDACT_DIRECTION_COUNT, 3);
  ExpectPublished("simdact_status",
                  {SIMDACT_N(SIMDACT_OK), SIMDACT_N(SIMDACT_NULL_POINTER), SIMDACT_N(SIMDACT_SHORT_STRIDE),
                   SIMDACT_N(SIMDACT_TOO_LARGE), SIMDACT_N(SIMDACT_OVERLAP), SIMDACT_N(SIMDACT_EMPTY_ROW),
                   SIMDACT_N(SIMDACT_BAD_OPTION), SIMDACT_N(SIMDACT_BAD_LABEL)});
  EXPECT_EQ(SIMDACT_STATUS_COUNT, 8);
  ExpectPublished("simdact_choice",
                  {SIMDACT_N(SIMDACT_CHOICE_BEST), SIMDACT_N(SIMDACT_CHOICE_FORCED),
                   SIMDACT_N(SIMDACT_CHOICE_UNKNOWN), SIMDACT_N(SIMDACT_CHOICE_UNSUPPORTED)});
  ExpectPublished("simdact_gate_layout", {SIMDACT_N(SIMDACT_GATE_FIRST), SIMDACT_N(SIMDACT_UP_FIRST),
                                          SIMDACT_N(SIMDACT_GATE_INTERLEAVED)});
  EXPECT_EQ(SIMDACT_GATE_LAYOUT_COUNT, 3);
  ExpectPublished("simdact_mask", {SIMDACT_N(SIMDACT_MASK_NONE), SIMDACT_N(SIMDACT_MASK_BOOL),
                                   SIMDACT_N(SIMDACT_MASK_F32), SIMDACT_N(SIMDACT_MASK_SAME)});
  ExpectPublished("simdact_masked_row",
                  {SIMDACT_N(SIMDACT_MASKED_ROW_NAN), SIMDACT_N(SIMDACT_MASKED_ROW_ZERO),
                   SIMDACT_N(SIMDACT_MASKED_ROW_UNIFORM)});
  ExpectPublished("simdact_infinite_score",
                  {SIMDACT_N(SIMDACT_INFINITE_SCORE_NAN), SIMDACT_N(SIMDACT_INFINITE_SCORE_LIMIT)});
  ExpectPublished("simdact_byte_format", {SIMDACT_N(SIMDACT_S8), SIMDACT_N(SIMDACT_U8),
                                          SIMDACT_N(SIMDACT_E4M3), SIMDACT_N(SIMDACT_E5M2)});
  EXPECT_EQ(SIMDACT_BYTE_FORMAT_COUNT, 4);
  ExpectPublished("simdact_overflow",
                  {SIMDACT_N(SIMDACT_OVERFLOW_SATURATE), SIMDACT_N(SIMDACT_OVERFLOW_SPECIAL)});
  ExpectPublished("simdact_scale_for", {SIMDACT_N(SIMDACT_SCALE_FOR_TENSOR), SIMDACT_N(SIMDACT_SCALE_FOR_ROW),
                                        SIMDACT_N(SIMDACT_SCALE_FOR_GROUP)});
  ExpectPublished("simdact_rounding", {SIMDACT_N(SIMDACT_TIES_TO_EVEN), SIMDACT_N(SIMDACT_TIES_AWAY)});
  ExpectPublished("simdact_nodes", {SIMDACT_N(SIMDACT_NODES_EXACT), SIMDACT_N(SIMDACT_NODES_TFLITE)});
  ExpectPublished("constants", {SIMDACT_N(SIMDACT_MAX_PARAMETERS), SIMDACT_N(SIMDACT_TABLE16_VALUES),
                                SIMDACT_N(SIMDACT_TABLE16_NODES)});
#undef SIMDACT_N
}

// Structs that a program makes have one size for good; those that the library makes may grow at the end. The
// file has the bytes of 64-bit systems.
TEST(Abi, LayoutOfStructs) {
  if (sizeof(void*) != 8) GTEST_SKIP() << "the published layout is that of 64-bit systems";
#define SIMDACT_M(member) {#member, static_cast<long long>(offsetof(Struct, member))}
  {
    using Struct = simdact_params;
    ExpectPublished("simdact_params", {{"sizeof", sizeof(Struct)}, SIMDACT_M(value)});
  }
  {
    using Struct = simdact_softmax_options;
    ExpectPublished("simdact_softmax_options", {{"sizeof", sizeof(Struct)}, SIMDACT_M(scale),
                                                SIMDACT_M(softcap),         SIMDACT_M(tier),
                                                SIMDACT_M(masked_row),      SIMDACT_M(infinite_score),
                                                SIMDACT_M(mask_type),       SIMDACT_M(mask),
                                                SIMDACT_M(mask_rows),       SIMDACT_M(mask_row_stride),
                                                SIMDACT_M(mask_slope),      SIMDACT_M(alibi_slope),
                                                SIMDACT_M(lengths),         SIMDACT_M(causal_rows),
                                                SIMDACT_M(causal_past),     SIMDACT_M(sinks),
                                                SIMDACT_M(rows_per_sink),   SIMDACT_M(x_row_stride),
                                                SIMDACT_M(y_row_stride),    SIMDACT_M(dy_row_stride),
                                                SIMDACT_M(dx_row_stride),   SIMDACT_M(log_sum_exp),
                                                SIMDACT_M(reserved),        SIMDACT_M(starts)});
  }
  {
    using Struct = simdact_strides;
    ExpectPublished("simdact_strides",
                    {{"sizeof", sizeof(Struct)}, SIMDACT_M(batch), SIMDACT_M(head), SIMDACT_M(query)});
  }
  {
    using Struct = simdact_attention;
    ExpectPublished("simdact_attention", {{"sizeof", sizeof(Struct)},
                                          SIMDACT_M(batches),
                                          SIMDACT_M(heads),
                                          SIMDACT_M(queries),
                                          SIMDACT_M(keys),
                                          SIMDACT_M(scale),
                                          SIMDACT_M(softcap),
                                          SIMDACT_M(tier),
                                          SIMDACT_M(masked_row),
                                          SIMDACT_M(infinite_score),
                                          SIMDACT_M(mask_type),
                                          SIMDACT_M(mask),
                                          SIMDACT_M(mask_strides),
                                          SIMDACT_M(mask_slope),
                                          SIMDACT_M(mask_slopes),
                                          SIMDACT_M(alibi_slopes),
                                          SIMDACT_M(alibi_batch_stride),
                                          SIMDACT_M(sinks),
                                          SIMDACT_M(sink_batch_stride),
                                          SIMDACT_M(key_lengths),
                                          SIMDACT_M(diagonal),
                                          SIMDACT_M(diagonals),
                                          SIMDACT_M(causal),
                                          SIMDACT_M(window),
                                          SIMDACT_M(window_left),
                                          SIMDACT_M(window_right),
                                          SIMDACT_M(x_strides),
                                          SIMDACT_M(y_strides),
                                          SIMDACT_M(dy_strides),
                                          SIMDACT_M(dx_strides),
                                          SIMDACT_M(log_sum_exp),
                                          SIMDACT_M(reserved)});
  }
  {
    using Struct = simdact_cross_entropy_options;
    ExpectPublished("simdact_cross_entropy_options", {{"sizeof", sizeof(Struct)},
                                                      SIMDACT_M(label_smoothing),
                                                      SIMDACT_M(gradient),
                                                      SIMDACT_M(gradients),
                                                      SIMDACT_M(tier),
                                                      SIMDACT_M(ignores_label),
                                                      SIMDACT_M(ignored_label),
                                                      SIMDACT_M(weights),
                                                      SIMDACT_M(x_row_stride),
                                                      SIMDACT_M(dx_row_stride),
                                                      SIMDACT_M(log_sum_exp),
                                                      SIMDACT_M(reserved)});
  }
  {
    using Struct = simdact_cross_entropy_kernel;
    ExpectPublished("simdact_cross_entropy_kernel", {SIMDACT_M(cross_entropy)});
  }
  {
    using Struct = simdact_softmax_axis_options;
    ExpectPublished("simdact_softmax_axis_options", {{"sizeof", sizeof(Struct)},
                                                     SIMDACT_M(scale),
                                                     SIMDACT_M(tier),
                                                     SIMDACT_M(masked_row),
                                                     SIMDACT_M(infinite_score),
                                                     SIMDACT_M(log_sum_exp),
                                                     SIMDACT_M(reserved)});
  }
  {
    using Struct = simdact_softmax_axis_kernel;
    ExpectPublished("simdact_softmax_axis_kernel",
                    {SIMDACT_M(forward), SIMDACT_M(backward), SIMDACT_M(log_sum_exp)});
  }
  {
    using Struct = simdact_softmax_state;
    ExpectPublished("simdact_softmax_state", {{"sizeof", sizeof(Struct)},
                                              SIMDACT_M(maximum),
                                              SIMDACT_M(shift),
                                              SIMDACT_M(power),
                                              SIMDACT_M(sum),
                                              SIMDACT_M(reserved)});
  }
  {
    using Struct = simdact_quantization;
    ExpectPublished(
        "simdact_quantization",
        {{"sizeof", sizeof(Struct)}, SIMDACT_M(scale), SIMDACT_M(zero_point), SIMDACT_M(is_signed)});
  }
  {
    using Struct = simdact_gate_options;
    ExpectPublished("simdact_gate_options", {{"sizeof", sizeof(Struct)},
                                             SIMDACT_M(limit),
                                             SIMDACT_M(offset),
                                             SIMDACT_M(layout),
                                             SIMDACT_M(tier),
                                             SIMDACT_M(gate_bias),
                                             SIMDACT_M(up_bias),
                                             SIMDACT_M(x_row_stride),
                                             SIMDACT_M(y_row_stride),
                                             SIMDACT_M(dy_row_stride),
                                             SIMDACT_M(dx_row_stride),
                                             SIMDACT_M(target),
                                             SIMDACT_M(reserved)});
  }
  {
    using Struct = simdact_quantize_options;
    ExpectPublished("simdact_quantize_options", {{"sizeof", sizeof(Struct)},
                                                 SIMDACT_M(group),
                                                 SIMDACT_M(format),
                                                 SIMDACT_M(scale_for),
                                                 SIMDACT_M(overflow),

                                                 SIMDACT_M(zero_point),
                                                 SIMDACT_M(dynamic),
                                                 SIMDACT_M(scales),
                                                 SIMDACT_M(largest),
                                                 SIMDACT_M(x_row_stride),
                                                 SIMDACT_M(q_row_stride),
                                                 SIMDACT_M(target),
                                                 SIMDACT_M(reserved)});
  }
  {
    using Struct = simdact_kernel;
    ExpectPublished("simdact_kernel",
                    {SIMDACT_M(forward), SIMDACT_M(backward), SIMDACT_M(backward_from_output)});
  }
  {
    using Struct = simdact_bias_kernel;
    ExpectPublished("simdact_bias_kernel", {SIMDACT_M(forward), SIMDACT_M(backward),
                                            SIMDACT_M(prelu_channels), SIMDACT_M(prelu_channels_backward)});
  }
  {
    using Struct = simdact_gate_kernel;
    ExpectPublished("simdact_gate_kernel", {SIMDACT_M(forward), SIMDACT_M(backward),
                                            SIMDACT_M(forward_interleaved), SIMDACT_M(backward_interleaved)});
  }
  {
    using Struct = simdact_softmax_kernel;
    ExpectPublished("simdact_softmax_kernel",
                    {SIMDACT_M(forward), SIMDACT_M(backward), SIMDACT_M(block), SIMDACT_M(log_sum_exp)});
  }
  {
    using Struct = simdact_table_kernel;
    ExpectPublished("simdact_table_kernel", {SIMDACT_M(lookup)});
  }
  {
    using Struct = simdact_table16_kernel;
    ExpectPublished("simdact_table16_kernel", {SIMDACT_M(lookup), SIMDACT_M(interpolate)});
  }
  {
    using Struct = simdact_description;
    ExpectPublished(
        "simdact_description",
        {SIMDACT_M(name), SIMDACT_M(formula), SIMDACT_M(derivative), SIMDACT_M(derivative_from_output),
         SIMDACT_M(note), SIMDACT_M(parameters), SIMDACT_M(parameter_names), SIMDACT_M(defaults)});
  }
  {
    using Struct = simdact_gate_description;
    ExpectPublished("simdact_gate_description",
                    {SIMDACT_M(name), SIMDACT_M(formula), SIMDACT_M(gradients), SIMDACT_M(note),
                     SIMDACT_M(parameters), SIMDACT_M(parameter_names), SIMDACT_M(defaults)});
  }
  {
    using Struct = simdact_softmax_description;
    ExpectPublished("simdact_softmax_description",
                    {SIMDACT_M(name), SIMDACT_M(formula), SIMDACT_M(backward), SIMDACT_M(note)});
  }
#undef SIMDACT_M
}

// A list whose order is not that of its numbers, as one is that got an entry in the middle.
TEST(Abi, ListsHaveTheirOwnOrder) {
  constexpr int kNumbers[] = {0, 3, 1, 2};
  static_assert(simdact::AreNumbered(kNumbers));
  constexpr auto kPositions = simdact::PositionsOf(kNumbers);
  static_assert(kPositions.of[0] == 0 && kPositions.of[1] == 2 && kPositions.of[2] == 3 &&
                kPositions.of[3] == 1);
  constexpr int kTwice[] = {0, 2, 2}, kHole[] = {0, 1, 3}, kNegative[] = {0, -1, 1};
  static_assert(!simdact::AreNumbered(kTwice));
  static_assert(!simdact::AreNumbered(kHole));
  static_assert(!simdact::AreNumbered(kNegative));
}

// Room that is not 0 asks for something this version does not know: it is refused, not ignored.
TEST(Abi, ReservedRoomIsRefused) {
  const simdact_softmax_kernel& kernel =
      *simdact_find_softmax(simdact_accuracy::RunningTargets()[0], SIMDACT_SOFTMAX_OP_softmax, SIMDACT_F32);
  const float x[2] = {1.0f, 2.0f};
  float y[2] = {7.0f, 7.0f};
  simdact_softmax_options o = {};
  EXPECT_EQ(kernel.forward(x, y, 1, 2, &o), SIMDACT_OK);
  for (uint64_t& word : o.reserved) {
    y[0] = y[1] = 7.0f;
    word = uint64_t{1} << 40;
    EXPECT_EQ(kernel.forward(x, y, 1, 2, &o), SIMDACT_BAD_OPTION);
    EXPECT_EQ(kernel.backward(x, x, y, 1, 2, &o), SIMDACT_BAD_OPTION);
    EXPECT_EQ(y[0], 7.0f);
    word = 0;
  }
  EXPECT_EQ(kernel.forward(x, y, 1, 2, &o), SIMDACT_OK);
}

// Parameters beyond those that an op has are ignored, whatever a later version may put there.
TEST(Abi, ParametersBeyondAreIgnored) {
  const simdact_target* target = simdact_accuracy::RunningTargets()[0];
  const float x[3] = {-2.0f, 0.5f, 3.0f};
  for (int id = 0; id < SIMDACT_OP_COUNT; ++id) {
    const auto op = static_cast<simdact_op>(id);
    const simdact_description& d = *simdact_describe(op);
    simdact_params p = d.defaults;
    float want[3], got[3];
    const simdact_kernel* kernel = simdact_find(target, op, SIMDACT_F32, SIMDACT_ACCURATE);
    kernel->forward(x, want, 3, p);
    for (int i = d.parameters; i < SIMDACT_MAX_PARAMETERS; ++i) p.value[i] = 1e30;
    kernel->forward(x, got, 3, p);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(got[i] == want[i] || want[i] != want[i]) << d.name;
  }
}

}  // namespace
}  // namespace simdact_test
