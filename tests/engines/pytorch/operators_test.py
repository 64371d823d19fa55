"""The operators against torch's own: values, claims, gradients, layouts, in place, errors.

Run by ctest, which says where the libraries are; all ops of simdact's list are tested, whatever it has.
"""
import math
import unittest
from typing import Any, Callable, Dict, List, Tuple

import torch
import torch.nn.functional as F
from simdact_ops import BACKWARD, FORWARD, claim, defaults, names, ops
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

Function = Callable[..., Tensor]


# ---- What is right ---------------------------------------------------------------------------------------------


def shrink(x: Tensor, lambd: float = 0.5, bias: float = 0.0) -> Tensor:
    return torch.where(x > lambd, x - bias, torch.where(x < -lambd, x + bias, 0 * x))


def sparse_plus(x: Tensor) -> Tensor:
    return torch.where(x <= -1, 0 * x, torch.where(x >= 1, x, (x + 1) ** 2 / 4))


def xielu(x: Tensor, p: float = 0.8, n: float = 0.8, beta: float = 0.5, eps: float = -1e-6) -> Tensor:
    left = n * (torch.expm1(x.clamp(max=eps)) - x) + beta * x
    return torch.where(x > 0, p * x * x + beta * x, left)


def swish(x: Tensor, beta: float = 1.0) -> Tensor:
    return x * torch.sigmoid(beta * x)


# torch's function of each op, or what it is made of where torch has none.
REFERENCES: Dict[str, Function] = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "prelu": lambda x, weight=0.25: F.prelu(x, x.new_tensor([weight])),
    "rrelu": F.rrelu,
    "hardtanh": F.hardtanh,
    "clamp": lambda x, low=-1.0, high=1.0: torch.clamp(x, low, high),
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "threshold": lambda x, threshold=0.0, value=0.0: F.threshold(x, threshold, value),
    "thresholded_relu": lambda x, alpha=1.0: F.threshold(x, alpha, 0),
    "softshrink": F.softshrink,
    "hardshrink": F.hardshrink,
    "shrink": shrink,
    "squared_relu": lambda x: F.relu(x) ** 2,
    "sparse_plus": sparse_plus,
    "step": lambda x: (x > 0).to(x.dtype) + 0 * x,
    "abs": torch.abs,
    "neg": torch.neg,
    "sign": torch.sign,
    "round": torch.round,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "trunc": torch.trunc,
    "linear": lambda x, alpha=1.0, beta=0.0: alpha * x + beta,
    "square": torch.square,
    "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt,
    "reciprocal": torch.reciprocal,
    "softsign": F.softsign,
    "exp": torch.exp,
    "expm1": torch.expm1,
    "elu": F.elu,
    "selu": F.selu,
    "celu": F.celu,
    "xielu": xielu,
    "log": torch.log,
    "log1p": torch.log1p,
    "pow": lambda x, exponent=2.0: torch.pow(x, exponent),
    "softplus": F.softplus,
    "log_sigmoid": F.logsigmoid,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "swish": swish,
    "gelu_quick": lambda x: swish(x, 1.702),
    "mish": F.mish,
    "tanh": torch.tanh,
    "tanhshrink": F.tanhshrink,
    "softcap": lambda x, cap=30.0: cap * torch.tanh(x / cap),
    "erf": torch.erf,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
}

# Parameters other than the defaults.
PARAMETERS: Dict[str, Tuple[float, ...]] = {
    "leaky_relu": (0.2,),
    "prelu": (-0.5,),
    "rrelu": (0.2, 0.6),
    "hardtanh": (-2.0, 3.5),
    "clamp": (-0.6, 2.0),
    "threshold": (0.6, -1.5),
    "thresholded_relu": (0.6,),
    "softshrink": (0.35,),
    "hardshrink": (0.6,),
    "shrink": (0.6, 0.25),
    "linear": (-2.0, 0.75),
    "elu": (0.5,),
    "celu": (2.5,),
    "xielu": (1.5, 0.75, 0.25, -1e-3),
    "pow": (3.0,),
    "softplus": (2.0, 5.0),
    "swish": (1.5,),
    "softcap": (5.0,),
}

