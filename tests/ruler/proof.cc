#include "tests/ruler/proof.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/ruler/accuracy.h"
#include "tests/ruler/look.h"
#include "tests/ruler/smooth.h"

namespace simdact_accuracy {
namespace {

constexpr uint32_t kRegion = 1 << 16;   // floats of one polynomial, where it will do
constexpr uint32_t kSegment = 1 << 14;  // floats of one call of a kernel
constexpr uint32_t kChunk = 1 << 11;    // floats whose errors are kept for a second look
constexpr uint32_t kShortest = 64;      // pieces that are not smooth are halved down to this
constexpr uint32_t kBlock = 1 << 20;    // floats of one digest
constexpr uint32_t kBlocks = 0x7F800000 / kBlock;

constexpr double kVanishes = 0x1p-150;    // rounds to 0
constexpr double kSurelyBelow = 0x1p-10;  // an error that is not worth a second look, in ulps

class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void Add(const void* bytes, size_t n) { EVP_DigestUpdate(context_.get(), bytes, n); }
  std::array<unsigned char, 32> Finish() {
    std::array<unsigned char, 32> digest;
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    return digest;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};
using Hash = std::array<unsigned char, 32>;

std::string Hex(const Hash& hash) {
  std::string text;
  for (const unsigned char byte : hash) {
    for (const int digit : {byte >> 4, byte & 15}) text += "0123456789abcdef"[digit];
  }
  return text;
}

// What all threads share.
struct Sweeping {
  explicit Sweeping(const Proof& p)
      : proof(p),
        reference(ReferenceOf(p.op, p.direction)),
        parameters(RoundedTo(SIMDACT_F32, p.parameters)) {
    FindDomain();
    FindSymmetry();
    sums.assign(p.kernels.size(), std::vector<double>(2 * kBlocks));
    hashes.assign(p.kernels.size(), std::vector<Hash>(2 * kBlocks));
  }
  long double Exact(double x) const {
    return simdact_accuracy::Exact(proof.op, proof.direction, x, parameters);
  }

  const Proof& proof;
  const Reference& reference;
  simdact_params parameters;
  float lowest_input = -std::numeric_limits<float>::max(), highest_input = -lowest_input;
  bool even = true, odd = true;
  // By kernel and block: the positive blocks, then the negative ones.
  std::vector<std::vector<double>> sums;
  std::vector<std::vector<Hash>> hashes;

 private:
  // Outputs lie between the values at the ends, the kinks and a float in each 65536.
  void FindDomain() {
    if (proof.direction != SIMDACT_BACKWARD_FROM_OUTPUT) return;
    const Reference& forward = ReferenceOf(proof.op, SIMDACT_FORWARD);
    lowest_input = std::numeric_limits<float>::max(), highest_input = -lowest_input;
    const auto see = [&](double x) {
      const float y = static_cast<float>(forward.exact(x, parameters.value));
      if (!std::isfinite(y)) return;
      lowest_input = std::min(lowest_input, y), highest_input = std::max(highest_input, y);
    };
    for (const double x : PointsOf(proof.op, SIMDACT_FORWARD, parameters)) see(x);
    for (uint32_t high = 0; high <= 0x7F7F; ++high) {
      for (const uint32_t bits :
           {high << 16, high << 16 | 0xFFFF, high << 16 | 0x80000000u, high << 16 | 0x8000FFFFu})
        see(FromBits(bits));
    }
  }
  // A function is even, or odd, if it is so at these.
  void FindSymmetry() {
    for (const double x : {0x1p-40, 1e-3, 0.3, 0.7, 1.0, 1.3, 2.5, 5.9, 8.1, 30.0, 1e5, 1e20}) {
      const long double right = Exact(x), left = Exact(-x);
      even = even && left == right, odd = odd && left == -right;
    }
    if (std::isnan(Exact(-1.0))) even = odd = false;
  }
};

// One thread: its arrays, and what it has found.
class Sweeper {
 public:
  explicit Sweeper(Sweeping& shared)
      : s_(shared),
        records_(shared.proof.kernels.size()),
        x_(kSegment + 1 + kLanes),
        exact_(kSegment + kLanes),
        ones_(kSegment + 1, 1.0f),
        error_(kChunk + kLanes),
        max_skimmed_(records_.size(), 0.0) {
    for (std::vector<float>& results : y_) results.resize(records_.size() * Stride());
  }

