// Softmax of attention's scores: arguments, what each query sees, and the loop over heads and batches that
// hands matrices of queries x keys to the kernels for rows.

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "dispatch/checks.h"
#include "dispatch/registry.h"
#include "dispatch/rows.h"
#include "simdact/attention.h"

namespace simdact {
namespace {

// Rows whose visible keys differ go to a kernel so many at a time, for that is what the stack holds.
constexpr size_t kPiece = 64;

// ---- Places in memory. Sizes that overflow stay at SIZE_MAX, which CheckMatrix finds too large ------------

size_t Times(size_t a, size_t b) { return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b; }
size_t Plus(size_t a, size_t b) { return a > SIZE_MAX - b ? SIZE_MAX : a + b; }

// Elements from the first to the last of n that are `stride` apart and span `each`.
size_t SpanOf(size_t n, size_t stride, size_t each) {
  return n == 0 || each == 0 ? 0 : Plus(Times(n - 1, stride), each);
}
// One row of so many elements.
Matrix Array(const void* data, size_t span, size_t bytes) { return {data, 1, span, span, bytes}; }

struct Tensor {
  const void* data;
  simdact_strides strides;
};

// The strides with every default filled in.
simdact_strides DenseStrides(simdact_strides s, const simdact_attention& a) {
  s.query = DenseOr(s.query, a.keys);
  s.head = DenseOr(s.head, Times(a.queries, s.query));
  s.batch = DenseOr(s.batch, Times(a.heads, s.head));
  return s;
}

Matrix Whole(const Tensor& t, const simdact_attention& a, size_t bytes) {
  const size_t head = SpanOf(a.queries, t.strides.query, a.keys);
  return Array(t.data, SpanOf(a.batches, t.strides.batch, SpanOf(a.heads, t.strides.head, head)), bytes);
}

// Whether rows do not lie in each other: in the order of their strides, each dimension steps over all that is
// inside. (A dimension of one has no steps.)
bool RowsAreApart(const Tensor& t, const simdact_attention& a) {
  struct {
    size_t stride, n;
  } dimensions[] = {{t.strides.batch, a.batches}, {t.strides.head, a.heads}, {t.strides.query, a.queries}};
  std::sort(dimensions, dimensions + 3, [](const auto& p, const auto& q) { return p.stride < q.stride; });
  size_t inside = a.keys;
  for (const auto& dimension : dimensions) {
    if (dimension.n <= 1) continue;
    if (dimension.stride < inside) return false;
    inside = SpanOf(dimension.n, dimension.stride, inside);
  }
  return true;
}

// Whether all rows are the same.
bool AreSame(const Tensor& p, const Tensor& q, const simdact_attention& a) {
  return p.data == q.data && (a.batches <= 1 || p.strides.batch == q.strides.batch) &&
         (a.heads <= 1 || p.strides.head == q.strides.head) &&
         (a.queries <= 1 || p.strides.query == q.strides.query);
}

template <class T>
T* At(const Tensor& t, size_t batch, size_t head, size_t query, size_t bytes) {
  if (t.data == nullptr) return nullptr;
  const size_t element = batch * t.strides.batch + head * t.strides.head + query * t.strides.query;
  return static_cast<T*>(const_cast<void*>(t.data)) + element * bytes;
}

// ---- A call's arguments -----------------------------------------------------------------------------------

struct Call {
  simdact_attention a;
  size_t bytes, number;  // of an element, and of a log-sum-exp
  Tensor x, y, dy, dx;
  void* dsinks;

  Call(const simdact_attention& attention, simdact_dtype dtype)
      : a(attention), bytes(BytesOf(dtype)), number(BytesOfNumber(bytes)), x(), y(), dy(), dx(), dsinks() {}

  size_t BytesOfMaskElement() const { return BytesOfMask(a.mask_type, bytes); }

