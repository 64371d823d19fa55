"""Fits polynomials with double coefficients by least squares at Chebyshev nodes, in 70 digits (mpmath).

The coefficients are rounded one by one from c0 upwards, each time solving again for those above, which so
take up the rounding error (Babai's nearest plane, on the QR factors). That is worth three to seven bits over
rounding them all at once: only c0, or the first few, need a low word.
"""
import struct

from mpmath import cos, fsum, log, mp, mpf, pi, sqrt

mp.dps = 70


def nearest(value, kind="double"):
    if kind == "double":
        return float(value)
    return struct.unpack("<f", struct.pack("<f", float(value)))[0]


def split(value, words=2, kind="double"):
    """value as a sum of doubles (or floats), the largest first."""
    parts = []
    for _ in range(words):
        parts.append(nearest(value, kind))
        value = value - mpf(parts[-1])
    return parts


def nodes(lo, hi, count):
    return [(lo + hi) / 2 + (hi - lo) / 2 * cos(pi * (2 * k + 1) / (2 * count)) for k in range(count)]


def fit(f, lo, hi, degree, weight, lows=1, kind="double"):
    """c0, c1, ... with f(t) ~ c0 + c1 t + ... on [lo, hi], each [high] or, for the first `lows`, [high, low].

    An error of the polynomial counts weight(t, f(t)) times.
    """
    points = nodes(mpf(lo), mpf(hi), 3 * (degree + 1))
    values = [f(t) for t in points]
    weights = [weight(t, v) for t, v in zip(points, values)]
    rest = [w * v for w, v in zip(weights, values)]
    # Gram-Schmidt from the highest power down, so that back substitution meets c0 first.
    column, basis, upper = [w * t**degree for w, t in zip(weights, points)], [], []
    for _ in range(degree + 1):
        q, r = column, []
        for b in basis:
            r.append(fsum(x * y for x, y in zip(q, b)))
            q = [x - r[-1] * y for x, y in zip(q, b)]
        r.append(sqrt(fsum(x * x for x in q)))
        basis.append([x / r[-1] for x in q])
        upper.append(r)
        column = [x / t if t else mpf(0) for x, t in zip(column, points)]
    target = [fsum(x * y for x, y in zip(rest, b)) for b in basis]
    result = []
    for k in range(degree, -1, -1):
        result.append(split(target[k] / upper[k][k], 2 if len(result) < lows else 1, kind))
        exact = fsum(mpf(part) for part in result[-1])
        target = [y - r * exact for y, r in zip(target, upper[k])]
    return result


def evaluate(coefficients, t):
    value = mpf(0)
    for parts in reversed(coefficients):
        value = value * t + fsum(mpf(part) for part in parts)
    return value


def error(coefficients, f, lo, hi, weight, points=2000):
    """log2 of the largest weighted error of the rounded polynomial."""
    worst = mpf(2) ** -200
    for k in range(points):
        t = mpf(lo) + (mpf(hi) - mpf(lo)) * (k + mpf(0.3)) / (points - mpf(0.4))
        v = f(t)
        worst = max(worst, abs((evaluate(coefficients, t) - v) * weight(t, v)))
    return float(log(worst, 2))


def shortest(f, lo, hi, weight, bits, first=2, lows=1, kind="double"):
    """The fit of the least degree with an error below 2^-bits, and log2 of its error."""
    for degree in range(first, 60):
        result = fit(f, lo, hi, degree, weight, lows, kind)
        # A few points tell that it is not yet enough.
        if error(result, f, lo, hi, weight, 60) <= -bits:
            reached = error(result, f, lo, hi, weight)
            if reached <= -bits:
                return result, reached
    raise ValueError("no degree below 60 will do")


def literal(value, kind="double"):
    # Python writes all thirteen digits; the zeros at their end say nothing.
    digits, exponent = float(value).hex().split("p")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    text = "0.0" if value == 0 else f"{digits}p{int(exponent)}"
    return text + ("f" if kind == "float" else "")


def array(name, values, kind="double"):
    text = f"  alignas(64) static constexpr {kind} {name}[{len(values)}] = {{\n      "
    return text + ", ".join(literal(v, kind) for v in values) + "};\n"


def constant(name, value, kind="double"):
    return f"  static constexpr {kind} {name} = {literal(value, kind)};\n"


def pair(name, value, kind="double"):
    high, low = split(value, 2, kind)
    return constant(name, high, kind) + constant(name + "Low", low, kind)


def ln2():
    """ln 2 in three parts, the first of 39 bits."""
    value = log(mpf(2))
    high = mpf(int(value * 2**39 + mpf(0.5))) / 2**39
    low, lower = split(value - high)
    return constant("kLn2High", high) + constant("kLn2Low", low) + constant("kLn2Lower", lower)


def polynomial(name, coefficients, kind="double"):
    """The array of the high words, and the low words there are: name0Low, name1Low, ..."""
    text = array(name, [parts[0] for parts in coefficients], kind)
    for k, parts in enumerate(coefficients):
        text += constant(f"{name}{k}Low", parts[1], kind) if len(parts) > 1 else ""
    return text
