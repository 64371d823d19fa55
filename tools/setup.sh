# What the scripts of this folder share. Source it from bash, then:
#
#   setup build [...]    installs what is missing for groups of parts: build (and test), report; asks for root only then
#   setup cross ARCH     the same for a cross build (tools/cross); fuzz: for tools/fuzz
#   setup_some peers     the same for the libraries to compare with, but what cannot be had is said and left out; so
#                        too charts (of the report's page) and checks (what tests of Python and of the page need)
#   setup onnxruntime [...]            the same for an engine of tests/engines/
#   python_with MODULE...              the Python here that has them, if any
#   build PRESET [...]   configures and builds a preset of CMakePresets.json; the rest goes to cmake --build, and
#                        ${configure_options[@]} to cmake
#   run_tests PRESET [...]             runs the tests of a preset that was built; the rest goes to ctest
#   run_tests_until TIME PRESET [...]  the same, but stops at TIME, in seconds since 1970; sets unfinished to what
#                                      was cut off or not begun; false if a test failed
#   can_sanitize KINDS   whether programs with these sanitizers (address,undefined or thread) link and run here
#
# Runs in the repository's root, whatever the folder it was called from.
# shellcheck shell=bash

# shellcheck disable=SC2034  # read by scripts that take names of files
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
root_folder=$PWD

# fail STATUS LINE: 1 for a check that failed, 2 for bad usage, 3 where this machine cannot be set up for it.
fail() {
  echo "$(basename "$0"): $2" >&2
  exit "$1"
}

configure_options=()  # for build

# Chart.js, which the report's page takes along.
charts=${SIMDACT_CHART_JS:-/usr/share/javascript/chart.js/chart.min.js}

# OpenBLAS, for whichever architecture: PyTorch computes by whatever BLAS there is.
openblas=$(compgen -G '/usr/lib*/*/openblas*/libblas.so.3' | head -n 1) || openblas=/usr/lib/openblas

# libFuzzer, which some distributions pack apart from clang.
libfuzzer=$(clang++ -print-runtime-dir 2>/dev/null)/libclang_rt.fuzzer-$(uname -m).a || libfuzzer=/libclang_rt.fuzzer.a

