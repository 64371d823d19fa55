// PyTorch's own functions beside simdact's operators, in one process and on one thread: the largest errors
// and the time per element, as compare.json. Both sides are called through torch's dispatcher, in inference
// mode, and write into tensors that are there.
//
//   compare LIBRARY FILE     loads the library of operators, writes the file; fails where simdact breaks a
//   claim
//
// Inputs: normal(0, 4) with a fixed seed; for errors also a grid over [-100, 100]. "backward" is what
// autograd does: simdact from the input, torch for some from the output; the error is that of the gradient
// then, against f'(x). "backward_from_output" is both from the same y.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/InferenceMode.h>
#include <dlfcn.h>
#include <simdact/simdact.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "exact.h"
#if __has_include(<torch/headeronly/version.h>)
#include <torch/headeronly/version.h>
#else
#include <torch/csrc/api/include/torch/version.h>
#endif

namespace {

using at::Tensor;
using exact::Quad;

// ---- Number formats and the unit of error --------------------------------------------------------------

struct Format {
  const char* name;
  at::ScalarType type;
  simdact_dtype dtype;
  int fraction_bits, min_exponent, max_exponent;
};
constexpr Format kFormats[] = {{"f32", at::kFloat, SIMDACT_F32, 23, -126, 127},
                               {"bf16", at::kBFloat16, SIMDACT_BF16, 7, -126, 127},
                               {"f64", at::kDouble, SIMDACT_F64, 52, -1022, 1023}};

template <class R>
R Magnitude(R x) {
  return x < 0 ? -x : x;
}

// A power of two, which doubles hold down to their denormals.
template <class R>
R Power(int exponent) {
  return R(std::ldexp(1.0L, exponent));
}

// The spacing of the format's numbers at the correctly rounded `value`.
template <class R>
R Ulp(const Format& format, R value) {
  const R magnitude = Magnitude(value);
  int exponent = format.min_exponent;
  // long double has the exponents of all formats; what it rounds away only matters next to a power of two.
  if (magnitude >= Power<R>(exponent)) exponent = std::ilogb(static_cast<long double>(magnitude));
  const R ulp = Power<R>(exponent - format.fraction_bits), next = Power<R>(exponent + 1);
  const bool rounds_up = magnitude > next - ulp / 2 && exponent < format.max_exponent;
  return rounds_up ? 2 * ulp : ulp;
}

// |got - exact| in ulps of the exact result; infinity stands for the power of two behind the largest number.
template <class R>
double ErrorInUlps(const Format& format, double got, R exact) {
  if (std::isnan(got)) return std::numeric_limits<double>::infinity();
  const R limit = Power<R>(format.max_exponent) * 2;
  const R bounded = exact > limit ? limit : exact < -limit ? -limit : exact;
  const R value = std::isinf(got) ? (got < 0 ? -limit : limit) : R(got);
  return static_cast<double>(Magnitude(value - bounded) / Ulp(format, bounded));
}

// ---- The functions -------------------------------------------------------------------------------------

using Unary = void (*)(Tensor& y, const Tensor& x);
using Gradient = void (*)(Tensor& dx, const Tensor& dy, const Tensor& given);
template <class R>
using Formula = R (*)(R);
struct Formulas {  // the same in both types
  Formula<long double> narrow;
  Formula<Quad> wide;
};

struct Function {
  simdact_op op;
  Unary torch;
  Gradient torch_backward;
  bool torch_from_output;  // what torch_backward is given
  Formulas f, slope;
  Formulas slope_of_output;  // NULL: from the output is not compared
};

#define FORMULAS(name) \
  { exact::name<long double>, exact::name<Quad> }
constexpr Formulas kNone = {nullptr, nullptr};

using T = Tensor;
const Function kFunctions[] = {
    {SIMDACT_OP_sigmoid, [](T& y, const T& x) { at::sigmoid_out(y, x); },
     [](T& dx, const T& dy, const T& y) { at::sigmoid_backward_out(dx, dy, y); }, true, FORMULAS(Sigmoid),
     FORMULAS(SigmoidSlope), FORMULAS(SigmoidSlopeOf)},
    {SIMDACT_OP_tanh, [](T& y, const T& x) { at::tanh_out(y, x); },
     [](T& dx, const T& dy, const T& y) { at::tanh_backward_out(dx, dy, y); }, true, FORMULAS(Hyperbolic),
     FORMULAS(HyperbolicSlope), FORMULAS(HyperbolicSlopeOf)},
    {SIMDACT_OP_silu, [](T& y, const T& x) { at::silu_out(y, x); },
     [](T& dx, const T& dy, const T& x) { at::silu_backward_out(dx, dy, x); }, false, FORMULAS(Silu),
     FORMULAS(SiluSlope), kNone},
    {SIMDACT_OP_gelu, [](T& y, const T& x) { at::gelu_out(y, x, "none"); },
     [](T& dx, const T& dy, const T& x) { at::gelu_backward_out(dx, dy, x, "none"); }, false, FORMULAS(Gelu),
     FORMULAS(GeluSlope), kNone},
    {SIMDACT_OP_gelu_tanh, [](T& y, const T& x) { at::gelu_out(y, x, "tanh"); },
     [](T& dx, const T& dy, const T& x) { at::gelu_backward_out(dx, dy, x, "tanh"); }, false,
     FORMULAS(GeluTanh), FORMULAS(GeluTanhSlope), kNone},
    {SIMDACT_OP_softplus, [](T& y, const T& x) { at::softplus_out(y, x); },
     [](T& dx, const T& dy, const T& x) { at::softplus_backward_out(dx, dy, x, 1, 20); }, false,
     FORMULAS(Softplus), FORMULAS(SoftplusSlope), kNone},
    // mish' has no form that is given its output: a copy more.
    {SIMDACT_OP_mish, [](T& y, const T& x) { at::mish_out(y, x); },
     [](T& dx, const T& dy, const T& x) { dx.copy_(at::mish_backward(dy, x)); }, false, FORMULAS(Mish),
     FORMULAS(MishSlope), kNone},
    {SIMDACT_OP_elu, [](T& y, const T& x) { at::elu_out(y, x); },
     [](T& dx, const T& dy, const T& x) { at::elu_backward_out(dx, dy, 1, 1, 1, false, x); }, false,
     FORMULAS(Elu), FORMULAS(EluSlope), kNone},
    {SIMDACT_OP_hardswish, [](T& y, const T& x) { at::hardswish_out(y, x); },
     [](T& dx, const T& dy, const T& x) { at::hardswish_backward_out(dx, dy, x); }, false,
     FORMULAS(Hardswish), FORMULAS(HardswishSlope), kNone},
    {SIMDACT_OP_exp, [](T& y, const T& x) { at::exp_out(y, x); },
     [](T& dx, const T& dy, const T& y) { at::mul_out(dx, dy, y); }, true, FORMULAS(Exponential),
     FORMULAS(Exponential), kNone},
};

// ---- simdact's operators, found by name ----------------------------------------------------------------

using Call1 = std::function<void(const Tensor& x, Tensor& y)>;
using Call2 = std::function<void(const Tensor& given, const Tensor& dy, Tensor& dx)>;

template <size_t>
using Number = double;

template <class F>
auto Operator(const std::string& name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(("simdact::" + name).c_str(), "out").typed<F>();
}

template <size_t... I>
Call1 Forward(simdact_op op, bool fast, std::index_sequence<I...>) {
  const simdact_description& described = *simdact_describe(op);
  const auto function = Operator<Tensor&(const Tensor&, Number<I>..., bool, Tensor&)>(described.name);
  const simdact_params p = described.defaults;
  (void)p;  // of an op without parameters
  return [=](const Tensor& x, Tensor& y) { function.call(x, p.value[I]..., fast, y); };
}

template <size_t... I>
Call2 Backward(simdact_op op, const char* suffix, bool fast, std::index_sequence<I...>) {
  const simdact_description& described = *simdact_describe(op);
  const std::string name = std::string(described.name) + suffix;
  const auto function = Operator<Tensor&(const Tensor&, const Tensor&, Number<I>..., bool, Tensor&)>(name);
  const simdact_params p = described.defaults;
  (void)p;
  return [=](const Tensor& given, const Tensor& dy, Tensor& dx) {
    function.call(given, dy, p.value[I]..., fast, dx);
  };
}

Call1 Forward(simdact_op op, bool fast) {
  switch (simdact_describe(op)->parameters) {
    case 0:
      return Forward(op, fast, std::make_index_sequence<0>());
    case 1:
      return Forward(op, fast, std::make_index_sequence<1>());
    default:
      return Forward(op, fast, std::make_index_sequence<2>());
  }
}

Call2 Backward(simdact_op op, const char* suffix, bool fast) {
  switch (simdact_describe(op)->parameters) {
    case 0:
      return Backward(op, suffix, fast, std::make_index_sequence<0>());
    case 1:
      return Backward(op, suffix, fast, std::make_index_sequence<1>());
    default:
      return Backward(op, suffix, fast, std::make_index_sequence<2>());
  }
}

// ---- Errors --------------------------------------------------------------------------------------------

Tensor Normal(const Format& format, int64_t n) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(0, 4);
  Tensor x = at::empty({n}, at::kDouble);
  for (int64_t i = 0; i < n; ++i) x.data_ptr<double>()[i] = normal(random);
  return x.to(format.type);
}

