"""Every activation in every format: values and gradients against formulas, claims, tiers and targets, the bits of the C
functions, threads. arrays_test.py has what is asked of arrays."""
import ctypes
import pickle
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np
import simdact
from references import (
    ACTIVATIONS,
    FORMATS,
    NUMPY,
    PARAMETERS,
    POSITIVE,
    Array,
    Long,
    derivative,
    errors,
    pack,
    unpack,
)

OPS = simdact.activations()
RUNNING = [target for target in simdact.targets() if target.runs]


def cases() -> Iterator[Tuple[str, Dict[str, float]]]:
    yield from ((name, {}) for name in OPS)
    yield from PARAMETERS.items()


def option(dtype: str) -> Dict[str, str]:
    return {"dtype": "bf16"} if dtype == "bf16" else {}


def inputs(dtype: str) -> Array:
    """Finite numbers: all of 16 bits; else of all sizes, and ordinary ones."""
    if dtype in ("bf16", "f16"):
        bits = np.arange(2**16, dtype=np.uint16)
        x = bits if dtype == "bf16" else bits.view(np.float16)
    else:
        random = np.random.default_rng(1)
        size = 4 if dtype == "f32" else 8
        any_size = np.frombuffer(random.bytes(5000 * size), NUMPY[dtype])
        x = np.concatenate([any_size, (random.standard_normal(5000) * 4).astype(NUMPY[dtype])])
    return x[np.isfinite(unpack(x, dtype))]


def rounded_defaults(name: str) -> Dict[str, float]:
    """As the kernels of all formats but f64 see them."""
    return {parameter: float(np.float32(value)) for parameter, value in OPS[name].parameters.items()}


def exact(name: str, dtype: str, x: Array) -> Array:
    """simdact's f64, of which the others' ulps are millions. hardsigmoid knows that its alpha is a sixth."""
    p = {} if name == "hardsigmoid" else rounded_defaults(name)
    return OPS[name](unpack(x, dtype), **p)


class ValuesTest(unittest.TestCase):
    def test_every_op_has_a_reference(self) -> None:
        self.assertEqual(set(OPS), set(ACTIVATIONS))

    def test_values(self) -> None:
        grid = np.concatenate([np.linspace(-6, 6, 4003), [-30, -17.5, 17.5, 30]])
        for name, p in cases():
            x = np.abs(grid) if name in POSITIVE else grid
            with self.subTest(op=name, p=p):
                want = ACTIVATIONS[name](Long(x), **p)
                np.testing.assert_allclose(OPS[name](x, **p), want.astype(float), rtol=2e-13, atol=2e-16)

    def test_gradients(self) -> None:
        points = np.array([-20.3, -7.1, -4.3, -2.2, -1.27, -0.7, -0.3, 0.4, 0.9, 1.7, 3.2, 5.1, 9.3])
        dy = np.linspace(-2, 3, len(points))
        for name, p in cases():
            x = np.abs(points) if name in POSITIVE else points
            want = (dy * derivative(name, Long(x), p)).astype(float)
            with self.subTest(op=name, p=p):
                np.testing.assert_allclose(OPS[name].backward(x, dy, **p), want, rtol=1e-9, atol=1e-12)

    def test_gradients_from_output(self) -> None:
        points = np.array([-2.2, -1.27, -0.7, -0.3, 0.4, 0.9, 1.7])
        dy = np.linspace(-2, 3, len(points))
        count = 0
        for name, op in OPS.items():
            x = np.abs(points) if name in POSITIVE else points
            with self.subTest(op=name):
                if op.derivative_from_output is None:
                    with self.assertRaisesRegex(ValueError, "does not follow from the output"):
                        op.backward_from_output(x, dy)
                    continue
                count += 1
                x = np.abs(x) if name in ("rsqrt", "reciprocal") else x
                got = op.backward_from_output(op(x), dy)
                np.testing.assert_allclose(got, op.backward(x, dy), rtol=1e-12, atol=1e-14)
        self.assertGreater(count, 20)

    def test_specials(self) -> None:
        for dtype in FORMATS:
            x = pack([1.0, np.nan, 2.0, -12.0], dtype)
            for name, op in OPS.items():
                with self.subTest(op=name, dtype=dtype):
                    positive = x[:3] if name in POSITIVE else x
                    nan = np.isnan(unpack(op(positive, **option(dtype)), dtype))
                    self.assertEqual(nan.tolist(), [False, True, False, False][: len(positive)])
        tail = np.array([-12.0, -100.0], np.float32)
        self.assertTrue((simdact.gelu(tail[:1]) < 0).all())
        self.assertTrue((simdact.sigmoid(tail) > 0).all())


