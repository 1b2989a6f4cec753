//! Prompts, on a real pseudo-terminal: which questions are asked, which answers are hidden, when no question is asked, and
//! that Ctrl-C always works.
// The tests find a run's terminal through /proc. A Mac has one keychain for all home directories.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::termios::{LocalModes, tcgetattr};

use super::harness::pty::Terminal;
#[cfg(feature = "sandbox")]
use super::harness::pty::visible_lines;
use super::harness::recordings::{self, Generation};
#[cfg(feature = "sandbox")]
use super::harness::shop::{Shop, forward};
use super::harness::stub::{Answer, Stub};
use super::harness::{KEY, RunOutput, User, assert_no_secret, finish, mode, wait_for_exit};

/// Longer than any step takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// The limit for an immediate reaction, even on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(3);
/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(60);

const ADDRESS_QUESTION: &str = "Backend address";
pub(super) const KEY_QUESTION: &str = "Project API key";
pub(super) const ENTER: &str = "\r";
/// The last line of an interrupted run.
const INTERRUPTED: &str = "error:\x1b[0m Interrupted\n";
pub(super) const CTRL_C: &str = "\x03";
pub(super) const CTRL_D: &str = "\x04";
const CURSOR_SHOWN: &str = "\x1b[?25h";
const SPINNER: &str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
/// The time after which a spinner appears.
const SPINNER_DELAY: Duration = Duration::from_millis(300);

/// Waits until a condition holds.
#[track_caller]
pub(super) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "timed out: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs the binary with this on stdin. A run that exceeds the limit fails the test.
#[track_caller]
pub(super) fn run_within(limit: Duration, user: &User, args: &[&str], stdin: &str) -> RunOutput {
    let (command, stdin) = (user.command(args), stdin.to_owned());
    let (sender, receiver) = mpsc::channel();
    // After the limit, the receiver is gone.
    thread::spawn(move || drop(sender.send(finish(command, &stdin))));
    match receiver.recv_timeout(limit) {
        Ok(ran) => ran,
        Err(RecvTimeoutError::Timeout) => panic!("{args:?} took longer than {limit:?}"),
        Err(RecvTimeoutError::Disconnected) => panic!("{args:?} failed as the thread's message says"),
    }
}

fn backend() -> Stub {
    recordings::serve_in(Generation::Newer, vec![])
}

/// A backend that answers late.
fn slow_backend(after: Duration) -> Stub {
    let status = Generation::Newer.exchange("242-status-recovered").answer();
    Stub::start(move |_| Answer::Late { after, then: Box::new(status.clone()) })
}

/// The terminal of a user's run.
pub(super) struct Tty(PathBuf);

impl Tty {
    fn of(user: &User) -> Self {
        let mut found = None;
        wait_until("the binary runs", || {
            found = stdin_of_a_process_at(user);
            found.is_some()
        });
        Self(found.expect("it was just found"))
    }

    /// Whether the terminal echoes input.
    fn echoes(&self) -> bool {
        let terminal = File::open(&self.0).expect("the terminal is there as long as its master is");
        tcgetattr(terminal).expect("a terminal has modes").local_modes.contains(LocalModes::ECHO)
    }

    /// Waits until the terminal hides input. A hidden prompt is shown shortly before that, and input in between is lost.
    fn wait_for_silence(&self) {
        wait_until("the terminal hides input", || !self.echoes());
    }
}

/// Finds the process by its home directory, which is unique to each user.
fn stdin_of_a_process_at(user: &User) -> Option<PathBuf> {
    let home = format!("HOME={}", user.home.path().display()).into_bytes();
    fs::read_dir("/proc").expect("/proc").flatten().find_map(|process| {
        let environment = fs::read(process.path().join("environ")).ok()?;
        let theirs = environment.split(|byte| *byte == 0).any(|variable| variable == home);
        let stdin = fs::read_link(process.path().join("fd/0")).ok()?;
        (theirs && stdin.starts_with("/dev/pts")).then_some(stdin)
    })
}

