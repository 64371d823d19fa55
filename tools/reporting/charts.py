"""What the page's script draws: the report's figures, packed small, as JSON.

Names stand once in a list and are meant by their place in it; errors are hundredths of an ulp.
"""
from __future__ import annotations

import math
from typing import Any

from .data import DIRECTIONS, HALVES, Report, Row, finite
from .peers import Peers

TIERS = ("accurate", "fast")
MOST = 9999  # hundredths of an ulp; what is larger is off every picture


def hundredths(error: float) -> int:
    return min(MOST, round(100 * error))


def significant(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else float(f"{value:.{digits}g}")


class Packer:
    """Names to numbers, the same for all ops."""

    def __init__(self, report: Report) -> None:
        self.targets = report.running
        self.dtypes = report.dtypes
        self.sizes: list[str] = []

    def key(self, row: Row) -> list[int]:
        """[direction, dtype, tier, target] of a row."""
        return [
            DIRECTIONS.index(row["direction"]),
            self.dtypes.index(row["dtype"]),
            TIERS.index(row["tier"]),
            self.targets.index(row["target"]),
        ]

    def size(self, name: str) -> int:
        if name not in self.sizes:
            self.sizes.append(name)
        return self.sizes.index(name)


def is_drawn(report: Report, row: Row) -> bool:
    """Of the formats beside f32 the main targets are enough."""
    return row["dtype"] == "f32" or row["target"] in report.main_targets


# ---- Errors --------------------------------------------------------------------------------------------


def binade(x: float) -> int:
    """Where x goes on an axis of all floats: its exponent, counted from 1 at the denormals, with its sign."""
    if x == 0:
        return 0
    exponent = max(1, min(254, math.frexp(x)[1] + 126))
    return int(math.copysign(exponent, x))


PLACES = 85  # on each side of 0, of three binades each
PER_PLACE = 3


def outline(profile: list[list[float]]) -> list[int]:
    """The largest error of every few binades, left to right; 0 where none was found."""
    best = [0] * (2 * PLACES + 1)
    for x, error in profile:
        side = binade(float(x))
        place = PLACES + int(math.copysign((abs(side) + PER_PLACE - 1) // PER_PLACE, side))
        best[place] = max(best[place], hundredths(finite(error)))
    return best


def profiles(report: Report, packer: Packer) -> dict[str, list[Any]]:
    """{op: [[key, outline]]}: the largest error near each x of all floats."""
    found: dict[str, list[Any]] = {}
    fast = report.content.get("fast_accuracy", [])
    for row in [*report.content["accuracy"], *fast]:
        if row.get("profile") and row["direction"] != "from_output":
            packed = [packer.key({"tier": "accurate", **row}), outline(row["profile"])]
            found.setdefault(row["op"], []).append(packed)
    return found


def spreads(report: Report, packer: Packer) -> dict[str, list[Any]]:
    """{op: [[key, errors over x, histogram]]}."""
    found: dict[str, list[Any]] = {}
    for row in report.curves["errors"]:
        if is_drawn(report, row):
            over_x = [hundredths(finite(error)) for error in row["over_x"]]
            found.setdefault(row["op"], []).append([packer.key(row), over_x, row["histogram"]])
    return found


# ---- Speed ---------------------------------------------------------------------------------------------


def speeds(report: Report, packer: Packer) -> dict[str, list[Any]]:
    """{op: [[key, size, elements per ns, elements per cycle]]}."""
    found: dict[str, list[Any]] = {}
    for row in report.content["speed"]["kernels"]:
        if row["dtype"] not in packer.dtypes or row["target"] not in packer.targets:
            continue
        rate = significant(1 / row["ns_per_element"])
        packed = [packer.key(row), packer.size(row["size"]), rate, significant(row["el_per_cycle"], 3)]
        found.setdefault(row["op"], []).append(packed)
    return found


def peer_speeds(report: Report, packer: Packer) -> dict[str, list[Any]]:
    """{op: [[direction, dtype, library, size, elements per ns, largest error or null]]}."""
    peers = Peers(report)
    found: dict[str, list[Any]] = {}
    for (op, direction, dtype, size), rows in peers.rows.items():
        for row in rows:
            error = peers.error((op, direction, dtype), row["peer"])
            error = None if error is None else significant(min(error, 1e9))
            place = [DIRECTIONS.index(direction), packer.dtypes.index(dtype), row["peer"]]
            packed = [*place, packer.size(size), significant(1 / row["ns_per_element"]), error]
            found.setdefault(op, []).append(packed)
    return found


def ceilings(report: Report, packer: Packer) -> list[Any]:
    """[[dtype, size, elements per ns]] of memcpy."""
    return [
        [packer.dtypes.index(row["dtype"]), packer.size(row["size"]), significant(1 / row["ns_per_element"])]
        for row in report.content["speed"]["memory"]
        if row["how"] == "memcpy" and row["dtype"] in packer.dtypes
    ]


# ---- All -----------------------------------------------------------------------------------------------


def claims(report: Report) -> dict[str, list[Any]]:
    """{op: [[key, claim, largest error]]}, of the accurate and the fast tier."""
    packer = Packer(report)
    found: dict[str, list[Any]] = {}
    for row in [*report.content["accuracy"], *report.content.get("fast_accuracy", [])]:
        packed = [packer.key({"tier": "accurate", **row}), row["claim"], significant(finite(row["max_ulp"]))]
        found.setdefault(row["op"], []).append(packed)
    return found


def data(report: Report) -> dict[str, Any]:
    packer = Packer(report)
    parts = {
        "spread": spreads(report, packer),
        "profile": profiles(report, packer),
        "speed": speeds(report, packer),
        "peers": peer_speeds(report, packer),
        "claims": claims(report),
        "curve": {c["op"]: [c["y"], c["slope"]] for c in report.curves["curves"]},
    }
    memory = ceilings(report, packer)
    names = [f["name"] for f in report.functions()]
    return {
        "directions": DIRECTIONS,
        "dtypes": packer.dtypes,
        "halves": HALVES,
        "tiers": TIERS,
        "targets": packer.targets,
        "fma": [report.fma[target] for target in packer.targets],
        "main": report.main_targets,
        "per_place": PER_PLACE,
        "sizes": packer.sizes,
        "from": report.curves["from"],
        "to": report.curves["to"],
        "step": report.curves["ulps_per_bar"],
        "memory": memory,
        "ops": {name: {part: of.get(name, []) for part, of in parts.items()} for name in names},
    }
