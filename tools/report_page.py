"""The report as one HTML file: no scripts, nothing loaded from elsewhere, light or dark as the reader is."""
import pathlib

from report_plots import DIRECTIONS, accuracy_rows, error_plot, esc, speed_plot, speed_row, targets_of, ulps

SIZES = {
    "1": "1",
    "64": "64",
    "4096": "4096 (L1)",
    "65536": "65536 (L2)",
    "16777216": "16M (memory)",
    "digits": "digits",
}


def number(value, digits=2):
    return "–" if value is None else f"{value:.{digits}f}"


def percent(value):
    return "–" if value is None else f"{100 * value:.0f} %"


def marked(content, ok):
    """Green or red text."""
    return f'<span class="{"good" if ok else "bad"}">{esc(content)}</span>'


def speed_cell(row, memcpy=False):
    """Elements per cycle, and in grey ns per element and the share of memcpy's speed."""
    if not row:
        return ""
    grey = f" · {number(row['ns_per_element'], 3)}"
    if memcpy and "of_memcpy" in row:
        grey += f" · {percent(row['of_memcpy'])}"
    return f"{number(row['el_per_cycle'])}<span class='muted'>{grey}</span>"


def html_table(head, rows, text_columns=1):
    """The first `text_columns` columns hold text, the others figures. Cells are HTML."""
    kind = lambda k: ' class="text"' if k < text_columns else ""
    lines = ["<table><tr>" + "".join(f"<th{kind(k)}>{cell}</th>" for k, cell in enumerate(head)) + "</tr>"]
    for row in rows:
        lines.append("<tr>" + "".join(f"<td{kind(k)}>{cell}</td>" for k, cell in enumerate(row)) + "</tr>")
    return "\n".join(lines) + "</table>"


# ---- Sections ------------------------------------------------------------------------------------------


def tiles(report, problems):
    claims = len(report["accuracy"])
    kept = sum(r["ok"] for r in report["accuracy"])
    worst = max((r["max_ulp"] for r in report["accuracy"]), default=0)
    digits = [d for d in report["digits"].values() if "accuracy" in d]
    entries = [
        (f"{kept} of {claims}", "error claims kept, op × direction × target", kept == claims),
        (f"{ulps(worst)} ulp", "largest error of all", None),
        (
            f"{100 * min(d['accuracy'] for d in digits):.2f} %" if digits else "–",
            "handwritten digits recognized, as in double precision",
            not any("digits" in p for p in problems),
        ),
        (report["machine"]["default_target"], "default target of this CPU", None),
    ]
    color = {True: "good", False: "bad", None: ""}
    cells = [
        f'<div class="card tile"><b class="{color[ok]}">{esc(big)}</b><span>{esc(small)}</span></div>'
        for big, small, ok in entries
    ]
    return '<div class="tiles">' + "".join(cells) + "</div>"


def overview(report):
    """One row per op and direction: the worst error of all targets, the speed of the default target."""
    default = report["machine"]["default_target"]
    rows = []
    for op in report["ops"]:
        for direction in DIRECTIONS:
            found = accuracy_rows(report, op["name"], direction)
            worst = max(found, key=lambda r: r["max_ulp"], default=None)
            cache = speed_row(report, op["name"], direction, default, "4096") or {}
            memory = speed_row(report, op["name"], direction, default, "16777216") or {}
            kept = all(r["ok"] for r in found)
            name = (
                f"<b>{esc(op['name'])}</b> <code>{esc(op['formula'])}</code>"
                if direction == "forward"
                else ""
            )
            rows.append(
                [
                    name,
                    direction,
                    marked(ulps(worst["max_ulp"]) if worst else "–", kept),
                    f"{worst['claim']:g}" if worst else "–",
                    number(cache.get("el_per_cycle")),
                    number(cache.get("ns_per_element"), 3),
                    number(memory.get("ns_per_element"), 3),
                    percent(memory.get("of_memcpy")),
                    percent(memory.get("of_ceiling")),
                ]
            )
    head = [
        "op",
        "",
        "max ulp",
        "claim",
        "el/cycle<br>L1",
        "ns/el<br>L1",
        "ns/el<br>16M",
        "of memcpy<br>16M",
        "of relu<br>16M",
    ]
    return html_table(head, rows, 2)


def op_details(report, op):
    """All figures of one op, folded away: errors with their witnesses, and speed by size."""
    parts = [f"<details><summary>{esc(op['name'])}</summary>"]
    parts.append(
        f'<p class="muted">f(x) = <code>{esc(op["formula"])}</code>; '
        f'f′(x) = <code>{esc(op["derivative"])}</code>; {esc(op["note"])}</p>'
    )
    rows = []
    for direction in DIRECTIONS:
        for r in accuracy_rows(report, op["name"], direction):
            rows.append(
                [
                    direction,
                    r["target"],
                    marked(ulps(r["max_ulp"]), r["ok"]),
                    f"{r['claim']:g}",
                    f"{r['x_decimal']:.9g}",
                    *(f"<code>{esc(r[k])}</code>" for k in ("x", "got", "want")),
                    f"{r['inputs']:,}",
                ]
            )
    head = ["direction", "target", "max ulp", "claim", "at x", "x", "got", "want", "inputs"]
    parts += ["<h3>Error</h3>", html_table(head, rows, 2)]
    rows = []
    for direction in DIRECTIONS:
        for target in targets_of(report):
            found = [speed_row(report, op["name"], direction, target["name"], size) for size in SIZES]
            rows.append([direction, target["name"], *(speed_cell(r, memcpy=True) for r in found)])
    parts += [
        "<h3>Speed: elements per cycle · ns per element · of memcpy</h3>",
        html_table(["direction", "target", *SIZES.values()], rows, 2),
        "</details>",
    ]
    return "".join(parts)


