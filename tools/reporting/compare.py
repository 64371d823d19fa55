"""tools/report compare OLD.json NEW.json: what became slower, faster, less or more accurate.

A row of speed counts as changed if the medians of its repetitions differ by --min-change or more and by more than the
repetitions of both reports do among themselves, and no repetition of one lies among those of the other. Between
machines compare cycles (--cycles), which leave the clocks out. Where one run met a busier machine, --relative takes
out what all rows share: the median of new / old. Errors are those of the same inputs in both reports, so
any difference is one.
"""
from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass

import bench_compare

from .data import Report, Row, finite
from .tables import table

Key = tuple[str, ...]
Times = dict[Key, list[float]]  # of each repetition
SPEED_KEYS = ("op", "direction", "dtype", "tier", "target", "size")
ERROR_KEYS = ("op", "direction", "dtype", "tier", "target")


@dataclass
class Change:
    row: str
    old: float
    new: float

    @property
    def ratio(self) -> float:
        return self.new / self.old if self.old else math.inf


@dataclass
class Comparison:
    slower: list[Change]
    faster: list[Change]
    less_accurate: list[Change]
    more_accurate: list[Change]
    broken: list[str]  # claims that were kept and are not any more
    compared: int
    shared: float  # the median of new / old times
    only_old: list[str]
    only_new: list[str]

    @property
    def is_worse(self) -> bool:
        return bool(self.slower or self.less_accurate or self.broken)


# ---- Speed ---------------------------------------------------------------------------------------------


def times(report: Report, cycles: bool) -> Times:
    """ns, or cycles, per element, of each repetition."""
    found = {}
    for row in report.content["speed"]["kernels"]:
        scale = 1.0
        if cycles:
            if not row["el_per_cycle"]:
                continue
            scale = 1 / (row["el_per_cycle"] * row["ns_per_element"])  # cycles in a ns
        found[tuple(row[k] for k in SPEED_KEYS)] = [scale * t for t in row["repetitions_ns"]]
    return found


def spread(repetitions: list[float]) -> float:
    """How far repetitions lie apart, as a share."""
    return (max(repetitions) - min(repetitions)) / statistics.median(repetitions)


def verdict(old: list[float], new: list[float], least: float) -> str:
    """ "faster", "slower", or "" where that is noise."""
    return bench_compare.verdict(old, new, max(least, spread(old) + spread(new)))


# ---- Accuracy ------------------------------------------------------------------------------------------


def errors(report: Report) -> dict[Key, Row]:
    rows = [*report.content["accuracy"], *report.content.get("fast_accuracy", [])]
    return {tuple({"tier": "accurate", **row}[k] for k in ERROR_KEYS): row for row in rows}


def is_comparable(old: Row, new: Row) -> bool:
    """Errors of other inputs say nothing about the kernel."""
    return bool(old["inputs"] == new["inputs"])


# ---- All -----------------------------------------------------------------------------------------------


def named(key: Key) -> str:
    return "/".join(key)


def compare_speed(found: Comparison, before: Times, after: Times, least: float, relative: bool) -> None:
    both = before.keys() & after.keys()
    ratios = {key: statistics.median(after[key]) / statistics.median(before[key]) for key in both}
    found.compared = len(ratios)
    found.shared = statistics.median(ratios.values()) if ratios else 1.0
    scale = 1 / found.shared if relative else 1.0
    lists = {"faster": found.faster, "slower": found.slower}
    for key in both:
        scaled = [scale * t for t in after[key]]
        if mark := verdict(before[key], scaled, least):
            medians = statistics.median(before[key]), statistics.median(scaled)
            lists[mark].append(Change(named(key), *medians))


