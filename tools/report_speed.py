"""The fast tier, slow inputs, memory, threads and other libraries in the report: rows to run, tables to show.

Tables come as (title, head, rows) of plain text, for Markdown and HTML alike.
"""
from report_data import L1, L2, MEMORY, fastest_rows, ulps

SHORT_GOALS = {"1": 3, "16": 6, "64": 20}  # ns per call of the accurate tier, on AVX-512

SLOW_KINDS = ["denormal_inputs", "denormal_results", "minus_inf", "minus_1e4"]
FAST_GOAL, SLOW_GOAL, MEMORY_GOAL = 1.3, 1.3, 0.95

# Goals against other libraries: how many times as fast as the fastest, and as the fastest within 4 ulp.
PEER_ULPS = 4
PEER_GOALS = {"tanh": 0.9, **dict.fromkeys(("sigmoid", "silu", "gelu", "gelu_tanh"), 0.6)}  # the others: 1
PEER_FAST_GOAL = 1.25
PEER_HALF_GOALS = dict.fromkeys(("relu", "leaky_relu", "hardswish"), 1.0)  # the others as the fast tier
PEER_PRECISE_GOALS = dict.fromkeys(("exp", "tanh", "erf", "elu", "selu", "softplus"), 1.4)

# Beside report.py's: of these f32 forward for short arrays and 16M.
MEMORY_OPS = "exp|expm1|elu|selu|softplus|mish|sigmoid|silu|tanh|erf|gelu|gelu_tanh"

SOFTMAX_PEER_COLS = ["16", "32", "64", "128", "1024", "4096", "32000"]


def bench_rows(targets):
    """Patterns of rows: short arrays and memory on the best target, threads."""
    sizes = "|".join([*SHORT_GOALS, MEMORY])
    return [f"({MEMORY_OPS})/forward/f32/accurate/{targets[0]}/({sizes})", ".*/real_time/threads:[0-9]+"]


def slow_bench_rows(targets):
    """A pattern of the rows of slow inputs and of ordinary ones, on two targets: a run of their own."""
    two = "|".join(targets[:2])
    return f"^[a-z0-9_]+/(forward|backward)/f32/(accurate|fast)/({two})/({'|'.join([L1, *SLOW_KINDS])})$"


def read_slow(bench):
    """Rows of slow inputs; `ratio`: the time over that of ordinary inputs in the same run."""
    names = ("op", "direction", "dtype", "tier", "target", "kind")
    rows = {tuple(parts): figures["ns_per_element"] for parts, figures in fastest_rows(bench)}
    return [
        {**dict(zip(names, row)), "ratio": time / rows[(*row[:5], L1)]}
        for row, time in rows.items()
        if row[5] in SLOW_KINDS
    ]


def peer_bench_rows(targets, ops):
    """Patterns of the rows of other libraries, and of ours beside them."""
    two, names = "|".join(targets[:2]), "|".join(ops)
    return [
        f".*/peer/.*/(64|{L1}|{L2})",
        f"softmax/forward/f32/peer/.*/({'|'.join(SOFTMAX_PEER_COLS)})",
        f"({names})/(forward|backward|from_output)/(f32|bf16)/(accurate|fast)/({two})/(64|{L1}|{L2})",
    ]


# The libraries that choose their instruction set themselves, and what makes them take AVX2. They run a second
# time with it, so that our AVX2 has someone to compare with.
AVX2_PEERS = ["onednn", "torch"]
AVX2_ENVIRONMENT = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


def avx2_bench_rows(ops):
    """A pattern of the rows of that second run."""
    peers, names = "|".join(AVX2_PEERS), "|".join(ops)
    rows = f".*/peer/({peers})-avx2", f"({names})/(forward|backward|from_output)/(f32|bf16)/accurate/AVX2"
    return f"^({'|'.join(rows)})/(64|{L1}|{L2})$"


def number(value, digits=2):
    return "" if value is None else f"{value:.{digits}f}"


def quotient(a, b, key="ns_per_element"):
    """How many times as long a takes as b; None if one of them is not known."""
    return a[key] / b[key] if a and b else None


# ---- simdact by itself ---------------------------------------------------------------------------------


def fast_ratio(report, op, direction, target, dtype="f32", size=L1):
    """How many times as fast the fast tier is; None where it is the accurate one."""
    fast, accurate = (report.speed(op, dtype, direction, target, size, t) for t in ("fast", "accurate"))
    return quotient(accurate, fast)


