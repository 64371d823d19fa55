#!/bin/sh
# tools/fetch-highway against mirrors made here: signed with a key of our own, and then spoilt one by one.
#
# usage: fetch_highway_test.sh FETCH_HIGHWAY     exit status 77: cannot be tested here
set -eu

fetch=$1
for program in apt-get gpg gpgv; do
  command -v $program >/dev/null || { echo "skipped: no $program here"; exit 77; }
done
grep -q '^ID=debian' /etc/os-release || { echo "skipped: this is not Debian"; exit 77; }

work=$(mktemp -d)
trap 'gpgconf --homedir "$work/keys" --kill all >/dev/null 2>&1 || :; rm -rf "$work"' EXIT
mirror=$work/mirror

# The machine's apt knows the mirror for its binary packages, as anyone's does.
mkdir -p "$work/state/lists/partial"
echo "deb copy:$mirror bookworm main" >"$work/machine.list"
cat >"$work/apt.conf" <<END
Dir::Etc::SourceList "$work/machine.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$work/state/lists";
END
export APT_CONFIG="$work/apt.conf"

# key NAME: an id, and its public half as a keyring of that name.
key() {
  mkdir -p "$work/keys"
  chmod 700 "$work/keys"
  gpg --homedir "$work/keys" --batch --quiet --passphrase '' --quick-generate-key "$1@example.org" ed25519 sign never
  gpg --homedir "$work/keys" --batch --quiet --export "$1@example.org" >"$work/$1.gpg"
}

hash() { sha256sum "$1" | cut -d ' ' -f 1; }

# release NAME VERSION...: its tarballs, and the index of them, signed.
release() {
  release=$1
  shift
  dists=$mirror/dists/$release pool=$mirror/pool/$release
  rm -rf "$dists" "$pool"
  mkdir -p "$dists/main/source" "$pool"
  for version in "$@"; do
    tarball=highway_${version%-*}.orig.tar.gz
    echo "this is highway ${version%-*}" >"$pool/$tarball"
    cat <<END

Package: highway
Binary: libhwy-dev
Version: $version
Architecture: any
Format: 3.0 (quilt)
Directory: pool/$release
Checksums-Sha256:
 $(hash "$pool/$tarball") $(wc -c <"$pool/$tarball") $tarball
 0000000000000000000000000000000000000000000000000000000000000000 1 highway_$version.dsc
END
  done >"$dists/main/source/Sources"
  cat >"$dists/Release" <<END
Origin: Debian
Suite: $release
Codename: $release
Date: $(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S UTC')
Components: main
Architectures: amd64
SHA256:
 $(hash "$dists/main/source/Sources") $(wc -c <"$dists/main/source/Sources") main/source/Sources
END
  sign ours
}

# sign NAME: what the last release has, with that key.
sign() {
  rm -f "$dists/InRelease"
  gpg --homedir "$work/keys" --batch --quiet --local-user "$1@example.org" --clearsign \
    --output "$dists/InRelease" "$dists/Release"
}

failed=0
# expect WHAT STATUS TARBALL ARGUMENT...: the exit status of fetch-highway, and what the folder has then.
expect() {
  what=$1 status=$2 tarball=$3
  shift 3
  rm -rf "$work/out"
  got=0
  printed=$(SIMDACT_DEBIAN_KEYRING="$work/ours.gpg" sh "$fetch" "$@" 2>"$work/log") || got=$?
  there=$(ls "$work/out" 2>/dev/null || :)
  if [ $got != "$status" ] || [ "$there" != "$tarball" ] || [ "$printed" != "${tarball:+$work/out/}$tarball" ]; then
    echo "FAILED: $what: status $got, printed '$printed', the folder has '$there'; expected $status and '$tarball'"
    cat "$work/log"
    failed=1
  else
    echo "passed: $what"
  fi
}
pinned() { expect "$1" "$2" "$3" 1.3.0 "$pin" "$work/out"; }
newest() { expect "$1" "$2" "$3" --newest 1.3.0 "$work/out" forky ${other:+"$other"}; }
other=sid

key ours
key theirs

release forky 1.4.0-1
release sid 1.4.1-1 1.3.0-5.1
pin=$(hash "$pool/highway_1.3.0.orig.tar.gz")
pinned "the pinned version, wherever it is" 0 highway_1.3.0.orig.tar.gz
newest "the newest of both releases" 0 highway_1.4.1.orig.tar.gz
expect "the newest of the default releases" 0 highway_1.4.1.orig.tar.gz --newest 1.3.0 "$work/out"
expect "the newest of one release" 0 highway_1.4.0.orig.tar.gz --newest 1.3.0 "$work/out" forky
expect "another hash than the index has" 1 '' 1.3.0 "${pin%?????}00000" "$work/out"
expect "too few arguments" 2 '' 1.3.0
expect "a release that the mirror lacks" 1 '' 1.3.0 "$pin" "$work/out" woody

release forky 1.9.0-1 1.10.0~rc1-1
release sid 1.3.1-1
pinned "the pinned version is gone" 1 ''
newest "versions are numbers" 0 highway_1.10.0~rc1.orig.tar.gz

release sid 1.2.0-2
release forky 1.3.0~git1-1
newest "all are too old" 1 ''

other=  # from here on one release, for each takes a second or two

release forky 1.4.0-1
echo "this is Highway 1.4.0" >"$pool/highway_1.4.0.orig.tar.gz"
newest "a tarball that is not the index's" 1 ''

release forky 1.4.0-1
sed -i 's/^Version: .*/Version: 1.5.0-1/' "$dists/main/source/Sources"
newest "an index that is not the signed one" 1 ''

release forky 1.4.0-1
sed -i 's/^Origin: Debian/Origin: debian/' "$dists/InRelease"
newest "a signature of something else" 1 ''

release forky 1.4.0-1
sign theirs
newest "someone else's signature" 1 ''

release forky 1.4.0-1
rm "$dists/InRelease"
newest "no signature" 1 ''

release forky 1.4.0-1
newest "and again all is well" 0 highway_1.4.0.orig.tar.gz

exit $failed
