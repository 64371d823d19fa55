// `simdact table`: the entries of an activation of quantized bytes or int16.

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <vector>

#include "simdact/table16.h"
#include "tools/command/commands.h"
#include "tools/command/names.h"

namespace simdact_command {

#ifdef SIMDACT_NO_F64

int Table(const TableOptions&) { throw UsageError("tables need f64, which was left out of this build"); }

#else

namespace {

float ParseScale(const char* option, const std::string& text) {
  char* end = nullptr;
  const float scale = std::strtof(text.c_str(), &end);
  if (*end != '\0' || end == text.c_str() || !(scale > 0 && scale <= 0x1.fffffep127f)) {
    throw UsageError(std::string(option) + " '" + text + "'; valid: a finite number above 0, as a float");
  }
  return scale;
}

int32_t ParseZeroPoint(const char* option, const std::string& text, int least, int greatest) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (*end != '\0' || end == text.c_str() || value < least || value > greatest) {
    throw UsageError(
        Format("%s '%s'; valid: a whole number from %d to %d", option, text.c_str(), least, greatest));
  }
  return static_cast<int32_t>(value);
}

// The position of `text` among the choices; 0 where it is empty.
int ParseChoice(const char* option, const std::string& text, const char* first, const char* second) {
  if (text.empty() || text == first) return 0;
  if (text == second) return 1;
  throw UsageError(Format("%s '%s'; valid: %s %s", option, text.c_str(), first, second));
}

// What all types of tables are built from.
struct Ends {
  simdact_op op;
  simdact_params p;
  float input_scale, output_scale;
  int32_t input_zero_point, output_zero_point;
};

Ends ParseEnds(const TableOptions& options, int least, int greatest) {
  const simdact_op op = FindOp(options.op);
  return {op,
          ParseParameters(op, options.parameters),
          ParseScale("--input-scale", options.input_scale),
          ParseScale("--output-scale", options.output_scale),
          ParseZeroPoint("--input-zero-point", options.input_zero_point, least, greatest),
          ParseZeroPoint("--output-zero-point", options.output_zero_point, least, greatest)};
}

void Check(simdact_status status) {
  if (status != SIMDACT_OK) throw UsageError(simdact_status_text(status));
}

// In the order of memory: of signed integers, the entries of 0 and above come before those of -1 and below.
template <class Entries>
void Print(const Entries& entries, int width) {
  const size_t n = std::size(entries);
  for (size_t i = 0; i < n; ++i)
    std::printf("%*d%s", width, entries[i], i + 1 == n ? "\n" : i % 16 == 15 ? ",\n" : ",");
}

void PrintBytes(const Ends& ends, simdact_rounding rounding, bool is_signed) {
  const simdact_quantization input = {ends.input_scale, ends.input_zero_point, is_signed};
  const simdact_quantization output = {ends.output_scale, ends.output_zero_point, is_signed};
  uint8_t table[256];
  Check(simdact_table_build_rounded(ends.op, &ends.p, &input, &output, rounding, table));
  int entries[256];
  for (int byte = 0; byte < 256; ++byte)
    entries[byte] = is_signed ? static_cast<int8_t>(table[byte]) : table[byte];
  Print(entries, 4);
}

void PrintValues(const Ends& ends, simdact_rounding rounding) {
  std::vector<int16_t> table(SIMDACT_TABLE16_VALUES);
  Check(simdact_table_build_s16(ends.op, &ends.p, ends.input_scale, ends.input_zero_point, ends.output_scale,
                                ends.output_zero_point, rounding, table.data()));
  Print(table, 6);
}

void PrintNodes(const Ends& ends, simdact_nodes nodes) {
  if (nodes == SIMDACT_NODES_TFLITE && ends.output_zero_point != 0)
    throw UsageError("--nodes tflite goes without --output-zero-point, as in TensorFlow Lite");
  int16_t table[SIMDACT_TABLE16_NODES];
  double error = 0;
  Check(simdact_interpolate_build_s16(ends.op, &ends.p, ends.input_scale, ends.input_zero_point,
                                      ends.output_scale, ends.output_zero_point, nodes, table));
  Check(simdact_interpolate_error_s16(ends.op, &ends.p, ends.input_scale, ends.input_zero_point,
                                      ends.output_scale, ends.output_zero_point, table, &error));
  Print(table, 6);
  std::fprintf(stderr, "largest error: %.3f steps of the output\n", error);
}

}  // namespace

int Table(const TableOptions& options) {
  const std::string& type = options.type;
  const auto rounding =
      static_cast<simdact_rounding>(ParseChoice("--rounding", options.rounding, "half-even", "half-away"));
  const auto nodes = static_cast<simdact_nodes>(ParseChoice("--nodes", options.nodes, "exact", "tflite"));
  if (type == "s16" && !options.rounding.empty())
    throw UsageError("--rounding is not for s16; valid: --nodes");
  if (type != "s16" && !options.nodes.empty()) throw UsageError("--nodes is for s16; valid: --rounding");
  if (type == "s8" || type == "u8") {
    const bool is_signed = type == "s8";
    PrintBytes(ParseEnds(options, is_signed ? -128 : 0, is_signed ? 127 : 255), rounding, is_signed);
  } else if (type == "s16") {
    PrintNodes(ParseEnds(options, -32768, 32767), nodes);
  } else if (type == "s16-values") {
    PrintValues(ParseEnds(options, -32768, 32767), rounding);
  } else {
    throw UsageError("no type '" + type + "'; valid: s8 u8 s16 s16-values");
  }
  return 0;
}

#endif  // SIMDACT_NO_F64

}  // namespace simdact_command
