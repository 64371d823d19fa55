// Cross-entropy of rows that have a label each, and its gradient. With s = sum exp(x), p = exp(x) / s, the
// target a of a row and A = sum a:
//
//   loss = sum a (log s - x)        dx = g (A p - a)
//
// A row goes through softmax's passes: the largest score m, the terms and their sum, what is made of them.
// But the label's term is summed apart from the others, the columns before and behind it. Where it is most of
// s, x there is m, and
//
//   log s - x = log1p(others / term)        p - 1 = -others / s
//
// do not cancel, however little the others are: their sum begins where the largest of *them* belongs, so that
// nothing of it is lost. Elsewhere log s - x is (m - x) + log(s / exp(m)), two parts that are not negative.
//
// With smoothing every column has a part in the loss, a (m - x), which is not negative either.
//
// Rows go by blocks of numbers: f32 and f64 where they lie, 16 bits widened. The terms wait in the row of dx,
// those of 16 bits in the block, if the row has no more than one; else they are computed again.

#include "dispatch/losses.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "dispatch/checks.h"
#include "dispatch/rows.h"

namespace simdact {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kBlock = 4096;  // columns; 16 KiB of floats, on the stack

// Reads and writes a row's number; the array may lie at any address.
template <class T>
double NumberAt(const void* numbers, size_t i) {
  T number;
  std::memcpy(&number, static_cast<const char*>(numbers) + i * sizeof(T), sizeof(T));
  return static_cast<double>(number);
}
template <class T>
void SetNumber(void* numbers, size_t i, double value) {
  if (numbers == nullptr) return;
  const T number = static_cast<T>(value);
  std::memcpy(static_cast<char*>(numbers) + i * sizeof(T), &number, sizeof(T));
}

void AddTo(TwoDoubles& sum, const TwoDoubles& term) {
  const TwoDoubles next = ExactSum(sum.high, term.high);
  sum = ExactSum(next.high, sum.low + (term.low + next.low));
}

// A slope as size and scale: a power of two with the sign, for what is beyond kMostSize. A slope that is 0,
// infinite or NaN is all scale.
struct Slope {
  double size, scale;
};
template <class T>
Slope SlopeOf(double slope) {
  const double size = std::fabs(slope), sign = slope < 0 ? -1 : 1;
  if (!(size > 0 && size < kInfinity)) return {1, slope};
  const int exponent = std::ilogb(size);
  const int beyond = std::max(exponent - kMostSize<T> + 1, 0) + std::min(exponent + kMostSize<T>, 0);
  if (beyond == 0) return {size, sign};
  return {std::ldexp(size, -beyond), std::ldexp(sign, beyond)};
}

struct RowLoss {
  double loss, log_sum_exp;
};

template <class T>
class LossRow {
 public:
  // Elements are of type T, or of 16 bits, with their conversions. dx may be null.
  LossRow(const LossLoops<T>& loops, const LossCode* half, const void* x, size_t label, size_t cols, void* dx)
      : loops_(loops), half_(half), x_(x), dx_(dx), label_(label), cols_(cols) {}

  RowLoss Compute(const LossOptions& o, double g);

 private:
  // f(begin, n) for blocks of the columns of [begin, end).
  template <class F>
  static void ForEachBlock(size_t begin, size_t end, const F& f) {
    for (size_t n; begin < end; begin += n) {
      n = std::min(kBlock, end - begin);
      f(begin, n);
    }
  }
  // The same but for the label's column.
  template <class F>
  void ForEachOther(const F& f) const {
    ForEachBlock(0, label_, f);
    ForEachBlock(label_ + 1, cols_, f);
  }

  // A row that fits into the block has each column at its own place there.
  bool Fits() const { return cols_ <= kBlock; }
  T* InBlock(size_t column) { return block_ + (Fits() ? column : 0); }
  const T* Numbers(size_t begin, size_t n) {
    if constexpr (sizeof(T) == sizeof(float)) {
      if (half_ != nullptr) {
        half_->widen(static_cast<const uint16_t*>(x_) + begin, InBlock(begin), n);
        return InBlock(begin);
      }
    }
    return static_cast<const T*>(x_) + begin;
  }
  // Where columns of dx are made, and may wait as terms.
  T* Slopes(size_t begin) { return half_ != nullptr ? InBlock(begin) : static_cast<T*>(dx_) + begin; }
  T* Kept(size_t begin) { return dx_ != nullptr && (half_ == nullptr || Fits()) ? Slopes(begin) : nullptr; }
  // They are made.
  void Finish(size_t begin, size_t n) {
    if constexpr (sizeof(T) == sizeof(float)) {
      if (half_ != nullptr) half_->round(InBlock(begin), static_cast<uint16_t*>(dx_) + begin, n);
    }
  }

  void FindLargest();
  double Distances(const float* weights);
  bool SumUp();
  void WriteGradient(const LossOptions& o, double g, double target, bool is_number);

