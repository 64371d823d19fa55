"""The report as one HTML file: no scripts, nothing loaded from elsewhere, light or dark as the reader is."""
import pathlib

import report_peers
import report_shapes
import report_speed
from report_data import DIRECTIONS, F64_GOAL, HALF_GOAL, HALVES, L1, L2, MEMORY, ulps
from report_plots import error_plot, esc, speed_plot
from report_tables import goal_lines, size_line

SIZES = {
    "1": "1",
    "16": "16",
    "64": "64",
    L1: "4096 (L1)",
    L2: "65536 (L2)",
    MEMORY: "16M (memory)",
    "digits": "digits",
}


def number(value, digits=2):
    return "–" if value is None else f"{value:.{digits}f}"


def percent(value):
    return "–" if value is None else f"{100 * value:.0f} %"


def marked(content, ok):
    """Green or red text."""
    return f'<span class="{"good" if ok else "bad"}">{esc(content)}</span>'


def against(value, goal):
    """A ratio, red below its goal."""
    return number(value) if value is None or value >= goal else marked(number(value), False)


def html_table(head, rows, text_columns=1):
    """The first `text_columns` columns hold text, the others figures. Cells are HTML."""
    kind = lambda k: ' class="text"' if k < text_columns else ""
    lines = ["<table><tr>" + "".join(f"<th{kind(k)}>{cell}</th>" for k, cell in enumerate(head)) + "</tr>"]
    for row in rows:
        lines.append("<tr>" + "".join(f"<td{kind(k)}>{cell}</td>" for k, cell in enumerate(row)) + "</tr>")
    return "\n".join(lines) + "</table>"


# ---- Sections ------------------------------------------------------------------------------------------


def tiles(report, problems):
    rows = report.content["accuracy"]
    kept = sum(r["ok"] for r in rows)
    worst = max((r["max_ulp"] for r in rows), default=0)
    wrong = [report.wrong(op["name"], d) for op in report.ops for d in HALVES]
    wrong = sum(w for w in wrong if w is not None)
    digits = [d for d in report.content["digits"].values() if "accuracy" in d]
    entries = [
        (f"{kept} of {len(rows)}", "error claims kept: op × dtype × direction × target", kept == len(rows)),
        (f"{ulps(worst)} ulp", "largest error of all", None),
        (f"{wrong}", "of all bf16 and f16 results wrongly rounded", wrong == 0),
        (
            f"{100 * min(d['accuracy'] for d in digits):.2f} %" if digits else "–",
            "handwritten digits recognized, as in double precision",
            not any("digits" in p for p in problems),
        ),
        (report.machine["default_target"], "default target of this CPU", None),
    ]
    color = {True: "good", False: "bad", None: ""}
    cells = [
        f'<div class="card tile"><b class="{color[ok]}">{esc(big)}</b><span>{esc(small)}</span></div>'
        for big, small, ok in entries
    ]
    return '<div class="tiles">' + "".join(cells) + "</div>"


def accuracy_table(report):
    """One row per op: the largest errors of all targets, and in grey what is claimed."""
    rows = []
    for op in report.ops:
        cells = []
        for dtype in ("f32", "f64"):
            for direction in DIRECTIONS:
                worst = report.worst(op["name"], dtype, direction)
                if worst:
                    figure = marked(ulps(worst["max_ulp"]), report.kept(op["name"], dtype, direction))
                    cells.append(f"{figure}<span class='muted'> {worst['claim']:g}</span>")
                else:
                    cells.append("")
        for dtype in HALVES:
            wrong = report.wrong(op["name"], dtype)
            cells.append("–" if wrong is None else marked(wrong, wrong == 0))
        rows.append([f"<b>{esc(op['name'])}</b>", *cells])
    head = [f"{dtype} {d}" for dtype in ("f32", "f64") for d in ("f", "f′", "f′<br>from y")]
    return html_table(["op", *head, "bf16<br>wrong", "f16<br>wrong"], rows)


def speed_table(report, target):
    """One row per op: elements per cycle in the first-level cache, and the goals' ratios."""
    rows = []
    for op in report.ops:
        name = op["name"]
        memory = report.speed(name, "f32", "forward", target, MEMORY) or {}
        cells = [number(report.rate(name, d, "forward", target)) for d in report.dtypes]
        cells += [number(report.rate(name, d, "backward", target)) for d in ("f32", "f64")]
        cells.append(against(report.of_f32(name, "f64", target, L1), F64_GOAL))
        cells += [against(report.of_f32(name, d, target, L2), HALF_GOAL) for d in HALVES]
        cells.append(percent(memory.get("of_memcpy")))
        rows.append([f"<b>{esc(name)}</b>", *cells])
    head = ["op", *(f"{d} f" for d in report.dtypes), "f32 f′", "f64 f′"]
    head += ["f64<br>of f32", "bf16<br>of f32, L2", "f16<br>of f32, L2", "f32 of<br>memcpy, 16M"]
    return html_table(head, rows)


