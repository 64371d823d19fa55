// simdact_peer_errors: the largest errors of the other libraries and of simdact itself, measured alike.
//
//   simdact_peer_errors [FILE [PEER...]]   prints a table, and writes FILE as JSON; of these peers only
//
// f32: every 2003rd of all finite numbers of both signs, every 173rd with 2^-6 <= |x| < 128, the 255 smallest
// denormals of both signs; bf16: all. Unit and references are those of the tests (tests/ruler/formats.h).
// `normal` counts inputs and results that are not denormal, and not below; a result that was flushed to 0 is
// 2^24 ulp wrong. NaN for a number is counted apart. Derivatives are of dy = 1. Softmax: rows of 128 and 4096
// numbers.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bench/arrays.h"
#include "bench/peers/peer.h"
#include "simdact/simdact.h"
#include "tests/ruler/accuracy.h"

namespace {

using namespace simdact_accuracy;  // NOLINT: this measures with it
using simdact_bench::Allocate;
using simdact_bench::Buffer;
using simdact_bench::SizeOf;

constexpr size_t kPad = 64;  // peers take whole vectors

std::vector<float> FloatInputs() {
  std::vector<float> x;
  const auto both = [&](uint32_t bits) {
    x.push_back(FromBits(bits));
    x.push_back(FromBits(0x80000000u | bits));
  };
  for (uint32_t bits = 0; bits < 0x7F800000; bits += 2003) both(bits);
  for (uint32_t bits = ToBits(0x1p-6f); bits < ToBits(128.0f); bits += 173) both(bits);
  for (uint32_t bits = 1; bits < 256; ++bits) both(bits);
  return x;
}

// Inputs of one op, dtype and direction, with the exact results; peers of the same kind share them.
struct Inputs {
  std::vector<double> x, exact, inverse_ulp;
  std::vector<uint8_t> is_normal;
  Buffer data, dy, y;
  size_t padded = 0;
};

double Value(simdact_dtype dtype, const void* from, size_t i) {
  return dtype == SIMDACT_F32 ? static_cast<double>(static_cast<const float*>(from)[i])
                              : FromHalf(dtype, static_cast<const uint16_t*>(from)[i]);
}

Inputs MakeInputs(simdact_op op, simdact_dtype dtype, simdact_direction direction) {
  Inputs inputs;
  const simdact_params p = RoundedTo(dtype, simdact_describe(op)->defaults);
  const Reference& reference = ReferenceOf(op, direction);
  if (dtype == SIMDACT_F32) {
    for (const float x : FloatInputs()) inputs.x.push_back(x);
  } else {
    for (uint32_t bits = 0; bits < 65536; ++bits) {
      const double x = FromHalf(dtype, static_cast<uint16_t>(bits));
      if (std::isfinite(x)) inputs.x.push_back(x);
    }
  }
  if (direction == SIMDACT_BACKWARD_FROM_OUTPUT) {
    for (double& x : inputs.x) x = Rounded(dtype, ReferenceOf(op, SIMDACT_FORWARD).skim(x, p.value));
  }
  const size_t n = inputs.x.size();
  inputs.padded = (n + kPad - 1) / kPad * kPad;
  for (Buffer* buffer : {&inputs.data, &inputs.dy, &inputs.y}) {
    *buffer = Allocate(inputs.padded * SizeOf(dtype));
  }
  for (size_t i = 0; i < inputs.padded; ++i) {
    simdact_bench::Store(dtype, inputs.data.get(), i, inputs.x[i < n ? i : n - 1]);
    simdact_bench::Store(dtype, inputs.dy.get(), i, 1);
  }
  for (const double x : inputs.x) {
    inputs.exact.push_back(reference.skim(x, p.value));
    inputs.inverse_ulp.push_back(InverseUlp(inputs.exact.back()));
    const double exact = std::fabs(inputs.exact.back());
    const bool is_zero = exact == 0 && (x == 0 || !simdact_bench::IsTranscendental(op));  // not underflow
    inputs.is_normal.push_back((std::fabs(x) >= 0x1p-126 || x == 0) && (exact >= 0x1p-126 || is_zero));
  }
  return inputs;
}

struct Largest {
  double ulps = 0, x = 0, got = 0, want = 0;
};
struct Errors {
  Largest normal, all;
  uint64_t nans = 0;
  double nan_at = 0;  // of the smallest magnitude
};

Errors Measure(simdact_op op, simdact_dtype dtype, simdact_direction direction, const Inputs& inputs) {
  Errors errors;
  const simdact_params p = RoundedTo(dtype, simdact_describe(op)->defaults);
  const Reference& reference = ReferenceOf(op, direction);
  for (size_t i = 0; i < inputs.x.size(); ++i) {
    const double x = inputs.x[i], got = Value(dtype, inputs.y.get(), i), skim = inputs.exact[i];
    if (std::isnan(got)) {
      if (std::isnan(skim)) continue;
      if (errors.nans++ == 0 || std::fabs(x) < std::fabs(errors.nan_at)) errors.nan_at = x;
      continue;
    }
    if (std::isinf(got) && got * skim > 0 && std::fabs(skim) >= 0x1p128) continue;
    bool quick = false;  // whether the quick reference will do
    if (dtype == SIMDACT_F32) {
      const double terms = reference.Cancellation(x, p.value);
      const double slack = 1e-4 + (terms == 0 ? 0 : 0x1p-25 * terms / std::fabs(skim));
      const double ulps = std::fabs(got - skim) * inputs.inverse_ulp[i];
      quick = ulps + slack <= 0.45;
      if (ulps + (quick ? 0 : slack) <= (inputs.is_normal[i] ? errors.normal : errors.all).ulps) continue;
    }
    const long double exact = quick ? static_cast<long double>(skim) : Exact(op, direction, x, p);
    const Largest found = {UlpError(dtype, got, exact), x, got, static_cast<double>(exact)};
    if (found.ulps > errors.all.ulps) errors.all = found;
    if (inputs.is_normal[i] && found.ulps > errors.normal.ulps) errors.normal = found;
  }
  return errors;
}

// JSON has no NaN or infinity, so they become text.
nlohmann::json Json(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
nlohmann::json Json(const Largest& largest) {
  return {{"ulps", Json(largest.ulps)},
          {"x", largest.x},
          {"got", Json(largest.got)},
          {"want", Json(largest.want)}};
}

class Table {
 public:
  void Add(const std::string& peer, const std::string& version, const simdact_peers::Function& f) {
    if (f.dtype != SIMDACT_F32 && f.dtype != SIMDACT_BF16) return;
    const auto key = std::make_tuple(f.op, f.dtype, f.direction);
    if (key != known_) inputs_ = MakeInputs(f.op, f.dtype, f.direction), known_ = key;
    const simdact_peers::Call call =
        f.prepare(inputs_.data.get(), inputs_.dy.get(), inputs_.y.get(), inputs_.padded);
    if (!call) return;
    call();
    const Errors errors = Measure(f.op, f.dtype, f.direction, inputs_);
    nlohmann::json row = {{"peer", peer},
                          {"version", version},
                          {"op", simdact_describe(f.op)->name},
                          {"direction", DirectionName(f.direction)},
                          {"dtype", DtypeName(f.dtype)},
                          {"composed", f.composed},
                          {"normal", Json(errors.normal)},
                          {"all", Json(errors.all)},
                          {"nans", errors.nans},
                          {"nan_at", errors.nan_at}};
    const double infinity = std::numeric_limits<double>::infinity();
    const double specials[] = {std::numeric_limits<double>::quiet_NaN(), infinity, -infinity, -0.0};
    for (size_t i = 0; i < kPad; ++i) simdact_bench::Store(f.dtype, inputs_.data.get(), i, specials[i % 4]);
    f.prepare(inputs_.data.get(), inputs_.dy.get(), inputs_.y.get(), kPad)();
    const char* const names[] = {"at_nan", "at_inf", "at_minus_inf", "at_minus_zero"};
    std::string text;
    for (size_t i = 0; i < 4; ++i) {
      const double got = Value(f.dtype, inputs_.y.get(), i);
      row[names[i]] = Json(got);
      text += " " + std::to_string(got);
      simdact_bench::Store(f.dtype, inputs_.data.get(), i, inputs_.x[i]);
    }
    for (size_t i = 4; i < kPad; ++i) simdact_bench::Store(f.dtype, inputs_.data.get(), i, inputs_.x[i]);
    std::printf("%-10s %-11s %-4s %-20s %12.4g %12.4g %10llu  %-14.8g %-14.7g %-14.7g %s\n",
                simdact_describe(f.op)->name, DirectionName(f.direction), DtypeName(f.dtype), peer.c_str(),
                errors.normal.ulps, errors.all.ulps, static_cast<unsigned long long>(errors.nans),
                errors.normal.x, errors.normal.got, errors.normal.want, text.c_str());
    std::fflush(stdout);
    rows_.push_back(std::move(row));
  }

  void AddSoftmax(const std::string& peer, const std::string& version,
                  const std::function<simdact_peers::Call(const float*, float*, size_t, size_t)>& prepare) {
    for (const size_t cols : {128, 4096}) {
      constexpr size_t kRows = 64;
      simdact_bench::Arrays& a = simdact_bench::Arrays::Shared(SIMDACT_F32, false);
      a.Reserve(kRows * cols);
      const float* x = static_cast<const float*>(a.x());
      float* y = static_cast<float*>(a.y());
      prepare(x, y, kRows, cols)();
      Largest largest;
      for (size_t row = 0; row < kRows; ++row) {
        long double top = -HUGE_VALL, sum = 0;
        for (size_t i = row * cols; i < (row + 1) * cols; ++i) top = std::max<long double>(top, x[i]);
        for (size_t i = row * cols; i < (row + 1) * cols; ++i) sum += std::exp(x[i] - top);
        for (size_t i = row * cols; i < (row + 1) * cols; ++i) {
          const long double exact = std::exp(x[i] - top) / sum;
          const double ulps = UlpError(SIMDACT_F32, y[i], exact);
          if (ulps > largest.ulps) largest = {ulps, x[i], y[i], static_cast<double>(exact)};
        }
      }
      std::printf("softmax    forward     f32  %-20s %12.4g  in rows of %zu\n", peer.c_str(), largest.ulps,
                  cols);
      rows_.push_back({{"peer", peer},
                       {"version", version},
                       {"op", "softmax"},
                       {"direction", "forward"},
                       {"dtype", "f32"},
                       {"composed", false},
                       {"cols", cols},
                       {"normal", Json(largest)},
                       {"nans", 0}});
    }
  }
  const nlohmann::json& Rows() const { return rows_; }

 private:
  std::tuple<simdact_op, simdact_dtype, simdact_direction> known_{SIMDACT_OP_COUNT, SIMDACT_F32,
                                                                  SIMDACT_FORWARD};
  Inputs inputs_;
  nlohmann::json rows_ = nlohmann::json::array();
};

bool SameFunction(const simdact_kernel& a, const simdact_kernel& b, simdact_direction direction) {
  return direction == SIMDACT_FORWARD    ? a.forward == b.forward
         : direction == SIMDACT_BACKWARD ? a.backward == b.backward
                                         : a.backward_from_output == b.backward_from_output;
}

// simdact as one more peer, both tiers, on the two targets that the peers are compiled for.
simdact_peers::Function Ours(const simdact_target* target, simdact_tier tier,
                             const simdact_peers::Function& like) {
  simdact_peers::Function ours = like;
  ours.prepare = [=](const void* x, const void* dy, void* y, size_t n) -> simdact_peers::Call {
    const simdact_kernel* kernel = simdact_find(target, like.op, like.dtype, tier);
    const simdact_params p = simdact_describe(like.op)->defaults;
    const simdact_kernel* accurate = simdact_find(target, like.op, like.dtype, SIMDACT_ACCURATE);
    if (kernel == nullptr || (tier == SIMDACT_FAST && SameFunction(*kernel, *accurate, like.direction))) {
      return nullptr;
    }
    return [=, direction = like.direction] { simdact_accuracy::Call(*kernel, direction, p, x, dy, y, n); };
  };
  ours.composed = false;
  return ours;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && argv[1][0] == '-') {
    std::fprintf(stderr, "usage: simdact_peer_errors [FILE.json [PEER...]]\n");
    return 2;
  }
  std::vector<simdact_peers::Peer> peers = simdact_peers::All();
  if (argc > 2) {
    const std::vector<std::string> wanted(argv + 2, argv + argc);
    const auto unwanted = [&](const simdact_peers::Peer& peer) {
      return std::find(wanted.begin(), wanted.end(), peer.name) == wanted.end();
    };
    peers.erase(std::remove_if(peers.begin(), peers.end(), unwanted), peers.end());
  }
  std::vector<const simdact_target*> targets = {simdact_target_default()};
  const simdact_target* avx2 = simdact_target_by_name("AVX2");
  if (avx2 != nullptr && simdact_target_runs(avx2) && avx2 != targets[0]) targets.push_back(avx2);
  const std::string version = std::to_string(SIMDACT_VERSION_MAJOR) + "." +
                              std::to_string(SIMDACT_VERSION_MINOR) + "." +
                              std::to_string(SIMDACT_VERSION_PATCH);

  std::printf("%-10s %-11s %-4s %-20s %12s %12s %10s  %-14s %-14s %-14s %s\n", "op", "direction", "", "",
              "max ulp", "denormals too", "NaN", "at x", "got", "want", "f(nan) f(inf) f(-inf) f(-0)");
  Table table;
  for (int k = 0; k < SIMDACT_OP_COUNT; ++k) {
    for (const simdact_direction direction : Directions()) {
      for (const simdact_dtype dtype : Dtypes()) {
        bool first = true;
        for (const simdact_peers::Peer& peer : peers) {
          for (const simdact_peers::Function& f : peer.functions) {
            if (f.op != k || f.direction != direction || f.dtype != dtype) continue;
            for (const simdact_target* target : targets) {
              for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
                if (!first) continue;
                const std::string name = tier == SIMDACT_FAST ? "fast " : "accurate ";
                table.Add(name + simdact_target_name(target), version, Ours(target, tier, f));
              }
            }
            first = false;
            table.Add(peer.Label(f.variant), peer.version, f);
          }
        }
      }
    }
  }
  for (const simdact_target* target : targets) {
    table.AddSoftmax(std::string("accurate ") + simdact_target_name(target), version,
                     [=](const float* x, float* y, size_t rows, size_t cols) -> simdact_peers::Call {
                       const auto* kernel =
                           simdact_find_softmax(target, SIMDACT_SOFTMAX_OP_softmax, SIMDACT_F32);
                       return [=] { kernel->forward(x, y, rows, cols, nullptr); };
                     });
  }
  for (const simdact_peers::Peer& peer : peers) {
    for (const simdact_peers::Softmax& s : peer.softmax) {
      table.AddSoftmax(peer.Label(s.variant), peer.version, s.prepare);
    }
  }
  if (argc > 1) {
    std::ofstream file(argv[1]);
    file << table.Rows().dump(1) << "\n";
    if (!file.flush()) {
      std::fprintf(stderr, "simdact_peer_errors: cannot write %s\n", argv[1]);
      return 2;
    }
  }
  return 0;
}
