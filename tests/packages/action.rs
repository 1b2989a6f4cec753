//! The GitHub action: its scripts run as GitHub would run them, with this machine as the place of the release.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::harness::stub::{Answer, Stub};
use super::harness::workflow::{Script, scripts, values};
use super::harness::{RunOutput, User, finish, path_with};
use super::{file, packages};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A job that uses the action. The release is a folder of this machine.
struct Job {
    user: User,
    release: Stub,
}

impl Job {
    fn new(release: PathBuf) -> Self {
        let user = User::new();
        let release = Stub::start(move |request| {
            let name = request.target.strip_prefix(&format!("/releases/download/v{VERSION}/"));
            name.map_or_else(|| Answer::html(404, "Not Found"), |name| file(&release.join(name)))
        });
        // What the action has of its own checkout.
        user.write(
            "action/Cargo.toml",
            &format!("[workspace.package]\nrepository = \"{}\"\n", release.address),
        );
        let installer = std::fs::read_to_string(Path::new(ROOT).join("packaging/install.sh"));
        user.write("action/packaging/install.sh", &installer.expect("install.sh"));
        Self { user, release }
    }

    /// Runs the steps of the action. The cache is the folder of the tools, which stays.
    fn run(&self, version: &str, system: &str) -> RunOutput {
        self.user.write("outputs", "");
        self.user.write("path", "");
        let scripts = scripts(&action());
        assert_eq!(scripts.len(), 2);
        let folder = self.step(&scripts[0], version, system);
        if folder.code == 0 { self.step(&scripts[1], version, system) } else { folder }
    }

    fn step(&self, step: &Script, version: &str, system: &str) -> RunOutput {
        let mut command = self.user.command_of("bash", &step.bash_arguments());
        command.env("RUNNER_OS", system).env("RUNNER_ARCH", "X64");
        for (name, path) in [
            ("RUNNER_TOOL_CACHE", "tools"),
            ("GITHUB_ACTION_PATH", "action"),
            ("GITHUB_OUTPUT", "outputs"),
            ("GITHUB_PATH", "path"),
        ] {
            command.env(name, self.user.path(path));
        }
        for (name, value) in &step.variables {
            let value = value.strip_prefix("${{ ").and_then(|value| value.strip_suffix(" }}")).map_or_else(
                || value.clone(),
                |value| match value.strip_prefix("steps.folder.outputs.") {
                    Some(output) => self.output(output),
                    None => (value == "inputs.version").then(|| version.to_owned()).expect(value),
                },
            );
            command.env(name, value);
        }
        finish(command, "")
    }

    fn output(&self, name: &str) -> String {
        let outputs = self.user.read("outputs");
        let mut values = outputs.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        values.next_back().unwrap_or_else(|| panic!("no output {name}: {outputs}")).to_owned()
    }

    fn folder(&self) -> PathBuf {
        self.user.path(&format!("tools/insforge/{VERSION}/X64"))
    }
}

fn action() -> String {
    std::fs::read_to_string(Path::new(ROOT).join("action.yml")).expect("the action")
}

/// The value of a key in the action.
fn value_of(path: &str) -> String {
    values(&action()).into_iter().find(|(known, _)| known == path).expect(path).1
}

#[test]
fn the_action_installs_the_program_and_adds_it_to_path() {
    let job = Job::new(packages());
    for version in [VERSION, &format!("v{VERSION}")] {
        let ran = job.run(version, "Linux").exits(0);
        assert!(ran.stdout.is_empty() && ran.stderr.lines().count() < 4, "{ran:?}");
        let folder = job.folder().join("bin").display().to_string();
        assert_eq!(job.user.read("path"), format!("{folder}\n"));
        assert_eq!((job.output("version"), job.output("path")), (VERSION.to_owned(), folder.clone()));
        let mut program = job.user.command_of("insforge", &["payments", "status", "--sandbox"]);
        program.env("PATH", &folder);
        finish(program, "").exits(0);
    }
    let archives =
        job.release.requests().iter().filter(|request| request.target.ends_with(".tar.gz")).count();
    assert_eq!(archives, 1, "the second run has the program of the first one");
}

