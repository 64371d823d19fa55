"""What is asked of arrays: formats, memory without gaps, outputs that fit. Nothing here copies.

An element-wise function runs over memory, so an array may have its axes in any order there (C, Fortran, channels
last) as long as it has no gaps, and all arrays of a call have the same order. Functions of rows want the elements of
a row side by side; between rows there may be a gap, the same everywhere.
"""
from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FORMATS = {np.dtype(np.float32): "f32", np.dtype(np.float64): "f64", np.dtype(np.float16): "f16"}
BITS = ("bf16", "f16")  # what an array of uint16 may hold


def as_array(x: npt.ArrayLike, dtype: Optional[str], what: str) -> Tuple[Array, str]:
    """x as NumPy sees it, and its format: f32, f64, f16 or bf16. Bits in uint16 need a dtype."""
    array = np.asarray(x)
    found = FORMATS.get(array.dtype)
    if found is None and array.dtype.name == "bfloat16" and array.dtype.itemsize == 2:  # of ml_dtypes
        found = "bf16"
    if found is None and array.dtype == np.uint16:
        if dtype not in BITS:
            raise TypeError(f"{what} is uint16: say what its bits are, dtype='bf16' or dtype='f16'")
        found = dtype
    if found is None:
        raise TypeError(
            f"{what} is {array.dtype.str if array.dtype.isbuiltin else array.dtype}, not float32, float64, float16, "
            "bfloat16 or uint16 with a dtype"
        )
    if dtype is not None and dtype != found:
        raise TypeError(f"{what} is {array.dtype} ({found}), but dtype={dtype!r}")
    return array, found


def match(array: Array, like: Array, what: str, shape: Optional[Sequence[int]] = None) -> Array:
    """An array of the dtype of another one, and of its shape or the one that is given."""
    shape = like.shape if shape is None else tuple(shape)
    if array.dtype != like.dtype:
        raise TypeError(f"{what} is {array.dtype}, not {like.dtype} as the input")
    if array.shape != shape:
        raise ValueError(f"{what} has shape {array.shape}, not {shape}")
    return array


def operand(array: npt.ArrayLike, like: Array, what: str, shape: Optional[Sequence[int]] = None) -> Array:
    """A further input."""
    return match(np.asarray(array), like, what, shape)


def output(out: Any, like: Array, what: str, shape: Optional[Sequence[int]] = None) -> Array:
    """An array to write to."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{what} is to be a NumPy array, not {type(out).__name__}")
    match(out, like, what, shape)
    if not out.flags.writeable:
        raise ValueError(f"{what} is read-only")
    return out


def dense_output(out: Any, shape: Sequence[int], dtype: Any, what: str) -> Array:
    """An array to write to, in C's order and without gaps; a new one if there is none."""
    dtype = np.dtype(dtype)
    if out is None:
        return np.empty(shape, dtype)
    if isinstance(out, np.ndarray) and out.dtype != dtype:
        raise TypeError(f"{what} is {out.dtype}, not {dtype}")
    return c_order(output(out, np.empty(0, dtype), what, shape), what)


def several(out: Any, names: Sequence[str]) -> Tuple[Optional[Array], ...]:
    """Where a call with more than one result writes them: None where a new array is wanted."""
    if out is None:
        return (None,) * len(names)
    if not isinstance(out, tuple) or len(out) != len(names):
        count = {2: "a pair of", 3: "three"}[len(names)]
        raise TypeError(f"out is to be {count} arrays, ({', '.join(names)})")
    return out


def c_order(array: Array, what: str) -> Array:
    """An array of C's order, without gaps."""
    if not array.flags.c_contiguous:
        raise ValueError(
            f"{what} has gaps in memory, or its axes in another order than C's (shape {array.shape}, strides "
            f"{array.strides} bytes); numpy.ascontiguousarray makes a copy that is"
        )
    return array


def address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


# ---- Element-wise ----------------------------------------------------------------------------------------------


def memory_order(array: Array) -> Sequence[int]:
    """The axes from the one that is farthest apart in memory to the one that lies side by side."""
    if array.flags.c_contiguous:
        return range(array.ndim)
    return sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))


def check_dense(array: Array, what: str) -> None:
    """In any order of its axes, but without gaps."""
    if not array.flags.forc and not array.transpose(memory_order(array)).flags.c_contiguous:
        raise ValueError(
            f"{what} has gaps in memory (shape {array.shape}, strides {array.strides} bytes); "
            "numpy.ascontiguousarray makes a copy without"
        )


