// Where the scores of a row come from: x itself, or x with the options of simdact_softmax_options.
//
// At(d, i, count) gives the scores of columns i to i + lanes - 1, -inf from i + count on, as numbers: x
// itself, or a pair, for what scaling and masks round off exp would make visible. Elements are of a number
// format (f32, f64) or of one that is computed in float (bf16, f16).
//
// Scores with options are made block by block, in a loop for each option that is there, and wait in the
// cache.
//
// exp takes a low word of up to 2^-7. Where a score, or what it is the sum of, is too large for that, its row
// is not ordinary: all its scores are made of three doubles, and the largest one is taken off before they are
// rounded. They are exact then, as if parts were added without rounding, so that a mask of -1e9 over a whole
// row changes nothing, and the row costs three times as much (doubles: more).

#if defined(SIMDACT_SOFTMAX_SCORES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SIMDACT_SOFTMAX_SCORES_INL_H_
#undef SIMDACT_SOFTMAX_SCORES_INL_H_
#else
#define SIMDACT_SOFTMAX_SCORES_INL_H_
#endif

#include <cmath>
#include <limits>

#include "dispatch/rows.h"
#include "kernels/drivers/half-formats-inl.h"
#include "simdact/detail/exp-inl.h"
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
  struct Far {};
  static constexpr bool kExact = true;  // scores are no pairs
  // How many vectors to work on in lockstep.
  static constexpr size_t kVectors =
      sizeof(typename Element::Number) == sizeof(float) ? Lockstep(8, 4) : Lockstep(4, 4);
  const typename Element::Stored* x;

  template <bool kPartial>
  HWY_INLINE hn::Vec<D> At(D d, size_t i, size_t count) const {
    if constexpr (!kPartial) {
      return Element::Load(x + i);
    } else {
      return HideFrom(d, Element::LoadN(x + i, count), count);
    }
  }
};

// Floats as numbers of D: a vector, or its first `count` lanes.
template <bool kPartial, class D>
HWY_INLINE hn::Vec<D> FloatsAt(D d, const float* from, size_t count) {
  const hn::Rebind<float, D> df;
  const auto floats = kPartial ? hn::LoadN(df, from, count) : hn::LoadU(df, from);
  if constexpr (kIsFloat<D>) {
    (void)d;
    return floats;
  } else {
    return hn::PromoteTo(d, floats);
  }
}

// sum + term, what the term and the addition round off being added up first.
template <class S, class N>
HWY_INLINE S PlusTerm(const S& sum, const N& term) {
  const auto next = TwoSum(High(sum), High(term));
  return MakePair(High(next), hn::Add(Low(sum), detail::PlusLow(Low(next), Low(term))));
}

// An error term, or 0 where an overflow has left none.
template <class V>
HWY_INLINE V ErrorOrZero(V error) {
  return hn::IfThenElseZero(hn::Lt(hn::Abs(error), hn::Inf(hn::DFromV<V>())), error);
}

// 2^e for a number between 2^e and 2^(e+1), of either sign; 1 for infinity and NaN.
template <class T>
HWY_INLINE T PowerIn(T number) {
  using Bits = hwy::UnsignedFromSize<sizeof(T)>;
  constexpr T kInfinite = std::numeric_limits<T>::infinity();
  const Bits bits = hwy::BitCastScalar<Bits>(number) & hwy::BitCastScalar<Bits>(kInfinite);
  const T power = hwy::BitCastScalar<T>(bits);
  return power == kInfinite ? T{1} : HWY_MAX(power, std::numeric_limits<T>::min());
}

// A number to multiply by, whatever the sizes. Without FMA a product's error comes of halves of both factors,
// which overflow from 2^116 on (f64: 2^996) where the product need not; there the number's power of two goes
// first.
template <class D>
struct Multiplier {
  using T = Scalar<D>;
  explicit HWY_INLINE Multiplier(T number) : power(1), rest(number) {
    if constexpr (!HWY_NATIVE_FMA) {
      power = PowerIn(number);
      rest = number / power;
    }
  }
  HWY_INLINE Pair<hn::Vec<D>> Times(hn::Vec<D> v) const {
    const D d;
    if constexpr (!HWY_NATIVE_FMA) v = hn::Mul(v, hn::Set(d, power));
    return TwoProduct(v, hn::Set(d, rest));
  }
  T power, rest;
};

