// Attention's softmax: each row is what softmax over rows makes of it, to the bit, whatever the strides.

#include "simdact/attention.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory.h"
#include "tests/reference/attention.h"

namespace simdact_fuzz {
namespace {

using simdact_accuracy::AttentionRow;

class Attention {
 public:
  explicit Attention(Input& in)
      : dtype_(in.Choice<simdact_dtype>(SIMDACT_DTYPE_COUNT)),
        stored_(dtype_ < SIMDACT_DTYPE_COUNT ? dtype_ : SIMDACT_F32),
        bytes_(FormatOf(stored_).bytes),
        number_(stored_ == SIMDACT_F64 ? 8 : 4),
        memory_(in) {
    a_.batches = in.Below(3), a_.heads = in.Below(4), a_.queries = in.Below(6), a_.keys = in.Length(80);
    a_.x_strides = Strides(in), a_.y_strides = Strides(in), a_.dy_strides = Strides(in),
    a_.dx_strides = Strides(in);
    x_ = memory_.Place(in.Elements(stored_, Span(a_.x_strides)));
    dy_ = memory_.Place(in.Elements(stored_, Span(a_.dy_strides)));
    y_ = memory_.Place(Span(a_.y_strides) * bytes_);
    dx_ = memory_.Place(Span(a_.dx_strides) * bytes_);
    a_.scale = Option(in, 0.125), a_.softcap = Option(in, 30), a_.mask_slope = Option(in, 0.5);
    a_.tier = in.Choice<simdact_tier>(2), a_.masked_row = in.Choice<simdact_masked_row>(3);
    a_.infinite_score = in.Choice<simdact_infinite_score>(2), a_.mask_type = in.Choice<simdact_mask>(4);
    TakeMask(in);
    TakeTables(in);
    a_.causal = static_cast<int>(in.Below(2)), a_.window = static_cast<int>(in.Below(2));
    if (in.OneIn(60)) a_.causal = 2;
    a_.diagonal = Offset(in), a_.window_left = Offset(in), a_.window_right = Offset(in);
    if (in.OneIn(60)) a_.reserved[in.Below(8)] = 1;
    if (in.OneIn(2)) a_.log_sum_exp = memory_.Side(a_.batches * a_.heads * a_.queries * number_);
    if (a_.sinks != nullptr && in.OneIn(2)) dsinks_ = memory_.Side(SinkSpan() * number_);
    without_y_ = in.OneIn(2);
    if (in.OneIn(50)) x_ = nullptr;
  }

  void Run() {
    simdact_status first[2] = {};
    for (const simdact_target* target : Targets()) {
      target_ = target;
      const simdact_status status[2] = {Forward(), Backward()};
      if (target == Targets()[0]) first[0] = status[0], first[1] = status[1];
      if (status[0] != first[0] || status[1] != first[1]) Fail(Name() + ": another status than elsewhere");
    }
  }

 private:
  static double Option(Input& in, double common) {
    const size_t kind = in.Below(8);
    return kind < 4 ? 0.0 : kind < 7 ? common : in.Number(SIMDACT_F64);
  }
  static ptrdiff_t Offset(Input& in) {
    return in.OneIn(30) ? (in.OneIn(2) ? PTRDIFF_MIN : PTRDIFF_MAX) : static_cast<int8_t>(in.Byte()) / 4;
  }
  // Dense, or of other distances, or with heads inside of queries; seldom rows that lie in each other.
  simdact_strides Strides(Input& in) const {
    const size_t keys = a_.keys + in.Below(3);
    switch (in.Below(8)) {
      case 0:
        return {a_.queries * a_.heads * keys, keys, a_.heads * keys};
      case 1:
        return {0, 0, keys};
      case 2:
        return {in.Below(300), in.Below(100), in.Below(90)};
      default:
        return {};
    }
  }
  simdact_strides Whole(simdact_strides s) const {
    if (s.query == 0) s.query = a_.keys;
    if (s.head == 0) s.head = a_.queries * s.query;
    if (s.batch == 0) s.batch = a_.heads * s.head;
    return s;
  }
  bool IsEmpty() const { return a_.batches == 0 || a_.heads == 0 || a_.queries == 0 || a_.keys == 0; }
  size_t Span(const simdact_strides& given) const {
    const simdact_strides s = Whole(given);
    return IsEmpty()
               ? 0
               : (a_.batches - 1) * s.batch + (a_.heads - 1) * s.head + (a_.queries - 1) * s.query + a_.keys;
  }
  size_t At(const simdact_strides& given, const AttentionRow& row) const {
    const simdact_strides s = Whole(given);
    return (row.batch * s.batch + row.head * s.head + row.query * s.query) * bytes_;
  }