def check_same_order(array: Array, like: Array, what: str) -> None:
    """Both are dense; with the same strides, where they matter, elements meet in memory."""
    for size, stride, other in zip(array.shape, array.strides, like.strides):
        if size > 1 and stride != other and array.size:
            raise ValueError(
                f"{what} has its axes in another order than the first input (strides {array.strides}, "
                f"{like.strides} bytes)"
            )


def check_layout(array: Array, like: Array, what: str) -> None:
    if not (array.flags.c_contiguous and like.flags.c_contiguous):  # which is nearly always so, and soon known
        check_dense(array, what)
        check_same_order(array, like, what)


def check_apart(begin: int, other: int, size: int, whole: bool, what: str) -> None:
    """An output of so many bytes shares nothing with an array of that size, or is it as a whole."""
    distance = abs(begin - other)
    if distance < size and not (whole and distance == 0):
        allowed = "it may be an input as a whole, or share nothing" if whole else "they are to share nothing"
        raise ValueError(f"{what} overlaps {'an input in part' if whole else 'the other output'}; {allowed}")


def check_disjoint(out: Array, what: str, others: Dict[str, Array], may_be: Sequence[str] = ()) -> None:
    """An output without gaps shares nothing with others, but may be some of them as a whole."""
    begin = address(out)
    for name, other in others.items():
        at = address(other)
        shares = out.nbytes and other.nbytes and begin < at + other.nbytes and at < begin + out.nbytes
        if shares and not (name in may_be and begin == at and out.nbytes == other.nbytes):
            raise ValueError(f"{what} overlaps {name}{' in part' if name in may_be else ''}")


def elementwise(inputs: Dict[str, Array], outs: Dict[str, Optional[Array]]) -> Tuple[List[Array], List[int]]:
    """The outputs of a call, new ones where None is given, once all arrays are known to fit; and the addresses of
    all arrays. They last as long as the arrays: the caller must keep its inputs, which may be all there is of what
    NumPy has made of a list."""
    first = next(iter(inputs.values()))
    for what, array in inputs.items():
        check_layout(array, first, what)
    begins = [address(array) for array in inputs.values()]
    results: List[Array] = []
    for what, out in outs.items():
        result = np.empty_like(first, subok=False) if out is None else output(out, first, what)
        check_layout(result, first, what)
        begin = address(result)
        if out is not None:
            for number, other in enumerate(begins):
                check_apart(begin, other, first.nbytes, number < len(inputs), what)
        begins.append(begin)
        results.append(result)
    return results, begins


# ---- Rows ------------------------------------------------------------------------------------------------------


def rows_of(array: Array, what: str) -> Tuple[int, int]:
    """How many rows an array has, along its last axis, and how many elements apart they begin."""
    cols = array.shape[-1]
    rows = array.size // cols if cols else int(np.prod(array.shape[:-1]))
    item = array.itemsize
    if array.flags.c_contiguous or array.size == 0:
        return rows, cols
    outer = [(n, s) for n, s in zip(array.shape[:-1], array.strides[:-1]) if n > 1]
    fits = cols == 1 or array.strides[-1] == item
    fits = fits and all(a[1] == b[0] * b[1] for a, b in zip(outer, outer[1:]))
    stride = outer[-1][1] if outer else cols * item
    if not fits or stride < cols * item or stride % item:
        raise ValueError(
            f"{what} is not made of rows that lie side by side at one distance (shape {array.shape}, strides "
            f"{array.strides} bytes, row along the last); numpy.ascontiguousarray makes a copy that is"
        )
    return rows, stride // item


def sum_type(x: Array) -> Any:
    """Of what a row has one number of: float64 of float64, else float32."""
    return np.float64 if x.dtype == np.float64 else np.float32


def per_row(values: npt.ArrayLike, shape: Tuple[int, ...], what: str, kinds: str, dtype: Any) -> Array:
    """A small array, one element per row, as the C API wants it: this one is converted where need be."""
    array = np.asarray(values)
    if array.dtype.kind not in kinds:
        raise TypeError(f"{what} is {array.dtype}, not {'integers' if kinds == 'iu' else 'numbers'}")
    if array.dtype.kind == "i" and np.dtype(dtype).kind == "u" and (array < 0).any():
        raise ValueError(f"{what} is to be at least 0")
    try:
        array = np.broadcast_to(array, shape)
    except ValueError as error:
        raise ValueError(f"{what} has shape {array.shape}, which does not broadcast to rows of {shape}") from error
    return np.ascontiguousarray(array, dtype)
