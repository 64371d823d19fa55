"""Cross-entropy: torch's meaning of it, as a formula in long double; gradients, claims, errors."""
import itertools
import unittest
from typing import Any, Dict, Optional, Tuple

import numpy as np
import simdact
from checks import RUNNING, Case, how, numbers
from references import Array, Long, pack, unpack

CLASSES = 9
WEIGHTS = np.random.default_rng(1).random(CLASSES).astype(np.float32)


def reference(
    x: Array,
    labels: Array,
    weight: Optional[Array] = None,
    ignore_index: Optional[int] = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tuple[Array, Array]:
    """The loss, and its gradient for dy = 1."""
    z = Long(x) - x.max(-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))
    w = np.ones(x.shape[-1]) if weight is None else Long(weight)
    counts = np.ones(labels.shape, bool) if ignore_index is None else labels != ignore_index
    named = np.where(counts, labels, 0)[..., None] == np.arange(x.shape[-1])
    a = counts[..., None] * w * ((1 - Long(label_smoothing)) * named + Long(label_smoothing) / x.shape[-1])
    losses = -(a * log_p).sum(-1)
    dx = np.exp(log_p) * a.sum(-1, keepdims=True) - a
    if reduction == "none":
        return losses, dx
    divisor = (counts * w[np.where(counts, labels, 0)]).sum() if reduction == "mean" else Long(1)
    return losses.sum() / divisor, dx / divisor


class ValuesTest(Case):
    x = numbers(2, 5, CLASSES)
    labels = np.array([[1, 3, 8, 3, 0], [-100, 2, 2, 3, -100]])

    def options(self) -> Any:
        kinds = itertools.product((None, WEIGHTS), (-100, 3), ("none", "mean", "sum"), (0.0, 0.125, 1.0))
        names = ("weight", "ignore_index", "reduction", "label_smoothing")
        for values in kinds:
            yield dict(zip(names, values))

    def test_losses_and_gradients(self) -> None:
        for given in self.options():
            with self.subTest(**given):
                labels = np.where(self.labels < 0, given["ignore_index"], self.labels)
                loss, dx = reference(self.x, labels, **given)
                self.close(simdact.cross_entropy(self.x, labels, **given), loss)
                self.close(simdact.cross_entropy.backward(self.x, labels, **given), dx)
                both = simdact.cross_entropy.with_gradient(self.x, labels, -1.5, **given)
                self.close(both[0], loss)
                self.close(both[1], -1.5 * dx)

    def test_upstream(self) -> None:
        labels, dy = np.abs(self.labels) % CLASSES, numbers(2, 5)
        _, dx = reference(self.x, labels, reduction="none")
        for given in (dy, dy[:1], dy[0], 2, np.float32(0.5), 0.0, 1e300):
            with self.subTest(dy=given):
                got = simdact.cross_entropy.backward(self.x, labels, given, reduction="none")
                self.close(got, dx * np.broadcast_to(given, (2, 5))[..., None])
        self.assertTrue((simdact.cross_entropy.backward(self.x, labels, 0.0) == 0).all())

    def test_defaults_are_torchs(self) -> None:
        loss, dx = reference(self.x, self.labels)
        self.close(simdact.cross_entropy(self.x, self.labels), loss)
        self.close(simdact.cross_entropy.backward(self.x, self.labels), dx)

    def test_nothing_counts(self) -> None:
        labels = np.full((2, 5), -100)
        self.assertTrue(np.isnan(simdact.cross_entropy(self.x, labels)))
        self.assertEqual(simdact.cross_entropy(self.x, labels, reduction="sum"), 0)
        self.assertTrue((simdact.cross_entropy.backward(self.x, labels) == 0).all())
        none = np.zeros((0, 4))
        self.assertTrue(np.isnan(simdact.cross_entropy(none, np.zeros(0, int))))
        self.assertEqual(simdact.cross_entropy.backward(none, np.zeros(0, int)).shape, (0, 4))

    def test_single_row(self) -> None:
        x = self.x[0, 0]
        self.close(simdact.cross_entropy(x, 3), reference(x, np.array(3))[0])
        self.close(simdact.cross_entropy.backward(x, 3), reference(x, np.array(3))[1])

    def test_far_labels(self) -> None:
        """A loss next to 0 keeps its digits, and so does p - 1."""
        x = np.array([[80.0, 0.0, -3.0]])
        want = reference(x, np.array([0]))
        small = np.log1p(np.exp(Long(-80)) + np.exp(Long(-83)))
        self.close(simdact.cross_entropy(x, [0]) / small, np.array(1.0))
        self.close(simdact.cross_entropy.backward(x, [0])[0, 0] / -small, np.array(1.0))
        self.assertGreater(abs(float(want[0] / small) - 1), 1e-9)  # which a plain formula loses

    def test_specials(self) -> None:
        for bad in ([np.nan, 0, 1], [np.inf, 0, 1], [-np.inf] * 3):
            loss, dx = simdact.cross_entropy.with_gradient(np.array([bad], float), [1])
            self.assertTrue(np.isnan(loss) and np.isnan(dx).all())
        loss, dx = simdact.cross_entropy.with_gradient(np.array([[-np.inf, 0.0]]), [0])
        self.assertEqual((float(loss), dx[0, 0]), (np.inf, -1))

    def test_claims(self) -> None:
        labels = np.random.default_rng(2).integers(0, 1000, 64)
        for dtype, most in (("f32", 2.5), ("bf16", 0.51), ("f16", 0.51)):
            x = pack(numbers(64, 1000), dtype)
            wide, (loss, dx) = unpack(x, dtype), simdact.cross_entropy.with_gradient(
                x, labels, reduction="none", **how(dtype)
            )
            want = reference(wide, labels, reduction="none")
            with self.subTest(dtype=dtype):
                self.assertEqual(loss.dtype, np.float32)
                self.within(2.5, "f32", loss, want[0])
                self.within(most, dtype, dx, want[1])

    def test_targets_and_tiers(self) -> None:
        loss, dx = reference(self.x, self.labels)
        for target, tier in itertools.product(RUNNING, ("accurate", "fast")):
            got = simdact.cross_entropy.with_gradient(self.x, self.labels, target=target, tier=tier)
            self.close(got[0], loss)
            self.close(got[1], dx)


