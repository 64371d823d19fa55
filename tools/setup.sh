# What the scripts of this folder share. Source it from bash, then:
#
#   setup build          installs what is missing to build, test and report; asks for root only then
#   setup aarch64        the same for the cross build
#   build PRESET [...]   configures and builds a preset of CMakePresets.json; the rest goes to cmake --build
#   run_tests PRESET     runs the tests of a preset that was built
#   can_sanitize         whether programs with address and undefined-behaviour sanitizers link and run here
#
# Runs in the repository's root, whatever the folder it was called from.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# fail STATUS LINE: 1 for a check that failed, 2 for bad usage, 3 where this machine cannot be set up for it.
fail() {
  echo "$(basename "$0"): $2" >&2
  exit "$1"
}

# For which group, how to tell that it is there, and its package for apt, dnf and brew ("-": none is known).
parts="
all     command cmake                 cmake                 cmake                     cmake
all     command ninja                 ninja-build           ninja-build               ninja
all     command c++                   g++                   gcc-c++                   -
all     header  nlohmann/json.hpp     nlohmann-json3-dev    json-devel                nlohmann-json
build   command pkg-config            pkg-config            pkgconf-pkg-config        pkg-config
build   command python3               python3               python3                   python
build   header  gtest/gtest.h         libgtest-dev          gtest-devel               googletest
build   header  benchmark/benchmark.h libbenchmark-dev      google-benchmark-devel    google-benchmark
build   header  mpfr.h                libmpfr-dev           mpfr-devel                mpfr
build   header  CLI/CLI.hpp           libcli11-dev          cli11-devel               cli11
aarch64 command aarch64-linux-gnu-g++ g++-aarch64-linux-gnu gcc-c++-aarch64-linux-gnu -
aarch64 command qemu-aarch64          qemu-user             qemu-user                 -
aarch64 file    /usr/src/googletest   libgtest-dev          -                         -
"

is_there() {
  case $1 in
    command) command -v "$2" >/dev/null ;;
    file) [ -e "$2" ] ;;
    header) echo "#include <$2>" | c++ -std=c++17 -I"${extra_include:-.}" -x c++ -E - >/dev/null 2>&1 ;;
  esac
}

# missing_packages GROUP MANAGER: what to install for the parts of the group that are not there.
missing_packages() {
  local group how what apt dnf brew
  while read -r group how what apt dnf brew; do
    [ "$group" = all ] || [ "$group" = "$1" ] || continue
    is_there "$how" "$what" && continue
    case $2 in
      dnf) echo "$dnf" ;;
      brew) echo "$brew" ;;
      *) echo "$apt" ;;
    esac
  done <<<"$parts"
}

setup() {
  local manager packages root=()
  for manager in apt-get dnf brew ''; do
    [ -z "$manager" ] || ! command -v "$manager" >/dev/null || break
  done
  [ "$manager" != brew ] || extra_include=$(brew --prefix)/include
  packages=$(missing_packages "$1" "$manager" | sort -u | tr '\n' ' ')
  [ -n "$packages" ] || return 0

  [ -n "$manager" ] || fail 3 "no apt-get, dnf or brew here; install by hand what Debian calls: $packages"
  packages=${packages//- /}
  [ -n "$packages" ] || fail 3 "'setup $1' needs parts that $manager does not have"
  if [ "$manager" != brew ] && [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail 3 "root (or sudo) is needed once to install: $packages"
    root=(sudo)
  fi
  echo "Installing through $manager: $packages"
  # Word splitting is meant: $packages is a list.
  # shellcheck disable=SC2086
  case $manager in
    apt-get)
      ${root[@]+"${root[@]}"} apt-get -qq update
      ${root[@]+"${root[@]}"} env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends $packages >/dev/null
      ;;
    dnf) ${root[@]+"${root[@]}"} dnf -q install -y $packages ;;
    brew) brew install --quiet $packages ;;
  esac || fail 3 "$manager could not install: $packages"
}

can_sanitize() {
  local folder status=0
  folder=$(mktemp -d)
  echo 'int main() { int* p = new int(0); int zero = *p; delete p; return zero; }' >"$folder/probe.cc"
  { c++ -fsanitize=address,undefined "$folder/probe.cc" -o "$folder/probe" && "$folder/probe"; } || status=1
  rm -r "$folder"
  return "$status"
}

cores() { nproc 2>/dev/null || sysctl -n hw.ncpu; }

build() {
  local preset=$1
  shift
  cmake --preset "$preset" &&
    cmake --build --preset "$preset" --parallel "$(cores)" "$@"
}

run_tests() {
  ctest --preset "$1" --parallel "$(cores)"
}
