"""Other libraries in the report (tools/report --peers): rows to run, tables to show, goals.

Tables come as (title, head, rows) of plain text, for Markdown and HTML alike.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from .data import L1, L2, Report, Row, Table, ulps
from .speed import number, quotient, tally, with_figures

# Goals against other libraries: how many times as fast as the fastest, and as the fastest within 4 ulp.
ULPS = 4
GOALS = {"tanh": 0.9, **dict.fromkeys(("sigmoid", "silu", "gelu", "gelu_tanh"), 0.6)}  # the others: 1
FAST_GOAL = 1.25
HALF_GOALS = dict.fromkeys(("relu", "leaky_relu", "hardswish"), 1.0)  # the others as the fast tier
PRECISE_GOALS = dict.fromkeys(("exp", "tanh", "erf", "elu", "selu", "softplus"), 1.4)

Function = tuple[str, str, str]  # op, direction, dtype

SOFTMAX_COLS = ["16", "32", "64", "128", "1024", "4096", "32000"]


def bench_rows(targets: list[str], ops: list[str]) -> list[str]:
    """Patterns of the rows of other libraries, and of ours beside them."""
    two, names = "|".join(targets[:2]), "|".join(ops)
    return [
        f".*/peer/.*/(64|{L1}|{L2})",
        f"softmax/forward/f32/peer/.*/({'|'.join(SOFTMAX_COLS)})",
        f"({names})/(forward|backward|from_output)/(f32|bf16)/(accurate|fast)/({two})/(64|{L1}|{L2})",
    ]


# The libraries that choose their instruction set themselves, and what makes them take AVX2. They run a second
# time with it, so that our AVX2 has someone to compare with.
AVX2_PEERS = ["onednn", "torch"]
AVX2_ENVIRONMENT = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


def avx2_bench_rows(ops: list[str]) -> str:
    """A pattern of the rows of that second run."""
    peers, names = "|".join(AVX2_PEERS), "|".join(ops)
    rows = f".*/peer/({peers})-avx2", f"({names})/(forward|backward|from_output)/(f32|bf16)/accurate/AVX2"
    return f"^({'|'.join(rows)})/(64|{L1}|{L2})$"


class Peers:
    """Speed and errors of other libraries; falsy if they were not measured."""

    def __init__(self, report: Report) -> None:
        self.report = report
        found = report.content.get("peers") or {"versions": {}, "speed": [], "errors": []}
        self.versions = found["versions"]
        self.rows: dict[tuple[str, ...], list[Row]] = {}
        self.errors: dict[tuple[str, ...], Row] = {}
        for row in found["speed"]:
            key = tuple(row[k] for k in ("op", "direction", "dtype", "size"))
            self.rows.setdefault(key, []).append(row)
        for row in found["errors"]:
            key = tuple(row[k] for k in ("op", "direction", "dtype", "peer"))
            if key not in self.errors or row["normal"]["ulps"] > self.errors[key]["normal"]["ulps"]:
                self.errors[key] = row

    def __bool__(self) -> bool:
        return bool(self.rows)

    def functions(self) -> list[Function]:
        """(op, direction, dtype), in our order of ops."""
        keys = {(op, direction, dtype) for op, direction, dtype, _ in self.rows if op != "softmax"}
        order = {op["name"]: k for k, op in enumerate(self.report.ops)}
        return sorted(keys, key=lambda k: (k[2] != "f32", k[1] != "forward", k[1], order[k[0]]))

    def of_target(self, function: Function, size: str, target: str) -> list[Row]:
        """The rows that compare with a target: those for AVX2 with AVX2, the others with the best one."""
        rows = self.rows.get((*function, size), [])
        best = self.report.main_targets[0]
        if target == best:
            return [r for r in rows if best == "AVX2" or not r["peer"].endswith("-avx2")]
        return [r for r in rows if target == "AVX2" and r["peer"].endswith("-avx2")]

    def error(self, function: Function, peer: str) -> Optional[float]:
        """The largest error over normal results, infinite if it makes NaN of a number; None: unknown."""
        row = self.errors.get((*function, peer))
        if row is None:
            return None
        return float("inf") if row["nans"] else row["normal"]["ulps"]

    def fastest(
        self, function: Function, size: str, target: str, max_ulps: Optional[float] = None
    ) -> Optional[Row]:
        """The fastest row, of those within max_ulps if given; or None."""
        rows = self.of_target(function, size, target)
        if max_ulps is not None:
            errors = [(self.error(function, r["peer"]), r) for r in rows]
            rows = [r for error, r in errors if error is not None and error <= max_ulps]
        return min(rows, key=lambda r: float(r["ns_per_element"])) if rows else None

    def ours(self, function: Function, size: str, target: str, tier: str = "accurate") -> Optional[Row]:
        op, direction, dtype = function
        return self.report.speed(op, dtype, direction, target, size, tier)

    def ratio(
        self, function: Function, size: str, target: str, tier: str = "accurate", max_ulps: Optional[float] = None
    ) -> Optional[float]:
        """How many times as fast we are."""
        fastest = self.fastest(function, size, target, max_ulps)
        return quotient(fastest, self.ours(function, size, target, tier))

    def text(self, function: Function, peer: str) -> str:
        """An error as text."""
        row = self.errors.get((*function, peer))
        if row is None:
            return ""
        nan = " and NaN" * bool(row["nans"])
        return ulps(row["normal"]["ulps"]) + nan

    def versions_line(self) -> str:
        return ", ".join(f"{name} {version}" for name, version in sorted(self.versions.items()))


def shown(function: Function) -> str:
    op, direction, dtype = function
    mark = {"forward": "", "backward": "'", "from_output": "' from y"}[direction]
    return op + mark + f" {dtype}" * (dtype != "f32")


def fastest_table(report: Report, size: str = L2) -> Table:
    """Per function and target: ours, the fastest peer, and the fastest within a few ulps."""
    peers = Peers(report)
    rows = []
    for target in [t for k, t in enumerate(report.main_targets) if k == 0 or t == "AVX2"]:
        for function in peers.functions():
            accurate, any_peer = peers.ours(function, size, target), peers.fastest(function, size, target)
            if not accurate or not any_peer:
                continue
            precise = peers.fastest(function, size, target, ULPS)
            fast = peers.ours(function, size, target, "fast")
            row = [shown(function), target, number(accurate["ns_per_element"], 4)]
            row += [number(fast["ns_per_element"] if fast else None, 4)]
            row += [any_peer["peer"], number(any_peer["ns_per_element"], 4)]
            row += [peers.text(function, any_peer["peer"]), number(quotient(any_peer, accurate))]
            row += [number(quotient(any_peer, fast))]
            row += [precise["peer"] if precise else "none", number(quotient(precise, accurate))]
            rows.append(row)
    head = ["op", "target", "accurate, ns", "fast, ns", "fastest other", "ns", "its max ulp"]
    head += ["accurate: times as fast", "fast", f"fastest other within {ULPS} ulp", "times as fast"]
    return (f"Other libraries: ns per element, n = {size}", head, rows)


def softmax_table(report: Report) -> Table:
    peers = Peers(report)
    rows = []
    target = report.main_targets[0]
    function = ("softmax", "forward", "f32")
    names = dict.fromkeys(r["peer"] for cols in SOFTMAX_COLS for r in peers.rows.get((*function, cols), []))
    for tier in ("accurate", "fast"):
        found = [report.speed("softmax", "f32", "forward", target, c, tier) for c in SOFTMAX_COLS]
        rows.append([f"simdact, {tier}", *(number(r["ns_per_element"] if r else None, 4) for r in found), ""])
    for name in names:
        found = [
            next((r for r in peers.rows.get((*function, c), []) if r["peer"] == name), None) for c in SOFTMAX_COLS
        ]
        cells = [number(r["ns_per_element"] if r else None, 4) for r in found]
        rows.append([name, *cells, peers.text(function, name)])
    head = ["columns", *SOFTMAX_COLS, "max ulp"]
    return ("Other libraries: softmax f32, ns per element", head, rows if names else [])


def all_table(report: Report) -> Table:
    """Every row of every peer, beside ours of the same kind of target."""
    peers = Peers(report)
    rows = []
    for function in peers.functions():
        for peer in dict.fromkeys(r["peer"] for r in peers.rows.get((*function, L2), [])):
            target = "AVX2" if peer.endswith("-avx2") else report.main_targets[0]
            row = [shown(function), peer]
            for size in ("64", L1, L2):
                found = next((r for r in peers.rows.get((*function, size), []) if r["peer"] == peer), None)
                row.append(number(found["ns_per_element"] if found else None, 4))
                row.append(number(quotient(found, peers.ours(function, size, target))))
            error = peers.errors.get((*function, peer))
            composed = "composed" if error and error["composed"] else ""
            rows.append([*row, peers.text(function, peer), composed])
    head = ["op", "library"]
    head += [h for n in ("64", L1, L2) for h in (f"ns, n = {n}", "accurate: times as fast")]
    return ("Other libraries, all of them", [*head, "max ulp", ""], rows)


def tables(report: Report) -> Iterator[Table]:
    if not Peers(report):
        return iter(())
    return with_figures([fastest_table(report), softmax_table(report), all_table(report)])


def goal_lines(report: Report) -> list[str]:
    """One line per goal and target, in the second-level cache."""
    peers = Peers(report)
    kinds: list[tuple[str, str, str, Optional[float], dict[str, float], float]] = [
        # what, direction and dtype, tier, errors of the others at most, goal
        ("f32, accurate tier", "forward f32", "accurate", None, GOALS, 1.0),
        ("f32, fast tier", "forward f32", "fast", None, {}, FAST_GOAL),
        (
            f"f32, others within {ULPS} ulp",
            "forward f32",
            "accurate",
            ULPS,
            PRECISE_GOALS,
            1.0,
        ),
        ("f32 backward", "backward f32", "accurate", None, {}, 1.0),
        ("f32 backward from the output", "from_output f32", "accurate", None, {}, 1.0),
        ("bf16", "forward bf16", "accurate", None, HALF_GOALS, FAST_GOAL),
    ]
    lines = []
    for target in report.main_targets[:2] if peers else []:
        for what, kind, tier, max_ulps, goals, usual in kinds:
            functions = [f for f in peers.functions() if f"{f[1]} {f[2]}" == kind]
            ratios = {f[0]: peers.ratio(f, L2, target, tier, max_ulps) for f in functions}
            every = {op: goals.get(op, usual) for op in ratios}
            lines.append(tally(f"other libraries, {what}, {target}", ratios, every))
    return [line for line in lines if line]
