//! `insforge approve`: a command that waits without a terminal, and a person who answers in another terminal, on a real
//! pseudo-terminal. Every answer is checked in the backend's requests and in the audit trail.
#![cfg(target_os = "linux")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::harness::approval::{WaitingRun, audit_trail, decisions};
use super::harness::pty::Terminal;
use super::harness::shop::{Shop, forward};
use super::harness::stub::{Answer, Stub};
use super::harness::{RunOutput, User, binary_with_signals, finish, mode, names_in, signal};
use super::prompts::{CTRL_C, CTRL_D, ENTER, wait_until};

/// The directory with the audit trail.
pub(super) const STATE: &str = ".local/state/insforge";
const WAITING: &str = ".local/state/insforge/approvals";
const PROMPT: &str = "Answer: ";
const STILL_WAITS: &str = "Not answered; the command still waits";
/// A code that no command has: codes have no `o`.
const NO_CODE: &str = "oooo-oooo";

/// A shop with one product, and a user whose deletes need an approval.
pub(super) struct GuardedShop {
    pub(super) shop: Shop,
    pub(super) user: User,
    pub(super) product: String,
}

impl GuardedShop {
    pub(super) fn new() -> Self {
        let shop = Shop::new();
        let created = shop.send("POST", "/catalog/products", &json!({"name": "Pro"}));
        let product = created["product"]["productId"].as_str().expect("an id").to_owned();
        let variables = shop.user.environment().into_iter().filter(|(name, _)| name.starts_with("INSFORGE_"));
        let user = variables.fold(User::new(), |user, (name, value)| user.with(&name, &value));
        let user = user.with("INSFORGE_GUARD", "1").with("INSFORGE_GUARD_OPEN", "0");
        Self { shop, user, product }
    }

    pub(super) fn with(self, name: &str, value: &str) -> Self {
        Self { user: self.user.with(name, value), ..self }
    }

    /// Starts a delete that waits for its approval.
    #[track_caller]
    pub(super) fn wait_for_approval(&self) -> WaitingRun {
        WaitingRun::start(
            &self.user,
            &["payments", "products", "delete", "test", &self.product, "--reason", "clean up"],
        )
    }

    /// The changes at the backend.
    pub(super) fn changes(&self) -> Vec<String> {
        self.shop.changes()
    }

    fn deletion(&self) -> Vec<String> {
        vec![format!("DELETE /api/payments/stripe/test/catalog/products/{}", self.product)]
    }
}

/// A person who runs `insforge approve` in a terminal, and sees the question.
#[track_caller]
fn person(user: &User, code: &str) -> Terminal {
    let terminal = Terminal::start(user, 100, &["approve", code]);
    terminal.expect(PROMPT);
    terminal
}

/// Runs `insforge approve` in a terminal, and types this.
#[track_caller]
fn answer(user: &User, code: &str, typed: &str) -> (i32, String) {
    let terminal = person(user, code);
    terminal.type_in(typed);
    terminal.finish()
}

/// Runs `insforge approve` in a terminal, without a question.
#[track_caller]
fn run_in_terminal(user: &User, args: &[&str]) -> (i32, String) {
    let (code, screen) = Terminal::start(user, 100, &[&["approve"], args].concat()).finish();
    assert!(!screen.contains(PROMPT), "{screen}");
    (code, screen)
}

