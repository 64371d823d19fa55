"""Prints the package's types, __init__.pyi: the functions are made from the library's list when the package is
imported, which tools that do not run it cannot see. Run by `wheel`, in the package that it puts together."""
from typing import Any, Dict, Iterable

import simdact

HEAD = '''\
"""Types of the functions that the package makes from the library's list. Made by stubs.py."""
from typing import Any, Dict, Optional, Tuple

import numpy.typing as npt

from ._activations import Activation as Activation
from ._activations import activations as activations
from ._attention import AttentionSoftmax as AttentionSoftmax
from ._attention import attention_softmax as attention_softmax
from ._cross_entropy import CrossEntropy as CrossEntropy
from ._cross_entropy import cross_entropy as cross_entropy
from ._gates import Gate as Gate
from ._gates import gates as gates
from ._library import Target as Target
from ._library import target_choice as target_choice
from ._library import targets as targets
from ._prelu_channels import PreluChannels as PreluChannels
from ._prelu_channels import prelu_channels as prelu_channels
from ._quantize import Quantized as Quantized
from ._quantize import byte_values as byte_values
from ._softmax import Softmax as Softmax
from ._softmax import log_sum_exp as log_sum_exp
from ._softmax import softmax_diagonal as softmax_diagonal
from ._softmax import softmaxes as softmaxes
from ._table import Interpolation as Interpolation
from ._table import Quantization as Quantization
from ._table import Scales as _Scales
from ._table import Table as Table

_Array = npt.NDArray[Any]
__version__: str
'''
TARGET = ["target: Optional[str] = ..."]
REST = ["dtype: Optional[str] = ..."]
TIER = ["tier: str = ..."]


def method(name: str, arrays: str, parameters: Dict[str, float], options: Iterable[str], result: str) -> str:
    words = [
        "self",
        *(array.replace(":", ": ") if ":" in array else f"{array}: npt.ArrayLike" for array in arrays.split()),
    ]
    words += [f"{parameter}: float = {value!r}" for parameter, value in parameters.items()]
    words += ["*", *options] if options else []
    return f"    def {name}({', '.join(words)}) -> {result}: ...  # type: ignore[override]\n"


def out(kind: str = "_Array") -> str:
    return f"out: Optional[{kind}] = ..."


def results(count: int) -> str:
    return f"Tuple[{', '.join(['_Array'] * count)}]"


def biased(parameters: Dict[str, float]) -> Iterable[str]:
    rest = [*TIER, *TARGET, *REST]
    for name, arrays, sums in (("bias", "x b", 1), ("scale_bias", "x s b", 2), ("residual", "x r", 0)):
        yield method(name, arrays, parameters, [out(), *rest], "_Array")
        places = f"Tuple[{', '.join(['Optional[_Array]'] * (sums + 1))}]" if sums else "_Array"
        result = results(sums + 1) if sums else "_Array"
        yield method(f"{name}_backward", f"{arrays} dy", parameters, [out(places), *rest], result)


def gated(parameters: Dict[str, float]) -> Iterable[str]:
    """The activation's gate, and what ends in bytes."""
    gate = ["layout: str = ...", "limit: Optional[float] = ...", "offset: float = ..."]
    gate += [f"{half}_bias: Optional[npt.ArrayLike] = ..." for half in ("gate", "up")]
    sums = [f"d{half}_bias: Optional[_Array] = ..." for half in ("gate", "up")]
    rest = [out(), *TIER, *TARGET, *REST]
    yield method("gated", "x", parameters, [*gate, *rest], "_Array")
    yield method("gated_backward", "x dy", parameters, [*gate, *sums, *rest], "_Array")
    ends = ["format: str = ...", "scales: Optional[npt.ArrayLike] = ...", "scale_for: str = ..."]
    ends += ["group: Optional[int] = ...", "zero_point: int = ...", "overflow: str = ..."]
    ends += ["largest: Optional[_Array] = ...", out("Tuple[Optional[_Array], Optional[_Array]]"), *TARGET, *REST]
    yield method("quantize", "x", parameters, ends, "Quantized")
    yield method("gated_quantize", "x", parameters, [*gate, *ends], "Quantized")


def tabled(parameters: Dict[str, float]) -> Iterable[str]:
    scales = "input:_Scales output:_Scales"
    dtypes = ["dtype: npt.DTypeLike = ...", "output_dtype: npt.DTypeLike = ..."]
    yield method("table", scales, parameters, [*dtypes, "rounding: str = ..."], "Table")
    yield method("interpolation", scales, parameters, ["nodes: str = ..."], "Interpolation")
    yield method("interpolation_error", f"table:Interpolation {scales}", parameters, [], "float")


def instance(name: str, base: str, doc: str, methods: Iterable[str]) -> str:
    doc = doc.partition("\n\nLargest errors")[0]  # which depend on the CPU
    kind = "_" + "".join(part.capitalize() for part in name.split("_")) + base
    return f'\nclass {kind}({base}):\n    r"""{doc}"""\n' + "".join(methods) + f"\n{name}: {kind}\n"


def main() -> None:
    text = HEAD
    for name, op in simdact.activations().items():
        options = [out(), *TIER, *TARGET, *REST]
        methods = [
            method("__call__", "x", op.parameters, options, "_Array"),
            method("backward", "x dy", op.parameters, options, "_Array"),
            method("backward_from_output", "y dy", op.parameters, options, "_Array"),
        ]
        methods += [*biased(op.parameters), *gated(op.parameters), *tabled(op.parameters)]
        text += instance(name, "Activation", str(op.__doc__), methods)
    for name, gate in simdact.gates().items():
        pair = out("Tuple[_Array, _Array]")
        options = [*TIER, *TARGET, *REST]
        row_options = ["layout: str = ...", out(), *TIER, *REST]
        methods = [
            method("__call__", "gate up", gate.parameters, [out(), *options], "_Array"),
            method("backward", "gate up dy", gate.parameters, [pair, *options], "Tuple[_Array, _Array]"),
            method("rows", "x", gate.parameters, row_options, "_Array"),
            method("rows_backward", "x dy", gate.parameters, row_options, "_Array"),
        ]
        text += instance(name, "Gate", str(gate.__doc__), methods)
    for name, softmax in simdact.softmaxes().items():
        text += f"\n{name}: Softmax\n"
        assert softmax.name == name
    names: Any = sorted(simdact.__all__)
    print(text + f"\n__all__ = {names!r}")


if __name__ == "__main__":
    main()
