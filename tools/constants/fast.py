#!/usr/bin/env python3
"""Generates kernels/simdact/detail/tables/fast.h: what the kernels in plain numbers need. Needs mpmath.

Coefficients are rounded one after the other from the constant term upwards, each time fitting the rest again
(chebyshev.py).
"""
import struct

from mpmath import exp, expm1, findroot, log, mp, mpf, pi, sqrt, tanh

import chebyshev
from chebyshev import literal, nearest
from minimax import TINY, mills, minimax

mp.dps = 40
LN2 = log(mpf(2))
CUBIC = mpf("0.044715")
SELU_LEFT = mpf("1.0507009873554804934193349852946") * mpf("1.6732632423543772848170429916717")


def bits(value):
    return struct.unpack("<i", struct.pack("<f", float(value)))[0]


def from_bits(value):
    return mpf(struct.unpack("<f", struct.pack("<i", value))[0])


def rounded(value, kind="float"):
    return mpf(nearest(value, kind))


def text_of(value, kind):
    return "-0.0f" if value == "-0" else literal(value, kind)


def array(name, values, kind="float"):
    """Those that are fetched by permutes are aligned."""
    aligned = "alignas(64) " if name[:5] in ("kPlai", "kSelu", "kEndl", "kQuot") or name in ("kTanh", "kExpHalf", "kSeluHalf", "kInverse", "kLog") else ""
    joined = ", ".join(text_of(v, kind) for v in values)
    return f"  {aligned}static constexpr {kind} {name}[{len(values)}] = {{{joined}}};\n"


def constant(name, value, kind="float"):
    return f"  static constexpr {kind} {name} = {literal(value, kind)};\n"


def polynomial(f, lo, hi, degree, weight, kind="float"):
    return [mpf(parts[0]) for parts in chebyshev.fit(f, lo, hi, degree, weight, lows=0, kind=kind)]


def error(c, f, lo, hi, weight=lambda t, v: 1 / v):
    return f"2^{chebyshev.error([[v] for v in c], f, lo, hi, weight, 400):.1f}"


def less_index(powers, shift):
    """The bits of 2^(j/N), less j << shift: adding (n N + j) << shift makes 2^(n + j/N) of them."""
    return [from_bits(bits(v) - (j << shift)) for j, v in enumerate(powers)]


def endless(entries, end):
    """c0 and k: of all c0 for which entry N - k of the powers over c0 is 2, to within a few units, that whose table
    has the least rounding error. c0 is below exp(-end), so that c0 exp(r) is below 1 and rounds finer."""
    best = None
    for k in range(1, entries):
        near = bits(rounded(mpf(2) ** (-mpf(k) / entries)))
        for step in range(-4, 5):
            c0 = from_bits(near + step)
            if c0 * exp(end * mpf("1.001")) >= 1:
                continue
            exact = [mpf(2) ** (mpf(j) / entries) / c0 for j in range(entries)]
            table = [mpf(2) if j == entries - k else rounded(v) for j, v in enumerate(exact)]
            worst = max(abs(t / v - 1) for t, v in zip(table, exact))
            if best is None or worst < best[0]:
                best = worst, c0, k, table
    return best


def ends(last, nothing, kind, plain):
    """Where powers are infinite, and 0 with c0 and without, and arguments of which they are: see FastRate."""
    rate = 2 * sqrt(2 / pi) * CUBIC
    cubic = lambda n: findroot(lambda x: rate * x * (x * x + 1 / CUBIC) - n * LN2, 10)
    text = f"  static constexpr double kEndless = {float(last)!r}, kNothing = {float(nothing)!r}, kPlainNothing = {float(plain)!r};\n"
    text += "  // a where exp(-a^2 / 2) is 0, 2^8 of it, 4 exp(-a^2); x where exp(-v(x)) is infinite at 2^-6.\n"
    text += constant("kGeluEnd", sqrt(2 * nothing * LN2), kind) + constant("kGeluSlopeEnd", sqrt(2 * (nothing + 8) * LN2), kind)
    text += constant("kErfSlopeEnd", sqrt((nothing + 2) * LN2), kind)
    return text + constant("kCubicEnd", -cubic(last + (6 if kind == "float" else 0)), kind)


