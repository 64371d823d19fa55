/* The C API as a C99 program sees it: through simdact.h and the shared library alone. */
#include "simdact/simdact.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

enum { N = 5 };
static const float kX[N] = {-2.0f, -1.0f, 0.0f, 1.0f, 2.0f};

static int near(float got, double want) { return fabs((double)got - want) <= 2e-7 * fabs(want); }

/* x Phi(x) and its derivative, from the tables of the normal distribution. */
static const double kGelu[N] = {-0.0455002638963584, -0.158655253931457, 0.0, 0.841344746068543,
                                1.95449973610364};
static const double kGeluDerivative[N] = {-0.0852318010781970, -0.0833154705876861, 0.5, 1.08331547058769,
                                          1.08523180107820};

static void test_arrays(void) {
  float y[N], dy[N], dx[N];
  int i;
  simdact_gelu_f32(kX, y, N);
  for (i = 0; i < N; ++i) CHECK(near(y[i], kGelu[i]));

  for (i = 0; i < N; ++i) dy[i] = (float)(i + 1);
  simdact_gelu_backward_f32(kX, dy, dx, N);
  for (i = 0; i < N; ++i) CHECK(near(dx[i], (i + 1) * kGeluDerivative[i]));

  /* Parameters come last, in PyTorch's order. */
  simdact_leaky_relu_f32(kX, y, N, 0.25f);
  for (i = 0; i < N; ++i) CHECK(y[i] == (kX[i] > 0 ? kX[i] : 0.25f * kX[i]));
  simdact_softplus_f32(kX, y, N, 2.0f, 3.0f);
  CHECK(near(y[2], log(2.0) / 2));
  CHECK(y[4] == 2.0f); /* beta x is above the threshold */

  simdact_tanh_f32(kX, y, N);
  simdact_tanh_backward_from_output_f32(y, dy, dx, N);
  for (i = 0; i < N; ++i) CHECK(near(dx[i], (i + 1) * (1 - (double)y[i] * y[i])));
}

static void test_softmax(void) {
  static const float x[2][3] = {{1.0f, 2.0f, 3.0f}, {-1.0f, 0.0f, 30.0f}};
  float y[2][3], dx[2][3], lse[2];
  int r, c;
  const uint8_t shown[3] = {1, 0, 1};
  simdact_softmax_options o = {0};
  CHECK(simdact_softmax_f32(&x[0][0], &y[0][0], 2, 3, NULL) == SIMDACT_OK);
  for (r = 0; r < 2; ++r) {
    for (c = 0; c < 3; ++c) {
      const double sum = exp(x[r][0] - 30.0) + exp(x[r][1] - 30.0) + exp(x[r][2] - 30.0);
      CHECK(near(y[r][c], exp(x[r][c] - 30.0) / sum));
    }
  }
  CHECK(simdact_softmax_backward_f32(&y[0][0], &y[0][0], &dx[0][0], 2, 3, NULL) == SIMDACT_OK);
  o.mask_type = SIMDACT_MASK_BOOL, o.mask = shown, o.mask_rows = 1, o.log_sum_exp = lse;
  CHECK(simdact_log_softmax_f32(&x[0][0], &y[0][0], 2, 3, &o) == SIMDACT_OK);
  CHECK(y[0][1] == -HUGE_VALF && near(lse[0], log(exp(1.0) + exp(3.0))));
  CHECK(simdact_softmin_f32(&x[0][0], &y[0][0], 2, 0, &o) == SIMDACT_EMPTY_ROW);
  CHECK(strcmp(simdact_status_text(SIMDACT_EMPTY_ROW), "rows have no columns") == 0);
}

