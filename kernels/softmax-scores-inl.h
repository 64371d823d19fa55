// Where the scores of a row come from: x itself, or x with the options of simdact_softmax_options.
//
// At(d, i, count, low) gives the scores of columns i to i + lanes - 1, -inf from i + count on, as z + low:
// what scaling and masks round off z, and exp would make visible, is in low. Elements are of a number format
// (f32, f64) or of one that is computed in float (bf16, f16).

#if defined(SIMDACT_SOFTMAX_SCORES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_SCORES_INL_H_
#undef SIMDACT_SOFTMAX_SCORES_INL_H_
#else
#define SIMDACT_SOFTMAX_SCORES_INL_H_
#endif

#include "dispatch/rows.h"
#include "kernels/half-formats-inl.h"
#include "simdact/exp-inl.h"
#include "simdact/hyperbolic-inl.h"

HWY_BEFORE_NAMESPACE();
namespace simdact {
namespace HWY_NAMESPACE {
namespace {

// Loads and stores of whole vectors, or of the first `count` lanes.
template <class T>
struct Wide {
  using Stored = T;
  using Number = T;
  using D = hn::ScalableTag<T>;
  static HWY_INLINE hn::Vec<D> Load(const Stored* from) { return hn::LoadU(D(), from); }
  static HWY_INLINE hn::Vec<D> LoadN(const Stored* from, size_t n) { return hn::LoadN(D(), from, n); }
  static HWY_INLINE void Store(hn::Vec<D> v, Stored* to) { hn::StoreU(v, D(), to); }
  static HWY_INLINE void StoreN(hn::Vec<D> v, Stored* to, size_t n) { hn::StoreN(v, D(), to, n); }
};
template <class Format>
struct Narrow {
  using Stored = uint16_t;
  using Number = float;
  using D = DF;
  static HWY_INLINE hn::Vec<D> Load(const Stored* from) { return Format::Widen(hn::LoadU(DH(), from)); }
  static HWY_INLINE hn::Vec<D> LoadN(const Stored* from, size_t n) {
    return Format::Widen(hn::LoadN(DH(), from, n));
  }
  static HWY_INLINE void Store(hn::Vec<D> v, Stored* to) { hn::StoreU(Format::Round(v), DH(), to); }
  static HWY_INLINE void StoreN(hn::Vec<D> v, Stored* to, size_t n) {
    hn::StoreN(Format::Round(v), DH(), to, n);
  }
};

// v, and -inf from lane `count` on.
template <class D>
HWY_INLINE hn::Vec<D> HideFrom(D d, hn::Vec<D> v, size_t count) {
  return hn::IfThenElse(hn::FirstN(d, count), v, hn::Neg(hn::Inf(d)));
}

template <class Element>
struct PlainScores {
  using D = typename Element::D;
  static constexpr bool kExact = true;  // low is 0
  // How many vectors to work on in lockstep.
  static constexpr size_t kVectors =
      sizeof(typename Element::Number) == sizeof(float) ? Lockstep(8, 4) : Lockstep(4, 4);
  const typename Element::Stored* x;

  template <bool kPartial>
  HWY_INLINE hn::Vec<D> At(D d, size_t i, size_t count, hn::Vec<D>&) const {
    if constexpr (!kPartial) {
      return Element::Load(x + i);
    } else {
      return HideFrom(d, Element::LoadN(x + i, count), count);
    }
  }
};

// z + low += a b, or a alone.
template <class D, class V>
HWY_INLINE void AddProduct(D d, V a, Scalar<D> b, V& z, V& low) {
  V product, product_low, sum_low;
  TwoProduct(d, a, hn::Set(d, b), product, product_low);
  TwoSum(z, product, z, sum_low);
  low = hn::Add(low, hn::Add(product_low, sum_low));
}

template <class Element>
struct FullScores {
  using D = typename Element::D;
  using T = typename Element::Number;
  using Stored = typename Element::Stored;
  static constexpr bool kExact = false;
  static constexpr size_t kVectors = Lockstep(2, 2);  // their code is long
  const Stored* x;
  T scale, softcap, mask_slope, alibi_slope;
  ptrdiff_t last;  // the last visible column
  simdact_mask mask_type;
  const uint8_t* shown;
  const float* mask_f32;
  const Stored* mask_same;

