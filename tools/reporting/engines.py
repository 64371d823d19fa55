"""Inside engines: their own operators beside ours, as the tests of tests/engines/ measured them (tools/engines).

Each engine's test leaves build/engines/NAME/compare.json: {"engine", "version", "threads", "rows": [{"op", "direction",
"dtype", "n", "engine_ns", "engine_max_ulp", "simdact_ns", "simdact_max_ulp"}]}. A row is of the tier it names, of the
accurate one if of none; it may have both: "simdact_fast_ns", "simdact_fast_max_ulp". An error of null is infinite.
"""
from __future__ import annotations

import json
from typing import Optional

from .data import Report, Row, Table, ulps
from .steps import ROOT

FOLDER = ROOT / "build" / "engines"
TIERS = ("accurate", "fast")


def read() -> list[Row]:
    """What the engines' tests have left, by the names of their folders; empty if they were not run."""
    return [json.loads(file.read_text()) for file in sorted(FOLDER.glob("*/compare.json"))]


def by_function(rows: list[Row]) -> list[Row]:
    """One row for both tiers: "engine": (ns, ulps), "accurate" and "fast" likewise, or not there."""
    found: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = (row["op"], row["direction"], row["dtype"], str(row["n"]))
        # The engine is timed once for each tier; its first time stands for both.
        one = found.setdefault(key, {"key": key, "engine": (row["engine_ns"], row["engine_max_ulp"])})
        one[row.get("tier", "accurate")] = (row["simdact_ns"], row["simdact_max_ulp"], row["engine_ns"])
        if "simdact_fast_ns" in row:
            one["fast"] = (row["simdact_fast_ns"], row["simdact_fast_max_ulp"], row["engine_ns"])
    return list(found.values())


def error(value: Optional[float]) -> str:
    return "inf" if value is None else ulps(value)


def table_of(engine: Row) -> Table:
    """How many times as fast as the engine each tier is, and the largest errors of all three."""
    rows = []
    for one in by_function(engine["rows"]):
        op, direction, dtype, n = one["key"]
        row = [op, direction.replace("_", " "), dtype, n, f"{one['engine'][0]:.3f}", error(one["engine"][1])]
        for tier in TIERS:
            ns, ulp, beside = one.get(tier, (None, None, None))
            row += ["", ""] if ns is None else [f"{beside / ns:.2f}", error(ulp)]
        rows.append(row)
    head = ["op", "direction", "format", "n", "its own, ns", "max ulp", "accurate: times as fast", "max ulp"]
    head += ["fast: times as fast", "max ulp"]
    return (f"{engine['engine']} {engine['version']}, threads: {engine['threads']}", head, rows)


def tables(report: Report) -> list[Table]:
    return [table_of(engine) for engine in report.content.get("engines", [])]
