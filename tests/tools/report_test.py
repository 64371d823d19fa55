"""Tests of tools/report's files: the schema, equal files from equal runs, the page's text, and the comparison.

Run: report_test.py ROOT REPORT_FOLDER SIMDACT   (the folder has what `tools/report --ops ...` wrote)
"""
from __future__ import annotations

import contextlib
import copy
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
from typing import Any

ROOT, FOLDER, SIMDACT = (pathlib.Path(word) for word in sys.argv[1:4])
sys.path.insert(0, str(ROOT / "tools"))

import jsonschema  # noqa: E402

from reporting import compare, engines, page, results, steps  # noqa: E402
from reporting.data import Report, main_targets  # noqa: E402

CONTENT: dict[str, Any] = json.loads((FOLDER / "report.json").read_text())


def made_up_peers() -> dict[str, Any]:
    """Another library, as fast and less accurate, whose name would be harmful as HTML."""
    names = {"op": "gelu", "direction": "forward", "dtype": "f32"}
    wanted = (names | {"size": "65536"}).items()
    own = next(r for r in CONTENT["speed"]["kernels"] if wanted <= r.items())
    speed = {**names, "peer": "<b>-x", "size": "65536", "ns_per_element": own["ns_per_element"], "tier": "peer"}
    error = {**names, "peer": "<b>-x", "nans": 0, "composed": False, "normal": {"ulps": 1.7e7}}
    return {"versions": {"<b>": "1"}, "speed": [speed], "errors": [error]}


def changed(scale: float, ulps: float) -> Report:
    """The report with all times and all f32 errors of gelu changed."""
    content = copy.deepcopy(CONTENT)
    for row in content["speed"]["kernels"]:
        if row["op"] == "gelu":
            row["repetitions_ns"] = [scale * t for t in row["repetitions_ns"]]
    for row in content["accuracy"]:
        if row["op"] == "gelu" and row["dtype"] == "f32":
            row["max_ulp"] += ulps
            row["ok"] = row["max_ulp"] <= row["claim"]
    return Report(content)


class Schema(unittest.TestCase):
    validator = jsonschema.Draft202012Validator(json.loads((ROOT / "tools/reporting/schema.json").read_text()))

    def test_holds(self) -> None:
        self.validator.check_schema(self.validator.schema)
        errors = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in self.validator.iter_errors(CONTENT)]
        self.assertEqual(errors, [])
        self.assertTrue(self.validator.is_valid({**CONTENT, "peers": made_up_peers()}))

    def test_kept_results(self) -> None:
        """What is kept of a report is one, with the peers' tables and no more speed than they show."""
        content = results.kept({**CONTENT, "peers": made_up_peers()})
        self.assertTrue(self.validator.is_valid(content))
        self.assertEqual({row["op"] for row in content["speed"]["kernels"]}, {"gelu"})
        text = results.markdown(Report(content))
        self.assertIn("| gelu |", text)
        self.assertIn("tools/report --keep", text)

    def test_sees_mistakes(self) -> None:
        for key, value in (("schema_version", 2), ("accuracy", [{"op": "relu"}]), ("surplus", 1)):
            self.assertFalse(self.validator.is_valid({**CONTENT, key: value}), key)


class Targets(unittest.TestCase):
    def test_best_has_rows(self) -> None:
        """The best target of a Sapphire Rapids runs another's code, under whose name its rows stand."""
        codes = {"AVX3_SPR": "AVX3", "AVX3_ZEN4": "AVX3_ZEN4", "AVX3": "AVX3", "AVX2": "AVX2", "SSE4": "SSE4"}
        runs = [{"name": n, "code": code, "runs": n != "AVX3_ZEN4"} for n, code in codes.items()]
        self.assertEqual(main_targets(runs), ["AVX3", "AVX2", "SSE4"])


class Runs(unittest.TestCase):
    def run_twice(self, *arguments: str) -> list[bytes]:
        files = []
        with tempfile.TemporaryDirectory() as folder:
            for name in ("a", "b"):
                file = pathlib.Path(folder) / name
                command = [str(SIMDACT), *arguments, "--json", str(file)]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                files.append(file.read_bytes())
        return files

    def test_two_find_the_same(self) -> None:
        for arguments in (
            ("accuracy", "gelu", "xielu", "tanh", "--dtype", "all", "--inputs", "1e5"),
            ("accuracy", "gelu", "tanh", "--tier", "fast"),
            ("accuracy", "swiglu", "--inputs", "2e4"),
            ("curves", "gelu", "relu"),
        ):
            first, second = self.run_twice(*arguments)
            self.assertEqual(first, second, arguments)


