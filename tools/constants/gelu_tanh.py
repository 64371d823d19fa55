#!/usr/bin/env python3
"""Generates kernels/simdact/detail/tables/gelu_tanh.h: the slowly varying part of gelu_tanh', and v.

Needs mpmath.
"""
from mpmath import exp, findroot, mpf, pi, sqrt

import chebyshev
import piecewise

STEEP = 2 * sqrt(2 / pi)
CUBIC = STEEP * mpf("0.044715")


# What the kernel takes the exponential of: S of 21 bits and C a float, so that S + C a^2 is a pair at little
# cost. The table makes up for the rest of them.
SHORT_STEEP = mpf(int(STEEP * 2**20)) / 2**20
SHORT_CUBIC = mpf(chebyshev.nearest(CUBIC, "float"))


def slope(a):
    """exp(v(a)) gelu_tanh'(-a), v = S a + C a^3."""
    e = exp(-a * (STEEP + CUBIC * a**2))
    slope = e * (1 + e - a * (STEEP + 3 * CUBIC * a**2)) / (1 + e) ** 2
    return slope * exp(a * (SHORT_STEEP + SHORT_CUBIC * a**2))


def cubic():
    text = "// -v(a) = S a + C a^3.\nstruct GeluTanhCubic {\n"
    text += chebyshev.constant("kSlope", -SHORT_STEEP, "float")
    return text + chebyshev.constant("kCubic", -SHORT_CUBIC, "float") + "};\n\n"


ABOUT = "exp(v(a)) gelu_tanh'(-a)"
OPTIONS = dict(root=findroot(slope, 0.75), here=True)
TABLES = [
    piecewise.emit("GeluTanhSlope32", ABOUT, slope, 32, 8, 1.36, 5, **OPTIONS),
    piecewise.emit("GeluTanhSlope8", ABOUT, slope, 8, 2, 1.36, 8, **OPTIONS),
    cubic(),
]
print(piecewise.header("SIMDACT_GELU_TANH_TABLES_H_", "gelu_tanh.py", TABLES), end="")