/// A run that asks questions.
pub(super) struct Dialogue<'a> {
    pub(super) terminal: Terminal,
    user: &'a User,
}

impl<'a> Dialogue<'a> {
    pub(super) fn start(user: &'a User, args: &[&str]) -> Self {
        Self { terminal: Terminal::start(user, 100, args), user }
    }

    /// Waits for a question and types the answer.
    #[track_caller]
    pub(super) fn answer(&self, question: &str, typed: &str) -> Tty {
        self.terminal.expect(question);
        let tty = Tty::of(self.user);
        if question == KEY_QUESTION {
            tty.wait_for_silence();
        }
        self.terminal.type_in(typed);
        tty
    }

    /// Presses Ctrl-C at a question: the run ends at once with exit code 130, and the terminal is restored.
    #[track_caller]
    pub(super) fn interrupt_at(self, question: &str) {
        let tty = self.answer(question, CTRL_C);
        let since = Instant::now();
        let is_over = || [CURSOR_SHOWN, "error:"].iter().any(|text| self.terminal.screen().contains(text));
        wait_until("Ctrl-C has an effect", is_over);
        let echoes = tty.echoes();
        let (code, screen) = self.terminal.finish();
        assert_eq!(code, 130, "{screen}");
        assert!(screen.contains(CURSOR_SHOWN), "the cursor may be hidden:\n{screen}");
        assert!(echoes, "the terminal still hides input:\n{screen}");
        assert!(since.elapsed() < AT_ONCE, "it took {:?}", since.elapsed());
        assert_eq!(screen.matches("error:").count(), 1, "{screen}");
        assert!(screen.ends_with(INTERRUPTED), "{screen}");
    }
}

#[track_caller]
fn assert_nothing_stored(user: &User) {
    for place in [".config", ".insforge"] {
        assert!(!user.path(place).exists(), "{place} was written");
    }
}

#[test]
fn login_asks_for_the_address_and_then_for_the_key() {
    let (stub, user) = (backend(), User::new());
    let dialogue = Dialogue::start(&user, &["login"]);
    dialogue.answer(ADDRESS_QUESTION, &format!("{}{ENTER}", stub.address));
    dialogue.answer(KEY_QUESTION, &format!("{KEY}{ENTER}"));
    // `finish` checks that the key is never shown.
    let (code, screen) = dialogue.terminal.finish();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains(&format!("Logged in to {} as profile default.", stub.address)), "{screen}");
    let asked = [ADDRESS_QUESTION, KEY_QUESTION].map(|question| screen.find(question));
    assert!(asked.is_sorted(), "the address comes first:\n{screen}");

    let credentials = ".config/insforge/credentials.toml";
    assert!(user.read(credentials).contains(KEY));
    assert_eq!(mode(&user.path(credentials)), 0o600);
    let requests = stub.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].header("authorization"), Some(&*format!("Bearer {KEY}")));
    user.run(&["payments", "status"]).exits(0);
}

#[test]
fn known_values_are_not_asked_for() {
    let stub = backend();
    for (user, args) in [
        (User::new(), vec!["login", "--api-url", &stub.address]),
        (User::new().with("INSFORGE_BASE_URL", &stub.address), vec!["login"]),
        (User::new(), vec!["link", "--api-base-url", &stub.address]),
    ] {
        let dialogue = Dialogue::start(&user, &args);
        dialogue.answer(KEY_QUESTION, &format!("{KEY}{ENTER}"));
        let (code, screen) = dialogue.terminal.finish();
        assert_eq!(code, 0, "{args:?}\n{screen}");
        assert!(!screen.contains(ADDRESS_QUESTION), "{args:?}\n{screen}");
        user.without("INSFORGE_BASE_URL").run(&["payments", "status"]).exits(0);
    }
}

