#!/usr/bin/env python3
"""The port bound of each f32 kernel: the fewest cycles that its compiled loop can take on a CPU.

Finds each kernel's main loop in the disassembly of the static library, sorts its instructions into classes, and
bounds the loop from below: by every group of ports (all that can only go there, over their number), the
divider, loads, stores, and the width of the front end. Latencies are not looked at: loops work on vectors in
lockstep to hide them, and what they do not hide is what the fraction of the bound shows.

Why not llvm-mca, which reads such loops: its models are for scheduling, not bounds. LLVM 19 (Debian 12's newest)
lets 512-bit FMA use one port of Sapphire Rapids, and gives a 512-bit division 2.5 cycles there; this CPU does two
FMA a cycle and a division in 10. Zen 5 has no model at all. So the figures are our own: ports_machines.py.

Run: python3 tools/ports.py [--objects LIBRARY_OR_FOLDER] [--machine NAME] [--op NAME] [--target NAME]
                            [--speed BENCHMARK_JSON] [--json FILE]
"""
import argparse
import collections
import itertools
import json
import pathlib
import re
import statistics
import subprocess
import sys

from ports_machines import CLASSES, MACHINES, this_machine

DIRECTIONS = {None: "forward", "0": "backward", "1": "from_output"}
KERNEL = re.compile(
    r"void simdact::N_(\w+)::\(anonymous namespace\)::(?:Forward|Backward)<simdact::N_\w+::\(anonymous namespace\)"
    r"::(\w+)Op<float>, float(?:, \(simdact::N_\w+::\(anonymous namespace\)::From\)(\d))?>\("
)

# address: where it is; name: the mnemonic; operands: as objdump prints them, destination last; called: whether it
# belongs to a function that the loop calls.
Instruction = collections.namedtuple("Instruction", "address name operands called", defaults=(False,))


# ---- From objects to loops -----------------------------------------------------------------------------


def op_name(name):
    """GeluTanh -> gelu_tanh"""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def sections(objects):
    """{address: (name, lines)} of the functions of each section: a library, an object, all objects of a folder."""
    objects = pathlib.Path(objects)
    files = sorted(objects.rglob("*.o")) if objects.is_dir() else [objects]
    if not files or not all(f.is_file() for f in files):
        raise FileNotFoundError(f"no objects in {objects}")
    command = ["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", *map(str, files)]
    functions, lines = {}, None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as process:
        for line in process.stdout:
            if line.startswith("Disassembly of section"):
                yield functions
                functions, lines = {}, None
            elif line[0] == "0":
                address, name = line.rstrip(":\n").split(" ", 1)
                lines = []
                if "simdact::N_" in name:
                    functions[int(address, 16)] = (name[1:-1], lines)
            elif lines is not None:
                lines.append(line)
        yield functions
    if process.returncode:
        raise RuntimeError(f"objdump failed: {process.returncode}")


def instructions(functions, address):
    """The function there, without padding; one that only jumps to another is that one."""
    matches = (re.match(r" *([0-9a-f]+):\t(\S+) *(.*)", line) for line in functions.get(address, ("", ()))[1])
    body = [Instruction(int(m[1], 16), m[2], m[3].strip()) for m in matches if m]
    body = [i for i in body if not re.match(r"nop|data16|cs$|xchg|endbr", i.name) or "mm" in i.operands]
    other = jump_target(body[0]) if len(body) == 1 and body[0].name == "jmp" else None
    return body if other in (None, address) or other not in functions else instructions(functions, other)


def jump_target(instruction):
    match = re.match(r"([0-9a-f]+) <", instruction.operands)
    return int(match[1], 16) if match else None


def memory(instruction):
    """The memory operand's text, and whether it is written; None, False where there is none."""
    match = re.search(r"[^,\s]*\([^)]*\)", instruction.operands.split(" #")[0])
    if not match or re.match(r"nop|lea|prefetch", instruction.name):
        return None, False
    last = instruction.operands.split(" #")[0].strip().endswith(match[0])
    return match[0], last and not re.match(r"v?p?(cmp|test|ucomi)|cmp|test|v?u?comi", instruction.name)


def bits(instruction):
    """The width of the widest vector named; 0 for none."""
    return max((128 << "xyz".index(r) for r in re.findall(r"%([xyz])mm", instruction.operands)), default=0)


def stored_bytes(instruction, frame):
    """Bytes of results that an instruction writes: whole vectors or parts, nothing masked or on the stack."""
    where, written = memory(instruction)
    if not written or not bits(instruction) or re.search(frame + r"|\{%k|%rip", where + instruction.operands):
        return 0
    name = instruction.name.removeprefix("v")
    if name.startswith("maskmov"):
        return 0
    for pattern, size in ((r"mov(ss|d)$|extractps", 4), (r"mov([hl]p|sd$|q$)", 8), (r"extract.128|extract.32x4", 16),
                          (r"extract", 32)):  # fmt: skip
        if re.match(pattern, name):
            return size
    return bits(instruction) // 8


