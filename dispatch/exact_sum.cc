#include "dispatch/exact_sum.h"

namespace simdact {

void Sum::Add(double term) {
  size_t kept = 0;
  for (size_t i = 0; i < count_; ++i) {
    const TwoDoubles sum = ExactSum(term, parts_[i]);
    if (sum.low != 0) parts_[kept++] = sum.low;
    term = sum.high;
  }
  if (term != 0) parts_[kept++] = term;
  count_ = kept;
}

void Sum::AddProduct(double a, double b) {
  const TwoDoubles product = ExactProduct(a, b);
  Add(product.low);
  Add(product.high);
}

void Sum::AddProduct(double a, double b, double c) {
  const TwoDoubles product = ExactProduct(a, b);
  AddProduct(product.low, c);
  AddProduct(product.high, c);
}

}  // namespace simdact