#[test]
fn answers_can_be_corrected_before_enter() {
    let (stub, user) = (backend(), User::new());
    let dialogue = Dialogue::start(&user, &["login"]);
    dialogue.answer(ADDRESS_QUESTION, &format!("{}99\x7f\x7f{ENTER}", stub.address));
    dialogue.answer(KEY_QUESTION, &format!("{KEY}x\x7f{ENTER}"));
    let (code, screen) = dialogue.terminal.finish();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(stub.requests()[0].header("authorization"), Some(&*format!("Bearer {KEY}")));
}

/// Otherwise the prompt would repeat forever on a closed terminal.
#[test]
fn a_typed_key_in_quotes_is_refused_and_not_shown() {
    let (stub, user) = (backend(), User::new());
    let dialogue = Dialogue::start(&user, &["login", "--api-url", &stub.address]);
    dialogue.answer(KEY_QUESTION, &format!("\"{KEY}\"{ENTER}"));
    // `finish` checks that the key is never shown.
    let (code, screen) = dialogue.terminal.finish();
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("The API key from the prompt is in quotes"), "{screen}");
    assert_eq!(stub.lines(), [""; 0]);
    assert_nothing_stored(&user);
}

#[test]
fn an_empty_key_ends_the_run() {
    for typed in [ENTER, CTRL_D, "  \r"] {
        for command in [["login", "--api-url"], ["link", "--api-base-url"]] {
            let (stub, user) = (backend(), User::new());
            let dialogue = Dialogue::start(&user, &[command[0], command[1], &stub.address]);
            dialogue.answer(KEY_QUESTION, typed);
            let (code, screen) = dialogue.terminal.finish();
            assert_eq!(code, 2, "{typed:?}\n{screen}");
            assert!(screen.contains("The API key from the prompt is empty"), "{typed:?}\n{screen}");
            assert!(screen.contains("hint:"), "{typed:?}\n{screen}");
            assert_eq!(screen.matches(KEY_QUESTION).count(), 1, "{typed:?}\n{screen}");
            assert_eq!(stub.lines(), [""; 0]);
            assert_nothing_stored(&user);
        }
    }
}

#[test]
fn an_empty_address_ends_the_run() {
    let user = User::new();
    let dialogue = Dialogue::start(&user, &["login"]);
    dialogue.answer(ADDRESS_QUESTION, ENTER);
    let (code, screen) = dialogue.terminal.finish();
    assert_ne!(code, 0, "{screen}");
    assert!(screen.contains("The backend address from the prompt is invalid"), "{screen}");
    assert!(!screen.contains(KEY_QUESTION), "{screen}");
    assert_nothing_stored(&user);
}

#[test]
fn ctrl_d_at_the_address_question_ends_the_run() {
    let user = User::new();
    let dialogue = Dialogue::start(&user, &["login"]);
    dialogue.answer(ADDRESS_QUESTION, CTRL_D);
    let (code, screen) = dialogue.terminal.finish();
    assert_ne!(code, 0, "{screen}");
    assert!(screen.contains("error:"), "{screen}");
    assert_nothing_stored(&user);
}

#[test]
fn ctrl_c_at_a_hidden_prompt_restores_the_terminal() {
    let (stub, user) = (backend(), User::new());
    for args in [["login", "--api-url", &stub.address], ["link", "--api-base-url", &stub.address]] {
        Dialogue::start(&user, &args).interrupt_at(KEY_QUESTION);
    }
    assert_eq!(stub.lines(), [""; 0]);
    assert_nothing_stored(&user);
}

#[test]
fn sigterm_at_a_hidden_prompt_restores_the_terminal() {
    let (stub, user) = (backend(), User::new());
    let dialogue = Dialogue::start(&user, &["login", "--api-url", &stub.address]);
    let tty = dialogue.answer(KEY_QUESTION, "");
    dialogue.terminal.signal("-TERM");
    wait_until("the terminal echoes again", || tty.echoes());
    let (code, screen) = dialogue.terminal.finish();
    assert_eq!(code, 130, "{screen}");
    assert_nothing_stored(&user);
}

