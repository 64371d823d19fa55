// The sign of a sum of doubles and of their products, exactly.
//
// a + b and a b are each the sum of two doubles, the rounded result and its error (Knuth, Dekker). A sum is
// kept as doubles that do not overlap, in ascending order, to which terms are added one by one (Shewchuk's
// expansions): its sign is that of the last. No number here is near the ends of the range of doubles.
#ifndef SIMDACT_DISPATCH_EXACT_SUM_H_
#define SIMDACT_DISPATCH_EXACT_SUM_H_

#include <cstddef>

namespace simdact {

struct TwoDoubles {
  double high, low;  // high is their sum, rounded
};

inline TwoDoubles ExactSum(double a, double b) {
  const double sum = a + b, of_b = sum - a;
  return {sum, (a - (sum - of_b)) + (b - of_b)};
}

// The upper 26 bits and the rest.
inline TwoDoubles Split(double a) {
  const double scaled = a * 134217729.0;  // 2^27 + 1
  const double high = scaled - (scaled - a);
  return {high, a - high};
}

inline TwoDoubles ExactProduct(double a, double b) {
  const double product = a * b;
  const TwoDoubles x = Split(a), y = Split(b);
  return {product, ((x.high * y.high - product) + x.high * y.low + x.low * y.high) + x.low * y.low};
}

class Sum {
 public:
  void Add(double term);
  void AddProduct(double a, double b);
  void AddProduct(double a, double b, double c);
  int Sign() const { return count_ == 0 ? 0 : parts_[count_ - 1] > 0 ? 1 : -1; }

 private:
  double parts_[24];  // one for each term at most
  size_t count_ = 0;
};

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_EXACT_SUM_H_
