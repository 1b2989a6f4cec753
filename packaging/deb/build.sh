#!/usr/bin/env bash
# Writes the Debian package to OUT, with the program that was built already. Cargo.toml says what is in it.
#
# Reads PROGRAM, VERSION, TARGET and OUT. Needs cargo-deb. Without dpkg-shlibdeps (dpkg-dev), the package names no
# dependencies.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${PROGRAM:?}" "${VERSION:?}" "${TARGET:?}" "${OUT:?}"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# cargo-deb reads the build folder, which can be anywhere. So it gets one of its own.
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
folder=$build/$TARGET/release
mkdir -p "$folder"
cp "$PROGRAM" "$folder/insforge"

# Debian requires a changelog of the package. A package is built once per version, so it has one entry. Debian marks a
# prerelease with a tilde.
maintainer=$(sed -n 's/^maintainer = "\(.*\)"/\1/p' Cargo.toml)
gzip -9n >"$folder/changelog.Debian.gz" <<END
insforge (${VERSION/-/\~}-1) unstable; urgency=medium

  * Package version $VERSION. changelog.gz describes its changes.

 -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
END

CARGO_TARGET_DIR=$build cargo deb --quiet --no-build --no-strip --target "$TARGET" --output "$OUT"