  // The options of a head's rows, from a query on.
  simdact_softmax_options RowsOf(size_t batch, size_t head, size_t query, size_t rows) const {
    simdact_softmax_options o{};
    o.scale = a.scale, o.softcap = a.softcap;
    o.tier = a.tier, o.masked_row = a.masked_row, o.infinite_score = a.infinite_score;
    o.mask_type = a.mask_type;
    o.mask = At<const uint8_t>({a.mask, a.mask_strides}, batch, head, query, BytesOfMaskElement());
    o.mask_rows = a.mask_strides.query == 0 ? 1 : rows;
    const auto step = [rows](size_t stride) { return rows == 1 ? 0 : stride; };  // a single row has none
    o.mask_row_stride = step(a.mask_strides.query);
    o.mask_slope = a.mask_slopes == nullptr ? a.mask_slope : double{a.mask_slopes[head]};
    if (a.alibi_slopes != nullptr)
      o.alibi_slope = double{a.alibi_slopes[batch * a.alibi_batch_stride + head]};
    if (a.sinks != nullptr) o.sinks = a.sinks + batch * a.sink_batch_stride + head;
    o.x_row_stride = step(x.strides.query), o.y_row_stride = step(y.strides.query);
    o.dy_row_stride = step(dy.strides.query), o.dx_row_stride = step(dx.strides.query);
    if (a.log_sum_exp != nullptr) {
      const size_t row = (batch * a.heads + head) * a.queries + query;
      o.log_sum_exp = static_cast<uint8_t*>(a.log_sum_exp) + row * number;
    }
    return o;
  }
};

bool IsFlag(int value) { return value == 0 || value == 1; }

bool ValuesAreValid(const Call& c) {
  const simdact_attention& a = c.a;
  for (const uint64_t word : a.reserved) {
    if (word != 0) return false;
  }
  if (!IsFlag(a.causal) || !IsFlag(a.window)) return false;
  simdact_softmax_options o{};
  o.scale = a.scale, o.softcap = a.softcap, o.mask_slope = a.mask_slope;
  o.tier = a.tier, o.masked_row = a.masked_row, o.infinite_score = a.infinite_score;
  o.mask_type = a.mask_type;
  return OptionsAreValid(o, c.bytes);
}

// Of the arrays with numbers for heads, which have been found good.
bool SlopesAreValid(const simdact_attention& a) {
  for (size_t h = 0; h < a.heads && a.mask_slopes != nullptr; ++h) {
    if (!std::isfinite(a.mask_slopes[h]) || a.mask_slopes[h] == 0) return false;
  }
  for (size_t b = 0; b < a.batches && a.alibi_slopes != nullptr; ++b) {
    for (size_t h = 0; h < a.heads; ++h) {
      if (!std::isfinite(a.alibi_slopes[b * a.alibi_batch_stride + h])) return false;
    }
  }
  return true;
}

// Checks all arrays of a call: tensors, of which `written` may be any other, and what options point to. An
// array that is null and optional counts as empty.
class Arrays {
 public:
  explicit Arrays(const Call& call) : c_(call) {
    const simdact_attention& a = call.a;
    const size_t heads = a.heads, batches = a.batches;
    const auto optional = [](const void* data, size_t span, size_t bytes) {
      return Array(data, data == nullptr ? 0 : span, bytes);
    };
    const Matrix mask = Whole({a.mask, a.mask_strides}, a, call.BytesOfMaskElement());
    side_[0] = a.mask_type == SIMDACT_MASK_NONE ? Array(nullptr, 0, 1) : mask;
    side_[1] = optional(a.mask_slopes, heads, sizeof(float));
    side_[2] = optional(a.alibi_slopes, SpanOf(batches, a.alibi_batch_stride, heads), sizeof(float));
    side_[3] = optional(a.sinks, SpanOf(batches, a.sink_batch_stride, heads), sizeof(float));
    side_[4] = optional(a.key_lengths, batches, sizeof(size_t));
    side_[5] = optional(a.diagonals, batches, sizeof(ptrdiff_t));
    sums_ = optional(a.log_sum_exp, Times(Times(batches, heads), a.queries), call.number);
    dsinks_ = optional(call.dsinks, SpanOf(batches, a.sink_batch_stride, heads), call.number);
  }

