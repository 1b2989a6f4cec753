#!/bin/sh
# Prints the release notes: the section of a version in CHANGELOG.md.
#
#   packaging/notes.sh VERSION      VERSION is a version such as 0.1.0, or Unreleased
set -eu
cd "$(dirname "$0")/.."
[ $# = 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' packaging/notes.sh >&2; exit 64; }

notes=$(awk -v heading="## [$1]" '
  /^## / { inside = index($0, heading) == 1; next }
  inside && (NF || printed) { print; printed = 1 }
' CHANGELOG.md)
[ -n "$notes" ] || { echo "error: CHANGELOG.md has no notes under '## [$1]'" >&2; exit 1; }
printf '%s\n' "$notes"
