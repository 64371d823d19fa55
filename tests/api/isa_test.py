"""No instruction that a CPU may lack outside the code that is chosen for CPUs that have it.

Run: isa_test.py OBJDUMP NM READELF LIBRARY OBJECT...   what was built; several objects in one argument with ;
     isa_test.py OBJDUMP NM READELF --planted OBJECT    that of isa_planted.cc, whose faults must all be found

A target's code lies in a namespace of its name, N_AVX2 for example, and only there may instructions be that need
more than the baseline, and no more than that target has. Three ways lead out of it:

  - a function in another namespace that was compiled with the target's attributes (or a compiler that lost them);
  - a weak symbol of a target's namespace, or with wide code: the linker keeps one of several copies, for the whole
    program, and that may be one that another compiler made, or with AVX the one for everybody;
  - a constructor of a global: it runs on every CPU, before anything was chosen.

Instructions are looked at on x86-64 only.
"""
import re
import subprocess
import sys
from typing import Dict, Iterator, List, NamedTuple, Set, Tuple

# From the narrowest to the widest; each has what those before it have.
TARGETS = ["SSE2", "SSSE3", "SSE4", "AVX2", "AVX3", "AVX3_DL", "AVX3_ZEN4", "AVX3_SPR", "AVX10_2"]
RANK = {target: rank for rank, target in enumerate(TARGETS)}

# The mnemonics that came with a target. Those of AVX2 are recognized by the v, those of AVX3 by their operands. tzcnt
# is not among them: older CPUs take it for bsf, which gives the same for anything but 0, and compilers count on it.
MNEMONICS = [
    ("AVX3_SPR", r"v(?!cvtps2ph)\w+[ps]h|vmovw"),
    ("AVX3_ZEN4", r"vcvtne2?ps2bf16|vdpbf16ps"),
    (
        "AVX3_DL",
        r"vperm(i2|t2)?b|vpmultishiftqb|vp(compress|expand)[bw]|vpsh[lr]dv?[wdq]|vpdp(busd|wssd)s?|vpopcnt[bwdq]"
        r"|vpshufbitqmb|v?gf2p8\w+",
    ),
    ("AVX2", r"v\w+|andn|bextr|blsi|blsmsk|blsr|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|lzcnt|movbe"),
    (
        "SSE4",
        r"p?blendv?(ps|pd|b|w)|dpp[sd]|extractps|insertps|movntdqa|mpsadbw|packusdw|pcmp(eqq|gtq|[ei]str[im])"
        r"|pextr[bdq]|pinsr[bdq]|phminposuw|p(max|min)(sb|sd|uw|ud)|pmov[sz]x\w+|pmul(dq|ld)|ptest|round[ps][sd]"
        r"|crc32\w?|popcnt|aes\w+|pclmul\w+",
    ),
    (
        "SSSE3",
        r"addsubp[sd]|h(add|sub)p[sd]|lddqu|movddup|movs[hl]dup|fisttp\w*|pabs[bwd]|palignr|ph(add|sub)\w+"
        r"|pmaddubsw|pmulhrsw|pshufb|psign[bwd]",
    ),
]
NEEDS = [(target, re.compile(rf"(?:{pattern})\Z")) for target, pattern in MNEMONICS]
# Masks, the upper 16 registers, the widest ones, broadcasts and roundings of their own: the EVEX encoding.
EVEX = re.compile(r"%zmm|%k[0-7]|%[xy]mm(?:1[6-9]|2\d|3[01])|\{1to|\{%k|sae\}")

PREFIXES = {"rep", "repz", "repnz", "lock", "notrack", "data16", "bnd", "{evex}", "{vex}", "{vex3}"}

# The namespace of a mangled name itself, not of its arguments, as _ZN7simdact6N_AVX2...; Highway's has another name.
NAMESPACE = re.compile(r"_Z+N[KVRO]*(?:7simdact|11simdact_hwy)(\d+)N_(\w+)")


class Leak(NamedTuple):
    """What is wrong, and with which symbol or section."""

    kind: str
    where: str
    detail: str


