"""The report as Markdown, and the tables of the pages in the repository."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Optional

from . import engines, peers, shapes, speed
from .data import DIRECTIONS, F64_GOAL, HALF_GOAL, HALVES, L1, L2, Report, Row, Table, kink, ulps


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; columns after the first are aligned right where they hold numbers."""
    numeric = [all(re.match(r"[-\d.]|$", row[k]) for row in rows) for k in range(len(head))]
    numeric = [n and any(row[k] for row in rows) for k, n in enumerate(numeric)]
    lines = [head, ["--:" if n else ":--" for n in numeric], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def number(value: Optional[float], digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}f}"


# ---- What activations.def says -------------------------------------------------------------------------


def bounds(op: Row, dtype: str) -> str:
    """Forward / backward / from the output."""
    return " / ".join(f"{op['claims'][dtype][d]:g}" for d in DIRECTIONS if d in op["claims"].get(dtype, {}))


def described(ops: list[Row]) -> list[list[str]]:
    """The rows of the catalogue, of activations or gates."""
    rows = []
    for op in ops:
        parameters = ", ".join(f"{p['name']} = {p['default']:.6g}" for p in op["parameters"])
        half = max((op["claims"].get("f16") or {"": 0.5}).values())
        rows.append(
            [code(op["name"]), code(op["formula"]), parameters, bounds(op, "f32"), bounds(op, "f64")]
            + [f"{half:g}", op["note"]]
        )
    return rows


def catalogue_table(ops: list[Row]) -> str:
    head = ["op", "f(x)", "parameters", "f32", "f64", "bf16, f16", "convention, source"]
    return table(head, described(ops))


def gates_table(gates: list[Row]) -> str:
    return table(["gate", "y", "parameters", "f32", "f64", "bf16, f16", "source"], described(gates))


def kinks_table(ops: list[Row]) -> str:
    rows = [[code(op["name"]), code(op["derivative"]), found] for op in ops if (found := kink(op))]
    return table(["op", "f'(x)", "convention"], rows)


# ---- What was measured ---------------------------------------------------------------------------------


def accuracy_table(report: Report) -> str:
    """Per op the largest errors of all targets."""
    rows = []
    for op in report.ops:
        cells = []
        for dtype in ("f32", "f64"):
            for direction in DIRECTIONS:
                worst = report.worst(op["name"], dtype, direction)
                mark = "" if report.kept(op["name"], dtype, direction) else " !"
                cells.append(ulps(worst["max_ulp"]) + mark if worst else "")
        cells += ["" if (wrong := report.wrong(op["name"], d)) is None else str(wrong) for d in HALVES]
        rows.append([code(op["name"]), *cells])
    head = ["max ulp", "f32 f", "f'", "f' from y", "f64 f", "f'", "f' from y", "bf16 wrongly rounded", "f16"]
    return table(head, rows)


def speed_table(report: Report) -> str:
    """Elements per cycle in the first-level cache, forward: f32 on all main targets, the others on two."""
    columns = [("f32", t) for t in report.main_targets]
    columns += [(d, t) for d in report.dtypes[1:] for t in report.main_targets[:2]]
    rows = [
        [code(op["name"]), *(number(report.rate(op["name"], d, "forward", t)) for d, t in columns)]
        for op in report.ops
    ]
    return table(["elements per cycle", *(f"{d} {t}" for d, t in columns)], rows)


def named(text: str) -> str:
    """The name that a text begins with as code."""
    return re.sub(r"^\w+", r"`\g<0>`", text)


def shape_tables(report: Report, mark: str = "### ") -> str:
    """The speed of softmax, gates, biases and tables; `mark` makes the titles headings or bold."""
    end = "." + mark if mark == "**" else ""
    return "\n".join(
        f"{mark}{title}{end}\n\n{table(head, [[named(row[0]), *row[1:]] for row in rows])}"
        for title, head, rows in shapes.speed_tables(report)
    )


def text_tables(tables: Iterable[Table], mark: str = "### ") -> str:
    """(title, head, rows) as Markdown, each below its title."""
    return "\n".join(f"{mark}{title}\n\n{table(head, rows)}" for title, head, rows in tables)


def fast_table(report: Report) -> str:
    """The page's: the ops that have a fast tier."""
    _, head, rows = speed.fast_table(report)
    return table(head, [[code(row[0]), *row[1:]] for row in rows if row[1]])


def peer_table(report: Report) -> str:
    """The page's: against the fastest other library, per function and target."""
    title, head, rows = peers.fastest_table(report)
    versions = peers.Peers(report).versions_line()
    return f"{title}. {versions}.\n\n{table(head, [[named(row[0]), *row[1:]] for row in rows])}\n" + "".join(
        f"- {line}\n" for line in peers.goal_lines(report)
    )


def engine_tables(found: list[Row]) -> str:
    """Of each engine the rows in the second-level cache."""
    parts = []
    for engine in found:
        title, head, rows = engines.table_of(engine)
        parts.append(
            f"**{title}, n = {L2}.**\n\n" + table(head, [[named(r[0]), *r[1:]] for r in rows if r[3] == L2])
        )
    return "\n".join(parts)


