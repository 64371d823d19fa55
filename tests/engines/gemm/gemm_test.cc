// Bias and activation behind the products of Eigen and oneDNN, over the whole result and over panels of it:
// the same bits, errors within simdact's claims, and the whole layer within the bounds of float arithmetic.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "post_op.h"
#include "products.h"

struct Case {
  const char* library;
  Function f;
  simdact_tier tier;
};
// How a failure names its case.
static void PrintTo(const Case& c, std::ostream* out) {
  *out << c.library << ' ' << c.f.Name() << ' ' << TierName(c.tier);
}

namespace {

// Rows first, first + 1, ... of X W into y.
using Product = std::function<void(float* y, size_t first, size_t count)>;

Product ProductOf(const Case& c, const Layer& layer) {
  if (std::string(c.library) == "oneDNN") return OnednnProduct(layer, Behind::kNothing);
  return [&layer](float* y, size_t first, size_t count) { EigenProduct(layer, y, first, count); };
}
PostOp OpOf(const Case& c) { return {c.f.op, c.tier}; }

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const char* library : {"Eigen", "oneDNN"}) {
    for (const Function& f : kFunctions) {
      for (simdact_tier tier : {SIMDACT_ACCURATE, SIMDACT_FAST}) cases.push_back({library, f, tier});
    }
  }
  return cases;
}

Matrix WholeProduct(const Product& product, const Layer& layer) {
  Matrix y(layer.rows, layer.cols);
  product(y.data(), 0, static_cast<size_t>(layer.rows));
  return y;
}

Matrix ProductInPanels(const Product& product, const Layer& layer, size_t panel) {
  Matrix y(layer.rows, layer.cols);
  InPanels(static_cast<size_t>(layer.rows), panel,
           [&](size_t first, size_t count) { product(y.data(), first, count); });
  return y;
}

// The first way: a pass over all of it behind the product.
Matrix OnePass(const Case& c, Matrix y, const Layer& layer) {
  EXPECT_EQ(
      OpOf(c).Run(y.data(), layer.bias.data(), static_cast<size_t>(y.rows()), static_cast<size_t>(y.cols())),
      SIMDACT_OK);
  return y;
}

// The second way: on each panel, as soon as it is there.
Matrix PanelByPanel(const Case& c, const Product& product, const Layer& layer, size_t panel) {
  Matrix y(layer.rows, layer.cols);
  const size_t cols = static_cast<size_t>(layer.cols);
  InPanels(static_cast<size_t>(layer.rows), panel, [&](size_t first, size_t count) {
    product(y.data(), first, count);
    EXPECT_EQ(OpOf(c).Run(y.data() + first * cols, layer.bias.data(), count, cols), SIMDACT_OK);
  });
  return y;
}

bool SameBits(const Matrix& a, const Matrix& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), static_cast<size_t>(a.size()) * sizeof(float)) == 0;
}

// The spacing of floats at x.
double UlpAt(double x) { return std::ldexp(1.0, std::max(std::ilogb(x), -126) - 23); }

// That each element is f of something near the exact sum, and no further off than f's slope and claim allow.
void ExpectNear(const Case& c, const Layer& layer, const Matrix& y) {
  const Matrix64 u = layer.Exact(), bound = layer.Bound();
  for (Index i = 0; i < y.size(); ++i) {
    const double want = static_cast<double>(c.f.exact(u.data()[i]));
    const double off =
        c.f.steepest * bound.data()[i] + c.f.Claim(c.tier) * UlpAt(std::fabs(want) + bound.data()[i]);
    ASSERT_NEAR(y.data()[i], want, off) << i;
  }
}

class Gemm : public testing::TestWithParam<Case> {};

// A panel's result does not depend on the panel: neither on its rows, nor on where it begins.
TEST_P(Gemm, PanelsOfOneProductGiveTheBitsOfOnePass) {
  const Case& c = GetParam();
  const Layer layer(61, 40, 150);
  const Matrix product = WholeProduct(ProductOf(c, layer), layer);
  const Matrix want = OnePass(c, product, layer);
  const auto copy = [&](float* y, size_t first, size_t count) {
    const Index begin = static_cast<Index>(first), rows = static_cast<Index>(count);
    Eigen::Map<Matrix>(y + begin * layer.cols, rows, layer.cols) = product.middleRows(begin, rows);
  };
  for (size_t panel : std::vector<size_t>{1, 2, 3, 7, 32, 61, 100})
    EXPECT_TRUE(SameBits(PanelByPanel(c, copy, layer, panel), want)) << panel;
}

// The activation of each panel at once has the bits of one pass behind a product that was made in the same
// panels. That is the product made whole, too, if the library sums in the same order for both, as Eigen does
// for panels of 4, 8, 12... rows, and oneDNN for some sizes.
TEST_P(Gemm, PanelsGiveTheBitsOfOnePassOverTheSameSums) {
  const Case& c = GetParam();
  const Layer layer(192, 96, 256);
  const Product product = ProductOf(c, layer);
  const Matrix whole = WholeProduct(product, layer);
  std::string same;
  for (size_t panel : std::vector<size_t>{4, 8, 12, 16, 32, 64, 96, 192}) {
    const Matrix sums = ProductInPanels(product, layer, panel);
    EXPECT_TRUE(SameBits(PanelByPanel(c, product, layer, panel), OnePass(c, sums, layer))) << panel;
    if (SameBits(sums, whole)) same += " " + std::to_string(panel);
  }
  std::printf("%s sums as for all rows in panels of:%s\n", c.library, same.c_str());
}

// f is within its claim of the exact function of the sum that the product has left.
TEST_P(Gemm, KeepsItsClaimBehindTheProduct) {
  const Case& c = GetParam();
  const Layer layer(192, 96, 256);
  const Product product = ProductOf(c, layer);
  Matrix u = ProductInPanels(product, layer, 32);
  u.rowwise() += layer.bias;
  const Matrix y = PanelByPanel(c, product, layer, 32);
  const auto want = [&](size_t i) { return c.f.exact(u.data()[i]); };
  EXPECT_LE(MaxUlps({y.data(), y.data() + y.size()}, want, c.tier == SIMDACT_FAST), c.f.Claim(c.tier));
}

// Whatever the panels, the layer is as near to a run in double precision as sums of floats can be.
TEST_P(Gemm, IsNearARunInDoublePrecision) {
  const Case& c = GetParam();
  const Layer layer(61, 40, 150);
  const Product product = ProductOf(c, layer);
  ExpectNear(c, layer, OnePass(c, WholeProduct(product, layer), layer));
  for (size_t panel : std::vector<size_t>{1, 3, 32})
    ExpectNear(c, layer, PanelByPanel(c, product, layer, panel));
}

// The libraries' own activations are the same functions, to some digits.
TEST_P(Gemm, AgreesWithTheLibrarysOwn) {
  const Case& c = GetParam();
  const Layer layer(61, 40, 150);
  const Product product = ProductOf(c, layer);
  Matrix own(layer.rows, layer.cols);
  if (std::string(c.library) == "Eigen") {
    product(own.data(), 0, 61);
    EigenActivation(c.f.op, layer, own.data(), 61);
  } else {
    OnednnProduct(layer, BehindOf(c.f.op))(own.data(), 0, 61);
  }
  const Matrix y = OnePass(c, WholeProduct(product, layer), layer);
  for (Index i = 0; i < y.size(); ++i) ASSERT_NEAR(y.data()[i], own.data()[i], 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Cases, Gemm, testing::ValuesIn(Cases()), [](const auto& info) {
  return std::string(info.param.library) + "_" + info.param.f.Name() + "_" + TierName(info.param.tier);
});

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
