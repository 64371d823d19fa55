// What each activation is: its formula, written for accuracy, in any real type R. Shares nothing with
// kernels/. One header per family of activations.def.
//
//   name(x, p)                         f
//   name_derivative(x, p)              f'
//   name_derivative_from_output(y, p)  f' by y = f(x), where the list has it
//
// p holds the parameters in the list's order, already rounded to the dtype. No form cancels in the tails
// (erfc, expm1, log1p), and arguments that functions magnify are computed with twice the digits, so
// R = long double is good to 2^-60 everywhere but at the zeros of xielu, silu', swish', gelu_quick', mish',
// xielu', gelu' and gelu_tanh', where its error is some 2^-62 of the terms that cancel. R = double serves to
// skim billions of f32 inputs, R = Quad to settle doubts: see accuracy.h. reference_test.cc checks all three
// against MPFR.
#ifndef SIMDACT_TESTS_REFERENCE_REFERENCE_H_
#define SIMDACT_TESTS_REFERENCE_REFERENCE_H_

// IWYU pragma: begin_exports
#include "tests/reference/arithmetic.h"
#include "tests/reference/exponential.h"
#include "tests/reference/hyperbolic.h"
#include "tests/reference/logarithmic.h"
#include "tests/reference/logistic.h"
#include "tests/reference/normal.h"
#include "tests/reference/rectified.h"
// IWYU pragma: end_exports

#endif  // SIMDACT_TESTS_REFERENCE_REFERENCE_H_