class ClaimsTest(unittest.TestCase):
    def check(self, dtype: str, tier: str) -> None:
        x = inputs(dtype)
        one = pack(np.ones(len(x)), dtype)
        normal = 2.0 ** FORMATS[dtype][1]
        for name, op in OPS.items():
            p, how = rounded_defaults(name), {"tier": tier, **option(dtype)}
            wide = exact(name, dtype, x)
            keep = np.abs(wide) >= normal if tier == "fast" else np.ones(len(x), bool)
            with self.subTest(op=name, dtype=dtype, tier=tier):
                error = errors(dtype, unpack(op(x, **p, **how), dtype), wide)[keep]
                claim = op.claim(dtype, "forward", tier)
                assert claim is not None
                self.assertLessEqual(error.max(), claim + 1e-6)
                if tier != "fast":
                    wide = op.backward(unpack(x, dtype), np.ones(len(x)), **p)
                    error = errors(dtype, unpack(op.backward(x, one, **p, **how), dtype), wide)
                    claim = op.claim(dtype, "backward", tier)
                    assert claim is not None
                    self.assertLessEqual(error.max(), claim + 1e-6)

    def test_f32(self) -> None:
        self.check("f32", "accurate")

    def test_exact_f32(self) -> None:
        self.check("f32", "exact")

    def test_exact_is_accurate_in_16_bits_and_none_in_f64(self) -> None:
        x = np.array([0.3, -1.7], np.float16)
        self.assertEqual(simdact.gelu(x, tier="exact").tolist(), simdact.gelu(x).tolist())
        self.assertIsNone(simdact.gelu.claim("f64", tier="exact"))
        with self.assertRaisesRegex(ValueError, "gelu: there is no exact tier in f64"):
            simdact.gelu(x.astype(np.float64), tier="exact")
        with self.assertRaisesRegex(ValueError, "tier 'exact' is none; valid: accurate, fast"):
            simdact.softmax(x.reshape(1, 2), tier="exact")

    def test_f16(self) -> None:
        self.check("f16", "accurate")

    def test_bf16(self) -> None:
        self.check("bf16", "accurate")

    def test_fast(self) -> None:
        for dtype in ("f32", "f16", "bf16"):
            self.check(dtype, "fast")
        x = inputs("f32")
        self.assertFalse((simdact.gelu(x) == simdact.gelu(x, tier="fast")).all(), "fast is accurate")


class BitsTest(unittest.TestCase):
    """What the C functions give, bit by bit."""

    library: Any = simdact._library.library  # type: ignore[attr-defined]

    def c(self, name: str, dtype: str, arrays: List[Array], p: Dict[str, float]) -> Array:
        function = getattr(self.library, f"simdact_{name}_{dtype}")
        function.restype = None
        y = np.empty_like(arrays[0])
        kind = ctypes.c_double if dtype == "f64" else ctypes.c_float
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in [*arrays, y]]
        function(*pointers, ctypes.c_size_t(y.size), *(kind(value) for value in p.values()))
        return y

    def test_same_as_c(self) -> None:
        for dtype in FORMATS:
            x = inputs(dtype)[::7].copy()
            dy = pack(np.linspace(-2, 3, len(x)), dtype)
            for name, p in cases():
                op, values = OPS[name], {**OPS[name].parameters, **p}
                with self.subTest(op=name, dtype=dtype, p=p):
                    calls = [
                        (op(x, **p, **option(dtype)), self.c(name, dtype, [x], values)),
                        (
                            op.backward(x, dy, **p, **option(dtype)),
                            self.c(f"{name}_backward", dtype, [x, dy], values),
                        ),
                    ]
                    if op.derivative_from_output:
                        got = op.backward_from_output(x, dy, **p, **option(dtype))
                        calls.append((got, self.c(f"{name}_backward_from_output", dtype, [x, dy], values)))
                    for got, want in calls:
                        self.assertEqual(got.dtype, x.dtype)
                        self.assertEqual(got.tobytes(), want.tobytes())

    def test_parameters_by_place_or_name(self) -> None:
        x = np.linspace(-3, 3, 50)
        for name, p in PARAMETERS.items():
            self.assertEqual(OPS[name](x, *p.values()).tobytes(), OPS[name](x, **p).tobytes())
        self.assertEqual(
            simdact.softplus(x, 2.0, threshold=5).tobytes(), simdact.softplus(x, threshold=5, beta=2).tobytes()
        )

    def test_threads(self) -> None:
        x = np.random.default_rng(2).standard_normal(100_003).astype(np.float32)
        dy = np.cos(x)
        whole, gradient = simdact.gelu(x), simdact.mish.backward(x, dy)
        got, got_gradient = np.empty_like(x), np.empty_like(x)

        def part(begin: int) -> None:
            span = slice(begin, begin + 997)
            simdact.gelu(x[span], out=got[span])
            simdact.mish.backward(x[span], dy[span], out=got_gradient[span])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(part, range(0, len(x), 997)))
        self.assertEqual(got.tobytes(), whole.tobytes())
        self.assertEqual(got_gradient.tobytes(), gradient.tobytes())


