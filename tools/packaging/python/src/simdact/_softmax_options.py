"""What softmax is told besides its array: options, and how a call runs over memory."""
from __future__ import annotations

import operator
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from ._arrays import Array, address, memory_order, output, per_row, rows_of, sum_type
from ._function import number
from ._library import TIERS, number_of
from ._structs import SoftmaxAxisOptions, SoftmaxOptions

MASKED_ROWS = {"nan": 0, "zero": 1, "uniform": 2}
INFINITE_SCORES = {"nan": 0, "limit": 1}
MASK_BOOL, MASK_F32, MASK_SAME = 1, 2, 3

OPTIONS_TEXT = """\
x        float32, float64, float16, bfloat16 (ml_dtypes). Along the fastest axis there may be gaps between rows;
         else memory is to be without gaps
axis     along which; the rest below but scale, masked_row, infinite_score and log_sum_exp is for the last axis
out      where to write the result: x itself, or an array that shares no memory with it
scale    z = scale x; softcap: z = softcap tanh(scale x / softcap)
mask     bool or uint8 (False hides a column), or float32 or x's dtype, which mask_slope times is added to z; of
         the last axes of x: of shape [cols], [queries, cols] ... ; alibi_slope (column - last visible) is added
lengths  how many columns of each row are seen, starts: from which on; they broadcast to the shape of all rows
causal   True: row q of the axis before the last sees causal_past + q + 1 columns
sinks    a score beside the columns of each row; broadcasts to the shape of all rows
masked_row      what rows without a score give: 'nan', 'zero' or 'uniform'
infinite_score  what rows with +inf give: 'nan', or 'limit'
log_sum_exp     an array for log(sum exp z) of each row, float64 for float64, else float32
tier    'accurate' or 'fast'
target  an instruction set by its name (simdact.targets()); None: the best, or $SIMDACT_TARGET
dtype   'bf16' or 'f16' for bits in uint16; else the array says it"""

FORWARD_OPTIONS: Dict[str, Any] = {
    "scale": 1.0,
    "softcap": None,
    "mask": None,
    "mask_slope": 1.0,
    "alibi_slope": 0.0,
    "lengths": None,
    "starts": None,
    "causal": False,
    "causal_past": 0,
    "sinks": None,
    "masked_row": "nan",
    "infinite_score": "nan",
    "log_sum_exp": None,
}
BACKWARD_OPTIONS: Dict[str, Any] = {
    "scale": 1.0,
    "lengths": None,
    "starts": None,
    "causal": False,
    "causal_past": 0,
}
FOR_ANY_AXIS = ("scale", "masked_row", "infinite_score", "log_sum_exp")

Given = Dict[str, Any]


class Plan(NamedTuple):
    """How a call runs over memory: the order of axes, and outer x axis x inner elements. inner is 1 for rows."""

    order: Sequence[int]
    outer: int
    axis: int
    inner: int
    options: Any
    strides: List[int]  # of the arrays, where they are rows
    kept: List[Any]  # what options point to

    def sizes(self) -> Tuple[int, ...]:
        rows = isinstance(self.options, SoftmaxOptions)
        return (self.outer, self.axis) if rows else (self.outer, self.axis, self.inner)


def position(axis: int, x: Array) -> int:
    """The axis, counted from the front."""
    axis = operator.index(axis)
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis {axis} is out of range for an array of {x.ndim} dimensions")
    return axis % x.ndim


def arrangement(arrays: Dict[str, Array], axis: int, in_order: bool) -> Tuple[Sequence[int], int]:
    """The order of axes in memory, and where the axis stands there. With options that belong to rows they are
    counted as they stand in x."""
    first = next(iter(arrays.values()))
    order = range(first.ndim) if in_order else list(memory_order(first))
    return order, list(order).index(axis)


def plan(arrays: Dict[str, Array], axis: int, given: Given, tier: str) -> Plan:
    """The arrays of one shape, the input first; options as they were given."""
    first = next(iter(arrays.values()))
    of_rows = [n for n, v in given.items() if n not in FOR_ANY_AXIS and v is not FORWARD_OPTIONS[n]]
    order, place = arrangement(arrays, axis, bool(of_rows))
    views = {what: array.transpose(order) for what, array in arrays.items()}
    shape = next(iter(views.values())).shape
    if place == first.ndim - 1:
        rows = [rows_of(view, what) for what, view in views.items()]
        row_options = SoftmaxOptions(tier=number_of("tier", TIERS, tier))
        kept = fill_row_options(row_options, given, first)
        result = Plan(order, rows[0][0], shape[-1], 1, row_options, [stride for _, stride in rows], kept)
    else:
        if of_rows:
            raise ValueError(f"{', '.join(of_rows)}: for the last axis alone")
        for what, view in views.items():
            if not view.flags.c_contiguous:
                raise ValueError(
                    f"{what} has gaps in memory, or its axes in another order than the input (shape "
                    f"{arrays[what].shape}, strides {arrays[what].strides} bytes)"
                )
        outer, inner = (int(np.prod(part)) for part in (shape[:place], shape[place + 1 :]))
        axis_options = SoftmaxAxisOptions(tier=number_of("tier", TIERS, tier))
        result = Plan(order, outer, shape[place], inner, axis_options, [], [])
    fill_common_options(result, given, first, axis)
    return result


