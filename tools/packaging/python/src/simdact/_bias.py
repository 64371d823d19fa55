"""What comes before an activation: a bias, a scale and a bias, a residual; prelu by channels (bias.h).

Kernels take matrices without gaps, in C's order; what the C API would check is checked here, for kernels can be those
of any target.
"""
from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, c_int, c_size_t, c_void_p
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from . import _library
from ._arrays import (
    Array,
    address,
    as_array,
    c_order,
    check_disjoint,
    dense_output,
    elementwise,
    operand,
    output,
    several,
)
from ._function import Function
from ._library import DTYPES, TIERS, declare, number_of, target_of
from ._structs import Parameters, function


class BiasKernel(Structure):
    _fields_ = [
        ("forward", function(None, 5, c_size_t, c_size_t, Parameters)),
        ("backward", function(None, 8, c_size_t, c_size_t, Parameters)),
        ("prelu_channels", function(None, 3, c_size_t, c_size_t, c_size_t)),
        ("prelu_channels_backward", function(None, 5, c_size_t, c_size_t, c_size_t)),
    ]


find = declare("find_bias", POINTER(BiasKernel), c_void_p, c_int)


def kernel_of(dtype: str, target: Optional[str], what: str) -> Any:
    found = find(target_of(target).handle, DTYPES[dtype])
    if not found:
        raise ValueError(f"{what}: this library was built without {dtype}")
    return found.contents


class Columns:
    """A matrix, what stands beside its columns, and perhaps dy: inputs that fit each other."""

    def __init__(self, x: npt.ArrayLike, columns: Dict[str, npt.ArrayLike], dtype: Optional[str]) -> None:
        array, self.dtype = as_array(x, dtype, "x")
        if not array.ndim:
            raise ValueError("x has no axis of columns")
        self.x, self.cols = c_order(array, "x"), array.shape[-1]
        self.rows = int(np.prod(array.shape[:-1]))
        self.inputs = {"x": array}
        for name, column in columns.items():
            self.inputs[name] = c_order(operand(column, array, name, (self.cols,)), name)

    def add(self, dy: npt.ArrayLike) -> None:
        self.inputs["dy"] = c_order(operand(dy, self.x, "dy"), "dy")

    def output(self, out: Optional[Array], what: str) -> Array:
        if out is None:
            return np.empty(self.x.shape, self.x.dtype)
        c_order(output(out, self.x, what), what)
        check_disjoint(out, what, self.inputs, ["x", "dy"])
        return out

    def sums(self, outs: Dict[str, Optional[Array]], dx: Array) -> Sequence[Array]:
        """One element per column of each, apart from all else."""
        others, found = {**self.inputs, "dx": dx}, []
        for what, out in outs.items():
            found.append(dense_output(out, (self.cols,), self.x.dtype, what))
            check_disjoint(found[-1], what, others)
            others[what] = found[-1]
        return found

    def address(self, what: str) -> Optional[int]:
        return address(self.inputs[what]) if what in self.inputs else None