Tensor Probes(const Format& format) {
  const Tensor grid = at::linspace(-100, 100, 20001, at::kDouble);
  return at::cat({Normal(format, 1 << 15), grid.to(format.type)});
}

// The largest error of y over the probes x. `normal`: leaves out denormal results, of which the fast tier has
// no claim.
template <class R>
double LargestError(const Format& format, Formula<R> formula, const Tensor& x, const Tensor& y, bool normal) {
  const Tensor from = x.to(at::kDouble), to = y.to(at::kDouble);
  double worst = 0;
  for (int64_t i = 0; i < from.numel(); ++i) {
    const R want = formula(R(from.data_ptr<double>()[i]));
    const bool skip = want != want || (normal && Magnitude(want) < Power<R>(format.min_exponent));
    if (!skip) worst = std::max(worst, ErrorInUlps(format, to.data_ptr<double>()[i], want));
  }
  return worst;
}

double LargestError(const Format& format, const Formulas& formulas, const Tensor& x, const Tensor& y,
                    bool normal = false) {
  if (format.dtype == SIMDACT_F64) return LargestError<Quad>(format, formulas.wide, x, y, normal);
  return LargestError<long double>(format, formulas.narrow, x, y, normal);
}

// ---- Times ---------------------------------------------------------------------------------------------