def exponentials(end, c0, degree, fine, tail, kind, tail_end=None):
    """c0 exp(r), the same finer, and (exp(r) - 1) / r, for |r| <= end, or tail_end."""
    whole = lambda r: c0 * exp(r)
    slope = lambda r: c0 * expm1(r) / r if abs(r) > TINY else c0
    second = lambda r: (expm1(r) / r - 1) / r if abs(r) > TINY else mpf(1) / 2
    text = ""
    for name, terms in (("kExp", degree), ("kFineExp", fine)):
        c = [c0] + polynomial(slope, -end, end, terms - 1, lambda r, _: r, kind)
        text += f"  // c0 exp(r), to {error(c, whole, -end, end)}.\n" + array(name, c, kind)
    end = tail_end or end
    c = [mpf(1)] + polynomial(second, -end, end, tail - 2, lambda r, _: r, kind)
    reached = error(c, lambda r: expm1(r) / r if abs(r) > TINY else mpf(1), -end, end)
    return text + f"  // (exp(r) - 1) / r, to {reached}.\n" + array("kTail", c, kind)


def table(entries, degree, fine, tail):
    shift, end = 23 - (entries.bit_length() - 1), LN2 / (2 * entries) * mpf("1.002")
    powers = [mpf(2) ** (mpf(j) / entries) for j in range(entries)]
    text = f"// 2^(j/{entries}) in tables of bits; |r| <= ln(2) / {2 * entries}.\nstruct FastPower{entries} {{\n"
    text += f"  static constexpr int kEntries = {entries}, kShift = {shift}, kBits = 23, kExponentBias = 127;\n"
    text += "  // The powers, and selu's lambda alpha times them, each with what it lost relative to itself.\n"
    for name, factor in (("Plain", mpf(1)), ("Selu", rounded(SELU_LEFT))):
        exact = [factor * v for v in powers]
        high = [rounded(v) for v in exact]
        text += array(f"k{name}Bits", less_index(high, shift))
        text += array(f"k{name}Low", ["-0"] + [rounded((v - h) / v) for v, h in list(zip(exact, high))[1:]])
    worst, c0, k, quotients = endless(entries, end)
    text += f"  // The powers over c0, of which entry {entries - k} is 2, to 2^{float(log(worst, 2)):.1f}; and these without the shifted index.\n"
    text += array("kEndlessBits", less_index(quotients, shift)) + array("kQuotients", quotients)
    text += ends(128 - mpf(k) / entries, 127 + mpf(k) / entries, "float", mpf(127)) + exponentials(end, c0, degree, fine, tail, "float")
    slope = lambda r: expm1(r) / r if abs(r) > TINY else mpf(1)
    c = [mpf(1)] + polynomial(slope, -2 * end, 2 * end, degree, lambda r, _: r)
    return text + f"  // exp(r) for twice as large r, to {error(c, exp, -2 * end, 2 * end)}.\n" + array("kLongExp", c) + "};\n\n"


def powers_of_2(name, mantissa, bias, degree, kind):
    """exp(r) is for r that are a little larger, for the argument's low word may join it."""
    text = f"// Powers of 2 alone; |r| <= ln(2) / 2, for exp(r) 0.57 ln(2).\nstruct {name} {{\n  static constexpr int kEntries = 1, kShift = {mantissa}, "
    text += f"kBits = {mantissa}, kExponentBias = {bias};\n"
    # Doubles serve floats: it is enough to come to where those are infinite and 0, with some room.
    last, nothing = (bias + 1, bias) if kind == "float" else (432, 432)
    text += ends(mpf(last), mpf(nothing), kind, mpf(nothing))
    near = LN2 * mpf("0.501")
    return text + exponentials(LN2 * mpf("0.57"), mpf(1), degree, degree, degree, kind, near) + "};\n\n"