  void TakeMask(Input& in) {
    simdact_strides& s = a_.mask_strides;
    size_t step = a_.keys;
    if (in.OneIn(2)) s.query = step, step *= a_.queries;
    if (in.OneIn(2)) s.head = step, step *= a_.heads;
    if (in.OneIn(2)) s.batch = step;
    const size_t n = IsEmpty() ? 0
                               : (a_.batches - 1) * s.batch + (a_.heads - 1) * s.head +
                                     (a_.queries - 1) * s.query + a_.keys;
    if (a_.mask_type == SIMDACT_MASK_BOOL) {
      std::vector<uint8_t> mask(n);
      for (uint8_t& value : mask) value = static_cast<uint8_t>(in.random().Below(3));
      a_.mask = memory_.Place(mask.data(), n), mask_bytes_ = 1;
    } else if (a_.mask_type != SIMDACT_MASK_NONE) {
      const simdact_dtype dtype = a_.mask_type == SIMDACT_MASK_SAME ? stored_ : SIMDACT_F32;
      a_.mask = memory_.Place(in.Elements(dtype, n)), mask_bytes_ = FormatOf(dtype).bytes;
    }
    if (in.OneIn(50)) a_.mask = nullptr;
  }
  const float* Floats(Input& in, size_t n) {
    return reinterpret_cast<const float*>(memory_.Side(in.Elements(SIMDACT_F32, n, !in.OneIn(8))));
  }
  size_t SinkSpan() const { return a_.batches == 0 ? 0 : (a_.batches - 1) * a_.sink_batch_stride + a_.heads; }
  void TakeTables(Input& in) {
    if (in.OneIn(3)) a_.mask_slopes = Floats(in, a_.heads);
    if (in.OneIn(2)) a_.alibi_batch_stride = a_.heads;
    if (in.OneIn(2)) a_.sink_batch_stride = a_.heads;
    if (in.OneIn(3))
      a_.alibi_slopes = Floats(in, a_.batches == 0 ? 0 : (a_.batches - 1) * a_.alibi_batch_stride + a_.heads);
    if (in.OneIn(3)) a_.sinks = Floats(in, SinkSpan());
    if (in.OneIn(3)) {
      std::vector<size_t> lengths(a_.batches);
      for (size_t& length : lengths) length = in.OneIn(16) ? SIZE_MAX : in.Below(a_.keys + 2);
      a_.key_lengths =
          reinterpret_cast<const size_t*>(memory_.Side(lengths.data(), lengths.size() * sizeof(size_t)));
    }
    if (in.OneIn(3)) {
      std::vector<ptrdiff_t> diagonals(a_.batches);
      for (ptrdiff_t& diagonal : diagonals) diagonal = Offset(in);
      a_.diagonals = reinterpret_cast<const ptrdiff_t*>(
          memory_.Side(diagonals.data(), diagonals.size() * sizeof(ptrdiff_t)));
    }
  }

  std::string Name() const {
    return std::string("attention, dtype ") + std::to_string(dtype_) + ", " + std::to_string(a_.batches) +
           " x " + std::to_string(a_.heads) + " x " + std::to_string(a_.queries) + " x " +
           std::to_string(a_.keys) + ", scale " + Hex(a_.scale) + ", softcap " + Hex(a_.softcap) + ", mask " +
           std::to_string(a_.mask_type) + ", causal " + std::to_string(a_.causal) + ", window " +
           std::to_string(a_.window) + " " + std::to_string(a_.window_left) + " " +
           std::to_string(a_.window_right) + ", diagonal " + std::to_string(a_.diagonal) + ", " +
           TierText(a_.tier) + " on " + simdact_target_name(target_);
  }
  template <class F>
  void ForEachRow(const F& f) const {
    for (size_t b = 0; b < a_.batches; ++b) {
      for (size_t h = 0; h < a_.heads; ++h) {
        for (size_t q = 0; q < a_.queries; ++q) f(AttentionRow{a_, stored_, b, h, q});
      }
    }
  }
  void AllowRows(uint8_t* data, const simdact_strides& strides) {
    ForEachRow([&](const AttentionRow& row) { memory_.Allow(data + At(strides, row), a_.keys * bytes_); });
  }
  void Check(const char* how) {
    memory_.Check([&] { return Name() + how; });
  }
  std::vector<Array> Rows(const uint8_t* data, const simdact_strides& strides) const {
    std::vector<Array> rows;
    ForEachRow(
        [&](const AttentionRow& row) { rows.push_back(Read(stored_, data + At(strides, row), a_.keys)); });
    return rows;
  }
  void Same(const std::vector<Array>& got, const std::vector<Array>& want, const char* how) const {
    for (size_t r = 0; r < want.size(); ++r)
      ExpectSameBits(got[r], want[r], [&] { return Name() + how + ", row " + std::to_string(r); });
  }