// a b of doubles in rows that are not ordinary: one function, for there space counts more than time.
template <class V>
HWY_NOINLINE Pair<V> ProductOutOfLine(V a, double b) {
  return Multiplier<hn::DFromV<V>>(b).Times(a);
}

// A number of three words, as Pair is one of two.
#if HWY_HAVE_SCALABLE || HWY_TARGET_IS_SVE
template <class V>
using Triple = hn::Vec3<hn::DFromV<V>>;
template <class V>
HWY_INLINE Triple<V> MakeTriple(V high, V middle, V low) {
  return hn::Create3(hn::DFromV<V>(), high, middle, low);
}
template <size_t kIndex, class N>
HWY_INLINE auto WordOf(const N& n) {
  return hn::Get3<kIndex>(n);
}
#else
template <class V>
struct Triple {
  V word[3];
};
template <class V>
HWY_INLINE Triple<V> MakeTriple(V high, V middle, V low) {
  return {{high, middle, low}};
}
template <size_t kIndex, class V>
HWY_INLINE V WordOf(const Triple<V>& n) {
  return n.word[kIndex];
}
#endif

// n + v, v being small beside the high word, which stays as it is.
template <class N, class V>
HWY_INLINE N PlusSmall(const N& n, V v) {
  const auto middle = TwoSum(WordOf<1>(n), ErrorOrZero(v));
  return MakeTriple(WordOf<0>(n), V(High(middle)), V(hn::Add(WordOf<2>(n), Low(middle))));
}
// n + v.
template <class N, class V>
HWY_INLINE N PlusWord(const N& n, V v) {
  const auto high = TwoSum(WordOf<0>(n), v);
  return PlusSmall(MakeTriple(V(High(high)), WordOf<1>(n), WordOf<2>(n)), V(Low(high)));
}
// n + a b. Products of floats are exact.
template <bool kFloats, class N, class V>
HWY_INLINE N PlusProductOf(const N& n, V a, double b) {
  if constexpr (kFloats) {
    return PlusWord(n, hn::Mul(a, hn::Set(hn::DFromV<V>(), b)));
  } else {
    const auto product = ProductOutOfLine(a, b);
    return PlusWord(PlusSmall(n, V(Low(product))), V(High(product)));
  }
}

// What a call has returned, in registers: a variable that g++ lets a call return into stays in memory.
template <class N>
HWY_INLINE N Copied(const N& n) {
  return MakePair(High(n), Low(n));
}

template <class D>
HWY_NOINLINE hn::Vec<D> SoftcapOutOfLine(D d, hn::Vec<D> x, double cap) {
  return Softcap(d, x, cap);
}

template <class Element>
struct FarScores;

// Scores of columns from `begin` on, -inf behind the last one of the row.
template <class T>
struct ScoreBlock {
  static constexpr size_t kSize = kScoreBlock<T>;
  static constexpr size_t kNone = ~size_t{0} - kSize;
  HWY_ALIGN T high[kSize], low[kSize];
  size_t begin;
  bool are_small;  // no summand in blocks so far is above kLarge / 2, but for ALiBi's
};

template <class Element>
struct FullScores {
  using Far = FarScores<Element>;
  using D = typename Element::D;
  using T = typename Element::Number;
  using Stored = typename Element::Stored;
  using Score = Pair<hn::Vec<D>>;
  static constexpr bool kExact = false;
  static constexpr size_t kVectors = Lockstep(2, 2);  // four are slower in short rows
  // A row is ordinary if its largest score is smaller than that, and no summand is larger than half of it:
  // scores near the largest one then have no summand below -2 kLarge, and have lost nothing.
  static constexpr T kLarge = PowerOfTwo<T>(kIsFloat<D> ? 14 : 43);

