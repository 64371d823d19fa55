// The product for one instruction set. f is applied to the sums while they are in registers, before the one
// store: no pass over C is left. There is no guard, for each instruction set includes this file once.

#include <algorithm>

#include "hwy/highway.h"
#include "matmul.h"
#include "simdact/normal-inl.h"

HWY_BEFORE_NAMESPACE();
namespace matmul {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace sa = simdact::HWY_NAMESPACE;

// What f is, as objects, so that the compiler sees the loop and f together. Lambdas would have to be
// HWY_ATTR.
struct Nothing {
  template <class D, class V>
  HWY_INLINE V operator()(D, V v) const {
    return v;
  }
};
struct Gelu {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V v) const {
    return sa::Gelu(d, v);
  }
};
struct FastGelu {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V v) const {
    return sa::FastGelu(d, v);
  }
};

template <class F>
void MatMulThen(F f, const float* a, const float* b, const float* bias, float* c, size_t m, size_t k,
                size_t n) {
  const hn::ScalableTag<float> d;
  for (size_t j = 0; j < n; j += hn::Lanes(d)) {
    const size_t columns = n - j;  // LoadN and StoreN take what is left of a vector
    const auto offset = hn::LoadN(d, bias + j, columns);
    for (size_t i = 0; i < m; i += 4) {
      // A tile of four rows by one vector. Rows beyond the last are the last once more.
      const size_t i1 = std::min(i + 1, m - 1), i2 = std::min(i + 2, m - 1), i3 = std::min(i + 3, m - 1);
      auto c0 = offset, c1 = offset, c2 = offset, c3 = offset;
      for (size_t p = 0; p < k; ++p) {
        const auto row = hn::LoadN(d, b + p * n + j, columns);
        c0 = hn::MulAdd(hn::Set(d, a[i * k + p]), row, c0);
        c1 = hn::MulAdd(hn::Set(d, a[i1 * k + p]), row, c1);
        c2 = hn::MulAdd(hn::Set(d, a[i2 * k + p]), row, c2);
        c3 = hn::MulAdd(hn::Set(d, a[i3 * k + p]), row, c3);
      }
      hn::StoreN(f(d, c0), d, c + i * n + j, columns);
      hn::StoreN(f(d, c1), d, c + i1 * n + j, columns);
      hn::StoreN(f(d, c2), d, c + i2 * n + j, columns);
      hn::StoreN(f(d, c3), d, c + i3 * n + j, columns);
    }
  }
}

// Not a template, so that HWY_EXPORT can make a table of it.
void MatMul(After after, const float* a, const float* b, const float* bias, float* c, size_t m, size_t k,
            size_t n) {
  if (after == After::kGelu) return MatMulThen(Gelu(), a, b, bias, c, m, k, n);
  if (after == After::kFastGelu) return MatMulThen(FastGelu(), a, b, bias, c, m, k, n);
  MatMulThen(Nothing(), a, b, bias, c, m, k, n);
}

}  // namespace HWY_NAMESPACE
}  // namespace matmul
HWY_AFTER_NAMESPACE();
