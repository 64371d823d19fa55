"""The gated units, y = act(gate) up, made from the library's list when the package is imported."""
from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import numpy as np
import numpy.typing as npt

from . import _library
from ._arrays import Array, address, as_array, elementwise, operand, output, rows_of, several
from ._function import OPTIONS, OPTIONS_TEXT, Function, claims_text, signature
from ._gated import LAYOUTS, halved
from ._library import DTYPES, TIERS, Listed, check, number_of


class Gate(Function):
    """A gated unit: called with two arrays it gives y = act(gate) up; backward has both gradients. rows and
    rows_backward do the same for one array, as a linear layer leaves it."""

    _claims = (_library.gate_claim, _library.gate_fast_claim)

    def __init__(self, entry: Listed) -> None:
        super().__init__(entry)
        self.formula = entry.texts["formula"]
        self.gradients = entry.texts["gradients"]
        self.note = entry.texts.get("note", "")
        self.__signature__ = signature(["gate", "up"], self.parameters, {"out": None, **OPTIONS})
        self.__doc__ = self._text()

    def _text(self) -> str:
        lines = [
            f"{self.name}{self.__signature__}",
            "",
            f"y = {self.formula}, element by element",
            "",
            f"backward(gate, up, dy): {self.gradients}",
        ]
        if self.note:
            lines += ["", f"Note: {self.note}."]
        lines += ["", "gate    float32, float64, float16, bfloat16 (ml_dtypes); memory without gaps; up likewise"]
        lines += [f"{name:<7} a number, {value:g} by default" for name, value in self.parameters.items()]
        lines += [
            "out     where to write the result: gate or up itself, or an array that shares no memory with them"
        ]
        return "\n".join(lines + [OPTIONS_TEXT, "", claims_text(self.claim, ["forward", "backward"])])

    def _look_up(self, handle: int, dtype: int, tier: int) -> Any:
        return _library.find_gate(handle, self._number, dtype, tier)

    def __call__(
        self,
        gate: npt.ArrayLike,
        up: npt.ArrayLike,
        *parameters: float,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        g, found = as_array(gate, dtype, "gate")
        kernel = self._kernel("forward", found, tier, target)
        values = self._values(parameters, named)
        inputs = {"gate": g, "up": operand(up, g, "up")}
        (y,), addresses = elementwise(inputs, {"out": out})
        kernel(*addresses, g.size, values)
        return y

    def backward(
        self,
        gate: npt.ArrayLike,
        up: npt.ArrayLike,
        dy: npt.ArrayLike,
        *parameters: float,
        out: Optional[Tuple[Array, Array]] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **named: float,
    ) -> Tuple[Array, Array]:
        """(dgate, dup). out is a pair of arrays, each of which may be gate, up or dy, but not both the same."""
        g, found = as_array(gate, dtype, "gate")
        kernel = self._kernel("backward", found, tier, target)
        values = self._values(parameters, named)
        pair = several(out, ["dgate", "dup"])
        inputs = {"gate": g, "up": operand(up, g, "up"), "dy": operand(dy, g, "dy")}
        (dgate, dup), addresses = elementwise(inputs, {"out[0]": pair[0], "out[1]": pair[1]})
        kernel(*addresses, g.size, values)
        return dgate, dup

    # ---- One array: rows of gate and up --------------------------------------------------------------------------

    def rows(
        self,
        x: npt.ArrayLike,
        *parameters: float,
        layout: str = "gate_first",
        out: Optional[Array] = None,
        tier: str = "accurate",
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        """y of shape [..., n] from x of shape [..., 2 n], whose rows hold gate and up: 'gate_first', 'up_first'
        (torch's glu) or 'interleaved'. Rows may have gaps between them, so x may be a slice of columns. out may
        be x[..., :n] or x[..., n:]. On the default target."""
        array, found = as_array(x, dtype, "x")
        values = self._values(parameters, named)
        shape = halved(array)
        y = np.empty(shape, array.dtype) if out is None else output(out, array, "out", shape)
        rows, stride = rows_of(array, "x")
        kind = (self._number, DTYPES[found], number_of("tier", TIERS, tier))
        sizes = (rows, shape[-1], number_of("layout", LAYOUTS, layout), stride, rows_of(y, "out")[1])
        check(_library.gate_rows(*kind, address(array), address(y), *sizes, values), f"{self.name}.rows")
        return y

    def rows_backward(
        self,
        x: npt.ArrayLike,
        dy: npt.ArrayLike,
        *parameters: float,
        layout: str = "gate_first",
        out: Optional[Array] = None,
        tier: str = "accurate",
        dtype: Optional[str] = None,
        **named: float,
    ) -> Array:
        """dx of shape [..., 2 n] in the layout of x, for dy of shape [..., n]. out may be x."""
        array, found = as_array(x, dtype, "x")
        values = self._values(parameters, named)
        shape = halved(array)
        upstream = operand(dy, array, "dy", shape)
        dx = np.empty(array.shape, array.dtype) if out is None else output(out, array, "out")
        rows, stride = rows_of(array, "x")
        kind = (self._number, DTYPES[found], number_of("tier", TIERS, tier))
        sizes = (rows, shape[-1], number_of("layout", LAYOUTS, layout), stride)
        strides = (rows_of(upstream, "dy")[1], rows_of(dx, "out")[1])
        arrays = (address(array), address(upstream), address(dx))
        check(_library.gate_rows_backward(*kind, *arrays, *sizes, *strides, values), f"{self.name}.rows_backward")
        return dx


ALL: Dict[str, Gate] = {entry.name: Gate(entry) for entry in _library.listed_gates()}


def gates() -> Dict[str, Gate]:
    """Every gated unit by its name."""
    return dict(ALL)