/// They end the process as always: the shell sees the signal, and no error is printed.
#[test]
fn sigquit_and_sighup_at_a_hidden_prompt_restore_the_terminal() {
    let (stub, user) = (backend(), User::new());
    for signal in ["-QUIT", "-HUP"] {
        for args in [&["login", "--api-url", &stub.address][..], &["login"]] {
            let dialogue = Dialogue::start(&user, args);
            // In the second case, the hidden prompt is not the first one.
            if args.len() == 1 {
                dialogue.answer(ADDRESS_QUESTION, &format!("{}{ENTER}", stub.address));
            }
            let tty = dialogue.answer(KEY_QUESTION, "");
            dialogue.terminal.signal(signal);
            wait_until("the terminal echoes again", || tty.echoes());
            let (code, screen) = dialogue.terminal.finish();
            assert_eq!(code, -1, "it ended by itself:\n{screen}");
            assert!(screen.contains(CURSOR_SHOWN) && !screen.contains("error:"), "{screen}");
        }
    }
    assert_eq!(stub.lines(), [""; 0]);
    assert_nothing_stored(&user);
}

/// After the prompt, too: nothing swallows the signal.
#[test]
fn sigquit_and_sighup_after_a_prompt_end_the_process() {
    for signal in ["-QUIT", "-HUP"] {
        let (stub, user) = (slow_backend(FOR_EVER), User::new());
        let dialogue = Dialogue::start(&user, &["login", "--api-url", &stub.address]);
        dialogue.answer(KEY_QUESTION, &format!("{KEY}{ENTER}"));
        wait_until("the backend gets a request", || !stub.requests().is_empty());
        dialogue.terminal.signal(signal);
        assert_eq!(dialogue.terminal.finish().0, -1);
        assert_nothing_stored(&user);
    }
}

/// `trap '' HUP` and the like: the prompt survives the signal.
#[test]
fn an_ignored_signal_stays_ignored_at_a_prompt() {
    let (stub, user) = (backend(), User::new());
    let script =
        format!("trap '' HUP; exec {} login --api-url {}", env!("CARGO_BIN_EXE_insforge"), stub.address);
    let terminal = Terminal::of(&user, 100, &["sh", "-c", &script]);
    let dialogue = Dialogue { terminal, user: &user };
    dialogue.answer(KEY_QUESTION, "");
    dialogue.terminal.signal("-HUP");
    dialogue.terminal.type_in(&format!("{KEY}{ENTER}"));
    let (code, screen) = dialogue.terminal.finish();
    assert_eq!(code, 0, "{screen}");
}

/// The prompt itself reads Ctrl-C here, and races with the signal: a single run proves little.
#[test]
fn ctrl_c_at_the_address_question_restores_the_terminal() {
    let user = User::new();
    for _ in 0..10 {
        Dialogue::start(&user, &["login"]).interrupt_at(ADDRESS_QUESTION);
    }
    assert_nothing_stored(&user);
}

#[test]
fn ctrl_c_at_a_second_question_restores_the_terminal() {
    let (stub, user) = (backend(), User::new());
    let dialogue = Dialogue::start(&user, &["login"]);
    dialogue.answer(ADDRESS_QUESTION, &format!("{}{ENTER}", stub.address));
    dialogue.interrupt_at(KEY_QUESTION);
    assert_nothing_stored(&user);
}

/// Runs on a terminal, and checks that the run ends without a question.
#[track_caller]
fn refuses_to_ask(user: &User, args: &[&str], names: &str) -> String {
    let (code, screen) = Terminal::start(user, 100, args).finish();
    assert_eq!(code, 64, "{args:?}\n{screen}");
    assert!(screen.contains(names), "{args:?} does not name {names}:\n{screen}");
    for question in [ADDRESS_QUESTION, KEY_QUESTION] {
        assert!(!screen.contains(question), "{args:?} asked:\n{screen}");
    }
    assert_nothing_stored(user);
    screen
}