# Off the kinks of all of them.
POINTS = torch.tensor([-4.3, -2.2, -1.27, -0.7, -0.3, 0.4, 0.9, 1.7, 3.2, 5.1], dtype=torch.float64)
POSITIVE = {"sqrt", "rsqrt", "log", "log1p"}


def cases() -> List[Tuple[str, Tuple[float, ...]]]:
    return [(op, ()) for op in names()] + list(PARAMETERS.items())


def points(op: str) -> Tensor:
    return POINTS.abs() if op in POSITIVE else POINTS.clone()


def gradient(f: Function, x: Tensor, dy: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_()
    (dx,) = torch.autograd.grad(f(x), x, dy)
    return dx


def same_bits(a: Tensor, b: Tensor) -> bool:
    """NaN equals NaN here, and 0 does not equal -0."""
    numbers = {2: torch.int16, 4: torch.int32, 8: torch.int64}[a.element_size()]
    return a.shape == b.shape and torch.equal(a.contiguous().view(numbers), b.contiguous().view(numbers))


class Case(unittest.TestCase):
    def close(self, got: Tensor, want: Tensor, tolerance: float = 1e-12) -> None:
        torch.testing.assert_close(got, want, rtol=tolerance, atol=tolerance / 100, equal_nan=True)

    def raises(self, error: Any, pattern: str, f: Callable[[], object]) -> None:
        with self.assertRaisesRegex(error, pattern):
            f()


# ---- Values ----------------------------------------------------------------------------------------------------


class ValuesTest(Case):
    def test_every_op_has_a_reference(self) -> None:
        self.assertEqual(set(names()), set(REFERENCES))

    def test_values_are_torchs(self) -> None:
        for op, p in cases():
            grid = torch.linspace(-6, 6, 4003, dtype=torch.float64)
            x = grid.abs() if op in POSITIVE else grid
            with self.subTest(op=op, p=p):
                self.close(getattr(ops, op)(x, *p), REFERENCES[op](x, *p))

    def test_gradients_are_torchs(self) -> None:
        dy = torch.linspace(-2, 3, len(POINTS), dtype=torch.float64)
        for op, p in cases():
            with self.subTest(op=op, p=p):
                got = gradient(lambda x: getattr(ops, op)(x, *p), points(op), dy)
                # torch has a float's 1 / 6 for all dtypes.
                tolerance = 1e-7 if op == "hardsigmoid" else 1e-12
                self.close(got, gradient(lambda x: REFERENCES[op](x, *p), points(op), dy), tolerance)

    def test_kinks_are_torchs(self) -> None:
        kinks = torch.tensor([-6.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0], dtype=torch.float64)
        one = torch.ones_like(kinks)
        for op in sorted(set(names()) - {"shrink", "sparse_plus", "xielu", "hardswish"}):
            x = kinks[kinks > 0] if op in POSITIVE else kinks
            with self.subTest(op=op):
                got = gradient(getattr(ops, op), x, one[: len(x)])
                want = gradient(REFERENCES[op], x, one[: len(x)])
                self.close(got, want, 1e-7 if op == "hardsigmoid" else 1e-12)
        # As torch has it since; in 1.13 these are -0.5 and 1.5.
        ends = torch.tensor([-3.0, 3.0], dtype=torch.float64)
        self.assertEqual(ops.hardswish_backward(ends, torch.ones_like(ends)).tolist(), [0.0, 1.0])

    def test_tails_are_numbers(self) -> None:
        x = torch.tensor([-12.0, -100.0])
        self.assertTrue((ops.gelu(x[:1]) < 0).all())
        self.assertTrue((ops.silu(x) < 0).all())
        self.assertTrue((ops.sigmoid(x) > 0).all())

    def test_nan_stays(self) -> None:
        x = torch.tensor([1.0, float("nan"), 2.0])
        for op in names():
            with self.subTest(op=op):
                self.assertEqual(getattr(ops, op)(x).isnan().tolist(), [False, True, False])


# ---- Claims ----------------------------------------------------------------------------------------------------

FORMATS = {torch.float32: (23, -126, 127), torch.bfloat16: (7, -126, 127), torch.float16: (10, -14, 15)}


def largest_error(dtype: torch.dtype, got: Tensor, exact: Tensor) -> float:
    """In ulps of the dtype at the rounded result; infinity stands for the power of two behind the largest number."""
    fraction_bits, least, most = FORMATS[dtype]
    limit = 2.0 ** (most + 1)
    value, want = got.double().clamp(-limit, limit), exact.clamp(-limit, limit)
    one = torch.ones_like(want)
    exponent = (torch.frexp(want).exponent - 1).clamp(least, most)
    ulp = torch.ldexp(one, exponent - fraction_bits)
    up = (want.abs() > torch.ldexp(one, exponent + 1) - ulp / 2) & (exponent < most)
    error = (value - want).abs() / torch.where(up, 2 * ulp, ulp)
    error[got.isnan() & exact.isnan()] = 0
    return float(error.nan_to_num(nan=float("inf")).max())


def inputs(dtype: torch.dtype) -> Tensor:
    """All finite numbers of 16 bits; of f32 a sample of all sizes and one of ordinary numbers."""
    if dtype != torch.float32:
        x = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(dtype)
        return x[x.isfinite()]
    random = torch.Generator().manual_seed(1)
    bits = torch.randint(-(2**31), 2**31, (50000,), generator=random, dtype=torch.int64).to(torch.int32)
    x = torch.cat([bits.view(torch.float32), torch.randn(50000, generator=random) * 4])
    return x[x.isfinite()]


def parameters(op: str) -> List[float]:
    """The defaults as the kernels of f32 and 16 bits see them."""
    return [float(torch.tensor(value, dtype=torch.float32)) for value in defaults(op)]


def exact_values(op: str, x: Tensor) -> Tensor:
    """hardsigmoid knows that its alpha is a sixth, whatever it was rounded to."""
    y: Tensor = getattr(ops, op)(x.double(), *([] if op == "hardsigmoid" else parameters(op)))
    return y


class ClaimsTest(Case):
    """simdact's f64, of which the others' ulps are millions, is what is exact here."""

    def check(self, dtype: torch.dtype) -> None:
        x = inputs(dtype)
        one = torch.ones_like(x)
        for op in names():
            p = parameters(op)
            forward, backward = getattr(ops, op), getattr(ops, op + "_backward")
            with self.subTest(op=op, dtype=dtype):
                error = largest_error(dtype, forward(x, *p), exact_values(op, x))
                self.assertLessEqual(error, claim(op, dtype, FORWARD) + 1e-6)
                error = largest_error(dtype, backward(x, one, *p), backward(x.double(), one.double(), *p))
                self.assertLessEqual(error, claim(op, dtype, BACKWARD) + 1e-6)

    def test_f32(self) -> None:
        self.check(torch.float32)

    def test_bf16_is_correctly_rounded(self) -> None:
        self.assertEqual(claim("gelu", torch.bfloat16, FORWARD), 0.5)
        self.check(torch.bfloat16)

    def test_f16_is_correctly_rounded(self) -> None:
        self.check(torch.float16)

    def test_fast_tier(self) -> None:
        """On results that are normal; there alone it has a claim."""
        for dtype in FORMATS:
            x = inputs(dtype)
            for op in names():
                exact = exact_values(op, x)
                normal = exact.abs() >= 2.0 ** FORMATS[dtype][1]
                got = getattr(ops, op)(x[normal], *parameters(op), fast=True)
                with self.subTest(op=op, dtype=dtype):
                    error = largest_error(dtype, got, exact[normal])
                    self.assertLessEqual(error, claim(op, dtype, FORWARD, fast=True) + 1e-6)

    def test_fast_is_another_tier(self) -> None:
        x = inputs(torch.float32)
        self.assertFalse(same_bits(ops.gelu(x), ops.gelu(x, fast=True)))


# ---- Gradients -------------------------------------------------------------------------------------------------


class GradientsTest(Case):
    def test_gradcheck(self) -> None:
        for op, p in cases():
            with self.subTest(op=op, p=p):
                self.assertTrue(gradcheck(lambda x: getattr(ops, op)(x, *p), points(op).requires_grad_()))

    def test_gradgradcheck(self) -> None:
        for op, p in cases():
            with self.subTest(op=op, p=p):
                self.assertTrue(gradgradcheck(lambda x: getattr(ops, op)(x, *p), points(op).requires_grad_()))

    def test_third_derivative(self) -> None:
        """What second_derivatives.cc gives has derivatives itself."""
        for op in ("silu", "gelu", "gelu_tanh", "mish", "tanh", "softplus"):
            thirds = []
            for f in (getattr(ops, op), REFERENCES[op]):
                x = points(op).requires_grad_()
                y = f(x)
                for _ in range(3):
                    (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
                thirds.append(y.detach())
            with self.subTest(op=op):
                self.close(thirds[0], thirds[1], 1e-10)

    def test_second_gradient_in_bf16(self) -> None:
        seconds = []
        for dtype in (torch.bfloat16, torch.float64):
            x = POINTS.to(torch.bfloat16).to(dtype).requires_grad_()
            (dx,) = torch.autograd.grad(ops.silu(x).sum(), x, create_graph=True)
            (second,) = torch.autograd.grad(dx.sum(), x)
            seconds.append(second.double())
        self.close(seconds[0], seconds[1], 2.0**-8)

    def test_from_output(self) -> None:
        y = torch.linspace(0.1, 0.9, 5, dtype=torch.float64)
        self.close(ops.sigmoid_backward_from_output(y, torch.ones_like(y)), y * (1 - y))
        self.assertFalse(hasattr(ops, "silu_backward_from_output"))

    def test_forward_mode_says_no(self) -> None:
        with torch.autograd.forward_ad.dual_level():
            x = torch.autograd.forward_ad.make_dual(POINTS, torch.ones_like(POINTS))
            self.raises(NotImplementedError, "silu has no forward-mode", lambda: ops.silu(x))
            self.raises(NotImplementedError, "softmax has no forward-mode", lambda: ops.softmax(x))


# ---- Memory ----------------------------------------------------------------------------------------------------


def layouts() -> Dict[str, Callable[[Tensor], Tensor]]:
    """Ways for the elements of a [2, 3, 4, 6] tensor to lie; each makes one of them, of some size."""
    return {
        "contiguous": lambda x: x,
        "transposed": lambda x: x.transpose(1, 3),
        "channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
        "every second": lambda x: x[..., ::2],
        "second rows": lambda x: x[:, :, 1::2],
        "flipped": lambda x: x.flip(0),
        "expanded": lambda x: x[:, :1].expand(2, 5, 4, 6),
        "not aligned": lambda x: x.flatten()[1:],
        "one": lambda x: x[1, 2, 3, 5],
        "empty": lambda x: x[:0],
    }


class MemoryTest(Case):
    def setUp(self) -> None:
        self.x = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64) * 3
        self.dy = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(3), dtype=torch.float64)

    def each(self, f: Callable[[Tensor, Tensor], None]) -> None:
        for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16):
            for name, layout in layouts().items():
                with self.subTest(layout=name, dtype=dtype):
                    f(layout(self.x.to(dtype)), layout(self.dy.to(dtype)))

    def test_layouts(self) -> None:
        def check(x: Tensor, dy: Tensor) -> None:
            flat, flat_dy = x.reshape(-1).clone(), dy.reshape(-1).clone()
            for p in ({}, {"fast": True}):
                self.assertTrue(same_bits(ops.mish(x, **p), ops.mish(flat, **p).reshape(x.shape)))
                got = ops.mish_backward(x, dy, **p)
                self.assertTrue(same_bits(got, ops.mish_backward(flat, flat_dy, **p).reshape(x.shape)))

        self.each(check)

    def test_layouts_that_differ(self) -> None:
        want = ops.silu_backward(self.x, self.dy)
        last = self.x.contiguous(memory_format=torch.channels_last)
        self.assertTrue(same_bits(ops.silu_backward(last, self.dy), want))
        self.assertTrue(
            same_bits(ops.silu_backward(self.x, self.dy.contiguous(memory_format=torch.channels_last)), want)
        )
        self.assertTrue(ops.silu(last).is_contiguous(memory_format=torch.channels_last))

    def test_in_place(self) -> None:
        def check(x: Tensor, _: Tensor) -> None:
            if x.numel() > 1 and 0 in x.stride():
                self.raises(RuntimeError, "single memory location", lambda: ops.tanh_(x))
                return
            want, version = ops.tanh(x), x._version
            self.assertIs(ops.tanh_(x), x)
            self.assertTrue(same_bits(x, want))
            self.assertGreater(x._version, version)

        self.each(check)

    def test_out(self) -> None:
        def check(x: Tensor, dy: Tensor) -> None:
            y = torch.empty(0, dtype=x.dtype)
            self.assertIs(ops.gelu(x, out=y), y)
            self.assertTrue(same_bits(y, ops.gelu(x)))
            dx = torch.empty(2 * x.numel(), dtype=x.dtype)[::2].view(x.shape)
            ops.gelu_backward(x, dy, out=dx)
            self.assertTrue(same_bits(dx, ops.gelu_backward(x, dy)))

        self.each(check)

    def test_what_lies_between_is_left_alone(self) -> None:
        x = torch.zeros(7, 9)
        ops.exp_(x[1::2, 2:8:3])
        want = torch.zeros(7, 9)
        want[1::2, 2:8:3] = 1
        self.assertTrue(same_bits(x, want))

    def test_overlaps(self) -> None:
        x = torch.zeros(10)
        self.raises(RuntimeError, "single memory location", lambda: ops.silu(x[:9], out=x[1:]))
        self.raises(
            RuntimeError, "single memory location", lambda: ops.silu_backward(torch.zeros(9), x[:9], out=x[1:])
        )
        self.raises(RuntimeError, "single memory location", lambda: ops.softmax(x[:9], out=x[1:]))

    def test_threads(self) -> None:
        """An array that is split has the same bits."""
        x = torch.randn(7, 43010, generator=torch.Generator().manual_seed(4)) * 4
        results = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            tensors = [ops.gelu(x), ops.gelu_backward(x, x), ops.softmax(x), ops.swiglu(x), ops.softmax(x.t(), 0)]
            results.append(torch.cat([tensor.flatten() for tensor in tensors]))
        torch.set_num_threads(1)
        self.assertTrue(same_bits(results[0], results[1]) and same_bits(results[0], results[2]))