# g++ for 32-bit x86: what it links. The package g++-multilib would go with no cross compiler, that of a version does.
link_i386=$(g++ -m32 -print-file-name=libstdc++.so 2>/dev/null) || link_i386=/libstdc++.so
start_i386=$(g++ -m32 -print-file-name=crt1.o 2>/dev/null) || start_i386=/crt1.o
multilib=g++-$(g++ -dumpversion 2>/dev/null)-multilib || multilib=g++-multilib

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
build   header  openssl/evp.h         libssl-dev            openssl-devel             openssl
aarch64 command aarch64-linux-gnu-g++ g++-aarch64-linux-gnu gcc-c++-aarch64-linux-gnu -
aarch64 command qemu-aarch64          qemu-user             qemu-user                 -
i386    file    $link_i386            $multilib             libstdc++-devel.i686      -
i386    file    $start_i386           $multilib             glibc-devel.i686          -
s390x   command s390x-linux-gnu-g++   g++-s390x-linux-gnu   gcc-c++-s390x-linux-gnu   -
s390x   command qemu-s390x            qemu-user             qemu-user                 -
emu128  command clang++               clang                 clang                     -
cross   file    /usr/src/googletest   libgtest-dev          -                         -
fuzz    command clang++               clang                 clang                     -
fuzz    file    $libfuzzer            libclang-rt-dev       compiler-rt               -
peers   header  sleef.h               libsleef-dev          sleef-devel               sleef
peers   header  dnnl.hpp              libdnnl-dev           onednn-devel              onednn
peers   header  xnnpack.h             libxnnpack-dev        xnnpack-devel             -
peers   header  pthreadpool.h         libpthreadpool-dev    pthreadpool-devel         -
peers   header  cpuinfo.h             libcpuinfo-dev        cpuinfo-devel             -
peers   header  eigen3/Eigen/Core     libeigen3-dev         eigen3-devel              eigen
peers   header  c10/core/Device.h     libtorch-dev          -                         -
constants command sollya              sollya                sollya                    sollya
constants module mpmath               python3-mpmath        python3-mpmath            -
report  module  jinja2                python3-jinja2        python3-jinja2            -
charts  file    $charts               libjs-chart.js        -                         -
checks  module  jsonschema,jinja2     python3-jsonschema    python3-jsonschema        -
checks  module  selenium,jinja2       python3-selenium      python3-selenium          -
checks  module  selenium,jinja2       python3-jinja2        python3-jinja2            -
checks  command chromedriver          chromium-driver       chromedriver              -
checks  command chromium              chromium              chromium                  -
checks  command qemu-x86_64           qemu-user             qemu-user                 -
checks  command abidiff               abigail-tools         libabigail                -
checks  command black                 black                 black                     black
checks  command flake8                flake8                python3-flake8            flake8
checks  command mypy                  mypy                  python3-mypy              mypy
onnxruntime command npm               npm                   npm                       node
onnxruntime command node              nodejs                nodejs                    node
onnxruntime header  gtest/gtest.h     libgtest-dev          gtest-devel               googletest
opencv  file    /usr/include/opencv4/opencv2/dnn.hpp libopencv-dnn-dev opencv-devel    -
opencv  header  gtest/gtest.h         libgtest-dev          gtest-devel               googletest
pytorch header  c10/core/Device.h     libtorch-dev          -                         -
pytorch module  torch,numpy           python3-torch         python3-torch             -
pytorch file    $openblas             libopenblas0-serial   -                         -
gemm    header  eigen3/Eigen/Core     libeigen3-dev         eigen3-devel              eigen
gemm    header  dnnl.hpp              libdnnl-dev           onednn-devel              onednn
gemm    header  gtest/gtest.h         libgtest-dev          gtest-devel               googletest
python  module  numpy                 python3-numpy         python3-numpy             numpy
python  module  numpy,setuptools      python3-setuptools    python3-setuptools        python-setuptools
python  module  numpy,wheel           python3-wheel         python3-wheel             -
python  module  numpy,pip             python3-pip           python3-pip               -
python  module  numpy,venv            python3-venv          python3                   -
"

# The first of those that a shell finds and the one of the system, where packages go, that has all modules.
python_with() {
  local python IFS=,
  for python in python3 /usr/bin/python3; do
    "$python" -c "import $*" 2>/dev/null && echo "$python" && return
  done
  return 1
}

is_there() {
  case $1 in
    command) command -v "$2" >/dev/null ;;
    file) [ -e "$2" ] ;;
    module) python_with "$2" >/dev/null ;;
    header) echo "#include <$2>" | c++ -std=c++17 -I"${extra_include:-.}" -x c++ -E - >/dev/null 2>&1 ;;
  esac
}

# missing_packages GROUPS MANAGER: what to install for the parts of the groups that are not there.
missing_packages() {
  local group how what apt dnf brew
  while read -r group how what apt dnf brew; do
    [[ " all $1 " == *" $group "* ]] || continue
    is_there "$how" "$what" && continue
    case $2 in
      dnf) echo "$dnf" ;;
      brew) echo "$brew" ;;
      *) echo "$apt" ;;
    esac
  done <<<"$parts"
}

# Sets manager: apt-get, dnf, brew or nothing; and root: the command that makes one root, if any is needed.
find_manager() {
  root=()
  for manager in apt-get dnf brew ''; do
    [ -z "$manager" ] || ! command -v "$manager" >/dev/null || break
  done
  [ "$manager" != brew ] || extra_include=$(brew --prefix)/include
}