#[test]
fn a_person_sees_the_question_in_another_terminal_and_approves() {
    let shop = GuardedShop::new();
    let waiting = shop.wait_for_approval();
    let (code, typed) = (waiting.code.clone(), waiting.typed(&shop.user));
    assert_eq!((mode(&waiting.file(&shop.user)), mode(&shop.user.path(WAITING))), (0o600, 0o700));
    let terminal = person(&shop.user, &code);
    let screen = terminal.screen();
    let account = screen.lines().find_map(|line| line.strip_prefix("  Account: ")).expect("an account");
    let id = account.split(' ').next().expect("an id");
    assert_eq!(typed, id[id.len() - 4..]);
    for line in [
        &format!("Delete product {} at Stripe, test\n", shop.product),
        "  A deleted product cannot be restored.\n",
        "The caller says:\n  Reason: clean up\n",
        "To deny it, type deny.",
    ] {
        assert!(screen.contains(line), "no {line:?}:\n{screen}");
    }
    assert!(shop.changes().is_empty());
    terminal.type_in(&format!(" {typed} {ENTER}"));
    let (exit, screen) = terminal.finish();
    assert_eq!(exit, 0, "{screen}");
    assert!(screen.ends_with(" Approved. The waiting command continues.\n"), "{screen}");
    let RunOutput { code: exit, stderr, .. } = waiting.finish();
    assert_eq!(exit, 0, "{stderr}");
    assert!(stderr.contains(&format!("insforge approve {code}")), "the command names its code: {stderr}");
    assert_eq!(shop.changes(), shop.deletion());
    let entries = audit_trail(&shop.user);
    assert_eq!(decisions(&shop.user), ["asked", "approved"]);
    assert_eq!((&entries[0]["code"], &entries[1]["code"]), (&json!(code), &json!(code)));
    assert_eq!((entries[0].get("by"), &entries[1]["by"]), (None, &json!("other-terminal")));
    assert_eq!(names_in(&shop.user.path(WAITING)), [""; 0], "the file goes with the question");
}

/// Only the state directory has to be the same.
#[test]
fn the_other_terminal_needs_neither_the_directory_nor_the_environment() {
    for variable in [None, Some("XDG_STATE_HOME")] {
        let mut shop = GuardedShop::new();
        if let Some(variable) = variable {
            let path = shop.user.path("state").display().to_string();
            shop = shop.with(variable, &path);
        }
        let args = ["payments", "products", "delete", "test", &shop.product, "--reason", "clean up"];
        let waiting = WaitingRun::start(&shop.user, &args);
        let code = waiting.code.replace('-', "").to_uppercase();
        let unset = ["INSFORGE_BASE_URL", "INSFORGE_API_KEY", "INSFORGE_GUARD", "INSFORGE_GUARD_OPEN"];
        let unset = unset.iter().flat_map(|name| ["-u", name]);
        let env: Vec<&str> = ["/usr/bin/env", "-C", "/"].into_iter().chain(unset).collect();
        let words = [&env[..], binary_with_signals(), &["approve", &code]].concat();
        let terminal = Terminal::of(&shop.user, 100, &words);
        terminal.expect(PROMPT);
        terminal.type_in(&format!("{}{ENTER}", waiting.typed(&shop.user)));
        let (exit, screen) = terminal.finish();
        assert_eq!(exit, 0, "{screen}");
        assert_eq!(waiting.finish().code, 0);
        assert_eq!(shop.changes(), shop.deletion());
    }
}

#[test]
fn a_person_denies() {
    for typed in ["deny", "DENY", "no"] {
        let shop = GuardedShop::new();
        let waiting = shop.wait_for_approval();
        let (exit, screen) = answer(&shop.user, &waiting.code, &format!("{typed}{ENTER}"));
        assert_eq!(exit, 0, "{screen}");
        assert!(screen.ends_with("\nDenied. The waiting command changes nothing.\n"), "{screen}");
        let RunOutput { code: exit, stderr, .. } = waiting.finish();
        assert_eq!(exit, 6, "{stderr}");
        assert!(shop.changes().is_empty());
        assert_eq!(decisions(&shop.user), ["asked", "denied"]);
        assert_eq!(audit_trail(&shop.user)[1]["by"], "other-terminal");
    }
}