# ---- In place, in a graph --------------------------------------------------------------------------------------


class InPlaceGradientsTest(Case):
    def test_gradcheck(self) -> None:
        for op, p in cases():
            with self.subTest(op=op, p=p):
                f = getattr(ops, op + "_")
                self.assertTrue(gradcheck(lambda x: f(x * 1, *p), points(op).requires_grad_()))

    def test_second_gradients_are_right_or_refused(self) -> None:
        refused = set()
        for op, p in cases():
            f = getattr(ops, op + "_")
            with self.subTest(op=op, p=p):
                try:
                    self.assertTrue(gradgradcheck(lambda x: f(x * 1, *p), points(op).requires_grad_()))
                except NotImplementedError as error:
                    self.assertRegex(str(error), f"{op}: no second derivative from the output")
                    refused.add(op)
        self.assertIn("sigmoid", refused)
        self.assertNotIn("silu", refused)
        self.assertNotIn("relu", refused)

    def test_views(self) -> None:
        gradients = []
        for f in (ops.silu_, lambda part: part.copy_(F.silu(part.clone()))):
            x = POINTS.clone().requires_grad_()
            y = x * 2
            f(y[::2])
            gradients.append(torch.autograd.grad((y * y).sum(), x)[0])
        self.close(gradients[0], gradients[1])

    def test_leaf(self) -> None:
        x = POINTS.clone().requires_grad_()
        self.raises(RuntimeError, "leaf Variable", lambda: ops.silu_(x))
        self.raises(RuntimeError, "leaf Variable", lambda: ops.silu_(x[:3]))
        self.assertTrue(same_bits(x.detach(), POINTS))

    def test_what_is_kept_must_not_change(self) -> None:
        x = POINTS.clone().requires_grad_()
        z = x * 1
        y = ops.silu(z)
        ops.relu_(z)
        self.raises(RuntimeError, "modified by an inplace operation", lambda: y.sum().backward())

    def test_out_has_no_graph(self) -> None:
        x, y = POINTS.clone().requires_grad_(), torch.empty_like(POINTS)
        self.raises(RuntimeError, "don't support automatic differentiation", lambda: ops.silu(x, out=y))
        with torch.no_grad():
            ops.silu(x, out=y)
        self.assertTrue(same_bits(y, ops.silu(POINTS)))


