//! install.sh, as users run it: read from a pipe by each shell, with archives from a server on this machine.

use std::path::{Path, PathBuf};

use crate::archives::{TARGETS, VERSION, assert_runs, files_below, host, release, sum};
use crate::harness::running::Running;
use crate::harness::stub::{Answer, Stub, dead_address};
use crate::harness::{RunOutput, User, find_program, finish, mode};
use crate::{file, packages};

const SHELLS: [&[&str]; 3] = [&["dash"], &["busybox", "sh"], &["bash"]];
/// What the script needs besides a shell, a program that downloads and one that computes sums.
const TOOLS: [&str; 13] =
    ["cat", "cp", "getconf", "grep", "gzip", "mkdir", "mktemp", "mv", "rm", "sed", "tail", "tar", "uname"];
const NO_OPTIONS: &[&str] = &[];

#[test]
fn each_shell_installs_the_program() {
    let server = serve(&packages());
    for shell in SHELLS {
        if find_program(shell[0]).is_none() {
            continue;
        }
        let user = user().with("SHELL", "/bin/sh");
        // The second time, it replaces the first.
        for _ in 0..2 {
            let ran = install(&user, shell, &packages(), &["--from", &server.address]).exits(0);
            let mut printed: Vec<&str> = ran.stdout.lines().collect();
            printed.sort_unstable();
            let files = files_below(&user.path(".local"));
            let files: Vec<String> =
                files.iter().map(|file| user.path(".local").join(file).display().to_string()).collect();
            assert_eq!(printed, files, "every installed file is printed");

            // The line that is printed makes a shell find the program.
            let line = ran.stderr.lines().find(|line| line.starts_with("  export PATH=")).expect("a line");
            let line = format!("{line}; insforge --version");
            let found = finish(user.command_of("sh", &["-c", &line]), "").exits(0);
            assert_eq!(found.stdout, format!("insforge {VERSION}\n"));
        }
        assert_runs(&user.path(".local/bin/insforge"));
        for (file, expected) in [
            ("bin/insforge", 0o755),
            ("share/man/man1/insforge-payments.1", 0o644),
            ("share/man/man7/insforge-errors.7", 0o644),
            ("share/bash-completion/completions/insforge", 0o644),
            ("share/zsh/site-functions/_insforge", 0o644),
            ("share/fish/vendor_completions.d/insforge.fish", 0o644),
        ] {
            assert_eq!(mode(&user.path(".local").join(file)), expected, "{file}");
        }
        assert_eq!(files_below(&user.path("tmp")), [""; 0], "nothing is left in the temporary folder");
    }
}

#[test]
fn the_documented_command_uninstalls_everything() {
    let release = release(&TARGETS);
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/install.md")).expect("the page");
    let section = page.split("\n## Uninstall\n").nth(1).expect("a section");
    let script = section.split("```sh\n").nth(1).expect("a script").split("```").next().expect("its end");
    let user = user();
    user.write(".local/share/man/man1/other.1", "");
    install(&user, SHELLS[0], release.path(), &from_folder(release.path())).exits(0);
    finish(user.command_of("sh", &["-euc", script]), "").exits(0);
    assert_eq!(files_below(&user.path(".local")), ["share/man/man1/other.1"]);
}

#[test]
fn options_choose_the_version_and_the_folder() {
    let release = release(&TARGETS);
    let version = format!("v{VERSION}");
    for shell in SHELLS {
        if find_program(shell[0]).is_none() {
            continue;
        }
        for folder in ["a 'quoted' folder with $HOME", "relative"] {
            let user = user();
            let to = if folder == "relative" { PathBuf::from(folder) } else { user.path(folder) };
            let from = format!("--from=file://{}", release.path().display());
            let args = ["--version", &version, "--to", &to.display().to_string(), &from];
            let ran = install(&user, shell, release.path(), &args).exits(0);
            assert!(user.path(folder).join("bin/insforge").is_file());
            let line = ran.stderr.lines().find(|line| line.starts_with("  export PATH=")).expect("a line");
            let line = format!("{line}; insforge");
            finish(user.command_of("sh", &["-c", &line]), "").exits(0);
        }
    }
    // The shell that runs the script leaves this tilde as it is.
    let user = user();
    let from = from_folder(release.path());
    install(&user, SHELLS[0], release.path(), &[&from[..], &["--to=~/here".to_owned()]].concat()).exits(0);
    assert!(user.path("here/bin/insforge").is_file());

    let help = install(&user, SHELLS[0], release.path(), &["--help"]).exits(0);
    assert!(help.stdout.contains("--version V") && help.stderr.is_empty(), "{help:?}");
}

