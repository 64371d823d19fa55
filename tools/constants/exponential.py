#!/usr/bin/env python3
"""Generates kernels/simdact/detail/tables/exponential.h: log1p(u) / u, for floats at u = exp(-a). Needs Sollya and mpmath."""
from mpmath import log1p

import piecewise

RATIO = "(log1p(exp(-x)) * exp(x))"


def ratio(u):
    return log1p(u) / u if u else u + 1


TABLES = [
    piecewise.emit("LogRatio32", "log(1 + exp(-a)) / exp(-a)", RATIO, 32, 8, 0.84, 4),
    piecewise.emit("LogRatio8", "log(1 + exp(-a)) / exp(-a)", RATIO, 8, 2, 0.84, 7),
    piecewise.emit_doubles("LogRatioDouble16", "log(1 + u) / u", ratio, 16, 16, 1 - 2.0**-10, 8, False),
    piecewise.emit_doubles("LogRatioDouble64", "log(1 + u) / u", ratio, 64, 64, 1 - 2.0**-10, 6, True),
]
print(piecewise.header("SIMDACT_EXPONENTIAL_TABLES_H_", "exponential.py", TABLES), end="")
