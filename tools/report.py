"""Checks accuracy, measures speed and writes the report. Run by tools/report once all is built.

  report.py [--full] [--peers]   measures; writes build/report/{index.html,report.md,report.json}
  report.py --tables    puts the catalogue and the last report's tables between the markers of dispatch/README.md
                        and bench/README.md
  report.py --proof FILE...   puts there what `simdact accuracy --exhaustive --json FILE` found

Needs nothing but Python. Exit status: 0 done, 1 a check failed, 2 bad usage.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

import ports
import ports_machines
import report_page
import report_peers
import report_shapes
import report_speed
import report_tables
from report_data import HALVES, Report, main_targets, read_accuracy, read_digits, read_peers, read_speed, ulps

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build" / "release" / "bin"
OUT = ROOT / "build" / "report"

# 0.01 s a row, three times. Of the three the fastest counts, for nothing makes a loop faster than it is, and
# shuffled order keeps a busy moment from hitting all of them.
BENCH_FLAGS = [
    "--benchmark_min_time=0.01",
    "--benchmark_repetitions=3",
    "--benchmark_enable_random_interleaving=true",
    "--benchmark_display_aggregates_only=true",
]

# For ratios of rows that differ by much, if at all.
QUICK_FLAGS = ["--benchmark_min_time=0.003", *BENCH_FLAGS[1:]]

# These stand for their like where memory decides.
MEMORY_OPS = ["relu", "sigmoid", "silu", "tanh", "gelu"]


def bench_filter(targets, gates, more):
    """The rows that the report shows, of thousands."""
    best, two, main = targets[0], "|".join(targets[:2]), "|".join(targets)
    return "|".join(
        f"^{rows}$"
        for rows in (
            f"[a-z0-9_]+/forward/[a-z0-9]+/(accurate|fast)/({main})/4096",
            f"[a-z0-9_]+/(backward|from_output)/(f32|f64)/.*/({two})/4096",
            f"[a-z0-9_]+/forward/(f32|bf16|f16)/.*/({two})/65536",
            f"({'|'.join(MEMORY_OPS)})/(forward|backward)/.*/{best}/(1|16|64|65536|16777216)",
            f"[a-z0-9_]+/forward/f32/.*/({two})/digits",
            "(memcpy|copy|dispatch)/.*",
            *report_shapes.bench_rows(targets, gates),
            *report_speed.bench_rows(targets),
            *more,
        )
    )


# ---- Running the programs ------------------------------------------------------------------------------


def step(title, command, failures=(1,), environment=None):
    """Runs a command whose output matters to the reader only if it breaks; returns its exit status.

    `failures` are statuses that mean a failed check, which the report is there to show. Progress that the
    command shows on a terminal passes through.
    """
    print(f"{title} ...", flush=True)
    start = time.monotonic()
    errors = None if sys.stderr.isatty() else subprocess.PIPE
    variables = {**os.environ, **(environment or {})}
    done = subprocess.run(
        [str(c) for c in command], stdout=subprocess.PIPE, stderr=errors, text=True, env=variables
    )
    if done.returncode not in (0, *failures):
        last = ((done.stderr or "").strip() or done.stdout.strip() or "no output").splitlines()[-1]
        sys.exit(f"report.py: {command[0].name} failed with status {done.returncode}: {last}")
    print(f"  {time.monotonic() - start:.0f} s", flush=True)
    return done.returncode


def ask(command):
    """The JSON that a command of ours prints."""
    done = subprocess.run(
        [str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if not done.stdout:
        sys.exit(f"report.py: {done.stderr.strip() or command[0].name + ' failed'}")
    return json.loads(done.stdout)


def cpu_model():
    """As the system names it; /proc/cpuinfo has no name on Arm, so ask lscpu first."""
    for command in (["lscpu"], ["sysctl", "machdep.cpu.brand_string"]):
        try:
            text = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            ).stdout
        except OSError:
            continue
        found = re.search(r"^(?:Model name|machdep.cpu.brand_string): *(.+)$", text, re.M)
        if found:
            return found.group(1).strip()
    return platform.processor() or platform.machine()


def sizes():
    """What tools/size measures; None where there are no nm and strip that it understands."""
    try:
        done = subprocess.run(
            [sys.executable, ROOT / "tools" / "size", "--json"], stdout=subprocess.PIPE, text=True
        )
    except OSError:
        return None
    return json.loads(done.stdout) if done.stdout else None


def port_bounds(bench):
    """The fewest cycles of the compiled loops, beside what was measured; none for CPUs we know no ports of."""
    machine, cpu = ports_machines.this_machine()
    if machine is None:
        print(f"No port bounds: no figures for this CPU ({cpu})")
        return []
    try:
        rows = ports.bounds(ROOT / "build" / "release" / "libsimdact.a", machine.name)
    except OSError as error:
        print(f"No port bounds: {error}")
        return []
    ports.add_fractions(rows, bench)
    return rows


def peer_errors(avx2):
    """What simdact_peer_errors finds; `avx2`: also of the libraries that must be told to take AVX2."""
    checked = []
    for with_avx2 in (False, True)[: 1 + avx2]:
        file = OUT / f"peer_errors{'_avx2' * with_avx2}.json"
        title = "Checking other libraries" + " with AVX2" * with_avx2
        command = [BIN / "simdact_peer_errors", file, *(report_peers.AVX2_PEERS * with_avx2)]
        step(title, command, (), report_peers.AVX2_ENVIRONMENT if with_avx2 else {})
        checked += json.loads(file.read_text())
    return checked


def run_bench(what, rows, flags, environment=None):
    """The result of simdact_bench's rows that match."""
    file = OUT / f"{what.replace(' ', '_')}.json"
    output = [f"--benchmark_out={file}", "--benchmark_out_format=json"]
    command = [BIN / "simdact_bench", f"--benchmark_filter={rows}", *flags, *output]
    step(f"Measuring {what}", command, (), environment)
    return json.loads(file.read_text())


