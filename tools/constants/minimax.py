"""Polynomials, and quotients of them, whose largest relative error is least, in 40 digits (mpmath)."""
from mpmath import cos, erfc, exp, lu_solve, matrix, mp, mpf, pi, polyval, sqrt

from chebyshev import nearest

mp.dps = 40
TINY = mpf(2) ** -60


def minimax(f, lo, hi, over, under=0, variable=lambda x: x, points=90, rounds=60, kind="float"):
    """P, Q with P(t) / Q(t) ~ f(x), t = variable(x), Q's first coefficient 1, and the largest relative error.

    Lawson's reweighted least squares; for P / Q with the last Q in the weights, after Sanathanan and Koerner. The
    coefficients are rounded to `kind`.
    """
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
        p = [mpf(nearest(solution[k], kind)) for k in range(over + 1)]
        q = [mpf(1)] + [mpf(nearest(solution[over + k], kind)) for k in range(1, under + 1)]
        below = [polyval(q[::-1], t) for t in ts]
        errors = [abs(polyval(p[::-1], t) / d / v - 1) for t, d, v in zip(ts, below, values)]
        if best is None or max(errors) < best[2]:
            best = p, q, max(errors)
        weights = [w * (e + max(errors) / 50) for w, e in zip(weights, errors)]
        weights = [w / sum(weights) for w in weights]
    return best


def square(x):
    return x * x


def mills(a):
    return erfc(a / sqrt(mpf(2))) / 2 * exp(a * a / 2)
