"""What activations and gates have in common: a name, parameters, claims, kernels that are looked up once."""
from __future__ import annotations

import ctypes
import inspect
import operator
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from ._library import DIRECTIONS, DTYPES, TIERS, Listed, number_of, target_of
from ._structs import MAX_PARAMETERS, Parameters

OPTIONS = {"tier": "accurate", "target": None, "dtype": None}

OPTIONS_TEXT = """\
tier    'accurate', or 'fast': at most 4 ulps where that gains speed; of activations, but in float64, 'exact':
        correctly rounded, the same bits on every CPU
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


def integer(what: str, value: Any) -> int:
    """An int of 64 bits, of Python or NumPy."""
    count = operator.index(value)
    if not -(2**63) <= count < 2**63:
        raise ValueError(f"{what} {count} is out of range")
    return count


def made(numbers: Sequence[float]) -> Parameters:
    return Parameters((ctypes.c_double * MAX_PARAMETERS)(*numbers))


def options_of(name: str, given: Dict[str, Any], valid: Dict[str, Any]) -> Dict[str, Any]:
    """All options of a call; valid has their defaults."""
    unknown = [option for option in given if option not in valid]
    if unknown:
        raise TypeError(f"{name} has no option {unknown[0]!r}; valid: {', '.join(valid)}")
    return {**valid, **given}


class Named:
    """An object that is called, and shown, as a function of the package would be."""

    def __init__(self, name: str) -> None:
        self.name = self.__name__ = self.__qualname__ = name
        self.__module__ = "simdact"

    def __repr__(self) -> str:
        return f"<simdact.{self.name}>"

    def __reduce__(self) -> str:
        return self.name


class Function(Named):
    """What activations and gates have in common: parameters, kernels that are looked up once."""

    parameters: Dict[str, float]

    def __init__(self, entry: Listed) -> None:
        super().__init__(entry.name)
        self.parameters = dict(entry.parameters)
        self._number = entry.number
        self._defaults = made(list(entry.parameters.values()))
        self._kernels: Dict[Tuple[str, str, str, Optional[str]], Any] = {}

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
        found = self._look_up(handle, DTYPES[dtype], number_of("tier", self._tiers, tier))
        if not found:
            reason = (
                "there is no exact tier in f64" if tier == "exact" else f"this library was built without {dtype}"
            )
            raise ValueError(f"{self.name}: {reason}")
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
        number_of("tier", self._tiers, tier)
        value = self._claims[tier == "fast"](
            self._number,
            number_of("dtype", DTYPES, dtype),
            number_of("direction", DIRECTIONS, direction),
            target_of(target).fma,
        )
        if value < 0 or (tier == "exact" and dtype == "f64"):
            return None
        return min(float(value), 0.5) if tier == "exact" else float(value)

    _claims: Tuple[Any, Any]
    _tiers: Mapping[str, int] = TIERS
