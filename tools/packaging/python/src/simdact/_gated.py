"""Gates of any activation, y = f(g) (u + offset), with limits and biases (gates.h, section 3)."""
from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, c_double, c_int, c_size_t, c_uint64, c_void_p
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from ._arrays import Array, address, as_array, c_order, dense_output, operand, output, rows_of
from ._function import Function, number
from ._library import DTYPES, TIERS, check, declare, number_of, target_of
from ._structs import Parameters

LAYOUTS = {"gate_first": 0, "up_first": 1, "interleaved": 2}


class GateOptions(Structure):
    _fields_ = [
        ("limit", c_double),
        ("offset", c_double),
        ("layout", c_int),
        ("tier", c_int),
        ("gate_bias", c_void_p),
        ("up_bias", c_void_p),
        ("x_row_stride", c_size_t),
        ("y_row_stride", c_size_t),
        ("dy_row_stride", c_size_t),
        ("dx_row_stride", c_size_t),
        ("target", c_void_p),
        ("reserved", c_uint64 * 6),
    ]


_kind, _sizes, _rest = (c_int, c_int), (c_size_t, c_size_t), (Parameters, POINTER(GateOptions))
_gated = declare("gated", c_int, *_kind, *[c_void_p] * 2, *_sizes, *_rest)
_gated_backward = declare("gated_backward", c_int, *_kind, *[c_void_p] * 5, *_sizes, *_rest)


def halved(x: Array) -> Tuple[int, ...]:
    """The shape of y: half of the last axis."""
    if not x.ndim or x.shape[-1] % 2:
        raise ValueError(f"the last axis of x holds gate and up, so it must be even; the shape is {x.shape}")
    return (*x.shape[:-1], x.shape[-1] // 2)


class GatedRows(NamedTuple):
    """x of a call, which holds rows of gate and up, and the options that go with it."""

    x: Array
    dtype: str
    rows: int
    shape: Tuple[int, ...]  # of y
    options: GateOptions
    kept: List[Array]  # what options point to

    @property
    def sizes(self) -> Tuple[int, int]:
        return self.rows, self.shape[-1]


def gated_rows(
    what: str, x: npt.ArrayLike, given: Dict[str, Any], tier: str, target: Optional[str], dtype: Optional[str]
) -> GatedRows:
    array, found = as_array(x, dtype, "x")
    shape = halved(array)
    rows, stride = rows_of(array, "x")
    options = GateOptions(x_row_stride=stride, target=target_of(target).handle)
    options.tier, options.layout = number_of("tier", TIERS, tier), number_of("layout", LAYOUTS, given["layout"])
    options.offset = number(f"{what}: offset", given["offset"])
    if given["limit"] is not None:
        options.limit = number(f"{what}: limit", given["limit"])
        if options.limit == 0:
            raise ValueError(f"{what}: limit is to be above 0")  # which stands for none in the C API
    kept = []
    for name in ("gate_bias", "up_bias"):
        if given[name] is not None:
            kept.append(c_order(operand(given[name], array, name, shape[-1:]), name))
            setattr(options, name, address(kept[-1]))
    return GatedRows(array, found, rows, shape, options, kept)


class Gated(Function):
    def gated(
        self,
        x: npt.ArrayLike,
        *parameters: float,
        layout: str = "gate_first",
        limit: Optional[float] = None,
        offset: float = 0.0,
        gate_bias: Optional[npt.ArrayLike] = None,
        up_bias: Optional[npt.ArrayLike] = None,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        """y = f(g) (u + offset), g = min(gate + gate_bias, limit), u = up + up_bias, clamped to +-limit: y of shape
        [..., n] from x of shape [..., 2 n], whose rows hold gate and up: 'gate_first', 'up_first' or 'interleaved'.
        Biases have n elements of x's dtype. Rows may have gaps between them; out may be x[..., :n] or x[..., n:].
        swish.gated(x, 1.702, limit=7, offset=1, layout='interleaved') is gpt-oss' gate."""
        given = {"layout": layout, "limit": limit, "offset": offset, "gate_bias": gate_bias, "up_bias": up_bias}
        at = gated_rows(self.name, x, given, tier, target, dtype)
        values = self._values(parameters, named)
        y = np.empty(at.shape, at.x.dtype) if out is None else output(out, at.x, "out", at.shape)
        at.options.y_row_stride = rows_of(y, "out")[1]
        arrays = (address(at.x), address(y))
        options = ctypes.byref(at.options)
        check(_gated(self._number, DTYPES[at.dtype], *arrays, *at.sizes, values, options), f"{self.name}.gated")
        return y

    def gated_backward(
        self,
        x: npt.ArrayLike,
        dy: npt.ArrayLike,
        *parameters: float,
        layout: str = "gate_first",
        limit: Optional[float] = None,
        offset: float = 0.0,
        gate_bias: Optional[npt.ArrayLike] = None,
        up_bias: Optional[npt.ArrayLike] = None,
        dgate_bias: Optional[Array] = None,
        dup_bias: Optional[Array] = None,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        """dx of shape [..., 2 n] in the layout of x, for dy of shape [..., n]; at a limit the derivative is 1. out may
        be x. dgate_bias and dup_bias are arrays of n elements for the sums of dgate and dup over all rows."""
        given = {"layout": layout, "limit": limit, "offset": offset, "gate_bias": gate_bias, "up_bias": up_bias}
        at = gated_rows(self.name, x, given, tier, target, dtype)
        values = self._values(parameters, named)
        upstream = operand(dy, at.x, "dy", at.shape)
        dx = np.empty(at.x.shape, at.x.dtype) if out is None else output(out, at.x, "out")
        at.options.dy_row_stride, at.options.dx_row_stride = rows_of(upstream, "dy")[1], rows_of(dx, "out")[1]
        sums: List[Optional[int]] = []
        for name, place in (("dgate_bias", dgate_bias), ("dup_bias", dup_bias)):
            wanted = place is not None
            sums.append(address(dense_output(place, at.shape[-1:], at.x.dtype, name)) if wanted else None)
        arrays = (address(at.x), address(upstream), address(dx), *sums)
        options = ctypes.byref(at.options)
        kind = (self._number, DTYPES[at.dtype])
        check(_gated_backward(*kind, *arrays, *at.sizes, values, options), f"{self.name}.gated_backward")
        return dx
