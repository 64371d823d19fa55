"""Activations and gates that end in bytes, int8 or fp8 (quantize.h)."""
from __future__ import annotations

import ctypes
import operator
from ctypes import POINTER, Structure, c_float, c_int, c_int32, c_size_t, c_uint8, c_uint64, c_void_p
from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from ._arrays import Array, address, as_array, check_disjoint, dense_output, output, per_row, rows_of, several
from ._function import Function, integer
from ._gated import GateOptions, gated_rows
from ._library import DTYPES, check, declare, number_of, target_of
from ._structs import Parameters

BYTE_FORMATS = {"int8": 0, "uint8": 1, "e4m3": 2, "e5m2": 3}
ML_DTYPES = {"float8_e4m3fn": "e4m3", "float8_e5m2": "e5m2"}
SCALE_FOR = {"tensor": 0, "row": 1, "group": 2}
OVERFLOWS = {"saturate": 0, "special": 1}


class QuantizeOptions(Structure):
    _fields_ = [
        ("group", c_size_t),
        ("format", c_int),
        ("scale_for", c_int),
        ("overflow", c_int),
        ("zero_point", c_int32),
        ("dynamic", c_int32),
        ("scales", c_void_p),
        ("largest", c_void_p),
        ("x_row_stride", c_size_t),
        ("q_row_stride", c_size_t),
        ("target", c_void_p),
        ("reserved", c_uint64 * 6),
    ]


_head = (c_int, c_int, c_void_p, c_void_p, c_size_t, c_size_t, Parameters)
_quantize = declare("quantize", c_int, *_head, POINTER(QuantizeOptions))
_gated_quantize = declare("gated_quantize", c_int, *_head, POINTER(GateOptions), POINTER(QuantizeOptions))
_byte_value = declare("byte_value", c_float, c_int, c_uint8)


def byte_values(format: str) -> Array:
    """The float32 that each byte stands for, by its bits, at scale 1 and zero point 0: of 'int8', 'uint8', 'e4m3' or
    'e5m2'. byte_values('e4m3')[q] * scale undoes quantize."""
    which = number_of("format", BYTE_FORMATS, format)
    return np.array([_byte_value(which, byte) for byte in range(256)], np.float32)


class Quantized(NamedTuple):
    """What quantize gives: bytes, and the float32 scales that they have."""

    q: Array
    scales: Array


class Ends(NamedTuple):
    """How a call ends: the bytes, scales, options, and what else was written."""

    q: Array
    scales: Array
    options: QuantizeOptions
    kept: Tuple[Any, ...]


def bytes_for(out: Any, shape: Tuple[int, ...], format: str) -> Array:
    kind = np.dtype(np.int8 if format == "int8" else np.uint8)
    if out is None:
        return np.empty(shape, kind)
    if isinstance(out, np.ndarray) and ML_DTYPES.get(out.dtype.name) == format:
        kind = out.dtype
    if isinstance(out, np.ndarray) and out.dtype != kind:
        raise TypeError(f"q is {out.dtype}, not {kind} (format {format})")
    return output(out, np.empty(0, kind), "q", shape)


def ends(given: Dict[str, Any], shape: Tuple[int, ...], target: Optional[str], dtype: str) -> Ends:
    """The options of a call that has results of this shape, made from numbers of the dtype."""
    if dtype == "f64":
        raise TypeError("x is float64, which has no way into bytes: astype(numpy.float32)")
    options = QuantizeOptions(target=target_of(target).handle)
    options.format = number_of("format", BYTE_FORMATS, given["format"])
    options.scale_for = number_of("scale_for", SCALE_FOR, given["scale_for"])
    options.overflow = number_of("overflow", OVERFLOWS, given["overflow"])
    zero_point = integer("zero_point", given["zero_point"])
    if not -(2**31) <= zero_point < 2**31:
        raise ValueError(f"zero_point {zero_point} is out of range")
    options.zero_point = zero_point
    places = several(given["out"], ["q", "scales"])
    q = bytes_for(places[0], shape, given["format"])
    options.q_row_stride = rows_of(q, "q")[1]
    count = count_of(given, shape)
    options.group = given["group"] or 0
    if given["scales"] is None:
        options.dynamic = 1
        scales = dense_output(places[1], count, np.float32, "scales")
        if not q.size:
            scales[...] = 1  # of nothing
    elif places[1] is not None:
        raise TypeError("out has a place for scales, which are given")
    else:
        scales = per_row(given["scales"], count, "scales", "fiu", np.dtype(np.float32)).reshape(count)
    options.scales = address(scales)
    largest = given["largest"]
    if largest is not None:
        options.largest = address(dense_output(largest, count, np.float32, "largest"))
    return Ends(q, scales, options, (largest,))