def tanh_slots():
    tail = lambda s: (tanh(sqrt(s)) / sqrt(s) - 1) / s if s > TINY else -mpf(1) / 3
    c = polynomial(tail, 0, mpf("0.0626"), 2, lambda s, _: s)
    text = f"// tanh(j / 2), and (tanh(r) - r) / r^3 = c0 + r^2 c1 ... for |r| <= 1/4, to {error(c, tail, 0, mpf('0.0626'))}.\n"
    text += "struct FastTanh32 {\n" + array("kTanh", [rounded(tanh(mpf(j) / 2)) for j in range(32)])
    return text + array("kTail", c) + "};\n\n"


def exp_halves():
    """exp(-j / 2), and selu's lambda alpha times it. The last entries are 0, so that at the end, and up to 4 ulp before,
    the results are -1 and -lambda alpha."""
    end = mpf(1) / 4
    c, _, worst = minimax(lambda r: expm1(r) / r if abs(r) > TINY else mpf(1), -end, end, 4)
    text = f"// exp(-j / 2) and selu's lambda alpha times that, 0 in the end; (exp(r) - 1) / r for |r| <= 1/4, to 2^{float(log(worst, 2)):.1f}.\n"
    text += "struct FastExpHalves {\n"
    for name, factor in (("kExpHalf", mpf(1)), ("kSeluHalf", rounded(SELU_LEFT))):
        text += array(name, [rounded(factor * exp(-mpf(j) / 2)) for j in range(31)] + [mpf(0)])
    return text + constant("kBound", 15 + mpf("0.75") - mpf(2) ** -20) + array("kTail", c) + "};\n\n"


