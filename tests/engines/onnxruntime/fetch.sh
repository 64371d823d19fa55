#!/bin/bash
# Gets ONNX Runtime into a folder: the library and its Node binding from npm, the C and C++ headers from Debian.
#
# usage: tests/engines/onnxruntime/fetch.sh FOLDER
#
# FOLDER/include/onnxruntime   the headers, of Debian's libonnxruntime-dev. They may be older than the library:
#                              its C interface only grows
# FOLDER/lib                   libonnxruntime.so.1
# FOLDER/node_modules          onnxruntime-node, where the library lies, and onnxruntime-common
#
# npm's packages hold no headers, and Debian 12 has no package of ONNX Runtime, so the mirror that this machine's
# apt uses is asked for a newer release's, with a private configuration that leaves apt's own state alone.
# npm runs none of the packages' scripts. What is there already is not fetched again.
# Exit status: 0 FOLDER holds it all; 2 bad usage; 3 it could not be had, the last line says why.
set -euo pipefail

version=1.30.0
node_sha256=6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75
common_sha256=7906c439e0d3e0f4048caa23b64cdfadc0f455c377f579ce1ab2a4b778f07d5f
releases=(trixie forky)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
  echo "fetch.sh: $2" >&2
  exit "$1"
}

# from_npm PACKAGE SHA256: unpacks it into node_modules, of its binaries only those of this machine.
from_npm() {
  local tarball=$work/$1-$version.tgz
  command -v npm >/dev/null || fail 3 "npm is not installed, which has ONNX Runtime"
  (cd "$work" && npm pack --silent "$1@$version" >/dev/null) || fail 3 "npm could not get $1@$version"
  echo "$2  $tarball" | sha256sum -c --status - || fail 3 "$1@$version is not what it was: its SHA256 differs"
  mkdir "$work/$1"
  tar -xzf "$tarball" -C "$work/$1" --strip-components=1 --exclude='*/win32' --exclude='*/darwin' \
    --exclude="*/linux/$other"
  rm -rf "${folder:?}/node_modules/$1" "$tarball"
  mkdir -p "$folder/node_modules"
  mv "$work/$1" "$folder/node_modules/$1"
}

# private_apt ARGUMENT...: apt-get, where one release of the mirror is all there is.
private_apt() {
  apt-get -qq -o Dir::Etc::SourceList="$work/only.sources" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::PreferencesParts=/dev/null -o Dir::State::Lists="$work/lists" \
    -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" -o APT::Sandbox::User= \
    -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Update::Error-Mode=any "$@"
}

# headers_of RELEASE: its package's headers to FOLDER. apt checks signatures and hashes.
headers_of() {
  rm -rf "$work/lists" "$work/cache" "$work"/*.deb
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  : >"$work/status"
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$mirror" "$1" "$keyring" \
    >"$work/only.sources"
  private_apt update || return 1
  (cd "$work" && private_apt download libonnxruntime-dev) || return 1
  dpkg-deb -x "$work"/libonnxruntime-dev_*.deb "$work/deb" || return 1
  mkdir -p "$folder/include"
  rm -rf "$folder/include/onnxruntime"
  mv "$work/deb/usr/include/onnxruntime" "$folder/include/onnxruntime"
}

# The mirror of the main archive; releases with a dash are updates, security and backports.
from_debian() {
  local mirror='' release
  if command -v apt-get >/dev/null && [ -f "$keyring" ]; then
    # shellcheck disable=SC2016  # apt's own variables
    mirror=$(apt-get indextargets --no-release-info --format '$(COMPONENT) $(RELEASE) $(REPO_URI)' \
      'Created-By: Packages' | awk '$1 == "main" && $2 !~ /-/ { print $3; exit }')
  fi
  [ -n "$mirror" ] || fail 3 "the headers come from a Debian mirror, and apt's configuration here names none"
  for release in "${releases[@]}"; do
    headers_of "$release" 2>"$work/errors" && return
  done
  fail 3 "no release of the Debian mirror gave libonnxruntime-dev (asked: ${releases[*]})"
}

[ $# = 1 ] || fail 2 "usage: tests/engines/onnxruntime/fetch.sh FOLDER"
case $(uname -sm) in
  'Linux x86_64') machine=x64 other=arm64 ;;
  'Linux aarch64') machine=arm64 other=x64 ;;
  *) fail 3 "onnxruntime-node is used here on Linux, x86-64 and arm64 only" ;;
esac

mkdir -p "$1"
folder=$(cd "$1" && pwd)
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

library=node_modules/onnxruntime-node/bin/napi-v6/linux/$machine/libonnxruntime.so.1
# The version is part of a mark, so that a new one is fetched over an old one.
mark=$folder/onnxruntime-$version
if ! [ -f "$mark" ] || ! [ -f "$folder/$library" ]; then
  from_npm onnxruntime-node "$node_sha256"
  from_npm onnxruntime-common "$common_sha256"
  mkdir -p "$folder/lib"
  ln -sfn "../$library" "$folder/lib/libonnxruntime.so.1"
  rm -f "$folder"/onnxruntime-[0-9]*
  : >"$mark"
fi
[ -f "$folder/include/onnxruntime/onnxruntime_cxx_api.h" ] || from_debian
