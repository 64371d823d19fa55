"""Fits the register tables of kernels/simdact/detail/tables/ with Sollya.

A table covers [0, end) with 8 or 32 slots. The slot of a is read from the bits of the float
v = scale * a + origin: exponent and top mantissa bits, `per_octave` slots to the octave. Each slot holds
a centre c and the coefficients of a polynomial in a - c, found by fpminimax with float coefficients.

The centre is the point near the middle where f(c) is almost a float (Gal 1991), so that the constant
term costs no accuracy. Slots near a zero of f are centred on the zero: f = f(c) + (a - c) P(a - c) then
stays accurate relative to f, however small f gets.
"""
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor

from mpmath import mpf

import chebyshev

PRELUDE = """
prec = 165!; display = hexadecimal!; verbosity = 0!; roundingwarnings = off!;

// The polynomial through fun(m + t) at 20 Chebyshev nodes t of [-w, w]: good to 2^-70 and cheap to evaluate.
procedure around(fun, m, w) {
  var X, Y, k, t;
  X = [||]; Y = [||];
  for k from 0 to 19 do {
    t = round(w * cos(pi * (k + 0.5) / 20), 165, RN);
    X = X :. t; Y = Y :. round(fun(m + t), 165, RN);
  };
  return interpolate(X, Y);
};

// The float c nearest to m for which h(c - m) is a float to 2^-29 of itself, within 0.45 w; else the best there is.
procedure almost_float(h, m, w) {
  var best, score, k, c, v, s, step;
  score = 1; best = m;
  for step from 1 to 9 by 4 do if (score > 1b-29) then for k from -200 to 200 do {
    c = single(m + step * k * w / 4000);
    v = h(c - m);
    s = abs(single(v) / v - 1);
    if (s < score) then { score = s; best = c; };
  };
  return best;
};
"""

REPORT = """
e = 0;
for k from 0 to 100 do {{
  t = {lo} + ({hi} - ({lo})) * (k + 0.3) / 101; v = abs({error});
  if (v > e) then e = v;
}};
print("SLOT", c); for k from 0 to {degree} do print("C", coeff(p, k)); print("L", low);
display = decimal!; print("E", round(log2(e + 1b-100), 20, RN)); display = hexadecimal!;
"""

# p = f(c) + t P(t), P fitted to (f(c + t) - f(c)) / t. The error of P is weighted by t, so it vanishes at c: right
# for a zero of f, and within a bit of the best elsewhere at a tenth of fpminimax's time for f itself.
CENTRED = """
lo = {lo}; hi = {hi}; f = {fun}; m = (lo + hi) / 2; w = (hi - lo) / 2;
if ({on_root}) then c = single({root}) else c = almost_float(around(f, m, w), m, 2 * w);
q = around((f(x) - f(c)) / (x - c), m, w); h = q(x + (c - m));
if ({on_root}) then c0 = 0 else c0 = single(f(c)); low = single(f(c) - c0);
p = c0 + x * fpminimax(h, [|0,...,{last}|], [|SG...|], [lo - c; hi - c], floating, absolute);
g = around(f, m, w); g = g(x + (c - m));
"""

ODD_AT_ZERO = """
lo = {lo}; hi = {hi}; c = 0; g = {fun};
p = x * fpminimax(g / x, [|1,...,{last}|], [|SG...|], [1b-30; hi], floating, relative, 1); low = 0;
"""

# An odd f close to x there: P is fitted to f(x) - x, and x is added by the kernel.
CLOSE_TO_X = """
lo = {lo}; hi = {hi}; c = 0; g = {fun};
p = x * fpminimax(g / x - 1, [|0,...,{last}|], [|SG...|], [1b-30; hi], floating, absolute); low = 0;
"""


def sollya(script):
    return subprocess.run(["sollya"], input=PRELUDE + script, capture_output=True, text=True).stdout


