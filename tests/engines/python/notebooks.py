"""The project's source documents, worked through with simdact: run it to see their tables as simdact prints them.

    numpy       the NumPy notebook of sigmoid, tanh, relu and leaky relu by np.exp, with their gradients (its first
                heading: 使用np.exp()实现sigmoid function)
    torch       the PyTorch notebook of sigmoid, tanh, ReLU and softmax (sigmoid 函数, tanh 函数, ReLU 函数, softmax 函数)
    tensorflow  the TensorFlow page "Activation functions and their gradients" (激活函数及其梯度)
    classes     the page of eleven NumPy classes, "Implementing activation functions" (激活函数的实现), which prints nothing

Of the documents there are only numbers here: inputs, and what they print. notebooks_test.py compares: simdact's tables
are theirs, but for the numbers that `differs` names, where the document is off.
"""
from typing import Any, Dict, List, NamedTuple

import numpy as np
import numpy.typing as npt
import simdact

Array = npt.NDArray[Any]


class Table(NamedTuple):
    """One printed table. `exact` names the function for references.py: an op, and whether it is the gradient."""

    document: str
    title: str
    printed: str  # the document's numbers
    made: Array  # simdact's
    x: Array
    op: str
    gradient: bool = False
    parameters: Dict[str, float] = {}
    differs: Dict[int, str] = {}  # by place: why the document is off


# ---- The NumPy notebook: doubles, 9 digits ------------------------------------------------------------------------


def numpy_tables() -> List[Table]:
    x = np.array([-20, -10, -1, 0, 1, 10, 20], float)
    one = np.ones_like(x)
    rounds = "1 - t t of a t next to 1 keeps 8 digits"
    gone = "1 - t t of a t that is rounded to 1"
    return [
        Table(
            "numpy",
            "sigmoid",
            "2.06115362e-09 4.53978687e-05 2.68941421e-01 5.00000000e-01 7.31058579e-01 9.99954602e-01 9.99999998e-01",
            simdact.sigmoid(x),
            x,
            "sigmoid",
        ),
        Table(
            "numpy",
            "sigmoid'",
            "2.06115361e-09 4.53958077e-05 1.96611933e-01 2.50000000e-01 1.96611933e-01 4.53958077e-05 2.06115369e-09",
            simdact.sigmoid.backward(x, one),
            x,
            "sigmoid",
            gradient=True,
            differs={6: "1 - s of an s next to 1 keeps 8 digits"},
        ),
        Table(
            "numpy",
            "tanh",
            "-1. -1. -0.76159416 0. 0.76159416 1. 1.",
            simdact.tanh(x),
            x,
            "tanh",
        ),
        Table(
            "numpy",
            "tanh'",
            "0.00000000e+00 8.24461455e-09 4.19974342e-01 1.00000000e+00 4.19974342e-01 8.24461455e-09 0.00000000e+00",
            simdact.tanh.backward(x, one),
            x,
            "tanh",
            gradient=True,
            differs={0: gone, 1: rounds, 5: rounds, 6: gone},
        ),
        # Integers there, doubles here: 1 is printed as 1.
        Table("numpy", "relu", "0 0 0 0 1 10 20", simdact.relu(x), x, "relu"),
        Table("numpy", "relu'", "0 0 0 0 1 1 1", simdact.relu.backward(x, one), x, "relu", gradient=True),
        Table(
            "numpy",
            "leaky relu",
            "-2.e-01 -1.e-01 -1.e-02 0.e+00 1.e+00 1.e+01 2.e+01",
            simdact.leaky_relu(x),
            x,
            "leaky_relu",
        ),
        Table(
            "numpy",
            "leaky relu'",
            "0.01 0.01 0.01 0.01 1. 1. 1.",
            simdact.leaky_relu.backward(x, one),
            x,
            "leaky_relu",
            gradient=True,
        ),
    ]


# ---- The PyTorch notebook: floats, 5 digits or 4 decimals -----------------------------------------------------------


def torch_tables() -> List[Table]:
    wide = np.linspace(-100, 100, 10, dtype=np.float32)
    unit = np.linspace(-1, 1, 10, dtype=np.float32)
    z = np.array([0.6229, 0.1372, 0.4505], np.float32)  # random there, and known to 4 decimals
    p = simdact.softmax(z)
    second, third = np.eye(3, dtype=np.float32)[1:]
    return [
        Table(
            "torch",
            "z",
            "-100.0000 -77.7778 -55.5556 -33.3333 -11.1111 11.1111 33.3333 55.5556 77.7778 100.0000",
            wide,
            wide,
            "linear",
        ),
        Table(
            "torch",
            "sigmoid",
            "0.0000e+00 1.6655e-34 7.4564e-25 3.3382e-15 1.4945e-05 9.9999e-01 1.0000e+00 1.0000e+00 1.0000e+00 "
            "1.0000e+00",
            simdact.sigmoid(wide),
            wide,
            "sigmoid",
            # 9.9998504e-01 is 9.9999e-01 when rounded to 5 digits.
            differs={0: "torch has 0 where the result is denormal, 3.8e-44"},
        ),
        Table(
            "torch",
            "tanh",
            "-0.7616 -0.6514 -0.5047 -0.3215 -0.1107 0.1107 0.3215 0.5047 0.6514 0.7616",
            simdact.tanh(unit),
            unit,
            "tanh",
        ),
        Table(
            "torch",
            "relu",
            "0.0000 0.0000 0.0000 0.0000 0.0000 0.1111 0.3333 0.5556 0.7778 1.0000",
            simdact.relu(unit),
            unit,
            "relu",
        ),
        Table("torch", "softmax", "0.4070 0.2504 0.3426", p, z, "softmax"),
        Table("torch", "softmax, gradient of p[1]", "-0.1019 0.1877 -0.0858", back(p, second), z, "p[1]"),
        Table("torch", "softmax, gradient of p[2]", "-0.1394 -0.0858 0.2252", back(p, third), z, "p[2]"),
    ]