  simdact_status Check(const Tensor& written, std::initializer_list<Tensor> read, bool backward) const {
    const size_t mask_step = c_.a.mask_type == SIMDACT_MASK_NONE ? 0 : c_.a.mask_strides.query;
    if (mask_step != 0 && mask_step < c_.a.keys && c_.a.queries > 1) return SIMDACT_SHORT_STRIDE;
    for (const Matrix& m : side_) {
      if (const simdact_status status = CheckMatrix(m)) return status;
    }
    for (const Matrix& m : {sums_, dsinks_}) {
      if (const simdact_status status = CheckMatrix(m)) return status;
    }
    if (const simdact_status status = CheckTensor(written)) return status;
    const Matrix to = WholeOf(written);
    bool fits = AreDisjoint(to, sums_) && AreDisjoint(to, dsinks_) && AreDisjoint(sums_, dsinks_);
    for (const Tensor& t : read) {
      if (const simdact_status status = CheckTensor(t)) return status;
      const Matrix from = WholeOf(t);
      fits = fits && (AreSame(written, t, c_.a) || AreDisjoint(to, from)) && AreDisjoint(dsinks_, from);
      fits = fits && (backward || AreDisjoint(sums_, from));
    }
    for (const Matrix& m : side_) {
      fits = fits && AreDisjoint(to, m) && AreDisjoint(dsinks_, m) && (backward || AreDisjoint(sums_, m));
    }
    if (!fits) return SIMDACT_OVERLAP;
    return SlopesAreValid(c_.a) ? SIMDACT_OK : SIMDACT_BAD_OPTION;
  }

 private:
  Matrix WholeOf(const Tensor& t) const { return Whole(t, c_.a, c_.bytes); }
  simdact_status CheckTensor(const Tensor& t) const {
    const Matrix whole = WholeOf(t);
    const simdact_status status = CheckMatrix(whole);
    if (status != SIMDACT_OK || whole.cols == 0) return status;
    return RowsAreApart(t, c_.a) ? SIMDACT_OK : SIMDACT_SHORT_STRIDE;
  }

  const Call& c_;
  Matrix side_[6], sums_, dsinks_;
};

// ---- What queries see -------------------------------------------------------------------------------------

// a + b, or the end of the range that it is beyond, which is beyond any key.
ptrdiff_t Sum(ptrdiff_t a, ptrdiff_t b) {
  if (b > 0 && a > PTRDIFF_MAX - b) return PTRDIFF_MAX;
  if (b < 0 && a < PTRDIFF_MIN - b) return PTRDIFF_MIN;
  return a + b;
}

// The first keys of up to kPiece queries, and what is behind their last ones.
struct Visible {
  size_t starts[kPiece], ends[kPiece];

