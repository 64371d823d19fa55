"""The report as one HTML file that loads nothing: page.html filled in, with the charts' library and data in it."""
from __future__ import annotations

import json
import os
import pathlib
from typing import Any, Optional

import jinja2
from markupsafe import Markup

from . import charts, engines, peers, shapes, speed
from .data import DIRECTIONS, F64_GOAL, HALF_GOAL, HALVES, L1, L2, MEMORY, Report, Row, Table, finite, ulps
from .tables import goal_lines, size_line

HERE = pathlib.Path(__file__).resolve().parent
SIZES = {
    "1": "1",
    "16": "16",
    "64": "64",
    L1: "4096 (L1)",
    L2: "65536 (L2)",
    MEMORY: "16M (memory)",
    "digits": "digits",
}

# Where packages put Chart.js; SIMDACT_CHART_JS names another place.
CHART_FILES = (
    "/usr/share/javascript/chart.js/chart.min.js",
    "/usr/share/nodejs/chart.js/dist/chart.min.js",
    "/usr/lib/node_modules/chart.js/dist/chart.min.js",
)


def chart_library() -> Optional[str]:
    named = os.environ.get("SIMDACT_CHART_JS")
    for file in (named,) if named else CHART_FILES:
        if pathlib.Path(file).exists():
            return pathlib.Path(file).read_text(encoding="utf-8")
    return None


