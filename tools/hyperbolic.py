#!/usr/bin/env python3
"""Generates kernels/simdact/hyperbolic-tables.h: tanh by slots. Needs Sollya."""
import piecewise

TABLES = [
    piecewise.emit("Tanh32", "tanh(a); 1 - 2^-25 is reached at 9.01.", "tanh(x)", 32, 8, 1.66, 5, odd=True),
    piecewise.emit("Tanh8", "tanh(a)", "tanh(x)", 8, 2, 1.66, 8, odd=True),
]
print(piecewise.header("SIMDACT_HYPERBOLIC_TABLES_H_", "hyperbolic.py", TABLES), end="")