class ArraysTest(Case):
    x = numbers(4, CLASSES)
    labels = np.array([1, 0, 8, 3])

    def test_rows_with_gaps_and_out(self) -> None:
        want = simdact.cross_entropy.with_gradient(self.x, self.labels, reduction="none")
        room = np.zeros((4, 20))
        room[:, 5 : 5 + CLASSES] = self.x
        part = room[:, 5 : 5 + CLASSES]
        self.same(simdact.cross_entropy(part, self.labels, reduction="none"), want[0])
        loss = np.empty(4)
        got = simdact.cross_entropy.with_gradient(part, self.labels, reduction="none", out=(loss, part))
        self.assertIs(got[0], loss)
        self.assertIs(got[1], part)
        self.same(loss, want[0])
        self.same(part.copy(), want[1])
        self.assertTrue((room[:, :5] == 0).all() and (room[:, 5 + CLASSES :] == 0).all())

    def test_mean_into_out(self) -> None:
        out = np.zeros(())
        self.assertIs(simdact.cross_entropy(self.x, self.labels, out=out), out)
        self.close(out, reference(self.x, self.labels)[0])

    def test_log_sum_exp(self) -> None:
        sums = np.zeros(4)
        simdact.cross_entropy(self.x, self.labels, log_sum_exp=sums)
        self.close(sums, np.log(np.exp(Long(self.x)).sum(-1)))

    def test_labels(self) -> None:
        want = simdact.cross_entropy(self.x, self.labels)
        for kind in (np.int8, np.uint8, np.int32, np.uint64):
            self.same(simdact.cross_entropy(self.x, self.labels.astype(kind)), want)
        self.same(simdact.cross_entropy(self.x, np.repeat(self.labels, 2)[::2]), want)

    def test_errors(self) -> None:
        x, labels = self.x, self.labels
        loss = simdact.cross_entropy
        cases: Tuple[Tuple[Any, Any, Dict[str, Any], Any, str], ...] = (
            (x, labels[:3], {}, ValueError, r"labels has shape \(3,\), not \(4,\)"),
            (x, labels * 1.0, {}, TypeError, "labels is float64, not integers"),
            (x, labels == 1, {}, TypeError, "labels is bool, not integers"),
            (x, labels - 1, {}, ValueError, "labels has -1, which names no class"),
            (x, np.array([1, 2**64 - 1, 0, 0], np.uint64), {}, ValueError, "labels has -1"),
            (x, labels + 1, {}, ValueError, "cross_entropy: a label"),
            (np.zeros((4, 0)), labels, {}, ValueError, "rows have no columns"),
            (1.0, 0, {}, ValueError, "no axis of classes"),
            (x.astype(int), labels, {}, TypeError, "x is .*not float32"),
            (x[:, ::2], labels, {}, ValueError, "x is not made of rows"),
            (x, labels, {"weight": np.ones(3)}, ValueError, r"weight has shape \(3,\), not \(9,\)"),
            (x, labels, {"weight": ["a"] * CLASSES}, TypeError, "weight is <U1, not numbers"),
            (x, labels, {"reduction": "max"}, ValueError, "reduction 'max' is none; valid: none, mean, sum"),
            (x, labels, {"label_smoothing": 1.5}, ValueError, "cross_entropy: an option"),
            (x, labels, {"label_smoothing": None}, TypeError, "label_smoothing is to be a number"),
            (x, labels, {"ignore_index": 2**63}, ValueError, "ignore_index .* out of range"),
            (x, labels, {"axis": 0}, TypeError, "no option 'axis'; valid: weight,"),
            (x, labels, {"out": np.zeros((), "f4")}, TypeError, "out is float32, not float64"),
            (x, labels, {"out": np.zeros(4)}, ValueError, r"out has shape \(4,\), not \(\)"),
            (x, labels, {"log_sum_exp": np.zeros(8)[::2]}, ValueError, "log_sum_exp has gaps"),
            (x, labels, {"tier": "slow"}, ValueError, "tier 'slow' is none"),
        )
        for a, b, options, error, pattern in cases:
            with self.subTest(pattern=pattern):
                self.raises(error, pattern, lambda: loss(a, b, **options))
        self.raises(ValueError, "dy has shape", lambda: loss.backward(x, labels, np.ones(4)))
        self.raises(ValueError, "dy has shape", lambda: loss.backward(x, labels, np.ones(3), reduction="none"))
        self.raises(TypeError, "dy is to be a number", lambda: loss.backward(x, labels, "1"))
        self.raises(TypeError, "a pair of arrays", lambda: loss.with_gradient(x, labels, out=x))

    def test_overlap(self) -> None:
        room = numbers(6, CLASSES)
        before = room.copy()
        loss = simdact.cross_entropy
        self.raises(ValueError, "overlap", lambda: loss.backward(room[:4], self.labels, out=room[1:5]))
        out = room.ravel()[7:11]
        self.raises(ValueError, "overlap", lambda: loss(room[:4], self.labels, reduction="none", out=out))
        self.raises(ValueError, "overlap", lambda: loss(room[:4], self.labels, out=room[2, 3:4].reshape(())))
        self.same(room, before)


if __name__ == "__main__":
    unittest.main()
