"""softmax and its kin: axes, layouts, options, gradients, errors."""
import unittest
from typing import Any, Callable, Type

import numpy as np
import simdact
from references import Array, Long, errors, pack, softmax, unpack

SOFTMAXES = {
    "softmax": softmax,
    "log_softmax": lambda x, axis: np.log(softmax(x, axis)),
    "softmin": lambda x, axis: softmax(-x, axis),
}


def numbers(*shape: int) -> Array:
    return np.random.default_rng(4).standard_normal(shape) * 3


def gradient(name: str, y: Array, dy: Array, axis: int) -> Array:
    if name == "log_softmax":
        return np.asarray(dy - np.exp(y) * dy.sum(axis, keepdims=True))
    dx = y * (dy - (y * dy).sum(axis, keepdims=True))
    return np.asarray(-dx if name == "softmin" else dx)


class Case(unittest.TestCase):
    def raises(self, error: Type[Exception], pattern: str, call: Callable[[], Any]) -> None:
        with self.assertRaisesRegex(error, pattern):
            call()

    def close(self, got: Array, want: Array, tolerance: float = 1e-13) -> None:
        np.testing.assert_allclose(got, np.asarray(want).astype(float), rtol=tolerance, atol=tolerance / 10)


class AxesTest(Case):
    def test_there_is_a_reference(self) -> None:
        self.assertEqual(set(simdact.softmaxes()), set(SOFTMAXES))

    def test_values_and_gradients(self) -> None:
        x, dy = numbers(3, 5, 7), np.cos(numbers(3, 5, 7))
        for name, function in simdact.softmaxes().items():
            for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1)):
                z = np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
                for axis in (-1, 0, 1, 2, -3):
                    with self.subTest(op=name, order=order, axis=axis):
                        y = function(z, axis)
                        self.close(y, SOFTMAXES[name](Long(x), axis))
                        self.assertEqual(y.strides, z.strides)
                        upstream = np.empty_like(z)
                        upstream[:] = dy
                        dx = function.backward(y, upstream, axis)
                        self.close(dx, gradient(name, Long(y), Long(dy), axis % 3), 1e-12)
                        same = z.copy(order="K")
                        self.assertIs(function(same, axis, out=same), same)
                        self.assertEqual(same.tobytes(), y.tobytes())

    def test_claims(self) -> None:
        for dtype, most in (("f32", 2.5), ("bf16", 0.51), ("f16", 0.51)):
            how = {"dtype": dtype} if dtype == "bf16" else {}
            x = pack(numbers(64, 1000), dtype)
            for axis in (0, 1):
                with self.subTest(dtype=dtype, axis=axis):
                    exact = softmax(unpack(x, dtype), axis).astype(float)
                    got = unpack(simdact.softmax(x, axis, **how), dtype)
                    normal = exact >= 2.0**-14 if dtype == "f16" else exact >= 2.0**-126
                    self.assertLessEqual(errors(dtype, got, exact)[normal].max(), most)

    def test_rows_with_gaps(self) -> None:
        room = numbers(6, 20)
        for x in (room[:, 3:11], room[::2, :7], room[1:2, 2:9], room[:, :1]):
            want = simdact.softmax(x.copy())
            self.assertEqual(simdact.softmax(x).tobytes(), want.tobytes())
            out = np.zeros((6, 30))[: len(x), 4 : 4 + x.shape[1]]
            simdact.softmax(x, out=out)
            self.assertEqual(out.tobytes(), want.tobytes())
            simdact.softmax.backward(out, x, out=out)
            self.assertEqual(out.tobytes(), simdact.softmax.backward(want, x.copy()).tobytes())
        deep = numbers(2, 3, 4, 9)[..., :5]
        self.close(simdact.softmax(deep), softmax(deep))
        for bad in (room[:, ::2], room[::-1], np.broadcast_to(room[0], (3, 20)), numbers(4, 3, 5)[:, :2]):
            self.raises(ValueError, "x (is not made of rows|has gaps)", lambda: simdact.softmax(bad))
        self.raises(ValueError, "x has gaps in memory", lambda: simdact.softmax(room[:, 3:11], 0))
        room = room.copy()
        self.raises(ValueError, "overlaps", lambda: simdact.softmax(room[:4], out=room[1:5]))

    def test_log_sum_exp(self) -> None:
        x = numbers(3, 4, 5)
        for axis in (0, 1, 2, -1):
            want = np.log(np.exp(Long(x)).sum(axis))
            for z in (x, np.asfortranarray(x)):
                self.close(simdact.log_sum_exp(z, axis), want)
                sums = np.zeros_like(simdact.log_sum_exp(z, axis))
                y = simdact.softmax(z, axis, log_sum_exp=sums)
                self.assertEqual(sums.tobytes(), simdact.log_sum_exp(z, axis).tobytes())
                self.assertEqual(y.tobytes(), simdact.softmax(z, axis).tobytes())
                out = np.zeros_like(sums)
                self.assertIs(simdact.log_sum_exp(z, axis, out=out), out)
                self.assertEqual(out.tobytes(), sums.tobytes())
        deep = numbers(2, 3, 4, 5).transpose(3, 0, 2, 1)
        for axis in range(4):
            self.close(simdact.log_sum_exp(deep, axis), np.log(np.exp(Long(deep)).sum(axis)))
        self.assertEqual(simdact.log_sum_exp(np.zeros((2, 8), np.float16)).dtype, np.float32)
        self.assertEqual(simdact.log_sum_exp(np.zeros(8)).shape, ())
        self.raises(
            TypeError, "out is float32, not float64", lambda: simdact.log_sum_exp(x, out=np.zeros((3, 4), "f4"))
        )
        self.raises(ValueError, "log_sum_exp has shape", lambda: simdact.softmax(x, log_sum_exp=np.zeros(4)))

    def test_diagonal(self) -> None:
        y, dy = softmax(numbers(4, 6)).astype(float), numbers(4, 6)
        self.close(simdact.softmax_diagonal(y, dy), dy * y * (1 - y))
        self.assertIs(simdact.softmax_diagonal(y, dy, out=dy), dy)

    def test_errors(self) -> None:
        x = numbers(3, 4)
        for axis in (2, -3):
            self.raises(
                ValueError, f"axis {axis} is out of range for an array of 2", lambda: simdact.softmax(x, axis)
            )
        self.raises(ValueError, "out of range for an array of 0", lambda: simdact.softmax(1.0))
        self.raises(TypeError, "NoneType", lambda: simdact.softmax(x, None))
        self.raises(ValueError, "softmax: rows have no columns", lambda: simdact.softmax(np.zeros((3, 0))))
        self.assertEqual(simdact.softmax(np.zeros((0, 3))).shape, (0, 3))
        self.raises(TypeError, "x is .*not float32", lambda: simdact.softmax(np.arange(3)))
        self.raises(
            TypeError,
            "softmax has no option 'temperature'; valid: scale,",
            lambda: simdact.softmax(x, temperature=2),
        )
        self.raises(ValueError, "tier 'slow' is none", lambda: simdact.softmax(x, tier="slow"))
        self.raises(ValueError, "target 'MMX' is no target", lambda: simdact.softmax(x, target="MMX"))
        self.raises(
            ValueError,
            "masked_row 'one' is none; valid: nan, zero, uniform",
            lambda: simdact.softmax(x, masked_row="one"),
        )

    def test_targets(self) -> None:
        x = numbers(5, 33).astype(np.float32)
        for target in simdact.targets():
            if target.runs:
                for axis in (0, 1):
                    for tier in ("accurate", "fast"):
                        self.close(simdact.softmax(x, axis, target=target.name, tier=tier), softmax(x, axis), 1e-6)


