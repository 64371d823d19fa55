"""What tools/ports.py knows about CPUs: classes of x86 instructions, and the ports they may go to.

A bound must never be higher than what the CPU can do. So where no source tells the port of a class, its set
is the widest possible one, and effects that only make a loop slower (latencies, ports that are closed for a
while, uneven choice of ports) are left out.
"""
import pathlib
import re

# ---- Classes of vector instructions: the first pattern that matches the mnemonic without its v ---------

CLASSES = [
    (name, re.compile(pattern))
    for name, pattern in [
        ("mul", r"fn?m(add|sub)|mul[ps][sd]"),
        ("add", r"(add|sub)[ps][sd]"),
        ("minmax", r"(min|max|range)[ps][sd]"),
        ("round", r"rndscale|round|reduce"),
        ("exponent", r"getexp|getmant|fixupimm"),
        ("scalef", r"scalef"),
        ("convert", r"cvtt?(ps2dq|dq2ps|ps2udq|udq2ps)"),
        ("convert_width", r"cvt"),
        ("intminmax", r"p(min|max)[su]"),
        ("shift", r"ps[lr][la]"),
        ("compare", r"cmp|fpclass"),
        ("intcompare", r"pcmp|ptestn?m"),
        ("blendv", r"p?blendv"),
        ("permute2", r"perm[it]2"),
        ("permute", r"perm([dq]|p[sd]$)|insert[fi]|extract[fi]|p?broadcast|shuf[fi]"),
        (
            "shuffle",
            r"shuf|pshuf|permil|unpck|punpck|mov[hl]|mov(sl|sh|d)dup|insertps|extractps|palign|align",
        ),
        ("reciprocal", r"r(cp|sqrt)(14)?[ps][sd]"),
        ("divide", r"div[ps][sd]"),
        ("sqrt", r"sqrt[ps][sd]"),
        ("mask", r"k(and|or|xor|not|xnor|shift|test|mov|unpck|add)|pmovm2|pmov[dbqw]2m"),
        ("transfer", r"mov(d|q|msk)|pmovmsk|u?comis|test|pinsr|pextr"),
        ("logic", r"p?(and|or|xor)|pternlog|p(add|sub|abs|sign)|p?blend|mov[asu]|movdq"),
    ]
]


class Machine:
    """classes: {class: uops}, for vectors of up to 256 bits and of 512. uops: text, each word one
    micro-operation "ports" or "ports*cycles", ports being one letter each. closed: the ports that no vector
    may use in a loop with 512-bit ones. loads, stores: vectors per cycle, of (256, 512) bits. divider:
    {(mnemonic, bits): cycles}.
    """

    def __init__(self, name, cpus, width, narrow, wide, closed, loads, stores, divider):
        self.name, self.cpus, self.width = name, cpus, width
        self.classes, self.closed = {256: narrow, 512: wide}, closed
        self.loads, self.stores, self.divider = loads, stores, divider

    def uops(self, kind, bits, among_wide):
        """[(ports, cycles)] of one instruction."""
        words = [word.partition("*") for word in self.classes[512 if bits == 512 else 256][kind].split()]
        closed = self.closed if among_wide else ""
        return [
            ("".join(p for p in ports if p not in closed), float(turns or 1)) for ports, _, turns in words
        ]


def by_class(groups):
    """{"a b": uops} -> {"a": uops, "b": uops}"""
    return {name: uops for names, uops in groups.items() for name in names.split()}


# Golden Cove (Alder Lake) and its server cores, whose ports are called 0, 1, 5 here. Measured on Emerald
# Rapids (family 6, model 207): twelve instructions that do not wait for each other, alone and next to one
# whose port is known. Port 1 takes no vectors while 512-bit ones are about. 512-bit FMA and MUL did not get
# beyond 1.7 a cycle there where logic did 2: the bound says 2. The width, and three loads of 256 bits:
# LLVM 19's model; other loads and stores were measured.
_GOLDEN_COVE_NARROW = by_class(
    {
        "mul minmax exponent scalef convert intminmax shift compare intcompare": "01",
        "add shuffle": "15",
        "round": "01 01",
        "convert_width": "5 01",
        "blendv": "015 015 015",
        "permute permute2": "5",
        "reciprocal divide sqrt": "0",
        "mask": "05",
        "transfer": "05",
        "logic": "015",
    }
)
_GOLDEN_COVE_WIDE = by_class(
    {
        "mul add minmax exponent scalef convert logic blendv": "05",
        "round": "05 05",
        "convert_width": "5 05",
        "intminmax shift": "0",
        "compare intcompare permute permute2 shuffle": "5",
        "reciprocal": "0 0 05",
        "divide sqrt": "0 05",
        "mask": "05",
        "transfer": "05",
    }
)
_GOLDEN_COVE_DIVIDER = {
    ("divps", 128): 3, ("divps", 256): 5, ("divps", 512): 10,
    ("divpd", 128): 4, ("divpd", 256): 8, ("divpd", 512): 16,
    ("sqrtps", 128): 3, ("sqrtps", 256): 6, ("sqrtps", 512): 12,
    ("sqrtpd", 128): 6, ("sqrtpd", 256): 12, ("sqrtpd", 512): 24,
}  # fmt: skip