def fill_common_options(made: Plan, given: Given, x: Array, axis: int) -> None:
    options = made.options
    options.scale = number("scale", given["scale"])
    if options.scale == 0:
        raise ValueError("scale is to be other than 0")  # which stands for 1 in the C API
    if "masked_row" not in given:
        return
    options.masked_row = number_of("masked_row", MASKED_ROWS, given["masked_row"])
    options.infinite_score = number_of("infinite_score", INFINITE_SCORES, given["infinite_score"])
    if given["log_sum_exp"] is not None:
        shape = x.shape[:axis] + x.shape[axis + 1 :]
        sums = output(given["log_sum_exp"], np.empty(0, sum_type(x)), "log_sum_exp", shape)
        if not sums.transpose(without(made.order, axis)).flags.c_contiguous:
            raise ValueError("log_sum_exp has gaps in memory, or its axes in another order than the input")
        options.log_sum_exp = address(sums)
        made.kept.append(sums)


def without(order: Sequence[int], axis: int) -> List[int]:
    """An order of axes once one of them has gone."""
    return [other - (other > axis) for other in order if other != axis]


def fill_row_options(options: SoftmaxOptions, given: Given, x: Array) -> List[Any]:
    """What rows can have. Returns what must stay as long as the options do."""
    kept: List[Any] = []
    all_rows = x.shape[:-1]
    if given.get("softcap") is not None:
        options.softcap = number("softcap", given["softcap"])
        if options.softcap == 0:
            raise ValueError("softcap is to be above 0")  # which stands for none in the C API
    if given.get("mask") is not None:
        kept.append(fill_mask(options, given["mask"], x))
        options.mask_slope = number("mask_slope", given["mask_slope"])
        if options.mask_slope == 0:
            raise ValueError("mask_slope is to be other than 0")
    options.alibi_slope = number("alibi_slope", given.get("alibi_slope", 0.0))
    for what in ("lengths", "starts"):
        if given[what] is not None:
            kept.append(per_row(given[what], all_rows, what, "iu", np.dtype(np.uintp)))
            setattr(options, what, address(kept[-1]))
    if given["causal"]:
        options.causal_rows = x.shape[-2] if x.ndim > 1 else 1
        options.causal_past = non_negative(given["causal_past"], "causal_past")
    elif given["causal_past"]:
        raise ValueError("causal_past needs causal=True")
    if given.get("sinks") is not None:
        kept.append(per_row(given["sinks"], all_rows, "sinks", "fiu", np.dtype(np.float32)))
        options.sinks, options.rows_per_sink = address(kept[-1]), 1
    return kept


def non_negative(value: Any, what: str) -> int:
    count = operator.index(value)
    if count < 0:
        raise ValueError(f"{what} is to be at least 0, not {count}")
    return count


def mask_type(mask: Array, x: Array) -> int:
    if mask.dtype in (np.dtype(np.bool_), np.dtype(np.uint8)):
        return MASK_BOOL
    if mask.dtype == x.dtype:
        return MASK_SAME
    if mask.dtype == np.float32:
        return MASK_F32
    raise TypeError(f"mask is {mask.dtype}, not bool, uint8, float32 or {x.dtype} as x")


def fill_mask(options: SoftmaxOptions, mask: npt.ArrayLike, x: Array) -> Array:
    """A mask lies where it is: of the last axes of x, the same for all others."""
    array = np.asarray(mask)
    options.mask_type = mask_type(array, x)
    while array.ndim > 1 and array.shape[0] == 1:
        array = array[0]
    if not 0 < array.ndim <= x.ndim or array.shape != x.shape[x.ndim - array.ndim :]:
        raise ValueError(f"mask has shape {np.shape(mask)}, which is not that of the last axes of x, {x.shape}")
    options.mask_rows, options.mask_row_stride = rows_of(array, "mask")
    options.mask = address(array)
    return array
