// Softmax along any axis: how a tensor goes through the loops of axis.h.
//
// Columns go by blocks of whole cache lines, through the passes of softmax over rows: the largest score,
// which chooses the unit; the terms and their sum; the quotients. A block that fits is copied while it is
// read for the first time, and waits on the stack: rows that are a power of two apart, as those of images
// are, share few places of a cache, and would push each other out. A longer one is read again. Its terms wait
// in y; those of 16 bits are computed again.
//
// What whole vectors leave of a slice goes side by side with what they leave of the next ones, so that few
// lanes are idle. Where slices are small, all of them goes that way.
//
// Columns without a sum go along as others, with scores in place of theirs (FindSpecial).

#include "dispatch/axis.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "dispatch/checks.h"
#include "dispatch/registry.h"
#include "dispatch/rows.h"

namespace simdact {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kLeastRun = 128;  // bytes of a row that a block reads
// A block's numbers. A stack of 64 KiB has to hold them, as much beside them, and what the dynamic linker
// keeps of a CPU's state when it first looks a function up: 11 KiB where there is AMX.
constexpr size_t kStackBytes = size_t{20} << 10;
// Elements for which a block of its own pays.
constexpr size_t kLeastBlock = 256;

// What a call asks for. scale is positive; where that is not, or for softmin, scores are those of -x.
struct AxisCall {
  bool log, negate;
  AxisTerms terms;
  size_t outer, axis, inner;
  double scale;
  simdact_masked_row masked_row;
  simdact_infinite_score infinite_score;
  void* log_sum_exp;
};

// Rows of numbers, `stride` apart.
template <class T>
struct Rows {
  T* data;
  size_t stride;
};

template <class T>
class AxisBlocks {
 public:
  // `plain` is the format of numbers; elements may be others.
  AxisBlocks(const AxisLoops<T>& loops, const AxisFormat<T>& format, const AxisFormat<T>& plain,
             const AxisCall& call)
      : loops_(loops), format_(format), plain_(plain), call_(call), lanes_(loops.lanes()) {}

  void Forward(const void* x, void* y) {
    SetScale();
    ForEachBlock(1, [&] { ForwardBlock(x, y); });
  }
  void Backward(const void* y, const void* dy, void* dx) {
    c_.scale = static_cast<T>(call_.negate ? -call_.scale : call_.scale);
    ForEachBlock(2, [&] { BackwardBlock(y, dy, dx); });
  }

 private:
  static constexpr size_t kMost = kMostColumns<T>, kNumbers = kStackBytes / sizeof(T);

  // A scale below 1 may make an ordinary score of a difference that is too large for a number.
  void SetScale() {
    c_.scaled = call_.scale != 1;
    c_.shrink = static_cast<T>(call_.scale < 1 ? 0.5 : 1);
    c_.scale = static_cast<T>(call_.scale) / c_.shrink;
    c_.unit = std::scalbn(T{1}, std::max(std::ilogb(c_.scale), std::numeric_limits<T>::min_exponent - 1));
    c_.scale /= c_.unit;
  }

  // Whether elements are numbers.
  bool IsWide() const { return &format_ == &plain_; }
  size_t BytesOfElement() const { return IsWide() ? sizeof(T) : sizeof(uint16_t); }
  size_t Slice() const { return call_.axis * call_.inner; }
  // Whether blocks of `width` columns fit, with `arrays` of them.
  bool Fits(size_t width, size_t arrays) const { return call_.axis <= kNumbers / arrays / width; }
  // The widest that fits, down to what memory likes to be read by. Nothing fits? As wide as leaves room for
  // kRowsApart rows.
  size_t WidthFor(size_t arrays) const {
    const size_t least = IsWide() ? std::max(kLeastRun / sizeof(T), lanes_) : lanes_;
    const size_t most = std::min(kMost, kNumbers / arrays / kRowsApart);
    size_t width = most;
    while (width / 2 >= least && !Fits(width, arrays)) width /= 2;
    return Fits(width, arrays) ? width : most;
  }