  // The block of positive floats and that of their negatives.
  void Take(uint32_t block) {
    std::vector<Digest> digests(2 * records_.size());
    for (block_[0] = block, block_[1] = kBlocks + block; at_ < kBlock; at_ += kSegment) {
      for (const int side : {0, 1})
        TakeSegment(side, block * kBlock + at_, digests.data() + side * records_.size());
      if (s_.even || s_.odd) CompareSides();
    }
    at_ = 0;
    for (size_t k = 0; k < records_.size(); ++k) {
      for (const size_t side : {0, 1})
        s_.hashes[k][block_[side]] = digests[side * records_.size() + k].Finish();
    }
  }

  const std::vector<Record>& records() const { return records_; }
  double lowest_exact() const { return lowest_exact_; }
  double highest_exact() const { return highest_exact_; }
  double lowest(size_t kernel) const { return lowest_[kernel]; }
  double highest(size_t kernel) const { return highest_[kernel]; }

 private:
  static constexpr size_t Stride() { return kSegment + 1 + kLanes; }
  float* Results(int side, size_t kernel) { return y_[side].data() + kernel * Stride(); }

  void TakeSegment(int side, uint32_t magnitude, Digest* digests) {
    side_ = side;
    const uint32_t first = magnitude | (side == 0 ? 0 : 0x80000000u);
    for (uint32_t i = 0; i <= kSegment; ++i) x_[i] = FromBits(first + i);
    // Of inputs that are outputs, those that there are.
    const auto inside = [&](float x) { return x >= s_.lowest_input && x <= s_.highest_input; };
    uint32_t begin = 0, end = kSegment;
    while (begin < end && !inside(x_[begin])) ++begin;
    while (end > begin && !inside(x_[end - 1])) --end;
    begin_[side] = begin, end_[side] = end;
    if (begin == end) return;
    for (size_t k = 0; k < records_.size(); ++k) {
      RunKernel(k, begin, end);
      digests[k].Add(Results(side, k) + begin, (end - begin) * sizeof(float));
      records_[k].inputs += end - begin;
    }
    CoverSegment(first, begin, end);
  }

  void RunKernel(size_t k, uint32_t begin, uint32_t end) {
    float* y = Results(side_, k);
    const bool next =
        end < kSegment || std::isfinite(x_[end]);  // the neighbour of the last is looked at, too
    const size_t n = end - begin + (next ? 1 : 0);
    Call(*s_.proof.kernels[k].kernel, s_.proof.direction, s_.parameters, x_.data() + begin, ones_.data(),
         y + begin, n);
    if (!next) y[end] = y[end - 1];
    for (uint32_t i = begin; i < end; ++i) {
      y[i] = y[i] != y[i] ? FromBits(0x7FC00000) : y[i];
    }
  }

  // Floats begin ... end - 1 of the segment: as a part of a smooth region, or else as smooth pieces as they
  // come.
  void CoverSegment(uint32_t first, uint32_t begin, uint32_t end) {
    const uint32_t start = first & ~(kRegion - 1);
    if (region_[side_] == nullptr || start_[side_] != start) {
      region_[side_] = std::make_unique<Smooth>(MakeSmooth(start, kRegion)), start_[side_] = start;
    }
    if (region_[side_]->kind() == Piece::kSmooth)
      return CoverSmooth(*region_[side_], first + begin - start, begin, end - begin);
    Cover(first, begin, end);
  }
  void Cover(uint32_t first, uint32_t begin, uint32_t end) {
    const uint32_t n = end - begin;
    if (n < kShortest) return CoverRough(begin, end);
    const Smooth smooth = MakeSmooth(first + begin, n);
    switch (smooth.kind()) {
      case Piece::kSmooth:
        return CoverSmooth(smooth, 0, begin, n);
      case Piece::kNan:
      case Piece::kOverflows:
        return CoverConstant(s_.reference.exact(x_[begin], s_.parameters.value), begin, end);
      default:
        Cover(first, begin, begin + n / 2);
        Cover(first, begin + n / 2, end);
    }
  }
  Smooth MakeSmooth(uint32_t first, uint32_t n) const {
    const double* p = s_.parameters.value;
    return Smooth([&](double x) { return s_.reference.skim(x, p); },
                  [&](double x) { return s_.reference.exact(x, p); }, first, n,
                  s_.reference.Cancellation(FromBits(first), p));
  }

