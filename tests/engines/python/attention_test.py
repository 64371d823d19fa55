"""Attention's softmax: every option beside a formula in long double, gradients, layouts, claims, errors."""
import itertools
import unittest
from typing import Any, Dict, NamedTuple, Tuple

import numpy as np
import simdact
from checks import RUNNING, Case, how, numbers
from references import Array, Long, pack, unpack

B, H, Q, K = SHAPE = (2, 3, 5, 8)
ATTENTION = simdact.attention_softmax


def by_head(values: Any, shape: Tuple[int, ...] = SHAPE) -> Array:
    """A number, or one for each head, or for each batch and head: in the rows' shape."""
    array = Long(values)
    if array.ndim < 2:
        array = np.broadcast_to(array, shape[1:2])
    return np.broadcast_to(array, shape[:2])[..., None]


def by_batch(values: Any, shape: Tuple[int, ...] = SHAPE) -> Array:
    return np.broadcast_to(np.asarray(values), shape[:1]).reshape(-1, 1, 1, 1)


class Truth(NamedTuple):
    z: Array  # scores, -inf where a key is hidden
    slope: Array  # dz / dx
    sums: Array  # log(s)
    y: Array


def truth(x: Array, **given: Any) -> Truth:
    """x of four axes, in long double."""
    keys, at = np.arange(x.shape[-1]), np.arange(x.shape[-2])[:, None] + by_batch(given.get("diagonal", 0), x.shape)
    last = np.broadcast_to(by_batch(given.get("key_lengths", x.shape[-1]), x.shape) - 1, at.shape)
    first = np.zeros_like(at)
    if given.get("causal"):
        last = np.minimum(last, at)
    left, right = given.get("window") or (-1, -1)
    last = np.minimum(last, at + right) if right >= 0 else last
    first = at - left if left >= 0 else first
    z = slope = Long(x) * given.get("scale", 1.0)
    slope = np.full(x.shape, given.get("scale", Long(1)))
    if given.get("softcap"):
        t = np.tanh(z / given["softcap"])
        z, slope = given["softcap"] * t, slope * (1 - t * t)
    if given.get("alibi_slopes") is not None:
        z = z + by_head(given["alibi_slopes"], x.shape)[..., None] * (keys - last)
    shown = (keys >= first) & (keys <= last)
    mask = given.get("mask")
    if mask is not None and mask.dtype in (np.bool_, np.uint8):
        shown = shown & (mask != 0)
    elif mask is not None:
        z = z + by_head(given.get("mask_slope", 1.0), x.shape)[..., None] * mask
    z = np.where(shown, z, -np.inf)
    s = np.exp(z).sum(-1)
    if given.get("sinks") is not None:
        s = s + np.exp(by_head(given["sinks"], x.shape))
    return Truth(z, slope, np.log(s), np.exp(z) / s[..., None])


def gradient(t: Truth, dy: Array, **given: Any) -> Tuple[Array, Array]:
    """dx, and the gradient of sinks for each batch and head."""
    mean = (t.y * dy).sum(-1)
    share = np.exp(by_head(given.get("sinks", -np.inf), dy.shape) - t.sums)
    return t.slope * t.y * (dy - mean[..., None]), -(share * mean).sum(-1)


