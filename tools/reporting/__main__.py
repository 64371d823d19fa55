"""Checks accuracy, measures speed and writes the report. Run by tools/report once all is built.

Needs Jinja for the page and Chart.js for its pictures (tools/setup.sh installs them). Exit status: 0 done, 1 a check
failed, 2 bad usage, 130 interrupted.
"""
from __future__ import annotations

import argparse
import json
import sys

from . import compare, page, pages, peers, results, speed, tables
from .data import HALVES, SCHEMA_VERSION, Report, ulps
from .measure import measure, write
from .steps import OUT, bad_usage


def summary(report: Report, problems: list[str]) -> None:
    """What the terminal shows at the end."""
    target = report.main_targets[0]
    print(f"\n{report.machine_line()}\ntargets: {' '.join(report.running)}")
    print(f"inputs: {report.inputs_line()}\n")
    print(f"{'':17}{'max ulp, all targets':29}{'wrong':15}el/cycle, {target}, n = 4096; ' is backward")
    heads = ["f32", "f32'", "f64", "f64'"], ["bf16", "f16"], [*report.dtypes, "f32'"]
    print(f"{'':17}" + "  ".join(" ".join(f"{h:>6}" for h in part) for part in heads))
    for op in report.ops:
        cells = [
            ulps(worst["max_ulp"]) if (worst := report.worst(op["name"], dtype, direction)) else "-"
            for dtype in ("f32", "f64")
            for direction in ("forward", "backward")
        ]
        wrong = ["-" if w is None else str(w) for w in (report.wrong(op["name"], d) for d in HALVES)]
        rates = [report.rate(op["name"], d, "forward", target) for d in report.dtypes]
        rates.append(report.rate(op["name"], "f32", "backward", target))
        shown = ["-" if r is None else f"{r:.2f}" for r in rates]
        print(f"{op['name']:17}" + "  ".join(" ".join(f"{c:>6}" for c in part) for part in (cells, wrong, shown)))
    print()
    for line in [
        *tables.goal_lines(report),
        *speed.goal_lines(report),
        *peers.goal_lines(report),
    ]:
        print(line)
    if report.content["sizes"]:
        print(tables.size_line(report.content["sizes"]))
    for line in problems:
        print(f"FAILED {line}")
    verdict = f"{len(problems)} checks failed" if problems else "All checks passed"
    print(f"{verdict}; see build/report/index.html")


def read_report(file: str) -> Report:
    try:
        with open(file, encoding="utf-8") as text:
            content = json.load(text)
    except (OSError, ValueError) as error:
        return bad_usage(f"cannot read {file}: {error}")
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        return bad_usage(f"{file} is no report of schema version {SCHEMA_VERSION} (it has {version})")
    return Report(content)


def draw(report: Report) -> list[str]:
    """Writes the page and the Markdown; returns the checks that failed."""
    problems = list(report.failures())
    (OUT / "report.md").write_text(tables.markdown(report, problems))
    (OUT / "index.html").write_text(page.page(report, problems))
    return problems


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="report", description="Checks, measures, writes build/report.")
    parser.add_argument("--full", action="store_true", help="all 2^32 inputs of f32, 10^8 of f64: hours")
    parser.add_argument("--peers", action="store_true", help="other libraries, too, that the build found")
    parser.add_argument("--ops", default="", metavar="A,B", help="only these functions")
    parser.add_argument("--page", nargs="?", const=str(OUT / "report.json"), metavar="JSON", help="only draw it")
    parser.add_argument("--tables", action="store_true", help="only put the tables into the pages")
    parser.add_argument("--keep", metavar="CPU", help="only keep what stands beside other libraries")
    return parser.parse_args()


def main() -> int:
    if sys.argv[1:2] == ["compare"]:
        return compare.main(sys.argv[2:], read_report)
    options = parse()
    if options.tables:
        pages.update_tables()
        return 0
    if options.keep:
        results.keep(options.keep)
        return 0
    OUT.mkdir(parents=True, exist_ok=True)
    if options.page:
        draw(read_report(options.page))
        return 0
    plan, content = measure(options.full, options.peers, [name for name in options.ops.split(",") if name])
    write(content, OUT / "report.json")
    report = Report(content)
    problems = draw(report)
    plan.finish()
    summary(report, problems)
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on where it stopped.", file=sys.stderr)
        sys.exit(130)
