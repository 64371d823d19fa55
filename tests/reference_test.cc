// The references against MPFR at 200 bits, by formulas of their own: the plain textbook ones, which at that
// precision may cancel as they like.

#include <mpfr.h>

#include "kernels.h"

namespace simdact_test {
namespace {

// A 200-bit number with value semantics; just the operations that the formulas need.
class Big {
 public:
  Big(double value = 0.0) {
    mpfr_init2(v_, 200), mpfr_set_d(v_, value, MPFR_RNDN);
  }  // NOLINT: implicit, as double
  Big(const Big& other) { mpfr_init2(v_, 200), mpfr_set(v_, other.v_, MPFR_RNDN); }
  Big& operator=(const Big& other) {
    mpfr_set(v_, other.v_, MPFR_RNDN);
    return *this;
  }
  ~Big() { mpfr_clear(v_); }
  long double Rounded() const { return mpfr_get_ld(v_, MPFR_RNDN); }

  friend Big operator+(const Big& a, const Big& b) { return Apply(mpfr_add, a, b); }
  friend Big operator-(const Big& a, const Big& b) { return Apply(mpfr_sub, a, b); }
  friend Big operator*(const Big& a, const Big& b) { return Apply(mpfr_mul, a, b); }
  friend Big operator/(const Big& a, const Big& b) { return Apply(mpfr_div, a, b); }
  friend bool operator>(const Big& a, const Big& b) { return mpfr_greater_p(a.v_, b.v_) != 0; }
  friend Big Exp(const Big& a) { return Apply(mpfr_exp, a); }
  friend Big Log(const Big& a) { return Apply(mpfr_log, a); }
  friend Big Tanh(const Big& a) { return Apply(mpfr_tanh, a); }
  friend Big Erfc(const Big& a) { return Apply(mpfr_erfc, a); }
  friend Big Sqrt(const Big& a) { return Apply(mpfr_sqrt, a); }
  static Big Pi() {
    Big pi;
    mpfr_const_pi(pi.v_, MPFR_RNDN);
    return pi;
  }

 private:
  template <class F>
  static Big Apply(F f, const Big& a) {
    Big result;
    f(result.v_, a.v_, MPFR_RNDN);
    return result;
  }
  template <class F>
  static Big Apply(F f, const Big& a, const Big& b) {
    Big result;
    f(result.v_, a.v_, b.v_, MPFR_RNDN);
    return result;
  }
  mpfr_t v_;
};

Big Sigmoid(const Big& x) { return Big(1) / (Big(1) + Exp(Big(0) - x)); }

Big Textbook(simdact_op op, Direction direction, double input, const double* p) {
  const Big x = input, s = Sigmoid(x), one = 1;
  const bool f = direction == kForward;
  switch (op) {
    case SIMDACT_OP_relu:
      return f ? (input > 0 ? x : Big(0)) : Big(input > 0 ? 1 : 0);
    case SIMDACT_OP_leaky_relu:
      return f ? (input > 0 ? x : Big(p[0]) * x) : (input > 0 ? one : Big(p[0]));
    case SIMDACT_OP_sigmoid:
      return f ? s : s * (one - s);
    case SIMDACT_OP_silu:
      return f ? x * s : s + x * s * (one - s);
    case SIMDACT_OP_tanh:
      return f ? Tanh(x) : one - Tanh(x) * Tanh(x);
    case SIMDACT_OP_elu:
      return input > 0 ? (f ? x : one) : (f ? Big(p[0]) * (Exp(x) - one) : Big(p[0]) * Exp(x));
    case SIMDACT_OP_softplus: {
      const Big z = Big(p[0]) * x;
      if (z > Big(p[1])) return f ? x : one;
      return f ? Log(one + Exp(z)) / Big(p[0]) : Sigmoid(z);
    }
    case SIMDACT_OP_gelu: {
      const Big phi = Erfc(Big(0) - x / Sqrt(Big(2))) / Big(2);
      if (f) return x * phi;
      return phi + x * Exp(Big(0) - x * x / Big(2)) / Sqrt(Big(2) * Big::Pi());
    }
    default:
      ADD_FAILURE() << "no textbook formula for op " << op;
      return Big();
  }
}

// Inputs in every binade where the textbook formulas keep 60 of their 200 bits, and around the zeros of silu'
// and gelu'.
std::vector<float> ReferenceInputs() {
  std::vector<float> inputs;
  for (int exponent = -40; exponent <= 6; ++exponent) {
    for (float mantissa : {1.0f, 1.25f, 1.618034f, 1.9999999f}) {
      const float x = std::ldexp(mantissa, exponent);
      inputs.push_back(x);
      inputs.push_back(-x);
    }
  }
  for (float root : {-1.2784645f, -0.75179152f}) {
    for (int step = -3; step <= 3; ++step) inputs.push_back(root + static_cast<float>(step) * 0x1p-23f);
  }
  return inputs;
}

TEST(Reference, AgreesWithMpfr) {
  for (int id = 0; id < SIMDACT_OP_COUNT; ++id) {
    const auto op = static_cast<simdact_op>(id);
    simdact_params p = simdact_accuracy::RoundedToFloat(simdact_describe(op)->defaults);
    for (const Direction direction : {kForward, kBackward}) {
      const simdact_accuracy::Reference& reference = simdact_accuracy::ReferenceOf(op, direction);
      for (const float x : ReferenceInputs()) {
        const long double want = Textbook(op, direction, x, p.value).Rounded();
        if (std::fabs(want) < 0x1p-140L) continue;
        const long double exact = reference.exact(x, p.value);
        const double skim = reference.skim(x, p.value);
        const bool near_zero = reference.crosses_zero && std::fabs(want) < 1e-3L;
        ASSERT_NEAR(static_cast<double>(exact / want - 1), 0.0, near_zero ? 0x1p-34 : 0x1p-52)
            << simdact_describe(op)->name << " " << simdact_accuracy::DirectionName(direction) << " at " << x;
        ASSERT_NEAR(static_cast<double>(skim / want - 1), 0.0, near_zero ? 0x1p-24 : 0x1p-43)
            << simdact_describe(op)->name << " " << simdact_accuracy::DirectionName(direction) << " at " << x;
      }
    }
  }
}

}  // namespace
}  // namespace simdact_test
