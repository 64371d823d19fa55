"""Checks accuracy, measures speed and writes the report. Run by tools/report once all is built.

  report.py [--full]    measures; writes build/report/{index.html,report.md,report.json}
  report.py --readme    puts the tables of the last report.json between the markers of README.md
  report.py --proof FILE...   puts there what `simdact accuracy --exhaustive --json FILE` found

Needs nothing but Python. Exit status: 0 done, 1 a check failed, 2 bad usage.
"""
import argparse
import json
import pathlib
import platform
import re
import subprocess
import sys
import time

import report_page
from report_plots import ulps

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build" / "release" / "bin"
OUT = ROOT / "build" / "report"

# 0.02 s a row, five times: three minutes for eight targets. Of the five the fastest counts, for nothing makes
# a loop faster than it is, and shuffled order keeps a busy moment from hitting all of them.
BENCH_FLAGS = [
    "--benchmark_min_time=0.02",
    "--benchmark_repetitions=5",
    "--benchmark_enable_random_interleaving=true",
    "--benchmark_display_aggregates_only=true",
]


# ---- Running the programs ------------------------------------------------------------------------------


def step(title, command, failures=(1,)):
    """Runs a command whose output matters to the reader only if it breaks; returns its exit status.

    `failures` are statuses that mean a failed check, which the report is there to show.
    """
    print(f"{title} ...", flush=True)
    start = time.monotonic()
    done = subprocess.run(
        [str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if done.returncode not in (0, *failures):
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        sys.exit(f"report.py: {command[0].name} failed with status {done.returncode}: {last}")
    print(f"  {time.monotonic() - start:.0f} s", flush=True)
    return done.returncode


def ask(command):
    """The JSON that a command of ours prints."""
    done = subprocess.run(
        [str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"report.py: {done.stderr.strip() or 'simdact failed'}")
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


# ---- Reading what they wrote ---------------------------------------------------------------------------


def fastest_rows(bench):
    """The fastest repetition of each benchmark row, split into its name's parts."""
    best = {}
    for row in bench["benchmarks"]:
        name = row["run_name"]
        if row["run_type"] != "iteration" or row.get("error_occurred"):
            continue
        if name not in best or row["items_per_second"] > best[name]["items_per_second"]:
            best[name] = row
    for name, row in best.items():
        rate = row["items_per_second"]
        yield name.split("/"), {"ns_per_element": 1e9 / rate, "el_per_cycle": row.get("el_per_cycle")}


def finite(error):
    """JSON has no infinity: an infinite error (NaN for a number) comes as the text "inf", or as null."""
    return min(1e30, float("inf" if error is None else error))


def read_accuracy(checked):
    """The rows of `simdact accuracy`."""
    for row in checked["rows"]:
        row["max_ulp"] = finite(row["max_ulp"])
        row["profile"] = [[x, finite(error)] for x, error in row["profile"]]
    return checked["rows"]


def read_speed(bench):
    """Rows of the kernels, of plain memory traffic, and of dispatch.

    `of_memcpy`: memcpy's time over the row's, for the same number of elements in the same run.
    `of_ceiling`: relu's time over the row's: same target, direction and memory, nothing to compute.
    """
    kernels, memory, dispatch = [], [], []
    for parts, figures in fastest_rows(bench):
        if len(parts) == 6:
            op, direction, dtype, tier, target, size = parts
            kernels.append(
                dict(op=op, direction=direction, dtype=dtype, tier=tier, target=target, size=size, **figures)
            )
        elif parts[0] == "dispatch":
            dispatch.append({"how": parts[1], "ns_per_call": figures["ns_per_element"]})
        else:
            memory.append({"how": parts[0], "size": parts[2], **figures})
    memcpy = {row["size"]: row["ns_per_element"] for row in memory if row["how"] == "memcpy"}
    relu = {
        (r["direction"], r["target"], r["size"]): r["ns_per_element"] for r in kernels if r["op"] == "relu"
    }
    for row in kernels:
        time_taken = row["ns_per_element"]
        if row["size"] in memcpy:
            row["of_memcpy"] = memcpy[row["size"]] / time_taken
            row["of_ceiling"] = relu[row["direction"], row["target"], row["size"]] / time_taken
    return {"kernels": kernels, "memory": memory, "dispatch": dispatch}


def read_digits(tests):
    """What tests/digits_test.cc recorded, one entry per target."""
    targets = {}
    for suite in tests["testsuites"]:
        for case in suite["testsuite"]:
            entry = targets.setdefault(case["name"].split("/")[-1], {"ok": True, "max_ulp": {}})
            entry["ok"] &= "failures" not in case
            for key in ("digits", "accuracy", "max_logit_difference", "logit_bound"):
                if key in case:
                    entry[key] = float(case[key])
            for key in case:
                if key.startswith("max_ulp_"):
                    entry["max_ulp"][key[len("max_ulp_") :]] = float(case[key])
    return targets


# ---- The report ----------------------------------------------------------------------------------------


def measure(full):
    """Runs everything; returns the content of report.json."""
    OUT.mkdir(parents=True, exist_ok=True)
    simdact, accuracy, speed, digits = (
        BIN / "simdact",
        OUT / "accuracy.json",
        OUT / "speed.json",
        OUT / "digits.json",
    )
    how = "all inputs" if full else "a sample of inputs"
    step(f"Checking accuracy on {how}", [simdact, "accuracy", "--json", accuracy] + ["--exhaustive"] * full)
    step(
        "Running the digits network",
        [BIN / "simdact_tests", "--gtest_filter=*Digits*", f"--gtest_output=json:{digits}"],
    )
    step(
        "Measuring speed",
        [BIN / "simdact_bench", *BENCH_FLAGS, f"--benchmark_out={speed}", "--benchmark_out_format=json"],
        (),
    )
    bench = json.loads(speed.read_text())
    checked = json.loads(accuracy.read_text())
    targets = ask([simdact, "targets", "--json"])
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
        "ops": ask([simdact, "list", "--json"])["ops"],
        "accuracy": read_accuracy(checked),
        "speed": read_speed(bench),
        "digits": read_digits(json.loads(digits.read_text())),
    }


def failures(report):
    """One line per check that failed."""
    for row in report["accuracy"]:
        if not row["ok"]:
            yield (
                f"{row['op']} {row['direction']} on {row['target']}: {row['max_ulp']:.4g} ulp "
                f"at x = {row['x']}, got {row['got']}, want {row['want']}; claimed {row['claim']:.4g}"
            )
    for target, entry in report["digits"].items():
        if not entry["ok"]:
            yield f"digits network on {target}: see simdact_tests --gtest_filter='*Digits*{target}'"


def worst_error(report, op, direction):
    """The largest error over all targets, and whether every target keeps its claim."""
    rows = [r for r in report["accuracy"] if r["op"] == op and r["direction"] == direction]
    return max((r["max_ulp"] for r in rows), default=None), all(r["ok"] for r in rows)


def speed_of(report, op, direction, target, size):
    for row in report["speed"]["kernels"]:
        if (row["op"], row["direction"], row["target"], row["size"]) == (op, direction, target, size):
            return row
    return None


# ---- Markdown ------------------------------------------------------------------------------------------


def table(head, rows):
    """A Markdown table; columns after the first are aligned right where they hold numbers."""
    numeric = [all(re.match(r"[-\d.]|$", row[k]) for row in rows) for k in range(len(head))]
    lines = [head, ["--:" if n else ":--" for n in numeric], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def catalogue_table(report):
    """Every activation with its claims, as the README shows it."""
    rows = []
    for op in report["ops"]:
        parameters = ", ".join(f"{p['name']} = {p['default']:g}" for p in op["parameters"])
        cells = []
        for direction in ("forward", "backward"):
            claim, plain = op["claims"][direction], op["claims"][direction + "_plain"]
            measured, _ = worst_error(report, op["name"], direction)
            cells += [ulps(measured) if measured is not None else "", f"{max(claim, plain):g}"]
        rows.append([f"`{op['name']}`", f"`{op['formula']}`".replace("|", "\\|"), parameters, *cells])
    head = ["op", "f(x)", "parameters", "max ulp", "claim", "f' max ulp", "claim"]
    return table(head, rows)


def running(report):
    return [t["name"] for t in report["machine"]["targets"] if t["runs"]]


def machine_line(report):
    m = report["machine"]
    return f"{m['cpu']}, {m['system']}, {m['compiler']}"


def speed_table(report, size="4096"):
    """Elements per cycle for arrays in the first-level cache: op by target."""
    targets = running(report)
    rows = []
    for op in report["ops"]:
        for direction in ("forward", "backward"):
            found = [speed_of(report, op["name"], direction, t, size) for t in targets]
            rows.append(
                [f"`{op['name']}` {direction}"]
                + [f"{r['el_per_cycle']:.2f}" if r and r["el_per_cycle"] else "" for r in found]
            )
    return table(["elements per cycle", *targets], rows)


def markdown(report):
    inputs = "all 2^32 inputs" if report["exhaustive"] else "a sample of inputs"
    problems = list(failures(report))
    verdict = (
        "All checks passed." if not problems else "Checks FAILED:\n\n" + "\n".join(f"- {p}" for p in problems)
    )
    accuracy = table(
        ["op", "direction", "target", "max ulp", "claim", "at x", "got", "want"],
        [
            [
                r["op"],
                r["direction"],
                r["target"],
                ulps(r["max_ulp"]),
                f"{r['claim']:g}",
                r["x"],
                r["got"],
                r["want"],
            ]
            for r in report["accuracy"]
        ],
    )
    digits = table(
        ["target", "accuracy", "largest logit difference", "bound"],
        [
            [t, f"{100 * d['accuracy']:.2f} %", f"{d['max_logit_difference']:.2g}", f"{d['logit_bound']:.2g}"]
            for t, d in report["digits"].items()
            if "accuracy" in d
        ],
    )
    return f"""# simdact {report['version']}: accuracy and speed

{machine_line(report)}. {verdict}

## Accuracy

Largest error in ulps over {inputs}, the 0.5 of rounding included; default parameters, dy = 1.

{accuracy}
## Speed

Elements per cycle, n = 4096 (first-level cache).

{speed_table(report)}
Elements per cycle, n = 16777216 (memory).

{speed_table(report, "16777216")}
## Digits

A trained network on handwritten digits, compared with double precision.

{digits}"""


# ---- README --------------------------------------------------------------------------------------------


def replace_between(text, marker, content):
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    if begin not in text or end not in text:
        sys.exit(f"report.py: README.md has no '{begin}' ... '{end}'")
    head, rest = text.split(begin, 1)
    return head + begin + "\n" + content + end + rest.split(end, 1)[1]


def update_readme():
    source, readme = OUT / "report.json", ROOT / "README.md"
    for file in (source, readme):
        if not file.exists():
            sys.exit(
                f"report.py: no {file.relative_to(ROOT)}" + ("; run tools/report first" * (file == source))
            )
    report = json.loads(source.read_text())
    inputs = "all finite inputs" if report["exhaustive"] else "a sample of inputs"
    note = f"\nErrors: the largest of all targets of {report['machine']['cpu']}, over {inputs}.\n"
    text = replace_between(readme.read_text(), "catalogue", catalogue_table(report) + note)
    speed = f"{machine_line(report)}; n = 4096.\n\n{speed_table(report)}"
    readme.write_text(replace_between(text, "speed", speed))
    print("README.md: tables replaced")


def update_proof(files):
    """The table of exhaustive maxima: a row per op and direction, a column per target, with the worst inputs."""
    rows = []
    for file in files:
        checked = json.loads(pathlib.Path(file).read_text())
        if not checked["exhaustive"]:
            sys.exit(f"report.py: {file} is of a sample; make it with simdact accuracy --exhaustive --json FILE")
        rows += read_accuracy(checked)
    targets = list(dict.fromkeys(row["target"] for row in rows))
    names = list(dict.fromkeys((row["op"], row["direction"]) for row in rows))
    cells = {(row["op"], row["direction"], row["target"]): row for row in rows}
    lines = ["| max ulp (at x) | " + " | ".join(targets) + " |", "| :-- |" + " --: |" * len(targets)]
    for op, direction in names:
        line = f"| `{op}` {direction} |"
        for target in targets:
            row = cells.get((op, direction, target))
            line += f" {row['max_ulp']:.4f} ({row['x_decimal']:.9g}) |" if row else " – |"
        lines.append(line)
    readme = ROOT / "README.md"
    readme.write_text(replace_between(readme.read_text(), "proof", "\n".join(lines) + "\n"))
    print("README.md: proof replaced")


def summary(report, problems):
    """What the terminal shows at the end."""
    default = report["machine"]["default_target"]
    print(f"\n{machine_line(report)}\ntargets: {' '.join(running(report))} (default {default})\n")
    print(f"{'':12} {'max ulp, all targets':>22} {'el/cycle, ' + default + ', n = 4096':>34}")
    print(f"{'':12} {'forward':>11} {'backward':>10} {'forward':>23} {'backward':>10}")
    for op in report["ops"]:
        errors = [worst_error(report, op["name"], d)[0] for d in ("forward", "backward")]
        speeds = [speed_of(report, op["name"], d, default, "4096") for d in ("forward", "backward")]
        cells = [ulps(e) if e is not None else "-" for e in errors]
        cells += [f"{s['el_per_cycle']:.2f}" if s and s["el_per_cycle"] else "-" for s in speeds]
        print(f"{op['name']:12} {cells[0]:>11} {cells[1]:>10} {cells[2]:>23} {cells[3]:>10}")
    print()
    for line in problems:
        print(f"FAILED {line}")
    print(
        ("All checks passed" if not problems else f"{len(problems)} checks failed")
        + "; see build/report/index.html"
    )


def main():
    parser = argparse.ArgumentParser(description="Checks accuracy, measures speed, writes build/report.")
    parser.add_argument("--full", action="store_true", help="check all 2^32 inputs: half an hour or more")
    parser.add_argument(
        "--readme", action="store_true", help="only put the last report's tables into README.md"
    )
    parser.add_argument("--proof", nargs="+", metavar="FILE", help="only put exhaustive errors into README.md")
    options = parser.parse_args()
    if options.proof:
        update_proof(options.proof)
        return 0
    if options.readme:
        update_readme()
        return 0
    report = measure(options.full)
    problems = list(failures(report))
    (OUT / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    (OUT / "report.md").write_text(markdown(report))
    (OUT / "index.html").write_text(report_page.page(report, problems))
    summary(report, problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
