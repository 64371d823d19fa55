"""What the tests of shapes share: comparisons, errors, formats."""
import unittest
from typing import Any, Callable, Dict, Type

import numpy as np
import simdact
from references import FORMATS, Array, errors, unpack

RUNNING = [target.name for target in simdact.targets() if target.runs]


def numbers(*shape: int, seed: int = 6) -> Array:
    return np.random.default_rng(seed).standard_normal(shape) * 3


def how(dtype: str) -> Dict[str, Any]:
    """The option that an array of this format needs."""
    return {"dtype": "bf16"} if dtype == "bf16" else {}


class Case(unittest.TestCase):
    def raises(self, error: Type[Exception], pattern: str, call: Callable[[], Any]) -> None:
        with self.assertRaisesRegex(error, pattern):
            call()

    def close(self, got: Array, want: Array, tolerance: float = 1e-12) -> None:
        self.assertEqual(np.shape(got), np.shape(want))
        np.testing.assert_allclose(got, np.asarray(want).astype(float), rtol=tolerance, atol=tolerance / 10)

    def same(self, got: Array, want: Array) -> None:
        """Bit by bit, in NumPy's order of elements."""
        self.assertEqual((got.shape, got.dtype), (want.shape, want.dtype))
        self.assertEqual(got.tobytes(), want.tobytes())

    def within(self, claim: float, dtype: str, got: Array, exact: Array) -> None:
        """So many ulps at most, of results that are normal numbers of the format."""
        exact = np.asarray(exact).astype(float)
        normal = np.abs(exact) >= 2.0 ** FORMATS[dtype][1]
        self.assertTrue(normal.any())
        self.assertLessEqual(errors(dtype, unpack(got, dtype), exact)[normal].max(), claim)
