#!/bin/sh
# Installs insforge @VERSION@ from @REPOSITORY@
# packaging/installers.sh fills in the version and the repository. Plain POSIX sh, for dash, bash and busybox.
set -u
# The tools' messages are read below.
export LC_ALL=C

repository='@REPOSITORY@'
version='@VERSION@'
# The glibc that the programs for Linux need.
needed_glibc='@GLIBC@'

usage() {
  cat <<END
Install insforge $version

Usage: install.sh [OPTIONS]
       curl -fsSL $repository/releases/latest/download/install.sh | sh -s -- [OPTIONS]

Options:
  --version V   The version, such as $version
  --to DIR      The folder that gets bin/ and share/ [default: ~/.local]
  --from URL    A folder with SHA256SUMS and the archives of the version:
                https://, file:///, or http:// on this machine
                [default: the release at GitHub]
  --help        Print help

It needs no root, checks the SHA-256 sum, and prints the path of each installed
file on stdout. Everything else is on stderr. To uninstall, delete these files.
END
}

# fail WHAT REASON HINT [EXIT_CODE]
fail() {
  printf 'error: %s\n  %s\n  hint: %s\n' "$1" "$2" "$3" >&2
  exit "${4:-1}"
}

say() { printf '%s\n' "$*" >&2; }

has() { command -v "$1" >/dev/null 2>&1; }

# Prints the last line of $error, the output of a failed tool. The output is not in a file, because the disk can be full.
reason() {
  line=$(printf '%s\n' "$error" | sed '/^[[:space:]]*$/d' | tail -n 1)
  printf '%s' "${line:-it failed without a message}"
}

# Prints the text quoted for a shell.
quote() {
  case $1 in
    *[!A-Za-z0-9_./-]*) printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf '%s' "$1" ;;
  esac
}

