// Softmax and its kin along an axis of a tensor.

#include "simdact/softmax_axis.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory.h"

namespace simdact_fuzz {

// Columns know nothing of each other: each has the bits that it has between two others.
void FuzzSoftmaxAxis(Input& in) {
  const auto op = in.Valid<simdact_softmax_op>(SIMDACT_SOFTMAX_OP_COUNT);
  const simdact_dtype dtype = simdact_accuracy::Dtypes()[in.Below(simdact_accuracy::Dtypes().size())];
  const size_t outer = in.Below(4), axis = in.Length(40), inner = in.Length(40),
               bytes = FormatOf(dtype).bytes;
  const size_t n = outer * axis * inner, number = dtype == SIMDACT_F64 ? 8 : 4;
  simdact_softmax_axis_options o = {};
  if (in.OneIn(2)) o.scale = in.Number(SIMDACT_F64);
  o.tier = in.Choice<simdact_tier>(2), o.masked_row = in.Choice<simdact_masked_row>(3);
  o.infinite_score = in.Choice<simdact_infinite_score>(2);
  if (in.OneIn(60)) o.reserved[in.Below(8)] = 1;
  Memory memory(in);
  uint8_t* x = memory.Place(in.Elements(dtype, n));
  uint8_t* dy = memory.Place(in.Elements(dtype, n));
  uint8_t* y = memory.Place(n * bytes);
  if (in.OneIn(2)) o.log_sum_exp = memory.Side(outer * inner * number);
  if (in.OneIn(50)) x = nullptr;
  simdact_status first[2] = {};
  for (const simdact_target* target : Targets()) {
    const auto name = [&] {
      return std::string(simdact_describe_softmax(op)->name) + " along an axis, " +
             simdact_accuracy::DtypeName(dtype) + ", " + std::to_string(outer) + " x " +
             std::to_string(axis) + " x " + std::to_string(inner) + ", " + TierText(o.tier) + ", scale " +
             Hex(o.scale) + " on " + simdact_target_name(target);
    };
    const simdact_softmax_axis_kernel* kernel = simdact_find_softmax_axis(target, op, dtype);
    for (const bool backward : {false, true}) {
      const auto call = [&](uint8_t* to, const simdact_softmax_axis_options& with) {
        const simdact_status status = backward ? kernel->backward(x, dy, to, outer, axis, inner, &with)
                                               : kernel->forward(x, to, outer, axis, inner, &with);
        if (status == SIMDACT_OK) memory.Allow(to, n * bytes);
        if (status == SIMDACT_OK && !backward && with.log_sum_exp != nullptr)
          memory.Allow(with.log_sum_exp, outer * inner * number);
        memory.Check([&] { return name() + (backward ? ", backward" : ""); });
        return status;
      };
      memory.Restore();
      const simdact_status status = call(y, o);
      if (target == Targets()[0]) first[backward] = status;
      if (status != first[backward]) Fail(name() + ": another status than elsewhere");
      if (status != SIMDACT_OK) continue;
      const Array result = Read(dtype, y, n);
      for (uint8_t* to : {x, dy}) {
        if (to == dy && !backward) continue;
        memory.Restore();
        if (call(to, o) != SIMDACT_OK) Fail(name() + ", in place: status");
        ExpectSameBits(Read(dtype, to, n), result, [&] { return name() + ", in place"; });
      }
      if (inner < 3) continue;
      // The columns from the second one on, dense.
      const size_t fewer = inner - 1;
      Array part(dtype, outer * axis * fewer), part_dy = part, part_y = part, want = part;
      memory.Restore();
      const Array whole = Read(dtype, x, n), whole_dy = Read(dtype, dy, n);
      for (size_t r = 0; r < outer * axis; ++r) {
        for (size_t i = 0; i < fewer; ++i) {
          part.SetBits(r * fewer + i, whole.Bits(r * inner + i + 1)),
              part_dy.SetBits(r * fewer + i, whole_dy.Bits(r * inner + i + 1));
          want.SetBits(r * fewer + i, result.Bits(r * inner + i + 1));
        }
      }
      simdact_softmax_axis_options plain = o;
      plain.log_sum_exp = nullptr;
      const simdact_status again =
          backward ? kernel->backward(part.Data(), part_dy.Data(), part_y.Data(), outer, axis, fewer, &plain)
                   : kernel->forward(part.Data(), part_y.Data(), outer, axis, fewer, &plain);
      if (again != SIMDACT_OK) Fail(name() + ", fewer columns: status");
      ExpectSameBits(part_y, want,
                     [&] { return name() + (backward ? ", backward" : "") + ", fewer columns"; });
    }
  }
}

}  // namespace simdact_fuzz
