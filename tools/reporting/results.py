"""What a report found beside other libraries, kept in bench/results: a JSON and its tables, for each CPU.

The JSON is a report without what says nothing of speed, so that `tools/report compare` can read it.
"""
from __future__ import annotations

import json
import re

from . import peers, tables
from .data import L1, L2, Report, Row
from .measure import write
from .steps import OUT, ROOT, bad_usage

RESULTS = ROOT / "bench" / "results"
# What a reader of a report asks for and these do not have, empty.
EMPTY = ("accuracy", "fast_accuracy", "proof", "ports", "slow", "engines")
SIZES = ("64", L1, L2)


def kept(content: Row) -> Row:
    """Of the speed only what stands beside other libraries."""
    compared = {row["op"] for row in content["peers"]["speed"]}
    kernels = [
        r
        for r in content["speed"]["kernels"]
        if r["op"] in compared and r["dtype"] in ("f32", "bf16") and (r["op"] == "softmax" or r["size"] in SIZES)
    ]
    return {
        **content,
        "speed": {**content["speed"], "kernels": kernels},
        "curves": {**content["curves"], "curves": [], "errors": []},
        "digits": {},
        **{key: [] for key in EMPTY},
    }


def markdown(report: Report) -> str:
    lines = [f"- {line}\n" for line in peers.goal_lines(report)]
    return (
        f"# Beside other libraries: {report.machine_line()}\n\n"
        f"Made by `tools/report --peers` and `tools/report --keep`, at {report.content['commit']}. One thread;"
        f" {peers.Peers(report).versions_line()}.\n\n"
        f"{tables.text_tables(peers.tables(report), '## ')}\n{''.join(lines)}"
    )


def keep(name: str) -> None:
    source = OUT / "report.json"
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", name):
        bad_usage(f"--keep takes a name of small letters, digits and dashes for this CPU, not '{name}'")
    if not source.exists() or not json.loads(source.read_text()).get("peers"):
        bad_usage(f"{source.relative_to(ROOT)} has no other libraries: run tools/report --peers first")
    content = kept(json.loads(source.read_text()))
    RESULTS.mkdir(exist_ok=True)
    write(content, RESULTS / f"{name}.json")
    (RESULTS / f"{name}.md").write_text(markdown(Report(content)))
    print(f"Kept as bench/results/{name}.json and .md")
