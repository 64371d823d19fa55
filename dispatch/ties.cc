// The sign of f(x) - tie where the kernel for f64, good to an ulp or two, comes within a few ulps of the tie.
//
// By accident that does not happen: a double's 53 bits against the 11 of an entry's neighbourhood leave a
// chance of some 2^-40 per entry. It happens where it must: f is rational there, and the tie may be hit
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
// units of a double. Where a function has several such forms, each has its range of x. A tie has 35 bits: it
// can equal the first terms of a series only while these are within 2^-35 of each other, and then the terms
// of the rest are, too. What is left, such as log(x) away from 1, is irrational at rational x: no tie but by
// the accident above.
#ifndef SIMDACT_NO_F64

#include "dispatch/ties.h"

#include "dispatch/exact_sum.h"

namespace simdact {
namespace {

double Abs(double x) { return x < 0 ? -x : x; }
double Exp(double x) {
  double y;
  simdact_exp_f64(&x, &y, 1);
  return y;
}

// (f(x) - tie) times something positive, as a sum.
class Difference {
 public:
  explicit Difference(const Result& r, double tie) : r_(r), x_(r.x), tie_(tie) {}
  int Sign();

 private:
  // Where series of two terms and of three, in z and z^2, serve as the rest.
  static bool Tiny(double z) { return Abs(z) < 0x1p-20; }
  static bool Small(double z) { return Abs(z) < 0x1p-8; }
  double a() const { return r_.p.value[0]; }
  double b() const { return r_.p.value[1]; }

  // The terms of f(x); a rest that is too small for a double keeps its sign.
  void AddRest(double rest, double sign) {
    if (rest != 0 || sign == 0) return sum_.Add(rest);
    sum_.Add(sign > 0 ? 1e-290 : -1e-290);
  }
  void AddValue() { sum_.Add(r_.v); }
  void AddFromMirror(double sign);
  void AddLogistic(double beta);
  void AddNormal();
  void AddSaturating(double limit, double z);
  void AddExponential(double alpha, double z);
  void AddMish();
  void AddXielu();
  void AddSoftplus();
  bool AddTerms();
  int SignOfPow() const;

  const Result& r_;
  const double x_, tie_;
  double scale_ = 1.0;  // of tie in the sum
  Sum sum_;
};

// f(x) = x + f(-x), of which the second goes to 0, from the side of `sign`.
void Difference::AddFromMirror(double sign) {
  const double mirrored = -x_;
  double rest;
  r_.kernel->forward(&mirrored, &rest, 1, r_.p);
  sum_.Add(x_);
  AddRest(rest, sign);
}

// sigmoid(z) - 1/2 - z/4, for small z.
double LogisticRest(double z) {
  const double z2 = z * z;
  return z * z2 * (-1 + z2 * (0.1 - z2 * (17.0 / 1680))) / 48;
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

// exp(z) - 1 - z, for tiny z.
double SquareTerms(double z) { return z * z * (0.5 + z / 6); }

// alpha (exp(z) - 1), for z < 0.
void Difference::AddExponential(double alpha, double z) {
  sum_.Add(-alpha);
  AddRest(alpha * Exp(z), alpha);
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
  if (!Tiny(m)) return AddExponential(alpha_n, m);
  sum_.AddProduct(alpha_n, m);
  AddRest(alpha_n * SquareTerms(m), m == 0 ? 0 : alpha_n);
}

void Difference::AddSoftplus() {
  Sum above;  // the threshold
  above.AddProduct(a(), x_);
  above.Add(-b());
  if (above.Sign() > 0) return sum_.Add(x_);
  const double z = a() * x_;
  if (!(z > 1)) return AddValue();
  sum_.Add(x_);  // log(1 + exp(z)) = z + log(1 + exp(-z))
  double e = Exp(-z), rest;
  simdact_log1p_f64(&e, &rest, 1);
  AddRest(rest / a(), a());
}

// x^e for e near n / d with a small d, where f may hit a tie: compares |x|^n with |tie|^d, in twice a
// double's precision. Are they equal, the difference of e and n / d decides (1/3 is not 0.333...).
int Difference::SignOfPow() const {
  const double e = a(), x = Abs(x_), t = Abs(tie_);
  const int by_value = r_.v > tie_ ? 1 : r_.v < tie_ ? -1 : 0, outward = tie_ > 0 ? 1 : -1;
  for (int d = 1; d <= 4; ++d) {
    const double scaled = e * d;
    if (!(Abs(scaled) < 64)) return by_value;
    const int n = static_cast<int>(scaled + (scaled < 0 ? -0.5 : 0.5));
    if (Abs(scaled - n) > 0x1p-48 * Abs(scaled)) continue;
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
      sum_.AddProduct(a(), x_);
      sum_.Add(b());
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
      if (!Tiny(x_) && x_ > 0) return false;
      if (!Tiny(x_)) return AddExponential(1, x_), true;
      sum_.Add(x_);
      AddRest(SquareTerms(x_), 1);
      return true;
    case SIMDACT_OP_elu:
      if (x_ > 0) return false;
      if (!Tiny(x_)) return AddExponential(a(), x_), true;
      sum_.AddProduct(a(), x_);
      AddRest(a() * SquareTerms(x_), a());
      return true;
    case SIMDACT_OP_celu:
      if (x_ > 0) return false;
      if (!Tiny(x_ / a())) return AddExponential(a(), x_ / a()), true;
      sum_.Add(x_);
      AddRest(a() * SquareTerms(x_ / a()), a());
      return true;
    case SIMDACT_OP_xielu:
      return AddXielu(), true;
    case SIMDACT_OP_log1p:
      if (!Tiny(x_)) return false;
      sum_.Add(x_);
      AddRest(x_ * x_ * (-0.5 + x_ / 3), -1);
      return true;
    case SIMDACT_OP_softplus:
      return AddSoftplus(), true;
    case SIMDACT_OP_log_sigmoid:
      x_ < 0 ? AddFromMirror(-1) : AddValue();
      return true;
    case SIMDACT_OP_sigmoid:
      if (!Small(x_)) return false;  // at the other end the tie of a 1 is even, and the right entry
      sum_.Add(0.5);
      sum_.Add(x_ / 4);
      AddRest(LogisticRest(x_), -x_);
      return true;
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
      if (Small(x_)) {  // x^3 / 3 - 2 x^5 / 15 + ...
        const double x2 = x_ * x_;
        scale_ = 3;
        sum_.AddProduct(x_, x_, x_);
        AddRest(x_ * x2 * x2 * (-0.4 + x2 * (17.0 / 105 - x2 * (62.0 / 945))), -x_);
      } else {
        const double e = Exp(-2 * Abs(x_));
        sum_.Add(x_);
        sum_.Add(-direction);
        AddRest(direction * 2 * e / (1 + e), direction);
      }
      return true;
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

}  // namespace

int SideOfTie(const Result& result, double tie) { return Difference(result, tie).Sign(); }

}  // namespace simdact

#endif  // SIMDACT_NO_F64