read_options() {
  to=${HOME:+$HOME/.local} from=
  while [ $# -gt 0 ]; do
    case $1 in
      --help | -h) usage; exit ;;
      --version=* | --to=* | --from=*) value=${1#*=} ;;
      --version | --to | --from)
        [ $# -gt 1 ] || fail "$1 needs a value" "It is the last argument" "see --help" 64
        value=$2 ;;
      *) fail "unknown argument '$1'" "The options are --version, --to, --from and --help" "see --help" 64 ;;
    esac
    case $1 in
      --version*) version=${value#v} ;;
      --to*) to=$value ;;
      --from*) from=${value%/} ;;
    esac
    case $1 in *=*) shift ;; *) shift 2 ;; esac
  done

  case $version in
    *[!0-9A-Za-z.+-]* | [!0-9]* | '')
      fail "invalid version '$version'" "A version looks like 0.1.0" "see $repository/releases" 64 ;;
  esac
  case $to in
    /*) ;;
    # A shell replaces the tilde in '--to ~/x', and not in '--to=~/x'.
    [~]/*) to=${HOME:-}/${to#??} ;;
    '') fail "there is no folder to install to" "--to is empty, or HOME is not set" "use --to DIR" 64 ;;
    *) to=$PWD/$to ;;
  esac
  [ "$to" = / ] || to=${to%/}

  # Whoever can change the download can change its sum too.
  protocols='=https'
  case $from in
    '') from=$repository/releases/download/v$version ;;
    https://?* | file:///?*) ;;
    http://*) is_this_machine "${from#http://}" || refuse_from; protocols='=http,https' ;;
    *) refuse_from ;;
  esac
}

# Whether an address, given without http://, is on this machine.
is_this_machine() {
  case ${1%%[/?#]*} in
    # The part before @ is a user name, not the host.
    *[@\\]*) false ;;
    localhost | localhost:* | 127.0.0.1 | 127.0.0.1:* | '[::1]' | '[::1]':*) ;;
    *) false ;;
  esac
}

refuse_from() {
  fail "cannot install from '$from'" \
    "The address must begin with https:// or file:///; http:// is only for this machine" "use https://" 64
}

check_tools() {
  has curl || has wget || case $from in file:*) ;; *)
    fail "curl or wget is required" "Neither is in PATH" "install curl, and run this again" ;;
  esac
  has tar || fail "tar is required" "It is not in PATH" "install tar, and run this again"
  has sha256sum || has shasum || has openssl ||
    fail "cannot check the download" "None of sha256sum, shasum and openssl is in PATH" \
      "install one of them, and run this again"
}

# Sets target, the platform in the name of the archive.
find_platform() {
  system=$(uname -s) machine=$(uname -m)
  # Under Rosetta, uname reports an Intel chip on a Mac that has an Apple chip.
  if [ "$system" = Darwin ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then
    machine=arm64
  fi
  case $machine in
    x86_64 | amd64) machine=x86_64 loader=/lib64/ld-linux-x86-64.so.2 ;;
    aarch64 | arm64) machine=aarch64 loader=/lib/ld-linux-aarch64.so.1 ;;
    *) system="$system $machine" ;;
  esac
  case $system in
    Linux) find_libc; target=$machine-unknown-linux-$libc ;;
    Darwin) target=$machine-apple-darwin ;;
    MINGW* | MSYS* | CYGWIN*)
      fail "this script does not install on Windows" "It is for Linux and macOS" \
        "scoop install $repository/releases/latest/download/insforge.json" ;;
    *)
      fail "there is no program for this platform" "This is $system" \
        "build it with: cargo install --git $repository --locked insforge" ;;
  esac
}

# Sets libc. The musl program runs on every Linux, because it is static.
find_libc() {
  libc=musl
  glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null)
  case $glibc in
    "glibc "[0-9]*.[0-9]*) glibc=${glibc#glibc } ;;
    *) say "This system has no glibc, so the musl build is installed."; return ;;
  esac
  # Systems with a 32-bit glibc, or with all libraries in unusual places, lack the loader.
  if [ ! -e "$loader" ]; then
    say "$loader does not exist, so the musl build is installed."
  elif [ "$(glibc_number "$glibc")" -lt "$(glibc_number "$needed_glibc")" ]; then
    say "glibc $glibc is older than $needed_glibc, so the musl build is installed."
  else
    libc=gnu
  fi
}

# 2.34 as 2034
glibc_number() {
  minor=${1#*.}
  echo $((${1%%.*} * 1000 + ${minor%%[!0-9]*}))
}

# download NAME: to $tmp/NAME
download() {
  case $from in
    file:*) error=$(cp "${from#file://}/$1" "$tmp/$1" 2>&1) ;;
    *)
      if has curl; then
        error=$(curl --proto "$protocols" --fail --silent --show-error --location --retry 2 --connect-timeout 30 \
          --output "$tmp/$1" "$from/$1" 2>&1)
      else
        # Without -q, because wget then hides its errors. Without timeouts, on which some builds of busybox crash.
        error=$(wget -O "$tmp/$1" "$from/$1" 2>&1)
      fi ;;
  esac && return
  if printf '%s\n' "$error" | grep -Eq ' 404($|[: ])|No such file'; then
    fail "insforge $version was not found" "$from/$1: $(reason)" "see the versions at $repository/releases"
  fi
  fail "cannot download $from/$1" "$(reason)" "check the network and the free space in ${tmp%/*}, and run this again"
}

# Prints the SHA-256 sum of a file.
sum_of() {
  if has sha256sum; then sha256sum
  elif has shasum; then shasum -a 256
  else openssl dgst -sha256 -r
  fi <"$1" | sed 's/[^0-9a-f].*//'
}

# Prints the sum that SHA256SUMS has for a file.
expected_sum() {
  while read -r sum name || [ -n "$sum" ]; do
    # In binary mode, a * is before the name.
    [ "${name#\*}" != "$1" ] || printf '%s' "$sum" | sed 's/[^0-9a-f]//g'
  done <"$tmp/SHA256SUMS"
}