def fast_table(report):
    rows = []
    targets = report.main_targets[:2]
    for op in report.ops:
        row = [op["name"]]
        for target in targets:
            fast = report.speed(op["name"], "f32", "forward", target, L1, "fast")
            row.append(number(fast["el_per_cycle"] if fast else None))
            row.append(number(fast_ratio(report, op["name"], "forward", target)))
        rows.append(row)
    head = ["op"] + [h for t in targets for h in (f"{t}, el/cycle", "times the accurate tier")]
    return (f"The fast tier: f32 forward, n = {L1}; goal {FAST_GOAL:g} times", head, rows)


def slow_ratios(report):
    """{(op, tier, target): {(direction, kind): ratio}}, in our order of targets and ops."""
    found = {
        (op["name"], tier, target): {}
        for target in report.running
        for tier in ("accurate", "fast")
        for op in report.ops
    }
    for row in report.content.get("slow", []):
        key = row["op"], row["tier"], row["target"]
        found[key][row["direction"], row["kind"]] = row["ratio"]
    return {key: ratios for key, ratios in found.items() if ratios}


def slow_table(report):
    columns = [(d, kind) for d in ("forward", "backward") for kind in SLOW_KINDS]
    rows = []
    for (op, tier, target), ratios in slow_ratios(report).items():
        rows.append(
            [op + ", fast tier" * (tier == "fast"), target, *(number(ratios.get(c)) for c in columns)]
        )
    head = [kind.replace("_", " ") + (", f" if d == "forward" else ", f'") for d, kind in columns]
    title = f"Slow inputs: the time over that of ordinary ones, f32, n = {L1}; goal {SLOW_GOAL:g}"
    return (title, ["op", "target", *head], rows)


def memory_table(report):
    target = report.main_targets[0]
    rows = []
    for op in report.ops:
        row = [op["name"]]
        for dtype, direction in (("f32", "forward"), ("f32", "backward"), ("bf16", "forward")):
            found = report.speed(op["name"], dtype, direction, target, MEMORY)
            row.append(number(found.get("of_memcpy") if found else None))
        rows.append(row)
    head = ["op", "f32 f", "f32 f' (three arrays)", "bf16 f"]
    return (f"n = 16M, {target}: elements per second over memcpy's; goal {MEMORY_GOAL:g} forward", head, rows)


def short_table(report):
    target = report.main_targets[0]
    rows = []
    for op in report.ops:
        found = [(n, report.speed(op["name"], "f32", "forward", target, n)) for n in SHORT_GOALS]
        rows.append([op["name"], *(number(int(n) * r["ns_per_element"] if r else None, 1) for n, r in found)])
    head = ["op", *(f"n = {n} (goal {goal} on AVX-512)" for n, goal in SHORT_GOALS.items())]
    return (f"Short arrays: ns per call, f32 forward, {target}", head, rows)


def threads_table(report):
    found = report.content["speed"].get("threads", [])
    counts = sorted({r["threads"] for r in found})
    rows = []
    for how in sorted({r["how"] for r in found}, key=lambda how: (how != "memcpy", how)):
        rates = {r["threads"]: 8 / r["ns_per_element"] for r in found if r["how"] == how}
        rows.append([how, *(number(rates.get(n), 1) for n in counts)])
    return ("Threads: GB/s read and written, f32, n = 16M", ["op", *map(str, counts)], rows)


# ---- Other libraries -----------------------------------------------------------------------------------


