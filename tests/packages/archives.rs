//! The archives, what is in them, and the Homebrew formula and the Scoop manifest that name their sums.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{User, find_program, finish, mode, names_in, set_mode};
use crate::packages;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The platforms of a release.
pub const TARGETS: [&str; 7] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
];

#[test]
fn both_archives_have_all_files_with_their_modes() {
    let name = format!("insforge-{VERSION}-{}", host());
    let place = TempDir::new().expect("a folder");
    let (tar, zip) = (place.path().join("tar"), place.path().join("zip"));
    for (archive, folder) in [("tar.gz", &tar), ("zip", &zip)] {
        std::fs::create_dir(folder).expect("a folder");
        let path = packages().join(format!("{name}.{archive}"));
        let (tool, options) = if archive == "zip" { ("unzip", "-q") } else { ("tar", "-xpzf") };
        succeeds(Command::new(tool).arg(options).arg(path).current_dir(folder));
        assert_eq!(names_in(folder), [name.as_str()], "one folder, so that nothing else is overwritten");
    }

    let mut expected = BTreeMap::from([("insforge".to_owned(), 0o755)]);
    for file in ["README.md", "LICENSE", "CHANGELOG.md"] {
        expected.insert(file.to_owned(), 0o644);
    }
    for folder in ["man", "completions"] {
        let files = names_in(&Path::new(ROOT).join(folder));
        expected.extend(files.iter().map(|file| (format!("{folder}/{file}"), 0o644)));
    }
    for folder in [tar.join(&name), zip.join(&name)] {
        let files = files_below(&folder);
        let modes: BTreeMap<String, u32> =
            files.iter().map(|file| (file.clone(), mode(&folder.join(file)))).collect();
        assert_eq!(modes, expected);
        for file in files.iter().filter(|file| *file != "insforge") {
            let read = |folder: &Path| std::fs::read(folder.join(file)).expect("a file");
            assert!(read(&folder) == read(Path::new(ROOT)), "{file} differs from the repository");
        }
        assert_runs(&folder.join("insforge"));
    }
}

#[test]
fn the_same_files_give_the_same_archives() {
    let archives = |seconds: u64| {
        let place = TempDir::new().expect("a folder");
        let program = program(place.path(), "insforge");
        // Neither the time nor the folder of the program matters.
        let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        std::fs::File::open(&program).and_then(|file| file.set_modified(time)).expect("a time");
        package(TARGETS[0], &program, place.path());
        ["tar.gz", "zip"].map(|kind| {
            std::fs::read(place.path().join(format!("insforge-{VERSION}-{}.{kind}", TARGETS[0]))).expect(kind)
        })
    };
    assert!(archives(1_000_000_000) == archives(1_700_000_000));
}

#[test]
fn the_sums_name_every_file() {
    let sums = std::fs::read_to_string(packages().join("SHA256SUMS")).expect("SHA256SUMS");
    let listed: Vec<&str> = sums.lines().map(|line| &line[66..]).collect();
    let mut files = names_in(&packages());
    files.retain(|file| file != "SHA256SUMS" && packages().join(file).is_file());
    assert_eq!(listed, files);
    succeeds(Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(packages()));
}

#[test]
fn the_formula_has_the_sum_of_this_platform() {
    let formula = std::fs::read_to_string(packages().join("insforge.rb")).expect("the formula");
    let archive = format!("insforge-{VERSION}-{}.tar.gz", host());
    assert_names(&formula, &packages(), &archive);
    assert_is_ruby(&packages().join("insforge.rb"));
}

#[test]
fn the_formula_of_a_release_has_all_platforms() {
    let release = release(&TARGETS);
    let formula = std::fs::read_to_string(release.path().join("insforge.rb")).expect("the formula");
    // The static programs are for install.sh.
    for target in TARGETS.iter().filter(|target| !target.contains("musl") && !target.contains("windows")) {
        assert_names(&formula, release.path(), &format!("insforge-{VERSION}-{target}.tar.gz"));
    }
    assert_eq!(formula.matches("sha256 ").count(), 4, "{formula}");
    // Homebrew chooses by system, then by processor.
    let position = |text: &str| formula.find(text).unwrap_or_else(|| panic!("no {text}:\n{formula}"));
    let order =
        ["on_macos", "aarch64-apple", "x86_64-apple", "on_linux", "aarch64-unknown", "x86_64-unknown"];
    assert!(order.map(position).is_sorted(), "{formula}");
    assert_is_ruby(&release.path().join("insforge.rb"));
}

