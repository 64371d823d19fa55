// What special_test.cc expects of each op: limits, zeros, kinks and tails.
#ifndef SIMDACT_TESTS_UNARY_SPECIAL_TABLES_H_
#define SIMDACT_TESTS_UNARY_SPECIAL_TABLES_H_

#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "simdact/simdact.h"

namespace simdact_test {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLambda = 1.0507009873554805, kLambdaAlpha = 1.7580993408473768;

// f and f' at the infinities, at the default parameters. The signs of f's zeros count.
struct Limits {
  double at_minus_inf, at_plus_inf;
  double slope_at_minus_inf, slope_at_plus_inf;
};
inline const std::map<std::string, Limits>& LimitTable() {
  static const std::map<std::string, Limits> table = {
      {"relu", {0, kInf, 0, 1}},
      {"relu6", {0, 6, 0, 0}},
      {"leaky_relu", {-kInf, kInf, 0.01, 1}},
      {"prelu", {-kInf, kInf, 0.25, 1}},
      {"rrelu", {-kInf, kInf, 11.0 / 48, 1}},
      {"hardtanh", {-1, 1, 0, 0}},
      {"clamp", {-1, 1, 0, 0}},
      {"hardsigmoid", {0, 1, 0, 0}},
      {"hardswish", {-0.0, kInf, 0, 1}},
      {"threshold", {0, kInf, 0, 1}},
      {"thresholded_relu", {0, kInf, 0, 1}},
      {"softshrink", {-kInf, kInf, 1, 1}},
      {"hardshrink", {-kInf, kInf, 1, 1}},
      {"shrink", {-kInf, kInf, 1, 1}},
      {"squared_relu", {0, kInf, 0, kInf}},
      {"sparse_plus", {0, kInf, 0, 1}},
      {"step", {0, 1, 0, 0}},
      {"abs", {kInf, kInf, -1, 1}},
      {"neg", {kInf, -kInf, -1, -1}},
      {"sign", {-1, 1, 0, 0}},
      {"round", {-kInf, kInf, 0, 0}},
      {"floor", {-kInf, kInf, 0, 0}},
      {"ceil", {-kInf, kInf, 0, 0}},
      {"trunc", {-kInf, kInf, 0, 0}},
      {"linear", {-kInf, kInf, 1, 1}},
      {"square", {kInf, kInf, -kInf, kInf}},
      {"sqrt", {kNan, kInf, kNan, 0}},
      {"rsqrt", {kNan, 0, kNan, 0}},
      {"reciprocal", {-0.0, 0, 0, 0}},
      {"softsign", {-1, 1, 0, 0}},
      {"exp", {0, kInf, 0, kInf}},
      {"expm1", {-1, kInf, 0, kInf}},
      {"elu", {-1, kInf, 0, 1}},
      {"selu", {-kLambdaAlpha, kInf, 0, kLambda}},
      {"celu", {-1, kInf, 0, 1}},
      {"xielu", {kInf, kInf, 0.5 - 0.8, kInf}},
      {"log", {kNan, kInf, 0, 0}},
      {"log1p", {kNan, kInf, 0, 0}},
      {"pow", {kInf, kInf, -kInf, kInf}},
      {"softplus", {0, kInf, 0, 1}},
      {"log_sigmoid", {-kInf, -0.0, 1, 0}},
      {"sigmoid", {0, 1, 0, 0}},
      {"silu", {-0.0, kInf, 0, 1}},
      {"swish", {-0.0, kInf, 0, 1}},
      {"gelu_quick", {-0.0, kInf, 0, 1}},
      {"mish", {-0.0, kInf, 0, 1}},
      {"tanh", {-1, 1, 0, 0}},
      {"tanhshrink", {-kInf, kInf, 1, 1}},
      {"softcap", {-30, 30, 0, 0}},
      {"erf", {-1, 1, 0, 0}},
      {"gelu", {-0.0, kInf, 0, 1}},
      {"gelu_tanh", {-0.0, kInf, 0, 1}},
  };
  return table;
}

// f(-0) = -0 where f is odd or linear at 0.
inline const std::set<std::string>& KeepsMinusZero() {
  static const std::set<std::string> names = {
      "relu",  "leaky_relu", "prelu",     "rrelu",      "hardswish", "sign", "round",      "floor",
      "ceil",  "trunc",      "sqrt",      "softsign",   "expm1",     "elu",  "selu",       "celu",
      "log1p", "silu",       "swish",     "gelu_quick", "mish",      "tanh", "tanhshrink", "softcap",
      "erf",   "gelu",       "gelu_tanh", "hardtanh",   "clamp",     "relu6"};
  return names;
}

// The derivative at x, from the input or, with `direction` so, from the output x; 0 stands for both zeros.
struct Kink {
  const char* op;
  simdact_direction direction;
  bool at_defaults;
  simdact_params p;
  double x;
  double (*slope)(const double* p);  // the parameters as the dtype has them
};
inline const std::vector<Kink>& KinkTable() {
  constexpr auto kIn = SIMDACT_BACKWARD, kOut = SIMDACT_BACKWARD_FROM_OUTPUT;
  using P = const double*;
  static const auto zero = [](P) { return 0.0; };
  static const auto one = [](P) { return 1.0; };
  static const auto p0 = [](P p) { return p[0]; };
  static const auto average = [](P p) { return (p[0] + p[1]) / 2; };
  static const std::vector<Kink> table = {
      {"relu", kIn, true, {}, 0, zero},
      {"relu", kOut, true, {}, 0, zero},
      {"relu6", kIn, true, {}, 0, zero},
      {"relu6", kIn, true, {}, 6, zero},
      {"relu6", kOut, true, {}, 0, zero},
      {"relu6", kOut, true, {}, 6, zero},
      {"leaky_relu", kIn, false, {{0.2}}, 0, p0},
      {"leaky_relu", kOut, false, {{0.2}}, 0, p0},
      {"prelu", kIn, true, {}, 0, p0},
      {"prelu", kOut, true, {}, 0, p0},
      {"rrelu", kIn, false, {{0.125, 0.375}}, 0, average},
      {"rrelu", kOut, false, {{0.125, 0.375}}, 0, average},
      {"hardtanh", kIn, true, {}, -1, zero},
      {"hardtanh", kIn, true, {}, 1, zero},
      {"hardtanh", kOut, false, {{-2, 3}}, -2, zero},
      {"hardtanh", kOut, false, {{-2, 3}}, 3, zero},
      {"clamp", kIn, true, {}, -1, one},
      {"clamp", kIn, true, {}, 1, one},
      {"clamp", kIn, false, {{-2, 3}}, 3, one},
      {"hardsigmoid", kIn, false, {{0.25, 0.5}}, -2, zero},
      {"hardsigmoid", kIn, false, {{0.25, 0.5}}, 2, zero},
      {"hardsigmoid", kIn, true, {}, -3, zero},  // though neither a float's nor a double's 1/6 is 1/6
      {"hardsigmoid", kIn, true, {}, 3, zero},
      {"hardsigmoid", kOut, true, {}, 0, zero},
      {"hardsigmoid", kOut, true, {}, 1, zero},
      {"hardswish", kIn, true, {}, -3, zero},
      {"hardswish", kIn, true, {}, 3, one},
      {"threshold", kIn, true, {}, 0, zero},
      {"threshold", kIn, false, {{1, 20}}, 1, zero},
      {"thresholded_relu", kIn, true, {}, 1, zero},
      {"thresholded_relu", kOut, true, {}, 0, zero},
      {"softshrink", kIn, true, {}, -0.5, zero},
      {"softshrink", kIn, true, {}, 0.5, zero},
      {"hardshrink", kIn, true, {}, -0.5, zero},
      {"hardshrink", kIn, true, {}, 0.5, zero},
      {"shrink", kIn, false, {{1.5, 0.25}}, -1.5, zero},
      {"shrink", kIn, false, {{1.5, 0.25}}, 1.5, zero},
      {"squared_relu", kIn, true, {}, 0, zero},
      {"squared_relu", kOut, true, {}, 0, zero},
      {"step", kIn, true, {}, 0, zero},
      {"step", kIn, true, {}, 2, zero},
      {"abs", kIn, true, {}, 0, zero},
      {"sign", kIn, true, {}, 0, zero},
      {"sign", kIn, true, {}, -2, zero},
      {"round", kIn, true, {}, 0.5, zero},
      {"floor", kIn, true, {}, 1, zero},
      {"ceil", kIn, true, {}, 1, zero},
      {"trunc", kIn, true, {}, 1, zero},
      {"sqrt", kIn, true, {}, -1, [](P) { return kNan; }},
      {"elu", kIn, false, {{0.1}}, 0, p0},
      {"elu", kOut, false, {{0.1}}, 0, p0},
      {"selu", kIn, true, {}, 0, [](P) { return kLambdaAlpha; }},
      {"selu", kOut, true, {}, 0, [](P) { return kLambdaAlpha; }},
      {"celu", kIn, false, {{0.5}}, 0, one},
      {"celu", kOut, false, {{0.5}}, 0, one},
      {"xielu", kIn, true, {}, 0, [](P p) { return p[2] - p[1]; }},
      {"xielu", kIn, false, {{1, 0.5, 0.25, -0.125}}, -0.125, [](P) { return -0.25; }},
      {"softplus", kIn, true, {}, 20.5, one},
      {"softplus", kIn, false, {{1, 2}}, 2, [](P) { return 0.88079707797788244406; }},
      {"softplus", kIn, false, {{1, 2}}, 2.5, one},  // linear above the threshold, exactly
      {"softplus", kOut, false, {{1, 2}}, 2, [](P) { return 0.86466471676338730811; }},
      {"softplus", kOut, false, {{1, 2}}, 2.5, one},
  };
  return table;
}

// Results far down the tail that are still numbers.
struct Tail {
  const char* op;
  simdact_dtype dtype;
  double x, y;
};
inline const std::vector<Tail>& TailTable() {
  static const std::vector<Tail> table = {
      {"gelu", SIMDACT_F32, -12.0, -2.1317785344932148e-32},
      {"gelu", SIMDACT_F32, -14.0, -1.0910951546869920e-43},
      {"gelu", SIMDACT_BF16, -12.0, -2.1317785344932148e-32},
      {"silu", SIMDACT_F32, -100.0, -3.7200759760208360e-42},
      {"silu", SIMDACT_F64, -740.0, -3.0996675112355562e-319},
      {"sigmoid", SIMDACT_F32, -100.0, 3.7200759760208360e-44},
      {"sigmoid", SIMDACT_F32, -103.9, 0x1p-149},
      {"sigmoid", SIMDACT_F64, -745.0, 0x1p-1074},
      {"sigmoid", SIMDACT_F16, -17.0, 0x1p-24},
      {"softplus", SIMDACT_F32, -103.9, 0x1p-149},
      {"exp", SIMDACT_F32, -103.9, 0x1p-149},
      {"exp", SIMDACT_F64, -745.0, 0x1p-1074},
      {"tanh", SIMDACT_F32, 0x1p-149, 0x1p-149},
      {"tanh", SIMDACT_F64, 0x1p-1074, 0x1p-1074},
      {"tanh", SIMDACT_F16, 0x1p-24, 0x1p-24},
      {"erf", SIMDACT_F32, 0x1p-149, 0x1p-149},
  };
  return table;
}

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_UNARY_SPECIAL_TABLES_H_