using Timed = std::function<void()>;

double Seconds(const Timed& f, int calls) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// The best time per element of each, in ns: all of them in turn, many times.
std::vector<double> Nanoseconds(const std::vector<Timed>& functions, int64_t n) {
  constexpr int kRepetitions = 25;
  constexpr double kSpan = 1e-4;
  std::vector<double> best(functions.size(), std::numeric_limits<double>::infinity());
  std::vector<int> calls;
  for (const Timed& f : functions) {
    f();
    calls.push_back(std::max(1, static_cast<int>(kSpan / Seconds(f, 1))));
  }
  for (int repetition = 0; repetition < kRepetitions; ++repetition) {
    for (size_t i = 0; i < functions.size(); ++i) {
      best[i] = std::min(best[i], Seconds(functions[i], calls[i]) / calls[i]);
    }
  }
  for (double& time : best) time *= 1e9 / static_cast<double>(n);
  return best;
}

// ---- Rows ----------------------------------------------------------------------------------------------

struct Row {
  std::string op, direction, dtype;
  int64_t n = 0;
  std::vector<double> ns, ulps;  // torch, simdact, simdact's fast tier
};

std::vector<Row> rows;
int failures = 0;

void Hold(const std::string& what, double error, double claim) {
  if (error <= claim) return;
  std::printf("FAILED: %s: %g ulps, claimed are %g\n", what.c_str(), error, claim);
  ++failures;
}

constexpr int64_t kSizes[] = {4096, 65536};

// Times of three functions of (input, output) tensors, at each size.
void AddRows(const std::string& op, const char* direction, const Format& format,
             const std::vector<double>& ulps, const std::function<std::vector<Timed>(int64_t n)>& at_size) {
  for (const int64_t n : kSizes) {
    rows.push_back({op, direction, format.name, n, Nanoseconds(at_size(n), n), ulps});
  }
}

