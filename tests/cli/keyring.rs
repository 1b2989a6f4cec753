//! The system's keyring: unlocked, locked, missing, and not responding.
//!
//! The tests use gnome-keyring on their own session bus (Debian: `apt-get install gnome-keyring dbus`). With `CI` set it
//! must be installed. Otherwise the tests that need it are skipped with a message.
#![cfg(all(target_os = "linux", feature = "keyring"))]

use std::fs;
use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::harness::pty::Terminal;
use super::harness::recordings::{self, Generation};
use super::harness::stub::Stub;
use super::harness::{KEY, RunOutput, User, files_with_key, find_program, finish, mode, set_mode, wrapped};
use super::prompts::{CTRL_C, Dialogue, ENTER, KEY_QUESTION, run_within, wait_until};

/// Longer than the keyring's timeout of 3 s, because the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(6);
/// Shorter than the keyring's timeout: the command did not wait for it.
const NO_WAIT: Duration = Duration::from_millis(2500);

const CONFIG: &str = ".config/insforge/config.toml";
/// The error for a profile without a stored key.
const NO_KEY: &str = "Profile default has no key";
const CREDENTIALS: &str = ".config/insforge/credentials.toml";
const REQUIRED_PROGRAMS: [&str; 3] = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon"];

/// The configuration of a session bus that starts no services: neither a keyring nor its password dialog.
const BUS: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A process that is killed at the end of its test.
struct ChildGuard(Child);

impl ChildGuard {
    fn start(command: &mut Command, stdin: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        child.stdin.take().expect("a pipe").write_all(stdin.as_bytes()).expect("the process reads its stdin");
        Self(child)
    }
}

impl Drop for ChildGuard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A user with a session bus. All its files are in the user's home directory.
struct Session {
    // The order of the fields is the order in which they are dropped.
    keyring: Option<ChildGuard>,
    _bus: ChildGuard,
    user: User,
}

impl Session {
    /// Starts a session without a keyring. `None` if the programs are missing.
    fn start() -> Option<Self> {
        let missing: Vec<_> =
            REQUIRED_PROGRAMS.into_iter().filter(|name| find_program(name).is_none()).collect();
        if !missing.is_empty() {
            let text = format!("{missing:?} missing: apt-get install gnome-keyring dbus");
            // Write to stderr directly, because the test runner captures the output of passing tests.
            let _ = writeln!(std::io::stderr(), "keyring test skipped: {text}");
            return None;
        }
        let user = User::new();
        let runtime = user.path("run");
        fs::create_dir(&runtime).expect("a directory for sockets");
        set_mode(&runtime, 0o700);
        let socket = runtime.join("bus");
        let address = format!("unix:path={}", socket.display());
        let data = user.path("data").display().to_string();
        let user = user.with("DBUS_SESSION_BUS_ADDRESS", &address).with("XDG_DATA_HOME", &data);
        let config = user.write("bus.conf", &BUS.replace("SOCKET", &socket.display().to_string()));
        let mut command = program(&user, "dbus-daemon");
        let bus =
            ChildGuard::start(command.arg("--config-file").arg(config).args(["--nofork", "--nopidfile"]), "");
        wait_until("the bus answers", || UnixStream::connect(&socket).is_ok());
        Some(Self { keyring: None, _bus: bus, user })
    }

    /// Starts a session with an unlocked keyring.
    fn unlocked() -> Option<Self> {
        let mut session = Self::start()?;
        session.unlock();
        Some(session)
    }

    /// Starts a session whose keyring was never unlocked, as after an automatic login.
    fn never_unlocked() -> Option<Self> {
        let mut session = Self::start()?;
        session.start_keyring(&[], "");
        wait_until("the keyring answers", || {
            session.call("/org/freedesktop/secrets", "org.freedesktop.DBus.Peer.Ping", &[]).is_some()
        });
        Some(session)
    }