def shape_accuracy_table(report):
    """One row per softmax and gate, with the claims in grey."""
    rows = []
    for name, found in report_shapes.accuracy_rows(report):
        cells = [
            f"{marked(ulps(r['max_ulp']), r['ok'])}<span class='muted'> {r['claim']:g}</span>" if r else ""
            for r in found
        ]
        rows.append([f"<b>{esc(name)}</b>", *cells])
    return html_table(report_shapes.accuracy_table(report)[0], rows)


def text_tables(tables):
    """(title, head, rows) of text, a table each; the long ones folded away."""
    parts = []
    for title, head, rows in tables:
        cells = [[f"<b>{esc(row[0])}</b>", *map(esc, row[1:])] for row in rows]
        names = 2 if head[1] in ("target", "library") else 1
        content = html_table(map(esc, head), cells, names)
        if len(rows) > 40:
            parts.append(f"<details><summary>{esc(title)}</summary>{content}</details>")
        else:
            parts.append(f"<h3>{esc(title)}</h3>{content}")
    return "".join(parts)


def peer_section(report):
    """Nothing if they were not measured."""
    peers = report_peers.Peers(report)
    if not peers:
        return ""
    return f"""<h2>Other libraries</h2>
<p class="muted">{esc(peers.versions_line())}; in the same run, on the same arrays, on one thread. Those that choose
their instruction set themselves stand beside our best target. Errors: the largest over normal inputs and results, of a
sample of all floats; 1.7e7 is a result flushed to 0. Composed: a textbook formula over the library’s functions.</p>
<div class="card">{text_tables(report_peers.tables(report))}</div>
"""


def error_details(report, op):
    """Per dtype and direction the largest error on each target, with the worst input of all."""
    rows = []
    for dtype in report.dtypes:
        for direction in DIRECTIONS:
            found = {r["target"]: r for r in report.errors(op, dtype, direction)}
            if not found:
                continue
            worst = report.worst(op, dtype, direction)
            cells = [marked(ulps(r["max_ulp"]), r["ok"]) for t in report.running if (r := found.get(t))]
            where = "" if worst["max_ulp"] == 0 else worst["x"]
            rows.append([dtype, direction, f"{worst['claim']:g}", *cells, f"<code>{esc(where)}</code>"])
    head = ["dtype", "direction", "claim", *report.running, "worst at x"]
    return html_table(head, rows, 2)


def size_details(report, op):
    """Speed by size on the best target; "" if only one size was measured."""
    target = report.main_targets[0]
    rows = []
    for dtype in report.dtypes:
        for direction in DIRECTIONS:
            found = [report.speed(op, dtype, direction, target, size) for size in SIZES]
            if sum(bool(r) for r in found) > 1:
                rows.append([dtype, direction, *(speed_cell(r) for r in found)])
    if not rows:
        return ""
    return f"<h3>{esc(target)}: elements per cycle · ns per element · of memcpy</h3>" + html_table(
        ["dtype", "direction", *SIZES.values()], rows, 2
    )


def speed_cell(row):
    if not row:
        return ""
    grey = f" · {number(row['ns_per_element'], 3)}"
    if "of_memcpy" in row:
        grey += f" · {percent(row['of_memcpy'])}"
    return f"{number(row['el_per_cycle'])}<span class='muted'>{grey}</span>"


def op_details(report, op):
    """All figures of one op, folded away."""
    from_output = op["derivative_from_output"]
    also = f"; from y: <code>{esc(from_output)}</code>" if from_output else ""
    return (
        f"<details><summary>{esc(op['name'])}</summary>"
        f'<p class="muted">f(x) = <code>{esc(op["formula"])}</code>; '
        f'f′(x) = <code>{esc(op["derivative"])}</code>{also}; {esc(op["note"])}</p>'
        + error_details(report, op["name"])
        + error_plot(report, op["name"])
        + size_details(report, op["name"])
        + "</details>"
    )


def memory_table(report):
    sizes = [s for s in SIZES if s != "digits"]
    memory = report.content["speed"]["memory"]
    rows = []
    for how, dtype in dict.fromkeys((r["how"], r["dtype"]) for r in memory):
        by_size = {r["size"]: r for r in memory if (r["how"], r["dtype"]) == (how, dtype)}
        rows.append([f"{how} {dtype}", *(speed_cell(by_size.get(s)) for s in sizes)])
    return html_table(["elements per cycle · ns per element", *(SIZES[s] for s in sizes)], rows)


def dispatch_table(report):
    names = {
        "plain_function": "a plain function",
        "kernel_value": "a kernel found beforehand",
        "array_function": "simdact_relu_f32",
    }
    rows = [
        [names.get(r["how"], esc(r["how"])), f"{r['ns_per_call']:.2f}"]
        for r in report.content["speed"]["dispatch"]
    ]
    return html_table(["one call, one element", "ns"], rows)


