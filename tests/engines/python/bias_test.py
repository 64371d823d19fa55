"""Activations of sums with biases, scales and residuals; prelu by channels: bits, sums, formats, errors."""
import itertools
import unittest
from typing import Any, List, Tuple

import numpy as np
import simdact
from checks import RUNNING, Case, how, numbers
from references import ACTIVATIONS, FORMATS, PARAMETERS, POSITIVE, Array, Long, derivative, errors, pack, unpack

OPS = simdact.activations()


def wide(x: Array, dtype: str) -> Array:
    """In the type that is computed in."""
    return x if dtype == "f64" else unpack(x, dtype).astype(np.float32)


def inputs(dtype: str, positive: bool = False) -> List[Array]:
    """x, s, b, dy."""
    shapes = ((3, 7, 37), (37,), (37,), (3, 7, 37))
    arrays = [numbers(*shape, seed=seed) for seed, shape in enumerate(shapes)]
    return [pack(np.abs(array) if positive else array, dtype) for array in arrays]


class BitsTest(Case):
    """What the array functions give of the sum, which is rounded once."""

    def check(self, name: str, dtype: str, **given: Any) -> None:
        op = OPS[name]
        x, s, b, dy = inputs(dtype, name in POSITIVE)
        wx, ws, wb, wdy = (wide(array, dtype) for array in (x, s, b, dy))
        given = {**given, **how(dtype)}
        plain = {key: value for key, value in given.items() if key != "dtype"}
        sums = wx + wb
        self.same(op.bias(x, b, **given), pack(op(sums, **plain), dtype))
        self.same(op.residual(x, dy, **given), pack(op(wx + wdy, **plain), dtype))
        dx, db = op.bias_backward(x, b, dy, **given)
        terms = op.backward(sums, wdy, **plain)
        self.same(dx, pack(terms, dtype))
        self.sums(db, terms, dtype)
        self.same(op.residual_backward(x, x, dy, **given), pack(op.backward(wx + wx, wdy, **plain), dtype))
        if dtype != "f64":  # products of floats are exact in double
            scaled = (wx.astype(float) * ws + wb).astype(np.float32)
            self.same(op.scale_bias(x, s, b, **given), pack(op(scaled, **plain), dtype))
            dx, ds, db = op.scale_bias_backward(x, s, b, dy, **given)
            terms = op.backward(scaled, wdy, **plain)
            self.same(dx, pack(terms * ws, dtype))
            self.sums(db, terms, dtype)
            self.sums(ds, terms.astype(float) * wx, dtype)

    def sums(self, got: Array, terms: Array, dtype: str) -> None:
        exact = Long(terms).sum((0, 1)).astype(float)
        slack = 21 * 2.0**-53 * np.abs(terms).sum((0, 1)) if dtype != "f64" else np.zeros(len(got))
        value = unpack(got, dtype)
        bad = (errors(dtype, value, exact) > 0.51) & (np.abs(value - exact) > slack)
        self.assertFalse(bad.any())

    def test_all_activations(self) -> None:
        for name, dtype in itertools.product(OPS, FORMATS):
            with self.subTest(op=name, dtype=dtype):
                self.check(name, dtype)
                if name in PARAMETERS:
                    self.check(name, dtype, **PARAMETERS[name])

    def test_tiers_and_targets(self) -> None:
        for tier, target, dtype in itertools.product(("accurate", "fast"), RUNNING, FORMATS):
            with self.subTest(tier=tier, target=target, dtype=dtype):
                self.check("gelu", dtype, tier=tier, target=target)


