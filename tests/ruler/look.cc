#include "tests/ruler/look.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "tests/ruler/accuracy.h"

// A loop for each kind of CPU. Elsewhere they take what the compiler's baseline has.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define SIMDACT_FOR_EACH_CPU __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define SIMDACT_FOR_EACH_CPU
#endif

namespace simdact_accuracy {
namespace {

// Four elements at once, in the compiler's own vectors.
using Floats = float __attribute__((vector_size(16)));
using Ints = int32_t __attribute__((vector_size(16)));
using Doubles = double __attribute__((vector_size(32)));
using Longs = int64_t __attribute__((vector_size(32)));

SIMDACT_FOR_EACH_CPU
void EvaluateLoop(const double* coefficient, double middle, double half, uint32_t n, double* value) {
  const double scale = 1 / half;
  Doubles index = {0, 1, 2, 3};
  index -= middle;
  for (uint32_t i = 0; i < n; i += kLanes, index += static_cast<double>(kLanes)) {
    const Doubles t = index * scale;
    Doubles sum = coefficient[Smooth::kNodes - 1] + 0 * t;
    for (uint32_t k = Smooth::kNodes - 1; k-- > 0;) sum = sum * t + coefficient[k];
    std::memcpy(value + i, &sum, sizeof(sum));
  }
}

// |x|, and what is left of x where a mask holds.
inline Doubles Size(Doubles x) { return (Doubles)((Longs)x & std::numeric_limits<int64_t>::max()); }
inline Doubles Where(Longs mask, Doubles x) { return (Doubles)((Longs)x & mask); }
inline Doubles Larger(Doubles a, Doubles b) { return a > b ? a : b; }
// 1 / ulp at each number, as InverseUlp.
inline Doubles InverseUlps(Doubles exact) {
  Ints exponent = ((Ints) __builtin_convertvector(exact, Floats) >> 23) & 0xFF;
  exponent = exponent < 1 ? Ints{} + 1 : exponent;
  exponent = exponent > 254 ? Ints{} + 254 : exponent;
  return (Doubles)((1023 + 150 - __builtin_convertvector(exponent, Longs)) << 52);
}

SIMDACT_FOR_EACH_CPU
void OrdinaryLoop(const Chunk& c, Glance& glance) {
  Doubles max_error{}, sum{};
  Longs wrong{}, doubtful{};
  const double inverse_ulp = InverseUlp(c.exact[0]), slack = c.off * inverse_ulp;
  for (uint32_t i = 0; i < c.n; i += kLanes) {
    Doubles f;
    Floats y;
    std::memcpy(&f, c.exact + i, sizeof(f));
    std::memcpy(&y, c.got + i, sizeof(y));
    const Doubles error = Size(__builtin_convertvector(y, Doubles) - f) * inverse_ulp;
    std::memcpy(c.error + i, &error, sizeof(error));
    const Longs wild = ~(error < kWild);
    const Doubles sure = Where(~wild, error);
    max_error = Larger(sure, max_error);
    sum += sure;
    wrong -= sure > 0.5;
    doubtful -= wild | (Size(error - 0.5) <= slack);
  }
  for (uint32_t k = 0; k < kLanes; ++k) {
    glance.max_error = std::max(glance.max_error, max_error[k]);
    glance.sum += sum[k];
    glance.wrong += static_cast<double>(wrong[k]);
    glance.doubtful += static_cast<double>(doubtful[k]);
  }
}

SIMDACT_FOR_EACH_CPU
void AnyLoop(const Chunk& c, Glance& glance) {
  Doubles max_error{}, max_denormal{}, sum{}, flushed{};
  Longs wrong{}, doubtful{}, faults{};
  const Ints lane = {0, 1, 2, 3};
  for (uint32_t i = 0; i < c.n; i += kLanes) {
    const Longs here = __builtin_convertvector(lane < static_cast<int32_t>(c.n - i), Longs);
    Doubles f;
    Floats y;
    std::memcpy(&f, c.exact + i, sizeof(f));
    std::memcpy(&y, c.got + i, sizeof(y));
    const Doubles g = __builtin_convertvector(y, Doubles), inverse_ulp = InverseUlps(f);
    const Doubles error = Size(g - f) * inverse_ulp, slack = inverse_ulp * c.off;
    std::memcpy(c.error + i, &error, sizeof(error));

    const Longs wild = ~((slack <= kDecided) & (error < kWild)), denormal = Size(f) < kLeast;
    const Doubles sure = Where(~wild & here, error);
    max_error = Larger(Where(~denormal, sure), max_error);
    max_denormal = Larger(Where(denormal, sure), max_denormal);
    sum += Where(~denormal, sure);
    wrong -= sure > 0.5;
    doubtful -= (wild | (Size(error - 0.5) <= slack)) & here;
    flushed = Larger(Where((g == 0) & here, Size(f)), flushed);
    faults -= denormal & ~((Size(g) <= kLeast) & (g * f >= 0)) & here;
  }
  for (uint32_t k = 0; k < kLanes; ++k) {
    glance.max_error = std::max(glance.max_error, max_error[k]);
    glance.max_denormal = std::max(glance.max_denormal, max_denormal[k]);
    glance.flushed = std::max(glance.flushed, flushed[k]);
    glance.sum += sum[k];
    glance.wrong += static_cast<double>(wrong[k]);
    glance.doubtful += static_cast<double>(doubtful[k]);
    glance.fast_faults += static_cast<double>(faults[k]);
  }
}

SIMDACT_FOR_EACH_CPU
void OrderLoop(const Chunk& c, Glance& glance) {
  using Floats8 = float __attribute__((vector_size(32)));
  using Ints8 = int32_t __attribute__((vector_size(32)));
  Ints8 rises{}, falls{};
  uint32_t i = 0;
  for (; i + 8 <= c.n; i += 8) {
    Floats8 at, next;
    std::memcpy(&at, c.got + i, sizeof(at));
    std::memcpy(&next, c.got + i + 1, sizeof(next));
    rises -= next > at, falls -= next < at;
  }
  for (uint32_t k = 0; k < 8; ++k) glance.rises += rises[k], glance.falls += falls[k];
  for (; i < c.n; ++i) glance.rises += c.got[i + 1] > c.got[i], glance.falls += c.got[i + 1] < c.got[i];
}

}  // namespace

void Evaluate(const Smooth& smooth, uint32_t first, uint32_t n, double* value) {
  EvaluateLoop(smooth.coefficients().data(), smooth.middle() - first, smooth.half(), n, value);
}
void LookOrdinary(const Chunk& c, Glance& glance) { OrdinaryLoop(c, glance); }
void LookAtAny(const Chunk& c, Glance& glance) { AnyLoop(c, glance); }
void LookAtOrder(const Chunk& c, Glance& glance) { OrderLoop(c, glance); }
void LookAtEnds(const Chunk& c, Glance& glance) {
  glance.lowest = std::min(c.got[0], c.got[c.n - 1]), glance.highest = std::max(c.got[0], c.got[c.n - 1]);
}
void LookAtExtremes(const Chunk& c, Glance& glance) {
  const auto [lowest, highest] = std::minmax_element(c.got, c.got + c.n);
  glance.lowest = *lowest, glance.highest = *highest;
}

bool IsOrdinary(double first, double last, double off) {
  constexpr double kMost = 0x1p127;  // rounds to the last binade, beyond which results may overflow
  const double inverse_ulp = InverseUlp(first), size = std::max(std::fabs(first), std::fabs(last));
  return std::min(std::fabs(first), std::fabs(last)) >= kLeast && size < kMost && first * last > 0 &&
         inverse_ulp == InverseUlp(last) && off * inverse_ulp <= kDecided;
}

bool IsWild(const Chunk& c, uint32_t i) {
  return !(c.off * InverseUlp(c.exact[i]) <= kDecided && c.error[i] < kWild);
}
bool IsDoubtful(const Chunk& c, uint32_t i) {
  const double slack = c.off * InverseUlp(c.exact[i]);
  return IsWild(c, i) || std::fabs(c.error[i] - 0.5) <= slack;
}

}  // namespace simdact_accuracy
