"""The fast tier, slow inputs, short arrays, memory and threads in the report: rows to run, tables to show.

Tables come as (title, head, rows) of plain text, for Markdown and HTML alike.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Optional

from .data import L1, MEMORY, Report, Row, Table, fastest_rows, finite

SHORT_GOALS = {"1": 3, "16": 6, "64": 20}  # ns per call of the accurate tier, on AVX-512

SLOW_KINDS = ["denormal_inputs", "denormal_results", "minus_inf", "minus_1e4"]
FAST_GOAL, SLOW_GOAL, MEMORY_GOAL, BOUND_GOAL = 1.2, 1.3, 0.95, 0.7

# Beside report.py's: of these f32 forward for short arrays and 16M.
MEMORY_OPS = "exp|expm1|elu|selu|softplus|mish|sigmoid|silu|tanh|erf|gelu|gelu_tanh"


def bench_rows(targets: list[str]) -> list[str]:
    """Patterns of rows: short arrays and memory on the best target, threads."""
    sizes = "|".join([*SHORT_GOALS, MEMORY])
    return [f"({MEMORY_OPS})/forward/f32/accurate/{targets[0]}/({sizes})", ".*/real_time/threads:[0-9]+"]


def slow_bench_rows(targets: list[str], ops: list[str]) -> str:
    """A pattern of the rows of slow inputs and of ordinary ones, on two targets: a run of their own."""
    two, names = "|".join(targets[:2]), "|".join(ops) or "[a-z0-9_]+"
    return f"^({names})/(forward|backward)/f32/(accurate|fast)/({two})/({'|'.join([L1, *SLOW_KINDS])})$"


def read_slow(bench: Row) -> list[Row]:
    """Rows of slow inputs; `ratio`: the time over that of ordinary inputs in the same run."""
    names = ("op", "direction", "dtype", "tier", "target", "kind")
    rows = {tuple(parts): figures["ns_per_element"] for parts, figures in fastest_rows(bench)}
    return [
        {**dict(zip(names, row)), "ratio": time / rows[(*row[:5], L1)]}
        for row, time in rows.items()
        if row[5] in SLOW_KINDS
    ]


def number(value: Optional[float], digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def quotient(a: Optional[Row], b: Optional[Row], key: str = "ns_per_element") -> Optional[float]:
    """How many times as long a takes as b; None if one of them is not known."""
    return a[key] / b[key] if a and b else None


def fast_ratio(
    report: Report, op: str, direction: str, target: str, dtype: str = "f32", size: str = L1
) -> Optional[float]:
    """How many times as fast the fast tier is; None where it is the accurate one."""
    fast, accurate = (report.speed(op, dtype, direction, target, size, t) for t in ("fast", "accurate"))
    return quotient(accurate, fast)


def fast_errors(report: Report, op: str, dtype: str = "f32") -> Optional[str]:
    """The largest error of the fast tier of all targets, forward, in ulps; None if there is none."""
    found = [
        finite(r["max_ulp"])
        for r in report.content.get("fast_accuracy", [])
        if (r["op"], r["dtype"], r["direction"]) == (op, dtype, "forward")
    ]
    return f"{max(found):.2f}" if found and max(found) > 0 else None


def fast_table(report: Report) -> Table:
    rows = []
    targets = report.main_targets[:2]
    for op in report.ops:
        row = [op["name"], fast_errors(report, op["name"]) or ""]
        for target in targets:
            fast = report.speed(op["name"], "f32", "forward", target, L1, "fast")
            row.append(number(fast["el_per_cycle"] if fast else None))
            row.append(number(fast_ratio(report, op["name"], "forward", target)))
        rows.append(row)
    head = ["op", "largest error, ulp"]
    head += [h for t in targets for h in (f"{t}, el/cycle", "times the accurate tier")]
    return (f"The fast tier: f32 forward, n = {L1}; goal {FAST_GOAL:g} times", head, rows)


def bound_fractions(report: Report, target: str) -> dict[str, float]:
    """{op or op': fraction of the port bound}."""
    return {
        row["op"] + "'" * (row["direction"] == "backward"): row["fraction"]
        for row in report.content.get("ports", [])
        if row["target"] == target and row["direction"] != "from_output" and "fraction" in row
    }


def bounds_table(report: Report) -> Table:
    columns = [(t, mark) for t in report.main_targets[:2] for mark in ("", "'")]
    found = {t: bound_fractions(report, t) for t in report.main_targets[:2]}
    rows = []
    for op in report.ops:
        fractions = [found[t].get(op["name"] + mark) for t, mark in columns]
        rows.append([op["name"], *("" if f is None else f"{100 * f:.0f} %" for f in fractions)])
    head = ["op", *(f"{t}, f{mark}" for t, mark in columns)]
    title = f"Elements per cycle over what the ports allow (tools/ports.py), f32, n = {L1}"
    return (f"{title}; goal {100 * BOUND_GOAL:.0f} %", head, rows)


def slow_ratios(report: Report) -> dict[tuple[str, str, str], dict[tuple[str, str], float]]:
    """{(op, tier, target): {(direction, kind): ratio}}, in our order of targets and ops."""
    found: dict[tuple[str, str, str], dict[tuple[str, str], float]] = {
        (op["name"], tier, target): {}
        for target in report.running
        for tier in ("accurate", "fast")
        for op in report.ops
    }
    for row in report.content.get("slow", []):
        key = row["op"], row["tier"], row["target"]
        found[key][row["direction"], row["kind"]] = row["ratio"]
    return {key: ratios for key, ratios in found.items() if ratios}


def slow_table(report: Report) -> Table:
    columns = [(d, kind) for d in ("forward", "backward") for kind in SLOW_KINDS]
    rows = []
    for (op, tier, target), ratios in slow_ratios(report).items():
        rows.append([op + ", fast tier" * (tier == "fast"), target, *(number(ratios.get(c)) for c in columns)])
    head = [kind.replace("_", " ") + (", f" if d == "forward" else ", f'") for d, kind in columns]
    title = f"Slow inputs: the time over that of ordinary ones, f32, n = {L1}; goal {SLOW_GOAL:g}"
    return (title, ["op", "target", *head], rows)


def memory_table(report: Report) -> Table:
    target = report.main_targets[0]
    rows = []
    for op in report.ops:
        row = [op["name"]]
        for dtype, direction in (("f32", "forward"), ("f32", "backward"), ("bf16", "forward")):
            found = report.speed(op["name"], dtype, direction, target, MEMORY)
            row.append(number(found.get("of_memcpy") if found else None))
        rows.append(row)
    head = ["op", "f32 f", "f32 f' (three arrays)", "bf16 f"]
    return (f"n = 16M, {target}: elements per second over memcpy's; goal {MEMORY_GOAL:g} forward", head, rows)


def short_table(report: Report) -> Table:
    target = report.main_targets[0]
    rows = []
    for op in report.ops:
        found = [(n, report.speed(op["name"], "f32", "forward", target, n)) for n in SHORT_GOALS]
        rows.append([op["name"], *(number(int(n) * r["ns_per_element"] if r else None, 1) for n, r in found)])
    head = ["op", *(f"n = {n} (goal {goal} on AVX-512)" for n, goal in SHORT_GOALS.items())]
    return (f"Short arrays: ns per call, f32 forward, {target}", head, rows)


def threads_table(report: Report) -> Table:
    found = report.content["speed"].get("threads", [])
    counts = sorted({r["threads"] for r in found})
    rows = []
    for how in sorted({r["how"] for r in found}, key=lambda how: (how != "memcpy", how)):
        rates = {r["threads"]: 8 / r["ns_per_element"] for r in found if r["how"] == how}
        rows.append([how, *(number(rates.get(n), 1) for n in counts)])
    return ("Threads: GB/s read and written, f32, n = 16M", ["op", *map(str, counts)], rows)


# ---- All -----------------------------------------------------------------------------------------------


def with_figures(tables: Iterable[Table]) -> Iterator[Table]:
    """Tables without their rows that hold no figure, and without tables that hold none."""
    for title, head, rows in tables:
        rows = [row for row in rows if any(cell[:1].isdigit() for cell in row[1:])]
        if rows:
            yield title, head, rows


OWN_TABLES = (fast_table, bounds_table, slow_table, short_table, memory_table, threads_table)


def own_tables(report: Report) -> Iterator[Table]:
    return with_figures(make(report) for make in OWN_TABLES)


def tally(what: str, ratios: Mapping[str, Optional[float]], goals: Mapping[str, float], least: bool = True) -> str:
    """One line: how many reach their goal, and who falls short; "" if nothing was measured."""
    known = {name: ratio for name, ratio in ratios.items() if ratio is not None}
    miss = [(r, n) for n, r in known.items() if (r < goals[n] if least else r > goals[n])]
    miss.sort(reverse=not least)
    names = ", ".join(f"{n} {r:.2f}" for r, n in miss[:8]) + " ..." * (len(miss) > 8)
    short = f"; {'short' if least else 'beyond'}: {names}" * bool(miss)
    return f"{what}: {len(known) - len(miss)} of {len(known)} reach the goal{short}" if known else ""


def goal_lines(report: Report) -> list[str]:
    """One line per goal and target."""
    names = [op["name"] for op in report.ops]
    lines = []
    for target in report.main_targets[:2]:
        ratios = {op: fast_ratio(report, op, "forward", target) for op in names}
        lines.append(tally(f"fast tier on {target}", ratios, dict.fromkeys(names, FAST_GOAL)))
        bounds = bound_fractions(report, target)
        lines.append(tally(f"fraction of the port bound on {target}", bounds, dict.fromkeys(bounds, BOUND_GOAL)))
        slow = {
            op + "'" * (d == "backward") + ", fast" * (tier == "fast") + " " + kind: ratio
            for (op, tier, t), ratios in slow_ratios(report).items()
            for (d, kind), ratio in ratios.items()
            if t == target
        }
        lines.append(tally(f"slow inputs on {target}", slow, dict.fromkeys(slow, SLOW_GOAL), False))
    return [line for line in lines if line]
