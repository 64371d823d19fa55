#!/usr/bin/env python3
"""Generates kernels/simdact/logistic-tables.h: the slowly varying part of silu'. Needs Sollya."""
import piecewise

SIGMOID = "(1 / (1 + exp(-x)))"
SLOPE = f"({SIGMOID} * (1 - x * {SIGMOID}))"
# The zero of silu'(-a): 1 + exp(-a) = a, by Newton's method to 60 digits.
ROOT = "1.27846454276107379510935873902298015543947748861974576545318"

TABLES = [
    piecewise.emit("SiluSlope32", "exp(a) silu'(-a)", SLOPE, 32, 8, 0.75, 6, root=ROOT),
    piecewise.emit("SiluSlope8", "exp(a) silu'(-a)", SLOPE, 8, 2, 0.75, 9, root=ROOT),
]
print(piecewise.header("SIMDACT_LOGISTIC_TABLES_H_", "logistic.py", TABLES), end="")
