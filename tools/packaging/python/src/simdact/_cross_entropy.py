"""Cross-entropy of logits and labels, and its gradient, as torch.nn.functional.cross_entropy (cross_entropy.h)."""
from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, c_double, c_int, c_int64, c_size_t, c_uint64, c_void_p
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from ._arrays import Array, address, as_array, dense_output, output, per_row, rows_of, several, sum_type
from ._function import OPTIONS, Named, integer, number, options_of, signature
from ._library import DTYPES, TIERS, check, declare, number_of, target_of
from ._structs import function

REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}
LOSS_OPTIONS: Dict[str, Any] = {
    "weight": None,
    "ignore_index": -100,
    "reduction": "mean",
    "label_smoothing": 0.0,
    "log_sum_exp": None,
}

TEXT = """\
The loss of rows of logits x, of shape [..., classes], and labels of shape [...], as torch.nn.functional.cross_entropy
has it; but classes are always the last axis. With p = softmax(x), w the weights of classes and e the smoothing

    loss = sum_c -a_c log(p_c),  a_c = w_c ((1 - e) [c = label] + e / classes)

of each row, as float64 of float64, else as float32.

backward(x, labels, dy) gives dx_c = dy (p_c sum a - a_c); with_gradient(x, labels, dy) gives (loss, dx) in one pass.

x       float32, float64, float16, bfloat16 (ml_dtypes); there may be gaps between rows
labels  integers from 0 to classes - 1, or ignore_index
weight  a number for each class, None: 1; taken as float32
ignore_index  the label of rows that have no loss and no gradient; None: there are none
reduction     'mean' (divided by the sum of w at the labels of the rows that count), 'sum', or 'none': of each row
label_smoothing  e, from 0 to 1
log_sum_exp   an array for log(sum exp x) of each row, of the dtype of losses
out     where to write the result: an array that shares no memory with the others; the gradient's may be x
tier    'accurate' or 'fast', which are the same
target  an instruction set by its name (simdact.targets()); None: the best, or $SIMDACT_TARGET
dtype   'bf16' or 'f16' for bits in uint16; else the array says it

Largest errors without smoothing: 2.5 ulps of the loss, also of one next to 0; of dx 2.5 ulps (f64: 3; bf16, f16: 0.51)
of normal results."""


class LossOptions(Structure):
    _fields_ = [
        ("label_smoothing", c_double),
        ("gradient", c_double),
        ("gradients", c_void_p),
        ("tier", c_int),
        ("ignores_label", c_int),
        ("ignored_label", c_int64),
        ("weights", c_void_p),
        ("x_row_stride", c_size_t),
        ("dx_row_stride", c_size_t),
        ("log_sum_exp", c_void_p),
        ("reserved", c_uint64 * 8),
    ]


class LossKernel(Structure):
    _fields_ = [("cross_entropy", function(c_int, 4, c_size_t, c_size_t, POINTER(LossOptions)))]


find = declare("find_cross_entropy", POINTER(LossKernel), c_void_p, c_int)


class Call(NamedTuple):
    """The arguments of a call, once they are known to fit."""

    x: Array
    dtype: str
    labels: Array  # int64, one per row
    options: LossOptions
    reduction: str
    divisor: float  # what 'mean' divides by
    kept: List[Any]  # what options point to


def labels_of(labels: npt.ArrayLike, x: Array, ignored: Optional[int]) -> Array:
    """As int64. The C API takes any negative label as one to ignore, torch does not."""
    if not x.ndim:
        raise ValueError("x has no axis of classes")
    array = np.asarray(labels)
    if array.dtype.kind not in "iu":
        raise TypeError(f"labels is {array.dtype}, not integers")
    if array.shape != x.shape[:-1]:
        raise ValueError(f"labels has shape {array.shape}, not {x.shape[:-1]}")
    wide = np.ascontiguousarray(array, np.int64).reshape(array.shape)
    wrong = wide[(wide < 0) & (wide != ignored)]
    if wrong.size:
        raise ValueError(f"labels has {wrong[0]}, which names no class, and is not to be ignored")
    return wide


def prepared(
    x: npt.ArrayLike, labels: npt.ArrayLike, dtype: Optional[str], tier: str, given: Dict[str, Any]
) -> Call:
    """Everything but the gradient."""
    given = options_of("cross_entropy", given, LOSS_OPTIONS)
    array, found = as_array(x, dtype, "x")
    number_of("reduction", REDUCTIONS, given["reduction"])
    ignored = None if given["ignore_index"] is None else integer("ignore_index", given["ignore_index"])
    wide = labels_of(labels, array, ignored)
    options = LossOptions(tier=number_of("tier", TIERS, tier))
    options.label_smoothing = number("label_smoothing", given["label_smoothing"])
    if ignored is not None:
        options.ignores_label, options.ignored_label = 1, ignored
    kept: List[Any] = [wide]
    weights = given["weight"]
    if weights is not None:
        if np.shape(weights) != array.shape[-1:]:
            raise ValueError(f"weight has shape {np.shape(weights)}, not {array.shape[-1:]}")
        weights = per_row(weights, array.shape[-1:], "weight", "fiu", np.dtype(np.float32))
        options.weights = address(weights)
        kept.append(weights)
    if given["log_sum_exp"] is not None:
        sums = dense_output(given["log_sum_exp"], wide.shape, sum_type(array), "log_sum_exp")
        options.log_sum_exp = address(sums)
        kept.append(sums)
    divisor = weight_at(wide, weights, ignored, array.shape[-1]) if given["reduction"] == "mean" else 1.0
    return Call(array, found, wide, options, given["reduction"], divisor, kept)


