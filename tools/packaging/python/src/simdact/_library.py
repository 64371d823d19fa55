"""The C library: where it lies, its functions, its targets, and what its statuses say.

Kernels are called through pointers that ctypes calls without the GIL, so that threads compute at the same time.
"""
from __future__ import annotations

import ctypes
import os
import pathlib
import sys
import warnings
from ctypes import POINTER, Structure, c_char_p, c_double, c_int, c_size_t, c_void_p
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Type

from ._structs import (
    Description,
    GateDescription,
    GateKernel,
    Kernel,
    Parameters,
    SoftmaxAxisKernel,
    SoftmaxDescription,
    SoftmaxKernel,
)
from ._version import VERSION

DTYPES = {"f32": 0, "f64": 1, "bf16": 2, "f16": 3}
TIERS = {"accurate": 0, "fast": 1}
TIERS_OF_ACTIVATIONS = {**TIERS, "exact": 2}
DIRECTIONS = {"forward": 0, "backward": 1, "backward_from_output": 2}
CHOICES = ("best", "forced", "unknown", "unsupported")


def load() -> ctypes.CDLL:
    """$SIMDACT_LIBRARY; else the library in this package; else the system's, of the same ABI."""
    folder = pathlib.Path(__file__).parent
    abi = VERSION.rpartition(".")[0]
    system, inside = (f"libsimdact.so.{abi}", "libsimdact.so")
    if sys.platform == "darwin":
        system, inside = (f"libsimdact.{abi}.dylib", "libsimdact.dylib")
    named = os.environ.get("SIMDACT_LIBRARY")
    try:
        return ctypes.CDLL(named or (str(folder / inside) if (folder / inside).exists() else system))
    except OSError as error:
        where = "$SIMDACT_LIBRARY" if named else "the package or the system"
        raise ImportError(f"simdact: no library in {where}: {error}") from error


# ---- Functions -----------------------------------------------------------------------------------------------

library = load()


def declare(name: str, result: Any, *arguments: Any, optional: bool = False) -> Any:
    found = getattr(library, f"simdact_{name}", None)
    if found is None and optional:
        return None
    if found is None:
        raise ImportError(f"simdact: {library._name} has no simdact_{name}: a library of another version")
    found.restype, found.argtypes = result, list(arguments)
    return found


_status_text = declare("status_text", c_char_p, c_int)
_list_targets = declare("targets", c_size_t, POINTER(c_void_p), c_size_t)
_target_name = declare("target_name", c_char_p, c_void_p)
_target_runs = declare("target_runs", c_int, c_void_p)
_target_has_fma = declare("target_has_fma", c_int, c_void_p)
_target_code = declare("target_code", c_void_p, c_void_p)
_target_by_name = declare("target_by_name", c_void_p, c_char_p)
_target_default = declare("target_default", c_void_p)
_target_choice = declare("target_choice", c_int)

find = declare("find", POINTER(Kernel), c_void_p, c_int, c_int, c_int)
find_gate = declare("find_gate", POINTER(GateKernel), c_void_p, c_int, c_int, c_int)
find_softmax = declare("find_softmax", POINTER(SoftmaxKernel), c_void_p, c_int, c_int)
find_softmax_axis = declare("find_softmax_axis", POINTER(SoftmaxAxisKernel), c_void_p, c_int, c_int)
_row_sizes = [c_size_t, c_size_t, c_int]
gate_rows = declare("gate_rows", c_int, *[c_int] * 3, *[c_void_p] * 2, *_row_sizes, *[c_size_t] * 2, Parameters)
gate_rows_backward = declare(
    "gate_rows_backward", c_int, *[c_int] * 3, *[c_void_p] * 3, *_row_sizes, *[c_size_t] * 3, Parameters
)
claim = declare("claim", c_double, *[c_int] * 4)
fast_claim = declare("fast_claim", c_double, *[c_int] * 4)
gate_claim = declare("gate_claim", c_double, *[c_int] * 4)
gate_fast_claim = declare("gate_fast_claim", c_double, *[c_int] * 4)
_describe = declare("describe", POINTER(Description), c_int)
_describe_gate = declare("describe_gate", POINTER(GateDescription), c_int)
_describe_softmax = declare("describe_softmax", POINTER(SoftmaxDescription), c_int)