class OptionsTest(Case):
    x, dy = numbers(*SHAPE), numbers(*SHAPE, seed=7)
    masks = {
        "rows": numbers(Q, K, seed=8),
        "single": numbers(B, 1, 1, K, seed=9).astype(np.float32),
        "bool": np.arange(H * K).reshape(H, 1, K) % 5 != 1,
        "bytes": (np.arange(B * Q * K).reshape(B, 1, Q, K) % 3 != 0).astype(np.uint8),
        "all": numbers(*SHAPE, seed=10),
        "broadcast": np.broadcast_to(numbers(B, 1, 1, K, seed=9), SHAPE),
    }

    def check(self, **given: Any) -> None:
        t = truth(self.x, **given)
        sums = np.empty(SHAPE[:-1])
        y = ATTENTION(self.x, log_sum_exp=sums, **given)
        self.close(y, t.y)
        self.close(sums, t.sums)
        dx, each = gradient(t, self.dy, **given)
        self.close(ATTENTION.backward(y, self.dy, x=self.x, **given), dx, 1e-11)
        self.close(ATTENTION.backward(None, self.dy, x=self.x, log_sum_exp=sums, **given), dx, 1e-11)
        if not given.get("softcap"):
            self.close(ATTENTION.backward(y, self.dy, **given), dx, 1e-11)
        if given.get("sinks") is not None:
            one_per_batch = np.ndim(given["sinks"]) == 2
            dsinks = np.empty((B, H) if one_per_batch else (H,))
            ATTENTION.backward(y, self.dy, x=self.x, log_sum_exp=sums, dsinks=dsinks, **given)
            self.close(dsinks, each if one_per_batch else each.sum(0), 1e-11)

    def test_scores(self) -> None:
        self.check()
        self.check(scale=0.125)
        self.check(scale=0.5, softcap=5.0)
        for slopes in (0.5, [0.5, 0.25, 0.125], numbers(B, H)):
            slopes = np.float32(slopes)
            self.check(alibi_slopes=slopes)
            self.check(sinks=slopes, alibi_slopes=slopes, causal=True)
            self.check(sinks=slopes, scale=0.5, softcap=3.0)

    def test_masks(self) -> None:
        for name, mask in self.masks.items():
            with self.subTest(mask=name):
                self.check(mask=mask)
                self.check(mask=mask, scale=2.0, sinks=0.5)
                if mask.dtype not in (np.bool_, np.uint8):
                    self.check(mask=mask, mask_slope=-0.5)
                    self.check(mask=mask, mask_slope=[0.5, -2.0, 0.25])

    def test_keys(self) -> None:
        for diagonal in (0, 3, [0, 2]):
            self.check(causal=True, diagonal=diagonal)
            for window in ((2, 0), (2, 1), (-1, 1), (1, -1), (0, 0)):
                self.check(window=window, diagonal=diagonal)
                self.check(window=window, diagonal=diagonal, causal=True, sinks=1.0)
        self.check(key_lengths=5)
        self.check(key_lengths=np.array([3, 8], np.uint8), alibi_slopes=0.25)
        self.check(
            key_lengths=[6, 7], causal=True, mask=self.masks["rows"], scale=0.5, softcap=4.0, sinks=[1, 2, 3]
        )

    def test_negative_diagonal(self) -> None:
        """Rows without a key."""
        given: Dict[str, Any] = {"causal": True, "diagonal": [-2, 0]}
        t = truth(self.x, **given)
        hidden = np.isinf(t.sums)
        self.assertEqual(hidden.sum(), 2 * H)
        for kind, value in (("zero", 0), ("uniform", 1 / K), ("nan", np.nan)):
            y = ATTENTION(self.x, masked_row=kind, **given)
            self.close(y, np.where(hidden[..., None], value, t.y))

    def test_infinite_scores(self) -> None:
        x = self.x.copy()
        x[0, 0, 0, 3] = np.inf
        self.assertTrue(np.isnan(ATTENTION(x)[0, 0, 0]).all())
        self.assertEqual(ATTENTION(x, infinite_score="limit")[0, 0, 0].tolist(), [0.0] * 3 + [1.0] + [0.0] * 4)

    def test_targets_and_tiers(self) -> None:
        x = self.x.astype(np.float32)
        given: Dict[str, Any] = {"causal": True, "scale": 0.5, "sinks": 1.0}
        t = truth(x, **given)
        for target, tier in itertools.product(RUNNING, ("accurate", "fast")):
            y = ATTENTION(x, target=target, tier=tier, **given)
            self.close(y, t.y, 1e-6)
            dx = ATTENTION.backward(y, x, target=target, tier=tier, **given)
            self.close(dx, gradient(t, x, **given)[0], 2e-6)


