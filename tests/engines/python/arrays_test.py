"""What is asked of arrays: dtypes, shapes, memory, out, overlap; and what is said where they do not fit."""
import unittest
from typing import Any, Callable, Tuple, Type

import numpy as np
import numpy.typing as npt
import simdact
from references import pack

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None

Array = npt.NDArray[Any]


def numbers(*shape: int) -> Array:
    return np.random.default_rng(3).standard_normal(shape)


class Case(unittest.TestCase):
    def raises(self, error: Type[Exception], pattern: str, call: Callable[[], Any]) -> None:
        with self.assertRaisesRegex(error, pattern):
            call()

    def same(self, got: Array, want: Array) -> None:
        """Bit by bit, in NumPy's order of elements."""
        self.assertEqual((got.shape, got.dtype), (want.shape, want.dtype))
        self.assertEqual(got.tobytes(), want.tobytes())


class InputsTest(Case):
    def test_dtypes(self) -> None:
        for dtype in (np.float32, np.float64, np.float16):
            y = simdact.gelu(np.linspace(-3, 3, 7, dtype=dtype))
            self.assertEqual(y.dtype, dtype)
        self.assertEqual(simdact.gelu([1.0, 2.0]).dtype, np.float64)
        self.assertEqual(simdact.gelu(1.0).shape, ())
        self.assertEqual(float(simdact.relu(2.5)), 2.5)
        for bad in (np.arange(3), np.zeros(3, bool), np.zeros(3, complex), np.zeros(3, np.longdouble), "x", None):
            self.raises(TypeError, "not float32, float64, float16", lambda: simdact.gelu(bad))
        swapped = np.zeros(3, np.dtype(np.float32).newbyteorder())
        self.raises(TypeError, r"x is [<>]f4, not float32", lambda: simdact.gelu(swapped))

    def test_bits(self) -> None:
        x = pack([1.0, -2.0, 0.5], "bf16")
        self.same(simdact.relu(x, dtype="bf16"), pack([1.0, 0.0, 0.5], "bf16"))
        dy = pack([1.0, 2.0, 3.0], "bf16")
        self.same(simdact.relu.backward(x, dy, dtype="bf16"), pack([1.0, 0.0, 3.0], "bf16"))
        half = np.array([1.0, -2.0], np.float16)
        self.same(simdact.gelu(half.view(np.uint16), dtype="f16"), simdact.gelu(half).view(np.uint16))
        self.same(simdact.gelu(half, dtype="f16"), simdact.gelu(half))
        for dtype in (None, "f32", "x"):
            self.raises(TypeError, "say what its bits are", lambda: simdact.gelu(x, dtype=dtype))
        self.raises(TypeError, r"x is float16 \(f16\), but dtype='bf16'", lambda: simdact.gelu(half, dtype="bf16"))

    @unittest.skipUnless(ml_dtypes, "no ml_dtypes here")
    def test_bfloat16(self) -> None:
        x = np.linspace(-3, 3, 50).astype(ml_dtypes.bfloat16)
        y = simdact.gelu(x)
        self.assertEqual(y.dtype, x.dtype)
        self.same(y.view(np.uint16), simdact.gelu(x.view(np.uint16), dtype="bf16"))
        self.same(simdact.softmax(x).view(np.uint16), simdact.softmax(x.view(np.uint16), dtype="bf16"))
        self.raises(TypeError, "out is uint16, not bfloat16", lambda: simdact.gelu(x, out=np.empty(50, np.uint16)))

    def test_second_input(self) -> None:
        x = numbers(3, 4)
        self.raises(TypeError, "dy is float32, not float64", lambda: simdact.gelu.backward(x, x.astype(np.float32)))
        for bad in (x[:2], x[0], 1.0, x.ravel(), x[None]):
            self.raises(ValueError, r"dy has shape .*, not \(3, 4\)", lambda: simdact.gelu.backward(x, bad))

    def test_empty(self) -> None:
        for shape in ((0,), (3, 0), (0, 3), (2, 0, 4)):
            x = np.empty(shape, np.float32)
            self.assertEqual(simdact.gelu(x).shape, shape)
            self.assertEqual(simdact.gelu.backward(x, x, out=x).shape, shape)
            self.assertEqual(simdact.swiglu(x, x).shape, shape)
        strided = np.empty((4, 6), np.float32)[:, ::2][:0]
        self.assertEqual(simdact.gelu(strided).shape, (0, 3))

    def test_inputs_that_nothing_else_holds(self) -> None:
        """They live until the kernel has read them: of this size their memory would be gone."""

        class Fresh:
            def __array__(self, *_: Any, **__: Any) -> Array:
                return np.full(2**21, 2.0)

        one, column = np.ones(2**21), np.zeros(2**21)
        made: Any = Fresh()
        for y in (
            simdact.relu(made),
            simdact.relu.backward(one, made),
            simdact.relu.backward_from_output(one, made),
            simdact.reglu(one, made),
            *simdact.reglu.backward(one, one, made),
            simdact.relu.residual(column, made),
            simdact.relu.residual_backward(column, one, made),
            simdact.relu.bias(column, made),
            *simdact.relu.bias_backward(one, column, made),
            simdact.relu.scale_bias(one, made, column),
            *simdact.prelu_channels.backward(one, one, made, 0)[:1],
            simdact.softmax_diagonal(np.full(2**21, 0.5), made) * 4,
        ):
            self.assertTrue((y == 2).all())

    def test_read_only_input_and_views(self) -> None:
        x = numbers(20)
        want = simdact.gelu(x)
        x.flags.writeable = False
        self.same(simdact.gelu(x), want)
        self.same(simdact.gelu(memoryview(x)), want)

        class Sub(np.ndarray[Any, Any]):
            pass

        self.assertIs(type(simdact.gelu(x.view(Sub))), np.ndarray)

    def test_any_alignment(self) -> None:
        x = numbers(50).astype(np.float32)
        for shift in (1, 2, 3):
            room = np.zeros(x.nbytes + 4, np.uint8)[shift : shift + x.nbytes].view(np.float32)
            room[:] = x
            self.assertFalse(room.flags.aligned)
            self.same(simdact.gelu(room), simdact.gelu(x))


