#!/usr/bin/env bash
# Builds the packages of a release for one platform. It publishes nothing; .github/workflows/release.yml does that.
#
#   packaging/release.sh --dry-run [--out DIR] [--target TRIPLE]
#
#   --dry-run        required: build, and publish nothing
#   --out DIR        the folder of the packages [default: target/packages]
#   --target TRIPLE  the platform [default: this machine's]
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "packaging/release.sh" >&2
  exit 64
}

dry_run= out=target/packages target=
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    --out) out=${2:?--out needs a folder}; shift ;;
    --target) target=${2:?--target needs a platform}; shift ;;
    *) usage ;;
  esac
  shift
done
[ -n "$dry_run" ] || usage

# What every part below needs.
host=$(rustc -vV | sed -n 's/^host: //p')
TARGET=${target:-$host}
VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
REPOSITORY=$(sed -n 's/^repository = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
mkdir -p "$out"
OUT=$(cd "$out" && pwd)
RUSTFLAGS=$(packaging/rustflags.sh)
export TARGET VERSION REPOSITORY OUT RUSTFLAGS

echo "== build $VERSION for $TARGET"
# Without --target, the benchmark uses the same build.
cargo build --release --locked --bin insforge ${target:+--target "$target"}
PROGRAM=$(ls "$PWD/target/${target:+$target/}release/insforge"{,.exe} 2>/dev/null | head -n 1)
export PROGRAM

# Each part adds its files to OUT.
