#!/usr/bin/env bash
# Prints the compiler flags of a release build, for CARGO_ENCODED_RUSTFLAGS, because paths can contain spaces.
# The flags replace the paths of this machine in the program: those of this checkout, of the build folder, of the
# dependencies' sources, and of the standard library.
set -euo pipefail
cd "$(dirname "$0")/.."
# The registry's folder has a name only after the first download.
cargo fetch --locked --quiet

# On Windows, the compiler does not know the paths of Git Bash. What replaces a path has no slash at its start, because
# Git Bash would take it for a path.
flags=
remap() {
  flags+="${flags:+$'\x1f'}--remap-path-prefix=$(cygpath -m "$1" 2>/dev/null || printf '%s' "$1")=$2"
}
remap "$(pwd -P)" insforge
if [ -n "${CARGO_TARGET_DIR:-}" ]; then remap "$CARGO_TARGET_DIR" target; fi
remap "$(rustc --print sysroot)" rust
for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
  remap "${folder%/}" cargo
done
printf '%s\n' "$flags"
