"""What tools/report measured: reading the programs' files, and finding figures in them."""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Optional

Row = dict[str, Any]  # of a JSON file
Table = tuple[str, list[str], list[list[str]]]  # title, head, rows, all of text

SCHEMA_VERSION = 1  # of report.json; schema.json describes it

DIRECTIONS = ("forward", "backward", "from_output")
DTYPES = ("f32", "f64", "bf16", "f16")
HALVES = ("bf16", "f16")
L1, L2, MEMORY = "4096", "65536", "16777216"

# Goals for speed, against f32: f64 in the first-level cache, 16-bit formats in the second-level cache.
F64_GOAL, HALF_GOAL = 0.25, 1.0


def ulps(error: float) -> str:
    """An error as text: three decimals while it is one worth comparing."""
    return f"{error:.3f}" if error < 1000 else f"{error:.1e}"


def finite(error: Any) -> float:
    """JSON has no infinity: an infinite error (NaN for a number) comes as the text "inf", or as null."""
    return min(1e30, float("inf" if error is None else error))


def read_accuracy(checked: Row) -> list[Row]:
    """The rows of `simdact accuracy`."""
    for row in checked["rows"]:
        row["max_ulp"] = finite(row["max_ulp"])
        row["profile"] = [[x, finite(error)] for x, error in row.get("profile", [])]
    rows: list[Row] = checked["rows"]
    return rows


def fastest_rows(bench: Row) -> Iterator[tuple[list[str], Row]]:
    """Each benchmark row's name, split, with its fastest repetition and all repetitions' ns per element."""
    repetitions: dict[str, list[Row]] = {}
    for row in bench["benchmarks"]:
        if row["run_type"] == "iteration" and not row.get("error_occurred"):
            repetitions.setdefault(row["run_name"], []).append(row)
    for name, rows in repetitions.items():
        best = max(rows, key=lambda row: float(row["items_per_second"]))
        times = [float(f"{1e9 / row['items_per_second']:.5g}") for row in rows]
        figures = {"ns_per_element": 1e9 / best["items_per_second"], "el_per_cycle": best.get("el_per_cycle")}
        yield name.split("/"), {**figures, "repetitions_ns": times}


def read_speed(bench: Row) -> Row:
    """Rows of the kernels, of plain memory traffic, of dispatch, and of arrays split over threads.

    `of_memcpy`: memcpy's time over the row's, for the same number of elements in the same run.
    """
    kernels, memory, dispatch, threads = [], [], [], []
    for parts, figures in fastest_rows(bench):
        if parts[-1].startswith("threads:"):
            how = parts[0] if parts[0] == "memcpy" else f"{parts[0]} {parts[4]}"
            threads.append({"how": how, "threads": int(parts[-1].split(":")[1]), **figures})
        elif len(parts) == 6 and parts[3] != "peer":
            names = ("op", "direction", "dtype", "tier", "target", "size")
            kernels.append(dict(zip(names, parts), **figures))
        elif parts[0] == "dispatch":
            dispatch.append({"how": parts[1], "ns_per_call": figures["ns_per_element"]})
        elif len(parts) == 3:
            memory.append({"how": parts[0], "dtype": parts[1], "size": parts[2], **figures})
    memcpy = {(r["dtype"], r["size"]): r["ns_per_element"] for r in memory if r["how"] == "memcpy"}
    for row in kernels:
        softmax = row["op"].startswith(("softmax", "log_softmax"))  # whose size is that of a row
        if (row["dtype"], row["size"]) in memcpy and not softmax:
            row["of_memcpy"] = memcpy[row["dtype"], row["size"]] / row["ns_per_element"]
    return {"kernels": kernels, "memory": memory, "dispatch": dispatch, "threads": threads}