bool HasFma() { return simdact_target_has_fma(simdact_target_default()) != 0; }

// The reference is not exact, either, but far below a thousandth of an ulp.
constexpr double kReference = 1e-3;

void CompareForward(const Function& function, const Format& format) {
  const std::string name = simdact_describe(function.op)->name;
  const Call1 accurate = Forward(function.op, false), fast = Forward(function.op, true);
  const Call1 torch = [&](const Tensor& x, Tensor& y) { function.torch(y, x); };
  const Tensor x = Probes(format);
  std::vector<double> ulps;
  for (const Call1* call : {&torch, &accurate, &fast}) {
    Tensor y = at::empty_like(x);
    (*call)(x, y);
    ulps.push_back(LargestError(format, function.f, x, y, call == &fast));
  }
  const std::string what = name + " " + format.name;
  Hold(what, ulps[1], simdact_claim(function.op, format.dtype, SIMDACT_FORWARD, HasFma()) + kReference);
  Hold(what + " fast", ulps[2],
       simdact_fast_claim(function.op, format.dtype, SIMDACT_FORWARD, HasFma()) + kReference);
  AddRows(name, "forward", format, ulps, [&](int64_t n) {
    const Tensor from = Normal(format, n), to = at::empty_like(from);
    std::vector<Timed> timed;
    for (const Call1& call : {torch, accurate, fast})
      timed.push_back([=, y = to]() mutable { call(from, y); });
    return timed;
  });
}

void CompareBackward(const Function& function, const Format& format, bool from_output) {
  const std::string name = simdact_describe(function.op)->name;
  const char* suffix = from_output ? "_backward_from_output" : "_backward";
  const Call2 accurate = Backward(function.op, suffix, false), fast = Backward(function.op, suffix, true);
  const Call2 torch = [&](const Tensor& given, const Tensor& dy, Tensor& dx) {
    function.torch_backward(dx, dy, given);
  };
  // What each is given: torch its own y or x; simdact x, or the same y as torch.
  const auto torchs = [&](const Tensor& x) {
    if (!function.torch_from_output) return x;
    Tensor y = at::empty_like(x);
    function.torch(y, x);
    return y;
  };
  const auto simdacts = [&](const Tensor& x) { return from_output ? torchs(x) : x; };
  const Tensor x = Probes(format), dy = at::ones_like(x);
  std::vector<double> ulps;
  for (const Call2* call : {&torch, &accurate, &fast}) {
    Tensor dx = at::empty_like(x);
    (*call)(call == &torch ? torchs(x) : simdacts(x), dy, dx);
    ulps.push_back(from_output ? LargestError(format, function.slope_of_output, torchs(x), dx, call == &fast)
                               : LargestError(format, function.slope, x, dx, call == &fast));
  }
  // The fast tier's gradients are held to their claim by simdact's own tests, which know where terms cancel.
  const auto direction = from_output ? SIMDACT_BACKWARD_FROM_OUTPUT : SIMDACT_BACKWARD;
  Hold(name + suffix + " " + format.name, ulps[1],
       simdact_claim(function.op, format.dtype, direction, HasFma()) + kReference);
  AddRows(name, from_output ? "backward_from_output" : "backward", format, ulps, [&](int64_t n) {
    const Tensor from = Normal(format, n), upstream = at::ones_like(from), to = at::empty_like(from);
    const Tensor torch_given = torchs(from), given = simdacts(from);
    return std::vector<Timed>{[=, dx = to]() mutable { torch(torch_given, upstream, dx); },
                              [=, dx = to]() mutable { accurate(given, upstream, dx); },
                              [=, dx = to]() mutable { fast(given, upstream, dx); }};
  });
}

// ---- Softmax -------------------------------------------------------------------------------------------

constexpr int64_t kColumns = 1024;

// The largest errors of y = softmax(x) in ulps.
template <class R>
double SoftmaxError(const Format& format, const Tensor& x, const Tensor& y) {
  const Tensor from = x.to(at::kDouble), to = y.to(at::kDouble);
  const int64_t count = x.size(0);
  double worst = 0;
  for (int64_t row = 0; row < count; ++row) {
    const double *z = from.data_ptr<double>() + row * kColumns, *got = to.data_ptr<double>() + row * kColumns;
    R sum = 0;
    for (int64_t i = 0; i < kColumns; ++i) sum += exact::Exp(R(z[i]));
    for (int64_t i = 0; i < kColumns; ++i) {
      worst = std::max(worst, ErrorInUlps<R>(format, got[i], exact::Exp(R(z[i])) / sum));
    }
  }
  return worst;
}

