// activations.def with its references: which exact function belongs to an op and a direction.
#ifndef SIMDACT_TESTS_REFERENCE_CATALOGUE_H_
#define SIMDACT_TESTS_REFERENCE_CATALOGUE_H_

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "dispatch/numbers.h"
#include "simdact/simdact.h"
#include "tests/reference/reference.h"

namespace simdact_accuracy {

using simdact_reference::Quad;

inline const char* DirectionName(simdact_direction direction) {
  static const char* const kNames[] = {"forward", "backward", "from_output"};
  return kNames[direction];
}

inline const std::vector<simdact_direction>& Directions() {
  static const std::vector<simdact_direction> directions = {SIMDACT_FORWARD, SIMDACT_BACKWARD,
                                                            SIMDACT_BACKWARD_FROM_OUTPUT};
  return directions;
}

// The number formats that this build has.
inline const std::vector<simdact_dtype>& Dtypes() {
  static const std::vector<simdact_dtype> dtypes = {
      SIMDACT_F32,
#ifndef SIMDACT_NO_F64
      SIMDACT_F64,
#endif
#ifndef SIMDACT_NO_HALF
      SIMDACT_BF16,
      SIMDACT_F16,
#endif
  };
  return dtypes;
}

// Where terms of both signs add up to 0, a reference has its error relative to the terms, not to the sum.
enum class Cancels { kNever, kSiluLike, kSwishLike, kXielu, kXieluDerivative };
inline constexpr bool SameName(const char* a, const char* b) {
  for (; *a != '\0' && *a == *b; ++a) ++b;
  return *a == *b;
}
inline constexpr Cancels CancelsIn(const char* op, simdact_direction direction) {
  if (SameName(op, "xielu"))
    return direction == SIMDACT_FORWARD ? Cancels::kXielu : Cancels::kXieluDerivative;
  if (direction != SIMDACT_BACKWARD) return Cancels::kNever;
  if (SameName(op, "swish")) return Cancels::kSwishLike;
  for (const char* name : {"silu", "gelu_quick", "mish", "gelu", "gelu_tanh"}) {
    if (SameName(op, name)) return Cancels::kSiluLike;
  }
  return Cancels::kNever;
}

struct Reference {
  double (*skim)(double, const double*);
  long double (*exact)(long double, const double*);
  Quad (*settle)(Quad, const double*);
  Cancels cancels;

