//! `packaging/publish.sh`: the real npm with a registry on this machine, and stand-ins for cargo and gh.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::harness::stub::{Answer, Stub};
use super::harness::workflow::scripts;
use super::harness::{RunOutput, User, dead_address, finish, path_with, set_mode};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn publish(user: &User, args: &[&str]) -> RunOutput {
    let mut command = user.command_of(Path::new(ROOT).join("packaging/publish.sh"), args);
    command.env("PATH", path_with(&user.path("bin")));
    finish(command, "")
}

/// A program that logs its arguments before it does what the script says.
fn stand_in(user: &User, name: &str, script: &str) {
    let log = format!("echo \"$*\" >> '{}'", user.path("log").display());
    user.write_program(&format!("bin/{name}"), &format!("{log}\n{script}"));
    user.write("log", "");
}

/// Packs an npm package.
fn pack(user: &User, name: &str, dependencies: &[&str]) {
    let dependencies: Vec<String> =
        dependencies.iter().map(|name| format!("\"{name}\": \"{VERSION}\"")).collect();
    let manifest = format!(
        "{{\"name\": \"{name}\", \"version\": \"{VERSION}\", \"optionalDependencies\": {{{}}}}}",
        dependencies.join(", ")
    );
    user.write("npm/package/package.json", &manifest);
    let archive = format!("{name}-{VERSION}.tgz");
    let packed =
        Command::new("tar").args(["-czf", &archive, "package"]).current_dir(user.path("npm")).status();
    assert!(packed.expect("tar").success());
}

