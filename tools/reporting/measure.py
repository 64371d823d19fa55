"""Which programs make a report, and its content from their files."""
from __future__ import annotations

import json
import pathlib
import platform
import re
import subprocess
import sys
from typing import Any, Optional

import ports
import ports_machines

from . import engines, peers, shapes, speed
from .data import SCHEMA_VERSION, Row, main_targets, read_accuracy, read_digits, read_peers, read_speed
from .steps import BIN, OUT, ROOT, Plan, Step, ask, bad_usage

# Of the three repetitions the fastest counts, for nothing makes a loop faster than it is, and shuffled order keeps a
# busy moment from hitting all of them.
BENCH_FLAGS = [
    "--benchmark_repetitions=3",
    "--benchmark_enable_random_interleaving=true",
    "--benchmark_display_aggregates_only=true",
    "--benchmark_out_format=json",
]

# Seconds that a repetition of a row takes at least. For ratios of rows that differ by much, if at all, less will do.
ROW_SECONDS = {"speed": 0.006, "slow": 0.001}

# These stand for their like where memory decides.
MEMORY_OPS = ["relu", "sigmoid", "silu", "tanh", "gelu"]

PROOF = ROOT / "tests" / "data" / "proof.json"  # errors over all floats


def bench_filter(targets: list[str], listed: Row, more: list[str]) -> str:
    """The rows that the report shows, of thousands."""
    best, two, main = targets[0], "|".join(targets[:2]), "|".join(targets)
    ops = "|".join(op["name"] for op in listed["ops"])
    return "|".join(
        f"^{rows}$"
        for rows in (
            f"[a-z0-9_]+/forward/[a-z0-9]+/(accurate|fast)/({main})/4096",
            f"({ops})/forward/f32/accurate/[A-Z0-9_]+/4096",
            f"[a-z0-9_]+/(backward|from_output)/(f32|f64)/(accurate|fast)/({two})/4096",
            f"[a-z0-9_]+/forward/(f32|bf16|f16)/(accurate|fast)/({two})/65536",
            f"({'|'.join(MEMORY_OPS)})/(forward|backward)/[a-z0-9]+/(accurate|fast)/{best}/(1|16|64|65536|16777216)",
            f"[a-z0-9_]+/forward/f32/(accurate|fast)/({two})/digits",
            "(memcpy|copy|dispatch)/.*",
            *shapes.bench_rows(targets, listed["gates"]),
            *speed.bench_rows(targets),
            *more,
        )
    )


def bench_filter_of(names: list[str], targets: list[str]) -> str:
    """The rows of some functions alone, and of memcpy."""
    some, two = "|".join(map(re.escape, names)), "|".join(targets[:2])
    kernels, sizes = f"(accurate|fast)/({two})", f"({'|'.join(page_sizes())})"
    floats = f"^({some})/(forward|backward)/f32/{kernels}/{sizes}$"
    return f"{floats}|^({some})/.*/{kernels}/(4096|65536)$|^memcpy/f32/"


def page_sizes() -> list[str]:
    return ["1", "16", "64", "4096", "65536", "16777216"]


# ---- Steps ---------------------------------------------------------------------------------------------


def only(listed: Row, names: list[str]) -> Row:
    """The functions of these names, which must be some."""
    valid = [f["name"] for kind in ("ops", "gates", "softmax") for f in listed[kind]]
    for name in names:
        if name not in valid:
            bad_usage(f"no function '{name}'; valid: {' '.join(valid)}")
    return {kind: [f for f in found if f["name"] in names] for kind, found in listed.items()}


def accuracy_steps(targets: list[str], listed: Row, full: bool) -> dict[str, Step]:
    """What `simdact` checks and draws. Samples of f64 are dear, so a quick report takes fewer."""

    def step(name: str, title: str, seconds: float, *arguments: str, sweep: str = "accuracy") -> Step:
        file = OUT / f"{name}.json"
        hours = 120 if full else 1
        command = [str(BIN / "simdact"), sweep, *arguments, "--json", str(file)]
        return Step(title, file, command, seconds * hours, (1,))

    whole = ["--exhaustive"] * full
    fast = ["--tier", "fast", "--direction", "forward,backward", "--dtype", "f32,bf16,f16"]
    inputs = ["--inputs", "1e8" if full else "5e5"]
    ops = [op["name"] for op in listed["ops"]]
    title = "Checking accuracy" + ", all inputs of f32 and 10^8 of f64" * full
    steps = {
        "accuracy": step("accuracy", title, 50, *ops, "--dtype", "all", *inputs, *whole),
        "fast": step("accuracy_fast", "Checking the fast tier", 15, *ops, *fast, *whole),
        "curves": step("curves", "Drawing errors over x", 5, *ops, sweep="curves"),
    }
    for name, arguments in shapes.accuracy_checks(targets, listed, full).items():
        if listed[name]:
            steps[name] = step(f"accuracy_{name}", f"Checking {name}", 10, *arguments)
    return steps


def digits_step() -> Step:
    file = OUT / "digits.json"
    command = [str(BIN / "simdact_tests"), "--gtest_filter=*Digits*", f"--gtest_output=json:{file}"]
    return Step("Running the digits network", file, command, 5, (1,))


def bench_step(
    name: str, title: str, rows: str, row_seconds: float, environment: Optional[dict[str, str]] = None
) -> Step:
    file = OUT / f"{name}.json"
    flags = [f"--benchmark_min_time={row_seconds}", *BENCH_FLAGS, f"--benchmark_out={file}"]
    command = [str(BIN / "simdact_bench"), f"--benchmark_filter={rows}", *flags]
    return Step(f"Measuring {title}", file, command, 80, (), environment or {})


