"""The report's plots, as SVG text.

They take their colours from the page's CSS variables, which is what lets them follow the reader's light or
dark theme; every mark has a tooltip with its figures.
"""
import html
import math

DIRECTIONS = ("forward", "backward")


def dashed(color):
    return f'stroke="var({color})" stroke-dasharray="5 4"'


def esc(value):
    return html.escape(str(value))


def ulps(error):
    """An error as text: three decimals while it is one worth comparing."""
    return f"{error:.3f}" if error < 1000 else f"{error:.1e}"


# ---- Choosing from the report --------------------------------------------------------------------------


def targets_of(report):
    return [t for t in report["machine"]["targets"] if t["runs"]]


def accuracy_rows(report, op, direction):
    return [r for r in report["accuracy"] if r["op"] == op and r["direction"] == direction]


def speed_row(report, op, direction, target, size):
    wanted = (op, direction, target, size)
    rows = report["speed"]["kernels"]
    return next((r for r in rows if (r["op"], r["direction"], r["target"], r["size"]) == wanted), None)


# ---- Plots ---------------------------------------------------------------------------------------------


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


def signed_log(x):
    """Where x goes on an axis with zero in the middle: a decade per unit from 0.001 to 1000, each side."""
    if x == 0:
        return 0.0
    return math.copysign(min(6.0, max(0.0, math.log10(abs(x)) + 3)), x)


def outline(rows):
    """The largest error over the rows' profiles, as (axis position, x, error), left to right."""
    best = {}
    for row in rows:
        for x, error in row["profile"]:
            where = signed_log(float(x))
            if where not in best or error > best[where][2]:
                best[where] = (where, float(x), error)
    return sorted(best.values())


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
    for y in (0, 0.5, 1, 1.5, 2, 3, 4):
        if y <= top:
            parts += [line(x0, down(y), x0 + width, down(y)), text(x0 - 5, down(y) + 4, f"{y:g}", "end")]
    for color, rows in groups:
        claim = down(rows[0]["claim"])
        parts.append(line(x0, claim, x0 + width, claim, dashed(color)))
        points = outline(rows)
        path = " ".join(f"{across(w):.1f},{down(e):.1f}" for w, _, e in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="var({color})" stroke-width="1.6"/>')
        for where, x, error in points:  # invisible, large enough to hit: they carry the tooltips
            parts.append(
                f'<circle cx="{across(where):.1f}" cy="{down(error):.1f}" r="5" fill="transparent">'
                f"<title>x near {x:.4g}: {ulps(error)} ulp</title></circle>"
            )
    return parts


def error_plot(report):
    """Small multiples: an op per row, forward at the left, backward at the right."""
    fma = {t["name"]: t["fma"] for t in targets_of(report)}
    ops = [op["name"] for op in report["ops"]]
    parts = legend([("--fma", "targets with fused multiply-add"), ("--plain", "targets without")], 50, 18)
    parts += [line(520, 14, 544, 14, dashed("--muted")), text(550, 18, "claim", "start", "")]
    for row, op in enumerate(ops):
        for column, direction in enumerate(DIRECTIONS):
            found = accuracy_rows(report, op, direction)
            groups = [
                ("--plain", [r for r in found if not fma.get(r["target"], True)]),
                ("--fma", [r for r in found if fma.get(r["target"], True)]),
            ]
            parts += error_panel(
                44 + 540 * column,
                54 + 152 * row,
                480,
                104,
                f"{op}, {direction}",
                [g for g in groups if g[1]],
            )
    return svg(1080, 54 + 152 * len(ops), "Largest error in ulps over x, for every op", parts)


def speed_panel(report, size, direction, left, powers, colors):
    """A line per op with a dot per target; `powers` are the exponents of 2 at both ends of the axis."""
    width, top, step = 450, 60, 30
    low, high = powers
    ops = [op["name"] for op in report["ops"]]
    across = lambda rate: left + width * (math.log2(rate) - low) / max(1, high - low)
    bottom = top + step * len(ops)
    parts = [text(left, top - 14, direction, "start", "")]
    for power in range(low, high + 1):
        parts.append(line(across(2.0**power), top, across(2.0**power), bottom))
        parts.append(text(across(2.0**power), bottom + 16, f"{2.0 ** power:.3g}"))
    for k, op in enumerate(ops):
        y = top + step * (k + 0.5)
        parts.append(line(left, y, left + width, y))
        for rank, (target, color) in enumerate(colors.items()):
            row = speed_row(report, op, direction, target, size)
            if not row or not row["el_per_cycle"]:
                continue
            # Alike targets would hide each other: the better ones sit a little higher.
            height = y + 20 * ((rank + 0.5) / len(colors) - 0.5)
            parts.append(
                f'<circle cx="{across(row["el_per_cycle"]):.1f}" cy="{height:.1f}" r="4" fill="var({color})">'
                f'<title>{op} {direction}, {target}: {row["el_per_cycle"]:.2f} elements per cycle</title>'
                "</circle>"
            )
    return parts


def speed_plot(report, size):
    """Elements per cycle on a logarithmic axis, forward at the left, backward at the right."""
    rates = [r["el_per_cycle"] for r in report["speed"]["kernels"] if r["size"] == size and r["el_per_cycle"]]
    if not rates:
        return '<p class="muted">The clock of this processor could not be measured.</p>'
    powers = math.floor(math.log2(min(rates))), math.ceil(math.log2(max(rates)))
    colors = {t["name"]: f"--t{k % 8}" for k, t in enumerate(targets_of(report))}
    parts = legend([(color, target) for target, color in colors.items()], 90, 18)
    for k, op in enumerate(report["ops"]):
        parts.append(text(78, 60 + 30 * (k + 0.5) + 4, op["name"], "end", ""))
    for column, direction in enumerate(DIRECTIONS):
        parts += speed_panel(report, size, direction, 90 + 515 * column, powers, colors)
    return svg(1080, 60 + 30 * len(report["ops"]) + 24, "Elements per cycle for every op and target", parts)