/// A person who is not sure can leave, and come back.
#[test]
fn no_answer_and_a_wrong_one_leave_the_question_open() {
    let shop = GuardedShop::new();
    let waiting = shop.wait_for_approval();
    let wrong = format!("that is wrong{ENTER}");
    for typed in
        [ENTER, &format!("  {ENTER}"), CTRL_D, &format!("{wrong}{wrong}"), &format!("yes{ENTER}y{ENTER}")]
    {
        let (exit, screen) = answer(&shop.user, &waiting.code, typed);
        assert_eq!(exit, 6, "{typed:?}\n{screen}");
        assert!(screen.contains(STILL_WAITS), "{typed:?}\n{screen}");
        assert!(screen.contains(&format!("insforge approve {}", waiting.code)), "{typed:?}\n{screen}");
    }
    let terminal = person(&shop.user, &waiting.code);
    terminal.type_in(CTRL_C);
    let (exit, screen, echoes) = terminal.finish_with_echo();
    assert_eq!(exit, 130, "{screen}");
    assert!(screen.contains(&format!("\n{STILL_WAITS}.\n")) && echoes, "{screen}");
    assert_eq!(decisions(&shop.user), ["asked"]);
    let typed = format!("{wrong}{}{ENTER}", waiting.typed(&shop.user));
    let (exit, screen) = answer(&shop.user, &waiting.code, &typed);
    assert_eq!(exit, 0, "{screen}");
    assert!(
        screen.contains("neither the last four characters of the account nor deny; try again"),
        "{screen}"
    );
    assert_eq!(waiting.finish().code, 0);
    assert_eq!(shop.changes(), shop.deletion());
}

/// A program that has only pipes cannot answer, whatever it says.
#[test]
fn only_a_person_at_a_terminal_can_answer() {
    let shop = GuardedShop::new();
    let waiting = shop.wait_for_approval();
    let (code, yes) = (waiting.code.clone(), format!("{}\n", waiting.typed(&shop.user)));
    let refused = |ran: RunOutput| {
        assert!(!ran.stderr.contains(PROMPT), "{ran:?}");
        ran.exits(6)
            .stderr_has(&["Only a person at a terminal can approve", &format!("insforge approve {code}")]);
    };
    refused(shop.user.run_with_stdin(&["approve", &code], &yes));
    refused(shop.user.run_with_stdin(&["approve", &code, "--yes"], &yes));
    let error = shop.user.run_with_stdin(&["approve", &code, "--json"], &yes).exits(6).error();
    assert_eq!((&error["code"], &error["retryable"]), (&json!("APPROVAL_NEEDS_TERMINAL"), &json!(false)));
    for flag in ["--json", "--no-input"] {
        assert_eq!(run_in_terminal(&shop.user, &[&code, flag]).0, 6, "{flag}");
    }
    // One stream that is no terminal is enough.
    for script in ["\"$@\" < answer", "\"$@\" 2> errors", "CI=1 exec \"$@\""] {
        shop.user.write("answer", &yes);
        let words = [&["sh", "-c", script, "sh"], binary_with_signals(), &["approve", &code]].concat();
        let (exit, screen) = Terminal::of(&shop.user, 100, &words).finish();
        assert_eq!(exit, 6, "{script}: {screen}");
    }
    assert_eq!(decisions(&shop.user), ["asked"], "nothing was answered");
    let terminal = Terminal::start(&shop.user, 100, &["approve", &code, "--yes"]);
    terminal.expect(PROMPT);
    terminal.type_in(&yes.replace('\n', ENTER));
    assert_eq!(terminal.finish().0, 0, "--yes does not answer, and does not disturb");
    assert_eq!(waiting.finish().code, 0);
}

#[test]
fn the_first_of_two_answers_counts() {
    let shop = GuardedShop::new();
    let waiting = shop.wait_for_approval();
    let [first, second] = [person(&shop.user, &waiting.code), person(&shop.user, &waiting.code)];
    let (typed, code) = (waiting.typed(&shop.user), waiting.code.clone());
    first.type_in(&format!("deny{ENTER}"));
    assert_eq!(first.finish().0, 0);
    assert_eq!(waiting.finish().code, 6);
    second.type_in(&format!("{typed}{ENTER}"));
    let (exit, screen) = second.finish();
    assert_eq!(exit, 4, "{screen}");
    assert!(
        screen.contains("Your answer came too late\n  it was denied in another terminal at 20"),
        "{screen}"
    );
    assert!(shop.changes().is_empty());
    let (exit, screen) = run_in_terminal(&shop.user, &[&code]);
    assert_eq!(exit, 4, "{screen}");
    assert!(screen.contains("it was denied in another terminal at 20"), "{screen}");
    assert_eq!(decisions(&shop.user), ["asked", "denied"]);
}

