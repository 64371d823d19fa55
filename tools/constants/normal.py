#!/usr/bin/env python3
"""Generates kernels/simdact/detail/tables/normal.h: Mills' ratio, its like for gelu', and erf.

Needs Sollya, and mpmath for the tables in double precision.
"""
from mpmath import erf, erfc, exp, findroot, mpf, pi, sqrt

import chebyshev
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
    piecewise.emit("Erf32", "erf(a); 1 - 2^-25 is reached at 3.92.", "erf(x)", 32, 16, 1.144, 4, origin=1.5, close_to_x=True),
    piecewise.emit("Erf8", "erf(a)", "erf(x)", 8, 8, 0.318, 7, origin=1.25, close_to_x=True),
]


def mills(a):
    return erfc(a / sqrt(2)) / 2 * exp(a**2 / 2)


def relative(_, value):
    return 1 / value


def rational(fun, centre, bits=59, end=39, first=18):
    """Fits fun in t = (a - centre) / (a + centre) for a in [0, end]; at 39 Phi(-a) leaves the doubles."""
    inverse = lambda t: centre * (1 + t) / (1 - t)
    last = (mpf(end) - centre) / (mpf(end) + centre)
    return chebyshev.shortest(lambda t: fun(inverse(t)), -1, last, relative, bits, first=first)


def members(name, centre, coefficients):
    text = chebyshev.constant(f"{name}Centre", centre) + chebyshev.array(name, [parts[0] for parts in coefficients])
    return text + chebyshev.constant(f"{name}Low", coefficients[0][1])


def wide_tables():
    """Centres by trial: a large one shortens the polynomial, a small one keeps its terms below their sum."""
    root = findroot(lambda a: mills(a) - a / sqrt(2 * pi), mpf(ROOT))
    slope = lambda a: (mills(a) - a / sqrt(2 * pi)) / (root - a)
    k, k_error = rational(slope, 6)
    text = "// In t = (a - centre) / (a + centre), a in [0, 39], with the low word of c0:\n"
    text += f"// K(a) / (root - a) to 2^{k_error:.1f}.\nstruct NormalWide {{\n"
    text += members("kSlope", 6, k) + chebyshev.pair("kRoot", root) + "};\n\n"
    k, k_error = rational(slope, 5, 36, "14.7", 10)
    text += f"// The same for a in [0, 14.7], where Phi(-a) leaves the floats, to 2^{k_error:.1f}.\nstruct NormalPlain {{\n"
    return text + chebyshev.constant("kSlopeCentre", 5) + chebyshev.array("kSlope", [parts[0] for parts in k]) + "};\n\n"


def slope_of_erf():
    return "// 2 / sqrt(pi), what erf' is at 0.\nstruct ErfDouble {\n" + chebyshev.pair("kSlope", 2 / sqrt(pi)) + "};\n\n"


# Without FMA the product in the second slot is rounded as well: that slot begins where erf(a) is above 1/8.
ERF = dict(origin=1.5, close_to_x=True)
TABLES += [
    wide_tables(),
    slope_of_erf(),
    piecewise.emit_doubles("MillsDouble16", "Phi(-a) exp(a^2 / 2)", mills, 16, 4, 0.384, 14, False),
    piecewise.emit_doubles("MillsDouble64", "Phi(-a) exp(a^2 / 2)", mills, 64, 16, 0.384, 10, True),
    piecewise.emit_doubles("ErfDouble16", "erf(a); 1 - 2^-54 is reached at 5.87.", erf, 16, 8, 0.76, 12, False, **ERF),
    piecewise.emit_doubles("ErfDouble32", "erf(a)", erf, 32, 16, 0.56, 10, True, **ERF),
    piecewise.emit_doubles("ErfPlain32", "erf(a) for floats, which are 1 from 3.92 on", erf, 32, 16, 1.142, 6, True, **ERF),
]
print(piecewise.header("SIMDACT_NORMAL_TABLES_H_", "normal.py", TABLES), end="")
