#!/usr/bin/env bash
# package_test.sh BUILD WORK CC [FLAGS...]: makes the .deb and the .tar.gz, looks at what is in them, unpacks each and
# builds a program against it. 77, skipped, where there is no dpkg.
set -euo pipefail
build=$1 work=$2
shift 2
here=$(dirname "$0")
command -v dpkg-shlibdeps >/dev/null || {
  echo "SKIPPED: no dpkg-shlibdeps here"
  exit 77
}
rm -rf "$work"
mkdir -p "$work/deb" "$work/tgz"
cpack --config "$build/CPackConfig.cmake" -B "$work" -G "DEB;TGZ" >"$work/log" || {
  cat "$work/log"
  exit 1
}
dpkg-deb -x "$work"/*.deb "$work/deb"
tar -xzf "$work"/*.tar.gz -C "$work/tgz" --strip-components=1

# expect FOLDER: what a user looks for is there, and nothing of the build.
expect() {
  local file
  for file in bin/simdact libsimdact.a libsimdact.so pkgconfig/simdact.pc include/simdact/simdact.hpp \
    include/simdact/normal-inl.h include/simdact/activations.def cmake/simdact/simdactConfig.cmake \
    doc/simdact/LICENSE doc/simdact/README.md; do
    [ -n "$(find "$1" -path "*/$file")" ] || {
      echo "FAILED: no $file in $1"
      exit 1
    }
  done
  if find "$1" -name '*.o' -o -name '*_test*' -o -name '*.cc' | grep .; then
    echo "FAILED: $1 has more than a user needs"
    exit 1
  fi
}
for prefix in "$work/deb/usr" "$work/tgz"; do
  expect "$prefix"
  "$here/pkg_config_test.sh" "$prefix" "$work/program" "$@"
  "$prefix/bin/simdact" eval gelu 1 >/dev/null
done

# The soname is what the packages of programs will ask for.
soname=$(readelf -d "$(find "$work/deb" -name libsimdact.so)" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
version=$(dpkg-deb -f "$work"/*.deb Version)
dpkg-deb -e "$work"/*.deb "$work/control"
grep -q "^libsimdact ${soname#libsimdact.so.} simdact " "$work/control/shlibs" || {
  echo "FAILED: shlibs does not name $soname"
  exit 1
}
[ "libsimdact.so.${version%.*}" = "$soname" ] || {
  echo "FAILED: version $version, but $soname"
  exit 1
}