  const Stored* x;
  T scale, softcap, mask_slope, alibi_slope;
  ptrdiff_t last;  // the last visible column
  simdact_mask mask_type;
  const uint8_t* shown;
  const float* mask_f32;
  const Stored* mask_same;
  const Far* far = nullptr;  // unless the row is ordinary, as far as is known
  ScoreBlock<T>* block;

  FullScores() {}
  // Of a row's visible columns, the first of which is 0 from here on; sign is -1 for softmin.
  FullScores(const Stored* x_row, const RowOptions& o, size_t row, const Columns& columns, T sign,
             ScoreBlock<T>* room)
      : x(x_row + columns.before),
        scale(sign * static_cast<T>(o.scale)),
        softcap(static_cast<T>(o.softcap)),
        mask_slope(static_cast<T>(o.mask_slope)),
        alibi_slope(static_cast<T>(o.alibi_slope)),
        last(static_cast<ptrdiff_t>(columns.visible) - 1),
        mask_type(o.mask_type),
        block(room) {
    block->begin = ScoreBlock<T>::kNone, block->are_small = true;
    const size_t mask_row =
        mask_type == SIMDACT_MASK_NONE ? 0 : row % o.mask_rows * o.mask_row_stride + columns.before;
    shown = static_cast<const uint8_t*>(o.mask) + (mask_type == SIMDACT_MASK_BOOL ? mask_row : 0);
    mask_f32 = static_cast<const float*>(o.mask) + (mask_type == SIMDACT_MASK_F32 ? mask_row : 0);
    mask_same = static_cast<const Stored*>(o.mask) + (mask_type == SIMDACT_MASK_SAME ? mask_row : 0);
  }

  // Whether scores are sums, whose summands may be larger than they are.
  bool AreSums() const { return HasSummand() || alibi_slope != 0; }
  // Whether a row is ordinary, given the largest score, and whether summands, but for ALiBi's, are not above
  // kLarge / 2. (False for NaN.)
  bool IsOrdinary(T score, bool are_small) const {
    if (alibi_slope < 0) are_small &= -alibi_slope * static_cast<T>(last) <= kLarge / 2;
    return score < kLarge && score > -kLarge && are_small;
  }

  template <bool kPartial>
  HWY_INLINE Score At(D d, size_t i, size_t) const {
    size_t at = i - block->begin;
    if (HWY_UNLIKELY(at >= ScoreBlock<T>::kSize)) {
      Fill(*this, i);
      at = 0;
    }
    return MakePair(hn::Load(d, block->high + at), hn::Load(d, block->low + at));
  }

  // From now on scores are what is left of them.
  void TakeOff(const Far& off) {
    far = &off;
    block->begin = ScoreBlock<T>::kNone;
  }