  static bool Differs(const simdact_attention& a) {
    return a.causal != 0 || a.window != 0 || a.key_lengths != nullptr;
  }
  void Set(const simdact_attention& a, size_t batch, size_t query, size_t rows) {
    const auto keys = static_cast<ptrdiff_t>(a.keys);
    ptrdiff_t length = keys;
    if (a.key_lengths != nullptr && a.key_lengths[batch] < a.keys)
      length = static_cast<ptrdiff_t>(a.key_lengths[batch]);
    // Window and diagonal first: what they end up beyond, a query's place does not bring back.
    const ptrdiff_t diagonal = a.diagonals == nullptr ? a.diagonal : a.diagonals[batch];
    const bool has_left = a.window != 0 && a.window_left >= 0,
               has_right = a.window != 0 && a.window_right >= 0;
    const ptrdiff_t left = has_left ? Sum(diagonal, -a.window_left) : 0;
    const ptrdiff_t right = has_right ? Sum(diagonal, a.window_right) : 0;
    for (size_t r = 0; r < rows; ++r) {
      const auto at = static_cast<ptrdiff_t>(query + r);
      ptrdiff_t start = 0, end = length;
      if (a.causal != 0) end = std::min(end, Sum(Sum(at, diagonal), 1));
      if (has_right) end = std::min(end, Sum(Sum(at, right), 1));
      if (has_left) start = Sum(at, left);
      end = std::max(end, ptrdiff_t{0});
      starts[r] = static_cast<size_t>(std::max(ptrdiff_t{0}, std::min(start, end)));
      ends[r] = static_cast<size_t>(end);
    }
  }
};

// f(options, batch, head, query, rows) for all queries of a head, in pieces of at most `most` if they differ
// in what they see.
template <class F>
simdact_status ForEachPiece(const Call& c, size_t batch, size_t head, size_t most, const F& f) {
  Visible visible;
  const bool differs = Visible::Differs(c.a);
  const size_t piece = differs ? std::min(most, kPiece) : most;
  for (size_t query = 0; query < c.a.queries; query += piece) {
    const size_t rows = std::min(piece, c.a.queries - query);
    simdact_softmax_options o = c.RowsOf(batch, head, query, rows);
    if (differs) {
      visible.Set(c.a, batch, query, rows);
      o.starts = visible.starts, o.lengths = visible.ends;
    }
    const simdact_status status = f(o, query, rows);
    if (status != SIMDACT_OK) return status;
  }
  return SIMDACT_OK;
}

// ---- Both directions --------------------------------------------------------------------------------------

simdact_status Forward(int64_t target, simdact_dtype dtype, const void* x, void* y,
                       const simdact_attention& a) {
  Call c(a, dtype);
  c.x = {x, DenseStrides(a.x_strides, a)}, c.y = {y, DenseStrides(a.y_strides, a)};
  if (a.keys == 0) return SIMDACT_EMPTY_ROW;
  if (!ValuesAreValid(c)) return SIMDACT_BAD_OPTION;
  simdact_status status = Arrays(c).Check(c.y, {c.x}, false);
  if (status != SIMDACT_OK) return status;
  const simdact_softmax_kernel& kernel = SoftmaxCodeOf(target, dtype)->kernels[SIMDACT_SOFTMAX_OP_softmax];
  for (size_t b = 0; b < a.batches; ++b) {
    for (size_t h = 0; h < a.heads && status == SIMDACT_OK; ++h) {
      status = ForEachPiece(c, b, h, a.queries, [&](const auto& o, size_t query, size_t rows) {
        return kernel.forward(At<const uint8_t>(c.x, b, h, query, c.bytes),
                              At<uint8_t>(c.y, b, h, query, c.bytes), rows, a.keys, &o);
      });
    }
  }
  return status;
}

// dL/dsink of rows whose sums of y dy are known.
double SinkGradient(const RowOptions& o, const double* sums, size_t rows, simdact_dtype dtype) {
  double total = 0;
  for (size_t r = 0; r < rows; ++r) {
    const double log_sum_exp = NotedLogSumExp(o, r, dtype);
    if (log_sum_exp > -HUGE_VAL || log_sum_exp != log_sum_exp)  // else there is no row
      total -= std::exp(double{*o.sinks} - log_sum_exp) * sums[r];
  }
  return total;
}

void NoteSinkGradient(const Call& c, size_t batch, size_t head, double value) {
  const size_t at = batch * c.a.sink_batch_stride + head;
  if (c.number == sizeof(double)) {
    static_cast<double*>(c.dsinks)[at] = value;
  } else {
    static_cast<float*>(c.dsinks)[at] = static_cast<float>(value);
  }
}

// From y alone where that is enough, which is faster.
simdact_status Backward(int64_t target, simdact_dtype dtype, const void* x, const void* y, const void* dy,
                        void* dx, void* dsinks, const simdact_attention& a) {
  Call c(a, dtype);
  c.dy = {dy, DenseStrides(a.dy_strides, a)}, c.dx = {dx, DenseStrides(a.dx_strides, a)};
  c.y = {y, DenseStrides(a.y_strides, a)}, c.dsinks = dsinks;
  const bool needs_x = y == nullptr || a.softcap != 0;
  c.x = needs_x ? Tensor{x, DenseStrides(a.x_strides, a)} : c.y;
  const Tensor from = y == nullptr ? c.x : c.y;
  if (a.keys == 0) return SIMDACT_EMPTY_ROW;
  if (!ValuesAreValid(c)) return SIMDACT_BAD_OPTION;
  if (a.log_sum_exp == nullptr && (y == nullptr || dsinks != nullptr)) return SIMDACT_NULL_POINTER;
  if (a.sinks == nullptr && dsinks != nullptr) return SIMDACT_NULL_POINTER;
  simdact_status status = Arrays(c).Check(c.dx, {c.x, from, c.dy}, true);
  if (status != SIMDACT_OK) return status;

  const simdact_softmax_kernel& kernel = SoftmaxCodeOf(target, dtype)->kernels[SIMDACT_SOFTMAX_OP_softmax];
  const size_t most = dsinks == nullptr ? a.queries : kPiece;
  for (size_t h = 0; h < a.heads; ++h) {
    double total = 0;
    for (size_t b = 0; b < a.batches && status == SIMDACT_OK; ++b) {
      status = ForEachPiece(c, b, h, most, [&](const auto& o, size_t query, size_t rows) {
        const auto* outputs = At<const uint8_t>(c.y, b, h, query, c.bytes);
        const auto* upstreams = At<const uint8_t>(c.dy, b, h, query, c.bytes);
        auto* to = At<uint8_t>(c.dx, b, h, query, c.bytes);
        if (!needs_x && dsinks == nullptr) return kernel.backward(outputs, upstreams, to, rows, a.keys, &o);
        double sums[kPiece];
        const RowOptions resolved = Resolved(&o, rows, a.keys);
        ScoreGradient(target, dtype, At<const uint8_t>(c.x, b, h, query, c.bytes), outputs, upstreams, to,
                      dsinks == nullptr ? nullptr : sums, rows, a.keys, resolved);
        if (dsinks != nullptr) total += SinkGradient(resolved, sums, rows, dtype);
        return SIMDACT_OK;
      });
      if (status != SIMDACT_OK || dsinks == nullptr) continue;
      if (a.sink_batch_stride != 0 || b + 1 == a.batches) NoteSinkGradient(c, b, h, total);
      if (a.sink_batch_stride != 0) total = 0;
    }
  }
  return status;
}

bool Exists(const simdact_target* target, simdact_dtype dtype) {
  return simdact_target_runs(target) && SoftmaxCodeOf(target->bit, dtype) != nullptr;
}

}  // namespace
}  // namespace simdact