#[test]
fn a_restored_program_that_does_not_run_is_installed_again() {
    let job = Job::new(packages());
    let program = job.user.write_program(&format!("tools/insforge/{VERSION}/X64/bin/insforge"), "exit 127");
    job.run(VERSION, "Linux").exits(0);
    let shown = finish(job.user.command_of(program, &["--version"]), "").exits(0);
    assert!(shown.stdout.contains(VERSION), "{shown:?}");
}

#[test]
fn a_failed_download_is_an_error_of_the_step() {
    let job = Job::new(packages());
    for system in ["Linux", "Windows"] {
        let ran = job.run("9.9.9", system).exits(1);
        let from = format!("{}/releases/download/v9.9.9", job.release.address);
        let error = format!("::error title=insforge::insforge 9.9.9 was not installed from {from}");
        assert!(ran.stdout.contains(&error), "{ran:?}");
        assert!(ran.stderr.contains("404"), "{ran:?}");
        assert_eq!(job.user.read("path"), "");
    }
}

#[test]
fn the_version_is_checked_before_it_is_used() {
    let job = Job::new(packages());
    for version in ["", "latest", "0.1", "0.1.0/../../x", "0.1.0\nversion=9.9.9", "$(touch x)"] {
        let ran = job.run(version, "Linux").exits(64);
        assert_eq!(
            ran.stdout,
            "::error title=insforge::The input 'version' is not a version such as 0.1.0\n"
        );
        assert_eq!(job.user.read("outputs"), "");
    }
}

#[test]
fn the_action_for_windows_checks_the_sum() {
    let release = tempfile::tempdir().expect("a folder");
    let name = format!("insforge-{VERSION}-x86_64-pc-windows-msvc");
    let pack = |script: &str| {
        let pack = format!(
            "mkdir -p {name}; echo '#!/bin/sh' > {name}/insforge.exe; chmod +x {name}/insforge.exe; \
             tar -czf {name}.tar.gz {name}; {script}"
        );
        let packed = Command::new("sh").args(["-ec", &pack]).current_dir(release.path()).status();
        assert!(packed.expect("sh").success());
    };
    pack(&format!("sha256sum {name}.tar.gz > SHA256SUMS"));
    let job = Job::new(release.path().to_owned());
    // Only Git's bash has it.
    job.user.write_program("bin/cygpath", "printf 'windows:%s\\n' \"$2\"");
    let path = path_with(&job.user.path("bin"));
    let job = Job { user: job.user.with("PATH", &path), ..job };

    job.run(VERSION, "Windows").exits(0);
    assert!(job.folder().join("bin/insforge.exe").is_file());
    assert_eq!(job.user.read("path"), format!("windows:{}\n", job.folder().join("bin").display()));

    std::fs::remove_dir_all(job.folder()).expect("the program");
    std::fs::write(release.path().join(&name).join("another-file"), "").expect("a file");
    pack("");
    job.run(VERSION, "Windows").exits(1);
    assert!(!job.folder().exists());
}

/// install.sh of a release knows which glibc the programs need. The action has to know it without a release.
#[test]
fn the_action_knows_the_glibc_that_the_program_needs() {
    let installer = std::fs::read_to_string(packages().join("install.sh")).expect("install.sh");
    let needed =
        installer.lines().find_map(|line| line.strip_prefix("needed_glibc='2.")).expect("the version");
    let needed: u32 = needed.trim_end_matches('\'').parse().expect("a number");
    let known = value_of("runs.steps.2.env.GLIBC");
    let known: u32 = known.strip_prefix("2.").expect("2.").parse().expect("a number");
    assert!(needed <= known, "the program needs glibc 2.{needed}, but the action expects at most 2.{known}");
}