/* Two heads, of which the second looks two keys back. */
static void test_attention(void) {
  static const float x[2][2] = {{1.0f, 3.0f}, {0.0f, -1.0f}};
  float y[2][2], dx[2][2], dsinks[2];
  const float sinks[2] = {0.0f, 2.0f};
  float lse[2];
  int h;
  simdact_attention a = {0};
  a.batches = 1, a.heads = 2, a.queries = 1, a.keys = 2;
  a.sinks = sinks, a.log_sum_exp = lse, a.causal = 1, a.diagonal = 1;
  CHECK(simdact_attention_softmax_f32(&x[0][0], &y[0][0], &a) == SIMDACT_OK);
  CHECK(simdact_attention_softmax_backward_f32(&x[0][0], NULL, &x[0][0], &dx[0][0], dsinks, &a) ==
        SIMDACT_OK);
  for (h = 0; h < 2; ++h) {
    const double p = exp((double)x[h][0]), q = exp((double)x[h][1]), s = exp((double)sinks[h]);
    const double t = (p * (double)x[h][0] + q * (double)x[h][1]) / (p + q + s);
    CHECK(near(y[h][0], p / (p + q + s)) && near(y[h][1], q / (p + q + s)));
    CHECK(fabs((double)dx[h][1] - q / (p + q + s) * ((double)x[h][1] - t)) <= 2e-6);
    CHECK(fabs((double)dsinks[h] + s / (p + q + s) * t) <= 2e-6);
  }
  a.causal = 2;
  CHECK(simdact_attention_softmax_f32(&x[0][0], &y[0][0], &a) == SIMDACT_BAD_OPTION);
}

#ifndef SIMDACT_NO_F64
static void test_double(void) {
  static const double x[N] = {-2.0, -1.0, 0.0, 1.0, 2.0};
  double y[N], dy[N], dx[N], again[N];
  int i;
  simdact_elu_f64(x, y, N, 0.5);
  for (i = 0; i < N; ++i) CHECK(fabs(y[i] - (x[i] > 0 ? x[i] : 0.5 * expm1(x[i]))) <= 2e-16);
  for (i = 0; i < N; ++i) dy[i] = i + 1.0;
  simdact_elu_backward_f64(x, dy, dx, N, 0.5);
  for (i = 0; i < N; ++i) CHECK(fabs(dx[i] - (i + 1) * (x[i] > 0 ? 1.0 : 0.5 * exp(x[i]))) <= 1e-15);
  /* From the output: the same numbers. */
  simdact_elu_backward_from_output_f64(y, dy, again, N, 0.5);
  for (i = 0; i < N; ++i) CHECK(fabs(again[i] - dx[i]) <= 1e-15);
  simdact_sigmoid_backward_from_output_f64(x + 2, dy, dx, 2); /* y (1 - y) at 0 and 1 */
  CHECK(dx[0] == 0.0 && dx[1] == 0.0);
}
#endif

#ifndef SIMDACT_NO_HALF
/* 16-bit elements are their bits. */
static void test_half(void) {
  static const uint16_t bf16[3] = {0xBF80, 0x3F80, 0x4040}; /* -1, 1, 3 */
  static const uint16_t f16[3] = {0xBC00, 0x3C00, 0x4200};
  uint16_t y[3], dy[3];
  simdact_relu_bf16(bf16, y, 3);
  CHECK(y[0] == 0 && y[1] == 0x3F80 && y[2] == 0x4040);
  simdact_leaky_relu_bf16(bf16, y, 3, 0.25f);
  CHECK(y[0] == 0xBE80 && y[1] == 0x3F80);
  simdact_tanh_f16(f16, y, 3);
  CHECK(y[0] == 0xBA18 && y[1] == 0x3A18); /* 0.76159..., to 11 bits 0.76171875 */
  dy[0] = dy[1] = dy[2] = 0x4000;          /* 2 */
  simdact_square_backward_f16(f16, dy, y, 3);
  CHECK(y[0] == 0xC400 && y[1] == 0x4400 && y[2] == 0x4A00); /* -4, 4, 12 */
  simdact_hardtanh_backward_from_output_bf16(bf16, bf16, y, 3, -2.0f, 2.0f);
  CHECK(y[0] == 0xBF80 && y[1] == 0x3F80 && (y[2] & 0x7FFF) == 0);
}
#endif