def with_calls(loop, functions):
    """The loop and the functions it calls; None where one of them branches."""
    result = []
    for instruction in loop:
        result.append(instruction)
        if instruction.name == "call":
            body = instructions(functions, jump_target(instruction))
            if not body or any(re.match(r"j|call", i.name) for i in body):
                return None
            result += [i._replace(called=True) for i in body]
    return result


def main_loop(functions, address):
    """(instructions, elements, frame) of the loop that works on packs of vectors, or None.

    Of the straight loops the one that stores most per turn: the others handle what is left over, or fill an
    array with a constant. A jump out of a loop that is straight otherwise, because of a parameter, is taken for
    one that does not happen.
    """
    body = instructions(functions, address)
    best = None
    framed = any(i.name == "mov" and i.operands == "%rsp,%rbp" for i in body)
    frame = r"%rsp|%rbp" if framed else r"%rsp"
    places = {instruction.address: k for k, instruction in enumerate(body)}
    for end, jump in enumerate(body):
        target = jump_target(jump) if jump.name.startswith("j") and jump.name != "jmp" else None
        start = places.get(target, end + 1)
        loop = body[start : end + 1]
        if not loop or any(i.name in ("jmp", "ret") for i in loop):
            continue
        if any(i.name[0] == "j" and target <= (jump_target(i) or target) <= jump.address for i in loop[:-1]):
            continue
        elements = sum(stored_bytes(i, frame) for i in loop) / 4
        loop = with_calls(loop, functions) if elements else None
        if loop and (best is None or (elements, len(loop)) > (best[1], len(best[0]))):
            best = (loop, elements, frame)
    return best


# ---- From loops to bounds ------------------------------------------------------------------------------


def classify(instruction):
    """The class of a vector instruction's work beside loads and stores; None where it has none."""
    name, operands = instruction.name, instruction.operands.split(" #")[0]
    where, written = memory(instruction)
    if re.match(r"v?mov(u|a|dq|nt|s[sd]$)|v?lddqu|v?p?broadcast", name) and where and "{%k" not in operands:
        return None
    if re.match(r"v?mov([ua]p|dq)", name) and "{%k" not in operands:
        return "move"  # eliminated when renamed
    registers = re.findall(r"%[xyz]mm\d+", operands)
    if re.match(r"v?p?xor", name) and not where and len(registers) > 1 and len(set(registers)) == 1:
        return "move"  # zero: likewise
    if not registers and "%k" not in operands:
        return "scalar"
    stem = name.removeprefix("v")
    if written and not re.match(r"p?extr", stem):
        return None
    if stem == name and stem.startswith(("blendv", "pblendv")):
        return "logic"  # SSE4's, of one micro-operation
    for kind, pattern in CLASSES:
        if pattern.match(stem):
            return kind
    return "unknown"


def limits(loop, frame, machine):
    """(counts of instructions per class, {what limits: cycles per turn of the loop})."""
    counts, ports, cycles = collections.Counter(), collections.Counter(), collections.Counter()
    slots, fused = 0, None
    wide = any(bits(i) == 512 for i in loop)
    for instruction in loop:
        kind, width = classify(instruction), bits(instruction)
        where, written = memory(instruction)
        if where:
            counts["store" if written else "load"] += 1
            counts["spill"] += bool(written and (instruction.called or re.search(frame, where)))
            rates = machine.stores if written else machine.loads
            cycles["stores" if written else "loads"] += 1 / rates[width == 512]
        if kind:
            counts[kind] += 1
        uops = machine.uops(kind, width, wide) if kind in machine.classes[256] else []
        for group, turns in uops:
            ports[group] += turns
        stem = re.sub(r"^v?|y$", "", instruction.name).replace("ss", "ps").replace("sd", "pd")
        scalar = instruction.name.endswith(("ss", "sd"))
        cycles["divider"] += machine.divider.get((stem, 128 if scalar else width), 0)
        jump = instruction.name.startswith("j") and fused  # one with the comparison before it
        slots += 0 if jump else max(1, len(uops))
        fused = re.match(r"cmp|test|add|sub|and|inc|dec", instruction.name)
    for size in range(1, len(ports) + 1):
        for chosen in itertools.combinations(ports, size):
            union = frozenset("".join(chosen))
            inside = sum(turns for group, turns in ports.items() if union.issuperset(group))
            name = "ports " + "".join(sorted(union))
            cycles[name] = max(cycles[name], inside / len(union))
    cycles["front end"] = slots / machine.width
    return counts, cycles


