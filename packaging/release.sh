#!/usr/bin/env bash
# Builds the packages of a release for one platform. It publishes nothing; .github/workflows/release.yml does that.
#
# Usage: packaging/release.sh --dry-run [--out DIR] [--target TRIPLE]
#
#   --dry-run        required: build, and publish nothing
#   --out DIR        the folder of the packages. Those of an earlier run are deleted. [default: target/packages]
#   --target TRIPLE  the platform [default: this machine's]
#   --help           print this
#
# Every machine builds with the same compiler flags: RUSTFLAGS is ignored. Missing cargo commands are installed in
# target/tools.
set -euo pipefail

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

fail() {
  printf 'error: %s\nhint: packaging/release.sh --help\n' "$1" >&2
  exit 64
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
dry_run='' out=$root/target/packages target=''
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    --out=*) out=${1#*=} ;;
    --target=*) target=${1#*=} ;;
    --out) shift; out=${1-} ;;
    --target) shift; target=${1-}; [ -n "$target" ] || fail "--target needs a platform" ;;
    --help | -h) usage; exit ;;
    *) fail "unknown argument '$1'" ;;
  esac
  [ $# = 0 ] || shift
done
[ -n "$out" ] || fail "--out needs a folder"
[ -n "$dry_run" ] || fail "--dry-run is required: this script publishes nothing"

# A relative folder is relative to the caller's.
mkdir -p -- "$out"
OUT=$(cd -- "$out" && pwd)
cd "$root"

# Every part below needs these variables.
host=$(rustc -vV | sed -n 's/^host: //p')
TARGET=${target:-$host}
VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
REPOSITORY=$(sed -n 's/^repository = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# The time of every file in the packages.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
CARGO_ENCODED_RUSTFLAGS=$(packaging/rustflags.sh)
export CARGO_ENCODED_RUSTFLAGS

rm -f "$OUT"/insforge[-_]* "$OUT"/insforge.{rb,json} "$OUT"/install.sh "$OUT"/SHA256SUMS "$OUT"/npm/insforge-payments-*

echo "== build $VERSION for $TARGET"
# Cargo says where the program is, because its settings can move the build folder. Without --target, a second build with
# the same flags has nothing to do.
PROGRAM=$(cargo build --release --locked --bin insforge ${target:+--target "$target"} \
  --message-format=json-render-diagnostics | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | sed 's|\\\\|/|g')
# Not before the build: the build script of ring runs again if TARGET changes.
export PROGRAM TARGET VERSION REPOSITORY OUT SOURCE_DATE_EPOCH

# Each part adds its files to OUT. A part that fails does not prevent the others.
not_made='' failed=''
part() {
  echo "== $1 (${SECONDS}s)"
  shift
  "$@" || failed+=" $1"
}
skip() { not_made+="  $1: $2"$'\n'; }
has() { command -v "$1" >/dev/null; }

# install VERSION NAME: does nothing if this version is installed. It is used for seconds, so a quick build is better
# than a quick program.
PATH=$root/target/tools/bin:$PATH
install() {
  CARGO_ENCODED_RUSTFLAGS='' CARGO_PROFILE_DEV_DEBUG=0 \
    cargo install --locked --quiet --debug --root target/tools --version "$@"
}

debian_package() { install 3.8.0 cargo-deb --no-default-features && packaging/deb/build.sh; }
sbom() { install 0.5.9 cargo-cyclonedx && packaging/sbom.sh; }

# Of the two programs for Linux in a release, the Debian package has the one for glibc. A dry run on a machine with musl has
# only its own.
if [[ $TARGET == *-linux-gnu* || ($TARGET == *-linux-* && $TARGET == "$host") ]]; then
  part "Debian package" debian_package
else
  skip "Debian package" "$TARGET is not Linux with glibc"
fi
if has python3 || has python; then
  part "archives" packaging/archives.sh
else
  skip "archives" "python3 is not installed"
fi
if has npm; then
  part "npm packages" packaging/npm/pack.mjs
else
  skip "npm packages" "npm is not installed"
fi
part "SBOM" sbom
# It is the last one, because it writes the sums of all files.
part "installers and sums" packaging/installers.sh

echo "== packages in $OUT (${SECONDS}s)"
(cd "$OUT" && find . -type f | sort | while read -r file; do
  printf '%10d bytes  %s\n' "$(wc -c <"$file")" "${file#./}"
done)
[ -z "$not_made" ] || printf 'Not made:\n%s' "$not_made"
[ -z "$failed" ] || { echo "error: these parts failed:$failed" >&2; exit 1; }