#[test]
fn no_input_and_ci_suggest_the_flag_instead_of_asking() {
    let stub = backend();
    let with_address = ["login", "--api-url", &stub.address];
    let link = ["link", "--api-base-url", &stub.address];
    for (args, flag) in
        [(&["login"][..], "--api-url"), (&with_address, "--api-key-stdin"), (&link, "--api-key-stdin")]
    {
        refuses_to_ask(&User::new(), &[args, &["--no-input"]].concat(), flag);
        for (name, value) in [("CI", "true"), ("CI", "1"), ("CI", "woodpecker")] {
            refuses_to_ask(&User::new().with(name, value), args, flag);
        }
    }
    assert_eq!(stub.lines(), [""; 0]);
}

#[test]
fn a_false_ci_variable_allows_questions() {
    for value in ["false", "0", ""] {
        let user = User::new().with("CI", value);
        let dialogue = Dialogue::start(&user, &["login"]);
        dialogue.answer(ADDRESS_QUESTION, ENTER);
        dialogue.terminal.finish();
    }
}

#[test]
fn json_never_asks() {
    let user = User::new();
    let variable = User::new().with("INSFORGE_OUTPUT", "json");
    let address = ["login", "--api-url", "https://app.example.com"];
    for (args, flag) in [(&["login"][..], "--api-url"), (&address, "--api-key-stdin")] {
        for more in [&["--json"][..], &["-o", "json"], &["-ojson"]] {
            let screen = refuses_to_ask(&user, &[args, more].concat(), flag);
            assert_is_one_json_error(&screen);
        }
        assert_is_one_json_error(&refuses_to_ask(&variable, args, flag));
    }
}

#[track_caller]
fn assert_is_one_json_error(screen: &str) {
    let error: serde_json::Value =
        serde_json::from_str(screen.trim()).unwrap_or_else(|error| panic!("{error}:\n{screen}"));
    assert_eq!(error["code"], "USAGE");
    assert_eq!(error["exitCode"], 64);
}

#[test]
fn stdin_from_a_pipe_asks_nothing() {
    let (stub, user) = (backend(), User::new());
    for (args, flag) in [
        (&["login"][..], "--api-url"),
        (&["login", "--api-url", &stub.address], "--api-key-stdin"),
        (&["link", "--api-base-url", &stub.address], "--api-key-stdin"),
    ] {
        // A key in the pipe is not read without --api-key-stdin.
        run_within(AT_ONCE, &user, args, KEY).exits(64).stderr_has(&[flag]);
        run_within(AT_ONCE, &user, args, "").exits(64).stderr_has(&[flag]);
    }
    assert_eq!(stub.lines(), [""; 0]);
    assert_nothing_stored(&user);
}

/// The process has a /dev/tty that could answer a question.
#[test]
fn redirected_stdin_asks_nothing_although_stderr_is_a_terminal() {
    for stdin in [Stdio::null, Stdio::piped] {
        let user = User::new();
        let (code, screen) =
            on_a_terminal_but_for_stdin(&user, &["login", "--api-url", "https://x.example"], stdin());
        assert_eq!(code, 64, "{screen}");
        assert!(screen.contains("--api-key-stdin"), "{screen}");
        assert!(!screen.contains(KEY_QUESTION), "{screen}");
        assert_nothing_stored(&user);
    }
}

/// Runs with stdout and stderr on the process's own terminal, and something else as stdin.
fn on_a_terminal_but_for_stdin(user: &User, args: &[&str], stdin: Stdio) -> (i32, String) {
    let (mut pty, pts) = pty_process::blocking::open().expect("a terminal");
    let command = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_insforge"))
        .args(args)
        .env_clear()
        .envs(user.environment())
        .current_dir(user.home.path())
        .stdin(stdin);
    let mut child = command.spawn(pts).expect("the binary starts");
    let code = wait_for_exit(&mut child, AT_ONCE);
    let mut screen = Vec::new();
    // On Linux, the end of the terminal is an error, after all output.
    let _ = pty.read_to_end(&mut screen);
    let screen = String::from_utf8_lossy(&screen).into_owned();
    assert_no_secret(&screen);
    (code, screen)
}

