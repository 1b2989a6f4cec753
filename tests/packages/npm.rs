//! The npm packages: installed from their tarballs without a network, and used as npm's users do.
//!
//! The launcher has two branches. New versions of node replace themselves with the program, others start it as a child. The
//! tests run the branch of the node in `PATH`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::pty::Terminal;
use crate::harness::running::Running;
use crate::harness::{RunOutput, User, finish, names_in, path_with, set_mode};
use crate::packages;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const MAIN: &str = "insforge-payments";
const TIMEOUT: Duration = Duration::from_secs(20);

/// The part of a package's name that stands for a platform, and npm's fields for it.
const PLATFORMS: [(&str, &str, &str, Option<&str>); 7] = [
    ("linux-x64", "linux", "x64", Some("glibc")),
    ("linux-x64-musl", "linux", "x64", Some("musl")),
    ("linux-arm64", "linux", "arm64", Some("glibc")),
    ("linux-arm64-musl", "linux", "arm64", Some("musl")),
    ("darwin-x64", "darwin", "x64", None),
    ("darwin-arm64", "darwin", "arm64", None),
    ("win32-x64", "win32", "x64", None),
];

/// The name of this platform's package.
fn platform_package() -> String {
    let os = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let cpu = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    format!("{MAIN}-{os}-{cpu}{}", if cfg!(target_env = "musl") { "-musl" } else { "" })
}

fn tarball(name: &str) -> PathBuf {
    let path = packages().join(format!("npm/{name}-{VERSION}.tgz"));
    assert!(path.is_file(), "{} does not exist: run packaging/release.sh --dry-run", path.display());
    path
}

/// Both tarballs that a user of this platform gets, as arguments.
fn tarballs() -> [String; 2] {
    [MAIN.to_owned(), platform_package()].map(|name| tarball(&name).display().to_string())
}

fn run(user: &User, program: impl AsRef<OsStr>, args: &[&str]) -> RunOutput {
    finish(user.command_of(program, args), "")
}

/// A user whose npm asks no registry, not even for its own updates.
fn user() -> User {
    User::new().with("npm_config_offline", "true").with("npm_config_update_notifier", "false")
}

/// A user whose home is a project with both packages.
fn project() -> User {
    let user = user();
    user.write("package.json", "{}");
    let [main, platform] = tarballs();
    run(&user, "npm", &["install", "--offline", &main, &platform]).exits(0);
    user
}

/// The command that npm links in a project.
fn insforge(user: &User) -> PathBuf {
    user.path("node_modules/.bin/insforge")
}

/// Replaces the program of the project's platform package with a script.
fn replace_program(user: &User, script: &str) {
    let path = user.path(&format!("node_modules/{}/bin/insforge", platform_package()));
    std::fs::write(&path, script).expect("the script");
    set_mode(&path, 0o755);
}

fn exists(process: &str) -> bool {
    Command::new("kill").args(["-0", process]).stderr(Stdio::null()).status().expect("kill").success()
}