class Peers:
    """Speed and errors of other libraries; falsy if they were not measured."""

    def __init__(self, report):
        self.report = report
        found = report.content.get("peers") or {"versions": {}, "speed": [], "errors": []}
        self.versions = found["versions"]
        self.rows, self.errors = {}, {}
        for row in found["speed"]:
            key = tuple(row[k] for k in ("op", "direction", "dtype", "size"))
            self.rows.setdefault(key, []).append(row)
        for row in found["errors"]:
            key = tuple(row[k] for k in ("op", "direction", "dtype", "peer"))
            if key not in self.errors or row["normal"]["ulps"] > self.errors[key]["normal"]["ulps"]:
                self.errors[key] = row

    def __bool__(self):
        return bool(self.rows)

    def functions(self):
        """(op, direction, dtype), in our order of ops."""
        keys = dict.fromkeys(key[:3] for key in self.rows if key[0] != "softmax")
        order = {op["name"]: k for k, op in enumerate(self.report.ops)}
        return sorted(keys, key=lambda k: (k[2] != "f32", k[1] != "forward", k[1], order[k[0]]))

    def of_target(self, function, size, target):
        """The rows that compare with a target: those for AVX2 with AVX2, the others with the best one."""
        rows = self.rows.get((*function, size), [])
        best = self.report.main_targets[0]
        if target == best:
            return [r for r in rows if best == "AVX2" or not r["peer"].endswith("-avx2")]
        return [r for r in rows if target == "AVX2" and r["peer"].endswith("-avx2")]

    def error(self, function, peer):
        """The largest error over normal results, infinite if it makes NaN of a number; None: unknown."""
        row = self.errors.get((*function, peer))
        if row is None:
            return None
        return float("inf") if row["nans"] else row["normal"]["ulps"]

    def fastest(self, function, size, target, max_ulps=None):
        """The fastest row, of those within max_ulps if given; or None."""
        rows = self.of_target(function, size, target)
        if max_ulps is not None:
            errors = [(self.error(function, r["peer"]), r) for r in rows]
            rows = [r for error, r in errors if error is not None and error <= max_ulps]
        return min(rows, key=lambda r: r["ns_per_element"], default=None)

    def ours(self, function, size, target, tier="accurate"):
        op, direction, dtype = function
        return self.report.speed(op, dtype, direction, target, size, tier)

    def ratio(self, function, size, target, tier="accurate", max_ulps=None):
        """How many times as fast we are."""
        fastest = self.fastest(function, size, target, max_ulps)
        return quotient(fastest, self.ours(function, size, target, tier))

    def text(self, function, peer):
        """An error as text."""
        row = self.errors.get((*function, peer))
        if row is None:
            return ""
        nan = " and NaN" * bool(row["nans"])
        return ulps(row["normal"]["ulps"]) + nan

    def versions_line(self):
        return ", ".join(f"{name} {version}" for name, version in sorted(self.versions.items()))


def shown(function):
    op, direction, dtype = function
    mark = {"forward": "", "backward": "'", "from_output": "' from y"}[direction]
    return op + mark + f" {dtype}" * (dtype != "f32")


def peers_table(report, size=L2):
    """Per function and target: ours, the fastest peer, and the fastest within a few ulps."""
    peers = Peers(report)
    rows = []
    for target in [t for k, t in enumerate(report.main_targets) if k == 0 or t == "AVX2"]:
        for function in peers.functions():
            accurate, any_peer = peers.ours(function, size, target), peers.fastest(function, size, target)
            if not accurate or not any_peer:
                continue
            precise = peers.fastest(function, size, target, PEER_ULPS)
            fast = peers.ours(function, size, target, "fast")
            row = [shown(function), target, number(accurate["ns_per_element"], 4)]
            row += [number(fast["ns_per_element"] if fast else None, 4)]
            row += [any_peer["peer"], number(any_peer["ns_per_element"], 4)]
            row += [peers.text(function, any_peer["peer"]), number(quotient(any_peer, accurate))]
            row += [number(quotient(any_peer, fast))]
            row += [precise["peer"] if precise else "none", number(quotient(precise, accurate))]
            rows.append(row)
    head = ["op", "target", "accurate, ns", "fast, ns", "fastest other", "ns", "its max ulp"]
    head += ["accurate: times as fast", "fast", f"fastest other within {PEER_ULPS} ulp", "times as fast"]
    return (f"Other libraries: ns per element, n = {size}", head, rows)


def peer_softmax_table(report):
    peers = Peers(report)
    rows = []
    target = report.main_targets[0]
    function = ("softmax", "forward", "f32")
    names = dict.fromkeys(
        r["peer"] for cols in SOFTMAX_PEER_COLS for r in peers.rows.get((*function, cols), [])
    )
    for tier in ("accurate", "fast"):
        found = [report.speed("softmax", "f32", "forward", target, c, tier) for c in SOFTMAX_PEER_COLS]
        rows.append([f"simdact, {tier}", *(number(r["ns_per_element"] if r else None, 4) for r in found), ""])
    for name in names:
        found = [
            next((r for r in peers.rows.get((*function, c), []) if r["peer"] == name), None)
            for c in SOFTMAX_PEER_COLS
        ]
        cells = [number(r["ns_per_element"] if r else None, 4) for r in found]
        rows.append([name, *cells, peers.text(function, name)])
    head = ["columns", *SOFTMAX_PEER_COLS, "max ulp"]
    return ("Other libraries: softmax f32, ns per element", head, rows if names else [])