  // Finds the largest score of the row and its sink, which is to be taken off the scores. Returns the sink
  // less that. By value: what a loop reads must not have an address.
  static HWY_NOINLINE double LessLargest(FullScores scores, size_t visible, double sink, Far& to) {
    const D64 d64;
    V64 most = hn::Neg(hn::Inf(d64));
    scores.ForEachScore(visible, [&](const Words& n) SIMDACT_LOOP_BODY {
      const auto h = WordOf<0>(n);
      most = hn::IfThenElse(hn::Gt(h, most), h, most);  // not for NaN, which may be hidden
    });
    double high = hn::ReduceMax(d64, most), middle = 0, low = 0;
    if (std::fabs(high) >= 0x1p50 && std::fabs(high) < HUGE_VAL) {  // the other words count, too
      V64 most_middle = hn::Zero(d64), most_low = most_middle;
      most = hn::Neg(hn::Inf(d64));
      scores.ForEachScore(visible, [&](const Words& n) SIMDACT_LOOP_BODY {
        const auto h = WordOf<0>(n), m = WordOf<1>(n), l = WordOf<2>(n);
        const auto last_word = hn::And(hn::Eq(m, most_middle), hn::Gt(l, most_low));
        const auto later = hn::And(hn::Eq(h, most), hn::Or(hn::Gt(m, most_middle), last_word));
        const auto more = hn::Or(hn::Gt(h, most), later);
        most = hn::IfThenElse(more, h, most);
        most_middle = hn::IfThenElse(more, m, most_middle);
        most_low = hn::IfThenElse(more, l, most_low);
      });
      HWY_ALIGN double highs[hn::MaxLanes(D64())], middles[hn::MaxLanes(D64())], lows[hn::MaxLanes(D64())];
      hn::Store(most, d64, highs);
      hn::Store(most_middle, d64, middles);
      hn::Store(most_low, d64, lows);
      high = -HUGE_VAL;
      for (size_t k = 0; k < hn::Lanes(d64); ++k) {
        const bool more = highs[k] != high       ? highs[k] > high
                          : middles[k] != middle ? middles[k] > middle
                                                 : lows[k] > low;
        if (more) high = highs[k], middle = middles[k], low = lows[k];
      }
    }
    if (sink < HUGE_VAL && sink > high) high = sink, middle = low = 0;
    to.scores = scores;
    to.highest = static_cast<T>(high == HUGE_VAL || high == -HUGE_VAL ? high : 0.0);
    // Nothing is taken off -inf. What is finite beside inf must stay so.
    if (high == HUGE_VAL) high = hwy::HighestValue<double>();
    if (high == -HUGE_VAL) high = 0;
    to.high = high, to.middle = middle, to.low = low;
    return ((sink - high) - middle) - low;
  }
  // The log-sum-exp of the scores as they were.
  double WithLargest(double log_sum_exp) const {
    return far == nullptr ? log_sum_exp : far->high + (far->middle + (far->low + log_sum_exp));
  }

 private:
  // Vectors of doubles: one for each of T, or two.
  static constexpr size_t kHalves = kIsFloat<D> && hn::MaxLanes(D()) > 1 ? 2 : 1;
  using D64 = hwy::If<kHalves == 2, hn::Repartition<double, D>, hn::Rebind<double, D>>;
  using V64 = hn::Vec<D64>;
  using Words = Triple<V64>;
  template <int kHalf>
  static HWY_INLINE V64 HalfOf(hn::Vec<D> v) {
    const D64 d64;
    if constexpr (kHalves == 2) {
      return kHalf == 0 ? hn::PromoteLowerTo(d64, v) : hn::PromoteUpperTo(d64, v);
    } else if constexpr (kIsFloat<D>) {
      return hn::PromoteTo(d64, v);
    } else {
      return v;
    }
  }