/// The release is at GitHub, over HTTPS.
#[test]
fn the_release_is_downloaded_from_the_repository() {
    let user = with_tools(user(), &["sha256sum"]);
    fake(&user, "curl", "echo \"$@\" >&2; echo 'curl: (6) Could not resolve host' >&2; exit 6");
    let url = format!("{}/releases/download/v{VERSION}/SHA256SUMS", env!("CARGO_PKG_REPOSITORY"));
    install(&user, &["dash"], &packages(), NO_OPTIONS).exits(1).stderr_has(&[&format!(
        "error: cannot download {url}\n  curl: (6) Could not resolve host\n  hint: check the network"
    )]);
    fake(&user, "curl", "echo \"$@\" >&2; exit 6");
    install(&user, &["dash"], &packages(), &["--version", "0.9.0"])
        .exits(1)
        .stderr_has(&["--proto =https ", &url.replace(VERSION, "0.9.0")]);
}

#[test]
fn an_upgrade_replaces_a_running_program() {
    let user = user();
    let server = serve(&packages());
    let args = ["--from", &server.address];
    install(&user, SHELLS[0], &packages(), &args).exits(0);
    let program = user.path(".local/bin/insforge");
    let mut running = Running::of(user.command_of(&program, &["sandbox", "serve"]));
    running.stdout.read_until("");

    install(&user, SHELLS[0], &packages(), &args).exits(0);
    assert_runs(&program);
    assert!(running.child.try_wait().expect("a status").is_none(), "the old program runs on");
}

/// What curl, wget and the tools for sums are replaced by.
#[test]
fn other_tools_are_enough() {
    let release = release(&TARGETS);
    let server = serve(release.path());
    let args = ["--from", server.address.as_str()];
    for (download, sums) in [("wget", "openssl"), ("curl", "shasum"), ("wget", "sha256sum")] {
        // shasum is a Perl script.
        let user = with_tools(user(), &[download, sums, "perl"]);
        install(&user, &["dash"], release.path(), &args).exits(0);
        let gone = install(
            &user,
            &["dash"],
            release.path(),
            &["--from", server.address.as_str(), "--version", "9.9.9"],
        );
        gone.exits(1).stderr_has(&["error: insforge 9.9.9 is not available for "]);
        let missing = format!("{}/missing", server.address);
        install(&user, &["dash"], release.path(), &["--from", &missing]).exits(1).stderr_has(&[
            &format!("error: insforge {VERSION} was not found\n  {missing}/SHA256SUMS: "),
            " 404",
        ]);
    }

    // Alpine has only these tools.
    if let Some(busybox) = find_program("busybox") {
        let user = user();
        let folder = user.path("applets");
        std::fs::create_dir(&folder).expect("a folder");
        finish(user.command_of(&busybox, &["--install", "-s", &folder.display().to_string()]), "").exits(0);
        let user = user.with("PATH", &folder.display().to_string());
        install(&user, &["busybox", "sh"], release.path(), &args).exits(0).stderr_has(&[
            "This system has no glibc, so the musl build is installed.",
            "unknown-linux-musl.tar.gz",
        ]);
        let missing = format!("{}/missing", server.address);
        install(&user, &["busybox", "sh"], release.path(), &["--from", &missing])
            .exits(1)
            .stderr_has(&["/SHA256SUMS: wget: server returned error: HTTP/1.1 404"]);
    }
}