/* What comes before an activation, in rows of two columns. */
static void test_bias(void) {
  static const float x[4] = {-3.0f, 1.0f, 2.0f, -1.0f}, bias[2] = {1.0f, -1.0f}, scale[2] = {2.0f, 3.0f};
  static const float ones[4] = {1.0f, 1.0f, 1.0f, 1.0f};
  float y[4], dx[4], dscale[2], dbias[2];
  CHECK(simdact_bias_relu_f32(x, bias, y, 2, 2) == SIMDACT_OK);
  CHECK(y[0] == 0 && y[1] == 0 && y[2] == 3 && y[3] == 0);
  CHECK(simdact_scale_bias_leaky_relu_f32(x, scale, bias, y, 2, 2, 0.5f) == SIMDACT_OK);
  CHECK(y[0] == -2.5f && y[1] == 2 && y[2] == 5 && y[3] == -2);
  CHECK(simdact_residual_neg_f32(x, x, y, 4) == SIMDACT_OK);
  CHECK(y[0] == 6 && y[3] == 2);
  CHECK(simdact_scale_bias_relu_backward_f32(x, scale, bias, ones, dx, dscale, dbias, 2, 2) == SIMDACT_OK);
  CHECK(dx[0] == 0 && dx[1] == 3 && dx[2] == 2 && dx[3] == 0);
  CHECK(dscale[0] == 2 && dscale[1] == 1 && dbias[0] == 1 && dbias[1] == 1);
  CHECK(simdact_prelu_channels_f32(x, scale, y, 1, 2, 2) == SIMDACT_OK); /* channels of two elements */
  CHECK(y[0] == -6 && y[1] == 1 && y[2] == 2 && y[3] == -3);
  CHECK(simdact_bias_relu_f32(NULL, bias, y, 2, 2) == SIMDACT_NULL_POINTER);
  CHECK(simdact_bias_relu_f32(x, y, y, 2, 2) == SIMDACT_OVERLAP);
}

static void test_in_place_and_empty(void) {
  float y[N], in_place[N + 1];
  simdact_silu_f32(kX, y, N);
  memcpy(in_place, kX, sizeof kX);
  in_place[N] = 7.0f;
  simdact_silu_f32(in_place, in_place, N);
  CHECK(memcmp(in_place, y, sizeof y) == 0);
  CHECK(in_place[N] == 7.0f);
  simdact_silu_f32(NULL, NULL, 0);
}

/* Bytes through a table of an op's 256 results. */
static void test_table(void) {
  static const int8_t x[4] = {-128, -3, 0, 127};
  int8_t table[256], y[4];
  int i;
#ifndef SIMDACT_NO_F64
  CHECK(simdact_table_build_s8(SIMDACT_OP_relu, NULL, 0.5f, 0, 1.0f, -7, table) == SIMDACT_OK);
  simdact_table_s8(x, y, 4, table);
  CHECK(y[0] == -7 && y[1] == -7 && y[2] == -7 && y[3] == 57); /* 63.5, a tie, to 64 */
  CHECK(simdact_table_build_s8(SIMDACT_OP_relu, NULL, 0.0f, 0, 1.0f, 0, table) == SIMDACT_BAD_OPTION);
#endif
  for (i = 0; i < 256; ++i) table[i] = (int8_t)(i % 100);
  simdact_table_s8(x, y, 4, table);
  CHECK(y[0] == 28 && y[1] == 53 && y[2] == 0 && y[3] == 27);
}

/* A gate of any activation, and bytes behind it: 1.5 = relu(1) (0.5 + 1), 0 = relu(-1) 2, in int8 by 1/4. */
static void test_gated(void) {
  static const float x[4] = {1.0f, -1.0f, 0.5f, 1.0f};
  const simdact_params none = {{0}};
  simdact_gate_options gate = {0};
  simdact_quantize_options ends = {0};
  float y[2], scale = 0.25f;
  int8_t q[2];
  gate.offset = 1;
  ends.scales = &scale;
  CHECK(simdact_gated(SIMDACT_OP_relu, SIMDACT_F32, x, y, 1, 2, none, &gate) == SIMDACT_OK);
  CHECK(y[0] == 1.5f && y[1] == 0.0f);
  CHECK(simdact_gated_quantize(SIMDACT_OP_relu, SIMDACT_F32, x, q, 1, 2, none, &gate, &ends) == SIMDACT_OK);
  CHECK(q[0] == 6 && q[1] == 0);
  CHECK(simdact_byte_value(SIMDACT_E4M3, 0x7E) == 448.0f);
  CHECK(simdact_quantize(SIMDACT_OP_relu, SIMDACT_F32, x, q, 1, 2, none, NULL) == SIMDACT_NULL_POINTER);
}

