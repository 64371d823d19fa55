"""A network trained with simdact's operators reaches the loss that it reaches with torch's own: three arms of a spiral.

The operators replace torch's modules in a network that was made with these, as in README.md.
"""
import math
import unittest
from typing import Any, Callable, Dict, List, Tuple

import torch
import torch.nn.functional as F
from simdact_ops import ops
from torch import Tensor, nn

Loss = Callable[[Tensor], Tensor]


class Activation(nn.Module):
    """A simdact operator as a module: Activation("elu", alpha=0.5)."""

    def __init__(self, name: str, **parameters: Any) -> None:
        super().__init__()
        self.op, self.parameters_of_op = getattr(ops, name), parameters

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.op(x, **self.parameters_of_op)
        return y


class Gated(nn.Module):
    """The second half of a linear layer's outputs, gated by silu of the first."""

    def forward(self, x: Tensor) -> Tensor:
        gate, up = x.chunk(2, -1)
        return F.silu(gate) * up


REPLACEMENTS: Dict[type, Callable[[], nn.Module]] = {
    nn.SiLU: lambda: Activation("silu"),
    nn.GELU: lambda: Activation("gelu"),
    nn.Tanh: lambda: Activation("tanh_"),  # in place: the linear layer before it does not need its output
    nn.Softplus: lambda: Activation("softplus"),
    nn.Mish: lambda: Activation("mish"),
    nn.LogSoftmax: lambda: Activation("log_softmax", dim=-1),
    Gated: lambda: Activation("swiglu"),
}


def replace(model: nn.Module) -> int:
    """Puts simdact's operators in the place of torch's modules; returns how many."""
    count = 0
    for name, child in model.named_children():
        if type(child) in REPLACEMENTS:
            setattr(model, name, REPLACEMENTS[type(child)]())
            count += 1
        else:
            count += replace(child)
    return count


def spiral(dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
    """300 points in the plane, and which of three arms each is on."""
    random = torch.Generator().manual_seed(1)
    labels = torch.arange(300) % 3
    radius = torch.linspace(0.1, 1, 300, dtype=torch.float64)
    noise = torch.randn(300, generator=random, dtype=torch.float64) * 0.1
    angle = 4 * radius + labels * (2 * math.pi / 3) + noise
    points = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    return (points * 2).to(dtype), labels


def network(dtype: torch.dtype) -> nn.Sequential:
    torch.manual_seed(2)
    # torch has no mish in bf16.
    activations = [nn.SiLU(), nn.GELU(), nn.Tanh(), nn.Softplus()] + [nn.Mish()] * (dtype != torch.bfloat16)
    layers: List[nn.Module] = []
    for inputs, activation in zip((2, 24, 24, 24, 24), activations):
        layers += [nn.Linear(inputs, 24), activation]
    layers += [nn.Linear(24, 48), Gated(), nn.Linear(24, 3), nn.LogSoftmax(dim=-1)]
    return nn.Sequential(*layers).to(dtype)


def train(model: nn.Module, dtype: torch.dtype, steps: int) -> Tuple[float, float]:
    """The last loss and the share of points on the right arm."""
    points, labels = spiral(dtype)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    loss = torch.zeros(())
    for _ in range(steps):
        optimizer.zero_grad()
        scores = model(points)
        loss = F.nll_loss(scores.float() if dtype == torch.bfloat16 else scores, labels)
        loss.backward()
        optimizer.step()
    return float(loss), float((model(points).argmax(1) == labels).double().mean())


class TrainingTest(unittest.TestCase):
    def both(self, dtype: torch.dtype, steps: int) -> Tuple[float, float]:
        own, ours = network(dtype), network(dtype)
        self.assertEqual(replace(ours), 6 if dtype == torch.bfloat16 else 7)
        (want, _), (got, right) = train(own, dtype, steps), train(ours, dtype, steps)
        print(f"{dtype}: loss after {steps} steps {got:.8g}, with torch's own {want:.8g}; {right:.1%} right")
        return got, want

    def test_f64(self) -> None:
        """The same path, but for the last digits; from a loss of 1.1 to one of 1e-3 in 100 steps."""
        got, want = self.both(torch.float64, 100)
        self.assertLess(want, 0.01)
        self.assertAlmostEqual(got, want, delta=1e-9 * want)

    def test_f32(self) -> None:
        got, want = self.both(torch.float32, 100)
        self.assertLess(want, 0.01)
        self.assertAlmostEqual(got, want, delta=1e-3 * want)

    def test_bf16(self) -> None:
        """Weights of 8 bits find ways of their own; both learn."""
        got, want = self.both(torch.bfloat16, 200)
        self.assertLess(max(got, want), 0.1)


if __name__ == "__main__":
    unittest.main()