/// While the page lingers after its answer, the command runs and no longer waits.
#[test]
fn an_answer_on_the_page_comes_first() {
    let shop = GuardedShop::new();
    let waiting = shop.wait_for_approval();
    let terminal = person(&shop.user, &waiting.code);
    assert!(waiting.answer("approve").status == 200);
    wait_until("the answer is recorded", || decisions(&shop.user).len() == 2);
    terminal.type_in(&format!("deny{ENTER}"));
    let (exit, screen) = terminal.finish();
    assert_eq!(exit, 4, "{screen}");
    assert!(screen.contains("too late\n  it was approved on the approval page at 20"), "{screen}");
    assert_eq!(waiting.finish().code, 0);
    assert_eq!(audit_trail(&shop.user)[1]["by"], "page");
    assert_eq!(shop.changes(), shop.deletion());
}

#[test]
fn after_the_time_is_over_nobody_can_approve() {
    // Enough time to start the other terminal on a busy machine.
    let check = |limit: &str, is_shown: bool| {
        let shop = GuardedShop::new().with("INSFORGE_GUARD_TIMEOUT_MS", limit);
        let waiting = shop.wait_for_approval();
        let (code, typed) = (waiting.code.clone(), waiting.typed(&shop.user));
        let terminal = is_shown.then(|| person(&shop.user, &code));
        assert_eq!(waiting.finish().code, 6);
        let (exit, screen) = match terminal {
            Some(terminal) => {
                terminal.type_in(&format!("{typed}{ENTER}"));
                terminal.finish()
            }
            None => run_in_terminal(&shop.user, &[&code]),
        };
        assert_eq!(exit, 4, "{screen}");
        assert!(screen.contains("  nobody answered in time at 20"), "{screen}");
        assert!(screen.contains("insforge approvals"), "{screen}");
        assert_eq!(screen.contains("Your answer came too late"), is_shown, "{screen}");
        assert_eq!(decisions(&shop.user), ["asked", "timeout"]);
        assert!(shop.changes().is_empty());
    };
    thread::scope(|scope| {
        scope.spawn(|| check("200", false));
        scope.spawn(|| check("4000", true));
    });
}

#[test]
fn a_killed_command_waits_no_longer_and_its_file_is_removed() {
    let shop = GuardedShop::new();
    for is_shown in [false, true] {
        let waiting = shop.wait_for_approval();
        let (code, typed, file) = (waiting.code.clone(), waiting.typed(&shop.user), waiting.file(&shop.user));
        let terminal = is_shown.then(|| person(&shop.user, &code));
        waiting.running.stop("-KILL");
        assert!(file.exists(), "a killed command removes nothing");
        if let Some(terminal) = terminal {
            terminal.type_in(&format!("{typed}{ENTER}"));
            let (exit, screen) = terminal.finish();
            assert_eq!(exit, 4, "{screen}");
            assert!(screen.contains("too late\n  it was killed before an answer\n"), "{screen}");
        }
        let (exit, screen) = run_in_terminal(&shop.user, &[&code]);
        assert_eq!(exit, 4, "{screen}");
        assert!(screen.contains("it was killed"), "{screen}");
        assert!(!file.exists());
    }
    assert!(shop.changes().is_empty());
}

/// A command that has a terminal asks there, and only there.
#[test]
fn a_question_in_its_own_terminal_is_answered_there() {
    let shop = GuardedShop::new();
    let args = ["payments", "products", "delete", "test", &shop.product];
    let terminal = Terminal::start(&shop.user, 100, &args);
    terminal.expect("To approve this");
    assert_eq!(names_in(&shop.user.path(WAITING)), [""; 0]);
    let code = audit_trail(&shop.user)[0]["code"].as_str().expect("a code").to_owned();
    let (exit, screen) = run_in_terminal(&shop.user, &[&code]);
    assert_eq!(exit, 4, "{screen}");
    assert!(
        screen.contains("  it asks in its own terminal, or it was killed before an answer\n"),
        "{screen}"
    );
    terminal.type_in(CTRL_C);
    assert_eq!(terminal.finish().0, 130);
    assert_eq!(decisions(&shop.user), ["asked", "interrupted"]);
}

