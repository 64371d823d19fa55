"""Loads the operators for the tests: torch.ops.simdact, and what simdact says of them (its C functions, by ctypes)."""
import ctypes
import os
from typing import Any, List

import torch

torch.ops.load_library(os.environ["SIMDACT_TORCH_LIBRARY"])
ops: Any = torch.ops.simdact

DTYPES = {torch.float32: 0, torch.float64: 1, torch.bfloat16: 2, torch.float16: 3}
FORWARD, BACKWARD = 0, 1


class _Description(ctypes.Structure):
    """The first members of simdact_description."""

    _fields_ = [(member, ctypes.c_char_p) for member in ("name", "formula", "derivative", "from_output", "note")]


_library = ctypes.CDLL(os.environ["SIMDACT_LIBRARY"])
_library.simdact_describe.restype = ctypes.POINTER(_Description)
_library.simdact_target_default.restype = ctypes.c_void_p
_library.simdact_target_has_fma.argtypes = [ctypes.c_void_p]
for _function in (_library.simdact_claim, _library.simdact_fast_claim):
    _function.restype = ctypes.c_double


def names() -> List[str]:
    """Every op of simdact's list, by number."""
    found: List[str] = []
    while description := _library.simdact_describe(len(found)):
        found.append(description.contents.name.decode())
    return found


def claim(op: str, dtype: torch.dtype, direction: int, fast: bool = False) -> float:
    """The largest error in ulps that simdact claims on this CPU."""
    fma = _library.simdact_target_has_fma(_library.simdact_target_default())
    function = _library.simdact_fast_claim if fast else _library.simdact_claim
    return float(function(names().index(op), DTYPES[dtype], direction, fma))


def defaults(op: str) -> List[float]:
    """The parameters' defaults, from the operator's schema."""
    arguments = getattr(ops, op).default._schema.arguments
    return [argument.default_value for argument in arguments if argument.name not in ("x", "fast")]