#[test]
fn the_platform_decides_which_archive_is_installed() {
    let release = release(&TARGETS);
    let script = std::fs::read_to_string(packages().join("install.sh")).expect("the script");
    let needed =
        script.split("needed_glibc='").nth(1).and_then(|rest| rest.split('\'').next()).expect("a version");
    let minor: u32 = needed.strip_prefix("2.").expect("glibc 2").parse().expect("a number");
    let architecture = std::env::consts::ARCH;
    for (glibc, libc) in [(minor - 1, "musl"), (minor, "gnu"), (minor + 100, "gnu")] {
        let user = with_tools(user(), &["curl", "sha256sum"]);
        fake(&user, "getconf", &format!("echo glibc 2.{glibc}"));
        // The script of the packages, because it has the version that the real program needs.
        let ran = install(&user, &["dash"], &packages(), &from_folder(release.path())).exits(0);
        let ran =
            ran.stderr_has(&[&format!("insforge-{VERSION}-{architecture}-unknown-linux-{libc}.tar.gz")]);
        let reason = format!("glibc 2.{glibc} is older than {needed}, so the musl build is installed.");
        assert_eq!(ran.stderr.contains(&reason), libc == "musl", "{}", ran.stderr);
    }

    for (system, machine, translated, target) in [
        ("Darwin", "arm64", "0", "aarch64-apple-darwin"),
        ("Darwin", "x86_64", "0", "x86_64-apple-darwin"),
        // An Intel shell on an Apple chip.
        ("Darwin", "x86_64", "1", "aarch64-apple-darwin"),
        // The loader of a 64-bit glibc is missing on one of these machines.
        ("Linux", "aarch64", "0", "aarch64-unknown-linux-"),
        ("Linux", "x86_64", "0", "x86_64-unknown-linux-"),
    ] {
        let user = on(system, machine, translated);
        install(&user, &["dash"], release.path(), &from_folder(release.path()))
            .exits(0)
            .stderr_has(&[&format!("insforge-{VERSION}-{target}")]);
    }
    for (system, machine, reason, hint) in [
        ("Linux", "riscv64", "This is Linux riscv64", "cargo install --git https://"),
        ("FreeBSD", "amd64", "This is FreeBSD", "cargo install --git https://"),
        ("MINGW64_NT-10.0", "x86_64", "It is for Linux and macOS", "scoop install https://"),
    ] {
        let user = on(system, machine, "0");
        assert_refused(&user, release.path(), &from_folder(release.path()), 1, &[reason, hint]);
    }
}

#[test]
fn a_faulty_server_installs_nothing() {
    let release = release(&[&host()]);
    let archive = format!("insforge-{VERSION}-{}.tar.gz", host());
    let bytes = std::fs::read(release.path().join(&archive)).expect("the archive");
    let expected = sum(release.path(), &archive);
    let changed = {
        let mut bytes = bytes.clone();
        *bytes.last_mut().expect("a byte") ^= 1;
        Answer::Respond { status: 200, headers: Vec::new(), body: bytes }
    };
    let other = Answer::with(200, "text/plain", &format!("{expected}  insforge.deb\n"));
    let half = Answer::with(200, "text/plain", &format!("{}  {archive}\n", &expected[..32]));
    let page = Answer::html(200, "<html>Log in to the network</html>");
    let cases: [(&str, Answer, &[&str]); 9] = [
        (&archive, changed, &["has the wrong SHA-256 sum, and was not installed\n  expected ", &expected]),
        (&archive, page.clone(), &["has the wrong SHA-256 sum"]),
        (&archive, Answer::Cut { body: bytes }, &["cannot download http://", "curl: (18)"]),
        (&archive, Answer::Drop, &["cannot download http://", "curl: (52)"]),
        (&archive, Answer::html(404, ""), &[" was not found\n", ".tar.gz: curl: (22)"]),
        (
            "SHA256SUMS",
            Answer::html(404, ""),
            &[" was not found\n", "SHA256SUMS: curl: (22)", "see the versions at https://"],
        ),
        ("SHA256SUMS", Answer::html(403, ""), &["cannot download http://", "curl: (22)"]),
        ("SHA256SUMS", other, &[" is not available for ", "/SHA256SUMS has no sum for insforge-"]),
        ("SHA256SUMS", half, &["/SHA256SUMS has no sum for insforge-"]),
    ];
    for (name, answer, texts) in cases {
        let (folder, target) = (release.path().to_owned(), format!("/{name}"));
        let server = Stub::start(move |request| {
            if request.target == target { answer.clone() } else { file(&folder.join(&request.target[1..])) }
        });
        assert_refused(&user(), release.path(), &["--from".to_owned(), server.address.clone()], 1, texts);
    }
    let nobody = ["--from".to_owned(), dead_address()];
    assert_refused(&user(), release.path(), &nobody, 1, &["curl: (7)", "hint: check the network"]);
}

