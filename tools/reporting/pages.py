"""The tables of the pages in the repository, between their markers."""
from __future__ import annotations

import json
import sys

from . import engines, tables
from .data import Report
from .measure import proof
from .steps import BIN, OUT, ROOT, ask

PAGES = (ROOT / "dispatch/README.md", ROOT / "bench/README.md")


def write_tables(content_of: dict[str, str]) -> None:
    """Replaces what stands between a page's markers: {marker: content}."""
    for marker, content in content_of.items():
        begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
        pages = [page for page in PAGES if begin in page.read_text() and end in page.read_text()]
        if len(pages) != 1:
            sys.exit(f"report: {len(pages)} pages have '{begin}' ... '{end}'; one must")
        head, rest = pages[0].read_text().split(begin, 1)
        pages[0].write_text(head + begin + "\n" + content + end + rest.split(end, 1)[1])
        print(f"{pages[0].relative_to(ROOT)}: replaced {marker}")


def update_tables() -> None:
    """The catalogue needs a built `simdact`, the measured tables a report."""
    listed = ask(str(BIN / "simdact"), "list", "--json")
    content = {
        "catalogue": tables.catalogue_table(listed["ops"]),
        "kinks": tables.kinks_table(listed["ops"]),
        "gates": tables.gates_table(listed["gates"]),
    }
    source = OUT / "report.json"
    if source.exists():
        report = Report(json.loads(source.read_text()))
        content["speed"] = f"{report.machine_line()}.\n\n{tables.speed_table(report)}"
        content["fast"] = tables.fast_table(report)
        content["shapes"] = tables.shape_tables(report, "**")
        if report.content.get("peers"):  # else the page keeps what it has
            content["peers"] = tables.peer_table(report)
        measured = report.content["sizes"]
        if measured:
            content["size"] = f"{tables.size_line(measured)}\n\n{tables.size_table(measured)}"
    else:
        print(f"report: no {source.relative_to(ROOT)}; run tools/report for the tables of speed and size")
    inside = engines.read()
    if inside:
        content["engines"] = tables.engine_tables(inside)
    record = proof()
    if record:
        content["proof"] = tables.proof_table(record)
    write_tables(content)
