//! What users of the last release rely on still exists: docs/compatibility.md is the promise.
//!
//! `tests/compatibility/VERSION.json` describes the interface of the last release. [`interface`] reads the one of this
//! program, and [`changes`] compares them.

mod changes;
mod interface;

use std::path::{Path, PathBuf};

use serde_json::Value;

use changes::breaking_changes;

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn nothing_is_lost_since_the_last_release() {
    let current = interface::current();
    let snapshot = snapshot();
    let changelog = read(&root().join("CHANGELOG.md"));
    let old = match snapshot {
        Some((path, old)) if is_update() && is_new_release(version_of(&old), VERSION, &changelog) => {
            std::fs::remove_file(path).expect("the old snapshot");
            return write(&current);
        }
        None if is_update() => return write(&current),
        None => panic!("there is no snapshot: run INSFORGE_UPDATE=1 cargo test --test cli compatibility"),
        Some((_, old)) => old,
    };
    let lost = breaking_changes(&old, &current);
    let released = version_of(&old);
    if lost.is_empty() || may_break(released, VERSION) && names_a_break(&changelog) {
        return;
    }
    panic!(
        "This breaks what version {released} promised:\n\n  {}\n\ndocs/compatibility.md says what a release may change. \
         CONTRIBUTING.md says how to make such a release.",
        lost.join("\n  ")
    );
}

/// A release without its snapshot would leave later changes unchecked.
#[test]
fn the_last_release_has_a_snapshot() {
    if is_update() {
        return;
    }
    let (path, snapshot) = snapshot().expect("a snapshot");
    assert!(path.ends_with(format!("{}.json", version_of(&snapshot))), "{}", path.display());
    if let Some(released) = last_release(&read(&root().join("CHANGELOG.md"))) {
        assert_eq!(
            version_of(&snapshot),
            released,
            "run INSFORGE_UPDATE=1 cargo test --test cli compatibility, with {released} in Cargo.toml"
        );
    }
}

#[test]
fn only_a_new_major_version_may_break_and_before_1_0_a_new_minor_version() {
    for (old, new, allowed) in [
        ("0.1.0", "0.1.1", false),
        ("0.1.9", "0.2.0", true),
        ("0.1.0", "1.0.0", true),
        ("1.0.0", "1.1.0", false),
        ("1.9.0", "2.0.0", true),
        ("1.0.0", "1.0.0", false),
    ] {
        assert_eq!(may_break(old, new), allowed, "{old} to {new}");
    }
    let changelog =
        "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- a\n\n## [0.1.0] - 2026-12-01\n\n### Removed\n";
    assert!(!names_a_break(changelog), "the section of another release");
    assert!(names_a_break(&changelog.replace("Added", "Changed")));
    assert_eq!(last_release(changelog), Some("0.1.0"));
    assert_eq!(last_release("## [Unreleased]\n"), None);
}

/// Otherwise a change could rewrite what it breaks.
#[test]
fn the_snapshot_is_rewritten_only_for_a_release() {
    let changelog = "## [Unreleased]\n\n## [0.2.0] - 2026-12-09\n\n## [0.1.0] - 2026-12-01\n";
    for (of_snapshot, version, rewritten) in [
        ("0.1.0", "0.2.0", true),
        ("0.2.0", "0.2.0", false),
        ("0.1.0", "0.3.0", false),
        ("0.1.0", "0.1.0", false),
    ] {
        assert_eq!(is_new_release(of_snapshot, version, changelog), rewritten, "{of_snapshot} to {version}");
    }
}

fn is_update() -> bool {
    std::env::var_os("INSFORGE_UPDATE").is_some()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

/// The only file in the folder of snapshots.
fn snapshot() -> Option<(PathBuf, Value)> {
    let entries = std::fs::read_dir(root().join("tests/compatibility")).ok()?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    let path = paths.pop()?;
    assert!(paths.is_empty(), "more than one snapshot");
    let snapshot = serde_json::from_str(&read(&path)).expect("a snapshot");
    Some((path, snapshot))
}

fn write(interface: &Value) {
    let folder = root().join("tests/compatibility");
    std::fs::create_dir_all(&folder).expect("a folder");
    let text = serde_json::to_string_pretty(interface).expect("JSON") + "\n";
    std::fs::write(folder.join(format!("{VERSION}.json")), text).expect("the snapshot");
}

fn version_of(snapshot: &Value) -> &str {
    snapshot["version"].as_str().expect("a version")
}

/// Whether this is a release after the one of the snapshot. Otherwise the snapshot stays as it is.
fn is_new_release(of_snapshot: &str, version: &str, changelog: &str) -> bool {
    of_snapshot != version && last_release(changelog) == Some(version)
}

/// The newest version in the changelog that is released: `## [0.1.0] - 2026-12-01`.
fn last_release(changelog: &str) -> Option<&str> {
    let mut names = changelog.lines().filter_map(|line| line.strip_prefix("## [")?.split_once(']'));
    names.find(|(name, _)| *name != "Unreleased").map(|(name, _)| name)
}

/// Whether the newest section of the changelog lists what was removed or changed.
fn names_a_break(changelog: &str) -> bool {
    let newest = changelog.split("\n## [").nth(1).unwrap_or_default();
    newest.lines().any(|line| line == "### Removed" || line == "### Changed")
}

/// Whether semantic versioning allows the second version to break what the first had.
fn may_break(old: &str, new: &str) -> bool {
    let leading = |version: &str| -> Vec<u32> {
        let numbers: Vec<u32> = version.split('.').map_while(|number| number.parse().ok()).collect();
        numbers[..if numbers[0] == 0 { 2 } else { 1 }].to_vec()
    };
    leading(old) != leading(new)
}
