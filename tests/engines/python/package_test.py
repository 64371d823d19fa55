"""The package as it was installed: what lies in it, its page, its types, what the environment does to it.

$SIMDACT_PAGE is the package's README.md.
"""
import importlib.metadata
import os
import pathlib
import pydoc
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from typing import Dict, List

import simdact

FOLDER = pathlib.Path(simdact.__file__).parent
PAGE = pathlib.Path(os.environ["SIMDACT_PAGE"])


def run(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    clean: Dict[str, str] = {name: value for name, value in os.environ.items() if not name.startswith("SIMDACT_")}
    command = [sys.executable, "-B", "-c", code]
    return subprocess.run(command, env={**clean, **environment}, capture_output=True, text=True)


class InstalledTest(unittest.TestCase):
    def test_parts(self) -> None:
        self.assertNotIn("src", FOLDER.parts)
        for part in ("__init__.pyi", "py.typed"):
            self.assertTrue((FOLDER / part).exists(), part)
        self.assertEqual(len(list(FOLDER.glob("libsimdact.*"))), 1)
        self.assertEqual(importlib.metadata.version("simdact"), simdact.__version__)
        needed = [name for name in importlib.metadata.requires("simdact") or [] if "extra" not in name]
        self.assertEqual([re.split("[ (<>=]", name)[0] for name in needed], ["numpy"])
        wheel = importlib.metadata.distribution("simdact").read_text("WHEEL") or ""
        self.assertRegex(wheel, r"Root-Is-Purelib: false\nTag: py3-none-(?!any)\w+")

    def test_import_is_quiet(self) -> None:
        done = run("from simdact import *; print(abs(-1), round(1.5), pow(2, 3), gelu.name, log_sum_exp.__name__)")
        self.assertEqual((done.stdout, done.stderr), ("1 2 8 gelu log_sum_exp\n", ""))

    def test_page(self) -> None:
        (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
        best = next(target.name for target in simdact.targets() if target.runs)
        done = run(code.replace('"AVX2"', f'"{best}"'))
        self.assertEqual(done.stderr, "")
        self.assertIn(best, done.stdout)

    def test_help(self) -> None:
        text = pydoc.plain(pydoc.render_doc(simdact.softplus))
        for part in ("beta=1.0, threshold=20.0", "log(1 + exp(beta x)) / beta", "f32 ", "out "):
            self.assertIn(part, text)
        self.assertIn("dy up silu'(gate)", pydoc.plain(pydoc.render_doc(simdact.swiglu)))
        self.assertIn("masked_row", pydoc.plain(pydoc.render_doc(simdact.softmax)))
        self.assertIn("label_smoothing=0.0", pydoc.plain(pydoc.render_doc(simdact.cross_entropy)))
        self.assertIn("key_lengths", pydoc.plain(pydoc.render_doc(simdact.attention_softmax)))
        self.assertIn("f(x + b)", pydoc.plain(pydoc.render_doc(simdact.gelu.bias)))


class EnvironmentTest(unittest.TestCase):
    what = "import simdact; print(simdact.target_choice(), [t.name for t in simdact.targets() if t.default])"

    def test_target(self) -> None:
        runs = [target.name for target in simdact.targets() if target.runs]
        done = run(self.what, SIMDACT_TARGET=runs[-1])
        self.assertEqual((done.stdout, done.stderr), (f"forced ['{runs[-1]}']\n", ""))
        done = run(self.what, SIMDACT_TARGET="MMX")
        self.assertEqual(done.stdout, f"unknown ['{runs[0]}']\n")
        self.assertIn(f"SIMDACT_TARGET=MMX is unknown and not used; valid: {', '.join(runs)}", done.stderr)

    def test_library(self) -> None:
        (inside,) = FOLDER.glob("libsimdact.*")
        with tempfile.TemporaryDirectory() as folder:
            other = pathlib.Path(shutil.copy(inside, folder))
            code = "import simdact; print(simdact._library.library._name)"
            self.assertEqual(run(code, SIMDACT_LIBRARY=str(other)).stdout.strip(), str(other))
            self.assertEqual(run(code).stdout.strip(), str(inside))
            done = run(code, SIMDACT_LIBRARY=str(other) + ".gone")
            self.assertIn("ImportError: simdact: no library in $SIMDACT_LIBRARY", done.stderr)
        done = run("import simdact", SIMDACT_LIBRARY="libm.so.6")
        self.assertRegex(done.stderr, "ImportError: simdact: libm.so.6 has no simdact_.*another version")


TYPED = """
import numpy as np
import simdact

x = np.zeros(3)
reveal_type(simdact.elu(x, alpha=0.5, tier="fast", out=x))
reveal_type(simdact.swiglu.backward(x, x, x))
simdact.log_sum_exp(x, 0)
simdact.softmax(x, -1, scale=2.0)
simdact.elu.bias(x, x, alpha=0.5, target="AVX2")
simdact.silu.table((0.5, 3), 0.25, dtype="uint8")(np.zeros(3, np.uint8))
simdact.silu.gated_quantize(x, limit=7, format="e4m3").scales.shape
simdact.cross_entropy(x, 2, reduction="sum")
simdact.attention_softmax.backward(None, x, x=x)
simdact.elu(x, negative_slope=0.5)
simdact.gelo(x)
simdact.swiglu(x)
simdact.relu(x, tier=1)
simdact.gelu.scale_bias(x, x)
simdact.silu.quantize(x, scale=0.5)
simdact.tanh.interpolation_error(x, 1.0, 1.0)
"""
WRONG = (
    'Unexpected keyword argument "negative_slope"',
    'Module has no attribute "gelo"',
    'Missing positional argument "up"',
    'Argument "tier" to "__call__"',
    'Missing positional argument "b"',
    'Unexpected keyword argument "scale"',
    'Argument 1 to "interpolation_error"',
)


@unittest.skipUnless(shutil.which("mypy"), "no mypy here")
class TypesTest(unittest.TestCase):
    """By the project's rules (tools/pyproject.toml)."""

    def setUp(self) -> None:
        self.cache = tempfile.TemporaryDirectory()
        self.addCleanup(self.cache.cleanup)

    def mypy(self, *arguments: str) -> List[str]:
        rules = ["--config-file", str(PAGE.parents[2] / "pyproject.toml"), "--no-error-summary"]
        command = [
            "mypy",
            *rules,
            "--python-executable",
            sys.executable,
            "--cache-dir",
            self.cache.name,
            *arguments,
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.cache.name)
        return (done.stdout + done.stderr).splitlines()

    def test_types(self) -> None:
        """Of the package, and of callers: what is right, and some mistakes."""
        self.assertEqual(self.mypy(str(PAGE.parent / "src" / "simdact")), [])
        said = self.mypy("-c", TYPED)
        pair = "Tuple[numpy.ndarray[Any, numpy.dtype[Any]], numpy.ndarray[Any, numpy.dtype[Any]]]"
        types = [line.partition("Revealed type is ")[2] for line in said if "Revealed" in line]
        self.assertEqual([kind.strip('"').replace("builtins.tuple", "Tuple") for kind in types], [pair[6:42], pair])
        wrong = [line for line in said if "error:" in line]
        self.assertEqual(len(wrong), len(WRONG), said)
        for line, pattern in zip(wrong, WRONG):
            self.assertIn(pattern, line)


if __name__ == "__main__":
    unittest.main()
