"""Activations of quantized numbers by tables: of bytes, of int16, and of int16 nodes with lines between (table.h,
table16.h)."""
from __future__ import annotations

import ctypes
import operator
from ctypes import CFUNCTYPE, POINTER, Structure, c_double, c_float, c_int, c_int32, c_size_t, c_void_p
from typing import Any, Dict, NamedTuple, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from ._arrays import Array, address, elementwise
from ._function import Function, number
from ._library import check, declare, number_of, target_of
from ._structs import Parameters

ROUNDINGS = {"even": 0, "away": 1}
NODES = {"exact": 0, "tflite": 1}
BYTES = (np.dtype(np.int8), np.dtype(np.uint8))
WORDS = np.dtype(np.int16)


class CQuantization(Structure):
    _fields_ = [("scale", c_float), ("zero_point", c_int32), ("is_signed", c_int)]


_lookup = CFUNCTYPE(None, c_void_p, c_void_p, c_size_t, c_void_p)


class TableKernel(Structure):
    _fields_ = [("lookup", _lookup)]


class Table16Kernel(Structure):
    _fields_ = [("lookup", _lookup), ("interpolate", _lookup)]


find_table = declare("find_table", POINTER(TableKernel), c_void_p)
find_table16 = declare("find_table16", POINTER(Table16Kernel), c_void_p)
_of_op = (c_int, POINTER(Parameters))
_two = (c_float, c_int32) * 2
# A library without f64 has no builders.
_quantizations = (POINTER(CQuantization),) * 2
_build = declare("table_build_rounded", c_int, *_of_op, *_quantizations, c_int, c_void_p, optional=True)
_build16 = declare("table_build_s16", c_int, *_of_op, *_two, c_int, c_void_p, optional=True)
_build_nodes = declare("interpolate_build_s16", c_int, *_of_op, *_two, c_int, c_void_p, optional=True)
_error = declare("interpolate_error_s16", c_int, *_of_op, *_two, c_void_p, POINTER(c_double), optional=True)


class Quantization(NamedTuple):
    """An integer q stands for the number (q - zero_point) scale."""

    scale: float
    zero_point: int = 0


Scales = Union[float, Tuple[float, int], Quantization]


def quantization(given: Scales, dtype: Any, what: str) -> Quantization:
    """A scale, or a scale and a zero point of the dtype."""
    pair = given if isinstance(given, tuple) else (given, 0)
    if len(pair) != 2:
        raise TypeError(f"{what} is to be (scale, zero_point), or a scale, not {given!r}")
    zero, ends = operator.index(pair[1]), np.iinfo(dtype)
    if not ends.min <= zero <= ends.max:
        raise ValueError(f"{what}: zero point {zero} is no {dtype}")
    return Quantization(number(f"{what}: scale", pair[0]), zero)


class Lookup:
    """What tables and nodes have in common: entries of their own, that nothing changes."""

    _sizes: Dict[Any, int]

    def __init__(self, entries: npt.ArrayLike, dtype: Any = None) -> None:
        given = np.asarray(entries)
        if given.dtype not in self._sizes:
            valid = ", ".join(str(kind) for kind in self._sizes)
            raise TypeError(f"entries is {given.dtype}, not {valid}")
        if given.shape != (self._sizes[given.dtype],):
            raise ValueError(f"entries has shape {given.shape}, not ({self._sizes[given.dtype]},)")
        self.entries = given.copy()
        self.entries.flags.writeable = False
        self.dtype = given.dtype if dtype is None else np.dtype(dtype)
        if self.dtype.itemsize != given.dtype.itemsize or self.dtype not in self._sizes:
            raise TypeError(f"entries of {given.dtype} are for integers of that size, not {self.dtype}")

    def __repr__(self) -> str:
        return f"<simdact.{type(self).__name__}: {self.dtype} to {self.entries.dtype}>"

    def __reduce__(self) -> Any:
        return type(self), (np.array(self.entries), self.dtype)

    def _kernel(self, target: Optional[str]) -> Any:
        raise NotImplementedError

    def __call__(self, x: npt.ArrayLike, *, out: Optional[Array] = None, target: Optional[str] = None) -> Array:
        """y of x, whose dtype is self.dtype; y has that of the entries. Memory is without gaps, axes in any order;
        out is x itself or shares no memory with it."""
        array = np.asarray(x)
        if array.dtype != self.dtype:
            raise TypeError(f"x is {array.dtype}, not {self.dtype} as the table")
        kernel = self._kernel(target)
        (y,), (begin, to) = elementwise({"x": array.view(self.entries.dtype)}, {"out": out})
        kernel(begin, to, array.size, address(self.entries))
        return y


