"""From objects to loops, for tools/ports.py: the disassembly, each kernel's function, and its main loop."""
import collections
import pathlib
import re
import subprocess

DIRECTIONS = {None: "forward", "0": "backward", "1": "from_output"}
KERNEL = re.compile(
    r"void simdact::N_(\w+)::\(anonymous namespace\)::(?:Forward|Backward)<simdact::N_\w+::"
    r"\(anonymous namespace\)::(\w+)Op<float>, float"
    r"(?:, \(simdact::N_\w+::\(anonymous namespace\)::From\)(\d))?>\("
)

# address: where it is; name: the mnemonic; operands: as objdump prints them, destination last; called:
# whether it belongs to a function that the loop calls.
Instruction = collections.namedtuple("Instruction", "address name operands called", defaults=(False,))


def op_name(name):
    """GeluTanh -> gelu_tanh"""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def sections(objects):
    """{address: (name, lines)} of the functions of each section.

    objects: a library, an object, or a folder for all objects in it.
    """
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


def kernels(objects):
    """((op, direction, target), functions of its section, address) of each f32 kernel."""
    for functions in sections(objects):
        for address, (name, _) in functions.items():
            if kernel := KERNEL.match(name):
                yield (op_name(kernel[2]), DIRECTIONS[kernel[3]], kernel[1]), functions, address


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


# Stores of parts of a vector: bytes.
PARTS = [
    (r"mov(ss|d)$|extractps", 4),
    (r"mov([hl]p|sd$|q$)", 8),
    (r"extract.128|extract.32x4", 16),
    (r"extract", 32),
]


def stored_bytes(instruction, frame):
    """Bytes of results that an instruction writes: whole vectors or parts, nothing masked or on the stack."""
    where, written = memory(instruction)
    if not written or not bits(instruction) or re.search(frame + r"|\{%k|%rip", where + instruction.operands):
        return 0
    name = instruction.name.removeprefix("v")
    if name.startswith("maskmov"):
        return 0
    for pattern, size in PARTS:
        if re.match(pattern, name):
            return size
    return bits(instruction) // 8


def falling_through(body):
    """A function's instructions up to its return when no condition holds; None where that goes round."""
    places = {instruction.address: k for k, instruction in enumerate(body)}
    path, k = [], 0
    while k is not None and k < len(body) and len(path) <= len(body):
        path.append(body[k])
        if body[k].name == "ret":
            return path
        k = places.get(jump_target(body[k])) if body[k].name == "jmp" else k + 1
    return None


def with_calls(loop, functions):
    """The loop and the functions it calls; None where they call others in turn."""
    result = []
    for instruction in loop:
        result.append(instruction)
        if instruction.name == "call":
            path = falling_through(instructions(functions, jump_target(instruction)))
            if not path or any(i.name == "call" for i in path):
                return None
            result += [i._replace(called=True) for i in path]
    return result


def main_loop(functions, address):
    """(instructions, elements, frame) of the loop that works on packs of vectors, or None.

    Of the straight loops the one that stores most per turn, for the others handle what is left over; of
    several such, between which parameters decide, the shortest. A jump out of a loop that is straight
    otherwise is taken for one that does not happen.
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
        if loop and (best is None or (elements, -len(loop)) > (best[1], -len(best[0]))):
            best = (loop, elements, frame)
    return best