// Those of dx = y (dy - sum y dy). `claimed`: what simdact's claim forgives, 2^-38 of the terms, counts as
// none.
template <class R>
double SoftmaxBackwardError(const Format& format, const Tensor& y, const Tensor& dy, const Tensor& dx,
                            bool claimed) {
  const Tensor given = y.to(at::kDouble), upstream = dy.to(at::kDouble), to = dx.to(at::kDouble);
  double worst = 0;
  for (int64_t row = 0; row < y.size(0); ++row) {
    const double* from = given.data_ptr<double>() + row * kColumns;
    const double* g = upstream.data_ptr<double>() + row * kColumns;
    const double* got = to.data_ptr<double>() + row * kColumns;
    R sum = 0;
    for (int64_t i = 0; i < kColumns; ++i) sum += R(from[i]) * R(g[i]);
    for (int64_t i = 0; i < kColumns; ++i) {
      const R want = R(from[i]) * (R(g[i]) - sum);
      const R terms = R(from[i]) * (Magnitude(R(g[i])) + Magnitude(sum));
      if (claimed && Magnitude(R(got[i]) - want) <= Power<R>(-38) * terms) continue;
      worst = std::max(worst, ErrorInUlps<R>(format, got[i], want));
    }
  }
  return worst;
}

Tensor NormalRows(const Format& format, int64_t n) {
  return Normal(format, n).view({n / kColumns, kColumns});
}

Tensor UpstreamRows(const Format& format, int64_t n) {
  return NormalRows(format, n).flip({0, 1}).contiguous() / 4;
}

void CompareSoftmax(const Format& format) {
  const auto simdact = Operator<Tensor&(const Tensor&, int64_t, bool, Tensor&)>("softmax");
  const auto call = [=](int which, const Tensor& x, Tensor& y) {
    if (which == 0) {
      at::_softmax_out(y, x, 1, false);
    } else {
      simdact.call(x, -1, which == 2, y);
    }
  };
  const Tensor x = NormalRows(format, kSizes[1]);
  std::vector<double> ulps;
  for (const int which : {0, 1, 2}) {
    Tensor y = at::empty_like(x);
    call(which, x, y);
    ulps.push_back(format.dtype == SIMDACT_F64 ? SoftmaxError<Quad>(format, x, y)
                                               : SoftmaxError<long double>(format, x, y));
  }
  Hold(std::string("softmax ") + format.name, ulps[1], format.dtype == SIMDACT_BF16 ? 0.51 : 2.5);
  AddRows("softmax", "forward", format, ulps, [&](int64_t n) {
    const Tensor from = NormalRows(format, n), to = at::empty_like(from);
    std::vector<Timed> timed;
    for (const int which : {0, 1, 2}) timed.push_back([=, y = to]() mutable { call(which, from, y); });
    return timed;
  });
}

void CompareSoftmaxBackward(const Format& format) {
  const auto simdact =
      Operator<Tensor&(const Tensor&, const Tensor&, int64_t, bool, Tensor&)>("softmax_backward");
  const auto call = [=](int which, const Tensor& y, const Tensor& dy, Tensor& dx) {
    if (which == 0) {
      at::_softmax_backward_data_out(dx, dy, y, 1, y.scalar_type());
    } else {
      simdact.call(y, dy, -1, which == 2, dx);
    }
  };
  const auto given = [&](int64_t n) { return at::softmax(NormalRows(format, n), 1); };
  const Tensor y = given(kSizes[1]), dy = UpstreamRows(format, kSizes[1]);
  const auto error =
      format.dtype == SIMDACT_F64 ? SoftmaxBackwardError<Quad> : SoftmaxBackwardError<long double>;
  std::vector<double> ulps;
  for (const int which : {0, 1, 2}) {
    Tensor dx = at::empty_like(y);
    call(which, y, dy, dx);
    ulps.push_back(error(format, y, dy, dx, false));
    if (which != 1) continue;
    Hold(std::string("softmax_backward ") + format.name, error(format, y, dy, dx, true),
         format.dtype == SIMDACT_BF16 ? 0.51 : 2.0);
  }
  AddRows("softmax", "backward_from_output", format, ulps, [&](int64_t n) {
    const Tensor from = given(n), upstream = UpstreamRows(format, n), to = at::empty_like(from);
    std::vector<Timed> timed;
    for (const int which : {0, 1, 2}) {
      timed.push_back([=, dx = to]() mutable { call(which, from, upstream, dx); });
    }
    return timed;
  });
}

