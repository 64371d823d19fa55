"""Gated units: two arrays, rows of one, gradients, claims, errors."""
import unittest
from typing import Any, Callable, Dict, Tuple, Type

import numpy as np
import simdact
from references import ACTIVATIONS, FORMATS, Array, Long, derivative, errors, pack, swish, unpack

GATES = simdact.gates()
ACTS = {
    "glu": "sigmoid",
    "swiglu": "silu",
    "geglu": "gelu",
    "geglu_tanh": "gelu_tanh",
    "geglu_quick": "gelu_quick",
    "reglu": "relu",
}
LAYOUTS = ("gate_first", "up_first", "interleaved")


def numbers(*shape: int) -> Array:
    return np.random.default_rng(5).standard_normal(shape) * 3


def join(gate: Array, up: Array, layout: str) -> Array:
    if layout == "interleaved":
        return np.stack([gate, up], -1).reshape(*gate.shape[:-1], -1)
    return np.concatenate([up, gate] if layout == "up_first" else [gate, up], -1)


def oai(gate: Array, up: Array, alpha: float, limit: float) -> Array:
    return swish(np.minimum(gate, limit), alpha) * (np.clip(up, -limit, limit) + 1)


class GatesTest(unittest.TestCase):
    gate, up, dy = numbers(3, 4, 10)

    def close(self, got: Array, want: Array) -> None:
        np.testing.assert_allclose(got, np.asarray(want).astype(float), rtol=1e-9, atol=1e-13)

    def raises(self, error: Type[Exception], pattern: str, call: Callable[[], Any]) -> None:
        with self.assertRaisesRegex(error, pattern):
            call()

    def test_every_gate_has_a_reference(self) -> None:
        self.assertEqual(set(GATES), {*ACTS, "swiglu_oai"})

    def test_values_and_gradients(self) -> None:
        gate, up, dy = self.gate, self.up, self.dy
        for name, act in ACTS.items():
            with self.subTest(gate=name):
                f, slope = ACTIVATIONS[act](Long(gate)), derivative(act, Long(gate), {})
                self.close(GATES[name](gate, up), f * up)
                dgate, dup = GATES[name].backward(gate, up, dy)
                self.close(dgate, dy * up * slope)
                self.close(dup, dy * f)

    def test_parameters(self) -> None:
        got = simdact.swiglu_oai(self.gate, self.up, alpha=1.25, limit=1.5)
        self.close(got, oai(self.gate, self.up, 1.25, 1.5))
        self.assertEqual(got.tobytes(), simdact.swiglu_oai(self.gate, self.up, 1.25, 1.5).tobytes())
        self.assertEqual(GATES["swiglu_oai"].parameters, {"alpha": 1.702, "limit": 7.0})
        pattern = "swiglu has no parameter 'alpha'; valid: none"
        self.raises(TypeError, pattern, lambda: simdact.swiglu(self.gate, self.up, alpha=1.0))

    def test_rows(self) -> None:
        gate, up, dy = self.gate, self.up, self.dy
        for name, function in GATES.items():
            want, (dgate, dup) = function(gate, up), function.backward(gate, up, dy)
            for layout in LAYOUTS:
                with self.subTest(gate=name, layout=layout):
                    x = join(gate, up, layout)
                    y = function.rows(x, layout=layout)
                    self.assertEqual(y.tobytes(), want.tobytes())
                    dx = function.rows_backward(x, dy, layout=layout)
                    self.assertEqual(dx.tobytes(), join(dgate, dup, layout).tobytes())
                    room = np.zeros((4, 50))
                    room[:, 7:27] = x
                    self.assertEqual(function.rows(room[:, 7:27], layout=layout).tobytes(), want.tobytes())
                    function.rows(x, layout=layout, out=x[:, :10])
                    self.assertEqual(x[:, :10].tobytes(), want.tobytes())
        self.assertEqual(simdact.swiglu.rows(np.zeros((2, 0))).shape, (2, 0))
        self.assertEqual(simdact.swiglu.rows(np.zeros(6)).shape, (3,))

    def test_formats_and_tiers(self) -> None:
        """Of ordinary numbers, within the claims; f64 is what is exact."""
        for dtype in FORMATS:
            how: Dict[str, str] = {"dtype": "bf16"} if dtype == "bf16" else {}
            gate, up = pack(numbers(4000), dtype), pack(numbers(4000)[::-1], dtype)
            one = pack(np.ones(4000), dtype)
            for name, function in GATES.items():
                p = {parameter: float(np.float32(value)) for parameter, value in function.parameters.items()}
                wide = (unpack(gate, dtype), unpack(up, dtype))
                exact: Tuple[Array, ...] = (function(*wide, **p), *function.backward(*wide, np.ones(4000), **p))
                for tier in ("accurate", "fast"):
                    if dtype == "f64":
                        continue
                    with self.subTest(gate=name, dtype=dtype, tier=tier):
                        got = (
                            function(gate, up, tier=tier, **p, **how),
                            *function.backward(gate, up, one, tier=tier, **p, **how),
                        )
                        for number, (a, b) in enumerate(zip(got, exact)):
                            claim = function.claim(dtype, "backward" if number else "forward", tier)
                            assert claim is not None
                            a = unpack(a, dtype)
                            normal = np.abs(b) >= 2.0 ** (FORMATS[dtype][1] + 4)
                            if tier == "fast" and number == 1:  # 2^-22 of a term where act' crosses zero
                                normal &= np.abs(a - b) > 2.0**-22 * (np.abs(wide[1]) + 1)
                            self.assertLessEqual(errors(dtype, a, b)[normal].max(initial=0), claim + 1e-6)

    def test_targets(self) -> None:
        for target in simdact.targets():
            if target.runs:
                for name, function in GATES.items():
                    got = function(self.gate, self.up, target=target.name)
                    np.testing.assert_allclose(got, function(self.gate, self.up), rtol=3e-15, atol=0)

    def test_errors(self) -> None:
        gate = self.gate
        self.raises(ValueError, r"up has shape \(3, 10\), not \(4, 10\)", lambda: simdact.swiglu(gate, gate[:3]))
        self.raises(TypeError, "up is float32, not float64", lambda: simdact.swiglu(gate, gate.astype(np.float32)))
        self.raises(TypeError, "gate is int64|gate is <i8", lambda: simdact.swiglu(np.arange(3), np.arange(3)))
        self.raises(ValueError, "must be even", lambda: simdact.swiglu.rows(np.zeros((2, 3))))
        self.raises(ValueError, "must be even", lambda: simdact.swiglu.rows(np.zeros(())))
        self.raises(
            ValueError, "layout 'x' is none; valid: gate_first", lambda: simdact.swiglu.rows(gate, layout="x")
        )
        self.raises(ValueError, "dy has shape", lambda: simdact.swiglu.rows_backward(gate, gate))
        self.raises(ValueError, "swiglu.rows: .*overlap", lambda: simdact.swiglu.rows(gate, out=gate[:, 2:7]))


if __name__ == "__main__":
    unittest.main()
