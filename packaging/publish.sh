#!/usr/bin/env bash
# Publishes a release. It skips what is already published, so it can run again after a failure.
#
#   packaging/publish.sh crates             insforge-sandbox and insforge, to crates.io
#   packaging/publish.sh npm DIR            the packages in DIR/npm, to npm
#   packaging/publish.sh github DIR NOTES   the files in DIR, as a release of GitHub with the notes of this file
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# A version such as 0.2.0-rc.1 is a prerelease. Nobody gets it by default.
case $VERSION in *-*) npm_tag=next prerelease=--prerelease ;; *) npm_tag=latest prerelease= ;; esac

crates() {
  local crate published
  # The second depends on the first. cargo waits until the first is in the index.
  for crate in insforge-sandbox insforge; do
    # The index has a line of JSON for each version.
    published=$(curl -fsSL --retry 2 "${CRATES_INDEX:-https://index.crates.io}/in/sf/$crate" || true)
    case $published in
      *"\"vers\":\"$VERSION\""*) echo "$crate $VERSION is on crates.io already" ;;
      *) cargo publish --locked --package "$crate" ;;
    esac
  done
}

npm_packages() {
  local folder=$1/npm main=$1/npm/insforge-payments-$VERSION.tgz name names
  # The main package is last, because it depends on the others. None is published if one is missing.
  names=$(tar -xzOf "$main" package/package.json | jq -r '(.optionalDependencies | keys[]), .name')
  for name in $names; do
    [ -f "$folder/$name-$VERSION.tgz" ] || { echo "error: $folder/$name-$VERSION.tgz is missing" >&2; exit 1; }
  done
  for name in $names; do
    if [ "$(npm view "$name@$VERSION" version 2>/dev/null || true)" = "$VERSION" ]; then
      echo "$name $VERSION is on npm already"
    else
      npm publish "$folder/$name-$VERSION.tgz" --access public --tag "$npm_tag"
    fi
  done
}

github() {
  local folder=$1 notes=$2 tag=v$VERSION draft files
  draft=$(gh release view "$tag" --json isDraft --jq .isDraft 2>/dev/null || true)
  if [ "$draft" = false ]; then
    # Other files under the same names would not match the sums that users already have.
    echo "$tag is released already"
    return
  fi
  if [ -z "$draft" ]; then
    gh release create "$tag" --draft --verify-tag --title "$tag" --notes-file "$notes" ${prerelease:+"$prerelease"}
  fi
  # A draft is invisible until it has all files.
  mapfile -t files < <(find "$folder" -maxdepth 1 -type f | LC_ALL=C sort)
  gh release upload "$tag" --clobber "${files[@]}"
  gh release edit "$tag" --draft=false
}

case ${1-} in
  crates) crates ;;
  npm) npm_packages "${2:?DIR is missing}" ;;
  github) github "${2:?DIR is missing}" "${3:?NOTES is missing}" ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' packaging/publish.sh >&2; exit 64 ;;
esac
