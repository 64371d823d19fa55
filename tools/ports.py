#!/usr/bin/env python3
"""The port bound of each f32 kernel: the fewest cycles that its compiled loop can take on a CPU.

Finds each kernel's main loop in the disassembly of the static library, sorts its instructions into classes,
and bounds the loop from below: by every group of ports (all that can only go there, over their number), the
divider, loads, stores, and the width of the front end. Latencies are not looked at: loops work on vectors in
lockstep to hide them, and what they do not hide is what the fraction of the bound shows.

Why not llvm-mca, which reads such loops: its models are for scheduling, not bounds. LLVM 19, Debian 12's
newest, lets 512-bit FMA use one port of Sapphire Rapids and gives a 512-bit division 2.5 cycles there; such a
CPU was measured at 1.7 FMA a cycle and 10 cycles a division. It has no model of Zen 5. So the figures are our
own: ports_machines.py.

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
import sys

from ports_loops import bits, kernels, main_loop, memory
from ports_machines import CLASSES, MACHINES, this_machine

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
    """Rows {op, direction, target, machine, elements, lanes, cycles_bound, el_per_cycle_bound, limit,
    one_path, counts}.

    machine: a name of MACHINES. elements: per turn of the loop, as counts are; cycles_bound: per vector.
    one_path: the loop branches on parameters, and the bound is that of the path without jumps. A kernel
    without a straight loop over packs has only op, direction, target, machine, and elements = 0.
    """
    machine = MACHINES[machine]
    rows = []
    for key, functions, address in kernels(objects):
        if (op and key[0] != op) or (target and key[2] != target):
            continue
        row = dict(zip(("op", "direction", "target"), key), machine=machine.name, elements=0)
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
            one_path=any(i.name[0] == "j" for i in loop[:-1]),
            counts=dict(counts),
        )
    return rows


def add_fractions(rows, bench):
    """Sets row["fraction"] from simdact_bench's JSON: f32, accurate, n = 4096.

    Of the repetitions the median, for the clock is measured with each of them, and errs to both sides.
    """
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

COLUMNS = (
    "mul add minmax convert round scalef shift logic blendv compare permute permute2 reciprocal divide load "
    "store spill move scalar"
).split()


def table(rows):
    """Text: bounds, then instructions per vector and class."""
    head = [
        "op",
        "direction",
        "target",
        "el",
        "cyc/vec",
        "el/cyc",
        "limit",
        "run",
        "of it",
        *COLUMNS,
        "other",
    ]
    lines = [head]
    for row in rows:
        line = [row["op"], row["direction"], row["target"], str(row["elements"])]
        if row["elements"]:
            vectors = row["elements"] / row["lanes"]
            line += [
                f"{row['cycles_bound']:.2f}",
                f"{row['el_per_cycle_bound']:.2f}",
                row["limit"] + " *" * row["one_path"],
            ]
            line += (
                [f"{row['el_per_cycle']:.2f}", f"{100 * row['fraction']:.0f} %"]
                if "fraction" in row
                else ["", ""]
            )
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
    parser.add_argument(
        "--objects", default=root / "build/release/libsimdact.a", help="library, or folder of .o"
    )
    parser.add_argument("--machine", choices=MACHINES, help="default: this CPU")
    parser.add_argument("--op", help="only this activation")
    parser.add_argument("--target", help="only this target")
    parser.add_argument(
        "--speed", help="simdact_bench's JSON: adds what was reached, and the fraction of the bound"
    )
    parser.add_argument("--json", help="write the rows to this file")
    arguments = parser.parse_args()
    machine, cpu = this_machine()
    if not arguments.machine and not machine:
        sys.exit(
            f"ports: no figures for this CPU ({cpu}), so no bound; --machine takes {', '.join(MACHINES)}"
        )
    name = arguments.machine or machine.name
    rows = bounds(arguments.objects, name, arguments.op, arguments.target)
    if arguments.speed:
        add_fractions(rows, json.loads(pathlib.Path(arguments.speed).read_text(encoding="utf-8")))
    print(f"Machine: {name}; this CPU: {machine.name if machine else 'unknown'} ({cpu})\n")
    print(table(sorted(rows, key=lambda row: (row["target"], row["direction"], row["op"]))))
    if any(row.get("one_path") for row in rows):
        print("\n* branches on parameters: the bound is that of the path without jumps")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