#[test]
fn the_manifest_names_the_archive_for_windows() {
    let release = release(&TARGETS);
    let manifest = std::fs::read(release.path().join("insforge.json")).expect("the manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let archive = format!("insforge-{VERSION}-x86_64-pc-windows-msvc.zip");
    let of_64_bit = &manifest["architecture"]["64bit"];
    assert_eq!(of_64_bit["url"], url(&archive));
    assert_eq!(of_64_bit["hash"], sum(release.path(), &archive));
    assert_eq!(manifest["version"], VERSION);
    assert_eq!(manifest["bin"], "insforge.exe");

    // Scoop fills in the version, and searches SHA256SUMS for the name.
    let updated = &manifest["autoupdate"]["architecture"]["64bit"];
    for field in ["url", "extract_dir"] {
        let filled = updated[field].as_str().expect(field).replace("$version", VERSION);
        assert_eq!(of_64_bit[field], filled);
    }
    assert_eq!(manifest["autoupdate"]["hash"]["url"], "$baseurl/SHA256SUMS");

    let unpacked = release.path().join("unpacked");
    succeeds(Command::new("unzip").arg("-q").arg(release.path().join(archive)).arg("-d").arg(&unpacked));
    assert!(
        unpacked.join(of_64_bit["extract_dir"].as_str().expect("a folder")).join("insforge.exe").is_file()
    );
}

/// `cargo binstall` fills in these templates.
#[test]
fn the_metadata_of_binstall_names_the_archives() {
    let manifest = std::fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).expect("Cargo.toml");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    let metadata = &manifest["package"]["metadata"]["binstall"];
    let filled = |field: &str, target: &str| {
        let suffix = if target.contains("windows") { ".exe" } else { "" };
        let values = [
            ("{ repo }", REPOSITORY),
            ("{ version }", VERSION),
            ("{ target }", target),
            ("{ bin }", "insforge"),
            ("{ binary-ext }", suffix),
        ];
        let template = metadata[field].as_str().expect(field).to_owned();
        values.iter().fold(template, |text, (variable, value)| text.replace(variable, value))
    };
    let release = release(&TARGETS);
    for target in TARGETS {
        let archive = format!("insforge-{VERSION}-{target}.tar.gz");
        assert_eq!(filled("pkg-url", target), url(&archive));
        let program = filled("bin-dir", target);
        succeeds(Command::new("tar").args(["-xzf", &archive, &program]).current_dir(release.path()));
    }
}

#[test]
fn a_platform_without_an_archive_is_left_out() {
    let place = release(&["aarch64-apple-darwin"]);
    let formula = std::fs::read_to_string(place.path().join("insforge.rb")).expect("the formula");
    assert!(formula.contains("on_macos") && !formula.contains("on_linux"), "{formula}");
    assert!(!place.path().join("insforge.json").exists());

    let place = release(&["x86_64-pc-windows-msvc"]);
    assert!(place.path().join("insforge.json").exists());
    assert!(!place.path().join("insforge.rb").exists());
}

/// The platform of this machine.
pub fn host() -> String {
    let system = match (cfg!(target_os = "macos"), cfg!(target_env = "musl")) {
        (true, _) => "apple-darwin",
        (_, true) => "unknown-linux-musl",
        _ => "unknown-linux-gnu",
    };
    format!("{}-{system}", std::env::consts::ARCH)
}

/// A folder with the files of a release for these platforms. Its programs are scripts that print a version.
pub fn release(targets: &[&str]) -> TempDir {
    let place = TempDir::new().expect("a folder");
    let programs = TempDir::new().expect("a folder");
    for target in targets {
        let name = if target.contains("windows") { "insforge.exe" } else { "insforge" };
        package(target, &program(programs.path(), name), place.path());
    }
    succeeds(&mut part("installers.sh", place.path()));
    place
}

/// Asserts that a program is the released one, and works.
#[track_caller]
pub fn assert_runs(program: &Path) {
    let user = User::new();
    let run = |args: &[&str]| finish(user.command_of(program, args), "").exits(0).stdout;
    assert_eq!(run(&["--version"]), format!("insforge {VERSION}\n"));
    assert!(run(&["payments", "products", "list", "--sandbox", "-o", "ids"]).starts_with("prod_"));
}

/// The paths of all files in a folder, relative to it and sorted.
pub fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        for name in names_in(&folder.join(&relative)) {
            let path = relative.join(name);
            if folder.join(&path).is_dir() {
                folders.push(path);
            } else {
                files.push(path.display().to_string());
            }
        }
    }
    files.sort_unstable();
    files
}

/// Runs a part of packaging/release.sh.
fn part(script: &str, out: &Path) -> Command {
    let mut command = Command::new(Path::new(ROOT).join("packaging").join(script));
    command
        .env("OUT", out)
        .env("SOURCE_DATE_EPOCH", "1000000000")
        .env("VERSION", VERSION)
        .env("REPOSITORY", REPOSITORY);
    command
}

fn package(target: &str, program: &Path, out: &Path) {
    succeeds(part("archives.sh", out).env("TARGET", target).env("PROGRAM", program));
}

/// Writes a program that prints the version.
fn program(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\necho insforge {VERSION}\n")).expect("a program");
    set_mode(&path, 0o755);
    path
}

#[track_caller]
fn succeeds(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
}

fn url(file: &str) -> String {
    format!("{REPOSITORY}/releases/download/v{VERSION}/{file}")
}

/// The sum of a file in SHA256SUMS.
pub fn sum(folder: &Path, file: &str) -> String {
    let sums = std::fs::read_to_string(folder.join("SHA256SUMS")).expect("SHA256SUMS");
    let line = sums.lines().find(|line| line.ends_with(&format!("  {file}")));
    line.unwrap_or_else(|| panic!("no sum of {file}:\n{sums}"))[..64].to_owned()
}

/// Asserts that a formula has the address of an archive, and its sum after it.
#[track_caller]
fn assert_names(formula: &str, folder: &Path, archive: &str) {
    let lines = format!("url \"{}\"\n      sha256 \"{}\"\n", url(archive), sum(folder, archive));
    assert!(formula.contains(&lines), "no {lines}in:\n{formula}");
}

fn assert_is_ruby(file: &Path) {
    if let Some(ruby) = find_program("ruby") {
        succeeds(Command::new(ruby).arg("-c").arg(file));
    }
}
