#!/usr/bin/env python3
"""Generates kernels/simdact/exponential-tables.h: log1p(u) / u at u = exp(-a). Needs Sollya."""
import piecewise

RATIO = "(log1p(exp(-x)) * exp(x))"

TABLES = [
    piecewise.emit("LogRatio32", "log(1 + exp(-a)) / exp(-a)", RATIO, 32, 8, 0.84, 4),
    piecewise.emit("LogRatio8", "log(1 + exp(-a)) / exp(-a)", RATIO, 8, 2, 0.84, 7),
]
print(piecewise.header("SIMDACT_EXPONENTIAL_TABLES_H_", "exponential.py", TABLES), end="")