def size_section(sizes):
    if not sizes:
        return '<p class="muted">Not measured: it takes the build’s nm and strip.</p>'
    families = sorted({f for of_target in sizes["targets"].values() for f in of_target})
    rows = []
    for target, of_target in sorted(sizes["targets"].items(), key=lambda t: -sum(t[1].values())):
        figures = [*(of_target.get(f, 0) for f in families), sum(of_target.values())]
        rows.append([target, *(f"{figure / 1024:.0f}" for figure in figures)])
    kept = sizes["stripped"] <= sizes["goal"]
    return f"<p>{marked(size_line(sizes), kept)}</p>" + html_table(["KiB", *families, "all"], rows)


def digits_table(report):
    entries = report.content["digits"]
    ops = list(dict.fromkeys(op for d in entries.values() for op in d["max_ulp"]))
    rows = []
    for target, d in entries.items():
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
    machine = report.machine
    caches = ", ".join(
        f"L{c['level']} {c['size'] >> 20} MiB" if c["size"] >> 20 else f"L{c['level']} {c['size'] >> 10} KiB"
        for c in machine["caches"]
        if c["type"] != "Instruction"
    )
    version = esc(report.content["version"])
    scans = int(next((d["digits"] for d in report.content["digits"].values() if "digits" in d), 0))
    alarm = "".join(f'<li class="bad">{esc(p)}</li>' for p in problems)
    alarm = (
        f"<details open><summary>{len(problems)} checks failed</summary><ul>{alarm}</ul></details>"
        * bool(alarm)
    )
    speeds = "".join(
        f"<details{' open' * (k == 0)}><summary>{esc(t)}</summary>{speed_table(report, t)}</details>"
        for k, t in enumerate(report.main_targets)
    )
    lines = [*goal_lines(report), *report_speed.goal_lines(report), *report_peers.goal_lines(report)]
    goals = "".join(f"<li>{esc(line)}</li>" for line in lines)
    details = "".join(op_details(report, op) for op in report.ops)
    style = pathlib.Path(__file__).with_name("report.css").read_text()
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>simdact {version}: accuracy and speed</title><style>{style}</style></head><body><main>
<h1>simdact {version}: accuracy and speed</h1>
<p class="muted">{esc(machine['cpu'])} · {esc(caches)} · {esc(machine['system'])} ·
{esc(machine['compiler'])}<br>Targets that run here: {esc(' '.join(report.running))}</p>
{alarm}{tiles(report, problems)}

<h2>Accuracy</h2>
<p class="muted">The largest errors in ulps of all targets, in grey the claim; the 0.5 of the final rounding is
included. f′ is the backward function with dy = 1, from the input and, where it follows, from the output y. “Wrong”
counts wrongly rounded results of all 65,536 inputs. Inputs: {esc(report.inputs_line())}.</p>
<div class="card">{accuracy_table(report)}</div>

<h2>Speed</h2>
<p class="muted">Elements per cycle of the core’s clock, one thread, n = 4096 (first-level cache), and how many
elements of another format are done in the time of one f32: goals {F64_GOAL} for f64, {HALF_GOAL:g} for bf16 and
f16 in the second-level cache where there is something to compute.</p>
<div class="card">{speeds}<ul class="muted">{goals}</ul></div>

<h2>Tiers, inputs, memory, threads</h2>
<div class="card">{text_tables(report_speed.own_tables(report))}</div>

{peer_section(report)}
<h2>Rows, gates, biases, tables</h2>
<p class="muted">Softmax over the rows of a matrix, gated units, what comes before an activation, tables of bytes.
Errors as above, of samples on the two best targets; f′ of a gate is dgate and dup.</p>
<div class="card">{shape_accuracy_table(report)}{text_tables(report_shapes.speed_tables(report))}</div>

<h2>Speed per target</h2>
<p class="muted">Elements per cycle, n = 4096. Right is faster, each line a factor of two.</p>
<div class="card">{speed_plot(report)}</div>

<h2>Size of the library</h2>
<p class="muted">Code and tables per target and family, and the whole library as it is shipped.</p>
<div class="card">{size_section(report.content['sizes'])}</div>

<h2>Handwritten digits</h2>
<p class="muted">A trained network, one activation per layer, on {scans} scans it has not seen. Every digit must
come out as in double precision; the logits may move by the bound. Right: each layer’s largest error.</p>
<div class="card">{digits_table(report)}</div>

<h2>Memory and calls</h2>
<div class="card">{memory_table(report)}</div><br><div class="card">{dispatch_table(report)}</div>

<h2>Everything, op by op</h2>
<p class="muted">The plots show the largest f32 error near each x; the axis is logarithmic on both sides of zero, what
lies beyond 1000 is gathered at its ends, what lies below 0.001 in its middle.</p>
<div class="card">{details}</div>

<h2>How this was measured</h2>
<p class="muted">ulp: the spacing of the format’s numbers at the correctly rounded result. Errors are for default
parameters and dy = 1, against references in long double or better. Times are CPU times of one thread, the fastest
of three runs. The clock is measured after each row with a chain of dependent additions, so elements per cycle
compare between machines. Copy is a plain loop for the baseline instruction set; memcpy may stream past the caches
when n is large. The last cache of some servers holds arrays of 16M elements.</p>
</main></body></html>
"""
