"""What is right: the activations as textbooks have them, in NumPy's longest type, and how far a result is off."""
import math
from typing import Any, Callable, Dict

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Function = Callable[..., Array]
Long = np.longdouble

np.seterr(all="ignore")  # NaN, infinities and overflow are meant

LAMBDA, ALPHA = Long("1.0507009873554804934193349852946"), Long("1.6732632423543772848170429916717")

erf_of = np.vectorize(math.erf, otypes=[float])
erfc_of = np.vectorize(math.erfc, otypes=[float])


def erf(x: Array) -> Array:
    return Long(erf_of(x.astype(float)))


def phi(x: Array) -> Array:
    """The normal distribution, also far on the left."""
    return Long(erfc_of((-x / np.sqrt(Long(2))).astype(float))) / 2


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def softplus(x: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    z = Long(beta) * x
    return np.where(z > threshold, x, np.log1p(np.exp(np.minimum(z, threshold))) / beta)


def elu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def xielu(x: Array, alpha_p: float = 0.8, alpha_n: float = 0.8, beta: float = 0.5, eps: float = -1e-6) -> Array:
    left = alpha_n * (np.expm1(np.minimum(x, eps)) - x) + beta * x
    return np.where(x > 0, alpha_p * x * x + beta * x, left)


def swish(x: Array, beta: float = 1.0) -> Array:
    return x * sigmoid(Long(beta) * x)


def shrink(x: Array, lambd: float = 0.5, bias: float = 0.0) -> Array:
    return np.where(x > lambd, x - bias, np.where(x < -lambd, x + bias, 0))


def gelu_tanh(x: Array) -> Array:
    return x * sigmoid(2 * np.sqrt(2 / Long(np.pi)) * (x + Long("0.044715") * x**3))


ACTIVATIONS: Dict[str, Function] = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x, negative_slope=0.01: np.where(x > 0, x, Long(negative_slope) * x),
    "prelu": lambda x, weight=0.25: np.where(x > 0, x, weight * x),
    "rrelu": lambda x, lower=1 / 8, upper=1 / 3: np.where(x > 0, x, (Long(lower) + Long(upper)) / 2 * x),
    "hardtanh": lambda x, min_val=-1.0, max_val=1.0: np.clip(x, min_val, max_val),
    "clamp": lambda x, min=-1.0, max=1.0: np.clip(x, min, max),
    "hardsigmoid": lambda x, alpha=1 / Long(6), beta=0.5: np.clip(alpha * x + beta, 0, 1),
    "hardswish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "threshold": lambda x, threshold=0.0, value=0.0: np.where(x > threshold, x, value),
    "thresholded_relu": lambda x, alpha=1.0: np.where(x > alpha, x, 0),
    "softshrink": lambda x, lambd=0.5: shrink(x, lambd, lambd),
    "hardshrink": lambda x, lambd=0.5: shrink(x, lambd, 0),
    "shrink": shrink,
    "squared_relu": lambda x: np.maximum(x, 0) ** 2,
    "sparse_plus": lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)),
    "step": lambda x: np.where(x > 0, Long(1), Long(0)),
    "abs": np.abs,
    "neg": np.negative,
    "sign": np.sign,
    "round": np.rint,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "linear": lambda x, alpha=1.0, beta=0.0: alpha * x + beta,
    "square": np.square,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "exp": np.exp,
    "expm1": np.expm1,
    "elu": elu,
    "selu": lambda x: LAMBDA * elu(x, ALPHA),
    "celu": lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)),
    "xielu": xielu,
    "log": np.log,
    "log1p": np.log1p,
    "pow": lambda x, exponent=2.0: np.power(x, Long(exponent)),
    "softplus": softplus,
    "log_sigmoid": lambda x: -np.log1p(np.exp(-x)),
    "sigmoid": sigmoid,
    "silu": swish,
    "swish": swish,
    "gelu_quick": lambda x: x * sigmoid(Long("1.702") * x),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "tanh": np.tanh,
    "tanhshrink": lambda x: x - np.tanh(x),
    "softcap": lambda x, cap=30.0: cap * np.tanh(x / Long(cap)),
    "erf": erf,
    "gelu": lambda x: x * phi(x),
    "gelu_tanh": gelu_tanh,
}

