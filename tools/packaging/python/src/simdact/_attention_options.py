"""What attention's softmax is told: sizes, strides, and which keys a query sees (attention.h)."""
from __future__ import annotations

from ctypes import Structure, c_double, c_int, c_size_t, c_ssize_t, c_uint64, c_void_p
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np
import numpy.typing as npt

from ._arrays import Array, address, per_row
from ._function import integer, number
from ._library import TIERS, number_of
from ._softmax_options import INFINITE_SCORES, MASKED_ROWS, mask_type

ATTENTION_OPTIONS: Dict[str, Any] = {
    "scale": 1.0,
    "softcap": None,
    "mask": None,
    "mask_slope": 1.0,
    "alibi_slopes": None,
    "sinks": None,
    "key_lengths": None,
    "causal": False,
    "diagonal": 0,
    "window": None,
    "masked_row": "nan",
    "infinite_score": "nan",
    "log_sum_exp": None,
}


class Strides(Structure):
    _fields_ = [("batch", c_size_t), ("head", c_size_t), ("query", c_size_t)]


class CAttention(Structure):
    _fields_ = [
        *((size, c_size_t) for size in ("batches", "heads", "queries", "keys")),
        ("scale", c_double),
        ("softcap", c_double),
        ("tier", c_int),
        ("masked_row", c_int),
        ("infinite_score", c_int),
        ("mask_type", c_int),
        ("mask", c_void_p),
        ("mask_strides", Strides),
        ("mask_slope", c_double),
        ("mask_slopes", c_void_p),
        ("alibi_slopes", c_void_p),
        ("alibi_batch_stride", c_size_t),
        ("sinks", c_void_p),
        ("sink_batch_stride", c_size_t),
        ("key_lengths", c_void_p),
        ("diagonal", c_ssize_t),
        ("diagonals", c_void_p),
        ("causal", c_int),
        ("window", c_int),
        ("window_left", c_ssize_t),
        ("window_right", c_ssize_t),
        *((f"{array}_strides", Strides) for array in ("x", "y", "dy", "dx")),
        ("log_sum_exp", c_void_p),
        ("reserved", c_uint64 * 8),
    ]


class Call(NamedTuple):
    options: CAttention
    shape: Tuple[int, ...]  # of four
    kept: List[Array]  # what options point to


def strides_of(array: Array, what: str, broadcasts: bool = False) -> Strides:
    """In elements; 0 where there is one step alone, which stands for any."""
    item, dimensions = array.itemsize, list(zip(array.shape, array.strides))
    good = array.shape[-1] <= 1 or array.strides[-1] == item
    for size, stride in dimensions[:-1]:
        good = good and (size <= 1 or (stride % item == 0 and (stride > 0 or (broadcasts and stride == 0))))
    if array.size and not good:
        raise ValueError(
            f"{what} is not made of rows whose keys lie side by side (shape {array.shape}, strides {array.strides} "
            "bytes); numpy.ascontiguousarray makes a copy that is"
        )
    steps = [stride // item if size > 1 and array.size else 0 for size, stride in dimensions[:-1]]
    return Strides(*[0] * (3 - len(steps)), *steps)


def fill_mask(call: Call, mask: npt.ArrayLike, x: Array) -> None:
    array = np.asarray(mask)
    call.options.mask_type = mask_type(array, x)
    whole = (1,) * (4 - array.ndim) + array.shape
    if array.ndim > 4 or whole[-1] != call.shape[-1] or any(a not in (1, b) for a, b in zip(whole, call.shape)):
        raise ValueError(f"mask has shape {array.shape}, which does not broadcast to all keys of {call.shape}")
    call.options.mask_strides = strides_of(array, "mask", broadcasts=True)
    call.options.mask = address(array)
    call.kept.append(array)


def for_heads(values: npt.ArrayLike, call: Call, what: str) -> Tuple[Array, int]:
    """A number for each head, float32, and how many there are for each batch; 0: all batches have the same."""
    batches, heads = call.shape[:2]
    single = np.ndim(values) < 2
    array = per_row(values, (heads,) if single else (batches, heads), what, "fiu", np.dtype(np.float32))
    call.kept.append(array)
    return array, 0 if single else heads


def fill_numbers(call: Call, given: Dict[str, Any]) -> None:
    options = call.options
    options.scale = number("scale", given["scale"])
    if given["softcap"] is not None:
        options.softcap = number("softcap", given["softcap"])
        if options.softcap == 0:
            raise ValueError("softcap is to be above 0")  # which stands for none in the C API
    if np.ndim(given["mask_slope"]):
        options.mask_slopes = address(for_heads(given["mask_slope"], call, "mask_slope")[0])
    else:
        options.mask_slope = number("mask_slope", given["mask_slope"])
    for what, stride in (("alibi_slopes", "alibi_batch_stride"), ("sinks", "sink_batch_stride")):
        if given[what] is not None:
            array, step = for_heads(given[what], call, what)
            setattr(options, what, address(array))
            setattr(options, stride, step)
    if options.scale == 0 or (options.mask_slope == 0 and not np.ndim(given["mask_slope"])):
        raise ValueError(f"{'scale' if options.scale == 0 else 'mask_slope'} is to be other than 0")


def fill_keys(call: Call, given: Dict[str, Any]) -> None:
    """Which keys a query sees."""
    options, batches = call.options, call.shape[:1]
    if given["key_lengths"] is not None:
        call.kept.append(per_row(given["key_lengths"], batches, "key_lengths", "iu", np.dtype(np.uintp)))
        options.key_lengths = address(call.kept[-1])
    options.causal = bool(given["causal"])
    if np.ndim(given["diagonal"]):
        call.kept.append(per_row(given["diagonal"], batches, "diagonal", "iu", np.dtype(np.intp)))
        options.diagonals = address(call.kept[-1])
    else:
        options.diagonal = integer("diagonal", given["diagonal"])
    if given["window"] is not None:
        if not isinstance(given["window"], tuple) or len(given["window"]) != 2:
            raise TypeError(f"window is to be (left, right), not {given['window']!r}")
        options.window = 1
        options.window_left, options.window_right = (integer("window", side) for side in given["window"])


def call_of(x: Array, given: Dict[str, Any], tier: str) -> Call:
    """Everything that does not depend on the direction."""
    if not 2 <= x.ndim <= 4:
        raise ValueError(f"scores are [batches, heads, queries, keys], not of shape {x.shape}")
    call = Call(CAttention(tier=number_of("tier", TIERS, tier)), (1,) * (4 - x.ndim) + x.shape, [])
    options = call.options
    options.batches, options.heads, options.queries, options.keys = call.shape
    options.masked_row = number_of("masked_row", MASKED_ROWS, given["masked_row"])
    options.infinite_score = number_of("infinite_score", INFINITE_SCORES, given["infinite_score"])
    fill_numbers(call, given)
    fill_keys(call, given)
    if given["mask"] is not None:
        fill_mask(call, given["mask"], x)
    return call
