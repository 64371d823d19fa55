#!/usr/bin/env python3
"""Generates kernels/simdact/detail/tables/logistic.h: the slowly varying part of silu', and the roots of the slopes.

Needs mpmath.
"""
from mpmath import exp, findroot, mpf, pi, sqrt

import chebyshev
import piecewise



def slope(a):
    """exp(a) silu'(-a)."""
    s = 1 / (1 + exp(-a))
    return s * (1 - a * s)


# The zero of silu'(-a): 1 + exp(-a) = a, by Newton's method to 60 digits.
ROOT = "1.27846454276107379510935873902298015543947748861974576545318"

# gelu_tanh(x) = x / (1 + exp(-v(x))) with v(x) = 2 sqrt(2 / pi) (x + 0.044715 x^3).
STEEP = 2 * sqrt(2 / pi)
CUBIC = STEEP * mpf("0.044715")


def gelu_tanh_root():
    v = lambda a: a * (STEEP + CUBIC * a**2)
    return findroot(lambda a: 1 + exp(-v(a)) - a * (STEEP + 3 * CUBIC * a**2), 0.75)


def mish_root():
    """The zero of mish', which is exp(x) w(x) over a square."""
    w = lambda x: 4 * (x + 1) + 4 * exp(2 * x) + exp(3 * x) + exp(x) * (4 * x + 6)
    return findroot(w, -1.19)


def slope_roots():
    """Each slope is zero at minus the root for silu and gelu_tanh, at the root itself for mish."""
    silu, gelu, mish = mpf(ROOT), gelu_tanh_root(), mish_root()
    silu = findroot(lambda r: 1 + exp(-r) - r, silu)
    return [
        ("kSilu", silu, "1 + e = r, where e = exp(-r)"),
        ("kSiluE", silu - 1, ""),
        ("kGeluTanh", gelu, "1 + e = r v'(r), where e = exp(-v(r)) and v(x) = x (slope + cubic x^2)"),
        ("kGeluTanhE", exp(-gelu * (STEEP + CUBIC * gelu**2)), ""),
        ("kGeluTanhSquare", gelu**2, ""),
        ("kGeluTanhSlope", STEEP, ""),
        ("kGeluTanhCubic", CUBIC, ""),
        ("kGeluTanhCubic3", 3 * CUBIC, ""),
        ("kMish", mish, "4 (x + 1) + e (4 x + 6) + 4 e^2 + e^3 = 0, where e = exp(x)"),
        ("kMishE", exp(mish), ""),
        ("kMish1", exp(mish) * (4 * mish + 6), ""),
        ("kMish2", 4 * exp(2 * mish), ""),
        ("kMish3", exp(3 * mish), ""),
    ]


def root_struct(name, kind, only=None):
    text = f"struct {name} {{\n"
    for constant, value, comment in slope_roots():
        if only and constant not in only:
            continue
        text += (f"  // {comment}\n" if comment else "") + chebyshev.pair(constant, value, kind)
        if constant == "kSilu" and kind == "double":  # beta x comes nearer to this zero than two words tell
            high, low = chebyshev.split(value, 2, kind)
            text += chebyshev.constant("kSiluLower", value - mpf(high) - mpf(low))
    return text + "};\n\n"


TABLES = [
    piecewise.emit("SiluSlope32", "exp(a) silu'(-a)", slope, 32, 8, 0.75, 6, root=mpf(ROOT), here=True),
    piecewise.emit("SiluSlope8", "exp(a) silu'(-a)", slope, 8, 2, 0.75, 9, root=mpf(ROOT), here=True),
    "// Where the slopes are zero, and their terms there; to two words each.\n" + root_struct("SlopeRoots", "double"),
    "// What floats need of it.\n" + root_struct("SlopeRootsFloat", "float", ["kGeluTanhSlope", "kGeluTanhCubic"]),
]
print(piecewise.header("SIMDACT_LOGISTIC_TABLES_H_", "logistic.py", TABLES), end="")