/* silu(gate) up, in two arrays and in rows of 4 with a gap, and the gradients. */
static void test_gates(void) {
  static const float gate[2] = {1.0f, -2.0f}, up[2] = {3.0f, 0.5f}, one[2] = {1.0f, 1.0f};
  static const double silu[2] = {0.731058578630005, -0.238405844044235};
  static const double slope[2] = {0.927670511871487, -0.0907842487848955};
  float x[7] = {1.0f, 3.0f, 9.0f, 9.0f, 9.0f, -2.0f, 0.5f}, y[2], dgate[2], dup[2];
  int i;
  simdact_swiglu_f32(gate, up, y, 2);
  simdact_swiglu_backward_f32(gate, up, one, dgate, dup, 2);
  for (i = 0; i < 2; ++i) {
    CHECK(near(y[i], silu[i] * up[i]));
    CHECK(near(dgate[i], slope[i] * up[i]));
    CHECK(near(dup[i], silu[i]));
  }
  CHECK(simdact_swiglu_rows_f32(x, dup, 2, 1, SIMDACT_GATE_FIRST, 5, 0) == SIMDACT_OK);
  CHECK(memcmp(dup, y, sizeof y) == 0);
  CHECK(simdact_swiglu_rows_backward_f32(x, one, x, 2, 1, SIMDACT_GATE_INTERLEAVED, 5, 1, 5) == SIMDACT_OK);
  CHECK(x[0] == dgate[0] && near(x[6], silu[1]) && x[2] == 9.0f);
  CHECK(simdact_swiglu_rows_f32(x, NULL, 2, 1, SIMDACT_GATE_FIRST, 0, 0) == SIMDACT_NULL_POINTER);
  simdact_swiglu_oai_f32(gate, up, y, 2, 1.702f, 7.0f);
  CHECK(near(y[0], 4 * 0.845795765932821)); /* sigmoid(1.702) (3 + 1) */
  CHECK(simdact_find_gate(simdact_target_default(), SIMDACT_GATE_swiglu, SIMDACT_F32, SIMDACT_ACCURATE) !=
        NULL);
  CHECK(strcmp(simdact_describe_gate(SIMDACT_GATE_reglu)->name, "reglu") == 0);
}

