"""The Python of the report and its tests: formatted (black), linted (flake8) and typed (mypy), by those that are here.

Run: python_test.py ROOT.  Status 77, which ctest shows as skipped, where one of them is missing and the others pass.
"""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1])
CONFIG = ROOT / "tools" / "pyproject.toml"
TYPED = [ROOT / "tests" / f"{name}_test.py" for name in ("api/abidiff", "api/isa", "tools/packaging")]
TESTS = [ROOT / "tests" / "tools" / f"{name}_test.py" for name in ("python", "page", "report")]
FILES = [
    ROOT / "tests" / "engines",  # not typed here: their engines would have to be installed
    ROOT / "tools" / "reporting",
    ROOT / "tools" / "packaging",
    ROOT / "tools" / "bench_compare.py",
    *TESTS,
    *TYPED,
]
CHECKS = [
    ["black", "--check", "--quiet", "--diff", "--config", CONFIG, *FILES],
    # Black knows better about spaces in slices and breaks at operators; imports may follow a change of the path.
    ["flake8", "--max-line-length=120", "--extend-ignore=E203,W503", *FILES],
    ["mypy", "--config-file", CONFIG, "--cache-dir=/dev/null", "-p", "reporting"],
    ["mypy", "--config-file", CONFIG, "--cache-dir=/dev/null", ROOT / "tools" / "bench_compare.py"],
    *(["mypy", "--config-file", CONFIG, "--cache-dir=/dev/null", test] for test in TYPED),
]


def main() -> int:
    failed, missing = 0, set()
    for command in CHECKS:
        if not shutil.which(str(command[0])):
            missing.add(command[0])
            continue
        done = subprocess.run([str(word) for word in command], cwd=ROOT / "tools")
        if done.returncode:
            print(f"FAILED: {command[0]} has complaints", flush=True)
            failed = 1
    if missing:
        print("SKIPPED:", *sorted(map(str, missing)), "(tools/test --all-checks installs them)")
    return failed or (77 if missing else 0)


if __name__ == "__main__":
    sys.exit(main())
