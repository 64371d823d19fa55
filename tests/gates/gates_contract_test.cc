// The gated linear units, whatever they compute: which memory they touch, which arrays may be the same, and
// that a result depends on its inputs alone.

#include "tests/common/guarded_page.h"
#include "tests/gates/gates_cases.h"

namespace simdact_test {
namespace {

class GatesContractTest : public GatesTest {};
INSTANTIATE_TEST_SUITE_P(Gates, GatesContractTest, testing::Range(0, static_cast<int>(SIMDACT_GATE_COUNT)),
                         GateName);

// More elements than four of the widest packs, and a remainder.
size_t Most(simdact_dtype dtype) { return 4 * 8 * 16 * (IsHalf(dtype) ? 2 : 1) + 17; }

TEST_P(GatesContractTest, TouchesNothingOutsideTheArrays) {
  const GuardedPage gate, up, dy, to, to_up, both, to_both;
  ForEach([&](const GateCase& c) {
    const Array values(c.dtype, std::vector<double>(gate.Size() / c.bytes, 0.5));
    for (const GuardedPage* page : {&gate, &up, &dy, &both}) page->Fill(values);
    const size_t most = std::min(Most(c.dtype), gate.Size() / c.bytes);
    for (size_t n = 0; n <= most; n += Quick() && n > 80 ? 7 : 1) {
      const size_t size = n * c.bytes;
      c.kernel->forward(gate.Begin(), up.Begin(), to.Begin(), n, c.p);
      c.kernel->forward(gate.End() - size, up.End() - size, to.End() - size, n, c.p);
      c.kernel->backward(gate.Begin(), up.Begin(), dy.Begin(), to.Begin(), to_up.Begin(), n, c.p);
      c.kernel->backward(gate.End() - size, up.End() - size, dy.End() - size, to.End() - size,
                         to_up.End() - size, n, c.p);
      if (2 * size > both.Size()) continue;
      c.kernel->forward_interleaved(both.Begin(), to.Begin(), n, c.p);
      c.kernel->forward_interleaved(both.End() - 2 * size, to.End() - size, n, c.p);
      c.kernel->backward_interleaved(both.Begin(), dy.Begin(), to_both.Begin(), n, c.p);
      c.kernel->backward_interleaved(both.End() - 2 * size, dy.End() - size, to_both.End() - 2 * size, n,
                                     c.p);
    }
  });
}

TEST_P(GatesContractTest, WritesOnlyTheOutputs) {
  ForEach([&](const GateCase& c) {
    for (const size_t n : std::vector<size_t>{0, 1, 3, 17, 65, 130, 1100}) {
      Buffers r(c.dtype, n);
      r.Fill();
      const Array x = Alternate(c.dtype, r.gate, r.up);
      Array a(c.dtype, std::vector<double>(2 * n + 64, 77.0)), b = a;
      const auto expect_edges = [&](const Array& array, size_t count) {
        for (size_t i = 0; i < 32; ++i) {
          ASSERT_EQ(array[i], 77.0);
          ASSERT_EQ(array[count + 32 + i], 77.0);
        }
      };
      c.kernel->forward(r.gate.Data(), r.up.Data(), a.At(32), n, c.p);
      expect_edges(a, n);
      c.kernel->forward_interleaved(x.Data(), a.At(32), n, c.p);
      expect_edges(a, n);
      c.kernel->backward(r.gate.Data(), r.up.Data(), r.dy.Data(), a.At(32), b.At(32), n, c.p);
      expect_edges(a, n);
      expect_edges(b, n);
      c.kernel->backward_interleaved(x.Data(), r.dy.Data(), a.At(32), n, c.p);
      expect_edges(a, 2 * n);
    }
  });
}

TEST_P(GatesContractTest, SameInputSameBitsAtEveryLengthAndOffset) {
  ForEach([&](const GateCase& c) {
    const size_t most = Most(c.dtype);
    Buffers want(c.dtype, most), r(c.dtype, most);
    want.Fill(), r.Fill();
    for (size_t i = 0; i < most; ++i) want.Forward(c, i, 1), want.Backward(c, i, 1);
    for (size_t n = 0; n <= most; n += Quick() ? 13 : 1) {
      const size_t offset = n % 5, count = n - std::min(n, offset);
      r.Forward(c, offset, count);
      r.Backward(c, offset, count);
      const auto same = [&](const Array& a, const Array& b) {
        return std::memcmp(a.At(offset), b.At(offset), count * c.bytes) == 0;
      };
      ASSERT_TRUE(same(r.y, want.y) && same(r.dgate, want.dgate) && same(r.dup, want.dup)) << n;
    }
  });
}

// Elements at addresses that are no multiple of their size; see contract_test.cc on the sanitizer.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kWholeElements = true;
#else
constexpr bool kWholeElements = false;
#endif

TEST_P(GatesContractTest, WorksAtByteMisalignment) {
  ForEach([&](const GateCase& c) {
    Buffers want(c.dtype, 301);
    want.Fill();
    want.All(c);
    const size_t size = 301 * c.bytes, step = kWholeElements ? c.bytes : 3;
    const Array both = Alternate(c.dtype, want.gate, want.up);
    std::vector<std::vector<char>> raw(6, std::vector<char>(2 * size + 64));
    for (size_t shift = step; shift < 64; shift += step) {
      const auto at = [&](size_t k) { return raw[k].data() + shift; };
      std::memcpy(at(0), want.gate.Data(), size);
      std::memcpy(at(1), want.up.Data(), size);
      std::memcpy(at(2), want.dy.Data(), size);
      c.kernel->forward(at(0), at(1), at(3), 301, c.p);
      ASSERT_EQ(std::memcmp(at(3), want.y.Data(), size), 0) << shift;
      c.kernel->backward(at(0), at(1), at(2), at(3), at(4), 301, c.p);
      ASSERT_EQ(std::memcmp(at(3), want.dgate.Data(), size), 0) << shift;
      ASSERT_EQ(std::memcmp(at(4), want.dup.Data(), size), 0) << shift;
      std::memcpy(at(5), both.Data(), 2 * size);
      c.kernel->forward_interleaved(at(5), at(3), 301, c.p);
      ASSERT_EQ(std::memcmp(at(3), want.y.Data(), size), 0) << shift;
    }
  });
}

// Each output may be any input.
TEST_P(GatesContractTest, WorksInPlace) {
  ForEach([&](const GateCase& c) {
    for (const size_t n : std::vector<size_t>{1, 7, 64, 301, 2500}) {
      Buffers want(c.dtype, n);
      want.Fill();
      want.All(c);
      for (const bool over_gate : {true, false}) {
        Buffers r = want;
        Array& y = over_gate ? r.gate : r.up;
        c.kernel->forward(r.gate.Data(), r.up.Data(), y.Data(), n, c.p);
        ASSERT_TRUE(Same(y, want.y)) << n;
      }
      for (int first = 0; first < 4; ++first) {  // 3: an array of its own
        for (int second = 0; second < 4; ++second) {
          if (first == second) continue;
          Buffers r = want;
          Array *const inputs[] = {&r.gate, &r.up, &r.dy, &r.y}, &dgate = *inputs[first],
                       &dup = *inputs[second];
          c.kernel->backward(r.gate.Data(), r.up.Data(), r.dy.Data(), dgate.Data(), dup.Data(), n, c.p);
          ASSERT_TRUE(Same(dgate, want.dgate) && Same(dup, want.dup)) << first << second << " " << n;
        }
      }
    }
  });
}

TEST_P(GatesContractTest, InterleavedGivesTheSameBits) {
  ForEach([&](const GateCase& c) {
    for (size_t n = 0; n < 2200; n += n < 150 ? 1 : 97) {
      Buffers want(c.dtype, n);
      want.Fill();
      want.All(c);
      const Array x = Alternate(c.dtype, want.gate, want.up);
      const Array dx = Alternate(c.dtype, want.dgate, want.dup);
      Array y(c.dtype, n), both = x, gradient(c.dtype, 2 * n);
      c.kernel->forward_interleaved(x.Data(), y.Data(), n, c.p);
      ASSERT_TRUE(Same(y, want.y)) << n;
      c.kernel->backward_interleaved(x.Data(), want.dy.Data(), gradient.Data(), n, c.p);
      ASSERT_TRUE(Same(gradient, dx)) << n;
      c.kernel->backward_interleaved(both.Data(), want.dy.Data(), both.Data(), n, c.p);
      ASSERT_TRUE(Same(both, dx)) << n;
      both = x;
      c.kernel->forward_interleaved(both.Data(), both.Data(), n, c.p);
      both.Resize(n);
      ASSERT_TRUE(Same(both, want.y)) << n;
    }
  });
}

}  // namespace
}  // namespace simdact_test