  // With the loop for ordinary pieces where it sees all; not where a result is 0, or jumps over it.
  static Glance LookAt(const Chunk& c, const Smooth& smooth, bool ordinary) {
    Glance glance;
    LookAtOrder(c, glance);
    const bool in_order = (smooth.rises() && glance.falls == 0) || (smooth.falls() && glance.rises == 0);
    in_order ? LookAtEnds(c, glance) : LookAtExtremes(c, glance);
    const bool one_sign = glance.lowest > 0 || glance.highest < 0;
    ordinary&& one_sign ? LookOrdinary(c, glance) : LookAtAny(c, glance);
    return glance;
  }

  // n floats from `begin`; the first is float `first` of the polynomial's.
  void CoverSmooth(const Smooth& smooth, uint32_t first, uint32_t begin, uint32_t n) {
    Evaluate(smooth, first, (n + kLanes - 1) / kLanes * kLanes, exact_.data());
    const bool monotone = smooth.rises() || smooth.falls();
    if (monotone) {
      SeeExact(exact_[0]), SeeExact(exact_[n - 1]);
    } else {
      for (uint32_t i = 0; i < n; ++i) SeeExact(exact_[i]);
    }
    const bool ordinary = monotone && n % kLanes == 0 && IsOrdinary(exact_[0], exact_[n - 1], smooth.error());
    for (uint32_t at = 0; at < n; at += kChunk) {
      for (size_t k = 0; k < records_.size(); ++k) {
        const Chunk chunk = {exact_.data() + at, Results(side_, k) + begin + at, error_.data(),
                             std::min(kChunk, n - at), smooth.error()};
        const Glance glance = LookAt(chunk, smooth, ordinary);
        Account(k, chunk, glance, smooth, begin + at);
      }
    }
  }

  void Account(size_t k, const Chunk& c, const Glance& glance, const Smooth& smooth, uint32_t begin) {
    Record& r = records_[k];
    s_.sums[k][block_[side_]] += glance.sum;
    r.wrongly_rounded += static_cast<uint64_t>(glance.wrong);
    r.max_denormal_error = std::max(r.max_denormal_error, glance.max_denormal);
    lowest_[k] = std::min(lowest_[k], glance.lowest), highest_[k] = std::max(highest_[k], glance.highest);
    if (smooth.rises()) r.out_of_order += static_cast<uint64_t>(glance.falls);
    if (smooth.falls()) r.out_of_order += static_cast<uint64_t>(glance.rises);
    if (glance.flushed > r.largest_flushed && glance.flushed > kVanishes / 2)
      SeekFlushed(r, c, glance.flushed, begin);
    if (glance.doubtful > 0) Settle(k, c, begin);
    if (glance.max_error > std::max(max_skimmed_[k], kSurelyBelow)) SeekWorst(k, c, begin);
    if (IsFast(k) && glance.fast_faults > 0) SeekFaults(k, c, begin);
  }

  bool IsFast(size_t k) const { return s_.proof.kernels[k].tier == SIMDACT_FAST; }

  void SeekFlushed(Record& r, const Chunk& c, double size, uint32_t begin) {
    for (uint32_t i = 0; i < c.n; ++i) {
      if (c.got[i] == 0 && std::fabs(c.exact[i]) == size) r.flushed_input = x_[begin + i];
    }
    r.largest_flushed = size;
  }

  // Elements that the polynomial does not decide.
  void Settle(size_t k, const Chunk& c, uint32_t begin) {
    for (uint32_t i = 0; i < c.n; ++i) {
      if (!IsDoubtful(c, i)) continue;
      const double x = x_[begin + i];
      const long double exact = s_.Exact(x);
      const bool wild = IsWild(c, i), counted = !wild && c.error[i] > 0.5;
      // Long double is too short for some: sigmoid(2^-23) = 1/2 + 2^-25 - 2^-69 / 48 + ...
      const auto settled = s_.reference.settle(x, s_.parameters.value);
      records_[k].wrongly_rounded += IsWrong(c.got[i], settled) - static_cast<uint64_t>(counted);
      if (wild) One(k, x, c.got[i], exact);
    }
  }
  static bool IsWrong(float got, simdact_reference::Quad exact) {
    return exact != exact ? !std::isnan(got) : got != static_cast<float>(exact);
  }

