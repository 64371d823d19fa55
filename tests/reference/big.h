// MPFR numbers with value semantics: just the operations that textbook.h needs.
#ifndef SIMDACT_TESTS_REFERENCE_BIG_H_
#define SIMDACT_TESTS_REFERENCE_BIG_H_

#include <mpfr.h>

#include "tests/reference/quad.h"

namespace simdact_test {

class Big {
 public:
  // So many that log(1 + exp(-700)) keeps 300 of them.
  static constexpr mpfr_prec_t kBits = 1400;

  Big(double value = 0.0) {  // NOLINT: implicit, as double
    mpfr_init2(v_, kBits), mpfr_set_d(v_, value, MPFR_RNDN);
  }
  explicit Big(const char* decimal) { mpfr_init2(v_, kBits), mpfr_set_str(v_, decimal, 10, MPFR_RNDN); }
  Big(const Big& other) { mpfr_init2(v_, kBits), mpfr_set(v_, other.v_, MPFR_RNDN); }
  Big& operator=(const Big& other) {
    mpfr_set(v_, other.v_, MPFR_RNDN);
    return *this;
  }
  ~Big() { mpfr_clear(v_); }
  static Big Of(simdact_reference::Quad value) {
    const auto high = static_cast<long double>(value);
    const auto low = static_cast<long double>(value - high);
    Big result, rest;
    mpfr_set_ld(result.v_, high, MPFR_RNDN);
    if (low == 0 || low != low) return result;
    mpfr_set_ld(rest.v_, low, MPFR_RNDN);
    return result + rest;
  }
  double Rounded() const { return mpfr_get_d(v_, MPFR_RNDN); }
  // Once, denormals, too: of quotients that are ties the last bits are noise, and go before.
  float RoundedToFloat() const {
    Big shorter(*this);
    mpfr_prec_round(shorter.v_, kBits - 100, MPFR_RNDN);
    return mpfr_get_flt(shorter.v_, MPFR_RNDN);
  }
  bool IsNan() const { return mpfr_nan_p(v_) != 0; }
  bool IsInf() const { return mpfr_inf_p(v_) != 0; }

  friend Big operator+(const Big& a, const Big& b) { return Apply(mpfr_add, a, b); }
  friend Big operator-(const Big& a, const Big& b) { return Apply(mpfr_sub, a, b); }
  friend Big operator*(const Big& a, const Big& b) { return Apply(mpfr_mul, a, b); }
  friend Big operator/(const Big& a, const Big& b) { return Apply(mpfr_div, a, b); }
  friend Big operator-(const Big& a) { return Apply(mpfr_neg, a); }
  friend bool operator>(const Big& a, const Big& b) { return mpfr_greater_p(a.v_, b.v_) != 0; }
  friend bool operator<(const Big& a, const Big& b) { return mpfr_less_p(a.v_, b.v_) != 0; }
  friend bool operator>=(const Big& a, const Big& b) { return mpfr_greaterequal_p(a.v_, b.v_) != 0; }
  friend bool operator<=(const Big& a, const Big& b) { return mpfr_lessequal_p(a.v_, b.v_) != 0; }
  friend Big Abs(const Big& a) { return Apply(mpfr_abs, a); }
  friend Big Exp(const Big& a) { return Apply(mpfr_exp, a); }
  friend Big Log(const Big& a) { return Apply(mpfr_log, a); }
  friend Big Tanh(const Big& a) { return Apply(mpfr_tanh, a); }
  friend Big Erf(const Big& a) { return Apply(mpfr_erf, a); }
  friend Big Erfc(const Big& a) { return Apply(mpfr_erfc, a); }
  friend Big Sqrt(const Big& a) { return Apply(mpfr_sqrt, a); }
  friend Big Pow(const Big& a, const Big& b) { return Apply(mpfr_pow, a, b); }
  friend Big Round(const Big& a) { return Apply(mpfr_rint, a); }  // ties to even
  friend Big Floor(const Big& a) { return Apply(mpfr_rint_floor, a); }
  friend Big Ceil(const Big& a) { return Apply(mpfr_rint_ceil, a); }
  friend Big Trunc(const Big& a) { return Apply(mpfr_rint_trunc, a); }
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

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_REFERENCE_BIG_H_
