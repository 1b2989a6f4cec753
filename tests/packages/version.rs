//! `--version` of the program in the archive: it shows the commit and the platform of the build.

use std::process::Command;

use crate::harness::{User, finish, names_in};
use crate::packages;

#[test]
fn the_program_shows_the_commit_of_its_build() {
    let folder = packages();
    let archives: Vec<String> =
        names_in(&folder).into_iter().filter(|name| name.ends_with(".tar.gz")).collect();
    let [archive] = &archives[..] else { panic!("not one archive: {archives:?}") };
    let user = User::new();
    let tar = Command::new("tar").arg("-xzf").arg(folder.join(archive)).arg("-C").arg(user.path("")).status();
    assert!(tar.expect("tar").success());
    let name = archive.strip_suffix(".tar.gz").expect("a name");
    let mut program = Command::new(user.path(name).join("insforge"));
    program.args(["--version", "--json"]);
    let shown = finish(program, "").exits(0).json();

    let target = name.strip_prefix(&format!("insforge-{}-", env!("CARGO_PKG_VERSION")));
    assert_eq!(shown["target"].as_str(), target);
    assert_eq!(shown["features"], serde_json::json!(["keyring", "sandbox"]));
    let git = Command::new("git")
        .args(["--git-dir", concat!(env!("CARGO_MANIFEST_DIR"), "/.git"), "log", "-1", "--format=%H %cs"])
        .output()
        .expect("git");
    let commit = String::from_utf8(git.stdout).expect("a text");
    // Sources without their repository have no commit.
    let (hash, date) = commit.trim().split_once(' ').unzip();
    let rebuild = "the packages are of another commit: run packaging/release.sh --dry-run";
    assert_eq!((shown["commit"].as_str(), shown["commitDate"].as_str()), (hash, date), "{rebuild}");
}