class ClaimsTest(Case):
    def test_claims(self) -> None:
        for dtype, most, slack in (("f32", 2.5, 2.0), ("bf16", 0.51, 0.51), ("f16", 0.51, 0.51)):
            x, dy = pack(numbers(2, 4, 30, 100), dtype), pack(numbers(2, 4, 30, 100, seed=7), dtype)
            given: Dict[str, Any] = {"causal": True, "diagonal": 70, "scale": 0.5, "sinks": 1.5}
            t = truth(unpack(x, dtype), **given)
            y = ATTENTION(x, **given, **how(dtype))
            with self.subTest(dtype=dtype):
                self.within(most, dtype, y, t.y)
                # The gradient of what y is, once it has been rounded.
                wide, up = Long(unpack(y, dtype)), Long(unpack(dy, dtype))
                mean = (wide * up).sum(-1, keepdims=True)
                exact = np.where(np.abs(up - mean) < 2.0**-10 * np.abs(up), 0, 0.5 * wide * (up - mean))
                got = ATTENTION.backward(y, dy, **given, **how(dtype))
                self.within(slack, dtype, got, exact)


class ArraysTest(Case):
    x = numbers(*SHAPE)

    def test_layouts(self) -> None:
        want = ATTENTION(self.x, causal=True, sinks=[1, 2, 3])
        gradients = ATTENTION.backward(want, self.x, causal=True)
        for order in itertools.permutations(range(3)):
            room = np.zeros([SHAPE[axis] for axis in order] + [K + 4])[..., 2 : 2 + K]
            x = room.transpose([order.index(axis) for axis in range(3)] + [3])
            x[...] = self.x
            y = ATTENTION(x, causal=True, sinks=[1, 2, 3])
            self.same(y.copy(order="C"), want)
            self.same(ATTENTION.backward(y, x, causal=True).copy(order="C"), gradients)
            self.assertIs(ATTENTION(x, causal=True, sinks=[1, 2, 3], out=x), x)
            self.same(x.copy(order="C"), want)

    def test_fewer_axes(self) -> None:
        self.same(ATTENTION(self.x[1], causal=True), ATTENTION(self.x, causal=True)[1])
        self.same(ATTENTION(self.x[1, 2], causal=True), ATTENTION(self.x, causal=True)[1, 2])
        sums = np.empty((H, Q))
        ATTENTION(self.x[0], log_sum_exp=sums, mask=np.zeros((H, 1, K)))
        self.close(sums, truth(self.x).sums[0])
        for shape in ((0, 3, 4, 5), (2, 0, 4, 5), (2, 3, 0, 5)):
            self.assertEqual(ATTENTION(np.zeros(shape)).shape, shape)

    def test_bits(self) -> None:
        """Those of softmax over the last axis."""
        y = ATTENTION(self.x, scale=0.5, causal=True)
        self.same(y, simdact.softmax(self.x, scale=0.5, causal=True))

    def test_errors(self) -> None:
        x, sums = self.x, np.zeros(SHAPE[:-1])
        y, back = ATTENTION(x), ATTENTION.backward
        wrong: Tuple[Tuple[Any, Any, str], ...] = (
            (lambda: ATTENTION(x[0, 0, 0]), ValueError, "scores are .*batches, heads, queries, keys"),
            (lambda: ATTENTION(x[None]), ValueError, "scores are .*batches, heads, queries, keys"),
            (lambda: ATTENTION(x[..., ::2]), ValueError, "x is not made of rows whose keys lie side by side"),
            (lambda: ATTENTION(x[:, ::-1]), ValueError, "x is not made of rows"),
            (lambda: ATTENTION(np.broadcast_to(x[:1], SHAPE)), ValueError, "x is not made of rows"),
            (lambda: ATTENTION(x[..., :0]), ValueError, "rows have no columns"),
            (lambda: ATTENTION(x.astype(int)), TypeError, "x is"),
            (lambda: ATTENTION(x, scale=0), ValueError, "scale is to be other than 0"),
            (lambda: ATTENTION(x, mask_slope=0.0), ValueError, "mask_slope is to be other than 0"),
            (lambda: ATTENTION(x, mask=x, mask_slope=[1, 0, 1]), ValueError, "attention_softmax: an option"),
            (lambda: ATTENTION(x, softcap=0), ValueError, "softcap is to be above 0"),
            (lambda: ATTENTION(x, scale=np.inf), ValueError, "attention_softmax: an option"),
            (lambda: ATTENTION(x, mask=np.zeros((Q, 1))), ValueError, "mask has shape .* all keys"),
            (lambda: ATTENTION(x, mask=np.zeros((4, K))), ValueError, "mask has shape"),
            (lambda: ATTENTION(x, mask=np.zeros((1, *SHAPE))), ValueError, "mask has shape"),
            (lambda: ATTENTION(x, mask=np.zeros(())), ValueError, "mask has shape"),
            (lambda: ATTENTION(x, mask=np.zeros(K, int)), TypeError, "mask is int64"),
            (lambda: ATTENTION(x, mask=np.zeros(2 * K)[::2]), ValueError, "mask is not made of rows"),
            (lambda: ATTENTION(x, alibi_slopes=np.ones(4)), ValueError, "alibi_slopes has shape"),
            (lambda: ATTENTION(x, alibi_slopes=np.inf), ValueError, "attention_softmax: an option"),
            (lambda: ATTENTION(x, sinks="a"), TypeError, "sinks is <U1"),
            (lambda: ATTENTION(x, key_lengths=[1, 2, 3]), ValueError, "key_lengths has shape"),
            (lambda: ATTENTION(x, key_lengths=-1), ValueError, "key_lengths is to be at least 0"),
            (lambda: ATTENTION(x, key_lengths=1.5), TypeError, "key_lengths is float64, not integers"),
            (lambda: ATTENTION(x, diagonal=1.5), TypeError, "float"),
            (lambda: ATTENTION(x, diagonal=[1.0, 2.0]), TypeError, "diagonal is float64"),
            (lambda: ATTENTION(x, window=3), TypeError, r"window is to be \(left, right\)"),
            (lambda: ATTENTION(x, window=(2**64, 1)), ValueError, "window .* is out of range"),
            (lambda: ATTENTION(x, masked_row="one"), ValueError, "masked_row 'one' is none"),
            (lambda: ATTENTION(x, temperature=1), TypeError, "no option 'temperature'; valid: scale,"),
            (lambda: ATTENTION(x, log_sum_exp=np.zeros((B, H))), ValueError, "log_sum_exp has shape"),
            (lambda: ATTENTION(x, log_sum_exp=sums.astype("f4")), TypeError, "log_sum_exp is float32, not float64"),
            (lambda: ATTENTION(x, out=np.zeros((B, H, Q, 9))), ValueError, "out has shape"),
            (lambda: ATTENTION(x, target="MMX"), ValueError, "is no target"),
            (lambda: back(None, x), ValueError, "needs y, or x and log_sum_exp"),
            (lambda: back(None, x, x=x), ValueError, "needs y, or x and log_sum_exp"),
            (lambda: back(y, x, softcap=3.0), ValueError, "needs x where there is a softcap"),
            (lambda: back(y, x, dsinks=np.zeros(H)), ValueError, "dsinks needs sinks and log_sum_exp"),
            (lambda: back(y, x, sinks=1, log_sum_exp=sums, dsinks=np.zeros(2)), ValueError, "dsinks has shape"),
            (lambda: back(y[:1], x), ValueError, "y has shape"),
            (lambda: back(y.astype("f4"), x), TypeError, "y is float32"),
        )
        for number, (call, error, pattern) in enumerate(wrong):
            with self.subTest(number=number, pattern=pattern):
                self.raises(error, pattern, call)

    def test_overlap(self) -> None:
        room = numbers(3, H, Q, K)
        before = room.copy()
        self.raises(ValueError, "overlap", lambda: ATTENTION(room[:2], out=room[1:]))
        self.raises(ValueError, "overlap", lambda: ATTENTION(room[:2], mask=room[0], out=room[:2]))
        sums = room[2].ravel()[: B * H * Q].reshape(B, H, Q)
        self.raises(ValueError, "overlap", lambda: ATTENTION(room[1:], log_sum_exp=sums))
        strides = (H * Q * K * 8, Q * K * 8, 8, 8)  # rows that lie in each other
        woven = np.lib.stride_tricks.as_strided(room, (2, H, Q, K), strides)
        self.raises(ValueError, "row stride|stride", lambda: ATTENTION(woven, out=woven))
        self.same(room, before)


if __name__ == "__main__":
    unittest.main()