def all_peers_table(report):
    """Every row of every peer, beside ours of the same kind of target."""
    peers = Peers(report)
    rows = []
    for function in peers.functions():
        for peer in dict.fromkeys(r["peer"] for r in peers.rows.get((*function, L2), [])):
            target = "AVX2" if peer.endswith("-avx2") else report.main_targets[0]
            row = [shown(function), peer]
            for size in ("64", L1, L2):
                found = next((r for r in peers.rows.get((*function, size), []) if r["peer"] == peer), None)
                row.append(number(found["ns_per_element"] if found else None, 4))
                row.append(number(quotient(found, peers.ours(function, size, target))))
            error = peers.errors.get((*function, peer))
            composed = "composed" if error and error["composed"] else ""
            rows.append([*row, peers.text(function, peer), composed])
    head = ["op", "library"]
    head += [h for n in ("64", L1, L2) for h in (f"ns, n = {n}", "accurate: times as fast")]
    return ("Other libraries, all of them", [*head, "max ulp", ""], rows)


# ---- All -----------------------------------------------------------------------------------------------


def with_figures(tables):
    """Tables without their rows that hold no figure, and without tables that hold none."""
    for title, head, rows in tables:
        rows = [row for row in rows if any(cell[:1].isdigit() for cell in row[1:])]
        if rows:
            yield title, head, rows


OWN_TABLES = (fast_table, slow_table, short_table, memory_table, threads_table)


def own_tables(report):
    return with_figures(make(report) for make in OWN_TABLES)


def peer_tables(report):
    if not Peers(report):
        return iter(())
    return with_figures(make(report) for make in (peers_table, peer_softmax_table, all_peers_table))


def tally(what, ratios, goals, least=True):
    """One line: how many reach their goal, and who falls short; "" if nothing was measured."""
    known = {name: ratio for name, ratio in ratios.items() if ratio is not None}
    miss = [(r, n) for n, r in known.items() if (r < goals[n] if least else r > goals[n])]
    miss.sort(reverse=not least)
    names = ", ".join(f"{n} {r:.2f}" for r, n in miss[:8]) + " ..." * (len(miss) > 8)
    short = f"; {'short' if least else 'beyond'}: {names}" * bool(miss)
    return f"{what}: {len(known) - len(miss)} of {len(known)} reach the goal{short}" if known else ""


def goal_lines(report):
    """One line per goal and target."""
    names = [op["name"] for op in report.ops]
    lines = []
    for target in report.main_targets[:2]:
        ratios = {op: fast_ratio(report, op, "forward", target) for op in names}
        lines.append(tally(f"fast tier on {target}", ratios, dict.fromkeys(names, FAST_GOAL)))
        slow = {
            op + "'" * (d == "backward") + ", fast" * (tier == "fast") + " " + kind: ratio
            for (op, tier, t), ratios in slow_ratios(report).items()
            for (d, kind), ratio in ratios.items()
            if t == target
        }
        lines.append(tally(f"slow inputs on {target}", slow, dict.fromkeys(slow, SLOW_GOAL), False))
    return [line for line in [*lines, *peer_goal_lines(report)] if line]


def peer_goal_lines(report):
    """The same for the goals against other libraries, in the second-level cache."""
    peers = Peers(report)
    kinds = [
        # what, direction and dtype, tier, errors of the others at most, goal
        ("f32, accurate tier", "forward f32", "accurate", None, PEER_GOALS, 1.0),
        ("f32, fast tier", "forward f32", "fast", None, {}, PEER_FAST_GOAL),
        (
            f"f32, others within {PEER_ULPS} ulp",
            "forward f32",
            "accurate",
            PEER_ULPS,
            PEER_PRECISE_GOALS,
            1.0,
        ),
        ("f32 backward", "backward f32", "accurate", None, {}, 1.0),
        ("f32 backward from the output", "from_output f32", "accurate", None, {}, 1.0),
        ("bf16", "forward bf16", "accurate", None, PEER_HALF_GOALS, PEER_FAST_GOAL),
    ]
    lines = []
    for target in report.main_targets[:2] if peers else []:
        for what, kind, tier, max_ulps, goals, usual in kinds:
            functions = [f for f in peers.functions() if f"{f[1]} {f[2]}" == kind]
            ratios = {f[0]: peers.ratio(f, L2, target, tier, max_ulps) for f in functions}
            every = {op: goals.get(op, usual) for op in ratios}
            lines.append(tally(f"other libraries, {what}, {target}", ratios, every))
    return [line for line in lines if line]
