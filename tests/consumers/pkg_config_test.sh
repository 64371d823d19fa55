#!/usr/bin/env bash
# pkg_config_test.sh PREFIX WORK CC [FLAGS...]: a C program through pkg-config, with the shared library and with the
# static one, for which --static must name all that is needed. 77, skipped, where there is no pkg-config.
set -euo pipefail
prefix=$1 work=$2
shift 2
source=$(dirname "$0")/main.c
command -v pkg-config >/dev/null || {
  echo "SKIPPED: no pkg-config here"
  exit 77
}
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name simdact.pc)")
export PKG_CONFIG_PATH
mkdir -p "$work"

# Word splitting is meant: flags are lists.
read -ra cflags < <(pkg-config --cflags simdact)
read -ra libs < <(pkg-config --libs simdact)
read -ra static_libs < <(pkg-config --static --libs simdact)
"$@" -std=c99 "${cflags[@]}" "$source" "${libs[@]}" -o "$work/shared"
LD_LIBRARY_PATH=$(pkg-config --variable=libdir simdact) "$work/shared"

# Where both lie in one folder the linker takes the shared one unless the archive is named.
"$@" -std=c99 "${cflags[@]}" "$source" "${static_libs[@]/#-lsimdact/-l:libsimdact.a}" -o "$work/static"
"$work/static"

[ "$(pkg-config --modversion simdact)" = "$(sed -nE 's/^#define SIMDACT_VERSION_(MAJOR|MINOR|PATCH) //p' \
  "$(pkg-config --variable=includedir simdact)/simdact/simdact.h" | paste -sd.)" ] || {
  echo "FAILED: simdact.pc and simdact.h have different versions"
  exit 1
}
