// An array of a number format that is known at run time.
#ifndef SIMDACT_TESTS_COMMON_ARRAY_H_
#define SIMDACT_TESTS_COMMON_ARRAY_H_

#include <cstdint>
#include <cstring>
#include <vector>

#include "simdact/simdact.h"
#include "tests/ruler/formats.h"

namespace simdact_accuracy {

// n elements of a dtype, read and written as doubles; writing rounds.
class Array {
 public:
  explicit Array(simdact_dtype dtype, size_t n = 0) : dtype_(dtype) { Resize(n); }
  Array(simdact_dtype dtype, const std::vector<double>& values) : Array(dtype) { Assign(values); }

  size_t Size() const { return size_; }
  size_t ElementBytes() const { return FormatOf(dtype_).bytes; }
  unsigned char* Data() { return bytes_.data(); }
  const unsigned char* Data() const { return bytes_.data(); }
  void* At(size_t i) { return At(i, ElementBytes()); }
  const void* At(size_t i) const { return At(i, ElementBytes()); }
  void Resize(size_t n) { size_ = n, bytes_.resize(n * ElementBytes()); }

  double operator[](size_t i) const {
    switch (dtype_) {
      case SIMDACT_F32:
        return static_cast<double>(Load<float>(i));
      case SIMDACT_F64:
        return Load<double>(i);
      default:
        return FromHalf(dtype_, Load<uint16_t>(i));
    }
  }
  uint64_t Bits(size_t i) const {
    switch (ElementBytes()) {
      case sizeof(uint16_t):
        return Load<uint16_t>(i);
      case sizeof(uint32_t):
        return Load<uint32_t>(i);
      default:
        return Load<uint64_t>(i);
    }
  }
  void SetBits(size_t i, uint64_t bits) {
    switch (ElementBytes()) {
      case sizeof(uint16_t):
        return Store(i, static_cast<uint16_t>(bits));
      case sizeof(uint32_t):
        return Store(i, static_cast<uint32_t>(bits));
      default:
        return Store(i, bits);
    }
  }
  void Set(size_t i, double value) {
    switch (dtype_) {
      case SIMDACT_F32:
        return Store(i, static_cast<float>(value));
      case SIMDACT_F64:
        return Store(i, value);
      default:
        return Store(i, ToHalf(dtype_, value));
    }
  }
  void Fill(double value) {
    if (size_ == 0) return;
    Set(0, value);
    for (size_t i = 1; i < size_; ++i) std::memcpy(At(i), At(0), ElementBytes());
  }
  // f32 has loops of its own: an exhaustive sweep spends its time here.
  void Assign(const std::vector<double>& values) {
    Resize(values.size());
    if (dtype_ == SIMDACT_F32) {
      for (size_t i = 0; i < size_; ++i) Store(i, static_cast<float>(values[i]));
    } else {
      for (size_t i = 0; i < size_; ++i) Set(i, values[i]);
    }
  }
  void Read(std::vector<double>& values) const {
    values.resize(size_);
    if (dtype_ == SIMDACT_F32) {
      for (size_t i = 0; i < size_; ++i) values[i] = static_cast<double>(Load<float>(i));
    } else {
      for (size_t i = 0; i < size_; ++i) values[i] = (*this)[i];
    }
  }

 private:
  void* At(size_t i, size_t bytes) { return bytes_.data() + i * bytes; }
  const void* At(size_t i, size_t bytes) const { return bytes_.data() + i * bytes; }
  template <class T>
  T Load(size_t i) const {
    T value;
    std::memcpy(&value, At(i, sizeof(T)), sizeof(T));
    return value;
  }
  template <class T>
  void Store(size_t i, T value) {
    std::memcpy(At(i, sizeof(T)), &value, sizeof(T));
  }
  simdact_dtype dtype_;
  size_t size_ = 0;
  std::vector<unsigned char> bytes_;
};

}  // namespace simdact_accuracy

#endif  // SIMDACT_TESTS_COMMON_ARRAY_H_