# Zen 5 with full 512-bit units: measured for the prototypes of these kernels on such a core. Divisions keep
# the divider for 2.5 cycles in any width, and take 2.33 slots of ports 0 and 1. Comparisons were found to
# share ports with FMA, but not to what extent: any port. Shuffles within lanes, blends by a vector and square
# roots were not measured: the widest set, and division's figure. The width, two loads a cycle and two stores
# of 256 bits are as AMD describes the core; one store of 512 bits was measured.
_ZEN5 = by_class(
    {
        "mul": "01",
        "add minmax round exponent convert convert_width shift": "23",
        "scalef": "23 23",
        "permute permute2": "12",
        "reciprocal": "012",
        "divide sqrt": "01*2.33",
        "intminmax compare intcompare blendv shuffle mask transfer logic": "0123",
    }
)
_ANY_2_5 = {(f"{op}p{t}", bits): 2.5 for op in ("div", "sqrt") for t in "sd" for bits in (128, 256, 512)}

# Zen 4: the model of LLVM 19 (llvm-mca -mcpu=znver4 -instruction-tables); 512-bit instructions keep their
# port for two cycles. Where it gives the two widths of an instruction different ports, both sets.
_ZEN4_NARROW = by_class(
    {
        "mul minmax compare blendv reciprocal": "01",
        "add round exponent scalef convert convert_width": "23",
        "shift": "012",
        "permute permute2 shuffle": "12",
        "divide sqrt": "1",
        "mask transfer": "0123",
        "intminmax intcompare logic": "0123",
    }
)
_ZEN4_WIDE = {name: " ".join(f"{u}*2" for u in uops.split()) for name, uops in _ZEN4_NARROW.items()}
_ZEN4_WIDE["mask"] = _ZEN4_WIDE["transfer"] = "0123"  # not vectors of 512 bits
_ZEN4_DIVIDER = {
    (op, bits): cycles * max(1, bits // 256)
    for op, cycles in {"divps": 3, "divpd": 5, "sqrtps": 5, "sqrtpd": 9}.items()
    for bits in (128, 256, 512)
}

# cpus: [(family, models)] as in /proc/cpuinfo.
MACHINES = {
    m.name: m
    for m in [
        Machine(
            "golden_cove",
            [(6, (143, 151, 154, 183, 186, 191, 207))],
            6,
            _GOLDEN_COVE_NARROW,
            _GOLDEN_COVE_WIDE,
            "1",
            (3, 2),
            (2, 1),
            _GOLDEN_COVE_DIVIDER,
        ),
        Machine("zen5", [(26, range(0x00, 0x20))], 8, _ZEN5, _ZEN5, "", (2, 2), (2, 1), _ANY_2_5),
        Machine(
            "zen4",
            [(25, (*range(0x10, 0x20), *range(0x60, 0x80), *range(0xA0, 0xB0)))],
            6,
            _ZEN4_NARROW,
            _ZEN4_WIDE,
            "",
            (2, 1),
            (1, 0.5),
            _ZEN4_DIVIDER,
        ),
    ]
}


def this_machine(cpuinfo="/proc/cpuinfo"):
    """The Machine that runs this, or None and a line that says which CPU it is."""
    try:
        text = pathlib.Path(cpuinfo).read_text(encoding="utf-8")
        family, model = (
            int(re.search(rf"^{key}\s*: (\d+)$", text, re.M)[1]) for key in ("cpu family", "model")
        )
    except (OSError, TypeError):
        return None, "no x86 CPU in /proc/cpuinfo"
    for machine in MACHINES.values():
        if any(family == f and model in models for f, models in machine.cpus):
            return machine, f"family {family}, model {model}"
    return None, f"family {family}, model {model}"