class TargetsTest(unittest.TestCase):
    def test_list(self) -> None:
        names = [target.name for target in simdact.targets()]
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual(sum(target.default for target in simdact.targets()), 1)
        self.assertTrue(all(target.code in names for target in simdact.targets()))
        self.assertIn(simdact.target_choice(), ("best", "forced"))

    def test_each(self) -> None:
        """The default is what no name gives; others are within their claims."""
        x = inputs("f32")[::5].copy()
        for target in RUNNING:
            for name, op in OPS.items():
                p = rounded_defaults(name)
                with self.subTest(target=target.name, op=name):
                    got = op(x, target=target.name, **p)
                    if target.default:
                        self.assertEqual(got.tobytes(), op(x, **p).tobytes())
                    claim = op.claim("f32", target=target.name)
                    assert claim is not None
                    self.assertLessEqual(
                        errors("f32", unpack(got, "f32"), exact(name, "f32", x)).max(), claim + 1e-6
                    )

    def test_errors(self) -> None:
        x = np.zeros(3, np.float32)
        with self.assertRaisesRegex(ValueError, "'MMX' is no target; valid: .*" + RUNNING[0].name):
            simdact.gelu(x, target="MMX")
        for other in simdact.targets():
            if not other.runs:
                with self.assertRaisesRegex(ValueError, f"'{other.name}' does not run on this CPU; valid: "):
                    simdact.gelu(x, target=other.name)
        with self.assertRaisesRegex(ValueError, "tier 'slow' is none; valid: accurate, fast, exact"):
            simdact.gelu(x, tier="slow")


class ObjectsTest(unittest.TestCase):
    def test_documents(self) -> None:
        for name, op in OPS.items():
            text = op.__doc__ or ""
            for part in (name, op.formula, op.derivative, op.note, *op.parameters, "bf16 0.5", "out"):
                self.assertIn(part, text)
            self.assertEqual(repr(op), f"<simdact.{name}>")
            self.assertIs(getattr(simdact, name), op)

    def test_names_do_not_collide(self) -> None:
        ours = {"x", "y", "dy", "gate", "up", "out", "tier", "target", "dtype", "layout"}
        for name, op in {**OPS, **simdact.gates()}.items():
            self.assertFalse(ours & set(op.parameters), name)
        self.assertFalse({"abs", "pow", "round"} & set(simdact.__all__))

    def test_pickle(self) -> None:
        for function in (simdact.elu, simdact.swiglu, simdact.softmax):
            self.assertIs(pickle.loads(pickle.dumps(function)), function)

    def test_parameter_errors(self) -> None:
        x = np.zeros(3)
        for call, pattern in (
            (lambda: simdact.elu(x, negative_slope=1), "elu has no parameter 'negative_slope'; valid: alpha"),
            (lambda: simdact.relu(x, 1.0), "relu has 0 parameters, not 1"),
            (lambda: simdact.elu(x, 1.0, alpha=1.0), "alpha is given twice"),
            (lambda: simdact.elu(x, alpha="1"), "alpha is to be a number, not '1'"),
            (lambda: simdact.elu(x, alpha=np.zeros(3)), "alpha is to be a number"),
        ):
            with self.assertRaisesRegex(TypeError, pattern):
                call()  # type: ignore[no-untyped-call]
        self.assertTrue(np.isnan(simdact.elu(np.array([-1.0]), alpha=float("nan"))).all())


if __name__ == "__main__":
    unittest.main()