def read_peers(bench: Row, avx2_bench: Optional[Row], errors: list[Row]) -> Row:
    """Other libraries: versions, rows of the benchmark, and what simdact_peer_errors found.

    What ran in the second run, with AVX2, is scaled by our time in the first over that in the second, so that
    ratios are those of one run.
    """
    versions = {k[len("peer_") :]: v for k, v in bench["context"].items() if k.startswith("peer_")}
    names = ("op", "direction", "dtype", "tier", "peer", "size")
    first = {tuple(parts): figures for parts, figures in fastest_rows(bench)}
    second = {tuple(parts): figures for parts, figures in fastest_rows(avx2_bench)} if avx2_bench else {}
    rows: list[Row] = [dict(zip(names, p), **f) for p, f in first.items() if len(p) == 6 and p[3] == "peer"]
    for parts, figures in second.items():
        ours = (*parts[:3], "accurate", "AVX2", parts[5])
        if parts[3] == "peer" and ours in first and ours in second:
            scale = first[ours]["ns_per_element"] / second[ours]["ns_per_element"]
            rows.append({**dict(zip(names, parts)), "ns_per_element": figures["ns_per_element"] * scale})
    for row in errors:
        row["normal"]["ulps"] = min(1e99, float(row["normal"]["ulps"]))  # infinite ones come as text
    return {"versions": versions, "speed": rows, "errors": errors}


def read_digits(tests: Row) -> dict[str, Row]:
    """What tests/unary/digits_test.cc recorded, one entry per target."""
    targets: dict[str, Row] = {}
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


def running_targets(targets: list[Row]) -> list[str]:
    """Those that run code of their own, best first. Rows of one with another's code carry the other's name."""
    return [t["name"] for t in targets if t["runs"] and t["code"] == t["name"]]


def main_targets(targets: list[Row]) -> list[str]:
    """Of the targets that run, best first: the best, and those that most machines share."""
    running = running_targets(targets)
    return [t for k, t in enumerate(running) if k == 0 or t in ("AVX2", "SSE4", "NEON", "NEON_WITHOUT_AES")]