  // block() for each block of columns, having set its place: in a slice what whole vectors are of it, and
  // then side by side what that leaves of several slices.
  template <class F>
  void ForEachBlock(size_t arrays, const F& block) {
    const size_t width = WidthFor(arrays) / lanes_ * lanes_, inner = call_.inner;
    const size_t main_width = arrays == 1 ? width : kMost / lanes_ * lanes_;  // backward needs no room there
    const size_t whole = inner / lanes_ * lanes_, main = whole * call_.axis < kLeastBlock ? 0 : whole;
    const size_t rest = inner - main, group = rest == 0 ? 1 : std::max(width / rest, size_t{1});
    for (size_t begin = 0, slices; begin < call_.outer; begin += slices) {
      slices = std::min(group, call_.outer - begin);
      for (size_t i = 0; i < slices * main;) {
        const size_t column = i % main, columns = std::min(main_width, main - column);
        Enter(arrays, begin + i / main, column, {columns, columns, main, inner, Slice()});
        block();
        i += columns;
      }
      for (size_t i = 0; i < slices * rest; i += width) {
        const size_t column = i % rest, columns = std::min(width, slices * rest - i);
        Enter(arrays, begin + i / rest, main + column, {columns, rest - column, rest, inner, Slice()});
        block();
      }
    }
  }
  void Enter(size_t arrays, size_t slice, size_t column, const AxisPlace& place) {
    slice_ = slice, column_ = column, place_ = place;
    stride_ = (place.columns + lanes_ - 1) / lanes_ * lanes_;
    resident_ = Fits(stride_, arrays);
    direct_ = stride_ == place.columns && place.first >= place.columns;
    rows_ = resident_ ? call_.axis : kNumbers / arrays / stride_ / kRowsApart * kRowsApart;
  }
  // f(row, rows) for the parts of a block that go at once.
  template <class F>
  void ForEachPart(const F& f) const {
    for (size_t r = 0, n; r < call_.axis; r += n) {
      n = std::min(rows_, call_.axis - r);
      f(r, n);
    }
  }

  // Where row r of the block's column i stands in the tensor: element, bytes.
  size_t ElementOf(size_t r, size_t i = 0) const {
    size_t slice = slice_, column = column_ + i;
    if (i >= place_.first) {
      const size_t behind = i - place_.first;
      slice += 1 + behind / place_.width;
      column = column_ + place_.first - place_.width + behind % place_.width;
    }
    return slice * Slice() + r * call_.inner + column;
  }
  template <class Void>
  Void* At(Void* tensor, size_t r, size_t i = 0) const {
    using Byte = std::conditional_t<std::is_const_v<Void>, const char, char>;
    return static_cast<Byte*>(tensor) + ElementOf(r, i) * BytesOfElement();
  }
  Rows<const T> InTensor(const void* tensor, size_t r) const {
    return {static_cast<const T*>(At(tensor, r)), call_.inner};
  }
  Rows<T> InTensor(void* tensor, size_t r) const { return {static_cast<T*>(At(tensor, r)), call_.inner}; }
  // Rows from r on, as they wait on the stack.
  Rows<T> Waiting(size_t r) { return {numbers_ + (resident_ ? r * stride_ : 0), stride_}; }

  void Load(const void* tensor, size_t r, size_t rows, bool negate, T* to) const {
    const size_t left = call_.outer * Slice() - ElementOf(r);
    format_.load(place_, At(tensor, r), left, rows, negate, to, stride_);
  }
  void Store(const T* from, size_t r, size_t rows, void* tensor) const {
    format_.store(place_, from, stride_, rows, At(tensor, r));
  }
  // Rows of x's scores, unscaled: on the stack, or where they are. Special columns are not what they are.
  Rows<const T> Scores(const void* x, size_t r, size_t rows) {
    if (resident_) return {numbers_ + r * stride_, stride_};
    if (direct_ && IsWide() && !call_.negate && !any_special_) return InTensor(x, r);
    Load(x, r, rows, call_.negate, numbers_);
    if (any_special_) ReplaceSpecial(rows);
    return {numbers_, stride_};
  }

  void ForwardBlock(const void* x, void* y);
  void BackwardBlock(const void* y, const void* dy, void* dx);
  void FindLargest(const void* x);
  void SumUp(const void* x, void* y);
  void SumOthers(const void* x);
  void WriteQuotients(const void* x, void* y);
  void WriteDifferences(const void* x, void* y);
  void NoteLogSumExp();
  void FindSpecial(const void* x);
  void FindNan();
  void ReplaceSpecial(size_t rows);
  void FillSpecial(void* y);