def measure(full, peers):
    """Runs everything; returns the content of report.json."""
    OUT.mkdir(parents=True, exist_ok=True)
    simdact = BIN / "simdact"
    accuracy, digits = (OUT / f"{name}.json" for name in ("accuracy", "digits"))
    targets, listed = ask([simdact, "targets", "--json"]), ask([simdact, "list", "--json"])
    main = main_targets(targets["targets"])
    step(
        "Checking accuracy" + " on all f32 inputs and 10^8 of f64" * full,
        [simdact, "accuracy", "--dtype", "all", "--json", accuracy]
        + ["--exhaustive", "--inputs", "1e8"] * full,
    )
    fast = OUT / "accuracy_fast.json"
    step(
        "Checking the fast tier",
        [simdact, "accuracy", "--tier", "fast", "--direction", "forward,backward", "--dtype", "f32,bf16,f16"]
        + ["--json", fast]
        + ["--exhaustive"] * full,
    )
    shapes = []
    for name, arguments in report_shapes.accuracy_checks(main, listed, full).items():
        file = OUT / f"accuracy_{name}.json"
        step(f"Checking {name}", [simdact, "accuracy", *arguments, "--json", file])
        shapes += report_shapes.read_accuracy(json.loads(file.read_text()))
    step(
        "Running the digits network",
        [BIN / "simdact_tests", "--gtest_filter=*Digits*", f"--gtest_output=json:{digits}"],
    )
    avx2 = "AVX2" in main[1:]
    errors = peer_errors(avx2) if peers else []
    peer_ops = dict.fromkeys(row["op"] for row in errors)
    more = report_peers.bench_rows(main, peer_ops) if peers else []
    bench = run_bench("speed", bench_filter(main, listed["gates"], more), BENCH_FLAGS)
    slow = run_bench("slow inputs", report_speed.slow_bench_rows(main), QUICK_FLAGS)
    avx2_bench = None
    if peers and avx2:
        rows = report_peers.avx2_bench_rows(peer_ops)
        flags, environment = BENCH_FLAGS, report_peers.AVX2_ENVIRONMENT
        avx2_bench = run_bench("other libraries with AVX2", rows, flags, environment)
    checked = json.loads(accuracy.read_text())
    return {
        "version": checked["version"],
        "exhaustive": checked["exhaustive"],
        "machine": {
            "cpu": cpu_model(),
            "system": f"{platform.system()} {platform.machine()}",
            "compiler": bench["context"].get("compiler", "unknown compiler"),
            "caches": bench["context"].get("caches", []),
            "default_target": targets["default"],
            "targets": targets["targets"],
        },
        **listed,
        "accuracy": read_accuracy(checked) + shapes,
        "fast_accuracy": json.loads(fast.read_text())["rows"],
        "speed": read_speed(bench),
        "ports": port_bounds(bench),
        "slow": report_speed.read_slow(slow),
        "digits": read_digits(json.loads(digits.read_text())),
        "sizes": sizes(),
        **({"peers": read_peers(bench, avx2_bench, errors)} if peers else {}),
    }


