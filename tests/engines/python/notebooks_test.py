"""The tables of notebooks.py are those that the source documents print."""
import unittest
from decimal import Decimal
from typing import List

import numpy as np
import simdact
from notebooks import CLASSES, Table, in_style, tables, torch_shapes
from references import ACTIVATIONS, Array, Long, derivative, errors, softmax

SMOOTH = {"sigmoid", "tanh", "softplus", "swish", "mish", "silu"}


def exact(table: Table) -> Array:
    x = Long(table.x)
    if table.op.startswith("p["):
        p = softmax(x)
        number = int(table.op[2])
        return np.asarray(p * ((np.arange(len(p)) == number) - p[number]))
    if table.op == "softmax":
        return softmax(x)
    if not table.gradient:
        return ACTIVATIONS[table.op](x, **table.parameters)
    if table.op == "tanh":
        return np.asarray(1 / np.cosh(x) ** 2)
    if table.op == "sigmoid":
        return ACTIVATIONS["sigmoid"](x) * ACTIVATIONS["sigmoid"](-x)
    return np.where(x > 0, Long(1), Long(0.01) if table.op == "leaky_relu" else Long(0))


class TablesTest(unittest.TestCase):
    def test_simdact_is_right(self) -> None:
        """Within an ulp, softmax within 2.5, and its gradient, whose terms cancel in part, likewise."""
        for table in tables():
            with self.subTest(document=table.document, table=table.title):
                dtype = "f64" if table.made.dtype == np.float64 else "f32"
                most = 3 if table.op.startswith(("p", "softmax")) else 1
                error = errors(dtype, table.made.astype(float), exact(table).astype(float))
                self.assertLessEqual(error.max(), most)

    def test_printed_tables(self) -> None:
        """The same digits. TensorFlow prints all that a float has: there the last one may be another."""
        for table in tables():
            document, ours = table.printed.split(), in_style(table)
            self.assertEqual(len(document), len(ours))
            for place, (theirs, mine) in enumerate(zip(document, ours)):
                with self.subTest(document=table.document, table=table.title, place=place):
                    same = Decimal(theirs) == Decimal(mine) or (
                        table.document == "tensorflow" and self.ulps(table, place, theirs) <= 2
                    )
                    self.assertEqual(same, place not in table.differs)

    def test_where_the_documents_are_off(self) -> None:
        """By more than half of the last digit that they print, and two ulps of a float."""
        for table in tables():
            for place in table.differs:
                with self.subTest(document=table.document, table=table.title, place=place):
                    theirs = Decimal(table.printed.split()[place])
                    truth = Decimal(float(exact(table)[place]))
                    last = Decimal(1).scaleb(theirs.as_tuple().exponent)  # type: ignore[arg-type]
                    if theirs:
                        self.assertGreater(abs(theirs - truth), last / 2)
                    else:
                        self.assertGreater(truth, 0)
                    if table.document == "tensorflow":
                        self.assertGreater(self.ulps(table, place, str(theirs)), 2)

    def ulps(self, table: Table, place: int, printed: str) -> float:
        got, want = np.array([float(np.float32(printed))]), exact(table)[place : place + 1].astype(float)
        return float(errors("f32", got, want)[0])

    def test_shapes(self) -> None:
        self.assertEqual(torch_shapes(), [(1, 16, 7, 7)] * 2)


class ClassesTest(unittest.TestCase):
    x: List[float] = [-5.0, -3.0, -0.5, 0.25, 2.0, 5.0]

    def test_values_and_gradients(self) -> None:
        x = np.array(self.x)
        for name, p in CLASSES.items():
            with self.subTest(name=name):
                function = simdact.activations()[name]
                np.testing.assert_allclose(
                    function(x, **p), ACTIVATIONS[name](Long(x), **p).astype(float), rtol=1e-14
                )
                want = derivative(name, Long(x), p).astype(float)
                np.testing.assert_allclose(function.backward(x, np.ones(len(x)), **p), want, rtol=1e-10)

    def test_softmax(self) -> None:
        x = np.array(self.x).reshape(2, 3)
        p = softmax(x).astype(float)
        np.testing.assert_allclose(simdact.softmax(x), p, rtol=1e-14)
        np.testing.assert_allclose(simdact.softmax_diagonal(p, np.ones_like(p)), p * (1 - p), rtol=1e-14)

    def test_differences(self) -> None:
        """What notebooks.py says of 0 and of large x."""
        zero, one = np.zeros(1), np.ones(1)
        for name, slope in (("relu", 0.0), ("leaky_relu", 0.2), ("elu", 0.1)):
            self.assertEqual(simdact.activations()[name].backward(zero, one, **CLASSES[name]), slope)
        large = np.array([800.0])
        for name in SMOOTH - {"sigmoid", "tanh"}:
            self.assertEqual(simdact.activations()[name](large, **CLASSES[name]), large)
        self.assertEqual(simdact.elu.parameters["alpha"], 1.0)


if __name__ == "__main__":
    unittest.main()