  const AxisLoops<T>& loops_;
  const AxisFormat<T>&format_, &plain_;
  const AxisCall& call_;
  const size_t lanes_;

  // The block.
  AxisPlace place_;
  size_t slice_, column_, stride_, rows_;
  bool resident_, direct_;

  // Columns without a sum of their own. A limit shares 1 between infinite scores; all others have one value.
  enum Kind : char { kOrdinary, kLimit, kFilled };
  bool any_special_;
  Kind kinds_[kMost];
  double fill_[kMost], special_log_[kMost];

  AxisColumns<T> c_;
  alignas(64) T numbers_[kNumbers + kMost];  // a row may be loaded beyond its end
};

template <class T>
void AxisBlocks<T>::FindLargest(const void* x) {
  any_special_ = false;
  std::fill_n(c_.largest, stride_, static_cast<T>(-kInfinity));
  bool finite = true;
  ForEachPart([&](size_t r, size_t rows) {
    if (direct_ && !call_.negate) {
      T* const keep = resident_ ? numbers_ : nullptr;
      finite = format_.largest(At(x, r), call_.inner, rows, stride_, keep, c_);
    } else {
      Load(x, r, rows, call_.negate, numbers_);
      finite = plain_.largest(numbers_, stride_, rows, stride_, nullptr, c_);
    }
  });
  if (!finite) FindSpecial(x);
}

// What becomes of columns whose largest score is not finite.
template <class T>
void AxisBlocks<T>::FindSpecial(const void* x) {
  std::fill_n(kinds_, kMost, kOrdinary);
  bool is_nan[kMost] = {};
  size_t infinite[kMost] = {};
  ForEachPart([&](size_t r, size_t rows) {
    if (!resident_) Load(x, r, rows, call_.negate, numbers_);
    for (size_t i = 0; i < rows * stride_; ++i) {
      const T score = numbers_[i];
      is_nan[i % stride_] |= score != score;
      infinite[i % stride_] += score > std::numeric_limits<T>::max();
    }
  });
  for (size_t i = 0; i < stride_; ++i) {
    if (std::isfinite(c_.largest[i])) continue;
    any_special_ = true;
    c_.largest[i] = 0;
    kinds_[i] = kFilled;
    fill_[i] = special_log_[i] = kNan;
    if (is_nan[i]) continue;
    if (infinite[i] != 0) {
      if (call_.infinite_score == SIMDACT_INFINITE_SCORE_NAN) continue;
      kinds_[i] = kLimit;
      special_log_[i] = kInfinity;
      continue;
    }
    special_log_[i] = -kInfinity;
    if (call_.masked_row == SIMDACT_MASKED_ROW_NAN) continue;
    const double share =
        call_.masked_row == SIMDACT_MASKED_ROW_ZERO ? 0.0 : 1.0 / static_cast<double>(call_.axis);
    fill_[i] = !call_.log ? share : share == 0 ? -kInfinity : std::log(share);
  }
  if (resident_) ReplaceSpecial(call_.axis);
}

// NaN among finite scores shows in the sum.
template <class T>
void AxisBlocks<T>::FindNan() {
  if (!any_special_) std::fill_n(kinds_, kMost, kOrdinary);
  any_special_ = true;
  for (size_t i = 0; i < stride_; ++i) {
    if (c_.high[i] < kInfinity) continue;
    kinds_[i] = kFilled;
    fill_[i] = special_log_[i] = kNan;
  }
}

// Of a limit, 0 for infinite scores and -inf for others, which has that softmax.
template <class T>
void AxisBlocks<T>::ReplaceSpecial(size_t rows) {
  for (size_t i = 0; i < rows * stride_; ++i) {
    T& score = numbers_[i];
    const Kind kind = kinds_[i % stride_];
    if (kind == kOrdinary) continue;
    const bool top = kind == kFilled || score > std::numeric_limits<T>::max();
    score = static_cast<T>(top ? 0.0 : -kInfinity);
  }
}

template <class T>
void AxisBlocks<T>::FillSpecial(void* y) {
  T values[kMost] = {};
  for (size_t i = 0; i < place_.columns; ++i) {
    if (kinds_[i] != kFilled) continue;
    values[0] = static_cast<T>(fill_[i]);
    format_.store({1, 1, 1, call_.inner, Slice()}, values, 0, call_.axis, At(y, 0, i));
  }
}

// Terms wait on the stack, or in y; without a y, and in 16 bits, those of long columns are lost.
template <class T>
void AxisBlocks<T>::SumUp(const void* x, void* y) {
  ForEachPart([&](size_t r, size_t rows) {
    const Rows<const T> from = Scores(x, r, rows);
    const bool in_y = !resident_ && IsWide() && y != nullptr;
    const Rows<T> to = in_y && direct_ ? InTensor(y, r) : Waiting(r);
    loops_.sum(call_.terms, from.data, from.stride, rows, stride_, to.data, to.stride, c_);
    if (in_y && !direct_) Store(to.data, r, rows, y);
  });
  if (!loops_.totals(stride_, c_)) FindNan();
}

template <class T>
void AxisBlocks<T>::WriteQuotients(const void* x, void* y) {
  const bool fast = call_.terms == AxisTerms::kFast;
  ForEachPart([&](size_t r, size_t rows) {
    Rows<const T> terms = {Waiting(r).data, stride_};
    if (!resident_ && !IsWide()) {
      const Rows<const T> from = Scores(x, r, rows);
      loops_.sum(call_.terms, from.data, from.stride, rows, stride_, numbers_, stride_, c_);
    } else if (!resident_ && direct_) {
      terms = InTensor(static_cast<const void*>(y), r);
    } else if (!resident_) {
      Load(y, r, rows, false, numbers_);
    }
    if (direct_)
      return format_.quotients(fast, terms.data, terms.stride, rows, stride_, At(y, r), call_.inner, c_);
    T* const to = Waiting(r).data;
    plain_.quotients(fast, terms.data, terms.stride, rows, stride_, to, stride_, c_);
    Store(to, r, rows, y);
  });
}

template <class T>
void AxisBlocks<T>::SumOthers(const void* x) {
  for (int pass = 0; pass < 2; ++pass) {
    ForEachPart([&](size_t r, size_t rows) {
      const Rows<const T> from = Scores(x, r, rows);
      loops_.sum(call_.terms, from.data, from.stride, rows, stride_, nullptr, 0, c_);
    });
    if (!loops_.totals(stride_, c_)) FindNan();
    if (pass != 0 || !loops_.restart(call_.axis, stride_, c_)) return;
  }
}

template <class T>
void AxisBlocks<T>::WriteDifferences(const void* x, void* y) {
  ForEachPart([&](size_t r, size_t rows) {
    const Rows<const T> from = Scores(x, r, rows);
    if (direct_) return format_.differences(from.data, from.stride, rows, stride_, At(y, r), call_.inner, c_);
    T* const to = Waiting(r).data;
    plain_.differences(from.data, from.stride, rows, stride_, to, stride_, c_);
    Store(to, r, rows, y);
  });
}

// The log-sum-exp of the scores as they were.
template <class T>
void AxisBlocks<T>::NoteLogSumExp() {
  for (size_t i = 0; i < place_.columns; ++i) {
    const double largest{c_.largest[i]}, shift{c_.shift[i]};
    double above = call_.log ? largest : std::fabs(shift) < 1 ? 0.0 : shift, rest = 0;
    if (c_.scaled) {
      above = call_.scale * largest;
      rest = std::fma(call_.scale, largest, -above);
    }
    double value = (above + c_.high[i]) + (rest + c_.low[i]);
    if (any_special_ && kinds_[i] != kOrdinary) value = special_log_[i];
    const T number = static_cast<T>(value);
    const size_t element = ElementOf(0, i), column = element / Slice() * call_.inner + element % Slice();
    std::memcpy(static_cast<char*>(call_.log_sum_exp) + column * sizeof(T), &number, sizeof(T));
  }
}

template <class T>
void AxisBlocks<T>::ForwardBlock(const void* x, void* y) {
  FindLargest(x);
  loops_.units(call_.terms, stride_, c_);
  if (call_.log) {
    SumOthers(x);
  } else {
    SumUp(x, y);
  }
  if (call_.log || call_.log_sum_exp != nullptr) loops_.logs(call_.log, stride_, c_);
  if (call_.log_sum_exp != nullptr) NoteLogSumExp();
  if (y == nullptr) return;
  if (call_.log) {
    WriteDifferences(x, y);
  } else {
    WriteQuotients(x, y);
  }
  if (any_special_) FillSpecial(y);
}

template <class T>
void AxisBlocks<T>::BackwardBlock(const void* y, const void* dy, void* dx) {
  for (T* array : {c_.sum, c_.sum_low, c_.start}) std::fill_n(array, stride_, T(0));
  std::fill_n(c_.high, stride_, 0.0);
  if (direct_) {
    format_.products(call_.log, At(y, 0), At(dy, 0), call_.inner, call_.axis, stride_, c_);
    loops_.words(stride_, c_);
    return format_.slopes(call_.log, At(y, 0), At(dy, 0), At(dx, 0), call_.inner, call_.axis, stride_, c_);
  }
  T* const upstreams = numbers_ + kNumbers / 2;
  const auto load = [&](size_t r, size_t rows) {
    Load(y, r, rows, false, numbers_);
    Load(dy, r, rows, false, upstreams);  // over what the last row has left behind it
  };
  ForEachPart([&](size_t r, size_t rows) {
    load(r, rows);
    plain_.products(call_.log, numbers_, upstreams, stride_, rows, stride_, c_);
  });
  loops_.words(stride_, c_);
  ForEachPart([&](size_t r, size_t rows) {
    if (!resident_) load(r, rows);
    plain_.slopes(call_.log, numbers_, upstreams, numbers_, stride_, rows, stride_, c_);
    Store(numbers_, r, rows, dx);
  });
}

// ---- Calls ------------------------------------------------------------------------------------------------

// A call's arguments.
struct AxisTensors {
  const AxisCode& code;
  simdact_softmax_op op;
  simdact_dtype dtype;
  size_t outer, axis, inner;
  size_t Bytes() const { return BytesOf(dtype); }
};

// Options as those of rows, which have all of them.
simdact_status OptionsOf(const AxisTensors& t, const simdact_softmax_axis_options* options,
                         simdact_softmax_options* o) {
  *o = {};
  if (t.axis == 0) return SIMDACT_EMPTY_ROW;
  if (options == nullptr) return SIMDACT_OK;
  for (const uint64_t word : options->reserved) {
    if (word != 0) return SIMDACT_BAD_OPTION;
  }
  o->scale = options->scale, o->tier = options->tier;
  o->masked_row = options->masked_row, o->infinite_score = options->infinite_score;
  o->log_sum_exp = options->log_sum_exp;
  return OptionsAreValid(*o, t.Bytes()) ? SIMDACT_OK : SIMDACT_BAD_OPTION;
}

// Two inputs, which may be one, and an output that may lie where either does, or be no output.
simdact_status CheckArrays(const AxisTensors& t, const void* x, const void* other, const void* y, bool has_y,
                           const void* log_sum_exp) {
  if (t.axis > SIZE_MAX / t.inner) return SIMDACT_TOO_LARGE;
  const size_t slice = t.axis * t.inner, bytes = t.Bytes();
  const Matrix input = {x, t.outer, slice, slice, bytes}, more = {other, t.outer, slice, slice, bytes};
  const Matrix output = {y, has_y ? t.outer : 0, slice, slice, bytes};
  simdact_status status = CheckEach({input, more, output});
  if (status != SIMDACT_OK) return status;
  if (!has_y && log_sum_exp == nullptr) return SIMDACT_NULL_POINTER;
  const Matrix sums = Optional(log_sum_exp, t.outer * t.inner, BytesOfNumber(bytes));
  status = CheckMatrix(sums);
  if (status != SIMDACT_OK) return status;
  const bool fits = MayShare(output, input) && MayShare(output, more) && AreDisjoint(sums, input) &&
                    AreDisjoint(sums, output);
  return fits ? SIMDACT_OK : SIMDACT_OVERLAP;
}

AxisTerms TermsFor(const AxisTensors& t, const simdact_softmax_options& o) {
  if (t.op == SIMDACT_SOFTMAX_OP_log_softmax) return AxisTerms::kOthers;
  const bool fast =
      o.tier == SIMDACT_FAST && t.op == SIMDACT_SOFTMAX_OP_softmax && (o.scale == 0 || o.scale == 1);
  if (!fast || t.dtype == SIMDACT_F64) return AxisTerms::kAll;
  return t.dtype == SIMDACT_F32 ? AxisTerms::kFast : AxisTerms::kShort;
}

AxisCall CallOf(const AxisTensors& t, const simdact_softmax_options& o) {
  const double given = o.scale == 0 ? 1.0 : o.scale;
  const double scale = t.dtype == SIMDACT_F64 ? given : static_cast<double>(static_cast<float>(given));
  AxisCall call = {};
  call.log = t.op == SIMDACT_SOFTMAX_OP_log_softmax;
  call.negate = (t.op == SIMDACT_SOFTMAX_OP_softmin) != (scale < 0);
  call.terms = TermsFor(t, o);
  call.outer = t.outer, call.axis = t.axis, call.inner = t.inner;
  call.scale = std::fabs(scale);
  call.masked_row = o.masked_row, call.infinite_score = o.infinite_score;
  call.log_sum_exp = o.log_sum_exp;
  return call;
}

// f(blocks) in the dtype's numbers.
template <class F>
void WithBlocks(const AxisTensors& t, const AxisCall& call, const F& f) {
  if (t.dtype == SIMDACT_F64) {
    AxisBlocks<double> blocks(*t.code.doubles, t.code.f64, t.code.f64, call);
    f(blocks);
  } else {
    const AxisFormat<float>& format = t.dtype == SIMDACT_F32    ? t.code.f32
                                      : t.dtype == SIMDACT_BF16 ? t.code.bf16
                                                                : t.code.f16;
    AxisBlocks<float> blocks(*t.code.floats, format, t.code.f32, call);
    f(blocks);
  }
}

}  // namespace