    fn start_keyring(&mut self, how: &[&str], password: &str) {
        let mut command = program(&self.user, "gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]).args(how);
        self.keyring = Some(ChildGuard::start(&mut command, password));
    }

    /// Restarts the keyring with its password, as the next login does. A running keyring takes it only from a dialog.
    fn unlock(&mut self) {
        self.keyring = None;
        self.start_keyring(&["--unlock"], "a password");
        self.wait_until_locked(false);
    }

    fn lock(&self) {
        let collection = "array:objpath:/org/freedesktop/secrets/collection/login";
        self.call("/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock", &[collection])
            .expect("the keyring can be locked");
        self.wait_until_locked(true);
    }

    fn wait_until_locked(&self, locked: bool) {
        let wanted = format!("boolean {locked}");
        wait_until(&format!("the keyring is locked: {locked}"), || {
            let property = ["string:org.freedesktop.Secret.Collection", "string:Locked"];
            let default = "/org/freedesktop/secrets/aliases/default";
            let answer = self.call(default, "org.freedesktop.DBus.Properties.Get", &property);
            answer.is_some_and(|answer| answer.contains(&wanted))
        });
    }

    /// Whether the keyring has a key of the program.
    fn has_key(&self) -> bool {
        let service = "dict:string:string:service,insforge";
        let method = "org.freedesktop.Secret.Service.SearchItems";
        let found = self.call("/org/freedesktop/secrets", method, &[service]).expect("the keyring answers");
        found.contains("/org/freedesktop/secrets/collection/")
    }

    /// Calls the keyring over the bus. `None` if it does not answer or returns an error.
    fn call(&self, path: &str, method: &str, arguments: &[&str]) -> Option<String> {
        let output = program(&self.user, "dbus-send")
            .args(["--session", "--print-reply=literal", "--reply-timeout=2000"])
            .args(["--dest=org.freedesktop.secrets", path, method])
            .args(arguments)
            .output()
            .expect("dbus-send starts");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Another program with the user's environment.
fn program(user: &User, name: &str) -> Command {
    let mut command = Command::new(name);
    command.env_clear().envs(user.environment()).current_dir(user.home.path());
    command
}

/// A session bus that accepts connections and never answers.
struct SilentBus {
    connections: Arc<AtomicUsize>,
}

impl SilentBus {
    /// Starts the bus, and sets it in the user's environment.
    fn of(user: User) -> (Self, User) {
        let socket = user.path("bus");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        thread::spawn(move || {
            // Keep the connections open: closing one would be an answer.
            let mut open = Vec::new();
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                open.push(stream);
            }
        });
        let user = user.with("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}", socket.display()));
        (Self { connections }, user)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn backend() -> Stub {
    recordings::serve_in(Generation::Newer, vec![])
}

#[track_caller]
fn login(user: &User, stub: &Stub, more: &[&str]) -> RunOutput {
    run_within(
        TIMEOUT,
        user,
        &[&["login", "--api-url", &stub.address, "--api-key-stdin"], more].concat(),
        KEY,
    )
}

#[track_caller]
fn run(user: &User, args: &[&str]) -> RunOutput {
    run_within(TIMEOUT, user, args, "")
}

/// Asserts that a command with the stored login sends the stored key.
#[track_caller]
fn assert_login_works(user: &User, stub: &Stub) {
    run(user, &["payments", "status"]).exits(0);
    let requests = stub.requests();
    let last = requests.last().expect("a request");
    assert_eq!(last.line(), "GET /api/payments/stripe/status");
    assert_eq!(last.header("authorization"), Some(&*format!("Bearer {KEY}")));
}

/// Asserts that the login stored the key in the private file, and reported the place and the reason.
#[track_caller]
fn assert_fell_back(ran: RunOutput, user: &User, why: &str) {
    let place = user.path(CREDENTIALS);
    ran.exits(0).stderr_has(&[
        "✓ Logged in",
        &place.display().to_string(),
        &format!("The keyring was not used: {why}"),
    ]);
    assert!(user.read(CONFIG).contains("key_store = \"file\""), "{}", user.read(CONFIG));
    assert_eq!(files_with_key(user.home.path()), [CREDENTIALS]);
    assert_eq!(mode(&place), 0o600);
}

/// Asserts that the error is the unavailable keyring, not a missing key.
#[track_caller]
fn assert_unreadable(user: &User, why: &str) {
    for command in [&["payments", "status"][..], &["current"]] {
        let ran = run(user, command).exits(2);
        assert!(!ran.stderr.contains(NO_KEY), "{}", ran.stderr);
        ran.stderr_has(&["profile default", "keyring", why, "hint: ", "INSFORGE_BASE_URL"]);
        let error = run(user, &[command, &["--json"]].concat()).exits(2).error();
        assert_eq!(error["code"], "KEYRING_UNAVAILABLE", "{error}");
        assert_eq!(error["exitCode"], 2, "{error}");
        assert!(error["why"].as_str().is_some_and(|text| text.contains(why)), "{error}");
    }
}

/// Writes a profile whose key is in the keyring.
fn with_keyring_profile(user: User, address: &str) -> User {
    user.write(CONFIG, &keyring_profile(address));
    user
}

fn keyring_profile(address: &str) -> String {
    format!("[profiles.default]\napi_url = \"{address}\"\nkey_store = \"keyring\"\n")
}

#[test]
fn login_stores_the_key_in_an_unlocked_keyring() {
    let Some(session) = Session::unlocked() else { return };
    let (user, stub) = (&session.user, backend());
    login(user, &stub, &[])
        .exits(0)
        .stderr_has(&["✓ Logged in", "The key is stored in the system's keyring."]);
    assert!(user.read(CONFIG).contains("key_store = \"keyring\""), "{}", user.read(CONFIG));
    assert!(!user.path(CREDENTIALS).exists());
    assert_eq!(files_with_key(user.home.path()), [""; 0]);
    assert_login_works(user, &stub);
    let current = run(user, &["current", "--json"]).exits(0).json();
    assert_eq!(current["key"]["source"], "profile default (keyring)");
    assert_eq!(current["keyAccepted"], true);
}

#[test]
fn the_json_output_names_the_keyring() {
    let Some(session) = Session::unlocked() else { return };
    let stub = backend();
    // The second login replaces the key.
    for _ in 0..2 {
        let reply = login(&session.user, &stub, &["--json"]).exits(0).json();
        assert_eq!(reply["keyStore"], "keyring");
        assert_eq!(reply["profile"], "default");
        assert_login_works(&session.user, &stub);
    }
}

#[test]
fn logout_removes_the_key_from_the_keyring() {
    let Some(session) = Session::unlocked() else { return };
    let (user, stub) = (&session.user, backend());
    login(user, &stub, &[]).exits(0);
    run(user, &["logout"]).exits(0).stderr_has(&["✓ Logged out of profile default."]);
    run(user, &["payments", "status"]).exits(3);
    // Not only the profile was removed: the same profile, written by hand, finds no key.
    user.write(CONFIG, &keyring_profile(&stub.address));
    run(user, &["payments", "status"]).exits(2).stderr_has(&[NO_KEY]);
}

#[test]
fn each_profile_has_its_own_key_in_the_keyring() {
    let Some(session) = Session::unlocked() else { return };
    let (user, one, two) = (&session.user, backend(), backend());
    login(user, &one, &["--profile", "one"]).exits(0);
    login(user, &two, &["--profile", "two"]).exits(0);
    run(user, &["logout", "--profile", "one"]).exits(0);
    run(user, &["payments", "status", "--profile", "one"]).exits(4);
    run(user, &["payments", "status", "--profile", "two"]).exits(0);
    run(user, &["logout", "--all"]).exits(0);
    run(user, &["payments", "status"]).exits(3);
}

#[test]
fn a_key_in_the_keyring_does_not_follow_an_edited_address() {
    let Some(session) = Session::unlocked() else { return };
    let (user, stub, other) = (&session.user, backend(), backend());
    login(user, &stub, &[]).exits(0);
    user.write(CONFIG, &keyring_profile(&other.address));
    run(user, &["payments", "status"]).exits(2).stderr_has(&[NO_KEY]);
    assert_eq!(other.lines(), [""; 0]);
}

/// Otherwise the key of the earlier address would stay in the keyring.
#[test]
fn a_login_at_another_address_removes_the_earlier_key() {
    let Some(session) = Session::unlocked() else { return };
    let (user, earlier, later) = (&session.user, backend(), backend());
    login(user, &earlier, &[]).exits(0);
    login(user, &later, &[]).exits(0);
    run(user, &["logout"]).exits(0);
    user.write(CONFIG, &keyring_profile(&earlier.address));
    run(user, &["payments", "status"]).exits(2).stderr_has(&[NO_KEY]);
}

#[test]
fn a_key_of_an_earlier_login_moves_from_the_file_to_the_keyring() {
    let Some(mut session) = Session::unlocked() else { return };
    let stub = backend();
    session.lock();
    assert_fell_back(login(&session.user, &stub, &[]), &session.user, "it is locked");
    session.unlock();
    login(&session.user, &stub, &[]).exits(0).stderr_has(&["The key is stored in the system's keyring."]);
    assert_eq!(files_with_key(session.user.home.path()), [""; 0]);
    assert_login_works(&session.user, &stub);
}

#[test]
fn logout_finds_the_key_of_a_killed_login() {
    let Some(session) = Session::unlocked() else { return };
    let (user, earlier, stub) = (&session.user, backend(), backend());
    let args = ["login", "--api-url", &stub.address, "--api-key-stdin"];
    let mut with_key = 0;
    for is_first in [true, false] {
        let kills = (0..1000).step_by(3).take_while(|limit| {
            if !is_first {
                login(user, &earlier, &[]).exits(0);
                assert!(session.has_key());
            }
            let limit = format!("--fsize={limit}");
            let killed = finish(wrapped(user, &["prlimit", &limit, "--core=0"], &args), KEY).code == -1;
            with_key += usize::from(killed && session.has_key());
            run(user, &["logout"]).exits(0);
            assert!(!session.has_key(), "after {limit} bytes");
            killed
        });
        assert!(kills.count() > 10);
    }
    assert!(with_key > 0, "no login was killed after it had stored its key");
}

#[test]
fn a_killed_login_with_a_keyring_leaves_no_key_in_a_file() {
    let Some(session) = Session::unlocked() else { return };
    let stub = backend();
    let (user, args) = (&session.user, ["login", "--api-url", &stub.address, "--api-key-stdin"]);
    let kills = (0..1000).step_by(5).take_while(|limit| {
        let limit = format!("--fsize={limit}");
        let ran = finish(wrapped(user, &["prlimit", &limit, "--core=0"], &args), KEY);
        assert_eq!(files_with_key(user.home.path()), [""; 0], "{limit}");
        ran.code == -1
    });
    assert!(kills.count() > 10);
    // The same login replaces the key, and logout finds it.
    assert_login_works(user, &stub);
    user.run(&["logout"]).exits(0);
    login(user, &stub, &["-p", "default"]).exits(0);
    assert_eq!(super::harness::names_in(&user.path(".config/insforge")), ["config.toml"]);
}

#[test]
fn login_uses_the_file_if_the_keyring_is_locked() {
    let Some(session) = Session::unlocked() else { return };
    let (user, stub) = (&session.user, backend());
    session.lock();
    assert_fell_back(login(user, &stub, &[]), user, "it is locked");
    assert_login_works(user, &stub);
    assert_eq!(login(user, &stub, &["--json"]).exits(0).json()["keyStore"], "file");
}

#[test]
fn login_uses_the_file_if_the_keyring_was_never_unlocked() {
    let Some(session) = Session::never_unlocked() else { return };
    let (user, stub) = (&session.user, backend());
    assert_fell_back(login(user, &stub, &[]), user, "it is locked");
    assert_login_works(user, &stub);
}

#[test]
fn a_key_in_a_locked_keyring_is_not_reported_as_missing() {
    let Some(mut session) = Session::unlocked() else { return };
    let stub = backend();
    login(&session.user, &stub, &[]).exits(0);
    session.lock();
    let count = stub.requests().len();
    assert_unreadable(&session.user, "it is locked");
    assert_eq!(stub.requests().len(), count, "nothing is sent without its key");
    // The hint works: unlock the keyring.
    session.unlock();
    assert_login_works(&session.user, &stub);
}

/// Without its profile, the key would stay in the keyring forever.
#[test]
fn logout_from_a_locked_keyring_keeps_the_login() {
    let Some(mut session) = Session::unlocked() else { return };
    let stub = backend();
    login(&session.user, &stub, &[]).exits(0);
    session.lock();
    let error = run(&session.user, &["logout", "--json"]).exits(2).error();
    assert_eq!(error["code"], "KEYRING_UNAVAILABLE");
    session.unlock();
    assert_login_works(&session.user, &stub);
    run(&session.user, &["logout"]).exits(0);
    run(&session.user, &["payments", "status"]).exits(3);
}

/// A login that uses the file cannot remove the earlier key from the locked keyring, so logout must.
#[test]
fn logout_removes_an_earlier_key_from_the_keyring() {
    let Some(mut session) = Session::unlocked() else { return };
    let stub = backend();
    login(&session.user, &stub, &[]).exits(0);
    session.lock();
    login(&session.user, &stub, &[]).exits(0);
    session.unlock();
    run(&session.user, &["logout"]).exits(0);
    session.user.write(CONFIG, &keyring_profile(&stub.address));
    run(&session.user, &["payments", "status"]).exits(2).stderr_has(&[NO_KEY]);
}

#[test]
fn without_a_bus_login_uses_the_file() {
    let (user, stub) = (User::new(), backend());
    assert_fell_back(login(&user, &stub, &[]), &user, "no keyring is running on this system");
    assert_login_works(&user, &stub);
    let current = run(&user, &["current", "--json"]).exits(0).json();
    assert_eq!(current["key"]["source"], "profile default (credentials file)");
    let reply = login(&user, &stub, &["--json"]).exits(0).json();
    assert_eq!(reply["keyStore"], "file");
    run(&user, &["logout"]).exits(0);
    assert_eq!(files_with_key(user.home.path()), [""; 0]);
    run(&user, &["payments", "status"]).exits(3);
}

#[test]
fn without_a_bus_a_key_in_the_keyring_is_not_reported_as_missing() {
    let user = with_keyring_profile(User::new(), &backend().address);
    assert_unreadable(&user, "no keyring is running on this system");
}

#[test]
fn a_bus_without_a_keyring_is_like_no_bus() {
    let Some(session) = Session::start() else { return };
    let (user, stub) = (&session.user, backend());
    assert_fell_back(login(user, &stub, &[]), user, "no keyring is running on this system");
    assert_login_works(user, &stub);
    user.write(CONFIG, &keyring_profile(&stub.address));
    assert_unreadable(user, "no keyring is running on this system");
}

#[test]
fn a_command_does_not_wait_long_for_a_keyring() {
    let stub = backend();
    let (bus, user) = SilentBus::of(with_keyring_profile(User::new(), &stub.address));
    let error = run(&user, &["payments", "status", "--json"]).exits(2).error();
    assert_eq!(error["code"], "KEYRING_UNAVAILABLE");
    assert_eq!(error["why"], "it did not answer within 3 s");
    assert_eq!(stub.lines(), [""; 0]);
    // The command did try the keyring.
    assert_eq!(bus.connections(), 1);
}

#[test]
fn login_uses_the_file_if_the_keyring_never_answers() {
    let stub = backend();
    let (bus, user) = SilentBus::of(User::new());
    assert_fell_back(login(&user, &stub, &[]), &user, "it did not answer within 3 s");
    assert_eq!(bus.connections(), 1);
    // The profile says that the key is in the file, so the keyring is not used again.
    let start = Instant::now();
    assert_login_works(&user, &stub);
    assert!(start.elapsed() < NO_WAIT, "it took {:?}", start.elapsed());
    assert_eq!(bus.connections(), 1);
}

/// The keyring is not used if the environment has the key, even if a profile is in the keyring.
#[test]
fn a_key_in_the_environment_needs_no_keyring() {
    let stub = backend();
    let (bus, user) = SilentBus::of(with_keyring_profile(User::of(&stub.address), &stub.address));
    for command in [&["payments", "status"][..], &["current"], &["payments", "status", "--json"]] {
        run_within(NO_WAIT, &user, command, "").exits(0);
    }
    assert_eq!(bus.connections(), 0);
}

#[test]
fn a_linked_project_needs_no_keyring() {
    let stub = backend();
    let (bus, user) = SilentBus::of(with_keyring_profile(User::new(), &stub.address));
    run_within(NO_WAIT, &user, &["link", "--api-base-url", &stub.address, "--api-key-stdin"], KEY).exits(0);
    for command in [&["payments", "status"][..], &["current"]] {
        run_within(NO_WAIT, &user, command, "").exits(0);
    }
    assert_eq!(bus.connections(), 0);
}

#[test]
fn help_and_completion_need_no_keyring() {
    let (bus, user) = SilentBus::of(with_keyring_profile(User::new(), "https://x.example"));
    for command in [&["--help"][..], &["--version"], &["help", "environment"], &["completion", "bash"]] {
        run_within(NO_WAIT, &user, command, "").exits(0);
    }
    assert_eq!(bus.connections(), 0);
}

#[test]
fn ctrl_c_ends_a_command_that_waits_for_the_keyring() {
    let stub = backend();
    let (bus, user) = SilentBus::of(with_keyring_profile(User::new(), &stub.address));
    for command in [&["payments", "status"][..], &["logout"]] {
        let before = bus.connections();
        let terminal = Terminal::start(&user, 100, command);
        wait_until("the keyring is called", || bus.connections() > before);
        let since = Instant::now();
        terminal.type_in(CTRL_C);
        let (code, screen) = terminal.finish();
        assert_eq!(code, 130, "{command:?}\n{screen}");
        assert!(since.elapsed() < Duration::from_secs(1), "{command:?} took {:?}", since.elapsed());
    }
}

/// In an interactive login a person can unlock the keyring, so it waits longer and shows why.
#[test]
fn an_interactive_login_shows_that_it_waits_for_the_keyring() {
    let stub = backend();
    let (_bus, user) = SilentBus::of(User::new().with("TERM", "xterm-256color"));
    let dialogue = Dialogue::start(&user, &["login", "--api-url", &stub.address]);
    dialogue.answer(KEY_QUESTION, &format!("{KEY}{ENTER}"));
    dialogue.terminal.expect("keyring");
}

#[test]
fn ctrl_c_ends_a_login_that_waits_for_the_keyring() {
    let stub = backend();
    let (bus, user) = SilentBus::of(User::new());
    let dialogue = Dialogue::start(&user, &["login", "--api-url", &stub.address]);
    dialogue.answer(KEY_QUESTION, &format!("{KEY}{ENTER}"));
    wait_until("the keyring is called", || bus.connections() > 0);
    dialogue.terminal.type_in(CTRL_C);
    let (code, screen) = dialogue.terminal.finish();
    assert_eq!(code, 130, "{screen}");
    assert_eq!(files_with_key(user.home.path()), [""; 0]);
}