def compare(old: Report, new: Report, least: float, cycles: bool, relative: bool = False) -> Comparison:
    found = Comparison([], [], [], [], [], 0, 1.0, [], [])
    before, after = times(old, cycles), times(new, cycles)
    compare_speed(found, before, after, least, relative)
    was, is_now = errors(old), errors(new)
    for key in was.keys() & is_now.keys():
        if was[key]["ok"] and not is_now[key]["ok"]:
            found.broken.append(named(key))
        if is_comparable(was[key], is_now[key]):
            change = Change(named(key), *(finite(rows[key]["max_ulp"]) for rows in (was, is_now)))
            if change.new != change.old:
                (found.less_accurate if change.new > change.old else found.more_accurate).append(change)
    old_keys, new_keys = before.keys() | was.keys(), after.keys() | is_now.keys()
    found.only_old = sorted(map(named, old_keys - new_keys))
    found.only_new = sorted(map(named, new_keys - old_keys))
    for changes in (found.slower, found.less_accurate):
        changes.sort(key=lambda c: (-c.ratio, c.row))
    for changes in (found.faster, found.more_accurate):
        changes.sort(key=lambda c: (c.ratio, c.row))
    return found


def origin(report: Report) -> str:
    commit = report.content.get("commit")
    return report.machine_line() + (f", commit {commit}" if commit else "")


def markdown(found: Comparison, old: Report, new: Report, unit: str, most: int) -> str:
    """The terminal shows it as it is; a pull request as tables."""
    parts = [f"old: {origin(old)}\nnew: {origin(new)}\n"]
    if old.machine["cpu"] != new.machine["cpu"]:
        parts.append("The machines differ: --cycles leaves their clocks out, not their designs.\n")
    if found.broken:
        parts.append("Claims that are kept no more: " + ", ".join(sorted(found.broken)) + "\n")
    kinds = [
        ("Slower", found.slower, f"{unit} per element"),
        ("Less accurate", found.less_accurate, "ulp"),
        ("Faster", found.faster, f"{unit} per element"),
        ("More accurate", found.more_accurate, "ulp"),
    ]
    for title, changes, what in kinds:
        if changes:
            rows = [[c.row, f"{c.old:.4g}", f"{c.new:.4g}", f"{c.ratio:.3f}"] for c in changes[:most]]
            more = f"\n{len(changes) - most} more; --all shows them.\n" if len(changes) > most else ""
            head = ["row", f"old, {what}", "new", "new / old"]
            parts.append(f"### {title}: {len(changes)}\n\n{table(head, rows)}{more}")
    for title, names in (("old", found.only_old), ("new", found.only_new)):
        if names:
            parts.append(f"Only in {title}: {len(names)} rows, such as {', '.join(names[:3])}\n")
    parts.append(
        f"{found.compared} rows of speed: {len(found.faster)} faster, {len(found.slower)} slower, median of "
        f"new / old {found.shared:.3f}; errors: {len(found.more_accurate)} smaller, {len(found.less_accurate)} larger, "
        f"{len(found.broken)} claims broken"
    )
    return "\n".join(parts)


def main(arguments: list[str], read_report: Callable[[str], Report]) -> int:
    parser = argparse.ArgumentParser(
        prog="report compare", description="What became slower, faster, less or more accurate, as Markdown."
    )
    parser.add_argument("old", metavar="OLD.json")
    parser.add_argument("new", metavar="NEW.json")
    parser.add_argument("--min-change", type=bench_compare.percent, default="5%", help="less is noise (5%%)")
    parser.add_argument("--cycles", action="store_true", help="compare cycles instead of ns: between machines")
    parser.add_argument("--relative", action="store_true", help="divide new times by the median of new / old")
    parser.add_argument("--all", action="store_true", help="show all rows, not the first 20 of each kind")
    parser.add_argument("--check", action="store_true", help="exit status 1 if anything became worse")
    options = parser.parse_args(arguments)
    old, new = read_report(options.old), read_report(options.new)
    found = compare(old, new, options.min_change, options.cycles, options.relative)
    unit = "cycles" if options.cycles else "ns"
    print(markdown(found, old, new, unit, sys.maxsize if options.all else 20))
    return 1 if options.check and found.is_worse else 0