  // A second look at what is worst in the chunk, as the polynomial sees it, if it is worse than all before.
  void SeekWorst(size_t k, const Chunk& c, uint32_t begin) {
    uint32_t worst = c.n;
    for (uint32_t i = 0; i < c.n; ++i) {
      if (!(c.error[i] > max_skimmed_[k]) || std::fabs(c.exact[i]) < kLeast || IsWild(c, i)) continue;
      const double skimmed = IsFast(k) ? FastErrorAt(x_[begin + i], c.got[i], c.exact[i]) : c.error[i];
      if (!(skimmed > max_skimmed_[k])) continue;
      max_skimmed_[k] = skimmed, worst = i;
    }
    if (worst == c.n) return;
    const double x = x_[begin + worst];
    records_[k].uncertainty = std::max(records_[k].uncertainty, 2 * c.off * InverseUlp(c.exact[worst]));
    NoteWorst(k, x, c.got[worst], s_.Exact(x));
  }
  double FastErrorAt(double x, double got, long double exact) const {
    const double claim = simdact_fast_claim(s_.proof.op, SIMDACT_F32, s_.proof.direction, 1);
    return FastError(SIMDACT_F32, got, exact,
                     LargestTerm(s_.proof.op, s_.proof.direction, x, s_.parameters.value), claim);
  }
  void NoteWorst(size_t k, double x, double got, long double exact) {
    Record& r = records_[k];
    const double error = IsFast(k) ? FastErrorAt(x, got, exact) : UlpError(SIMDACT_F32, got, exact);
    if (error > r.max_error || (error == r.max_error && error > 0 &&
                                ToBits(static_cast<float>(x)) < ToBits(static_cast<float>(r.worst_input))))
      r.max_error = error, r.worst_input = x, r.got = got, r.exact = exact;
  }
  // Denormal results of the fast tier that its contract does not allow.
  void SeekFaults(size_t k, const Chunk& c, uint32_t begin) {
    for (uint32_t i = 0; i < c.n; ++i) {
      if (std::fabs(c.exact[i]) < kLeast && c.error[i] > 0.5)
        NoteWorst(k, x_[begin + i], c.got[i], s_.Exact(x_[begin + i]));
    }
  }

  // NaN, or beyond the largest float.
  void CoverConstant(long double value, uint32_t begin, uint32_t end) {
    SeeExact(static_cast<double>(value));
    const float want = std::isnan(value) ? FromBits(0x7FC00000) : static_cast<float>(value);
    for (size_t k = 0; k < records_.size(); ++k) {
      const float* y = Results(side_, k);
      for (uint32_t i = begin; i < end; ++i) {
        if (std::memcmp(&y[i], &want, sizeof(want)) != 0) CountOne(k, x_[i], y[i], s_.Exact(x_[i]));
      }
    }
  }

  void CoverRough(uint32_t begin, uint32_t end) {
    for (uint32_t i = begin; i < end; ++i) {
      const long double exact = s_.Exact(x_[i]);
      SeeExact(static_cast<double>(exact));
      for (size_t k = 0; k < records_.size(); ++k) CountOne(k, x_[i], Results(side_, k)[i], exact);
    }
  }

  void CountOne(size_t k, double x, float got, long double exact) {
    records_[k].wrongly_rounded += IsWrong(got, s_.reference.settle(x, s_.parameters.value));
    if (got == 0 &&
        std::fabs(static_cast<double>(exact)) > std::max(kVanishes / 2, records_[k].largest_flushed))
      records_[k].largest_flushed = std::fabs(static_cast<double>(exact)), records_[k].flushed_input = x;
    One(k, x, got, exact);
  }
  // The error of one result, and its extremes.
  void One(size_t k, double x, float got, long double exact) {
    const double error = UlpError(SIMDACT_F32, got, exact);
    if (std::isfinite(error) && std::fabs(exact) >= kLeast) s_.sums[k][block_[side_]] += error;
    if (std::isfinite(got))
      lowest_[k] = std::min<double>(lowest_[k], got), highest_[k] = std::max<double>(highest_[k], got);
    if (std::fabs(exact) < kLeast)
      records_[k].max_denormal_error = std::max(records_[k].max_denormal_error, error);
    if (std::fabs(exact) >= kLeast || IsFast(k) || std::isnan(exact)) NoteWorst(k, x, got, exact);
  }

  void SeeExact(double exact) {
    if (exact < lowest_exact_) lowest_exact_ = exact;
    if (exact > highest_exact_) highest_exact_ = exact;
  }

  // Results of x and -x.
  void CompareSides() {
    if (begin_[0] != begin_[1] || end_[0] != end_[1]) return;
    const uint32_t flip = s_.odd ? 0x80000000u : 0;
    for (size_t k = 0; k < records_.size(); ++k) {
      const float *right = Results(0, k), *left = Results(1, k);
      uint32_t different = 0;
      for (uint32_t i = begin_[0]; i < end_[0]; ++i)
        different += ToBits(left[i]) != (ToBits(right[i]) ^ flip);
      records_[k].asymmetric += different;
    }
  }