# ---- Softmax and gates -----------------------------------------------------------------------------------------

SOFTMAXES: Dict[str, Function] = {"softmax": F.softmax, "log_softmax": F.log_softmax, "softmin": F.softmin}


class SoftmaxTest(Case):
    def setUp(self) -> None:
        self.x = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(5), dtype=torch.float64) * 4

    def test_values_and_gradients(self) -> None:
        for op, reference in SOFTMAXES.items():
            for dim in (-1, 0, 1):
                f = getattr(ops, op)
                for x in (self.x, self.x.transpose(0, 2), self.x[:, ::2], self.x[:, :0]):
                    with self.subTest(op=op, dim=dim, shape=x.shape):
                        self.close(f(x, dim), reference(x, dim=dim))
                        dy = x.cos().detach()
                        got = gradient(lambda z: f(z, dim), x, dy)
                        self.close(got, gradient(lambda z: reference(z, dim=dim), x, dy))

    def test_scalar_and_default(self) -> None:
        self.assertEqual(float(ops.softmax(torch.tensor(3.0))), 1.0)
        self.assertTrue(same_bits(ops.softmax(self.x), ops.softmax(self.x, 2)))
        self.raises(IndexError, "Dimension out of range", lambda: ops.softmax(self.x, 3))

    def test_gradcheck(self) -> None:
        x = self.x[:2, :3, :2].clone().requires_grad_()
        for op in SOFTMAXES:
            for dim in (1, 2):
                with self.subTest(op=op, dim=dim):
                    self.assertTrue(gradcheck(lambda z: getattr(ops, op)(z, dim), x))
                    self.assertTrue(gradgradcheck(lambda z: getattr(ops, op)(z, dim), x))

    def test_claims(self) -> None:
        """2.5 ulps on normal results, 0.51 in 16 bits (softmax.h)."""
        for dtype, most in ((torch.float32, 2.5), (torch.bfloat16, 0.51), (torch.float16, 0.51)):
            x = torch.randn(64, 1000, generator=torch.Generator().manual_seed(6)).mul(4).to(dtype)
            for dim in (0, 1):
                exact, got = ops.softmax(x.double(), dim), ops.softmax(x, dim)
                normal = exact >= 2.0 ** FORMATS[dtype][1]
                with self.subTest(dtype=dtype, dim=dim):
                    self.assertLessEqual(largest_error(dtype, got[normal], exact[normal]), most)

    def test_out(self) -> None:
        y = torch.empty(5, 4, 3, dtype=torch.float64).transpose(0, 2)
        self.assertIs(ops.softmax(self.x, 1, out=y), y)
        self.assertTrue(same_bits(y, ops.softmax(self.x, 1)))


