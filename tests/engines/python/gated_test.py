"""Gates of any activation: limits, offsets, biases, layouts, gradients, errors. gates_test.py has those with names."""
import itertools
import unittest
from typing import Any, Dict, Tuple

import numpy as np
import simdact
from checks import RUNNING, Case, how, numbers
from references import ACTIVATIONS, PARAMETERS, POSITIVE, Array, Long, derivative, errors, pack, unpack

OPS = simdact.activations()
NAMED = {
    "sigmoid": "glu",
    "silu": "swiglu",
    "gelu": "geglu",
    "gelu_tanh": "geglu_tanh",
    "gelu_quick": "geglu_quick",
    "relu": "reglu",
}
LAYOUTS = ("gate_first", "up_first", "interleaved")
COLS = 21


def join(gate: Array, up: Array, layout: str) -> Array:
    if layout == "interleaved":
        return np.stack([gate, up], -1).reshape(*gate.shape[:-1], -1)
    return np.concatenate([up, gate] if layout == "up_first" else [gate, up], -1)


def halves(gate: Array, up: Array, given: Dict[str, Any]) -> Tuple[Array, Array]:
    """What comes before the limit."""
    zero = np.zeros(COLS)
    return gate + given.get("gate_bias", zero), up + given.get("up_bias", zero)


def forward(name: str, gate: Array, up: Array, p: Dict[str, float], given: Dict[str, Any]) -> Array:
    limit = given.get("limit") or np.inf
    g, u = halves(Long(gate), Long(up), given)
    return ACTIVATIONS[name](np.minimum(g, limit), **p) * (np.clip(u, -limit, limit) + given.get("offset", 0))


def backward(name: str, gate: Array, up: Array, dy: Array, p: Dict[str, float], given: Dict[str, Any]) -> Any:
    limit = given.get("limit") or np.inf
    g, u = halves(Long(gate), Long(up), given)
    inside, within = np.minimum(g, limit), np.clip(u, -limit, limit) + given.get("offset", 0)
    dgate = np.where(g <= limit, dy * within * derivative(name, inside, p), 0)
    return dgate, np.where(np.abs(u) <= limit, dy * ACTIVATIONS[name](inside, **p), 0)


class ValuesTest(Case):
    gate, up, dy = (numbers(5, COLS, seed=seed) for seed in (1, 2, 3))
    biases = {"gate_bias": numbers(COLS, seed=4) / 3, "up_bias": numbers(COLS, seed=5) / 3}

    def check(self, name: str, p: Dict[str, float], layout: str = "gate_first", **given: Any) -> None:
        gate = self.gate
        if name in POSITIVE:
            gate, given = np.abs(gate) + 1.5, {n: abs(v) if n == "gate_bias" else v for n, v in given.items()}
        x, op = join(gate, self.up, layout), OPS[name]
        how: Dict[str, Any] = {**p, **given, "layout": layout}
        y = op.gated(x, **how)
        self.close(y, forward(name, gate, self.up, p, given))
        sums = (np.empty(COLS), np.empty(COLS))
        dx = op.gated_backward(x, self.dy, dgate_bias=sums[0], dup_bias=sums[1], **how)
        want = backward(name, gate, self.up, self.dy, p, given)
        self.close(dx, join(*want, layout), 1e-8)
        for got, exact in zip(sums, want):
            self.close(got, exact.sum(0), 1e-8)

    def test_all_activations(self) -> None:
        for name in OPS:
            for p in ({}, PARAMETERS[name]) if name in PARAMETERS else ({},):
                with self.subTest(op=name, p=p):
                    self.check(name, p)
                    self.check(name, p, "interleaved", limit=2.5, offset=1.0, **self.biases)

    def test_options(self) -> None:
        for layout, limit, offset in itertools.product(LAYOUTS, (None, 1.5), (0.0, -0.25)):
            for biases in ({}, self.biases, {"up_bias": self.biases["up_bias"]}):
                with self.subTest(layout=layout, limit=limit, offset=offset, biases=list(biases)):
                    self.check("mish", {}, layout, limit=limit, offset=offset, **biases)

    def test_gates_with_names(self) -> None:
        """Bits of the gates that have one."""
        x = join(self.gate, self.up, "gate_first")
        for op, gate in NAMED.items():
            self.same(OPS[op].gated(x), simdact.gates()[gate].rows(x))
        got = simdact.swish.gated(x, 1.702, limit=7, offset=1)
        self.same(got, simdact.swiglu_oai.rows(x))

    def test_targets_and_tiers(self) -> None:
        x = join(self.gate, self.up, "gate_first").astype(np.float32)
        want = forward("silu", *np.split(x.astype(float), 2, -1), {}, {"limit": 3.0})
        for target, tier in itertools.product(RUNNING, ("accurate", "fast")):
            self.close(simdact.silu.gated(x, limit=3.0, target=target, tier=tier), want, 1e-6)