class Biased(Function):
    """The activation of a sum. It is rounded once, to float (of float64: to double), and the activation has the bits
    that it has of this number, rounded once more in 16 bits. Sums over rows are taken in more digits than they have.
    """

    def _find_op(self, dtype: str, tier: str, target: Optional[str]) -> Any:
        """The activation in the type that is computed in."""
        key = ("bias", dtype, tier, target)
        if key not in self._kernels:
            handle, wide = target_of(target).handle, "f64" if dtype == "f64" else "f32"
            op = _library.find(handle, self._number, DTYPES[wide], number_of("tier", TIERS, tier))
            self._kernels[key] = (kernel_of(dtype, target, self.name), ctypes.cast(op, c_void_p))
        return self._kernels[key]

    def _forward(
        self, at: Columns, values: Parameters, out: Optional[Array], tier: str, target: Optional[str]
    ) -> Array:
        kernel, op = self._find_op(at.dtype, tier, target)
        y = at.output(out, "out")
        arrays = [*map(at.address, ("x", "s", "b")), address(y)]
        kernel.forward(op, *arrays, at.rows, at.cols, values)
        return y

    def _backward(
        self, at: Columns, dy: npt.ArrayLike, values: Parameters, out: Any, tier: str, target: Optional[str]
    ) -> Tuple[Array, ...]:
        kernel, op = self._find_op(at.dtype, tier, target)
        at.add(dy)
        names = [f"d{name}" for name in ("x", "s", "b") if name in at.inputs]
        places = several(out, names)
        dx = at.output(places[0], "dx")
        sums = at.sums(dict(zip(names[1:], places[1:])), dx)
        to = [None, *map(address, sums)][-2:]
        arrays = [*map(at.address, ("x", "s", "b", "dy")), address(dx), *to]
        kernel.backward(op, *arrays, at.rows, at.cols, values)
        return (dx, *sums)

    def bias(
        self,
        x: npt.ArrayLike,
        b: npt.ArrayLike,
        *parameters: float,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        """y = f(x + b) with a bias for each column, the last axis of x, which is without gaps and in C's order. b has
        x's dtype; out may be x."""
        at = Columns(x, {"b": b}, dtype)
        return self._forward(at, self._values(parameters, named), out, tier, target)

    def bias_backward(
        self,
        x: npt.ArrayLike,
        b: npt.ArrayLike,
        dy: npt.ArrayLike,
        *parameters: float,
        out: Optional[Tuple[Optional[Array], Optional[Array]]] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Tuple[Array, Array]:
        """(dx, db): dx = dy f'(x + b), and its sums over all axes but the last. dx may be written to x or dy."""
        at = Columns(x, {"b": b}, dtype)
        dx, db = self._backward(at, dy, self._values(parameters, named), out, tier, target)
        return dx, db

    def scale_bias(
        self,
        x: npt.ArrayLike,
        s: npt.ArrayLike,
        b: npt.ArrayLike,
        *parameters: float,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        """y = f(x s + b) with a scale and a bias for each column, as bias: a batch norm at inference."""
        at = Columns(x, {"s": s, "b": b}, dtype)
        return self._forward(at, self._values(parameters, named), out, tier, target)

    def scale_bias_backward(
        self,
        x: npt.ArrayLike,
        s: npt.ArrayLike,
        b: npt.ArrayLike,
        dy: npt.ArrayLike,
        *parameters: float,
        out: Optional[Tuple[Optional[Array], Optional[Array], Optional[Array]]] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Tuple[Array, Array, Array]:
        """(dx, ds, db) of g = dy f'(x s + b): dx = g s, and the sums of g x and g over all axes but the last."""
        at = Columns(x, {"s": s, "b": b}, dtype)
        dx, ds, db = self._backward(at, dy, self._values(parameters, named), out, tier, target)
        return dx, ds, db

    def residual(
        self,
        x: npt.ArrayLike,
        r: npt.ArrayLike,
        *parameters: float,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        """y = f(x + r), element by element. The arrays lie as those of the activation do; out may be x or r."""
        array, found = as_array(x, dtype, "x")
        kernel, op = self._find_op(found, tier, target)
        values = self._values(parameters, named)
        inputs = {"x": array, "r": operand(r, array, "r")}
        (y,), (a, b, to) = elementwise(inputs, {"out": out})
        kernel.forward(op, a, None, b, to, 1, array.size, values)
        return y

    def residual_backward(
        self,
        x: npt.ArrayLike,
        r: npt.ArrayLike,
        dy: npt.ArrayLike,
        *parameters: float,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        """dx = dy f'(x + r), the gradient of both. out may be x, r or dy."""
        array, found = as_array(x, dtype, "x")
        kernel, op = self._find_op(found, tier, target)
        values = self._values(parameters, named)
        inputs = {"x": array, "r": operand(r, array, "r"), "dy": operand(dy, array, "dy")}
        (dx,), (a, b, upstream, to) = elementwise(inputs, {"out": out})
        kernel.backward(op, a, None, b, upstream, to, None, None, 1, array.size, values)
        return dx
