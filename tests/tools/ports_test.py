"""Tests of tools/ports.py: its arithmetic on loops written by hand, then on the library that was just built.

Run: python3 ports_test.py SOURCE_FOLDER LIBRARY optimized|plain; 77 where there is no objdump, or no
optimized x86 code to look at.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, LIBRARY = map(pathlib.Path, sys.argv[1:3])
sys.path.insert(0, str(SOURCE / "tools"))
import ports  # noqa: E402
import ports_loops  # noqa: E402
import ports_machines  # noqa: E402

# One kernel per file of kernels/simdact that no parameter makes branch.
TRANSCENDENTAL = "exp expm1 elu selu log sigmoid silu mish tanh erf gelu gelu_tanh log_sigmoid".split()


def by_hand(machine, *lines):
    """(counts, cycles, what limits) of a loop."""
    loop = [ports_loops.Instruction(4 * k, *line.split(None, 1)) for k, line in enumerate(lines)]
    counts, cycles = ports.limits(loop, r"%rsp", ports_machines.MACHINES[machine])
    return counts, max(cycles.values()), max(cycles, key=cycles.get)


class ByHand(unittest.TestCase):
    def test_port_groups(self):
        # Ports 0 and 5 share FMA, shifts go to port 0 only, permutations to port 5 only.
        fma, shift, permute = (
            "vfmadd132ps %zmm1,%zmm2,%zmm3",
            "vpslld $0x3,%zmm1,%zmm2",
            "vpermps %zmm1,%zmm2,%zmm3",
        )
        self.assertEqual(by_hand("golden_cove", fma, fma, fma, shift)[1:], (2.0, "ports 05"))
        self.assertEqual(by_hand("golden_cove", fma, shift, shift, shift)[1:], (3.0, "ports 0"))
        self.assertEqual(by_hand("golden_cove", fma, permute, permute, permute)[1:], (3.0, "ports 5"))
        # The other two take shifts there, and need twice as long for 512 bits here.
        self.assertEqual(by_hand("zen5", fma, fma, fma, shift)[1:], (1.5, "ports 01"))
        self.assertEqual(by_hand("zen4", fma, fma, fma, fma)[1:], (4.0, "ports 01"))

    def test_divider_and_memory(self):
        self.assertEqual(by_hand("golden_cove", "vdivps %ymm1,%ymm2,%ymm3")[1:], (5, "divider"))
        self.assertEqual(by_hand("golden_cove", "vdivss %xmm1,%xmm2,%xmm3")[1:], (3, "divider"))
        counts, cycles, limit = by_hand(
            "golden_cove", "vmaxps (%rdi),%zmm1,%zmm2", "vmovups %zmm2,(%rsi)", "vmovaps %zmm3,0x40(%rsp)"
        )
        self.assertEqual(counts, {"minmax": 1, "load": 1, "store": 2, "spill": 1})
        self.assertEqual((cycles, limit), (2.0, "stores"))

    def test_moves_are_free_but_for_the_front_end(self):
        moves = ["vmovaps %zmm1,%zmm2", "vxorps %xmm0,%xmm0,%xmm0"] * 6
        self.assertEqual(by_hand("golden_cove", *moves)[1:], (2.0, "front end"))

    def test_every_machine_knows_every_class(self):
        names = {name for name, _ in ports_machines.CLASSES}
        for machine in ports_machines.MACHINES.values():
            for classes in machine.classes.values():
                self.assertEqual(set(classes), names, machine.name)

    def test_unknown_cpu_has_no_bound(self):
        with tempfile.TemporaryDirectory() as folder:
            cpuinfo = pathlib.Path(folder, "cpuinfo")
            for family, model, name in (
                (6, 207, "golden_cove"),
                (26, 2, "zen5"),
                (25, 97, "zen4"),
                (25, 33, None),
            ):
                cpuinfo.write_text(f"cpu family\t: {family}\nmodel\t\t: {model}\n", encoding="utf-8")
                machine, line = ports_machines.this_machine(cpuinfo)
                self.assertEqual(machine and machine.name, name, line)
            self.assertEqual(ports_machines.this_machine(pathlib.Path(folder, "none"))[0], None)


class OfTheLibrary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = {
            (row["op"], row["direction"], row["target"]): row for row in ports.bounds(LIBRARY, "golden_cove")
        }
        cls.targets = sorted({target for *_, target in cls.rows})

    def test_transcendental_kernels_have_loops(self):
        for target in self.targets:
            if not target.startswith("AVX"):
                continue  # SSE: one vector at a time, in a loop that ends in a partial one
            for op in TRANSCENDENTAL:
                row = self.rows[op, "forward", target]
                self.assertGreater(row["elements"], row.get("lanes", 0), row)

    def test_bounds_are_sane(self):
        for key, row in self.rows.items():
            if row["elements"]:
                self.assertGreater(row["cycles_bound"], 0, key)
                self.assertLessEqual(row["el_per_cycle_bound"], 16, key)  # no more than it can store
                self.assertNotIn("unknown", row["counts"], key)

    def test_relu_works_on_packs(self):
        text = (SOURCE / "kernels/simdact/rectified-inl.h").read_text(encoding="utf-8")
        wide, other = map(int, re.search(r"kReluVectors = Lockstep\((\d+), (\d+)\)", text).groups())
        lanes = {"AVX3": 16, "AVX2": 8}
        for target in self.targets:
            if target[:4] in lanes:
                packs = wide if target.startswith("AVX3") else other
                self.assertEqual(
                    self.rows["relu", "forward", target]["elements"], packs * lanes[target[:4]], target
                )


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


if __name__ == "__main__":
    if sys.argv[3] != "optimized":
        skip("a build that is not optimized has other loops")
    if not shutil.which("objdump"):
        skip("no objdump")
    if (
        "x86-64"
        not in subprocess.run(
            ["objdump", "--file-headers", str(LIBRARY)], capture_output=True, text=True, check=True
        ).stdout
    ):
        skip(f"no x86 code in {LIBRARY}")
    unittest.main(argv=sys.argv[:1], verbosity=2)
