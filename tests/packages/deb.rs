//! The Debian package: checked with lintian, then installed, used and removed with apt. This changes the machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{RunOutput, User, find_program, finish};
use crate::packages;

/// The package for this machine.
pub fn package() -> PathBuf {
    let architecture = run("dpkg", &["--print-architecture"]);
    let name = format!("insforge_{}-1_{}.deb", env!("CARGO_PKG_VERSION"), architecture.stdout.trim());
    let package = packages().join(name).canonicalize();
    package.expect("the Debian package exists: run packaging/release.sh --dry-run")
}

/// Runs a program of this machine to its end.
fn run(program: &str, args: &[&str]) -> RunOutput {
    let mut command = Command::new(program);
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
    finish(command, "").exits(0)
}

/// Runs apt-get as root.
fn apt_get(args: &[&str]) -> RunOutput {
    let wait = ["-y", "-o", "DPkg::Lock::Timeout=300"];
    if run("id", &["-u"]).stdout.trim() == "0" {
        return run("apt-get", &[&wait, args].concat());
    }
    let can_sudo = sudo(&["true"]).status().is_ok_and(|status| status.success());
    assert!(
        can_sudo,
        "to install a package, run this test as root, or with a sudo that asks for no password"
    );
    let command = [&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], &wait[..], args].concat();
    finish(sudo(&command), "").exits(0)
}

fn sudo(args: &[&str]) -> Command {
    let mut command = Command::new("sudo");
    command.arg("-n").args(args);
    command
}

/// Removes the package, also after a failed test.
struct Installed;

impl Drop for Installed {
    fn drop(&mut self) {
        apt_get(&["remove", "insforge"]);
    }
}

/// Runs a program that is installed for everyone, as a user of this machine.
fn use_as(user: &User, line: &[&str]) -> RunOutput {
    finish(user.command_of(line[0], &line[1..]), "").exits(0)
}

#[test]
fn lintian_finds_nothing_in_the_package() {
    // As root, lintian only warns about root.
    let package = package();
    let args = ["--fail-on", "error,warning", &package.display().to_string()];
    let output = Command::new("lintian").args(args).output().expect("lintian is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_package_depends_on_libc() {
    let package = package().display().to_string();
    let depends = run("dpkg-deb", &["--field", &package, "Depends"]).stdout;
    assert!(
        depends.starts_with("libc6 (>= 2."),
        "without dpkg-dev, the package has no dependencies: {depends}"
    );
}

#[test]
fn apt_installs_and_removes_the_package() {
    let package = package().display().to_string();
    // Never replace or remove what somebody uses.
    let known = Command::new("dpkg-query").args(["--status", "insforge"]).output().expect("dpkg-query");
    assert!(!known.status.success(), "insforge is already installed with apt; this test would remove it");
    assert!(!Path::new("/usr/bin/insforge").exists(), "/usr/bin/insforge exists; this test would replace it");

    apt_get(&["install", &package]);
    let installed = Installed;
    let files = run("dpkg", &["--listfiles", "insforge"]).stdout;
    let files: Vec<&Path> = files.lines().map(Path::new).filter(|path| !path.is_dir()).collect();
    for file in [
        "/usr/bin/insforge",
        "/usr/share/bash-completion/completions/insforge",
        "/usr/share/doc/insforge/changelog.gz",
        "/usr/share/doc/insforge/copyright",
        "/usr/share/fish/vendor_completions.d/insforge.fish",
        "/usr/share/man/man1/insforge-payments-products-create.1.gz",
        "/usr/share/man/man7/insforge-errors.7.gz",
        "/usr/share/zsh/vendor-completions/_insforge",
    ] {
        assert!(files.contains(&Path::new(file)), "the package lacks {file}");
    }
    // Small images of Debian leave out some folders, such as those of man pages.
    let excludes = Command::new("grep").args(["-rqs", "^path-exclude", "/etc/dpkg"]).status().expect("grep");
    if !excludes.success() {
        for file in &files {
            assert!(file.is_file(), "{} was not installed", file.display());
        }
        if find_program("man").is_some() {
            run("man", &["--where", "insforge", "insforge-errors"]);
        }
    }

    let user = User::new().with("PATH", "/usr/bin:/bin").with("TERM", "xterm");
    let version = use_as(&user, &["insforge", "--version"]).stdout;
    assert_eq!(version.trim(), concat!("insforge ", env!("CARGO_PKG_VERSION")));
    let status = use_as(&user, &["insforge", "payments", "status", "--sandbox"]).stdout;
    assert!(status.contains("test"), "{status}");

    // Each shell finds the script by itself. Only bash-completion loads it when Tab is pressed, so here it is loaded.
    let load = ". /usr/share/bash-completion/completions/insforge && complete -p insforge";
    assert!(use_as(&user, &["bash", "-c", load]).stdout.contains("insforge"));
    if find_program("zsh").is_some() {
        let script = "autoload -Uz compinit && compinit -u -D && echo $_comps[insforge]";
        assert_eq!(use_as(&user, &["zsh", "-f", "-c", script]).stdout, "_insforge\n");
    }
    if find_program("fish").is_some() {
        let completed = use_as(&user, &["fish", "-c", "complete --do-complete 'insforge paym'"]).stdout;
        assert!(completed.starts_with("payments"), "{completed}");
    }

    drop(installed);
    for file in files {
        assert!(!file.exists(), "{} was not removed", file.display());
    }
    assert!(!Path::new("/usr/share/doc/insforge").exists(), "a folder was not removed");
}
