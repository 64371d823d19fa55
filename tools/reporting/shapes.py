"""Softmax, gates, biases and tables in the report: which rows to run, what to check and to show.

Tables come as (title, head, rows) of plain text, for Markdown and HTML alike.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Optional

from .data import L1, L2, Report, Row, Table, finite, ulps

SOFTMAX_COLS = ["16", "32", "64", "128", "1024", "4096", "32000"]

# (benchmark name, dtype, tier): what the table of softmax calls it.
SOFTMAX_ROWS = {
    ("softmax", "f32", "accurate"): "softmax f32",
    ("softmax", "f32", "fast"): "softmax f32, fast tier",
    ("softmax_masked_inf", "f32", "accurate"): "softmax f32, every other score -inf",
    ("softmax_masked_1e4", "f32", "accurate"): "softmax f32, every other score -1e4",
    ("softmax_scaled", "f32", "accurate"): "softmax f32, scale and mask",
    ("log_softmax", "f32", "accurate"): "log_softmax f32",
    ("softmax", "bf16", "accurate"): "softmax bf16",
    ("softmax_masked_inf", "bf16", "accurate"): "softmax bf16, every other score -inf",
    ("softmax_masked_1e4", "bf16", "accurate"): "softmax bf16, every other score -1e4",
    ("softmax_scaled", "bf16", "accurate"): "softmax bf16, scale and mask",
    ("log_softmax", "bf16", "accurate"): "log_softmax bf16",
}

# The activation that each of the bench's bias rows is compared with.
BIASES = {
    "bias_gelu": "gelu",
    "bias_relu": "relu",
    "residual_silu": "silu",
    "scale_bias_relu": "relu",
    "prelu_channels": "prelu",
}


def label(dtype: str, direction: str) -> str:
    return f"{dtype} f'" if direction == "backward" else f"{dtype} f"


def activation_of(gate: Row) -> str:
    """The op in "silu(gate) up"; swiglu_oai's is swish, with its alpha for beta."""
    found = re.match(r"(\w+)\(gate\) up$", gate["formula"])
    return found.group(1) if found else "swish"


def bench_rows(targets: list[str], gates: list[Row]) -> list[str]:
    """Patterns of the rows beside those of bench_filter, which have n = 4096 forward and more already."""
    two = "|".join(targets[:2])
    names = "|".join(dict.fromkeys(name for name, _, _ in SOFTMAX_ROWS))
    gated = "|".join(dict.fromkeys(name for g in gates for name in (g["name"], activation_of(g))))
    cols, biases = "|".join(SOFTMAX_COLS), "|".join(BIASES)
    return [
        f"({names})/forward/(f32|bf16)/.*/({two})/({cols})",
        f"(softmax|log_softmax)/backward/f32/.*/({two})/(128|4096)",
        f"({gated})/backward/bf16/.*/({two})/{L1}",
        f"({biases})([.]64)?/forward/(f32|bf16)/.*/({two})/({L1}|{L2})",
    ]


# ---- Accuracy ------------------------------------------------------------------------------------------


def accuracy_checks(targets: list[str], listed: Row, full: bool) -> dict[str, list[str]]:
    """{name: arguments of `simdact accuracy`}, for the two best targets, softmax for the best if that is not to take
    long; the tests take all."""

    def arguments(kind: str, targets: list[str], *more: str) -> list[str]:
        return [*(op["name"] for op in listed[kind]), "--dtype", "all", "--target", ",".join(targets), *more]

    return {
        "softmax": arguments("softmax", targets[: 2 if full else 1]),
        "gates": arguments("gates", targets[:2], "--inputs", "1e7" if full else "1e5"),
    }


def read_accuracy(checked: Row) -> list[Row]:
    """The worst row per op, dtype, direction and target; softmax has one for each kind of rows."""
    worst: dict[tuple[str, ...], Row] = {}
    for row in checked["rows"]:
        row["max_ulp"] = finite(row["max_ulp"])
        key = tuple(row[k] for k in ("op", "dtype", "direction", "target"))
        if key not in worst or (row["ok"], -row["max_ulp"]) < (worst[key]["ok"], -worst[key]["max_ulp"]):
            worst[key] = row
    return list(worst.values())


def accuracy_columns(report: Report) -> list[tuple[str, str]]:
    return [(dtype, d) for dtype in report.dtypes for d in ("forward", "backward")]