def causal_softmax(x: Tensor, scale: float, diagonal: int) -> Tensor:
    hidden = torch.ones(x.shape[-2:], dtype=torch.bool).tril(diagonal).logical_not()
    return torch.softmax((x * scale).masked_fill(hidden, -math.inf), -1)


class AttentionTest(Case):
    def setUp(self) -> None:
        self.x = torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(8), dtype=torch.float64) * 4

    def test_values_and_gradients(self) -> None:
        for diagonal in (0, 2):
            for x in (self.x, self.x.transpose(0, 1), self.x[0, 0], self.x[:0], self.x[..., :5].mT):
                with self.subTest(diagonal=diagonal, shape=x.shape):
                    self.check(x, lambda z: ops.attention_softmax(z, 0.25, True, diagonal), diagonal)
        dy = self.x.cos()
        self.close(ops.attention_softmax(self.x, 0.5), torch.softmax(self.x / 2, -1))
        self.assertTrue(same_bits(ops.attention_softmax(self.x), ops.softmax(self.x)))
        got = gradient(ops.attention_softmax, self.x, dy)
        self.assertTrue(same_bits(got, gradient(ops.softmax, self.x, dy)))

    def check(self, x: Tensor, f: Function, diagonal: int) -> None:
        def reference(z: Tensor) -> Tensor:
            return causal_softmax(z, 0.25, diagonal)

        self.close(f(x), reference(x))
        dy = x.cos()
        self.close(gradient(f, x, dy), gradient(reference, x, dy))

    def test_gradcheck(self) -> None:
        x = self.x[0, :2, :2, :3].clone().requires_grad_()
        self.assertTrue(gradcheck(lambda z: ops.attention_softmax(z, 0.5, True, 1), x))
        (dx,) = torch.autograd.grad(ops.attention_softmax(x).square().sum(), x, create_graph=True)
        self.raises(NotImplementedError, "no second derivative", lambda: dx.sum().backward())

    def test_claims(self) -> None:
        """2.5 ulps on normal results, 0.51 in 16 bits (softmax.h), 0 at the keys that are hidden."""
        for dtype, most in ((torch.float32, 2.5), (torch.bfloat16, 0.51), (torch.float16, 0.51)):
            x = torch.randn(4, 64, 64, generator=torch.Generator().manual_seed(9)).mul(8).to(dtype)
            exact, got = causal_softmax(x.double(), 0.125, 0), ops.attention_softmax(x, 0.125, True)
            normal = exact >= 2.0 ** FORMATS[dtype][1]
            with self.subTest(dtype=dtype):
                self.assertLessEqual(largest_error(dtype, got[normal], exact[normal]), most)
                self.assertEqual(int(got.triu(1).count_nonzero()), 0)

    def test_threads(self) -> None:
        x = torch.randn(64, 33, 65, generator=torch.Generator().manual_seed(10))
        want = torch.stack([ops.attention_softmax(head, 0.125, True) for head in x])
        self.assertTrue(same_bits(ops.attention_softmax(x, 0.125, True), want))

    def test_errors(self) -> None:
        self.raises(RuntimeError, "queries and keys are needed", lambda: ops.attention_softmax(torch.zeros(3)))
        self.raises(ValueError, "scale must not be 0", lambda: ops.attention_softmax(self.x, 0.0))
        self.raises(RuntimeError, "attention_softmax", lambda: ops.attention_softmax(self.x, math.inf))
        self.raises(TypeError, "takes float32", lambda: ops.attention_softmax(torch.zeros(2, 2, dtype=torch.int64)))