# ---- The pages in the repository -----------------------------------------------------------------------

PAGES = (ROOT / "dispatch/README.md", ROOT / "bench/README.md")


def write_tables(tables):
    """Replaces what stands between a page's markers: {marker: content}."""
    for marker, content in tables.items():
        begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
        pages = [page for page in PAGES if begin in page.read_text() and end in page.read_text()]
        if len(pages) != 1:
            sys.exit(f"report.py: {len(pages)} pages have '{begin}' ... '{end}'; one must")
        head, rest = pages[0].read_text().split(begin, 1)
        pages[0].write_text(head + begin + "\n" + content + end + rest.split(end, 1)[1])
        print(f"{pages[0].relative_to(ROOT)}: replaced {marker}")


def update_tables():
    """The catalogue needs a built `simdact`, the measured tables a report."""
    listed = ask([BIN / "simdact", "list", "--json"])
    tables = {
        "catalogue": report_tables.catalogue_table(listed["ops"]),
        "kinks": report_tables.kinks_table(listed["ops"]),
        "gates": report_tables.gates_table(listed["gates"]),
    }
    source = OUT / "report.json"
    if source.exists():
        report = Report(json.loads(source.read_text()))
        tables["speed"] = f"{report.machine_line()}.\n\n{report_tables.speed_table(report)}"
        tables["fast"] = report_tables.fast_table(report)
        tables["shapes"] = report_tables.shape_tables(report, "**")
        if report.content.get("peers"):  # else the page keeps what it has
            tables["peers"] = report_tables.peer_table(report)
        measured = report.content["sizes"]
        if measured:
            tables["size"] = f"{report_tables.size_line(measured)}\n\n{report_tables.size_table(measured)}"
    else:
        print(f"report.py: no {source.relative_to(ROOT)}; run tools/report for the tables of speed and size")
    write_tables(tables)


def update_proof(files):
    rows = []
    for file in files:
        try:
            checked = json.loads(pathlib.Path(file).read_text())
        except (OSError, ValueError) as error:
            sys.exit(f"report.py: cannot read {file}: {error}")
        if not checked["exhaustive"] and any(r["dtype"] == "f32" for r in checked["rows"]):
            sys.exit(f"report.py: {file} is of a sample; use simdact accuracy --exhaustive --json FILE")
        rows += read_accuracy(checked)
    write_tables({"proof": report_tables.proof_table(rows)})


# ---- All of it -----------------------------------------------------------------------------------------


def summary(report, problems):
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
        rates = ["-" if r is None else f"{r:.2f}" for r in rates]
        print(
            f"{op['name']:17}"
            + "  ".join(" ".join(f"{c:>6}" for c in part) for part in (cells, wrong, rates))
        )
    print()
    for line in [
        *report_tables.goal_lines(report),
        *report_speed.goal_lines(report),
        *report_peers.goal_lines(report),
    ]:
        print(line)
    if report.content["sizes"]:
        print(report_tables.size_line(report.content["sizes"]))
    for line in problems:
        print(f"FAILED {line}")
    verdict = f"{len(problems)} checks failed" if problems else "All checks passed"
    print(f"{verdict}; see build/report/index.html")


def main():
    parser = argparse.ArgumentParser(description="Checks accuracy, measures speed, writes build/report.")
    parser.add_argument("--full", action="store_true", help="all 2^32 inputs of f32, 10^8 of f64: hours")
    parser.add_argument("--peers", action="store_true", help="other libraries, too, that the build found")
    parser.add_argument("--tables", action="store_true", help="only put the tables into the pages")
    parser.add_argument("--proof", nargs="+", metavar="FILE", help="only put these errors there")
    options = parser.parse_args()
    if options.proof:
        update_proof(options.proof)
        return 0
    if options.tables:
        update_tables()
        return 0
    content = measure(options.full, options.peers)
    (OUT / "report.json").write_text(json.dumps(content) + "\n")
    report = Report(content)
    problems = list(report.failures())
    (OUT / "report.md").write_text(report_tables.markdown(report, problems))
    (OUT / "index.html").write_text(report_page.page(report, problems))
    summary(report, problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