  // f(words) for all scores, a vector of doubles at a time; -inf where hidden.
  template <class F>
  HWY_INLINE void ForEachScore(size_t visible, const F& f) const {
    const D d;
    const D64 d64;
    const auto hide = [](const Words& n, V64 hidden) SIMDACT_FORMULA {
      return MakeTriple(V64(hn::Add(WordOf<0>(n), hidden)), V64(WordOf<1>(n)), V64(WordOf<2>(n)));
    };
    for (size_t i = 0; i < visible; i += hn::Lanes(d)) {
      const size_t count = HWY_MIN(hn::Lanes(d), visible - i);
      const auto x_vector = Element::LoadN(x + i, count), mask = Mask<true>(i, count);
      auto hidden = HideFrom(d, hn::Zero(d), count);  // 0 or -inf
      if (mask_type == SIMDACT_MASK_BOOL) hidden = Hide<true>(d, hidden, i, count);
      f(hide(WordsOf(HalfOf<0>(x_vector), HalfOf<0>(mask), i), HalfOf<0>(hidden)));
      if constexpr (kHalves == 2) {
        f(hide(WordsOf(HalfOf<1>(x_vector), HalfOf<1>(mask), i + hn::Lanes(d64)), HalfOf<1>(hidden)));
      }
    }
  }
  // scale x, capped.
  HWY_INLINE Words ScaledWords(V64 x_vector) const {
    const D64 d64;
    const V64 factor = hn::Set(d64, double{scale}), none = hn::Zero(d64);
    if (softcap != 0)
      return MakeTriple(SoftcapOutOfLine(d64, hn::Mul(x_vector, factor), double{softcap}), none, none);
    if constexpr (kIsFloat<D>) {
      return MakeTriple(V64(hn::Mul(x_vector, factor)), none, none);
    } else {
      const auto product = ProductOutOfLine(x_vector, double{scale});
      return MakeTriple(V64(High(product)), V64(ErrorOrZero(Low(product))), none);
    }
  }
  // The high word rounded from the whole, and then the middle one.
  static HWY_INLINE Words Rounded(const Words& n) {
    const auto small = TwoSum(WordOf<1>(n), WordOf<2>(n));
    const auto high = TwoSum(WordOf<0>(n), High(small));
    const auto rest = TwoSum(ErrorOrZero(Low(high)), Low(small));
    return MakeTriple(V64(High(high)), V64(High(rest)), V64(Low(rest)));
  }
  // The scores of columns i to i + lanes of doubles - 1.
  HWY_INLINE Words WordsOf(V64 x_vector, V64 mask, size_t i) const {
    const D64 d64;
    Words n = ScaledWords(x_vector);
    if (HasSummand()) n = PlusProductOf<kIsFloat<D>>(n, mask, double{mask_slope});
    if (alibi_slope != 0) {
      const auto column = static_cast<double>(static_cast<ptrdiff_t>(i) - last);
      n = PlusProductOf<kIsFloat<D>>(n, hn::Iota(d64, column), double{alibi_slope});
    }
    if (!kIsFloat<D> || alibi_slope != 0) return Rounded(n);
    return n;  // two floats' products leave nothing to do
  }
  // n less what is taken off. A float has no use for the digits that these sums of doubles round off: next to
  // the largest score there are none.
  static HWY_INLINE Pair<V64> Difference(const Far& off, const Words& n) {
    const D64 d64;
    const V64 l = hn::Sub(WordOf<2>(n), hn::Set(d64, off.low));
    if constexpr (kIsFloat<D>) {
      const V64 sum = hn::Sub(WordOf<0>(n), hn::Set(d64, off.high));
      return TwoSum(sum, V64(hn::Add(hn::Sub(WordOf<1>(n), hn::Set(d64, off.middle)), l)));
    } else {
      const auto high = TwoSum(WordOf<0>(n), hn::Set(d64, -off.high));
      const auto middle = TwoSum(WordOf<1>(n), hn::Set(d64, -off.middle));
      const auto sum = TwoSum(High(high), High(middle));
      const V64 error =
          hn::Add(ErrorOrZero(Low(sum)), hn::Add(ErrorOrZero(Low(high)), hn::Add(Low(middle), l)));
      return TwoSum(High(sum), error);
    }
  }

  // f(i, count) for each vector of n columns.
  template <class F>
  static HWY_INLINE void ForEachVectorOf(size_t n, const F& f) {
    const size_t lanes = hn::Lanes(D());
    for (size_t i = 0; i < n; i += lanes) f(i, HWY_MIN(lanes, n - i));
  }
  static HWY_INLINE hn::Vec<D> LoadSome(const Stored* from, size_t count) {
    return HWY_LIKELY(count == hn::Lanes(D())) ? Element::Load(from) : Element::LoadN(from, count);
  }
  static HWY_INLINE Score Filled(const ScoreBlock<T>& to, size_t i) {
    return MakePair(hn::Load(D(), to.high + i), hn::Load(D(), to.low + i));
  }
  // exp takes no more than that; a score that has lost more is 0 beside the largest one. (False for NaN, as
  // of -inf.)
  static HWY_INLINE void Keep(const Score& n, ScoreBlock<T>& to, size_t i) {
    const D d;
    const auto rest = Low(n), few = hn::Set(d, PowerOfTwo<T>(-7));
    hn::Store(High(n), d, to.high + i);
    hn::Store(hn::IfThenElseZero(hn::Lt(hn::Abs(rest), few), rest), d, to.low + i);
  }

