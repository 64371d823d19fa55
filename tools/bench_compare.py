#!/usr/bin/env python3
"""Compares two result files of simdact_bench (or any Google Benchmark) row by row.

  tools/bench_compare.py OLD.json NEW.json [--min-change 3%] [--filter REGEX] [--changed]

Make the files with --benchmark_out=FILE --benchmark_repetitions=5. Shown are the medians of the repetitions: ns
per element, or per call where a row does not count elements, and new / old. A row is `faster` or `slower` if the
medians differ by --min-change or more and no repetition of one file lies among those of the other; with a single
repetition only the first can be told. Exit status: 0, also if rows are slower; 2 for bad usage or a bad file.
"""
from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import sys
from typing import NoReturn

UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def fail(text: str) -> NoReturn:
    print(f"bench_compare.py: {text}", file=sys.stderr)
    sys.exit(2)


def read(file: str) -> dict[str, list[float]]:
    """{row: its times, one per repetition}."""
    times: dict[str, list[float]] = {}
    try:
        with open(file, encoding="utf-8") as text:
            for row in json.load(text)["benchmarks"]:
                if row.get("run_type", "iteration") != "iteration" or row.get("error_occurred"):
                    continue
                time = row["cpu_time"] * UNITS[row["time_unit"]]
                if row.get("items_per_second"):
                    time = 1e9 / row["items_per_second"]
                times.setdefault(row.get("run_name", row["name"]), []).append(float(time))
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fail(f"{file} is no result of Google Benchmark in JSON: {error or type(error).__name__}")
    if not times:
        fail(f"{file} holds no rows")
    return times


def verdict(old: list[float], new: list[float], least: float) -> str:
    """What can be said of two lists of times."""
    ratio = statistics.median(new) / statistics.median(old)
    if abs(ratio - 1) < least:
        return ""
    if max(new) < min(old):
        return "faster"
    return "slower" if min(new) > max(old) else ""


def percent(text: str) -> float:
    try:
        value = float(text.rstrip("%")) / 100
    except ValueError:
        value = -1
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is no percentage such as 3%")
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description="Compares two result files of simdact_bench row by row.")
    parser.add_argument("old", metavar="OLD.json")
    parser.add_argument("new", metavar="NEW.json")
    parser.add_argument("--min-change", type=percent, default="3%", help="smaller ones are not marked (3%%)")
    parser.add_argument("--filter", default="", metavar="REGEX", help="only rows that match")
    parser.add_argument("--changed", action="store_true", help="only rows that are marked")
    options = parser.parse_args()
    try:
        chosen = re.compile(options.filter)
    except re.error as error:
        fail(f"--filter '{options.filter}': {error}")
    old, new = (
        {name: times for name, times in read(file).items() if chosen.search(name)}
        for file in (options.old, options.new)
    )
    both = [name for name in old if name in new]
    width = max([len(name) for name in both], default=3)
    print(f"{'row':{width}} {'old ns':>10} {'new ns':>10} {'new/old':>8}")
    marks, ratios = {}, []
    for name in both:
        marks[name] = verdict(old[name], new[name], options.min_change)
        before, after = statistics.median(old[name]), statistics.median(new[name])
        ratios.append(after / before)
        if marks[name] or not options.changed:
            line = f"{name:{width}} {before:10.4f} {after:10.4f} {after / before:8.3f} {marks[name]}"
            print(line.rstrip())
    for which, rows, others in (("OLD", old, new), ("NEW", new, old)):
        for name in rows:
            if name not in others:
                print(f"only in {which}: {name}")
    if both:
        counts = {mark: list(marks.values()).count(mark) for mark in ("faster", "slower")}
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(
            f"{len(both)} rows: {counts['faster']} faster, {counts['slower']} slower; "
            f"geometric mean of new/old {mean:.3f}"
        )


if __name__ == "__main__":
    main()