def ratio_table(report: Report) -> str:
    """Against f32: f64 in the first-level cache, 16-bit formats in the second; and backward's speed."""
    targets = report.main_targets[:2]
    rows = []
    for op in report.ops:
        cells = []
        for target in targets:
            cells.append(number(report.rate(op["name"], "f32", "backward", target)))
            cells.append(number(report.of_f32(op["name"], "f64", target, L1)))
            cells += [number(report.of_f32(op["name"], d, target, L2)) for d in HALVES]
        rows.append([code(op["name"]), *cells])
    head = ["of f32's elements per second"]
    for target in targets:
        head += [f"{target}: f32 f', el/cycle", "f64", "bf16 (L2)", "f16 (L2)"]
    return table(head, rows)


def goal_lines(report: Report) -> Iterator[str]:
    """How many ops reach the goals for speed, per target and format: one line each."""
    for target in report.main_targets:
        for dtype, size, goal in (("f64", L1, F64_GOAL), *((d, L2, HALF_GOAL) for d in HALVES)):
            ratios = {op["name"]: report.of_f32(op["name"], dtype, target, size) for op in report.ops}
            known = {op: ratio for op, ratio in ratios.items() if ratio is not None}
            short = sorted((ratio, op) for op, ratio in known.items() if ratio < goal)
            names = ", ".join(f"{op} {ratio:.2f}" for ratio, op in short[:8]) + " ..." * (len(short) > 8)
            if known:
                yield (
                    f"{dtype} on {target}: {len(known) - len(short)} of {len(known)} ops reach {goal:g} of f32"
                    + f"; short: {names}" * bool(short)
                )


def size_table(sizes: Row) -> str:
    """KiB per target and family, largest target first."""
    targets = sorted(sizes["targets"], key=lambda t: -int(sum(sizes["targets"][t].values())))
    families = sorted({family for target in targets for family in sizes["targets"][target]})
    rows = []
    for target in targets:
        of_target = sizes["targets"][target]
        rows.append([target, *(f"{of_target.get(f, 0) / 1024:.0f}" for f in families)])
        rows[-1].append(f"{sum(of_target.values()) / 1024:.0f}")
    return table(["KiB", *families, "all"], rows)


def size_line(sizes: Row) -> str:
    return f"libsimdact.so, stripped: {sizes['stripped'] / 2**20:.2f} MiB (goal: {sizes['goal'] >> 20})."


def shape_accuracy_table(report: Report) -> str:
    head, rows = shapes.accuracy_table(report)
    return table(head, [[code(row[0]), *row[1:]] for row in rows])


def digits_table(report: Report) -> str:
    rows = [
        [t, f"{100 * d['accuracy']:.2f} %", f"{d['max_logit_difference']:.2g}", f"{d['logit_bound']:.2g}"]
        for t, d in report.content["digits"].items()
        if "accuracy" in d
    ]
    return table(["target", "accuracy", "largest logit difference", "bound"], rows)


def markdown(report: Report, problems: list[str]) -> str:
    verdict = "All checks passed."
    if problems:
        verdict = "Checks FAILED:\n\n" + "\n".join(f"- {p}" for p in problems)
    sizes = report.content["sizes"]
    goals = "\n".join(
        f"- {line}" for line in [*goal_lines(report), *speed.goal_lines(report), *peers.goal_lines(report)]
    )
    return f"""# simdact {report.content['version']}: accuracy and speed

{report.machine_line()}. {verdict}

## Accuracy

The largest errors of all targets in ulps, the 0.5 of rounding included; default parameters, dy = 1. Inputs:
{report.inputs_line()}.

{accuracy_table(report)}
## Speed

Elements per cycle, forward, n = 4096 (first-level cache).

{speed_table(report)}
Goals: {F64_GOAL} of f32's elements per cycle for f64; for bf16 and f16 at n = 65536 {HALF_GOAL:g}, where there is
something to compute.

{goals}

{ratio_table(report)}
{text_tables(speed.own_tables(report))}
{text_tables(peers.tables(report))}
## Rows, gates, biases, tables

Softmax over the rows of a matrix, gated units, what comes before an activation, tables of bytes. Errors as
above, of samples on the two best targets.

{shape_accuracy_table(report)}
{shape_tables(report)}
## Size

{size_line(sizes) if sizes else "Not measured."}

{size_table(sizes) if sizes else ""}
## Digits

A trained network on handwritten digits, compared with double precision.

{digits_table(report)}"""


# ---- Proof ---------------------------------------------------------------------------------------------


def proof_table(rows: list[Row]) -> str:
    """A row per op; of f32 per tier and target the largest errors forward, backward and from the output."""
    rows = [r for r in rows if r["dtype"] == "f32"]
    columns = dict.fromkeys((r["dtype"], r["tier"], r["target"]) for r in rows)
    cells = {(r["dtype"], r["tier"], r["target"], r["op"], r["direction"]): r["max_error"] for r in rows}
    lines = []
    for op in dict.fromkeys(r["op"] for r in rows):
        line = [code(op)]
        for column in columns:
            found = [cells.get((*column, op, direction)) for direction in DIRECTIONS]
            texts = ["-" if error is None else f"{error:.4g}" for error in found]
            line.append(re.sub("( / -)+$", "", " / ".join(texts)).removesuffix("-"))
        lines.append(line)
    return table(["largest error, ulp", *(f"{d} {tier}, {target}" for d, tier, target in columns)], lines)