class Table(Lookup):
    """A result for each integer: entries[q] for uint8, and by the bits of q for int8 and int16, so that entries[0] is
    that of 0, and the last one that of -1. 256 entries of bytes, or 65,536 of int16; dtype: that of the input, where
    it is not that of the entries. An activation makes one: simdact.silu.table(...)."""

    _sizes = {**{kind: 256 for kind in BYTES}, WORDS: 65536}

    def _kernel(self, target: Optional[str]) -> Any:
        find = find_table16 if self.dtype == WORDS else find_table
        return find(target_of(target).handle).contents.lookup


class Interpolation(Lookup):
    """513 nodes of int16, at every 128th integer from -32768 on, and straight lines between them: TensorFlow Lite's
    table for int16. An activation makes one: simdact.tanh.interpolation(...)."""

    _sizes = {WORDS: 513}

    def _kernel(self, target: Optional[str]) -> Any:
        return find_table16(target_of(target).handle).contents.interpolate


class Tabled(Function):
    def _builder(self, builder: Any) -> Any:
        if builder is None:
            raise ValueError(f"{self.name}: this library was built without f64, which makes tables")
        return builder

    def table(
        self,
        input: Scales,
        output: Scales,
        *parameters: float,
        dtype: npt.DTypeLike = np.int8,
        output_dtype: npt.DTypeLike = None,
        rounding: str = "even",
        **named: float,
    ) -> Table:
        """A simdact.Table of the activation of integers: input and output are (scale, zero_point) or a scale alone,
        of dtype and output_dtype (None: the same), which are int8 or uint8, or int16 both. A number goes to the
        nearest integer, ties to 'even' ones or 'away' from 0 (before the zero point is added), and into the dtype's
        range; NaN to the zero point. The real function is rounded once: the same table on every CPU."""
        kind = np.dtype(dtype)
        result = kind if output_dtype is None else np.dtype(output_dtype)
        if kind not in (*BYTES, WORDS) or (result != WORDS if kind == WORDS else result not in BYTES):
            raise TypeError(
                f"tables are from int8 or uint8 to such, or from int16 to int16, not {kind} to {result}"
            )
        values, how = self._values(parameters, named), number_of("rounding", ROUNDINGS, rounding)
        a, b = quantization(input, kind, "input"), quantization(output, result, "output")
        entries = np.empty(Table._sizes[kind], result)
        op = (self._number, ctypes.byref(values))
        if kind == WORDS:
            status = self._builder(_build16)(*op, *a, *b, how, address(entries))
        else:
            pair = [CQuantization(*q, of.kind == "i") for q, of in ((a, kind), (b, result))]
            status = self._builder(_build)(*op, *map(ctypes.byref, pair), how, address(entries))
        check(status, f"{self.name}.table")
        return Table(entries, kind)

    def interpolation(
        self, input: Scales, output: Scales, *parameters: float, nodes: str = "exact", **named: float
    ) -> Interpolation:
        """A simdact.Interpolation of the activation of int16: input and output as for table. nodes: 'exact', or
        'tflite', TensorFlow Lite's own, whose lines are off by up to three times as much."""
        values, which = self._values(parameters, named), number_of("nodes", NODES, nodes)
        a, b = quantization(input, WORDS, "input"), quantization(output, WORDS, "output")
        entries = np.empty(513, WORDS)
        op = (self._number, ctypes.byref(values))
        check(self._builder(_build_nodes)(*op, *a, *b, which, address(entries)), f"{self.name}.interpolation")
        return Interpolation(entries)

    def interpolation_error(
        self, table: Interpolation, input: Scales, output: Scales, *parameters: float, **named: float
    ) -> float:
        """How far the lines of nodes, of any origin, are off the activation at most, in steps of the output."""
        if not isinstance(table, Interpolation):
            raise TypeError(f"table is to be a simdact.Interpolation, not {type(table).__name__}")
        values, error = self._values(parameters, named), c_double()
        a, b = quantization(input, WORDS, "input"), quantization(output, WORDS, "output")
        arguments = (self._number, ctypes.byref(values), *a, *b, address(table.entries), ctypes.byref(error))
        check(self._builder(_error)(*arguments), f"{self.name}.interpolation_error")
        return error.value