class Steps(unittest.TestCase):
    def test_go_on_after_an_interruption(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            steps.DURATIONS = folder / "durations.json"

            def step(number: int, script: str) -> steps.Step:
                file = folder / f"{number}.json"
                command = ["/bin/sh", "-c", f"echo {number} >>{folder}/ran; {script} >{file}"]
                return steps.Step(f"Step {number}", file, command, 1)

            def run(*scripts: str) -> str:
                """Which steps were run."""
                (folder / "ran").write_text("")
                plan = steps.Plan([step(k, script) for k, script in enumerate(scripts)])
                try:
                    plan.run()
                    plan.finish()
                except SystemExit as end:
                    self.assertIn("failed with status", str(end))
                return (folder / "ran").read_text().replace("\n", "")

            with contextlib.redirect_stdout(io.StringIO()):
                self.assertEqual(run("echo 1", "false", "echo 3"), "01")
                self.assertEqual(run("echo 1", "echo 2", "echo 3"), "12")  # 0 was done
                self.assertEqual(run("echo 1", "echo 2", "echo 3"), "012")  # the last report had ended
                self.assertEqual(run("echo 1", "false"), "01")
                self.assertEqual(run("echo other", "echo 2"), "01")  # another command


class Page(unittest.TestCase):
    def test_shows_what_fails(self) -> None:
        text = page.page(changed(1, 9), list(changed(1, 9).failures()))
        self.assertIn("checks failed", text)
        self.assertIn("gelu forward f32 on", text)

    def test_escapes(self) -> None:
        text = page.page(Report({**CONTENT, "peers": made_up_peers()}), ["<script>alert(1)</script>"])
        self.assertNotIn("<script>alert", text)
        self.assertIn("&lt;b&gt;", text)

    def test_shows_engines(self) -> None:
        row = {
            "op": "silu",
            "direction": "forward",
            "dtype": "f32",
            "n": 64,
            "engine_ns": 3.0,
            "engine_max_ulp": None,
        }
        row |= {"simdact_ns": 2.0, "simdact_max_ulp": 0.75, "simdact_fast_ns": 1.0, "simdact_fast_max_ulp": 2.5}
        engine = {"engine": "Dynamo", "version": "7", "threads": 1, "rows": [row]}
        self.assertNotIn("Inside engines", page.page(Report({**CONTENT, "engines": []}), []))
        self.assertIn("Dynamo 7", page.page(Report({**CONTENT, "engines": [engine]}), []))
        (_, head, rows), *_ = engines.tables(Report({**CONTENT, "engines": [engine]}))
        found = dict(zip(head, rows[0]))
        self.assertEqual(found["accurate: times as fast"], "1.50")
        self.assertEqual(found["fast: times as fast"], "3.00")
        self.assertEqual(rows[0][5], "inf")

    def test_shows_the_proof(self) -> None:
        row = {"op": "gelu", "direction": "forward", "dtype": "f32", "tier": "accurate", "target": "AVX2"}
        row |= {"max_error": 0.9375, "worst_input": "0x1.8p-3", "got": "0x1p-4", "exact": "0.0625"}
        self.assertNotIn("Proven over all floats", page.page(Report({**CONTENT, "proof": []}), []))
        text = page.page(Report({**CONTENT, "proof": [row]}), [])
        self.assertIn("Proven over all floats", text)
        self.assertIn("0x1.8p-3", text)

    def test_is_small_and_alone(self) -> None:
        text = (FOLDER / "index.html").read_text()
        self.assertLess(len(text.encode()), 2 << 20)
        for mark in ('src="', "<link", "@import", "url("):
            self.assertNotIn(mark, text.split("<script>")[0])


class Comparison(unittest.TestCase):
    same = Report(CONTENT)

    def test_finds_nothing_in_the_same(self) -> None:
        found = compare.compare(self.same, self.same, 0.05, False)
        self.assertGreater(found.compared, 20)
        self.assertFalse(found.is_worse or found.faster or found.more_accurate or found.only_old)
        self.assertAlmostEqual(found.shared, 1)

    def test_finds_changes(self) -> None:
        found = compare.compare(self.same, changed(20, 9), 0.05, False)
        self.assertTrue(found.slower and found.less_accurate and found.broken)
        self.assertTrue(all(c.row.startswith("gelu/") for c in found.slower + found.less_accurate))
        back = compare.compare(changed(20, 9), self.same, 0.05, True)
        self.assertTrue(back.faster and back.more_accurate)
        self.assertFalse(back.is_worse)

    def test_takes_out_what_all_rows_share(self) -> None:
        before = {("a",): [1.0, 1.01], ("b",): [2.0, 2.01], ("c",): [1.0, 1.01]}
        after = {key: [2 * t for t in times] for key, times in before.items()}
        after[("c",)] = [4.0, 4.01]
        found = compare.compare(self.same, self.same, 0.05, False)
        compare.compare_speed(found, before, after, 0.05, True)
        self.assertEqual([c.row for c in found.slower], ["c"])
        self.assertAlmostEqual(found.shared, 2)

    def test_takes_the_noise_into_account(self) -> None:
        self.assertEqual(compare.verdict([1.0, 1.01, 1.02], [1.1, 1.11, 1.12], 0.05), "slower")
        self.assertEqual(compare.verdict([1.0, 1.01, 1.02], [1.03, 1.04, 1.05], 0.05), "")
        self.assertEqual(compare.verdict([1.0, 1.2, 1.4], [1.5, 1.6, 1.7], 0.05), "")
        self.assertEqual(compare.verdict([1.0, 1.01, 1.02], [0.5, 0.51, 0.52], 0.05), "faster")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-B", "-m", "reporting", "compare", *arguments]
        return subprocess.run(command, cwd=ROOT / "tools", capture_output=True, text=True)

    def test_command(self) -> None:
        file = str(FOLDER / "report.json")
        done = self.command(file, file, "--check")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("0 faster, 0 slower", done.stdout)
        for bad in (
            (file, "none.json"),
            (file, str(ROOT / "tests/data/abi.json")),
            (file,),
            (file, file, "--cycle=x"),
        ):
            done = self.command(*bad)
            self.assertEqual(done.returncode, 2, bad)
            self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