def back(p: Array, dp: Array) -> Array:
    return simdact.softmax.backward(p, dp)


def torch_shapes() -> List[Any]:
    """ReLU in place and not, of an image's shape."""
    x = np.random.default_rng(6).random((1, 16, 7, 7), np.float32)
    same = simdact.relu(x, out=x)
    return [same.shape, simdact.relu(x).shape]


# ---- The TensorFlow page: floats, all digits ------------------------------------------------------------------------


def tensorflow_tables() -> List[Table]:
    # As the page prints them: its linspace in floats is not NumPy's.
    ten = floats("-10 -7.7777777 -5.5555553 -3.333333 -1.1111107 1.1111116 3.333334 5.5555563 7.7777786 10")
    five = floats("-5 -3.8888888 -2.7777777 -1.6666665 -0.55555534 0.5555558 1.666667 2.7777781 3.8888893 5")
    unit = floats("-1 -0.7777778 -0.5555556 -0.3333333 -0.1111111 0.11111116 0.33333337 0.5555556 0.7777778 1")
    short = "a sigmoid of 4 to 6 digits"
    ends = "its sigmoid is 4.6e-4 off at the end of its range"
    slope = "s (1 - s) of that sigmoid, and 1 - s in floats"
    return [
        Table(
            "tensorflow",
            "sigmoid",
            "4.5418739e-05 4.1875243e-04 3.8510859e-03 3.4445167e-02 2.4766389e-01 7.5233626e-01 9.6555483e-01 "
            "9.9614894e-01 9.9958128e-01 9.9995458e-01",
            simdact.sigmoid(ten),
            ten,
            "sigmoid",
            differs={0: ends, 1: short, 2: short, 3: short},
        ),
        Table(
            "tensorflow",
            "sigmoid'",
            "4.5416677e-05 4.1857705e-04 3.8362551e-03 3.3258699e-02 1.8632649e-01 1.8632641e-01 3.3258699e-02 "
            "3.8362255e-03 4.1854731e-04 4.5416677e-05",
            simdact.sigmoid.backward(ten, np.ones_like(ten)),
            ten,
            "sigmoid",
            gradient=True,
            differs={0: ends, 1: slope, 2: slope, 3: slope, 7: slope, 8: slope, 9: ends},
        ),
        Table(
            "tensorflow",
            "tanh",
            "-0.99990916 -0.9991625 -0.99229795 -0.9311096 -0.5046722 0.5046726 0.93110967 0.99229795 0.9991625 "
            "0.99990916",
            simdact.tanh(five),
            five,
            "tanh",
        ),
        Table(
            "tensorflow",
            "relu",
            "0. 0. 0. 0. 0. 0.11111116 0.33333337 0.5555556 0.7777778 1.",
            simdact.relu(unit),
            unit,
            "relu",
        ),
        Table(
            "tensorflow",
            "leaky relu",
            "-0.2 -0.15555556 -0.11111112 -0.06666666 -0.02222222 0.11111116 0.33333337 0.5555556 0.7777778 1.",
            simdact.leaky_relu(unit, 0.2),
            unit,
            "leaky_relu",
            parameters={"negative_slope": 0.2},
        ),
    ]


def floats(printed: str) -> Array:
    return np.array(printed.split(), np.float32)


# ---- The page of classes --------------------------------------------------------------------------------------------

# What its classes compute, with their parameters. They differ from simdact's functions in this:
#   relu, leaky relu, elu, selu   at 0 itself the page's gradient is the right side's, here the left one's, as torch's
#   elu                           alpha is 0.1 there by default, here 1
#   softmax                       its gradient is the Jacobian's diagonal alone, here softmax_diagonal
#   swish                         its gradient is misprinted: a product lacks its sign
#   softplus, mish, swish         overflow there for large x, here never
CLASSES: Dict[str, Dict[str, float]] = {
    "sigmoid": {},
    "tanh": {},
    "relu": {},
    "leaky_relu": {"negative_slope": 0.2},
    "elu": {"alpha": 0.1},
    "selu": {},
    "softplus": {},
    "swish": {"beta": 1.5},
    "mish": {},
    "silu": {},
}


def tables() -> List[Table]:
    return [*numpy_tables(), *torch_tables(), *tensorflow_tables()]


def in_style(table: Table) -> List[str]:
    """simdact's numbers as the document's system prints them."""
    values = table.made
    if table.document != "torch":
        return str(np.array2string(values, max_line_width=10**6)).strip("[]").split()
    sizes = np.abs(values[values != 0].astype(float))
    scientific = sizes.max() / sizes.min() > 1000 or sizes.min() < 1e-4
    return [f"{value:.4e}" if scientific else f"{value:.4f}" for value in values]


def main() -> None:
    for table in tables():
        print(f"{table.document}: {table.title}")
        print("  document ", " ".join(table.printed.split()))
        print("  simdact  ", " ".join(in_style(table)))
        for place, why in table.differs.items():
            print(f"  number {place} of the document: {why}")
    print("torch: relu in place and not:", *torch_shapes())
    x = np.array([-3.0, -0.5, 0.25, 2.0])
    for name, parameters in CLASSES.items():
        function = simdact.activations()[name]
        print(
            f"classes: {name} {function(x, **parameters)}, gradient {function.backward(x, np.ones(4), **parameters)}"
        )


if __name__ == "__main__":
    main()