GATES: Dict[str, Function] = {
    "glu": torch.sigmoid,
    "swiglu": F.silu,
    "geglu": F.gelu,
    "geglu_tanh": REFERENCES["gelu_tanh"],
    "geglu_quick": REFERENCES["gelu_quick"],
    "reglu": F.relu,
}


def split(x: Tensor, layout: str) -> Tuple[Tensor, Tensor]:
    if layout == "interleaved":
        return x[..., ::2], x[..., 1::2]
    first, second = x.chunk(2, -1)
    return (second, first) if layout == "up_first" else (first, second)


class GatesTest(Case):
    def setUp(self) -> None:
        self.x = torch.randn(4, 3, 10, generator=torch.Generator().manual_seed(7), dtype=torch.float64) * 2

    def test_values_and_gradients(self) -> None:
        for op, act in GATES.items():
            for layout in ("gate_first", "up_first", "interleaved"):

                def reference(x: Tensor) -> Tensor:
                    gate, up = split(x, layout)
                    return act(gate) * up

                def gated(x: Tensor) -> Tensor:
                    return torch.as_tensor(getattr(ops, op)(x, layout=layout))

                for x in (self.x, self.x.transpose(0, 1), self.x[:0], self.x[0, 0]):
                    with self.subTest(op=op, layout=layout, shape=x.shape):
                        self.close(gated(x), reference(x))
                        dy = x[..., :5].cos()
                        self.close(gradient(gated, x, dy), gradient(reference, x, dy))
        self.close(ops.glu(self.x, layout="up_first"), F.glu(self.x))

    def test_parameters(self) -> None:
        gate, up = split(self.x, "gate_first")
        g, u = gate.clamp(max=1.5), up.clamp(-1.5, 1.5)
        self.close(ops.swiglu_oai(self.x, 1.25, 1.5), swish(g, 1.25) * (u + 1))

    def test_gradcheck(self) -> None:
        x = self.x[:2, 0].clone().requires_grad_()
        for op in (*GATES, "swiglu_oai"):
            with self.subTest(op=op):
                self.assertTrue(gradcheck(getattr(ops, op), x))
        (dx,) = torch.autograd.grad(ops.swiglu(x).sum(), x, create_graph=True)
        self.raises(NotImplementedError, "swiglu has no second derivative", lambda: dx.sum().backward())

    def test_errors(self) -> None:
        self.raises(RuntimeError, "must be even", lambda: ops.swiglu(torch.zeros(2, 3)))
        self.raises(ValueError, "gate_first, up_first or interleaved", lambda: ops.swiglu(self.x, layout="x"))
        self.raises(TypeError, "swiglu takes float32", lambda: ops.swiglu(torch.zeros(4, dtype=torch.int64)))


