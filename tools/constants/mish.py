#!/usr/bin/env python3
"""Generates kernels/simdact/detail/tables/mish.h: mish' on the right, and its slowly varying part on the left.

Needs mpmath.
"""
from mpmath import exp, findroot

import piecewise

BIAS = 62  # kTailBias
RIGHT = 1.25


def right(x):
    """2^62 mish'(x)."""
    e = exp(-x)
    return 2**BIAS * (1 + 4 * e + (4 * x + 6) * e**2 + 4 * (x + 1) * e**3) / (1 + 2 * e + 2 * e**2) ** 2


def left(a):
    """exp(a) mish'(-a)."""
    e = exp(-a)
    return (4 * (1 - a) + e * (6 - 4 * a) + 4 * e**2 + e**3) / (2 + 2 * e + e**2) ** 2


ROOT = findroot(left, 1.19)


def halves(name, slots, per_octave, scale, degree):
    """A table of two: v = RIGHT a + 1 covers [1, 16), and 16 (scale a + 1) the next four octaves."""
    rows, error, _ = piecewise.fit(right, slots, per_octave, RIGHT, degree, here=True)
    left_rows, left_error, _ = piecewise.fit(left, slots, per_octave, scale, degree, root=ROOT, here=True, reach=0.4)
    about = f"// 2^62 mish'(a) in {slots} slots over [0, 12), and exp(a) mish'(-a) in as many over [0, {15 / scale:.4g}),\n"
    about += f"// degree {degree}; worst fits 2^{error:.2f}, 2^{left_error:.2f}.\n"
    constants = f"  static constexpr float kRightScale = {RIGHT!r}f, kLeftScale = {16 * scale!r}f;\n"
    constants += piecewise.zero_low(ROOT)
    # Of v = 1 the bits above kShift end in 127 per_octave, modulo 2 slots; fit() took that modulo slots.
    first = 127 * per_octave
    in_order = lambda part: [part[(first + k) % slots] for k in range(slots)]
    by_v = in_order(rows) + in_order(left_rows)
    hardware = [by_v[(k - first) % (2 * slots)] for k in range(2 * slots)]
    return piecewise.struct_text(name, about, constants, per_octave, degree, hardware)


TABLES = [halves("MishSlope32", 16, 4, 0.78, 7), halves("MishSlope8", 4, 1, 0.81, 11)]
print(piecewise.header("SIMDACT_MISH_TABLES_H_", "mish.py", TABLES), end="")