#[test]
fn a_machine_that_lacks_something_keeps_the_old_version() {
    let release = release(&[&host()]);
    let from = from_folder(release.path());
    for (present, missing, texts) in [
        (&["sha256sum"][..], "", &["error: curl or wget is required\n  Neither is in PATH\n  hint: "][..]),
        (&["curl"], "", &["error: cannot check the download\n  None of sha256sum, shasum and openssl"]),
        (&["curl", "sha256sum"], "tar", &["error: tar is required"]),
        (&["curl", "sha256sum"], "gzip", &["error: cannot unpack", "gzip"]),
        (&["curl", "sha256sum"], "mktemp", &["error: cannot create a temporary folder", "TMPDIR"]),
    ] {
        let user = with_tools(user(), present);
        let _ = std::fs::remove_file(user.path("tools").join(missing));
        // A folder on this machine needs no tool to download.
        let server = serve(release.path());
        assert_refused(&user, release.path(), &["--from".to_owned(), server.address.clone()], 1, texts);
    }

    // The program of a broken build.
    let user = with_tools(user(), &["curl", "sha256sum"]);
    let breaks = "case $2 in */bin/*) echo 'echo libfoo is missing; exit 127' >\"$2\" ;; esac";
    fake(&user, "cp", &format!("/bin/cp \"$@\"; {breaks}"));
    assert_refused(&user, release.path(), &from, 1, &["does not run on this machine\n  libfoo is missing"]);
}

/// A limit on the size of files fails like a full disk: a write gets an error after some bytes.
#[test]
fn a_full_disk_installs_nothing() {
    let server = serve(&packages());
    let archive = packages().join(format!("insforge-{VERSION}-{}.tar.gz", host()));
    // In units of 512 bytes, rounded up.
    let blocks = std::fs::metadata(archive).expect("the archive").len() / 512 + 1;
    for (limit, texts) in [
        (blocks / 2, &["error: cannot download http://", "hint: check the network and the free space"][..]),
        (blocks, &["error: cannot unpack", "hint: check the free space"]),
    ] {
        let user = user();
        let limited = format!("trap '' XFSZ; ulimit -f {limit}; exec dash -s -- --from {}", server.address);
        let ran = run_script(&user, &["dash", "-c", &limited], &script(&packages()), &[]).exits(1);
        assert_nothing_installed(&user, &ran.stderr_has(texts));
    }

    let release = release(&[&host()]);
    let user = with_tools(user(), &["sha256sum"]);
    let full =
        "case $2 in */bin/*) echo half >\"$2\"; echo 'cp: No space left on device' >&2; exit 1 ;; esac";
    fake(&user, "cp", &format!("{full}; exec /bin/cp \"$@\""));
    let texts = [
        "error: cannot write to ",
        "\n  cp: No space left on device\n  hint: check the permissions and the free space",
    ];
    assert_refused(&user, release.path(), &from_folder(release.path()), 1, &texts);
}

#[test]
fn a_folder_that_cannot_be_written_gets_nothing() {
    let release = release(&[&host()]);
    let from = from_folder(release.path());
    let user = user();
    let file = user.write("file", "").display().to_string();
    for to in [file.as_str(), "/proc/insforge"] {
        let args = [&from[..], &["--to".to_owned(), to.to_owned()]].concat();
        let ran = install(&user, SHELLS[0], release.path(), &args).exits(1);
        ran.stderr_has(&[&format!("error: cannot create {to}/share/man/man1\n  mkdir: "), "with --to"]);
    }
    assert!(user.read("file").is_empty());

    // A link to the program of another installer.
    let other = user.write("other", "");
    std::fs::create_dir_all(user.path("linked/bin")).expect("a folder");
    std::os::unix::fs::symlink(&other, user.path("linked/bin/insforge")).expect("a link");
    std::fs::create_dir_all(user.path("folder/bin/insforge")).expect("a folder");
    for to in ["linked", "folder"] {
        let args = [&from[..], &["--to".to_owned(), to.to_owned()]].concat();
        let ran = install(&user, SHELLS[0], release.path(), &args).exits(1);
        let path = user.home.path().join(to).join("bin/insforge");
        ran.stderr_has(&[&format!(
            "error: cannot replace {}\n  It is a folder or a symbolic link",
            path.display()
        )]);
        assert!(files_below(&user.path(to)).iter().all(|file| file == "bin/insforge"));
    }
    assert!(user.read("other").is_empty());
}

