#!/usr/bin/env python3
"""Generates kernels/simdact/normal-tables.h: Mills' ratio, and its like for gelu'. Needs Sollya."""
import piecewise

MILLS = "(erfc(x / sqrt(2)) / 2 * exp(x^2 / 2))"
SLOPE = f"({MILLS} - x / sqrt(2 * pi))"
# The zero of gelu'(-a): Mills' ratio equals a / sqrt(2 pi), by Newton's method to 50 digits.
ROOT = "0.751791524693564457457904946779524039664471153423448546523885"

TABLES = [
    piecewise.emit("Mills32", "Phi(-a) exp(a^2 / 2)", MILLS, 32, 8, 1.0, 5),
    piecewise.emit("Mills8", "Phi(-a) exp(a^2 / 2)", MILLS, 8, 2, 1.0, 8),
    piecewise.emit("GeluSlope32", "gelu'(-a) exp(a^2 / 2)", SLOPE, 32, 8, 0.93, 6, root=ROOT),
    piecewise.emit("GeluSlope8", "gelu'(-a) exp(a^2 / 2)", SLOPE, 8, 2, 0.93, 9, root=ROOT),
]

def mapped(fun, degree):
    """Interpolates fun in t = (a - 4) / (a + 4) at the Chebyshev nodes of a in [0, 15], in double."""
    script = f"""
f = {fun}; X = [||]; Y = [||]; top = 11 / 19;
for k from 0 to {degree} do {{
  t = round((top - 1) / 2 + (top + 1) / 2 * cos(pi * (k + 0.5) / {degree + 1}), 165, RN);
  X = X :. t; Y = Y :. round(f(round(4 * (1 + t) / (1 - t), 165, RN)), 165, RN);
}};
p = roundcoefficients(interpolate(X, Y), [|D...|]); e = 0;
for k from 0 to 200 do {{
  t = round(-1 + (top + 1) * (k + 0.3) / 201, 165, RN);
  v = abs(p(t) / f(round(4 * (1 + t) / (1 - t), 165, RN)) - 1); if (v > e) then e = v;
}};
for k from 0 to {degree} do print("C", coeff(p, k));
display = decimal!; print("E", round(log2(e), 20, RN));"""
    words = [line.split() for line in piecewise.sollya(script).splitlines()]
    return [w[1] for w in words if w[0] == "C"], float(next(w[1] for w in words if w[0] == "E"))


def double_tables(degree=12):
    mills, mills_error = mapped(f"({MILLS} * (x + 4))", degree)
    slope, slope_error = mapped(f"({SLOPE} / ({ROOT} - x))", degree)
    array = lambda name, c: f"  static constexpr double {name}[{degree + 1}] = {{\n      " + ", ".join(c) + "};\n"
    text = f"// For targets without FMA, in t = (a - 4) / (a + 4): M(a) (a + 4) to 2^{mills_error:.1f},\n"
    text += f"// K(a) / (root - a) to 2^{slope_error:.1f}, for a in [0, 15].\n"
    text += f"struct NormalDouble {{\n  static constexpr int kDegree = {degree};\n"
    text += f"  static constexpr double kRoot = {float(ROOT).hex()};\n"
    return text + array("kMills", mills) + array("kSlope", slope) + "};\n\n"


TABLES.append(double_tables())
print(piecewise.header("SIMDACT_NORMAL_TABLES_H_", "normal.py", TABLES), end="")