#[test]
fn each_package_has_exactly_its_files_and_no_install_script() {
    tarballs();
    for file in names_in(&packages().join("npm")) {
        let name = file.strip_suffix(&format!("-{VERSION}.tgz")).expect("a package of this version");
        let tar = |options: &str, member: &[&str]| {
            let mut command = Command::new("tar");
            command.arg(options).arg(tarball(name)).args(member);
            finish(command, "").exits(0).stdout
        };
        // The mode is the first word of a line, the path the last.
        let words = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[words.len() - 1].to_owned(), words[0].to_owned())
        };
        let files: BTreeMap<String, String> = tar("-tvzf", &[]).lines().map(words).collect();
        let platform = PLATFORMS.iter().find(|(platform, ..)| name == format!("{MAIN}-{platform}"));
        let program = match platform {
            Some((_, "win32", ..)) => "insforge.exe",
            Some(_) => "insforge",
            None => "insforge.js",
        };
        let (text, executable) = ("-rw-r--r--".to_owned(), "-rwxr-xr-x".to_owned());
        let mut expected: BTreeMap<String, String> = ["LICENSE", "README.md", "package.json"]
            .map(|path| (format!("package/{path}"), text.clone()))
            .into_iter()
            .collect();
        expected.insert(format!("package/bin/{program}"), executable);
        assert_eq!(files, expected, "{name}");

        let manifest: Value =
            serde_json::from_str(&tar("-xOzf", &["package/package.json"])).expect("a manifest");
        let mut expected = json!({
            "name": name,
            "version": VERSION,
            "license": env!("CARGO_PKG_LICENSE"),
            "repository": {"type": "git", "url": format!("git+{}.git", env!("CARGO_PKG_REPOSITORY"))},
            "homepage": format!("{}#readme", env!("CARGO_PKG_REPOSITORY")),
            "bugs": format!("{}/issues", env!("CARGO_PKG_REPOSITORY")),
            "description": manifest["description"],
        });
        if let Some((_, os, cpu, libc)) = platform {
            expected["os"] = json!([os]);
            expected["cpu"] = json!([cpu]);
            if let Some(libc) = libc {
                expected["libc"] = json!([libc]);
            }
            expected["preferUnplugged"] = json!(true);
        } else {
            assert_eq!(name, MAIN);
            let platforms =
                PLATFORMS.iter().map(|(platform, ..)| (format!("{MAIN}-{platform}"), json!(VERSION)));
            expected["description"] = json!(env!("CARGO_PKG_DESCRIPTION"));
            expected["keywords"] = json!(["insforge", "stripe", "payments", "cli"]);
            expected["bin"] = json!({"insforge": "bin/insforge.js"});
            expected["engines"] = json!({"node": ">=18"});
            expected["optionalDependencies"] = Value::Object(platforms.collect());
        }
        assert_eq!(manifest, expected);
    }
}

#[test]
fn npx_runs_the_program_of_a_project() {
    let user = project();
    let npx = |args: &[&str]| run(&user, "npx", &[&["--offline", "insforge"], args].concat());
    let status = npx(&["payments", "status", "--sandbox"]).exits(0);
    let expected = run(&user, insforge(&user), &["payments", "status", "--sandbox"]).exits(0);
    assert!(status.stdout.contains("acct_1SandboxShop0001"), "{}", status.stdout);
    assert_eq!(status.stdout, expected.stdout);
    // Npm can add notices of its own.
    npx(&["payments", "prices", "get", "price_x", "--sandbox"])
        .exits(4)
        .stderr_has(&["error: Stripe test price not found: price_x\n"]);

    run(&user, "npm", &["uninstall", "--offline", MAIN, &platform_package()]).exits(0);
    assert!(!insforge(&user).exists());
}

#[test]
fn npx_runs_the_tarballs_without_a_project() {
    let user = user();
    let [main, platform] = tarballs();
    let args =
        ["--offline", "--yes", "-p", &main, "-p", &platform, "insforge", "payments", "status", "--sandbox"];
    let ran = run(&user, "npx", &args).exits(0);
    assert!(ran.stdout.contains("acct_1SandboxShop0001"), "{}", ran.stdout);
}

#[test]
fn a_global_installation_is_used_and_removed() {
    let user = user();
    let prefix = user.path("prefix").display().to_string();
    let npm =
        |args: &[&str]| run(&user, "npm", &[args, &["--global", "--offline", "--prefix", &prefix]].concat());
    let [main, platform] = tarballs();
    npm(&["install", &main, &platform]).exits(0);
    let program = user.path("prefix/bin/insforge");
    let ran = run(&user, &program, &["--version"]).exits(0);
    assert_eq!((ran.stdout, ran.stderr), (format!("insforge {VERSION}\n"), String::new()));
    npm(&["uninstall", MAIN, &platform_package()]).exits(0);
    assert!(!program.exists());
}