# Where differences of a double would be too rough.
DERIVATIVES: Dict[str, Function] = {
    "erf": lambda x: 2 / np.sqrt(Long(np.pi)) * np.exp(-x * x),
    "gelu": lambda x: phi(x) + x * np.exp(-x * x / 2) / np.sqrt(2 * Long(np.pi)),
}

# Parameters other than the defaults.
PARAMETERS: Dict[str, Dict[str, float]] = {
    "leaky_relu": {"negative_slope": 0.2},
    "prelu": {"weight": -0.5},
    "rrelu": {"lower": 0.25, "upper": 0.5},
    "hardtanh": {"min_val": -2.0, "max_val": 3.5},
    "clamp": {"min": -0.5, "max": 2.0},
    "hardsigmoid": {"alpha": 0.25, "beta": 0.75},
    "threshold": {"threshold": 0.625, "value": -1.5},
    "thresholded_relu": {"alpha": 0.625},
    "softshrink": {"lambd": 0.375},
    "hardshrink": {"lambd": 0.625},
    "shrink": {"lambd": 0.625, "bias": 0.25},
    "linear": {"alpha": -2.0, "beta": 0.75},
    "elu": {"alpha": 0.5},
    "celu": {"alpha": 2.5},
    "xielu": {"alpha_p": 1.5, "alpha_n": 0.75, "beta": 0.25, "eps": -1e-3},
    "pow": {"exponent": 3.0},
    "softplus": {"beta": 2.0, "threshold": 5.0},
    "swish": {"beta": 1.5},
    "softcap": {"cap": 5.0},
}

POSITIVE = {"sqrt", "rsqrt", "log", "log1p"}


def derivative(name: str, x: Array, p: Dict[str, float]) -> Array:
    """By a difference of longest numbers: right to 10 digits and more, away from kinks."""
    if name in DERIVATIVES:
        return DERIVATIVES[name](x, **p)
    f, h = ACTIVATIONS[name], Long(2) ** -18
    return (8 * (f(x + h, **p) - f(x - h, **p)) - (f(x + 2 * h, **p) - f(x - 2 * h, **p))) / (12 * h)


def softmax(x: Array, axis: int = -1) -> Array:
    e = np.exp(Long(x) - np.max(x, axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# ---- Formats and errors ------------------------------------------------------------------------------------------

# Bits of the fraction, and the least and largest exponent.
FORMATS = {"f32": (23, -126, 127), "f64": (52, -1022, 1023), "f16": (10, -14, 15), "bf16": (7, -126, 127)}
NUMPY = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "bf16": np.uint16}


def pack(x: npt.ArrayLike, dtype: str) -> Array:
    """Numbers in a format: bf16 as its bits, rounded to nearest, ties to even."""
    if dtype != "bf16":
        return np.asarray(x).astype(NUMPY[dtype])
    bits = np.asarray(x).astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def unpack(x: Array, dtype: str) -> Array:
    """As double."""
    if dtype != "bf16":
        return x.astype(float)
    return (x.astype(np.uint32) << 16).view(np.float32).astype(float)


def errors(dtype: str, got: Array, exact: Array) -> Array:
    """In ulps at the rounded result; infinity stands for the power of two behind the largest number."""
    bits, least, most = FORMATS[dtype]
    limit = 2.0 ** (most + 1) if most < 1023 else np.inf
    value, want = np.clip(got, -limit, limit), np.clip(exact, -limit, limit)
    exponent = np.clip(np.frexp(want)[1] - 1, least, most)
    ulp = np.ldexp(1.0, exponent - bits)
    up = (np.abs(want) > np.ldexp(1.0, exponent + 1) - ulp / 2) & (exponent < most)
    error = np.abs(value - want) / np.where(up, 2 * ulp, ulp)
    return np.where((np.isnan(got) & np.isnan(exact)) | (got == exact), 0, np.where(np.isnan(error), np.inf, error))
