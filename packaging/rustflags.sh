#!/bin/sh
# Prints the compiler flags of a release build. They replace the paths of this machine in the program: those of this
# checkout, of the dependencies' sources, and of the standard library.
set -eu
cd "$(dirname "$0")/.."
# The registry's folder has a name only after the first download.
cargo fetch --locked --quiet
cargo_home=${CARGO_HOME:-$HOME/.cargo}
flags="--remap-path-prefix=$PWD=/insforge --remap-path-prefix=$(rustc --print sysroot)=/rust"
for folder in "$cargo_home"/registry/src/*/; do
  flags="$flags --remap-path-prefix=${folder%/}=/cargo"
done
echo "$flags"
