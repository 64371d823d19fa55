// References of the family SIMDACT_EXPONENTIAL: see reference.h.
#ifndef SIMDACT_TESTS_REFERENCE_EXPONENTIAL_H_
#define SIMDACT_TESTS_REFERENCE_EXPONENTIAL_H_

#include "tests/reference/quad.h"

namespace simdact_reference {

template <class R>
R exp(R x, const double*) {
  return Exp(x);
}
template <class R>
R exp_derivative(R x, const double*) {
  return Exp(x);
}
template <class R>
R exp_derivative_from_output(R y, const double*) {
  return y;
}

template <class R>
R expm1(R x, const double*) {
  return Expm1(x);
}
template <class R>
R expm1_derivative(R x, const double*) {
  return Exp(x);
}
template <class R>
R expm1_derivative_from_output(R y, const double*) {
  return 1 + y;
}

template <class R>
R elu(R x, const double* p) {
  return x > 0 ? x : Times(R(p[0]), StickyExpm1(x));
}
template <class R>
R elu_derivative(R x, const double* p) {
  if (x > 0) return R(1);
  return IsFinite(p[0]) ? R(p[0]) * Exp(x) : Unless(x, R(p[0]));
}
template <class R>
R elu_derivative_from_output(R y, const double* p) {
  if (y > 0) return R(1);
  return IsFinite(p[0]) ? y + R(p[0]) : Unless(y, R(p[0]));
}

// Klambauer et al.'s constants to 32 digits, and their product.
template <class R>
R SeluLambda() {
  return Constant<R>(1.0507009873554805, 3.98748476671541454096794e-17L);
}
template <class R>
R SeluLambdaAlpha() {
  return Constant<R>(1.7580993408473768, 1.41535193800844976045324e-17L);
}
template <class R>
R selu(R x, const double*) {
  return x > 0 ? SeluLambda<R>() * x : SeluLambdaAlpha<R>() * Expm1(x);
}
template <class R>
R selu_derivative(R x, const double*) {
  return x > 0 ? SeluLambda<R>() : SeluLambdaAlpha<R>() * Exp(x);
}
template <class R>
R selu_derivative_from_output(R y, const double*) {
  // y cancels with the constant's first part, exactly.
  return y > 0 ? SeluLambda<R>()
               : static_cast<R>((y + R(1.7580993408473768)) + R(1.41535193800844976045324e-17L));
}

template <class R>
R celu(R x, const double* p) {
  if (!(x < 0) || !IsFinite(p[0])) return x;
  if (p[0] == 0) return IsNegative(p[0]) ? -R(HUGE_VAL) : -R(0);
  const Wide<R> z = Wide<R>(x) / Wide<R>(p[0]);
  return R(p[0]) * (z > 1 ? Exp(Split<R>(z)) - 1 : Expm1(static_cast<R>(z)));
}
template <class R>
R celu_derivative(R x, const double* p) {
  if (!(x < 0) || !IsFinite(p[0])) return Unless(x, R(1));
  return Exp(Split<R>(Wide<R>(x) / Wide<R>(p[0])));
}
template <class R>
R celu_derivative_from_output(R y, const double* p) {
  if (!(y < 0) || !IsFinite(p[0])) return Unless(y, R(1));
  return (R(p[0]) + y) / R(p[0]);
}

// p is alpha_p, alpha_n, beta, eps. The left side is a sum of terms of both signs, so that f and f' cross
// zero: there R has to be wider than the result wants.
template <class R>
R xielu(R x, const double* p) {
  const R alpha_p = p[0], alpha_n = p[1], beta = p[2], eps = p[3];
  if (x > 0) {
    if (!IsFinite(beta)) return IsFinite(alpha_p) ? beta : alpha_p + beta;
    if (!IsFinite(x) && alpha_p == 0) return Times(beta, x);
    const R product = Times(alpha_p, x);
    return x * (IsFinite(product) ? StickySum<R>(Wide<R>(alpha_p) * x, Wide<R>(beta)) : product);
  }
  if (!IsFinite(alpha_n) || !IsFinite(beta)) {
    if (IsFinite(alpha_n)) return x == 0 ? alpha_n * Expm1(eps < 0 ? eps : x) : Times(beta, x);
    // Of exp(min(x, eps)) - 1 - x the sign is enough.
    const R ramp = x <= eps ? R(x == 0 ? 0 : 1) : Expm1(eps) - x, left = Times(alpha_n, ramp);
    return IsFinite(beta) && ramp != 0 ? Unless(x, left) : left + Times(beta, x);
  }
  if (x > eps && eps < -1) return alpha_n * (Expm1(eps) - x) + beta * x;
  if (x > eps) return alpha_n * ((Expm1(eps) - eps) + (eps - x)) + beta * x;
  const R slope = static_cast<R>(Wide<R>(beta) - Wide<R>(alpha_n));  // at -inf
  if (x < -1) return (slope == 0 ? R(0) : slope * x) + alpha_n * Expm1(x);
  return alpha_n * (Expm1(x) - x) + beta * x;
}
template <class R>
R xielu_derivative(R x, const double* p) {
  const R alpha_p = p[0], alpha_n = p[1], beta = p[2], eps = p[3];
  if (x > 0) {
    if (!IsFinite(beta)) return IsFinite(alpha_p) ? beta : alpha_p + beta;
    const Wide<R> product = Times(2 * Wide<R>(alpha_p), Wide<R>(x));
    return IsFinite(product) ? StickySum<R>(product, Wide<R>(beta)) : static_cast<R>(product);
  }
  if (x < eps && alpha_n == beta && IsFinite(beta)) return alpha_n * Exp(x);
  if (x < eps) return Times(alpha_n, Expm1(x)) + beta;
  return Unless(x, static_cast<R>(Wide<R>(beta) - Wide<R>(alpha_n)));
}

}  // namespace simdact_reference

#endif  // SIMDACT_TESTS_REFERENCE_EXPONENTIAL_H_