#[test]
fn empty_stdin_never_hangs() {
    let stub = backend();
    for (args, code) in [
        (&["login"][..], 64),
        (&["login", "--api-url", &stub.address], 64),
        (&["login", "--api-url", &stub.address, "--api-key-stdin"], 2),
        (&["link", "--api-base-url", &stub.address], 64),
        (&["link", "--api-base-url", &stub.address, "--api-key-stdin"], 2),
        (&["payments", "status", "--api-url", &stub.address, "--api-key-stdin"], 2),
        (&["payments", "status"], 3),
        (&["logout"], 0),
    ] {
        let user = User::new();
        let mut command = user.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        assert_eq!(wait_for_exit(&mut child, AT_ONCE), code, "{args:?}");
        assert_nothing_stored(&user);
    }
    assert_eq!(stub.lines(), [""; 0]);
}

#[test]
fn api_key_stdin_refuses_a_terminal() {
    let (stub, user) = (backend(), User::new());
    for args in [
        ["login", "--api-url", &stub.address, "--api-key-stdin"],
        ["link", "--api-base-url", &stub.address, "--api-key-stdin"],
        ["current", "--api-url", &stub.address, "--api-key-stdin"],
    ] {
        refuses_to_ask(&user, &args, "--api-key-stdin reads a pipe, not a terminal");
    }
    assert_eq!(stub.lines(), [""; 0]);
}

#[test]
fn a_refused_key_is_not_stored() {
    let refused = Generation::Newer.exchange("003-auth-bad-ik-key");
    for (command, flag) in [("login", "--api-url"), ("link", "--api-base-url")] {
        let stub = recordings::serve_in(Generation::Newer, vec![refused.clone()]);
        let user = User::new();
        let dialogue = Dialogue::start(&user, &[command, flag, &stub.address]);
        dialogue.answer(KEY_QUESTION, &format!("{KEY}{ENTER}"));
        let (code, screen) = dialogue.terminal.finish();
        assert_eq!(code, 2, "{screen}");
        assert!(screen.contains("Invalid API key"), "{screen}");
        assert!(screen.contains("the prompt"), "the hint names the source of the key:\n{screen}");
        assert_nothing_stored(&user);
    }
}