def peer_error_steps(avx2: bool) -> list[Step]:
    """`avx2`: also of the libraries that must be told to take AVX2."""
    steps = []
    for with_avx2 in (False, True)[: 1 + avx2]:
        file = OUT / f"peer_errors{'_avx2' * with_avx2}.json"
        command = [str(BIN / "simdact_peer_errors"), str(file), *(peers.AVX2_PEERS * with_avx2)]
        title = "Checking other libraries" + " with AVX2" * with_avx2
        environment = peers.AVX2_ENVIRONMENT if with_avx2 else {}
        steps.append(Step(title, file, command, 60, (), environment))
    return steps


# ---- What no program of ours tells ---------------------------------------------------------------------


def output_of(*command: str) -> str:
    """Nothing if it cannot be run."""
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    except OSError:
        return ""


def cpu_model() -> str:
    """As the system names it; /proc/cpuinfo has no name on Arm, so ask lscpu first."""
    for command in (["lscpu"], ["sysctl", "machdep.cpu.brand_string"]):
        found = re.search(r"^(?:Model name|machdep.cpu.brand_string): *(.+)$", output_of(*command), re.M)
        if found:
            return found.group(1).strip()
    return platform.processor() or platform.machine()


def commit() -> str:
    """What was measured, for comparisons; nothing outside a clone."""
    return output_of("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*").strip()


def sizes() -> Optional[Row]:
    """What tools/size measures; None where there are no nm and strip that it understands."""
    text = output_of(sys.executable, str(ROOT / "tools" / "size"), "--json", str(BIN.parent))
    return json.loads(text) if text else None


def port_bounds(bench: Row) -> list[Row]:
    """The fewest cycles of the compiled loops, beside what was measured; none for CPUs we know no ports of."""
    machine, cpu = ports_machines.this_machine()
    if machine is None:
        print(f"No port bounds: no figures for this CPU ({cpu})")
        return []
    try:
        rows: list[Row] = ports.bounds(BIN.parent / "libsimdact.a", machine.name)
    except OSError as error:
        print(f"No port bounds: {error}")
        return []
    ports.add_fractions(rows, bench)
    return rows


def proof() -> list[Row]:
    """Errors proven over all floats, if the repository has them."""
    if not PROOF.exists():
        return []
    content = json.loads(PROOF.read_text())
    rows: list[Row] = content["rows"] if isinstance(content, dict) else content
    return rows


# ---- All -----------------------------------------------------------------------------------------------


def measure(full: bool, with_peers: bool, names: list[str]) -> tuple[Plan, Row]:
    """Runs everything, of some functions or of all; returns the content of report.json."""
    simdact = str(BIN / "simdact")
    targets, listed = ask(simdact, "targets", "--json"), ask(simdact, "list", "--json")
    if names:
        listed = only(listed, names)
    main = main_targets(targets["targets"])
    avx2 = with_peers and "AVX2" in main[1:]
    checks = accuracy_steps(main, listed, full)
    digits = digits_step()
    errors = peer_error_steps(avx2) if with_peers else []
    # Which functions other libraries have decides which rows are run.
    before = Plan(errors)
    before.run()
    found = [row for step in errors for row in step.content()]
    peer_ops = list(dict.fromkeys(row["op"] for row in found))
    more = peers.bench_rows(main, peer_ops) if with_peers else []
    rows = bench_filter_of(names, main) if names else bench_filter(main, listed, more)
    bench = bench_step("speed", "speed", rows, ROW_SECONDS["speed"])
    slow_rows = speed.slow_bench_rows(main, names)
    slow = bench_step("slow_inputs", "slow inputs", slow_rows, ROW_SECONDS["slow"])
    runs = [bench, slow]
    if avx2:
        rows, variables = peers.avx2_bench_rows(peer_ops), peers.AVX2_ENVIRONMENT
        runs.append(bench_step("peers_avx2", "other libraries with AVX2", rows, ROW_SECONDS["speed"], variables))
    plan = Plan([*checks.values(), digits, *runs])
    plan.run()

    content = joined(targets, listed, checks, digits, bench.content(), slow.content())
    if with_peers:
        content["peers"] = read_peers(bench.content(), runs[-1].content() if avx2 else None, found)
    return Plan([*before.steps, *plan.steps]), content


def joined(
    targets: Row, listed: Row, checks: dict[str, Step], digits: Step, bench: Row, slow: Row
) -> dict[str, Any]:
    """The content of report.json, without other libraries."""
    checked = checks["accuracy"].content()
    both = [checks[name].content() for name in ("softmax", "gates") if name in checks]
    of_shapes = [row for content in both for row in shapes.read_accuracy(content)]
    return {
        "schema_version": SCHEMA_VERSION,
        "version": checked["version"],
        "commit": commit(),
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
        "accuracy": read_accuracy(checked) + of_shapes,
        "fast_accuracy": checks["fast"].content()["rows"],
        "curves": checks["curves"].content(),
        "proof": proof(),
        "speed": read_speed(bench),
        "ports": port_bounds(bench),
        "slow": speed.read_slow(slow),
        "digits": read_digits(digits.content()),
        "sizes": sizes(),
        "engines": engines.read(),
    }


def write(content: Row, file: pathlib.Path) -> None:
    """Sorted, so that equal contents are equal files."""
    file.write_text(json.dumps(content, sort_keys=True, separators=(",", ":")) + "\n")