class ClaimsTest(Case):
    """f32, bf16 and f16 at the default parameters, beside f64."""

    def test_forward(self) -> None:
        gate, up = numbers(40, 50), numbers(40, 50, seed=7)
        for name, dtype, offset in itertools.product(OPS, ("f32", "bf16", "f16"), (0.0, 1.0)):
            op = OPS[name]
            positive = np.abs(gate) if name in POSITIVE else gate
            x = pack(join(positive, up, "up_first"), dtype)
            p = {n: float(np.float32(v)) for n, v in op.parameters.items()}
            p = {} if name == "hardsigmoid" else p
            exact = op.gated(unpack(x, dtype), layout="up_first", offset=offset, **p)
            got = op.gated(x, layout="up_first", offset=offset, **p, **how(dtype))
            most = 0.51
            if dtype == "f32":
                claim = op.claim("f32")
                assert claim is not None
                most = 2 * claim + 0.5
                if name in NAMED:
                    most = simdact.gates()[NAMED[name]].claim("f32") or 0.0
                most += offset != 0
            with self.subTest(op=name, dtype=dtype, offset=offset):
                self.within(most + 1e-6, dtype, got, exact)

    def test_gradients(self) -> None:
        """For dy = 1: 5 ulps and 0.51, but next to zeros of f', where products of f64 are compared."""
        gate, up = numbers(40, 50), numbers(40, 50, seed=7)
        for name, dtype in itertools.product(("silu", "gelu", "tanh", "mish", "elu", "softplus"), ("f32", "bf16")):
            x, dy = pack(join(gate, up, "gate_first"), dtype), pack(np.ones((40, 50)), dtype)
            exact = OPS[name].gated_backward(unpack(x, dtype), np.ones((40, 50)))
            got = unpack(OPS[name].gated_backward(x, dy, **how(dtype)), dtype)
            with self.subTest(op=name, dtype=dtype):
                self.assertLessEqual(errors(dtype, got, exact).max(), 5 if dtype == "f32" else 0.51)

    def test_sums_of_floats(self) -> None:
        """In double, before they are rounded to 16 bits."""
        x, dy = pack(numbers(300, 10), "bf16"), pack(numbers(300, 5), "bf16")
        sums = np.empty(5, np.uint16)
        simdact.relu.gated_backward(x, dy, dup_bias=sums, dtype="bf16")
        wide = unpack(x, "bf16")[:, :5]
        exact = (Long(unpack(dy, "bf16")) * np.maximum(wide, 0)).sum(0).astype(float)
        self.assertLessEqual(errors("bf16", unpack(sums, "bf16"), exact).max(), 0.51)