/// A registry that knows what was published, and refuses one package at first.
fn registry(refused_once: &'static str) -> (Stub, Arc<Mutex<Vec<String>>>) {
    let published = Arc::new(Mutex::new(Vec::new()));
    let known = Arc::clone(&published);
    let refusals = Mutex::new(vec![refused_once]);
    let stub = Stub::start(move |request| {
        let name = request.target.trim_start_matches('/').split('?').next().unwrap_or_default().to_owned();
        let mut known = known.lock().expect("a lock");
        if request.method == "PUT" {
            if refusals.lock().expect("a lock").pop_if(|refused| *refused == name).is_some() {
                return Answer::json(403, r#"{"error": "not now"}"#);
            }
            known.push(name);
            return Answer::json(201, "{}");
        }
        if !known.contains(&name) {
            return Answer::json(404, r#"{"error": "not_found"}"#);
        }
        let version = format!("{{\"name\": \"{name}\", \"version\": \"{VERSION}\"}}");
        Answer::json(
            200,
            &format!(
                "{{\"name\": \"{name}\", \"dist-tags\": {{\"latest\": \"{VERSION}\"}}, \"versions\": {{\"{VERSION}\": {version}}}}}"
            ),
        )
    });
    (stub, published)
}

#[test]
fn npm_gets_each_package_once_and_the_main_package_last() {
    let (registry, published) = registry("insforge-payments-linux-x64");
    let user =
        User::new().with("npm_config_registry", &registry.address).with("npm_config_fetch_retries", "0");
    user.write(".npmrc", &format!("//{}/:_authToken=token", registry.address.trim_start_matches("http://")));
    let platforms = ["insforge-payments-darwin-arm64", "insforge-payments-linux-x64"];
    pack(&user, "insforge-payments", &platforms);
    pack(&user, platforms[0], &[]);
    let folder = user.home.path().display().to_string();

    // A package is missing, so none is published.
    publish(&user, &["npm", &folder])
        .exits(1)
        .stderr_has(&[&format!("insforge-payments-linux-x64-{VERSION}.tgz is missing")]);
    assert!(published.lock().expect("a lock").is_empty());

    pack(&user, platforms[1], &[]);
    assert_ne!(publish(&user, &["npm", &folder]).code, 0);
    assert_eq!(*published.lock().expect("a lock"), platforms[..1]);

    let ran = publish(&user, &["npm", &folder]).exits(0);
    assert!(
        ran.stdout.contains(&format!("insforge-payments-darwin-arm64 {VERSION} is on npm already")),
        "{ran:?}"
    );
    assert_eq!(*published.lock().expect("a lock"), [platforms[0], platforms[1], "insforge-payments"]);
}

#[test]
fn crates_that_are_published_are_skipped() {
    for (published, expected) in [
        (vec![], vec!["insforge-sandbox", "insforge"]),
        (vec!["insforge-sandbox"], vec!["insforge"]),
        (vec!["insforge-sandbox", "insforge"], vec![]),
    ] {
        let index = Stub::start(move |request| {
            let name = request.target.trim_start_matches("/in/sf/");
            let current = if published.contains(&name) { VERSION } else { "0.0.9" };
            let line = |version: &str| format!("{{\"name\":\"{name}\",\"vers\":\"{version}\"}}\n");
            Answer::with(200, "text/plain", &(line("0.0.8") + &line(current)))
        });
        let user = User::new().with("CRATES_INDEX", &index.address);
        stand_in(&user, "cargo", "");
        publish(&user, &["crates"]).exits(0);
        let expected: String =
            expected.iter().map(|name| format!("publish --locked --package {name}\n")).collect();
        assert_eq!(user.read("log"), expected);
    }
    // Without an index, nothing is known to be published. crates.io refuses what it has.
    let user = User::new().with("CRATES_INDEX", &dead_address());
    stand_in(&user, "cargo", "exit 101");
    publish(&user, &["crates"]).exits(101);
    assert_eq!(user.read("log"), "publish --locked --package insforge-sandbox\n");
}

#[test]
fn a_release_is_a_draft_until_it_has_all_files() {
    let user = User::new();
    for file in ["dist/SHA256SUMS", "dist/install.sh", "dist/npm/package.tgz"] {
        user.write(file, "");
    }
    let (dist, notes) =
        (user.path("dist").display().to_string(), user.write("notes.md", "").display().to_string());
    let tag = format!("v{VERSION}");
    let (view, create) = (
        format!("release view {tag} --json isDraft --jq .isDraft"),
        format!("release create {tag} --draft --verify-tag --title {tag} --notes-file {notes}"),
    );
    let upload = format!("release upload {tag} --clobber {dist}/SHA256SUMS {dist}/install.sh");
    let edit = format!("release edit {tag} --draft=false");
    for (state, expected) in [
        ("exit 1", vec![&view, &create, &upload, &edit]),
        ("echo true", vec![&view, &upload, &edit]),
        ("echo false", vec![&view]),
    ] {
        stand_in(&user, "gh", &format!("case $2 in view) {state} ;; esac"));
        publish(&user, &["github", &dist, &notes]).exits(0);
        assert_eq!(user.read("log").lines().collect::<Vec<_>>(), expected, "{state}");
    }
}

/// Runs the script of the release that collects the packages of all platforms.
#[test]
fn a_release_without_one_of_its_packages_is_not_published() {
    let workflow = std::fs::read_to_string(Path::new(ROOT).join(".github/workflows/release.yml"));
    let scripts = scripts(&workflow.expect("the workflow"));
    let collect = scripts.iter().find(|script| script.job == "collect").expect("the script");
    let mut files = vec![format!("x86_64-unknown-linux-gnu/insforge-{VERSION}.cdx.json")];
    for (target, npm, deb) in [
        ("x86_64-unknown-linux-gnu", "linux-x64", "amd64"),
        ("aarch64-unknown-linux-gnu", "linux-arm64", "arm64"),
        ("x86_64-unknown-linux-musl", "linux-x64-musl", ""),
        ("aarch64-unknown-linux-musl", "linux-arm64-musl", ""),
        ("x86_64-apple-darwin", "darwin-x64", ""),
        ("aarch64-apple-darwin", "darwin-arm64", ""),
        ("x86_64-pc-windows-msvc", "win32-x64", ""),
    ] {
        files.extend(["tar.gz", "zip"].map(|kind| format!("{target}/insforge-{VERSION}-{target}.{kind}")));
        files.push(format!("{target}/npm/insforge-payments-{npm}-{VERSION}.tgz"));
        files.extend((!deb.is_empty()).then(|| format!("{target}/insforge_{VERSION}-1_{deb}.deb")));
    }
    let main = format!("npm/insforge-payments-{VERSION}.tgz");
    for missing in [None, Some(0), Some(1), Some(4), Some(files.len() - 1)] {
        let user = User::new();
        for file in ["Cargo.toml", "packaging/installers.sh", "packaging/install.sh"] {
            let text = std::fs::read_to_string(Path::new(ROOT).join(file)).expect(file);
            set_mode(&user.write(file, &text), 0o755);
        }
        for file in files.iter().enumerate().filter(|(at, _)| Some(*at) != missing).map(|(_, file)| file) {
            let target = file.split('/').next().expect("a target");
            user.write(&format!("parts/packages-{file}"), target);
            // Each platform packs it.
            user.write(&format!("parts/packages-{target}/{main}"), "the same");
        }
        let ran = finish(user.command_of("bash", &collect.bash_arguments()), "");
        let Some(missing) = missing else {
            ran.exits(0);
            continue;
        };
        assert_ne!(ran.code, 0, "{}", files[missing]);
        assert!(ran.stderr.contains(files[missing].rsplit('/').next().expect("a name")), "{ran:?}");
    }
}
