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
import subprocess
import sys

from ports_machines import CLASSES, MACHINES, this_machine

DIRECTIONS = {None: "forward", "0": "backward", "1": "from_output"}
KERNEL = re.compile(
    r"void simdact::N_(\w+)::\(anonymous namespace\)::(?:Forward|Backward)<simdact::N_\w+::\(anonymous namespace\)"
    r"::(\w+)Op<float>, float(?:, \(simdact::N_\w+::\(anonymous namespace\)::From\)(\d))?>\("
)

# address: where it is; name: the mnemonic; operands: as objdump prints them, destination last.
Instruction = collections.namedtuple("Instruction", "address name operands")


# ---- From objects to loops -----------------------------------------------------------------------------


def op_name(name):
    """GeluTanh -> gelu_tanh"""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def disassembly(objects):
    """Lines of objdump for a library, an object, or all objects of a folder."""
    objects = pathlib.Path(objects)
    files = sorted(objects.rglob("*.o")) if objects.is_dir() else [objects]
    if not files or not all(f.is_file() for f in files):
        raise FileNotFoundError(f"no objects in {objects}")
    command = ["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", *map(str, files)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as process:
        yield from process.stdout
    if process.returncode:
        raise RuntimeError(f"objdump failed: {process.returncode}")


def kernels(objects):
    """{(op, direction, target): instructions}; a kernel that only jumps to another has that one's."""
    found, names, body = {}, {}, None
    for line in disassembly(objects):
        if line[0] not in " \n":
            header = re.match(r"[0-9a-f]+ <(.*)>:$", line)
            kernel = header and KERNEL.match(header[1])
            body = None
            if kernel:
                key = (op_name(kernel[2]), DIRECTIONS[kernel[3]], kernel[1])
                body = found[key] = []
                names[header[1]] = key
        elif body is not None and (match := re.match(r" *([0-9a-f]+):\t(\S+) *(.*)", line)):
            body.append(Instruction(int(match[1], 16), match[2], match[3].strip()))
    for key, body in list(found.items()):
        real = [i for i in body if not re.match(r"nop|data16|cs|xchg|endbr", i.name)]
        if len(real) == 1 and real[0].name == "jmp":
            target = re.search(r"<(.*)>", real[0].operands)
            found[key] = found.get(names.get(target and target[1]), body)
    return found


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


def main_loop(body):
    """(instructions, elements, frame) of the loop that works on packs of vectors, or None.

    Of the straight loops without calls the one that stores most per turn: other loops handle what is left
    over, fill arrays with a constant, or branch.
    """
    best = None
    framed = any(i.name == "mov" and i.operands == "%rsp,%rbp" for i in body)
    frame = r"%rsp|%rbp" if framed else r"%rsp"
    places = {instruction.address: k for k, instruction in enumerate(body)}
    for end, jump in enumerate(body):
        target = jump.name.startswith("j") and re.match(r"([0-9a-f]+)", jump.operands)
        start = places.get(int(target[1], 16)) if target else None
        if start is None or start > end or jump.name == "jmp":
            continue
        loop = body[start : end + 1]
        if any(re.match(r"j|call|ret", i.name) for i in loop[:-1]):
            continue
        elements = sum(stored_bytes(i, frame) for i in loop) / 4
        rank = (elements, sum(bits(i) > 0 for i in loop))
        if elements and (best is None or rank > best[0]):
            best = (rank, loop)
    return best and (best[1], best[0][0], frame)


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
            counts["spill"] += bool(written and re.search(frame, where))
            rates = machine.stores if written else machine.loads
            cycles["stores" if written else "loads"] += 1 / rates[width == 512]
        if kind:
            counts[kind] += 1
        uops = machine.uops(kind, 512 if wide else width) if kind in machine.classes[256] else []
        if wide and width < 512:  # closed ports count for all widths, but only wide ones take two turns
            uops = [(p, machine.uops(kind, 256)[k][1]) for k, (p, _) in enumerate(uops)]
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
    for key, body in kernels(objects).items():
        if (op and key[0] != op) or (target and key[2] != target):
            continue
        row = dict(zip(("op", "direction", "target"), key), machine=machine.name, elements=0)
        rows.append(row)
        if not (found := main_loop(body)):
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
    """Sets row["fraction"] from the fastest repetition in simdact_bench's JSON: f32, accurate, n = 4096."""
    best = {}
    for row in bench["benchmarks"]:
        if row["run_type"] == "iteration" and "el_per_cycle" in row:
            best[row["run_name"]] = max(row["el_per_cycle"], best.get(row["run_name"], 0))
    for row in rows:
        rate = best.get(f"{row['op']}/{row['direction']}/f32/accurate/{row['target']}/4096")
        if rate and row["elements"]:
            row["el_per_cycle"] = rate
            row["fraction"] = rate / row["el_per_cycle_bound"]


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