def weight_at(labels: Array, weights: Optional[Array], ignored: Optional[int], classes: int) -> float:
    """What a mean divides by: the sum of the weights at the labels that count."""
    counting = labels if ignored is None else labels[labels != ignored]
    if weights is None:
        return float(counting.size)
    return float(weights.astype(float)[counting[counting < classes]].sum())  # others are about to be an error


def fill_gradient(call: Call, dy: npt.ArrayLike) -> None:
    """dL/dloss of each row: a number for all, or an array."""
    if call.reduction != "none" and np.ndim(dy):
        raise ValueError(f"dy has shape {np.shape(dy)}, but with reduction={call.reduction!r} there is one loss")
    if not np.ndim(dy):
        with np.errstate(all="ignore"):
            value = np.float64(number("dy", dy)) / np.float64(call.divisor)
        if np.isfinite(value) and value != 0:  # which stands for 1 in the C API
            call.options.gradient = float(value)
            return
        dy = value
    each = per_row(dy, call.labels.shape, "dy", "fiu", np.dtype(sum_type(call.x)))
    call.options.gradients = address(each)
    call.kept.append(each)


def run(call: Call, losses: Optional[Array], dx: Optional[Array], target: Optional[str]) -> None:
    found = find(target_of(target).handle, DTYPES[call.dtype])
    if not found:
        raise ValueError(f"cross_entropy: this library was built without {call.dtype}")
    rows, call.options.x_row_stride = rows_of(call.x, "x")
    if dx is not None:
        call.options.dx_row_stride = rows_of(dx, "out")[1]
    arrays = [address(call.x), address(call.labels)]
    arrays += [0 if array is None else address(array) for array in (losses, dx)]
    sizes = (rows, call.x.shape[-1])
    check(found.contents.cross_entropy(*arrays, *sizes, ctypes.byref(call.options)), "cross_entropy")


def losses_of(call: Call, out: Optional[Array], dx: Optional[Array] = None) -> Tuple[Array, Array]:
    """The losses of rows, and the result, which they are unless they are to be summed up."""
    dtype, rows = sum_type(call.x), call.labels.shape
    result = dense_output(out, rows if call.reduction == "none" else (), dtype, "out")
    for other in (call.x, dx):  # of the losses of rows the library finds out
        if other is not None and np.may_share_memory(result, other):
            raise ValueError("cross_entropy: the loss overlaps x or dx")
    return (result if call.reduction == "none" else np.empty(rows, dtype)), result


def reduce(call: Call, losses: Array, result: Array) -> Array:
    if call.reduction != "none":
        with np.errstate(all="ignore"):  # the mean of no rows is NaN
            result[()] = losses.sum(dtype=float) / np.float64(call.divisor)
    return result


class CrossEntropy(Named):
    def __init__(self) -> None:
        super().__init__("cross_entropy")
        self.__signature__ = signature(["x", "labels"], {}, {"out": None, **LOSS_OPTIONS, **OPTIONS})
        self.__doc__ = f"{self.name}{self.__signature__}\n\n{TEXT}"

    def __call__(
        self,
        x: npt.ArrayLike,
        labels: npt.ArrayLike,
        *,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **options: Any,
    ) -> Array:
        call = prepared(x, labels, dtype, tier, options)
        losses, result = losses_of(call, out)
        run(call, losses, None, target)
        return reduce(call, losses, result)

    def backward(
        self,
        x: npt.ArrayLike,
        labels: npt.ArrayLike,
        dy: npt.ArrayLike = 1.0,
        *,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **options: Any,
    ) -> Array:
        """dx, of the dtype and shape of x, for dy = dL/dloss: a number, or with reduction='none' one per row. out may
        be x. The rest is as in the call."""
        call = prepared(x, labels, dtype, tier, options)
        fill_gradient(call, dy)
        dx = np.empty(call.x.shape, call.x.dtype) if out is None else output(out, call.x, "out")
        run(call, None, dx, target)
        return dx

    def with_gradient(
        self,
        x: npt.ArrayLike,
        labels: npt.ArrayLike,
        dy: npt.ArrayLike = 1.0,
        *,
        out: Optional[Tuple[Optional[Array], Optional[Array]]] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **options: Any,
    ) -> Tuple[Array, Array]:
        """(loss, dx) in one pass. out is a pair of arrays, or of None where a new one is wanted."""
        pair = several(out, ["loss", "dx"])
        call = prepared(x, labels, dtype, tier, options)
        fill_gradient(call, dy)
        dx = np.empty(call.x.shape, call.x.dtype) if pair[1] is None else output(pair[1], call.x, "out[1]")
        losses, result = losses_of(call, pair[0], dx)
        run(call, losses, dx, target)
        return reduce(call, losses, result), dx


cross_entropy = CrossEntropy()
