"""Running the programs of a report: progress, time left, and going on after an interruption."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any, NoReturn

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# The tests have places of their own.
BIN = pathlib.Path(os.environ.get("SIMDACT_REPORT_BIN", ROOT / "build" / "release" / "bin"))
OUT = pathlib.Path(os.environ.get("SIMDACT_REPORT_OUT", ROOT / "build" / "report"))
DURATIONS = OUT / "durations.json"  # of the last report, from which the time left is guessed


def bad_usage(text: str) -> NoReturn:
    print(f"report: {text}", file=sys.stderr)
    sys.exit(2)


@dataclass
class Step:
    """A program that writes a file."""

    title: str
    file: pathlib.Path
    command: list[str]
    seconds: float  # a first guess
    failures: tuple[int, ...] = ()  # exit statuses of a failed check, which the report is there to show
    environment: dict[str, str] = field(default_factory=dict)

    def key(self) -> str:
        """What the file's content depends on: the command, and the program as it was built."""
        program = pathlib.Path(self.command[0]).stat()
        return json.dumps([self.command, self.environment, program.st_mtime_ns, program.st_size])

    @property
    def mark(self) -> pathlib.Path:
        return self.file.with_suffix(".done")

    def is_done(self) -> bool:
        return self.mark.exists() and self.file.exists() and self.mark.read_text() == self.key()

    def content(self) -> Any:
        return json.loads(self.file.read_text())


class Plan:
    """Steps that are run one after the other.

    Each leaves a mark when it is done, and those with a mark are not run again. finish() removes the marks, so that
    only an interrupted report goes on.
    """

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self.guesses: dict[str, float] = {}
        if DURATIONS.exists():
            self.guesses = json.loads(DURATIONS.read_text())

    def guess(self, step: Step) -> float:
        return self.guesses.get(" ".join(step.command), step.seconds)

    def run(self) -> None:
        OUT.mkdir(parents=True, exist_ok=True)
        for number, step in enumerate(self.steps, 1):
            title = f"[{number}/{len(self.steps)}] {step.title}"
            if step.is_done():
                print(f"{title}: done before the interruption", flush=True)
            else:
                self.run_step(title, step, sum(map(self.guess, self.steps[number:])))

    def run_step(self, title: str, step: Step, seconds_behind: float) -> None:
        begin = time.monotonic()
        log = step.file.with_suffix(".log")
        with log.open("w") as output:
            variables = {**os.environ, **step.environment}
            process = subprocess.Popen(step.command, stdout=output, stderr=subprocess.STDOUT, env=variables)
            try:
                while process.poll() is None:
                    elapsed = time.monotonic() - begin
                    show(title, elapsed, max(0.0, self.guess(step) - elapsed) + seconds_behind)
                    wait(process)
            finally:
                process.kill()
        if process.returncode not in (0, *step.failures):
            lines = log.read_text().strip().splitlines() or ["no output"]
            name = pathlib.Path(step.command[0]).name
            sys.exit(f"\nreport: {name} failed with status {process.returncode}: {lines[-1]}")
        seconds = time.monotonic() - begin
        end_line(f"{title}: {seconds:.0f} s")
        self.guesses[" ".join(step.command)] = seconds
        DURATIONS.write_text(json.dumps(self.guesses, indent=1) + "\n")
        step.mark.write_text(step.key())

    def finish(self) -> None:
        for step in self.steps:
            step.mark.unlink(missing_ok=True)


def wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        pass


def time_left(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(10, round(seconds, -1)):.0f} s left in all"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min left in all"
    return f"about {seconds / 3600:.0f} h left in all"


def show(title: str, elapsed: float, left: float) -> None:
    """A line that is overwritten on a terminal; elsewhere one line when the step begins."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{title}: {elapsed:.0f} s, {time_left(left)}", end="", flush=True)
    elif elapsed < 0.5:
        print(f"{title}: {time_left(left)}", flush=True)


def end_line(text: str) -> None:
    print(("\r\x1b[K" if sys.stdout.isatty() else "") + text, flush=True)


def ask(*command: str) -> Any:
    """The JSON that a command of ours prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if not done.stdout:
        sys.exit(f"report: {done.stderr.strip() or command[0] + ' failed'}")
    return json.loads(done.stdout)