class OptionsTest(Case):
    """Against what they stand for: scores z, -inf where a column is hidden."""

    def setUp(self) -> None:
        self.x = numbers(2, 3, 4, 8)  # batches, heads, queries, keys

    def check(self, z: Array, **options: Any) -> Array:
        y = simdact.softmax(self.x, **options)
        self.close(y, softmax(Long(z)), 1e-12)
        self.close(simdact.log_sum_exp(self.x, **options), np.log(np.exp(Long(z)).sum(-1)), 1e-12)
        return y

    def test_scale_and_softcap(self) -> None:
        self.check(self.x * 0.125, scale=0.125)
        self.check(5 * np.tanh(self.x / 10), scale=0.5, softcap=5)
        self.close(simdact.softmax(self.x, 1, scale=2.0), softmax(2 * self.x, 1))
        for name in ("scale", "softcap", "mask_slope"):
            options = {name: 0.0, "mask": np.zeros(8)}
            self.raises(ValueError, f"{name} is to be", lambda: simdact.softmax(self.x, **options))
        self.raises(ValueError, "an option", lambda: simdact.softmax(self.x, scale=np.inf))
        self.raises(ValueError, "an option", lambda: simdact.softmax(self.x, softcap=-1))

    def test_masks(self) -> None:
        hidden = np.arange(8) % 3 == 0
        wide = np.arange(32).reshape(4, 8) % 5 == 1
        for shown in (~hidden, ~wide, np.broadcast_to(~wide, (3, 4, 8)).copy(), (~wide)[None, None]):
            z = np.where(shown, self.x, -np.inf)
            y = self.check(z, mask=shown)
            self.assertEqual(y.tobytes(), self.check(z, mask=shown.astype(np.uint8)).tobytes())
        full = numbers(2, 3, 4, 8)
        self.check(self.x + full, mask=full)
        self.check(self.x - 0.5 * full[0, 0], mask=full[0, 0].astype(np.float64), mask_slope=-0.5)
        single = full[0, 0].astype(np.float32)
        self.check(self.x + single, mask=single)
        room = numbers(4, 20)
        self.check(self.x + room[:, 2:10], mask=room[:, 2:10])
        for bad in (np.zeros((2, 1, 1, 8)), np.zeros((3, 8)), np.zeros(7), np.zeros(())):
            self.raises(ValueError, "mask has shape", lambda: simdact.softmax(self.x, mask=bad))
        self.raises(TypeError, "mask is int64", lambda: simdact.softmax(self.x, mask=np.zeros(8, int)))
        self.raises(ValueError, "mask is not made of rows", lambda: simdact.softmax(self.x, mask=room[:, 4::2]))

    def test_lengths_and_starts(self) -> None:
        keys = np.arange(8)
        lengths = np.array([[[3]], [[8]]])  # one for each batch
        self.check(np.where(keys < lengths[..., None], self.x, -np.inf), lengths=lengths)
        starts = np.array([0, 1, 2, 3], np.uint8)
        shown = (keys >= starts[:, None]) & (keys < 5)
        y = self.check(np.where(shown, self.x, -np.inf), lengths=5, starts=starts)
        dy = np.cos(self.x)
        dx = simdact.softmax.backward(y, dy, lengths=5, starts=starts)
        self.close(dx, gradient("softmax", y, dy, -1), 1e-12)
        self.raises(TypeError, "lengths is float64, not integers", lambda: simdact.softmax(self.x, lengths=3.0))
        self.raises(ValueError, "lengths is to be at least 0", lambda: simdact.softmax(self.x, lengths=-1))
        self.raises(
            ValueError, "starts has shape .* does not broadcast", lambda: simdact.softmax(self.x, starts=[1, 2, 3])
        )

    def test_causal(self) -> None:
        keys, queries = np.arange(8), np.arange(4)[:, None]
        for past in (0, 3):
            z = np.where(keys <= queries + past, self.x, -np.inf)
            y = self.check(z, causal=True, causal_past=past)
            dx = simdact.softmax.backward(y, self.x, causal=True, causal_past=past, scale=2.0)
            self.close(dx, 2 * gradient("softmax", y, self.x, -1), 1e-12)
        self.raises(ValueError, "causal_past needs causal", lambda: simdact.softmax(self.x, causal_past=3))
        self.raises(ValueError, "causal: for the last axis alone", lambda: simdact.softmax(self.x, 0, causal=True))

    def test_alibi_and_sinks(self) -> None:
        self.check(self.x + 0.5 * (np.arange(8) - 7), alibi_slope=0.5)
        sinks = np.array([0.5, -1.0, 2.0])[:, None]  # one for each head
        wide = np.broadcast_to(sinks[None, ..., None], (2, 3, 4, 1))
        want = softmax(np.concatenate([self.x, wide], -1))[..., :8]
        self.close(simdact.softmax(self.x, sinks=sinks), want)
        self.close(simdact.softmax(self.x, sinks=0.5)[:, 0], want[:, 0])
        self.raises(TypeError, "sinks is complex128", lambda: simdact.softmax(self.x, sinks=1j))

    def test_fortran_order_with_rows(self) -> None:
        z = np.asfortranarray(self.x)
        self.raises(ValueError, "x is not made of rows", lambda: simdact.softmax(z, lengths=3))

    def test_edge_rows(self) -> None:
        for axis in (0, -1):
            x = np.full((4, 4), -np.inf)
            self.assertTrue(np.isnan(simdact.softmax(x, axis)).all())
            self.assertTrue((simdact.softmax(x, axis, masked_row="zero") == 0).all())
            self.assertTrue((simdact.softmax(x, axis, masked_row="uniform") == 0.25).all())
            x = np.zeros((4, 4))
            x[0, 0] = np.inf
            limit = simdact.softmax(x, axis, infinite_score="limit")
            self.assertEqual(limit[0, 0], 1)
            self.assertTrue(np.isnan(simdact.softmax(x, axis)[0, 0]))


if __name__ == "__main__":
    unittest.main()