class ValuesTest(Case):
    def test_formulas(self) -> None:
        x, s, b, dy = inputs("f64")
        for name, p in (
            ("gelu", {}),
            ("silu", {}),
            ("elu", {"alpha": 0.5}),
            ("shrink", {"lambd": 0.6, "bias": 0.2}),
        ):
            with self.subTest(op=name):
                f, op = ACTIVATIONS[name], OPS[name]
                self.close(op.bias(x, b, **p), f(Long(x) + b, **p), 1e-11)
                u = Long(x) * s + b
                self.close(op.scale_bias(x, s, b, **p), f(u, **p), 1e-11)
                g = dy * derivative(name, u, p)
                dx, ds, db = op.scale_bias_backward(x, s, b, dy, **p)
                self.close(dx, g * s, 1e-8)
                self.close(ds, (g * x).sum((0, 1)), 1e-8)
                self.close(db, g.sum((0, 1)), 1e-8)

    def test_parameters_by_place(self) -> None:
        x, _, b, _ = inputs("f64")
        self.same(simdact.shrink.bias(x, b, 0.6, 0.2), simdact.shrink.bias(x, b, lambd=0.6, bias=0.2))
        self.raises(TypeError, "gelu has no parameter 'alpha'", lambda: simdact.gelu.bias(x, b, alpha=1.0))

    def test_shapes(self) -> None:
        for shape in ((5,), (1, 5), (0, 5), (3, 0), (2, 3, 5), (0,)):
            x, b = np.ones(shape), np.ones(shape[-1])
            self.same(simdact.relu.bias(x, b), x + b)
            dx, db = simdact.relu.bias_backward(x, b, x)
            self.same(dx, x)
            self.same(db, x.reshape(-1, shape[-1]).sum(0) if shape[-1] else b)
        fortran = np.asfortranarray(numbers(3, 5))
        self.same(simdact.relu.residual(fortran, fortran), np.maximum(2 * fortran, 0))


class OutTest(Case):
    def test_in_place(self) -> None:
        x, s, b, dy = inputs("f64")
        want = simdact.mish.scale_bias_backward(x, s, b, dy)
        for number in (0, 3):
            arrays = [x.copy(), s, b, dy.copy()]
            sums = (np.empty(37), np.empty(37))
            got = simdact.mish.scale_bias_backward(*arrays, out=(arrays[number], *sums))
            for a, c, place in zip(got, want, (arrays[number], *sums)):
                self.assertIs(a, place)
                self.same(a, c)
        y = x.copy()
        self.assertIs(simdact.mish.bias(y, b, out=y), y)
        self.same(y, simdact.mish.bias(x, b))
        for number in range(3):
            arrays = [x.copy(), dy + 1, dy.copy()]
            simdact.mish.residual_backward(*arrays, out=arrays[number])
            self.same(arrays[number], simdact.mish.residual_backward(x, dy + 1, dy))

    def test_errors(self) -> None:
        x, s, b, dy = inputs("f64")
        op = simdact.gelu
        wrong: Tuple[Tuple[Any, Any, str], ...] = (
            (lambda: op.bias(x, b[:5]), ValueError, r"b has shape \(5,\), not \(37,\)"),
            (lambda: op.bias(x, b.astype("f4")), TypeError, "b is float32, not float64"),
            (lambda: op.bias(x, np.ones(74)[::2]), ValueError, "b has gaps"),
            (lambda: op.bias(x[:, :, :5], b[:5]), ValueError, "x has gaps"),
            (lambda: op.bias(np.asfortranarray(x), b), ValueError, "x has gaps in memory, or its axes in another"),
            (lambda: op.bias(1.0, b), ValueError, "x has no axis of columns"),
            (lambda: op.bias(x, b, out=x[0]), ValueError, "out has shape"),
            (lambda: op.bias(x, b, tier="slow"), ValueError, "tier 'slow' is none"),
            (lambda: op.bias(x, b, target="MMX"), ValueError, "target 'MMX' is no target"),
            (lambda: op.scale_bias(x, s[:3], b), ValueError, "s has shape"),
            (lambda: op.bias_backward(x, b, dy[0]), ValueError, "dy has shape"),
            (lambda: op.bias_backward(x, b, dy, out=x), TypeError, r"a pair of arrays, \(dx, db\)"),
            (lambda: op.scale_bias_backward(x, s, b, dy, out=(None, None)), TypeError, r"three .*\(dx, ds, db\)"),
            (lambda: op.bias_backward(x, b, dy, out=(None, np.ones(36))), ValueError, "db has shape"),
            (lambda: op.residual(x, x[0]), ValueError, "r has shape"),
        )
        for call, error, pattern in wrong:
            with self.subTest(pattern=pattern):
                self.raises(error, pattern, call)

    def test_overlap(self) -> None:
        room = numbers(260)
        before = room.copy()
        x, y, b, dy = (
            room[:50].reshape(5, 10),
            room[45:95].reshape(5, 10),
            room[100:110],
            room[110:160].reshape(5, 10),
        )
        op = simdact.gelu
        self.raises(ValueError, "out overlaps x in part", lambda: op.bias(x, b, out=y))
        self.raises(ValueError, "out overlaps b", lambda: op.bias(x, b, out=room[70:120].reshape(5, 10)))
        self.raises(ValueError, "out overlaps b", lambda: op.bias(x[:1], x[0], out=x[:1]))
        out = room[115:165].reshape(5, 10)
        self.raises(ValueError, "dx overlaps dy in part", lambda: op.bias_backward(x, b, dy, out=(out, None)))
        for place in (room[40:50], room[100:110], room[120:130]):
            self.raises(ValueError, "db overlaps", lambda: op.bias_backward(x, b, dy, out=(None, place)))
        pair = (room[200:250].reshape(5, 10), room[205:215])
        self.raises(ValueError, "db overlaps dx", lambda: op.bias_backward(x, b, dy, out=pair))
        self.raises(
            ValueError,
            "db overlaps ds",
            lambda: op.scale_bias_backward(x, b, b, dy, out=(None, room[180:190], room[189:199])),
        )
        self.raises(ValueError, "out overlaps an input in part", lambda: op.residual(x, dy, out=y))
        self.same(room, before)