# need_root PACKAGES
need_root() {
  if [ "$manager" != brew ] && [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail 3 "root (or sudo) is needed once to install: $1"
    root=(sudo)
  fi
}

# install_packages PACKAGE...: false if the manager cannot.
install_packages() {
  case $manager in
    apt-get)
      ${root[@]+"${root[@]}"} env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" >/dev/null
      ;;
    dnf) ${root[@]+"${root[@]}"} dnf -q install -y "$@" ;;
    brew) brew install --quiet "$@" ;;
  esac
}

update_lists() { [ "$manager" != apt-get ] || ${root[@]+"${root[@]}"} apt-get -qq update; }

setup() {
  local manager packages root
  find_manager
  packages=$(missing_packages "$*" "$manager" | sort -u | tr '\n' ' ')
  [ -n "$packages" ] || return 0

  [ -n "$manager" ] || fail 3 "no apt-get, dnf or brew here; install by hand what Debian calls: $packages"
  packages=${packages//- /}
  [ -n "$packages" ] || fail 3 "'setup $*' needs parts that $manager does not have"
  need_root "$packages"
  echo "Installing through $manager: $packages"
  # Word splitting is meant: $packages is a list.
  # shellcheck disable=SC2086
  { update_lists && install_packages $packages; } || fail 3 "$manager could not install: $packages"
}

setup_some() {
  local manager packages package root
  find_manager
  packages=$(missing_packages "$*" "$manager" | sort -u | tr '\n' ' ')
  [ -n "$packages" ] || return 0
  if [ -z "$manager" ]; then
    echo "No apt-get, dnf or brew here; left out, unless installed by hand: $packages"
    return 0
  fi
  (need_root "$packages") || return 0
  need_root "$packages"
  update_lists || echo "$manager could not update its lists"
  for package in $packages; do
    if [ "$package" = - ]; then
      echo "Left out: a part that $manager is not known to have"
    else
      echo "Installing through $manager: $package"
      install_packages "$package" || echo "Left out: $package, which $manager could not install"
    fi
  done
}

can_sanitize() {
  local folder status=0
  folder=$(mktemp -d)
  echo 'int main() { int* p = new int(0); int zero = *p; delete p; return zero; }' >"$folder/probe.cc"
  { c++ "-fsanitize=$1" "$folder/probe.cc" -o "$folder/probe" && "$folder/probe"; } || status=1
  rm -r "$folder"
  return "$status"
}

cores() { nproc 2>/dev/null || sysctl -n hw.ncpu; }

build() {
  local preset=$1
  shift
  cmake --preset "$preset" ${configure_options[@]+"${configure_options[@]}"} &&
    cmake --build --preset "$preset" --parallel "$(cores)" "$@"
}

run_tests() {
  local preset=$1
  shift
  ctest --preset "$preset" --parallel "$(cores)" "$@"
}

run_tests_until() {
  local time=$1 preset=$2 limit=900 log listed status=0
  shift 2
  listed=$(ctest --preset "$preset" -N "$@" | sed -n 's/^ *Test *#[0-9]*: //p')
  log=$(mktemp)
  # A time that is past would be tomorrow's.
  if [ "$(date +%s)" -lt "$time" ]; then
    run_tests "$preset" --timeout $limit --stop-time "$(date -d "@$time" +%H:%M:%S)" "$@" | tee "$log" || :
  fi
  # ctest tells of a test that it was a timeout, whether its own limit or the stop time was reached.
  unfinished=$(echo "$listed" | awk -v limit=$limit '
    FILENAME != "-" && / Test +#[0-9]+: .* sec *$/ {
      seconds = $(NF - 1)
      sub(/.* Test +#[0-9]+: /, "")
      if (/[*][*][*]Timeout / && seconds < limit) next
      ended[$1] = 1
      if (!/ Passed |[*][*][*]Skipped /) failed = 1
    }
    FILENAME == "-" && $1 != "" && !($1 in ended) { printf "%s%s", separator, $1; separator = " " }
    END { exit failed }' "$log" -) || status=1
  rm "$log"
  return $status
}