class MemoryTest(Case):
    x = numbers(4, 5, 6)

    def check(self, x: Array) -> None:
        want = simdact.gelu(np.ascontiguousarray(x))
        y = simdact.gelu(x)
        self.same(y, want)
        if x.size:
            strides = [(got, want) for got, want, size in zip(y.strides, x.strides, x.shape) if size > 1]
            self.assertEqual(sorted(strides), sorted(strides, key=lambda pair: pair[1]))
        self.same(simdact.gelu.backward(x, y), simdact.gelu.backward(np.ascontiguousarray(x), want))
        out = np.empty_like(x)
        self.assertIs(simdact.gelu(x, out=out), out)
        self.same(out, want)

    def test_orders(self) -> None:
        self.check(self.x)
        self.check(np.asfortranarray(self.x))
        self.check(self.x.transpose(0, 2, 1))
        self.check(self.x.transpose(1, 2, 0))
        self.check(self.x[1:3])
        self.check(self.x[:, None])
        self.check(self.x[1:2, :, :].transpose(2, 0, 1))
        self.check(self.x[:1, :1, :1])

    def test_gaps(self) -> None:
        for bad in (
            self.x[::2],
            self.x[..., :3],
            self.x[:, 1:3],
            self.x[::-1],
            np.broadcast_to(self.x[0, 0], (3, 6)),
        ):
            self.raises(ValueError, "x has gaps in memory .*numpy.ascontiguousarray", lambda: simdact.gelu(bad))
            fine = np.ascontiguousarray(bad)
            self.raises(ValueError, "dy has gaps in memory", lambda: simdact.gelu.backward(fine, bad))
        out = np.empty((4, 5, 12))[..., ::2]
        self.raises(ValueError, "out has gaps in memory", lambda: simdact.gelu(self.x, out=out))
        # Gaps between what is one element apart are none.
        self.check(np.empty((3, 8))[:, :1][:1] * 0)
        column = numbers(3, 8)[:1, ::8]
        self.same(simdact.gelu(column), simdact.gelu(column.copy()))

    def test_one_order_per_call(self) -> None:
        fortran = np.asfortranarray(self.x)
        self.raises(ValueError, "dy has its axes in another order", lambda: simdact.gelu.backward(self.x, fortran))
        self.raises(
            ValueError, "out has its axes in another order", lambda: simdact.gelu(fortran, out=self.x.copy())
        )
        self.raises(ValueError, "up has its axes in another order", lambda: simdact.swiglu(fortran, self.x))