/* Whoever passes on what a lookup gave him, and empty arrays, need not look first. */
static void test_null(void) {
  const simdact_target* none = simdact_target_by_name("no such target");
  double factor = 7, other_factor = 7;
  float y = 7;
  simdact_softmax_state state = simdact_softmax_begin();
  CHECK(none == NULL && simdact_target_by_name(NULL) == NULL);
  CHECK(simdact_target_name(none) == NULL);
  CHECK(!simdact_target_runs(none) && !simdact_target_has_fma(none));
  CHECK(simdact_targets(NULL, 5) == simdact_targets(NULL, 0));
  CHECK(simdact_find(none, SIMDACT_OP_relu, SIMDACT_F32, SIMDACT_ACCURATE) == NULL);
  CHECK(simdact_find_bias(none, SIMDACT_F32) == NULL);
  CHECK(simdact_find_gate(none, SIMDACT_GATE_glu, SIMDACT_F32, SIMDACT_ACCURATE) == NULL);
  CHECK(simdact_find_softmax(none, SIMDACT_SOFTMAX_OP_softmax, SIMDACT_F32) == NULL);
  CHECK(simdact_find_softmax_axis(none, SIMDACT_SOFTMAX_OP_softmax, SIMDACT_F32) == NULL);
  CHECK(simdact_find_table(none) == NULL);
  CHECK(strcmp(simdact_status_text((simdact_status)99), "not a status of simdact") == 0);

#define SIMDACT_EMPTY(T)                                                                                     \
  simdact_elu_##T(NULL, NULL, 0, 1);                                                                         \
  simdact_elu_backward_##T(NULL, NULL, NULL, 0, 1);                                                          \
  simdact_elu_backward_from_output_##T(NULL, NULL, NULL, 0, 1);                                              \
  simdact_swiglu_##T(NULL, NULL, NULL, 0);                                                                   \
  simdact_swiglu_backward_##T(NULL, NULL, NULL, NULL, NULL, 0);                                              \
  simdact_softmax_diagonal_##T(NULL, NULL, NULL, 0);                                                         \
  CHECK(simdact_swiglu_rows_##T(NULL, NULL, 0, 3, SIMDACT_GATE_FIRST, 0, 0) == SIMDACT_OK);                  \
  CHECK(simdact_swiglu_rows_backward_##T(NULL, NULL, NULL, 3, 0, SIMDACT_GATE_FIRST, 0, 0, 0) ==             \
        SIMDACT_OK);                                                                                         \
  CHECK(simdact_softmax_##T(NULL, NULL, 0, 3, NULL) == SIMDACT_OK);                                          \
  CHECK(simdact_softmax_##T(NULL, NULL, 1, 3, NULL) == SIMDACT_NULL_POINTER);                                \
  CHECK(simdact_log_sum_exp_##T(NULL, NULL, 0, 3, NULL) == SIMDACT_OK);                                      \
  CHECK(simdact_softmax_axis_##T(NULL, NULL, 0, 3, 4, NULL) == SIMDACT_OK);                                  \
  CHECK(simdact_log_sum_exp_axis_##T(NULL, NULL, 2, 3, 0, NULL) == SIMDACT_OK);                              \
  CHECK(simdact_softmax_axis_backward_##T(NULL, NULL, NULL, 2, 3, 4, NULL) == SIMDACT_NULL_POINTER);         \
  CHECK(simdact_cross_entropy_##T(NULL, NULL, NULL, NULL, 0, 3, NULL) == SIMDACT_OK);                        \
  CHECK(simdact_softmax_backward_##T(NULL, NULL, NULL, 0, 3, NULL) == SIMDACT_OK);                           \
  CHECK(simdact_bias_gelu_##T(NULL, NULL, NULL, 0, 3) == SIMDACT_OK);                                        \
  CHECK(simdact_residual_gelu_##T(NULL, NULL, NULL, 0) == SIMDACT_OK);                                       \
  CHECK(simdact_scale_bias_gelu_backward_##T(NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 3) == SIMDACT_OK); \
  CHECK(simdact_prelu_channels_##T(NULL, NULL, NULL, 0, 3, 2) == SIMDACT_OK);                                \
  CHECK(simdact_prelu_channels_backward_##T(NULL, NULL, NULL, NULL, NULL, 0, 3, 2) == SIMDACT_OK)
  SIMDACT_EMPTY(f32);
#ifndef SIMDACT_NO_F64
  SIMDACT_EMPTY(f64);
#endif
#ifndef SIMDACT_NO_HALF
  SIMDACT_EMPTY(bf16);
  SIMDACT_EMPTY(f16);
  CHECK(isnan(simdact_softmax_block_bf16(NULL, NULL, NULL, 0, 1)));
  CHECK(simdact_softmax_block_f16(&state, NULL, NULL, 0, 1) == 1);
#endif
#undef SIMDACT_EMPTY
  simdact_table_u8(NULL, NULL, 0, NULL);
  simdact_table_s8(NULL, NULL, 0, NULL);
  simdact_table_s16(NULL, NULL, 0, NULL);
  simdact_interpolate_s16(NULL, NULL, 0, NULL);
#ifndef SIMDACT_NO_F64
  CHECK(simdact_table_build_s16(SIMDACT_OP_relu, NULL, 1, 0, 1, 0, SIMDACT_TIES_AWAY, NULL) ==
        SIMDACT_NULL_POINTER);
  CHECK(simdact_table_build(SIMDACT_OP_relu, NULL, NULL, NULL, NULL) == SIMDACT_NULL_POINTER);
  CHECK(simdact_table_build_u8(SIMDACT_OP_relu, NULL, 1, 0, 1, 0, NULL) == SIMDACT_NULL_POINTER);
#endif

  CHECK(simdact_softmax_block_f32(&state, NULL, NULL, 0, 1) == 1);
  CHECK(isnan(simdact_softmax_block_f32(NULL, &y, &y, 1, 1)) && y == 7);
  CHECK(isnan(simdact_softmax_finish(NULL)) && isnan(simdact_softmax_log_sum_exp(NULL)));
  simdact_softmax_merge(NULL, &state, &factor, &other_factor);
  CHECK(isnan(factor) && isnan(other_factor));
  factor = other_factor = 7;
  simdact_softmax_merge(&state, NULL, &factor, &other_factor);
  CHECK(isnan(factor) && isnan(other_factor) && state.sum == 0);
  simdact_softmax_merge(&state, &state, NULL, NULL);
  simdact_softmax_merge(NULL, NULL, NULL, NULL);
  simdact_softmax_rescale_f32(NULL, NULL, 0, 2);
}

static void test_targets(void) {
  const simdact_target* targets[32];
  const size_t count = simdact_targets(targets, 32);
  size_t i;
  CHECK(count >= 1 && count <= 32);
  CHECK(simdact_targets(NULL, 0) == count);
  for (i = 0; i < count; ++i) {
    const char* name = simdact_target_name(targets[i]);
    CHECK(simdact_target_by_name(name) == targets[i]);
    /* A kernel exists exactly where it can run. */
    CHECK((simdact_find(targets[i], SIMDACT_OP_tanh, SIMDACT_F32, SIMDACT_ACCURATE) != NULL) ==
          simdact_target_runs(targets[i]));
  }
  CHECK(simdact_target_runs(simdact_target_default()));
  CHECK(simdact_target_by_name("no such target") == NULL);
}

static void test_kernel_value(void) {
  const simdact_target* target = simdact_target_default();
  const simdact_kernel* elu = simdact_find(target, SIMDACT_OP_elu, SIMDACT_F32, SIMDACT_ACCURATE);
  float by_name[N], by_value[N];
  const simdact_kernel* gelu = simdact_find(target, SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_ACCURATE);
  CHECK(elu != NULL && gelu != NULL);
  if (elu == NULL || gelu == NULL) return;
  CHECK(elu->backward_from_output != NULL);
  CHECK(gelu->backward_from_output == NULL);
  simdact_elu_f32(kX, by_name, N, 1.0f);
  elu->forward(kX, by_value, N, simdact_describe(SIMDACT_OP_elu)->defaults);
  CHECK(memcmp(by_name, by_value, sizeof by_name) == 0);

  CHECK(simdact_find(target, SIMDACT_OP_COUNT, SIMDACT_F32, SIMDACT_ACCURATE) == NULL);
  CHECK(simdact_find(target, SIMDACT_OP_elu, SIMDACT_DTYPE_COUNT, SIMDACT_ACCURATE) == NULL);
  CHECK(simdact_find(target, SIMDACT_OP_elu, SIMDACT_F32, SIMDACT_TIER_COUNT) == NULL);
}

static void test_descriptions(void) {
  const simdact_description* softplus = simdact_describe(SIMDACT_OP_softplus);
  CHECK(softplus != NULL);
  if (softplus == NULL) return;
  CHECK(strcmp(softplus->name, "softplus") == 0);
  CHECK(softplus->parameters == 2);
  CHECK(strcmp(softplus->parameter_names[1], "threshold") == 0);
  CHECK(softplus->defaults.value[1] == 20.0);
  CHECK(softplus->derivative_from_output != NULL);
  CHECK(simdact_describe(SIMDACT_OP_gelu)->derivative_from_output == NULL);
  CHECK(simdact_claim(SIMDACT_OP_softplus, SIMDACT_F32, SIMDACT_FORWARD, 1) > 0.0);
  CHECK(simdact_claim(SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_BACKWARD_FROM_OUTPUT, 1) < 0.0);
  CHECK(simdact_describe(SIMDACT_OP_COUNT) == NULL);
}

int main(void) {
  test_arrays();
  test_softmax();
  test_attention();
#ifndef SIMDACT_NO_F64
  test_double();
#endif
#ifndef SIMDACT_NO_HALF
  test_half();
#endif
  test_bias();
  test_in_place_and_empty();
  test_table();
  test_gates();
  test_gated();
  test_null();
  test_targets();
  test_kernel_value();
  test_descriptions();
  if (failures == 0) printf("C API, %s: passed\n", simdact_target_name(simdact_target_default()));
  return failures != 0;
}