def bounds(objects, machine, op=None, target=None):
    """Rows {op, direction, target, machine, elements, cycles_bound, el_per_cycle_bound, limit, counts}.

    machine: a name of MACHINES. cycles_bound is per vector. A kernel without a straight loop over packs has only
    op, direction, target, machine and elements = 0.
    """
    machine = MACHINES[machine]
    rows = []
    for functions in sections(objects):
        for address, (name, _) in functions.items():
            kernel = KERNEL.match(name)
            if not kernel or (op and op_name(kernel[2]) != op) or (target and kernel[1] != target):
                continue
            row = {"op": op_name(kernel[2]), "direction": DIRECTIONS[kernel[3]], "target": kernel[1]}
            row.update(machine=machine.name, elements=0)
            rows.append(row)
            if not (found := main_loop(functions, address)):
                continue
            loop, elements, frame = found
            counts, cycles = limits(loop, frame, machine)
            limit = max(cycles, key=cycles.get)
            lanes = max(bits(i) for i in loop) // 32
            row.update(
                elements=int(elements),
                lanes=lanes,
                cycles_bound=cycles[limit] * lanes / elements,
                el_per_cycle_bound=elements / cycles[limit],
                limit=limit,
                counts=dict(counts),
            )
    return rows


def add_fractions(rows, bench):
    """Sets row["fraction"] from simdact_bench's JSON: f32, accurate, n = 4096. The median of the repetitions, for
    the clock is measured with each of them, and errs to both sides."""
    rates = collections.defaultdict(list)
    for row in bench["benchmarks"]:
        if row["run_type"] == "iteration" and "el_per_cycle" in row:
            rates[row["run_name"]].append(row["el_per_cycle"])
    for row in rows:
        rate = rates.get(f"{row['op']}/{row['direction']}/f32/accurate/{row['target']}/4096")
        if rate and row["elements"]:
            row["el_per_cycle"] = statistics.median(rate)
            row["fraction"] = row["el_per_cycle"] / row["el_per_cycle_bound"]


# ---- The command ---------------------------------------------------------------------------------------

COLUMNS = ("mul add minmax convert round scalef shift logic blendv compare permute permute2 reciprocal divide "
           "load store spill move scalar").split()  # fmt: skip


def table(rows):
    """Text: bounds, then instructions per vector and class."""
    head = ["op", "direction", "target", "el", "cyc/vec", "el/cyc", "limit", "run", "of it", *COLUMNS, "other"]
    lines = [head]
    for row in rows:
        line = [row["op"], row["direction"], row["target"], str(row["elements"])]
        if row["elements"]:
            vectors = row["elements"] / row["lanes"]
            line += [f"{row['cycles_bound']:.2f}", f"{row['el_per_cycle_bound']:.2f}", row["limit"]]
            line += [f"{row['el_per_cycle']:.2f}", f"{100 * row['fraction']:.0f} %"] if "fraction" in row else ["", ""]
            other = sum(n for kind, n in row["counts"].items() if kind not in COLUMNS)
            line += [f"{n / vectors:.3g}" for n in [*(row["counts"].get(c, 0) for c in COLUMNS), other]]
        lines.append(line + [""] * (len(head) - len(line)))
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
    return "\n".join(
        "  ".join(t.ljust(w) if k < 3 else t.rjust(w) for k, (t, w) in enumerate(zip(line, widths))).rstrip()
        for line in lines
    )


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", default=root / "build/release/libsimdact.a", help="library, or folder of .o")
    parser.add_argument("--machine", choices=MACHINES, help="default: this CPU")
    parser.add_argument("--op", help="only this activation")
    parser.add_argument("--target", help="only this target")
    parser.add_argument("--speed", help="simdact_bench's JSON: adds what was reached, and the fraction of the bound")
    parser.add_argument("--json", help="write the rows to this file")
    arguments = parser.parse_args()
    machine, cpu = this_machine()
    if not arguments.machine and not machine:
        sys.exit(f"ports: no figures for this CPU ({cpu}), so no bound; --machine takes {', '.join(MACHINES)}")
    name = arguments.machine or machine.name
    rows = bounds(arguments.objects, name, arguments.op, arguments.target)
    if arguments.speed:
        add_fractions(rows, json.loads(pathlib.Path(arguments.speed).read_text(encoding="utf-8")))
    print(f"Machine: {name}; this CPU: {machine.name if machine else 'unknown'} ({cpu})\n")
    print(table(sorted(rows, key=lambda row: (row["target"], row["direction"], row["op"]))))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
