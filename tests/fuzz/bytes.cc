// Tables of bytes and of int16: built for any op, parameters and scales, and looked up.

#include "simdact/table.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory.h"

namespace simdact_fuzz {
namespace {

simdact_quantization Quantization(Input& in) {
  simdact_quantization q = {};
  q.scale =
      in.OneIn(8) ? static_cast<float>(in.Number(SIMDACT_F32)) : static_cast<float>(1 + in.Below(64)) / 512;
  q.is_signed = static_cast<int>(in.Below(2));
  q.zero_point = in.OneIn(30) ? static_cast<int32_t>(in.Bits(4))
                              : static_cast<int32_t>(in.Byte()) - (q.is_signed != 0 ? 128 : 0);
  return q;
}
bool IsGood(const simdact_quantization& q) {
  const int32_t least = q.is_signed != 0 ? -128 : 0;
  return std::isfinite(q.scale) && q.scale > 0 && q.zero_point >= least && q.zero_point <= least + 255;
}

// y[i] = table[x[i]] on all targets, also in place; T is the type of an element.
template <class T, class Lookup, class Want>
void LookUp(Input& in, const std::vector<T>& table, const Lookup& lookup, const Want& want) {
  const size_t n = in.Length();
  std::vector<T> x(n);
  for (T& value : x) value = static_cast<T>(in.random()());
  Memory memory(in);
  // Elements of two bytes are where such may be.
  const auto place = [&](const void* from, size_t bytes) {
    uint8_t* data = memory.Place(from, bytes + sizeof(T) - 1);
    return reinterpret_cast<T*>(data +
                                (sizeof(T) - reinterpret_cast<uintptr_t>(data) % sizeof(T)) % sizeof(T));
  };
  T *from = place(nullptr, n * sizeof(T)), *to = place(nullptr, n * sizeof(T));
  const T* entries = table.data();
  for (const simdact_target* target : Targets()) {
    const auto name = [&] {
      return std::string("lookup of ") + std::to_string(n) + " on " + simdact_target_name(target);
    };
    for (T* y : {to, from}) {
      memory.Restore();
      if (n != 0) std::memcpy(from, x.data(), n * sizeof(T));
      lookup(target, from, y, n, entries);
      for (size_t i = 0; i < n; ++i) {
        if (y[i] != want(x[i]))
          Fail(name() + ": element " + std::to_string(i) + " is " + std::to_string(y[i]) + ", not " +
               std::to_string(want(x[i])));
      }
      memory.Allow(from, n * sizeof(T)), memory.Allow(y, n * sizeof(T));
      memory.Check(name);
    }
  }
}

void Bytes(Input& in) {
  std::vector<uint8_t> table(256);
  for (uint8_t& entry : table) entry = static_cast<uint8_t>(in.random()());
#ifndef SIMDACT_NO_F64
  if (in.OneIn(2)) {
    const auto op = in.Choice<simdact_op>(SIMDACT_OP_COUNT);
    const auto rounding = in.Choice<simdact_rounding>(2);
    const simdact_quantization from = Quantization(in), to = Quantization(in);
    const bool exists = op < SIMDACT_OP_COUNT, given = in.OneIn(2);
    const simdact_params p =
        in.Parameters(SIMDACT_F64, exists ? simdact_describe(op)->defaults : simdact_params{});
    const std::vector<uint8_t> before = table;
    const simdact_status status =
        simdact_table_build_rounded(op, given ? &p : nullptr, &from, &to, rounding, table.data());
    const bool good = exists && IsGood(from) && IsGood(to) && rounding <= SIMDACT_TIES_AWAY;
    if ((status == SIMDACT_OK) != good)
      Fail("table of op " + std::to_string(op) + ": status " + std::to_string(status));
    if (!good && table != before)
      Fail("table of op " + std::to_string(op) + ": written in spite of the status");
  }
#endif
  LookUp<uint8_t>(
      in, table,
      [](const simdact_target* target, const uint8_t* x, uint8_t* y, size_t n, const uint8_t* entries) {
        simdact_find_table(target)->lookup(x, y, n, entries);
      },
      [&](uint8_t x) { return table[x]; });
}

// In exact integers.
int16_t OnLine(const std::vector<int16_t>& node, int16_t q) {
  const int k = (q + 32768) / 128, rest = (q + 32768) % 128;
  const int a = node[static_cast<size_t>(k)], b = node[static_cast<size_t>(k) + 1];
  const int scaled = (b - a) * rest + 64;
  return static_cast<int16_t>(a + (scaled >= 0 ? scaled / 128 : -((127 - scaled) / 128)));
}

void Words(Input& in) {
  if (in.OneIn(2)) {
    static std::vector<int16_t>& table = *new std::vector<int16_t>(SIMDACT_TABLE16_VALUES);
    const uint64_t first = in.random()();
    for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<int16_t>(first + i * 40503);
    LookUp<int16_t>(
        in, table,
        [](const simdact_target* target, const int16_t* x, int16_t* y, size_t n, const int16_t* entries) {
          simdact_find_table16(target)->lookup(x, y, n, entries);
        },
        [&](int16_t x) { return table[static_cast<uint16_t>(x)]; });
    return;
  }
  std::vector<int16_t> node(SIMDACT_TABLE16_NODES);
  for (int16_t& entry : node) entry = static_cast<int16_t>(in.random()());
#ifndef SIMDACT_NO_F64
  if (in.OneIn(2)) {
    const auto op = in.Choice<simdact_op>(SIMDACT_OP_COUNT);
    const auto nodes = in.Choice<simdact_nodes>(2);
    const simdact_quantization from = Quantization(in), to = Quantization(in);
    const auto is_good = [](const simdact_quantization& q) {
      return std::isfinite(q.scale) && q.scale > 0 && q.zero_point >= -32768 && q.zero_point <= 32767;
    };
    const bool exists = op < SIMDACT_OP_COUNT;
    const simdact_params p =
        in.Parameters(SIMDACT_F64, exists ? simdact_describe(op)->defaults : simdact_params{});
    const std::vector<int16_t> before = node;
    const simdact_status status = simdact_interpolate_build_s16(op, &p, from.scale, from.zero_point, to.scale,
                                                                to.zero_point, nodes, node.data());
    bool good = exists && is_good(from) && is_good(to) && nodes <= SIMDACT_NODES_TFLITE;
    if (nodes == SIMDACT_NODES_TFLITE && to.zero_point != 0) good = false;
    if ((status == SIMDACT_OK) != good)
      Fail("nodes of op " + std::to_string(op) + ": status " + std::to_string(status));
    if (!good && node != before)
      Fail("nodes of op " + std::to_string(op) + ": written in spite of the status");
  }
#endif
  LookUp<int16_t>(
      in, node,
      [](const simdact_target* target, const int16_t* x, int16_t* y, size_t n, const int16_t* entries) {
        simdact_find_table16(target)->interpolate(x, y, n, entries);
      },
      [&](int16_t x) { return OnLine(node, x); });
}

}  // namespace

void FuzzTables(Input& in) { in.OneIn(2) ? Words(in) : Bytes(in); }

}  // namespace simdact_fuzz
