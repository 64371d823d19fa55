// Loops over a block of numbers, from which gates of any activation and quantized ends are put together: one
// set for each target. No SIMD code.
#ifndef SIMDACT_DISPATCH_PIECES_H_
#define SIMDACT_DISPATCH_PIECES_H_

#include <cstddef>
#include <cstdint>

#include "simdact/quantize.h"

namespace simdact {

// Where a byte format ends: the zero point of int8; the largest fp8 number, or the next above it, whose code
// is that of infinity or NaN.
struct ByteEnds {
  int32_t zero_point;
  float largest;
};

// Numbers that are brought into [low, high], and then moved. An offset, or a bias, of -0 changes nothing, not
// even -0.
template <class T>
struct Bounds {
  T low, high, offset;
};

// Of n floats or doubles each. An output may be an input.
template <class T>
struct NumberPieces {
  // y = min(max(x + bias, low), high) + offset.
  void (*bound)(const T* x, const T* bias, T* y, size_t n, const Bounds<T>& bounds);
  // d = 0 where x + bias lies outside [low, high].
  void (*mask)(const T* x, const T* bias, T* d, size_t n, const Bounds<T>& bounds);
  void (*multiply)(const T* a, const T* b, T* y, size_t n);
  // x holds a, b, a, b, ...: 2 n numbers.
  void (*split)(const T* x, T* a, T* b, size_t n);
  void (*join)(const T* a, const T* b, T* x, size_t n);
  // sums += x.
  void (*accumulate)(const T* x, double* sums, size_t n);
};

struct Pieces {
  NumberPieces<float> floats;
  NumberPieces<double> doubles;
  // q[i] = the byte of y[i] r[i / group]; in the order of simdact_byte_format.
  void (*quantize[SIMDACT_BYTE_FORMAT_COUNT])(const float* y, uint8_t* q, size_t n, const float* r,
                                              size_t group, const ByteEnds& ends);
  // largest[k] = the greater of it and the largest finite |y| of group k.
  void (*largest)(const float* y, size_t n, size_t group, float* largest);
  // Elements of bf16 or f16 as floats, and back, rounded to the nearest, ties to even.
  void (*widen)(simdact_dtype dtype, const uint16_t* x, float* y, size_t n);
  void (*round)(simdact_dtype dtype, const float* x, uint16_t* y, size_t n);
};

// Null if the target was not compiled.
const Pieces* PiecesCode(int64_t target);

}  // namespace simdact

#endif  // SIMDACT_DISPATCH_PIECES_H_