  // The size of the terms that cancel at x; 0 where none do.
  double Cancellation(double x, const double* p) const {
    switch (cancels) {
      case Cancels::kSiluLike:
        return std::fabs(x) < 8 ? 1.0 : 0.0;
      case Cancels::kSwishLike:
        return std::fabs(p[0] * x) < 8 ? 1.0 : 0.0;
      case Cancels::kXielu:
        return x > 0 ? 0.0 : (std::fabs(p[1]) + std::fabs(p[2])) * std::fabs(x);
      case Cancels::kXieluDerivative:
        return x > 0 ? 0.0 : std::fabs(p[1]) + std::fabs(p[2]);
      default:
        return 0.0;
    }
  }
  // What xielu's line cancels on the left: alpha_n expm1(min(x, eps)), in the derivative alpha_n expm1(x).
  long double VanishingTerm(double x, const double* p) const {
    if (cancels == Cancels::kXielu) return x > 0 ? 0 : std::fabs(p[1] * std::expm1(std::min(x, p[3])));
    if (cancels == Cancels::kXieluDerivative) return x > 0 ? 0 : std::fabs(p[1] * std::expm1(x));
    return 0;
  }
};

// Where an op stands in the list.
inline size_t PositionOf(simdact_op op) {
#define SIMDACT_X(Name, name, number, ...) number,
  static constexpr int kNumbers[] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X
  static constexpr auto kPositions = simdact::PositionsOf(kNumbers);
  return kPositions.of[op];
}

// The largest term of a derivative that crosses zero, as its formula in the list has them; 0 of all others.
inline double LargestTerm(simdact_op op, simdact_direction direction, double x, const double* p) {
  if (direction != SIMDACT_BACKWARD) return 0.0;
  const double a = std::fabs(x);
  const auto logistic = [](double z) { return 1 / (1 + std::exp(-z)); };
  const auto swish = [&](double z) {
    return std::max(logistic(z), std::fabs(z) * logistic(z) * logistic(-z));
  };
  switch (op) {
    case SIMDACT_OP_silu:
      return swish(x);
    case SIMDACT_OP_swish:
      return swish(p[0] * x);
    case SIMDACT_OP_gelu_quick:
      return swish(1.702 * x);
    case SIMDACT_OP_gelu:
      return std::max(std::erfc(-x / std::sqrt(2.0)) / 2,
                      a * std::exp(-a * a / 2) / std::sqrt(2 * std::acos(-1.0)));
    case SIMDACT_OP_gelu_tanh: {
      const double k = std::sqrt(8 / std::acos(-1.0)), v = k * (x + 0.044715 * x * x * x);
      return std::max(logistic(v), a * k * (1 + 3 * 0.044715 * x * x) * logistic(v) * logistic(-v));
    }
    case SIMDACT_OP_mish: {
      const double t = std::tanh(std::log1p(std::exp(std::min(x, 40.0))));
      return std::max(t, a * logistic(x) * (1 - t * t));
    }
    case SIMDACT_OP_hardswish:
      return a < 3 ? std::max(a / 3, 0.5) : 0.0;
    default:
      return 0.0;
  }
}

// A NaN parameter gives NaN, in every op and direction that has it.
template <auto kFunction, int kParameters, class R>
R NanForNan(R x, const double* p) {
  for (int i = 0; i < kParameters; ++i) {
    if (p[i] != p[i]) return R(p[i]);
  }
  return kFunction(x, p);
}

// Null functions where the direction does not exist. A reference that was forgotten is a compile error here.
inline const Reference& ReferenceOf(simdact_op op, simdact_direction direction) {
#define SIMDACT_COUNT_P0 0
#define SIMDACT_COUNT_P1(...) 1
#define SIMDACT_COUNT_P2(...) 2
#define SIMDACT_COUNT_P4(...) 4
#define SIMDACT_R(function, PARAMETERS)                                                               \
  &NanForNan<&simdact_reference::function<double>, SIMDACT_COUNT_##PARAMETERS, double>,               \
      &NanForNan<&simdact_reference::function<long double>, SIMDACT_COUNT_##PARAMETERS, long double>, \
      &NanForNan<&simdact_reference::function<Quad>, SIMDACT_COUNT_##PARAMETERS, Quad>
#define SIMDACT_X(Name, name, number, PARAMETERS, OUTPUT, ...)                     \
  {{SIMDACT_R(name, PARAMETERS), CancelsIn(#name, SIMDACT_FORWARD)},               \
   {SIMDACT_R(name##_derivative, PARAMETERS), CancelsIn(#name, SIMDACT_BACKWARD)}, \
   {SIMDACT_IF_##OUTPUT(SIMDACT_R(name##_derivative_from_output, PARAMETERS), Cancels::kNever)}},
  static constexpr Reference kReferences[][3] = {SIMDACT_UNARY(SIMDACT_X)};
#undef SIMDACT_X
#undef SIMDACT_R
#undef SIMDACT_COUNT_P4
#undef SIMDACT_COUNT_P2
#undef SIMDACT_COUNT_P1
#undef SIMDACT_COUNT_P0
  return kReferences[PositionOf(op)][direction];
}

inline bool Exists(simdact_op op, simdact_direction direction) {
  return ReferenceOf(op, direction).exact != nullptr;
}

// The exact result, good to 2^-60 everywhere. p: as the dtype has them, see RoundedTo.
inline long double Exact(simdact_op op, simdact_direction direction, long double x, const simdact_params& p) {
  const Reference& reference = ReferenceOf(op, direction);
  if (reference.Cancellation(static_cast<double>(x), p.value) == 0) return reference.exact(x, p.value);
  return static_cast<long double>(reference.settle(x, p.value));
}

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_REFERENCE_CATALOGUE_H_
