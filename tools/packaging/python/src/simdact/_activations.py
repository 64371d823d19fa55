"""The element-wise activations, made from the library's list when the package is imported."""
from __future__ import annotations

import ctypes
import inspect
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy.typing as npt

from . import _library
from ._arrays import Array, as_array, elementwise, operand
from ._library import DIRECTIONS, DTYPES, TIERS, Listed, Parameters, number_of, target_of

OPTIONS = {"tier": "accurate", "target": None, "dtype": None}

OPTIONS_TEXT = """\
tier    'accurate', or 'fast': at most 4 ulps where that gains speed
target  an instruction set by its name (simdact.targets()); None: the best, or $SIMDACT_TARGET
dtype   'bf16' or 'f16' for bits in uint16; else the array says it"""


def signature(arrays: Sequence[str], parameters: Dict[str, Any], options: Dict[str, Any]) -> inspect.Signature:
    """For help() and tools: arrays, then what may be given by place or name, then what only by name."""
    kinds = inspect.Parameter
    return inspect.Signature(
        [kinds(name, kinds.POSITIONAL_OR_KEYWORD) for name in arrays]
        + [kinds(name, kinds.POSITIONAL_OR_KEYWORD, default=value) for name, value in parameters.items()]
        + [kinds(name, kinds.KEYWORD_ONLY, default=value) for name, value in options.items()]
    )


def claims_text(claims: Any, directions: Sequence[str]) -> str:
    """A line per direction: the largest errors by format, of the accurate and the fast tier."""
    lines = []
    for direction in directions:
        figures = []
        for dtype in DTYPES:
            accurate, fast = (claims(dtype, direction, tier) for tier in TIERS)
            if accurate is not None:
                figures.append(f"{dtype} {accurate:g}" + (f" (fast {fast:g})" if fast != accurate else ""))
        lines.append(f"  {direction.replace('_', ' ')}: {', '.join(figures)}")
    return "\n".join(["Largest errors in ulps at the defaults, dy = 1 (0.5 is correct rounding):", *lines])


def number(what: str, value: Any) -> float:
    """Anything that is a number, of Python or NumPy; but not a text that looks like one."""
    if not hasattr(value, "__float__"):
        raise TypeError(f"{what} is to be a number, not {value!r}")
    try:
        return float(value)
    except TypeError as error:  # an array
        raise TypeError(f"{what} is to be a number, not {value!r}") from error


def made(numbers: Sequence[float]) -> Parameters:
    return Parameters((ctypes.c_double * _library.MAX_PARAMETERS)(*numbers))


class Function:
    """What activations and gates have in common: a name, parameters, kernels that are looked up once."""

    name: str
    parameters: Dict[str, float]
    _directions: Sequence[str]

    def __init__(self, entry: Listed) -> None:
        self.name = self.__name__ = self.__qualname__ = entry.name
        self.__module__ = "simdact"
        self.parameters = dict(entry.parameters)
        self._number = entry.number
        self._defaults = made(list(entry.parameters.values()))
        self._kernels: Dict[Tuple[str, str, str, Optional[str]], Any] = {}

    def __repr__(self) -> str:
        return f"<simdact.{self.name}>"

    def __reduce__(self) -> str:
        return self.name

    def _values(self, given: Sequence[float], named: Dict[str, float]) -> Parameters:
        """The parameters of a call: by place, by name, else their defaults."""
        if not given and not named:
            return self._defaults
        names = list(self.parameters)
        if len(given) > len(names):
            raise TypeError(f"{self.name} has {len(names)} parameters{self._valid()}, not {len(given)}")
        values = {**self.parameters, **dict(zip(names, given))}
        for name, value in named.items():
            if name not in self.parameters:
                raise TypeError(f"{self.name} has no parameter {name!r}; valid{self._valid() or ': none'}")
            if name in names[: len(given)]:
                raise TypeError(f"{self.name}: {name} is given twice")
            values[name] = value
        return made([number(f"{self.name}: {name}", value) for name, value in values.items()])

    def _valid(self) -> str:
        return f": {', '.join(self.parameters)}" if self.parameters else ""

    def _kernel(self, direction: str, dtype: str, tier: str, target: Optional[str]) -> Any:
        key = (direction, dtype, tier, target)
        kernel = self._kernels.get(key)
        if kernel is None:
            kernel = self._kernels[key] = self._find(*key)
        return kernel

    def _find(self, direction: str, dtype: str, tier: str, target: Optional[str]) -> Any:
        handle = target_of(target).handle
        found = self._look_up(handle, DTYPES[dtype], number_of("tier", TIERS, tier))
        if not found:
            raise ValueError(f"{self.name}: this library was built without {dtype}")
        return getattr(found.contents, direction)

    def _look_up(self, handle: int, dtype: int, tier: int) -> Any:
        raise NotImplementedError

    def claim(
        self,
        dtype: str = "f32",
        direction: str = "forward",
        tier: str = "accurate",
        target: Optional[str] = None,
    ) -> Optional[float]:
        """The largest error in ulps that the library claims, at the default parameters and dy = 1: of a format,
        a direction ('forward', 'backward' and, of activations, 'backward_from_output'), tier and target. None
        where there is no such function."""
        functions = {"accurate": self._claims[0], "fast": self._claims[1]}
        number_of("tier", TIERS, tier)
        value = functions[tier](
            self._number,
            number_of("dtype", DTYPES, dtype),
            number_of("direction", DIRECTIONS, direction),
            target_of(target).fma,
        )
        return None if value < 0 else float(value)

    _claims: Tuple[Any, Any]


class Activation(Function):
    """An activation: called with an array it gives y = f(x); its gradients are methods."""

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
        if self.note:
            lines += ["", f"Note: {self.note}."]
        lines += ["", "x       float32, float64, float16, bfloat16 (ml_dtypes); memory without gaps"]
        lines += [f"{name:<7} a number, {value:g} by default" for name, value in self.parameters.items()]
        lines += ["out     where to write the result: x itself, or an array that shares no memory with it"]
        return "\n".join(lines + [OPTIONS_TEXT, "", claims_text(self.claim, directions)])

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
        (dx,), addresses = elementwise({what: array, "dy": operand(dy, array, "dy")}, {"out": out})
        kernel(*addresses, array.size, values)
        return dx


ALL: Dict[str, Activation] = {entry.name: Activation(entry) for entry in _library.listed_activations()}


def activations() -> Dict[str, Activation]:
    """Every activation by its name, in the order of the library's numbers."""
    return dict(ALL)
