// f(x) - tie, to the sign.
#ifndef SIMDACT_DISPATCH_DIFFERENCE_H_
#define SIMDACT_DISPATCH_DIFFERENCE_H_

#include "dispatch/exact_sum.h"
#include "dispatch/ties.h"

namespace simdact {

inline double Abs(double x) { return x < 0 ? -x : x; }

// (f(x) - tie) times something positive, as a sum.
class Difference {
 public:
  explicit Difference(const Result& r, double tie) : r_(r), x_(r.x), tie_(tie) {}
  int Sign();

 private:
  // Where two terms of a series serve as the rest, and where the few that are written down here.
  static bool Tiny(double z) { return Abs(z) < 0x1p-20; }
  static bool Small(double z) { return Abs(z) < 0x1p-8; }
  double a() const { return r_.p.value[0]; }
  double b() const { return r_.p.value[1]; }

  // The terms of f(x); a rest that is too small for a double keeps its sign.
  void AddRest(double rest, double sign) {
    if (rest != 0 || sign == 0) return sum_.Add(rest);
    sum_.Add(sign > 0 ? 1e-290 : -1e-290);
  }
  void AddValue() { sum_.Add(r_.v); }
  void AddFromMirror(double sign);
  void AddSigmoid();
  void AddErf();
  void AddLogistic(double beta);
  void AddNormal();
  void AddSaturating(double limit, double z);
  void AddExponential(double alpha, double z, bool quotient);
  void AddTanhshrink();
  void AddMish();
  void AddXielu();
  void AddSoftplus();
  bool AddTerms();
  int SignOfPow() const;

  const Result& r_;
  const double x_, tie_;
  double scale_ = 1.0;  // of tie in the sum
  Sum sum_;
};

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_DIFFERENCE_H_
