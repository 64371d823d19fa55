// cross_entropy.h for C++17: overloads for float, double, simdact::bf16 and simdact::f16.
//
//   simdact::cross_entropy(x.data(), labels.data(), loss.data(), dx.data(), rows, cols);
//   simdact_cross_entropy_options o{};
//   o.label_smoothing = 0.1;
//   simdact::cross_entropy(x.data(), labels.data(), loss.data(), dx.data(), rows, cols, &o);
#ifndef SIMDACT_CROSS_ENTROPY_HPP_
#define SIMDACT_CROSS_ENTROPY_HPP_

#include "simdact/simdact.hpp"

namespace simdact {

// dx may be left out: nullptr.
#define SIMDACT_OVERLOAD(T, E, P)                                                                          \
  inline simdact_status cross_entropy(const E* x_, const int64_t* labels_, P* loss_, E* dx_, size_t rows_, \
                                      size_t cols_,                                                        \
                                      const simdact_cross_entropy_options* options_ = nullptr) noexcept {  \
    return simdact_cross_entropy_##T(bits(x_), labels_, loss_, bits(dx_), rows_, cols_, options_);         \
  }
SIMDACT_OVERLOAD(f32, float, float)
#ifndef SIMDACT_NO_F64
SIMDACT_OVERLOAD(f64, double, double)
#endif
#ifndef SIMDACT_NO_HALF
SIMDACT_OVERLOAD(bf16, bf16, float)
SIMDACT_OVERLOAD(f16, f16, float)
#endif
#undef SIMDACT_OVERLOAD

}  // namespace simdact

#endif  // SIMDACT_CROSS_ENTROPY_HPP_
