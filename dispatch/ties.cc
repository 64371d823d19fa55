// The sign of f(x) - tie where the kernel for f64, good to an ulp or two, comes within a few ulps of the tie.
//
// By accident that hardly happens: a double's 53 bits against the 9 or 17 of an entry leave a chance of some
// 2^-40 for a byte, 2^-34 for 16 bits. It happens where it must: f is rational there, and the tie may be hit
// exactly (relu, hardswish, x^2), or f approaches a rational function faster than a double can see:
//
//   gelu(10) = 10 - 10 Phi(-10) = 10 - 7.6e-23,   sigmoid(x) = 1/2 + x/4 - x^3/48 + ...,   exp(2^-60)
//
// With an output scale of twice the input's, half of all large x are ties of x itself, and gelu(x) lies just
// below; sigmoid(2^-24) passes 3/2 of the float next to 1/3 by 2^-78. So each function is written as
//
//   f(x) = (sums of products of x and the parameters) + rest
//
// of which the first is added up without rounding and the rest, small where that matters, is good to a few
// units of a double. Where a function has several such forms, each has its range of x. A tie has 42 bits at
// most: it can equal the first terms of a series only while these are within 2^-42 of each other, and then
// the terms of the rest are, too. What is left, such as log(x) away from 1, is irrational at rational x: no
// tie but by the accident above.
#ifndef SIMDACT_NO_F64

#include "dispatch/ties.h"

#include "dispatch/difference.h"