  simdact_status Forward() {
    memory_.Restore();
    const simdact_status status = simdact_attention_softmax(target_, dtype_, x_, y_, &a_);
    if (status == SIMDACT_OK) {
      AllowRows(y_, a_.y_strides);
      if (a_.log_sum_exp != nullptr)
        memory_.Allow(a_.log_sum_exp, a_.batches * a_.heads * a_.queries * number_);
    }
    Check("");
    if (status != SIMDACT_OK || IsEmpty()) return status;
    const std::vector<Array> rows = Rows(y_, a_.y_strides);
    CompareWithRows(rows);
    memory_.Restore();
    simdact_attention a = a_;
    a.y_strides = a.x_strides, a.log_sum_exp = nullptr;
    if (simdact_attention_softmax(target_, dtype_, x_, x_, &a) != SIMDACT_OK)
      Fail(Name() + ", in place: status");
    AllowRows(x_, a_.x_strides), Check(", in place");
    Same(Rows(x_, a_.x_strides), rows, ", in place");
    return status;
  }
  // Each row alone, by the function for rows.
  void CompareWithRows(const std::vector<Array>& rows) {
    const simdact_softmax_kernel* kernel = simdact_find_softmax(target_, SIMDACT_SOFTMAX_OP_softmax, dtype_);
    size_t r = 0;
    ForEachRow([&](const AttentionRow& row) {
      simdact_softmax_options o = {};
      o.scale = a_.scale, o.softcap = a_.softcap, o.tier = a_.tier;
      o.masked_row = a_.masked_row, o.infinite_score = a_.infinite_score, o.mask_type = a_.mask_type;
      o.mask_slope = a_.mask_slopes == nullptr ? a_.mask_slope : double{a_.mask_slopes[row.head]};
      if (a_.mask != nullptr) o.mask = static_cast<const uint8_t*>(a_.mask) + row.MaskAt(0) * mask_bytes_;
      if (a_.alibi_slopes != nullptr)
        o.alibi_slope = double{a_.alibi_slopes[row.batch * a_.alibi_batch_stride + row.head]};
      if (a_.sinks != nullptr) o.sinks = a_.sinks + row.batch * a_.sink_batch_stride + row.head;
      size_t start = 0, end = a_.keys;
      while (end != 0 && !row.Sees(end - 1)) --end;
      while (start < end && !row.Sees(start)) ++start;
      // With them it is the accurate tier, even if they hide nothing.
      if (a_.causal != 0 || a_.window != 0 || a_.key_lengths != nullptr) o.starts = &start, o.lengths = &end;
      Array want(stored_, a_.keys);
      const simdact_status status = kernel->forward(x_ + At(a_.x_strides, row), want.Data(), 1, a_.keys, &o);
      if (status != SIMDACT_OK) Fail(Name() + ", as rows: status " + std::to_string(status));
      ExpectSameBits(rows[r], want, [&] { return Name() + ", beside softmax of row " + std::to_string(r); });
      ++r;
    });
  }

  simdact_status Backward() {
    memory_.Restore();
    const simdact_status forward = simdact_attention_softmax(target_, dtype_, x_, y_, &a_);
    AllowRows(y_, a_.y_strides);
    if (a_.log_sum_exp != nullptr)
      memory_.Allow(a_.log_sum_exp, a_.batches * a_.heads * a_.queries * number_);
    const uint8_t* y = without_y_ ? nullptr : y_;
    const simdact_status status =
        simdact_attention_softmax_backward(target_, dtype_, x_, y, dy_, dx_, dsinks_, &a_);
    if (status == SIMDACT_OK) {
      AllowRows(dx_, a_.dx_strides);
      if (dsinks_ != nullptr) memory_.Allow(dsinks_, SinkSpan() * number_);
    }
    Check(", backward");
    if (status != SIMDACT_OK || forward != SIMDACT_OK || IsEmpty()) return status;
    const std::vector<Array> rows = Rows(dx_, a_.dx_strides);
    for (uint8_t* to : {x_, dy_}) {
      memory_.Restore();
      simdact_attention_softmax(target_, dtype_, x_, y_, &a_);
      simdact_attention a = a_;
      a.dx_strides = to == x_ ? a.x_strides : a.dy_strides;
      const simdact_status again =
          simdact_attention_softmax_backward(target_, dtype_, x_, y, dy_, to, dsinks_, &a);
      if (again != SIMDACT_OK) Fail(Name() + ", backward in place: status");
      Same(Rows(to, a.dx_strides), rows, ", backward in place");
    }
    return status;
  }

  simdact_dtype dtype_, stored_;
  size_t bytes_, number_, mask_bytes_ = 0;
  Memory memory_;
  simdact_attention a_ = {};
  bool without_y_ = false;
  uint8_t *x_, *dy_, *y_, *dx_, *dsinks_ = nullptr;
  const simdact_target* target_ = nullptr;
};

}  // namespace

void FuzzAttention(Input& in) { Attention(in).Run(); }

}  // namespace simdact_fuzz