// ---- All -----------------------------------------------------------------------------------------------

// A function that torch does not have in a format is left out, and said so.
void Try(const std::string& what, const std::function<void()>& compare) {
  try {
    compare();
  } catch (const c10::NotImplementedError&) {
    std::printf("left out, torch has no %s\n", what.c_str());
  } catch (const c10::Error& error) {
    if (std::string(error.what()).find("not implemented for") == std::string::npos) throw;
    std::printf("left out, torch has no %s\n", what.c_str());
  }
}

void CompareAll() {
  for (const Format& format : kFormats) {
    for (const Function& function : kFunctions) {
      const std::string what = std::string(simdact_describe(function.op)->name) + " " + format.name;
      Try(what, [&] { CompareForward(function, format); });
      Try(what + " backward", [&] { CompareBackward(function, format, false); });
      if (function.slope_of_output.narrow == nullptr) continue;
      Try(what + " backward", [&] { CompareBackward(function, format, true); });
    }
    Try("softmax", [&] { CompareSoftmax(format); });
    Try("softmax backward", [&] { CompareSoftmaxBackward(format); });
  }
}

// JSON has no infinity.
std::string Json(double number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.5g", number);
  return std::isfinite(number) ? text : "null";
}

void Write(FILE* file) {
  std::fprintf(file, "{\"engine\": \"PyTorch\", \"version\": \"%s\", \"threads\": %d, \"target\": \"%s\",\n",
               TORCH_VERSION, at::get_num_threads(), simdact_target_name(simdact_target_default()));
  std::fprintf(file, " \"rows\": [\n");
  for (const Row& row : rows) {
    std::fprintf(file, "  {\"op\": \"%s\", \"direction\": \"%s\", \"dtype\": \"%s\", \"n\": %lld, ",
                 row.op.c_str(), row.direction.c_str(), row.dtype.c_str(), static_cast<long long>(row.n));
    const char* const sides[] = {"engine", "simdact", "simdact_fast"};
    for (int i = 0; i < 3; ++i) {
      std::fprintf(file, "\"%s_ns\": %s, \"%s_max_ulp\": %s%s", sides[i], Json(row.ns[i]).c_str(), sides[i],
                   Json(row.ulps[i]).c_str(), i < 2 ? ", " : "");
    }
    std::fprintf(file, "}%s\n", &row == &rows.back() ? "" : ",");
  }
  std::fprintf(file, " ]}\n");
}

void Print() {
  std::printf("%-10s %-20s %-5s %6s   %27s   %27s\n", "op", "direction", "dtype", "n",
              "ns: torch simdact fast", "ulps: torch simdact fast");
  for (const Row& row : rows) {
    std::printf("%-10s %-20s %-5s %6lld   %8.3f %8.3f %8.3f   %10.4g %8.3g %8.3g\n", row.op.c_str(),
                row.direction.c_str(), row.dtype.c_str(), static_cast<long long>(row.n), row.ns[0], row.ns[1],
                row.ns[2], row.ulps[0], row.ulps[1], row.ulps[2]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: compare LIBRARY FILE\n");
    return 2;
  }
  if (dlopen(argv[1], RTLD_NOW) == nullptr) {
    std::fprintf(stderr, "compare: %s\n", dlerror());
    return 2;
  }
  const c10::InferenceMode guard;
  at::set_num_threads(1);
  CompareAll();
  Print();
  FILE* file = std::fopen(argv[2], "w");
  if (file == nullptr) return 2;
  Write(file);
  std::fclose(file);
  return failures == 0 ? 0 : 1;
}
