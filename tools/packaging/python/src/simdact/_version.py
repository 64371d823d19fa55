"""The version, which is that of the library (tests/tools/packaging_test.py)."""

VERSION = "0.1.0"
