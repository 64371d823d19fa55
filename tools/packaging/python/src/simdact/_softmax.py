"""softmax, log_softmax, softmin along an axis, their gradients, and log(sum exp)."""
from __future__ import annotations

import ctypes
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from . import _library
from ._activations import ALL as ACTIVATIONS
from ._arrays import Array, address, as_array, operand, output, sum_type
from ._function import OPTIONS, Named, options_of, signature
from ._library import DTYPES, Listed, check, target_of
from ._softmax_options import (
    BACKWARD_OPTIONS,
    FORWARD_OPTIONS,
    OPTIONS_TEXT,
    Plan,
    plan,
    position,
    without,
)
from ._structs import SoftmaxOptions


class Softmax(Named):
    """Called with an array it gives softmax, or a kin of it, along an axis; backward has the gradient."""

    def __init__(self, entry: Listed) -> None:
        super().__init__(entry.name)
        self._number = entry.number
        self.formula, self.gradient = entry.texts["formula"], entry.texts["backward"]
        self.note = entry.texts["note"]
        self._kernels: Dict[Tuple[str, str, Optional[str], bool], Any] = {}
        self.__signature__ = signature(["x"], {"axis": -1}, {"out": None, **FORWARD_OPTIONS, **OPTIONS})
        self.__doc__ = "\n".join(
            [
                f"{self.name}{self.__signature__}",
                "",
                f"y = {self.formula} along an axis, of scores z = x; {self.note}",
                "",
                f"backward(y, dy) gives {self.gradient}, times scale.",
                "",
                "Largest errors in ulps: 2.5 of normal results, 0.51 in bf16 and f16.",
                "",
                OPTIONS_TEXT,
            ]
        )

    def _kernel(self, direction: str, dtype: str, target: Optional[str], rows: bool) -> Any:
        key = (direction, dtype, target, rows)
        if key not in self._kernels:
            find = _library.find_softmax if rows else _library.find_softmax_axis
            found = find(target_of(target).handle, self._number, DTYPES[dtype])
            if not found:
                raise ValueError(f"{self.name}: this library was built without {dtype}")
            self._kernels[key] = getattr(found.contents, direction)
        return self._kernels[key]

    def _run(
        self,
        direction: str,
        dtype: str,
        made: Plan,
        arrays: Sequence[Array],
        target: Optional[str],
    ) -> None:
        rows = isinstance(made.options, SoftmaxOptions)
        kernel = self._kernel(direction, dtype, target, rows)
        addresses = [address(array) for array in arrays]
        check(kernel(*addresses, *made.sizes(), ctypes.byref(made.options)), self.name)

    def __call__(
        self,
        x: npt.ArrayLike,
        axis: int = -1,
        *,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **options: Any,
    ) -> Array:
        array, found = as_array(x, dtype, "x")
        given = options_of(self.name, options, FORWARD_OPTIONS)
        y = np.empty_like(array, subok=False) if out is None else output(out, array, "out")
        made = plan({"x": array, "out": y}, position(axis, array), given, tier)
        if made.strides:
            made.options.x_row_stride, made.options.y_row_stride = made.strides
        self._run("forward", found, made, (array, y), target)
        return y

    def backward(
        self,
        y: npt.ArrayLike,
        dy: npt.ArrayLike,
        axis: int = -1,
        *,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **options: Any,
    ) -> Array:
        """dx from the result y and dy. out may be y or dy. Options: scale, lengths, starts, causal and
        causal_past, as in the call. With softcap the gradient does not follow from y."""
        array, found = as_array(y, dtype, "y")
        given = options_of(self.name, options, BACKWARD_OPTIONS)
        upstream = operand(dy, array, "dy")
        dx = np.empty_like(array, subok=False) if out is None else output(out, array, "out")
        made = plan({"y": array, "dy": upstream, "out": dx}, position(axis, array), given, tier)
        if made.strides:
            made.options.y_row_stride, made.options.dy_row_stride, made.options.dx_row_stride = made.strides
        self._run("backward", found, made, (array, upstream, dx), target)
        return dx


ALL: Dict[str, Softmax] = {entry.name: Softmax(entry) for entry in _library.listed_softmaxes()}


def softmaxes() -> Dict[str, Softmax]:
    """softmax and its kin by their names."""
    return dict(ALL)


def log_sum_exp(
    x: npt.ArrayLike,
    axis: int = -1,
    *,
    out: Optional[Array] = None,
    tier: str = "accurate",
    target: Optional[str] = None,
    dtype: Optional[str] = None,
    **options: Any,
) -> Array:
    """log(sum exp z) along an axis, which goes: float64 of float64, else float32. out has that dtype and shape, and
    shares no memory with x. Options: those of softmax but log_sum_exp."""
    array, found = as_array(x, dtype, "x")
    softmax = ALL["softmax"]
    valid = {name: value for name, value in FORWARD_OPTIONS.items() if name != "log_sum_exp"}
    place = position(axis, array)
    given = {**options_of("log_sum_exp", options, valid), "log_sum_exp": None}
    made = plan({"x": array}, place, given, tier)
    order = without(made.order, place)
    shape = array.shape[:place] + array.shape[place + 1 :]
    if out is None:
        sums = np.empty([shape[axis] for axis in order], sum_type(array)).transpose(np.argsort(order).astype(int))
    else:
        sums = output(out, np.empty(0, sum_type(array)), "out", shape)
    if not sums.transpose(order).flags.c_contiguous:
        raise ValueError("out has gaps in memory, or its axes in another order than the input")
    if made.strides:
        made.options.x_row_stride = made.strides[0]
    softmax._run("log_sum_exp", found, made, (array, sums), target)
    return sums


def softmax_diagonal(
    y: npt.ArrayLike,
    dy: npt.ArrayLike,
    *,
    out: Optional[Array] = None,
    dtype: Optional[str] = None,
) -> Array:
    """dy y (1 - y), element by element: the diagonal of softmax's Jacobian alone, which some call its gradient. out
    may be y or dy."""
    # It is sigmoid's gradient from its output, by definition and in the library.
    return ACTIVATIONS["sigmoid"].backward_from_output(y, dy, out=out, dtype=dtype)
