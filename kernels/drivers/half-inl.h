// bf16 and f16 by way of an op's kernels for float and double: names those to the functions that all ops
// share (half-blocks-inl.h).

#if defined(SIMDACT_HALF_DRIVER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_HALF_DRIVER_INL_H_
#undef SIMDACT_HALF_DRIVER_INL_H_
#else
#define SIMDACT_HALF_DRIVER_INL_H_
#endif

#include "kernels/drivers/half-formats-inl.h"
#include "kernels/drivers/unary-inl.h"
#include "simdact/detail/brief-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {

// The shorter kernel for float, if the op has one (brief-inl.h): for 0 and magnitudes from 2^-60 to most.
struct BriefKernel {
  UnaryKernel kernel;
  float most;  // 0: none for these parameters
  int32_t doubt;
};

// f' as it follows from the output y, where that is short (half-output-inl.h).
enum class OutputSlope {
  kOther,
  kAsFromInput,
  kOutput,
  kOnePlus,
  kOnePlusBelow0,
  kLessSquare,
  kOneLessSquare
};
constexpr OutputSlope SlopeFromOutput(simdact_op op) {
  switch (op) {
    case SIMDACT_OP_leaky_relu:
    case SIMDACT_OP_prelu:
    case SIMDACT_OP_rrelu:
    case SIMDACT_OP_linear:
      return OutputSlope::kAsFromInput;  // which sees x's sign, or nothing of it
    case SIMDACT_OP_exp:
      return OutputSlope::kOutput;
    case SIMDACT_OP_expm1:
      return OutputSlope::kOnePlus;
    case SIMDACT_OP_elu:
    case SIMDACT_OP_celu:
      return OutputSlope::kOnePlusBelow0;  // where their parameter is 1
    case SIMDACT_OP_sigmoid:
      return OutputSlope::kLessSquare;
    case SIMDACT_OP_tanh:
      return OutputSlope::kOneLessSquare;
    default:
      return OutputSlope::kOther;
  }
}

// What all ops share, by a table for each format, in kernels/half.cc: correctly rounded from kernels for
// float and double, or, for the fast tier, rounded from the one for float.
struct HalfBlocks {
  void (*forward)(UnaryKernel with_float, UnaryKernel with_double, BriefKernel brief, const uint16_t* x,
                  uint16_t* y, size_t n, simdact_params p);
  void (*backward)(BackwardKernel with_float, BackwardKernel with_double, const uint16_t* x,
                   const uint16_t* dy, uint16_t* dx, size_t n, simdact_params p);
  void (*from_output)(OutputSlope slope, BackwardKernel with_float, BackwardKernel with_double,
                      const uint16_t* y, const uint16_t* dy, uint16_t* dx, size_t n, simdact_params p);
  void (*forward_fast)(UnaryKernel with_float, const uint16_t* x, uint16_t* y, size_t n, simdact_params p);
  void (*backward_fast)(BackwardKernel with_float, const uint16_t* x, const uint16_t* dy, uint16_t* dx,
                        size_t n, simdact_params p);
  // Conversions alone: WidenBlock and RoundBlock.
  void (*widen)(const uint16_t* from, float* to, size_t n);
  void (*round)(const float* from, uint16_t* to, size_t n);
};
extern const HalfBlocks kBf16Blocks, kF16Blocks;

namespace {

template <class Format>
HWY_INLINE const HalfBlocks& BlocksOf() {
  return hwy::IsSame<Format, Bf16>() ? kBf16Blocks : kF16Blocks;
}

// Whether all of x are 0 or of a magnitude in [least, most], given as bits; least > 0.
inline bool AllWithin(const uint16_t* x, size_t n, uint16_t least, uint16_t most) {
  const hn::ScalableTag<uint16_t> d;
  const size_t lanes = hn::Lanes(d);
  const auto one = hn::Set(d, 1);
  auto largest = hn::Zero(d), smallest = hn::Set(d, 0xFFFF);
  const auto look = [&](hn::Vec<decltype(d)> v) HWY_ATTR {
    const auto magnitude = hn::And(v, hn::Set(d, 0x7FFF));
    largest = hn::Max(largest, magnitude);
    smallest = hn::Min(smallest, hn::Sub(magnitude, one));  // 0 becomes the largest of all
  };
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) look(hn::LoadU(d, x + i));
  if (i < n) look(hn::LoadN(d, x + i, n - i));
  return hn::AllTrue(d, hn::Le(largest, hn::Set(d, most))) &&
         hn::AllTrue(d, hn::Ge(smallest, hn::Sub(hn::Set(d, least), one)));
}