class OutTest(Case):
    def test_in_place(self) -> None:
        x, dy = numbers(1000), numbers(1000)
        want, gradient = simdact.mish(x), simdact.mish.backward(x, dy)
        for number in range(2):
            arrays = [x.copy(), dy.copy()]
            self.assertIs(simdact.mish.backward(*arrays, out=arrays[number]), arrays[number])
            self.same(arrays[number], gradient)
        same = x.copy()
        self.assertIs(simdact.mish(same, out=same), same)
        self.same(same, want)
        both = x.copy()
        self.same(simdact.mish.backward(both, both, out=both), simdact.mish.backward(x, x))

    def test_what_is_wrong(self) -> None:
        x = numbers(3, 4)
        locked = np.empty((3, 4))
        locked.flags.writeable = False
        for out, error, pattern in (
            (np.empty((3, 4), np.float32), TypeError, "out is float32, not float64 as the input"),
            (np.empty((4, 3)), ValueError, r"out has shape \(4, 3\), not \(3, 4\)"),
            (np.empty(12), ValueError, r"out has shape \(12,\)"),
            (locked, ValueError, "out is read-only"),
            ([[0.0] * 4] * 3, TypeError, "out is to be a NumPy array, not list"),
        ):
            self.raises(error, pattern, lambda: simdact.gelu(x, out=out))
            self.raises(error, pattern, lambda: simdact.softmax(x, out=out))
            self.raises(error, pattern, lambda: simdact.gelu.backward(x, x, out=out))

    def test_overlap(self) -> None:
        room = numbers(100)
        before = room.tobytes()
        x = room[10:60]
        for out in (room[11:61], room[9:59], room[40:90]):
            self.raises(ValueError, "out overlaps an input in part", lambda: simdact.gelu(x, out=out))
            self.raises(ValueError, "out overlaps", lambda: simdact.gelu.backward(room[:50], x, out=out))
        self.assertEqual(room.tobytes(), before)
        for out in (room[60:], room[:10]):
            part = x[: len(out)]
            self.same(simdact.gelu(part, out=out), simdact.gelu(part.copy()))

    def test_nothing_beside_is_written(self) -> None:
        room = numbers(64).astype(np.float32)
        for begin, end in ((0, 7), (5, 38), (63, 64)):
            copy = room.copy()
            simdact.gelu(room[begin:end], out=copy[begin:end])
            rest = np.ones(64, bool)
            rest[begin:end] = False
            self.same(copy[rest], room[rest])


class PairsTest(Case):
    def test_out_of_gates(self) -> None:
        gate, up, dy = numbers(50), numbers(50) + 1, numbers(50) - 1
        want = simdact.swiglu.backward(gate, up, dy)
        copies = [gate.copy(), up.copy(), dy.copy()]
        got = simdact.swiglu.backward(*copies, out=(copies[1], copies[0]))
        for a, b, place in zip(got, want, (copies[1], copies[0])):
            self.assertIs(a, place)
            self.same(a, b)
        out: Tuple[Array, Array] = (gate, gate)
        self.raises(ValueError, "overlaps the other output", lambda: simdact.swiglu.backward(gate, up, dy, out=out))
        room = np.empty(99)
        pair = (room[:50], room[49:])
        self.raises(
            ValueError, "overlaps the other output", lambda: simdact.swiglu.backward(gate, up, dy, out=pair)
        )
        self.raises(TypeError, "a pair of arrays", lambda: simdact.swiglu.backward(gate, up, dy, out=gate))


if __name__ == "__main__":
    unittest.main()
