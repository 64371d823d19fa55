"""The functions and types of the C API, against those that were published: tests/data/abi.txt.

Run: abidiff_test.py COMPILER NM DISPATCH SNAPSHOT LIBRARY   what simdact.h says now, and what the library exports
     abidiff_test.py COMPILER NM DISPATCH SNAPSHOT --update  what is new goes into the snapshot; refuses if something
                                                             that was there is gone or another, but with --changed,
                                                             for what simdact.h's rule permits (`reserved`, what the
                                                             library fills) or when the soname changes
     abidiff_test.py COMPILER NM DISPATCH SNAPSHOT --planted that abidiff finds changes which are made on purpose

The snapshot is text, names of functions by type, for abidw's XML of the same is 14 times as large and says the same of
one architecture only. Two libraries of empty functions, with the headers' types and with the snapshot's, are what
abidiff compares; no code of the library needs debug information for that.
Status 77, which ctest shows as skipped, where abidiff is missing and needed.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from typing import Dict, List, NamedTuple, Tuple

COMPILER, NM, DISPATCH, SNAPSHOT = sys.argv[1:5]
UPDATE = "python3 tests/api/abidiff_test.py cc nm dispatch tests/data/abi.txt --update"
HEAD = "/* The published C API: types, then functions by what they return and take. See tests/api/abidiff_test.py. */\n"
FUNCTION = re.compile(r'__attribute__\(\(visibility\("default"\)\)\)\s*([^;{}]*?)\b(simdact_\w+)\(([^;{}]*)\);')
GROUP = re.compile(r"\n([^;{}():]*) \(([^;{}():]*)\):\n((?:  [\w, ]+\n)+)")

Type = Tuple[str, str]  # what a function returns, what it takes


class Api(NamedTuple):
    """Declarations of types, as they are, and the functions of each type."""

    types: str
    functions: Dict[Type, List[str]]

    def text(self) -> str:
        groups = []
        for (returned, taken), names in sorted(self.functions.items()):
            listed = textwrap.fill(" ".join(sorted(names)), 118, initial_indent="  ", subsequent_indent="  ")
            groups.append(f"\n{returned} ({taken}):\n{listed}\n")
        return HEAD + self.types + "".join(groups)

    def names(self) -> List[str]:
        return sorted(name for names in self.functions.values() for name in names)


def spaced(text: str) -> str:
    return re.sub(r" ?\* ?", " *", " ".join(text.split())).strip()


def without_names(parameters: str) -> str:
    """Parameters end in _; what they are called is no part of the ABI."""
    return ", ".join(spaced(re.sub(r"\b\w+_(?=$|\[)", "", p.strip())) for p in parameters.split(","))


def read_headers() -> Api:
    """What the compiler makes of all headers, without the system's."""
    with tempfile.TemporaryDirectory() as folder:
        for system in ("stddef.h", "stdint.h"):
            (pathlib.Path(folder) / system).touch()
        headers = sorted(pathlib.Path(DISPATCH).glob("simdact/*.h"))
        includes = "".join(f'#include "simdact/{header.name}"\n' for header in headers)
        command = [COMPILER, "-std=c99", "-nostdinc", "-I", folder, "-I", DISPATCH, "-E", "-P", "-x", "c", "-"]
        text = subprocess.run(command, input=includes, stdout=subprocess.PIPE, text=True, check=True).stdout
    functions: Dict[Type, List[str]] = {}
    for returned, name, taken in FUNCTION.findall(text):
        functions.setdefault((spaced(returned), without_names(taken)), []).append(name)
    types = FUNCTION.sub("", text)
    # A count is what a header knew, no published number.
    types = re.sub(r",\s*SIMDACT_\w+_COUNT\b[^,}]*", "", types)
    lines = (textwrap.fill(" ".join(part.split()), 118, subsequent_indent="  ") for part in statements(types))
    return Api("".join(line + "\n" for line in lines), functions)


