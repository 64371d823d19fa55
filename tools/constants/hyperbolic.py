#!/usr/bin/env python3
"""Generates kernels/simdact/detail/tables/hyperbolic.h: tanh and x - tanh x by slots.

Needs Sollya, and mpmath for the table in double precision.
"""
from mpmath import mpf, sqrt, tanh

import chebyshev
import piecewise


def tanhshrink_table():
    ratio = lambda s: (sqrt(s) - tanh(sqrt(s))) / sqrt(s) ** 3
    c, reached = chebyshev.shortest(ratio, 0, 1, lambda _, value: 1 / value, 61, first=12)
    text = f"// x - tanh x = x^3 (c0 + s (c1 + ...)), s = x^2, to 2^{reached:.1f} for |x| <= 1.\n"
    text += "struct TanhshrinkDouble {\n" + chebyshev.polynomial("kC", c) + "};\n\n"
    end = mpf("0.3") ** 2
    c, reached = chebyshev.shortest(ratio, 0, end, lambda _, value: 1 / value, 33, first=3, lows=0)
    text += f"// The same to 2^{reached:.1f} for |x| <= 0.3.\nstruct TanhshrinkPlain {{\n"
    return text + chebyshev.polynomial("kC", c) + "};\n\n"


def ratio(lo):
    return "((x - tanh(x)) / x)" if lo > 1.8 else "((x - tanh(x)) / x^3)"


TABLES = [
    piecewise.emit("Tanh32", "tanh(a); 1 - 2^-25 is reached at 9.01.", "tanh(x)", 32, 8, 1.66, 5, odd=True),
    piecewise.emit("Tanh8", "tanh(a)", "tanh(x)", 8, 2, 1.66, 8, odd=True),
    piecewise.emit("Tanhshrink32", "(a - tanh a) / a^3, / a from 1.807 on", ratio, 32, 8, 1.66, 5),
    piecewise.emit("Tanhshrink8", "(a - tanh a) / a^3, / a from 1.807 on", ratio, 8, 2, 1.66, 8),
    tanhshrink_table(),
]
print(piecewise.header("SIMDACT_HYPERBOLIC_TABLES_H_", "hyperbolic.py", TABLES), end="")
