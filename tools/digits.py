"""Trains the network of tests/unary/digits_test.cc and writes tests/data/digits.{json,bin}.

The data are scikit-learn's bundled handwritten digits: 1797 scans of 8 x 8 pixels. The network is as
deep as the catalogue is long, one activation after the other, so that every kernel works on what a real
layer feeds it, and so that an error in one of them has the rest of the network to grow in.

The files come out byte-identical on any machine, although matrix products round differently from one
BLAS to the next: gradients are rounded to 2^-20 before they reach the weights, which swallows the
difference, and everything after that is plain IEEE arithmetic in a fixed order.

Run: /usr/bin/python3 tools/digits.py [FOLDER]   (needs Debian's python3-sklearn; takes half a minute)
"""
import json
import math
import pathlib
import sys

import numpy as np
from sklearn.datasets import load_digits

ACTIVATIONS = ["relu", "leaky_relu", "elu", "sigmoid", "tanh", "silu", "gelu", "softplus"]
WIDTH = 32
HELD_OUT = 360
STEPS, BATCH, RATE, DECAY = 3000, 128, 0.003, 3e-3
GRID = 2.0**20


# ---- Activations and their derivatives, in double ------------------------------------------------------


def erf(x):
    """numpy has no erf, the standard library does."""
    return np.vectorize(math.erf, otypes=[float])(x)


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def normal_cdf(x):
    return 0.5 * (1 + erf(x / np.sqrt(2)))


# name: (f(x), f'(x)); PyTorch's default parameters.
FUNCTIONS = {
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.01 * x), lambda x: np.where(x > 0, 1, 0.01)),
    "elu": (lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), lambda x: np.exp(np.minimum(x, 0))),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "silu": (lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * sigmoid(-x))),
    "gelu": (
        lambda x: x * normal_cdf(x),
        lambda x: normal_cdf(x) + x * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi),
    ),
    "softplus": (lambda x: np.where(x > 20, x, np.log1p(np.exp(np.minimum(x, 20)))), sigmoid),
}


# ---- The network: layers of (weights, bias); the last one has no activation ----------------------------


def on_grid(x):
    return np.round(x * GRID) / GRID


def initial_layers(x, rng):
    """Random weights, scaled and shifted on the data so that each neuron starts with mean 0, deviation 1.

    Without this a stack with a sigmoid in the middle starts flat and learns nothing.
    """
    layers = []
    for name in ACTIVATIONS + [None]:
        w = rng.standard_normal((x.shape[1], WIDTH if name else 10))
        w = on_grid(w / (x @ w).std(axis=0))
        b = on_grid(-(x @ w).mean(axis=0))
        layers.append((w, b))
        if name:
            x = FUNCTIONS[name][0](x @ w + b)
    return layers


def forward(layers, x):
    """The inputs of every layer, its pre-activations, and the logits (the last pre-activations)."""
    inputs, pre = [x], []
    for name, (w, b) in zip(ACTIVATIONS + [None], layers):
        pre.append(inputs[-1] @ w + b)
        if name:
            inputs.append(FUNCTIONS[name][0](pre[-1]))
    return inputs, pre


def gradients(layers, x, labels):
    """d(mean cross-entropy + weight decay) / d(each weight and bias), by backpropagation."""
    inputs, pre = forward(layers, x)
    softmax = np.exp(pre[-1] - pre[-1].max(axis=1, keepdims=True))
    softmax /= softmax.sum(axis=1, keepdims=True)
    delta = (softmax - np.eye(10)[labels]) / len(x)
    out = []
    for k in reversed(range(len(layers))):
        w = layers[k][0]
        out.append((inputs[k].T @ delta + DECAY * w, delta.sum(axis=0)))
        if k:
            delta = (delta @ w.T) * FUNCTIONS[ACTIVATIONS[k - 1]][1](pre[k - 1])
    return out[::-1]


def nudged(x, rng):
    """Each scan moved by at most one pixel each way: the training set is small, and this stretches it."""
    images = np.pad(x.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    moves = rng.integers(0, 3, (len(x), 2))
    return np.array([im[r : r + 8, c : c + 8].ravel() for im, (r, c) in zip(images, moves)])


def train(x, labels, rng):
    """Adam (Kingma and Ba 2015) with a rate that falls smoothly to zero."""
    layers = initial_layers(x, rng)
    p = [a for layer in layers for a in layer]
    m, v = [np.zeros_like(a) for a in p], [np.zeros_like(a) for a in p]
    for step in range(STEPS):
        some = rng.integers(0, len(x), BATCH)
        flat = [on_grid(g) for pair in gradients(layers, nudged(x[some], rng), labels[some]) for g in pair]
        rate = RATE * 0.5 * (1 + (1 - 2 * step / STEPS) ** 3)
        for k, g in enumerate(flat):
            m[k] = 0.9 * m[k] + 0.1 * g
            v[k] = 0.999 * v[k] + 0.001 * g * g
            # The two divisors undo the start of m and v at zero.
            mean, square = m[k] / (1 - 0.9 ** (step + 1)), v[k] / (1 - 0.999 ** (step + 1))
            p[k] = p[k] - rate * mean / (np.sqrt(square) + 1e-8)
        layers = list(zip(p[::2], p[1::2]))
    return layers


# ---- Files ---------------------------------------------------------------------------------------------


class Blob:
    """The binary file: float32 little endian arrays, row by row, one after the other."""

    def __init__(self):
        self.bytes = b""

    def add(self, array):
        """Appends an array; returns what the JSON says about it. Offsets are in bytes."""
        where = {"shape": list(array.shape), "offset": len(self.bytes)}
        self.bytes += np.ascontiguousarray(array, dtype="<f4").tobytes()
        return where


def describe(layers, x, labels):
    """(JSON text, bytes) of the network, the held-out digits and what each layer feeds its activation."""
    blob = Blob()
    _, pre = forward(layers, x)
    accuracy = float((pre[-1].argmax(axis=1) == labels).mean())
    about = {
        "about": "Written by tools/digits.py. Arrays: float32 little endian, row-major, in digits.bin at "
        "`offset` bytes. pre_activations: from a double-precision forward pass over the inputs.",
        "accuracy": round(accuracy, 6),
        "inputs": blob.add(x),
        "labels": blob.add(labels),
        "layers": [],
    }
    for name, (w, b), z in zip(ACTIVATIONS + [None], layers, pre):
        layer = {"activation": name, "weights": blob.add(w), "bias": blob.add(b)}
        if name:
            layer["pre_activations"] = blob.add(z)
        about["layers"].append(layer)
    return json.dumps(about, indent=1) + "\n", blob.bytes


def main():
    default = pathlib.Path(__file__).parent.parent / "tests" / "data"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    data, rng = load_digits(), np.random.default_rng(1)
    order = rng.permutation(len(data.target))
    x, labels = data.data[order] / 16, data.target[order]
    layers = train(x[HELD_OUT:], labels[HELD_OUT:], rng)
    # The network of the files is the one with float weights, so round before the forward pass.
    layers = [(w.astype("f4").astype(float), b.astype("f4").astype(float)) for w, b in layers]
    text, blob = describe(layers, x[:HELD_OUT], labels[:HELD_OUT])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "digits.json").write_text(text)
    (folder / "digits.bin").write_bytes(blob)
    print(f"accuracy on {HELD_OUT} held-out digits: {json.loads(text)['accuracy']:.4f}; {len(blob)} bytes")


if __name__ == "__main__":
    main()