  const LossLoops<T>& loops_;
  const LossCode* half_;
  const void* x_;
  void* dx_;
  size_t label_, cols_;
  T at_label_, most_of_others_, largest_;  // scores
  TwoDoubles others_, total_;              // sums of terms
  alignas(64) T block_[sizeof(T) == sizeof(float) ? kBlock : 1];
};

template <class T>
void LossRow<T>::FindLargest() {
  at_label_ = static_cast<T>(NumberAt<T>(Numbers(label_, 1), 0));
  most_of_others_ = static_cast<T>(-kInfinity);
  ForEachOther([&](size_t begin, size_t n) {
    const T most = loops_.largest(Numbers(begin, n), n);
    most_of_others_ = most > most_of_others_ ? most : most_of_others_;
  });
  largest_ = at_label_ > most_of_others_ ? at_label_ : most_of_others_;
}

template <class T>
double LossRow<T>::Distances(const float* weights) {
  TwoDoubles exact = {0, 0};
  double rounded = 0;  // infinite where the other is NaN
  ForEachBlock(0, cols_, [&](size_t begin, size_t n) {
    const float* of_block = weights == nullptr ? nullptr : weights + begin;
    const TwoDoubles more = loops_.distances(Numbers(begin, n), of_block, n, largest_);
    AddTo(exact, more);
    rounded += more.high;
  });
  return std::isfinite(rounded) ? exact.high : rounded;
}

// False if there is no sum: for NaN, infinity and a row of -inf.
template <class T>
bool LossRow<T>::SumUp() {
  others_ = total_ = {0, 0};
  if (!std::isfinite(largest_)) return false;
  // By how many powers of two the others' largest term is below the largest one. Below the least, all are 0.
  const double below = (double{most_of_others_} - double{largest_}) * 1.4426950408889634;
  const double least = sizeof(T) == sizeof(float) ? -200 : -1130;
  const int powers = static_cast<int>(std::max(below, least));
  ForEachOther([&](size_t begin, size_t n) {
    AddTo(others_, loops_.sum(Numbers(begin, n), n, largest_, powers, Kept(begin)));
  });
  total_ = others_;
  AddTo(total_, loops_.sum(&at_label_, 1, largest_, 0, Kept(label_)));
  return total_.high < kInfinity;
}

// g (target p - a), target being the sum of a.
template <class T>
void LossRow<T>::WriteGradient(const LossOptions& o, double g, double target, bool is_number) {
  const Slope slope = SlopeOf<T>(g * target);
  const double share = o.label_smoothing / static_cast<double>(cols_);
  ForEachBlock(0, cols_, [&](size_t begin, size_t n) {
    T* to = Slopes(begin);
    const T* terms = is_number ? Kept(begin) : Numbers(begin, n);  // what else comes is NaN
    if (terms == nullptr) {
      loops_.sum(Numbers(begin, n), n, largest_, 0, to);
      terms = to;
    }
    loops_.slopes(terms, o.weights == nullptr ? nullptr : o.weights + begin, n, total_, slope.size,
                  static_cast<T>(slope.scale), static_cast<T>(g * share), to);
    Finish(begin, n);
  });
  double at_label_slope = -target * ((others_.high + others_.low) / (total_.high + total_.low));
  if (share != 0) at_label_slope += share * (o.sum_of_weights - o.WeightOf(label_));
  SetNumber<T>(Slopes(label_), 0, g * at_label_slope);
  Finish(label_, 1);
}

template <class T>
RowLoss LossRow<T>::Compute(const LossOptions& o, double g) {
  FindLargest();
  const double share = o.label_smoothing / static_cast<double>(cols_);
  const double of_label = (1 - o.label_smoothing) * o.WeightOf(label_);
  const double target = of_label + share * o.sum_of_weights;
  double distance = of_label * (double{largest_} - double{at_label_});
  if (share != 0) distance += share * Distances(o.weights);  // before terms replace x
  const bool is_number = SumUp();
  TwoDoubles log = {kNan, kNan};
  if (is_number) {
    const bool is_most = at_label_ == largest_ && others_.high < 0.5 * total_.high;
    log = loops_.log(is_most ? others_ : total_, largest_, is_most);
    if (log.high < 0) log = {0, 0};  // the sum was rounded to less than its largest term
  }
  if (dx_ != nullptr) WriteGradient(o, is_number ? g : kNan, target, is_number);
  return {(target * log.high + distance) + target * log.low, (double{largest_} + log.high) + log.low};
}

template <class T>
void LossesOf(const LossLoops<T>& loops, const LossCode* half, const void* x, const int64_t* labels,
              void* loss, void* dx, size_t rows, size_t cols, const LossOptions& o) {
  const size_t bytes = half != nullptr ? sizeof(uint16_t) : sizeof(T);
  for (size_t r = 0; r < rows; ++r) {
    const void* from = static_cast<const char*>(x) + r * o.x_row_stride * bytes;
    void* to = dx == nullptr ? nullptr : static_cast<char*>(dx) + r * o.dx_row_stride * bytes;
    RowLoss row = {0, 0};
    const int64_t label = LabelAt(labels, r);
    if (IsIgnored(o, label)) {
      if (to != nullptr) std::memset(to, 0, cols * bytes);
    } else {
      const double g = o.gradient * (o.gradients == nullptr ? 1.0 : NumberAt<T>(o.gradients, r));
      row = LossRow<T>(loops, half, from, static_cast<size_t>(label), cols, to).Compute(o, g);
    }
    SetNumber<T>(loss, r, row.loss);
    SetNumber<T>(o.log_sum_exp, r, row.log_sum_exp);
  }
}

}  // namespace

simdact_status LossesOfRows(simdact_dtype dtype, const LossCode& code, const void* x, const int64_t* labels,
                            void* loss, void* dx, size_t rows, size_t cols,
                            const simdact_cross_entropy_options* options) {
  LossOptions o;
  const simdact_status status =
      CheckCrossEntropy(x, labels, loss, dx, rows, cols, BytesOf(dtype), options, &o);
  if (status != SIMDACT_OK) return status;
  if (dtype == SIMDACT_F64) {
    LossesOf(*code.doubles, nullptr, x, labels, loss, dx, rows, cols, o);
  } else {
    LossesOf(*code.floats, dtype == SIMDACT_F32 ? nullptr : &code, x, labels, loss, dx, rows, cols, o);
  }
  return SIMDACT_OK;
}

}  // namespace simdact
