// What the tests of softmax loop over, and the rows that they try.
#ifndef SIMDACT_TESTS_SOFTMAX_SOFTMAX_CASES_H_
#define SIMDACT_TESTS_SOFTMAX_SOFTMAX_CASES_H_

#include <string>

#include "tests/common/kernels.h"
#include "tests/ruler/softmax_rows.h"

namespace simdact_test {

using simdact_accuracy::kSpreads;
using simdact_accuracy::MakeRow;
using simdact_accuracy::Reals;
using simdact_accuracy::RealsOf;
using simdact_accuracy::ScoresOf;
using simdact_accuracy::SoftmaxGradient;
using simdact_accuracy::SoftmaxOf;
using simdact_accuracy::Spread;

struct SoftmaxCase {
  const simdact_target* target;
  simdact_softmax_op op;
  simdact_dtype dtype;
  const simdact_softmax_kernel* kernel;
  std::string Name() const {
    return std::string(simdact_describe_softmax(op)->name) + " " + simdact_accuracy::DtypeName(dtype) +
           " on " + simdact_target_name(target);
  }
};

template <class F>
void ForEachSoftmax(const F& f) {
  for (const simdact_target* target : simdact_accuracy::RunningTargets()) {
    for (const simdact_dtype dtype : simdact_accuracy::Dtypes()) {
      for (int op = 0; op < SIMDACT_SOFTMAX_OP_COUNT; ++op) {
        const auto softmax_op = static_cast<simdact_softmax_op>(op);
        const SoftmaxCase c{target, softmax_op, dtype, simdact_find_softmax(target, softmax_op, dtype)};
        SCOPED_TRACE(c.Name());
        ASSERT_NE(c.kernel, nullptr);
        f(c);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

// Checks a row of results against the exact ones: `ulps`; half a unit more among the denormals, where a
// rounded term is rounded again.
inline void ExpectRow(const SoftmaxCase& c, const Array& y, size_t begin, const Reals& exact, double ulps) {
  const double least = std::ldexp(1.0, FormatOf(c.dtype).min_exponent);
  for (size_t i = 0; i < exact.size(); ++i) {
    const double got = y[begin + i];
    const long double want = exact[i];
    const double room = !IsHalf(c.dtype) && std::fabs(static_cast<double>(want)) < least ? 0.5 : 0.0;
    ASSERT_LE(simdact_accuracy::UlpError(c.dtype, got, want), ulps + room)
        << "column " << i << " of " << exact.size() << ": got " << got << ", want "
        << static_cast<double>(want);
  }
}
inline void ExpectSameBits(const Array& got, const Array& want) {
  ASSERT_EQ(got.Size(), want.Size());
  for (size_t i = 0; i < want.Size(); ++i) ASSERT_EQ(got.Bits(i), want.Bits(i)) << "element " << i;
}
inline double SoftmaxClaim(const SoftmaxCase& c) { return simdact_accuracy::SoftmaxClaim(c.dtype); }
// Doubles have no longer format in which a capped score would keep what it rounds off: up to an ulp of the
// cap, in the score and in the largest one, whose difference exp makes an error of y in proportion.
inline double SoftmaxClaim(const SoftmaxCase& c, const simdact_softmax_options& o) {
  return SoftmaxClaim(c) + (c.dtype == SIMDACT_F64 ? 4 * o.softcap : 0.0);
}

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_SOFTMAX_SOFTMAX_CASES_H_