def slot_edges(slots, per_octave, scale, origin=1.0):
    """The float values v at which the slot changes, mapped back to a = (v - origin) / scale."""
    first = round((origin - 1) * per_octave)  # origin is such an edge, too
    edge = lambda k: 2.0 ** (k // per_octave) * (1 + k % per_octave / per_octave)
    return [(edge(first + k) - origin) / scale for k in range(slots + 1)]


def fit_slot(fun, lo, hi, degree, root, odd, close_to_x):
    last = degree - 1
    fill = dict(lo=float(lo).hex(), hi=float(hi).hex(), fun=fun(lo) if callable(fun) else fun, degree=degree, last=last, root=root or 0)
    width = hi - lo
    on_root = root is not None and lo - 0.7 * width < float(root) < hi + 0.7 * width
    if odd and lo == 0:
        body = ODD_AT_ZERO.format(**fill) + REPORT.format(lo="0", hi="hi", error="p(t) / g(t) - 1", degree=degree)
    elif close_to_x and lo == 0:
        body = CLOSE_TO_X.format(**fill) + REPORT.format(lo="0", hi="hi", error="(p(t) + t) / g(t) - 1", degree=degree)
    else:
        # Near a zero of f the relative error of p is that of its factor P.
        error = "p(t) / t / h(t) - 1" if on_root else "p(t) / g(t) - 1"
        body = CENTRED.format(on_root=str(on_root).lower(), **fill)
        body += REPORT.format(lo="lo - c", hi="hi - c", error=error, degree=degree)
    words = [line.split() for line in sollya(body).splitlines()]
    row = [w[1] for w in words if w and w[0] in ("SLOT", "C", "L")]
    return row, float(next(w[1] for w in words if w and w[0] == "E"))


def almost_float(f, middle, width, kind="float"):
    """As in the prelude: the float near the middle where f is closest to a float; or doubles."""
    enough = mpf(2) ** (-29 if kind == "float" else -60)
    best, score = chebyshev.nearest(middle, kind), 1
    for step in (1, 5, 9):
        for k in range(-200, 201) if score > enough else ():
            c = chebyshev.nearest(middle + step * k * width / 4000, kind)
            value = f(mpf(c))
            off = abs(chebyshev.nearest(value, kind) / value - 1)
            best, score = (c, off) if off < score else (best, score)
            if kind == "double" and score < enough:
                break
    return best


def fit_slot_here(f, lo, hi, degree, root, reach, kind="float", close_to_x=False):
    """fit_slot for a function of mpmath's numbers, by least squares: close to fpminimax and much faster.

    A zero of f is one of f(x + zero_low), which has it at a float. Slots are centred on it up to `reach` widths away."""
    lo, hi = mpf(lo), mpf(hi)
    width = hi - lo
    on_root = False
    if root is not None:
        zero, zero_low = chebyshev.split(root, 2, kind)
        exact, f = f, lambda x: exact(x + zero_low)
        on_root = lo - reach * width < root < hi + reach * width
    on_x = close_to_x and lo == 0
    c = mpf(0) if on_x else mpf(zero if on_root else almost_float(f, (lo + hi) / 2, 2 * width, kind))
    at_c = mpf(0) if on_root or on_x else f(c)
    apart = lambda t: t if t else mpf(10) ** -30
    h = lambda t: (f(c + apart(t)) - at_c) / apart(t) - on_x
    # Near a zero of f the relative error of the polynomial is that of its factor h.
    weight = (lambda t, v: 1 / (v + on_x)) if on_root or on_x else (lambda t, v: t / f(c + t))
    fitted = chebyshev.fit(h, lo - c, hi - c, degree - 1, weight, 0, kind)
    error = chebyshev.error(fitted, h, lo - c, hi - c, weight, 100)
    c0 = 0 if on_root or on_x else chebyshev.nearest(at_c, kind)
    row = [c, c0] + [parts[0] for parts in fitted]
    return [chebyshev.literal(value, kind) for value in row], error


def fit(fun, slots, per_octave, scale, degree, origin=1.0, root=None, odd=False, close_to_x=False, here=False, reach=0.7):
    """Returns (rows in hardware order, worst log2 of the relative error, its slot)."""
    edges = slot_edges(slots, per_octave, scale, origin)
    with ThreadPoolExecutor(2) as pool:
        if here:
            fit_one = lambda k: fit_slot_here(fun, edges[k], edges[k + 1], degree, root, reach)
        else:
            fit_one = lambda k: fit_slot(fun, edges[k], edges[k + 1], degree, root, odd, close_to_x)
        fits = list(pool.map(fit_one, range(slots)))
    worst, where = max((error, k) for k, (_, error) in enumerate(fits))
    # v = origin = 1 has the bits 0x3F800000; the hardware looks at the low bits of (bits >> shift) only.
    shift = 23 - (per_octave.bit_length() - 1)
    first = (struct.unpack("<I", struct.pack("<f", origin))[0] >> shift) % slots
    hardware = [fits[(k - first) % slots][0] for k in range(slots)]
    return hardware, worst, where


def literal(value):
    """A C++ float literal; Sollya prints integers without a point. Chebyshev's are literals already."""
    if value.endswith("f"):
        return value
    return value + ("f" if "p" in value or "." in value else ".0f")


def emit(name, comment, fun, slots, per_octave, scale, degree, **options):
    """C++ text of one table: rows are centre, c0, c1, ...; columns are slots in hardware order.

    fun is f in Sollya's syntax, or gives it for a slot's lower end, or is f itself with the option `here`."""
    hardware, worst, where = fit(fun, slots, per_octave, scale, degree, **options)
    origin = options.get("origin", 1.0)
    edges = slot_edges(slots, per_octave, scale, origin)
    about = f"// {comment}\n// {slots} slots over [0, {edges[-1]:.6g}), degree {degree}; worst fit 2^{worst:.2f}, in [{edges[where]:.4g}, {edges[where + 1]:.4g}).\n"
    constants = f"  static constexpr float kScale = {scale!r}f, kOrigin = {origin!r}f;\n"
    if options.get("close_to_x"):
        constants += f"  static constexpr float kFirstEnd = {edges[1] * 1.01:.3g}f;\n"
    rest = ""
    if options.get("root") and options.get("here"):
        constants += zero_low(options["root"])
    elif options.get("root"):
        rest = f"  alignas(64) static constexpr float kC0Low[{slots}] =\n      {line(hardware, degree + 2)};\n"
    return struct_text(name, about, constants, per_octave, degree, hardware, rest)


def zero_low(root):
    """What the zero is off the slots' centre, in two words."""
    low, lower = chebyshev.split(root, 3, "float")[1:]
    return chebyshev.constant("kZeroLow", low, "float") + chebyshev.constant("kZeroLower", lower, "float")


def line(hardware, k):
    return "{" + ", ".join(literal(row[k]) for row in hardware) + "}"


def struct_text(name, about, constants, per_octave, degree, hardware, rest=""):
    text = about + f"struct {name} {{\n" + constants
    text += f"  static constexpr int kShift = {23 - (per_octave.bit_length() - 1)};\n"
    text += f"  alignas(64) static constexpr float kRows[{degree + 2}][{len(hardware)}] = {{\n"
    for k in range(degree + 2):
        text += "      " + line(hardware, k) + ",\n"
    return text + "  };\n" + rest + "};\n\n"


def emit_doubles(name, comment, f, slots, per_octave, scale, degree, by_slot, origin=1.0, root=None, close_to_x=False):
    """emit in doubles, for a function of mpmath's numbers.

    A row is one coefficient of all slots, or by_slot one slot's numbers: centre, highest coefficient, ..., c0. Those are
    looked up in memory, and in an unnamed namespace, so that objects share no symbol."""
    edges = slot_edges(slots, per_octave, scale, origin)
    fits = [fit_slot_here(f, lo, hi, degree, root, 0.7, "double", close_to_x) for lo, hi in zip(edges, edges[1:])]
    worst, where = max((error, k) for k, (_, error) in enumerate(fits))
    shift = 52 - (per_octave.bit_length() - 1)
    first = (struct.unpack("<Q", struct.pack("<d", origin))[0] >> shift) % slots
    hardware = [fits[(k - first) % slots][0] for k in range(slots)]
    text = f"// {comment}\n// {slots} slots over [0, {edges[-1]:.6g}), degree {degree}; worst fit 2^{worst:.2f}, in [{edges[where]:.4g}, {edges[where + 1]:.4g}).\n"
    text += f"struct {name} {{\n" + chebyshev.constant("kScale", scale) + chebyshev.constant("kOrigin", origin)
    text += chebyshev.constant("kEnd", edges[-1] * (1 - 2.0**-40))
    if close_to_x:
        text += chebyshev.constant("kFirstEnd", edges[1] * 1.01)
    if root is not None:
        low, lower = chebyshev.split(root, 3)[1:]
        text += chebyshev.constant("kZeroLow", low) + chebyshev.constant("kZeroLower", lower)
    text += f"  static constexpr int kShift = {shift};\n"
    text += f"  static constexpr bool kBySlot = {str(by_slot).lower()};\n"
    rows = [row[:1] + row[:0:-1] for row in hardware] if by_slot else [list(column) for column in zip(*hardware)]
    text += f"  alignas(64) static constexpr double kRows[{len(rows)}][{len(rows[0])}] = {{\n"
    text += "".join("      {" + ", ".join(row) + "},\n" for row in rows) + "  };\n};\n"
    return "namespace {\n" + text + "}  // namespace\n\n" if by_slot else text + "\n"


def header(guard, script, tables):
    text = f"// Generated by tools/constants/{script}; do not edit. Rows: centre, c0, c1, ...; see piecewise.py.\n"
    text += f"#ifndef {guard}\n#define {guard}\n\nnamespace simdact {{\n\n// clang-format off\n"
    return text + "".join(tables) + f"// clang-format on\n\n}}  // namespace simdact\n\n#endif  // {guard}\n"
