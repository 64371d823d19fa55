"""The element-wise activations, made from the library's list when the package is imported."""
from __future__ import annotations

from typing import Any, Dict, Optional, Sequence

import numpy.typing as npt

from . import _library
from ._arrays import Array, as_array, elementwise, operand
from ._bias import Biased
from ._function import OPTIONS, OPTIONS_TEXT, claims_text, signature
from ._gated import Gated
from ._library import DIRECTIONS, Listed
from ._quantize import Quantizing
from ._table import Tabled


class Activation(Biased, Gated, Quantizing, Tabled):
    """An activation: called with an array it gives y = f(x); its gradients, and its other shapes, are methods."""

    _claims = (_library.claim, _library.fast_claim)

    def __init__(self, entry: Listed) -> None:
        super().__init__(entry)
        self.formula = entry.texts["formula"]
        self.derivative = entry.texts["derivative"]
        self.derivative_from_output = entry.texts.get("derivative_from_output")
        self.note = entry.texts.get("note", "")
        self.__signature__ = signature(["x"], self.parameters, {"out": None, **OPTIONS})
        self.__doc__ = self._text()

    def _text(self) -> str:
        directions = [d for d in DIRECTIONS if d != "backward_from_output" or self.derivative_from_output]
        lines = [
            f"{self.name}{self.__signature__}",
            "",
            f"y = f(x), element by element: f(x) = {self.formula}",
            "",
            f"backward(x, dy) gives dy f'(x): f'(x) = {self.derivative}",
        ]
        if self.derivative_from_output:
            lines += [f"backward_from_output(y, dy) the same of y = f(x): f'(x) = {self.derivative_from_output}"]
        lines += [
            "",
            "Also bias, scale_bias, residual and their _backward: of a sum; gated, gated_backward: its gate; quantize,",
            "gated_quantize: into bytes; table, interpolation: of integers",
        ]
        if self.note:
            lines += ["", f"Note: {self.note}."]
        lines += ["", "x       float32, float64, float16, bfloat16 (ml_dtypes); memory without gaps"]
        lines += [f"{name:<7} a number, {value:g} by default" for name, value in self.parameters.items()]
        lines += ["out     where to write the result: x itself, or an array that shares no memory with it"]
        return "\n".join(lines + [OPTIONS_TEXT, "", claims_text(self.claim, directions)])

    _tiers = _library.TIERS_OF_ACTIVATIONS

    def _look_up(self, handle: int, dtype: int, tier: int) -> Any:
        return _library.find(handle, self._number, dtype, tier)

    def __call__(
        self,
        x: npt.ArrayLike,
        *parameters: float,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        array, found = as_array(x, dtype, "x")
        kernel = self._kernel("forward", found, tier, target)
        values = self._values(parameters, named)
        (y,), addresses = elementwise({"x": array}, {"out": out})
        kernel(*addresses, array.size, values)
        return y

    def backward(
        self,
        x: npt.ArrayLike,
        dy: npt.ArrayLike,
        *parameters: float,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        """dx = dy f'(x). dy and out are arrays as x is; out may be x or dy. The rest is as in the call."""
        return self._gradient("backward", "x", x, dy, parameters, out, tier, target, dtype, named)

    def backward_from_output(
        self,
        y: npt.ArrayLike,
        dy: npt.ArrayLike,
        *parameters: float,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        """dx = dy f'(x) from y = f(x), where the derivative follows from that; else a ValueError. What is near
        the end of f's range has lost its digits: backward(x, dy) is the accurate one there."""
        if not self.derivative_from_output:
            raise ValueError(f"{self.name}: the derivative does not follow from the output; use backward(x, dy)")
        return self._gradient("backward_from_output", "y", y, dy, parameters, out, tier, target, dtype, named)

    def _gradient(
        self,
        direction: str,
        what: str,
        x: npt.ArrayLike,
        dy: npt.ArrayLike,
        parameters: Sequence[float],
        out: Optional[Array],
        tier: str,
        target: Optional[str],
        dtype: Optional[str],
        named: Dict[str, float],
    ) -> Array:
        array, found = as_array(x, dtype, what)
        kernel = self._kernel(direction, found, tier, target)
        values = self._values(parameters, named)
        inputs = {what: array, "dy": operand(dy, array, "dy")}
        (dx,), addresses = elementwise(inputs, {"out": out})
        kernel(*addresses, array.size, values)
        return dx


ALL: Dict[str, Activation] = {entry.name: Activation(entry) for entry in _library.listed_activations()}


def activations() -> Dict[str, Activation]:
    """Every activation by its name, in the order of the library's numbers."""
    return dict(ALL)