extern "C" {

simdact_status simdact_attention_softmax(const simdact_target* target, simdact_dtype dtype, const void* x,
                                         void* y, const simdact_attention* attention) {
  if (!simdact::Exists(target, dtype)) return SIMDACT_BAD_OPTION;
  if (attention == nullptr) return SIMDACT_NULL_POINTER;
  return simdact::Forward(target->bit, dtype, x, y, *attention);
}

simdact_status simdact_attention_softmax_backward(const simdact_target* target, simdact_dtype dtype,
                                                  const void* x, const void* y, const void* dy, void* dx,
                                                  void* dsinks, const simdact_attention* attention) {
  if (!simdact::Exists(target, dtype)) return SIMDACT_BAD_OPTION;
  if (attention == nullptr) return SIMDACT_NULL_POINTER;
  return simdact::Backward(target->bit, dtype, x, y, dy, dx, dsinks, *attention);
}

#define SIMDACT_ATTENTION_OF(T, DTYPE, E, N)                                                             \
  simdact_status simdact_attention_softmax_##T(const E* x, E* y, const simdact_attention* attention) {   \
    if (attention == nullptr) return SIMDACT_NULL_POINTER;                                               \
    return simdact::Forward(simdact_target_default()->bit, DTYPE, x, y, *attention);                     \
  }                                                                                                      \
  simdact_status simdact_attention_softmax_backward_##T(const E* x, const E* y, const E* dy, E* dx,      \
                                                        N* dsinks, const simdact_attention* attention) { \
    if (attention == nullptr) return SIMDACT_NULL_POINTER;                                               \
    return simdact::Backward(simdact_target_default()->bit, DTYPE, x, y, dy, dx, dsinks, *attention);    \
  }
SIMDACT_ATTENTION_OF(f32, SIMDACT_F32, float, float)
#ifndef SIMDACT_NO_F64
SIMDACT_ATTENTION_OF(f64, SIMDACT_F64, double, double)
#endif
#ifndef SIMDACT_NO_HALF
SIMDACT_ATTENTION_OF(bf16, SIMDACT_BF16, uint16_t, float)
SIMDACT_ATTENTION_OF(f16, SIMDACT_F16, uint16_t, float)
#endif

}  // extern "C"
