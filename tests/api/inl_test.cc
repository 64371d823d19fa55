// The vector functions inside a user's own Highway code: bias and gelu in one pass, dispatched by the user.
// Also: they give the bits of the array functions, on whole, half and single-lane vectors.

// The order of includes has a meaning.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/api/inl_test.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simdact/exponential-inl.h"
#include "simdact/hyperbolic-inl.h"
#include "simdact/logistic-inl.h"
#include "simdact/normal-inl.h"
#include "simdact/rectified-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace simdact_user {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace sa = simdact::HWY_NAMESPACE;

template <class D>
void BiasGeluWith(D d, const float* x, float bias, float* y, size_t n) {
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto v = hn::Add(hn::LoadN(d, x + i, n - i), hn::Set(d, bias));
    hn::StoreN(sa::Gelu(d, v), d, y + i, n - i);
  }
}

void BiasGelu(const float* x, float bias, float* y, size_t n) {
  BiasGeluWith(hn::ScalableTag<float>(), x, bias, y, n);
}
void BiasGeluHalf(const float* x, float bias, float* y, size_t n) {
  BiasGeluWith(hn::Half<hn::ScalableTag<float>>(), x, bias, y, n);
}
void BiasGeluOne(const float* x, float bias, float* y, size_t n) {
  BiasGeluWith(hn::CappedTag<float, 1>(), x, bias, y, n);
}

}  // namespace HWY_NAMESPACE
}  // namespace simdact_user
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cstring>

#include "tests/common/kernels.h"

namespace simdact_user {
HWY_EXPORT(BiasGelu);
HWY_EXPORT(BiasGeluHalf);
HWY_EXPORT(BiasGeluOne);

namespace {

using Function = void(const float*, float, float*, size_t);

TEST(Inl, GivesTheBitsOfTheArrayFunction) {
  std::vector<float> x(1001), shifted(1001), want(1001), y(1001);
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = -8.0f + 0.0161f * static_cast<float>(i);
    shifted[i] = x[i] + 0.25f;
  }
  simdact_accuracy::RunningTargets();  // simdact asks the CPU before Highway is told to pretend below
  size_t tried = 0;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    const simdact_target* same = simdact_target_by_name(hwy::TargetName(target));
    simdact_find(same, SIMDACT_OP_gelu, SIMDACT_F32, SIMDACT_ACCURATE)
        ->forward(shifted.data(), want.data(), want.size(), {});
    hwy::SetSupportedTargetsForTest(target);
    for (Function* function : {HWY_DYNAMIC_POINTER(BiasGelu), HWY_DYNAMIC_POINTER(BiasGeluHalf),
                               HWY_DYNAMIC_POINTER(BiasGeluOne)}) {
      std::fill(y.begin(), y.end(), -1.0f);
      function(x.data(), 0.25f, y.data(), y.size());
      EXPECT_EQ(std::memcmp(y.data(), want.data(), y.size() * sizeof(float)), 0);
      ++tried;
    }
    hwy::SetSupportedTargetsForTest(0);
  }
  EXPECT_EQ(tried, 3 * simdact_accuracy::RunningTargets().size());
}

}  // namespace
}  // namespace simdact_user
#endif  // HWY_ONCE
