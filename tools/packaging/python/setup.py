"""The wheel's tag: any Python 3, and the platform of the library that lies in the package, if one does."""
import pathlib
from typing import Any, Tuple

from setuptools import Distribution, setup
from wheel.bdist_wheel import bdist_wheel

PACKAGE = pathlib.Path(__file__).parent / "src" / "simdact"


class WithLibrary(Distribution):  # type: ignore[misc]
    def has_ext_modules(self) -> bool:
        return any(PACKAGE.glob("libsimdact.*"))


class AnyPython(bdist_wheel):  # type: ignore[misc]
    def get_tag(self) -> Tuple[Any, ...]:
        return ("py3", "none", super().get_tag()[2])


setup(distclass=WithLibrary, cmdclass={"bdist_wheel": AnyPython})
