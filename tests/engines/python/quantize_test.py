"""Activations and gates into bytes: the nearest one of every format, scales, errors."""
import itertools
import unittest
from typing import Any, Dict, Tuple

import numpy as np
import simdact
from checks import RUNNING, Case, how, numbers
from references import Array, pack, unpack

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None

OPS = simdact.activations()
MOST = {"int8": 127.0, "uint8": 255.0, "e4m3": 448.0, "e5m2": 57344.0}


def decode(exponents: int, byte: int) -> float:
    """OFP8, by its definition; infinities and NaN as numbers that would follow."""
    fraction = 7 - exponents
    power, rest = (byte & 127) >> fraction, byte & ((1 << fraction) - 1)
    bias = 2 ** (exponents - 1) - 1
    size = (rest + (power > 0) * 2**fraction) * 2.0 ** (max(power, 1) - bias - fraction)
    return -size if byte > 127 else size


def values_of(format: str) -> Array:
    values = simdact.byte_values(format).astype(float)
    return np.sort(values[np.isfinite(values)])


def read(q: Array, format: str) -> Array:
    return np.asarray(simdact.byte_values(format).astype(float)[q.view(np.uint8)])


class FormatsTest(Case):
    def test_byte_values(self) -> None:
        self.same(simdact.byte_values("uint8"), np.arange(256, dtype=np.float32))
        self.same(simdact.byte_values("int8"), np.arange(256).astype(np.int8).astype(np.float32))
        for format, exponents, special in (
            ("e4m3", 4, {127, 255}),
            ("e5m2", 5, {*range(124, 128), *range(252, 256)}),
        ):
            values = simdact.byte_values(format)
            for byte in set(range(256)) - special:
                self.assertEqual(values[byte], decode(exponents, byte))
            self.assertEqual({int(byte) for byte in np.flatnonzero(~np.isfinite(values))}, special)
            self.assertEqual(np.nanmax(values[np.isfinite(values)]), MOST[format])
        self.raises(
            ValueError, "format 'e3m4' is none; valid: int8, uint8, e4m3, e5m2", lambda: simdact.byte_values("e3m4")
        )

    def test_ties(self) -> None:
        """Of x itself: middles go to the even neighbour; bytes alternate between odd and even."""
        for format in MOST:
            values = values_of(format)
            values = np.unique(values)  # one zero
            middles = ((values[1:] + values[:-1]) / 2).astype(np.float32)
            q, _ = simdact.linear.quantize(middles, format=format, scales=1.0)
            self.assertTrue((q.view(np.uint8) % 2 == 0).all())
            self.assertTrue((np.abs(read(q, format) - middles) <= np.abs(values[1:] - middles) + 1e-30).all())
            exact, _ = simdact.linear.quantize(values.astype(np.float32), format=format, scales=1.0)
            self.assertTrue((read(exact, format) == values).all())

    def test_overflow_and_nan(self) -> None:
        x = np.array([1e9, -1e9, np.inf, -np.inf, np.nan], np.float32)
        for format, most in MOST.items():
            q, _ = simdact.linear.quantize(x, format=format, scales=1.0)
            got = read(q, format)
            least = {"int8": -128.0, "uint8": 0.0}.get(format, -most)
            self.assertEqual(got[:4].tolist(), [most, least, most, least])
            self.assertTrue(got[4] == 0 if "int" in format else np.isnan(got[4]))
        q, _ = simdact.linear.quantize(x, format="e4m3", scales=1.0, overflow="special")
        self.assertTrue(np.isnan(read(q, "e4m3")).all())
        q, _ = simdact.linear.quantize(x, format="e5m2", scales=1.0, overflow="special")
        self.assertEqual(read(q, "e5m2")[:4].tolist(), [np.inf, -np.inf, np.inf, -np.inf])
        q, _ = simdact.linear.quantize(x, format="uint8", scales=1.0, zero_point=7)
        self.assertEqual(q[4], 7)


