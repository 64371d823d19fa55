// `simdact table`: the 256 entries of an activation of quantized bytes.

#include <cstdio>
#include <cstdlib>

#include "simdact/table.h"
#include "tools/simdact_commands.h"
#include "tools/simdact_names.h"

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

int32_t ParseZeroPoint(const char* option, const std::string& text, bool is_signed) {
  const int least = is_signed ? -128 : 0;
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (*end != '\0' || end == text.c_str() || value < least || value > least + 255) {
    throw UsageError(
        Format("%s '%s'; valid: a whole number from %d to %d", option, text.c_str(), least, least + 255));
  }
  return static_cast<int32_t>(value);
}

}  // namespace

int Table(const TableOptions& options) {
  const simdact_op op = FindOp(options.op);
  const simdact_params p = ParseParameters(op, options.parameters);
  if (options.type != "s8" && options.type != "u8")
    throw UsageError("no type '" + options.type + "'; valid: s8 u8");
  const bool is_signed = options.type == "s8";
  const auto quantization = [&](const char* scale_option, const std::string& scale, const char* zero_option,
                                const std::string& zero_point) {
    return simdact_quantization{ParseScale(scale_option, scale),
                                ParseZeroPoint(zero_option, zero_point, is_signed), is_signed};
  };
  const simdact_quantization input =
      quantization("--input-scale", options.input_scale, "--input-zero-point", options.input_zero_point);
  const simdact_quantization output =
      quantization("--output-scale", options.output_scale, "--output-zero-point", options.output_zero_point);
  uint8_t table[256];
  const simdact_status status = simdact_table_build(op, &p, &input, &output, table);
  if (status != SIMDACT_OK) throw UsageError(simdact_status_text(status));

  // In the order of memory: of int8_t, the entries of 0 to 127 and those of -128 to -1.
  for (int byte = 0; byte < 256; ++byte) {
    const int entry = is_signed ? static_cast<int8_t>(table[byte]) : table[byte];
    std::printf("%4d%s", entry, byte == 255 ? "\n" : byte % 16 == 15 ? ",\n" : ",");
  }
  return 0;
}

#endif  // SIMDACT_NO_F64

}  // namespace simdact_command