#[test]
fn files_pipes_and_variables_pass_through() {
    let user = project().with("OWN_VARIABLE", "its value");
    let sh = |script: &str, stdin: &str| {
        let mut command = user.command_of("sh", &["-c", script]);
        command.env("PATH", path_with(&user.path("node_modules/.bin")));
        finish(command, stdin).exits(0)
    };
    // A pipe takes all of it before anything reads.
    let input: String = (0..10_000).map(|line| format!("{line}\n")).collect();
    assert_eq!(sh("insforge sandbox exec -- cat", &input).stdout, input);
    assert_eq!(sh("insforge sandbox exec -- printenv OWN_VARIABLE", "").stdout, "its value\n");
    // What the program does not read is left for the next one.
    let ran = sh("insforge --version; cat", &input);
    assert_eq!(ran.stdout, format!("insforge {VERSION}\n{input}"));
    // The reader ends before the program has printed everything.
    let ran = sh("{ insforge help --json; echo $? >&2; } | head -c 1", "");
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("{", "0\n"));
    // Node closes this file in programs that it starts. Zsh's `<(command)` is such a file.
    user.write("id", "price_x\n");
    let ran = sh("insforge sandbox exec -- cat /dev/fd/9 9<id", "");
    assert_eq!(ran.stdout, "price_x\n");
}

#[test]
fn a_signal_to_the_launcher_ends_the_program() {
    let user = project();
    for (name, code) in
        [("TERM", 143), ("INT", 130), ("HUP", 129), ("QUIT", 131), ("USR1", 138), ("USR2", 140)]
    {
        let args = ["sandbox", "exec", "--", "sh", "-c", "ulimit -c 0; echo $PPID $$; exec sleep 60"];
        let launcher = Running::of(user.command_of(insforge(&user), &args));
        let line = launcher.stdout.read_until("");
        let processes: Vec<&str> = line.split_whitespace().collect();
        assert!(processes.len() == 2 && processes.iter().all(|process| exists(process)), "{line}");
        assert_eq!(launcher.stop(&format!("-{name}")).0, code, "{name}");
        assert!(!processes.iter().any(|process| exists(process)), "{name} left a process");
    }
}

#[test]
fn a_signal_that_ends_the_program_ends_the_launcher() {
    let user = project();
    for (name, number) in [("HUP", 1), ("KILL", 9), ("USR1", 10), ("TERM", 15)] {
        replace_program(&user, &format!("#!/bin/sh\nkill -{name} $$"));
        let status = user.command_of(insforge(&user), &[]).status().expect("it starts");
        assert_eq!(status.signal(), Some(number), "{status}");
    }
}

#[test]
fn ctrl_c_interrupts_a_prompt_and_restores_the_terminal() {
    let user = project();
    let launcher = insforge(&user).display().to_string();
    let terminal = Terminal::of(&user, 80, &[&launcher, "payments", "config", "set", "test", "--sandbox"]);
    terminal.expect("secret key");
    terminal.type_in("\x03");
    let (code, screen, echoes) = terminal.finish_with_echo();
    assert_eq!((code, echoes), (130, true), "{screen}");
    assert_eq!(screen.matches("Interrupted").count(), 1, "{screen}");
}

