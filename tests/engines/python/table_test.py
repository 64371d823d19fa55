"""Tables of bytes and of int16: every entry against a formula in long double, lookups, errors."""
import itertools
import pickle
import unittest
from typing import Any, Dict, Tuple

import numpy as np
import simdact
from checks import RUNNING, Case
from references import ACTIVATIONS, PARAMETERS, POSITIVE, Array, Long

BYTES = (np.int8, np.uint8)


def integers(dtype: Any) -> Array:
    """All of them, in the order of their bits."""
    size = np.dtype(dtype).itemsize
    return np.arange(256**size, dtype=f"u{size}").view(dtype)


def steps(name: str, dtype: Any, a: Tuple[float, int], b: Tuple[float, int], p: Dict[str, float]) -> Array:
    """The exact results in steps of the output, before they are rounded."""
    scale = Long(np.float32(a[0]))
    x = (integers(dtype).astype(int) - a[1]) * scale
    return ACTIVATIONS[name](x, **p) / Long(np.float32(b[0]))


def entries(v: Array, zero: int, dtype: Any, away: bool = False) -> Array:
    rounded = np.where(v < 0, -1, 1) * np.floor(np.abs(v) + 0.5) if away else np.rint(v)
    ends = np.iinfo(dtype)
    return np.asarray(np.clip(np.where(np.isnan(v), 0, rounded) + zero, ends.min, ends.max).astype(dtype))


def midway(v: Array) -> Array:
    """Where the long double may be on the wrong side of a tie, or of a step: at poles and kinks."""
    distance = np.abs(np.abs(v - np.floor(v)) - 0.5)
    return np.asarray(distance < 1e-9 * np.maximum(1, np.abs(v)))


class BytesTest(Case):
    def check(self, name: str, kind: Any, result: Any, away: bool, **p: float) -> None:
        a, b = (0.0371, 3 if kind == np.int8 else 130), (0.0193, -7 if result == np.int8 else 120)
        rounding = "away" if away else "even"
        table = simdact.activations()[name].table(a, b, dtype=kind, output_dtype=result, rounding=rounding, **p)
        self.assertEqual((table.dtype, table.entries.dtype), (np.dtype(kind), np.dtype(result)))
        v = steps(name, kind, a, b, p)
        want = entries(v, b[1], result, away)
        same = (table.entries == want) | midway(v)
        self.assertTrue(same.all(), (integers(kind)[~same], table.entries[~same], want[~same]))
        self.assertGreater((~midway(v)).sum(), 60)

    def test_all_activations(self) -> None:
        for name, kind, result in itertools.product(ACTIVATIONS, BYTES, BYTES):
            with self.subTest(op=name, kind=kind, result=result):
                self.check(name, kind, result, False)
        for name, p in PARAMETERS.items():
            with self.subTest(op=name, p=p):
                self.check(name, np.uint8, np.uint8, True, **p)

    def test_ties(self) -> None:
        """relu with exact halves."""
        for away in (False, True):
            table = simdact.relu.table(0.5, (1.0, 2), dtype="int8", rounding="away" if away else "even")
            self.same(table.entries, entries(np.maximum(integers(np.int8) * 0.5, 0), 2, np.int8, away))
        self.assertEqual(simdact.neg.table(0.5, 1.0, rounding="away").entries[1], -1)

    def test_lookup(self) -> None:
        random = np.random.default_rng(3)
        for kind, result in itertools.product(BYTES, BYTES):
            table = simdact.silu.table((0.05, 0), (0.025, 10), dtype=kind, output_dtype=result)
            x = random.integers(np.iinfo(kind).min, np.iinfo(kind).max + 1, (7, 333)).astype(kind)
            want = table.entries[x.view(np.uint8)]
            for target in RUNNING:
                self.same(table(x, target=target), want)
            self.same(table(np.asfortranarray(x)), want)
            out = np.zeros(x.shape, result)
            self.assertIs(table(x, out=out), out)
            self.same(out, want)
            if kind == result:
                self.same(table(x, out=x), want)
            self.same(table(np.zeros((3, 0), kind)), np.zeros((3, 0), result))

    def test_own_entries(self) -> None:
        mine = np.arange(256, dtype=np.uint8)[::-1]
        table = simdact.Table(mine)
        self.same(table(integers(np.uint8)), 255 - integers(np.uint8))
        self.assertFalse(table.entries.flags.writeable)
        again = pickle.loads(pickle.dumps(simdact.Table(mine, np.int8)))
        self.assertEqual((again.dtype, again.entries.tobytes()), (np.dtype(np.int8), mine.tobytes()))
        self.assertEqual(repr(again), "<simdact.Table: int8 to uint8>")

    def test_errors(self) -> None:
        silu, table = simdact.silu, simdact.silu.table(0.1, 0.1)
        wrong: Tuple[Tuple[Any, Any, str], ...] = (
            (lambda: silu.table(0.1, (0.1, 128)), ValueError, "output: zero point 128 is no int8"),
            (lambda: silu.table((0.1, -1), 0.1, dtype="uint8"), ValueError, "input: zero point -1 is no uint8"),
            (lambda: silu.table(0.0, 0.1), ValueError, "silu.table: an option"),
            (lambda: silu.table(0.1, np.inf), ValueError, "silu.table: an option"),
            (lambda: silu.table("1", 0.1), TypeError, "input: scale is to be a number"),
            (lambda: silu.table((1, 2, 3), 0.1), TypeError, r"input is to be \(scale, zero_point\)"),
            (lambda: silu.table((0.1, 0.5), 0.1), TypeError, "float"),
            (lambda: silu.table(0.1, 0.1, dtype="int32"), TypeError, "tables are from int8"),
            (lambda: silu.table(0.1, 0.1, dtype="int16", output_dtype="int8"), TypeError, "tables are from int8"),
            (lambda: silu.table(0.1, 0.1, rounding="up"), ValueError, "rounding 'up' is none; valid: even, away"),
            (lambda: silu.table(0.1, 0.1, alpha=2.0), TypeError, "silu has no parameter 'alpha'"),
            (lambda: table(np.zeros(3, np.uint8)), TypeError, "x is uint8, not int8 as the table"),
            (lambda: table(np.zeros(6, np.int8)[::2]), ValueError, "x has gaps"),
            (lambda: table(np.zeros(3, np.int8), out=np.zeros(3, np.uint8)), TypeError, "out is uint8"),
            (lambda: table(np.zeros(3, np.int8), out=np.zeros(4, np.int8)), ValueError, "out has shape"),
            (lambda: simdact.Table(np.zeros(255, np.int8)), ValueError, r"shape \(255,\), not \(256,\)"),
            (lambda: simdact.Table(np.zeros(256)), TypeError, "entries is float64, not int8, uint8, int16"),
            (lambda: simdact.Table(np.zeros(256, np.int8), "int16"), TypeError, "integers of that size"),
        )
        for call, error, pattern in wrong:
            with self.subTest(pattern=pattern):
                self.raises(error, pattern, call)
        room = np.zeros(20, np.int8)
        self.raises(ValueError, "out overlaps an input in part", lambda: table(room[:10], out=room[1:11]))


