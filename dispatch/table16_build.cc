// Tables of quantized activations of 16 bits: all values, and nodes to interpolate between.
#ifndef SIMDACT_NO_F64

#include "dispatch/entries.h"
#include "simdact/table16.h"

namespace simdact {
namespace {

// An activation between two quantized ends.
struct Quantized {
  Function f;
  Integers from, to;
  bool IsGood() const { return f.kernel != nullptr && IsValid(from) && IsValid(to); }
};

Quantized QuantizedOf(simdact_op op, const simdact_params* params, float input_scale,
                      int32_t input_zero_point, float output_scale, int32_t output_zero_point) {
  return {FunctionOf(op, params),
          {static_cast<double>(input_scale), input_zero_point, -32768, 32767},
          {static_cast<double>(output_scale), output_zero_point, -32768, 32767}};
}

// v[i] = f at q = first + i step, i < n, and x[i] what q stands for.
void Evaluate(const Quantized& of, int first, int step, double* x, double* v, int n) {
  for (int i = 0; i < n; ++i) x[i] = NumberOf(first + i * step, of.from);
  of.f(x, v, static_cast<size_t>(n));
}

// ---- Nodes where they are used -------------------------------------------------------------------------

double Saturated(double steps) { return steps < -32768 ? -32768 : steps > 32767 ? 32767 : steps; }

// g of table16.h, to 2^-35 or so.
double InSteps(double v, const Integers& to) {
  return v != v ? to.zero_point : Saturated(v / to.scale + to.zero_point);
}

// The nearest integer. What lies midway must do so on every CPU, though kernels differ in a double's last
// bits: so first to a multiple of 2^-20, then up from the middle. 65536 more has no sign.
int16_t Rounded(double steps) {
  const auto fixed = static_cast<int64_t>((Saturated(steps) + 65536) * 0x1p20 + 0.5);
  const auto nearest = static_cast<int>((fixed + (1 << 19)) >> 20) - 65536;
  return static_cast<int16_t>(nearest < 32767 ? nearest : 32767);
}

constexpr int kChords = 64;  // at once, for less of the stack

void BuildExactNodes(const Quantized& of, int16_t* table) {
  double x[2 * kChords + 1], g[2 * kChords + 1];  // nodes, and the middles between them
  for (int first = 0; first < 512; first += kChords) {
    Evaluate(of, 128 * first - 32768, 64, x, g, 2 * kChords + 1);
    for (double& value : g) value = InSteps(value, of.to);
    for (int i = 0; i < kChords; ++i) {
      const double* node = g + 2 * i;
      const double above = (node[0] + node[2]) / 2 - node[1];
      table[first + i] = Rounded(node[0] - above / 2);
    }
  }
  table[512] = Rounded(g[2 * kChords]);
}

// ---- TensorFlow Lite's nodes: every operation is one of floats, in the order in which it has them -------

// To the nearest integer, ties away from 0.
float RoundAway(float v) {
  if (!(v > -0x1p23f && v < 0x1p23f)) return v;
  const int whole = static_cast<int>(v);
  const float rest = v - static_cast<float>(whole);
  return static_cast<float>(whole + (rest >= 0.5f) - (rest <= -0.5f));
}

// infinity - infinity, which is nothing there, takes `otherwise`.
int16_t TfliteEntry(float v, float otherwise) {
  const float known = v == v ? v : otherwise == otherwise ? otherwise : 0;
  return static_cast<int16_t>(Saturated(static_cast<double>(known)));
}

void BuildTfliteNodes(const Quantized& of, int16_t* table) {
  const auto scale = static_cast<float>(of.from.scale), output_scale = static_cast<float>(of.to.scale);
  const float least = scale * static_cast<float>(-32768 - of.from.zero_point);
  const float greatest = scale * static_cast<float>(32767 - of.from.zero_point);
  const float step = (greatest - least) / 512, half_step = step / 2;
  const float unit = 65536 / (output_scale * 32767 - output_scale * -32768);
  double x[2 * kChords + 1], v[2 * kChords + 1];
  const auto in_units = [&](int k) { return static_cast<float>(v[k]) * unit; };
  for (int first = 0; first < 512; first += kChords) {
    for (int k = 0; k <= 2 * kChords; ++k) {
      const float node = least + static_cast<float>(first + k / 2) * step;
      x[k] = static_cast<double>(k % 2 == 0 ? node : node + half_step);
    }
    of.f(x, v, 2 * kChords + 1);
    for (int i = 0; i < kChords; ++i) {
      const float value = RoundAway(in_units(2 * i)), middle = RoundAway(in_units(2 * i + 1));
      const float chord = RoundAway((in_units(2 * i + 2) + value) / 2);
      table[first + i] = TfliteEntry(value - RoundAway((chord - middle) / 2), value);
    }
  }
  x[0] = static_cast<double>(greatest);
  of.f(x, v, 1);
  table[512] = TfliteEntry(RoundAway(in_units(0)), 0);
}

// ---- How far the lines are off -------------------------------------------------------------------------

double LargestError(const Quantized& of, const int16_t* table) {
  double x[128], v[128], largest = 0;
  for (int i = 0; i < 512; ++i) {
    Evaluate(of, 128 * i - 32768, 1, x, v, 128);
    for (int o = 0; o < 128; ++o) {
      const int y = table[i] + (((table[i + 1] - table[i]) * o + 64) >> 7);
      const double error = y - InSteps(v[o], of.to);
      const double size = error < 0 ? -error : error;
      if (size > largest) largest = size;
    }
  }
  return largest;
}

}  // namespace
}  // namespace simdact

