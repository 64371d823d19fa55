"""Softmax of attention's scores, [batches, heads, queries, keys], and its gradient (attention.h)."""
from __future__ import annotations

import ctypes
from ctypes import POINTER, c_int, c_void_p
from typing import Any, List, Optional

import numpy as np
import numpy.typing as npt

from ._arrays import Array, address, as_array, c_order, dense_output, match, operand, output, sum_type
from ._attention_options import ATTENTION_OPTIONS, CAttention, call_of, strides_of
from ._function import OPTIONS, Named, options_of, signature
from ._library import DTYPES, check, declare, target_of

TEXT = """\
Softmax of attention's scores x, [batches, heads, queries, keys] (or without the first axes), row by row:

    y = exp(z) / s,  s = sum exp(z) [+ exp(sink)],  over the keys that a query sees; 0 elsewhere
    z = softcap(scale x) + mask_slope mask + alibi_slope (key - last key that the query may see)

backward(y, dy) gives the gradient, through softcap and sinks as well.

x       float32, float64, float16, bfloat16 (ml_dtypes); the keys of a row lie side by side, rows where they like
scale, softcap   z = softcap tanh(scale x / softcap), or scale x
mask    bool or uint8 (False hides a key), or float32 or x's dtype, which mask_slope times is added to z; it has
        all keys, and 1 or all of queries, heads, batches
mask_slope, alibi_slopes, sinks   a number, or one for each head; the latter two also [batches, heads]
key_lengths      how many keys are there: a number, or one for each batch
causal  True: query q sees keys up to q + diagonal; diagonal: a number, or one for each batch: past tokens
window  (left, right): and only so many keys on each side of q + diagonal; negative: all
masked_row       what rows without a key give: 'nan' (torch.softmax), 'zero' (ONNX, scaled_dot_product_attention),
                 'uniform'
infinite_score   what rows with +inf give: 'nan', or 'limit'
log_sum_exp      an array [batches, heads, queries] for log(s), float64 for float64, else float32
out     where to write the result: x itself, or an array that shares no memory with it
tier    'accurate' or 'fast'
target  an instruction set by its name (simdact.targets()); None: the best, or $SIMDACT_TARGET
dtype   'bf16' or 'f16' for bits in uint16; else the array says it

Largest errors in ulps: 2.5 of normal results, 0.51 in bf16 and f16; of gradients attention.h has more."""


_forward = declare("attention_softmax", c_int, c_void_p, c_int, *[c_void_p] * 2, POINTER(CAttention))
_backward = declare("attention_softmax_backward", c_int, c_void_p, c_int, *[c_void_p] * 5, POINTER(CAttention))


class AttentionSoftmax(Named):
    def __init__(self) -> None:
        super().__init__("attention_softmax")
        self.__signature__ = signature(["x"], {}, {"out": None, **ATTENTION_OPTIONS, **OPTIONS})
        self.__doc__ = f"{self.name}{self.__signature__}\n\n{TEXT}"

    def __call__(
        self,
        x: npt.ArrayLike,
        *,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **options: Any,
    ) -> Array:
        array, found = as_array(x, dtype, "x")
        given = options_of(self.name, options, ATTENTION_OPTIONS)
        call = call_of(array, given, tier)
        y = np.empty_like(array, subok=False) if out is None else output(out, array, "out")
        call.options.x_strides, call.options.y_strides = strides_of(array, "x"), strides_of(y, "out")
        if given["log_sum_exp"] is not None:
            sums = dense_output(given["log_sum_exp"], array.shape[:-1], sum_type(array), "log_sum_exp")
            call.options.log_sum_exp = address(sums)
        kind = (target_of(target).handle, DTYPES[found])
        check(_forward(*kind, address(array), address(y), ctypes.byref(call.options)), self.name)
        return y

    def backward(
        self,
        y: Optional[npt.ArrayLike],
        dy: npt.ArrayLike,
        *,
        x: Optional[npt.ArrayLike] = None,
        dsinks: Optional[Array] = None,
        out: Optional[Array] = None,
        tier: str = "accurate",
        target: Optional[str] = None,
        dtype: Optional[str] = None,
        **options: Any,
    ) -> Array:
        """dx from the result y; or where y is None from x and what log_sum_exp holds since the call, which errs more
        where scores are large. With softcap x is needed, too. The options are those of the call. dsinks, an array of
        the sinks' shape, float64 for float64, else float32, becomes their gradient; it needs sinks and log_sum_exp.
        out may be x, y or dy."""
        upstream, found = as_array(dy, dtype, "dy")
        given = options_of(self.name, options, ATTENTION_OPTIONS)
        sums = given["log_sum_exp"]
        if y is None and (x is None or sums is None):
            raise ValueError("backward needs y, or x and log_sum_exp")
        if x is None and given["softcap"] is not None:
            raise ValueError("backward needs x where there is a softcap")
        if dsinks is not None and (given["sinks"] is None or sums is None):
            raise ValueError("dsinks needs sinks and log_sum_exp")
        call = call_of(upstream, given, tier)
        dx = np.empty_like(upstream, subok=False) if out is None else output(out, upstream, "out")
        arrays: List[Optional[Array]] = []
        for what, array in (("x", x), ("y", y)):
            arrays.append(None if array is None else operand(array, upstream, what))
        for what, one in zip(("x", "y", "dy", "dx"), (*arrays, upstream, dx)):
            if one is not None:
                setattr(call.options, f"{what}_strides", strides_of(one, "out" if what == "dx" else what))
        if sums is not None:
            like = np.empty(0, sum_type(upstream))
            call.kept.append(
                c_order(match(np.asarray(sums), like, "log_sum_exp", upstream.shape[:-1]), "log_sum_exp")
            )
            call.options.log_sum_exp = address(call.kept[-1])
        if dsinks is not None:
            shape = call.shape[:2] if np.ndim(given["sinks"]) > 1 else call.shape[1:2]
            dense_output(dsinks, shape, sum_type(upstream), "dsinks")
        pointers = [None if one is None else address(one) for one in (*arrays, upstream, dx, dsinks)]
        kind = (target_of(target).handle, DTYPES[found])
        check(_backward(*kind, *pointers, ctypes.byref(call.options)), f"{self.name}.backward")
        return dx


attention_softmax = AttentionSoftmax()