// 16-bit kernels take their parameters as floats.
inline simdact_params ToFloats(simdact_params p) {
  for (double& value : p.value) value = static_cast<double>(Parameter<float>(value));
  return p;
}

// Op::Brief(d, v) where there is one, as the value of an op for Forward.
template <class Op, class = void>
struct BriefOf {
  static BriefKernel Get(simdact_params) { return {nullptr, 0.0f, 0}; }
};
template <class Op>
struct BriefOf<Op, decltype(void(&Op::BriefMost))> {
  struct Brief {
    static constexpr size_t kVectors = kBriefVectors;
    static constexpr int kParameters = Op::kParameters;
    using Accurate = Brief;
    Op op;
    constexpr bool Ordinary() const { return true; }
    explicit Brief(const simdact_params& p) : op(p) {}
    template <class D, class V>
    HWY_INLINE V Value(D d, const V& x) const {
      return op.Brief(d, x);
    }
  };
  static BriefKernel Get(simdact_params p) {
    return {&Forward<Brief, float>, Op(p).BriefMost(), Op::kBriefDoubt};
  }
};

template <class OpFloat, class OpDouble, class Format>
void ForwardInHalf(const void* x, void* y, size_t n, simdact_params p) {
  if (Streams(n * sizeof(uint16_t)) && x != y)
    return StreamForward(&ForwardInHalf<OpFloat, OpDouble, Format>, x, y, n, sizeof(uint16_t), p);
  p = ToFloats(p);
  BlocksOf<Format>().forward(&Forward<OpFloat, float>, &Forward<OpDouble, double>, BriefOf<OpFloat>::Get(p),
                             static_cast<const uint16_t*>(x), static_cast<uint16_t*>(y), n, p);
}

template <class FastOp, class Format>
void ForwardInHalfFast(const void* x, void* y, size_t n, simdact_params p) {
  if (Streams(n * sizeof(uint16_t)) && x != y)
    return StreamForward(&ForwardInHalfFast<FastOp, Format>, x, y, n, sizeof(uint16_t), p);
  BlocksOf<Format>().forward_fast(&Forward<FastOp, float>, static_cast<const uint16_t*>(x),
                                  static_cast<uint16_t*>(y), n, ToFloats(p));
}
template <class FastOp, class Format>
void BackwardInHalfFast(const void* x, const void* dy, void* dx, size_t n, simdact_params p) {
  if (Streams(n * sizeof(uint16_t)) && x != dx && dy != dx)
    return StreamBackward(&BackwardInHalfFast<FastOp, Format>, x, dy, dx, n, sizeof(uint16_t), p);
  BlocksOf<Format>().backward_fast(&Backward<FastOp, float, From::kInput>, static_cast<const uint16_t*>(x),
                                   static_cast<const uint16_t*>(dy), static_cast<uint16_t*>(dx), n,
                                   ToFloats(p));
}
template <class OpFloat, class OpDouble, class Format, From kFrom>
void BackwardInHalf(const void* source, const void* dy, void* dx, size_t n, simdact_params p) {
  if (Streams(n * sizeof(uint16_t)) && source != dx && dy != dx)
    return StreamBackward(&BackwardInHalf<OpFloat, OpDouble, Format, kFrom>, source, dy, dx, n,
                          sizeof(uint16_t), p);
  p = ToFloats(p);
  const BackwardKernel with_float = &Backward<OpFloat, float, kFrom>;
  const BackwardKernel with_double = &Backward<OpDouble, double, kFrom>;
  const uint16_t *from = static_cast<const uint16_t*>(source), *from_dy = static_cast<const uint16_t*>(dy);
  uint16_t* to = static_cast<uint16_t*>(dx);
  constexpr OutputSlope kSlope = SlopeFromOutput(OpFloat::kOp);
  if constexpr (kFrom == From::kOutput && kSlope != OutputSlope::kOther) {
    if (OpFloat::kParameters == 0 || p.value[0] == 1)
      return BlocksOf<Format>().from_output(kSlope, with_float, with_double, from, from_dy, to, n, p);
  }
  BlocksOf<Format>().backward(with_float, with_double, from, from_dy, to, n, p);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_HALF_DRIVER_INL_H_