extern "C" {

simdact_status simdact_table_build_s16(simdact_op op, const simdact_params* params, float input_scale,
                                       int32_t input_zero_point, float output_scale,
                                       int32_t output_zero_point, simdact_rounding rounding, int16_t* table) {
  if (table == nullptr) return SIMDACT_NULL_POINTER;
  const simdact::Quantized of =
      simdact::QuantizedOf(op, params, input_scale, input_zero_point, output_scale, output_zero_point);
  if (!of.IsGood() || !simdact::IsValid(rounding)) return SIMDACT_BAD_OPTION;
  double x[256], v[256];
  for (int first = -32768; first < 32768; first += 256) {
    simdact::Evaluate(of, first, 1, x, v, 256);
    for (int i = 0; i < 256; ++i) {
      table[static_cast<uint16_t>(first + i)] =
          static_cast<int16_t>(simdact::Entry(of.f, x[i], v[i], of.to, rounding));
    }
  }
  return SIMDACT_OK;
}

simdact_status simdact_interpolate_build_s16(simdact_op op, const simdact_params* params, float input_scale,
                                             int32_t input_zero_point, float output_scale,
                                             int32_t output_zero_point, simdact_nodes nodes, int16_t* table) {
  if (table == nullptr) return SIMDACT_NULL_POINTER;
  const simdact::Quantized of =
      simdact::QuantizedOf(op, params, input_scale, input_zero_point, output_scale, output_zero_point);
  if (!of.IsGood()) return SIMDACT_BAD_OPTION;
  if (nodes == SIMDACT_NODES_EXACT) {
    simdact::BuildExactNodes(of, table);
  } else if (nodes == SIMDACT_NODES_TFLITE && output_zero_point == 0) {
    simdact::BuildTfliteNodes(of, table);
  } else {
    return SIMDACT_BAD_OPTION;
  }
  return SIMDACT_OK;
}

simdact_status simdact_interpolate_error_s16(simdact_op op, const simdact_params* params, float input_scale,
                                             int32_t input_zero_point, float output_scale,
                                             int32_t output_zero_point, const int16_t* table, double* error) {
  if (table == nullptr || error == nullptr) return SIMDACT_NULL_POINTER;
  const simdact::Quantized of =
      simdact::QuantizedOf(op, params, input_scale, input_zero_point, output_scale, output_zero_point);
  if (!of.IsGood()) return SIMDACT_BAD_OPTION;
  *error = simdact::LargestError(of, table);
  return SIMDACT_OK;
}

}  // extern "C"

#endif  // SIMDACT_NO_F64
