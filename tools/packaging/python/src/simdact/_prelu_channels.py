"""prelu with a weight for each channel, as torch.nn.PReLU(channels) (bias.h)."""
from __future__ import annotations

from typing import Optional, Tuple

import numpy as np
import numpy.typing as npt

from ._arrays import Array, address, as_array, c_order, check_disjoint, dense_output, operand, output, several
from ._bias import kernel_of
from ._function import Named
from ._softmax_options import position

TEXT = """\
prelu_channels(x, weight, axis=1, *, out=None, target=None, dtype=None)

y = x > 0 ? x : weight[channel] x, with a weight for each channel of an axis: axis 1 as in torch, -1 where channels
come last. backward(x, weight, dy) gives (dx, dweight), dweight being the sum of dy x over x <= 0 of a channel.

x       float32, float64, float16, bfloat16 (ml_dtypes); in C's order, without gaps
weight  one element per channel, of x's dtype
out     where to write the result: x itself, or an array that shares no memory with it
target  an instruction set by its name (simdact.targets()); None: the best, or $SIMDACT_TARGET
dtype   'bf16' or 'f16' for bits in uint16; else the array says it

y and dx are correctly rounded (bf16: unless denormal); dweight is summed up in more digits than it has."""


class Channels:
    """An array as batch x channels x inner elements, and its weights."""

    def __init__(self, x: npt.ArrayLike, weight: npt.ArrayLike, axis: int, dtype: Optional[str]) -> None:
        self.x, self.dtype = as_array(x, dtype, "x")
        c_order(self.x, "x")
        at, shape = position(axis, self.x), self.x.shape
        self.weight = c_order(operand(weight, self.x, "weight", shape[at : at + 1]), "weight")
        self.sizes = (int(np.prod(shape[:at])), shape[at], int(np.prod(shape[at + 1 :])))

    def output(self, out: Optional[Array], what: str, **others: Array) -> Array:
        if out is None:
            return np.empty(self.x.shape, self.x.dtype)
        c_order(output(out, self.x, what), what)
        check_disjoint(out, what, {"x": self.x, "weight": self.weight, **others}, ["x", "dy"])
        return out


class PreluChannels(Named):
    def __init__(self) -> None:
        super().__init__("prelu_channels")
        self.__doc__ = TEXT

    def __call__(
        self,
        x: npt.ArrayLike,
        weight: npt.ArrayLike,
        axis: int = 1,
        *,
        out: Optional[Array] = None,
        target: Optional[str] = None,
        dtype: Optional[str] = None,
    ) -> Array:
        at = Channels(x, weight, axis, dtype)
        kernel = kernel_of(at.dtype, target, self.name)
        y = at.output(out, "out")
        kernel.prelu_channels(address(at.x), address(at.weight), address(y), *at.sizes)
        return y

    def backward(
        self,
        x: npt.ArrayLike,
        weight: npt.ArrayLike,
        dy: npt.ArrayLike,
        axis: int = 1,
        *,
        out: Optional[Tuple[Optional[Array], Optional[Array]]] = None,
        target: Optional[str] = None,
        dtype: Optional[str] = None,
    ) -> Tuple[Array, Array]:
        """(dx, dweight). out is a pair of arrays, or of None where a new one is wanted; dx may be x or dy."""
        at = Channels(x, weight, axis, dtype)
        kernel = kernel_of(at.dtype, target, self.name)
        upstream = c_order(operand(dy, at.x, "dy"), "dy")
        places = several(out, ["dx", "dweight"])
        dx = at.output(places[0], "dx", dy=upstream)
        dweight = dense_output(places[1], at.weight.shape, at.x.dtype, "dweight")
        check_disjoint(dweight, "dweight", {"x": at.x, "weight": at.weight, "dy": upstream, "dx": dx})
        arrays = map(address, (at.x, at.weight, upstream, dx, dweight))
        kernel.prelu_channels_backward(*arrays, *at.sizes)
        return dx, dweight


prelu_channels = PreluChannels()
