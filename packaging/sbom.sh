#!/usr/bin/env bash
# Writes the SBOM, insforge-VERSION.cdx.json, to OUT. It lists the dependencies of every platform in the format CycloneDX. So it
# is the same on each platform, and a release has only one.
#
# Reads VERSION and OUT. Needs cargo-cyclonedx.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${VERSION:?}" "${OUT:?}"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# cargo-cyclonedx writes beside the Cargo.toml of every package.
part=release-sbom
remove_parts() { rm -f "$part.json" ./*/*/"$part.json"; }
trap remove_parts EXIT
cargo cyclonedx --quiet --format json --spec-version 1.5 --target all --override-filename "$part"

# The ids of our packages have the path of this checkout. Cargo leaves out the name if the folder has the same.
sed -e 's|path+file://[^"#]*/insforge#\([0-9]\)|insforge@\1|g' \
  -e 's|path+file://[^"#]*#||g' \
  -e 's|?download_url=file://[^"#]*||g' "$part.json" >"$OUT/insforge-$VERSION.cdx.json"
echo "$OUT/insforge-$VERSION.cdx.json"