#[test]
fn invalid_options_are_refused() {
    let long = |option: &str, value: &str| vec![option.to_owned(), value.to_owned()];
    for (args, text) in [
        (long("--version", "latest"), "error: invalid version 'latest'\n"),
        (long("--version", "0.1.0/../.."), "error: invalid version"),
        (long("--version", ""), "error: invalid version ''"),
        (vec!["--version".to_owned()], "error: --version needs a value\n"),
        (long("--to", ""), "error: there is no folder to install to\n"),
        (vec!["--frobnicate".to_owned()], "error: unknown argument '--frobnicate'\n"),
        (vec!["0.1.0".to_owned()], "error: unknown argument '0.1.0'\n"),
        // What anyone on the way could change.
        (long("--from", "http://example.com/insforge"), "http:// is only for this machine"),
        (long("--from", "http://localhost@example.com"), "http:// is only for this machine"),
        (long("--from", "http://localhost:80@example.com"), "http:// is only for this machine"),
        (long("--from", "http://localhost.example.com"), "http:// is only for this machine"),
        (long("--from", "http://127.0.0.1.example.com"), "http:// is only for this machine"),
        (long("--from", "http://example.com/@localhost"), "http:// is only for this machine"),
        (long("--from", "http://example.com?localhost:1"), "http:// is only for this machine"),
        (long("--from", "ftp://example.com"), "must begin with https:// or file:///"),
        (long("--from", "localhost/insforge"), "must begin with https:// or file:///"),
        (long("--from", "localhost:80"), "must begin with https:// or file:///"),
        (long("--from", "file://server/share"), "must begin with https:// or file:///"),
    ] {
        assert_refused(&user(), &packages(), &args, 64, &[text]);
    }
    let user = user().with("HOME", "");
    install(&user, SHELLS[0], &packages(), NO_OPTIONS)
        .exits(64)
        .stderr_has(&["--to is empty, or HOME is not set"]);
}

#[test]
fn another_program_of_this_name_is_reported() {
    let release = release(&[&host()]);
    let others = User::new();
    let other = others.write_program("insforge", "echo another");
    let other = other.parent().expect("a folder").display();
    let rest = std::env::var("PATH").expect("PATH");
    let says_first =
        format!("Another insforge comes first in PATH: {other}/insforge\nTo run this one, remove the other");
    let says_second = format!("Until then, insforge is another program: {other}/insforge\n");
    for (shell, first, text) in [
        ("/bin/bash", format!("{other}:OWN"), says_first.as_str()),
        ("/bin/bash", other.to_string(), &says_second),
        ("/usr/bin/fish", other.to_string(), "  fish_add_path OWN\nUntil then"),
        ("/bin/bash", format!("OWN:{other}"), ""),
        ("/bin/bash", format!("OWN/:{other}"), ""),
    ] {
        let user = user();
        let own = user.path(".local/bin").display().to_string();
        let path = format!("{}:{rest}", first.replace("OWN", &own));
        let user = user.with("PATH", &path).with("SHELL", shell);
        let ran = install(&user, SHELLS[0], release.path(), &from_folder(release.path())).exits(0);
        let ran = ran.stderr_has(&[&text.replace("OWN", &own)]);
        assert_eq!(
            ran.stderr.contains("PATH") || ran.stderr.contains("fish_add"),
            !text.is_empty(),
            "{}",
            ran.stderr
        );
    }
}