def count_of(given: Dict[str, Any], shape: Tuple[int, ...]) -> Tuple[int, ...]:
    """The shape of scales."""
    group = given["group"]
    if (group is not None) != (given["scale_for"] == "group"):
        raise ValueError("group is a number of columns, for scale_for='group' alone")
    if given["scale_for"] == "tensor":
        return ()
    if group is None:
        return shape[:-1]
    if operator.index(group) <= 0:
        raise ValueError(f"group is to be at least 1, not {group}")
    return (*shape[:-1], -(-shape[-1] // group))


class Quantizing(Function):
    def quantize(
        self,
        x: npt.ArrayLike,
        *parameters: float,
        format: str = "int8",
        scales: Optional[npt.ArrayLike] = None,
        scale_for: str = "tensor",
        group: Optional[int] = None,
        zero_point: int = 0,
        overflow: str = "saturate",
        largest: Optional[Array] = None,
        out: Optional[Tuple[Optional[Array], Optional[Array]]] = None,
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Quantized:
        """(q, scales): bytes q that stand for f(x) = scale (value of q - zero_point), of x in all formats but float64.
        linear.quantize(x) is of x itself.

        format   'int8', 'uint8', or fp8 as its bits in uint8: 'e4m3' (fn), 'e5m2'; byte_values(format) has their values
        scales   None: found, from the largest finite |f(x)|; or given, each from 2^-100 to 2^100
        scale_for  'tensor', 'row' (along the last axis), or 'group': of so many columns of a row
        zero_point  of int8 and uint8, where scales are given (uint8 needs them)
        overflow  what becomes of fp8 numbers above the largest: 'saturate', or 'special': NaN (e4m3), infinity (e5m2)
        largest  a float32 array for the largest finite |f(x)| of each scale's elements
        out      a pair of arrays, (q, scales), or of None where a new one is wanted; of ml_dtypes' float8, too

        f is the fast tier's. Bytes are the nearest ones, ties to even, unless f(x) / scale is within 2^-20 of its size
        of the middle between two."""
        array, found = as_array(x, dtype, "x")
        if not array.ndim:
            raise ValueError("x has no axis of columns")
        values = self._values(parameters, named)
        given = {"format": format, "scales": scales, "scale_for": scale_for, "group": group, "out": out}
        given.update(zero_point=zero_point, overflow=overflow, largest=largest)
        end = ends(given, array.shape, target, found)
        rows, end.options.x_row_stride = rows_of(array, "x")
        arguments = (self._number, DTYPES[found], address(array), address(end.q), rows, array.shape[-1], values)
        check(_quantize(*arguments, ctypes.byref(end.options)), f"{self.name}.quantize")
        return Quantized(end.q, end.scales)

    def gated_quantize(
        self,
        x: npt.ArrayLike,
        *parameters: float,
        layout: str = "gate_first",
        limit: Optional[float] = None,
        offset: float = 0.0,
        gate_bias: Optional[npt.ArrayLike] = None,
        up_bias: Optional[npt.ArrayLike] = None,
        format: str = "int8",
        scales: Optional[npt.ArrayLike] = None,
        scale_for: str = "tensor",
        group: Optional[int] = None,
        zero_point: int = 0,
        overflow: str = "saturate",
        largest: Optional[Array] = None,
        out: Optional[Tuple[Optional[Array], Optional[Array]]] = None,
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Quantized:
        """(q, scales) of gated(x), from rows of gate and up: the options of gated and of quantize."""
        gate = {"layout": layout, "limit": limit, "offset": offset, "gate_bias": gate_bias, "up_bias": up_bias}
        at = gated_rows(self.name, x, gate, "fast", target, dtype)
        values = self._values(parameters, named)
        given = {"format": format, "scales": scales, "scale_for": scale_for, "group": group, "out": out}
        given.update(zero_point=zero_point, overflow=overflow, largest=largest)
        end = ends(given, at.shape, target, at.dtype)
        for what, written in (("scales", end.scales if scales is None else None), ("largest", largest)):
            if written is not None:  # the library does not look at these
                check_disjoint(written, what, dict(zip(("a bias", "another bias"), at.kept)))
        arguments = (self._number, DTYPES[at.dtype], address(at.x), address(end.q), *at.sizes, values)
        options = (ctypes.byref(at.options), ctypes.byref(end.options))
        check(_gated_quantize(*arguments, *options), f"{self.name}.gated_quantize")
        return Quantized(end.q, end.scales)