# Downloads, checks and unpacks the archive. Sets unpacked, the folder of its files.
get_files() {
  folder=insforge-$version-$target archive=insforge-$version-$target.tar.gz
  download SHA256SUMS
  expected=$(expected_sum "$archive")
  [ ${#expected} = 64 ] || fail "insforge $version is not available for $target" \
    "$from/SHA256SUMS has no sum for $archive" "see the versions and their platforms at $repository/releases"
  say "Downloading $from/$archive"
  download "$archive"
  actual=$(sum_of "$tmp/$archive")
  [ "$actual" = "$expected" ] || fail "$archive has the wrong SHA-256 sum, and was not installed" \
    "expected $expected, got ${actual:-none}" "run this again; if the sum is still wrong, report it at $repository/issues"
  # The first line has the cause; the last says that tar gives up.
  error=$(tar -xzf "$tmp/$archive" -C "$tmp" 2>&1) ||
    fail "cannot unpack $archive" "$(printf '%s\n' "$error" | sed q)" \
      "check the free space in ${tmp%/*}, and run this again"
  unpacked=$tmp/$folder
  files=$(list_files)
}

# Prints the path in the archive, a colon and the path below --to of each file. The program is last: until it is replaced,
# the old version is complete.
list_files() {
  for page in "$unpacked"/man/*; do
    page=${page##*/}
    echo "man/$page:share/man/man${page##*.}/$page"
  done
  echo "completions/insforge.bash:share/bash-completion/completions/insforge"
  echo "completions/_insforge:share/zsh/site-functions/_insforge"
  echo "completions/insforge.fish:share/fish/vendor_completions.d/insforge.fish"
  echo "insforge:bin/insforge"
}

# Sets the paths of a file: in the archive, in its place, and beside its place, from where a rename moves it there.
set_paths() {
  source=$unpacked/${1%%:*} place=$to/${1#*:}
  parent=${place%/*} staged=${place%/*}/.${place##*/}.$$
}

# Copies all files next to their places, and runs the program once. A full disk or a missing permission fails here.
stage_files() {
  hint="check the permissions and the free space, or choose another folder with --to"
  for file in $files; do
    set_paths "$file"
    if [ -d "$place" ] || [ -L "$place" ]; then
      fail "cannot replace $place" "It is a folder or a symbolic link, so another installer may own it" \
        "remove it, or choose another folder with --to"
    fi
    [ -d "$parent" ] || error=$(mkdir -p "$parent" 2>&1) || fail "cannot create $parent" "$(reason)" "$hint"
    error=$(cp "$source" "$staged" 2>&1) || fail "cannot write to $parent" "$(reason)" "$hint"
  done
  # The last file is the program.
  error=$("$staged" --version 2>&1 </dev/null) ||
    fail "the downloaded program does not run on this machine" "$(reason)" "report it at $repository/issues"
}

# Moves the files into their places, then prints their paths. Printing may fail, because the reader may have ended.
place_files() {
  for file in $files; do
    set_paths "$file"
    error=$(mv -f "$staged" "$place" 2>&1) || fail "cannot write $place" "$(reason)" "$hint"
  done
  say "Installed insforge $version for $target:"
  for file in $files; do printf '%s\n' "$to/${file#*:}"; done
}

clean_up() {
  for file in $files; do
    set_paths "$file"
    [ ! -e "$staged" ] || rm -f "$staged"
  done
  rm -rf "$tmp"
}

# Prints what to change if a shell does not find this program.
check_path() {
  # Remove the slashes at the end of folders.
  PATH=$(printf '%s' "$PATH" | sed 's,//*:,:,g; s,//*$,,')
  first=$(command -v insforge 2>/dev/null)
  case :$PATH: in
    *:"$to/bin":*)
      [ "$first" = "$to/bin/insforge" ] || {
        say "Another insforge comes first in PATH: $first"
        say "To run this one, remove the other, or put $to/bin first in PATH."
      }
      return ;;
  esac
  say "$to/bin is not in PATH. Add this line to the startup file of your shell:"
  case ${SHELL:-} in
    */fish) say "  fish_add_path $(quote "$to/bin")" ;;
    *) say "  export PATH=$(quote "$to/bin"):\"\$PATH\"" ;;
  esac
  [ -z "$first" ] || say "Until then, insforge is another program: $first"
}

# The shell reads everything up to the last brace before it runs anything, so half a download does nothing.
main() {
  read_options "$@"
  check_tools
  find_platform
  tmp=$(mktemp -d) || fail "cannot create a temporary folder" "mktemp failed" "set TMPDIR to a folder that you can write"
  files=
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
  get_files
  stage_files
  place_files
  check_path
}

{ main "$@"; }