  Sweeping& s_;
  std::vector<Record> records_;
  std::vector<float> x_;
  std::vector<double> exact_;
  std::vector<float> ones_, y_[2];
  std::vector<double> error_, max_skimmed_;
  std::unique_ptr<Smooth> region_[2];  // of each side, and where it starts
  uint32_t start_[2] = {0, 0};
  std::vector<double> lowest_ = std::vector<double>(records_.size(), std::numeric_limits<double>::infinity());
  std::vector<double> highest_ =
      std::vector<double>(records_.size(), -std::numeric_limits<double>::infinity());
  double lowest_exact_ = std::numeric_limits<double>::infinity(), highest_exact_ = -lowest_exact_;
  uint32_t block_[2] = {0, 0}, begin_[2] = {0, 0}, end_[2] = {0, 0}, at_ = 0;
  int side_ = 0;
};

// What threads have found, together.
class Findings {
 public:
  explicit Findings(const Sweeping& s) : s_(s), records_(s.proof.kernels.size()) {
    for (size_t k = 0; k < records_.size(); ++k) lowest_.push_back(kBeyond), highest_.push_back(-kBeyond);
  }

  void Add(const Sweeper& sweeper) {
    lowest_exact_ = std::min(lowest_exact_, sweeper.lowest_exact());
    highest_exact_ = std::max(highest_exact_, sweeper.highest_exact());
    for (size_t k = 0; k < records_.size(); ++k) {
      Merge(sweeper.records()[k], records_[k]);
      lowest_[k] = std::min(lowest_[k], sweeper.lowest(k)),
      highest_[k] = std::max(highest_[k], sweeper.highest(k));
    }
  }

  std::vector<Record> Finish() {
    for (size_t k = 0; k < records_.size(); ++k) {
      Record& r = records_[k];
      double sum = 0;
      for (const double part : s_.sums[k]) sum += part;
      r.mean_error = r.inputs == 0 ? 0 : sum / static_cast<double>(r.inputs);
      r.out_of_range =
          lowest_[k] < static_cast<float>(lowest_exact_) || highest_[k] > static_cast<float>(highest_exact_);
      r.symmetric = s_.even || s_.odd;
      Digest digest;
      for (const Hash& hash : s_.hashes[k]) digest.Add(hash.data(), hash.size());
      r.sha256 = Hex(digest.Finish());
    }
    return records_;
  }

 private:
  static constexpr double kBeyond = std::numeric_limits<double>::infinity();

  static void Merge(const Record& from, Record& to) {
    const bool earlier =
        ToBits(static_cast<float>(from.worst_input)) < ToBits(static_cast<float>(to.worst_input));
    if (from.max_error > to.max_error || (from.max_error == to.max_error && from.max_error > 0 && earlier)) {
      to.max_error = from.max_error, to.worst_input = from.worst_input;
      to.got = from.got, to.exact = from.exact;
    }
    if (from.largest_flushed > to.largest_flushed)
      to.largest_flushed = from.largest_flushed, to.flushed_input = from.flushed_input;
    to.inputs += from.inputs;
    to.uncertainty = std::max(to.uncertainty, from.uncertainty);
    to.wrongly_rounded += from.wrongly_rounded;
    to.max_denormal_error = std::max(to.max_denormal_error, from.max_denormal_error);
    to.out_of_order += from.out_of_order;
    to.asymmetric += from.asymmetric;
  }

  const Sweeping& s_;
  std::vector<Record> records_;
  std::vector<double> lowest_, highest_;
  double lowest_exact_ = kBeyond, highest_exact_ = -kBeyond;
};

}  // namespace

std::vector<Record> Prove(const Proof& proof, const std::function<void(double)>& progress) {
  Sweeping shared(proof);
  Findings findings(shared);
  std::vector<uint32_t> blocks = proof.blocks;
  for (uint32_t block = 0; block < kBlocks && proof.blocks.empty(); ++block) blocks.push_back(block);
  std::atomic<size_t> next{0};
  std::mutex mutex;
  const auto work = [&] {
    Sweeper sweeper(shared);
    for (size_t i; (i = next++) < blocks.size();) {
      sweeper.Take(blocks[i]);
      if (!progress) continue;
      const std::lock_guard<std::mutex> lock(mutex);
      progress(static_cast<double>(i + 1) / static_cast<double>(blocks.size()));
    }
    const std::lock_guard<std::mutex> lock(mutex);
    findings.Add(sweeper);
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::max(1u, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return findings.Finish();
}

}  // namespace simdact_accuracy