  // visible > 0; sign is -1 for softmin.
  FullScores(const Stored* x_row, const RowOptions& o, size_t row, size_t visible, T sign)
      : x(x_row),
        scale(sign * static_cast<T>(o.scale)),
        softcap(static_cast<T>(o.softcap)),
        mask_slope(static_cast<T>(o.mask_slope)),
        alibi_slope(static_cast<T>(o.alibi_slope)),
        last(static_cast<ptrdiff_t>(visible) - 1),
        mask_type(o.mask_type) {
    const size_t mask_row = mask_type == SIMDACT_MASK_NONE ? 0 : row % o.mask_rows * o.mask_row_stride;
    shown = static_cast<const uint8_t*>(o.mask) + (mask_type == SIMDACT_MASK_BOOL ? mask_row : 0);
    mask_f32 = static_cast<const float*>(o.mask) + (mask_type == SIMDACT_MASK_F32 ? mask_row : 0);
    mask_same = static_cast<const Stored*>(o.mask) + (mask_type == SIMDACT_MASK_SAME ? mask_row : 0);
  }

  template <bool kPartial>
  HWY_INLINE hn::Vec<D> At(D d, size_t i, size_t count, hn::Vec<D>& low) const {
    hn::Vec<D> z = kPartial ? Element::LoadN(x + i, count) : Element::Load(x + i);
    if (softcap != 0) {
      Capped(d, z, low);
    } else {
      TwoProduct(d, z, hn::Set(d, scale), z, low);
    }
    if (mask_type == SIMDACT_MASK_F32) {
      AddProduct(d, FloatMask<kPartial>(d, i, count), mask_slope, z, low);
    } else if (mask_type == SIMDACT_MASK_SAME) {
      AddProduct(d, kPartial ? Element::LoadN(mask_same + i, count) : Element::Load(mask_same + i),
                 mask_slope, z, low);
    }
    if (alibi_slope != 0) {
      const auto column = hn::Iota(d, static_cast<T>(static_cast<ptrdiff_t>(i) - last));
      AddProduct(d, column, alibi_slope, z, low);
    }
    if (mask_type == SIMDACT_MASK_BOOL) {
      const hn::Rebind<uint8_t, D> d8;
      const auto byte = kPartial ? hn::LoadN(d8, shown + i, count) : hn::LoadU(d8, shown + i);
      z = hn::IfThenElse(Shown(d, byte), z, hn::Neg(hn::Inf(d)));
    }
    if constexpr (kPartial) z = HideFrom(d, z, count);
    // exp takes no more than that; a larger score, of 2^17 (f64: 2^46), is rounded. (False for NaN, as of
    // -inf.)
    low = hn::IfThenElseZero(hn::Lt(hn::Abs(low), hn::Set(d, PowerOfTwo<T>(-7))), low);
    return z;
  }

 private:
  // softcap tanh(scale x / softcap) + low. In double for floats: a float's rounding would be 16 ulps of the
  // result.
  HWY_NOINLINE void Capped(D d, hn::Vec<D>& z, hn::Vec<D>& low) const {
    if constexpr (kIsFloat<D>) {
      const hn::Vec<D> x_vector = z;
      const double wide_scale{scale}, cap{softcap};
      const auto capped = [=](auto d64, const auto& v)
                              HWY_ATTR { return Softcap(d64, op::Mul(v, hn::Set(d64, wide_scale)), cap); };
      z = InDouble(d, x_vector, capped);
      const auto rest = [=](auto d64, const auto& v) HWY_ATTR {
        const auto exact = capped(d64, v);
        const hn::Rebind<float, decltype(d64)> d32;
        return op::Sub(exact, op::PromoteTo(d64, op::DemoteTo(d32, exact)));
      };
      low = InDouble(d, x_vector, rest);
    } else {
      z = Softcap(d, hn::Mul(z, hn::Set(d, scale)), softcap);
      low = hn::Zero(d);
    }
  }

  template <bool kPartial>
  HWY_INLINE hn::Vec<D> FloatMask(D d, size_t i, size_t count) const {
    const hn::Rebind<float, D> df;
    const auto mask = kPartial ? hn::LoadN(df, mask_f32 + i, count) : hn::LoadU(df, mask_f32 + i);
    if constexpr (kIsFloat<D>) {
      (void)d;
      return mask;
    } else {
      return hn::PromoteTo(d, mask);
    }
  }

  template <class V8>
  static HWY_INLINE hn::Mask<D> Shown(D d, V8 byte) {
    const hn::RebindToUnsigned<D> du;
    return hn::RebindMask(d, hn::Ne(hn::PromoteTo(du, byte), hn::Zero(du)));
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_SCORES_INL_H_