# ---- Errors, and what torch does with operators ----------------------------------------------------------------


class Network(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.ops.simdact.softmax(torch.ops.simdact.elu(x, 0.5), -1)
        return y


class TorchTest(Case):
    def test_dtypes(self) -> None:
        for dtype in (torch.int32, torch.bool, torch.complex64):
            x = torch.zeros(3, dtype=dtype)
            for f in (ops.silu, ops.silu_, ops.softmax, lambda x: ops.silu_backward(x, x)):
                self.raises(TypeError, "takes float32, float64, bfloat16 or float16, not", lambda: f(x))

    def test_sizes(self) -> None:
        x, wide = torch.zeros(3), torch.zeros(4)
        self.raises(RuntimeError, r"one size are needed, not \[3\] and \[4\]", lambda: ops.silu_backward(x, wide))
        self.raises(RuntimeError, "one size", lambda: ops.silu(x, out=wide))
        self.raises(TypeError, "one dtype", lambda: ops.silu(x, out=x.double()))
        self.raises(TypeError, "one dtype", lambda: ops.softmax_backward(x, x.double()))
        self.raises(RuntimeError, "dy is to be", lambda: ops.swiglu_backward(wide, wide))

    def test_shapes_alone(self) -> None:
        x = torch.empty(3, 4, device="meta", requires_grad=True)
        for f, shape in ((ops.silu, (3, 4)), (ops.softmax, (3, 4)), (ops.swiglu, (3, 2))):
            y = f(x)
            self.assertEqual((y.device.type, tuple(y.shape), y.requires_grad), ("meta", shape, True))

    def test_script_and_trace(self) -> None:
        x = POINTS.float()
        want = Network()(x)
        self.assertTrue(same_bits(torch.jit.script(Network())(x), want))
        self.assertTrue(same_bits(torch.jit.trace(Network(), x)(x), want))

    def test_inference_mode(self) -> None:
        with torch.inference_mode():
            x = POINTS.clone()
            self.assertTrue(same_bits(ops.silu_(x), ops.silu(POINTS)))


if __name__ == "__main__":
    unittest.main()
