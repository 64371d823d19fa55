// The plain formulas of the textbooks, which with MPFR's digits may cancel as they like. They share nothing
// with reference.h, which they check.
#ifndef SIMDACT_TESTS_REFERENCE_TEXTBOOK_H_
#define SIMDACT_TESTS_REFERENCE_TEXTBOOK_H_

#include <functional>
#include <map>
#include <string>

#include "tests/reference/big.h"

namespace simdact_test {

// f(x), f'(x), and f' from y = f(x), which is null where there is none. p: the parameters.
struct Textbook {
  using Formula = std::function<Big(const Big& x, const Big* p)>;
  Formula f, derivative, from_output;
};

inline Big Sigmoid(const Big& x) { return Big(1) / (Big(1) + Exp(-x)); }
inline Big Square(const Big& x) { return x * x; }
inline Big Normal(const Big& x) { return Erfc(-x / Sqrt(Big(2))) / Big(2); }
inline Big Density(const Big& x) { return Exp(-x * x / Big(2)) / Sqrt(Big(2) * Big::Pi()); }
inline Big GeluTanhU(const Big& x) { return Sqrt(Big(2) / Big::Pi()) * (x + Big("0.044715") * x * x * x); }
inline Big SwishSlope(const Big& x, const Big& beta) {
  const Big s = Sigmoid(beta * x);
  return s + beta * x * s * (Big(1) - s);
}
inline Big MishTanh(const Big& x) { return Tanh(Log(Big(1) + Exp(x))); }

// The conventions at kinks are those of activations.def.
inline const std::map<std::string, Textbook>& Textbooks() {
  using B = const Big&;
  using P = const Big*;
  static const Big zero = 0, one = 1, two = 2, six = 6;
  static const Big lambda("1.0507009873554804934193349852946"), alpha("1.6732632423543772848170429916717");
  static const auto constant = [](const Big& c) { return [c](B, P) { return c; }; };
  static const auto if_positive = [](B x, P p) { return x > zero ? one : p[0]; };
  static const auto leaky = [](B x, P p) { return x > zero ? x : p[0] * x; };
  static const auto inside = [](B x, P p) { return x > p[0] && x < p[1] ? one : zero; };
  static const auto clip = [](B x, P p) {
    const Big raised = x < p[0] ? p[0] : x;
    return raised > p[1] ? p[1] : raised;
  };
  static const auto beyond = [](B x, P p) { return Abs(x) > p[0] ? one : zero; };
  static const auto exp = [](B x, P) { return Exp(x); };
  static const std::map<std::string, Textbook> textbooks = {
      // rectified
      {"relu",
       {[](B x, P) { return x > zero ? x : zero; }, [](B x, P) { return x > zero ? one : zero; },
        [](B y, P) { return y > zero ? one : zero; }}},
      {"relu6",
       {[](B x, P) { return x < zero  ? zero
                            : x > six ? six
                                      : x; },
        [](B x, P) { return x > zero && x < six ? one : zero; },
        [](B y, P) { return y > zero && y < six ? one : zero; }}},
      {"leaky_relu", {leaky, if_positive, if_positive}},
      {"prelu", {leaky, if_positive, if_positive}},
      {"rrelu",
       {[](B x, P p) { return x > zero ? x : (p[0] + p[1]) / two * x; },
        [](B x, P p) { return x > zero ? one : (p[0] + p[1]) / two; },
        [](B y, P p) { return y > zero ? one : (p[0] + p[1]) / two; }}},
      {"hardtanh", {clip, inside, inside}},
      {"clamp", {clip, [](B x, P p) { return x >= p[0] && x <= p[1] ? one : zero; }, nullptr}},
      {"hardsigmoid",
       {[](B x, P p) {
          // A double's 1/6, or a float's, stands for 1/6.
          const double alpha = p[0].Rounded();
          const bool sixth =
              (alpha == 1.0 / 6 || alpha == static_cast<double>(1.0f / 6)) && p[1].Rounded() == 0.5;
          const Big z = sixth ? (x + Big(3)) / six : p[0] * x + p[1];
          return z < zero ? zero : z > one ? one : z;
        },
        [](B x, P p) {
          const Big z = p[0] * x + p[1];
          // 3, nearest to the end of a double's 1/6, is the end.
          if (Abs(x).Rounded() == 3 && p[0].Rounded() == 1.0 / 6) return zero;
          return z > zero && z < one ? p[0] : zero;
        },
        [](B y, P p) { return y > zero && y < one ? p[0] : zero; }}},
      {"hardswish",
       {[](B x, P) {
          const Big z = x + Big(3);
          return x * (z < zero ? zero : z > six ? six : z) / six;
        },
        [](B x, P) { return x <= Big(-3)  ? zero
                            : x >= Big(3) ? one
                                          : (two * x + Big(3)) / six; }, nullptr}},
      {"threshold",
       {[](B x, P p) { return x > p[0] ? x : p[1]; }, [](B x, P p) { return x > p[0] ? one : zero; },
        nullptr}},
      {"thresholded_relu",
       {[](B x, P p) { return x > p[0] ? x : zero; }, [](B x, P p) { return x > p[0] ? one : zero; },
        [](B y, P) { return y > zero ? one : zero; }}},
      {"softshrink",
       {[](B x, P p) { return x > p[0]    ? x - p[0]
                              : x < -p[0] ? x + p[0]
                                          : zero; }, beyond, nullptr}},
      {"hardshrink", {[](B x, P p) { return Abs(x) > p[0] ? x : zero; }, beyond, nullptr}},
      {"shrink",
       {[](B x, P p) { return x > p[0]    ? x - p[1]
                              : x < -p[0] ? x + p[1]
                                          : zero; }, beyond, nullptr}},
      {"squared_relu",
       {[](B x, P) { return x > zero ? x * x : zero; }, [](B x, P) { return x > zero ? two * x : zero; },
        [](B y, P) { return two * Sqrt(y); }}},
      {"sparse_plus",
       {[](B x, P) { return x > one    ? x
                            : x > -one ? (x + one) * (x + one) / B(4)
                                       : zero; },
        [](B x, P) { return x > one    ? one
                            : x > -one ? (x + one) / two
                                       : zero; },
        [](B y, P) { return y > one ? one : Sqrt(y); }}},
      {"step", {[](B x, P) { return x > zero ? one : zero; }, constant(zero), nullptr}},
      // arithmetic
      {"abs",
       {[](B x, P) { return Abs(x); }, [](B x, P) { return x > zero   ? one
                                                           : x < zero ? -one
                                                                      : zero; },
        nullptr}},
      {"neg", {[](B x, P) { return -x; }, constant(Big(-1)), constant(Big(-1))}},
      {"sign", {[](B x, P) { return x > zero   ? one
                                    : x < zero ? -one
                                               : zero; }, constant(zero), nullptr}},
      {"round", {[](B x, P) { return Round(x); }, constant(zero), nullptr}},
      {"floor", {[](B x, P) { return Floor(x); }, constant(zero), nullptr}},
      {"ceil", {[](B x, P) { return Ceil(x); }, constant(zero), nullptr}},
      {"trunc", {[](B x, P) { return Trunc(x); }, constant(zero), nullptr}},
      {"linear",
       {[](B x, P p) { return p[0] * x + p[1]; }, [](B, P p) { return p[0]; }, [](B, P p) { return p[0]; }}},
      {"square", {[](B x, P) { return x * x; }, [](B x, P) { return two * x; }, nullptr}},
      {"sqrt",
       {[](B x, P) { return Sqrt(x); }, [](B x, P) { return one / (two * Sqrt(x)); },
        [](B y, P) { return one / (two * y); }}},
      {"rsqrt",
       {[](B x, P) { return one / Sqrt(x); }, [](B x, P) { return -one / (two * x * Sqrt(x)); },
        [](B y, P) { return -y * y * y / two; }}},
      {"reciprocal",
       {[](B x, P) { return one / x; }, [](B x, P) { return -one / (x * x); },
        [](B y, P) { return -y * y; }}},
      {"softsign",
       {[](B x, P) { return x / (one + Abs(x)); }, [](B x, P) { return one / Square(one + Abs(x)); },
        [](B y, P) { return Square(one - Abs(y)); }}},
      // exponential
      {"exp", {exp, exp, [](B y, P) { return y; }}},
      {"expm1", {[](B x, P) { return Exp(x) - one; }, exp, [](B y, P) { return one + y; }}},
      {"elu",
       {[](B x, P p) { return x > zero ? x : p[0] * (Exp(x) - one); },
        [](B x, P p) { return x > zero ? one : p[0] * Exp(x); },
        [](B y, P p) { return y > zero ? one : y + p[0]; }}},
      {"selu",
       {[](B x, P) { return lambda * (x > zero ? x : alpha * (Exp(x) - one)); },
        [](B x, P) { return lambda * (x > zero ? one : alpha * Exp(x)); },
        [](B y, P) { return y > zero ? lambda : y + lambda * alpha; }}},
      {"celu",
       {[](B x, P p) { return x > zero ? x : p[0] * (Exp(x / p[0]) - one); },
        [](B x, P p) { return x > zero ? one : Exp(x / p[0]); },
        [](B y, P p) { return y > zero ? one : one + y / p[0]; }}},
      {"xielu",
       {[](B x, P p) {
          if (x > zero) return p[0] * x * x + p[2] * x;
          return p[1] * (Exp(x < p[3] ? x : p[3]) - one - x) + p[2] * x;
        },
        [](B x, P p) {
          if (x > zero) return two * p[0] * x + p[2];
          return p[1] * ((x < p[3] ? Exp(x) : zero) - one) + p[2];
        },
        nullptr}},
      // logarithmic
      {"log", {[](B x, P) { return Log(x); }, [](B x, P) { return one / x; }, nullptr}},
      {"log1p", {[](B x, P) { return Log(one + x); }, [](B x, P) { return one / (one + x); }, nullptr}},
      {"pow",
       {[](B x, P p) { return Pow(x, p[0]); },
        [](B x, P p) {
          if (!(p[0] < zero || p[0] > zero)) return zero;  // not 0 times inf
          return p[0] * Pow(x, p[0] - one);
        },
        nullptr}},
      {"softplus",
       {[](B x, P p) { return p[0] * x > p[1] ? x : Log(one + Exp(p[0] * x)) / p[0]; },
        [](B x, P p) { return p[0] * x > p[1] ? one : Sigmoid(p[0] * x); },
        [](B y, P p) {  // up to a unit of the last place of the format, or of floats if all is given in them
          const auto is_float = [](B v) {
            return static_cast<double>(static_cast<float>(v.Rounded())) == v.Rounded();
          };
          const Big unit = is_float(y) && is_float(p[0]) && is_float(p[1]) ? 0x1p-23 : 0x1p-52;
          const bool line =
              p[0] * y > Log(one + Exp(p[1])) * (one + unit) || (p[1] < zero && p[0] * y < zero);
          return line ? one : one - Exp(-p[0] * y);
        }}},
      {"log_sigmoid",
       {[](B x, P) { return Log(one / (one + Exp(-x))); }, [](B x, P) { return Sigmoid(-x); },
        [](B y, P) { return one - Exp(y); }}},
      // logistic
      {"sigmoid",
       {[](B x, P) { return Sigmoid(x); }, [](B x, P) { return Sigmoid(x) * Sigmoid(-x); },
        [](B y, P) { return y * (one - y); }}},
      {"silu", {[](B x, P) { return x * Sigmoid(x); }, [](B x, P) { return SwishSlope(x, one); }, nullptr}},
      {"swish",
       {[](B x, P p) { return x * Sigmoid(p[0] * x); }, [](B x, P p) { return SwishSlope(x, p[0]); },
        nullptr}},
      {"gelu_quick",
       {[](B x, P) { return x * Sigmoid(Big("1.702") * x); },
        [](B x, P) { return SwishSlope(x, Big("1.702")); }, nullptr}},
      {"mish",
       {[](B x, P) { return x * MishTanh(x); },
        [](B x, P) { return MishTanh(x) + x * Sigmoid(x) * (one - Square(MishTanh(x))); }, nullptr}},
      // hyperbolic
      {"tanh",
       {[](B x, P) { return Tanh(x); }, [](B x, P) { return one - Square(Tanh(x)); },
        [](B y, P) { return one - y * y; }}},
      {"tanhshrink", {[](B x, P) { return x - Tanh(x); }, [](B x, P) { return Square(Tanh(x)); }, nullptr}},
      {"softcap",
       {[](B x, P p) { return p[0] * Tanh(x / p[0]); }, [](B x, P p) { return one - Square(Tanh(x / p[0])); },
        [](B y, P p) { return one - Square(y / p[0]); }}},
      // normal
      {"erf",
       {[](B x, P) { return Erf(x); }, [](B x, P) { return two * Exp(-x * x) / Sqrt(Big::Pi()); }, nullptr}},
      {"gelu",
       {[](B x, P) { return x * Normal(x); }, [](B x, P) { return Normal(x) + x * Density(x); }, nullptr}},
      {"gelu_tanh",
       {[](B x, P) { return x * (one + Tanh(GeluTanhU(x))) / two; },
        [](B x, P) {
          const Big t = Tanh(GeluTanhU(x));
          const Big slope = Sqrt(two / Big::Pi()) * (one + Big("0.134145") * x * x);
          return (one + t + x * (one - t * t) * slope) / two;
        },
        nullptr}},
  };
  return textbooks;
}

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_REFERENCE_TEXTBOOK_H_
