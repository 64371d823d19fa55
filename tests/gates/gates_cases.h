// What the tests of the gated linear units loop over, and run.
#ifndef SIMDACT_TESTS_GATES_GATES_CASES_H_
#define SIMDACT_TESTS_GATES_GATES_CASES_H_

#include <cstring>
#include <string>

#include "simdact/simdact.h"
#include "tests/common/kernels.h"
#include "tests/reference/gates.h"
#include "tests/ruler/gates_sweep.h"

namespace simdact_test {

using simdact_accuracy::Dtypes;
using simdact_accuracy::HasFastGate;
using simdact_accuracy::RoundedTo;
using simdact_accuracy::RunningTargets;

struct GateCase {
  const simdact_target* target;
  simdact_gate gate;
  simdact_dtype dtype;
  simdact_tier tier;
  const simdact_gate_kernel* kernel;
  simdact_params p;  // the defaults, as the dtype has them
  size_t bytes;
  double Claim(simdact_direction direction) const {
    return simdact_accuracy::GateClaim(tier, gate, dtype, direction, simdact_target_has_fma(target));
  }
  double Error(simdact_accuracy::GateOutput output, double x, double got,
               const simdact_accuracy::GateValue& exact) const {
    return simdact_accuracy::GateErrorOf(tier, gate, dtype, output, x, p, got, exact);
  }
};

// The gates and ups of n elements and what becomes of them.
struct Buffers {
  Array gate, up, dy, y, dgate, dup;
  explicit Buffers(simdact_dtype dtype, size_t n)
      : gate(dtype, n), up(dtype, n), dy(dtype, n), y(dtype, n), dgate(dtype, n), dup(dtype, n) {}
  // Gates in [-9, 9], ups in [-8, 8], dy in [-2, 2].
  void Fill() {
    for (size_t i = 0; i < gate.Size(); ++i) {
      gate.Set(i, -9.0 + 18.0 * static_cast<double>((i * 37) % 211) / 211.0);
      up.Set(i, -8.0 + 16.0 * static_cast<double>((i * 53) % 197) / 197.0);
      dy.Set(i, -2.0 + 4.0 * static_cast<double>((i * 29) % 101) / 101.0);
    }
  }
  void Forward(const GateCase& c, size_t from, size_t n) {
    c.kernel->forward(gate.At(from), up.At(from), y.At(from), n, c.p);
  }
  void Backward(const GateCase& c, size_t from, size_t n) {
    c.kernel->backward(gate.At(from), up.At(from), dy.At(from), dgate.At(from), dup.At(from), n, c.p);
  }
  void All(const GateCase& c) {
    Forward(c, 0, gate.Size());
    Backward(c, 0, gate.Size());
  }
};

// Empty arrays may have no address at all, which memcmp must not be given.
inline bool Same(const Array& a, const Array& b) {
  if (a.Size() != b.Size()) return false;
  return a.Size() == 0 || std::memcmp(a.Data(), b.Data(), a.Size() * a.ElementBytes()) == 0;
}
// gate[0], up[0], gate[1], up[1], ...
inline Array Alternate(simdact_dtype dtype, const Array& gate, const Array& up) {
  Array x(dtype, 2 * gate.Size());
  for (size_t i = 0; i < gate.Size(); ++i) {
    x.SetBits(2 * i, gate.Bits(i));
    x.SetBits(2 * i + 1, up.Bits(i));
  }
  return x;
}

class GatesTest : public testing::TestWithParam<int> {
 protected:
  // With the fast tier where it has a kernel of its own.
  template <class F>
  void ForEach(const F& f) const {
    for (const simdact_target* target : RunningTargets()) {
      for (const simdact_dtype dtype : Dtypes()) {
        for (const simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) {
          const simdact_gate_kernel* kernel = simdact_find_gate(target, gate_, dtype, tier);
          ASSERT_NE(kernel, nullptr);
          if (tier == SIMDACT_FAST && !HasFastGate(target, gate_, dtype, SIMDACT_FORWARD) &&
              !HasFastGate(target, gate_, dtype, SIMDACT_BACKWARD))
            continue;
          SCOPED_TRACE(testing::Message()
                       << simdact_accuracy::DtypeName(dtype)
                       << (tier == SIMDACT_FAST ? ", fast, on " : " on ") << simdact_target_name(target));
          f(GateCase{target, gate_, dtype, tier, kernel,
                     RoundedTo(dtype, simdact_describe_gate(gate_)->defaults), FormatOf(dtype).bytes});
          if (HasFatalFailure()) return;
        }
      }
    }
  }
  const simdact_gate gate_ = static_cast<simdact_gate>(GetParam());
};

inline std::string GateName(const testing::TestParamInfo<int>& info) {
  return simdact_describe_gate(static_cast<simdact_gate>(info.param))->name;
}

}  // namespace simdact_test

#endif  // SIMDACT_TESTS_GATES_GATES_CASES_H_
