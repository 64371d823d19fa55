#!/usr/bin/env bash
# install.sh LIBRARY FOLDER: builds the package's wheel with that library, and installs it into a new environment,
# FOLDER/environment, which has the machine's NumPy besides.
set -euo pipefail
library=$1 folder=$2
# shellcheck source=tools/setup.sh
. "$(dirname "$0")/../../../tools/setup.sh"

python=$(python_with numpy,setuptools,wheel,pip) || fail 3 "no Python here has numpy, setuptools, wheel and pip"
rm -rf "$folder/environment" "$folder/wheel"
PYTHON=$python tools/packaging/python/wheel "$library" "$folder/wheel"
"$python" -m venv --system-site-packages --without-pip "$folder/environment"
"$folder/environment/bin/python" -m pip install --quiet --no-index --no-deps "$folder"/wheel/simdact-*.whl