def run_lines(*command: str) -> Iterator[str]:
    """What a command prints, as it comes: a disassembly is some hundred bytes for each of a million instructions."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield from process.stdout
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with status {process.returncode}")


def target_of(function: str) -> str:
    """The target whose namespace a function is in, from its mangled name. Of all others: the baseline."""
    found = NAMESPACE.match(function)
    name = found[2][: int(found[1]) - len("N_")] if found else ""
    return name if name in RANK else "SSE2"


def needs(mnemonic: str, operands: str, known: Dict[str, str]) -> str:
    """The narrowest target that has an instruction. `known` remembers what mnemonics need."""
    target = known.get(mnemonic)
    if target is None:
        target = next((target for target, pattern in NEEDS if pattern.match(mnemonic)), "SSE2")
        known[mnemonic] = target
    if target in ("SSE2", "AVX2") and mnemonic[:1] in ("v", "k") and EVEX.search(operands):
        return "AVX3"
    return target


def split_instruction(line: str) -> Tuple[str, str]:
    """Mnemonic and operands of a line of objdump: "  12:\\tvaddps %xmm0,%xmm1,%xmm0". Empty if it is none."""
    mnemonic, _, operands = line.rstrip().partition("\t")[2].partition(" ")
    while mnemonic in PREFIXES:
        mnemonic, _, operands = operands.lstrip().partition(" ")
    return mnemonic, operands.lstrip()


def too_wide(objdump: str, file: str) -> Tuple[List[Leak], int, bool]:
    """Functions with instructions that their target lacks; how many functions there are; whether any is wide."""
    leaks: Dict[str, Leak] = {}
    functions, any_wide = 0, False
    known: Dict[str, str] = {}
    function, allowed = "", 0
    for line in run_lines(objdump, "-d", "-w", "--no-show-raw-insn", file):
        if line.endswith(">:\n"):
            function = line[line.index("<") + 1 : -3]
            allowed = RANK[target_of(function)]
            functions += 1
            continue
        mnemonic, operands = split_instruction(line)
        needed = needs(mnemonic, operands, known)
        any_wide = any_wide or RANK[needed] > 0
        if RANK[needed] > allowed and function not in leaks:
            leaks[function] = Leak("too wide", function, f"{mnemonic} {operands} needs {needed}")
    return list(leaks.values()), functions, any_wide


def weak_symbols(nm: str, file: str, wide: Set[str]) -> List[Leak]:
    """Definitions of which the linker keeps one: weak functions and data, unique ones. What compilers leave of the
    baseline's inline functions, in plain code, does no harm."""
    fields = (line.split() for line in run_lines(nm, "--defined-only", file))
    weak = [f for f in fields if len(f) >= 2 and f[-2] in "WVui"]
    return [Leak("weak", f[-1], f"kind {f[-2]}") for f in weak if f[-1] in wide or NAMESPACE.match(f[-1])]


def constructors(readelf: str, file: str, allowed_bytes: int = 0) -> List[Leak]:
    """Sections of functions that run before main. The library has one, of the compiler's own start files."""
    leaks = []
    for line in run_lines(readelf, "--sections", "--wide", file):
        found = re.search(r"\] (\.(?:preinit_array|init_array|ctors)\S*) +\S+ +\S+ +\S+ +([0-9a-f]+)", line)
        if found and int(found[2], 16) > allowed_bytes:
            leaks.append(Leak("constructor", found[1], f"{int(found[2], 16)} bytes"))
    return leaks


def is_x86(file: str) -> bool:
    """By the number of the machine in the head of an ELF file."""
    with open(file, "rb") as opened:
        return opened.read(20)[18:] == b"\x3e\x00"


def check_object(tools: List[str], file: str) -> Tuple[List[Leak], int]:
    objdump, nm, readelf = tools
    leaks: List[Leak] = []
    functions = 0
    if is_x86(file):
        leaks, functions, _ = too_wide(objdump, file)
    leaks += weak_symbols(nm, file, {leak.where for leak in leaks})
    return leaks + constructors(readelf, file), functions


def check_library(tools: List[str], file: str) -> Tuple[List[Leak], int]:
    objdump, _, readelf = tools
    leaks: List[Leak] = []
    functions = 0
    if is_x86(file):
        leaks, functions, any_wide = too_wide(objdump, file)
        if not any_wide:
            raise SystemExit(f"{file}: no wide instruction at all; the disassembly was not understood")
    return leaks + constructors(readelf, file, allowed_bytes=8), functions


# What isa_planted.cc has on purpose, and how it is to be found: kind, a part of the name.
PLANTED = {
    ("too wide", "OutsideAnyTarget"),
    ("too wide", "ScalarOutsideAnyTarget"),
    ("too wide", "WiderThanAvx2"),
    ("too wide", "WiderThanAvx3"),
    ("too wide", "WiderThanSse2"),
    ("too wide", "WithATargetsArgument"),
    ("weak", "WithATargetsArgument"),
    ("weak", "WeakInAvx2"),
    ("constructor", ".init_array"),
}


def test_planted(tools: List[str], file: str) -> int:
    """Each fault is found, and nothing else."""
    found, _ = check_object(tools, file)
    missed = [p for p in PLANTED if not any(leak.kind == p[0] and p[1] in leak.where for leak in found)]
    wrong = [leak for leak in found if not any(leak.kind == p[0] and p[1] in leak.where for p in PLANTED)]
    for kind, name in sorted(missed):
        print(f"FAILED: not found: {kind}, {name}")
    for leak in wrong:
        print(f"FAILED: no fault, and found: {leak}")
    print(f"{len(PLANTED) - len(missed)} of {len(PLANTED)} faults found")
    return 1 if missed or wrong else 0


def test_built(tools: List[str], library: str, objects: List[str]) -> int:
    failed, functions = 0, 0
    for check, file in [(check_library, library), *((check_object, file) for file in objects)]:
        leaks, count = check(tools, file)
        functions += count
        for leak in leaks:
            print(f"FAILED: {file}: {leak.kind}: {leak.where}: {leak.detail}")
            failed = 1
    print(f"{functions} functions in {len(objects)} objects and the library")
    return failed


def main() -> int:
    tools, rest = sys.argv[1:4], sys.argv[4:]
    if len(rest) == 2 and rest[0] == "--planted":
        return test_planted(tools, rest[1])
    if len(rest) < 2:
        raise SystemExit(__doc__)
    return test_built(tools, rest[0], [file for argument in rest[1:] for file in argument.split(";")])


if __name__ == "__main__":
    sys.exit(main())
