// The numbers that a list gives its entries: they are fixed once published, so that a list has its own order.
#ifndef SIMDACT_DISPATCH_NUMBERS_H_
#define SIMDACT_DISPATCH_NUMBERS_H_

#include <cstddef>

namespace simdact {

// Where the entries with the numbers 0, 1, ... stand in a list, whose order is not that of the numbers.
template <size_t kCount>
struct Positions {
  size_t of[kCount];
};
template <size_t kCount>
constexpr Positions<kCount> PositionsOf(const int (&numbers)[kCount]) {
  Positions<kCount> positions = {};
  for (size_t i = 0; i < kCount; ++i)
    positions.of[numbers[i]] = i;  // does not compile for a number too large
  return positions;
}

// Whether each number below kCount is given once.
template <size_t kCount>
constexpr bool AreNumbered(const int (&numbers)[kCount]) {
  bool given[kCount] = {};
  for (const int number : numbers) {
    if (number < 0 || static_cast<size_t>(number) >= kCount || given[number]) return false;
    given[number] = true;
  }
  return true;
}

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_NUMBERS_H_