def statements(text: str) -> List[str]:
    """Declarations: up to a semicolon that is in no braces."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == ";" and depth == 0:
            parts.append(text[start : at + 1])
            start = at + 1
    return parts


def read_snapshot(text: str) -> Api:
    groups = list(GROUP.finditer(text))
    types = text[len(HEAD) : groups[0].start()]
    return Api(types, {(g[1], g[2]): g[3].split() for g in groups})


def build(api: Api, library: pathlib.Path) -> None:
    """A library of functions of these types, which do nothing."""
    lines = ["#include <stddef.h>", "#include <stdint.h>", api.types]
    for (returned, taken), names in api.functions.items():
        types = [] if taken == "void" else taken.split(",")
        named = (re.sub(r"(?=\[|$)", f" p{i}", type_, count=1) for i, type_ in enumerate(types))
        parameters = ", ".join(named) or "void"
        lines += [f"{returned} {name}({parameters}) {{ __builtin_trap(); }}" for name in names]
    source = library.with_suffix(".c")
    source.write_text("\n".join(lines) + "\n")
    subprocess.run([COMPILER, "-std=c99", "-g", "-O0", "-w", "-shared", "-fPIC", source, "-o", library], check=True)


def compare(old: Api, new: Api) -> Tuple[bool, str]:
    """Whether everything of the old one is there as it was, and what abidiff says."""
    with tempfile.TemporaryDirectory() as folder:
        libraries = [pathlib.Path(folder) / "old.so", pathlib.Path(folder) / "new.so"]
        for api, library in zip((old, new), libraries):
            build(api, library)
        done = subprocess.run(["abidiff", *libraries], stdout=subprocess.PIPE, text=True)
    if done.returncode & 3:
        raise SystemExit(f"abidiff ended with status {done.returncode}\n{done.stdout}")
    broken = re.findall(r"\b([1-9]\d*) (?:Removed|Changed)", done.stdout)
    return not broken, done.stdout


def need_abidiff(why: str) -> None:
    if not shutil.which("abidiff"):
        print(f"SKIPPED: no abidiff here {why}; tools/test --all-checks installs it")
        sys.exit(77)


def test_library(library: str) -> int:
    now, published = read_headers(), pathlib.Path(SNAPSHOT).read_text()
    lines = subprocess.run([NM, "-D", "--defined-only", library], stdout=subprocess.PIPE, text=True, check=True)
    exported = sorted(line.split()[-1].split("@")[0] for line in lines.stdout.splitlines())
    exported = [name for name in exported if name.startswith("simdact_")]
    if exported != now.names():
        print("FAILED: declared or exported only:", *sorted(set(exported) ^ set(now.names())))
        return 1
    if now.text() == published:
        print(f"{len(exported)} functions and their types are as published")
        return 0
    need_abidiff("to tell what has changed since the snapshot")
    kept, report = compare(read_snapshot(published), now)
    print(
        report,
        "FAILED: there is something new; take it into the snapshot: " + UPDATE
        if kept
        else "FAILED: what was published is gone or another",
    )
    return 1


def update(may_change: bool) -> int:
    now, file = read_headers(), pathlib.Path(SNAPSHOT)
    if file.exists() and not may_change:
        need_abidiff("to tell what has changed since the snapshot")
        kept, report = compare(read_snapshot(file.read_text()), now)
        if not kept:
            print(report, "FAILED: what was published is gone or another; see --changed")
            return 1
    file.write_text(now.text())
    print(f"{file}: {len(now.names())} functions")
    return 0


# Changes of a small API: what is replaced, by what, and whether the rule permits it.
SMALL = """typedef enum e { A = 0, B = 1 } e;
typedef struct s { double value[4]; int used; int reserved; } s;

int (e):
  simdact_c

void (const float *, float *, size_t, s):
  simdact_a simdact_b
"""
CHANGES = [
    ("simdact_a simdact_b", "simdact_a simdact_b simdact_d", True),
    ("simdact_a simdact_b", "simdact_a", False),
    ("B = 1 }", "B = 1, C = 2 }", True),
    ("B = 1 }", "B = 2 }", False),
    ("int used; int reserved;", "int reserved; int used;", False),
    ("int reserved; }", "int reserved; double more; }", False),
    ("const float *, float *", "const double *, float *", False),
    ("size_t, s)", "int, s)", False),
    ("int (e)", "long (e)", False),
]


def test_planted() -> int:
    need_abidiff("to try")
    failed, api = 0, read_snapshot(HEAD + SMALL)
    for old, new, permitted in CHANGES:
        assert old in SMALL
        kept, report = compare(api, read_snapshot(HEAD + SMALL.replace(old, new)))
        if kept != permitted:
            print(f"FAILED: '{old}' to '{new}': {'not ' if kept else ''}found\n{report}")
            failed = 1
    now = read_headers()
    if read_snapshot(now.text()).text() != now.text():
        print("FAILED: a snapshot is not read as it was written")
        failed = 1
    less = read_snapshot(now.text().replace(" simdact_gelu_f32", ""))
    if not compare(less, now)[0] or compare(now, less)[0]:
        print("FAILED: simdact_gelu_f32 comes and goes unseen")
        failed = 1
    print(f"{len(CHANGES)} changes of an API")
    return failed


def main() -> int:
    if sys.argv[5] == "--planted":
        return test_planted()
    if sys.argv[5] == "--update":
        return update("--changed" in sys.argv[6:])
    return test_library(sys.argv[5])


if __name__ == "__main__":
    sys.exit(main())
