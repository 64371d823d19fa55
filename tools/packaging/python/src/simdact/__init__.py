"""simdact: activation functions and their gradients over NumPy arrays, with error bounds.

    import numpy as np, simdact

    x = np.linspace(-12, 3, 1000, dtype=np.float32)
    y = simdact.gelu(x)                          # a new array
    simdact.gelu(x, out=x)                       # in place
    dx = simdact.gelu.backward(x, dy)            # dy gelu'(x)
    simdact.gelu.bias(x, bias)                   # methods of each activation: bias, scale_bias, residual, gated,
    simdact.gelu.quantize(x, format="e4m3")      # quantize, gated_quantize, table, interpolation
    simdact.softmax(scores, axis=-1, scale=0.125)
    simdact.attention_softmax(scores, causal=True)
    simdact.cross_entropy.with_gradient(logits, labels)
    simdact.swiglu(gate, up, tier="fast")

Functions are made from the library's list: activations(), softmaxes(), gates() have them by name, and help() of each
has its formula, parameters and errors. targets() lists instruction sets. Arrays are never copied; what would need a
copy is a ValueError or TypeError that says so. The GIL is free while a kernel runs.
"""
import builtins
from typing import Any, Dict

from . import _activations, _gates, _softmax
from ._activations import Activation, activations
from ._attention import AttentionSoftmax, attention_softmax
from ._cross_entropy import CrossEntropy, cross_entropy
from ._gates import Gate, gates
from ._library import Target, target_choice, targets
from ._prelu_channels import PreluChannels, prelu_channels
from ._quantize import Quantized, byte_values
from ._softmax import Softmax, log_sum_exp, softmax_diagonal, softmaxes
from ._table import Interpolation, Quantization, Table
from ._version import VERSION as __version__

__all__ = ["activations", "gates", "softmaxes", "Activation", "Gate", "Softmax"]
__all__ += ["attention_softmax", "cross_entropy", "log_sum_exp", "prelu_channels", "softmax_diagonal"]
__all__ += ["AttentionSoftmax", "CrossEntropy", "PreluChannels"]
__all__ += ["byte_values", "Interpolation", "Quantization", "Quantized", "Table"]
__all__ += ["targets", "target_choice", "Target", "__version__"]

_functions: Dict[str, Any] = {**_activations.ALL, **_gates.ALL, **_softmax.ALL}
globals().update(_functions)
# abs, pow and round stay away from those who import everything.
__all__ += [name for name in _functions if name not in dir(builtins)]