class NearestTest(Case):
    """The nearest byte to f(x) / scale, or, within 2^-20 of the middle, its neighbour."""

    x = numbers(6, 50)

    def nearest(self, got: Array, y: Array, format: str) -> None:
        """got: numbers of bytes, y: in their units."""
        values = values_of(format)
        y = np.clip(y, values[0], values[-1])
        best = np.abs(y[..., None] - values).min(-1)
        self.assertTrue((np.abs(got - y) <= best + 2.0**-19 * np.abs(y)).all())

    def spread(self, scales: Array, shape: Tuple[int, ...], group: Any) -> Array:
        """A scale for each element."""
        if group:
            scales = np.repeat(scales, group, -1)[..., : shape[-1]]
        elif scales.ndim:
            scales = scales[..., None]
        return np.broadcast_to(scales.astype(float), shape)

    def test_given_scales(self) -> None:
        for name, format, dtype in itertools.product(
            ("silu", "tanh", "gelu", "linear"), MOST, ("f32", "bf16", "f16")
        ):
            x = pack(self.x, dtype)
            y = OPS[name](unpack(x, dtype))
            for scale_for, group, count in (("tensor", None, ()), ("row", None, (6,)), ("group", 16, (6, 4))):
                scales = np.random.default_rng(5).uniform(0.01, 0.2, count).astype(np.float32)
                zero = {"int8": -5, "uint8": 100}.get(format, 0)
                with self.subTest(op=name, format=format, dtype=dtype, scale_for=scale_for):
                    given: Dict[str, Any] = {"format": format, "scale_for": scale_for, "group": group}
                    q, used = OPS[name].quantize(x, scales=scales, zero_point=zero, **given, **how(dtype))
                    self.assertEqual(q.dtype, np.int8 if format == "int8" else np.uint8)
                    self.same(used, scales)
                    self.nearest(read(q, format), y / self.spread(scales, x.shape, group) + zero, format)

    def test_found_scales(self) -> None:
        for format, (scale_for, group) in itertools.product(
            ("int8", "e4m3", "e5m2"), (("tensor", None), ("row", None), ("group", 16), ("group", 50), ("group", 64))
        ):
            x = self.x.astype(np.float32)
            y = simdact.gelu(x.astype(float))
            count = {"tensor": (), "row": (6,)}.get(scale_for, (6, -(-50 // (group or 1))))
            largest = np.empty(count, np.float32)
            with self.subTest(format=format, scale_for=scale_for, group=group):
                given: Dict[str, Any] = {"format": format, "scale_for": scale_for, "group": group}
                q, scales = simdact.gelu.quantize(x, largest=largest, **given)
                each = self.spread(scales, x.shape, group)
                self.nearest(read(q, format), y / each, format)
                size = self.spread(largest, x.shape, group)
                parts = [y] if scale_for == "tensor" else np.split(y, range(group or 50, 50, group or 50), -1)
                want = np.stack([np.abs(p).max(None if scale_for == "tensor" else -1) for p in parts], -1)
                np.testing.assert_allclose(largest.ravel(), want.ravel(), rtol=5e-7)
                self.same((size / np.float32(MOST[format])).astype(np.float32), each.astype(np.float32))

    def test_all_activations(self) -> None:
        x = self.x.astype(np.float32)
        for name, op in OPS.items():
            p = {} if name == "hardsigmoid" else {n: float(np.float32(v)) for n, v in op.parameters.items()}
            y = op(x.astype(float), **p)
            q, scales = op.quantize(x, scale_for="row", **p)
            fine = np.isfinite(y)
            with self.subTest(op=name):
                self.nearest(read(q, "int8")[fine], (y / scales[:, None].astype(float))[fine], "int8")

    def test_gates(self) -> None:
        for dtype, layout in itertools.product(("f32", "bf16"), ("gate_first", "up_first", "interleaved")):
            x, bias = pack(self.x, dtype), pack(numbers(25), dtype)
            given: Dict[str, Any] = {"layout": layout, "limit": 3.0, "offset": 0.5}
            y = simdact.silu.gated(unpack(x, dtype), gate_bias=unpack(bias, dtype), **given)
            for format in ("int8", "e4m3"):
                q, scales = simdact.silu.gated_quantize(
                    x, gate_bias=bias, format=format, scale_for="group", group=8, **given, **how(dtype)
                )
                self.assertEqual(scales.shape, (6, 4))
                with self.subTest(dtype=dtype, layout=layout, format=format):
                    self.nearest(read(q, format), y / self.spread(scales, y.shape, 8), format)

    def test_targets(self) -> None:
        x = self.x.astype(np.float32)
        for target in RUNNING:
            q, scales = simdact.mish.quantize(x, scale_for="row", target=target)
            self.nearest(read(q, "int8"), simdact.mish(x.astype(float)) / scales[:, None].astype(float), "int8")
            q, scales = simdact.mish.gated_quantize(x, scale_for="row", target=target)
            self.nearest(
                read(q, "int8"), simdact.mish.gated(x.astype(float)) / scales[:, None].astype(float), "int8"
            )


class ArraysTest(Case):
    x = numbers(4, 20).astype(np.float32)

    def test_rows_with_gaps_and_out(self) -> None:
        want = simdact.gelu.quantize(self.x, scale_for="row")
        wide, room = np.zeros((4, 30), np.float32), np.zeros((4, 33), np.int8)
        wide[:, 3:23] = self.x
        scales = np.zeros(4, np.float32)
        q = room[:, 5:25]
        got = simdact.gelu.quantize(wide[:, 3:23], scale_for="row", out=(q, scales))
        self.assertIs(got.q, q)
        self.assertIs(got.scales, scales)
        self.same(q.copy(), want.q)
        self.same(scales, want.scales)
        self.assertTrue((room[:, :5] == 0).all() and (room[:, 25:] == 0).all())
        for shape in ((0, 5), (3, 0), (5,)):
            some = simdact.gelu.quantize(np.ones(shape, "f4"), scale_for="group", group=2)
            self.assertEqual(some.q.shape, shape)
            self.assertEqual(some.scales.shape, (*shape[:-1], (shape[-1] + 1) // 2))

    @unittest.skipUnless(ml_dtypes, "no ml_dtypes here")
    def test_float8(self) -> None:
        for format, kind in (("e4m3", ml_dtypes.float8_e4m3fn), ("e5m2", ml_dtypes.float8_e5m2)):
            out = np.empty(self.x.shape, kind)
            simdact.linear.quantize(self.x, format=format, scales=1.0, out=(out, None))
            self.same(out.view(np.uint8), self.x.astype(kind).view(np.uint8))

    def test_errors(self) -> None:
        x, op = self.x, simdact.gelu
        wrong: Tuple[Tuple[Any, Any, str], ...] = (
            (lambda: op.quantize(x.astype(float)), TypeError, "x is float64, which has no way into bytes"),
            (lambda: op.gated_quantize(x.astype(float)), TypeError, "x is float64"),
            (lambda: op.quantize(x, format="int4"), ValueError, "format 'int4' is none; valid: int8"),
            (lambda: op.quantize(x, scale_for="column"), ValueError, "scale_for 'column' is none"),
            (lambda: op.quantize(x, overflow="wrap"), ValueError, "overflow 'wrap' is none"),
            (lambda: op.quantize(x, group=4), ValueError, "for scale_for='group' alone"),
            (lambda: op.quantize(x, scale_for="group"), ValueError, "for scale_for='group' alone"),
            (lambda: op.quantize(x, scale_for="group", group=0), ValueError, "group is to be at least 1"),
            (lambda: op.quantize(x, scale_for="group", group=1.5), TypeError, "float"),
            (lambda: op.quantize(x, format="uint8"), ValueError, "gelu.quantize: an option"),
            (lambda: op.quantize(x, zero_point=3), ValueError, "gelu.quantize: an option"),
            (lambda: op.quantize(x, zero_point=128, scales=1.0), ValueError, "gelu.quantize: an option"),
            (lambda: op.quantize(x, zero_point=2**32, scales=1.0), ValueError, "zero_point 4294967296 is out of"),
            (lambda: op.quantize(x, scales=0.0), ValueError, "gelu.quantize: an option"),
            (lambda: op.quantize(x, scales=np.ones(3), scale_for="row"), ValueError, "scales has shape"),
            (lambda: op.quantize(x, scales="a"), TypeError, "scales is <U1, not numbers"),
            (lambda: op.quantize(x, largest=np.zeros(3, "f4")), ValueError, "largest has shape"),
            (lambda: op.quantize(x, largest=np.zeros(())), TypeError, "largest is float64, not float32"),
            (lambda: op.quantize(x, out=x), TypeError, r"a pair of arrays, \(q, scales\)"),
            (lambda: op.quantize(x, out=(x, None)), TypeError, "q is float32, not int8 .format int8"),
            (lambda: op.quantize(x, scales=1.0, out=(None, np.ones((), "f4"))), TypeError, "which are given"),
            (lambda: op.quantize(np.float32(1)), ValueError, "x has no axis"),
            (lambda: op.quantize(x[:, ::2]), ValueError, "x is not made of rows"),
            (lambda: op.quantize(x, target="MMX"), ValueError, "is no target"),
            (lambda: op.quantize(x, alpha=1.0), TypeError, "gelu has no parameter 'alpha'"),
            (lambda: op.gated_quantize(x[:, 1:]), ValueError, "must be even"),
        )
        for call, error, pattern in wrong:
            with self.subTest(pattern=pattern):
                self.raises(error, pattern, call)
        q = x.view(np.int8)[:, :20]
        self.raises(ValueError, "overlap", lambda: op.quantize(x, out=(q, None)))
        op, room = simdact.silu, np.ones((4, 3), np.float32)
        given: Dict[str, Any] = {"up_bias": room.ravel()[:10], "scale_for": "group", "group": 4}
        self.raises(ValueError, "scales overlaps a bias", lambda: op.gated_quantize(x, out=(None, room), **given))
        self.raises(ValueError, "largest overlaps a bias", lambda: op.gated_quantize(x, largest=room, **given))
        largest = np.zeros((), np.float32)
        self.raises(ValueError, "overlap", lambda: op.quantize(x, largest=largest, out=(None, largest)))


if __name__ == "__main__":
    unittest.main()