  // The block from a column on. By value: what a loop reads must not have an address.
  static HWY_NOINLINE void Fill(const FullScores scores, size_t begin) {
    const D d;
    ScoreBlock<T>& to = *scores.block;
    const size_t n = HWY_MIN(ScoreBlock<T>::kSize, static_cast<size_t>(scores.last + 1) - begin);
    to.begin = begin;
    if (HWY_UNLIKELY(scores.far != nullptr)) {
      ForEachVectorOf(n, [&](size_t i, size_t count) SIMDACT_LOOP_BODY {
        const auto x_vector = LoadSome(scores.x + begin + i, count);
        Keep(Copied(LessHigh(*scores.far, x_vector, begin + i, count)), to, i);
      });
    } else {
      scores.FillScaled(begin, n, to);
      if (scores.HasSummand()) to.are_small &= scores.AddMask(begin, n, to);
      if (scores.alibi_slope != 0) scores.AddAlibi(begin, n, to);
    }
    if (scores.mask_type == SIMDACT_MASK_BOOL) {
      ForEachVectorOf(n, [&](size_t i, size_t count) SIMDACT_LOOP_BODY {
        const auto z = hn::Load(d, to.high + i);
        hn::Store(count == hn::Lanes(d) ? scores.template Hide<false>(d, z, begin + i, count)
                                        : scores.template Hide<true>(d, z, begin + i, count),
                  d, to.high + i);
      });
    }
    if (n % hn::Lanes(d) != 0) {
      const size_t i = n - n % hn::Lanes(d);
      hn::Store(HideFrom(d, hn::Load(d, to.high + i), n - i), d, to.high + i);
    }
  }
  HWY_INLINE void FillScaled(size_t begin, size_t n, ScoreBlock<T>& to) const {
    const D d;
    if (softcap != 0) {
      ForEachVectorOf(n, [&](size_t i, size_t count) SIMDACT_LOOP_BODY {
        const auto x_vector = LoadSome(x + begin + i, count);
        if constexpr (kIsFloat<D>) {
          Keep(Copied(Capped(x_vector, scale, softcap)), to, i);
        } else {
          Keep(MakePair(SoftcapOutOfLine(d, hn::Mul(x_vector, hn::Set(d, scale)), softcap), hn::Zero(d)), to,
               i);
        }
      });
    } else {
      const Multiplier<D> factor(scale);
      ForEachVectorOf(n, [&](size_t i, size_t count) SIMDACT_LOOP_BODY {
        Keep(factor.Times(LoadSome(x + begin + i, count)), to, i);
      });
    }
  }
  // Returns whether all summands are small enough.
  HWY_INLINE bool AddMask(size_t begin, size_t n, ScoreBlock<T>& to) const {
    const D d;
    const Multiplier<D> factor(mask_slope);
    auto most = hn::Neg(hn::Inf(d));
    ForEachVectorOf(n, [&](size_t i, size_t count) SIMDACT_LOOP_BODY {
      const auto mask = count == hn::Lanes(d) ? Mask<false>(begin + i, count) : Mask<true>(begin + i, count);
      const auto product = factor.Times(mask);
      const auto z = Filled(to, i);
      most = hn::Max(most, hn::Max(High(z), High(product)));
      Keep(PlusTerm(z, product), to, i);
    });
    return hn::AllTrue(d, hn::Le(most, hn::Set(d, kLarge / 2)));
  }
  HWY_INLINE void AddAlibi(size_t begin, size_t n, ScoreBlock<T>& to) const {
    const D d;
    const Multiplier<D> slope(alibi_slope);
    ForEachVectorOf(n, [&](size_t i, size_t) SIMDACT_LOOP_BODY {
      const auto column = hn::Iota(d, static_cast<T>(static_cast<ptrdiff_t>(begin + i) - last));
      Keep(PlusTerm(Filled(to, i), slope.Times(column)), to, i);
    });
  }

