"""Transformer blocks with torch's own functions and with simdact's in their place, against a run in float64.

Two stacks with random weights, the same in each run: shaped as LLMs are (RMSNorm, causal attention, SwiGLU) and as
GPT-2 is (LayerNorm, causal attention, GELU). Prints errors and times of one thread, and leaves blocks.json and table.md
where it runs. Fails by errors alone, never by times.
"""
import functools
import json
import math
import time
import unittest
from typing import Any, Callable, Dict, List, NamedTuple

import torch
import torch.nn.functional as F
from simdact_ops import ops
from torch import Tensor

WIDTH, HEADS, TOKENS, LAYERS = 256, 4, 128, 4
MASK = torch.full((TOKENS, TOKENS), -math.inf).triu(1)


class Functions(NamedTuple):
    """What is behind a block's linear layers: of scores, of [gate, up], of the hidden layer."""

    attention: Callable[[Tensor], Tensor]
    swiglu: Callable[[Tensor], Tensor]
    gelu: Callable[[Tensor], Tensor]


SCALE = 1 / math.sqrt(WIDTH // HEADS)


def masked(scores: Tensor) -> Tensor:
    return scores.mul(SCALE).add_(MASK.to(scores.dtype))


def own_attention(scores: Tensor) -> Tensor:
    return torch.softmax(masked(scores), -1)


def own_swiglu(x: Tensor) -> Tensor:
    gate, up = x.chunk(2, -1)
    return F.silu(gate).mul_(up)


OWN = Functions(own_attention, own_swiglu, F.gelu)
# There is no fast tier of softmax with options: scaled and masked as for torch's it is faster in such short rows.
TIERS = {
    "accurate": Functions(
        attention=lambda scores: ops.attention_softmax(scores, SCALE, causal=True),
        swiglu=ops.swiglu,
        gelu=ops.gelu,
    ),
    "fast": Functions(
        attention=lambda scores: ops.softmax(masked(scores), fast=True),
        swiglu=lambda x: ops.swiglu(x, fast=True),
        gelu=lambda x: ops.gelu(x, fast=True),
    ),
}


def narrowed(f: Functions) -> Functions:
    """The same in float32 between layers in float64: the functions' errors and nothing else."""

    def of(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda x: function(x.float()).double()

    return Functions(*map(of, f))


# ---- The network -------------------------------------------------------------------------------------------------


class Linear(NamedTuple):
    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.to(x.dtype), self.bias.to(x.dtype))


class Layer(NamedTuple):
    qkv: Linear
    out: Linear
    up: Linear
    down: Linear


class Shape(NamedTuple):
    hidden: int
    gated: bool
    rms: bool

    def layers(self, random: torch.Generator) -> List[Layer]:
        def linear(inputs: int, outputs: int, gain: float = 1.0) -> Linear:
            weight = torch.randn(outputs, inputs, generator=random) * (gain / math.sqrt(inputs))
            return Linear(weight, torch.randn(outputs, generator=random) * 0.1)

        ups = self.hidden * (2 if self.gated else 1)
        # Gains such that what goes into the functions spreads as in trained networks: over both sides of silu and
        # gelu, and unevenly over keys.
        return [
            Layer(
                linear(WIDTH, 3 * WIDTH, 1.5),
                linear(WIDTH, WIDTH),
                linear(WIDTH, ups, 2),
                linear(self.hidden, WIDTH),
            )
            for _ in range(LAYERS)
        ]

    def norm(self, x: Tensor) -> Tensor:
        if self.rms:
            return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)
        return F.layer_norm(x, (WIDTH,))


SHAPES = {"LLM": Shape(688, True, True), "GPT-2": Shape(1024, False, False)}


def block(x: Tensor, layer: Layer, shape: Shape, f: Functions) -> Tensor:
    q, k, v = layer.qkv(shape.norm(x)).view(TOKENS, 3, HEADS, -1).permute(1, 2, 0, 3)
    attended = f.attention(q @ k.transpose(1, 2)) @ v
    x = x + layer.out(attended.transpose(0, 1).reshape(TOKENS, WIDTH))
    return x + layer.down((f.swiglu if shape.gated else f.gelu)(layer.up(shape.norm(x))))


class Network:
    """A stack of blocks, and what goes into it."""

    def __init__(self, shape: Shape) -> None:
        random = torch.Generator().manual_seed(14)
        self.shape, self.layers = shape, shape.layers(random)
        self.x = torch.randn(TOKENS, WIDTH, generator=random)

    def run(self, f: Functions, dtype: torch.dtype = torch.float32) -> Tensor:
        x = self.x.to(dtype)
        for layer in self.layers:
            x = block(x, layer, self.shape, f)
        return x

    def inputs(self) -> Dict[str, Tensor]:
        """What the first block's functions are given, by their names."""
        seen: Dict[str, Tensor] = {}

        def watched(name: str) -> Callable[[Tensor], Tensor]:
            def function(x: Tensor) -> Tensor:
                seen[name] = x.contiguous()
                return torch.as_tensor(getattr(OWN, name)(x))

            return function

        block(self.x, self.layers[0], self.shape, Functions(*map(watched, Functions._fields)))
        return seen