class ArraysTest(Case):
    gate, up, dy = (numbers(5, COLS, seed=seed) for seed in (1, 2, 3))

    def test_rows_with_gaps_and_in_place(self) -> None:
        x = join(self.gate, self.up, "gate_first")
        want, slopes = simdact.gelu.gated(x), simdact.gelu.gated_backward(x, self.dy)
        room = np.zeros((5, 60))
        part = room[:, 7 : 7 + 2 * COLS]
        for half in (part[:, :COLS], part[:, COLS:]):
            part[...] = x
            self.assertIs(simdact.gelu.gated(part, out=half), half)
            self.same(half.copy(), want)
        part[...] = x
        self.assertIs(simdact.gelu.gated_backward(part, self.dy, out=part), part)
        self.same(part.copy(), slopes)
        self.assertTrue((room[:, :7] == 0).all() and (room[:, 7 + 2 * COLS :] == 0).all())
        for shape in ((0, 6), (3, 0), (6,), (2, 0, 4)):
            self.assertEqual(simdact.gelu.gated(np.zeros(shape)).shape, (*shape[:-1], shape[-1] // 2))
        sums = np.ones(3)
        simdact.gelu.gated_backward(np.zeros((0, 6)), np.zeros((0, 3)), dgate_bias=sums)
        self.assertTrue((sums == 0).all())

    def test_errors(self) -> None:
        x, dy, silu = join(self.gate, self.up, "gate_first"), self.dy, simdact.silu
        wrong: Tuple[Tuple[Any, Any, str], ...] = (
            (lambda: silu.gated(x[:, 1:]), ValueError, "must be even; the shape is"),
            (lambda: silu.gated(x, layout="x"), ValueError, "layout 'x' is none; valid: gate_first"),
            (lambda: silu.gated(x, limit=0), ValueError, "silu: limit is to be above 0"),
            (lambda: silu.gated(x, limit=-1.0), ValueError, "silu.gated: an option"),
            (lambda: silu.gated(x, offset=np.inf), ValueError, "silu.gated: an option"),
            (lambda: silu.gated(x, limit="7"), TypeError, "silu: limit is to be a number"),
            (lambda: silu.gated(x, gate_bias=np.ones(3)), ValueError, r"gate_bias has shape \(3,\), not \(21,\)"),
            (lambda: silu.gated(x, up_bias=np.ones(COLS, "f4")), TypeError, "up_bias is float32, not float64"),
            (lambda: silu.gated(x, up_bias=np.ones(2 * COLS)[::2]), ValueError, "up_bias has gaps"),
            (lambda: silu.gated(x, beta=1.0), TypeError, "silu has no parameter 'beta'"),
            (lambda: silu.gated(x, tier="slow"), ValueError, "tier 'slow' is none"),
            (lambda: silu.gated(x, target="MMX"), ValueError, "is no target"),
            (lambda: silu.gated(x[:, ::2]), ValueError, "must be even|not made of rows"),
            (lambda: silu.gated(x.astype(int)), TypeError, "x is"),
            (lambda: silu.gated(x, out=dy[:3]), ValueError, "out has shape"),
            (lambda: silu.gated_backward(x, dy[:, :3]), ValueError, "dy has shape"),
            (lambda: silu.gated_backward(x, dy, dup_bias=np.ones(3)), ValueError, "dup_bias has shape"),
            (lambda: silu.gated_backward(x, dy, dup_bias=[1.0] * COLS), TypeError, "dup_bias is to be a NumPy"),
        )
        for call, error, pattern in wrong:
            with self.subTest(pattern=pattern):
                self.raises(error, pattern, call)

    def test_overlap(self) -> None:
        x, dy = join(self.gate, self.up, "gate_first"), self.dy.copy()
        before = x.copy()
        silu = simdact.silu
        self.raises(ValueError, "overlap", lambda: silu.gated(x, out=x[:, 3 : 3 + COLS]))
        self.raises(ValueError, "overlap", lambda: silu.gated(x, gate_bias=x[0, :COLS], out=x[:, :COLS]))
        self.raises(ValueError, "overlap", lambda: silu.gated_backward(x, dy, dgate_bias=dy[0]))
        sums = np.empty(COLS)
        self.raises(ValueError, "overlap", lambda: silu.gated_backward(x, dy, dgate_bias=sums, dup_bias=sums))
        self.same(x, before)


if __name__ == "__main__":
    unittest.main()