/// The next question removes what nobody asks about, and no file of a command that waits.
#[test]
fn old_files_of_killed_commands_are_removed() {
    let shop = GuardedShop::new();
    let [first, second] = [shop.wait_for_approval(), shop.wait_for_approval()];
    let (old, new) = (first.file(&shop.user), second.file(&shop.user));
    let day = Duration::from_secs(25 * 60 * 60);
    let file = fs::OpenOptions::new().write(true).open(&old).expect("a file");
    file.set_modified(SystemTime::now() - day).expect("a time");
    first.running.stop("-KILL");
    let third = shop.wait_for_approval();
    assert!(!old.exists() && new.exists() && third.file(&shop.user).exists());
}

/// A command that somebody has stopped can take the answer later, so nothing is said about it.
#[test]
fn a_stopped_command_does_not_reply() {
    let shop = GuardedShop::new();
    let waiting = shop.wait_for_approval();
    let terminal = person(&shop.user, &waiting.code);
    signal(waiting.running.child.id(), "-STOP");
    terminal.type_in(&format!("{}{ENTER}", waiting.typed(&shop.user)));
    let (exit, screen) = terminal.finish();
    assert_eq!(exit, 4, "{screen}");
    let text = "The waiting command has not confirmed your answer\n  it runs, but it does not reply";
    assert!(screen.contains(text), "{screen}");
    assert!(waiting.file(&shop.user).exists(), "its file stays");
}

#[test]
fn an_interrupted_command_waits_no_longer() {
    let shop = GuardedShop::new();
    for signal in ["-INT", "-TERM"] {
        let waiting = shop.wait_for_approval();
        let (code, file) = (waiting.code.clone(), waiting.file(&shop.user));
        let (exit, stderr) = waiting.running.stop(signal);
        assert_eq!(exit, 130, "{signal}: {stderr}");
        assert!(!file.exists());
        let (exit, screen) = run_in_terminal(&shop.user, &[&code]);
        assert_eq!(exit, 4, "{screen}");
        assert!(screen.contains("  it was interrupted at 20"), "{screen}");
    }
    assert_eq!(decisions(&shop.user), ["asked", "interrupted", "asked", "interrupted"]);
    assert!(shop.changes().is_empty());
}

#[test]
fn an_unknown_code_is_not_found_and_no_code_is_a_path() {
    let user = User::new();
    let (exit, screen) = run_in_terminal(&user, &[NO_CODE]);
    assert_eq!(exit, 4, "{screen}");
    assert!(
        screen.contains(&format!("No command waits for an approval with the code {NO_CODE}\n")),
        "{screen}"
    );
    assert_eq!(names_in(user.home.path()), [""; 0], "it writes nothing");
    // Files that these would lead to.
    for name in ["x.json", "approvals/x/y.json"] {
        user.write(&format!("{STATE}/{name}"), "{}");
    }
    for code in ["../x", "x/y", "/etc/passwd", "..", "", "k7qp", "k7qp-2m4x-aaaa", "k7qp.2m4x"] {
        let ran = user.run(&["approve", code]).exits(64);
        ran.stderr_has(&["a code has eight letters and digits, such as k7qp-2m4x"]);
    }
    assert!(user.path(&format!("{STATE}/x.json")).exists());
}

/// Without an account, its last characters cannot be typed.
#[test]
fn without_a_known_account_the_person_types_the_environment() {
    let inner = GuardedShop::new();
    let port = inner.shop.sandbox.port();
    let stub = Stub::start(move |request| match forward(port, request).expect("an answer") {
        Answer::Respond { status: 200, body, .. } if request.target.ends_with("/status") => {
            let mut status: Value = serde_json::from_slice(&body).expect("JSON");
            for connection in status["connections"].as_array_mut().expect("connections") {
                connection["accountId"] = Value::Null;
            }
            Answer::json(200, &status.to_string())
        }
        answer => answer,
    });
    let user = inner.user.without("INSFORGE_BASE_URL").with("INSFORGE_BASE_URL", &stub.address);
    let args = ["payments", "products", "delete", "test", &inner.product, "--reason", "clean up"];
    let waiting = WaitingRun::start(&user, &args);
    let terminal = person(&user, &waiting.code);
    let screen = terminal.screen();
    assert!(screen.contains("\n  Account: unknown\n"), "{screen}");
    assert!(screen.contains("type the environment's name. To deny it"), "{screen}");
    terminal.type_in(&format!("test{ENTER}"));
    assert_eq!(terminal.finish().0, 0);
    assert_eq!(waiting.finish().code, 0);
    assert!(stub.lines().iter().any(|line| line.starts_with("DELETE ")));
}

