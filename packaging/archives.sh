#!/usr/bin/env bash
# Writes insforge-VERSION-TARGET.tar.gz and .zip to OUT: the program, man pages, completions, README, license and changelog.
# The same files give the same bytes: their order, owners, modes and times do not come from this machine.
#
# Reads PROGRAM, VERSION, TARGET and OUT. Needs Python: it exists on Linux, macOS and Windows, and keeps the executable bit in a
# zip on all three.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${PROGRAM:?}" "${VERSION:?}" "${TARGET:?}" "${OUT:?}"

# The time of all files, in seconds.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH PROGRAM

# On Windows, python3 can be a stub that opens the Microsoft Store.
python=$(python3 -c 'print("python3")' 2>/dev/null || echo python)
"$python" - "$OUT" "insforge-$VERSION-$TARGET" <<'END'
import gzip, io, os, sys, tarfile, time, zipfile

out, name = sys.argv[1:]
program = os.environ["PROGRAM"]
seconds = int(os.environ["SOURCE_DATE_EPOCH"])

# Path in the archive, content and mode, sorted by path.
files = [(os.path.basename(program), open(program, "rb").read(), 0o755)]
paths = ["README.md", "LICENSE", "CHANGELOG.md"]
paths += [f"{folder}/{file}" for folder in ("completions", "man") for file in os.listdir(folder)]
files += [(path, open(path, "rb").read(), 0o644) for path in paths]
files.sort()

tar_path = os.path.join(out, f"{name}.tar.gz")
# Without a file name and a time, gzip's header is always the same.
with open(tar_path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content, mode in files:
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size, entry.mode, entry.mtime = len(content), mode, seconds
            entry.uname = entry.gname = "root"
            archive.addfile(entry, io.BytesIO(content))

zip_path = os.path.join(out, f"{name}.zip")
with zipfile.ZipFile(zip_path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for path, content, mode in files:
        entry = zipfile.ZipInfo(f"{name}/{path}", time.gmtime(seconds)[:6])
        # Python would write the system that it runs on. Only files of Unix (3) have modes, in the upper two bytes.
        entry.create_system, entry.external_attr = 3, (0o100000 | mode) << 16
        archive.writestr(entry, content, zipfile.ZIP_DEFLATED)

for path in tar_path, zip_path:
    print(path)
END
