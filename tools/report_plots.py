"""The report's plots, as SVG text.

They take their colours from the page's CSS variables, which is what lets them follow the reader's light or
dark theme.
"""
import html
import math

from report_data import L1


def dashed(color):
    return f'stroke="var({color})" stroke-dasharray="5 4"'


def esc(value):
    return html.escape(str(value))


def svg(width, height, label, parts):
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{esc(label)}">'
        + "".join(parts)
        + "</svg>"
    )


def text(x, y, content, anchor="middle", style="small"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{style}">{esc(content)}</text>'


def line(x0, y0, x1, y1, extra='class="grid"'):
    return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" {extra}/>'


def legend(entries, x, y):
    """Coloured dots with names, in a row. Returns the parts."""
    parts = []
    for color, name in entries:
        parts.append(f'<circle cx="{x}" cy="{y - 4}" r="5" fill="var({color})"/>')
        parts.append(text(x + 10, y, name, "start", ""))
        x += 36 + 7.4 * len(name)
    return parts


# ---- Error over x --------------------------------------------------------------------------------------


def signed_log(x):
    """Where x goes on an axis with zero in the middle: a decade per unit from 0.001 to 1000, each side."""
    if x == 0:
        return 0.0
    return math.copysign(min(6.0, max(0.0, math.log10(abs(x)) + 3)), x)


def outline(rows):
    """The largest error over the rows' profiles by axis position, left to right."""
    best = {}
    for row in rows:
        for x, error in row["profile"]:
            where = round(signed_log(float(x)), 2)
            best[where] = max(error, best.get(where, 0))
    return sorted(best.items())


def error_panel(x0, y0, width, height, title, groups):
    """One small plot of error over x: a line per group of rows, and a dashed one for what the group claims.

    The claims set the height. What breaks one by far is cut at the top, and named at the top of the page.
    """
    top = 1.25 * max(0.6, *(row["claim"] for _, rows in groups for row in rows))
    across = lambda where: x0 + width * (where + 6) / 12
    down = lambda error: y0 + height * (1 - min(error, top) / top)
    parts = [f'<rect x="{x0}" y="{y0}" width="{width}" height="{height}" class="frame"/>']
    parts.append(text(x0, y0 - 7, title, "start", ""))
    for x in (-100, -1, -0.01, 0, 0.01, 1, 100):
        parts.append(line(across(signed_log(x)), y0, across(signed_log(x)), y0 + height))
        parts.append(text(across(signed_log(x)), y0 + height + 14, f"{x:g}".replace("-", "−")))
    for y in (0, 0.5, 1, 1.5, 2):
        if y <= top:
            parts += [line(x0, down(y), x0 + width, down(y)), text(x0 - 5, down(y) + 4, f"{y:g}", "end")]
    for color, rows in groups:
        claim = down(rows[0]["claim"])
        parts.append(line(x0, claim, x0 + width, claim, dashed(color)))
        path = " ".join(f"{across(w):.0f},{down(e):.1f}" for w, e in outline(rows))
        parts.append(f'<polyline points="{path}" fill="none" stroke="var({color})" stroke-width="1.6"/>')
    return parts


def error_plot(report, op):
    """f32 forward at the left, backward at the right; "" for an op without errors."""
    panels = []
    for column, direction in enumerate(("forward", "backward")):
        found = report.errors(op, "f32", direction)
        groups = [
            ("--plain", [r for r in found if not report.fma.get(r["target"], True)]),
            ("--fma", [r for r in found if report.fma.get(r["target"], True)]),
        ]
        groups = [g for g in groups if g[1]]
        if any(row["profile"] for _, rows in groups for row in rows):
            panels += error_panel(44 + 540 * column, 54, 480, 104, f"f32 {direction}", groups)
    parts = legend([("--fma", "targets with fused multiply-add"), ("--plain", "targets without")], 50, 18)
    parts += [line(520, 14, 544, 14, dashed("--muted")), text(550, 18, "claim", "start", "")]
    return svg(1080, 180, f"Largest error of {op} in ulps over x", parts + panels) if panels else ""


# ---- Speed ---------------------------------------------------------------------------------------------


def speed_panel(report, dtype, left, powers, colors):
    """A line per op with a dot per target; `powers` are the exponents of 2 at both ends of the axis."""
    width, top, step = 450, 60, 20
    low, high = powers
    across = lambda rate: left + width * (math.log2(rate) - low) / max(1, high - low)
    bottom = top + step * len(report.ops)
    parts = [text(left, top - 14, dtype, "start", "")]
    for power in range(low, high + 1):
        parts.append(line(across(2.0**power), top, across(2.0**power), bottom))
        parts.append(text(across(2.0**power), bottom + 16, f"{2.0 ** power:.3g}"))
    for k, op in enumerate(report.ops):
        y = top + step * (k + 0.5)
        parts.append(line(left, y, left + width, y))
        for rank, (target, color) in enumerate(colors.items()):
            rate = report.rate(op["name"], dtype, "forward", target)
            if rate:
                # Alike targets would hide each other: the better ones sit a little higher.
                height = y + 12 * ((rank + 0.5) / len(colors) - 0.5)
                parts.append(
                    f'<circle cx="{across(rate):.1f}" cy="{height:.1f}" r="4" fill="var({color})">'
                    f'<title>{op["name"]} {dtype}, {target}: {rate:.2f} elements per cycle</title></circle>'
                )
    return parts


def speed_plot(report):
    """Elements per cycle on a logarithmic axis, f32 at the left, f64 at the right."""
    dtypes = [d for d in ("f32", "f64") if d in report.dtypes]
    rates = [
        report.rate(op["name"], d, "forward", t, L1)
        for op in report.ops
        for d in dtypes
        for t in report.main_targets
    ]
    rates = [rate for rate in rates if rate]
    if not rates:
        return '<p class="muted">The clock of this processor could not be measured.</p>'
    powers = math.floor(math.log2(min(rates))), math.ceil(math.log2(max(rates)))
    colors = {t: f"--t{k % 8}" for k, t in enumerate(report.main_targets)}
    parts = legend([(color, target) for target, color in colors.items()], 130, 18)
    for k, op in enumerate(report.ops):
        parts.append(text(118, 60 + 20 * (k + 0.5) + 4, op["name"], "end", ""))
    for column, dtype in enumerate(dtypes):
        parts += speed_panel(report, dtype, 130 + 490 * column, powers, colors)
    return svg(1080, 60 + 20 * len(report.ops) + 24, "Elements per cycle for every op and target", parts)