def log_slots(entries, one, degree):
    """Slots of a mantissa, 1 in the middle of slot `one`, each with a number y near the inverse of its centre whose
    logarithm is nearly a float: where it is not much more than log(1 + r), its rounding would show."""
    shift = 23 - (entries.bit_length() - 1)
    first = bits(mpf(1)) - (one << shift) - (1 << (shift - 1))
    inverses, ends = [], []
    for k in range(entries):
        lo, hi = from_bits(first + (k << shift)), from_bits(first + ((k + 1) << shift))
        middle, reach = bits(2 / (lo + hi)), int((hi - lo) / (lo + hi) * mpf(2) ** 20)
        off = lambda y: abs(rounded(log(y)) / log(y) - 1)
        inverses.append(mpf(1) if k == one else min((from_bits(middle + 16 * j) for j in range(-reach // 16, reach // 16 + 1)), key=off))
        ends += [lo * inverses[-1] - 1, hi * inverses[-1] - 1]
    c, _, worst = minimax(lambda r: log(1 + r) / r if abs(r) > TINY else mpf(1), min(ends), max(ends), degree - 1)
    text = f"// {entries} slots from the bits kFirst on: y, log(y); log(1 + r) / r for |r| <= {float(max(map(abs, ends))):.4f}, to 2^{float(log(worst, 2)):.1f}.\n"
    text += f"struct FastLog{entries} {{\n  static constexpr int kEntries = {entries}, kShift = {shift}, kFirst = 0x{first:X};\n"
    text += array("kInverse", inverses) + array("kLog", [rounded(log(y)) for y in inverses])
    return text + array("kSlope", c) + "};\n\n"


def mills_quotient(over, kind, scale):
    """M(a) = P(a) / (k a P(a) + R(a)): the best P / Q, then the rest of Q fitted again, to P and k as rounded. And
    a M(a) = c A / (k A + R(a)), A = a + a^2 P(a): of the same quotient, with P(0) = 1."""
    end = mpf("13.3") if kind == "float" else mpf("15")
    rounds = 60 if kind == "float" else 150
    value = lambda c, a: sum(v * a**i for i, v in enumerate(c))

    def rest(p, q, factor):
        k = rounded(q[-1] / p[-1], kind)
        r = polynomial(lambda a: value(p, a) * (factor / mills(a) - k * a), TINY, end, over, lambda a, v: mills(a) / value(p, a), kind)
        off = lambda a: abs(factor * value(p, a) / (k * a * value(p, a) + value(r, a)) / mills(a) - 1)
        return k, r, float(log(max(off(end * i / 400) for i in range(1, 401)), 2))

    p, q, _ = minimax(mills, TINY, end, over, over + 1, kind=kind, rounds=rounds)
    p, q = [rounded(v * scale, kind) for v in p], [v * scale for v in q]
    k, r, worst = rest(p, q, 1)
    text = f"  // exp(a^2 / 2) Phi(-a) = P(a) / (k a P(a) + R(a)) for 0 <= a <= {float(end)}, to 2^{worst:.1f}.\n"
    text += array("kMills", p, kind) + constant("kMillsSlope", k, kind) + array("kMillsRest", r, kind)

    # Below is a little less than 2 for small a, where numbers are finer.
    factor = rounded(mpf(16) / 17, kind) if kind == "float" else mpf(1)
    p, q, _ = minimax(mills, TINY, end, over, over + 1, kind="double", rounds=rounds)
    p, q = [mpf(1)] + [rounded(v / p[0], kind) for v in p[1:]], [v / p[0] * factor for v in q]
    k, r, worst = rest(p, q, factor)
    text += f"  // a exp(a^2 / 2) Phi(-a) = c A / (k A + R(a)), A = a + a^2 P(a), likewise, to 2^{worst:.1f}.\n"
    text += constant("kTimesMillsFactor", factor, kind) + array("kTimesMills", p[1:], kind) + constant("kTimesMillsSlope", k, kind)
    return text + array("kTimesMillsRest", r, kind)


def log1p_of_exp(degree, kind):
    p, _, worst = minimax(lambda e: log(1 + e) / e if e > TINY else mpf(1), 0, 1, degree, kind=kind)
    return f"  // log(1 + e) / e for 0 <= e <= 1, to 2^{float(log(worst, 2)):.1f}.\n" + array("kLog1pExp", p, kind)


def log_tail():
    lo, hi = sqrt(mpf("0.4999")) - 1, sqrt(mpf("2.0001")) - 1
    tail = lambda f: (log(1 + f) / f - 1) / f if abs(f) > TINY else mpf(-1) / 2
    weight = lambda f, _: f * f / log(1 + f) if abs(f) > TINY else f
    c = polynomial(tail, lo, hi, 7, weight)
    text = f"  // (log(1 + f) - f) / f^2 for sqrt(1/2) <= 1 + f <= sqrt(2), to {error(c, tail, lo, hi, weight)} of the logarithm.\n"
    return text + array("kLogTail", c)


def main():
    text = "// Generated by tools/constants/fast.py; do not edit. Coefficients from the constant term upwards.\n"
    text += "#ifndef SIMDACT_FAST_TABLES_H_\n#define SIMDACT_FAST_TABLES_H_\n\nnamespace simdact {\n\n// clang-format off\n"
    text += table(32, 2, 3, 3) + table(8, 3, 3, 4) + powers_of_2("FastPower1", 23, 127, 6, "float")
    text += powers_of_2("FastPowerDouble", 52, 1023, 8, "double") + tanh_slots() + exp_halves()
    text += log_slots(16, 4, 4) + log_slots(8, 2, 5)
    # The scale keeps P and the denominator just below powers of 2 for small a.
    text += "struct FastFloat {\n" + mills_quotient(4, "float", mpf("0.9")) + log1p_of_exp(8, "float") + log_tail() + "};\n\n"
    text += "struct FastDouble {\n" + mills_quotient(6, "double", mpf(1)) + log1p_of_exp(12, "double") + "};\n\n"
    text += "// clang-format on\n\n}  // namespace simdact\n\n#endif  // SIMDACT_FAST_TABLES_H_\n"
    print(text, end="")


if __name__ == "__main__":
    main()