class PreluChannelsTest(Case):
    def test_values(self) -> None:
        x, dy = numbers(2, 3, 4, 5), numbers(2, 3, 4, 5, seed=7)
        for axis in (0, 1, 2, 3, -1):
            w = numbers(x.shape[axis], seed=8)
            shape = [1] * 4
            shape[axis] = -1
            slope = np.where(x > 0, 1, w.reshape(shape))
            rest = tuple(other for other in range(4) if other != axis % 4)
            for target in RUNNING:
                self.same(simdact.prelu_channels(x, w, axis, target=target), x * slope)
                dx, dw = simdact.prelu_channels.backward(x, w, dy, axis, target=target)
                self.same(dx, dy * slope)
                self.close(dw, (Long(dy) * np.minimum(x, 0)).sum(rest))

    def test_formats(self) -> None:
        for dtype in ("f32", "f16", "bf16"):
            x, w = pack(numbers(4, 6), dtype), pack(numbers(6), dtype)
            wx, ww = unpack(x, dtype), unpack(w, dtype)
            got = simdact.prelu_channels(x, w, **how(dtype))
            self.same(got, pack(np.where(wx > 0, wx, wx * ww), dtype))

    def test_out_and_errors(self) -> None:
        x, w, dy = numbers(2, 3, 4), numbers(3), numbers(2, 3, 4, seed=7)
        want = simdact.prelu_channels.backward(x, w, dy)
        for number in range(2):
            arrays = [x.copy(), dy.copy()]
            out = (arrays[number], np.empty(3))
            got = simdact.prelu_channels.backward(arrays[0], w, arrays[1], out=out)
            self.assertIs(got[0], out[0])
            self.same(got[0], want[0])
            self.same(out[1], want[1])
        wrong: Tuple[Tuple[Any, Any, str], ...] = (
            (lambda: simdact.prelu_channels(x, w, 2), ValueError, r"weight has shape \(3,\), not \(4,\)"),
            (lambda: simdact.prelu_channels(x, w, 3), ValueError, "axis 3 is out of range"),
            (lambda: simdact.prelu_channels(x, w.astype("f4")), TypeError, "weight is float32"),
            (lambda: simdact.prelu_channels(x[:, :, ::2], w), ValueError, "x has gaps"),
            (lambda: simdact.prelu_channels(x, x[0, 0, :3], out=x), ValueError, "out overlaps weight"),
            (
                lambda: simdact.prelu_channels.backward(x, w, dy, out=(None, w)),
                ValueError,
                "dweight overlaps weight",
            ),
        )
        for call, error, pattern in wrong:
            with self.subTest(pattern=pattern):
                self.raises(error, pattern, call)


if __name__ == "__main__":
    unittest.main()