/// A connection that breaks sends the beginning of the script to the shell.
#[test]
fn a_truncated_script_does_nothing() {
    let script = script(&packages());
    let last_line = script.trim_end().rfind('\n').expect("lines");
    let lines = script.match_indices('\n').map(|(end, _)| end + 1).filter(|end| *end <= last_line + 1);
    let ends: Vec<usize> = lines.chain(last_line + 1..script.trim_end().len()).collect();
    let server = serve(&packages());
    for shell in SHELLS {
        if find_program(shell[0]).is_none() {
            continue;
        }
        let user = user();
        for end in &ends {
            let ran = run_script(&user, shell, &script[..*end], &["-s", "--", "--from", &server.address]);
            let ran_main = ran.stderr.lines().any(|line| line.starts_with("error: "));
            assert!(ran.stdout.is_empty() && !ran_main, "{shell:?}, {end} bytes: {ran:?}");
        }
        assert_eq!(files_below(user.home.path()), [""; 0]);
    }
    assert_eq!(server.requests().len(), 0);
}

/// A user whose temporary folder is in the home.
fn user() -> User {
    let user = User::new();
    std::fs::create_dir(user.path("tmp")).expect("a folder");
    let temporary = user.path("tmp").display().to_string();
    user.with("TMPDIR", &temporary)
}

/// A user on another system.
fn on(system: &str, machine: &str, translated: &str) -> User {
    let user = with_tools(user(), &["curl", "sha256sum"]);
    fake(&user, "uname", &format!("case $1 in -m) echo {machine} ;; *) echo {system} ;; esac"));
    fake(&user, "sysctl", &format!("echo {translated}"));
    user
}

/// The user, whose `PATH` has only these tools and those that are always needed.
fn with_tools(user: User, more: &[&str]) -> User {
    let folder = user.path("tools");
    std::fs::create_dir(&folder).expect("a folder");
    for tool in TOOLS.iter().chain(more) {
        std::os::unix::fs::symlink(path_of(tool), folder.join(tool)).expect("a link");
    }
    user.with("PATH", &folder.display().to_string())
}

/// Writes a program that replaces one of the system.
fn fake(user: &User, name: &str, script: &str) {
    user.write_program(&format!("tools/{name}"), script);
}

fn path_of(program: &str) -> PathBuf {
    find_program(program).unwrap_or_else(|| panic!("{program} is not installed"))
}

/// A server with the files of a folder.
fn serve(folder: &Path) -> Stub {
    let folder = folder.to_owned();
    Stub::start(move |request| file(&folder.join(&request.target[1..])))
}

fn from_folder(folder: &Path) -> [String; 2] {
    ["--from".to_owned(), format!("file://{}", folder.display())]
}

fn script(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("install.sh")).expect("the script")
}

/// Runs the script of a release, as `curl … | sh -s -- ARGS` does.
fn install(user: &User, shell: &[&str], release: &Path, args: &[impl AsRef<str>]) -> RunOutput {
    let args = args.iter().map(AsRef::as_ref);
    run_script(user, shell, &script(release), &["-s", "--"].into_iter().chain(args).collect::<Vec<_>>())
}

fn run_script(user: &User, shell: &[&str], script: &str, args: &[&str]) -> RunOutput {
    let arguments = [&shell[1..], args].concat();
    finish(user.command_of(path_of(shell[0]), &arguments), script)
}

/// Asserts that the script fails with these texts, installs nothing, and keeps what is installed.
#[track_caller]
fn assert_refused(user: &User, release: &Path, args: &[String], code: i32, texts: &[&str]) {
    let ran = install(user, SHELLS[0], release, args).exits(code).stderr_has(texts);
    assert_nothing_installed(user, &ran);
    let old = user.write(".local/bin/insforge", "the old version");
    let ran = install(user, SHELLS[0], release, args).exits(code);
    assert_eq!(user.read(".local/bin/insforge"), "the old version");
    std::fs::remove_file(old).expect("the old version");
    assert_nothing_installed(user, &ran);
}

#[track_caller]
fn assert_nothing_installed(user: &User, ran: &RunOutput) {
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let [.., error, reason, hint] = lines[..] else { panic!("too short: {}", ran.stderr) };
    let has_reason = reason.starts_with("  ") && !reason.trim().is_empty();
    let parts = error.starts_with("error: ") && has_reason && hint.starts_with("  hint: ");
    assert!(parts, "not an error, its reason and a hint:\n{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    assert_eq!(files_below(&user.path(".local")), [""; 0]);
    assert_eq!(files_below(&user.path("tmp")), [""; 0]);
}
