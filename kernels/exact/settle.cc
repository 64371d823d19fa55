// Binds the list of activations to their formulas in Numbers. Scalar code, compiled once for all targets.
#include "kernels/exact/settle.h"

#include <limits>

#include "kernels/exact/formulas.h"

namespace simdact {
namespace exact {
namespace {

struct Formulas {
  Formula of[SIMDACT_DIRECTION_COUNT];
};
struct Table {
  Formulas op[SIMDACT_OP_COUNT];
};
constexpr Table MakeTable() {
  Table table = {};
#define SIMDACT_ROW(name, number, OUTPUT)                                                     \
  table.op[number] = {{formulas::name, formulas::name##_derivative, formulas::kOneRounding}}; \
  SIMDACT_IF_##OUTPUT(table.op[number].of[SIMDACT_BACKWARD_FROM_OUTPUT] =                     \
                          formulas::name##_derivative_from_output;)
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, CLAIMS, TIERS, HALF, ...) \
  SIMDACT_IF_NOT_##HALF(SIMDACT_ROW(name, number, OUTPUT))
  SIMDACT_UNARY(SIMDACT_X)
#undef SIMDACT_X
#undef SIMDACT_ROW
  return table;
}
constexpr Table kTable = MakeTable();

constexpr double kSixth = 1.0 / 6;  // with 0.5 it stands for hardsigmoid's (x + 3) / 6

// Ties are the rule, not the exception, where a value is (multiple x + addend) dy / divisor, and Numbers take
// long. True if all of that is exact in doubles.
bool IsExactLine(simdact_op op, simdact_direction direction, float x, float dy, const simdact_params& p,
                 double* value) {
  const bool from_input = direction == SIMDACT_BACKWARD;
  double multiple = 1, addend = 1, divisor = 1, error;
  if (op == SIMDACT_OP_sparse_plus && from_input) {
    divisor = 2;
  } else if (op == SIMDACT_OP_hardswish && from_input) {
    multiple = 2, addend = 3, divisor = 6;
  } else if (op == SIMDACT_OP_hardsigmoid && p.value[0] == kSixth && p.value[1] == 0.5) {
    addend = 3, divisor = 6;
  } else if (direction != SIMDACT_BACKWARD_FROM_OUTPUT) {
    return false;
  } else if (op == SIMDACT_OP_elu || (op == SIMDACT_OP_celu && p.value[0] == 1)) {
    addend = p.value[0];
  } else if (op != SIMDACT_OP_expm1) {
    return false;
  }
  const double sum = general::Sum(multiple * static_cast<double>(x), addend, error);
  if (error != 0) return false;
  const double product = general::Product(sum, static_cast<double>(dy), error);
  if (error != 0) return false;
  *value = product / divisor;
  return general::Product(*value, divisor, error) == product && error == 0;
}

}  // namespace

bool IsOneRounding(simdact_op op, simdact_direction direction) {
  return kTable.op[op].of[direction] == formulas::kOneRounding;
}

bool IsDouble(simdact_op op, simdact_direction direction, const simdact_params& p) {
  if (op == SIMDACT_OP_pow) return p.value[0] == 2;  // x^2, 2 x dy
  return direction == SIMDACT_BACKWARD && (op == SIMDACT_OP_square || op == SIMDACT_OP_squared_relu);
}

Exceptions::Exceptions(simdact_op op, simdact_direction direction, const simdact_params& p)
    : op_(op), direction_(direction), p_(p), end_(std::numeric_limits<float>::quiet_NaN()) {
  if (op != SIMDACT_OP_softplus || direction != SIMDACT_BACKWARD_FROM_OUTPUT) return;
  const double beta = p.value[0], threshold = p.value[1];
  if (beta - beta == 0 && threshold - threshold == 0)
    end_ = ToFloat(Log1pOf(ExpOf(Of(threshold))) / Of(beta));
}

bool Exceptions::Has(float x, float dy, double v) const {
  if (op_ != SIMDACT_OP_xielu) return x == end_;
  const double* p = p_.value;
  const double size = general::Magnitude(static_cast<double>(x)), ramp = size < 1 ? size * size : 1 + size;
  const double left = x < p[3] ? ramp : size + general::Magnitude(p[3]);
  const double terms =
      direction_ == SIMDACT_FORWARD
          ? general::Magnitude(p[0]) * size * size + general::Magnitude(p[1]) * left +
                general::Magnitude(p[2]) * size
          : general::Magnitude(p[0]) * size + general::Magnitude(p[1]) + general::Magnitude(p[2]);
  const double most = 0x1p-30 * terms * general::Magnitude(static_cast<double>(dy));
  return v != 0 && general::Magnitude(v) < most && most < general::kInfinity;
}

float Settled(simdact_op op, simdact_direction direction, float x, float dy, const simdact_params& p) {
  double exactly;
  if (IsExactLine(op, direction, x, dy, p, &exactly)) return static_cast<float>(exactly);
  const Ratio value = kTable.op[op].of[direction](static_cast<double>(x), p.value);
  const Number product = value.over * Of(static_cast<double>(dy));
  return ToFloat(value.IsNumber() ? product : product / value.under);
}

simdact_params ParametersOf(simdact_op op, simdact_params p) {
  for (double& value : p.value) value = static_cast<double>(static_cast<float>(value));
  if (op == SIMDACT_OP_hardsigmoid && p.value[0] == static_cast<double>(static_cast<float>(kSixth)) &&
      p.value[1] == 0.5)
    p.value[0] = kSixth;
  return p;
}

}  // namespace exact
}  // namespace simdact