def check(status: int, what: str) -> None:
    """ValueError with the text of any status but that of success."""
    if status:
        raise ValueError(f"{what}: {_status_text(status).decode()}")


# ---- What the library's lists say, whatever they have ----------------------------------------------------------


class Listed(NamedTuple):
    """An entry of a list; texts that it does not have are ''."""

    number: int
    name: str
    texts: Dict[str, str]
    parameters: Dict[str, float]


def _entries(describe: Any, kind: Type[Structure]) -> Iterator[Listed]:
    """The lists have no gaps: numbers go up to the first without a description."""
    members = [member[0] for member in kind._fields_]
    number = 0
    while found := describe(number):
        entry = found.contents
        texts = {m: getattr(entry, m) for m in members if kind.__dict__[m].size == ctypes.sizeof(c_char_p)}
        parameters = {}
        for i in range(getattr(entry, "parameters", 0)):
            parameters[entry.parameter_names[i].decode()] = float(entry.defaults.value[i])
        text = {member: value.decode() for member, value in texts.items() if isinstance(value, bytes)}
        yield Listed(number, text["name"], text, parameters)
        number += 1


def listed_activations() -> Iterator[Listed]:
    return _entries(_describe, Description)


def listed_gates() -> Iterator[Listed]:
    return _entries(_describe_gate, GateDescription)


def listed_softmaxes() -> Iterator[Listed]:
    return _entries(_describe_softmax, SoftmaxDescription)


# ---- Targets ---------------------------------------------------------------------------------------------------


class Target(NamedTuple):
    """An instruction set that the library has code for."""

    name: str  # as Highway spells it
    runs: bool  # on this CPU
    fma: bool  # has fused multiply-add, which decides what claims hold
    code: str  # the target whose code it runs: mostly its own
    default: bool  # what is taken where target is None

    @property
    def handle(self) -> int:
        return int(_target_by_name(self.name.encode()))


def targets() -> List[Target]:
    """The targets of the library, best first, those that this CPU lacks among them."""
    count = _list_targets(None, 0)
    handles = (c_void_p * count)()
    _list_targets(handles, count)
    default = _target_default()
    return [
        Target(
            _target_name(handle).decode(),
            bool(_target_runs(handle)),
            bool(_target_has_fma(handle)),
            _target_name(_target_code(handle)).decode(),
            handle == default,
        )
        for handle in handles
    ]


def target_choice() -> str:
    """What has become of $SIMDACT_TARGET: 'best' (not set), 'forced' (in use), 'unknown' or 'unsupported'."""
    return CHOICES[_target_choice()]


def _warn_of_choice() -> None:
    if target_choice() in ("unknown", "unsupported"):
        valid = ", ".join(target.name for target in targets() if target.runs)
        named = os.environ.get("SIMDACT_TARGET", "")
        warnings.warn(f"SIMDACT_TARGET={named} is {target_choice()} and not used; valid: {valid}", stacklevel=2)


_TARGETS = {target.name: target for target in targets()}
_DEFAULT = next(target for target in _TARGETS.values() if target.default)
_warn_of_choice()


def target_of(name: Optional[str]) -> Target:
    """The target of a name, which must run here; None: the default."""
    if name is None:
        return _DEFAULT
    target = _TARGETS.get(name)
    if target is None or not target.runs:
        valid = ", ".join(other.name for other in _TARGETS.values() if other.runs)
        why = "does not run on this CPU" if target else "is no target"
        raise ValueError(f"target {name!r} {why}; valid: {valid}")
    return target


def number_of(what: str, names: Dict[str, int], name: str) -> int:
    """The number of a tier, layout and so on."""
    number = names.get(name) if isinstance(name, str) else None
    if number is None:
        raise ValueError(f"{what} {name!r} is none; valid: {', '.join(names)}")
    return number