def memory_table(report):
    sizes = [s for s in SIZES if s != "digits"]
    rows = []
    for how in dict.fromkeys(r["how"] for r in report["speed"]["memory"]):
        by_size = {r["size"]: r for r in report["speed"]["memory"] if r["how"] == how}
        rows.append([how, *(speed_cell(by_size.get(s)) for s in sizes)])
    return html_table(["elements per cycle · ns per element", *(SIZES[s] for s in sizes)], rows)


def dispatch_table(report):
    names = {
        "plain_function": "a plain function",
        "kernel_value": "a kernel found beforehand",
        "array_function": "simdact_relu_f32",
    }
    rows = [
        [names.get(r["how"], esc(r["how"])), f"{r['ns_per_call']:.2f}"] for r in report["speed"]["dispatch"]
    ]
    return html_table(["one call, one element", "ns"], rows)


def digits_table(report):
    ops = list(dict.fromkeys(op for d in report["digits"].values() for op in d["max_ulp"]))
    rows = []
    for target, d in report["digits"].items():
        if "accuracy" in d:
            rows.append(
                [
                    marked(target, d["ok"]),
                    f"{100 * d['accuracy']:.2f} %",
                    f"{d['max_logit_difference']:.1e}",
                    f"{d['logit_bound']:.0e}",
                    *(ulps(d["max_ulp"][op]) if op in d["max_ulp"] else "–" for op in ops),
                ]
            )
    return html_table(
        ["target", "accuracy", "logits<br>moved", "bound", *(f"{esc(op)}<br>ulp" for op in ops)], rows
    )


def page(report, problems):
    machine = report["machine"]
    caches = ", ".join(
        f"L{c['level']} {c['size'] >> 20} MiB" if c["size"] >> 20 else f"L{c['level']} {c['size'] >> 10} KiB"
        for c in machine["caches"]
        if c["type"] != "Instruction"
    )
    scans = int(next((d["digits"] for d in report["digits"].values() if "digits" in d), 0))
    inputs = "all 2^32 inputs" if report["exhaustive"] else "a sample of inputs"
    names = " ".join(t["name"] for t in targets_of(report))
    alarm = "".join(f'<li class="bad">{esc(p)}</li>' for p in problems)
    alarm = (
        f"<details open><summary>{len(problems)} checks failed</summary><ul>{alarm}</ul></details>"
        * bool(alarm)
    )
    details = "".join(op_details(report, op) for op in report["ops"])
    style = pathlib.Path(__file__).with_name("report.css").read_text()
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>simdact {esc(report['version'])}: accuracy and speed</title><style>{style}</style></head><body><main>
<h1>simdact {esc(report['version'])}: accuracy and speed</h1>
<p class="muted">{esc(machine['cpu'])} · {esc(caches)} · {esc(machine['system'])} ·
{esc(machine['compiler'])}<br>Targets that run here: {esc(names)}</p>
{alarm}{tiles(report, problems)}

<h2>Overview</h2>
<p class="muted">Errors: the largest of all targets. Speed: {esc(machine['default_target'])}, one thread, f32.
“Of memcpy” is the time memcpy takes for as many elements over the time of the row. relu does next to no
arithmetic, so “of relu” says how close a row comes to what memory allows.</p>
<div class="card">{overview(report)}</div>

<h2>Error over x</h2>
<p class="muted">Largest error in ulps near each x, over {inputs}; the 0.5 of the final rounding is included.
The axis is logarithmic on both sides of zero; what lies beyond 1000 is gathered at its ends, what lies below
0.001 in its middle.</p>
<div class="card">{error_plot(report)}</div>

<h2>Speed per target</h2>
<p class="muted">Elements per cycle of the core’s clock, n = 4096 (first-level cache). Right is faster, each
line a factor of two.</p>
<div class="card">{speed_plot(report, "4096")}</div>

<h2>Handwritten digits</h2>
<p class="muted">A trained network, one activation per layer, on {scans} scans it has not seen. Every digit must
come out as in double precision; the logits may move by the bound. Right: each layer’s largest error.</p>
<div class="card">{digits_table(report)}</div>

<h2>Memory and calls</h2>
<div class="card">{memory_table(report)}</div><br><div class="card">{dispatch_table(report)}</div>

<h2>Everything, op by op</h2>
<div class="card">{details}</div>

<h2>How this was measured</h2>
<p class="muted">ulp: the spacing of floats at the correctly rounded result. Errors are for default parameters and
dy = 1, against references in long double. Times are CPU times of one thread, the fastest of five runs. The
clock is measured after each row with a chain of dependent additions, so elements per cycle compare between
machines. Copy is a plain loop for the baseline instruction set; memcpy may stream past the caches when n is
large. The last cache of some servers holds arrays of 16M elements.</p>
</main></body></html>
"""