def number(value: Optional[float], digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def percent(value: Optional[float]) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


# ---- Summary -------------------------------------------------------------------------------------------


def tiles(report: Report, problems: list[str]) -> list[Row]:
    rows = [*report.content["accuracy"], *report.content.get("fast_accuracy", [])]
    kept = sum(bool(r["ok"]) for r in rows)
    accurate = [r for r in report.content["accuracy"] if r["dtype"] in ("f32", "f64")]
    ops = {op["name"] for op in report.ops}
    worst = max((finite(r["max_ulp"]) for r in accurate if r["op"] in ops), default=0.0)
    found = [report.wrong(op["name"], d) for op in report.ops for d in HALVES]
    wrong = sum(w for w in found if w is not None)
    digits = [d for d in report.content["digits"].values() if "accuracy" in d]
    moods = {True: "good", False: "bad", None: ""}
    entries: list[tuple[str, str, Optional[bool]]] = [
        (f"{kept} of {len(rows)}", "claims kept: function × format × gradient × tier × target", kept == len(rows)),
        (f"{ulps(worst)} ulp", "largest error of an accurate f32 or f64 kernel", None),
        (str(wrong), "bf16 and f16 results wrongly rounded, of all there are", wrong == 0),
        (
            f"{100 * min(d['accuracy'] for d in digits):.2f} %" if digits else "–",
            "handwritten digits recognized, as in double precision",
            not any("digits" in p for p in problems),
        ),
    ]
    return [{"big": big, "small": small, "mood": moods[ok]} for big, small, ok in entries]


def machine_text(report: Report) -> str:
    machine = report.machine
    sizes = [(c["level"], c["size"]) for c in machine["caches"] if c["type"] != "Instruction"]
    caches = [f"L{n} {s >> 20} MiB" if s >> 20 else f"L{n} {s >> 10} KiB" for n, s in sizes]
    commit = report.content.get("commit")
    parts = [machine["cpu"], ", ".join(caches), machine["system"], machine["compiler"]]
    return "This machine: " + " · ".join(p for p in [*parts, f"commit {commit}" if commit else ""] if p)


def counts(report: Report) -> str:
    def some(rows: list[Row], one: str, many: str) -> str:
        return f"{len(rows)} {one if len(rows) == 1 else many}"

    parts = [some(report.ops, "function", "functions"), some(report.gates, "gate", "gates")]
    return (
        f"{', '.join(parts)} and {some(report.softmax, 'kind', 'kinds')} of softmax, in {', '.join(report.dtypes)}, "
        f"for {len(report.machine['targets'])} instruction sets"
    )


def tradeoff_options(report: Report) -> Markup:
    """With other libraries, what they have comes first."""
    known = dict.fromkeys(key[0] for key in peers.Peers(report).rows)
    names = [op["name"] for op in report.ops]
    with_peers = [name for name in names if name in known]
    others = [name for name in names if name not in known]
    option = Markup("<option>{}</option>")
    groups = [Markup('<option value="">all functions</option>')]
    for title, group in (("with other libraries", with_peers), ("functions", others)):
        if group:
            content = Markup("").join(option.format(name) for name in group)
            groups.append(Markup('<optgroup label="{}">{}</optgroup>').format(title, content))
    return Markup("").join(groups)


def filters(report: Report) -> list[Row]:
    families = dict.fromkeys(f["family"] for f in report.functions())
    two = [("forward", "forward"), ("backward", "gradient")]
    tiers = [("", "both"), ("accurate", "accurate"), ("fast", "fast")]
    sorts = [("order", "the catalogue"), ("name", "name"), ("error", "largest error"), ("speed", "speed")]
    sorts.append(("margin", "room under the claim"))
    found: list[tuple[str, str, list[tuple[str, str]]]] = [
        ("family", "Family", [("", "all"), *((f, f) for f in families)]),
        ("dtype", "Format", [(d, d) for d in report.dtypes]),
        ("direction", "Direction", two),
        ("target", "Target", [("", "all"), *((t, t) for t in report.running)]),
        ("tier", "Tier", tiers),
        ("sort", "Sort by", sorts),
    ]
    return [{"id": name, "title": title, "options": options} for name, title, options in found]


# ---- Cards ---------------------------------------------------------------------------------------------


def largest(rows: list[Row]) -> tuple[str, str]:
    """The largest error of all targets, and where it is."""
    if not rows:
        return "", ""
    worst = max(rows, key=lambda r: finite(r["max_ulp"]))
    mark = "" if all(r["ok"] for r in rows) else " !"
    error = finite(worst["max_ulp"])
    return ulps(error) + mark, f"{worst['x']} on {worst['target']}" if error else ""


def claim_rows(report: Report, name: str) -> list[list[str]]:
    """Per format and direction: the claims of both tiers, beside what was found."""
    rows = []
    for dtype in report.dtypes:
        for direction in DIRECTIONS:
            accurate = report.errors(name, dtype, direction)
            fast = report.fast_errors(name, dtype, direction)
            if accurate:
                row = [dtype, direction.replace("_", " "), f"{max(r['claim'] for r in accurate):g}"]
                row += largest(accurate)
                row += [f"{max(r['claim'] for r in fast):g}" if fast else "", *largest(fast)]
                rows.append(row)
    return rows


CLAIMS_HEAD = ["format", "direction", "claim", "largest", "at x", "fast: claim", "largest", "at x"]

PROVEN_HEAD = ["format", "direction", "tier", "target", "largest", "worst input", "got", "exact"]
PROVEN_HEAD += ["mean error", "wrongly rounded"]


def figure(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)


def proven_rows(report: Report, name: str) -> list[list[str]]:
    """From tests/data/proof.json; none if it is not there."""
    names = ("dtype", "direction", "tier", "target", "max_error", "worst_input", "got", "exact", "mean_error")
    return [
        [figure(row.get(key)) for key in (*names, "wrongly_rounded")] for row in report.proof if row["op"] == name
    ]


def worst_command(report: Report, name: str) -> str:
    """What shows the f32 kernel's largest error."""
    worst = report.worst(name, "f32", "forward")
    if worst is None or not finite(worst["max_ulp"]):
        return ""
    return f"simdact eval {name} --target {worst['target']} {worst['x']}"


def parameter_text(function: Row) -> str:
    values = [f"{p['name']} = {p['default']:.6g}" for p in function.get("parameters", [])]
    return "Parameters, with their defaults: " + ", ".join(values) if values else ""


def card(report: Report, function: Row, drawn: set[str]) -> Row:
    name, formula = function["name"], function["formula"]
    derivative = function.get("derivative") or function.get("gradients", "")
    rows = claim_rows(report, name)
    shown = [k for k in range(len(CLAIMS_HEAD)) if k < 2 or any(row[k] for row in rows)]
    search = f"{name} {name.replace('_', ' ')} {formula} {function['family']} {function['note']}".lower()
    return {
        "name": name,
        "family": function["family"],
        "formula": formula,
        "derivative": derivative,
        "from_output": function.get("derivative_from_output") or "",
        "parameters": parameter_text(function),
        "note": function["note"],
        "text": search,
        "curve": name in drawn,
        "claims_head": [CLAIMS_HEAD[k] for k in shown],
        "claims": [[row[k] for k in shown] for row in rows],
        "claims_command": f"simdact accuracy {name} --dtype all",
        "worst_command": worst_command(report, name) if name in drawn else "",
        "proven": proven_rows(report, name),
    }


# ---- Tables --------------------------------------------------------------------------------------------


def accuracy_table(report: Report) -> Table:
    """One row per op: the largest errors of all targets, and the claim behind a stroke."""
    rows = []
    for op in report.ops:
        row = [op["name"]]
        for dtype in ("f32", "f64"):
            for direction in DIRECTIONS:
                worst = report.worst(op["name"], dtype, direction)
                mark = "" if report.kept(op["name"], dtype, direction) else " !"
                row.append(f"{ulps(worst['max_ulp'])} / {worst['claim']:g}{mark}" if worst else "")
        row += ["–" if (wrong := report.wrong(op["name"], dtype)) is None else str(wrong) for dtype in HALVES]
        rows.append(row)
    head = [f"{dtype} {d}" for dtype in ("f32", "f64") for d in ("f", "f′", "f′ from y")]
    title = "Largest errors of all targets / claims, in ulps; 16 bits: how many results are wrongly rounded"
    return (title, ["op", *head, "bf16 wrong", "f16 wrong"], rows)


def speed_table(report: Report, target: str) -> Table:
    """One row per op: elements per cycle in the first-level cache, and the goals' ratios."""
    rows = []
    for op in report.ops:
        name = op["name"]
        memory = report.speed(name, "f32", "forward", target, MEMORY) or {}
        row = [name, *(number(report.rate(name, d, "forward", target)) for d in report.dtypes)]
        row += [number(report.rate(name, d, "backward", target)) for d in ("f32", "f64")]
        row.append(number(report.of_f32(name, "f64", target, L1)))
        row += [number(report.of_f32(name, d, target, L2)) for d in HALVES]
        rows.append([*row, percent(memory.get("of_memcpy"))])
    head = ["op", *(f"{d} f" for d in report.dtypes), "f32 f′", "f64 f′", "f64 of f32", "bf16 of f32, L2"]
    title = f"{target}: elements per cycle, n = 4096, and of f32’s elements per second"
    return (title, [*head, "f16 of f32, L2", "f32 of memcpy, 16M"], rows)


def memory_table(report: Report) -> Table:
    sizes = [s for s in SIZES if s != "digits"]
    memory = report.content["speed"]["memory"]
    rows = []
    for how, dtype in dict.fromkeys((r["how"], r["dtype"]) for r in memory):
        by_size = {r["size"]: r for r in memory if (r["how"], r["dtype"]) == (how, dtype)}
        figures = (number(by_size[s]["el_per_cycle"]) if s in by_size else "" for s in sizes)
        rows.append([f"{how} {dtype}", *figures])
    return ("Memory: elements per cycle", ["", *(SIZES[s] for s in sizes)], rows)


def dispatch_table(report: Report) -> Table:
    names = {
        "plain_function": "a plain function",
        "kernel_value": "a kernel found beforehand",
        "array_function": "simdact_relu_f32",
    }
    found = report.content["speed"]["dispatch"]
    rows = [[names.get(r["how"], r["how"]), f"{r['ns_per_call']:.2f}"] for r in found]
    return ("One call on one element", ["call", "ns"], rows)


def size_table(sizes: Row) -> Table:
    families = sorted({f for of_target in sizes["targets"].values() for f in of_target})
    rows = []
    for target, of_target in sorted(sizes["targets"].items(), key=lambda t: -int(sum(t[1].values()))):
        figures = [*(of_target.get(f, 0) for f in families), sum(of_target.values())]
        rows.append([target, *(f"{figure / 1024:.0f}" for figure in figures)])
    return ("KiB of code and tables, per target and family", ["target", *families, "all"], rows)


def digits_table(report: Report) -> Table:
    entries = report.content["digits"]
    ops = list(dict.fromkeys(op for d in entries.values() for op in d["max_ulp"]))
    rows = []
    for target, d in entries.items():
        if "accuracy" in d:
            row = [target + " !" * (not d["ok"]), f"{100 * d['accuracy']:.2f} %"]
            row += [f"{d['max_logit_difference']:.1e}", f"{d['logit_bound']:.0e}"]
            rows.append([*row, *(ulps(d["max_ulp"][op]) if op in d["max_ulp"] else "–" for op in ops)])
    head = ["target", "accuracy", "logits moved", "bound", *(f"{op}, ulp" for op in ops)]
    return ("A trained network on scans it has not seen", head, rows)


def sections(report: Report) -> list[Row]:
    def section(title: str, text: str, tables: list[Table], lines: Optional[list[str]] = None) -> Row:
        return {"title": title, "text": text, "tables": tables, "lines": lines or []}

    head, rows = shapes.accuracy_table(report)
    shape_tables = [("Softmax and gates: largest errors, in ulps", head, rows), *shapes.speed_tables(report)]
    sizes = report.content["sizes"]
    goals = f"Goals: {F64_GOAL} for f64, {HALF_GOAL:g} for 16 bits where there is something to compute."
    others = peers.Peers(report)
    found = [
        section("Accuracy", "", [accuracy_table(report)]),
        section("Speed", goals, [speed_table(report, t) for t in report.main_targets], list(goal_lines(report))),
        section("Tiers, inputs, memory, threads", "", list(speed.own_tables(report)), speed.goal_lines(report)),
        section("Rows, gates, biases, tables of bytes", "", shape_tables),
        section("Memory and calls", "", [memory_table(report), dispatch_table(report)]),
        section("Handwritten digits", "", [digits_table(report)]),
    ]
    if others:
        text = f"{others.versions_line()}; in the same run, on the same arrays, on one thread."
        found.insert(3, section("Other libraries", text, list(peers.tables(report)), peers.goal_lines(report)))
    inside = engines.tables(report)
    if inside:
        text = (
            "Their own operators beside ours inside them, by tools/engines; errors are the largest over its inputs."
        )
        found.append(section("Inside engines", text, inside))
    if sizes:
        found.append(section("Size of the library", size_line(sizes), [size_table(sizes)]))
    return found


# ---- All -----------------------------------------------------------------------------------------------


def page(report: Report, problems: list[str]) -> str:
    loader = jinja2.FileSystemLoader(HERE)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    library = chart_library()
    # "</" would end the script; JSON may spell it "<\/".
    packed = json.dumps(charts.data(report), separators=(",", ":")).replace("</", "<\\/")
    drawn = {c["op"] for c in report.curves["curves"]}
    return environment.get_template("page.html").render(
        version=report.content["version"],
        css=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        script=Markup((HERE / "page.js").read_text(encoding="utf-8")),
        library=Markup(library or ""),
        charts=library is not None,
        data=Markup(packed),
        counts=counts(report),
        machine=machine_text(report),
        running=" ".join(report.running),
        best=report.main_targets[0],
        problems=problems,
        tiles=tiles(report, problems),
        has_peers=bool(peers.Peers(report)),
        tradeoff_options=tradeoff_options(report),
        filters=filters(report),
        cards=[card(report, f, drawn) for f in report.functions()],
        proven_head=PROVEN_HEAD,
        sections=sections(report),
        inputs="Inputs of the errors: " + report.inputs_line(),
        **{"from": f"{report.curves['from']:g}", "to": f"{report.curves['to']:g}"},
    )