#[test]
fn tab_completes_the_codes_of_waiting_commands() {
    let shop = GuardedShop::new();
    let complete = || {
        let mut command = shop.user.command(&["--", "insforge", "approve", ""]);
        command.env("COMPLETE", "fish");
        let lines = finish(command, "").exits(0).stdout;
        lines.lines().filter(|line| !line.starts_with("--")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete(), [""; 0]);
    let waiting = shop.wait_for_approval();
    shop.user.write(&format!("{WAITING}/no-code.json"), "{}");
    let candidate = format!("{}\tDelete product {} at Stripe, test", waiting.code, shop.product);
    assert_eq!(complete(), [candidate]);
}

#[test]
fn the_question_fits_a_narrow_terminal() {
    let shop = GuardedShop::new();
    let waiting = shop.wait_for_approval();
    let terminal = Terminal::start(&shop.user, 40, &["approve", &waiting.code]);
    terminal.expect(PROMPT);
    terminal.type_in(&format!("deny{ENTER}"));
    let (exit, screen) = terminal.finish();
    assert_eq!(exit, 0, "{screen}");
    let too_wide = |line: &&str| line.chars().count() > 40 && line.contains(' ') && !line.contains("/api/");
    assert_eq!(screen.lines().find(too_wide), None, "{screen}");
}

/// The file is private, so a program of another user cannot write it. Whatever is there, the token goes nowhere else.
#[test]
fn a_file_that_is_no_question_is_refused() {
    let shop = GuardedShop::new();
    let waiting = shop.wait_for_approval();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let free = listener.local_addr().expect("an address").port();
    drop(listener);
    let with_link = |link: &str| {
        let mut content = waiting.content(&shop.user);
        content["link"] = link.into();
        content.to_string()
    };
    let foreign = with_link("http://192.0.2.1:80/approve/a");
    let (name, file) =
        (format!("{WAITING}/aaaa-aaaa.json"), shop.user.path(&format!("{WAITING}/aaaa-aaaa.json")));
    for (content, text) in [
        ("", "it is not a question of this version"),
        ("{}", "it is not a question of this version"),
        ("[1", "it is not a question of this version"),
        (foreign.as_str(), "its link does not lead to this machine"),
    ] {
        shop.user.write(&name, content);
        let (exit, screen) = run_in_terminal(&shop.user, &["aaaa-aaaa"]);
        assert_eq!(exit, 1, "{screen}");
        assert!(screen.contains("Cannot use ") && screen.contains(text), "{screen}");
        assert!(file.exists(), "it may belong to a later version");
    }
    // Nobody listens there.
    shop.user.write(&name, &with_link(&format!("http://127.0.0.1:{free}/approve/a")));
    assert_eq!(run_in_terminal(&shop.user, &["aaaa-aaaa"]).0, 4);
    assert!(!file.exists());
    // Another program listens there.
    let other = Stub::start(|_| Answer::html(404, "no"));
    shop.user
        .write(&name, &with_link(&format!("{}/approve/a", other.address.replace("localhost", "127.0.0.1"))));
    assert_eq!(run_in_terminal(&shop.user, &["aaaa-aaaa"]).0, 4);
    assert!(!file.exists());
    symlink("/dev/zero", &file).expect("a link");
    let (exit, screen) = run_in_terminal(&shop.user, &["aaaa-aaaa"]);
    assert_eq!(exit, 1, "{screen}");
    assert!(screen.contains("it is not a regular file"), "{screen}");
    assert_eq!(answer(&shop.user, &waiting.code, &format!("{}{ENTER}", waiting.typed(&shop.user))).0, 0);
    assert_eq!(waiting.finish().code, 0);
}