# ---- Errors and times --------------------------------------------------------------------------------------------


class Error(NamedTuple):
    most: float
    rms: float


def error(got: Tensor, exact: Tensor) -> Error:
    off = (got.double() - exact).abs()
    return Error(float(off.max()), float(off.square().mean().sqrt()))


def best_times(calls: List[Callable[[], Any]], seconds: float) -> List[float]:
    """Microseconds that this thread computes for, of the best turn of each; they take turns."""
    best = [math.inf] * len(calls)
    begin = time.thread_time()
    while time.thread_time() - begin < seconds:
        for i, call in enumerate(calls):
            start = time.thread_time_ns()
            call()
            best[i] = min(best[i], (time.thread_time_ns() - start) / 1e3)
    return best


class BlocksTest(unittest.TestCase):
    rows: List[Dict[str, Any]] = []
    lines: List[str] = []

    @classmethod
    def setUpClass(cls) -> None:
        torch.set_num_threads(1)

    @classmethod
    def tearDownClass(cls) -> None:
        print("\n".join(cls.lines))
        with open("table.md", "w") as file:
            file.write("\n".join(cls.lines) + "\n")
        with open("blocks.json", "w") as file:
            json.dump(
                {"engine": "PyTorch", "version": torch.__version__, "threads": 1, "rows": cls.rows}, file, indent=1
            )

    def check_errors(self, name: str) -> None:
        network = Network(SHAPES[name])
        exact = network.run(OWN, torch.float64)
        self.lines += [
            "",
            f"**{name}**, errors of the output, whose rms is {float(exact.square().mean().sqrt()):.3g}:",
            "",
        ]
        self.lines += [
            "| in float32 | torch: max | rms | accurate: max | rms | fast: max | rms |",
            "|---|" + "--:|" * 6,
        ]
        for what in ("all", "functions alone"):
            alone = what != "all"
            dtype = torch.float64 if alone else torch.float32

            def of(f: Functions) -> Error:
                return error(network.run(narrowed(f) if alone else f, dtype), exact)

            own, ours = of(OWN), {tier: of(f) for tier, f in TIERS.items()}
            cells = [f"{value:.3g}" for e in (own, *ours.values()) for value in e]
            self.lines.append(f"| {what} | " + " | ".join(cells) + " |")
            for tier, e in ours.items():
                row = {
                    "network": name,
                    "float32": what,
                    "tier": tier,
                    "engine_max": own.most,
                    "engine_rms": own.rms,
                }
                self.rows.append({**row, "simdact_max": e.most, "simdact_rms": e.rms})
                # Sums are rounded one way or another: what is left of the functions' errors in all is noise.
                with self.subTest(network=name, float32=what, tier=tier):
                    self.assertLessEqual(e.rms, own.rms * (1.0 if alone else 1.1))

    def measure_times(self, name: str) -> None:
        network = Network(SHAPES[name])
        self.lines += ["", f"**{name}**, microseconds:", ""]
        self.lines += ["| | torch | accurate | times | fast | times |", "|---|" + "--:|" * 5]
        timed: Dict[str, List[Callable[[], Any]]] = {}
        everything = (OWN, *TIERS.values())
        for function, x in network.inputs().items():
            timed[function] = [functools.partial(getattr(f, function), x) for f in everything]
        first = network.layers[0]
        timed["a block"] = [functools.partial(block, network.x, first, network.shape, f) for f in everything]
        timed["all blocks"] = [functools.partial(network.run, f) for f in everything]
        with torch.inference_mode():
            for what, calls in timed.items():
                own, accurate, fast = best_times(calls, 1 if "block" not in what else 4)
                self.rows.append(
                    {"network": name, "part": what, "engine_us": own, "simdact_us": accurate, "fast_us": fast}
                )
                self.lines.append(
                    f"| {what} | {own:.0f} | {accurate:.0f} | {own / accurate:.2f} | {fast:.0f} | {own / fast:.2f} |"
                )

    def test_llm(self) -> None:
        self.check_errors("LLM")
        self.measure_times("LLM")

    def test_gpt2(self) -> None:
        self.check_errors("GPT-2")
        self.measure_times("GPT-2")


if __name__ == "__main__":
    unittest.main()