class Report:
    """report.json, with its rows in reach."""

    def __init__(self, content: Row) -> None:
        self.content = content
        self.machine: Row = content["machine"]
        self.ops: list[Row] = content["ops"]
        self.gates: list[Row] = content.get("gates", [])
        self.softmax: list[Row] = content.get("softmax", [])
        self.curves: Row = content["curves"]
        self.proof: list[Row] = content.get("proof", [])
        self.dtypes = [d for d in DTYPES if d in self.ops[0]["dtypes"]]
        self.running = running_targets(self.machine["targets"])
        self.fma = {t["name"]: t["fma"] for t in self.machine["targets"]}
        self.main_targets = main_targets(self.machine["targets"])
        self._errors: dict[tuple[str, str, str], list[Row]] = {}
        self._fast: dict[tuple[str, str, str], list[Row]] = {}
        self._speed: dict[tuple[str, ...], Row] = {}
        for row in content["accuracy"]:
            self._errors.setdefault((row["op"], row["dtype"], row["direction"]), []).append(row)
        for row in content.get("fast_accuracy", []):
            self._fast.setdefault((row["op"], row["dtype"], row["direction"]), []).append(row)
        for row in content["speed"]["kernels"]:
            key = tuple(row[k] for k in ("op", "dtype", "direction", "target", "size", "tier"))
            self._speed[key] = row

    def functions(self) -> list[Row]:
        """Activations, gates and softmax, each with its family."""
        gates = [{"family": "gates", **gate} for gate in self.gates]
        return [*self.ops, *gates, *({"family": "softmax", **row} for row in self.softmax)]

    def errors(self, op: str, dtype: str, direction: str) -> list[Row]:
        """The accuracy rows, one per target."""
        return self._errors.get((op, dtype, direction), [])

    def fast_errors(self, op: str, dtype: str, direction: str) -> list[Row]:
        """The same of the fast tier."""
        return self._fast.get((op, dtype, direction), [])

    def worst(self, op: str, dtype: str, direction: str) -> Optional[Row]:
        """The accuracy row with the largest error of all targets, or None."""
        rows = self.errors(op, dtype, direction)
        return max(rows, key=lambda r: finite(r["max_ulp"])) if rows else None

    def kept(self, op: str, dtype: str, direction: str) -> bool:
        return all(r["ok"] for r in self.errors(op, dtype, direction))

    def wrong(self, op: str, dtype: str) -> Optional[int]:
        """Wrongly rounded 16-bit results: all directions, the worst target of each. None: unknown."""
        counts = [
            max(r["wrongly_rounded"] for r in rows)
            for direction in DIRECTIONS
            if (rows := self.errors(op, dtype, direction))
        ]
        return sum(counts) if counts else None

    def speed(
        self, op: str, dtype: str, direction: str, target: str, size: str, tier: str = "accurate"
    ) -> Optional[Row]:
        """The speed row, or None."""
        return self._speed.get((op, dtype, direction, target, size, tier))

    def rate(self, op: str, dtype: str, direction: str, target: str, size: str = L1) -> Optional[float]:
        """Elements per cycle, or None."""
        row = self.speed(op, dtype, direction, target, size)
        return row["el_per_cycle"] if row else None

    def of_f32(self, op: str, dtype: str, target: str, size: str) -> Optional[float]:
        """How many elements in the time of one of f32, forward; or None."""
        single, other = (self.speed(op, d, "forward", target, size) for d in ("f32", dtype))
        return single["ns_per_element"] / other["ns_per_element"] if single and other else None

    def machine_line(self) -> str:
        return ", ".join(self.machine[k] for k in ("cpu", "system", "compiler"))

    def inputs_line(self) -> str:
        """Which inputs the errors are of."""
        f32 = "all finite inputs" if self.content["exhaustive"] else "a sample"
        counts = [r["inputs"] for r in self.content["accuracy"] if r["dtype"] == "f64"]
        parts = [f"f32 {f32}"] + [f"f64 {max(counts):,}"] * bool(counts)
        return "; ".join(parts + ["bf16 and f16 all 65,536"] * ("bf16" in self.dtypes))

    def failures(self) -> Iterator[str]:
        """One line per check that failed; of an error on several targets, the largest."""
        for (op, dtype, direction), rows in self._errors.items():
            broken = [r for r in rows if not r["ok"]]
            if broken:
                worst = max(broken, key=lambda r: (r.get("wrongly_rounded", 0), r["max_ulp"]))
                wrong = worst.get("wrongly_rounded")
                yield (
                    f"{op} {direction} {dtype} on {' '.join(r['target'] for r in broken)}: "
                    f"{worst['max_ulp']:.4g} ulp at x = {worst['x']}, got {worst['got']}, "
                    f"want {worst['want']}; claimed {worst['claim']:.4g}"
                    + f"; {wrong} wrongly rounded" * bool(wrong)
                )
        for row in self.content.get("fast_accuracy", []):
            if not row["ok"]:
                yield (
                    f"{row['op']} {row['direction']} fast {row['dtype']} on {row['target']}: "
                    f"{finite(row['max_ulp']):.4g} ulp, claimed {row['claim']:g}, "
                    f"at x = {row['x']}, got {row['got']}, want {row['want']}"
                )
        for target, entry in self.content["digits"].items():
            if not entry["ok"]:
                yield f"digits network on {target}: see simdact_tests --gtest_filter='*Digits*{target}'"
        sizes = self.content["sizes"]
        if sizes and sizes["stripped"] > sizes["goal"]:
            yield f"libsimdact.so has {sizes['stripped']:,} bytes, more than {sizes['goal']:,}"


def kink(op: Row) -> Optional[str]:
    """The clause of an op's note that says what its derivative is where it jumps; None where it does not."""
    return next((c.strip() for c in op["note"].split(";") if re.search(r"\bderivative\b", c)), None)
