#!/usr/bin/env bash
# Writes the installers of the archives to OUT: install.sh, the Homebrew formula insforge.rb, the Scoop manifest insforge.json.
# Then it writes SHA256SUMS for all files directly in OUT, so it is the last part of a release.
#
# Reads VERSION, REPOSITORY and OUT. A dry run has the archives of one platform, a release those of all. Platforms without an
# archive are left out.
set -euo pipefail
cd "$(dirname "$0")/.."
# The order of the files in SHA256SUMS.
export LC_ALL=C
: "${VERSION:?}" "${REPOSITORY:?}" "${OUT:?}"

download=$REPOSITORY/releases/download/v$VERSION
field() { sed -n "s/^$1 = \"\(.*\)\"/\1/p" Cargo.toml | head -n 1; }
# Homebrew allows only a short description, so the text after the colon is dropped.
description=$(field description) description=${description%%:*}
license=$(field license)

# macOS has no sha256sum.
if command -v sha256sum >/dev/null; then sha256() { sha256sum "$@"; }; else sha256() { shasum -a 256 "$@"; }; fi
sum_of() { sha256 "$1" | cut -d ' ' -f 1; }

# The newest version of glibc that a program for it needs.
glibc=$(for archive in "$OUT/insforge-$VERSION"-*-linux-gnu.tar.gz; do
  # There may be no archive, and a program may need no glibc.
  tar -xzOf "$archive" 2>/dev/null | grep -ao 'GLIBC_2\.[0-9]*' || true
done | sed 's/GLIBC_//' | sort -t . -k 2n | tail -n 1)

sed -e "s,@VERSION@,$VERSION,g" -e "s,@REPOSITORY@,$REPOSITORY,g" -e "s,@GLIBC@,${glibc:-2.0},g" packaging/install.sh >"$OUT/install.sh"
chmod 755 "$OUT/install.sh"
echo "$OUT/install.sh"

# formula_source on_arm TARGET: prints the archive of a platform, if it exists.
formula_source() {
  local archive=insforge-$VERSION-$2.tar.gz
  [ -f "$OUT/$archive" ] || return 0
  cat <<END
    $1 do
      url "$download/$archive"
      sha256 "$(sum_of "$OUT/$archive")"
    end
END
}

# formula_system on_linux SUFFIX: prints the archives of a system, if there are any.
formula_system() {
  local sources
  sources=$(formula_source on_arm "aarch64-$2"; formula_source on_intel "x86_64-$2")
  [ -z "$sources" ] || printf '\n  %s do\n%s\n  end\n' "$1" "$sources"
}

sources=$(formula_system on_macos apple-darwin; formula_system on_linux unknown-linux-gnu)
rm -f "$OUT/insforge.rb"
if [ -n "$sources" ]; then
  cat >"$OUT/insforge.rb" <<END
class Insforge < Formula
  desc "$description"
  homepage "$REPOSITORY"
  version "$VERSION"
  license "$license"
$sources

  def install
    bin.install "insforge"
    man1.install Dir["man/*.1"]
    man7.install Dir["man/*.7"]
    bash_completion.install "completions/insforge.bash" => "insforge"
    zsh_completion.install "completions/_insforge"
    fish_completion.install "completions/insforge.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/insforge --version")
    assert_match "prod_", shell_output("#{bin}/insforge payments products list --sandbox -o ids")
  end
end
END
  echo "$OUT/insforge.rb"
else
  echo "no insforge.rb: there is no archive for macOS and Linux"
fi

windows=x86_64-pc-windows-msvc
zip=$OUT/insforge-$VERSION-$windows.zip
rm -f "$OUT/insforge.json"
if [ -f "$zip" ]; then
  # $version and $baseurl are for Scoop.
  cat >"$OUT/insforge.json" <<END
{
    "version": "$VERSION",
    "description": "$description",
    "homepage": "$REPOSITORY",
    "license": "$license",
    "architecture": {
        "64bit": {
            "url": "$download/${zip##*/}",
            "hash": "$(sum_of "$zip")",
            "extract_dir": "insforge-$VERSION-$windows"
        }
    },
    "bin": "insforge.exe",
    "checkver": {
        "github": "$REPOSITORY"
    },
    "autoupdate": {
        "architecture": {
            "64bit": {
                "url": "$REPOSITORY/releases/download/v\$version/insforge-\$version-$windows.zip",
                "extract_dir": "insforge-\$version-$windows"
            }
        },
        "hash": {
            "url": "\$baseurl/SHA256SUMS"
        }
    }
}
END
  echo "$OUT/insforge.json"
else
  echo "no insforge.json: ${zip##*/} does not exist"
fi

cd "$OUT"
rm -f SHA256SUMS
names=()
for name in *; do if [ -f "$name" ]; then names+=("$name"); fi; done
sha256 "${names[@]}" >SHA256SUMS.part
mv SHA256SUMS.part SHA256SUMS
echo "$OUT/SHA256SUMS"
