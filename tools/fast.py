#!/usr/bin/env python3
"""Generates kernels/simdact/fast-tables.h: the polynomials and quotients of the fast tier. Needs mpmath.

Each is the one whose largest relative error is least (Lawson's reweighted least squares; for P / Q with the
last Q in the weights, after Sanathanan and Koerner), rounded to floats.
"""
from mpmath import cos, erf, erfc, exp, log, lu_solve, matrix, mp, mpf, pi, polyval, sqrt, tanh

from chebyshev import literal, nearest

mp.dps = 40


def minimax(f, lo, hi, over, under=0, variable=lambda x: x, points=90, rounds=60):
    """P, Q with P(t) / Q(t) ~ f(x), t = variable(x), Q's first coefficient 1, and the largest relative error."""
    xs = [(mpf(lo) + hi) / 2 - (mpf(hi) - lo) / 2 * cos(pi * (2 * k + 1) / (2 * points)) for k in range(points)]
    values, ts = [f(x) for x in xs], [variable(x) for x in xs]
    rows = [[t**k / v for k in range(over + 1)] + [-(t**k) for k in range(1, under + 1)] for t, v in zip(ts, values)]
    weights, below = [mpf(1)] * points, [mpf(1)] * points
    size, best = over + under + 1, None
    for _ in range(rounds):
        a, b = matrix(size, size), matrix(size, 1)
        for row, weight, q in zip(rows, weights, below):
            for i in range(size):
                b[i] += weight / q**2 * row[i]
                for j in range(size):
                    a[i, j] += weight / q**2 * row[i] * row[j]
        solution = lu_solve(a, b)
        p = [mpf(nearest(solution[k], "float")) for k in range(over + 1)]
        q = [mpf(1)] + [mpf(nearest(solution[over + k], "float")) for k in range(1, under + 1)]
        below = [polyval(q[::-1], t) for t in ts]
        errors = [abs(polyval(p[::-1], t) / d / v - 1) for t, d, v in zip(ts, below, values)]
        if best is None or max(errors) < best[2]:
            best = p, q, max(errors)
        weights = [w * (e + max(errors) / 50) for w, e in zip(weights, errors)]
        weights = [w / sum(weights) for w in weights]
    return best


def array(name, values):
    return f"  static constexpr float {name}[{len(values)}] = {{" + ", ".join(literal(v, "float") for v in values) + "};\n"


def emit(comment, name, f, lo, hi, over, under=0, variable=lambda x: x, last=0):
    """An interval of (lo, hi) that reaches beyond what is needed keeps rounding at the ends inside."""
    p, q, worst = minimax(f, lo, hi, over, under, variable)
    text = f"  // {comment}, to 2^{float(log(worst, 2)):.1f}.\n" + array(name, p)
    return text + (array(name + "Below", q[1:]) if under else "")


TINY = mpf(2) ** -60
square = lambda x: x * x


def mills(a):
    return erfc(a / sqrt(mpf(2))) / 2 * exp(a * a / 2)


def slots(name, comment, f, shift, first, end, limit=None):
    """f(a) = c0 + a (c1 + a c2) in 32 slots of v = a + shift, 8 to the octave; in the hardware's order."""
    edge = lambda k: mpf(2) ** (k // 8) * (1 + mpf(k % 8) / 8)
    rows, worst = [[mpf(0)] * 32 for _ in range(3)], mpf(0)
    for k in range(first, first + 32):
        lo, hi = edge(k) - shift, min(edge(k + 1) - shift, mpf(end))
        if k == first and f(TINY) < TINY * 2:
            p, _, error = minimax(lambda x: f(x) / x, TINY, hi, 1, points=40, rounds=30)
            p = [mpf(0)] + p
        elif lo < end:
            p, _, error = minimax(f, lo, hi, 2, points=40, rounds=30)
        if k == first + 31 and limit is not None:  # the last slot is the limit at infinity
            p, error = [limit, mpf(0), mpf(0)], abs(limit / f(lo) - 1)
        # v = 1 has the bits 0x3F800000.
        for row, c in zip(rows, p):
            row[((0x3F800000 >> 20) + k) % 32] = c
        worst = max(worst, error)
    text = f"// {comment} = c0 + a (c1 + a c2), by the exponent and three bits of a + {float(shift)}, to 2^{float(log(worst, 2)):.1f}.\n"
    text += f"struct {name} {{\n  static constexpr float kShift = {literal(shift, 'float')}, kEnd = {literal(end, 'float')};\n"
    text += "  alignas(64) static constexpr float kRows[3][32] = {\n"
    for row in rows:
        text += "      {" + ", ".join(literal(v, "float") for v in row) + "},\n"
    return text + "  };\n};\n\n"


def constants(name, power, tail, log1p, tanh_over, tanh_under, erf_degree, erf_end, mills_degree, mills_scale):
    text = f"struct {name} {{\n"
    text += emit("2^f for |f| <= 1/2", "kPower", lambda f: mpf(2) ** f, -0.5, 0.5, power)
    text += emit("(2^f - 1) / f for |f| <= 1/2", "kPowerTail",
                 lambda f: (mpf(2) ** f - 1) / f if abs(f) > TINY else log(mpf(2)), -0.5, 0.5, tail)
    text += emit("log(1 + e) / e for 0 <= e <= 1", "kLog1p",
                 lambda e: log(1 + e) / e if e > TINY else mpf(1), 0, 1, log1p)
    text += emit("tanh(x) / x = P(x^2) / (1 + x^2 Q(x^2)) for |x| <= 4.6", "kTanh",
                 lambda x: tanh(x) / x, TINY, 4.6, tanh_over, tanh_under, square)
    text += emit(f"erf(x) / x = P(x^2) for |x| <= {erf_end}", "kErf", lambda x: erf(x) / x, TINY, mpf(erf_end), erf_degree, 0, square)
    scale = mpf(mills_scale)
    text += emit(f"exp(a^2 / 2) Phi(-a) = t P(t), t = 1 / (1 + {mills_scale} a), for 0 <= a <= 13.3", "kMills",
                 lambda t: mills((1 / t - 1) / scale) / t, 1 / (1 + mpf("13.3") * scale), 1, mills_degree)
    return text + f"  static constexpr float kMillsScale = {mills_scale}f;\n}};\n\n"


def main():
    text = "// Generated by tools/fast.py; do not edit. Coefficients from the constant term upwards.\n"
    text += "#ifndef SIMDACT_FAST_TABLES_H_\n#define SIMDACT_FAST_TABLES_H_\n\nnamespace simdact {\n\n// clang-format off\n"
    text += constants("FastConstants", 3, 3, 4, 2, 2, 6, "2.66", 4, "0.375")
    text += constants("BriefConstants", 5, 5, 7, 3, 3, 10, "2.8", 7, "0.3")
    text += slots("FastTanh32", "tanh(a)", tanh, mpf(3) / 8, -12, 5.5, mpf(1))
    text += slots("FastMills32", "exp(a^2 / 2) Phi(-a)", mills, mpf(1), 0, 13.5)
    text += "// clang-format on\n\n}  // namespace simdact\n\n#endif  // SIMDACT_FAST_TABLES_H_\n"
    with open("kernels/simdact/fast-tables.h", "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