simdact_status SoftmaxAlong(int64_t target, const AxisCode& code, simdact_softmax_op op, simdact_dtype dtype,
                            const void* x, void* y, size_t outer, size_t axis, size_t inner,
                            const simdact_softmax_axis_options* options) {
  const AxisTensors t = {code, op, dtype, outer, axis, inner};
  simdact_softmax_options o;
  simdact_status status = OptionsOf(t, options, &o);
  if (status != SIMDACT_OK || outer == 0 || inner == 0) return status;
  if (inner == 1) return SoftmaxCodeOf(target, dtype)->kernels[op].forward(x, y, outer, axis, &o);
  status = CheckArrays(t, x, x, y, true, o.log_sum_exp);
  if (status == SIMDACT_OK) WithBlocks(t, CallOf(t, o), [&](auto& blocks) { blocks.Forward(x, y); });
  return status;
}

simdact_status LogSumExpAlong(int64_t target, const AxisCode& code, simdact_softmax_op op,
                              simdact_dtype dtype, const void* x, void* log_sum_exp, size_t outer,
                              size_t axis, size_t inner, const simdact_softmax_axis_options* options) {
  const AxisTensors t = {code, op, dtype, outer, axis, inner};
  simdact_softmax_options o;
  simdact_status status = OptionsOf(t, options, &o);
  if (status != SIMDACT_OK || outer == 0 || inner == 0) return status;
  if (inner == 1)
    return SoftmaxCodeOf(target, dtype)->kernels[op].log_sum_exp(x, log_sum_exp, outer, axis, &o);
  o.log_sum_exp = log_sum_exp;
  status = CheckArrays(t, x, x, nullptr, false, log_sum_exp);
  if (status == SIMDACT_OK) WithBlocks(t, CallOf(t, o), [&](auto& blocks) { blocks.Forward(x, nullptr); });
  return status;
}

simdact_status SoftmaxAlongBackward(int64_t target, const AxisCode& code, simdact_softmax_op op,
                                    simdact_dtype dtype, const void* y, const void* dy, void* dx,
                                    size_t outer, size_t axis, size_t inner,
                                    const simdact_softmax_axis_options* options) {
  const AxisTensors t = {code, op, dtype, outer, axis, inner};
  simdact_softmax_options o;
  simdact_status status = OptionsOf(t, options, &o);
  if (status != SIMDACT_OK || outer == 0 || inner == 0) return status;
  if (inner == 1) return SoftmaxCodeOf(target, dtype)->kernels[op].backward(y, dy, dx, outer, axis, &o);
  status = CheckArrays(t, y, dy, dx, true, nullptr);
  if (status == SIMDACT_OK) WithBlocks(t, CallOf(t, o), [&](auto& blocks) { blocks.Backward(y, dy, dx); });
  return status;
}

}  // namespace simdact
