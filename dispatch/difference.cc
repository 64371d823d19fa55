// The transcendental functions as exact sums and a small rest: see ties.cc for why.
#ifndef SIMDACT_NO_F64

#include "dispatch/difference.h"

namespace simdact {
namespace {

double Exp(double x) {
  double y;
  simdact_exp_f64(&x, &y, 1);
  return y;
}

// sigmoid(z) - 1/2 - z/4, for small z.
double LogisticRest(double z) {
  const double z2 = z * z;
  return z * z2 * (-1 + z2 * (0.1 - z2 * (17.0 / 1680))) / 48;
}

// exp(z) - 1 - z, for small z.
double SquareTerms(double z) {
  return z * z * (0.5 + z * (1.0 / 6 + z * (1.0 / 24 + z * (1.0 / 120 + z * (1.0 / 720 + z / 5040)))));
}

}  // namespace

// f(x) = x + f(-x), of which the second goes to 0, from the side of `sign`.
void Difference::AddFromMirror(double sign) {
  const double mirrored = -x_;
  double rest;
  r_.kernel->forward(&mirrored, &rest, 1, r_.p);
  sum_.Add(x_);
  AddRest(rest, sign);
}

void Difference::AddSigmoid() {
  if (Small(x_)) {
    sum_.Add(0.5);
    sum_.Add(x_ / 4);
    AddRest(LogisticRest(x_), -x_);
  } else if (x_ > 0) {  // 1 - sigmoid(-x)
    const double mirrored = -x_;
    double rest;
    r_.kernel->forward(&mirrored, &rest, 1, r_.p);
    sum_.Add(1);
    AddRest(-rest, -1);
  } else {
    AddValue();
  }
}

// +-1 has not been reached, only rounded to; other ties are farther from it than a double's last bit.
void Difference::AddErf() {
  AddValue();
  if (Abs(r_.v) == 1) AddRest(0, -r_.v);
}

// x sigmoid(beta x)
void Difference::AddLogistic(double beta) {
  if (Small(beta * x_)) {
    sum_.Add(x_ / 2);
    sum_.AddProduct(beta / 4, x_, x_);
    AddRest(x_ * LogisticRest(beta * x_), -beta);
  } else if (beta * x_ > 0) {
    AddFromMirror(-x_);
  } else {
    AddValue();
  }
}

// x Phi(x), and what tanh makes of it, which differs from the fourth power on.
void Difference::AddNormal() {
  if (Tiny(x_)) {
    sum_.Add(x_ / 2);
    AddRest(0.3989422804014327 * x_ * x_ * (1 - x_ * x_ / 6), 1);  // 1 / sqrt(2 pi)
  } else if (x_ > 0) {
    AddFromMirror(-1);
  } else {
    AddValue();
  }
}

// limit tanh(z), where limit z = x.
void Difference::AddSaturating(double limit, double z) {
  if (Small(z)) {
    const double z2 = z * z;
    sum_.Add(x_);
    return AddRest(x_ * z2 * (-1 + z2 * (0.4 - z2 * (17.0 / 105))) / 3, -x_);
  }
  const double e = Exp(-2 * Abs(z)), rest = 2 * limit * e / (1 + e);
  sum_.Add(z < 0 ? -limit : limit);
  z < 0 ? AddRest(rest, limit) : AddRest(-rest, -limit);
}

// x - tanh(x) = x^3 / 3 - 2 x^5 / 15 + ...
void Difference::AddTanhshrink() {
  const double x2 = x_ * x_, one = x_ < 0 ? -1 : 1;
  if (Small(x_)) {
    scale_ = 3;
    sum_.AddProduct(x_, x_, x_);
    return AddRest(x_ * x2 * x2 * (-0.4 + x2 * (17.0 / 105 - x2 * (62.0 / 945))), -x_);
  }
  const double e = Exp(-2 * Abs(x_));
  sum_.Add(x_);
  sum_.Add(-one);
  AddRest(one * 2 * e / (1 + e), one);
}

// alpha (exp(z) - 1), for small z and z < 0; alpha z = x where z is a quotient, rounded.
void Difference::AddExponential(double alpha, double z, bool quotient) {
  if (Small(z)) {
    quotient ? sum_.Add(x_) : sum_.AddProduct(alpha, z);
    AddRest(alpha * SquareTerms(z), z == 0 ? 0 : alpha);
  } else {
    sum_.Add(-alpha);
    AddRest(alpha * Exp(z), alpha);
  }
}

// tanh(log(w)) = (w^2 - 1) / (w^2 + 1), w = 1 + exp(x); 3/5 + 8/25 x - 2/125 x^2 + ... at 0.
void Difference::AddMish() {
  if (Tiny(x_)) {
    scale_ = 5;
    sum_.AddProduct(3, x_);
    AddRest(x_ * x_ * (1.6 - 0.08 * x_), 1);
  } else if (x_ > 0) {
    const double e = Exp(-x_);
    sum_.Add(x_);
    AddRest(-2 * x_ * e * e / ((1 + e) * (1 + e) + e * e), -1);
  } else {
    AddValue();
  }
}

void Difference::AddXielu() {
  const double alpha_n = b(), beta = r_.p.value[2], eps = r_.p.value[3];
  sum_.AddProduct(beta, x_);
  if (x_ > 0) return sum_.AddProduct(a(), x_, x_);
  const double m = x_ < eps ? x_ : eps;
  sum_.AddProduct(-alpha_n, x_);
  AddExponential(alpha_n, m, false);
}

void Difference::AddSoftplus() {
  if (SoftplusIsLinear(r_.p, x_)) return sum_.Add(x_);
  const double z = a() * x_;
  if (!(z > 1)) return AddValue();
  sum_.Add(x_);  // log(1 + exp(z)) = z + log(1 + exp(-z))
  double e = Exp(-z), rest;
  simdact_log1p_f64(&e, &rest, 1);
  AddRest(rest / a(), a());
}

}  // namespace simdact

#endif  // SIMDACT_NO_F64