namespace simdact {

// x^e for e near n / d with a small d, where f may hit a tie: compares |x|^n with |tie|^d, in twice a
// double's precision. Are they equal, the difference of e and n / d decides (1/3 is not 0.333...).
int Difference::SignOfPow() const {
  const double e = a(), x = Abs(x_), t = Abs(tie_);
  const int by_value = r_.v > tie_ ? 1 : r_.v < tie_ ? -1 : 0, outward = tie_ > 0 ? 1 : -1;
  for (int d = 1; d <= 4; ++d) {
    const double scaled = e * d;
    if (!(Abs(scaled) < 64)) return by_value;
    const int n = static_cast<int>(scaled + (scaled < 0 ? -0.5 : 0.5));
    if (Abs(scaled - n) > 0x1p-48 * (1 + Abs(scaled))) continue;
    TwoDoubles left{1, 0}, right{1, 0};  // |x|^n and |tie|^d; |x|^-n goes to the other side
    const auto multiply = [](TwoDoubles& a, double b) {
      const TwoDoubles product = ExactProduct(a.high, b);
      a = ExactSum(product.high, product.low + a.low * b);
    };
    for (int k = 0; k < n; ++k) multiply(left, x);
    for (int k = 0; k < -n; ++k) multiply(right, x);
    for (int k = 0; k < d; ++k) multiply(right, t);
    const double difference = (left.high - right.high) + (left.low - right.low);
    if (Abs(difference) > 0x1p-90 * left.high) return difference > 0 ? outward : -outward;
    Sum exponent;
    exponent.AddProduct(e, d);
    exponent.Add(-n);
    return outward * exponent.Sign() * (x > 1 ? 1 : x < 1 ? -1 : 0);
  }
  return by_value;
}

// True if `sum_` has been given the terms of f(x), false for an op whose result is exact or irrational: v
// says it all.
bool Difference::AddTerms() {
  const double direction = x_ < 0 ? -1 : 1;
  switch (r_.op) {
    case SIMDACT_OP_leaky_relu:
    case SIMDACT_OP_prelu:
      x_ > 0 ? sum_.Add(x_) : sum_.AddProduct(a(), x_);
      return true;
    case SIMDACT_OP_rrelu:
      if (x_ > 0) return false;
      scale_ = 2;
      sum_.AddProduct(a(), x_);
      sum_.AddProduct(b(), x_);
      return true;
    case SIMDACT_OP_linear:
    case SIMDACT_OP_hardsigmoid:
      if (r_.op == SIMDACT_OP_hardsigmoid && a() == 1.0 / 6 && b() == 0.5) {  // stands for (x + 3) / 6
        scale_ = 6;
        sum_.Add(x_);
        sum_.Add(3);
      } else {
        sum_.AddProduct(a(), x_);
        sum_.Add(b());
      }
      return true;
    case SIMDACT_OP_hardswish:
      if (x_ >= 3) return false;
      scale_ = 6;
      sum_.AddProduct(x_, x_);
      sum_.AddProduct(3, x_);
      return true;
    case SIMDACT_OP_softshrink:
      sum_.Add(x_);
      sum_.Add(x_ > a() ? -a() : a());
      return true;
    case SIMDACT_OP_shrink:
      sum_.Add(x_);
      sum_.Add(x_ > a() ? -b() : b());
      return true;
    case SIMDACT_OP_square:
    case SIMDACT_OP_squared_relu:
      sum_.AddProduct(x_, x_);
      return true;
    case SIMDACT_OP_sparse_plus:
      if (x_ >= 1) return false;
      scale_ = 4;
      sum_.AddProduct(x_, x_);
      sum_.AddProduct(2, x_);
      sum_.Add(1);
      return true;
    case SIMDACT_OP_sqrt:  // x against tie^2
      scale_ = 0;
      sum_.Add(x_);
      sum_.AddProduct(tie_, -tie_);
      return true;
    case SIMDACT_OP_rsqrt:  // 1 against tie^2 x
      scale_ = 0;
      sum_.Add(1);
      sum_.AddProduct(tie_, tie_, -x_);
      return true;
    case SIMDACT_OP_reciprocal:  // 1 against tie x
      scale_ = 0;
      sum_.Add(direction);
      sum_.AddProduct(tie_, -Abs(x_));
      return true;
    case SIMDACT_OP_softsign:  // x against tie (1 + |x|)
      sum_.Add(x_);
      sum_.AddProduct(-tie_, Abs(x_));
      return true;
    case SIMDACT_OP_exp: {
      double rest;
      simdact_expm1_f64(&x_, &rest, 1);
      sum_.Add(1);
      AddRest(rest, x_);
      return true;
    }
    case SIMDACT_OP_expm1:
      Small(x_) || x_ < 0 ? AddExponential(1, x_, false) : AddValue();
      return true;
    case SIMDACT_OP_elu:
      x_ > 0 ? AddValue() : AddExponential(a(), x_, false);
      return true;
    case SIMDACT_OP_celu:
      x_ > 0 ? AddValue() : AddExponential(a(), x_ / a(), true);
      return true;
    case SIMDACT_OP_xielu:
      return AddXielu(), true;
    case SIMDACT_OP_log1p:
      if (!(Abs(x_) < 0x1p-14)) return false;
      sum_.Add(x_);
      AddRest(x_ * x_ * (-0.5 + x_ * (1.0 / 3 + x_ * (-0.25 + x_ / 5))), -1);
      return true;
    case SIMDACT_OP_softplus:
      return AddSoftplus(), true;
    case SIMDACT_OP_log_sigmoid:
      x_ < 0 ? AddFromMirror(-1) : AddValue();
      return true;
    case SIMDACT_OP_sigmoid:
      return AddSigmoid(), true;
    case SIMDACT_OP_erf:
      return AddErf(), true;
    case SIMDACT_OP_silu:
      return AddLogistic(1), true;
    case SIMDACT_OP_swish:
      return AddLogistic(a()), true;
    case SIMDACT_OP_gelu_quick:
      return AddLogistic(1.702), true;
    case SIMDACT_OP_gelu:
    case SIMDACT_OP_gelu_tanh:
      return AddNormal(), true;
    case SIMDACT_OP_mish:
      return AddMish(), true;
    case SIMDACT_OP_tanh:
      return AddSaturating(1, x_), true;
    case SIMDACT_OP_softcap:
      return AddSaturating(Abs(a()), x_ / Abs(a())), true;
    case SIMDACT_OP_tanhshrink:
      return AddTanhshrink(), true;
    default:
      return false;
  }
}

int Difference::Sign() {
  if (r_.op == SIMDACT_OP_pow) return SignOfPow();
  if (!AddTerms()) AddValue();
  sum_.AddProduct(-scale_, tie_);
  // Its upper end is exact, and a tie of its own.
  if (r_.op == SIMDACT_OP_hardsigmoid && tie_ == 1 && sum_.Sign() > 0) return 0;
  return sum_.Sign();
}

bool SoftplusIsLinear(const simdact_params& p, double x) {
  Sum above;
  above.AddProduct(p.value[0], x);
  above.Add(-p.value[1]);
  return above.Sign() > 0;
}

int SideOfTie(const Result& result, double tie) { return Difference(result, tie).Sign(); }

}  // namespace simdact

#endif  // SIMDACT_NO_F64