#[test]
fn ctrl_c_reaches_the_program_once() {
    let user = project();
    // A shell could count two signals as one.
    replace_program(
        &user,
        "#!/usr/bin/env node
        for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => console.log('interrupted'));
        process.on('SIGUSR1', () => process.exit(130));
        setInterval(() => {}, 1000);
        console.log('ready');",
    );
    let terminal = Terminal::of(&user, 80, &[&insforge(&user).display().to_string()]);
    terminal.expect("ready");
    let keys = ["\x03", "\x1c", "\x03", "\x1c", "\x03"];
    for (number, key) in (1..).zip(keys) {
        terminal.type_in(key);
        // The terminal echoes the key as `^C` or `^\`.
        let start = Instant::now();
        while terminal.screen().matches("interrupted").count() < number {
            assert!(start.elapsed() < TIMEOUT, "{}", terminal.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    // The launcher passes signals on in their order, so nothing can follow this one.
    terminal.signal("-USR1");
    let (code, screen) = terminal.finish();
    assert_eq!(code, 130, "{screen}");
    assert_eq!(screen.matches("interrupted").count(), keys.len(), "{screen}");
}

#[test]
fn a_stopped_program_continues_in_the_foreground() {
    let user = project().with("PS1", "$ ");
    let bash = Terminal::of(&user, 80, &["bash", "--norc", "--noprofile", "-i"]);
    // The trap can interrupt the first read.
    let script =
        r#"trap "echo continued" CONT; echo ready; read line || read line; echo "got $line"; exit 40"#;
    bash.type_in(&format!("node_modules/.bin/insforge sandbox exec -- sh -c '{script}'\n"));
    bash.expect("\nready\n");
    bash.type_in("\x1a");
    bash.expect("Stopped");
    bash.type_in("fg\n");
    bash.expect("\ncontinued\n");
    bash.type_in("one line\n");
    bash.expect("got one line\n");
    bash.type_in("exit $?\n");
    let (code, screen) = bash.finish();
    assert_eq!(code, 40, "{screen}");
}

#[test]
fn a_missing_program_is_an_error_with_a_repair() {
    let user = user();
    user.write("package.json", "{}");
    let [main, platform] = tarballs();
    run(&user, "npm", &["install", "--offline", "--omit=optional", &main]).exits(0);
    let name = platform_package();
    let ran = run(&user, insforge(&user), &["payments", "status", "--sandbox"]).exits(1);
    assert_eq!((ran.stdout.as_str(), ran.stderr.lines().count()), ("", 3), "{}", ran.stderr);
    ran.stderr_has(&[
        "error: The program for ",
        &name,
        "--omit=optional",
        "  hint: run `npm install --include=optional`",
    ]);

    let on_riscv = format!(
        "Object.defineProperty(process, 'arch', {{ value: 'riscv64' }}); require('{}')",
        user.path("node_modules/insforge-payments/bin/insforge.js").display()
    );
    let ran = run(&user, "node", &["-e", &on_riscv]).exits(1);
    ran.stderr_has(&[
        "error: There is no npm package for ",
        "-riscv64\n",
        "linux-arm64",
        "hint: ",
        "https://",
    ]);

    // Both programs of Linux can run where glibc is. The one for musl is static.
    run(&user, "npm", &["install", "--offline", &platform]).exits(0);
    run(&user, insforge(&user), &["--version"]).exits(0);
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        let modules = user.path("node_modules");
        std::fs::rename(modules.join(&name), modules.join(format!("{name}-musl"))).expect("another name");
        run(&user, insforge(&user), &["--version"]).exits(0);
    }
}

/// The limit is 30 ms. On a machine on which node alone takes longer than 40 ms, it is three quarters of that.
#[test]
fn the_launcher_adds_little_to_starting_node() {
    let user = project();
    let launcher = insforge(&user);
    let program = user.path(&format!("node_modules/{}/bin/insforge", platform_package()));
    let measure = || {
        let mut times = [(); 3].map(|()| Vec::new());
        for _ in 0..31 {
            let commands = [
                user.command_of("node", &["-e", "0"]),
                user.command_of(&launcher, &["--version"]),
                user.command_of(&program, &["--version"]),
            ];
            for (mut command, times) in commands.into_iter().zip(&mut times) {
                let start = Instant::now();
                assert!(command.stdout(Stdio::null()).status().expect("it starts").success());
                times.push(start.elapsed());
            }
        }
        let [node, launcher, program] = times.map(|mut times| {
            times.sort_unstable();
            times[times.len() / 2]
        });
        let added = launcher.saturating_sub(program).saturating_sub(node);
        let ratio = added.as_secs_f64() / node.as_secs_f64();
        println!("node -e 0: {node:.1?}; the launcher adds {added:.1?}, {ratio:.2} of it");
        added <= Duration::from_millis(30).max(node * 3 / 4)
    };
    // The machines are noisy, so the limit counts as broken if three measurements break it.
    assert!((0..3).any(|_| measure()), "the launcher adds more than 30 ms");
}