def accuracy_rows(report: Report) -> Iterator[tuple[str, list[Optional[Row]]]]:
    """(name, per column the worst accuracy row or None); a row is ok if all targets' are."""
    for op in [*report.softmax, *report.gates]:
        keys = [(op["name"], *column) for column in accuracy_columns(report)]
        rows = [dict(worst, ok=report.kept(*key)) if (worst := report.worst(*key)) else None for key in keys]
        if any(rows):
            yield op["name"], rows


def accuracy_table(report: Report) -> tuple[list[str], list[list[str]]]:
    """(head, rows) of text; "!" is a broken claim."""
    rows = [
        [name, *(ulps(r["max_ulp"]) + " !" * (not r["ok"]) if r else "" for r in found)]
        for name, found in accuracy_rows(report)
    ]
    return (["max ulp", *(label(dtype, d) for dtype, d in accuracy_columns(report))], rows)


# ---- Speed ---------------------------------------------------------------------------------------------


def rate(row: Optional[Row]) -> str:
    return "" if row is None or row["el_per_cycle"] is None else f"{row['el_per_cycle']:.2f}"


def against(row: Optional[Row], alone: Optional[Row]) -> str:
    """How many times as long as the activation alone."""
    return f"{row['ns_per_element'] / alone['ns_per_element']:.2f}" if row and alone else ""


def softmax_table(report: Report) -> Table:
    rows = []
    for target in report.main_targets[:2]:
        for (name, dtype, tier), label in SOFTMAX_ROWS.items():
            found = [report.speed(name, dtype, "forward", target, c, tier) for c in SOFTMAX_COLS]
            rows.append([label, target, *map(rate, found)])
        for name in ("softmax", "log_softmax"):
            found = [report.speed(name, "f32", "backward", target, c) for c in SOFTMAX_COLS]
            rows.append([f"{name} f32, backward", target, *map(rate, found)])
    title = "Softmax: elements per cycle by columns, 65536 elements in all"
    return (title, ["columns", "target", *SOFTMAX_COLS], rows)


def gates_table(report: Report) -> Table:
    columns = [(d, w) for d in ("f32", "bf16") if d in report.dtypes for w in ("forward", "backward")]
    rows = []
    for target in report.main_targets[:2]:
        for gate in report.gates:
            row = [gate["name"], target]
            for dtype, direction in columns:
                found = report.speed(gate["name"], dtype, direction, target, L1)
                alone = report.speed(activation_of(gate), dtype, direction, target, L1)
                row.append(f"{rate(found)} ({against(found, alone)})".replace(" ()", ""))
            rows.append(row)
            fast = [gate["name"] + ", fast tier", target]
            for dtype, direction in columns:
                found = report.speed(gate["name"], dtype, direction, target, L1, "fast")
                accurate = report.speed(gate["name"], dtype, direction, target, L1)
                fast.append(f"{rate(found)} ({against(found, accurate)})".replace(" ()", ""))
            rows.append(fast)
    title = (
        "Gates: elements per cycle (and the time over that of the activation alone; "
        "of the fast tier, over that of the accurate one), n = 4096"
    )
    return (title, ["gate", "target", *(label(d, w) for d, w in columns)], rows)


def bias_table(report: Report) -> Table:
    columns = [(d, "forward", n) for d in ("f32", "bf16") if d in report.dtypes for n in (L1, L2)]
    columns.append(("f32", "backward", L1))
    rows = []
    for target in report.main_targets[:2]:
        for name, alone in BIASES.items():
            for suffix, text in (("", ""), (".64", ", 64 columns")):
                row = [name + text, target]
                for dtype, direction, size in columns:
                    found = report.speed(name + suffix, dtype, direction, target, size)
                    row.append(against(found, report.speed(alone, dtype, direction, target, size)))
                rows.append(row)
    title = "Biases: the time over that of the activation alone"
    return (title, ["op", "target", *(f"{label(d, w)}, n = {n}" for d, w, n in columns)], rows)


def table_table(report: Report) -> Table:
    rows = [
        [name, *(rate(report.speed(name, dtype, "forward", t, L1)) for t in report.main_targets)]
        for name, dtype in (("table_u8", "u8"), ("table_s16", "s16"), ("interpolate_s16", "s16"))
    ]
    title = "Tables of bytes and int16: elements per cycle, n = 4096"
    return (title, ["lookup", *report.main_targets], rows)


def speed_tables(report: Report) -> Iterator[Table]:
    """Those with figures; of them the rows with figures."""
    for make in (softmax_table, gates_table, bias_table, table_table):
        title, head, rows = make(report)
        rows = [row for row in rows if any(re.match(r"\d", cell) for cell in row[1:])]
        if rows:
            yield title, head, rows