class WordsTest(Case):
    a, b = (2.0**-12, 5), (2.0**-13, -9)

    def test_tables(self) -> None:
        for name, rounding in itertools.product(("gelu", "tanh", "silu", "log", "hardswish"), ("even", "away")):
            table = simdact.activations()[name].table(self.a, self.b, dtype=np.int16, rounding=rounding)
            v = steps(name, np.int16, self.a, self.b, {})
            want = entries(v, self.b[1], np.int16, rounding == "away")
            same = (table.entries == want) | midway(v)
            with self.subTest(op=name, rounding=rounding):
                self.assertTrue(same.all())
                self.assertTrue(name in POSITIVE or (~midway(v)).sum() > 60000)
            x = integers(np.int16).reshape(256, 256).T
            for target in RUNNING:
                self.same(table(x, target=target), table.entries[x.view(np.uint16)])

    def test_interpolation(self) -> None:
        x = integers(np.int16)
        for name, nodes in itertools.product(("sigmoid", "tanh", "erf"), ("exact", "tflite")):
            op = simdact.activations()[name]
            lines = op.interpolation(2.0**-12, 2.0**-15, nodes=nodes)
            at, rest = np.divmod(x.astype(int), 128)
            first, second = (lines.entries[at + 256 + i].astype(int) for i in (0, 1))
            want = (first + ((second - first) * rest + 64) // 128).astype(np.int16)
            for target in RUNNING:
                self.same(lines(x, target=target), want)
            v = np.clip(steps(name, np.int16, (2.0**-12, 0), (2.0**-15, 0), {}), -32768, 32767)
            error = op.interpolation_error(lines, 2.0**-12, 2.0**-15)
            with self.subTest(op=name, nodes=nodes):
                self.assertAlmostEqual(error, float(np.abs(want - v).max()), delta=2.0**-18)
        exact = simdact.sigmoid.interpolation(2.0**-12, 2.0**-15)
        self.assertLess(simdact.sigmoid.interpolation_error(exact, 2.0**-12, 2.0**-15), 1.2)

    def test_errors(self) -> None:
        tanh = simdact.tanh
        wrong: Tuple[Tuple[Any, Any, str], ...] = (
            (lambda: tanh.interpolation(0.1, 0.1, nodes="all"), ValueError, "nodes 'all' is none; valid: exact"),
            (lambda: tanh.interpolation(0.1, (0.1, 3), nodes="tflite"), ValueError, "interpolation: an option"),
            (lambda: tanh.interpolation((0.1, 2**15), 0.1), ValueError, "zero point 32768 is no int16"),
            (lambda: simdact.Interpolation(np.zeros(512, np.int16)), ValueError, r"not \(513,\)"),
            (lambda: simdact.Interpolation(np.zeros(513, np.int8)), TypeError, "entries is int8, not int16"),
            (lambda: tanh.interpolation_error(np.zeros(513, np.int16), 1, 1), TypeError, "a simdact.Interpolation"),
        )
        for call, error, pattern in wrong:
            with self.subTest(pattern=pattern):
                self.raises(error, pattern, call)


if __name__ == "__main__":
    unittest.main()