  // x as loaded.
  static HWY_NOINLINE Score LessHigh(const Far& off, hn::Vec<D> x_vector, size_t i, size_t count) {
    const D d;
    const D64 d64;
    const FullScores& scores = off.scores;
    auto mask = hn::Zero(d);
    if (count == hn::Lanes(d)) {
      mask = scores.template Mask<false>(i, count);
    } else {
      mask = scores.template Mask<true>(i, count);
    }
    const auto lower = Difference(off, scores.WordsOf(HalfOf<0>(x_vector), HalfOf<0>(mask), i));
    if constexpr (!kIsFloat<D>) {
      return lower;
    } else if constexpr (kHalves == 1) {
      return Halved(V64(High(lower)));
    } else {
      const size_t next = i + hn::Lanes(d64);
      const auto upper = Difference(off, scores.WordsOf(HalfOf<1>(x_vector), HalfOf<1>(mask), next));
      const auto z = Halved(V64(High(lower))), y = Halved(V64(High(upper)));
      return MakePair(hn::Combine(d, High(y), High(z)), hn::Combine(d, Low(y), Low(z)));
    }
  }
  // A double as a pair of floats.
  static HWY_INLINE auto Halved(V64 v) {
    const D64 d64;
    const hn::Rebind<float, D64> narrow;
    const auto high = hn::DemoteTo(narrow, v);
    return MakePair(high, hn::DemoteTo(narrow, hn::Sub(v, hn::PromoteTo(d64, high))));
  }

  // softcap tanh(scale x / softcap) of floats, in double: a float's rounding would be 16 ulps of the result.
  static HWY_NOINLINE Score Capped(hn::Vec<D> x_vector, T scale, T softcap) {
    const D64 d64;
    const double wide_scale{scale}, cap{softcap};
    const auto capped = [=](V64 v) SIMDACT_FORMULA {
      return Halved(V64(SoftcapOutOfLine(d64, hn::Mul(v, hn::Set(d64, wide_scale)), cap)));
    };
    const auto z = capped(HalfOf<0>(x_vector));
    if constexpr (kHalves == 1) {
      return z;
    } else {
      const D d;
      const auto y = capped(HalfOf<1>(x_vector));
      return MakePair(hn::Combine(d, High(y), High(z)), hn::Combine(d, Low(y), Low(z)));
    }
  }

  bool HasSummand() const { return mask_type == SIMDACT_MASK_F32 || mask_type == SIMDACT_MASK_SAME; }
  template <bool kPartial>
  HWY_INLINE hn::Vec<D> Mask(size_t i, size_t count) const {
    const D d;
    if (mask_type == SIMDACT_MASK_F32) return FloatMask<kPartial>(d, i, count);
    if (mask_type == SIMDACT_MASK_SAME) return SameMask<kPartial>(i, count);
    return hn::Zero(d);
  }
  template <bool kPartial>
  HWY_INLINE hn::Vec<D> FloatMask(D d, size_t i, size_t count) const {
    return FloatsAt<kPartial>(d, mask_f32 + i, count);
  }
  template <bool kPartial>
  HWY_INLINE hn::Vec<D> SameMask(size_t i, size_t count) const {
    return kPartial ? Element::LoadN(mask_same + i, count) : Element::Load(mask_same + i);
  }

  // z, and -inf where the mask of bytes hides the column.
  template <bool kPartial, class AnyD>
  HWY_INLINE hn::Vec<AnyD> Hide(AnyD d, hn::Vec<AnyD> z, size_t i, size_t count) const {
    const hn::Rebind<uint8_t, AnyD> d8;
    const hn::RebindToUnsigned<AnyD> du;
    const auto byte = kPartial ? hn::LoadN(d8, shown + i, count) : hn::LoadU(d8, shown + i);
    const auto is_shown = hn::RebindMask(d, hn::Ne(hn::PromoteTo(du, byte), hn::Zero(du)));
    return hn::IfThenElse(is_shown, z, hn::Neg(hn::Inf(d)));
  }
};

// The scores of a row that is not ordinary, and what is taken off them: none is larger by more than a
// rounding.
template <class Element>
struct FarScores {
  FullScores<Element> scores;
  double high = 0, middle = 0, low = 0;
  typename Element::Number highest = 0;  // of what is left: 0, or infinite
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace simdact
HWY_AFTER_NAMESPACE();

#endif  // SIMDACT_SOFTMAX_SCORES_INL_H_