#[test]
fn ctrl_c_ends_a_slow_request() {
    let stub = slow_backend(FOR_EVER);
    let user = User::of(&stub.address);
    for args in [&["payments", "status"][..], &["payments", "status", "--json"], &["current"]] {
        let before = stub.requests().len();
        let terminal = Terminal::start(&user, 100, args);
        wait_until("the backend gets a request", || stub.requests().len() > before);
        let since = Instant::now();
        terminal.type_in(CTRL_C);
        let (code, screen) = terminal.finish();
        assert_eq!(code, 130, "{args:?}\n{screen}");
        assert!(since.elapsed() < AT_ONCE, "{args:?} took {:?}", since.elapsed());
        let (line, text) = if args.contains(&"--json") {
            (r#"{"error":"Interrupted","code":"INTERRUPTED""#, "Interrupted")
        } else {
            (INTERRUPTED, "error:")
        };
        assert!(screen.contains(line) && screen.matches(text).count() == 1, "{screen}");
    }
}

#[test]
fn ctrl_c_during_the_key_check_stores_nothing() {
    let (stub, user) = (slow_backend(FOR_EVER), User::new());
    let dialogue = Dialogue::start(&user, &["login", "--api-url", &stub.address]);
    dialogue.answer(KEY_QUESTION, &format!("{KEY}{ENTER}"));
    wait_until("the backend gets a request", || !stub.requests().is_empty());
    dialogue.terminal.type_in(CTRL_C);
    let (code, screen) = dialogue.terminal.finish();
    assert_eq!(code, 130, "{screen}");
    assert_nothing_stored(&user);
}

/// A user whose terminal can move the cursor, which a spinner needs.
fn with_cursor(stub: &Stub) -> User {
    User::of(&stub.address).with("TERM", "xterm-256color")
}

fn has_spinner(screen: &str) -> bool {
    screen.contains(|c| SPINNER.contains(c))
}

#[test]
fn a_slow_request_shows_a_spinner_and_clears_it() {
    let stub = slow_backend(Duration::from_secs(1));
    let (code, screen) = Terminal::start(&with_cursor(&stub), 100, &["payments", "status"]).finish();
    assert_eq!(code, 0, "{screen}");
    assert!(has_spinner(&screen), "{screen}");
    let after = screen.rsplit(|c| SPINNER.contains(c)).next().unwrap_or_default();
    let (_, result) =
        after.split_once("\x1b[2K").unwrap_or_else(|| panic!("its line is not cleared:\n{screen}"));
    assert!(result.contains("test"), "the result follows the spinner:\n{screen}");
}

#[cfg(feature = "sandbox")]
#[test]
fn ctrl_c_leaves_nothing_of_a_spinner_or_a_progress_bar() {
    const PRODUCTS: &str = "version = 1\n[products.a]\nname = \"A\"\n[products.b]\nname = \"B\"\n";
    let silent = slow_backend(FOR_EVER);
    let shop = Shop::new();
    let (port, key) = (shop.sandbox.port(), shop.sandbox.api_key());
    // The spinner of a read, and the bar of an apply, at the first product.
    let stops_at_create = Stub::start(move |request| match request.method.as_str() {
        "POST" if request.target.ends_with("/products") => {
            Answer::Late { after: FOR_EVER, then: Box::new(Answer::Drop) }
        }
        _ => forward(port, request).expect("an answer"),
    });
    for (stub, args, shown) in [
        (&silent, &["payments", "status"][..], "Waiting for the backend…"),
        (&stops_at_create, &["payments", "catalog", "apply", "test", "--yes"], "0/2"),
    ] {
        let user = with_cursor(stub).with("INSFORGE_API_KEY", key);
        user.write("payments.toml", PRODUCTS);
        let terminal = Terminal::start(&user, 100, args);
        terminal.expect(shown);
        terminal.type_in(CTRL_C);
        let (code, screen) = terminal.finish();
        assert_eq!(code, 130, "{screen}");
        let lines = visible_lines(&screen, 100);
        let is_left = |line: &String| line.contains(shown) || has_spinner(line) || line.contains("^C");
        assert!(!lines.iter().any(is_left), "{lines:#?}");
        assert!(lines.iter().any(|line| line.starts_with("error: Interrupted")), "{lines:#?}");
    }
}

#[test]
fn a_quick_request_shows_no_spinner() {
    let stub = backend();
    let user = with_cursor(&stub);
    wait_until("a run is quick", || {
        let start = Instant::now();
        let (code, screen) = Terminal::start(&user, 100, &["payments", "status"]).finish();
        assert_eq!(code, 0, "{screen}");
        // On a busy machine a run can be slow; such a run proves nothing.
        let quick = start.elapsed() < SPINNER_DELAY;
        assert!(!quick || !has_spinner(&screen), "{screen}");
        quick
    });
}

#[test]
fn quiet_json_verbose_and_unattended_runs_show_no_spinner() {
    let stub = slow_backend(Duration::from_secs(1));
    let (user, ci) = (with_cursor(&stub), with_cursor(&stub).with("CI", "1"));
    let runs = [
        (&user, &["-q"][..]),
        (&user, &["--json"]),
        (&user, &["-o", "json"]),
        (&user, &["-v"]),
        (&user, &["--no-input"]),
        (&ci, &[]),
    ];
    let running =
        runs.map(|(user, more)| Terminal::start(user, 100, &[&["payments", "status"], more].concat()));
    for (terminal, (_, more)) in running.into_iter().zip(runs) {
        let (code, screen) = terminal.finish();
        assert_eq!(code, 0, "{screen}");
        assert!(!has_spinner(&screen), "{more:?}\n{screen}");
    }
    // A pipe gets no spinner, either.
    let ran = run_within(PATIENCE, &user, &["payments", "status"], "").exits(0);
    assert_eq!(ran.stderr, "");
}
